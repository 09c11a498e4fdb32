/*
 * k-means. Three things make it fast. Hamerly's bounds (2010: an upper one on the
 * distance to the own centre, a lower one on the distance to any other) let most rows
 * be skipped without being read. The others meet the centres four rows and eight
 * centres at a time in vector registers, by ‖c‖² − 2xc, which is half the work of
 * squared differences but cancels: so data are first moved to their middle, and where
 * the two best come closer than the rounding may be, squared differences decide. What
 * is found is therefore exact, and the same on every machine. And sums of groups are
 * kept up to date by the rows that move; they are computed afresh before the answer is
 * given.
 *
 * Rows are cut into tasks of equal size that depend on the number of rows alone; each
 * adds into its own place and the places are folded in order, so threads do not matter.
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
    LANES = 8,      /* centres at a time: two registers of AVX */
    BATCH = 4,      /* rows at a time: with as many sums as there are registers */
    SAMPLE = 30000, /* rows on which the starts compete: enough to rank them */
    SAMPLE_FROM = 60000,
    SAMPLE_A_GROUP = 20,
    FINALISTS = 3, /* of the starts, that go on with all rows */
    STARTS = 10,
    ROUNDS = 300,
    TASKS_MOST = 64,
    TASK_ROWS = 1024,   /* at least: fewer cost more to hand out than to do */
    MIDDLE_ROWS = 1000, /* whose mean is near enough to the middle of all */
};

/* A centre that is none: farther than any value may be, but its square is still a double. */
static const double FAR = 1e153;

/* What bounds are moved by, relatively, so that the rounding of roots and sums cannot
 * make them promise too much. */
static const double SLACK = 1e-12;

/* Half of the lanes: as much as a register of AVX holds; wider ones are taken apart badly. */
typedef double half __attribute__((vector_size(LANES / 2 * sizeof(double)), aligned(8)));

struct work {
    const double *data;
    size_t rows, task_rows, tasks;
    int columns, k, padded;
    struct pool *pool;
    double *centre, *before; /* k × columns */
    double *turned;          /* columns × padded: centres column by column */
    double *middle;          /* columns: about the mean of the data */
    double *doubled, *norm; /* as turned: −2 × (centre − middle); padded: ‖centre − middle‖² */
    double farthest;        /* the largest ‖centre − middle‖ */
    double *sum, *count; /* k × columns, k */
    double *task_sum;    /* a task each: k × (columns + 1) changes of sum and count */
    double *task_inertia;
    double *task_gain;    /* a task each: LANES */
    const double *chosen; /* the row that becomes the next centre */
    size_t *task_moved;
    double *half_gap,
        *move; /* k: half the distance to the nearest other centre; how far the centre moved */
    double *upper, *lower; /* a row each */
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

/* The nearest centre and the squared distances to it and to the next. turned has `padded` centres;
 * those past k are far. */
AVX2_TOO static uint32_t nearest_two(const double *row, int columns, const double *turned,
                                     int padded, double *best, double *next)
{
    double nearest = INFINITY, second = INFINITY;
    uint32_t at = 0;

    for (int c = 0; c < padded; c += LANES) {
        half low = {0}, high = {0};
        const double *centre = turned + c;
        for (int j = 0; j < columns; j++, centre += padded) {
            half a = row[j] - *(const half *)centre,
                 b = row[j] - *(const half *)(centre + LANES / 2);
            low += a * a;
            high += b * b;
        }

        /* Centres in order, and only nearer ones count: of equally near ones the first wins. */
        for (int i = 0; i < LANES; i++) {
            double d = i < LANES / 2 ? low[i] : high[i - LANES / 2];
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

/* Rows that the bounds could not settle, waiting to be looked at together. */
struct batch {
    int count;
    size_t row[BATCH];
    double *moved; /* columns × BATCH: the rows − middle, column by column */
    double norm[BATCH], best[BATCH], next[BATCH];
    uint32_t at[BATCH];
};

/* ‖c‖² − 2xc of four rows with all centres: the least, the next, and whose it is. */
FMA_TOO static void nearest_roughly(const double *moved, int columns, const double *doubled,
                                    const double *norm, int padded, struct batch *out)
{
    for (int r = 0; r < BATCH; r++)
        out->best[r] = out->next[r] = INFINITY;
    for (int c = 0; c < padded; c += LANES) {
        const double *centre = doubled + c, *row = moved;
        half low = *(const half *)(norm + c), high = *(const half *)(norm + c + LANES / 2);

        /* Named variables: an array of sums would not be kept in registers. */
        half a0 = low, a1 = low, a2 = low, a3 = low, b0 = high, b1 = high, b2 = high, b3 = high;
        for (int j = 0; j < columns; j++, centre += padded, row += BATCH) {
            low = *(const half *)centre;
            high = *(const half *)(centre + LANES / 2);
            a0 += row[0] * low;
            b0 += row[0] * high;
            a1 += row[1] * low;
            b1 += row[1] * high;
            a2 += row[2] * low;
            b2 += row[2] * high;
            a3 += row[3] * low;
            b3 += row[3] * high;
        }

        const half sums[2 * BATCH] = {a0, b0, a1, b1, a2, b2, a3, b3};
        double sum[BATCH][LANES];
        memcpy(sum, sums, sizeof sum);
        for (int r = 0; r < BATCH; r++)
            for (int i = 0; i < LANES; i++) {
                double d = sum[r][i];
                bool nearer = d < out->best[r];
                double second = d < out->next[r] ? d : out->next[r];
                out->next[r] = nearer ? out->best[r] : second;
                out->at[r] = nearer ? (uint32_t)(c + i) : out->at[r];
                out->best[r] = nearer ? d : out->best[r];
            }
    }
}

static void turn_centres(struct work *w)
{
    w->farthest = 0;
    for (int c = 0; c < w->padded; c++) {
        double norm = 0;
        for (int j = 0; j < w->columns; j++) {
            double own = c < w->k ? w->centre[c * w->columns + j] - w->middle[j] : 0;
            w->turned[j * w->padded + c] = c < w->k ? w->centre[c * w->columns + j] : FAR;
            w->doubled[j * w->padded + c] = -2 * own;
            norm += own * own;
        }
        w->norm[c] = c < w->k ? norm : INFINITY;
        w->farthest = fmax(w->farthest, sqrt(norm));
    }
}

static void shift(struct work *w, size_t task, uint32_t group, const double *row, double sign)
{
    double *place = w->task_sum + (task * (size_t)w->k + group) * (size_t)(w->columns + 1);
    for (int j = 0; j < w->columns; j++)
        place[j] += sign * row[j];
    place[w->columns] += sign;
}

/* What was found of a row: its group and bounds. */
static void place_row(struct work *w, size_t task, size_t i, uint32_t found, double upper,
                      double lower)
{
    /* In the first round there is no group to leave. */
    if (w->first || found != w->label[i]) {
        const double *row = w->data + i * (size_t)w->columns;
        if (!w->first)
            shift(w, task, w->label[i], row, -1);
        shift(w, task, found, row, 1);
        w->label[i] = found;
        w->task_moved[task]++;
    }
    w->upper[i] = upper;
    w->lower[i] = lower;
}

/* The waiting rows find their groups. rounding is more than a rough distance can be off (Higham
 * 2002, section 3.1). */
static void look_at_batch(struct work *w, size_t task, struct batch *batch)
{
    for (int r = batch->count; r < BATCH; r++) /* places that are not used */
        for (int j = 0; j < w->columns; j++)
            batch->moved[j * BATCH + r] = 0;
    nearest_roughly(batch->moved, w->columns, w->doubled, w->norm, w->padded, batch);
    for (int r = 0; r < batch->count; r++) {
        double best, next, far = sqrt(batch->norm[r]) + w->farthest;

        /* n ε of Higham's for a sum of n products, eight times over. */
        double rounding = 0x1p-50 * (w->columns + 8) * far * far;
        if (batch->next[r] - batch->best[r] > 2 * rounding) {
            best = fmax(batch->best[r] + batch->norm[r], 0) + rounding;
            next = fmax(batch->next[r] + batch->norm[r] - rounding, 0);
        } else {
            batch->at[r] = nearest_two(w->data + batch->row[r] * (size_t)w->columns, w->columns,
                                       w->turned, w->padded, &best, &next);
        }
        place_row(w, task, batch->row[r], batch->at[r], sqrt(best), sqrt(next));
    }
    batch->count = 0;
}

static void add_to_batch(const struct work *w, struct batch *batch, size_t i)
{
    const double *row = w->data + i * (size_t)w->columns;
    double norm = 0;
    int r = batch->count++;
    for (int j = 0; j < w->columns; j++) {
        double own = row[j] - w->middle[j];
        batch->moved[j * BATCH + r] = own;
        norm += own * own;
    }
    batch->norm[r] = norm;
    batch->row[r] = i;
}

/* Is a row still in the right group? Reads it only when the bounds leave that open. */
static bool is_settled(struct work *w, size_t i)
{
    uint32_t own = w->label[i];
    w->upper[i] += w->move[own];
    w->lower[i] -= own == (uint32_t)w->most_mover ? w->next_move : w->most_move;
    double bound = fmax(w->half_gap[own], w->lower[i]);
    if (w->upper[i] < bound)
        return true;
    w->upper[i] = sqrt(squared_distance(w->data + i * (size_t)w->columns,
                                        w->centre + own * (size_t)w->columns, w->columns));
    return w->upper[i] < bound;
}

static void assign_task(void *context, size_t task, int worker)
{
    struct work *w = context;
    double moved[BATCH * MODEL_CLUSTER_COLUMNS_MAX];
    struct batch batch = {.moved = moved};
    (void)worker;
    size_t end = (task + 1) * w->task_rows < w->rows ? (task + 1) * w->task_rows : w->rows;
    size_t places = (size_t)w->k * (size_t)(w->columns + 1);
    memset(w->task_sum + task * places, 0, sizeof *w->task_sum * places);
    w->task_moved[task] = 0;
    for (size_t i = task * w->task_rows; i < end; i++) {
        if (!w->first && is_settled(w, i))
            continue;
        add_to_batch(w, &batch, i);
        if (batch.count == BATCH)
            look_at_batch(w, task, &batch);
    }
    if (batch.count)
        look_at_batch(w, task, &batch);
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

/* An empty group takes the row that its own centre serves worst; that row's group gives it up. */
static void reseat(struct work *w, int c)
{
    size_t worst = 0;
    double most = -1;

    /* Not from a group of one, which would be empty then. */
    for (size_t i = 0; i < w->rows; i++) {
        double far = squared_distance(w->data + i * (size_t)w->columns,
                                      w->centre + w->label[i] * (size_t)w->columns, w->columns);
        if (far > most && w->count[w->label[i]] > 1) {
            most = far;
            worst = i;
        }
    }

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
        w->move[c] = sqrt(square) * (1 + SLACK);

        /* A row's lower bound falls by the largest move, but its own centre does not
         * count: so the next largest is kept, too. */
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

/* Half the distance to the nearest other centre: a row nearer than that to its own
 * needs no other bound (the triangle inequality). */
static void measure_gaps(struct work *w)
{
    for (int a = 0; a < w->k; a++) {
        double least = INFINITY;
        for (int b = 0; b < w->k; b++)
            if (a != b)
                least = fmin(least, squared_distance(w->centre + a * w->columns,
                                                     w->centre + b * w->columns, w->columns));
        w->half_gap[a] = sqrt(least) / 2 * (1 - SLACK);
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
        w->task_inertia[task] +=
            squared_distance(row, w->centre + w->label[i] * (size_t)w->columns, w->columns);
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

        /* Sums that follow the rows gather rounding, so a fixed point counts only when
         * it holds with sums made afresh. */
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

static struct work work_for(const double *data, size_t rows, int columns, int k, struct pool *pool,
                            struct arena *arena)
{
    struct work w = {.data = data, .rows = rows, .columns = columns, .k = k, .pool = pool};
    size_t cells = (size_t)k * (size_t)columns;

    w.task_rows = rows / TASKS_MOST + 1 > TASK_ROWS ? rows / TASKS_MOST + 1 : TASK_ROWS;
    w.tasks = (rows + w.task_rows - 1) / w.task_rows;
    w.padded = (k + LANES - 1) / LANES * LANES;
    w.centre = ARENA_ARRAY(arena, double, cells);
    w.before = ARENA_ARRAY(arena, double, cells);
    w.sum = ARENA_ARRAY(arena, double, cells);
    w.turned = ARENA_ARRAY(arena, double, (size_t)w.padded *(size_t)columns);
    w.doubled = ARENA_ARRAY(arena, double, (size_t)w.padded *(size_t)columns);
    w.norm = ARENA_ARRAY(arena, double, w.padded);
    w.middle = ARENA_ARRAY(arena, double, columns);

    /* The middle only has to make rough distances less rough: it need not be exact. */
    size_t step = rows / MIDDLE_ROWS + 1, used = (rows + step - 1) / step;
    for (size_t i = 0; i < rows; i += step)
        for (int j = 0; j < columns; j++)
            w.middle[j] += data[i * (size_t)columns + (size_t)j] / (double)used;

    w.task_gain = ARENA_ARRAY(arena, double, w.tasks *LANES);
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

/* Sums of what the distances to the nearest centre would be with each of up to eight candidates.
 * candidate: columns × LANES. */
AVX2_TOO static void sum_candidates(const double *data, size_t rows, int columns,
                                    const double *candidate, const double *upper, double *sum)
{
    for (int c = 0; c < LANES; c++)
        sum[c] = 0;
    for (size_t i = 0; i < rows; i++, data += columns) {
        half low = {0}, high = {0};
        for (int j = 0; j < columns; j++) {
            const half *place = (const half *)(candidate + j * LANES);
            half a = data[j] - place[0], b = data[j] - place[1];
            low += a * a;
            high += b * b;
        }
        for (int c = 0; c < LANES / 2; c++) {
            sum[c] += low[c] < upper[i] ? low[c] : upper[i];
            sum[c + LANES / 2] += high[c] < upper[i] ? high[c] : upper[i];
        }
    }
}

static void candidate_task(void *context, size_t task, int worker)
{
    struct work *w = context;
    (void)worker;
    size_t from = task * w->task_rows,
           rows = w->rows - from < w->task_rows ? w->rows - from : w->task_rows;
    sum_candidates(w->data + from * (size_t)w->columns, rows, w->columns, w->turned,
                   w->upper + from, w->task_gain + task * LANES);
}

/* Distances to the nearest centre when the chosen row is one too. */
static void chosen_task(void *context, size_t task, int worker)
{
    struct work *w = context;
    (void)worker;
    size_t from = task * w->task_rows,
           end = from + w->task_rows < w->rows ? from + w->task_rows : w->rows;
    for (size_t i = from; i < end; i++)
        w->upper[i] = fmin(
            w->upper[i], squared_distance(w->data + i * (size_t)w->columns, w->chosen, w->columns));
}

/* Draws rows in proportion to their squared distance and gives the one that would lower the sum
 * most. */
static size_t best_candidate(struct work *w, int tries, double *total, struct stats_random *random)
{
    size_t pick[LANES], best = 0;
    double sum[LANES] = {0};
    for (int t = 0; t < LANES; t++) {
        if (t < tries)
            pick[t] = *total > 0 ? stats_random_weighted(random, w->upper, w->rows, *total)
                                 : stats_random_below(random, w->rows);
        const double *row = w->data + pick[t < tries ? t : 0] * (size_t)w->columns;
        for (int j = 0; j < w->columns; j++)
            w->turned[j * LANES + t] = row[j];
    }

    pool_run(w->pool, w->tasks, candidate_task, w);
    for (size_t task = 0; task < w->tasks; task++)
        for (int t = 0; t < LANES; t++)
            sum[t] += w->task_gain[task * LANES + (size_t)t];
    for (int t = 1; t < tries; t++)
        best = sum[t] < sum[best] ? (size_t)t : best;
    *total = sum[best];
    return pick[best];
}

/* Greedy k-means++: each next centre is the best of a few rows drawn in proportion to their squared
 * distance. w->upper holds the squared distances to the nearest centre so far. */
static void choose_starts(struct work *w, struct stats_random *random)
{
    int tries = 2 + (int)log(w->k), columns = w->columns; /* as Arthur & Vassilvitskii (2007) did */
    double total = 0;

    tries = tries < LANES ? tries : LANES;
    for (int c = 0; c < w->k; c++) {
        size_t row =
            c ? best_candidate(w, tries, &total, random) : stats_random_below(random, w->rows);
        w->chosen = w->data + row * (size_t)columns;
        memcpy(w->centre + c * columns, w->chosen, sizeof *w->centre * (size_t)columns);
        for (size_t i = 0; c == 0 && i < w->rows; i++)
            w->upper[i] = INFINITY;
        pool_run(w->pool, w->tasks, chosen_task, w);
        for (size_t i = 0; c == 0 && i < w->rows; i++)
            total += w->upper[i];
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

    /* The last place's memory is taken over: nothing is allocated, whatever the number
     * of starts. */
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
static const double *sample_rows(const struct model_matrix *matrix, size_t count, uint64_t seed,
                                 struct arena *arena)
{
    struct stats_random random;
    size_t columns = (size_t)matrix->columns;
    double *out = ARENA_ARRAY(arena, double, count *columns);
    stats_random_init(&random, seed, UINT64_MAX);
    for (size_t i = 0; i < count;
         i++) /* one row of each stretch: spread over the whole and without repeats */
        memcpy(out + i * columns,
               matrix->data +
                   (i * matrix->rows / count + stats_random_below(&random, matrix->rows / count)) *
                       columns,
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

    /* Groups by falling size from here on: numbers mean the same at every fit. */
    for (int c = 0; c < w->k; c++) {
        memcpy(out->centre + c * w->columns, w->centre + order[c] * (size_t)w->columns,
               sizeof *w->centre * (size_t)w->columns);
        out->size[c] = w->count[order[c]];
    }
    memcpy(out->label, w->label, sizeof *w->label * w->rows);
}

enum status model_kmeans_fit(const struct model_matrix *matrix,
                             const struct model_kmeans_options *options, struct pool *pool,
                             struct arena *arena, struct model_kmeans *out, struct error *error)
{
    TRY(model_cluster_check(matrix, options->k, error));
    int k = options->k, starts = options->starts > 0 ? options->starts : STARTS, finalists = 1;
    int rounds = options->max_iterations > 0 ? options->max_iterations : ROUNDS;
    bool sampled = matrix->rows > SAMPLE_FROM && k < SAMPLE / SAMPLE_A_GROUP;
    double least_move = options->tolerance > 0 ? options->tolerance * mean_variance(matrix) : 0;
    struct arena scratch;
    arena_init(&scratch, 0);

    size_t trial_rows = sampled ? SAMPLE : matrix->rows,
           cells = (size_t)k * (size_t)matrix->columns;
    const double *trial_data =
        sampled ? sample_rows(matrix, SAMPLE, options->seed, &scratch) : matrix->data;
    struct work trial = work_for(trial_data, trial_rows, matrix->columns, k, pool, &scratch);
    if (sampled)
        finalists = starts < FINALISTS ? starts : FINALISTS;

    struct finalist list[FINALISTS];
    for (int i = 0; i < FINALISTS; i++)
        list[i] = (struct finalist){INFINITY, ARENA_ARRAY(&scratch, double, cells)};
    bool converged;

    /* Each start has a stream of random numbers of its own, so that more starts never
     * make an answer worse. */
    for (int start = 0; start < starts && !pool_interrupted(pool); start++) {
        struct stats_random random;
        stats_random_init(&random, options->seed, (uint64_t)start);
        choose_starts(&trial, &random);
        iterate(&trial, rounds, sampled ? least_move : 0, &converged);
        keep_finalist(list, finalists, &trial, sum_afresh(&trial));
    }

    /* Without a sample the one finalist starts where it ended: a round or two say that it holds. */
    struct work whole =
        sampled ? work_for(matrix->data, matrix->rows, matrix->columns, k, pool, &scratch) : trial;
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
    return pool_check(pool, error);
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

enum status model_kmeans_read(struct text text, struct arena *arena, struct model_kmeans *out,
                              struct error *error)
{
    struct model_json reader;
    size_t sizes, centres;
    TRY(model_json_open(&reader, text, "clustering", error));
    *out = (struct model_kmeans){.k = (int)model_json_number(&reader, "groups"),
                                 .columns = (int)model_json_number(&reader, "columns")};
    out->inertia = model_json_number(&reader, "inertia");
    out->size = model_json_array(&reader, "sizes", MODEL_CLUSTER_GROUPS_MAX, arena, &sizes);
    out->centre = model_json_array(
        &reader, "centres", MODEL_CLUSTER_GROUPS_MAX * MODEL_CLUSTER_COLUMNS_MAX, arena, &centres);
    if (out->k < 1 || out->columns < 1 || sizes != (size_t)out->k ||
        centres != sizes * (size_t)out->columns)
        model_json_fail(&reader, "the numbers of groups, columns and centres do not fit together");
    out->converged = true;
    return model_json_close(&reader, error);
}
