/*
 * The population: the in-memory, columnar picture of all customers that segments are evaluated on.
 *
 * Customers stand at positions 0…customers−1, ordered by last activity (then by number), so that
 * whoever is quiet lies together. Every kind of fact is one table in CSR form: offset[p] …
 * offset[p+1]−1 are the rows of the customer at position p, in order of time, then arrival, and
 * each property is one array over rows. Told traits are such a table too (the rows are tellings);
 * reference tables have rows of their own. A measure over orders reads orders and nothing else.
 * Values are held as narrow as they fit: stored + base.
 *
 * A population is immutable once built and may be read by any number of threads; facts that arrive
 * later go into its delta (delta.h), tellings about many customers into a population over it
 * (overlay.h). Times are whole seconds since 1970 in 32 bits (1970–2105); an undated telling has
 * time 0.
 */
#ifndef STRATA_POPULATION_POPULATION_H
#define STRATA_POPULATION_POPULATION_H

#include "base/calendar.h"
#include "base/pool.h"
#include "base/schema.h"

#define POPULATION_NO_ROW UINT32_MAX
#define POPULATION_NO_CODE UINT32_MAX
/* first_time of a customer of whom nothing is known at any moment. */
#define POPULATION_NEVER UINT32_MAX
/* Arrays over rows may be read this many bytes past their end, so that loops may work on whole
 * vectors. */
enum { POPULATION_BLOCK = 512, POPULATION_PADDING = 64 };

struct population_column {
    const char *name;
    enum value_type type;
    int scale;
    int refers;     /* index of the reference table its texts are keys of, or −1 */
    unsigned width; /* bytes a row: 0 (every row is base), 1, 2, 4, 8; DOUBLE: 8; POINT: 16
                       (latitude, longitude doubles); SET: 0 */
    int64_t base;   /* INT DECIMAL DATE TIME BOOL: value = base + (unsigned) stored; TEXT: code =
                       stored, base 0 */
    int64_t max;    /* the largest value held (not DOUBLE, POINT, SET); proves that sums fit */
    const void *values;
    const uint64_t *known;     /* bit a row; NULL: all are known */
    const uint32_t *set_start; /* SET: rows + 1 entries into set_codes */
    const uint32_t *set_codes; /* SET: codes, ascending and distinct within a row */
};

struct population_table {
    const char *name;
    enum schema_role role;
    size_t rows;
    /* facts and traits: customers + 1 entries (rows < 2^32); references: NULL */
    const uint32_t *offset;
    const uint32_t *time;      /* facts and traits: a row; references: NULL */
    const uint32_t *last_time; /* facts and traits: per position the time of the last row; 0 where
                                  there is none */
    /* facts and traits: per POPULATION_BLOCK positions the largest last_time */
    const uint32_t *block_last;
    uint32_t time_min, time_max; /* over all rows; min > max when there are none */
    bool one_each; /* every position has exactly one row, so that rows are positions */
    struct population_column *columns;
    size_t column_count;
    const uint32_t *row_of_code; /* references: row of the key with that dictionary code, or
                                    POPULATION_NO_ROW */
    size_t code_count;           /* entries of row_of_code; codes past it have no row */
};

/* Recorded memberships of one segment: per position its intervals [entered, left), left INT64_MAX
 * while inside. */
struct population_records {
    const char *segment;
    const uint32_t *offset; /* customers + 1 */
    const int64_t *entered, *left;
};

/* A static list: a bit a position. */
struct population_list {
    const char *name;
    const uint64_t *members;
};

struct population {
    uint32_t customers;
    const uint64_t *number;     /* by position: the customer's number */
    const uint32_t *first_time; /* by position: earliest fact or telling of any kind (0: undated);
                                   exists at T when <= T */
    const uint32_t *last_time;  /* by position: latest fact of any kind */
    struct population_table *tables;
    size_t table_count;
    struct population_records *records;
    size_t record_count;
    struct population_list *lists;
    size_t list_count;
    const struct zone *zone; /* the store's; borrowed */
    uint32_t code_count;     /* dictionary codes 0…code_count−1 */
    uint64_t serial;         /* differs between any two populations of a process */
    struct population_internal *internal;
    const struct population *below; /* overlay.h: what it shares everything with but a table, or
                                       some lists; NULL: it lies over none */
    size_t own_table;               /* SIZE_MAX: none */
    size_t own_lists;               /* the first so many of its lists */
};

/* Index of the table, or −1 if it was not loaded. */
int population_table_index(const struct population *population, const char *name);
int population_column_index(const struct population_table *table, const char *name);
/* First identifier of the customer at position, as imported. Valid as long as the population. */
struct text population_identifier(const struct population *population, uint32_t position);
/* Position of the customer with that identifier; false when there is none. */
bool population_find(const struct population *population, struct text identifier,
                     uint32_t *position);
struct text population_text(const struct population *population, uint32_t code);
/* The code of text, or POPULATION_NO_CODE. */
uint32_t population_code(const struct population *population, struct text text);

/* One value, slowly and plainly: for the naive interpreter, for output and for tests. */
struct population_value {
    bool known;
    int64_t integer; /* BOOL INT DECIMAL DATE TIME, TEXT as code */
    double number;   /* DOUBLE */
    double latitude, longitude;
    const uint32_t *codes; /* SET */
    uint32_t code_count;
};
struct population_value population_get(const struct population_column *column, size_t row);

void population_free(struct population *population);

/* Bytes in use, said by the program itself: facts (times, offsets, properties, last times),
 * customers, traits, references, dictionary. */
struct population_memory {
    size_t facts, directory, customers, traits, references, dictionary, records;
    size_t fact_rows;
};
struct population_memory population_memory(const struct population *population);

/*
 * Building. Give the customers, then tables, then finish. Everything is copied; the builder is
 * single-threaded but finish may use the pool.
 */
struct population_builder;

/* One column of input, parallel to its table's rows. Exactly one of the arrays is given, by type.
 */
struct population_input {
    const char *name;
    enum value_type type;
    int scale;
    const char *refers;      /* reference table name or NULL */
    const int64_t *integers; /* BOOL INT DECIMAL DATE TIME */
    const double *doubles;   /* DOUBLE; POINT: 2 × rows (latitude, longitude) */
    const uint32_t *codes;   /* TEXT: dictionary codes; SET: concatenated, with set_start */
    const uint32_t *set_start;
    const uint64_t *known; /* NULL: all */
};

struct population_builder *population_builder_new(const struct zone *zone);
void population_builder_free(struct population_builder *builder);
/* numbers ascending; identifiers parallel to them (the first identifier of each customer). */
void population_builder_customers(struct population_builder *builder, const uint64_t *numbers,
                                  const struct text *identifiers, uint32_t count);
/* Adds text to the dictionary (or finds it there). Codes come in order 0, 1, 2, … of first
 * appearance. */
uint32_t population_builder_code(struct population_builder *builder, struct text text);
/* Facts or tellings: customer[i] is an index into the customers given; rows are sorted by customer,
 * then time, then arrival (checked). */
enum status population_builder_table(struct population_builder *builder, const char *name,
                                     enum schema_role role, size_t rows, const uint32_t *customer,
                                     const uint32_t *time, const struct population_input *columns,
                                     size_t column_count, struct error *error);
enum status population_builder_reference(struct population_builder *builder, const char *name,
                                         size_t rows, const uint32_t *key_codes,
                                         const struct population_input *columns,
                                         size_t column_count, struct error *error);
/* Sorted by customer index, then entered. */
void population_builder_records(struct population_builder *builder, const char *segment,
                                size_t count, const uint32_t *customer, const int64_t *entered,
                                const int64_t *left);
void population_builder_list(struct population_builder *builder, const char *name,
                             const struct text *identifiers, size_t count);
/* Orders customers by last activity, permutes every table, narrows every column. The builder is
 * empty afterwards. */
enum status population_builder_finish(struct population_builder *builder, struct pool *pool,
                                      struct population **out, struct error *error);

#endif
