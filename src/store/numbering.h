/*
 * Numberings: text to a number, filled from many threads at once, the same whatever their number. A
 * text that is new gets a provisional number at once; when everything is read,
 * store_numbering_settle gives final ones in order of first appearance. The customers' identifiers
 * and the dictionary are numberings.
 */
#ifndef STRATA_STORE_NUMBERING_H
#define STRATA_STORE_NUMBERING_H

#include "store/store.h"

struct numbering;

struct numbering *store_numbering_new(uint32_t next);
void store_numbering_free(struct numbering *numbering);
/* Not thread-safe: text has that number (below next). */
void store_numbering_known(struct numbering *numbering, struct text text, uint32_t number);
/* The number of text, provisional when it is new (>= next). row: where it was met, any ascending
 * count; ties are settled by the bytes of the text. Thread-safe. More than 2^32 − 2 numbers end the
 * process: callers check store_numbering_count. */
uint32_t store_numbering_number(struct numbering *numbering, struct text text, uint64_t row);
/* The same for a batch: memory is asked for many texts at once, which is several times faster where
 * the numbering is larger than the caches. A text without data is left out, and its number alone.
 */
enum { NUMBERING_BATCH = 64 };
void store_numbering_numbers(struct numbering *numbering, const struct text *texts,
                             const uint64_t *rows, size_t count, uint32_t *numbers);
/* Thread-safe. */
bool store_numbering_find(const struct numbering *numbering, struct text text, uint32_t *number);
/* How many are new. */
uint32_t store_numbering_count(const struct numbering *numbering);
/* used: a bit per new text, indexed by provisional number − next, or NULL for all: the others get
 * no number. Afterwards only store_numbering_final, store_numbering_new_text and
 * store_numbering_find (final numbers) may be called. Returns how many got one.
 */
uint32_t store_numbering_settle(struct numbering *numbering, const uint64_t *used);
/* Instead, where the order of numbers means nothing: every provisional number becomes final as it
 * is. */
uint32_t store_numbering_settle_as_met(struct numbering *numbering);
/* The final number of what store_numbering_number gave; UINT32_MAX for an unused one. Thread-safe.
 */
uint32_t store_numbering_final(const struct numbering *numbering, uint32_t provisional);
/* The first number given anew, and after settling how many were. */
uint32_t store_numbering_first_new(const struct numbering *numbering);
uint32_t store_numbering_settled_count(const struct numbering *numbering);
/* After settling: the texts that are new, in order of their final numbers next, next + 1, … */
struct text store_numbering_new_text(const struct numbering *numbering, uint32_t index);

/* The numbering of a role (PART_IDENTITY or PART_DICTIONARY), and its new texts as a part of the
 * change; the next number moves on. What src/identity and the two below are made of. */
enum status store_numbering_load(struct store *store, struct lake *lake, enum part_role role,
                                 struct numbering **out, struct error *error);
enum status store_numbering_write(struct store_change *change, struct lake *lake,
                                  enum part_role role, const struct numbering *numbering,
                                  struct error *error);
/* The dictionary of text codes, as a numbering, and its way back into the store. */
enum status store_load_dictionary(struct store *store, struct lake *lake, struct numbering **out,
                                  struct error *error);
/* Writes the new texts of a settled numbering as a dictionary part and moves CATALOG_NEXT_CODE on.
 */
enum status store_write_dictionary(struct store_change *change, struct lake *lake,
                                   const struct numbering *dictionary, struct error *error);
/* Brings a numbering into SQL: <name>(VARCHAR, UBIGINT row) → UINTEGER provisional,
 * <name>_set(VARCHAR[], UBIGINT) → UINTEGER[], <name>_final(UINTEGER) → UINTEGER,
 * <name>_final_set(UINTEGER[]) → UINTEGER[] (ascending, distinct). NULL gives NULL. */
enum status store_register_numbering(struct lake *lake, const char *name,
                                     struct numbering *numbering, struct error *error);

#endif
