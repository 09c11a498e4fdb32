/*
 * Dates and times as people and programs write them. A value by itself often reads in
 * several ways, and says so: which of them a column means is for the column to decide. No
 * run of digits is ever divided between two fields, but for the compact forms whose width
 * says where (20250304).
 */
#include "ingest/moment_internal.h"

#include "base/number.h"
#include "ingest/words.h"

static bool full_year(int *year, int digits, struct ingest_moment *moment)
{
    moment->short_year = digits == 2;
    if (digits == 2)
        *year = ingest_short_year(*year);
    return digits == 2 || digits == 4;
}

/* bytes: 4.3.25; a JavaScript date with its zone in words has nearly seventy */
enum { SHORTEST = 6, LONGEST = 80 };

static bool set_date(int year, int month, int day, int32_t *date)
{
    if (year < 1 || year > YEAR_MAX || !date_valid(year, month, day))
        return false;
    *date = date_from_civil(year, month, day);
    return true;
}

/* Forms that are digits alone */

static int digits_at(const char *at, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++)
        number = number * 10 + (at[i] - '0');
    return number;
}

/* 20250228, 202502281707, 20250228170708, 20250228170708123, and the first of them with a
 * clock behind. */
static bool parse_compact(struct text value, size_t digits, struct ingest_moment *moment)
{
    const char *at = value.data;

    /* YYYYMMDD, hhmm, ss, mmm: places of their own, as there are no marks between */
    if (!set_date(digits_at(at, 4), digits_at(at + 4, 2), digits_at(at + 6, 2), &moment->date))
        return false;

    if (digits == 8) {
        struct cursor cursor = {at + 8, at + value.length};
        return ingest_take_clock(&cursor, true, moment);
    }
    if (digits == 17) /* with milliseconds, which are cut */
        moment->has_fraction = memcmp(at + 14, "000", 3) != 0;

    int second = digits >= 14 ? digits_at(at + 12, 2) : 0; /* behind YYYYMMDDhhmm */
    if (!ingest_set_clock(digits_at(at + 8, 2), digits_at(at + 10, 2), second, moment))
        return false;

    struct cursor cursor = {at + digits, at + value.length};
    /* only a value with seconds can have a fraction of them behind */
    return (digits != 14 || ingest_take_fraction(&cursor, moment)) &&
           ingest_take_zone(&cursor, moment) && cursor.at == cursor.end;
}

/* Units of 10^-power seconds since 1970, which number of digits tells. */
static enum ingest_date_format epoch_format(size_t digits, int *power)
{
    static const struct {
        size_t least, most;
        int power;
        enum ingest_date_format format;
    } widths[] = {
        /* seconds from 1973 on, so that no shorter number is one; their fractions likewise */
        {9, 10, 0, DATE_FORMAT_SECONDS},
        {12, 13, 3, DATE_FORMAT_MILLIS}, /* three digits more */
        {15, 16, 6, DATE_FORMAT_MICROS},
        {18, 19, 9, DATE_FORMAT_NANOS}, /* to 2286, where 19 digits end */
    };
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (digits >= widths[i].least && digits <= widths[i].most) {
            *power = widths[i].power;
            return widths[i].format;
        }
    return 0;
}

static unsigned parse_epoch(struct text value, size_t digits, unsigned formats,
                            struct ingest_moment *moment)
{
    int power = 0;
    enum ingest_date_format format = epoch_format(digits, &power);
    struct cursor rest = {value.data + digits, value.data + value.length};

    /* a leading zero would make the count of digits mean nothing */
    if (!(formats & format) || *value.data == '0')
        return 0;
    struct ingest_moment found = {0};
    if (rest.at < rest.end && (format != DATE_FORMAT_SECONDS ||
                               !ingest_take_fraction(&rest, &found) || rest.at < rest.end))
        return 0;

    uint64_t number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint64_t)(value.data[i] - '0');
    uint64_t unit = (uint64_t)number_power10(power);
    found.has_fraction |= number % unit != 0;
    number /= unit;
    found.date = (int32_t)(number / SECONDS_A_DAY);
    found.clock = (int32_t)(number % SECONDS_A_DAY);
    found.has_clock = found.has_offset = true;
    *moment = found;
    return format;
}

static unsigned parse_digits(struct text value, size_t digits, unsigned formats,
                             struct ingest_moment *moment)
{
    struct ingest_moment compact = {0};
    bool wide = digits == sizeof "YYYYMMDD" - 1 || digits == sizeof "YYYYMMDDhhmm" - 1 ||
                digits == sizeof "YYYYMMDDhhmmss" - 1 || digits == sizeof "YYYYMMDDhhmmssmmm" - 1;
    unsigned epoch = digits > 8 ? parse_epoch(value, digits, formats, moment) : 0;
    if (!(formats & DATE_FORMAT_COMPACT) || !wide || !parse_compact(value, digits, &compact))
        return epoch;
    *moment = compact;
    return DATE_FORMAT_COMPACT | epoch;
}

/* Forms with a month's name */

/* "de", "of", the ordinal's ending: words between a day, its month and its year. */
static void skip_filler(struct cursor *cursor)
{
    static const char *const fillers[] = {"de", "del", "of", "di", "do", "st",
                                          "nd", "rd",  "th", "er", "re"};
    struct cursor probe = *cursor;
    skip_spaces(&probe);
    struct text word = take_word(&probe);
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
        if (is_word(word, fillers[i]))
            *cursor = probe;
}

static bool take_month(struct cursor *cursor, int *month)
{
    struct text word = take_word(cursor);
    *month = ingest_month_of(word);
    if (*month)
        take_char(cursor, '.');
    return *month != 0;
}

/* At least one of space, point, comma, hyphen, slash. */
static bool take_gap(struct cursor *cursor)
{
    const char *start = cursor->at;
    char taken;
    skip_spaces(cursor);
    take_any(cursor, "-/.,'", &taken);
    skip_spaces(cursor);
    return cursor->at > start || cursor->at[-1] == '.';
}

static bool ends_year(const struct cursor *cursor)
{
    return cursor->at == cursor->end || !letter(*cursor->at) || *cursor->at == 'T' ||
           (*cursor->at & 0x80);
}

static bool take_year(struct cursor *cursor, int *year, struct ingest_moment *moment)
{
    int count;
    return take_number(cursor, 4, year, &count) && full_year(year, count, moment) &&
           ends_year(cursor);
}

/* "9-Dec-2011", "9. Dezember 2011", "1er janvier 2025", "4 de marzo de 2025". */
static unsigned parse_day_month(struct cursor cursor, struct ingest_moment *moment)
{
    int day, month, year, count;
    if (!take_number(&cursor, 2, &day, &count))
        return 0;
    if (cursor.at + 1 < cursor.end && memcmp(cursor.at, "\xc2\xba", 2) == 0)
        cursor.at += 2; /* 1º */
    /* twice, as "1er de" and "4th of" have an ordinal's ending and a word */
    skip_filler(&cursor);
    take_gap(&cursor);
    skip_filler(&cursor);
    take_gap(&cursor);
    if (!take_month(&cursor, &month))
        return 0;

    take_gap(&cursor); /* none in 09DEC2011 */
    skip_filler(&cursor);
    skip_spaces(&cursor);
    if (!take_year(&cursor, &year, moment) || !set_date(year, month, day, &moment->date))
        return 0;

    if (cursor.at + 1 == cursor.end)
        take_char(&cursor, '.'); /* 4. 3. 2025. and 2025 r. */
    return ingest_take_clock(&cursor, false, moment) ? DATE_FORMAT_D_MONTH_Y : 0;
}

/* "Tue Mar  4 10:11:12 2025": the year behind the clock, as C and Unix print it. */
static unsigned parse_unix(struct cursor cursor, int month, int day, struct ingest_moment *moment)
{
    const char *last = cursor.end;
    while (last > cursor.at && digit(last[-1]))
        last--;
    int year = 0, count;
    struct cursor tail = {last, cursor.end};
    if (!take_number(&tail, 4, &year, &count) || count != 4 || last == cursor.at ||
        last[-1] != ' ' || !set_date(year, month, day, &moment->date))
        return 0;

    /* what is left between the day and the year is the clock, which must be there */
    cursor.end = last;
    while (cursor.end > cursor.at && cursor.end[-1] == ' ')
        cursor.end--;
    return ingest_take_clock(&cursor, false, moment) && moment->has_clock ? DATE_FORMAT_MONTH_D_Y
                                                                          : 0;
}

/* "Dec 9, 2011", "December 9th 2011", and "Dec 2011", which is a month. */
static unsigned parse_month_first(struct cursor cursor, unsigned formats,
                                  struct ingest_moment *moment)
{
    int month, day, year, count;
    if (!take_month(&cursor, &month) || !take_gap(&cursor))
        return 0;
    skip_filler(&cursor);
    skip_spaces(&cursor);

    struct cursor number = cursor;
    if (!take_number(&cursor, 4, &day, &count))
        return 0;

    /* nothing behind the number: it is the year of a month, not a day without a year */
    bool alone = cursor.at == cursor.end;
    bool short_alone = alone && count == 2 && number.at[-1] != ' '; /* Mar-25 */
    if (alone && (count == 4 || short_alone || number.at[-1] == '\'')) {
        year = day;
        if (!(formats & DATE_FORMAT_MONTH_Y) || !full_year(&year, count, moment) ||
            !set_date(year, month, 1, &moment->date))
            return 0;
        return DATE_FORMAT_MONTH_Y;
    }

    if (count > 2 || !(formats & DATE_FORMAT_MONTH_D_Y))
        return 0;
    skip_filler(&cursor);
    struct cursor rest = cursor;
    if (!take_gap(&cursor))
        return 0;
    if (take_year(&cursor, &year, moment) && set_date(year, month, day, &moment->date) &&
        ingest_take_clock(&cursor, false, moment))
        return DATE_FORMAT_MONTH_D_Y;

    /* behind the day no year but a clock, or nothing: only the order of Unix is left */
    *moment = (struct ingest_moment){0};
    return parse_unix(rest, month, day, moment);
}

/* Forms of numbers */

/* Three numbers with the same separator: year first, or one of the orders that end with
 * the year. */
static unsigned parse_numeric(struct text value, unsigned formats, struct ingest_moment *moment)
{
    struct cursor cursor = {value.data, value.data + value.length};
    int a, b, c, a_digits, b_digits, c_digits;

    if (!take_number(&cursor, 4, &a, &a_digits) || cursor.at >= cursor.end)
        return 0;

    /* Points are set with blanks behind ("9. 12. 2011") and one at the end, as German and Czech
     * write; other marks never. */
    char separator = *cursor.at++;
    if (separator != '-' && separator != '/' && separator != '.')
        return 0;
    if (separator == '.')
        skip_spaces(&cursor);
    if (!take_number(&cursor, 2, &b, &b_digits) || !take_char(&cursor, separator))
        return 0;
    if (separator == '.')
        skip_spaces(&cursor);
    if (!take_number(&cursor, 4, &c, &c_digits))
        return 0;
    if (separator == '.' && cursor.at + 1 == cursor.end)
        take_char(&cursor, '.');

    /* the year first leaves no doubt, and only there DB2 joins the clock with a hyphen */
    if (a_digits == 4) {
        if (!(formats & DATE_FORMAT_YMD) || c_digits > 2 || !set_date(a, b, c, &moment->date))
            return 0;
        bool joined = separator == '-' && cursor.end - cursor.at > 3 && *cursor.at == '-' &&
                      cursor.at[3] == '.';
        return ingest_take_clock(&cursor, joined, moment) ? DATE_FORMAT_YMD : 0;
    }

    if (a_digits > 2 || !full_year(&c, c_digits, moment))
        return 0;

    /* Day and month are read in both orders where both are dates: only the column can tell. A point
     * between them always means the day first. */
    unsigned found = 0;
    if (separator == '.') {
        found = (formats & DATE_FORMAT_DMY_DOT) && set_date(c, b, a, &moment->date)
                    ? DATE_FORMAT_DMY_DOT
                    : 0;
    } else {
        if ((formats & DATE_FORMAT_DMY) && set_date(c, b, a, &moment->date))
            found |= DATE_FORMAT_DMY;
        if ((formats & DATE_FORMAT_MDY) && set_date(c, a, b, &moment->date))
            found |= DATE_FORMAT_MDY;
    }

    if (!found)
        return 0;
    int32_t date = moment->date;
    if (!ingest_take_clock(&cursor, false, moment))
        return 0;

    /* 24:00 belongs to the next day, whichever order the day came from */
    moment->date = date + (moment->date != date);
    return found;
}

/* "2025-Mar-04". */
static unsigned parse_year_month_day(struct cursor cursor, int year, struct ingest_moment *moment)
{
    int month, day, count;
    if (!take_gap(&cursor) || !take_month(&cursor, &month) || !take_gap(&cursor) ||
        !take_number(&cursor, 2, &day, &count) || !set_date(year, month, day, &moment->date))
        return 0;
    return ingest_take_clock(&cursor, false, moment) ? DATE_FORMAT_Y_MONTH_D : 0;
}

/* The Monday of an ISO week: the week of 4 January is the first. */
static bool week_date(int year, int week, int day, int32_t *date)
{
    int32_t fourth = date_from_civil(year, 1, 4);
    int32_t monday = fourth - (date_weekday(fourth) - 1) + (week - 1) * DAYS_A_WEEK;
    int32_t thursday = monday + 3;

    /* a week belongs to the year of its Thursday, so week 53 of most years is none */
    if (week < 1 || day < 1 || day > DAYS_A_WEEK || date_to_civil(thursday).year != year)
        return false;
    *date = monday + day - 1;
    return true;
}

/* "2025-Q1", "2025Q1", "2025-W09", "2025W09-5", "2025-03": four digits and less than a
 * whole date behind them. */
static unsigned parse_year_part(struct cursor cursor, int year, unsigned formats,
                                struct ingest_moment *moment)
{
    int part, count, day = 1;
    char kind = 0, gap = 0;

    take_any(&cursor, "-/ .", &gap);
    take_any(&cursor, "QqWwM", &kind);
    if (!ingest_is_year(year) || !take_number(&cursor, 2, &part, &count))
        return 0;

    /* the day of a week: 2025-W09-5 */
    if ((kind | 32) == 'w' && take_char(&cursor, '-') && (!take_number(&cursor, 1, &day, &count)))
        return 0;

    /* 2025-03 needs the two digits and the gap: 20253 and 2025 3 are numbers */
    if (cursor.at != cursor.end || (!kind && (!gap || count != 2)))
        return 0;
    if ((kind | 32) == 'q' && (formats & DATE_FORMAT_QUARTER) && part >= 1 && part <= 4 &&
        set_date(year, part * 3 - 2, 1, &moment->date))
        return DATE_FORMAT_QUARTER;
    if ((kind | 32) == 'w' && (formats & DATE_FORMAT_WEEK) &&
        week_date(year, part, day, &moment->date))
        return DATE_FORMAT_WEEK;

    bool month = !kind || kind == 'M';
    if (month && gap != ' ' && (formats & DATE_FORMAT_YEAR_MONTH) &&
        set_date(year, part, 1, &moment->date))
        return DATE_FORMAT_YEAR_MONTH;
    return 0;
}

static unsigned parse_year_first(struct text value, unsigned formats, struct ingest_moment *moment)
{
    struct cursor cursor = {value.data + 4, value.data + value.length};
    int year = digits_at(value.data, 4);
    unsigned found = parse_year_part(cursor, year, formats, moment);
    if (found)
        return found;

    /* where the name of a month would begin: behind one mark or none */
    size_t at = 4 + (value.length > 5 && !letter(value.data[4]));
    if (at < value.length && letter(value.data[at]) && (formats & DATE_FORMAT_Y_MONTH_D))
        return parse_year_month_day(cursor, year, moment);
    return parse_numeric(value, formats, moment);
}

/* "03/2025", "3.2025": a month. */
static unsigned parse_month_year(struct text value, unsigned formats, struct ingest_moment *moment)
{
    struct cursor cursor = {value.data, value.data + value.length};
    int month, year, count;
    char gap;
    if (!(formats & DATE_FORMAT_YEAR_MONTH) || !take_number(&cursor, 2, &month, &count) ||
        !take_any(&cursor, "/-.", &gap) || !take_number(&cursor, 4, &year, &count) || count != 4 ||
        cursor.at != cursor.end || !ingest_is_year(year) ||
        !set_date(year, month, 1, &moment->date))
        return 0;
    return DATE_FORMAT_YEAR_MONTH;
}

/* "Q1 2025", "Q1/2025". */
static unsigned parse_quarter_first(struct cursor cursor, struct ingest_moment *moment)
{
    int quarter, year, count;
    if (!take_number(&cursor, 1, &quarter, &count) || quarter < 1 || quarter > 4 ||
        !take_gap(&cursor) || !take_number(&cursor, 4, &year, &count) || count != 4 ||
        cursor.at != cursor.end || !set_date(year, quarter * 3 - 2, 1, &moment->date))
        return 0;
    return DATE_FORMAT_QUARTER;
}

static unsigned parse_any(struct text value, unsigned formats, struct ingest_moment *moment);

/* "Tue, 04 Mar 2025": what stands behind the day of the week. */
static unsigned parse_behind_weekday(struct cursor cursor, unsigned formats,
                                     struct ingest_moment *moment)
{
    struct text word = take_word(&cursor);
    if (cursor.at < cursor.end && *cursor.at == '-') { /* segunda-feira */
        struct cursor more = {cursor.at + 1, cursor.end};
        struct text rest = take_word(&more);
        if (is_word(rest, "feira")) {
            word.length = (size_t)(more.at - word.data);
            cursor = more;
        }
    }

    if (!ingest_is_weekday(word))
        return 0;
    take_char(&cursor, '.');
    take_char(&cursor, ',');
    skip_spaces(&cursor);
    struct text rest = {cursor.at, (size_t)(cursor.end - cursor.at)};
    if (rest.length < SHORTEST || (!digit(*rest.data) && !letter(*rest.data)))
        return 0;

    /* the rest cannot be a compact form: nobody writes "Tue 20250304", but codes look like it */
    *moment = (struct ingest_moment){0};
    return parse_any(rest, formats & ~(unsigned)DATE_FORMAT_COMPACT, moment);
}

/* Names and codes are asked as well: a date has a digit, and before it a word of more
 * than one letter. */
static bool cannot_be_date(struct text value)
{
    if (value.length > 1 && digit(value.data[1]) && (*value.data | 32) != 'q')
        return true;
    for (size_t i = 1; i < value.length; i++)
        if (digit(value.data[i]))
            return false;
    return true;
}

static unsigned parse_letters(struct text value, unsigned formats, struct ingest_moment *moment)
{
    if (cannot_be_date(value))
        return 0;
    struct cursor cursor = {value.data, value.data + value.length};

    if ((*value.data | 32) == 'q' && value.length >= SHORTEST && digit(value.data[1])) {
        cursor.at++;
        return formats & DATE_FORMAT_QUARTER ? parse_quarter_first(cursor, moment) : 0;
    }
    unsigned found = 0;
    if (formats & (DATE_FORMAT_MONTH_D_Y | DATE_FORMAT_MONTH_Y))
        found = parse_month_first(cursor, formats, moment);
    return found ? found : parse_behind_weekday(cursor, formats, moment);
}

static bool month_behind(struct text value, size_t digits)
{
    size_t at = digits;
    while (at < value.length && at < digits + 3 && strchr("-/. ", value.data[at]))
        at++;
    return at < value.length && letter(value.data[at]);
}

static unsigned parse_any(struct text value, unsigned formats, struct ingest_moment *moment)
{
    size_t digits = 0;
    while (digits < value.length && digit(value.data[digits]))
        digits++;
    if (digits == 0)
        return letter(*value.data) ? parse_letters(value, formats, moment) : 0;

    /* The count of leading digits divides the forms: no two branches read the same value, which
     * keeps a refusal as cheap as a reading. */
    if (digits >= 8)
        return parse_digits(value, digits, formats, moment);
    if (digits == value.length)
        return 0;
    if (digits == 4)
        return parse_year_first(value, formats, moment);
    if (digits > 2)
        return 0;
    if (month_behind(value, digits)) {
        struct cursor cursor = {value.data, value.data + value.length};
        return formats & DATE_FORMAT_D_MONTH_Y ? parse_day_month(cursor, moment) : 0;
    }

    unsigned found = parse_numeric(value, formats, moment);
    return found ? found : parse_month_year(value, formats, moment);
}

/* "2025-03-04" and "2025-03-04 10:11:12", the commonest of all, by their places alone. */
static bool parse_iso(struct text value, struct ingest_moment *moment)
{
    enum { DATE = sizeof "2025-03-04" - 1, DATE_AND_CLOCK = sizeof "2025-03-04 10:11:12" - 1 };
    const char *at = value.data;

    /* the hyphens at their places, and digits at all others */
    if ((value.length != DATE && value.length != DATE_AND_CLOCK) || at[4] != '-' || at[7] != '-')
        return false;
    for (int i = 0; i < DATE; i++)
        if (!digit(at[i]) && i != 4 && i != 7)
            return false; /* no digit, and not the place of a hyphen */
    if (!set_date(digits_at(at, 4), digits_at(at + 5, 2), digits_at(at + 8, 2), &moment->date))
        return false; /* 2025-02-30 */
    if (value.length == DATE)
        return true;

    /* likewise the clock: a blank or a T, and colons behind hour and minute */
    if ((at[10] != ' ' && at[10] != 'T') || at[13] != ':' || at[16] != ':')
        return false;
    for (int i = DATE + 1; i < DATE_AND_CLOCK; i++)
        if (!digit(at[i]) && i != 13 && i != 16)
            return false; /* no digit, and not the place of a colon */
    return ingest_set_clock(digits_at(at + 11, 2), digits_at(at + 14, 2), digits_at(at + 17, 2),
                            moment);
}

unsigned ingest_parse_moment(struct text value, unsigned formats, struct ingest_moment *moment)
{
    *moment = (struct ingest_moment){0};
    if (value.length < SHORTEST || value.length > LONGEST)
        return 0;
    if ((formats & DATE_FORMAT_YMD) && parse_iso(value, moment))
        return DATE_FORMAT_YMD;
    *moment = (struct ingest_moment){0};
    return parse_any(value, formats, moment);
}
