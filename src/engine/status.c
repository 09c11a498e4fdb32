/* What the store holds, from the catalog and the headers of parts alone. */
#include "engine/internal.h"

#include <string.h>

static void add_parts(const struct session *session, struct engine_kind *kind)
{
    size_t count;
    const struct catalog_part *parts = store_parts(session_store(session), &count);
    static const enum part_role roles[] = {[SCHEMA_FACTS] = PART_FACTS,
                                           [SCHEMA_TRAITS] = PART_TRAITS,
                                           [SCHEMA_REFERENCE] = PART_REFERENCE};
    for (size_t i = 0; i < count; i++) {
        const struct catalog_part *part = &parts[i];
        if (part->role != roles[kind->role] || strcmp(part->table, kind->name) != 0)
            continue;
        kind->rows += part->rows;

        /* Reference tables have no times. */
        if (!part->last_time)
            continue;
        if (!kind->has_times || part->first_time < kind->first)
            kind->first = part->first_time;
        if (!kind->has_times || part->last_time > kind->last)
            kind->last = part->last_time;
        kind->has_times = true;
    }
}

/* Of a reference table only the last row of each key counts. */
static enum status count_reference(struct session *session, struct engine_kind *kind,
                                   struct error *error)
{
    static const char *const key[] = {"key"};
    struct lake *lake;
    struct buffer sql;
    int64_t rows;
    TRY(session_lake(session, &lake, error));
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT count(DISTINCT key) FROM (");
    struct store_read read = {
        .table = kind->name, .role = PART_REFERENCE, .columns = key, .column_count = 1};
    enum status status = store_select(session_store(session), &read, &sql, error);
    buffer_string(&sql, ")");
    if (status == STATUS_OK)
        status = lake_query_integer(lake, sql.data, &rows, NULL, error);
    buffer_release(&sql);
    if (status == STATUS_OK)
        kind->rows = (uint64_t)rows;
    return status;
}

static enum status count_customers(struct session *session, uint64_t *out, struct error *error)
{
    struct lake *lake;
    struct buffer sql;
    struct arena arena;
    size_t count;
    int64_t customers = 0;
    enum status status = STATUS_OK;
    const struct catalog_part *parts = store_parts(session_store(session), &count);

    buffer_init(&sql, 0);
    arena_init(&arena, 0);

    /* Beside each part stands one of activity, with a row for each of its customers:
     * far fewer than facts. Who is in several counts once. */
    for (size_t i = 0; i < count; i++) {
        if (parts[i].role != PART_ACTIVITY)
            continue;
        if (status == STATUS_OK)
            status = store_check_part(session_store(session), &parts[i],
                                      (const char *[]){"customer"}, 1, error);
        buffer_string(&sql,
                      sql.length ? "," : "SELECT count(DISTINCT customer) FROM read_parquet([");
        lake_add_path(&sql, store_file(session_store(session), &arena, "%s", parts[i].path));
    }

    if (status == STATUS_OK && sql.length) {
        buffer_string(&sql, "])");
        status = session_lake(session, &lake, error);
        if (status == STATUS_OK)
            status = lake_query_integer(lake, sql.data, &customers, NULL, error);
    }

    buffer_release(&sql);
    arena_release(&arena);
    *out = (uint64_t)customers;
    return status;
}

enum status engine_status(struct session *session, struct arena *arena, struct engine_status *out,
                          struct error *error)
{
    struct catalog *catalog = store_catalog(session_store(session));
    const struct schema *schema = session_schema(session);
    struct catalog_import *imports;
    struct catalog_refresh *refreshes;
    size_t count;

    *out = (struct engine_status){.path = store_path(session_store(session)),
                                  .zone = schema->zone,
                                  .currency = schema->currency};
    TRY(catalog_imports(catalog, arena, &imports, &count, error));
    for (size_t i = 0; i < count; i++)
        out->imports += imports[i].undone == 0;
    TRY(catalog_refreshes(catalog, arena, &refreshes, &count, error));
    out->refreshes = (int)count;
    out->has_refresh = count > 0;
    out->last_refresh = count ? refreshes[count - 1].moment : 0;
    TRY(session_load_definitions(session, error));
    for (int i = 0; i < session_definitions(session)->segment_count; i++)
        out->segments += session_definitions(session)->segments[i].scheme < 0;
    out->schemes = session_definitions(session)->scheme_count;

    /* From the headers of parts, except for reference tables, whose repeated keys only
     * the lake can count. */
    out->kinds = ARENA_ARRAY(arena, struct engine_kind, schema->table_count + 1);
    for (size_t t = 0; t < schema->table_count; t++) {
        struct engine_kind *kind = &out->kinds[out->kind_count++];
        *kind = (struct engine_kind){.name = schema->tables[t].name,
                                     .role = schema->tables[t].role,
                                     .table = &schema->tables[t]};
        add_parts(session, kind);
        if (kind->role == SCHEMA_REFERENCE)
            TRY(count_reference(session, kind, error));
        out->facts += kind->role == SCHEMA_FACTS ? kind->rows : 0;
    }

    const struct catalog_part *parts = store_parts(session_store(session), &count);
    for (size_t i = 0; i < count; i++)
        out->bytes += parts[i].bytes;
    return count_customers(session, &out->customers, error);
}
