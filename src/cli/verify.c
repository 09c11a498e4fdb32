/* verify: reads everything a store holds and says what is damaged, and where it can come from
 * again. */
#include "cli/commands.h"

#include "base/json.h"
#include "base/number.h"
#include "store/store.h"

#include <string.h>

static enum status write_json(struct cli *cli, const struct store_verification *seen,
                              struct error *error)
{
    struct buffer text;
    struct json json;

    buffer_init(&text, 0);
    json_init(&json, &text, true);
    engine_write_verification(seen, &json);
    buffer_char(&text, '\n');
    enum status status = cli_write(cli, (struct text){text.data, text.length}, error);
    buffer_release(&text);
    return status;
}

static void print(struct cli *cli, const struct store_verification *seen)
{
    char parts[NUMBER_TEXT_MAX], bytes[NUMBER_TEXT_MAX];
    for (size_t i = 0; i < seen->count; i++) {
        const struct store_finding *finding = &seen->findings[i];
        fprintf(cli->out, "%s%s\n  holds   %s\n  problem %s\n  remedy  %s\n", finding->file,
                finding->repaired ? " (made anew)" : "", finding->holds, finding->problem,
                finding->remedy);
    }

    cli_note(cli, "read %s parts, %s bytes, and the catalog",
             number_format_thousands((int64_t)seen->parts, parts),
             number_format_thousands((int64_t)seen->bytes, bytes));

    /* What an older program left out is no damage: it is said, and the exit code stays 0. */
    if (seen->recorded)
        cli_note(cli, "%zu parts have checksums now", seen->recorded);
    else if (seen->unchecked)
        cli_note(cli,
                 "%zu parts were written by an older version and have no checksums: they can be "
                 "read, but nobody can "
                 "say that they are what was written; strata verify --record gives them checksums",
                 seen->unchecked);
    if (!seen->sealed)
        cli_note(cli, "the catalog was last written by an older version, which does not seal it; "
                      "the next change does");
}

enum status cli_verify(struct cli *cli, struct error *error)
{
    struct store_verify what = {cli_switch(cli, "repair"), cli_switch(cli, "record")};
    struct store_verification seen;
    TRY(cli_need_store(cli, error));
    TRY(store_verify(cli->store, &what, &cli->arena, &seen, error));
    if (cli->json)
        TRY(write_json(cli, &seen, error));
    else
        print(cli, &seen);

    /* What was repaired is told, but is no failure any more. */
    size_t left = seen.count - seen.repaired;
    if (!left)
        return STATUS_OK;
    enum status status = error_set(error, STATUS_CORRUPT, "the store %s is damaged in %zu place%s",
                                   cli->store, left, left == 1 ? "" : "s");
    error_hint(error, "each is listed with what it holds and where it can come from again");
    return status;
}
