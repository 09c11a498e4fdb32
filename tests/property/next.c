/*
 * Next moments, by scanning. Every construct of the language that looks at now, over customers
 * whose facts, tellings and dates lie so that edges meet them within days: on the last days of
 * months, in the hours in which clocks change, on leap days, at midnight and a second beside it.
 * The truth is the evaluator itself at all the moments at which anything can happen (each second at
 * first, then each second around every clock of every day that a fact or now has), so that a flip
 * before the next moment is seen. Waking up from next moment to next moment tells how many of them
 * were no flip.
 *
 *   next [--seed N] [--rounds N]
 */
#include "random.h"
#include "ways.h"

#include "base/bits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CUSTOMERS = 24,
    DAYS = 34,
    SECONDS = 45,
    WAKES_MAX = 3000,
    STEPPING = 20,
    CUT_OFFS_KEPT = 3 * 3600
};

static const char *const conditions[] = {
    "any(order last 30 days)",
    "any(order last 1 month)",
    "any(order last 2 months)",
    "any(order last 1 quarter)",
    "any(order last 1 year)",
    "none(order last 4 months where amount > 5)",
    "count(order last 1 month) >= 2",
    "count(order last 720 hours) = 1",
    "sum(order.amount last 1 quarter) > 10",
    "avg(order.amount last 1 month) > 4",
    "first(order.amount last 2 months) > 4",
    "last(order.amount before last 1 month) > 4",
    "count(order before last 1 month) > 1",
    "any(order before last 30 days)",
    "any(order between 1 and 2 months ago)",
    "count(order between 30 and 60 days ago) >= 1",
    "any(order last 1 month on weekend)",
    "any(order, view last 1 month)",
    "any(order this month)",
    "any(order this week)",
    "any(order today)",
    "any(order yesterday)",
    "count(order last calendar month) >= 1",
    "any(order last 2 calendar weeks)",
    "count(order this quarter) > 1",
    "any(order this year)",
    "any(order since today - 30 days)",
    "any(order since today - 1 month)",
    "any(order since now - 1 month)",
    "count(order since now - 100 hours) >= 1",
    "any(order from today - 32 days to today - 30 days)",
    "any(order within 3 days before today - 29 days)",
    "any(order within 1 month before now)",
    "any(order within 36 hours after today - 31 days)",
    "any(view since last(order.time))",
    "any(view since first(order.time last 1 month))",
    "first(order.time) >= today - 30 days",
    "last(order.time) < today - 1 month",
    "last(order.time) < now - 1 month",
    "last(order.time) + 1 month < now",
    "last(order.time) > now - 30 days",
    "now - last(order.time) > 30 days",
    "now - last(order.time) > 1.5 * avg(gap(order.time))",
    "(now - last(order.time)) / 7 > 4 days",
    "(now - last(order.time)) * 2 >= now - first(order.time)",
    "days since last(order.time) > 30",
    "days since last(order.time) = 31",
    "hours since last(order.time) >= 740",
    "minutes since last(order.time) > 43200",
    "seconds since last(order.time) > 2592000",
    "weeks since last(order.time) >= 5",
    "months since last(order.time) >= 1",
    "months since last(order.time) != 2",
    "quarters since first(order.time) = 1",
    "years since first(order.time) >= 1",
    "days since renewal >= 0",
    "days since last(order.time) - days since first(order.time) < 0",
    "days since last(order.time) * 2 > 62",
    "months since renewal >= 1",
    "months since joined = 1",
    "days until renewal <= 0",
    "days until renewal between 3 and 5",
    "weeks until renewal < 1",
    "hours until renewal <= 30",
    "months until renewal < 1",
    "months until joined < 0",
    "hours until joined < 0",
    "days until joined <= 0",
    "age(birth_date) >= 18",
    "age(birth_date) = 17",
    "age(birth_date) is known",
    "age(renewal) < 5",
    "count(order) / (days since joined + 1) > 0.03",
    "renewal <= today",
    "renewal = today + 3 days",
    "renewal <= today + 1 month",
    "renewal + 1 month <= today",
    "renewal next 7 days",
    "renewal next 1 month",
    "renewal last 1 month",
    "renewal this month",
    "renewal last calendar month",
    "renewal today",
    "joined next 10 days",
    "joined last 1 month",
    "joined since today - 3 days",
    "joined > now",
    "joined > now + 3 days",
    "joined < now - 1 month",
    "now > 2025-03-30T03:30",
    "today >= 2024-02-29",
    "hour(now) = 23",
    "hour(now) = 2 and active",
    "hour(now) = hour(joined)",
    "weekday(today) in (6, 7)",
    "weekday(now) = weekday(joined)",
    "month_of_year(today) = month_of_year(birth_date)",
    "day_of_month(today) = day_of_month(birth_date)",
    "month(today) = month(renewal)",
    "week(now) > week(renewal)",
    "year(today) > 2024",
    "date(now - 1 month) > renewal",
    "date(last(order.time)) = today - 31 days",
    "least(joined, now) < renewal",
    "coalesce(joined, now) > now - 2 days",
    "greatest(days since joined, days until renewal) > 3",
    "abs(days until renewal) <= 2",
    "floor(days since joined / 7) >= 1",
    "today - renewal > 3 days",
    "anniversary(birth_date) next 7 days",
    "anniversary(birth_date) last 1 month",
    "anniversary(birth_date) today",
    "anniversary(birth_date) this month",
    "anniversary(birth_date) next 1 month",
    "count(order where days since time > 30) >= 1",
    "count(order where time > now - 1 month) >= 1",
    "any(order where time < today - 30 days and amount > 5)",
    "count(order where due <= today) >= 1",
    "any(order where due next 7 days)",
    "avg(days since order.time) > 40",
    "max(days since order.due) >= 1",
    "periods(day, any(order), last 30 days) >= 1",
    "periods(day, none(order), last 30 days) = 29",
    "periods(week, count(order) >= 1, last 5 weeks) >= 2",
    "periods(month, any(order), last 1 month) >= 1",
    "periods(month, any(order), last 3 months) >= 2",
    "periods(month, none(order), last 3 calendar months) = 2",
    "periods(month, count(order) = 0, this year) > 1",
    "periods(quarter, any(order) or any(view), last 1 year) >= 1",
    "periods(month, sum(order.amount) > 5, since 2024-01-01) > 0",
    "periods(week, any(order), since today - 3 weeks) >= 1",
    "sequence(order, not view within 30 days)",
    "sequence(order, not view within 1 month)",
    "sequence(order, view) last 1 month",
    "sequence(order as a, view where time > a.time + 1 day) last 30 days",
    "stopped order for 1 month",
    "stopped (order, view) for 30 days",
    "resumed order after 2 days last 1 month",
    "first time order last 1 month",
    "first time order this month",
    "ever(plan = 'pro', last 1 month)",
    "ever(plan = 'pro' and active, last 30 days)",
    "ever(plan = 'free', last calendar month)",
    "ever(plan is known, since today - 3 days)",
    "changed(plan last 1 month)",
    "changed(plan to 'pro' this month)",
    "changed(plan last 30 days)",
    "plan as of (today - 30 days) = 'free'",
    "plan as of (now - 1 month) = 'free'",
    "in base last 1 month",
    "entered base last 30 days",
    "left base this month",
    "left base last 1 month",
    "top 3 by days since last(order.time)",
    "top 25% by count(order last 1 month)",
    "ntile(4) by age(birth_date) = 1",
    "ntile(4) by days since last(order.time) = 2",
    "percentile by months since joined > 50",
    "count(account.customers where any(order last 1 month)) >= 2",
    "any(account.customers where any(order last 30 days))",
    "top 3 by count(order) among (any(order last 1 month))",
    "ntile(4) by sum(order.amount last 1 month) = 4",
    "seconds since last(order.time) - 60 * minutes since last(order.time) > 2592000",
    "seconds since joined / 3600 > 24 * days since joined + 12",
    "seconds since renewal + seconds until renewal = 0 and seconds since renewal > 86400",
    "seconds until joined between 1000 and 200000",
    "hours since last(order.time) * 2 > 1480",
    "minutes since last(order.time) / (days since last(order.time) + 1) > 1399.9",
    "seconds since joined / seconds since last(order.time) > 0.5",
    "seconds since first(order.time) / seconds since last(order.time) > 1.5",
    "(seconds since joined) * (seconds since last(order.time)) > 1000000000000",
    "abs(seconds since joined) < 432000",
    "round(seconds since joined / 86400) >= 3",
    "floor(hours since last(order.time) / 24) * count(order) > 40",
    "avg(now - order.time) > 30 days",
    "sum(now - order.time) > 60 days",
    "max(now - order.time) > 60 days",
    "median(now - order.time) > 31 days",
    "first(now - order.time) < 31 days",
    "avg(seconds since order.time) / avg(seconds since view.time) > 1",
    "avg(hours since order.time) > 740",
    "median(minutes since order.time) > 43200",
    "sum(hours since order.time) > 1480",
    "max(seconds since order.time) >= 2678400",
    "nth(seconds since order.time, 2) > 2592000",
    "avg((now - order.time) * (1 + order.amount)) > 200 days",
    "avg(least(now - order.time, 31 days)) > 30 days",
    "distinct(days since order.time) >= 2",
    "count(order where (now - time) * amount > 150 days) >= 1",
    "count(order where seconds since time > amount * 300000) >= 2",
    "least(joined, now - 1 hour) last 1 day",
    "coalesce(joined, now - 20 days) last 1 month",
    "coalesce(joined, now - 1 hour) this month",
    "greatest(joined, now - 3 days) next 2 days",
    "any(order within 1 month after now - 2 months)",
    "any(order within 1 month before least(joined, now))",
    "any(order since least(joined, now - 30 days))",
    "any(order since coalesce(joined, now - 1 month))",
    "any(order since now - 2 * min(gap(order.time)))",
    "count(order from now - 2 months to now - 1 month) >= 1",
    "now - 1 month > joined + 2 months",
    "(now - 1 month) - joined > 30 days",
    "date(now - 1 month) - renewal > 1 days",
    "days since least(joined, now - 1 day) > 3",
    "months since coalesce(joined, now - 1 month) >= 1",
    "days since joined > hour(now)",
    "age(coalesce(birth_date, today)) >= 17",
    "1000000 / (seconds since joined) is known",
    "1000000 / (seconds since joined) > 5",
    "periods(month, sum(order.amount) / (days since joined + 1) > 0.1, last 3 months) >= 1",
    "periods(week, now - last(order.time) > 3 days, last 5 weeks) >= 1",
    "periods(week, days since last(order.time) > 10, last 5 weeks) >= 1",
    "periods(month, count(order) * (seconds since joined) > 1000000, this year) >= 1",
    "periods(month, avg(now - order.time) > 20 days, last 3 months) >= 1",
    "sequence(order as a, view where now - a.time < 31 days)",
    "sequence(order as a, view where now - time < (now - a.time) / 2)",
    "sequence(order as a, view where (now - a.time) + (now - time) > 62 days)",
    "sequence(order as a, view where a.time last 1 month)",
    "sequence(order as a, view as b where days since time > 5, order where amount * (now - a.time) "
    "> 100 days)",
    "sequence(order as a, view as b, order where now - a.time > 3 * (now - b.time))",
    "top 3 by seconds since last(order.time)",
    "top 3 by avg(now - order.time)",
    "bottom 3 by (now - first(order.time)) * count(order)",
    "top 3 by coalesce(now - joined, 20 days)",
    "sample 50% and any(order last 1 month)",
};
enum { CONDITIONS = sizeof conditions / sizeof *conditions };

static const char *const zones[] = {"Europe/Vienna", "America/New_York", "Australia/Lord_Howe",
                                    "UTC",           "America/Santiago", "Africa/Cairo"};
/* Last days of months, leap days, days on which clocks change, and the turn of a year. */
static const char *const moments[] = {
    "2025-02-26T23:59:40", "2025-03-27T10:00:00", "2025-03-28T09:59:50", "2025-03-29T23:59:59",
    "2025-03-30T01:59:30", "2025-03-31T00:00:00", "2024-02-28T23:59:58", "2024-02-29T12:00:00",
    "2024-03-01T00:00:00", "2024-12-31T23:59:30", "2025-01-31T10:00:00", "2025-04-30T15:30:00",
    "2025-10-26T00:30:00", "2025-10-25T23:59:59", "2025-11-02T00:59:00", "2025-03-09T01:59:59",
    "2025-04-06T00:30:00", "2025-06-30T23:00:00", "2025-09-06T23:59:30", "2025-05-28T10:00:00",
};

/* ---- worlds ---- */

enum {
    ORDER,
    VIEW,
    TRAITS,
    TABLES,
    AMOUNT = 0,
    DUE,
    BIRTH = 0,
    RENEWAL,
    JOINED,
    PLAN,
    ACTIVE,
    ACCOUNT
};

static struct schema_column order_columns[] = {{.name = "amount", .type = VALUE_INT},
                                               {.name = "due", .type = VALUE_DATE}};
static struct schema_column trait_columns[] = {
    {.name = "birth_date", .type = VALUE_DATE},
    {.name = "renewal", .type = VALUE_DATE},
    {.name = "joined", .type = VALUE_TIME},
    {.name = "plan", .type = VALUE_TEXT},
    {.name = "active", .type = VALUE_BOOL},
    {.name = "account", .type = VALUE_TEXT, .refers = "account"},
};
static struct schema_table tables[] = {
    {.name = "order", .role = SCHEMA_FACTS, .columns = order_columns, .column_count = 2},
    {.name = "view", .role = SCHEMA_FACTS},
    {.name = SCHEMA_TRAIT_TABLE,
     .role = SCHEMA_TRAITS,
     .columns = trait_columns,
     .column_count = 6},
    {.name = "account", .role = SCHEMA_REFERENCE, .key = "id"},
};

struct round {
    struct random random;
    struct world world;
    struct schema schema;
    struct zone *zone;
    VECTOR(int64_t) scanned; /* moments, ascending */
};

/* So that an edge meets it within the days scanned: a window's length before one of them, at a
 * clock of interest. */
static int64_t met_soon(struct round *round)
{
    static const struct calendar_period lengths[] = {
        {0, 30 * 86400}, {1, 0},  {1, 0},          {2, 0},          {3, 0},
        {4, 0},          {12, 0}, {0, 60 * 86400}, {0, 740 * 3600}, {0, 0}};
    static const int64_t clocks[] = {0, 0, 1, 86399, 36000, 7200, 9000, 10800, 43200};
    struct random *random = &round->random;
    const struct world *world = &round->world;
    int64_t moment = zone_add(world->zone, world->now, lengths[random_below(random, 10)], -1);
    int32_t date = zone_date(world->zone, moment) + random_below(random, DAYS) - 1;
    int64_t clock = random_one_in(random, 3)
                        ? zone_clock(world->zone, world->now) + random_below(random, 7) - 3
                        : clocks[random_below(random, 9)];
    clock = clock < 0 ? 0 : clock > 86399 ? 86399 : clock;
    moment = zone_moment(world->zone, date, (int32_t)clock, NULL);
    return moment <= world->now ? moment : world->now - random_below(random, 40 * 86400);
}

static int32_t date_soon(struct round *round, int years)
{
    int32_t date =
        zone_date(round->world.zone, round->world.now) + random_below(&round->random, DAYS + 4) - 3;
    return date_anniversary(date, date_to_civil(date).year - years);
}

static void add_row(struct round *round, int table, struct world_row row)
{
    VECTOR_PUSH(&round->world.rows[table].list, row);
}

static void add_customer(struct round *round, int customer)
{
    static const char *const plans[] = {"free", "pro", "team"}, *const accounts[] = {"a", "b", "c",
                                                                                     "d"};
    struct random *random = &round->random;
    struct world_row born = {.customer = customer, .time = 0};

    for (int i = random_below(random, 4); i > 0; i--) {
        struct world_row row = {.customer = customer, .time = met_soon(round)};
        row.cells[AMOUNT] = (struct world_cell){.known = true, .integer = random_below(random, 12)};
        row.cells[DUE] = (struct world_cell){.known = true, .integer = date_soon(round, 0)};
        add_row(round, ORDER, row);
    }
    for (int i = random_below(random, 3); i > 0; i--)
        add_row(round, VIEW, (struct world_row){.customer = customer, .time = met_soon(round)});

    born.cells[BIRTH] = (struct world_cell){
        .known = true, .integer = date_soon(round, 17 + random_below(random, 2))};
    born.cells[RENEWAL] =
        (struct world_cell){.known = !random_one_in(random, 6), .integer = date_soon(round, 0)};
    if (random_one_in(random, 3)) /* a month away, on the last days of one */
        born.cells[RENEWAL].integer =
            date_add_months((int32_t)born.cells[RENEWAL].integer, random_below(random, 3) - 1);
    born.cells[JOINED] =
        (struct world_cell){.known = !random_one_in(random, 6), .integer = met_soon(round)};
    if (random_one_in(random, 2))
        born.cells[JOINED].integer = 2 * round->world.now - born.cells[JOINED].integer;
    born.cells[ACCOUNT] =
        (struct world_cell){.known = true, .text = accounts[random_below(random, 4)]};
    add_row(round, TRAITS, born);
    for (int i = random_below(random, 4); i > 0; i--) {
        struct world_row row = {.customer = customer, .time = met_soon(round)};
        row.cells[PLAN] =
            (struct world_cell){.known = true, .text = plans[random_below(random, 3)]};
        row.cells[ACTIVE] = (struct world_cell){.known = random_one_in(random, 2),
                                                .integer = random_below(random, 2)};
        add_row(round, TRAITS, row);
    }

    struct world_record record = {
        .segment = "base", .customer = customer, .entered = met_soon(round), .left = INT64_MAX};
    int64_t left = met_soon(round);
    if (left > record.entered)
        record.left = left;
    VECTOR_PUSH(&round->world.records, record);
}

static void make_world(struct round *round, const char *zone, const char *moment)
{
    struct error error;
    struct world *world = &round->world;

    round->schema = (struct schema){.tables = tables, .table_count = 4, .zone = zone};
    ENSURE(zone_open(zone, &round->zone, &error) == STATUS_OK);
    world_init(world);
    world->schema = &round->schema;
    world->zone = round->zone;
    ENSURE(moment_parse(round->zone, text_from(moment), &world->now));
    world->customers = CUSTOMERS;
    world->identifiers = ARENA_ARRAY(&world->arena, const char *, CUSTOMERS);
    world->rows = ARENA_ARRAY(&world->arena, struct world_rows, 4);
    for (int i = 0; i < CUSTOMERS; i++) {
        world->identifiers[i] = arena_printf(&world->arena, "c%02d", i);
        add_customer(round, i);
    }
    world_finish(world);
}

/* ---- moments to look at ---- */

static int by_moment(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void look_at(struct round *round, int64_t moment)
{
    for (int64_t m = moment - 1; m <= moment + 1; m++)
        if (m > round->world.now)
            VECTOR_PUSH(&round->scanned, m);
}

/* The clocks that facts, tellings and traits have, each once. */
static int all_clocks(const struct round *round, int32_t *clocks, int max)
{
    int count = 0;
    for (int t = 0; t < TABLES; t++)
        for (size_t i = 0; i < round->world.rows[t].list.count; i++) {
            const struct world_row *row = &round->world.rows[t].list.items[i];
            const int64_t of[] = {row->time, t == TRAITS ? row->cells[JOINED].integer : row->time};
            for (int k = 0; k < 2; k++) {
                int32_t clock = zone_clock(round->zone, of[k]);
                int at = 0;
                while (at < count && clocks[at] != clock)
                    at++;
                if (at == count && count < max && of[k])
                    clocks[count++] = clock;
            }
        }
    return count;
}

static void moments_to_scan(struct round *round)
{
    int32_t clocks[64];
    int64_t now = round->world.now, changes[8];
    int32_t today = zone_date(round->zone, now);
    int count = all_clocks(round, clocks, 64);

    for (int64_t m = now + 1; m <= now + SECONDS; m++)
        VECTOR_PUSH(&round->scanned, m);
    for (int32_t day = today; day < today + DAYS; day++) {
        look_at(round, zone_day_start(round->zone, day));
        for (int c = 0; c < count; c++)
            look_at(round, zone_moment(round->zone, day, clocks[c], NULL));
        for (int c = 0; c < count && day == today + 1;
             c++) /* the first of two, as clocks go back */
            look_at(round, zone_moment(round->zone, day, clocks[c], NULL) - 3600);
        for (int hour = 1; hour < 24; hour++)
            look_at(round, zone_day_start(round->zone, day) + hour * 3600);
    }
    size_t found =
        zone_transitions(round->zone, now, now + (int64_t)DAYS * 86400, changes, NULL, 8);
    for (size_t i = 0; i < found && i < 8; i++)
        for (int64_t m = changes[i] - 7200; m <= changes[i] + 7200; m += 600)
            look_at(round, m);

    qsort(round->scanned.items, round->scanned.count, sizeof *round->scanned.items, by_moment);
    size_t used = 0;
    for (size_t i = 0; i < round->scanned.count; i++)
        if (!used || round->scanned.items[i] != round->scanned.items[used - 1])
            round->scanned.items[used++] = round->scanned.items[i];
    round->scanned.count = used;
}

/* ---- scanning ---- */

struct tally {
    int64_t scanned, late, flips, wakes, exact, stepping, told;
    int64_t own_flips[CONDITIONS], own_wakes[CONDITIONS];
    int printed;
};

static void complain(struct tally *tally, const struct round *round, const char *what, int c,
                     uint32_t position, int64_t next, int64_t flip)
{
    char now[MOMENT_TEXT_MAX], when[MOMENT_TEXT_MAX], said[MOMENT_TEXT_MAX] = "never";
    if (++tally->printed > 12)
        return;
    moment_format(round->zone, round->world.now, now);
    moment_format(round->zone, flip, when);
    if (next != INT64_MAX)
        moment_format(round->zone, next, said);
    printf("# %s: %s, %s, T %s, position %u: said %s, flips %s\n", what, conditions[c],
           round->schema.zone, now, position, said, when);
}

/* Whether it needs to know of everyone: cut-offs of ranks, members of accounts. */
static bool asks_everyone(int c)
{
    return strstr(conditions[c], " by ") || strstr(conditions[c], "account.");
}

/* One condition's next moments, against the first flips seen. */
static void check_first(const struct round *round, struct tally *tally, int c,
                        const struct plan_result *said, const int64_t *flip)
{
    int64_t seen_until = round->scanned.items[round->scanned.count - 1];
    for (uint32_t p = 0; p < CUSTOMERS; p++) {
        int64_t next = said->next[p] < said->everyone_next ? said->next[p] : said->everyone_next;
        tally->scanned++;
        if (next > flip[p] && flip[p] <= seen_until) {
            tally->late++;
            complain(tally, round, "late", c, p, next, flip[p]);
        }
        tally->exact += next == flip[p] && flip[p] <= seen_until;
    }
}

/* A customer held against cut-offs that are kept, while others' keys go on: their own next moment
 * has to say when they pass one. */
static void check_kept(const struct round *round, struct tally *tally, int c,
                       const struct plan *plan, const struct population *population)
{
    struct plan_state *state = plan_state_new(plan);
    struct plan_phase *phase = NULL;
    struct error error;
    uint64_t now[CONDITIONS / 64 + 1] = {0}, then[CONDITIONS / 64 + 1] = {0};
    int at = c + 1;

    enum status status = plan_phase_new(plan, population, round->world.now, NULL, &phase, &error);
    for (uint32_t p = 0; status == STATUS_OK && p < CUSTOMERS; p++) {
        int64_t next;
        status = plan_evaluate_one(plan, population, phase, p, round->world.now, NULL, state, now,
                                   &next, &error);
        for (size_t i = 0; status == STATUS_OK && i < round->scanned.count; i++) {
            int64_t moment = round->scanned.items[i];
            if (moment >= next)
                break;
            status = plan_evaluate_one(plan, population, phase, p, moment, NULL, state, then, NULL,
                                       &error);
            if (bit_at(then, (size_t)at) == bit_at(now, (size_t)at))
                continue;
            tally->late++;
            complain(tally, round, "late", c, p, next, moment);
            break;
        }
    }
    ENSURE(status == STATUS_OK);
    plan_phase_free(phase);
    plan_state_free(state);
}

/* What is told of ranks and accounts: before the moment said nothing changes, though others' facts
 * leave windows. */
static void check_told(const struct round *round, struct tally *tally, int c,
                       const struct segment_set *set, const struct population *population,
                       const int64_t *flip)
{
    int64_t seen_until = round->scanned.items[round->scanned.count - 1];
    for (uint32_t p = 0; p < CUSTOMERS; p += 5) {
        struct plan_explanation why;
        struct arena arena;
        struct error error;
        arena_init(&arena, 0);
        enum status status = plan_explain(set, &round->schema, c + 1, population, p,
                                          round->world.now, NULL, &arena, &why, &error);
        ENSURE(status == STATUS_OK);
        int64_t certain = why.flips ? why.flips_at : why.looked_until;
        bool seen = flip[p] <= seen_until;
        if (seen && certain > flip[p]) {
            tally->late++;
            complain(tally, round, "told wrongly", c, p, certain, flip[p]);
        }
        tally->told += seen && why.flips;
        arena_release(&arena);
    }
}

/* Wakes up at every next moment for a month: how often it was for nothing, and whether it steps.
 * Cut-offs are made anew when they may be others, every few hours at most. */
static void wake(const struct round *round, struct tally *tally, int c, const struct plan *plan,
                 const struct population *population, uint32_t position)
{
    struct plan_state *state = plan_state_new(plan);
    struct plan_phase *phase = NULL;
    struct error error;
    int64_t now = round->world.now, end = now + (int64_t)DAYS * 86400, next = now;
    int64_t renewed = INT64_MIN / 2;
    bool before = false, everyone = asks_everyone(c);
    int stepping = 0;

    for (int wakes = 0; next < end && wakes < WAKES_MAX; wakes++) {
        uint64_t bits[CONDITIONS / 64 + 1] = {0};
        enum status status = STATUS_OK;
        now = next;
        if (everyone &&
            (!phase || (now >= plan_phase_next(phase) && now >= renewed + CUT_OFFS_KEPT))) {
            plan_phase_free(phase);
            status = plan_phase_new(plan, population, now, NULL, &phase, &error);
            renewed = now;
        }
        ENSURE(status == STATUS_OK);
        status = plan_evaluate_one(plan, population, phase, position, now, NULL, state, bits, &next,
                                   &error);
        ENSURE(status == STATUS_OK);
        bool holds = bits[(c + 1) / 64] >> ((c + 1) % 64) & 1;
        ENSURE(next > now);
        tally->wakes += wakes > 0;
        tally->own_wakes[c] += wakes > 0;
        tally->flips += wakes > 0 && holds != before;
        tally->own_flips[c] += wakes > 0 && holds != before;
        stepping = next == now + 1 && holds == before ? stepping + 1 : 0;
        if (stepping == STEPPING) {
            tally->stepping++;
            complain(tally, round, "steps by seconds", c, position, next, now);
        }
        before = holds;
        int64_t renewal = plan_phase_next(phase);
        renewal = everyone && renewal < renewed + CUT_OFFS_KEPT ? renewed + CUT_OFFS_KEPT : renewal;
        next = renewal < next ? renewal : next;
    }
    plan_state_free(state);
    plan_phase_free(phase);
}

/* Every condition as a segment; the first is `base`. */
static struct segment_set *set_of(const struct round *round, struct arena *arena)
{
    struct buffer text;
    struct segment_set *set = NULL;
    struct error error = {0};
    char message[3000];

    buffer_init(&text, 0);
    buffer_string(&text, "segment base where any(order)\n");
    for (int c = 0; c < CONDITIONS; c++)
        buffer_printf(&text, "segment c%d where %s\n", c, conditions[c]);
    struct segment_source source = {"next", {text.data, text.length}};
    if (segment_set_build(&source, 1, &round->schema, NULL, arena, NULL, &set, &error) !=
        STATUS_OK) {
        printf("# %s\n", error_describe(&error, message, sizeof message));
        abort();
    }
    buffer_release(&text);
    return set;
}

/* When each condition is first seen to be another than now, by condition and position. */
static void first_flips(const struct round *round, const struct segment_set *set,
                        const struct population *population, int64_t (*flip)[CUSTOMERS])
{
    struct plan *plan = NULL;
    struct error error;
    uint64_t now[CUSTOMERS][CONDITIONS / 64 + 1], bits[CONDITIONS / 64 + 1];
    enum status status = plan_new(set, &round->schema, NULL, -1, &plan, &error);
    ENSURE(status == STATUS_OK);
    struct plan_state *state = plan_state_new(plan);

    for (size_t i = 0; i <= round->scanned.count; i++) { /* now itself first */
        int64_t moment = i ? round->scanned.items[i - 1] : round->world.now;
        struct plan_phase *phase = NULL;
        status = plan_phase_new(plan, population, moment, NULL, &phase, &error);
        ENSURE(status == STATUS_OK);
        for (uint32_t p = 0; p < CUSTOMERS; p++) {
            status = plan_evaluate_one(plan, population, phase, p, moment, NULL, state,
                                       i ? bits : now[p], NULL, &error);
            ENSURE(status == STATUS_OK);
            for (int c = 0; c < CONDITIONS; c++) {
                int at = c + 1;
                if (!i)
                    flip[c][p] = INT64_MAX;
                else if (flip[c][p] == INT64_MAX &&
                         ((bits[at / 64] ^ now[p][at / 64]) >> (at % 64) & 1))
                    flip[c][p] = moment;
            }
        }
        plan_phase_free(phase);
    }
    plan_state_free(state);
    plan_free(plan);
}

static void check_condition(const struct round *round, struct tally *tally,
                            const struct segment_set *set, const struct population *population,
                            int c, const int64_t *flip)
{
    struct error error;
    struct plan *plan = NULL;
    struct plan_result *said = NULL;
    int segment = c + 1;

    enum status status = plan_new(set, &round->schema, &segment, 1, &plan, &error);
    ENSURE(status == STATUS_OK);
    status = plan_evaluate(plan, population, round->world.now, NULL, true, &said, &error);
    ENSURE(status == STATUS_OK);
    check_first(round, tally, c, said, flip);
    if (asks_everyone(c))
        check_kept(round, tally, c, plan, population);
    if (asks_everyone(c))
        check_told(round, tally, c, set, population, flip);
    for (uint32_t p = 0; p < CUSTOMERS; p += 6)
        wake(round, tally, c, plan, population, p);
    plan_result_free(said);
    plan_free(plan);
}

static void run_round(uint64_t seed, struct tally *tally)
{
    static int64_t flip[CONDITIONS][CUSTOMERS];
    struct round round = {.random.state = seed};
    struct population *population = NULL;
    struct arena arena;
    struct error error;

    random_next(&round.random);
    make_world(&round, zones[seed % (sizeof zones / sizeof *zones)],
               moments[(seed / 2 + seed % 7) % (sizeof moments / sizeof *moments)]);
    moments_to_scan(&round);
    enum status status = world_population(&round.world, &population, &error);
    ENSURE(status == STATUS_OK);
    arena_init(&arena, 0);
    struct segment_set *set = set_of(&round, &arena);
    first_flips(&round, set, population, flip);
    for (int c = 0; c < CONDITIONS; c++)
        check_condition(&round, tally, set, population, c, flip[c]);
    segment_set_free(set);
    arena_release(&arena);
    population_free(population);
    VECTOR_RELEASE(&round.scanned);
    world_release(&round.world);
    zone_close(round.zone);
}

static void worst(const struct tally *tally)
{
    bool shown[CONDITIONS] = {false};
    for (int n = 0; n < 8; n++) {
        int most = -1;
        double ratio = 0;
        for (int c = 0; c < CONDITIONS; c++) {
            double own = (double)tally->own_wakes[c] / (double)(tally->own_flips[c] + 1);
            if (!shown[c] && own > ratio) {
                most = c;
                ratio = own;
            }
        }
        if (most < 0)
            return;
        shown[most] = true;
        printf("# %5" PRId64 " wakes, %4" PRId64 " flips: %s\n", tally->own_wakes[most],
               tally->own_flips[most], conditions[most]);
    }
}

static int count;
static int failed;

static void ok(bool good, const char *what)
{
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++count, what);
    failed += !good;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ROUNDS = 1 };
#else
enum { ROUNDS = 6 };
#endif

int main(int argc, char **argv)
{
    struct tally tally = {0};
    uint64_t seed = 20250331;
    int rounds = ROUNDS;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--rounds") == 0)
            rounds = (int)strtol(argv[i + 1], NULL, 10);
    }
    for (int r = 0; r < rounds; r++)
        run_round(seed + (uint64_t)r, &tally);

    printf("# %d conditions, %d worlds of %d customers: %" PRId64 " next moments scanned, %" PRId64
           " late\n",
           CONDITIONS, rounds, CUSTOMERS, tally.scanned, tally.late);
    printf("# waking up for %d days: %" PRId64 " times, %" PRId64
           " flips, %.2f early for each flip\n",
           DAYS, tally.wakes, tally.flips,
           (double)(tally.wakes - tally.flips) / (double)(tally.flips + !tally.flips));
    worst(&tally);
    ok(tally.scanned == (int64_t)rounds * CONDITIONS * CUSTOMERS, "every construct was scanned");
    ok(tally.late == 0, "no next moment is late, and none is missing");
    ok(tally.told > 0, "flips that others cause are told");
    ok(tally.stepping == 0, "nobody is woken up second by second");
    ok(tally.exact > 0 && tally.flips > 0, "there were flips to be seen");
    ok(tally.wakes - tally.flips <= 12 * tally.flips, "few of the moments are early");
    printf("1..%d\n", count);
    return failed ? 1 : 0;
}
