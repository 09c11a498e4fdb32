/*
 * Segments: the language (this file and tree.h), plans and evaluation (plan.h), and SQL (sql.h).
 *
 * A segment_set holds definitions: segments and schemes with their checked trees. It is built from
 * source texts, checked as a whole against a schema, and immutable afterwards; any number of
 * threads may read it.
 */
#ifndef STRATA_SEGMENT_SEGMENT_H
#define STRATA_SEGMENT_SEGMENT_H

#include "base/map.h"
#include "segment/tree.h"

/* SEGMENT_LEVELS_MAX: of a condition with all it uses written out; 100,000 levels overran a stack
 * of 8 MiB. */
enum { SEGMENT_SOURCE_MAX_MIB = 16, SEGMENT_SOURCE_MAX = SEGMENT_SOURCE_MAX_MIB << 20 };
/* bytes of a name, as of a column's that is imported */
enum { SEGMENT_NAME_MAX = 511 };
enum { SEGMENT_DEPTH_MAX = 200, SEGMENT_LEVELS_MAX = 10000 };
#define SEGMENT_SAVED_FILE "saved definitions"

/* One segment. Scheme members are segments too, named `scheme.member`; the `else` member has no
 * condition of its own.
 */
struct segment_definition {
    const char *name;               /* "vip", "lifecycle.new" */
    const char *title;              /* or NULL */
    struct segment_node *condition; /* as written and checked; NULL for an else member */
    int scheme;                     /* index of its scheme, or −1 */
    bool is_else;                   /* in its scheme's else */
    const char *text; /* canonical text of the condition (what fmt prints behind `where`), "else"
                         for else members */
    /* where it stands, for messages; SEGMENT_SAVED_FILE when it came with `known` */
    const char *file;
    struct segment_span span;
    const int *uses; /* indexes of the segments it reads (in, among, count(account.customers where
                        in …), scheme = …) */
    int use_count;
};

/* exclusive: a customer is in the first member whose condition holds, else in the else member if
 * there is one. overlapping: every member whose condition holds; else: nobody else. */
struct segment_scheme {
    const char *name;
    const char *title;
    bool exclusive;
    int first_member, member_count; /* consecutive in the set's segments */
};

struct segment_set {
    struct arena arena;
    struct segment_definition *segments;
    int segment_count;
    struct segment_scheme *schemes;
    int scheme_count;
    int *order; /* segment indexes such that each comes after those it uses (and after its scheme's
                   earlier members) */
    const char **lists;      /* names of the static lists defined: list winter from 'winter.csv' */
    const char **list_files; /* the file each is copied from, as written */
    const char **list_sources; /* where each is defined, as file of the segments */
    int list_count;
    struct text_map segment_index, scheme_index; /* by name */
    bool checked;
};

struct segment_source {
    const char *file; /* for messages: "segments.strata" */
    struct text text;
};

/* Several errors of one check: all definitions are looked at before anything is saved. */
struct segment_problem {
    struct error error; /* place is "file:line:column" */
    bool is_warning;    /* e.g. `!=` where `not (… = …)` would include the unknown */
    struct segment_span span;
    const char *file;
    const char *excerpt; /* the source line and a line with ^~~~ under the place, "\n" between */
};
struct segment_problems {
    struct segment_problem *items;
    size_t count, errors;
};

/*
 * Parses sources and checks them together. schema NULL: only what needs no store is checked (names
 * and types of properties are taken on trust). `known` (may be NULL) is a set of already saved
 * definitions that the new ones may refer to; a definition of the same name in sources replaces it
 * in the result; the rest are part of the result unchanged. On success *out is a checked set (free
 * with segment_set_free). On failure STATUS_ERROR with the first error; *problems (may be NULL; in
 * arena) lists all of them, warnings also on success.
 */
enum status segment_set_build(const struct segment_source *sources, size_t source_count,
                              const struct schema *schema, const struct segment_set *known,
                              struct arena *arena, struct segment_problems *problems,
                              struct segment_set **out, struct error *error);
/* One condition, as `strata count` takes it, checked against schema and known segments. The result
 * is a set whose last segment is named "?" and holds the condition. */
enum status segment_condition_build(struct text condition, const struct schema *schema,
                                    const struct segment_set *known, struct arena *arena,
                                    struct segment_problems *problems, struct segment_set **out,
                                    struct error *error);
/* Makes that last segment a condition about the `seconds` up to the moment it is evaluated at, and
 * nothing before: measures without a window see that time only, STATUS_USAGE when one looks further
 * back. Before the set is shared. */
enum status segment_condition_within(struct segment_set *set, int64_t seconds, struct error *error);
void segment_set_free(struct segment_set *set);
/* Index of the segment named so, or −1. */
int segment_set_find(const struct segment_set *set, const char *name);
/* Index of the scheme named so, or −1. */
int segment_set_find_scheme(const struct segment_set *set, const char *name);

/* The canonical form of whole sources (strata fmt); comments are kept. Parsing and formatting its
 * result gives the same text again. */
enum status segment_format(struct text source, const char *file, struct buffer *out,
                           struct error *error);
/* The canonical text of one definition ("segment vip "Very…"\n  where …\n") or a scheme with all
 * its members. */
void segment_format_definition(const struct segment_set *set, int segment, struct buffer *out);
void segment_format_scheme(const struct segment_set *set, int scheme, struct buffer *out);
/* The canonical text of one node, on one line. */
void segment_format_node(const struct segment_node *node, struct buffer *out);
/* Appends name as a canonical name, in backquotes where it needs them. */
void segment_format_name(struct buffer *out, const char *name);
/* The same in the arena; and whether a definition can name it at all: the name of an
 * imported column may be longer, or hold a line break. */
const char *segment_name_text(const char *name, struct arena *arena);
bool segment_can_name(const char *name);

struct json;
/*
 * A definition as JSON for programs, {"segment": …, "title": …, "where": {…}}, and a whole scheme,
 * {"scheme": …, "exclusive": …, "members": […]}. Nodes are as src/segment/json_read.c lists them.
 */
void segment_write_json(const struct segment_set *set, int segment, struct json *json);
void segment_write_scheme_json(const struct segment_set *set, int scheme, struct json *json);
/*
 * The way back: one definition, scheme, or {"list": name, "file": path}, or an array of them,
 * becomes text of the language, which is appended to source and not yet checked; parse it with
 * segment_set_build. STATUS_ERROR when json is none of these.
 */
enum status segment_read_json(struct text text, struct buffer *source, struct error *error);
/* The same for one condition: a node, or a definition of which the condition is taken. */
enum status segment_read_json_condition(struct text text, struct buffer *condition,
                                        struct error *error);

#endif
