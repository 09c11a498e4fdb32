/*
 * Retyping a column. The schema is folded from what imports stated, and parts hold the
 * values; both are brought to the new type. Every value goes through its text: the one it
 * was told as, where an earlier retyping kept it, else the one its present type writes.
 * The different texts are read once, by the same reader as a file's column, which gives a
 * table (text, value, code); the parts are written again joined with it. A text that its
 * new value does not write is kept in a column of the part that no schema names,
 * "@was:COLUMN", which follows its row through merges and undo.
 */
#include "ingest/retype.h"

#include "ingest/chunks.h"
#include "ingest/column.h"
#include "ingest/missing.h"
#include "store/numbering.h"

#include "base/number.h"
#include "base/vector.h"

#include <stdlib.h>
#include <string.h>

#define WAS "@was:"
enum { DICTIONARY_MAX = 1000000, TABLES_MAX = 2 };

struct word {
    struct text text;
    uint64_t rows;
    const char *value; /* as SQL reads it in the new type; NULL: it is none */
    uint32_t code;
};

struct retype {
    struct store *store;
    struct lake *lake;
    struct arena *arena;
    struct ingest_retype *out;
    const char *tables[TABLES_MAX];
    size_t table_count;
    VECTOR(struct word) words;
    struct ingest_type type;
    struct ingest_number_style style;
    bool plain;
};

/* ---- what is asked ---- */

static enum status find_column(struct retype *retype, const char *name, struct error *error)
{
    const struct schema *schema = store_schema(retype->store);
    const struct schema_column *found = NULL;

    for (size_t t = 0; t < schema->table_count; t++) {
        const struct schema_table *table = &schema->tables[t];
        size_t length = strlen(table->name);
        if (strncmp(name, table->name, length) != 0 || name[length] != '.')
            continue;
        const struct schema_column *column = schema_column(table, name + length + 1);
        if (!column)
            continue;
        found = column;
        retype->out->table = arena_strdup(retype->arena, table->name);
        retype->out->column = arena_strdup(retype->arena, column->name);
    }

    if (!found) {
        enum status status = error_set(error, STATUS_NOT_FOUND, "the store has no column %s", name);
        error_hint(error, "name it KIND.COLUMN, such as order.amount, or customer.TRAIT; strata "
                          "status lists them");
        return status;
    }

    retype->out->from = found->type;
    retype->out->from_scale = found->scale;

    /* keys would point at nothing, and sets and places have no single text to go through */
    if (found->refers)
        return error_set(error, STATUS_USAGE, "%s holds keys of %s and stays text", name,
                         found->refers);
    if (found->type == VALUE_SET || found->type == VALUE_POINT)
        return error_set(error, STATUS_USAGE, "%s is a %s, which cannot be retyped", name,
                         value_type_name(found->type));
    return STATUS_OK;
}

static void add_table(struct retype *retype, const char *table)
{
    const struct schema_table *found = schema_table(store_schema(retype->store), table);
    if (found && schema_column(found, retype->out->column))
        retype->tables[retype->table_count++] = found->name;
}

/* The kind, and its lines; whichever was named. */
static void list_tables(struct retype *retype)
{
    const char *table = retype->out->table;
    size_t kind = schema_lines_of(table);
    if (kind)
        table = arena_strndup(retype->arena, table, kind);

    add_table(retype, table);
    add_table(retype, arena_printf(retype->arena, "%s.line", table));
}

static bool has_column(const struct catalog_part *part, const char *name)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (strcmp(part->columns[i].name, name) == 0)
            return true;
    return false;
}

static bool concerned(const struct retype *retype, const struct catalog_part *part)
{
    bool role = part->role == PART_FACTS || part->role == PART_TRAITS ||
                part->role == PART_SHADOW || part->role == PART_REFERENCE;
    for (size_t t = 0; role && t < retype->table_count; t++)
        if (strcmp(part->table, retype->tables[t]) == 0)
            return has_column(part, retype->out->column);
    return false;
}

/* ---- texts ---- */

static const char *sql_name(const struct retype *retype, const char *prefix)
{
    struct buffer name;
    buffer_init(&name, 0);
    buffer_sql_name(&name,
                    text_from(arena_printf(retype->arena, "%s%s", prefix, retype->out->column)));
    const char *copy = buffer_copy(&name, retype->arena);
    buffer_release(&name);
    return copy;
}

static const char *column_type(const struct catalog_part *part, const char *name)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (strcmp(part->columns[i].name, name) == 0)
            return part->columns[i].type;
    return "";
}

/* The text of a row's value in this part: moments as UTC, everything else as SQL writes it. */
static const char *text_sql(const struct retype *retype, const struct catalog_part *part)
{
    const char *name = sql_name(retype, ""),
               *was = arena_printf(retype->arena, WAS "%s", retype->out->column);
    bool moment =
        strncmp(column_type(part, retype->out->column), "TIMESTAMP", strlen("TIMESTAMP")) == 0;
    const char *text =
        moment ? arena_printf(retype->arena, "strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%SZ')", name)
               : arena_printf(retype->arena, "CAST(%s AS VARCHAR)", name);
    return has_column(part, was)
               ? arena_printf(retype->arena, "coalesce(%s, %s)", sql_name(retype, WAS), text)
               : text;
}

static const char *part_sql(struct retype *retype, const struct catalog_part *part)
{
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_string(&sql, "read_parquet(");
    lake_add_path(&sql, store_file(retype->store, retype->arena, "%s", part->path));
    buffer_char(&sql, ')');
    const char *copy = buffer_copy(&sql, retype->arena);
    buffer_release(&sql);
    return copy;
}

static enum status load_words(struct retype *retype, struct error *error)
{
    size_t count, found = 0;
    const struct catalog_part *parts = store_parts(retype->store, &count);
    struct lake_result *result;
    const struct lake_chunk *chunk;
    struct buffer sql;

    buffer_init(&sql, 0);

    /* rows that their id keeps out of the store are told anew, too, but nobody counts
     * them among its values */
    buffer_string(&sql, "SELECT text, count(*) FILTER (WHERE stands) FROM (");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (concerned(retype, &parts[i])) { /* whole, because it is written again whole */
            status = store_check_part(retype->store, &parts[i], NULL, 0, error);
            buffer_printf(&sql, "%sSELECT %s AS text, %s AS stands FROM %s",
                          found++ ? " UNION ALL " : "", text_sql(retype, &parts[i]),
                          parts[i].role == PART_SHADOW ? "false" : "true",
                          part_sql(retype, &parts[i]));
        }

    buffer_string(&sql, found ? "" : "SELECT NULL::VARCHAR AS text, true AS stands");
    buffer_string(&sql, ") WHERE text IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1");

    if (status == STATUS_OK)
        status = lake_query(retype->lake, sql.data, &result, error);
    buffer_release(&sql);
    TRY(status);
    while (ingest_next_chunk(result, &chunk, &status, error))
        for (size_t i = 0; i < chunk->rows; i++) {
            struct text text = lake_text(&chunk->columns[0], i);
            struct word word = {
                .text = {arena_strndup(retype->arena, text.data, text.length), text.length},
                .rows = (uint64_t)lake_integer(&chunk->columns[1], i)};
            VECTOR_PUSH(&retype->words, word);
        }

    lake_result_free(result);
    return status;
}

/* ---- values ---- */

static bool is_number(enum value_type type)
{
    return type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DOUBLE;
}

/* How the new type writes the value, NULL when the text is none. Moments need the store's
 * zone: see read_moment. */
static const char *read_value(const struct retype *retype, struct text text,
                              struct ingest_reading *reading)
{
    char number[NUMBER_TEXT_MAX];
    enum value_type type = retype->type.type;
    enum ingest_form form = reading->form;
    int64_t scaled;
    struct ingest_number *read = &reading->number;

    if (type == VALUE_BOOL) {
        bool yes;
        if (!ingest_parse_bool(text, &yes))
            return NULL;
        return yes ? "true" : "false";
    }

    if (type == VALUE_DATE) {
        char date[DATE_TEXT_MAX];
        struct ingest_moment moment;
        if (!ingest_parse_moment(text, retype->type.dates, &moment) || moment.has_clock)
            return NULL;
        return arena_strdup(retype->arena, date_format(moment.date, date));
    }

    if (form == FORM_DOUBLE && type == VALUE_DOUBLE)
        return arena_printf(retype->arena, "%.17g", read->real);
    if (form != FORM_INT && form != FORM_DECIMAL)
        return NULL;
    if (type == VALUE_DOUBLE)
        return arena_strdup(retype->arena,
                            number_format_decimal(read->scaled, read->scale, number));
    if (read->digits + retype->type.scale > INGEST_DIGITS_MAX)
        return NULL;

    /* zeros at the end may go, digits may not */
    int scale = read->scale;
    scaled = read->scaled;
    for (; scale > retype->type.scale && scaled % 10 == 0; scale--)
        scaled /= 10;
    if (scale > retype->type.scale || !number_rescale(scaled, retype->type.scale - scale, &scaled))
        return NULL;
    return arena_strdup(retype->arena, number_format_decimal(scaled, retype->type.scale, number));
}

/* A moment, in the store's zone where the text has no offset, as SQL reads it: UTC. */
static const char *read_moment(const struct retype *retype, const struct zone *zone,
                               struct text text)
{
    struct ingest_moment moment;
    char date[DATE_TEXT_MAX];
    if (!ingest_parse_moment(text, retype->type.dates, &moment))
        return NULL;

    /* a date alone is its first moment; an offset says it without any zone */
    int64_t at = zone_day_start(zone, moment.date);
    if (moment.has_offset)
        at = (int64_t)moment.date * SECONDS_A_DAY + moment.clock - moment.offset;
    else if (moment.has_clock)
        at = zone_moment(zone, moment.date, moment.clock, NULL);

    /* rounded down, for moments before 1970 as well */
    int64_t day = at >= 0 ? at / SECONDS_A_DAY : -((-at + SECONDS_A_DAY - 1) / SECONDS_A_DAY);
    int64_t clock = at - day * SECONDS_A_DAY;
    return arena_printf(retype->arena, "%s %02d:%02d:%02d", date_format((int32_t)day, date),
                        (int)(clock / SECONDS_AN_HOUR),
                        (int)(clock % SECONDS_AN_HOUR / SECONDS_A_MINUTE),
                        (int)(clock % SECONDS_A_MINUTE));
}

/* The decimal sign under which more of the values are numbers. */
static void choose_style(struct retype *retype)
{
    static const struct ingest_number_style styles[] = {{'.', ','}, {',', '.'}};
    uint64_t best = 0;
    for (size_t s = 0; s < 2; s++) {
        uint64_t numbers = 0;
        for (size_t i = 0; i < retype->words.count; i++) {
            struct ingest_number number;
            enum ingest_form form =
                ingest_classify(retype->words.items[i].text, styles[s], &number);
            if (form == FORM_INT || form == FORM_DECIMAL || form == FORM_DOUBLE)
                numbers += retype->words.items[i].rows;
        }

        if (s == 0 || numbers > best)
            retype->style = styles[s];
        best = numbers > best ? numbers : best;
    }
}

static enum status decide_type(struct retype *retype, const char *declared, struct error *error)
{
    struct ingest_evidence evidence = {0};
    struct ingest_type_hint hint = {.name = retype->out->column, .declared = declared};

    TRY(ingest_check_declared(declared, error));
    choose_style(retype);

    struct ingest_manner manner = {.style = retype->style, .missing = ingest_missing_default()};
    for (size_t i = 0; i < retype->words.count; i++) {
        struct ingest_reading reading;
        ingest_observe(&evidence, ingest_trim(retype->words.items[i].text), &manner, i + 1,
                       &reading);
    }

    retype->type = ingest_decide(&evidence, &hint);
    retype->out->whole_digits = evidence.max_digits;
    ingest_evidence_release(&evidence);
    if (strcmp(declared, value_type_name(VALUE_INT)) ==
        0) { /* as asked: what has a fraction does not convert */
        retype->type.type = VALUE_INT;
        retype->type.scale = 0;
    }

    enum value_type type = retype->type.type;
    if (type != VALUE_TEXT && type != VALUE_BOOL && type != VALUE_DATE && type != VALUE_TIME &&
        !is_number(type))
        return error_set(error, STATUS_USAGE, "a column cannot be retyped to %s", declared);
    retype->out->to = type;
    retype->out->scale = retype->type.type == VALUE_DECIMAL ? retype->type.scale : 0;
    return STATUS_OK;
}

static enum status convert_words(struct retype *retype, struct error *error)
{
    struct zone *zone;
    struct ingest_retype *out = retype->out;

    TRY(zone_open(store_schema(retype->store)->zone, &zone, error));

    for (size_t i = 0; i < retype->words.count; i++) {
        struct word *word = &retype->words.items[i];
        struct ingest_reading reading = {0};
        reading.form = ingest_classify(word->text, retype->style, &reading.number);

        /* every text is a text; all other types have to read it */
        if (out->to == VALUE_TEXT)
            word->value = word->text.data;
        else
            word->value = out->to == VALUE_TIME ? read_moment(retype, zone, word->text)
                                                : read_value(retype, word->text, &reading);

        out->values += word->rows;
        out->converted += word->value ? word->rows : 0;
        if (!word->value && word->rows && out->example_count < RETYPE_EXAMPLES)
            out->examples[out->example_count++] =
                (struct ingest_retype_example){word->text.data, word->rows};
    }

    out->distinct = retype->words.count;
    zone_close(zone);
    return STATUS_OK;
}

static void foresee(struct retype *retype)
{
    struct schema *future = schema_copy(store_schema(retype->store), retype->arena);
    for (size_t t = 0; t < retype->table_count; t++) {
        const struct schema_table *table = schema_table(future, retype->tables[t]);
        struct schema_column *column =
            &table->columns[schema_column_index(table, retype->out->column)];
        column->type = retype->out->to;
        column->scale = retype->out->scale;
        column->plain = retype->plain;
    }
    retype->out->future = future;
}

/* ---- writing ---- */

static enum status fill_words(void *context, uint64_t first, size_t max,
                              struct lake_output *columns, size_t *filled, struct error *error)
{
    const struct retype *retype = context;
    size_t left = first < retype->words.count ? retype->words.count - first : 0;
    (void)error;

    *filled = left < max ? left : max;
    for (size_t i = 0; i < *filled; i++) {
        const struct word *word = &retype->words.items[first + i];
        lake_output_text(&columns[0], i, word->text);
        if (word->value)
            lake_output_text(&columns[1], i, text_from(word->value));
        else
            lake_output_null(&columns[1], i);
        ((uint32_t *)columns[2].data)[i] = word->code;
    }
    return STATUS_OK;
}

static enum status code_words(struct retype *retype, struct store_change *change,
                              struct error *error)
{
    struct numbering *dictionary;
    if (retype->out->to != VALUE_TEXT || retype->plain)
        return STATUS_OK;

    TRY(store_load_dictionary(retype->store, retype->lake, &dictionary, error));
    for (size_t i = 0; i < retype->words.count; i++)
        retype->words.items[i].code =
            store_numbering_number(dictionary, retype->words.items[i].text, i);

    /* texts are numbered as they come up, which is by how often they occur */
    store_numbering_settle_as_met(dictionary);
    for (size_t i = 0; i < retype->words.count; i++)
        retype->words.items[i].code =
            store_numbering_final(dictionary, retype->words.items[i].code);
    enum status status = store_write_dictionary(change, retype->lake, dictionary, error);
    store_numbering_free(dictionary);
    return status;
}

static enum status rewrite_part(struct retype *retype, struct store_change *change,
                                const struct catalog_part *part, struct error *error)
{
    char type[64]; /* the longest is DECIMAL(18,18) */
    struct buffer sql;
    const char *code = arena_printf(retype->arena, SCHEMA_CODES "%s", retype->out->column);
    const char *was = arena_printf(retype->arena, WAS "%s", retype->out->column);
    bool text = retype->out->to == VALUE_TEXT;

    store_sql_type(retype->out->to, retype->out->scale, type);

    /* all columns but the retyped one and what belongs to it, which come anew from its words */
    buffer_init(&sql, 0);
    buffer_printf(&sql, "SELECT p.* EXCLUDE (\"@text\", %s", sql_name(retype, ""));
    if (has_column(part, code))
        buffer_printf(&sql, ", %s", sql_name(retype, SCHEMA_CODES));
    if (has_column(part, was))
        buffer_printf(&sql, ", %s", sql_name(retype, WAS));
    buffer_printf(&sql, "), CAST(w.value AS %s) AS %s", type, sql_name(retype, ""));
    if (text && !retype->plain)
        buffer_printf(&sql, ", w.code AS %s", sql_name(retype, SCHEMA_CODES));
    if (!text)
        buffer_printf(&sql, ", CASE WHEN w.value IS DISTINCT FROM w.text THEN w.text END AS %s",
                      sql_name(retype, WAS));
    buffer_printf(&sql,
                  " FROM (SELECT *, %s AS \"@text\" FROM %s) p LEFT JOIN strata_retyped() w ON "
                  "p.\"@text\" = w.text",
                  text_sql(retype, part), part_sql(retype, part));

    struct store_new_part again = {.table = part->table, .role = part->role, .select = sql.data};
    enum status status = store_write_part(change, retype->lake, &again, NULL, error);
    buffer_release(&sql);
    return status == STATUS_OK ? store_drop_part(change, part->number, error) : status;
}

static enum status write_all(struct retype *retype, struct store_change *change,
                             struct error *error)
{
    static const char *const names[] = {"text", "value", "code"}, *const types[] = {"VARCHAR",
                                                                                    "VARCHAR",
                                                                                    "UINTEGER"};
    struct ingest_retype *out = retype->out;
    struct lake_source source = {.name = "strata_retyped",
                                 .column_names = names,
                                 .column_types = types,
                                 .column_count = 3,
                                 .rows = retype->words.count,
                                 .fill = fill_words,
                                 .context = retype};
    size_t count;

    /* the words as a table, then every part joined with it, then what the schema says of
     * the column */
    TRY(code_words(retype, change, error));
    TRY(lake_register_source(retype->lake, &source, error));
    const struct catalog_part *parts = store_parts(retype->store, &count);
    for (size_t i = 0; i < count; i++)
        if (concerned(retype, &parts[i]))
            TRY(rewrite_part(retype, change, &parts[i], error));
    for (size_t t = 0; t < retype->table_count; t++) {
        struct catalog_column column = {.column = {.name = out->column,
                                                   .type = out->to,
                                                   .scale = out->scale,
                                                   .plain = retype->plain},
                                        .whole_digits = is_number(out->to) ? out->whole_digits : 0};
        TRY(catalog_retype_column(store_catalog(retype->store), retype->tables[t], &column, error));
    }

    return STATUS_OK;
}

static enum status write_change(struct retype *retype, struct error *error)
{
    struct store_change *change;
    TRY(store_begin(retype->store, &change, error));
    enum status status = write_all(retype, change, error);
    if (status == STATUS_OK)
        return store_commit(change, error);
    store_abort(change);
    return status;
}

enum status ingest_retype_column(struct store *store, const char *name, const char *type,
                                 bool write, struct arena *arena, struct ingest_retype *out,
                                 struct error *error)
{
    struct retype retype = {.store = store, .arena = arena, .out = out};

    *out = (struct ingest_retype){0};
    TRY(find_column(&retype, name, error));
    list_tables(&retype);
    TRY(store_lake(store, 0, &retype.lake, error));

    enum status status;
    TRY_GOTO(load_words(&retype, error));
    TRY_GOTO(decide_type(&retype, type, error));
    TRY_GOTO(convert_words(&retype, error));

    /* more different texts than a dictionary is worth: they are stored as they are */
    retype.plain = out->to == VALUE_TEXT && retype.words.count > DICTIONARY_MAX;
    foresee(&retype);
    if (write)
        status = write_change(&retype, error);
done:
    lake_close(retype.lake);
    VECTOR_RELEASE(&retype.words);
    return status;
}
