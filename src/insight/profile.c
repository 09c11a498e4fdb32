/*
 * A segment against everyone else: means, medians and spread of numbers, shares and lift of texts,
 * ranked by effect. All that is compared is one family of tests: what is told keeps the false
 * discovery rate (Benjamini & Hochberg 1995).
 */
#include "base/bits.h"
#include "insight/internal.h"

#include "base/vector.h"
#include "stats/distribution.h"
#include "stats/inference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct job {
    const uint64_t *members, *others; /* a bit a position */
    const struct population *population;
    int64_t now;
    struct arena *arena;
    uint64_t inside, outside;
    /* How often each code stands inside and outside, all zero between features; the
     * codes of the present one. */
    uint64_t *in, *out;
    VECTOR(uint32_t) codes;
    VECTOR(struct insight_difference) found;
};

enum { MOST_VALUES = 5 }; /* of one text feature */
static const double least_share = .01;

/* Of ascending numbers; two passes, so that large means do not eat the variance. */
static struct insight_spread spread_of(const double *numbers, size_t count)
{
    struct insight_spread spread = {.known = count, .mean = NAN, .median = NAN, .deviation = NAN};
    if (!count)
        return spread;

    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    spread.mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (numbers[i] - spread.mean) * (numbers[i] - spread.mean);

    if (count > 1)
        spread.deviation = sqrt(squares / (double)(count - 1));

    spread.median =
        count % 2 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
    return spread;
}

/* Wilcoxon's rank-sum test (1945), ties averaged, by the normal approximation with a correction for
 * continuity. What customers spend is skewed; a test of means would call too many small segments
 * different. */
struct rank_sum {
    double in, out;    /* customers so far */
    double sum, ties;  /* of the ranks inside; Σ (t³ − t) */
    double tied, part; /* equal values so far, and how many of them are inside */
};

static void end_tie(struct rank_sum *ranks)
{
    double before = ranks->in + ranks->out - ranks->tied;
    ranks->sum += ranks->part * (before + (ranks->tied + 1) / 2);
    ranks->ties += ranks->tied * (ranks->tied * ranks->tied - 1);
    ranks->tied = ranks->part = 0;
}

static double likely(const struct rank_sum *ranks)
{
    double all = ranks->in + ranks->out, mean = ranks->in * (all + 1) / 2;
    /* Of a sum of ranks without ties in · out · (all + 1) / 12, less what
     * ties take from it. */
    double variance = ranks->in * ranks->out / 12 * (all + 1 - ranks->ties / (all * (all - 1)));
    /* The correction for continuity is half a rank. */
    double off = fabs(ranks->sum - mean) - .5;
    return variance > 0 ? stats_normal_two_sided(fmax(0, off) / sqrt(variance)) : NAN;
}

static void compare_numbers(struct job *job, const struct insight_feature *feature)
{
    /* One walk over everyone in order of the number, which was sorted once for all
     * segments: ranks and both sides come out of it in order. */
    size_t in = 0, out = 0;
    double *inside = base_malloc((job->inside + 1) * sizeof *inside), last = NAN;
    double *outside = base_malloc((job->outside + 1) * sizeof *outside);
    struct rank_sum ranks = {0};

    for (uint32_t i = 0; i < feature->order_count; i++) {
        uint32_t p = feature->order[i];
        double number = insight_number(&feature->values, p);
        bool member = bit_at(job->members, p);
        if (!member && !bit_at(job->others, p))
            continue;

        /* Another number ends a run of equal ones, which share the mean of their ranks. */
        if (number != last)
            end_tie(&ranks);
        last = number;
        ranks.tied++;
        ranks.part += member;
        (member ? ranks.in++ : ranks.out++);
        if (member)
            inside[in++] = number;
        else
            outside[out++] = number;
    }

    end_tie(&ranks);

    struct insight_difference line = {.feature = feature,
                                      .inside = spread_of(inside, in),
                                      .outside = spread_of(outside, out),
                                      .p = likely(&ranks)};

    /* Cohen's d over the two deviations' mean square, as neither side is the
     * other's control. */
    double pooled = sqrt((line.inside.deviation * line.inside.deviation +
                          line.outside.deviation * line.outside.deviation) /
                         2);
    line.effect = (line.inside.mean - line.outside.mean) / pooled;
    if (isfinite(line.effect))
        VECTOR_PUSH(&job->found, line);
    free(inside);
    free(outside);
}

static double cohens_h(double inside, double outside)
{
    return 2 * asin(sqrt(inside)) - 2 * asin(sqrt(outside));
}

static int by_effect(const void *a, const void *b)
{
    const struct insight_difference *x = a, *y = b;
    if (x->by_definition != y->by_definition)
        return x->by_definition - y->by_definition;
    double p = fabs(x->effect), q = fabs(y->effect);
    if (p != q)
        return p < q ? 1 : -1;
    int order = strcmp(x->feature->text, y->feature->text);
    if (order)
        return order;
    return strcmp(x->value ? x->value : "", y->value ? y->value : "");
}

static void count_code(struct job *job, uint32_t code, bool member)
{
    if (!job->in[code] && !job->out[code])
        VECTOR_PUSH(&job->codes, code);
    (member ? job->in : job->out)[code]++;
}

/* The normal approximation where at least five of each sort are expected; else exactly enough:
 * given how many have the value, each of them is inside by the share of customers who are (the
 * conditional test, as binomial). */
static double likely_shares(double in, double known_in, double out, double known_out)

{
    static const double EXPECTED_LEAST = 5; /* Cochran's rule (1954) */
    double all = known_in + known_out, with = in + out, rare = fmin(with, all - with);
    if (rare * fmin(known_in, known_out) >= EXPECTED_LEAST * all)
        return stats_two_proportions(in, known_in, out, known_out).p;
    double hits = with <= all - with ? in : known_in - in, share = known_in / all;
    double at_most = stats_binomial_cdf(hits, rare, share);
    double at_least = stats_binomial_cdf(rare - hits, rare, 1 - share);
    return fmin(1, 2 * fmin(at_most, at_least));
}

static struct insight_difference share_line(const struct insight_feature *feature, double in,
                                            double known_in, double out, double known_out)
{
    double p = in / known_in, q = out / known_out;
    return (struct insight_difference){.feature = feature,
                                       .is_share = true,
                                       .share_inside = p,
                                       .share_outside = q,
                                       .lift = q > 0 ? p / q : INFINITY,
                                       .count_inside = (uint64_t)in,
                                       .count_outside = (uint64_t)out,
                                       .inside.known = (uint64_t)known_in,
                                       .outside.known = (uint64_t)known_out,
                                       .effect = cohens_h(p, q),
                                       .p = likely_shares(in, known_in, out, known_out)};
}

/* Whether a value is common enough to be told, on one of the two sides. */
static bool is_common(struct job *job, uint32_t code, uint64_t known_in, uint64_t known_out,
                      bool texts)
{
    uint64_t in = job->in[code], out = job->out[code];
    bool inside = (double)in >= least_share * (double)known_in,
         outside = (double)out >= least_share * (double)known_out;
    if (!texts)
        return inside || outside;
    struct text text = population_text(job->population, code);
    return (inside && insight_may_name(text, in)) || (outside && insight_may_name(text, out));
}

/* known_*: of how many customers the counted codes are. Leaves the counts zero. */
static void add_shares(struct job *job, const struct insight_feature *feature, uint64_t known_in,
                       uint64_t known_out, const char *(*name)(struct job *, uint32_t))
{
    bool texts = feature->values.type != VALUE_BOOL;
    /* Names and addresses are different for nearly everyone: nothing is told of
     * such a column. */
    bool hidden = !known_in || !known_out ||
                  (texts && insight_nearly_unique(job->codes.count, known_in + known_out));
    for (size_t i = 0; i < job->codes.count; i++) {
        uint32_t code = job->codes.items[i];
        double in = (double)job->in[code], out = (double)job->out[code];
        bool common = !hidden && is_common(job, code, known_in, known_out, texts);
        /* Zero again for the next feature, whatever becomes of this one. */
        job->in[code] = job->out[code] = 0;
        if (!common)
            continue;
        struct insight_difference line =
            share_line(feature, in, (double)known_in, out, (double)known_out);
        line.code = code;
        line.value = name(job, code);
        VECTOR_PUSH(&job->found, line);
    }
    job->codes.count = 0;
}

static const char *text_name(struct job *job, uint32_t code)
{
    struct text text = population_text(job->population, code);
    return arena_strndup(job->arena, text.data, text.length);
}

static const char *truth_name(struct job *job, uint32_t code)
{
    (void)job;
    return code ? "yes" : "no";
}

static void compare_codes(struct job *job, const struct insight_feature *feature)

{
    const struct plan_values *values = &feature->values;
    bool truth = values->type == VALUE_BOOL;
    uint64_t known_in = 0, known_out = 0;

    for (uint32_t p = 0; p < job->population->customers; p++) {
        bool member = bit_at(job->members, p);
        if (!bit_at(values->known, p) || (!member && !bit_at(job->others, p)))
            continue;
        uint64_t code = (uint64_t)values->integers[p];
        if (code < job->population->code_count + 2u &&
            (!truth || code)) /* "no" is the mirror of "yes" */
            count_code(job, (uint32_t)code, member);
        (member ? known_in++ : known_out++);
    }
    add_shares(job, feature, known_in, known_out, truth ? truth_name : text_name);
}

/* Sets are read from the tellings themselves: the last known one at or before the moment. */
static void compare_sets(struct job *job, const struct insight_feature *feature)
{
    int t = population_table_index(job->population, SCHEMA_TRAIT_TABLE);

    if (t < 0)
        return;
    const struct population_table *table = &job->population->tables[t];
    int c = population_column_index(table, feature->column);
    uint64_t known_in = 0, known_out = 0;

    /* A customer's tellings from the last to the first: the first one that counts is
     * the one as of the moment. */
    for (uint32_t p = 0; c >= 0 && p < job->population->customers; p++) {
        bool member = bit_at(job->members, p);
        if (!member && !bit_at(job->others, p))
            continue;
        for (uint32_t row = table->offset[p + 1]; row-- > table->offset[p];) {
            struct population_value value = population_get(&table->columns[c], row);
            if (table->time[row] > job->now || !value.known)
                continue;
            for (uint32_t i = 0; i < value.code_count; i++)
                count_code(job, value.codes[i], member);
            (member ? known_in++ : known_out++);
            break;
        }
    }

    add_shares(job, feature, known_in, known_out, text_name);
}

static void compare_feature(struct job *job, const struct insight_feature *feature)
{
    if (feature->values.type == VALUE_SET)
        compare_sets(job, feature);
    else if (feature->values.type == VALUE_TEXT || feature->values.type == VALUE_BOOL)
        compare_codes(job, feature);
    else
        compare_numbers(job, feature);
}

/* By definition there is nothing to test. */
static void tell(struct job *job, size_t *compared)
{
    double *p = base_malloc((job->found.count + 1) * sizeof *p);
    size_t tested = 0;

    for (size_t i = 0; i < job->found.count; i++)
        if (!job->found.items[i].by_definition)
            p[tested++] = isnan(job->found.items[i].p) ? 1 : job->found.items[i].p;

    stats_benjamini_hochberg(p, tested, p);
    *compared = tested;

    tested = 0;
    for (size_t i = 0; i < job->found.count; i++)
        job->found.items[i].told =
            job->found.items[i].by_definition || p[tested++] <= insight_alpha;
    free(p);
}

static int by_telling(const void *a, const void *b)
{
    const struct insight_difference *x = a, *y = b;
    return x->told != y->told ? y->told - x->told : by_effect(a, b);
}

/* Of each text the few values that tell most; lines of a feature stand together. */
static void keep_most_telling(struct job *job)
{
    size_t kept = 0;
    for (size_t first = 0, next; first < job->found.count; first = next) {
        struct insight_difference *lines = &job->found.items[first];
        for (next = first + 1;
             next < job->found.count && job->found.items[next].feature == lines->feature;)
            next++;

        qsort(lines, next - first, sizeof *lines, by_telling);
        size_t most = next - first < MOST_VALUES ? next - first : MOST_VALUES;
        memmove(&job->found.items[kept], lines, most * sizeof *lines);
        kept += most;
    }
    job->found.count = kept;
}

static void compare_all(struct job *job, const struct insight_features *features, const bool *own,
                        struct insight_profile *out)
{
    size_t codes = (size_t)job->population->code_count + 2,
           words = words_of(job->population->customers);

    job->in = base_calloc(codes, sizeof *job->in);

    job->out = base_calloc(codes, sizeof *job->out);
    for (size_t w = 0; w < words; w++) {
        job->inside += (uint64_t)__builtin_popcountll(job->members[w]);
        job->outside += (uint64_t)__builtin_popcountll(job->others[w]);
    }

    for (size_t i = 0; i < features->count; i++) {
        size_t first = job->found.count;
        compare_feature(job, &features->items[i]);
        for (size_t d = first; d < job->found.count; d++)
            job->found.items[d].by_definition = own[i];
    }

    /* Chance first, over all that was compared; only then the few values of each text
     * that are shown. */
    *out = (struct insight_profile){.customers = job->inside, .others = job->outside};
    tell(job, &out->compared);
    keep_most_telling(job);
    if (job->found.count)
        qsort(job->found.items, job->found.count, sizeof *job->found.items, by_effect);

    out->count = job->found.count;
    out->items = ARENA_ARRAY(job->arena, struct insight_difference, job->found.count);
    if (job->found.count)
        memcpy(out->items, job->found.items, job->found.count * sizeof *out->items);
    VECTOR_RELEASE(&job->found);
    VECTOR_RELEASE(&job->codes);
    free(job->in);
    free(job->out);
}

static bool learnt(const struct insight_feature *feature, const char *segment)
{
    for (const char *const *name = feature->learnt; name && *name; name++)
        if (strcmp(*name, segment) == 0)
            return true;
    return false;
}

static void mark_own(const struct segment_set *set, const struct schema *schema, int segment,
                     const struct insight_features *features, struct arena *arena, bool *own)
{
    struct segment_reads reads = insight_reads(set, schema, segment, arena);
    for (size_t i = 0; i < features->count; i++)
        own[i] |= segment_reads_column(&reads, schema, features->items[i].table,
                                       features->items[i].column) ||
                  learnt(&features->items[i], set->segments[segment].name);
}

void insight_profile(const struct segment_set *set, const struct schema *schema, int segment,
                     const struct plan_result *result, const struct insight_features *features,
                     const struct population *population, struct arena *arena,
                     struct insight_profile *out)
{
    bool *own = ARENA_ARRAY(arena, bool, features->count + 1);
    uint64_t *others = ARENA_ARRAY(arena, uint64_t, result->words + 1);
    for (size_t w = 0; w < result->words; w++)
        others[w] = result->existing[w] & ~result->members[segment][w];

    mark_own(set, schema, segment, features, arena, own);

    struct job job = {.members = result->members[segment],
                      .others = others,
                      .population = population,
                      .now = result->now,
                      .arena = arena};
    compare_all(&job, features, own, out);
}

void insight_contrast(const struct segment_set *set, const struct schema *schema, int a, int b,
                      const struct plan_result *result, const struct insight_features *features,
                      const struct population *population, struct arena *arena,
                      struct insight_profile *out)
{
    bool *own = ARENA_ARRAY(arena, bool, features->count + 1);
    uint64_t *others = ARENA_ARRAY(arena, uint64_t, result->words + 1);
    for (size_t w = 0; w < result->words; w++)
        others[w] = result->members[b][w] & ~result->members[a][w];
    mark_own(set, schema, a, features, arena, own);

    mark_own(set, schema, b, features, arena, own);

    struct job job = {.members = result->members[a],
                      .others = others,
                      .population = population,
                      .now = result->now,
                      .arena = arena};
    compare_all(&job, features, own, out);
}
