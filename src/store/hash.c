/*
 * Pieces are cut into chunks, and threads take one chunk after the other, whichever piece it is of:
 * one column may hold most of what is to be hashed, and would else keep one thread busy while the
 * others wait. What the chunks come to is folded in their order (xxh3_internal.h), a wave of them
 * at a time, so that memory has a limit.
 *
 * The bytes are read into a small buffer that stays in the processor's cache, not mapped: a disk
 * that fails is then an error to report, where a mapping would end the process.
 */
#include "store/hash_internal.h"

#include "base/arena.h"
#include "base/pool.h"
#include "store/xxh3_internal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    CHUNK = 1 << 18, /* fits into a second-level cache with room to spare */
    CHUNK_SUMS = CHUNK / XXH3_BLOCK,
    WAVE = 16,             /* chunks a thread */
    ALONE_BYTES = 4 << 20, /* less than this is not worth a second thread */
};

struct chunk {
    struct hash_piece *piece;
    const struct catalog_range *range; /* where it begins, after so many bytes of it */
    uint64_t skip;
    size_t length;
    bool begins, ends; /* its piece */
    /* what it comes to */
    int failed;
    uint64_t value; /* of a whole piece too short for sums */
    struct xxh3_sum *sums;
    size_t sum_count; /* that of the piece's end included */
};

struct hasher {
    struct pool *pool; /* started for the first large work */
    const struct xxh3_set *set;
    int file;
    struct xxh3_sum lanes; /* of the piece that is being folded */
    size_t wave;           /* chunks */
    struct chunk *chunks;
    struct xxh3_sum *sums;  /* CHUNK_SUMS for each of them */
    unsigned char *buffers; /* CHUNK bytes for each thread */
};

static void release_room(struct hasher *hasher)
{
    free(hasher->chunks);
    free(hasher->sums);
    free(hasher->buffers);
}

/* Who works alone folds each chunk at once. */
static void make_room(struct hasher *hasher)
{
    size_t threads = (size_t)pool_threads(hasher->pool);
    hasher->wave = threads > 1 ? WAVE * threads : 1;
    hasher->chunks = base_calloc(hasher->wave, sizeof *hasher->chunks);
    hasher->sums = base_malloc(hasher->wave * CHUNK_SUMS * sizeof *hasher->sums);
    hasher->buffers = base_malloc(threads * CHUNK);
}

struct hasher *hasher_new(void)
{
    struct hasher *hasher = base_calloc(1, sizeof *hasher);
    hasher->set = xxh3_set(0);
    make_room(hasher);
    return hasher;
}

void hasher_free(struct hasher *hasher)
{
    if (!hasher)
        return;
    pool_free(hasher->pool);
    release_room(hasher);
    free(hasher);
}

/* ---- cutting ---- */

struct cutting {
    struct hash_piece *pieces;
    size_t count;
    const struct catalog_range
        *range;    /* of the first of the pieces, where its next chunk begins … */
    uint64_t skip; /* … after so many bytes of it … */
    uint64_t left; /* … and what it has from there */
    bool begun;
};

/* At most UINT64_MAX, whatever a damaged catalog says. */
static uint64_t piece_length(const struct hash_piece *piece)
{
    uint64_t length = 0;
    for (size_t i = 0; i < piece->range_count; i++) {
        uint64_t more = piece->ranges[i].length;
        length += more < UINT64_MAX - length ? more : UINT64_MAX - length;
    }
    return length;
}

/* All chunks hold whole blocks; but the last holds the rest, and enough of it to take the end's
 * sum. */
static size_t chunk_length(uint64_t left)
{
    if (left <= CHUNK)
        return (size_t)left;
    return left - CHUNK < XXH3_STRIPE ? CHUNK - XXH3_BLOCK : CHUNK;
}

static void pass_over(struct cutting *cutting, uint64_t length)
{
    cutting->left -= length;
    while (length) {
        uint64_t rest = cutting->range->length - cutting->skip,
                 step = length < rest ? length : rest;
        length -= step;
        cutting->skip += step;
        if (step == rest) {
            cutting->range++;
            cutting->skip = 0;
        }
    }
}

static void next_piece(struct cutting *cutting)
{
    cutting->pieces++;
    cutting->count--;
    cutting->begun = false;
}

/* The next chunk; false when there is none. */
static bool cut(struct cutting *cutting, struct chunk *out)
{
    if (!cutting->count)
        return false;
    struct hash_piece *piece = cutting->pieces;
    if (!cutting->begun) {
        cutting->range = piece->ranges;
        cutting->skip = 0;
        cutting->left = piece_length(piece);
    }
    *out = (struct chunk){.piece = piece,
                          .range = cutting->range,
                          .skip = cutting->skip,
                          .length = chunk_length(cutting->left),
                          .begins = !cutting->begun};
    pass_over(cutting, out->length);

    cutting->begun = true;
    out->ends = cutting->left == 0;
    if (out->ends)
        next_piece(cutting);
    return true;
}

static size_t cut_wave(struct hasher *hasher, struct cutting *cutting)
{
    size_t count = 0;
    while (count < hasher->wave && cut(cutting, &hasher->chunks[count])) {
        hasher->chunks[count].sums = hasher->sums + count * CHUNK_SUMS;
        count++;
    }
    return count;
}

/* ---- a chunk, on any thread ---- */

static int read_range(int file, uint64_t at, unsigned char *out, size_t length)
{
    while (length) {
        ssize_t got = pread(file, out, length, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : -1;
        at += (uint64_t)got;
        out += got;
        length -= (size_t)got;
    }
    return 0;
}

static int read_chunk(int file, const struct chunk *chunk, unsigned char *out)
{
    const struct catalog_range *range = chunk->range;
    uint64_t skip = chunk->skip;
    int failed = 0;
    for (size_t left = chunk->length; left && !failed; range++, skip = 0) {
        uint64_t rest = range->length - skip;
        size_t length = rest < left ? (size_t)rest : left;
        failed = read_range(file, range->offset + skip, out, length);
        out += length;
        left -= length;
    }
    return failed;
}

static bool is_short(const struct chunk *chunk)
{
    return chunk->begins && chunk->ends && chunk->length < XXH3_LEAST;
}

static void sum_chunk(void *context, size_t task, int worker)
{
    struct hasher *hasher = context;
    struct chunk *chunk = &hasher->chunks[task];
    unsigned char *bytes = hasher->buffers + (size_t)worker * CHUNK;
    chunk->failed = read_chunk(hasher->file, chunk, bytes);
    if (chunk->failed)
        return;

    if (is_short(chunk)) {
        chunk->value = XXH3_64bits(bytes, chunk->length);
        return;
    }
    size_t blocks = (chunk->length - chunk->ends) / XXH3_BLOCK, done = blocks * XXH3_BLOCK;
    hasher->set->sum(bytes, blocks, chunk->sums);
    if (chunk->ends)
        xxh3_sum_end(bytes + done, chunk->length - done, &chunk->sums[blocks]);
    chunk->sum_count = blocks + chunk->ends;
}

/* ---- folding ---- */

static void fold_chunk(struct hasher *hasher, const struct chunk *chunk)
{
    struct hash_piece *piece = chunk->piece;
    if (chunk->begins) {
        piece->failed = 0;
        xxh3_begin(&hasher->lanes);
    }
    if (!piece->failed)
        piece->failed = chunk->failed;
    if (piece->failed)
        return;

    if (is_short(chunk)) {
        piece->value = chunk->value;
        return;
    }
    xxh3_fold(&hasher->lanes, chunk->sums, chunk->sum_count - chunk->ends);
    if (chunk->ends)
        piece->value =
            xxh3_finish(&hasher->lanes, &chunk->sums[chunk->sum_count - 1], piece_length(piece));
}

static bool is_large(const struct hash_piece *pieces, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count && bytes <= ALONE_BYTES; i++) {
        uint64_t more = piece_length(&pieces[i]);
        bytes = more > ALONE_BYTES ? more : bytes + more;
    }
    return bytes > ALONE_BYTES;
}

void hasher_run(struct hasher *hasher, int file, struct hash_piece *pieces, size_t count)
{
    struct cutting cutting = {.pieces = pieces, .count = count};
    bool large = is_large(pieces, count);
    hasher->file = file;
    if (large && !hasher->pool) {
        release_room(hasher);
        hasher->pool = pool_new(0);
        make_room(hasher);
    }

    for (;;) {
        size_t chunks = cut_wave(hasher, &cutting);
        if (!chunks)
            return;
        pool_run(large ? hasher->pool : NULL, chunks, sum_chunk, hasher);
        for (size_t i = 0; i < chunks; i++)
            fold_chunk(hasher, &hasher->chunks[i]);
        if (cutting.begun && cutting.pieces->failed)
            next_piece(&cutting); /* its length may be anything */
    }
}
