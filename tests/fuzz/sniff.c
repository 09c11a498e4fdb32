/*
 * The first look at any bytes ends with a dialect or an error. Under that dialect, cutting the
 * bytes into whole records and splitting each piece gives the same records as splitting all at
 * once, wherever the cut falls: that is what lets threads share a file.
 */
#include "ingest/sniff.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t split_all(const struct ingest_dialect *dialect, const char *data, size_t length,
                          uint64_t *hash)
{
    struct ingest_record record = {0};
    const char *at = data, *end = data + length;
    size_t skipped;
    uint64_t records = 0;
    while (ingest_split(dialect, &at, end, &record, &skipped)) {
        records++;
        for (size_t i = 0; i < record.count; i++)
            *hash = text_hash((struct text){(const char *)hash, sizeof *hash}) ^
                    text_hash((struct text){record.fields[i].data, record.fields[i].length});
    }
    ingest_record_release(&record);
    return records;
}

static void check_cuts(const struct ingest_dialect *dialect, const char *data, size_t length)
{
    uint64_t whole_hash = 0, cut_hash = 0;
    uint64_t whole = split_all(dialect, data, length, &whole_hash), pieces = 0;
    size_t at = 0, step = 1 + length / 3;
    while (at < length) {
        size_t end = at + step < length ? at + step : length, cut = 0;
        while (end < length && !(cut = ingest_whole_records(dialect, data + at, end - at)))
            end++;
        cut = end == length && !cut ? length - at : cut;
        pieces += split_all(dialect, data + at, cut, &cut_hash);
        at += cut;
    }
    ENSURE(whole == pieces);
    ENSURE(whole_hash == cut_hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error error;
    struct ingest_sniff sniff;
    arena_init(&arena, 0);
    char *copy = base_malloc(size + 1);
    memcpy(copy, data, size);
    enum status status = ingest_sniff_bytes(copy, size, true, "fuzz", NULL, &arena, &sniff, &error);
    if (status != STATUS_OK)
        ENSURE(*error.message);
    if (status == STATUS_OK && !sniff.parquet) {
        for (size_t i = 0; i < sniff.column_count; i++) {
            struct ingest_type_hint hint = {.name = sniff.names[i]};
            ENSURE(ingest_decide(&sniff.evidence[i], &hint).type < VALUE_TYPES);
        }
        if (sniff.dialect.layout != LAYOUT_JSON)
            check_cuts(&sniff.dialect, copy, size);
        ingest_sniff_release(&sniff);
    }
    free(copy);
    arena_release(&arena);
    return 0;
}
