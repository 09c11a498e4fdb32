/*
 * The third and fourth phase: ids are settled against the store, and what stands is
 * written.
 */
#ifndef STRATA_INGEST_PUBLISH_H
#define STRATA_INGEST_PUBLISH_H

#include "ingest/read.h"

/* What --id made of the rows: all 0 without it. */
struct ingest_settled {
    uint64_t repeated;                     /* rows that are there already */
    uint64_t conflicts;                    /* rows whose id is there with another content */
    uint64_t replaced;                     /* rows that take the place of the store's */
    struct ingest_reject_counts set_aside; /* the conflicts, as other rows set aside are counted */
};

/*
 * ids.c: the phase. Judges the rows of `staged` by their ids, as a table `verdicts`
 * (arrival, id, verdict): 0 stands; 1 and 3 lose to another of this import; 2 and 4 are
 * in the store already, 2 with the same content. Sets conflicts aside, or takes from the
 * store what they replace.
 */
enum status ingest_settle_ids(const struct ingest_run *run,
                              const struct ingest_understood *understood,
                              const struct ingest_shape *shape, const struct ingest_staged *staged,
                              struct ingest_settled *settled, struct error *error);

/* What is known of a property once it is stored. */
struct ingest_stored {
    int whole_digits;
    /* with --group-by: the group has it too, as the one value of its lines or their sum */
    bool own;
    const char *currency, *currencies;
    uint64_t orphans; /* rows that name a key which the table it refers to does not hold */
};

struct ingest_published {
    uint64_t stored;                   /* rows that became lines or facts */
    uint64_t customers, new_customers; /* of these rows; of them, those the store did not know */
    struct ingest_stored *properties;  /* by property of the shape; NULL before the phase */
    VECTOR(struct ingest_summary_table) tables;
    VECTOR(struct catalog_table)
    stated; /* what the import brings, as it states it to the catalog */
};

/* publish.c: the phase, from `staged` to parts; of a dry run all but the writing. */
enum status ingest_publish(const struct ingest_run *run, const struct ingest_understood *understood,
                           const struct ingest_shape *shape, const struct ingest_staged *staged,
                           struct ingest_published *published, struct error *error);
void ingest_published_release(struct ingest_published *published);

/* repeats.c: rows that may be there twice under another name: said, and kept. Numbers of
 * customers are settled; rows: how many are staged. */
enum status ingest_note_repetitions(const struct ingest_run *run,
                                    const struct ingest_understood *understood,
                                    const struct ingest_shape *shape,
                                    const struct ingest_staged *staged, uint64_t rows,
                                    struct error *error);
/* keep.c: when all is stated: whether everything saved fits the schema that comes of it. */
enum status ingest_judge_schema(const struct ingest_run *run,
                                const struct ingest_published *published, struct error *error);

#endif
