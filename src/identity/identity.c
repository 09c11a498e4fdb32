/*
 * Identity: numbers for identifiers and identifiers for numbers, over the numberings of src/store.
 */
#include "identity/identity.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status identity_load(struct store *store, struct lake *lake, struct numbering **out,
                          struct error *error)
{
    return store_numbering_load(store, lake, PART_IDENTITY, out, error);
}

enum status identity_register(struct lake *lake, struct numbering *identity, struct error *error)
{
    return store_register_numbering(lake, "customer_number", identity, error);
}

enum status identity_write(struct store_change *change, struct lake *lake,
                           const struct numbering *identity, struct error *error)
{
    return store_numbering_write(change, lake, PART_IDENTITY, identity, error);
}

static const char *const columns[] = {"identifier", "customer"};
static const struct store_read identities = {
    .table = "identity", .role = PART_IDENTITY, .columns = columns, .column_count = 2};

enum status identity_find(struct store *store, struct lake *lake, struct text identifier,
                          uint32_t *number, struct error *error)
{
    struct buffer sql;
    int64_t found = 0;
    bool known = false;

    /* The least of no rows is null, which is how a stranger shows; of an identifier that stands
     * twice there is still one answer. */
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT min(customer) FROM (");
    enum status status = store_select(store, &identities, &sql, error);
    buffer_string(&sql, ") WHERE identifier = ");
    buffer_sql_text(&sql, identifier);

    if (status == STATUS_OK)
        status = lake_query_integer(lake, sql.data, &found, &known, error);
    buffer_release(&sql);

    if (status == STATUS_OK && !known)
        return error_set(error, STATUS_NOT_FOUND, "there is no customer %.*s",
                         (int)identifier.length, identifier.data);
    *number = (uint32_t)found;
    return status;
}

/*
 * Everybody: DuckDB's threads hand over what they read. An SQL function of ours sees each chunk on
 * the thread that read it, and a count around it keeps DuckDB from leaving the calls out.
 */
struct each {
    enum status (*take)(void *context, const struct lake_chunk *identifiers, struct error *error);
    void *context;
};

static enum status hand_over(void *context, const struct lake_chunk *chunk, struct lake_output *out,
                             struct error *error)
{
    const struct each *each = context;
    memset(out->data, 1, chunk->rows);
    return each->take(each->context, chunk, error);
}

enum status identity_each(struct store *store, struct lake *lake,
                          enum status (*take)(void *context, const struct lake_chunk *identifiers,
                                              struct error *error),
                          void *context, struct error *error)
{
    static const char *const types[] = {"VARCHAR", "UINTEGER"};
    struct each each = {take, context};
    char name[64];
    int64_t ignored;
    struct buffer sql;

    /* Functions stay registered as long as the lake: each call needs a name of its own. */
    snprintf(name, sizeof name, "strata_identities_%llu", (unsigned long long)lake_unique(lake));
    struct lake_function function = {name, types, 2, "BOOLEAN", true, hand_over, &each};
    TRY(lake_register_function(lake, &function, error));

    buffer_init(&sql, 0);
    buffer_printf(&sql, "SELECT count(%s(identifier, customer)) FROM (", name);
    enum status status = store_select(store, &identities, &sql, error);
    buffer_char(&sql, ')');

    if (status == STATUS_OK)
        status = lake_query_integer(lake, sql.data, &ignored, NULL, error);
    buffer_release(&sql);
    return status;
}

/*
 * All identifiers by number: each is written to its place; a chunk's texts lie in one block.
 */
struct collecting {
    struct identity_names *names;
    struct text *by_number;
    uint64_t limit;
    const struct bitmap *only;
    pthread_mutex_t mutex; /* guards the arena */
};

static bool is_wanted(const struct collecting *collecting, const struct lake_chunk *chunk, size_t i)
{
    uint32_t number = ((const uint32_t *)chunk->columns[1].data)[i];
    return number < collecting->limit &&
           (!collecting->only || bitmap_contains(collecting->only, number));
}

static enum status collect(void *context, const struct lake_chunk *chunk, struct error *error)
{
    struct collecting *collecting = context;
    const uint32_t *number = chunk->columns[1].data;
    size_t total = 0;
    (void)error;

    /* Only the block is taken under the lock. Places need none: every number is one customer's. */
    for (size_t i = 0; i < chunk->rows; i++)
        total += is_wanted(collecting, chunk, i) ? lake_text(&chunk->columns[0], i).length + 1 : 0;

    pthread_mutex_lock(&collecting->mutex);
    char *block = arena_alloc(&collecting->names->texts, total);
    pthread_mutex_unlock(&collecting->mutex);

    for (size_t i = 0; i < chunk->rows; i++) {
        if (!is_wanted(collecting, chunk, i))
            continue;

        struct text text = lake_text(&chunk->columns[0], i);
        if (text.length)
            memcpy(block, text.data, text.length);
        block[text.length] = '\0';
        collecting->by_number[number[i]] = (struct text){block, text.length};
        block += text.length + 1;
    }

    return STATUS_OK;
}

/* From one place for every number ever given to one for each customer asked for. */
static void compact(struct identity_names *names, const struct text *by_number, size_t limit)
{
    size_t count = 0;
    for (size_t i = 0; i < limit; i++)
        count += by_number[i].data != NULL;

    names->numbers = base_calloc(count + 1, sizeof *names->numbers);
    names->identifiers = base_calloc(count + 1, sizeof *names->identifiers);

    for (size_t i = 0; i < limit; i++)
        if (by_number[i].data) {
            names->numbers[names->count] = (uint32_t)i;
            names->identifiers[names->count++] = by_number[i];
        }
}

enum status identity_names_load(struct identity_names *names, struct store *store,
                                struct lake *lake, const struct bitmap *only, struct error *error)
{
    uint64_t limit;
    *names = (struct identity_names){0};
    arena_init(&names->texts, 0);
    TRY(catalog_counter(store_catalog(store), CATALOG_NEXT_CUSTOMER, &limit, error));

    struct collecting collecting = {.names = names, .limit = limit, .only = only};
    collecting.by_number = base_calloc(limit + 1, sizeof *collecting.by_number);
    pthread_mutex_init(&collecting.mutex, NULL);
    enum status status = identity_each(store, lake, collect, &collecting, error);
    if (status == STATUS_OK)
        compact(names, collecting.by_number, limit);

    pthread_mutex_destroy(&collecting.mutex);
    free(collecting.by_number);
    return status;
}

void identity_names_release(struct identity_names *names)
{
    if (!names)
        return;
    free(names->numbers);
    free(names->identifiers);
    arena_release(&names->texts);
    *names = (struct identity_names){0};
}

struct text identity_name(const struct identity_names *names, uint32_t number)
{
    /* The first number that is not below. */
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names->numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }

    return low < names->count && names->numbers[low] == number ? names->identifiers[low]
                                                               : (struct text){"", 0};
}
