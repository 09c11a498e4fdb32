/*
 * Changing the type of a store's column, with all values it has. Nothing is lost: beside
 * a value stands, where it does not say the same, the text it was told as, and a value
 * that does not fit the new type is unknown with its text kept. So retyping to text and
 * back gives every value as it was told.
 */
#ifndef STRATA_INGEST_RETYPE_H
#define STRATA_INGEST_RETYPE_H

#include "store/store.h"

enum { RETYPE_EXAMPLES = 5 };

struct ingest_retype {
    const char *table,
        *column; /* in the store; with a grouped kind its lines' column of that name goes along */
    enum value_type from, to;
    int from_scale, scale;
    int whole_digits;
    uint64_t values, converted; /* rows with a value; those whose value is one of the new type */
    uint64_t distinct;
    struct ingest_retype_example {
        const char *text;
        uint64_t rows;
    } examples[RETYPE_EXAMPLES]; /* values that do not convert, the most frequent first */
    size_t example_count;
    const struct schema *future; /* the schema that comes of it */
};

/* Looks at all values of name ("order.amount") as type ("decimal", "text", "D/M/YYYY",
 * …); changes nothing unless write, for which the store has to be open for writing, and
 * which is one change of the store. Memory: arena. STATUS_NOT_FOUND for a column that
 * there is not, STATUS_USAGE for a type that a column cannot get. */
enum status ingest_retype_column(struct store *store, const char *name, const char *type,
                                 bool write, struct arena *arena, struct ingest_retype *out,
                                 struct error *error);

#endif
