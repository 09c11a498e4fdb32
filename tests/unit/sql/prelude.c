/* The macros that statements call: every transition of the zone is in them, however long the span.
 */
#include "sql/sql.h"
#include "unit/ground.h"

#include <string.h>

static size_t occurrences(const char *text, const char *of)
{
    size_t count = 0;
    for (; (text = strstr(text, of)); text += strlen(of))
        count++;
    return count;
}

/* Prints the macros between two moments and counts the branches that read an offset. */
static size_t branches(const char *name, int64_t from, int64_t until)
{
    struct zone *zone;
    struct buffer out;
    buffer_init(&out, 0);

    assert_int_equal(zone_open(name, &zone, &error), STATUS_OK);
    sql_prelude(zone, from, until, &out);
    size_t count = occurrences(out.data, "WHEN of_offset >= ");

    buffer_release(&out);
    zone_close(zone);
    return count;
}

/* Vienna changes its clocks twice a year, for as long as there are years. */
static void every_transition_is_there(void **state)
{
    static const int years[] = {1, 255, 256, 257, 2047, 2048, 2049, 7899};
    enum { BEGIN = 2100 };
    int64_t from = (int64_t)date_from_civil(BEGIN, 1, 1) * SECONDS_A_DAY;
    (void)state;

    assert_int_equal(branches("UTC", from, MOMENT_MAX), 0);
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        int32_t end = date_from_civil(BEGIN + years[i], 1, 1);
        assert_int_equal(branches("Europe/Vienna", from, (int64_t)end * SECONDS_A_DAY - 1),
                         2 * years[i]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_transition_is_there),
};
GROUND_MAIN(tests)
