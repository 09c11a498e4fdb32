/*
 * Seals: the catalog's own checksums. SQLite notices when the structure of its file is broken, but
 * a bit that flips inside a value, or a row that somebody changed by hand, reads like any other. So
 * each commit of ours notes, for every table it has changed, a sum over its rows; and who opens the
 * catalog, or reads a list or the members of a segment, adds up again. The sum is of a hash of each
 * row, so that the order of reading does not matter.
 *
 * The small tables have one seal each and are looked at when the catalog is opened; lists and
 * memberships, which may be large, have one for each list and each segment and are looked at when
 * these are read. Sets of customers carry their own checksum, of which the seal takes note.
 *
 * An older program writes without sealing. It does move the generation on, so seals of another
 * generation say nothing; they are made anew by the next change. Without seals a catalog is read as
 * ever.
 */
#include "base/vector.h"
#include "catalog/internal.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* What is summed over. A name with '%' stands for one seal for each value of the first column. */
static const struct sealed {
    const char *table; /* that, when written to, makes the seal stale */
    const char *holds; /* for people */
    const char *select;
    bool each; /* a seal for each value of the first column, looked at when it is read */
    bool late; /* made when it is first needed: there may be none, and before it was sealed as well
                */
} sealed[] = {
    {"meta", "the time zone, the currency and the counters",
     "SELECT name, value FROM meta WHERE name <> 'settled'", false},
    {"setting", "models and settings", "SELECT name, value FROM setting", false},
    {"import", "the list of imports", "SELECT * FROM import", false},
    {"schema_table", "the kinds and tables", "SELECT * FROM schema_table", false},
    {"schema_column", "the columns and their types", "SELECT * FROM schema_column", false},
    {"schema_amount", "which columns are amounts", "SELECT * FROM schema_amount", false, true},
    {"part", "the list of parts", "SELECT * FROM part WHERE removed = 0", false},
    {"part_column", "the columns of parts",
     "SELECT * FROM part_column WHERE part IN (SELECT number FROM part WHERE removed = 0)", false},
    {"checksum", "the checksums of parts",
     "SELECT * FROM checksum WHERE part IN (SELECT number FROM part WHERE removed = 0)", false},
    {"definition", "the segments and schemes", "SELECT * FROM definition", false},
    {"list", "the static lists", "SELECT * FROM list", false},
    {"list_item", "the identifiers of the static list",
     "SELECT list, position, identifier FROM list_item", true},
    {"refresh", "the refreshes", "SELECT * FROM refresh", false},
    {"membership", "who was in the segment",
     "SELECT segment, refresh, entered, cause, substr(customers, 1, 8), length(customers) FROM "
     "membership",
     true},
};
enum { SEALED = sizeof sealed / sizeof *sealed };
_Static_assert(SEALED <= sizeof(((struct catalog *)0)->stale), "a mark for each sealed table");

/* Called by SQLite for each statement it prepares, once for each table that the statement touches.
 */
static int watch(void *context, int action, const char *table, const char *b, const char *c,
                 const char *d)
{
    struct catalog *catalog = context;
    (void)b, (void)c, (void)d;
    if (action != SQLITE_INSERT && action != SQLITE_UPDATE && action != SQLITE_DELETE)
        return SQLITE_OK;
    for (size_t i = 0; i < SEALED; i++)
        if (table && strcmp(table, sealed[i].table) == 0)
            catalog->stale[i] = true;
    /* parts that go take their columns and checksums out of what is summed */
    if (table && strcmp(table, "part") == 0)
        for (size_t i = 0; i < SEALED; i++)
            catalog->stale[i] |= strcmp(sealed[i].table, "part_column") == 0 ||
                                 strcmp(sealed[i].table, "checksum") == 0;
    return SQLITE_OK;
}

void catalog_seal_watch(struct catalog *catalog)
{
    sqlite3_set_authorizer(catalog->database, watch, catalog);
}

static uint64_t hash_row(sqlite3_stmt *row)
{
    XXH3_state_t *state = XXH3_createState();
    ENSURE(state);
    XXH3_64bits_reset(state);
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        unsigned char type = (unsigned char)sqlite3_column_type(row, i);
        int64_t integer = type == SQLITE_INTEGER ? sqlite3_column_int64(row, i) : 0;
        double number = type == SQLITE_FLOAT ? sqlite3_column_double(row, i) : 0;
        const void *bytes =
            type == SQLITE_TEXT || type == SQLITE_BLOB ? sqlite3_column_blob(row, i) : NULL;
        uint64_t length = bytes ? (uint64_t)sqlite3_column_bytes(row, i) : 0;

        /* type and length are hashed as well, so that neither NULL and "" nor "ab", "c" and "a",
         * "bc" agree */
        XXH3_64bits_update(state, &type, 1);
        XXH3_64bits_update(state, &integer, sizeof integer);
        XXH3_64bits_update(state, &number, sizeof number);
        XXH3_64bits_update(state, &length, sizeof length);
        XXH3_64bits_update(state, bytes ? bytes : "", length);
    }
    uint64_t digest = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return digest;
}

static enum status sum_up(struct catalog *catalog, const char *select, uint64_t *out,
                          struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    *out = 0;
    TRY(catalog_query(catalog, &statement, error, select, ""));
    for (;;) {
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        *out += hash_row(statement);
    }
}

/* ---- writing ---- */

static enum status put(struct catalog *catalog, const char *table, const char *item, uint64_t value,
                       struct error *error)
{
    return catalog_run(catalog, error, "INSERT OR REPLACE INTO seal VALUES (?, ?, ?)", "ssu", table,
                       item, value);
}

/* Sums of one name after the other: the rows come ordered by it. */
static enum status seal_each(struct catalog *catalog, const struct sealed *what,
                             struct error *error)
{
    struct arena arena;
    sqlite3_stmt *statement;
    const char *name = NULL;
    uint64_t sum = 0;
    TRY(catalog_run(catalog, error, "DELETE FROM seal WHERE name = ?", "s", what->table));

    arena_init(&arena, 0);
    const char *select = arena_printf(&arena, "%s ORDER BY 1", what->select);
    enum status status = catalog_query(catalog, &statement, error, select, "");
    for (bool row = true; status == STATUS_OK && row;) {
        status = catalog_step(catalog, &statement, &row, error);
        const char *next =
            status == STATUS_OK && row ? (const char *)sqlite3_column_text(statement, 0) : NULL;

        bool same = next && name && strcmp(next, name) == 0;
        if (status == STATUS_OK && name && !same)
            status = put(catalog, what->table, name, sum, error);

        sum = same ? sum : 0;
        if (status == STATUS_OK && row)
            sum += hash_row(statement);
        if (next && !same)
            name = arena_strdup(&arena, next);
    }

    sqlite3_finalize(statement);
    arena_release(&arena);
    return status;
}

static enum status has_seals(struct catalog *catalog, bool *out, struct error *error)
{
    int64_t tables, of, now;
    *out = false;

    TRY(catalog_integer(catalog,
                        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'seal'",
                        0, &tables, error));
    if (!tables)
        return STATUS_OK;

    /* values that differ stand for what is missing, so that nothing agrees with nothing */
    TRY(catalog_integer(catalog, "SELECT value FROM seal WHERE name = 'generation'", -1, &of,
                        error));
    TRY(catalog_integer(catalog, "SELECT value FROM meta WHERE name = 'generation'", -2, &now,
                        error));
    *out = of == now;
    return STATUS_OK;
}

enum status catalog_seal_prepare(struct catalog *catalog, struct error *error)
{
    int64_t tables;
    TRY(catalog_integer(
        catalog,
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('seal', 'checksum')",
        0, &tables, error));
    if (tables < 2)
        TRY(catalog_execute(catalog, CATALOG_SEAL_TABLES, error));
    return has_seals(catalog, &catalog->sealed, error);
}

static enum status count_tables(struct catalog *catalog, const char *name, int64_t *out,
                                struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", "s",
                      name));
    TRY(catalog_step(catalog, &statement, &row, error));
    *out = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return STATUS_OK;
}

/* What was noted for a table that has one seal; *known: that there is one. */
static enum status noted_sum(struct catalog *catalog, const struct sealed *what, uint64_t *out,
                             bool *known, struct error *error)
{
    sqlite3_stmt *statement;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT value FROM seal WHERE name = ? AND item = ''", "s", what->table));
    TRY(catalog_step(catalog, &statement, known, error));
    *out = *known ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return STATUS_OK;
}

/* Whether there is such a table without a seal; of those made from the beginning none is. */
static enum status is_unsealed(struct catalog *catalog, const struct sealed *what, bool *out,
                               struct error *error)
{
    int64_t tables = 0;
    uint64_t sum;
    bool known = true;
    if (what->late)
        TRY(count_tables(catalog, what->table, &tables, error));
    if (tables)
        TRY(noted_sum(catalog, what, &sum, &known, error));
    *out = !known;
    return STATUS_OK;
}

static enum status seal_table(struct catalog *catalog, const struct sealed *what,
                              struct error *error)
{
    uint64_t sum;
    int64_t tables = 1;
    if (what->each)
        return seal_each(catalog, what, error);
    if (what->late)
        TRY(count_tables(catalog, what->table, &tables, error));
    if (!tables)
        return STATUS_OK;
    TRY(sum_up(catalog, what->select, &sum, error));
    return put(catalog, what->table, "", sum, error);
}

enum status catalog_seal(struct catalog *catalog, struct error *error)
{
    bool any = !catalog->sealed;
    uint64_t generation;

    /* The first time all are sealed, later those that changed: a seal costs reading its table. */
    for (size_t i = 0; i < SEALED; i++) {
        bool unsealed;
        TRY(is_unsealed(catalog, &sealed[i], &unsealed, error));
        if (catalog->sealed && !catalog->stale[i] && !unsealed)
            continue;
        any = true;
        TRY(seal_table(catalog, &sealed[i], error));
    }

    /* Of which generation the seals are: an older program moves it on and leaves them behind. */
    if (!any)
        return STATUS_OK;
    TRY(catalog_counter(catalog, CATALOG_GENERATION, &generation, error));
    return put(catalog, "generation", "", generation, error);
}

void catalog_seal_done(struct catalog *catalog, bool committed)
{
    catalog->sealed |= committed;
    memset(catalog->stale, 0, sizeof catalog->stale);
}

/* ---- looking ---- */

static enum status broken(const struct catalog *catalog, const struct sealed *what,
                          const char *item, struct error *error)
{
    enum status status =
        catalog_damaged(catalog, error, "%s%s%s (table %s): not what was saved", what->holds,
                        item ? " " : "", item ? item : "", what->table);
    if (item)
        error_place(error, "%s %s", strcmp(what->table, "membership") == 0 ? "segment" : "list",
                    item);
    return status;
}

static enum status check_table(struct catalog *catalog, const struct sealed *what,
                               struct error *error)
{
    uint64_t noted, sum;
    int64_t tables = 1;
    bool known;
    TRY(noted_sum(catalog, what, &noted, &known, error));
    if (what->late && !known)
        return STATUS_OK;
    if (what->late)
        TRY(count_tables(catalog, what->table, &tables, error));
    if (!known || !tables)
        return broken(catalog, what, NULL, error);
    TRY(sum_up(catalog, what->select, &sum, error));
    return noted == sum ? STATUS_OK : broken(catalog, what, NULL, error);
}

static enum status check_tables(struct catalog *catalog, struct error *error)
{
    for (size_t i = 0; i < SEALED; i++)
        if (!sealed[i].each)
            TRY(check_table(catalog, &sealed[i], error));
    return STATUS_OK;
}

/* Up to so many bytes SQLite's own look at the structure is a matter of milliseconds. */
enum { QUICK_CHECK_BYTES = 1 << 20 };

static enum status quick_check(struct catalog *catalog, struct error *error)
{
    int64_t bytes;
    sqlite3_stmt *statement;
    bool row;
    TRY(catalog_integer(catalog,
                        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", 0,
                        &bytes, error));
    if (bytes > QUICK_CHECK_BYTES)
        return STATUS_OK;

    TRY(catalog_query(catalog, &statement, error, "PRAGMA quick_check(1)", ""));
    TRY(catalog_step(catalog, &statement, &row, error));
    const char *says = row ? (const char *)sqlite3_column_text(statement, 0) : "ok";
    enum status status = STATUS_OK;
    if (!says || strcmp(says, "ok") != 0)
        status = catalog_damaged(catalog, error, "%s", says ? says : "it cannot be read");
    sqlite3_finalize(statement);
    return status;
}

enum status catalog_seal_check(struct catalog *catalog, struct error *error)
{
    TRY(catalog_begin_read(catalog, error)); /* what is summed is of one moment */
    enum status status = quick_check(catalog, error);
    if (status == STATUS_OK)
        status = has_seals(catalog, &catalog->sealed, error);
    if (status == STATUS_OK && catalog->sealed)
        status = check_tables(catalog, error);
    catalog_rollback(catalog);
    return status;
}

static size_t place_of(const char *table)
{
    size_t i = 0;
    while (strcmp(sealed[i].table, table) != 0)
        i++;
    return i;
}

/* What the items of a table with a seal for each are called by. */
static const char *column_of(const char *table)
{
    return strcmp(table, "membership") == 0 ? "segment" : "list";
}

enum status catalog_seal_item(struct catalog *catalog, const char *table, const char *item,
                              struct error *error)
{
    size_t i = place_of(table);

    /* without seals there is nothing to hold it against; what this change has written is sealed
     * when it ends */
    if (!catalog->sealed || catalog->stale[i])
        return STATUS_OK;
    struct arena arena;
    sqlite3_stmt *statement;
    uint64_t sum = 0;
    bool row;
    arena_init(&arena, 0);
    const char *select =
        arena_printf(&arena, "SELECT * FROM (%s) WHERE %s = ?", sealed[i].select, column_of(table));

    enum status status;
    TRY_GOTO(catalog_query(catalog, &statement, error, select, "s", item));
    TRY_GOTO(catalog_step(catalog, &statement, &row, error));
    while (row) {
        sum += hash_row(statement);
        TRY_GOTO(catalog_step(catalog, &statement, &row, error));
    }

    /* an item without rows has no seal, and its sum is 0 as well */
    TRY_GOTO(catalog_query(catalog, &statement, error,
                           "SELECT value FROM seal WHERE name = ? AND item = ?", "ss", table,
                           item));
    TRY_GOTO(catalog_step(catalog, &statement, &row, error));
    uint64_t noted = row ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    status = sum == noted ? STATUS_OK : broken(catalog, &sealed[i], item, error);
done:
    arena_release(&arena);
    return status;
}

static enum status look_at_items(struct catalog *catalog, const char *table, const char *except,
                                 void (*each)(void *context, const struct error *problem),
                                 void *context, struct error *error)
{
    struct arena arena;
    sqlite3_stmt *statement;
    VECTOR(const char *) items = {0};
    bool row = true;

    if (!catalog->sealed)
        return STATUS_OK;
    arena_init(&arena, 0);
    bool lists = strcmp(table, "list_item") == 0;
    enum status status = catalog_query(
        catalog, &statement, error,
        lists ? "SELECT item FROM seal WHERE name = 'list_item' UNION SELECT list FROM list_item"
              : "SELECT item FROM seal WHERE name = 'membership' UNION SELECT segment FROM "
                "membership",
        "");
    if (status == STATUS_OK)
        status = catalog_step(catalog, &statement, &row, error);

    /* items that have a seal and no row any more are asked for as well: they were taken away by
     * somebody */
    while (status == STATUS_OK && row) {
        VECTOR_PUSH(&items, catalog_column_text(statement, 0, &arena));
        status = catalog_step(catalog, &statement, &row, error);
    }

    for (size_t i = 0; i < items.count && status == STATUS_OK; i++) {
        struct error problem = {0};
        if (except && strcmp(items.items[i], except) == 0)
            continue;
        if (catalog_seal_item(catalog, table, items.items[i], &problem) == STATUS_OK)
            continue;
        if (each)
            each(context, &problem);
        else if (error)
            *error = problem;
        status = each ? STATUS_OK : problem.code;
    }

    VECTOR_RELEASE(&items);
    arena_release(&arena);
    return status;
}

enum status catalog_seal_items(struct catalog *catalog, const char *table,
                               void (*each)(void *context, const struct error *problem),
                               void *context, struct error *error)
{
    return look_at_items(catalog, table, NULL, each, context, error);
}

enum status catalog_seal_whole(struct catalog *catalog, const char *table, struct error *error)
{
    struct arena arena;
    sqlite3_stmt *statement;
    bool row;
    size_t i = place_of(table);
    if (!catalog->sealed || catalog->stale[i])
        return STATUS_OK;

    /* What has a seal but is no longer there: reading the items that are would not show it. */
    arena_init(&arena, 0);
    const char *lost = arena_printf(
        &arena, "SELECT item FROM seal WHERE name = ?1 AND item NOT IN (SELECT %s FROM %s)",
        column_of(table), table);
    enum status status = catalog_query(catalog, &statement, error, lost, "s", table);
    if (status == STATUS_OK)
        status = catalog_step(catalog, &statement, &row, error);
    if (status == STATUS_OK && row) {
        status = broken(catalog, &sealed[i], catalog_column_text(statement, 0, &arena), error);
        sqlite3_finalize(statement);
    }
    arena_release(&arena);
    return status;
}

enum status catalog_seal_before(struct catalog *catalog, const char *table, const char *except,
                                struct error *error)
{
    if (catalog->stale[place_of(table)])
        return STATUS_OK; /* not the first */
    return look_at_items(catalog, table, except, NULL, NULL, error);
}

/* ---- everything ---- */

static enum status structure(struct catalog *catalog,
                             void (*each)(void *context, const struct error *problem),
                             void *context, struct error *error)
{
    sqlite3_stmt *statement;
    TRY(catalog_query(catalog, &statement, error, "PRAGMA integrity_check(20)", ""));
    for (bool row;;) {
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        const char *says = (const char *)sqlite3_column_text(statement, 0);
        struct error problem = {0};
        if (says && strcmp(says, "ok") == 0)
            continue;
        (void)!catalog_damaged(catalog, &problem, "%s", says ? says : "it cannot be read");
        each(context, &problem);
    }
}

enum status catalog_verify(struct catalog *catalog,
                           void (*each)(void *context, const struct error *problem), void *context,
                           bool *sealed_out, struct error *error)
{
    struct error problem = {0};
    *sealed_out = true;

    /* Whatever is found, the rest is looked at too: only who cannot even tell which seals there are
     * stops. */
    if (structure(catalog, each, context, &problem) != STATUS_OK)
        each(context, &problem);
    if (has_seals(catalog, &catalog->sealed, &problem) != STATUS_OK) {
        each(context, &problem);
        return STATUS_OK;
    }

    *sealed_out = catalog->sealed;
    for (size_t i = 0; i < SEALED && catalog->sealed; i++)
        if (!sealed[i].each && check_table(catalog, &sealed[i], &problem) != STATUS_OK)
            each(context, &problem);
    TRY(catalog_seal_items(catalog, "list_item", each, context, error));
    return catalog_seal_items(catalog, "membership", each, context, error);
}
