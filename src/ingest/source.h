/*
 * Sources: files as streams of blocks. A block holds whole records of one file; the
 * reader cuts blocks one after another, under a lock, and whoever got one splits it
 * alone. Gzip is unpacked on the way. What is not a file (a pipe, a database, a Parquet
 * file) is first written out as one, because types come from the whole content and may
 * need a second look.
 */
#ifndef STRATA_INGEST_SOURCE_H
#define STRATA_INGEST_SOURCE_H

#include "ingest/dialect.h"

#include <pthread.h>

enum {
    INGEST_BLOCK = 1 << 20, /* bytes a block aims at */
    /* the longest record: an unclosed quote is the usual reason for more */
    INGEST_RECORD_MAX = 64 << 20,
    INGEST_SAMPLE = 4 << 20, /* bytes that the first look takes */
    INGEST_COLUMNS_MAX = 4096,
    INGEST_FOOTER_MAX = 4096, /* bytes at the end in which a footer is looked for */
};

struct ingest_source {
    const char *path; /* what is read */
    const char *name; /* what people call it */
    struct ingest_dialect dialect;
    uint64_t bytes; /* on disk */
};

/* A file's bytes, unpacked. Directories, devices and pipes are errors: what can be read
 * only once is spooled first. */
struct ingest_stream;
enum status ingest_stream_open(const char *path, bool gzip, struct ingest_stream **out,
                               struct error *error);
void ingest_stream_close(struct ingest_stream *stream);
/* From here on the stream yields UTF-8. encoding must be a streamed one and outlive the stream. */
enum status ingest_stream_decode(struct ingest_stream *stream,
                                 const struct ingest_encoding *encoding, struct error *error);
/* Up to size bytes; *got = 0 at the end. A gzip file that ends too early is an error. */
enum status ingest_stream_read(struct ingest_stream *stream, char *out, size_t size, size_t *got,
                               struct error *error);
/* Bytes of the file consumed so far. */
uint64_t ingest_stream_position(const struct ingest_stream *stream);

/* Size and content hash of a file, as the import list keeps them. */
enum status ingest_hash_file(const char *path, uint64_t *hash, uint64_t *bytes,
                             struct error *error);

/* What the reader passed over in one source. */
struct ingest_passed {
    uint64_t footer_line; /* the first line behind the last row; 0: there is none */
    struct buffer footer; /* its text, as it stands there */
    uint64_t nul_bytes, nul_line;
};

struct ingest_block {
    char *data; /* whole records, in the source's own encoding */
    size_t length, capacity;
    size_t source;
    uint64_t sequence; /* blocks are numbered in the order of the sources */
    uint64_t first_line;
};
void ingest_block_release(struct ingest_block *block);
/* The block in UTF-8; *memory, which the caller frees, holds it, or is NULL where it
 * needs no decoding. */
struct text ingest_block_text(const struct ingest_source *source, const struct ingest_block *block,
                              char **memory);

struct ingest_reader {
    const struct ingest_source *sources;
    size_t source_count;
    pthread_mutex_t mutex;
    struct ingest_stream *stream;
    size_t source, next_source; /* the one being read, the one after */
    uint64_t sequence, line, read_bytes;
    char *carry; /* the start of a record that the last block did not hold whole */
    size_t carry_length, carry_capacity;
    uint32_t to_skip; /* lines before the header still to come */
    bool header_to_come, rule_to_come, failed;
    struct ingest_passed *passed; /* by source */
};
void ingest_reader_init(struct ingest_reader *reader, const struct ingest_source *sources,
                        size_t count);
void ingest_reader_release(struct ingest_reader *reader);
/* The next block, or block->length = 0 at the end of all sources. Safe from several threads. */
enum status ingest_reader_next(struct ingest_reader *reader, struct ingest_block *block,
                               struct error *error);
/* 0…1 of all bytes on disk. */
double ingest_reader_progress(struct ingest_reader *reader);

#endif
