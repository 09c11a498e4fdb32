/* Whatever byte of a part changes, reading what it belongs to fails; and nothing else has to. */
#include "fixture.h"
#include "unit/unit.h"

#include <fcntl.h>

/* A kind with a text whose codes bear the name that older programs gave them, and enough rows for
 * several chunks. */
static const char older_rows[] = "SELECT (i // 10)::UINTEGER AS customer, i::UINTEGER AS \"time\", "
                                 "1::UINTEGER AS import, i::UBIGINT AS arrival, "
                                 "'v' || i AS id, 'text ' || (i % 20) AS place, (i % 20)::UINTEGER "
                                 "AS \"place#\" FROM range(300000) t(i)";

static void make_store(const char *path)
{
    struct store *store;
    struct store_change *change;
    struct lake *lake;
    uint32_t number;
    struct catalog_column column = {.column = {.name = "place", .type = VALUE_TEXT}};
    struct catalog_table table = {
        .name = "visit", .role = SCHEMA_FACTS, .columns = &column, .column_count = 1};
    struct catalog_import import = {
        .received = 1000, .kind = CATALOG_FACTS, .table = "visit", .content_hash = "x"};
    struct store_new_part part = {.table = "visit", .role = PART_FACTS, .select = older_rows};
    OK(store_create(path, "UTC", NULL, &error));
    OK(store_open(path, STORE_WRITE, "strata test", &store, &error));
    OK(store_lake(store, 1, &lake, &error));
    OK(store_begin(store, &change, &error));
    OK(catalog_add_import(store_catalog(store), &import, &number, &error));
    OK(catalog_add_schema(store_catalog(store), number, &table, &error));
    OK(store_write_part(change, lake, &part, NULL, &error));
    OK(store_commit(change, &error));
    lake_close(lake);
    store_close(store);
}

/* Whether the columns of the facts may be read, by a program that starts now. */
static bool may_be_read(const char *path, const char *const *columns, size_t count)
{
    struct store *store;
    struct buffer sql;
    struct store_read read = {
        .table = "visit", .role = PART_FACTS, .columns = columns, .column_count = count};
    OK(store_open(path, STORE_READ, NULL, &store, &error));
    buffer_init(&sql, 0);
    enum status status = store_select(store, &read, &sql, &error);
    if (status != STATUS_OK)
        assert_non_null(strstr(error.message, "damaged"));
    assert_int_equal(store_select(store, &read, &sql, &error), status); /* asked again, the same */
    buffer_release(&sql);
    store_close(store);
    return status == STATUS_OK;
}

/* Whether the whole part is what was written. */
static bool is_whole(const char *path)
{
    struct store *store;
    size_t count;
    OK(store_open(path, STORE_READ, NULL, &store, &error));
    const struct catalog_part *parts = store_parts(store, &count);
    enum status status = store_check_part(store, &parts[0], NULL, 0, &error);
    store_close(store);
    return status == STATUS_OK;
}

static void turn_bit(const char *path, const char *part, uint64_t at)
{
    char name[512];
    unsigned char byte;
    snprintf(name, sizeof name, "%s/%s", path, part);
    int file = open(name, O_RDWR);
    assert_true(file >= 0);
    assert_int_equal(pread(file, &byte, 1, (off_t)at), 1);
    byte ^= 4;
    assert_int_equal(pwrite(file, &byte, 1, (off_t)at), 1);
    close(file);
}

/* The name that a column is asked for by, by its name in the part. */
static const char *asked_for_as(const char *column)
{
    return strcmp(column, "place#") == 0 ? SCHEMA_CODES "place" : column;
}

static void try_byte(const char *path, const struct catalog_part *part, const char *piece,
                     uint64_t at)
{
    turn_bit(path, part->path, at);
    for (size_t i = 0; i < part->column_count; i++) {
        const char *column = asked_for_as(part->columns[i].name);
        bool hurt = !*piece || strcmp(piece, part->columns[i].name) == 0;
        assert_int_equal(may_be_read(path, &column, 1), !hurt);
    }
    assert_false(is_whole(path));
    turn_bit(path, part->path, at);
}

/* The first and the last byte of each range, and one between. */
static void try_piece(const char *path, const struct catalog_part *part,
                      const struct catalog_checksum *piece)
{
    for (size_t i = 0; i < piece->range_count; i++) {
        struct catalog_range range = piece->ranges[i];
        try_byte(path, part, piece->piece, range.offset);
        try_byte(path, part, piece->piece, range.offset + range.length / 2);
        try_byte(path, part, piece->piece, range.offset + range.length - 1);
    }
}

static void every_piece_is_looked_at(void **state)
{
    (void)state;
    char path[256];
    size_t part_count, count;
    struct store *store;
    struct arena arena;
    struct catalog_checksum *pieces;
    uint64_t covered = 0, rest = 0;
    fixture_path(path);
    make_store(path);
    arena_init(&arena, 0);
    OK(store_open(path, STORE_READ, NULL, &store, &error));
    const struct catalog_part *part = store_parts(store, &part_count);
    OK(catalog_checksums(store_catalog(store), part->number, &arena, &pieces, &count, &error));
    assert_int_equal(part->role, PART_FACTS);
    assert_int_equal(count, part->column_count + 1);

    assert_true(is_whole(path));
    for (size_t i = 0; i < count; i++) {
        for (size_t r = 0; r < pieces[i].range_count; r++)
            *(*pieces[i].piece ? &covered : &rest) += pieces[i].ranges[r].length;
        try_piece(path, part, &pieces[i]);
    }
    assert_int_equal(covered + rest, part->bytes);
    assert_in_range(rest, 8, 4000); /* the file's head and foot: filters belong to their column */
    assert_true(is_whole(path));

    store_close(store);
    arena_release(&arena);
    fixture_remove(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_piece_is_looked_at),
};
UNIT_MAIN(tests)
