/*
 * Trees into canonical text. Parentheses are written only where the grammar needs them, and around
 * what `not` denies when it is more than a word. Trees before and after checking print the same:
 * names print as written, and nodes the checker put in are looked through.
 */
#include "segment/language.h"

#include "base/number.h"

#include <string.h>

/* How tightly a node binds, loosest first; the layers of the grammar. */
enum level {
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_TEST,
    LEVEL_VALUE,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_UNARY,
    LEVEL_PRIMARY,
};

static void format(const struct segment_node *node, enum level least, struct buffer *out);

static bool plain_name(const char *name)

{
    if (!(*name >= 'A' && *name <= 'Z') && !(*name >= 'a' && *name <= 'z') && *name != '_' &&
        !(*name & 0x80))
        return false;
    for (const char *c = name; *c; c++)
        if (!(*c >= 'A' && *c <= 'Z') && !(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') &&
            *c != '_' && !(*c & 0x80))
            return false;
    return true;
}

static void quote(struct buffer *out, struct text text, char mark)
{
    buffer_char(out, mark);
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == mark)
            buffer_char(out, mark);
        buffer_char(out, text.data[i]);
    }
    buffer_char(out, mark);
}

void segment_format_name(struct buffer *out, const char *name)
{
    if (plain_name(name) && !segment_is_reserved(text_from(name)))
        buffer_string(out, name);
    else
        quote(out, text_from(name), '`');
}

const char *segment_name_text(const char *name, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_name(&text, name);
    const char *copy = buffer_copy(&text, arena);
    buffer_release(&text);
    return copy;
}

bool segment_can_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= SEGMENT_NAME_MAX && !strchr(name, '\n');
}

void segment_format_part(struct buffer *out, const char *name)
{
    if (plain_name(name))
        buffer_string(out, name);
    else
        quote(out, text_from(name), '`');
}

void segment_format_string(struct buffer *out, struct text text)
{
    quote(out, text, '\'');
}

/* A name whose dots join parts: order.line, lifecycle.new. */
static void format_dotted(struct buffer *out, const char *name)
{
    struct text rest = text_from(name);
    struct buffer parts, part;
    buffer_init(&parts, 0);
    buffer_init(&part, 0);

    /* Where a part is no plain name the whole goes into backquotes: its dots may then
     * be part of it. */
    bool simple = true;
    for (bool first = true; simple && rest.data; first = false) {
        const char *dot = memchr(rest.data, '.', rest.length);
        size_t length = dot ? (size_t)(dot - rest.data) : rest.length;
        buffer_reset(&part);
        buffer_add(&part, rest.data, length);
        simple = length > 0 && plain_name(part.data);
        if (!first)
            buffer_char(&parts, '.');
        (first ? segment_format_name : segment_format_part)(&parts, simple ? part.data : "");
        rest = dot ? (struct text){dot + 1, rest.length - length - 1} : (struct text){NULL, 0};
    }

    if (simple)
        buffer_text(out, (struct text){parts.data, parts.length});
    else
        quote(out, text_from(name), '`');

    buffer_release(&parts);
    buffer_release(&part);
}

/* The member of a scheme is two names with a dot between them. */
static void format_segment_name(struct buffer *out, const char *name)
{
    const char *dot = strchr(name, '.');
    if (!dot) {
        segment_format_name(out, name);
        return;
    }
    struct buffer scheme;
    buffer_init(&scheme, 0);
    buffer_add(&scheme, name, (size_t)(dot - name));
    segment_format_name(out, scheme.data);
    buffer_release(&scheme);
    buffer_char(out, '.');
    segment_format_part(out, dot + 1);
}

static void format_count(struct buffer *out, int64_t count, enum calendar_unit unit)
{
    buffer_printf(out, "%lld %s%s", (long long)count, segment_unit_name(unit),
                  count == 1 ? "" : "s");
}

static void format_literal(const struct segment_node *node, struct buffer *out)
{
    const struct segment_literal *literal = &node->literal;
    char text[NUMBER_TEXT_MAX];

    /* A percentage is kept as what it is worth, two digits further on. */
    if (literal->is_percent) {
        buffer_printf(out, "%s%%", number_format_decimal(literal->integer, node->scale - 2, text));
        return;
    }

    if (literal->is_length) {
        buffer_text(out, literal->text);
        buffer_string(out, literal->count ? " km" : " m");
        return;
    }

    switch (node->type) {
    case VALUE_BOOL: buffer_string(out, literal->integer ? "yes" : "no"); break;
    case VALUE_INT:
    case VALUE_DECIMAL:
        buffer_string(out, number_format_decimal(literal->integer, node->scale, text));
        break;
    case VALUE_DOUBLE:
        number_format_double(literal->number, text);
        buffer_string(out, text);
        if (!strpbrk(text, "e")) /* what was written with an exponent stays a double */
            buffer_string(out, "e0");
        break;
    case VALUE_DATE: buffer_string(out, date_format((int32_t)literal->integer, text)); break;
    case VALUE_TIME: buffer_text(out, literal->text); break;
    case VALUE_DURATION: format_count(out, literal->count, literal->unit); break;
    default: segment_format_string(out, literal->text); break;
    }
}

/* ---- windows ---- */

static void format_calendar(const struct segment_window *window, struct buffer *out)
{
    if (window->form == WINDOW_THIS && window->unit == CALENDAR_DAY)
        buffer_string(out, "today");
    else if (window->form == WINDOW_THIS)
        buffer_printf(out, "this %s", segment_unit_name(window->unit));
    else if (window->count == 1 && window->unit == CALENDAR_DAY)
        buffer_string(out, "yesterday");
    else if (window->count == 1)
        buffer_printf(out, "last calendar %s", segment_unit_name(window->unit));
    else
        buffer_printf(out, "last %lld calendar %ss", (long long)window->count,
                      segment_unit_name(window->unit));
}

static void format_on(const struct segment_window *window, struct buffer *out)
{
    enum { SATURDAY = 6, SUNDAY = 7 };

    if (window->anniversary) {
        buffer_string(out, "on anniversary of ");
        format(window->anniversary, LEVEL_SUM, out);
        /* Both forms mean the same set of days; the shorter one is canonical. */
    } else if (window->weekdays == (1u << SATURDAY | 1u << SUNDAY)) {
        buffer_string(out, "on weekend");
    } else if (window->weekdays != 0) {
        buffer_string(out, "on weekday (");

        const char *comma = "";
        for (int day = 1; day <= SUNDAY; day++)
            if (window->weekdays & 1u << day) {
                buffer_printf(out, "%s%s", comma, segment_weekday_name(day));
                comma = ", ";
            }
        buffer_char(out, ')');
    }
}

void segment_format_window(const struct segment_window *window, struct buffer *out)
{
    static const char *const anchored[] = {
        [WINDOW_SINCE] = "since ",  [WINDOW_UNTIL] = "before ",           [WINDOW_WITHIN] = " of ",
        [WINDOW_AFTER] = " after ", [WINDOW_BEFORE] = " before ",         [WINDOW_LAST] = "last ",
        [WINDOW_NEXT] = "next ",    [WINDOW_BEFORE_LAST] = "before last "};

    /* Words in front, and behind them a length of time, what it counts from, or both. */
    switch (window->form) {
    case WINDOW_ALL: break;
    case WINDOW_LAST:
    case WINDOW_NEXT:
    case WINDOW_BEFORE_LAST:
        buffer_string(out, anchored[window->form]);
        format_count(out, window->count, window->unit);
        break;
    case WINDOW_AGO:
        buffer_printf(out, "between %lld and ", (long long)window->count);
        format_count(out, window->longer_count, window->unit);
        buffer_string(out, " ago");
        break;
    case WINDOW_SINCE:
    case WINDOW_UNTIL:
        buffer_string(out, anchored[window->form]);
        format(window->anchor, LEVEL_SUM, out);
        break;
    case WINDOW_FROM_TO:
        buffer_string(out, "from ");
        format(window->anchor, LEVEL_SUM, out);
        buffer_string(out, " to ");
        format(window->to, LEVEL_SUM, out);
        break;
    case WINDOW_THIS:
    case WINDOW_PREVIOUS: format_calendar(window, out); break;
    case WINDOW_WITHIN:
    case WINDOW_AFTER:
    case WINDOW_BEFORE:
        buffer_string(out, "within ");
        format_count(out, window->count, window->unit);
        buffer_string(out, anchored[window->form]);
        format(window->anchor, LEVEL_SUM, out);
        break;
    }

    if (window->form != WINDOW_ALL && (window->weekdays || window->anniversary))
        buffer_char(out, ' ');
    format_on(window, out);
}

static bool has_window(const struct segment_window *window)
{
    return window->form != WINDOW_ALL || window->weekdays || window->anniversary;
}

/* " last 30 days", or nothing. */
static void format_behind(const struct segment_window *window, struct buffer *out)
{
    if (has_window(window)) {
        buffer_char(out, ' ');
        segment_format_window(window, out);
    }
}

/* ---- measures ---- */

static void format_measure(const struct segment_node *node, struct buffer *out)
{
    const struct segment_measure *measure = node->measure;

    buffer_printf(out, "%s(", segment_aggregate_name(measure->aggregate));
    for (int i = 0; i < measure->written_count; i++) {
        if (i > 0)
            buffer_string(out, ", ");
        format(measure->written[i], LEVEL_VALUE, out);
    }

    if (measure->aggregate == AGGREGATE_NTH)
        buffer_printf(out, ", %lld", (long long)measure->nth);
    format_behind(&measure->window, out);

    if (measure->filter) {
        buffer_string(out, " where ");
        format(measure->filter, LEVEL_OR, out);
    }
    buffer_char(out, ')');
}

/* order, (order, refund) or (order where …), from a measure whose arguments name the kinds;
 * shorten: their last part, `time`, was put behind them. */
static void format_facts(const struct segment_measure *measure, bool shorten, struct buffer *out)
{
    /* Alone it needs no parentheses, and the grammar knows none around a kind. */
    bool group = measure->written_count > 1 || measure->filter;
    if (group)
        buffer_char(out, '(');

    for (int i = 0; i < measure->written_count; i++) {
        const struct segment_path *path = &measure->written[i]->path;
        if (i > 0)
            buffer_string(out, ", ");
        for (int p = 0; p < path->part_count - shorten; p++) {
            if (p > 0)
                buffer_char(out, '.');
            (p > 0 ? segment_format_part : segment_format_name)(out, path->parts[p]);
        }
    }

    if (measure->filter) {
        buffer_string(out, " where ");
        format(measure->filter, LEVEL_OR, out);
    }

    if (group)
        buffer_char(out, ')');
}

static void format_step(const struct segment_step *step, struct buffer *out)
{
    if (step->negated)
        buffer_string(out, "not ");
    if (step->kind_count > 1)
        buffer_char(out, '(');
    for (int i = 0; i < step->kind_count; i++) {
        if (i > 0)
            buffer_string(out, ", ");
        format_dotted(out, step->kinds[i]);
    }

    if (step->kind_count > 1)
        buffer_char(out, ')');
    if (step->alias) {
        buffer_string(out, " as ");
        segment_format_name(out, step->alias);
    }

    if (step->filter) {
        buffer_string(out, " where ");
        format(step->filter, LEVEL_OR, out);
    }

    /* Last, as the filter would else take the words for its own. */
    if (step->has_within) {
        buffer_string(out, " within ");
        format_count(out, step->within_count, step->within_unit);
    }
}

static void format_sequence(const struct segment_node *node, struct buffer *out)
{
    const struct segment_sequence *sequence = node->sequence;
    buffer_string(out, "sequence(");
    for (int i = 0; i < sequence->step_count; i++) {
        if (i > 0)
            buffer_string(out, ", ");
        format_step(&sequence->steps[i], out);
    }

    if (sequence->has_whole) {
        buffer_string(out, ", whole within ");
        format_count(out, sequence->whole_count, sequence->whole_unit);
    }
    buffer_char(out, ')');
    format_behind(&sequence->window, out);
}

static void format_resumed(const struct segment_node *node, struct buffer *out)
{
    const struct segment_resumed *resumed = node->resumed;
    buffer_string(out, "resumed ");
    format_facts(&resumed->facts, false, out);
    buffer_string(out, " after ");
    format_count(out, resumed->gap_count, resumed->gap_unit);
    format_behind(&resumed->facts.window, out);
}

/* ---- surface forms ---- */

/* The node the user wrote: without what the checker put around it. */
static const struct segment_node *written(const struct segment_node *node)
{
    while (node->implicit)
        node = node->child[0];
    return node;
}

/* union 0, intersect 1, a name or parentheses 2 */
static void format_sets(const struct segment_node *node, int least, struct buffer *out)
{
    node = written(node);
    if (node->op == OP_SEGMENT) {
        format_segment_name(out, node->name);
        return;
    }

    int level = node->op == OP_AND;
    if (level < least)
        buffer_char(out, '(');

    /* A form's meaning repeats its sets; only the two that were written are printed. */
    if (node->op == OP_FORM) {
        const struct segment_node *meaning = written(node->child[0]);
        bool symmetric = node->form == FORM_DIFFERENCE;
        const struct segment_node *pair = symmetric ? written(meaning->child[0]) : meaning;
        format_sets(pair->child[0], 0, out);
        buffer_string(out, symmetric ? " symmetric difference " : " except ");
        format_sets(written(pair->child[1])->child[0], 1, out);
    } else {
        for (int i = 0; i < node->child_count; i++) {
            if (i > 0)
                buffer_string(out, node->op == OP_AND ? " intersect " : " union ");
            format_sets(node->child[i], node->op == OP_AND ? 2 : i > 0, out);
        }
    }

    if (level < least)
        buffer_char(out, ')');
}

static void format_first_time(const struct segment_node *meaning, struct buffer *out)
{
    buffer_string(out, "first time ");
    if (meaning->op == OP_IN_WINDOW) {
        format_facts(written(meaning->child[0])->measure, true, out);
        format_behind(meaning->window, out);
    } else {
        format_facts(meaning->measure, false, out);
    }
}

static void format_form(const struct segment_node *node, struct buffer *out)
{
    const struct segment_node *meaning = written(node->child[0]);
    switch (node->form) {
    case FORM_FIRST_TIME: format_first_time(meaning, out); break;
    /* Its meaning is "any, and none for so long": the kinds stand in both, the
     * length in one. */
    case FORM_STOPPED: {
        const struct segment_measure *none = written(meaning->child[1])->measure;
        buffer_string(out, "stopped ");
        format_facts(none, false, out);
        buffer_string(out, " for ");
        format_count(out, none->window.count, none->window.unit);
        break;
    }
    default:
        buffer_string(out, "in (");
        format_sets(node->form == FORM_SETS ? meaning : node, 0, out);
        buffer_char(out, ')');
    }
}

/* ---- tests ---- */

static void format_values(const struct segment_node *node, int first, struct buffer *out)
{
    for (int i = first; i < node->child_count; i++) {
        if (i > first)
            buffer_string(out, ", ");
        format(node->child[i], LEVEL_VALUE, out);
    }
}

static void format_compare(const struct segment_node *node, struct buffer *out)
{
    static const char *const signs[] = {
        [COMPARE_EQ] = "=",  [COMPARE_NE] = "!=", [COMPARE_LT] = "<",
        [COMPARE_LE] = "<=", [COMPARE_GT] = ">",  [COMPARE_GE] = ">="};

    format(node->child[0], LEVEL_VALUE, out);
    buffer_printf(out, " %s ", signs[node->compare]);
    format(node->child[1], LEVEL_VALUE, out);
}

static void format_text_test(const struct segment_node *node, struct buffer *out)
{
    static const char *const tests[] = {
        [TEXT_CONTAINS] = "contains", [TEXT_STARTS] = "starts with", [TEXT_ENDS] = "ends with",
        [TEXT_LIKE] = "like",         [TEXT_MATCHES] = "matches",    [TEXT_EQUALS] = "="};
    format(node->child[0], LEVEL_VALUE, out);
    if (node->text_test == TEXT_EQUALS)
        buffer_string(out, node->negated ? " != " : " = ");
    else
        buffer_printf(out, "%s %s ", node->negated ? " not" : "", tests[node->text_test]);
    format(node->child[1], node->text_test == TEXT_EQUALS ? LEVEL_VALUE : LEVEL_SUM, out);
    if (node->folded)
        buffer_string(out, " ignoring case");
}

static void format_between(const struct segment_node *node, struct buffer *out)
{
    format(node->child[0], LEVEL_VALUE, out);
    buffer_string(out, node->negated ? " not between " : " between ");
    format(node->child[1], LEVEL_VALUE, out);
    buffer_string(out, " and ");
    format(node->child[2], LEVEL_VALUE, out);
}

static void format_in(const struct segment_node *node, struct buffer *out)
{
    static const char *const sets[] = {
        [SET_ANY_OF] = " any of (", [SET_ALL_OF] = " all of (", [SET_NONE_OF] = " none of ("};
    format(node->child[0], LEVEL_VALUE, out);
    const char *in = node->negated ? " not in (" : " in (";
    buffer_string(out, node->op == OP_SET ? sets[node->set_test] : in);
    format_values(node, 1, out);
    buffer_string(out, node->folded ? ") ignoring case" : ")");
}

static void format_among(const struct segment_rank *rank, struct buffer *out)
{
    if (rank->among) {
        buffer_string(out, " among (");
        format(rank->among, LEVEL_OR, out);
        buffer_char(out, ')');
    }
}

static void format_rank(const struct segment_node *node, struct buffer *out)
{
    const struct segment_rank *rank = node->rank;
    char text[NUMBER_TEXT_MAX];

    if (node->op == OP_NTILE)
        buffer_printf(out, "ntile(%lld)", (long long)rank->count);
    else if (node->op == OP_PERCENTILE)
        buffer_string(out, "percentile");
    else if (rank->is_percent)
        buffer_printf(out, "%s %s%%", rank->bottom ? "bottom" : "top",
                      number_format_decimal(rank->percent_scaled, rank->percent_scale, text));
    else
        buffer_printf(out, "%s %lld", rank->bottom ? "bottom" : "top", (long long)rank->count);

    buffer_string(out, " by ");
    format(node->child[0], LEVEL_SUM, out);
    format_among(rank, out);
}

static void format_sample(const struct segment_node *node, struct buffer *out)
{
    char text[NUMBER_TEXT_MAX];
    if (node->op == OP_SAMPLE)
        buffer_printf(
            out, "sample %s%%",
            number_format_decimal(node->sample.percent_scaled, node->sample.percent_scale, text));
    else
        buffer_printf(out, "bucket(%lld", (long long)node->sample.buckets);

    if (*node->sample.seed) {
        buffer_string(out, " seed ");
        segment_format_string(out, text_from(node->sample.seed));
    }
    if (node->op == OP_BUCKET)
        buffer_char(out, ')');
}

static void format_record(const struct segment_node *node, struct buffer *out)
{
    static const char *const words[] = {
        [RECORD_IN] = "in ", [RECORD_ENTERED] = "entered ", [RECORD_LEFT] = "left "};
    buffer_string(out, words[node->record->kind]);
    format_segment_name(out, node->name);
    if (node->record->has_window)
        format_behind(&node->record->window, out);
}

static void format_history(const struct segment_node *node, struct buffer *out)
{
    const struct segment_history *history = node->history;

    if (node->op == OP_EVER) {
        buffer_string(out, "ever(");
        format(node->child[0], LEVEL_OR, out);
        if (history->has_window) {
            buffer_string(out, ", ");
            segment_format_window(&history->window, out);
        }
    } else {
        buffer_string(out, "changed(");
        format(node->child[0], LEVEL_PRIMARY, out);

        /* Either of the two may be left out. */
        if (node->child[1]) {
            buffer_string(out, " from ");
            format(node->child[1], LEVEL_SUM, out);
        }

        if (node->child[2]) {
            buffer_string(out, " to ");
            format(node->child[2], LEVEL_SUM, out);
        }

        if (history->has_window)
            format_behind(&history->window, out);
    }

    buffer_char(out, ')');
}

static void format_account(const struct segment_node *node, struct buffer *out)
{
    static const char *const words[] = {[ACCOUNT_ANY] = "any",
                                        [ACCOUNT_ALL] = "all",
                                        [ACCOUNT_NONE] = "none",
                                        [ACCOUNT_COUNT] = "count"};
    buffer_printf(out, "%s(%s", words[node->account->quantifier], node->account->path.written);
    if (node->child_count > 0) {
        buffer_string(out, " where ");
        format(node->child[0], LEVEL_OR, out);
    }
    buffer_char(out, ')');
}

/* ---- values ---- */

static void format_arithmetic(const struct segment_node *node, struct buffer *out)
{
    bool product = node->op == OP_MULTIPLY || node->op == OP_DIVIDE;
    static const char *const signs[] = {" + ", " - ", " * ", " / "};
    format(node->child[0], product ? LEVEL_PRODUCT : LEVEL_SUM, out);
    buffer_string(out, signs[node->op - OP_ADD]);
    format(node->child[1], product ? LEVEL_UNARY : LEVEL_PRODUCT, out);
}

static void format_function(const struct segment_node *node, struct buffer *out)
{
    if (node->function == FUNCTION_SINCE || node->function == FUNCTION_UNTIL) {
        buffer_printf(out, "%ss %s ", segment_unit_name(node->unit),
                      node->function == FUNCTION_SINCE ? "since" : "until");
        format(node->child[0], LEVEL_PRIMARY, out);
        return;
    }
    buffer_printf(out, "%s(", segment_function_name(node->function));
    format_values(node, 0, out);
    buffer_char(out, ')');
}

static void format_chain(const struct segment_node *node, struct buffer *out)
{
    for (int i = 0; i < node->child_count; i++) {
        if (i > 0)
            buffer_string(out, node->op == OP_AND ? " and " : " or ");
        format(node->child[i], node->op == OP_AND ? LEVEL_NOT : LEVEL_AND, out);
    }
}

static const enum level levels[OP_COUNT_] = {
#define OP(name, stands, carries, level, ...) [OP_##name] = LEVEL_##level,
#include "segment/ops.def"
#undef OP
};

/* `not (a = b)`: what stands between two values gets parentheses, so that nobody reads `not a`. */
static bool is_infix(const struct segment_node *node)
{
    return segment_op_stands[node->op] == STANDS_FACT_TEST && levels[node->op] == LEVEL_TEST;
}

static void format_not(const struct segment_node *node, struct buffer *out)
{
    const struct segment_node *child = written(node->child[0]);
    buffer_string(out, "not ");
    format(child, is_infix(child) ? LEVEL_PRIMARY : LEVEL_NOT, out);
}

static bool is_negative(const struct segment_node *literal)
{
    if (literal->type == VALUE_DOUBLE)
        return literal->literal.number < 0;
    return literal->literal.integer < 0 && literal->type != VALUE_DATE &&
           literal->type != VALUE_TIME;
}

static enum level level_of(const struct segment_node *node)
{
    return node->op == OP_LITERAL && is_negative(node) ? LEVEL_UNARY : levels[node->op];
}

static void format_known(const struct segment_node *node, struct buffer *out)
{
    format(node->child[0], LEVEL_VALUE, out);
    buffer_string(out, node->negated ? " is unknown" : " is known");
}

static void format_in_window(const struct segment_node *node, struct buffer *out)
{
    format(node->child[0], LEVEL_VALUE, out);
    format_behind(node->window, out);
}

static void format_anniversary(const struct segment_node *node, struct buffer *out)
{
    buffer_string(out, "anniversary(");
    format(node->child[0], LEVEL_VALUE, out);
    buffer_char(out, ')');
    format_behind(node->window, out);
}

static void format_inner(const struct segment_node *node, struct buffer *out)
{
    format(node->child[0], LEVEL_VALUE, out);
}

static void format_segment(const struct segment_node *node, struct buffer *out)
{
    buffer_string(out, node->negated ? "not in " : "in ");
    format_segment_name(out, node->name);
}

static void format_list(const struct segment_node *node, struct buffer *out)
{
    buffer_string(out, node->negated ? "not in list " : "in list ");
    segment_format_name(out, node->name);
}

static void format_now(const struct segment_node *node, struct buffer *out)
{
    buffer_string(out, node->op == OP_NOW ? "now" : "today");
}

static void format_name(const struct segment_node *node, struct buffer *out)
{
    buffer_string(out, node->path.written);
}

static void format_as_of(const struct segment_node *node, struct buffer *out)
{
    buffer_printf(out, "%s as of ",
                  node->child_count > 1 ? node->child[1]->path.written : node->path.written);
    format(node->child[0], LEVEL_PRIMARY, out);
}

static void format_negate(const struct segment_node *node, struct buffer *out)
{
    buffer_char(out, '-');
    format(node->child[0], LEVEL_PRIMARY, out);
}

static void format_periods(const struct segment_node *node, struct buffer *out)
{
    buffer_printf(out, "periods(%s, ", segment_unit_name(node->periods->unit));
    format(node->child[0], LEVEL_OR, out);
    buffer_string(out, ", ");
    segment_format_window(&node->periods->window, out);
    buffer_char(out, ')');
}

static void format_gap(const struct segment_node *node, struct buffer *out)
{
    buffer_string(out, "gap(");
    if (node->child_count > 0)
        format(node->child[0], LEVEL_VALUE, out);
    buffer_char(out, ')');
}

static void (*const format_bare[OP_COUNT_])(const struct segment_node *node, struct buffer *out) = {
#define OP(name, stands, carries, level, json, format, ...) [OP_##name] = format_##format,
#include "segment/ops.def"
#undef OP
};

static void format(const struct segment_node *node, enum level least, struct buffer *out)
{
    node = written(node);
    bool group = level_of(node) < least;
    if (group)
        buffer_char(out, '(');
    format_bare[node->op](node, out);
    if (group)
        buffer_char(out, ')');
}

void segment_format_node(const struct segment_node *node, struct buffer *out)
{
    format(node, LEVEL_OR, out);
}
