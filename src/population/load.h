/*
 * Loading: a store's parts become a population. Only what is asked for is read: the tables and
 * columns needed, and of everything else the small activity parts, which say who exists and in
 * which order.
 */
#ifndef STRATA_POPULATION_LOAD_H
#define STRATA_POPULATION_LOAD_H

#include "population/population.h"
#include "store/store.h"

struct population_need {
    const char *table;          /* kind, "customer", or reference table */
    const char *const *columns; /* NULL-terminated; empty: times only; NULL: all */
    const char *const *earlier; /* traits: columns of which every telling is read, whatever
                                   traits_from says; NULL: none */
};

struct population_load {
    const struct population_need *needs; /* a table named twice gets all columns of both */
    size_t need_count;
    bool everything;  /* all tables with all columns; needs are ignored */
    bool records;     /* recorded memberships */
    bool lists;       /* static lists */
    int64_t known_at; /* only what was received up to that moment, by the imports' moments;
                         INT64_MAX: all there is */
    /* traits are read as they are at that moment or later, so that tellings which later ones
     * overrule by then may be left out; 0: at any moment */
    int64_t traits_from;
    uint32_t before_import; /* only what earlier imports brought; 0: all of them */
};

/*
 * Reads the store with lake, builds with pool (may be NULL). zone: the store's, open as long as the
 * population lives. STATUS_NOT_FOUND for a table or column that the schema does not have;
 * STATUS_LIMIT past 4,294,967,294 rows a table. The order of a customer's facts is time, import,
 * arrival; texts have codes in order of first appearance whatever the threads did.
 */
enum status population_load(struct store *store, struct lake *lake,
                            const struct population_load *what, const struct zone *zone,
                            struct pool *pool, struct population **out, struct error *error);

#endif
