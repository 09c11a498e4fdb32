/*
 * Inside the room: how values of the segment language become columns of numbers for a model, the
 * same for predictions and look-alikes. Raw values are doubles, NaN where unknown, a text by a key.
 * What is learnt of them (median, logarithm, levels) is learnt from the rows of a fit, and kept, so
 * that a customer who arrives later is described in the same columns.
 */
#ifndef STRATA_STUDY_COLUMNS_H
#define STRATA_STUDY_COLUMNS_H

#include "study/work.h"

#include <math.h>

enum column_form {
    COLUMN_NUMBER,
    COLUMN_LOG,     /* sign(x) ln(1 + |x|): of a skewed number */
    COLUMN_LEVEL,   /* 1 where a text is this one */
    COLUMN_UNKNOWN, /* 1 where nobody knows the value */
    COLUMN_FORMS
};

struct column {
    size_t feature; /* the value it is made from */
    enum column_form form;
    const char *level; /* LEVEL: the text */
    double key;        /* LEVEL: what stands for it in raw values */
    double fill;       /* stands for an unknown value; NaN leaves it unknown */
    const char *name;  /* "count(order)", "city = 'Wien'", "email is unknown" */
    bool used;         /* the model looks at it */
};

/* In what the models differ. */
struct column_rules {
    double skewed;     /* numbers more skewed than this get logarithms; INFINITY: none do */
    size_t levels;     /* the most of a text that get a column */
    size_t rows_least; /* a level or an unknown value in fewer rows gets none */
    bool beside_first; /* the most frequent level is what the others are held against */
    bool for_people;   /* only of texts that may be named (insight_may_name) */
    bool as_is;        /* unknown numbers stay unknown, and get no column that says so */
};

/* A value's rows: those of a fit. */
struct column_rows {
    const double *raw;
    size_t count;
    size_t feature;
    const char *name;
    bool is_text, is_bool;
    bool silent; /* that it is unknown must not be told: it gets the usual value instead */
    struct text (*word)(const void *context, double key);
    const void *context;
};

/* Adds what columns come of a value, at most rules->levels + 1, and returns how many. The words are
 * in arena. */
size_t columns_learn(const struct column_rules *rules, const struct column_rows *rows,
                     struct arena *arena, struct column *out);
/* What a row has in the column, from the raw value of its feature. Here, because scoring asks it
 * for every column of every customer. */
static inline double column_value(const struct column *column, double raw)
{
    if (column->form == COLUMN_UNKNOWN)
        return isnan(raw);
    if (column->form == COLUMN_LEVEL)
        return isnan(raw) ? column->fill : raw == column->key;
    double value = isfinite(raw) ? raw : column->fill;
    return column->form == COLUMN_LOG ? copysign(log1p(fabs(value)), value) : value;
}
/* A customer's raw value. */
double column_raw(const struct plan_values *values, size_t at);
/* Makes the codes of texts in the work's population the levels' keys. */
void columns_bind(const struct work *work, struct column *columns, size_t count);

#endif
