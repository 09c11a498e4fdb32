/* The benchmark's data: a shop with twelve kinds of facts, made in memory from a fixed seed. */
#ifndef STRATA_BENCH_DATA_H
#define STRATA_BENCH_DATA_H

#include "population/population.h"

enum { KINDS = 12, PRODUCTS = 5000, CATEGORIES = 20, CITIES = 40, TOPICS = 6, PLANS = 3 };
enum kind {
    ORDER,
    VIEW,
    CART,
    EMAIL_SENT,
    EMAIL_OPEN,
    EMAIL_CLICK,
    SUPPORT,
    SURVEY,
    LOGIN,
    REFUND,
    REVIEW,
    SHARE
};

extern const char *const KIND_NAMES[KINDS];

/* One kind's facts by customer, then time. Number columns are NULL where the kind has none. */
struct facts {
    size_t rows, room;
    uint32_t *customer, *time;
    int64_t *number; /* order and refund amount in cents; view seconds; survey nps; review stars */
    uint32_t *product; /* codes: order, view, cart; support: topic */
};

struct data {
    uint32_t customers;
    size_t fact_count;
    int64_t now;
    struct facts facts[KINDS];
    int64_t *birth;        /* trait: days since 1970 */
    uint32_t *city, *plan; /* traits: codes */
    uint32_t *told;        /* when the traits were told */
    int category[PRODUCTS];
};

/* Names of codes: products first, then categories, cities, topics, plans. */
const char *data_text(uint32_t code, char *out);
enum {
    CODE_CATEGORY = PRODUCTS,
    CODE_CITY = CODE_CATEGORY + CATEGORIES,
    CODE_TOPIC = CODE_CITY + CITIES,
    CODE_PLAN = CODE_TOPIC + TOPICS,
    CODES = CODE_PLAN + PLANS
};

void data_make(struct data *data, uint32_t customers, double facts_each);
void data_release(struct data *data);
const struct schema *data_schema(void);
enum status data_population(const struct data *data, const struct zone *zone, struct pool *pool,
                            struct population **out, struct error *error);

#endif
