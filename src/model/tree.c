/*
 * Ward's tree and k-medoids: the two methods that look at pairs of rows.
 *
 * The tree: from any group walk to its nearest neighbour, from there to its own, until two are each
 * other's nearest; merge them and walk on from where the walk stood (nearest-neighbour chains;
 * Murtagh 1983). Ward's distance obeys what makes that right, and needs only centroids and sizes,
 * so no table of distances is kept. Merges come out of order and are sorted by height afterwards.
 */
#include "model/cluster.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct forest {
    int columns;
    size_t count;    /* groups alive */
    uint32_t *alive; /* their numbers */
    double *centre, *size;
};

static double ward_distance(const struct forest *f, size_t a, size_t b)
{
    const double *x = f->centre + a * (size_t)f->columns, *y = f->centre + b * (size_t)f->columns;
    double sum = 0;
    for (int j = 0; j < f->columns; j++)
        sum += (x[j] - y[j]) * (x[j] - y[j]);

    /* Twice what a merge adds to the squared distances, so that two single rows merge
     * at their own distance. */
    return 2 * f->size[a] * f->size[b] / (f->size[a] + f->size[b]) * sum;
}

/* The nearest other group; `wanted` wins ties, so that the walk ends. */
static uint32_t nearest_group(const struct forest *f, uint32_t from, uint32_t wanted,
                              double *distance)
{
    uint32_t best = wanted;
    *distance = wanted == UINT32_MAX ? INFINITY : ward_distance(f, from, wanted);

    for (size_t i = 0; i < f->count; i++)
        if (f->alive[i] != from) {
            double d = ward_distance(f, from, f->alive[i]);
            if (d < *distance) {
                *distance = d;
                best = f->alive[i];
            }
        }
    return best;
}

/* b joins a; a keeps its place. */
static void join(struct forest *f, uint32_t a, uint32_t b)
{
    double both = f->size[a] + f->size[b];
    double *x = f->centre + a * (size_t)f->columns, *y = f->centre + b * (size_t)f->columns;
    for (int j = 0; j < f->columns; j++)
        x[j] = (f->size[a] * x[j] + f->size[b] * y[j]) / both;
    f->size[a] = both;

    size_t i = 0;
    while (f->alive[i] != b)
        i++;
    memmove(f->alive + i, f->alive + i + 1, sizeof *f->alive * (--f->count - i));
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Merges in order of height, named as in the header. one and other are rows of the two groups that
 * met. */
static void name_merges(size_t rows, const uint32_t *one, const uint32_t *other,
                        const double *height, struct arena *scratch, struct model_ward *out)
{
    uint32_t *order = ARENA_ARRAY(scratch, uint32_t, rows),
             *parent = ARENA_ARRAY(scratch, uint32_t, rows),
             *name = ARENA_ARRAY(scratch, uint32_t, rows);
    stats_order(height, rows - 1, order);
    for (uint32_t i = 0; i < rows; i++)
        parent[i] = name[i] = i;

    for (size_t m = 0; m + 1 < rows; m++) {
        uint32_t a = root_of(parent, one[order[m]]), b = root_of(parent, other[order[m]]);
        out->left[m] = name[a] < name[b] ? name[a] : name[b];
        out->right[m] = name[a] < name[b] ? name[b] : name[a];
        out->height[m] = height[order[m]];
        parent[b] = a;
        name[a] = (uint32_t)(rows + m);
    }
}

enum status model_ward_fit(const struct model_matrix *matrix, struct arena *arena,
                           struct model_ward *out, struct error *error)
{
    TRY(model_cluster_check(matrix, 1, error));
    size_t rows = matrix->rows, cells = rows * (size_t)matrix->columns;
    if (rows > MODEL_WARD_MAX)
        return error_set(
            error, STATUS_ERROR,
            "Ward's method takes at most %d customers, not %zu: take a sample, or k-means",
            MODEL_WARD_MAX, rows);

    struct arena scratch;
    arena_init(&scratch, 0);
    struct forest f = {matrix->columns, rows, ARENA_ARRAY(&scratch, uint32_t, rows),
                       ARENA_ARRAY(&scratch, double, cells), ARENA_ARRAY(&scratch, double, rows)};
    uint32_t *chain = ARENA_ARRAY(&scratch, uint32_t, rows + 1),
             *one = ARENA_ARRAY(&scratch, uint32_t, rows),
             *other = ARENA_ARRAY(&scratch, uint32_t, rows);
    double *height = ARENA_ARRAY(&scratch, double, rows);
    memcpy(f.centre, matrix->data, sizeof *f.centre * cells);
    for (uint32_t i = 0; i < rows; i++) {
        f.alive[i] = i;
        f.size[i] = 1;
    }

    size_t length = 0, merges = 0;
    while (f.count > 1) {
        if (length == 0)
            chain[length++] = f.alive[0];
        double distance;
        uint32_t last = chain[length - 1], before = length > 1 ? chain[length - 2] : UINT32_MAX;
        uint32_t next = nearest_group(&f, last, before, &distance);

        /* The walk's steps grow shorter, so it ends at two that are each other's nearest. */
        if (next != before) {
            chain[length++] = next;
            continue;
        }

        one[merges] = before;
        other[merges] = last;
        height[merges++] = sqrt(distance);
        join(&f, before < last ? before : last, before < last ? last : before);

        /* What is left of the chain is still one: a merge never brings Ward's distances
         * nearer than they were. */
        length -= 2;
    }

    *out =
        (struct model_ward){rows, ARENA_ARRAY(arena, uint32_t, rows),
                            ARENA_ARRAY(arena, uint32_t, rows), ARENA_ARRAY(arena, double, rows)};
    name_merges(rows, one, other, height, &scratch, out);
    arena_release(&scratch);
    return STATUS_OK;
}

void model_ward_cut(const struct model_ward *tree, int k, struct arena *arena, uint32_t *label)
{
    size_t rows = tree->rows, merges = rows - (size_t)k;
    uint32_t *group = ARENA_ARRAY(arena, uint32_t, 2 * rows),
             next = 0; /* of each name, from the top down; 0: none yet */
    for (size_t m = rows - 1; m-- > 0;) {
        /* Merges above the cut have no group; below it each name passes its group on to
         * both its parts. */
        uint32_t own = m < merges ? group[rows + m] : 0;
        if (m < merges && own == 0)
            own = ++next;
        if (m < merges)
            group[tree->left[m]] = group[tree->right[m]] = own;
    }
    for (size_t i = 0; i < rows; i++)
        label[i] = (group[i] ? group[i] : ++next) - 1;
    model_cluster_renumber(label, rows, k, NULL);
}

struct pam {
    size_t rows;
    int k;
    double *distance; /* rows × rows */
    uint32_t *medoid, *nearest;
    double *first, *second; /* distances to the nearest and the next medoid */
};

static void pam_nearest(struct pam *p)
{
    for (size_t i = 0; i < p->rows; i++) {
        p->first[i] = p->second[i] = INFINITY;
        for (int c = 0; c < p->k; c++) {
            double d = p->distance[i * p->rows + p->medoid[c]];
            if (d < p->first[i]) {
                p->second[i] = p->first[i];
                p->first[i] = d;
                p->nearest[i] = (uint32_t)c;
            } else if (d < p->second[i]) {
                p->second[i] = d;
            }
        }
    }
}

/* BUILD: each next medoid lowers the cost most. */
static void pam_build(struct pam *p)
{
    for (size_t i = 0; i < p->rows; i++)
        p->first[i] = INFINITY;
    for (int c = 0; c < p->k; c++) {
        double least = INFINITY;
        for (size_t m = 0; m < p->rows; m++) {
            double cost = 0;

            for (size_t i = 0; i < p->rows; i++)
                cost += fmin(p->first[i], p->distance[m * p->rows + i]);
            if (cost < least) {
                least = cost;
                p->medoid[c] = (uint32_t)m;
            }
        }
        for (size_t i = 0; i < p->rows; i++)
            p->first[i] = fmin(p->first[i], p->distance[p->medoid[c] * p->rows + i]);
    }
}

/* An exchange must gain more than the rounding of sums, or two could undo each other for ever. */
static const double NO_GAIN = -1e-12;

/* SWAP: the best exchange of a medoid for another row, until none lowers the cost. The changes of
 * all k medoids against one candidate are summed in one pass (Schubert & Rousseeuw 2021). */
static bool pam_swap(struct pam *p, double *change)
{
    double best = NO_GAIN;
    uint32_t out = 0, in = 0;

    for (size_t m = 0; m < p->rows; m++) {
        double shared = 0;
        memset(change, 0, sizeof *change * (size_t)p->k);
        for (size_t i = 0; i < p->rows; i++) {
            double d = p->distance[m * p->rows + i];
            if (d < p->first[i]) /* it moves to the candidate whichever medoid goes */
                shared += d - p->first[i];
            else
                change[p->nearest[i]] += fmin(d, p->second[i]) - p->first[i];
        }

        for (int c = 0; c < p->k; c++)
            if (shared + change[c] < best) {
                best = shared + change[c];
                out = (uint32_t)c;
                in = (uint32_t)m;
            }
    }

    if (best >= NO_GAIN)
        return false;
    p->medoid[out] = in;
    return true;
}

enum status model_pam_fit(const struct model_matrix *matrix, int k, struct arena *arena,
                          uint32_t *label, uint32_t *medoid, double *cost, struct error *error)
{
    TRY(model_cluster_check(matrix, k, error));
    size_t rows = matrix->rows, columns = (size_t)matrix->columns;
    if (rows > MODEL_PAM_MAX)
        return error_set(error, STATUS_ERROR,
                         "k-medoids takes at most %d customers, not %zu: take a sample",
                         MODEL_PAM_MAX, rows);
    struct arena scratch;
    arena_init(&scratch, 0);
    struct pam p = {.rows = rows,
                    .k = k,
                    .distance = ARENA_ARRAY(&scratch, double, rows *rows),
                    .medoid = ARENA_ARRAY(&scratch, uint32_t, k),
                    .nearest = label,
                    .first = ARENA_ARRAY(&scratch, double, rows),
                    .second = ARENA_ARRAY(&scratch, double, rows)};

    /* All distances are kept: each is looked at for every candidate of every exchange. */
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < a; b++) {
            double sum = 0;
            for (size_t j = 0; j < columns; j++) {
                double gap = matrix->data[a * columns + j] - matrix->data[b * columns + j];
                sum += gap * gap;
            }
            p.distance[a * rows + b] = p.distance[b * rows + a] = sqrt(sum);
        }

    double *change = ARENA_ARRAY(&scratch, double, k);
    uint32_t *order = ARENA_ARRAY(&scratch, uint32_t, k);
    pam_build(&p);
    do
        pam_nearest(&p);
    while (pam_swap(&p, change));

    *cost = 0;
    for (size_t i = 0; i < rows; i++)
        *cost += p.first[i];
    model_cluster_renumber(label, rows, k, order);
    for (int c = 0; c < k; c++)
        medoid[c] = p.medoid[order[c]];
    arena_release(&scratch);
    return STATUS_OK;
}
