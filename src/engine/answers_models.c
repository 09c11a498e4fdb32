/* Models as JSON: the types there are, and why one customer's prediction is what it is. A model
 * itself is written by study/save.c, which also keeps it. */
#include "engine/internal.h"

#include "study/options.h"
#include "study/study.h"

#include <math.h>
#include <string.h>

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

    /* A fallback can be given, what happens otherwise is told in words. */
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

void engine_write_reasons(const struct study_customer *reasons, struct json *json)
{
    json_write_object(json);
    json_put_string(json, "customer", reasons->customer);
    json_put_bool(json, "asked_about", reasons->asked_about);
    json_put_double(json, "probability", reasons->probability);
    json_put_double(json, "base_rate", reasons->base_rate);
    json_put_array(json, "drivers");
    for (size_t i = 0; i < reasons->driver_count; i++) {
        json_write_object(json);
        json_put_string(json, "name", reasons->drivers[i].name);
        json_put_string(json, "value", reasons->drivers[i].value);
        json_put_double(json, "effect", reasons->drivers[i].effect);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_end_object(json);
}
