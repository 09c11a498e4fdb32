/*
 * Inside the engine: scores on their way into the store. A type computes with doubles and labels; what is told are rows
 * of traits with exact values and codes of texts, as a population holds them. In this form scores are held against what
 * the store says already, laid over a population, and written.
 */
#ifndef STRATA_ENGINE_MODEL_TOLD_H
#define STRATA_ENGINE_MODEL_TOLD_H

#include "engine/model_work.h"

struct model_told {
    struct engine_model *model;
    int64_t moment;
    size_t scored;          /* customers */
    size_t count;           /* rows: those of them of whom something is told */
    const uint64_t *number; /* of the customers, by position; the population's */
    uint32_t *position;     /* of each row, rising */
    struct told_column *columns;
    size_t column_count;
    bool coded; /* every label has its code in the store's dictionary */
};

/* What is told of one trait, by row. */
struct told_column {
    const char *name; /* "rfm.recency" */
    const struct model_score *score;
    int whole_digits;  /* INT, DECIMAL: of the largest score, told or not */
    int64_t *integers; /* INT, DECIMAL */
    double *doubles;   /* DOUBLE */
    uint32_t *label;   /* TEXT: as in the score */
    uint32_t *codes;   /* TEXT: codes of its labels; POPULATION_NO_CODE where that is not known yet */
};

/* The work's scores, in its arena; names the traits of its model. */
enum status told_new(struct model_work *work, struct model_told *out, struct error *error);
/* A column as a population takes it, in arena; told->coded. */
struct population_input told_input(const struct model_told *told, size_t column, struct arena *arena);
/* Whether a row says something of a trait. */
bool told_known(const struct told_column *column, size_t row);
/* Writes an import of its own within the change, and states its columns. Without scored customers there is none. */
enum status told_write(struct engine *engine, struct model_told *told, struct store_change *change, struct arena *arena,
                       struct error *error);

#endif
