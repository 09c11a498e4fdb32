/*
 * Segments as SQL: a checked segment becomes one SELECT that yields the customer numbers of its
 * members at a moment. It is how the same segments run on other engines, and how DuckDB gives a
 * second opinion in the tests.
 *
 * Tables it reads (sql_tables creates them empty):
 *   activity           customer UBIGINT, identifier VARCHAR (the first one), first BIGINT (earliest
 * fact or telling; 0: undated) "fact.<kind>"      customer, time BIGINT, arrival BIGINT (order
 * within the kind), one column or two a property "fact.customer"    the same for tellings of
 * traits; a trait that a row does not tell is NULL "reference.<name>" key VARCHAR, one column or
 * two a property record             segment VARCHAR, customer, entered BIGINT, left BIGINT
 * (9223372036854775807: still inside) list               name VARCHAR, customer A property `amount`
 * is column "p.amount": BOOLEAN; BIGINT for integers, decimals (scaled), dates (days since 1970)
 * and times (seconds since 1970); DOUBLE; VARCHAR; VARCHAR[]; a location is "p.place.latitude" and
 * "p.place.longitude", both DOUBLE.
 *
 * Time zones come from base, not from the engine: sql_prelude defines the functions that statements
 * call, with the zone's transitions written into them.
 */
#ifndef STRATA_SQL_SQL_H
#define STRATA_SQL_SQL_H

#include "segment/segment.h"

/* CREATE MACRO statements, each ended by ";\n". Transitions between the moments from and until are
 * known to them; times beyond are read with the offset at those ends. */
void sql_prelude(const struct zone *zone, int64_t from, int64_t until, struct buffer *out);
/* CREATE TABLE statements for all tables that statements over schema read, each ended by ";\n". */
void sql_tables(const struct schema *schema, struct buffer *out);
/* "fact.order", "reference.product": the table's quoted name. */
void sql_table_name(const struct schema_table *table, struct buffer *out);
/*
 * The SELECT for one segment (index) of a checked set at `now`; one column, `customer`, ascending.
 * Fails for what SQL cannot say the same way, naming it.
 */
enum status sql_of_segment(const struct segment_set *set, const struct schema *schema, int segment,
                           const struct zone *zone, int64_t now, struct buffer *out,
                           struct error *error);

#endif
