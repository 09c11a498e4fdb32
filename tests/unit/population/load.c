/* A population loaded from a store's parts, against the same rows in SQL: every type, merged parts,
 * late columns, codes or not. */
#include "unit/population/world.h"

#include "base/calendar.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

/* One row of the population as the SQL below writes it. */
static void print_row(struct buffer *out, const struct population *population,
                      const struct population_table *table, uint32_t position, size_t row)
{
    struct text name = population_identifier(population, position);
    buffer_printf(out, "%.*s %u", (int)name.length, name.data, table->time[row]);
    for (size_t c = 0; c < table->column_count; c++) {
        const struct population_column *column = &table->columns[c];
        struct population_value value = population_get(column, row);
        struct text text;
        buffer_char(out, '|');
        if (!value.known) {
            buffer_char(out, '-');
            continue;
        }
        switch (column->type) {
        case VALUE_DOUBLE: buffer_printf(out, "%.3f", value.number); break;
        case VALUE_POINT: buffer_printf(out, "%.3f,%.3f", value.latitude, value.longitude); break;
        case VALUE_TEXT:
            text = population_text(population, (uint32_t)value.integer);
            buffer_text(out, text);
            break;
        case VALUE_SET: buffer_printf(out, "%u", value.code_count); break;
        default: buffer_printf(out, "%lld", (long long)value.integer);
        }
    }
    buffer_char(out, '\n');
}

static int by_number(const void *a, const void *b, void *population)
{
    const uint64_t *number = ((const struct population *)population)->number;
    uint64_t x = number[*(const uint32_t *)a], y = number[*(const uint32_t *)b];
    return (x > y) - (x < y);
}

static char *print_table(const struct population *population, const char *name)
{
    int index = population_table_index(population, name);
    assert_true(index >= 0);
    const struct population_table *table = &population->tables[index];
    uint32_t *order = calloc(population->customers + 1, sizeof *order);
    struct buffer out;
    buffer_init(&out, 0);
    for (uint32_t p = 0; p < population->customers; p++)
        order[p] = p;
    qsort_r(order, population->customers, sizeof *order, by_number, (void *)population);
    for (uint32_t i = 0; i < population->customers; i++)
        for (size_t row = table->offset[order[i]]; row < table->offset[order[i] + 1]; row++)
            print_row(&out, population, table, order[i], row);
    free(order);
    return buffer_take(&out);
}

/* The same from SQL over the parts. */
static char *print_sql(struct world *world, const char *table, enum part_role role,
                       const char *line, const char *where)
{
    struct store_read read = {.table = table, .role = role};
    struct store_read names = {.table = "identity", .role = PART_IDENTITY};
    struct buffer sql, out;
    struct lake_result *result;
    const struct lake_chunk *chunk;
    buffer_init(&sql, 0);
    buffer_init(&out, 0);
    buffer_printf(&sql, "SELECT identifier || ' ' || \"time\" || %s FROM (", line);
    OK(store_select(world->store, &read, &sql, &error));
    buffer_string(&sql, ") JOIN (");
    OK(store_select(world->store, &names, &sql, &error));
    buffer_printf(&sql, ") USING (customer) WHERE %s ORDER BY customer, \"time\", import, arrival",
                  where);
    OK(lake_query(world->lake, sql.data, &result, &error));
    for (;;) {
        OK(lake_result_next(result, &chunk, &error));
        if (!chunk)
            break;
        for (size_t i = 0; i < chunk->rows; i++) {
            buffer_text(&out, lake_text(&chunk->columns[0], i));
            buffer_char(&out, '\n');
        }
    }
    lake_result_free(result);
    buffer_release(&sql);
    return buffer_take(&out);
}

#define PROPERTIES                                                                                 \
    "CASE WHEN r % 7 > 0 THEN (r * 31 % 1000)::DECIMAL(18,2) / 4 END::DECIMAL(18,2) AS amount, "   \
    "CASE WHEN r % 5 > 0 THEN r - 2000 END::BIGINT AS n, (r % 97)::DOUBLE / 8 AS d, r % 3 = 0 AS " \
    "b, "                                                                                          \
    "DATE '1999-12-30' + (r % 1000)::INTEGER AS day, TIMESTAMP '2020-01-01 00:00:07' + "           \
    "to_seconds(r) AS at, "                                                                        \
    "{'latitude': r / 100, 'longitude': -r / 50} AS place, "

static const struct catalog_column columns[] = {
    {.column = {.name = "amount", .type = VALUE_DECIMAL, .scale = 2}, .whole_digits = 4},
    {.column = {.name = "n", .type = VALUE_INT}, .whole_digits = 5},
    {.column = {.name = "d", .type = VALUE_DOUBLE}},
    {.column = {.name = "b", .type = VALUE_BOOL}},
    {.column = {.name = "day", .type = VALUE_DATE}},
    {.column = {.name = "at", .type = VALUE_TIME}},
    {.column = {.name = "place", .type = VALUE_POINT}},
    {.column = {.name = "t", .type = VALUE_TEXT}},
    {.column = {.name = "s", .type = VALUE_SET}},
};

/* Times are from `from` on, of 5,000 moments. some: which columns the part has; NULL: all. */
static void import_some(struct world *world, int round, int rows, bool coded, int from,
                        const char *some)
{
    struct buffer select;
    buffer_init(&select, 0);
    if (some)
        buffer_printf(&select, "SELECT customer, \"time\", import, arrival%s FROM (", some);
    buffer_printf(&select, "SELECT cust('c' || mod(hash(r, %d), 500), r::UBIGINT) AS customer, ",
                  round);
    buffer_printf(&select,
                  "(%d + hash(r, 5) %% 5000)::UINTEGER AS \"time\", 0::UINTEGER AS import, ", from);
    buffer_string(&select, "r::UBIGINT AS arrival, ");
    buffer_string(&select, PROPERTIES);
    if (coded)
        buffer_string(
            &select, "CASE WHEN r % 11 > 0 THEN 'text ' || r % 37 END AS t, "
                     "code(CASE WHEN r % 11 > 0 THEN 'text ' || r % 37 END, r::UBIGINT) AS \"t#\", "
                     "CASE WHEN r % 13 > 0 THEN ['x' || r % 5, 'x' || r % 3] END AS s, "
                     "code_set(CASE WHEN r % 13 > 0 THEN ['x' || r % 5, 'x' || r % 3] END, "
                     "r::UBIGINT) AS \"s#\"");
    else
        buffer_string(&select, "CASE WHEN r % 11 > 0 THEN 'text ' || r % 137 END AS t, "
                               "CASE WHEN r % 13 > 0 THEN ['x' || r % 5, 'y' || r % 3] END AS s");
    buffer_printf(&select, " FROM (SELECT range AS r FROM range(%d))%s", rows, some ? ")" : "");
    run(world, &(struct import){"order", SCHEMA_FACTS, select.data, columns, 9, 1000 + round});
    buffer_release(&select);
}

static void import_from(struct world *world, int round, int rows, bool coded, int from)
{
    import_some(world, round, rows, coded, from, NULL);
}

static void import_facts(struct world *world, int round, int rows, bool coded)
{
    import_from(world, round, rows, coded, 0);
}

static const char *const order_line =
    "'|' || coalesce((amount * 100)::BIGINT::VARCHAR, '-') || '|' || coalesce(n::VARCHAR, '-') || "
    "'|' || "
    "coalesce(printf('%.3f', d), '-') || '|' || coalesce(b::INT::VARCHAR, '-') || '|' || "
    "coalesce((day - DATE '1970-01-01')::VARCHAR, '-') || '|' || "
    "coalesce(epoch(\"at\")::BIGINT::VARCHAR, '-') || '|' "
    "|| "
    "coalesce(printf('%.3f,%.3f', place.latitude, place.longitude), '-') || '|' || coalesce(t, "
    "'-') || '|' || "
    "coalesce(len(list_distinct(s))::VARCHAR, '-')";

static void same(char *ours, char *sql)
{
    if (strcmp(ours, sql) != 0) {
        size_t at = 0;
        while (ours[at] == sql[at])
            at++;
        while (at && ours[at - 1] != '\n')
            at--;
        fail_msg("first difference: ours %.100s, SQL %.100s", ours + at, sql + at);
    }
    assert_true(strlen(ours) > 0);
    free(ours);
    free(sql);
}

static void every_type_from_many_parts(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    struct population_load all = {.everything = true, .known_at = INT64_MAX};
    for (int round = 0; round < 4; round++) {
        import_facts(&world, round, round == 3 ? 260000 : 3000 + round * 1000, round != 2);
        if (round == 2)
            continue;
        struct population *population = load(&world, &all);
        same(print_table(population, "order"),
             print_sql(&world, "order", PART_FACTS, order_line, "true"));
        population_free(population);
    }
    /* only what is needed */
    struct population_need need = {"order", (const char *const[]){"t", NULL}};
    struct population *population = load(
        &world, &(struct population_load){.needs = &need, .need_count = 1, .known_at = INT64_MAX});
    assert_int_equal(population->table_count, 1);
    assert_int_equal(population->tables[0].column_count, 1);
    same(print_table(population, "order"),
         print_sql(&world, "order", PART_FACTS, "'|' || coalesce(t, '-')", "true"));
    population_free(population);
    /* what was known earlier, also out of a merged part */
    struct population_load earlier = {.everything = true, .known_at = 1001};
    population = load(&world, &earlier);
    same(print_table(population, "order"),
         print_sql(&world, "order", PART_FACTS, order_line, "import <= 2"));
    population_free(population);
    earlier.known_at = 5;
    population = load(&world, &earlier);
    assert_int_equal(population->customers, 0);
    population_free(population);
    teardown(&world);
}

static void same_as_sql(struct world *world, const struct population_load *what, const char *where)
{
    struct population *population = load(world, what);
    same(print_table(population, "order"),
         print_sql(world, "order", PART_FACTS, order_line, where));
    population_free(population);
}

/* Parts that tell a few of the columns each: after each other, then back in time, one of them
 * without any. */
static void parts_that_lack_columns(void **state)
{
    static const char *const some[] = {", amount, b, t, \"t#\"",
                                       ", n, d, place, s, \"s#\"",
                                       ", day, \"at\", t",
                                       ", t, \"t#\", s",
                                       "",
                                       ", amount, n, s, \"s#\""};
    (void)state;
    struct world world;
    struct population_load all = {.everything = true, .known_at = INT64_MAX};
    for (int back = 0; back < 2; back++) {
        setup(&world);
        for (int round = 0; round < 6; round++) {
            import_some(&world, round, 1000, round != 2, back ? 0 : round * 4999, some[round]);
            same_as_sql(&world, &all, "true");
        }
        all.known_at = 1002;
        same_as_sql(&world, &all, "import <= 3");
        all.known_at = INT64_MAX;
        teardown(&world);
    }
}

/* Each import begins in the second in which the one before ends. */
static void parts_that_follow(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    struct population_load all = {.everything = true, .known_at = INT64_MAX};
    for (int round = 0; round < 4; round++) {
        import_from(&world, round, round == 1 ? 200000 : 3000, round != 2, round * 4999);
        same_as_sql(&world, &all, "true");
    }
    all.known_at = 1001;
    same_as_sql(&world, &all, "import <= 2");
    all.known_at = INT64_MAX;
    import_from(&world, 4, 300, true, 3 * 4999); /* goes back in time */
    same_as_sql(&world, &all, "true");
    import_from(&world, 5, 300, true, 5 * 4999);
    same_as_sql(&world, &all, "true");
    teardown(&world);
}

/* Takes the numbers of rows from activity parts, as if they had been written before there were any;
 * and the seals, which came later still. */
static void forget_numbers_of_rows(struct world *world)
{
    char path[600];
    sqlite3 *catalog;
    lake_close(world->lake);
    store_close(world->store);
    snprintf(path, sizeof path, "%s/catalog.db", world->path);
    assert_int_equal(sqlite3_open(path, &catalog), SQLITE_OK);
    assert_int_equal(sqlite3_exec(catalog,
                                  "DELETE FROM part_column WHERE name = 'rows';DROP TABLE seal",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_true(sqlite3_changes(catalog) > 0);
    sqlite3_close(catalog);
    OK(store_open(world->path, STORE_WRITE, "test", &world->store, &error));
    OK(store_lake(world->store, 2, &world->lake, &error));
}

static void parts_of_older_versions(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    struct population_load all = {.everything = true, .known_at = INT64_MAX};
    import_facts(&world, 0, 150000, true);
    forget_numbers_of_rows(&world);
    same_as_sql(&world, &all, "true");
    import_from(&world, 1, 3000, true, 4999);
    same_as_sql(&world, &all, "true");
    teardown(&world);
}

/* Values at the edges of each width, and columns that need none. */
static void widths(void **state)
{
    (void)state;
    static const struct {
        const char *values;
        unsigned width;
        int64_t base;
    } cases[] = {
        {"(7, 7, 7)", 0, 7},
        {"(-300, -45, NULL)", 1, -300},
        {"(-300, -44, -299)", 2, -300},
        {"(0, 65535, NULL)", 2, 0},
        {"(0, 65536, 1)", 4, 0},
        {"(-1, 4294967294, 5)", 4, -1},
        {"(-1, 4294967295, 5)", 8, -1},
        {"(-9223372036854775807, 9223372036854775807, NULL)", 8, -9223372036854775807},
        {"(NULL, NULL, NULL)", 0, 0},
    };
    static const struct catalog_column n = {.column = {.name = "n", .type = VALUE_INT},
                                            .whole_digits = 18};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        char select[1000];
        setup(&world);
        snprintf(select, sizeof select,
                 "SELECT cust('c' || r, r::UBIGINT) AS customer, r::UINTEGER AS \"time\", "
                 "0::UINTEGER AS import, "
                 "r::UBIGINT AS arrival, CASE r %% 3 WHEN 0 THEN v.a WHEN 1 THEN v.b ELSE v.c "
                 "END::BIGINT AS n "
                 "FROM range(300) t(r), (VALUES %s) v(a, b, c)",
                 cases[i].values);
        run(&world, &(struct import){"order", SCHEMA_FACTS, select, &n, 1, 10});
        struct population *population =
            load(&world, &(struct population_load){.everything = true, .known_at = INT64_MAX});
        const struct population_column *column = &population->tables[0].columns[0];
        assert_int_equal(column->width, cases[i].width);
        assert_int_equal(column->base, cases[i].base);
        same(print_table(population, "order"),
             print_sql(&world, "order", PART_FACTS, "'|' || coalesce(n::VARCHAR, '-')", "true"));
        population_free(population);
        teardown(&world);
    }
}

static void expect_damage(struct world *world, const char *words)
{
    struct population_load what = {.everything = true, .known_at = INT64_MAX};
    struct population *population = NULL;
    enum status status = population_load(world->store, world->lake, &what, world->zone, world->pool,
                                         &population, &error);
    if (status != STATUS_CORRUPT || !strstr(error.message, words))
        fail_msg("%d: %s", (int)status, error.message);
    assert_null(population);
}

/* Numbers and codes that were never given, in files that are as they were written. */
static void damage_of_rows(void **state)
{
    (void)state;
    static const struct catalog_column t = {.column = {.name = "t", .type = VALUE_TEXT}};
    static const struct {
        const char *customer, *code, *words;
    } cases[] = {
        {"7::UINTEGER", "code('x', r::UBIGINT)", "customer number it never gave: 7"},
        {"cust('c' || r, r::UBIGINT)", "7::UINTEGER", "t holds the text code 7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        char select[1000];
        setup(&world);
        snprintf(select, sizeof select,
                 "SELECT %s AS customer, 5::UINTEGER AS \"time\", 0::UINTEGER AS import, "
                 "r::UBIGINT AS arrival, 'x' AS t, %s AS \"t#\" FROM range(3) n(r)",
                 cases[i].customer, cases[i].code);
        run(&world, &(struct import){"order", SCHEMA_FACTS, select, &t, 1, 10});
        expect_damage(&world, cases[i].words);
        teardown(&world);
    }
}

static void damage_of_the_dictionary(void **state)
{
    (void)state;
    struct world world;
    struct store_change *change;
    setup(&world);
    import_facts(&world, 1, 100, true);
    OK(store_begin(world.store, &change, &error));
    OK(catalog_set_counter(store_catalog(world.store), CATALOG_NEXT_CODE, 1, &error));
    OK(store_commit(change, &error));
    expect_damage(&world, "a code it never gave");
    teardown(&world);
}

/* A part in the place of another, where nobody looks at checksums. */
static void damage_of_places(void **state)
{
    (void)state;
    struct world world;
    const struct catalog_part *facts[2] = {NULL};
    struct arena arena;
    size_t count, found = 0;
    setup(&world);
    arena_init(&arena, 0);
    import_facts(&world, 1, 100, true);
    import_from(&world, 2, 50, true, 5000);
    const struct catalog_part *parts = store_parts(world.store, &count);
    for (size_t i = 0; i < count && found < 2; i++)
        if (parts[i].role == PART_FACTS)
            facts[found++] = &parts[i];
    assert_int_equal(found, 2);
    const char *path = store_file(world.store, &arena, "%s", facts[1]->path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(store_file(world.store, &arena, "%s", facts[0]->path), path), 0);
    setenv("STRATA_UNCHECKED", "1", 1);
    expect_damage(&world, "a part of order and what is known of its customers differ");
    unsetenv("STRATA_UNCHECKED");
    arena_release(&arena);
    teardown(&world);
}

static void merged_parts(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    for (int round = 0; round < 11; round++)
        import_facts(&world, round, 500, true);
    size_t merged;
    OK(store_merge(world.store, world.lake, &merged, &error));
    assert_true(merged > 8);
    import_facts(&world, 12, 400, true);
    struct population_load all = {.everything = true, .known_at = INT64_MAX};
    struct population *population = load(&world, &all);
    same(print_table(population, "order"),
         print_sql(&world, "order", PART_FACTS, order_line, "true"));
    population_free(population);
    all.known_at = 1005;
    population = load(&world, &all);
    same(print_table(population, "order"),
         print_sql(&world, "order", PART_FACTS, order_line, "import <= 6"));
    population_free(population);
    teardown(&world);
}

static void who_exists(void **state)
{
    (void)state;
    struct world world;
    uint32_t position;
    setup(&world);
    static const struct catalog_column city = {.column = {.name = "city", .type = VALUE_TEXT}};
    run(&world,
        &(struct import){
            "customer", SCHEMA_TRAITS,
            "SELECT cust(c, 0) AS customer, t::UINTEGER AS \"time\", 0::UINTEGER AS import, "
            "0::UBIGINT AS arrival, city, code(city, 0) AS \"city#\" FROM (VALUES ('anna', 0, "
            "'Wien'), "
            "('bert', 500, 'Graz')) v(c, t, city)",
            &city, 1, 10});
    run(&world,
        &(struct import){
            "view", SCHEMA_FACTS,
            "SELECT cust(c, 0) AS customer, t::UINTEGER AS \"time\", 0::UINTEGER AS import, "
            "t::UBIGINT AS arrival FROM (VALUES ('anna', 300), ('anna', 900), ('carl', 400)) v(c, "
            "t)",
            NULL, 0, 20});
    /* kinds that are not loaded count for existence and order all the same */
    struct population_need need = {"customer", NULL};
    struct population *population = load(
        &world, &(struct population_load){.needs = &need, .need_count = 1, .known_at = INT64_MAX});
    assert_int_equal(population->customers, 3);
    assert_true(population_find(population, TEXT("anna"), &position));
    assert_int_equal(position, 2);
    assert_int_equal(population->first_time[position], 0);
    assert_int_equal(population->last_time[position], 900);
    assert_true(population_find(population, TEXT("bert"), &position));
    assert_int_equal(position, 0); /* a telling is no activity */
    assert_int_equal(population->first_time[position], 500);
    assert_true(population_find(population, TEXT("carl"), &position));
    assert_int_equal(population->first_time[position], 400);
    assert_false(population_find(population, TEXT("dora"), &position));
    population_free(population);
    struct population_need wrong = {"customer", (const char *const[]){"town", NULL}};
    assert_int_equal(population_load(world.store, world.lake,
                                     &(struct population_load){
                                         .needs = &wrong, .need_count = 1, .known_at = INT64_MAX},
                                     world.zone, NULL, &population, &error),
                     STATUS_NOT_FOUND);
    teardown(&world);
}

static void references(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    static const struct catalog_column product[] = {
        {.column = {.name = "category", .type = VALUE_TEXT}},
        {.column = {.name = "price", .type = VALUE_INT}, .whole_digits = 2}};
    static const struct catalog_column order = {
        .column = {.name = "product", .type = VALUE_TEXT, .refers = "product"}};
    const char *select =
        "SELECT k AS key, code(k, 0) AS \"key#\", 0::UINTEGER AS import, a::UBIGINT AS arrival, "
        "c AS category, code(c, 0) AS \"category#\", p::BIGINT AS price FROM";
    char sql[1000];
    snprintf(sql, sizeof sql, "%s (VALUES %s) v(a, k, c, p)", select,
             "(1, 'p1', 'shoes', 10), (2, 'p2', 'hats', 20), (3, 'p2', NULL, 21)");
    run(&world, &(struct import){"product", SCHEMA_REFERENCE, sql, product, 2, 10});
    snprintf(sql, sizeof sql, "%s (VALUES %s) v(a, k, c, p)", select, "(1, 'p1', 'boots', NULL)");
    run(&world, &(struct import){"product", SCHEMA_REFERENCE, sql, product, 2, 20});
    run(&world,
        &(struct import){
            "order", SCHEMA_FACTS,
            "SELECT cust('anna', 0) AS customer, r::UINTEGER AS \"time\", 0::UINTEGER AS import, "
            "r::UBIGINT AS arrival, 'p' || r AS product, code('p' || r, 0) AS \"product#\" FROM "
            "(SELECT range AS r FROM range(1, 4))",
            &order, 1, 30});
    static const struct {
        int64_t known_at;
        const char *expected;
    } cases[] = {{INT64_MAX, "boots - | - 21 | none |"}, {10, NULL}};
    struct population *population =
        load(&world, &(struct population_load){.everything = true, .known_at = INT64_MAX});
    const struct population_table *facts =
        &population->tables[population_table_index(population, "order")];
    const struct population_table *products =
        &population->tables[population_table_index(population, "product")];
    struct buffer out;
    buffer_init(&out, 0);
    assert_int_equal(facts->columns[0].refers, population_table_index(population, "product"));
    for (size_t row = 0; row < facts->rows; row++) {
        uint32_t code = (uint32_t)population_get(&facts->columns[0], row).integer;
        uint32_t at = code < products->code_count ? products->row_of_code[code] : POPULATION_NO_ROW;
        if (at == POPULATION_NO_ROW) {
            buffer_string(&out, "none |");
            continue;
        }
        struct population_value category = population_get(&products->columns[0], at);
        struct population_value price = population_get(&products->columns[1], at);
        struct text text =
            category.known ? population_text(population, (uint32_t)category.integer) : TEXT("-");
        buffer_text(&out, text);
        buffer_char(&out, ' ');
        if (price.known)
            buffer_printf(&out, "%lld | ", (long long)price.integer);
        else
            buffer_string(&out, "- | ");
    }
    assert_string_equal(out.data, cases[0].expected);
    buffer_release(&out);
    population_free(population);
    teardown(&world);
}

static void records_and_lists(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    run(&world, &(struct import){"view", SCHEMA_FACTS,
                                 "SELECT cust(c, r::UBIGINT) AS customer, t::UINTEGER AS \"time\", "
                                 "0::UINTEGER AS import, "
                                 "r::UBIGINT AS arrival FROM (VALUES (0, 'anna', 300), (1, 'bert', "
                                 "200), (2, 'carl', 400)) "
                                 "v(r, c, t)",
                                 NULL, 0, 20});
    struct store_change *change;
    struct catalog *catalog = store_catalog(world.store);
    OK(store_begin(world.store, &change, &error));
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t number, who[] = {1 + i % 2, 3};
        OK(catalog_add_refresh(catalog,
                               &(struct catalog_refresh){.moment = 100 * (i + 1), .recorded = 7},
                               &number, &error));
        struct bitmap *set = bitmap_from_numbers(who, i == 1 ? 1 : 2);
        /* 1 and 3 enter at 100; 2 enters at 200; 1 and 3 leave at 300, 3 enters again at 300 */
        OK(catalog_add_membership(catalog, number, "vip", i < 2, CAUSE_FACTS, set, &error));
        struct bitmap *three = bitmap_from_numbers((uint32_t[]){3}, 1);
        if (i == 2)
            OK(catalog_add_membership(catalog, number, "vip", true, CAUSE_TIME, three, &error));
        bitmap_free(set);
        bitmap_free(three);
    }
    assert_int_equal(catalog_add_refresh(catalog, &(struct catalog_refresh){.moment = 300},
                                         &(uint32_t){0}, &error),
                     STATUS_USAGE);
    struct text names[] = {TEXT("carl"), TEXT("nobody"), TEXT("anna")};
    OK(catalog_save_list(catalog, &(struct catalog_list){"holdouts", "h.csv", 5, names, 3},
                         &error));
    OK(store_commit(change, &error));
    struct population *population = load(
        &world, &(struct population_load){.records = true, .lists = true, .known_at = INT64_MAX});
    assert_int_equal(population->record_count, 1);
    const struct population_records *records = &population->records[0];
    assert_string_equal(records->segment, "vip");
    static const int64_t expected[3][4] = {
        {100, 300, -1, -1}, {200, INT64_MAX, -1, -1}, {100, 300, 300, INT64_MAX}};
    for (uint32_t p = 0; p < 3; p++) {
        uint64_t number = population->number[p];
        size_t k = 0;
        for (uint32_t i = records->offset[p]; i < records->offset[p + 1]; i++) {
            assert_int_equal(records->entered[i], expected[number - 1][k++]);
            assert_int_equal(records->left[i], expected[number - 1][k++]);
        }
        assert_true(k == 4 || expected[number - 1][k] == -1);
        bool listed = population->lists[0].members[0] >> p & 1;
        assert_int_equal(listed, number != 2);
    }
    struct bitmap *inside;
    OK(catalog_members(catalog, "vip", 250, &inside, &error));
    assert_int_equal(bitmap_count(inside), 3);
    bitmap_free(inside);
    OK(catalog_members(catalog, "vip", INT64_MAX, &inside, &error));
    assert_int_equal(bitmap_count(inside), 2);
    assert_true(bitmap_contains(inside, 2) && bitmap_contains(inside, 3));
    bitmap_free(inside);
    population_free(population);
    teardown(&world);
}

static char *answer(struct lake *lake, const char *sql)
{
    struct lake_result *result = NULL;
    const struct lake_chunk *chunk;
    struct buffer out;
    buffer_init(&out, 0);
    OK(lake_query_user(lake, sql, &result, &error));
    for (;;) {
        OK(lake_result_next(result, &chunk, &error));
        if (!chunk)
            break;
        for (size_t i = 0; i < chunk->rows; i++) {
            buffer_text(&out, lake_text(&chunk->columns[0], i));
            buffer_char(&out, ';');
        }
    }
    lake_result_free(result);
    return buffer_take(&out);
}

static void views_for_people(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    static const struct catalog_column city = {.column = {.name = "city", .type = VALUE_TEXT}};
    static const struct catalog_column price = {.column = {.name = "price", .type = VALUE_INT},
                                                .whole_digits = 2};
    run(&world,
        &(struct import){
            "customer", SCHEMA_TRAITS,
            "SELECT cust(c, 0) AS customer, t::UINTEGER AS \"time\", 0::UINTEGER AS import, "
            "t::UBIGINT AS arrival, city, code(city, 0) AS \"city#\" FROM (VALUES ('anna', 10, "
            "'Wien'), "
            "('anna', 20, 'Linz'), ('anna', 30, NULL), ('bert', 500, 'Graz')) v(c, t, city)",
            &city, 1, 10});
    run(&world,
        &(struct import){
            "Page View", SCHEMA_FACTS,
            "SELECT cust(c, 0) AS customer, t::UINTEGER AS \"time\", 0::UINTEGER AS import, "
            "t::UBIGINT AS arrival FROM (VALUES ('anna', 86400), ('carl', 5)) v(c, t)",
            NULL, 0, 20});
    run(&world, &(struct import){"product", SCHEMA_REFERENCE,
                                 "SELECT 'p1' AS key, code('p1', 0) AS \"key#\", 0::UINTEGER AS "
                                 "import, range::UBIGINT AS "
                                 "arrival, range AS price FROM range(3)",
                                 &price, 1, 10});
    struct store_change *change;
    uint32_t number;
    OK(store_begin(world.store, &change, &error));
    for (int i = 1; i < 3; i++) {
        struct bitmap *set = bitmap_from_numbers((uint32_t[]){2, 1}, i == 1 ? 2 : 1);
        OK(catalog_add_refresh(store_catalog(world.store),
                               &(struct catalog_refresh){.moment = i * 86400}, &number, &error));
        OK(catalog_add_membership(store_catalog(world.store), number, "vip", i == 1, CAUSE_TIME,
                                  set, &error));
        bitmap_free(set);
    }
    OK(store_commit(change, &error));
    struct arena arena;
    const char *const *paths;
    size_t count;
    arena_init(&arena, 0);
    OK(store_create_views(world.store, world.lake, "memberships", &arena, &paths, &count, &error));
    OK(lake_lock_down(world.lake, paths, count, &error));
    static const char *const cases[][2] = {
        {"SELECT customer || ' ' || \"time\" FROM \"Page View\" ORDER BY \"time\"",
         "carl 1970-01-01 00:00:05;anna 1970-01-02 00:00:00;"},
        {"SELECT customer || coalesce(city, '?') FROM customers ORDER BY customer",
         "annaLinz;bertGraz;carl?;"},
        {"SELECT key || price FROM product", "p12;"},
        {"SELECT segment || ' ' || customer || ' ' || entered || ' ' || "
         "coalesce(\"left\"::VARCHAR, '-') FROM "
         "memberships "
         "ORDER BY customer_number",
         "vip anna 1970-01-02 00:00:00 -;vip bert 1970-01-02 00:00:00 1970-01-03 00:00:00;"},
        {"SELECT count(*)::VARCHAR FROM memberships", "2;"},
        {"SELECT max(moment)::VARCHAR FROM refreshes", "1970-01-03 00:00:00;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = answer(world.lake, cases[i][0]);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
    char *path = arena_printf(&arena, "SELECT * FROM read_text('%s/catalog.db')", world.path);
    struct lake_result *result;
    assert_int_not_equal(lake_query_user(world.lake, path, &result, &error), STATUS_OK);
    teardown(&world);
    arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_type_from_many_parts),
    cmocka_unit_test(parts_that_follow),
    cmocka_unit_test(parts_that_lack_columns),
    cmocka_unit_test(parts_of_older_versions),
    cmocka_unit_test(widths),
    cmocka_unit_test(damage_of_rows),
    cmocka_unit_test(damage_of_the_dictionary),
    cmocka_unit_test(damage_of_places),
    cmocka_unit_test(merged_parts),
    cmocka_unit_test(who_exists),
    cmocka_unit_test(references),
    cmocka_unit_test(records_and_lists),
    cmocka_unit_test(views_for_people),
};

UNIT_MAIN(tests)
