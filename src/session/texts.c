/*
 * A segment that asks for a text which no customer has is empty for ever and breaks no rule: land =
 * 'schweiz' where all have 'Schweiz'. Whoever writes one is told, with the nearest text there is.
 */
#include "base/bits.h"
#include "session/internal.h"

#include "segment/texts.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 10000 }; /* more different ones are names or keys, and a near one is chance */

struct texts {
    const struct population *population;
    const struct population_table *traits;
    struct arena *arena;
    struct segment_problems *problems;
    const char *place;
};

/* The different texts of a column, the first TEXTS_MAX of them; *has: one of all is the one asked
 * for, and then the others were not looked for. */
static const char **different(const struct texts *texts, const struct population_column *column,
                              uint32_t wanted, size_t *count, bool *has)
{
    const char **names = ARENA_ARRAY(texts->arena, const char *, TEXTS_MAX);

    uint64_t *seen = base_calloc(texts->population->code_count / 64 + 1, sizeof *seen);
    *count = 0;
    *has = false;

    for (size_t row = 0; row < texts->traits->rows && !*has; row++) {
        struct population_value value = population_get(column, row);
        uint64_t code = (uint64_t)value.integer;
        if (!value.known || bit_at(seen, code))
            continue;
        /* Each text once, by its code: a column of millions has few. */
        bit_set(seen, code);
        *has = code == wanted;
        struct text text = population_text(texts->population, (uint32_t)code);
        if (*count < TEXTS_MAX)
            names[(*count)++] = arena_strndup(texts->arena, text.data, text.length);
    }
    free(seen);
    return names;
}

static void check_text(const struct segment_told_text *test, void *context)
{
    struct texts *texts = context;
    int index = population_column_index(texts->traits, test->trait);
    if (index < 0 || texts->traits->columns[index].type != VALUE_TEXT)
        return;

    size_t count;
    bool has;
    uint32_t code = population_code(texts->population, test->text);
    const char **names = different(texts, &texts->traits->columns[index], code, &count, &has);
    if (has)
        return;

    const char *wanted = arena_strndup(texts->arena, test->text.data, test->text.length),
               *hint = "";

    /* Where there are too many the nearest one would be chance. */
    int nearest = count < TEXTS_MAX ? text_nearest(wanted, names, count) : -1;
    if (nearest >= 0)
        hint = arena_printf(texts->arena, "did you mean '%s'?", names[nearest]);
    session_add_note(texts->problems, texts->arena, texts->place,
                     arena_printf(texts->arena, "no customer has %s = '%s'", test->trait, wanted),
                     hint);
}

void session_check_texts(const struct population *population, const struct segment_set *set,
                         struct arena *arena, struct segment_problems *problems)
{
    int table = population_table_index(population, SCHEMA_TRAIT_TABLE);
    if (table < 0)
        return;
    struct texts texts = {population, &population->tables[table], arena, problems, NULL};
    for (int s = 0; s < set->segment_count; s++) {
        const struct segment_definition *segment = &set->segments[s];
        texts.place = arena_strdup(arena, segment->file);
        if (segment->condition && strcmp(segment->file, SEGMENT_SAVED_FILE) != 0)
            segment_text_tests(segment->condition, check_text, &texts);
    }
}
