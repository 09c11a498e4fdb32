/*
 * Inside the room: reading saved models. A reader remembers the first thing that is wrong and
 * answers zeros from then on, so that a model is read in one straight line and checked once, at the
 * end. Writing helpers stand beside it.
 */
#ifndef STRATA_MODEL_JSON_READ_H
#define STRATA_MODEL_JSON_READ_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

struct json;
struct json_t; /* jansson's */

struct model_json {
    struct json_t *value;      /* NULL once something was missing */
    struct model_json *parent; /* failures go to the outermost reader; NULL there */
    const char *what;          /* "customer value model": for messages */
    bool failed;
    char wrong[256];
};

/* Parses text, which must be one object. */
enum status model_json_open(struct model_json *reader, struct text text, const char *what,
                            struct error *error) MUST_USE;
/* Frees what was parsed; the first failure, if any. */
enum status model_json_close(struct model_json *reader, struct error *error) MUST_USE;
void model_json_fail(struct model_json *reader, const char *format, ...) PRINTF_LIKE(2, 3);

/* Members of an object. Strings live until the reader is closed. */
struct model_json model_json_object(struct model_json *reader, const char *key);
const char *model_json_string(struct model_json *reader, const char *key);
double model_json_number(struct model_json *reader, const char *key);
double model_json_number_or_nan(struct model_json *reader, const char *key); /* null reads as NaN */
/* `missing` when there is no such member. */
double model_json_number_or(struct model_json *reader, const char *key, double missing);
bool model_json_bool(struct model_json *reader, const char *key);
/* Exactly count numbers, null as NaN. */
void model_json_numbers(struct model_json *reader, const char *key, double *out, size_t count);
/* As many as there are, at most limit, into arena. */
double *model_json_array(struct model_json *reader, const char *key, size_t limit,
                         struct arena *arena, size_t *count);

void model_json_put(struct json *json, const char *key, double value);
void model_json_put_all(struct json *json, const char *key, const double *values, size_t count);

#endif
