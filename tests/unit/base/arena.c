#include "unit/unit.h"

#include "base/arena.h"
#include "base/vector.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void pieces_are_aligned_and_apart(void **state)
{
    enum { PIECES = 3000 };
    struct arena arena;
    arena_init(&arena, 0);
    uint64_t random = 7;
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = unit_random(&random) % (i % 100 == 0 ? 100000 : 300);
        pieces[i] = arena_alloc(&arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i & 0xff), sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t byte = 0; byte < sizes[i]; byte++)
            assert_int_equal(pieces[i][byte], i & 0xff);
    arena_release(&arena);
    arena_release(&arena);
}

static void nothing_is_still_something(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    void *one = arena_alloc(&arena, 0), *other = arena_alloc(&arena, 0);
    assert_non_null(one);
    assert_non_null(other);
    assert_ptr_not_equal(one, other);
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    arena_release(&arena);
}

static void the_limit_holds(void **state)
{
    struct arena arena;
    arena_init(&arena, 1000);
    assert_null(arena_try_alloc(&arena, 1001));
    assert_null(arena_try_alloc(&arena, SIZE_MAX));
    assert_null(arena_try_alloc(&arena, SIZE_MAX - 8));
    assert_non_null(arena_try_alloc(&arena, 500));
    assert_non_null(arena_try_alloc(&arena, 480));
    assert_null(arena_try_alloc(&arena, 16));
    assert_true(arena.taken <= 1000);
    arena_reset(&arena);
    assert_int_equal(arena.taken, 0);
    assert_non_null(arena_try_alloc(&arena, 500));
    arena_release(&arena);
    assert_int_equal(arena.limit, 1000);
}

/* A large piece must not throw away the free end of the chunk in use. */
static void a_large_piece_leaves_the_chunk_in_use(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    char *before = arena_alloc(&arena, 16);
    memset(arena_alloc(&arena, 8 << 20), 1, 8 << 20);
    char *after = arena_alloc(&arena, 16);
    assert_in_range(after - before, 16, 32);
    arena_release(&arena);
}

/* But for the address sanitizer, which is to see that nobody uses what was taken back. */
static void reset_keeps_memory(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    char *first = arena_alloc(&arena, 2 << 20);
    for (int i = 0; i < 100; i++)
        arena_alloc(&arena, 5000);
    arena_reset(&arena);
    bool kept = arena_alloc(&arena, 2 << 20) == first;
#ifdef __SANITIZE_ADDRESS__
    assert_false(kept);
#else
    assert_true(kept);
#endif
    arena_reset(&arena);
    arena_reset(&arena);
    arena_release(&arena);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 1));
    arena_release(&arena);
}

static void arrays_are_cleared(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    memset(arena_alloc(&arena, 4000), 0xff, 4000);
    arena_reset(&arena);
    int64_t *numbers = ARENA_ARRAY(&arena, int64_t, 400);
    for (int i = 0; i < 400; i++)
        assert_int_equal(numbers[i], 0);
    arena_release(&arena);
}

static void text_is_copied_and_printed(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    assert_string_equal(arena_strdup(&arena, "Wien"), "Wien");
    assert_string_equal(arena_strndup(&arena, "Wien", 2), "Wi");
    assert_string_equal(arena_printf(&arena, "%s-%03d", "a", 7), "a-007");
    char *long_text = arena_printf(&arena, "%*s", 10000, "x");
    assert_int_equal(strlen(long_text), 10000);
    arena_release(&arena);
}

static void vectors_grow(void **state)
{
    VECTOR(int) numbers = {0};
    for (int i = 0; i < 1000; i++)
        VECTOR_PUSH(&numbers, i);
    assert_int_equal(numbers.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers.items[i], i);
    VECTOR_RESERVE(&numbers, 5000);
    assert_true(numbers.capacity >= 5000);
    VECTOR_RELEASE(&numbers);
    assert_null(numbers.items);
    assert_int_equal(numbers.count + numbers.capacity, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pieces_are_aligned_and_apart),
    cmocka_unit_test(nothing_is_still_something),
    cmocka_unit_test(the_limit_holds),
    cmocka_unit_test(a_large_piece_leaves_the_chunk_in_use),
    cmocka_unit_test(reset_keeps_memory),
    cmocka_unit_test(arrays_are_cleared),
    cmocka_unit_test(text_is_copied_and_printed),
    cmocka_unit_test(vectors_grow),
};
UNIT_MAIN(tests)
