/*
 * HDBSCAN (Campello, Moulavi & Sander 2013) from the bottom up. The spanning tree is
 * Borůvka's over a kd-tree (McInnes & Healy 2017): near rows × ln² rows where there are
 * few columns, rows² at worst. Its edges are taken in order of length, all of one
 * length at once. What grows together is followed from there: a component becomes a
 * cluster when it reaches the least size; one that takes in smaller components stays
 * the same cluster; where two or more clusters meet they end and a new one begins
 * around them. Read downwards this is the condensed tree: the moment a row joins a
 * cluster going up is the moment it falls out going down. So one pass gives each
 * cluster's excess of mass, and a second, from the leaves, the best choice of clusters
 * that do not hold one another.
 */
#include "model/hdbscan.h"

#include "base/json.h"
#include "model/json_read.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_TASK = 256 };

/* ---- the spanning tree ---- */

struct boruvka {
    struct model_neighbours tree;
    double *core;        /* by place in the tree */
    uint32_t *component; /* by place; of the round */
    uint32_t *shared;    /* by node: the component of all its rows, or UINT32_MAX */
    uint32_t *other;     /* by place: the nearest place of another component found so far */
    double *length;      /* squared, to it */
    int neighbours;
};

static void core_task(void *context, size_t task, int worker)
{
    struct boruvka *b = context;
    double scratch[MODEL_HDBSCAN_NEIGHBOURS_MAX];
    (void)worker;
    for (size_t i = task * ROWS_A_TASK; i < b->tree.rows && i < (task + 1) * ROWS_A_TASK; i++)
        b->core[i] = model_neighbours_reach(&b->tree, b->tree.data + i * (size_t)b->tree.columns,
                                            b->neighbours, scratch);
}

static double squared_distance(const double *a, const double *b, int columns)
{
    double sum = 0;
    for (int j = 0; j < columns; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

/* Looks in a node for something nearer to place i, of another component. Nothing can be nearer than
 * i's core. */
static void look_outside(struct boruvka *b, size_t i, uint32_t node)
{
    const struct model_neighbours *tree = &b->tree;
    const struct model_neighbours_node *n = &tree->node[node];
    const double *point = tree->data + i * (size_t)tree->columns;

    if (b->shared[node] == b->component[i] || b->length[i] <= b->core[i])
        return;

    /* The nearer half first: what it finds often rules the other out. */
    if (n->right) {
        double left = model_neighbours_box(tree, node + 1, point),
               right = model_neighbours_box(tree, n->right, point);
        uint32_t first = left <= right ? node + 1 : n->right,
                 second = left <= right ? n->right : node + 1;
        if (fmin(left, right) < b->length[i])
            look_outside(b, i, first);
        if (fmax(left, right) < b->length[i])
            look_outside(b, i, second);
        return;
    }

    for (size_t at = n->begin; at < n->end; at++) {
        if (b->component[at] == b->component[i] || b->core[at] >= b->length[i])
            continue;
        double distance =
            squared_distance(point, tree->data + at * (size_t)tree->columns, tree->columns);
        distance = fmax(distance, fmax(b->core[i], b->core[at]));
        if (distance < b->length[i]) {
            b->length[i] = distance;
            b->other[i] = (uint32_t)at;
        }
    }
}

/* What was nearest stays so until it is in the same component. */
static void nearest_task(void *context, size_t task, int worker)
{
    struct boruvka *b = context;
    (void)worker;
    for (size_t i = task * ROWS_A_TASK; i < b->tree.rows && i < (task + 1) * ROWS_A_TASK; i++)
        if (b->other[i] == UINT32_MAX || b->component[b->other[i]] == b->component[i]) {
            b->length[i] = INFINITY;
            look_outside(b, i, 0);
        }
}

/* Children come after their parent. */
static void share_components(struct boruvka *b)
{
    for (uint32_t node = b->tree.node_count; node-- > 0;) {
        const struct model_neighbours_node *n = &b->tree.node[node];

        /* A node of one component need not be searched for another: late rounds skip
         * nearly everything. */
        uint32_t all = n->right ? b->shared[node + 1] : b->component[n->begin];
        for (size_t i = n->begin; !n->right && i < n->end; i++)
            all = b->component[i] == all ? all : UINT32_MAX;
        if (n->right && b->shared[n->right] != all)
            all = UINT32_MAX;
        b->shared[node] = all;
    }
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Every component joins what is nearest to it. A cycle can only be of edges of one length, so
 * leaving out the edge that would close it is right. Returns how many edges there are now. */
static size_t join_nearest(struct boruvka *b, uint32_t *parent, uint32_t *best,
                           struct model_reach_edge *edges, size_t count)
{
    size_t rows = b->tree.rows;

    for (size_t i = 0; i < rows; i++)
        best[i] = UINT32_MAX;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t *own = &best[b->component[i]];
        if (*own == UINT32_MAX || b->length[i] < b->length[*own])
            *own = i;
    }

    for (size_t c = 0; c < rows; c++) {
        uint32_t i = best[c];
        if (i == UINT32_MAX)
            continue;

        /* Components in order of their numbers, and rows by theirs: ties are broken the
         * same way every time. */
        uint32_t one = root_of(parent, i), other = root_of(parent, b->other[i]);
        if (one == other)
            continue;
        parent[one < other ? other : one] = one < other ? one : other;
        edges[count++] = (struct model_reach_edge){b->tree.order[i], b->tree.order[b->other[i]],
                                                   sqrt(b->length[i])};
    }

    for (uint32_t i = 0; i < rows; i++)
        b->component[i] = root_of(parent, i);
    return count;
}

void model_reach_tree(const struct model_matrix *matrix, int neighbours, struct pool *pool,
                      struct arena *arena, double *core, struct model_reach_edge *edges)
{
    size_t rows = matrix->rows, tasks = (rows + ROWS_A_TASK - 1) / ROWS_A_TASK, count = 0;
    struct boruvka b = {.neighbours = neighbours,
                        .core = ARENA_ARRAY(arena, double, rows),
                        .component = ARENA_ARRAY(arena, uint32_t, rows),
                        .other = ARENA_ARRAY(arena, uint32_t, rows),
                        .length = ARENA_ARRAY(arena, double, rows)};
    uint32_t *parent = ARENA_ARRAY(arena, uint32_t, rows),
             *best = ARENA_ARRAY(arena, uint32_t, rows);

    model_neighbours_new(matrix, arena, &b.tree);
    b.shared = ARENA_ARRAY(arena, uint32_t, b.tree.node_count);
    pool_run(pool, tasks, core_task, &b);
    for (uint32_t i = 0; i < rows; i++) {
        core[b.tree.order[i]] = sqrt(b.core[i]);
        b.component[i] = parent[i] = i;
        b.other[i] = UINT32_MAX;
    }

    /* Each round at least halves the number of components. */
    while (count + 1 < rows) {
        share_components(&b);
        pool_run(pool, tasks, nearest_task, &b);
        count = join_nearest(&b, parent, best, edges, count);
    }
}

/* ---- the condensed tree ---- */

#define NONE UINT32_MAX

struct cluster {
    uint32_t parent;    /* NONE: the root */
    double birth;       /* 1 / the length at which it parts from its parent */
    double rows, falls; /* its rows; the sum of 1 / length at which each falls out */
    double excess;
    bool chosen;
};

struct condensing {
    size_t rows, least;
    uint32_t *parent, *size; /* components: a root each */
    uint32_t *cluster;     /* the cluster that a component is, by root; NONE below the least size */
    uint32_t *tail, *next; /* the rows of a component that is no cluster yet */
    uint32_t *home;        /* the smallest cluster that a row is in */
    struct cluster *clusters; /* children before their parents */
    uint32_t count;
};

/* The rows of a component that is no cluster fall out of `cluster` at this density. */
static void fall(struct condensing *c, uint32_t root, uint32_t cluster, double density)
{
    for (uint32_t i = root; i != NONE; i = c->next[i])
        c->home[i] = cluster;
    c->clusters[cluster].rows += c->size[root];
    c->clusters[cluster].falls += c->size[root] * density;
}

/* The rows of one component stand behind those of another. */
static void chain(struct condensing *c, uint32_t into, uint32_t from)
{
    c->next[c->tail[into]] = from;
    c->tail[into] = c->tail[from];
}

/* The old roots that edges of one length bring together, as a list for each new root. */
struct meeting {
    uint32_t *first; /* by new root */
    uint32_t *after; /* by old root; itself while it is in no list */
};

static uint32_t new_cluster(struct condensing *c)
{
    c->clusters[c->count] = (struct cluster){.parent = NONE};
    return c->count++;
}

/* The old components in a list have become one, at this density. */
static void settle(struct condensing *c, uint32_t root, uint32_t list, const uint32_t *after,
                   double density)
{
    uint32_t clusters = 0, found = NONE, size = 0;

    for (uint32_t old = list; old != NONE; old = after[old]) {
        size += c->size[old];
        clusters += c->cluster[old] != NONE;
        found = c->cluster[old] != NONE ? c->cluster[old] : found;
    }

    /* Small components that reach the least size together begin a cluster; one cluster
     * among small ones stays itself; two or more end in a new one. */
    if (clusters == 0 && size >= c->least)
        found = new_cluster(c);
    if (clusters > 1) {
        found = new_cluster(c);
        for (uint32_t old = list; old != NONE; old = after[old])
            if (c->cluster[old] != NONE) {
                struct cluster *child = &c->clusters[c->cluster[old]];
                child->parent = found;
                child->birth = density;
                c->clusters[found].rows += child->rows;
                c->clusters[found].falls += child->rows * density;
            }
    }

    /* The list's links are read before they are changed: `chain` uses the rows of what it joins. */
    for (uint32_t old = list, following; old != NONE; old = following) {
        following = after[old];
        if (found != NONE && c->cluster[old] == NONE)
            fall(c, old, found, density);
        else if (found == NONE && old != root)
            chain(c, root, old);
    }

    c->cluster[root] = found;
    c->size[root] = size;
}

/* Joins along edges[from, to), which are of one length. Old roots are listed under the new ones, in
 * rising order. */
static void join_level(struct condensing *c, const struct model_reach_edge *edges,
                       const uint32_t *order, size_t from, size_t to, double density,
                       uint32_t *touched, struct meeting *m)
{
    size_t count = 0;

    /* The components as they were before this length, noted before any is joined: three
     * that meet at one length meet at once, not two by two. */
    for (size_t e = from; e < to; e++) {
        uint32_t ends[2] = {root_of(c->parent, edges[order[e]].one),
                            root_of(c->parent, edges[order[e]].other)};
        touched[count++] = ends[0];
        touched[count++] = ends[1];
    }

    for (size_t e = from; e < to; e++) {
        uint32_t a = root_of(c->parent, edges[order[e]].one),
                 b = root_of(c->parent, edges[order[e]].other);
        c->parent[a < b ? b : a] = a < b ? a : b;
    }

    for (size_t i = 0; i < count; i++) {
        uint32_t old = touched[i], root = root_of(c->parent, old);
        if (m->after[old] != old) /* listed already */
            continue;
        m->after[old] = m->first[root];
        m->first[root] = old;
    }

    for (size_t i = 0; i < count; i++) {
        uint32_t root = root_of(c->parent, touched[i]), list = m->first[root];
        if (list == NONE)
            continue;
        settle(c, root, list, m->after, density);
        m->first[root] = NONE;
    }

    for (size_t i = 0; i < count; i++)
        m->after[touched[i]] = touched[i];
}

static void condense(struct condensing *c, const struct model_reach_edge *edges, double floor,
                     struct arena *scratch)
{
    size_t count = c->rows - 1;
    double *length = ARENA_ARRAY(scratch, double, count + 1);
    uint32_t *order = ARENA_ARRAY(scratch, uint32_t, count + 1),
             *touched = ARENA_ARRAY(scratch, uint32_t, 2 * count + 2);
    struct meeting m = {ARENA_ARRAY(scratch, uint32_t, c->rows),
                        ARENA_ARRAY(scratch, uint32_t, c->rows)};
    for (uint32_t i = 0; i < c->rows; i++) {
        m.first[i] = NONE;
        m.after[i] = i;
    }

    for (size_t e = 0; e < count; e++)
        length[e] = fmax(edges[e].length, floor);
    stats_order(length, count, order);

    for (size_t from = 0, to; from < count; from = to) {
        double level = length[order[from]];
        for (to = from; to < count && length[order[to]] <= level; to++) {
        }
        join_level(c, edges, order, from, to, 1 / level, touched, &m);
    }
}

/* Excess of mass: a cluster, or the best within it, whichever holds together longer. The root is
 * never a group. */
static void choose(struct condensing *c, struct arena *scratch)
{
    double *within = ARENA_ARRAY(scratch, double, c->count + 1u);
    bool *covered = ARENA_ARRAY(scratch, bool, c->count + 1u);
    for (uint32_t i = 0; i < c->count; i++) {
        struct cluster *own = &c->clusters[i];
        own->excess = own->falls - own->rows * own->birth;
        own->chosen = own->parent != NONE && own->excess >= within[i];
        if (own->parent != NONE)
            within[own->parent] += own->chosen ? own->excess : within[i];
    }

    /* Parents first: the outermost chosen cluster stands for what is in it. */
    for (uint32_t i = c->count; i-- > 0;) {
        struct cluster *own = &c->clusters[i];
        covered[i] =
            own->parent != NONE && (covered[own->parent] || c->clusters[own->parent].chosen);
        own->chosen &= !covered[i];
    }
}

static struct condensing condensing_for(size_t rows, int least, struct arena *scratch)
{
    struct condensing c = {.rows = rows,
                           .least = (size_t)least,
                           .parent = ARENA_ARRAY(scratch, uint32_t, rows),
                           .size = ARENA_ARRAY(scratch, uint32_t, rows),
                           .cluster = ARENA_ARRAY(scratch, uint32_t, rows),
                           .tail = ARENA_ARRAY(scratch, uint32_t, rows),
                           .next = ARENA_ARRAY(scratch, uint32_t, rows),
                           .home = ARENA_ARRAY(scratch, uint32_t, rows),
                           .clusters = ARENA_ARRAY(scratch, struct cluster, rows + 1)};
    for (uint32_t i = 0; i < rows; i++) {
        c.parent[i] = c.tail[i] = i;
        c.size[i] = 1;
        c.cluster[i] = c.next[i] = c.home[i] = NONE;
    }
    return c;
}

/* Labels by the chosen clusters, numbered by falling size. */
static void label_rows(struct condensing *c, struct arena *arena, struct arena *scratch,
                       struct model_hdbscan *out)
{
    uint32_t *group = ARENA_ARRAY(scratch, uint32_t, c->count + 1u), chosen = 0;

    /* Parents first: a cluster that was not chosen is part of the group around it, if any. */
    for (uint32_t i = c->count; i-- > 0;) {
        uint32_t around = c->clusters[i].parent != NONE ? group[c->clusters[i].parent] : NONE;
        group[i] = c->clusters[i].chosen ? chosen++ : around;
    }

    out->k = (int)chosen;
    out->size = ARENA_ARRAY(arena, double, chosen);
    out->reach = ARENA_ARRAY(arena, double, chosen);
    out->excess = ARENA_ARRAY(arena, double, chosen);

    uint32_t *grouped = ARENA_ARRAY(scratch, uint32_t, c->rows),
             *order = ARENA_ARRAY(scratch, uint32_t, chosen);
    size_t count = 0;
    for (size_t i = 0; i < c->rows; i++) {
        out->label[i] = c->home[i] == NONE ? NONE : group[c->home[i]];
        if (out->label[i] != NONE)
            grouped[count++] = out->label[i];
    }

    /* Noise has no number, so the rows in groups are numbered apart and put back. */
    model_cluster_renumber(grouped, count, out->k, order);
    count = 0;
    for (size_t i = 0; i < c->rows; i++)
        if (out->label[i] != NONE) {
            out->label[i] = grouped[count++];
            out->size[out->label[i]]++;
        }

    for (uint32_t i = 0; i < c->count; i++)
        for (uint32_t g = 0; g < chosen; g++)
            if (c->clusters[i].chosen && order[g] == group[i]) {
                out->reach[g] = 1 / c->clusters[i].birth;
                out->excess[g] = c->clusters[i].excess;
            }
}

static enum status check(const struct model_matrix *matrix,
                         const struct model_hdbscan_options *options, struct error *error)
{
    TRY(model_cluster_check(matrix, 1, error));
    if (matrix->rows > MODEL_HDBSCAN_MAX)
        return error_set(error, STATUS_ERROR,
                         "HDBSCAN takes at most %d customers, not %zu: take a sample, or k-means",
                         MODEL_HDBSCAN_MAX, matrix->rows);
    if (options->least < 2 || options->neighbours < 0 ||
        options->neighbours > MODEL_HDBSCAN_NEIGHBOURS_MAX)
        return error_set(error, STATUS_ERROR,
                         "groups of %d customers with %d neighbours are not possible",
                         options->least, options->neighbours);
    return STATUS_OK;
}

enum {
    USUAL_NEIGHBOURS = 25, /* more smooth the density of large groups without telling them apart */
    FLOOR_PART = 100,      /* of the mean edge */
};

enum status model_hdbscan_fit(const struct model_matrix *matrix,
                              const struct model_hdbscan_options *options, struct pool *pool,
                              struct arena *arena, struct model_hdbscan *out, struct error *error)
{
    TRY(check(matrix, options, error));
    size_t rows = matrix->rows;
    int usual = options->least < USUAL_NEIGHBOURS ? options->least : USUAL_NEIGHBOURS,
        neighbours = options->neighbours ? options->neighbours : usual;

    struct arena scratch;
    arena_init(&scratch, 0);
    *out = (struct model_hdbscan){.columns = matrix->columns,
                                  .rows = rows,
                                  .label = ARENA_ARRAY(arena, uint32_t, rows),
                                  .core = ARENA_ARRAY(arena, double, rows)};
    struct model_reach_edge *edges = ARENA_ARRAY(&scratch, struct model_reach_edge, rows);
    model_reach_tree(matrix, (size_t)neighbours < rows ? neighbours : (int)rows, pool, &scratch,
                     out->core, edges);

    for (size_t e = 0; e + 1 < rows; e++)
        out->spacing += edges[e].length / (double)(rows - 1);

    /* Equal rows are 0 apart, a density without bound: nothing counts as denser than a
     * hundredth of the mean distance. */
    struct condensing c = condensing_for(rows, options->least, &scratch);
    if (out->spacing > 0)
        condense(&c, edges, out->spacing / FLOOR_PART, &scratch);
    choose(&c, &scratch);
    label_rows(&c, arena, &scratch, out);
    arena_release(&scratch);
    return STATUS_OK;
}

/* ---- the rule ---- */

void model_density_rule_new(const struct model_matrix *matrix, const struct model_hdbscan *model,
                            struct arena *arena, struct model_density_rule *out)
{
    size_t rows = matrix->rows < MODEL_HDBSCAN_SAVED_MAX ? matrix->rows : MODEL_HDBSCAN_SAVED_MAX;
    size_t columns = (size_t)matrix->columns;
    double *data = ARENA_ARRAY(arena, double, rows *columns);
    *out = (struct model_density_rule){
        .k = model->k, .label = ARENA_ARRAY(arena, uint32_t, rows), .reach = model->reach};

    /* An even choice of rows: what is saved must stay small, and dense regions keep
     * more of them. */
    for (size_t i = 0; i < rows; i++) {
        size_t row = i * matrix->rows / rows;
        memcpy(data + i * columns, matrix->data + row * columns, sizeof *data * columns);
        out->label[i] = model->label[row];
    }

    out->kept = (struct model_matrix){rows, matrix->columns, data};
    model_neighbours_new(&out->kept, arena, &out->tree);
}

uint32_t model_density_rule_assign(const struct model_density_rule *rule, const double *row)
{
    double distance;
    uint32_t group = rule->label[model_neighbours_nearest(&rule->tree, row, &distance)];
    return group != MODEL_NOISE && sqrt(distance) <= rule->reach[group] ? group : MODEL_NOISE;
}

void model_density_rule_write(const struct model_density_rule *rule, struct json *json)
{
    json_write_object(json);
    model_json_put(json, "groups", rule->k);
    model_json_put(json, "columns", rule->kept.columns);
    model_json_put_all(json, "rows", rule->kept.data, rule->kept.rows * (size_t)rule->kept.columns);
    json_put_array(json, "labels");
    for (size_t i = 0; i < rule->kept.rows; i++)
        json_write_integer(json, rule->label[i] == MODEL_NOISE ? -1 : (int64_t)rule->label[i]);
    json_write_end_array(json);
    model_json_put_all(json, "reach", rule->reach, (size_t)rule->k);
    json_write_end_object(json);
}

enum status model_density_rule_read(struct text text, struct arena *arena,
                                    struct model_density_rule *out, struct error *error)
{
    struct model_json reader;
    size_t cells, labels, groups;
    TRY(model_json_open(&reader, text, "clustering", error));
    *out = (struct model_density_rule){.k = (int)model_json_number(&reader, "groups")};
    out->kept.columns = (int)model_json_number(&reader, "columns");
    out->kept.data = model_json_array(&reader, "rows",
                                      (size_t)MODEL_HDBSCAN_SAVED_MAX * MODEL_CLUSTER_COLUMNS_MAX,
                                      arena, &cells);
    double *label = model_json_array(&reader, "labels", MODEL_HDBSCAN_SAVED_MAX, arena, &labels);
    out->reach = model_json_array(&reader, "reach", MODEL_HDBSCAN_SAVED_MAX, arena, &groups);

    out->kept.rows = labels;
    if (out->k < 0 || out->kept.columns < 1 || !labels || groups != (size_t)out->k ||
        cells != labels * (size_t)out->kept.columns)
        model_json_fail(&reader, "the numbers of rows, columns and labels do not fit together");

    TRY(model_json_close(&reader, error));
    out->label = ARENA_ARRAY(arena, uint32_t, labels);
    for (size_t i = 0; i < labels; i++)
        out->label[i] = label[i] >= 0 && label[i] < out->k ? (uint32_t)label[i] : MODEL_NOISE;
    model_neighbours_new(&out->kept, arena, &out->tree);
    return STATUS_OK;
}
