/*
 * Three ways: random segments over random data, written as text, run through the evaluator, through
 * the naive interpreter, and as SQL in DuckDB. All three must name the same customers. Beside that:
 * the answers do not depend on threads, one customer alone gets the same answer, next moments are
 * never late, formatted text means the same, and mistakes planted in the naive interpreter are
 * caught.
 *
 *   threeway [--seed N] [--pairs N] [--customers N] [--segments N] [--worlds N] [--seconds N]
 *
 * A pair is one segment over one world. The same seed runs the same pairs; --seconds stops early.
 */
#include "threeway.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct options {
    uint64_t seed;
    int64_t pairs;
    int customers, segments, worlds, seconds;
};

struct tally {
    int64_t pairs, refused, tried, full,
        empty; /* full, empty: pairs whose answer is everyone or nobody */
    int64_t differ, threads, one, delta, next, next_checked, format, bounds, failures, caught;
    int64_t store, store_pairs; /* by way of a store with undone imports */
    int printed;
    double seconds[5]; /* of the processor: the naive interpreter, the evaluator, planning SQL,
                          running it, other checks */
};

enum { SECONDS_NAIVE, SECONDS_EVALUATOR, SECONDS_PLAN, SECONDS_SQL, SECONDS_CHECKS };

/* Adds the processor time since *from to a part's, and starts the next. */
static void clocked(struct tally *tally, int part, clock_t *from)
{
    clock_t now = clock();
    tally->seconds[part] += (double)(now - *from) / CLOCKS_PER_SEC;
    *from = now;
}

static const char *const recorded[] = {"base0", "base1"};
static const char *const lists[] = {"friends", "testers"};

/* One schema, one moment, many segments. */
struct batch {
    struct options options;
    struct random random;
    uint64_t seed;
    struct arena arena;
    struct schema *schema;
    struct zone *zone;
    int64_t now;
    struct buffer definitions; /* base0 … base3 and the scheme: what the others speak of */
    struct buffer all;         /* the definitions and every random segment */
    char **conditions;
    int condition_count;
    struct segment_set *set;
};

static bool accepted(struct batch *batch, const char *condition, const struct segment_set *known,
                     struct tally *tally)
{
    struct arena arena;
    struct segment_set *set = NULL;
    struct error error = {0};
    arena_init(&arena, 0);
    tally->tried++;
    bool good = segment_condition_build(text_from(condition), batch->schema, known, &arena, NULL,
                                        &set, &error) == STATUS_OK;
    if (!good) {
        char text[2000];
        tally->refused++;
        if (getenv("THREEWAY_REFUSED"))
            printf("# refused: %s\n#   %s\n", condition, error_describe(&error, text, sizeof text));
    }
    segment_set_free(set);
    arena_release(&arena);
    return good;
}

/* A random condition that the language accepts; the caller frees it. */
static char *condition(struct batch *batch, const struct random_names *names,
                       const struct segment_set *known, struct tally *tally)
{
    for (;;) {
        struct buffer text;
        buffer_init(&text, 0);
        random_condition(&batch->random, batch->schema, names, &text);
        if (accepted(batch, text.data, known, tally))
            return buffer_take(&text);
        buffer_release(&text);
    }
}

static struct segment_set *build(struct batch *batch, const struct buffer *text)
{
    struct segment_source source = {"random", {text->data, text->length}};
    struct segment_set *set = NULL;
    struct error error = {0};
    if (segment_set_build(&source, 1, batch->schema, NULL, &batch->arena, NULL, &set, &error) !=
        STATUS_OK) {
        char message[3000];
        printf("# seed %" PRIu64 ": %s\n", batch->seed,
               error_describe(&error, message, sizeof message));
        abort();
    }
    return set;
}

static void define(struct batch *batch, const char *word, const char *name, char *text)
{
    buffer_printf(&batch->definitions, "%s %s where %s\n", word, name, text);
    free(text);
}

static void define_bases(struct batch *batch, struct tally *tally)
{
    static const char *const bases[] = {"base0", "base1", "base2", "base3"};
    struct random_names names = {0};
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < 4; i++)
        define(batch, "segment", bases[i], condition(batch, &names, NULL, tally));
    buffer_string(&batch->definitions,
                  "list friends from 'friends.csv'\nlist testers from 'testers.csv'\n");
    buffer_string(&batch->definitions, "scheme stage exclusive\n");
    define(batch, " ", "new", condition(batch, &names, NULL, tally));
    define(batch, " ", "old", condition(batch, &names, NULL, tally));
    buffer_string(&batch->definitions, "  else rest\n");
    arena_release(&arena);
}

static bool batch_init(struct batch *batch, const struct options *options, uint64_t seed,
                       struct tally *tally)
{
    static const char *const bases[] = {"base0", "base1", "base2", "base3"};
    memset(batch, 0, sizeof *batch);
    batch->options = *options;
    batch->seed = batch->random.state = seed;
    random_next(&batch->random);
    arena_init(&batch->arena, 0);
    buffer_init(&batch->definitions, 0);
    buffer_init(&batch->all, 0);
    batch->schema = random_schema(&batch->random, &batch->arena);
    struct error error;
    if (zone_open(batch->schema->zone, &batch->zone, &error) != STATUS_OK)
        return false;
    batch->now = random_now(&batch->random, batch->zone);
    define_bases(batch, tally);
    struct segment_set *known = build(batch, &batch->definitions);
    struct random_names names = {bases, 4, recorded, 2, lists, 2, "stage"};
    batch->conditions = base_calloc((size_t)options->segments, sizeof *batch->conditions);
    buffer_string(&batch->all, batch->definitions.data);
    for (int i = 0; i < options->segments; i++) {
        batch->conditions[i] = condition(batch, &names, known, tally);
        batch->condition_count++;
        buffer_printf(&batch->all, "segment s%d where %s\n", i, batch->conditions[i]);
    }
    segment_set_free(known);
    batch->set = build(batch, &batch->all);
    return true;
}

static void batch_release(struct batch *batch)
{
    segment_set_free(batch->set);
    for (int i = 0; i < batch->condition_count; i++)
        free(batch->conditions[i]);
    free(batch->conditions);
    buffer_release(&batch->definitions);
    buffer_release(&batch->all);
    zone_close(batch->zone);
    arena_release(&batch->arena);
}

static void world_of(struct batch *batch, struct world *world)
{
    world_init(world);
    world->schema = batch->schema;
    world->zone = batch->zone;
    world->now = batch->now;
    random_world(&batch->random, world,
                 batch->options.customers / 2 +
                     random_below(&batch->random, batch->options.customers),
                 recorded, 2);
}

/* ---- comparing ---- */

static void report(struct batch *batch, const struct world *world, int segment, const char *what,
                   struct tally *tally)
{
    const struct segment_definition *definition = &batch->set->segments[segment];
    if (++tally->printed > 8)
        return;
    printf("# %s: seed %" PRIu64 ", %s\n", what, batch->seed, definition->name);
    int random = 0;
    if (sscanf(definition->name, "s%d", &random) == 1)
        shrink_print(world, batch->definitions.data, batch->conditions[random], NAIVE_FAULT_NONE);
    else
        shrink_print(world, batch->definitions.data,
                     definition->is_else ? "in stage.rest" : definition->text, NAIVE_FAULT_NONE);
    fflush(stdout);
}

/* Counts the segments of which a and b differ, reports the first of them. */
static int64_t differences(struct batch *batch, const struct world *world, const unsigned char *a,
                           const unsigned char *b, const char *what, struct tally *tally)
{
    int64_t found = 0;
    for (int s = 0; s < batch->set->segment_count; s++) {
        size_t at = (size_t)s * (size_t)world->customers;
        if (memcmp(a + at, b + at, (size_t)world->customers) == 0)
            continue;
        if (found++ == 0)
            report(batch, world, s, what, tally);
    }
    return found;
}

static void count_extremes(const struct batch *batch, const struct world *world,
                           const unsigned char *answer, struct tally *tally)
{
    for (int s = 0; s < batch->set->segment_count; s++) {
        int members = 0;
        for (int i = 0; i < world->customers; i++)
            members += answer[s * world->customers + i];
        tally->empty += members == 0;
        tally->full += members == world->customers;
    }
}

static void failure(struct batch *batch, const char *way, const struct error *error,
                    struct tally *tally)
{
    char text[3000];
    tally->failures++;
    if (++tally->printed <= 8)
        printf("# %s failed: seed %" PRIu64 ": %s\n", way, batch->seed,
               error_describe(error, text, sizeof text));
}

/* The moment just before the first fact, telling, entry or exit that the world has after T: what
 * happens is no flip by itself. */
static int64_t quiet_until(const struct world *world)
{
    int64_t first = world->now + 400 * 86400;
    for (size_t t = 0; t < world->schema->table_count; t++)
        for (size_t i = 0; i < world->rows[t].list.count; i++) {
            int64_t time = world->rows[t].list.items[i].time;
            first = time > world->now && time < first ? time : first;
        }
    for (size_t i = 0; i < world->records.count; i++) {
        const struct world_record *record = &world->records.items[i];
        first = record->entered > world->now && record->entered < first ? record->entered : first;
        first = record->left > world->now && record->left < first ? record->left : first;
    }
    return first - 1;
}

static void late(struct batch *batch, const struct world *world, int segment, int customer,
                 int64_t next, int64_t moment, struct tally *tally)
{
    tally->next++;
    if (++tally->printed > 8)
        return;
    printf("# next is late: seed %" PRIu64 ", T %" PRId64 ", customer %s, next T + %" PRId64
           ", but at T + %" PRId64 " it has flipped: %s\n",
           batch->seed, world->now, world->identifiers[customer],
           next == INT64_MAX ? -1 : next - world->now, moment - world->now,
           batch->set->segments[segment].text ? batch->set->segments[segment].text : "else");
}

/* One segment's next moments: just before one, and anywhere between T and it, nothing has flipped.
 */
static void check_segment_next(struct batch *batch, struct world *world,
                               const struct population *population, int64_t quiet, int segment,
                               const unsigned char *before, const int64_t *next,
                               struct tally *tally)
{
    for (int round = 0; round < 4; round++) {
        int customer = random_below(&batch->random, world->customers);
        uint32_t position = 0;
        int64_t last = next[customer] - 1 < quiet ? next[customer] - 1 : quiet, moment = last;
        if (last <= world->now)
            continue;
        if (round % 2)
            moment = world->now + 1 +
                     (int64_t)(random_next(&batch->random) % (uint64_t)(last - world->now));
        while (ways_customer(population, position) != customer)
            position++;
        struct naive naive;
        naive_init(&naive, batch->set, batch->schema, population, moment);
        tally->next_checked++;
        if (naive_member(&naive, segment, position) !=
            before[segment * world->customers + customer])
            late(batch, world, segment, customer, next[customer], moment, tally);
        naive_release(&naive);
    }
}

static void check_next(struct batch *batch, struct world *world,
                       const struct population *population, const unsigned char *before,
                       struct tally *tally)
{
    int64_t quiet = quiet_until(world),
            *next = base_calloc((size_t)world->customers + 1, sizeof *next);
    for (int i = 0; i < 8; i++) {
        int segment = random_below(&batch->random, batch->set->segment_count);
        struct error error;
        if (ways_next(world, batch->set, population, segment, next, &error) == STATUS_OK)
            check_segment_next(batch, world, population, quiet, segment, before, next, tally);
    }
    free(next);
}

static void check_delta(struct batch *batch, const struct world *world, const unsigned char *whole,
                        struct tally *tally)
{
    int segment = -1, customer = 0;
    struct error error = {0};
    if (delta_check(&batch->random, world, batch->set, whole, &segment, &customer, &error) !=
        STATUS_OK) {
        failure(batch, "The evaluator with a delta", &error, tally);
        return;
    }
    if (segment < 0)
        return;
    tally->delta++;
    if (++tally->printed <= 8)
        printf("# with a delta, seed %" PRIu64 ", customer %s gets %d rather than %d: %s\n",
               batch->seed, world->identifiers[customer],
               !whole[segment * world->customers + customer],
               whole[segment * world->customers + customer],
               batch->set->segments[segment].text ? batch->set->segments[segment].text : "else");
}

/* Loaded from a store in which wrong imports came and were undone, the world has the same members.
 */
static void check_store(struct batch *batch, const struct world *world, const unsigned char *naive,
                        const unsigned char *by_sql, struct tally *tally)
{
    struct population *population = NULL;
    unsigned char *evaluator = NULL;
    struct error error = {0};
    if (world_population_of_store(world, batch->seed % 4 ? batch->set : NULL, batch->seed,
                                  &population, &error) != STATUS_OK ||
        ways_evaluator(world, batch->set, population, 1, &evaluator, &error) != STATUS_OK) {
        failure(batch, "A store with undone imports", &error, tally);
    } else {
        tally->store_pairs += batch->set->segment_count;
        tally->store += differences(batch, world, evaluator, naive,
                                    "with imports undone, evaluator and naive differ", tally);
        tally->store += differences(batch, world, evaluator, by_sql,
                                    "with imports undone, evaluator and SQL differ", tally);
    }
    free(evaluator);
    population_free(population);
}

static void run_world(struct batch *batch, struct world *world, const unsigned char *by_sql,
                      struct tally *tally)
{
    struct population *population = NULL;
    unsigned char *evaluator = NULL, *threads = NULL, *one = NULL, *naive = NULL;
    struct error error = {0};
    bool bounds = false;
    enum status status = world_population(world, &population, &error);
    ENSURE(status == STATUS_OK);
    clock_t from = clock();
    bool good = ways_naive(world, batch->set, population, world->now, NAIVE_FAULT_NONE, &bounds,
                           &naive, &error) == STATUS_OK;
    clocked(tally, SECONDS_NAIVE, &from);
    if (!good)
        failure(batch, "The naive interpreter", &error, tally);
    good = good &&
           ways_evaluator(world, batch->set, population, 1, &evaluator, &error) == STATUS_OK &&
           ways_evaluator(world, batch->set, population, 3, &threads, &error) == STATUS_OK &&
           ways_one(world, batch->set, population, &one, &error) == STATUS_OK;
    clocked(tally, SECONDS_EVALUATOR, &from);
    if (naive && !good)
        failure(batch, "The evaluator", &error, tally);
    if (good) {
        tally->pairs += batch->set->segment_count;
        tally->bounds += bounds;
        int64_t wrong =
            differences(batch, world, evaluator, naive, "evaluator and naive differ", tally);
        wrong =
            wrong ? wrong : differences(batch, world, naive, by_sql, "naive and SQL differ", tally);
        tally->differ += wrong;
        tally->threads +=
            differences(batch, world, evaluator, threads, "1 and 3 threads differ", tally);
        tally->one += differences(batch, world, evaluator, one, "one and all differ", tally);
        count_extremes(batch, world, naive, tally);
        check_delta(batch, world, naive, tally);
        check_next(batch, world, population, naive, tally);
        if (world->stored)
            check_store(batch, world, naive, by_sql, tally);
        clocked(tally, SECONDS_CHECKS, &from);
    }
    free(evaluator);
    free(threads);
    free(one);
    free(naive);
    population_free(population);
}

/* Formatted and parsed again, the segments have the same members. */
static void check_format(struct batch *batch, struct tally *tally)
{
    struct world world;
    struct population *population = NULL;
    unsigned char *before = NULL, *after = NULL;
    struct buffer text;
    struct error error = {0};
    world_of(batch, &world);
    buffer_init(&text, 0);
    enum status status = world_population(&world, &population, &error);
    ENSURE(status == STATUS_OK);
    if (segment_format((struct text){batch->all.data, batch->all.length}, "random", &text,
                       &error) != STATUS_OK) {
        failure(batch, "Formatting", &error, tally);
    } else {
        struct segment_set *again = build(batch, &text);
        if (ways_evaluator(&world, batch->set, population, 1, &before, &error) == STATUS_OK &&
            ways_evaluator(&world, again, population, 1, &after, &error) == STATUS_OK)
            tally->format +=
                differences(batch, &world, before, after, "formatted text differs", tally);
        segment_set_free(again);
    }
    free(before);
    free(after);
    population_free(population);
    buffer_release(&text);
    world_release(&world);
}

enum { STORED_EVERY = 3 }; /* batches: a store takes its time */

/* The worlds of a batch; they share the first one's reference tables, so that DuckDB can hold them
 * side by side. */
static struct world *worlds_of(struct batch *batch)
{
    struct world *worlds = base_calloc((size_t)batch->options.worlds, sizeof *worlds);
    for (int w = 0; w < batch->options.worlds; w++) {
        world_of(batch, &worlds[w]);
        worlds[w].base = w ? worlds[w - 1].base + worlds[w - 1].customers : 0;
        for (size_t t = 0; w && t < batch->schema->table_count; t++) {
            if (batch->schema->tables[t].role != SCHEMA_REFERENCE)
                continue;
            worlds[w].rows[t].list.count = 0;
            for (size_t i = 0; i < worlds[0].rows[t].list.count; i++)
                VECTOR_PUSH(&worlds[w].rows[t].list, worlds[0].rows[t].list.items[i]);
        }
    }
    if (batch->seed % STORED_EVERY == 0) {
        struct world *last = &worlds[batch->options.worlds - 1];
        last->stored = true;
        last->records.count = 0;
    }
    return worlds;
}

/* Segments that ask about everyone run world by world, the others over all worlds at once. */
static enum status run_sql(struct batch *batch, struct duck *duck, struct world *worlds,
                           unsigned char **answers, struct tally *tally, struct error *error)
{
    int count = batch->options.worlds;
    struct ways_sql together = {0}, apart = {0};
    bool *alone = base_calloc((size_t)batch->set->segment_count, sizeof *alone);
    bool *shared = base_calloc((size_t)batch->set->segment_count, sizeof *shared);
    clock_t from = clock();
    enum status status;
    for (int s = 0; s < batch->set->segment_count; s++) {
        alone[s] = needs_everyone(batch->set, s);
        shared[s] = !alone[s];
    }
    duck_load(duck, worlds, count, true);
    TRY_GOTO(ways_sql_prepare(duck, worlds, batch->set, shared, &together, error));
    TRY_GOTO(ways_sql_prepare(duck, worlds, batch->set, alone, &apart, error));
    clocked(tally, SECONDS_PLAN, &from);
    TRY_GOTO(ways_sql_run(&together, worlds, count, answers, error));
    for (int w = 0; w < count; w++) {
        duck_load(duck, &worlds[w], 1, false);
        TRY_GOTO(ways_sql_run(&apart, &worlds[w], 1, &answers[w], error));
    }
done:
    clocked(tally, SECONDS_SQL, &from);
    ways_sql_release(&together);
    ways_sql_release(&apart);
    free(alone);
    free(shared);
    return status;
}

static void run_batch(const struct options *options, uint64_t seed, struct tally *tally)
{
    struct batch batch;
    struct error error = {0};
    struct duck duck;
    if (!batch_init(&batch, options, seed, tally)) {
        printf("# zone %s is missing\n", batch.schema->zone);
        batch_release(&batch);
        return;
    }
    struct world *worlds = worlds_of(&batch);
    unsigned char **answers = base_calloc((size_t)options->worlds, sizeof *answers);
    for (int w = 0; w < options->worlds; w++)
        answers[w] = ways_answer_new(&worlds[w], batch.set);
    duck_open(&duck);
    /* Prepared statements outlive the rows they were planned for; statistics of those may not shape
     * the plan. */
    duck_run(&duck,
             "SET disabled_optimizers = 'statistics_propagation,compressed_materialization';\n"
             "SET perfect_ht_threshold = 0;\n");
    ways_sql_prelude(&duck, worlds);
    if (run_sql(&batch, &duck, worlds, answers, tally, &error) != STATUS_OK)
        failure(&batch, "SQL", &error, tally);
    for (int w = 0; w < options->worlds; w++) {
        run_world(&batch, &worlds[w], answers[w], tally);
        free(answers[w]);
        world_release(&worlds[w]);
    }
    check_format(&batch, tally);
    duck_close(&duck);
    free(answers);
    free(worlds);
    batch_release(&batch);
}

/* ---- planted mistakes ---- */

static bool caught(const struct options *options, enum naive_fault fault)
{
    struct options small = *options;
    struct tally tally = {0};
    bool found = false;
    small.segments = 60;
    for (uint64_t seed = 1; seed < 60 && !found; seed++) {
        struct batch batch;
        struct world world;
        struct population *population = NULL;
        unsigned char *right = NULL, *wrong = NULL;
        struct error error;
        if (!batch_init(&batch, &small, seed * 1000003, &tally))
            continue;
        world_of(&batch, &world);
        enum status status = world_population(&world, &population, &error);
        ENSURE(status == STATUS_OK);
        if (ways_evaluator(&world, batch.set, population, 1, &right, &error) == STATUS_OK &&
            ways_naive(&world, batch.set, population, world.now, fault, NULL, &wrong, &error) ==
                STATUS_OK)
            found = memcmp(right, wrong,
                           (size_t)world.customers * (size_t)batch.set->segment_count) != 0;
        free(right);
        free(wrong);
        population_free(population);
        world_release(&world);
        batch_release(&batch);
    }
    return found;
}

/* ---- TAP ---- */

static int tests, failed_tests;

static void ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void ok(bool good, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s %d - ", good ? "ok" : "not ok", ++tests);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    failed_tests += !good;
    fflush(stdout);
}

/* Under sanitizers a fifth of the pairs takes as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { PAIRS = 4000 };
#else
enum { PAIRS = 20000 };
#endif

static struct options read_options(int argc, char **argv)
{
    struct options options = {
        .seed = 20250331, .pairs = PAIRS, .customers = 40, .segments = 93, .worlds = 10};
    for (int i = 1; i + 1 < argc; i += 2) {
        int64_t value = strtoll(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            options.seed = (uint64_t)value;
        else if (strcmp(argv[i], "--pairs") == 0)
            options.pairs = value;
        else if (strcmp(argv[i], "--customers") == 0)
            options.customers = (int)value;
        else if (strcmp(argv[i], "--segments") == 0)
            options.segments = (int)value;
        else if (strcmp(argv[i], "--worlds") == 0)
            options.worlds = (int)value;
        else if (strcmp(argv[i], "--seconds") == 0)
            options.seconds = (int)value;
        else
            fprintf(stderr, "unknown option %s\n", argv[i]);
    }
    return options;
}

static void run_all(const struct options *options, struct tally *tally)
{
    time_t start = time(NULL);
    for (uint64_t seed = options->seed; tally->pairs < options->pairs; seed++) {
        if (options->seconds && time(NULL) - start >= options->seconds)
            break;
        run_batch(options, seed, tally);
        if (tally->failures > 50 || tally->differ > 1000)
            break;
    }
}

int main(int argc, char **argv)
{
    static const char *const faults[] = {
        [NAIVE_FAULT_WINDOW_START] = "windows that begin a second early",
        [NAIVE_FAULT_WINDOW_END] = "windows that end a second late",
        [NAIVE_FAULT_UNKNOWN_NOT] = "unknown != x taken for true",
        [NAIVE_FAULT_SAME_SECOND] = "steps in the same second taken for unordered",
        [NAIVE_FAULT_TWICE] = "one fact taken for two steps",
        [NAIVE_FAULT_FAVOURITE_TIES] = "ties of favourites given to the first seen",
        [NAIVE_FAULT_LOCAL_DAY] = "dates taken in UTC",
    };
    struct options options = read_options(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct tally tally = {0};
    run_all(&options, &tally);
    printf("# %" PRId64 " pairs from seed %" PRIu64 "; %" PRId64 " of %" PRId64
           " conditions refused; %.1f%% hold nobody, %.1f%% everyone; %" PRId64
           " next moments looked at\n",
           tally.pairs, options.seed, tally.refused, tally.tried,
           100.0 * (double)tally.empty / (double)(tally.pairs + 1),
           100.0 * (double)tally.full / (double)(tally.pairs + 1), tally.next_checked);
    printf("# seconds of the processor: naive %.1f, evaluator %.1f, planning SQL %.1f, running it "
           "%.1f, checks %.1f\n",
           tally.seconds[SECONDS_NAIVE], tally.seconds[SECONDS_EVALUATOR],
           tally.seconds[SECONDS_PLAN], tally.seconds[SECONDS_SQL], tally.seconds[SECONDS_CHECKS]);
    ok(tally.failures == 0, "all three ways run (%" PRId64 " failures)", tally.failures);
    ok(tally.differ == 0 && tally.pairs > 0,
       "three ways agree on %" PRId64 " pairs (%" PRId64 " differ)", tally.pairs, tally.differ);
    ok(options.seconds || tally.pairs >= options.pairs, "%" PRId64 " pairs were run",
       options.pairs);
    ok(tally.threads == 0, "1 and 3 threads agree");
    ok(tally.one == 0, "one customer alone gets the same answer");
    ok(tally.delta == 0, "what arrives late counts like what was there");
    ok(tally.next == 0, "no next moment is late");
    ok(tally.store == 0 && tally.store_pairs > 0,
       "three ways agree on %" PRId64 " pairs from stores in which wrong imports were undone",
       tally.store_pairs);
    ok(tally.format == 0, "formatted and parsed again, segments have the same members");
    ok(tally.bounds == 0, "bounds of windows agree with an independent reckoning");
    ok(tally.refused * 5 < tally.tried, "the language accepts the conditions written");
    for (int fault = NAIVE_FAULT_NONE + 1; fault < NAIVE_FAULTS; fault++)
        ok(caught(&options, (enum naive_fault)fault), "a planted mistake is caught: %s",
           faults[fault]);
    printf("1..%d\n", tests);
    return failed_tests ? 1 : 0;
}
