/*
 * The rows say what they are made of: columns in which nearly every value is a number or
 * a date. Whatever stands before the first line that fits these columns is no row; of
 * those lines the one with the most names is the header, and what stands above it are
 * titles and comments. Where every column is text nothing is out of place, and smaller
 * signs are added up: words that are known as names of columns, values that come again,
 * digits where all rows have them.
 *
 * The columns are looked at in the second half of the first lines, where no title is
 * left.
 */
#include "ingest/begin.h"

#include "ingest/footer.h"

#include "base/map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINES = 200,        /* looked at */
    LEAD_MAX = 60,      /* of them may stand before the rows */
    LABELS_MAX = 2,     /* lines below the names that say once more what the columns are */
    COUNTER_MAX = 3000, /* names that count up are years or fewer than this */
    TYPED_OF_10 = 7,    /* values of ten that must be figures to make a column of figures */
};

struct column {
    size_t filled, figures, digits, mails, years;
};

struct look {
    const struct ingest_dialect *dialect;
    struct ingest_record records[LINES];
    uint32_t lines[LINES]; /* lines before each record */
    size_t count, tail;    /* records; the first one of the second half */
    size_t columns;
    struct column *kinds;
};

static struct text value_at(const struct ingest_record *record, size_t column)
{
    if (column >= record->count)
        return (struct text){"", 0};
    return text_trim((struct text){record->fields[column].data, record->fields[column].length});
}

/* A blank, or what stands for one, says nothing about a column. */
static bool says_nothing(struct text value)
{
    static const char *const words[] = {"-",    "--",   "?",    "unknown", "none", "nan",
                                        "n.a.", "k.a.", "null", "na",      "n/a"};
    if (ingest_unknown(value))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == value.length &&
            strncasecmp(words[i], value.data, value.length) == 0)
            return true;
    return false;
}

static bool is_figure(struct text value)
{
    struct ingest_moment moment;
    struct ingest_number number;
    if (ingest_is_figure(value))
        return true;
    enum ingest_form form = ingest_classify(value, (struct ingest_number_style){'.', ','}, &number);
    return (form != FORM_TEXT && form != FORM_UNKNOWN) ||
           ingest_parse_moment(value, DATE_FORMATS, &moment) != 0;
}

static bool has_digit(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if (isdigit((unsigned char)value.data[i]))
            return true;
    return false;
}

/* 1900 … 2100. */
static int year_of(struct text value)
{
    if (value.length != 4)
        return 0;
    int year = 0;
    for (size_t i = 0; i < 4; i++) {
        if (!isdigit((unsigned char)value.data[i]))
            return 0;
        year = year * 10 + value.data[i] - '0';
    }
    return ingest_is_year(year) ? year : 0;
}

static size_t filled_in(const struct ingest_record *record)
{
    size_t filled = 0;
    for (size_t i = 0; i < record->count; i++)
        filled += value_at(record, i).length > 0;
    return filled;
}

/* Rows that are cut off, totals and other remarks say nothing about the columns. */
static bool is_ordinary(const struct look *look, const struct ingest_record *record)
{
    return record->count >= look->columns && record->flaw == FLAW_NONE && filled_in(record) > 0 &&
           !ingest_is_total(value_at(record, 0));
}

static void look_at_columns(struct look *look)
{
    look->kinds = base_calloc(look->columns + 1, sizeof *look->kinds);
    for (size_t i = look->tail; i < look->count; i++)
        for (size_t c = 0; c < look->columns && is_ordinary(look, &look->records[i]); c++) {
            struct text value = value_at(&look->records[i], c);
            struct column *column = &look->kinds[c];
            if (says_nothing(value))
                continue;
            column->filled++;
            column->figures += is_figure(value);
            column->digits += has_digit(value);
            column->mails += memchr(value.data, '@', value.length) != NULL;
            column->years += year_of(value) != 0;
        }
}

static void look_at_lines(struct look *look, const char *data, const char *end)
{
    uint32_t line = 0;
    size_t skipped;
    while (look->count < LINES) {
        struct ingest_record *record = &look->records[look->count];
        if (!ingest_split(look->dialect, &data, end, record, &skipped))
            break;
        look->lines[look->count++] = line + (uint32_t)skipped;
        line += (uint32_t)(skipped + record->lines);
    }

    /* titles stand at the top, so only the second half is sure to be rows */
    look->columns = look->dialect->columns;
    look->tail = look->count / 2;
    look_at_columns(look);
}

static void look_release(struct look *look)
{
    for (size_t i = 0; i < LINES; i++)
        ingest_record_release(&look->records[i]);
    free(look->kinds);
}

static bool typed(const struct column *column)
{
    return column->filled > 0 && column->figures * 10 >= column->filled * TYPED_OF_10;
}

static bool any_typed(const struct look *look)
{
    for (size_t c = 0; c < look->columns; c++)
        if (typed(&look->kinds[c]))
            return true;
    return false;
}

/* Whether a record has figures where the columns have them, and words in fewer places. */
static bool fits_columns(const struct look *look, const struct ingest_record *record)
{
    size_t fitting = 0, strange = 0;

    /* a title fills few columns, and would fit them all for want of anything that does not */
    if (filled_in(record) * 3 < look->columns || record->count * 2 < look->columns)
        return false;
    for (size_t c = 0; c < look->columns; c++) {
        struct text value = value_at(record, c);

        if (!typed(&look->kinds[c]) || says_nothing(value))
            continue;
        if (is_figure(value))
            fitting++;
        else
            strange++;
    }
    return fitting > strange;
}

/* Names of columns */

/* Parts of names that exports use, in several languages; small letters. */
static const char *const name_words[] = {
    "id",      "customer", "client",   "name",     "date",     "time",     "amount",   "price",
    "city",    "country",  "email",    "e-mail",   "mail",     "phone",    "order",    "invoice",
    "product", "item",     "sku",      "quantity", "qty",      "total",    "value",    "status",
    "type",    "category", "gender",   "age",      "birth",    "address",  "street",   "zip",
    "postal",  "state",    "region",   "segment",  "channel",  "source",   "currency", "number",
    "code",    "user",     "account",  "company",  "created",  "updated",  "first",    "last",
    "plan",    "note",     "comment",  "tag",      "score",    "group",    "store",    "shop",
    "brand",   "colour",   "color",    "size",     "kunde",    "kunden",   "datum",    "betrag",
    "preis",   "stadt",    "ort",      "land",     "vorname",  "nachname", "menge",    "artikel",
    "bestell", "rechnung", "straße",   "plz",      "geburt",   "anrede",   "telefon",  "firma",
    "nom",     "prénom",   "ville",    "pays",     "montant",  "prix",     "client",   "commande",
    "adresse", "nombre",   "apellido", "ciudad",   "país",     "fecha",    "importe",  "cliente",
    "pedido",  "correo",   "nome",     "cognome",  "città",    "paese",    "data",     "importo",
    "prezzo",  "klant",    "naam",     "plaats",   "bedrag",   "klient",   "imię",     "nazwisko",
    "miasto",  "kraj",     "kwota",    "cena",     "zákazník", "město",    "částka",   "jméno",
    "клиент",  "дата",     "сумма",    "город",    "имя",      "фамилия",  "заказ",    "цена",
    "顧客",    "客户",     "日付",     "日期",     "金額",     "金额",     "都市",     "城市",
    "名前",    "姓名",     "고객",     "날짜",     "금액",     "도시",     "tier",     "level",
    "kanal",   "sprache",  "language", "title",    "kind",     "event",
};

enum { NOT_ASCII = 0x80 }; /* from here on the bytes of scripts that put no blanks between words */

/* Whole words: "id" is one of "customer_id" and none of "Madrid". */
static bool holds_word(struct text text, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= text.length; i++) {
        if (memcmp(text.data + i, word, length) != 0)
            continue;
        bool before = i == 0 || !isalpha((unsigned char)text.data[i - 1]);
        bool behind = i + length == text.length || !isalpha((unsigned char)text.data[i + length]);
        if ((before && behind) || (length > 3 && before) || (unsigned char)*word >= NOT_ASCII)
            return true;
    }
    return false;
}

static bool is_known_name(struct text value)
{
    enum { SENTENCE = 60 }; /* bytes: no program writes names as long */
    struct arena arena;
    if (value.length == 0 || value.length > SENTENCE || memchr(value.data, '@', value.length))
        return false;

    arena_init(&arena, 0);
    struct text folded = text_fold(value, &arena);
    bool known = false;
    for (size_t i = 0; i < sizeof name_words / sizeof *name_words && !known; i++)
        known = holds_word(folded, name_words[i]);
    arena_release(&arena);
    return known;
}

static size_t known_names(const struct ingest_record *record)
{
    enum { LOOKED_AT = 64 }; /* columns: enough to tell */
    size_t known = 0;
    for (size_t i = 0; i < record->count && i < LOOKED_AT; i++)
        known += is_known_name(value_at(record, i));
    return known;
}

static bool holds_expected(const struct ingest_record *record,
                           const struct ingest_begin_choice *choice)
{
    size_t found = 0;
    for (size_t k = 0; k < choice->expected_count; k++)
        for (size_t i = 0; i < record->count; i++) {
            struct text value = value_at(record, i);
            if (strlen(choice->expected[k]) == value.length &&
                strncasecmp(choice->expected[k], value.data, value.length) == 0) {
                found++;
                break;
            }
        }
    return found > 0 && found * 2 >= choice->expected_count;
}

static bool is_comment(const struct ingest_record *record)
{
    return record->length > 0 && *record->line == '#';
}

/* Only signs, as under the header of a table that a database client printed. */
static bool is_rule(const struct ingest_record *record)
{
    size_t dashes = 0;
    for (size_t i = 0; i < record->length; i++) {
        if (!strchr("-=+| \t:\"_,;", record->line[i]))
            return false;
        dashes += record->line[i] == '-' || record->line[i] == '=' || record->line[i] == '_';
    }
    return dashes >= 3;
}

/* 2025-01, 2025/01. */
static bool is_month(struct text value)
{
    return value.length == sizeof "2025-01" - 1 && year_of((struct text){value.data, 4}) &&
           is_figure(value);
}

/*
 * 2019, 2020, 2021 above amounts; 2025-01, 2025-02 above counts; 1, 2, 3, 4 above
 * anything that does not count up: names, though the columns hold figures as well.
 */
static bool is_progression(const struct look *look, const struct ingest_record *record)
{
    size_t years = 0, dates = 0, steps = 0, places = 0;
    long before = -1;

    for (size_t c = 0; c < look->columns; c++) {
        struct text value = value_at(record, c);
        const struct column *column = &look->kinds[c];
        int64_t whole;
        int year = year_of(value);
        if (!typed(column))
            continue;
        places++;

        /* columns whose own values are years have one at the top as well, and that is no name */
        if (year && column->years * 2 <= column->filled)
            years += before < 0 || labs(year - before) == 1;
        dates += is_month(value) && !is_month(value_at(&look->records[look->count - 1], c));
        if (ingest_parse_int(value, &whole) && whole >= 0 && whole < COUNTER_MAX) {
            steps += before >= 0 && whole == before + 1;
            before = (long)whole;
        } else if (value.length) {
            before = -1;
        }
    }

    if (places < 2)
        return false;
    if (years >= 2 || dates >= 2)
        return true;

    /* a row of counters among rows that are none */
    size_t counting = 0, rows = 0;
    for (size_t i = look->tail > 1 ? look->tail : 1; i < look->count; i++) {
        int64_t first, second;
        rows++;
        size_t last = look->columns;
        counting += last >= 2 && ingest_parse_int(value_at(&look->records[i], last - 2), &first) &&
                    ingest_parse_int(value_at(&look->records[i], last - 1), &second) &&
                    second == first + 1;
    }

    /* the row must count through all its places but one, which may hold a name */
    return steps >= 3 && steps + 1 >= places - 1 && counting * 2 <= rows;
}

/* Signs for (+) and against (−) a header where no column holds figures. */
static int header_signs(const struct look *look, size_t at)
{
    const struct ingest_record *record = &look->records[at];
    int signs = 0;
    size_t rows = look->count - at - 1;

    for (size_t c = 0; c < look->columns; c++) {
        struct text value = value_at(record, c);
        const struct column *column = &look->kinds[c];
        if (value.length == 0)
            continue;

        /* a name hardly comes again below itself, and is neither a figure nor an address */
        size_t again = 0;
        for (size_t i = at + 1; i < look->count; i++)
            again += text_equal(value_at(&look->records[i], c), value);
        if (again > rows / 50) /* one in fifty may be chance */
            signs -= 2;
        if (is_figure(value))
            signs -= 4;
        if (memchr(value.data, '@', value.length))
            signs -= 4;
        else if (column->mails * 2 > column->filled)
            signs += 3;

        /* where all values hold digits, a text without any is another thing than they are */
        if (column->filled && column->digits == column->filled)
            signs += has_digit(value) ? -1 : 2;
        signs += c < 64 && is_known_name(value) ? 2 : 0;
        if (value.length > 80) /* a sentence */
            signs--;
    }

    return signs;
}

/* The record before `rows` that is the header: the one with the most names, as many as
 * rows have fields or nearly. */
static size_t choose_header(const struct look *look, size_t rows)
{
    size_t best = rows, best_score = 0;
    for (size_t i = 0; i < rows; i++) {
        const struct ingest_record *record = &look->records[i];

        size_t filled = filled_in(record);
        bool narrow = filled * 2 < look->columns || (look->columns > 2 && filled < 2);
        if (narrow || is_rule(record) || record->flaw != FLAW_NONE)
            continue;

        /* How many columns it names weighs most, known words decide between lines as wide; a
         * comment is taken only where nothing else is there. */
        size_t score =
            1 + 4 * (filled < look->columns ? filled : look->columns) + 3 * known_names(record);
        if (is_comment(record))
            score = 1;
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

/* R writes no name for the names of the rows. Only counted or quoted names are taken for
 * that: a comma inside a number would look alike. */
static bool has_row_names(const struct look *look, size_t header)
{
    const struct ingest_record *names = &look->records[header];
    if (names->count + 1 != look->columns || look->count < header + 2)
        return false;

    bool counted = true, quoted = names->fields[0].quoted;
    size_t last_empty = 0;
    for (size_t i = header + 1; i < look->count; i++) {
        int64_t number;
        struct text value = value_at(&look->records[i], 0);
        counted &= ingest_parse_int(value, &number) && number == (int64_t)(i - header);
        quoted &= look->records[i].count > 0 && look->records[i].fields[0].quoted;
        last_empty += value_at(&look->records[i], look->columns - 1).length == 0;
    }

    /* rows that are one value short would mean the last column has no name, not the first */
    return (counted || quoted) && last_empty * 2 < look->count - header - 1;
}

/* {"ImportId":"QID1"}: what Qualtrics writes below the names and the questions. */
static bool is_import_line(const struct ingest_record *record)
{
    size_t filled = 0, ids = 0;
    for (size_t i = 0; i < record->count; i++) {
        struct text value = value_at(record, i);
        filled += value.length > 0;
        ids += value.length > 10 && memmem(value.data, value.length, "ImportId", 8) &&
               strchr("{\"", *value.data);
    }
    return filled > 0 && ids * 2 > filled;
}

/* Below the names a line of questions, units or names in another language: words in every
 * column of figures. */
static bool is_label(const struct look *look, const struct ingest_record *record)
{
    size_t words = 0;
    if (is_import_line(record))
        return true;
    if (record->flaw != FLAW_NONE || record->count < look->columns)
        return false;

    for (size_t c = 0; c < look->columns; c++) {
        struct text value = value_at(record, c);
        if (!typed(&look->kinds[c]))
            continue;
        if (says_nothing(value) || is_figure(value) || has_digit(value))
            return false;
        words++;
    }
    return words >= 2;
}

/* Names as programs write them, mostly without blanks, above a line of texts: both are as
 * wide as the rows, and the texts are labels. */
static size_t names_above(const struct look *look, size_t header)
{
    if (header == 0)
        return header;

    const struct ingest_record *names = &look->records[header - 1],
                               *labels = &look->records[header];
    size_t blanks = 0, texts = 0;
    if (names->flaw != FLAW_NONE || names->count < look->columns || is_comment(names) ||
        is_rule(names))
        return header;

    /* two names alike, an empty one or a figure: programs write no such header */
    for (size_t c = 0; c < look->columns; c++) {
        struct text name = value_at(names, c), label = value_at(labels, c);
        for (size_t before = 0; before < c; before++)
            if (text_equal(value_at(names, before), name))
                return header;
        if (!name.length || is_figure(name))
            return header;
        blanks += memchr(name.data, ' ', name.length) != NULL;
        texts += memchr(label.data, ' ', label.length) != NULL;
    }

    /* one name in five with a blank, and one text in three without, are still what they are */
    bool names_are_plain = blanks * 5 <= look->columns,
         labels_are_texts = texts * 3 >= look->columns + 2 * blanks;
    return names_are_plain && labels_are_texts ? header - 1 : header;
}

static void take_header(const struct look *look, size_t header, const char *reason,
                        struct ingest_begin *out)
{
    out->header = true;
    out->reason = reason;
    out->skip = look->lines[header];
    out->row_names = has_row_names(look, header);
    out->hash = is_comment(&look->records[header]);

    /* what underlines the names, or says them once more, goes with the header and is no row */
    for (size_t i = header + 1; i < look->count; i++) {
        bool label = i <= header + LABELS_MAX && is_label(look, &look->records[i]);
        if (!label && !is_rule(&look->records[i]))
            break;
        out->labels += label;
        out->rule = look->lines[i] + (uint32_t)look->records[i].lines - look->lines[header] -
                    (uint32_t)look->records[header].lines;
    }
}

/* The header proper when the one that was chosen, or a line near it, only repeats it in
 * other words. */
static size_t header_above_labels(const struct look *look, size_t header)
{
    for (size_t i = header; i < look->count && i <= header + LABELS_MAX; i++)
        if (i > 0 && is_import_line(&look->records[i]))
            return i >= LABELS_MAX ? i - LABELS_MAX : i - 1;
    return names_above(look, header);
}

static void take_rows(const struct look *look, size_t rows, const char *reason,
                      struct ingest_begin *out)
{
    out->header = false;
    out->reason = reason;
    out->skip = rows < look->count ? look->lines[rows] : 0;
}

/* Lines before the first one that is as wide as the rows: titles, when each of them is
 * one text at most, or a comment. */
static size_t behind_titles(const struct look *look)
{
    size_t at = 0;
    while (at < look->count && at < LEAD_MAX) {
        const struct ingest_record *record = &look->records[at];
        size_t filled = filled_in(record);
        bool title = filled <= 1 || filled * 3 <= look->columns || is_comment(record);
        if (!title || look->columns < 2)
            break;
        at++;
    }
    return at < look->count && at < LEAD_MAX ? at : 0;
}

/* Without a header to end them only lines that are no rows by their shape are titles: a
 * row may lack values. */
static size_t narrow_lines(const struct look *look)
{
    size_t at = 0;
    while (at < look->count && at < LEAD_MAX) {
        const struct ingest_record *record = &look->records[at];
        if (look->columns < 3 || record->count > 1)
            break;
        at++;
    }
    return at < look->count && at < LEAD_MAX ? at : 0;
}

static void begin_by_signs(const struct look *look, struct ingest_begin *out)
{
    size_t at = behind_titles(look);
    if (header_signs(look, at) >= 0)
        take_header(look, at, "it reads like names", out);
    else
        take_rows(look, narrow_lines(look), "the first line reads like the others", out);
}

/* A row without a gap that has words wherever the columns have figures, below rows that
 * all have gaps: titles in pairs ("From:,2025-01-01,") look like rows, but end at such a
 * header. */
static size_t header_below_gaps(const struct look *look)
{
    for (size_t i = 0; i < look->count && i < LEAD_MAX; i++) {
        const struct ingest_record *record = &look->records[i];
        if (filled_in(record) < look->columns)
            continue;
        for (size_t c = 0; c < look->columns; c++)
            if (typed(&look->kinds[c]) && is_figure(value_at(record, c)))
                return 0;
        return i;
    }
    return 0;
}

/* There are columns of figures. */
static void begin_by_figures(const struct look *look, struct ingest_begin *out)
{
    size_t rows = 0;
    while (rows < look->count && rows < LEAD_MAX && !fits_columns(look, &look->records[rows]))
        rows++;
    if (rows == look->count || rows == LEAD_MAX) {
        begin_by_signs(look, out);
        return;
    }

    /* Strongest first: a line without gaps below lines that have some, then names above figures,
     * then numbers that only count. */
    size_t header = choose_header(look, rows), below = header_below_gaps(look);
    if (below > rows)
        take_header(look, below, "it names what numbers and dates stand below", out);
    else if (header < rows)
        take_header(look, header_above_labels(look, header),
                    "it names what numbers and dates stand below", out);
    else if (is_progression(look, &look->records[rows]))
        take_header(look, rows, "its numbers count up and those below do not", out);
    else
        take_rows(look, rows == narrow_lines(look) ? rows : 0, "the first line holds values", out);
}

static bool begin_by_expected(const struct look *look, const struct ingest_begin_choice *choice,
                              struct ingest_begin *out)
{
    for (size_t i = 0; i < look->count && i < LEAD_MAX; i++)
        if (holds_expected(&look->records[i], choice)) {
            take_header(look, i, "it holds the names that the options mention", out);
            return true;
        }
    return false;
}

static void begin_as_said(const struct look *look, const struct ingest_begin_choice *choice,
                          struct ingest_begin *out)
{
    bool header = choice->header ? choice->header > 0 : out->header;

    /* whoever says how many lines to skip has said where the header is: nothing is searched */
    if (choice->skip_said && look->count) {
        if (header)
            take_header(look, 0, choice->header ? "you said so" : out->reason, out);
        else
            take_rows(look, 0, choice->header ? "you said so" : out->reason, out);
        return;
    }
    if (!choice->header || out->header == header)
        return;
    if (header)
        take_header(look, behind_titles(look), "you said so", out);
    else
        take_rows(look, narrow_lines(look), "you said so", out);
}

void ingest_find_begin(const struct ingest_dialect *dialect, const char *data, const char *end,
                       const struct ingest_begin_choice *choice, struct ingest_begin *out)
{
    *out = (struct ingest_begin){.reason = ""};
    struct look *look = base_calloc(1, sizeof *look);
    look->dialect = dialect;
    look_at_lines(look, data, end);

    /* names that options mention beat every other sign, unless it is said that there is no
     * header */
    if (look->count && !(choice->header >= 0 && begin_by_expected(look, choice, out))) {
        if (any_typed(look))
            begin_by_figures(look, out);
        else
            begin_by_signs(look, out);
    }

    if (look->count)
        begin_as_said(look, choice, out);
    look_release(look);
    free(look);
}
