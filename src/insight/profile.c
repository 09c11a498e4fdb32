/* A segment against everyone else: means, medians and spread of numbers, shares and lift of texts, ranked by effect. */
#include "insight/internal.h"

#include "base/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct job {
    const struct segment_result *result;
    const uint64_t *members;
    const struct population *population;
    struct arena *arena;
    uint64_t inside, outside;
    VECTOR(struct insight_difference) found;
};

enum { MOST_VALUES = 5 }; /* of one text feature */
static const double least_share = .01;

static bool bit(const uint64_t *bits, size_t at)
{
    return bits[at / 64] >> (at % 64) & 1;
}

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
    spread.median = count % 2 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
    return spread;
}

static void compare_numbers(struct job *job, const struct insight_feature *feature)
{
    size_t in = 0, out = 0;
    double *inside = base_malloc((job->inside + 1) * sizeof *inside);
    double *outside = base_malloc((job->outside + 1) * sizeof *outside);
    for (uint32_t i = 0; i < feature->order_count; i++) {
        uint32_t p = feature->order[i];
        double number = insight_number(&feature->values, p);
        if (bit(job->members, p))
            inside[in++] = number;
        else
            outside[out++] = number;
    }
    struct insight_difference line = {
        .feature = feature, .inside = spread_of(inside, in), .outside = spread_of(outside, out)};
    double pooled =
        sqrt((line.inside.deviation * line.inside.deviation + line.outside.deviation * line.outside.deviation) / 2);
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
    return order ? order : strcmp(x->value ? x->value : "", y->value ? y->value : "");
}

/* in, out: how often each code stands inside and outside; known_*: of how many customers. */
static void add_shares(struct job *job, const struct insight_feature *feature, const uint64_t *in, const uint64_t *out,
                       size_t codes, uint64_t known_in, uint64_t known_out, const char *(*name)(struct job *, uint32_t))
{
    if (!known_in || !known_out)
        return;
    VECTOR(struct insight_difference) lines = {0};
    for (size_t code = 0; code < codes; code++) {
        double p = (double)in[code] / (double)known_in, q = (double)out[code] / (double)known_out;
        if (p < least_share && q < least_share)
            continue;
        struct insight_difference line = {.feature = feature,
                                          .is_share = true,
                                          .share_inside = p,
                                          .share_outside = q,
                                          .lift = q > 0 ? p / q : INFINITY,
                                          .count_inside = in[code],
                                          .count_outside = out[code],
                                          .effect = cohens_h(p, q),
                                          .value = name(job, (uint32_t)code)};
        VECTOR_PUSH(&lines, line);
    }
    if (lines.count)
        qsort(lines.items, lines.count, sizeof *lines.items, by_effect);
    for (size_t i = 0; i < lines.count && i < MOST_VALUES; i++)
        VECTOR_PUSH(&job->found, lines.items[i]);
    VECTOR_RELEASE(&lines);
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
    const struct segment_values *values = &feature->values;
    bool truth = values->type == VALUE_BOOL;
    size_t codes = truth ? 2 : job->population->code_count;
    uint64_t *in = base_calloc(codes, sizeof *in), *out = base_calloc(codes, sizeof *out), known_in = 0, known_out = 0;
    for (size_t p = 0; p < job->result->customers; p++) {
        if (!bit(values->known, p) || !bit(job->result->existing, p))
            continue;
        bool member = bit(job->members, p);
        size_t code = (size_t)values->integers[p];
        if (code < codes)
            (member ? in : out)[code]++;
        (member ? known_in++ : known_out++);
    }
    if (truth)
        in[0] = out[0] = 0; /* "no" is the mirror of "yes" */
    add_shares(job, feature, in, out, codes, known_in, known_out, truth ? truth_name : text_name);
    free(in);
    free(out);
}

/* Sets are read from the tellings themselves: the last known one at or before the moment. */
static void compare_sets(struct job *job, const struct insight_feature *feature)
{
    int t = population_table_index(job->population, SCHEMA_TRAIT_TABLE);
    if (t < 0)
        return;
    const struct population_table *table = &job->population->tables[t];
    int c = population_column_index(table, feature->column);
    if (c < 0)
        return;
    size_t codes = job->population->code_count;
    uint64_t *in = base_calloc(codes, sizeof *in), *out = base_calloc(codes, sizeof *out), known_in = 0, known_out = 0;
    for (uint32_t p = 0; p < job->population->customers; p++) {
        if (!bit(job->result->existing, p))
            continue;
        for (uint32_t row = table->offset[p + 1]; row-- > table->offset[p];) {
            if (table->time[row] > job->result->now)
                continue;
            struct population_value value = population_get(&table->columns[c], row);
            if (!value.known)
                continue;
            bool member = bit(job->members, p);
            for (uint32_t i = 0; i < value.code_count; i++)
                (member ? in : out)[value.codes[i]]++;
            (member ? known_in++ : known_out++);
            break;
        }
    }
    add_shares(job, feature, in, out, codes, known_in, known_out, text_name);
    free(in);
    free(out);
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

void insight_profile(const struct segment_set *set, const struct schema *schema, int segment,
                     const struct segment_result *result, const struct insight_features *features,
                     const struct population *population, struct arena *arena, struct insight_profile *out)
{
    struct job job = {.result = result, .members = result->members[segment], .population = population, .arena = arena};
    for (size_t w = 0; w < result->words; w++) {
        job.inside += (uint64_t)__builtin_popcountll(job.members[w]);
        job.outside += (uint64_t)__builtin_popcountll(result->existing[w] & ~job.members[w]);
    }
    for (size_t i = 0; i < features->count; i++) {
        size_t first = job.found.count;
        compare_feature(&job, &features->items[i]);
        if (job.found.count == first)
            continue;
        bool own = insight_defined_by(set, schema, segment, features->items[i].table, features->items[i].column);
        for (size_t d = first; d < job.found.count; d++)
            job.found.items[d].by_definition = own;
    }
    if (job.found.count)
        qsort(job.found.items, job.found.count, sizeof *job.found.items, by_effect);
    *out = (struct insight_profile){.customers = job.inside, .others = job.outside, .count = job.found.count};
    out->items = ARENA_ARRAY(arena, struct insight_difference, job.found.count);
    if (job.found.count)
        memcpy(out->items, job.found.items, job.found.count * sizeof *out->items);
    VECTOR_RELEASE(&job.found);
}
