#include "shop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static struct tm parts_of(int64_t moment)
{
    time_t seconds = (time_t)moment;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    return parts;
}

const char *shop_time(int64_t moment, char *out)
{
    struct tm parts = parts_of(moment);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S", &parts);
    return out;
}

const char *shop_date(int64_t moment, char *out)
{
    struct tm parts = parts_of(moment);
    strftime(out, 32, "%Y-%m-%d", &parts);
    return out;
}

FILE *shop_file(const struct shop *shop, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", shop->folder, name);
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "make-shop: cannot write %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

static void make_customers(struct shop *shop)
{
    double shares[SHOP_PERSONAS], cities[SHOP_CITIES];
    for (int i = 0; i < SHOP_PERSONAS; i++)
        shares[i] = shop_personas[i].share;
    for (int i = 0; i < SHOP_CITIES; i++)
        cities[i] = shop_cities[i].weight;
    shop->customers = calloc((size_t)shop->customer_count, sizeof *shop->customers);
    if (!shop->customers)
        abort();
    for (int i = 0; i < shop->customer_count; i++) {
        struct customer *who = &shop->customers[i];
        struct random *random = &shop->random;
        snprintf(who->id, sizeof who->id, "C%06d", i + 1);
        who->persona = random_pick(random, shares, SHOP_PERSONAS);
        const struct persona *persona = &shop_personas[who->persona];
        who->city = random_pick(random, cities, SHOP_CITIES);
        who->joined = SHOP_BEGIN + (int64_t)(random_unit(random) * random_unit(random) *
                                             (double)(SHOP_END - SHOP_BEGIN));
        who->gone = who->joined + (int64_t)(random_exponential(random, persona->churn_a_year) *
                                            365.25 * SHOP_DAY);
        who->rate = random_gamma(random, persona->order_spread,
                                 persona->orders_a_year / persona->order_spread);
        who->app = random_unit(random) < persona->app;
        who->newsletter = random_unit(random) < .82;
        who->account = who->persona == 6           ? random_below(random, SHOP_ACCOUNTS)
                       : random_unit(random) < .01 ? random_below(random, SHOP_ACCOUNTS)
                                                   : -1;
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: make-shop FOLDER [CUSTOMERS] [SEED]\n");
        return 2;
    }
    struct shop shop = {
        .random = {argc > 3 ? strtoull(argv[3], NULL, 10) : 20250630},
        .folder = argv[1],
        .customer_count = argc > 2 ? atoi(argv[2]) : 50000,
    };
    if (mkdir(shop.folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "make-shop: cannot make %s: %s\n", shop.folder, strerror(errno));
        return 1;
    }
    if (shop.customer_count < 1) {
        fprintf(stderr, "make-shop: CUSTOMERS is a whole number of at least 1\n");
        return 2;
    }
    make_customers(&shop);
    shop_write_products(&shop);
    shop_write_accounts(&shop);
    shop_write_behaviour(&shop);
    shop_write_surveys(&shop);
    shop_write_customers(&shop);
    shop_write_oracle(&shop);
    printf("%d customers, %ld facts, %d products, %d accounts in %s\n", shop.customer_count,
           shop.facts, SHOP_PRODUCTS, SHOP_ACCOUNTS, shop.folder);
    free(shop.customers);
    return 0;
}
