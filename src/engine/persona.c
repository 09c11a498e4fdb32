/*
 * Personas: one page on the typical customer of a segment. What sets the segment apart, in its own words; and the
 * history of one real customer near its middle, without anything that names them.
 */
#include "engine/internal.h"
#include "engine/judge.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WHO, DOES, LIKES, VALUE, MOST_ROWS = 8, HISTORY = 14, MIDDLE_FEATURES = 24 };
static const char *const titles[ENGINE_PERSONA_GROUPS] = {"Who they are", "What they do", "What they like",
                                                          "Value and risk"};

static bool bit(const uint64_t *bits, size_t at)
{
    return bits[at / 64] >> (at % 64) & 1;
}

static const char *number_text(struct arena *arena, double value)
{
    char text[NUMBER_TEXT_MAX];
    if (isnan(value))
        return "unknown";
    if (value == floor(value) && fabs(value) < 1e15)
        return arena_strdup(arena, number_format_thousands((int64_t)value, text));
    return arena_printf(arena, fabs(value) < 10 ? "%.2f" : "%.1f", value);
}

static int group_of(const struct insight_difference *line)
{
    const struct insight_feature *feature = line->feature;
    if (strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0)
        return feature->column && strchr(feature->column, '.') ? VALUE : WHO;
    if (line->is_share)
        return LIKES;
    return strncmp(feature->text, "sum(", 4) == 0 ? VALUE : DOES;
}

static const char *row_value(struct arena *arena, const struct insight_difference *line)
{
    if (line->is_share)
        return arena_printf(arena, "%s: %.0f%% (everyone else %.0f%%)", line->value, 100 * line->share_inside,
                            100 * line->share_outside);
    return arena_printf(arena, "%s (everyone else %s)", number_text(arena, line->inside.median),
                        number_text(arena, line->outside.median));
}

static void add_rows(const struct engine_judging *judging, const struct insight_profile *profile,
                     struct engine_persona *out)
{
    for (size_t i = 0; i < profile->count; i++) {
        const struct insight_difference *line = &profile->items[i];
        struct engine_persona_group *group = &out->groups[group_of(line)];
        bool known = line->is_share ? line->share_inside >= .05 : line->inside.known > 0;
        if (!known || group->rows.count == MOST_ROWS)
            continue;
        VECTOR_PUSH(&group->rows, (struct engine_persona_row){line->feature->text, row_value(judging->arena, line)});
    }
}

static void add_money(const struct engine_judging *judging, int segment, struct engine_persona *out)
{
    int64_t now = judging->view->now;
    if (!judging->revenue->property || !out->customers)
        return;
    struct insight_money money =
        insight_money(judging->view->population, judging->revenue, judging->view->result->members[segment],
                      now - INT64_C(365) * SECONDS_A_DAY, now);
    const char *spent =
        arena_printf(judging->arena, "%s a customer, %.1f orders, %.0f%% of them bought",
                     number_text(judging->arena, round(money.total / (double)out->customers)),
                     (double)money.facts / (double)out->customers, 100 * (double)money.buyers / (double)out->customers);
    VECTOR_PUSH(&out->groups[VALUE].rows, (struct engine_persona_row){"the last 365 days", spent});
}

static void summarise(const struct engine_judging *judging, const struct insight_profile *profile,
                      struct engine_persona *out)
{
    struct buffer text;
    size_t said = 0;
    char count[NUMBER_TEXT_MAX];
    buffer_init(&text, 0);
    buffer_printf(&text, "%s customers, %.1f%% of all.", number_format_thousands((int64_t)out->customers, count),
                  100 * out->share);
    for (size_t i = 0; i < profile->count && said < 3; i++) {
        const struct insight_difference *line = &profile->items[i];
        if (line->by_definition || fabs(line->effect) < .2)
            continue;
        if (line->is_share)
            buffer_printf(&text, "%s %s is %s for %.0f%%", said ? ";" : " Typically", line->feature->text, line->value,
                          100 * line->share_inside);
        else
            buffer_printf(&text, "%s %s is %s, %s than everyone else's %s", said ? ";" : " Typically",
                          line->feature->text, number_text(judging->arena, line->inside.median),
                          line->effect > 0 ? "more" : "less", number_text(judging->arena, line->outside.median));
        said++;
    }
    buffer_string(&text, said ? "." : "");
    out->summary = buffer_copy(&text, judging->arena);
    buffer_release(&text);
}

/* ---- one of them ---- */

/* The member whose ranks among everyone lie nearest to the segment's mean ranks. */
static bool find_middle(const struct engine_judging *judging, int segment, uint32_t *out)
{
    const struct population *population = judging->view->population;
    const uint64_t *members = judging->view->result->members[segment];
    double *distance = base_calloc(population->customers + 1u, sizeof *distance);
    double *rank = base_malloc((population->customers + 1u) * sizeof *rank);
    size_t used = 0;
    for (size_t f = 0; f < judging->features->count && used < MIDDLE_FEATURES; f++) {
        const struct insight_feature *feature = &judging->features->items[f];
        double sum = 0, count = 0;
        if (!feature->order_count)
            continue;
        used++;
        for (uint32_t p = 0; p < population->customers; p++)
            rank[p] = .5;
        for (uint32_t i = 0; i < feature->order_count; i++)
            rank[feature->order[i]] = (double)i / (double)feature->order_count;
        for (uint32_t p = 0; p < population->customers; p++)
            if (bit(members, p)) {
                sum += rank[p];
                count++;
            }
        for (uint32_t p = 0; p < population->customers && count > 0; p++)
            distance[p] += (rank[p] - sum / count) * (rank[p] - sum / count);
    }
    bool found = false;
    for (uint32_t p = 0; p < population->customers; p++)
        if (bit(members, p) && (!found || distance[p] < distance[*out])) {
            *out = p;
            found = true;
        }
    free(rank);
    free(distance);
    return found;
}

/* A fact in words: its kind and what is known of it; texts that only one or few have (identifiers) are left out. */
static const char *fact_text(const struct engine_judging *judging, const struct population_table *table, uint32_t row)
{
    const struct population *population = judging->view->population;
    const struct schema_table *told = schema_table(judging->schema, table->name);
    struct buffer text;
    buffer_init(&text, 0);
    buffer_string(&text, table->name);
    for (size_t c = 0, said = 0; c < table->column_count && said < 4; c++) {
        const struct population_column *column = &table->columns[c];
        const struct schema_column *stated = told ? schema_column(told, column->name) : NULL;
        struct population_value value = population_get(column, row);
        char number[NUMBER_TEXT_MAX];
        if (!value.known || (stated && stated->plain))
            continue;
        if (column->type == VALUE_TEXT) {
            struct text word = population_text(population, (uint32_t)value.integer);
            buffer_printf(&text, ", %s %.*s", column->name, (int)word.length, word.data);
        } else if (column->type == VALUE_DECIMAL || column->type == VALUE_INT) {
            buffer_printf(
                &text, ", %s %s", column->name,
                number_format_decimal(value.integer, column->type == VALUE_DECIMAL ? column->scale : 0, number));
        } else {
            continue;
        }
        said++;
    }
    const char *copy = buffer_copy(&text, judging->arena);
    buffer_release(&text);
    return copy;
}

static int newest_first(const void *a, const void *b)
{
    const struct engine_persona_fact *x = a, *y = b;
    return (x->moment < y->moment) - (x->moment > y->moment);
}

static void add_history(const struct engine_judging *judging, uint32_t position, struct engine_persona *out)
{
    const struct population *population = judging->view->population;
    for (size_t t = 0; t < population->table_count; t++) {
        const struct population_table *table = &population->tables[t];
        if (table->role != SCHEMA_FACTS)
            continue;
        size_t taken = 0;
        for (uint32_t row = table->offset[position + 1]; row-- > table->offset[position] && taken < HISTORY;)
            if (table->time[row] <= judging->view->now) {
                VECTOR_PUSH(&out->history,
                            (struct engine_persona_fact){table->time[row], fact_text(judging, table, row)});
                taken++;
            }
    }
    if (out->history.count)
        qsort(out->history.items, out->history.count, sizeof *out->history.items, newest_first);
    if (out->history.count > HISTORY)
        out->history.count = HISTORY;
}

enum status engine_persona_judge(const struct engine_judging *judging, int segment, struct engine_persona *out,
                                 struct error *error)
{
    const struct segment_definition *definition = &judging->view->set->segments[segment];
    uint32_t middle = 0;
    (void)error;
    const struct insight_profile *profile = engine_judging_profile(judging, segment);
    uint64_t all = profile->customers + profile->others;
    *out = (struct engine_persona){.segment = definition->name,
                                   .title = definition->title,
                                   .customers = profile->customers,
                                   .share = all ? (double)profile->customers / (double)all : 0};
    for (int g = 0; g < ENGINE_PERSONA_GROUPS; g++)
        out->groups[g].title = titles[g];
    if (!profile->customers) {
        out->summary = "Nobody is in this segment.";
        return STATUS_OK;
    }
    add_money(judging, segment, out);
    add_rows(judging, profile, out);
    summarise(judging, profile, out);
    if (find_middle(judging, segment, &middle))
        add_history(judging, middle, out);
    return STATUS_OK;
}

void engine_persona_release(struct engine_persona *persona)
{
    for (int g = 0; g < ENGINE_PERSONA_GROUPS; g++)
        VECTOR_RELEASE(&persona->groups[g].rows);
    VECTOR_RELEASE(&persona->history);
}

static void put(struct json *json, const char *key, const char *text)
{
    json_write_key(json, key);
    json_write_string(json, text);
}

void engine_persona_write(const struct engine *engine, const struct engine_persona *persona, struct json *json)
{
    json_write_object(json);
    put(json, "segment", persona->segment);
    if (persona->title)
        put(json, "title", persona->title);
    json_write_key(json, "customers");
    json_write_integer(json, (int64_t)persona->customers);
    put(json, "summary", persona->summary);
    json_write_key(json, "groups");
    json_write_array(json);
    for (int g = 0; g < ENGINE_PERSONA_GROUPS; g++) {
        const struct engine_persona_group *group = &persona->groups[g];
        if (!group->rows.count)
            continue;
        json_write_object(json);
        put(json, "title", group->title);
        json_write_key(json, "rows");
        json_write_array(json);
        for (size_t r = 0; r < group->rows.count; r++) {
            json_write_object(json);
            put(json, "label", group->rows.items[r].label);
            put(json, "value", group->rows.items[r].value);
            json_write_end_object(json);
        }
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_key(json, "history");
    json_write_array(json);
    for (size_t i = 0; i < persona->history.count; i++) {
        char date[DATE_TEXT_MAX];
        json_write_object(json);
        put(json, "date", date_format(zone_date(engine->zone, persona->history.items[i].moment), date));
        put(json, "text", persona->history.items[i].text);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_end_object(json);
}

/* ---- the bench ---- */

const struct insight_profile *engine_judging_profile(const struct engine_judging *judging, int segment)
{
    struct insight_profile **kept = &judging->profiles[segment];
    if (*kept)
        return *kept;
    *kept = ARENA_NEW(judging->arena, struct insight_profile);
    insight_profile(judging->view->set, judging->schema, segment, judging->view->result, judging->features,
                    judging->view->population, judging->arena, *kept);
    return *kept;
}

enum status engine_bench_open(struct engine *engine, const struct engine_moment *moment, struct arena *arena,
                              struct engine_bench *out, struct error *error)
{
    const struct schema *schema = engine_schema(engine);
    *out = (struct engine_bench){.revenue = insight_revenue_find(schema)};
    TRY(insight_features_new(schema, arena, &out->features, error));
    struct segment_needs needs = insight_features_needs(&out->features, schema, arena),
                         money = engine_revenue_needs(&out->revenue, arena);
    needs = engine_join_needs(&needs, &money, arena);
    enum status status = engine_evaluate(engine, NULL, NULL, -1, &needs, moment, &out->view, error);
    if (status == STATUS_OK)
        status = insight_features_evaluate(&out->features, schema, out->view.population, out->view.result->existing,
                                           moment->now, engine_pool(engine), arena, error);
    if (status != STATUS_OK) {
        engine_bench_close(out);
        return status;
    }
    struct insight_profile **profiles =
        ARENA_ARRAY(arena, struct insight_profile *, (size_t)out->view.set->segment_count + 1);
    out->judging = (struct engine_judging){engine, schema, &out->view, &out->features, &out->revenue, arena, profiles};
    return STATUS_OK;
}

void engine_bench_close(struct engine_bench *bench)
{
    engine_view_close(&bench->view);
    segment_set_free(bench->features.set);
    bench->features.set = NULL;
}
