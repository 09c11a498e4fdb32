/*
 * JSON, written as it is told: nothing is kept but where in the nesting the writer stands. What a
 * level is (an object, holding something already, waiting for the value of a key) is one bit in
 * each of three sets, at the level's depth. A caller that forgets a key, or closes what it did not
 * open, is stopped.
 */
#include "base/json.h"

#include "base/bits.h"
#include "base/calendar.h"
#include "base/number.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

enum {
    FIRST_SHOWN = 0x20, /* the first ASCII character that is no control character */
    FIRST_LONG = 0x80,  /* the first code point of more than one byte */
};
#define REPLACEMENT_CHARACTER "\xef\xbf\xbd" /* U+FFFD, for what is not UTF-8 */

void json_init(struct json *json, struct buffer *out, bool pretty)
{
    *json = (struct json){.out = out, .pretty = pretty};
}

static void put_bit(uint64_t *bits, int at, bool value)
{
    bit_clear(bits, (size_t)at);
    bit_or(bits, (size_t)at, value);
}

static void new_line(struct json *json)
{
    if (!json->pretty)
        return;
    buffer_char(json->out, '\n');
    for (int i = 0; i < json->depth; i++)
        buffer_string(json->out, "  ");
}

static void separate(struct json *json)
{
    if (bit_at(json->filled, (size_t)json->depth))
        buffer_char(json->out, ',');
    bit_set(json->filled, (size_t)json->depth);
    if (json->depth)
        new_line(json);
}

/* Every value comes by here first: one that follows its key stands already, all others are
 * separated from the last. */
static void begin_value(struct json *json)
{
    bool keyed = bit_at(json->keyed, (size_t)json->depth);
    ENSURE(bit_at(json->object, (size_t)json->depth) == keyed);
    if (keyed)
        bit_clear(json->keyed, (size_t)json->depth);
    else
        separate(json);
}

static void open_level(struct json *json, bool object)
{
    begin_value(json);
    buffer_char(json->out, object ? '{' : '[');

    ENSURE(json->depth < JSON_LEVELS_MAX);
    json->depth++;
    put_bit(json->object, json->depth, object);
    bit_clear(json->filled, (size_t)json->depth);
    bit_clear(json->keyed, (size_t)json->depth);
}

static void close_level(struct json *json, bool object)
{
    ENSURE(json->depth > 0 && bit_at(json->object, (size_t)json->depth) == object &&
           !bit_at(json->keyed, (size_t)json->depth));
    json->depth--;

    /* An empty level closes on the line it opened on. */
    if (bit_at(json->filled, (size_t)json->depth + 1))
        new_line(json);
    buffer_char(json->out, object ? '}' : ']');
    if (json->pretty && json->depth == 0)
        buffer_char(json->out, '\n');
}

void json_write_object(struct json *json)
{
    open_level(json, true);
}

void json_write_end_object(struct json *json)
{
    close_level(json, true);
}

void json_write_array(struct json *json)
{
    open_level(json, false);
}

void json_write_end_array(struct json *json)
{
    close_level(json, false);
}

static void add_escaped(struct buffer *out, const unsigned char *data, size_t length)
{
    static const char *const escapes[FIRST_SHOWN] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};

    buffer_char(out, '"');
    for (size_t i = 0; i < length;) {
        unsigned char c = data[i];
        if (c < FIRST_SHOWN && escapes[c]) {
            buffer_string(out, escapes[c]);
        } else if (c < FIRST_SHOWN || c == '<') {
            /* '<' too, so that JSON can stand inside a script element. */
            buffer_printf(out, "\\u%04x", c);
        } else if (c == '"' || c == '\\') {
            buffer_char(out, '\\');
            buffer_char(out, (char)c);
        } else if (c < FIRST_LONG) {
            buffer_char(out, (char)c);
        } else {
            utf8proc_int32_t codepoint;
            utf8proc_ssize_t used =
                utf8proc_iterate(data + i, (utf8proc_ssize_t)(length - i), &codepoint);
            if (used > 0)
                buffer_add(out, data + i, (size_t)used);
            else
                buffer_string(out, REPLACEMENT_CHARACTER);
            i += used > 0 ? (size_t)used : 1;
            continue;
        }

        i++;
    }

    buffer_char(out, '"');
}

void json_write_text(struct json *json, struct text value)
{
    begin_value(json);
    add_escaped(json->out, (const unsigned char *)value.data, value.length);
}

void json_write_string(struct json *json, const char *value)
{
    if (value)
        json_write_text(json, text_from(value));
    else
        json_write_null(json);
}

void json_write_key(struct json *json, const char *key)
{
    ENSURE(bit_at(json->object, (size_t)json->depth) && !bit_at(json->keyed, (size_t)json->depth));
    separate(json);
    add_escaped(json->out, (const unsigned char *)key, strlen(key));
    buffer_string(json->out, json->pretty ? ": " : ":");
    bit_set(json->keyed, (size_t)json->depth);
}

void json_write_integer(struct json *json, int64_t value)
{
    begin_value(json);
    buffer_printf(json->out, "%lld", (long long)value);
}

void json_write_double(struct json *json, double value)
{
    begin_value(json);

    /* JSON has no infinity, and nothing that is not a number. */
    if (!isfinite(value)) {
        buffer_string(json->out, "null");
        return;
    }

    char text[NUMBER_TEXT_MAX];
    buffer_string(json->out, number_format_double(value, text));
}

void json_write_decimal(struct json *json, int64_t scaled, int scale)
{
    char text[NUMBER_TEXT_MAX];
    begin_value(json);
    buffer_string(json->out, number_format_decimal(scaled, scale, text));
}

void json_write_bool(struct json *json, bool value)
{
    begin_value(json);
    buffer_string(json->out, value ? "true" : "false");
}

void json_write_null(struct json *json)
{
    begin_value(json);
    buffer_string(json->out, "null");
}

void json_write_raw(struct json *json, struct text value)
{
    begin_value(json);
    buffer_text(json->out, value);
}

/* ---- a key and its value ---- */

void json_put_object(struct json *json, const char *key)
{
    json_write_key(json, key);
    json_write_object(json);
}

void json_put_array(struct json *json, const char *key)
{
    json_write_key(json, key);
    json_write_array(json);
}

void json_put_string(struct json *json, const char *key, const char *value)
{
    json_write_key(json, key);
    json_write_string(json, value);
}

void json_put_text(struct json *json, const char *key, struct text value)
{
    json_write_key(json, key);
    json_write_text(json, value);
}

void json_put_integer(struct json *json, const char *key, int64_t value)
{
    json_write_key(json, key);
    json_write_integer(json, value);
}

void json_put_count(struct json *json, const char *key, uint64_t count)
{
    json_put_integer(json, key, (int64_t)count);
}

void json_put_double(struct json *json, const char *key, double value)
{
    json_write_key(json, key);
    json_write_double(json, value);
}

void json_put_decimal(struct json *json, const char *key, int64_t scaled, int scale)
{
    json_write_key(json, key);
    json_write_decimal(json, scaled, scale);
}

void json_put_bool(struct json *json, const char *key, bool value)
{
    json_write_key(json, key);
    json_write_bool(json, value);
}

void json_put_null(struct json *json, const char *key)
{
    json_write_key(json, key);
    json_write_null(json);
}

void json_put_raw(struct json *json, const char *key, struct text value)
{
    json_write_key(json, key);
    json_write_raw(json, value);
}

void json_put_moment(struct json *json, const char *key, const struct zone *zone, int64_t moment)
{
    char text[MOMENT_TEXT_MAX];
    json_put_string(json, key, moment_format(zone, moment, text));
}

void json_put_strings(struct json *json, const char *key, const char *const *strings, size_t count)
{
    json_put_array(json, key);
    for (size_t i = 0; i < count; i++)
        json_write_string(json, strings[i]);
    json_write_end_array(json);
}
