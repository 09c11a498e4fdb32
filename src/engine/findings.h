/*
 * The report's first page: what a manager should know, in words, each with its figures and the
 * place of its evidence. Nothing is said that is true of every store, and a change only where it is
 * outside chance and not the work of an unfinished period or of data that begin too late.
 */
#ifndef STRATA_ENGINE_FINDINGS_H
#define STRATA_ENGINE_FINDINGS_H

#include "engine/internal.h"
#include "judge/judge.h"

#include "base/vector.h"

/* What a manager should see first has the highest rank: what makes everything else
 * wrong, then money, then customers, then who they are. A change that is clear stands
 * above the same figure without one. Several of a kind follow each other,
 * FINDINGS_RANK_NEXT apart. */
enum {
    FINDINGS_RANK_BROKEN = 100,
    FINDINGS_RANK_STALE = 95,
    FINDINGS_RANK_REVENUE_MOVED = 90,
    FINDINGS_RANK_LEAVING_MOVED = 85,
    FINDINGS_RANK_MOVE = 80,
    FINDINGS_RANK_NEW_MOVED = 75,
    FINDINGS_RANK_HEALTH = 73,
    FINDINGS_RANK_LEAVING = 70,
    FINDINGS_RANK_PART = 68,
    FINDINGS_RANK_CONCENTRATION = 65,
    FINDINGS_RANK_PORTRAIT = 50,
    FINDINGS_RANK_REVENUE = 45,
    FINDINGS_RANK_HEALTH_NEXT = 41,
    FINDINGS_RANK_NEW = 40,
    FINDINGS_RANK_OUTSIDE = 38,
    FINDINGS_RANK_NOTHING = 1,
    FINDINGS_RANK_MOVE_NEXT = 8,
    FINDINGS_RANK_PORTRAIT_NEXT = 5,
};

/* A piece of a sentence: text, and what it stands for. */
struct findings_part {
    const char *text;
    const char *segment; /* the text is its title; or NULL */
    bool is_figure;
    double figure;
    const char *unit; /* "customers", "share", "money", "number", "days" */
};

struct findings_item {
    const char *kind; /* "revenue", "leaving", "new", "concentration", "growth", "shrink", "part",
                         "portrait", "health", "outside", "stale", "broken", "empty", "quiet" */
    double rank;      /* the most important have the highest */
    const char *evidence; /* of the page: a section's name, or "segment=NAME" */
    VECTOR(struct findings_part) parts;
};

struct findings {
    const struct judge_evidence *evidence;
    const struct judge_health *health;
    const struct session_segments *segments;
    /* by segment index, of the last 365 days; NULL without revenue */
    const struct insight_money *money;
    struct insight_money all;
    uint64_t customers;
    int64_t now, first, newest; /* of the orders; first > newest when there are none */
    VECTOR(struct findings_item) items;
    struct arena *arena;
};

/* The gap over which changes are told, in days, and the least of it that data must go back before
 * it. */
enum {
    FINDINGS_DAYS = 90,
    FINDINGS_YEAR = 365,
    FINDINGS_STALE = 30, /* days without an order: data are missing rather than customers */
    FINDINGS_LEAST = 30  /* customers: fewer prove nothing */
};
/* A change is told when it lies beyond so many standard errors (two-sided p < 0.001: a store has
 * dozens of segments) and is at least so large. */
static const double findings_z = 3.3, findings_change = .05;

/* ---- writing one ---- */
struct findings_item *findings_add(struct findings *findings, const char *kind, double rank,
                                   const char *evidence);
void findings_say(struct findings *findings, struct findings_item *item, const char *format, ...)
    PRINTF_LIKE(3, 4);
void findings_segment(struct findings *findings, struct findings_item *item, int segment);
/* "1,234" */
void findings_count(struct findings *findings, struct findings_item *item, uint64_t count);
/* "1,234" or "12.34" */
void findings_number(struct findings *findings, struct findings_item *item, double number);
/* "12.3%" */
void findings_share(struct findings *findings, struct findings_item *item, double share);
/* "1,234 EUR" */
void findings_money(struct findings *findings, struct findings_item *item, double amount);
/* "2025-06-30" of the moment, by the store's clock */
const char *findings_day(const struct findings *findings, int64_t moment);

/* What people call a segment: its title, else its name in words; parts of schemes with the scheme
 * before them. */
const char *findings_label(const struct segment_set *set, int segment, struct arena *arena);
/* "MonthlyCharges" and "monthly_charges" as "monthly charges". */
const char *findings_words(const char *name, struct arena *arena);

/* ---- what there is to say (findings_orders.c, findings_segments.c) ---- */
void findings_of_orders(struct findings *findings);
enum status findings_of_segments(struct findings *findings, struct error *error);

/* All of them, the most important first, at most eight; release the items' parts with
 * findings_release. */
enum status findings_collect(struct findings *findings, struct error *error);
void findings_write(const struct findings *findings, struct json *json);
void findings_release(struct findings *findings);

#endif
