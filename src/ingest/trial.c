/*
 * Every way to separate fields that is in use is tried on the first rows, and the one
 * under which the rows agree best on their number of fields wins. Only then come quotes:
 * they are what most rows fall apart without.
 */
#include "ingest/trial.h"

#include <stdlib.h>
#include <string.h>

struct trial {
    struct ingest_dialect dialect;
    size_t records, fields, agreeing, judged, lead, flaws, header_fields;
    bool headed;
};

/*
 * The second half of the records votes on their number of fields: titles stand in the
 * first. What comes before the first record of that width is the lead.
 */
static void judge_counts(const size_t *counts, struct trial *trial)
{
    size_t half = trial->records / 2;
    trial->judged = trial->records - half;
    for (size_t i = half; i < trial->records; i++) {
        size_t agreeing = 0;
        for (size_t j = half; j < trial->records; j++)
            agreeing += counts[j] == counts[i];
        if (agreeing > trial->agreeing ||
            (agreeing == trial->agreeing && counts[i] > trial->fields)) {
            trial->agreeing = agreeing;
            trial->fields = counts[i];
        }
    }

    /* a header may have one field more than the rows: names of rows have none */
    while (trial->lead < trial->records && !trial->headed) {
        size_t count = counts[trial->lead];
        trial->headed = count == trial->fields || count == trial->fields + 1;
        trial->lead += !trial->headed;
    }
}

static void run_trial(const char *data, const char *end, struct trial *trial)
{
    size_t *counts = base_calloc(TRIAL_RECORDS, sizeof *counts), skipped;
    struct ingest_record record = {0};
    const char *at = data;
    while (trial->records < TRIAL_RECORDS &&
           ingest_split(&trial->dialect, &at, end, &record, &skipped)) {
        trial->flaws += record.flaw != FLAW_NONE;
        counts[trial->records++] = record.count;
    }
    judge_counts(counts, trial);
    trial->header_fields = trial->records ? counts[0] : 0;
    ingest_record_release(&record);
    free(counts);
}

/*
 * What speaks for a delimiter, in points: that rows agree on their number of fields counts most, a
 * header that fits more than the last few rows that do not, and more fields a little.
 */
static const double AGREEMENT = 10;  /* times the square of the share of rows that agree */
static const double HEADED = 4;      /* some line before the rows is as wide as they are */
static const double LEAD_LINE = 0.1; /* less for each line before that one, up to LEAD_MOST */
static const double FIELDS = 3;      /* for FIELDS_MOST fields and more, in proportion for fewer */
static const double FLAWS = 10;      /* less when every row has a quote gone wrong */
static const double RARE = 1;        /* signs that are rarely meant, quotes that mean nothing */
static const double CONVINCING = 8;  /* from here on blanks are what stands inside the fields */
enum { LEAD_MOST = 20, FIELDS_MOST = 30, SEP_LINE_MAX = 12 };

/* Agreement first, then a header that fits, then more fields. */
static double trial_score(const struct trial *trial)
{
    if (trial->records == 0 || trial->fields < 2)
        return 0;
    double agreement = (double)trial->agreeing / (double)trial->judged;
    double score = agreement * agreement * AGREEMENT;
    /* a header is worth more than the last few rows that disagree; lines before it cost a little */
    if (trial->headed)
        score += HEADED - LEAD_LINE * (double)(trial->lead < LEAD_MOST ? trial->lead : LEAD_MOST);
    score += trial->fields > FIELDS_MOST ? FIELDS : (double)trial->fields * FIELDS / FIELDS_MOST;
    score -= FLAWS * (double)trial->flaws / (double)trial->records;

    /* rarely meant, unless all rows and the header agree on several fields */
    bool whole = trial->lead == 0 && trial->fields >= 3 && trial->agreeing == trial->judged;
    if (strchr("#^~", trial->dialect.delimiter) && !whole)
        score -= RARE;
    return agreement < 0.5 ? 0 : score;
}

static size_t quoted_fields(const char *data, const char *end, char delimiter, char quote)
{
    size_t count = 0;
    for (const char *at = data; at < end && (at = memchr(at, quote, (size_t)(end - at))); at++)
        count += (at == data || at[-1] == delimiter || at[-1] == '\n') &&
                 (memchr(at + 1, quote, (size_t)(end - at - 1)) != NULL);
    return count;
}

/* Double quotes unless they make rows fall apart (TSV dumps hold them as text); single
 * ones when nearly all rows use them. */
static void choose_quote(const char *data, const char *end, struct trial *trial)
{
    struct ingest_dialect *dialect = &trial->dialect;
    dialect->quote = dialect->escape = '"';
    if (dialect->layout != LAYOUT_DELIMITED)
        return;
    size_t doubles = quoted_fields(data, end, dialect->delimiter, '"');
    size_t singles = quoted_fields(data, end, dialect->delimiter, '\'');
    if (singles > trial->records && doubles == 0) {
        dialect->quote = dialect->escape = '\'';
        return;
    }

    /* a backslash before a quote escapes it, unless quotes are doubled as well, which decides it */
    if (memmem(data, (size_t)(end - data), "\\\"", 2) &&
        !memmem(data, (size_t)(end - data), "\"\"\"", 3))
        dialect->escape = '\\';
    struct trial with = {.dialect = *dialect}, without = {.dialect = *dialect};
    without.dialect.quote = 0;
    run_trial(data, end, &with);
    run_trial(data, end, &without);

    /* one flaw among many rows is a quote that somebody forgot; several are signs that
     * mean something else */
    enum { SEVERAL = 3 };
    bool several = with.flaws >= SEVERAL || with.flaws * 4 > with.records;
    bool better = without.agreeing == without.judged && without.lead == 0 && several;
    if (better || (dialect->delimiter == '\t' && with.flaws))
        dialect->quote = 0;
}

static void choose_delimiter(const char *data, const char *end, struct ingest_dialect *dialect)
{
    static const char candidates[] = {',', ';', '\t', '|', 1, 0x1f, '^', '~', '#', ' '};
    struct trial best = {0};
    double best_score = 0;

    for (size_t i = 0; i < sizeof candidates; i++) {
        struct trial trial = {.dialect = *dialect};
        trial.dialect.delimiter = candidates[i];
        trial.dialect.layout = candidates[i] == ' ' ? LAYOUT_SPACES : LAYOUT_DELIMITED;
        trial.dialect.quote = trial.dialect.escape = '"';
        run_trial(data, end, &trial);
        double score = trial_score(&trial);

        /* quotes may mean nothing here; that costs a point, for it is rare */
        struct trial plain = {.dialect = trial.dialect};
        plain.dialect.quote = 0;
        if (trial.flaws)
            run_trial(data, end, &plain);
        if (trial.flaws && trial_score(&plain) - RARE > score)
            score = trial_score(&plain) - RARE;
        if (candidates[i] == ' ' && best_score >= CONVINCING)
            score = 0;
        if (score > best_score) {
            best_score = score;
            best = trial;
        }
    }

    if (best_score == 0) {
        best.dialect = *dialect;
        best.dialect.delimiter = ',';
        best.dialect.layout = LAYOUT_DELIMITED;
    }

    choose_quote(data, end, &best);
    *dialect = best.dialect;
}

static void apply_choice(const struct ingest_dialect_choice *choice, struct ingest_dialect *dialect)
{
    dialect->delimiter = choice->delimiter;
    dialect->layout = choice->delimiter == ' ' ? LAYOUT_SPACES : LAYOUT_DELIMITED;
}

/* "sep=;", which Excel writes and obeys: the length of that line with its end, or 0. */
static size_t sep_line(const char *data, const char *end, char newline, char *delimiter,
                       size_t *signs)
{
    const char *stop = memchr(data, newline, (size_t)(end - data)), *at = data;
    stop = stop ? stop : end;
    struct text line = {data, (size_t)(stop - data)};
    while (line.length && (line.data[line.length - 1] == '\r' || line.data[line.length - 1] == '"'))
        line.length--;
    bool quoted = line.length && *line.data == '"';
    at += quoted;
    line.length -= quoted;
    /* the sign and what pads it: a longer line is a title */
    if (line.length < sizeof "sep=;" - 1 || line.length > SEP_LINE_MAX ||
        strncasecmp(at, "sep=", 4) != 0)
        return 0;
    *delimiter = at[4];
    *signs = line.length - 4;
    while (*signs > 1 && at[4 + *signs - 1] == at[4]) /* padded by a spreadsheet: "sep=,,," */
        --*signs;
    return (size_t)(stop < end ? stop + 1 - data : stop - data);
}

/* Every second field is empty, everywhere: what stands between fields is two signs long.
 * A single text in one of those places, the column's name most of all, says that it is a
 * column which is mostly empty. */
static bool is_doubled(const char *data, const char *end, const struct ingest_dialect *dialect)
{
    struct ingest_record record = {0};
    size_t skipped, doubled = 0, records = 0;
    bool filled = false;

    while (!filled && records < TRIAL_RECORDS &&
           ingest_split(dialect, &data, end, &record, &skipped)) {
        bool all = record.count >= 3 && record.count % 2 == 1;
        for (size_t i = 1; i < record.count && record.count >= 3; i += 2) {
            filled |= record.fields[i].length > 0;
            all &= !record.fields[i].quoted;
        }
        doubled += all && record.fields[0].length > 0;
        records++;
    }
    ingest_record_release(&record);
    return !filled && records > 1 && doubled * 10 > records * 9; /* nine of ten */
}

static enum status refuse_long_delimiter(const char *name, const char *delimiter,
                                         struct error *error)
{
    enum status status = error_set(
        error, STATUS_ERROR,
        "%s separates its fields by %s, and Strata reads one sign between fields", name, delimiter);
    error_hint(error, "replace it by a sign that no field holds, such as a tab: sed 's/%s/\\t/g'",
               *delimiter == '|' ? "[|][|]" : delimiter);
    return status;
}

enum status ingest_choose_dialect(const char **data, const char *end, const char *name,
                                  const struct ingest_dialect_choice *choice,
                                  struct ingest_sniff *out, struct error *error)
{
    struct ingest_dialect *dialect = &out->dialect;
    char delimiter = 0;
    size_t signs = 1, length = 0;

    if (!choice || !choice->newline)
        length = sep_line(*data, end, dialect->newline, &delimiter, &signs);
    if (signs > 1 && !(choice && choice->delimiter))
        return refuse_long_delimiter(name, "more than one sign (its first line says so)", error);

    /* what was said, by an option before the line, is not tried */
    out->look.sep_line = length > 0;
    dialect->skip = length > 0;
    *data += length;
    struct ingest_dialect_choice said = {.delimiter = delimiter};
    if (choice && choice->delimiter)
        said.delimiter = choice->delimiter;
    if (said.delimiter) {
        apply_choice(&said, dialect);
        struct trial trial = {.dialect = *dialect};
        trial.dialect.quote = trial.dialect.escape = '"';
        run_trial(*data, end, &trial);
        choose_quote(*data, end, &trial);
        *dialect = trial.dialect;
        return STATUS_OK;
    }

    choose_delimiter(*data, end, dialect);
    if (dialect->layout == LAYOUT_DELIMITED && is_doubled(*data, end, dialect)) {
        char both[3] = {dialect->delimiter, dialect->delimiter, 0};
        return refuse_long_delimiter(name, both, error);
    }

    enum { LOOKED_AT = 200 }; /* bytes: the first rows show it */
    if (memmem(*data, (size_t)(end - *data < LOOKED_AT ? end - *data : LOOKED_AT), "::", 2)) {
        struct ingest_dialect colons = {.delimiter = ':', .newline = dialect->newline};
        if (is_doubled(*data, end, &colons))
            return refuse_long_delimiter(name, "::", error);
    }

    return STATUS_OK;
}

void ingest_count_fields(const char *data, const char *end, const struct ingest_dialect *dialect,
                         size_t *fields, size_t *first)
{
    struct trial trial = {.dialect = *dialect};
    run_trial(data, end, &trial);
    *fields = trial.fields;
    *first = trial.header_fields;
}
