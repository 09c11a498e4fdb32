/* What load.c and load_table.c share. Nobody else includes it. */
#ifndef STRATA_POPULATION_LOADING_H
#define STRATA_POPULATION_LOADING_H

#include "base/vector.h"
#include "population/load.h"

struct loading {
    struct store *store;
    struct lake *lake;
    const struct population_load *what;
    const struct schema *schema;
    struct population_builder *builder;
    struct arena arena;
    uint32_t until;         /* imports after this one are hidden; UINT32_MAX: none */
    uint32_t limit;         /* customer numbers are below */
    uint32_t *first, *last; /* by customer number; first UINT32_MAX: nobody */
    uint32_t *index;        /* by customer number: place among those who exist */
    uint32_t customers;
    VECTOR(struct text) texts; /* the dictionary so far, by code */
};

/* The code of text, new or not, in the population's dictionary. */
uint32_t loading_code(struct loading *loading, struct text text);
/* until as struct store_read wants it. */
uint32_t loading_until(const struct loading *loading);
/* Whether any row of the part may be seen. */
bool loading_sees(const struct loading *loading, const struct catalog_part *part);
/* Loads a table of facts or traits with these columns into the builder. */
enum status loading_table(struct loading *loading, const struct schema_table *schema,
                          const struct schema_column *const *columns, size_t count, struct error *error);
/* The same for a reference table. */
enum status loading_reference(struct loading *loading, const struct schema_table *table,
                              const struct schema_column *const *columns, size_t count, struct error *error);

#endif
