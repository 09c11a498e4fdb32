/*
 * The sample business: a fashion shop in Vienna with 50,000 customers, made from a fixed seed, with
 * groups of customers planted in it. Each customer belongs to one persona, which sets how they
 * shop, browse and answer; noise and overlap are part of it, so that finding the groups again is
 * work. truth.csv says who was made as what.
 */
#ifndef STRATA_TOOLS_SHOP_H
#define STRATA_TOOLS_SHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- random numbers: splitmix64, the same everywhere ---- */
struct random {
    uint64_t state;
};
uint64_t random_bits(struct random *random);
double random_unit(struct random *random); /* [0, 1) */
int random_below(struct random *random, int bound);
double random_normal(struct random *random);
double random_exponential(struct random *random, double rate);
double random_gamma(struct random *random, double shape, double scale);
int random_poisson(struct random *random, double mean);
int random_pick(struct random *random, const double *weights, int count);

/* ---- the calendar of the sample: two years up to SHOP_END ---- */
#define SHOP_BEGIN INT64_C(1688169600) /* 2023-07-01 00:00 UTC */
#define SHOP_END INT64_C(1751313600)   /* 2025-06-30 20:00 UTC */
enum { SHOP_DAY = 86400 };
/* "2025-06-30 21:59:07" in UTC; out has 32 bytes. */
const char *shop_time(int64_t moment, char *out);
const char *shop_date(int64_t moment, char *out);

enum {
    SHOP_PRODUCTS = 800,
    SHOP_ACCOUNTS = 400,
    SHOP_CATEGORIES = 8,
    SHOP_CITIES = 14,
    SHOP_PERSONAS = 7,
    SHOP_ATTITUDES = 6
};

struct persona {
    const char *name;
    double share;
    double orders_a_year, order_spread; /* gamma-distributed rate: mean and shape */
    double amount;                      /* typical price level, 1 = the shop's average */
    double churn_a_year;                /* rate at which they stop for good */
    double views_an_order, extra_views_a_year;
    double opens, clicks; /* of mails sent; of mails opened */
    double coupon;        /* share of orders with one */
    double nps;           /* mean of the 0–10 answer */
    double abandon;       /* baskets left behind, per order */
    double app;           /* share who use the app (`Order Completed`) */
    double category[SHOP_CATEGORIES];
    double attitude[SHOP_ATTITUDES]; /* price, quality, style, sustainability, convenience, service:
                                        mean of 1–5 */
};
extern const struct persona shop_personas[SHOP_PERSONAS];

struct product {
    int category;
    double price;
    const char *brand, *season;
};
struct city {
    const char *name, *country, *postcode;
    double latitude, longitude, weight;
};
extern const struct city shop_cities[SHOP_CITIES];
extern const char *const shop_categories[SHOP_CATEGORIES];

/* What the oracle may see of a customer. */
struct shop_seen {
    double orders, clicked;                /* clicked: those not bought in the store */
    double category[SHOP_CATEGORIES];      /* orders */
    double units[SHOP_CATEGORIES];         /* Σ quantity × what a coupon leaves */
    double squares[SHOP_CATEGORIES];       /* Σ of its squares */
    double coupons, quantity_above, spent; /* quantity_above: Σ (quantity − 1) */
    double views;
    int64_t last_order;
    int64_t answered;           /* when the last survey was; 0 never */
    int answer[SHOP_ATTITUDES]; /* 0: left blank */
};

struct customer {
    char id[16]; /* "C000123": leading zeros are part of it */
    int persona, city;
    int64_t joined, gone; /* active between these */
    double rate;          /* orders a year */
    bool app, newsletter;
    int account;  /* −1: none */
    double spent; /* in the whole history */
    int orders;
    struct shop_seen seen;
};

struct shop {
    struct random random;
    const char *folder;
    int customer_count;
    struct customer *customers;
    struct product products[SHOP_PRODUCTS];
    long facts;
};

/* Opens FOLDER/name for writing; ends the program with a message if it cannot. */
FILE *shop_file(const struct shop *shop, const char *name);

/* Each writes its files into the folder. */
void shop_write_products(struct shop *shop);
void shop_write_accounts(struct shop *shop);
void shop_write_behaviour(
    struct shop *shop); /* orders, views, baskets, mails, app events; fills spent and orders */
void shop_write_surveys(struct shop *shop);
void shop_write_customers(struct shop *shop); /* customers, plan history, scores, truth */
void shop_write_oracle(
    struct shop *shop); /* what knowing the generator would find; after all others */

#endif
