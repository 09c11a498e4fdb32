/* sql: results as a table, CSV, JSON or XLSX; Parquet is the engine's. */
#include "cli/commands.h"

#include "base/number.h"
#include "cli/table.h"
#include "lake/lake.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TABLE_ROWS_MAX = 10000, /* more in a terminal nobody reads, and widths need all at once */
    MICROSECONDS = 1000000, /* a second */
    WIDE_DIGITS = 48,       /* room for 2¹²⁷: 39 digits and a sign */
};

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

    /* Structures as DuckDB writes them itself. */
    buffer_char(out, '{');
    for (size_t i = 0; i < vector->child_count; i++) {
        buffer_printf(out, "%s%s: ", i ? ", " : "", vector->children[i].name);
        format_scalar(&vector->children[i], row, out);
    }
    buffer_char(out, '}');
}

static void format_moment(int64_t microseconds, struct buffer *out)
{
    /* Rounded down, also before 1970: C's division rounds towards 0. */
    int64_t seconds = microseconds / MICROSECONDS - (microseconds % MICROSECONDS < 0);
    int32_t date = (int32_t)(seconds / SECONDS_A_DAY - (seconds % SECONDS_A_DAY < 0));
    int clock = (int)(seconds - (int64_t)date * SECONDS_A_DAY);
    char text[DATE_TEXT_MAX];
    int minutes = clock / SECONDS_A_MINUTE;
    buffer_printf(out, "%s %02d:%02d:%02d", date_format(date, text), clock / SECONDS_AN_HOUR,
                  minutes % (SECONDS_AN_HOUR / SECONDS_A_MINUTE), clock % SECONDS_A_MINUTE);
    int64_t fraction = microseconds - seconds * MICROSECONDS;
    if (fraction)
        buffer_printf(out, ".%06lld", (long long)fraction);
}

static void format_wide(lake_wide value, struct buffer *out)
{
    char digits[WIDE_DIGITS];
    int at = sizeof digits;
    bool negative = value < 0;
    lake_wide left = value;

    /* Digit by digit from the right, the sign taken off each: the smallest value has no
     * positive twin. */
    do {
        int digit = (int)(left % 10);
        digits[--at] = (char)('0' + (digit < 0 ? -digit : digit));
        left /= 10;
    } while (left != 0);
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

    /* A decimal comes as the integer type that holds it; its width tells it from a number. */
    if (vector->width > 0 && vector->scale > 0) {
        format_decimal(vector, row, out);
        return;
    }

    switch (vector->type) {
    case LAKE_BOOL: buffer_string(out, lake_integer(vector, row) ? "true" : "false"); break;
    case LAKE_I128: format_wide(((const lake_wide *)vector->data)[row], out); break;
    case LAKE_FLOAT:
    case LAKE_DOUBLE:
        buffer_string(out, number_format_double(lake_number(vector, row), text));
        break;
    case LAKE_DATE:
        buffer_string(out, date_format((int32_t)lake_integer(vector, row), text));
        break;
    case LAKE_TIMESTAMP: format_moment(lake_integer(vector, row), out); break;
    case LAKE_TIMESTAMP_S: format_moment(lake_integer(vector, row) * MICROSECONDS, out); break;
    case LAKE_TEXT:
    case LAKE_BLOB: buffer_text(out, lake_text(vector, row)); break;
    case LAKE_LIST:
    case LAKE_STRUCT: format_parts(vector, row, out); break;
    case LAKE_OTHER: buffer_string(out, "(cast this to VARCHAR to see it)"); break;
    case LAKE_U64:
        buffer_printf(out, "%llu", (unsigned long long)((const uint64_t *)vector->data)[row]);
        break;
    default: buffer_printf(out, "%lld", (long long)lake_integer(vector, row));
    }
}

static bool is_number(const struct lake_vector *vector)
{
    return vector->type >= LAKE_I8 && vector->type <= LAKE_DOUBLE;
}

/* What a cell is for a file. Text of it lives in scratch until the next cell. */
static struct cli_cell_value cell_of(const struct lake_vector *vector, size_t row,
                                     struct buffer *scratch)
{
    if (!lake_known(vector, row))
        return (struct cli_cell_value){.type = CLI_CELL_UNKNOWN};
    if (vector->type == LAKE_FLOAT || vector->type == LAKE_DOUBLE)
        return (struct cli_cell_value){.type = CLI_CELL_NUMBER, .number = lake_number(vector, row)};
    if (vector->type == LAKE_BOOL)
        return (struct cli_cell_value){.type = CLI_CELL_BOOL, .integer = lake_integer(vector, row)};
    if (vector->type == LAKE_DATE)
        return (struct cli_cell_value){.type = CLI_CELL_DATE, .integer = lake_integer(vector, row)};

    /* Decimals past 64 bits go as their digits, which are more than any other cell holds. */
    if (is_number(vector) && vector->width > 0 && vector->type != LAKE_I128)
        return (struct cli_cell_value){
            .type = CLI_CELL_DECIMAL, .scale = vector->scale, .integer = lake_integer(vector, row)};

    buffer_reset(scratch);
    format_scalar(vector, row, scratch);
    struct cli_cell_value cell = {.type = is_number(vector) ? CLI_CELL_RAW : CLI_CELL_TEXT,
                                  .text = {scratch->data ? scratch->data : "", scratch->length}};
    if (vector->type == LAKE_TIMESTAMP || vector->type == LAKE_TIMESTAMP_S) {
        int64_t unit = vector->type == LAKE_TIMESTAMP ? MICROSECONDS : 1,
                value = lake_integer(vector, row);
        cell.type = CLI_CELL_CLOCK;
        cell.integer = value / unit - (value % unit < 0);
    }

    return cell;
}

struct writing {
    struct cli *cli;
    enum cli_format format;
    struct lake_result *result;
    struct buffer scratch;
    struct cli_rows *out;   /* a file */
    struct cli_table table; /* the terminal */
    size_t rows;
};

static enum status begin(struct writing *writing, struct error *error)
{
    size_t columns = lake_result_columns(writing->result);
    struct arena *arena = &writing->cli->arena;
    struct cli_column *heads = ARENA_ARRAY(arena, struct cli_column, columns + 1);
    const char **names = ARENA_ARRAY(arena, const char *, columns + 1);

    for (size_t c = 0; c < columns; c++) {
        const struct lake_vector *column = lake_result_column(writing->result, c);
        names[c] = arena_strdup(arena, column->name);
        heads[c] = (struct cli_column){names[c], is_number(column) ? CLI_RIGHT : CLI_LEFT};
    }
    cli_table_init(&writing->table, heads, columns, arena);
    if (writing->format == CLI_FORMAT_TABLE)
        return STATUS_OK;
    return cli_rows_new(writing->cli, writing->format, names, columns, &writing->out, error);
}

static void write_row(struct writing *writing, const struct lake_chunk *chunk, size_t row)
{
    for (size_t c = 0; c < chunk->column_count; c++) {
        const struct lake_vector *column = &chunk->columns[c];
        if (writing->out) {
            struct cli_cell_value cell = cell_of(column, row, &writing->scratch);
            cli_rows_cell(writing->out, &cell);

            /* Rows past the last shown are still counted, so that it can be said how
             * many there are. */
        } else if (writing->rows <= TABLE_ROWS_MAX) {
            buffer_reset(&writing->scratch);
            format_scalar(column, row, &writing->scratch);
            cli_cell(&writing->table, writing->scratch.data ? writing->scratch.data : "");
        }
    }
}

static enum status write_rows(struct writing *writing, struct error *error)
{
    const struct lake_chunk *chunk;
    for (;;) {
        TRY(lake_result_next(writing->result, &chunk, error));
        if (!chunk || (writing->out && cli_rows_failed(writing->out)))
            return STATUS_OK;

        for (size_t row = 0; row < chunk->rows; row++) {
            writing->rows++;
            write_row(writing, chunk, row);
        }
    }
}

static void print_table(const struct writing *writing)
{
    cli_table_print(&writing->table, writing->cli);
    if (writing->rows > TABLE_ROWS_MAX)
        cli_note(writing->cli, "only the first %d of %zu rows are shown; --format csv gives all",
                 TABLE_ROWS_MAX, writing->rows);
    else
        cli_note(writing->cli, "%zu %s", writing->rows, writing->rows == 1 ? "row" : "rows");
}

static enum status write_parquet(struct cli *cli, struct session *session, struct error *error)
{
    struct cli_output output;
    TRY(cli_output_begin(cli, cli_value(cli, "output"), &output, error));
    return cli_output_end(
        &output, engine_sql_parquet(session, cli->arguments[0], output.aside, error), error);
}

static enum status run_statement(struct cli *cli, struct session *session, struct error *error)
{
    struct writing writing = {.cli = cli};
    struct engine_sql *sql;
    unsigned all = 1u << CLI_FORMAT_TABLE | 1u << CLI_FORMAT_CSV | 1u << CLI_FORMAT_JSON |
                   1u << CLI_FORMAT_PARQUET | 1u << CLI_FORMAT_XLSX;

    TRY(cli_format_choose(cli, all, CLI_FORMAT_TABLE, &writing.format, error));
    if (writing.format == CLI_FORMAT_PARQUET)
        return write_parquet(cli, session, error);
    TRY(engine_sql_open(session, cli->arguments[0], &sql, error));
    writing.result = engine_sql_result(sql);
    buffer_init(&writing.scratch, 0);

    enum status status = begin(&writing, error);
    if (status == STATUS_OK)
        status = write_rows(&writing, error);

    /* cli_rows_end removes what was begun when the query failed half way. */
    if (writing.out)
        status = cli_rows_end(writing.out, status, error);
    else if (status == STATUS_OK)
        print_table(&writing);

    buffer_release(&writing.scratch);
    engine_sql_close(sql);
    return status;
}

enum status cli_sql(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, false, &session, error));
    enum status status = run_statement(cli, session, error);
    session_close(session);
    return status;
}
