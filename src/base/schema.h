/*
 * What a store holds, by name and type: kinds of facts, traits, reference tables and their columns.
 * The catalog keeps it, an import widens it, the population and the segment language read it.
 * Traits are the columns of the table `customer`; every other kind is a table of facts.
 */
#ifndef STRATA_BASE_SCHEMA_H
#define STRATA_BASE_SCHEMA_H

#include "base/text.h"

enum value_type {
    VALUE_NONE, /* not known yet */
    VALUE_BOOL,
    VALUE_INT,      /* int64 */
    VALUE_DECIMAL,  /* int64 scaled by 10^scale */
    VALUE_DOUBLE,   /* finite */
    VALUE_DATE,     /* days since 1970-01-01 */
    VALUE_TIME,     /* seconds since 1970-01-01T00:00:00Z */
    VALUE_DURATION, /* seconds; arises in the language, never stored */
    VALUE_TEXT,     /* UTF-8 */
    VALUE_SET,      /* distinct texts */
    VALUE_POINT,    /* latitude, longitude in degrees */
    VALUE_TYPES,
};

enum schema_role {
    SCHEMA_FACTS,
    SCHEMA_TRAITS,    /* one table, named SCHEMA_TRAIT_TABLE: told traits, one row a telling */
    SCHEMA_REFERENCE, /* rows that columns point at by key */
};

#define SCHEMA_TRAIT_TABLE "customer"

/* Names that begin with '@' are Strata's own: what stands beside a user's columns, as the codes of
 * a text do. No column, kind, trait or reference table of a user bears such a name, so the two
 * cannot meet, whatever a file calls its columns. */
#define SCHEMA_CODES "@code:"
static inline bool schema_is_own_name(const char *name)
{
    return name[0] == '@';
}

struct schema_column {
    const char *name;
    enum value_type type;
    int scale;            /* VALUE_DECIMAL: digits behind the point, 0–18 */
    const char *refers;   /* VALUE_TEXT whose values are keys of this reference table, or NULL */
    const char *currency; /* the sibling column that names the currency of this amount, or NULL */
    int currencies;       /* how many different currencies have been seen there */
    bool plain;           /* too many distinct texts for the dictionary: only the text is stored */
    bool undated;         /* traits: some value of it was imported --undated */
};

struct schema_table {
    const char *name;
    enum schema_role role;
    const char *key;    /* references: the key column's name */
    const char *amount; /* facts: the column that says what a fact was worth, as told or guessed at
                           import; or NULL */
    struct schema_column *columns;
    size_t column_count;
};

struct schema {
    struct schema_table *tables;
    size_t table_count;
    const char *zone;     /* IANA name */
    const char *currency; /* ISO 4217, or NULL */
};

/* "integer", "decimal", "text", …, as documents and messages say it. */
const char *value_type_name(enum value_type type);
/* NULL when there is none. Names compare byte by byte. */
const struct schema_table *schema_table(const struct schema *schema, const char *name);
const struct schema_column *schema_column(const struct schema_table *table, const char *name);
/* -1 when there is none. */
int schema_column_index(const struct schema_table *table, const char *name);
/* Of a kind that holds the lines of grouped facts, "order.line", the length of their kind's name,
 * "order"; else 0. */
size_t schema_lines_of(const char *kind);
/* A deep copy in arena. */
struct schema *schema_copy(const struct schema *schema, struct arena *arena);

#endif
