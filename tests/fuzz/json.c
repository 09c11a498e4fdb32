/* The JSON writer makes valid JSON of any bytes, and of any number what reads back the same. */
#include "base/json.h"
#include "base/number.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_survives(struct text text)
{
    struct buffer out;
    buffer_init(&out, 0);
    struct json json;
    json_init(&json, &out, false);
    json_write_text(&json, text);
    json_error_t error;
    json_t *value = json_loadb(out.data, out.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    ENSURE(value);
    if (text_valid_utf8(text))
        ENSURE(json_string_length(value) == text.length &&
               memcmp(json_string_value(value), text.data, text.length) == 0);
    json_decref(value);
    buffer_release(&out);
}

static void numbers_survive(struct text text)
{
    char printed[NUMBER_TEXT_MAX];
    double value, back;
    if (number_parse_double(text, &value)) {
        number_format_double(value, printed);
        ENSURE(number_parse_double(text_from(printed), &back) && back == value);
    }
    int64_t scaled, scaled_back;
    int scale, scale_back;
    if (number_parse_decimal(text, &scaled, &scale)) {
        number_format_decimal(scaled, scale, printed);
        ENSURE(number_parse_decimal(text_from(printed), &scaled_back, &scale_back));
        ENSURE(scaled_back == scaled && scale_back == scale);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {(const char *)data, size};
    text_survives(text);
    numbers_survive(text);
    return 0;
}
