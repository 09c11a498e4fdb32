/* Nodes of JSON, put down as text. A node is known by its key; the table below is the list of them.
 * Every operand is put in parentheses, which the formatter takes away again. */
#include "segment/json_read_internal.h"

#include <string.h>

void segment_json_fail(struct json_reader *reader, const char *format, ...)
{
    if (reader->failed)
        return;
    reader->failed = true;

    va_list arguments;
    va_start(arguments, format);
    enum status status = error_setv(reader->error, STATUS_ERROR, format, arguments);
    va_end(arguments);
    (void)status;
}

const char *segment_json_text(struct json_reader *reader, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
        return json_string_value(value);
    segment_json_fail(reader, "the JSON of a segment needs a text under “%s”", key);
    return "";
}

/* Words, numbers and dates that stand in the text as they are. */
static void put_plain(struct json_reader *reader, const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+- =!<>";
    if (*text == '\0' || text[strspn(text, allowed)] != '\0' || strstr(text, "--"))
        segment_json_fail(reader, "“%s” is no plain word or number", text);
    else
        buffer_string(reader->out, text);
}

static void put_text(struct json_reader *reader, const char *text)
{
    segment_format_string(reader->out, text_from(text));
}

static void put_group(struct json_reader *reader, const json_t *node)
{
    buffer_char(reader->out, '(');
    segment_json_put(reader, node);
    buffer_char(reader->out, ')');
}

static void put_operand(struct json_reader *reader, const json_t *object, const char *key)
{
    const json_t *node = json_object_get(object, key);
    if (!node)
        segment_json_fail(reader, "the JSON of a segment needs “%s” here", key);
    else
        put_group(reader, node);
}

static void put_joined(struct json_reader *reader, const json_t *list, const char *between)
{
    if (!json_is_array(list) || json_array_size(list) == 0) {
        segment_json_fail(reader, "a list of nodes is needed here");

        return;
    }

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i > 0)
            buffer_string(reader->out, between);
        put_group(reader, json_array_get(list, i));
    }
}

static void put_path(struct json_reader *reader, const json_t *parts)
{
    if (!json_is_array(parts) || json_array_size(parts) == 0)
        segment_json_fail(reader, "a name is a list of its parts");

    for (size_t i = 0; i < json_array_size(parts); i++) {
        const char *part = json_string_value(json_array_get(parts, i));
        if (i > 0)
            buffer_char(reader->out, '.');
        if (part)
            segment_format_name(reader->out, part);
        else
            segment_json_fail(reader, "the parts of a name are texts");
    }
}

/* A segment's name: a member's has a dot in it. */
static void put_segment_name(struct json_reader *reader, const char *name)
{
    const char *dot = strchr(name, '.');
    struct buffer scheme;
    buffer_init(&scheme, 0);

    buffer_add(&scheme, name, dot ? (size_t)(dot - name) : strlen(name));
    segment_format_name(reader->out, scheme.length ? scheme.data : "");
    if (dot) {
        buffer_char(reader->out, '.');
        segment_format_name(reader->out, dot + 1);
    }
    buffer_release(&scheme);
}

static void put_length(struct json_reader *reader, const json_t *length, bool with_unit)
{
    const json_t *count = json_object_get(length, "count");
    if (!json_is_integer(count))
        segment_json_fail(reader, "a length of time has a “count” and a “unit”");
    buffer_printf(reader->out, "%lld", (long long)json_integer_value(count));
    if (with_unit) {
        buffer_char(reader->out, ' ');
        put_plain(reader, segment_json_text(reader, length, "unit"));
    }
}

static bool flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* ---- windows ---- */

static void put_on(struct json_reader *reader, const json_t *window)
{
    const json_t *days = json_object_get(window, "weekdays"),
                 *anniversary = json_object_get(window, "anniversary");

    if (days) {
        buffer_string(reader->out, " on weekday (");
        for (size_t i = 0; i < json_array_size(days); i++) {
            const char *day = json_string_value(json_array_get(days, i));
            buffer_string(reader->out, i > 0 ? ", " : "");
            put_plain(reader, day ? day : "");
        }
        buffer_char(reader->out, ')');
    } else if (anniversary) {
        buffer_string(reader->out, " on anniversary of ");
        put_group(reader, anniversary);
    }
}

/* What each form of window is made of: the words, and behind them a length, an anchor, or both. */
static const struct {
    const char *form, *before, *between, *behind;
    bool length, unit_only, anchor;
} windows[] = {
    {"all", "", "", "", false, false, false},
    {"last", " last ", "", "", true, false, false},
    {"next", " next ", "", "", true, false, false},
    {"before_last", " before last ", "", "", true, false, false},
    {"since", " since ", "", "", false, false, true},
    {"before", " before ", "", "", false, false, true},
    {"this", " this ", "", "", false, true, false},
    {"within", " within ", " of ", "", true, false, true},
    {"within_after", " within ", " after ", "", true, false, true},
    {"within_before", " within ", " before ", "", true, false, true},
};

static void put_special_window(struct json_reader *reader, const json_t *window, const char *form)
{
    const json_t *length = json_object_get(window, "length");

    /* Two lengths, two anchors, or words that part a number from its unit. */
    if (strcmp(form, "ago") == 0) {
        buffer_string(reader->out, " between ");
        put_length(reader, length, false);
        buffer_string(reader->out, " and ");
        put_length(reader, json_object_get(window, "longer"), true);
        buffer_string(reader->out, " ago");
    } else if (strcmp(form, "from_to") == 0) {
        buffer_string(reader->out, " from ");
        put_operand(reader, window, "anchor");
        buffer_string(reader->out, " to ");
        put_operand(reader, window, "to");
    } else if (strcmp(form, "previous") == 0) {
        buffer_string(reader->out, " last ");
        put_length(reader, length, false);
        buffer_string(reader->out, " calendar ");
        put_plain(reader, segment_json_text(reader, length, "unit"));
    } else {
        segment_json_fail(reader, "there is no form of window “%s”", form);
    }
}

static void put_window(struct json_reader *reader, const json_t *object)
{
    const json_t *window = json_object_get(object, "window"),
                 *length = json_object_get(window, "length");
    if (!window)
        return;

    const char *form = segment_json_text(reader, window, "form");
    /* Most forms are words around a length, a unit or an anchor, as the table has them. */
    size_t i = 0, count = sizeof windows / sizeof *windows;
    while (i < count && strcmp(windows[i].form, form) != 0)
        i++;
    if (i == count) {
        put_special_window(reader, window, form);
    } else {
        buffer_string(reader->out, windows[i].before);
        if (windows[i].length)
            put_length(reader, length, true);
        if (windows[i].unit_only)
            put_plain(reader, segment_json_text(reader, length, "unit"));
        buffer_string(reader->out, windows[i].between);
        if (windows[i].anchor)
            put_operand(reader, window, "anchor");
    }

    put_on(reader, window);
}

/* ---- facts ---- */

void segment_json_put_where(struct json_reader *reader, const json_t *object)
{
    const json_t *where = json_object_get(object, "where");
    if (where) {
        buffer_string(reader->out, " where ");
        put_group(reader, where);
    }
}

static void put_kinds(struct json_reader *reader, const json_t *object)
{
    const json_t *kinds = json_object_get(object, "kinds");
    if (!json_is_array(kinds) || json_array_size(kinds) == 0)
        segment_json_fail(reader, "facts need their “kinds”");

    for (size_t i = 0; i < json_array_size(kinds); i++) {
        buffer_string(reader->out, i > 0 ? ", " : "");
        put_path(reader, json_array_get(kinds, i));
    }
}

/* Only what needs parentheses has them: (order) is no kind. */
static void put_facts(struct json_reader *reader, const json_t *facts, bool with_filter)
{
    bool group = json_array_size(json_object_get(facts, "kinds")) > 1 ||
                 (with_filter && json_object_get(facts, "where"));
    buffer_string(reader->out, group ? "(" : "");
    put_kinds(reader, facts);
    if (with_filter)
        segment_json_put_where(reader, facts);
    buffer_string(reader->out, group ? ")" : "");
}

static void put_step(struct json_reader *reader, const json_t *step)
{
    const json_t *within = json_object_get(step, "within");

    buffer_string(reader->out, flag(step, "not") ? "not " : "");
    put_facts(reader, step, false);
    if (json_object_get(step, "as")) {
        buffer_string(reader->out, " as ");
        segment_format_name(reader->out, segment_json_text(reader, step, "as"));
    }
    segment_json_put_where(reader, step);
    if (within) {
        buffer_string(reader->out, " within ");
        put_length(reader, within, true);
    }
}

/* ---- nodes, one function for each key ---- */

typedef void node_reader(struct json_reader *reader, const json_t *node, const json_t *value,
                         const char *key);

static void read_chain(struct json_reader *reader, const json_t *node, const json_t *value,
                       const char *key)
{
    static const char *const signs[][2] = {{"and", " and "},    {"or", " or "},
                                           {"add", " + "},      {"subtract", " - "},
                                           {"multiply", " * "}, {"divide", " / "}};
    /* Words and signs between parts differ, and nothing else. */
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strcmp(signs[i][0], key) == 0)
            put_joined(reader, value, signs[i][1]);
}

static void read_prefix(struct json_reader *reader, const json_t *node, const json_t *value,
                        const char *key)
{
    buffer_string(reader->out, strcmp(key, "not") == 0 ? "not " : "- ");
    put_group(reader, value);
}

static void put_folded(struct json_reader *reader, const json_t *node)
{
    if (flag(node, "ignoring_case"))
        buffer_string(reader->out, " ignoring case");
}

static void read_compare(struct json_reader *reader, const json_t *node, const json_t *value,
                         const char *key)
{
    const char *sign = segment_json_text(reader, node, key);
    bool equals = strcmp(key, "text_test") == 0 && strcmp(sign, "=") == 0;

    put_operand(reader, node, "left");
    if (equals)
        buffer_string(reader->out, flag(node, "negated") ? " != " : " = ");
    else {
        buffer_string(reader->out, flag(node, "negated") ? " not " : " ");
        put_plain(reader, sign);
        buffer_char(reader->out, ' ');
    }

    put_operand(reader, node, "right");
    put_folded(reader, node);
}

static void read_between(struct json_reader *reader, const json_t *node, const json_t *value,
                         const char *key)
{
    put_group(reader, value);
    buffer_string(reader->out, flag(node, "negated") ? " not between " : " between ");
    put_operand(reader, node, "from");
    buffer_string(reader->out, " and ");
    put_operand(reader, node, "to");
}

static void read_in(struct json_reader *reader, const json_t *node, const json_t *value,
                    const char *key)
{
    bool set = strcmp(key, "set_test") == 0;
    put_operand(reader, node, set ? "left" : "in");
    buffer_string(reader->out, flag(node, "negated") ? " not " : " ");
    put_plain(reader, set ? segment_json_text(reader, node, key) : "in");
    buffer_string(reader->out, " (");
    put_joined(reader, json_object_get(node, "values"), ", ");
    buffer_char(reader->out, ')');
    put_folded(reader, node);
}

static void read_known(struct json_reader *reader, const json_t *node, const json_t *value,
                       const char *key)
{
    put_group(reader, value);
    buffer_string(reader->out, flag(node, "negated") ? " is unknown" : " is known");
}

static void read_in_window(struct json_reader *reader, const json_t *node, const json_t *value,
                           const char *key)
{
    buffer_string(reader->out, strcmp(key, "anniversary") == 0 ? "anniversary" : "");
    put_group(reader, value);
    put_window(reader, node);
}

static void read_member(struct json_reader *reader, const json_t *node, const json_t *value,
                        const char *key)
{
    buffer_string(reader->out, "in ");
    put_segment_name(reader, segment_json_text(reader, node, key));
}

static void read_list(struct json_reader *reader, const json_t *node, const json_t *value,
                      const char *key)
{
    buffer_string(reader->out, "in list ");
    segment_format_name(reader->out, segment_json_text(reader, node, key));
}

static void read_record(struct json_reader *reader, const json_t *node, const json_t *value,
                        const char *key)
{
    put_plain(reader, segment_json_text(reader, node, key));
    buffer_char(reader->out, ' ');
    put_segment_name(reader, segment_json_text(reader, node, "segment"));
    put_window(reader, node);
}

static void put_set(struct json_reader *reader, const json_t *set)
{
    static const char *const words[][2] = {{"union", " union "},
                                           {"intersect", " intersect "},
                                           {"except", " except "},
                                           {"symmetric_difference", " symmetric difference "}};

    /* A name is a set by itself. */
    if (json_is_string(set)) {
        put_segment_name(reader, json_string_value(set));
        return;
    }

    /* The depth counts here too: sets within sets are no nodes, which would count it. */
    for (size_t w = 0; w < 4 && reader->depth < SEGMENT_DEPTH_MAX; w++) {
        const json_t *list = json_object_get(set, words[w][0]);
        if (!list)
            continue;
        reader->depth++;
        buffer_char(reader->out, '(');
        for (size_t i = 0; i < json_array_size(list); i++) {
            buffer_string(reader->out, i > 0 ? words[w][1] : "");
            put_set(reader, json_array_get(list, i));
        }
        buffer_char(reader->out, ')');
        reader->depth--;
        return;
    }

    segment_json_fail(reader,
                      "sets are names, or union, intersect, except, symmetric_difference of sets");
}

static void read_sets(struct json_reader *reader, const json_t *node, const json_t *value,
                      const char *key)
{
    buffer_string(reader->out, "in (");
    put_set(reader, value);
    buffer_char(reader->out, ')');
}

static void put_among(struct json_reader *reader, const json_t *node)
{
    const json_t *among = json_object_get(node, "among");
    if (among) {
        buffer_string(reader->out, " among ");
        put_group(reader, among);
    }
}

static void read_rank(struct json_reader *reader, const json_t *node, const json_t *value,
                      const char *key)
{
    bool ntile = strcmp(key, "ntile") == 0;
    buffer_printf(reader->out, ntile ? "%s(" : "%s ", key);

    if (json_is_object(value)) {
        put_plain(reader, segment_json_text(reader, value, "percent"));
        buffer_char(reader->out, '%');
    } else {
        buffer_printf(reader->out, "%lld", (long long)json_integer_value(value));
    }

    buffer_string(reader->out, ntile ? ") by " : " by ");
    put_operand(reader, node, "by");
    put_among(reader, node);
}

static void read_percentile(struct json_reader *reader, const json_t *node, const json_t *value,
                            const char *key)
{
    buffer_string(reader->out, "percentile by ");
    put_group(reader, value);
    put_among(reader, node);
}

static void read_sample(struct json_reader *reader, const json_t *node, const json_t *value,
                        const char *key)
{
    bool bucket = strcmp(key, "bucket") == 0;

    if (bucket) {
        buffer_printf(reader->out, "bucket(%lld", (long long)json_integer_value(value));
    } else {
        buffer_string(reader->out, "sample ");
        put_plain(reader, segment_json_text(reader, node, key));
        buffer_char(reader->out, '%');
    }

    if (json_object_get(node, "seed")) {
        buffer_string(reader->out, " seed ");
        put_text(reader, segment_json_text(reader, node, "seed"));
    }
    buffer_string(reader->out, bucket ? ")" : "");
}

static void read_periods(struct json_reader *reader, const json_t *node, const json_t *value,
                         const char *key)
{
    buffer_string(reader->out, "periods(");
    put_plain(reader, segment_json_text(reader, node, key));
    buffer_string(reader->out, ", ");
    put_operand(reader, node, "where");
    buffer_char(reader->out, ',');
    put_window(reader, node);
    buffer_char(reader->out, ')');
}

static void read_ever(struct json_reader *reader, const json_t *node, const json_t *value,
                      const char *key)
{
    buffer_string(reader->out, "ever(");
    put_group(reader, value);
    buffer_string(reader->out, json_object_get(node, "window") ? "," : "");
    put_window(reader, node);
    buffer_char(reader->out, ')');
}

static void read_changed(struct json_reader *reader, const json_t *node, const json_t *value,
                         const char *key)
{
    buffer_string(reader->out, "changed(");
    put_path(reader, json_object_get(value, "name"));
    for (int i = 0; i < 2; i++) {
        const char *side = i == 0 ? "from" : "to";
        if (!json_object_get(node, side))
            continue;
        buffer_printf(reader->out, " %s ", side);
        put_operand(reader, node, side);
    }
    put_window(reader, node);
    buffer_char(reader->out, ')');
}

static void read_facts(struct json_reader *reader, const json_t *node, const json_t *value,
                       const char *key)
{
    bool stopped = strcmp(key, "stopped") == 0, resumed = strcmp(key, "resumed") == 0;

    const char *with_length = stopped ? "stopped " : "resumed ";
    buffer_string(reader->out, stopped || resumed ? with_length : "first time ");
    put_facts(reader, value, true);

    if (stopped || resumed) {
        buffer_string(reader->out, stopped ? " for " : " after ");
        put_length(reader, json_object_get(node, stopped ? "for" : "after"), true);
    }
    put_window(reader, node);
}

static void read_sequence(struct json_reader *reader, const json_t *node, const json_t *value,
                          const char *key)
{
    const json_t *whole = json_object_get(node, "whole");

    buffer_string(reader->out, "sequence(");
    for (size_t i = 0; i < json_array_size(value); i++) {
        buffer_string(reader->out, i > 0 ? ", " : "");
        put_step(reader, json_array_get(value, i));
    }

    if (whole) {
        buffer_string(reader->out, ", whole within ");
        put_length(reader, whole, true);
    }
    buffer_char(reader->out, ')');
    put_window(reader, node);
}

static void read_account(struct json_reader *reader, const json_t *node, const json_t *value,
                         const char *key)
{
    put_plain(reader, segment_json_text(reader, node, key));
    buffer_char(reader->out, '(');
    put_path(reader, json_object_get(node, "of"));
    segment_json_put_where(reader, node);
    buffer_char(reader->out, ')');
}

static void read_measure(struct json_reader *reader, const json_t *node, const json_t *value,
                         const char *key)
{
    put_plain(reader, segment_json_text(reader, node, key));
    buffer_char(reader->out, '(');

    put_joined(reader, json_object_get(node, "of"), ", ");
    if (json_object_get(node, "nth"))
        buffer_printf(reader->out, ", %lld",
                      (long long)json_integer_value(json_object_get(node, "nth")));

    put_window(reader, node);
    segment_json_put_where(reader, node);
    buffer_char(reader->out, ')');
}

static void read_as_of(struct json_reader *reader, const json_t *node, const json_t *value,
                       const char *key)
{
    put_path(reader, json_object_get(node, "trait"));
    buffer_string(reader->out, " as of ");
    put_group(reader, value);
}

static void read_since(struct json_reader *reader, const json_t *node, const json_t *value,
                       const char *key)
{
    put_plain(reader, segment_json_text(reader, node, "unit"));
    buffer_printf(reader->out, "s %s ", key);
    put_group(reader, value);
}

static void read_word(struct json_reader *reader, const json_t *node, const json_t *value,
                      const char *key)
{
    buffer_string(reader->out, key);
}

static void read_name(struct json_reader *reader, const json_t *node, const json_t *value,
                      const char *key)
{
    bool gap = strcmp(key, "gap") == 0;
    buffer_string(reader->out, gap ? "gap(" : "");
    put_path(reader, value);
    buffer_string(reader->out, gap ? ")" : "");
}

static void read_plain(struct json_reader *reader, const json_t *node, const json_t *value,
                       const char *key)
{
    put_plain(reader, segment_json_text(reader, node, key));
    buffer_string(reader->out, strcmp(key, "percent") == 0 ? "%" : "");
}

static void read_duration(struct json_reader *reader, const json_t *node, const json_t *value,
                          const char *key)
{
    put_length(reader, value, true);
}

/* With an exponent, which makes it no decimal. */
static void put_double(struct json_reader *reader, double number)
{
    char text[64];
    snprintf(text, sizeof text, "%.17g", number);
    buffer_printf(reader->out, "%s%s", text, strchr(text, 'e') ? "" : "e0");
}

static void read_value(struct json_reader *reader, const json_t *node, const json_t *value,
                       const char *key)
{
    if (json_is_string(value))
        put_text(reader, segment_json_text(reader, node, key));
    else if (json_is_boolean(value))
        buffer_string(reader->out, json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value))
        buffer_printf(reader->out, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        put_double(reader, json_real_value(value));
    else
        segment_json_fail(reader, "a “value” is a text, a whole number, or true or false");
}

/* Whether all parentheses that open in the text close in it, and none that was open before: quotes
 * hide theirs, and a comment would hide what follows. */
static bool is_closed(const char *text)
{
    int depth = 0;
    for (const char *at = text; *at && depth >= 0; at++) {
        /* Within quotes nothing counts; one that is doubled ends and begins again,
         * which comes to the same. */
        if (*at == '\'' || *at == '`') {
            at = strchr(at + 1, *at);
            if (!at)
                return false;
        } else if (at[0] == '-' && at[1] == '-') {
            return false;
        }
        depth += (*at == '(') - (*at == ')');
    }
    return depth == 0;
}

/* Text of the language: one condition or value and no more, whatever it is. */
static void read_text(struct json_reader *reader, const json_t *node, const json_t *value,
                      const char *key)
{
    const char *text = segment_json_text(reader, node, key);
    if (is_closed(text))
        buffer_printf(reader->out, "(%s)", text);
    else
        segment_json_fail(
            reader, "the parentheses or quotes of the “text” %s do not belong together", text);
}

/* The key that says what a node is. Keys that others use too come last. */
static const struct {
    const char *key;
    node_reader *read;
} nodes[] = {
    {"and", read_chain},
    {"or", read_chain},
    {"not", read_prefix},
    {"compare", read_compare},
    {"text_test", read_compare},
    {"between", read_between},
    {"set_test", read_in},
    {"in", read_in},
    {"known", read_known},
    {"in_window", read_in_window},
    {"anniversary", read_in_window},
    {"member_of", read_member},
    {"list", read_list},
    {"record", read_record},
    {"sets", read_sets},
    {"top", read_rank},
    {"bottom", read_rank},
    {"ntile", read_rank},
    {"percentile", read_percentile},
    {"sample", read_sample},
    {"bucket", read_sample},
    {"periods", read_periods},
    {"ever", read_ever},
    {"changed", read_changed},
    {"first_time", read_facts},
    {"stopped", read_facts},
    {"resumed", read_facts},
    {"sequence", read_sequence},
    {"account", read_account},
    {"measure", read_measure},
    {"as_of", read_as_of},
    {"since", read_since},
    {"until", read_since},
    {"today", read_word},
    {"now", read_word},
    {"add", read_chain},
    {"subtract", read_chain},
    {"multiply", read_chain},
    {"divide", read_chain},
    {"negate", read_prefix},
    {"function", read_measure},
    {"gap", read_name},
    {"name", read_name},
    {"decimal", read_plain},
    {"double", read_plain},
    {"percent", read_plain},
    {"date", read_plain},
    {"moment", read_plain},
    {"length", read_plain},
    {"duration", read_duration},
    {"value", read_value},
    {"text", read_text},
};

void segment_json_put(struct json_reader *reader, const json_t *node)
{
    if (reader->depth >= SEGMENT_DEPTH_MAX)
        segment_json_fail(reader, "this condition is nested too deeply: more than 200 levels");
    if (reader->failed)
        return;

    reader->depth++;
    /* The first of the table's keys that the node has says what it is. */
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        const json_t *value = json_object_get(node, nodes[i].key);
        if (value) {
            nodes[i].read(reader, node, value, nodes[i].key);
            reader->depth--;
            return;
        }
    }

    segment_json_fail(reader, "there is a node without a key that says what it is");
}
