/*
 * What the files of the SQL generator share.
 *
 * A statement is a list of common table expressions, each of which gives one row a customer: a
 * measure, a trait at T, a rank, another segment. An expression is text that reads columns of such
 * tables; writing it joins the tables it reads to the rows it stands beside. Equal tables are
 * written once, so measures that conditions share are computed once, as in a plan.
 */
#ifndef STRATA_SQL_INTERNAL_H
#define STRATA_SQL_INTERNAL_H

#include "base/vector.h"
#include "sql/sql.h"

__extension__ typedef unsigned __int128 sql_wide;

struct sql_table {
    const char *name, *body;
};

struct sql {
    const struct segment_set *set;
    const struct schema *schema;
    const struct zone *zone;
    int64_t now;
    struct arena *arena;
    VECTOR(struct sql_table) tables;
    /* by segment index: the table that holds its members, NULL until written */
    const char **segments;
    int aliases;        /* given to joined reference tables */
    struct error error; /* the first failure; code STATUS_OK while there is none */
};

/* The joins that one FROM clause collects. */
struct sql_join {
    const char *table, *on, *alias;
};
struct sql_joins {
    VECTOR(struct sql_join) items;
};

/* A column of a step's table that stands for a property, or for an earlier step's. */
struct sql_exposed {
    const struct segment_node *node;
    const char *part, *expression;
};

/* Some tables have a second key beside the customer: moments of a history, units of periods(). */
/* Tellings of one second go by arrival: the moments of a history are both in one number, of (time,
 * arrival). */
#define SQL_TELLING "(CAST(%s AS HUGEINT) * 4611686018427387904 + %s)"
#define SQL_LAST_ARRIVAL "4611686018427387903"
enum sql_key_kind { SQL_KEY_NONE, SQL_KEY_MOMENT, SQL_KEY_UNIT };
struct sql_key {
    enum sql_key_kind kind;
    const char *table;  /* of its values: (customer, moment), or (unit, lo, hi) */
    const char *column; /* the expression of the current one */
};

/* Where an expression stands. Copied freely: only the joins are shared. */
struct sql_scope {
    struct sql *sql;
    const char *customer; /* expression of the customer's number */
    struct sql_joins *joins;
    struct sql_key key;
    const char *part; /* "latitude" or "longitude" when half of a location is wanted */
    const char *fact; /* alias of the fact's row, NULL in the customer's context */
    const struct schema_table *table; /* the fact's */
    int kind;                         /* which of its measure's kinds */
    const struct sql_exposed *exposed;
    size_t exposed_count;
};

/* What was gathered in `out`, kept in the statement's memory; releases out. For lists as long as a
 * definition likes, which SQL() would copy anew for each item. */
const char *sql_gathered(struct sql *sql, struct buffer *out);
#define SQL(scope, ...) arena_printf((scope)->sql->arena, __VA_ARGS__)

/* ---- sql.c: statements and tables ---- */
/* The name of the table with this body; written now if there is none yet. */
const char *sql_table(struct sql *sql, const char *prefix, const char *body);
void sql_fail(struct sql *sql, const struct segment_node *node, const char *what);
/* The customer's context of the rows named alias, whose joins go to joins. */
struct sql_scope sql_customers(struct sql *sql, const char *alias, struct sql_joins *joins);
/* The same place seen from the customer. */
struct sql_scope sql_outside(const struct sql_scope *scope);
/* Joins a table by customer (and key, where it has one) once; gives its name. */
const char *sql_join(const struct sql_scope *scope, const char *table, bool keyed);
/* Joins a reference table on its key; gives the alias. */
const char *sql_join_reference(const struct sql_scope *scope, const struct schema_table *table,
                               const char *key);
const char *sql_joined(struct sql *sql, struct sql_joins *joins);
const char *sql_segment_table(struct sql *sql, int segment);
/* alias."p.name" or its half. */
const char *sql_column(struct sql *sql, const char *alias, const struct schema_column *column,
                       const char *part);
const char *sql_text(struct sql *sql, struct text text);
const char *sql_name(struct sql *sql, const struct schema_table *table);

/* ---- sql_value.c ---- */
const char *sql_value(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_double(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_integer(struct sql *sql, int64_t value);
const char *sql_trait(const struct sql_scope *scope, const struct segment_node *node,
                      int64_t moment);
bool sql_is_double(const struct segment_node *node);

/* ---- sql_function.c ---- */
const char *sql_function(const struct sql_scope *scope, const struct segment_node *node);

/* ---- sql_condition.c ---- */
/* True or false, never NULL; in parentheses. */
const char *sql_condition(const struct sql_scope *scope, const struct segment_node *node);

/* ---- sql_window.c ---- */
/* Expressions of the bounds, NULL where unbounded. */
struct sql_bounds {
    const char *lo, *hi;
    bool constant;
    struct segment_bounds value;
};
struct sql_bounds sql_window_bounds(const struct sql_scope *scope,
                                    const struct segment_window *window);
/* Whether the moment `time` of a fact lies in the window; NULL or false when not. */
const char *sql_in_window(const struct sql_scope *scope, const struct segment_window *window,
                          const char *time);
/* A value node of type TIME or DATE. */
const char *sql_in_window_value(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_anniversary(const struct sql_scope *scope, const struct segment_node *node);
/* moment + sign × period. */
const char *sql_step_moment(struct sql *sql, const char *moment, struct calendar_period period,
                            int sign);
/* What is the same for everyone: literals, now, today and steps from them. */
bool sql_constant(struct sql *sql, const struct segment_node *node, struct segment_anchor *anchor);

/* ---- sql_measure.c ---- */
const char *sql_measure(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_periods(const struct sql_scope *scope, const struct segment_node *node);
/* A subquery of facts: customer, time, kind, arrival, and one column an expression; see
 * sql_measure.c. */
struct sql_facts {
    const char *const *kinds;
    const int *kind_table;
    int kind_count;
    const struct segment_window *window; /* or NULL */
    const struct segment_node *filter;   /* or NULL */
    const struct sql_exposed *columns;   /* node and part are read; the columns are v0, v1, … */
    size_t column_count;
    bool global_kind; /* kind is the schema's table index rather than the place among kinds */
    struct sql_key key;
};
const char *sql_facts(struct sql *sql, const struct sql_facts *facts);

/* ---- sql_story.c ---- */
const char *sql_sequence(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_resumed(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_ever(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_changed(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_record(const struct sql_scope *scope, const struct segment_node *node);

/* ---- sql_everyone.c ---- */
const char *sql_top(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_rank_value(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_account(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_sample(const struct sql_scope *scope, const struct segment_node *node);
const char *sql_list(const struct sql_scope *scope, const struct segment_node *node);

#endif
