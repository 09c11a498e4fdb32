/* Segments and their profiles as JSON: one writer for the commands, the library and the report (docs/report-data.md).
 */
#include "engine/internal.h"

static void put_text(struct json *json, const char *key, const char *text)
{
    json_write_key(json, key);
    json_write_string(json, text);
}

static void put_number(struct json *json, const char *key, double value)
{
    json_write_key(json, key);
    json_write_double(json, value);
}

static void put_count(struct json *json, const char *key, uint64_t count, bool known)
{
    json_write_key(json, key);
    known ? json_write_integer(json, (int64_t)count) : json_write_null(json);
}

void engine_write_broken(const struct engine *engine, struct json *json)
{
    const char *name, *why;
    if (!engine_broken(engine, 0, &name, &why))
        return;
    json_write_key(json, "broken");
    json_write_array(json);
    for (size_t i = 0; engine_broken(engine, i, &name, &why); i++) {
        json_write_object(json);
        json_write_key(json, "name");
        json_write_string(json, name);
        json_write_key(json, "why");
        json_write_string(json, why);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

void engine_write_segment(const struct engine_segment *segment, struct json *json)
{
    put_text(json, "name", segment->name);
    put_text(json, "title", segment->title);
    put_text(json, "scheme", segment->scheme);
    put_count(json, "customers", segment->customers, true);
    put_number(json, "share", segment->share);
    put_count(json, "entered", segment->entered, segment->recorded);
    put_count(json, "left", segment->left, segment->recorded);
}

void engine_write_sizes(const struct engine *engine, const int64_t *moment, const uint64_t *customers, size_t count,
                        struct json *json)
{
    char text[MOMENT_TEXT_MAX];
    json_write_key(json, "sizes");
    json_write_array(json);
    for (size_t i = 0; i < count; i++) {
        if (customers[i] == UINT64_MAX)
            continue;
        json_write_object(json);
        put_text(json, "date", date_format(zone_date(engine->zone, moment[i]), text));
        put_text(json, "moment", moment_format(engine->zone, moment[i], text));
        put_count(json, "customers", customers[i], true);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_spread(struct json *json, const char *key, const struct insight_spread *spread)
{
    json_write_key(json, key);
    json_write_object(json);
    put_count(json, "known", spread->known, true);
    put_number(json, "mean", spread->mean);
    put_number(json, "median", spread->median);
    put_number(json, "sd", spread->deviation);
    json_write_end_object(json);
}

static void write_trait(struct json *json, const struct insight_difference *line)
{
    json_write_object(json);
    put_text(json, "kind", line->is_share ? "text" : "number");
    put_text(json, "name", line->feature->text);
    json_write_key(json, "by_definition");
    json_write_bool(json, line->by_definition);
    if (line->is_share) {
        put_text(json, "value", line->value);
        put_number(json, "inside", line->share_inside);
        put_number(json, "outside", line->share_outside);
        put_number(json, "lift", line->lift);
    } else {
        write_spread(json, "inside", &line->inside);
        write_spread(json, "outside", &line->outside);
    }
    put_number(json, "difference", line->effect);
    put_number(json, "p", line->p);
    json_write_key(json, "told");
    json_write_bool(json, line->told);
    json_write_end_object(json);
}

void engine_write_traits(const struct insight_profile *profile, size_t most, struct json *json)
{
    size_t written[2] = {0, 0};
    bool all = most == SIZE_MAX;
    json_write_key(json, "traits");
    json_write_array(json);
    for (size_t i = 0; i < profile->count; i++)
        if ((all || profile->items[i].told) && written[profile->items[i].by_definition]++ < most)
            write_trait(json, &profile->items[i]);
    json_write_end_array(json);
}

void engine_write_lost(const struct insight_lost *lost, size_t count, struct json *json)
{
    if (!count)
        return;
    json_write_key(json, "lost");
    json_write_array(json);
    for (size_t i = 0; i < count; i++) {
        json_write_object(json);
        put_text(json, "name", lost[i].text);
        put_text(json, "why", lost[i].why);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}
