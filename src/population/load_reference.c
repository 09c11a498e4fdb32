/*
 * Loading a reference table: of each key the row of the last import, keys as dictionary codes.
 * These tables are small beside facts, so their rows simply come through one after the other. Texts
 * come as codes where all parts have them.
 */
#include "base/bits.h"
#include "population/loading.h"

#include <stdlib.h>
#include <string.h>

struct reference_column {
    const struct schema_column *column;
    bool coded;
    VECTOR(int64_t) integers;
    VECTOR(double) doubles;
    VECTOR(uint32_t) codes;
    VECTOR(uint32_t) set_start;
    VECTOR(uint64_t) known;
};

static void push_known(struct reference_column *column, size_t row, bool known)
{
    if (row % 64 == 0)
        VECTOR_PUSH(&column->known, 0);
    if (known)
        bit_set(column->known.items, row);
}

static uint32_t code_at(struct loading *loading, const struct lake_vector *vector, size_t i,
                        bool coded)
{
    return coded ? ((const uint32_t *)vector->data)[i]
                 : dictionary_add(loading->dictionary, lake_text(vector, i));
}

static void push_set(struct loading *loading, struct reference_column *column,
                     const struct lake_vector *vector, size_t i, bool known)
{
    struct lake_span span =
        known ? ((const struct lake_span *)vector->data)[i] : (struct lake_span){0, 0};

    for (uint64_t e = span.first; e < span.first + span.count; e++)
        if (lake_known(vector->children, e))
            VECTOR_PUSH(&column->codes, code_at(loading, vector->children, e, column->coded));
    if (!column->set_start.count)
        VECTOR_PUSH(&column->set_start, 0);
    VECTOR_PUSH(&column->set_start, (uint32_t)column->codes.count);
}

static void push(struct loading *loading, struct reference_column *column,
                 const struct lake_vector *vector, size_t i, size_t row)
{
    bool known = loading_is_told(vector, i);
    push_known(column, row, known);

    /* An unknown value takes its place as 0: rows are found by counting. */
    switch (column->column->type) {
    case VALUE_DOUBLE: VECTOR_PUSH(&column->doubles, known ? lake_number(vector, i) : 0); break;
    case VALUE_POINT:
        VECTOR_PUSH(&column->doubles, known ? lake_number(&vector->children[0], i) : 0);
        VECTOR_PUSH(&column->doubles, known ? lake_number(&vector->children[1], i) : 0);
        break;
    case VALUE_TEXT:
        VECTOR_PUSH(&column->codes, known ? code_at(loading, vector, i, column->coded) : 0);
        break;
    case VALUE_SET: push_set(loading, column, vector, i, known); break;
    case VALUE_TIME:
        VECTOR_PUSH(&column->integers, known ? loading_seconds(lake_integer(vector, i)) : 0);
        break;
    default: VECTOR_PUSH(&column->integers, known ? lake_integer(vector, i) : 0);
    }
}

/* column: of texts; NULL: the key itself. */
static bool all_coded(struct loading *loading, const char *table,
                      const struct schema_column *column)
{
    size_t count;
    const struct catalog_part *parts = store_parts(loading->store, &count);
    for (size_t i = 0; i < count; i++)
        if (parts[i].role == PART_REFERENCE && strcmp(parts[i].table, table) == 0 &&
            loading_sees(loading, &parts[i]) &&
            !(column ? loading_is_coded(loading, column, &parts[i])
                     : loading_has_column(&parts[i], SCHEMA_CODES "key")))
            return false;
    return true;
}

static enum status read_rows(struct loading *loading, const struct schema_table *table,
                             struct reference_column *columns, size_t count, uint32_t **keys,
                             size_t *rows, struct error *error)
{
    const char **names = ARENA_ARRAY(&loading->arena, const char *, count + 4);
    bool coded = all_coded(loading, table->name, NULL);

    names[0] = coded ? SCHEMA_CODES "key" : "key";
    for (size_t c = 0; c < count; c++) {
        columns[c].coded = all_coded(loading, table->name, columns[c].column);
        names[c + 1] = columns[c].coded ? loading_codes(loading, columns[c].column->name)
                                        : columns[c].column->name;
    }

    /* the statement needs these to find each key's last row; the key itself once more where codes
     * are read */
    names[count + 1] = "import";
    names[count + 2] = "arrival";
    names[count + 3] = "key";
    struct store_read read = {table->name,       PART_REFERENCE, names,
                              count + 3 + coded, false,          loading_until(loading)};

    struct lake_result *result = NULL;
    const struct lake_chunk *chunk;
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT * FROM (");
    enum status status = store_select(loading->store, &read, &sql, error);
    buffer_string(
        &sql,
        ") QUALIFY row_number() OVER (PARTITION BY key ORDER BY import DESC, arrival DESC) = 1"
        " ORDER BY key");
    if (status == STATUS_OK)
        status = lake_query(loading->lake, sql.data, &result, error);
    buffer_release(&sql);

    VECTOR(uint32_t) codes = {0};
    if (status == STATUS_OK)
        status = lake_result_next(result, &chunk, error);
    while (status == STATUS_OK && chunk) {
        for (size_t i = 0; i < chunk->rows; i++) {
            if (!lake_known(&chunk->columns[0], i))
                continue;
            for (size_t c = 0; c < count; c++)
                push(loading, &columns[c], &chunk->columns[c + 1], i, codes.count);
            VECTOR_PUSH(&codes, code_at(loading, &chunk->columns[0], i, coded));
        }
        status = lake_result_next(result, &chunk, error);
    }

    lake_result_free(result);
    *keys = codes.items;
    *rows = codes.count;
    return status;
}

static void release(struct reference_column *columns, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        VECTOR_RELEASE(&columns[c].integers);
        VECTOR_RELEASE(&columns[c].doubles);
        VECTOR_RELEASE(&columns[c].codes);
        VECTOR_RELEASE(&columns[c].set_start);
        VECTOR_RELEASE(&columns[c].known);
    }
}

enum status loading_reference(struct loading *loading, const struct schema_table *table,
                              const struct schema_column *const *columns, size_t count,
                              struct error *error)
{
    static const uint32_t no_sets[1] = {0};
    struct reference_column *read =
        ARENA_ARRAY(&loading->arena, struct reference_column, count + 1);
    struct population_input *inputs =
        ARENA_ARRAY(&loading->arena, struct population_input, count + 1);
    uint32_t *keys = NULL;
    size_t rows = 0;

    for (size_t c = 0; c < count; c++)
        read[c].column = columns[c];
    enum status status = STATUS_OK;
    if (loading->until)
        status = read_rows(loading, table, read, count, &keys, &rows, error);

    /* a column of sets needs a start even without rows; all other arrays may be missing then */
    for (size_t c = 0; c < count; c++) {
        const uint32_t *set_start = rows ? read[c].set_start.items : no_sets;
        inputs[c] =
            (struct population_input){.name = columns[c]->name,
                                      .type = columns[c]->type,
                                      .scale = columns[c]->scale,
                                      .refers = columns[c]->refers,
                                      .integers = read[c].integers.items,
                                      .doubles = read[c].doubles.items,
                                      .codes = read[c].codes.items,
                                      .set_start = columns[c]->type == VALUE_SET ? set_start : NULL,
                                      .known = read[c].known.items};
    }

    if (status == STATUS_OK)
        status = population_builder_reference(loading->builder, table->name, rows, keys, inputs,
                                              count, error);
    release(read, count);
    free(keys);
    return status;
}
