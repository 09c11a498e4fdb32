/* What definitions read: by table and column, and by name. */
#ifndef STRATA_SEGMENT_READS_H
#define STRATA_SEGMENT_READS_H

#include "segment/segment.h"

/*
 * What definitions read, themselves or through the segments they use. To evaluate them all parts of
 * their schemes are read, and recorded memberships are there already; what defines them are of an
 * exclusive scheme the parts before them, and what a segment read whose recorded memberships they
 * ask for.
 */
enum segment_reading { SEGMENT_READ_TO_EVALUATE, SEGMENT_READ_TO_DEFINE };
struct segment_reads {
    bool *tables;   /* by schema table: rows of it are looked at */
    bool **columns; /* by schema table and column */
    bool **earlier; /* the same, of traits: as they were before the moment of evaluation, too */
    bool *times;    /* kinds: facts are counted, or their times looked at */
    bool *dated;    /* kinds: so, or added up (a sum grows with their number), or looked at only of
                       some moments */
    bool *segments; /* by segment of the set: itself */
    bool records, lists;
};
/* Of `segments` (indexes into set; count −1: all). In arena. */
struct segment_reads segment_reads(const struct segment_set *set, const struct schema *schema,
                                   const int *segments, int count, enum segment_reading reading,
                                   struct arena *arena);
/* Whether a column is read; column NULL: the kind's times. */
bool segment_reads_column(const struct segment_reads *reads, const struct schema *schema,
                          const char *table, const char *column);

/* The same by name, so that a command loads only those: one entry a table. */
struct segment_need {
    const char *table;    /* kind, "customer", or reference table */
    const char **columns; /* NULL-terminated; may be empty: the times only */
    const char **earlier; /* of traits: those of which more than the last telling is read; NULL:
                             none */
};
struct segment_needs {
    struct segment_need *items;
    size_t count;
    bool records; /* reads recorded memberships */
    bool lists;
};
/* What evaluating `segments` needs. In arena. */
struct segment_needs segment_needs(const struct segment_set *set, const struct schema *schema,
                                   const int *segments, int count, struct arena *arena);
/* Both together, in arena. */
struct segment_needs segment_needs_join(const struct segment_needs *a,
                                        const struct segment_needs *b, struct arena *arena);
/* What is there when everything of their tables' past was loaded, in arena. */
struct segment_needs segment_needs_throughout(const struct segment_needs *needs,
                                              struct arena *arena);
/* Whether what was loaded for `held` holds all of needs. */
bool segment_needs_hold(const struct segment_needs *held, const struct segment_needs *needs);

#endif
