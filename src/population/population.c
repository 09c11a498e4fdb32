/* Reading a finished population: names, identifiers, texts, single values, and what it all weighs.
 */
#include "population/population.h"
#include "base/bits.h"

#include "population/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20, CACHE_LINE = 64 }; /* bytes */

uint64_t population_next_serial(void)
{
    static atomic_ulong serials = 1;
    return atomic_fetch_add(&serials, 1);
}

/* Large arrays stand on huge pages: filling them faults seldom, and reading them in jumps misses
 * few translations. */
static char *take_memory(size_t count, size_t size, size_t *bytes)
{
    ENSURE(!__builtin_mul_overflow(count, size, bytes) && *bytes < SIZE_MAX / 2);
    size_t step = *bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
    size_t whole = (*bytes + POPULATION_PADDING + step - 1) / step * step;
    char *memory = aligned_alloc(step, whole);
    ENSURE(memory);
    if (step == HUGE_PAGE)
        (void)madvise(memory, whole, MADV_HUGEPAGE);
    return memory;
}

void *population_room(size_t count, size_t size)
{
    size_t bytes;
    char *memory = take_memory(count, size, &bytes);
    memset(memory + bytes, 0, POPULATION_PADDING);
    return memory;
}

void *population_array(size_t count, size_t size)
{
    size_t bytes;
    char *memory = take_memory(count, size, &bytes);
    memset(memory, 0, bytes + POPULATION_PADDING);
    return memory;
}

int population_table_index(const struct population *population, const char *name)
{
    for (size_t i = 0; i < population->table_count; i++)
        if (strcmp(population->tables[i].name, name) == 0)
            return (int)i;
    return -1;
}

int population_column_index(const struct population_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

struct text population_identifier(const struct population *population, uint32_t position)
{
    const char *at = population->internal->identifier_at[position];
    uint32_t length;
    if (!at)
        return TEXT("");
    memcpy(&length, at, sizeof length);
    return (struct text){at + sizeof length, length};
}

static uint32_t *make_slots(const struct population *population)
{
    struct population_internal *internal = population->internal;

    /* Linear probing, at most half full; a slot is a position + 1. Without hashes beside them: an
     * identifier is looked at where it lies, which who asks for one does not notice. */
    size_t count = 16;
    while (count < (size_t)population->customers * 2)
        count *= 2;

    uint32_t *slots = base_calloc(count, sizeof *slots);
    internal->identifier_slot_count = count;
    for (uint32_t p = 0; p < population->customers; p++) {
        size_t slot = text_hash(population_identifier(population, p)) & (count - 1);
        while (slots[slot])
            slot = (slot + 1) & (count - 1);
        slots[slot] = p + 1;
    }
    return slots;
}

static const uint32_t *find_slots(const struct population *population)
{
    struct population_internal *internal = population->internal;
    uint32_t *slots = atomic_load_explicit(&internal->identifier_slots, memory_order_acquire);
    if (slots)
        return slots;

    /* made for the first who asks by identifier: most commands never do, and it is a hash of
     * everybody */
    pthread_mutex_lock(&internal->mutex);
    slots = atomic_load_explicit(&internal->identifier_slots, memory_order_relaxed);
    if (!slots) {
        slots = make_slots(population);
        atomic_store_explicit(&internal->identifier_slots, slots, memory_order_release);
    }
    pthread_mutex_unlock(&internal->mutex);
    return slots;
}

bool population_find(const struct population *population, struct text identifier,
                     uint32_t *position)
{
    const uint32_t *slots = find_slots(population);
    size_t mask = population->internal->identifier_slot_count - 1;
    for (size_t slot = text_hash(identifier) & mask; slots[slot]; slot = (slot + 1) & mask) {
        uint32_t found = slots[slot] - 1;
        if (text_equal(population_identifier(population, found), identifier)) {
            *position = found;
            return true;
        }
    }
    return false;
}

struct text population_text(const struct population *population, uint32_t code)
{
    ENSURE(code < population->code_count);
    return population->internal->dictionary.texts[code];
}

uint32_t population_code(const struct population *population, struct text text)
{
    uint32_t code;
    return dictionary_find(&population->internal->dictionary, text, &code) ? code
                                                                           : POPULATION_NO_CODE;
}

struct population_value population_get(const struct population_column *column, size_t row)
{
    struct population_value value = {.known = !column->known || bit_at(column->known, row)};
    if (!value.known)
        return value;

    if (column->type == VALUE_DOUBLE) {
        value.number = ((const double *)column->values)[row];
    } else if (column->type == VALUE_POINT) {
        value.latitude = ((const double *)column->values)[2 * row];
        value.longitude = ((const double *)column->values)[2 * row + 1];
    } else if (column->type == VALUE_SET) {
        value.codes = column->set_codes + column->set_start[row];
        value.code_count = column->set_start[row + 1] - column->set_start[row];
    } else {
        /* What is stored counts from the least value, and wraps where the range is wide. */
        value.integer = (int64_t)((uint64_t)column->base + population_stored(column, row));
    }

    return value;
}

static void free_table(struct population_table *table)
{
    for (size_t c = 0; c < table->column_count; c++) {
        struct population_column *column = &table->columns[c];
        free((void *)column->values);
        free((void *)column->known);
        free((void *)column->set_start);
        free((void *)column->set_codes);
    }
    free((void *)table->offset);
    free((void *)table->time);
    free((void *)table->last_time);
    free((void *)table->block_last);
    free((void *)table->row_of_code);
}

static void free_overlay(struct population *population)
{
    if (population->own_table != SIZE_MAX) {
        free_table(&population->tables[population->own_table]);
        free(population->tables[population->own_table].columns);
        free(population->tables);
    }
    for (size_t i = 0; i < population->own_lists; i++)
        free((void *)population->lists[i].members);
    if (population->lists != population->below->lists)
        free(population->lists);
    free(population);
}

void population_free(struct population *population)
{
    if (!population)
        return;

    /* what lies over another frees its own and leaves the rest to that */
    if (population->below) {
        free_overlay(population);
        return;
    }

    for (size_t i = 0; i < population->table_count; i++)
        free_table(&population->tables[i]);
    for (size_t i = 0; i < population->record_count; i++) {
        free((void *)population->records[i].offset);
        free((void *)population->records[i].entered);
        free((void *)population->records[i].left);
    }

    for (size_t i = 0; i < population->list_count; i++)
        free((void *)population->lists[i].members);

    free((void *)population->number);
    free((void *)population->first_time);
    free((void *)population->last_time);

    struct population_internal *internal = population->internal;
    free(internal->identifier_at);
    arena_release(&internal->identifiers);
    free(atomic_load(&internal->identifier_slots));
    pthread_mutex_destroy(&internal->mutex);
    dictionary_release(&internal->dictionary);
    arena_release(&internal->arena);
    free(internal);
    free(population);
}

static size_t column_bytes(const struct population_column *column, size_t rows)
{
    size_t bytes = column->values ? rows * column->width : 0;
    if (column->known)
        bytes += words_of(rows) * 8;
    if (column->set_start)
        bytes += (rows + 1 + column->set_start[rows]) * sizeof(uint32_t);
    return bytes;
}

static void add_table(struct population_memory *memory, const struct population_table *table,
                      uint32_t customers)
{
    size_t rows = 0, directory = 0;
    for (size_t c = 0; c < table->column_count; c++)
        rows += column_bytes(&table->columns[c], table->rows);
    if (table->time)
        rows += table->rows * sizeof *table->time;

    if (table->offset)
        directory =
            ((size_t)customers * 2 + 1 + (customers + POPULATION_BLOCK - 1) / POPULATION_BLOCK) * 4;
    if (table->role == SCHEMA_FACTS) {
        memory->facts += rows;
        memory->directory += directory;
        memory->fact_rows += table->rows;
    } else if (table->role == SCHEMA_TRAITS) {
        memory->traits += rows + directory;
    } else {
        memory->references += rows + table->code_count * sizeof *table->row_of_code;
    }
}

struct population_memory population_memory(const struct population *population)
{
    const struct population_internal *internal = population->internal;
    uint32_t customers = population->customers;
    struct population_memory memory = {0};

    for (size_t i = 0; i < population->table_count; i++)
        add_table(&memory, &population->tables[i], customers);
    /* number, first, last and identifier of each, and what looks them up */
    memory.customers = (size_t)customers * (8 + 4 + 4 + 8) + internal->identifiers.taken +
                       internal->identifier_slot_count * sizeof *internal->identifier_slots;

    memory.dictionary = dictionary_bytes(&internal->dictionary);
    for (size_t i = 0; i < population->record_count; i++)
        memory.records +=
            ((size_t)customers + 1) * 4 + (size_t)population->records[i].offset[customers] * 16;
    memory.records += population->list_count * words_of(customers) * 8;
    return memory;
}
