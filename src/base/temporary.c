/* Folders for files that go when the work is done. */
#include "base/temporary.h"

#include <errno.h>
#include <stdlib.h>

enum status temporary_folder(struct arena *arena, const char **path, struct error *error)
{
    const char *place = getenv("TMPDIR");
    char *made = arena_printf(arena, "%s/strata-XXXXXX", place && *place ? place : "/tmp");
    *path = mkdtemp(made);
    if (*path)
        return STATUS_OK;

    enum status status = error_system(error, errno, "the folder %s cannot be made", made);
    error_hint(error, "set TMPDIR to a folder that can be written");
    return status;
}
