/*
 * The rows of a persona. Most are lines of the segment's profile, told in words and sorted into
 * groups; products, reach, value and risk are counted here. A row is there because the segment
 * differs in it, or because nobody would understand the customer without it.
 */
#include "base/bits.h"
#include "judge/persona.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ROWS = 7,   /* of a group: what fits a page with six of them */
    MOST_OF_ONE = 2, /* of a label: more shares of one column tell nothing new */
    MOST_PRODUCTS = 5,
    MOST_SCHEMES = 3,
    REACH_DAYS = 90,
    YEAR_DAYS = 365,
    THOUSAND = 1000, /* from here on fractions are left out */
};
static const double least_effect = .1; /* half of Cohen's "small" */
static const double least_share = .02; /* of the members: rarer ways to meet them are no way */
/* Of the members who have a value: that they have it more often, and more rarely, than others. */
static const double least_more = .05, least_fewer = .3;

/* Texts of users may hold line breaks; a row is one line. */
static void add_row(struct persona *persona, int group, const char *label, const char *value)
{
    char *line = arena_strdup(persona->evidence->arena, value);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    VECTOR_PUSH(&persona->out->groups[group].rows, (struct judge_persona_row){label, line});
}

const char *persona_number(const struct persona *persona, double value)
{
    struct arena *arena = persona->evidence->arena;
    char text[NUMBER_TEXT_MAX];
    if (isnan(value))
        return "unknown";
    if (value == floor(value) || fabs(value) >= THOUSAND)
        return arena_strdup(arena, number_format_thousands(llround(value), text));
    return arena_printf(arena, fabs(value) < 10 ? "%.2f" : "%.1f", value);
}

/* "48 (everyone else 16)", in percent: "88% (everyone else 40%)". */
static const char *against(const struct persona *persona, double in, double out, bool percent)
{
    struct arena *arena = persona->evidence->arena;
    if (percent)
        return arena_printf(arena, "%.0f%% (everyone else %.0f%%)", 100 * in, 100 * out);
    return arena_printf(arena, "%s (everyone else %s)", persona_number(persona, in),
                        persona_number(persona, out));
}

/* ---- lines of the profile ---- */

static bool is_one_of(const char *name, const char *const *words, size_t count)
{
    for (size_t i = 0; name && i < count; i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}
#define IS_ONE_OF(name, words) is_one_of(name, words, sizeof words / sizeof *words)

static const char *const channel_words[] = {"channel", "device",   "source",
                                            "medium",  "campaign", "referrer"};
static const char *const birth_words[] = {"birth", "born"};
static const char *const risk_words[] = {"alive", "churn", "risk", "probability"};
static const char *const value_words[] = {"value", "expected", "spend"};

const char *persona_label(const struct persona *persona, const struct insight_feature *feature)
{
    static const struct {
        const char *head, *tail;
        bool column;
    } forms[] = {{"count(", ", how often", false},
                 {"days since last(", ", days since the last", false},
                 {"sum(", ", in all", true},
                 {"avg(", ", on average", true},
                 {"favourite(", ", most often", true}};
    static const char days[] = "days since ";
    struct arena *arena = persona->evidence->arena;
    bool trait = strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0;

    for (size_t i = 0; !trait && i < sizeof forms / sizeof *forms; i++)
        if (strncmp(feature->text, forms[i].head, strlen(forms[i].head)) == 0)
            return arena_printf(arena, "%s%s%s%s", feature->table, forms[i].column ? " " : "",
                                forms[i].column ? feature->column : "", forms[i].tail);
    if (!trait)
        return feature->text;

    /* Of traits the language's own words are replaced; of others the column says it. */
    if (strncmp(feature->text, "age(", 4) == 0)
        return IS_ONE_OF(feature->column, birth_words)
                   ? "age"
                   : arena_printf(arena, "%s, years ago", feature->column);
    if (strncmp(feature->text, days, strlen(days)) == 0)
        return arena_printf(arena, "%s, days ago", feature->column);
    return feature->column;
}

/* Of a model's scores only what people can read. */
static int group_of_score(const struct insight_difference *line, const char *score)
{
    if (line->is_share)
        return -1;
    if (IS_ONE_OF(score, risk_words))
        return PERSONA_RISK;
    return IS_ONE_OF(score, value_words) ? PERSONA_VALUE : -1;
}

/* Where a line belongs, −1 for nowhere: sums say again what counts and means say. */
static int group_of(const struct persona *persona, const struct insight_difference *line)
{
    const struct insight_feature *feature = line->feature;
    const struct insight_revenue *revenue = persona->evidence->revenue;
    bool sum = strncmp(feature->text, "sum(", 4) == 0,
         orders = revenue->kind && !strcmp(feature->table, revenue->kind);
    if (strcmp(feature->table, SCHEMA_TRAIT_TABLE) == 0) {
        const char *score = strrchr(feature->column, '.');
        return score ? group_of_score(line, score) : PERSONA_WHO;
    }
    if (IS_ONE_OF(feature->column, channel_words))
        return line->is_share ? PERSONA_CHANNELS : -1;
    if (orders && (!feature->column ||
                   strcmp(feature->column, revenue->property ? revenue->property : "") == 0))
        return strncmp(feature->text, "days", 4) == 0 ? PERSONA_RISK
                                                      : -1; /* add_value counts the rest */
    if (line->is_share)
        return PERSONA_LIKES;
    return sum ? -1 : PERSONA_DOES;
}

static bool worth_saying(const struct judge_persona_group *group,
                         const struct insight_difference *line, const char *label)
{
    int of_one = 0;
    for (size_t i = 0; i < group->rows.count; i++)
        of_one += strcmp(group->rows.items[i].label, label) == 0;
    /* The middle of few is what one of them has. */
    bool known = line->inside.known >= INSIGHT_NAMED_BY;
    if (line->is_share) /* what is rare here is said only where it is rarer elsewhere */
        known = line->share_inside >= (line->effect > 0 ? least_more : least_fewer);
    return known && fabs(line->effect) >= least_effect && group->rows.count < MOST_ROWS &&
           of_one < MOST_OF_ONE;
}

static void add_profile(struct persona *persona)
{
    for (size_t i = 0; i < persona->profile->count; i++) {
        const struct insight_difference *line = &persona->profile->items[i];
        int group = line->told ? group_of(persona, line) : -1;
        const char *label = group < 0 ? NULL : persona_label(persona, line->feature);
        if (group < 0 || !worth_saying(&persona->out->groups[group], line, label))
            continue;

        double in = line->is_share ? line->share_inside : line->inside.median;
        double out = line->is_share ? line->share_outside : line->outside.median;

        /* A median that many share says nothing; then the means do. */
        if (!line->is_share && in == out) {
            in = line->inside.mean;
            out = line->outside.mean;
        }

        const char *figures = against(persona, in, out, line->is_share);
        add_row(persona, group, label,
                arena_printf(persona->evidence->arena, "%s%s%s%s",
                             line->is_share ? line->value : "", line->is_share ? ": " : "", figures,
                             line->by_definition ? ", by definition" : ""));
    }
}

/* ---- where they stand in schemes ---- */

static uint64_t members_in(const struct persona *persona, int part)
{
    const struct plan_result *result = persona->evidence->view->result;
    uint64_t count = 0;
    for (size_t w = 0; w < result->words; w++)
        count += (uint64_t)__builtin_popcountll(result->members[part][w] & persona->members[w]);
    return count;
}

/* The two largest parts of a scheme among the members. */
static const char *largest_parts(const struct persona *persona, const struct segment_scheme *scheme)
{
    uint64_t most[2] = {0, 0};
    int part[2] = {0, 0};

    for (int s = scheme->first_member; s < scheme->first_member + scheme->member_count; s++) {
        uint64_t count = members_in(persona, s);
        if (count <= most[1])
            continue;

        /* It replaces the second, or pushes the first down there. */
        int place = count > most[0] ? 0 : 1;
        if (place == 0) {
            most[1] = most[0];
            part[1] = part[0];
        }
        most[place] = count;
        part[place] = s;
    }

    const struct segment_definition *segments = persona->evidence->view->set->segments;
    size_t skip = strlen(scheme->name) + 1;
    double all = (double)persona->out->customers;
    if (!most[1])
        return arena_printf(persona->evidence->arena, "%s: %.0f%%", segments[part[0]].name + skip,
                            100 * (double)most[0] / all);
    return arena_printf(persona->evidence->arena, "%s: %.0f%%, %s: %.0f%%",
                        segments[part[0]].name + skip, 100 * (double)most[0] / all,
                        segments[part[1]].name + skip, 100 * (double)most[1] / all);
}

static void add_schemes(struct persona *persona)
{
    const struct segment_set *set = persona->evidence->view->set;
    for (int s = 0, said = 0; s < set->scheme_count && said < MOST_SCHEMES; s++)
        if (set->schemes[s].exclusive && set->segments[persona->segment].scheme != s && ++said)
            add_row(persona, PERSONA_WHO, set->schemes[s].name,
                    largest_parts(persona, &set->schemes[s]));
}

/* ---- products ---- */

const char *persona_name_column(const struct schema_table *table)
{
    static const char *const names[] = {"name", "title", "description", "label"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t c = 0; c < table->column_count; c++)
            if (table->columns[c].type == VALUE_TEXT &&
                strcasestr(table->columns[c].name, names[i]))
                return table->columns[c].name;
    return NULL;
}

const char *persona_text(const struct persona *persona, const struct population_column *column,
                         uint32_t code)
{
    const struct population *population = persona->evidence->view->population;
    struct text name = population_text(population, code);
    const struct population_table *products =
        column->refers >= 0 ? &population->tables[column->refers] : NULL;
    const struct schema_table *stated =
        products ? schema_table(persona->evidence->schema, products->name) : NULL;
    const char *called = stated ? persona_name_column(stated) : NULL;
    int index = called ? population_column_index(products, called) : -1;

    /* A product's own name instead of its number, where the store has a table of products. */
    if (index >= 0 && code < products->code_count &&
        products->row_of_code[code] != POPULATION_NO_ROW) {
        struct population_value value =
            population_get(&products->columns[index], products->row_of_code[code]);
        if (value.known)
            name = population_text(population, (uint32_t)value.integer);
    }
    return arena_strndup(persona->evidence->arena, name.data, name.length);
}

/* The column of orders, or of their lines, that says what was bought. */
static const struct population_column *product_column(const struct population_table *table)
{
    static const char *const names[] = {"product", "description", "article",
                                        "item",    "sku",         "title"};
    for (size_t c = 0; c < table->column_count; c++)
        if (table->columns[c].refers >= 0 && strcasestr(table->columns[c].name, "product"))
            return &table->columns[c];

    /* A column that refers to products is surest; else the name tells, the likeliest first. */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t c = 0; c < table->column_count; c++)
            if (table->columns[c].type == VALUE_TEXT &&
                strcasestr(table->columns[c].name, names[i]))
                return &table->columns[c];
    return NULL;
}

struct bought {
    uint32_t code, in, out; /* customers, each once */
};

static int by_buyers(const void *a, const void *b)
{
    const struct bought *x = a, *y = b;
    if (x->in != y->in)
        return x->in < y->in ? 1 : -1;
    return (x->code > y->code) - (x->code < y->code);
}

/* How many members and others bought each product up to now; nobody's where products are nearly
 * unique, as comments are: those name people. */
static struct bought *count_buyers(const struct persona *persona,
                                   const struct population_table *table,
                                   const struct population_column *column)
{
    const struct population *population = persona->evidence->view->population;
    struct bought *bought = base_calloc(population->code_count + 1u, sizeof *bought);
    uint32_t *seen = base_calloc(population->code_count + 1u, sizeof *seen);
    uint64_t products = 0, pairs = 0;

    for (uint32_t p = 0; p < population->customers; p++)
        for (uint32_t row = table->offset[p]; row < table->offset[p + 1]; row++) {
            struct population_value value = population_get(column, row);
            if (!value.known || table->time[row] > persona->evidence->view->now ||
                value.integer >= population->code_count || seen[value.integer] == p + 1)
                continue;

            /* seen holds the last customer, plus one, who bought it: each counts once
             * without a set of pairs. */
            products += !seen[value.integer];
            pairs++;
            seen[value.integer] = p + 1;
            bought[value.integer].code = (uint32_t)value.integer;
            bought[value.integer].in += bit_at(persona->members, p);
            bought[value.integer].out += bit_at(persona->others, p);
        }

    free(seen);
    if (insight_nearly_unique(products, pairs))
        memset(bought, 0, population->code_count * sizeof *bought);
    qsort(bought, population->code_count, sizeof *bought, by_buyers);
    return bought;
}

static void add_products(struct persona *persona)
{
    const struct judge_evidence *evidence = persona->evidence;
    const struct population *population = evidence->view->population;
    const struct population_table *table = NULL;
    const struct population_column *column = NULL;

    /* The lines of an order say what was bought; an order itself only where it has none. */
    for (int lines = 1; lines >= 0 && evidence->revenue->kind && !column; lines--) {
        const char *kind =
            arena_printf(evidence->arena, "%s%s", evidence->revenue->kind, lines ? ".line" : "");
        int index = population_table_index(population, kind);
        table = index >= 0 ? &population->tables[index] : NULL;
        column = table ? product_column(table) : NULL;
    }

    if (!column)
        return;

    struct bought *bought = count_buyers(persona, table, column);
    double in = (double)persona->profile->customers, out = (double)persona->profile->others;
    for (uint32_t i = 0; i < MOST_PRODUCTS && i < population->code_count && bought[i].in; i++) {
        const char *product = persona_text(persona, column, bought[i].code);
        if (insight_may_name(text_from(product), bought[i].in))
            add_row(persona, PERSONA_LIKES, "bought most",
                    arena_printf(evidence->arena, "%s: %.1f%% (everyone else %.1f%%)", product,
                                 100 * bought[i].in / in, out > 0 ? 100 * bought[i].out / out : 0));
    }

    free(bought);
}

/* ---- reach ---- */

struct reach {
    const char *kind;
    double in, out;
};

static int by_reach(const void *a, const void *b)
{
    const struct reach *x = a, *y = b;
    if (x->in != y->in)
        return x->in < y->in ? 1 : -1;
    return strcmp(x->kind, y->kind);
}

static bool has_between(const struct population_table *table, uint32_t position, int64_t from,
                        int64_t until)
{
    for (uint32_t row = table->offset[position + 1];
         row-- > table->offset[position] && table->time[row] > from;)
        /* From the newest back: facts after the moment are passed over, and the walk
         * ends at `from`. */
        if (table->time[row] <= until)
            return true;
    return false;
}

/* The share of members and of others with a fact of that kind in (from, until]. */
static struct reach reach_of(const struct persona *persona, const struct population_table *table,
                             int64_t from)
{
    struct reach reach = {.kind = table->name};
    int64_t now = persona->evidence->view->now;
    for (uint32_t p = 0; p < persona->evidence->view->population->customers; p++) {
        bool in = bit_at(persona->members, p), out = bit_at(persona->others, p);
        if ((!in && !out) || !has_between(table, p, from, now))
            continue;
        reach.in += in;
        reach.out += out;
    }

    /* Shares of each side: the sides differ in size. */
    reach.in /= (double)persona->profile->customers;
    reach.out /= persona->profile->others ? (double)persona->profile->others : 1;
    return reach;
}

/* By which kinds of facts they were heard of lately. */
static void add_reach(struct persona *persona)
{
    const struct population *population = persona->evidence->view->population;
    int64_t from = persona->evidence->view->now - (int64_t)REACH_DAYS * SECONDS_A_DAY;
    struct reach *reaches =
        ARENA_ARRAY(persona->evidence->arena, struct reach, population->table_count + 1);
    size_t count = 0;
    for (size_t t = 0; t < population->table_count; t++) {
        const struct population_table *table = &population->tables[t];
        if (table->role == SCHEMA_FACTS && !schema_lines_of(table->name))
            reaches[count++] = reach_of(persona, table, from);
    }

    qsort(reaches, count, sizeof *reaches, by_reach);
    for (size_t i = 0;
         i < count && persona->out->groups[PERSONA_CHANNELS].rows.count < MOST_ROWS + 3; i++)
        if (reaches[i].in >= least_share)
            add_row(persona, PERSONA_CHANNELS,
                    arena_printf(persona->evidence->arena, "%s in the last %d days",
                                 reaches[i].kind, REACH_DAYS),
                    against(persona, reaches[i].in, reaches[i].out, true));
}

/* ---- value and risk ---- */

static double per(double total, double count)
{
    return count > 0 ? total / count : NAN;
}

static void add_value(struct persona *persona)
{
    const struct judge_evidence *evidence = persona->evidence;
    int64_t now = evidence->view->now, from = now - (int64_t)YEAR_DAYS * SECONDS_A_DAY;
    double in = (double)persona->profile->customers, out = (double)persona->profile->others;

    if (!evidence->revenue->property)
        return;
    struct insight_money own =
        insight_money(evidence->view->population, evidence->revenue, persona->members, from, now);

    /* Both sides by the same window: seasons hit both. */
    struct insight_money rest =
        insight_money(evidence->view->population, evidence->revenue, persona->others, from, now);

    const char *what = evidence->revenue->property;
    add_row(persona, PERSONA_VALUE,
            arena_printf(evidence->arena, "%s a customer, last %d days", what, YEAR_DAYS),
            against(persona, per(own.total, in), per(rest.total, out), false));
    add_row(persona, PERSONA_VALUE,
            arena_printf(evidence->arena, "%ss a customer", evidence->revenue->kind),
            against(persona, per((double)own.facts, in), per((double)rest.facts, out), false));
    add_row(persona, PERSONA_VALUE,
            arena_printf(evidence->arena, "%s of an average %s", what, evidence->revenue->kind),
            against(persona, per(own.total, (double)own.facts), per(rest.total, (double)rest.facts),
                    false));
    if (own.total + rest.total > 0)
        add_row(persona, PERSONA_VALUE, "share of all revenue",
                arena_printf(evidence->arena, "%.1f%%, of %.1f%% of the customers",
                             100 * own.total / (own.total + rest.total), 100 * in / (in + out)));
}

/* How many of those who ever ordered are quiet, and for how long the typical one is. */
static void add_risk(struct persona *persona)
{
    const struct judge_evidence *evidence = persona->evidence;
    int64_t now = evidence->view->now, from = now - (int64_t)REACH_DAYS * SECONDS_A_DAY;
    double ever[2] = {0, 0}, quiet[2] = {0, 0};

    if (evidence->revenue->table < 0)
        return;
    int index = population_table_index(evidence->view->population, evidence->revenue->kind);
    if (index < 0)
        return;
    const struct population_table *orders = &evidence->view->population->tables[index];
    for (uint32_t p = 0; p < evidence->view->population->customers; p++) {
        bool in = bit_at(persona->members, p), out = bit_at(persona->others, p);

        /* Quiet is only who ordered once: others were never heard. */
        if ((!in && !out) || !has_between(orders, p, -1, now))
            continue;
        ever[in]++;
        quiet[in] += !has_between(orders, p, from, now);
    }

    if (ever[1] > 0)
        add_row(
            persona, PERSONA_RISK,
            arena_printf(evidence->arena, "no %s for %d days", evidence->revenue->kind, REACH_DAYS),
            against(persona, quiet[1] / ever[1], ever[0] > 0 ? quiet[0] / ever[0] : 0, true));
}

void persona_add_rows(struct persona *persona)
{
    add_value(persona);
    add_risk(persona);
    add_products(persona);
    add_profile(persona);
    add_schemes(persona);
    add_reach(persona);
}
