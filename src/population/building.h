/* What the files of the builder share. Nobody else includes it. */
#ifndef STRATA_POPULATION_BUILDING_H
#define STRATA_POPULATION_BUILDING_H

#include "base/vector.h"
#include "population/internal.h"

struct pending_records {
    const char *segment;
    size_t count;
    uint32_t *customer;
    int64_t *entered, *left;
};

struct pending_list {
    const char *name;
    struct text *identifiers;
    size_t count;
};

struct population_builder {
    const struct zone *zone;
    struct population_internal *internal;
    uint32_t customers;
    bool placed; /* customers and tables came in their final places: indexes are positions */
    uint64_t *numbers;
    uint32_t *first, *last;                 /* by customer index, as identifier_at until finish */
    VECTOR(struct population_table) tables; /* offset by customer index until finish */
    VECTOR(struct pending_records) records;
    VECTOR(struct pending_list) lists;
    VECTOR(const char **) refers; /* per table: per column the reference table it names, or NULL */
};

/* Frees what only waits for the end: first and last, records, lists, references. */
void building_free_pending(struct population_builder *builder);
/* Takes the columns of a table, each as narrow as its values are. On failure the table holds what
 * was taken. */
enum status building_take_columns(struct population_builder *builder,
                                  struct population_table *table,
                                  const struct population_input *columns, size_t count,
                                  struct error *error);

#endif
