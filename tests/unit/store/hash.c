/* Pieces of a file hashed by threads, held against the plain library's XXH3_64bits of the same
 * bytes in one call. */
#include "support/folder.h"
#include "unit/unit.h"

#include "store/hash_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { MEGABYTE = 1 << 20, FILE_BYTES = 24 * MEGABYTE };

static unsigned char *random_bytes(size_t count)
{
    unsigned char *bytes = malloc(count);
    uint64_t state = 20250701;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(unit_random(&state) >> 32);
    return bytes;
}

/* ---- pieces of a file ---- */

static int file_of(const unsigned char *bytes, size_t count)
{
    char folder[512], path[520];
    assert_non_null(folder_make(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/file", folder);
    int file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_true(file >= 0);
    folder_remove(folder);
    assert_int_equal(write(file, bytes, count), count);
    return file;
}

static uint64_t in_one_go(const unsigned char *bytes, const struct hash_piece *piece)
{
    size_t length = 0;
    unsigned char *all = malloc(FILE_BYTES);
    for (size_t i = 0; i < piece->range_count; i++) {
        memcpy(all + length, bytes + piece->ranges[i].offset, piece->ranges[i].length);
        length += piece->ranges[i].length;
    }
    uint64_t value = XXH3_64bits(all, length);
    free(all);
    return value;
}

/* length bytes in a few ranges, which may lie anywhere in the file, be empty, and end in the midst
 * of a block. */
static struct hash_piece piece_of(uint64_t length, size_t most_ranges, uint64_t *random)
{
    size_t count = most_ranges ? 1 + unit_random(random) % most_ranges : 0;
    struct catalog_range *ranges = calloc(count + 1, sizeof *ranges);
    for (size_t i = 0; i < count; i++) {
        uint64_t some = i + 1 == count ? length : unit_random(random) % (length + 1);
        ranges[i] = (struct catalog_range){unit_random(random) % (FILE_BYTES - some + 1), some};
        length -= some;
    }
    return (struct hash_piece){.ranges = ranges, .range_count = count};
}

static void free_pieces(struct hash_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)pieces[i].ranges);
}

static void check_pieces(struct hasher *hasher, int file, const unsigned char *bytes,
                         struct hash_piece *pieces, size_t count)
{
    hasher_run(hasher, file, pieces, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pieces[i].failed, 0);
        assert_int_equal(pieces[i].value, in_one_go(bytes, &pieces[i]));
    }
}

/* Around the lengths at which something changes: the shortest input, stripes, blocks, chunks, waves
 * of one to three threads, what is worth a second thread. */
static void check_lengths(struct hasher *hasher, int file, const unsigned char *bytes)
{
    static const uint64_t around[] = {0,       240,     1024,     1 << 17,
                                      1 << 18, 1 << 19, 1 << 20,  6 << 20,
                                      4 << 20, 8 << 20, 16 << 20, 16777216 + 1024};
    enum { NEAR = 3, PIECES = sizeof around / sizeof *around * NEAR };
    uint64_t random = 1;
    for (size_t round = 0; round < 4; round++) {
        struct hash_piece pieces[PIECES];
        for (size_t i = 0; i < PIECES; i++) {
            uint64_t near = round * (round < 3 ? 1 : 31), length = around[i / NEAR];
            length = i % NEAR == 0 && length >= near ? length - near : length + near * (i % NEAR);
            pieces[i] = piece_of(length, length ? 5 : round % 2, &random);
        }
        for (size_t i = 0; i < PIECES && round < 2; i++)
            check_pieces(hasher, file, bytes, &pieces[i], 1);
        check_pieces(hasher, file, bytes, pieces, PIECES);
        free_pieces(pieces, PIECES);
    }
}

static void pieces_of_every_length(void **state)
{
    (void)state;
    unsigned char *bytes = random_bytes(FILE_BYTES);
    int file = file_of(bytes, FILE_BYTES);
    for (int threads = 1; threads <= 7; threads += threads < 3 ? 1 : 4) {
        struct hasher *hasher = hasher_new(threads);
        check_lengths(hasher, file, bytes);
        hasher_free(hasher);
    }
    close(file);
    free(bytes);
}

/* A piece that goes past the end fails, at once though it claims to be endless, and the others are
 * what they are. */
static void what_cannot_be_read(void **state)
{
    (void)state;
    unsigned char *bytes = random_bytes(FILE_BYTES);
    int file = file_of(bytes, FILE_BYTES);
    struct hasher *hasher = hasher_new(2);
    struct catalog_range past = {FILE_BYTES - 100, 101}, endless = {100, UINT64_MAX / 2},
                         whole = {0, FILE_BYTES}, huge[] = {{0, UINT64_MAX - 5}, {0, 10}};
    struct hash_piece pieces[] = {{.ranges = &past, .range_count = 1},
                                  {.ranges = &whole, .range_count = 1},
                                  {.ranges = &endless, .range_count = 1},
                                  {.ranges = huge, .range_count = 2},
                                  {.ranges = &whole, .range_count = 1}};
    hasher_run(hasher, file, pieces, 5);
    assert_int_equal(pieces[0].failed, -1);
    assert_int_equal(pieces[1].failed, 0);
    assert_int_equal(pieces[1].value, XXH3_64bits(bytes, FILE_BYTES));
    assert_int_equal(pieces[2].failed, -1);
    assert_int_equal(pieces[3].failed, -1);
    assert_int_equal(pieces[4].failed, 0);
    assert_int_equal(pieces[4].value, pieces[1].value);

    close(file);
    hasher_run(hasher, file, pieces, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(pieces[i].failed, EBADF);
    hasher_free(hasher);
    free(bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pieces_of_every_length),
    cmocka_unit_test(what_cannot_be_read),
};
UNIT_MAIN(tests)
