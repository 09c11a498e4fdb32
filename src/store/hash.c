/*
 * Pieces are cut into chunks, and threads read one chunk after the other, whichever piece it is of:
 * copying the bytes from the page cache is nine tenths of the work, and one column may hold most of
 * them. A piece's hash wants its bytes in order. So whoever has read a chunk hashes it and those
 * after it that wait for it, unless somebody else is hashing just now, who then finds it (see
 * hash_what_is_read). This goes by waves of chunks, so that memory has a limit; within a wave
 * nobody waits for anybody.
 *
 * The bytes are read into small buffers that stay in the processor's cache, not mapped: a disk
 * that fails is then an error to report, where a mapping would end the process.
 */
#include "store/hash_internal.h"

#include "base/arena.h"
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef STRATA_XXHASH_DISPATCH
#include <xxh_x86dispatch.h> /* the same functions, with what this processor can do */
#else
#include <xxhash.h>
#endif

enum {
    CHUNK = 1 << 18,       /* bytes; fits into a second-level cache with room to spare */
    WAVE = 4,              /* chunks a thread; more wait longer for a thread that sleeps */
    ALONE_BYTES = 8 << 20, /* less than this is not worth a second thread */
};

struct chunk {
    struct hash_piece *piece;
    const struct catalog_range *range; /* where it begins, after so many bytes of it */
    uint64_t skip;
    size_t length;
    bool begins, ends; /* its piece */
    /* what was read */
    unsigned char *bytes;
    int failed;
    bool read; /* told under the hasher's lock */
};

struct hasher {
    struct pool *pool; /* started for the first large work, of so many threads */
    int threads;
    XXH3_state_t *digest; /* of the piece that is being hashed */
    int file;
    size_t wave; /* chunks */
    struct chunk *chunks;
    unsigned char *bytes; /* CHUNK for each of them */
    pthread_mutex_t lock; /* of what follows, and of each chunk's `read` */
    bool hashing;         /* somebody is */
    size_t next, count;   /* the chunk to be hashed next, and all of the wave */
};

static void release_room(struct hasher *hasher)
{
    free(hasher->chunks);
    free(hasher->bytes);
}

static void make_room(struct hasher *hasher)
{
    size_t threads = (size_t)pool_threads(hasher->pool);
    hasher->wave = threads > 1 ? WAVE * threads : 1; /* who is alone hashes each at once */
    hasher->chunks = base_calloc(hasher->wave, sizeof *hasher->chunks);
    hasher->bytes = base_malloc(hasher->wave * CHUNK);
}

void hasher_limit(struct hasher *hasher, int threads)
{
    hasher->threads = threads;
}

struct hasher *hasher_new(int threads)
{
    struct hasher *hasher = base_calloc(1, sizeof *hasher);
    hasher->threads = threads;
    hasher->digest = XXH3_createState();
    ENSURE(hasher->digest);
    pthread_mutex_init(&hasher->lock, NULL);
    make_room(hasher);
    return hasher;
}

void hasher_free(struct hasher *hasher)
{
    if (!hasher)
        return;
    pool_free(hasher->pool);
    pthread_mutex_destroy(&hasher->lock);
    XXH3_freeState(hasher->digest);
    release_room(hasher);
    free(hasher);
}

/* ---- cutting ---- */

struct cutting {
    struct hash_piece *pieces;
    size_t count;
    /* of the first of the pieces, where its next chunk begins … */
    const struct catalog_range *range;
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
                          .length = cutting->left < CHUNK ? (size_t)cutting->left : CHUNK,
                          .begins = !cutting->begun};
    pass_over(cutting, out->length);

    cutting->begun = true;
    out->ends = cutting->left == 0;
    if (out->ends)
        next_piece(cutting);
    return true;
}

static size_t cut_wave(struct hasher *hasher, struct cutting *cutting, size_t most)
{
    size_t count = 0;
    while (count < most && cut(cutting, &hasher->chunks[count])) {
        hasher->chunks[count].bytes = hasher->bytes + count * CHUNK;
        count++;
    }
    return count;
}

/* ---- reading, on any thread ---- */

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

static int read_chunk(int file, const struct chunk *chunk)
{
    unsigned char *out = chunk->bytes;
    const struct catalog_range *range = chunk->range;
    uint64_t skip = chunk->skip;
    int failed = 0;

    /* a chunk may go over the end of a range into the next one of its piece */
    for (size_t left = chunk->length; left && !failed; range++, skip = 0) {
        uint64_t rest = range->length - skip;
        size_t length = rest < left ? (size_t)rest : left;
        failed = read_range(file, range->offset + skip, out, length);
        out += length;
        left -= length;
    }
    return failed;
}

/* ---- hashing, on one thread at a time ---- */

static void hash_chunk(struct hasher *hasher, const struct chunk *chunk)
{
    struct hash_piece *piece = chunk->piece;
    if (chunk->begins) {
        piece->failed = 0;
        XXH3_64bits_reset(hasher->digest);
    }

    /* the first failure is kept, and what comes after it is not hashed at all */
    if (!piece->failed)
        piece->failed = chunk->failed;
    if (piece->failed)
        return;

    XXH3_64bits_update(hasher->digest, chunk->bytes, chunk->length);
    if (chunk->ends)
        piece->value = XXH3_64bits_digest(hasher->digest);
}

/* Under the lock, which is given back for the hashing itself. A chunk that is read meanwhile is
 * found when the lock is taken again, so none is left over. */
static void hash_what_is_read(struct hasher *hasher)
{
    if (hasher->hashing)
        return;
    hasher->hashing = true;
    while (hasher->next < hasher->count && hasher->chunks[hasher->next].read) {
        const struct chunk *chunk = &hasher->chunks[hasher->next++];
        pthread_mutex_unlock(&hasher->lock);
        hash_chunk(hasher, chunk);
        pthread_mutex_lock(&hasher->lock);
    }
    hasher->hashing = false;
}

static void take_chunk(void *context, size_t task, int worker)
{
    struct hasher *hasher = context;
    struct chunk *chunk = &hasher->chunks[task];
    chunk->failed = read_chunk(hasher->file, chunk);
    pthread_mutex_lock(&hasher->lock);
    chunk->read = true;
    hash_what_is_read(hasher);
    pthread_mutex_unlock(&hasher->lock);
}

/* ---- all of it ---- */

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
        hasher->pool = pool_new(hasher->threads);
        make_room(hasher);
    }

    for (;;) {
        hasher->next = 0;
        hasher->count = cut_wave(hasher, &cutting, large ? hasher->wave : 1);
        if (!hasher->count)
            return;
        pool_run(large ? hasher->pool : NULL, hasher->count, take_chunk, hasher);
        if (cutting.begun && cutting.pieces->failed)
            next_piece(&cutting); /* its length may be anything */
    }
}
