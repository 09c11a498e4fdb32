/*
 * Merging: many small parts of one table become one. Parts are sized in tiers of a factor of eight;
 * where a tier holds eight parts or more, they are merged into one of a higher tier, so every row
 * is rewritten a few times at most.
 *
 * Only parts whose common columns have the same types are merged. So a merged part holds exactly
 * the bytes' worth of its sources, and an import in it can still be taken back without a trace.
 */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    TIER_PARTS = 8, /* a row is rewritten once for each factor of eight that its table grows by */
    TIER_BASE = 100000, /* rows; smaller parts are all of the first tier */
    TIERS = 12,
};

static int tier_of(uint64_t rows)
{
    int tier = 0;
    for (uint64_t limit = TIER_BASE; rows >= limit && tier < TIERS - 1; limit *= TIER_PARTS)
        tier++;
    return tier;
}

static bool merges(const struct catalog_part *part)
{
    return part->role != PART_ACTIVITY;
}

/* Same types where both have a column; and either both or neither hold the codes of a text, because
 * a row without its code beside a known text would read as unknown. */
static bool compatible(const struct catalog_part *a, const struct catalog_part *b)
{
    size_t common = 0;
    for (size_t i = 0; i < a->column_count; i++)
        for (size_t j = 0; j < b->column_count; j++)
            if (strcmp(a->columns[i].name, b->columns[j].name) == 0) {
                if (strcmp(a->columns[i].type, b->columns[j].type) != 0)
                    return false;
                common++;
            }
    return common == a->column_count && common == b->column_count;
}

static size_t collect(struct store *store, size_t from, const struct catalog_part **group)
{
    const struct catalog_part *first = &store->parts[from];
    size_t count = 0;
    for (size_t i = from; i < store->part_count; i++) {
        const struct catalog_part *part = &store->parts[i];
        if (part->role == first->role && strcmp(part->table, first->table) == 0 &&
            tier_of(part->rows) == tier_of(first->rows) && compatible(first, part))
            group[count++] = part;
    }
    return count;
}

static enum status merge_group(struct store_change *change, struct lake *lake,
                               const struct catalog_part **group, size_t count, struct error *error)
{
    struct store_new_part part = {.table = group[0]->table, .role = group[0]->role};
    struct buffer sql;

    /* what is damaged must not become part of a whole that has a good checksum */
    for (size_t i = 0; i < count; i++)
        TRY(store_check_part(change->store, group[i], NULL, 0, error));

    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT * FROM read_parquet([");
    for (size_t i = 0; i < count; i++) {
        buffer_string(&sql, i ? ", " : "");
        buffer_string(&sql, store_quote(&change->arena, store_file(change->store, &change->arena,
                                                                   "%s", group[i]->path)));
    }

    buffer_string(&sql, "], union_by_name=true)");

    part.select = sql.data;
    enum status status = store_write_part(change, lake, &part, NULL, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = store_drop_part(change, group[i]->number, error);
    buffer_release(&sql);
    return status;
}

enum status store_merge(struct store *store, struct lake *lake, size_t *merged, struct error *error)
{
    struct store_change *change = NULL;
    const struct catalog_part **group = base_calloc(store->part_count + 1, sizeof(*group));
    enum status status = STATUS_OK;
    size_t gone = 0;

    /* One change for all groups: readers see none of it or all. It begins with the first group, so
     * that nothing is written where there is nothing to merge. A part that went into an earlier
     * group is still in the list of the state from which all this starts. */
    for (size_t i = 0; i < store->part_count && status == STATUS_OK; i++) {
        if (!merges(&store->parts[i]) || (change && store_dropped(change, store->parts[i].number)))
            continue;

        size_t count = collect(store, i, group);
        if (count < TIER_PARTS)
            continue;
        if (!change)
            status = store_begin(store, &change, error);
        if (status == STATUS_OK)
            status = merge_group(change, lake, group, count, error);
        gone += count;
    }

    if (change && status == STATUS_OK) {
        status = store_commit(change, error);
        change = NULL;
    }

    store_abort(change);
    free(group);
    if (merged)
        *merged = status == STATUS_OK ? gone : 0;
    return status;
}
