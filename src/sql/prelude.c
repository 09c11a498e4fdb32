/*
 * The functions that statements call: local dates, steps on the calendar, folding. A zone is
 * written into them as the list of its transitions, so that the engine's own idea of time zones
 * never matters.
 *
 * Three readings of a zone with transitions x (offset before → offset after):
 *   of a moment:            the offset after, from x on;
 *   of a local time:        the offset after, from x + after on: a repeated hour is its second
 * occurrence, a missing one moves forward; of a day's first moment: the offset before holds until
 * both clocks have passed, so a repeated midnight is its first occurrence; a midnight that never
 * happens is x itself.
 */
#include "sql/sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <utf8proc.h>

struct transitions {
    int64_t *moments;
    int32_t *after; /* offset from the moment on */
    int32_t first;  /* offset before all */
    size_t count, room;
};

/* All of them, however long the span: a zone itself holds some 16,000. */
static struct transitions transitions_of(const struct zone *zone, int64_t from, int64_t until)
{
    enum { FIRST_ROOM = 512 /* of the years in which facts may lie, four a year */ };
    struct transitions all = {.first = zone_offset(zone, from)};

    /* Room that is filled to the last place may have been too small. */
    for (size_t room = FIRST_ROOM; all.count == all.room; room *= 2) {
        all.moments = base_realloc(all.moments, room * sizeof *all.moments);
        all.after = base_realloc(all.after, room * sizeof *all.after);
        all.room = room;
        all.count = zone_transitions(zone, from, until, all.moments, all.after, room);
    }
    return all;
}

/* CASE over transitions from the last to the first; `wall` adds to each moment what the clock there
 * shows. */
static void offset_case(const struct transitions *all, const char *x, bool wall, struct buffer *out)
{
    if (all->count == 0) {
        buffer_printf(out, "%" PRId32, all->first);
        return;
    }
    buffer_string(out, "CASE");
    for (size_t i = all->count; i-- > 0;)
        buffer_printf(out, " WHEN %s >= %" PRId64 " THEN %" PRId32, x,
                      all->moments[i] + (wall ? all->after[i] : 0), all->after[i]);
    buffer_printf(out, " ELSE %" PRId32 " END", all->first);
}

/* The first moment of a day whose local midnight is l. */
static void midnight_case(const struct transitions *all, struct buffer *out)
{
    if (all->count == 0) {
        buffer_printf(out, "of_midnight - %" PRId32, all->first);
        return;
    }
    buffer_string(out, "CASE");
    for (size_t i = all->count; i-- > 0;) {
        int32_t before = i ? all->after[i - 1] : all->first, after = all->after[i];
        int64_t moment = all->moments[i];
        buffer_printf(out, " WHEN of_midnight >= %" PRId64 " THEN of_midnight - %" PRId32,
                      moment + (after > before ? after : before), after);
        if (after > before)
            buffer_printf(out, " WHEN of_midnight >= %" PRId64 " THEN %" PRId64, moment + before,
                          moment);
    }
    buffer_printf(out, " ELSE of_midnight - %" PRId32 " END", all->first);
}

/* Characters whose simple folding is not their lower case, and what they fold to. */
static void folding(struct buffer *from, struct buffer *to)
{
    struct arena arena;
    arena_init(&arena, 0);

    /* Beyond are pictures and ideographs, which have no cases. */
    enum { LAST_POINT = 0x1F000 };
    for (utf8proc_int32_t point = 0x80; point < LAST_POINT; point++) {
        if (!utf8proc_codepoint_valid(point))
            continue;
        utf8proc_uint8_t bytes[4], lower[4];
        utf8proc_ssize_t length = utf8proc_encode_char(point, bytes);

        utf8proc_ssize_t lower_length = utf8proc_encode_char(utf8proc_tolower(point), lower);
        struct text folded = text_fold((struct text){(const char *)bytes, (size_t)length}, &arena);

        /* What lower() of the engine does already need not be said. */
        if (text_equal(folded, (struct text){(const char *)lower, (size_t)lower_length}))
            continue;

        buffer_add(from, bytes, (size_t)length);
        buffer_text(to, folded);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

/*
 * A macro is text put in place of its call, so a parameter that its body names twice is written
 * twice, and computed twice; nested calls would grow like powers. A body that names a parameter
 * more than once therefore takes it through a lambda over a list of one, which computes it once:
 * list_transform([x], lambda of_it: … of_it …)[1]. Each macro has a name of its own for it, since
 * what stands for a parameter is put in as text and may hold another macro's.
 */
static const char *const fixed[] = {
    "strata_floor_div(a, b) AS list_transform([a], lambda of_floor_div: (of_floor_div - "
    "((of_floor_div % b) + b) % b) "
    "// b)[1]",
    /* a double that is no number, or beyond all bounds, is unknown */
    "strata_finite(x) AS list_filter([x], lambda of_finite: isfinite(of_finite))[1]",
    "strata_date(t) AS list_transform([t], lambda of_date: strata_floor_div(of_date + "
    "strata_offset(of_date), "
    "86400))[1]",
    "strata_clock(t) AS list_transform([t], lambda of_clock: of_clock + strata_offset(of_clock) - "
    "86400 * "
    "strata_date(of_clock))[1]",
    "strata_moment(l) AS list_transform([l], lambda of_moment: of_moment - "
    "strata_wall_offset(of_moment))[1]",
    "strata_day_start(d) AS strata_midnight(CAST(d AS BIGINT) * 86400)",
    "strata_civil(d) AS DATE '1970-01-01' + CAST(d AS INTEGER)",
    "strata_number(d) AS CAST(d AS DATE) - DATE '1970-01-01'",
    "strata_month(d) AS list_transform([strata_civil(d)], lambda of_month: year(of_month) * 12 + "
    "month(of_month) - "
    "1)[1]",
    "strata_quarter(d) AS list_transform([strata_civil(d)], lambda of_quarter: year(of_quarter) * "
    "4 + "
    "(month(of_quarter) - 1) // 3)[1]",
    "strata_add_months(d, n) AS greatest(-719162, least(2932896, strata_number(strata_civil(d) + "
    "to_months(CAST(n AS "
    "INTEGER)))))",
    "strata_step(t, n) AS list_transform([t], lambda of_step: "
    "strata_moment(strata_add_months(strata_date(of_step), n) "
    "* 86400 + strata_clock(of_step)))[1]",
    "strata_months_between(a, b) AS list_transform([{'a': a, 'b': b}], lambda of_months_between: "
    "list_transform([strata_month(of_months_between.b) - strata_month(of_months_between.a)], "
    "lambda months: months - "
    "CASE WHEN strata_add_months(of_months_between.a, months) > of_months_between.b THEN 1 ELSE 0 "
    "END)[1])[1]",
    /* of moments: one less when the clock of b has not reached that of a on the
     * completing day */
    "strata_completed(a, b, n, a_clock, b_clock) AS list_transform([n], lambda of_completed: "
    "of_completed - CASE WHEN "
    "strata_add_months(a, of_completed) = b AND b_clock < a_clock THEN 1 ELSE 0 END)[1]",
    "strata_clock_months_between(a, b) AS list_transform([{'a': a, 'b': b}], lambda "
    "of_clock_months_between: "
    "list_transform([{'a': strata_date(of_clock_months_between.a), 'b': "
    "strata_date(of_clock_months_between.b), 'x': "
    "strata_clock(of_clock_months_between.a), 'y': strata_clock(of_clock_months_between.b)}], "
    "lambda clocks: "
    "strata_completed(clocks.a, clocks.b, strata_months_between(clocks.a, clocks.b), clocks.x, "
    "clocks.y))[1])[1]",
    "strata_anniversary(d, y) AS list_transform([d], lambda of_anniversary: "
    "strata_add_months(of_anniversary, 12 * (y "
    "- year(strata_civil(of_anniversary)))))[1]",
    "strata_later_of(d, y, a) AS list_transform([{'d': d, 'y': y, 'a': a}], lambda of_later_of: "
    "CASE WHEN "
    "strata_anniversary(of_later_of.d, of_later_of.y) > of_later_of.a THEN "
    "strata_anniversary(of_later_of.d, "
    "of_later_of.y) ELSE strata_anniversary(of_later_of.d, of_later_of.y + 1) END)[1]",
    /* the first anniversary (or the day itself) after a */
    "strata_anniversary_after(d, a) AS list_transform([{'d': d, 'a': a}], lambda "
    "of_anniversary_after: "
    "strata_later_of(of_anniversary_after.d, greatest(year(strata_civil(of_anniversary_after.d)), "
    "year(strata_civil(of_anniversary_after.a))), of_anniversary_after.a))[1]",
    "strata_age(b, d) AS list_transform([{'b': b, 'd': d}], lambda of_age: CASE WHEN of_age.b <= "
    "of_age.d THEN "
    "year(strata_civil(of_age.d)) - year(strata_civil(of_age.b)) - CASE WHEN "
    "strata_anniversary(of_age.b, "
    "year(strata_civil(of_age.d))) > of_age.d THEN 1 ELSE 0 END END)[1]",
    "strata_haversine(a, b, across) AS list_transform([{'a': a, 'b': b}], lambda of_haversine: "
    "pow(sin((of_haversine.b "
    "- of_haversine.a) / 2), 2) + cos(of_haversine.a) * cos(of_haversine.b) * pow(sin(across / 2), "
    "2))[1]",
    "strata_arc(h) AS list_transform([h], lambda of_arc: 2 * CAST('6371008.8' AS DOUBLE) * "
    "asin(sqrt(CASE WHEN of_arc "
    "> 1 THEN CAST(1 AS DOUBLE) ELSE of_arc END)))[1]",
    "strata_distance(a, a_long, b, b_long) AS strata_arc(strata_haversine(radians(a), radians(b), "
    "radians(b_long - "
    "a_long)))",
    /* a version as a list of texts that compare as its parts do: pre-release before
     * release, words before numbers, missing parts as the number 0; up to 16 parts,
     * numbers up to 40 digits */
    "strata_version_key(pre, part) AS CASE WHEN pre THEN CASE WHEN part SIMILAR TO '[0-9].*' THEN "
    "'b' ELSE 'a' END "
    "ELSE "
    "CASE WHEN part SIMILAR TO '[0-9].*' THEN 'd' ELSE 'c' END END || CASE WHEN part SIMILAR TO "
    "'[0-9].*' THEN "
    "lpad(ltrim(part, '0'), 40, '0') ELSE part END",
    "strata_version_part(p) AS strata_version_key(contains(regexp_extract(p, '^[-._+ ]*'), '-'), "
    "regexp_replace(p, "
    "'^[-._+ "
    "]*', ''))",
    "strata_version(v) AS list_resize(list_transform(regexp_extract_all(v, '[-._+ "
    "]*([0-9]+|[^-0-9._+ ]+)'), lambda p: "
    "strata_version_part(p)), 16, strata_version_key(false, '0'))",
};

void sql_prelude(const struct zone *zone, int64_t from, int64_t until, struct buffer *out)
{
    struct transitions all = transitions_of(zone, from, until);

    /* The zone comes first, as everything else is made of it. */
    buffer_string(
        out, "CREATE OR REPLACE MACRO strata_offset(x) AS list_transform([x], lambda of_offset: ");
    offset_case(&all, "of_offset", false, out);
    buffer_string(out, ")[1];\nCREATE OR REPLACE MACRO strata_wall_offset(x) AS "
                       "list_transform([x], lambda of_wall: ");
    offset_case(&all, "of_wall", true, out);
    buffer_string(out, ")[1];\nCREATE OR REPLACE MACRO strata_midnight(x) AS list_transform([x], "
                       "lambda of_midnight: ");
    midnight_case(&all, out);
    buffer_string(out, ")[1];\n");

    free(all.moments);
    free(all.after);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        buffer_printf(out, "CREATE OR REPLACE MACRO %s;\n", fixed[i]);

    /* Then folding, by a list of the characters that the engine's lower()
     * does not fold. */
    struct buffer plain, folded;
    buffer_init(&plain, 0);
    buffer_init(&folded, 0);
    folding(&plain, &folded);
    buffer_string(out, "CREATE OR REPLACE MACRO strata_fold(x) AS lower(translate(x, ");
    buffer_sql_text(out, (struct text){plain.data, plain.length});
    buffer_string(out, ", ");
    buffer_sql_text(out, (struct text){folded.data, folded.length});
    buffer_string(out, "));\n");
    buffer_release(&plain);
    buffer_release(&folded);
}
