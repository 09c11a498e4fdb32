/*
 * The segment language on any bytes: what parses has a canonical form that means itself, with
 * comments and without, and a JSON form that reads back as the same definitions; nothing else
 * happens than an error with a place.
 */
#include "base/json.h"
#include "segment/segment.h"

#include <stdio.h>
#include <string.h>

#include "../unit/segment/shop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct segment_set *try_build(struct text text, const struct schema *schema,
                                     struct arena *arena)
{
    struct segment_source source = {"fuzz", text};
    struct segment_problems problems = {0};
    struct segment_set *set = NULL;
    struct error error = {0};
    enum status status =
        segment_set_build(&source, 1, schema, NULL, arena, &problems, &set, &error);
    ENSURE((status == STATUS_OK) == (set != NULL));
    ENSURE((status == STATUS_OK) == (problems.errors == 0));
    ENSURE(status == STATUS_OK || (*error.message && *error.place));
    for (size_t i = 0; i < problems.count; i++)
        ENSURE(*problems.items[i].error.place && strchr(problems.items[i].excerpt, '^'));
    return set;
}

static void same_sets(const struct segment_set *a, const struct segment_set *b)
{
    ENSURE(a->segment_count == b->segment_count && a->scheme_count == b->scheme_count);
    for (int i = 0; i < a->segment_count; i++) {
        ENSURE(strcmp(a->segments[i].name, b->segments[i].name) == 0);
        ENSURE(strcmp(a->segments[i].text, b->segments[i].text) == 0);
    }
}

static void canonical_form_means_itself(struct text text, const struct segment_set *set,
                                        struct arena *arena)
{
    struct buffer once, twice;
    struct error error;
    buffer_init(&once, 0);
    buffer_init(&twice, 0);
    ENSURE(segment_format(text, "fuzz", &once, &error) == STATUS_OK);
    ENSURE(segment_format((struct text){once.data ? once.data : "", once.length}, "fuzz", &twice,
                          &error) == STATUS_OK);
    ENSURE(once.length == twice.length &&
           (once.length == 0 || memcmp(once.data, twice.data, once.length) == 0));
    struct segment_set *again =
        try_build((struct text){once.data ? once.data : "", once.length}, NULL, arena);
    ENSURE(again);
    same_sets(set, again);
    segment_set_free(again);
    buffer_release(&once);
    buffer_release(&twice);
}

static void json_reads_back(const struct segment_set *set, struct arena *arena)
{
    for (int i = 0; i < set->segment_count; i++) {
        if (set->segments[i].scheme >= 0)
            continue;
        struct buffer out, source;
        struct json json;
        struct error error;
        buffer_init(&out, 0);
        buffer_init(&source, 0);
        json_init(&json, &out, false);
        segment_write_json(set, i, &json);
        ENSURE(segment_read_json((struct text){out.data, out.length}, &source, &error) ==
               STATUS_OK);
        struct buffer formatted;
        buffer_init(&formatted, 0);
        struct buffer expected;
        buffer_init(&expected, 0);
        ENSURE(segment_format((struct text){source.data, source.length}, "json", &formatted,
                              &error) == STATUS_OK);
        segment_format_definition(set, i, &expected);
        ENSURE(strcmp(formatted.data, expected.data) == 0);
        buffer_release(&expected);
        buffer_release(&formatted);
        buffer_release(&out);
        buffer_release(&source);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {(const char *)data, size};
    struct arena arena;
    arena_init(&arena, 0);
    struct segment_set *set = try_build(text, NULL, &arena);
    if (set) {
        canonical_form_means_itself(text, set, &arena);
        json_reads_back(set, &arena);
    }
    segment_set_free(set);
    struct schema *schema = shop_schema(&arena);
    schema->zone = "UTC"; /* zones with rules take longer to open than most inputs to read */
    segment_set_free(try_build(text, schema, &arena));
    struct buffer source;
    struct error error;
    buffer_init(&source, 0);
    enum status status = segment_read_json(text, &source, &error);
    (void)status;
    buffer_release(&source);
    arena_release(&arena);
    return 0;
}
