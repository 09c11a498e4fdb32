/*
 * Loading the dictionary. Codes are given without gaps, so the texts by code are an array; DuckDB's
 * threads fill it, and nothing is hashed.
 */
#include "population/loading.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spelling {
    struct text *texts; /* by code */
    uint64_t limit;
    struct arena bytes;
    pthread_mutex_t mutex; /* guards bytes */
};

static enum status put_texts(void *context, const struct lake_chunk *in, struct lake_output *out,
                             struct error *error)
{
    struct spelling *spelling = context;
    const uint32_t *code = in->columns[0].data;
    size_t bytes = 0;

    memset(out->data, 1, in->rows);
    for (size_t i = 0; i < in->rows; i++)
        bytes += lake_text(&in->columns[1], i).length + 1;

    /* one block for all texts of the chunk, so that threads meet at the arena once in 2048 texts */
    pthread_mutex_lock(&spelling->mutex);
    char *at = arena_alloc(&spelling->bytes, bytes);
    pthread_mutex_unlock(&spelling->mutex);

    for (size_t i = 0; i < in->rows; i++) {
        struct text text = lake_text(&in->columns[1], i);
        if (code[i] >= spelling->limit)
            return loading_damaged(error, "the store's dictionary holds a code it never gave: %u",
                                   code[i]);
        if (text.length)
            memcpy(at, text.data, text.length);
        at[text.length] = '\0';
        spelling->texts[code[i]] = (struct text){at, text.length};
        at += text.length + 1;
    }

    return STATUS_OK;
}

static enum status read_texts(struct loading *loading, struct spelling *spelling,
                              struct error *error)
{
    static const char *const columns[] = {"code", "text"}, *const types[] = {"UINTEGER", "VARCHAR"};
    struct store_read read = {"dictionary", PART_DICTIONARY, columns, 2, false, 0};
    struct buffer sql;
    char name[64];
    int64_t ignored;

    snprintf(name, sizeof name, "strata_texts_%llu",
             (unsigned long long)lake_unique(loading->lake));
    struct lake_function function = {name, types, 2, "BOOLEAN", true, put_texts, spelling};
    TRY(lake_register_function(loading->lake, &function, error));

    buffer_init(&sql, 0);
    buffer_printf(&sql, "SELECT count(%s(code, text)) FROM (", name);
    enum status status = store_select(loading->store, &read, &sql, error);
    buffer_char(&sql, ')');
    if (status == STATUS_OK)
        status = lake_query_integer(loading->lake, sql.data, &ignored, NULL, error);
    buffer_release(&sql);
    return status;
}

enum status loading_dictionary(struct loading *loading, struct error *error)
{
    struct spelling spelling = {0};
    TRY(catalog_counter(store_catalog(loading->store), CATALOG_NEXT_CODE, &spelling.limit, error));
    spelling.texts = base_calloc(spelling.limit + 1, sizeof *spelling.texts);
    arena_init(&spelling.bytes, 0);
    pthread_mutex_init(&spelling.mutex, NULL);
    enum status status = read_texts(loading, &spelling, error);
    pthread_mutex_destroy(&spelling.mutex);

    for (size_t code = 0; code < spelling.limit && status == STATUS_OK; code++)
        if (!spelling.texts[code].data) /* a code whose text has been erased keeps its place */
            spelling.texts[code] = text_from(arena_printf(&spelling.bytes, "\x1f%zu", code));
    if (status == STATUS_OK) {
        dictionary_take(loading->dictionary, spelling.texts, spelling.limit, &spelling.bytes);
        return STATUS_OK;
    }

    free(spelling.texts);
    arena_release(&spelling.bytes);
    return status;
}
