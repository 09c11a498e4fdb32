/*
 * Trees as JSON for programs: one object a node, whose first key says what it is. docs/language.md
 * is the reference of the text; this form has the same parts under the names of the table in
 * json_read.c, which turns it back into text. Deeper than JSON_LEVELS a node is written as {"text":
 * "…"}, which may stand anywhere.
 */
#include "base/json.h"
#include "base/number.h"
#include "segment/language.h"

#include <string.h>

enum { JSON_LEVELS = 50 };

static void put(struct json *json, const struct segment_node *node);

static const struct segment_node *written(const struct segment_node *node)
{
    while (node->implicit)
        node = node->child[0];
    return node;
}

static void put_key(struct json *json, const char *key, const struct segment_node *node)
{
    if (!node)
        return;
    json_write_key(json, key);
    put(json, node);
}

static void put_flag(struct json *json, const char *key, bool value)
{
    if (!value)
        return;
    json_put_bool(json, key, true);
}

static void put_list(struct json *json, const char *key, struct segment_node *const *nodes,
                     int count)
{
    json_put_array(json, key);
    for (int i = 0; i < count; i++)
        put(json, nodes[i]);
    json_write_end_array(json);
}

static void put_length(struct json *json, const char *key, int64_t count, enum calendar_unit unit)
{
    json_put_object(json, key);
    json_put_integer(json, "count", count);
    json_put_string(json, "unit", segment_unit_name(unit));
    json_write_end_object(json);
}

static void put_parts(struct json *json, const char *key, const struct segment_path *path,
                      int count)
{
    json_put_array(json, key);
    for (int i = 0; i < count; i++)
        json_write_string(json, path->parts[i]);
    json_write_end_array(json);
}

static void put_text_form(struct json *json, const char *key, const struct segment_node *node)
{
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_node(node, &text);
    json_put_string(json, key, text.data);
    buffer_release(&text);
}

/* ---- windows ---- */

static const char *const window_forms[] = {
    [WINDOW_ALL] = "all",
    [WINDOW_LAST] = "last",
    [WINDOW_NEXT] = "next",
    [WINDOW_BEFORE_LAST] = "before_last",
    [WINDOW_AGO] = "ago",
    [WINDOW_SINCE] = "since",
    [WINDOW_UNTIL] = "before",
    [WINDOW_FROM_TO] = "from_to",
    [WINDOW_THIS] = "this",
    [WINDOW_PREVIOUS] = "previous",
    [WINDOW_WITHIN] = "within",
    [WINDOW_AFTER] = "within_after",
    [WINDOW_BEFORE] = "within_before",
};

static bool has_window(const struct segment_window *window)
{
    return window->form != WINDOW_ALL || window->weekdays || window->anniversary;
}

static void put_window(struct json *json, const struct segment_window *window)
{
    if (!has_window(window))
        return;
    json_put_object(json, "window");
    json_put_string(json, "form", window_forms[window->form]);

    /* A form that has no length has no count either; `0 and 30 days ago` does have one. */
    if (window->count > 0 || window->form == WINDOW_AGO)
        put_length(json, "length", window->count, window->unit);
    if (window->form == WINDOW_AGO)
        put_length(json, "longer", window->longer_count, window->unit);
    put_key(json, "anchor", window->anchor);
    put_key(json, "to", window->to);

    if (window->weekdays) {
        json_put_array(json, "weekdays");
        for (int day = 1; day <= DAYS_A_WEEK; day++)
            if (window->weekdays & 1u << day)
                json_write_string(json, segment_weekday_name(day));
        json_write_end_array(json);
    }

    put_key(json, "anniversary", window->anniversary);
    json_write_end_object(json);
}

/* ---- facts ---- */

static void put_facts(struct json *json, const char *key, const struct segment_measure *measure,
                      bool shorten)
{
    json_put_object(json, key);

    json_put_array(json, "kinds");
    for (int i = 0; i < measure->written_count; i++) {
        const struct segment_path *path = &measure->written[i]->path;
        json_write_array(json);
        for (int p = 0; p < path->part_count - shorten; p++)
            json_write_string(json, path->parts[p]);
        json_write_end_array(json);
    }
    json_write_end_array(json);

    put_key(json, "where", measure->filter);
    json_write_end_object(json);
}

static void put_measure(struct json *json, const struct segment_node *node)
{
    const struct segment_measure *measure = node->measure;
    json_put_string(json, "measure", segment_aggregate_name(measure->aggregate));
    put_list(json, "of", measure->written, measure->written_count);
    if (measure->aggregate == AGGREGATE_NTH) {
        json_put_integer(json, "nth", measure->nth);
    }
    put_window(json, &measure->window);
    put_key(json, "where", measure->filter);
}

static void put_step(struct json *json, const struct segment_step *step)
{
    json_write_object(json);

    json_put_array(json, "kinds");
    for (int i = 0; i < step->kind_count; i++) {
        json_write_array(json);
        json_write_string(json, step->kinds[i]);
        json_write_end_array(json);
    }
    json_write_end_array(json);

    put_flag(json, "not", step->negated);
    if (step->alias)
        json_put_string(json, "as", step->alias);
    put_key(json, "where", step->filter);
    if (step->has_within)
        put_length(json, "within", step->within_count, step->within_unit);
    json_write_end_object(json);
}

static void put_sequence(struct json *json, const struct segment_node *node)
{
    const struct segment_sequence *sequence = node->sequence;
    json_put_array(json, "sequence");
    for (int i = 0; i < sequence->step_count; i++)
        put_step(json, &sequence->steps[i]);
    json_write_end_array(json);
    if (sequence->has_whole)
        put_length(json, "whole", sequence->whole_count, sequence->whole_unit);
    put_window(json, &sequence->window);
}

/* ---- forms ---- */

static void put_set(struct json *json, const struct segment_node *node)
{
    node = written(node);
    if (node->op == OP_SEGMENT) {
        json_write_string(json, node->name);
        return;
    }
    bool form = node->op == OP_FORM;

    const struct segment_node *pair = form ? written(node->child[0]) : node;

    /* A symmetric difference is two differences; the first one holds both sets. */
    if (form && node->form == FORM_DIFFERENCE)
        pair = written(pair->child[0]);

    json_write_object(json);
    const char *word = node->op == OP_AND ? "intersect" : "union";
    if (form)
        word = node->form == FORM_EXCEPT ? "except" : "symmetric_difference";

    json_put_array(json, word);
    for (int i = 0; i < pair->child_count; i++)
        put_set(json, form && i == 1 ? written(pair->child[1])->child[0] : pair->child[i]);
    json_write_end_array(json);
    json_write_end_object(json);
}

static void put_form(struct json *json, const struct segment_node *node)
{
    const struct segment_node *meaning = written(node->child[0]);
    if (node->form == FORM_FIRST_TIME) {
        bool windowed = meaning->op == OP_IN_WINDOW;
        put_facts(json, "first_time",
                  windowed ? written(meaning->child[0])->measure : meaning->measure, windowed);
        if (windowed)
            put_window(json, meaning->window);
    } else if (node->form == FORM_STOPPED) {
        const struct segment_measure *none = written(meaning->child[1])->measure;
        put_facts(json, "stopped", none, false);
        put_length(json, "for", none->window.count, none->window.unit);
    } else {
        json_write_key(json, "sets");
        put_set(json, node->form == FORM_SETS ? meaning : node);
    }
}

/* ---- constants ---- */

static void put_literal(struct json *json, const struct segment_node *node)
{
    const struct segment_literal *literal = &node->literal;
    char text[NUMBER_TEXT_MAX];

    /* As they were written, since programs show them to people again; only whole
     * numbers, texts and yes and no have a form of their own in JSON. */
    if (literal->is_percent) {
        json_put_string(json, "percent",
                        number_format_decimal(literal->integer, node->scale - 2, text));
    } else if (literal->is_length) {
        put_text_form(json, "length", node);
    } else if (node->type == VALUE_DURATION) {
        put_length(json, "duration", literal->count, literal->unit);
    } else if (node->type == VALUE_DATE || node->type == VALUE_TIME) {
        put_text_form(json, node->type == VALUE_DATE ? "date" : "moment", node);
    } else if (node->type == VALUE_DECIMAL || node->type == VALUE_DOUBLE) {
        put_text_form(json, node->type == VALUE_DECIMAL ? "decimal" : "double", node);
    } else {
        json_write_key(json, "value");
        if (node->type == VALUE_TEXT)
            json_write_text(json, literal->text);
        else if (node->type == VALUE_BOOL)
            json_write_bool(json, literal->integer != 0);
        else
            json_write_integer(json, literal->integer);
    }
}

/* ---- tests ---- */

static void put_pair(struct json *json, const struct segment_node *node)
{
    put_key(json, "left", node->child[0]);
    put_key(json, "right", node->child[1]);
    put_flag(json, "negated", node->negated);
    put_flag(json, "ignoring_case", node->folded);
}

static void put_compare(struct json *json, const struct segment_node *node)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    json_put_string(json, "compare", signs[node->compare]);
    put_pair(json, node);
}

static void put_text_test(struct json *json, const struct segment_node *node)
{
    static const char *const texts[] = {"contains", "starts with", "ends with",
                                        "like",     "matches",     "="};
    json_put_string(json, "text_test", texts[node->text_test]);
    put_pair(json, node);
}

static void put_between(struct json *json, const struct segment_node *node)
{
    put_key(json, "between", node->child[0]);
    put_key(json, "from", node->child[1]);
    put_key(json, "to", node->child[2]);
    put_flag(json, "negated", node->negated);
}

static void put_in(struct json *json, const struct segment_node *node)
{
    static const char *const sets[] = {"any of", "all of", "none of"};
    if (node->op == OP_SET)
        json_put_string(json, "set_test", sets[node->set_test]);
    put_key(json, node->op == OP_IN ? "in" : "left", node->child[0]);
    put_list(json, "values", node->child + 1, node->child_count - 1);
    put_flag(json, "negated", node->negated);
    put_flag(json, "ignoring_case", node->folded);
}

static void put_known(struct json *json, const struct segment_node *node)
{
    put_key(json, "known", node->child[0]);
    put_flag(json, "negated", node->negated);
}

static void put_in_window(struct json *json, const struct segment_node *node)
{
    put_key(json, node->op == OP_IN_WINDOW ? "in_window" : "anniversary", node->child[0]);
    put_window(json, node->window);
}

static void put_rank(struct json *json, const struct segment_node *node)
{
    const struct segment_rank *rank = node->rank;
    char text[NUMBER_TEXT_MAX];

    /* The key that says what it is holds what is particular to it: a value, a
     * share or a count. */
    if (node->op == OP_PERCENTILE) {
        put_key(json, "percentile", node->child[0]);
    } else {
        const char *end = rank->bottom ? "bottom" : "top";
        json_write_key(json, node->op == OP_NTILE ? "ntile" : end);
        if (node->op == OP_TOP && rank->is_percent) {
            json_write_object(json);
            json_put_string(json, "percent",
                            number_format_decimal(rank->percent_scaled, rank->percent_scale, text));
            json_write_end_object(json);
        } else {
            json_write_integer(json, rank->count);
        }
        put_key(json, "by", node->child[0]);
    }
    put_key(json, "among", rank->among);
}

static void put_sample(struct json *json, const struct segment_node *node)
{
    char text[NUMBER_TEXT_MAX];
    if (node->op == OP_SAMPLE) {
        json_put_string(
            json, "sample",
            number_format_decimal(node->sample.percent_scaled, node->sample.percent_scale, text));
    } else {
        json_put_integer(json, "bucket", node->sample.buckets);
    }
    if (*node->sample.seed)
        json_put_string(json, "seed", node->sample.seed);
}

static void put_segment(struct json *json, const struct segment_node *node)
{
    json_put_string(json, "member_of", node->name);
}

static void put_static_list(struct json *json, const struct segment_node *node)
{
    json_put_string(json, "list", node->name);
}

static void put_record(struct json *json, const struct segment_node *node)
{
    static const char *const records[] = {"in", "entered", "left"};
    json_put_string(json, "record", records[node->record->kind]);
    json_put_string(json, "segment", node->name);
    if (node->record->has_window)
        put_window(json, &node->record->window);
}

static void put_ever(struct json *json, const struct segment_node *node)
{
    put_key(json, "ever", node->child[0]);
    if (node->history->has_window)
        put_window(json, &node->history->window);
}

static void put_changed(struct json *json, const struct segment_node *node)
{
    put_key(json, "changed", node->child[0]);
    put_key(json, "from", node->child[1]);
    put_key(json, "to", node->child[2]);
    if (node->history->has_window)
        put_window(json, &node->history->window);
}

static void put_account(struct json *json, const struct segment_node *node)
{
    static const char *const quantifiers[] = {"any", "all", "none", "count"};
    json_put_string(json, "account", quantifiers[node->account->quantifier]);
    put_parts(json, "of", &node->account->path, node->account->path.part_count);
    put_key(json, "where", node->child_count > 0 ? node->child[0] : NULL);
}

static void put_resumed(struct json *json, const struct segment_node *node)
{
    put_facts(json, "resumed", &node->resumed->facts, false);
    put_length(json, "after", node->resumed->gap_count, node->resumed->gap_unit);
    put_window(json, &node->resumed->facts.window);
}

static void put_periods(struct json *json, const struct segment_node *node)
{
    json_put_string(json, "periods", segment_unit_name(node->periods->unit));
    put_key(json, "where", node->child[0]);
    put_window(json, &node->periods->window);
}

static void put_function(struct json *json, const struct segment_node *node)
{
    if (node->function == FUNCTION_SINCE || node->function == FUNCTION_UNTIL) {
        put_key(json, segment_function_name(node->function), node->child[0]);
        json_put_string(json, "unit", segment_unit_name(node->unit));
        return;
    }
    json_put_string(json, "function", segment_function_name(node->function));
    put_list(json, "of", node->child, node->child_count);
}

static void put_operands(struct json *json, const struct segment_node *node)
{
    static const char *const keys[OP_COUNT_] = {
        [OP_AND] = "and",           [OP_OR] = "or",
        [OP_ADD] = "add",           [OP_SUBTRACT] = "subtract",
        [OP_MULTIPLY] = "multiply", [OP_DIVIDE] = "divide"};
    put_list(json, keys[node->op], node->child, node->child_count);
}

static void put_not(struct json *json, const struct segment_node *node)
{
    put_key(json, "not", node->child[0]);
}

static void put_negate(struct json *json, const struct segment_node *node)
{
    put_key(json, "negate", node->child[0]);
}

static void put_now(struct json *json, const struct segment_node *node)
{
    put_flag(json, node->op == OP_NOW ? "now" : "today", true);
}

static void put_as_of(struct json *json, const struct segment_node *node)
{
    put_key(json, "as_of", node->child[0]);
    put_parts(json, "trait", &node->path, node->path.part_count);
}

static void put_gap(struct json *json, const struct segment_node *node)
{
    put_parts(json, "gap", &node->child[0]->path, node->child[0]->path.part_count);
}

static void put_name(struct json *json, const struct segment_node *node)
{
    put_parts(json, "name", &node->path, node->path.part_count);
}

/* What is only looked through has no fields of its own. */
static void put_inner(struct json *json, const struct segment_node *node)
{
    (void)json, (void)node;
    ENSURE(!"a node that is looked through");
}

static void (*const put_fields[OP_COUNT_])(struct json *json, const struct segment_node *node) = {
#define OP(name, stands, carries, level, json, ...) [OP_##name] = put_##json,
#include "segment/ops.def"
#undef OP
};

static void put(struct json *json, const struct segment_node *node)
{
    node = written(node);
    while (node->op == OP_CUSTOMER || node->op == OP_TRUTH)
        node = written(node->child[0]);
    json_write_object(json);
    /* Deep trees end in text, since programs read nested objects with a limit of their
     * own. A form of sets is not divided. */
    bool deep_sets = node->op == OP_FORM && json->depth + node->depth > JSON_LEVELS;
    if (json->depth > JSON_LEVELS || deep_sets)
        put_text_form(json, "text", node);
    else
        put_fields[node->op](json, node);
    json_write_end_object(json);
}

void segment_write_json(const struct segment_set *set, int segment, struct json *json)
{
    const struct segment_definition *definition = &set->segments[segment];
    json_write_object(json);
    json_put_string(json, "segment", definition->name);
    if (definition->title)
        json_put_string(json, "title", definition->title);
    if (definition->scheme >= 0)
        json_put_string(json, "scheme", set->schemes[definition->scheme].name);
    put_flag(json, "else", definition->is_else);
    put_key(json, "where", definition->condition);
    json_write_end_object(json);
}

void segment_write_scheme_json(const struct segment_set *set, int scheme, struct json *json)
{
    const struct segment_scheme *from = &set->schemes[scheme];
    json_write_object(json);
    json_put_string(json, "scheme", from->name);
    if (from->title)
        json_put_string(json, "title", from->title);
    json_put_bool(json, "exclusive", from->exclusive);
    json_put_array(json, "members");

    for (int i = 0; i < from->member_count; i++) {
        const struct segment_definition *member = &set->segments[from->first_member + i];
        json_write_object(json);
        json_put_string(json, "member", member->name + strlen(from->name) + 1);
        if (member->title)
            json_put_string(json, "title", member->title);
        put_flag(json, "else", member->is_else);
        put_key(json, "where", member->condition);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_end_object(json);
}
