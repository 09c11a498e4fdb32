/*
 * Tellings of traits that later ones overrule. Models are scored at every refresh and mostly say
 * something else of everyone, so of a year's tellings all but the last are history. Who asks for
 * traits at one moment, or later, does not read it, and need not carry it: neither the memory, nor
 * the way back through a customer's tellings to the last that speaks of a trait.
 *
 * A telling may go when some later one of the same customer, told by that moment, tells everything
 * of it that is read. Which columns a telling tells is known of its whole part (catalog: whole
 * columns), so parts of the same columns make one class, and classes overrule classes: per customer
 * it takes one pass from the last telling to the first, with a bit for each class met. There are as
 * many classes as there are models and kinds of files with traits; past 63 further ones just stay.
 */
#include "population/internal.h"
#include "population/loading.h"

#include <string.h>

enum { CLASSES = 64, STAYS = CLASSES - 1 };

struct overruling {
    const unsigned char *class_of;  /* by row as read */
    uint64_t overruled_by[CLASSES]; /* by class: the classes that tell all of it */
    int64_t from;
};

/* What a part tells of the columns that are read. */
struct telling {
    bool *holds, *whole; /* by inlet */
    int class;
};

/* A value that is no value of the column's later type reads as unknown. */
static bool is_whole(const struct table_loading *table, const struct inlet *inlet, size_t part)
{
    bool as_is;
    const struct catalog_part_column *stored = loading_stored(table, inlet, part, &as_is);
    return stored && stored->whole && as_is;
}

static struct telling *list_tellings(const struct table_loading *table)
{
    struct arena *arena = &table->loading->arena;
    struct telling *tellings = ARENA_ARRAY(arena, struct telling, table->part_count + 1);
    for (size_t p = 0; p < table->part_count; p++) {
        tellings[p].holds = ARENA_ARRAY(arena, bool, table->inlet_count + 1);
        tellings[p].whole = ARENA_ARRAY(arena, bool, table->inlet_count + 1);
        for (size_t c = 0; c < table->inlet_count; c++) {
            tellings[p].holds[c] = loading_is_in_part(table, &table->inlets[c], p);
            tellings[p].whole[c] = tellings[p].holds[c] && is_whole(table, &table->inlets[c], p);
        }
    }
    return tellings;
}

/* first[class]: a part of that class. How many classes there are. */
static int divide(struct telling *tellings, const struct table_loading *table, size_t *first)
{
    size_t bytes = table->inlet_count * sizeof(bool);
    int classes = 0;
    for (size_t p = 0; p < table->part_count; p++) {
        int class = 0;
        while (class < classes &&
               (memcmp(tellings[first[class]].holds, tellings[p].holds, bytes) != 0 ||
                memcmp(tellings[first[class]].whole, tellings[p].whole, bytes) != 0))
            class ++;
        if (class == classes && classes < STAYS)
            first[classes++] = p;
        tellings[p].class = class;
    }
    return classes;
}

static bool is_read_earlier(const struct loading *loading, const char *column)
{
    for (size_t i = 0; i < loading->what->need_count; i++) {
        const struct population_need *need = &loading->what->needs[i];
        if (strcmp(need->table, SCHEMA_TRAIT_TABLE) != 0)
            continue;
        for (const char *const *c = need->earlier; c && *c; c++)
            if (strcmp(*c, column) == 0)
                return true;
    }
    return false;
}

/* Whether all that `old` tells is told by whoever tells what `new` does. */
static bool overrules(const struct table_loading *table, const struct telling *new,
                      const struct telling *old)
{
    for (size_t c = 0; c < table->inlet_count; c++)
        if (old->holds[c] &&
            (!new->whole[c] || is_read_earlier(table->loading, table->inlets[c].column->name)))
            return false;
    return true;
}

/* Whether rows of part p may meet others that overrule them. */
static bool may_meet(const struct overruling *overruling, const struct table_loading *table,
                     const struct telling *tellings, size_t p)
{
    uint64_t by = overruling->overruled_by[tellings[p].class];
    if (by >> tellings[p].class & 1 &&
        table->parts[p]->first_import != table->parts[p]->last_import)
        return true;
    for (size_t q = 0; q < table->part_count; q++)
        if (q != p && by >> tellings[q].class & 1)
            return true;
    return false;
}

static void mark_rows(struct overruling *overruling, const struct table_loading *table,
                      const struct telling *tellings)
{
    unsigned char *class_of = ARENA_ARRAY(&table->loading->arena, unsigned char, table->total + 1);
    for (size_t p = 0; p < table->part_count; p++)
        memset(class_of + table->base[p], tellings[p].class, table->parts[p]->rows);
    overruling->class_of = class_of;
}

struct overruling *overruling_new(struct table_loading *table)
{
    const struct population_load *what = table->loading->what;
    size_t first[CLASSES] = {0};
    bool any = false;

    if (table->table->role != SCHEMA_TRAITS || what->traits_from <= 0 || what->everything)
        return NULL;

    struct overruling *overruling = ARENA_ARRAY(&table->loading->arena, struct overruling, 1);
    struct telling *tellings = list_tellings(table);
    int classes = divide(tellings, table, first);
    overruling->from = what->traits_from;
    for (int old = 0; old < classes; old++)
        for (int new = 0; new < classes; new ++)
            if (overrules(table, &tellings[first[new]], &tellings[first[old]]))
                overruling->overruled_by[old] |= UINT64_C(1) << new;

    for (size_t p = 0; p < table->part_count && !any; p++)
        any = may_meet(overruling, table, tellings, p);
    if (!any)
        return NULL;
    mark_rows(overruling, table, tellings);
    return overruling;
}

size_t overruling_sift(const struct overruling *overruling, uint32_t *row, size_t count,
                       const uint32_t *time)
{
    uint64_t met = 0;
    size_t begin = count;
    for (size_t i = count; i-- > 0;) {
        unsigned class = overruling->class_of[row[i]];
        if (time[row[i]] <= overruling->from) {
            if (met & overruling->overruled_by[class])
                continue;
            met |= UINT64_C(1) << class;
        }
        row[--begin] = row[i];
    }
    memmove(row, row + begin, (count - begin) * sizeof *row);
    return count - begin;
}
