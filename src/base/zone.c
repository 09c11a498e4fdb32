/*
 * Time zones from the machine's IANA database.
 *
 * A zone is one sorted table: the moment each offset begins, and the offset. A TZif file lists the
 * changes up to some year and closes with a POSIX rule for all later ones; the rule is unrolled up
 * to the year 9999 when the zone is opened, some 16,000 entries, so that nothing else needs to know
 * that there is a rule. Changes of the abbreviation or the daylight-saving flag alone are dropped.
 *
 * Looking up a moment is hot (every local date of every fact goes through it), so the years in
 * which facts may lie have a directory: one entry for each 2^24 seconds (194 days), which leaves a
 * step or two to go.
 */
#include "base/calendar.h"
#include "base/number.h"
#include "base/vector.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"

enum {
    DIRECTORY_SHIFT = 24,
    DIRECTORY_SIZE = 258, /* until early 2107: past FACT_TIME_MAX */
    FILE_MAX = 1 << 20,
    NAME_MAX_BYTES = 100, /* of a zone */
    PATH_MAX_BYTES = 256, /* of its file, a name being what it may */
    FOLDERS_DEEP = 3,     /* America/Argentina/Ushuaia */
    /* Local time is never further from UTC than this; POSIX rules allow 24:59:59 and a day of
       transition time. */
    OFFSET_MAX = 26 * SECONDS_AN_HOUR,
};

struct change {
    int64_t moment; /* the first has INT64_MIN */
    int32_t offset; /* from here on */
};

struct zone {
    char *name;
    VECTOR(struct change) changes;
    uint32_t directory[DIRECTORY_SIZE]; /* the change in force at entry << DIRECTORY_SHIFT */
};

/* ---- looking up ---- */

/* The change in force at moment: the last that is not after it. */
static size_t change_at(const struct zone *zone, int64_t moment)
{
    const struct change *changes = zone->changes.items;
    size_t count = zone->changes.count;
    if (moment >= 0 && moment >> DIRECTORY_SHIFT < DIRECTORY_SIZE) {
        size_t i = zone->directory[moment >> DIRECTORY_SHIFT];
        while (i + 1 < count && changes[i + 1].moment <= moment)
            i++;
        return i;
    }

    /* Before 1970 and after the directory. The first change is at INT64_MIN, so that low is never
     * after moment. */
    size_t low = 0, high = count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (changes[middle].moment <= moment)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int64_t change_end(const struct zone *zone, size_t i)
{
    return i + 1 < zone->changes.count ? zone->changes.items[i + 1].moment : INT64_MAX;
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

int32_t zone_offset(const struct zone *zone, int64_t moment)
{
    return zone->changes.items[change_at(zone, moment)].offset;
}

size_t zone_transitions(const struct zone *zone, int64_t after, int64_t until, int64_t *out,
                        int32_t *offset_after, size_t max)
{
    size_t found = 0;

    for (size_t i = change_at(zone, after) + 1; i < zone->changes.count && found < max;
         i++, found++) {
        if (zone->changes.items[i].moment > until)
            break;

        out[found] = zone->changes.items[i].moment;
        if (offset_after)
            offset_after[found] = zone->changes.items[i].offset;
    }

    return found;
}

int32_t zone_date(const struct zone *zone, int64_t moment)
{
    return (int32_t)number_floor_divide(moment + zone_offset(zone, moment), SECONDS_A_DAY);
}

int32_t zone_clock(const struct zone *zone, int64_t moment)
{
    int64_t local = moment + zone_offset(zone, moment);
    return (int32_t)(local - number_floor_divide(local, SECONDS_A_DAY) * SECONDS_A_DAY);
}

int64_t zone_moment(const struct zone *zone, int32_t date, int32_t clock, enum zone_fit *fit)
{
    const struct change *changes = zone->changes.items;
    int64_t local = (int64_t)date * SECONDS_A_DAY + clock, found = 0, moved = 0;
    int times = 0;

    /* A local time does not say its offset. Each stretch of equal offset that could hold it is
     * asked: the moment it would be there is right if it lies in that stretch. The last found
     * stands, being the second occurrence. */
    for (size_t i = change_at(zone, local - OFFSET_MAX);
         i < zone->changes.count && (i == 0 || changes[i].moment <= local + OFFSET_MAX); i++) {
        int64_t moment = local - changes[i].offset;
        if (moment >= changes[i].moment && moment < change_end(zone, i)) {
            found = moment;
            times++;
        } else if (moment >= change_end(zone, i) &&
                   local - changes[i + 1].offset < changes[i + 1].moment) {
            /* In the gap behind change i: the old offset moves it forward by the gap. */
            moved = moment;
        }
    }

    if (fit && times > 1)
        *fit = ZONE_REPEATED;
    else if (fit)
        *fit = times ? ZONE_EXACT : ZONE_MISSING;
    return times == 0 ? moved : found;
}

int64_t zone_day_start(const struct zone *zone, int32_t date)
{
    int64_t local = (int64_t)date * SECONDS_A_DAY;
    size_t i = change_at(zone, local - 2 * OFFSET_MAX);

    /* The first stretch of equal offset that reaches the date: it holds its midnight, or begins
     * past it. */
    while (local - zone->changes.items[i].offset >= change_end(zone, i))
        i++;
    int64_t midnight = local - zone->changes.items[i].offset;
    return midnight < zone->changes.items[i].moment ? zone->changes.items[i].moment : midnight;
}

int64_t zone_add(const struct zone *zone, int64_t moment, struct calendar_period period, int sign)
{
    if (period.months != 0) {
        int32_t date = date_add_months(zone_date(zone, moment), (int64_t)period.months * sign);
        moment = zone_moment(zone, date, zone_clock(zone, moment), NULL);
    }
    return moment + period.seconds * sign;
}

/* ---- POSIX rules: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

struct rule_day {
    enum { RULE_MONTH_WEEK, RULE_DAY_NO_LEAP, RULE_DAY_LEAP } form;
    int month, week, day;
    int32_t seconds; /* local time of the change, before it */
};

struct rule {
    int32_t standard, daylight; /* offsets */
    bool has_daylight;
    struct rule_day start, end;
};

/* Rules say what a comma and a slash leave out: daylight time is an hour ahead, and begins and ends
 * at two o'clock. */
enum { DAYLIGHT_AHEAD = SECONDS_AN_HOUR, CHANGE_CLOCK = 2 * SECONDS_AN_HOUR };

/* CEST, or <+0330> for those without letters. */
static bool rule_name(const char **at)
{
    const char *begin = *at;
    if (*begin == '<') {
        while (**at && **at != '>')
            ++*at;
        return *(*at)++ == '>';
    }

    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at - begin >= 3;
}

static bool rule_number(const char **at, int *out)
{
    int value = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; ++*at, digits++)
        value = value * 10 + (**at - '0');
    *out = value;
    return digits > 0;
}

/* [+-]hh[:mm[:ss]] */
static bool rule_time(const char **at, int32_t *out)
{
    int sign = 1, part, size = SECONDS_AN_HOUR;
    int32_t total = 0;

    if (**at == '-' || **at == '+')
        sign = *(*at)++ == '-' ? -1 : 1;
    do {
        if (!rule_number(at, &part))
            return false;
        total += part * size;
        size /= SECONDS_A_MINUTE; /* hours, minutes, seconds, and then 0 */
    } while (size > 0 && **at == ':' && (*at)++);

    *out = sign * total;
    return true;
}

/* ",M3.5.0": month, week and day of the week. ",J60": the day of the year that is 1 March in every
 * year. ",59": the day of the year counted from 0, leap days and all. Each may close with
 * "/time". */
static bool rule_day(const char **at, struct rule_day *out)
{
    enum { WEEK_LAST = 5, SATURDAY = 6 /* Sunday is 0 */ };
    *out = (struct rule_day){.form = RULE_DAY_LEAP, .seconds = CHANGE_CLOCK};

    if (**at != ',')
        return false;
    ++*at;
    if (**at == 'M') {
        ++*at;
        out->form = RULE_MONTH_WEEK;
        if (!rule_number(at, &out->month) || *(*at)++ != '.' || !rule_number(at, &out->week) ||
            *(*at)++ != '.' || !rule_number(at, &out->day) || out->month < 1 ||
            out->month > MONTHS_A_YEAR || out->week < 1 || out->week > WEEK_LAST ||
            out->day > SATURDAY)
            return false;
    } else {
        if (**at == 'J') {
            ++*at;
            out->form = RULE_DAY_NO_LEAP;
        }
        if (!rule_number(at, &out->day))
            return false;
    }

    if (**at == '/') {
        ++*at;
        return rule_time(at, &out->seconds);
    }

    return true;
}

static bool rule_parse(const char *text, struct rule *rule)
{
    memset(rule, 0, sizeof *rule);

    /* POSIX counts hours west of Greenwich: CET is -1. */
    int32_t west;
    if (!rule_name(&text) || !rule_time(&text, &west))
        return false;
    rule->standard = -west;
    if (*text == '\0')
        return true;

    rule->has_daylight = true;
    if (!rule_name(&text))
        return false;
    rule->daylight = rule->standard + DAYLIGHT_AHEAD;
    if (*text != ',' && *text != '\0') {
        if (!rule_time(&text, &west))
            return false;
        rule->daylight = -west;
    }

    return rule_day(&text, &rule->start) && rule_day(&text, &rule->end) && *text == '\0';
}

/* Seconds of local time at which the rule strikes in that year. */
static int64_t rule_local(const struct rule_day *rule, int32_t year)
{
    enum { FEBRUARY = 2, LEAP_FEBRUARY = 29, FIRST_OF_MARCH = 60 /* of a year without leap day */ };
    int64_t date = date_from_civil(year, 1, 1);

    if (rule->form == RULE_DAY_LEAP) {
        date += rule->day;
    } else if (rule->form == RULE_DAY_NO_LEAP) {
        bool leap = days_in_month(year, FEBRUARY) == LEAP_FEBRUARY;
        date += rule->day - 1 + (leap && rule->day >= FIRST_OF_MARCH);
    } else {
        /* From the month's first day to the first of that weekday, then by weeks. Week 5 is the
         * last there is, be it the fourth. */
        int32_t first = date_from_civil(year, rule->month, 1);
        int weekday = date_weekday(first) % DAYS_A_WEEK; /* Sunday 0, as in rules */
        int ahead = (rule->day - weekday + DAYS_A_WEEK) % DAYS_A_WEEK;
        ahead += (rule->week - 1) * DAYS_A_WEEK;
        while (ahead >= days_in_month(year, rule->month))
            ahead -= DAYS_A_WEEK;
        date = (int64_t)first + ahead;
    }

    return date * SECONDS_A_DAY + rule->seconds;
}

/* ---- reading ---- */

static void zone_push(struct zone *zone, int64_t moment, int32_t offset)
{
    size_t count = zone->changes.count;

    /* The abbreviation changed, or the daylight-saving flag. */
    if (count > 0 && zone->changes.items[count - 1].offset == offset)
        return;

    if (count > 0 && zone->changes.items[count - 1].moment == moment) {
        zone->changes.items[count - 1].offset = offset;
        return;
    }

    VECTOR_PUSH(&zone->changes, (struct change){moment, offset});
}

static void zone_push_year(struct zone *zone, struct change start, struct change end, int64_t after)
{
    /* South of the equator a year's daylight time ends before it begins. The file may close within
     * a year, of which it lists the first change. */
    struct change first = start.moment < end.moment ? start : end;
    struct change second = start.moment < end.moment ? end : start;
    if (first.moment > after)
        zone_push(zone, first.moment, first.offset);
    if (second.moment > after)
        zone_push(zone, second.moment, second.offset);
}

/* after: the last moment the file lists. */
static void zone_unroll(struct zone *zone, const struct rule *rule, int64_t after)
{
    if (!rule->has_daylight) {
        zone_push(zone, after, rule->standard);
        return;
    }

    /* The rule is reckoned for an era alone, since every set of definitions opens a zone. */
    int64_t starts[YEARS_AN_ERA], ends[YEARS_AN_ERA];
    int32_t year = after < MOMENT_MIN
                       ? 1
                       : date_to_civil((int32_t)number_floor_divide(after, SECONDS_A_DAY)).year;
    for (int32_t i = 0; i < YEARS_AN_ERA; i++) {
        starts[i] = rule_local(&rule->start, year + i) - rule->standard;
        ends[i] = rule_local(&rule->end, year + i) - rule->daylight;
    }

    for (int32_t i = 0; year + i <= YEAR_MAX; i++) {
        int32_t in_era = i % YEARS_AN_ERA;
        int64_t eras = (int64_t)(i / YEARS_AN_ERA) * DAYS_AN_ERA * SECONDS_A_DAY;
        zone_push_year(zone, (struct change){starts[in_era] + eras, rule->daylight},
                       (struct change){ends[in_era] + eras, rule->standard}, after);
    }
}

struct reader {
    const unsigned char *at, *end;
};

/* Big-endian, as TZif files are. */
static uint32_t read_32(const unsigned char *at)
{
    /* Byte by byte: they lie at any address. */
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_64(const unsigned char *at)
{
    return (int64_t)((uint64_t)read_32(at) << 32 | read_32(at + 4));
}

/* TZif files (RFC 8536, section 3): a header, then a block of arrays, one after the other. */
enum {
    TZIF_HEADER = 44,
    /* where the header's counts begin, behind magic, version and what is unused */
    TZIF_COUNTS = 20,
    TZIF_COUNT_BYTES = 4,
    TZIF_TYPE_BYTES = 6,  /* of a local time type: offset, daylight flag, abbreviation */
    TZIF_INDEX_BYTES = 1, /* the type behind a moment */
    TZIF_LEAP_BYTES = 4,  /* the correction behind the moment of a leap second */
    TZIF_MOMENT_1 = 4,    /* bytes of a moment in the block of version 1 … */
    TZIF_MOMENT_2 = 8,    /* … and in that of version 2 and later */
    RULE_MAX = 128,       /* bytes of the rule that closes the file */
};

/* The six counts of a TZif header, in its order. */
struct counts {
    uint32_t utc_flags, standard_flags, leaps, moments, types, letters;
};

static bool read_header(struct reader *reader, struct counts *counts, int *version)
{
    if (reader->end - reader->at < TZIF_HEADER || memcmp(reader->at, "TZif", 4) != 0)
        return false;
    *version = reader->at[4] == 0 ? 1 : reader->at[4] - '0';
    uint32_t *const fields[] = {&counts->utc_flags, &counts->standard_flags, &counts->leaps,
                                &counts->moments,   &counts->types,          &counts->letters};

    /* What a file of FILE_MAX bytes cannot hold is refused before it is multiplied. */
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        *fields[i] = read_32(reader->at + TZIF_COUNTS + TZIF_COUNT_BYTES * i);
        if (*fields[i] > FILE_MAX)
            return false;
    }

    reader->at += TZIF_HEADER;
    return counts->types > 0;
}

static size_t block_size(const struct counts *counts, size_t moment_size)
{
    return counts->moments * (moment_size + TZIF_INDEX_BYTES) + counts->types * TZIF_TYPE_BYTES +
           counts->letters + counts->leaps * (moment_size + TZIF_LEAP_BYTES) +
           counts->standard_flags + counts->utc_flags;
}

/* A TZif file of version 2 or later: the first block has 32-bit moments and is skipped. */
static bool zone_read(struct zone *zone, struct reader reader)
{
    struct counts counts;
    int version;

    if (!read_header(&reader, &counts, &version) || version < 2)
        return false;

    size_t skip = block_size(&counts, TZIF_MOMENT_1);
    if ((size_t)(reader.end - reader.at) < skip)
        return false;
    reader.at += skip;

    /* Leap seconds are in the files of folder right only: moments here have none. */
    if (!read_header(&reader, &counts, &version) || counts.leaps != 0)
        return false;
    size_t size = block_size(&counts, TZIF_MOMENT_2);
    if ((size_t)(reader.end - reader.at) < size)
        return false;

    const unsigned char *moments = reader.at,
                        *indexes = moments + TZIF_MOMENT_2 * (size_t)counts.moments,
                        *types = indexes + counts.moments, *footer = reader.at + size;
    int64_t last = INT64_MIN;

    /* Before the first change: type 0 (RFC 8536, section 3.2). */
    zone_push(zone, INT64_MIN, (int32_t)read_32(types));

    for (uint32_t i = 0; i < counts.moments; i++) {
        int64_t moment = read_64(moments + TZIF_MOMENT_2 * (size_t)i);
        if (indexes[i] >= counts.types || (i > 0 && moment <= last))
            return false;
        last = moment;

        if (moment < MOMENT_MIN) /* some files begin with a change at the Big Bang */
            zone->changes.count = 0;
        zone_push(zone, moment < MOMENT_MIN ? INT64_MIN : moment,
                  (int32_t)read_32(types + TZIF_TYPE_BYTES * indexes[i]));
    }

    if (footer >= reader.end || *footer != '\n')
        return true;

    /* The footer: a rule between two newlines, or none. */
    char text[RULE_MAX];
    size_t length = 0;
    for (footer++; footer < reader.end && *footer != '\n' && length + 1 < sizeof text; footer++)
        text[length++] = (char)*footer;
    text[length] = '\0';

    struct rule rule;
    if (length == 0)
        return true;
    if (!rule_parse(text, &rule))
        return false;
    zone_unroll(zone, &rule, last);
    return true;
}

static void zone_index(struct zone *zone)
{
    size_t at = 0;
    for (size_t i = 0; i < DIRECTORY_SIZE; i++) {
        while (at + 1 < zone->changes.count &&
               zone->changes.items[at + 1].moment <= (int64_t)i << DIRECTORY_SHIFT)
            at++;
        zone->directory[i] = (uint32_t)at;
    }
}

/* ---- names ---- */

struct names {
    struct arena arena;
    VECTOR(const char *) list;
};

/* All zones below folder; those that TZif readers other than ours use (posix, right) are left out.
 */
static void list_zones(struct names *names, const char *folder, const char *prefix, int depth)
{
    DIR *directory = opendir(folder);
    if (!directory)
        return;

    for (struct dirent *entry; (entry = readdir(directory));) {
        const char *name = entry->d_name;

        /* Tables like zone.tab and tzdata.zi have a dot, leapseconds and its like begin small. */
        if (name[0] == '.' || strcmp(name, "posix") == 0 || strcmp(name, "right") == 0 ||
            strchr(name, '.') || (name[0] >= 'a' && name[0] <= 'z'))
            continue;

        char *path = arena_printf(&names->arena, "%s/%s", folder, name);
        char *full = arena_printf(&names->arena, "%s%s%s", prefix, *prefix ? "/" : "", name);
        struct stat info;
        if (stat(path, &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode) && depth < FOLDERS_DEEP)
            list_zones(names, path, full, depth + 1);
        else if (S_ISREG(info.st_mode))
            VECTOR_PUSH(&names->list, full);
    }

    closedir(directory);
}

static const char *last_part(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The zone people most likely mean: one whose city is as written, else the nearest name, else the
 * nearest city. */
static const char *nearest_zone(struct names *names, const char *wanted)
{
    size_t count = names->list.count;
    const char **cities = ARENA_ARRAY(&names->arena, const char *, count + 1);
    char *city = arena_strdup(&names->arena, last_part(wanted));
    for (char *c = city; *c; c++)
        if (*c == ' ')
            *c = '_';

    /* A folder lists its files in any order: of two names equally near always the same one. */
    if (count > 0)
        qsort(names->list.items, count, sizeof *names->list.items, compare_names);

    for (size_t i = 0; i < count; i++)
        cities[i] = last_part(names->list.items[i]);

    for (size_t i = 0; i < count; i++)
        if (strcasecmp(names->list.items[i], wanted) == 0)
            return names->list.items[i];
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(cities[i], city) == 0)
            return names->list.items[i];

    int nearest = text_nearest(wanted, names->list.items, count);
    if (nearest < 0)
        nearest = text_nearest(city, cities, count);
    return nearest < 0 ? NULL : names->list.items[nearest];
}

static enum status zone_missing(const char *name, struct error *error)
{
    struct names names = {0};
    arena_init(&names.arena, 0);
    list_zones(&names, ZONE_FOLDER, "", 0);

    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no time zone “%s”", name);
    const char *nearest = nearest_zone(&names, name);

    if (names.list.count == 0)
        error_hint(error, "the time zone database is missing from %s: install the package tzdata",
                   ZONE_FOLDER);
    else if (nearest)
        error_hint(error, "did you mean “%s”?", nearest);
    else
        error_hint(error, "zones are named like “Europe/Vienna”, “America/New_York” or “UTC”");

    VECTOR_RELEASE(&names.list);
    arena_release(&names.arena);
    return status;
}

/* Names become paths: none leads out of the folder. */
static bool name_is_safe(const char *name)
{
    if (*name == '\0' || *name == '/' || *name == '.' || strlen(name) > NAME_MAX_BYTES)
        return false;
    for (const char *c = name; *c; c++)
        if (!(*c >= 'A' && *c <= 'Z') && !(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') &&
            strchr("/_+-", *c) == NULL)
            return false;
    return true;
}

static struct zone *zone_new(const char *name)
{
    struct zone *zone = base_calloc(1, sizeof *zone);
    zone->name = base_strdup(name);
    return zone;
}

/* The bytes of the zone's file, or NULL; *length is set. Freed by the caller. */
static unsigned char *zone_file(const char *name, size_t *length)
{
    char path[PATH_MAX_BYTES];
    struct stat info;

    snprintf(path, sizeof path, ZONE_FOLDER "/%s", name);
    FILE *file = name_is_safe(name) ? fopen(path, "rbe") : NULL;
    if (!file)
        return NULL;

    unsigned char *bytes = NULL;
    if (fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= FILE_MAX) {
        bytes = base_malloc((size_t)info.st_size + 1);
        *length = fread(bytes, 1, (size_t)info.st_size, file);
    }
    fclose(file);
    return bytes;
}

enum status zone_open(const char *name, struct zone **out, struct error *error)
{
    *out = NULL;
    if (strcmp(name, "UTC") == 0) { /* there even without a database */
        *out = zone_new(name);
        zone_push(*out, INT64_MIN, 0);
        return STATUS_OK;
    }

    size_t length = 0;
    unsigned char *bytes = zone_file(name, &length);
    if (!bytes)
        return zone_missing(name, error);

    struct zone *zone = zone_new(name);
    bool good = zone_read(zone, (struct reader){bytes, bytes + length});
    free(bytes);
    if (!good) {
        zone_close(zone);
        /* A file too short for TZif's four letters is some other file. */
        return length >= sizeof "TZif" - 1
                   ? error_set(error, STATUS_ERROR,
                               "the file of time zone “%s” in %s cannot be read", name, ZONE_FOLDER)
                   : zone_missing(name, error);
    }

    zone_index(zone);
    *out = zone;
    return STATUS_OK;
}

void zone_close(struct zone *zone)
{
    if (!zone)
        return;
    VECTOR_RELEASE(&zone->changes);
    free(zone->name);
    free(zone);
}
