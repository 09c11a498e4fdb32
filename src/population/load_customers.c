/*
 * Loading: who exists, since when, and in which order. The activity parts of all kinds, small as
 * they are, say it before any row is read. So every customer has a position from the start, and
 * rows go straight to where they stay.
 */
#include "identity/identity.h"
#include "population/internal.h"
#include "population/loading.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct existing {
    struct loading *loading;
    uint32_t *first, *last; /* by customer number; first UINT32_MAX: nobody */
    size_t selects;         /* of the statement being written */
};

static void lower(uint32_t *place, uint32_t value)
{
    _Atomic uint32_t *cell = (_Atomic uint32_t *)place;
    uint32_t seen = atomic_load_explicit(cell, memory_order_relaxed);
    while (value < seen && !atomic_compare_exchange_weak_explicit(
                               cell, &seen, value, memory_order_relaxed, memory_order_relaxed))
        ;
}

static void raise_to(uint32_t *place, uint32_t value)
{
    _Atomic uint32_t *cell = (_Atomic uint32_t *)place;
    uint32_t seen = atomic_load_explicit(cell, memory_order_relaxed);
    while (value > seen && !atomic_compare_exchange_weak_explicit(
                               cell, &seen, value, memory_order_relaxed, memory_order_relaxed))
        ;
}

static enum status put_activity(void *context, const struct lake_chunk *in, struct lake_output *out,
                                struct error *error)
{
    const struct existing *existing = context;
    const uint32_t *customer = in->columns[0].data, *first = in->columns[1].data,
                   *last = in->columns[2].data;

    memset(out->data, 1, in->rows);
    for (size_t i = 0; i < in->rows; i++) {
        if (customer[i] >= existing->loading->limit)
            return loading_unknown_customer(customer[i], error);
        lower(&existing->first[customer[i]], first[i]);
        raise_to(&existing->last[customer[i]], last[i]);
    }
    return STATUS_OK;
}

static bool is_active(const struct loading *loading, const struct catalog_part *part)
{
    return (part->role == PART_FACTS || part->role == PART_TRAITS) && loading_sees(loading, part);
}

/* Being told something is no activity: tellings count as first, never as last. */
static void begin_select(const struct existing *existing, enum part_role role, struct buffer *sql)
{
    buffer_printf(sql, "%sSELECT customer, \"first\", %s AS \"last\" FROM (",
                  existing->selects ? " UNION ALL " : "",
                  role == PART_FACTS ? "\"last\"" : "0::UINTEGER");
}

/* The activity beside all parts of the role, and from the rows themselves where there is none. */
static enum status select_role(struct existing *existing, enum part_role role, struct buffer *sql,
                               struct error *error)
{
    static const char *const small[] = {"customer", "first", "last"}, *const large[] = {"customer",
                                                                                        "time"};
    struct loading *loading = existing->loading;
    size_t count, beside = 0;
    const struct catalog_part *parts = store_parts(loading->store, &count);
    const struct catalog_part **activity =
        ARENA_ARRAY(&loading->arena, const struct catalog_part *, count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct catalog_part *part = &parts[i];
        if (!is_active(loading, part) || part->role != role)
            continue;
        /* the activity is of all rows: where some are hidden the rows themselves say it */
        activity[beside] =
            part->last_import <= loading->until ? loading_activity(loading, part) : NULL;
        if (activity[beside]) {
            beside++;
            continue;
        }

        struct store_read read = {part->table, role, large, 2, false, loading_until(loading)};
        begin_select(existing, role, sql);
        existing->selects++;
        buffer_string(
            sql, "SELECT customer, min(\"time\") AS \"first\", max(\"time\") AS \"last\" FROM (");
        TRY(store_select_part(loading->store, &read, part, sql, error));
        buffer_string(sql, ") GROUP BY customer)");
    }

    if (!beside)
        return STATUS_OK;
    /* whatever the kind, activity has the same columns: all of it is one read */
    struct store_read read = {activity[0]->table, PART_ACTIVITY, small, 3, false, 0};
    begin_select(existing, role, sql);
    existing->selects++;
    TRY(store_select_parts(loading->store, &read, activity, beside, NULL, sql, error));
    buffer_char(sql, ')');
    return STATUS_OK;
}

static enum status read_activity(struct existing *existing, struct error *error)
{
    static const char *const types[] = {"UINTEGER", "UINTEGER", "UINTEGER"};
    struct loading *loading = existing->loading;
    struct buffer sql;
    int64_t ignored;
    char name[64];

    snprintf(name, sizeof name, "strata_activity_%llu",
             (unsigned long long)lake_unique(loading->lake));
    struct lake_function function = {name, types, 3, "BOOLEAN", true, put_activity, existing};
    TRY(lake_register_function(loading->lake, &function, error));

    buffer_init(&sql, 0);
    buffer_printf(&sql, "SELECT count(%s(customer, \"first\", \"last\")) FROM (", name);
    enum status status = select_role(existing, PART_FACTS, &sql, error);
    if (status == STATUS_OK)
        status = select_role(existing, PART_TRAITS, &sql, error);
    buffer_char(&sql, ')');
    if (status == STATUS_OK && existing->selects)
        status = lake_query_integer(loading->lake, sql.data, &ignored, NULL, error);
    buffer_release(&sql);
    return status;
}

/*
 * Positions: by last activity, then number.
 */
struct placing {
    const struct existing *existing;
    const uint64_t *pairs;
    struct population_placed *placed;
};

enum { PLACE_CHUNK = 16384 };

static void place_chunk(void *context, size_t chunk, int worker)
{
    const struct placing *placing = context;
    struct loading *loading = placing->existing->loading;
    size_t begin = chunk * PLACE_CHUNK, end = begin + PLACE_CHUNK;
    end = end < loading->customers ? end : loading->customers;
    for (size_t p = begin; p < end; p++) {
        uint32_t number = (uint32_t)placing->pairs[p];
        placing->placed->number[p] = number;
        placing->placed->first[p] = placing->existing->first[number];
        placing->placed->last[p] = (uint32_t)(placing->pairs[p] >> 32);
        loading->position[number] = (uint32_t)p;
    }
}

static void place_customers(const struct existing *existing, struct population_placed *placed)
{
    struct loading *loading = existing->loading;
    uint64_t *pairs = population_room(loading->limit, sizeof *pairs);
    uint32_t count = 0;

    /* last activity above number: sorted by the first, and among equals they stand by the second
     * already */
    for (uint32_t number = 0; number < loading->limit; number++)
        if (existing->first[number] != UINT32_MAX)
            pairs[count++] = (uint64_t)existing->last[number] << 32 | number;
    population_sort_pairs(pairs, count);

    loading->customers = placed->customers = count;
    placed->number = population_room(count, sizeof *placed->number);
    placed->first = population_room(count, sizeof *placed->first);
    placed->last = population_room(count, sizeof *placed->last);
    placed->identifier_at = population_array(count, sizeof *placed->identifier_at);
    arena_init(&placed->identifiers, 0);

    loading->number = placed->number;
    loading->position = population_room(loading->limit, sizeof *loading->position);
    memset(loading->position, 0xff, loading->limit * sizeof *loading->position);

    struct placing placing = {existing, pairs, placed};
    pool_run(loading->pool, ((size_t)count + PLACE_CHUNK - 1) / PLACE_CHUNK, place_chunk, &placing);
    free(pairs);
}

/*
 * Identifiers: each chunk's lie in one block, in whichever order the chunks come.
 */
struct naming {
    const struct loading *loading;
    struct population_placed *placed;
    pthread_mutex_t mutex; /* guards the arena */
};

/* Positions of a chunk's customers, and the bytes of its identifiers. Everyone stands somewhere
 * else than the one before: memory is asked for ahead. */
static size_t find_positions(const struct naming *naming, const struct lake_chunk *chunk,
                             uint32_t *positions)
{
    const struct loading *loading = naming->loading;
    const uint32_t *number = chunk->columns[1].data;
    size_t bytes = 0;

    for (size_t i = 0; i < chunk->rows; i++) {
        positions[i] = number[i] < loading->limit ? loading->position[number[i]] : UINT32_MAX;
        bytes += sizeof(uint32_t) + lake_text(&chunk->columns[0], i).length;
        if (positions[i] != UINT32_MAX)
            __builtin_prefetch(&naming->placed->identifier_at[positions[i]], 1);
    }
    return bytes;
}

/* A short text of DuckDB's has its bytes behind its length, as identifiers have here: 16 bytes are
 * copied for all of them, and what is too much is written over by the next. */
static enum status put_identifiers(void *context, const struct lake_chunk *chunk,
                                   struct error *error)
{
    struct naming *naming = context;
    const struct lake_string *strings = chunk->columns[0].data;
    uint32_t positions[LAKE_CHUNK_ROWS];

    ENSURE(chunk->rows <= LAKE_CHUNK_ROWS);

    /* the last copy may write beyond its text, so there is room for one more */
    size_t bytes = find_positions(naming, chunk, positions) + sizeof *strings;
    pthread_mutex_lock(&naming->mutex);
    char *at = arena_alloc(&naming->placed->identifiers, bytes);
    pthread_mutex_unlock(&naming->mutex);
    for (size_t i = 0; i < chunk->rows; i++) {
        if (positions[i] == UINT32_MAX)
            continue;
        naming->placed->identifier_at[positions[i]] = at;
        if (strings[i].length <= LAKE_INLINE_BYTES) {
            memcpy(at, &strings[i], sizeof *strings);
            at += sizeof(uint32_t) + strings[i].length;
        } else {
            at = population_put_identifier(at, lake_text(&chunk->columns[0], i));
        }
    }

    return STATUS_OK;
}

enum status loading_customers(struct loading *loading, struct error *error)
{
    uint64_t limit;
    struct population_placed placed;

    TRY(catalog_counter(store_catalog(loading->store), CATALOG_NEXT_CUSTOMER, &limit, error));

    loading->limit = (uint32_t)limit;
    struct existing existing = {loading, population_room(limit, sizeof(uint32_t)),
                                population_array(limit, sizeof(uint32_t))};
    memset(existing.first, 0xff, limit * sizeof(uint32_t)); /* UINT32_MAX: nothing seen of it */

    enum status status = read_activity(&existing, error);
    if (status == STATUS_OK) {
        place_customers(&existing, &placed);

        /* Identifiers last, as they are put where their customers stand. */
        struct naming naming = {.loading = loading, .placed = &placed};
        pthread_mutex_init(&naming.mutex, NULL);
        status = identity_each(loading->store, loading->lake, put_identifiers, &naming, error);
        pthread_mutex_destroy(&naming.mutex);
        population_builder_placed(loading->builder, &placed);
    }

    free(existing.first);
    free(existing.last);
    return status;
}
