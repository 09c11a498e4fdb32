/*
 * JSON into the text of the language, so that one grammar rules: what this writes is parsed like
 * anything else. Here are the definitions; their conditions are put down by json_read_node.c.
 */
#include "segment/json_read_internal.h"

static void put_head(struct json_reader *reader, const json_t *object, const char *key)
{
    segment_format_name(reader->out, segment_json_text(reader, object, key));
    if (json_is_string(json_object_get(object, "title"))) {
        buffer_char(reader->out, ' ');
        segment_format_string(reader->out, text_from(segment_json_text(reader, object, "title")));
    }
}

static void put_scheme(struct json_reader *reader, const json_t *scheme, const json_t *members)
{
    buffer_string(reader->out, "scheme ");
    put_head(reader, scheme, "scheme");
    bool exclusive = json_is_true(json_object_get(scheme, "exclusive"));
    buffer_string(reader->out, exclusive ? " exclusive\n" : " overlapping\n");

    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        bool rest = json_is_true(json_object_get(member, "else"));
        buffer_string(reader->out, rest ? "  else " : "  ");
        put_head(reader, member, "member");
        segment_json_put_where(reader, member);
        buffer_char(reader->out, '\n');
    }
}

static void put_definition(struct json_reader *reader, const json_t *object)
{
    const json_t *members = json_object_get(object, "members");
    /* What it is follows from what it has: members, a scheme it belongs to, a file,
     * or a condition. */
    if (members) {
        put_scheme(reader, object, members);
    } else if (json_object_get(object, "scheme")) {
        segment_json_fail(reader, "“%s” belongs to a scheme: give the scheme with all its members",
                          segment_json_text(reader, object, "segment"));
    } else if (json_object_get(object, "file")) {
        buffer_string(reader->out, "list ");
        put_head(reader, object, "list");
        buffer_string(reader->out, " from ");
        segment_format_string(reader->out, text_from(segment_json_text(reader, object, "file")));
    } else {
        buffer_string(reader->out, "segment ");
        put_head(reader, object, "segment");
        buffer_string(reader->out, "\n ");
        segment_json_put_where(reader, object);
    }
    buffer_char(reader->out, '\n');
}

static enum status load_json(struct text text, json_t **root, struct error *error)
{
    json_error_t problem;
    *root = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &problem);
    if (*root)
        return STATUS_OK;
    enum status status = error_set(error, STATUS_ERROR, "this is no JSON: %s", problem.text);
    error_place(error, "line %d column %d", problem.line, problem.column);
    return status;
}

enum status segment_read_json(struct text text, struct buffer *source, struct error *error)
{
    json_t *root;
    TRY(load_json(text, &root, error));

    struct json_reader reader = {.out = source, .error = error};
    if (json_is_array(root))
        for (size_t i = 0; i < json_array_size(root); i++)
            put_definition(&reader, json_array_get(root, i));
    else
        put_definition(&reader, root);
    json_decref(root);
    return reader.failed ? STATUS_ERROR : STATUS_OK;
}

enum status segment_read_json_condition(struct text text, struct buffer *condition,
                                        struct error *error)
{
    json_t *root;
    TRY(load_json(text, &root, error));

    struct json_reader reader = {.out = condition, .error = error};
    const json_t *whole = json_object_get(root, "segment") ? json_object_get(root, "where") : root;
    if (whole)
        segment_json_put(&reader, whole);
    else
        segment_json_fail(&reader, "the JSON of a segment needs “where” here");

    json_decref(root);
    return reader.failed ? STATUS_ERROR : STATUS_OK;
}
