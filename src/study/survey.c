/*
 * Survey measures: net promoter score, satisfaction and effort with intervals, of everyone and of
 * the segments named, now and over time. Now: the answer is a value of the language, usually the
 * last one, last(survey.nps), and members are as of the moment. Over time: what was answered within
 * each month or quarter, a customer's last answer in it, by the segments they were in when it
 * ended.
 */
#include "base/bits.h"
#include "study/work.h"

#include "base/calendar.h"
#include "base/number.h"
#include "model/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 40, PERIODS = 36 };
static const double level = .95;

static struct model_survey_measure nps(const double *answers, size_t count, double satisfied)
{
    (void)satisfied;
    return model_survey_nps(answers, count, level);
}

static struct model_survey_measure csat(const double *answers, size_t count, double satisfied)
{
    return model_survey_csat(answers, count, satisfied, level);
}

static struct model_survey_measure ces(const double *answers, size_t count, double satisfied)
{
    (void)satisfied;
    return model_survey_ces(answers, count, level);
}

static const struct survey_kind {
    const char *name, *title, *unit;
    struct model_survey_measure (*measure)(const double *answers, size_t count, double satisfied);
} kinds[] = {
    {"nps", "net promoter score (9 and 10 less 0 to 6, in points)", "points", nps},
    {"csat", "satisfaction", "per cent", csat},
    {"ces", "effort (mean answer)", "mean answer", ces},
};

struct survey_group {
    const char *name;
    int segment; /* −1: everyone */
};

struct survey_work {
    const struct survey_kind *kind;
    double satisfied;
    const char *title, *answer_text;
    struct survey_group group[GROUPS];
    int groups;
    struct plan *plan; /* of the groups; NULL: everyone only */
    bool over;
    enum calendar_unit unit;
    double *answer; /* by position; NaN: none */
    struct model_survey_measure found[GROUPS];
};

/* ---- options ---- */

static enum status read_options(struct work *work, struct survey_work *out, struct error *error)
{
    enum { MONTH, QUARTER };
    int over = work_pick(work, "over");

    out->kind = &kinds[work_pick(work, "measure")];
    out->satisfied = work_number(work, "satisfied");
    if (work_option(work, "satisfied") && out->kind->measure != csat)
        return error_set(error, STATUS_USAGE, "--satisfied is for --measure csat");
    out->title =
        out->kind->measure == csat
            ? arena_printf(work->arena, "satisfaction (%g and above, in per cent)", out->satisfied)
            : out->kind->title;
    out->over = over >= MONTH;
    out->unit = over == QUARTER ? CALENDAR_QUARTER : CALENDAR_MONTH;
    return STATUS_OK;
}

static enum status add_group(struct survey_work *out, const char *name, int segment,
                             struct error *error)
{
    if (out->groups == GROUPS)
        return error_set(error, STATUS_USAGE, "--by names more than %d segments", GROUPS - 1);
    out->group[out->groups++] = (struct survey_group){name, segment};
    return STATUS_OK;
}

static enum status list_groups(struct work *work, struct survey_work *out, struct error *error)
{
    const struct segment_set *set = session_definitions(work->session);
    size_t count;
    const char **by = work_option_list(work, "by", &count);
    TRY(add_group(out, "everyone", -1, error));
    for (size_t i = 0; i < count; i++) {
        /* A scheme's name stands for all of its parts. */
        int scheme = segment_set_find_scheme(set, by[i]), first, members = 1;
        if (scheme >= 0) {
            first = set->schemes[scheme].first_member;
            members = set->schemes[scheme].member_count;
        } else {
            TRY(session_find_segment(work->session, by[i], &first, error));
        }
        for (int m = 0; m < members; m++)
            TRY(add_group(out, arena_strdup(work->arena, set->segments[first + m].name), first + m,
                          error));
    }
    return STATUS_OK;
}

/* ---- measuring ---- */

/* The answers at hand, by group, with members as of a moment. */
static enum status measure(struct work *work, const struct work_inputs *inputs,
                           struct survey_work *survey, int64_t now, struct error *error)
{
    struct plan_result *result = NULL;
    uint64_t *who;
    TRY(work_inputs_among(work, inputs, now, &who, error));
    if (survey->plan)
        TRY(plan_evaluate(survey->plan, work->population, now, session_pool(work->session), false,
                          &result, error));

    double *answers = base_malloc(sizeof *answers * (work->population->customers + 1u));
    for (int g = 0; g < survey->groups; g++) {
        const uint64_t *members =
            survey->group[g].segment >= 0 ? result->members[survey->group[g].segment] : who;
        size_t count = 0;
        for (uint32_t p = 0; p < work->population->customers; p++)
            if (!isnan(survey->answer[p]) &&
                who[p / 64] & members[p / 64] & UINT64_C(1) << (p % 64))
                answers[count++] = survey->answer[p];
        survey->found[g] = survey->kind->measure(answers, count, survey->satisfied);
    }
    free(answers);
    plan_result_free(result);
    return STATUS_OK;
}

static const char *measure_text(const struct work *work, const struct model_survey_measure *found)
{
    if (found->count < 1)
        return "no answers";
    if (!isfinite(found->interval.low))
        return arena_printf(work->arena, "%.2f, one answer: no interval", found->value);
    return arena_printf(work->arena, "%.2f [%.2f, %.2f], %s answers", found->value,
                        found->interval.low, found->interval.high,
                        work_thousands(work, found->count));
}

static void write_measure(struct json *json, const struct model_survey_measure *found)
{
    bool bounded = found->count >= 1 && isfinite(found->interval.low);
    json_put_double(json, "value", found->value);
    json_put_double(json, "low", bounded ? found->interval.low : NAN);
    json_put_double(json, "high", bounded ? found->interval.high : NAN);
    json_put_double(json, "answers", found->count);
}

/* Said of an answer that is text: what it is, and how a number is got out of it. */
static enum status not_numbers(const struct work *work, const struct survey_work *survey,
                               const struct segment_node *node, const struct plan_values *values,
                               struct error *error)
{
    const char *column = "answer", *example = NULL;

    /* The property behind last(survey.nps), for the hint; and of the answers the first that is no
     * number, else any. */
    while (node->op == OP_FORM)
        node = node->child[0];
    if (node->op == OP_MEASURE && node->measure->argument &&
        node->measure->argument->op == OP_PROPERTY)
        column = node->measure->argument->path.names[node->measure->argument->path.length - 1];
    for (uint32_t p = 0; values->type == VALUE_TEXT && p < work->population->customers; p++) {
        const char *answer = work_value_text(work, values, p);
        double number;
        bool is_number = answer && number_parse_double(text_from(answer), &number);
        if (answer && (!example || !is_number))
            example = answer;
        if (answer && !is_number)
            break;
    }

    enum status status =
        example ? error_set(error, STATUS_USAGE, "%s is not a number: one of the answers is '%s'",
                            survey->answer_text, example)
                : error_set(error, STATUS_USAGE, "%s is not a number", survey->answer_text);
    if (example)
        error_hint(error,
                   "import it again, in place of the import that brought it (--replace N; strata "
                   "imports lists them), "
                   "with --set 'answer_number=try_cast(regexp_extract(\"%s\", $$-?[0-9]+$$) as "
                   "integer)', and measure "
                   "answer_number",
                   column);
    return status;
}

/* Answers that are not of the measure's scale are said: they are left out, or the scale is another
 * one. */
static void say_scale(struct work *work, const struct survey_work *survey, const uint64_t *who)
{
    const double most = 10, five = 5; /* of NPS; of the scale that CSAT is mostly asked on */
    size_t outside = 0, inside = 0, above_five = 0;
    for (uint32_t p = 0; p < work->population->customers; p++) {
        double answer = survey->answer[p];
        if (isnan(answer) || !bit_at(who, p))
            continue;
        bool fits = answer >= 0 && answer <= most;
        outside += !fits;
        inside += fits;
        above_five += fits && answer > five;
    }

    /* Only NPS has a scale that everybody shares. */
    if (survey->kind->measure != nps)
        return;
    if (outside)
        work_figure(work, "data", "answers outside 0 to 10", (double)outside, "%s, left out",
                    work_thousands(work, (double)outside));
    if (inside && !above_five)
        work_note(work, "Warning: nobody answered above 5, so this looks like a scale from 1 to 5, "
                        "of which NPS (a scale from 0 "
                        "to 10) makes everyone a detractor: --measure csat is for it.");
}

static enum status measure_now(struct work *work, const struct work_inputs *inputs,
                               struct survey_work *survey, struct error *error)
{
    struct plan_values values;
    TRY(work_inputs_values(work, inputs, work->moment->now, &values, error));
    if (values.type == VALUE_TEXT || values.type == VALUE_SET || values.type == VALUE_POINT)
        return not_numbers(work, survey, inputs->nodes[0], &values, error);
    for (uint32_t p = 0; p < work->population->customers; p++)
        survey->answer[p] = plan_values_number(&values, p);

    uint64_t *who;
    TRY(work_inputs_among(work, inputs, work->moment->now, &who, error));
    say_scale(work, survey, who);
    TRY(measure(work, inputs, survey, work->moment->now, error));
    json_put_array(work->report, "groups");
    for (int g = 0; g < survey->groups; g++) {
        work_figure(work, "groups", survey->group[g].name, survey->found[g].value, "%s",
                    measure_text(work, &survey->found[g]));
        json_write_object(work->report);
        json_put_string(work->report, "name", survey->group[g].name);
        write_measure(work->report, &survey->found[g]);
        json_write_end_object(work->report);
    }

    json_write_end_array(work->report);
    return STATUS_OK;
}

/* ---- over time ---- */

/* The facts and the property behind last(KIND.PROPERTY). */
static enum status find_answers(const struct work *work, const struct work_inputs *inputs,
                                const struct population_table **table,
                                const struct population_column **column, struct error *error)
{
    const struct segment_node *node = inputs->nodes[0];
    while (node->op == OP_FORM)
        node = node->child[0];
    const struct segment_measure *last = node->op == OP_MEASURE ? node->measure : NULL;
    bool plain = last && last->aggregate == AGGREGATE_LAST && last->kind_count == 1 &&
                 !last->filter && last->window.form == WINDOW_ALL && last->argument &&
                 last->argument->op == OP_PROPERTY && last->argument->path.length == 1;

    /* A plain last(…) only: of anything else it is not known which facts are its answers. */
    int index = plain ? population_table_index(work->population, last->kinds[0]) : -1;
    *table = index >= 0 ? &work->population->tables[index] : NULL;
    int place = *table ? population_column_index(*table, last->argument->path.names[0]) : -1;
    *column = place >= 0 ? &(*table)->columns[place] : NULL;
    return *column ? STATUS_OK
                   : error_set(error, STATUS_USAGE,
                               "--over looks at the answers of each period: --on has to be one of "
                               "the form last(survey.nps), not %s",
                               inputs->texts[0]);
}

static double number_at(const struct population_column *column, uint32_t row)
{
    struct population_value value = population_get(column, row);
    if (!value.known)
        return NAN;
    return column->type == VALUE_DOUBLE ? value.number
                                        : number_decimal_to_double(value.integer, column->scale);
}

/* Everyone's last answer in [from, until). */
static void collect_period(const struct work *work, const struct population_table *table,
                           const struct population_column *column, int64_t from, int64_t until,
                           double *answer)
{
    for (uint32_t p = 0; p < work->population->customers; p++) {
        answer[p] = NAN;

        /* From the newest back: most customers are done after a row or two. */
        for (uint32_t row = table->offset[p + 1]; row-- > table->offset[p] && isnan(answer[p]);) {
            if (table->time[row] < from)
                break;
            if (table->time[row] < until)
                answer[p] = number_at(column, row);
        }
    }
}

static const char *period_name(const struct work *work, const struct survey_work *survey,
                               int64_t number)
{
    char text[DATE_TEXT_MAX];
    date_format(date_of_unit_number(number, survey->unit), text);
    if (survey->unit == CALENDAR_QUARTER)
        return work_quarter(work, text);
    return arena_printf(work->arena, "%.7s", text);
}

static int64_t period_start(const struct work *work, const struct survey_work *survey,
                            int64_t number)
{
    return zone_day_start(session_zone(work->session), date_of_unit_number(number, survey->unit));
}

static void write_period(struct work *work, const struct survey_work *survey, int64_t number)
{
    char date[DATE_TEXT_MAX];
    const char *name = period_name(work, survey, number);
    json_write_object(work->report);
    json_put_string(work->report, "period", name);
    json_put_string(work->report, "date",
                    date_format(date_of_unit_number(number, survey->unit), date));
    json_put_array(work->report, "groups");
    for (int g = 0; g < survey->groups; g++) {
        if (survey->found[g].count >= 1)
            work_figure(work, survey->unit == CALENDAR_MONTH ? "by month" : "by quarter",
                        arena_printf(work->arena, "%s, %s", name, survey->group[g].name),
                        survey->found[g].value, "%s", measure_text(work, &survey->found[g]));
        json_write_object(work->report);
        write_measure(work->report, &survey->found[g]);
        json_write_end_object(work->report);
    }
    json_write_end_array(work->report);
    json_write_end_object(work->report);
}

static enum status measure_over(struct work *work, const struct work_inputs *inputs,
                                struct survey_work *survey, struct error *error)
{
    const struct population_table *table;
    const struct population_column *column;
    int64_t now = work->moment->now,
            last = date_unit_number(zone_date(session_zone(work->session), now - 1), survey->unit);

    TRY(find_answers(work, inputs, &table, &column, error));
    int64_t first = table->time_min <= table->time_max && table->time_min < now
                        ? date_unit_number(zone_date(session_zone(work->session), table->time_min),
                                           survey->unit)
                        : last + 1;
    first = first < last - PERIODS + 1 ? last - PERIODS + 1 : first;

    /* Members are as of each period's end, the last one's as of now: it may not be over. */
    json_put_string(work->report, "over", survey->unit == CALENDAR_MONTH ? "month" : "quarter");
    json_put_array(work->report, "periods");
    for (int64_t number = first; number <= last; number++) {
        int64_t until = period_start(work, survey, number + 1);
        until = until < now + 1 ? until : now + 1;
        collect_period(work, table, column, period_start(work, survey, number), until,
                       survey->answer);
        TRY(measure(work, inputs, survey, until - 1, error));
        write_period(work, survey, number);
    }

    json_write_end_array(work->report);
    work_note(work, "Over time: a customer's last answer within the period, by the segments they "
                    "were in at its end; the "
                    "last period may not be over.");
    return STATUS_OK;
}

/* ---- the fit ---- */

static enum status plan_groups(struct work *work, struct survey_work *survey,
                               struct segment_needs *needs, struct error *error)
{
    const struct segment_set *set = session_definitions(work->session);
    int *segments = ARENA_ARRAY(work->arena, int, (size_t)survey->groups);
    for (int g = 1; g < survey->groups; g++)
        segments[g - 1] = survey->group[g].segment;
    if (survey->groups < 2)
        return STATUS_OK;
    struct segment_needs own = segment_needs(set, session_schema(work->session), segments,
                                             survey->groups - 1, work->arena);
    *needs = segment_needs_join(needs, &own, work->arena);
    return plan_new(set, session_schema(work->session), segments, survey->groups - 1, &survey->plan,
                    error);
}

static enum status measure_all(struct work *work, const struct work_inputs *inputs,
                               struct survey_work *survey, struct error *error)
{
    struct segment_needs needs = inputs->needs;
    TRY(plan_groups(work, survey, &needs, error));
    TRY(work_load(work, &needs, error));
    survey->answer = ARENA_ARRAY(work->arena, double, work->population->customers + 1u);
    json_put_array(work->report, "surveys");
    json_write_object(work->report);
    json_put_string(work->report, "name", work->model->name);
    json_put_string(work->report, "measure", survey->kind->name);
    json_put_string(work->report, "title", survey->title);
    json_put_string(work->report, "unit", survey->kind->unit);
    json_put_string(work->report, "answer", survey->answer_text);
    TRY(measure_now(work, inputs, survey, error));
    if (survey->over)
        TRY(measure_over(work, inputs, survey, error));
    json_write_end_object(work->report);
    json_write_end_array(work->report);
    return STATUS_OK;
}

enum status study_survey_fit(struct work *work, struct error *error)
{
    struct survey_work *survey = ARENA_NEW(work->arena, struct survey_work);
    struct work_inputs inputs;
    size_t count;
    const char **on = work_option_list(work, "on", &count);
    TRY(read_options(work, survey, error));
    survey->answer_text = on[0];
    TRY(list_groups(work, survey, error));
    work_figure(work, "data", "measure", NAN, "%s", survey->title);
    work_figure(work, "data", "answer", NAN, "%s", on[0]);
    TRY(work_inputs_new(work, on, 1, work_option(work, "among"), &inputs, error));
    enum status status = measure_all(work, &inputs, survey, error);
    plan_free(survey->plan);
    work_inputs_release(&inputs);
    work_note(work, "95%% intervals; members are as of the moment. Scores whose intervals overlap "
                    "widely may well be the "
                    "same.");
    return status;
}
