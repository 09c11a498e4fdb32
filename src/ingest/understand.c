/*
 * The phase before anything is read in full: what was asked, what the sources are, which
 * columns they have between them, which of those is the customer, the time, the key, and
 * what each column will be called in the store.
 */
#include "ingest/report.h"

#include <stdlib.h>
#include <string.h>

/*
 * Names that would meet others: those with Strata's mark; `order.line`, where the lines
 * of grouped orders lie; and tables that differ from another in capitals alone, which SQL
 * does not tell apart.
 */
static enum status refuse_name(const char *option, const char *name, struct error *error)
{
    enum status status = error_set(error, STATUS_USAGE,
                                   "%s %s: names that begin with @ are Strata's own", option, name);
    error_hint(error, "call it %s", name[1] ? name + 1 : "something else");
    return status;
}

/* Whoever asks for a name gets it or hears why not; only a file's own column moves aside unasked.
 */
static enum status refuse_own_column(const char *option, const struct ingest_pair *asked,
                                     struct error *error)
{
    static const char *const roles[] = {"customer", "time", "id", "key"};
    enum status status = error_set(error, STATUS_USAGE,
                                   "%s %s is a name of Strata's own, as are customer, time, "
                                   "import, arrival, id, key, part, row and lines of invoices",
                                   option, asked->name);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(option, "--map") == 0 && strcasecmp(asked->name, roles[i]) == 0) {
            error_hint(error, "--%s %s gives the column that part; another name keeps it as it is",
                       roles[i], asked->value);
            return status;
        }
    error_hint(error, "give it another name: %s %s_='%s'", option, asked->name, asked->value);
    return status;
}

static enum status check_own_names(const struct ingest_understood *understood, struct error *error)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    const struct {
        const char *option;
        const struct ingest_pairs *pairs;
    } given[] = {{"--set", &mapping->set}, {"--map", &mapping->map}, {"--trait", &mapping->trait}};

    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        for (size_t j = 0; j < given[i].pairs->count; j++)
            if (schema_is_own_name(given[i].pairs->items[j].name))
                return refuse_name(given[i].option, given[i].pairs->items[j].name, error);

    bool grouped = mapping->group_by != NULL;
    for (size_t i = 0; i < mapping->map.count; i++)
        if (ingest_is_own_column(grouped, mapping->map.items[i].name))
            return refuse_own_column("--map", &mapping->map.items[i], error);
    /* A computed customer and a computed time play those roles. */
    for (size_t i = 0; i < mapping->set.count; i++)
        if (ingest_is_own_column(grouped, mapping->set.items[i].name) &&
            strcasecmp(mapping->set.items[i].name, "customer") != 0 &&
            strcasecmp(mapping->set.items[i].name, "time") != 0)
            return refuse_own_column("--set", &mapping->set.items[i], error);
    for (size_t i = 0; i < mapping->trait.count; i++)
        if (ingest_is_own_column(true, mapping->trait.items[i].name))
            return refuse_own_column("--trait", &mapping->trait.items[i], error);

    return STATUS_OK;
}

static enum status check_table_name(const struct ingest_run *run,
                                    const struct ingest_understood *understood, struct error *error)
{
    const struct schema *schema = store_schema(run->store);
    const char *name = understood->table;
    enum status status;

    if (schema_is_own_name(name))
        return refuse_name(understood->mapping.reference ? "--reference" : "--kind", name, error);

    /* "order.line" would be the lines of a grouped order. */
    size_t kind = schema_lines_of(name);
    if (kind) {
        status = error_set(error, STATUS_USAGE,
                           "%s: a name that ends in .line is that of a grouped kind's lines", name);
        error_hint(error,
                   "import whole invoices with --kind %.*s --group-by, or call the kind %.*s_line",
                   (int)kind, name, (int)kind, name);
        return status;
    }

    bool same_but_for_case =
        strcasecmp(name, SCHEMA_TRAIT_TABLE) == 0 && strcmp(name, SCHEMA_TRAIT_TABLE) != 0;
    const char *other = same_but_for_case ? SCHEMA_TRAIT_TABLE : NULL;
    for (size_t i = 0; !other && i < schema->table_count; i++)
        if (strcasecmp(schema->tables[i].name, name) == 0 &&
            strcmp(schema->tables[i].name, name) != 0)
            other = schema->tables[i].name;

    if (!other || schema_table(schema, name))
        return STATUS_OK;
    status =
        error_set(error, STATUS_USAGE,
                  "%s and %s differ in capitals alone, which SQL does not tell apart", name, other);
    error_hint(error, "write it as %s, or choose another name", other);
    return status;
}

/* `strata sql` offers views of its own under names that a kind may bear, too. */
static void note_hidden_view(const struct ingest_run *run,
                             const struct ingest_understood *understood)
{
    static const char *const views[] = {"customers", "memberships", "refreshes"};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (strcasecmp(understood->table, views[i]) == 0)
            ingest_notice(
                run,
                "in `strata sql` the table %s is this %s; what Strata itself calls so is strata.%s",
                understood->table,
                understood->role == SCHEMA_REFERENCE ? "reference table" : "kind", views[i]);
}

static enum schema_role role_of(const struct ingest_mapping *mapping, bool traits)
{
    if (mapping->reference)
        return SCHEMA_REFERENCE;
    return traits ? SCHEMA_TRAITS : SCHEMA_FACTS;
}

/* ---- what was asked ---- */

/* The mapping as options and files have it, and where the rows go by it. */
static enum status read_mapping(const struct ingest_run *run, struct ingest_understood *understood,
                                struct ingest_shape *shape, struct error *error)
{
    struct ingest_mapping *mapping = &understood->mapping;
    if (run->options->mapping_file)
        TRY(ingest_mapping_load(run->options->mapping_file, run->arena, mapping, error));

    /* options go over the file, and what a retry brings goes under both */
    ingest_mapping_overlay(mapping, &run->options->mapping, run->arena);
    if (run->options->retry)
        TRY(ingest_spool_retry(run, mapping, shape, error));
    TRY(ingest_mapping_check(mapping, error));
    ingest_mapping_normalize(mapping, run->arena);

    understood->missing = ingest_file_missing(mapping, run->arena);
    understood->traits = mapping->kind && strcmp(mapping->kind, SCHEMA_TRAIT_TABLE) == 0;
    understood->table = mapping->kind ? mapping->kind : mapping->reference;
    understood->lines_table = arena_printf(run->arena, "%s.line", understood->table);
    understood->role = role_of(mapping, understood->traits);
    return STATUS_OK;
}

static enum status check_tables(const struct ingest_run *run,
                                const struct ingest_understood *understood, struct error *error)
{
    const struct schema_table *stored = schema_table(store_schema(run->store), understood->table);
    if (stored && stored->role != understood->role)
        return error_set(error, STATUS_USAGE, "%s is %s in this store already; choose another name",
                         understood->table,
                         stored->role == SCHEMA_REFERENCE ? "a reference table"
                                                          : "a kind of facts");
    TRY(check_table_name(run, understood, error));
    TRY(check_own_names(understood, error));
    note_hidden_view(run, understood);
    return STATUS_OK;
}

static enum status read_times(const struct ingest_run *run, struct ingest_understood *understood,
                              struct error *error)
{
    const char *name = understood->mapping.file_time_zone;
    if (!name)
        name = store_schema(run->store)->zone;

    /* the store's schema does not outlive the commit */
    understood->zone_name = arena_strdup(run->arena, name);
    TRY(zone_open(name, &understood->zone, error));
    TRY(ingest_read_valid_from(run, understood, error));
    return ingest_read_max_time(understood, error);
}

/* ---- what the columns are ---- */

/* A first picture of every column; what is known from it is shown whatever fails later. */
static enum status look(const struct ingest_run *run, struct ingest_understood *understood,
                        struct ingest_shape *shape, struct error *error)
{
    ingest_join_columns(run, understood, shape);
    TRY(ingest_remember(run, understood, shape, error));
    ingest_first_marks(run, understood, shape);
    ingest_restyle(run, understood, shape);

    ingest_retype(run, understood, shape, understood->sample);

    understood->portraits = ARENA_ARRAY(run->arena, struct ingest_portrait, shape->column_count);
    for (size_t i = 0; i < shape->source_count; i++) {
        const struct ingest_source_columns *map = &shape->source_columns[i];
        TRY(ingest_portray(&shape->sources[i], map->columns, map->count, map->names,
                           understood->portraits, error));
    }
    return STATUS_OK;
}

/* What options say of columns, and what the store has, may make other types of the same values. */
static enum status expect(const struct ingest_run *run, struct ingest_understood *understood,
                          struct ingest_shape *shape, struct error *error)
{
    struct ingest_mapping *mapping = &understood->mapping;
    TRY(ingest_check_names(run, understood, shape, error));
    ingest_hint_types(run, understood, shape);
    ingest_retype(run, understood, shape, understood->sample);
    ingest_find_currency_column(run, understood, shape);
    ingest_settle_currency(run, understood, shape, understood->sample);

    if (!mapping->file_time_zone)
        mapping->file_time_zone = understood->zone_name;
    if (!mapping->on_conflict && mapping->id.count)
        mapping->on_conflict = "set-aside";
    return ingest_list_properties(run, understood, shape, error);
}

enum status ingest_understand(const struct ingest_run *run, struct ingest_understood *understood,
                              struct ingest_shape *shape, struct ingest_summary *summary,
                              struct error *error)
{
    TRY(read_mapping(run, understood, shape, error));
    TRY(check_tables(run, understood, error));
    TRY(read_times(run, understood, error));

    TRY(ingest_open_sources(run, understood, shape, error));
    TRY(look(run, understood, shape, error));
    ingest_report_look(run, understood, shape, summary);

    /* who fails to name the customer is shown what else was understood */
    enum status status = ingest_find_roles(run, understood, shape, error);
    if (status != STATUS_OK) {
        ingest_report_others(&understood->roles, shape, summary);
        return status;
    }
    return expect(run, understood, shape, error);
}

void ingest_understood_release(struct ingest_understood *understood, size_t sources)
{
    for (size_t i = 0; i < understood->column_count; i++)
        ingest_evidence_release(&understood->sample[i]);
    for (size_t i = 0; understood->sniffs && i < sources; i++)
        ingest_sniff_release(&understood->sniffs[i]);
    zone_close(understood->zone);
}

void ingest_shape_release(struct ingest_shape *shape)
{
    for (size_t i = 0; shape->source_columns && i < shape->source_count; i++)
        if (shape->source_columns[i].names)
            text_map_release(shape->source_columns[i].names);
    free(shape->columns);
    free(shape->hints);
}
