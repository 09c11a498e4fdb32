/*
 * The fifth and sixth phase: what is left over is tidied away, and what was found out is
 * told. The phases before do not know the summary; report.c alone fills it in, from what
 * they gave.
 */
#ifndef STRATA_INGEST_REPORT_H
#define STRATA_INGEST_REPORT_H

#include "ingest/publish.h"

/* ---- tidy.c ---- */

/* Whether more rows were set aside than may be: STATUS_REJECTS, with *refused. */
enum status ingest_check_limit(const struct ingest_run *run, const struct ingest_summary *summary,
                               bool *refused, struct error *error);
/* The rows set aside are kept with the import, and where the options say; *path, or NULL,
 * is where people find them. */
enum status ingest_keep_rejects(const struct ingest_run *run,
                                const struct ingest_understood *understood,
                                const struct ingest_shape *shape, uint64_t set_aside,
                                const char **path, struct error *error);
enum status ingest_save_mapping(const struct ingest_run *run, const struct ingest_mapping *mapping,
                                struct error *error);

/* ---- report.c ---- */

/* What the first look found. */
void ingest_report_look(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_shape *shape, struct ingest_summary *summary);
/* When the customer was not found: the roles that were guessed all the same. */
void ingest_report_others(const struct ingest_roles *roles, const struct ingest_shape *shape,
                          struct ingest_summary *summary);
/* What all rows say; settled and published are empty as long as those phases have not been. */
void ingest_report_rows(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_shape *shape, const struct ingest_staged *staged,
                        const struct ingest_settled *settled,
                        const struct ingest_published *published, struct ingest_summary *summary);
/* A dry run: the first rows as they would be stored. */
enum status ingest_preview(const struct ingest_run *run, const struct ingest_understood *understood,
                           const struct ingest_shape *shape, const struct ingest_staged *staged,
                           struct ingest_summary *summary, struct error *error);
/* What was said on the way. */
void ingest_report_notes(const struct ingest_run *run, struct ingest_summary *summary);

/* ---- notices and warnings ---- */

/* notes.c: about the layout of the files, the columns and the roles; summary has what was read. */
void ingest_note_rows(const struct ingest_run *run, const struct ingest_understood *understood,
                      const struct ingest_shape *shape, const struct ingest_staged *staged,
                      const struct ingest_summary *summary);
/* remarks.c: of these, those about the columns. */
void ingest_remark(const struct ingest_run *run, const struct ingest_understood *understood,
                   const struct ingest_shape *shape, const struct ingest_staged *staged);

#endif
