/*
 * Reading sources. A stream gives bytes, unpacked and decoded; the reader cuts them into blocks of
 * whole records, which threads fetch under one lock, and takes off what is no row: the mark,
 * titles, the header, the footer. What a block ends in the middle of is carried over to the next
 * one; the last bytes are always held back, as they may turn out to be the footer.
 */
#include "ingest/source.h"

#include "ingest/footer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    RAW_BYTES = 256 << 10, /* read at once from a file that is decoded or unpacked */
    READ_MAX = 1 << 30,    /* asked for at once: zlib and read() count in 32 bits */
    MEGABYTE = 1 << 20,
};

struct ingest_stream {
    int file;
    gzFile gz;
    char *path;
    uint64_t position;

    struct ingest_decoder *decoder; /* NULL: the bytes are handed on as they are */
    char *raw, *text;               /* read and not decoded; decoded and not handed on */
    size_t raw_length, text_at, text_length;
    bool raw_end;
};

static enum status open_error(const char *path, struct error *error)
{
    int code = errno;
    enum status status = error_system(error, code, "cannot read %s", path);
    if (code == ENOENT || code == ENOTDIR) {
        status = error_set(error, STATUS_NOT_FOUND, "there is no file %s", path);
        error_hint(error, "check the path; it is taken relative to the working directory");
    }
    return status;
}

/* What is no file of bytes that can be read twice, and why. */
static enum status check_kind(const char *path, mode_t mode, struct error *error)
{
    if (S_ISREG(mode))
        return STATUS_OK;
    enum status status = STATUS_ERROR;
    if (S_ISDIR(mode)) {
        status = error_set(error, STATUS_ERROR, "%s is a directory", path);
        error_hint(error, "name the files in it: %s/*", path);
        return status;
    }
    if (S_ISFIFO(mode))
        status = error_set(error, STATUS_ERROR, "%s is a pipe, which can be read only once", path);
    else if (S_ISSOCK(mode))
        status = error_set(error, STATUS_ERROR, "%s is a socket, not a file", path);
    else
        status =
            error_set(error, STATUS_ERROR, "%s is a device, not a file: it may never end", path);
    error_hint(error, "write its content to a file, or hand it over as standard input: - in the "
                      "place of the name");
    return status;
}

/* Without waiting for whoever would write to a pipe of that name. */
static enum status open_file(const char *path, int *file, struct error *error)
{
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0)
        return open_error(path, error);

    struct stat info;
    enum status status = STATUS_OK;
    if (fstat(*file, &info) == 0)
        status = check_kind(path, info.st_mode, error);
    if (status != STATUS_OK)
        close(*file);
    return status;
}

enum status ingest_stream_open(const char *path, bool gzip, struct ingest_stream **out,
                               struct error *error)
{
    int file;
    TRY(open_file(path, &file, error));
    struct ingest_stream *stream = base_calloc(1, sizeof *stream);
    stream->file = file;
    stream->path = base_strdup(path);
    if (gzip) {
        stream->gz = gzdopen(file, "rb");
        ENSURE(stream->gz);
        gzbuffer(stream->gz, RAW_BYTES);
    }
    *out = stream;
    return STATUS_OK;
}

void ingest_stream_close(struct ingest_stream *stream)
{
    if (!stream)
        return;
    if (stream->gz)
        gzclose_r(stream->gz);
    else
        close(stream->file);
    ingest_decoder_close(stream->decoder);
    free(stream->raw);
    free(stream->text);
    free(stream->path);
    free(stream);
}

enum status ingest_stream_decode(struct ingest_stream *stream,
                                 const struct ingest_encoding *encoding, struct error *error)
{
    TRY(ingest_decoder_open(encoding, &stream->decoder, error));
    stream->raw = base_malloc(RAW_BYTES);
    stream->text = base_malloc(3 * (size_t)RAW_BYTES);
    return STATUS_OK;
}

static enum status gzip_error(struct ingest_stream *stream, struct error *error)
{
    int code;
    const char *message = gzerror(stream->gz, &code);
    enum status status;
    if (code == Z_BUF_ERROR) {
        status = error_set(error, STATUS_ERROR,
                           "the gzip file %s ends too early: it is not complete", stream->path);
        error_hint(error, "copy or download it again; `gzip -t %s` checks it", stream->path);
    } else {
        status = error_set(error, STATUS_ERROR, "the gzip file %s is damaged: %s", stream->path,
                           message);
        error_hint(error, "copy or download it again");
    }
    return status;
}

static enum status read_bytes(struct ingest_stream *stream, char *out, size_t size, size_t *got,
                              struct error *error)
{
    *got = 0;
    while (*got < size) {
        size_t want = size - *got < (size_t)READ_MAX ? size - *got : (size_t)READ_MAX;
        ssize_t count = stream->gz ? gzread(stream->gz, out + *got, (unsigned)want)
                                   : read(stream->file, out + *got, want);

        if (count < 0 && !stream->gz && errno == EINTR)
            continue;
        if (count < 0)
            return stream->gz ? gzip_error(stream, error)
                              : error_system(error, errno, "cannot read %s", stream->path);
        if (count == 0)
            break;
        *got += (size_t)count;
    }

    stream->position = stream->gz ? (uint64_t)gzoffset(stream->gz) : stream->position + *got;

    /* zlib tells of a file that ends too early only afterwards, and by its error alone */
    int code = Z_OK;
    if (stream->gz && *got < size && (gzerror(stream->gz, &code), code != Z_OK))
        return gzip_error(stream, error);
    return STATUS_OK;
}

/* Decodes the next piece into stream->text. */
static enum status decode_more(struct ingest_stream *stream, struct error *error)
{
    size_t got, room = RAW_BYTES - stream->raw_length;
    TRY(read_bytes(stream, stream->raw + stream->raw_length, room, &got, error));
    stream->raw_length += got;
    stream->raw_end = got < room;

    const char *at = stream->raw, *end = stream->raw + stream->raw_length;
    stream->text_at = 0;
    stream->text_length = ingest_decoder_run(stream->decoder, &at, end, stream->raw_end,
                                             stream->text, 3 * (size_t)RAW_BYTES);
    stream->raw_length = (size_t)(end - at);
    memmove(stream->raw, at, stream->raw_length);
    return STATUS_OK;
}

enum status ingest_stream_read(struct ingest_stream *stream, char *out, size_t size, size_t *got,
                               struct error *error)
{
    if (!stream->decoder)
        return read_bytes(stream, out, size, got, error);
    *got = 0;
    while (*got < size) {
        size_t ready = stream->text_length - stream->text_at;
        if (ready == 0 && stream->raw_end && stream->raw_length == 0)
            break;
        if (ready == 0) {
            TRY(decode_more(stream, error));
            continue;
        }
        size_t taken = ready < size - *got ? ready : size - *got;
        memcpy(out + *got, stream->text + stream->text_at, taken);
        stream->text_at += taken;
        *got += taken;
    }
    return STATUS_OK;
}

uint64_t ingest_stream_position(const struct ingest_stream *stream)
{
    return stream->position;
}

enum status ingest_hash_file(const char *path, uint64_t *hash, uint64_t *bytes, struct error *error)
{
    struct ingest_stream *stream;
    TRY(ingest_stream_open(path, false, &stream, error));
    char *data = base_malloc(INGEST_BLOCK);
    enum status status = STATUS_OK;
    uint64_t state[2] = {0, 0}; /* the hash so far, and that of the next piece */
    size_t got;
    *bytes = 0;
    for (;;) {
        TRY_GOTO(ingest_stream_read(stream, data, INGEST_BLOCK, &got, error));
        if (got == 0)
            break;
        *bytes += got;
        state[1] = text_hash((struct text){data, got});
        state[0] = text_hash((struct text){(const char *)state, sizeof state});
    }
    *hash = state[0];
done:
    free(data);
    ingest_stream_close(stream);
    return status;
}

void ingest_block_release(struct ingest_block *block)
{
    free(block->data);
    block->data = NULL;
    block->length = block->capacity = 0;
}

static void block_room(struct ingest_block *block, size_t size)
{
    if (block->capacity >= size)
        return;
    block->data = base_realloc(block->data, size);
    block->capacity = size;
}

void ingest_reader_init(struct ingest_reader *reader, const struct ingest_source *sources,
                        size_t count)
{
    *reader = (struct ingest_reader){.sources = sources, .source_count = count};
    reader->passed = base_calloc(count + 1, sizeof *reader->passed);
    for (size_t i = 0; i < count; i++)
        buffer_init(&reader->passed[i].footer, INGEST_FOOTER_MAX);
    pthread_mutex_init(&reader->mutex, NULL);
}

void ingest_reader_release(struct ingest_reader *reader)
{
    ingest_stream_close(reader->stream);
    for (size_t i = 0; i < reader->source_count; i++)
        buffer_release(&reader->passed[i].footer);
    free(reader->passed);
    free(reader->carry);
    pthread_mutex_destroy(&reader->mutex);
}

static size_t count_char(const char *data, size_t length, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += data[i] == c;
    return count;
}

/* whole: the bytes of the block before the record that is too long. */
static enum status too_long(const struct ingest_reader *reader, const struct ingest_block *block,
                            size_t whole, struct error *error)
{
    const struct ingest_source *source = &reader->sources[reader->source];
    const struct ingest_dialect *dialect = &source->dialect;
    size_t line = reader->line + count_char(block->data, whole, dialect->newline);
    bool opened =
        dialect->quote && memchr(block->data + whole, dialect->quote, block->length - whole);
    enum status status =
        error_set(error, STATUS_ERROR, "the row that starts there is longer than %d MB",
                  INGEST_RECORD_MAX / MEGABYTE);
    error_place(error, "%s line %zu", source->name, line);
    if (opened)
        error_hint(error, "look for a quote (%c) that is opened there and never closed",
                   dialect->quote);
    else
        error_hint(error, "check that this is a file of rows, one a line");
    return status;
}

/* NUL bytes mean nothing in text; files that were not closed properly end in many of them. */
static void drop_nuls(struct ingest_reader *reader, struct ingest_block *block, size_t from)
{
    struct ingest_passed *passed = &reader->passed[reader->source];
    const char newline = reader->sources[reader->source].dialect.newline;
    char *nul = memchr(block->data + from, 0, block->length - from);
    if (!nul)
        return;
    if (!passed->nul_bytes)
        passed->nul_line =
            reader->line + count_char(block->data, (size_t)(nul - block->data), newline);

    char *to = nul;
    for (const char *at = nul; at < block->data + block->length; at++)
        if (*at)
            *to++ = *at;
    passed->nul_bytes += (size_t)(block->data + block->length - to);
    block->length = (size_t)(to - block->data);
}

/* Files that were put together from several have line ends of more than one kind. */
static void unify_newlines(struct ingest_block *block, bool at_end)
{
    const char *end = block->data + block->length;
    for (char *at = block->data; at < end; at++) {
        at = memchr(at, '\r', (size_t)(end - at));
        if (!at)
            return;
        if (at + 1 == end ? at_end : at[1] != '\n')
            *at = '\n';
    }
}

/* Fills the block up to `size` bytes, beginning with what was carried over; *at_end when
 * the stream ended. */
static enum status read_block(struct ingest_reader *reader, struct ingest_block *block, size_t size,
                              bool *at_end, struct error *error)
{
    block_room(block, size);
    if (block->length == 0) {
        memcpy(block->data, reader->carry ? reader->carry : "", reader->carry_length);
        block->length = reader->carry_length;
        reader->carry_length = 0;
    }

    size_t got, want = size - block->length;
    TRY(ingest_stream_read(reader->stream, block->data + block->length, want, &got, error));

    *at_end = got < want;
    block->length += got;

    /* only what is new: what was carried over has gone through this already */
    drop_nuls(reader, block, block->length - got);
    if (reader->sources[reader->source].dialect.mixed)
        unify_newlines(block, *at_end);
    return STATUS_OK;
}

static void keep_rest(struct ingest_reader *reader, struct ingest_block *block, size_t whole)
{
    reader->carry_length = block->length - whole;
    if (reader->carry_capacity < reader->carry_length) {
        reader->carry_capacity = reader->carry_length + 4096; /* so that it seldom grows */
        reader->carry = base_realloc(reader->carry, reader->carry_capacity);
    }
    memcpy(reader->carry, block->data + whole, reader->carry_length);
    block->length = whole;
}

/* How much of the block is handed on now: whole records, and not what may yet turn out to
 * be the footer. */
static size_t whole_records(const struct ingest_dialect *dialect, const struct ingest_block *block)
{
    size_t length =
        block->length > 2 * INGEST_FOOTER_MAX ? block->length - INGEST_FOOTER_MAX : block->length;
    return ingest_whole_records(dialect, block->data, length);
}

/* Reads on until the block holds at least one whole record. */
static enum status cut_block(struct ingest_reader *reader, struct ingest_block *block,
                             struct error *error)
{
    const struct ingest_dialect *dialect = &reader->sources[reader->source].dialect;
    bool at_end = false;
    size_t size = INGEST_BLOCK + reader->carry_length;

    for (;;) {
        TRY(read_block(reader, block, size, &at_end, error));

        if (at_end && block->length < INGEST_RECORD_MAX)
            break;

        size_t whole = whole_records(dialect, block);
        if (block->length - whole >= INGEST_RECORD_MAX)
            return too_long(reader, block, whole, error);
        if (whole && !at_end)
            keep_rest(reader, block, whole);
        if (whole || at_end)
            break;

        /* the record does not end within the block: more room, up to what a record may have */
        size = size * 2 < INGEST_RECORD_MAX
                   ? size * 2
                   : INGEST_RECORD_MAX; /* a whole record past it is too long, too */
    }

    if (at_end) {
        reader->read_bytes += reader->sources[reader->source].bytes;
        ingest_stream_close(reader->stream);
        reader->stream = NULL;
    }

    return STATUS_OK;
}

static const char *drop_lines(struct ingest_reader *reader, uint32_t *lines, const char *at,
                              const char *end)
{
    char newline = reader->sources[reader->source].dialect.newline;
    while (*lines && at < end) {
        const char *stop = memchr(at, newline, (size_t)(end - at));
        at = stop ? stop + 1 : end;
        reader->line++;
        --*lines;
    }
    return at;
}

/* Cuts the byte order mark, what stands before the header, and the header off the first
 * blocks of a source. */
static void skip_header(struct ingest_reader *reader, struct ingest_block *block)
{
    const struct ingest_dialect *dialect = &reader->sources[reader->source].dialect;
    const char *at = block->data, *end = block->data + block->length;

    if (reader->line == 1 && dialect->bom && block->length >= 3)
        at += 3;
    at = drop_lines(reader, &reader->to_skip, at, end);

    /* the header is a record, whose names may hold line ends; all else that is skipped is lines */
    if (reader->header_to_come && !reader->to_skip) {
        struct ingest_record record = {0};
        size_t skipped = 0;
        if (ingest_split(dialect, &at, end, &record, &skipped)) {
            reader->line += skipped + record.lines;
            reader->header_to_come = false;
            reader->to_skip = dialect->rule;
        }
        ingest_record_release(&record);
        at = drop_lines(reader, &reader->to_skip, at, end);
    }

    block->length = (size_t)(end - at);
    memmove(block->data, at, block->length);
}

struct text ingest_block_text(const struct ingest_source *source, const struct ingest_block *block,
                              char **memory)
{
    const struct ingest_encoding *encoding = source->dialect.encoding;
    *memory = NULL;
    if (!encoding || encoding->streamed)
        return (struct text){block->data, block->length};
    *memory = base_malloc(3 * block->length + 1);
    return (struct text){*memory, ingest_decode(encoding, block->data, block->length, *memory)};
}

static size_t behind_newlines(const struct ingest_block *block, uint64_t lines, char newline)
{
    const char *at = block->data, *end = block->data + block->length;
    for (; lines && at < end; lines--) {
        const char *stop = memchr(at, newline, (size_t)(end - at));
        at = stop ? stop + 1 : end;
    }
    return (size_t)(at - block->data);
}

/* The last block of a source ends with its last row. A footer is known by its words, so
 * it is looked for in the decoded text; line ends are the same bytes in both. */
static void cut_footer(struct ingest_reader *reader, struct ingest_block *block)
{
    const struct ingest_dialect *dialect = &reader->sources[reader->source].dialect;
    struct ingest_passed *passed = &reader->passed[reader->source];
    char *memory;
    struct text text = ingest_block_text(&reader->sources[reader->source], block, &memory);

    size_t kept = ingest_footer_start(dialect, text.data, text.length);
    if (kept < text.length) {
        uint64_t lines = count_char(text.data, kept, dialect->newline);
        passed->footer_line = reader->line + lines;
        buffer_reset(&passed->footer);
        buffer_add(&passed->footer, text.data + kept, text.length - kept);
        block->length = behind_newlines(block, lines, dialect->newline);
    }
    free(memory);
}

static enum status open_next(struct ingest_reader *reader, struct error *error)
{
    const struct ingest_source *source = &reader->sources[reader->next_source];
    TRY(ingest_stream_open(source->path, source->dialect.gzip, &reader->stream, error));
    if (source->dialect.encoding && source->dialect.encoding->streamed)
        TRY(ingest_stream_decode(reader->stream, source->dialect.encoding, error));
    reader->source = reader->next_source++;
    reader->line = 1;
    reader->to_skip = source->dialect.skip;
    reader->header_to_come = source->dialect.header;
    reader->carry_length = 0;
    return STATUS_OK;
}

static enum status next_locked(struct ingest_reader *reader, struct ingest_block *block,
                               struct error *error)
{
    while (!block->length) {
        if (!reader->stream && reader->next_source == reader->source_count)
            return STATUS_OK;
        if (!reader->stream)
            TRY(open_next(reader, error));
        TRY(cut_block(reader, block, error));

        block->source = reader->source;
        if (reader->line == 1 || reader->header_to_come || reader->to_skip)
            skip_header(reader, block);
        block->first_line = reader->line;

        /* cut_block closes the stream with the last block, and that is where a footer stands */
        if (!reader->stream)
            cut_footer(reader, block);

        reader->line +=
            count_char(block->data, block->length, reader->sources[reader->source].dialect.newline);
    }
    block->sequence = reader->sequence++;
    return STATUS_OK;
}

enum status ingest_reader_next(struct ingest_reader *reader, struct ingest_block *block,
                               struct error *error)
{
    pthread_mutex_lock(&reader->mutex);
    block->length = 0;
    enum status status = reader->failed ? STATUS_OK : next_locked(reader, block, error);

    /* one thread gets the error; the others see the end, and stop */
    if (status != STATUS_OK) {
        reader->failed = true;
        block->length = 0;
    }
    pthread_mutex_unlock(&reader->mutex);
    return status;
}

double ingest_reader_progress(struct ingest_reader *reader)
{
    pthread_mutex_lock(&reader->mutex);
    uint64_t total = 0, done = reader->read_bytes;
    for (size_t i = 0; i < reader->source_count; i++)
        total += reader->sources[i].bytes;
    if (reader->stream)
        done += ingest_stream_position(reader->stream);
    pthread_mutex_unlock(&reader->mutex);
    return total ? (double)done / (double)total : 1;
}
