/*
 * Numberings. A hash table in shards; each shard is an array of pointers to entries that only ever
 * gains entries, so looking up needs no lock: a reader sees an entry whole or not at all. Adding
 * takes the shard's lock. When a shard grows, the old array is kept until the end for readers that
 * still look at it.
 *
 * Which thread meets a new text first is chance; that is why its number is provisional. Every entry
 * keeps the lowest row at which it was met, and settling numbers the new ones in that order,
 * whatever the threads did.
 */
#include "store/numbering.h"

#include "base/bits.h"
#include "base/vector.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* 64 shards: threads seldom meet at one lock, and little is lost on few texts */
    SHARD_BITS = 6,
    SHARDS = 1 << SHARD_BITS,
    SLOTS_AT_FIRST = 64,
    GROWTH = 4, /* all old arrays together are then a third of the newest */
};

struct entry {
    uint64_t hash;
    _Atomic uint64_t row;
    uint32_t number; /* known or provisional */
    uint32_t length;
    char bytes[];
};

struct slots {
    struct slots *older;
    size_t mask;
    _Atomic(struct entry *) entries[];
};

struct shard {
    pthread_mutex_t mutex;
    _Atomic(struct slots *) slots;
    size_t count;
    struct arena arena;
    VECTOR(struct entry *) fresh;
};

struct numbering {
    uint32_t next;
    _Atomic uint32_t fresh;
    struct shard shards[SHARDS];
    struct entry **settled; /* new texts in final order */
    uint32_t *final;        /* by provisional − next */
    uint32_t settled_count;
    bool is_settled;
};

static struct slots *slots_new(size_t count, struct slots *older)
{
    struct slots *slots = base_calloc(1, sizeof *slots + count * sizeof *slots->entries);
    slots->mask = count - 1;
    slots->older = older;
    return slots;
}

struct numbering *store_numbering_new(uint32_t next)
{
    struct numbering *numbering = base_calloc(1, sizeof *numbering);
    numbering->next = next;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &numbering->shards[i];
        pthread_mutex_init(&shard->mutex, NULL);
        atomic_init(&shard->slots, slots_new(SLOTS_AT_FIRST, NULL));
        arena_init(&shard->arena, 0);
    }
    return numbering;
}

void store_numbering_free(struct numbering *numbering)
{
    if (!numbering)
        return;

    /* Readers may have held slots that were outgrown, so those were kept until now. */
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &numbering->shards[i];
        for (struct slots *slots = atomic_load(&shard->slots), *older; slots; slots = older) {
            older = slots->older;
            free(slots);
        }
        pthread_mutex_destroy(&shard->mutex);
        arena_release(&shard->arena);
        VECTOR_RELEASE(&shard->fresh);
    }
    free(numbering->settled);
    free(numbering->final);
    free(numbering);
}

static struct shard *shard_of(const struct numbering *numbering, uint64_t hash)
{
    return (struct shard *)&numbering->shards[hash >> (64 - SHARD_BITS)];
}

static struct entry *look_up(struct shard *shard, struct text text, uint64_t hash)
{
    struct slots *slots = atomic_load_explicit(&shard->slots, memory_order_acquire);
    for (size_t i = hash & slots->mask;; i = (i + 1) & slots->mask) {
        struct entry *entry = atomic_load_explicit(&slots->entries[i], memory_order_acquire);
        if (!entry)
            return NULL;
        if (entry->hash == hash && entry->length == text.length &&
            memcmp(entry->bytes, text.data, text.length) == 0)
            return entry;
    }
}

static void put(struct slots *slots, struct entry *entry)
{
    size_t i = entry->hash & slots->mask;
    while (atomic_load_explicit(&slots->entries[i], memory_order_relaxed))
        i = (i + 1) & slots->mask;
    atomic_store_explicit(&slots->entries[i], entry, memory_order_release);
}

static void grow(struct shard *shard)
{
    struct slots *old = atomic_load_explicit(&shard->slots, memory_order_relaxed);
    struct slots *slots = slots_new((old->mask + 1) * GROWTH, old);

    for (size_t i = 0; i <= old->mask; i++) {
        struct entry *entry = atomic_load_explicit(&old->entries[i], memory_order_relaxed);
        if (entry)
            put(slots, entry);
    }

    /* readers see the new array only now, with all that it has to hold */
    atomic_store_explicit(&shard->slots, slots, memory_order_release);
}

/* Under the shard's lock. */
static struct entry *add(struct shard *shard, struct text text, uint64_t hash, uint32_t number,
                         uint64_t row)
{
    struct entry *entry = arena_alloc(&shard->arena, sizeof *entry + text.length);
    entry->hash = hash;
    atomic_init(&entry->row, row);
    entry->number = number;
    entry->length = (uint32_t)text.length;
    if (text.length)
        memcpy(entry->bytes, text.data, text.length);

    if (++shard->count * 2 > atomic_load_explicit(&shard->slots, memory_order_relaxed)->mask)
        grow(shard);

    put(atomic_load_explicit(&shard->slots, memory_order_relaxed), entry);
    return entry;
}

void store_numbering_known(struct numbering *numbering, struct text text, uint32_t number)
{
    uint64_t hash = text_hash(text);
    struct shard *shard = shard_of(numbering, hash);
    ENSURE(number < numbering->next);
    if (!look_up(shard, text, hash))
        add(shard, text, hash, number, 0);
}

static void lower_row(struct entry *entry, uint64_t row)
{
    uint64_t seen = atomic_load_explicit(&entry->row, memory_order_relaxed);
    while (row < seen && !atomic_compare_exchange_weak_explicit(
                             &entry->row, &seen, row, memory_order_relaxed, memory_order_relaxed))
        ;
}

static uint32_t number_hashed(struct numbering *numbering, struct text text, uint64_t hash,
                              uint64_t row)
{
    struct shard *shard = shard_of(numbering, hash);
    struct entry *entry = look_up(shard, text, hash);

    /* looked for once more under the lock: another thread may have added it meanwhile */
    if (!entry) {
        pthread_mutex_lock(&shard->mutex);
        entry = look_up(shard, text, hash);
        if (!entry) {
            uint32_t index = atomic_fetch_add_explicit(&numbering->fresh, 1, memory_order_relaxed);
            ENSURE(index < UINT32_MAX - 1 - numbering->next);
            entry = add(shard, text, hash, numbering->next + index, row);
            VECTOR_PUSH(&shard->fresh, entry);
        }
        pthread_mutex_unlock(&shard->mutex);
    }

    if (entry->number >= numbering->next)
        lower_row(entry, row);
    return entry->number;
}

uint32_t store_numbering_number(struct numbering *numbering, struct text text, uint64_t row)
{
    return number_hashed(numbering, text, text_hash(text), row);
}

/* Three strides: ask for the slots, then for the entries they point at, then look. */
static void number_batch(struct numbering *numbering, const struct text *texts,
                         const uint64_t *rows, size_t count, uint32_t *numbers)
{
    uint64_t hashes[NUMBERING_BATCH];
    struct slots *slots[NUMBERING_BATCH];

    for (size_t i = 0; i < count; i++) {
        hashes[i] = text_hash(texts[i].data ? texts[i] : (struct text){"", 0});
        slots[i] =
            atomic_load_explicit(&shard_of(numbering, hashes[i])->slots, memory_order_acquire);
        __builtin_prefetch(&slots[i]->entries[hashes[i] & slots[i]->mask]);
    }

    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(atomic_load_explicit(&slots[i]->entries[hashes[i] & slots[i]->mask],
                                                memory_order_relaxed));

    for (size_t i = 0; i < count; i++)
        if (texts[i].data)
            numbers[i] = number_hashed(numbering, texts[i], hashes[i], rows[i]);
}

void store_numbering_numbers(struct numbering *numbering, const struct text *texts,
                             const uint64_t *rows, size_t count, uint32_t *numbers)
{
    for (size_t i = 0; i < count; i += NUMBERING_BATCH) {
        size_t batch = count - i < NUMBERING_BATCH ? count - i : NUMBERING_BATCH;
        number_batch(numbering, texts + i, rows + i, batch, numbers + i);
    }
}

bool store_numbering_find(const struct numbering *numbering, struct text text, uint32_t *number)
{
    uint64_t hash = text_hash(text);
    struct entry *entry = look_up(shard_of(numbering, hash), text, hash);
    if (!entry)
        return false;
    *number =
        numbering->is_settled ? store_numbering_final(numbering, entry->number) : entry->number;
    return *number != UINT32_MAX;
}

uint32_t store_numbering_count(const struct numbering *numbering)
{
    return atomic_load(&((struct numbering *)numbering)->fresh);
}

static struct text text_of(const struct entry *entry)
{
    return (struct text){entry->bytes, entry->length};
}

static int by_appearance(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    uint64_t p = atomic_load_explicit(&x->row, memory_order_relaxed);
    uint64_t q = atomic_load_explicit(&y->row, memory_order_relaxed);
    return p != q ? (p > q) - (p < q) : text_compare(text_of(x), text_of(y));
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = (*(struct entry *const *)a)->number, y = (*(struct entry *const *)b)->number;
    return (x > y) - (x < y);
}

static uint32_t settle(struct numbering *numbering, const uint64_t *used,
                       int (*order)(const void *, const void *))
{
    ENSURE(!numbering->is_settled);

    uint32_t fresh = store_numbering_count(numbering);
    numbering->settled = base_calloc(fresh ? fresh : 1, sizeof *numbering->settled);
    numbering->final = base_calloc(fresh ? fresh : 1, sizeof *numbering->final);

    /* UINT32_MAX stays with those that `used` leaves out: their numbers are given to others */
    for (size_t i = 0; i < SHARDS; i++)
        for (size_t j = 0; j < numbering->shards[i].fresh.count; j++) {
            struct entry *entry = numbering->shards[i].fresh.items[j];
            uint32_t index = entry->number - numbering->next;
            numbering->final[index] = UINT32_MAX;
            if (!used || bit_at(used, index))
                numbering->settled[numbering->settled_count++] = entry;
        }

    if (numbering->settled_count)
        qsort(numbering->settled, numbering->settled_count, sizeof *numbering->settled, order);
    for (uint32_t i = 0; i < numbering->settled_count; i++)
        numbering->final[numbering->settled[i]->number - numbering->next] = numbering->next + i;
    numbering->is_settled = true;
    return numbering->settled_count;
}

uint32_t store_numbering_settle(struct numbering *numbering, const uint64_t *used)
{
    return settle(numbering, used, by_appearance);
}

uint32_t store_numbering_settle_as_met(struct numbering *numbering)
{
    return settle(numbering, NULL, by_number);
}

uint32_t store_numbering_final(const struct numbering *numbering, uint32_t provisional)
{
    ENSURE(numbering->is_settled);
    return provisional < numbering->next ? provisional
                                         : numbering->final[provisional - numbering->next];
}

struct text store_numbering_new_text(const struct numbering *numbering, uint32_t index)
{
    ENSURE(numbering->is_settled && index < numbering->settled_count);
    return text_of(numbering->settled[index]);
}

uint32_t store_numbering_first_new(const struct numbering *numbering)
{
    return numbering->next;
}

uint32_t store_numbering_settled_count(const struct numbering *numbering)
{
    return numbering->settled_count;
}
