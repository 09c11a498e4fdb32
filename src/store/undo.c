/*
 * Taking an import back, exactly. Its own parts are dropped; parts that were merged from several
 * imports are written again without its rows; rows that had been refused because of an id it had
 * brought come alive; identifiers of customers who have nothing left go. The schema needs nothing:
 * it is folded from the imports that remain.
 *
 * Which row of an id stands (docs/store-format.md): the first in order of import and arrival,
 * unless a later import said replace; then the last such row. The lines of a grouped import
 * (`order.line`) bear the id of their group and follow it: all lines of the import that stands,
 * none where that brought the fact without lines.
 */
#include "store/internal.h"

#include <stdio.h>
#include <string.h>

/* Rows of an import that came alive: of a kind, of its lines. What an import counts is its lines,
 * where it has them. */
struct revived {
    uint32_t import;
    const char *table;
    uint64_t rows;
};

struct undo {
    struct store_change *change;
    struct store *store;
    struct lake *lake;
    const struct catalog_part *parts; /* as they were before */
    size_t part_count;
    const uint32_t *numbers; /* of the imports that go */
    size_t count;
    const char *going; /* them as an SQL list */
    struct arena *arena;
    const char *replacing; /* SQL list of the numbers of imports that said replace */
    VECTOR(struct revived) revived;
};

static const char *full_path(struct undo *undo, const struct catalog_part *part)
{
    return store_quote(undo->arena, store_file(undo->store, undo->arena, "%s", part->path));
}

/* Writes a part again with the rows that `where` keeps; without any it is just dropped. A plain
 * condition leaves the rows in their order; where it asks a subquery DuckDB joins, and may go
 * through the rows in another. */
static enum status rewrite(struct undo *undo, const struct catalog_part *part, const char *where,
                           bool plain, struct error *error)
{
    struct store_new_part again = {.table = part->table, .role = part->role, .ordered = plain};
    uint64_t rows;

    again.select = arena_printf(undo->arena, "SELECT * FROM read_parquet(%s) WHERE %s",
                                full_path(undo, part), where);
    TRY(store_write_part(undo->change, undo->lake, &again, &rows, error));
    return store_drop_part(undo->change, part->number, error);
}

static bool bears_imports(enum part_role role)
{
    return role == PART_FACTS || role == PART_TRAITS || role == PART_SHADOW ||
           role == PART_REFERENCE;
}

static bool holds(const struct undo *undo, const struct catalog_part *part)
{
    if (!bears_imports(part->role))
        return false;
    for (size_t i = 0; i < undo->count; i++)
        if (part->first_import <= undo->numbers[i] && undo->numbers[i] <= part->last_import)
            return true;
    return false;
}

static enum status drop_rows(struct undo *undo, struct error *error)
{
    const char *where = arena_printf(undo->arena, "import NOT IN (%s)", undo->going);
    for (size_t i = 0; i < undo->part_count; i++) {
        const struct catalog_part *part = &undo->parts[i];
        if (!holds(undo, part) || part->role == PART_SHADOW)
            continue;

        /* a part of one import goes whole; of a merged one the other imports' rows stay */
        if (part->first_import == part->last_import)
            TRY(store_drop_part(undo->change, part->number, error));
        else
            TRY(rewrite(undo, part, where, true, error));
    }
    return STATUS_OK;
}

static bool has_column(const struct catalog_part *part, const char *name)
{
    for (size_t i = 0; i < part->column_count; i++)
        if (strcmp(part->columns[i].name, name) == 0)
            return true;
    return false;
}

/* Appends the paths of a kind's parts of a role that were there before the undo, as a list in SQL;
 * returns how many.
 */
static size_t part_list(struct undo *undo, const char *table, enum part_role role,
                        bool only_holding, struct buffer *out)
{
    size_t count = 0;
    for (size_t i = 0; i < undo->part_count; i++) {
        const struct catalog_part *part = &undo->parts[i];
        if (part->role != role || strcmp(part->table, table) != 0 ||
            (only_holding && !holds(undo, part)) || !has_column(part, "id"))
            continue;
        buffer_string(out, out->length ? ", " : "");
        buffer_string(out, full_path(undo, part));
        count++;
    }
    return count;
}

/* The kind that a table of lines belongs to, or NULL. */
static const char *kind_of_lines(struct undo *undo, const char *table)
{
    size_t length = schema_lines_of(table);
    return length ? arena_strndup(undo->arena, table, length) : NULL;
}

/* What the shadow has of a kind, or of its lines: those follow their groups, so that what stands
 * among the groups has a say, too, though only lines (`own`) are looked for. NULL without any. */
static const char *candidates(struct undo *undo, const char *table, const char *kind)
{
    struct buffer own, groups;
    const char *sql = NULL;
    buffer_init(&own, 0);
    buffer_init(&groups, 0);
    if (part_list(undo, table, PART_SHADOW, false, &own))
        sql = arena_printf(
            undo->arena,
            "SELECT id, import, arrival, true AS own FROM read_parquet([%s], union_by_name=true)",
            own.data);
    if (sql && kind && part_list(undo, kind, PART_SHADOW, false, &groups))
        sql = arena_printf(undo->arena,
                           "%s UNION ALL SELECT id, import, arrival, false FROM read_parquet([%s], "
                           "union_by_name=true)",
                           sql, groups.data);
    buffer_release(&own);
    buffer_release(&groups);
    return sql;
}

/* The rows that come alive, as a temporary table of (import, arrival). facts: paths of parts with
 * the ids that go. */
static enum status choose(struct undo *undo, const char *candidates, bool lines, const char *facts,
                          int64_t *count, struct error *error)
{
    /* all lines of the import that stands share the place of their group; of whole facts one row
     * stands */
    const char *rank = lines ? "dense_rank" : "row_number";
    const char *tie = lines ? "" : ", CASE WHEN replaces THEN -arrival::HUGEINT ELSE arrival END";

    /* Among the candidates of an id that goes: imports that replace before others, of those the
     * last and of the others the first. A candidate that wins in the groups' rows (not own) leaves
     * no line. */
    TRY(lake_executef(
        undo->lake, error,
        "CREATE OR REPLACE TEMP TABLE strata_alive AS SELECT import, arrival FROM ("
        " SELECT import, arrival, own, %s() OVER (PARTITION BY id ORDER BY replaces DESC,"
        "  CASE WHEN replaces THEN -import::BIGINT ELSE import END%s) AS place"
        " FROM (SELECT id, import, arrival, own, import IN (%s) AS replaces FROM (%s)"
        "  WHERE import NOT IN (%s) AND id IN (SELECT id FROM read_parquet([%s], "
        "union_by_name=true)"
        "   WHERE import IN (%s) AND id IS NOT NULL))) WHERE place = 1 AND own",
        rank, tie, undo->replacing, candidates, undo->going, facts, undo->going));
    return lake_query_integer(undo->lake, "SELECT count(*) FROM strata_alive", count, NULL, error);
}

static enum status count_alive(struct undo *undo, const char *table, struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;
    TRY(lake_query(undo->lake, "SELECT import::BIGINT, count(*) FROM strata_alive GROUP BY 1",
                   &result, error));
    enum status status = lake_result_next(result, &chunk, error);
    while (status == STATUS_OK && chunk) {
        for (size_t i = 0; i < chunk->rows; i++)
            VECTOR_PUSH(&undo->revived,
                        (struct revived){(uint32_t)lake_integer(&chunk->columns[0], i), table,
                                         (uint64_t)lake_integer(&chunk->columns[1], i)});
        status = lake_result_next(result, &chunk, error);
    }
    lake_result_free(result);
    return status;
}

static bool has_lines(const struct undo *undo, const struct revived *group)
{
    const char *lines = arena_printf(undo->arena, "%s.line", group->table);
    for (size_t i = 0; i < undo->revived.count; i++)
        if (undo->revived.items[i].import == group->import &&
            strcmp(undo->revived.items[i].table, lines) == 0)
            return true;
    return false;
}

/* The counts of an import stay what they were when it ran; what came alive since is said beside
 * them. */
static enum status say_revived(struct undo *undo, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < undo->revived.count; i++) {
        const struct revived *revived = &undo->revived.items[i];
        if (!has_lines(undo, revived))
            status = catalog_add_import_revived(undo->store->catalog, revived->import,
                                                revived->rows, error);
    }
    return status;
}

/* A shadow part loses the rows of the import, and gives away those that come alive (when any is):
 * they become a part of facts of their own, in the types they have. */
static enum status settle_shadow(struct undo *undo, const struct catalog_part *shadow, bool any,
                                 struct error *error)
{
    static const char *const alive =
        "(import, arrival) IN (SELECT (import, arrival) FROM strata_alive)";
    uint64_t rows = 0;

    if (any) {
        struct store_new_part facts = {.table = shadow->table, .role = PART_FACTS};
        facts.select = arena_printf(
            undo->arena, "SELECT * FROM read_parquet(%s) WHERE import NOT IN (%s) AND %s",
            full_path(undo, shadow), undo->going, alive);
        TRY(store_write_part(undo->change, undo->lake, &facts, &rows, error));
    }

    /* Most shadow parts have nothing of the import: they stay as they are. */
    if (!rows && !holds(undo, shadow))
        return STATUS_OK;
    const char *where = arena_printf(undo->arena, "import NOT IN (%s)%s%s%s", undo->going,
                                     any ? " AND NOT (" : "", any ? alive : "", any ? ")" : "");
    return rewrite(undo, shadow, where, !any, error);
}

static enum status revive(struct undo *undo, const char *table, struct error *error)
{
    struct buffer facts;
    int64_t count = 0;
    const char *kind = kind_of_lines(undo, table), *shadow = candidates(undo, table, kind);

    buffer_init(&facts, 0);

    /* ids that the lines' groups had count as well, for an import may have brought the whole
     * without lines */
    size_t gone = part_list(undo, table, PART_FACTS, true, &facts);
    if (kind)
        gone += part_list(undo, kind, PART_FACTS, true, &facts);
    enum status status = STATUS_OK;
    if (gone && shadow)
        status = choose(undo, shadow, kind != NULL, facts.data, &count, error);
    if (status == STATUS_OK && count)
        status = count_alive(undo, table, error);

    for (size_t i = 0; status == STATUS_OK && i < undo->part_count; i++) {
        const struct catalog_part *part = &undo->parts[i];
        if (part->role == PART_SHADOW && strcmp(part->table, table) == 0)
            status = settle_shadow(undo, part, count > 0, error);
    }

    buffer_release(&facts);
    return status;
}

/* Every customer with a fact or a trait after the change: the activity parts that will count; and
 * those whose rows are in the shadow, who may come back. */
static size_t activity_list(struct undo *undo, struct buffer *out)
{
    size_t part_count, count = 0;
    const struct catalog_part *parts = store_parts(undo->store, &part_count);
    for (size_t i = 0; i < part_count; i++)
        if (parts[i].role == PART_ACTIVITY || parts[i].role == PART_SHADOW) {
            buffer_string(out, count++ ? ", " : "");
            buffer_string(out, full_path(undo, &parts[i]));
        }
    return count;
}

static enum status forget_customers(struct undo *undo, struct error *error)
{
    struct buffer where;

    buffer_init(&where, 0);
    buffer_string(&where, "customer IN (SELECT customer FROM read_parquet([");
    bool anyone = activity_list(undo, &where) > 0;
    buffer_string(&where, "]))");
    enum status status = STATUS_OK;

    for (size_t i = 0; i < undo->part_count && status == STATUS_OK; i++) {
        const struct catalog_part *part = &undo->parts[i];
        if (part->role != PART_IDENTITY)
            continue;

        /* counted first: most parts of identifiers lose nobody and stay as they are */
        int64_t kept = 0;
        if (anyone) {
            const char *sql =
                arena_printf(undo->arena, "SELECT count(*) FROM read_parquet(%s) WHERE %s",
                             full_path(undo, part), where.data);
            status = lake_query_integer(undo->lake, sql, &kept, NULL, error);
        }

        if (status == STATUS_OK && kept == 0)
            status = store_drop_part(undo->change, part->number, error);
        else if (status == STATUS_OK && (uint64_t)kept != part->rows)
            status = rewrite(undo, part, where.data, false, error);
    }

    buffer_release(&where);
    return status;
}

static enum status list_replacing(struct undo *undo, struct error *error)
{
    struct catalog_import *imports;
    size_t count;
    TRY(catalog_imports(undo->store->catalog, undo->arena, &imports, &count, error));
    undo->replacing = "0";

    for (size_t i = 0; i < count; i++)
        if (imports[i].replaces && !imports[i].undone)
            undo->replacing =
                arena_printf(undo->arena, "%s, %u", undo->replacing, imports[i].number);
    return STATUS_OK;
}

static bool has_shadow(const struct undo *undo)
{
    for (size_t i = 0; i < undo->part_count; i++)
        if (undo->parts[i].role == PART_SHADOW)
            return true;
    return false;
}

/* What is read below. A part that goes whole is not, so that what is damaged can at least be taken
 * back. */
static enum status check_parts(struct undo *undo, struct error *error)
{
    bool shadow = has_shadow(undo);
    for (size_t i = 0; i < undo->part_count; i++) {
        const struct catalog_part *part = &undo->parts[i];
        bool whole = part->first_import == part->last_import;

        bool rows = holds(undo, part) && (shadow || !whole);
        bool owner_stays = part->role == PART_ACTIVITY;
        for (size_t o = 0; owner_stays && o < undo->part_count; o++)
            if (undo->parts[o].number == part->owner && holds(undo, &undo->parts[o]))
                owner_stays = false;
        if (rows || owner_stays || part->role == PART_SHADOW || part->role == PART_IDENTITY)
            TRY(store_check_part(undo->store, part, NULL, 0, error));
    }
    return STATUS_OK;
}

static enum status take_back(struct undo *undo, struct error *error)
{
    const struct schema *schema = undo->store->schema;

    TRY(check_parts(undo, error));
    TRY(list_replacing(undo, error));

    /* revived rows are chosen from the parts as they were before, which undo->parts still lists */
    TRY(drop_rows(undo, error));
    for (size_t i = 0; i < schema->table_count; i++)
        if (schema->tables[i].role == SCHEMA_FACTS)
            TRY(revive(undo, schema->tables[i].name, error));
    TRY(say_revived(undo, error));
    return forget_customers(undo, error);
}

static enum status begin_one(struct undo *undo, uint32_t number, struct error *error)
{
    struct catalog_import import;
    TRY(catalog_find_import(undo->store->catalog, number, undo->arena, &import, error));
    if (import.undone)
        return error_set(error, STATUS_USAGE, "import %u has been taken back already", number);
    undo->going = undo->going ? arena_printf(undo->arena, "%s, %u", undo->going, number)
                              : arena_printf(undo->arena, "%u", number);
    return STATUS_OK;
}

enum status store_undo_within(struct store_change *change, struct lake *lake,
                              const uint32_t *numbers, size_t count, int64_t now,
                              struct error *error)
{
    struct undo undo = {.change = change,
                        .store = change->store,
                        .lake = lake,
                        .numbers = numbers,
                        .count = count,
                        .arena = &change->arena};
    if (count == 0)
        return STATUS_OK;

    undo.parts = store_parts(undo.store, &undo.part_count);
    for (size_t i = 0; i < count; i++)
        TRY(begin_one(&undo, numbers[i], error));

    enum status status = take_back(&undo, error);
    VECTOR_RELEASE(&undo.revived);
    TRY(status);

    for (size_t i = 0; i < count; i++) {
        VECTOR_PUSH(&change->obsolete,
                    store_file(undo.store, undo.arena, "rejects/%u.jsonl", numbers[i]));
        TRY(catalog_set_import_undone(undo.store->catalog, numbers[i], now ? now : 1, error));
    }

    /* What the change does next must not meet columns that are gone, or types that only the undone
     * import had. */
    return store_fold_schema(change, error);
}

enum status store_undo(struct store *store, struct lake *lake, uint32_t number, int64_t now,
                       struct error *error)
{
    struct store_change *change;
    TRY(store_begin(store, &change, error));
    enum status status = store_undo_within(change, lake, &number, 1, now, error);
    if (status != STATUS_OK) {
        store_abort(change);
        return status;
    }
    return store_commit(change, error);
}
