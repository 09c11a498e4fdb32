/* What an import is told, by the names of the command line's options: the mapping's own
 * table says most of them, and the one here what does not belong to a mapping. */
#include "ingest/ingest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum option_form { OPTION_TEXT, OPTION_YES, OPTION_NUMBER };

static const struct option {
    const char *name;
    enum option_form form;
    size_t offset; /* in struct ingest_options */
} options[] = {
    {"query", OPTION_TEXT, offsetof(struct ingest_options, query)},
    {"mapping", OPTION_TEXT, offsetof(struct ingest_options, mapping_file)},
    {"save-mapping", OPTION_TEXT, offsetof(struct ingest_options, save_mapping)},
    {"rejects", OPTION_TEXT, offsetof(struct ingest_options, rejects)},
    {"max-rejects", OPTION_TEXT, offsetof(struct ingest_options, max_rejects)},
    {"retry", OPTION_TEXT, offsetof(struct ingest_options, retry)},
    {"replace", OPTION_NUMBER, offsetof(struct ingest_options, replace)},
    {"again", OPTION_YES, offsetof(struct ingest_options, again)},
    {"dry-run", OPTION_YES, offsetof(struct ingest_options, dry_run)},
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

static const struct option *find_option(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

bool ingest_option_known(const char *name)
{
    return find_option(name) || ingest_mapping_has(name);
}

static enum status unknown(const char *name, struct error *error)
{
    enum { MOST = 64 }; /* a mapping has thirty */
    const char *names[MOST];
    struct arena arena;
    arena_init(&arena, 0);
    size_t count = ingest_mapping_names(&arena, names, MOST - OPTION_COUNT);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        names[count++] = options[i].name;
    enum status status = error_set(error, STATUS_USAGE, "an import has no option '%s'", name);
    int nearest = text_nearest(name, names, count);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", names[nearest]);
    arena_release(&arena);
    return status;
}

static enum status read_number(const char *name, const char *value, uint32_t *out,
                               struct error *error)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (errno || end == value || *end || *value == '-' || number > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "--%s takes a whole number, not '%s'", name, value);
    *out = (uint32_t)number;
    return STATUS_OK;
}

enum status ingest_option_set(struct ingest_options *into, const char *name, const char *value,
                              struct arena *arena, struct error *error)
{
    const struct option *option = find_option(name);
    if (!option && !ingest_mapping_has(name))
        return unknown(name, error);
    if (!option)
        return ingest_mapping_set(&into->mapping, name, value, arena, error);
    char *at = (char *)into + option->offset;
    if (option->form == OPTION_YES)
        return ingest_read_switch(name, value, (bool *)at, error);
    if (!value)
        return error_set(error, STATUS_USAGE, "--%s needs a value", name);
    if (option->form == OPTION_NUMBER)
        return read_number(name, value, (uint32_t *)at, error);
    *(const char **)at = arena_strdup(arena, value);
    return STATUS_OK;
}
