/*
 * The dictionary of text codes: loaded as a numbering, brought into SQL, written back as a part of
 * what is new.
 */
#include "store/internal.h"
#include "store/numbering.h"

#include <stdio.h>
#include <stdlib.h>

static enum status load_known(struct lake *lake, const char *sql, struct numbering *numbering,
                              struct error *error)
{
    struct lake_result *result;
    const struct lake_chunk *chunk;
    TRY(lake_query(lake, sql, &result, error));
    enum status status = lake_result_next(result, &chunk, error);
    while (status == STATUS_OK && chunk) {
        for (size_t i = 0; i < chunk->rows; i++)
            store_numbering_known(numbering, lake_text(&chunk->columns[0], i),
                                  (uint32_t)lake_integer(&chunk->columns[1], i));
        status = lake_result_next(result, &chunk, error);
    }
    lake_result_free(result);
    return status;
}

enum status store_numbering_load(struct store *store, struct lake *lake, enum part_role role,
                                 struct numbering **out, struct error *error)
{
    static const char *const codes[] = {"text", "code"}, *const customers[] = {"identifier",
                                                                               "customer"};
    bool identity = role == PART_IDENTITY;
    uint64_t next;

    TRY(catalog_counter(store->catalog, identity ? CATALOG_NEXT_CUSTOMER : CATALOG_NEXT_CODE, &next,
                        error));
    struct store_read read = {.table = identity ? "identity" : "dictionary",
                              .role = role,
                              .columns = identity ? customers : codes,
                              .column_count = 2};

    struct buffer sql;
    buffer_init(&sql, 0);
    struct numbering *numbering = store_numbering_new((uint32_t)next);
    enum status status = store_select(store, &read, &sql, error);
    if (status == STATUS_OK)
        status = load_known(lake, sql.data, numbering, error);
    buffer_release(&sql);
    if (status != STATUS_OK) {
        store_numbering_free(numbering);
        return status;
    }

    *out = numbering;
    return STATUS_OK;
}

enum status store_load_dictionary(struct store *store, struct lake *lake, struct numbering **out,
                                  struct error *error)
{
    return store_numbering_load(store, lake, PART_DICTIONARY, out, error);
}

static enum status fill_new(void *context, uint64_t first, size_t max, struct lake_output *columns,
                            size_t *filled, struct error *error)
{
    const struct numbering *numbering = context;
    (void)error;
    for (size_t i = 0; i < max; i++) {
        ((uint32_t *)columns[0].data)[i] =
            store_numbering_first_new(numbering) + (uint32_t)(first + i);
        lake_output_text(&columns[1], i,
                         store_numbering_new_text(numbering, (uint32_t)(first + i)));
    }
    *filled = max;
    return STATUS_OK;
}

enum status store_numbering_write(struct store_change *change, struct lake *lake,
                                  enum part_role role, const struct numbering *numbering,
                                  struct error *error)
{
    bool identity = role == PART_IDENTITY;
    uint32_t count = store_numbering_settled_count(numbering);

    if (!count)
        return STATUS_OK;

    /* a name of its own for each: several lakes may be open, and one may register several
     * numberings */
    const char *name = arena_printf(&change->arena, "strata_new_texts_%llu",
                                    (unsigned long long)lake_unique(lake));
    static const char *const names[] = {"number", "text"}, *const types[] = {"UINTEGER", "VARCHAR"};
    struct lake_source source = {name, names, types, 2, count, true, fill_new, (void *)numbering};
    TRY(lake_register_source(lake, &source, error));

    struct store_new_part part = {.table = identity ? "identity" : "dictionary", .role = role};
    part.select = arena_printf(&change->arena,
                               identity ? "SELECT text AS identifier, number AS customer FROM %s()"
                                        : "SELECT number AS code, text FROM %s()",
                               name);
    TRY(store_write_part(change, lake, &part, NULL, error));
    return catalog_set_counter(change->store->catalog,
                               identity ? CATALOG_NEXT_CUSTOMER : CATALOG_NEXT_CODE,
                               (uint64_t)store_numbering_first_new(numbering) + count, error);
}

enum status store_write_dictionary(struct store_change *change, struct lake *lake,
                                   const struct numbering *dictionary, struct error *error)
{
    return store_numbering_write(change, lake, PART_DICTIONARY, dictionary, error);
}

/*
 * The SQL functions. NULL in gives NULL out; unknown elements of a set are left out.
 */
static enum status number_texts(void *context, const struct lake_chunk *in, struct lake_output *out,
                                struct error *error)
{
    uint32_t *numbers = out->data;
    struct text texts[NUMBERING_BATCH];
    uint64_t rows[NUMBERING_BATCH];
    (void)error;

    for (size_t start = 0; start < in->rows; start += NUMBERING_BATCH) {
        size_t count = in->rows - start < NUMBERING_BATCH ? in->rows - start : NUMBERING_BATCH;
        for (size_t i = 0; i < count; i++) {
            bool known = lake_known(&in->columns[0], start + i);
            texts[i] = known ? lake_text(&in->columns[0], start + i) : (struct text){0};
            /* Without a row the text counts as met last. */
            rows[i] = lake_known(&in->columns[1], start + i)
                          ? (uint64_t)lake_integer(&in->columns[1], start + i)
                          : UINT64_MAX;
            if (!known)
                lake_output_null(out, start + i);
        }
        store_numbering_numbers(context, texts, rows, count, numbers + start);
    }
    return STATUS_OK;
}

static enum status finish_numbers(void *context, const struct lake_chunk *in,
                                  struct lake_output *out, struct error *error)
{
    const uint32_t *provisional = in->columns[0].data;
    uint32_t *final = out->data;
    (void)error;
    for (size_t i = 0; i < in->rows; i++)
        if (lake_known(&in->columns[0], i))
            final[i] = store_numbering_final(context, provisional[i]);
        else
            lake_output_null(out, i);
    return STATUS_OK;
}

static enum status number_sets(void *context, const struct lake_chunk *in, struct lake_output *out,
                               struct error *error)
{
    const struct lake_span *spans = in->columns[0].data;
    const struct lake_vector *texts = in->columns[0].children;

    (void)error;
    for (size_t i = 0; i < in->rows; i++) {
        if (!lake_known(&in->columns[0], i)) {
            lake_output_null(out, i);
            continue;
        }

        uint64_t row = lake_known(&in->columns[1], i) ? (uint64_t)lake_integer(&in->columns[1], i)
                                                      : UINT64_MAX;

        /* the list is made at its final length, so elements that are not known are counted out
         * first */
        size_t first, count = 0, end = spans[i].first + spans[i].count;
        for (size_t j = spans[i].first; j < end; j++)
            count += lake_known(texts, j);
        struct lake_output elements = lake_output_list(out, i, count, &first);
        for (size_t j = spans[i].first; j < end; j++)
            if (lake_known(texts, j))
                ((uint32_t *)elements.data)[first++] =
                    store_numbering_number(context, lake_text(texts, j), row);
    }

    return STATUS_OK;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static enum status finish_sets(void *context, const struct lake_chunk *in, struct lake_output *out,
                               struct error *error)
{
    const struct lake_span *spans = in->columns[0].data;
    const uint32_t *provisional = in->columns[0].children->data;

    VECTOR(uint32_t) codes = {0};
    (void)error;
    for (size_t i = 0; i < in->rows; i++) {
        if (!lake_known(&in->columns[0], i)) {
            lake_output_null(out, i);
            continue;
        }

        /* sorted and each once: two provisional numbers may have become one */
        codes.count = 0;
        for (size_t j = spans[i].first; j < spans[i].first + spans[i].count; j++)
            VECTOR_PUSH(&codes, store_numbering_final(context, provisional[j]));
        if (codes.count)
            qsort(codes.items, codes.count, sizeof *codes.items, by_value);

        size_t distinct = 0, first;
        for (size_t j = 0; j < codes.count; j++)
            if (j == 0 || codes.items[j] != codes.items[j - 1])
                codes.items[distinct++] = codes.items[j];
        struct lake_output elements = lake_output_list(out, i, distinct, &first);
        for (size_t j = 0; j < distinct; j++)
            ((uint32_t *)elements.data)[first + j] = codes.items[j];
    }

    VECTOR_RELEASE(&codes);
    return STATUS_OK;
}

enum status store_register_numbering(struct lake *lake, const char *name,
                                     struct numbering *numbering, struct error *error)
{
    static const struct {
        const char *suffix, *parameters[2];
        size_t count;
        const char *result;
        enum status (*run)(void *, const struct lake_chunk *, struct lake_output *, struct error *);
    } functions[] = {
        /* The first two number rows as DuckDB's threads come by; what the numbers are in the end is
         * only known when the numbering is settled, which the last two then look up. */
        {"", {"VARCHAR", "UBIGINT"}, 2, "UINTEGER", number_texts},
        {"_set", {"VARCHAR[]", "UBIGINT"}, 2, "UINTEGER[]", number_sets},
        {"_final", {"UINTEGER"}, 1, "UINTEGER", finish_numbers},
        {"_final_set", {"UINTEGER[]"}, 1, "UINTEGER[]", finish_sets},
    };

    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        enum { NAME_MAX_BYTES = 256 };
        char full[NAME_MAX_BYTES];
        snprintf(full, sizeof full, "%s%s", name, functions[i].suffix);
        struct lake_function function = {.name = full,
                                         .parameters = functions[i].parameters,
                                         .parameter_count = functions[i].count,
                                         .result = functions[i].result,
                                         .changes = true,
                                         .run = functions[i].run,
                                         .context = numbering};
        TRY(lake_register_function(lake, &function, error));
    }

    return STATUS_OK;
}
