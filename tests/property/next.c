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
#include "next_conditions.h"
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
