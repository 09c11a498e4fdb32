/*
 * Reading a saved model in a straight line: whatever is missing or of the wrong kind
 * reads as 0, NaN or nothing, and the first fault is remembered for the end. So a
 * reader has no branch for each member, and a broken file still gives a sentence that
 * says what is wrong.
 */
#include "model/json_read.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/json.h"

enum status model_json_open(struct model_json *reader, struct text text, const char *what,
                            struct error *error)
{
    json_error_t wrong;
    *reader = (struct model_json){.what = what};
    reader->value = json_loadb(text.data, text.length, 0, &wrong);
    if (!reader->value)
        return error_set(error, STATUS_ERROR, "this saved %s cannot be read: line %d, %s", what,
                         wrong.line, wrong.text);
    if (json_is_object(reader->value))
        return STATUS_OK;
    json_decref(reader->value);
    return error_set(error, STATUS_ERROR, "this saved %s is not a JSON object", what);
}

enum status model_json_close(struct model_json *reader, struct error *error)
{
    json_decref(reader->value);
    reader->value = NULL;
    if (!reader->failed)
        return STATUS_OK;
    return error_set(error, STATUS_ERROR, "this saved %s cannot be used: %s", reader->what,
                     reader->wrong);
}

void model_json_fail(struct model_json *reader, const char *format, ...)
{
    while (reader->parent)
        reader = reader->parent;
    if (reader->failed)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->wrong, sizeof reader->wrong, format, arguments);
    va_end(arguments);
    reader->failed = true;
}

/* The member, or NULL and a remembered failure when it is missing or not what is wanted. */
static json_t *member(struct model_json *reader, const char *key, bool (*fits)(const json_t *value),
                      const char *kind)
{
    json_t *value = reader->value ? json_object_get(reader->value, key) : NULL;
    if (value && fits(value))
        return value;
    model_json_fail(reader, "\"%s\" is %s", key, value ? kind : "missing");
    return NULL;
}

static bool fits_object(const json_t *value)
{
    return json_is_object(value);
}

static bool fits_string(const json_t *value)
{
    return json_is_string(value);
}

static bool fits_number(const json_t *value)
{
    return json_is_number(value);
}

static bool fits_number_or_null(const json_t *value)
{
    return json_is_number(value) || json_is_null(value);
}

static bool fits_bool(const json_t *value)
{
    return json_is_boolean(value);
}

static bool fits_array(const json_t *value)
{
    return json_is_array(value);
}

struct model_json model_json_object(struct model_json *reader, const char *key)
{
    return (struct model_json){.value = member(reader, key, fits_object, "not an object"),
                               .parent = reader};
}

const char *model_json_string(struct model_json *reader, const char *key)
{
    return json_string_value(member(reader, key, fits_string, "not a text"));
}

double model_json_number(struct model_json *reader, const char *key)
{
    return json_number_value(member(reader, key, fits_number, "not a number"));
}

double model_json_number_or_nan(struct model_json *reader, const char *key)
{
    json_t *value = member(reader, key, fits_number_or_null, "not a number");
    return json_is_number(value) ? json_number_value(value) : NAN;
}

double model_json_number_or(struct model_json *reader, const char *key, double missing)
{
    return json_object_get(reader->value, key) ? model_json_number(reader, key) : missing;
}

bool model_json_bool(struct model_json *reader, const char *key)
{
    return json_is_true(member(reader, key, fits_bool, "not true or false"));
}

static double number_at(struct model_json *reader, const json_t *array, size_t index,
                        const char *key)
{
    json_t *value = json_array_get(array, index);
    if (!fits_number_or_null(value))
        model_json_fail(reader, "\"%s\" holds something else than numbers", key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

void model_json_numbers(struct model_json *reader, const char *key, double *out, size_t count)
{
    json_t *array = member(reader, key, fits_array, "not a list");
    if (array && json_array_size(array) != count)
        model_json_fail(reader, "\"%s\" has %zu numbers instead of %zu", key,
                        json_array_size(array), count);
    for (size_t i = 0; i < count; i++)
        out[i] = array && i < json_array_size(array) ? number_at(reader, array, i, key) : 0;
}

double *model_json_array(struct model_json *reader, const char *key, size_t limit,
                         struct arena *arena, size_t *count)
{
    json_t *array = member(reader, key, fits_array, "not a list");
    *count = array ? json_array_size(array) : 0;
    if (*count > limit) {
        model_json_fail(reader, "\"%s\" has %zu numbers; at most %zu are possible", key, *count,
                        limit);
        *count = 0;
    }
    double *out = ARENA_ARRAY(arena, double, *count);
    for (size_t i = 0; i < *count; i++)
        out[i] = number_at(reader, array, i, key);
    return out;
}

void model_json_put(struct json *json, const char *key, double value)
{
    json_put_double(json, key, value);
}

void model_json_put_all(struct json *json, const char *key, const double *values, size_t count)
{
    json_put_array(json, key);
    for (size_t i = 0; i < count; i++)
        json_write_double(json, values[i]);
    json_write_end_array(json);
}
