/*
 * Arenas: pieces are cut from chunks, each twice as large as the last, and freed with all chunks at
 * once. The heap's functions for everybody are here too; those that cannot fail end the process.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under the address sanitizer, what is not given out is poisoned, a gap follows each piece, and a
 * reset keeps nothing, so that a step past the end of a piece, or into memory that was taken back,
 * is found as it would be with malloc. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define POISON(memory, size) ASAN_POISON_MEMORY_REGION((memory), (size))
#define UNPOISON(memory, size) ASAN_UNPOISON_MEMORY_REGION((memory), (size))
enum { GAP = 16, KEEP = false };
#else
#define POISON(memory, size) ((void)(memory), (void)(size))
#define UNPOISON(memory, size) ((void)(memory), (void)(size))
enum { GAP = 0, KEEP = true };
#endif

enum {
    ALIGNMENT = 16, /* of every piece: what malloc gives, good for any type */
    FIRST_CHUNK = 4096,
    LARGEST_CHUNK = 1 << 20,
};

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    _Alignas(ALIGNMENT) char data[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

void arena_release(struct arena *arena)
{
    for (struct arena_chunk *chunk = arena->chunk, *older; chunk; chunk = older) {
        older = chunk->older;
        free(chunk);
    }
    arena_init(arena, arena->limit);
}

void arena_reset(struct arena *arena)
{
    if (!KEEP || !arena->chunk) {
        arena_release(arena);
        return;
    }

    /* The largest stays: an arena that is filled and reset in a loop soon asks for no more. */
    struct arena_chunk *keep = arena->chunk;
    for (struct arena_chunk *chunk = arena->chunk; chunk; chunk = chunk->older)
        if (chunk->size > keep->size)
            keep = chunk;

    for (struct arena_chunk *chunk = arena->chunk, *older; chunk; chunk = older) {
        older = chunk->older;
        if (chunk != keep)
            free(chunk);
    }

    keep->older = NULL;
    *arena = (struct arena){keep, keep->data, keep->data + keep->size, 0, arena->limit};
}

static struct arena_chunk *new_chunk(size_t size)
{
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        return NULL;
    *chunk = (struct arena_chunk){.size = size};
    POISON(chunk->data, size);
    return chunk;
}

/* A chunk of its own for a large piece, behind the newest one, whose free end stays in use. */
static void *alloc_apart(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = new_chunk(size);
    if (!chunk)
        return NULL;
    chunk->older = arena->chunk->older;
    arena->chunk->older = chunk;
    return chunk->data;
}

/* Opens the next chunk and takes size bytes from it. */
static void *alloc_from_new_chunk(struct arena *arena, size_t size)
{
    size_t usual = arena->chunk ? arena->chunk->size * 2 : FIRST_CHUNK;
    if (usual > LARGEST_CHUNK)
        usual = LARGEST_CHUNK;
    if (size > usual && arena->chunk)
        return alloc_apart(arena, size);

    struct arena_chunk *chunk = new_chunk(size > usual ? size : usual);
    if (!chunk)
        return NULL;
    chunk->older = arena->chunk;
    arena->chunk = chunk;
    arena->next = chunk->data + size;
    arena->end = chunk->data + chunk->size;
    return chunk->data;
}

void *arena_try_alloc(struct arena *arena, size_t size)
{
    size_t asked = size;

    /* So that what is added below cannot overflow. */
    if (size > SIZE_MAX / 2)
        return NULL;

    size = size ? (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1) : ALIGNMENT;
    if (arena->limit && (size > arena->limit || arena->taken > arena->limit - size))
        return NULL;

    void *memory = arena->next;
    if ((size_t)(arena->end - arena->next) >= size + GAP)
        arena->next += size + GAP;
    else
        memory = alloc_from_new_chunk(arena, size + GAP);
    if (!memory)
        return NULL;

    UNPOISON(memory, asked);
    arena->taken += size;
    return memory;
}

_Noreturn static void out_of_memory(size_t size)
{
    fprintf(stderr, "strata: no memory for %zu more bytes\n", size);
    abort();
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = arena_try_alloc(arena, size);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory(SIZE_MAX);
    return arena_zalloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    ENSURE(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void *base_malloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *base_calloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory(count);
    return memory;
}

void *base_realloc(void *memory, size_t size)
{
    memory = realloc(memory, size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

char *base_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(base_malloc(size), text, size);
}
