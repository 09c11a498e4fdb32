/*
 * Runs tests/golden/language.txt: one line a case, `condition | data | expected customers`. Every
 * case goes three ways: the evaluator, the naive interpreter, and SQL in DuckDB; each must name
 * exactly the expected customers.
 *
 *   test-golden [word]     word: only cases whose line holds it
 *
 * It runs in the repository's root. The file's own head tells its notation.
 */
#include "property/ways.h"

#include "base/number.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A data set of the file's head. */
struct named {
    const char *name, *items;
};

struct golden {
    struct arena arena;
    struct schema *schema;
    struct zone *zone; /* of the file's cases; a case may take another */
    struct zone *other_zone;
    int64_t now;
    struct buffer definitions;
    VECTOR(struct named) data; /* named data sets */
    struct duck duck;
    const char *prelude; /* the zone DuckDB knows now */
    int line, cases, failed;
    const char *only;
};

static void die(const struct golden *golden, const char *what, const char *where)
{
    fprintf(stderr, "language.txt:%d: %s: %s\n", golden->line, what, where);
    exit(2);
}

/* ---- small readers ---- */

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t length = strlen(text); length > 0 && isspace((unsigned char)text[length - 1]);)
        text[--length] = '\0';
    return text;
}

/* The next word; quotes '…' and braces keep spaces together. NULL at the end. */
static char *word(char **at)
{
    while (isspace((unsigned char)**at))
        (*at)++;
    if (!**at)
        return NULL;
    char *begin = *at;
    bool quoted = false;
    for (; **at && (quoted || !isspace((unsigned char)**at)); (*at)++)
        if (**at == '\'' || **at == '`')
            quoted = !quoted;
    if (**at)
        *(*at)++ = '\0';
    return begin;
}

static const char *unquoted(char *text)
{
    size_t length = strlen(text);
    if (length >= 2 && (*text == '\'' || *text == '`') && text[length - 1] == *text) {
        text[length - 1] = '\0';
        return text + 1;
    }
    return text;
}

/* A moment: ISO in the case's zone, or steps from now: -3d, -3d+1s, 0, +2h. */
static int64_t moment(const struct golden *golden, const struct world *world, char *text)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    int64_t time = world->now;
    if (moment_parse(world->zone, text_from(text), &time))
        return time;
    for (char *at = text; *at;) {
        char *end;
        long long count = strtoll(at, &end, 10);
        if (end == at)
            die(golden, "this is no time", text);
        int64_t seconds = 0;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            seconds = units[i].unit == *end ? units[i].seconds : seconds;
        if (!seconds && (count || *end))
            die(golden, "this is no time", text);
        time += count * seconds;
        at = *end ? end + 1 : end;
    }
    return time;
}

/* ---- the head: kinds, traits, references ---- */

static void read_column(struct golden *golden, struct schema_table *table, char *text)
{
    static const struct {
        const char *name;
        enum value_type type;
    } types[] = {{"text", VALUE_TEXT},     {"int", VALUE_INT},   {"decimal", VALUE_DECIMAL},
                 {"double", VALUE_DOUBLE}, {"bool", VALUE_BOOL}, {"date", VALUE_DATE},
                 {"time", VALUE_TIME},     {"set", VALUE_SET},   {"point", VALUE_POINT}};
    struct schema_column *column = &table->columns[table->column_count++];
    char *type = strchr(text, ':'), *refers = strchr(text, '>');
    if (!type || table->column_count > WORLD_COLUMNS_MAX)
        die(golden, "a column is name:type", text);
    *type++ = '\0';
    column->name = arena_strdup(&golden->arena, unquoted(text));
    column->undated = table->role == SCHEMA_TRAITS;
    if (refers) {
        *refers++ = '\0';
        column->refers = arena_strdup(&golden->arena, refers);
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(type, types[i].name, strlen(types[i].name)) == 0) {
            column->type = types[i].type;
            column->scale = atoi(type + strlen(types[i].name));
        }
    if (!column->type)
        die(golden, "no such type", type);
}

static void read_table(struct golden *golden, const char *directive, char *rest)
{
    struct schema_table *table = &golden->schema->tables[golden->schema->table_count++];
    table->columns = ARENA_ARRAY(&golden->arena, struct schema_column, WORLD_COLUMNS_MAX + 1);
    table->role = *directive == 't'   ? SCHEMA_TRAITS
                  : *directive == 'r' ? SCHEMA_REFERENCE
                                      : SCHEMA_FACTS;
    table->key = table->role == SCHEMA_REFERENCE ? "id" : NULL;
    table->name = table->role == SCHEMA_TRAITS
                      ? SCHEMA_TRAIT_TABLE
                      : arena_strdup(&golden->arena, unquoted(word(&rest)));
    for (char *column; (column = word(&rest));)
        read_column(golden, table, column);
}

/* ---- data ---- */

static void read_point(struct world_cell *cell, const char *value)
{
    sscanf(value, "%lf,%lf", &cell->number, &cell->longitude);
}

static void read_set(struct golden *golden, struct world_cell *cell, const char *value)
{
    char *items = arena_strdup(&golden->arena, value);
    for (char *item = strtok(items, "{,}"); item && cell->item_count < WORLD_ITEMS_MAX;
         item = strtok(NULL, "{,}"))
        cell->items[cell->item_count++] = item;
}

static void read_cell(struct golden *golden, const struct world *world,
                      const struct schema_column *column, char *value, struct world_cell *cell)
{
    int32_t date = 0;
    int scale = 0;
    *cell = (struct world_cell){.known = true};
    switch (column->type) {
    case VALUE_TEXT: cell->text = arena_strdup(&golden->arena, unquoted(value)); break;
    case VALUE_BOOL: cell->integer = strcmp(value, "yes") == 0; break;
    case VALUE_DOUBLE: cell->number = strtod(value, NULL); break;
    case VALUE_DATE:
        if (!date_parse(text_from(value), &date))
            die(golden, "this is no date", value);
        cell->integer = date;
        break;
    case VALUE_TIME: cell->integer = moment(golden, world, value); break;
    case VALUE_POINT: read_point(cell, value); break;
    case VALUE_SET: read_set(golden, cell, value); break;
    default:
        if (!number_parse_decimal(text_from(value), &cell->integer, &scale) ||
            scale > column->scale ||
            !number_rescale(cell->integer, column->scale - scale, &cell->integer))
            die(golden, "this is no number of that scale", value);
    }
}

static int customer_index(struct golden *golden, struct world *world, const char *name)
{
    for (int i = 0; i < world->customers; i++)
        if (strcmp(world->identifiers[i], name) == 0)
            return i;
    world->identifiers[world->customers] = arena_strdup(&golden->arena, name);
    return world->customers++;
}

static size_t find_table(struct golden *golden, const char *name)
{
    if (strcmp(name, "trait") == 0)
        name = SCHEMA_TRAIT_TABLE;
    for (size_t t = 0; t < golden->schema->table_count; t++)
        if (strcmp(golden->schema->tables[t].name, name) == 0)
            return t;
    die(golden, "no such kind", name);
    return 0;
}

static void read_row(struct golden *golden, struct world *world, int customer, size_t t, char *rest)
{
    const struct schema_table *table = &golden->schema->tables[t];
    struct world_row row = {.customer = customer};
    if (table->role == SCHEMA_REFERENCE)
        row.key = arena_strdup(&golden->arena, unquoted(word(&rest)));
    else if (table->role == SCHEMA_FACTS ||
             (*rest && *rest != '`' && strcspn(rest, " ") < strcspn(rest, "=")) ||
             (*rest && !strchr(rest, '=')))
        row.time = moment(golden, world, word(&rest));
    for (char *cell; (cell = word(&rest));) {
        char *value = strchr(cell, '=');
        if (!value)
            die(golden, "a property is name=value", cell);
        *value++ = '\0';
        int column = schema_column_index(table, unquoted(cell));
        if (column < 0)
            die(golden, "no such property", cell);
        read_cell(golden, world, &table->columns[column], value, &row.cells[column]);
    }
    VECTOR_PUSH(&world->rows[t].list, row);
}

static void read_record(struct golden *golden, struct world *world, int customer, char *rest)
{
    struct world_record record = {.customer = customer, .left = INT64_MAX};
    record.segment = arena_strdup(&golden->arena, word(&rest));
    record.entered = moment(golden, world, word(&rest));
    char *left = word(&rest);
    if (left)
        record.left = moment(golden, world, left);
    VECTOR_PUSH(&world->records, record);
}

/* One item: [customer:] kind time property=value … */
static void read_item(struct golden *golden, struct world *world, int *customer, char *item)
{
    char *colon = strchr(item, ':');
    size_t name_length = strcspn(item, " =:");
    if (colon && name_length == (size_t)(colon - item)) {
        *colon = '\0';
        *customer = customer_index(golden, world, trim(item));
        item = trim(colon + 1);
    }
    char *rest = item, *kind = word(&rest);
    if (!kind)
        return;
    rest = trim(rest);
    if (strcmp(kind, "now") == 0)
        world->now = moment(golden, world, rest);
    else if (strcmp(kind, "record") == 0)
        read_record(golden, world, *customer, rest);
    else if (strcmp(kind, "list") == 0)
        VECTOR_PUSH(&world->lists,
                    (struct world_list){arena_strdup(&golden->arena, rest), *customer});
    else
        read_row(golden, world, *customer, find_table(golden, unquoted(kind)), rest);
}

static void read_zone(struct golden *golden, struct world *world, const char *name)
{
    struct error error;
    zone_close(golden->other_zone);
    if (zone_open(name, &golden->other_zone, &error) != STATUS_OK)
        die(golden, error.message, name);
    world->zone = golden->other_zone;
}

static const char *named_data(const struct golden *golden, const char *name)
{
    for (size_t i = 0; i < golden->data.count; i++)
        if (strcmp(golden->data.items[i].name, name) == 0)
            return golden->data.items[i].items;
    die(golden, "no such data set", name);
    return NULL;
}

/* Items of one line; `=name` stands for the items of a named data set. */
static void read_data(struct golden *golden, struct world *world, int *customer, const char *text)
{
    char *items = base_strdup(text), *save = NULL;
    for (char *item = strtok_r(items, ";", &save); item; item = strtok_r(NULL, ";", &save)) {
        item = trim(item);
        if (*item == '=')
            read_data(golden, world, customer, named_data(golden, item + 1));
        else if (strncmp(item, "zone ", 5) == 0)
            read_zone(golden, world, trim(item + 5));
        else
            read_item(golden, world, customer, item);
    }
    free(items);
}

/* ---- cases ---- */

static char *names(const struct world *world, const unsigned char *answer, struct arena *arena)
{
    char *list = arena_strdup(arena, "");
    for (int i = 0; i < world->customers; i++)
        if (answer[i])
            list = arena_printf(arena, "%s%s%s", list, *list ? " " : "", world->identifiers[i]);
    return *list ? list : arena_strdup(arena, "-");
}

static void expected_answer(struct golden *golden, const struct world *world, const char *text,
                            unsigned char *answer)
{
    char *copy = arena_strdup(&golden->arena, text);
    for (char *name; (name = word(&copy));) {
        bool found = strcmp(name, "-") == 0;
        for (int i = 0; i < world->customers; i++)
            if (strcmp(world->identifiers[i], name) == 0) {
                answer[i] = 1;
                found = true;
            }
        if (!found)
            die(golden, "an expected customer has no data", name);
    }
}

static enum status three_ways(struct golden *golden, struct world *world,
                              const struct segment_set *set, unsigned char *answers[3],
                              struct error *error)
{
    struct population *population = NULL;
    struct ways_sql sql = {0};
    bool bounds = false, *wanted = base_calloc((size_t)set->segment_count, sizeof *wanted);
    wanted[segment_set_find(set, "suspect")] = true;
    answers[2] = ways_answer_new(world, set);
    enum status status;
    if (!golden->prelude || strcmp(golden->prelude, zone_name(world->zone)) != 0) {
        ways_sql_prelude(&golden->duck, world);
        golden->prelude = arena_strdup(&golden->arena, zone_name(world->zone));
    }
    duck_load(&golden->duck, world, 1, false);
    TRY_GOTO(world_population(world, &population, error));
    TRY_GOTO(ways_evaluator(world, set, population, 1, &answers[0], error));
    TRY_GOTO(ways_naive(world, set, population, world->now, NAIVE_FAULT_NONE, &bounds, &answers[1],
                        error));
    TRY_GOTO(ways_sql_prepare(&golden->duck, world, set, wanted, &sql, error));
    TRY_GOTO(ways_sql_run(&sql, world, 1, &answers[2], error));
    if (bounds)
        status = error_set(error, STATUS_ERROR,
                           "segment_window_bounds differs from the independent reckoning.");
done:
    free(wanted);
    ways_sql_release(&sql);
    population_free(population);
    return status;
}

static struct segment_set *build(struct golden *golden, const char *condition, struct arena *arena,
                                 struct error *error)
{
    struct buffer text;
    struct segment_set *set = NULL;
    buffer_init(&text, 0);
    buffer_printf(&text, "%ssegment suspect where %s\n",
                  golden->definitions.data ? golden->definitions.data : "", condition);
    struct segment_source source = {"golden", {buffer_copy(&text, arena), text.length}};
    buffer_release(&text);
    if (segment_set_build(&source, 1, golden->schema, NULL, arena, NULL, &set, error) != STATUS_OK)
        return NULL;
    return set;
}

static void tell(struct golden *golden, bool good, const char *condition, const char *expected,
                 char *const got[3], const struct error *error)
{
    char text[3000];
    golden->cases++;
    golden->failed += !good;
    printf("%s %d - %s\n", good ? "ok" : "not ok", golden->cases, condition);
    if (good)
        return;
    printf("# language.txt:%d: expected %s\n", golden->line, expected);
    if (error->code != STATUS_OK)
        printf("# %s\n", error_describe(error, text, sizeof text));
    else
        printf("# evaluator: %s; naive: %s; SQL: %s\n", got[0], got[1], got[2]);
}

static void run_case(struct golden *golden, char *condition, char *data, char *expected)
{
    struct world world;
    struct arena arena;
    struct error error = {0};
    unsigned char *answers[3] = {NULL, NULL, NULL};
    char *got[3] = {"", "", ""};
    int customer = 0;
    arena_init(&arena, 0);
    world_init(&world);
    world.schema = golden->schema;
    world.zone = golden->zone;
    world.now = golden->now;
    world.identifiers = ARENA_ARRAY(&world.arena, const char *, strlen(data) + 5000);
    world.rows = ARENA_ARRAY(&world.arena, struct world_rows, golden->schema->table_count);
    read_data(golden, &world, &customer, data);
    world_finish(&world);
    unsigned char *wanted = arena_zalloc(&arena, (size_t)world.customers + 1);
    expected_answer(golden, &world, expected, wanted);
    struct segment_set *set = build(golden, condition, &arena, &error);
    bool good = set && three_ways(golden, &world, set, answers, &error) == STATUS_OK;
    for (int way = 0; good && way < 3; way++) {
        const unsigned char *own =
            answers[way] + segment_set_find(set, "suspect") * world.customers;
        got[way] = names(&world, own, &arena);
    }
    for (int way = 0; good && way < 3; way++)
        good = memcmp(answers[way] + segment_set_find(set, "suspect") * world.customers, wanted,
                      (size_t)world.customers) == 0;
    tell(golden, good, condition, expected, got, &error);
    for (int way = 0; way < 3; way++)
        free(answers[way]);
    segment_set_free(set);
    world_release(&world);
    arena_release(&arena);
}

/* ---- the file ---- */

static void directive(struct golden *golden, char *line)
{
    char *rest = line, *name = word(&rest);
    struct world here = {.zone = golden->zone};
    struct error error;
    if (strcmp(name, "zone") == 0) {
        if (zone_open(trim(rest), &golden->zone, &error) != STATUS_OK)
            die(golden, error.message, rest);
        golden->schema->zone = zone_name(golden->zone);
    } else if (strcmp(name, "now") == 0) {
        golden->now = moment(golden, &here, trim(rest));
    } else if (strcmp(name, "define") == 0) {
        buffer_printf(&golden->definitions, "%s\n", rest);
    } else if (strcmp(name, "data") == 0) {
        const char *data = arena_strdup(&golden->arena, word(&rest));
        VECTOR_PUSH(&golden->data, (struct named){data, arena_strdup(&golden->arena, rest)});
    } else if (strcmp(name, "kind") == 0 || strcmp(name, "traits") == 0 ||
               strcmp(name, "reference") == 0) {
        read_table(golden, name, rest);
    } else {
        die(golden, "no such directive", name);
    }
}

static void case_line(struct golden *golden, char *line)
{
    char *data = strstr(line, " | "), *expected = data ? strstr(data + 3, " | ") : NULL;
    if (golden->only && !strstr(line, golden->only))
        return;
    if (!expected)
        die(golden, "a case is condition | data | customers", line);
    *data = *expected = '\0';
    if (!golden->prelude) {
        struct world empty = {.schema = golden->schema, .zone = golden->zone};
        empty.rows = ARENA_ARRAY(&golden->arena, struct world_rows, golden->schema->table_count);
        duck_load(&golden->duck, &empty, 1, true);
    }
    run_case(golden, trim(line), trim(data + 3), trim(expected + 3));
}

int main(int argc, char **argv)
{
    struct golden golden = {.only = argc > 1 ? argv[1] : NULL};
    FILE *file = fopen("tests/golden/language.txt", "r");
    char *line = NULL;
    size_t room = 0;
    if (!file) {
        fprintf(stderr,
                "tests/golden/language.txt is not here; run this in the repository's root\n");
        return 2;
    }
    arena_init(&golden.arena, 0);
    buffer_init(&golden.definitions, 0);
    golden.schema = ARENA_NEW(&golden.arena, struct schema);
    golden.schema->tables = ARENA_ARRAY(&golden.arena, struct schema_table, 16);
    duck_open(&golden.duck);
    while (getline(&line, &room, file) > 0) {
        golden.line++;
        char *text = trim(line);
        if (*text == '@')
            directive(&golden, text + 1);
        else if (*text && *text != '#')
            case_line(&golden, text);
    }
    printf("1..%d\n", golden.cases);
    free(line);
    fclose(file);
    duck_close(&golden.duck);
    buffer_release(&golden.definitions);
    VECTOR_RELEASE(&golden.data);
    zone_close(golden.zone);
    zone_close(golden.other_zone);
    arena_release(&golden.arena);
    return golden.failed ? 1 : 0;
}
