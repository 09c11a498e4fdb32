/*
 * A line at the end is no row when it says so: it begins with a word for a total and
 * leaves out what every row has, or it is one text of its own such as "(3 rows)" or
 * "Exported by …". A line that is merely short may be a row cut off in the middle; that
 * is never passed over, unless an empty line stands between it and the rows.
 */
#include "ingest/footer.h"

#include "base/map.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In small letters; what follows must not be a letter. Longer ones first where one begins
 * another. */
static const char *const total_words[] = {
    "total",
    "totals",
    "grand total",
    "sub total",
    "subtotal",
    "sub-total",
    "sum",
    "sums",
    "overall",
    "summe",
    "summen",
    "gesamt",
    "gesamtsumme",
    "gesamtbetrag",
    "zwischensumme",
    "insgesamt",
    "endsumme",
    "totaux",
    "total général",
    "somme",
    "sous-total",
    "totale",
    "totali",
    "somma",
    "totaal",
    "som",
    "totales",
    "suma",
    "subtotal general",
    "soma",
    "totais",
    "razem",
    "łącznie",
    "ogółem",
    "celkem",
    "součet",
    "spolu",
    "összesen",
    "totalt",
    "summa",
    "i alt",
    "yhteensä",
    "toplam",
    "genel toplam",
    "итого",
    "всего",
    "сумма",
    "разом",
    "всього",
    "σύνολο",
    "合計",
    "总计",
    "合计",
    "總計",
    "合計金額",
    "小計",
    "小计",
    "합계",
    "총계",
    "ukupno",
    "skupaj",
    "iš viso",
    "kopā",
    "kokku",
    "المجموع",
    "סה\"כ",
};

/* How remarks begin, in small letters. */
static const char *const remark_words[] = {
    "end of",   "generated", "exported",  "printed",     "created by", "created on", "report ",
    "source:",  "quelle",    "erstellt",  "stand:",      "copyright",  "©",          "confidential",
    "note:",    "notes:",    "hinweis",   "anmerkung",   "powered by", "run date",   "page ",
    "seite ",   "***",       "---",       "===",         "#",          "//",         "elapsed",
    "query ok", "exporté",   "généré",    "généré le",   "remarque",   "nota:",      "fuente:",
    "generado", "exportado", "esportato", "vertraulich", "records:",   "rows:",      "count:",
    "anzahl",   "number of",
};

/* What is counted in "(3 rows)" and "3 Datensätze". */
static const char *const counted_words[] = {
    "row",      "record", "line",    "zeile",    "datens", "ligne",  "enregistrement", "fila",
    "registro", "righe",  "record",  "rij",      "rader",  "wiersz", "rekord",         "строк",
    "запис",    "result", "entries", "einträge", "item",   "order",  "customer",
};

enum {
    NOT_ASCII = 0x80,    /* bytes of other scripts, which put no blanks between words */
    FILLED_COLUMNS = 64, /* those of which ingest_dialect.filled says something */
};

#define WORDS(array) array, sizeof array / sizeof *array

/* Small letters of the first bytes, ASCII and the letters of Latin, Greek and Cyrillic. */
static struct text small(struct text text, struct arena *arena)
{
    enum { LOOKED_AT = 120 };
    return text_fold(text_cut(text_trim(text), LOOKED_AT), arena);
}

static bool begins_with(struct text text, const char *const *words, size_t count, bool whole)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        if (text.length < length || memcmp(text.data, words[i], length) != 0)
            continue;
        unsigned char next = text.length > length ? (unsigned char)text.data[length] : 0;
        if (!whole || (!isalnum(next) && next != '_' && next < NOT_ASCII))
            return true;
    }
    return false;
}

bool ingest_is_total(struct text text)
{
    struct arena arena;
    arena_init(&arena, 0);
    bool total = begins_with(small(text, &arena), WORDS(total_words), true);
    arena_release(&arena);
    return total;
}

/* "(3 rows)", "1.234 Datensätze", "3 row(s) affected". */
static bool is_count(struct text text)
{
    const char *at = text.data, *end = text.data + text.length;
    while (at < end && (*at == '(' || *at == '[' || *at == ' '))
        at++;
    if (at == end || !isdigit((unsigned char)*at))
        return false;
    while (at < end && (isdigit((unsigned char)*at) || *at == ',' || *at == '.' || *at == ' '))
        at++;
    return begins_with((struct text){at, (size_t)(end - at)}, WORDS(counted_words), false);
}

static bool is_remark(struct text text)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct text folded = small(text, &arena);
    bool remark = is_count(folded) || begins_with(folded, WORDS(remark_words), false) ||
                  begins_with(folded, WORDS(total_words), true);
    arena_release(&arena);
    return remark;
}

bool ingest_is_figure(struct text text)
{
    static const char signs[] = " .,'+-()%/:$\xc2\xa0";
    bool digit = false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        digit |= isdigit(c) != 0;
        if (!isdigit(c) && c < NOT_ASCII && !strchr(signs, c))
            return false;
        /* of what is not ASCII only signs pass: currency (€ £ ¥ ₤ …), narrow blanks, minus */
        if (c >= 0xc3 && c != 0xe2)
            return false;
    }
    return digit;
}

static struct text field_text(const struct ingest_record *record, size_t i)
{
    return text_trim((struct text){record->fields[i].data, record->fields[i].length});
}

static size_t filled_fields(const struct ingest_record *record)
{
    size_t filled = 0;
    for (size_t i = 0; i < record->count; i++)
        filled += field_text(record, i).length > 0;
    return filled;
}

/* A total's word, then nothing but figures, and a gap where all rows have a value. */
static bool is_total_row(const struct ingest_dialect *dialect, const struct ingest_record *record)
{
    bool labelled = false, gap = false;
    for (size_t i = 0; i < dialect->columns && i < FILLED_COLUMNS; i++) {
        bool empty = i >= record->count || field_text(record, i).length == 0;
        gap |= empty && (dialect->filled >> i & 1);
    }

    for (size_t i = 0; i < record->count; i++) {
        struct text field = field_text(record, i);
        if (field.length == 0)
            continue;
        if (!labelled && !ingest_is_total(field))
            return false;
        if (labelled && !ingest_is_figure(field))
            return false;
        labelled = true;
    }
    return labelled && gap;
}

enum kind { KIND_ROW, KIND_EMPTY, KIND_SHORT, KIND_FOOTER };

static enum kind kind_of(const struct ingest_dialect *dialect, const struct ingest_record *record)
{
    size_t filled = filled_fields(record);
    struct text line = {record->line, record->length};

    if (filled == 0)
        return KIND_EMPTY;

    /* a row with a quote gone wrong is reported as such, and must not vanish as a footer */
    if (record->flaw != FLAW_NONE)
        return KIND_ROW;
    if (dialect->layout == LAYOUT_SPACES) {
        bool counted = *line.data == '(' && is_count(line);
        return counted || (record->count != dialect->columns && is_remark(line)) ? KIND_FOOTER
                                                                                 : KIND_ROW;
    }

    if (dialect->columns > 1 && is_total_row(dialect, record))
        return KIND_FOOTER;
    if (filled > 1)
        return KIND_ROW;

    /* one text alone: it is a remark when it reads like one, else it may be the start of a cut
     * row */
    for (size_t i = 0; i < record->count; i++)
        if (field_text(record, i).length && dialect->columns > 1 &&
            is_remark(field_text(record, i)))
            return KIND_FOOTER;
    if (dialect->columns < 2)
        return is_count(line) && *line.data == '(' ? KIND_FOOTER : KIND_ROW;
    return dialect->columns > 2 ? KIND_SHORT : KIND_ROW;
}

/* The start of the line before `at`, which is behind a line end or the end of the data. */
static const char *line_before(const char *data, const char *at, char newline)
{
    const char *stop = at[-1] == newline ? at - 1 : at;
    const char *end = stop > data ? memrchr(data, newline, (size_t)(stop - data)) : NULL;
    return end ? end + 1 : data;
}

/* Lines are looked at from the end on, where nobody knows whether a quote is open. So the
 * start that they led to may be in the middle of a row's quoted text: then the footer, if
 * there is any, begins behind that row. */
static const char *behind_row(const struct ingest_dialect *dialect, const char *data,
                              const char *start, const char *end)
{
    struct ingest_record record = {0};
    size_t skipped;

    /* from the front, where quotes are known: the row that holds `start`, or begins behind it */
    const char *at = data + ingest_whole_records(dialect, data, (size_t)(start - data));
    for (;;) {
        while (at < start && (*at == dialect->newline || *at == '\r'))
            at++;
        if (at >= start || !ingest_split(dialect, &at, end, &record, &skipped))
            break;
    }

    const char *rest = at;
    bool more = at <= start || ingest_split(dialect, &rest, end, &record, &skipped);
    ingest_record_release(&record);
    return more ? at : end;
}

size_t ingest_footer_start(const struct ingest_dialect *dialect, const char *data, size_t length)
{
    enum {
        LINES_MAX = 24,
        BYTES_MAX = 4096
    }; /* the reader holds that much back for the last block */
    const char *end = data + length, *at = end, *start = end;
    struct ingest_record record = {0};
    bool pending = false, sums = dialect->sum_row;
    if (dialect->layout == LAYOUT_JSON || dialect->columns == 0)
        return length;

    for (int lines = 0; at > data && lines < LINES_MAX; lines++) {
        const char *line = line_before(data, at, dialect->newline), *from = line;
        size_t skipped;
        enum kind kind = KIND_EMPTY;
        if (end - line > BYTES_MAX)
            break;
        if (ingest_split(dialect, &from, at, &record, &skipped))
            kind = kind_of(dialect, &record);

        /* the last row that has anything in it is the row of sums, which looks like any other */
        if (kind == KIND_ROW && sums && !pending)
            kind = KIND_FOOTER;
        sums &= kind == KIND_EMPTY;

        if (kind == KIND_ROW)
            break;

        /* A short line counts only with an empty line before it. An empty line alone is none of the
         * footer's until something above it says that the rows have ended. */
        if (kind == KIND_FOOTER || (kind == KIND_EMPTY && pending)) {
            start = line;
            pending = false;
        }

        pending |= kind == KIND_SHORT;
        at = line;
    }

    ingest_record_release(&record);
    if (start < end)
        start = behind_row(dialect, data, start, end);
    return (size_t)(start - data);
}

/* Sums */

static bool number_of(const struct ingest_dialect *dialect, struct text field, double *out)
{
    struct ingest_number number = {0};
    enum ingest_form form = ingest_classify(field, dialect->style, &number);
    if (form != FORM_INT && form != FORM_DECIMAL)
        return false;
    *out = (double)number.scaled * pow(10, -number.scale);
    return true;
}

bool ingest_is_sum_row(const struct ingest_dialect *dialect, const char *data, size_t length)
{
    enum { COLUMNS = 64 };
    /* sums in doubles are off by as much, and written with two digits by half a cent */
    static const double RELATIVE = 1e-9, HALF_A_CENT = 0.005;
    double sums[COLUMNS] = {0}, last[COLUMNS] = {0}, value;
    bool known[COLUMNS] = {false}, labelled = false, same = true;
    struct ingest_record record = {0};
    const char *end = data + length;

    size_t skipped, rows = 0, numbers = 0;

    /* each row is added once the next has come, so that at the end `last` is not among the sums */
    while (ingest_split(dialect, &data, end, &record, &skipped)) {
        rows++;
        labelled = record.count > 0 && ingest_is_total(field_text(&record, 0));
        for (size_t i = 0; i < COLUMNS; i++) {
            sums[i] += last[i];
            last[i] = 0;
            known[i] = i < record.count && number_of(dialect, field_text(&record, i), &value);
            if (known[i])
                last[i] = value;
        }
    }

    for (size_t i = 0; i < COLUMNS && i < record.count; i++) {
        numbers += known[i];
        double rounding = RELATIVE * fabs(sums[i]) + HALF_A_CENT;
        same &= !known[i] || fabs(sums[i] - last[i]) <= rounding;
    }

    ingest_record_release(&record);
    return labelled && rows > 2 && numbers > 0 && same;
}
