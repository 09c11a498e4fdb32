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

static const char **join_names(const char *const *a, const char *const *b, struct arena *arena)
{
    size_t count = count_names(a);
    const char **names = ARENA_ARRAY(arena, const char *, count + count_names(b) + 1);
    if (count)
        memcpy(names, a, count * sizeof *names);
    for (; b && *b; b++)
        if (!has_name(names, *b))
            names[count++] = *b;
    return names;
}

static struct segment_need join_need(const struct segment_need *a, const struct segment_need *b,
                                     struct arena *arena)
{
    return (struct segment_need){.table = a->table,
                                 .columns = join_names(a->columns, b->columns, arena),
                                 .earlier = join_names(a->earlier, b->earlier, arena)};
}

static bool hold_names(const char *const *held, const char *const *names)
{
    for (; names && *names; names++)
        if (!has_name(held, *names))
            return false;
    return true;
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

struct segment_needs segment_needs_throughout(const struct segment_needs *needs,
                                              struct arena *arena)
{
    struct segment_needs out = *needs;
    out.items = ARENA_ARRAY(arena, struct segment_need, needs->count + 1);
    for (size_t i = 0; i < needs->count; i++) {
        out.items[i] = needs->items[i];
        out.items[i].earlier = out.items[i].columns;
    }
    return out;
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
        if (!hold_names(held->items[at].columns, needs->items[i].columns) ||
            !hold_names(held->items[at].earlier, needs->items[i].earlier))
            return false;
    }
    return true;
}
