/* Windows: what they may count from, and which of them may stand where. A fact cannot lie in a
 * window of the future, nor a count of periods be without a beginning. */
#include "segment/language.h"

static void check_anchor(struct check *check, const struct scope *scope,
                         struct segment_window *window, struct segment_node **anchor,
                         bool must_be_constant)
{
    struct scope customer = {.history = scope->history};
    segment_check_value(check, &customer, anchor);

    enum value_type type = (*anchor)->type;
    /* What was meant by a text or a length of time is mostly clear. */
    if (type != VALUE_NONE && type != VALUE_DATE && type != VALUE_TIME) {
        struct error *error = segment_check_error(
            check, (*anchor)->span, "a window needs a date or time, but %s is %s",
            segment_node_words(check, *anchor), value_type_name(type));
        if (type == VALUE_TEXT && (*anchor)->op == OP_LITERAL)
            error_hint(error, "dates are written without quotes: 2025-03-31");
        else if (type == VALUE_DURATION)
            error_hint(error, "count back from a day: today - 30 days");
    } else if (must_be_constant && !(*anchor)->constant) {
        const char *word = window->form == WINDOW_UNTIL ? "“before”" : "“from … to …”";
        error_hint(segment_check_error(check, (*anchor)->span,
                                       "%s here takes a date that is the same for every customer",
                                       word),
                   "for a date of the customer's own say since …, or within 30 days before …");
    }
}

static bool in_periods(struct check *check, const struct segment_window *window)
{
    static const int64_t unbounded =
        1 << WINDOW_ALL | 1 << WINDOW_BEFORE_LAST | 1 << WINDOW_UNTIL | 1 << WINDOW_NEXT;
    if (unbounded >> window->form & 1) {
        error_hint(
            segment_check_error(check, window->span, "periods needs a window with a beginning"),
            "such as last 6 months");
        return false;
    }

    if ((window->anchor && !window->anchor->constant) || window->weekdays || window->anniversary) {
        segment_check_error(check, window->span,
                            "the window of periods is the same for every customer");
        return false;
    }
    return true;
}

void segment_check_window(struct check *check, const struct scope *scope,
                          struct segment_window *window, enum window_use use)
{
    /* What may not stand here at all. */
    if (use != WINDOW_USE_FACTS && (window->weekdays || window->anniversary))
        error_hint(segment_check_error(check, window->span,
                                       "“on” stands only inside measures and sequences"),
                   "ask for weekday(…) in (6, 7), or anniversary(…) this month");
    if (window->form == WINDOW_NEXT && (use == WINDOW_USE_FACTS || use == WINDOW_USE_MOMENTS))
        error_hint(
            segment_check_error(check, window->span,
                                "facts have happened already: none lie in a window of the future"),
            "“next” asks of a date: renewal_date next 30 days");

    /* What it counts from: a day for everyone where it is fixed, else of the
     * customer's own too. */
    bool fixed = window->form == WINDOW_UNTIL || window->form == WINDOW_FROM_TO;
    if (window->anchor)
        check_anchor(check, scope, window, &window->anchor, fixed);
    if (window->to)
        check_anchor(check, scope, window, &window->to, fixed);

    /* Both are written out, so their order shows. */
    if (window->to && window->anchor->op == OP_LITERAL && window->to->op == OP_LITERAL &&
        window->anchor->type == window->to->type &&
        window->anchor->literal.integer > window->to->literal.integer)
        error_hint(segment_check_error(check, window->span, "this window ends before it begins"),
                   "swap the two dates");
    if (window->anniversary) {
        struct scope customer = {.history = scope->history};
        segment_check_value(check, &customer, &window->anniversary);
        segment_wrap_date(check, &window->anniversary);
        enum value_type type = window->anniversary->type;
        if (type != VALUE_NONE && type != VALUE_DATE)
            segment_check_error(
                check, window->anniversary->span, "an anniversary needs a date, but %s is %s",
                segment_node_words(check, window->anniversary), value_type_name(type));
    }

    if (use == WINDOW_USE_PERIODS)
        (void)in_periods(check, window);
}
