/*
 * The sources as they were named: paths, pipes, addresses, spreadsheets. What is not a
 * file that can be read twice becomes one here; each is looked at, and hashed so that it
 * is known when it comes again.
 */
#include "ingest/understand.h"

#include "base/temporary.h"
#include "ingest/language.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status ingest_temporary(const struct ingest_run *run, const char **path, struct error *error)
{
    struct ingest_temporaries *own = run->temporaries;
    *path = NULL;
    if (run->change) {
        /* a source may be called by it, and is named when the change is over */
        *path = arena_strdup(run->arena, store_temporary(run->change, ".spool"));
        return STATUS_OK;
    }

    if (!own->folder)
        TRY(temporary_folder(run->arena, &own->folder, error));
    *path = arena_printf(run->arena, "%s/%zu", own->folder, own->count++);
    return STATUS_OK;
}

void ingest_remove_temporaries(const struct ingest_run *run)
{
    const struct ingest_temporaries *own = run->temporaries;
    if (!own->folder)
        return;
    for (size_t i = 0; i < own->count; i++)
        unlink(arena_printf(run->arena, "%s/%zu", own->folder, i));
    rmdir(own->folder);
}

static bool is_postgres(const char *address)
{
    static const char long_form[] = "postgresql://", short_form[] = "postgres://";
    return strncmp(address, long_form, sizeof long_form - 1) == 0 ||
           strncmp(address, short_form, sizeof short_form - 1) == 0;
}

static enum status spool_source(const struct ingest_run *run, struct ingest_source *source,
                                bool parquet, struct error *error)
{
    const char *path;
    TRY(ingest_temporary(run, &path, error));
    if (parquet)
        TRY(ingest_spool_parquet(source->path, path, error));
    else if (!is_postgres(source->path))
        TRY(ingest_spool_pipe(run, source->path, path, error));
    else
        TRY(ingest_spool_postgres(source->path, run->options->query, path, error));
    source->path = path;
    return STATUS_OK;
}

/* The sheet becomes a file; what it was is told with it. */
static enum status spool_spreadsheet(const struct ingest_run *run, const char *sheet,
                                     const struct ingest_dialect_choice *choice,
                                     struct ingest_source *source, struct ingest_sniff *sniff,
                                     struct error *error)
{
    struct ingest_workbook book;
    const char *path;
    TRY(ingest_temporary(run, &path, error));
    TRY(ingest_spool_xlsx(source->path, source->name, sheet, path, run->arena, &book, error));
    source->path = path;

    /* how the sheet was spooled is known, so it is not to be guessed; what was said of numbers
     * holds */
    struct ingest_dialect_choice own = *choice;
    own.delimiter = ',';
    own.point = choice->point ? choice->point : '.';
    own.newline = INGEST_ROW_END;
    own.encoding = "UTF-8";
    TRY(ingest_sniff_file(path, source->name, &own, run->arena, sniff, error));
    sniff->look.sheet = book.sheet;
    sniff->look.sheets = book.sheets;
    sniff->look.sheet_count = book.sheet_count;
    ingest_note_workbook(run, source->name, &book);
    return STATUS_OK;
}

/* Can be read once only. */
static bool is_pipe(const char *path)
{
    struct stat info;
    return strcmp(path, "-") == 0 || (stat(path, &info) == 0 && S_ISFIFO(info.st_mode));
}

/* "user:secret@" before the host becomes "user@". A password may hold an @ itself; a host
 * and a path hold none. */
static const char *without_user_password(const char *address, struct arena *arena)
{
    const char *user = strstr(address, "//") + 2, *at = NULL;

    /* A slash ends the host, and a password may hold one unescaped: where no @ stands before it,
     * the last @ before the parameters is taken. */
    size_t host = strcspn(user, "/");
    at = memrchr(user, '@', host);
    if (!at)
        at = memrchr(user, '@', strcspn(user, "?"));
    const char *colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
    return colon ? arena_printf(arena, "%.*s%s", (int)(colon - address), address, at) : address;
}

/* Without passwords, the user's and those among the parameters (password, sslpassword):
 * addresses are shown and kept. */
static const char *public_name(const char *address, struct arena *arena)
{
    static const char word[] = "password=";
    if (!is_postgres(address))
        return address;
    char *name = arena_strdup(arena, without_user_password(address, arena));

    char *found = strchr(name, '?');
    for (found = found ? strstr(found, word) : NULL; found; found = strstr(found, word)) {
        char *value = found + sizeof word - 1, *rest = value + strcspn(value, "&");
        memmove(value, rest, strlen(rest) + 1);
        found = value;
    }
    return name;
}

/* How files are written that Strata itself has spooled. */
static const struct ingest_dialect_choice SPOOLED = {.delimiter = ',',
                                                     .point = '.',
                                                     .header = 1,
                                                     .encoding = "UTF-8",
                                                     .skip_said = true,
                                                     .exact = true};

/* What the source is at all shows when it is looked at; what is no text is then spooled
 * and looked at once more. Its content is what the file holds that people gave, its bytes
 * are those to be read. */
static enum status sniff_source(const struct ingest_run *run,
                                const struct ingest_understood *understood,
                                struct ingest_source *source, struct ingest_sniff *sniff,
                                struct ingest_origin *origin, uint64_t *content,
                                struct error *error)
{
    struct ingest_dialect_choice choice = ingest_mapping_dialect(&understood->mapping, run->arena);
    struct ingest_dialect_choice exact = SPOOLED;

    choice.missing = exact.missing = understood->missing;
    source->name = public_name(source->path, run->arena);
    origin->postgres = is_postgres(source->path);
    if (run->options->query && !origin->postgres)
        return error_set(error, STATUS_USAGE, "--query belongs to a postgresql:// address");

    if (origin->postgres || is_pipe(source->path))
        TRY(spool_source(run, source, false, error));

    /* the hash is of what people gave, before anything is spooled: the same workbook is the same
     * again */
    TRY(ingest_sniff_file(source->path, source->name, origin->postgres ? &exact : &choice,
                          run->arena, sniff, error));
    TRY(ingest_hash_file(source->path, content, &source->bytes, error));
    if (sniff->parquet) {
        origin->parquet = true;
        TRY(spool_source(run, source, true, error));
        TRY(ingest_hash_file(source->path, &(uint64_t){0}, &source->bytes, error));
        TRY(ingest_sniff_file(source->path, source->name, &exact, run->arena, sniff, error));
    }

    if (sniff->zip) {
        origin->spreadsheet = true;
        TRY(spool_spreadsheet(run, understood->mapping.sheet, &choice, source, sniff, error));
        TRY(ingest_hash_file(source->path, &(uint64_t){0}, &source->bytes, error));
    }

    source->dialect = sniff->dialect;
    return STATUS_OK;
}

enum status ingest_open_sources(const struct ingest_run *run, struct ingest_understood *understood,
                                struct ingest_shape *shape, struct error *error)
{
    const struct ingest_options *options = run->options;

    /* with --retry the mended rows are sources already */
    if (!shape->source_count) {
        shape->source_count = options->source_count;
        shape->sources = ARENA_ARRAY(run->arena, struct ingest_source, shape->source_count);
        for (size_t i = 0; i < shape->source_count; i++)
            shape->sources[i].path = options->sources[i];
    }

    if (!shape->source_count)
        return error_set(error, STATUS_USAGE, "there is nothing to import: name a file");

    size_t count = shape->source_count;
    uint64_t hash = 0;
    understood->sniffs = ARENA_ARRAY(run->arena, struct ingest_sniff, count);
    understood->origins = ARENA_ARRAY(run->arena, struct ingest_origin, count);
    shape->looks = ARENA_ARRAY(run->arena, struct ingest_look, count);
    shape->source_columns = ARENA_ARRAY(run->arena, struct ingest_source_columns, count);

    /* one hash of all contents in their order: the same files in another order are another
     * import */
    for (size_t i = 0; i < count; i++) {
        uint64_t both[2] = {hash, 0};
        TRY(sniff_source(run, understood, &shape->sources[i], &understood->sniffs[i],
                         &understood->origins[i], &both[1], error));
        hash = text_hash((struct text){(const char *)both, sizeof both});
        shape->looks[i] = understood->sniffs[i].look;
    }

    snprintf(understood->content_hash, sizeof understood->content_hash, "%016llx",
             (unsigned long long)hash);
    return STATUS_OK;
}

enum status ingest_guess_again(const struct ingest_run *run, struct ingest_shape *shape,
                               size_t source, struct error *error)
{
    enum { ENOUGH = 256 << 10 };
    struct ingest_reader reader;
    struct ingest_block block = {0};
    struct buffer lines;
    struct ingest_encoding_look look = {0};
    enum status status = STATUS_OK;

    /* of a file that is ASCII for megabytes, only the lines that are not tell anything */
    buffer_init(&lines, 0);
    ingest_reader_init(&reader, &shape->sources[source], 1);
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

    struct ingest_look *told = &shape->looks[source];
    shape->sources[source].dialect.encoding = look.encoding;
    told->encoding_sure = look.sure;
    told->encoding_rival = look.rival;
    memcpy(told->as_read, look.as_read, sizeof look.as_read);
    memcpy(told->as_rival, look.as_rival, sizeof look.as_rival);
    return STATUS_OK;
}
