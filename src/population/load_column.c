/*
 * Loading one column. What its parts say of their least and largest values is known before a row is
 * read, so the column is made as narrow as it stays, and every value is written once: a chunk's
 * values are narrowed one after the other, which is vector work in the nearest cache, and then
 * copied in runs to their final rows. Unknown values are stored as 0; the bitmap that marks them is
 * made when the first one comes.
 *
 * Two sorts of columns are not that simple. Texts without codes get provisional ones while they are
 * read, and sets arrive in whichever order threads meet them; both are put right when everything is
 * there.
 *
 * A column that some part lacks is sparse: its rows begin unknown, and parts without it are not
 * asked for it. Traits are many columns and many parts, each telling a few of them.
 */
#include "base/bits.h"
#include "population/internal.h"
#include "population/loading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void inlet_init(struct inlet *inlet, const struct schema_column *column)
{
    inlet->column = column;
    inlet->least = INT64_MAX;
    inlet->most = INT64_MIN;
    pthread_mutex_init(&inlet->mutex, NULL);
}

void inlet_release(struct inlet *inlet)
{
    free((void *)inlet->out.values);
    free(atomic_load(&inlet->known));
    free((void *)inlet->out.known);
    free((void *)inlet->out.set_start);
    free((void *)inlet->out.set_codes);
    free(inlet->wide);
    free(inlet->set_at);
    free(inlet->set_length);
    pthread_mutex_destroy(&inlet->mutex);
}

bool inlet_is_ranged(const struct inlet *inlet)
{
    switch (inlet->column->type) {
    case VALUE_DOUBLE:
    case VALUE_POINT:
    case VALUE_SET: return false;
    case VALUE_TEXT: return !inlet->numbering;
    default: return true;
    }
}

static unsigned width_of(const struct inlet *inlet)
{
    uint64_t range =
        inlet->least > inlet->most ? 0 : (uint64_t)inlet->most - (uint64_t)inlet->out.base;
    return population_width(range);
}

/* Rows that nobody writes are unknown ones, which are stored as 0. */
static void *room_for(const struct inlet *inlet, size_t rows, size_t size)
{
    return inlet->sparse ? population_array(rows, size) : population_room(rows, size);
}

void inlet_open(struct inlet *inlet, size_t rows)
{
    const struct schema_column *column = inlet->column;
    struct population_column *out = &inlet->out;

    inlet->rows = rows;
    *out = (struct population_column){
        .name = column->name, .type = column->type, .scale = column->scale, .refers = -1};

    if (inlet->sparse)
        atomic_store(&inlet->known, population_array(words_of(rows), sizeof(uint64_t)));

    /* what no part says the range of is held wide until all has been read: sets, and texts without
     * codes */
    if (column->type == VALUE_SET) {
        inlet->set_at = population_array(rows + 1, sizeof *inlet->set_at);
        inlet->set_length = population_array(rows + 1, sizeof *inlet->set_length);
    } else if (!inlet_is_ranged(inlet) && column->type == VALUE_TEXT) {
        inlet->wide = room_for(inlet, rows, sizeof *inlet->wide);
    } else if (inlet_is_ranged(inlet)) {
        bool any = inlet->least <= inlet->most;
        out->base = any && column->type != VALUE_TEXT ? inlet->least : 0;
        out->max = any ? inlet->most : 0;
        out->width = width_of(inlet);
    } else {
        out->width = column->type == VALUE_POINT ? 16 : 8;
    }

    if (out->width)
        out->values = room_for(inlet, rows, out->width);
}

/* ---- unknown values ---- */

static _Atomic uint64_t *known_of(struct inlet *inlet)
{
    uint64_t *known = atomic_load_explicit(&inlet->known, memory_order_acquire);
    if (known)
        return (_Atomic uint64_t *)known;

    /* most columns have no unknown value at all, and never need a bitmap */
    pthread_mutex_lock(&inlet->mutex);
    known = atomic_load_explicit(&inlet->known, memory_order_relaxed);
    if (!known) {
        known = population_array(words_of(inlet->rows), sizeof *known);
        bits_set(known, 0, inlet->rows);
        atomic_store_explicit(&inlet->known, known, memory_order_release);
    }
    pthread_mutex_unlock(&inlet->mutex);
    return (_Atomic uint64_t *)known;
}

/* Marks the rows that are otherwise than the column's rows begin: unknown, or, where it is sparse,
 * known. Neighbours may be written by another thread: bits are changed word by word. */
static void mark(struct inlet *inlet, const struct lake_vector *vector,
                 const struct inlet_chunk *chunk)
{
    for (size_t r = 0; r < chunk->run_count; r++) {
        const struct inlet_run *run = &chunk->runs[r];
        uint64_t otherwise = 0;

        /* a word at a time: bits are gathered until the word, or the run, ends */
        for (uint32_t i = 0; i < run->count; i++) {
            size_t row = (size_t)run->to + i;
            otherwise |= (uint64_t)(lake_known(vector, run->from + i) == inlet->sparse)
                         << (row % 64);
            if (!otherwise || (row % 64 != 64 - 1 && i + 1 < run->count))
                continue;
            _Atomic uint64_t *word = known_of(inlet) + row / 64;
            if (inlet->sparse)
                atomic_fetch_or_explicit(word, otherwise, memory_order_relaxed);
            else
                atomic_fetch_and_explicit(word, ~otherwise, memory_order_relaxed);
            otherwise = 0;
        }
    }
}

bool loading_is_told(const struct lake_vector *vector, size_t row)
{
    if (!lake_known(vector, row))
        return false;
    if (vector->type == LAKE_DOUBLE)
        return isfinite(((const double *)vector->data)[row]);
    for (size_t half = 0; vector->type == LAKE_STRUCT && half < vector->child_count; half++)
        if (!loading_is_told(&vector->children[half], row))
            return false;
    return true;
}

/* The vector, with only those rows known that are told. known is room for a chunk's bitmap, where
 * one is needed. */
static struct lake_vector told_only(const struct lake_vector *vector, size_t rows, uint64_t *known)
{
    struct lake_vector told = *vector;
    bool all = true;

    memset(known, 0, (LAKE_CHUNK_ROWS / 64) * sizeof *known);
    for (size_t i = 0; i < rows; i++) {
        bool good = loading_is_told(vector, i);
        bit_or(known, i, good);
        all &= good;
    }

    if (!all)
        told.known = known;
    return told;
}

/* ---- narrowing ---- */

/* What goes beyond the width shows in the bits that come back. */
#define NARROW(in, work, out)                                                       \
    static uint64_t narrow_##in##_##out(const void *from_, void *to_, size_t count, \
                                        uint64_t base_)                             \
    {                                                                               \
        const in *from = from_;                                                     \
        out *to = to_;                                                              \
        work base = (work)base_, bits = 0;                                          \
        for (size_t i = 0; i < count; i++) {                                        \
            work value = (work)from[i] - base;                                      \
            bits |= value;                                                          \
            to[i] = (out)value;                                                     \
        }                                                                           \
        return bits;                                                                \
    }
#define NARROW_TO_EACH(in, work) \
    NARROW(in, work, uint8_t)    \
    NARROW(in, work, uint16_t)   \
    NARROW(in, work, uint32_t)   \
    NARROW(in, work, uint64_t)
NARROW_TO_EACH(uint8_t, uint32_t)
NARROW_TO_EACH(int32_t, uint32_t)
NARROW_TO_EACH(uint32_t, uint32_t)
NARROW_TO_EACH(int64_t, uint64_t)

#define NARROWS(in)                                                            \
    {                                                                          \
        narrow_##in##_uint8_t, narrow_##in##_uint16_t, narrow_##in##_uint32_t, \
            narrow_##in##_uint64_t                                             \
    }

/* Forms in which values come, and the values where an unknown one stands: base, which is stored as
 * 0. */
#define CLEAN(type)                                                                          \
    static void clean_##type(const struct lake_vector *vector, const void *from_, void *to_, \
                             size_t count, uint64_t base)                                    \
    {                                                                                        \
        const type *from = from_;                                                            \
        type *to = to_;                                                                      \
        for (size_t i = 0; i < count; i++)                                                   \
            to[i] = lake_known(vector, i) ? from[i] : (type)base;                            \
    }
CLEAN(uint8_t)
CLEAN(int32_t)
CLEAN(uint32_t)
CLEAN(int64_t)

struct form {
    unsigned width;
    void (*clean)(const struct lake_vector *vector, const void *from, void *to, size_t count,
                  uint64_t base);
    uint64_t (*narrow[4])(const void *from, void *to, size_t count, uint64_t base);
};

static const struct form *form_of(enum lake_type type)
{
    static const struct form bytes = {1, clean_uint8_t, NARROWS(uint8_t)},
                             days = {4, clean_int32_t, NARROWS(int32_t)},
                             codes = {4, clean_uint32_t, NARROWS(uint32_t)},
                             wide = {8, clean_int64_t, NARROWS(int64_t)};
    switch (type) {
    case LAKE_BOOL: return &bytes;
    case LAKE_DATE: return &days;
    case LAKE_U32: return &codes;
    case LAKE_I64:
    case LAKE_DOUBLE:
    case LAKE_TIMESTAMP: return &wide;
    default: ENSURE(!"a form in which stored values come"); return NULL;
    }
}

static void whole_seconds(const int64_t *microseconds, int64_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = loading_seconds(microseconds[i]);
}

/* ---- writing ---- */

/* Runs are short: a call of memcpy costs more than most copies. Overlapping words leave no loop
 * over single bytes. */
static inline void copy_short(char *to, const char *from, size_t bytes)
{
    if (bytes >= 16) {
        for (size_t i = 0; i + 16 < bytes; i += 16)
            memcpy(to + i, from + i, 16);
        memcpy(to + bytes - 16, from + bytes - 16, 16);
    } else if (bytes >= 8) {
        uint64_t first, last;
        memcpy(&first, from, 8);
        memcpy(&last, from + bytes - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + bytes - 8, &last, 8);
    } else if (bytes >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + bytes - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + bytes - 4, &last, 4);
    } else {
        for (size_t i = 0; i < bytes; i++)
            to[i] = from[i];
    }
}

/* Customers stand by activity and come by number, so every run goes somewhere else: memory is asked
 * for ahead. */
#define PUT_RUNS(width)                                                                          \
    static void put_runs_##width(const char *from, char *to, const struct inlet_chunk *chunk)    \
    {                                                                                            \
        enum { AHEAD = 12 };                                                                     \
        const struct inlet_run *runs = chunk->runs;                                              \
        for (size_t r = 0; r < chunk->run_count; r++) {                                          \
            size_t ahead = r + AHEAD < chunk->run_count ? r + AHEAD : r;                         \
            __builtin_prefetch(to + (size_t)runs[ahead].to * (width), 1);                        \
            copy_short(to + (size_t)runs[r].to * (width), from + (size_t)runs[r].from * (width), \
                       (size_t)runs[r].count * (width));                                         \
        }                                                                                        \
    }
PUT_RUNS(1)
PUT_RUNS(2)
PUT_RUNS(4)
PUT_RUNS(8)
PUT_RUNS(16)

void inlet_put_plain(const uint32_t *from, uint32_t *to, const struct inlet_chunk *chunk)
{
    put_runs_4((const char *)from, (char *)to, chunk);
}

static void put_runs(const struct inlet *inlet, const void *from, const struct inlet_chunk *chunk)
{
    char *to = (char *)inlet->out.values;
    switch (inlet->out.width) {
    case 1: put_runs_1(from, to, chunk); break;
    case 2: put_runs_2(from, to, chunk); break;
    case 4: put_runs_4(from, to, chunk); break;
    case 8: put_runs_8(from, to, chunk); break;
    default: put_runs_16(from, to, chunk); break;
    }
}

static void put_numbers(struct inlet *inlet, const struct lake_vector *vector,
                        const struct inlet_chunk *chunk)
{
    union {
        int64_t wide[LAKE_CHUNK_ROWS];
        char bytes[LAKE_CHUNK_ROWS * 8];
    } clean, narrow;
    const struct form *form = form_of(vector->type);
    const void *from = vector->data;
    uint64_t base = (uint64_t)inlet->out.base;
    unsigned width = inlet->out.width;

    /* each step is left out where it changes nothing: most columns are copied as they come */
    if (inlet->column->type == VALUE_TIME && vector->type == LAKE_TIMESTAMP) {
        whole_seconds(from, clean.wide, chunk->rows);
        from = &clean;
    }

    if (vector->known) {
        form->clean(vector, from, &clean, chunk->rows, base);
        from = &clean;
    }

    if (base || form->width != width) {
        int which = width ? __builtin_ctz(width) : 0; /* 1, 2, 4, 8 bytes */
        uint64_t bits = form->narrow[which](from, &narrow, chunk->rows, base);

        /* what the part said of its values is not trusted: a value beyond the width shows in the
         * bits */
        if (width == 0 ? bits : width < 8 && bits >> (8 * width))
            atomic_store_explicit(&inlet->wrong, true, memory_order_relaxed);
        from = &narrow;
    }

    if (width)
        put_runs(inlet, from, chunk);
}

static void put_points(struct inlet *inlet, const struct lake_vector *vector,
                       const struct inlet_chunk *chunk)
{
    double points[2 * LAKE_CHUNK_ROWS];
    for (size_t i = 0; i < chunk->rows; i++) {
        bool known = lake_known(vector, i);
        points[2 * i] = known ? lake_number(&vector->children[0], i) : 0;
        points[2 * i + 1] = known ? lake_number(&vector->children[1], i) : 0;
    }
    put_runs(inlet, points, chunk);
}

static uint32_t code_at(const struct inlet *inlet, const struct lake_vector *vector, bool coded,
                        size_t element, size_t row, const struct inlet_chunk *chunk)
{
    if (coded)
        return ((const uint32_t *)vector->data)[element];
    uint64_t met = (chunk->base + (size_t)chunk->sources[row]) * inlet->met_step + inlet->met;
    return store_numbering_number(inlet->numbering, lake_text(vector, element), met);
}

static void put_set(struct inlet *inlet, const struct lake_vector *vector, bool coded, size_t i,
                    size_t row, const struct inlet_chunk *chunk)
{
    struct lake_span span = ((const struct lake_span *)vector->data)[i];

    /* Sets lie behind one another as they come; where each row's lie is kept beside. */
    inlet->set_at[row] = (uint32_t)inlet->set_used;
    if (inlet->set_used + span.count > inlet->set_capacity) {
        inlet->set_capacity = (inlet->set_used + span.count) * 2;
        inlet->wide = base_realloc(inlet->wide, inlet->set_capacity * sizeof *inlet->wide);
    }

    for (uint64_t e = span.first; e < span.first + span.count; e++)
        if (lake_known(vector->children, e))
            inlet->wide[inlet->set_used++] = code_at(inlet, vector->children, coded, e, i, chunk);
    inlet->set_length[row] = (uint32_t)inlet->set_used - inlet->set_at[row];
}

static void put_sets(struct inlet *inlet, const struct lake_vector *vector, bool coded,
                     const struct inlet_chunk *chunk)
{
    /* sets have no place of their own before all are there, so one thread at a time adds its to the
     * end */
    pthread_mutex_lock(&inlet->mutex);
    for (size_t r = 0; r < chunk->run_count; r++)
        for (uint32_t i = 0; i < chunk->runs[r].count; i++)
            if (lake_known(vector, chunk->runs[r].from + i))
                put_set(inlet, vector, coded, chunk->runs[r].from + i,
                        (size_t)chunk->runs[r].to + i, chunk);
    pthread_mutex_unlock(&inlet->mutex);
}

static void put_provisional(struct inlet *inlet, const struct lake_vector *vector, bool coded,
                            const struct inlet_chunk *chunk)
{
    for (size_t r = 0; r < chunk->run_count; r++)
        for (uint32_t i = 0; i < chunk->runs[r].count; i++) {
            size_t from = chunk->runs[r].from + i;
            inlet->wide[(size_t)chunk->runs[r].to + i] =
                lake_known(vector, from) ? code_at(inlet, vector, coded, from, from, chunk) : 0;
        }
}

void inlet_put(struct inlet *inlet, const struct lake_vector *vector, bool coded,
               const struct inlet_chunk *chunk)
{
    ENSURE(chunk->rows <= LAKE_CHUNK_ROWS);
    struct lake_vector told;
    uint64_t known[LAKE_CHUNK_ROWS / 64];

    /* a number that is none is unknown, as everywhere in the store */
    if (vector->type == LAKE_DOUBLE || vector->type == LAKE_STRUCT) {
        told = told_only(vector, chunk->rows, known);
        vector = &told;
    }

    if (vector->known || inlet->sparse)
        mark(inlet, vector, chunk);

    if (inlet->column->type == VALUE_SET)
        put_sets(inlet, vector, coded, chunk);
    else if (inlet->column->type == VALUE_POINT)
        put_points(inlet, vector, chunk);
    else if (inlet->wide)
        put_provisional(inlet, vector, coded, chunk);
    else
        put_numbers(inlet, vector, chunk);
}

/* ---- putting right ---- */

static void settle_codes(struct inlet *inlet, size_t count)
{
    if (!inlet->numbering || !inlet->wide)
        return;

    uint32_t first_new = store_numbering_first_new(inlet->numbering);
    for (size_t i = 0; i < count; i++)
        if (inlet->wide[i] >= first_new)
            inlet->wide[i] = store_numbering_final(inlet->numbering, inlet->wide[i]);
}

static void narrow_codes(struct inlet *inlet)
{
    struct population_column *out = &inlet->out;
    inlet->least = 0;
    inlet->most = 0;
    for (size_t row = 0; row < inlet->rows; row++)
        inlet->most = inlet->wide[row] > inlet->most ? inlet->wide[row] : inlet->most;

    /* Only now is it known which codes there are: new texts were numbered while they were read. */
    out->max = inlet->most;
    out->width = width_of(inlet);
    if (!out->width)
        return;

    void *values = population_room(inlet->rows, out->width);
    out->values = values;
    form_of(LAKE_U32)->narrow[__builtin_ctz(out->width)](inlet->wide, values, inlet->rows, 0);
}

static int by_code(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* By row, and in each row ascending and distinct. */
static void order_sets(struct inlet *inlet)
{
    size_t rows = inlet->rows;
    uint32_t *start = population_array(rows + 1, sizeof *start), used = 0;
    uint32_t *codes = population_array(inlet->set_used, sizeof *codes);

    for (size_t row = 0; row < rows; row++) {
        uint32_t length = inlet->set_length[row], *out = codes + used;

        /* Threads put their sets wherever there was room. */
        if (length)
            memcpy(out, inlet->wide + inlet->set_at[row], length * sizeof *out);
        qsort(out, length, sizeof *out, by_code);
        for (uint32_t i = 0; i < length; i++)
            if (i == 0 || out[i] != codes[used - 1])
                codes[used++] = out[i];
        start[row + 1] = used;
    }

    inlet->out.set_start = start;
    inlet->out.set_codes = codes;
}

enum status inlet_close(struct inlet *inlet, size_t code_count, struct error *error)
{
    struct population_column *out = &inlet->out;

    /* The width was chosen by what the parts say of their values: others were not stored right. */
    if (atomic_load(&inlet->wrong))
        return loading_damaged(error,
                               "a part says that %s is from %lld to %lld, but holds other values",
                               out->name, (long long)inlet->least, (long long)inlet->most);

    if (inlet->set_used > UINT32_MAX)
        return error_set(error, STATUS_LIMIT,
                         "the sets of %s have %zu elements; at most 4,294,967,295 fit", out->name,
                         inlet->set_used);
    settle_codes(inlet, inlet->set_at ? inlet->set_used : inlet->rows);
    if (inlet->set_at)
        order_sets(inlet);
    else if (inlet->wide)
        narrow_codes(inlet);
    out->known = atomic_exchange(&inlet->known, NULL);

    /* Unknown rows hold code 0, which is no code where there are no texts. */
    if (out->type == VALUE_TEXT && (uint64_t)out->max >= code_count && inlet->rows &&
        !(out->max == 0 && out->known))
        return loading_damaged(
            error, "column %s holds the text code %lld, but the dictionary has only %zu texts",
            out->name, (long long)out->max, code_count);
    return STATUS_OK;
}
