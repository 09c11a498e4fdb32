/*
 * The options of every type of model, as rows. Who adds one adds a row here, and a line to
 * docs/models/options.md; its name, range and words are checked before the type's own code runs,
 * which reads it with work_number, work_pick and the like.
 */
#include "study/options.h"

#include "study/cluster.h"
#include "study/limits.h"
#include "study/predict.h"

#include "model/rfm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    TEN_YEARS = 3650,           /* days: as far as anything looks ahead */
    HUNDRED_YEARS = 36500,      /* days: longer than any history */
    STARTS_MOST = 1000,         /* each is a fit of its own */
    SMALLEST_MOST = 1000000000, /* customers */
    FOLDS_MOST = 50,            /* each is a fit of its own */
};

#define ANY_NUMBER .least = -INFINITY, .most = INFINITY
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define END \
    {       \
        0   \
    }

/* ---- what several types take ---- */

#define AMONG                                                                           \
    {                                                                                   \
        "among", STUDY_CONDITION, "CONDITION", "only customers who meet this condition" \
    }
#define KIND                                                                                     \
    {                                                                                            \
        "kind", STUDY_KIND, "KIND", "which facts are the orders", .absent = "guessed from names" \
    }
#define AMOUNT                                                           \
    {                                                                    \
        "amount", STUDY_PROPERTY, "PROPERTY", "what an order was worth", \
            .absent = "guessed from names"                               \
    }
/* In the order of enum work_refunds. */
#define REFUNDS                                                                          \
    {                                                                                    \
        "refunds", STUDY_CHOICE, NULL,                                                   \
            "what negative amounts are: no orders (subtract, ignore) or orders (count)", \
            .choices = WORDS("subtract", "ignore", "count"), .fallback = "subtract"      \
    }
#define SEED                                                                                   \
    {                                                                                          \
        "seed", STUDY_WHOLE, "N", "the seed of random numbers", .most = 1e15 /* below 2^53 */, \
                                                                .fallback = "1"                \
    }

const struct study_option study_rfm_options[] = {
    KIND,
    AMOUNT,
    REFUNDS,
    AMONG,
    {"window", STUDY_DAYS, "DAYS", "only orders of the last DAYS", .most = HUNDRED_YEARS,
     .absent = "the whole history"},
    {"bins", STUDY_WHOLE, "N", "scores from 1 to N", .least = 2, .most = MODEL_RFM_BINS_MAX,
     .fallback = "5"},
    {"rule", STUDY_CHOICE, NULL,
     "what becomes of ties: by quantiles (ours), or as the R package rfm does",
     .choices = WORDS("quantile", "package"), .fallback = "quantile"},
    {"recency-cuts", STUDY_DAYS, "DAYS,...", "where one score of recency ends and the next begins",
     ANY_NUMBER, .list = true, .many = MODEL_RFM_BINS_MAX - 1, .absent = "quantiles",
     .example = "--recency-cuts 30,90,180,365"},
    {"frequency-cuts", STUDY_NUMBER, "N,...", "the same for the number of orders", ANY_NUMBER,
     .list = true, .many = MODEL_RFM_BINS_MAX - 1, .absent = "quantiles",
     .example = "--frequency-cuts 1,2,3,6"},
    {"monetary-cuts", STUDY_NUMBER, "AMOUNT,...", "the same for their sum", ANY_NUMBER,
     .list = true, .many = MODEL_RFM_BINS_MAX - 1, .absent = "quantiles",
     .example = "--monetary-cuts 100,300,1000,3000"},
    END,
};

const struct study_option study_clv_options[] = {
    KIND,
    AMOUNT,
    REFUNDS,
    AMONG,
    {"model", STUDY_CHOICE, NULL, "the model of how often",
     .choices = WORDS("bgnbd", "mbgnbd", "paretonbd", "bgbb"), /* as enum model_clv_type */
     .fallback = "bgnbd"},
    {"period", STUDY_CHOICE, NULL, "the unit of time",
     .choices = WORDS("day", "week", "month", "year"), .fallback = "week"},
    {"transaction", STUDY_CHOICE, NULL, "what counts as one transaction",
     .choices = WORDS("day", "period"), .fallback = "day"},
    {"horizon", STUDY_DAYS, "DAYS", "how far ahead", .least = 1, .most = TEN_YEARS,
     .fallback = "365"},
    {"discount", STUDY_NUMBER, "RATE", "what a year's delay takes off", .most = 10,
     .fallback = "10%"},
    {"holdout", STUDY_DAYS, "DAYS", "compare with the last DAYS, fitted without them",
     .most = TEN_YEARS},
    {"interval", STUDY_NUMBER, "SHARE", "how often intervals are to hold", .least = .5, .most = .99,
     .fallback = "80%"},
    END,
};

const struct study_option study_cluster_options[] = {
    {"on", STUDY_VALUE, "[NAME=]VALUE,...", "what the groups are made of", .named = true,
     .list = true, .many = CLUSTER_USED,
     .absent = "recency and average order; orders and spend of a year",
     .example = "--on 'visits=count(view), city'"},
    AMONG,
    REFUNDS,
    {"method", STUDY_CHOICE, NULL, "how groups are found",
     .choices = WORDS("kmeans", "mixture", "kmodes", "kprototypes", "ward",
                      "hdbscan"), /* as enum model_cluster_method */
     .fallback = "kmeans", .absent = "kmeans; with texts kmodes or kprototypes"},
    {"groups", STUDY_WHOLE, "N", "how many", .most = CLUSTER_GROUPS, .absent = "found by looking"},
    {"most-groups", STUDY_WHOLE, "N", "look at 1 to N groups", .least = 1, .most = CLUSTER_GROUPS,
     .fallback = "8"},
    {"describe", STUDY_VALUE, "[NAME=]VALUE,...", "further values to describe the groups by",
     .named = true, .list = true, .many = CLUSTER_USED, .absent = "orders and traits"},
    {"smallest", STUDY_WHOLE, "N", "hdbscan's smallest group", .most = SMALLEST_MOST,
     .absent = "a fiftieth of the customers"},
    {"gamma", STUDY_NUMBER, "WEIGHT", "kprototypes: what a category weighs against numbers",
     .most = 1e6, .absent = "found from their spread"},
    {"scale", STUDY_CHOICE, NULL, "bring values to one scale",
     .choices = WORDS("deviation", "none"), .fallback = "deviation"},
    {"log", STUDY_CHOICE, NULL, "logarithms; auto: where a value is skewed",
     .choices = WORDS("auto", "yes", "no"), .fallback = "auto"},
    {"winsor", STUDY_NUMBER, "SHARE", "pull in this share at each end", .most = .25,
     .fallback = "1%"},
    {"stability", STUDY_WHOLE, "N", "bootstrap draws for the groups' stability",
     .most = STARTS_MOST, .fallback = "20"},
    SEED,
    END,
};

const struct study_option study_latent_options[] = {
    {"on", STUDY_VALUE, "VALUE,...", "which answers to look at", .list = true, .few = 1,
     .many = LATENT_ITEMS, .unless = "",
     .example = "--on 'last(survey.price), last(survey.service)'"},
    {"covariates", STUDY_VALUE, "VALUE,...", "numbers that move the shares", .list = true,
     .many = LATENT_COVARIATES},
    AMONG,
    {"groups", STUDY_WHOLE, "N", "how many classes", .most = LATENT_CLASSES,
     .absent = "found by looking"},
    {"most-groups", STUDY_WHOLE, "N", "look at 1 to N classes", .least = 1, .most = LATENT_CLASSES,
     .fallback = "8"},
    {"starts", STUDY_WHOLE, "N", "random starts", .least = 1, .most = STARTS_MOST,
     .fallback = "20"},
    SEED,
    END,
};

const struct study_option study_factor_options[] = {
    {"on", STUDY_VALUE, "[NAME=]VALUE,...", "which answers to look at", .named = true, .list = true,
     .few = 2, .many = FACTOR_ITEMS, .unless = "",
     .example = "--on 'last(survey.price), last(survey.service)'"},
    AMONG,
    {"method", STUDY_CHOICE, NULL, "factors, or principal components",
     .choices = WORDS("factors", "components"), .fallback = "factors"},
    {"rotation", STUDY_CHOICE, NULL, "how factors are turned",
     .choices = WORDS("none", "varimax", "promax"), /* as enum model_rotation */
     .fallback = "varimax"},
    {"scales", STUDY_WHOLE, "N", "how many", .most = FACTOR_SCALES,
     .absent = "as many as parallel analysis finds"},
    {"scale", STUDY_CHOICE, NULL, "components: bring answers to one scale",
     .choices = WORDS("deviation", "none"), .fallback = "deviation"},
    SEED,
    END,
};

const struct study_option study_survive_options[] = {
    KIND,
    AMOUNT,
    REFUNDS,
    AMONG,
    {"until", STUDY_KIND, "KIND",
     "what ends the wait: the second order, the last one (churn), or the first fact of a kind",
     .choices = WORDS("second", "churn"), .fallback = "second"},
    {"quiet-days", STUDY_DAYS, "DAYS", "churn: who is quiet so long has gone", .least = 1,
     .most = TEN_YEARS, .fallback = "180"},
    {"by", STUDY_VALUE, "VALUE|SEGMENT",
     "groups: a value fixed when the clock starts; with --landmark any, a scheme or a segment",
     .or_segment = true},
    {"landmark", STUDY_MOMENT, "DATE", "the clock starts here for everyone",
     .absent = "at the first order"},
    {"covariates", STUDY_VALUE, "VALUE,...", "Cox regression on these", .list = true},
    {"ties", STUDY_CHOICE, NULL, "how Cox regression takes equal times",
     .choices = WORDS("efron", "breslow"), /* as enum model_ties */
     .fallback = "efron"},
    {"cohort", STUDY_CHOICE, NULL, "retention of cohorts by first order",
     .choices = WORDS("week", "month", "quarter")},
    {"force", STUDY_SWITCH, NULL, "group by what customers are today, and say so everywhere"},
    END,
};

const struct study_option study_survey_options[] = {
    {"on", STUDY_VALUE, "VALUE", "which answer to measure", .list = true, .few = 1, .many = 1,
     .unless = "", .example = "--on 'last(survey.nps)'"},
    {"measure", STUDY_CHOICE, NULL, "which measure", .choices = WORDS("nps", "csat", "ces"),
     .fallback = "nps"},
    {"satisfied", STUDY_NUMBER, "N", "csat: the least answer that counts as satisfied", ANY_NUMBER,
     .fallback = "4"},
    {"by", STUDY_SEGMENT, "NAME,...", "schemes or segments to compare", .list = true},
    {"over", STUDY_CHOICE, NULL, "the measure over time, too",
     .choices = WORDS("month", "quarter")},
    AMONG,
    END,
};

const struct study_option study_lookalike_options[] = {
    {"like", STUDY_CONDITION, "SEGMENT|CONDITION", "whom to look like", .unless = "",
     .or_segment = true, .example = "--like vip"},
    {"on", STUDY_VALUE, "VALUE,...", "what to compare by", .list = true,
     .absent = "all that profiles show"},
    AMONG,
    SEED,
    END,
};

const struct study_option study_predict_options[] = {
    {"label", STUDY_LABEL, "CONDITION", "what may come true, of the facts within the horizon",
     .unless = "", .example = "--label 'none(order)' --horizon 90: no order in the next 90 days"},
    {"horizon", STUDY_WHOLE, "DAYS", "within how many days it comes true", .least = 1,
     .most = TEN_YEARS, .unless = "split",
     .example = "--horizon 90; --split folds:10 fits a table without dates"},
    AMONG,
    {"moments", STUDY_WHOLE, "N", "ask at N moments of the past, the last to judge by", .least = 2,
     .most = PREDICT_MOMENTS, .absent = "4 more than --test"},
    {"moment", STUDY_MOMENT, "DATE,...", "ask at these moments", .list = true,
     .many = PREDICT_MOMENTS},
    {"test", STUDY_WHOLE, "N", "how many moments to judge by, the last ones", .least = 1,
     .most = PREDICT_MOMENTS - 1, .fallback = "1"},
    {"on", STUDY_VALUE, "[NAME=]VALUE,...", "what is learned from", .named = true, .list = true,
     .many = PREDICT_FEATURES, .absent = "values made of all kinds of facts and the dated traits"},
    {"timeless", STUDY_TRAIT, "TRAIT,...", "undated traits that never change", .list = true},
    {"method", STUDY_CHOICE, NULL, "elastic-net logistic regression, or boosted trees",
     .choices = WORDS("logistic", "boosting"), /* as enum predict_method */
     .fallback = "logistic"},
    {"penalty", STUDY_NUMBER, "NUMBER", "of the elastic net; none gives standard errors",
     .least = 1e-9, .most = 10, .choices = WORDS("auto", "none"), .fallback = "auto"},
    {"split", STUDY_WHOLE, "N", "judge a table without dates by N folds",
     .prefix = "folds:", .least = 2, .most = FOLDS_MOST},
    SEED,
    REFUNDS,
    END,
};

/* ---- reading the table ---- */

const char *study_form_name(enum study_form form)
{
    static const char *const names[] = {
        [STUDY_WHOLE] = "whole",       [STUDY_NUMBER] = "number",       [STUDY_DAYS] = "days",
        [STUDY_CHOICE] = "choice",     [STUDY_SWITCH] = "switch",       [STUDY_KIND] = "kind",
        [STUDY_PROPERTY] = "property", [STUDY_TRAIT] = "trait",         [STUDY_SEGMENT] = "segment",
        [STUDY_VALUE] = "value",       [STUDY_CONDITION] = "condition", [STUDY_MOMENT] = "moment",
        [STUDY_LABEL] = "label",
    };
    return names[form];
}

const struct study_option *study_option_find(const struct study_option *options, const char *name)
{
    for (; options->name; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

const char *study_option_place(const struct study_option *option, char *out)
{
    size_t at = 0;
    *out = '\0';
    for (size_t i = 0; option->choices && option->choices[i]; i++)
        at += (size_t)snprintf(out + at, STUDY_PLACE_MAX - at, "%s%s", i ? "|" : "",
                               option->choices[i]);
    ENSURE(at < STUDY_PLACE_MAX);
    if (option->value)
        snprintf(out + at, STUDY_PLACE_MAX - at, "%s%s%s", at ? "|" : "",
                 option->prefix ? option->prefix : "", option->value);
    return *out ? out : NULL;
}

const char *study_option_shown(const struct study_option *option)
{
    return option->absent ? option->absent : option->fallback;
}
