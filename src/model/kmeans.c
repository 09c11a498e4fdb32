/*
 * k-means. Three things make it fast. Centres are laid out column by column in blocks of eight, so that one row meets
 * eight centres at once in vector registers, with no sums across lanes; each distance is still added up in the order of
 * the columns, so every machine gets the same bits. Hamerly's bounds (an upper one on the distance to the own centre, a
 * lower one on the distance to any other) let most rows be skipped without being read. And sums of groups are kept up
 * to date by the rows that move; they are computed afresh before the answer is given.
 *
 * Rows are cut into tasks of equal size that depend on the number of rows alone; each adds into its own place and the
 * places are folded in order, so threads do not matter.
 */
#include "base/json.h"
#include "model/cluster.h"
#include "model/json_read.h"
#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8, SAMPLE = 30000, SAMPLE_FROM = 60000, FINALISTS = 3 };

typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(8)));

struct work {
    const double *data;
    size_t rows, task_rows, tasks;
    int columns, k, padded;
    struct pool *pool;
    double *centre, *before; /* k × columns */
    double *turned;          /* columns × padded: centres column by column */
    double *sum, *count;     /* k × columns, k */
    double *task_sum;        /* a task each: k × (columns + 1) changes of sum and count */
    double *task_inertia;
    size_t *task_moved;
    double *half_gap, *move; /* k: half the distance to the nearest other centre; how far the centre moved */
    double *upper, *lower;   /* a row each */
    uint32_t *label;
    double most_move, next_move; /* the two largest moves */
    int most_mover;
    bool first;
};

static double squared_distance(const double *a, const double *b, int columns)
{
    double sum = 0;
    for (int j = 0; j < columns; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

/* The nearest centre and the squared distances to it and to the next. turned has `padded` centres; those past k are
 * far. */
__attribute__((target_clones("avx2", "default"))) static uint32_t
nearest_two(const double *row, int columns, const double *turned, int padded, double *best, double *next)
{
    double nearest = INFINITY, second = INFINITY;
    uint32_t at = 0;
    for (int c = 0; c < padded; c += LANES) {
        lanes sum = {0};
        const double *centre = turned + c;
        for (int j = 0; j < columns; j++, centre += padded) {
            lanes gap = row[j] - *(const lanes *)centre;
            sum += gap * gap;
        }
        for (int i = 0; i < LANES; i++) {
            double d = sum[i];
            if (d < nearest) {
                second = nearest;
                nearest = d;
                at = (uint32_t)(c + i);
            } else if (d < second) {
                second = d;
            }
        }
    }
    *best = nearest;
    *next = second;
    return at;
}

static void turn_centres(struct work *w)
{
    for (int j = 0; j < w->columns; j++)
        for (int c = 0; c < w->padded; c++)
            w->turned[j * w->padded + c] = c < w->k ? w->centre[c * w->columns + j] : 1e153;
}

static void shift(struct work *w, size_t task, uint32_t group, const double *row, double sign)
{
    double *place = w->task_sum + (task * (size_t)w->k + group) * (size_t)(w->columns + 1);
    for (int j = 0; j < w->columns; j++)
        place[j] += sign * row[j];
    place[w->columns] += sign;
}

/* One row: is it still in the right group? Reads it only when the bounds leave that open. */
static void assign_row(struct work *w, size_t task, size_t i)
{
    const double *row = w->data + i * (size_t)w->columns;
    double best, next;
    if (!w->first) {
        uint32_t own = w->label[i];
        w->upper[i] += w->move[own];
        w->lower[i] -= own == (uint32_t)w->most_mover ? w->next_move : w->most_move;
        double bound = fmax(w->half_gap[own], w->lower[i]);
        if (w->upper[i] < bound)
            return;
        w->upper[i] = sqrt(squared_distance(row, w->centre + own * (size_t)w->columns, w->columns));
        if (w->upper[i] < bound)
            return;
    }
    uint32_t found = nearest_two(row, w->columns, w->turned, w->padded, &best, &next);
    if (w->first || found != w->label[i]) {
        if (!w->first)
            shift(w, task, w->label[i], row, -1);
        shift(w, task, found, row, 1);
        w->label[i] = found;
        w->task_moved[task]++;
    }
    w->upper[i] = sqrt(best);
    w->lower[i] = sqrt(next);
}

static void assign_task(void *context, size_t task, int worker)
{
    struct work *w = context;
    (void)worker;
    size_t end = (task + 1) * w->task_rows < w->rows ? (task + 1) * w->task_rows : w->rows;
    size_t places = (size_t)w->k * (size_t)(w->columns + 1);
    memset(w->task_sum + task * places, 0, sizeof *w->task_sum * places);
    w->task_moved[task] = 0;
    for (size_t i = task * w->task_rows; i < end; i++)
        assign_row(w, task, i);
}

/* Folds the tasks' changes, in their order. Returns how many rows moved. */
static size_t fold(struct work *w)
{
    size_t moved = 0;
    for (size_t task = 0; task < w->tasks; task++) {
        moved += w->task_moved[task];
        const double *place = w->task_sum + task * (size_t)w->k * (size_t)(w->columns + 1);
        if (w->task_moved[task])
            for (int c = 0; c < w->k; c++, place += w->columns + 1) {
                for (int j = 0; j < w->columns; j++)
                    w->sum[c * w->columns + j] += place[j];
                w->count[c] += place[w->columns];
            }
    }
    return moved;
}

/* An empty group takes the row that its own centre serves worst, by the bounds; that row's group gives it up. */
static void reseat(struct work *w, int c)
{
    size_t worst = 0;
    for (size_t i = 1; i < w->rows; i++)
        if (w->upper[i] > w->upper[worst] && w->count[w->label[i]] > 1)
            worst = i;
    const double *row = w->data + worst * (size_t)w->columns;
    uint32_t own = w->label[worst];
    for (int j = 0; j < w->columns; j++) {
        w->sum[own * (size_t)w->columns + (size_t)j] -= row[j];
        w->sum[c * w->columns + j] = row[j];
    }
    w->count[own]--;
    w->count[c] = 1;
    w->label[worst] = (uint32_t)c;
    w->upper[worst] = INFINITY; /* nothing is known of it: look at it next time */
    w->lower[worst] = 0;
}

/* New centres from the sums; what moved and how far. Returns the sum of squared moves. */
static double move_centres(struct work *w)
{
    double total = 0;
    for (int c = 0; c < w->k; c++)
        if (w->count[c] < 0.5)
            reseat(w, c);
    memcpy(w->before, w->centre, sizeof *w->centre * (size_t)w->k * (size_t)w->columns);
    w->most_move = w->next_move = 0;
    w->most_mover = 0;
    for (int c = 0; c < w->k; c++) {
        double *centre = w->centre + c * w->columns;
        for (int j = 0; j < w->columns; j++)
            centre[j] = w->sum[c * w->columns + j] / w->count[c];
        double square = squared_distance(centre, w->before + c * w->columns, w->columns);
        total += square;
        w->move[c] = sqrt(square) * (1 + 1e-12);
        if (w->move[c] > w->most_move) {
            w->next_move = w->most_move;
            w->most_move = w->move[c];
            w->most_mover = c;
        } else if (w->move[c] > w->next_move) {
            w->next_move = w->move[c];
        }
    }
    return total;
}

static void measure_gaps(struct work *w)
{
    for (int a = 0; a < w->k; a++) {
        double least = INFINITY;
        for (int b = 0; b < w->k; b++)
            if (a != b)
                least =
                    fmin(least, squared_distance(w->centre + a * w->columns, w->centre + b * w->columns, w->columns));
        w->half_gap[a] = sqrt(least) / 2 * (1 - 1e-12);
    }
}

/* Sums afresh from the labels, and the inertia around the present centres. */
static void sum_task(void *context, size_t task, int worker)
{
    struct work *w = context;
    (void)worker;
    size_t end = (task + 1) * w->task_rows < w->rows ? (task + 1) * w->task_rows : w->rows;
    size_t places = (size_t)w->k * (size_t)(w->columns + 1);
    memset(w->task_sum + task * places, 0, sizeof *w->task_sum * places);
    w->task_inertia[task] = 0;
    w->task_moved[task] = 1;
    for (size_t i = task * w->task_rows; i < end; i++) {
        const double *row = w->data + i * (size_t)w->columns;
        shift(w, task, w->label[i], row, 1);
        w->task_inertia[task] += squared_distance(row, w->centre + w->label[i] * (size_t)w->columns, w->columns);
    }
}

static double sum_afresh(struct work *w)
{
    double inertia = 0;
    memset(w->sum, 0, sizeof *w->sum * (size_t)w->k * (size_t)w->columns);
    memset(w->count, 0, sizeof *w->count * (size_t)w->k);
    pool_run(w->pool, w->tasks, sum_task, w);
    fold(w);
    for (size_t task = 0; task < w->tasks; task++)
        inertia += w->task_inertia[task];
    return inertia;
}

/* Lloyd's iteration from w->centre. Returns the number of rounds; *converged as in the header. */
static int iterate(struct work *w, int max_iterations, double least_move, bool *converged)
{
    int round = 0;
    bool sums_are_fresh = false;
    w->first = true;
    memset(w->sum, 0, sizeof *w->sum * (size_t)w->k * (size_t)w->columns);
    memset(w->count, 0, sizeof *w->count * (size_t)w->k);
    *converged = false;
    while (round < max_iterations) {
        turn_centres(w);
        measure_gaps(w);
        pool_run(w->pool, w->tasks, assign_task, w);
        size_t moved = fold(w);
        bool settled = moved == 0 && !w->first;
        w->first = false;
        round++;
        if (settled && sums_are_fresh) {
            *converged = true;
            break;
        }
        if (settled) /* centres from sums without the rounding of moves; then one more look */
            sum_afresh(w);
        sums_are_fresh = settled;
        if (move_centres(w) <= least_move && !settled && least_move > 0) {
            *converged = true;
            break;
        }
    }
    return round;
}

static struct work work_for(const double *data, size_t rows, int columns, int k, struct pool *pool, struct arena *arena)
{
    struct work w = {.data = data, .rows = rows, .columns = columns, .k = k, .pool = pool};
    size_t cells = (size_t)k * (size_t)columns;
    w.task_rows = rows / 64 + 1 > 1024 ? rows / 64 + 1 : 1024;
    w.tasks = (rows + w.task_rows - 1) / w.task_rows;
    w.padded = (k + LANES - 1) / LANES * LANES;
    w.centre = ARENA_ARRAY(arena, double, cells);
    w.before = ARENA_ARRAY(arena, double, cells);
    w.sum = ARENA_ARRAY(arena, double, cells);
    w.turned = ARENA_ARRAY(arena, double, (size_t)w.padded *(size_t)columns);
    w.count = ARENA_ARRAY(arena, double, k);
    w.half_gap = ARENA_ARRAY(arena, double, k);
    w.move = ARENA_ARRAY(arena, double, k);
    w.task_sum = ARENA_ARRAY(arena, double, w.tasks *(cells + (size_t)k));
    w.task_inertia = ARENA_ARRAY(arena, double, w.tasks);
    w.task_moved = ARENA_ARRAY(arena, size_t, w.tasks);
    w.upper = ARENA_ARRAY(arena, double, rows);
    w.lower = ARENA_ARRAY(arena, double, rows);
    w.label = ARENA_ARRAY(arena, uint32_t, rows);
    return w;
}

/* Greedy k-means++: each next centre is the best of a few rows drawn in proportion to their squared distance. w->upper
 * holds the squared distances to the nearest centre so far, w->lower those of the candidate. */
static void choose_starts(struct work *w, struct stats_random *random)
{
    int tries = 2 + (int)log(w->k), columns = w->columns;
    size_t first = stats_random_below(random, w->rows);
    memcpy(w->centre, w->data + first * (size_t)columns, sizeof *w->centre * (size_t)columns);
    double total = 0;
    for (size_t i = 0; i < w->rows; i++)
        total += w->upper[i] = squared_distance(w->data + i * (size_t)columns, w->centre, columns);
    for (int c = 1; c < w->k; c++) {
        double best_total = INFINITY;
        size_t best = 0;
        for (int t = 0; t < tries; t++) {
            size_t pick = total > 0 ? stats_random_weighted(random, w->upper, w->rows, total)
                                    : stats_random_below(random, w->rows);
            const double *row = w->data + pick * (size_t)columns;
            double sum = 0;
            for (size_t i = 0; i < w->rows; i++)
                sum += fmin(w->upper[i], squared_distance(w->data + i * (size_t)columns, row, columns));
            if (sum < best_total) {
                best_total = sum;
                best = pick;
            }
        }
        const double *row = w->data + best * (size_t)columns;
        memcpy(w->centre + c * columns, row, sizeof *row * (size_t)columns);
        total = 0;
        for (size_t i = 0; i < w->rows; i++) {
            w->upper[i] = fmin(w->upper[i], squared_distance(w->data + i * (size_t)columns, row, columns));
            total += w->upper[i];
        }
    }
}

/* The best few sets of centres found so far, by inertia. */
struct finalist {
    double inertia;
    double *centre;
};

static void keep_finalist(struct finalist *list, int count, const struct work *w, double inertia)
{
    size_t bytes = sizeof *w->centre * (size_t)w->k * (size_t)w->columns;
    if (inertia >= list[count - 1].inertia)
        return;
    for (int i = 0; i < count; i++)
        if (fabs(list[i].inertia - inertia) <= 1e-9 * inertia) /* the same answer again */
            return;
    struct finalist place = list[count - 1];
    int i = count - 1;
    for (; i > 0 && list[i - 1].inertia > inertia; i--)
        list[i] = list[i - 1];
    place.inertia = inertia;
    memcpy(place.centre, w->centre, bytes);
    list[i] = place;
}

static double mean_variance(const struct model_matrix *matrix)
{
    double total = 0;
    for (int j = 0; j < matrix->columns; j++) {
        double mean = 0, sum = 0;
        for (size_t i = 0; i < matrix->rows; i++)
            mean += matrix->data[i * (size_t)matrix->columns + (size_t)j];
        mean /= (double)matrix->rows;
        for (size_t i = 0; i < matrix->rows; i++) {
            double gap = matrix->data[i * (size_t)matrix->columns + (size_t)j] - mean;
            sum += gap * gap;
        }
        total += sum / (double)matrix->rows;
    }
    return total / matrix->columns;
}

/* A random sample of rows, copied out. */
static const double *sample_rows(const struct model_matrix *matrix, size_t count, uint64_t seed, struct arena *arena)
{
    struct stats_random random;
    size_t columns = (size_t)matrix->columns;
    double *out = ARENA_ARRAY(arena, double, count *columns);
    stats_random_init(&random, seed, UINT64_MAX);
    for (size_t i = 0; i < count; i++) /* one row of each stretch: spread over the whole and without repeats */
        memcpy(out + i * columns,
               matrix->data + (i * matrix->rows / count + stats_random_below(&random, matrix->rows / count)) * columns,
               sizeof *out * columns);
    return out;
}

static void finish(struct work *w, struct arena *arena, double inertia, struct model_kmeans *out)
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, w->k);
    model_cluster_renumber(w->label, w->rows, w->k, order);
    out->k = w->k;
    out->columns = w->columns;
    out->inertia = inertia;
    for (int c = 0; c < w->k; c++) {
        memcpy(out->centre + c * w->columns, w->centre + order[c] * (size_t)w->columns,
               sizeof *w->centre * (size_t)w->columns);
        out->size[c] = w->count[order[c]];
    }
    memcpy(out->label, w->label, sizeof *w->label * w->rows);
}

enum status model_kmeans_fit(const struct model_matrix *matrix, const struct model_kmeans_options *options,
                             struct pool *pool, struct arena *arena, struct model_kmeans *out, struct error *error)
{
    TRY(model_cluster_check(matrix, options->k, error));
    int k = options->k, starts = options->starts > 0 ? options->starts : 10, finalists = 1;
    int rounds = options->max_iterations > 0 ? options->max_iterations : 300;
    bool sampled = matrix->rows > SAMPLE_FROM && k < SAMPLE / 20;
    double least_move = options->tolerance > 0 ? options->tolerance * mean_variance(matrix) : 0;
    struct arena scratch;
    arena_init(&scratch, 0);
    size_t trial_rows = sampled ? SAMPLE : matrix->rows, cells = (size_t)k * (size_t)matrix->columns;
    const double *trial_data = sampled ? sample_rows(matrix, SAMPLE, options->seed, &scratch) : matrix->data;
    struct work trial = work_for(trial_data, trial_rows, matrix->columns, k, pool, &scratch);
    if (sampled)
        finalists = starts < FINALISTS ? starts : FINALISTS;
    struct finalist list[FINALISTS];
    for (int i = 0; i < FINALISTS; i++)
        list[i] = (struct finalist){INFINITY, ARENA_ARRAY(&scratch, double, cells)};
    bool converged;
    for (int start = 0; start < starts; start++) {
        struct stats_random random;
        stats_random_init(&random, options->seed, (uint64_t)start);
        choose_starts(&trial, &random);
        iterate(&trial, rounds, sampled ? least_move : 0, &converged);
        keep_finalist(list, finalists, &trial, sum_afresh(&trial));
    }
    struct work whole = sampled ? work_for(matrix->data, matrix->rows, matrix->columns, k, pool, &scratch) : trial;
    *out = (struct model_kmeans){.centre = ARENA_ARRAY(arena, double, cells),
                                 .size = ARENA_ARRAY(arena, double, k),
                                 .label = ARENA_ARRAY(arena, uint32_t, matrix->rows),
                                 .inertia = INFINITY};
    for (int i = 0; i < finalists && isfinite(list[i].inertia); i++) {
        memcpy(whole.centre, list[i].centre, sizeof *whole.centre * cells);
        int iterations = iterate(&whole, rounds, least_move, &converged);
        double inertia = sum_afresh(&whole);
        if (inertia < out->inertia) {
            finish(&whole, arena, inertia, out);
            out->iterations = iterations;
            out->converged = converged;
        }
    }
    arena_release(&scratch);
    return STATUS_OK;
}

uint32_t model_kmeans_assign(const struct model_kmeans *model, const double *row, double *distance)
{
    uint32_t best = 0;
    double nearest = INFINITY;
    for (int c = 0; c < model->k; c++) {
        double d = squared_distance(row, model->centre + c * model->columns, model->columns);
        if (d < nearest) {
            nearest = d;
            best = (uint32_t)c;
        }
    }
    if (distance)
        *distance = nearest;
    return best;
}

void model_kmeans_write(const struct model_kmeans *model, struct json *json)
{
    json_write_object(json);
    model_json_put(json, "groups", model->k);
    model_json_put(json, "columns", model->columns);
    model_json_put(json, "inertia", model->inertia);
    model_json_put_all(json, "sizes", model->size, (size_t)model->k);
    model_json_put_all(json, "centres", model->centre, (size_t)model->k * (size_t)model->columns);
    json_write_end_object(json);
}

enum status model_kmeans_read(struct text text, struct arena *arena, struct model_kmeans *out, struct error *error)
{
    struct model_json reader;
    size_t sizes, centres;
    TRY(model_json_open(&reader, text, "clustering", error));
    *out = (struct model_kmeans){.k = (int)model_json_number(&reader, "groups"),
                                 .columns = (int)model_json_number(&reader, "columns")};
    out->inertia = model_json_number(&reader, "inertia");
    out->size = model_json_array(&reader, "sizes", MODEL_CLUSTER_GROUPS_MAX, arena, &sizes);
    out->centre =
        model_json_array(&reader, "centres", MODEL_CLUSTER_GROUPS_MAX * MODEL_CLUSTER_COLUMNS_MAX, arena, &centres);
    if (out->k < 1 || out->columns < 1 || sizes != (size_t)out->k || centres != sizes * (size_t)out->columns)
        model_json_fail(&reader, "the numbers of groups, columns and centres do not fit together");
    out->converged = true;
    return model_json_close(&reader, error);
}
