/*
 * BFGS with a line search that may not leave the domain, and a simplex for what that cannot
 * settle. Objectives of models are likelihoods of few parameters, dear to evaluate and without
 * bounds once transformed: so gradients are used, values beyond the domain are +∞, and the longest
 * step is limited, as a transformed parameter that runs away finds its likelihood flat.
 */
#include "stats/optimise.h"

#include <math.h>
#include <string.h>

/* As the header promises. */
static const struct stats_optimise_options usual = {
    .tolerance = 1e-12, .gradient = 1e-6, .max_iterations = 500, .max_step = 2};

static struct stats_optimise_options with_defaults(const struct stats_optimise_options *given)
{
    struct stats_optimise_options options = given ? *given : (struct stats_optimise_options){0};
    options.tolerance = options.tolerance > 0 ? options.tolerance : usual.tolerance;
    options.gradient = options.gradient > 0 ? options.gradient : usual.gradient;
    options.max_iterations =
        options.max_iterations > 0 ? options.max_iterations : usual.max_iterations;
    options.max_step = options.max_step > 0 ? options.max_step : usual.max_step;
    return options;
}

/* One line search: the function along x + t·direction. */
struct line {
    int n;
    stats_objective *f;
    void *context;
    const double *x, *direction;
    double *at, *gradient; /* the point and the gradient of the last evaluation */
    double value0, slope0;
    int evaluations;
};

struct line_point {
    double t, value, slope;
};

static double dot(int n, const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static struct line_point line_at(struct line *line, double t)
{
    for (int i = 0; i < line->n; i++)
        line->at[i] = line->x[i] + t * line->direction[i];
    line->evaluations++;
    struct line_point point = {.t = t, .value = line->f(line->at, line->gradient, line->context)};
    point.slope = dot(line->n, line->gradient, line->direction);
    if (!isfinite(point.value) || !isfinite(point.slope))
        point.value = INFINITY;
    return point;
}

/* The strong Wolfe conditions with the constants that Nocedal & Wright (3.1) give for quasi-Newton
 * methods: nearly any fall is enough, and a tenth less steep is flat enough, since one look more
 * costs as much as the next direction. */
static const double ENOUGH_FALL = 1e-4, ENOUGH_FLAT = 0.9;

static bool falls_enough(const struct line *line, struct line_point p)
{
    return p.value <= line->value0 + ENOUGH_FALL * p.t * line->slope0;
}

static bool is_flat_enough(const struct line *line, struct line_point p)
{
    return fabs(p.slope) <= ENOUGH_FLAT * fabs(line->slope0);
}

/* Where between two points to look next: the cubic through values and slopes, kept away from the
 * ends. */
static double between(struct line_point a, struct line_point b)
{
    double middle = (a.t + b.t) / 2;

    /* A point outside the domain says nothing but that: a quarter of the way, from
     * where there are values. */
    if (!isfinite(a.value) || !isfinite(b.value))
        return isfinite(a.value) ? a.t + (b.t - a.t) / 4 : middle;

    /* The minimum of the cubic (Nocedal & Wright 3.59). */
    double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t);
    double inside = d1 * d1 - a.slope * b.slope;
    if (!(inside >= 0))
        return middle;
    double d2 = copysign(sqrt(inside), b.t - a.t);
    double t = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    /* Not nearer to an end than a tenth, or the bracket would hardly shrink. */
    double low = a.t + 0.1 * (b.t - a.t), high = a.t + 0.9 * (b.t - a.t);
    double least = low < high ? low : high, most = low < high ? high : low;
    if (!isfinite(t))
        return middle;
    if (t < least)
        return least;
    return t > most ? most : t;
}

static struct line_point zoom(struct line *line, struct line_point low, struct line_point high)
{
    enum { ROUNDS_MAX = 40 }; /* two or three are usual; then the best so far stands */
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct line_point p = line_at(line, between(low, high));
        /* High falls too little, or not below low: the minimum lies between them. */
        if (!falls_enough(line, p) || p.value >= low.value) {
            high = p;
        } else {
            if (is_flat_enough(line, p))
                return p;
            /* low is always the best so far, and its slope points at high. */
            if (p.slope * (high.t - low.t) >= 0)
                high = low;
            low = p;
        }
        /* No two doubles are left between them. */
        if (fabs(high.t - low.t) < 1e-14 * (fabs(low.t) + 1e-300))
            break;
    }
    return line_at(line, low.t);
}

/* A step that meets the strong Wolfe conditions, or the best found; t = 0 when nothing falls. */
static struct line_point line_search(struct line *line, double first, double longest)
{
    struct line_point before = {0, line->value0, line->slope0};
    enum { ROUNDS_MAX = 20 }; /* of three times the step: 3.5e9 times the first */
    double t = first < longest ? first : longest;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct line_point p = line_at(line, t);
        /* It rises again, so the bracket is found; or it is flat, and done; or it
         * goes up from here. */
        if (!falls_enough(line, p) || (round > 0 && p.value >= before.value))
            return zoom(line, before, p);
        if (is_flat_enough(line, p))
            return p;
        if (p.slope >= 0)
            return zoom(line, p, before);
        if (t >= longest)
            return p;
        before = p;

        t = 3 * t < longest ? 3 * t : longest;
    }
    return before.t > 0 ? line_at(line, before.t) : before;
}

static double scaled_gradient(int n, const double *x, const double *gradient, double value)
{
    double largest = 0, scale = fabs(value) > 1 ? fabs(value) : 1;
    for (int i = 0; i < n; i++) {
        double size = fabs(gradient[i]) * (fabs(x[i]) > 1 ? fabs(x[i]) : 1) / scale;
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* The BFGS update of the inverse Hessian H for a move s with gradient change y; skipped when the
 * curvature is not positive. The first update also scales H. */
static void update_inverse(int n, double *h, const double *s, const double *y, double *hy,
                           bool first)
{
    double sy = dot(n, s, y), yy = dot(n, y, y);
    /* Less than that is no curvature but the rounding of the two gradients. */
    if (!(sy > 1e-12 * sqrt(dot(n, s, s) * yy)))
        return;

    if (first)
        for (int i = 0; i < n; i++)
            h[i * n + i] = sy / yy;
    for (int i = 0; i < n; i++)
        hy[i] = dot(n, h + i * n, y);

    double scale = (1 + dot(n, y, hy) / sy) / sy;

    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            h[i * n + j] += scale * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
}

static void identity(int n, double *h)
{
    memset(h, 0, sizeof *h * (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++)
        h[i * n + i] = 1;
}

/* direction = −H·gradient, or steepest descent when that does not point down. Returns the largest
 * move. */
static double choose_direction(int n, double *h, const double *gradient, double *direction)
{
    double largest = 0;
    for (int i = 0; i < n; i++)
        direction[i] = -dot(n, h + i * n, gradient);

    if (!(dot(n, direction, gradient) < 0)) {
        identity(n, h);
        for (int i = 0; i < n; i++)
            direction[i] = -gradient[i];
    }
    for (int i = 0; i < n; i++)
        largest = fabs(direction[i]) > largest ? fabs(direction[i]) : largest;
    return largest;
}

/* What a descent carries from step to step; vectors have n places. */
struct descent {
    int n;
    stats_objective *f;
    void *context;
    double *x, *h; /* where it stands, and the inverse Hessian as far as it is known */
    double *gradient, *direction, *at, *next;
    double *move, *change; /* of x and of the gradient, in the last step */
    bool fresh;            /* nothing is known of the curvature yet */
};

/* One step; false when nothing falls along its direction, and all is as it was. */
static bool descend(struct descent *d, double max_step, struct stats_optimum *optimum)
{
    double largest = choose_direction(d->n, d->h, d->gradient, d->direction);
    struct line line = {.n = d->n,
                        .f = d->f,
                        .context = d->context,
                        .x = d->x,
                        .direction = d->direction,
                        .at = d->at,
                        .gradient = d->next,
                        .value0 = optimum->value,
                        .slope0 = dot(d->n, d->direction, d->gradient)};
    double longest = largest > 0 ? max_step / largest : 1;
    /* Half a unit of the parameter that moves most; 1e-300 keeps the quotient finite. */
    double first = d->fresh ? fmin(1, 0.5 / fmax(largest, 1e-300)) : 1;
    struct line_point p = line_search(&line, first, longest);

    optimum->iterations++;
    optimum->evaluations += line.evaluations;
    if (!(p.t > 0) || !isfinite(p.value) || p.value > optimum->value)
        return false;

    for (int i = 0; i < d->n; i++) {
        d->move[i] = d->at[i] - d->x[i];
        d->change[i] = d->next[i] - d->gradient[i];
        d->x[i] = d->at[i];
        d->gradient[i] = d->next[i];
    }
    update_inverse(d->n, d->h, d->move, d->change, d->direction, d->fresh);
    d->fresh = false;
    optimum->value = p.value;
    optimum->gradient = scaled_gradient(d->n, d->x, d->gradient, optimum->value);
    return true;
}

static struct descent descent_of(int n, stats_objective *f, void *context, struct arena *arena,
                                 double *x)
{
    size_t size = (size_t)n;
    struct descent d = {.n = n, .f = f, .context = context, .x = x, .fresh = true};
    d.h = ARENA_ARRAY(arena, double, size *size);
    d.gradient = ARENA_ARRAY(arena, double, size);
    d.direction = ARENA_ARRAY(arena, double, size);
    d.at = ARENA_ARRAY(arena, double, size);
    d.next = ARENA_ARRAY(arena, double, size);
    d.move = ARENA_ARRAY(arena, double, size);
    d.change = ARENA_ARRAY(arena, double, size);
    identity(n, d.h);
    return d;
}

struct stats_optimum stats_bfgs(int n, stats_objective *f, void *context,
                                const struct stats_optimise_options *options, struct arena *arena,
                                double *x)
{
    struct stats_optimise_options limits = with_defaults(options);
    struct stats_optimum optimum = {0};
    struct descent d = descent_of(n, f, context, arena, x);

    /* A start outside the domain has no way down. */
    optimum.value = f(x, d.gradient, context);
    optimum.evaluations = 1;
    optimum.gradient =
        isfinite(optimum.value) ? scaled_gradient(n, x, d.gradient, optimum.value) : INFINITY;
    if (!isfinite(optimum.gradient))
        return optimum;
    if (limits.inverse) {
        memcpy(d.h, limits.inverse, sizeof *d.h * (size_t)n * (size_t)n);
        d.fresh = false;
    }

    /* A thousand times on past what counts as converged: near the end each step gains
     * digits. A value that stands still ends it, too, if it does so twice: once may be
     * chance. */
    double enough = 1e-3 * limits.gradient;
    for (int quiet = 0;
         quiet < 2 && optimum.gradient > enough && optimum.iterations < limits.max_iterations;) {
        double before = optimum.value;
        if (descend(&d, limits.max_step, &optimum)) {
            double none = limits.tolerance * (fabs(optimum.value) + limits.tolerance);
            quiet = before - optimum.value <= none ? quiet + 1 : 0;
            continue;
        }

        /* Nothing falls. With a curvature learnt so far it may be that one's fault, so
         * once more straight down; without one this is as far as it goes. */
        if (d.fresh)
            break;
        identity(n, d.h);
        d.fresh = true;
    }

    optimum.converged = optimum.gradient <= limits.gradient;
    return optimum;
}

/* The simplex of Nelder and Mead: n + 1 corners of n coordinates, values beside them. */
struct simplex {
    int n;
    double *corner, *value, *centre, *trial, *other;
    stats_objective *f;
    void *context;
    int evaluations;
};

static double simplex_value(struct simplex *s, const double *x)
{
    s->evaluations++;
    double value = s->f(x, NULL, s->context);
    return isnan(value) ? INFINITY : value;
}

static void simplex_start(struct simplex *s, const double *x, double step)
{
    for (int i = 0; i <= s->n; i++) {
        double *corner = s->corner + i * s->n;
        memcpy(corner, x, sizeof *x * (size_t)s->n);
        if (i > 0)
            corner[i - 1] += step;
        s->value[i] = simplex_value(s, corner);
    }
}

static void swap_corners(struct simplex *s, int a, int b)
{
    double value = s->value[a];
    s->value[a] = s->value[b];
    s->value[b] = value;
    for (int j = 0; j < s->n; j++) {
        double x = s->corner[a * s->n + j];
        s->corner[a * s->n + j] = s->corner[b * s->n + j];
        s->corner[b * s->n + j] = x;
    }
}

static void sort_corners(struct simplex *s)
{
    for (int i = 1; i <= s->n; i++)
        for (int j = i; j > 0 && s->value[j] < s->value[j - 1]; j--)
            swap_corners(s, j, j - 1);
}

/* out = centre + t (worst − centre); returns its value. */
static double along(struct simplex *s, double t, double *out)
{
    const double *worst = s->corner + s->n * s->n;
    for (int j = 0; j < s->n; j++)
        out[j] = s->centre[j] + t * (worst[j] - s->centre[j]);
    return simplex_value(s, out);
}

static void replace_worst(struct simplex *s, const double *x, double value)
{
    memcpy(s->corner + s->n * s->n, x, sizeof *x * (size_t)s->n);
    s->value[s->n] = value;
}

static void shrink(struct simplex *s, double factor)
{
    for (int i = 1; i <= s->n; i++) {
        for (int j = 0; j < s->n; j++)
            s->corner[i * s->n + j] =
                s->corner[j] + factor * (s->corner[i * s->n + j] - s->corner[j]);
        s->value[i] = simplex_value(s, s->corner + i * s->n);
    }
}

static void simplex_round(struct simplex *s)
{
    int n = s->n;
    /* Gao & Han (2012): with many parameters steps are shorter, or the simplex
     * would collapse. */
    double grow = 1 + 2.0 / n, contract = 0.75 - 0.5 / n;

    for (int j = 0; j < n; j++) {
        s->centre[j] = 0;
        for (int i = 0; i < n; i++)
            s->centre[j] += s->corner[i * n + j] / n;
    }

    /* The worst corner reflected in the others' centre: the better that is, the
     * further it goes. */
    double reflected = along(s, -1, s->trial);
    if (reflected < s->value[0]) {
        double further = along(s, -grow, s->other);
        replace_worst(s, further < reflected ? s->other : s->trial,
                      further < reflected ? further : reflected);
    } else if (reflected < s->value[n - 1]) {
        replace_worst(s, s->trial, reflected);

        /* No better than the second worst: half way, on whichever side is better; else
         * all draw near the best. */
    } else {
        bool outside = reflected < s->value[n];
        double inner = along(s, outside ? -contract : contract, s->other);
        if (inner < (outside ? reflected : s->value[n]))
            replace_worst(s, s->other, inner);
        else
            shrink(s, 1 - 1.0 / (n > 1 ? n : 2));
    }

    sort_corners(s);
}

struct stats_optimum stats_nelder_mead(int n, stats_objective *f, void *context, double step,
                                       const struct stats_optimise_options *options,
                                       struct arena *arena, double *x)
{
    enum { RESTARTS_MAX = 20, ROUNDS_A_PARAMETER = 200 }; /* what usual problems never come to */
    static const double GAIN = 1e-9;                      /* of a restart, that is none */
    struct stats_optimise_options limits = with_defaults(options);
    size_t size = (size_t)n;
    struct simplex s = {.n = n,
                        .f = f,
                        .context = context,
                        .corner = ARENA_ARRAY(arena, double, size *(size + 1)),
                        .value = ARENA_ARRAY(arena, double, size + 1),
                        .centre = ARENA_ARRAY(arena, double, size),
                        .trial = ARENA_ARRAY(arena, double, size),
                        .other = ARENA_ARRAY(arena, double, size)};

    struct stats_optimum optimum = {.value = simplex_value(&s, x), .gradient = INFINITY};

    for (int restart = 0; restart < RESTARTS_MAX && !optimum.converged; restart++) {
        simplex_start(&s, x, restart ? step / 4 : step);
        sort_corners(&s);
        for (int round = 0; round < ROUNDS_A_PARAMETER * n; round++, optimum.iterations++) {
            simplex_round(&s);
            if (s.value[n] - s.value[0] <= limits.tolerance * (fabs(s.value[0]) + limits.tolerance))
                break;
        }

        /* Each restart has a fresh simplex, since an old one may have lost a dimension. */
        double gain = optimum.value - s.value[0];
        if (s.value[0] <= optimum.value) {
            memcpy(x, s.corner, sizeof *x * size);
            optimum.value = s.value[0];
        }
        optimum.converged = isfinite(optimum.value) && gain <= GAIN * (fabs(optimum.value) + 1);
    }

    optimum.evaluations = s.evaluations;
    return optimum;
}

struct stats_optimum stats_minimise(int n, stats_objective *f, void *context,
                                    const struct stats_optimise_options *options,
                                    struct arena *arena, double *x)
{
    struct stats_optimum first = stats_bfgs(n, f, context, options, arena, x);
    if (first.converged)
        return first;
    struct stats_optimum simplex = stats_nelder_mead(n, f, context, 0.5, options, arena, x);
    struct stats_optimum last = stats_bfgs(n, f, context, options, arena, x);

    last.evaluations += first.evaluations + simplex.evaluations;
    last.iterations += first.iterations + simplex.iterations;
    last.fell_back = true;
    return last;
}

void stats_numeric_gradient(int n, stats_objective *f, void *context, const double *x,
                            double *scratch, double *gradient)
{
    /* The cube root of a double's last digit: there the error of the formula, of the
     * order of the square of the step, equals what the difference loses by rounding. */
    static const double STEP = 6e-6;

    memcpy(scratch, x, sizeof *x * (size_t)n);
    for (int i = 0; i < n; i++) {
        double step = STEP * (fabs(x[i]) > 1 ? fabs(x[i]) : 1);
        scratch[i] = x[i] + step;
        double above = f(scratch, NULL, context);
        scratch[i] = x[i] - step;
        gradient[i] = (above - f(scratch, NULL, context)) / (2 * step);
        scratch[i] = x[i];
    }
}

void stats_numeric_hessian(int n, stats_objective *f, void *context, const double *x, double step,
                           double *scratch, double *hessian)
{
    double *at = scratch, *above = scratch + n, *below = scratch + 2 * n;
    memcpy(at, x, sizeof *x * (size_t)n);
    for (int i = 0; i < n; i++) {
        at[i] = x[i] + step;
        f(at, above, context);
        at[i] = x[i] - step;
        f(at, below, context);
        at[i] = x[i];
        for (int j = 0; j < n; j++)
            hessian[i * n + j] = (above[j] - below[j]) / (2 * step);
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            hessian[i * n + j] = hessian[j * n + i] = (hessian[i * n + j] + hessian[j * n + i]) / 2;
}
