/* What the files behind include/strata.h share. */
#ifndef STRATA_LIB_INTERNAL_H
#define STRATA_LIB_INTERNAL_H

#include "strata.h"

#include "engine/engine.h"

struct session *lib_session(struct strata_store *store);
/* Copies a failure over; returns its status. */
enum strata_status lib_give_error(enum status status, const struct error *from,
                                  struct strata_error *to);

#endif
