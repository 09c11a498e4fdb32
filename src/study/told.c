/*
 * Scores in the form in which they are told: made from what a type computed, held against what the
 * store says already, and as an overlay takes them.
 */
#include "study/told.h"
#include "base/bits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- from scores ---- */

static int whole_digits(const struct score *score, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(score->number[i]) && fabs(score->number[i]) > largest)
            largest = fabs(score->number[i]);
    return largest < 1 ? 0 : (int)floor(log10(largest)) + 1;
}

static void take_numbers(const struct score *score, size_t count, struct arena *arena,
                         struct told_column *out)
{
    double power = pow(10, score->type == VALUE_DECIMAL ? score->scale : 0);
    for (size_t i = 0; i < count; i++)
        out->known[i / 64] |= (uint64_t)!isnan(score->number[i]) << (i % 64);
    if (score->type == VALUE_DOUBLE) {
        out->doubles = score->number;
        return;
    }
    out->whole_digits = whole_digits(score, count);
    out->integers = ARENA_ARRAY(arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!isnan(score->number[i]))
            out->integers[i] = (int64_t)llround(score->number[i] * power);
}

/* Codes that a population gave by itself, to texts that came without, are not the store's: they lie
 * behind all of those. */
static void take_labels(const struct score *score, size_t count,
                        const struct population *population, uint64_t limit, struct arena *arena,
                        struct told_column *out)
{
    out->label = score->label;
    out->labels = score->labels;
    out->label_count = score->label_count;
    out->codes = ARENA_ARRAY(arena, uint32_t, score->label_count + 1);
    for (size_t i = 0; i < count; i++)
        out->known[i / 64] |= (uint64_t)(score->label[i] != UINT32_MAX) << (i % 64);
    for (uint32_t i = 0; i < score->label_count; i++) {
        uint32_t code = population_code(population, text_from(score->labels[i]));
        out->codes[i] = code < limit ? code : POPULATION_NO_CODE;
    }
}

enum status told_new(struct work *work, struct told *out, struct error *error)
{
    struct study_model *model = work->model;
    struct arena *arena = work->arena;
    uint64_t limit;

    TRY(catalog_counter(store_catalog(session_store(work->session)), CATALOG_NEXT_CODE, &limit,
                        error));

    model->traits = ARENA_ARRAY(arena, const char *, work->score_count + 1);
    model->trait_count = work->score_count;
    *out = (struct told){.model = model,
                         .moment = work->moment->now,
                         .scored = work->count,
                         .count = work->count,
                         .number = work->population ? work->population->number : NULL,
                         .position = work->position,
                         .columns = ARENA_ARRAY(arena, struct told_column, work->score_count + 1),
                         .column_count = work->score_count,
                         .coded = true};

    /* A text the store has no code for yet makes them all wait for the store: nobody else could
     * read its code. */
    for (size_t s = 0; s < work->score_count; s++) {
        const struct score *score = &work->scores[s];
        struct told_column *column = &out->columns[s];
        model->traits[s] = arena_printf(arena, "%s.%s", model->name, score->trait);
        *column = (struct told_column){.name = model->traits[s], .type = score->type};
        column->scale = score->type == VALUE_DECIMAL ? score->scale : 0;
        column->known = ARENA_ARRAY(arena, uint64_t, work->count / 64 + 1);
        if (score->type == VALUE_TEXT)
            take_labels(score, work->count, work->population, limit, arena, column);
        else
            take_numbers(score, work->count, arena, column);
        for (uint32_t i = 0; i < column->label_count; i++)
            out->coded &= column->codes[i] != POPULATION_NO_CODE;
    }

    return STATUS_OK;
}

void told_release(struct told *told)
{
    bitmap_free(told->same);
    told->same = NULL;
}

/* ---- what the store says already ---- */

struct comparing {
    struct told *told;
    const struct population_table *table;
    const struct population_column **stored; /* by told column */
};

enum { COMPARE_CHUNK = 4096 };

/* The last telling of the column in [from, to), or POPULATION_NO_ROW. */
static uint32_t last_known(const struct population_column *column, uint32_t from, uint32_t to)
{
    if (!column->known)
        return to > from ? to - 1 : POPULATION_NO_ROW;
    while (to-- > from)
        if (bit_at(column->known, to))
            return to;
    return POPULATION_NO_ROW;
}

/* A number that is none is never known, and -0 is not 0. */
static bool is_same(const struct told_column *column, size_t row,
                    const struct population_column *stored, uint32_t at)
{
    bool known =
        bit_at(column->known, row) && !(column->doubles && !isfinite(column->doubles[row]));
    if (!known || at == POPULATION_NO_ROW)
        return !known && at == POPULATION_NO_ROW;
    struct population_value value = population_get(stored, at);
    if (column->type == VALUE_DOUBLE)
        return value.number == column->doubles[row];
    return value.integer ==
           (column->label ? (int64_t)column->codes[column->label[row]] : column->integers[row]);
}

static void compare_chunk(void *context, size_t chunk, int worker)
{
    const struct comparing *comparing = context;
    const struct told *told = comparing->told;
    const struct population_table *table = comparing->table;
    size_t end =
        (chunk + 1) * COMPARE_CHUNK < told->count ? (chunk + 1) * COMPARE_CHUNK : told->count;
    for (size_t row = chunk * COMPARE_CHUNK; row < end; row++) {
        uint32_t from = table->offset[told->position[row]],
                 to = table->offset[told->position[row] + 1];
        while (to > from && table->time[to - 1] > told->moment)
            to--;
        for (size_t c = 0; c < told->column_count; c++) {
            struct told_column *column = &told->columns[c];
            uint32_t at = last_known(comparing->stored[c], from, to);
            column->fresh[row / 64] |= (uint64_t)!is_same(column, row, comparing->stored[c], at)
                                       << (row % 64);
        }
    }
}

static void move_bit(uint64_t *bits, size_t to, size_t from)
{
    uint64_t value = bit_at(bits, from);
    bits[to / 64] = (bits[to / 64] & ~(UINT64_C(1) << (to % 64))) | value << (to % 64);
}

static void move_row(struct told *told, size_t to, size_t from)
{
    told->position[to] = told->position[from];
    for (size_t c = 0; c < told->column_count; c++) {
        struct told_column *column = &told->columns[c];
        move_bit(column->known, to, from);
        move_bit(column->fresh, to, from);
        if (column->integers)
            column->integers[to] = column->integers[from];
        if (column->doubles)
            column->doubles[to] = column->doubles[from];
        if (column->label)
            column->label[to] = column->label[from];
    }
}

void told_leave_same(struct told *told, const struct population *population, struct pool *pool,
                     struct arena *arena)
{
    const struct population_table *table =
        &population->tables[population_table_index(population, SCHEMA_TRAIT_TABLE)];
    struct comparing comparing = {
        told, table, ARENA_ARRAY(arena, const struct population_column *, told->column_count + 1)};

    for (size_t c = 0; c < told->column_count; c++) {
        comparing.stored[c] =
            &table->columns[population_column_index(table, told->columns[c].name)];
        told->columns[c].fresh = ARENA_ARRAY(arena, uint64_t, told->count / 64 + 1);
    }

    /* by chunks of whole words of the bitmaps, so that threads do not share one */
    pool_run(pool, (told->count + COMPARE_CHUNK - 1) / COMPARE_CHUNK, compare_chunk, &comparing);

    /* Who says something new moves up over those who do not; these are remembered, as they are
     * scored all the same. */
    uint32_t *same = base_malloc((told->count + 1) * sizeof *same);
    size_t kept = 0, left = 0;
    for (size_t row = 0; row < told->count; row++) {
        bool fresh = false;
        for (size_t c = 0; c < told->column_count; c++)
            fresh |= bit_at(told->columns[c].fresh, row);
        if (fresh)
            move_row(told, kept++, row);
        else
            same[left++] = (uint32_t)told->number[told->position[row]];
    }

    told->count = kept;
    if (left)
        told->same = bitmap_from_numbers(same, left);
    free(same);
}

/* ---- as an overlay ---- */

static bool is_named(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* The rows that say something new of these columns; NULL of `fresh`: all do. */
static size_t pick_rows(const struct told *told, const struct told_column *const *columns,
                        size_t count, uint32_t *rows)
{
    size_t picked = 0;
    for (size_t row = 0; row < told->count && count; row++) {
        bool fresh = false;
        for (size_t c = 0; c < count; c++)
            fresh |= !columns[c]->fresh || bit_at(columns[c]->fresh, row);
        if (fresh)
            rows[picked++] = (uint32_t)row;
    }
    return picked;
}

static struct population_input input_of(const struct told_column *column, const uint32_t *rows,
                                        size_t count, struct arena *arena)
{
    uint64_t *known = ARENA_ARRAY(arena, uint64_t, count / 64 + 1);
    int64_t *integers = column->integers ? ARENA_ARRAY(arena, int64_t, count + 1) : NULL;
    double *doubles = column->doubles ? ARENA_ARRAY(arena, double, count + 1) : NULL;
    uint32_t *codes = column->label ? ARENA_ARRAY(arena, uint32_t, count + 1) : NULL;
    for (size_t i = 0; i < count; i++) {
        known[i / 64] |= (uint64_t)bit_at(column->known, rows[i]) << (i % 64);
        if (integers)
            integers[i] = column->integers[rows[i]];
        if (doubles)
            doubles[i] = column->doubles[rows[i]];
        if (codes && bit_at(column->known, rows[i]))
            codes[i] = column->codes[column->label[rows[i]]];
    }
    return (struct population_input){.name = column->name,
                                     .type = column->type,
                                     .scale = column->scale,
                                     .integers = integers,
                                     .doubles = doubles,
                                     .codes = codes,
                                     .known = known};
}

void told_overlay(const struct told *told, const char *const *names, struct arena *arena,
                  struct population_told *out)
{
    const struct told_column **columns =
        ARENA_ARRAY(arena, const struct told_column *, told->column_count + 1);
    struct population_input *inputs =
        ARENA_ARRAY(arena, struct population_input, told->column_count + 1);
    uint32_t *rows = ARENA_ARRAY(arena, uint32_t, told->count + 1);
    uint32_t *position = ARENA_ARRAY(arena, uint32_t, told->count + 1);
    size_t count = 0;
    for (size_t c = 0; c < told->column_count; c++)
        if (is_named(names, told->columns[c].name))
            columns[count++] = &told->columns[c];

    size_t picked = pick_rows(told, columns, count, rows);
    for (size_t i = 0; i < picked; i++)
        position[i] = told->position[rows[i]];
    for (size_t c = 0; c < count; c++)
        inputs[c] = input_of(columns[c], rows, picked, arena);
    *out = (struct population_told){
        .rows = picked, .position = position, .columns = inputs, .column_count = count};
}
