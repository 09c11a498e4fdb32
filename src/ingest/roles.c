/*
 * Which column is what. What options say is looked up; what they leave out is guessed (guess.c),
 * and only what is sure enough is taken: a wrong customer merges people for good, so a doubtful one
 * is an error that shows who was considered and why. Each way in which a file can fail to have a
 * customer or a time has its own message.
 */
#include "ingest/run.h"

#include <string.h>

static struct ingest_situation situation(const struct ingest_run *run)
{
    return (struct ingest_situation){.table = run->table,
                                     .traits = run->traits,
                                     .reference = run->role == SCHEMA_REFERENCE,
                                     .dated = run->mapping.time != NULL};
}

static bool has_header(const struct ingest_run *run)
{
    for (size_t i = 0; i < run->source_count; i++)
        if (run->sources[i].dialect.header || run->sources[i].dialect.layout == LAYOUT_JSON)
            return true;
    return false;
}

static struct ingest_candidate *candidates(const struct ingest_run *run)
{
    struct ingest_candidate *list =
        ARENA_ARRAY(run->arena, struct ingest_candidate, run->column_count);
    bool header = has_header(run);
    for (size_t i = 0; i < run->column_count; i++)
        list[i] = (struct ingest_candidate){.name = run->columns[i].name,
                                            .evidence = &run->sample[i],
                                            .type = &run->columns[i].type,
                                            .portrait = &run->portraits[i],
                                            .unnamed = run->columns[i].unnamed || !header};
    return list;
}

/* A role that was said keeps what was said; *said is filled in with a guess that is good enough. */
static void guess_role(struct ingest_run *run, enum ingest_role role, const char **said)
{
    if (*said) {
        run->said[role] = true;
        run->guesses[role] = (struct ingest_guess){ingest_find_column(run, *said), 100};
        return;
    }
    struct ingest_situation now = situation(run);
    run->guesses[role] = ingest_guess(role, candidates(run), run->column_count, &now);
    if (run->guesses[role].column >= 0)
        *said = run->columns[run->guesses[role].column].name;
}

/* ---- when nobody is sure ---- */

enum { SHOWN = 4, LEAST_SHOWN = 10, UNLIKELY = 20 };

static struct ingest_judgement *judge(const struct ingest_run *run, enum ingest_role role)
{
    struct ingest_judgement *out =
        ARENA_ARRAY(run->arena, struct ingest_judgement, run->column_count);
    struct ingest_situation now = situation(run);
    ingest_judge(role, candidates(run), run->column_count, &now, out);
    return out;
}

static int best_of(const struct ingest_judgement *judgements, size_t count)
{
    int best = -1;
    for (size_t i = 0; i < count; i++)
        if (judgements[i].confidence >= LEAST_SHOWN &&
            (best < 0 || judgements[i].confidence > judgements[best].confidence))
            best = (int)i;
    return best;
}

/* "email (85%: its values are e-mail addresses), …", best first; empties the judgements it has
 * named. */
static const char *list_candidates(const struct ingest_run *run,
                                   struct ingest_judgement *judgements)
{
    struct buffer list;
    buffer_init(&list, ERROR_HINT_MAX - 300);
    int first = best_of(judgements, run->column_count);
    bool likely = first >= 0 && judgements[first].confidence >= GUESS_LIKELY;
    for (int shown = 0; shown < SHOWN; shown++) {
        int best = best_of(judgements, run->column_count);
        if (best < 0 || (likely && judgements[best].confidence < UNLIKELY))
            break; /* beside a likely one the others only distract */
        struct ingest_judgement *judgement = &judgements[best];
        buffer_printf(&list, "%s%s (%d%%", shown ? "; " : "", run->columns[best].name,
                      judgement->confidence);
        for (int i = 0; i < judgement->reason_count; i++)
            buffer_printf(&list, "%s%s", i ? ", " : ": ", judgement->reasons[i]);
        buffer_char(&list, ')');
        judgement->confidence = 0;
    }
    const char *text = list.length ? buffer_copy(&list, run->arena) : NULL;
    buffer_release(&list);
    return text;
}

/* What is wrong with the file as a whole, before its columns are looked at: true when something is.
 */
static bool file_trouble(const struct ingest_run *run, const char *role,
                         const struct ingest_judgement *judgements, enum status *status,
                         struct error *error)
{
    if (run->sample[0].rows == 0 && has_header(run)) {
        *status = error_set(
            error, STATUS_USAGE,
            "there is no row below the header, so nothing says which column is the %s", role);
        error_hint(error,
                   "--%s COLUMN names it all the same; more often the export was cut off, or "
                   "nothing was chosen in it",
                   role);
        return true;
    }
    if (run->column_count == 1 && run->source_count == 1) {
        *status =
            error_set(error, STATUS_USAGE, "the file has a single column, %s, and it is not the %s",
                      run->columns[0].name, role);
        error_hint(error,
                   "if its rows have several fields, --delimiter says what stands between them");
        return true;
    }
    if (!has_header(run)) {
        *status = error_set(
            error, STATUS_USAGE,
            "no header was found, so the columns are called %s to %s, and none is surely the %s",
            run->columns[0].name, run->columns[run->column_count - 1].name, role);
        int best = best_of(judgements, run->column_count);
        bool likely = best >= 0 && judgements[best].confidence >= GUESS_LIKELY;
        const struct ingest_judgement *first = likely ? &judgements[best] : NULL;
        error_hint(error,
                   "--%s %s names it%s%s; if the first row has the names, --header yes says so",
                   role, first ? run->columns[best].name : "COLUMN",
                   first && first->reason_count ? ", the likeliest: " : "",
                   first && first->reason_count ? first->reasons[0] : "");
        return true;
    }
    return false;
}

/* Called like a customer, and yet it cannot be one. */
static bool customer_trouble(const struct ingest_run *run, enum status *status, struct error *error)
{
    for (size_t i = 0; i < run->column_count; i++) {
        const struct ingest_evidence *evidence = &run->sample[i];
        enum value_type type = run->columns[i].type.type;
        if (ingest_customer_name(run->columns[i].name) < GUESS_SURE)
            continue;
        if (evidence->forms[FORM_UNKNOWN] == evidence->rows) {
            *status = error_set(error, STATUS_USAGE,
                                "%s is called like the customer, but holds no value in any row",
                                run->columns[i].name);
            return true;
        }
        if (type != VALUE_INT && type != VALUE_TEXT) {
            const struct ingest_portrait *portrait = &run->portraits[i];
            *status =
                error_set(error, STATUS_USAGE,
                          "%s is called like the customer, but holds values of type %s ('%s')",
                          run->columns[i].name, value_type_name(type),
                          portrait->value_count ? portrait->values[0] : "");
            return true;
        }
    }
    return false;
}

/* As a shell takes it for one word. */
static const char *quoted(const struct ingest_run *run, const char *name)
{
    return strpbrk(name, " ()/&;'") ? arena_printf(run->arena, "'%s'", name) : name;
}

static enum status no_customer(const struct ingest_run *run, struct error *error)
{
    enum status status = STATUS_USAGE;
    struct ingest_judgement *judgements = judge(run, ROLE_CUSTOMER);
    if (file_trouble(run, "customer", judgements, &status, error))
        return status;
    if (customer_trouble(run, &status, error)) {
        error_hint(error, "--customer COLUMN names it all the same, or another one; its text is "
                          "then kept exactly");
        return status;
    }
    int best = best_of(judgements, run->column_count);
    if (best < 0) {
        status = error_set(error, STATUS_USAGE,
                           "no column looks like the customer: none is called so, and none holds "
                           "e-mail addresses");
        error_hint(error, "--customer COLUMN says whose rows these are; --customer @row makes "
                          "every row a customer of its "
                          "own");
        return status;
    }
    struct ingest_judgement first = judgements[best];
    if (first.confidence < GUESS_LIKELY) {
        status = error_set(error, STATUS_USAGE, "no column is likely to be the customer");
        error_hint(error,
                   "--customer COLUMN says whose rows these are; --customer @row makes every row a "
                   "customer of "
                   "its own. Considered: %s",
                   list_candidates(run, judgements));
        return status;
    }
    status = error_set(
        error, STATUS_USAGE,
        "it is not sure which column is the customer, and a wrong one would mix up people; "
        "the best is %s, %d%% sure%s%s",
        run->columns[best].name, first.confidence, first.reason_count > 1 ? ": " : "",
        first.reason_count > 1 ? first.reasons[first.reason_count - 1] : "");
    error_hint(error,
               "--customer %s takes it; --customer @row makes every row a customer of its own. "
               "Considered: %s",
               quoted(run, run->columns[best].name), list_candidates(run, judgements));
    return status;
}

/* A name that says time over values that do not read as one. */
static int unreadable_time(const struct ingest_run *run)
{
    for (size_t i = 0; i < run->column_count; i++) {
        const struct ingest_evidence *evidence = &run->sample[i];
        bool known = evidence->forms[FORM_UNKNOWN] < evidence->rows;
        if (known && ingest_time_name(run->columns[i].name))
            return (int)i;
    }
    return -1;
}

static enum status no_time(const struct ingest_run *run, struct error *error)
{
    enum status status;
    struct ingest_judgement *judgements = judge(run, ROLE_TIME);
    if (file_trouble(run, "time", judgements, &status, error))
        return status;
    const char *considered = list_candidates(run, judgements);
    int unreadable = considered ? -1 : unreadable_time(run);
    if (considered) {
        status = error_set(error, STATUS_USAGE, "no column is likely to be the time of a fact");
        error_hint(error, "--time COLUMN names it. Considered: %s", considered);
    } else if (unreadable >= 0) {
        const struct ingest_portrait *portrait = &run->portraits[unreadable];
        status = error_set(error, STATUS_USAGE,
                           "no column holds dates or times; %s is called like one, but '%s'%s%s%s "
                           "is not read as one",
                           run->columns[unreadable].name, portrait->values[0],
                           portrait->value_count > 1 ? " or '" : "",
                           portrait->value_count > 1 ? portrait->values[1] : "",
                           portrait->value_count > 1 ? "'" : "");
        error_hint(error,
                   "--time %s --type %s=FORMAT reads it (formats such as D/M/YYYY); --set makes a "
                   "date of what is "
                   "none; rows without a time are traits: --kind customer",
                   run->columns[unreadable].name, run->columns[unreadable].name);
    } else {
        status =
            error_set(error, STATUS_USAGE, "no column holds dates or times, and a fact needs one");
        error_hint(
            error,
            "--time COLUMN names it; rows without a time are traits of customers: --kind customer");
    }
    return status;
}

static enum status no_key(const struct ingest_run *run, struct error *error)
{
    const char *considered = list_candidates(run, judge(run, ROLE_KEY));
    enum status status =
        error_set(error, STATUS_USAGE, "it is not sure which column is the key of %s", run->table);
    error_hint(error, "--key COLUMN says what facts will point at. Considered: %s",
               considered ? considered : "none");
    return status;
}

/* ---- amount ---- */

/* What a property called amount is made of was meant as the amount. */
static const char *said_amount(const struct ingest_mapping *mapping)
{
    if (mapping->amount)
        return mapping->amount;
    const char *mapped = ingest_pair_value(&mapping->map, "amount");
    return !mapped && ingest_pair_value(&mapping->set, "amount") ? "amount" : mapped;
}

/* What somebody took the trouble to compute and called like an amount is one, before any column. */
static const char *computed_amount(const struct ingest_mapping *mapping)
{
    const char *best = NULL;
    int most = GUESS_LIKELY;
    for (size_t i = 0; i < mapping->set.count; i++) {
        int score = ingest_amount_name(mapping->set.items[i].name);
        if (score > most) {
            most = score;
            best = mapping->set.items[i].name;
        }
    }
    return best;
}

/* The first column of numbers whose name says so, or −1. */
static int number_called(const struct ingest_run *run, bool (*says)(const char *name))
{
    for (size_t i = 0; i < run->column_count; i++)
        if (ingest_is_number(run->columns[i].type.type) && says(run->columns[i].name))
            return (int)i;
    return -1;
}

/* A price beside a quantity is that of a piece: neither is what the line was worth. */
static void look_for_pieces(struct ingest_run *run)
{
    struct ingest_guess *guess = &run->guesses[ROLE_AMOUNT];
    if (guess->column >= 0 && !ingest_price_name(run->columns[guess->column].name))
        return;
    int price = number_called(run, ingest_price_name),
        quantity = number_called(run, ingest_quantity_name);
    if (price < 0 || quantity < 0)
        return;
    guess->column = -1;
    const char *piece = run->columns[price].name, *count = run->columns[quantity].name;
    ingest_notice(run,
                  "%s looks like the price of a piece: --set amount='\"%s\" * \"%s\"' makes it "
                  "what the row was worth; "
                  "--amount %s says that it is that already",
                  piece, count, piece, piece);
}

static enum status find_amount(struct ingest_run *run, struct error *error)
{
    const struct ingest_mapping *mapping = &run->mapping;
    const char *said = said_amount(mapping), *computed = said ? NULL : computed_amount(mapping);
    int column;
    if (mapping->amount && !ingest_pair_value(&mapping->set, said))
        TRY(ingest_need_column(run, "--amount", said, &column, error));
    if (computed) {
        run->amount = computed;
        return STATUS_OK;
    }

    run->amount_said = said != NULL;
    const char *guessed = said;
    guess_role(run, ROLE_AMOUNT, &guessed);
    if (!said)
        look_for_pieces(run);
    column = run->guesses[ROLE_AMOUNT].column;
    run->amount = column >= 0 ? run->columns[column].name : said;
    return STATUS_OK;
}

/* ---- all roles ---- */

static enum status find_key(struct ingest_run *run, struct error *error)
{
    guess_role(run, ROLE_KEY, &run->mapping.key);
    if (!run->mapping.key)
        return no_key(run, error);
    return ingest_need_column(run, "--key", run->mapping.key, &run->key, error);
}

/* What else was understood is worth knowing to whoever is asked about the customer. */
static void describe_others(struct ingest_run *run)
{
    static const char *const names[ROLES] = {[ROLE_TIME] = "time", [ROLE_AMOUNT] = "amount"};
    struct ingest_summary *summary = run->summary;
    struct ingest_situation now = situation(run);
    for (int role = 0; role < ROLES && !run->traits; role++) {
        if (!names[role])
            continue;
        struct ingest_guess guess =
            ingest_guess((enum ingest_role)role, candidates(run), run->column_count, &now);
        for (size_t i = 0; i < summary->column_count && guess.column >= 0; i++) {
            struct ingest_summary_column *column = &summary->columns[i];
            if (strcmp(column->name, run->columns[guess.column].name) != 0)
                continue;
            column->role = names[role];
            column->confidence = guess.confidence;
            column->guessed = true;
        }
    }
}

static enum status find_customer(struct ingest_run *run, struct error *error)
{
    struct ingest_mapping *mapping = &run->mapping;
    if (!mapping->customer && ingest_pair_value(&mapping->set, "customer"))
        mapping->customer = "customer";
    run->row_customers = mapping->customer && strcmp(mapping->customer, INGEST_CUSTOMER_ROW) == 0;
    run->computed_customer = mapping->customer && !run->row_customers &&
                             ingest_pair_value(&mapping->set, mapping->customer);
    if (run->row_customers || run->computed_customer)
        return STATUS_OK;
    guess_role(run, ROLE_CUSTOMER, &mapping->customer);
    if (!mapping->customer) {
        describe_others(run);
        return no_customer(run, error);
    }
    return ingest_need_column(run, "--customer", mapping->customer, &run->customer, error);
}

static enum status find_time(struct ingest_run *run, struct error *error)
{
    struct ingest_mapping *mapping = &run->mapping;
    if (!run->traits)
        guess_role(run, ROLE_TIME, &mapping->time);
    if (!run->traits && !mapping->time)
        return no_time(run, error);
    if (mapping->time)
        TRY(ingest_need_column(run, "--time", mapping->time, &run->time, error));
    return ingest_find_clock(run, error);
}

static enum status portray(struct ingest_run *run, struct error *error)
{
    run->portraits = ARENA_ARRAY(run->arena, struct ingest_portrait, run->column_count);
    run->portrait_count = run->column_count;
    for (size_t i = 0; i < run->source_count; i++) {
        const struct ingest_source_columns *map = &run->source_columns[i];
        TRY(ingest_portray(&run->sources[i], map->columns, map->count, map->names, run->portraits,
                           error));
    }
    return STATUS_OK;
}

void ingest_show_values(const struct ingest_run *run, size_t column,
                        struct ingest_summary_column *out)
{
    if (column >= run->portrait_count)
        return;
    for (int i = 0; i < PORTRAIT_VALUES && i < run->portraits[column].value_count; i++)
        out->values[i] = run->portraits[column].values[i];
}

/* What is known of the columns from their first rows, so that it can be shown whatever fails later.
 */
static void describe_look(struct ingest_run *run)
{
    struct ingest_summary *summary = run->summary;
    summary->columns = ARENA_ARRAY(run->arena, struct ingest_summary_column, run->column_count);
    for (size_t i = 0; i < run->column_count; i++) {
        const struct ingest_type *type = &run->columns[i].type;
        if (run->columns[i].unnamed && type->type == VALUE_NONE)
            continue;
        struct ingest_summary_column *column = &summary->columns[summary->column_count++];
        *column = (struct ingest_summary_column){
            .name = run->columns[i].name,
            .role = "",
            .type = type->type,
            .scale = type->scale,
            .format = type->format ? ingest_date_format_name(type->format) : NULL};
        ingest_show_values(run, i, column);
    }
    summary->looked = true;
}

enum status ingest_find_roles(struct ingest_run *run, struct error *error)
{
    struct ingest_mapping *mapping = &run->mapping;
    run->customer = run->time = run->key = run->group = run->clock = -1;
    TRY(portray(run, error));
    describe_look(run);
    if (mapping->reference)
        return find_key(run, error);

    TRY(find_customer(run, error));
    TRY(find_time(run, error));
    if (mapping->group_by && run->traits)
        return error_set(error, STATUS_USAGE,
                         "traits have no lines to group: leave --group-by out");
    if (run->traits)
        return STATUS_OK;
    TRY(find_amount(run, error));
    const char *group = mapping->group_by;
    guess_role(run, ROLE_GROUP, &group);
    if (run->guesses[ROLE_GROUP].column == run->guesses[ROLE_AMOUNT].column)
        run->guesses[ROLE_GROUP].column =
            -1; /* the gift of a gift is what it was worth, and groups nothing */
    return mapping->group_by
               ? ingest_need_column(run, "--group-by", mapping->group_by, &run->group, error)
               : STATUS_OK;
}
