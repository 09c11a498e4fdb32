/* model: fitting, listing, showing, scoring and deleting models. */
#include "cli/commands.h"

#include "base/number.h"
#include "cli/table.h"
#include "store/store.h"
#include "study/study.h"

#include <string.h>

/* What the first word asks for. */
struct model_action {
    const char *name;
    bool writes, takes_name;
    enum status (*run)(struct cli *cli, struct session *session, const char *name,
                       struct error *error);
};

static enum status write_json(struct cli *cli, struct buffer *text, struct error *error)
{
    buffer_char(text, '\n');
    enum status status = cli_write(cli, (struct text){text->data, text->length}, error);
    buffer_release(text);
    return status;
}

/* Figures under their groups, each group where it came first. */
static void print_figures(struct cli *cli, const struct study_model *model)
{
    enum { LABEL = 42 }; /* columns: longer labels push their figure to the right */
    for (size_t first = 0; first < model->figure_count; first++) {
        const char *group = model->figures[first].group;
        size_t before = 0;
        while (before < first && strcmp(model->figures[before].group, group) != 0)
            before++;
        if (before < first)
            continue;
        fprintf(cli->out, "\n%s\n", group);
        for (size_t i = first; i < model->figure_count; i++) {
            const struct study_figure *figure = &model->figures[i];
            int room = LABEL - (int)cli_display_width(figure->label);
            if (strcmp(figure->group, group) == 0)
                fprintf(cli->out, "  %s%*s %s\n", figure->label, room > 0 ? room : 0, "",
                        figure->text);
        }
    }
}

static enum status print_model(struct cli *cli, const struct session *session,
                               const struct study_model *model, struct error *error)
{
    char at[MOMENT_TEXT_MAX], scored[MOMENT_TEXT_MAX], count[NUMBER_TEXT_MAX];

    if (cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        study_write(session, model, &json);
        return write_json(cli, &text, error);
    }

    fprintf(cli->out, "%s: a model of type %s, fitted on facts up to %s by %s\n", model->name,
            model->type, moment_format(session_zone(session), model->moment, at), model->program);
    if (!model->usable)
        fprintf(cli->out, "not usable: %s\n", model->trouble);
    for (size_t i = 0; i < model->option_count; i++)
        fprintf(cli->out, "%s--%s%s%s", i ? " " : "options: ", model->options[i].name,
                *model->options[i].value ? " " : "", model->options[i].value);
    if (model->option_count)
        fputc('\n', cli->out);
    print_figures(cli, model);
    if (model->note_count)
        fputc('\n', cli->out);
    for (size_t i = 0; i < model->note_count; i++)
        fprintf(cli->out, "%s\n", model->notes[i]);
    if (!model->scored)
        return STATUS_OK;

    /* Which traits the language now knows: what a reader does next. */
    fprintf(cli->out, "\nscored %s customers as of %s:",
            number_format_thousands((int64_t)model->scored_customers, count),
            moment_format(session_zone(session), model->scored_at, scored));
    for (size_t i = 0; i < model->trait_count; i++)
        fprintf(cli->out, "%s %s", i ? "," : "", model->traits[i]);
    fputc('\n', cli->out);
    return STATUS_OK;
}

static enum status unknown_type(struct error *error)
{
    struct buffer list;
    const char *name, *summary;
    const struct study_option *options;
    buffer_init(&list, 0);
    for (size_t i = 0; study_type_at(i, &name, &summary, &options); i++)
        buffer_printf(&list, "%s%s", i ? ", " : "", name);
    enum status status =
        error_set(error, STATUS_USAGE, "--type is missing: it says which type of model to fit");
    error_hint(error, "the types are %s", list.data);
    buffer_release(&list);
    return status;
}

/* Whether it says something of the command rather than of the model. */
static bool is_of_command(const char *name)
{
    const struct cli_option *const lists[] = {cli_common_options, cli_moment_options};
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
        for (const struct cli_option *option = lists[l]; option->name; option++)
            if (strcmp(option->name, name) == 0)
                return true;
    return strcmp(name, "type") == 0;
}

/* Every option given that is not the command's own is the model's; its type says which it takes. */
static enum status fit(struct cli *cli, struct session *session, const char *name,
                       struct error *error)
{
    struct study_request request = {.name = name, .type = cli_value(cli, "type")};
    struct study_given *options =
        ARENA_ARRAY(&cli->arena, struct study_given, cli->given_count + 1);
    struct session_moment moment;
    struct study_model model;

    if (!request.type)
        return unknown_type(error);
    for (size_t i = 0; i < cli->given_count; i++) {
        const char *given = cli->given[i].option->name;
        if (!is_of_command(given))
            options[request.option_count++] = (struct study_given){given, cli->given[i].value};
    }

    /* Facts up to the newest, not up to now: in a store of last year now would be a year of
     * silence. */
    request.options = options;
    const char *as_of = cli_value(cli, "as-of");
    TRY(session_moment(session, as_of ? as_of : "latest", cli_value(cli, "known-at"), &cli->arena,
                       &moment, error));
    TRY(study_fit(session, &request, &moment, &cli->arena, &model, error));
    return print_model(cli, session, &model, error);
}

static enum status list(struct cli *cli, struct session *session, const char *name,
                        struct error *error)
{
    static const struct cli_column columns[] = {
        {"model", CLI_LEFT},  {"type", CLI_LEFT},       {"fitted as of", CLI_LEFT},
        {"usable", CLI_LEFT}, {"customers", CLI_RIGHT}, {"scored as of", CLI_LEFT}};
    struct study_model *models;
    size_t count;

    (void)name;
    TRY(study_models(session, &cli->arena, &models, &count, error));
    if (cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        study_write_all(session, models, count, &json);
        return write_json(cli, &text, error);
    }

    /* A model that tells nothing leaves its scores empty, rather than 0. */
    struct cli_table table;
    cli_table_init(&table, columns, sizeof columns / sizeof *columns, &cli->arena);
    for (size_t i = 0; i < count; i++) {
        char date[DATE_TEXT_MAX];
        cli_cell(&table, models[i].name);
        cli_cell(&table, models[i].type);
        cli_cell(&table, date_format(zone_date(session_zone(session), models[i].moment), date));
        cli_cell(&table, models[i].usable ? "yes" : "no");
        if (models[i].scored)
            cli_cell_count(&table, (int64_t)models[i].scored_customers);
        else
            cli_cell(&table, NULL);
        cli_cell(&table,
                 models[i].scored
                     ? date_format(zone_date(session_zone(session), models[i].scored_at), date)
                     : NULL);
    }

    if (count)
        cli_table_print(&table, cli);
    else
        cli_note(cli, "no models yet: strata model fit STORE NAME --type TYPE makes one");

    return STATUS_OK;
}

static enum status print_reasons(struct cli *cli, const struct session *session,
                                 const struct study_model *model,
                                 const struct study_customer *reasons, int64_t now,
                                 struct error *error)
{
    enum { MOST = 12 };
    char at[MOMENT_TEXT_MAX];

    if (cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        engine_write_reasons(reasons, &json);
        return write_json(cli, &text, error);
    }

    fprintf(cli->out, "%s of %s as of %s: %.1f%%, where %.1f%% is usual\n", model->name,
            reasons->customer, moment_format(session_zone(session), now, at),
            100 * reasons->probability, 100 * reasons->base_rate);
    if (!reasons->asked_about)
        fprintf(cli->out,
                "the model is not about customers like this one: nothing is told of them\n");
    fprintf(cli->out, "\nwhat it is associated with (what each adds to the log-odds; associations, "
                      "not causes)\n");
    for (size_t i = 0; i < reasons->driver_count && i < MOST; i++)
        fprintf(cli->out, "  %+7.3f  %s: %s\n", reasons->drivers[i].effect,
                reasons->drivers[i].name, reasons->drivers[i].value);
    if (reasons->driver_count > MOST)
        fprintf(cli->out, "  and %zu that add less\n", reasons->driver_count - MOST);
    return STATUS_OK;
}

/* One customer's prediction, at the moment it was told of unless --as-of says another. */
static enum status show_customer(struct cli *cli, struct session *session,
                                 const struct study_model *model, struct error *error)
{
    struct session_moment moment;
    struct study_customer reasons;
    const char *as_of = cli_value(cli, "as-of");
    TRY(session_moment(session, as_of ? as_of : "latest", cli_value(cli, "known-at"), &cli->arena,
                       &moment, error));

    /* The reasons for what was told, not for what would be told now. */
    if (!as_of)
        moment.now = model->scored ? model->scored_at : model->moment;
    TRY(study_explain(session, model, cli_value(cli, "customer"), &moment, &cli->arena, &reasons,
                      error));
    return print_reasons(cli, session, model, &reasons, moment.now, error);
}

static enum status show(struct cli *cli, struct session *session, const char *name,
                        struct error *error)
{
    struct study_model model;
    TRY(study_find(session, name, &cli->arena, &model, error));
    if (cli_value(cli, "customer"))
        return show_customer(cli, session, &model, error);
    return print_model(cli, session, &model, error);
}

static enum status delete_model(struct cli *cli, struct session *session, const char *name,
                                struct error *error)
{
    struct study_model model;
    TRY(study_find(session, name, &cli->arena, &model, error));
    TRY(study_delete(session, name, &cli->arena, error));
    cli_note(cli, "deleted the model %s%s", name,
             model.scored ? " and took its scores back" : "; it had told no scores");
    return STATUS_OK;
}

static enum status score(struct cli *cli, struct session *session, const char *name,
                         struct error *error)
{
    struct session_moment moment;
    struct study_model model;
    char count[NUMBER_TEXT_MAX], at[MOMENT_TEXT_MAX];
    TRY(cli_moment(cli, session, &moment, error));
    TRY(study_score(session, name, &moment, &cli->arena, &model, error));
    if (cli->json)
        return print_model(cli, session, &model, error);
    cli_note(cli, "%s scored %s customers as of %s", name,
             number_format_thousands((int64_t)model.scored_customers, count),
             moment_format(session_zone(session), moment.now, at));
    return STATUS_OK;
}

/* ---- the types there are ---- */

/* strata model types [TYPE]: needs no store. */
static enum status types(struct cli *cli, struct error *error)
{
    const char *only = cli->argument_count > 1 ? cli->arguments[1] : NULL, *name, *summary;
    const struct study_option *options;
    const struct study_type *type;

    if (cli->argument_count > 2)
        return error_set(error, STATUS_USAGE, "strata model types: too many arguments");
    if (only)
        TRY(study_type_find(only, &type, error));
    if (cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        engine_write_model_types(only, &json);
        return write_json(cli, &text, error);
    }

    for (size_t i = 0; study_type_at(i, &name, &summary, &options); i++) {
        if (!only)
            fprintf(cli->out, "%-10s %s\n", name, summary);
        else if (strcmp(only, name) == 0)
            cli_help_options(cli->out, cli_model_sections()[i].options);
    }
    if (!only)
        cli_note(cli, "strata model types TYPE lists a type's options");
    return STATUS_OK;
}

static const struct model_action actions[] = {
    {"fit", true, true, fit},     {"list", false, false, list},
    {"show", false, true, show},  {"delete", true, true, delete_model},
    {"score", true, true, score}, {NULL, false, false, NULL},
};

static const struct model_action *find_action(const char *name)
{
    const struct model_action *action = actions;
    while (action->name && strcmp(action->name, name) != 0)
        action++;
    return action->name ? action : NULL;
}

/* The words behind the action: the store, unless it is found otherwise, and the model's name. */
static enum status read_words(struct cli *cli, const struct model_action *action, const char **name,
                              struct error *error)
{
    int wanted = action->takes_name ? 1 : 0, given = cli->argument_count - 1;
    const char **words = cli->arguments + 1;

    /* A lone word may be the store or the model's name: it is the store where no name is taken. */
    if (given > wanted || (given == wanted && given && store_is(words[0]) && !action->takes_name)) {
        cli->store = words[0];
        words++;
        given--;
    }
    if (given != wanted) {
        enum status status =
            error_set(error, STATUS_USAGE, "strata model %s: %s", action->name,
                      given < wanted ? "an argument is missing" : "too many arguments");
        error_hint(error, "usage: strata model %s STORE%s", action->name,
                   action->takes_name ? " NAME" : "");
        return status;
    }
    *name = wanted ? words[0] : NULL;
    return STATUS_OK;
}

enum status cli_model(struct cli *cli, struct error *error)
{
    const struct model_action *action = find_action(cli->arguments[0]);
    struct session *session;
    const char *name = NULL;

    if (strcmp(cli->arguments[0], "types") == 0)
        return types(cli, error);
    if (!action)
        return error_set(error, STATUS_USAGE,
                         "strata model has no '%s': it is fit, list, show, score, delete or types",
                         cli->arguments[0]);
    TRY(read_words(cli, action, &name, error));
    TRY(cli_open(cli, action->writes, &session, error));
    enum status status = action->run(cli, session, name, error);
    session_close(session);
    return status;
}
