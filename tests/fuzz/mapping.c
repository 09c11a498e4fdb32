/* A mapping file of any bytes is refused or understood; what is understood is written and read back
 * the same. */
#include "ingest/mapping.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error error;
    struct ingest_mapping mapping, back;
    struct buffer first, second;
    arena_init(&arena, 0);
    if (ingest_mapping_parse((struct text){(const char *)data, size}, "fuzz", &arena, &mapping,
                             &error) == STATUS_OK) {
        buffer_init(&first, 0);
        buffer_init(&second, 0);
        ingest_mapping_write(&mapping, false, &first);
        ENSURE(ingest_mapping_parse((struct text){first.data, first.length}, "back", &arena, &back,
                                    &error) == STATUS_OK);
        ingest_mapping_write(&back, false, &second);
        ENSURE(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
        if (ingest_mapping_check(&mapping, &error) != STATUS_OK)
            ENSURE(*error.message);
        buffer_release(&first);
        buffer_release(&second);
    }
    arena_release(&arena);
    return 0;
}
