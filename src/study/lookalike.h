/* Inside the room: what the files of the look-alike model share. */
#ifndef STRATA_STUDY_LOOKALIKE_H
#define STRATA_STUDY_LOOKALIKE_H

#include "study/columns.h"
#include "study/work.h"

/* ---- fields: what a condition reads (lookalike_fields.c) ---- */

/* Columns by schema table; times: that facts of a kind are counted, added up, dated or looked at in
 * a window. */
struct lookalike_fields {
    bool **columns, *times;
};

struct lookalike_models {
    struct study_model *items;
    size_t count;
};

/* Of the last segment of a set, with everything the segments and models it uses read. */
void lookalike_fields_read(struct work *work, const struct lookalike_models *models,
                           const struct segment_set *set, struct lookalike_fields *out);
bool lookalike_fields_meet(const struct work *work, const struct lookalike_fields *a,
                           const struct lookalike_fields *b);
/* "order.amount, order (counts and times), city", in the arena; "nothing" when it reads nothing. */
const char *lookalike_fields_text(const struct work *work, const struct lookalike_fields *fields);

/* ---- features (lookalike_features.c) ---- */

enum { LOOKALIKE_COLUMNS_MAX = 400 };

struct lookalike_columns {
    struct column items[LOOKALIKE_COLUMNS_MAX];
    size_t count, left_out; /* features that did not fit, or are sets or places */
};

/* The values that describe customers, unless --on names some: counts, recency, sums, means and
 * favourites of every kind, and told traits; scores of models are left out. Texts of the language,
 * in the arena. */
enum status lookalike_candidates(struct work *work, const struct lookalike_models *models,
                                 const char ***texts, size_t *count, struct error *error);
/* The candidates, parted. A feature over facts whose number is hidden is silent: that its value is
 * unknown would say that there are no such facts, so it gets no column for that. */
struct lookalike_features {
    const char **texts, **hidden;
    bool *silent;
    size_t count, hidden_count;
};
/* Hides every candidate that reads a field of the seed. */
enum status lookalike_hide(struct work *work, const struct lookalike_models *models,
                           const struct lookalike_fields *seed, const char *const *texts,
                           size_t count, struct lookalike_features *out, struct error *error);
/* Adds the columns that come of feature `f`, whose values are those, for the customers at
 * `position`. */
void lookalike_columns_learn(struct work *work, const struct lookalike_features *features, size_t f,
                             const struct plan_values *values, const uint32_t *position,
                             size_t rows, struct lookalike_columns *out);
void lookalike_columns_write(const struct lookalike_columns *columns, struct json *json);
enum status lookalike_columns_read(const struct work *work, const json_t *saved, size_t features,
                                   struct lookalike_columns *out, struct error *error);

#endif
