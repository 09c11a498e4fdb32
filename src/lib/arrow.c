/*
 * Results as Arrow: chunks of the lake copied into arrays that live on their own. A batch is a
 * struct array, as the stream interface asks; each array owns its buffers and children and frees
 * them when released.
 *
 * Arrow's texts and lists have 32-bit offsets. So a batch ends before its texts grow large, and a
 * row that no offset could reach is refused.
 */
#include "lib/arrow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- schemas ---- */

static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    free((char *)schema->format);
    free((char *)schema->name);
    schema->release = NULL;
}

static void init_schema(struct ArrowSchema *schema, const char *format, const char *name,
                        size_t children)
{
    *schema = (struct ArrowSchema){.format = base_strdup(format),
                                   .name = base_strdup(name ? name : ""),
                                   .flags = ARROW_FLAG_NULLABLE,
                                   .n_children = (int64_t)children,
                                   .release = release_schema};
    if (children)
        schema->children = base_calloc(children, sizeof *schema->children);
    for (size_t i = 0; i < children; i++)
        schema->children[i] = base_calloc(1, sizeof **schema->children);
}

static const char *const formats[] = {
    [LAKE_OTHER] = "n",        [LAKE_BOOL] = "b",
    [LAKE_I8] = "c",           [LAKE_I16] = "s",
    [LAKE_I32] = "i",          [LAKE_I64] = "l",
    [LAKE_I128] = "d:38,0",    [LAKE_U8] = "C",
    [LAKE_U16] = "S",          [LAKE_U32] = "I",
    [LAKE_U64] = "L",          [LAKE_FLOAT] = "f",
    [LAKE_DOUBLE] = "g",       [LAKE_DATE] = "tdD",
    [LAKE_TIMESTAMP] = "tsu:", [LAKE_TIMESTAMP_S] = "tss:",
    [LAKE_TEXT] = "u",         [LAKE_BLOB] = "z",
    [LAKE_LIST] = "+l",        [LAKE_STRUCT] = "+s",
};

static bool is_decimal(const struct lake_vector *vector)
{
    return vector->width > 0;
}

static void fill_schema(struct ArrowSchema *schema, const struct lake_vector *vector,
                        const char *name)
{
    char format[32];
    snprintf(format, sizeof format, "%s", formats[vector->type]);
    if (is_decimal(vector))
        snprintf(format, sizeof format, "d:%d,%d", vector->width, vector->scale);

    size_t children =
        vector->type == LAKE_LIST || vector->type == LAKE_STRUCT ? vector->child_count : 0;
    init_schema(schema, format, name, children);
    for (size_t i = 0; i < children; i++)
        fill_schema(schema->children[i], &vector->children[i],
                    vector->type == LAKE_LIST ? "item" : vector->children[i].name);
}

/* ---- arrays ---- */

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_buffers; i++)
        free((void *)array->buffers[i]);
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    free(array->buffers);
    free(array->children);
    array->release = NULL;
}

static void init_array(struct ArrowArray *array, size_t length, int buffers, size_t children)
{
    *array = (struct ArrowArray){.length = (int64_t)length,
                                 .n_buffers = buffers,
                                 .n_children = (int64_t)children,
                                 .release = release_array};
    array->buffers = base_calloc((size_t)buffers + 1, sizeof *array->buffers);
    if (children)
        array->children = base_calloc(children, sizeof *array->children);
    for (size_t i = 0; i < children; i++)
        array->children[i] = base_calloc(1, sizeof **array->children);
}

/* rows of vector from first on. */
static void *validity(const struct lake_vector *vector, size_t first, size_t rows, int64_t *nulls)
{
    unsigned char *bits = base_calloc(rows / 8 + 1, 1);

    for (size_t i = 0; i < rows; i++) {
        if (lake_known(vector, first + i))
            bits[i / 8] |= (unsigned char)(1u << (i % 8));
        else
            ++*nulls;
    }
    return bits;
}

static size_t width_of(enum lake_type type)
{
    switch (type) {
    case LAKE_I8:
    case LAKE_U8: return 1;
    case LAKE_I16:
    case LAKE_U16: return 2;
    case LAKE_I32:
    case LAKE_U32:
    case LAKE_FLOAT:
    case LAKE_DATE: return 4;
    case LAKE_I128: return 16;
    default: return 8;
    }
}

static void fill_array(struct ArrowArray *array, const struct lake_vector *vector, size_t first,
                       size_t rows);

static void fill_texts(struct ArrowArray *array, const struct lake_vector *vector, size_t first,
                       size_t rows)
{
    int32_t *offsets = base_calloc(rows + 1, sizeof *offsets);
    struct buffer bytes;
    buffer_init(&bytes, INT32_MAX);

    for (size_t i = 0; i < rows; i++) {
        if (lake_known(vector, first + i))
            buffer_text(&bytes, lake_text(vector, first + i));
        offsets[i + 1] = (int32_t)bytes.length;
    }

    ENSURE(!bytes.cut);
    array->buffers[1] = offsets;
    array->buffers[2] = buffer_take(&bytes);
}

/* Decimals are 128 bits wide in Arrow, whatever they were. */
static void fill_decimals(struct ArrowArray *array, const struct lake_vector *vector, size_t first,
                          size_t rows)
{
    lake_wide *wide = base_calloc(rows + 1, sizeof *wide);

    for (size_t i = 0; i < rows; i++)
        if (lake_known(vector, first + i))
            wide[i] = vector->type == LAKE_I128 ? ((const lake_wide *)vector->data)[first + i]
                                                : lake_integer(vector, first + i);
    array->buffers[1] = wide;
}

static void fill_bits(struct ArrowArray *array, const struct lake_vector *vector, size_t first,
                      size_t rows)
{
    unsigned char *bits = base_calloc(rows / 8 + 1, 1);

    for (size_t i = 0; i < rows; i++)
        if (lake_known(vector, first + i) && ((const uint8_t *)vector->data)[first + i])
            bits[i / 8] |= (unsigned char)(1u << (i % 8));
    array->buffers[1] = bits;
}

/* Spans of a chunk lie one behind the other in the child, as the lake hands results over compactly:
 * the elements from the first to the last are one piece, copied like a column. */
static void fill_list(struct ArrowArray *array, const struct lake_vector *vector, size_t first,
                      size_t rows)
{
    const struct lake_span *spans = vector->data;
    int32_t *offsets = base_calloc(rows + 1, sizeof *offsets);
    uint64_t begin = UINT64_MAX, end = 0;

    for (size_t i = 0; i < rows; i++) {
        bool known = lake_known(vector, first + i);
        uint64_t count = known ? spans[first + i].count : 0;
        if (count && begin == UINT64_MAX)
            begin = end = spans[first + i].first;
        ENSURE(!count || spans[first + i].first == end);
        end += count;
        offsets[i + 1] = offsets[i] + (int32_t)count;
    }

    array->buffers[1] = offsets;
    fill_array(array->children[0], &vector->children[0], begin == UINT64_MAX ? 0 : begin,
               begin == UINT64_MAX ? 0 : end - begin);
}

/* Of each layout, as Arrow fixes it: which rows are known, where each one ends, what they hold. */
static int buffers_of(enum lake_type type)
{
    switch (type) {
    case LAKE_OTHER: return 0;
    case LAKE_STRUCT: return 1;
    case LAKE_TEXT:
    case LAKE_BLOB: return 3;
    default: return 2;
    }
}

static void fill_array(struct ArrowArray *array, const struct lake_vector *vector, size_t first,
                       size_t rows)
{
    bool text = vector->type == LAKE_TEXT || vector->type == LAKE_BLOB;
    bool nested = vector->type == LAKE_LIST || vector->type == LAKE_STRUCT;

    init_array(array, rows, buffers_of(vector->type), nested ? vector->child_count : 0);

    /* A type that Arrow has no form for here: nothing but NULL, which needs no buffer. */
    if (vector->type == LAKE_OTHER) {
        array->null_count = (int64_t)rows;
        return;
    }

    /* Whatever the type, the first buffer says which rows are known. */
    array->buffers[0] = validity(vector, first, rows, &array->null_count);
    if (text) {
        fill_texts(array, vector, first, rows);
    } else if (vector->type == LAKE_STRUCT) {
        for (size_t i = 0; i < vector->child_count; i++)
            fill_array(array->children[i], &vector->children[i], first, rows);
    } else if (vector->type == LAKE_LIST) {
        fill_list(array, vector, first, rows);
    } else if (is_decimal(vector) || vector->type == LAKE_I128) {
        fill_decimals(array, vector, first, rows);
    } else if (vector->type == LAKE_BOOL) {
        fill_bits(array, vector, first, rows);
    } else {
        size_t width = width_of(vector->type);
        void *copy = base_malloc(rows * width + 1);
        memcpy(copy, (const char *)vector->data + first * width, rows * width);
        array->buffers[1] = copy;
    }
}

/* ---- batches ---- */

enum {
    BATCH_BYTES = 64 << 20, /* of text, so that a reader need not hold much at once */
    BATCH_MEMBERS = 1 << 16,
};

/* What a row adds to offsets: bytes of its texts and elements of its lists, taken together, as
 * either is few beside the other. */
static uint64_t row_size(const struct lake_vector *vector, size_t row)
{
    uint64_t size = 0;

    switch (vector->type) {
    case LAKE_TEXT:
    case LAKE_BLOB: return lake_known(vector, row) ? lake_text(vector, row).length : 0;
    case LAKE_STRUCT:
        for (size_t i = 0; i < vector->child_count; i++)
            size += row_size(&vector->children[i], row);
        return size;
    case LAKE_LIST:
        if (!lake_known(vector, row))
            return 0;
        struct lake_span span = ((const struct lake_span *)vector->data)[row];
        for (uint64_t i = 0; i < span.count; i++)
            size += row_size(&vector->children[0], span.first + i);
        return size + span.count;
    default: return 0;
    }
}

/* How many rows of the chunk from the first on make a batch: one at least, which may be larger than
 * all others may be together. 0: not even that one fits. */
static size_t batch_rows(const struct lake_chunk *chunk, size_t first)
{
    size_t rows = 0;
    for (uint64_t total = 0; first + rows < chunk->rows; rows++) {
        uint64_t size = 0;
        for (size_t i = 0; i < chunk->column_count; i++)
            size += row_size(&chunk->columns[i], first + rows);
        total += size;
        if (total > (rows ? BATCH_BYTES : INT32_MAX))
            break;
    }
    return rows;
}

static const char *const too_long = "a row holds more than the 2 GiB that an Arrow array takes";

/* ---- streams ---- */

struct stream {
    struct lake_result *result;
    const struct lake_chunk *chunk; /* NULL: the next is still to be asked for */
    size_t row;                     /* of the chunk: the first that was not handed over */
    void (*close)(void *owner);
    void *owner;
    struct error error;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct stream *self = stream->private_data;
    size_t columns = lake_result_columns(self->result);
    init_schema(out, "+s", "", columns);

    for (size_t i = 0; i < columns; i++)
        fill_schema(out->children[i], lake_result_column(self->result, i),
                    lake_result_column(self->result, i)->name);
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct stream *self = stream->private_data;
    *out = (struct ArrowArray){0};
    if (!self->chunk) {
        if (lake_result_next(self->result, &self->chunk, &self->error) != STATUS_OK)
            return EIO;
        self->row = 0;
    }
    if (!self->chunk)
        return 0;

    const struct lake_chunk *chunk = self->chunk;
    size_t rows = batch_rows(chunk, self->row);
    if (!rows) {
        (void)!error_set(&self->error, STATUS_LIMIT, "%s", too_long);
        return EOVERFLOW;
    }

    /* A batch is a struct without a row of its own to be unknown. */
    init_array(out, rows, 1, chunk->column_count);
    for (size_t i = 0; i < chunk->column_count; i++)
        fill_array(out->children[i], &chunk->columns[i], self->row, rows);
    self->row += rows;
    if (self->row == chunk->rows)
        self->chunk = NULL;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    struct stream *self = stream->private_data;
    return self->error.message[0] ? self->error.message : NULL;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    struct stream *self = stream->private_data;
    self->close(self->owner);
    free(self);
    stream->release = NULL;
}

void lib_arrow_stream(struct lake_result *result, void (*close)(void *owner), void *owner,
                      struct ArrowArrayStream *out)
{
    struct stream *self = base_calloc(1, sizeof *self);
    *self = (struct stream){.result = result, .close = close, .owner = owner};
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = get_last_error,
                                     .release = release_stream,
                                     .private_data = self};
}

/* ---- members ---- */

struct members_stream {
    struct text *identifiers;
    uint32_t *numbers;
    size_t count, at; /* at: the first that was not handed over */
    bool too_long;
    struct arena arena;
};

static int members_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    init_schema(out, "+s", "", 2);

    init_schema(out->children[0], "u", "customer", 0);
    init_schema(out->children[1], "I", "number", 0);
    return 0;
}

/* As batch_rows. */
static size_t batch_members(const struct members_stream *self)
{
    size_t rows = 0;
    for (uint64_t total = 0; self->at + rows < self->count && rows < BATCH_MEMBERS; rows++) {
        total += self->identifiers[self->at + rows].length;
        if (total > (rows ? BATCH_BYTES : INT32_MAX))
            break;
    }
    return rows;
}

static int members_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct members_stream *self = stream->private_data;
    *out = (struct ArrowArray){0};
    if (self->at == self->count)
        return 0;

    /* As many as their identifiers' bytes fit 32-bit offsets; one that does not by itself ends it.
     */
    size_t rows = batch_members(self);
    self->too_long = !rows;
    if (self->too_long)
        return EOVERFLOW;

    struct buffer bytes;
    int32_t *offsets = base_calloc(rows + 1, sizeof *offsets);
    uint32_t *numbers = base_malloc(rows * sizeof *numbers);
    buffer_init(&bytes, INT32_MAX);
    for (size_t i = 0; i < rows; i++) {
        buffer_text(&bytes, self->identifiers[self->at + i]);
        offsets[i + 1] = (int32_t)bytes.length;
        numbers[i] = self->numbers[self->at + i];
    }
    ENSURE(!bytes.cut);

    init_array(out, rows, 1, 2);
    init_array(out->children[0], rows, 3, 0);
    init_array(out->children[1], rows, 2, 0);
    out->children[0]->buffers[1] = offsets;
    out->children[0]->buffers[2] = buffer_take(&bytes);
    out->children[1]->buffers[1] = numbers;
    self->at += rows;
    return 0;
}

static const char *members_error(struct ArrowArrayStream *stream)
{
    const struct members_stream *self = stream->private_data;
    return self->too_long ? too_long : NULL;
}

static void members_release(struct ArrowArrayStream *stream)
{
    struct members_stream *self = stream->private_data;
    arena_release(&self->arena);
    free(self);
    stream->release = NULL;
}

void lib_arrow_members(const struct session_members *members, struct ArrowArrayStream *out)
{
    struct members_stream *self = base_calloc(1, sizeof *self);
    arena_init(&self->arena, 0);

    self->count = members->count;
    self->identifiers = ARENA_ARRAY(&self->arena, struct text, members->count + 1);
    self->numbers = ARENA_ARRAY(&self->arena, uint32_t, members->count + 1);
    /* Copied, since the stream may outlive the list it came from. */
    for (size_t i = 0; i < members->count; i++) {
        struct text id = members->identifiers[i];
        self->identifiers[i] =
            (struct text){arena_strndup(&self->arena, id.data, id.length), id.length};
        self->numbers[i] = members->numbers[i];
    }

    *out = (struct ArrowArrayStream){.get_schema = members_schema,
                                     .get_next = members_next,
                                     .get_last_error = members_error,
                                     .release = members_release,
                                     .private_data = self};
}
