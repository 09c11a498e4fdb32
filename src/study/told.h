/*
 * Inside the room: scores on their way into the store. A type computes with doubles and labels;
 * what is told are rows of traits with exact values and codes of texts, as a population holds them.
 * In this form scores are held against what the store says already, laid over a population, and
 * written.
 */
#ifndef STRATA_STUDY_TOLD_H
#define STRATA_STUDY_TOLD_H

#include "base/bits.h"
#include "study/scores.h"
#include "study/work.h"

#include "population/overlay.h"

/* What is told of one trait, by row. */
struct told_column {
    const char *name;     /* "rfm.recency" */
    enum value_type type; /* INT, DECIMAL, DOUBLE, TEXT */
    int scale;
    int whole_digits; /* INT, DECIMAL: of the largest score, told or not */
    uint64_t *known;  /* a bit a row: it says something of the trait */
    /* a bit a row: something else than the store says; NULL: nobody has compared */
    uint64_t *fresh;
    int64_t *integers;
    double *doubles;
    uint32_t *label; /* TEXT: by row, which of the labels */
    const char *const *labels;
    uint32_t label_count;
    uint32_t *codes; /* TEXT: by label; POPULATION_NO_CODE where the store's dictionary does not
                        have it yet */
};

struct told {
    struct study_model *model;
    int64_t moment;
    size_t scored;          /* customers */
    size_t count;           /* rows: those of them of whom something is told */
    const uint64_t *number; /* of the customers, by position; the population's */
    uint32_t *position;     /* of each row, rising */
    struct told_column *columns;
    size_t column_count;
    bool coded; /* every label has its code */
    /* numbers of those left out, as the store says the same of them; NULL: none are */
    struct bitmap *same;
};

/* The work's scores, in its arena; names the traits of its model. Release it. */
enum status told_new(struct work *work, struct told *out, struct error *error);
void told_release(struct told *told);
/* Leaves out everyone of whom the population, which has all the told columns as they are told, says
 * the same as of the moment. */
void told_leave_same(struct told *told, const struct population *population, struct pool *pool,
                     struct arena *arena);
/* What differs of these columns (NULL-terminated names), as an overlay takes it, in arena. All
 * labels have codes. */
void told_overlay(const struct told *told, const char *const *names, struct arena *arena,
                  struct population_told *out);
/* Writes an import of its own within the change, and states its columns. Without scored customers
 * there is none. */
enum status told_write(struct session *session, struct told *told, struct store_change *change,
                       struct arena *arena, struct error *error);
/* Writes the rows alone, as an import's that there is. */
enum status told_write_rows(struct session *session, struct told *told, uint32_t import,
                            struct store_change *change, struct arena *arena, struct error *error);

/*
 * Silence (silence.c). A scoring that left customers out means what a whole one would mean as
 * long as what was told before it stays as it is. Before that is changed, it is made whole.
 */
/* Traits that something else than a model told, in arena: with them among its own, a model tells
 * everyone. */
enum status study_strangers(struct session *session, struct arena *arena,
                            struct catalog_stated **out, size_t *count, struct error *error);
/* That the import left those customers out. */
enum status told_keep_silent(struct session *session, const struct told *told, uint32_t import,
                             struct error *error);
/* Makes the model's scorings whole whose imports are after `after`, and whose moments are after
 * `moment`; of what is to be told before `before` on (0: everything). */
enum status study_unfold(struct session *session, struct store_change *change, const char *name,
                         uint32_t after, int64_t moment, uint32_t before, struct arena *arena,
                         struct error *error);

#endif
