/* The store on real files: locks between processes, kills at every step, read-only places, undo
 * against its absence. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct store *opened(const char *path, enum store_mode mode)
{
    struct store *store = NULL;
    OK(store_open(path, mode, "strata test", &store, &error));
    return store;
}

static const struct row first_rows[] = {
    {"anna", 100, "o1", "10"}, {"bert", 200, "o2", "20"}, {"anna", 300, "o3", "30"}};
static const struct hand_import first = {"order", first_rows, 3, false, VALUE_INT, 0};
static const struct row second_rows[] = {
    {"carl", 150, "o2", "21.5"}, {"anna", 400, "o4", "40.25"}, {"dora", 500, "o5", "50.00"}};
static const struct hand_import second = {"order", second_rows, 3, false, VALUE_DECIMAL, 2};

static void create_and_read(void **state)
{
    (void)state;
    char path[256], name[300];
    struct store *store = NULL;
    fixture_path(path);
    assert_int_equal(store_open(path, STORE_READ, NULL, &store, &error), STATUS_NOT_FOUND);
    OK(store_create(path, "Europe/Vienna", "EUR", &error));
    assert_int_equal(store_create(path, "UTC", NULL, &error), STATUS_ERROR);
    snprintf(name, sizeof name, "%s/..", path);
    assert_int_equal(store_create(name, "UTC", NULL, &error), STATUS_ERROR); /* not empty */
    store = opened(path, STORE_WRITE);
    assert_string_equal(store_schema(store)->zone, "Europe/Vienna");
    OK(hand_import(store, &first));
    OK(hand_import(store, &second));
    hand_check_files(store);
    store_close(store);
    store = opened(path, STORE_READ);
    char *picture = hand_picture(store);
    assert_string_equal(picture, "table order amount decimal 2\n"
                                 "anna 100 o1 10.00\nanna 300 o3 30.00\nanna 400 o4 40.25\n"
                                 "bert 200 o2 20.00\ndora 500 o5 50.00\ncustomers 4\n");
    free(picture);
    size_t count;
    const struct catalog_part *parts = store_parts(store, &count);
    assert_int_equal(parts[0].rows, 3);
    assert_int_equal(parts[0].first_time, 100);
    assert_int_equal(parts[0].last_time, 300);
    store_close(store);
    fixture_remove(path);
}

static void finding(void **state)
{
    (void)state;
    char path[256], below[300];
    const char *found;
    struct arena arena;
    arena_init(&arena, 0);
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    snprintf(below, sizeof below, "%s/parts", path);
    OK(store_find(path, NULL, &arena, &found, &error));
    OK(store_find(NULL, below, &arena, &found, &error));
    assert_non_null(strstr(found, "it's a store"));
    setenv("STRATA_STORE", path, 1);
    OK(store_find(NULL, NULL, &arena, &found, &error));
    assert_string_equal(found, path);
    unsetenv("STRATA_STORE");
    assert_int_equal(store_find("/nowhere", below, &arena, &found, &error), STATUS_NOT_FOUND);
    assert_int_equal(store_find(NULL, "/usr", &arena, &found, &error), STATUS_NOT_FOUND);
    assert_int_equal(store_find(NULL, NULL, &arena, &found, &error), STATUS_NOT_FOUND);
    arena_release(&arena);
    fixture_remove(path);
}

static void second_writer(void **state)
{
    (void)state;
    char path[256];
    int ready[2], done[2];
    char byte;
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    assert_true(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *mine = NULL;
        if (store_open(path, STORE_WRITE, "strata import big.csv", &mine, &error) != STATUS_OK)
            _exit(1);
        (void)!write(ready[1], "x", 1);
        (void)!read(done[0], &byte, 1);
        _exit(0); /* without closing: the lock goes with the process */
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct store *store = NULL;
    char pid[32];
    snprintf(pid, sizeof pid, "pid %d", (int)child);
    assert_int_equal(store_open(path, STORE_WRITE, "strata apply", &store, &error), STATUS_BUSY);
    assert_non_null(strstr(error.message, "strata import big.csv"));
    assert_non_null(strstr(error.message, pid));
    store_close(opened(path, STORE_READ)); /* readers never wait */
    (void)!write(done[1], "x", 1);
    waitpid(child, NULL, 0);
    store_close(opened(path, STORE_WRITE));
    fixture_remove(path);
}

static bool there(const char *path, const char *name)
{
    char full[600];
    snprintf(full, sizeof full, "%s/%s", path, name);
    return access(full, F_OK) == 0;
}

static void readers_keep_what_they_read(void **state)
{
    (void)state;
    char path[256];
    size_t count;
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    struct store *writer = opened(path, STORE_WRITE);
    OK(hand_import(writer, &first));
    struct store *reader = opened(path, STORE_READ);
    char *before = hand_picture(reader);
    char part[128];
    snprintf(part, sizeof part, "%s", store_parts(reader, &count)[0].path);
    struct lake *lake;
    OK(store_lake(writer, 1, &lake, &error));
    OK(store_undo(writer, lake, 1, 5, &error));
    lake_close(lake);
    assert_true(there(path, part));
    char *after = hand_picture(reader);
    assert_string_equal(before, after);
    free(before);
    free(after);
    store_close(reader);
    store_close(writer);
    writer = opened(path, STORE_WRITE);
    assert_false(there(path, part));
    hand_check_files(writer);
    store_close(writer);
    fixture_remove(path);
}

/* A writer imports and takes back again and again; whoever reads meanwhile sees one of the two
 * stores, whole. */
static void readers_beside_a_writer(void **state)
{
    (void)state;
    char path[256];
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    OK(hand_import(store, &first));
    char *without = hand_picture(store);
    OK(hand_import(store, &second));
    char *with = hand_picture(store);
    store_close(store);
    pid_t child = fork();
    if (child == 0) {
        struct store *mine = opened(path, STORE_WRITE);
        struct lake *lake;
        OK(store_lake(mine, 1, &lake, &error));
        for (uint32_t i = 2; i < 10; i++) {
            OK(store_undo(mine, lake, i, 9, &error));
            OK(hand_import(mine, &second));
        }
        _exit(0);
    }
    int status = 0, seen[2] = {0};
    while (waitpid(child, &status, WNOHANG) == 0) {
        struct store *reader = opened(path, STORE_READ);
        char *picture = hand_picture(reader);
        bool is_with = strcmp(picture, with) == 0;
        if (!is_with)
            assert_string_equal(picture, without);
        seen[is_with]++;
        free(picture);
        store_close(reader);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(seen[0] + seen[1] > 3);
    store = opened(path, STORE_WRITE);
    hand_check_files(store);
    store_close(store);
    free(with);
    free(without);
    fixture_remove(path);
}

/* The same sequence with and without one import, undone, must look alike. */
static void undo_is_absence(void **state)
{
    (void)state;
    uint64_t seed = 7;
    static const char *const customers[] = {"anna", "bert", "carl", "dora", "emil", "fred"};
    static const char *const ids[] = {"i0", "i1", "i2", "i3", "i4",  "i5",
                                      "i6", "i7", "i8", "i9", "i10", "i11"};
    static const char *const tables[] = {"order", "order", "view", "Order Completed"};
    for (int round = 0; round < 3; round++) {
        struct row rows[6][4];
        struct hand_import imports[6];
        for (int i = 0; i < 6; i++) {
            size_t used = 0;
            bool replaces = false;
            for (int j = 0; j < 4; j++) {
                seed = seed * UINT64_C(6364136223846793005) + 1;
                const char *id = ids[(seed >> 33) % 12];
                bool twice = false;
                for (size_t k = 0; k < used; k++)
                    twice = twice || strcmp(rows[i][k].id, id) == 0;
                if (twice)
                    continue;
                rows[i][used] =
                    (struct row){customers[(seed >> 40) % 6], (uint32_t)(seed >> 45) % 1000, id,
                                 i % 2 ? "7.25" : "7"};
                used++;
            }
            replaces = (seed >> 50) % 3 == 0;
            if (replaces)
                used = 1;
            imports[i] = (struct hand_import){
                tables[(seed >> 53) % 4],          rows[i],      used, replaces,
                i % 2 ? VALUE_DECIMAL : VALUE_INT, i % 2 ? 2 : 0};
        }
        for (int out = 0; out < 6; out += 1 + round % 3) {
            char with[256], without[256];
            fixture_path(with);
            fixture_path(without);
            OK(store_create(with, "UTC", NULL, &error));
            OK(store_create(without, "UTC", NULL, &error));
            struct store *a = opened(with, STORE_WRITE), *b = opened(without, STORE_WRITE);
            struct lake *lake;
            for (int i = 0; i < 6; i++) {
                OK(hand_import(a, &imports[i]));
                if (i != out)
                    OK(hand_import(b, &imports[i]));
            }
            OK(store_lake(a, 1, &lake, &error));
            OK(store_undo(a, lake, (uint32_t)out + 1, 9, &error));
            assert_int_equal(store_undo(a, lake, (uint32_t)out + 1, 9, &error), STATUS_USAGE);
            assert_int_equal(store_undo(a, lake, 77, 9, &error), STATUS_NOT_FOUND);
            lake_close(lake);
            hand_check_files(a);
            char *x = hand_picture(a), *y = hand_picture(b);
            /* customers of refused rows have an identity in b only because the test gives one to
             * everybody */
            *strstr(x, "customers") = *strstr(y, "customers") = '\0';
            assert_string_equal(x, y);
            free(x);
            free(y);
            store_close(a);
            store_close(b);
            fixture_remove(with);
            fixture_remove(without);
        }
    }
}

static void customers_go_with_their_import(void **state)
{
    (void)state;
    char path[256];
    uint32_t number;
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    OK(hand_import(store, &first));
    OK(hand_import(store, &second));
    struct lake *lake;
    OK(store_lake(store, 1, &lake, &error));
    OK(store_undo(store, lake, 1, 9, &error));
    assert_int_equal(identity_find(store, lake, TEXT("bert"), &number, &error), STATUS_NOT_FOUND);
    OK(identity_find(store, lake, TEXT("carl"), &number, &error)); /* came alive */
    OK(identity_find(store, lake, TEXT("anna"), &number, &error));
    assert_int_equal(number, 1);
    char *picture = hand_picture(store);
    assert_string_equal(picture,
                        "table order amount decimal 2\nanna 400 o4 40.25\ncarl 150 o2 21.50\n"
                        "dora 500 o5 50.00\ncustomers 3\n");
    free(picture);
    OK(store_undo(store, lake, 2, 9, &error));
    picture = hand_picture(store);
    assert_string_equal(picture, "customers 0\n");
    free(picture);
    lake_close(lake);
    OK(hand_import(store, &first)); /* numbers are never given again */
    OK(store_lake(store, 1, &lake, &error));
    OK(identity_find(store, lake, TEXT("anna"), &number, &error));
    assert_int_equal(number, 5);
    lake_close(lake);
    store_close(store);
    fixture_remove(path);
}

/* How often a row of the part comes before the one that stands above it. */
static int64_t disorder(struct store *store, const struct catalog_part *part, const char *column)
{
    struct lake *lake;
    struct arena arena;
    struct buffer sql;
    int64_t found = -1;
    arena_init(&arena, 0);
    buffer_init(&sql, 0);
    OK(store_lake(store, 1, &lake, &error));
    buffer_printf(&sql,
                  "SELECT count(*) FILTER (now < before) FROM (SELECT %s AS now, "
                  "lag(%s) OVER (ORDER BY file_row_number) AS before FROM read_parquet(",
                  column, column);
    lake_add_path(&sql, store_file(store, &arena, "%s", part->path));
    buffer_string(&sql, ", file_row_number=true))");
    OK(lake_query_integer(lake, sql.data, &found, NULL, &error));
    lake_close(lake);
    buffer_release(&sql);
    arena_release(&arena);
    return found;
}

/* Of those named first few have facts of another import, which names many more: what is left of
 * their part is the smaller side of the question who is still there. */
static void identifiers_stay_in_order(void **state)
{
    (void)state;
    enum { FIRST = 300, SECOND = 3000 };
    static char names[FIRST + SECOND][16];
    static struct row rows[FIRST + SECOND];
    char path[256];
    size_t count, looked_at = 0;
    fixture_path(path);
    for (uint32_t i = 0; i < FIRST + SECOND; i++) {
        snprintf(names[i], sizeof names[i], "c%u", (unsigned)(i * 7919 % (FIRST + SECOND)));
        rows[i] = (struct row){names[i], 100, "o", "1"};
    }
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    OK(hand_import(store, &(struct hand_import){"order", rows, FIRST, .type = VALUE_INT}));
    OK(hand_import(store,
                   &(struct hand_import){"view", rows + FIRST / 2, SECOND, .type = VALUE_INT}));

    struct lake *lake;
    OK(store_lake(store, 1, &lake, &error));
    OK(store_undo(store, lake, 1, 9, &error));
    lake_close(lake);
    const struct catalog_part *parts = store_parts(store, &count);
    for (size_t i = 0; i < count; i++)
        if (parts[i].role == PART_IDENTITY) {
            assert_int_equal(disorder(store, &parts[i], "identifier"), 0);
            looked_at += parts[i].rows;
        }
    assert_int_equal(looked_at, SECOND);
    store_close(store);
    fixture_remove(path);
}

static void the_last_replacement_stands(void **state)
{
    (void)state;
    static const struct row rows[] = {{"anna", 1, "o1", "10"},
                                      {"anna", 2, "o1", "20"},
                                      {"anna", 3, "o1", "30"},
                                      {"anna", 4, "o1", "40"}};
    static const struct {
        uint32_t undo;
        const char *stands;
    } steps[] = {{0, " 40"}, {4, " 20"}, {2, " 10"}, {1, " 30"}};
    char path[256];
    struct lake *lake;
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    for (int i = 0; i < 4; i++)
        OK(hand_import(store,
                       &(struct hand_import){"order", &rows[i], 1, i % 2 == 1, VALUE_INT, 0}));
    OK(store_lake(store, 1, &lake, &error));
    for (int i = 0; i < 4; i++) {
        if (steps[i].undo)
            OK(store_undo(store, lake, steps[i].undo, 9, &error));
        char *picture = hand_picture(store);
        if (!strstr(picture, steps[i].stands))
            fail_msg("step %d: expected%s in\n%s", i, steps[i].stands, picture);
        free(picture);
    }
    lake_close(lake);
    store_close(store);
    fixture_remove(path);
}

static void merging(void **state)
{
    (void)state;
    char path[256];
    struct row rows[20];
    char ids[20][16]; /* room for any int: gcc counts so under the sanitizers */
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    for (int i = 0; i < 20; i++) {
        snprintf(ids[i], sizeof ids[i], "x%d", i);
        rows[i] = (struct row){i % 3 ? "anna" : "bert", (uint32_t)(1000 - i), ids[i], "5"};
        OK(hand_import(store, &(struct hand_import){"order", &rows[i], 1, false, VALUE_INT, 0}));
    }
    char *before = hand_picture(store);
    size_t merged, count, facts = 0;
    struct lake *lake;
    OK(store_lake(store, 1, &lake, &error));
    OK(store_merge(store, lake, &merged, &error));
    assert_true(merged >= 20);
    const struct catalog_part *parts = store_parts(store, &count);
    for (size_t i = 0; i < count; i++)
        facts += parts[i].role == PART_FACTS;
    assert_int_equal(facts, 1);
    char *after = hand_picture(store);
    assert_string_equal(before, after);
    hand_check_files(store);
    OK(store_undo(store, lake, 4, 9, &error)); /* out of the merged part */
    free(after);
    after = hand_picture(store);
    assert_null(strstr(after, " x3 "));
    assert_int_equal(strlen(after), strlen(before) - strlen("bert 997 x3 5\n"));
    hand_check_files(store);
    free(before);
    free(after);
    lake_close(lake);
    store_close(store);
    fixture_remove(path);
}

static void work(const char *path, int step)
{
    char text[16];
    struct store *store = NULL;
    struct lake *lake;
    snprintf(text, sizeof text, "%d", step);
    setenv("STRATA_CRASH_AT", text, 1);
    if (store_open(path, STORE_WRITE, "strata test", &store, &error) != STATUS_OK)
        _exit(2);
    if (hand_import(store, &second) != STATUS_OK ||
        store_lake(store, 1, &lake, &error) != STATUS_OK ||
        store_undo(store, lake, 1, 9, &error) != STATUS_OK)
        _exit(3);
    _exit(0);
}

static void killed_at_every_step(void **state)
{
    (void)state;
    char path[256], command[1024];
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    OK(hand_import(store, &first));
    char *pictures[3];
    pictures[0] = hand_picture(store);
    store_close(store);
    snprintf(command, sizeof command, "cp -a \"%s\" \"%s-kept\"", path, path);
    assert_int_equal(system(command), 0);
    store = opened(path, STORE_WRITE);
    OK(hand_import(store, &second));
    pictures[1] = hand_picture(store);
    struct lake *lake;
    OK(store_lake(store, 1, &lake, &error));
    OK(store_undo(store, lake, 1, 9, &error));
    lake_close(lake);
    pictures[2] = hand_picture(store);
    store_close(store);
    int step = 0, status = 0, seen[3] = {0};
    do {
        snprintf(command, sizeof command, "rm -rf \"%s\" && cp -a \"%s-kept\" \"%s\"", path, path,
                 path);
        assert_int_equal(system(command), 0);
        pid_t child = fork();
        if (child == 0)
            work(path, step + 1);
        step++;
        waitpid(child, &status, 0);
        if (WIFEXITED(status))
            break;
        assert_int_equal(WTERMSIG(status), SIGKILL);
        store = opened(path, STORE_WRITE);
        hand_check_files(store);
        char *picture = hand_picture(store);
        int which = 0;
        while (which < 3 && strcmp(picture, pictures[which]) != 0)
            which++;
        if (which == 3)
            fail_msg("killed at step %d, the store is neither old nor new:\n%s", step, picture);
        seen[which]++;
        free(picture);
        store_close(store);
    } while (step < 200);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(step > 15 && seen[0] > 3 && seen[1] > 3 && seen[2] > 0);
    for (int i = 0; i < 3; i++)
        free(pictures[i]);
    fixture_remove(path);
}

static void read_only_place(void **state)
{
    (void)state;
    char path[256], parent[256];
    fixture_path(path);
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    OK(hand_import(store, &first));
    store_close(store);
    chmod(parent, 0755);
    chmod(path, 0555);
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(0);
        struct store *mine = NULL;
        if (store_open(path, STORE_READ, NULL, &mine, &error) != STATUS_OK) {
            fprintf(stderr, "%s\n", error.message);
            _exit(1);
        }
        char *picture = hand_picture(mine);
        if (!strstr(picture, "bert 200 o2 20"))
            _exit(2);
        free(picture);
        store_close(mine);
        if (store_open(path, STORE_WRITE, NULL, &mine, &error) != STATUS_IO ||
            !strstr(error.hint, "can be read"))
            _exit(3);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    chmod(path, 0755);
    fixture_remove(path);
}

static void newer_version(void **state)
{
    (void)state;
    char path[256], name[300];
    struct store *store = NULL;
    fixture_path(path);
    OK(store_create(path, "UTC", NULL, &error));
    snprintf(name, sizeof name, "%s/catalog.db", path);
    int file = open(name, O_RDWR);
    assert_true(file >= 0);
    /* user_version: a big-endian integer at byte 60 of an SQLite file */
    assert_int_equal(pwrite(file, "\0\0\0\7", 4, 60), 4);
    close(file);
    assert_int_equal(store_open(path, STORE_READ, NULL, &store, &error), STATUS_ERROR);
    assert_non_null(strstr(error.message, "newer version"));
    assert_int_equal(store_open(path, STORE_WRITE, NULL, &store, &error), STATUS_ERROR);
    file = open(name, O_RDWR | O_TRUNC);
    assert_int_equal(
        write(file, "this is no database at all, but text that is long enough to be one.", 67), 67);
    close(file);
    assert_int_equal(store_open(path, STORE_READ, NULL, &store, &error), STATUS_CORRUPT);
    assert_non_null(strstr(error.message, "not a catalog"));
    fixture_remove(path);
}

static void full_disk(void **state)
{
    (void)state;
    char path[256], parent[256];
    fixture_path(path);
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (mount("tmpfs", parent, "tmpfs", 0, "size=1500k") != 0) {
        fixture_remove(path);
        skip();
    }
    OK(store_create(path, "UTC", NULL, &error));
    struct store *store = opened(path, STORE_WRITE);
    OK(hand_import(store, &first));
    char *before = hand_picture(store);
    struct lake *lake;
    struct store_change *change;
    OK(store_lake(store, 1, &lake, &error));
    OK(store_begin(store, &change, &error));
    struct store_new_part part = {
        .table = "order",
        .role = PART_FACTS,
        .ordered = true,
        .select = "SELECT range::UINTEGER AS customer, 5::UINTEGER AS \"time\", 9::UINTEGER AS "
                  "import, range::UBIGINT AS "
                  "arrival, uuid()::VARCHAR AS id, 5::BIGINT AS amount FROM range(300000)"};
    assert_int_equal(store_write_part(change, lake, &part, NULL, &error), STATUS_FULL);
    assert_non_null(strstr(error.hint, "disk is full"));
    store_abort(change);
    lake_close(lake);
    char *after = hand_picture(store);
    assert_string_equal(before, after);
    hand_check_files(store);
    OK(hand_import(store, &second)); /* and there is room again */
    free(before);
    free(after);
    store_close(store);
    umount(parent);
    fixture_remove(path);
}

static void numbers_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { TEXTS = 5000 };
    for (int threads = 1; threads <= 4; threads += 3) {
        struct lake *lake;
        struct numbering *numbering = store_numbering_new(10);
        store_numbering_known(numbering, TEXT("k7"), 3);
        OK(lake_open(&(struct lake_options){.threads = threads}, &lake, &error));
        OK(store_register_numbering(lake, "code", numbering, &error));
        int64_t good = 0;
        OK(lake_execute(
            lake,
            "CREATE TABLE t AS SELECT range AS r, ['k' || (range * 7919 % 5000), NULL, 'k7'] AS s,"
            " code('k' || (range * 7919 % 5000), range::UBIGINT) AS c,"
            " code_set(['k' || (range * 7919 % 5000), NULL, 'k7'], range::UBIGINT) AS cs FROM "
            "range(1000000)",
            &error));
        assert_int_equal(store_numbering_count(numbering), TEXTS - 1);
        assert_int_equal(store_numbering_settle(numbering, NULL), TEXTS - 1);
        OK(lake_query_integer(
            lake,
            "SELECT count(*) FROM t WHERE code_final(c) = CASE WHEN r * 7919 % 5000 = 7 THEN 3"
            " ELSE 10 + r % 5000 - (r % 5000 > 3753)::INT END"
            " AND code_final_set(cs) = list_sort(list_distinct([3, code_final(c)]))",
            &good, NULL, &error));
        /* k7 is met at row 3753 (3753 · 7919 mod 5000 = 7) and takes no new number */
        assert_int_equal(3753 * 7919 % 5000, 7);
        assert_int_equal(good, 1000000);
        lake_close(lake);
        store_numbering_free(numbering);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(create_and_read),
    cmocka_unit_test(finding),
    cmocka_unit_test(second_writer),
    cmocka_unit_test(readers_keep_what_they_read),
    cmocka_unit_test(readers_beside_a_writer),
    cmocka_unit_test(undo_is_absence),
    cmocka_unit_test(customers_go_with_their_import),
    cmocka_unit_test(identifiers_stay_in_order),
    cmocka_unit_test(the_last_replacement_stands),
    cmocka_unit_test(merging),
    cmocka_unit_test(killed_at_every_step),
    cmocka_unit_test(read_only_place),
    cmocka_unit_test(newer_version),
    cmocka_unit_test(full_disk),
    cmocka_unit_test(numbers_do_not_depend_on_threads),
};

UNIT_MAIN(tests)
