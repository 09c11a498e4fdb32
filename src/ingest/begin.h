/* Where the rows of a content begin: behind titles, comments and the header, if there is one. */
#ifndef STRATA_INGEST_BEGIN_H
#define STRATA_INGEST_BEGIN_H

#include "ingest/dialect.h"

/* What is said about it: zero finds everything out. */
struct ingest_begin_choice {
    int header;                  /* 1 yes, −1 no */
    bool skip_said;              /* nothing but `skip` lines stand before the header */
    const char *const *expected; /* names of columns that options mention */
    size_t expected_count;
};

struct ingest_begin {
    bool header;
    /* why, as the end of "line 4 is the header because …" or "there is no header: …" */
    const char *reason;
    uint32_t skip; /* lines before the header or the first row */
    uint32_t rule; /* lines between the header and the first row: what underlines it, and labels */
    uint32_t labels; /* of the records there, those that say once more what the columns are */
    bool row_names;  /* the header lacks a name for the first column, which holds the rows' names */
    bool hash;       /* the header's first name has a # before it */
};

/* data is the content in UTF-8 behind a byte order mark and the lines that are known to
 * be none of it; dialect says how it is split, and how many fields an ordinary row has.
 * Lines are counted from data on. */
void ingest_find_begin(const struct ingest_dialect *dialect, const char *data, const char *end,
                       const struct ingest_begin_choice *choice, struct ingest_begin *out);

#endif
