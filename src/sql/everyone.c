/* Ranks, accounts, samples and lists as SQL: what takes everyone into account is a window function
 * over all of them, and equal values are told apart by identifier, as in the language. */
#include "base/number.h"
#include "sql/internal.h"

#include <inttypes.h>

/* Those who are ranked: customer, identifier, v. */
static const char *ranked(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "c", &joins);
    const char *value = sql_value(&inside, node->child[0]);

    const char *among = node->rank->among ? sql_condition(&inside, node->rank->among) : "TRUE";
    return SQL(
        scope,
        "SELECT c.customer, c.identifier, %s AS v FROM activity c%s WHERE c.first <= %" PRId64
        " AND %s IS NOT NULL AND %s",
        value, sql_joined(sql, &joins), sql->now, value, among);
}

const char *sql_top(const struct sql_scope *scope, const struct segment_node *node)
{
    const struct segment_rank *rank = node->rank;
    const char *keep = SQL(scope, "%" PRId64, rank->count);
    if (rank->is_percent) {
        /* ceil(n% of everyone), exactly: (scaled × everyone + unit − 1) // unit */
        const char *unit =
            SQL(scope, "(CAST(100 AS HUGEINT) * %" PRId64 ")", number_power10(rank->percent_scale));
        keep = SQL(scope, "(CAST(%" PRId64 " AS HUGEINT) * everyone + %s - 1) // %s",
                   rank->percent_scaled, unit, unit);
    }

    const char *places = SQL(scope,
                             "SELECT customer, row_number() OVER (ORDER BY v %s, identifier) AS "
                             "place, count(*) OVER () AS "
                             "everyone FROM (%s)",
                             rank->bottom ? "ASC" : "DESC", ranked(scope, node));
    return sql_table(scope->sql, "top",
                     SQL(scope, "SELECT customer FROM (%s) WHERE place <= %s", places, keep));
}

const char *sql_rank_value(const struct sql_scope *scope, const struct segment_node *node)
{
    const char *value = "CAST(100 AS DOUBLE) * CAST(count(*) OVER (ORDER BY v) AS DOUBLE) / "
                        "CAST(count(*) OVER () AS "
                        "DOUBLE)";
    if (node->op == OP_NTILE)
        value = SQL(scope, "ntile(%" PRId64 ") OVER (ORDER BY v, identifier)", node->rank->count);
    const char *table =
        sql_table(scope->sql, "rank",
                  SQL(scope, "SELECT customer, %s AS v FROM (%s)", value, ranked(scope, node)));
    return SQL(scope, "%s.v", sql_join(scope, table, false));
}

const char *sql_account(const struct sql_scope *scope, const struct segment_node *node)
{
    static const char *const values[] = {
        [ACCOUNT_ANY] = "met > 0",
        [ACCOUNT_ALL] = "met = everyone",
        [ACCOUNT_NONE] = "met = 0",
        [ACCOUNT_COUNT] = "met",
    };

    struct sql *sql = scope->sql;
    struct sql_joins joins = {0};
    struct sql_scope inside = sql_customers(sql, "c", &joins);
    struct segment_node pointer = {.op = OP_TRAIT, .type = VALUE_TEXT, .path = node->account->path};
    const char *key = sql_trait(&inside, &pointer, sql->now);
    const char *met =
        node->child_count && node->child[0] ? sql_condition(&inside, node->child[0]) : "TRUE";

    /* Each customer with their account and whether they meet the condition; then each
     * account with how many do; then both together. */
    const char *members = sql_table(
        sql, "account",
        SQL(scope,
            "SELECT c.customer, %s AS account, %s AS met FROM activity c%s WHERE c.first <= "
            "%" PRId64 " AND %s IS NOT NULL",
            key, met, sql_joined(sql, &joins), sql->now, key));

    const char *body = SQL(
        scope,
        "SELECT a.customer, %s AS v FROM %s a JOIN (SELECT account, count(*) AS everyone, count(*) "
        "FILTER (WHERE met) AS met FROM %s GROUP BY account) g ON g.account = a.account",
        node->account->quantifier == ACCOUNT_COUNT
            ? "g.met"
            : SQL(scope, "g.%s", values[node->account->quantifier]),
        members, members);

    return SQL(scope, "%s.v", sql_join(scope, sql_table(sql, "accounts", body), false));
}

/* The first 8 bytes of MD5(seed, NUL, identifier) as a whole number. */
static const char *hash(const struct sql_scope *scope, const struct segment_node *node)
{
    struct sql *sql = scope->sql;
    const char *table = sql_join(scope, "activity", false);
    return SQL(scope, "CAST('0x' || substr(md5(%s || chr(0) || %s.identifier), 1, 16) AS UBIGINT)",
               sql_text(sql, text_from(node->sample.seed)), table);
}

static const char *wide(struct sql *sql, sql_wide value)
{
    enum { DIGITS_MAX = 40 }; /* 2^128 has 39 */
    char digits[DIGITS_MAX + 1];
    int at = DIGITS_MAX;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    return arena_printf(sql->arena, "CAST('%s' AS UHUGEINT)", digits + at);
}

const char *sql_sample(const struct sql_scope *scope, const struct segment_node *node)
{
    const struct segment_sample *sample = &node->sample;
    const char *u = SQL(scope, "CAST(%s AS UHUGEINT)", hash(scope, node));
    if (node->op == OP_BUCKET)
        return SQL(scope, "(CAST((%s * %" PRId64 ") // %s AS BIGINT) + 1)", u, sample->buckets,
                   wide(scope->sql, (sql_wide)1 << 64));
    /* u < 2^64·p/100, so u < ceil of it. */
    sql_wide unit = (sql_wide)100 * (sql_wide)number_power10(sample->percent_scale);
    sql_wide limit = (((sql_wide)sample->percent_scaled << 64) + unit - 1) / unit;
    return SQL(scope, "(%s%s < %s)", node->negated ? "NOT " : "", u, wide(scope->sql, limit));
}

const char *sql_list(const struct sql_scope *scope, const struct segment_node *node)
{
    return sql_table(scope->sql, "listed",
                     SQL(scope, "SELECT DISTINCT customer FROM list WHERE name = %s",
                         sql_text(scope->sql, text_from(node->name))));
}
