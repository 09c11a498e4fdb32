/* What the files of the naive interpreter share. */
#ifndef STRATA_TESTS_PROPERTY_NAIVE_INTERNAL_H
#define STRATA_TESTS_PROPERTY_NAIVE_INTERNAL_H

#include "naive.h"

__extension__ typedef __int128 naive_wide;
__extension__ typedef unsigned __int128 naive_unsigned_wide;

struct naive_value {
    bool known;
    enum value_type type;
    int scale;
    bool is_double; /* DURATION in `number` */
    int64_t integer;
    double number;
    struct text text;
    double latitude, longitude;
    const uint32_t *codes;
    uint32_t code_count;
};

/* One fact: a row of a population table, and which of its measure's (or step's) kinds it is of. */
struct naive_fact {
    int table;
    uint32_t row;
    int64_t time;
    int kind;
};

/* Where an expression is evaluated: whose customer, on which fact, with which earlier steps, traits
 * as of when. */
struct naive_context {
    struct naive *naive;
    uint32_t position;
    const struct naive_fact *fact;  /* NULL in the customer's context */
    const struct naive_fact *steps; /* chosen facts by step */
    int64_t trait_moment;           /* T, or the moment OP_EVER looks at */
    uint32_t trait_until;           /* tellings before this row only; 0: all */
    bool clipped; /* inside periods(): measures see only facts in [clip_lo, clip_hi] */
    int64_t clip_lo, clip_hi;
};

bool naive_condition(const struct naive_context *context, const struct segment_node *node);
struct naive_value naive_value(const struct naive_context *context,
                               const struct segment_node *node);
struct naive_value naive_measure(const struct naive_context *context,
                                 const struct segment_node *node);
struct naive_value naive_periods(const struct naive_context *context,
                                 const struct segment_node *node);
struct naive_value naive_function(const struct naive_context *context,
                                  const struct segment_node *node);
struct naive_value naive_rank_value(const struct naive_context *context,
                                    const struct segment_node *node);
struct naive_value naive_account(const struct naive_context *context,
                                 const struct segment_node *node);
struct naive_value naive_trait(const struct naive_context *context, const struct segment_path *path,
                               int64_t moment);
struct naive_value naive_property(const struct naive_context *context,
                                  const struct segment_path *path, const struct naive_fact *fact);
bool naive_sequence(const struct naive_context *context, const struct segment_node *node);
bool naive_resumed(const struct naive_context *context, const struct segment_node *node);
bool naive_ever(const struct naive_context *context, const struct segment_node *node);
bool naive_changed(const struct naive_context *context, const struct segment_node *node);
bool naive_record(const struct naive_context *context, const struct segment_node *node);
bool naive_top(const struct naive_context *context, const struct segment_node *node);

/* <0, 0, >0; both known, of comparable types. */
int naive_compare(struct naive *naive, const struct naive_value *a, const struct naive_value *b);
double naive_double(const struct naive_value *value);
struct naive_value naive_unknown(enum value_type type);
struct naive_value naive_integer(enum value_type type, int64_t integer);
int32_t naive_local_date(const struct naive *naive, int64_t moment);
uint64_t naive_hash(const struct naive_context *context, const char *seed);
bool naive_matches(struct text text, struct text pattern, bool folded);
bool naive_version_less(struct text a, struct text b);

/* The window's bounds for this customer; false when its anchor is unknown (nothing lies in it). */
bool naive_bounds(const struct naive_context *context, const struct segment_window *window,
                  struct segment_bounds *bounds);
/* Whether a fact at `time` lies in the window: bounds, weekdays, anniversary, and not after T. */
bool naive_in_window(const struct naive_context *context, const struct segment_window *window,
                     int64_t time);
bool naive_date_in_bounds(const struct naive *naive, int32_t date, struct segment_bounds bounds);

/* All facts of the kinds at or before T in order; count in *count; in the naive's arena. */
struct naive_fact *naive_facts(const struct naive_context *context, const char *const *kinds,
                               int kind_count, size_t *count);

#endif
