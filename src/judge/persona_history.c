/*
 * The history of one real customer near the middle of a segment, without anything that names them:
 * no identifiers, and of texts and numbers, but for what was paid, only those that at least ten
 * customers share. A segment of so few that its middle is nobody but them has none.
 */
#include "base/bits.h"
#include "judge/persona.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HISTORY = 14,         /* lines: a page */
    MOST_FACTS = 400,     /* of a kind: days of web events fill the lines long before */
    MIDDLE_FEATURES = 24, /* the strongest: each costs a walk over all customers */
    SHARED_BY = 10,       /* customers */
    MOST_SAID = 4,        /* values of a fact */
};
static const double middle_rank = .5; /* of whom nothing is known */

/* The member whose ranks among everyone lie nearest to the segment's mean ranks. */
static bool find_middle(const struct persona *persona, uint32_t *out)
{
    const struct insight_features *features = persona->evidence->features;
    uint32_t customers = persona->evidence->view->population->customers;
    double *distance = base_calloc(customers + 1u, sizeof *distance);
    double *rank = base_malloc((customers + 1u) * sizeof *rank);
    size_t used = 0;

    for (size_t f = 0; f < features->count && used < MIDDLE_FEATURES; f++) {
        const struct insight_feature *feature = &features->items[f];
        double sum = 0, count = 0;
        if (!feature->order_count)
            continue;
        used++;

        /* Ranks, not values: features of any unit and skewness count alike, and
         * nobody's extreme pulls the middle. */
        for (uint32_t p = 0; p < customers; p++)
            rank[p] = middle_rank;
        for (uint32_t i = 0; i < feature->order_count; i++)
            rank[feature->order[i]] = (double)i / (double)feature->order_count;
        for (uint32_t p = 0; p < customers; p++)
            if (bit_at(persona->members, p)) {
                sum += rank[p];
                count++;
            }

        for (uint32_t p = 0; p < customers && count > 0; p++)
            distance[p] += (rank[p] - sum / count) * (rank[p] - sum / count);
    }

    bool found = false;
    for (uint32_t p = 0; p < customers; p++)
        if (bit_at(persona->members, p) && (!found || distance[p] < distance[*out])) {
            *out = p;
            found = true;
        }

    free(rank);
    free(distance);
    return found;
}

/* Whether enough customers have that text or number in that column for it to name nobody. */
static bool is_shared(const struct population *population, const struct population_table *table,
                      const struct population_column *column, int64_t code)
{
    int customers = 0;
    for (uint32_t p = 0; p < population->customers && customers < SHARED_BY; p++)
        for (uint32_t row = table->offset[p]; row < table->offset[p + 1]; row++) {
            struct population_value value = population_get(column, row);
            if (value.known && value.integer == code) {
                customers++;
                break;
            }
        }

    /* Numbers have no text to look at; a text may name somebody although ten share it. */
    struct text none = {0}, text = column->type == VALUE_TEXT
                                       ? population_text(population, (uint32_t)code)
                                       : none;
    return customers >= SHARED_BY && insight_may_name(text, (uint64_t)customers);
}

static bool add_value(const struct persona *persona, const struct population_table *table,
                      const struct population_column *column, bool paid, uint32_t row,
                      struct buffer *text)
{
    const struct population *population = persona->evidence->view->population;
    struct population_value value = population_get(column, row);
    char number[NUMBER_TEXT_MAX];
    if (!value.known)
        return false;
    if (column->type == VALUE_DECIMAL || column->type == VALUE_INT) {
        if (!paid && !is_shared(population, table, column, value.integer))
            return false; /* the number of an invoice, a telephone number, a weight */
        int scale = column->type == VALUE_DECIMAL ? column->scale : 0;
        buffer_printf(text, ", %s %s", column->name,
                      number_format_decimal(value.integer, scale, number));
        return true;
    }

    if (column->type != VALUE_TEXT || !is_shared(population, table, column, value.integer))
        return false;
    buffer_printf(text, ", %s %s", column->name,
                  persona_text(persona, column, (uint32_t)value.integer));
    return true;
}

/* A fact in words: its kind and what is known of it: what was paid, then texts, then other numbers.
 */
static void write_fact(const struct persona *persona, const struct population_table *table,
                       uint32_t row, struct buffer *text)
{
    const struct insight_revenue *revenue = persona->evidence->revenue;
    bool orders = revenue->property && strcmp(table->name, revenue->kind) == 0;
    int paid = orders ? population_column_index(table, revenue->property) : -1, said = 0;
    buffer_string(text, table->name);
    if (paid >= 0)
        said += add_value(persona, table, &table->columns[paid], true, row, text);

    /* Texts before numbers: what was bought says more than how many. */
    for (int numbers = 0; numbers < 2; numbers++)
        for (int c = 0; c < (int)table->column_count && said < MOST_SAID; c++)
            if (c != paid && (table->columns[c].type != VALUE_TEXT) == numbers)
                said += add_value(persona, table, &table->columns[c], false, row, text);
}

struct moment {
    uint32_t time, row;
    const struct population_table *table;
};

static int newest_first(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? 1 : -1;
    return strcmp(x->table->name, y->table->name);
}

/* Facts of one day and kind are one line: the newest in words, and how many more there were. */
static void write_history(struct persona *persona, const struct moment *moments, size_t count)
{
    const struct zone *zone = session_zone(persona->evidence->session);
    bool *told = ARENA_ARRAY(persona->evidence->arena, bool, count + 1);

    for (size_t i = 0; i < count && persona->out->history.count < HISTORY; i++) {
        int32_t day = zone_date(zone, moments[i].time);
        size_t more = 0;
        struct buffer text;

        /* The newest of a day and kind speaks for the others. */
        if (told[i])
            continue;
        for (size_t j = i + 1; j < count && zone_date(zone, moments[j].time) == day; j++)
            if (moments[j].table == moments[i].table) {
                told[j] = true;
                more++;
            }

        buffer_init(&text, 0);
        write_fact(persona, moments[i].table, moments[i].row, &text);
        if (more)
            buffer_printf(&text, "; and %zu more", more);
        VECTOR_PUSH(&persona->out->history,
                    (struct judge_persona_fact){moments[i].time,
                                                buffer_copy(&text, persona->evidence->arena)});
        buffer_release(&text);
    }
}

void persona_add_history(struct persona *persona)
{
    const struct population *population = persona->evidence->view->population;
    VECTOR(struct moment) moments = {0};
    uint32_t position = 0;
    if (persona->profile->customers < INSIGHT_NAMED_BY || !find_middle(persona, &position))
        return;
    for (size_t t = 0; t < population->table_count; t++) {
        const struct population_table *table = &population->tables[t];
        size_t taken = 0;
        if (table->role != SCHEMA_FACTS || schema_lines_of(table->name))
            continue; /* lines would repeat what their order says */
        for (uint32_t row = table->offset[position + 1];
             row-- > table->offset[position] && taken < MOST_FACTS;)
            if (table->time[row] <= persona->evidence->view->now) {
                VECTOR_PUSH(&moments, (struct moment){table->time[row], row, table});
                taken++;
            }
    }

    if (moments.count)
        qsort(moments.items, moments.count, sizeof *moments.items, newest_first);
    write_history(persona, moments.items, moments.count);
    VECTOR_RELEASE(&moments);
}
