/*
 * From tokens to statements. The tokens are cut into statements first, at the words that begin one,
 * and each is parsed alone: an error in one leaves the others untouched, and all are reported.
 */
#include "segment/language.h"

#include "segment/grammar.h"

#include <stdio.h>
#include <string.h>

const char *segment_token_string(struct parse *parse, struct token token)
{
    return arena_strndup(parse->arena, token.text.data, token.text.length);
}

/* Only the first error of a statement is reported: what follows it is mostly its echo. */
void segment_parse_fail(struct parse *parse, struct segment_span span, const char *hint,
                        const char *format, ...)
{
    if (parse->failed)
        return;
    parse->failed = true;
    va_list arguments;
    va_start(arguments, format);
    char *message = arena_vprintf(parse->arena, format, arguments);
    va_end(arguments);

    struct error *error =
        segment_problem_add(parse->problems, parse->source, span, false, "%s", message);
    if (hint)
        error_hint(error, "%s", hint);
}

/* ---- what was expected ---- */

/* Where one of these could stand, its group is named instead of its many words. */
static const struct {
    int sign;          /* when this token is accepted … */
    const char *label; /* … say this */
} groups[] = {
    {TOKEN_STAR, "an arithmetic sign"},
    {TOKEN_EQ, "a comparison such as = or >="},
    {TOKEN_AND, "“and”, “or”"},
    {TOKEN_RP, "“)”"},
    {TOKEN_COMMA, "“,”"},
    {TOKEN_WHERE, "“where”"},
};

static void expect(struct buffer *out, const char *label)
{
    if (out->length > 0)
        buffer_string(out, ", ");
    buffer_string(out, label);
}

/* Fewer than this many words are listed one by one. */
enum { LISTED = 7 };

static void list_expected(struct buffer *out, const bool *accepted, int count)
{
    int words = 0;

    /* Where a whole condition or value could stand, its many beginnings are not listed. */
    for (int token = 1; token < count; token++)
        words += accepted[token] && token != TOKEN_ILLEGAL && token != TOKEN_CONDITION;
    bool value = accepted[TOKEN_NUMBER] && accepted[TOKEN_ID] && accepted[TOKEN_LP];
    if (accepted[TOKEN_NOT] && accepted[TOKEN_SAMPLE] && value) {
        expect(out, "a condition");
        return;
    }

    if (value) {
        expect(out, "a value");
        return;
    }

    /* Names: every word that falls back to one is accepted too and not worth a mention. */
    if (accepted[TOKEN_ID])
        expect(out, "a name");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (accepted[groups[i].sign])
            expect(out, groups[i].label);
    if (accepted[0])
        expect(out, "the end");
    if (accepted[TOKEN_ID] || words > LISTED + 8)
        return;
    bool complete = accepted[TOKEN_AND] &&
                    accepted[TOKEN_OR]; /* units and the like could follow, but hardly were meant */
    for (int token = 1; token < count; token++) {
        if (complete && (token == TOKEN_UNIT || token == TOKEN_LENGTH || token == TOKEN_IGNORING))
            continue;
        bool grouped = token == TOKEN_ILLEGAL || token == TOKEN_CONDITION || token == TOKEN_OR ||
                       (token >= TOKEN_EQ && token <= TOKEN_SLASH);
        for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
            grouped |= groups[i].sign == token;
        if (!accepted[token] || grouped)
            continue;
        const char *label = segment_token_label(token);
        char quoted[64];
        snprintf(quoted, sizeof quoted, segment_keyword_kind(text_from(label)) ? "“%s”" : "%s",
                 label);
        expect(out, quoted);
    }
}

static bool is_junction(int kind)
{
    return kind == TOKEN_AND || kind == TOKEN_OR || kind == TOKEN_NOT;
}

static bool is_word(struct token token, const char *word)
{
    return token.text.data && text_is(token.text, word);
}

/* Ways of saying something that other languages, or people, have. */
static const char *other_wording(struct parse *parse, struct token found, const bool *accepted)
{
    struct token last = parse->last;
    int length = (int)found.text.length;

    /* From what stands before and what was found there, the nearest first. */
    if ((found.kind == TOKEN_AND || found.kind == TOKEN_OR) && is_junction(last.kind))
        return "a condition is missing between the two words; write it there, or take one of them "
               "away";
    if (found.kind == TOKEN_AND || found.kind == TOKEN_OR)
        return "a condition or value is missing before this word";
    if (last.kind == TOKEN_IS &&
        (found.kind == TOKEN_NOT || is_word(found, "null") || is_word(found, "empty")))
        return "write is known, or is unknown";
    if (last.kind == TOKEN_IS)
        return "values are compared with = and !=; is known and is unknown ask whether there is "
               "one";
    if (last.kind == TOKEN_NOT && found.kind == TOKEN_STRING)
        return "values are compared with = and !=";
    if (last.kind == TOKEN_EQ && (found.kind == TOKEN_GT || found.kind == TOKEN_LT))
        return "the signs are >= and <=";
    if (last.kind == TOKEN_LAST && found.kind == TOKEN_ID)
        return "a window is a number and a unit: last 30 days";
    if (last.kind == TOKEN_NUMBER && accepted[TOKEN_UNIT] && accepted[TOKEN_CALENDAR])
        return "give it a unit: last 30 days";
    if (found.kind == TOKEN_UNIT && is_word(last, "next"))
        return "say next 7 days, or this week";
    if (found.kind == TOKEN_IN && accepted[TOKEN_WHERE])
        return "a window stands there without “in”: any(order last 30 days)";
    if (found.kind == TOKEN_ID && accepted[TOKEN_LP] && !accepted[TOKEN_AND] && last.text.data)
        return arena_printf(parse->arena, "what it asks about stands in parentheses: %.*s(%.*s)",
                            (int)last.text.length, last.text.data, length, found.text.data);

    /* The text ended. */
    if (!found.text.data && accepted[TOKEN_RP])
        return "a parenthesis is still open; close it";
    if (!found.text.data && is_junction(last.kind))
        return "a condition is missing behind the last word; write it, or take the word away";
    return NULL;
}

static bool is_name(struct token token)
{
    return token.kind == TOKEN_ID && !token.quoted;
}

/* and, or and not in another language. `nicht (…)` looks like a call of a function until something
 * in it fails. */
static const char *other_language(struct parse *parse, struct token found, const bool *accepted)
{
    const char *meant =
        is_name(found) && accepted[TOKEN_AND] ? segment_word_meant(found.text) : NULL;
    /* An `und` stands where `and` could. A `nicht` was taken for a name, and what came
     * behind it failed. */
    if (meant && strcmp(meant, "not") != 0)
        return arena_printf(parse->arena, "the word is “%s”", meant);
    for (size_t i = parse->fed; i-- > 0;) {
        struct token token = parse->tokens[i];
        meant = is_name(token) ? segment_word_meant(token.text) : NULL;
        int next = i + 1 == parse->fed ? found.kind : parse->tokens[i + 1].kind;
        bool before = next == TOKEN_ID || next == TOKEN_LP || next == TOKEN_IN ||
                      next == TOKEN_ANY || next == TOKEN_ALL || next == TOKEN_NONE ||
                      next == TOKEN_FIRST || next == TOKEN_TOP;
        if (meant && before && strcmp(meant, "not") == 0)
            return arena_printf(parse->arena, "for “%.*s” the word is “not”",
                                (int)token.text.length, token.text.data);
    }
    return NULL;
}

static bool is_currency_code(struct token token)
{
    bool capitals = is_name(token) && token.text.length == 3;

    for (size_t i = 0; capitals && i < 3; i++)
        capitals = token.text.data[i] >= 'A' && token.text.data[i] <= 'Z';
    return capitals;
}

/* 100 €, 100 EUR */
static const char *currency_behind(struct parse *parse, struct token found)
{
    if (parse->last.kind != TOKEN_NUMBER || !is_name(found))
        return NULL;

    bool sign = segment_amount_meant(found.text, parse->arena) != NULL;
    if (!sign && !is_currency_code(found))
        return NULL;
    return arena_printf(parse->arena, "amounts are plain numbers: write %.*s",
                        (int)parse->last.text.length, parse->last.text.data);
}

/* A window behind a condition: each construct has it in a place of its own. */
static const char *misplaced_window(const struct parse *parse, const bool *accepted)
{
    if (accepted[TOKEN_RP] && accepted[TOKEN_COMMA])
        return "a comma stands between the condition and the window: ever(plan = 'pro', last 90 "
               "days)";
    if (accepted[TOKEN_RP])
        return "inside a measure the window comes before the filter: count(order last 30 days "
               "where …)";
    if (parse->last.kind == TOKEN_RP)
        return "the window stands inside the parentheses: count(order last 30 days), ever(plan = "
               "'pro', last 90 days)";
    return NULL;
}

/* A hint for mistakes that people make often. */
static const char *usual_mistake(struct parse *parse, struct token found, const bool *accepted)
{
    /* Slips with words of the language itself. */
    if (found.kind == TOKEN_UNIT && parse->last.kind == TOKEN_LAST)
        return "say last 30 days, or last calendar month";
    if (found.kind == TOKEN_COMMA && parse->last.kind == TOKEN_NUMBER)
        return "numbers are written without thousands separators";
    if (parse->last.kind == TOKEN_UNIT &&
        (found.kind >= TOKEN_EQ || found.kind == TOKEN_IS || found.kind == TOKEN_IN) &&
        accepted[TOKEN_LP])
        return arena_printf(parse->arena,
                            "a name that is also a unit of time stands in backquotes: `%.*s`",
                            (int)parse->last.text.length, parse->last.text.data);

    bool window = found.kind == TOKEN_LAST || found.kind == TOKEN_SINCE ||
                  found.kind == TOKEN_BEFORE || found.kind == TOKEN_WITHIN ||
                  found.kind == TOKEN_FROM || found.kind == TOKEN_ON;
    const char *hint = NULL;
    if (window && accepted[TOKEN_AND])
        hint = misplaced_window(parse, accepted);
    if (hint)
        return hint;
    if (found.kind == TOKEN_ELSE)
        return "the else member comes last, after at least one other";

    /* Slips from elsewhere: another language, a currency, another way to say it. */
    const char *other = other_language(parse, found, accepted);
    if (!other)
        other = currency_behind(parse, found);
    if (!other)
        other = other_wording(parse, found, accepted);
    if (other)
        return other;
    if (accepted[TOKEN_ID] && found.text.data && segment_keyword_kind(found.text) && !found.quoted)
        return arena_printf(
            parse->arena,
            "“%.*s” is a word of the language; as a name it stands in backquotes: `%.*s`",
            (int)found.text.length, found.text.data, (int)found.text.length, found.text.data);

    /* A word nobody knows: nearly one that could stand here? */
    if (found.kind != TOKEN_ID || found.quoted)
        return NULL;
    size_t count, near = 0;
    const char *const *all = segment_keyword_names(parse->arena, &count);
    const char **names = ARENA_ARRAY(parse->arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        if (accepted[segment_keyword_kind(text_from(all[i]))])
            names[near++] = all[i];
    int nearest = text_nearest(segment_token_string(parse, found), names, near);
    return nearest < 0 ? NULL : arena_printf(parse->arena, "did you mean “%s”?", names[nearest]);
}

void segment_parse_unexpected(struct parse *parse, struct token found, const bool *accepted,
                              int count)
{
    if (found.kind == TOKEN_ILLEGAL) { /* already reported */
        parse->failed = true;
        return;
    }

    enum { SHOWN_MAX = 60 }; /* bytes of it, so that the message stays readable */
    struct buffer expected;
    buffer_init(&expected, 0);
    list_expected(&expected, accepted, count);

    const char *hint = usual_mistake(parse, found, accepted);
    if (found.text.data)
        segment_parse_fail(parse, found.span, hint, "“%.*s” does not fit here; expected is %s",
                           (int)(found.text.length > SHOWN_MAX ? SHOWN_MAX : found.text.length),
                           found.text.data, expected.data);
    else
        segment_parse_fail(parse, found.span, hint, "the definition ends too early; expected is %s",
                           expected.data);
    buffer_release(&expected);
}

/* ---- statements ---- */

void segment_statement_begin(struct parse *parse, enum statement_kind kind, struct token name,
                             struct token title)
{
    struct statement *statement = &parse->statement;
    statement->kind = kind;
    statement->name = segment_token_string(parse, name);
    statement->name_span = name.span;
    statement->title = title.text.data ? segment_token_string(parse, title) : NULL;
    if (strchr(statement->name, '.'))
        segment_parse_fail(parse, name.span, NULL,
                           "the name of a segment, scheme or list has no dot in it");
}

void segment_statement_member(struct parse *parse, struct token name, struct token title,
                              struct segment_node *condition, bool is_else)
{
    struct statement *statement = &parse->statement;

    int count = statement->member_count;

    /* Room doubles when the count is a power of two, from 4 on. */
    if (count == 0 || (count >= 4 && (count & (count - 1)) == 0)) {
        struct member *more =
            ARENA_ARRAY(parse->arena, struct member, count == 0 ? 4 : 2 * (size_t)count);
        if (count > 0)
            memcpy(more, statement->members, sizeof *more * (size_t)count);
        statement->members = more;
    }

    struct member *member = &statement->members[statement->member_count++];
    *member = (struct member){segment_token_string(parse, name),
                              title.text.data ? segment_token_string(parse, title) : NULL,
                              name.span, condition, is_else};

    for (int i = 0; i < count; i++)
        if (strcmp(statement->members[i].name, member->name) == 0)
            segment_parse_fail(parse, name.span, "give it another name",
                               "the scheme has a member “%s” already", member->name);

    if (strchr(member->name, '.'))
        segment_parse_fail(parse, name.span, NULL, "the name of a member has no dot in it");
}

static bool begins_statement(const struct token *tokens, size_t count, size_t at)
{
    int kind = tokens[at].kind;
    if (kind == TOKEN_SEGMENT || kind == TOKEN_SCHEME)
        return true;
    return kind == TOKEN_LIST && at + 2 < count && tokens[at + 2].kind == TOKEN_FROM &&
           (at == 0 || tokens[at - 1].kind != TOKEN_IN);
}

static bool parse_one(const struct source *source, struct arena *arena, struct problems *problems,
                      const struct token *tokens, size_t count, int first, struct statement *out)
{
    size_t errors = problems->errors;
    struct parse parse = {.source = source, .arena = arena, .problems = problems};

    parse.statement.source = source;
    parse.statement.kind = STATEMENT_CONDITION;
    if (count > 0)
        parse.statement.span = segment_span_join(tokens[0].span, tokens[count - 1].span);

    segment_parse_tokens(&parse, tokens, count, first);
    *out = parse.statement;
    return !parse.failed && problems->errors == errors;
}

/* Says that this one is too many; false when it is not. */
static bool is_too_many(const struct source *source, struct segment_span span,
                        struct problems *problems, const statement_vector *statements)
{
    if (statements->count < STATEMENTS_MAX)
        return false;
    struct error *error = segment_problem_add(problems, source, span, false,
                                              "this is definition %d: there may be %d in a store",
                                              STATEMENTS_MAX + 1, STATEMENTS_MAX);
    error_hint(error, "leave out those that nobody needs");
    return true;
}

void segment_parse_source(const struct source *source, struct arena *arena,
                          struct problems *problems, statement_vector *out)
{
    struct tokens tokens = {0};

    segment_lex(source, arena, problems, &tokens);
    const struct token *items = tokens.list.items;
    size_t count = tokens.list.count, at = 0;

    /* Statement by statement. What begins with none is said once, and skipped up to the
     * next beginning. */
    while (at < count) {
        size_t end = at + 1;
        while (end < count && !begins_statement(items, count, end))
            end++;

        struct statement statement;
        if (items[at].kind != TOKEN_LIST && !begins_statement(items, count, at)) {
            bool likely = items[at].kind == TOKEN_ID;
            struct error *error =
                segment_problem_add(problems, source, items[at].span, false,
                                    "a definition begins with segment, scheme or list");
            static const char *const words[] = {"segment", "scheme", "list"};
            if (likely)
                segment_problem_suggest(
                    error, arena_strndup(arena, items[at].text.data, items[at].text.length), words,
                    3);
        } else if (is_too_many(source, items[at].span, problems, out)) {
            break;
        } else if (parse_one(source, arena, problems, items + at, end - at, 0, &statement)) {
            VECTOR_PUSH(out, statement);
        }

        at = end;
    }

    segment_tokens_release(&tokens);
}

bool segment_parse_condition(const struct source *source, struct arena *arena,
                             struct problems *problems, struct statement *out)
{
    struct tokens tokens = {0};
    size_t errors = problems->errors;
    segment_lex(source, arena, problems, &tokens);

    bool good = problems->errors == errors;

    if (tokens.list.count == 0 && good) {
        segment_problem_add(problems, source, (struct segment_span){0, 0}, false,
                            "the condition is empty");
        good = false;
    } else {
        good = parse_one(source, arena, problems, tokens.list.items, tokens.list.count,
                         TOKEN_CONDITION, out) &&
               good;
    }

    segment_tokens_release(&tokens);
    return good;
}
