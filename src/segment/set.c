/*
 * Sets of definitions: sources and what is already saved become one checked set.
 *
 * Saved definitions come in through their canonical text, like everything else: one grammar, one
 * checker, and a set that owns all it points at. A definition in the sources takes the place of a
 * saved one of its name. Then every condition is checked, and the segments are put in an order in
 * which each comes after those it reads.
 */
#include "segment/language.h"

#include <stdio.h>
#include <string.h>

struct build {
    struct segment_set *set;
    struct problems problems;
    statement_vector statements;
    struct check check;
};

static const struct source *source_new(struct build *build, const char *file, struct text text)
{
    struct arena *arena = &build->set->arena;
    struct source *source = ARENA_NEW(arena, struct source);
    source->file = arena_strdup(arena, file);
    source->text =
        (struct text){arena_strndup(arena, text.data ? text.data : "", text.length), text.length};
    return source;
}

/* Where text stops being UTF-8. */
static size_t valid_length(struct text text)
{
    size_t low = 0;
    for (size_t at = 0; at < text.length;) {
        size_t end = at + 1;
        while (end < text.length && ((unsigned char)text.data[end] & 0xC0) == 0x80)
            end++;
        if (!text_valid_utf8((struct text){text.data + at, end - at}))
            return at;
        low = at = end;
    }
    return low;
}

static bool readable(struct build *build, const struct source *source)
{
    if (source->text.length > SEGMENT_SOURCE_MAX) {
        struct source empty = {source->file, {"", 0}};
        segment_problem_add(&build->problems, &empty, (struct segment_span){0, 0}, false,
                            "the file is larger than %d MiB", SEGMENT_SOURCE_MAX_MIB);
        return false;
    }

    if (!text_valid_utf8(source->text)) {
        uint32_t at = (uint32_t)valid_length(source->text);
        error_hint(segment_problem_add(&build->problems, source, (struct segment_span){at, at},
                                       false, "the text is not valid UTF-8 from here"),
                   "save the file as UTF-8");
        return false;
    }
    return true;
}

static void parse_known(struct build *build, const struct segment_set *known)
{
    struct buffer text;
    buffer_init(&text, 0);

    for (int i = 0; i < known->list_count; i++) {
        buffer_string(&text, "list ");
        segment_format_name(&text, known->lists[i]);
        buffer_string(&text, " from ");
        segment_format_string(&text, text_from(known->list_files[i]));
        buffer_char(&text, '\n');
    }

    /* A scheme is written with its first member, and so once. */
    for (int i = 0; i < known->segment_count; i++) {
        int scheme = known->segments[i].scheme;
        if (scheme < 0)
            segment_format_definition(known, i, &text);
        else if (known->schemes[scheme].first_member == i)
            segment_format_scheme(known, scheme, &text);
        buffer_char(&text, '\n');
    }

    const struct source *source =
        source_new(build, SEGMENT_SAVED_FILE, (struct text){text.data, text.length});
    buffer_release(&text);
    segment_parse_source(source, &build->set->arena, &build->problems, &build->statements);
    for (size_t i = 0; i < build->statements.count; i++)
        build->statements.items[i].from_known = true;
}

/* ---- merging ---- */

static bool same_space(const struct statement *a, const struct statement *b)
{
    return (a->kind == STATEMENT_LIST) == (b->kind == STATEMENT_LIST);
}

/* Statements by name, in order; a later one takes the place of a saved one. */
static void merge(struct build *build)
{
    struct text_map places;
    text_map_init(&places);
    size_t kept = 0;
    for (size_t i = 0; i < build->statements.count; i++) {
        struct statement statement = build->statements.items[i];
        bool is_new;
        /* Lists have names of their own: a segment may be called like one. */
        char key[SEGMENT_NAME_MAX + 2];
        snprintf(key, sizeof key, "%c%s", statement.kind == STATEMENT_LIST ? 'l' : 's',
                 statement.name);
        uint64_t place = text_map_put(&places, text_from(key), kept, &is_new);
        if (is_new) {
            build->statements.items[kept++] = statement;
            continue;
        }

        /* Of a saved one the later takes the place; of two that are written
         * one is a mistake. */
        struct statement *other = &build->statements.items[place];

        ENSURE(same_space(other, &statement));
        if (!other->from_known)
            error_hint(segment_problem_add(&build->problems, statement.source, statement.name_span,
                                           false, "“%s” is defined twice", statement.name),
                       "the first is in %s", other->source->file);
        else
            *other = statement;
    }

    build->statements.count = kept;
    text_map_release(&places);
}

/* ---- from statements to the set ---- */

static void count_definitions(struct build *build)
{
    struct segment_set *set = build->set;
    int lists = 0, schemes = 0, segments = 0;
    for (size_t i = 0; i < build->statements.count; i++) {
        const struct statement *statement = &build->statements.items[i];
        lists += statement->kind == STATEMENT_LIST;
        schemes += statement->kind == STATEMENT_SCHEME;

        segments += statement->kind == STATEMENT_SCHEME ? statement->member_count
                                                        : statement->kind != STATEMENT_LIST;
    }

    set->segments = ARENA_ARRAY(&set->arena, struct segment_definition, segments + 1);
    set->schemes = ARENA_ARRAY(&set->arena, struct segment_scheme, schemes + 1);
    set->lists = ARENA_ARRAY(&set->arena, const char *, lists + 1);
    set->list_files = ARENA_ARRAY(&set->arena, const char *, lists + 1);
    set->list_sources = ARENA_ARRAY(&set->arena, const char *, lists + 1);
}

static struct segment_definition *add_segment(struct segment_set *set,
                                              const struct statement *statement)
{
    struct segment_definition *segment = &set->segments[set->segment_count++];
    *segment = (struct segment_definition){.name = statement->name,
                                           .title = statement->title,
                                           .condition = statement->condition,
                                           .scheme = -1,
                                           .file = statement->source->file,
                                           .span = statement->name_span};
    return segment;
}

static void add_scheme(struct segment_set *set, const struct statement *statement)
{
    struct segment_scheme *scheme = &set->schemes[set->scheme_count];
    *scheme = (struct segment_scheme){statement->name, statement->title, statement->exclusive,
                                      set->segment_count, statement->member_count};

    for (int i = 0; i < statement->member_count; i++) {
        const struct member *member = &statement->members[i];
        struct segment_definition *segment = add_segment(set, statement);
        segment->name = arena_printf(&set->arena, "%s.%s", statement->name, member->name);
        segment->title = member->title;
        segment->condition = member->condition;
        segment->span = member->name_span;
        segment->scheme = set->scheme_count;
        segment->is_else = member->is_else;
    }

    set->scheme_count++;
}

static void fill_set(struct build *build)
{
    struct segment_set *set = build->set;
    /* Counted first, since what is handed out by address must not move. */
    count_definitions(build);

    for (size_t i = 0; i < build->statements.count; i++) {
        const struct statement *statement = &build->statements.items[i];
        if (statement->kind == STATEMENT_SCHEME) {
            add_scheme(set, statement);
        } else if (statement->kind == STATEMENT_LIST) {
            set->lists[set->list_count] = statement->name;
            set->list_sources[set->list_count] = statement->source->file;
            set->list_files[set->list_count++] = statement->path;
        } else {
            add_segment(set, statement);
        }
    }

    for (int i = 0; i < set->segment_count; i++)
        text_map_put(&set->segment_index, text_from(set->segments[i].name), (uint64_t)i, NULL);
    for (int i = 0; i < set->scheme_count; i++)
        text_map_put(&set->scheme_index, text_from(set->schemes[i].name), (uint64_t)i, NULL);
}

static const char *canonical(struct segment_set *set, const struct segment_definition *segment)
{
    if (!segment->condition)
        return "else";
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_node(segment->condition, &text);
    const char *copy = buffer_copy(&text, &set->arena);
    buffer_release(&text);
    return copy;
}

static void check_all(struct build *build)
{
    /* In the order in which fill_set made segments of statements. */
    struct scope scope = {0};
    int at = 0;
    for (size_t i = 0; i < build->statements.count; i++) {
        const struct statement *statement = &build->statements.items[i];
        int members = statement->kind == STATEMENT_SCHEME ? statement->member_count
                                                          : statement->kind != STATEMENT_LIST;

        build->check.source = statement->source;
        build->check.saved = statement->from_known;
        for (int m = 0; m < members; m++, at++) {
            struct segment_definition *segment = &build->set->segments[at];
            segment->text = canonical(build->set, segment);
            if (segment->condition)
                segment_check_condition(&build->check, &scope, &segment->condition);
        }
    }
}

/* ---- who reads whom, and in which order ---- */

struct uses {
    VECTOR(int) list;
    const struct segment_set *set;
};

static void add_use(struct uses *uses, int segment)
{
    for (size_t i = 0; i < uses->list.count; i++)
        if (uses->list.items[i] == segment)
            return;
    VECTOR_PUSH(&uses->list, segment);
}

static void find_uses(struct segment_node **node, void *data)
{
    struct uses *uses = data;
    if ((*node)->op == OP_SEGMENT && (*node)->index >= 0)
        add_use(uses, (*node)->index);
    if ((*node)->op == OP_SCHEME && (*node)->index >= 0) {
        const struct segment_scheme *scheme = &uses->set->schemes[(*node)->index];
        for (int i = 0; i < scheme->member_count; i++)
            add_use(uses, scheme->first_member + i);
    }
    segment_node_each(*node, find_uses, data);
}

static void fill_uses(struct segment_set *set)
{
    for (int i = 0; i < set->segment_count; i++) {
        struct segment_definition *segment = &set->segments[i];
        struct uses uses = {.set = set};
        if (segment->condition)
            find_uses(&segment->condition, &uses);

        int *copy = ARENA_ARRAY(&set->arena, int, uses.list.count + 1);
        if (uses.list.count > 0)
            memcpy(copy, uses.list.items, uses.list.count * sizeof *copy);
        segment->uses = copy;
        segment->use_count = (int)uses.list.count;
        VECTOR_RELEASE(&uses.list);
    }
}

/* Depth-first with a stack of its own: chains of segments may be long. */
struct visit {
    int segment;
    int next; /* which of its needs comes next */
};

/* What segment needs first: those it uses, then the member of its scheme before it (else members:
 * all of them, by the chain, or one by one where the scheme is overlapping). −1 past the last. */
static int need(const struct segment_set *set, int segment, int n)
{
    const struct segment_definition *definition = &set->segments[segment];
    if (n < definition->use_count)
        return definition->uses[n];

    n -= definition->use_count;
    if (definition->scheme < 0)
        return -1;

    const struct segment_scheme *scheme = &set->schemes[definition->scheme];
    if (scheme->exclusive || definition->is_else)
        return n < segment - scheme->first_member ? scheme->first_member + n : -1;
    return -1;
}

static const struct source *source_of(const struct build *build, int segment)
{
    const char *file = build->set->segments[segment].file;
    for (size_t i = 0; i < build->statements.count; i++)
        if (build->statements.items[i].source->file == file)
            return build->statements.items[i].source;
    return NULL;
}

static void report_cycle(struct build *build, const struct visit *stack, size_t depth, int again)
{
    const struct segment_set *set = build->set;
    size_t from = 0;
    while (stack[from].segment != again)
        from++;

    struct buffer names;
    buffer_init(&names, ERROR_MESSAGE_MAX);
    for (size_t i = from; i < depth; i++)
        buffer_printf(&names, "%s uses ", set->segments[stack[i].segment].name);
    buffer_string(&names, set->segments[again].name);

    error_hint(segment_problem_add(&build->problems, source_of(build, again),
                                   set->segments[again].span, false,
                                   "these segments go in a circle: %s", names.data),
               "take one of them out of the circle");
    buffer_release(&names);
}

static void put_in_order(struct build *build)
{
    struct segment_set *set = build->set;
    enum { UNSEEN, OPEN, DONE };
    unsigned char *state = base_calloc((size_t)set->segment_count + 1, 1);
    struct visit *stack = base_malloc(((size_t)set->segment_count + 1) * sizeof *stack);

    set->order = ARENA_ARRAY(&set->arena, int, set->segment_count + 1);
    int ordered = 0;

    /* Depth-first. Who is still open and needed again closes a circle; it is said,
     * and passed over. */
    for (int first = 0; first < set->segment_count; first++) {
        if (state[first] != UNSEEN)
            continue;
        size_t depth = 0;
        stack[depth++] = (struct visit){first, 0};
        state[first] = OPEN;
        while (depth > 0) {
            struct visit *top = &stack[depth - 1];
            int needed = need(set, top->segment, top->next++);
            if (needed < 0) {
                state[top->segment] = DONE;
                set->order[ordered++] = top->segment;
                depth--;
            } else if (state[needed] == UNSEEN) {
                state[needed] = OPEN;
                stack[depth++] = (struct visit){needed, 0};
            } else if (state[needed] == OPEN) {
                report_cycle(build, stack, depth, needed);
            }
        }
    }

    free(stack);
    free(state);
}

/* How deep the conditions are with all they use written out. The evaluator follows segments down to
 * those that use none, so what is too deep is an error here, at the first one that is. */
static void check_levels(struct build *build)
{
    const struct segment_set *set = build->set;
    int *levels = base_calloc((size_t)set->segment_count + 1, sizeof *levels);
    int *deepest = base_calloc((size_t)set->scheme_count + 1,
                               sizeof *deepest); /* of the members so far, by scheme */

    for (int i = 0; i < set->segment_count; i++) {
        int at = set->order[i], scheme = set->segments[at].scheme;
        const struct segment_definition *segment = &set->segments[at];

        int below = 0, earlier = scheme >= 0 ? deepest[scheme] : 0;
        for (int u = 0; u < segment->use_count; u++)
            below = levels[segment->uses[u]] > below ? levels[segment->uses[u]] : below;

        below += segment->condition ? segment->condition->depth : 1;
        if (scheme >= 0 && below > earlier)
            deepest[scheme] = below; /* members stand beside each other, however many they are */
        levels[at] = below > earlier ? below : earlier + 1;
        if (levels[at] <= SEGMENT_LEVELS_MAX)
            continue;
        error_hint(
            segment_problem_add(
                &build->problems, source_of(build, at), segment->span, false,
                "“%s” stands on a chain of other segments that is more than %d levels deep",
                segment->name, SEGMENT_LEVELS_MAX),
            "make the chain shorter: let segments repeat conditions instead of naming each other");
        break;
    }

    free(levels);
    free(deepest);
}

/* ---- building ---- */

static enum status hand_out(struct build *build, struct segment_problems *problems,
                            struct error *error)
{
    const struct segment_problem *items = build->problems.list.items;
    size_t count = build->problems.list.count;

    if (problems) {
        problems->count = count;
        problems->errors = build->problems.errors;
        problems->items = ARENA_ARRAY(build->problems.arena, struct segment_problem, count + 1);
        for (size_t i = 0; i < count; i++) {
            problems->items[i] = items[i];
            problems->items[i].file = arena_strdup(build->problems.arena, items[i].file);
        }
    }
    /* Warnings stay among the problems; the first error is what the caller gets. */
    for (size_t i = 0; i < count; i++)
        if (!items[i].is_warning) {
            if (error)
                *error = items[i].error;
            return STATUS_ERROR;
        }
    return STATUS_OK;
}

static enum status finish(struct build *build, const struct schema *schema,
                          struct segment_problems *problems, struct segment_set **out,
                          struct error *error)
{
    struct segment_set *set = build->set;

    *out = NULL;
    enum status status =
        zone_open(schema && schema->zone ? schema->zone : "UTC", &build->check.zone, error);

    /* Whatever is wrong is collected over the whole set, so that all of it can be said
     * at once. How deep chains go can only be told when there are no circles. */
    if (status == STATUS_OK) {
        merge(build);
        fill_set(build);
        build->check.schema = schema;
        build->check.set = set;
        build->check.problems = &build->problems;
        build->check.arena = &set->arena;
        build->check.list_names = set->lists;
        build->check.list_count = set->list_count;
        check_all(build);
        fill_uses(set);
        put_in_order(build);
        if (build->problems.errors == 0)
            check_levels(build);
        status = hand_out(build, problems, error);
    }

    zone_close(build->check.zone);
    VECTOR_RELEASE(&build->statements);
    VECTOR_RELEASE(&build->problems.list);
    if (status != STATUS_OK) {
        segment_set_free(set);
        return status;
    }

    set->checked = true;
    *out = set;
    return STATUS_OK;
}

static void begin(struct build *build, struct arena *arena, const struct segment_set *known)
{
    *build = (struct build){.set = base_calloc(1, sizeof *build->set)};
    arena_init(&build->set->arena, 0);
    text_map_init(&build->set->segment_index);
    text_map_init(&build->set->scheme_index);

    build->problems.arena = arena;

    if (known)
        parse_known(build, known);
}

enum status segment_set_build(const struct segment_source *sources, size_t source_count,
                              const struct schema *schema, const struct segment_set *known,
                              struct arena *arena, struct segment_problems *problems,
                              struct segment_set **out, struct error *error)
{
    struct build build;
    begin(&build, arena, known);

    for (size_t i = 0; i < source_count; i++) {
        const struct source *source = source_new(&build, sources[i].file, sources[i].text);
        if (readable(&build, source))
            segment_parse_source(source, &build.set->arena, &build.problems, &build.statements);
    }

    return finish(&build, schema, problems, out, error);
}

static bool is_json(struct text condition)
{
    struct text inner = text_trim(condition);
    return inner.length && inner.data[0] == '{';
}

enum status segment_condition_build(struct text condition, const struct schema *schema,
                                    const struct segment_set *known, struct arena *arena,
                                    struct segment_problems *problems, struct segment_set **out,
                                    struct error *error)
{
    struct build build;
    struct buffer text;
    buffer_init(&text, 0);

    if (is_json(condition)) {
        enum status status = segment_read_json_condition(condition, &text, error);
        condition = (struct text){text.data, text.length};
        if (status != STATUS_OK) {
            buffer_release(&text);
            return status;
        }
    }

    begin(&build, arena, known);
    const struct source *source = source_new(&build, "condition", condition);
    buffer_release(&text);
    struct statement statement = {0};
    if (readable(&build, source) &&
        segment_parse_condition(source, &build.set->arena, &build.problems, &statement)) {
        /* A name that no definition can have. */
        statement.name = "?";
        VECTOR_PUSH(&build.statements, statement);
    }

    return finish(&build, schema, problems, out, error);
}

void segment_set_free(struct segment_set *set)
{
    if (!set)
        return;
    arena_release(&set->arena);
    text_map_release(&set->segment_index);
    text_map_release(&set->scheme_index);
    free(set);
}

static int find(const struct text_map *index, const char *name)
{
    const struct text_map_entry *entry = text_map_find(index, text_from(name));
    return entry ? (int)entry->value : -1;
}

int segment_set_find(const struct segment_set *set, const char *name)
{
    return find(&set->segment_index, name);
}

int segment_set_find_scheme(const struct segment_set *set, const char *name)
{
    return find(&set->scheme_index, name);
}

/* ---- messages of the checker ---- */

struct error *segment_check_error(struct check *check, struct segment_span span, const char *format,
                                  ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(check->arena, format, arguments);
    va_end(arguments);
    return segment_problem_add(check->problems, check->source, span, false, "%s", message);
}

struct error *segment_check_warning(struct check *check, struct segment_span span,
                                    const char *format, ...)
{
    if (check->saved)
        return &check->unsaid;
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(check->arena, format, arguments);
    va_end(arguments);
    return segment_problem_add(check->problems, check->source, span, true, "%s", message);
}

const char *segment_node_words(struct check *check, const struct segment_node *node)
{
    enum { WORDS_MAX = 120 };
    struct buffer text;
    buffer_init(&text, 0);
    segment_format_node(node, &text);

    size_t length = text.length;
    /* Cut between two characters, not within one. */
    if (length > WORDS_MAX) {
        length = WORDS_MAX - 3;
        while (length > 0 && ((unsigned char)text.data[length] & 0xC0) == 0x80)
            length--;
        text.length = length;
        text.data[length] = '\0';
        buffer_string(&text, "…");
    }

    const char *copy = buffer_copy(&text, check->arena);
    buffer_release(&text);
    return copy;
}
