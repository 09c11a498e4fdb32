/* members: who is in a segment, with what is known of them, as CSV, JSON, Parquet or XLSX. */
#include "cli/commands.h"

#include "base/calendar.h"
#include "cli/rows.h"
#include "engine/listing.h"

#include <string.h>

/* ---- --with ---- */

static const char **values_asked(struct cli *cli, size_t *count)
{
    size_t given, most = 1;
    const char **texts = cli_values(cli, "with", &given);
    for (size_t i = 0; i < given; i++)
        most += strlen(texts[i]) + 1;

    /* As many parts as bytes at most: that is generous and needs no second pass. */
    const char **out = ARENA_ARRAY(&cli->arena, const char *, most);
    *count = 0;
    for (size_t i = 0; i < given; i++) {
        const char *rest = texts[i];
        for (struct text part; text_next_part(&rest, &part);)
            out[(*count)++] = arena_strndup(&cli->arena, part.data, part.length);
    }
    return out;
}

/* ---- cells ---- */

struct writing {
    struct cli *cli;
    const struct engine_listing *listing;
    const struct zone *zone;
    struct buffer text;
};

/* "tea|cocoa", the form that --type 'x=set of text' reads. */
static struct text set_text(struct writing *writing, struct text members)
{
    buffer_reset(&writing->text);
    for (size_t i = 0; i + 1 < members.length; i++)
        buffer_char(&writing->text, members.data[i] ? members.data[i] : '|');
    return (struct text){writing->text.data ? writing->text.data : "", writing->text.length};
}

static struct cli_cell_value moment_cell(struct writing *writing, int64_t moment)
{
    char text[MOMENT_TEXT_MAX];
    buffer_reset(&writing->text);
    buffer_string(&writing->text, moment_format(writing->zone, moment, text));

    /* A spreadsheet has no zones: it gets the clock of the store's zone. */
    return (struct cli_cell_value){.type = CLI_CELL_CLOCK,
                                   .integer = moment + zone_offset(writing->zone, moment),
                                   .text = {writing->text.data, writing->text.length}};
}

static struct cli_cell_value cell_of(struct writing *writing,
                                     const struct engine_listing_column *column, size_t row)
{
    if (!column->known[row])
        return (struct cli_cell_value){.type = CLI_CELL_UNKNOWN};

    /* The scratch text holds until the next cell, which is as long as a cell lives. */
    if (column->type == VALUE_POINT) {
        buffer_reset(&writing->text);
        buffer_printf(&writing->text, "%.10g %.10g", column->numbers[row], column->seconds[row]);
        return (struct cli_cell_value){.type = CLI_CELL_TEXT,
                                       .text = {writing->text.data, writing->text.length}};
    }

    if (column->type == VALUE_SET)
        return (struct cli_cell_value){.type = CLI_CELL_TEXT,
                                       .text = set_text(writing, column->texts[row])};
    if (column->texts)
        return (struct cli_cell_value){.type = CLI_CELL_TEXT, .text = column->texts[row]};
    if (column->numbers)
        return (struct cli_cell_value){.type = CLI_CELL_NUMBER, .number = column->numbers[row]};
    if (column->type == VALUE_TIME)
        return moment_cell(writing, column->integers[row]);

    enum cli_cell_type type = CLI_CELL_INTEGER;
    if (column->type == VALUE_DATE)
        type = CLI_CELL_DATE;
    else if (column->type == VALUE_BOOL)
        type = CLI_CELL_BOOL;
    else if (column->type == VALUE_DECIMAL)
        type = CLI_CELL_DECIMAL;
    return (struct cli_cell_value){
        .type = type, .scale = column->scale, .integer = column->integers[row]};
}

static enum status write_rows(struct writing *writing, enum cli_format format, struct error *error)
{
    const struct engine_listing *listing = writing->listing;
    const char **names = ARENA_ARRAY(&writing->cli->arena, const char *, listing->column_count + 1);
    struct cli_rows *rows;
    names[0] = "customer";
    for (size_t c = 0; c < listing->column_count; c++)
        names[c + 1] = listing->columns[c].name;
    TRY(cli_rows_new(writing->cli, format, names, listing->column_count + 1, &rows, error));

    /* A full disk ends the walk early; what went wrong is told by cli_rows_end. */
    for (size_t row = 0; row < listing->count && !cli_rows_failed(rows); row++) {
        struct cli_cell_value customer = {.type = CLI_CELL_TEXT, .text = listing->identifiers[row]};
        cli_rows_cell(rows, &customer);
        for (size_t c = 0; c < listing->column_count; c++) {
            struct cli_cell_value cell = cell_of(writing, &listing->columns[c], row);
            cli_rows_cell(rows, &cell);
        }
    }
    return cli_rows_end(rows, STATUS_OK, error);
}

/* Without columns, JSON is a plain array of identifiers. */
static enum status write_identifiers(struct cli *cli, const struct engine_listing *listing,
                                     struct error *error)
{
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, false);
    json_write_array(&json);
    for (size_t i = 0; i < listing->count; i++)
        json_write_text(&json, listing->identifiers[i]);
    json_write_end_array(&json);
    buffer_char(&text, '\n');

    enum status status = text.cut ? error_set(error, STATUS_ERROR,
                                              "the result is larger than 1 GB; use --format csv")
                                  : cli_write(cli, (struct text){text.data, text.length}, error);
    buffer_release(&text);
    return status;
}

static enum status write_listing(struct cli *cli, struct session *session,
                                 const struct engine_listing *listing, enum cli_format format,
                                 struct error *error)
{
    if (format == CLI_FORMAT_JSON && listing->column_count == 0)
        return write_identifiers(cli, listing, error);
    if (format == CLI_FORMAT_PARQUET) {
        struct cli_output file;
        TRY(cli_output_begin(cli, cli_value(cli, "output"), &file, error));
        return cli_output_end(&file, engine_listing_parquet(session, listing, file.aside, error),
                              error);
    }
    struct writing writing = {.cli = cli, .listing = listing, .zone = session_zone(session)};
    buffer_init(&writing.text, 0);
    enum status status = write_rows(&writing, format, error);
    buffer_release(&writing.text);
    return status;
}

static enum status list_members(struct cli *cli, struct session *session, struct error *error)
{
    enum cli_format format;
    struct session_moment moment;
    struct engine_listing *listing;
    size_t count;
    unsigned known = 1u << CLI_FORMAT_CSV | 1u << CLI_FORMAT_JSON | 1u << CLI_FORMAT_PARQUET |
                     1u << CLI_FORMAT_XLSX;
    TRY(cli_format_choose(cli, known, CLI_FORMAT_CSV, &format, error));
    const char **texts = values_asked(cli, &count);
    TRY(cli_moment(cli, session, &moment, error));
    TRY(engine_listing_new(session, cli->arguments[0], texts, count, &moment, &listing, error));

    enum status status = write_listing(cli, session, listing, format, error);
    if (status == STATUS_OK && cli_switch(cli, "output"))
        cli_note(cli, "%zu customers written to %s", listing->count, cli_value(cli, "output"));
    engine_listing_free(listing);
    return status;
}

enum status cli_members(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, false, &session, error));
    enum status status = list_members(cli, session, error);
    session_close(session);
    return status;
}
