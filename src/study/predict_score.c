/*
 * Scoring customers with a prediction, by the code that made the training rows: the same values of
 * the language from the same evaluator, the same columns. Values are scanned a batch of customers
 * at a time, and each batch is scored while it is at hand, on all threads.
 */
#include "base/bits.h"
#include "study/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scoring {
    struct predict_data data;
    struct predict_how how;
    struct predict_model model;
    int *feature; /* of each scanned value */
    const uint64_t *who;
    uint32_t *before;    /* scored customers before each word of who */
    double *probability; /* by scored customer; NULL: only one customer's raw values are wanted */
    uint32_t wanted;
    double *wanted_raw;
    /* Scratch by worker. */
    double **raw, **row;
    float **narrow;
};

/* ---- what is read ---- */

static enum status read_inputs(struct scoring *scoring, struct error *error)
{
    struct work *work = scoring->data.work;
    const struct predict_design *design = &scoring->model.design;
    const char **texts = ARENA_ARRAY(work->arena, const char *, design->features + 1);
    bool *used = ARENA_ARRAY(work->arena, bool, design->features + 1);
    int count = 0;

    /* A value that no column of the model looks at is not even evaluated. */
    scoring->feature = ARENA_ARRAY(work->arena, int, design->features + 1);
    for (int c = 0; c < design->columns; c++)
        used[design->column[c].feature] |= design->column[c].used;
    for (int f = 0; f < design->features; f++)
        if (used[f]) {
            scoring->feature[count] = f;
            texts[count++] = design->feature[f].text;
        }
    return work_inputs_new(work, texts, (size_t)count, work_option(work, "among"),
                           &scoring->data.inputs, error);
}

/* A label about traits cannot come true of who meets it already. */
static enum status read_label(struct scoring *scoring, struct error *error)
{
    struct work *work = scoring->data.work;
    const char *label = work_saved_text(work, "label");
    double days = work_saved_number(work, "horizon_days");
    const struct schema *schema = session_schema(work->session);
    scoring->how = (struct predict_how){
        .label = label, .dated = !isnan(days), .days = isnan(days) ? 0 : (int)days};
    scoring->how.horizon = (int64_t)scoring->how.days * PREDICT_DAY;
    scoring->data.how = &scoring->how;
    if (!label || !json_is_true(json_object_get(work->saved, "about_traits")))
        return STATUS_OK;
    TRY(segment_condition_build(text_from(label), schema, session_definitions(work->session),
                                work->arena, NULL, &scoring->data.label, error));
    TRY(segment_condition_within(scoring->data.label, scoring->how.horizon, error));
    int last = scoring->data.label->segment_count - 1;
    scoring->data.label_needs = segment_needs(scoring->data.label, schema, &last, 1, work->arena);
    return STATUS_OK;
}

static enum status ask(struct scoring *scoring, struct error *error)
{
    struct predict_data *data = &scoring->data;
    struct work *work = data->work;
    TRY(session_load_definitions(work->session, error));
    TRY(predict_model_read(work, &scoring->model, error));
    TRY(read_label(scoring, error));
    TRY(read_inputs(scoring, error));
    work->needs = data->needs =
        segment_needs_join(&data->inputs.needs, &data->label_needs, work->arena);
    return STATUS_OK;
}

static enum status find_who(struct scoring *scoring, uint64_t **who, struct error *error)
{
    struct predict_data *data = &scoring->data;
    const struct population *population = data->work->population;
    uint64_t *already;
    TRY(predict_who(data, population, data->work->moment->now, who, error));
    if (!data->label)
        return STATUS_OK;
    TRY(predict_label_at(data, data->work->moment->now - scoring->how.horizon, &already, error));
    for (uint32_t w = 0; w < population->customers / 64 + 1u; w++)
        (*who)[w] &= ~already[w];
    return STATUS_OK;
}

/* ---- the pass ---- */

static void take_batch(void *context, uint32_t first, uint32_t count,
                       const struct plan_values *values, int worker)
{
    struct scoring *scoring = context;
    const struct predict_model *model = &scoring->model;
    size_t columns = (size_t)model->design.columns, rows = 0, inputs = scoring->data.inputs.count;
    double *raw = scoring->raw[worker], *row = scoring->row[worker];
    float *narrow = scoring->narrow[worker];

    if (!scoring->probability && (scoring->wanted < first || scoring->wanted >= first + count))
        return;

    /* Batches begin at a word of the bits, so where a batch's scores go is known without the
     * others, whatever thread comes first. */
    size_t place = scoring->before[first / 64];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t p = first + i;
        bool is_scored = scoring->probability ? bit_at(scoring->who, p) : p == scoring->wanted;
        if (!is_scored)
            continue;
        for (size_t v = 0; v < inputs; v++)
            raw[scoring->feature[v]] = column_raw(&values[v], i);
        if (!scoring->probability) {
            memcpy(scoring->wanted_raw, raw, sizeof *raw * (size_t)model->design.features);
            return;
        }

        predict_encode(&model->design, raw, row);
        if (model->method == PREDICT_LOGISTIC)
            scoring->probability[place + rows] = model_logistic_score(&model->logistic, row);
        for (size_t c = 0; model->method == PREDICT_BOOSTING && c < columns; c++)
            narrow[rows * columns + c] = (float)row[c];
        rows++;
    }

    if (model->method == PREDICT_BOOSTING)
        model_forest_score(&model->forest, narrow, rows, scoring->probability + place);
}

static enum status scan(struct scoring *scoring, struct error *error)
{
    struct work *work = scoring->data.work;
    struct arena *arena = work->arena;
    const struct predict_design *design = &scoring->model.design;
    int threads = pool_threads(session_pool(work->session));
    uint32_t words = work->population->customers / 64 + 1u, before = 0;

    /* Each thread has scratch of its own; results go to places that no other thread writes. */
    scoring->raw = ARENA_ARRAY(arena, double *, threads);
    scoring->row = ARENA_ARRAY(arena, double *, threads);
    scoring->narrow = ARENA_ARRAY(arena, float *, threads);
    for (int t = 0; t < threads; t++) {
        scoring->raw[t] = ARENA_ARRAY(arena, double, design->features + 1);
        scoring->row[t] = ARENA_ARRAY(arena, double, design->columns + 1);
        scoring->narrow[t] =
            ARENA_ARRAY(arena, float, (size_t)design->columns *SEGMENT_SCAN_MAX + 1);
    }

    scoring->before = ARENA_ARRAY(arena, uint32_t, words + 1);
    for (uint32_t w = 0; w < words; w++) {
        scoring->before[w] = before;
        before += (uint32_t)__builtin_popcountll(scoring->who[w]);
    }

    return plan_scan_values(scoring->data.inputs.set, session_schema(work->session),
                            scoring->data.inputs.nodes, (int)scoring->data.inputs.count,
                            work->population, work->moment->now, session_pool(work->session),
                            take_batch, scoring, error);
}

static void release(struct scoring *scoring)
{
    predict_model_release(&scoring->model);
    work_inputs_release(&scoring->data.inputs);
    segment_set_free(scoring->data.label);
}

static void forget(void *asked)
{
    release(asked);
}

enum status study_predict_ask(struct work *work, struct error *error)
{
    struct scoring *scoring = ARENA_NEW(work->arena, struct scoring);
    scoring->data.work = work;
    work->asked = scoring;
    work->forget = forget;
    return ask(scoring, error);
}

static enum status score_all(struct scoring *scoring, struct error *error)
{
    struct work *work = scoring->data.work;
    uint64_t *who;
    columns_bind(work, scoring->model.design.column, (size_t)scoring->model.design.columns);
    TRY(find_who(scoring, &who, error));
    work_score_customers(work, who);
    struct score *score = work_score_add(work, "probability", VALUE_DOUBLE, 0);
    scoring->who = who;
    scoring->probability = score->number;
    if (!scoring->data.inputs.count) { /* a penalty may leave nothing but the base rate */
        for (size_t i = 0; i < work->count; i++)
            score->number[i] = scoring->model.base_rate;
        return STATUS_OK;
    }
    return scan(scoring, error);
}

enum status study_predict_score(struct work *work, struct error *error)
{
    const struct scoring *scoring = work->asked;
    const char *name = work->model->name;
    TRY(score_all(work->asked, error));
    json_put_array(work->report, "values");
    work_report_values(work, name, arena_printf(work->arena, "%s: probability", name), "share",
                       scoring->probability, work->count, scoring->how.label);
    json_write_end_array(work->report);
    return STATUS_OK;
}

/* ---- why one customer's ---- */

static int strongest_first(const void *a, const void *b)
{
    double x = fabs(((const struct study_driver *)a)->effect),
           y = fabs(((const struct study_driver *)b)->effect);
    return (x < y) - (x > y);
}

static enum value_type type_of(const struct scoring *scoring, int feature)
{
    for (size_t v = 0; v < scoring->data.inputs.count; v++)
        if (scoring->feature[v] == feature)
            return scoring->data.inputs.nodes[v]->type;
    return VALUE_NONE;
}

static const char *value_words(const struct scoring *scoring, const struct column *column,
                               double raw)
{
    struct work *work = scoring->data.work;
    enum value_type type = type_of(scoring, (int)column->feature);
    if (column->form == COLUMN_UNKNOWN)
        return isnan(raw) ? "yes" : "no";
    if (isnan(raw))
        return "unknown";
    if (type == VALUE_DURATION)
        return arena_printf(work->arena, "%.1f days", raw / PREDICT_DAY);
    if (type == VALUE_BOOL)
        return raw != 0 ? "yes" : "no";
    if (type != VALUE_TEXT)
        return arena_printf(work->arena, "%.6g", raw);
    struct text text = population_text(work->population, (uint32_t)raw);
    return arena_printf(work->arena, "'%.*s'", (int)text.length, text.data);
}

static enum status contributions(struct scoring *scoring, const double *row, double *effect,
                                 double *probability, struct error *error)
{
    struct work *work = scoring->data.work;
    const struct predict_model *model = &scoring->model;
    if (model->method == PREDICT_LOGISTIC) {
        model_logistic_drivers(&model->logistic, row, effect);
        *probability = model_logistic_score(&model->logistic, row);
        return STATUS_OK;
    }

    /* Shapley values are the library's: the form that scores quickly cannot give them. */
    struct text text;
    struct model_matrix matrix = {1, model->design.columns, row};
    TRY(work_saved_part(work, "model", &text, error));
    TRY(model_boost_read(text, &scoring->model.boost, error));
    TRY(model_boost_drivers(scoring->model.boost, &matrix, effect, error));
    return model_boost_score(scoring->model.boost, &matrix, probability, error);
}

static enum status explain(struct scoring *scoring, const char *customer,
                           struct study_customer *out, struct error *error)
{
    struct work *work = scoring->data.work;
    const struct predict_design *design = &scoring->model.design;
    uint64_t *who;

    TRY(ask(scoring, error));
    TRY(work_load(work, &work->needs, error));
    columns_bind(work, scoring->model.design.column, (size_t)scoring->model.design.columns);
    TRY(session_find_customer(work->population, customer, &scoring->wanted, error));
    TRY(find_who(scoring, &who, error));

    /* The pass over everyone serves for one: only the batch with the customer is looked at. */
    scoring->who = who;
    scoring->wanted_raw = ARENA_ARRAY(work->arena, double, design->features + 1);
    if (scoring->data.inputs.count)
        TRY(scan(scoring, error));
    double *row = ARENA_ARRAY(work->arena, double, design->columns + 1);
    double *effect = ARENA_ARRAY(work->arena, double, design->columns + 2);
    predict_encode(design, scoring->wanted_raw, row);
    TRY(contributions(scoring, row, effect, &out->probability, error));
    out->customer = arena_strdup(work->arena, customer);
    out->asked_about = bit_at(who, scoring->wanted);
    out->base_rate = scoring->model.base_rate;
    out->drivers = ARENA_ARRAY(work->arena, struct study_driver, design->columns + 1);
    for (int c = 0; c < design->columns; c++) {
        const struct column *column = &design->column[c];
        if (column->used && effect[c] != 0)
            out->drivers[out->driver_count++] = (struct study_driver){
                column->name, value_words(scoring, column, scoring->wanted_raw[column->feature]),
                effect[c]};
    }

    qsort(out->drivers, out->driver_count, sizeof *out->drivers, strongest_first);
    return STATUS_OK;
}

enum status study_predict_customer(struct work *work, const char *customer,
                                   struct study_customer *out, struct error *error)
{
    struct scoring scoring = {.data = {.work = work}};
    *out = (struct study_customer){0};
    enum status status = explain(&scoring, customer, out, error);
    release(&scoring);
    return status;
}
