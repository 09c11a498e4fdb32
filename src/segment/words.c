/* The words of the language, in tables: the lexer, the checker, the formatter and the messages read
 * the same ones. */
#include "segment/language.h"

#include "segment/grammar.h"

#include <string.h>

struct keyword {
    const char *name;
    int kind;
    bool soft; /* a name wherever it stands for one: never needs backquotes */
};

/* Sorted by name. */
static const struct keyword keywords[] = {
    {"after", TOKEN_AFTER, false},
    {"ago", TOKEN_AGO, false},
    {"all", TOKEN_ALL, false},
    {"among", TOKEN_AMONG, false},
    {"and", TOKEN_AND, false},
    {"anniversary", TOKEN_ANNIVERSARY, false},
    {"any", TOKEN_ANY, false},
    {"as", TOKEN_AS, false},
    {"before", TOKEN_BEFORE, false},
    {"between", TOKEN_BETWEEN, false},
    {"bottom", TOKEN_BOTTOM, false},
    {"bucket", TOKEN_BUCKET, false},
    {"by", TOKEN_BY, false},
    {"calendar", TOKEN_CALENDAR, false},
    {"case", TOKEN_CASE, true},
    {"changed", TOKEN_CHANGED, false},
    {"contains", TOKEN_CONTAINS, false},
    {"day", TOKEN_UNIT, false},
    {"days", TOKEN_UNIT, false},
    {"difference", TOKEN_DIFFERENCE, true},
    {"else", TOKEN_ELSE, false},
    {"ends", TOKEN_ENDS, false},
    {"entered", TOKEN_ENTERED, false},
    {"ever", TOKEN_EVER, false},
    {"except", TOKEN_EXCEPT, false},
    {"exclusive", TOKEN_EXCLUSIVE, true},
    {"false", TOKEN_FALSE, false},
    {"first", TOKEN_FIRST, false},
    {"for", TOKEN_FOR, false},
    {"from", TOKEN_FROM, false},
    {"hour", TOKEN_UNIT, false},
    {"hours", TOKEN_UNIT, false},
    {"ignoring", TOKEN_IGNORING, false},
    {"in", TOKEN_IN, false},
    {"intersect", TOKEN_INTERSECT, false},
    {"is", TOKEN_IS, false},
    {"km", TOKEN_LENGTH, false},
    {"known", TOKEN_KNOWN, true},
    {"last", TOKEN_LAST, false},
    {"left", TOKEN_LEFT, false},
    {"like", TOKEN_LIKE, false},
    {"list", TOKEN_LIST, false},
    {"m", TOKEN_LENGTH, false},
    {"matches", TOKEN_MATCHES, false},
    {"minute", TOKEN_UNIT, false},
    {"minutes", TOKEN_UNIT, false},
    {"month", TOKEN_UNIT, false},
    {"months", TOKEN_UNIT, false},
    {"next", TOKEN_NEXT, false},
    {"no", TOKEN_NO, false},
    {"none", TOKEN_NONE, false},
    {"not", TOKEN_NOT, false},
    {"now", TOKEN_NOW, false},
    {"ntile", TOKEN_NTILE, false},
    {"of", TOKEN_OF, false},
    {"on", TOKEN_ON, false},
    {"or", TOKEN_OR, false},
    {"overlapping", TOKEN_OVERLAPPING, true},
    {"percentile", TOKEN_PERCENTILE, false},
    {"periods", TOKEN_PERIODS, false},
    {"quarter", TOKEN_UNIT, false},
    {"quarters", TOKEN_UNIT, false},
    {"resumed", TOKEN_RESUMED, false},
    {"sample", TOKEN_SAMPLE, false},
    {"scheme", TOKEN_SCHEME, false},
    {"second", TOKEN_UNIT, false},
    {"seconds", TOKEN_UNIT, false},
    {"seed", TOKEN_SEED, false},
    {"segment", TOKEN_SEGMENT, false},
    {"sequence", TOKEN_SEQUENCE, false},
    {"since", TOKEN_SINCE, false},
    {"starts", TOKEN_STARTS, false},
    {"stopped", TOKEN_STOPPED, false},
    {"symmetric", TOKEN_SYMMETRIC, false},
    {"this", TOKEN_THIS, false},
    {"time", TOKEN_TIME, true},
    {"to", TOKEN_TO, false},
    {"today", TOKEN_TODAY, false},
    {"top", TOKEN_TOP, false},
    {"true", TOKEN_TRUE, false},
    {"union", TOKEN_UNION, false},
    {"unknown", TOKEN_UNKNOWN, true},
    {"until", TOKEN_UNTIL, false},
    {"week", TOKEN_UNIT, false},
    {"weekday", TOKEN_WEEKDAY, true},
    {"weekend", TOKEN_WEEKEND, true},
    {"weeks", TOKEN_UNIT, false},
    {"where", TOKEN_WHERE, false},
    {"whole", TOKEN_WHOLE, false},
    {"with", TOKEN_WITH, true},
    {"within", TOKEN_WITHIN, false},
    {"year", TOKEN_UNIT, false},
    {"years", TOKEN_UNIT, false},
    {"yes", TOKEN_YES, false},
    {"yesterday", TOKEN_YESTERDAY, false},
};
enum { KEYWORDS = sizeof keywords / sizeof *keywords };

static const struct keyword *keyword_find(struct text word)
{
    size_t low = 0, high = KEYWORDS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = text_compare(text_from(keywords[middle].name), word);
        if (order == 0)
            return &keywords[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int segment_keyword_kind(struct text word)
{
    const struct keyword *keyword = keyword_find(word);
    return keyword ? keyword->kind : 0;
}

bool segment_is_reserved(struct text word)
{
    const struct keyword *keyword = keyword_find(word);
    return keyword && !keyword->soft;
}

const char *segment_token_label(int kind)
{
    static const struct {
        int kind;
        const char *label;
    } labels[] = {
        {TOKEN_ID, "a name"},
        {TOKEN_NUMBER, "a number"},
        {TOKEN_STRING, "a text in quotes"},
        {TOKEN_PERCENT, "a percentage"},
        {TOKEN_DATE, "a date"},
        {TOKEN_MOMENT, "a moment"},
        {TOKEN_LP, "“(”"},
        {TOKEN_RP, "“)”"},
        {TOKEN_COMMA, "“,”"},
        {TOKEN_DOT, "“.”"},
        {TOKEN_EQ, "a comparison"},
        {TOKEN_NE, "a comparison"},
        {TOKEN_LT, "a comparison"},
        {TOKEN_LE, "a comparison"},
        {TOKEN_GT, "a comparison"},
        {TOKEN_GE, "a comparison"},
        {TOKEN_PLUS, "“+”"},
        {TOKEN_MINUS, "“-”"},
        {TOKEN_STAR, "“*”"},
        {TOKEN_SLASH, "“/”"},
        {TOKEN_UNIT, "a unit of time such as days"},
        {TOKEN_LENGTH, "a unit of length (km, m)"},
        {TOKEN_LIMIT, "“within”"},
        {0, "the end"},
    };

    /* Signs and kinds of constants have labels; a word is its own. */
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (labels[i].kind == kind)
            return labels[i].label;
    for (size_t i = 0; i < KEYWORDS; i++)
        if (keywords[i].kind == kind)
            return keywords[i].name;
    return "something else";
}

const char *const *segment_keyword_names(struct arena *arena, size_t *count)
{
    const char **names = ARENA_ARRAY(arena, const char *, KEYWORDS);
    for (size_t i = 0; i < KEYWORDS; i++)
        names[i] = keywords[i].name;
    *count = KEYWORDS;
    return names;
}

static const struct function_word functions[] = {
    {"age", FUNCTION_AGE, 1, 1},
    {"date", FUNCTION_DATE, 1, 1},
    {"year", FUNCTION_YEAR, 1, 1},
    {"quarter", FUNCTION_QUARTER, 1, 1},
    {"month", FUNCTION_MONTH, 1, 1},
    {"week", FUNCTION_WEEK, 1, 1},
    {"day", FUNCTION_DAY, 1, 1},
    {"month_of_year", FUNCTION_MONTH_OF_YEAR, 1, 1},
    {"day_of_month", FUNCTION_DAY_OF_MONTH, 1, 1},
    {"weekday", FUNCTION_WEEKDAY, 1, 1},
    {"hour", FUNCTION_HOUR, 1, 1},
    {"size", FUNCTION_SIZE, 1, 1},
    {"length", FUNCTION_LENGTH, 1, 1},
    {"lower", FUNCTION_LOWER, 1, 1},
    {"upper", FUNCTION_UPPER, 1, 1},
    {"abs", FUNCTION_ABS, 1, 1},
    {"floor", FUNCTION_FLOOR, 1, 1},
    {"ceil", FUNCTION_CEIL, 1, 1},
    {"round", FUNCTION_ROUND, 1, 1},
    {"least", FUNCTION_LEAST, 1, 32},
    {"greatest", FUNCTION_GREATEST, 1, 32},
    {"coalesce", FUNCTION_COALESCE, 1, 32},
    {"distance", FUNCTION_DISTANCE, 3, 3},
    {"version", FUNCTION_VERSION, 1, 1},
};
enum { FUNCTION_WORDS = sizeof functions / sizeof *functions };

const struct function_word *segment_function_by_name(struct text name)
{
    for (size_t i = 0; i < FUNCTION_WORDS; i++)
        if (text_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

const char *segment_function_name(enum segment_function function)
{
    for (size_t i = 0; i < FUNCTION_WORDS; i++)
        if (functions[i].function == function)
            return functions[i].name;
    return function == FUNCTION_SINCE ? "since" : "until";
}

static const char *const aggregates[] = {
    [AGGREGATE_ANY] = "any",
    [AGGREGATE_NONE] = "none",
    [AGGREGATE_COUNT] = "count",
    [AGGREGATE_SUM] = "sum",
    [AGGREGATE_AVG] = "avg",
    [AGGREGATE_MIN] = "min",
    [AGGREGATE_MAX] = "max",
    [AGGREGATE_MEDIAN] = "median",
    [AGGREGATE_DISTINCT] = "distinct",
    [AGGREGATE_FIRST] = "first",
    [AGGREGATE_LAST] = "last",
    [AGGREGATE_NTH] = "nth",
    [AGGREGATE_FAVOURITE] = "favourite",
};
enum { AGGREGATES = sizeof aggregates / sizeof *aggregates };

int segment_aggregate_by_name(struct text name)
{
    for (int i = 0; i < AGGREGATES; i++)
        if (text_is(name, aggregates[i]))
            return i;
    return -1;
}

const char *segment_aggregate_name(enum segment_aggregate aggregate)
{
    return aggregates[aggregate];
}

const char *const *segment_call_names(struct arena *arena, size_t *count)
{
    const char **names = ARENA_ARRAY(arena, const char *, FUNCTION_WORDS + AGGREGATES + 2);
    size_t n = 0;
    for (int i = 0; i < AGGREGATES; i++)
        names[n++] = aggregates[i];
    for (int i = 0; i < FUNCTION_WORDS; i++)
        names[n++] = functions[i].name;
    names[n++] = "gap";
    names[n++] = "all";
    *count = n;
    return names;
}

static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};

int segment_weekday_by_name(struct text name)
{
    for (int i = 0; i < DAYS_A_WEEK; i++)
        if (text_is(name, weekdays[i]))
            return i + 1;
    return 0;
}

const char *segment_weekday_name(int weekday)
{
    return weekdays[weekday - 1];
}

static const char *const units[] = {"second", "minute", "hour",    "day",
                                    "week",   "month",  "quarter", "year"};

enum calendar_unit segment_unit_of(struct text word)
{
    for (int i = 0; i < 8; i++) {
        /* Its plural begins with it, and nothing else that the lexer takes
         * for a unit does. */
        size_t length = strlen(units[i]);
        if (word.length >= length && memcmp(word.data, units[i], length) == 0)
            return (enum calendar_unit)i;
    }
    ENSURE(!"a unit");
    return CALENDAR_DAY;
}

const char *segment_unit_name(enum calendar_unit unit)
{
    return units[unit];
}
