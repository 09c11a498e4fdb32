/*
 * What --set and --where may say: one scalar expression over the values of a row.
 */
#ifndef STRATA_INGEST_EXPRESSION_H
#define STRATA_INGEST_EXPRESSION_H

#include "lake/lake.h"

/* Who asks, for messages, and which names an expression may use. */
struct ingest_expression {
    const char *option; /* "--set amount" */
    const char *sql;
    /* columns and earlier computed ones; compared without regard to case */
    const char *const *names;
    size_t name_count;
    const char *listed;  /* the same for people, with their types */
    const double *sizes; /* of each name: how many columns its value may be as long as, 1 for a
                            column; NULL: 1 for all */
};

/*
 * STATUS_OK when the expression can only compute: column names, constants, operators,
 * CASE, CAST and functions whose value depends on their arguments alone. Nothing is run.
 * STATUS_USAGE with what is wrong otherwise. An expression that passes stays one
 * expression inside "(sql\n)" wherever SQL allows one: the line end closes a comment.
 */
/* *size (may be NULL): how many columns' values the result may be as long as, for later
 * expressions that use it. */
enum status ingest_check_expression(struct lake *lake, const struct ingest_expression *expression,
                                    double *size, struct error *error);
/* Whether an expression may call the function of that name. */
bool ingest_allows_function(const char *name);

#endif
