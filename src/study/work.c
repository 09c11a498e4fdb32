/* What all types of models do alike: figures, scores, values of the language. */
#include "study/work.h"
#include "base/bits.h"

#include "base/number.h"
#include "stats/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing what was found ---- */

void work_figure(struct work *work, const char *group, const char *label, double value,
                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct study_figure figure = {group, arena_strdup(work->arena, label),
                                  arena_vprintf(work->arena, format, arguments), value};
    va_end(arguments);
    VECTOR_PUSH(&work->figures, figure);
}

void work_note(struct work *work, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    VECTOR_PUSH(&work->notes, arena_vprintf(work->arena, format, arguments));
    va_end(arguments);
}

void work_refuse(struct work *work, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    work->model->usable = false;
    work->model->trouble = arena_vprintf(work->arena, format, arguments);
    va_end(arguments);
}

static enum status not_there(const struct work *work, const char *key, struct error *error)
{
    return error_set(error, STATUS_ERROR, "the saved model %s has no \"%s\": fit it again",
                     work->model->name, key);
}

enum status work_saved_part(struct work *work, const char *key, struct text *out,
                            struct error *error)
{
    json_t *part = json_object_get(work->saved, key);
    char *dump = part ? json_dumps(part, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (!dump)
        return not_there(work, key, error);
    *out = text_from(arena_strdup(work->arena, dump));
    free(dump);
    return STATUS_OK;
}

double work_saved_number(const struct work *work, const char *key)
{
    json_t *part = json_object_get(work->saved, key);
    return json_is_number(part) ? json_number_value(part) : NAN;
}

const char *work_saved_text(const struct work *work, const char *key)
{
    return json_string_value(json_object_get(work->saved, key));
}

/* A whole number up to here prints exactly: below 2^53, and within 64 bits with its cents. */
static const double EXACT_MOST = 1e15;

const char *work_thousands(const struct work *work, double value)
{
    char text[NUMBER_TEXT_MAX];
    if (!isfinite(value) || fabs(value) > EXACT_MOST)
        return isnan(value) ? "unknown" : arena_printf(work->arena, "%g", value);
    if (value == floor(value))
        return arena_strdup(work->arena, number_format_thousands((int64_t)value, text));

    /* Money and the like: two digits, and the sign by itself, for -0.50 has no whole part to bear
     * it. */
    double cents = round(fabs(value) * 100);
    int64_t whole = (int64_t)(cents / 100);
    return arena_printf(work->arena, "%s%s.%02d", value < 0 ? "-" : "",
                        number_format_thousands(whole, text), (int)(cents - 100 * (double)whole));
}

const char *work_quarter(const struct work *work, const char *date)
{
    enum { MONTH_AT = 5, MONTHS_A_QUARTER = 3 }; /* where the month stands in 2024-05-01 */
    int month = (int)strtol(date + MONTH_AT, NULL, 10);
    return arena_printf(work->arena, "%.4s-Q%d", date, (month - 1) / MONTHS_A_QUARTER + 1);
}

bool work_is_told(const struct study_model *models, size_t count, const char *trait)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(models[i].name);
        if (strncmp(models[i].name, trait, length) == 0 && trait[length] == '.')
            return true;
    }
    return false;
}

const char *work_short_name(const struct work *work, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *end = strrchr(text, '`'), *start = end;
    while (start && start > text && start[-1] != '`')
        start--;
    /* Without backquotes the last part of a path: last(survey.nps) is "nps". */
    if (!start || start == end || start == text) {
        const char *dot = strrchr(text, '.'), *at = dot ? dot + 1 : text;
        size_t length = strspn(at, plain);
        return length ? arena_strndup(work->arena, at, length) : "answer";
    }
    char *name = arena_strndup(work->arena, start,
                               (size_t)(end - start)); /* a quoted name is one name, dots and all */
    for (char *at = name; *at; at++)
        if (!strchr(plain, *at))
            *at = '_';
    return name;
}

const char *work_day(const struct work *work, int64_t moment)
{
    char text[DATE_TEXT_MAX];
    return arena_strdup(work->arena,
                        date_format(zone_date(session_zone(work->session), moment), text));
}

/* ---- scores ---- */

void work_score_customers(struct work *work, const uint64_t *who)
{
    work->position = ARENA_ARRAY(work->arena, uint32_t, work->population->customers + 1u);
    work->count = 0;
    work->score_count = 0;
    for (uint32_t p = 0; p < work->population->customers; p++)
        if (bit_at(who, p))
            work->position[work->count++] = p;
}

struct score *work_score_add(struct work *work, const char *trait, enum value_type type, int scale)
{
    ENSURE(work->score_count < WORK_SCORES_MAX);
    struct score *score = &work->scores[work->score_count++];
    *score = (struct score){.trait = trait, .type = type, .scale = scale};
    if (type == VALUE_TEXT)
        score->label = ARENA_ARRAY(work->arena, uint32_t, work->count + 1);
    else
        score->number = ARENA_ARRAY(work->arena, double, work->count + 1);
    return score;
}

/* The next of 1, 2, 5, 10, 20, … that is not narrower. */
static double nice_step(double width)
{
    static const double steps[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(width))), part = width / power;
    size_t s = 0;
    while (s + 1 < sizeof steps / sizeof *steps && part > steps[s])
        s++;
    return power * steps[s];
}

/* Bins of one round width up to about the 97th percentile, and one for the long tail. Its end is
 * round too: the largest value is one customer's. */
static void write_histogram(struct work *work, const double *sorted, size_t count)
{
    enum { BINS = 15 };
    static const double tail = .97;
    double low = sorted[0], high = stats_quantile_sorted(sorted, count, tail),
           last = sorted[count - 1];
    double step = nice_step(high > low ? (high - low) / BINS : 1);
    double from = floor(low / step) * step, end = ceil(last / step) * step;

    json_put_array(work->report, "histogram");
    for (size_t at = 0, bin = 1; at < count; bin++) {
        double to = floor(low / step) * step + (double)bin * step;
        to = to > high && to < last ? end : to;

        /* The last bin takes whatever is left, its own end among it. */
        size_t begin = at;
        bool final = to >= last;
        while (at < count && (sorted[at] < to || final))
            at++;
        json_write_object(work->report);
        json_put_double(work->report, "from", from);
        json_put_double(work->report, "to", to);
        json_put_count(work->report, "customers", at - begin);
        json_write_end_object(work->report);
        from = to;
    }

    json_write_end_array(work->report);
}

void work_report_values(struct work *work, const char *name, const char *title, const char *unit,
                        const double *values, size_t count, const char *note)
{
    static const double levels[] = {.5, .9, .99};
    double *sorted = ARENA_ARRAY(work->arena, double, count + 1);
    size_t known = 0;

    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            sorted[known++] = values[i];
    if (!known)
        return;

    /* Who has no score is in no bin, and not among the customers of the section. */
    stats_sort(sorted, known);
    json_write_object(work->report);
    json_put_string(work->report, "name", name);
    json_put_string(work->report, "title", title);
    json_put_string(work->report, "unit", unit);
    json_put_count(work->report, "customers", known);
    json_put_double(work->report, "mean", stats_mean(sorted, known));
    write_histogram(work, sorted, known);
    json_put_array(work->report, "quantiles");
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        /* Where few lie above it, it is what one of them has. */
        if ((1 - levels[i]) * (double)known < INSIGHT_NAMED_BY)
            continue;
        json_write_object(work->report);
        json_put_double(work->report, "q", levels[i]);
        json_put_double(work->report, "value", stats_quantile_sorted(sorted, known, levels[i]));
        json_write_end_object(work->report);
    }

    json_write_end_array(work->report);
    if (note)
        json_put_string(work->report, "note", note);
    json_write_end_object(work->report);
}

/* ---- the population ---- */

enum status work_load(struct work *work, const struct segment_needs *needs, struct error *error)
{
    if (work->population && segment_needs_hold(&work->held, needs))
        return STATUS_OK;

    /* One of its own from here on: what was at hand may be somebody else's. */
    population_free(work->own);
    work->population = work->own = NULL;
    TRY(session_load_population(work->session, needs, work->moment, SESSION_WHOLE_PAST, &work->own,
                                error));
    work->population = work->own;
    work->held = segment_needs_throughout(needs, work->arena);
    return STATUS_OK;
}

static void forget_asked(struct work *work)
{
    if (work->forget)
        work->forget(work->asked);
    work->forget = NULL;
    work->asked = NULL;
    work_inputs_release(&work->inputs);
    json_decref(work->saved);
    work->saved = NULL;
}

enum status work_ask(struct work *work, const struct study_type *type, struct error *error)
{
    forget_asked(work);
    work->needs = (struct segment_needs){0};
    work->saved = json_loads(work->model->parameters, 0, NULL);
    return type->ask(work, error);
}

void work_release(struct work *work)
{
    population_free(work->own);
    work->population = work->own = NULL;
    forget_asked(work);
    buffer_release(&work->scheme);
    VECTOR_RELEASE(&work->figures);
    VECTOR_RELEASE(&work->notes);
}

/* ---- customers ---- */

uint64_t *work_existing(const struct work *work, int64_t now)
{
    const struct population *population = work->population;
    uint64_t *bits = ARENA_ARRAY(work->arena, uint64_t, population->customers / 64 + 1);
    for (uint32_t p = 0; p < population->customers; p++)
        if (population->first_time[p] <= now && population->first_time[p] != POPULATION_NEVER)
            bit_set(bits, p);
    return bits;
}

/* ---- values of the language ---- */

static const struct segment_node *plain(const struct segment_node *node)
{
    while (node->op == OP_FORM)
        node = node->child[0];
    return node;
}

static enum status build_values(struct work *work, const char *const *texts,
                                struct work_inputs *out, struct error *error)
{
    struct buffer text;
    buffer_init(&text, 0);
    for (size_t i = 0; i < out->count; i++)
        buffer_printf(&text, "%s%s is known", i ? " and " : "", texts[i]);
    enum status status = segment_condition_build(
        (struct text){text.data, text.length}, session_schema(work->session),
        session_definitions(work->session), work->arena, NULL, &out->set, error);
    buffer_release(&text);
    if (status != STATUS_OK) {
        error_hint(error, "--on takes values of the segment language, divided by commas: "
                          "count(order last 365 days)");
        return status;
    }

    /* All in one condition, so that values are checked and laid out together; of one value alone
     * there is no "and" above it. */
    const struct segment_node *root = out->set->segments[out->set->segment_count - 1].condition;
    out->nodes = ARENA_ARRAY(work->arena, const struct segment_node *, out->count);
    out->texts = ARENA_ARRAY(work->arena, const char *, out->count);
    for (size_t i = 0; i < out->count; i++) {
        const struct segment_node *known = plain(out->count == 1 ? root : root->child[i]);
        if (known->op != OP_KNOWN)
            return error_set(error, STATUS_USAGE, "'%s' is not a value of the segment language",
                             texts[i]);
        out->nodes[i] = known->child[0];
        out->texts[i] = arena_strdup(work->arena, texts[i]);
    }

    return STATUS_OK;
}

static void add_needs(struct work *work, const struct segment_set *set, struct work_inputs *out)
{
    int last = set->segment_count - 1;
    struct segment_needs needs =
        segment_needs(set, session_schema(work->session), &last, 1, work->arena);
    out->needs = segment_needs_join(&out->needs, &needs, work->arena);
}

enum status work_inputs_new(struct work *work, const char *const *texts, size_t count,
                            const char *condition, struct work_inputs *out, struct error *error)
{
    *out = (struct work_inputs){.count = count};
    TRY(session_load_definitions(work->session, error));

    enum status status = count ? build_values(work, texts, out, error) : STATUS_OK;
    if (status == STATUS_OK && condition)
        status = segment_condition_build(text_from(condition), session_schema(work->session),
                                         session_definitions(work->session), work->arena, NULL,
                                         &out->among, error);
    if (status != STATUS_OK) {
        work_inputs_release(out);
        return status;
    }
    if (out->set)
        add_needs(work, out->set, out);
    if (out->among)
        add_needs(work, out->among, out);
    return STATUS_OK;
}

void work_inputs_release(struct work_inputs *inputs)
{
    segment_set_free(inputs->set);
    segment_set_free(inputs->among);
    inputs->set = inputs->among = NULL;
}

enum status work_inputs_values(struct work *work, const struct work_inputs *inputs, int64_t now,
                               struct plan_values *out, struct error *error)
{
    return plan_evaluate_values(inputs->set, session_schema(work->session), inputs->nodes,
                                (int)inputs->count, work->population, now,
                                session_pool(work->session), work->arena, out, error);
}

enum status work_inputs_among(struct work *work, const struct work_inputs *inputs, int64_t now,
                              uint64_t **out, struct error *error)
{
    *out = work_existing(work, now);
    if (!inputs->among)
        return STATUS_OK;

    struct plan *plan = NULL;
    struct plan_result *result = NULL;
    int last = inputs->among->segment_count - 1;
    TRY(plan_new(inputs->among, session_schema(work->session), &last, 1, &plan, error));
    enum status status = plan_evaluate(plan, work->population, now, session_pool(work->session),
                                       false, &result, error);
    for (size_t w = 0; status == STATUS_OK && w < result->words; w++)
        (*out)[w] &= result->members[last][w];
    plan_result_free(result);
    plan_free(plan);
    return status;
}

const char *work_value_text(const struct work *work, const struct plan_values *values,
                            size_t position)
{
    if (!bit_at(values->known, position))
        return NULL;

    /* A text that was worked out may have no code of the population. */
    if (values->type == VALUE_TEXT &&
        (uint64_t)values->integers[position] >= work->population->code_count)
        return NULL;
    if (values->type == VALUE_TEXT) {
        struct text text = population_text(work->population, (uint32_t)values->integers[position]);
        return arena_strndup(work->arena, text.data, text.length);
    }
    if (values->type == VALUE_BOOL)
        return values->integers[position] ? "yes" : "no";
    double number = plan_values_number(values, position);
    return isnan(number) ? NULL : arena_printf(work->arena, "%.10g", number);
}
