/*
 * k-prototypes by Lloyd's iteration: rows to the nearest prototype, prototypes to the means of the
 * numbers and the commonest categories (the lowest code of equally common ones). A start takes rows
 * drawn as k-means++ draws them, in proportion to their cost so far. k-modes is the case without
 * numbers.
 *
 * As in kmeans.c, prototypes are laid out trait by trait so that a row meets eight at once in
 * vector registers, added up in the order of the traits; and sums and counts follow the rows that
 * move, and are made afresh before the answer.
 */
#include "base/json.h"
#include "model/clones.h"
#include "model/cluster.h"
#include "model/json_read.h"
#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STARTS = 10,
    ROUNDS = 200, /* some dozens are usual */
    ROWS_A_TASK = 2048,
    LANES = 8,            /* prototypes at a time: two registers of AVX */
    LEVELS_MAX = 1 << 16, /* of a category: their counts are kept for each group */
};

/* A prototype that is none: farther than any value may be, but its square is still a double. */
static const double FAR = 1e153;

typedef double half __attribute__((vector_size(LANES / 2 * sizeof(double)), aligned(8)));
typedef int64_t mask __attribute__((vector_size(LANES / 2 * sizeof(int64_t))));

struct work {
    const struct model_prototypes_data *data;
    int k;
    double gamma;
    struct pool *pool;
    double *centre, *size, *cost;   /* cost: of each row at its prototype */
    uint32_t *mode, *label, *found; /* found: where the rows belong by the prototypes at hand */
    double *turned;                 /* columns + categories × padded: prototypes trait by trait */
    int padded;
    double *sum; /* k × columns */
    size_t tasks;
    size_t *level_start; /* a category each: where its counts begin */
    double *counts;      /* k × all levels */
};

static double distance(const struct work *w, size_t i, int c)
{
    int columns = w->data->columns, categories = w->data->categories;
    double sum = 0;
    unsigned differ = 0;
    const double *number = w->data->number + i * (size_t)columns, *centre = w->centre + c * columns;
    const uint32_t *code = w->data->code + i * (size_t)categories, *mode = w->mode + c * categories;
    for (int j = 0; j < columns; j++)
        sum += (number[j] - centre[j]) * (number[j] - centre[j]);
    for (int j = 0; j < categories; j++)
        differ += code[j] != mode[j];
    return sum + w->gamma * differ;
}

/* Prototypes past k are far from every row, or as far as one can be. */
static void turn(struct work *w)
{
    int columns = w->data->columns, categories = w->data->categories;
    for (int c = 0; c < w->padded; c++) {
        for (int j = 0; j < columns; j++)
            w->turned[j * w->padded + c] = c < w->k ? w->centre[c * columns + j] : FAR;
        for (int j = 0; j < categories; j++)
            w->turned[(columns + j) * w->padded + c] =
                c < w->k ? (double)w->mode[c * categories + j] : -1;
    }
}

AVX2_TOO static void assign_rows(const double *number, const uint32_t *code, size_t rows,
                                 int columns, int categories, const double *turned, int padded,
                                 double gamma, uint32_t *found, double *cost)
{
    half differs = {gamma, gamma, gamma, gamma};

    for (size_t i = 0; i < rows; i++, number += columns, code += categories) {
        double nearest = INFINITY;
        uint32_t best = 0;
        for (int c = 0; c < padded; c += LANES) {
            half low = {0}, high = {0};
            const double *place = turned + c;
            for (int j = 0; j < columns; j++, place += padded) {
                half a = number[j] - *(const half *)place,
                     b = number[j] - *(const half *)(place + LANES / 2);
                low += a * a;
                high += b * b;
            }

            /* Codes are compared as doubles, eight prototypes at once: a mask keeps γ
             * where they differ. */
            for (int j = 0; j < categories; j++, place += padded) {
                double own = code[j];
                low += (half)((mask)differs & (mask)(own != *(const half *)place));
                high += (half)((mask)differs & (mask)(own != *(const half *)(place + LANES / 2)));
            }

            /* In order, so that of equally near prototypes the first wins. */
            for (int l = 0; l < LANES; l++) {
                double d = l < LANES / 2 ? low[l] : high[l - LANES / 2];
                best = d < nearest ? (uint32_t)(c + l) : best;
                nearest = d < nearest ? d : nearest;
            }
        }

        found[i] = best;
        cost[i] = nearest;
    }
}

static void assign_task(void *context, size_t task, int worker)
{
    struct work *w = context;
    const struct model_prototypes_data *data = w->data;
    size_t from = task * ROWS_A_TASK,
           rows = data->rows - from < ROWS_A_TASK ? data->rows - from : ROWS_A_TASK;
    (void)worker;
    assign_rows(data->number + from * (size_t)data->columns,
                data->code + from * (size_t)data->categories, rows, data->columns, data->categories,
                w->turned, w->padded, w->gamma, w->found + from, w->cost + from);
}

static void take_row(struct work *w, int c, size_t i)
{
    size_t columns = (size_t)w->data->columns, categories = (size_t)w->data->categories;
    if (columns)
        memcpy(w->centre + (size_t)c * columns, w->data->number + i * columns,
               sizeof(double) * columns);
    if (categories)
        memcpy(w->mode + (size_t)c * categories, w->data->code + i * categories,
               sizeof(uint32_t) * categories);
}

static void choose_starts(struct work *w, struct stats_random *random)
{
    size_t rows = w->data->rows;
    take_row(w, 0, stats_random_below(random, rows));
    for (size_t i = 0; i < rows; i++)
        w->cost[i] = distance(w, i, 0);
    for (int c = 1; c < w->k; c++) {
        double total = 0;
        for (size_t i = 0; i < rows; i++)
            total += w->cost[i];

        /* Where all costs are 0 there are fewer different rows than groups: any row will do. */
        take_row(w, c,
                 total > 0 ? stats_random_weighted(random, w->cost, rows, total)
                           : stats_random_below(random, rows));
        for (size_t i = 0; i < rows; i++)
            w->cost[i] = fmin(w->cost[i], distance(w, i, c));
    }
}

static void shift(struct work *w, size_t i, size_t c, double sign)
{
    const struct model_prototypes_data *data = w->data;
    size_t levels = w->level_start[data->categories];
    w->size[c] += sign;
    for (int j = 0; j < data->columns; j++)
        w->sum[c * (size_t)data->columns + (size_t)j] +=
            sign * data->number[i * (size_t)data->columns + (size_t)j];
    for (int j = 0; j < data->categories; j++)
        w->counts[c * levels + w->level_start[j] +
                  data->code[i * (size_t)data->categories + (size_t)j]] += sign;
}

/* Rows go where they were found to belong. Returns how many moved; afresh: sums and counts from
 * nothing. */
static size_t move_rows(struct work *w, bool afresh)
{
    size_t moved = 0;
    if (afresh) {
        memset(w->counts, 0,
               sizeof *w->counts * (size_t)w->k * w->level_start[w->data->categories]);
        memset(w->sum, 0, sizeof *w->sum * (size_t)w->k * (size_t)w->data->columns);
        memset(w->size, 0, sizeof *w->size * (size_t)w->k);
    }

    for (size_t i = 0; i < w->data->rows; i++) {
        bool moves = w->found[i] != w->label[i];
        moved += moves;
        if (moves && !afresh)
            shift(w, i, w->label[i], -1);
        if (moves || afresh)
            shift(w, i, w->found[i], 1);
        w->label[i] = w->found[i];
    }
    return moved;
}

static void update(struct work *w)
{
    const struct model_prototypes_data *data = w->data;
    size_t levels = w->level_start[data->categories];

    for (int c = 0; c < w->k; c++) {
        if (w->size[c] < .5) { /* an empty group takes the row that costs most */
            size_t worst = 0;
            for (size_t i = 1; i < data->rows; i++)
                worst = w->cost[i] > w->cost[worst] ? i : worst;
            take_row(w, c, worst);
            w->cost[worst] = 0;
            continue;
        }

        for (int j = 0; j < data->columns; j++)
            w->centre[c * data->columns + j] = w->sum[c * data->columns + j] / w->size[c];
        for (int j = 0; j < data->categories; j++) {
            const double *count = w->counts + (size_t)c * levels + w->level_start[j];

            /* Strictly more, so that of equally common levels the lowest code stands. */
            uint32_t best = 0;
            for (uint32_t level = 1; level < data->levels[j]; level++)
                best = count[level] > count[best] ? level : best;
            w->mode[c * data->categories + j] = best;
        }
    }
}

static double run(struct work *w, int *rounds)
{
    double total = 0;
    bool sums_are_fresh = false;
    for (*rounds = 1; *rounds <= ROUNDS; ++*rounds) {
        turn(w);
        pool_run(w->pool, w->tasks, assign_task, w);

        /* As in k-means: a fixed point counts when it holds with sums made afresh. */
        bool settled = move_rows(w, *rounds == 1) == 0 && *rounds > 1;
        if (settled && sums_are_fresh)
            break;
        if (settled) /* once more, with sums that carry no rounding of moves */
            move_rows(w, true);
        sums_are_fresh = settled;
        update(w);
    }

    for (size_t i = 0; i < w->data->rows; i++)
        total += w->cost[i];
    return total;
}

static enum status check(const struct model_prototypes_data *data, int k, struct error *error)
{
    if (data->columns < 0 || data->categories < 0 || data->columns + data->categories == 0 ||
        data->columns + data->categories > MODEL_CLUSTER_COLUMNS_MAX)
        return error_set(error, STATUS_ERROR, "%d traits cannot be clustered: 1 to %d are possible",
                         data->columns + data->categories, MODEL_CLUSTER_COLUMNS_MAX);
    if (k < 1 || (size_t)k > data->rows || k > MODEL_CLUSTER_GROUPS_MAX)
        return error_set(error, STATUS_ERROR, "%zu customers cannot be divided into %d groups",
                         data->rows, k);
    for (size_t i = 0; i < data->rows * (size_t)data->columns; i++)
        if (!(fabs(data->number[i]) < MODEL_CLUSTER_VALUE_MAX))
            return error_set(error, STATUS_ERROR, "customer %zu has no usable value in trait %zu",
                             i / (size_t)data->columns + 1, i % (size_t)data->columns + 1);
    for (int j = 0; j < data->categories; j++)
        if (data->levels[j] == 0 || data->levels[j] > LEVELS_MAX)
            return error_set(error, STATUS_ERROR,
                             "category %d has %u different values; 1 to 65,536 are possible", j + 1,
                             data->levels[j]);
    for (size_t i = 0; i < data->rows * (size_t)data->categories; i++)
        ENSURE(data->code[i] < data->levels[i % (size_t)data->categories]);
    return STATUS_OK;
}

/* What a differing category weighs against squared differences of numbers: half of
 * their mean standard deviation (after Huang 1997). */
double model_prototypes_gamma(const struct model_prototypes_data *data)
{
    double total = 0;
    for (int j = 0; j < data->columns; j++) {
        double mean = 0, sum = 0;
        for (size_t i = 0; i < data->rows; i++)
            mean += data->number[i * (size_t)data->columns + (size_t)j];
        mean /= (double)data->rows;
        for (size_t i = 0; i < data->rows; i++) {
            double gap = data->number[i * (size_t)data->columns + (size_t)j] - mean;
            sum += gap * gap;
        }
        total += sqrt(sum / (double)data->rows);
    }
    return data->columns ? 0.5 * total / data->columns : 1;
}

static struct work work_for(const struct model_prototypes_data *data, int k, double gamma,
                            struct pool *pool, struct arena *arena)
{
    struct work w = {.data = data,
                     .k = k,
                     .pool = pool,
                     .gamma = gamma > 0 ? gamma : model_prototypes_gamma(data)};
    w.level_start = ARENA_ARRAY(arena, size_t, data->categories + 1);
    for (int j = 0; j < data->categories; j++)
        w.level_start[j + 1] = w.level_start[j] + data->levels[j];
    w.tasks = (data->rows + ROWS_A_TASK - 1) / ROWS_A_TASK;
    w.centre = ARENA_ARRAY(arena, double, (size_t)k *(size_t)data->columns);
    w.mode = ARENA_ARRAY(arena, uint32_t, (size_t)k * (size_t)data->categories);
    w.size = ARENA_ARRAY(arena, double, k);
    w.cost = ARENA_ARRAY(arena, double, data->rows);
    w.label = ARENA_ARRAY(arena, uint32_t, data->rows);
    w.found = ARENA_ARRAY(arena, uint32_t, data->rows);
    w.padded = (k + LANES - 1) / LANES * LANES;
    w.turned =
        ARENA_ARRAY(arena, double, (size_t)(data->columns + data->categories) * (size_t)w.padded);
    w.sum = ARENA_ARRAY(arena, double, (size_t)k *(size_t)data->columns);
    w.counts = ARENA_ARRAY(arena, double, (size_t)k *w.level_start[data->categories]);
    return w;
}

static void keep(struct work *w, double cost, int rounds, struct arena *arena,
                 struct model_prototypes *out)
{
    size_t columns = (size_t)w->data->columns, categories = (size_t)w->data->categories;
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, w->k);
    model_cluster_renumber(w->label, w->data->rows, w->k, order);
    memcpy(out->label, w->label, sizeof *w->label * w->data->rows);
    memset(out->size, 0, sizeof *out->size * (size_t)w->k);
    for (size_t i = 0; i < w->data->rows; i++)
        out->size[w->label[i]]++;
    for (size_t c = 0; c < (size_t)w->k; c++) {
        memcpy(out->centre + c * columns, w->centre + order[c] * columns, sizeof(double) * columns);
        memcpy(out->mode + c * categories, w->mode + order[c] * categories,
               sizeof(uint32_t) * categories);
    }
    out->cost = cost;
    out->iterations = rounds;
}

enum status model_prototypes_fit(const struct model_prototypes_data *data, int k, double gamma,
                                 int starts, uint64_t seed, struct pool *pool, struct arena *arena,
                                 struct model_prototypes *out, struct error *error)
{
    TRY(check(data, k, error));
    struct arena scratch;
    arena_init(&scratch, 0);
    struct work w = work_for(data, k, gamma, pool, &scratch);
    *out = (struct model_prototypes){
        .k = k,
        .columns = data->columns,
        .categories = data->categories,
        .gamma = w.gamma,
        .cost = INFINITY,
        .centre = ARENA_ARRAY(arena, double, (size_t)k *(size_t)data->columns),
        .mode = ARENA_ARRAY(arena, uint32_t, (size_t)k * (size_t)data->categories),
        .size = ARENA_ARRAY(arena, double, k),
        .label = ARENA_ARRAY(arena, uint32_t, data->rows)};

    /* The memory of one start serves all; the best is copied out at once. */
    for (int start = 0; start < (starts > 0 ? starts : STARTS); start++) {
        struct stats_random random;
        int rounds;
        stats_random_init(&random, seed, (uint64_t)start);
        choose_starts(&w, &random);
        double cost = run(&w, &rounds);
        if (cost < out->cost)
            keep(&w, cost, rounds, &scratch, out);
    }

    arena_release(&scratch);
    return STATUS_OK;
}

uint32_t model_prototypes_assign(const struct model_prototypes *model, const double *number,
                                 const uint32_t *code)
{
    struct model_prototypes_data row = {1, model->columns, model->categories, number, code, NULL};
    struct work w = {.data = &row,
                     .k = model->k,
                     .gamma = model->gamma,
                     .centre = model->centre,
                     .mode = model->mode};
    uint32_t best = 0;
    for (int c = 1; c < model->k; c++)
        if (distance(&w, 0, c) < distance(&w, 0, (int)best))
            best = (uint32_t)c;
    return best;
}

void model_prototypes_write(const struct model_prototypes *model, struct json *json)
{
    size_t k = (size_t)model->k;
    json_write_object(json);
    model_json_put(json, "groups", model->k);
    model_json_put(json, "columns", model->columns);
    model_json_put(json, "categories", model->categories);
    model_json_put(json, "gamma", model->gamma);
    model_json_put(json, "cost", model->cost);
    model_json_put_all(json, "sizes", model->size, k);
    model_json_put_all(json, "centres", model->centre, k * (size_t)model->columns);
    json_put_array(json, "modes");
    for (size_t i = 0; i < k * (size_t)model->categories; i++)
        json_write_integer(json, model->mode[i]);
    json_write_end_array(json);
    json_write_end_object(json);
}

enum status model_prototypes_read(struct text text, struct arena *arena,
                                  struct model_prototypes *out, struct error *error)
{
    struct model_json reader;
    size_t sizes, centres, modes;

    TRY(model_json_open(&reader, text, "clustering", error));
    *out = (struct model_prototypes){.k = (int)model_json_number(&reader, "groups"),
                                     .columns = (int)model_json_number(&reader, "columns"),
                                     .categories = (int)model_json_number(&reader, "categories"),
                                     .gamma = model_json_number(&reader, "gamma"),
                                     .cost = model_json_number(&reader, "cost")};
    out->size = model_json_array(&reader, "sizes", MODEL_CLUSTER_GROUPS_MAX, arena, &sizes);
    out->centre = model_json_array(
        &reader, "centres", MODEL_CLUSTER_GROUPS_MAX * MODEL_CLUSTER_COLUMNS_MAX, arena, &centres);
    double *mode = model_json_array(
        &reader, "modes", MODEL_CLUSTER_GROUPS_MAX * MODEL_CLUSTER_COLUMNS_MAX, arena, &modes);
    if (out->k < 1 || out->columns < 0 || out->categories < 0 || sizes != (size_t)out->k ||
        centres != sizes * (size_t)out->columns || modes != sizes * (size_t)out->categories)
        model_json_fail(&reader,
                        "the numbers of groups, traits and prototypes do not fit together");

    out->mode = ARENA_ARRAY(arena, uint32_t, modes);
    for (size_t i = 0; i < modes; i++)
        out->mode[i] = mode[i] >= 0 && mode[i] < LEVELS_MAX ? (uint32_t)mode[i] : 0;
    return model_json_close(&reader, error);
}
