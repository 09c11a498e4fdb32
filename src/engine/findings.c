/*
 * What a finding is made of, and which of them the first page shows. Sentences are put
 * together from pieces, each figure a piece of its own, so that the page can link,
 * format and test them.
 */
#include "engine/findings.h"

#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST = 8,
    CODE = 3,        /* letters of a currency's code */
    THOUSAND = 1000, /* from here on whole numbers, with a sign between the thousands */
};
static const double whole_below = 1e15; /* every whole number to here is a double of its own */

/* ---- names for people ---- */

/* Currencies are written large (web/src/words.ts has the same): "chf" as "CHF". */
static void raise_currencies(char *words)
{
    static const char *const codes[] = {"eur", "chf", "usd", "gbp", "sek", "nok",
                                        "dkk", "pln", "czk", "huf", "jpy"};
    for (char *at = words; *at; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        bool found = false;
        for (size_t c = 0; length == CODE && c < sizeof codes / sizeof *codes; c++)
            found |= strncmp(at, codes[c], length) == 0;

        for (; length; length--, at++)
            *at = found ? (char)toupper((unsigned char)*at) : *at;
    }
}

/* A word ends at a sign, before a capital that begins a new one (MonthlyCharges), and keeps
 * abbreviations (NPS). */
const char *findings_words(const char *name, struct arena *arena)
{
    struct buffer out;
    buffer_init(&out, 0);
    for (const char *at = name; *at; at++) {
        /* A capital begins a word after a small letter or a digit, or before a small
         * letter at the end of an abbreviation (NPSScore). */
        bool sign = *at == '_' || *at == '.' || *at == ' ';
        bool upper = isupper((unsigned char)*at);
        bool lower_before =
            at > name && (islower((unsigned char)at[-1]) || isdigit((unsigned char)at[-1]));
        bool lower_after = islower((unsigned char)at[1]);
        bool begins =
            upper && (lower_before || (lower_after && at > name && isupper((unsigned char)at[-1])));
        if ((sign || begins) && out.length && out.data[out.length - 1] != ' ')
            buffer_char(&out, ' ');
        if (sign)
            continue;

        /* Capitals among capitals keep their size; one that stands alone only when it
         * ends the name. */
        bool abbreviation = upper && !lower_after &&
                            (at[1] ? !begins || isupper((unsigned char)at[1]) : !lower_before);
        buffer_char(&out, upper && !abbreviation ? (char)tolower((unsigned char)*at) : *at);
    }

    char *words = arena_strdup(arena, out.length ? buffer_copy(&out, arena) : name);
    buffer_release(&out);
    raise_currencies(words);
    return words;
}

static const char *sentence(const char *words, struct arena *arena)
{
    char *copy = arena_strdup(arena, words);
    copy[0] = (char)toupper((unsigned char)copy[0]);
    return copy;
}

const char *findings_label(const struct segment_set *set, int segment, struct arena *arena)
{
    const struct segment_definition *own = &set->segments[segment];
    if (own->scheme < 0)
        return own->title && *own->title ? own->title
                                         : sentence(findings_words(own->name, arena), arena);

    const struct segment_scheme *scheme = &set->schemes[own->scheme];
    const char *part = own->name + strlen(scheme->name) + 1; /* without "scheme." */

    /* Titles are what a person wrote; names are what the language needs and are put
     * into words only without a title. */
    const char *whole = scheme->title && *scheme->title
                            ? scheme->title
                            : sentence(findings_words(scheme->name, arena), arena);
    const char *title = own->title && *own->title ? own->title : findings_words(part, arena);
    return arena_printf(arena, "%s: %s", whole, title);
}

/* ---- writing one ---- */

struct findings_item *findings_add(struct findings *findings, const char *kind, double rank,
                                   const char *evidence)
{
    struct findings_item item = {.kind = kind, .rank = rank, .evidence = evidence};
    VECTOR_PUSH(&findings->items, item);
    return &findings->items.items[findings->items.count - 1];
}

void findings_say(struct findings *findings, struct findings_item *item, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct findings_part part = {.text = arena_vprintf(findings->arena, format, arguments)};
    va_end(arguments);
    VECTOR_PUSH(&item->parts, part);
}

void findings_segment(struct findings *findings, struct findings_item *item, int segment)
{
    const struct segment_set *set = findings->evidence->view->set;
    struct findings_part part = {.text = findings_label(set, segment, findings->arena),
                                 .segment = set->segments[segment].name};
    VECTOR_PUSH(&item->parts, part);
}

static void figure(struct findings_item *item, const char *text, double number, const char *unit)
{
    struct findings_part part = {.text = text, .is_figure = true, .figure = number, .unit = unit};
    VECTOR_PUSH(&item->parts, part);
}

void findings_count(struct findings *findings, struct findings_item *item, uint64_t count)
{
    char text[NUMBER_TEXT_MAX];
    figure(item, arena_strdup(findings->arena, number_format_thousands((int64_t)count, text)),
           (double)count, "number");
}

void findings_number(struct findings *findings, struct findings_item *item, double number)
{
    char text[NUMBER_TEXT_MAX];
    bool whole = fabs(number) >= THOUSAND && fabs(number) < whole_below;
    figure(item,
           whole ? arena_strdup(findings->arena, number_format_thousands(llround(number), text))
                 : arena_printf(findings->arena, "%.4g", number),
           number, "number");
}

void findings_share(struct findings *findings, struct findings_item *item, double share)
{
    figure(item, arena_printf(findings->arena, "%.1f%%", 100 * share), share, "share");
}

void findings_money(struct findings *findings, struct findings_item *item, double amount)
{
    char text[NUMBER_TEXT_MAX];
    const char *currency = findings->evidence->schema->currency;
    const char *digits =
        fabs(amount) >= THOUSAND ? number_format_thousands(llround(amount), text) : NULL;
    if (!digits)
        digits = arena_printf(findings->arena, "%.2f", amount);
    figure(item,
           arena_printf(findings->arena, "%s%s%s", digits, currency ? " " : "",
                        currency ? currency : ""),
           round(amount * 100) / 100, "money");
}

const char *findings_day(const struct findings *findings, int64_t moment)
{
    char text[DATE_TEXT_MAX];
    return arena_strdup(
        findings->arena,
        date_format(zone_date(session_zone(findings->evidence->session), moment), text));
}

/* ---- all of them ---- */

static void of_broken(struct findings *findings)
{
    const char *name, *why;
    size_t count = 0;
    while (session_broken(findings->evidence->session, count, &name, &why))
        count++;
    if (!count)
        return;

    /* Above everything else: what follows may be wrong because of it. */
    struct findings_item *item = findings_add(findings, "broken", FINDINGS_RANK_BROKEN, "overview");
    findings_count(findings, item, count);
    findings_say(findings, item, " %s no longer %s the data and %s left out of this report",
                 count == 1 ? "definition" : "definitions", count == 1 ? "fits" : "fit",
                 count == 1 ? "is" : "are");
    if (session_broken(findings->evidence->session, 0, &name, &why))
        findings_say(findings, item, ": %s%s.", name, count > 1 ? " and others" : "");
}

/* Orders that end long before the report's moment: whatever looks back from it would see a crash
 * that is none. */
static void of_stale(struct findings *findings)
{
    int64_t days = (findings->now - findings->newest) / SECONDS_A_DAY;
    if (findings->first > findings->newest || days <= FINDINGS_STALE)
        return;
    struct findings_item *item = findings_add(findings, "stale", FINDINGS_RANK_STALE, "overview");
    findings_say(findings, item, "The newest %s is of %s, ",
                 findings_words(findings->evidence->revenue->kind, findings->arena),
                 findings_day(findings, findings->newest));
    figure(item, arena_printf(findings->arena, "%lld days", (long long)days), (double)days, "days");
    findings_say(
        findings, item,
        " before this report: what it says of the last weeks and months is of missing data.");
}

static void of_nothing(struct findings *findings)
{
    if (!findings->customers) {
        struct findings_item *item =
            findings_add(findings, "empty", FINDINGS_RANK_NOTHING, "overview");
        findings_say(findings, item,
                     "Nothing is known of any customer yet: the store is empty at this moment.");
        return;
    }
    if (findings->items.count)
        return;
    struct findings_item *item = findings_add(findings, "quiet", FINDINGS_RANK_NOTHING, "overview");
    findings_count(findings, item, findings->customers);
    findings_say(findings, item, " %s known; nothing stands out among them beyond chance.",
                 findings->customers == 1 ? "customer is" : "customers are");
}

static int by_rank(const void *a, const void *b)
{
    const struct findings_item *x = a, *y = b;
    return (x->rank < y->rank) - (x->rank > y->rank);
}

enum status findings_collect(struct findings *findings, struct error *error)
{
    of_broken(findings);
    of_stale(findings);
    findings_of_orders(findings);
    TRY(findings_of_segments(findings, error));

    /* Last, as it speaks only when all others were silent. */
    of_nothing(findings);
    if (findings->items.count)
        qsort(findings->items.items, findings->items.count, sizeof *findings->items.items, by_rank);

    /* The page shows few; what ranks lowest goes, whoever said it. */
    while (findings->items.count > MOST) {
        findings->items.count--;
        VECTOR_RELEASE(&findings->items.items[findings->items.count].parts);
    }
    return STATUS_OK;
}

static void write_part(const struct findings_part *part, struct json *json)
{
    json_write_object(json);
    json_put_string(json, "text", part->text);
    if (part->segment) {
        json_put_string(json, "segment", part->segment);
    }
    if (part->is_figure) {
        json_put_double(json, "figure", part->figure);
        json_put_string(json, "unit", part->unit);
    }
    json_write_end_object(json);
}

void findings_write(const struct findings *findings, struct json *json)
{
    json_write_array(json);
    for (size_t i = 0; i < findings->items.count; i++) {
        const struct findings_item *item = &findings->items.items[i];
        json_write_object(json);
        json_put_string(json, "kind", item->kind);
        json_put_string(json, "evidence", item->evidence);
        json_put_array(json, "parts");
        for (size_t p = 0; p < item->parts.count; p++)
            write_part(&item->parts.items[p], json);
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->items.count; i++)
        VECTOR_RELEASE(&findings->items.items[i].parts);
    VECTOR_RELEASE(&findings->items);
}
