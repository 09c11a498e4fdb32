/* What an import has to say, for people and as JSON. */
#include "ingest/ingest.h"

#include "base/json.h"
#include "base/number.h"

#include <string.h>

static const char *thousands(uint64_t value, struct buffer *scratch)
{
    char text[NUMBER_TEXT_MAX];
    buffer_reset(scratch);
    buffer_string(scratch, number_format_thousands((int64_t)value, text));
    return scratch->data;
}

/* Where the header is when it is not in the first line; that there is none, and why. */
static void print_begin(const struct ingest_summary_source *source, struct buffer *out)
{
    const struct ingest_dialect *dialect = &source->dialect;
    if (dialect->header && dialect->skip)
        buffer_printf(out, ", header in line %u", dialect->skip + 1);
    else if (!dialect->header && dialect->layout != LAYOUT_JSON)
        buffer_printf(out, ", no header (%s)", source->look.header_reason);
}

static void print_source(const struct ingest_summary_source *source, bool counted,
                         struct buffer *out)
{
    char name[16], rows[NUMBER_TEXT_MAX];

    /* what it was; how it is written, where it came as text; what was read of it */

    buffer_printf(out, "%s: ", source->name);
    if (source->postgres)
        buffer_string(out, "PostgreSQL");
    else if (source->parquet)
        buffer_string(out, "Parquet");
    else if (source->spreadsheet)
        buffer_printf(out, "XLSX, sheet %s", source->look.sheet);
    else if (source->dialect.layout == LAYOUT_JSON)
        buffer_string(out, "JSON lines");
    else if (source->dialect.layout == LAYOUT_SPACES)
        buffer_string(out, "columns of blanks");
    else
        buffer_printf(out, "separated by %s",
                      ingest_delimiter_name(source->dialect.delimiter, name));
    if (!source->postgres && !source->parquet && !source->spreadsheet)
        buffer_printf(out, ", %s%s%s%s", ingest_encoding_name(source->dialect.encoding),
                      source->dialect.bom ? " with a byte order mark" : "",
                      source->dialect.gzip ? ", gzip" : "",
                      source->dialect.style.point == ',' && source->look.decimal_commas
                          ? ", decimal comma"
                          : "");
    print_begin(source, out);
    if (counted)
        buffer_printf(out, "; %s row%s", number_format_thousands((int64_t)source->rows, rows),
                      text_plural(source->rows));
    buffer_char(out, '\n');
}

static void print_type(const struct ingest_summary_column *column, struct buffer *out)
{
    buffer_string(out, value_type_name(column->type));
    if (column->type == VALUE_DECIMAL)
        buffer_printf(out, " (%d)", column->scale);
    if (column->format && (column->type == VALUE_DATE || column->type == VALUE_TIME))
        buffer_printf(out, " %s", column->format);
}

static void pad(struct buffer *out, size_t start, size_t width)
{
    size_t shown = 0;
    for (size_t i = start; i < out->length; i++)
        shown += ((unsigned char)out->data[i] & 0xc0) != 0x80; /* bytes inside a character */
    do
        buffer_char(out, ' ');
    while (++shown < width);
}

static void print_values(const struct ingest_summary_column *column, struct buffer *out)
{
    if (out->data[out->length - 1] != ' ')
        buffer_string(out, "  ");
    for (size_t i = 0; i < sizeof column->values / sizeof *column->values && column->values[i]; i++)
        buffer_printf(out, "%s'%s'", i ? ", " : "", column->values[i]);
}

static void print_column(const struct ingest_summary_column *column, size_t width, bool show_values,
                         struct buffer *out)
{
    /* type, distinct values and unknown ones stand below each other, however long they
     * are written */
    enum { TYPE = 24, DISTINCT = 26, UNKNOWN = 18 };
    size_t start = out->length;
    char number[NUMBER_TEXT_MAX];
    buffer_printf(out, "  %s", column->name);
    pad(out, start, width);
    start = out->length;
    print_type(column, out);
    pad(out, start, TYPE);
    start = out->length;
    if (column->counted)
        buffer_printf(out, "%s%s distinct", column->distinct_exact ? "" : "about ",
                      number_format_thousands((int64_t)column->distinct, number));
    pad(out, start, DISTINCT);
    start = out->length;
    if (column->counted && column->unknown)
        buffer_printf(out, "%s unknown", number_format_thousands((int64_t)column->unknown, number));
    pad(out, start, UNKNOWN);
    if (*column->role) {
        buffer_string(out, column->role);
        if (column->guessed)
            buffer_printf(out, " (guessed, %d%%)", column->confidence);
    }

    if (column->computed)
        buffer_string(out, *column->role ? ", computed" : "computed");

    if (column->property && strcmp(column->property, column->name) != 0)
        buffer_printf(out, "%s-> %s", *column->role ? ", " : "", column->property);
    if (column->refers)
        buffer_printf(out, " points at %s", column->refers);
    if (column->orphans)
        buffer_printf(out, ", %s of the rows at nothing there",
                      number_format_thousands((int64_t)column->orphans, number));
    if (show_values && column->values[0])
        print_values(column, out);
    while (out->length && out->data[out->length - 1] == ' ')
        out->data[--out->length] = 0;
    buffer_char(out, '\n');
}

static void print_columns(const struct ingest_summary *summary, bool show_values,
                          struct buffer *out)
{
    enum { LEAST = 12, MOST = 40, GAP = 4 }; /* characters of a terminal */
    size_t width = LEAST;
    for (size_t i = 0; i < summary->column_count; i++)
        if (strlen(summary->columns[i].name) + GAP > width)
            width = strlen(summary->columns[i].name) + GAP;
    for (size_t i = 0; i < summary->column_count; i++)
        print_column(&summary->columns[i], width < MOST ? width : MOST, show_values, out);
}

void ingest_summary_print_look(const struct ingest_summary *summary, struct buffer *out)
{
    bool failed = !summary->columns || !summary->columns->counted;
    for (size_t i = 0; i < summary->source_count; i++)
        print_source(&summary->sources[i], !failed, out);
    print_columns(summary, summary->dry_run || failed, out);
}

static void print_counts(const struct ingest_summary *summary, struct buffer *out)
{
    struct buffer n;
    buffer_init(&n, 0);
    buffer_printf(out, "%s row%s read", thousands(summary->read, &n), text_plural(summary->read));

    /* what is nothing is not said; together with the facts below these make up the rows read */
    if (summary->set_aside)
        buffer_printf(out, ", %s set aside", thousands(summary->set_aside, &n));
    if (summary->filtered)
        buffer_printf(out, ", %s filtered", thousands(summary->filtered, &n));
    if (summary->repeated_ids)
        buffer_printf(out, ", %s there already by id", thousands(summary->repeated_ids, &n));
    if (summary->replaced_rows)
        buffer_printf(out, ", %s replaced by id", thousands(summary->replaced_rows, &n));
    buffer_char(out, '\n');
    for (size_t i = 0; i < summary->table_count; i++) {
        const struct ingest_summary_table *table = &summary->tables[i];
        static const char *const nouns[] = {
            [SCHEMA_FACTS] = "fact", [SCHEMA_TRAITS] = "telling", [SCHEMA_REFERENCE] = "row"};
        buffer_printf(out, "  %s: %s %s%s\n", table->name, thousands(table->rows, &n),
                      nouns[table->role], text_plural(table->rows));
    }

    if (summary->customers) {
        buffer_printf(out, "  %s customer%s", thousands(summary->customers, &n),
                      text_plural(summary->customers));
        buffer_printf(out, ", %s of them new\n", thousands(summary->new_customers, &n));
    }

    buffer_release(&n);
}

static void print_rejects(const struct ingest_summary *summary, struct buffer *out)
{
    char number[NUMBER_TEXT_MAX];
    for (size_t i = 0; i < summary->reject_count; i++) {
        const struct ingest_reject_count *count = &summary->rejects[i];
        buffer_printf(out, "set aside: %s row%s, %s%s%s",
                      number_format_thousands((int64_t)count->rows, number),
                      text_plural(count->rows), ingest_reason_text(count->reason),
                      count->column ? " in " : "", count->column ? count->column : "");
        if (*count->example)
            buffer_printf(out, ", such as '%s'", count->example);
        buffer_printf(out, " (first in line %llu): %s\n", (unsigned long long)count->first_line,
                      ingest_reason_advice(count->reason));
    }
    if (summary->set_aside && summary->rejects_path)
        buffer_printf(out, "the rows set aside are in %s; mend them and use --retry\n",
                      summary->rejects_path);
}

static void print_times(const struct ingest_summary *summary, struct buffer *out)
{
    const struct {
        uint64_t count;
        const char *noun, *text;
    } lines[] = {
        {summary->hours_repeated, "time", "in an hour that happened twice, read as the second"},
        {summary->hours_missing, "time", "in an hour that never was, moved forward"},
        {summary->dates_bare, "date", "without a time, read as midnight"},
        {summary->fractions_cut, "time", "with fractions of a second, cut"},
    };
    char number[NUMBER_TEXT_MAX];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (lines[i].count)
            buffer_printf(out, "%s %s%s %s (zone %s)\n",
                          number_format_thousands((int64_t)lines[i].count, number), lines[i].noun,
                          text_plural(lines[i].count), lines[i].text, summary->zone);
}

static void print_preview(const struct ingest_summary *summary, struct buffer *out)
{
    if (!summary->preview_rows)
        return;
    buffer_string(out, "the first rows as they would be stored:\n");
    for (size_t r = 0; r < summary->preview_rows; r++) {
        for (size_t c = 0; c < summary->preview_columns; c++) {
            const char *value = summary->preview[r * summary->preview_columns + c];
            buffer_printf(out, "  %s=%s", summary->preview_names[c], value ? value : "(unknown)");
        }
        buffer_char(out, '\n');
    }
}

void ingest_summary_print(const struct ingest_summary *summary, struct buffer *out)
{
    if (summary->already && summary->replaced) {
        buffer_printf(out,
                      "Import %u is taken back. Import %u brought the same content with the same "
                      "mapping, so nothing was "
                      "added.\n",
                      summary->replaced, summary->already);
        return;
    }

    if (summary->already) {
        buffer_printf(out,
                      "Nothing to do: import %u brought the same content with the same mapping.\n",
                      summary->already);
        return;
    }

    /* from what was understood to what became of it; what needs doing comes last, to be seen */
    ingest_summary_print_look(summary, out);
    print_preview(summary, out);
    print_counts(summary, out);
    print_rejects(summary, out);
    print_times(summary, out);
    for (size_t i = 0; i < summary->notice_count; i++)
        buffer_printf(out, "note: %s\n", summary->notices[i]);
    for (size_t i = 0; i < summary->warning_count; i++)
        buffer_printf(out, "warning: %s\n", summary->warnings[i]);
    if (summary->refused)
        buffer_string(out, "Nothing was imported.\n");
    else if (summary->dry_run)
        buffer_string(out, "Nothing was written: this was a dry run.\n");
    else
        buffer_printf(out, "Import %u is done.\n", summary->import);
}

/* JSON */

static void put_count(struct json *json, const char *key, uint64_t value)
{
    json_write_key(json, key);
    json_write_integer(json, (int64_t)value);
}

static void put_text(struct json *json, const char *key, const char *value)
{
    json_write_key(json, key);
    json_write_string(json, value);
}

static void put_yes(struct json *json, const char *key, bool value)
{
    json_write_key(json, key);
    json_write_bool(json, value);
}

static void put_texts(struct json *json, const char *key, const char *const *texts, size_t count)
{
    json_write_key(json, key);
    json_write_array(json);
    for (size_t i = 0; i < count; i++)
        json_write_string(json, texts[i]);
    json_write_end_array(json);
}

/* What was found around the rows, and how sure it is; what is not there is left out. */
static void put_layout(const struct ingest_summary_source *source, struct json *json)
{
    const struct ingest_look *look = &source->look;
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        /* lines count from 1, so that a 0 is nothing here, too */
        {"skip", source->dialect.skip},
        {"empty_rows", source->empty_rows},
        {"first_empty_row", source->empty_line},
        {"repeated_headers", source->headers},
        {"first_repeated", source->header_line},
        {"nul_bytes", source->nul_bytes},
        {"first_nul_byte", source->nul_line},
        {"footer_line", source->footer_line},
        {"encoding_sure", (uint64_t)look->encoding_sure},
    };

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value)
            put_count(json, counts[i].key, counts[i].value);
    if (look->header_reason && *look->header_reason)
        put_text(json, "header_because", look->header_reason);
    if (look->encoding_rival)
        put_text(json, "encoding_rival", look->encoding_rival);
    if (look->sheet)
        put_text(json, "sheet", look->sheet);
    if (look->passed_count)
        put_texts(json, "passed_over", look->passed, look->passed_count);
    if (source->footer)
        put_text(json, "footer", source->footer);
}

static const char *format_name(const struct ingest_summary_source *source)
{
    if (source->postgres)
        return "postgresql";
    if (source->parquet)
        return "parquet";
    return source->spreadsheet ? "xlsx" : ingest_layout_name(source->dialect.layout);
}

static void put_sources(const struct ingest_summary *summary, struct json *json)
{
    json_write_key(json, "sources");
    json_write_array(json);
    for (size_t i = 0; i < summary->source_count; i++) {
        const struct ingest_summary_source *source = &summary->sources[i];
        char delimiter[2] = {source->dialect.delimiter, 0};
        json_write_object(json);
        put_text(json, "name", source->name);
        put_text(json, "format", format_name(source));
        put_text(json, "encoding", ingest_encoding_name(source->dialect.encoding));
        if (source->dialect.layout == LAYOUT_DELIMITED)
            put_text(json, "delimiter", delimiter);
        put_yes(json, "header", source->dialect.header);
        put_layout(source, json);
        put_yes(json, "gzip", source->dialect.gzip);
        put_count(json, "bytes", source->bytes);
        put_count(json, "rows", source->rows);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void put_columns(const struct ingest_summary *summary, struct json *json)
{
    json_write_key(json, "columns");
    json_write_array(json);
    for (size_t i = 0; i < summary->column_count; i++) {
        const struct ingest_summary_column *column = &summary->columns[i];
        json_write_object(json);
        put_text(json, "name", column->name);
        put_text(json, "type", value_type_name(column->type));
        if (column->type == VALUE_DECIMAL)
            put_count(json, "scale", (uint64_t)column->scale);

        /* format and decimal are read by later imports of the same table: remember.c */
        if (column->format)
            put_text(json, "format", column->format);
        if (column->format)
            put_yes(json, "format_sure", column->format_sure);
        if (column->point)
            put_text(json, "decimal", column->point == ',' ? "," : ".");
        if (column->property)
            put_text(json, "property", column->property);
        if (*column->role) {
            put_text(json, "role", column->role);
            put_count(json, "confidence", (uint64_t)column->confidence);
            put_yes(json, "guessed", column->guessed);
        }

        if (column->counted) {
            put_count(json, "distinct", column->distinct);
            put_yes(json, "distinct_exact", column->distinct_exact);
            put_count(json, "unknown", column->unknown);
        }

        if (column->refers)
            put_text(json, "refers", column->refers);
        if (column->orphans)
            put_count(json, "orphans", column->orphans);
        json_write_key(json, "values");
        json_write_array(json);
        for (size_t v = 0; v < sizeof column->values / sizeof *column->values && column->values[v];
             v++)
            json_write_string(json, column->values[v]);
        json_write_end_array(json);
        json_write_end_object(json);
    }

    json_write_end_array(json);
}

static void put_tables(const struct ingest_summary *summary, struct json *json)
{
    json_write_key(json, "tables");
    json_write_array(json);
    for (size_t i = 0; i < summary->table_count; i++) {
        json_write_object(json);
        put_text(json, "name", summary->tables[i].name);
        put_count(json, "rows", summary->tables[i].rows);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void put_rejects(const struct ingest_summary *summary, struct json *json)
{
    json_write_key(json, "rejects");
    json_write_array(json);
    for (size_t i = 0; i < summary->reject_count; i++) {
        const struct ingest_reject_count *count = &summary->rejects[i];
        json_write_object(json);
        put_text(json, "reason", ingest_reason_code(count->reason));
        put_text(json, "message", ingest_reason_text(count->reason));
        if (count->column)
            put_text(json, "column", count->column);
        put_count(json, "rows", count->rows);
        put_count(json, "first_line", count->first_line);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void put_preview(const struct ingest_summary *summary, struct json *json)
{
    json_write_key(json, "preview");
    json_write_array(json);
    for (size_t r = 0; r < summary->preview_rows; r++) {
        json_write_object(json);
        for (size_t c = 0; c < summary->preview_columns; c++)
            put_text(json, summary->preview_names[c],
                     summary->preview[r * summary->preview_columns + c]);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void put_counts(const struct ingest_summary *summary, struct json *json)
{
    const struct {
        const char *key;
        uint64_t value;
        bool always;
    } counts[] = {
        {"import", summary->import, false},
        {"already", summary->already, false},
        {"replaced", summary->replaced, false},
        {"read", summary->read, true},
        {"set_aside", summary->set_aside, true},
        {"filtered", summary->filtered, true},
        {"stored", summary->stored, true},
        {"repeated_ids", summary->repeated_ids, false},
        {"conflicts", summary->conflicts, false},
        {"replaced_rows", summary->replaced_rows, false},
        {"customers", summary->customers, true},
        {"new_customers", summary->new_customers, true},
        {"hours_repeated", summary->hours_repeated, false},
        {"hours_missing", summary->hours_missing, false},
        {"dates_bare", summary->dates_bare, false},
        {"fractions_cut", summary->fractions_cut, false},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].always || counts[i].value)
            put_count(json, counts[i].key, counts[i].value);
    if (summary->plausible_until && summary->plausible_until != INT64_MAX) {
        json_write_key(json, "plausible_until"); /* src/engine/latest.c reads it */
        json_write_integer(json, summary->plausible_until);
    }
}

void ingest_summary_json(const struct ingest_summary *summary, bool pretty, struct buffer *out)
{
    struct json json;
    struct buffer mapping;

    json_init(&json, out, pretty);
    json_write_object(&json);
    put_yes(&json, "dry_run", summary->dry_run);
    put_counts(summary, &json);
    put_tables(summary, &json);
    put_rejects(summary, &json);
    put_sources(summary, &json);
    put_columns(summary, &json);
    put_texts(&json, "notices", summary->notices, summary->notice_count);
    put_texts(&json, "warnings", summary->warnings, summary->warning_count);

    if (summary->zone)
        put_text(&json, "zone", summary->zone);
    if (summary->rejects_path)
        put_text(&json, "rejects_file", summary->rejects_path);
    if (summary->preview_rows)
        put_preview(summary, &json);

    buffer_init(&mapping, 0);
    ingest_mapping_write(&summary->mapping, false, &mapping);
    json_write_key(&json, "mapping");
    json_write_raw(&json, (struct text){mapping.data, mapping.length});
    buffer_release(&mapping);
    json_write_end_object(&json);
}
