/* SQL of users: the store's parts as views in a lake of its own that can do nothing but read them. */
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

struct engine_sql {
    struct lake *lake;
    struct lake_result *result;
    struct arena arena;
};

static enum status open_locked(struct engine *engine, const char *also, struct engine_sql *sql, struct error *error)
{
    const char *const *paths;
    size_t count;
    TRY(store_lake(engine->store, engine->threads, &sql->lake, error));
    TRY(store_create_views(engine->store, sql->lake, &sql->arena, &paths, &count, error));
    const char **allowed = ARENA_ARRAY(&sql->arena, const char *, count + 1);
    if (count)
        memcpy(allowed, paths, count * sizeof *allowed);
    if (also)
        allowed[count++] = also;
    return lake_lock_down(sql->lake, allowed, count, error);
}

enum status engine_sql_open(struct engine *engine, const char *statement, struct engine_sql **out, struct error *error)
{
    struct engine_sql *sql = base_calloc(1, sizeof *sql);
    arena_init(&sql->arena, 0);
    enum status status = store_check_named(engine->store, statement, error);
    if (status == STATUS_OK)
        status = open_locked(engine, NULL, sql, error);
    if (status == STATUS_OK)
        status = lake_query_user(sql->lake, statement, &sql->result, error);
    if (status != STATUS_OK) {
        engine_sql_close(sql);
        return status;
    }
    *out = sql;
    return STATUS_OK;
}

struct lake_result *engine_sql_result(struct engine_sql *sql)
{
    return sql->result;
}

void engine_sql_close(struct engine_sql *sql)
{
    if (!sql)
        return;
    lake_result_free(sql->result);
    lake_close(sql->lake);
    arena_release(&sql->arena);
    free(sql);
}

/* Only what is one SELECT is wrapped into the writing of a file. */
enum status engine_sql_parquet(struct engine *engine, const char *statement, const char *path, struct error *error)
{
    struct engine_sql sql = {0};
    struct buffer text;
    arena_init(&sql.arena, 0);
    buffer_init(&text, 0);
    enum status status = store_check_named(engine->store, statement, error);
    if (status == STATUS_OK)
        status = open_locked(engine, path, &sql, error);
    if (status == STATUS_OK)
        status = lake_check_select(sql.lake, statement, error);
    size_t length = strlen(statement);
    while (length && strchr("; \t\r\n", statement[length - 1]))
        length--;
    buffer_add(&text, statement, length);
    buffer_char(&text, '\n'); /* ends a comment in the last line */
    if (status == STATUS_OK)
        status = lake_write_parquet(sql.lake, text.data, path, NULL, NULL, error);
    buffer_release(&text);
    lake_close(sql.lake);
    arena_release(&sql.arena);
    return status;
}
