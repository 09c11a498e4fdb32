/*
 * Survey measures: net promoter score, satisfaction and effort of everyone and of every part of a scheme, with
 * intervals. The answer is a value of the language, usually the last one: last(survey.nps). Members are as of the
 * moment.
 */
#include "engine/model_work.h"

#include "model/survey.h"

#include <math.h>
#include <string.h>

static const double level = .95;

static struct model_survey_measure nps(const double *answers, size_t count)
{
    return model_survey_nps(answers, count, level);
}

static struct model_survey_measure csat(const double *answers, size_t count)
{
    return model_survey_csat(answers, count, 4, level);
}

static struct model_survey_measure ces(const double *answers, size_t count)
{
    return model_survey_ces(answers, count, level);
}

static const struct survey_kind {
    const char *name, *title;
    struct model_survey_measure (*measure)(const double *answers, size_t count);
} kinds[] = {
    {"nps", "net promoter score (9 and 10 less 0 to 6, in points)", nps},
    {"csat", "satisfaction (4 and above, in per cent)", csat},
    {"ces", "effort (mean answer)", ces},
};

static enum status find_kind(struct model_work *work, const struct survey_kind **out, struct error *error)
{
    const char *name = work_option(work, "measure");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name ? name : "nps") == 0) {
            *out = &kinds[i];
            return STATUS_OK;
        }
    return work_option_wrong(work, "measure", "nps, csat or ces", error);
}

/* The measure of who is in members (NULL: everyone asked). */
static void measure(struct model_work *work, const struct survey_kind *kind, const struct segment_values *values,
                    const uint64_t *who, const uint64_t *members, const char *name)
{
    double *answers = ARENA_ARRAY(work->arena, double, work->population->customers + 1u);
    size_t count = 0;
    for (uint32_t p = 0; p < work->population->customers; p++) {
        double answer = work_value(values, p);
        bool in = who[p / 64] & (members ? members[p / 64] : UINT64_MAX) & UINT64_C(1) << (p % 64);
        if (in && !isnan(answer))
            answers[count++] = answer;
    }
    struct model_survey_measure found = kind->measure(answers, count);
    if (!count)
        work_figure(work, "groups", name, NAN, "no answers");
    else
        work_figure(work, "groups", name, found.value, "%.2f [%.2f, %.2f], %s answers", found.value, found.interval.low,
                    found.interval.high, work_thousands(work, (double)count));
}

static enum status measure_groups(struct model_work *work, const struct survey_kind *kind,
                                  const struct segment_values *values, const uint64_t *who, const char *by,
                                  struct error *error)
{
    const struct segment_set *set = engine_definitions(work->engine);
    int scheme = segment_set_find_scheme(set, by), segment, first, count = 1;
    struct segment_plan *plan = NULL;
    struct segment_result *result = NULL;
    if (scheme >= 0) {
        first = set->schemes[scheme].first_member;
        count = set->schemes[scheme].member_count;
    } else {
        TRY(engine_find_segment(work->engine, by, &segment, error));
        first = segment;
    }
    int *members = ARENA_ARRAY(work->arena, int, (size_t)count);
    for (int m = 0; m < count; m++)
        members[m] = first + m;
    TRY(segment_plan_new(set, engine_schema(work->engine), members, count, &plan, error));
    enum status status =
        segment_evaluate(plan, work->population, work->moment->now, engine_pool(work->engine), false, &result, error);
    for (int m = 0; status == STATUS_OK && m < count; m++)
        measure(work, kind, values, who, result->members[first + m],
                arena_strdup(work->arena, set->segments[first + m].name));
    segment_result_free(result);
    segment_plan_free(plan);
    return status;
}

static enum status measure_all(struct model_work *work, const struct survey_kind *kind,
                               const struct model_inputs *inputs, struct error *error)
{
    struct segment_values values;
    uint64_t *who;
    size_t count;
    const char **by = work_option_list(work, "by", &count);
    struct segment_needs all = segment_needs(engine_definitions(work->engine), engine_schema(work->engine), NULL, -1,
                                             work->arena),
                         needs = engine_join_needs(&inputs->needs, &all, work->arena);
    TRY(engine_load_population(work->engine, &needs, work->moment, &work->population, error));
    TRY(work_inputs_values(work, inputs, work->moment->now, &values, error));
    TRY(work_inputs_among(work, inputs, work->moment->now, &who, error));
    measure(work, kind, &values, who, NULL, "everyone");
    for (size_t i = 0; i < count; i++)
        TRY(measure_groups(work, kind, &values, who, by[i], error));
    return STATUS_OK;
}

enum status engine_survey_fit(struct model_work *work, struct error *error)
{
    const struct survey_kind *kind = NULL;
    struct model_inputs inputs;
    size_t count;
    const char **on = work_option_list(work, "on", &count);
    TRY(find_kind(work, &kind, error));
    if (count != 1)
        return error_set(error, STATUS_USAGE, "--on names one answer, such as last(survey.nps)");
    work_figure(work, "data", "measure", NAN, "%s", kind->title);
    work_figure(work, "data", "answer", NAN, "%s", on[0]);
    TRY(work_inputs_new(work, on, 1, work_option(work, "among"), &inputs, error));
    enum status status = measure_all(work, kind, &inputs, error);
    work_inputs_release(&inputs);
    work_note(work, "95%% intervals; members are as of the moment.");
    return status;
}
