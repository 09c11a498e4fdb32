/*
 * Static lists: files of identifiers, copied into the store when the definitions that name them are
 * applied. From then on the copy counts, whatever becomes of the file: a list is what it was when
 * somebody said so.
 */
#include "base/bits.h"
#include "session/internal.h"

#include "population/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_MIB_MAX = 512 };

static enum status read_whole(const char *path, struct arena *arena, struct text *out,
                              struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_system(error, errno, "cannot read the list %s", path);

    struct buffer content;
    char piece[1 << 16];
    buffer_init(&content, LIST_MIB_MAX << 20); /* bytes */
    for (size_t got = sizeof piece; got > 0;) {
        got = fread(piece, 1, sizeof piece, file);
        buffer_add(&content, piece, got);
    }

    enum status status = STATUS_OK;
    if (ferror(file))
        status = error_system(error, errno, "cannot read the list %s", path);
    else if (content.cut)
        status =
            error_set(error, STATUS_ERROR, "the list %s is larger than %d MB", path, LIST_MIB_MAX);
    else
        *out = (struct text){buffer_copy(&content, arena), content.length};
    buffer_release(&content);
    fclose(file);
    return status;
}

/* The first field of each line, quotes taken off; a first line `customer` or the like is a heading
 * when no digit is in it and the second line has one. */
static struct text first_field(struct text line)
{
    line = text_trim(line);
    if (line.length && line.data[0] == '"') {
        const char *end = memchr(line.data + 1, '"', line.length - 1);
        if (end)
            return (struct text){line.data + 1, (size_t)(end - line.data) - 1};
    }

    size_t length = 0;
    while (length < line.length && !strchr(",;\t", line.data[length]))
        length++;
    return text_trim((struct text){line.data, length});
}

static bool has_digit(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= '0' && text.data[i] <= '9')
            return true;
    return false;
}

static void split_list(struct text content, struct arena *arena, struct catalog_list *list)
{
    /* As many lines as there may be identifiers; empty ones and a heading are none. */
    size_t lines = 1;
    for (size_t i = 0; i < content.length; i++)
        lines += content.data[i] == '\n';
    struct text *identifiers = ARENA_ARRAY(arena, struct text, lines);

    /* Spreadsheets put a mark of the byte order in front. */
    if (content.length >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0)
        content = (struct text){content.data + 3, content.length - 3};

    while (content.length) {
        const char *end = memchr(content.data, '\n', content.length);
        size_t length = end ? (size_t)(end - content.data) : content.length;
        struct text field = first_field((struct text){content.data, length});
        if (field.length)
            identifiers[list->count++] = field;
        length += end != NULL;
        content = (struct text){content.data + length, content.length - length};
    }

    if (list->count > 1 && !has_digit(identifiers[0]) && has_digit(identifiers[1])) {
        identifiers++;
        list->count--;
    }
    list->identifiers = identifiers;
}

/* Relative paths start from the folder of the file that defines the list. */
static const char *list_path(const char *path, const char *base, struct arena *arena)
{
    const char *slash = strrchr(base, '/');
    if (path[0] == '/' || !slash)
        return path;
    return arena_printf(arena, "%.*s/%s", (int)(slash - base), base, path);
}

static bool is_saved(const struct catalog_list *saved, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(saved[i].name, name) == 0)
            return true;
    return false;
}

static bool is_named(const struct segment_set *set, const char *name)
{
    for (int i = 0; i < set->list_count; i++)
        if (strcmp(set->lists[i], name) == 0)
            return true;
    return false;
}

/* A file that is gone is no mistake when its copy is in the store already: an export can be applied
 * anywhere. */
static enum status read_list(const char *path, bool saved, struct catalog_list *list, bool *keep,
                             struct arena *arena, struct error *error)
{
    struct text content;
    *keep = saved && access(path, F_OK) != 0;
    if (*keep)
        return STATUS_OK;
    TRY(read_whole(path, arena, &content, error));
    split_list(content, arena, list);
    if (!list->count)
        return error_set(error, STATUS_ERROR, "the list %s holds no identifier", path);
    return STATUS_OK;
}

enum status session_read_lists(struct session *session, struct arena *arena,
                               struct session_apply *apply, struct error *error)
{
    const struct segment_set *set = apply->set;
    struct catalog_list *saved;
    size_t saved_count;

    TRY(catalog_lists(store_catalog(session->store), arena, &saved, &saved_count, error));
    apply->lists = ARENA_ARRAY(arena, struct catalog_list, (size_t)set->list_count + 1);
    for (int i = 0; i < set->list_count; i++) {
        bool keep, known = is_saved(saved, saved_count, set->lists[i]);
        if (known && strcmp(set->list_sources[i], SEGMENT_SAVED_FILE) == 0)
            continue; /* not in these sources: its copy in the store stays */
        struct catalog_list *list = &apply->lists[apply->list_count];
        *list = (struct catalog_list){.name = set->lists[i], .saved = session_now(session)};
        list->source = list_path(set->list_files[i], set->list_sources[i], arena);
        TRY(read_list(list->source, known, list, &keep, arena, error));
        apply->list_count += !keep;
    }

    /* Saved lists that nobody names any more go with the definitions that did. */
    apply->removed_lists = ARENA_ARRAY(arena, const char *, saved_count + 1);
    for (size_t i = 0; i < saved_count; i++)
        if (!is_named(set, saved[i].name))
            apply->removed_lists[apply->removed_list_count++] = saved[i].name;
    return STATUS_OK;
}

size_t session_list_known(const struct population *population, const struct catalog_list *list)
{
    uint32_t position;
    size_t known = 0;
    for (size_t i = 0; i < list->count; i++)
        known += population_find(population, list->identifiers[i], &position);
    return known;
}

static void note_unknown(const struct population *population, const struct catalog_list *list,
                         size_t unknown, struct arena *arena, struct segment_problems *problems)
{
    enum { NAMED = 2 };
    struct buffer names;
    struct error why = {0};
    uint32_t position;
    size_t named = 0;

    buffer_init(&names, 0);
    for (size_t i = 0; i < list->count && named < NAMED; i++) {
        struct text id = list->identifiers[i];
        if (population_find(population, id, &position))
            continue;

        /* Only for the first: proposing takes a look at every identifier. */
        if (named == 0)
            (void)!session_find_customer(population, arena_strndup(arena, id.data, id.length),
                                         &position, &why);
        buffer_printf(&names, "%s%.*s", named++ ? ", " : "", (int)id.length, id.data);
    }

    session_add_note(
        problems, arena, list->source,
        arena_printf(arena, "%zu of the %zu identifiers in the list %s %s no customer: %s%s",
                     unknown, list->count, list->name, unknown == 1 ? "is" : "are", names.data,
                     unknown > NAMED ? ", …" : ""),
        text_starts(text_from(why.hint), text_from("did you mean")) ? arena_strdup(arena, why.hint)
                                                                    : "");
    buffer_release(&names);
}

void session_check_lists(const struct population *population, struct session_apply *apply,
                         struct arena *arena)
{
    for (size_t i = 0; i < apply->list_count; i++) {
        size_t known = session_list_known(population, &apply->lists[i]);
        if (known < apply->lists[i].count)
            note_unknown(population, &apply->lists[i], apply->lists[i].count - known, arena,
                         &apply->problems);
    }
}

static uint64_t *list_members(const struct population *population, const struct catalog_list *list)
{
    uint64_t *members = base_calloc(population->customers / 64 + 1, sizeof *members);
    uint32_t position;
    for (size_t i = 0; i < list->count; i++)
        if (population_find(population, list->identifiers[i], &position))
            bit_set(members, position);
    return members;
}

struct population *session_with_lists(const struct population *population,
                                      const struct catalog_list *lists, size_t count)
{
    struct population_list *read = base_calloc(count + 1, sizeof *read);
    for (size_t i = 0; i < count; i++)
        read[i] = (struct population_list){lists[i].name, list_members(population, &lists[i])};

    struct population *over = population_with_lists(population, read, count);
    free(read);
    return over;
}
