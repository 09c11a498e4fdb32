/*
 * Lists of members with columns: what `strata members --with` writes. Everything is in the
 * listing's memory; nothing of the store is needed once it is made.
 */
#ifndef STRATA_ENGINE_LISTING_H
#define STRATA_ENGINE_LISTING_H

#include "engine/engine.h"

/* One column, by row of the listing. Numbers of every type but DOUBLE are in integers (DECIMAL
 * scaled; DATE as days; TIME and DURATION as seconds; BOOL), doubles in numbers; TEXT in texts; SET
 * in texts, a NUL behind each member; POINT in numbers and seconds. Arrays that a type does not use
 * are NULL. */
struct engine_listing_column {
    const char *name;
    enum value_type type;
    int scale;
    bool is_double; /* DURATION in numbers */
    uint8_t *known; /* 0 or 1 */
    int64_t *integers;
    double *numbers, *seconds;
    struct text *texts;
};

struct engine_listing {
    size_t count; /* rows, by customer number */
    struct text *identifiers;
    struct engine_listing_column *columns;
    size_t column_count;
    struct arena arena;
};

#endif
