/*
 * Inside the room: one clustering of a store's customers. cluster.c fits and scores;
 * cluster_data.c turns values of the language into numbers and categories;
 * cluster_describe.c says what sets groups apart, names them and follows them through a
 * refit; cluster_write.c writes figures, parameters and the report.
 */
#ifndef STRATA_STUDY_CLUSTER_H
#define STRATA_STUDY_CLUSTER_H

#include "study/work.h"

#include "model/clustering.h"
#include "model/scaling.h"

enum { CLUSTER_USED = 40, CLUSTER_COLUMNS = 80, CLUSTER_GROUPS = 30, CLUSTER_LEVELS = 254 };

/* A value asked for: what the groups are made of, or what they are described by. */
struct cluster_column {
    const char *name, *text;
    bool used, category;
    bool constant; /* tells nobody apart: left out */
    size_t unknown;
    struct model_scaling scaling; /* numbers */
    /* Categories: level 0 is "unknown", the last one whatever else comes; the others have words. */
    uint32_t levels;
    const char **level;
    /* codes, truths or numbers as met in this population, rising, and the level of each */
    double *key;
    uint32_t *level_of;
    size_t keys;
};

struct cluster_data {
    int columns; /* those used come first */
    struct cluster_column column[CLUSTER_COLUMNS];
    struct plan_values *values; /* a column each; then the group told before, if any */
    int64_t told_at;            /* as of when that is read: the fit's moment; 0: there is none */
    size_t rows;
    uint32_t *position;
    struct model_prototypes_data prepared; /* the columns that are used and not constant */
    uint32_t levels[CLUSTER_USED];
    struct model_scaling_options scaling;
};

/* How well each number of groups does, on a sample. */
struct cluster_judged {
    size_t rows; /* looked at */
    int largest;
    struct model_gap gap;
    double silhouette[CLUSTER_GROUPS + 1], calinski[CLUSTER_GROUPS + 1], davies[CLUSTER_GROUPS + 1],
        bic[CLUSTER_GROUPS + 1];
    int by_silhouette, by_bic; /* the best numbers of groups */
    struct model_structure structure;
};

/* One thing that sets a group apart. */
struct cluster_trait {
    int column;
    uint32_t level;       /* categories */
    double here, overall; /* means, or shares of a level */
    double effect;        /* in standard deviations of the scaled value */
};

enum { CLUSTER_TRAITS = 6 };

struct cluster_group {
    const char *name, *title;
    double share;
    struct cluster_trait trait[CLUSTER_TRAITS]; /* of those used, the largest effects first */
    struct cluster_trait other[CLUSTER_TRAITS]; /* of those that only describe */
    int traits, others;
};

/* What became of the groups of the fit before, of the same name. */
struct cluster_refit {
    bool known;
    const char *before; /* its moment */
    size_t both, stayed;
    int names;
    const char **name; /* of then */
    double *moves;     /* names × k: customers */
};

struct cluster_found {
    struct model_clustering model;
    bool judged_any, has_stability;
    struct cluster_judged judged;
    double stability[CLUSTER_GROUPS], stability_error[CLUSTER_GROUPS];
    int draws;
    struct cluster_group group[CLUSTER_GROUPS];
    struct cluster_refit refit;
};

/* The values that --on and --describe ask for, or the usual ones. */
enum status cluster_read_columns(struct work *work, struct cluster_data *out, const char **among,
                                 struct error *error);
/* Asks for the columns' values; more (may be NULL) is one further value. */
enum status cluster_ask(struct work *work, const char *among, const char *more,
                        const struct cluster_data *data, struct error *error);
/* Everyone's values, from a population that holds what was asked for. */
enum status cluster_rows(struct work *work, struct cluster_data *out, struct error *error);
/* Chooses scales and levels; sets what is constant aside. */
enum status cluster_learn(struct work *work, enum model_cluster_method method,
                          struct cluster_data *data, struct error *error);
/* Numbers and categories as the columns say. */
void cluster_prepare(struct work *work, struct cluster_data *data);
/* After reading saved columns: the levels of this population's values. */
void cluster_match_levels(struct work *work, struct cluster_data *data);
/* A raw value of the i-th row: a number, NaN when unknown; and the level of a category. */
double cluster_value(const struct cluster_data *data, int column, size_t i);
uint32_t cluster_level(const struct cluster_data *data, int column, size_t i);

void cluster_describe(struct work *work, const struct cluster_data *data,
                      struct cluster_found *found);
/* Keeps names by overlap with the groups that the fit before told. */
void cluster_follow(struct work *work, const struct cluster_data *data,
                    const struct study_model *before, struct cluster_found *found);

void cluster_write(struct work *work, const struct cluster_data *data, const char *among,
                   const struct cluster_found *found);

#endif
