/*
 * The columns that the sources have between them: joined by name, called by names of
 * their own, found again by what options call them, and the type that evidence gives
 * each.
 */
#include "ingest/understand.h"

#include "ingest/pattern.h"

#include <string.h>

int ingest_find_column(const struct ingest_shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->column_count; i++)
        if (strcmp(shape->columns[i].name, name) == 0)
            return (int)i;
    for (size_t i = 0; i < shape->column_count; i++)
        if (strcasecmp(shape->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

enum status ingest_need_column(const struct ingest_run *run, const struct ingest_shape *shape,
                               const char *what, const char *name, int *out, struct error *error)
{
    *out = ingest_find_column(shape, name);
    for (const char *kept = name;
         *out < 0 && schema_is_own_name(kept);) /* columns lose their @ (own_name) */
        *out = ingest_find_column(shape, ++kept);
    if (*out >= 0)
        return STATUS_OK;

    const char **names = ARENA_ARRAY(run->arena, const char *, shape->column_count);
    for (size_t i = 0; i < shape->column_count; i++)
        names[i] = shape->columns[i].name;
    enum status status = error_set(
        error, STATUS_USAGE, "%s names the column %s, which the file does not have", what, name);
    int nearest = text_nearest(name, names, shape->column_count);
    if (nearest >= 0) {
        error_hint(error, "did you mean %s?", names[nearest]);
        return status;
    }

    struct buffer list;
    buffer_init(&list, ERROR_HINT_MAX - 64);
    for (size_t i = 0; i < shape->column_count; i++)
        buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    error_hint(error, "its columns are %s", list.data ? list.data : "none");
    buffer_release(&list);
    return status;
}

/* Joined by name */

static int add_column(struct ingest_shape *shape, const char *name, bool unnamed)
{
    if (shape->column_count == shape->column_capacity) {
        size_t capacity = shape->column_capacity ? shape->column_capacity * 2 : 32;
        shape->column_capacity = capacity;
        shape->columns = base_realloc(shape->columns, capacity * sizeof *shape->columns);
        shape->hints = base_realloc(shape->hints, capacity * sizeof *shape->hints);
    }
    shape->columns[shape->column_count] = (struct ingest_column){.name = name, .unnamed = unnamed};
    shape->hints[shape->column_count] = (struct ingest_type_hint){.name = name};
    return (int)shape->column_count++;
}

int ingest_add_column(struct ingest_shape *shape, const char *name)
{
    return add_column(shape, name, false);
}

/* SQL names do not tell capitals from small letters, so two columns of one file must
 * differ in more than that. */
static struct text in_small_letters(const char *name, struct arena *arena)
{
    char *small = arena_strdup(arena, name);
    for (char *c = small; *c; c++)
        *c += *c >= 'A' && *c <= 'Z' ? 'a' - 'A' : 0;
    return text_from(small);
}

/* taken: the file's names so far, in small letters → the number that the next copy bears.
 * The name returned is put there, too. */
static const char *own_name(const struct ingest_run *run, const char *name, size_t index,
                            struct text_map *taken)
{
    /* a file cannot name what is Strata's own, so its @ goes and the user is told */
    const char *said = name;
    while (schema_is_own_name(name))
        name++;
    char *wanted =
        *name ? arena_strdup(run->arena, name) : arena_printf(run->arena, "column%zu", index + 1);
    if (name != said)
        ingest_notice(run, "the column %s is called %s: names that begin with @ are Strata's own",
                      said, wanted);

    enum { FIRST_COPY = 2 };

    /* the second "total" becomes total_2, and the number is kept with the name so that many copies
     * do not search anew */
    bool is_new;
    struct text key = in_small_letters(wanted, run->arena);
    uint64_t copy = text_map_put(taken, key, FIRST_COPY, &is_new);
    if (is_new)
        return wanted;
    while (!is_new) {
        wanted = arena_printf(run->arena, "%s_%llu", *name ? name : "column",
                              (unsigned long long)copy++);
        text_map_put(taken, in_small_letters(wanted, run->arena), FIRST_COPY, &is_new);
    }

    text_map_set(taken, key, copy);
    ingest_notice(run, "the column name %s occurs again: column %zu is called %s", name, index + 1,
                  wanted);
    return wanted;
}

static void join_source(const struct ingest_run *run, const struct ingest_sniff *sniff,
                        struct ingest_shape *shape, struct ingest_source_columns *out)
{
    int *columns = ARENA_ARRAY(run->arena, int, sniff->column_count);
    struct text_map *names = NULL, taken;

    text_map_init(&taken);
    if (sniff->dialect.layout == LAYOUT_JSON) {
        names = ARENA_NEW(run->arena, struct text_map);
        text_map_init(names);
    }

    for (size_t i = 0; i < sniff->column_count; i++) {
        const char *name = own_name(run, sniff->names[i], i, &taken);
        int column = ingest_find_column(shape, name);
        bool unnamed = !*sniff->names[i] && sniff->dialect.header;
        columns[i] = column >= 0 ? column : add_column(shape, name, unnamed);
        if (names)
            text_map_put(names, text_from(sniff->names[i]), i, NULL);
    }

    text_map_release(&taken);

    /* trailing columns without a name are what a spreadsheet adds: rows may end before them */
    size_t least = sniff->column_count;
    while (!names && sniff->dialect.header && least > 1 && !*sniff->names[least - 1])
        least--;
    *out = (struct ingest_source_columns){
        .columns = columns,
        .count = sniff->column_count,
        .least = names ? 0 : least,
        .header = sniff->dialect.header && sniff->column_count > 1 && !sniff->look.row_names
                      ? sniff->names
                      : NULL,
        .names = names,
    };
}

void ingest_join_columns(const struct ingest_run *run, struct ingest_understood *understood,
                         struct ingest_shape *shape)
{
    for (size_t s = 0; s < shape->source_count; s++)
        join_source(run, &understood->sniffs[s], shape, &shape->source_columns[s]);

    understood->column_count = shape->column_count;
    understood->sample = ARENA_ARRAY(run->arena, struct ingest_evidence, shape->column_count);
    for (size_t s = 0; s < shape->source_count; s++)
        for (size_t i = 0; i < shape->source_columns[s].count; i++)
            ingest_evidence_merge(&understood->sample[shape->source_columns[s].columns[i]],
                                  &understood->sniffs[s].evidence[i]);
}

enum status ingest_add_names(const struct ingest_run *run,
                             const struct ingest_understood *understood, struct ingest_shape *shape,
                             size_t source, struct error *error)
{
    struct ingest_source_columns *map = &shape->source_columns[source];
    struct text_map found, taken;

    text_map_init(&found);
    text_map_init(&taken);

    /* names that the file had before count as taken: a new key must not become an old column */
    for (size_t i = 0; i < map->count; i++)
        text_map_put(&taken, in_small_letters(shape->columns[map->columns[i]].name, run->arena), 2,
                     NULL);

    enum status status = ingest_json_names(&shape->sources[source], &found, error);
    int *columns = ARENA_ARRAY(run->arena, int, map->count + found.count);
    if (map->count)
        memcpy(columns, map->columns, map->count * sizeof *columns);

    for (size_t i = 0; i < found.count && status == STATUS_OK; i++) {
        if (text_map_find(map->names, found.entries[i].key))
            continue;
        const char *name = own_name(run, found.entries[i].key.data, map->count, &taken);
        int column = ingest_find_column(shape, name);
        columns[map->count] = column >= 0 ? column : add_column(shape, name, false);
        text_map_put(map->names, found.entries[i].key, map->count++, NULL);
    }

    map->columns = columns;
    text_map_release(&found);
    text_map_release(&taken);
    ingest_hint_types(run, understood, shape);
    return status == STATUS_OK ? ingest_list_properties(run, understood, shape, error) : status;
}

/* Types */

/* The dates' name in a language whose people write the day first. */
static bool called_day_first(const char *name)
{
    static const char *const words[] = {"datum",      "zeitpunkt", "geburt",    "fecha",
                                        "nacimiento", "naissance", "nascita",   "nascimento",
                                        "dato",       "fødsel",    "tidspunkt", "päivä",
                                        "dzień",      "jour",      "giorno"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}

/* What speaks for D/M/YYYY where every date could be the other way round; NULL when
 * nothing does. In the United States alone the month stands first, and there nobody
 * writes decimal commas or separates by semicolons for their sake. */
static const char *day_first(const struct ingest_run *run,
                             const struct ingest_understood *understood,
                             const struct ingest_shape *shape, const char *column)
{
    static const char europe[] = "Europe/";
    const struct schema *schema = store_schema(run->store);

    /* What the file itself shows goes before what the store is set to: a shop in Vienna may export
     * from an American program. */
    for (size_t i = 0; i < shape->source_count; i++) {
        const struct ingest_dialect *dialect = &shape->sources[i].dialect;
        if (dialect->layout != LAYOUT_JSON && dialect->style.point == ',')
            return "the file's decimal commas";
        if (dialect->layout == LAYOUT_DELIMITED && dialect->delimiter == ';')
            return "the semicolons between the file's fields";
    }

    if (called_day_first(column))
        return "the column's name";
    if (schema->currency && strcmp(schema->currency, "USD") == 0)
        return NULL;
    if (schema->currency &&
        strstr(" EUR GBP CHF SEK NOK DKK PLN CZK HUF RON BRL AUD NZD INR ", schema->currency))
        return "the store's currency";
    return strncmp(zone_name(understood->zone), europe, strlen(europe)) == 0
               ? "the store's time zone"
               : NULL;
}

bool ingest_retype(const struct ingest_run *run, const struct ingest_understood *understood,
                   struct ingest_shape *shape, const struct ingest_evidence *evidence)
{
    bool changed = false;
    for (size_t i = 0; i < shape->column_count; i++) {
        shape->hints[i].day_first = day_first(run, understood, shape, shape->columns[i].name);
        struct ingest_type type = ingest_decide(&evidence[i], &shape->hints[i]);
        changed |= !ingest_type_equal(&type, &shape->columns[i].type);
        shape->columns[i].type = type;
    }
    return changed;
}

/* Formats of dates that have no name of their own. */
static enum status read_patterns(const struct ingest_run *run, struct ingest_shape *shape,
                                 struct error *error)
{
    struct error ignored;
    for (size_t i = 0; i < shape->column_count; i++) {
        struct ingest_type_hint *hint = &shape->hints[i];

        /* what is neither a type's name nor a format's must be a pattern, and a wrong one is
         * refused here */
        bool named = hint->declared &&
                     ingest_check_declared(hint->declared, &ignored) == STATUS_OK &&
                     !ingest_is_pattern(hint->declared);
        if (hint->declared && !named && !ingest_date_format_from(hint->declared))
            TRY(ingest_pattern_parse(hint->declared, run->arena, &hint->pattern, error));
    }
    return STATUS_OK;
}

/* A column may be called by its new name, too, which is how the store shows it; the mapping that is
 * kept calls it as the file does. */
static void call_as_file_does(const struct ingest_run *run, const struct ingest_shape *shape,
                              const struct ingest_mapping *mapping, struct ingest_pairs *pairs)
{
    struct ingest_pair *items = ARENA_ARRAY(run->arena, struct ingest_pair, pairs->count + 1);
    for (size_t i = 0; i < pairs->count; i++) {
        items[i] = pairs->items[i];
        int found = ingest_find_column(shape, items[i].name);
        if (found >= 0) {
            items[i].name = shape->columns[found].name;
            continue;
        }
        const char *column = ingest_pair_value(&mapping->map, items[i].name);
        if (!column)
            column = ingest_pair_value(&mapping->trait, items[i].name);
        if (column && !ingest_pair_value(&mapping->set, column))
            items[i].name = column;
    }
    pairs->items = items;
}

enum status ingest_check_names(const struct ingest_run *run, struct ingest_understood *understood,
                               struct ingest_shape *shape, struct error *error)
{
    struct ingest_mapping *mapping = &understood->mapping;
    int column;

    call_as_file_does(run, shape, mapping, &mapping->refers);
    call_as_file_does(run, shape, mapping, &mapping->types);

    for (size_t i = 0; i < mapping->id.count; i++) {
        TRY(ingest_need_column(run, shape, "--id", mapping->id.items[i], &column, error));
        shape->hints[column].text = shape->columns[column].id = true;
    }

    for (size_t i = 0; i < mapping->refers.count; i++) {
        TRY(ingest_need_column(run, shape, "--refers", mapping->refers.items[i].name, &column,
                               error));
        shape->hints[column].text = true;
    }

    for (size_t i = 0; i < mapping->types.count; i++) {
        TRY(ingest_need_column(run, shape, "types", mapping->types.items[i].name, &column, error));
        shape->hints[column].declared = mapping->types.items[i].value;
    }

    if (understood->roles.time >= 0 && mapping->time_format &&
        !shape->hints[understood->roles.time].declared)
        shape->hints[understood->roles.time].declared = mapping->time_format;
    TRY(read_patterns(run, shape, error));
    TRY(ingest_check_missing(run, understood, shape, error));

    /* what --set computes may be named, too, though no file has it */
    for (size_t i = 0; i < mapping->select.count; i++)
        if (!ingest_pair_value(&mapping->set, mapping->select.items[i]))
            TRY(ingest_need_column(run, shape, "--select", mapping->select.items[i], &column,
                                   error));
    for (size_t i = 0; i < mapping->map.count; i++)
        if (!ingest_pair_value(&mapping->set, mapping->map.items[i].value))
            TRY(ingest_need_column(run, shape, "--map", mapping->map.items[i].value, &column,
                                   error));
    for (size_t i = 0; i < mapping->trait.count; i++)
        if (!ingest_pair_value(&mapping->set, mapping->trait.items[i].value))
            TRY(ingest_need_column(run, shape, "--trait", mapping->trait.items[i].value, &column,
                                   error));
    if (mapping->currency_column)
        TRY(ingest_need_column(run, shape, "--currency-column", mapping->currency_column, &column,
                               error));
    return STATUS_OK;
}
