/*
 * What is worth saying about the columns once everything is read: how they were
 * understood where that was not plain, and what was not understood, with two of the
 * values and the way out.
 */
#include "ingest/report.h"

#include "base/number.h"

#include <string.h>

struct remark {
    const struct ingest_run *run;
    const struct ingest_understood *understood;
    const struct ingest_shape *shape;
    size_t column;
    const char *name;
    const struct ingest_type *type;
    const struct ingest_type_hint *hint;
    const struct ingest_evidence *evidence;
    uint64_t known;
};

static const char *count(const struct remark *remark, uint64_t value)
{
    char text[NUMBER_TEXT_MAX];
    return arena_strdup(remark->run->arena, number_format_thousands((int64_t)value, text));
}

/* "'x' (line 3) and 'y' (line 9)". */
static const char *examples(const struct remark *remark, const struct ingest_example *texts)
{
    const char *first = arena_printf(remark->run->arena, "'%s' (line %llu)", texts[0].text,
                                     (unsigned long long)texts[0].line);
    return texts[1].line ? arena_printf(remark->run->arena, "%s and '%s' (line %llu)", first,
                                        texts[1].text, (unsigned long long)texts[1].line)
                         : first;
}

/* Dates */

static void say_order(const struct remark *remark)
{
    const struct ingest_evidence *evidence = remark->evidence;
    const struct ingest_type *type = remark->type;
    uint64_t mdy = evidence->dates[__builtin_ctz(DATE_FORMAT_MDY)],
             dmy = evidence->dates[__builtin_ctz(DATE_FORMAT_DMY)];
    uint64_t both = evidence->either_order;
    bool date = type->type == VALUE_DATE || type->type == VALUE_TIME;
    const char *ways = arena_printf(remark->run->arena,
                                    "--type '%s=D/M/YYYY' or --type '%s=M/D/YYYY' says which it is",
                                    remark->name, remark->name);

    /* most urgent first, and one of them only: mixed, open, inferred, remembered */
    if (mdy > both && dmy > both && (type->contradictory || !date) && !remark->hint->text)
        ingest_warn(
            remark->run,
            "%s mixes two orders of day and month: %s row%s only M/D/YYYY, %s only D/M/YYYY, %s "
            "both; %s; %s",
            remark->name, count(remark, mdy - both), mdy - both == 1 ? " fits" : "s fit",
            count(remark, dmy - both), count(remark, both),
            date ? "those that fit both cannot be known and are set aside with the rarer order"
                 : "it was stored as text",
            ways);
    else if (type->ambiguous)
        ingest_warn(remark->run,
                    "%s: every date could be day/month or month/day, such as '%s'; read as %s; %s",
                    remark->name, evidence->either.text, ingest_type_format(type), ways);
    else if (type->inferred)
        ingest_notice(remark->run, "%s: dates such as '%s' are read as D/M/YYYY, because of %s; %s",
                      remark->name, evidence->either.text, remark->hint->day_first, ways);
    else if (type->remembered)
        ingest_notice(remark->run, "%s: dates such as '%s' are read as %s, as in earlier imports",
                      remark->name, evidence->either.text, ingest_type_format(type));

    /* apart from that: the file proves an order, and it is another than the store's files had */
    unsigned sure = (mdy > both ? DATE_FORMAT_MDY : 0) | (dmy > both ? DATE_FORMAT_DMY : 0);
    unsigned remembered = remark->hint->remembered;
    if (date && (type->format & sure) && (remembered & (DATE_FORMAT_MDY | DATE_FORMAT_DMY)) &&
        remembered != (unsigned)type->format)
        ingest_warn(remark->run, "%s is written %s in this file, and was %s in earlier imports",
                    remark->name, ingest_date_format_name(type->format),
                    ingest_date_format_name(remark->hint->remembered));
}

static void say_dates(const struct remark *remark)
{
    const struct ingest_type *type = remark->type;
    const struct ingest_evidence *evidence = remark->evidence;
    const struct ingest_run *run = remark->run;

    say_order(remark);
    if (type->type != VALUE_DATE && type->type != VALUE_TIME)
        return;

    /* what stands in the file is not what is stored */
    if (type->format == DATE_FORMAT_SERIAL)
        ingest_notice(run,
                      "%s holds a spreadsheet's day numbers: 45717 is 2025-03-01 (--type "
                      "'%s=decimal' keeps them)",
                      remark->name, remark->name);
    else if (type->format & (DATE_FORMAT_MONTH_Y | DATE_FORMAT_YEAR_MONTH | DATE_FORMAT_QUARTER |
                             DATE_FORMAT_WEEK | DATE_FORMAT_YEAR))
        ingest_notice(run, "%s names no day (%s): the first one is stored", remark->name,
                      ingest_type_format(type));

    if (type->past && evidence->short_years)
        ingest_notice(
            run, "%s: years of two digits are the latest that do not lie in the future: 45 is 1945",
            remark->name);
    if (evidence->doubtful_zones)
        ingest_warn(run,
                    "%s: several zones are called as in '%s'; it is read as the commonest of them; "
                    "write the offset, "
                    "or a zone's name such as Asia/Kolkata",
                    remark->name, evidence->doubtful.text);
}

/* Numbers */

static const char *other_reading(const struct remark *remark, char point, const char **now)
{
    const char *value = remark->evidence->three.text;

    /* both readings of "1.234": with the sign as decimal sign, and without it */
    char *plain = arena_strdup(remark->run->arena, value),
         *groups = arena_strdup(remark->run->arena, value), *to = groups;
    for (char *c = plain; *c; c++)
        *c = *c == ',' ? '.' : *c;
    for (const char *c = value; *c; c++)
        if (*c != '.' && *c != ',')
            *to++ = *c;
    *to = 0;

    bool decimal = strchr(value, point) != NULL;
    *now = decimal ? plain : groups;
    return decimal ? groups : plain;
}

static void say_style(const struct remark *remark)
{
    const struct ingest_run *run = remark->run;
    const struct ingest_shape *shape = remark->shape;

    if (!ingest_is_number(remark->type->type) || !remark->evidence->three.line)
        return;
    for (size_t s = 0; s < shape->source_count; s++) {
        struct ingest_style_choice style = shape->styles[s * shape->column_count + remark->column];
        const char *now, *other = other_reading(remark, style.point, &now);
        bool unusual = style.point == ',';

        /* $90,000: money has no three digits behind a comma where a point would be the
         * decimal sign */
        bool plain =
            remark->evidence->signs && !unusual && strchr(remark->evidence->three.text, ',');
        if (style.reason == STYLE_GUESSED && !plain) {
            ingest_warn(run,
                        "%s: '%s' is read as %s, and could be %s: no number of the file tells "
                        "(--decimal . or "
                        "--decimal , says which)",
                        remark->name, remark->evidence->three.text, now, other);
            return;
        }

        if ((style.reason == STYLE_FILE && unusual) || style.reason == STYLE_EARLIER) {
            ingest_notice(run, "%s: '%s' is read as %s, as the %s", remark->name,
                          remark->evidence->three.text, now,
                          style.reason == STYLE_FILE ? "file's other numbers have decimal commas"
                                                     : "numbers of earlier imports were");
            return;
        }
    }
}

static void say_currency(const struct remark *remark)
{
    enum { SHOWN = 12 };
    char codes[SHOWN][4];
    const struct ingest_run *run = remark->run;
    const struct ingest_shape *shape = remark->shape;
    const char *own = store_schema(run->store)->currency;

    size_t found = ingest_is_number(remark->type->type)
                       ? ingest_currencies(own, remark->evidence, codes, SHOWN)
                       : 0;
    const char *list = found ? codes[0] : "";
    for (size_t i = 1; i < found; i++)
        list = arena_printf(run->arena, "%s, %s", list, codes[i]);
    list = arena_strdup(run->arena, list); /* a single one still stands in codes */
    /* no sign at all, signs of another currency, or signs beside a column that says it */
    if (shape->columns[remark->column].money && !found)
        ingest_notice(run,
                      "%s: amounts without a sign are in the store's currency, %s, which is kept "
                      "in %s as before",
                      remark->name, own, shape->currency_column);
    else if (shape->columns[remark->column].money)
        ingest_warn(run,
                    "%s: the amounts are in %s%s%s; each fact has its own in %s, and they are "
                    "never added together",
                    remark->name, list, own && found == 1 ? ", while the store's currency is " : "",
                    own && found == 1 ? own : "", shape->currency_column);
    else if (found > 1)
        ingest_warn(run, "%s: the amounts are written with signs of %s; %s counts", remark->name,
                    list, shape->currency_column);
}

static void say_numbers(const struct remark *remark)
{
    const struct ingest_type *type = remark->type;
    const struct ingest_evidence *evidence = remark->evidence;
    const struct ingest_run *run = remark->run;
    bool number = ingest_is_number(type->type);

    /* what became of the writing, then why it is no number after all */
    if (type->dot_zero && evidence->dot_zero)
        ingest_notice(run, "%s: whole numbers written with .0 are kept without it", remark->name);
    if (type->type == VALUE_INT && evidence->whole_doubles)
        ingest_notice(run, "%s: whole numbers written with an exponent are kept as whole numbers",
                      remark->name);
    if (number && evidence->percents)
        ingest_notice(run, "%s: percentages are kept as fractions: 10%% is .10", remark->name);
    if (type->mixed_percent || (number && evidence->percents && evidence->bare))
        ingest_warn(
            run, "%s: %s numbers have a percent sign and %s have none%s", remark->name,
            count(remark, evidence->percents), count(remark, evidence->bare),
            number
                ? ""
                : "; it was stored as text (--type COLUMN=decimal reads 10% as .10 and 10 as 10)");

    if (type->codes)
        ingest_notice(run,
                      "%s: digits in groups, equally many in every row, are kept as text (--type "
                      "'%s=integer' makes "
                      "numbers of them)",
                      remark->name, remark->name);
    if (type->words)
        ingest_notice(run,
                      "%s: numbers with words behind them that are currencies elsewhere are kept "
                      "as text (--type "
                      "'%s=decimal' reads them as amounts)",
                      remark->name, remark->name);

    if (type->long_ids)
        ingest_notice(
            run,
            "%s: numbers with more digits than a number keeps are kept as text, digit for digit",
            remark->name);
    else if (type->type == VALUE_DOUBLE && evidence->long_numbers && !evidence->signs)
        ingest_notice(run,
                      "%s: of numbers with more than 15 digits only the first 15 to 17 are kept "
                      "(--type '%s=text' keeps "
                      "them all)",
                      remark->name, remark->name);
    say_style(remark);
    say_currency(remark);
}

/* What was not understood */

/* Postcodes, and texts that begin with a number as "10 - extremely likely" does: no
 * mistakes of single rows. */
static bool may_be_codes(const struct remark *remark)
{
    static const char *const names[] = {"plz", "zip", "postal", "postcode", "postleit", "postnum"};
    bool codes = *remark->evidence->texts[0].text >= '0' && *remark->evidence->texts[0].text <= '9';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        codes |= strcasestr(remark->name, names[i]) != NULL;
    return codes;
}

/* A column that is nearly numbers or dates, or is called like money, and is text all the same. */
static void say_text(const struct remark *remark)
{
    const struct ingest_evidence *evidence = remark->evidence;
    const struct ingest_run *run = remark->run;

    if (remark->type->type != VALUE_TEXT || remark->hint->text || remark->hint->declared ||
        !evidence->texts[0].line)
        return;

    /* the example is one that stood in the way: among dates what is no date, else what is
     * no number */
    const struct ingest_example *odd =
        evidence->undated[0].line ? evidence->undated : evidence->texts;
    uint64_t numbers =
        evidence->forms[FORM_INT] + evidence->forms[FORM_DECIMAL] + evidence->forms[FORM_DOUBLE];
    bool money = ingest_amount_name(remark->name) >= GUESS_LIKELY &&
                 evidence->text_digits * 2 > remark->known;
    bool date = evidence->date_values * 2 > remark->known ||
                (ingest_name_says_time(remark->name) && evidence->text_digits * 2 > remark->known);

    /* at most one of these: dates before money, and money before plain numbers */
    if (date && evidence->date_values < remark->known)
        ingest_warn(run,
                    "%s, a column that reads like dates, was stored as text: %s %s; --na '%s=%s' "
                    "makes the value "
                    "unknown, --type '%s=date' sets such rows aside",
                    remark->name, examples(remark, odd),
                    odd[1].line ? "are no dates" : "is no date", remark->name, odd[0].text,
                    remark->name);
    else if (!date && (money || evidence->signs))
        ingest_warn(run,
                    "%s, a column that reads like money, was stored as text: %s are no numbers; "
                    "--type '%s=decimal' "
                    "sets such rows aside, --na '%s=%s' makes the value unknown",
                    remark->name, examples(remark, evidence->texts), remark->name, remark->name,
                    evidence->texts[0].text);
    else if (!date && numbers * 2 > remark->known) {
        const char *type = evidence->forms[FORM_INT] == numbers ? "integer" : "decimal", *way = "";
        if (!may_be_codes(remark))
            way = arena_printf(run->arena, " (--type '%s=%s' sets such rows aside)", remark->name,
                               type);
        ingest_notice(run, "%s is text because of values such as %s%s", remark->name,
                      examples(remark, evidence->texts), way);
    }
}

/* "'-' (3), 'NULL' (2)" of the words that stand for nothing, weak or strong as said. */
static const char *words(const struct remark *remark, bool strong, bool weak)
{
    const struct ingest_evidence *evidence = remark->evidence;
    const struct ingest_column *column = &remark->shape->columns[remark->column];
    const struct ingest_missing *missing =
        column->missing ? column->missing : remark->understood->missing;
    const char *list = NULL;

    for (size_t i = 0; i < evidence->missing_count && i < missing->count; i++) {
        const struct ingest_missing_word *word = &missing->words[i];
        bool code = remark->type->na_is_text && text_is(word->text, "NA");
        if (!evidence->missing[i] || code || (word->strong ? !strong : !weak))
            continue;
        list = arena_printf(remark->run->arena, "%s%s'%.*s' (%s)", list ? list : "",
                            list ? ", " : "", (int)word->text.length, word->text.data,
                            count(remark, evidence->missing[i]));
    }
    return list;
}

static void say_missing(const struct remark *remark)
{
    bool takes = ingest_takes_words(remark->type->type);
    const char *unknown = words(remark, true, !takes),
               *kept = takes ? words(remark, false, true) : NULL;
    if (unknown && remark->type->type != VALUE_NONE)
        ingest_notice(remark->run, "%s: %s read as unknown", remark->name, unknown);
    if (kept && !remark->hint->text)
        ingest_notice(remark->run, "%s: %s kept as text (--na '%s=…' makes a word unknown)",
                      remark->name, kept, remark->name);
}

/* Several columns at once */

enum { LISTED = 12 };

/* Adds a name to "a, b and 3 others"; the count is of all. */
static void list_name(struct buffer *list, size_t *count, const char *name)
{
    if (++*count <= LISTED)
        buffer_printf(list, "%s%s", *count > 1 ? ", " : "", name);
}

static void end_list(struct buffer *list, size_t count)
{
    if (count > LISTED)
        buffer_printf(list, " and %zu other%s", count - LISTED, text_plural(count - LISTED));
}

static void say_empty(const struct ingest_run *run, const struct ingest_shape *shape)
{
    struct buffer list;
    size_t count = 0;
    buffer_init(&list, 0);
    for (size_t i = 0; i < shape->column_count; i++)
        if (shape->columns[i].type.type == VALUE_NONE && !shape->columns[i].unnamed &&
            !shape->columns[i].derived)
            list_name(&list, &count, shape->columns[i].name);
    end_list(&list, count);
    if (count)
        ingest_notice(run, "%s %s no value at all and %s left out", list.data,
                      count == 1 ? "has" : "have", count == 1 ? "is" : "are");
    buffer_release(&list);
}

/* Amounts whose signs are all of one currency need nothing done about it, in a store that
 * has none. */
static void say_one_currency(const struct ingest_run *run, const struct ingest_shape *shape,
                             const struct ingest_staged *staged)
{
    struct buffer list;
    char codes[2][4], code[4] = "";
    size_t count = 0;
    buffer_init(&list, 0);

    for (size_t i = 0; i < shape->column_count && !store_schema(run->store)->currency; i++) {
        const struct ingest_column *column = &shape->columns[i];
        bool number = ingest_is_number(column->type.type) && !column->derived && !column->money;
        if (!number || ingest_currencies(NULL, &staged->scan.evidence[i], codes, 2) != 1)
            continue;

        /* columns in another single currency are no news either, and would read as if they were
         * mixed */
        if (count && strcmp(code, codes[0]) != 0)
            continue;
        memcpy(code, codes[0], sizeof code);
        list_name(&list, &count, column->name);
    }
    end_list(&list, count);
    if (count)
        ingest_notice(run,
                      "%s: the amounts are in %s and kept as numbers; nothing needs doing about it",
                      list.data, code);
    buffer_release(&list);
}

void ingest_remark(const struct ingest_run *run, const struct ingest_understood *understood,
                   const struct ingest_shape *shape, const struct ingest_staged *staged)
{
    for (size_t i = 0; i < shape->column_count; i++) {
        const struct ingest_evidence *evidence = &staged->scan.evidence[i];
        struct remark remark = {run,
                                understood,
                                shape,
                                i,
                                shape->columns[i].name,
                                &shape->columns[i].type,
                                &shape->hints[i],
                                evidence,
                                evidence->rows - evidence->forms[FORM_UNKNOWN] -
                                    evidence->forms[FORM_MISSING]};
        if (shape->columns[i].derived ||
            (int)i == understood->roles.clock) /* the clock was used with the dates */
            continue;
        say_dates(&remark);
        say_numbers(&remark);
        say_text(&remark);
        say_missing(&remark);
    }

    say_one_currency(run, shape, staged);
    say_empty(run, shape);
}
