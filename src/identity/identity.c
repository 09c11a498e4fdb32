/*
 * Identity: numbers for identifiers and identifiers for numbers, over the numberings of src/store.
 */
#include "identity/identity.h"

#include <stdlib.h>
#include <string.h>

enum status identity_load(struct store *store, struct lake *lake, struct numbering **out, struct error *error)
{
    return numbering_load(store, lake, PART_IDENTITY, out, error);
}

enum status identity_register(struct lake *lake, struct numbering *identity, struct error *error)
{
    return store_register_numbering(lake, "customer_number", identity, error);
}

enum status identity_write(struct store_change *change, struct lake *lake, const struct numbering *identity,
                           struct error *error)
{
    return numbering_write(change, lake, PART_IDENTITY, identity, error);
}

static const char *const columns[] = {"identifier", "customer"};
static const struct store_read identities = {
    .table = "identity", .role = PART_IDENTITY, .columns = columns, .column_count = 2};

enum status identity_find(struct store *store, struct lake *lake, struct text identifier, uint32_t *number,
                          struct error *error)
{
    struct buffer sql;
    int64_t found = 0;
    bool known = false;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT min(customer) FROM (");
    enum status status = store_select(store, &identities, &sql, error);
    buffer_string(&sql, ") WHERE identifier = ");
    buffer_sql_text(&sql, identifier);
    if (status == STATUS_OK)
        status = lake_query_integer(lake, sql.data, &found, &known, error);
    buffer_release(&sql);
    if (status == STATUS_OK && !known)
        return error_set(error, STATUS_NOT_FOUND, "there is no customer %.*s", (int)identifier.length, identifier.data);
    *number = (uint32_t)found;
    return status;
}

static void keep(struct identity_names *names, struct text *by_number, const struct lake_chunk *chunk,
                 const struct bitmap *only)
{
    for (size_t i = 0; i < chunk->rows; i++) {
        uint32_t number = (uint32_t)lake_integer(&chunk->columns[1], i);
        if (only && !bitmap_contains(only, number))
            continue;
        struct text text = lake_text(&chunk->columns[0], i);
        by_number[number] = (struct text){arena_strndup(&names->texts, text.data, text.length), text.length};
    }
}

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

enum status identity_names_load(struct identity_names *names, struct store *store, struct lake *lake,
                                const struct bitmap *only, struct error *error)
{
    uint64_t limit;
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk;
    struct buffer sql;
    *names = (struct identity_names){0};
    arena_init(&names->texts, 0);
    TRY(catalog_counter(store_catalog(store), CATALOG_NEXT_CUSTOMER, &limit, error));
    buffer_init(&sql, 0);
    enum status status = store_select(store, &identities, &sql, error);
    if (status == STATUS_OK)
        status = lake_query(lake, sql.data, &result, error);
    buffer_release(&sql);
    if (status != STATUS_OK)
        return status;
    struct text *by_number = base_calloc(limit + 1, sizeof *by_number);
    while ((status = lake_result_next(result, &chunk, error)) == STATUS_OK && chunk)
        keep(names, by_number, chunk, only);
    lake_result_free(result);
    if (status == STATUS_OK)
        compact(names, by_number, limit);
    free(by_number);
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
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names->numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < names->count && names->numbers[low] == number ? names->identifiers[low] : (struct text){"", 0};
}
