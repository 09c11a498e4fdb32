/*
 * The layout of definitions: a clause a line, `and` and `or` aligned under `where`, the members of
 * a scheme in columns, one blank line between definitions. Comments keep their place: on their own
 * line before the clause or definition they stood before, or behind the clause they stood behind.
 */
#include "segment/language.h"

#include <string.h>

struct layout {
    const struct source *source; /* NULL: no comments */
    const struct comment *comments;
    size_t count, next;
    struct buffer *out;
};

static void indent(struct buffer *out, int columns)
{
    for (int i = 0; i < columns; i++)
        buffer_char(out, ' ');
}

/* The comment without trailing blanks. */
static void put_comment(struct layout *layout, const struct comment *comment)
{
    const char *begin = layout->source->text.data + comment->span.begin,
               *end = layout->source->text.data + comment->span.end;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    buffer_add(layout->out, begin, (size_t)(end - begin));
}

/* Comments that begin before `end`, each on its line. */
static void comments_before(struct layout *layout, uint32_t end, int columns)
{
    for (; layout->next < layout->count && layout->comments[layout->next].span.begin < end;
         layout->next++) {
        indent(layout->out, columns);
        put_comment(layout, &layout->comments[layout->next]);
        buffer_char(layout->out, '\n');
    }
}

/* The comment that stands behind a clause which ends at `from`, if it does so before `to`. */
static void comment_behind(struct layout *layout, uint32_t to)
{
    if (layout->next >= layout->count)
        return;
    const struct comment *comment = &layout->comments[layout->next];
    if (!comment->trailing || comment->span.begin >= to)
        return;
    buffer_string(layout->out, "  ");
    put_comment(layout, comment);
    layout->next++;
}

static const struct segment_node *unwrapped(const struct segment_node *node)
{
    while (node->implicit)
        node = node->child[0];
    return node;
}

/* A clause of a chain; the formatter knows its parentheses, so it is asked for a chain of one. */
static void put_clause(struct layout *layout, const struct segment_node *chain, int i)
{
    struct segment_node one = *chain;
    struct segment_node *child = chain->child[i];
    one.child = &child;
    one.child_count = 1;
    segment_format_node(&one, layout->out);
}

/* "where a\n  and b\n  and c": the cursor stands where `where` goes, in column `column`. next:
 * where what follows begins. */
static void put_condition(struct layout *layout, const struct segment_node *condition, int column,
                          uint32_t next)
{
    const struct segment_node *node = unwrapped(condition);
    bool chain = node->op == OP_AND || node->op == OP_OR;

    buffer_string(layout->out, "where ");
    if (!chain) {
        segment_format_node(node, layout->out);
        comment_behind(layout, next);
        buffer_char(layout->out, '\n');
        return;
    }

    /* Each clause on a line of its own, `and` and `or` ending in one column
     * under `where`. */
    for (int i = 0; i < node->child_count; i++) {
        if (i > 0) {
            comments_before(layout, node->child[i]->span.end, column + 2);
            indent(layout->out, column + (node->op == OP_AND ? 2 : 3));
            buffer_string(layout->out, node->op == OP_AND ? "and " : "or ");
        }
        put_clause(layout, node, i);
        comment_behind(layout, i + 1 < node->child_count ? node->child[i + 1]->span.begin : next);
        buffer_char(layout->out, '\n');
    }
}

static uint32_t first_clause_end(const struct segment_node *condition)
{
    const struct segment_node *node = unwrapped(condition);
    return node->op == OP_AND || node->op == OP_OR ? node->child[0]->span.end : node->span.end;
}

static void put_title(struct buffer *out, const char *title)
{
    if (!title)
        return;
    buffer_string(out, " \"");
    for (const char *c = title; *c; c++) {
        if (*c == '"')
            buffer_char(out, '"');
        buffer_char(out, *c);
    }
    buffer_char(out, '"');
}

static void put_segment(struct layout *layout, const struct statement *statement, uint32_t next)
{
    buffer_string(layout->out, "segment ");
    segment_format_name(layout->out, statement->name);
    put_title(layout->out, statement->title);
    buffer_char(layout->out, '\n');
    comments_before(layout, first_clause_end(statement->condition), 2);
    indent(layout->out, 2);
    put_condition(layout, statement->condition, 2, next);
}

/* ---- schemes ---- */

static void member_head(const struct member *member, struct buffer *head)
{
    buffer_reset(head);
    segment_format_name(head, member->name);
    put_title(head, member->title);
}

static int text_columns(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xC0) != 0x80;
    return columns;
}

enum { MEMBER_COLUMNS_MAX = 40 };

static void put_member(struct layout *layout, const struct member *member, int width,
                       struct buffer *head, uint32_t next)
{
    comments_before(
        layout, member->condition ? first_clause_end(member->condition) : member->name_span.end, 2);
    indent(layout->out, 2);
    if (member->is_else) {
        buffer_string(layout->out, "else ");
        member_head(member, head);
        buffer_text(layout->out, (struct text){head->data, head->length});
        comment_behind(layout, next);
        buffer_char(layout->out, '\n');
        return;
    }
    member_head(member, head);

    buffer_text(layout->out, (struct text){head->data, head->length});
    /* Members align on the widest name that is not too wide; a wider one moves its
     * own line only. */
    int columns = text_columns(head->data), at = columns > width ? columns : width;
    indent(layout->out, at - columns + 1);
    put_condition(layout, member->condition, 2 + at + 1, next);
}

static void put_scheme(struct layout *layout, const struct statement *statement, uint32_t next)
{
    struct buffer head;
    buffer_init(&head, 0);

    int width = 0;
    for (int i = 0; i < statement->member_count; i++) {
        member_head(&statement->members[i], &head);
        int columns = text_columns(head.data);
        if (!statement->members[i].is_else && columns > width && columns <= MEMBER_COLUMNS_MAX)
            width = columns;
    }

    /* Heads are formatted twice, once to be measured: schemes are short. */
    buffer_string(layout->out, "scheme ");
    segment_format_name(layout->out, statement->name);
    put_title(layout->out, statement->title);
    buffer_string(layout->out, statement->exclusive ? " exclusive\n" : " overlapping\n");
    for (int i = 0; i < statement->member_count; i++) {
        bool last = i + 1 == statement->member_count;
        put_member(layout, &statement->members[i], width, &head,
                   last ? next : statement->members[i + 1].name_span.begin);
    }
    buffer_release(&head);
}

static void put_list(struct layout *layout, const struct statement *statement, uint32_t next)
{
    comments_before(layout, statement->span.end, 0);
    buffer_string(layout->out, "list ");
    segment_format_name(layout->out, statement->name);
    buffer_string(layout->out, " from ");
    segment_format_string(layout->out, text_from(statement->path));
    comment_behind(layout, next);
    buffer_char(layout->out, '\n');
}

static void put_statement(struct layout *layout, const struct statement *statement, uint32_t next)
{
    switch (statement->kind) {
    case STATEMENT_SEGMENT: put_segment(layout, statement, next); break;
    case STATEMENT_SCHEME: put_scheme(layout, statement, next); break;
    case STATEMENT_LIST: put_list(layout, statement, next); break;
    case STATEMENT_CONDITION: break;
    }
}

/* ---- whole sources ---- */

static bool blank_line_between(const struct source *source, uint32_t from, uint32_t to)
{
    int lines = 0;
    for (uint32_t i = from; i < to; i++)
        lines += source->text.data[i] == '\n';
    return lines > 1;
}

/* Comments between definitions keep the blank lines that part them. */
static void comments_between(struct layout *layout, uint32_t end)
{
    while (layout->next < layout->count && layout->comments[layout->next].span.begin < end) {
        const struct comment *comment = &layout->comments[layout->next++];

        put_comment(layout, comment);
        buffer_char(layout->out, '\n');

        bool more = layout->next < layout->count && layout->comments[layout->next].span.begin < end;
        uint32_t next = more ? layout->comments[layout->next].span.begin : end;
        /* The end of the text has no blank line in front. */
        bool last = !more && end == layout->source->text.length + 1;
        if (!last && blank_line_between(layout->source, comment->span.end, next))
            buffer_char(layout->out, '\n');
    }
}

enum status segment_format(struct text source_text, const char *file, struct buffer *out,
                           struct error *error)
{
    struct arena arena;
    arena_init(&arena, 0);

    /* The lexer wants a NUL behind the text. */
    struct source source = {
        file, {arena_strndup(&arena, source_text.data, source_text.length), source_text.length}};
    struct problems problems = {.arena = &arena};
    statement_vector statements = {0};
    struct tokens tokens = {0};
    enum status status = STATUS_OK;
    if (source_text.length > SEGMENT_SOURCE_MAX || !text_valid_utf8(source_text)) {
        status = error_set(error, STATUS_ERROR, "this is no text in UTF-8 of at most %d MiB",
                           SEGMENT_SOURCE_MAX_MIB);
        error_place(error, "%s", file);
    } else {
        segment_parse_source(&source, &arena, &problems, &statements);
    }

    if (problems.errors > 0) {
        if (error)
            *error = problems.list.items[0].error;
        status = STATUS_ERROR;
    }

    if (status == STATUS_OK) {
        /* The comments: the parser keeps none, so the text is divided into
         * words once more. */
        segment_lex(&source, &arena, &problems, &tokens);
        struct layout layout = {&source, tokens.comments.items, tokens.comments.count, 0, out};
        uint32_t end = (uint32_t)source_text.length + 1;

        for (size_t i = 0; i < statements.count; i++) {
            if (i > 0)
                buffer_char(out, '\n');
            comments_between(&layout, statements.items[i].span.begin);
            put_statement(&layout, &statements.items[i],
                          i + 1 < statements.count ? statements.items[i + 1].span.begin : end);
        }
        if (statements.count > 0 && layout.next < layout.count)
            buffer_char(out, '\n');
        comments_between(&layout, end);
    }

    segment_tokens_release(&tokens);
    VECTOR_RELEASE(&statements);
    VECTOR_RELEASE(&problems.list);
    arena_release(&arena);
    return status;
}

void segment_format_definition(const struct segment_set *set, int segment, struct buffer *out)
{
    const struct segment_definition *definition = &set->segments[segment];
    ENSURE(definition->scheme < 0);
    struct statement statement = {.kind = STATEMENT_SEGMENT,
                                  .name = definition->name,
                                  .title = definition->title,
                                  .condition = definition->condition};

    struct layout layout = {.out = out};
    put_statement(&layout, &statement, 0);
}

void segment_format_scheme(const struct segment_set *set, int scheme, struct buffer *out)
{
    const struct segment_scheme *from = &set->schemes[scheme];
    struct arena arena;
    arena_init(&arena, 0);
    struct statement statement = {.kind = STATEMENT_SCHEME,
                                  .name = from->name,
                                  .title = from->title,
                                  .exclusive = from->exclusive,
                                  .member_count = from->member_count};

    /* Put together again as the parser had it, so that one function prints both. */
    statement.members = ARENA_ARRAY(&arena, struct member, from->member_count);
    for (int i = 0; i < from->member_count; i++) {
        const struct segment_definition *member = &set->segments[from->first_member + i];
        statement.members[i] = (struct member){.name = member->name + strlen(from->name) + 1,
                                               .title = member->title,
                                               .condition = member->condition,
                                               .is_else = member->is_else};
    }

    struct layout layout = {.out = out};
    put_statement(&layout, &statement, 0);
    arena_release(&arena);
}
