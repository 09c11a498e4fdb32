/*
 * What may be said of a model when it is fitted: one table for each type (options.c). The check of
 * what was given, the command line with its help, `strata model types` and the library read the
 * same rows, so they cannot disagree.
 */
#ifndef STRATA_STUDY_OPTIONS_H
#define STRATA_STUDY_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What an option takes. */
enum study_form {
    STUDY_WHOLE,     /* a whole number */
    STUDY_NUMBER,    /* a number; 10% is .1 */
    STUDY_DAYS,      /* a length of time, as a number of days */
    STUDY_CHOICE,    /* one of the words in `choices` */
    STUDY_SWITCH,    /* nothing, or yes */
    STUDY_KIND,      /* a kind of facts of the store */
    STUDY_PROPERTY,  /* a property of that kind */
    STUDY_TRAIT,     /* a trait, or a column of a reference table */
    STUDY_SEGMENT,   /* a segment or a scheme */
    STUDY_VALUE,     /* a value of the segment language */
    STUDY_CONDITION, /* a condition of it */
    STUDY_LABEL,     /* a condition about the time ahead, or a trait that says yes or no */
    STUDY_MOMENT,    /* a date or a moment */
};

struct study_option {
    const char *name;
    enum study_form form;
    const char *value;   /* what stands for it in help ("DAYS"); NULL where the choices are all */
    const char *summary; /* what it says, without its fallback */
    double least, most;  /* of numbers */
    const char *const *choices; /* the only words or, for other forms, words beside them; NULL */
    const char *fallback;       /* what holds when it is not given, as one would give it; or NULL */
    const char *absent;         /* what happens then, where no value says it; or NULL */
    const char *example;        /* how it is given, for messages; or NULL */
    const char *unless; /* has to be given, except when this one is; "": always; NULL: need not */
    const char *prefix; /* stands before the number ("folds:"), or NULL */
    bool or_segment;    /* a segment or a scheme does instead of a value or a condition */
    bool named;         /* NAME=VALUE gives a value its name */
    bool list;          /* several, divided by commas; may be given again */
    size_t few, many;   /* how many a list may have; many 0: any number */
};

/* The i-th type: its name, what it answers, and its options, ended by a NULL name. False past the
 * last. */
bool study_type_at(size_t i, const char **name, const char **summary,
                   const struct study_option **options);
/* STATUS_USAGE names the nearest. */
struct study_type;
enum status study_type_find(const char *name, const struct study_type **out, struct error *error);
/* "whole", "choice": the form's name in JSON (docs/models/options.md). */
const char *study_form_name(enum study_form form);
/* The row of that name, or NULL. */
const struct study_option *study_option_find(const struct study_option *options, const char *name);
/* What it takes, for people: "DAYS", "auto|none|NUMBER"; NULL for a switch. out: STUDY_PLACE_MAX
 * bytes. */
enum { STUDY_PLACE_MAX = 64 };
const char *study_option_place(const struct study_option *option, char *out);
/* What holds without it, for people: "365", "found by looking"; NULL when nothing does. */
const char *study_option_shown(const struct study_option *option);

extern const struct study_option study_rfm_options[], study_clv_options[], study_cluster_options[],
    study_latent_options[], study_factor_options[], study_survive_options[], study_survey_options[],
    study_lookalike_options[], study_predict_options[];

#endif
