/* sql: results as a table, CSV or JSON; Parquet is the engine's. */
#include "cli/commands.h"

#include "base/number.h"
#include "cli/table.h"
#include "lake/lake.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS_MAX = 10000 };

static void format_scalar(const struct lake_vector *vector, size_t row, struct buffer *out);

static void format_parts(const struct lake_vector *vector, size_t row, struct buffer *out)
{
    if (vector->type == LAKE_LIST) {
        const struct lake_span *span = (const struct lake_span *)vector->data + row;
        buffer_char(out, '[');
        for (uint64_t i = 0; i < span->count; i++) {
            buffer_string(out, i ? ", " : "");
            format_scalar(&vector->children[0], span->first + i, out);
        }
        buffer_char(out, ']');
        return;
    }
    buffer_char(out, '{');
    for (size_t i = 0; i < vector->child_count; i++) {
        buffer_printf(out, "%s%s: ", i ? ", " : "", vector->children[i].name);
        format_scalar(&vector->children[i], row, out);
    }
    buffer_char(out, '}');
}

static void format_moment(int64_t microseconds, struct buffer *out)
{
    int64_t seconds = microseconds / 1000000 - (microseconds % 1000000 < 0);
    int32_t date = (int32_t)(seconds / SECONDS_A_DAY - (seconds % SECONDS_A_DAY < 0));
    int clock = (int)(seconds - (int64_t)date * SECONDS_A_DAY);
    char text[DATE_TEXT_MAX];
    buffer_printf(out, "%s %02d:%02d:%02d", date_format(date, text), clock / 3600, clock / 60 % 60, clock % 60);
    int64_t fraction = microseconds - seconds * 1000000;
    if (fraction)
        buffer_printf(out, ".%06lld", (long long)fraction);
}

static void format_wide(lake_wide value, struct buffer *out)
{
    char digits[48];
    int at = sizeof digits;
    bool negative = value < 0;
    lake_wide left = value;
    do { /* digit by digit from the right, the sign taken off each: the smallest value has no positive twin */
        int digit = (int)(left % 10);
        digits[--at] = (char)('0' + (digit < 0 ? -digit : digit));
    } while (left /= 10);
    if (negative)
        digits[--at] = '-';
    buffer_add(out, digits + at, sizeof digits - (size_t)at);
}

static void format_decimal(const struct lake_vector *vector, size_t row, struct buffer *out)
{
    char text[NUMBER_TEXT_MAX];
    if (vector->type == LAKE_I128)
        buffer_printf(out, "%.*f", vector->scale, lake_number(vector, row));
    else
        buffer_string(out, number_format_decimal(lake_integer(vector, row), vector->scale, text));
}

static void format_scalar(const struct lake_vector *vector, size_t row, struct buffer *out)
{
    char text[NUMBER_TEXT_MAX];
    if (!lake_known(vector, row)) {
        buffer_string(out, "NULL");
        return;
    }
    if (vector->width > 0 && vector->scale > 0) {
        format_decimal(vector, row, out);
        return;
    }
    switch (vector->type) {
    case LAKE_BOOL: buffer_string(out, lake_integer(vector, row) ? "true" : "false"); break;
    case LAKE_I128: format_wide(((const lake_wide *)vector->data)[row], out); break;
    case LAKE_FLOAT:
    case LAKE_DOUBLE: buffer_string(out, number_format_double(lake_number(vector, row), text)); break;
    case LAKE_DATE: buffer_string(out, date_format((int32_t)lake_integer(vector, row), text)); break;
    case LAKE_TIMESTAMP: format_moment(lake_integer(vector, row), out); break;
    case LAKE_TIMESTAMP_S: format_moment(lake_integer(vector, row) * 1000000, out); break;
    case LAKE_TEXT:
    case LAKE_BLOB: buffer_text(out, lake_text(vector, row)); break;
    case LAKE_LIST:
    case LAKE_STRUCT: format_parts(vector, row, out); break;
    case LAKE_OTHER: buffer_string(out, "(cast this to VARCHAR to see it)"); break;
    case LAKE_U64: buffer_printf(out, "%llu", (unsigned long long)((const uint64_t *)vector->data)[row]); break;
    default: buffer_printf(out, "%lld", (long long)lake_integer(vector, row));
    }
}

static bool is_number(const struct lake_vector *vector)
{
    return vector->type >= LAKE_I8 && vector->type <= LAKE_DOUBLE;
}

/* An empty text is quoted, so that it differs from the unknown. */
static void csv_text(struct text text, struct buffer *out)
{
    bool quote = text.length == 0;
    for (size_t i = 0; i < text.length; i++)
        quote |= strchr(",\"\r\n", text.data[i]) != NULL;
    if (!quote) {
        buffer_text(out, text);
        return;
    }
    buffer_char(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"')
            buffer_char(out, '"');
        buffer_char(out, text.data[i]);
    }
    buffer_char(out, '"');
}

static void csv_cell(const struct lake_vector *vector, size_t row, struct buffer *scratch, struct buffer *out)
{
    if (!lake_known(vector, row))
        return;
    buffer_reset(scratch);
    format_scalar(vector, row, scratch);
    csv_text((struct text){scratch->data ? scratch->data : "", scratch->length}, out);
}

/* JSON has no words for infinity and for what is not a number: they become null. */
static bool has_json(const struct lake_vector *vector, size_t row)
{
    bool binary = vector->type == LAKE_FLOAT || vector->type == LAKE_DOUBLE;
    return lake_known(vector, row) && (!binary || isfinite(lake_number(vector, row)));
}

static void json_cell(const struct lake_vector *vector, size_t row, struct buffer *scratch, struct json *json)
{
    buffer_reset(scratch);
    if (!has_json(vector, row)) {
        json_write_null(json);
        return;
    }
    format_scalar(vector, row, scratch);
    struct text text = {scratch->data ? scratch->data : "", scratch->length};
    if (vector->type == LAKE_BOOL || is_number(vector))
        json_write_raw(json, text);
    else
        json_write_text(json, text);
}

enum style { STYLE_TABLE, STYLE_CSV, STYLE_JSON };

struct writing {
    struct cli *cli;
    enum style style;
    struct lake_result *result;
    struct buffer out, scratch;
    struct json json;
    struct cli_table table;
    size_t rows;
};

static void begin(struct writing *writing)
{
    size_t columns = lake_result_columns(writing->result);
    struct arena *arena = &writing->cli->arena;
    struct cli_column *heads = ARENA_ARRAY(arena, struct cli_column, columns + 1);
    for (size_t c = 0; c < columns; c++) {
        const struct lake_vector *column = lake_result_column(writing->result, c);
        heads[c] = (struct cli_column){arena_strdup(arena, column->name), is_number(column) ? CLI_RIGHT : CLI_LEFT};
        if (writing->style == STYLE_CSV) {
            buffer_string(&writing->out, c ? "," : "");
            csv_text(text_from(column->name), &writing->out);
        }
    }
    if (writing->style == STYLE_CSV)
        buffer_char(&writing->out, '\n');
    cli_table_init(&writing->table, heads, columns, arena);
    json_init(&writing->json, &writing->out, false);
    if (writing->style == STYLE_JSON)
        json_write_array(&writing->json);
}

static void write_row(struct writing *writing, const struct lake_chunk *chunk, size_t row)
{
    if (writing->style == STYLE_JSON)
        json_write_object(&writing->json);
    for (size_t c = 0; c < chunk->column_count; c++) {
        const struct lake_vector *column = &chunk->columns[c];
        if (writing->style == STYLE_JSON) {
            json_write_key(&writing->json, writing->table.columns[c].name);
            json_cell(column, row, &writing->scratch, &writing->json);
        } else if (writing->style == STYLE_CSV) {
            if (c)
                buffer_char(&writing->out, ',');
            csv_cell(column, row, &writing->scratch, &writing->out);
        } else if (writing->rows <= TABLE_ROWS_MAX) {
            buffer_reset(&writing->scratch);
            format_scalar(column, row, &writing->scratch);
            cli_cell(&writing->table, writing->scratch.data ? writing->scratch.data : "");
        }
    }
    if (writing->style == STYLE_JSON)
        json_write_end_object(&writing->json);
    if (writing->style == STYLE_CSV)
        buffer_char(&writing->out, '\n');
}

static enum status write_rows(struct writing *writing, struct error *error)
{
    const struct lake_chunk *chunk;
    for (;;) {
        TRY(lake_result_next(writing->result, &chunk, error));
        if (!chunk)
            return STATUS_OK;
        for (size_t row = 0; row < chunk->rows; row++) {
            writing->rows++;
            write_row(writing, chunk, row);
        }
        if (writing->out.cut)
            return error_set(error, STATUS_ERROR,
                             "the result is larger than 1 GB; --format parquet -o FILE has no such limit");
    }
}

static enum status finish(struct writing *writing, struct error *error)
{
    if (writing->style == STYLE_TABLE) {
        cli_table_print(&writing->table, writing->cli);
        if (writing->rows > TABLE_ROWS_MAX)
            cli_note(writing->cli, "only the first %d of %zu rows are shown; --format csv gives all", TABLE_ROWS_MAX,
                     writing->rows);
        else
            cli_note(writing->cli, "%zu %s", writing->rows, writing->rows == 1 ? "row" : "rows");
        return STATUS_OK;
    }
    if (writing->style == STYLE_JSON) {
        json_write_end_array(&writing->json);
        buffer_char(&writing->out, '\n');
    }
    return cli_write(writing->cli, (struct text){writing->out.data, writing->out.length}, error);
}

static enum status choose_style(const struct cli *cli, enum style *style, bool *parquet, struct error *error)
{
    static const char *const names[] = {[STYLE_TABLE] = "table", [STYLE_CSV] = "csv", [STYLE_JSON] = "json"};
    const char *format = cli_value(cli, "format"), *output = cli_value(cli, "output");
    size_t length = output ? strlen(output) : 0;
    *style = cli->json ? STYLE_JSON : output ? STYLE_CSV : STYLE_TABLE;
    *parquet = format ? strcmp(format, "parquet") == 0 : length > 8 && strcmp(output + length - 8, ".parquet") == 0;
    if (*parquet && !output)
        return error_set(error, STATUS_USAGE, "Parquet needs a file: -o FILE");
    for (size_t i = 0; format && i < 3; i++)
        if (strcmp(format, names[i]) == 0) {
            *style = (enum style)i;
            return STATUS_OK;
        }
    if (format && !*parquet)
        return error_set(error, STATUS_USAGE, "there is no format '%s': table, csv, json and parquet are known",
                         format);
    return STATUS_OK;
}

static enum status write_parquet(struct cli *cli, struct engine *engine, struct error *error)
{
    struct cli_output output;
    TRY(cli_output_begin(cli, cli_value(cli, "output"), &output, error));
    return cli_output_end(&output, engine_sql_parquet(engine, cli->arguments[0], output.aside, error), error);
}

static enum status run_statement(struct cli *cli, struct engine *engine, struct error *error)
{
    struct writing writing = {.cli = cli};
    struct engine_sql *sql;
    bool parquet;
    TRY(choose_style(cli, &writing.style, &parquet, error));
    if (parquet)
        return write_parquet(cli, engine, error);
    TRY(engine_sql_open(engine, cli->arguments[0], &sql, error));
    writing.result = engine_sql_result(sql);
    buffer_init(&writing.out, 0);
    buffer_init(&writing.scratch, 0);
    begin(&writing);
    enum status status = write_rows(&writing, error);
    if (status == STATUS_OK)
        status = finish(&writing, error);
    buffer_release(&writing.out);
    buffer_release(&writing.scratch);
    engine_sql_close(sql);
    return status;
}

enum status cli_sql(struct cli *cli, struct error *error)
{
    struct engine *engine;
    TRY(cli_open(cli, false, &engine, error));
    enum status status = run_statement(cli, engine, error);
    engine_close(engine);
    return status;
}
