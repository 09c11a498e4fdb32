/*
 * What the front end of the segment language shares among its files; nobody else includes this.
 *
 * Text becomes tokens (lexer.re), tokens become statements with trees (grammar.y, actions in
 * node.c), statements become a set (set.c), and the checker (check*.c) gives every name its meaning
 * and every node its type, in place. The formatter (format.c) understands trees before and after
 * checking and prints the same for both.
 */
#ifndef STRATA_SEGMENT_LANGUAGE_H
#define STRATA_SEGMENT_LANGUAGE_H

#include "base/vector.h"
#include "segment/segment.h"

enum { NODES_MAX = 1000000, STATEMENTS_MAX = 100000, PROBLEMS_MAX = 1000, FORM_NODES_MAX = 4096 };

/* ---- problems ---- */

struct source {
    const char *file;
    struct text text;
};

struct problems {
    struct arena *arena;
    VECTOR(struct segment_problem) list;
    size_t errors;
};

/* Records an error (warning) at span of source; later problems past PROBLEMS_MAX are only counted.
 * The hint may be added to the error returned, which is never NULL and good until the next problem.
 */
struct error *segment_problem_add(struct problems *problems, const struct source *source,
                                  struct segment_span span, bool is_warning, const char *format,
                                  ...) PRINTF_LIKE(5, 6);
/* Adds ", did you mean …" as a hint when a candidate is near; false when none is. */
bool segment_problem_suggest(struct error *error, const char *word, const char *const *candidates,
                             size_t count);

/* ---- tokens ---- */

struct token {
    struct segment_span span;
    /* names and strings without their quotes, in the parse's arena; else as written */
    struct text text;
    int kind;    /* TOKEN_… of grammar.h */
    bool quoted; /* a name in backquotes */
};
struct comment {
    struct segment_span span; /* from the -- up to the end of the line */
    bool trailing;            /* something stands before it on its line */
};
typedef VECTOR(struct token)
    token_vector; /* anonymous types of equal shape are different types in C */
struct tokens {
    token_vector list;
    VECTOR(struct comment) comments;
};
/* Splits source into tokens; what is no token is a problem and becomes TOKEN_ILLEGAL. Text that is
 * copied goes to arena. */
void segment_lex(const struct source *source, struct arena *arena, struct problems *problems,
                 struct tokens *out);
void segment_tokens_release(struct tokens *tokens);
/* The token kind of a word, or 0 when it is not a word of the language. */
int segment_keyword_kind(struct text word);
/* What messages call a token: "“where”", "a number". */
const char *segment_token_label(int kind);
/* Words of the language, for suggestions. */
const char *const *segment_keyword_names(struct arena *arena, size_t *count);
/* "and", "or" or "not" when the word is that in another language; else NULL. */
const char *segment_word_meant(struct text word);
/* What to write instead of an amount with a sign of currency (€100, 100€), or of the sign alone;
 * NULL when word is neither. In arena. */
const char *segment_amount_meant(struct text word, struct arena *arena);
/* A word that is a name only in backquotes. */
bool segment_is_reserved(struct text word);

/* ---- statements ---- */

struct member {
    const char *name, *title;
    struct segment_span name_span;
    struct segment_node *condition; /* NULL: the else member */
    bool is_else;
};
enum statement_kind { STATEMENT_SEGMENT, STATEMENT_SCHEME, STATEMENT_LIST, STATEMENT_CONDITION };
struct statement {
    enum statement_kind kind;
    const struct source *source;
    struct segment_span span; /* first to last token */
    struct segment_span name_span;
    const char *name, *title;
    const char *path; /* lists */
    struct segment_node *condition;
    bool exclusive;
    struct member *members; /* in the arena; grown by doubling */
    int member_count;
    bool from_known; /* came from the set of saved definitions */
};

struct parse {
    const struct source *source;
    struct arena *arena;
    struct problems *problems;
    struct statement statement;
    bool failed; /* an error was reported in this statement */
    size_t nodes;
    struct token last;
    const struct token *tokens; /* of the statement; the first `fed` of them fitted */
    size_t fed;
};
typedef VECTOR(struct statement) statement_vector;
/* Parses every statement of source; those with errors are left out of *out and reported. */
void segment_parse_source(const struct source *source, struct arena *arena,
                          struct problems *problems, statement_vector *out);
/* One condition. False when it has errors, which are reported. */
bool segment_parse_condition(const struct source *source, struct arena *arena,
                             struct problems *problems, struct statement *out);
void segment_parse_fail(struct parse *parse, struct segment_span span, const char *hint,
                        const char *format, ...) PRINTF_LIKE(4, 5);
/* Reports found where the grammar accepts only the tokens so marked. */
void segment_parse_unexpected(struct parse *parse, struct token found, const bool *accepted,
                              int count);
/* grammar.y: feeds the tokens [begin, end) of one statement, after first when it is not 0. */
void segment_parse_tokens(struct parse *parse, const struct token *tokens, size_t count, int first);

/* ---- nodes: constructors for the grammar's actions (node.c) ---- */

struct quantity {
    int64_t count;
    enum calendar_unit unit;
    struct segment_span span;
};
struct node_list {
    struct segment_node **items;
    int count;
};
struct facts { /* kinds with an optional filter */
    struct segment_node *kinds[SEGMENT_KINDS_MAX];
    int count;
    struct segment_node *filter;
    struct segment_span span;
};
struct segment_span segment_span_join(struct segment_span a, struct segment_span b);
struct segment_node *segment_node_new(struct parse *parse, enum segment_op op,
                                      struct segment_span span, int child_count, ...);
/* A node with room for children, none yet. */
struct segment_node *segment_node_alloc(struct parse *parse, enum segment_op op,
                                        struct segment_span span, int children);
/* Measures how deep the node is: called again after anything was hung below it. Too deep is an
 * error. Returns node. */
struct segment_node *segment_node_measure(struct parse *parse, struct segment_node *node);
/* A whole number from 1 to INT32_MAX; else an error, and 1. */
bool segment_small_count(struct parse *parse, struct token token, int64_t *out);
struct node_list segment_list_add(struct parse *parse, struct node_list list,
                                  struct segment_node *node);
struct segment_node *segment_node_of_list(struct parse *parse, enum segment_op op,
                                          struct segment_span span, struct segment_node *first,
                                          struct node_list rest);
struct segment_node *segment_node_chain(struct parse *parse, enum segment_op op,
                                        struct segment_node *a, struct segment_node *b);
struct segment_node *segment_node_compare(struct parse *parse, struct segment_node *a,
                                          enum segment_compare compare, struct segment_node *b,
                                          bool folded, struct segment_span end);
struct segment_node *segment_node_text_test(struct parse *parse, struct segment_node *a,
                                            bool negated, enum segment_text_test test,
                                            struct segment_node *b, bool folded);
struct segment_node *segment_node_number(struct parse *parse, struct token token);
struct segment_node *segment_node_percent(struct parse *parse, struct token token);
struct segment_node *segment_node_length(struct parse *parse, struct token number,
                                         struct token unit);
struct segment_node *segment_node_quantity(struct parse *parse, struct quantity quantity);
struct segment_node *segment_node_string(struct parse *parse, struct token token);
struct segment_node *segment_node_date(struct parse *parse, struct token token);
struct segment_node *segment_node_moment(struct parse *parse, struct token token);
struct segment_node *segment_node_bool(struct parse *parse, struct token token, bool value);
struct segment_node *segment_node_negate(struct parse *parse, struct token minus,
                                         struct segment_node *operand);
struct segment_node *segment_node_name(struct parse *parse, struct token first);
struct segment_node *segment_node_name_add(struct parse *parse, struct segment_node *path,
                                           struct token next);
/* A call: a measure or a function, by its name. window or filter with a function that is no measure
 * is an error. */
struct segment_node *segment_node_call(struct parse *parse, struct token name,
                                       struct node_list arguments, struct segment_window *window,
                                       struct segment_node *filter, struct token end);
struct segment_node *segment_node_since(struct parse *parse, struct token unit, bool until,
                                        struct segment_node *of);
struct segment_node *segment_node_in_window(struct parse *parse, struct segment_node *value,
                                            struct segment_window *window);
struct segment_node *segment_node_segment(struct parse *parse, struct token in, struct token name,
                                          struct token member, struct segment_window *window);
struct segment_node *segment_node_record(struct parse *parse, enum segment_record_kind kind,
                                         struct token word, struct token name, struct token member,
                                         struct segment_window *window);
struct segment_node *segment_node_set_name(struct parse *parse, struct token name,
                                           struct token member);
struct segment_node *segment_node_sets(struct parse *parse, struct segment_span span,
                                       struct segment_node *meaning);
struct segment_node *segment_node_except(struct parse *parse, struct segment_node *a,
                                         struct segment_node *b);
struct segment_node *segment_node_symmetric(struct parse *parse, struct segment_node *a,
                                            struct segment_node *b);
struct segment_node *segment_node_list_test(struct parse *parse, struct token in,
                                            struct token name);
struct segment_node *segment_node_top(struct parse *parse, struct token word, bool bottom,
                                      struct token amount, bool percent, struct segment_node *by,
                                      struct segment_node *among, struct segment_span end);
struct segment_node *segment_node_ntile(struct parse *parse, struct token word, struct token count,
                                        struct segment_node *by, struct segment_node *among);
struct segment_node *segment_node_percentile(struct parse *parse, struct token word,
                                             struct segment_node *by, struct segment_node *among);
struct segment_node *segment_node_sample(struct parse *parse, struct token word,
                                         struct token percent, struct token seed);
struct segment_node *segment_node_bucket(struct parse *parse, struct token word, struct token count,
                                         struct token seed, struct token end);
struct segment_node *segment_node_periods(struct parse *parse, struct token word, struct token unit,
                                          struct segment_node *condition,
                                          struct segment_window *window, struct token end);
struct segment_node *segment_node_ever(struct parse *parse, struct token word,
                                       struct segment_node *condition,
                                       struct segment_window *window, struct token end);
struct segment_node *segment_node_changed(struct parse *parse, struct token word,
                                          struct segment_node *trait, struct segment_node *from,
                                          struct segment_node *to, struct segment_window *window,
                                          struct token end);
struct segment_node *segment_node_first_time(struct parse *parse, struct token word,
                                             struct facts *facts, struct segment_window *window);
struct segment_node *segment_node_stopped(struct parse *parse, struct token word,
                                          struct facts *facts, struct quantity quantity);
struct segment_node *segment_node_resumed(struct parse *parse, struct token word,
                                          struct facts *facts, struct quantity quantity,
                                          struct segment_window *window);
struct segment_node *segment_node_sequence(struct parse *parse, struct token word,
                                           struct segment_sequence *sequence,
                                           struct segment_window *window, struct token end);
struct segment_sequence *segment_sequence_add(struct parse *parse,
                                              struct segment_sequence *sequence,
                                              struct segment_step *step);
/* within.count −1: none. */
struct segment_step *segment_step_new(struct parse *parse, bool negated, struct facts *kinds,
                                      struct token alias, struct segment_node *filter,
                                      struct quantity within);
struct facts *segment_facts_add(struct parse *parse, struct facts *facts,
                                struct segment_node *kind);
struct quantity segment_quantity_new(struct parse *parse, struct token number, struct token unit);
struct calendar_period segment_quantity_period(struct quantity quantity);
/* The unit a unit word names: "day", "days". */
enum calendar_unit segment_unit_of(struct text word);
const char *segment_unit_name(enum calendar_unit unit);

struct segment_window *segment_window_new(struct parse *parse, enum segment_window_form form,
                                          struct segment_span span);
struct segment_window *segment_window_length(struct parse *parse, enum segment_window_form form,
                                             struct segment_span begin, struct quantity quantity);
struct segment_window *segment_window_anchor(struct parse *parse, enum segment_window_form form,
                                             struct segment_span begin, struct segment_node *anchor,
                                             struct segment_node *to);
struct segment_window *segment_window_ago(struct parse *parse, struct token between,
                                          struct segment_node *from, struct segment_node *to,
                                          struct token ago);
struct segment_window *segment_window_calendar(struct parse *parse, enum segment_window_form form,
                                               struct segment_span begin, struct token number,
                                               struct token unit);
void segment_window_weekday(struct parse *parse, struct segment_window *window, struct token name);

void segment_statement_begin(struct parse *parse, enum statement_kind kind, struct token name,
                             struct token title);
void segment_statement_member(struct parse *parse, struct token name, struct token title,
                              struct segment_node *condition, bool is_else);
const char *segment_token_string(struct parse *parse, struct token token);

/* ---- tables of words (words.c) ---- */

struct function_word {
    const char *name;
    enum segment_function function;
    int least, most; /* arguments */
};
const struct function_word *segment_function_by_name(struct text name);
const char *segment_function_name(enum segment_function function);
/* −1 when name is no measure. */
int segment_aggregate_by_name(struct text name);
const char *segment_aggregate_name(enum segment_aggregate aggregate);
/* Names of all functions and measures, for suggestions. */
const char *const *segment_call_names(struct arena *arena, size_t *count);
int segment_weekday_by_name(struct text name); /* 0: none */
const char *segment_weekday_name(int weekday);

/* ---- trees ---- */

/* Calls visit for every node right below node, wherever it hangs: children, arguments, filters,
 * windows, steps. The raw `written` arguments are not visited. */
void segment_node_each(struct segment_node *node,
                       void (*visit)(struct segment_node **child, void *data), void *data);
/* Deep copy. */
struct segment_node *segment_node_copy(const struct segment_node *node, struct arena *arena);
/* The same behind a dot, where every word is a name. */
void segment_format_part(struct buffer *out, const char *name);
void segment_format_string(struct buffer *out, struct text text);
void segment_format_window(const struct segment_window *window, struct buffer *out);

/* ---- checking ---- */

struct check {
    const struct schema *schema; /* or NULL */
    struct zone *zone;
    struct segment_set *set;
    struct problems *problems;
    const struct source *source; /* of the definition being checked */
    struct arena *arena;         /* the set's */
    bool saved;                  /* a definition saved before: it was warned about then */
    bool beside_text;            /* what is checked now stands where a text would fit */
    struct error unsaid;         /* takes the warnings that are not given */
    const char **list_names;
    int list_count;
};

/* Where a node stands: what its names may mean, and what may stand there at all. */
struct scope {
    bool fact; /* inside a measure or step: names are properties of kinds */
    const char *const *kinds;
    const int *tables;
    int kind_count;
    const struct segment_sequence *sequence; /* names may be aliases of its steps before `step` */
    int step;
    const char *history; /* "ever": only traits and constants may stand here */
    bool period;         /* inside periods: measures bring no window */
    bool text_function;  /* this very node may be lower, upper or version */
};

/* Gives the condition its meaning and types, in place (and wraps it where needed); problems are
 * reported. */
void segment_check_condition(struct check *check, const struct scope *scope,
                             struct segment_node **node);
/* The same for a value. The type is VALUE_NONE when it is not known: without a schema, or after an
 * error. */
void segment_check_value(struct check *check, const struct scope *scope,
                         struct segment_node **place);
/* A value that a test looks at: lower, upper and version may stand there. */
void segment_check_operand(struct check *check, const struct scope *scope,
                           struct segment_node **node);
void segment_check_name(struct check *check, const struct scope *scope, struct segment_node **node);
void segment_check_measure(struct check *check, const struct scope *scope,
                           struct segment_node *node);
void segment_check_sequence(struct check *check, const struct scope *scope,
                            struct segment_node *node);
/* The kinds of a measure, all named by `written` with nothing behind them; false after an error. */
bool segment_check_kinds(struct check *check, struct segment_measure *measure);
enum window_use { WINDOW_USE_FACTS, WINDOW_USE_MOMENTS, WINDOW_USE_VALUE, WINDOW_USE_PERIODS };
void segment_check_window(struct check *check, const struct scope *scope,
                          struct segment_window *window, enum window_use use);
/* Warns of a negative test that is false where an operand is unknown, unless a test beside it shows
 * that this is meant. chain: what joins it to others by `and`, or NULL. */
void segment_check_unknown(struct check *check, const struct segment_node *test,
                           const struct segment_node *chain);
void segment_check_arithmetic(struct check *check, const struct scope *scope,
                              struct segment_node *node);
void segment_check_function(struct check *check, const struct scope *scope,
                            struct segment_node *node);
/* Makes two operands comparable, wrapping them where the language says how; false after an error.
 */
bool segment_check_comparable(struct check *check, struct segment_node **a,
                              struct segment_node **b);
/* Wraps *node in FUNCTION_DATE when it is a TIME. */
void segment_wrap_date(struct check *check, struct segment_node **node);
struct segment_node *segment_wrap(struct check *check, struct segment_node *node,
                                  enum segment_op op, enum value_type type);
/* Brings numbers (durations) of different types to one, so that they can stand for each other;
 * false: they cannot. */
bool segment_unify(struct check *check, struct segment_node **nodes, int count);
bool segment_is_number(enum value_type type);
/* Index of the schema's table of facts named so, −1 when there is none; trusts without a schema (−1
 * and true). */
bool segment_find_kind(const struct check *check, const char *name, int *table);
struct error *segment_check_error(struct check *check, struct segment_span span, const char *format,
                                  ...) PRINTF_LIKE(3, 4);
struct error *segment_check_warning(struct check *check, struct segment_span span,
                                    const char *format, ...) PRINTF_LIKE(3, 4);
/* Canonical text of a node, cut for messages; in the check's arena. */
const char *segment_node_words(struct check *check, const struct segment_node *node);
/* The word with hyphens that the name at span is a part of, as E-Mail is around E; NULL when there
 * is none. */
const char *segment_name_around(const struct check *check, struct segment_span span);
void segment_suggest_kind(struct check *check, struct error *error, const char *name);
/* Says how to write page-view when that is a kind; false when it is none. */
bool segment_suggest_hyphenated_kind(struct check *check, struct error *error,
                                     const struct segment_node *node);
void segment_suggest_segment(struct check *check, struct error *error, const char *name);

#endif
