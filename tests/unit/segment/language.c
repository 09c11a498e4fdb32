/* The front end of the segment language: canonical text, types, order, and the golden texts of its
 * errors. */
#include "base/json.h"
#include "segment/segment.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop.h"

static const char world[] =
    "segment vip where count(order) > 5\n"
    "segment lapsing where none(order last 60 days)\n"
    "segment holdout where sample 10%\n"
    "scheme life exclusive\n  new where any(order last 30 days)\n  else old\n"
    "scheme taste overlapping\n  shoes where any(order where category = 'shoes')\n"
    "  hats where any(order where category = 'hats')\n"
    "list winter from 'winter.csv'\n";

struct fixture {
    struct arena arena;
    struct schema *schema;
    struct segment_set *known;
};

static void print_problems(const struct segment_problems *problems)
{
    char text[4096];
    for (size_t i = 0; i < problems->count; i++)
        print_message("# %s\n", error_describe(&problems->items[i].error, text, sizeof text));
}

static struct segment_set *build(struct fixture *fixture, const char *text,
                                 const struct segment_set *known)
{
    struct segment_source source = {"test", text_from(text)};
    struct segment_problems problems = {0};
    struct segment_set *set;
    struct error error;
    if (segment_set_build(&source, 1, fixture->schema, known, &fixture->arena, &problems, &set,
                          &error) != STATUS_OK) {
        print_problems(&problems);
        fail_msg("does not build: %s", text);
    }
    return set;
}

static struct segment_set *build_condition(struct fixture *fixture, struct text condition)
{
    struct segment_problems problems = {0};
    struct segment_set *set;
    struct error error;
    if (segment_condition_build(condition, fixture->schema, fixture->known, &fixture->arena,
                                &problems, &set, &error) != STATUS_OK) {
        print_problems(&problems);
        fail_msg("does not build: %.*s", (int)condition.length, condition.data);
    }
    return set;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    arena_init(&fixture->arena, 0);
    fixture->schema = shop_schema(&fixture->arena);
    fixture->known = build(fixture, world, NULL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    segment_set_free(fixture->known);
    arena_release(&fixture->arena);
    free(fixture);
    return 0;
}

static const struct segment_definition *last_of(const struct segment_set *set)
{
    return &set->segments[set->segment_count - 1];
}

/* Calls visit for each line of a golden file that is neither empty nor a comment. */
static int each_line(struct fixture *fixture, const char *path,
                     void (*visit)(struct fixture *, char *line))
{
    struct text file = shop_file(path, &fixture->arena);
    char *rest, *text = (char *)(uintptr_t)file.data;
    int lines = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (*line != '#') {
            visit(fixture, line);
            lines++;
        }
    return lines;
}

/* ---- canonical text ---- */

static void check_canonical(struct fixture *fixture, char *line)
{
    char *expected = strstr(line, "   => ");
    if (expected) {
        *expected = '\0';
        expected += 6;
    } else {
        expected = line;
    }
    struct segment_set *set = build_condition(fixture, text_from(line));
    if (strcmp(last_of(set)->text, expected) != 0)
        fail_msg("“%s” becomes “%s”", line, last_of(set)->text);
    /* What the checker put in does not show, and the canonical text means itself. */
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_node(last_of(set)->condition, &text);
    if (strcmp(text.data, expected) != 0)
        fail_msg("“%s” becomes “%s” once checked", line, text.data);
    buffer_release(&text);
    struct segment_set *again = build_condition(fixture, text_from(expected));
    if (strcmp(last_of(again)->text, expected) != 0)
        fail_msg("“%s” becomes “%s” in the end", expected, last_of(again)->text);
    segment_set_free(again);
    segment_set_free(set);
}

/* The tree as JSON and back is the same text. */
static void check_json(struct fixture *fixture, char *line)
{
    char *cut = strstr(line, "   => ");
    if (cut)
        *cut = '\0';
    struct segment_set *set = build_condition(fixture, text_from(line));
    struct buffer json_text, source, expected;
    struct json json;
    struct error error;
    buffer_init(&json_text, 0);
    buffer_init(&source, 0);
    buffer_init(&expected, 0);
    json_init(&json, &json_text, false);
    struct segment_definition *definition = &set->segments[set->segment_count - 1];
    definition->name = "round";
    segment_write_json(set, set->segment_count - 1, &json);
    if (segment_read_json((struct text){json_text.data, json_text.length}, &source, &error) !=
        STATUS_OK)
        fail_msg("“%s” as %s: %s", line, json_text.data, error.message);
    struct segment_set *again = build(fixture, source.data, fixture->known);
    if (strcmp(last_of(again)->text, definition->text) != 0)
        fail_msg("“%s” as %s becomes “%s”", definition->text, json_text.data, last_of(again)->text);
    segment_set_free(again);
    segment_set_free(set);
    buffer_release(&json_text);
    buffer_release(&source);
    buffer_release(&expected);
}

static void test_json(void **state)
{
    struct fixture *fixture = *state;
    each_line(fixture, "tests/golden/canonical.txt", check_json);
    struct buffer out, source;
    struct json json;
    struct error error;
    buffer_init(&out, 0);
    buffer_init(&source, 0);
    json_init(&json, &out, false);
    segment_write_scheme_json(fixture->known, 0, &json);
    assert_string_equal(
        out.data,
        "{\"scheme\":\"life\",\"exclusive\":true,\"members\":[{\"member\":\"new\",\"where\":"
        "{\"measure\":\"any\",\"of\":[{\"name\":[\"order\"]}],\"window\":{\"form\":\"last\","
        "\"length\":{\"count\":30,\"unit\":\"day\"}}}},{\"member\":\"old\",\"else\":true}]}");
    assert_int_equal(segment_read_json((struct text){out.data, out.length}, &source, &error),
                     STATUS_OK);
    struct segment_set *set = build(fixture, source.data, NULL);
    assert_int_equal(set->segment_count, 2);
    segment_set_free(set);
    static const char *const wrong[] = {
        "",
        "{",
        "[1]",
        "{}",
        "{\"segment\":\"a\"",
        "{\"segment\":1,\"where\":{}}",
        "{\"segment\":\"a\",\"where\":{}}",
        "{\"segment\":\"a\",\"where\":{\"known\":5}}",
        "{\"segment\":\"a.b\",\"scheme\":\"a\",\"where\":{\"value\":true}}",
        "{\"segment\":\"a\",\"where\":{\"decimal\":\"1 or (active)\"}}",
        "{\"segment\":\"a\",\"where\":{\"and\":[]}}",
        "{\"segment\":\"a\",\"where\":{\"in_window\":{\"name\":[\"x\"]},\"window\":{\"form\":"
        "\"never\"}}}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (segment_read_json(text_from(wrong[i]), &source, &error) == STATUS_OK)
            fail_msg("%s is read", wrong[i]);
    buffer_release(&out);
    buffer_release(&source);
}

static void test_canonical(void **state)
{
    int lines = each_line(*state, "tests/golden/canonical.txt", check_canonical);
    print_message("# %d conditions\n", lines);
    assert_true(lines > 250);
}

static void check_file(struct fixture *fixture, const char *path)
{
    struct text text = shop_file(path, &fixture->arena);
    struct buffer once, twice;
    struct error error;
    buffer_init(&once, 0);
    buffer_init(&twice, 0);
    if (segment_format(text, path, &once, &error) != STATUS_OK ||
        segment_format((struct text){once.data, once.length}, path, &twice, &error) != STATUS_OK)
        fail_msg("%s: %s", error.place, error.message);
    assert_string_equal(once.data, twice.data);
    struct segment_source sources[] = {{path, text}, {path, {once.data, once.length}}};
    struct segment_set *sets[2];
    for (int i = 0; i < 2; i++)
        if (segment_set_build(&sources[i], 1, NULL, NULL, &fixture->arena, NULL, &sets[i],
                              &error) != STATUS_OK)
            fail_msg("%s: %s", error.place, error.message);
    assert_int_equal(sets[0]->segment_count, sets[1]->segment_count);
    for (int i = 0; i < sets[0]->segment_count; i++)
        assert_string_equal(sets[0]->segments[i].text, sets[1]->segments[i].text);
    segment_set_free(sets[0]);
    segment_set_free(sets[1]);
    buffer_release(&once);
    buffer_release(&twice);
}

static void test_files(void **state)
{
    check_file(*state, "tests/golden/design.strata");
    check_file(*state, "examples/shop.strata");
}

static void test_layout(void **state)
{
    (void)state;
    static const char source[] =
        "-- top\n\n-- about a\nsegment a \"An \"\"a\"\"\" where x=1 -- one\n-- two\nand y=2 -- "
        "three\n-- four\n"
        "segment b where -- five\n p or q\n\n\n"
        "scheme s exclusive -- six\n  short where x=1 -- seven\n -- eight\n"
        "  much_longer \"T\" where a and b else c -- nine\n"
        "list l from 'l.csv' -- ten\n-- end";
    static const char expected[] = "-- top\n"
                                   "\n"
                                   "-- about a\n"
                                   "segment a \"An \"\"a\"\"\"\n"
                                   "  where x = 1  -- one\n"
                                   "    -- two\n"
                                   "    and y = 2  -- three\n"
                                   "\n"
                                   "-- four\n"
                                   "segment b\n"
                                   "  -- five\n"
                                   "  where p\n"
                                   "     or q\n"
                                   "\n"
                                   "scheme s exclusive\n"
                                   "  -- six\n"
                                   "  short           where x = 1  -- seven\n"
                                   "  -- eight\n"
                                   "  much_longer \"T\" where a\n"
                                   "                    and b\n"
                                   "  else c  -- nine\n"
                                   "\n"
                                   "list l from 'l.csv'  -- ten\n"
                                   "\n"
                                   "-- end\n";
    struct buffer out, again;
    struct error error;
    buffer_init(&out, 0);
    buffer_init(&again, 0);
    assert_int_equal(segment_format(text_from(source), "x", &out, &error), STATUS_OK);
    assert_string_equal(out.data, expected);
    assert_int_equal(segment_format((struct text){out.data, out.length}, "x", &again, &error),
                     STATUS_OK);
    assert_string_equal(again.data, expected);
    buffer_release(&out);
    buffer_release(&again);
}

/* ---- the reference: docs/language.md ---- */

/* Definitions in a fence begin with a word or a comment of their own; else each line is a
 * condition. */
static bool holds_definitions(const char *fence)
{
    static const char *const begins[] = {"--", "segment ", "scheme ", "list "};
    for (size_t i = 0; i < 4; i++)
        if (strncmp(fence, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static int check_fence(struct fixture *fixture, char *fence)
{
    if (holds_definitions(fence)) {
        segment_set_free(build(fixture, fence, fixture->known));
        return 1;
    }
    int conditions = 0;
    char *rest;
    for (char *line = strtok_r(fence, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest), conditions++) {
        struct segment_set *set = build_condition(fixture, text_from(line));
        if (strcmp(last_of(set)->text, line) != 0)
            fail_msg("the reference says “%s”, whose canonical form is “%s”", line,
                     last_of(set)->text);
        segment_set_free(set);
    }
    return conditions;
}

static void test_reference(void **state)
{
    struct fixture *fixture = *state;
    struct text file = shop_file("docs/language.md", &fixture->arena);
    int examples = 0;
    for (char *at = (char *)(uintptr_t)file.data; (at = strstr(at, "```strata\n"));) {
        char *begin = at + strlen("```strata\n"), *end = strstr(begin, "\n```");
        assert_non_null(end);
        end[1] = '\0';
        examples += check_fence(fixture, begin);
        at = end + 2;
    }
    print_message("# %d examples\n", examples);
    assert_true(examples > 100);
}

/* ---- types ---- */

static const struct segment_node *value_of(const struct segment_set *set)
{
    return last_of(set)->condition->child[0];
}

static void test_types(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *value;
        enum value_type type;
        int scale;
        bool is_double;
    } cases[] = {
        {"nps", VALUE_INT, 0, false},
        {"budget", VALUE_DECIMAL, 2, false},
        {"clv.value", VALUE_DECIMAL, 2, false},
        {"budget + nps", VALUE_DECIMAL, 2, false},
        {"budget * 1.125", VALUE_DECIMAL, 5, false},
        {"budget * 0.12345678901234567", VALUE_DOUBLE, 0, false},
        {"budget * score", VALUE_DOUBLE, 0, false},
        {"nps / 2", VALUE_DOUBLE, 0, false},
        {"today - 3 days", VALUE_DATE, 0, false},
        {"now - 3 months", VALUE_TIME, 0, false},
        {"now - signup", VALUE_DURATION, 0, false},
        {"now - birth_date", VALUE_DURATION, 0, false},
        {"2 * 3 days", VALUE_DURATION, 0, false},
        {"1.5 * 3 days", VALUE_DURATION, 0, true},
        {"3 days / 2", VALUE_DURATION, 0, true},
        {"count(order)", VALUE_INT, 0, false},
        {"sum(order.amount)", VALUE_DECIMAL, 2, false},
        {"sum(order.price * order.quantity)", VALUE_DECIMAL, 3, false},
        {"avg(order.amount)", VALUE_DOUBLE, 0, false},
        {"avg(gap(order.time))", VALUE_DURATION, 0, true},
        {"max(gap(order.time))", VALUE_DURATION, 0, false},
        {"min(order.time)", VALUE_TIME, 0, false},
        {"last(order.product.category)", VALUE_TEXT, 0, false},
        {"account.employees", VALUE_INT, 0, false},
        {"coalesce(budget, 0)", VALUE_DECIMAL, 2, false},
        {"least(nps, score)", VALUE_DOUBLE, 0, false},
        {"distance(location, 1, 2)", VALUE_DOUBLE, 0, false},
        {"percentile by nps", VALUE_DOUBLE, 0, false},
        {"life", VALUE_TEXT, 0, false},
        {"any(order)", VALUE_BOOL, 0, false},
        {"count(account.customers)", VALUE_INT, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char condition[200];
        snprintf(condition, sizeof condition, "%s is known", cases[i].value);
        struct segment_set *set = build_condition(fixture, text_from(condition));
        const struct segment_node *node = value_of(set);
        if (node->type != cases[i].type || node->scale != cases[i].scale ||
            node->is_double != cases[i].is_double)
            fail_msg("%s: %s, scale %d, double %d", cases[i].value, value_type_name(node->type),
                     node->scale, node->is_double);
        segment_set_free(set);
    }
}

static void test_coercions(void **state)
{
    struct fixture *fixture = *state;
    struct segment_set *set = build_condition(fixture, TEXT("signup >= 2025-01-01"));
    const struct segment_node *node = last_of(set)->condition;
    assert_int_equal(node->child[0]->op, OP_FUNCTION);
    assert_int_equal(node->child[0]->function, FUNCTION_DATE);
    assert_true(node->child[0]->implicit);
    assert_int_equal(node->child[0]->child[0]->op, OP_TRAIT);
    segment_set_free(set);

    set =
        build_condition(fixture, TEXT("weeks since last(order.time) > 1.5 * avg(gap(order.time))"));
    node = last_of(set)->condition->child[0];
    assert_int_equal(node->op, OP_MULTIPLY);
    assert_int_equal(node->type, VALUE_DURATION);
    assert_int_equal(node->child[1]->literal.integer, 604800);
    segment_set_free(set);

    set = build_condition(fixture, TEXT("coalesce(budget, 7) > 1"));
    node = last_of(set)->condition->child[0]->child[1];
    assert_int_equal(node->op, OP_MULTIPLY);
    assert_int_equal(node->type, VALUE_DECIMAL);
    assert_int_equal(node->scale, 2);
    assert_int_equal(node->child[1]->literal.integer, 100);
    assert_int_equal(node->child[1]->scale, 2);
    segment_set_free(set);

    set = build_condition(fixture, TEXT("signup > 2025-07-01T12:00"));
    assert_int_equal(last_of(set)->condition->child[1]->literal.integer,
                     INT64_C(1751364000)); /* 10:00 UTC */
    segment_set_free(set);

    set = build_condition(fixture, TEXT("count(order where amount > avg(order.amount)) > 1"));
    node = last_of(set)->condition->child[0]->measure->filter;
    assert_int_equal(node->child[1]->op, OP_CUSTOMER);
    assert_int_equal(node->child[1]->child[0]->op, OP_MEASURE);
    segment_set_free(set);
}

static void test_names(void **state)
{
    struct fixture *fixture = *state;
    struct segment_set *set =
        build_condition(fixture, TEXT("count(order where product.brand.name = 'x') > 1"));
    const struct segment_path *path =
        &last_of(set)->condition->child[0]->measure->filter->child[0]->path;
    assert_true(path->is_key);
    assert_int_equal(path->length, 2);
    assert_string_equal(path->names[0], "product");
    assert_string_equal(path->names[1], "brand");
    assert_string_equal(fixture->schema->tables[path->hop_table[0]].name, "product");
    assert_string_equal(
        fixture->schema->tables[path->hop_table[0]].columns[path->hop_column[0]].name, "brand");
    segment_set_free(set);

    set = build_condition(fixture, TEXT("sum(refund.amount, order.amount) > 1"));
    const struct segment_measure *measure = last_of(set)->condition->child[0]->measure;
    assert_int_equal(measure->kind_count, 2);
    assert_string_equal(measure->kinds[0], "refund");
    assert_int_equal(measure->argument->op, OP_PROPERTY);
    for (int k = 0; k < 2; k++) {
        const struct schema_table *table = &fixture->schema->tables[measure->kind_table[k]];
        assert_string_equal(table->name, measure->kinds[k]);
        assert_string_equal(table->columns[measure->argument->path.start_column[k]].name, "amount");
    }
    segment_set_free(set);

    set = build_condition(
        fixture, TEXT("sequence(view as v, order where product = v.product and v.time < time)"));
    const struct segment_sequence *sequence = last_of(set)->condition->sequence;
    const struct segment_node *filter = sequence->steps[1].filter;
    assert_int_equal(filter->child[0]->child[1]->op, OP_STEP);
    assert_int_equal(filter->child[0]->child[1]->path.step, 0);
    assert_true(filter->child[1]->child[0]->path.is_time);
    assert_int_equal(filter->child[1]->child[1]->op, OP_FACT_TIME);
    segment_set_free(set);

    set = build_condition(fixture, TEXT("sum(order.line.amount) > 1"));
    assert_string_equal(last_of(set)->condition->child[0]->measure->kinds[0], "order.line");
    segment_set_free(set);
}

/* ---- sets ---- */

static int place_in_order(const struct segment_set *set, const char *name)
{
    int index = segment_set_find(set, name);
    for (int i = 0; i < set->segment_count; i++)
        if (set->order[i] == index)
            return i;
    fail_msg("no segment %s", name);
    return -1;
}

static void test_order(void **state)
{
    struct fixture *fixture = *state;
    struct segment_set *set =
        build(fixture,
              "segment a where in b and in s.y\nsegment b where in c\n"
              "segment c where life = 'new'\n"
              "scheme s exclusive\n x where active\n y where not in s.x\n else z\n",
              fixture->known);
    assert_true(place_in_order(set, "a") > place_in_order(set, "b"));
    assert_true(place_in_order(set, "b") > place_in_order(set, "c"));
    assert_true(place_in_order(set, "c") > place_in_order(set, "life.new"));
    assert_true(place_in_order(set, "c") > place_in_order(set, "life.old"));
    assert_true(place_in_order(set, "a") > place_in_order(set, "s.y"));
    assert_true(place_in_order(set, "s.z") > place_in_order(set, "s.y"));
    const struct segment_definition *z = &set->segments[segment_set_find(set, "s.z")];
    assert_true(z->is_else);
    assert_null(z->condition);
    assert_string_equal(z->text, "else");
    segment_set_free(set);
}

static void test_known(void **state)
{
    struct fixture *fixture = *state;
    struct segment_set *set = build(fixture,
                                    "segment vip \"New\" where active\nsegment extra where in vip\n"
                                    "scheme life exclusive\n only where in extra\n",
                                    fixture->known);
    int vip = segment_set_find(set, "vip");
    assert_int_equal(vip, 0);
    assert_string_equal(set->segments[vip].text, "active");
    assert_string_equal(set->segments[vip].title, "New");
    assert_int_equal(segment_set_find(set, "life.new"), -1);
    assert_true(segment_set_find(set, "life.only") > 0);
    assert_true(segment_set_find(set, "taste.hats") > 0);
    assert_int_equal(set->list_count, 1);
    assert_string_equal(set->lists[0], "winter");
    assert_string_equal(set->list_files[0], "winter.csv");
    int scheme = segment_set_find_scheme(set, "life");
    assert_int_equal(set->schemes[scheme].member_count, 1);
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_definition(set, vip, &text);
    segment_format_scheme(set, scheme, &text);
    assert_string_equal(
        text.data,
        "segment vip \"New\"\n  where active\nscheme life exclusive\n  only where in extra\n");
    buffer_release(&text);
    segment_set_free(set);
}

static void test_saved_warnings(void **state)
{
    struct fixture *fixture = *state;
    struct segment_set *saved = build(fixture, "segment a where plan != 'free'\n", NULL), *set;
    struct segment_problems problems = {0};
    struct error error;
    assert_int_equal(segment_condition_build(TEXT("in a and city != 'x'"), fixture->schema, saved,
                                             &fixture->arena, &problems, &set, &error),
                     STATUS_OK);
    assert_int_equal(problems.count, 1); /* what was saved was warned about then */
    assert_string_equal(problems.items[0].error.place, "condition:1:10");
    segment_set_free(set);
    segment_set_free(saved);
}

/* ---- windows ---- */

static int64_t moment_of(const struct zone *zone, const char *text)
{
    int64_t moment;
    if (!moment_parse(zone, text_from(text), &moment))
        fail_msg("%s", text);
    return moment;
}

/* The bounds as people would say them; "" is no bound. T is 31 March 2025, 14:05:09 in Vienna, a
 * day after clocks went forward. */
static void test_windows(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *window, *lo, *hi;
    } cases[] = {
        {"last 30 days", "2025-03-01T13:05:10", "2025-03-31T14:05:09"},
        {"last 1 month", "2025-02-28T14:05:10", "2025-03-31T14:05:09"},
        {"last 36 hours", "2025-03-30T01:05:10", "2025-03-31T14:05:09"},
        {"last 1 quarter", "2024-12-31T14:05:10", "2025-03-31T14:05:09"},
        {"before last 1 month", "", "2025-02-28T14:05:09"},
        {"between 1 and 2 months ago", "2025-01-31T14:05:10", "2025-02-28T14:05:09"},
        {"between 0 and 1 days ago", "2025-03-30T14:05:10", "2025-03-31T14:05:09"},
        {"since 2025-03-30", "2025-03-30T00:00", "2025-03-31T14:05:09"},
        {"before 2025-03-30", "", "2025-03-29T23:59:59"},
        {"from 2025-03-30 to 2025-03-30", "2025-03-30T00:00", "2025-03-30T23:59:59"},
        {"from 2025-03-01T12:00 to 2025-03-30T03:30", "2025-03-01T12:00", "2025-03-30T03:30"},
        {"today", "2025-03-31T00:00", "2025-03-31T23:59:59"},
        {"yesterday", "2025-03-30T00:00", "2025-03-30T23:59:59"},
        {"this week", "2025-03-31T00:00", "2025-04-06T23:59:59"},
        {"this month", "2025-03-01T00:00", "2025-03-31T23:59:59"},
        {"this quarter", "2025-01-01T00:00", "2025-03-31T23:59:59"},
        {"this year", "2025-01-01T00:00", "2025-12-31T23:59:59"},
        {"last calendar week", "2025-03-24T00:00", "2025-03-30T23:59:59"},
        {"last calendar month", "2025-02-01T00:00", "2025-02-28T23:59:59"},
        {"last 3 calendar months", "2024-12-01T00:00", "2025-02-28T23:59:59"},
        {"last 2 calendar years", "2023-01-01T00:00", "2024-12-31T23:59:59"},
        {"within 1 day of 2025-03-30", "2025-03-29T00:00", "2025-03-31T23:59:59"},
        {"within 2 hours after 2025-03-30T01:30", "2025-03-30T01:30", "2025-03-30T04:30"},
        {"within 2 hours before 2025-03-30", "2025-03-29T22:00", "2025-03-30T23:59:59"},
        {"within 1 month after 2025-01-31", "2025-01-31T00:00", "2025-02-28T23:59:59"},
    };
    struct zone *zone;
    struct error error;
    assert_int_equal(zone_open("Europe/Vienna", &zone, &error), STATUS_OK);
    int64_t now = moment_of(zone, "2025-03-31T14:05:09");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char condition[200], lo[MOMENT_TEXT_MAX], hi[MOMENT_TEXT_MAX];
        snprintf(condition, sizeof condition, "signup %s", cases[i].window);
        struct segment_set *set = build_condition(fixture, text_from(condition));
        const struct segment_window *window = last_of(set)->condition->window;
        struct segment_anchor anchor = {0}, to = {0};
        if (window->anchor)
            anchor = (struct segment_anchor){window->anchor->type == VALUE_DATE,
                                             window->anchor->literal.integer};
        if (window->to)
            to = (struct segment_anchor){window->to->type == VALUE_DATE,
                                         window->to->literal.integer};
        struct segment_bounds bounds = segment_window_bounds(window, zone, now, anchor, to);
        bool open = *cases[i].lo == '\0';
        if (open ? bounds.lo != INT64_MIN : bounds.lo != moment_of(zone, cases[i].lo))
            fail_msg("%s begins %s", cases[i].window, moment_format(zone, bounds.lo, lo));
        if (bounds.hi != moment_of(zone, cases[i].hi))
            fail_msg("%s ends %s", cases[i].window, moment_format(zone, bounds.hi, hi));
        segment_set_free(set);
    }
    zone_close(zone);
}

/* ---- errors: golden texts ---- */

static void describe_problems(const struct segment_problems *problems, struct buffer *out)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct segment_problem *problem = &problems->items[i];
        buffer_printf(out, "%s%s: %s\n", problem->is_warning ? "warning: " : "",
                      problem->error.place, problem->error.message);
        buffer_printf(out, "%s\n", problem->excerpt);
        if (*problem->error.hint)
            buffer_printf(out, "%s\n", problem->error.hint);
    }
}

/* The problems of one wrong definition, as the golden file has them. */
static void find_problems(struct fixture *fixture, const char *definition, struct buffer *out)
{
    struct segment_source source = {"x", text_from(definition)};
    struct segment_problems problems = {0};
    struct segment_set *set;
    struct error error;
    enum status status = segment_set_build(&source, 1, fixture->schema, fixture->known,
                                           &fixture->arena, &problems, &set, &error);
    describe_problems(&problems, out);
    if (status == STATUS_OK)
        segment_set_free(set);
    if ((status == STATUS_OK) != (problems.errors == 0))
        fail_msg("“%s”: status and problems disagree", definition);
}

/* Cases are parted by empty lines: the definition, its lines behind "> ", then the exact problems.
 * With STRATA_GOLDEN set to a file name, what the program says is written there, to be read and
 * taken over. */
static void test_errors(void **state)
{
    struct fixture *fixture = *state;
    struct text file = shop_file("tests/golden/errors.txt", &fixture->arena);
    const char *path = getenv("STRATA_GOLDEN");
    FILE *golden = path ? fopen(path, "w") : NULL;
    int cases = 0, wrong = 0;
    struct buffer definition, expected, found;
    buffer_init(&definition, 0);
    buffer_init(&expected, 0);
    buffer_init(&found, 0);
    for (const char *at = file.data; *at;) {
        buffer_reset(&definition);
        buffer_reset(&expected);
        buffer_reset(&found);
        while (*at && *at != '\n') {
            size_t length = strcspn(at, "\n");
            bool input = length >= 2 && strncmp(at, "> ", 2) == 0;
            if (golden && (input || *at == '#'))
                fprintf(golden, "%.*s\n", (int)length, at);
            if (input)
                buffer_printf(&definition, "%.*s\n", (int)length - 2, at + 2);
            else if (*at != '#')
                buffer_printf(&expected, "%.*s\n", (int)length, at);
            at += length + (at[length] == '\n');
        }
        at += *at == '\n';
        if (definition.length > 0) {
            find_problems(fixture, definition.data, &found);
            cases++;
        }
        if (golden)
            fprintf(golden, "%s\n", found.length ? found.data : "");
        if (strcmp(found.length ? found.data : "", expected.length ? expected.data : "") != 0) {
            wrong++;
            print_message("# %s# gives\n%s# instead of\n%s", definition.data,
                          found.length ? found.data : "(nothing)\n",
                          expected.length ? expected.data : "(nothing)\n");
        }
    }
    if (golden)
        fclose(golden);
    buffer_release(&definition);
    buffer_release(&expected);
    buffer_release(&found);
    print_message("# %d cases\n", cases);
    assert_int_equal(wrong, 0);
    assert_true(cases >= 80);
}

/* ---- limits ---- */

static enum status try_condition(struct fixture *fixture, const struct buffer *text,
                                 struct error *error)
{
    struct segment_set *set;
    enum status status =
        segment_condition_build((struct text){text->data, text->length}, fixture->schema, NULL,
                                &fixture->arena, NULL, &set, error);
    if (status == STATUS_OK)
        segment_set_free(set);
    return status;
}

static void test_limits(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *open, *middle, *close;
        int count;
        bool good;
    } cases[] = {
        {"(", "active", ")", 150, true},
        {"(", "active", ")", 5000, false},
        {"not ", "active", "", 190, true},
        {"not ", "active", "", 300, false},
        {"nps + ", "nps > 1", "", 150, true},
        {"nps + ", "nps > 1", "", 400, false},
        {"active and ", "active", "", 20000, true},
        {"- ", "nps > 1", "", 5000, false},
        {"abs(", "nps", ") > 1", 1, true},
        {"any(order where ", "gift", ")", 300, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        struct error error = {0};
        buffer_init(&text, 0);
        for (int n = 0; n < cases[i].count; n++)
            buffer_string(&text, cases[i].open);
        buffer_string(&text, cases[i].middle);
        for (int n = 0; n < cases[i].count; n++)
            buffer_string(&text, cases[i].close);
        if ((try_condition(fixture, &text, &error) == STATUS_OK) != cases[i].good)
            fail_msg("%d × “%s”: %s", cases[i].count, cases[i].open, error.message);
        buffer_release(&text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_canonical, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
    cmocka_unit_test(test_layout),
    cmocka_unit_test_setup_teardown(test_reference, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_types, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_coercions, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_known, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_saved_warnings, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_windows, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
};

UNIT_MAIN(tests)
