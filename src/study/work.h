/*
 * Inside the room: one fit or one scoring of a model. A type of model is a row of a table: its
 * name, the options it takes, how it is fitted and how it scores. Both read the store through the
 * work's helpers and write what they find into it; saving and telling are the same for all types
 * (study.c, tell.c).
 */
#ifndef STRATA_STUDY_WORK_H
#define STRATA_STUDY_WORK_H

#include "study/study.h"

#include "base/json.h"
#include "base/vector.h"
#include "insight/insight.h"

#include <jansson.h>

enum { WORK_SCORES_MAX = 16 };

/* A trait that scoring tells: one value a customer of the work's list. */
struct score {
    const char *trait;    /* "recency"; the model's name comes before it */
    enum value_type type; /* INT, DECIMAL, DOUBLE, TEXT */
    int scale;
    double *number;            /* NaN: says nothing of this customer */
    uint32_t *label;           /* TEXT: index into labels; UINT32_MAX: nothing */
    const char *const *labels; /* TEXT */
    uint32_t label_count;
};

/* Values and a condition of the segment language, checked once and evaluated at any moment. */
struct work_inputs {
    struct segment_set *set, *among; /* free with work_inputs_release */
    const struct segment_node **nodes;
    const char **texts;
    size_t count;
    struct segment_needs needs;
};

struct work {
    struct session *session;
    struct arena *arena;
    const struct session_moment *moment;
    struct study_model *model;
    /* once loaded: the work's own, or one that others read, too */
    const struct population *population;
    struct segment_needs held; /* what it was loaded with */
    struct population *own;
    /* What fitting writes. */
    struct json *parameters;
    struct json *report; /* sections, from fitting or scoring */
    VECTOR(struct study_figure) figures;
    VECTOR(const char *) notes;
    struct buffer scheme;
    /* What scoring reads and writes. */
    json_t *saved;               /* the parameters, as an object */
    struct segment_needs needs;  /* asked for before it is loaded */
    struct work_inputs inputs;   /* released with the work */
    void *asked;                 /* the type's own, from asking to scoring; in the arena */
    void (*forget)(void *asked); /* frees what it holds besides; NULL: nothing */
    size_t count;
    uint32_t *position; /* who is scored */
    struct score scores[WORK_SCORES_MAX];
    size_t score_count;
};

struct study_type {
    const char *name, *summary;
    const struct study_option *options; /* ended by a NULL name */
    enum status (*fit)(struct work *work, struct error *error);
    /* Reads what was saved, and says in work->needs what scoring will read. */
    enum status (*ask)(struct work *work, struct error *error);
    /* After asking, on a population that holds what was asked for. NULL: the type tells nothing. */
    enum status (*score)(struct work *work, struct error *error);
};
extern const struct study_type study_types[]; /* ended by a NULL name */

enum status study_rfm_fit(struct work *work, struct error *error);
enum status study_rfm_score(struct work *work, struct error *error);
enum status study_clv_fit(struct work *work, struct error *error);
enum status study_clv_score(struct work *work, struct error *error);
enum status study_cluster_fit(struct work *work, struct error *error);
enum status study_cluster_ask(struct work *work, struct error *error);
enum status study_cluster_score(struct work *work, struct error *error);
enum status study_latent_fit(struct work *work, struct error *error);
enum status study_latent_ask(struct work *work, struct error *error);
enum status study_latent_score(struct work *work, struct error *error);
enum status study_factor_fit(struct work *work, struct error *error);
enum status study_factor_ask(struct work *work, struct error *error);
enum status study_factor_score(struct work *work, struct error *error);
enum status study_lookalike_fit(struct work *work, struct error *error);
enum status study_lookalike_ask(struct work *work, struct error *error);
enum status study_lookalike_score(struct work *work, struct error *error);
enum status study_survive_fit(struct work *work, struct error *error);
enum status study_survey_fit(struct work *work, struct error *error);
enum status study_predict_fit(struct work *work, struct error *error);
enum status study_predict_ask(struct work *work, struct error *error);
enum status study_predict_score(struct work *work, struct error *error);
enum status study_predict_customer(struct work *work, const char *customer,
                                   struct study_customer *out, struct error *error);

/* ---- options ---- */
/* STATUS_USAGE when what was given is not what the type's table takes: an unknown name, a word or a
 * number that it does not know, what does not fit the language, what is missing. For all types,
 * before a fit reads anything. */
enum status study_options_check(struct session *session, const struct study_type *type,
                                const struct study_request *request, struct arena *arena,
                                struct error *error);
/* As it was given, or NULL; the last one counts. The readers below go by the type's table and give
 * its fallback where nothing was given. */
const char *work_option(const struct work *work, const char *name);
/* 0 without a fallback. */
double work_number(const struct work *work, const char *name);
/* All numbers of a list. */
const double *work_numbers(const struct work *work, const char *name, size_t *count);
/* The place among the choices; -1 when it is none of them, or there is no fallback. */
int work_pick(const struct work *work, const char *name);
bool work_switch(const struct work *work, const char *name);
/* Values divided by commas outside parentheses and quotes, of all options of that name. */
const char **work_option_list(const struct work *work, const char *name, size_t *count);
/* Gives the language's complaint the option as its place: "--among:1:7". */
void work_place(const char *name, struct error *error);
/* The value of "NAME=VALUE"; *name is empty where none is given. */
const char *work_named(const char *given, struct text *name);

/* ---- writing what was found ---- */
void work_figure(struct work *work, const char *group, const char *label, double value,
                 const char *format, ...) PRINTF_LIKE(5, 6);
void work_note(struct work *work, const char *format, ...) PRINTF_LIKE(2, 3);
/* Not usable, and why. */
void work_refuse(struct work *work, const char *format, ...) PRINTF_LIKE(2, 3);
/* A part of the saved parameters as JSON text, for the model room's readers. */
enum status work_saved_part(struct work *work, const char *key, struct text *out,
                            struct error *error);
double work_saved_number(const struct work *work, const char *key);
const char *work_saved_text(const struct work *work, const char *key);
/* "1,234" and "1,234.50", in the arena. */
const char *work_thousands(const struct work *work, double value);
const char *work_day(const struct work *work, int64_t moment);
/* "2024-Q2" of the date "2024-05-01", in the arena. */
const char *work_quarter(const struct work *work, const char *date);

/* ---- scores ---- */
/* Everyone whose bit is set is scored from here on. */
void work_score_customers(struct work *work, const uint64_t *who);
struct score *work_score_add(struct work *work, const char *trait, enum value_type type, int scale);
/* A section of `values`: the distribution of a score. unit: money, number, share or days. */
void work_report_values(struct work *work, const char *name, const char *title, const char *unit,
                        const double *values, size_t count, const char *note);

/* The moment of the model's first scoring, this one if there was none: before it nobody's score is
 * known. */
int64_t work_scored_since(struct work *work);
/* Ends the work's scheme with a part for those whom the scores say nothing of. It begins with the
 * first scoring: that a score was not there yet says nothing of a customer. */
void work_scheme_rest(struct work *work, const char *name);
/* Whether one of the models told the trait, "churn.probability": one learns from another only where
 * --on says so. */
bool work_is_told(const struct study_model *models, size_t count, const char *trait);
/* A name of letters, digits and underscores for a value of the language: "q1" of last(survey.q1),
 * "meet_people" of the trait `meet.people`. */
const char *work_short_name(const struct work *work, const char *text);

/* ---- data ---- */
/* Sees to it that the work's population holds these needs: the one at hand, else a new one of its
 * own. */
enum status work_load(struct work *work, const struct segment_needs *needs, struct error *error);
/* Asks as the model's type does. */
enum status work_ask(struct work *work, const struct study_type *type, struct error *error);
/* Scores as it does, after asking, on a population that holds what was asked for, and says so in
 * the model. */
enum status work_score(struct work *work, const struct study_type *type, struct error *error);
/* What the store holds that a scoring now goes by, to tell later whether anything came or went. Not
 * known where the moment asks for what was known earlier. */
enum status work_seen(const struct work *work, struct study_seen *out, struct error *error);
/* Frees what the work holds, but not its arena. */
void work_release(struct work *work);

/* What becomes of facts with a negative amount (work_orders.c). */
enum work_refunds { WORK_REFUNDS_SUBTRACT, WORK_REFUNDS_IGNORE, WORK_REFUNDS_COUNT };

/* The facts that count as orders, loaded into the work's population. */
struct work_orders {
    const char *kind, *property;            /* property NULL: without amounts */
    const struct population_column *amount; /* NULL: without amounts */
    bool named;                             /* it was asked for, or is money by its name */
    int scale, currencies; /* currencies: how many the amounts are in; 0 when that is not known */
    /* why there are no amounts: "payment has no amount"; NULL where there are */
    const char *unpaid;
    enum work_refunds refunds;
    /* Orders without refunds: those of the customer at position p are offset[p] to offset[p + 1].
     */
    const uint32_t *offset, *time;
    /* Up to the moment of the work: facts with a negative amount, customers with one, those with
     * nothing else, facts with an amount of zero. */
    uint64_t refund_count, refunded, only_refunds, zero_count;
    /* For work_orders_…: the facts as they are; where orders were copied out, the row of each and
     * the refunds. */
    const struct population_table *table;
    const uint32_t *row;
    uint32_t *refund_offset, *refund_row;
    uint64_t looked_over; /* the population that this is of */
};
/* What the options --kind, --amount and --refunds mean here, and what is guessed without them; when
 * a model scores, what they meant when it was fitted. */
enum status work_orders_find(struct work *work, struct work_orders *out, struct error *error);
/* Keeps that with the parameters, for the scorings to come. */
void work_orders_write(struct work *work, const struct work_orders *orders);
/* Fails where the amounts are in several currencies: whoever adds amounts up asks this first. */
enum status work_orders_one_currency(const struct work_orders *orders, struct error *error);
/* What orders and --among read, into work->needs: for types that score orders. */
enum status work_orders_ask(struct work *work, struct error *error);
/* Loads the population with the orders and `more` (may be NULL), unless it is at hand, and looks
 * the orders over. */
enum status work_orders_load(struct work *work, const struct segment_needs *more,
                             struct work_orders *orders, struct error *error);
/* The same rule in the segment language, behind a measure's window: " where not `amount` < 0" where
 * the store has refunds, else "". *spent: for sums of the amount. Loads the orders unless they are.
 */
enum status work_orders_filters(struct work *work, struct work_orders *orders, const char **filter,
                                const char **spent, struct error *error);
/* The orders [*from, *to) of a customer with after < time <= now. */
void work_orders_rows(const struct work_orders *orders, uint32_t position, int64_t after,
                      int64_t now, uint32_t *from, uint32_t *to);
/* What an order was worth; 0 without an amount. */
double work_orders_amount(const struct work_orders *orders, uint32_t order);
/* What a customer got back, after < time <= until, as a number >= 0; 0 unless refunds are to be
 * subtracted. */
double work_orders_refunded(const struct work_orders *orders, uint32_t position, int64_t after,
                            int64_t until);
/* Says among the figures what became of refunds and of amounts of zero; sums: whether amounts are
 * added up at all. */
void work_orders_say(struct work *work, const struct work_orders *orders, bool sums);
/* For models whose values are written in the language and taken as they are: says how many refunds
 * count there as facts like any other, if there are any. */
enum status work_orders_say_plain(struct work *work, const char *group, struct error *error);
/* A bit for everyone who exists at the moment, or at `now`. */
uint64_t *work_existing(const struct work *work, int64_t now);

/* texts: expressions with values, such as "count(order last 365 days)"; condition NULL: everyone.
 */
enum status work_inputs_new(struct work *work, const char *const *texts, size_t count,
                            const char *condition, struct work_inputs *out, struct error *error);
void work_inputs_release(struct work_inputs *inputs);
/* Values of all customers at a moment, in the arena. */
enum status work_inputs_values(struct work *work, const struct work_inputs *inputs, int64_t now,
                               struct plan_values *out, struct error *error);
/* Who meets the condition at a moment. */
enum status work_inputs_among(struct work *work, const struct work_inputs *inputs, int64_t now,
                              uint64_t **out, struct error *error);
/* A text, set or whole number as words, NULL when unknown. */
const char *work_value_text(const struct work *work, const struct plan_values *values,
                            size_t position);

/* STATUS_USAGE when a new model cannot be called so: its traits or its scheme would meet others. */
enum status study_check_name(struct session *session, const char *name, struct error *error);

#endif
