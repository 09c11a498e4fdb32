/*
 * Whether what was given for a fit is what the type's table says: before anything is read, every
 * option by the same rules, each complaint naming the option, what was given and what would do. And
 * the readers of what was given, which need no complaints any more.
 */
#include "study/options.h"
#include "study/work.h"

#include "base/number.h"
#include "ingest/mapping.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- numbers ---- */

/* The number that is written: with the option's prefix before it, 10% for .1 unless it is whole. */
static bool parse_number(const struct study_option *option, const char *value, double *out)
{
    size_t before = option->prefix ? strlen(option->prefix) : 0, length;

    if (before && strncmp(value, option->prefix, before) != 0)
        return false;
    value += before;
    length = strlen(value);
    bool whole = option->form == STUDY_WHOLE;
    bool percent = !whole && length && value[length - 1] == '%';
    if (!number_parse_double((struct text){value, length - percent}, out))
        return false;
    *out /= percent ? 100 : 1;
    return !whole || *out == floor(*out);
}

/* The place of a word among the choices; -1 when it is none of them. */
static int place_of(const struct study_option *option, const char *value)
{
    for (int i = 0; option->choices && option->choices[i]; i++)
        if (strcmp(option->choices[i], value) == 0)
            return i;
    return -1;
}

/* ---- complaints ---- */

static size_t choice_count(const struct study_option *option)
{
    size_t count = 0;
    while (option->choices && option->choices[count])
        count++;
    return count;
}

/* "auto, none or a number". */
static void describe_wanted(const struct study_option *option, struct buffer *out)
{
    static const char *const nouns[] = {
        [STUDY_WHOLE] = "a whole number",
        [STUDY_NUMBER] = "a number",
        [STUDY_DAYS] = "a number of days",
        [STUDY_CHOICE] = NULL,
        [STUDY_SWITCH] = "no value",
        [STUDY_KIND] = "a kind of facts",
        [STUDY_PROPERTY] = "a property",
        [STUDY_TRAIT] = "a trait",
        [STUDY_SEGMENT] = "a segment",
        [STUDY_VALUE] = "a value of the segment language",
        [STUDY_CONDITION] = "a condition of the segment language",
        [STUDY_LABEL] = "a condition of the segment language",
        [STUDY_MOMENT] = "a date or a moment",
    };
    size_t count = choice_count(option), all = count + (nouns[option->form] != NULL);

    /* A number behind a prefix is told by its bounds: "folds:2 to folds:50". */
    if (option->prefix) {
        buffer_printf(out, "%s%g to %s%g", option->prefix, option->least, option->prefix,
                      option->most);
        return;
    }
    for (size_t i = 0; i < all; i++) {
        const char *between = i + 1 < all ? ", " : " or ";
        buffer_printf(out, "%s%s", i ? between : "",
                      i < count ? option->choices[i] : nouns[option->form]);
    }
}

/* What to do: the word that was meant, or how the option is given. */
static void hint_at(const struct study_option *option, const char *value, struct error *error)
{
    int nearest = text_nearest(value, option->choices, choice_count(option));
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", option->choices[nearest]);
    else if (option->example)
        error_hint(error, "%s", option->example);
    else
        error_hint(error, "--%s: %s", option->name, option->summary);
}

static enum status wrong(const struct study_option *option, const char *value, struct error *error)
{
    struct buffer wanted;
    buffer_init(&wanted, 0);
    describe_wanted(option, &wanted);
    enum status status =
        error_set(error, STATUS_USAGE, "--%s takes %s, not '%s'", option->name, wanted.data, value);
    buffer_release(&wanted);
    hint_at(option, value, error);
    return status;
}

static enum status unknown(const struct study_type *type, const char *name, struct error *error)
{
    enum { MOST = 64 };
    const char *names[MOST];
    size_t count = 0;
    struct buffer list;

    buffer_init(&list, 0);
    for (const struct study_option *option = type->options; option->name; option++) {
        ENSURE(count < MOST);
        buffer_printf(&list, "%s--%s", count ? ", " : "", option->name);
        names[count++] = option->name;
    }
    enum status status =
        error_set(error, STATUS_USAGE, "a model of type %s has no option --%s", type->name, name);
    int nearest = text_nearest(name, names, count);
    if (nearest >= 0)
        error_hint(error, "did you mean --%s? It takes %s", names[nearest], list.data);
    else
        error_hint(error, "it takes %s", list.data);
    buffer_release(&list);
    return status;
}

static enum status outside(const struct study_option *option, const char *value,
                           struct error *error)
{
    return error_set(error, STATUS_USAGE, "--%s must lie between %.16g and %.16g, but is %s",
                     option->name, option->least, option->most, value);
}

/* ---- one value ---- */

static enum status check_number(const struct study_option *option, const char *value,
                                struct error *error)
{
    double number;
    if (!parse_number(option, value, &number))
        return wrong(option, value, error);
    if (number >= option->least && number <= option->most)
        return STATUS_OK;
    return option->prefix ? wrong(option, value, error) : outside(option, value, error);
}

static enum status check_kind(struct session *session, const struct study_option *option,
                              const char *value, struct error *error)
{
    enum { MOST = 64 };
    const struct schema *schema = session_schema(session);
    const struct schema_table *table = schema_table(schema, value);
    const char *names[MOST];
    size_t count = 0;

    if (table && table->role == SCHEMA_FACTS)
        return STATUS_OK;

    /* The store's own kinds suggest better than any hint of the table. */
    enum status status = wrong(option, value, error);
    for (size_t t = 0; t < schema->table_count && count < MOST; t++)
        if (schema->tables[t].role == SCHEMA_FACTS)
            names[count++] = schema->tables[t].name;
    int nearest = text_nearest(value, names, count);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", names[nearest]);
    else
        error_hint(error, "strata status lists the kinds");
    return status;
}

static enum status check_moment(struct session *session, const struct study_option *option,
                                const char *value, struct error *error)
{
    int64_t moment;
    if (moment_parse(session_zone(session), text_from(value), &moment))
        return STATUS_OK;
    return wrong(option, value, error);
}

/* Whether it is a segment or a scheme where that does instead. */
static bool is_name(struct session *session, const struct study_option *option, const char *value)
{
    const struct segment_set *set = session_definitions(session);
    if (option->or_segment || option->form == STUDY_SEGMENT)
        return segment_set_find(set, value) >= 0 || segment_set_find_scheme(set, value) >= 0;
    return false;
}

void work_place(const char *name, struct error *error)
{
    const char *position = strchr(error->place, ':');
    error_place(error, "--%s%s", name, position ? position : "");
}

static enum status check_language(struct session *session, const struct study_option *option,
                                  const char *value, struct arena *arena, struct error *error)
{
    struct segment_set *set;
    struct text name;
    const char *bare = option->named ? work_named(value, &name) : value, *own = bare;

    if (is_name(session, option, value))
        return STATUS_OK;
    /* Of a value the language can be asked whether it is known, and of nothing else. */
    if (option->form == STUDY_VALUE)
        bare = arena_printf(arena, "%s is known", bare);
    enum status status =
        segment_condition_build(text_from(bare), session_schema(session),
                                session_definitions(session), arena, NULL, &set, error);
    if (status == STATUS_OK) {
        segment_set_free(set);
        return STATUS_OK;
    }

    /* What is wrong behind the end was ours to write: the value by itself says what it lacks. */
    if (error_column(error) > strlen(own))
        status = segment_condition_build(text_from(own), session_schema(session),
                                         session_definitions(session), arena, NULL, &set, error);
    ENSURE(status != STATUS_OK);
    work_place(option->name, error);
    return status;
}

static enum status check_segment(struct session *session, const struct study_option *option,
                                 const char *value, struct error *error)
{
    int segment;
    if (is_name(session, option, value))
        return STATUS_OK;
    enum status status = session_find_segment(session, value, &segment, error);
    work_place(option->name, error);
    return status;
}

static enum status check_value(struct session *session, const struct study_option *option,
                               const char *value, struct arena *arena, struct error *error)
{
    bool ignored;

    /* A word of the table does whatever the form: "auto" beside a number, "churn" beside a kind. */
    if (place_of(option, value) >= 0)
        return STATUS_OK;

    switch (option->form) {
    case STUDY_WHOLE:
    case STUDY_NUMBER:
    case STUDY_DAYS: return check_number(option, value, error);
    case STUDY_CHOICE: return wrong(option, value, error);
    case STUDY_SWITCH: return ingest_read_switch(option->name, value, &ignored, error);
    case STUDY_KIND: return check_kind(session, option, value, error);
    case STUDY_SEGMENT: return check_segment(session, option, value, error);
    case STUDY_VALUE:
    case STUDY_CONDITION: return check_language(session, option, value, arena, error);
    case STUDY_MOMENT: return check_moment(session, option, value, error);
    case STUDY_LABEL:    /* predict.c: what goes wrong there has reasons of its own */
    case STUDY_PROPERTY: /* of the kind, which may be guessed: orders.c names it */
    case STUDY_TRAIT: /* or a column that a trait refers to: predict.c names it */ return STATUS_OK;
    }
    return STATUS_OK;
}

/* ---- all of them ---- */

static const char *given_value(const struct study_given *given, size_t count, const char *name)
{
    for (size_t i = count; i-- > 0;)
        if (strcmp(given[i].name, name) == 0)
            return given[i].value;
    return NULL;
}

/* All parts of all times a list was given. */
static const char **given_list(const struct study_given *given, size_t given_count,
                               const char *name, struct arena *arena, size_t *count)
{
    size_t most = 1;
    for (size_t i = 0; i < given_count; i++)
        most += strlen(given[i].value) + 1;
    const char **out = ARENA_ARRAY(arena, const char *, most);
    *count = 0;
    for (size_t i = 0; i < given_count; i++) {
        const char *rest = given[i].value;
        struct text part;
        while (strcmp(given[i].name, name) == 0 && text_next_part(&rest, &part))
            out[(*count)++] = arena_strndup(arena, part.data, part.length);
    }
    return out;
}

static enum status check_list(struct session *session, const struct study_option *option,
                              const struct study_request *request, struct arena *arena,
                              struct error *error)
{
    size_t count;
    const char **values =
        given_list(request->options, request->option_count, option->name, arena, &count);

    /* How many before what they are: nobody wants the first of a hundred complaints. */
    if (count < option->few || (option->many && count > option->many)) {
        const char *range = option->few == option->many ? "" : "at most ";
        if (option->few > 1)
            range = arena_printf(arena, "%zu to ", option->few);
        enum status status =
            error_set(error, STATUS_USAGE, "--%s takes %s%zu value%s, not %zu", option->name, range,
                      option->many, text_plural(option->many), count);
        hint_at(option, "", error);
        return status;
    }
    for (size_t i = 0; i < count; i++)
        TRY(check_value(session, option, values[i], arena, error));
    return STATUS_OK;
}

static enum status missing(const struct study_option *option, struct error *error)
{
    enum status status = error_set(error, STATUS_USAGE, "--%s is missing: it says %s", option->name,
                                   option->summary);
    hint_at(option, "", error);
    return status;
}

static enum status check_option(struct session *session, const struct study_option *option,
                                const struct study_request *request, struct arena *arena,
                                struct error *error)
{
    const struct study_given *given = request->options;
    const char *value = given_value(given, request->option_count, option->name);

    /* What has to be given, unless something else is; "" is the name of nothing. */
    if (!value && option->unless && !given_value(given, request->option_count, option->unless))
        return missing(option, error);
    if (!value)
        return STATUS_OK;
    return option->list ? check_list(session, option, request, arena, error)
                        : check_value(session, option, value, arena, error);
}

/* First the names, then in the table's order what was said, each with all it needs. */
enum status study_options_check(struct session *session, const struct study_type *type,
                                const struct study_request *request, struct arena *arena,
                                struct error *error)
{
    for (size_t i = 0; i < request->option_count; i++)
        if (!study_option_find(type->options, request->options[i].name))
            return unknown(type, request->options[i].name, error);
    for (const struct study_option *option = type->options; option->name; option++)
        TRY(check_option(session, option, request, arena, error));
    return STATUS_OK;
}

/* ---- reading what was given ---- */

static const struct study_option *row_of(const struct work *work, const char *name)
{
    const struct study_type *type;
    struct error ignored;
    enum status status = study_type_find(work->model->type, &type, &ignored);
    const struct study_option *row =
        status == STATUS_OK ? study_option_find(type->options, name) : NULL;
    ENSURE(row); /* a type reads the options of its table, and no others */
    return row;
}

const char *work_option(const struct work *work, const char *name)
{
    return given_value(work->model->options, work->model->option_count, name);
}

const char **work_option_list(const struct work *work, const char *name, size_t *count)
{
    return given_list(work->model->options, work->model->option_count, name, work->arena, count);
}

/* A model of an older version may have been saved with what the table does not take any more: then
 * the fallback holds, as it does where nothing was given. */
double work_number(const struct work *work, const char *name)
{
    const struct study_option *option = row_of(work, name);
    const char *value = work_option(work, name);
    double number;

    if (value && parse_number(option, value, &number))
        return number;
    return option->fallback && parse_number(option, option->fallback, &number) ? number : 0;
}

const double *work_numbers(const struct work *work, const char *name, size_t *count)
{
    const struct study_option *option = row_of(work, name);
    const char **values = work_option_list(work, name, count);
    double *out = ARENA_ARRAY(work->arena, double, *count + 1);
    for (size_t i = 0; i < *count; i++)
        if (!parse_number(option, values[i], &out[i]))
            out[i] = 0;
    return out;
}

int work_pick(const struct work *work, const char *name)
{
    const struct study_option *option = row_of(work, name);
    const char *value = work_option(work, name);
    int place = value ? place_of(option, value) : -1;
    if (place >= 0 || (value && option->form != STUDY_CHOICE) || !option->fallback)
        return place;
    return place_of(option, option->fallback);
}

bool work_switch(const struct work *work, const char *name)
{
    const char *value = work_option(work, name);
    struct error ignored;
    bool on = false;
    return value && ingest_read_switch(name, value, &on, &ignored) == STATUS_OK && on;
}

const char *work_named(const char *given, struct text *name)
{
    size_t plain = strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    *name = (struct text){given, plain && given[plain] == '=' ? plain : 0};
    return name->length ? given + plain + 1 : given;
}
