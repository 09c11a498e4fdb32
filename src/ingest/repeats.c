/*
 * What may be the same under another name: e-mail addresses that differ in capitals, rows
 * that an earlier import brought already, traits told twice. None of it is known to be
 * wrong, so everything is kept and said.
 */
#include "ingest/publish.h"

#include "base/map.h"

#include <string.h>

struct repeats {
    const struct ingest_run *run;
    const struct ingest_understood *understood;
    const struct ingest_shape *shape;
    const struct ingest_staged *staged;
    uint64_t rows; /* that are staged */
};

static bool has_capital(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'Z')
            return true;
    return false;
}

static bool is_address(struct text text)
{
    return memchr(text.data, '@', text.length) != NULL;
}

/* ---- e-mail addresses ---- */

enum {
    OF_IMPORT,
    OF_STORE
}; /* whose identifier it is: one with small letters repeats only what was there before */

/* Identifiers of the store for which `where` holds, as a map from one expression of them
 * to another, a whole number. */
static enum status map_of_store(const struct repeats *repeats, const char *key, const char *value,
                                const char *where, struct text_map *out, struct error *error)
{
    static const char *const columns[] = {"identifier"};
    struct store_read read = {
        .table = "identity", .role = PART_IDENTITY, .columns = columns, .column_count = 1};
    struct buffer sql;
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk;

    buffer_init(&sql, 0);
    buffer_printf(&sql, "SELECT %s, CAST(%s AS BIGINT) FROM (", key, value);
    enum status status = store_select(repeats->run->store, &read, &sql, error);
    buffer_printf(&sql, ") WHERE %s", where);
    if (status == STATUS_OK)
        status = lake_query(repeats->staged->lake, sql.data, &result, error);
    buffer_release(&sql);

    while (status == STATUS_OK && ingest_next_chunk(result, &chunk, &status, error))
        for (size_t i = 0; i < chunk->rows; i++)
            text_map_put(out, lake_text(&chunk->columns[0], i),
                         (uint64_t)lake_integer(&chunk->columns[1], i), NULL);
    lake_result_free(result);
    return status;
}

/* Identifiers of the store that hold capitals, by their small letters. */
static enum status capitals_of_store(const struct repeats *repeats, struct text_map *folded,
                                     struct error *error)
{
    return map_of_store(repeats, "lower(identifier)", "1" /* OF_STORE */,
                        "contains(identifier, '@') AND identifier <> lower(identifier)", folded,
                        error);
}

/* How many new identifiers are another one's address in other letters; *example is one of them. */
static uint64_t count_capitals(const struct repeats *repeats, struct text_map *folded,
                               const char **example)
{
    uint32_t count = store_numbering_settled_count(repeats->staged->identity), same = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct text name = store_numbering_new_text(repeats->staged->identity, i);
        uint32_t number;
        if (!is_address(name))
            continue;

        /* In a store without a single capital the small letters need not be looked up: without
         * capitals of its own an address cannot be another's in other letters. */
        bool capital = has_capital(name);
        if (!capital && !folded->count)
            continue;

        struct text small = text_fold(name, repeats->run->arena);
        bool there = capital && store_numbering_find(repeats->staged->identity, small, &number);
        const struct text_map_entry *old = text_map_find(folded, small);
        bool again = capital ? old != NULL : old && old->value == OF_STORE;
        if (capital)
            text_map_put(folded, small, OF_IMPORT, NULL);
        if (!there && !again)
            continue;

        same++;
        if (!*example)
            *example = arena_strndup(repeats->run->arena, name.data, name.length);
    }

    return same;
}

/* Whether customers are known by e-mail address here: by the first of them. */
static bool known_by_mail(const struct repeats *repeats)
{
    enum { LOOKED_AT = 100 }; /* customers: what they are known by is the same for all */
    uint32_t count = store_numbering_settled_count(repeats->staged->identity), mails = 0, seen = 0;
    for (; seen < count && seen < LOOKED_AT; seen++)
        mails += is_address(store_numbering_new_text(repeats->staged->identity, seen));
    return mails * 2 > seen;
}

static enum status note_capitals(const struct repeats *repeats, struct error *error)
{
    struct text_map folded;
    const char *example = NULL;

    if (!known_by_mail(repeats))
        return STATUS_OK;

    /* Addresses of the store too, unless this is its first import. */
    text_map_init(&folded);
    enum status status = STATUS_OK;
    if (store_numbering_first_new(repeats->staged->identity) > 1)
        status = capitals_of_store(repeats, &folded, error);
    uint64_t same = status == STATUS_OK ? count_capitals(repeats, &folded, &example) : 0;

    if (same) {
        const char *column = repeats->understood->roles.customer >= 0
                                 ? repeats->shape->columns[repeats->understood->roles.customer].name
                                 : "COLUMN";
        ingest_warn(repeats->run,
                    "the e-mail address of %llu %s (such as %s) differs from another's in capitals "
                    "only; --set "
                    "customer='lower(\"%s\")' makes them one",
                    (unsigned long long)same, same == 1 ? "customer" : "customers", example,
                    column);
    }

    text_map_release(&folded);
    return status;
}

/* ---- numbers without their leading zeros ---- */

static struct text without_zeros(struct text text)
{
    while (text.length > 1 && *text.data == '0')
        text = (struct text){text.data + 1, text.length - 1};
    return text;
}

static bool is_digits(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.length > 0;
}

/* What was found: new customers whose number the store has with other zeros. */
struct zeros {
    /* the store's numbers with leading zeros, without them → their length */
    struct text_map padded;
    uint64_t lost, added; /* the store has zeros where the file has none; the other way round */
    uint64_t width;       /* of the store's numbers among the lost ones; 0 when they differ */
    const char *examples;
};

static enum status padded_of_store(const struct repeats *repeats, struct text_map *padded,
                                   struct error *error)
{
    return map_of_store(repeats, "regexp_replace(identifier, '^0+([0-9])', '\\1')",
                        "strlen(identifier)", "regexp_full_match(identifier, '0[0-9]+')", padded,
                        error);
}

/* "7 for 0007". */
static void add_example(const struct repeats *repeats, struct zeros *zeros, struct text name,
                        struct text plain, size_t width)
{
    static const char filling[] = "00000000000000000000";
    size_t missing = width > plain.length ? width - plain.length : 0;
    zeros->examples = arena_printf(repeats->run->arena, "%s%s%.*s for %.*s%.*s",
                                   zeros->examples ? zeros->examples : "",
                                   zeros->examples ? ", " : "", (int)name.length, name.data,
                                   (int)missing, filling, (int)plain.length, plain.data);
}

static void count_zeros(const struct repeats *repeats, struct zeros *zeros)
{
    enum { SHOWN = 2 };
    uint32_t count = store_numbering_settled_count(repeats->staged->identity),
             first = store_numbering_first_new(repeats->staged->identity);
    for (uint32_t i = 0; i < count; i++) {
        struct text name = store_numbering_new_text(repeats->staged->identity, i);
        struct text plain = without_zeros(name);

        const struct text_map_entry *padded =
            is_digits(name) ? text_map_find(&zeros->padded, plain) : NULL;
        uint32_t number;

        /* the store has it longer (zeros lost in this file), or shorter and from before this
         * import */
        bool lost = padded && padded->value > name.length;
        bool added = !lost && is_digits(name) && plain.length < name.length &&
                     store_numbering_find(repeats->staged->identity, plain, &number) &&
                     number < first;
        if (!lost && !added)
            continue;

        if (zeros->lost + zeros->added < SHOWN)
            add_example(repeats, zeros, name, plain, lost ? padded->value : 0);
        if (lost)
            zeros->width =
                zeros->lost && zeros->width != padded->value ? 0 : padded->value; /* 0: several */
        zeros->lost += lost;
        zeros->added += added;
    }
}

/* An expression of --set that writes the file's numbers as the store has them; NULL when
 * there is no single one. */
static const char *mended_number(const struct repeats *repeats, const struct zeros *zeros)
{
    struct buffer name;
    buffer_init(&name, 0);
    buffer_sql_name(&name,
                    text_from(repeats->shape->columns[repeats->understood->roles.customer].name));
    const char *sql = NULL;

    /* Zeros that only the file has are taken away; those that it lost are put back, if the store's
     * numbers are all of one width. */
    if (zeros->added > zeros->lost)
        sql = arena_printf(repeats->run->arena,
                           "regexp_replace(%s::varchar, $$^0+([0-9]+)$$, $$\\1$$)", name.data);
    else if (zeros->width > 1)
        sql =
            arena_printf(repeats->run->arena,
                         "case when regexp_full_match(%s::varchar, $$[0-9]{1,%d}$$) then "
                         "lpad(%s::varchar, %d, $$0$$) "
                         "else %s::varchar end",
                         name.data, (int)zeros->width - 1, name.data, (int)zeros->width, name.data);
    buffer_release(&name);
    return sql;
}

/* A spreadsheet that saves 000157 as 157 makes another customer of everybody. */
static enum status note_zeros(const struct repeats *repeats, struct error *error)
{
    struct zeros zeros = {.examples = NULL};
    if (store_numbering_first_new(repeats->staged->identity) <= 1 ||
        repeats->understood->roles.customer < 0)
        return STATUS_OK;

    text_map_init(&zeros.padded);
    enum status status = padded_of_store(repeats, &zeros.padded, error);
    if (status == STATUS_OK)
        count_zeros(repeats, &zeros);
    text_map_release(&zeros.padded);
    TRY(status);

    /* where no expression mends them all, the files have to */
    uint64_t same = zeros.lost + zeros.added;
    const char *mended = same ? mended_number(repeats, &zeros) : NULL;
    const char *again = repeats->run->import ? arena_printf(repeats->run->arena, "--replace %u ",
                                                            repeats->run->import)
                                             : "";
    const char *way =
        mended ? arena_printf(repeats->run->arena,
                              "import the file with %s--set 'customer=%s' to make them one", again,
                              mended)
               : "write the numbers alike in all files";
    if (same)
        ingest_warn(repeats->run,
                    "%llu new %s in this store already but for leading zeros (%s); %s",
                    (unsigned long long)same, same == 1 ? "customer is" : "customers are",
                    zeros.examples, way);
    return STATUS_OK;
}

/* ---- rows that are there already ---- */

static void add_name(struct buffer *sql, const char *prefix, const char *name)
{
    buffer_string(sql, prefix);
    buffer_sql_name(sql, text_from(name));
}

/* Properties of this import that the store's table has, too: what can be compared. */
static size_t shared_columns(const struct repeats *repeats, const struct schema_table *table,
                             const char **names, struct buffer *equal)
{
    size_t count = 0;
    for (size_t i = 0; i < repeats->shape->property_count; i++) {
        const struct ingest_property *property = &repeats->shape->properties[i];
        const struct schema_column *stored =
            ingest_is_stored(property) ? schema_column(table, property->name) : NULL;
        if (!stored)
            continue;

        /* as text where the types differ: a number that was text then is still the same */
        bool same = stored->type == property->type ||
                    (ingest_is_number(stored->type) && ingest_is_number(property->type));
        names[count++] = property->name;
        add_name(equal, same ? " AND old." : " AND CAST(old.", property->name);
        add_name(equal,
                 same ? " IS NOT DISTINCT FROM new."
                      : " AS VARCHAR) IS NOT DISTINCT FROM CAST(new.",
                 property->name);
        buffer_string(equal, same ? "" : " AS VARCHAR)");
    }
    return count;
}

/* The same customer, moment and properties as a fact of the store: by a join that reads
 * only what lies in the moments of this import. */
static enum status overlap_sql(const struct repeats *repeats, const struct schema_table *table,
                               struct buffer *sql, struct error *error)
{
    const char **names =
        ARENA_ARRAY(repeats->run->arena, const char *, repeats->shape->property_count + 3);
    struct buffer equal;
    int64_t first, last;
    bool known;

    TRY(lake_query_integer(repeats->staged->lake, "SELECT min(time)::BIGINT FROM staged", &first,
                           &known, error));
    TRY(lake_query_integer(repeats->staged->lake, "SELECT max(time)::BIGINT FROM staged", &last,
                           &known, error));

    /* bounded by time, so that parts of other years are not even opened */
    buffer_init(&equal, 0);
    size_t count = shared_columns(repeats, table, names, &equal);
    names[count++] = "customer";
    names[count++] = "time";
    names[count++] = "import";
    struct store_read read = {
        .table = table->name, .role = PART_FACTS, .columns = names, .column_count = count};
    buffer_string(
        sql,
        "SELECT old.import::BIGINT, count(DISTINCT new.arrival) FROM (SELECT *, "
        "customer_number_final(customer) AS \"@final\" FROM staged) new JOIN (SELECT * FROM (");
    enum status status = store_select(repeats->run->store, &read, sql, error);
    buffer_printf(sql,
                  ") WHERE time BETWEEN %lld AND %lld) old ON old.customer = new.\"@final\" AND "
                  "old.time = new.time%s "
                  "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
                  (long long)first, (long long)last, equal.data ? equal.data : "");
    buffer_release(&equal);
    return status;
}

static enum status note_overlap(const struct repeats *repeats, struct error *error)
{
    /* less than every tenth row may be chance, above all where days have no clock */
    enum { OFTEN = 10 };
    const struct schema_table *table =
        schema_table(store_schema(repeats->run->store), ingest_fact_table(repeats->understood));
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk = NULL;
    struct buffer sql;

    if (!table || !repeats->rows)
        return STATUS_OK;

    buffer_init(&sql, 0);
    enum status status;
    TRY_GOTO(overlap_sql(repeats, table, &sql, error));
    TRY_GOTO(lake_query(repeats->staged->lake, sql.data, &result, error));
    TRY_GOTO(lake_result_next(result, &chunk, error));
    int64_t rows = chunk ? lake_integer(&chunk->columns[1], 0) : 0;
    if (!rows)
        goto done;

    int64_t import = lake_integer(&chunk->columns[0], 0);
    const char *said = arena_printf(
        repeats->run->arena,
        "%lld of %llu rows are the same as facts of import %lld, and are there twice now; --id "
        "COLUMN,… says what makes a fact one, so that it arrives once",
        (long long)rows, (unsigned long long)repeats->rows, (long long)import);
    if (rows * OFTEN >= (int64_t)repeats->rows)
        ingest_warn(repeats->run, "%s", said);
    else
        ingest_notice(repeats->run, "%s", said);
done:
    lake_result_free(result);
    buffer_release(&sql);
    return status;
}

/* ---- one customer who is many ---- */

/* What a customer is called, when the import brought them; "" of others. */
static const char *name_of(const struct repeats *repeats, int64_t number)
{
    int64_t place = number - (int64_t)store_numbering_first_new(repeats->staged->identity);
    if (place < 0 || place >= (int64_t)store_numbering_settled_count(repeats->staged->identity))
        return "";
    struct text name = store_numbering_new_text(repeats->staged->identity, (uint32_t)place);
    return arena_strndup(repeats->run->arena, name.data, name.length);
}

struct crowd {
    uint64_t customers, most, next; /* how many there are; rows of the first and of the second */
    int64_t number;                 /* who has the most */
};

static enum status find_crowd(const struct repeats *repeats, struct crowd *out, struct error *error)
{
    static const char sql[] =
        "SELECT count(*), max(facts), coalesce(max(facts, 2)[2], 0), "
        "customer_number_final(arg_max(customer, facts))::BIGINT "
        "FROM (SELECT customer, count(*) AS facts FROM staged GROUP BY customer)";
    struct lake_result *result;
    const struct lake_chunk *chunk;

    *out = (struct crowd){0};
    TRY(lake_query(repeats->staged->lake, sql, &result, error));
    enum status status = lake_result_next(result, &chunk, error);

    if (status == STATUS_OK && chunk) {
        out->customers = (uint64_t)lake_integer(&chunk->columns[0], 0);
        out->most = (uint64_t)lake_integer(&chunk->columns[1], 0);
        out->next = (uint64_t)lake_integer(&chunk->columns[2], 0);
        out->number = lake_integer(&chunk->columns[3], 0);
    }
    lake_result_free(result);
    return status;
}

/* 99999 on half of all rows is what a till writes for whoever has no number. */
static enum status note_crowd(const struct repeats *repeats, struct error *error)
{
    /* among fewer rows or customers one may well have most; a crowd has a fifth of all,
     * and five times what anybody else has */
    enum { ROWS_LEAST = 30, CUSTOMERS_LEAST = 8, OF_FIVE = 5 };
    const struct ingest_shape *shape = repeats->shape;
    const struct ingest_roles *roles = &repeats->understood->roles;
    struct crowd crowd;
    if (roles->row_customers || repeats->rows < ROWS_LEAST)
        return STATUS_OK;
    TRY(find_crowd(repeats, &crowd, error));
    if (crowd.customers < CUSTOMERS_LEAST || crowd.most * OF_FIVE < repeats->rows ||
        crowd.most < crowd.next * OF_FIVE)
        return STATUS_OK;

    const char *name = name_of(repeats, crowd.number);
    const char *column = roles->customer >= 0 ? shape->columns[roles->customer].name : "COLUMN";
    ingest_warn(repeats->run,
                "one customer%s%s%s has %.0f%% of all rows, %llu, and no other has more than %llu: "
                "if that is nobody's "
                "number (a walk-in's, a guest's), --na '%s=%s' sets these rows aside",
                *name ? ", " : "", name, *name ? "," : "",
                100 * (double)crowd.most / (double)repeats->rows, (unsigned long long)crowd.most,
                (unsigned long long)crowd.next, column, *name ? name : "VALUE");
    return STATUS_OK;
}

/* ---- traits ---- */

static enum status note_told_twice(const struct repeats *repeats, struct error *error)
{
    uint64_t again;
    TRY(ingest_count_rows(repeats->staged, "SELECT count(*) - count(DISTINCT customer) FROM staged",
                          &again, error));
    if (again)
        ingest_warn(repeats->run,
                    "%llu row%s of a customer whom another row of the file tells, too, and no time "
                    "says which is later: the "
                    "last row of a customer counts; --time COLUMN dates them",
                    (unsigned long long)again, again == 1 ? " tells traits" : "s tell traits");
    return STATUS_OK;
}

enum status ingest_note_repetitions(const struct ingest_run *run,
                                    const struct ingest_understood *understood,
                                    const struct ingest_shape *shape,
                                    const struct ingest_staged *staged, uint64_t rows,
                                    struct error *error)
{
    const struct repeats repeats = {run, understood, shape, staged, rows};
    if (understood->role == SCHEMA_REFERENCE)
        return STATUS_OK;
    TRY(note_capitals(&repeats, error));
    TRY(note_zeros(&repeats, error));
    if (understood->role == SCHEMA_TRAITS && understood->roles.time < 0)
        return note_told_twice(&repeats, error);
    if (understood->role == SCHEMA_FACTS)
        TRY(note_crowd(&repeats, error));
    bool facts = understood->role == SCHEMA_FACTS && !understood->mapping.id.count;
    return facts ? note_overlap(&repeats, error) : STATUS_OK;
}
