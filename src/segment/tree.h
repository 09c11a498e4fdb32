/*
 * The tree of the segment language: what the parser makes, the checker types and resolves, and four
 * readers understand alike: the formatter, the evaluator, the naive interpreter of the tests and
 * the SQL generator. This file fixes the meaning of every node; docs/language.md says the same to
 * people.
 *
 * T is the moment of evaluation, in whole seconds. A node stands in one of two contexts: the
 * customer's (one value a customer) or, inside a measure, a sequence step or `resumed`, the fact's
 * (one value a fact). OP_CUSTOMER steps from the second back into the first.
 *
 * Unknown: a value may be unknown; a condition never is. Every test on an unknown operand is false,
 * the negated forms
 * (!=, not in, not between, not contains, none of) included; only OP_NOT turns false into true.
 * Arithmetic with an unknown, and division by zero, is unknown. Results past 64 bits are an error
 * of the evaluation, never a wrap.
 *
 * Types: INT and DECIMAL are exact and stay so under + - * (scales: the larger for + -, the sum for
 * *, capped at 18 by falling back to DOUBLE); division and anything with a DOUBLE is DOUBLE; a
 * DECIMAL becomes a DOUBLE as (double)scaled / (double)10^scale. INT and DECIMAL compare exactly
 * whatever their scales; with a DOUBLE both sides compare as DOUBLE. TEXT compares by UTF-8 bytes.
 * A TIME compared with a DATE is compared as its local date (the checker wraps it in
 * FUNCTION_DATE). BOOL compares false < true. A DURATION compares with durations (seconds); a plain
 * number next to one is an error, but for values of `days since …` (FUNCTION_SINCE), which are
 * plain INT counts of whole units; beside a DURATION they are first turned into seconds (the
 * checker inserts OP_MULTIPLY by the unit).
 */
#ifndef STRATA_SEGMENT_TREE_H
#define STRATA_SEGMENT_TREE_H

#include "base/calendar.h"
#include "base/schema.h"

/* Bytes [begin, end) of the source text. */
struct segment_span {
    uint32_t begin, end;
};

/* What a node is: ops.def lists them with their meaning. */
enum segment_op {
#define OP(name, ...) OP_##name,
#include "segment/ops.def"
#undef OP
    OP_COUNT_
};

/* Where a node may stand. Conditions over facts may stand over customers too. */
enum segment_standing {
    STANDS_FACT_TEST,
    STANDS_CUSTOMER_TEST,
    STANDS_VALUE,
    STANDS_CUSTOMER_VALUE, /* never among facts */
};
/* What hangs at a node by pointer. */
enum segment_payload {
    CARRIES_NOTHING,
    CARRIES_MEASURE,
    CARRIES_SEQUENCE,
    CARRIES_RESUMED,
    CARRIES_RANK,
    CARRIES_RECORD,
    CARRIES_HISTORY,
    CARRIES_ACCOUNT,
    CARRIES_PERIODS,
    CARRIES_WINDOW,
};
extern const enum segment_standing segment_op_stands[OP_COUNT_];
extern const enum segment_payload segment_op_carries[OP_COUNT_];

/* Surface forms. The formatter finds what was written in the meaning itself. */
enum segment_form {
    FORM_FIRST_TIME, /* first time order last 30 days: first(order.time) lies in the window;
                        `facts`, `window` as written */
    FORM_STOPPED,    /* stopped order for 60 days: any(order) and none(order last 60 days) */
    FORM_SETS,       /* in (a union b except c): or, and, not over OP_SEGMENT */
    FORM_EXCEPT,     /* a except b, within FORM_SETS: a and not b */
    FORM_DIFFERENCE, /* a symmetric difference b, within FORM_SETS: (a and not b) or (b and not a)
                      */
};

enum segment_compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };
enum segment_text_test {
    TEXT_CONTAINS,
    TEXT_STARTS,
    TEXT_ENDS,
    TEXT_LIKE,    /* SQL's: % any run of characters, _ one character (code point), \ escapes */
    TEXT_MATCHES, /* PCRE2, UTF mode, found anywhere; constant pattern only */
    TEXT_EQUALS,  /* only with folded set: = ignoring case */
};
enum segment_set_test { SET_ANY_OF, SET_ALL_OF, SET_NONE_OF };

enum segment_function {
    FUNCTION_AGE,  /* INT (DATE): completed years at T's local date; unknown for dates after it */
    FUNCTION_DATE, /* DATE (TIME): local date */
    FUNCTION_YEAR, /* INT (TIME or DATE): year */
    FUNCTION_QUARTER,       /* INT: date_unit_number of the quarter: a quarter of a year */
    FUNCTION_MONTH,         /* INT: date_unit_number of the month: a month of a year */
    FUNCTION_WEEK,          /* INT: date_unit_number of the week */
    FUNCTION_DAY,           /* INT: date_unit_number of the day */
    FUNCTION_MONTH_OF_YEAR, /* INT 1–12 */
    FUNCTION_DAY_OF_MONTH,  /* INT 1–31 */
    FUNCTION_WEEKDAY,       /* INT 1 Monday … 7 Sunday */
    FUNCTION_HOUR,          /* INT 0–23 (TIME): local hour */
    /* INT (TIME or DATE; unit): whole units from it to T, rounded towards minus infinity. Seconds
     * to weeks of a TIME: floor((T − t) / unit). Days of a DATE (weeks: 7): between local dates;
     * its hours count from the day's first moment. Months, quarters, years: date_months_between of
     * local dates, floor-divided by 1, 3, 12; for a TIME one less when T's clock is before t's on
     * the completing day. */
    FUNCTION_SINCE,
    FUNCTION_UNTIL,  /* INT: whole units from T to it: as SINCE with the two swapped */
    FUNCTION_SIZE,   /* INT (SET): number of members */
    FUNCTION_LENGTH, /* INT (TEXT): code points */
    FUNCTION_LOWER,  /* TEXT (TEXT): only in comparisons, lists and text tests: simple lower case by
                        code point */
    FUNCTION_UPPER,
    FUNCTION_ABS,      /* number or DURATION */
    FUNCTION_FLOOR,    /* INT (number) */
    FUNCTION_CEIL,     /* INT (number) */
    FUNCTION_ROUND,    /* INT (number): half away from zero */
    FUNCTION_LEAST,    /* of the known among its children (one type); unknown if none is */
    FUNCTION_GREATEST, /* likewise */
    FUNCTION_COALESCE, /* the first known child: coalesce(a, b, …) */
    FUNCTION_DISTANCE, /* DOUBLE metres: great circle (haversine, radius 6,371,008.8 m) from
                          child[0] (POINT) to (child[1], child[2]) degrees */
    FUNCTION_VERSION,  /* TEXT, compared as a version: runs of digits as numbers, the rest as bytes,
                          missing parts as 0, a pre-release ("-rc1") before its release. Compares
                          only with another version(…) (the checker wraps literals) */
    FUNCTIONS_
};

/* A constant. `known` is false only for the result of folding (division by zero). */
struct segment_literal {
    bool known;
    bool is_percent; /* written 5%: value is 0.05 (DECIMAL scale 2 more than written) */
    bool is_length;  /* written 25 km or 300 m: DOUBLE metres */
    bool is_period;  /* written 3 months, 30 days: `period`; type DURATION when months is 0, else
                        only for date arithmetic */
    int64_t integer; /* BOOL, INT, DECIMAL (scaled), DATE, TIME, DURATION (seconds) */
    double number;   /* DOUBLE */
    struct text text;
    struct calendar_period period;
    /* as written, for the formatter; `days` added to a DATE are calendar days */
    enum calendar_unit unit;
    int64_t count;
};

/* A walk from a customer or a fact to a column, through reference tables: city; account.industry;
 * order.product.category. Each hop goes from a column that refers to a reference table to the row
 * with that key (no such row: unknown). */
enum { SEGMENT_HOPS_MAX = 4, SEGMENT_PARTS_MAX = 8, SEGMENT_KINDS_MAX = 16, SEGMENT_STEPS_MAX = 8 };
struct segment_path {
    /* resolved: column names, without kind, alias or `customer` */
    const char *names[SEGMENT_HOPS_MAX + 1];
    int length;          /* names used */
    const char *written; /* the whole path as the formatter prints it: order.product.category */
    const char *parts[SEGMENT_PARTS_MAX]; /* its parts as written, before checking */
    int part_count;
    /* Resolved by the checker: schema table index and column index of the start (OP_TRAIT: the
     * trait table), then of each hop. For OP_PROPERTY the start differs per kind of the measure:
     * start_column[k]. Types agree over kinds. */
    int start_column[SEGMENT_KINDS_MAX];
    int hop_table[SEGMENT_HOPS_MAX], hop_column[SEGMENT_HOPS_MAX]; /* length − 1 hops */
    int step;     /* OP_STEP: which earlier step (0-based, all steps counted) */
    bool is_time; /* OP_STEP: its time rather than a property */
    bool is_key;  /* written to the key of a reference table (order.product.sku): the pointer's own
                     text; the key is not in names */
};

/* ---- windows: which moments count; always inclusive [lo, hi] in whole seconds, so (start, end] is
 * [start + 1, end]
 * ---- */
enum segment_window_form {
    WINDOW_ALL,  /* up to T */
    WINDOW_LAST, /* last d:                   [T−d+1, T] */
    WINDOW_NEXT, /* next d:                   [T+1, T+d]; only for OP_IN_WINDOW and OP_ANNIVERSARY
                  */
    WINDOW_BEFORE_LAST, /* before last d:            up to T−d */
    WINDOW_AGO,         /* between n and m units ago: [T−m+1, T−n], n < m */
    WINDOW_SINCE,       /* since x:                  [x, T] (DATE: from its first moment) */
    WINDOW_UNTIL,    /* before x (a constant):    up to x − 1 (DATE: before its first moment) */
    WINDOW_FROM_TO,  /* from a to b:              [a, b]; a DATE b includes its whole day */
    WINDOW_THIS,     /* this day|week|month|…; today: the whole local unit that holds T */
    WINDOW_PREVIOUS, /* last calendar month; last n calendar months; yesterday: the n whole units
                        before this one */
    WINDOW_WITHIN,   /* within d of x:            [x−d, x+d] */
    WINDOW_AFTER,    /* within d after x:         [x, x+d] */
    WINDOW_BEFORE,   /* within d before x:        [x−d, x] */
};
/* In WITHIN, AFTER, BEFORE a DATE x stands for its whole day: its first moment where d is
 * subtracted or nothing is, its last moment where d is added or nothing is on that side. Periods
 * with months step on the local calendar (zone_add). The anchor x of SINCE, WITHIN, AFTER, BEFORE
 * may be any value of the customer's context; unknown: nothing lies in the window. Whatever the
 * form, facts after T never count. */
struct segment_window {
    enum segment_window_form form;
    struct segment_span span;
    struct calendar_period length, longer; /* longer: m of WINDOW_AGO */
    int64_t count, longer_count;           /* as written */
    enum calendar_unit unit;
    struct segment_node *anchor, *to; /* x or a; b */
    unsigned weekdays; /* on weekday …: bit 1 << weekday (1 Monday … 7 Sunday), 0: any day */
    struct segment_node *anniversary; /* on anniversary of DATE value: the fact's local date is an
                                         anniversary of it (in or after its year) */
};

/*
 * A measure: one value from the facts of one or several kinds. Selected are the facts of these
 * kinds that lie in `window` (and at or before T), on its weekdays, and meet `filter`; in order of
 * time, within a kind arrival, between kinds of one second the order in which `kinds` are written.
 * `argument` is evaluated on each; facts with an unknown argument are skipped (after selection).
 */
enum segment_aggregate {
    AGGREGATE_ANY,   /* BOOL value: any selected (argument NULL) */
    AGGREGATE_NONE,  /* BOOL */
    AGGREGATE_COUNT, /* INT: selected facts (with argument: those where it is known; with OP_GAP:
                        gaps) */
    AGGREGATE_SUM,   /* argument's type; 0 of none. INT and DECIMAL in 128 bits, past 64 an error;
                        DOUBLE in fact order */
    AGGREGATE_AVG,   /* DOUBLE: (double)sum / ((double)count × 10^scale), of DOUBLE sum / count;
                        DURATION stays DURATION as DOUBLE seconds */
    AGGREGATE_MIN,   /* argument's type: numbers, dates, times, text, durations */
    AGGREGATE_MAX,
    AGGREGATE_MEDIAN, /* DOUBLE (DURATION as DOUBLE seconds): middle one, or the mean (a + b) / 2 of
                         the middle two as doubles */
    AGGREGATE_DISTINCT, /* INT: different known values */
    AGGREGATE_FIRST,    /* argument of the first fact where it is known */
    AGGREGATE_LAST,
    AGGREGATE_NTH,       /* n ≥ 1 from the first, n ≤ −1 from the last */
    AGGREGATE_FAVOURITE, /* most frequent; ties: the one seen most recently (later in order), then
                          * the smaller by bytes
                          */
};
struct segment_measure {
    enum segment_aggregate aggregate;
    struct segment_node **written; /* the arguments as written, for the formatter: kinds, or values
                                      that name their kind */
    int written_count;
    const char *kinds[SEGMENT_KINDS_MAX];
    int kind_table[SEGMENT_KINDS_MAX]; /* schema table index */
    int kind_count;
    struct segment_node *argument; /* NULL, OP_GAP, or a value of the fact */
    struct segment_node *filter;   /* condition in the fact's context, or NULL */
    struct segment_window window;
    int64_t nth;
};

/*
 * A sequence holds when facts can be chosen, one for each step that is not negated, such that: each
 * is of its step's kinds and meets its filter (which may use earlier steps' facts); the first lies
 * in `window`; each follows all that were chosen before: at a later time, or in the same second and
 * of another kind, or of the same kind and later in arrival, so that no fact serves two steps; the
 * time from the previous chosen one is at most the step's `within` (inclusive) where given; the
 * time from the first chosen to the last is at most `whole` where given. A negated step forbids:
 * between the chosen fact before it and the one after it there is no fact of its kinds meeting its
 * filter (its filter may use earlier chosen steps). With `within` d only facts up to d after the
 * fact before it are forbidden; when it is the last step, the sequence holds only once T >= that
 * time + d (without `within`: at T itself, no such fact since). A forbidden fact lies between by
 * the same rule: it follows all chosen before it, and all chosen after it follow it (so a fact that
 * serves a step is not forbidden, and in one second another kind's fact that serves none counts as
 * between). A sequence may not begin with a negated step, nor have two in a row.
 */
struct segment_step {
    const char *alias; /* or NULL */
    const char *kinds[SEGMENT_KINDS_MAX];
    int kind_table[SEGMENT_KINDS_MAX];
    int kind_count;
    struct segment_node *filter; /* fact context; OP_STEP for earlier steps; or NULL */
    bool negated;
    bool has_within;
    struct calendar_period within; /* seconds or months */
    int64_t within_count;
    enum calendar_unit within_unit;
    struct segment_span span;
};
struct segment_sequence {
    struct segment_step *steps;
    int step_count;
    struct segment_window window;
    bool has_whole;
    struct calendar_period whole;
    int64_t whole_count;
    enum calendar_unit whole_unit;
};

/* resumed: some selected fact (kinds, filter) in `window` comes more than `gap` after the selected
 * fact before it (which may lie before the window). */
struct segment_resumed {
    struct segment_measure facts; /* aggregate ANY; its window bounds the later fact only */
    struct calendar_period gap;
    int64_t gap_count;
    enum calendar_unit gap_unit;
};

/*
 * Ranks. Over the K customers who exist at T, meet `among` (NULL: everyone) and have a known x =
 * child[0]: ordered by x, ties by the bytes of the first identifier. OP_TOP: top n: the n with the
 * largest x; top n%: the ceil(n·K/100) largest; bottom: the smallest. Ties at the cut: the smaller
 * identifier is in first. Others (unknown x, not among) are out. OP_NTILE: customers in ascending
 * order (x, identifier) dealt as SQL's ntile(k): the first K mod k groups get one more. 1 holds the
 * smallest. Unknown outside. OP_PERCENTILE: 100 × (number of the K with value <= own) / K. Unknown
 * outside.
 */
struct segment_rank {
    bool bottom, is_percent;
    int64_t count; /* n, or k of ntile */
    double percent;
    int64_t percent_scaled; /* exact n%: percent_scaled / 10^percent_scale */
    int percent_scale;
    struct segment_node *among;
};

/* u = the first 8 bytes, big-endian, of MD5(seed, NUL byte, first identifier). In the sample when u
 * < 2^64·p/100 (exact: (u × 100 × 10^scale) < p_scaled × 2^64 in 128 bits); bucket = floor(u·n /
 * 2^64) + 1. */
struct segment_sample {
    const char *seed; /* "" when none is written */
    int64_t percent_scaled;
    int percent_scale;
    int64_t buckets;
};

/* Recorded membership intervals [entered, left) of segment `name`.
 * IN: a member at some moment of the window (no window: at T by the records); ENTERED, LEFT: an
 * entry or exit whose moment lies in the window (no window: ever up to T). Entries and exits after
 * T never count. */
enum segment_record_kind { RECORD_IN, RECORD_ENTERED, RECORD_LEFT };
struct segment_record_test {
    enum segment_record_kind kind;
    bool has_window;
    struct segment_window window;
};

/*
 * Histories of told traits. A history is the tellings at or before T with known value, in order of
 * time and arrival; the value holds from its telling to the next. OP_EVER: child[0] is a condition
 * over traits (OP_TRAIT in it read the history; no measures); true when it was true just after some
 * telling of a trait it uses (window facts rule: lo <= moment <= hi, <= T), or with a window at its
 * first moment, when such a telling lies at or before that. All traits in it are taken as they were
 * just after that telling. An undated telling holds since the beginning of time. OP_CHANGED:
 * child[0] is one OP_TRAIT without hops; true when some telling in the window (all: up to T) has a
 * value that differs from the telling before it. child[1], child[2] (each may be NULL): only
 * changes from that value, to that value.
 */
struct segment_history {
    bool has_window;
    struct segment_window window;
};

/*
 * Accounts: the customers who point at the same row of a reference table (child: path = a trait
 * column that refers to it, told at T). Over those customers that exist at T, the customer
 * included, meeting child[0] (a condition in the customer's context; NULL: all): ANY: at least one;
 * ALL: every one of the account's customers meets it; NONE: not one; COUNT (type INT): how many.
 * Whose account is unknown: conditions false, the count unknown. The key need not be a row of the
 * table.
 */
struct segment_account {
    enum { ACCOUNT_ANY, ACCOUNT_ALL, ACCOUNT_NONE, ACCOUNT_COUNT } quantifier;
    struct segment_path path;
};

/*
 * periods(unit, condition, window): how many local calendar units that overlap the window [lo,
 * min(hi, T)] make the condition (child[0]) true when each of its measures, which bring no window
 * of their own, sees only the facts in both the unit and the window. The window is required and
 * does not depend on the customer.
 */
struct segment_periods {
    enum calendar_unit unit;
    struct segment_window window;
};

struct segment_node {
    enum segment_op op;
    struct segment_span span;
    enum value_type type; /* set by the checker; BOOL for conditions */
    int scale;            /* DECIMAL */
    bool is_double;       /* DURATION held as DOUBLE seconds (avg, median, ratio) */
    bool negated;
    bool folded;    /* comparison ignoring case (OP_TEXT, OP_IN): both sides under simple folding */
    bool constant;  /* the same for every customer and fact at one T (set by the checker) */
    bool implicit;  /* put around child[0] by the checker, not written: the formatter looks through
                       it */
    uint16_t depth; /* of the tree below, itself included: at most SEGMENT_DEPTH_MAX */
    struct segment_node **child;
    int child_count;
    const char *name; /* OP_SEGMENT, OP_RECORD, OP_LIST, OP_SCHEME: as written */
    int index; /* its place among the set's segments (OP_SEGMENT, OP_RECORD) or schemes (OP_SCHEME),
                * −1 before checking
                */
    union {
        enum segment_compare compare;
        enum segment_form form;
        enum segment_text_test text_test;
        enum segment_set_test set_test;
        struct segment_literal literal;
        struct segment_path path;
        struct segment_measure *measure;
        struct segment_sequence *sequence;
        struct segment_resumed *resumed;
        struct segment_rank *rank;
        struct segment_sample sample;
        struct segment_record_test *record;
        struct segment_history *history;
        struct segment_account *account;
        struct segment_periods *periods;
        struct segment_window *window; /* OP_IN_WINDOW, OP_ANNIVERSARY */
        struct {
            enum segment_function function;
            enum calendar_unit unit; /* SINCE, UNTIL */
        };
    };
};

/* Inclusive bounds of a window in whole seconds; empty when lo > hi. */
struct segment_bounds {
    int64_t lo, hi;
};
/*
 * The bounds of window at T. anchor and to are the values of window->anchor and window->to when it
 * has them (known; is_date says whether they are DATEs, in days, or TIMEs, in seconds). Facts after
 * T are the caller's business, weekdays and anniversary too. Pure; any thread.
 */
struct segment_anchor {
    bool is_date;
    int64_t value;
};
struct segment_bounds segment_window_bounds(const struct segment_window *window,
                                            const struct zone *zone, int64_t now,
                                            struct segment_anchor anchor, struct segment_anchor to);

#endif
