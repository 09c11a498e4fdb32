/* Folders for files that go when the work is done. */
#ifndef STRATA_BASE_TEMPORARY_H
#define STRATA_BASE_TEMPORARY_H

#include "base/arena.h"
#include "base/error.h"

/* Makes a new folder, readable by nobody else, in TMPDIR or else /tmp; *path is in arena. */
enum status temporary_folder(struct arena *arena, const char **path, struct error *error);

#endif
