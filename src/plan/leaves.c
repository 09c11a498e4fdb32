/*
 * Where vectors come from: columns, traits, look-ups through reference tables, tables by code,
 * lists, records, samples. Columns are stored as narrow as their values allow, and are read so
 * wherever what is asked is a range or a table; widening them to 64 bits is for arithmetic.
 */
#include "base/bits.h"
#include "plan/md5.h"
#include "plan/steps.h"

#include <string.h>

struct text run_text(struct run *run, int64_t code)
{
    if ((uint64_t)code < run->population->code_count)
        return population_text(run->population, (uint32_t)code);
    return population_delta_text(run->delta, (uint32_t)code);
}

struct text operand_text(struct run *run, const struct operand *operand, size_t lane)
{
    if (operand->step->shape == SHAPE_TEXT)
        return operand->text[lane * operand->stride];
    return run_text(run, operand->i[lane * operand->stride]);
}

void step_literal(struct run *run, const struct step *step, struct vector *out)
{
    if (step->a)
        set_all(run, out);
    else
        set_none(run, out);
    if (step->shape == SHAPE_DOUBLE)
        out->d[0] = step->x;
    else if (step->shape == SHAPE_TEXT)
        out->text[0] = (struct text){step->name, (size_t)step->p};
    else
        out->i[0] = step->p;
}

/* ---- columns ---- */

/* Bits [begin, begin + lanes) of a bitmap, moved to the front. */
static void shift_bits(uint64_t *out, const uint64_t *bits, size_t begin, size_t lanes)
{
    /* last: the words of the stretch, so that none behind a column's end is read. */
    size_t words = words_of(lanes), word = begin / 64, last = (begin + lanes + 63) / 64;
    unsigned by = begin % 64;

    for (size_t w = 0; w < words; w++) {
        uint64_t low = bits[word + w] >> by;
        uint64_t high = by && word + w + 1 < last ? bits[word + w + 1] << (64 - by) : 0;
        out[w] = low | high;
    }
}

#define WIDEN(type)                                             \
    do {                                                        \
        const type *in_ = (const type *)column->values + begin; \
        for (size_t lane = 0; lane < lanes; lane++)             \
            out->i[lane] = column->base + (int64_t)in_[lane];   \
    } while (0)

static void widen(const struct population_column *column, size_t begin, size_t lanes,
                  struct vector *out)
{
    switch (column->width) {
    case 1: WIDEN(uint8_t); break;
    case 2: WIDEN(uint16_t); break;
    case 4: WIDEN(uint32_t); break;
    case 8: WIDEN(int64_t); break;
    default:
        for (size_t lane = 0; lane < lanes; lane++)
            out->i[lane] = column->base;
    }
}

void column_known(struct run *run, const struct population_column *column, size_t begin,
                  size_t lanes, struct vector *out)
{
    if (column->known)
        shift_bits(out->bits, column->known, begin, lanes);
    else
        set_all(run, out);
}

static void stored_range(const struct kernels *kernels, const struct population_column *column,
                         size_t begin, size_t lanes, uint64_t lo, uint64_t span, uint64_t *bits)
{
    switch (column->width) {
    case 1:
        kernels->range_u8((const uint8_t *)column->values + begin, lanes, (uint8_t)lo,
                          (uint8_t)span, bits);
        break;
    case 2:
        kernels->range_u16((const uint16_t *)column->values + begin, lanes, (uint16_t)lo,
                           (uint16_t)span, bits);
        break;
    default:
        kernels->range_u32((const uint32_t *)column->values + begin, lanes, (uint32_t)lo,
                           (uint32_t)span, bits);
        break;
    }
}

void column_range(struct run *run, const struct population_column *column, size_t begin,
                  size_t lanes, int64_t lo, int64_t hi, struct vector *out)
{
    /* What a stored 0 stands for; codes are stored as they are. */
    int64_t least = column->type == VALUE_TEXT ? 0 : column->base;

    lo = lo < least ? least : lo;
    hi = hi > column->max ? column->max : hi;
    if (lo > hi) {
        set_none(run, out);
        return;
    }

    /* Between the column's own bounds stands everything that is known. */
    if (lo == least && hi == column->max) {
        column_known(run, column, begin, lanes, out);
        return;
    }

    stored_range(run->kernels, column, begin, lanes, (uint64_t)lo - (uint64_t)least,
                 (uint64_t)hi - (uint64_t)lo, out->bits);

    if (!column->known)
        return;
    uint64_t *known = arena_alloc(&run->scratch, words_of(lanes) * sizeof *known);
    shift_bits(known, column->known, begin, lanes);
    for (size_t w = 0; w < words_of(lanes); w++)
        out->bits[w] &= known[w];
}

const struct population_column *stored_column(const struct run *run, const struct step *step,
                                              size_t *begin)
{
    /* Traits of which everyone has one telling, all of them past, are a column
     * like any other. */
    bool told = step->run == step_trait && run->views[step->b].table &&
                run->views[step->b].table->one_each &&
                run->views[step->b].table->time_max <= run->now && !run->delta;

    if (step->run != step_column && !told)
        return NULL;

    const struct population_column *column = run->columns[step->a];
    bool number = column && (column->type == VALUE_INT || column->type == VALUE_DECIMAL ||
                             column->type == VALUE_DATE || column->type == VALUE_TIME ||
                             column->type == VALUE_BOOL || column->type == VALUE_TEXT);

    *begin = run->views[step->b].begin;
    return number && column->width <= 4 && !run->delta ? column : NULL;
}

static void load_column(struct run *run, const struct population_column *column, size_t begin,
                        size_t lanes, struct vector *out)
{
    column_known(run, column, begin, lanes, out);
    if (column->type == VALUE_DOUBLE) {
        memcpy(out->d, (const double *)column->values + begin, lanes * sizeof *out->d);
        /* Latitude and longitude stand beside each other in the table, and
         * apart in a vector. */
    } else if (column->type == VALUE_POINT) {
        for (size_t lane = 0; lane < lanes; lane++) {
            out->d[lane] = ((const double *)column->values)[2 * (begin + lane)];
            out->e[lane] = ((const double *)column->values)[2 * (begin + lane) + 1];
        }
    } else if (column->type == VALUE_SET) {
        for (size_t lane = 0; lane < lanes; lane++) {
            out->codes[lane] = column->set_codes + column->set_start[begin + lane];
            out->count[lane] =
                column->set_start[begin + lane + 1] - column->set_start[begin + lane];
        }
    } else {
        widen(column, begin, lanes, out);
    }
}

void step_column(struct run *run, const struct step *step, struct vector *out)
{
    const struct population_column *column = run->columns[step->a];
    if (column)
        load_column(run, column, run->views[step->b].begin, lanes_of(run, step), out);
    else
        set_none(run, out);
}

static bool row_known(const struct population_column *column, size_t row)
{
    return !column->known || bit_at(column->known, row);
}

/* One row's value into a lane. */
static void take_row(const struct population_column *column, size_t row, struct vector *out,
                     size_t lane)
{
    struct population_value value = population_get(column, row);
    if (!value.known)
        return;
    bit_set(out->bits, lane);
    if (column->type == VALUE_DOUBLE) {
        out->d[lane] = value.number;
    } else if (column->type == VALUE_POINT) {
        out->d[lane] = value.latitude;
        out->e[lane] = value.longitude;
    } else if (column->type == VALUE_SET) {
        out->codes[lane] = value.codes;
        out->count[lane] = value.code_count;
    } else {
        out->i[lane] = value.integer;
    }
}

/* The column of the reference row that the child's code points at. */
void step_lookup(struct run *run, const struct step *step, struct vector *out)
{
    struct operand key = operand_of(run, step->child[0]);

    size_t lanes = lanes_of(run, step);
    const struct population_table *table = run->binding->tables[step->b];
    const struct population_column *column = run->columns[step->a];

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (size_t lane = 0; table && column && lane < lanes; lane++) {
        uint64_t code = (uint64_t)key.i[lane * key.stride];
        if (!bit_at(key.bits, lane) || code >= table->code_count ||
            table->row_of_code[code] == POPULATION_NO_ROW)
            continue;
        take_row(column, table->row_of_code[code], out, lane);
    }
}

void step_row_time(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->frame - FRAME_ROWS];
    size_t lanes = lanes_of(run, step);
    set_all(run, out);
    for (size_t lane = 0; lane < lanes; lane++)
        out->i[lane] = view->time[view->begin + lane];
}

const uint32_t *row_owners(struct run *run, int table)
{
    const struct table_view *view = &run->views[table];
    uint32_t *owner =
        arena_alloc(&run->scratch, (size_t)(view->end - view->begin + 1) * sizeof *owner);
    for (uint32_t lane = 0; lane < run->count; lane++)
        for (uint32_t row = view->offset[lane]; row < view->offset[lane + 1]; row++)
            owner[row - view->begin] = lane;
    return owner;
}

void step_customer(struct run *run, const struct step *step, struct vector *out)
{
    struct operand child = operand_of(run, step->child[0]);
    const uint32_t *owner = row_owners(run, step->b);
    size_t lanes = lanes_of(run, step);

    for (size_t w = 0; w < words_of(lanes); w++)
        out->bits[w] = 0;
    for (size_t lane = 0; lane < lanes; lane++) {
        size_t from = owner[lane];
        if (bit_at(child.bits, from))
            bit_set(out->bits, lane);
        switch (step->shape) {
        case SHAPE_BITS: break;
        case SHAPE_TEXT: out->text[lane] = child.text[from]; break;
        case SHAPE_BOUNDS:
            out->j[lane] = child.j[from];
            out->i[lane] = child.i[from];
            break;
        case SHAPE_POINT:
            out->e[lane] = child.e[from];
            out->d[lane] = child.d[from];
            break;
        case SHAPE_SET:
            out->count[lane] = child.count[from];
            out->codes[lane] = child.codes[from];
            break;
        default: out->i[lane] = child.i[from]; break; /* doubles too: the same eight bytes */
        }
    }
}

void step_code(struct run *run, const struct step *step, struct vector *out)
{
    out->bits = (uint64_t *)run->codes_known;
    memcpy(out->i, run->codes, lanes_of(run, step) * sizeof *out->i);
}

/* ---- predicates by code ---- */

/* A code that is not in the population's dictionary: a text that arrived since. */
static bool test_new_code(struct run *run, const struct step *step, int64_t code)
/* A frame of one lane, while that of the caller waits. */
{
    uint64_t known = 1;
    const int64_t *codes = run->codes;
    const uint64_t *codes_known = run->codes_known;
    run->codes = &code;
    run->codes_known = &known;
    run->lanes[FRAME_CODES] = 1;

    clock_tick(run, CLOCK_CODES);
    bool holds = step_vector(run, step->b)->bits[0] & 1;

    run->codes = codes;
    run->codes_known = codes_known;
    return holds;
}

#define TEST_CODES(type)                                                  \
    do {                                                                  \
        const type *in_ = (const type *)column->values + view->begin;     \
        for (size_t w = 0; w < lanes / 64; w++) {                         \
            uint64_t word = 0;                                            \
            for (unsigned j = 0; j < 64; j++)                             \
                word |= (uint64_t)table[in_[w * 64 + j]] << j;            \
            out->bits[w] = word;                                          \
        }                                                                 \
        if (lanes % 64) {                                                 \
            uint64_t word = 0;                                            \
            for (size_t lane = lanes & ~(size_t)63; lane < lanes; lane++) \
                word |= (uint64_t)table[in_[lane]] << (lane % 64);        \
            out->bits[lanes / 64] = word;                                 \
        }                                                                 \
    } while (0)

/* Straight from the narrow column. */
static void test_column(struct run *run, const struct table_view *view,
                        const struct population_column *column, const uint8_t *table, bool unknown,
                        size_t lanes, struct vector *out)
{
    switch (column->width) {
    case 1: TEST_CODES(uint8_t); break;
    case 2: TEST_CODES(uint16_t); break;
    case 4: TEST_CODES(uint32_t); break;
    default: memset(out->bits, table[0] ? 0xff : 0, words_of(lanes) * sizeof *out->bits); break;
    }
    /* Where nothing is known some code is stored all the same: what the test says of
     * the unknown takes its place. */
    if (!column->known)
        return;
    uint64_t *known = arena_alloc(&run->scratch, words_of(lanes) * sizeof *known);
    shift_bits(known, column->known, view->begin, lanes);
    for (size_t w = 0; w < words_of(lanes); w++)
        out->bits[w] = unknown ? out->bits[w] | ~known[w] : out->bits[w] & known[w];
}

/* Codes of the dictionary by the range or the table, those of texts that arrived since by the
 * condition itself. */
static bool test_code(struct run *run, const struct step *step, int64_t code)
{
    const uint8_t *table = run->binding->tests[step - run->plan->steps.items];
    struct code_range range = run->binding->ranges[step - run->plan->steps.items];
    if (code >= (int64_t)run->population->code_count)
        return test_new_code(run, step, code);
    return range.valid ? (uint64_t)code - range.first <= range.span : table[code];
}

void step_test(struct run *run, const struct step *step, struct vector *out)
{
    const uint8_t *table = run->binding->tests[step - run->plan->steps.items];
    size_t lanes = lanes_of(run, step), codes = run->population->code_count;
    const struct step *leaf = step_of(run, step->child[0]);
    struct code_range range = run->binding->ranges[step - run->plan->steps.items];
    bool unknown = !range.valid && table[codes];
    size_t begin;
    const struct population_column *stored = range.valid ? stored_column(run, leaf, &begin) : NULL;

    /* From the quickest to the most general: a range of the stored column, a table over
     * it, a range of codes, code by code. */
    if (stored) {
        column_range(run, stored, begin, lanes, range.first, (int64_t)range.first + range.span,
                     out);
        return;
    }

    if (leaf->run == step_column && !run->delta && (!run->columns[leaf->a] || table)) {
        if (run->columns[leaf->a])
            test_column(run, &run->views[leaf->b], run->columns[leaf->a], table, unknown, lanes,
                        out);
        else
            memset(out->bits, unknown ? 0xff : 0, words_of(lanes) * sizeof *out->bits);
        return;
    }

    struct operand child = operand_of(run, step->child[0]);
    if (range.valid && !run->delta && child.stride == 1) { /* all codes are of the dictionary */
        run->kernels->range_i64(child.i, lanes, range.first, (int64_t)range.first + range.span,
                                out->bits);
        for (size_t w = 0; w < words_of(lanes); w++)
            out->bits[w] &= child.bits[w];
        return;
    }

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (size_t lane = 0; lane < lanes; lane++)
        if (bit_at(child.bits, lane) ? test_code(run, step, child.i[lane * child.stride]) : unknown)
            bit_set(out->bits, lane);
}

/* ---- traits ---- */

/* The last telling of the customer's before the row `end`, at or before moment, where the column is
 * known, into a lane. */
static void take_telling(const struct table_view *view, const struct population_column *column,
                         uint32_t lane_of_customer, uint32_t end, int64_t moment,
                         struct vector *out, size_t lane)
{
    uint32_t begin = view->offset[lane_of_customer];
    for (uint32_t row = end; row-- > begin;) {
        if (view->time[row] <= moment && row_known(column, row)) {
            take_row(column, row, out, lane);
            return;
        }
    }
}

void step_trait(struct run *run, const struct step *step, struct vector *out)
{
    const struct table_view *view = &run->views[step->b];
    const struct population_column *column = run->columns[step->a];
    size_t lanes = lanes_of(run, step);

    if (!column || !view->table) {
        set_none(run, out);
        return;
    }
    /* One telling each, all of them past: the column itself. */
    if (view->table->one_each && view->table->time_max <= run->now &&
        view->end - view->begin == lanes) {
        load_column(run, column, view->begin, lanes, out);
        return;
    }

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (uint32_t lane = 0; lane < lanes; lane++)
        take_telling(view, column, lane, view->offset[lane + 1], run->now, out, lane);
}

void step_trait_at(struct run *run, const struct step *step, struct vector *out)
{
    struct operand moment = operand_of(run, step->child[0]);
    const struct table_view *view = &run->views[step->b];
    const struct population_column *column = run->columns[step->a];
    size_t lanes = lanes_of(run, step);

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    if (!column || !view->table)
        return;
    const uint32_t *owner =
        step->frame == FRAME_CUSTOMERS ? NULL : row_owners(run, step->frame - FRAME_ROWS);
    bool at_telling = moment.step->run == step_row_time && step->frame == FRAME_ROWS + step->b;
    for (uint32_t lane = 0; lane < lanes; lane++) {
        if (!bit_at(moment.bits, lane))
            continue;
        int64_t then = moment.i[lane * moment.stride];
        if (then <
            0) /* before 1970: what is undated, kept as 0, holds since the beginning of time */
            then = 0;
        uint32_t of = owner ? owner[lane] : lane;
        uint32_t end =
            at_telling ? view->begin + lane + 1 : view->offset[of + 1]; /* in order of arrival */
        take_telling(view, column, of, end, then < run->now ? then : run->now, out, lane);
    }
}

/* The first moment of a window, when it lies in the past: where `ever` looks besides the tellings.
 */
void step_row_moment(struct run *run, const struct step *step, struct vector *out)
{
    struct operand bounds = operand_of(run, step->child[0]);

    size_t lanes = lanes_of(run, step);
    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (size_t lane = 0; lane < lanes; lane++) {
        int64_t lo = bounds.i[lane * bounds.stride], hi = bounds.j[lane * bounds.stride];
        out->i[lane] = lo;
        if (lo <= hi && lo <= run->now)
            bit_set(out->bits, lane);
    }
}

static bool change_fits(struct run *run, const struct step *step, const struct operand *value,
                        size_t before, size_t row, const struct operand *from,
                        const struct operand *to)
{
    /* a & 1: from which value is said; a & 2: to which. */
    return compare_holds(run, COMPARE_NE, value, before, value, row) &&
           (!(step->a & 1) || (bit_at(from->bits, before) &&
                               compare_holds(run, COMPARE_EQ, value, before, from, before))) &&
           (!(step->a & 2) ||
            (bit_at(to->bits, row) && compare_holds(run, COMPARE_EQ, value, row, to, row)));
}

static bool sets_differ(const struct operand *value, size_t a, size_t b)
{
    return value->count[a] != value->count[b] ||
           memcmp(value->codes[a], value->codes[b], value->count[a] * sizeof **value->codes) != 0;
}

static bool has_changed(struct run *run, const struct step *step, const struct operand *operands,
                        size_t begin, size_t end)
{
    const struct operand *value = &operands[0], *window = &operands[1];
    size_t before = SIZE_MAX;

    for (size_t row = begin; row < end; row++) {
        if (!bit_at(value->bits, row) ||
            run->views[step->b].time[run->views[step->b].begin + row] > run->now)
            continue;
        /* The one before is the last known one, whether in the window or not. */
        if (before != SIZE_MAX && bit_at(window->bits, row)) {
            bool differs = value->step->shape == SHAPE_SET
                               ? sets_differ(value, before, row)
                               : change_fits(run, step, value, before, row, &operands[2],
                                             &operands[2 + (step->a & 1)]);
            if (differs)
                return true;
        }
        before = row;
    }
    return false;
}

void step_changed(struct run *run, const struct step *step, struct vector *out)
{
    /* The value, the window, and from and to where they are said. */
    struct operand operands[5] = {0};
    const struct table_view *view = &run->views[step->b];
    size_t lanes = lanes_of(run, step);

    for (int c = 0; c < step->child_count; c++)
        operands[c] = operand_of(run, step->child[c]);

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (size_t lane = 0; lane < lanes; lane++)
        if (has_changed(run, step, operands, view->offset[lane] - view->begin,
                        view->offset[lane + 1] - view->begin))
            bit_set(out->bits, lane);
}

/* ---- chosen facts of a sequence ---- */

void step_chosen(struct run *run, const struct step *step, struct vector *out)
{
    const struct chosen_leaf *leaf = step->extra;
    size_t lanes = lanes_of(run, step);
    int kind = run->chosen_kind[leaf->node->path.step];
    uint32_t row = run->chosen_row[leaf->node->path.step];
    const struct table_view *view = &run->views[leaf->table[kind]];

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    if (!lanes)
        return;

    /* All lanes are the one chosen fact: it is read once. */
    if (leaf->node->path.is_time) {
        out->i[0] = view->time[row];
        bit_set(out->bits, 0);
    } else {
        const struct population_column *column = run->columns[leaf->column[kind]];

        /* From row to row along the references, to the column at their end. */
        for (int hop = 0; column && hop <= leaf->hops; hop++) {
            struct population_value value = population_get(column, row);
            if (hop == leaf->hops) {
                take_row(column, row, out, 0);
                break;
            }
            const struct population_table *table = run->binding->tables[leaf->hop_table[hop]];
            uint64_t code = (uint64_t)value.integer;
            if (!value.known || !table || code >= table->code_count ||
                table->row_of_code[code] == POPULATION_NO_ROW)
                break;
            row = table->row_of_code[code];
            column = run->columns[leaf->hop_column[hop]];
        }
    }

    /* The other lanes are given the first one's answer, in whatever the shape has. */
    if (bit_at(out->bits, 0))
        set_all(run, out);
    else
        set_none(run, out);
    for (size_t lane = 1; lane < lanes; lane++) {
        out->i[lane] = out->i[0];
        if (step->shape == SHAPE_POINT || step->shape == SHAPE_BOUNDS)
            out->j[lane] = out->j[0];
        if (step->shape == SHAPE_SET)
            out->count[lane] = out->count[0];
    }
}

/* ---- lists, records, samples, schemes ---- */

void step_list(struct run *run, const struct step *step, struct vector *out)
{
    const struct population *population = run->population;
    size_t lanes = lanes_of(run, step);

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (size_t i = 0; i < population->list_count; i++) {
        if (strcmp(population->lists[i].name, step->name) != 0)
            continue;
        for (uint32_t lane = 0; lane < lanes; lane++)
            if (bit_at(population->lists[i].members, run->first + lane))
                bit_set(out->bits, lane);
    }
}

static bool interval_counts(struct run *run, const struct step *step, int64_t entered, int64_t left,
                            int64_t lo, int64_t hi)
{
    if (step->a == RECORD_IN)
        return step->b ? entered <= hi && left > lo : entered <= run->now && left > run->now;
    int64_t moment = step->a == RECORD_ENTERED ? entered : left;
    bool day = !step->q || (step->q >> date_weekday(local_date(run->binding->clock, moment)) & 1);
    return moment != INT64_MAX && moment >= lo && moment <= hi && day;
}

static bool recorded(struct run *run, const struct step *step,
                     const struct population_records *records, uint32_t position, int64_t lo,
                     int64_t hi)
{
    hi = hi < run->now ? hi : run->now;
    for (uint32_t i = records->offset[position]; lo <= hi && i < records->offset[position + 1]; i++)
        if (interval_counts(run, step, records->entered[i], records->left[i], lo, hi))
            return true;
    return false;
}

void step_record(struct run *run, const struct step *step, struct vector *out)
{
    const struct population *population = run->population;
    size_t lanes = lanes_of(run, step);
    struct operand bounds = {0};

    if (step->child_count)
        bounds = operand_of(run, step->child[0]);

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    /* Segments with records are few, so looking for the name costs nothing
     * beside the lanes. */
    for (size_t i = 0; i < population->record_count; i++) {
        if (strcmp(population->records[i].segment, step->name) != 0)
            continue;
        for (uint32_t lane = 0; lane < lanes; lane++) {
            int64_t lo = step->b ? bounds.i[lane * bounds.stride] : INT64_MIN;
            int64_t hi = step->b ? bounds.j[lane * bounds.stride] : run->now;
            if (recorded(run, step, &population->records[i], run->first + lane, lo, hi))
                bit_set(out->bits, lane);
        }
    }
}

static uint64_t sample_number(const char *seed, struct text identifier)
{
    struct md5 md5;
    unsigned char digest[16];

    md5_init(&md5);
    md5_add(&md5, seed, strlen(seed) + 1); /* the NUL too */
    md5_add(&md5, identifier.data, identifier.length);
    md5_finish(&md5, digest);
    /* The first eight bytes, highest first: a number that any other system can make
     * of the digest. */
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    return number;
}

void step_sample(struct run *run, const struct step *step, struct vector *out)
{
    size_t lanes = lanes_of(run, step);

    if (step->a)
        set_all(run, out);
    else
        memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    /* u over 2^64 is even in [0, 1). Products of 128 bits hold it against a share, or
     * divide it into buckets, without rounding. */
    uint128 whole = (uint128)100 * (uint64_t)number_power10(step->b);
    for (uint32_t lane = 0; lane < lanes; lane++) {
        uint64_t u =
            sample_number(step->name, population_identifier(run->population, run->first + lane));
        if (step->a)
            out->i[lane] = (int64_t)((uint128)u * (uint64_t)step->q >> 64) + 1;
        else if (u * whole < (uint128)(uint64_t)step->p << 64)
            bit_set(out->bits, lane);
    }
}

void step_scheme(struct run *run, const struct step *step, struct vector *out)
{
    const struct segment_scheme *scheme = step->extra;
    size_t lanes = lanes_of(run, step), prefix = strlen(scheme->name) + 1;

    memset(out->bits, 0, words_of(lanes) * sizeof *out->bits);
    for (int member = step->child_count; member-- > 0;) { /* the first that holds is written last */
        struct operand child = operand_of(run, step->child[member]);
        struct text name =
            text_from(run->plan->set->segments[scheme->first_member + member].name + prefix);
        for (size_t lane = 0; lane < lanes; lane++)
            if (bit_at(child.bits, lane)) {
                bit_set(out->bits, lane);
                out->text[lane] = name;
            }
    }
}
