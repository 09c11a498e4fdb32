#include "data.h"

#include "base/arena.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const KIND_NAMES[KINDS] = {"order",      "view",        "cart",    "email_sent",
                                       "email_open", "email_click", "support", "survey",
                                       "login",      "refund",      "review",  "share"};
/* Of a thousand facts. */
static const int SHARE_OF[KINDS] = {80, 300, 80, 160, 100, 40, 20, 15, 140, 10, 20, 35};
static const bool HAS_NUMBER[KINDS] = {
    [ORDER] = true, [VIEW] = true, [SURVEY] = true, [REFUND] = true, [REVIEW] = true};
static const bool HAS_TEXT[KINDS] = {
    [ORDER] = true, [VIEW] = true, [CART] = true, [SUPPORT] = true};
static const char *const NUMBER_NAME[KINDS] = {[ORDER] = "amount",
                                               [VIEW] = "seconds",
                                               [SURVEY] = "nps",
                                               [REFUND] = "amount",
                                               [REVIEW] = "stars"};
static const char *const CITY_NAMES[] = {"Wien", "Graz", "Linz", "Salzburg", "Innsbruck"};
static const char *const TOPIC_NAMES[TOPICS] = {"billing", "delivery", "returns",
                                                "account", "product",  "other"};
static const char *const PLAN_NAMES[PLANS] = {"free", "basic", "pro"};

static uint64_t random_next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double random_unit(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((random_next(state) >> 32) * limit >> 32);
}

const char *data_text(uint32_t code, char *out)
{
    if (code < CODE_CATEGORY)
        sprintf(out, "P%04u", code);
    else if (code < CODE_CITY)
        sprintf(out, code == CODE_CATEGORY ? "shoes" : "category %u", code - CODE_CATEGORY);
    else if (code < CODE_TOPIC)
        sprintf(out, code - CODE_CITY < 5 ? "%s" : "City %s%u",
                code - CODE_CITY < 5 ? CITY_NAMES[code - CODE_CITY] : "", code - CODE_CITY);
    else
        sprintf(out, "%s",
                code < CODE_PLAN ? TOPIC_NAMES[code - CODE_TOPIC] : PLAN_NAMES[code - CODE_PLAN]);
    return out;
}

static void push(struct facts *facts, enum kind kind, uint32_t customer, uint32_t time,
                 uint64_t *state)
{
    if (facts->rows == facts->room) {
        facts->room = facts->room ? facts->room * 2 : 1 << 16;
        facts->customer = base_realloc(facts->customer, facts->room * 4);
        facts->time = base_realloc(facts->time, facts->room * 4);
        if (HAS_NUMBER[kind])
            facts->number = base_realloc(facts->number, facts->room * 8);
        if (HAS_TEXT[kind])
            facts->product = base_realloc(facts->product, facts->room * 4);
    }
    size_t row = facts->rows++;
    facts->customer[row] = customer;
    facts->time[row] = time;
    double u = random_unit(state);
    switch (kind) {
    case ORDER: facts->number[row] = 500 + (int64_t)(exp(u * u * 4) * 1100); break;
    case VIEW: facts->number[row] = 1 + (int64_t)(u * u * 900); break;
    case SURVEY: facts->number[row] = (int64_t)(u * 11); break;
    case REFUND: facts->number[row] = 300 + (int64_t)(u * 9000); break;
    case REVIEW: facts->number[row] = 1 + (int64_t)(sqrt(u) * 5); break;
    default: break;
    }
    if (kind == SUPPORT)
        facts->product[row] = CODE_TOPIC + random_below(state, TOPICS);
    else if (HAS_TEXT[kind])
        facts->product[row] = (uint32_t)(random_unit(state) * random_unit(state) * PRODUCTS);
}

static int by_time(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* One customer's facts: an active span of the last two years, half of them still active. */
static void make_customer(struct data *data, uint32_t customer, double facts_each, uint64_t *state)
{
    enum { YEARS2 = 730 * 86400 };
    double begin = random_unit(state) * 0.95,
           end = random_unit(state) < 0.4 ? 1 : begin + (1 - begin) * random_unit(state);
    double weight = -log(1 - random_unit(state)); /* mean 1, skewed */
    uint32_t start = (uint32_t)(data->now - YEARS2 + (int64_t)(begin * YEARS2));
    uint32_t span = 1 + (uint32_t)((end - begin) * YEARS2);
    for (int kind = 0; kind < KINDS; kind++) {
        uint32_t times[4096];
        double mean = facts_each * weight * SHARE_OF[kind] / 1000;
        uint32_t count = (uint32_t)(mean + random_unit(state));
        count = count > 4096 ? 4096 : count;
        for (uint32_t i = 0; i < count; i++)
            times[i] = start + random_below(state, span);
        qsort(times, count, sizeof *times, by_time);
        for (uint32_t i = 0; i < count; i++)
            push(&data->facts[kind], (enum kind)kind, customer, times[i], state);
    }
    data->birth[customer] = -9000 + (int64_t)random_below(state, 22000);
    data->city[customer] = CODE_CITY + random_below(state, CITIES);
    data->plan[customer] = CODE_PLAN + random_below(state, PLANS);
    data->told[customer] = start;
}

void data_make(struct data *data, uint32_t customers, double facts_each)
{
    *data = (struct data){.customers = customers, .now = 1750000000};
    data->birth = base_malloc(customers * sizeof *data->birth);
    data->city = base_malloc(customers * sizeof *data->city);
    data->plan = base_malloc(customers * sizeof *data->plan);
    data->told = base_malloc(customers * sizeof *data->told);
    uint64_t state = 42;
    for (int p = 0; p < PRODUCTS; p++)
        data->category[p] = (int)random_below(&state, CATEGORIES);
    for (uint32_t c = 0; c < customers; c++)
        make_customer(data, c, facts_each, &state);
    for (int kind = 0; kind < KINDS; kind++)
        data->fact_count += data->facts[kind].rows;
}

void data_release(struct data *data)
{
    for (int kind = 0; kind < KINDS; kind++) {
        free(data->facts[kind].customer);
        free(data->facts[kind].time);
        free(data->facts[kind].number);
        free(data->facts[kind].product);
    }
    free(data->birth);
    free(data->city);
    free(data->plan);
    free(data->told);
}

const struct schema *data_schema(void)
{
    static struct schema_column traits[] = {{.name = "birth_date", .type = VALUE_DATE},
                                            {.name = "city", .type = VALUE_TEXT},
                                            {.name = "plan", .type = VALUE_TEXT}};
    static struct schema_column product[] = {{.name = "category", .type = VALUE_TEXT}};
    static struct schema_column order[] = {
        {.name = "amount", .type = VALUE_DECIMAL, .scale = 2},
        {.name = "product", .type = VALUE_TEXT, .refers = "product"}};
    static struct schema_column view[] = {
        {.name = "seconds", .type = VALUE_INT},
        {.name = "product", .type = VALUE_TEXT, .refers = "product"}};
    static struct schema_column cart[] = {
        {.name = "product", .type = VALUE_TEXT, .refers = "product"}};
    static struct schema_column support[] = {{.name = "topic", .type = VALUE_TEXT}};
    static struct schema_column survey[] = {{.name = "nps", .type = VALUE_INT}};
    static struct schema_column refund[] = {{.name = "amount", .type = VALUE_DECIMAL, .scale = 2}};
    static struct schema_column review[] = {{.name = "stars", .type = VALUE_INT}};
    static struct schema_table tables[] = {
        {.name = "order", .role = SCHEMA_FACTS, .columns = order, .column_count = 2},
        {.name = "view", .role = SCHEMA_FACTS, .columns = view, .column_count = 2},
        {.name = "cart", .role = SCHEMA_FACTS, .columns = cart, .column_count = 1},
        {.name = "email_sent", .role = SCHEMA_FACTS, .columns = NULL, .column_count = 0},
        {.name = "email_open", .role = SCHEMA_FACTS, .columns = NULL, .column_count = 0},
        {.name = "email_click", .role = SCHEMA_FACTS, .columns = NULL, .column_count = 0},
        {.name = "support", .role = SCHEMA_FACTS, .columns = support, .column_count = 1},
        {.name = "survey", .role = SCHEMA_FACTS, .columns = survey, .column_count = 1},
        {.name = "login", .role = SCHEMA_FACTS, .columns = NULL, .column_count = 0},
        {.name = "refund", .role = SCHEMA_FACTS, .columns = refund, .column_count = 1},
        {.name = "review", .role = SCHEMA_FACTS, .columns = review, .column_count = 1},
        {.name = "share", .role = SCHEMA_FACTS, .columns = NULL, .column_count = 0},
        {.name = "customer", .role = SCHEMA_TRAITS, .columns = traits, .column_count = 3},
        {.name = "product",
         .role = SCHEMA_REFERENCE,
         .key = "product",
         .columns = product,
         .column_count = 1}};
    static const struct schema schema = {
        .tables = tables, .table_count = KINDS + 2, .zone = "Europe/Vienna"};
    return &schema;
}

static enum status add_kind(struct population_builder *builder, const struct facts *facts, int kind,
                            struct error *error)
{
    struct population_input columns[2];
    size_t count = 0;
    bool money = kind == ORDER || kind == REFUND;
    if (HAS_NUMBER[kind])
        columns[count++] = (struct population_input){.name = NUMBER_NAME[kind],
                                                     .type = money ? VALUE_DECIMAL : VALUE_INT,
                                                     .scale = money ? 2 : 0,
                                                     .integers = facts->number};
    if (HAS_TEXT[kind])
        columns[count++] = (struct population_input){.name = kind == SUPPORT ? "topic" : "product",
                                                     .type = VALUE_TEXT,
                                                     .refers = kind == SUPPORT ? NULL : "product",
                                                     .codes = facts->product};
    return population_builder_table(builder, KIND_NAMES[kind], SCHEMA_FACTS, facts->rows,
                                    facts->customer, facts->time, columns, count, error);
}

static enum status add_tables(const struct data *data, struct population_builder *builder,
                              struct error *error)
{
    for (int kind = 0; kind < KINDS; kind++)
        TRY(add_kind(builder, &data->facts[kind], kind, error));
    uint32_t *each = base_malloc((size_t)data->customers * 4);
    for (uint32_t c = 0; c < data->customers; c++)
        each[c] = c;
    struct population_input traits[] = {
        {.name = "birth_date", .type = VALUE_DATE, .integers = data->birth},
        {.name = "city", .type = VALUE_TEXT, .codes = data->city},
        {.name = "plan", .type = VALUE_TEXT, .codes = data->plan}};
    enum status status =
        population_builder_table(builder, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, data->customers, each,
                                 data->told, traits, 3, error);
    free(each);
    TRY(status);
    uint32_t keys[PRODUCTS], categories[PRODUCTS];
    for (uint32_t p = 0; p < PRODUCTS; p++) {
        keys[p] = p;
        categories[p] = CODE_CATEGORY + (uint32_t)data->category[p];
    }
    struct population_input category = {
        .name = "category", .type = VALUE_TEXT, .codes = categories};
    return population_builder_reference(builder, "product", PRODUCTS, keys, &category, 1, error);
}

enum status data_population(const struct data *data, const struct zone *zone, struct pool *pool,
                            struct population **out, struct error *error)
{
    struct population_builder *builder = population_builder_new(zone);
    uint64_t *numbers = base_malloc(data->customers * sizeof *numbers);
    struct text *identifiers = base_malloc(data->customers * sizeof *identifiers);
    char *bytes = base_malloc((size_t)data->customers * 12), text[32];
    for (uint32_t c = 0; c < data->customers; c++) {
        numbers[c] = c + 1;
        identifiers[c].data = bytes + (size_t)c * 12;
        identifiers[c].length = (size_t)sprintf(bytes + (size_t)c * 12, "c%u", c);
    }
    population_builder_customers(builder, numbers, identifiers, data->customers);
    for (uint32_t code = 0; code < CODES; code++)
        ENSURE(population_builder_code(builder, text_from(data_text(code, text))) == code);
    enum status status = add_tables(data, builder, error);
    if (status == STATUS_OK)
        status = population_builder_finish(builder, pool, out, error);
    population_builder_free(builder);
    free(numbers);
    free(identifiers);
    free(bytes);
    return status;
}
