/*
 * Members with values beside them. Each value is one condition `(value) is known` for the checker,
 * so that names, types and currencies are checked where everything else is; what is no value but a
 * condition becomes a column of yes and no.
 */
#include "engine/listing.h"
#include "engine/internal.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

struct value {
    struct segment_set *set; /* of its own */
    const struct segment_node *node;
};

struct making {
    struct session *session;
    struct engine_listing *listing;
    struct value *values; /* by column */
    uint32_t *row;        /* by position; UINT32_MAX: not a member */
    size_t column;        /* which is being filled */
};

/* ---- headings ---- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80);
}

/* How long the heading before a `=` is, quotes included; 0 when there is none. A space before the =
 * makes it a comparison of the language. */
static size_t heading_length(const char *text)
{
    size_t length = 0;
    if (*text == '"') {
        const char *end = strchr(text + 1, '"');
        length = end ? (size_t)(end - text) + 1 : 0;
    } else {
        while (is_name_byte(text[length]))
            length++;
    }
    return length && text[length] == '=' ? length : 0;
}

static const char *split_heading(const char *text, struct arena *arena, const char **value)
{
    size_t length = heading_length(text);
    *value = length ? text + length + 1 : text;
    if (!length)
        return arena_strdup(arena, text);
    return *text == '"' ? arena_strndup(arena, text + 1, length - 2)
                        : arena_strndup(arena, text, length);
}

static enum status check_headings(const struct engine_listing *listing, struct error *error)
{
    for (size_t c = 0; c < listing->column_count; c++) {
        const char *name = listing->columns[c].name;
        bool taken = strcmp(name, "customer") == 0;
        for (size_t other = 0; other < c; other++)
            taken |= strcmp(name, listing->columns[other].name) == 0;
        if (!taken)
            continue;

        enum status status =
            error_set(error, STATUS_USAGE, "two columns would be called '%s'", name);
        error_hint(error, "name one of them: --with 'other=%s'", name);
        return status;
    }
    return STATUS_OK;
}

/* ---- values ---- */

static const struct segment_node *without_form(const struct segment_node *node)
{
    while (node->op == OP_FORM)
        node = node->child[0];
    return node;
}

static enum status build(struct session *session, const char *condition, struct arena *arena,
                         struct value *out, struct error *error)
{
    TRY(segment_condition_build(text_from(condition), session_schema(session),
                                session_definitions(session), arena, NULL, &out->set, error));
    out->node = without_form(out->set->segments[out->set->segment_count - 1].condition);
    return STATUS_OK;
}

/* How long the heading in front of `Umsatz (EUR)=sum(…)` is, which is none without quotes; 0 when
 * nothing looks like one. A comparison has a space before its =, or stands in parentheses. */
static int unquoted_heading(const char *text)
{
    int depth = 0;
    for (const char *at = text; *at && !strchr("'\"`<>!", *at); at++) {
        depth += (*at == '(') - (*at == ')');
        if (*at == '=')
            return depth == 0 && at > text && at[-1] != ' ' ? (int)(at - text) : 0;
    }
    return 0;
}

/* As a value; failing that, as a condition; failing both, why it is no value. */
static enum status build_value(struct session *session, const char *text, struct arena *arena,
                               struct value *out, struct error *error)
{
    struct error why = {0};

    /* As the operand of `is known` a value of any type is checked where all values are;
     * the condition is thrown away, the value kept. */
    if (build(session, arena_printf(arena, "%s is known", text), arena, out, &why) == STATUS_OK &&
        out->node->op == OP_KNOWN) {
        out->node = out->node->child[0];
        return STATUS_OK;
    }

    segment_set_free(out->set);
    out->set = NULL;
    if (build(session, text, arena, out, error) == STATUS_OK)
        return STATUS_OK;

    /* The first of both messages is the better one, unless it is about what was put behind:
     * whoever wrote a condition meant no value. */
    if (error_column(&why) > strlen(text))
        why = *error;
    const char *hint = why.hint[0] ? arena_strdup(arena, why.hint) : NULL;
    int heading = unquoted_heading(text);
    if (heading)
        hint = arena_printf(
            arena,
            "a heading with other signs than letters and digits is quoted: --with '\"%.*s\"=%s'",
            heading, text, text + heading + 1);
    const char *message = why.message[0] ? why.message : error->message;
    enum status status =
        error_set(error, STATUS_USAGE,
                  "--with: '%s' is neither a value nor a condition of the segment language: %s",
                  text, arena_strdup(arena, message));
    error_hint(error, "%s",
               hint ? hint : "values look like email, sum(order.amount last 365 days), clv.value");
    return status;
}

static enum status build_values(struct making *making, const char *const *texts,
                                struct segment_needs *needs, struct error *error)
{
    struct engine_listing *listing = making->listing;
    for (size_t c = 0; c < listing->column_count; c++) {
        const char *text;
        listing->columns[c].name = split_heading(texts[c], &listing->arena, &text);
        TRY(build_value(making->session, text, &listing->arena, &making->values[c], error));

        /* Needs of all columns are joined before anything is loaded: one population
         * serves every value. */
        const struct segment_set *set = making->values[c].set;
        int last = set->segment_count - 1;
        struct segment_needs own =
            segment_needs(set, session_schema(making->session), &last, 1, &listing->arena);
        *needs = segment_needs_join(needs, &own, &listing->arena);
    }
    return check_headings(listing, error);
}

/* ---- rows ---- */

struct member {
    uint32_t number, position;
};

static int by_number(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static void collect_rows(struct making *making, const struct session_view *view, int segment)
{
    struct engine_listing *listing = making->listing;
    size_t count = plan_result_count(view->result, segment), found = 0;
    struct member *members = base_calloc(count + 1, sizeof *members);
    making->row = base_malloc(((size_t)view->population->customers + 1) * sizeof *making->row);
    for (uint32_t p = 0; p < view->population->customers; p++) {
        making->row[p] = UINT32_MAX;
        if (plan_result_has(view->result, segment, p))
            members[found++] = (struct member){(uint32_t)view->population->number[p], p};
    }

    /* By the store's own numbers, which never change: a list is in the same order
     * whenever it is made. */
    qsort(members, found, sizeof *members, by_number);
    listing->count = found;
    listing->identifiers = ARENA_ARRAY(&listing->arena, struct text, found + 1);
    for (size_t i = 0; i < found; i++) {
        struct text id = population_identifier(view->population, members[i].position);
        listing->identifiers[i] =
            (struct text){arena_strndup(&listing->arena, id.data, id.length), id.length};
        making->row[members[i].position] = (uint32_t)i;
    }
    free(members);
}

static void prepare_column(struct engine_listing *listing, struct engine_listing_column *column,
                           const struct plan_cell *cell)
{
    size_t rows = listing->count + 1;
    column->type = cell->type;
    column->scale = cell->scale;
    column->is_double = cell->is_double;
    column->known = ARENA_ARRAY(&listing->arena, uint8_t, rows);
    bool point = cell->type == VALUE_POINT,
         text = cell->type == VALUE_TEXT || cell->type == VALUE_SET;

    if (text)
        column->texts = ARENA_ARRAY(&listing->arena, struct text, rows);
    else if (cell->is_double || point)
        column->numbers = ARENA_ARRAY(&listing->arena, double, rows);
    else
        column->integers = ARENA_ARRAY(&listing->arena, int64_t, rows);
    if (point)
        column->seconds = ARENA_ARRAY(&listing->arena, double, rows);
}

static void take_cell(void *context, uint32_t position, int column_index,
                      const struct plan_cell *cell)
{
    struct making *making = context;
    struct engine_listing *listing = making->listing;
    struct engine_listing_column *column = &listing->columns[making->column];
    uint32_t row = making->row[position];
    (void)column_index; /* one column a pass */

    if (!column->known)
        prepare_column(listing, column, cell);
    column->known[row] = cell->known;
    if (!cell->known)
        return;

    if (column->texts)
        column->texts[row] = (struct text){
            arena_strndup(&listing->arena, cell->text.data, cell->text.length), cell->text.length};
    if (column->integers)
        column->integers[row] = cell->integer;
    if (column->numbers)
        column->numbers[row] = cell->number;
    if (column->seconds)
        column->seconds[row] = cell->second;
}

static enum status fill(struct making *making, const struct session_view *view, int segment,
                        struct error *error)
{
    collect_rows(making, view, segment);
    struct engine_listing *listing = making->listing;
    for (making->column = 0; making->column < listing->column_count; making->column++) {
        const struct value *value = &making->values[making->column];
        struct plan_cell none = {.type = value->node->type,
                                 .scale = value->node->scale,
                                 .is_double =
                                     value->node->is_double || value->node->type == VALUE_DOUBLE};
        TRY(plan_each_value(value->set, session_schema(making->session), &value->node, 1,
                            view->population, view->result->members[segment], view->now,
                            session_pool(making->session), take_cell, making, error));

        /* Types are taken from the first cell; an empty list needs them from the checker. */
        if (!listing->columns[making->column].known) /* nobody is in it */
            prepare_column(listing, &listing->columns[making->column], &none);
    }
    return STATUS_OK;
}

enum status engine_listing_new(struct session *session, const char *segment,
                               const char *const *texts, size_t count,
                               const struct session_moment *moment, struct engine_listing **out,
                               struct error *error)
{
    int asked;
    TRY(session_load_definitions(session, error));
    TRY(session_find_segment(session, segment, &asked, error));
    struct engine_listing *listing = base_calloc(1, sizeof *listing);
    arena_init(&listing->arena, 0);
    listing->column_count = count;
    listing->columns = ARENA_ARRAY(&listing->arena, struct engine_listing_column, count + 1);

    /* On failure all goes with the listing's arena; only what a value's set and the
     * view hold is apart. */
    struct making making = {.session = session, .listing = listing};
    making.values = ARENA_ARRAY(&listing->arena, struct value, count + 1);

    struct session_view view = {0};
    struct segment_needs needs = {0};
    enum status status = build_values(&making, texts, &needs, error);
    if (status == STATUS_OK)
        status = session_evaluate(session, NULL, &asked, 1, &needs, moment, SESSION_ONWARD, &view,
                                  error);
    if (status == STATUS_OK)
        status = fill(&making, &view, asked, error);

    session_view_close(&view);
    free(making.row);
    for (size_t c = 0; c < count; c++)
        segment_set_free(making.values[c].set);
    if (status != STATUS_OK) {
        engine_listing_free(listing);
        return status;
    }

    *out = listing;
    return STATUS_OK;
}

void engine_listing_free(struct engine_listing *listing)
{
    if (!listing)
        return;
    arena_release(&listing->arena);
    free(listing);
}

/* ---- Parquet ---- */

/* Digits of a decimal that fits 64 bits, and of the widest in SQL, which fits 128. */
enum { DIGITS = 18, DIGITS_WIDE = 38 };

/* More than the digits of a decimal that fits 64 bits. */
static bool is_wide(const struct engine_listing_column *column, size_t rows)
{
    const int64_t most = number_power10(DIGITS);
    bool wide = false;
    for (size_t row = 0; column->type == VALUE_DECIMAL && row < rows; row++)
        wide |= column->integers[row] >= most || column->integers[row] <= -most;
    return wide;
}

static const char *sql_type(const struct engine_listing_column *column, size_t rows,
                            struct arena *arena)
{
    if (column->type == VALUE_DECIMAL && column->scale > 0)
        return arena_printf(arena, "DECIMAL(%d,%d)", is_wide(column, rows) ? DIGITS_WIDE : DIGITS,
                            column->scale);
    if (column->type == VALUE_BOOL)
        return "BOOLEAN";
    if (column->type == VALUE_DATE)
        return "DATE";
    if (column->type == VALUE_TIME)
        return "TIMESTAMP_S";
    if (column->type == VALUE_SET)
        return "VARCHAR[]";
    if (column->type == VALUE_POINT)
        return "DOUBLE[]";
    if (column->texts)
        return "VARCHAR";
    return column->numbers ? "DOUBLE" : "BIGINT";
}

static void put_list(const struct engine_listing_column *column, size_t row, size_t at,
                     struct lake_output *output)
{
    size_t first, count = 0;
    if (column->type == VALUE_POINT) {
        struct lake_output items = lake_output_list(output, at, 2, &first);
        ((double *)items.data)[first] = column->numbers[row];
        ((double *)items.data)[first + 1] = column->seconds[row];
        return;
    }

    /* Each member of a set ends in a NUL byte. */
    struct text members = column->texts[row];
    for (size_t i = 0; i < members.length; i++)
        count += members.data[i] == '\0';
    struct lake_output items = lake_output_list(output, at, count, &first);
    for (const char *member = members.data; count--; member += strlen(member) + 1)
        lake_output_text(&items, first++, text_from(member));
}

static void put(const struct engine_listing_column *column, size_t row, size_t at,
                struct lake_output *output)
{
    /* A list that is unknown is a null, too, but has no place in its child vector. */
    if (!column->known[row])
        lake_output_null(output, at);
    if (column->type == VALUE_SET || column->type == VALUE_POINT) {
        if (column->known[row])
            put_list(column, row, at, output);
        return;
    }

    if (!column->known[row])
        return;
    if (column->texts)
        lake_output_text(output, at, column->texts[row]);
    else if (column->numbers)
        ((double *)output->data)[at] = column->numbers[row];
    else if (column->type == VALUE_BOOL)
        ((uint8_t *)output->data)[at] = column->integers[row] != 0;
    else if (output->type == LAKE_I128)
        ((lake_wide *)output->data)[at] = column->integers[row];
    else if (column->type == VALUE_DATE)
        ((int32_t *)output->data)[at] = (int32_t)column->integers[row];
    else
        ((int64_t *)output->data)[at] = column->integers[row];
}

static enum status fill_parquet(void *context, uint64_t first, size_t max,
                                struct lake_output *columns, size_t *filled, struct error *error)
{
    const struct engine_listing *listing = context;
    size_t left = first < listing->count ? listing->count - first : 0;
    (void)error;
    *filled = left < max ? left : max;
    for (size_t i = 0; i < *filled; i++) {
        lake_output_text(&columns[0], i, listing->identifiers[first + i]);
        for (size_t c = 0; c < listing->column_count; c++)
            put(&listing->columns[c], first + i, i, &columns[c + 1]);
    }
    return STATUS_OK;
}

enum status engine_listing_parquet(struct session *session, const struct engine_listing *listing,
                                   const char *path, struct error *error)
{
    struct arena arena;
    struct lake *lake;

    TRY(session_lake(session, &lake, error));
    arena_init(&arena, 0);
    const char **names = ARENA_ARRAY(&arena, const char *, listing->column_count + 1);
    const char **types = ARENA_ARRAY(&arena, const char *, listing->column_count + 1);
    names[0] = "customer";
    types[0] = "VARCHAR";
    for (size_t c = 0; c < listing->column_count; c++) {
        names[c + 1] = listing->columns[c].name;
        types[c + 1] = sql_type(&listing->columns[c], listing->count, &arena);
    }

    /* DuckDB asks for rows as it writes: the listing is never copied as a whole. */
    struct lake_source source = {.name = "strata_members",
                                 .column_names = names,
                                 .column_types = types,
                                 .column_count = listing->column_count + 1,
                                 .rows = listing->count,
                                 .fill = fill_parquet,
                                 .context = (void *)listing};
    enum status status = lake_register_source(lake, &source, error);
    if (status == STATUS_OK)
        status =
            lake_write_parquet(lake, "SELECT * FROM strata_members()", path, NULL, NULL, error);
    arena_release(&arena);
    return status;
}
