/*
 * Laying tellings over a population. Positions and the order of rows stay, so the new table is the
 * old one in pieces: a piece for every stretch of old rows between two new ones. Where few
 * customers are told something the pieces are long and copying them is all there is to do; columns
 * are handed out to the pool.
 */
#include "population/overlay.h"

#include "base/bits.h"
#include "population/internal.h"

#include <math.h>
#include <stdlib.h>

/* A new row, and before which of the old rows it stands. */
struct insertion {
    uint32_t before;
    uint32_t source, row; /* told[source], its row */
};

struct overlay {
    const struct population *below;
    const struct population_table *from;
    struct population_table *to;
    const struct population_told *told;
    size_t sources;
    struct insertion *insertions; /* in order of rows */
    size_t count;
};

/* ---- where new rows go ---- */

/* Behind the rows of the moment and before. */
static uint32_t place_of(const struct population_table *table, uint32_t position, uint32_t time)
{
    uint32_t row = table->offset[position + 1];
    while (row > table->offset[position] && table->time[row - 1] > time)
        row--;
    return row;
}

/* Customer by customer, and of each the sources in their order. */
static void place_rows(struct overlay *overlay, uint32_t time)
{
    uint32_t customers = overlay->below->customers, *offset = (uint32_t *)overlay->to->offset,
             added = 0;
    uint32_t *start = base_calloc((size_t)customers + 1, sizeof *start);

    /* how many new rows each customer gets, then where the first of them stands, then each in its
     * place */
    for (size_t s = 0; s < overlay->sources; s++)
        for (size_t i = 0; i < overlay->told[s].rows; i++) {
            uint32_t position = overlay->told[s].position[i];
            ENSURE(position < customers && overlay->below->first_time[position] <= time);
            start[position + 1]++;
        }

    for (uint32_t p = 0; p < customers; p++) {
        offset[p] = overlay->from->offset[p] + added;
        added += start[p + 1];
        start[p + 1] = added;
    }

    offset[customers] = overlay->from->offset[customers] + added;
    for (size_t s = 0; s < overlay->sources; s++)
        for (size_t i = 0; i < overlay->told[s].rows; i++) {
            uint32_t position = overlay->told[s].position[i];
            overlay->insertions[start[position]++] = (struct insertion){
                place_of(overlay->from, position, time), (uint32_t)s, (uint32_t)i};
        }

    free(start);
}

/* ---- copying ---- */

static void copy_pieces(const struct overlay *overlay, const void *from_, void *to_, size_t width)
{
    const char *from = from_;
    char *to = to_;
    size_t old = 0;
    for (size_t i = 0; i <= overlay->count; i++) {
        size_t end = i < overlay->count ? overlay->insertions[i].before : overlay->from->rows;
        memcpy(to + (old + i) * width, from + old * width,
               (end - old) * width); /* i new ones before */
        old = end;
    }
}

static void copy_known(const struct overlay *overlay, const uint64_t *from, uint64_t *to)
{
    size_t old = 0;
    for (size_t i = 0; i <= overlay->count; i++) {
        size_t end = i < overlay->count ? overlay->insertions[i].before : overlay->from->rows;
        if (from)
            bits_copy(to, old + i, from, old, end - old);
        else
            bits_set(to, old + i, end - old);
        old = end;
    }
}

/* New rows have no sets. */
static void copy_sets(const struct overlay *overlay, const struct population_column *from,
                      struct population_column *to)
{
    size_t codes = from->set_start[overlay->from->rows], old = 0;
    uint32_t *start = population_array(overlay->to->rows + 1, sizeof *start);
    uint32_t *copy = population_room(codes, sizeof *copy);
    if (codes)
        memcpy(copy, from->set_codes, codes * sizeof *copy);

    /* A new row begins, and ends, where the old row behind it begins. */
    copy_pieces(overlay, from->set_start, start, sizeof *start);
    for (size_t i = 0; i < overlay->count; i++) {
        old = overlay->insertions[i].before;
        start[old + i] = from->set_start[old];
    }

    start[overlay->to->rows] = (uint32_t)codes;
    to->set_start = start;
    to->set_codes = copy;
}

/* ---- columns ---- */

static const struct population_input *input_of(const struct overlay *overlay, uint32_t source,
                                               const char *name)
{
    const struct population_told *told = &overlay->told[source];
    for (size_t c = 0; c < told->column_count; c++)
        if (strcmp(told->columns[c].name, name) == 0)
            return &told->columns[c];
    return NULL;
}

static bool is_told(const struct population_input *input, size_t row)
{
    return input && (!input->known || bit_at(input->known, row)) &&
           (!input->doubles || isfinite(input->doubles[row]));
}

static int64_t integer_of(const struct population_input *input, size_t row)
{
    return input->codes ? (int64_t)input->codes[row] : input->integers[row];
}

static void store(struct population_column *column, size_t row, uint64_t value)
{
    switch (column->width) {
    case 1: ((uint8_t *)column->values)[row] = (uint8_t)value; break;
    case 2: ((uint16_t *)column->values)[row] = (uint16_t)value; break;
    case 4: ((uint32_t *)column->values)[row] = (uint32_t)value; break;
    case 8: ((uint64_t *)column->values)[row] = value; break;
    default: break;
    }
}

/* The bounds of old and new values together, and the width they need. */
static void widen(const struct overlay *overlay, const struct population_input *const *inputs,
                  struct population_column *to)
{
    int64_t least = to->base, most = to->max;
    for (size_t i = 0; i < overlay->count; i++) {
        const struct insertion *new = &overlay->insertions[i];
        if (!is_told(inputs[new->source], new->row))
            continue;
        int64_t value = integer_of(inputs[new->source], new->row);
        least = value < least ? value : least;
        most = value > most ? value : most;
    }

    /* codes begin at 0: the base of a text column means nothing */
    to->base = to->type == VALUE_TEXT ? 0 : least;
    to->max = most;
    uint64_t range = (uint64_t)most - (uint64_t)to->base;
    to->width = population_width(range);
}

/* Old rows in another width or above another base. Unknown ones stay 0. */
static void convert_pieces(const struct overlay *overlay, const struct population_column *from,
                           struct population_column *to)
{
    uint64_t higher = (uint64_t)from->base - (uint64_t)to->base;
    size_t next = 0;

    for (size_t row = 0; row < overlay->from->rows; row++) {
        while (next < overlay->count && overlay->insertions[next].before <= row)
            next++;
        if (!from->known || bit_at(from->known, row))
            store(to, row + next, population_stored(from, row) + higher);
    }
}

static void put_new(const struct overlay *overlay, const struct population_input *const *inputs,
                    struct population_column *to)
{
    /* What is not told stays 0 and unknown, as the arrays were made. */
    uint64_t *known = (uint64_t *)to->known;
    for (size_t i = 0; i < overlay->count; i++) {
        const struct insertion *new = &overlay->insertions[i];
        size_t row = (size_t) new->before + i;
        const struct population_input *input = inputs[new->source];
        if (!is_told(input, new->row))
            continue;
        if (known)
            bit_set(known, row);
        if (to->type == VALUE_DOUBLE)
            ((double *)to->values)[row] = input->doubles[new->row];
        else
            store(to, row, (uint64_t)integer_of(input, new->row) - (uint64_t)to->base);
    }
}

static bool all_told(const struct overlay *overlay, const struct population_input *const *inputs)
{
    for (size_t i = 0; i < overlay->count; i++)
        if (!is_told(inputs[overlay->insertions[i].source], overlay->insertions[i].row))
            return false;
    return true;
}

static void make_column(void *context, size_t c, int worker)
{
    const struct overlay *overlay = context;
    const struct population_column *from = &overlay->from->columns[c];
    struct population_column *to = &overlay->to->columns[c];
    size_t rows = overlay->to->rows;
    const struct population_input **inputs = base_calloc(overlay->sources + 1, sizeof *inputs);

    for (size_t s = 0; s < overlay->sources; s++)
        inputs[s] = input_of(overlay, (uint32_t)s, from->name);

    *to = *from;
    to->values = to->known = NULL;
    if (from->type == VALUE_SET)
        copy_sets(overlay, from, to);
    if (from->type == VALUE_INT || from->type == VALUE_DECIMAL || from->type == VALUE_TEXT)
        widen(overlay, inputs, to);

    /* known only by exception: without unknown rows, old or new, there is no bitmap */
    if (from->known || !all_told(overlay, inputs)) {
        to->known = population_array(words_of(rows), sizeof(uint64_t));
        copy_known(overlay, from->known, (uint64_t *)to->known);
    }

    if (to->width)
        to->values = population_array(rows, to->width);
    if (to->width && to->width == from->width && to->base == from->base)
        copy_pieces(overlay, from->values, (void *)to->values, to->width);
    else if (to->width)
        convert_pieces(overlay, from, to);

    put_new(overlay, inputs, to);
    free(inputs);
}

/* ---- the whole ---- */

static enum status check(const struct population_table *table, const struct population_told *told,
                         size_t count, struct error *error)
{
    size_t rows = table->rows;

    for (size_t s = 0; s < count; s++)
        rows += told[s].rows;
    if (rows > UINT32_MAX - 1)
        return error_set(error, STATUS_LIMIT,
                         "%s would have %zu rows; at most 4,294,967,294 fit into one kind",
                         table->name, rows);

    for (size_t s = 0; s < count; s++)
        for (size_t c = 0; c < told[s].column_count; c++) {
            const struct population_input *input = &told[s].columns[c];
            int index = population_column_index(table, input->name);
            if (index >= 0 && (table->columns[index].type != input->type ||
                               table->columns[index].scale != input->scale))
                return error_set(error, STATUS_ERROR, "%s is told as another type than it is",
                                 input->name);
        }
    return STATUS_OK;
}

static struct population *share(const struct population *below)
{
    struct population *population = base_malloc(sizeof *population);
    *population = *below;
    population->below = below;
    population->own_table = SIZE_MAX;
    population->own_lists = 0;
    population->serial = population_next_serial();
    return population;
}

static struct population *share_but_table(const struct population *below, size_t table)
{
    struct population *population = share(below);
    population->own_table = table;
    population->tables = base_malloc((below->table_count + 1) * sizeof *population->tables);
    memcpy(population->tables, below->tables, below->table_count * sizeof *population->tables);
    return population;
}

static void make_table(struct overlay *overlay, uint32_t time, struct pool *pool)
{
    struct population_table *to = overlay->to;

    uint32_t *times = population_room(to->rows, sizeof *times);
    to->offset = population_room((size_t)overlay->below->customers + 1, sizeof *to->offset);
    to->time = times;
    place_rows(overlay, time);

    copy_pieces(overlay, overlay->from->time, times, sizeof *times);
    for (size_t i = 0; i < overlay->count; i++)
        times[overlay->insertions[i].before + i] = time;
    pool_run(pool, to->column_count, make_column, overlay);
}

enum status population_over(const struct population *below, const char *table, uint32_t time,
                            const struct population_told *told, size_t count, struct pool *pool,
                            struct population **out, struct error *error)
{
    int index = population_table_index(below, table);
    if (index < 0)
        return error_set(error, STATUS_NOT_FOUND, "the population has no %s", table);
    const struct population_table *from = &below->tables[index];
    TRY(check(from, told, count, error));

    struct population *population = share_but_table(below, (size_t)index);
    struct population_table *to = &population->tables[index];
    struct overlay overlay = {
        .below = below, .from = from, .to = to, .told = told, .sources = count};
    for (size_t s = 0; s < count; s++)
        overlay.count += told[s].rows;
    overlay.insertions = base_malloc((overlay.count + 1) * sizeof *overlay.insertions);
    *to = (struct population_table){.name = from->name,
                                    .role = from->role,
                                    .rows = from->rows + overlay.count,
                                    .columns =
                                        base_calloc(from->column_count + 1, sizeof *to->columns),
                                    .column_count = from->column_count};

    /* what follows from rows and times (last moments, blocks) is found anew: that is one pass */
    make_table(&overlay, time, pool);
    free(overlay.insertions);
    enum status status = population_describe(to, below->customers, pool, error);
    if (status == STATUS_OK)
        *out = population;
    else
        population_free(population);
    return status;
}

/* ---- lists ---- */

static bool is_among(const struct population_list *lists, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(lists[i].name, name) == 0)
            return true;
    return false;
}

struct population *population_with_lists(const struct population *below,
                                         const struct population_list *lists, size_t count)
{
    struct population *population = share(below);
    population->lists = base_calloc(count + below->list_count + 1, sizeof *lists);
    population->own_lists = count;
    population->list_count = count;
    if (count)
        memcpy(population->lists, lists, count * sizeof *lists);

    for (size_t i = 0; i < below->list_count; i++)
        if (!is_among(lists, count, below->lists[i].name))
            population->lists[population->list_count++] = below->lists[i];
    return population;
}
