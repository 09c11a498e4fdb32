/* What the files behind include/strata.h share. */
#ifndef STRATA_ENGINE_PUBLIC_H
#define STRATA_ENGINE_PUBLIC_H

#include "strata.h"

#include "engine/engine.h"

struct engine *engine_of_store(struct strata_store *store);
/* Copies a failure over; returns its status. */
enum strata_status engine_give_error(enum status status, const struct error *from,
                                     struct strata_error *to);

#endif
