/*
 * Records: the refreshes, and for each who entered and left which segment, and why. Who is inside
 * at a moment is not stored but follows: everybody who entered and has not left since.
 */
#include "catalog/internal.h"

#include <string.h>

enum status catalog_add_refresh(struct catalog *catalog, const struct catalog_refresh *refresh,
                                uint32_t *number, struct error *error)
{
    int64_t count, last, next;

    TRY(catalog_integer(catalog, "SELECT count(*) FROM refresh", 0, &count, error));
    TRY(catalog_integer(catalog, "SELECT max(moment) FROM refresh", 0, &last, error));
    if (count && refresh->moment <= last) {
        enum status status =
            error_set(error, STATUS_USAGE, "a refresh has to be later than the last one");
        error_hint(error,
                   "records only go forward; use --as-of with a reading command to look back");
        return status;
    }

    TRY(catalog_integer(catalog, "SELECT coalesce(max(number), 0) + 1 FROM refresh", 1, &next,
                        error));
    *number = (uint32_t)next;
    return catalog_run(catalog, error, "INSERT INTO refresh VALUES (?, ?, ?, ?)", "iiis", next,
                       refresh->moment, refresh->recorded,
                       refresh->definitions ? refresh->definitions : "");
}

enum status catalog_refreshes(struct catalog *catalog, struct arena *arena,
                              struct catalog_refresh **out, size_t *count, struct error *error)
{
    sqlite3_stmt *statement;
    size_t room = 0;
    *out = NULL;
    *count = 0;
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT number, moment, recorded, definitions FROM refresh ORDER BY number",
                      ""));
    for (bool row;;) {
        *out = catalog_room(arena, *out, *count, &room, sizeof **out);
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        (*out)[(*count)++] = (struct catalog_refresh){
            .number = (uint32_t)sqlite3_column_int64(statement, 0),
            .moment = sqlite3_column_int64(statement, 1),
            .recorded = sqlite3_column_int64(statement, 2),
            .definitions = catalog_column_text(statement, 3, arena),
        };
    }
}

enum status catalog_forget_refresh(struct catalog *catalog, uint32_t number, struct error *error)
{
    TRY(catalog_seal_before(catalog, "membership", NULL, error));
    TRY(catalog_run(catalog, error, "DELETE FROM membership WHERE refresh = ?", "i",
                    (int64_t)number));
    return catalog_run(catalog, error, "DELETE FROM refresh WHERE number = ?", "i",
                       (int64_t)number);
}

enum status catalog_add_membership(struct catalog *catalog, uint32_t refresh, const char *segment,
                                   bool entered, enum membership_cause cause,
                                   const struct bitmap *customers, struct error *error)
{
    if (bitmap_count(customers) == 0)
        return STATUS_OK;
    TRY(catalog_seal_before(catalog, "membership", NULL, error));
    struct buffer bytes;
    buffer_init(&bytes, 0);
    bitmap_write(customers, &bytes);
    enum status status = catalog_run(
        catalog, error, "INSERT INTO membership VALUES (?, ?, ?, ?, ?)", "isiib", (int64_t)refresh,
        segment, (int64_t)entered, (int64_t)cause, (struct text){bytes.data, bytes.length});
    buffer_release(&bytes);
    return status;
}

/* One row handed to each. */
static enum status give(const struct catalog *catalog, sqlite3_stmt *row,
                        enum status (*each)(void *context, struct catalog_membership *membership,
                                            struct error *error),
                        void *context, struct error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct catalog_membership membership = {
        .refresh = (uint32_t)sqlite3_column_int64(row, 0),
        .moment = sqlite3_column_int64(row, 1),
        .segment = catalog_column_text(row, 2, &arena),
        .entered = sqlite3_column_int(row, 3),
        .cause = (enum membership_cause)sqlite3_column_int(row, 4),
    };
    enum { CUSTOMERS = 5 };
    struct text bytes = {sqlite3_column_blob(row, CUSTOMERS),
                         (size_t)sqlite3_column_bytes(row, CUSTOMERS)};
    struct error problem = {0};
    enum status status;

    /* a set carries its own checksum, so damage shows here, and is told with where it stands */
    if (!membership.segment) {
        status = catalog_damaged(catalog, error,
                                 "a membership of refresh %u (table membership) names no segment",
                                 membership.refresh);
    } else if (bitmap_read(bytes, &membership.customers, &problem) == STATUS_OK) {
        status = each(context, &membership, error);
    } else {
        status = catalog_damaged(catalog, error, "%s (table membership)", problem.message);
        error_place(error, "segment %s, refresh %u", membership.segment, membership.refresh);
    }

    arena_release(&arena);
    return status;
}

enum status catalog_memberships(struct catalog *catalog, const char *segment,
                                enum status (*each)(void *context,
                                                    struct catalog_membership *membership,
                                                    struct error *error),
                                void *context, struct error *error)
{
    sqlite3_stmt *statement;
    /* a statement of its own for one segment, which SQLite can answer from the index */
    const char *sql = "SELECT m.refresh, r.moment, m.segment, m.entered, m.cause, m.customers"
                      " FROM membership m JOIN refresh r ON r.number = m.refresh WHERE ?1 IS NULL "
                      "OR m.segment = ?1"
                      " ORDER BY m.refresh, m.segment, m.entered, m.cause";

    const char *one =
        "SELECT m.refresh, r.moment, m.segment, m.entered, m.cause, m.customers"
        " FROM membership m JOIN refresh r ON r.number = m.refresh WHERE m.segment = ?1"
        " ORDER BY m.refresh, m.segment, m.entered, m.cause";

    if (segment)
        TRY(catalog_seal_item(catalog, "membership", segment, error));
    else
        TRY(catalog_seal_items(catalog, "membership", NULL, NULL, error));

    TRY(catalog_query(catalog, &statement, error, segment ? one : sql, "s", segment));
    for (bool row;;) {
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        enum status status = give(catalog, statement, each, context, error);
        if (status != STATUS_OK) {
            sqlite3_finalize(statement);
            return status;
        }
    }
}

enum status catalog_recorded_segments(struct catalog *catalog, struct arena *arena,
                                      const char ***out, size_t *count, struct error *error)
{
    sqlite3_stmt *statement;
    size_t room = 0;
    *out = NULL;
    *count = 0;

    /* A segment whose rows were all lost would not be missed below. */
    TRY(catalog_seal_whole(catalog, "membership", error));
    TRY(catalog_query(catalog, &statement, error,
                      "SELECT DISTINCT segment FROM membership ORDER BY segment", ""));
    for (bool row;;) {
        *out = catalog_room(arena, *out, *count, &room, sizeof **out);
        TRY(catalog_step(catalog, &statement, &row, error));
        if (!row)
            return STATUS_OK;
        (*out)[(*count)++] = catalog_column_text(statement, 0, arena);
    }
}

struct inside {
    struct bitmap *members;
    int64_t until;
};

static enum status apply(void *context, struct catalog_membership *membership, struct error *error)
{
    struct inside *inside = context;
    (void)error;
    if (membership->moment <= inside->until) {
        if (membership->entered)
            bitmap_or(inside->members, membership->customers);
        else
            bitmap_andnot(inside->members, membership->customers);
    }
    bitmap_free(membership->customers);
    return STATUS_OK;
}

enum status catalog_members(struct catalog *catalog, const char *segment, int64_t until,
                            struct bitmap **out, struct error *error)
{
    struct inside inside = {bitmap_new(), until};
    enum status status = catalog_memberships(catalog, segment, apply, &inside, error);
    if (status != STATUS_OK) {
        bitmap_free(inside.members);
        return status;
    }
    *out = inside.members;
    return STATUS_OK;
}
