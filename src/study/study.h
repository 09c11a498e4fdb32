/*
 * Models in a store: fitted on its facts, saved in its catalog, scored at any moment. A score is a
 * told trait with the moment of the scoring, published as an import of a kind of its own
 * (CATALOG_SCORES), so that history, undo, `as of` and the segment language treat it like any other
 * trait.
 */
#ifndef STRATA_STUDY_STUDY_H
#define STRATA_STUDY_STUDY_H

#include "session/definitions.h"
#include "session/evaluate.h"
#include "study/options.h"

/* An option as it was given. */
struct study_given {
    const char *name, *value;
};

/* One line of what `strata model show` prints: of the data, the parameters or the quality. */
struct study_figure {
    const char *group, *label, *text;
    double value; /* NaN where the figure is words */
};

struct study_model {
    const char *name, *type, *program;
    int64_t moment; /* facts up to this were seen */
    int64_t fitted; /* when it ran */
    bool usable;
    const char *trouble; /* why it is not usable, or NULL */
    struct study_given *options;
    size_t option_count;
    struct study_figure *figures;
    size_t figure_count;
    const char **notes; /* sentences */
    size_t note_count;
    const char **traits; /* what scoring tells: "rfm.recency" */
    size_t trait_count;
    const char *scheme;     /* text of the scheme that comes with it, or NULL */
    const char *parameters; /* the type's own, as a JSON object */
    /* sections of the report (docs/report-data.md) from fitting, a JSON object */
    const char *fit_report;
    const char *score_report; /* and from the last scoring */
    bool scored;
    int64_t scored_at;    /* the last scoring's moment */
    int64_t scored_since; /* the first one's: before it nobody's score is known; 0: not kept, in
                             models of before */
    uint64_t scored_customers;
    struct study_seen {
        uint32_t last; /* the last import of the store that is no scoring; 0: not known */
        uint32_t gone; /* how many of those, and of the model's own scorings, were taken back */
    } seen;            /* by the last scoring */
};

struct study_request {
    const char *name, *type;
    const struct study_given *options;
    size_t option_count;
};

/* Fits, saves, scores at the same moment and saves the scheme that comes with it. A model that does
 * not converge, or is no better than a simpler rule, is saved as not usable and gives no traits. A
 * model of that name is replaced; what it told, and its scheme where the new one has none, stay. */
enum status study_fit(struct session *session, const struct study_request *request,
                      const struct session_moment *moment, struct arena *arena,
                      struct study_model *out, struct error *error);
/* Since when there are scores of the model of a name; INT64_MIN when there is no such model or it
 * was never scored, so that nothing is before it. */
int64_t study_scored_since(struct session *session, const char *name, struct arena *arena);
/* In order of first fitting. Those that another version of strata saved in its own form are not
 * usable, and little else is known of them. */
enum status study_models(struct session *session, struct arena *arena, struct study_model **out,
                         size_t *count, struct error *error);
/* The names of the schemes that come with models, ended by NULL. */
enum status study_schemes(struct session *session, struct arena *arena, const char *const **out,
                          struct error *error);
/* STATUS_NOT_FOUND names the nearest. */
enum status study_find(struct session *session, const char *name, struct arena *arena,
                       struct study_model *out, struct error *error);
/* Scores one model, told at the moment. Refused when it is not usable or was fitted on later facts.
 */
enum status study_score(struct session *session, const char *name,
                        const struct session_moment *moment, struct arena *arena,
                        struct study_model *out, struct error *error);
/* The facts a model took for orders when it was fitted, amount NULL without amounts; false of a
 * type that takes none. */
struct study_orders {
    const char *kind, *amount, *refunds; /* refunds NULL: not kept */
};
bool study_orders(const struct study_model *model, struct arena *arena, struct study_orders *out);
/* Why one customer's prediction is what it is: what each value adds to the log-odds, the largest
 * first. Associations.
 */
struct study_driver {
    const char *name, *value;
    double effect;
};
struct study_customer {
    const char *customer;
    /* the model is about customers like this one; else nothing was told of them */
    bool asked_about;
    double probability, base_rate;
    struct study_driver *drivers;
    size_t driver_count;
};
/* For models of type predict. STATUS_NOT_FOUND when there is no such customer. */
enum status study_explain(struct session *session, const struct study_model *model,
                          const char *customer, const struct session_moment *moment,
                          struct arena *arena, struct study_customer *out, struct error *error);
/* Removes the model, its scheme and the scores it told. Refused while a segment uses one of them.
 */
enum status study_delete(struct session *session, const char *name, struct arena *arena,
                         struct error *error);

/* As `strata model show --json` and `list --json` print them. */
void study_write(const struct session *session, const struct study_model *model, struct json *json);
void study_write_all(const struct session *session, const struct study_model *models, size_t count,
                     struct json *json);

#endif
