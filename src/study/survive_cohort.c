/*
 * Cohort retention: the customers whose first order fell into the same month (or week, or quarter)
 * are a cohort; a row says which share of it ordered in each month after. Months that are not over
 * are left open.
 */
#include "study/survive.h"

#include "stats/inference.h"

#include <math.h>
#include <string.h>

/* All cohorts are counted. The newest SHOWN_COHORTS are listed one by one, as many as fit a page;
 * rows of the report go PERIODS units far, those of the text SHOWN units, which fit a line. */
enum { SHOWN_COHORTS = 36, PERIODS = 24, SHOWN = 12 };

struct retention {
    int cohorts, periods;
    int from;      /* the first cohort that is shown by itself */
    int64_t first; /* unit number of cohort 0 */
    double *size, *share;
    int *age;
};

static int64_t unit_of(const struct work *work, const struct survive_how *how, int64_t moment)
{
    return date_unit_number(zone_date(session_zone(work->session), moment), how->unit);
}

static const char *cohort_name(struct work *work, const struct survive_how *how, int64_t number)
{
    char text[DATE_TEXT_MAX];
    date_format(date_of_unit_number(number, how->unit), text);
    if (how->unit == CALENDAR_WEEK)
        return arena_strdup(work->arena, text);
    if (how->unit == CALENDAR_QUARTER)
        return work_quarter(work, text);
    return arena_printf(work->arena, "%.7s", text);
}

static void count_activity(struct work *work, const struct survive_how *how,
                           const struct survive_data *data, const struct work_orders *orders,
                           struct retention *out)
{
    int64_t now = unit_of(work, how, work->moment->now), oldest = now;
    VECTOR(uint32_t) cohort = {0}, period = {0};
    uint32_t from, to;
    for (size_t i = 0; i < data->count; i++) {
        work_orders_rows(orders, data->position[i], -1, work->moment->now, &from, &to);
        int64_t unit = unit_of(work, how, orders->time[from]);
        oldest = unit < oldest ? unit : oldest;
    }

    /* Cohorts run on to the present one, empty or not: a period is the same column in all. */
    out->first = oldest;
    out->cohorts = (int)(now - out->first + 1);
    out->from = out->cohorts > SHOWN_COHORTS ? out->cohorts - SHOWN_COHORTS : 0;
    out->periods = out->cohorts < PERIODS ? out->cohorts : PERIODS;
    out->size = ARENA_ARRAY(work->arena, double, (size_t)out->cohorts);
    out->age = ARENA_ARRAY(work->arena, int, (size_t)out->cohorts);

    /* Each customer once a period: orders come in the order of time, so the last period is enough
     * to know. */
    for (size_t i = 0; i < data->count; i++) {
        work_orders_rows(orders, data->position[i], -1, work->moment->now, &from, &to);
        int64_t start = unit_of(work, how, orders->time[from]), last = -1;
        out->size[start - out->first]++;
        for (; from < to; from++) {
            int64_t at = unit_of(work, how, orders->time[from]) - start;
            if (at == last || at >= PERIODS)
                continue;
            last = at;
            VECTOR_PUSH(&cohort, (uint32_t)(start - out->first));
            VECTOR_PUSH(&period, (uint32_t)at);
        }
    }

    for (int c = 0; c < out->cohorts; c++)
        out->age[c] = out->cohorts - 1 - c;
    out->share = ARENA_ARRAY(work->arena, double, (size_t)out->cohorts *(size_t)out->periods + 1);
    model_retention(cohort.items, period.items, cohort.count, out->cohorts, out->periods, out->size,
                    out->age, out->share);
    VECTOR_RELEASE(&cohort);
    VECTOR_RELEASE(&period);
}

/* All cohorts that have got that far, together. */
static void say_pooled(struct work *work, const struct survive_how *how,
                       const struct retention *found)
{
    static const char *const units[] = {
        [CALENDAR_WEEK] = "week", [CALENDAR_MONTH] = "month", [CALENDAR_QUARTER] = "quarter"};
    for (int p = 1; p < found->periods && p <= SHOWN; p++) {
        double active = 0, all = 0;
        for (int c = 0; c < found->cohorts; c++)
            if (p < found->age[c] && found->size[c] > 0) {
                active += found->share[c * found->periods + p] * found->size[c];
                all += found->size[c];
            }
        if (all <= 0)
            return;
        struct stats_interval interval = stats_wilson(active, all, SURVIVE_LEVEL);
        work_figure(
            work, "retention, all cohorts",
            arena_printf(work->arena, "%d %s%s later", p, units[how->unit], p == 1 ? "" : "s"),
            active / all, "%.1f%% [%.1f, %.1f] of %s", 100 * active / all, 100 * interval.low,
            100 * interval.high, work_thousands(work, all));
    }
}

static void say_cohorts(struct work *work, const struct survive_how *how,
                        const struct retention *found)
{
    int shown = found->periods < SHOWN + 1 ? found->periods : SHOWN + 1;
    const char *line = "customers";
    for (int p = 0; p < shown; p++)
        line = arena_printf(work->arena, "%s%7d", line, p);
    work_figure(work, "retention by cohort (per cent)", "first order in", NAN, "%s", line);
    for (int c = found->from; c < found->cohorts; c++) {
        if (found->size[c] <= 0)
            continue;
        line = arena_printf(work->arena, "%9s", work_thousands(work, found->size[c]));
        for (int p = 0; p < shown && p < found->age[c]; p++)
            line = arena_printf(work->arena, "%s%7.1f", line,
                                100 * found->share[c * found->periods + p]);
        work_figure(work, "retention by cohort (per cent)",
                    cohort_name(work, how, found->first + c), found->size[c], "%s", line);
    }
}

static void write_rows(struct work *work, const struct survive_how *how,
                       const struct retention *found)
{
    struct json *json = work->report;
    json_put_array(json, "rows");
    for (int c = found->from; c < found->cohorts; c++) {
        if (found->size[c] <= 0 || !found->age[c])
            continue;
        json_write_object(json);
        json_put_string(json, "cohort", cohort_name(work, how, found->first + c));
        json_put_double(json, "customers", found->size[c]);
        json_put_array(json, "active");
        for (int p = 0; p < found->periods && p < found->age[c]; p++)
            json_write_double(json, round(found->share[c * found->periods + p] * found->size[c]));
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

/* Cohorts that are counted but not listed, and how many customers they hold. */
static size_t count_older(const struct retention *found, double *customers)
{
    size_t older = 0;
    *customers = 0;
    for (int c = 0; c < found->from; c++) {
        older += found->size[c] > 0;
        *customers += found->size[c];
    }
    return older;
}

void survive_cohorts(struct work *work, const struct survive_how *how,
                     const struct survive_data *data, const struct work_orders *orders)
{
    struct retention *found = ARENA_NEW(work->arena, struct retention);
    count_activity(work, how, data, orders, found);
    double older_customers;
    size_t older = count_older(found, &older_customers);
    say_pooled(work, how, found);
    if (older)
        work_figure(work, "retention by cohort (per cent)", "earlier cohorts, not listed",
                    (double)older, "%zu with %s customers; the figures of all cohorts count them",
                    older, work_thousands(work, older_customers));
    say_cohorts(work, how, found);
    struct json *json = work->report;
    json_put_array(json, "retention");
    json_write_object(json);
    json_put_string(json, "name", work->model->name);
    json_put_string(json, "kind", orders->kind);
    json_put_string(json, "unit", work_option(work, "cohort"));
    json_put_count(json, "older_cohorts", older);
    json_put_double(json, "older_customers", older_customers);
    write_rows(work, how, found);
    json_write_end_object(json);
    json_write_end_array(json);
}
