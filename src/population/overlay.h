/*
 * A population with something over it, as a picture of its own: tellings since it was made, or
 * other lists. It shares everything with the population below but what is other. The table that
 * tellings go into is made anew: pieces of the old one with the new rows between them. Both can be
 * read, by any number of threads.
 */
#ifndef STRATA_POPULATION_OVERLAY_H
#define STRATA_POPULATION_OVERLAY_H

#include "population/population.h"

/* What one source tells, a row for each of some customers. */
struct population_told {
    size_t rows;
    const uint32_t *position; /* rising */
    /* INT, DECIMAL, DOUBLE and TEXT, the last by codes of the population's dictionary; those that
     * the table does not have are left out. Of columns that are not given the rows tell nothing. */
    const struct population_input *columns;
    size_t column_count;
};

/*
 * told[i] arrive in this order, after everything the table holds of the moment `time` and before.
 * Customers are told something who exist by then (checked). `below` must outlive *out, which
 * population_free frees as it does any; pool may be NULL. STATUS_NOT_FOUND without such a table;
 * STATUS_LIMIT past 4,294,967,294 rows; STATUS_ERROR for a column of another type or scale.
 */
enum status population_over(const struct population *below, const char *table, uint32_t time,
                            const struct population_told *told, size_t count, struct pool *pool,
                            struct population **out, struct error *error);

/* The same with other static lists: those given, and of the lists below those of other names. The
 * members are taken over, the names borrowed; below must outlive what is returned, which
 * population_free frees. */
struct population *population_with_lists(const struct population *below,
                                         const struct population_list *lists, size_t count);

#endif
