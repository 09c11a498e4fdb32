/* The tables of models' options: each row can be kept, its fallback and bounds pass its own check,
 * and what lies outside is refused by name. */
#include "unit/unit.h"

#include "study/options.h"
#include "study/work.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct arena arena;

static int set_up(void **state)
{
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    arena_release(&arena);
    return 0;
}

static bool is_number(const struct study_option *option)
{
    return option->form == STUDY_WHOLE || option->form == STUDY_NUMBER ||
           option->form == STUDY_DAYS;
}

/* The check of one option alone, as a type of its own: these forms ask the store nothing. */
static enum status check(const struct study_option *option, const char *value, struct error *error)
{
    struct study_option rows[] = {*option, {0}};
    struct study_type type = {.name = "lone", .options = rows};
    struct study_given given = {option->name, value};
    struct study_request request = {.options = &given, .option_count = 1};
    rows[0].few = 0;
    return study_options_check(NULL, &type, &request, &arena, error);
}

static void for_each(void (*look)(const struct study_option *option))
{
    const char *name, *summary;
    const struct study_option *options;
    size_t seen = 0;
    for (size_t i = 0; study_type_at(i, &name, &summary, &options); i++)
        for (; options->name; options++, seen++)
            look(options);
    assert_in_range(seen, 60, 200);
}

static void row_is_whole(const struct study_option *option)
{
    char place[STUDY_PLACE_MAX];
    assert_true(option->summary && *option->summary);
    assert_null(strchr(option->name, ' '));
    /* a word that nothing stands for in help is a switch, and only that */
    assert_int_equal(study_option_place(option, place) == NULL, option->form == STUDY_SWITCH);
    assert_in_range(strlen(place), 0, STUDY_PLACE_MAX - 2);
    assert_int_equal(option->form == STUDY_CHOICE, option->choices && !option->value);
    assert_true(!is_number(option) || option->least < option->most);
    assert_true(!option->few || option->list);
    assert_true(option->few <= option->many);
    assert_true(!option->unless || !option->fallback);
    assert_true(!option->example || strncmp(option->example, "--", 2) == 0);
    assert_true(!option->example ||
                strncmp(option->example + 2, option->name, strlen(option->name)) == 0);
}

static void every_row_is_whole(void **state)
{
    for_each(row_is_whole);
}

static void names_are_given_once(void **state)
{
    const char *name, *summary;
    const struct study_option *options;
    for (size_t i = 0; study_type_at(i, &name, &summary, &options); i++)
        for (; options->name; options++)
            assert_null(study_option_find(options + 1, options->name));
}

static void fallback_passes(const struct study_option *option)
{
    struct error error = {0};
    if (option->fallback && check(option, option->fallback, &error) != STATUS_OK)
        fail_msg("--%s %s: %s", option->name, option->fallback, error.message);
}

static void every_fallback_may_be_given(void **state)
{
    for_each(fallback_passes);
}

static void expect(const struct study_option *option, double number, enum status wanted)
{
    char value[64];
    struct error error = {0};
    snprintf(value, sizeof value, "%s%.17g", option->prefix ? option->prefix : "", number);
    enum status status = check(option, value, &error);
    if (status != wanted)
        fail_msg("--%s %s: %s", option->name, value, status == STATUS_OK ? "taken" : error.message);
    if (status != STATUS_OK) /* the message says which option, what was given and what is allowed */
        assert_true(strstr(error.message, option->name) && strstr(error.message, value));
}

static void bounds_hold(const struct study_option *option)
{
    if (!is_number(option) || !isfinite(option->least))
        return;
    double step = fmax(1, fabs(option->most) * 1e-9);
    expect(option, option->least, STATUS_OK);
    expect(option, option->most, STATUS_OK);
    expect(option, option->least - step, STATUS_USAGE);
    expect(option, option->most + step, STATUS_USAGE);
    if (option->form == STUDY_WHOLE)
        expect(option, option->least + .5, STATUS_USAGE);
}

static void every_bound_holds(void **state)
{
    for_each(bounds_hold);
}

static void choices_hold(const struct study_option *option)
{
    struct error error = {0};
    for (size_t i = 0; option->choices && option->choices[i]; i++)
        assert_int_equal(check(option, option->choices[i], &error), STATUS_OK);
    if (option->form != STUDY_CHOICE)
        return;
    assert_int_equal(check(option, "nonesuch", &error), STATUS_USAGE);
    assert_non_null(strstr(error.message, option->name));
    assert_non_null(strstr(error.message, "nonesuch"));
    for (size_t i = 0; option->choices[i]; i++)
        assert_non_null(strstr(error.message, option->choices[i]));
}

static void every_choice_holds(void **state)
{
    for_each(choices_hold);
}

static void long_lists_are_refused(const struct study_option *option)
{
    struct buffer text;
    struct error error = {0};
    if (!option->many)
        return;
    buffer_init(&text, 0);
    for (size_t i = 0; i <= option->many; i++)
        buffer_string(&text, "1,");
    assert_int_equal(check(option, text.data, &error), STATUS_USAGE);
    assert_non_null(strstr(error.message, option->name));
    buffer_release(&text);
}

static void every_list_ends(void **state)
{
    for_each(long_lists_are_refused);
}

/* ---- reading ---- */

static double number_of(const char *type, const char *name, const char *value)
{
    struct study_given given = {name, value};
    struct study_model model = {.type = type, .options = &given, .option_count = value ? 1 : 0};
    struct work work = {.arena = &arena, .model = &model};
    return work_number(&work, name);
}

static int pick_of(const char *type, const char *name, const char *value)
{
    struct study_given given = {name, value};
    struct study_model model = {.type = type, .options = &given, .option_count = value ? 1 : 0};
    struct work work = {.arena = &arena, .model = &model};
    return work_pick(&work, name);
}

static void values_and_fallbacks_are_read(void **state)
{
    assert_float_equal(number_of("clv", "discount", NULL), .1, 1e-12);
    assert_float_equal(number_of("clv", "discount", "25%"), .25, 1e-12);
    assert_float_equal(number_of("clv", "horizon", "90"), 90, 0);
    assert_float_equal(number_of("cluster", "groups", NULL), 0, 0);
    assert_float_equal(number_of("predict", "split", "folds:7"), 7, 0);
    assert_int_equal(pick_of("clv", "period", NULL), 1);
    assert_int_equal(pick_of("survive", "until", NULL), 0);
    assert_int_equal(pick_of("survive", "until", "some_kind"), -1);
    assert_int_equal(pick_of("survive", "cohort", NULL), -1);
    assert_int_equal(pick_of("predict", "penalty", "0.1"), -1);
    /* saved by a version that took it, and no more: as if it were not given */
    assert_float_equal(number_of("rfm", "bins", "many"), 5, 0);
    assert_int_equal(pick_of("rfm", "rule", "old"), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(every_row_is_whole, set_up, tear_down),
    cmocka_unit_test_setup_teardown(names_are_given_once, set_up, tear_down),
    cmocka_unit_test_setup_teardown(every_fallback_may_be_given, set_up, tear_down),
    cmocka_unit_test_setup_teardown(every_bound_holds, set_up, tear_down),
    cmocka_unit_test_setup_teardown(every_choice_holds, set_up, tear_down),
    cmocka_unit_test_setup_teardown(every_list_ends, set_up, tear_down),
    cmocka_unit_test_setup_teardown(values_and_fallbacks_are_read, set_up, tear_down),
};
UNIT_MAIN(tests)
