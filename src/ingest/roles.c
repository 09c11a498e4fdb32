/*
 * Which column is what. What options say is looked up; what they leave out is guessed
 * (guess.c), and only what is sure enough is taken: a wrong customer merges people for
 * good, so a doubtful one is an error that shows who was considered and why. Each way in
 * which a file can fail to have a customer or a time has its own message.
 */
#include "ingest/understand.h"

#include <string.h>

static struct ingest_situation situation(const struct ingest_understood *understood)
{
    return (struct ingest_situation){.table = understood->table,
                                     .traits = understood->traits,
                                     .reference = understood->role == SCHEMA_REFERENCE,
                                     .dated = understood->mapping.time != NULL};
}

static bool has_header(const struct ingest_shape *shape)
{
    for (size_t i = 0; i < shape->source_count; i++)
        if (shape->sources[i].dialect.header || shape->sources[i].dialect.layout == LAYOUT_JSON)
            return true;
    return false;
}

static struct ingest_candidate *candidates(const struct ingest_run *run,
                                           const struct ingest_understood *understood,
                                           const struct ingest_shape *shape)
{
    struct ingest_candidate *list =
        ARENA_ARRAY(run->arena, struct ingest_candidate, shape->column_count);
    bool header = has_header(shape);
    for (size_t i = 0; i < shape->column_count; i++)
        list[i] = (struct ingest_candidate){.name = shape->columns[i].name,
                                            .evidence = &understood->sample[i],
                                            .type = &shape->columns[i].type,
                                            .portrait = &understood->portraits[i],
                                            .unnamed = shape->columns[i].unnamed || !header};
    return list;
}

/* A role that was said keeps what was said; *said is filled in with a guess that is good enough. */
static void guess_role(const struct ingest_run *run, struct ingest_understood *understood,
                       const struct ingest_shape *shape, enum ingest_role role, const char **said)
{
    struct ingest_guess *guess = &understood->roles.guesses[role];

    if (*said) {
        understood->roles.said[role] = true;
        *guess = (struct ingest_guess){ingest_find_column(shape, *said), 100};
        return;
    }

    struct ingest_situation now = situation(understood);
    *guess = ingest_guess(role, candidates(run, understood, shape), shape->column_count, &now);
    if (guess->column >= 0)
        *said = shape->columns[guess->column].name;
}

/* ---- when nobody is sure ---- */

enum {
    SHOWN = 4, /* columns: as many as fit into a hint */
    LEAST_SHOWN = 10,
    UNLIKELY = 20,
    SENTENCE = 300, /* bytes of a hint that stand before the list */
};

static struct ingest_judgement *judge(const struct ingest_run *run,
                                      const struct ingest_understood *understood,
                                      const struct ingest_shape *shape, enum ingest_role role)
{
    struct ingest_judgement *out =
        ARENA_ARRAY(run->arena, struct ingest_judgement, shape->column_count);
    struct ingest_situation now = situation(understood);
    ingest_judge(role, candidates(run, understood, shape), shape->column_count, &now, out);
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

/* "email (85%: its values are e-mail addresses), …", best first; empties the judgements
 * it has named. */
static const char *list_candidates(const struct ingest_run *run, const struct ingest_shape *shape,
                                   struct ingest_judgement *judgements)
{
    struct buffer list;
    buffer_init(&list, ERROR_HINT_MAX - SENTENCE);
    int first = best_of(judgements, shape->column_count);
    bool likely = first >= 0 && judgements[first].confidence >= GUESS_LIKELY;

    for (int shown = 0; shown < SHOWN; shown++) {
        int best = best_of(judgements, shape->column_count);
        if (best < 0 || (likely && judgements[best].confidence < UNLIKELY))
            break; /* beside a likely one the others only distract */
        struct ingest_judgement *judgement = &judgements[best];
        buffer_printf(&list, "%s%s (%d%%", shown ? "; " : "", shape->columns[best].name,
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

/* What is wrong with the file as a whole, before its columns are looked at: true when
 * something is. */
static bool file_trouble(const struct ingest_understood *understood,
                         const struct ingest_shape *shape, const char *role,
                         const struct ingest_judgement *judgements, enum status *status,
                         struct error *error)
{
    if (understood->sample[0].rows == 0 && has_header(shape)) {
        *status = error_set(
            error, STATUS_USAGE,
            "there is no row below the header, so nothing says which column is the %s", role);
        error_hint(error,
                   "--%s COLUMN names it all the same; more often the export was cut off, or "
                   "nothing was chosen in it",
                   role);
        return true;
    }

    /* a delimiter that was not found, then a header that was not */
    if (shape->column_count == 1 && shape->source_count == 1) {
        *status =
            error_set(error, STATUS_USAGE, "the file has a single column, %s, and it is not the %s",
                      shape->columns[0].name, role);
        error_hint(error,
                   "if its rows have several fields, --delimiter says what stands between them");
        return true;
    }

    if (!has_header(shape)) {
        *status = error_set(
            error, STATUS_USAGE,
            "no header was found, so the columns are called %s to %s, and none is surely the %s",
            shape->columns[0].name, shape->columns[shape->column_count - 1].name, role);
        int best = best_of(judgements, shape->column_count);
        bool likely = best >= 0 && judgements[best].confidence >= GUESS_LIKELY;

        const struct ingest_judgement *first = likely ? &judgements[best] : NULL;
        error_hint(error,
                   "--%s %s names it%s%s; if the first row has the names, --header yes says so",
                   role, first ? shape->columns[best].name : "COLUMN",
                   first && first->reason_count ? ", the likeliest: " : "",
                   first && first->reason_count ? first->reasons[0] : "");
        return true;
    }

    return false;
}

/* Called like a customer, and yet it cannot be one. */
static bool customer_trouble(const struct ingest_understood *understood,
                             const struct ingest_shape *shape, enum status *status,
                             struct error *error)
{
    for (size_t i = 0; i < shape->column_count; i++) {
        const struct ingest_evidence *evidence = &understood->sample[i];
        enum value_type type = shape->columns[i].type.type;
        if (ingest_customer_name(shape->columns[i].name) < GUESS_SURE)
            continue;

        if (evidence->forms[FORM_UNKNOWN] == evidence->rows) {
            *status = error_set(error, STATUS_USAGE,
                                "%s is called like the customer, but holds no value in any row",
                                shape->columns[i].name);
            return true;
        }

        if (type != VALUE_INT && type != VALUE_TEXT) {
            const struct ingest_portrait *portrait = &understood->portraits[i];
            *status =
                error_set(error, STATUS_USAGE,
                          "%s is called like the customer, but holds values of type %s ('%s')",
                          shape->columns[i].name, value_type_name(type),
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

static enum status no_customer(const struct ingest_run *run,
                               const struct ingest_understood *understood,
                               const struct ingest_shape *shape, struct error *error)
{
    enum status status = STATUS_USAGE;
    struct ingest_judgement *judgements = judge(run, understood, shape, ROLE_CUSTOMER);

    if (file_trouble(understood, shape, "customer", judgements, &status, error))
        return status;
    if (customer_trouble(understood, shape, &status, error)) {
        error_hint(error, "--customer COLUMN names it all the same, or another one; its text is "
                          "then kept exactly");
        return status;
    }

    /* none at all, none likely, or one that is likely and yet not sure enough to merge people by */
    int best = best_of(judgements, shape->column_count);
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
                   list_candidates(run, shape, judgements));
        return status;
    }

    status = error_set(
        error, STATUS_USAGE,
        "it is not sure which column is the customer, and a wrong one would mix up people; "
        "the best is %s, %d%% sure%s%s",
        shape->columns[best].name, first.confidence, first.reason_count > 1 ? ": " : "",
        first.reason_count > 1 ? first.reasons[first.reason_count - 1] : "");
    error_hint(error,
               "--customer %s takes it; --customer @row makes every row a customer of its own. "
               "Considered: %s",
               quoted(run, shape->columns[best].name), list_candidates(run, shape, judgements));
    return status;
}

/* A name that says time over values that do not read as one. */
static int unreadable_time(const struct ingest_understood *understood,
                           const struct ingest_shape *shape)
{
    for (size_t i = 0; i < shape->column_count; i++) {
        const struct ingest_evidence *evidence = &understood->sample[i];
        bool known = evidence->forms[FORM_UNKNOWN] < evidence->rows;
        if (known && ingest_time_name(shape->columns[i].name))
            return (int)i;
    }
    return -1;
}

static enum status no_time(const struct ingest_run *run, const struct ingest_understood *understood,
                           const struct ingest_shape *shape, struct error *error)
{
    enum status status;
    struct ingest_judgement *judgements = judge(run, understood, shape, ROLE_TIME);

    if (file_trouble(understood, shape, "time", judgements, &status, error))
        return status;

    /* a column that may be it, one that is called so and cannot be read, or neither */
    const char *considered = list_candidates(run, shape, judgements);
    int unreadable = considered ? -1 : unreadable_time(understood, shape);
    if (considered) {
        status = error_set(error, STATUS_USAGE, "no column is likely to be the time of a fact");
        error_hint(error, "--time COLUMN names it. Considered: %s", considered);
    } else if (unreadable >= 0) {
        const struct ingest_portrait *portrait = &understood->portraits[unreadable];
        status = error_set(error, STATUS_USAGE,
                           "no column holds dates or times; %s is called like one, but '%s'%s%s%s "
                           "is not read as one",
                           shape->columns[unreadable].name, portrait->values[0],
                           portrait->value_count > 1 ? " or '" : "",
                           portrait->value_count > 1 ? portrait->values[1] : "",
                           portrait->value_count > 1 ? "'" : "");
        error_hint(error,
                   "--time %s --type %s=FORMAT reads it (formats such as D/M/YYYY); --set makes a "
                   "date of what is "
                   "none; rows without a time are traits: --kind customer",
                   shape->columns[unreadable].name, shape->columns[unreadable].name);
    } else {
        status =
            error_set(error, STATUS_USAGE, "no column holds dates or times, and a fact needs one");
        error_hint(
            error,
            "--time COLUMN names it; rows without a time are traits of customers: --kind customer");
    }

    return status;
}

static enum status no_key(const struct ingest_run *run, const struct ingest_understood *understood,
                          const struct ingest_shape *shape, struct error *error)
{
    const char *considered = list_candidates(run, shape, judge(run, understood, shape, ROLE_KEY));
    enum status status = error_set(
        error, STATUS_USAGE, "it is not sure which column is the key of %s", understood->table);
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
static int number_called(const struct ingest_shape *shape, bool (*says)(const char *name))
{
    for (size_t i = 0; i < shape->column_count; i++)
        if (ingest_is_number(shape->columns[i].type.type) && says(shape->columns[i].name))
            return (int)i;
    return -1;
}

/* A price beside a quantity is that of a piece: neither is what the line was worth. */
static void look_for_pieces(const struct ingest_run *run, struct ingest_roles *roles,
                            const struct ingest_shape *shape)
{
    struct ingest_guess *guess = &roles->guesses[ROLE_AMOUNT];

    /* a total or an amount that was found stands, whatever prices are beside it */
    if (guess->column >= 0 && !ingest_price_name(shape->columns[guess->column].name))
        return;
    int price = number_called(shape, ingest_price_name),
        quantity = number_called(shape, ingest_quantity_name);
    if (price < 0 || quantity < 0)
        return;

    guess->column = -1;
    const char *piece = shape->columns[price].name, *count = shape->columns[quantity].name;
    ingest_notice(run,
                  "%s looks like the price of a piece: --set amount='\"%s\" * \"%s\"' makes it "
                  "what the row was worth; "
                  "--amount %s says that it is that already",
                  piece, count, piece, piece);
}

static enum status find_amount(const struct ingest_run *run, struct ingest_understood *understood,
                               const struct ingest_shape *shape, struct error *error)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    struct ingest_roles *roles = &understood->roles;
    const char *said = said_amount(mapping), *computed = said ? NULL : computed_amount(mapping);

    /* --amount may name a column of the files or one that --set computes; and what --set calls by
     * an amount's name is one, without a guess. */
    int column;
    if (mapping->amount && !ingest_pair_value(&mapping->set, said))
        TRY(ingest_need_column(run, shape, "--amount", said, &column, error));
    if (computed) {
        roles->amount = computed;
        return STATUS_OK;
    }

    roles->amount_said = said != NULL;
    const char *guessed = said;

    guess_role(run, understood, shape, ROLE_AMOUNT, &guessed);
    if (!said)
        look_for_pieces(run, roles, shape);
    column = roles->guesses[ROLE_AMOUNT].column;
    roles->amount = column >= 0 ? shape->columns[column].name : said;
    return STATUS_OK;
}

/* ---- all roles ---- */

static enum status find_key(const struct ingest_run *run, struct ingest_understood *understood,
                            const struct ingest_shape *shape, struct error *error)
{
    guess_role(run, understood, shape, ROLE_KEY, &understood->mapping.key);
    if (!understood->mapping.key)
        return no_key(run, understood, shape, error);
    return ingest_need_column(run, shape, "--key", understood->mapping.key, &understood->roles.key,
                              error);
}

/* What else was understood is worth knowing to whoever is asked about the customer. */
static void guess_others(const struct ingest_run *run, struct ingest_understood *understood,
                         const struct ingest_shape *shape)
{
    static const enum ingest_role roles[] = {ROLE_TIME, ROLE_AMOUNT};
    struct ingest_situation now = situation(understood);
    for (size_t i = 0; i < sizeof roles / sizeof *roles && !understood->traits; i++)
        understood->roles.others[roles[i]] =
            ingest_guess(roles[i], candidates(run, understood, shape), shape->column_count, &now);
}

static enum status find_customer(const struct ingest_run *run, struct ingest_understood *understood,
                                 const struct ingest_shape *shape, struct error *error)
{
    struct ingest_mapping *mapping = &understood->mapping;
    struct ingest_roles *roles = &understood->roles;

    if (!mapping->customer && ingest_pair_value(&mapping->set, "customer"))
        mapping->customer = "customer";

    /* no column of the file is the customer where each row is one, or where --set computes it */
    roles->row_customers = mapping->customer && strcmp(mapping->customer, INGEST_CUSTOMER_ROW) == 0;
    roles->computed_customer = mapping->customer && !roles->row_customers &&
                               ingest_pair_value(&mapping->set, mapping->customer);
    if (roles->row_customers || roles->computed_customer)
        return STATUS_OK;

    guess_role(run, understood, shape, ROLE_CUSTOMER, &mapping->customer);
    if (!mapping->customer) {
        guess_others(run, understood, shape);
        return no_customer(run, understood, shape, error);
    }
    return ingest_need_column(run, shape, "--customer", mapping->customer, &roles->customer, error);
}

static enum status find_time(const struct ingest_run *run, struct ingest_understood *understood,
                             const struct ingest_shape *shape, struct error *error)
{
    struct ingest_mapping *mapping = &understood->mapping;
    if (!understood->traits)
        guess_role(run, understood, shape, ROLE_TIME, &mapping->time);
    if (!understood->traits && !mapping->time)
        return no_time(run, understood, shape, error);
    if (mapping->time)
        TRY(ingest_need_column(run, shape, "--time", mapping->time, &understood->roles.time,
                               error));
    return ingest_find_clock(run, understood, shape, error);
}

enum status ingest_find_roles(const struct ingest_run *run, struct ingest_understood *understood,
                              const struct ingest_shape *shape, struct error *error)
{
    struct ingest_mapping *mapping = &understood->mapping;
    struct ingest_roles *roles = &understood->roles;

    roles->customer = roles->time = roles->key = roles->group = roles->clock = -1;
    for (int role = 0; role < ROLES; role++)
        roles->guesses[role].column = roles->others[role].column = -1;
    if (mapping->reference)
        return find_key(run, understood, shape, error);

    TRY(find_customer(run, understood, shape, error));
    TRY(find_time(run, understood, shape, error));
    if (mapping->group_by && understood->traits)
        return error_set(error, STATUS_USAGE,
                         "traits have no lines to group: leave --group-by out");
    if (understood->traits)
        return STATUS_OK;

    TRY(find_amount(run, understood, shape, error));
    const char *group = mapping->group_by;
    guess_role(run, understood, shape, ROLE_GROUP, &group);

    if (roles->guesses[ROLE_GROUP].column == roles->guesses[ROLE_AMOUNT].column)
        roles->guesses[ROLE_GROUP].column =
            -1; /* the gift of a gift is what it was worth, and groups nothing */
    return mapping->group_by ? ingest_need_column(run, shape, "--group-by", mapping->group_by,
                                                  &roles->group, error)
                             : STATUS_OK;
}
