/*
 * Sets: a JSON list, or texts with a separator between them. Both are stored as a JSON list. What
 * begins like a list and is none is refused: it is one that was cut.
 */
#include "ingest/set.h"

#include <jansson.h> /* before base/json.h, which then leaves its old names out */

#include "base/json.h"

#include <string.h>

static json_t *read_list(struct text value)
{
    if (value.length < 2 || *value.data != '[' || value.data[value.length - 1] != ']')
        return NULL;
    json_t *list = json_loadb(value.data, value.length, JSON_DECODE_INT_AS_REAL, NULL);

    bool flat = json_is_array(list);
    for (size_t i = 0; flat && i < json_array_size(list); i++)
        flat = !json_is_object(json_array_get(list, i)) && !json_is_array(json_array_get(list, i));
    if (flat)
        return list;
    json_decref(list);
    return NULL;
}

bool ingest_is_list(struct text value)
{
    json_t *list = read_list(value);
    json_decref(list);
    return list != NULL;
}

static void add_item(struct text item, bool *first, struct buffer *out)
{
    item = text_trim(item);
    if (!item.length)
        return;
    struct json json;
    if (!*first)
        buffer_char(out, ',');
    *first = false;
    json_init(&json, out, false);
    json_write_text(&json, item);
}

bool ingest_set_list(struct text value, char delimiter, struct buffer *out)
{
    json_t *list = read_list(value);
    if (list) {
        json_decref(list);
        buffer_add(out, value.data, value.length);
        return true;
    }

    /* Brackets around what is no list of texts: cut at the delimiter it would keep them. */
    if (*value.data == '[' && value.data[value.length - 1] == ']')
        return false;

    const char *at = value.data, *end = value.data + value.length;
    bool first = true;
    buffer_char(out, '[');

    while (at <= end) {
        const char *stop = delimiter ? memchr(at, delimiter, (size_t)(end - at)) : NULL;
        stop = stop ? stop : end;
        add_item((struct text){at, (size_t)(stop - at)}, &first, out);
        at = stop + 1;
    }

    buffer_char(out, ']');
    return true;
}
