/*
 * Arenas: memory that is given out piece by piece and taken back all at once. Four lifetimes use
 * them: process, snapshot, request and batch; whoever starts one of those owns its arena and passes
 * it on explicitly.
 *
 * Memory comes in chunks that double up to 1 MiB; a larger request gets a chunk of its own. Not
 * thread-safe: one arena, one thread.
 */
#ifndef STRATA_BASE_ARENA_H
#define STRATA_BASE_ARENA_H

#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* the newest; older ones hang behind it */
    char *next, *end;
    size_t taken; /* bytes given out since the last reset */
    size_t limit; /* the most that may be taken; 0: no limit */
};

/* limit: bytes, 0 for none. No memory is taken until the first allocation. */
void arena_init(struct arena *arena, size_t limit);
void arena_release(struct arena *arena);
/* Everything given out is gone; the largest chunk is kept for reuse. */
void arena_reset(struct arena *arena);

/* 16-byte aligned, not cleared. Aborts past the limit or when the machine has no memory: use
 * arena_try_alloc for what is sized by a user's data. size 0 gives a valid unique pointer. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zalloc(struct arena *arena, size_t size);
/* count × size with the multiplication checked; cleared. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* NULL where arena_alloc would abort. */
void *arena_try_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
/* length bytes and a NUL behind them. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

#define ARENA_NEW(arena, type) ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

/* malloc, calloc and realloc that abort with a message instead of returning NULL. */
void *base_malloc(size_t size);
void *base_calloc(size_t count, size_t size);
void *base_realloc(void *memory, size_t size);
char *base_strdup(const char *text);

#endif
