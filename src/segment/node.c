/* The grammar's actions: each makes one node, and says at once what the grammar alone cannot
 * forbid. Constants, windows and tests of the customer have files of their own. */
#include "segment/language.h"

#include <string.h>

struct segment_span segment_span_join(struct segment_span a, struct segment_span b)
{
    if (a.end == a.begin)
        return b;
    if (b.end == b.begin)
        return a;
    return (struct segment_span){a.begin < b.begin ? a.begin : b.begin,
                                 a.end > b.end ? a.end : b.end};
}

static void depth_visit(struct segment_node **child, void *depth)
{
    if ((*child)->depth > *(int *)depth)
        *(int *)depth = (*child)->depth;
}

/* Called again after anything was hung below the node. */
struct segment_node *segment_node_measure(struct parse *parse, struct segment_node *node)
{
    int depth = 0;
    /* The arguments of a measure hang apart from the children, as they were written. */
    segment_node_each(node, depth_visit, &depth);
    if (node->op == OP_MEASURE)
        for (int i = 0; i < node->measure->written_count; i++)
            depth_visit(&node->measure->written[i], &depth);

    if (depth >= SEGMENT_DEPTH_MAX)
        segment_parse_fail(parse, node->span, "put parts of it into segments of their own",
                           "this condition is nested too deeply: more than %d levels",
                           SEGMENT_DEPTH_MAX);
    node->depth = (uint16_t)(depth < SEGMENT_DEPTH_MAX ? depth + 1 : SEGMENT_DEPTH_MAX);
    return node;
}

struct segment_node *segment_node_alloc(struct parse *parse, enum segment_op op,
                                        struct segment_span span, int children)
{
    if (++parse->nodes > NODES_MAX)
        segment_parse_fail(parse, span, "split it into several segments",
                           "this definition is too large");

    struct segment_node *node = ARENA_NEW(parse->arena, struct segment_node);
    node->op = op;
    node->span = span;
    node->index = -1;
    node->depth = 1;
    node->child_count = children;
    if (children > 0)
        node->child = ARENA_ARRAY(parse->arena, struct segment_node *, children);
    return node;
}

struct segment_node *segment_node_new(struct parse *parse, enum segment_op op,
                                      struct segment_span span, int child_count, ...)
{
    struct segment_node *node = segment_node_alloc(parse, op, span, child_count);
    va_list children;
    va_start(children, child_count);
    for (int i = 0; i < child_count; i++)
        node->child[i] = va_arg(children, struct segment_node *);
    va_end(children);

    return child_count > 0 ? segment_node_measure(parse, node) : node;
}

/* Arrays in the arena double when their count is a power of two. */
static struct segment_node **grow(struct parse *parse, struct segment_node **items, int count)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return items;
    struct segment_node **more =
        ARENA_ARRAY(parse->arena, struct segment_node *, count == 0 ? 1 : 2 * (size_t)count);
    if (count > 0)
        memcpy(more, items, sizeof *items * (size_t)count);
    return more;
}

struct node_list segment_list_add(struct parse *parse, struct node_list list,
                                  struct segment_node *node)
{
    list.items = grow(parse, list.items, list.count);
    list.items[list.count++] = node;
    return list;
}

struct segment_node *segment_node_of_list(struct parse *parse, enum segment_op op,
                                          struct segment_span span, struct segment_node *first,
                                          struct node_list rest)
{
    struct segment_node *node = segment_node_alloc(parse, op, span, rest.count + 1);
    node->child[0] = first;
    memcpy(node->child + 1, rest.items, sizeof *rest.items * (size_t)rest.count);
    return segment_node_measure(parse, node);
}

/* a and b and c is one node with three children, whatever the parentheses. */
struct segment_node *segment_node_chain(struct parse *parse, enum segment_op op,
                                        struct segment_node *a, struct segment_node *b)
{
    if (a->op != op) {
        struct segment_node *chain = segment_node_alloc(parse, op, a->span, 0);
        chain->child = grow(parse, NULL, 0);
        chain->child[chain->child_count++] = a;
        a = chain;
    }

    /* b may be a chain itself, out of parentheses: its parts become parts of this one. */
    struct node_list more = {&b, 1};
    if (b->op == op)
        more = (struct node_list){b->child, b->child_count};
    a->span = segment_span_join(a->span, b->span);
    for (int i = 0; i < more.count; i++) {
        a->child = grow(parse, a->child, a->child_count);
        a->child[a->child_count++] = more.items[i];
    }

    /* Only what was added can have made it deeper. Measuring all children each time
     * would cost the square of a long chain's length. */
    int depth = a->depth - 1;
    for (int i = 0; i < more.count; i++)
        depth_visit(&more.items[i], &depth);
    depth_visit(&a->child[0], &depth);
    a->depth = (uint16_t)(depth + 1);

    if (a->depth > SEGMENT_DEPTH_MAX)
        segment_parse_fail(parse, a->span, "put parts of it into segments of their own",
                           "this condition is nested too deeply: more than %d levels",
                           SEGMENT_DEPTH_MAX);
    return a;
}

/* a = b ignoring case is a text test; != its negation. */
struct segment_node *segment_node_compare(struct parse *parse, struct segment_node *a,
                                          enum segment_compare compare, struct segment_node *b,
                                          bool folded, struct segment_span end)
{
    struct segment_span span = segment_span_join(a->span, end);
    if (!folded) {
        struct segment_node *node = segment_node_new(parse, OP_COMPARE, span, 2, a, b);
        node->compare = compare;
        return node;
    }

    if (compare != COMPARE_EQ && compare != COMPARE_NE)
        segment_parse_fail(parse, span, NULL, "only = and != can ignore case");
    struct segment_node *node =
        segment_node_text_test(parse, a, compare == COMPARE_NE, TEXT_EQUALS, b, true);
    node->span = span;
    return node;
}

struct segment_node *segment_node_text_test(struct parse *parse, struct segment_node *a,
                                            bool negated, enum segment_text_test test,
                                            struct segment_node *b, bool folded)
{
    struct segment_node *node =
        segment_node_new(parse, OP_TEXT, segment_span_join(a->span, b->span), 2, a, b);
    node->text_test = test;
    node->negated = negated;
    node->folded = folded;
    return node;
}

/* ---- names ---- */

static void write_path(struct parse *parse, struct segment_node *node)
{
    struct buffer out;
    buffer_init(&out, 0);
    for (int i = 0; i < node->path.part_count; i++) {
        if (i > 0)
            buffer_char(&out, '.');
        (i > 0 ? segment_format_part : segment_format_name)(&out, node->path.parts[i]);
    }
    node->path.written = buffer_copy(&out, parse->arena);
    buffer_release(&out);
}

struct segment_node *segment_node_name(struct parse *parse, struct token first)
{
    struct segment_node *node = segment_node_alloc(parse, OP_NAME, first.span, 0);
    node->path.parts[0] = segment_token_string(parse, first);
    node->path.part_count = 1;
    write_path(parse, node);
    return node;
}

struct segment_node *segment_node_name_add(struct parse *parse, struct segment_node *path,
                                           struct token next)
{
    path->span = segment_span_join(path->span, next.span);
    if (path->path.part_count == SEGMENT_PARTS_MAX) {
        segment_parse_fail(parse, path->span, NULL, "a name has at most %d parts",
                           SEGMENT_PARTS_MAX);
        return path;
    }
    path->path.parts[path->path.part_count++] = segment_token_string(parse, next);
    write_path(parse, path);
    return path;
}

/* The parts of a name joined by dots: kinds and segments may have dots in them. */
static const char *joined(struct parse *parse, const struct segment_path *path)
{
    const char *name = path->parts[0];
    for (int i = 1; i < path->part_count; i++)
        name = arena_printf(parse->arena, "%s.%s", name, path->parts[i]);
    return name;
}

/* ---- calls ---- */

static struct segment_measure *measure_new(struct parse *parse, enum segment_aggregate aggregate,
                                           struct segment_node **written, int count)
{
    struct segment_measure *measure = ARENA_NEW(parse->arena, struct segment_measure);
    measure->aggregate = aggregate;
    measure->written = written;
    measure->written_count = count;
    return measure;
}

static struct segment_node *node_of_measure(struct parse *parse, struct segment_span span,
                                            struct segment_measure *measure)
{
    struct segment_node *node = segment_node_alloc(parse, OP_MEASURE, span, 0);
    node->measure = measure;
    return segment_node_measure(parse, node);
}

/* any, all, none, count of account.customers. NULL when the call is not of that form. */
static struct segment_node *account_call(struct parse *parse, struct text name,
                                         struct segment_span span, struct node_list arguments,
                                         struct segment_window *window, struct segment_node *filter)
{
    static const char *const quantifiers[] = {"any", "all", "none", "count"};
    int quantifier = 0;
    while (quantifier < 4 && !text_is(name, quantifiers[quantifier]))
        quantifier++;

    /* Anything but one of the words and one name that ends in `customers`
     * is no such call. */
    const struct segment_node *argument = arguments.items[0];
    if (quantifier == 4 || arguments.count != 1 || argument->op != OP_NAME ||
        argument->path.part_count < 2 ||
        strcmp(argument->path.parts[argument->path.part_count - 1], "customers") != 0)
        return NULL;

    if (window)
        segment_parse_fail(parse, window->span,
                           "put the window into the condition on those customers",
                           "an account's customers have no window");

    struct segment_node *node = segment_node_alloc(parse, OP_ACCOUNT, span, filter ? 1 : 0);
    if (filter)
        node->child[0] = filter;
    node->account = ARENA_NEW(parse->arena, struct segment_account);
    node->account->quantifier = quantifier;
    node->account->path = argument->path;
    return segment_node_measure(parse, node);
}

static struct segment_node *measure_call(struct parse *parse, int aggregate,
                                         struct segment_span span, struct node_list arguments,
                                         struct segment_window *window, struct segment_node *filter)
{
    struct segment_measure *measure =
        measure_new(parse, aggregate, arguments.items, arguments.count);

    /* The number of nth is its last argument, and no value of facts. */
    if (aggregate == AGGREGATE_NTH) {
        const struct segment_node *n = arguments.items[arguments.count - 1];
        measure->written_count--;
        if (measure->written_count == 0 || n->op != OP_LITERAL || n->type != VALUE_INT ||
            n->literal.integer == 0)
            segment_parse_fail(
                parse, n->span, "1 is the first, 2 the second, -1 the last",
                "nth needs a value and a whole number other than 0: nth(order.time, 2)");
        else
            measure->nth = n->literal.integer;
    }

    if (measure->written_count > SEGMENT_KINDS_MAX)
        segment_parse_fail(parse, span, NULL, "a measure reads at most %d kinds",
                           SEGMENT_KINDS_MAX);

    if (window)
        measure->window = *window;
    measure->filter = filter;
    return node_of_measure(parse, span, measure);
}

static struct segment_node *function_call(struct parse *parse, struct token name,
                                          const struct function_word *word,
                                          struct segment_span span, struct node_list arguments)
{
    if (arguments.count < word->least || arguments.count > word->most) {
        if (word->least == word->most)
            segment_parse_fail(parse, span, NULL, "%s(…) takes %d value%s, here are %d", word->name,
                               word->least, word->least == 1 ? "" : "s", arguments.count);
        else
            segment_parse_fail(parse, span, NULL, "%s(…) takes %d to %d values, here are %d",
                               word->name, word->least, word->most, arguments.count);
    }

    struct segment_node *node = segment_node_alloc(parse, OP_FUNCTION, span, arguments.count);
    memcpy(node->child, arguments.items, sizeof *node->child * (size_t)arguments.count);
    node->function = word->function;
    return segment_node_measure(parse, node);
}

static void unknown_call(struct parse *parse, struct token name)
{
    size_t count;
    const char *const *names = segment_call_names(parse->arena, &count);
    const char *word = segment_token_string(parse, name);
    bool is_all = strcmp(word, "all") == 0;
    int nearest = is_all ? -1 : text_nearest(word, names, count);

    const char *hint =
        "measures are any, none, count, sum, avg, min, max, median, distinct, first, "
        "last, nth, favourite";
    if (is_all)
        hint = "all(…) asks of every customer of an account: all(account.customers where …)";
    else if (nearest >= 0)
        hint = arena_printf(parse->arena, "did you mean “%s”?", names[nearest]);
    segment_parse_fail(parse, name.span, hint, "there is no measure or function “%s”", word);
}

struct segment_node *segment_node_call(struct parse *parse, struct token name,
                                       struct node_list arguments, struct segment_window *window,
                                       struct segment_node *filter, struct token end)
{
    struct segment_span span = segment_span_join(name.span, end.span);
    /* Accounts come first, as any, none and count are words of both. */
    struct segment_node *account = account_call(parse, name.text, span, arguments, window, filter);

    if (account)
        return account;
    int aggregate = segment_aggregate_by_name(name.text);
    if (aggregate >= 0)
        return measure_call(parse, aggregate, span, arguments, window, filter);
    const struct function_word *word = segment_function_by_name(name.text);
    bool gap = text_is(name.text, "gap");
    if (!word && !gap) {
        unknown_call(parse, name);
        return segment_node_alloc(parse, OP_LITERAL, span, 0);
    }

    if (window || filter)
        segment_parse_fail(parse, window ? window->span : filter->span,
                           "put them into a measure, such as count(order last 30 days)",
                           "%.*s(…) is a function of one value and takes no window or filter",
                           (int)name.text.length, name.text.data);

    if (word)
        return function_call(parse, name, word, span, arguments);
    if (arguments.count != 1 || arguments.items[0]->op != OP_NAME)
        segment_parse_fail(parse, span, NULL,
                           "gap takes the time of a kind of fact: gap(order.time)");
    return segment_node_new(parse, OP_GAP, span, 1, arguments.items[0]);
}

struct segment_node *segment_node_since(struct parse *parse, struct token unit, bool until,
                                        struct segment_node *of)
{
    struct segment_node *node =
        segment_node_new(parse, OP_FUNCTION, segment_span_join(unit.span, of->span), 1, of);
    node->function = until ? FUNCTION_UNTIL : FUNCTION_SINCE;
    node->unit = segment_unit_of(unit.text);
    return node;
}

/* ---- segments, records, lists ---- */

struct segment_node *segment_node_set_name(struct parse *parse, struct token name,
                                           struct token member)
{
    struct segment_node *node = segment_node_alloc(parse, OP_SEGMENT, name.span, 0);
    node->name = segment_token_string(parse, name);

    if (member.text.data) {
        node->name =
            arena_printf(parse->arena, "%s.%s", node->name, segment_token_string(parse, member));
        node->span = segment_span_join(name.span, member.span);
    }
    return node;
}

struct segment_node *segment_node_record(struct parse *parse, enum segment_record_kind kind,
                                         struct token word, struct token name, struct token member,
                                         struct segment_window *window)
{
    struct segment_node *node = segment_node_set_name(parse, name, member);
    node->op = OP_RECORD;
    node->span = segment_span_join(word.span, node->span);
    node->record = ARENA_NEW(parse->arena, struct segment_record_test);

    node->record->kind = kind;
    if (window) {
        node->record->has_window = true;
        node->record->window = *window;
        node->span = segment_span_join(node->span, window->span);
    }
    return segment_node_measure(parse, node);
}

struct segment_node *segment_node_segment(struct parse *parse, struct token in, struct token name,
                                          struct token member, struct segment_window *window)
{
    if (window)
        return segment_node_record(parse, RECORD_IN, in, name, member, window);
    struct segment_node *node = segment_node_set_name(parse, name, member);
    node->span = segment_span_join(in.span, node->span);
    return node;
}

struct segment_node *segment_node_list_test(struct parse *parse, struct token in, struct token name)
{
    struct segment_node *node =
        segment_node_alloc(parse, OP_LIST, segment_span_join(in.span, name.span), 0);
    node->name = segment_token_string(parse, name);
    return node;
}

static int count_nodes(struct segment_node *node)
{
    int total = 1;
    for (int i = 0; i < node->child_count; i++)
        total += count_nodes(node->child[i]);
    return total;
}

static struct segment_node *form_new(struct parse *parse, enum segment_form form,
                                     struct segment_span span, struct segment_node *meaning)
{
    struct segment_node *node = segment_node_new(parse, OP_FORM, span, 1, meaning);
    node->form = form;
    return node;
}

struct segment_node *segment_node_sets(struct parse *parse, struct segment_span span,
                                       struct segment_node *meaning)
{
    /* in (vip) is in vip. */
    if (meaning->op == OP_SEGMENT) {
        meaning->span = span;
        return meaning;
    }
    return form_new(parse, FORM_SETS, span, meaning);
}

struct segment_node *segment_node_except(struct parse *parse, struct segment_node *a,
                                         struct segment_node *b)
{
    struct segment_span span = segment_span_join(a->span, b->span);
    struct segment_node *out = segment_node_new(parse, OP_NOT, b->span, 1, b);
    return form_new(parse, FORM_EXCEPT, span, segment_node_new(parse, OP_AND, span, 2, a, out));
}

/* Both sides stand twice in the meaning, so nesting grows fast. */
struct segment_node *segment_node_symmetric(struct parse *parse, struct segment_node *a,
                                            struct segment_node *b)
{
    struct segment_span span = segment_span_join(a->span, b->span);
    if (count_nodes(a) + count_nodes(b) > FORM_NODES_MAX) {
        segment_parse_fail(parse, span, "put parts of it into segments of their own",
                           "this set expression is too large");
        return a;
    }
    struct segment_node *left = segment_node_except(parse, a, b)->child[0];
    struct segment_node *right = segment_node_except(parse, segment_node_copy(b, parse->arena),
                                                     segment_node_copy(a, parse->arena))
                                     ->child[0];

    return form_new(parse, FORM_DIFFERENCE, span,
                    segment_node_new(parse, OP_OR, span, 2, left, right));
}

/* ---- facts ---- */

struct facts *segment_facts_add(struct parse *parse, struct facts *facts, struct segment_node *kind)
{
    if (!facts) {
        facts = ARENA_NEW(parse->arena, struct facts);
        facts->span = kind->span;
    }

    facts->span = segment_span_join(facts->span, kind->span);
    if (facts->count == SEGMENT_KINDS_MAX)
        segment_parse_fail(parse, kind->span, NULL, "at most %d kinds can stand together",
                           SEGMENT_KINDS_MAX);
    else
        facts->kinds[facts->count++] = kind;
    return facts;
}

static struct segment_measure *measure_of_facts(struct parse *parse,
                                                enum segment_aggregate aggregate,
                                                const struct facts *facts, bool copy)
{
    struct segment_node **written = ARENA_ARRAY(parse->arena, struct segment_node *, facts->count);
    for (int i = 0; i < facts->count; i++)
        written[i] = segment_node_copy(facts->kinds[i], parse->arena);

    struct segment_measure *measure = measure_new(parse, aggregate, written, facts->count);
    measure->filter =
        facts->filter && copy ? segment_node_copy(facts->filter, parse->arena) : facts->filter;
    return measure;
}

static struct segment_node *any_of_facts(struct parse *parse, const struct facts *facts,
                                         struct segment_span span)
{
    return node_of_measure(parse, span, measure_of_facts(parse, AGGREGATE_ANY, facts, false));
}

struct segment_node *segment_node_first_time(struct parse *parse, struct token word,
                                             struct facts *facts, struct segment_window *window)
{
    struct segment_span span = segment_span_join(word.span, window ? window->span : facts->span);
    if (!window)
        return form_new(parse, FORM_FIRST_TIME, span, any_of_facts(parse, facts, span));

    /* With a window it is asked of the first one's time, which nobody wrote. */
    struct segment_measure *measure = measure_of_facts(parse, AGGREGATE_FIRST, facts, false);
    for (int i = 0; i < measure->written_count; i++)
        segment_node_name_add(
            parse, measure->written[i],
            (struct token){.span = measure->written[i]->span, .text = TEXT("time")});

    struct segment_node *first = node_of_measure(parse, facts->span, measure);
    return form_new(parse, FORM_FIRST_TIME, span, segment_node_in_window(parse, first, window));
}

struct segment_node *segment_node_stopped(struct parse *parse, struct token word,
                                          struct facts *facts, struct quantity quantity)
{
    struct segment_span span = segment_span_join(word.span, quantity.span);
    struct segment_measure *none = measure_of_facts(parse, AGGREGATE_NONE, facts, true);
    none->window = *segment_window_length(parse, WINDOW_LAST, quantity.span, quantity);
    struct segment_node *any = any_of_facts(parse, facts, span);
    return form_new(
        parse, FORM_STOPPED, span,
        segment_node_new(parse, OP_AND, span, 2, any, node_of_measure(parse, span, none)));
}

struct segment_node *segment_node_resumed(struct parse *parse, struct token word,
                                          struct facts *facts, struct quantity quantity,
                                          struct segment_window *window)
{
    struct segment_span span = segment_span_join(word.span, window ? window->span : quantity.span);
    struct segment_node *node = segment_node_alloc(parse, OP_RESUMED, span, 0);
    node->resumed = ARENA_NEW(parse->arena, struct segment_resumed);
    node->resumed->facts = *measure_of_facts(parse, AGGREGATE_ANY, facts, false);

    if (window)
        node->resumed->facts.window = *window;

    node->resumed->gap = segment_quantity_period(quantity);
    node->resumed->gap_count = quantity.count;
    node->resumed->gap_unit = quantity.unit;
    return segment_node_measure(parse, node);
}

struct segment_step *segment_step_new(struct parse *parse, bool negated, struct facts *kinds,
                                      struct token alias, struct segment_node *filter,
                                      struct quantity within)
{
    struct segment_step *step = ARENA_NEW(parse->arena, struct segment_step);

    step->negated = negated;
    step->alias = alias.text.data ? segment_token_string(parse, alias) : NULL;
    step->kind_count = kinds->count;

    for (int i = 0; i < kinds->count; i++)
        step->kinds[i] = joined(parse, &kinds->kinds[i]->path);
    step->filter = filter;
    step->span = filter ? segment_span_join(kinds->span, filter->span) : kinds->span;

    /* A count below 0 stands for none given. */
    if (within.count >= 0) {
        step->has_within = true;
        step->within = segment_quantity_period(within);
        step->within_count = within.count;
        step->within_unit = within.unit;
        step->span = segment_span_join(step->span, within.span);
    }
    return step;
}

struct segment_sequence *segment_sequence_add(struct parse *parse,
                                              struct segment_sequence *sequence,
                                              struct segment_step *step)
{
    if (!sequence) {
        sequence = ARENA_NEW(parse->arena, struct segment_sequence);
        sequence->steps = ARENA_ARRAY(parse->arena, struct segment_step, SEGMENT_STEPS_MAX);
        if (step->negated)
            segment_parse_fail(parse, step->span, "begin with what did happen",
                               "a sequence cannot begin with a negated step");
        if (step->has_within)
            segment_parse_fail(parse, step->span,
                               "give the sequence a window instead: sequence(…) last 7 days",
                               "the first step has nothing before it that it could be within of");
    } else if (step->negated && sequence->steps[sequence->step_count - 1].negated) {
        segment_parse_fail(parse, step->span, "name both kinds in one step: not (order, refund)",
                           "two negated steps cannot follow each other");
    }

    /* Said once; further steps are dropped, so that what follows them is still parsed. */
    if (sequence->step_count == SEGMENT_STEPS_MAX)
        segment_parse_fail(parse, step->span, NULL, "a sequence has at most %d steps",
                           SEGMENT_STEPS_MAX);
    else
        sequence->steps[sequence->step_count++] = *step;
    return sequence;
}

struct segment_node *segment_node_sequence(struct parse *parse, struct token word,
                                           struct segment_sequence *sequence,
                                           struct segment_window *window, struct token end)
{
    struct segment_node *node =
        segment_node_alloc(parse, OP_SEQUENCE, segment_span_join(word.span, end.span), 0);
    if (window) {
        sequence->window = *window;
        node->span = segment_span_join(node->span, window->span);
    }
    node->sequence = sequence;
    return segment_node_measure(parse, node);
}
