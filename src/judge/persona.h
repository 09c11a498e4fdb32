/* What the files of personas share. */
#ifndef STRATA_JUDGE_PERSONA_H
#define STRATA_JUDGE_PERSONA_H

#include "judge/judge.h"

enum { PERSONA_WHO, PERSONA_DOES, PERSONA_LIKES, PERSONA_CHANNELS, PERSONA_VALUE, PERSONA_RISK };

struct persona {
    const struct judge_evidence *evidence;
    int segment;
    const struct insight_profile *profile;
    const uint64_t *members, *others; /* a bit a position */
    struct judge_persona *out;
};

/* The groups' rows: what sets the segment apart in words, and what products, channels, orders and
 * schemes say. */
void persona_add_rows(struct persona *persona);
/* What a feature is called in a sentence: "order, how often". */
const char *persona_label(const struct persona *persona, const struct insight_feature *feature);
const char *persona_number(const struct persona *persona, double value);
/* What a code of a column says: of a key what the row it points at is called. */
const char *persona_text(const struct persona *persona, const struct population_column *column,
                         uint32_t code);
/* The facts of one member near the middle, newest first, those of a day and kind together. */
void persona_add_history(struct persona *persona);
/* The column of a reference table that says what a row is called, or NULL. */
const char *persona_name_column(const struct schema_table *table);

#endif
