/* Which encoding a content is in: by what is said, by marks, by what its bytes become. */
#ifndef STRATA_INGEST_CHARSET_H
#define STRATA_INGEST_CHARSET_H

#include "ingest/encoding.h"

struct ingest_encoding_look {
    const struct ingest_encoding *encoding; /* NULL: UTF-8 */
    bool said;                              /* by an option or a byte order mark */
    bool overruled;                         /* the mark says another than the option */
    int sure;                               /* 0…100 */
    const char *rival;                      /* another encoding that is nearly as likely, or NULL */
    const char *as_read[2],
        *as_rival[2]; /* two texts under both, where the encoding was guessed, or NULL */
};

/* data are the first bytes of a content; whole: they are all there are. said is an
 * encoding's name or NULL. STATUS_USAGE when it is none. Strings and tables live in
 * arena. */
enum status ingest_find_encoding(struct text data, bool whole, const char *said,
                                 struct arena *arena, struct ingest_encoding_look *out,
                                 struct error *error);
/* Appends the lines of data that hold more than ASCII and are no UTF-8. */
void ingest_add_invalid_lines(struct text data, struct buffer *out);

#endif
