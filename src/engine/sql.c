/* SQL of users: the store's parts as views in a lake of its own that can do nothing but read them.
 */
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct engine_sql {
    struct lake *lake;
    struct lake_result *result;
    struct arena arena;
    int hold; /* on the parts that are read, or -1 */
};

static enum status open_locked(struct session *session, const char *statement, const char *also,
                               struct engine_sql *sql, struct error *error)
{
    const char *const *paths;
    size_t count;
    TRY(store_lake(session_store(session), session_threads(session), &sql->lake, error));
    TRY(store_create_views(session_store(session), sql->lake, statement, &sql->arena, &paths,
                           &count, error));
    const char **allowed = ARENA_ARRAY(&sql->arena, const char *, count + 1);
    if (count)
        memcpy(allowed, paths, count * sizeof *allowed);
    if (also)
        allowed[count++] = also;
    return lake_lock_down(sql->lake, allowed, count, error);
}

/* ---- what was meant ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80);
}

/* Names of the store that are words of SQL, too: a bare one gives a syntax error somewhere behind
 * it. */
static bool is_sql_word(const char *name)
{
    static const char *const words[] = {
        "all",    "and",   "as",     "asc",   "between", "by",    "case",  "check",
        "column", "cross", "desc",   "else",  "end",     "from",  "full",  "group",
        "having", "in",    "inner",  "into",  "join",    "left",  "like",  "limit",
        "not",    "null",  "offset", "on",    "or",      "order", "right", "select",
        "table",  "then",  "to",     "union", "unique",  "user",  "when",  "where"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i], name) == 0)
            return true;
    return false;
}

/* Whether name stands in the statement without quotes, and not as its own word of SQL does: order
 * before by, left and right before join or outer, any other word anywhere. */
static bool stands_bare(const char *statement, const char *name)
{
    static const char *const own[] = {"by", "join", "outer"};
    size_t length = strlen(name);
    char quote = 0;
    for (const char *at = statement; *at; at++) {
        if (!quote && (*at == '\'' || *at == '"'))
            quote = *at;
        else if (*at == quote)
            quote = 0;
        bool here = !quote && (at == statement || (!is_word(at[-1]) && at[-1] != '"')) &&
                    strncasecmp(at, name, length) == 0 && !is_word(at[length]) && at[length] != '"';
        if (!here)
            continue;

        /* Behind it stands what makes it a word of SQL, or it is meant as a name. */
        const char *next = at + length + strspn(at + length, " \t\r\n");
        bool sql = false;
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            sql |= strncasecmp(next, own[i], strlen(own[i])) == 0 && !is_word(next[strlen(own[i])]);
        if (!sql)
            return true;
    }
    return false;
}

static void hint_names(const struct schema *schema, const char *statement, struct error *error)
{
    for (size_t t = 0; t < schema->table_count; t++) {
        const struct schema_table *table = &schema->tables[t];
        const char *found =
            is_sql_word(table->name) && stands_bare(statement, table->name) ? table->name : NULL;
        for (size_t c = 0; c < table->column_count && !found; c++)
            if (is_sql_word(table->columns[c].name) &&
                stands_bare(statement, table->columns[c].name))
                found = table->columns[c].name;
        if (found) {
            error_hint(error, "%s is a word of SQL; as a name it stands in double quotes: \"%s\"",
                       found, found);
            return;
        }
    }
}

/* Double quotes make a name of "Wien"; a text was meant where nothing is called so. */
static void hint_text(const char *statement, struct error *error)
{
    const char *from = strstr(error->message, "column \""),
               *name = from ? from + strlen("column \"") : NULL;
    const char *end = name ? strchr(name, '"') : NULL;
    struct arena arena;
    if (!end)
        return;
    arena_init(&arena, 0);
    const char *quoted = arena_printf(&arena, "\"%.*s\"", (int)(end - name), name);

    /* Only where the user wrote quotes: a name without them is simply not there. */
    if (strstr(statement, quoted))
        error_hint(error, "texts stand in single quotes: '%.*s'; double quotes are for names",
                   (int)(end - name), name);
    arena_release(&arena);
}

static enum status explain_failure(struct session *session, const char *statement,
                                   enum status status, struct error *error)
{
    if (status == STATUS_OK || error->hint[0])
        return status;
    if (strstr(error->message, "syntax error"))
        hint_names(session_schema(session), statement, error);
    else
        hint_text(statement, error);
    return status;
}

enum status engine_sql_open(struct session *session, const char *statement, struct engine_sql **out,
                            struct error *error)
{
    struct engine_sql *sql = base_calloc(1, sizeof *sql);
    arena_init(&sql->arena, 0);
    enum status status = store_hold(session_store(session), &sql->hold, error);
    if (status == STATUS_OK)
        status = store_check_named(session_store(session), statement, error);
    if (status == STATUS_OK)
        status = open_locked(session, statement, NULL, sql, error);
    if (status == STATUS_OK)
        status = explain_failure(session, statement,
                                 lake_query_user(sql->lake, statement, &sql->result, error), error);
    if (status != STATUS_OK) {
        engine_sql_close(sql);
        return status;
    }
    *out = sql;
    return STATUS_OK;
}

struct lake_result *engine_sql_result(struct engine_sql *sql)
{
    return sql->result;
}

void engine_sql_detach(struct engine_sql *sql)
{
    lake_result_unwatch(sql->result);
}

void engine_sql_close(struct engine_sql *sql)
{
    if (!sql)
        return;
    lake_result_free(sql->result);
    lake_close(sql->lake);
    if (sql->hold >= 0)
        close(sql->hold);
    arena_release(&sql->arena);
    free(sql);
}

/* Only what is one SELECT is wrapped into the writing of a file. */
enum status engine_sql_parquet(struct session *session, const char *statement, const char *path,
                               struct error *error)
{
    struct engine_sql sql = {0};
    struct buffer text;

    arena_init(&sql.arena, 0);
    buffer_init(&text, 0);
    enum status status = store_check_named(session_store(session), statement, error);
    if (status == STATUS_OK)
        status = open_locked(session, statement, path, &sql, error);
    if (status == STATUS_OK)
        status = explain_failure(session, statement, lake_check_select(sql.lake, statement, error),
                                 error);

    /* A semicolon at the end would stand inside the parentheses that it is put into. */
    size_t length = strlen(statement);
    while (length && strchr("; \t\r\n", statement[length - 1]))
        length--;
    buffer_add(&text, statement, length);
    buffer_char(&text, '\n'); /* ends a comment in the last line */
    if (status == STATUS_OK)
        status = lake_write_parquet(sql.lake, text.data, path, NULL, NULL, error);
    buffer_release(&text);
    lake_close(sql.lake);
    arena_release(&sql.arena);
    return status;
}
