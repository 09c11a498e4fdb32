/*
 * Values of the naive interpreter: comparing, columns and the walks to them, functions, texts.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/number.h"
#include "naive_internal.h"

#include <math.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct naive_value naive_unknown(enum value_type type)
{
    return (struct naive_value){.type = type};
}

struct naive_value naive_integer(enum value_type type, int64_t integer)
{
    return (struct naive_value){.known = true, .type = type, .integer = integer};
}

int32_t naive_local_date(const struct naive *naive, int64_t moment)
{
    if (naive->fault == NAIVE_FAULT_LOCAL_DAY)
        return (int32_t)(moment >= 0 ? moment / SECONDS_A_DAY
                                     : -((-moment + SECONDS_A_DAY - 1) / SECONDS_A_DAY));
    return zone_date(naive->population->zone, moment);
}

double naive_double(const struct naive_value *value)
{
    if (value->type == VALUE_DOUBLE || value->is_double)
        return value->number;
    return value->type == VALUE_DECIMAL
               ? (double)value->integer / (double)number_power10(value->scale)
               : (double)value->integer;
}

static int order(double a, double b)
{
    return a < b ? -1 : a > b;
}

int naive_compare(struct naive *naive, const struct naive_value *a, const struct naive_value *b)
{
    if (a->type == VALUE_TEXT)
        return text_compare(a->text, b->text);
    if (a->type == VALUE_DOUBLE || b->type == VALUE_DOUBLE || a->is_double || b->is_double)
        return order(naive_double(a), naive_double(b));
    naive_wide x = a->integer, y = b->integer;
    for (int i = a->scale; i < b->scale; i++)
        x *= 10;
    for (int i = b->scale; i < a->scale; i++)
        y *= 10;
    return x < y ? -1 : x > y;
}

/* ---- columns ---- */

static const struct population_column *find_column(const struct population_table *table,
                                                   const char *name)
{
    int index = population_column_index(table, name);
    return index < 0 ? NULL : &table->columns[index];
}

static struct naive_value read(const struct naive *naive, const struct population_column *column,
                               size_t row)
{
    struct population_value from = population_get(column, row);
    struct naive_value value = {
        .known = from.known,
        .type = column->type,
        .scale = column->scale,
        .integer = from.integer,
        .number = from.number,
        .latitude = from.latitude,
        .longitude = from.longitude,
        .codes = from.codes,
        .code_count = from.code_count,
    };
    if (value.known && column->type == VALUE_TEXT)
        value.text = population_text(naive->population, (uint32_t)from.integer);
    return value;
}

/* The value at the end of the path's hops, from the value of its first column. */
static struct naive_value walk(const struct naive *naive, const struct segment_path *path,
                               struct naive_value value)
{
    const struct population *population = naive->population;
    int hops = path->length - 1 - (path->is_key && path->length > 1);
    for (int hop = 0; hop < hops && value.known; hop++) {
        const struct schema_table *schema = &naive->schema->tables[path->hop_table[hop]];
        const struct population_table *table =
            &population->tables[population_table_index(population, schema->name)];
        uint32_t code = (uint32_t)value.integer;
        uint32_t row = code < table->code_count ? table->row_of_code[code] : POPULATION_NO_ROW;
        const struct population_column *column =
            find_column(table, schema->columns[path->hop_column[hop]].name);
        ENSURE(column);
        value = row == POPULATION_NO_ROW ? naive_unknown(column->type) : read(naive, column, row);
    }
    return value;
}

struct naive_value naive_trait(const struct naive_context *context, const struct segment_path *path,
                               int64_t moment)
{
    const struct naive *naive = context->naive;
    const struct population *population = naive->population;
    const struct schema_table *schema = schema_table(naive->schema, SCHEMA_TRAIT_TABLE);
    const struct schema_column *definition = &schema->columns[path->start_column[0]];
    struct naive_value value = naive_unknown(definition->type);
    int index = population_table_index(population, SCHEMA_TRAIT_TABLE);
    if (index < 0)
        return value;
    const struct population_table *table = &population->tables[index];
    const struct population_column *column = find_column(table, definition->name);
    for (uint32_t row = table->offset[context->position];
         row < table->offset[context->position + 1]; row++) {
        if (table->time[row] != 0 && table->time[row] > moment)
            continue;
        if (context->trait_until && row >= context->trait_until)
            break;
        struct naive_value told = read(naive, column, row);
        if (told.known)
            value = told;
    }
    return walk(naive, path, value);
}

struct naive_value naive_property(const struct naive_context *context,
                                  const struct segment_path *path, const struct naive_fact *fact)
{
    const struct naive *naive = context->naive;
    const struct population_table *table = &naive->population->tables[fact->table];
    const struct schema_table *schema = schema_table(naive->schema, table->name);
    const struct population_column *column =
        find_column(table, schema->columns[path->start_column[fact->kind]].name);
    ENSURE(column);
    return walk(naive, path, read(naive, column, fact->row));
}

/* ---- functions ---- */

static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient * b > a ? quotient - 1 : quotient;
}

/* Whole calendar months from moment or date a to b, each with its local date and clock. */
static int64_t months(int32_t a, int32_t a_clock, int32_t b, int32_t b_clock)
{
    int64_t count = date_months_between(a, b);
    return date_add_months(a, count) == b && b_clock < a_clock ? count - 1 : count;
}

static struct naive_value since(const struct naive_context *context,
                                const struct segment_node *node, struct naive_value x)
{
    static const int64_t seconds[] = {1, 60, 3600, 86400, 7 * 86400};
    const struct zone *zone = context->naive->population->zone;
    int64_t now = context->naive->now;
    bool is_date = x.type == VALUE_DATE, until = node->function == FUNCTION_UNTIL;
    int32_t today = naive_local_date(context->naive, now);
    int32_t date = is_date ? (int32_t)x.integer : naive_local_date(context->naive, x.integer);
    if (node->unit <= CALENDAR_WEEK) {
        int64_t from = x.integer, to = now, unit = seconds[node->unit];
        if (is_date && node->unit >= CALENDAR_DAY) {
            to = today;
            unit /= 86400;
        } else if (is_date) {
            from = zone_day_start(zone, date);
        }
        return naive_integer(VALUE_INT, floor_divide(until ? from - to : to - from, unit));
    }
    int32_t clock = is_date ? 0 : zone_clock(zone, x.integer),
            now_clock = is_date ? 0 : zone_clock(zone, now);
    int64_t count =
        until ? months(today, now_clock, date, clock) : months(date, clock, today, now_clock);
    int64_t unit = node->unit == CALENDAR_MONTH ? 1 : node->unit == CALENDAR_QUARTER ? 3 : 12;
    return naive_integer(VALUE_INT, floor_divide(count, unit));
}

static struct naive_value age(const struct naive *naive, struct naive_value birth)
{
    int32_t today = naive_local_date(naive, naive->now);
    if (birth.integer > today)
        return naive_unknown(VALUE_INT);
    struct civil_date on = date_to_civil(today), from = date_to_civil((int32_t)birth.integer);
    int years = on.year - from.year;
    if (date_anniversary((int32_t)birth.integer, on.year) > today)
        years--;
    return naive_integer(VALUE_INT, years);
}

static struct naive_value rounded(const struct segment_node *node, struct naive_value x)
{
    if (x.type == VALUE_DOUBLE || x.is_double) {
        double number = node->function == FUNCTION_FLOOR  ? floor(x.number)
                        : node->function == FUNCTION_CEIL ? ceil(x.number)
                                                          : round(x.number);
        return naive_integer(node->type, (int64_t)number);
    }
    int64_t unit = number_power10(x.scale), low = floor_divide(x.integer, unit),
            rest = x.integer - low * unit;
    int64_t up = node->function == FUNCTION_FLOOR ? 0
                 : node->function == FUNCTION_CEIL
                     ? rest > 0
                     : rest * 2 > unit || (rest * 2 == unit && x.integer > 0);
    return naive_integer(node->type, low + up);
}

static struct naive_value extreme(const struct naive_context *context,
                                  const struct segment_node *node)
{
    struct naive_value best = naive_unknown(node->type);
    for (int i = 0; i < node->child_count; i++) {
        struct naive_value value = naive_value(context, node->child[i]);
        if (!value.known)
            continue;
        int better = best.known ? naive_compare(context->naive, &value, &best) : 0;
        if (node->function == FUNCTION_COALESCE)
            return value;
        if (!best.known || (node->function == FUNCTION_LEAST ? better < 0 : better > 0))
            best = value;
    }
    return best;
}

static struct naive_value distance(const struct naive_context *context,
                                   const struct segment_node *node, struct naive_value from)
{
    struct naive_value latitude = naive_value(context, node->child[1]),
                       longitude = naive_value(context, node->child[2]);
    if (!latitude.known || !longitude.known)
        return naive_unknown(VALUE_DOUBLE);
    double radian = M_PI / 180;
    double a = from.latitude * radian, b = naive_double(&latitude) * radian;
    double across = (naive_double(&longitude) - from.longitude) * radian;
    double h = pow(sin((b - a) / 2), 2) + cos(a) * cos(b) * pow(sin(across / 2), 2);
    return (struct naive_value){
        .known = true, .type = VALUE_DOUBLE, .number = 2 * 6371008.8 * asin(sqrt(h > 1 ? 1 : h))};
}

static struct naive_value map_case(const struct naive *naive, struct naive_value value, bool upper)
{
    struct buffer out;
    buffer_init(&out, 0);
    for (size_t i = 0; i < value.text.length;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)value.text.data + i,
                                                 (utf8proc_ssize_t)(value.text.length - i), &point);
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t length =
            utf8proc_encode_char(upper ? utf8proc_toupper(point) : utf8proc_tolower(point), bytes);
        buffer_add(&out, bytes, (size_t)length);
        i += (size_t)used;
    }
    value.text.length = out.length;
    value.text.data = buffer_copy(&out, (struct arena *)&naive->arena);
    buffer_release(&out);
    return value;
}

static int64_t code_points(struct text text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

static struct naive_value absolute(struct naive_value value)
{
    value.integer = value.integer < 0 ? -value.integer : value.integer;
    value.number = fabs(value.number);
    return value;
}

static const struct {
    enum segment_function function;
    enum calendar_unit unit;
} units[] = {
    {FUNCTION_YEAR, CALENDAR_YEAR},   {FUNCTION_QUARTER, CALENDAR_QUARTER},
    {FUNCTION_MONTH, CALENDAR_MONTH}, {FUNCTION_WEEK, CALENDAR_WEEK},
    {FUNCTION_DAY, CALENDAR_DAY},
};

static struct naive_value of_date(const struct naive_context *context,
                                  const struct segment_node *node, struct naive_value x)
{
    int32_t date =
        x.type == VALUE_DATE ? (int32_t)x.integer : naive_local_date(context->naive, x.integer);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].function == node->function)
            return naive_integer(VALUE_INT, date_unit_number(date, units[i].unit));
    switch (node->function) {
    case FUNCTION_DATE: return naive_integer(VALUE_DATE, date);
    case FUNCTION_MONTH_OF_YEAR: return naive_integer(VALUE_INT, date_to_civil(date).month);
    case FUNCTION_DAY_OF_MONTH: return naive_integer(VALUE_INT, date_to_civil(date).day);
    case FUNCTION_WEEKDAY: return naive_integer(VALUE_INT, date_weekday(date));
    default: /* FUNCTION_HOUR */
        return naive_integer(VALUE_INT,
                             zone_clock(context->naive->population->zone, x.integer) / 3600);
    }
}

struct naive_value naive_function(const struct naive_context *context,
                                  const struct segment_node *node)
{
    if (node->function == FUNCTION_LEAST || node->function == FUNCTION_GREATEST ||
        node->function == FUNCTION_COALESCE)
        return extreme(context, node);
    struct naive_value x = naive_value(context, node->child[0]);
    if (!x.known)
        return naive_unknown(node->type);
    switch (node->function) {
    case FUNCTION_AGE: return age(context->naive, x);
    case FUNCTION_SINCE:
    case FUNCTION_UNTIL: return since(context, node, x);
    case FUNCTION_SIZE: return naive_integer(VALUE_INT, x.code_count);
    case FUNCTION_LENGTH: return naive_integer(VALUE_INT, code_points(x.text));
    case FUNCTION_LOWER: return map_case(context->naive, x, false);
    case FUNCTION_UPPER: return map_case(context->naive, x, true);
    case FUNCTION_ABS: return absolute(x);
    case FUNCTION_FLOOR:
    case FUNCTION_CEIL:
    case FUNCTION_ROUND: return rounded(node, x);
    case FUNCTION_DISTANCE: return distance(context, node, x);
    case FUNCTION_VERSION: return x;
    default: return of_date(context, node, x);
    }
}

/* ---- texts ---- */

bool naive_matches(struct text text, struct text pattern, bool folded)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.length,
                      PCRE2_UTF | (folded ? PCRE2_CASELESS : 0), &code, &offset, NULL);
    ENSURE(regex);
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(regex, NULL);
    bool found = pcre2_match(regex, (PCRE2_SPTR)text.data, text.length, 0, 0, match, NULL) >= 0;
    pcre2_match_data_free(match);
    pcre2_code_free(regex);
    return found;
}

uint64_t naive_hash(const struct naive_context *context, const char *seed)
{
    struct text identifier = population_identifier(context->naive->population, context->position);
    struct buffer bytes;
    buffer_init(&bytes, 0);
    buffer_add(&bytes, seed, strlen(seed) + 1);
    buffer_text(&bytes, identifier);
    unsigned char digest[16];
    naive_md5((const unsigned char *)bytes.data, bytes.length, digest);
    buffer_release(&bytes);
    uint64_t u = 0;
    for (int i = 0; i < 8; i++)
        u = u << 8 | digest[i];
    return u;
}

/* ---- MD5, as RFC 1321 describes it: the constants are |sin(i + 1)| × 2^32 ---- */

static void md5_block(uint32_t state[4], const unsigned char *block)
{
    static const int shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (int i = 0; i < 64; i++) {
        uint32_t mix;
        int word;
        if (i < 16)
            mix = (b & c) | (~b & d), word = i;
        else if (i < 32)
            mix = (d & b) | (~d & c), word = (5 * i + 1) % 16;
        else if (i < 48)
            mix = b ^ c ^ d, word = (3 * i + 5) % 16;
        else
            mix = c ^ (b | ~d), word = 7 * i % 16;
        uint32_t data = 0;
        for (int byte = 3; byte >= 0; byte--)
            data = data << 8 | block[word * 4 + byte];
        uint32_t sum = a + mix + data + (uint32_t)floor(fabs(sin(i + 1)) * 4294967296.0);
        int shift = shifts[i / 16][i % 4];
        uint32_t turned = sum << shift | sum >> (32 - shift);
        a = d, d = c, c = b, b += turned;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

void naive_md5(const unsigned char *data, size_t length, unsigned char digest[16])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t padded = (length + 8) / 64 * 64 + 64;
    unsigned char *bytes = base_calloc(padded, 1);
    memcpy(bytes, data, length);
    bytes[length] = 0x80;
    for (int i = 0; i < 8; i++)
        bytes[padded - 8 + (size_t)i] = (unsigned char)((uint64_t)length * 8 >> (8 * i));
    for (size_t at = 0; at < padded; at += 64)
        md5_block(state, bytes + at);
    for (int i = 0; i < 16; i++)
        digest[i] = (unsigned char)(state[i / 4] >> (8 * (i % 4)));
    free(bytes);
}
