/*
 * Customers at moments: who gets a row, what was known of them, and what came. At moment t the
 * features see what had happened by t and had been received by t; the label sees what happened in
 * (t, t + h], whenever it was received. What was received when is on record from the store's first
 * import on; of moments before it the store holds history that was loaded at once, and a fact
 * counts as received when it happened.
 */
#include "base/bits.h"
#include "study/predict.h"
#include "study/scores.h"

#include "catalog/catalog.h"
#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- who was known when ---- */

static bool is_read(const struct predict_data *data, const char *table)
{
    for (size_t i = 0; i < data->needs.count; i++)
        if (strcmp(data->needs.items[i].table, table) == 0)
            return true;
    return false;
}

/* Whether anything with a date was known of the customer at t, of what the model reads: who was
 * only ever told without one might be new. */
static bool known_by(const struct predict_data *data, const struct population *population,
                     uint32_t position, int64_t t)
{
    for (size_t i = 0; i < population->table_count; i++) {
        const struct population_table *table = &population->tables[i];
        if (table->role == SCHEMA_REFERENCE || !is_read(data, table->name))
            continue;

        /* Rows lie in the order of time; 0 stands for "always", of traits without a date. */
        for (uint32_t row = table->offset[position]; row < table->offset[position + 1]; row++) {
            if (table->time[row] > t)
                break;
            if (table->time[row] > 0)
                return true;
        }
    }
    return false;
}

enum status predict_who(struct predict_data *data, const struct population *population, int64_t t,
                        uint64_t **out, struct error *error)
{
    struct work *work = data->work;
    const struct population *before = work->population;

    /* The condition is asked of the population as it was known then, not of the work's own. */
    work->population = population;
    enum status status = work_inputs_among(work, &data->inputs, t, out, error);
    work->population = before;
    for (uint32_t p = 0; status == STATUS_OK && data->how->dated && p < population->customers; p++)
        if (bit_at(*out, p) && !known_by(data, population, p, t))
            bit_clear(*out, p);
    return status;
}

static enum status evaluate_label(struct predict_data *data, int64_t at, uint64_t **out,
                                  struct error *error)
{
    struct plan *plan = NULL;
    struct plan_result *result = NULL;
    struct work *work = data->work;
    int last = data->label->segment_count - 1;
    TRY(plan_new(data->label, session_schema(work->session), &last, 1, &plan, error));
    enum status status = plan_evaluate(plan, work->population, at, session_pool(work->session),
                                       false, &result, error);
    if (status == STATUS_OK) {
        *out = ARENA_ARRAY(work->arena, uint64_t, result->words + 1);
        memcpy(*out, result->members[last], result->words * sizeof **out);
    }
    plan_result_free(result);
    plan_free(plan);
    return status;
}

enum status predict_label_at(struct predict_data *data, int64_t t, uint64_t **out,
                             struct error *error)
{
    return evaluate_label(data, t + data->how->horizon, out, error);
}

/* ---- what had been received ---- */

/* The moment up to which a population for t may know: INT64_MAX where all there is had been
 * received by then, or nobody knows. */
static enum status known_until(struct predict_data *data, int64_t t, int64_t *out,
                               struct error *error)
{
    struct catalog_import *imports;
    size_t count;
    int64_t first = INT64_MAX;
    bool later = false;
    *out = INT64_MAX;
    if (!data->how->dated)
        return STATUS_OK;
    TRY(catalog_imports(store_catalog(session_store(data->work->session)), data->work->arena,
                        &imports, &count, error));

    /* Scores came in, too, but from here: they say nothing of when facts did. */
    for (size_t i = 0; i < count; i++) {
        if (imports[i].undone || study_is_score(&imports[i], NULL))
            continue;
        first = imports[i].received < first ? imports[i].received : first;
        later |= imports[i].received > t;
    }

    /* History that was loaded at once was received long after it happened: before the first import
     * nobody knows when, and happening has to do. */
    if (t < first)
        data->unrecorded = true;
    else if (later)
        *out = t;
    return STATUS_OK;
}

/* The work's population, or *own: of what was known at t. */
static enum status population_at(struct predict_data *data, int64_t t, struct population **own,
                                 struct error *error)
{
    struct session_moment moment = *data->work->moment;
    int64_t until;
    *own = NULL;
    TRY(known_until(data, t, &until, error));
    if (until >= moment.known_at || until == INT64_MAX)
        return STATUS_OK;
    moment.known_at = until;
    return session_load_population(data->work->session, &data->inputs.needs, &moment,
                                   SESSION_WHOLE_PAST, own, error);
}

/* ---- one moment ---- */

static size_t count_bits(const uint64_t *bits, uint32_t customers)
{
    size_t count = 0;
    for (size_t w = 0; w < customers / 64 + 1u; w++)
        count += (size_t)__builtin_popcountll(bits[w]);
    return count;
}

struct block {
    const struct population *population; /* as known at the moment */
    int64_t moment;
    uint64_t *who;
    uint32_t *before; /* rows before each word of who */
    uint32_t *place;  /* of each row: where its customer stands in the label's population */
    size_t count;
    double *raw, *recency;
    int features;
    bool has_recency;
};

static void take_rows(void *context, uint32_t first, uint32_t count,
                      const struct plan_values *values, int worker)
{
    struct block *block = context;
    (void)worker;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t p = first + i;
        uint64_t word = block->who[p / 64], bit = UINT64_C(1) << (p % 64);
        if (!(word & bit))
            continue;

        /* Its place is known without the other batches: they run on other threads. */
        size_t row = block->before[p / 64] + (size_t)__builtin_popcountll(word & (bit - 1));
        for (int f = 0; f < block->features; f++)
            block->raw[row * (size_t)block->features + (size_t)f] = column_raw(&values[f], i);
        block->recency[row] = block->has_recency ? column_raw(&values[block->features], i) : NAN;
    }
}

/* Codes of texts may differ from one population to the next; numbers of our own do not. */
static void number_texts(struct predict_data *data, const struct block *block)
{
    for (int f = 0; f < data->features; f++)
        for (size_t i = 0; data->feature[f].is_text && i < block->count; i++) {
            double *place = &block->raw[i * (size_t)data->features + (size_t)f];
            if (!isnan(*place))
                *place = (double)text_map_put(&data->words,
                                              population_text(block->population, (uint32_t)*place),
                                              data->words.count, NULL);
        }
}

/* Positions in the label's population by customer number. */
static uint32_t *places(struct predict_data *data)
{
    const struct population *population = data->work->population;
    uint64_t most = 0;
    for (uint32_t p = 0; p < population->customers; p++)
        most = population->number[p] > most ? population->number[p] : most;
    uint32_t *place = ARENA_ARRAY(data->work->arena, uint32_t, most + 2);
    memset(place, 0xff, sizeof *place * (most + 2));
    for (uint32_t p = 0; p < population->customers; p++)
        place[population->number[p]] = p;
    return place;
}

/* Whether this customer gets a row: in the sample, known to the label's population, and not one who
 * meets a label about traits already, of whom it cannot come true. */
static bool is_kept(const struct predict_data *data, const uint64_t *already, uint64_t number,
                    uint32_t own, double share)
{
    struct stats_random random;
    if (own == UINT32_MAX || (already && bit_at(already, own)))
        return false;
    if (share >= 1)
        return true;

    /* By the customer's number: whoever is in the sample is in it at every moment. */
    stats_random_init(&random, data->how->seed, number);
    return stats_random_uniform(&random) < share;
}

static enum status thin(struct predict_data *data, struct block *block, const uint32_t *place,
                        double share, struct error *error)
{
    uint64_t *already = NULL;
    uint32_t customers = block->population->customers;
    if (data->about_traits)
        TRY(evaluate_label(data, block->moment, &already, error));

    /* Counted word by word on the way, so that a batch finds its rows' places by itself. */
    block->before = ARENA_ARRAY(data->work->arena, uint32_t, customers / 64 + 2);
    block->place = ARENA_ARRAY(data->work->arena, uint32_t, count_bits(block->who, customers) + 1);
    for (uint32_t p = 0; p < customers; p++) {
        uint64_t bit = UINT64_C(1) << (p % 64);
        if (p % 64 == 0)
            block->before[p / 64] = (uint32_t)block->count;
        if (!(block->who[p / 64] & bit))
            continue;
        uint64_t number = block->population->number[p];
        if (is_kept(data, already, number, place[number], share))
            block->place[block->count++] = place[number];
        else
            block->who[p / 64] &= ~bit;
    }
    return STATUS_OK;
}

static enum status read_block(struct predict_data *data, struct block *block, struct error *error)
{
    struct work *work = data->work;
    block->features = data->features;
    block->has_recency = data->has_recency;
    block->raw = ARENA_ARRAY(work->arena, double, block->count *(size_t)data->features + 1);
    block->recency = ARENA_ARRAY(work->arena, double, block->count + 1);
    TRY(plan_scan_values(data->inputs.set, session_schema(work->session), data->inputs.nodes,
                         (int)data->inputs.count, block->population, block->moment,
                         session_pool(work->session), take_rows, block, error));
    number_texts(data, block);
    return STATUS_OK;
}

/* All of one moment. A population of its own is gone again when the next moment's comes. */
static enum status make_block(struct predict_data *data, const uint32_t *place, double share,
                              struct block *block, uint64_t *all, struct error *error)
{
    struct population *own;
    enum status status = population_at(data, block->moment, &own, error);
    block->population = own ? own : data->work->population;
    if (status == STATUS_OK)
        status = predict_who(data, block->population, block->moment, &block->who, error);
    if (status == STATUS_OK) {
        *all += count_bits(block->who, block->population->customers);
        status = thin(data, block, place, share, error);
    }
    if (status == STATUS_OK)
        status = read_block(data, block, error);
    population_free(own);
    return status;
}

/* Appends the block's rows; customers are positions in the label's population for now. */
static enum status append(struct predict_data *data, const struct block *block,
                          struct predict_rows *out, struct error *error)
{
    uint64_t *label, *unknown;
    size_t features = (size_t)data->features;
    TRY(predict_label_at(data, block->moment, &label, error));
    TRY(predict_label_unknown(data, block->moment + data->how->horizon, label, &unknown, error));

    for (size_t i = 0; i < block->count; i++) {
        uint32_t own = block->place[i];
        if (bit_at(unknown, own)) {
            out->unknown++;
            continue;
        }
        memcpy(out->raw + out->count * features, block->raw + i * features,
               sizeof *out->raw * features);
        out->recency[out->count] = block->recency[i];
        out->customer[out->count] = own;
        out->label[out->count] = bit_at(label, own);
        out->hits += out->label[out->count++];
    }
    return STATUS_OK;
}

/* ---- several moments ---- */

/* Numbers customers without gaps, so that resampling them draws from those who have rows. */
static void renumber(struct predict_rows *rows, size_t most, struct arena *arena)
{
    uint32_t *own = ARENA_ARRAY(arena, uint32_t, most + 1);
    rows->customers = 0;
    for (size_t i = 0; i < rows->count; i++) {
        uint32_t *number = &own[rows->customer[i]];
        if (!*number)
            *number = (uint32_t)++rows->customers;
        rows->customer[i] = *number - 1;
    }
}

static void make_room(struct predict_rows *rows, size_t count, int features, struct arena *arena)
{
    *rows = (struct predict_rows){.features = features};
    rows->raw = ARENA_ARRAY(arena, double, count *(size_t)features + 1);
    rows->recency = ARENA_ARRAY(arena, double, count + 1);
    rows->label = ARENA_ARRAY(arena, unsigned char, count + 1);
    rows->customer = ARENA_ARRAY(arena, uint32_t, count + 1);
}

enum status predict_rows_at(struct predict_data *data, int from, int to, size_t most,
                            struct predict_rows *out, struct error *error)
{
    struct work *work = data->work;
    struct block *blocks = ARENA_ARRAY(work->arena, struct block, to - from + 1);
    const uint32_t *place = places(data);
    uint64_t all = 0, met = 0, *who;
    size_t count = 0;

    /* How many rows there would be decides the share that is sampled, before any value is read. */
    for (int m = from; m < to; m++) {
        TRY(predict_who(data, work->population, data->moment[m], &who, error));
        all += count_bits(who, work->population->customers);
    }

    for (int m = from; m < to; m++) {
        blocks[m - from].moment = data->moment[m];
        TRY(make_block(data, place, all > most ? (double)most / (double)all : 1, &blocks[m - from],
                       &met, error));
        count += blocks[m - from].count;
    }

    /* Labels last: they come from the work's population, which knows the horizon's end. */
    make_room(out, count, data->features, work->arena);
    out->all = all > most ? met : count;
    for (int m = from; m < to; m++)
        TRY(append(data, &blocks[m - from], out, error));
    renumber(out, work->population->customers, work->arena);
    return STATUS_OK;
}

void predict_rows_part(const struct predict_rows *all, const uint32_t *fold, uint32_t which,
                       bool inside, struct arena *arena, struct predict_rows *out)
{
    size_t features = (size_t)all->features;
    make_room(out, all->count, all->features, arena);
    for (size_t i = 0; i < all->count; i++) {
        if ((fold[i] == which) != inside)
            continue;
        memcpy(out->raw + out->count * features, all->raw + i * features,
               sizeof *out->raw * features);
        out->recency[out->count] = all->recency[i];
        out->customer[out->count] = all->customer[i];
        out->hits += all->label[i];
        out->label[out->count++] = all->label[i];
    }
    out->customers = all->customers;
}
