/*
 * Writing JSON, one value after another into a buffer; commas and quotes are the writer's business.
 * Nesting, and that every value in an object has a key, is checked by assert. Reading JSON is
 * jansson's job (only where files come from people); the names here stay clear of jansson's, whose
 * functions they would otherwise replace in a linked program.
 */
#ifndef STRATA_BASE_JSON_H
#define STRATA_BASE_JSON_H

#include "base/text.h"

/* Levels that may be open at once. The deepest answers are explanations, of up to 64 conditions in
 * each other with two levels each. */
enum { JSON_LEVELS_MAX = 255 };

struct json {
    struct buffer *out;
    int depth;
    bool pretty;
    uint64_t
        object[(JSON_LEVELS_MAX + 1) / 64]; /* one bit a level: it is an object, not an array */
    uint64_t
        filled[(JSON_LEVELS_MAX + 1) / 64]; /* one bit a level: something stands there already */
    uint64_t keyed[(JSON_LEVELS_MAX + 1) /
                   64]; /* one bit a level: a key was written, its value comes next */
};

void json_init(struct json *json, struct buffer *out, bool pretty);
void json_write_object(struct json *json);
void json_write_end_object(struct json *json);
void json_write_array(struct json *json);
void json_write_end_array(struct json *json);
void json_write_key(struct json *json, const char *key);
void json_write_string(struct json *json, const char *value); /* NULL writes null */
void json_write_text(struct json *json, struct text value);   /* invalid UTF-8 becomes U+FFFD */
void json_write_integer(struct json *json, int64_t value);
void json_write_double(
    struct json *json,
    double value); /* shortest text that reads back the same; NaN and infinity: null */
void json_write_decimal(struct json *json, int64_t scaled, int scale);
void json_write_bool(struct json *json, bool value);
void json_write_null(struct json *json);
/* Text that is JSON already; written as it is. */
void json_write_raw(struct json *json, struct text value);

/* A key and its value. */
void json_put_object(struct json *json, const char *key);
void json_put_array(struct json *json, const char *key);
void json_put_string(struct json *json, const char *key, const char *value);
void json_put_text(struct json *json, const char *key, struct text value);
void json_put_integer(struct json *json, const char *key, int64_t value);
void json_put_count(struct json *json, const char *key, uint64_t count);
void json_put_double(struct json *json, const char *key, double value);
void json_put_decimal(struct json *json, const char *key, int64_t scaled, int scale);
void json_put_bool(struct json *json, const char *key, bool value);
void json_put_null(struct json *json, const char *key);
void json_put_raw(struct json *json, const char *key, struct text value);
/* A moment as text in a zone (base/calendar.h), and an array of strings. */
struct zone;
void json_put_moment(struct json *json, const char *key, const struct zone *zone, int64_t moment);
void json_put_strings(struct json *json, const char *key, const char *const *strings, size_t count);

#endif
