/*
 * Sets of customer numbers: 32-bit integers in compressed chunks (CRoaring). A set is owned by who
 * made it, and not thread-safe while somebody changes it; any number of threads may read one that
 * nobody changes.
 *
 * CRoaring 0.2.66 reads bytes without checking them, so what is stored carries a checksum and a
 * length, and is read only when both are right.
 */
#ifndef STRATA_BITMAP_BITMAP_H
#define STRATA_BITMAP_BITMAP_H

#include "base/text.h"

struct bitmap;

struct bitmap *bitmap_new(void);
void bitmap_free(struct bitmap *bitmap);
struct bitmap *bitmap_copy(const struct bitmap *bitmap);
/* numbers ascending and distinct (checked by assert): much faster than adding one by one. */
struct bitmap *bitmap_from_sorted(const uint32_t *numbers, size_t count);
/* Any order, repetitions allowed. */
struct bitmap *bitmap_from_numbers(const uint32_t *numbers, size_t count);
/* The positions of set bits among the first `bits` of a dense bitset. */
struct bitmap *bitmap_from_bits(const uint64_t *words, size_t bits);

void bitmap_add(struct bitmap *bitmap, uint32_t number);
bool bitmap_contains(const struct bitmap *bitmap, uint32_t number);
size_t bitmap_count(const struct bitmap *bitmap);
bool bitmap_equal(const struct bitmap *a, const struct bitmap *b);

/* a becomes a ∪ b, a ∩ b, a ∖ b, a △ b. */
void bitmap_or(struct bitmap *a, const struct bitmap *b);
void bitmap_and(struct bitmap *a, const struct bitmap *b);
void bitmap_andnot(struct bitmap *a, const struct bitmap *b);
void bitmap_xor(struct bitmap *a, const struct bitmap *b);
/* |a ∩ b| without making the set. */
size_t bitmap_and_count(const struct bitmap *a, const struct bitmap *b);

/* All numbers, ascending; out has room for bitmap_count of them. */
void bitmap_numbers(const struct bitmap *bitmap, uint32_t *out);
/* Calls each in ascending order until it returns false. */
void bitmap_each(const struct bitmap *bitmap, bool (*each)(uint32_t number, void *context),
                 void *context);

/* Appends the stored form: checksum (8 bytes, little-endian, text_hash of what follows) and
 * CRoaring's portable format.
 */
void bitmap_write(const struct bitmap *bitmap, struct buffer *out);
/* Reads the stored form. STATUS_CORRUPT when the bytes are not what was written. */
enum status bitmap_read(struct text bytes, struct bitmap **out, struct error *error);

#endif
