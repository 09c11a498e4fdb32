/*
 * Conditions about the time ahead. A prediction asks at a moment t whether a condition comes true
 * by t + h. The condition is evaluated at t + h, and what it says of facts must be about (t, t + h]
 * alone: a measure without a window gets the horizon as its window, one with a window must keep
 * within it, and what cannot keep within it is refused. Traits are read as they stand at the end.
 */
#include "segment/language.h"

#include <string.h>

struct horizon {
    const struct segment_set *set;
    int64_t seconds;
    bool narrows; /* false inside saved segments, which are not ours to change */
    bool *seen;   /* by segment */
    struct error *error;
    enum status status;
};

enum { LONGEST_MONTH = 31 * SECONDS_A_DAY };

static void refuse(struct horizon *horizon, const struct segment_node *node, const char *why)
{
    struct buffer text;
    if (horizon->status != STATUS_OK)
        return;

    buffer_init(&text, 0);
    segment_format_node(node, &text);
    horizon->status = error_set(horizon->error, STATUS_USAGE, "'%.300s' %s", text.data, why);
    error_hint(horizon->error, "a measure without a window sees exactly the horizon: none(order), "
                               "sum(order.amount) >= 100");
    buffer_release(&text);
}

/* Months count as the longest there are, and an hour more when clocks go back. */
static bool fits(const struct horizon *horizon, struct calendar_period length)
{
    int64_t longest =
        length.seconds +
        (length.months ? (int64_t)length.months * LONGEST_MONTH + SECONDS_AN_HOUR : 0);
    return longest <= horizon->seconds;
}

static void keep_within(struct horizon *horizon, const struct segment_node *node,
                        struct segment_window *window)
{
    bool within = (window->form == WINDOW_LAST && fits(horizon, window->length)) ||
                  (window->form == WINDOW_AGO && fits(horizon, window->longer));
    if (within)
        return;
    if (window->form != WINDOW_ALL || !horizon->narrows) {
        refuse(horizon, node, "may see what happened before the horizon");
        return;
    }
    /* What was asked of all facts is asked of the horizon: its last so many seconds. */
    window->form = WINDOW_LAST;
    window->unit = CALENDAR_SECOND;
    window->count = horizon->seconds;
    window->length = (struct calendar_period){.seconds = horizon->seconds};
}

static void visit(struct segment_node **place, void *data);

static void visit_segment(struct horizon *horizon, int segment)
{
    if (segment < 0 || segment >= horizon->set->segment_count || horizon->seen[segment])
        return;
    struct segment_definition *definition = &horizon->set->segments[segment];
    bool narrows = horizon->narrows;
    /* What other segments say stays as it is, since others use them too: it fits
     * or is refused. */
    horizon->seen[segment] = true;

    horizon->narrows = false;
    if (definition->condition)
        visit(&definition->condition, horizon);
    for (int u = 0; u < definition->use_count; u++)
        visit_segment(horizon, definition->uses[u]);

    horizon->narrows = narrows;
}

static void visit_scheme(struct horizon *horizon, int scheme)
{
    for (int i = 0; scheme >= 0 && i < horizon->set->schemes[scheme].member_count; i++)
        visit_segment(horizon, horizon->set->schemes[scheme].first_member + i);
}

/* ever, changed, entered, left: without a window they look at all there was. */
static void visit_optional(struct horizon *horizon, const struct segment_node *node,
                           bool *has_window, struct segment_window *window)
{
    if (!*has_window)
        *window = (struct segment_window){.form = WINDOW_ALL, .span = node->span};
    keep_within(horizon, node, window);
    *has_window = true;
}

static void visit(struct segment_node **place, void *data)
{
    struct horizon *horizon = data;
    struct segment_node *node = *place;

    /* What looks at facts must not look before the horizon; what the horizon cannot be
     * given to is refused. */
    switch (node->op) {
    case OP_MEASURE: keep_within(horizon, node, &node->measure->window); break;
    case OP_SEQUENCE: keep_within(horizon, node, &node->sequence->window); break;
    case OP_RESUMED: refuse(horizon, node, "looks at what was before the horizon"); break;
    case OP_EVER:
    case OP_CHANGED:
        visit_optional(horizon, node, &node->history->has_window, &node->history->window);
        break;
    case OP_RECORD:
        if (node->record->kind != RECORD_IN || node->record->has_window)
            visit_optional(horizon, node, &node->record->has_window, &node->record->window);
        break;
    case OP_PERIODS: /* its measures see the window only */
        keep_within(horizon, node, &node->periods->window);
        return;
    case OP_FORM:
        if (node->form == FORM_FIRST_TIME || node->form == FORM_STOPPED)
            refuse(horizon, node,
                   "looks at what was before the horizon; say it of the customers with --among");
        break;
    case OP_SEGMENT: visit_segment(horizon, node->index); break;
    case OP_SCHEME: visit_scheme(horizon, node->index); break;
    default: break;
    }

    segment_node_each(node, visit, horizon);
}

enum status segment_condition_within(struct segment_set *set, int64_t seconds, struct error *error)
{
    struct horizon horizon = {
        .set = set, .seconds = seconds, .narrows = true, .error = error, .status = STATUS_OK};
    /* A segment that several use is looked at once. */
    horizon.seen = ARENA_ARRAY(&set->arena, bool, set->segment_count + 1);
    /* The condition to narrow is the last segment of its set, and no use of itself. */
    int last = set->segment_count - 1;
    horizon.seen[last] = true;
    visit(&set->segments[last].condition, &horizon);
    return horizon.status;
}
