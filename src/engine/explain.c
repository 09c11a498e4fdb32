/* Why: the explanation of a membership, for people and as JSON. */
#include "engine/internal.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

struct telling {
    const struct population *population;
    const struct plan_explanation *explanation;
    const char *instead; /* the member of the same scheme that has them, or NULL */
    struct buffer *text;
    struct json *json;
};

/* One value of a fact, as people write it. */
static void value_text(const struct telling *telling, const struct population_column *column,
                       size_t row, struct buffer *out)
{
    char text[64]; /* room for a number, a date or a moment */
    struct population_value value = population_get(column, row);
    if (!value.known) {
        buffer_string(out, "unknown");
        return;
    }
    switch (column->type) {
    case VALUE_BOOL: buffer_string(out, value.integer ? "yes" : "no"); break;
    case VALUE_DECIMAL:
        buffer_string(out, number_format_decimal(value.integer, column->scale, text));
        break;
    case VALUE_DOUBLE: buffer_string(out, number_format_double(value.number, text)); break;
    case VALUE_DATE: buffer_string(out, date_format((int32_t)value.integer, text)); break;
    case VALUE_TIME:
        buffer_string(out, moment_format(telling->population->zone, value.integer, text));
        break;
    case VALUE_TEXT:
        buffer_text(out, population_text(telling->population, (uint32_t)value.integer));
        break;
    case VALUE_POINT: buffer_printf(out, "%.4f, %.4f", value.latitude, value.longitude); break;
    case VALUE_SET:
        for (uint32_t i = 0; i < value.code_count; i++) {
            buffer_string(out, i ? ", " : "");
            buffer_text(out, population_text(telling->population, value.codes[i]));
        }
        break;
    default: buffer_printf(out, "%lld", (long long)value.integer);
    }
}

static void indent(struct buffer *out, int depth)
{
    for (int i = 0; i < depth; i++)
        buffer_string(out, "  ");
}

static void fact_text(const struct telling *telling, const struct plan_explained *node, int i,
                      int depth)
{
    const struct population_table *table = &telling->population->tables[node->fact_tables[i]];
    uint32_t row = node->facts[i];
    char moment[MOMENT_TEXT_MAX];
    indent(telling->text, depth);
    buffer_printf(telling->text, "· %s %s", table->name,
                  moment_format(telling->population->zone, table->time[row], moment));
    for (size_t c = 0; c < table->column_count; c++) {
        if (!population_get(&table->columns[c], row).known)
            continue;
        buffer_printf(telling->text, ", %s ", table->columns[c].name);
        value_text(telling, &table->columns[c], row, telling->text);
    }
    buffer_char(telling->text, '\n');
}

enum { FACTS_SHOWN = 5 }; /* in text; JSON has all that were kept */

static void facts_text(const struct telling *telling, const struct plan_explained *node, int depth)
{
    int shown = node->fact_count < FACTS_SHOWN ? node->fact_count : FACTS_SHOWN;
    for (int i = 0; i < shown; i++)
        fact_text(telling, node, i, depth);
    if (node->fact_total <= shown)
        return;
    long long more = (long long)(node->fact_total - shown);

    indent(telling->text, depth);
    buffer_printf(telling->text, "… and %lld more %s\n", more, more == 1 ? "fact" : "facts");
}

/* What the checker put in to fit types is passed over: people did not write it. */
static void node_text(const struct telling *telling, const struct plan_explained *node, int depth)
{
    bool silent = node->node->implicit && node->child_count;
    if (!silent) {
        indent(telling->text, depth);
        if (node->is_condition)
            buffer_printf(telling->text, "%s %s\n", node->truth ? "✓" : "✗", node->text);
        else
            buffer_printf(telling->text, "%s = %s\n", node->text, node->value);
        depth++;
    }

    /* Constants explain nothing: whoever reads the text sees them there. */
    for (int i = 0; i < node->child_count; i++)
        if (node->child[i]->is_condition || node->child[i]->node->op != OP_LITERAL)
            node_text(telling, node->child[i], depth);
    facts_text(telling, node, depth);
}

#define TEN_YEARS (INT64_C(3653) * SECONDS_A_DAY)

/* Ranks and accounts, where it takes too many looks at everyone to be certain for ten years. */
static void others_text(const struct telling *telling)
{
    const struct plan_explanation *why = telling->explanation;
    char moment[MOMENT_TEXT_MAX];

    buffer_printf(telling->text, "Their own facts keep them %s ", why->member ? "in" : "out");
    if (!why->flips_alone && why->alone_until >= why->now + TEN_YEARS)
        buffer_string(telling->text, "for ten years");
    else
        buffer_printf(telling->text, "until %s%s", why->flips_alone ? "" : "at least ",
                      moment_format(telling->population->zone, why->alone_until, moment));
    buffer_printf(telling->text, "; where they stand among the others may change from %s on.\n",
                  moment_format(telling->population->zone, why->looked_until, moment));
}

static void flip_text(const struct telling *telling)
{
    const struct plan_explanation *why = telling->explanation;
    char moment[MOMENT_TEXT_MAX];

    /* Where looking ahead was cut short, only that much is promised. */
    if (why->by_others)
        others_text(telling);
    else if (!why->flips && why->looked_until < why->now + TEN_YEARS)
        buffer_printf(telling->text,
                      "Time alone will not change that before %s; later was not looked at.\n",
                      moment_format(telling->population->zone, why->looked_until, moment));
    else if (!why->flips)
        buffer_printf(telling->text, "Time alone will not change that within ten years.\n");
    else
        buffer_printf(telling->text, "If nothing else happens, %s at %s.\n",
                      why->member ? "they leave" : "they enter",
                      moment_format(telling->population->zone, why->flips_at, moment));
}

static void explanation_text(const struct telling *telling, const char *name, const char *customer)
{
    const struct plan_explanation *why = telling->explanation;
    char moment[MOMENT_TEXT_MAX];

    buffer_printf(telling->text, "%s %s in %s at %s\n\n", customer, why->member ? "is" : "is not",
                  name, moment_format(telling->population->zone, why->now, moment));
    if (!why->exists) {
        buffer_printf(telling->text, "Nothing was known of them by then.\n");
        return;
    }

    /* `else` of a scheme has no condition of its own to show. */
    if (why->root)
        node_text(telling, why->root, 0);
    else
        buffer_printf(telling->text, "%s else: in no other member of the scheme\n",
                      why->member ? "✓" : "✗");
    buffer_char(telling->text, '\n');
    if (telling->instead)
        buffer_printf(telling->text, "They are in %s, and the scheme has room for one.\n",
                      telling->instead);
    if (why->nearest)
        buffer_printf(telling->text, "Nearest to holding: %s\n",
                      why->nearest_why ? why->nearest_why : why->nearest->text);
    flip_text(telling);
}

/* ---- JSON ---- */

/* The same for programs: a number is a number. */
static void value_json(const struct telling *telling, const struct population_column *column,
                       size_t row)
{
    struct json *json = telling->json;
    struct population_value value = population_get(column, row);
    char text[MOMENT_TEXT_MAX];
    switch (column->type) {
    case VALUE_BOOL: json_write_bool(json, value.integer != 0); break;
    case VALUE_DECIMAL: json_write_decimal(json, value.integer, column->scale); break;
    case VALUE_DOUBLE: json_write_double(json, value.number); break;
    case VALUE_DATE: json_write_string(json, date_format((int32_t)value.integer, text)); break;
    case VALUE_TIME:
        json_write_string(json, moment_format(telling->population->zone, value.integer, text));
        break;
    case VALUE_TEXT:
        json_write_text(json, population_text(telling->population, (uint32_t)value.integer));
        break;

    /* Latitude first, as everywhere in the language; not GeoJSON's order. */
    case VALUE_POINT:
        json_write_array(json);
        json_write_double(json, value.latitude);
        json_write_double(json, value.longitude);
        json_write_end_array(json);
        break;
    case VALUE_SET:
        json_write_array(json);
        for (uint32_t i = 0; i < value.code_count; i++)
            json_write_text(json, population_text(telling->population, value.codes[i]));
        json_write_end_array(json);
        break;
    default: json_write_integer(json, value.integer);
    }
}

static void fact_json(const struct telling *telling, const struct plan_explained *node, int i)
{
    const struct population_table *table = &telling->population->tables[node->fact_tables[i]];
    struct json *json = telling->json;
    uint32_t row = node->facts[i];
    char moment[MOMENT_TEXT_MAX];
    json_write_object(json);
    json_put_string(json, "kind", table->name);
    json_put_string(json, "time",
                    moment_format(telling->population->zone, table->time[row], moment));
    for (size_t c = 0; c < table->column_count; c++) {
        if (!population_get(&table->columns[c], row).known)
            continue;
        json_write_key(json, table->columns[c].name);
        value_json(telling, &table->columns[c], row);
    }
    json_write_end_object(json);
}

static void node_json(const struct telling *telling, const struct plan_explained *node)
{
    struct json *json = telling->json;
    json_write_object(json);
    json_put_string(json, "text", node->text);
    if (node->is_condition) {
        json_put_bool(json, "holds", node->truth);
    } else {
        json_put_raw(json, "value", text_from(node->json));
        json_put_string(json, "shown", node->value);
    }

    if (node->child_count) {
        json_put_array(json, "of");
        for (int i = 0; i < node->child_count; i++)
            node_json(telling, node->child[i]);
        json_write_end_array(json);
    }

    if (node->fact_count) {
        json_put_array(json, "facts");
        for (int i = 0; i < node->fact_count; i++)
            fact_json(telling, node, i);
        json_write_end_array(json);
        json_put_integer(json, "fact_total", node->fact_total);
    }

    json_write_end_object(json);
}

static void explanation_json(const struct telling *telling, const char *name, const char *customer)
{
    const struct plan_explanation *why = telling->explanation;
    struct json *json = telling->json;
    char moment[MOMENT_TEXT_MAX];

    json_write_object(json);
    json_put_string(json, "segment", name);
    json_put_string(json, "customer", customer);
    json_put_string(json, "as_of", moment_format(telling->population->zone, why->now, moment));
    json_put_bool(json, "exists", why->exists);
    json_put_bool(json, "member", why->member);
    /* One of three: when it flips, how far was looked, or how long their own facts decide. */
    json_put_string(json, "flips_at",
                    why->flips ? moment_format(telling->population->zone, why->flips_at, moment)
                               : NULL);
    json_put_string(
        json, "unchanged_until",
        why->flips ? NULL : moment_format(telling->population->zone, why->looked_until, moment));
    json_put_string(json, "flips_alone_at",
                    why->flips_alone
                        ? moment_format(telling->population->zone, why->alone_until, moment)
                        : NULL);
    const char *nearest = why->nearest ? why->nearest->text : NULL;
    if (why->nearest && why->nearest_why)
        nearest = why->nearest_why;
    json_put_string(json, "nearest", nearest);
    json_put_string(json, "instead", telling->instead);
    if (why->root) {
        json_write_key(json, "condition");
        node_json(telling, why->root);
    }

    json_write_end_object(json);
}

/* Explaining shows whole facts, so all columns of the kinds in question are loaded. */
static struct segment_needs whole_kinds(const struct segment_needs *needs,
                                        const struct schema *schema, struct arena *arena)
{
    struct segment_needs whole = *needs;
    whole.items = ARENA_ARRAY(arena, struct segment_need, needs->count + 1);
    for (size_t i = 0; i < needs->count; i++) {
        const struct schema_table *table = schema_table(schema, needs->items[i].table);
        whole.items[i] = needs->items[i];
        if (!table || table->role != SCHEMA_FACTS)
            continue;

        whole.items[i].columns = ARENA_ARRAY(arena, const char *, table->column_count + 1);
        for (size_t c = 0; c < table->column_count; c++)
            whole.items[i].columns[c] = table->columns[c].name;
    }
    return whole;
}

/* The segment and, when it belongs to a scheme of which everybody is in one member, the other
 * members. */
static int *with_rivals(const struct segment_set *set, int segment, struct arena *arena, int *count)
{
    int scheme = set->segments[segment].scheme;
    int rivals =
        scheme >= 0 && set->schemes[scheme].exclusive ? set->schemes[scheme].member_count : 0;
    int *segments = ARENA_ARRAY(arena, int, (size_t)rivals + 1);
    segments[0] = segment;
    *count = 1;
    for (int i = 0; i < rivals; i++)
        if (set->schemes[scheme].first_member + i != segment)
            segments[(*count)++] = set->schemes[scheme].first_member + i;
    return segments;
}

static const char *member_instead(const struct session_view *view, const int *segments, int count,
                                  uint32_t position)
{
    for (int i = 1; i < count; i++)
        if (plan_result_has(view->result, segments[i], position))
            return view->set->segments[segments[i]].name;
    return NULL;
}

/* segments: the one asked about, and its rivals. */
static enum status tell(const struct session_view *view, const struct schema *schema,
                        const int *segments, int count, const char *customer, struct pool *pool,
                        struct arena *arena, struct buffer *text, struct json *json,
                        struct error *error)
{
    uint32_t position;
    struct plan_explanation why;
    const char *name = view->set->segments[*segments].name;
    TRY(session_find_customer(view->population, customer, &position, error));
    TRY(plan_explain(view->set, schema, *segments, view->population, position, view->now, pool,
                     arena, &why, error));

    const char *instead = member_instead(view, segments, count, position);
    struct telling telling = {view->population, &why, instead, text, json};
    if (text)
        explanation_text(&telling, name, customer);
    if (json)
        explanation_json(&telling, name, customer);
    return STATUS_OK;
}

enum status engine_explain(struct session *session, const char *segment, const char *customer,
                           const struct session_moment *moment, struct arena *arena,
                           struct buffer *text, struct json *json, struct error *error)
{
    int index;
    struct session_view view;
    const struct schema *schema = session_schema(session);
    TRY(session_find_segment(session, segment, &index, error));
    int count, *segments = with_rivals(session_definitions(session), index, arena, &count);
    struct segment_needs needs =
        segment_needs(session_definitions(session), schema, segments, count, arena);

    /* The rivals are evaluated, too: who is not in a scheme's member is in another, and
     * that says why. */
    needs = whole_kinds(&needs, schema, arena);
    TRY(session_evaluate(session, NULL, segments, count, &needs, moment, SESSION_WHOLE_PAST, &view,
                         error));
    enum status status = tell(&view, schema, segments, count, customer, session_pool(session),
                              arena, text, json, error);
    session_view_close(&view);
    return status;
}

enum status engine_explain_snapshot(const struct session_snapshot *snapshot, const char *segment,
                                    const char *customer, struct arena *arena, struct buffer *text,
                                    struct json *json, struct error *error)
{
    int index, count;
    const struct session_view *view = session_snapshot_view(snapshot);
    TRY(session_snapshot_find_segment(snapshot, segment, &index, error));
    const int *segments = with_rivals(view->set, index, arena, &count);
    return tell(view, session_snapshot_schema(snapshot), segments, count, customer, NULL, arena,
                text, json, error);
}
