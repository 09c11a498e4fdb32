/* Values as they were read, put into DuckDB's vectors. */
#include "ingest/scanning.h"

#include "base/number.h"
#include "ingest/set.h"

#include <stdlib.h>

enum { MICROSECONDS = 1000000 }; /* a second, as DuckDB's timestamps count */

static double to_double(const struct ingest_reading *reading, struct text value)
{
    const struct ingest_number *number = &reading->number;
    if (reading->form == FORM_DOUBLE)
        return number->real;
    enum { EXACT_BITS = 53 }; /* of a double */
    if (llabs(number->scaled) < INT64_C(1) << EXACT_BITS)
        return number_decimal_to_double(number->scaled, number->scale);

    /* more digits than a double holds: dividing would round twice, reading the text rounds once */
    double real = 0;
    char plain[NUMBER_TEXT_MAX];
    number_parse_double(text_from(number_format_decimal(number->scaled, number->scale, plain)),
                        &real);
    return real;
}

static struct text to_text(const struct ingest_type *type, const struct ingest_reading *reading,
                           struct text value)
{
    /* the column holds whole numbers written 17850.0, and its texts lose the two last bytes */
    value = text_trim(value);
    if (type->dot_zero && reading->form == FORM_DECIMAL && !reading->number.decorated &&
        value.length > 2)
        value.length -= 2;
    return value;
}

static void put_currency(struct scan_thread *thread, struct lake_output *output, size_t row)
{
    const char *code = ingest_scan_currency(thread);
    if (!*code && thread->scan->own_currency && ingest_scan_has_money(thread))
        code = thread->scan->own_currency; /* of amounts without one */
    if (*code)
        lake_output_text(output, row, text_from(code));
    else
        lake_output_null(output, row);
}

/* usd and USD are one currency. */
static void put_currency_text(struct lake_output *output, size_t row, struct text value)
{
    char code[3];
    value = text_trim(value);
    bool small = value.length == sizeof code;
    for (size_t i = 0; i < sizeof code && small; i++) {
        small = value.data[i] >= 'a' && value.data[i] <= 'z';
        code[i] = (char)(value.data[i] & ~32);
    }
    lake_output_text(output, row, small ? (struct text){code, sizeof code} : value);
}

static void put_set(struct scan_thread *thread, size_t column, struct lake_output *output,
                    size_t row)
{
    buffer_reset(&thread->set);
    ingest_set_list(thread->values[column], thread->scan->columns[column].type.delimiter,
                    &thread->set);
    lake_output_text(output, row, (struct text){thread->set.data, thread->set.length});
}

static void put_value(struct scan_thread *thread, size_t column, struct lake_output *output,
                      size_t row)
{
    const struct ingest_type *type = &thread->scan->columns[column].type;
    const struct ingest_reading *reading = &thread->readings[column];
    /* the reading has the value in the column's type already, but for what is kept as text */
    if (thread->scan->columns[column].derived) {
        put_currency(thread, output, row);
        return;
    }
    if (type->type == VALUE_NONE || ingest_scan_unknown(thread, column)) {
        lake_output_null(output, row);
        return;
    }
    switch (type->type) {
    case VALUE_BOOL:
        ((uint8_t *)output->data)[row] = (thread->values[column].data[0] | 32) == 't';
        return;
    case VALUE_INT:
    case VALUE_DECIMAL: ((int64_t *)output->data)[row] = reading->number.scaled; return;
    case VALUE_DOUBLE:
        ((double *)output->data)[row] = to_double(reading, thread->values[column]);
        return;
    case VALUE_DATE: ((int32_t *)output->data)[row] = reading->moment.date; return;
    case VALUE_TIME:
        ((int64_t *)output->data)[row] =
            ingest_scan_moment(thread, &reading->moment, NULL) * MICROSECONDS;
        return;
    case VALUE_SET: put_set(thread, column, output, row); return;
    default:
        if (thread->scan->columns[column].currency)
            put_currency_text(output, row, thread->values[column]);
        else
            lake_output_text(output, row, to_text(type, reading, thread->values[column]));
    }
}

void ingest_scan_put_row(struct scan_thread *thread, struct lake_output *outputs, size_t row,
                         uint64_t line, int64_t moment)
{
    if (outputs[0].handle)
        ((uint64_t *)outputs[0].data)[row] = (uint64_t)thread->block.source << SCAN_ROW_BITS | line;
    if (outputs[1].handle)
        ((uint32_t *)outputs[1].data)[row] = (uint32_t)moment;
    for (size_t i = 0; i < thread->scan->column_count; i++)
        if (outputs[SCAN_OWN_COLUMNS + i].handle)
            put_value(thread, i, &outputs[SCAN_OWN_COLUMNS + i], row);
}
