/*
 * Importing from a real PostgreSQL: a private cluster in a temporary folder, reached by a socket
 * there. Where Debian's server package is not installed the tests are skipped. PostgreSQL refuses
 * to run as root, so root hands it to `postgres` or `nobody`.
 */
#include "ingest/ingest.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"
#include "unit/unit.h"

static char folder[512], binaries[256];
static const char *user;
static struct arena arena;
static struct error error;

static bool shell(const char *command)
{
    const char *line =
        user ? arena_printf(&arena, "runuser -u %s -- sh -c \"%s\" >/dev/null 2>&1", user, command)
             : arena_printf(&arena, "sh -c \"%s\" >/dev/null 2>&1", command);
    return system(line) == 0;
}

static bool find_server(void)
{
    glob_t found;
    bool there = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0;
    if (there) {
        snprintf(binaries, sizeof binaries, "%s", found.gl_pathv[found.gl_pathc - 1]);
        *strrchr(binaries, '/') = 0;
        globfree(&found);
    }
    return there;
}

static int set_up(void **state)
{
    arena_init(&arena, 0);
    if (!folder_make(folder, sizeof folder))
        return -1;
    *state = NULL;
    if (!find_server())
        return 0;
    user = geteuid() == 0 ? (system("id postgres >/dev/null 2>&1") == 0 ? "postgres" : "nobody")
                          : NULL;
    chmod(folder, 0777);
    bool ready =
        shell(arena_printf(&arena, "%s/initdb -D %s/db -U strata -A trust", binaries, folder)) &&
        shell(arena_printf(&arena, "%s/pg_ctl -D %s/db -o '-k %s -h \\\"\\\"' -l %s/log -w start",
                           binaries, folder, folder, folder));
    *state = ready ? folder : NULL;
    return store_create(arena_printf(&arena, "%s/shop", folder), "UTC", NULL, &error) == STATUS_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    if (*state)
        shell(arena_printf(&arena, "%s/pg_ctl -D %s/db -m immediate stop", binaries, folder));
    arena_release(&arena);
    return folder_remove(folder);
}

static enum status import(const char *query, struct ingest_mapping mapping,
                          struct ingest_summary *summary)
{
    struct store *store;
    const char *address =
        arena_printf(&arena, "postgresql:///postgres?password=secret&host=%s&user=strata", folder);
    struct ingest_options options = {.sources = &address,
                                     .source_count = 1,
                                     .query = query,
                                     .mapping = mapping,
                                     .now = 1750000000};
    error_clear(&error);
    assert_int_equal(
        store_open(arena_printf(&arena, "%s/shop", folder), STORE_WRITE, "test", &store, &error),
        STATUS_OK);
    enum status status = ingest_run(store, &options, NULL, &arena, summary, &error);
    store_close(store);
    return status;
}

static const char *const query = "SELECT g AS nr, 'c' || g % 10 AS customer, timestamptz "
                                 "'2025-01-01 00:00+01' + g * interval '1 hour' AS at, "
                                 "(g * 1.25)::numeric(9,2) AS amount, CASE WHEN g % 5 = 0 THEN "
                                 "NULL ELSE 'x, \"' || g END AS note "
                                 "FROM generate_series(1, 1000) g;";

static void reads_a_query(void **state)
{
    struct ingest_summary summary;
    if (!*state)
        skip();
    struct ingest_mapping mapping = {.kind = "order", .time = "at"};
    enum status status = import(query, mapping, &summary);
    if (status != STATUS_OK)
        print_message("# %s\n", error.message);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(summary.stored, 1000);
    assert_int_equal(summary.customers, 10);
    assert_true(summary.sources[0].postgres);
    assert_non_null(
        strstr(summary.sources[0].name, "?password=&host=")); /* kept without the secret */
    for (size_t i = 0; i < summary.column_count; i++) {
        if (strcmp(summary.columns[i].name, "note") == 0)
            assert_int_equal(summary.columns[i].unknown, 200);
        if (strcmp(summary.columns[i].name, "amount") == 0)
            assert_int_equal(summary.columns[i].scale, 2);
    }
    assert_int_equal(summary.first_time, 1735689600);
    assert_int_equal(import(query, mapping, &summary), STATUS_OK);
    assert_int_equal(summary.already, 1);
}

static void tells_what_the_database_says(void **state)
{
    struct ingest_summary summary;
    if (!*state)
        skip();
    assert_int_equal(
        import("SELECT * FROM nothing", (struct ingest_mapping){.kind = "order"}, &summary),
        STATUS_ERROR);
    assert_non_null(strstr(error.message, "nothing"));
    assert_int_equal(import(NULL, (struct ingest_mapping){.kind = "order"}, &summary),
                     STATUS_USAGE);
    assert_int_equal(import("DROP TABLE x", (struct ingest_mapping){.kind = "order"}, &summary),
                     STATUS_ERROR);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_a_query),
    cmocka_unit_test(tells_what_the_database_says),
};

UNIT_MAIN_WITH(tests, set_up, tear_down)
