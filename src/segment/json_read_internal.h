/* What the two files that read JSON share. */
#ifndef STRATA_SEGMENT_JSON_READ_INTERNAL_H
#define STRATA_SEGMENT_JSON_READ_INTERNAL_H

#include "segment/language.h"

#include <jansson.h>

struct json_reader {
    struct buffer *out; /* the text so far */
    struct error *error;
    int depth;
    bool failed; /* error says why; nothing more is put down */
};

/* The first failure is the one that counts. */
void segment_json_fail(struct json_reader *reader, const char *format, ...) PRINTF_LIKE(2, 3);
/* The text under a key; where there is none the reader fails and gets an empty one. */
const char *segment_json_text(struct json_reader *reader, const json_t *object, const char *key);
/* Puts down a condition or value. */
void segment_json_put(struct json_reader *reader, const json_t *node);
/* " where …", if the object has one. */
void segment_json_put_where(struct json_reader *reader, const json_t *object);

#endif
