/*
 * From values to columns (columns.h). A number is one column, in logarithms where it is skewed, its
 * median where it is unknown; a text is a column for each of its frequent values; where some know a
 * value and others do not, that is a column of its own, for not knowing may say as much as the
 * value.
 */
#include "study/columns.h"

#include "base/bits.h"
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A level or an unknown value in a smaller share of the rows is too rare to learn from. */
static const double rare = .01;
static const double median = .5;

struct level {
    double key;
    size_t rows;
    struct text text;
};

struct learner {
    const struct column_rules *rules;
    const struct column_rows *rows;
    struct arena *arena;
    double *known; /* rising */
    size_t known_count;
    struct column *out;
    size_t count;
};

static struct column *add(struct learner *learner, enum column_form form, const char *name)
{
    struct column *column = &learner->out[learner->count++];
    *column = (struct column){
        .feature = learner->rows->feature, .form = form, .name = name, .used = true};
    return column;
}

static double skewness(const double *values, size_t count)
{
    double mean = stats_mean(values, count), second = 0, third = 0;
    for (size_t i = 0; i < count; i++) {
        double off = values[i] - mean;
        second += off * off;
        third += off * off * off;
    }
    second /= (double)count;
    return second > 0 ? third / (double)count / (second * sqrt(second)) : 0;
}

static void learn_number(struct learner *learner)
{
    const struct column_rules *rules = learner->rules;
    const double *known = learner->known;

    /* Logarithms only where no value is below zero: a skew to both sides is no matter of scale. */
    if (!learner->known_count)
        return;
    bool log = !learner->rows->is_bool && known[0] >= 0 &&
               skewness(known, learner->known_count) > rules->skewed;
    struct column *column = add(learner, log ? COLUMN_LOG : COLUMN_NUMBER, learner->rows->name);
    column->fill = rules->as_is ? NAN : stats_quantile_sorted(known, learner->known_count, median);
}

/* By text where two are as frequent, so that the same data always make the same columns. */
static int more_rows_first(const void *a, const void *b)
{
    const struct level *x = a, *y = b;
    return x->rows != y->rows ? (x->rows < y->rows) - (x->rows > y->rows)
                              : text_compare(x->text, y->text);
}

static struct level *list_levels(const struct learner *learner, size_t *count)
{
    const double *known = learner->known;
    struct level *levels = base_malloc(sizeof *levels * (learner->known_count + 1));

    /* Keys that are equal lie side by side. */
    *count = 0;
    for (size_t i = 0; i < learner->known_count; i++) {
        if (!i || known[i] != known[i - 1])
            levels[(*count)++] =
                (struct level){known[i], 0, learner->rows->word(learner->rows->context, known[i])};
        levels[*count - 1].rows++;
    }
    qsort(levels, *count, sizeof *levels, more_rows_first);
    return levels;
}

static double least_rows(const struct learner *learner)
{
    return fmax((double)learner->rules->rows_least, rare * (double)learner->rows->count);
}

static void learn_text(struct learner *learner)
{
    const struct column_rules *rules = learner->rules;
    size_t count;
    struct level *levels = list_levels(learner, &count);

    /* Nearly as many texts as rows are names or comments: they would tell people, not kinds. */
    bool nameless = rules->for_people && insight_nearly_unique(count, learner->known_count);

    for (size_t l = rules->beside_first;
         l < count && !nameless && l < rules->levels + rules->beside_first; l++) {
        const struct level *level = &levels[l];
        if ((double)level->rows < least_rows(learner))
            break;

        /* It keeps its place among the most frequent: the next one does not move up. */
        if (rules->for_people && !insight_may_name(level->text, level->rows))
            continue;
        const char *text = arena_strndup(learner->arena, level->text.data, level->text.length);
        struct column *column =
            add(learner, COLUMN_LEVEL,
                arena_printf(learner->arena, "%s = '%s'", learner->rows->name, text));
        column->level = text;
        column->key = level->key;
        if (learner->rows->silent)
            column->fill = (double)level->rows / (double)learner->known_count;
    }
    free(levels);
}

static void learn_unknown(struct learner *learner)
{
    const struct column_rows *rows = learner->rows;
    double least = least_rows(learner), unknown = (double)(rows->count - learner->known_count);
    if (unknown >= least && (double)learner->known_count >= rare * (double)rows->count)
        add(learner, COLUMN_UNKNOWN, arena_printf(learner->arena, "%s is unknown", rows->name));
}

size_t columns_learn(const struct column_rules *rules, const struct column_rows *rows,
                     struct arena *arena, struct column *out)
{
    struct learner learner = {.rules = rules, .rows = rows, .arena = arena, .out = out};
    learner.known = base_malloc(sizeof *learner.known * (rows->count + 1));
    for (size_t i = 0; i < rows->count; i++)
        if (isfinite(rows->raw[i]))
            learner.known[learner.known_count++] = rows->raw[i];
    stats_sort(learner.known, learner.known_count);

    /* Of what nobody knows there is nothing to learn, not even that it is unknown. */
    if (rows->is_text)
        learn_text(&learner);
    else
        learn_number(&learner);
    if (learner.known_count && !rows->silent && (rows->is_text || !rules->as_is))
        learn_unknown(&learner);
    free(learner.known);
    return learner.count;
}

double column_raw(const struct plan_values *values, size_t at)
{
    if (values->type != VALUE_TEXT)
        return plan_values_number(values, at);
    if (!bit_at(values->known, at) || values->integers[at] >= POPULATION_NO_CODE)
        return NAN;
    return (double)values->integers[at];
}

void columns_bind(const struct work *work, struct column *columns, size_t count)
{
    for (size_t c = 0; c < count; c++)
        if (columns[c].form == COLUMN_LEVEL)
            columns[c].key = (double)population_code(work->population, text_from(columns[c].level));
}
