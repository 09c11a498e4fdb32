/*
 * Encodings: the names people give them, and how a file's bytes become UTF-8, which
 * everything behind this reads.
 *
 * Where a byte below 128 is always that ASCII character (UTF-8 and the one-byte
 * encodings), the bytes are cut into records first and decoded afterwards, by the
 * threads. All others (UTF-16, Shift-JIS, GBK …) may hide a delimiter inside a character,
 * so they are decoded as they are read.
 */
#ifndef STRATA_INGEST_ENCODING_H
#define STRATA_INGEST_ENCODING_H

#include "base/text.h"

/* A NULL pointer to one of these is UTF-8. */
struct ingest_encoding {
    const char *name;   /* as it is shown and kept: "Windows-1250" */
    const char *iconv;  /* what the C library calls it */
    bool streamed;      /* decoded while it is read; else by the table */
    int unit;           /* streamed: the bytes to pass over where they mean nothing */
    char upper[128][4]; /* UTF-8 of the bytes from 128 on */
    uint8_t upper_length[128];
};

/* What bytes without meaning become: no UTF-8 text holds it, so the row is found and set aside. */
#define INGEST_NO_CHARACTER '\xff'

/* "UTF-8" for NULL. */
const char *ingest_encoding_name(const struct ingest_encoding *encoding);
/* The name under which an encoding is kept ("UTF-8" for utf8, "Windows-1250" for cp1250),
 * or the name itself when it is not one of the common ones. */
const char *ingest_encoding_canonical(const char *name);
/* The encoding people mean by name, in any case; *out = NULL for UTF-8. "UTF-16" without
 * LE or BE is UTF-16LE here. STATUS_USAGE for what neither this list nor the C library
 * knows. */
enum status ingest_encoding_open(const char *name, struct arena *arena,
                                 const struct ingest_encoding **out, struct error *error);
/* One-byte encodings: out has room for 3 × length bytes; returns the bytes written. */
size_t ingest_decode(const struct ingest_encoding *encoding, const char *data, size_t length,
                     char *out);

/* Streamed encodings. */
struct ingest_decoder;
enum status ingest_decoder_open(const struct ingest_encoding *encoding, struct ingest_decoder **out,
                                struct error *error);
void ingest_decoder_close(struct ingest_decoder *decoder);
/* Decodes from *in on, moving it, into at most room bytes at out, and returns how many it
 * wrote. last: nothing follows, so an unfinished character at the end has no meaning.
 * What is left in *in otherwise belongs before the next bytes. */
size_t ingest_decoder_run(struct ingest_decoder *decoder, const char **in, const char *end,
                          bool last, char *out, size_t room);
/* All of data at once, into memory that the caller frees. */
enum status ingest_decode_all(const struct ingest_encoding *encoding, const char *data,
                              size_t length, bool whole, char **out, size_t *out_length,
                              struct error *error);

#endif
