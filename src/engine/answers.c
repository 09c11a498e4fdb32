/* Segments and their profiles as JSON: one writer for the commands, the library and the report
 * (docs/report-data.md).
 */
#include "engine/internal.h"

#include "study/options.h"

#include <math.h>
#include <string.h>

static void put_count(struct json *json, const char *key, uint64_t count, bool known)
{
    json_write_key(json, key);
    known ? json_write_integer(json, (int64_t)count) : json_write_null(json);
}

void engine_write_broken(const struct session *session, struct json *json)
{
    const char *name, *why;
    if (!session_broken(session, 0, &name, &why))
        return;
    json_put_array(json, "broken");
    for (size_t i = 0; session_broken(session, i, &name, &why); i++) {
        json_write_object(json);
        json_put_string(json, "name", name);
        json_put_string(json, "why", why);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

void engine_write_verification(const struct store_verification *seen, struct json *json)
{
    json_write_object(json);
    json_put_integer(json, "parts", seen->parts);
    json_put_integer(json, "bytes", seen->bytes);
    json_put_integer(json, "without_checksums", seen->unchecked);
    json_put_bool(json, "catalog_sealed", seen->sealed);
    json_put_integer(json, "repaired", seen->repaired);
    json_put_integer(json, "recorded", seen->recorded);
    json_put_array(json, "damaged");
    for (size_t i = 0; i < seen->count; i++) {
        json_write_object(json);
        json_put_string(json, "file", seen->findings[i].file);
        json_put_string(json, "holds", seen->findings[i].holds);
        json_put_string(json, "problem", seen->findings[i].problem);
        json_put_string(json, "remedy", seen->findings[i].remedy);
        json_put_bool(json, "repaired", seen->findings[i].repaired);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_write_end_object(json);
}

void engine_write_segment(const struct session_segment *segment, struct json *json)
{
    json_put_string(json, "name", segment->name);
    json_put_string(json, "title", segment->title);
    json_put_string(json, "scheme", segment->scheme);
    put_count(json, "customers", segment->customers, true);
    json_put_double(json, "share", segment->share);
    put_count(json, "entered", segment->entered, segment->recorded);
    put_count(json, "left", segment->left, segment->recorded);
}

void engine_write_sizes(const struct session *session, const int64_t *moment,
                        const uint64_t *customers, size_t count, struct json *json)
{
    char text[MOMENT_TEXT_MAX];
    json_put_array(json, "sizes");
    for (size_t i = 0; i < count; i++) {
        /* Before a segment was first recorded it has no size, which is not a size of 0. */
        if (customers[i] == UINT64_MAX)
            continue;
        json_write_object(json);
        json_put_string(json, "date",
                        date_format(zone_date(session_zone(session), moment[i]), text));
        json_put_string(json, "moment", moment_format(session_zone(session), moment[i], text));
        put_count(json, "customers", customers[i], true);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_spread(struct json *json, const char *key, const struct insight_spread *spread)
{
    json_put_object(json, key);
    put_count(json, "known", spread->known, true);
    json_put_double(json, "mean", spread->mean);
    json_put_double(json, "median", spread->median);
    json_put_double(json, "sd", spread->deviation);
    json_write_end_object(json);
}

static void write_trait(struct json *json, const struct insight_difference *line)
{
    json_write_object(json);
    json_put_string(json, "kind", line->is_share ? "text" : "number");
    json_put_string(json, "name", line->feature->text);
    json_put_bool(json, "by_definition", line->by_definition);
    if (line->is_share) {
        json_put_string(json, "value", line->value);
        json_put_double(json, "inside", line->share_inside);
        json_put_double(json, "outside", line->share_outside);
        json_put_double(json, "lift", line->lift);
    } else {
        write_spread(json, "inside", &line->inside);
        write_spread(json, "outside", &line->outside);
    }
    json_put_double(json, "difference", line->effect);
    json_put_double(json, "p", line->p);
    json_put_bool(json, "told", line->told);
    json_write_end_object(json);
}

void engine_write_traits(const struct insight_profile *profile, size_t most, struct json *json)
{
    size_t written[2] = {0, 0};
    bool all = most == SIZE_MAX;
    json_put_array(json, "traits");

    /* As many of each kind: what the definition itself says is the strongest and would
     * crowd out the rest. */
    for (size_t i = 0; i < profile->count; i++)
        if ((all || profile->items[i].told) && written[profile->items[i].by_definition]++ < most)
            write_trait(json, &profile->items[i]);
    json_write_end_array(json);
}

void engine_write_lost(const struct insight_lost *lost, size_t count, struct json *json)
{
    if (!count)
        return;
    json_put_array(json, "lost");
    for (size_t i = 0; i < count; i++) {
        json_write_object(json);
        json_put_string(json, "name", lost[i].text);
        json_put_string(json, "why", lost[i].why);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void put_bound(struct json *json, const char *key, const struct study_option *option,
                      double bound)
{
    bool number =
        option->form == STUDY_WHOLE || option->form == STUDY_NUMBER || option->form == STUDY_DAYS;
    if (number && isfinite(bound))
        json_put_double(json, key, bound);
}

static void write_option(const struct study_option *option, struct json *json)
{
    char place[STUDY_PLACE_MAX];
    json_write_object(json);
    json_put_string(json, "name", option->name);
    json_put_string(json, "summary", option->summary);
    json_put_string(json, "form", study_form_name(option->form));
    json_put_string(json, "takes", study_option_place(option, place));
    json_put_bool(json, "list", option->list && option->many != 1);
    json_put_bool(json, "required", option->unless != NULL);
    if (option->unless && *option->unless)
        json_put_string(json, "unless", option->unless);
    put_bound(json, "least", option, option->least);
    put_bound(json, "most", option, option->most);
    if (option->choices) {
        json_put_array(json, "choices");
        for (size_t i = 0; option->choices[i]; i++)
            json_write_string(json, option->choices[i]);
        json_write_end_array(json);
    }
    if (option->list && option->many > 1)
        json_put_integer(json, "values_most", (int64_t)option->many);
    json_put_string(json, "fallback", option->fallback);
    if (option->absent)
        json_put_string(json, "absent", option->absent);
    json_write_end_object(json);
}

void engine_write_model_types(const char *only, struct json *json)
{
    const char *name, *summary;
    const struct study_option *options;

    json_write_array(json);
    for (size_t i = 0; study_type_at(i, &name, &summary, &options); i++) {
        if (only && strcmp(only, name) != 0)
            continue;
        json_write_object(json);
        json_put_string(json, "type", name);
        json_put_string(json, "summary", summary);
        json_put_array(json, "options");
        for (; options->name; options++)
            write_option(options, json);
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}
