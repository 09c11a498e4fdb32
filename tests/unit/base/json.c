#include "unit/unit.h"

#include "base/calendar.h"
#include "base/json.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_sample(struct json *json)
{
    json_write_object(json);
    json_write_key(json, "name");
    json_write_string(json, "Müller \"& Söhne\" </script>\n\x01\\");
    json_write_key(json, "numbers");
    json_write_array(json);
    json_write_integer(json, INT64_MIN);
    json_write_double(json, 0.1);
    json_write_double(json, NAN);
    json_write_double(json, -INFINITY);
    json_write_decimal(json, -1250, 2);
    json_write_end_array(json);
    json_write_key(json, "empty");
    json_write_object(json);
    json_write_end_object(json);
    json_write_key(json, "none");
    json_write_array(json);
    json_write_end_array(json);
    json_write_key(json, "more");
    json_write_object(json);
    json_write_key(json, "yes");
    json_write_bool(json, true);
    json_write_key(json, "null");
    json_write_string(json, NULL);
    json_write_key(json, "raw");
    json_write_raw(json, TEXT("[1,2]"));
    json_write_end_object(json);
    json_write_end_object(json);
}

static void plain_form(void **state)
{
    struct buffer out;
    buffer_init(&out, 0);
    struct json json;
    json_init(&json, &out, false);
    write_sample(&json);
    assert_string_equal(
        out.data,
        "{\"name\":\"Müller \\\"& Söhne\\\" \\u003c/script>\\n\\u0001\\\\\","
        "\"numbers\":[-9223372036854775808,0.1,null,null,-12.50],\"empty\":{},\"none\":[],"
        "\"more\":{\"yes\":true,\"null\":null,\"raw\":[1,2]}}");
    buffer_release(&out);
}

static void pretty_form(void **state)
{
    struct buffer out;
    buffer_init(&out, 0);
    struct json json;
    json_init(&json, &out, true);
    json_write_object(&json);
    json_write_key(&json, "a");
    json_write_array(&json);
    json_write_integer(&json, 1);
    json_write_integer(&json, 2);
    json_write_end_array(&json);
    json_write_key(&json, "b");
    json_write_object(&json);
    json_write_end_object(&json);
    json_write_end_object(&json);
    assert_string_equal(out.data, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}\n");
    buffer_release(&out);
}

/* Another program's reader understands both forms alike. */
static void both_forms_are_read_alike(void **state)
{
    json_t *read[2];
    for (int pretty = 0; pretty < 2; pretty++) {
        struct buffer out;
        buffer_init(&out, 0);
        struct json json;
        json_init(&json, &out, pretty);
        write_sample(&json);
        json_error_t error;
        read[pretty] = json_loads(out.data, 0, &error);
        assert_non_null(read[pretty]);
        buffer_release(&out);
    }
    assert_true(json_equal(read[0], read[1]));
    assert_string_equal(json_string_value(json_object_get(read[0], "name")),
                        "Müller \"& Söhne\" </script>\n\x01\\");
    json_decref(read[0]);
    json_decref(read[1]);
}

static void any_bytes_become_valid_text(void **state)
{
    uint64_t random = 3;
    for (int i = 0; i < 5000; i++) {
        char bytes[24];
        size_t length = unit_random(&random) % sizeof bytes;
        for (size_t at = 0; at < length; at++)
            bytes[at] = (char)unit_random(&random);
        struct buffer out;
        buffer_init(&out, 0);
        struct json json;
        json_init(&json, &out, false);
        json_write_text(&json, (struct text){bytes, length});
        json_error_t error;
        json_t *value = json_loadb(out.data, out.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        assert_non_null(value);
        if (text_valid_utf8((struct text){bytes, length})) {
            assert_int_equal(json_string_length(value), length);
            assert_memory_equal(json_string_value(value), bytes, length);
        }
        json_decref(value);
        buffer_release(&out);
    }
}

static void bad_bytes_are_replaced_one_by_one(void **state)
{
    struct buffer out;
    buffer_init(&out, 0);
    struct json json;
    json_init(&json, &out, false);
    json_write_text(&json, TEXT("a\xff\xfe"
                                "b\xc3"));
    assert_string_equal(out.data, "\"a\xef\xbf\xbd\xef\xbf\xbd"
                                  "b\xef\xbf\xbd\"");
    buffer_release(&out);
}

static void key_in_array(struct json *json)
{
    json_write_array(json);
    json_write_key(json, "a");
}

static void value_without_key(struct json *json)
{
    json_write_object(json);
    json_write_integer(json, 1);
}

static void wrong_bracket(struct json *json)
{
    json_write_object(json);
    json_write_end_array(json);
}

static void key_without_value(struct json *json)
{
    json_write_object(json);
    json_write_key(json, "a");
    json_write_end_object(json);
}

static void too_many_ends(struct json *json)
{
    json_write_array(json);
    json_write_end_array(json);
    json_write_end_array(json);
}

static void two_keys(struct json *json)
{
    json_write_object(json);
    json_write_key(json, "a");
    json_write_key(json, "b");
}

static void wrong_nesting_is_a_bug(void **state)
{
    static void (*const wrong[])(struct json *) = {
        key_in_array, value_without_key, wrong_bracket, key_without_value, too_many_ends, two_keys};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            signal(SIGABRT, SIG_DFL);
            fclose(stderr);
            struct buffer out;
            buffer_init(&out, 0);
            struct json json;
            json_init(&json, &out, false);
            wrong[i](&json);
            _exit(0);
        }
        int result;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGABRT);
    }
}

static void moments_and_lists_have_keys(void **state)
{
    static const char *const names[] = {"a", "b\""};
    struct zone *zone;
    struct error error;
    struct buffer out;
    struct json json;
    assert_int_equal(zone_open("Europe/Vienna", &zone, &error), STATUS_OK);
    buffer_init(&out, 0);
    json_init(&json, &out, false);
    json_write_object(&json);
    json_put_moment(&json, "at", zone, 0);
    json_put_count(&json, "n", UINT32_MAX);
    json_put_strings(&json, "names", names, 2);
    json_put_strings(&json, "none", NULL, 0);
    json_write_end_object(&json);
    assert_string_equal(out.data, "{\"at\":\"1970-01-01T01:00:00+01:00\",\"n\":4294967295,"
                                  "\"names\":[\"a\",\"b\\\"\"],\"none\":[]}");
    buffer_release(&out);
    zone_close(zone);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_form),
    cmocka_unit_test(pretty_form),
    cmocka_unit_test(both_forms_are_read_alike),
    cmocka_unit_test(any_bytes_become_valid_text),
    cmocka_unit_test(bad_bytes_are_replaced_one_by_one),
    cmocka_unit_test(wrong_nesting_is_a_bug),
    cmocka_unit_test(moments_and_lists_have_keys),
};
UNIT_MAIN(tests)
