/*
 * Identity: who is who. Every customer has one number, given once and never reused, and
 * identifiers, the texts by which files know them. Identifiers that came in bulk lie in sorted
 * parts (role identity).
 */
#ifndef STRATA_IDENTITY_IDENTITY_H
#define STRATA_IDENTITY_IDENTITY_H

#include "store/numbering.h"

/*
 * For an import: all identifiers there are, as a numbering. Number the rows (identity_register
 * brings the SQL functions customer_number and customer_number_final), settle it with those that
 * are really stored, write it.
 */
enum status identity_load(struct store *store, struct lake *lake, struct numbering **out,
                          struct error *error);
/* customer_number(VARCHAR identifier, UBIGINT row) and customer_number_final(UINTEGER):
 * store_register_numbering. */
enum status identity_register(struct lake *lake, struct numbering *identity, struct error *error);
/* Writes the new identifiers of a settled numbering as an identity part and moves
 * CATALOG_NEXT_CUSTOMER on. */
enum status identity_write(struct store_change *change, struct lake *lake,
                           const struct numbering *identity, struct error *error);

/* For one customer. STATUS_NOT_FOUND when nobody has that identifier. Reads little: parts are
 * sorted by identifier. */
enum status identity_find(struct store *store, struct lake *lake, struct text identifier,
                          uint32_t *number, struct error *error);

/* All identifiers there are, in no order: take is called from several threads at once, each time
 * with some texts (column 0, known all of them; their bytes die with the call) and their customers'
 * numbers (column 1, uint32_t). */
enum status identity_each(struct store *store, struct lake *lake,
                          enum status (*take)(void *context, const struct lake_chunk *identifiers,
                                              struct error *error),
                          void *context, struct error *error);

/*
 * For output: identifiers by number. Holds all of them in memory, 16 bytes a customer and the
 * texts.
 */
struct identity_names {
    uint32_t *numbers; /* ascending */
    struct text *identifiers;
    size_t count;
    struct arena texts;
};
/* Of all customers, or of those in `only` (NULL: all). */
enum status identity_names_load(struct identity_names *names, struct store *store,
                                struct lake *lake, const struct bitmap *only, struct error *error);
void identity_names_release(struct identity_names *names);
/* Empty text when there is none. */
struct text identity_name(const struct identity_names *names, uint32_t number);

#endif
