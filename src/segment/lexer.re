/*
 * Text into tokens (re2c). The whole source is split at once, because errors, comments and the cut between statements
 * need the tokens around them.
 */
#include "segment/language.h"

#include "segment/grammar.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    const struct source *source;
    struct arena *arena;
    struct problems *problems;
    struct tokens *out;
};

static struct segment_span span_of(const struct scan *scan, const char *begin, const char *end)
{
    const char *base = scan->source->text.data;
    return (struct segment_span){(uint32_t)(begin - base), (uint32_t)(end - base)};
}

static void push(struct scan *scan, int kind, const char *begin, const char *end)
{
    struct token token = {span_of(scan, begin, end), {begin, (size_t)(end - begin)}, kind, false};
    VECTOR_PUSH(&scan->out->list, token);
}

static struct error *illegal(struct scan *scan, const char *begin, const char *end, const char *message)
{
    push(scan, TOKEN_ILLEGAL, begin, end);
    return segment_problem_add(scan->problems, scan->source, span_of(scan, begin, end), false, "%s", message);
}

static bool after_dot(const struct scan *scan)
{
    return scan->out->list.count > 0 && scan->out->list.items[scan->out->list.count - 1].kind == TOKEN_DOT;
}

/* Behind a dot every word is a name, so that order.first and product.like need no backquotes. */
static void push_word(struct scan *scan, const char *begin, const char *end)
{
    struct text word = {begin, (size_t)(end - begin)};
    int kind = after_dot(scan) ? 0 : segment_keyword_kind(word);
    if (word.length > SEGMENT_NAME_MAX) {
        illegal(scan, begin, end, "this name is longer than 511 bytes");
        return;
    }
    push(scan, kind ? kind : TOKEN_ID, begin, end);
}

/* begin and end stand outside the quotes; a doubled quote inside stands for one. */
static void push_quoted(struct scan *scan, int kind, const char *begin, const char *end)
{
    char quote = *begin;
    char *copy = arena_alloc(scan->arena, (size_t)(end - begin));
    size_t length = 0;
    for (const char *at = begin + 1; at < end - 1; at++) {
        copy[length++] = *at;
        if (*at == quote)
            at++;
    }
    copy[length] = '\0';
    if (memchr(copy, '\0', length)) {
        illegal(scan, begin, end, "text in a definition may not hold a NUL byte");
        return;
    }
    if (kind == TOKEN_ID && (length == 0 || length > SEGMENT_NAME_MAX || memchr(copy, '\n', length))) {
        illegal(scan, begin, end, "a name in backquotes has 1 to 511 bytes and no line break");
        return;
    }
    push(scan, kind, begin, end);
    struct token *token = &scan->out->list.items[scan->out->list.count - 1];
    token->text = (struct text){copy, length};
    token->quoted = true;
}

/* 100€, 30x */
static void run_together(struct scan *scan, const char *begin, const char *end)
{
    const char *amount = segment_amount_meant((struct text){begin, (size_t)(end - begin)}, scan->arena);
    if (amount)
        error_hint(illegal(scan, begin, end, "a sign of currency is no part of the language"), "%s", amount);
    else
        error_hint(illegal(scan, begin, end, "a number and a name run into each other"),
                   "put a space between them, or put a name that begins with a digit in backquotes");
}

/* 31.1.2025, and 1/31 with dots where only that is a date. */
static void dotted_date(struct scan *scan, const char *begin, const char *end)
{
    int first = atoi(begin), second = atoi(strchr(begin, '.') + 1), year = atoi(end - 4);
    int day = second > 12 ? second : first, month = second > 12 ? first : second;
    error_hint(illegal(scan, begin, end, "dates are written year, month, day, with hyphens"), "write %04d-%02d-%02d",
               year, month, day);
}

static void push_comment(struct scan *scan, const char *begin, const char *end)
{
    const char *at = begin, *base = scan->source->text.data;
    while (at > base && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    struct comment comment = {span_of(scan, begin, end), at > base && at[-1] != '\n' && at[-1] != '\r'};
    VECTOR_PUSH(&scan->out->comments, comment);
}

/* `within 2 days` limits a step of a sequence, unless of, after or before follows: then it is a window. The grammar would
 * learn that too late. */
static void tell_limits(struct tokens *tokens)
{
    struct token *items = tokens->list.items;
    for (size_t i = 0; i + 2 < tokens->list.count; i++) {
        bool quantity = items[i + 1].kind == TOKEN_NUMBER && items[i + 2].kind == TOKEN_UNIT;
        int next = i + 3 < tokens->list.count ? items[i + 3].kind : 0;
        if (items[i].kind == TOKEN_WITHIN && quantity && next != TOKEN_OF && next != TOKEN_AFTER && next != TOKEN_BEFORE)
            items[i].kind = TOKEN_LIMIT;
    }
}

static void scan_all(struct scan *scan)
{
    const struct source *source = scan->source;
    const char *YYCURSOR = source->text.data, *YYLIMIT = YYCURSOR + source->text.length, *YYMARKER = YYCURSOR;
    if (source->text.length >= 3 && memcmp(YYCURSOR, "\xEF\xBB\xBF", 3) == 0)
        YYCURSOR += 3;
    for (;;) {
        const char *begin = YYCURSOR;
        /*!re2c
        re2c:define:YYCTYPE = "unsigned char";
        re2c:api:style = free-form;
        re2c:yyfill:enable = 0;
        re2c:eof = 0;

        letter = [A-Za-z_\x80-\xff];
        word = letter (letter | [0-9])*;
        digits = [0-9]+;
        number = digits ("." digits)? ([eE] [+-]? digits)?;
        date = [0-9]{4} "-" [0-9]{2} "-" [0-9]{2};
        dotted = [0-9]{1,2} "." [0-9]{1,2} "." [0-9]{4};
        clock = [0-9]{2} ":" [0-9]{2} (":" [0-9]{2})?;

        $ { return; }
        [ \t\r\n]+ { continue; }
        "--" [^\n\x00]* { push_comment(scan, begin, YYCURSOR); continue; }
        word { push_word(scan, begin, YYCURSOR); continue; }
        "`" ([^`\x00] | "``")* "`" { push_quoted(scan, TOKEN_ID, begin, YYCURSOR); continue; }
        "'" ([^'\x00] | "''")* "'" { push_quoted(scan, TOKEN_STRING, begin, YYCURSOR); continue; }
        "\"" ([^"\x00] | "\"\"")* "\"" { push_quoted(scan, TOKEN_STRING, begin, YYCURSOR); continue; }
        date { push(scan, TOKEN_DATE, begin, YYCURSOR); continue; }
        date "T" clock ("Z" | [+-] [0-9]{2} ":" [0-9]{2})? { push(scan, TOKEN_MOMENT, begin, YYCURSOR); continue; }
        number { push(scan, TOKEN_NUMBER, begin, YYCURSOR); continue; }
        digits ("." digits)? "%" { push(scan, TOKEN_PERCENT, begin, YYCURSOR); continue; }
        number word { run_together(scan, begin, YYCURSOR); continue; }
        dotted { dotted_date(scan, begin, YYCURSOR); continue; }
        "$" number {
            error_hint(illegal(scan, begin, YYCURSOR, "a sign of currency is no part of the language"), "%s",
                       segment_amount_meant((struct text){begin, (size_t)(YYCURSOR - begin)}, scan->arena));
            continue;
        }
        "(" { push(scan, TOKEN_LP, begin, YYCURSOR); continue; }
        ")" { push(scan, TOKEN_RP, begin, YYCURSOR); continue; }
        "," { push(scan, TOKEN_COMMA, begin, YYCURSOR); continue; }
        "." { push(scan, TOKEN_DOT, begin, YYCURSOR); continue; }
        "=" { push(scan, TOKEN_EQ, begin, YYCURSOR); continue; }
        "!=" | "<>" { push(scan, TOKEN_NE, begin, YYCURSOR); continue; }
        "<" { push(scan, TOKEN_LT, begin, YYCURSOR); continue; }
        "<=" { push(scan, TOKEN_LE, begin, YYCURSOR); continue; }
        ">" { push(scan, TOKEN_GT, begin, YYCURSOR); continue; }
        ">=" { push(scan, TOKEN_GE, begin, YYCURSOR); continue; }
        "+" { push(scan, TOKEN_PLUS, begin, YYCURSOR); continue; }
        "-" { push(scan, TOKEN_MINUS, begin, YYCURSOR); continue; }
        "*" { push(scan, TOKEN_STAR, begin, YYCURSOR); continue; }
        "/" { push(scan, TOKEN_SLASH, begin, YYCURSOR); continue; }
        "==" {
            error_hint(illegal(scan, begin, YYCURSOR, "“==” is no sign of the language"), "equality is written =");
            continue;
        }
        "&&" | "||" | "!" {
            error_hint(illegal(scan, begin, YYCURSOR, "this sign is no part of the language"),
                       "write and, or, not in words");
            continue;
        }
        ['"`] {
            error_hint(illegal(scan, begin, YYCURSOR, "this quote is never closed"),
                       "close it with %c; a quote inside the text is doubled", *begin);
            continue;
        }
        * {
            illegal(scan, begin, YYCURSOR, "this character is no part of the language");
            continue;
        }
        */
    }
}

void segment_lex(const struct source *source, struct arena *arena, struct problems *problems, struct tokens *out)
{
    struct scan scan = {source, arena, problems, out};
    scan_all(&scan);
    tell_limits(out);
}

void segment_tokens_release(struct tokens *tokens)
{
    VECTOR_RELEASE(&tokens->list);
    VECTOR_RELEASE(&tokens->comments);
}
