/* Segments, their profiles and how they lie to each other as JSON: one writer for the commands, the
 * library and the report (docs/report-data.md).
 */
#include "engine/internal.h"

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

void engine_write_segments(const struct session *session, const struct session_segments *segments,
                           int64_t now, struct json *json)
{
    json_write_object(json);
    json_put_moment(json, "as_of", session_zone(session), now);
    json_put_count(json, "customers", segments->customers);
    if (segments->has_refresh)
        json_put_moment(json, "refreshed", session_zone(session), segments->refreshed);
    json_put_array(json, "segments");
    for (size_t i = 0; i < segments->count; i++) {
        json_write_object(json);
        engine_write_segment(&segments->items[i], json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    engine_write_broken(session, json);
    json_write_end_object(json);
}

void engine_write_profile(const struct session *session, const struct engine_profile *profile,
                          struct json *json)
{
    json_write_object(json);
    json_put_string(json, "segment", profile->name);
    json_put_string(json, "title", profile->title);
    json_put_count(json, "customers", profile->customers);
    json_put_count(json, "others", profile->others);
    json_put_double(json, "share", profile->share);
    if (profile->revenue_of) {
        json_put_object(json, "value");
        json_put_string(json, "of", profile->revenue_of);
        json_put_double(json, "last_365_days", profile->year.total);
        json_put_double(json, "others_last_365_days", profile->year_others.total);
        json_write_end_object(json);
    }
    engine_write_sizes(session, profile->size_moment, profile->size_customers, profile->sizes,
                       json);
    engine_write_traits(&profile->profile, SIZE_MAX, json);
    engine_write_lost(profile->lost, profile->lost_count, json);
    json_write_end_object(json);
}

static const char *name_of(const struct engine_overlap *overlap, int segment)
{
    return overlap->view.set->segments[segment].name;
}

void engine_write_overlap(const struct session *session, const struct engine_overlap *overlap,
                          struct json *json)
{
    const struct insight_overlap *found = &overlap->overlap;

    json_write_object(json);
    json_put_count(json, "customers", found->customers);
    json_put_count(json, "in_none", found->none);
    json_put_array(json, "segments");
    for (int i = 0; i < overlap->segment_count; i++) {
        json_write_object(json);
        json_put_string(json, "name", name_of(overlap, overlap->segments[i]));
        json_put_count(json, "customers", found->size[overlap->segments[i]]);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    json_put_array(json, "pairs");
    for (size_t i = 0; i < found->pair_count; i++) {
        const struct insight_pair *pair = &found->pairs[i];
        json_write_object(json);
        json_put_string(json, "a", name_of(overlap, pair->a));
        json_put_string(json, "b", name_of(overlap, pair->b));
        json_put_count(json, "both", pair->both);
        json_write_end_object(json);
    }

    json_write_end_array(json);

    /* Each customer is in one intersection: these add up, the pairs do not. */
    json_put_array(json, "intersections");
    for (size_t i = 0; i < found->group_count; i++) {
        json_write_object(json);
        json_put_array(json, "only_in");
        for (int s = 0; s < found->groups[i].segment_count; s++)
            json_write_string(json, name_of(overlap, found->groups[i].segments[s]));
        json_write_end_array(json);
        json_put_count(json, "customers", found->groups[i].customers);
        json_write_end_object(json);
    }

    json_write_end_array(json);
    engine_write_broken(session, json);
    json_write_end_object(json);
}
