/*
 * Columns as narrow as their values: a number is what lies above the column's least, in as few
 * bytes as the greatest of them needs; a text is its code; what is unknown is 0, and a bit says so.
 */
#include "base/bits.h"
#include "population/building.h"

#include <math.h>
#include <stdlib.h>

static bool is_known(const uint64_t *known, size_t row)
{
    return !known || bit_at(known, row);
}

static uint64_t *copy_known(const uint64_t *known, size_t rows)
{
    if (!known)
        return NULL;

    size_t words = words_of(rows), set = 0;

    /* bits behind the last row may be anything: they neither count nor are copied */
    for (size_t w = 0; w < words; w++) {
        uint64_t valid =
            w + 1 < words || rows % 64 == 0 ? UINT64_MAX : ((uint64_t)1 << (rows % 64)) - 1;
        set += (size_t)__builtin_popcountll(known[w] & valid);
    }
    if (set == rows)
        return NULL;

    uint64_t *copy = population_room(words, sizeof *copy);
    memcpy(copy, known, words * sizeof *copy);
    if (rows % 64)
        copy[words - 1] &= ((uint64_t)1 << (rows % 64)) - 1;
    return copy;
}

#define STORE_NARROW(type, expression)          \
    do {                                        \
        type *out_ = values;                    \
        for (size_t row = 0; row < rows; row++) \
            out_[row] = (type)(expression);     \
    } while (0)

static void clear_unknown(struct population_column *column, size_t rows)
{
    if (!column->known || !column->width)
        return;
    for (size_t row = 0; row < rows; row++)
        if (!is_known(column->known, row))
            memset((char *)column->values + row * column->width, 0, column->width);
}

static void narrow_integers(struct population_column *column, const int64_t *in, size_t rows)
{
    int64_t min = INT64_MAX, max = INT64_MIN;
    for (size_t row = 0; row < rows; row++) {
        int64_t value = in[row];
        bool counts = is_known(column->known, row);
        min = counts && value < min ? value : min;
        max = counts && value > max ? value : max;
    }

    if (min > max)
        min = max = 0;
    column->base = min;
    column->max = max;

    /* Above the least value all are small: a column of years takes a byte. A column of one value
     * takes none at all, its base says it. */
    uint64_t base = (uint64_t)min;
    column->width = population_width((uint64_t)max - base);
    if (!column->width)
        return;

    void *values = population_room(rows, column->width);
    column->values = values;
    switch (column->width) {
    case 1: STORE_NARROW(uint8_t, (uint64_t)in[row] - base); break;
    case 2: STORE_NARROW(uint16_t, (uint64_t)in[row] - base); break;
    case 4: STORE_NARROW(uint32_t, (uint64_t)in[row] - base); break;
    default: STORE_NARROW(uint64_t, (uint64_t)in[row] - base); break;
    }
    clear_unknown(column, rows);
}

static enum status narrow_codes(struct population_column *column, const uint32_t *in, size_t rows,
                                size_t code_count, struct error *error)
{
    uint32_t max = 0;
    for (size_t row = 0; row < rows; row++)
        if (is_known(column->known, row) && in[row] > max)
            max = in[row];

    /* 0 may be what stands for unknown where no text has a code yet */
    if (rows && max >= code_count && !(max == 0 && column->known))
        return error_set(error, STATUS_ERROR,
                         "column %s holds the text code %u, but the dictionary has only %zu texts",
                         column->name, max, code_count);

    column->max = max;
    column->width = population_width(max);
    if (!column->width)
        return STATUS_OK;

    void *values = population_room(rows, column->width);
    column->values = values;
    switch (column->width) {
    case 1: STORE_NARROW(uint8_t, in[row]); break;
    case 2: STORE_NARROW(uint16_t, in[row]); break;
    default: STORE_NARROW(uint32_t, in[row]); break;
    }
    clear_unknown(column, rows);
    return STATUS_OK;
}

static int by_code(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Codes of each row sorted and distinct, unknown rows empty. */
static void copy_sets(struct population_column *column, const struct population_input *input,
                      size_t rows)
{
    uint32_t total = input->set_start[rows], used = 0;
    uint32_t *start = population_array(rows + 1, sizeof *start),
             *codes = population_array(total, sizeof *codes);

    for (size_t row = 0; row < rows; row++) {
        uint32_t length =
            is_known(column->known, row) ? input->set_start[row + 1] - input->set_start[row] : 0;

        /* Repetitions make the array shorter than its room: each row moves up to the last. */
        uint32_t *out = codes + used;
        memcpy(out, input->codes + input->set_start[row], length * sizeof *out);
        qsort(out, length, sizeof *out, by_code);
        for (uint32_t i = 0; i < length; i++)
            if (i == 0 || out[i] != codes[used - 1])
                codes[used++] = out[i];
        start[row + 1] = used;
    }

    column->set_start = start;
    column->set_codes = codes;
}

/* Takes knownness from the rows with a number that is none. */
static void forget_nonfinite(struct population_column *column, const double *in, size_t rows,
                             unsigned each)
{
    uint64_t *known = (uint64_t *)column->known;
    for (size_t row = 0; row < rows; row++) {
        if (isfinite(in[row * each]) && isfinite(in[row * each + each - 1]))
            continue;
        if (!known) {
            known = population_array(words_of(rows), sizeof *known);
            bits_set(known, 0, rows);
            column->known = known;
        }
        bit_clear(known, row);
    }
}

static void copy_doubles(struct population_column *column, const double *in, size_t rows,
                         unsigned each)
{
    column->width = each * 8;
    double *values = population_room(rows * each, sizeof *values);
    if (rows)
        memcpy(values, in, rows * each * sizeof *values);
    column->values = values;
    forget_nonfinite(column, in, rows, each);
    clear_unknown(column, rows);
}

static enum status take_column(struct population_builder *builder,
                               const struct population_input *input, size_t rows,
                               struct population_column *out, struct error *error)
{
    *out = (struct population_column){.type = input->type, .scale = input->scale, .refers = -1};
    out->name = arena_strdup(&builder->internal->arena, input->name);
    out->known = copy_known(input->known, rows);
    switch (input->type) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_DECIMAL:
    case VALUE_DATE:
    case VALUE_TIME: narrow_integers(out, input->integers, rows); return STATUS_OK;
    case VALUE_TEXT:
        return narrow_codes(out, input->codes, rows, builder->internal->dictionary.count, error);
    case VALUE_SET: copy_sets(out, input, rows); return STATUS_OK;
    case VALUE_DOUBLE: copy_doubles(out, input->doubles, rows, 1); return STATUS_OK;
    case VALUE_POINT: copy_doubles(out, input->doubles, rows, 2); return STATUS_OK;
    default:
        return error_set(error, STATUS_ERROR, "column %s has the type %s, which is never stored",
                         input->name, value_type_name(input->type));
    }
}

enum status building_take_columns(struct population_builder *builder,
                                  struct population_table *table,
                                  const struct population_input *columns, size_t count,
                                  struct error *error)
{
    struct arena *arena = &builder->internal->arena;
    table->columns = ARENA_ARRAY(arena, struct population_column, count + 1);
    const char **refers = ARENA_ARRAY(arena, const char *, count + 1);
    for (size_t c = 0; c < count; c++) {
        table->column_count = c + 1; /* before it can fail, so that what was taken is freed */
        TRY(take_column(builder, &columns[c], table->rows, &table->columns[c], error));
        refers[c] = columns[c].refers ? arena_strdup(arena, columns[c].refers) : NULL;
    }
    VECTOR_PUSH(&builder->refers, refers);
    return STATUS_OK;
}
