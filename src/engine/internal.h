/* What the engine's files share. */
#ifndef STRATA_ENGINE_INTERNAL_H
#define STRATA_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "judge/judge.h"

/* Appends the sections that models bring to the report's object, and which of them are of another
 * moment than `now`; wanted says which sections. */
enum status engine_report_models(struct session *session, int64_t now,
                                 bool (*wanted)(const void *context, const char *section),
                                 const void *context, struct json *json, struct error *error);
/* Appends personas of a few segments. */
enum status engine_report_personas(const struct judge_evidence *evidence, struct json *json,
                                   struct error *error);

#endif
