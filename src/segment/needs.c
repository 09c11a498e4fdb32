/* What evaluations need, by name: two needs made one, and whether one holds the other. */
#include "segment/reads.h"

#include <string.h>

static bool has_name(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static size_t count_names(const char *const *names)
{
    size_t count = 0;
    while (names && names[count])
        count++;
    return count;
}

static struct segment_need join_need(const struct segment_need *a, const struct segment_need *b,
                                     struct arena *arena)
{
    size_t count = count_names(a->columns);
    const char **columns = ARENA_ARRAY(arena, const char *, count + count_names(b->columns) + 1);

    if (count)
        memcpy(columns, a->columns, count * sizeof *columns);

    for (size_t i = 0; i < count_names(b->columns); i++)
        if (!has_name(columns, b->columns[i]))
            columns[count++] = b->columns[i];
    return (struct segment_need){a->table, columns};
}

struct segment_needs segment_needs_join(const struct segment_needs *a,
                                        const struct segment_needs *b, struct arena *arena)
{
    struct segment_needs joined = {.records = a->records || b->records,
                                   .lists = a->lists || b->lists};
    joined.items = ARENA_ARRAY(arena, struct segment_need, a->count + b->count + 1);

    for (size_t i = 0; i < a->count; i++)
        joined.items[joined.count++] = a->items[i];

    for (size_t i = 0; i < b->count; i++) {
        size_t at = 0;
        while (at < joined.count && strcmp(joined.items[at].table, b->items[i].table) != 0)
            at++;
        if (at < joined.count)
            joined.items[at] = join_need(&joined.items[at], &b->items[i], arena);
        else
            joined.items[joined.count++] = b->items[i];
    }
    return joined;
}

bool segment_needs_hold(const struct segment_needs *held, const struct segment_needs *needs)
{
    if ((needs->records && !held->records) || (needs->lists && !held->lists))
        return false;

    for (size_t i = 0; i < needs->count; i++) {
        size_t at = 0;
        while (at < held->count && strcmp(held->items[at].table, needs->items[i].table) != 0)
            at++;
        if (at == held->count)
            return false;

        for (size_t c = 0; c < count_names(needs->items[i].columns); c++)
            if (!has_name(held->items[at].columns, needs->items[i].columns[c]))
                return false;
    }
    return true;
}
