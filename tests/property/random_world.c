/*
 * Random schemas and data: few different values, so that conditions are met and ties are common;
 * times that sit on the edges of windows and of days, before and after clocks change; facts after
 * T; unknown values; customers without a single fact.
 */
#include "random.h"

#include <string.h>

uint64_t random_next(struct random *random)
{
    /* splitmix64 */
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

int random_below(struct random *random, int below)
{
    return (int)(random_next(random) % (uint64_t)below);
}

bool random_one_in(struct random *random, int in)
{
    return random_below(random, in) == 0;
}

const char *const random_zones[] = {"Europe/Vienna",  "America/New_York", "Australia/Lord_Howe",
                                    "America/Havana", "Asia/Kathmandu",   "UTC",
                                    "Africa/Cairo",   "America/Santiago"};
const int random_zone_count = sizeof random_zones / sizeof *random_zones;

/* ---- schemas ---- */

struct candidate {
    const char *name;
    enum value_type type;
    const char *refers;
};
static const struct candidate properties[] = {
    {"amount", VALUE_DECIMAL, NULL}, {"quantity", VALUE_INT, NULL},
    {"category", VALUE_TEXT, NULL},  {"product", VALUE_TEXT, "product"},
    {"rate", VALUE_DOUBLE, NULL},    {"gift", VALUE_BOOL, NULL},
    {"due", VALUE_DATE, NULL},       {"shipped", VALUE_TIME, NULL},
    {"tags", VALUE_SET, NULL},       {"place", VALUE_POINT, NULL},
    {"note", VALUE_TEXT, NULL},      {"unit price", VALUE_DECIMAL, NULL},
    {"app", VALUE_TEXT, NULL},
};
static const struct candidate traits[] = {
    {"city", VALUE_TEXT, NULL},         {"plan", VALUE_TEXT, NULL},
    {"birth_date", VALUE_DATE, NULL},   {"score", VALUE_DOUBLE, NULL},
    {"points", VALUE_INT, NULL},        {"balance", VALUE_DECIMAL, NULL},
    {"active", VALUE_BOOL, NULL},       {"joined", VALUE_TIME, NULL},
    {"interests", VALUE_SET, NULL},     {"location", VALUE_POINT, NULL},
    {"account", VALUE_TEXT, "account"}, {"app", VALUE_TEXT, NULL},
    {"category", VALUE_TEXT, NULL},
};
static const struct candidate product[] = {{"category", VALUE_TEXT, NULL},
                                           {"price", VALUE_DECIMAL, NULL},
                                           {"brand", VALUE_TEXT, "brand"},
                                           {"launched", VALUE_DATE, NULL}};
static const struct candidate brand[] = {{"country", VALUE_TEXT, NULL},
                                         {"premium", VALUE_BOOL, NULL}};
static const struct candidate account[] = {{"industry", VALUE_TEXT, NULL},
                                           {"employees", VALUE_INT, NULL}};

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static void add_table(struct random *random, struct schema *schema, struct arena *arena,
                      const char *name, enum schema_role role, const struct candidate *from,
                      int count, int keep_in, const int *scales)
{
    struct schema_table *table = &schema->tables[schema->table_count++];
    *table = (struct schema_table){
        .name = name, .role = role, .key = role == SCHEMA_REFERENCE ? "id" : NULL};
    table->columns = ARENA_ARRAY(arena, struct schema_column, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        if (random_one_in(random, keep_in))
            continue;
        table->columns[table->column_count++] = (struct schema_column){
            .name = from[i].name,
            .type = from[i].type,
            .scale = from[i].type == VALUE_DECIMAL ? scales[i % 4] : 0,
            .refers = from[i].refers,
            .undated = role == SCHEMA_TRAITS,
        };
    }
}

struct schema *random_schema(struct random *random, struct arena *arena)
{
    static const char *const kinds[] = {"order", "view", "email", "Order Completed"};
    struct schema *schema = ARENA_NEW(arena, struct schema);
    schema->tables = ARENA_ARRAY(arena, struct schema_table, 10);
    schema->zone = random_zones[random_below(random, random_zone_count)];
    int scales[4];
    for (int i = 0; i < 4; i++)
        scales[i] = random_below(random, 4);
    for (int i = 0; i < COUNT(kinds); i++)
        if (i == 0 || !random_one_in(random, 4))
            add_table(random, schema, arena, kinds[i], SCHEMA_FACTS, properties, COUNT(properties),
                      4, scales);
    add_table(random, schema, arena, SCHEMA_TRAIT_TABLE, SCHEMA_TRAITS, traits, COUNT(traits), 7,
              scales);
    add_table(random, schema, arena, "product", SCHEMA_REFERENCE, product, COUNT(product), 9,
              scales);
    add_table(random, schema, arena, "brand", SCHEMA_REFERENCE, brand, COUNT(brand), 9, scales);
    add_table(random, schema, arena, "account", SCHEMA_REFERENCE, account, COUNT(account), 9,
              scales);
    return schema;
}

/* ---- times ---- */

static int64_t near_change(struct random *random, const struct zone *zone)
{
    int64_t moments[64];
    int64_t from = 1577836800, until = 1830297600; /* 2020 to 2028 */
    size_t count = zone_transitions(zone, from, until, moments, NULL, 64);
    if (count == 0)
        return from + (int64_t)(random_next(random) % (uint64_t)(until - from));
    return moments[random_below(random, count > 64 ? 64 : (int)count)];
}

int64_t random_now(struct random *random, const struct zone *zone)
{
    static const char *const days[] = {"2024-02-29", "2025-03-31", "2025-01-01",
                                       "2024-12-31", "2025-02-28", "2026-03-01"};
    static const int64_t nudges[] = {0,     1,     -1,     3599,  3600,  7200,
                                     -3600, 86400, -86400, 43200, 259200};
    int64_t nudge = nudges[random_below(random, COUNT(nudges))];
    if (random_one_in(random, 2))
        return near_change(random, zone) + nudge;
    int32_t date = 0;
    ENSURE(date_parse(text_from(days[random_below(random, COUNT(days))]), &date));
    return zone_day_start(zone, date) + nudge;
}

/* On the 28th to the 2nd, at midnight or some hour of the day. */
static int64_t near_month_end(struct random *random, const struct world *world)
{
    struct civil_date civil = date_to_civil(
        date_add_months(zone_date(world->zone, world->now), -random_below(random, 26)));
    int32_t date = date_from_civil(civil.year, civil.month, 28) + random_below(random, 6);
    return zone_day_start(world->zone, date) + random_below(random, 3) * (world->now % 43200);
}

static int64_t any_moment(struct random *random, const struct world *world, int64_t before)
{
    static const int64_t units[] = {1, 60, 3600, 86400, 7 * 86400};
    int64_t edge = random_below(random, 3) - 1, now = world->now;
    switch (random_below(random, 13)) {
    case 0:
    case 1: return before ? before : now;
    case 2: return before ? before + units[random_below(random, 5)] * random_below(random, 4) : now;
    case 3: return now - units[random_below(random, 5)] * random_below(random, 12) + edge;
    case 4:
        return zone_add(world->zone, now, (struct calendar_period){random_below(random, 14), 0},
                        -1) +
               edge;
    case 10: return near_month_end(random, world) + edge;
    case 5: return near_change(random, world->zone) + random_below(random, 5) * 1800 - 3600 + edge;
    case 6:
        return zone_day_start(world->zone, zone_date(world->zone, now) - random_below(random, 70)) +
               edge;
    case 7: return now + random_below(random, 10 * 86400);
    case 8:
    case 9: return now - (int64_t)(random_next(random) % (400 * 86400));
    default: return now - (int64_t)(random_next(random) % (40 * 86400));
    }
}

static int64_t random_moment(struct random *random, const struct world *world, int64_t before)
{
    int64_t moment = any_moment(random, world, before);
    return world->quiet && moment > world->now ? 2 * world->now - moment : moment;
}

/* ---- values ---- */

const char *random_text(struct random *random, const char *column)
{
    static const char *const words[] = {"shoes", "Shoes", "socks", "hat", "äpfel",
                                        "ÄPFEL", "a%b",   "x_y",   "",    "shoe rack"};
    static const char *const versions[] = {"1.9", "1.10", "1.10.0", "2.0-rc1",
                                           "2.0", "2",    "10.0.1", "1.9.9"};
    static const char *const plans[] = {"free", "pro", "Pro", "team"};
    static const char *const keys[] = {"p1", "p2", "p3", "p4", "gone"};
    if (strcmp(column, "app") == 0)
        return versions[random_below(random, COUNT(versions))];
    if (strcmp(column, "plan") == 0 || strcmp(column, "industry") == 0 ||
        strcmp(column, "country") == 0)
        return plans[random_below(random, COUNT(plans))];
    if (strcmp(column, "product") == 0 || strcmp(column, "brand") == 0 ||
        strcmp(column, "account") == 0)
        return keys[random_below(random, COUNT(keys))];
    return words[random_below(random, COUNT(words))];
}

int64_t random_number(struct random *random, const struct schema_column *column)
{
    int64_t unit = 1;
    for (int i = 0; i < column->scale; i++)
        unit *= 10;
    int64_t value = (random_below(random, 14) - 2) * unit;
    if (column->scale && random_one_in(random, 2))
        value += random_below(random, (int)unit);
    return random_one_in(random, 12) ? value * 100 : value;
}

static void fill_set(struct random *random, struct world_cell *cell)
{
    int wanted = random_below(random, WORLD_ITEMS_MAX);
    for (int i = 0; i < wanted; i++) {
        const char *item = random_text(random, "tags");
        bool seen = false;
        for (int j = 0; j < cell->item_count; j++)
            seen |= strcmp(cell->items[j], item) == 0;
        if (!seen)
            cell->items[cell->item_count++] = item;
    }
}

static int32_t random_date(struct random *random, const struct world *world)
{
    int32_t today = zone_date(world->zone, world->now);
    switch (random_below(random, 4)) {
    case 0: return today + random_below(random, 81) - 40;
    case 1: return date_from_civil(2000 + 4 * random_below(random, 7), 2, 29);
    case 2:
        return date_add_months(today, random_below(random, 60) - 50) + random_below(random, 3) - 1;
    default: return today - random_below(random, 25000);
    }
}

static struct world_cell random_cell(struct random *random, const struct world *world,
                                     const struct schema_column *column)
{
    struct world_cell cell = {.known = !random_one_in(random, 6)};
    if (!cell.known)
        return cell;
    switch (column->type) {
    case VALUE_BOOL: cell.integer = random_below(random, 2); break;
    case VALUE_DOUBLE: cell.number = (random_below(random, 100) - 20) / 8.0; break;
    case VALUE_DATE: cell.integer = random_date(random, world); break;
    case VALUE_TIME: cell.integer = random_moment(random, world, 0); break;
    case VALUE_TEXT: cell.text = random_text(random, column->name); break;
    case VALUE_SET: fill_set(random, &cell); break;
    case VALUE_POINT:
        cell.number = 48 + random_below(random, 100) / 64.0;
        cell.longitude = 16 + random_below(random, 100) / 64.0;
        break;
    default: cell.integer = random_number(random, column);
    }
    return cell;
}

/* ---- worlds ---- */

/* A few moments of the world in which a great deal happens, to one customer as to another. */
static int64_t crowded_moment(struct random *random, struct world *world)
{
    if (!world->crowd[0])
        for (int i = 0; i < WORLD_CROWDS; i++)
            world->crowd[i] = random_moment(random, world, i ? world->crowd[i - 1] : 0);
    return world->crowd[random_below(random, WORLD_CROWDS)];
}

static void random_rows(struct random *random, struct world *world, size_t t)
{
    const struct schema_table *table = &world->schema->tables[t];
    for (int customer = 0; customer < world->customers; customer++) {
        int count = random_one_in(random, 4)
                        ? 0
                        : random_below(random, table->role == SCHEMA_TRAITS ? 4 : 9);
        int64_t before = 0;
        for (int i = 0; i < count; i++) {
            struct world_row row = {.customer = customer};
            row.time = before = random_one_in(random, 3) ? crowded_moment(random, world)
                                                         : random_moment(random, world, before);
            if (table->role == SCHEMA_TRAITS && random_one_in(random, 3))
                row.time = 0;
            for (size_t c = 0; c < table->column_count; c++)
                row.cells[c] = random_cell(random, world, &table->columns[c]);
            VECTOR_PUSH(&world->rows[t].list, row);
            /* Sometimes the same fact twice. */
            if (random_one_in(random, 10))
                VECTOR_PUSH(&world->rows[t].list, row);
        }
    }
}

static void random_reference(struct random *random, struct world *world, size_t t)
{
    static const char *const keys[] = {"p1", "p2", "p3", "p4"};
    const struct schema_table *table = &world->schema->tables[t];
    for (int i = 0; i < COUNT(keys); i++) {
        if (random_one_in(random, 6))
            continue;
        struct world_row row = {.key = keys[i]};
        for (size_t c = 0; c < table->column_count; c++)
            row.cells[c] = random_cell(random, world, &table->columns[c]);
        VECTOR_PUSH(&world->rows[t].list, row);
    }
}

static void random_records(struct random *random, struct world *world, const char *const *segments,
                           int count)
{
    for (int customer = 0; customer < world->customers; customer++) {
        for (int s = 0; s < count; s++) {
            int64_t at = world->now - 40 * 86400;
            while (random_one_in(random, 2)) {
                struct world_record record = {.segment = segments[s], .customer = customer};
                record.entered =
                    at + random_below(random, 20) * 86400 + random_below(random, 3) - 1;
                at = record.entered + 1 + random_below(random, 15) * 86400;
                record.left =
                    random_one_in(random, 3) || (world->quiet && at > world->now) ? INT64_MAX : at;
                if (world->quiet && record.entered > world->now)
                    break;
                VECTOR_PUSH(&world->records, record);
                if (record.left == INT64_MAX)
                    break;
            }
        }
    }
}

void random_world(struct random *random, struct world *world, int customers,
                  const char *const *segments, int segment_count)
{
    static const char *const lists[] = {"friends", "testers"};
    static const char *const prefixes[] = {"c", "C", "ä", "z-"};
    world->quiet = random_one_in(random, 2);
    world->customers = customers;
    world->identifiers = ARENA_ARRAY(&world->arena, const char *, (size_t)customers + 1);
    world->rows = ARENA_ARRAY(&world->arena, struct world_rows, world->schema->table_count);
    for (int i = 0; i < customers; i++)
        world->identifiers[i] =
            arena_printf(&world->arena, "%s%d", prefixes[random_below(random, COUNT(prefixes))],
                         i * 7919 % 1000);
    for (size_t t = 0; t < world->schema->table_count; t++) {
        if (world->schema->tables[t].role == SCHEMA_REFERENCE)
            random_reference(random, world, t);
        else
            random_rows(random, world, t);
    }
    random_records(random, world, segments, segment_count);
    for (int l = 0; l < COUNT(lists); l++)
        for (int i = 0; i < customers; i++)
            if (random_one_in(random, 3))
                VECTOR_PUSH(&world->lists, (struct world_list){lists[l], i});
    world_finish(world);
}
