/*
 * How long it takes: Kaplan–Meier curves from each customer's first order (or from a landmark that is the same for
 * everyone) to the second order, or to the end of the relationship. Groups are fixed when the clock starts: by a value
 * that the first fact settles (first(order.category)), or, at a landmark, by any value or scheme as it was that day.
 * Grouping by what became of people later would make the survivors look immortal and is refused.
 */
#include "engine/model_work.h"

#include "model/survive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 12, POINTS = 200 };

struct survive_data {
    size_t count;
    uint32_t *position;
    double *time; /* days */
    unsigned char *event;
    uint32_t *group;
    const char *name[GROUPS];
    int groups;
};

struct survive_how {
    bool churn;   /* the end of the relationship, else the next order */
    double quiet; /* churn: gone when nothing came for so many days */
    bool has_landmark;
    int64_t landmark;
    const char *by;
};

static enum status read_how(struct model_work *work, struct survive_how *out, struct error *error)
{
    const char *until = model_option(work, "until"), *landmark = model_option(work, "landmark");
    *out = (struct survive_how){.by = model_option(work, "by"), .has_landmark = landmark != NULL};
    out->churn = until && strcmp(until, "churn") == 0;
    if (until && !out->churn && strcmp(until, "second") != 0)
        return model_option_wrong(work, "until", "second (the next order) or churn", error);
    if (landmark && !moment_parse(work->engine->zone, text_from(landmark), &out->landmark))
        return model_option_wrong(work, "landmark", "a date", error);
    if (landmark && out->landmark >= work->moment->now)
        return error_set(error, STATUS_USAGE, "--landmark %s must lie before the moment of the fit", landmark);
    return model_option_number(work, "quiet-days", 180, 1, 3650, &out->quiet, error);
}

/* With a landmark: who had ordered by then and (churn) was not gone yet. */
static bool fill_row(const struct model_work *work, const struct survive_how *how, const struct model_orders *orders,
                     uint32_t position, double *time, unsigned char *event)
{
    uint32_t from, to;
    int64_t now = work->moment->now, quiet = (int64_t)(how->quiet * SECONDS_A_DAY);
    model_orders_rows(orders, position, -1, now, &from, &to);
    if (from == to)
        return false;
    const uint32_t *at = orders->table->time;
    int64_t start = how->has_landmark ? how->landmark : at[from];
    if (at[from] > start)
        return false;
    uint32_t next = from;
    while (next < to && at[next] <= start)
        next++;
    int64_t end = next < to ? at[next] : now;
    *event = next < to;
    if (how->churn) {
        int64_t last = at[next - 1];
        if (how->has_landmark && start - last > quiet)
            return false;
        while (next < to && at[next] - last <= quiet)
            last = at[next++];
        *event = (next < to ? (int64_t)at[next] : now) - last > quiet;
        end = *event ? last : now;
        end = end < start ? start : end;
    }
    *time = (double)(end - start) / SECONDS_A_DAY;
    return true;
}

/* ---- groups ---- */

static bool is_fixed_at_start(const struct segment_node *node)
{
    while (node->op == OP_FORM)
        node = node->child[0];
    return node->op == OP_MEASURE && node->measure->aggregate == AGGREGATE_FIRST &&
           node->measure->window.form == WINDOW_ALL;
}

static enum status check_by(const struct survive_how *how, const struct model_inputs *inputs, struct error *error)
{
    if (how->has_landmark || is_fixed_at_start(inputs->nodes[0]))
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_ERROR, "groups by %s are as of today, not of when the clock started", how->by);
    error_hint(error, "group by a value of the first fact, such as first(order.category), or set --landmark DATE: then "
                      "groups are as of that day and the clock starts there");
    return status;
}

static uint32_t group_of(struct survive_data *data, const char *name)
{
    for (int g = 0; g < data->groups; g++)
        if (strcmp(data->name[g], name) == 0)
            return (uint32_t)g;
    if (data->groups == GROUPS)
        return UINT32_MAX;
    data->name[data->groups] = name;
    return (uint32_t)data->groups++;
}

/* The members of a scheme as it is now, applied at the landmark. */
static enum status set_scheme_groups(struct model_work *work, const struct survive_how *how, int scheme,
                                     struct survive_data *data, struct error *error)
{
    const struct segment_set *set = engine_definitions(work->engine);
    int first = set->schemes[scheme].first_member, count = set->schemes[scheme].member_count;
    struct segment_plan *plan = NULL;
    struct segment_result *result = NULL;
    int *members = ARENA_ARRAY(work->arena, int, (size_t)count);
    if (!how->has_landmark)
        return error_set(error, STATUS_USAGE, "--by %s, a scheme, needs --landmark DATE: groups are as of that day",
                         how->by);
    if (count > GROUPS)
        return error_set(error, STATUS_USAGE, "%s has more than %d parts, too many curves", how->by, GROUPS);
    for (int m = 0; m < count; m++) {
        members[m] = first + m;
        data->name[data->groups++] = strrchr(set->segments[first + m].name, '.') + 1;
    }
    TRY(segment_plan_new(set, engine_schema(work->engine), members, count, &plan, error));
    enum status status =
        segment_evaluate(plan, work->population, how->landmark, engine_pool(work->engine), false, &result, error);
    for (size_t i = 0; status == STATUS_OK && i < data->count; i++)
        for (int m = 0; m < count; m++)
            if (segment_result_has(result, first + m, data->position[i]))
                data->group[i] = (uint32_t)m;
    segment_result_free(result);
    segment_plan_free(plan);
    return status;
}

static enum status set_groups(struct model_work *work, const struct survive_how *how, struct model_inputs *inputs,
                              struct survive_data *data, struct error *error)
{
    struct segment_values values;
    size_t kept = 0;
    if (!how->by) {
        data->name[data->groups++] = "everyone";
        return STATUS_OK;
    }
    int scheme = segment_set_find_scheme(engine_definitions(work->engine), how->by);
    if (scheme >= 0)
        return set_scheme_groups(work, how, scheme, data, error);
    TRY(check_by(how, inputs, error));
    TRY(model_inputs_values(work, inputs, how->has_landmark ? how->landmark : work->moment->now, &values, error));
    for (size_t i = 0; i < data->count; i++) {
        const char *name = model_value_text(work, &values, data->position[i]);
        uint32_t group = group_of(data, name ? name : "unknown");
        if (group == UINT32_MAX)
            return error_set(error, STATUS_USAGE, "%s has more than %d different values, too many curves", how->by,
                             GROUPS);
        data->position[kept] = data->position[i];
        data->time[kept] = data->time[i];
        data->event[kept] = data->event[i];
        data->group[kept++] = group;
    }
    data->count = kept;
    return STATUS_OK;
}

static enum status load_rows(struct model_work *work, const struct survive_how *how, struct model_inputs *inputs,
                             struct survive_data *out, struct model_orders *orders, struct error *error)
{
    uint64_t *who;
    TRY(model_orders_load(work, &inputs->needs, orders, error));
    TRY(model_inputs_among(work, inputs, how->has_landmark ? how->landmark : work->moment->now, &who, error));
    size_t most = work->population->customers + 1u;
    out->position = ARENA_ARRAY(work->arena, uint32_t, most);
    out->time = ARENA_ARRAY(work->arena, double, most);
    out->event = ARENA_ARRAY(work->arena, unsigned char, most);
    out->group = ARENA_ARRAY(work->arena, uint32_t, most);
    for (uint32_t p = 0; p < work->population->customers; p++)
        if (who[p / 64] >> (p % 64) & 1 &&
            fill_row(work, how, orders, p, &out->time[out->count], &out->event[out->count]))
            out->position[out->count++] = p;
    return set_groups(work, how, inputs, out, error);
}

/* ---- writing ---- */

static void write_point(struct json *json, double time, double survival, double low, double high, double at_risk)
{
    json_write_object(json);
    model_put(json, "time", time);
    model_put(json, "survival", survival);
    model_put(json, "low", low);
    model_put(json, "high", high);
    model_put(json, "at_risk", at_risk);
    json_write_end_object(json);
}

/* At most POINTS of a curve's steps, evenly in time. */
static void write_points(struct json *json, const struct model_survival *curve, double customers)
{
    double last = curve->steps ? curve->time[curve->steps - 1] : 0, next = 0;
    json_write_key(json, "points");
    json_write_array(json);
    write_point(json, 0, 1, 1, 1, customers);
    for (size_t i = 0; i < curve->steps; i++) {
        if (curve->time[i] <= 0 || (curve->time[i] < next && i + 1 < curve->steps))
            continue;
        double after = i + 1 < curve->steps ? curve->at_risk[i + 1] : 0;
        write_point(json, curve->time[i], curve->survival[i], curve->low[i], curve->high[i], after);
        next = curve->time[i] + last / POINTS;
    }
    json_write_end_array(json);
}

static enum status write_group(struct model_work *work, const struct survive_data *data, int g, struct error *error)
{
    struct model_lifetimes lives = {0};
    struct model_survival curve;
    double *time = ARENA_ARRAY(work->arena, double, data->count + 1), events = 0;
    unsigned char *event = ARENA_ARRAY(work->arena, unsigned char, data->count + 1);
    for (size_t i = 0; i < data->count; i++)
        if (data->group[i] == (uint32_t)g) {
            time[lives.count] = data->time[i];
            event[lives.count++] = data->event[i];
            events += data->event[i];
        }
    if (!lives.count)
        return STATUS_OK;
    lives.time = time;
    lives.event = event;
    TRY(model_survival_fit(&lives, .95, MODEL_INTERVAL_LOG_LOG, work->arena, &curve, error));
    const char *median = isfinite(curve.median) ? arena_printf(work->arena, "%.1f days", curve.median) : "not reached";
    model_figure(work, "curves", data->name[g], curve.median,
                 "median %s, %s customers, %s events; still waiting after 90, 180, 365 days: %.1f%%, %.1f%%, %.1f%%",
                 median, model_thousands(work, (double)lives.count), model_thousands(work, events),
                 100 * model_survival_at(&curve, 90), 100 * model_survival_at(&curve, 180),
                 100 * model_survival_at(&curve, 365));
    json_write_object(work->report);
    model_put_text(work->report, "name", data->name[g]);
    model_put_count(work->report, "customers", lives.count);
    model_put(work->report, "events", events);
    model_put(work->report, "median", curve.median);
    write_points(work->report, &curve, (double)lives.count);
    json_write_end_object(work->report);
    return STATUS_OK;
}

static enum status write_test(struct model_work *work, const struct survive_data *data, struct error *error)
{
    struct model_lifetimes lives = {data->count, data->time, data->event};
    struct stats_test test;
    if (data->groups < 2)
        return STATUS_OK;
    TRY(model_log_rank(&lives, data->group, data->groups, work->arena, &test, NULL, error));
    model_figure(work, "quality", "log-rank test", test.statistic,
                 "chi-squared %.4f with %g degrees of freedom, p %.3g", test.statistic, test.freedom, test.p);
    json_write_key(work->report, "test");
    json_write_object(work->report);
    model_put_text(work->report, "name", "log-rank");
    model_put(work->report, "statistic", test.statistic);
    model_put(work->report, "df", test.freedom);
    model_put(work->report, "p", test.p);
    json_write_end_object(work->report);
    return STATUS_OK;
}

static enum status write_all(struct model_work *work, const struct survive_how *how, const struct survive_data *data,
                             const struct model_orders *orders, struct error *error)
{
    const char *clock = how->has_landmark ? arena_printf(work->arena, "since %s", model_day(work, how->landmark))
                                          : arena_printf(work->arena, "since the first %s", orders->kind);
    const char *event = how->churn
                            ? arena_printf(work->arena, "the last %s before %g quiet days", orders->kind, how->quiet)
                            : arena_printf(work->arena, "the next %s", orders->kind);
    model_figure(work, "data", "customers", (double)data->count, "%s", model_thousands(work, (double)data->count));
    model_figure(work, "data", "the clock runs", NAN, "%s", clock);
    model_figure(work, "data", "until", NAN, "%s", event);
    if (how->by)
        model_figure(work, "data", "groups", data->groups, "%s%s%s", how->by, how->has_landmark ? " as of " : "",
                     how->has_landmark ? model_day(work, how->landmark) : "");
    json_write_key(work->report, "survival");
    json_write_array(work->report);
    json_write_object(work->report);
    model_put_text(work->report, "name", work->model->name);
    model_put_text(work->report, "title", arena_printf(work->arena, "Time until %s", event));
    model_put_text(work->report, "clock", clock);
    model_put_text(work->report, "unit", "days");
    json_write_key(work->report, "groups");
    json_write_array(work->report);
    for (int g = 0; g < data->groups; g++)
        TRY(write_group(work, data, g, error));
    json_write_end_array(work->report);
    TRY(write_test(work, data, error));
    json_write_end_object(work->report);
    json_write_end_array(work->report);
    model_note(work, "Pointwise 95%% intervals; who is still waiting counts as such up to %s.",
               model_day(work, work->moment->now - 1));
    return STATUS_OK;
}

enum status engine_survive_fit(struct model_work *work, struct error *error)
{
    struct survive_how how;
    struct model_orders orders;
    struct model_inputs inputs;
    struct survive_data data = {0};
    TRY(read_how(work, &how, error));
    TRY(model_orders_find(work, &orders, error));
    orders.property = NULL;
    TRY(model_inputs_new(work, &how.by, how.by ? 1 : 0, model_option(work, "among"), &inputs, error));
    enum status status = load_rows(work, &how, &inputs, &data, &orders, error);
    model_inputs_release(&inputs);
    TRY(status);
    if (!data.count)
        return error_set(error, STATUS_ERROR, "nobody has started the clock: there are no %s facts to look at",
                         orders.kind);
    return write_all(work, &how, &data, &orders, error);
}
