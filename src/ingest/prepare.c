/*
 * Before anything is read in full: what the sources are, which columns they have between them,
 * which of those is the customer, the time, the key, and what each column will be called in the
 * store.
 */
#include "ingest/run.h"

#include "ingest/language.h"
#include "ingest/pattern.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int ingest_find_column(const struct ingest_run *run, const char *name)
{
    for (size_t i = 0; i < run->column_count; i++)
        if (strcmp(run->columns[i].name, name) == 0)
            return (int)i;
    for (size_t i = 0; i < run->column_count; i++)
        if (strcasecmp(run->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

enum status ingest_need_column(const struct ingest_run *run, const char *what, const char *name,
                               int *out, struct error *error)
{
    *out = ingest_find_column(run, name);
    for (const char *kept = name;
         *out < 0 && schema_is_own_name(kept);) /* columns lose their @ (own_name) */
        *out = ingest_find_column(run, ++kept);
    if (*out >= 0)
        return STATUS_OK;

    const char **names = ARENA_ARRAY(run->arena, const char *, run->column_count);
    for (size_t i = 0; i < run->column_count; i++)
        names[i] = run->columns[i].name;
    enum status status = error_set(
        error, STATUS_USAGE, "%s names the column %s, which the file does not have", what, name);
    int nearest = text_nearest(name, names, run->column_count);
    if (nearest >= 0) {
        error_hint(error, "did you mean %s?", names[nearest]);
        return status;
    }
    struct buffer list;
    buffer_init(&list, ERROR_HINT_MAX - 64);
    for (size_t i = 0; i < run->column_count; i++)
        buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    error_hint(error, "its columns are %s", list.data ? list.data : "none");
    buffer_release(&list);
    return status;
}

/* Sources */

const char *ingest_temporary(struct ingest_run *run)
{
    if (run->change)
        return store_temporary(run->change, ".spool");
    if (!run->temporary) {
        const char *folder = getenv("TMPDIR");
        run->temporary = mkdtemp(
            arena_printf(run->arena, "%s/strata-XXXXXX", folder && *folder ? folder : "/tmp"));
    }
    return run->temporary
               ? arena_printf(run->arena, "%s/%zu", run->temporary, run->temporary_count++)
               : NULL;
}

static bool is_postgres(const char *address)
{
    return strncmp(address, "postgresql://", 13) == 0 || strncmp(address, "postgres://", 11) == 0;
}

static enum status spool_source(struct ingest_run *run, size_t index, bool parquet,
                                struct error *error)
{
    struct ingest_source *source = &run->sources[index];
    const char *path = ingest_temporary(run);
    if (!path)
        return error_set(error, STATUS_ERROR,
                         "cannot make a temporary folder; set TMPDIR to one that can be written");
    if (parquet)
        TRY(ingest_spool_parquet(source->path, path, run->lake, error));
    else if (!is_postgres(source->path))
        TRY(ingest_spool_pipe(run, source->path, path, error));
    else
        TRY(ingest_spool_postgres(source->path, run->options->query, path, error));
    source->path = path;
    return STATUS_OK;
}

/* The sheet becomes a file; what it was is told with it. */
static enum status spool_spreadsheet(struct ingest_run *run, size_t index,
                                     const struct ingest_dialect_choice *choice,
                                     struct error *error)
{
    struct ingest_source *source = &run->sources[index];
    struct ingest_workbook book;
    const char *path = ingest_temporary(run);
    if (!path)
        return error_set(error, STATUS_ERROR,
                         "cannot make a temporary folder; set TMPDIR to one that can be written");
    TRY(ingest_spool_xlsx(source->path, source->name, run->mapping.sheet, path, run->arena, &book,
                          error));
    source->path = path;
    struct ingest_dialect_choice own = *choice;
    own.delimiter = ',';
    own.point = choice->point ? choice->point : '.';
    own.newline = INGEST_ROW_END;
    own.encoding = "UTF-8";
    TRY(ingest_sniff_file(path, source->name, &own, run->arena, &run->sniffs[index], error));
    run->sniffs[index].look.sheet = book.sheet;
    run->sniffs[index].look.sheets = book.sheets;
    run->sniffs[index].look.sheet_count = book.sheet_count;
    ingest_note_workbook(run, source->name, &book);
    return STATUS_OK;
}

/* Can be read once only. */
static bool is_pipe(const char *path)
{
    struct stat info;
    return strcmp(path, "-") == 0 || (stat(path, &info) == 0 && S_ISFIFO(info.st_mode));
}

/* "user:secret@" before the host becomes "user@". A password may hold an @ itself; a host and a
 * path hold none. */
static const char *without_user_password(const char *address, struct arena *arena)
{
    const char *user = strstr(address, "//") + 2, *at = NULL;
    size_t host = strcspn(user, "/");
    at = memrchr(user, '@', host);
    if (!at)
        at = memrchr(user, '@', strcspn(user, "?"));
    const char *colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
    return colon ? arena_printf(arena, "%.*s%s", (int)(colon - address), address, at) : address;
}

/* Without passwords, the user's and those among the parameters (password, sslpassword): addresses
 * are shown and kept.
 */
static const char *public_name(const char *address, struct arena *arena)
{
    static const char word[] = "password=";
    if (!is_postgres(address))
        return address;
    char *name = arena_strdup(arena, without_user_password(address, arena));
    char *found = strchr(name, '?');
    while (found && (found = strstr(found, word))) {
        char *value = found + sizeof word - 1, *rest = value + strcspn(value, "&");
        memmove(value, rest, strlen(rest) + 1);
        found = value;
    }
    return name;
}

static enum status sniff_source(struct ingest_run *run, size_t index, uint64_t *hash,
                                struct error *error)
{
    struct ingest_source *source = &run->sources[index];
    struct ingest_sniff *sniff = &run->sniffs[index];
    struct ingest_summary_source *summary = &run->summary->sources[index];
    source->name = public_name(source->path, run->arena);
    summary->postgres = is_postgres(source->path);
    struct ingest_dialect_choice choice = ingest_mapping_dialect(&run->mapping, run->arena);
    struct ingest_dialect_choice exact = {.delimiter = ',',
                                          .point = '.',
                                          .header = 1,
                                          .encoding = "UTF-8",
                                          .skip_said = true,
                                          .exact = true};
    choice.missing = exact.missing = ingest_file_missing(run);
    bool spooled = summary->postgres || is_pipe(source->path);
    if (run->options->query && !summary->postgres)
        return error_set(error, STATUS_USAGE, "--query belongs to a postgresql:// address");
    if (spooled)
        TRY(spool_source(run, index, false, error));
    uint64_t content, bytes;
    TRY(ingest_sniff_file(source->path, source->name, summary->postgres ? &exact : &choice,
                          run->arena, sniff, error));
    TRY(ingest_hash_file(source->path, &content, &bytes, error));
    if (sniff->parquet) {
        summary->parquet = true;
        TRY(spool_source(run, index, true, error));
        TRY(ingest_hash_file(source->path, &(uint64_t){0}, &bytes, error));
        TRY(ingest_sniff_file(source->path, source->name, &exact, run->arena, sniff, error));
    }
    if (sniff->zip) {
        summary->spreadsheet = true;
        TRY(spool_spreadsheet(run, index, &choice, error));
        TRY(ingest_hash_file(source->path, &(uint64_t){0}, &bytes, error));
    }
    source->dialect = sniff->dialect;
    source->bytes = bytes;
    uint64_t both[2] = {*hash, content};
    *hash = text_hash((struct text){(const char *)both, sizeof both});
    summary->name = source->name;
    summary->dialect = sniff->dialect;
    summary->look = sniff->look;
    summary->bytes = bytes;
    return STATUS_OK;
}

static enum status open_sources(struct ingest_run *run, struct error *error)
{
    const struct ingest_options *options = run->options;
    if (!run->source_count) {
        run->source_count = options->source_count;
        run->sources = ARENA_ARRAY(run->arena, struct ingest_source, run->source_count);
        for (size_t i = 0; i < run->source_count; i++)
            run->sources[i].path = options->sources[i];
    }
    if (!run->source_count)
        return error_set(error, STATUS_USAGE, "there is nothing to import: name a file");
    run->sniffs = ARENA_ARRAY(run->arena, struct ingest_sniff, run->source_count);
    run->source_columns = ARENA_ARRAY(run->arena, struct ingest_source_columns, run->source_count);
    run->summary->sources =
        ARENA_ARRAY(run->arena, struct ingest_summary_source, run->source_count);
    run->summary->source_count = run->source_count;
    uint64_t hash = 0;
    for (size_t i = 0; i < run->source_count; i++)
        TRY(sniff_source(run, i, &hash, error));
    snprintf(run->content_hash, sizeof run->content_hash, "%016llx", (unsigned long long)hash);
    return STATUS_OK;
}

/* Columns */

static int add_column(struct ingest_run *run, const char *name, bool unnamed)
{
    if (run->column_count == run->column_capacity) {
        run->column_capacity = run->column_capacity ? run->column_capacity * 2 : 32;
        run->columns = base_realloc(run->columns, run->column_capacity * sizeof *run->columns);
        run->hints = base_realloc(run->hints, run->column_capacity * sizeof *run->hints);
        run->sample = base_realloc(run->sample, run->column_capacity * sizeof *run->sample);
    }
    run->columns[run->column_count] = (struct ingest_column){.name = name, .unnamed = unnamed};
    run->hints[run->column_count] = (struct ingest_type_hint){.name = name};
    run->sample[run->column_count] = (struct ingest_evidence){0};
    return (int)run->column_count++;
}

int ingest_add_column(struct ingest_run *run, const char *name)
{
    return add_column(run, name, false);
}

/* SQL names do not tell capitals from small letters, so two columns of one file must differ in more
 * than that. */
static struct text in_small_letters(const char *name, struct arena *arena)
{
    char *small = arena_strdup(arena, name);
    for (char *c = small; *c; c++)
        *c += *c >= 'A' && *c <= 'Z' ? 'a' - 'A' : 0;
    return text_from(small);
}

/* taken: the file's names so far, in small letters → the number that the next copy bears. The name
 * returned is put there, too. */
static const char *own_name(struct ingest_run *run, const char *name, size_t index,
                            struct text_map *taken)
{
    const char *said = name;
    while (schema_is_own_name(name))
        name++;
    char *wanted =
        *name ? arena_strdup(run->arena, name) : arena_printf(run->arena, "column%zu", index + 1);
    if (name != said)
        ingest_notice(run, "the column %s is called %s: names that begin with @ are Strata's own",
                      said, wanted);

    enum { FIRST_COPY = 2 };
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

static void join_columns(struct ingest_run *run, size_t index)
{
    const struct ingest_sniff *sniff = &run->sniffs[index];
    int *columns = ARENA_ARRAY(run->arena, int, sniff->column_count);
    struct text_map *names = NULL, taken;
    text_map_init(&taken);
    if (sniff->dialect.layout == LAYOUT_JSON) {
        names = ARENA_NEW(run->arena, struct text_map);
        text_map_init(names);
    }
    for (size_t i = 0; i < sniff->column_count; i++) {
        const char *name = own_name(run, sniff->names[i], i, &taken);
        int column = ingest_find_column(run, name);
        bool unnamed = !*sniff->names[i] && sniff->dialect.header;
        columns[i] = column >= 0 ? column : add_column(run, name, unnamed);
        ingest_evidence_merge(&run->sample[columns[i]], &sniff->evidence[i]);
        if (names)
            text_map_put(names, text_from(sniff->names[i]), i, NULL);
    }
    text_map_release(&taken);
    size_t least = sniff->column_count;
    while (!names && sniff->dialect.header && least > 1 && !*sniff->names[least - 1])
        least--;
    run->source_columns[index] = (struct ingest_source_columns){
        .columns = columns,
        .count = sniff->column_count,
        .least = names ? 0 : least,
        .header = sniff->dialect.header && sniff->column_count > 1 && !sniff->look.row_names
                      ? sniff->names
                      : NULL,
        .names = names,
    };
}

static void hint_types(struct ingest_run *run);

enum status ingest_add_names(struct ingest_run *run, size_t source, struct error *error)
{
    struct ingest_source_columns *map = &run->source_columns[source];
    struct text_map found, taken;
    text_map_init(&found);
    text_map_init(&taken);
    for (size_t i = 0; i < map->count; i++)
        text_map_put(&taken, in_small_letters(run->columns[map->columns[i]].name, run->arena), 2,
                     NULL);
    enum status status = ingest_json_names(&run->sources[source], &found, error);
    int *columns = ARENA_ARRAY(run->arena, int, map->count + found.count);
    if (map->count)
        memcpy(columns, map->columns, map->count * sizeof *columns);
    for (size_t i = 0; i < found.count && status == STATUS_OK; i++) {
        if (text_map_find(map->names, found.entries[i].key))
            continue;
        const char *name = own_name(run, found.entries[i].key.data, map->count, &taken);
        int column = ingest_find_column(run, name);
        columns[map->count] = column >= 0 ? column : add_column(run, name, false);
        text_map_put(map->names, found.entries[i].key, map->count++, NULL);
    }
    map->columns = columns;
    text_map_release(&found);
    text_map_release(&taken);
    hint_types(run);
    return status == STATUS_OK ? ingest_list_properties(run, error) : status;
}

enum status ingest_guess_again(struct ingest_run *run, size_t source, struct error *error)
{
    enum { ENOUGH = 256 << 10 };
    struct ingest_reader reader;
    struct ingest_block block = {0};
    struct buffer lines;
    struct ingest_encoding_look look = {0};
    enum status status = STATUS_OK;
    buffer_init(&lines, 0);
    ingest_reader_init(&reader, &run->sources[source], 1);
    while (status == STATUS_OK && lines.length < ENOUGH) {
        status = ingest_reader_next(&reader, &block, error);
        if (status != STATUS_OK || !block.length)
            break;
        ingest_add_invalid_lines((struct text){block.data, block.length}, &lines);
    }
    ingest_reader_release(&reader);
    ingest_block_release(&block);
    if (status == STATUS_OK)
        status = ingest_guess_encoding((struct text){lines.data, lines.length}, true, run->arena,
                                       &look, error);
    buffer_release(&lines);
    TRY(status);

    struct ingest_summary_source *summary = &run->summary->sources[source];
    run->sources[source].dialect.encoding = summary->dialect.encoding = look.encoding;
    summary->look.encoding_sure = look.sure;
    summary->look.encoding_rival = look.rival;
    memcpy(summary->look.as_read, look.as_read, sizeof look.as_read);
    memcpy(summary->look.as_rival, look.as_rival, sizeof look.as_rival);
    return STATUS_OK;
}

/* Roles */

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

/* What speaks for D/M/YYYY where every date could be the other way round; NULL when nothing does.
 * In the United States alone the month stands first, and there nobody writes decimal commas or
 * separates by semicolons for their sake. */
static const char *day_first(const struct ingest_run *run, const char *column)
{
    const struct schema *schema = store_schema(run->store);
    for (size_t i = 0; i < run->source_count; i++) {
        const struct ingest_dialect *dialect = &run->sources[i].dialect;
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
    return strncmp(zone_name(run->zone), "Europe/", 7) == 0 ? "the store's time zone" : NULL;
}

bool ingest_retype(struct ingest_run *run, const struct ingest_evidence *evidence)
{
    bool changed = false;
    for (size_t i = 0; i < run->column_count; i++) {
        run->hints[i].day_first = day_first(run, run->columns[i].name);
        struct ingest_type type = ingest_decide(&evidence[i], &run->hints[i]);
        changed |= !ingest_type_equal(&type, &run->columns[i].type);
        run->columns[i].type = type;
    }
    return changed;
}

/* Formats of dates that have no name of their own. */
static enum status read_patterns(struct ingest_run *run, struct error *error)
{
    struct error ignored;
    for (size_t i = 0; i < run->column_count; i++) {
        struct ingest_type_hint *hint = &run->hints[i];
        bool named = hint->declared &&
                     ingest_check_declared(hint->declared, &ignored) == STATUS_OK &&
                     !ingest_is_pattern(hint->declared);
        if (hint->declared && !named && !ingest_date_format_from(hint->declared))
            TRY(ingest_pattern_parse(hint->declared, run->arena, &hint->pattern, error));
    }
    return STATUS_OK;
}

static enum status check_names(struct ingest_run *run, struct error *error)
{
    const struct ingest_mapping *mapping = &run->mapping;
    int column;
    for (size_t i = 0; i < mapping->id.count; i++) {
        TRY(ingest_need_column(run, "--id", mapping->id.items[i], &column, error));
        run->hints[column].text = run->columns[column].id = true;
    }
    for (size_t i = 0; i < mapping->refers.count; i++) {
        TRY(ingest_need_column(run, "--refers", mapping->refers.items[i].name, &column, error));
        run->hints[column].text = true;
    }
    for (size_t i = 0; i < mapping->types.count; i++) {
        TRY(ingest_need_column(run, "types", mapping->types.items[i].name, &column, error));
        run->hints[column].declared = mapping->types.items[i].value;
    }
    if (run->time >= 0 && mapping->time_format && !run->hints[run->time].declared)
        run->hints[run->time].declared = mapping->time_format;
    TRY(read_patterns(run, error));
    TRY(ingest_check_missing(run, error));
    for (size_t i = 0; i < mapping->select.count; i++)
        if (!ingest_pair_value(&mapping->set, mapping->select.items[i]))
            TRY(ingest_need_column(run, "--select", mapping->select.items[i], &column, error));
    for (size_t i = 0; i < mapping->map.count; i++)
        if (!ingest_pair_value(&mapping->set, mapping->map.items[i].value))
            TRY(ingest_need_column(run, "--map", mapping->map.items[i].value, &column, error));
    for (size_t i = 0; i < mapping->trait.count; i++)
        if (!ingest_pair_value(&mapping->set, mapping->trait.items[i].value))
            TRY(ingest_need_column(run, "--trait", mapping->trait.items[i].value, &column, error));
    if (mapping->currency_column)
        TRY(ingest_need_column(run, "--currency-column", mapping->currency_column, &column, error));
    return STATUS_OK;
}

/* Properties */

/* What the parts of a table call their own columns; an invoice counts its lines, too. */
static bool is_taken_by_role(const struct ingest_run *run, const char *name)
{
    static const char *const own[] = {"customer", "time", "import", "arrival",
                                      "id",       "key",  "part",   "row"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcasecmp(name, own[i]) == 0)
            return true;
    return run->group >= 0 && strcasecmp(name, "lines") == 0;
}

static const char *mapped_name(const struct ingest_run *run, const char *column)
{
    for (size_t i = 0; i < run->mapping.map.count; i++)
        if (strcmp(run->mapping.map.items[i].value, column) == 0)
            return run->mapping.map.items[i].name;
    return column;
}

/* Whether another column of the file, or of --set, will bear the name. */
static bool is_taken_by_column(const struct ingest_run *run, const char *name, const char *column)
{
    for (size_t i = 0; i < run->column_count; i++)
        if (strcmp(run->columns[i].name, column) != 0 &&
            strcasecmp(mapped_name(run, run->columns[i].name), name) == 0)
            return true;
    for (size_t i = 0; i < run->mapping.set.count; i++)
        if (strcmp(run->mapping.set.items[i].name, column) != 0 &&
            strcasecmp(mapped_name(run, run->mapping.set.items[i].name), name) == 0)
            return true;
    return false;
}

static bool has_column(const struct ingest_run *run, const char *name)
{
    for (size_t i = 0; i < run->column_count; i++)
        if (strcmp(run->columns[i].name, name) == 0)
            return true;
    return false;
}

/* --map means the file's column, where one bears the name of a computed one. */
static const char *property_name(struct ingest_run *run, const char *column, bool computed)
{
    const char *name = computed && has_column(run, column) ? column : mapped_name(run, column);
    if (!is_taken_by_role(run, name))
        return name;

    const char *other = arena_printf(run->arena, "%s_", name);
    while (is_taken_by_column(run, other, column))
        other = arena_printf(run->arena, "%s_", other);
    ingest_notice(
        run, "%s is a name of Strata's own, so the column is kept as %s (--map NAME=%s renames it)",
        name, other, column);
    return other;
}

static bool selected(const struct ingest_run *run, size_t column)
{
    const struct ingest_names *select = &run->mapping.select;
    if (run->columns[column].derived)
        return true;
    bool consumed = (int)column == run->customer || (int)column == run->time ||
                    (int)column == run->key || (int)column == run->clock;
    for (size_t i = 0; i < select->count; i++)
        if (ingest_find_column(run, select->items[i]) == (int)column)
            return true;
    for (size_t i = 0; i < run->mapping.map.count; i++)
        if (ingest_find_column(run, run->mapping.map.items[i].value) == (int)column)
            return true;
    return !consumed && select->count == 0;
}

/* What the store makes a column refer to: what --refers says, else a table of the column's name or
 * with such a key. */
static const char *referred_table(const struct ingest_run *run, const char *column,
                                  const char *name)
{
    const char *said = ingest_pair_value(&run->mapping.refers, column);
    const struct schema *schema = store_schema(run->store);
    if (said || run->role != SCHEMA_FACTS)
        return said;
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct schema_table *table = &schema->tables[i];
        size_t length = strlen(table->name), own = strlen(name);
        if (table->role != SCHEMA_REFERENCE)
            continue;
        bool same =
            strcasecmp(table->name, name) == 0 || (table->key && strcasecmp(table->key, name) == 0);
        bool plural = length == own + 1 && table->name[own] == 's' &&
                      strncasecmp(table->name, name, own) == 0;
        if (same || plural)
            return arena_strdup(run->arena, table->name);
    }
    return NULL;
}

static const struct schema_column *stored_column(const struct ingest_run *run, const char *table,
                                                 const char *name)
{
    const struct schema_table *found = schema_table(store_schema(run->store), table);
    return found ? schema_column(found, name) : NULL;
}

/* Keys, and what is text already, must be text before the first type is decided. */
static void hint_types(struct ingest_run *run)
{
    for (size_t i = 0; i < run->column_count; i++) {
        const char *column = run->columns[i].name, *name = column;
        for (size_t m = 0; m < run->mapping.map.count; m++)
            if (strcmp(run->mapping.map.items[m].value, column) == 0)
                name = run->mapping.map.items[m].name;
        const struct schema_column *stored = stored_column(run, run->table, name);
        struct ingest_type_hint *hint = &run->hints[i];
        hint->text |= (int)i == run->customer || (int)i == run->key ||
                      referred_table(run, column, name) != NULL ||
                      (stored && stored->type == VALUE_TEXT);
        hint->time = (int)i == run->time;
    }
    ingest_keep_types(run);
}

static void add_property(struct ingest_run *run, struct ingest_property property)
{
    const struct schema_column *stored =
        stored_column(run, property.trait ? SCHEMA_TRAIT_TABLE : run->table, property.name);
    property.plain = stored && stored->plain;
    property.force_text = stored && stored->type == VALUE_TEXT;
    run->properties[run->property_count++] = property;
}

/* A computed property takes the place of the file's column of its name, unless --map keeps that
 * under another. */
static bool replaced_by_set(const struct ingest_run *run, const char *column)
{
    const struct ingest_mapping *mapping = &run->mapping;
    for (size_t i = 0; i < mapping->map.count; i++)
        if (strcmp(mapping->map.items[i].value, column) == 0)
            return false;
    for (size_t i = 0; i < mapping->set.count; i++) {
        const char *name = mapping->set.items[i].name;
        if (strcmp(name, column) == 0 ||
            (strcasecmp(name, column) == 0 && !is_taken_by_role(run, name)))
            return true;
    }
    return false;
}

enum status ingest_list_properties(struct ingest_run *run, struct error *error)
{
    const struct ingest_mapping *mapping = &run->mapping;
    run->properties = ARENA_ARRAY(run->arena, struct ingest_property,
                                  run->column_count + mapping->set.count + mapping->trait.count);
    run->property_count = 0;
    for (size_t i = 0; i < run->column_count; i++) {
        const char *column = run->columns[i].name;
        if (!selected(run, i) || replaced_by_set(run, column))
            continue;
        const char *name = property_name(run, column, false);
        add_property(run, (struct ingest_property){.column = column,
                                                   .name = name,
                                                   .source = (int)i,
                                                   .refers = referred_table(run, column, name),
                                                   .additive = ingest_additive_name(name)});
    }
    for (size_t i = 0; i < mapping->set.count; i++) {
        const char *name = mapping->set.items[i].name;
        if (run->computed_customer && strcmp(name, mapping->customer) == 0)
            continue; /* it is the customer, and no property */
        add_property(run, (struct ingest_property){.column = name,
                                                   .name = property_name(run, name, true),
                                                   .source = -1,
                                                   .additive = true});
    }
    for (size_t i = 0; i < mapping->trait.count; i++) {
        const char *column = mapping->trait.items[i].value;
        int source =
            ingest_pair_value(&mapping->set, column) ? -1 : ingest_find_column(run, column);
        add_property(run, (struct ingest_property){.column = source >= 0 ? run->columns[source].name
                                                                         : column,
                                                   .name = mapping->trait.items[i].name,
                                                   .source = source,
                                                   .trait = true});
    }
    for (size_t i = 0; i < run->property_count; i++)
        for (size_t j = 0; j < i; j++)
            if (run->properties[i].trait == run->properties[j].trait &&
                strcasecmp(run->properties[i].name, run->properties[j].name) == 0)
                return error_set(error, STATUS_USAGE, "two columns would become the property %s",
                                 run->properties[i].name);
    return STATUS_OK;
}

static enum status open_zone(struct ingest_run *run, struct error *error)
{
    const char *name = run->mapping.file_time_zone;
    if (!name)
        name = store_schema(run->store)->zone;
    run->summary->zone = arena_strdup(run->arena, name);
    return zone_open(name, &run->zone, error);
}

static void complete_mapping(struct ingest_run *run)
{
    struct ingest_mapping *mapping = &run->mapping;
    if (!mapping->file_time_zone)
        mapping->file_time_zone =
            run->summary->zone; /* the store's schema does not outlive the commit */
    if (!mapping->on_conflict && mapping->id.count)
        mapping->on_conflict = "set-aside";
}

/*
 * Names that would meet others: those with Strata's mark; `order.line`, where the lines of grouped
 * orders lie; and tables that differ from another in capitals alone, which SQL does not tell apart.
 */
static enum status refuse_name(const char *option, const char *name, struct error *error)
{
    enum status status = error_set(error, STATUS_USAGE,
                                   "%s %s: names that begin with @ are Strata's own", option, name);
    error_hint(error, "call it %s", name[1] ? name + 1 : "something else");
    return status;
}

static enum status check_own_names(const struct ingest_run *run, struct error *error)
{
    const struct ingest_mapping *mapping = &run->mapping;
    const struct {
        const char *option;
        const struct ingest_pairs *pairs;
    } given[] = {{"--set", &mapping->set}, {"--map", &mapping->map}, {"--trait", &mapping->trait}};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        for (size_t j = 0; j < given[i].pairs->count; j++)
            if (schema_is_own_name(given[i].pairs->items[j].name))
                return refuse_name(given[i].option, given[i].pairs->items[j].name, error);

    for (size_t i = 0; i < mapping->trait.count; i++) {
        const char *name = mapping->trait.items[i].name;
        if (!is_taken_by_role(run, name))
            continue;
        enum status status =
            error_set(error, STATUS_USAGE, "--trait %s is a name of Strata's own", name);
        error_hint(error, "give the trait another name: --trait %s_=%s", name,
                   mapping->trait.items[i].value);
        return status;
    }
    return STATUS_OK;
}

static enum status check_table_name(const struct ingest_run *run, struct error *error)
{
    const struct schema *schema = store_schema(run->store);
    const char *name = run->table;
    size_t length = strlen(name);
    enum status status;
    if (schema_is_own_name(name))
        return refuse_name(run->mapping.reference ? "--reference" : "--kind", name, error);

    bool lines = length > 5 && strcmp(name + length - 5, ".line") == 0;
    if (lines) {
        status = error_set(error, STATUS_USAGE,
                           "%s: a name that ends in .line is that of a grouped kind's lines", name);
        error_hint(error,
                   "import whole invoices with --kind %.*s --group-by, or call the kind %.*s_line",
                   (int)(length - 5), name, (int)(length - 5), name);
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
static void note_hidden_view(struct ingest_run *run)
{
    static const char *const views[] = {"customers", "memberships", "refreshes"};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (strcasecmp(run->table, views[i]) == 0)
            ingest_notice(
                run,
                "in `strata sql` the table %s is this %s; what Strata itself calls so is strata.%s",
                run->table, run->role == SCHEMA_REFERENCE ? "reference table" : "kind", views[i]);
}

enum status ingest_prepare(struct ingest_run *run, struct error *error)
{
    struct ingest_mapping *mapping = &run->mapping;
    if (run->options->mapping_file)
        TRY(ingest_mapping_load(run->options->mapping_file, run->arena, mapping, error));
    ingest_mapping_overlay(mapping, &run->options->mapping, run->arena);
    if (run->options->retry)
        TRY(ingest_spool_retry(run, error));
    TRY(ingest_mapping_check(mapping, error));
    ingest_mapping_normalize(mapping, run->arena);
    run->traits = mapping->kind && strcmp(mapping->kind, SCHEMA_TRAIT_TABLE) == 0;
    run->table = mapping->kind ? mapping->kind : mapping->reference;
    run->role = mapping->reference ? SCHEMA_REFERENCE : run->traits ? SCHEMA_TRAITS : SCHEMA_FACTS;
    const struct schema_table *stored = schema_table(store_schema(run->store), run->table);
    if (stored && stored->role != run->role)
        return error_set(
            error, STATUS_USAGE, "%s is %s in this store already; choose another name", run->table,
            stored->role == SCHEMA_REFERENCE ? "a reference table" : "a kind of facts");
    TRY(check_table_name(run, error));
    TRY(check_own_names(run, error));
    note_hidden_view(run);
    TRY(open_zone(run, error));
    TRY(ingest_read_valid_from(run, error));
    TRY(ingest_read_max_time(run, error));
    TRY(open_sources(run, error));
    for (size_t i = 0; i < run->source_count; i++)
        join_columns(run, i);
    TRY(ingest_remember(run, error));
    ingest_first_marks(run);
    ingest_restyle(run);
    ingest_retype(run, run->sample);
    TRY(ingest_find_roles(run, error));
    TRY(check_names(run, error));
    hint_types(run);
    ingest_retype(run, run->sample);
    ingest_find_currency_column(run);
    ingest_settle_currency(run, run->sample);
    complete_mapping(run);
    return ingest_list_properties(run, error);
}

void ingest_prepare_release(struct ingest_run *run)
{
    for (size_t i = 0; i < run->column_count; i++)
        ingest_evidence_release(&run->sample[i]);
    for (size_t i = 0; run->source_columns && i < run->source_count; i++) {
        if (run->source_columns[i].names)
            text_map_release(run->source_columns[i].names);
    }
    for (size_t i = 0; run->temporary && i < run->temporary_count; i++)
        unlink(arena_printf(run->arena, "%s/%zu", run->temporary, i));
    for (size_t i = 0; run->sniffs && i < run->source_count; i++)
        ingest_sniff_release(&run->sniffs[i]);
    if (run->temporary)
        rmdir(run->temporary);
    free(run->columns);
    free(run->hints);
    free(run->sample);
    zone_close(run->zone);
}
