/* kinds retype: another type for a column of the store. */
#include "cli/commands.h"

#include "base/number.h"
#include "engine/retype.h"
#include "store/store.h"

#include <string.h>

static const char *type_text(struct cli *cli, enum value_type type, int scale)
{
    return type == VALUE_DECIMAL ? arena_printf(&cli->arena, "decimal(%d)", scale)
                                 : value_type_name(type);
}

static const char *joined(struct cli *cli, const char *const *names, size_t count)
{
    struct buffer text;
    buffer_init(&text, 0);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s%s", i ? ", " : "", names[i]);
    const char *copy = buffer_copy(&text, &cli->arena);
    buffer_release(&text);
    return copy;
}

static void print_difference(struct cli *cli, const struct engine_retype *retype)
{
    const struct ingest_retype *column = &retype->column;
    char values[NUMBER_TEXT_MAX], lost[NUMBER_TEXT_MAX], rows[NUMBER_TEXT_MAX];
    fprintf(cli->out, "%s.%s: %s becomes %s\n", column->table, column->column,
            type_text(cli, column->from, column->from_scale),
            type_text(cli, column->to, column->scale));
    fprintf(cli->out, "%s values convert, %s do not\n",
            number_format_thousands((int64_t)column->converted, values),
            number_format_thousands((int64_t)(column->values - column->converted), lost));
    for (size_t i = 0; i < column->example_count; i++)
        fprintf(cli->out, "  '%s' in %s %s: unknown then, and kept beside\n",
                column->examples[i].text,
                number_format_thousands((int64_t)column->examples[i].rows, rows),
                column->examples[i].rows == 1 ? "row" : "rows");

    /* What breaks, what fits again, and who else reads it: whoever says yes should know all
     * three. */
    for (size_t i = 0; i < retype->break_count; i++)
        fprintf(cli->out, "breaks: %s: %s\n", retype->breaks[i].name, retype->breaks[i].why);
    if (retype->mend_count)
        fprintf(cli->out, "fits again: %s\n", joined(cli, retype->mends, retype->mend_count));
    if (retype->reader_count)
        fprintf(cli->out, "reads it: %s\n", joined(cli, retype->readers, retype->reader_count));
}

static enum status write_difference(struct cli *cli, const struct engine_retype *retype, bool done,
                                    struct error *error)
{
    const struct ingest_retype *column = &retype->column;
    struct buffer text;
    struct json json;

    buffer_init(&text, 0);
    json_init(&json, &text, true);
    json_write_object(&json);
    json_put_string(&json, "column",
                    arena_printf(&cli->arena, "%s.%s", column->table, column->column));
    json_put_string(&json, "from", value_type_name(column->from));
    json_put_string(&json, "to", value_type_name(column->to));
    json_put_bool(&json, "done", done);
    json_put_integer(&json, "values", (int64_t)column->values);
    json_put_integer(&json, "converted", (int64_t)column->converted);

    /* Texts that do not convert stand as they are: a program looks for them in its own data. */
    const char *examples[RETYPE_EXAMPLES];
    for (size_t i = 0; i < column->example_count; i++)
        examples[i] = column->examples[i].text;
    json_put_strings(&json, "not_converted", examples, column->example_count);
    const char **breaks = ARENA_ARRAY(&cli->arena, const char *, retype->break_count + 1);
    for (size_t i = 0; i < retype->break_count; i++)
        breaks[i] = retype->breaks[i].name;
    json_put_strings(&json, "breaks", breaks, retype->break_count);
    json_put_strings(&json, "fits_again", retype->mends, retype->mend_count);
    json_put_strings(&json, "reads", retype->readers, retype->reader_count);
    json_write_end_object(&json);
    enum status status = cli_write(cli, (struct text){text.data, text.length}, error);
    buffer_release(&text);
    return status;
}

static enum status retype(struct cli *cli, struct session *session, const char *name,
                          const char *type, struct error *error)
{
    struct engine_retype plan;
    bool dry = cli_switch(cli, "dry-run");

    TRY(engine_retype_plan(session, name, type, &cli->arena, &plan, error));
    if (!cli->json)
        print_difference(cli, &plan);
    fflush(cli->out);
    if (!dry && !cli_switch(cli, "yes") && !cli_confirm(cli, "Retype this column?")) {
        enum status status = error_set(error, STATUS_USAGE, "nothing was changed: nobody said yes");
        error_hint(error, "--yes retypes without asking, --dry-run only shows");
        return status;
    }

    /* The plan was made under the same lock: between question and answer the store stays as it is.
     */
    if (!dry)
        TRY(engine_retype_do(session, name, type, &cli->arena, error));
    if (cli->json)
        return write_difference(cli, &plan, !dry, error);
    if (dry)
        cli_note(cli, "a dry run: nothing was changed");
    else
        cli_note(cli, "done; strata kinds retype %s %s '%s' brings every value back as it was",
                 cli->store, name, value_type_name(plan.column.from));

    cli_note_broken(cli, session);
    return STATUS_OK;
}

enum status cli_kinds(struct cli *cli, struct error *error)
{
    const char **words = cli->arguments;
    int count = cli->argument_count;
    struct session *session;

    /* The store is taken out by hand, as it may stand before or behind the verb. */
    if (count == 4 && strcmp(words[0], "retype") == 0) {
        cli->store = words[1];
        words[1] = words[0];
    } else if (count == 4) {
        cli->store = words[0];
    }

    words += count == 4;
    count -= count == 4;
    if (count != 3 || strcmp(words[0], "retype") != 0) {
        enum status status = error_set(error, STATUS_USAGE, "strata kinds retypes a column");
        error_hint(error,
                   "strata kinds retype STORE KIND.COLUMN TYPE, such as order.amount decimal");
        return status;
    }

    TRY(cli_open(cli, !cli_switch(cli, "dry-run"), &session, error));
    enum status status = retype(cli, session, words[1], words[2], error);
    session_close(session);
    return status;
}
