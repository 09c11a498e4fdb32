/*
 * Health: what is wrong with a segmentation, each finding with its figure, its threshold, a
 * proposal and what the proposal would change. A threshold stands where its check is. Where a check
 * looks at many segments, pairs or traits, its p-values are adjusted together (Benjamini & Hochberg
 * 1995), so that at most 5% of what it finds is expected to be chance; effects have a threshold of
 * their own, because with many customers everything is significant.
 */
#include "judge/health.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void health_add(struct health *health, struct judge_finding finding)
{
    VECTOR_PUSH(&health->out->findings, finding);
}

const char *health_name(const struct health *health, int segment)
{
    return health->evidence->view->set->segments[segment].name;
}

const char *health_text(const struct health *health, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(health->evidence->arena, format, arguments);
    va_end(arguments);
    return text;
}

const char *health_count(const struct health *health, uint64_t count)
{
    char text[NUMBER_TEXT_MAX];
    return arena_strdup(health->evidence->arena, number_format_thousands((int64_t)count, text));
}

static int by_severity(const void *a, const void *b)
{
    const struct judge_finding *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity < y->severity ? -1 : 1;
    int topic = strcmp(x->topic, y->topic);
    if (topic)
        return topic;

    /* By name within a topic, so that two runs over one store list alike. */
    int segment = strcmp(x->segment[0] ? x->segment[0] : "", y->segment[0] ? y->segment[0] : "");
    return segment ? segment : strcmp(x->message, y->message);
}

static void measure(struct health *health)
{
    const struct judge_evidence *evidence = health->evidence;
    const struct plan_result *result = evidence->view->result;
    size_t count = (size_t)evidence->view->set->segment_count;
    health->size = ARENA_ARRAY(evidence->arena, uint64_t, count + 1);
    health->alike = ARENA_ARRAY(evidence->arena, bool, count + 1);
    health->customers = plan_result_customers(result);
    for (size_t s = 0; s < count; s++)
        health->size[s] = plan_result_count(result, (int)s);
}

enum status judge_health_judge(const struct judge_evidence *evidence, struct judge_health *out,
                               struct error *error)
{
    *out = (struct judge_health){.checked = evidence->view->now};
    struct health health = {.evidence = evidence, .out = out};
    measure(&health);
    health_check_sizes(&health);
    health_check_overlap(&health);
    health_check_differences(&health);
    health_check_coverage(&health);
    health_check_schemes(&health);

    /* After the differences: what is alike anyway is not drawn anew. */
    health_check_wobble(&health);
    TRY(health_check_moves(&health, error));
    health_check_traits(&health);
    TRY(health_check_drift(&health, error));
    if (out->findings.count)
        qsort(out->findings.items, out->findings.count, sizeof *out->findings.items, by_severity);
    return STATUS_OK;
}

void judge_health_release(struct judge_health *health)
{
    VECTOR_RELEASE(&health->findings);
}

const char *judge_severity_name(enum judge_severity severity)
{
    static const char *const names[] = {"serious", "warning", "note"};
    return names[severity];
}

static void put(struct json *json, const char *key, const char *text)
{
    if (!text)
        return;
    json_put_string(json, key, text);
}

static void put_number(struct json *json, const char *key, double value)
{
    if (!isfinite(value))
        return;
    json_put_double(json, key, value);
}

static void write_finding(const struct judge_finding *finding, struct json *json)
{
    json_write_object(json);
    put(json, "severity", judge_severity_name(finding->severity));
    put(json, "topic", finding->topic);
    json_put_array(json, "segments");
    for (int s = 0; s < 2 && finding->segment[s]; s++)
        json_write_string(json, finding->segment[s]);
    json_write_end_array(json);
    put(json, "message", finding->message);
    put_number(json, "figure", finding->figure);
    put(json, "figure_label", finding->figure_label);
    put_number(json, "threshold", finding->threshold);
    put(json, "unit", finding->unit);
    if (finding->tested)
        put_number(json, "p", finding->p);
    put(json, "proposal", finding->proposal);
    put(json, "effect", finding->effect);
    json_write_end_object(json);
}

void judge_health_write(const struct session *session, const struct judge_health *health,
                        struct json *json)
{
    char checked[MOMENT_TEXT_MAX];
    json_write_object(json);
    put(json, "checked", moment_format(session_zone(session), health->checked, checked));
    json_put_integer(json, "comparisons", health->compared);
    put_number(json, "false_discovery_rate", insight_alpha);
    json_put_array(json, "findings");
    for (size_t i = 0; i < health->findings.count; i++)
        write_finding(&health->findings.items[i], json);
    json_write_end_array(json);
    json_write_end_object(json);
}
