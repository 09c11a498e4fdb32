/*
 * What arrived since a population was built: facts and tellings in row form, by customer. Whoever
 * evaluates one customer reads them together with the customer's rows of the population; past about
 * two in a hundred they are merged by building anew.
 *
 * One writer; readers must not run while it adds (the server holds a lock per shard, or queues
 * facts and works alone).
 */
#ifndef STRATA_POPULATION_DELTA_H
#define STRATA_POPULATION_DELTA_H

#include "population/population.h"

struct population_delta;

/* population must outlive the delta. */
struct population_delta *population_delta_new(const struct population *population);
void population_delta_free(struct population_delta *delta);
/* Code of a text, in the population's dictionary or behind it: codes from population->code_count on
 * are the delta's own. */
uint32_t population_delta_code(struct population_delta *delta, struct text text);
/* The text of a code past the population's dictionary. */
struct text population_delta_text(const struct population_delta *delta, uint32_t code);
/* Adds a fact or telling of the customer at position to table (index into population->tables).
 * values are parallel to the table's columns, and copied: integers as in population_value; what is
 * not known is unknown. Within a second, later additions come later. A time before the customer's
 * last one is put where it belongs. */
void population_delta_add(struct population_delta *delta, uint32_t position, int table,
                          uint32_t time, const struct population_value *values);
/* Which tables the customer has rows in: bit i % 64 is set for table i; 0: none. */
uint64_t population_delta_tables(const struct population_delta *delta, uint32_t position);
/* Earliest fact or telling of the customer, the delta's included. */
uint32_t population_delta_first_time(const struct population_delta *delta, uint32_t position);

/*
 * One customer's rows of one table, the population's and the delta's together, in order of time and
 * arrival: a table of its own with offset {0, rows}. table is the population's own when the delta
 * adds nothing to it. Memory belongs to the view and is reused by the next call for the same view.
 */
struct population_rows;
struct population_rows *population_rows_new(void);
void population_rows_free(struct population_rows *rows);
/* NULL when the delta has nothing for this customer and table. */
const struct population_table *population_delta_view(const struct population_delta *delta,
                                                     uint32_t position, int table,
                                                     struct population_rows *rows);

#endif
