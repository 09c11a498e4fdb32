/* Every operation is done twice: on a set and on a plain array of flags. */
#include "bitmap/bitmap.h"

#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

enum { SPACE = 300000 };

static uint64_t seed;

static uint32_t random_number(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33);
}

struct twin {
    struct bitmap *set;
    unsigned char *flags;
};

/* shape 0: sparse, 1: dense, 2: runs */
static struct twin twin_new(int shape)
{
    struct twin twin = {bitmap_new(), calloc(SPACE, 1)};
    for (uint32_t i = 0; i < SPACE; i++) {
        bool in = shape == 0   ? random_number() % 1000 == 0
                  : shape == 1 ? random_number() % 3 == 0
                               : (i >> 12) % 3 == 1;
        if (in) {
            twin.flags[i] = 1;
            bitmap_add(twin.set, i);
        }
    }
    return twin;
}

static void twin_check(const struct twin *twin)
{
    size_t count = 0;
    for (uint32_t i = 0; i < SPACE; i++)
        count += twin->flags[i];
    assert_int_equal(bitmap_count(twin->set), count);
    uint32_t *numbers = calloc(count + 1, sizeof *numbers);
    bitmap_numbers(twin->set, numbers);
    for (size_t i = 0; i < count; i++) {
        assert_true(numbers[i] < SPACE && twin->flags[numbers[i]]);
        assert_true(i == 0 || numbers[i - 1] < numbers[i]);
    }
    struct bitmap *sorted = bitmap_from_sorted(numbers, count);
    assert_true(bitmap_equal(sorted, twin->set));
    bitmap_free(sorted);
    free(numbers);
}

static void twin_release(struct twin *twin)
{
    bitmap_free(twin->set);
    free(twin->flags);
}

static void operations(void **state)
{
    (void)state;
    void (*const set_operation[])(struct bitmap *, const struct bitmap *) = {
        bitmap_or, bitmap_and, bitmap_andnot, bitmap_xor};
    for (int shapes = 0; shapes < 9; shapes++)
        for (int operation = 0; operation < 4; operation++) {
            seed = (uint64_t)(shapes * 4 + operation);
            struct twin a = twin_new(shapes / 3), b = twin_new(shapes % 3);
            size_t common = 0;
            for (int i = 0; i < SPACE; i++)
                common += a.flags[i] & b.flags[i];
            assert_int_equal(bitmap_and_count(a.set, b.set), common);
            set_operation[operation](a.set, b.set);
            for (int i = 0; i < SPACE; i++) {
                unsigned char x = a.flags[i], y = b.flags[i];
                a.flags[i] = operation == 0   ? x | y
                             : operation == 1 ? x & y
                             : operation == 2 ? x & !y
                                              : x ^ y;
            }
            twin_check(&a);
            twin_check(&b);
            twin_release(&a);
            twin_release(&b);
        }
}

static void from_dense_bits(void **state)
{
    (void)state;
    uint64_t words[40];
    for (size_t i = 0; i < 40; i++)
        words[i] = (uint64_t)random_number() << 32 | random_number();
    for (size_t bits = 0; bits <= 2560; bits += 37) {
        struct bitmap *set = bitmap_from_bits(words, bits);
        for (uint32_t i = 0; i < 2700; i++)
            assert_int_equal(bitmap_contains(set, i), i < bits && (words[i / 64] >> (i % 64) & 1));
        bitmap_free(set);
    }
}

static void stored_form(void **state)
{
    (void)state;
    for (int shape = 0; shape < 3; shape++) {
        struct twin twin = twin_new(shape);
        struct buffer bytes;
        buffer_init(&bytes, 0);
        bitmap_write(twin.set, &bytes);
        struct bitmap *again = NULL;
        struct error error;
        assert_int_equal(bitmap_read((struct text){bytes.data, bytes.length}, &again, &error),
                         STATUS_OK);
        assert_true(bitmap_equal(again, twin.set));
        bitmap_free(again);
        /* any change of any byte, and any cut, is seen */
        for (int i = 0; i < 300; i++) {
            size_t at = random_number() % bytes.length;
            bytes.data[at] ^= 1 << random_number() % 8;
            char *before = bytes.data;
            assert_int_equal(bitmap_read((struct text){bytes.data, bytes.length}, &again, &error),
                             STATUS_CORRUPT);
            assert_ptr_equal(before, bytes.data);
            buffer_reset(&bytes);
            bitmap_write(twin.set, &bytes);
            size_t cut = random_number() % bytes.length;
            assert_int_equal(bitmap_read((struct text){bytes.data, cut}, &again, &error),
                             STATUS_CORRUPT);
        }
        buffer_release(&bytes);
        twin_release(&twin);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(operations),
    cmocka_unit_test(from_dense_bits),
    cmocka_unit_test(stored_form),
};

UNIT_MAIN(tests)
