/* explain, profile, overlap, status: what a segment is, and why somebody is in it. */
#include "cli/commands.h"

#include "base/number.h"
#include "cli/table.h"

#include <math.h>
#include <string.h>

static enum status write_text(struct cli *cli, struct buffer *text, enum status status,
                              struct error *error)
{
    if (status == STATUS_OK)
        status = cli_write(cli, (struct text){text->data ? text->data : "", text->length}, error);
    buffer_release(text);
    return status;
}

enum status cli_explain(struct cli *cli, struct error *error)
{
    const char *customer = cli_value(cli, "customer");
    if (!customer)
        return error_set(error, STATUS_USAGE, "strata explain needs --customer ID");
    struct session *session;
    struct session_moment moment;
    struct buffer text;
    struct json json;
    TRY(cli_open(cli, false, &session, error));
    buffer_init(&text, 0);
    json_init(&json, &text, true);
    enum status status = cli_moment(cli, session, &moment, error);

    /* Text or JSON: the engine writes whichever it is given a place for. */
    if (status == STATUS_OK)
        status = engine_explain(session, cli->arguments[0], customer, &moment, &cli->arena,
                                cli->json ? NULL : &text, cli->json ? &json : NULL, error);
    status = write_text(cli, &text, status, error);
    session_close(session);
    return status;
}

/* ---- profile ---- */

enum {
    THOUSAND = 1000, /* from here on whole numbers */
    LINES = 12,      /* of a profile, unless told otherwise */
    PAIRS = 20,      /* of an overlap */
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void number_cell(struct cli_table *table, double number)
{
    if (!isfinite(number))
        cli_cell(table, "–");
    else if (fabs(number) >= THOUSAND)
        cli_cellf(table, "%.0f", number);
    else
        cli_cellf(table, "%.4g", number);
}

static void numbers_table(struct cli *cli, const struct insight_profile *profile,
                          bool by_definition, size_t most)
{
    static const struct cli_column columns[] = {{"number", CLI_LEFT},     {"mean", CLI_RIGHT},
                                                {"others", CLI_RIGHT},    {"median", CLI_RIGHT},
                                                {"others", CLI_RIGHT},    {"spread", CLI_RIGHT},
                                                {"difference", CLI_RIGHT}};
    struct cli_table table;

    cli_table_init(&table, columns, COUNT_OF(columns), &cli->arena);
    for (size_t i = 0; i < profile->count && table.cell_count < most * COUNT_OF(columns); i++) {
        const struct insight_difference *line = &profile->items[i];
        if (!line->told || line->is_share || line->by_definition != by_definition)
            continue;
        cli_cell(&table, line->feature->text);
        number_cell(&table, line->inside.mean);
        number_cell(&table, line->outside.mean);
        number_cell(&table, line->inside.median);
        number_cell(&table, line->outside.median);
        number_cell(&table, line->inside.deviation);
        cli_cellf(&table, "%+.2f", line->effect);
    }

    if (table.cell_count) {
        cli_table_print(&table, cli);
        fputc('\n', cli->out);
    }
}

static void shares_table(struct cli *cli, const struct insight_profile *profile, bool by_definition,
                         size_t most)
{
    static const struct cli_column columns[] = {{"text", CLI_LEFT},   {"value", CLI_LEFT},
                                                {"share", CLI_RIGHT}, {"others", CLI_RIGHT},
                                                {"lift", CLI_RIGHT},  {"difference", CLI_RIGHT}};
    struct cli_table table;

    cli_table_init(&table, columns, COUNT_OF(columns), &cli->arena);
    for (size_t i = 0; i < profile->count && table.cell_count < most * COUNT_OF(columns); i++) {
        const struct insight_difference *line = &profile->items[i];
        if (!line->told || !line->is_share || line->by_definition != by_definition)
            continue;
        cli_cell(&table, line->feature->text);
        cli_cell(&table, line->value);
        cli_cell_share(&table, line->share_inside);
        cli_cell_share(&table, line->share_outside);
        if (isfinite(line->lift))
            cli_cellf(&table, "%.2f", line->lift);
        else
            cli_cell(&table, "only here");
        cli_cellf(&table, "%+.2f", line->effect);
    }

    if (table.cell_count) {
        cli_table_print(&table, cli);
        fputc('\n', cli->out);
    }
}

static void print_value(struct cli *cli, const struct engine_profile *profile)
{
    if (!profile->revenue_of)
        return;
    double all = profile->year.total + profile->year_others.total;
    fprintf(cli->out, "value: %s of the last 365 days %.2f", profile->revenue_of,
            profile->year.total);

    if (all > 0)
        fprintf(cli->out, " (%.1f%% of all)", 100 * profile->year.total / all);
    if (profile->customers)
        fprintf(cli->out, ", %.2f a customer", profile->year.total / (double)profile->customers);
    if (profile->others)
        fprintf(cli->out, "; everyone else %.2f a customer",
                profile->year_others.total / (double)profile->others);
    fputc('\n', cli->out);
}

static void print_sizes(struct cli *cli, const struct session *session,
                        const struct engine_profile *profile)
{
    if (!profile->sizes)
        return;
    fprintf(cli->out,
            "size at %s:", profile->sizes_recorded ? "each refresh" : "each month's start");
    for (size_t i = 0; i < profile->sizes; i++) {
        char date[DATE_TEXT_MAX];
        fprintf(cli->out, "%s %s %llu", i ? "," : "",
                date_format(zone_date(session_zone(session), profile->size_moment[i]), date),
                (unsigned long long)profile->size_customers[i]);
    }
    fputs("\n", cli->out);
}

static void print_profile(struct cli *cli, const struct session *session,
                          const struct engine_profile *profile, size_t most)
{
    char count[NUMBER_TEXT_MAX];

    fprintf(cli->out, "%s%s%s\n  where %s\n\n", profile->name, profile->title ? ": " : "",
            profile->title ? profile->title : "", profile->text);
    fprintf(cli->out, "%s customers, %.1f%% of all\n",
            number_format_thousands((int64_t)profile->customers, count), 100 * profile->share);
    print_value(cli, profile);
    print_sizes(cli, session, profile);
    bool own = false, apart = false;
    for (size_t i = 0; i < profile->profile.count; i++) {
        own |= profile->profile.items[i].by_definition;
        apart |= profile->profile.items[i].told && !profile->profile.items[i].by_definition;
    }

    /* What the definition reads differs by definition: told apart, and last. */
    fputs("\nWhat sets them apart from everyone else, the strongest first\n\n", cli->out);
    numbers_table(cli, &profile->profile, false, most);
    shares_table(cli, &profile->profile, false, most);
    if (!apart)
        fprintf(cli->out, "Nothing beyond chance: %zu compared.\n\n", profile->profile.compared);

    /* A condition that reads nothing of which there is a profile has nothing to show here. */
    if (!own)
        return;
    fputs("By definition: what the segment's own condition reads\n\n", cli->out);
    numbers_table(cli, &profile->profile, true, most);
    shares_table(cli, &profile->profile, true, most);
}

/* Numbers and texts in one table: a line has means or shares. */
static enum status write_profile(struct cli *cli, const struct insight_profile *profile,
                                 enum cli_format format, struct error *error)
{
    static const struct cli_column columns[] = {{"of", CLI_LEFT},
                                                {"value", CLI_LEFT},
                                                {"by definition", CLI_LEFT},
                                                {"mean", CLI_RIGHT},
                                                {"others", CLI_RIGHT},
                                                {"median", CLI_RIGHT},
                                                {"others' median", CLI_RIGHT},
                                                {"share", CLI_RIGHT},
                                                {"others' share", CLI_RIGHT},
                                                {"lift", CLI_RIGHT},
                                                {"difference", CLI_RIGHT},
                                                {"p", CLI_RIGHT},
                                                {"told", CLI_LEFT}};
    struct cli_table table;

    cli_table_init(&table, columns, sizeof columns / sizeof *columns, &cli->arena);
    for (size_t i = 0; i < profile->count; i++) {
        /* A line has means or shares: the columns of the other kind stay empty, so that
         * a spreadsheet can sort all in one. */
        const struct insight_difference *line = &profile->items[i];
        cli_cell(&table, line->feature->text);
        cli_cell(&table, line->is_share ? line->value : NULL);
        cli_cell_bool(&table, line->by_definition);
        cli_cell_number(&table, line->is_share ? NAN : line->inside.mean, "%.4g",
                        line->inside.mean);
        cli_cell_number(&table, line->is_share ? NAN : line->outside.mean, "%.4g",
                        line->outside.mean);
        cli_cell_number(&table, line->is_share ? NAN : line->inside.median, "%.4g",
                        line->inside.median);
        cli_cell_number(&table, line->is_share ? NAN : line->outside.median, "%.4g",
                        line->outside.median);
        cli_cell_share(&table, line->is_share ? line->share_inside : NAN);
        cli_cell_share(&table, line->is_share ? line->share_outside : NAN);
        cli_cell_number(&table, line->is_share ? line->lift : NAN, "%.2f", line->lift);
        cli_cell_number(&table, line->effect, "%+.2f", line->effect);
        cli_cell_number(&table, line->p, "%.4g", line->p);
        cli_cell_bool(&table, line->told);
    }

    return cli_table_write(&table, cli, format, error);
}

static enum status profile_segment(struct cli *cli, struct session *session, struct error *error)
{
    struct session_moment moment;
    struct engine_profile profile;
    enum cli_format format;
    long most;

    TRY(cli_format_choose(cli, CLI_FORMATS_OF_TABLES, CLI_FORMAT_TABLE, &format, error));
    TRY(cli_number(cli, "top", LINES, &most, error));
    TRY(cli_moment(cli, session, &moment, error));
    TRY(engine_profile(session, cli->arguments[0], &moment, &cli->arena, &profile, error));
    cli_note_lost(cli, profile.lost, profile.lost_count);

    /* Three forms of one thing: for reading, for spreadsheets, for programs. */
    if (format == CLI_FORMAT_TABLE) {
        print_profile(cli, session, &profile, (size_t)most);
        return STATUS_OK;
    }

    if (format != CLI_FORMAT_JSON)
        return write_profile(cli, &profile.profile, format, error);
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, true);
    engine_write_profile(session, &profile, &json);
    return write_text(cli, &text, STATUS_OK, error);
}

enum status cli_profile(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, false, &session, error));
    enum status status = profile_segment(cli, session, error);
    session_close(session);
    return status;
}

/* ---- overlap ---- */

static const char *name_of(const struct engine_overlap *overlap, int segment)
{
    return overlap->view.set->segments[segment].name;
}

static const char *relation(bool first_inside, bool second_inside)
{
    if (first_inside && second_inside)
        return "the same customers";
    if (first_inside)
        return "the first lies in the second";
    return second_inside ? "the second lies in the first" : NULL;
}

/* The last column needs a name in a file alone. */
static void fill_pairs(struct cli_table *table, const char *last, struct arena *arena,
                       const struct engine_overlap *overlap)
{
    enum { COLUMNS = 7 };
    static const struct cli_column columns[COLUMNS - 1] = {
        {"segment", CLI_LEFT},   {"and", CLI_LEFT},        {"both", CLI_RIGHT},
        {"of first", CLI_RIGHT}, {"of second", CLI_RIGHT}, {"likeness", CLI_RIGHT}};
    const struct insight_overlap *found = &overlap->overlap;
    struct cli_column *heads = ARENA_ARRAY(arena, struct cli_column, COLUMNS);

    memcpy(heads, columns, sizeof columns);
    heads[COLUMNS - 1] = (struct cli_column){last, CLI_LEFT};
    cli_table_init(table, heads, COLUMNS, arena);
    for (size_t i = 0; i < found->pair_count; i++) {
        const struct insight_pair *pair = &found->pairs[i];
        uint64_t a = found->size[pair->a], b = found->size[pair->b];
        cli_cell(table, name_of(overlap, pair->a));
        cli_cell(table, name_of(overlap, pair->b));
        cli_cell_count(table, (int64_t)pair->both);
        cli_cell_share(table, (double)pair->both / (double)a);
        cli_cell_share(table, (double)pair->both / (double)b);
        cli_cell_share(table, (double)pair->both / (double)(a + b - pair->both));
        cli_cell(table, relation(pair->both == a, pair->both == b));
    }
}

static void print_pairs(struct cli *cli, const struct engine_overlap *overlap)
{
    struct cli_table table;
    fill_pairs(&table, "", &cli->arena, overlap);
    if (table.cell_count)
        cli_table_print(&table, cli);
    if (overlap->overlap.pair_count < overlap->all_pairs)
        fprintf(cli->out,
                "\nThe %zu largest of %zu pairs with customers in common; --top shows more.\n",
                overlap->overlap.pair_count, overlap->all_pairs);
}

static void print_groups(struct cli *cli, const struct engine_overlap *overlap)
{
    static const struct cli_column columns[] = {
        {"customers", CLI_RIGHT}, {"share", CLI_RIGHT}, {"in exactly", CLI_LEFT}};
    const struct insight_overlap *found = &overlap->overlap;
    struct cli_table table;
    cli_table_init(&table, columns, 3, &cli->arena);
    for (size_t i = 0; i < found->group_count; i++) {
        struct buffer names;
        buffer_init(&names, 0);
        for (int s = 0; s < found->groups[i].segment_count; s++)
            buffer_printf(&names, "%s%s", s ? ", " : "",
                          name_of(overlap, found->groups[i].segments[s]));
        cli_cell_count(&table, (int64_t)found->groups[i].customers);
        cli_cell_share(&table, (double)found->groups[i].customers / (double)found->customers);
        cli_cell(&table, names.data);
        buffer_release(&names);
    }
    if (!table.cell_count)
        return;
    fputs("\nThe largest combinations, each customer counted once\n\n", cli->out);
    cli_table_print(&table, cli);
}

static enum status write_overlap(struct cli *cli, const struct session *session,
                                 const struct engine_overlap *overlap, enum cli_format format,
                                 struct error *error)
{
    char count[NUMBER_TEXT_MAX];
    if (format == CLI_FORMAT_TABLE) {
        print_pairs(cli, overlap);
        print_groups(cli, overlap);
        fprintf(cli->out, "\n%s customers are in none of these segments\n",
                number_format_thousands((int64_t)overlap->overlap.none, count));
        return STATUS_OK;
    }
    if (format != CLI_FORMAT_JSON) {
        struct cli_table table;
        fill_pairs(&table, "relation", &cli->arena, overlap);
        return cli_table_write(&table, cli, format, error);
    }
    struct buffer text;
    struct json json;
    buffer_init(&text, 0);
    json_init(&json, &text, true);
    engine_write_overlap(session, overlap, &json);
    return write_text(cli, &text, STATUS_OK, error);
}

static enum status show_overlap(struct cli *cli, struct session *session, struct error *error)
{
    struct session_moment moment;
    struct engine_overlap overlap;
    enum cli_format format;
    long most;
    TRY(cli_format_choose(cli, CLI_FORMATS_OF_TABLES, CLI_FORMAT_TABLE, &format, error));
    TRY(cli_number(cli, "top", PAIRS, &most, error));
    TRY(cli_moment(cli, session, &moment, error));
    TRY(engine_overlap(session, cli->arguments, (size_t)cli->argument_count, (size_t)most, &moment,
                       &cli->arena, &overlap, error));
    enum status status = write_overlap(cli, session, &overlap, format, error);
    cli_note_broken(cli, session);
    session_view_close(&overlap.view);
    return status;
}

enum status cli_overlap(struct cli *cli, struct error *error)
{
    struct session *session;
    TRY(cli_open(cli, false, &session, error));
    enum status status = show_overlap(cli, session, error);
    session_close(session);
    return status;
}
