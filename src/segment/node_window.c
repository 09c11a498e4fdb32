/* The grammar's actions for windows: which stretch of time the words mean. Whether it may stand
 * where it does is asked later (check_window.c). */
#include "segment/language.h"

struct segment_node *segment_node_in_window(struct parse *parse, struct segment_node *value,
                                            struct segment_window *window)
{
    struct segment_node *node = segment_node_new(
        parse, OP_IN_WINDOW, segment_span_join(value->span, window->span), 1, value);

    node->window = window;

    if (window->weekdays || window->anniversary)
        segment_parse_fail(parse, window->span,
                           "ask for weekday(…) in (6, 7), or anniversary(…) this month",
                           "“on” stands only inside measures and sequences");
    return segment_node_measure(parse, node);
}

struct segment_window *segment_window_new(struct parse *parse, enum segment_window_form form,
                                          struct segment_span span)
{
    struct segment_window *window = ARENA_NEW(parse->arena, struct segment_window);
    window->form = form;
    window->span = span;
    return window;
}

struct segment_window *segment_window_length(struct parse *parse, enum segment_window_form form,
                                             struct segment_span begin, struct quantity quantity)
{
    struct segment_window *window =
        segment_window_new(parse, form, segment_span_join(begin, quantity.span));
    window->length = segment_quantity_period(quantity);
    window->count = quantity.count;
    window->unit = quantity.unit;
    return window;
}

struct segment_window *segment_window_anchor(struct parse *parse, enum segment_window_form form,
                                             struct segment_span begin, struct segment_node *anchor,
                                             struct segment_node *to)
{
    struct segment_window *window =
        segment_window_new(parse, form, segment_span_join(begin, to ? to->span : anchor->span));
    window->anchor = anchor;
    window->to = to;
    return window;
}

struct segment_window *segment_window_ago(struct parse *parse, struct token between,
                                          struct segment_node *from, struct segment_node *to,
                                          struct token ago)
{
    struct segment_window *window =
        segment_window_new(parse, WINDOW_AGO, segment_span_join(between.span, ago.span));

    /* The first number has no unit of its own, and shares the second one's. */
    bool plain = from->op == OP_LITERAL && from->type == VALUE_INT && to->op == OP_LITERAL &&
                 to->literal.is_period;
    if (!plain || from->literal.integer < 0 || from->literal.integer >= to->literal.count) {
        segment_parse_fail(
            parse, window->span, NULL,
            "a span of the past is written between 30 and 60 days ago, the smaller number first");
        return window;
    }

    struct quantity near = {from->literal.integer, to->literal.unit, from->span};
    window->unit = near.unit;
    window->count = near.count;
    window->length = segment_quantity_period(near);
    window->longer = to->literal.period;
    window->longer_count = to->literal.count;
    return window;
}

struct segment_window *segment_window_calendar(struct parse *parse, enum segment_window_form form,
                                               struct segment_span begin, struct token number,
                                               struct token unit)
{
    enum { COUNT_MAX = 100000 }; /* as days some 270 years, more than facts go back */
    struct segment_window *window =
        segment_window_new(parse, form, segment_span_join(begin, unit.span));
    window->count = 1;

    window->unit = unit.text.data ? segment_unit_of(unit.text) : CALENDAR_DAY;

    if (number.text.data && segment_small_count(parse, number, &window->count) &&
        window->count > COUNT_MAX)
        segment_parse_fail(parse, number.span, NULL, "this window is too long");

    if (window->unit < CALENDAR_DAY)
        segment_parse_fail(parse, unit.span, "say last 24 hours",
                           "calendar units are day, week, month, quarter and year");
    return window;
}

void segment_window_weekday(struct parse *parse, struct segment_window *window, struct token name)
{
    int weekday = segment_weekday_by_name(name.text);
    if (weekday == 0)
        segment_parse_fail(parse, name.span, "weekdays are monday to sunday",
                           "there is no weekday “%.*s”", (int)name.text.length, name.text.data);
    else
        window->weekdays |= 1u << weekday;
}
