/*
 * Rows that are not in a population yet: what would be if these facts had happened. They are few,
 * so each customer's form a chain, and a view of one customer's table is put together when somebody
 * asks: the old rows and the new ones in order of time, in columns of full width, because a new
 * value may lie beyond the bounds that the old column was narrowed to.
 */
#include "population/delta.h"
#include "base/bits.h"

#include "base/map.h"
#include "base/vector.h"

#include <math.h>
#include <string.h>

struct delta_row {
    uint32_t time;
    int32_t next; /* the customer's next row of any table, in order of addition; −1 at the end */
    int table;
    size_t values; /* first of the table's columns in values */
};

struct population_delta {
    const struct population *population;
    struct text_map texts;   /* codes behind the population's dictionary */
    struct number_map first; /* position to index into positions */
    VECTOR(uint32_t) positions;
    VECTOR(int32_t) head;
    VECTOR(int32_t) tail;
    VECTOR(uint32_t) earliest;
    VECTOR(struct delta_row) rows;
    VECTOR(struct population_value) values;
    struct arena sets; /* codes of sets */
};

struct population_delta *population_delta_new(const struct population *population)
{
    struct population_delta *delta = base_calloc(1, sizeof *delta);
    delta->population = population;
    text_map_init(&delta->texts);
    number_map_init(&delta->first);
    arena_init(&delta->sets, 0);
    return delta;
}

void population_delta_free(struct population_delta *delta)
{
    if (!delta)
        return;
    text_map_release(&delta->texts);
    number_map_release(&delta->first);
    VECTOR_RELEASE(&delta->positions);
    VECTOR_RELEASE(&delta->head);
    VECTOR_RELEASE(&delta->tail);
    VECTOR_RELEASE(&delta->earliest);
    VECTOR_RELEASE(&delta->rows);
    VECTOR_RELEASE(&delta->values);
    arena_release(&delta->sets);
    free(delta);
}

uint32_t population_delta_code(struct population_delta *delta, struct text text)
{
    uint32_t code = population_code(delta->population, text);
    if (code != POPULATION_NO_CODE)
        return code;
    return delta->population->code_count +
           (uint32_t)text_map_put(&delta->texts, text, delta->texts.count, NULL);
}

struct text population_delta_text(const struct population_delta *delta, uint32_t code)
{
    ENSURE(delta && code - delta->population->code_count < delta->texts.count);
    return delta->texts.entries[code - delta->population->code_count].key;
}

/* The value with its set's codes copied. */
static struct population_value own_value(struct population_delta *delta,
                                         struct population_value value)
{
    if (!value.known || value.code_count == 0)
        return value;
    uint32_t *codes = ARENA_ARRAY(&delta->sets, uint32_t, value.code_count);
    memcpy(codes, value.codes, value.code_count * sizeof *codes);
    value.codes = codes;
    return value;
}

void population_delta_add(struct population_delta *delta, uint32_t position, int table,
                          uint32_t time, const struct population_value *values)
{
    bool is_new;
    size_t at = number_map_put(&delta->first, position, delta->positions.count, &is_new);
    int32_t row = (int32_t)delta->rows.count;
    ENSURE(delta->rows.count < INT32_MAX);

    /* A customer's rows are a list through the array of all, in the order in which they came. */
    if (is_new) {
        VECTOR_PUSH(&delta->positions, position);
        VECTOR_PUSH(&delta->head, row);
        VECTOR_PUSH(&delta->tail, row);
        VECTOR_PUSH(&delta->earliest, time);
    } else {
        delta->rows.items[delta->tail.items[at]].next = row;
        delta->tail.items[at] = row;
        if (time < delta->earliest.items[at])
            delta->earliest.items[at] = time;
    }

    VECTOR_PUSH(&delta->rows, (struct delta_row){time, -1, table, delta->values.count});
    for (size_t c = 0; c < delta->population->tables[table].column_count; c++)
        VECTOR_PUSH(&delta->values, own_value(delta, values[c]));
}

uint64_t population_delta_tables(const struct population_delta *delta, uint32_t position)
{
    uint64_t at, tables = 0;
    if (!number_map_find(&delta->first, position, &at))
        return 0;
    for (int32_t row = delta->head.items[at]; row >= 0; row = delta->rows.items[row].next)
        tables |= (uint64_t)1 << (delta->rows.items[row].table % 64);
    return tables;
}

uint32_t population_delta_first_time(const struct population_delta *delta, uint32_t position)
{
    uint64_t at;
    return number_map_find(&delta->first, position, &at) ? delta->earliest.items[at]
                                                         : POPULATION_NEVER;
}

/* ---- views ---- */

/* One column of a view, as wide as it may ever need. */
struct view_column {
    void *values;
    uint64_t *known;
    uint32_t *set_start, *set_codes;
    size_t capacity, code_capacity;
};

struct population_rows {
    struct population_table table;
    struct population_column *columns;
    struct view_column *memory;
    size_t column_count;
    uint32_t *time, *from; /* from: base row, or delta row with the top bit set */
    size_t capacity;
    uint32_t offset[2], last_time;
};

struct population_rows *population_rows_new(void)
{
    return base_calloc(1, sizeof(struct population_rows));
}

void population_rows_free(struct population_rows *rows)
{
    if (!rows)
        return;
    for (size_t c = 0; c < rows->column_count; c++) {
        free(rows->memory[c].values);
        free(rows->memory[c].known);
        free(rows->memory[c].set_start);
        free(rows->memory[c].set_codes);
    }
    free(rows->memory);
    free(rows->columns);
    free(rows->time);
    free(rows->from);
    free(rows);
}

#define NEW_ROW UINT32_C(0x80000000)
/* room for so many more than asked for: views of one table follow each other */
enum { LEAST_ROWS = 64 };

/* Bytes of a value in a view. */
static unsigned width_of(const struct population_column *column)
{
    return column->type == VALUE_POINT ? 2 * sizeof(double) : sizeof(int64_t);
}

static void prepare(struct population_rows *rows, const struct population_table *base, size_t count)
{
    if (!rows->memory) {
        rows->column_count = base->column_count;
        rows->memory = base_calloc(base->column_count + 1, sizeof *rows->memory);
        rows->columns = base_calloc(base->column_count + 1, sizeof *rows->columns);
    }

    ENSURE(rows->column_count == base->column_count);
    if (rows->capacity >= count)
        return;
    rows->capacity = count * 2 + LEAST_ROWS;

    /* the contents are not kept: a view is filled anew each time */
    free(rows->time);
    free(rows->from);
    rows->time = base_calloc(rows->capacity, sizeof *rows->time);
    rows->from = base_calloc(rows->capacity, sizeof *rows->from);
    for (size_t c = 0; c < base->column_count; c++) {
        struct view_column *memory = &rows->memory[c];
        free(memory->values);
        free(memory->known);
        free(memory->set_start);
        memory->values = base_calloc(rows->capacity, width_of(&base->columns[c]));
        memory->known = base_calloc(rows->capacity / 64 + 2, 8);
        memory->set_start = base_calloc(rows->capacity + 1, sizeof *memory->set_start);
    }
}

/* Rows in order: the population's first among equals, as they arrived earlier. */
static size_t order_rows(const struct population_delta *delta, const struct population_table *base,
                         uint32_t position, int32_t head, int table, struct population_rows *rows)
{
    size_t count = 0;
    for (uint32_t row = base->offset[position]; row < base->offset[position + 1]; row++) {
        rows->time[count] = base->time[row];
        rows->from[count++] = row - base->offset[position];
    }
    for (int32_t row = head; row >= 0; row = delta->rows.items[row].next) {
        const struct delta_row *new = &delta->rows.items[row];
        if (new->table != table)
            continue;

        /* inserted from behind: new rows are few, and mostly later than all others */
        size_t at = count++;
        for (; at > 0 && rows->time[at - 1] > new->time; at--) {
            rows->time[at] = rows->time[at - 1];
            rows->from[at] = rows->from[at - 1];
        }
        rows->time[at] = new->time;
        rows->from[at] = (uint32_t)row | NEW_ROW;
    }
    return count;
}

static struct population_value value_at(const struct population_delta *delta,
                                        const struct population_column *column, uint32_t begin,
                                        uint32_t from, size_t c)
{
    if (!(from & NEW_ROW))
        return population_get(column, begin + from);
    struct population_value value =
        delta->values.items[delta->rows.items[from & ~NEW_ROW].values + c];
    if (column->type == VALUE_DOUBLE) /* a number that is none is never known */
        value.known = value.known && isfinite(value.number);
    if (column->type == VALUE_POINT)
        value.known = value.known && isfinite(value.latitude) && isfinite(value.longitude);
    return value;
}

static void add_set(struct view_column *memory, struct population_value value, size_t row)
{
    uint32_t used = memory->set_start[row], length = value.known ? value.code_count : 0;
    if (used + length > memory->code_capacity) {
        memory->code_capacity = (used + length) * 2 + 16;
        memory->set_codes =
            base_realloc(memory->set_codes, memory->code_capacity * sizeof *memory->set_codes);
    }
    if (length)
        memcpy(memory->set_codes + used, value.codes, length * sizeof *memory->set_codes);
    memory->set_start[row + 1] = used + length;
}

static void fill_column(const struct population_delta *delta, const struct population_column *base,
                        uint32_t begin, size_t c, struct population_rows *rows, size_t count)
{
    struct view_column *memory = &rows->memory[c];
    memset(memory->known, 0, (count / 64 + 1) * sizeof *memory->known);
    for (size_t row = 0; row < count; row++) {
        struct population_value value = value_at(delta, base, begin, rows->from[row], c);
        if (value.known)
            bit_set(memory->known, row);
        if (base->type == VALUE_SET) {
            add_set(memory, value, row);
        } else if (base->type == VALUE_POINT) {
            ((double *)memory->values)[2 * row] = value.latitude;
            ((double *)memory->values)[2 * row + 1] = value.longitude;
        } else if (base->type == VALUE_DOUBLE) {
            ((double *)memory->values)[row] = value.number;
        } else {
            ((int64_t *)memory->values)[row] = value.integer;
        }
    }

    rows->columns[c] = *base;
    rows->columns[c].base = 0;
    rows->columns[c].width = base->type == VALUE_SET ? 0 : width_of(base);
    rows->columns[c].values = memory->values;
    rows->columns[c].known = memory->known;
    rows->columns[c].set_start = memory->set_start;
    rows->columns[c].set_codes = memory->set_codes;
}

static size_t count_new(const struct population_delta *delta, int32_t head, int table)
{
    size_t count = 0;
    for (int32_t row = head; row >= 0; row = delta->rows.items[row].next)
        count += delta->rows.items[row].table == table;
    return count;
}

const struct population_table *population_delta_view(const struct population_delta *delta,
                                                     uint32_t position, int table,
                                                     struct population_rows *rows)
{
    uint64_t at;
    if (!number_map_find(&delta->first, position, &at))
        return NULL;

    int32_t head = delta->head.items[at];
    size_t added = count_new(delta, head, table);
    if (!added)
        return NULL;

    const struct population_table *base = &delta->population->tables[table];
    prepare(rows, base, added + base->offset[position + 1] - base->offset[position]);
    size_t count = order_rows(delta, base, position, head, table, rows);
    for (size_t c = 0; c < base->column_count; c++)
        fill_column(delta, &base->columns[c], base->offset[position], c, rows, count);

    /* the view is a table of one customer, at position 0, with what a table says of itself */
    rows->offset[0] = 0;
    rows->offset[1] = (uint32_t)count;
    rows->last_time = rows->time[count - 1];
    rows->table = *base;
    rows->table.rows = count;
    rows->table.offset = rows->offset;
    rows->table.time = rows->time;
    rows->table.last_time = &rows->last_time;
    rows->table.block_last = &rows->last_time;
    rows->table.time_min = rows->time[0];
    rows->table.time_max = rows->last_time;
    rows->table.one_each = count == 1;
    rows->table.columns = rows->columns;
    return &rows->table;
}
