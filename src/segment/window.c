/* The bounds of windows: the one place that turns calendar words into seconds. Bounds are inclusive
 * on both sides, in whole seconds, so two windows that follow each other share no moment. */
#include "segment/tree.h"

/* The first and last moment an anchor stands for: itself, or its whole day. */
static struct segment_bounds spread(const struct zone *zone, struct segment_anchor anchor)
{
    if (!anchor.is_date)
        return (struct segment_bounds){anchor.value, anchor.value};
    int32_t date = (int32_t)anchor.value;
    int64_t end = date < DATE_MAX ? zone_day_start(zone, date + 1) - 1 : MOMENT_MAX;
    return (struct segment_bounds){zone_day_start(zone, date), end};
}

static int64_t unit_start(const struct zone *zone, int64_t number, enum calendar_unit unit)
{
    return zone_day_start(zone, date_of_unit_number(number, unit));
}

/* `count` whole units up to the one that holds now, which is included when current. */
static struct segment_bounds whole_units(const struct zone *zone, int64_t now,
                                         enum calendar_unit unit, int64_t count, bool current)
{
    int64_t number = date_unit_number(zone_date(zone, now), unit);
    if (current)
        return (struct segment_bounds){unit_start(zone, number, unit),
                                       unit_start(zone, number + 1, unit) - 1};
    return (struct segment_bounds){unit_start(zone, number - count, unit),
                                   unit_start(zone, number, unit) - 1};
}

struct segment_bounds segment_window_bounds(const struct segment_window *window,
                                            const struct zone *zone, int64_t now,
                                            struct segment_anchor anchor, struct segment_anchor to)
{
    struct calendar_period length = window->length;

    /* Lengths before now: from the second after that moment, so that now and a length
     * ago are never both inside. A date as an anchor is its whole day. */
    switch (window->form) {
    case WINDOW_ALL: return (struct segment_bounds){INT64_MIN, now};
    case WINDOW_LAST: return (struct segment_bounds){zone_add(zone, now, length, -1) + 1, now};
    case WINDOW_NEXT: return (struct segment_bounds){now + 1, zone_add(zone, now, length, 1)};
    case WINDOW_BEFORE_LAST:
        return (struct segment_bounds){INT64_MIN, zone_add(zone, now, length, -1)};
    case WINDOW_AGO:
        return (struct segment_bounds){zone_add(zone, now, window->longer, -1) + 1,
                                       zone_add(zone, now, length, -1)};
    case WINDOW_SINCE: return (struct segment_bounds){spread(zone, anchor).lo, now};
    case WINDOW_UNTIL: return (struct segment_bounds){INT64_MIN, spread(zone, anchor).lo - 1};
    case WINDOW_FROM_TO:
        return (struct segment_bounds){spread(zone, anchor).lo, spread(zone, to).hi};
    case WINDOW_THIS: return whole_units(zone, now, window->unit, 1, true);
    case WINDOW_PREVIOUS: return whole_units(zone, now, window->unit, window->count, false);
    case WINDOW_WITHIN:
        return (struct segment_bounds){zone_add(zone, spread(zone, anchor).lo, length, -1),
                                       zone_add(zone, spread(zone, anchor).hi, length, 1)};
    case WINDOW_AFTER:
        return (struct segment_bounds){spread(zone, anchor).lo,
                                       zone_add(zone, spread(zone, anchor).hi, length, 1)};
    case WINDOW_BEFORE:
        return (struct segment_bounds){zone_add(zone, spread(zone, anchor).lo, length, -1),
                                       spread(zone, anchor).hi};
    }

    ENSURE(!"a form of window");
    return (struct segment_bounds){1, 0};
}
