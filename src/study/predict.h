/*
 * Inside the room: predictions. From options to a label and features (predict.c,
 * predict_features.c), from them to rows at moments (predict_rows.c), to a fitted model
 * (predict_design.c), to figures of how good it is on later time (predict_judge.c), and
 * to scores (predict_score.c).
 */
#ifndef STRATA_STUDY_PREDICT_H
#define STRATA_STUDY_PREDICT_H

#include "study/columns.h"
#include "study/work.h"

#include "base/map.h"
#include "model/boost.h"
#include "model/forest.h"
#include "model/logistic.h"
#include "model/quality.h"

enum {
    PREDICT_FEATURES = 250,
    PREDICT_MOMENTS = 60,
    PREDICT_LEVELS = 20,
    PREDICT_DAY = 86400,
    PREDICT_TEST_ROWS = 20000,
};

enum predict_method { PREDICT_LOGISTIC, PREDICT_BOOSTING };

/* What the options ask for. */
struct predict_how {
    const char *label; /* a condition */
    bool dated;        /* false: one cross-section, judged by folds */
    int folds;
    int days;
    int64_t horizon; /* in seconds; 0 when not dated */
    enum predict_method method;
    struct model_logistic_options logistic;
    struct model_boost_options trees;
    uint64_t seed;
    const char **timeless;
    size_t timeless_count;
};

/* One value of the language. */
struct predict_feature {
    const char *name, *text;
    bool is_text;
};

/* The features of one fit, and their columns, learned from training rows alone. */
struct predict_design {
    struct predict_feature *feature;
    int features;
    struct column *column;
    int columns;
};

/* Customers at moments. */
struct predict_rows {
    size_t count;
    int features;
    double *raw; /* count × features */
    unsigned char *label;
    double *recency;    /* days; NaN never */
    uint32_t *customer; /* 0…customers − 1 */
    size_t customers;
    double hits;
    uint64_t all;   /* rows there were before a sample was taken */
    size_t unknown; /* left out: rows whose label nobody knows */
};

struct predict_model {
    enum predict_method method;
    struct predict_design design;
    struct model_logistic logistic;
    struct model_boost *boost; /* free with predict_model_release */
    struct model_forest forest;
    double base_rate;
    bool has_recency;
    struct model_logistic recency; /* of ln(1 + days) and whether there are any */
    double recency_most;
};

/* What a fit reads while it runs. */
struct predict_data {
    struct work *work;
    const struct predict_how *how;
    struct work_inputs inputs; /* the features, then recency if there is one; among */
    struct predict_feature *feature;
    int features;
    bool has_recency;
    const char *recency_kind;
    struct segment_set *label;               /* free with segment_set_free */
    struct segment_needs label_needs, needs; /* of the label; of both */
    bool about_traits; /* the label reads no facts: who meets it already gets no row */
    struct text_map words;
    int64_t end, start; /* of what the label and the features can see */
    int64_t moment[PREDICT_MOMENTS];
    int moments, tests; /* the last `tests` moments are held against what came */
    bool unrecorded;    /* moments before the first import: who knew what then is not on record */
    size_t most_rows;
};

/* ---- features (predict_features.c) ---- */
enum status predict_features_find(struct predict_data *data, struct error *error);
/* Refuses undated traits, reference tables and lists among what is read, unless they are said to be
 * timeless. */
enum status predict_check_dated(const struct predict_data *data, const struct segment_needs *needs,
                                const char *what, struct error *error);

/* ---- rows (predict_rows.c) ---- */
/* Who gets a row at t by a population: known by then, and meeting --among. */
enum status predict_who(struct predict_data *data, const struct population *population, int64_t t,
                        uint64_t **out, struct error *error);
enum status predict_label_at(struct predict_data *data, int64_t t, uint64_t **out,
                             struct error *error);
/* A bit for everyone of whom it is not known at a moment whether the label holds
 * (predict_unknown.c). label: of whom it does. */
enum status predict_label_unknown(struct predict_data *data, int64_t at, const uint64_t *label,
                                  uint64_t **out, struct error *error);
/* Rows of the moments from…to − 1; at most `most`, of a sample of customers if there are more. */
enum status predict_rows_at(struct predict_data *data, int from, int to, size_t most,
                            struct predict_rows *out, struct error *error);
/* The rows whose fold is which (inside), or is not. */
void predict_rows_part(const struct predict_rows *all, const uint32_t *fold, uint32_t which,
                       bool inside, struct arena *arena, struct predict_rows *out);

/* ---- fitting (predict_design.c) ---- */
/* Designs the columns from the rows and fits model and baselines to them. name: by which a column
 * is called in errors.
 */
enum status predict_model_fit(const struct predict_data *data, const struct predict_rows *rows,
                              struct pool *pool, struct predict_model *out, struct error *error);
void predict_model_release(struct predict_model *model);
/* Probabilities of the rows. */
void predict_model_apply(const struct predict_model *model, const struct predict_rows *rows,
                         double *out);
double predict_recency_apply(const struct predict_model *model, double days);
/* A row of the design from raw values. */
void predict_encode(const struct predict_design *design, const double *raw, double *out);
void predict_matrix(const struct predict_design *design, const struct predict_rows *rows,
                    struct arena *arena, struct model_matrix *out);
enum status predict_model_write(struct work *work, const struct predict_model *model,
                                struct error *error);
enum status predict_model_read(struct work *work, struct predict_model *out, struct error *error);

/* ---- judging (predict_judge.c) ---- */
/* Predictions of the tested rows by the model and by what it has to beat. */
struct predict_tested {
    const struct predict_rows *rows;
    double *model, *base, *recency; /* recency NULL: there is no such rule */
};
/* Figures, notes and the report's section; refuses a model that beats nothing. */
enum status predict_judge(const struct predict_data *data, const struct predict_model *model,
                          const struct predict_rows *train, const struct predict_tested *tested,
                          struct error *error);
/* Of every column alone, the area under the ROC curve, whichever way it points. */
void predict_name_leaks(const struct predict_data *data, const struct predict_rows *train);

#endif
