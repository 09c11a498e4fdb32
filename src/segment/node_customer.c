/* The grammar's actions for what asks about the whole customer: ranks, samples, periods and the
 * history of traits. */
#include "segment/language.h"

#include "base/number.h"

#include <string.h>

/* ---- ranks and samples ---- */

bool segment_small_count(struct parse *parse, struct token token, int64_t *out)
{
    int scale;
    if (number_parse_decimal(token.text, out, &scale) &&
        !memchr(token.text.data, '.', token.text.length) && *out >= 1 && *out <= INT32_MAX)
        return true;
    segment_parse_fail(parse, token.span, NULL, "a whole number from 1 up is needed here");
    *out = 1;
    return false;
}

static void read_percent(struct parse *parse, struct token token, int64_t *scaled, int *scale)
{
    enum { DECIMALS_MAX = 12 }; /* 100 % so written is 10^14, far within 64 bits */
    struct text text = {token.text.data, token.text.length - 1};
    bool good = number_parse_decimal(text, scaled, scale) && *scale <= DECIMALS_MAX;
    if (!good || *scaled > 100 * number_power10(*scale))
        segment_parse_fail(parse, token.span, NULL,
                           "a share lies between 0%% and 100%%, with at most 12 decimals");
}

static struct segment_node *rank_new(struct parse *parse, enum segment_op op,
                                     struct segment_span span, struct segment_node *by,
                                     struct segment_node *among)
{
    struct segment_node *node = segment_node_alloc(parse, op, segment_span_join(span, by->span), 1);
    node->child[0] = by;
    node->rank = ARENA_NEW(parse->arena, struct segment_rank);
    node->rank->among = among;
    if (among)
        node->span = segment_span_join(node->span, among->span);
    return segment_node_measure(parse, node);
}

struct segment_node *segment_node_top(struct parse *parse, struct token word, bool bottom,
                                      struct token amount, bool percent, struct segment_node *by,
                                      struct segment_node *among, struct segment_span end)
{
    struct segment_node *node =
        rank_new(parse, OP_TOP, segment_span_join(word.span, end), by, among);
    node->rank->bottom = bottom;
    node->rank->is_percent = percent;

    if (percent) {
        read_percent(parse, amount, &node->rank->percent_scaled, &node->rank->percent_scale);
        node->rank->percent =
            number_decimal_to_double(node->rank->percent_scaled, node->rank->percent_scale);
    } else {
        segment_small_count(parse, amount, &node->rank->count);
    }
    return node;
}

struct segment_node *segment_node_ntile(struct parse *parse, struct token word, struct token count,
                                        struct segment_node *by, struct segment_node *among)
{
    struct segment_node *node = rank_new(parse, OP_NTILE, word.span, by, among);
    segment_small_count(parse, count, &node->rank->count);
    return node;
}

struct segment_node *segment_node_percentile(struct parse *parse, struct token word,
                                             struct segment_node *by, struct segment_node *among)
{
    return rank_new(parse, OP_PERCENTILE, word.span, by, among);
}

struct segment_node *segment_node_sample(struct parse *parse, struct token word,
                                         struct token percent, struct token seed)
{
    struct segment_node *node =
        segment_node_alloc(parse, OP_SAMPLE, segment_span_join(word.span, percent.span), 0);
    node->span = segment_span_join(node->span, seed.span);
    node->sample.seed = seed.text.data ? segment_token_string(parse, seed) : "";
    read_percent(parse, percent, &node->sample.percent_scaled, &node->sample.percent_scale);
    return node;
}

struct segment_node *segment_node_bucket(struct parse *parse, struct token word, struct token count,
                                         struct token seed, struct token end)
{
    struct segment_node *node =
        segment_node_alloc(parse, OP_BUCKET, segment_span_join(word.span, end.span), 0);
    node->sample.seed = seed.text.data ? segment_token_string(parse, seed) : "";
    segment_small_count(parse, count, &node->sample.buckets);
    return node;
}

/* ---- histories ---- */

struct segment_node *segment_node_periods(struct parse *parse, struct token word, struct token unit,
                                          struct segment_node *condition,
                                          struct segment_window *window, struct token end)
{
    struct segment_node *node =
        segment_node_new(parse, OP_PERIODS, segment_span_join(word.span, end.span), 1, condition);
    node->periods = ARENA_NEW(parse->arena, struct segment_periods);
    node->periods->unit = segment_unit_of(unit.text);

    node->periods->window = *window;

    if (node->periods->unit < CALENDAR_DAY)
        segment_parse_fail(parse, unit.span, NULL,
                           "periods counts days, weeks, months, quarters or years");
    return segment_node_measure(parse, node);
}

static void set_history(struct parse *parse, struct segment_node *node,
                        struct segment_window *window)
{
    node->history = ARENA_NEW(parse->arena, struct segment_history);
    if (window) {
        node->history->has_window = true;
        node->history->window = *window;
    }
}

struct segment_node *segment_node_ever(struct parse *parse, struct token word,
                                       struct segment_node *condition,
                                       struct segment_window *window, struct token end)
{
    struct segment_node *node =
        segment_node_new(parse, OP_EVER, segment_span_join(word.span, end.span), 1, condition);
    set_history(parse, node, window);
    return segment_node_measure(parse, node);
}

static bool is_moment_literal(const struct segment_node *node)
{
    return node->op == OP_LITERAL && (node->type == VALUE_DATE || node->type == VALUE_TIME);
}

struct segment_node *segment_node_changed(struct parse *parse, struct token word,
                                          struct segment_node *trait, struct segment_node *from,
                                          struct segment_node *to, struct segment_window *window,
                                          struct token end)
{
    struct segment_span span = segment_span_join(word.span, end.span);
    /* changed(plan from 2025-01-01 to 2025-03-31): two dates and no window of its own
     * are the window. */
    if (from && to && !window && is_moment_literal(from) && is_moment_literal(to)) {
        window = segment_window_anchor(parse, WINDOW_FROM_TO, from->span, from, to);
        from = to = NULL;
    }
    /* Sides that are not given stay empty children, so that places tell them apart. */
    struct segment_node *node = segment_node_alloc(parse, OP_CHANGED, span, 3);
    node->child[0] = trait;
    node->child[1] = from;
    node->child[2] = to;
    set_history(parse, node, window);
    return segment_node_measure(parse, node);
}
