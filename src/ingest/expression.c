/*
 * The gate for SQL that comes with a mapping. A mapping file travels: whoever runs one
 * that somebody else wrote must not thereby read files, ask the environment or multiply
 * rows. So DuckDB's own parser is asked what the text is, and its tree is walked: a class
 * of node, or a function, that is not known to be harmless is refused. The lists name
 * what may pass, never what may not, so that what a later DuckDB brings is refused until
 * somebody has looked at it.
 *
 * The text is parsed as "SELECT (text\n)" and must come back as one statement that
 * selects one expression from nothing. Then the parentheses belong together, and the same
 * text in parentheses is the same expression in any other place.
 */
#include "ingest/expression.h"

#include <jansson.h> /* before base/json.h, which then leaves its old names out */

#include <stdlib.h>
#include <string.h>

/* Values of their arguments alone, of a size that the arguments bound (format and printf,
 * whose widths stand inside a text, may be asked for gigabytes; lpad and rpad are looked
 * at by check_padding). Each name stands between blanks. */
static const char functions[] =
    " "
    "!~~ !~~* % & * ** + - -> ->> / // << >> @ ^ ^@ abs acos array_contains array_distinct "
    "array_extract array_filter array_has array_length array_position array_slice array_sort "
    "array_to_string array_transform array_value ascii asin atan atan2 base64 bit_count bit_length "
    "cardinality cbrt ceil ceiling century char_length character_length chr concat concat_ws "
    "contains cos cot damerau_levenshtein date_add date_diff date_part date_sub date_trunc "
    "datediff "
    "datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month decade "
    "degrees divide element_at ends_with epoch epoch_ms epoch_ns epoch_us era even exp fdiv "
    "flatten "
    "floor fmod from_base64 from_hex gcd greatest hamming hash hex hour ilike_escape instr "
    "isfinite isinf isnan isodow isoyear jaccard jaro_similarity jaro_winkler_similarity "
    "json_array_length json_exists json_extract json_extract_path json_extract_path_text "
    "json_extract_string json_keys json_type json_valid json_value julian last_day lcase lcm least "
    "left left_grapheme len length length_grapheme levenshtein like_escape list_append list_apply "
    "list_avg list_cat list_concat list_contains list_count list_distinct list_element "
    "list_extract "
    "list_filter list_first list_has list_has_all list_has_any list_indexof list_intersect "
    "list_last list_max list_median list_min list_position list_prepend list_reverse "
    "list_reverse_sort list_select list_slice list_sort list_string_agg list_sum list_transform "
    "list_unique list_value list_where ln log log10 log2 lower lpad ltrim make_date make_time "
    "make_timestamp make_timestamp_ms md5 microsecond millennium millisecond minute mismatches mod "
    "month monthname multiply nfc_normalize not_ilike_escape not_like_escape nullif octet_length "
    "ord parse_filename parse_path pi point position pow power prefix quarter radians "
    "regexp_escape regexp_extract regexp_extract_all regexp_full_match regexp_matches "
    "regexp_replace regexp_split_to_array replace reverse right right_grapheme round round_even "
    "row "
    "rpad rtrim second sha1 sha256 sign signbit sin split split_part sqrt starts_with str_split "
    "str_split_regex strftime string_split string_split_regex string_to_array strip_accents strlen "
    "strpos strptime struct_extract struct_extract_at struct_pack substr substring "
    "substring_grapheme subtract suffix tan time_bucket timezone to_base64 to_days to_hex to_hours "
    "to_microseconds to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp "
    "to_weeks to_years translate trim trunc try_strptime ucase unhex unicode upper url_decode "
    "url_encode week weekday weekofyear xor year yearweek | || ~ ~~ ~~* ~~~ ";

bool ingest_allows_function(const char *name)
{
    char word[64]; /* longer names there are none in the list */
    int length = snprintf(word, sizeof word, " %s ", name);
    bool whole = length > 2 && (size_t)length < sizeof word && !strchr(name, ' ');
    return whole && strstr(functions, word) != NULL;
}

/* A walk over the tree. Names of a lambda's parameters come and go while its body is walked. */
struct walk {
    const struct ingest_expression *expression;
    const char **parameters;
    size_t parameter_count;
    double growth; /* how many times longer a value may become by what stands around this node */
    double size;   /* how many columns' values the whole may be as long as, so far */
    struct error *error;
};

static enum status refuse(const struct walk *walk, const char *format, ...) PRINTF_LIKE(2, 3);
static enum status refuse(const struct walk *walk, const char *format, ...)
{
    char why[512]; /* two names and a sentence; longer ones are cut */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);

    enum status status = error_set(walk->error, STATUS_USAGE, "%s '%s' cannot be used: %s",
                                   walk->expression->option, walk->expression->sql, why);
    error_hint(
        walk->error,
        "an expression computes one value from the columns of its row: with operators, CASE, CAST "
        "and functions such as lower, trim, round, coalesce, regexp_replace, strptime");
    return status;
}

/* What one expression makes of another's result multiplies: x || x of x || x, and so on,
 * fills any memory. */
static enum status check_growth(const struct walk *walk)
{
    enum { GROWTH_MAX = 256, SIZE_MAX_COLUMNS = 4096 };
    if (walk->growth > GROWTH_MAX)
        return refuse(
            walk,
            "nested as they are, replace and lambdas could make a value more than %d times longer",
            GROWTH_MAX);
    if (walk->size > SIZE_MAX_COLUMNS)
        return refuse(
            walk,
            "made of earlier results, its value could be as long as more than %d columns together",
            SIZE_MAX_COLUMNS);
    return STATUS_OK;
}

static const char *text_of(const json_t *node, const char *key)
{
    const char *text = json_string_value(json_object_get(node, key));
    return text ? text : "";
}

/* count: there is no such name. */
static size_t find_name(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcasecmp(names[i], name) != 0)
        i++;
    return i;
}

/* The first part of a.b.c must be a column: the others are fields of its value. */
static enum status check_column(struct walk *walk, const json_t *node)
{
    const struct ingest_expression *expression = walk->expression;
    const char *name = json_string_value(json_array_get(json_object_get(node, "column_names"), 0));

    if (!name)
        return refuse(walk, "it names no column");
    size_t at = find_name(expression->names, expression->name_count, name);
    bool known = at < expression->name_count;
    if (known || find_name(walk->parameters, walk->parameter_count, name) < walk->parameter_count) {
        walk->size += walk->growth * (known && expression->sizes ? expression->sizes[at] : 1);
        return check_growth(walk);
    }

    enum status status = refuse(walk, "there is no column %s", name);
    struct buffer list;
    enum { SENTENCE = 128 }; /* bytes: what stands around the names */
    buffer_init(&list, ERROR_HINT_MAX - SENTENCE);
    int nearest = text_nearest(name, expression->names, expression->name_count);
    if (nearest >= 0)
        buffer_printf(&list, "did you mean %s? ", expression->names[nearest]);
    buffer_printf(&list, "the columns are %s; texts stand in 'single quotes'", expression->listed);
    error_hint(walk->error, "%s", list.data);
    buffer_release(&list);
    return status;
}

static bool is_empty(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && !*json_string_value(value));
}

static const char *constant_text(const json_t *node)
{
    const json_t *value = json_object_get(json_object_get(node, "value"), "value");
    return strcmp(text_of(node, "class"), "CONSTANT") == 0 ? json_string_value(value) : NULL;
}

/* lpad('a', 2000000000, 'x') is no value of a row: the width must stand there, and be one
 * that a cell may have. */
static enum status check_padding(const struct walk *walk, const json_t *node, const char *name)
{
    enum { WIDTH_MAX = 1000 };
    const json_t *width = json_array_get(json_object_get(node, "children"), 1);
    const json_t *number = json_object_get(json_object_get(width, "value"), "value");

    bool constant = strcmp(text_of(width, "class"), "CONSTANT") == 0 && json_is_number(number);
    if (constant && json_number_value(number) >= 0 && json_number_value(number) <= WIDTH_MAX)
        return STATUS_OK;

    return refuse(walk, "the width of %s must be a number from 0 to %d", name, WIDTH_MAX);
}

/* replace(x, 'a', x) is as long as x is, times as often as it has an a. */
static enum status check_replacement(const struct walk *walk, const json_t *node, const char *name)
{
    const json_t *to = json_array_get(json_object_get(node, "children"), 2);
    return constant_text(to)
               ? STATUS_OK
               : refuse(walk, "what %s puts in place must be a text in 'single quotes'", name);
}

/* Time and room of these grow with the product of both lengths, and a cell may be long. */
static enum status check_distance(const struct walk *walk, const json_t *node, const char *name)
{
    enum { LENGTH_MAX = 1000 };
    const json_t *arguments = json_object_get(node, "children");

    /* a text that stands in the expression has a length anybody can see; a column must be cut with
     * left() */
    for (size_t i = 0; i < 2; i++) {
        const json_t *one = json_array_get(arguments, i);
        const json_t *length = json_array_get(json_object_get(one, "children"), 1);
        const json_t *number = json_object_get(json_object_get(length, "value"), "value");
        bool cut = strcmp(text_of(one, "function_name"), "left") == 0 && json_is_number(number) &&
                   json_number_value(number) >= 0 && json_number_value(number) <= LENGTH_MAX;
        if (!cut && !constant_text(one))
            return refuse(
                walk,
                "%s takes long on long texts: say how much of each counts, as in %s(left(a, 200), "
                "left(b, 200)), at most %d",
                name, name, LENGTH_MAX);
    }
    return STATUS_OK;
}

static enum status check_function(const struct walk *walk, const json_t *node)
{
    const char *name = text_of(node, "function_name"), *schema = text_of(node, "schema");
    bool plain =
        is_empty(json_object_get(node, "filter")) && is_empty(json_object_get(node, "distinct")) &&
        is_empty(json_object_get(node, "export_state")) &&
        is_empty(json_object_get(node, "catalog")) &&
        json_array_size(json_object_get(json_object_get(node, "order_bys"), "orders")) == 0;

    if (strcmp(name, "unnest") == 0 || strcmp(name, "unlist") == 0)
        return refuse(walk, "%s makes several rows of one, and a row stays one row", name);

    /* functions that are harmless only with some arguments have a look of their own */
    bool allowed =
        ingest_allows_function(name) && plain && (!*schema || strcmp(schema, "main") == 0);
    if (allowed && (strcmp(name, "lpad") == 0 || strcmp(name, "rpad") == 0))
        return check_padding(walk, node, name);
    if (allowed && (strcmp(name, "replace") == 0 || strcmp(name, "regexp_replace") == 0))
        return check_replacement(walk, node, name);
    if (allowed && (strcmp(name, "levenshtein") == 0 || strcmp(name, "damerau_levenshtein") == 0))
        return check_distance(walk, node, name);
    if (allowed)
        return STATUS_OK;

    return refuse(walk, "%s is not one of the functions that compute from a row's values alone",
                  name);
}

/* null::int[100000], or a list of such: bytes without end for one row. */
static bool makes_array(const json_t *type)
{
    const char *key;
    json_t *value;

    /* somewhere inside: a list or a struct of arrays is no better */
    bool found = strcmp(text_of(type, "id"), "ARRAY") == 0;
    json_object_foreach((json_t *)type, key, value) found |= makes_array(value);
    for (size_t i = 0; i < json_array_size(type); i++)
        found |= makes_array(json_array_get(type, i));
    return found;
}

static enum status check_class(struct walk *walk, const json_t *node, const char *class)
{
    static const char *const harmless[] = {"CASE",        "CAST",     "COMPARISON",
                                           "CONJUNCTION", "CONSTANT", "BETWEEN",
                                           "OPERATOR",    "COLLATE",  "LAMBDA"};

    if (strcmp(class, "COLUMN_REF") == 0)
        return check_column(walk, node);
    if (strcmp(class, "FUNCTION") == 0)
        return check_function(walk, node);
    if (strcmp(class, "CAST") == 0 && makes_array(json_object_get(node, "cast_type")))
        return refuse(walk, "arrays take room for all their places, filled or not; cast to a list, "
                            "such as INTEGER[]");

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(class, harmless[i]) == 0)
            return STATUS_OK;

    /* refused all the same; these are only told why */
    if (strcmp(class, "SUBQUERY") == 0)
        return refuse(walk, "it holds a query of its own");
    if (strcmp(class, "WINDOW") == 0)
        return refuse(walk, "a window function sees other rows");
    if (strcmp(class, "STAR") == 0)
        return refuse(walk, "* and COLUMNS stand for several columns");
    return refuse(walk, "it holds something that no row can answer (%s)", class);
}

/* replace(x, 'a', 'aaaa') makes four of one, and within another of its kind sixteen. What
 * is put in place stands there, as check_replacement sees to. */
static double growth_of_replace(const json_t *node)
{
    const json_t *arguments = json_object_get(node, "children");
    const char *from = constant_text(json_array_get(arguments, 1)),
               *to = constant_text(json_array_get(arguments, 2));
    double share = (double)(to ? strlen(to) : 1) / (double)(from && *from ? strlen(from) : 1);
    return share > 1 ? share : 1;
}

static size_t count_columns(const json_t *node)
{
    const char *key;
    json_t *value;
    size_t count = strcmp(text_of(node, "class"), "COLUMN_REF") == 0;
    json_object_foreach((json_t *)node, key, value) count += count_columns(value);
    for (size_t i = 0; i < json_array_size(node); i++)
        count += count_columns(json_array_get(node, i));
    return count;
}

/* How many times longer than its arguments the value of a node may be, beyond what stands
 * in the text itself: a lambda may use what it is given several times. */
static double growth_of(const json_t *node)
{
    const char *name = text_of(node, "function_name");
    const json_t *arguments = json_object_get(node, "children");
    if (strcmp(name, "replace") == 0 || strcmp(name, "regexp_replace") == 0)
        return growth_of_replace(node);
    size_t uses = 1;

    for (size_t i = 0; i < json_array_size(arguments); i++) {
        const json_t *argument = json_array_get(arguments, i);
        size_t columns = strcmp(text_of(argument, "class"), "LAMBDA") == 0
                             ? count_columns(json_object_get(argument, "expr"))
                             : 0;
        uses = columns > uses ? columns : uses;
    }
    return (double)uses;
}

static enum status walk_node(struct walk *walk, const json_t *node);

static enum status walk_members(struct walk *walk, const json_t *node)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)node, key, value) TRY(walk_node(walk, value));
    return STATUS_OK;
}

static bool is_one_name(const json_t *node)
{
    return strcmp(text_of(node, "class"), "COLUMN_REF") == 0 &&
           json_array_size(json_object_get(node, "column_names")) == 1;
}

/* "x" or "(x, y)". The arrow of JSON, value -> path, looks like a lambda to the parser:
 * there anything may stand. */
static bool is_parameters(const json_t *left)
{
    const json_t *several = json_object_get(left, "children");

    if (is_one_name(left))
        return true;
    bool row = strcmp(text_of(left, "class"), "FUNCTION") == 0 &&
               strcmp(text_of(left, "function_name"), "row") == 0;
    for (size_t i = 0; i < json_array_size(several); i++)
        row &= is_one_name(json_array_get(several, i));
    return row;
}

/* "x -> …" and "lambda x, y: …": what stands on the left are names for the body, where
 * they hide columns. */
static enum status walk_lambda(struct walk *walk, const json_t *node)
{
    const json_t *left = json_object_get(node, "lhs"),
                 *names = json_object_get(left, "column_names");
    const json_t *several = json_object_get(left, "children");

    if (!is_parameters(left))
        return walk_members(walk, node);

    /* The names of outer lambdas stay known inside: the list grows for the walk over the body and
     * is the outer one again behind it. */
    size_t before = walk->parameter_count, count = several ? json_array_size(several) : 1;
    const char **own = base_calloc(before + count, sizeof *own), **outer = walk->parameters;
    if (before)
        memcpy(own, outer, before * sizeof *own);
    for (size_t i = 0; i < count; i++) {
        const json_t *one =
            several ? json_object_get(json_array_get(several, i), "column_names") : names;
        const char *name =
            json_array_size(one) == 1 ? json_string_value(json_array_get(one, 0)) : NULL;
        if (name)
            own[walk->parameter_count++] = name;
    }

    walk->parameters = own;
    enum status status = walk_node(walk, json_object_get(node, "expr"));
    walk->parameters = outer;
    walk->parameter_count = before;
    free(own);
    return status;
}

static enum status walk_node(struct walk *walk, const json_t *node)
{
    if (json_is_array(node)) {
        for (size_t i = 0; i < json_array_size(node); i++)
            TRY(walk_node(walk, json_array_get(node, i)));
        return STATUS_OK;
    }

    if (!json_is_object(node))
        return STATUS_OK;

    /* queries bear no class; they are known by what they hold, wherever in the tree they stand */
    const char *class = json_string_value(json_object_get(node, "class"));
    if (!class && (json_object_get(node, "select_list") || json_object_get(node, "from_table")))
        return refuse(walk, "it holds a query of its own");
    if (!class)
        return walk_members(walk, node);

    TRY(check_class(walk, node, class));
    if (strcmp(class, "CONSTANT") == 0) /* holds a value of whatever shape, and no expression */
        return STATUS_OK;
    if (strcmp(class, "LAMBDA") == 0)
        return walk_lambda(walk, node);

    /* what this node multiplies holds for what stands below it, and not for its neighbours */
    double growth = walk->growth;
    walk->growth *= growth_of(node);
    enum status status = check_growth(walk);
    if (status == STATUS_OK)
        status = walk_members(walk, node);
    walk->growth = growth;
    return status;
}

/* The one expression of "SELECT (…)", or NULL when the text was more than an expression. */
static const json_t *only_expression(const json_t *root)
{
    static const char *const absent[] = {"where_clause", "having", "sample", "qualify"};
    static const char *const empty[] = {"modifiers", "group_expressions", "group_sets"};
    const json_t *statements = json_object_get(root, "statements");
    const json_t *node = json_object_get(json_array_get(statements, 0), "node");

    const json_t *list = json_object_get(node, "select_list");
    bool alone = json_array_size(statements) == 1 &&
                 strcmp(text_of(node, "type"), "SELECT_NODE") == 0 && json_array_size(list) == 1 &&
                 strcmp(text_of(json_object_get(node, "from_table"), "type"), "EMPTY") == 0;

    /* a text such as "1) FROM t WHERE (2" parses as well, and shows in one of these places */
    alone = alone && json_array_size(json_object_get(json_object_get(node, "cte_map"), "map")) == 0;
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        alone = alone && is_empty(json_object_get(node, absent[i]));
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        alone = alone && json_array_size(json_object_get(node, empty[i])) == 0;

    const json_t *only = alone ? json_array_get(list, 0) : NULL;
    return only && !*text_of(only, "alias") ? only : NULL;
}

/* DuckDB's tree of the text, as JSON. The caller releases *root. */
static enum status parse(struct lake *lake, const char *sql, json_t **root, struct error *error)
{
    struct buffer statement, query;
    buffer_init(&statement, 0);
    buffer_init(&query, 0);
    buffer_printf(&statement, "SELECT (%s\n)", sql);
    buffer_string(&query, "SELECT json_serialize_sql(");
    buffer_sql_text(&query, (struct text){statement.data, statement.length});
    buffer_string(&query, "::VARCHAR)");

    struct lake_result *result = NULL;
    const struct lake_chunk *chunk = NULL;
    json_error_t failure;
    *root = NULL;
    enum status status = lake_query(lake, query.data, &result, error);
    if (status == STATUS_OK)
        status = lake_result_next(result, &chunk, error);

    if (status == STATUS_OK && chunk && lake_known(&chunk->columns[0], 0)) {
        struct text text = lake_text(&chunk->columns[0], 0);
        /* places in the text that do not exist are written as 2^64 - 1 */
        *root =
            json_loadb(text.data, text.length, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &failure);
    }

    lake_result_free(result);
    buffer_release(&statement);
    buffer_release(&query);
    return status;
}

enum status ingest_check_expression(struct lake *lake, const struct ingest_expression *expression,
                                    double *size, struct error *error)
{
    struct walk walk = {.expression = expression, .growth = 1, .error = error};
    json_t *root;
    TRY(parse(lake, expression->sql, &root, error));

    const json_t *only = only_expression(root);
    enum status status;

    /* What does not parse is refused in DuckDB's own words; "a, b" parses and is still not one
     * expression. */
    if (only) {
        status = walk_node(&walk, only);
    } else if (json_is_true(json_object_get(root, "error"))) {
        status = refuse(&walk, "%s", text_of(root, "error_message"));
        error_hint(error, "the columns are %s", expression->listed);
    } else {
        status = refuse(&walk, "it is not one expression");
    }

    json_decref(root);
    if (size)
        *size = walk.size > 1 ? walk.size : 1;
    return status;
}
