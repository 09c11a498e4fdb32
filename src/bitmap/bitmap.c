/*
 * A thin coat over CRoaring: our names, our memory rules, and the checksum without which its 0.2.66
 * must not read stored bytes.
 */
#include "bitmap/bitmap.h"
#include "base/bits.h"

#include <roaring/roaring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A struct bitmap is CRoaring's own; the name is ours so that nobody else needs its header. */
static roaring_bitmap_t *inside(const struct bitmap *bitmap)
{
    return (roaring_bitmap_t *)bitmap;
}

static struct bitmap *outside(roaring_bitmap_t *set)
{
    if (!set) {
        fputs("strata: out of memory\n", stderr);
        abort();
    }
    return (struct bitmap *)set;
}

struct bitmap *bitmap_new(void)
{
    return outside(roaring_bitmap_create());
}

void bitmap_free(struct bitmap *bitmap)
{
    if (bitmap)
        roaring_bitmap_free(inside(bitmap));
}

struct bitmap *bitmap_copy(const struct bitmap *bitmap)
{
    return outside(roaring_bitmap_copy(inside(bitmap)));
}

struct bitmap *bitmap_from_numbers(const uint32_t *numbers, size_t count)
{
    struct bitmap *bitmap = bitmap_new();
    if (count)
        roaring_bitmap_add_many(inside(bitmap), count, numbers);
    return bitmap;
}

struct bitmap *bitmap_from_sorted(const uint32_t *numbers, size_t count)
{
    /* CRoaring would take any order; in this one it stays in the chunk that it is in, which is the
     * speed that callers come for. */
    for (size_t i = 1; i < count; i++)
        ENSURE(numbers[i - 1] < numbers[i]);
    return bitmap_from_numbers(numbers, count);
}

struct bitmap *bitmap_from_bits(const uint64_t *words, size_t bits)
{
    /* Handed over in batches. One is looked at after each word, so that there is room for the bits
     * of one word more. */
    enum { BATCH = 1024 };
    uint32_t batch[BATCH + WORD_BITS];
    size_t count = 0;
    struct bitmap *bitmap = bitmap_new();

    for (size_t word = 0; word * WORD_BITS < bits; word++) {
        uint64_t left = words[word];

        /* Bits past the last may be anything. */
        if (bits - word * WORD_BITS < WORD_BITS)
            left &= (UINT64_C(1) << (bits - word * WORD_BITS)) - 1;

        for (; left; left &= left - 1)
            batch[count++] = (uint32_t)(word * WORD_BITS) + (uint32_t)__builtin_ctzll(left);

        if (count >= BATCH) {
            roaring_bitmap_add_many(inside(bitmap), count, batch);
            count = 0;
        }
    }

    if (count)
        roaring_bitmap_add_many(inside(bitmap), count, batch);
    return bitmap;
}

void bitmap_add(struct bitmap *bitmap, uint32_t number)
{
    roaring_bitmap_add(inside(bitmap), number);
}

bool bitmap_contains(const struct bitmap *bitmap, uint32_t number)
{
    return roaring_bitmap_contains(inside(bitmap), number);
}

size_t bitmap_count(const struct bitmap *bitmap)
{
    return roaring_bitmap_get_cardinality(inside(bitmap));
}

bool bitmap_equal(const struct bitmap *a, const struct bitmap *b)
{
    return roaring_bitmap_equals(inside(a), inside(b));
}

void bitmap_or(struct bitmap *a, const struct bitmap *b)
{
    roaring_bitmap_or_inplace(inside(a), inside(b));
}

void bitmap_and(struct bitmap *a, const struct bitmap *b)
{
    roaring_bitmap_and_inplace(inside(a), inside(b));
}

void bitmap_andnot(struct bitmap *a, const struct bitmap *b)
{
    roaring_bitmap_andnot_inplace(inside(a), inside(b));
}

void bitmap_xor(struct bitmap *a, const struct bitmap *b)
{
    roaring_bitmap_xor_inplace(inside(a), inside(b));
}

size_t bitmap_and_count(const struct bitmap *a, const struct bitmap *b)
{
    return roaring_bitmap_and_cardinality(inside(a), inside(b));
}

void bitmap_numbers(const struct bitmap *bitmap, uint32_t *out)
{
    roaring_bitmap_to_uint32_array(inside(bitmap), out);
}

void bitmap_each(const struct bitmap *bitmap, bool (*each)(uint32_t number, void *context),
                 void *context)
{
    roaring_iterate(inside(bitmap), each, context);
}

enum { CHECKSUM = 8 };

static void put_checksum(char out[CHECKSUM], uint64_t checksum)
{
    for (int i = 0; i < CHECKSUM; i++)
        out[i] = (char)(checksum >> (8 * i));
}

void bitmap_write(const struct bitmap *bitmap, struct buffer *out)
{
    /* Runs make sets of neighbours small; the copy keeps the promise that readers may share the
     * original. */
    roaring_bitmap_t *packed = inside(bitmap_copy(bitmap));
    roaring_bitmap_run_optimize(packed);

    size_t size = roaring_bitmap_portable_size_in_bytes(packed);
    char *bytes = base_malloc(CHECKSUM + size);
    ENSURE(roaring_bitmap_portable_serialize(packed, bytes + CHECKSUM) == size);
    put_checksum(bytes, text_hash((struct text){bytes + CHECKSUM, size}));
    buffer_add(out, bytes, CHECKSUM + size);

    free(bytes);
    roaring_bitmap_free(packed);
}

enum status bitmap_read(struct text bytes, struct bitmap **out, struct error *error)
{
    char checksum[CHECKSUM];
    struct text body = {bytes.data + CHECKSUM, bytes.length - CHECKSUM};

    /* Before CRoaring sees a byte of it. */
    if (bytes.length > CHECKSUM)
        put_checksum(checksum, text_hash(body));
    if (bytes.length <= CHECKSUM || memcmp(checksum, bytes.data, CHECKSUM) != 0)
        return error_set(error, STATUS_CORRUPT,
                         "a stored set of customers is damaged: its checksum does not match");

    roaring_bitmap_t *set = roaring_bitmap_portable_deserialize_safe(body.data, body.length);
    if (!set)
        return error_set(error, STATUS_CORRUPT,
                         "a stored set of customers is damaged: it ends too early");
    *out = outside(set);
    return STATUS_OK;
}
