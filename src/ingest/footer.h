/* What may stand behind the last row: totals, counts of rows, remarks. It is passed over
 * and shown, never lost. */
#ifndef STRATA_INGEST_FOOTER_H
#define STRATA_INGEST_FOOTER_H

#include "ingest/dialect.h"

/* The bytes of data, which begins with a record and ends with the content, that are rows;
 * behind them is the footer. */
size_t ingest_footer_start(const struct ingest_dialect *dialect, const char *data, size_t length);
/* Whether text begins with a word for a total: "Total", "Summe:", "Gesamt (12)". */
bool ingest_is_total(struct text text);
/* Whether the last of the records in data, the whole content without its header, holds
 * the sums of the others in every column of numbers, under a word for a total. */
bool ingest_is_sum_row(const struct ingest_dialect *dialect, const char *data, size_t length);
/* Digits, signs, points, blanks, currency: with a digit, and without a word. */
bool ingest_is_figure(struct text text);

#endif
