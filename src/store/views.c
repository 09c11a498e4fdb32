/*
 * Views for people's SQL: one per table of the schema, with customers by identifier, times as
 * timestamps (UTC) and each value in the type that the schema says; the customers with the present
 * value of each trait; and the records. The records live in the catalog as sets; they become rows
 * only when a query asks for them.
 *
 * A user's tables stand in DuckDB's schema `main`, Strata's own in `strata`, and a bare name is
 * looked for in that order: a kind may be called `customers`, and then the customers are
 * strata.customers.
 */
#include "base/vector.h"
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char USERS[] = "main", OWN[] = "strata";

struct views {
    struct store *store;
    struct lake *lake;
    struct arena *arena;
};

static enum status create_view(struct views *views, const char *schema, const char *name,
                               const char *select, struct error *error)
{
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_printf(&sql, "CREATE OR REPLACE VIEW %s.", schema);
    buffer_sql_name(&sql, text_from(name));
    buffer_printf(&sql, " AS %s", select);
    enum status status = lake_execute(views->lake, sql.data, error);
    buffer_release(&sql);
    return status;
}

/* The SELECT over a table's parts, in arena. */
static enum status parts_sql(struct views *views, const char *table, enum part_role role,
                             const char **out, struct error *error)
{
    struct store_read read = {.table = table, .role = role, .unchecked = true};
    struct buffer sql;
    buffer_init(&sql, 0);
    enum status status = store_select(views->store, &read, &sql, error);
    *out = buffer_copy(&sql, views->arena);
    buffer_release(&sql);
    return status;
}

static const char *quoted(struct views *views, const char *name)
{
    struct buffer out;
    buffer_init(&out, 0);
    buffer_sql_name(&out, text_from(name));
    const char *text = buffer_copy(&out, views->arena);
    buffer_release(&out);
    return text;
}

/* ", "a", "b"" with a format for each, %s being the quoted name. */
static const char *columns_sql(struct views *views, const struct schema_table *table,
                               const char *before, const char *after)
{
    struct buffer out;
    buffer_init(&out, 0);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = quoted(views, table->columns[i].name);
        buffer_printf(&out, ", %s%s%s AS %s", before, name, after, name);
    }
    const char *text = buffer_copy(&out, views->arena);
    buffer_release(&out);
    return text;
}

static const char *const identities = "(SELECT identifier, customer FROM strata.identity)";

/* What the column with Strata's number of a customer is called: a user's column of that name goes
 * before it. */
static const char *number_name(const struct schema_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcasecmp(table->columns[i].name, "customer_number") == 0)
            return "\"@customer_number\"";
    return "customer_number";
}

static enum status view_facts(struct views *views, const struct schema_table *table,
                              struct error *error)
{
    const char *parts;
    TRY(parts_sql(views, table->name, PART_FACTS, &parts, error));

    const char *select = arena_printf(
        views->arena,
        "SELECT i.identifier AS customer, f.customer AS %s, "
        "make_timestamp(\"time\"::BIGINT * 1000000) AS \"time\"%s, f.id AS id, f.import AS import "
        "FROM (%s) f JOIN %s i USING (customer)",
        number_name(table), columns_sql(views, table, "f.", ""), parts, identities);
    return create_view(views, USERS, table->name, select, error);
}

static enum status view_reference(struct views *views, const struct schema_table *table,
                                  struct error *error)
{
    const char *parts;
    TRY(parts_sql(views, table->name, PART_REFERENCE, &parts, error));
    const char *select = arena_printf(
        views->arena,
        "SELECT key AS %s%s FROM (SELECT * FROM (%s) QUALIFY row_number() OVER "
        "(PARTITION BY key ORDER BY import DESC, arrival DESC) = 1) r",
        quoted(views, table->key ? table->key : "key"), columns_sql(views, table, "r.", ""), parts);
    return create_view(views, USERS, table->name, select, error);
}

/* Everybody with a fact or a trait, and of each trait the last value told. */
static enum status view_customers(struct views *views, struct error *error)
{
    const struct schema_table *traits = schema_table(views->store->schema, SCHEMA_TRAIT_TABLE);
    const char *told = "SELECT NULL::UINTEGER AS customer WHERE false", *present = "";

    if (traits) {
        const char *parts;
        TRY(parts_sql(views, traits->name, PART_TRAITS, &parts, error));
        told = arena_printf(
            views->arena, "SELECT customer%s FROM (%s) GROUP BY customer",
            columns_sql(views, traits, "arg_max(", ", row(\"time\", import, arrival))"), parts);
        present = columns_sql(views, traits, "t.", "");
    }

    /* everybody stands in the activity parts, which are small; the facts themselves are not read */
    struct buffer everybody;
    buffer_init(&everybody, 0);
    for (size_t i = 0; i < views->store->part_count; i++) {
        const struct catalog_part *part = &views->store->parts[i];
        if (part->role == PART_ACTIVITY)
            buffer_printf(&everybody, "%s%s", everybody.length ? ", " : "",
                          store_quote(views->arena,
                                      store_file(views->store, views->arena, "%s", part->path)));
    }

    const char *who =
        everybody.length
            ? arena_printf(views->arena, "SELECT DISTINCT customer FROM read_parquet([%s])",
                           everybody.data)
            : "SELECT NULL::UINTEGER AS customer WHERE false";
    buffer_release(&everybody);
    const char *select = arena_printf(
        views->arena,
        "SELECT i.identifier AS customer, a.customer AS %s%s FROM (%s) a "
        "JOIN %s i USING (customer) LEFT JOIN (%s) t USING (customer)",
        traits ? number_name(traits) : "customer_number", present, who, identities, told);
    return create_view(views, OWN, "customers", select, error);
}

/*
 * Records as a table that C fills. The intervals are made before a statement runs that may ask for
 * them: it scans them on DuckDB's threads, as late as its reader likes, when the store's catalog
 * may be in other hands.
 */
struct interval {
    uint32_t segment, customer;
    int64_t entered, left; /* INT64_MAX: still inside */
};

struct records {
    struct store *store;
    struct arena *arena; /* of the views: nobody else uses it while a statement runs */
    const char **segments;
    size_t segment_count;
    VECTOR(struct interval) found; /* while loading */
    const struct interval *intervals;
    size_t count;
    uint32_t *open; /* by customer: the interval without an end + 1 */
    uint64_t limit;
    uint32_t segment;
    int64_t moment;
    bool entered;
};

static bool cross(uint32_t customer, void *context)
{
    struct records *records = context;

    /* a set may hold numbers that were given back since; they have no interval */
    if (customer >= records->limit)
        return true;
    uint32_t *open = &records->open[customer];
    if (!records->entered && *open) {
        records->found.items[*open - 1].left = records->moment;
        *open = 0;
    } else if (records->entered && !*open) {
        VECTOR_PUSH(&records->found,
                    (struct interval){records->segment, customer, records->moment, INT64_MAX});
        *open = (uint32_t)records->found.count;
    }
    return true;
}

static enum status take(void *context, struct catalog_membership *membership, struct error *error)
{
    struct records *records = context;
    (void)error;
    records->moment = membership->moment;
    records->entered = membership->entered;
    bitmap_each(membership->customers, cross, records);
    bitmap_free(membership->customers);
    return STATUS_OK;
}

static enum status load_records(struct records *records, struct error *error)
{
    struct catalog *catalog = records->store->catalog;

    enum status status = catalog_counter(catalog, CATALOG_NEXT_CUSTOMER, &records->limit, error);

    records->open = base_malloc((records->limit + 1) * sizeof *records->open);

    for (uint32_t i = 0; i < records->segment_count && status == STATUS_OK; i++) {
        /* an interval is open from entering to leaving, segment by segment, in the order of time */
        memset(records->open, 0, (records->limit + 1) * sizeof *records->open);
        records->segment = i;
        status = catalog_memberships(catalog, records->segments[i], take, records, error);
    }

    free(records->open);
    records->open = NULL;

    struct interval *intervals =
        ARENA_ARRAY(records->arena, struct interval, records->found.count + 1);
    if (records->found.count)
        memcpy(intervals, records->found.items, records->found.count * sizeof *intervals);
    records->intervals = intervals;
    records->count = records->found.count;
    VECTOR_RELEASE(&records->found);
    return status;
}

static enum status fill_records(void *context, uint64_t first, size_t max,
                                struct lake_output *columns, size_t *filled, struct error *error)
{
    const struct records *records = context;
    size_t count = 0;
    for (; count < max && first + count < records->count; count++) {
        const struct interval *interval = &records->intervals[first + count];
        lake_output_text(&columns[0], count, text_from(records->segments[interval->segment]));
        ((uint32_t *)columns[1].data)[count] = interval->customer;
        ((int64_t *)columns[2].data)[count] = interval->entered;
        ((int64_t *)columns[3].data)[count] = interval->left;
        if (interval->left == INT64_MAX) /* still a member */
            lake_output_null(&columns[3], count);
    }

    *filled = count;
    return STATUS_OK;
}

/* Whether a statement may read a view: by its name, or by a function that makes a statement of a
 * text. */
static bool may_read(const char *statement, const char *view)
{
    return strcasestr(statement, view) || strcasestr(statement, "query");
}

static enum status view_records(struct views *views, const char *statement, struct error *error)
{
    static const char *const names[] = {"segment", "customer", "entered", "left"};
    static const char *const types[] = {"VARCHAR", "UINTEGER", "BIGINT", "BIGINT"};
    struct records *records = ARENA_NEW(views->arena, struct records);
    records->store = views->store;
    records->arena = views->arena;
    TRY(catalog_recorded_segments(views->store->catalog, views->arena, &records->segments,
                                  &records->segment_count, error));
    if (may_read(statement, "memberships") || may_read(statement, "strata_records"))
        TRY(load_records(records, error));

    struct lake_source source = {"strata_records", names,  types, 4, 0, false,
                                 fill_records,     records};
    TRY(lake_register_source(views->lake, &source, error));

    const char *select =
        arena_printf(views->arena,
                     "SELECT segment, i.identifier AS customer, r.customer AS customer_number, "
                     "make_timestamp(entered * 1000000) AS entered, make_timestamp(\"left\" * "
                     "1000000) AS \"left\" "
                     "FROM strata_records() r JOIN %s i USING (customer)",
                     identities);
    return create_view(views, OWN, "memberships", select, error);
}

static enum status view_refreshes(struct views *views, struct error *error)
{
    struct catalog_refresh *refreshes;
    size_t count;
    TRY(catalog_refreshes(views->store->catalog, views->arena, &refreshes, &count, error));

    /* a view of values: there are few, and they need no table that a function fills */
    struct buffer sql;
    buffer_init(&sql, 0);
    buffer_string(&sql, "SELECT number, make_timestamp(m * 1000000) AS moment, make_timestamp(r * "
                        "1000000) AS recorded "
                        "FROM (VALUES (0, 0::BIGINT, 0::BIGINT)");
    for (size_t i = 0; i < count; i++)
        buffer_printf(&sql, ", (%u, %lld, %lld)", refreshes[i].number,
                      (long long)refreshes[i].moment, (long long)refreshes[i].recorded);
    buffer_string(&sql, ") v(number, m, r) WHERE number > 0");
    enum status status = create_view(views, OWN, "refreshes", sql.data, error);
    buffer_release(&sql);
    return status;
}

static const char *const *list_paths(struct views *views, size_t *count)
{
    const struct store *store = views->store;
    const char **paths = ARENA_ARRAY(views->arena, const char *, store->part_count + 1);
    for (size_t i = 0; i < store->part_count; i++)
        paths[i] = store_file(store, views->arena, "%s", store->parts[i].path);
    *count = store->part_count;
    return paths;
}

enum status store_create_views(struct store *store, struct lake *lake, const char *statement,
                               struct arena *arena, const char *const **paths, size_t *path_count,
                               struct error *error)
{
    struct views views = {store, lake, arena};
    const char *names;

    /* A kind may be called as one of ours is: then it goes by its name, and ours by strata.NAME. */
    TRY(parts_sql(&views, "identity", PART_IDENTITY, &names, error));
    TRY(lake_execute(lake, "CREATE SCHEMA IF NOT EXISTS strata; SET search_path='main,strata'",
                     error));
    TRY(create_view(&views, OWN, "identity", names, error));
    TRY(view_customers(&views, error));
    TRY(view_records(&views, statement, error));
    TRY(view_refreshes(&views, error));

    for (size_t i = 0; i < store->schema->table_count; i++) {
        const struct schema_table *table = &store->schema->tables[i];
        if (table->role == SCHEMA_FACTS)
            TRY(view_facts(&views, table, error));
        else if (table->role == SCHEMA_REFERENCE)
            TRY(view_reference(&views, table, error));
    }
    *paths = list_paths(&views, path_count);
    return STATUS_OK;
}
