/*
 * How long it takes: Kaplan–Meier curves from each customer's first order (or from a landmark that
 * is the same for everyone) to the second order, to the first fact of another kind, or to the end
 * of the relationship. Groups are fixed when the clock starts: by a value that the first order
 * settles (first(order.category)), or, at a landmark, by any value or scheme as it was that day.
 * Grouping by what became of people later makes the survivors look immortal: it is refused, and
 * where it is forced everything that shows it says so.
 */
#include "study/survive.h"
#include "base/bits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 200, TIMES = 4 };

static const char forced_note[] =
    "Forced: groups or covariates are as of today, not of when the clock started. Who "
    "stayed longer had more time to become what they are, so differences between them are "
    "no evidence.";

/* ---- options ---- */

static enum status read_cohort(struct work *work, struct survive_how *out, struct error *error)
{
    static const enum calendar_unit units[] = {CALENDAR_WEEK, CALENDAR_MONTH, CALENDAR_QUARTER};
    int unit = work_pick(work, "cohort");

    out->cohorts = unit >= 0;
    if (!out->cohorts)
        return STATUS_OK;
    out->unit = units[unit];
    if (out->has_landmark)
        return error_set(error, STATUS_USAGE,
                         "--cohort goes by first orders, --landmark by one day: take one of them");
    return STATUS_OK;
}

static void read_until(const struct work *work, struct survive_how *out)
{
    enum { A_KIND = -1, SECOND, CHURN };
    int word = work_pick(work, "until");
    out->churn = word == CHURN;
    out->until = word == A_KIND ? work_option(work, "until") : NULL;
}

static enum status read_how(struct work *work, struct survive_how *out, struct error *error)
{
    const char *landmark = work_option(work, "landmark");
    *out = (struct survive_how){.by = work_option(work, "by"), .has_landmark = landmark != NULL};
    out->forced = work_switch(work, "force");
    out->quiet = work_number(work, "quiet-days");
    out->covariates = work_option_list(work, "covariates", &out->covariate_count);
    read_until(work, out);
    TRY(read_cohort(work, out, error));
    if (landmark &&
        moment_parse(session_zone(work->session), text_from(landmark), &out->landmark) &&
        out->landmark >= work->moment->now)
        return error_set(error, STATUS_USAGE, "--landmark %s must lie before the moment of the fit",
                         landmark);
    return STATUS_OK;
}

int64_t survive_when(const struct work *work, const struct survive_how *how)
{
    return how->has_landmark ? how->landmark : work->moment->now;
}

/* ---- lives ---- */

/* The first fact of the kind that ends the wait, after the start; false when it came before the
 * landmark. */
static bool find_end(const struct work *work, const struct survive_how *how, uint32_t position,
                     int64_t first, int64_t start, int64_t *end, unsigned char *event)
{
    const struct population *population = work->population;
    const struct population_table *table =
        &population->tables[population_table_index(population, how->until)];
    uint32_t row = table->offset[position], to = table->offset[position + 1];

    /* From the first order on: what happened before has ended no wait. */
    while (row < to && table->time[row] < first)
        row++;
    bool seen = row < to && table->time[row] <= work->moment->now;
    *event = seen;
    *end = seen ? table->time[row] : work->moment->now;
    return !seen || *end >= start;
}

/* The wait until the last order before quiet days; false when it was over before the start. */
static bool find_churn(const struct work *work, const struct survive_how *how, const uint32_t *at,
                       uint32_t next, uint32_t to, int64_t start, int64_t *end,
                       unsigned char *event)
{
    int64_t now = work->moment->now, quiet = (int64_t)(how->quiet * SECONDS_A_DAY),
            last = at[next - 1];
    if (how->has_landmark && start - last > quiet)
        return false;

    /* Whether the last silence is long enough is known only so many days later: until then the
     * customer counts as still there, up to now. */
    while (next < to && at[next] - last <= quiet)
        last = at[next++];
    *event = (next < to ? (int64_t)at[next] : now) - last > quiet;
    *end = *event ? last : now;
    *end = *end < start ? start : *end;
    return true;
}

/* With a landmark: who had ordered by then, and whose wait was not over. */
static bool fill_row(const struct work *work, const struct survive_how *how,
                     const struct work_orders *orders, uint32_t position, double *time,
                     unsigned char *event)
{
    uint32_t from, to;
    int64_t now = work->moment->now, end;

    work_orders_rows(orders, position, -1, now, &from, &to);
    if (from == to)
        return false;
    const uint32_t *at = orders->time;
    int64_t start = how->has_landmark ? how->landmark : at[from];
    if (at[from] > start)
        return false;

    /* The clock starts with the first order itself: a second one at the same moment (the same day,
     * where days are all that is known) comes after no time at all. A landmark is only looked past.
     */
    uint32_t next = from + 1;
    while (how->has_landmark && next < to && at[next] <= start)
        next++;

    /* The next order, unless another ending was asked for. */
    end = next < to ? at[next] : now;
    *event = next < to;
    if (how->until && !find_end(work, how, position, at[from], start, &end, event))
        return false;
    if (how->churn && !find_churn(work, how, at, next, to, start, &end, event))
        return false;
    *time = (double)(end - start) / SECONDS_A_DAY;
    return true;
}

/* ---- groups ---- */

static bool is_first(const struct segment_measure *measure, const char *kind)
{
    return measure->aggregate == AGGREGATE_FIRST && measure->kind_count == 1 &&
           strcmp(measure->kinds[0], kind) == 0 && !measure->filter &&
           measure->window.form == WINDOW_ALL;
}

/* What is computed from such values without looking at the clock is as fixed as they are. */
bool survive_is_fixed(const struct segment_node *node, const char *kind)
{
    if (node->op == OP_FORM)
        return survive_is_fixed(node->child[0], kind);
    if (node->op == OP_MEASURE)
        return is_first(node->measure, kind);

    /* Age, since and until move with the clock, whatever they are of. */
    bool computes = node->op == OP_ADD || node->op == OP_SUBTRACT || node->op == OP_MULTIPLY ||
                    node->op == OP_DIVIDE || node->op == OP_NEGATE ||
                    (node->op == OP_FUNCTION && node->function != FUNCTION_AGE &&
                     node->function != FUNCTION_SINCE && node->function != FUNCTION_UNTIL);
    for (int i = 0; i < node->child_count; i++)
        computes &= survive_is_fixed(node->child[i], kind);
    return node->op == OP_LITERAL || computes;
}

/* Refuses what is known only later, unless it is forced. */
static enum status check_fixed(struct survive_how *how, bool fixed, const char *what,
                               const char *kind, struct error *error)
{
    if (how->has_landmark || fixed)
        return STATUS_OK;
    how->today = true;
    if (how->forced)
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_ERROR, "%s is as of today, not of when the clock started", what);
    error_hint(
        error,
        "take a value of the first fact, such as first(%s.category), or set --landmark DATE: then "
        "groups "
        "are as of that day and the clock starts there. --force does it all the same, and says so",
        kind);
    return status;
}

static uint32_t group_of(struct survive_data *data, const char *name)
{
    for (int g = 0; g < data->groups; g++)
        if (strcmp(data->name[g], name) == 0)
            return (uint32_t)g;
    if (data->groups == SURVIVE_GROUPS)
        return UINT32_MAX;
    data->name[data->groups] = name;
    return (uint32_t)data->groups++;
}

/* The members of a scheme as it is now, applied at the landmark. */
static enum status set_scheme_groups(struct work *work, const struct survive_how *how, int scheme,
                                     struct survive_data *data, struct error *error)
{
    const struct segment_set *set = session_definitions(work->session);
    int first = set->schemes[scheme].first_member, count = set->schemes[scheme].member_count;
    struct plan *plan = NULL;
    struct plan_result *result = NULL;
    int *members = ARENA_ARRAY(work->arena, int, (size_t)count);

    if (!set->schemes[scheme].exclusive)
        return error_set(error, STATUS_USAGE,
                         "the parts of %s overlap: a customer would be in several groups", how->by);
    if (count >= SURVIVE_GROUPS)
        return error_set(error, STATUS_USAGE, "%s has more than %d parts, too many curves", how->by,
                         SURVIVE_GROUPS);

    for (int m = 0; m < count; m++) {
        members[m] = first + m;
        data->name[data->groups++] = strrchr(set->segments[first + m].name, '.') + 1;
    }

    /* Whoever is in no part makes a group of their own, if there is anybody. */
    TRY(plan_new(set, session_schema(work->session), members, count, &plan, error));
    enum status status = plan_evaluate(plan, work->population, survive_when(work, how),
                                       session_pool(work->session), false, &result, error);
    for (size_t i = 0; status == STATUS_OK && i < data->count; i++) {
        data->group[i] = (uint32_t)count;
        for (int m = 0; m < count; m++)
            if (plan_result_has(result, first + m, data->position[i]))
                data->group[i] = (uint32_t)m;
        if (data->group[i] == (uint32_t)count && data->groups == count)
            data->name[data->groups++] = "in none";
    }

    plan_result_free(result);
    plan_free(plan);
    return status;
}

/* Who was in a segment, and who was not. */
static enum status set_segment_groups(struct work *work, const struct survive_how *how,
                                      const struct work_inputs *part, struct survive_data *data,
                                      struct error *error)
{
    uint64_t *members;
    TRY(work_inputs_among(work, part, survive_when(work, how), &members, error));
    data->name[data->groups++] = arena_printf(work->arena, "in %s", how->by);
    data->name[data->groups++] = arena_printf(work->arena, "not in %s", how->by);
    for (size_t i = 0; i < data->count; i++)
        data->group[i] = !(members[data->position[i] / 64] >> (data->position[i] % 64) & 1);
    return STATUS_OK;
}

static enum status set_value_groups(struct work *work, const struct survive_how *how,
                                    const struct work_inputs *inputs, struct survive_data *data,
                                    struct error *error)
{
    struct plan_values *values = ARENA_ARRAY(work->arena, struct plan_values, inputs->count + 1);
    TRY(work_inputs_values(work, inputs, survive_when(work, how), values, error));
    for (size_t i = 0; i < data->count; i++) {
        const char *name = work_value_text(work, &values[0], data->position[i]);
        data->group[i] = group_of(data, name ? name : "unknown");
        if (data->group[i] == UINT32_MAX)
            return error_set(error, STATUS_USAGE,
                             "%s has more than %d different values, too many curves", how->by,
                             SURVIVE_GROUPS);
    }
    return STATUS_OK;
}

static enum status set_groups(struct work *work, struct survive_how *how,
                              const struct work_inputs *inputs, const struct work_inputs *part,
                              const char *kind, struct survive_data *data, struct error *error)
{
    int scheme =
        how->by ? segment_set_find_scheme(session_definitions(work->session), how->by) : -1;
    if (!how->by) {
        data->name[data->groups++] = "everyone";
        return STATUS_OK;
    }

    /* Schemes and segments are as of a moment, and so never fixed when the clock starts. */
    bool fixed = scheme < 0 && !part->among && survive_is_fixed(inputs->nodes[0], kind);
    TRY(check_fixed(how, fixed, arena_printf(work->arena, "--by %s", how->by), kind, error));
    if (scheme >= 0)
        return set_scheme_groups(work, how, scheme, data, error);
    return part->among ? set_segment_groups(work, how, part, data, error)
                       : set_value_groups(work, how, inputs, data, error);
}

static void list_lives(struct work *work, const struct survive_how *how,
                       const struct work_orders *orders, const uint64_t *who,
                       struct survive_data *out)
{
    size_t most = work->population->customers + 1u;
    out->position = ARENA_ARRAY(work->arena, uint32_t, most);
    out->time = ARENA_ARRAY(work->arena, double, most);
    out->event = ARENA_ARRAY(work->arena, unsigned char, most);
    out->group = ARENA_ARRAY(work->arena, uint32_t, most);
    for (uint32_t p = 0; p < work->population->customers; p++)
        if (bit_at(who, p) &&
            fill_row(work, how, orders, p, &out->time[out->count], &out->event[out->count]))
            out->position[out->count++] = p;
}

/* ---- writing ---- */

static void write_point(struct json *json, double time, double survival, double low, double high,
                        double at_risk)
{
    json_write_object(json);
    json_put_double(json, "time", time);
    json_put_double(json, "survival", survival);
    json_put_double(json, "low", low);
    json_put_double(json, "high", high);
    json_put_double(json, "at_risk", at_risk);
    json_write_end_object(json);
}

/* At most POINTS of a curve's steps, evenly in time. The first says who is left after those who
 * waited no time. */
static void write_points(struct json *json, const struct model_survival *curve, double customers)
{
    double last = curve->steps ? curve->time[curve->steps - 1] : 0, next = 0;
    json_put_array(json, "points");

    bool at_once = curve->steps && curve->time[0] <= 0;
    if (at_once)
        write_point(json, 0, curve->survival[0], curve->low[0], curve->high[0],
                    curve->steps > 1 ? curve->at_risk[1] : 0);
    else
        write_point(json, 0, 1, 1, 1, customers);

    /* The last step always: the curve would seem to stop early without it. */
    for (size_t i = 0; i < curve->steps; i++) {
        if (curve->time[i] <= 0 || (curve->time[i] < next && i + 1 < curve->steps))
            continue;
        double after = i + 1 < curve->steps ? curve->at_risk[i + 1] : 0;
        write_point(json, curve->time[i], curve->survival[i], curve->low[i], curve->high[i], after);
        next = curve->time[i] + last / POINTS;
    }
    json_write_end_array(json);
}

/* The curve with its bounds, and who is at risk, after a few round times. */
static void say_times(struct work *work, const char *name, const struct model_lifetimes *lives,
                      const struct model_survival *curve)
{
    static const double round_times[] = {7, 30, 90, 180, 365, 730, 1095, 1825};
    double last = curve->steps ? curve->time[curve->steps - 1] : 0;
    for (size_t t = 0; t < sizeof round_times / sizeof *round_times && round_times[t] <= last;
         t++) {
        size_t step = 0, at_risk = 0;

        /* The step that holds at this time, and who is still under observation. */
        while (step < curve->steps && curve->time[step] <= round_times[t])
            step++;
        for (size_t i = 0; i < lives->count; i++)
            at_risk += lives->time[i] >= round_times[t];
        double alive = step ? curve->survival[step - 1] : 1, low = step ? curve->low[step - 1] : 1,
               high = step ? curve->high[step - 1] : 1;
        work_figure(work, "still waiting",
                    arena_printf(work->arena, "%s, after %g days", name, round_times[t]), alive,
                    "%.1f%% [%.1f, %.1f], %s at risk", 100 * alive, 100 * low, 100 * high,
                    work_thousands(work, (double)at_risk));
    }
}

static const char *median_text(struct work *work, const struct model_survival *curve)
{
    if (!isfinite(curve->median))
        return "not reached";
    const char *high = isfinite(curve->median_high)
                           ? arena_printf(work->arena, "%.1f", curve->median_high)
                           : "open";
    if (!isfinite(curve->median_low))
        return arena_printf(work->arena, "%.1f days", curve->median);
    return arena_printf(work->arena, "%.1f days [%.1f, %s]", curve->median, curve->median_low,
                        high);
}

static enum status write_group(struct work *work, const struct survive_data *data, int g,
                               struct error *error)
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

    /* A part of the scheme may have nobody whose clock has started. */
    if (!lives.count)
        return STATUS_OK;
    lives.time = time;
    lives.event = event;
    TRY(model_survival_fit(&lives, SURVIVE_LEVEL, MODEL_INTERVAL_LOG, work->arena, &curve, error));
    work_figure(work, "curves", data->name[g], curve.median, "median %s, %s customers, %s events",
                median_text(work, &curve), work_thousands(work, (double)lives.count),
                work_thousands(work, events));
    say_times(work, data->name[g], &lives, &curve);
    json_write_object(work->report);
    json_put_string(work->report, "name", data->name[g]);
    json_put_count(work->report, "customers", lives.count);
    json_put_double(work->report, "events", events);
    json_put_double(work->report, "median", curve.median);
    write_points(work->report, &curve, (double)lives.count);
    json_write_end_object(work->report);
    return STATUS_OK;
}

static enum status write_test(struct work *work, const struct survive_data *data,
                              struct error *error)
{
    struct model_lifetimes lives = {data->count, data->time, data->event};
    struct stats_test test;
    double events = 0;
    for (size_t i = 0; i < data->count; i++)
        events += data->event[i];
    if (data->groups < 2 || events == 0)
        return STATUS_OK;
    TRY(model_log_rank(&lives, data->group, data->groups, work->arena, &test, NULL, error));
    work_figure(work, "quality", "log-rank test", test.statistic,
                "chi-squared %.4f with %g degrees of freedom, p %.3g", test.statistic, test.freedom,
                test.p);
    json_put_object(work->report, "test");
    json_put_string(work->report, "name", "log-rank");
    json_put_double(work->report, "statistic", test.statistic);
    json_put_double(work->report, "df", test.freedom);
    json_put_double(work->report, "p", test.p);
    json_write_end_object(work->report);
    return STATUS_OK;
}

static const char *event_text(struct work *work, const struct survive_how *how, const char *kind)
{
    if (how->until)
        return arena_printf(work->arena, "the first %s", how->until);
    return how->churn
               ? arena_printf(work->arena, "the last %s before %g quiet days", kind, how->quiet)
               : arena_printf(work->arena, "the next %s", kind);
}

/* When groups were fixed: as figures say it, and as the parameters do. */
static const char *groups_as_of(const struct work *work, const struct survive_how *how)
{
    if (how->today)
        return ", as of today: forced";
    return how->has_landmark ? arena_printf(work->arena, " as of %s", work_day(work, how->landmark))
                             : "";
}

static const char *groups_fixed(const struct survive_how *how)
{
    if (how->today)
        return "today, forced";
    return how->has_landmark ? "landmark" : "start";
}

static void describe(struct work *work, const struct survive_how *how,
                     const struct survive_data *data, const char *clock, const char *event)
{
    work_figure(work, "data", "customers", (double)data->count, "%s",
                work_thousands(work, (double)data->count));
    work_figure(work, "data", "the clock runs", NAN, "%s", clock);
    size_t at_once = 0;
    for (size_t i = 0; i < data->count; i++)
        at_once += data->event[i] && data->time[i] <= 0;
    if (at_once && !how->churn)
        work_figure(work, "data", "at the very moment the clock starts", (double)at_once,
                    "%s, who waited 0 days", work_thousands(work, (double)at_once));
    work_figure(work, "data", "until", NAN, "%s", event);
    if (how->by)
        work_figure(work, "data", "groups", data->groups, "%s%s", how->by, groups_as_of(work, how));

    /* What may mislead is said with the curves, not in the documents alone. */
    work_note(work, "Pointwise 95%% intervals; who is still waiting counts as such up to %s.",
              work_day(work, work->moment->now - 1));
    if (how->today)
        work_note(work, "%s", forced_note);
    if (work_option(work, "among") && !how->has_landmark)
        work_note(work,
                  "--among is as of today: who customers became may be why they stayed. A "
                  "condition that the first "
                  "%s settles, or --landmark, avoids that.",
                  how->until ? "fact" : "order");
    json_put_string(work->parameters, "fixed", groups_fixed(how));
}

static enum status write_curves(struct work *work, const struct survive_how *how,
                                const struct survive_data *data, const char *clock,
                                const char *event, struct error *error)
{
    json_put_string(work->report, "name", work->model->name);
    json_put_string(work->report, "title",
                    arena_printf(work->arena, "Time until %s%s", event,
                                 how->today ? " (groups as of today, forced)" : ""));
    json_put_string(work->report, "clock", clock);
    json_put_string(work->report, "unit", "days");
    json_put_array(work->report, "groups");
    for (int g = 0; g < data->groups; g++)
        TRY(write_group(work, data, g, error));
    json_write_end_array(work->report);
    if (how->today)
        json_put_string(work->report, "note", forced_note);
    return write_test(work, data, error);
}

static enum status write_all(struct work *work, struct survive_how *how,
                             const struct survive_data *data, const struct work_orders *orders,
                             const struct work_inputs *inputs, struct error *error)
{
    const char *clock = how->has_landmark
                            ? arena_printf(work->arena, "since %s", work_day(work, how->landmark))
                            : arena_printf(work->arena, "since the first %s", orders->kind);
    const char *event = event_text(work, how, orders->kind);
    size_t first = inputs->count - how->covariate_count;

    for (size_t i = first; i < inputs->count; i++)
        TRY(check_fixed(how, survive_is_fixed(inputs->nodes[i], orders->kind),
                        arena_printf(work->arena, "the covariate %s", inputs->texts[i]),
                        orders->kind, error));
    work_orders_say(work, orders, false);
    describe(work, how, data, clock, event);
    json_put_array(work->report, "survival");
    json_write_object(work->report);
    TRY(write_curves(work, how, data, clock, event, error));
    if (how->covariate_count)
        TRY(survive_cox(work, how, data, inputs, first, error));
    json_write_end_object(work->report);
    json_write_end_array(work->report);
    if (how->cohorts)
        survive_cohorts(work, how, data, orders);
    return STATUS_OK;
}

/* ---- the fit ---- */

/* What has to be loaded besides the orders: values, the parts of a segment, the kind that ends the
 * wait. */
static struct segment_needs join_needs(struct work *work, const struct survive_how *how,
                                       const struct work_inputs *inputs,
                                       const struct work_inputs *part)
{
    static const char *const no_columns[] = {NULL};
    struct segment_need ending = {how->until, (const char **)no_columns};
    struct segment_needs needs = segment_needs_join(&inputs->needs, &part->needs, work->arena),
                         end = {.items = &ending, .count = how->until != NULL};
    return segment_needs_join(&needs, &end, work->arena);
}

static enum status load_and_write(struct work *work, struct survive_how *how,
                                  const struct work_inputs *inputs, const struct work_inputs *part,
                                  struct work_orders *orders, struct error *error)
{
    struct segment_needs needs = join_needs(work, how, inputs, part);
    struct survive_data data = {0};
    uint64_t *who;
    TRY(work_orders_load(work, &needs, orders, error));
    TRY(work_inputs_among(work, inputs, survive_when(work, how), &who, error));
    list_lives(work, how, orders, who, &data);

    if (!data.count)
        return error_set(error, STATUS_ERROR,
                         "nobody has started the clock: there are no %s facts to look at",
                         orders->kind);
    TRY(set_groups(work, how, inputs, part, orders->kind, &data, error));
    return write_all(work, how, &data, orders, inputs, error);
}

enum status study_survive_fit(struct work *work, struct error *error)
{
    struct survive_how how;
    struct work_orders orders;
    struct work_inputs inputs, part = {0};

    TRY(read_how(work, &how, error));
    TRY(work_orders_find(work, &orders, error));
    if (!orders.named) /* a number below zero may be a temperature */
        orders.property = NULL;

    /* A segment's name is no value of the language: it is asked about by a condition of its own. */
    bool segment = how.by && segment_set_find(session_definitions(work->session), how.by) >= 0;
    const char **texts = ARENA_ARRAY(work->arena, const char *, how.covariate_count + 1);
    size_t count = 0;
    if (how.by && !segment)
        texts[count++] = how.by;
    for (size_t i = 0; i < how.covariate_count; i++)
        texts[count++] = how.covariates[i];
    TRY(work_inputs_new(work, texts, count, work_option(work, "among"), &inputs, error));
    enum status status = STATUS_OK;
    if (segment)
        status = work_inputs_new(work, NULL, 0, arena_printf(work->arena, "in %s", how.by), &part,
                                 error);
    if (status == STATUS_OK)
        status = load_and_write(work, &how, &inputs, &part, &orders, error);

    work_inputs_release(&part);
    work_inputs_release(&inputs);
    return status;
}
