/*
 * Growing arrays as macros over three fields: a vector of T is `struct { T *items; size_t count,
 * capacity; }`, made zero, freed with VECTOR_RELEASE. Memory comes from the heap.
 */
#ifndef STRATA_BASE_VECTOR_H
#define STRATA_BASE_VECTOR_H

#include "base/arena.h"

#include <stdlib.h>

#define VECTOR(type)            \
    struct {                    \
        type *items;            \
        size_t count, capacity; \
    }

#define VECTOR_RESERVE(vector, wanted)                                                        \
    do {                                                                                      \
        size_t wanted_ = (wanted);                                                            \
        if ((vector)->capacity < wanted_) {                                                   \
            size_t room_ = (vector)->capacity ? (vector)->capacity * 2 : 8;                   \
            while (room_ < wanted_)                                                           \
                room_ *= 2;                                                                   \
            (vector)->items = base_realloc((vector)->items, room_ * sizeof *(vector)->items); \
            (vector)->capacity = room_;                                                       \
        }                                                                                     \
    } while (0)

#define VECTOR_PUSH(vector, ...)                            \
    do {                                                    \
        VECTOR_RESERVE((vector), (vector)->count + 1);      \
        (vector)->items[(vector)->count++] = (__VA_ARGS__); \
    } while (0)

#define VECTOR_RELEASE(vector)                    \
    do {                                          \
        free((vector)->items);                    \
        (vector)->items = NULL;                   \
        (vector)->count = (vector)->capacity = 0; \
    } while (0)

#endif
