/* What the sample shop is made of: personas, products, accounts, cities. */
#include "shop.h"

#include <math.h>

const char *const shop_categories[SHOP_CATEGORIES] = {"shoes", "dresses", "shirts", "jackets",
                                                      "bags",  "sports",  "kids",   "workwear"};

const struct persona shop_personas[SHOP_PERSONAS] = {
    {"regulars",
     .22,
     4.5,
     2,
     1.0,
     .25,
     9,
     12,
     .34,
     .22,
     .18,
     7.6,
     .6,
     .35,
     {2, 2, 3, 2, 1, 1, 1, .1},
     {3.1, 3.9, 3.4, 3.2, 3.6, 3.7}},
    {"bargain hunters",
     .21,
     5.5,
     2,
     .55,
     .35,
     16,
     25,
     .46,
     .30,
     .72,
     6.6,
     1.5,
     .40,
     {2, 1, 3, 1, 1, 2, 2, .1},
     {4.6, 2.8, 2.9, 2.6, 3.2, 2.9}},
    {"shoe lovers",
     .13,
     7,
     3,
     1.25,
     .22,
     12,
     30,
     .40,
     .28,
     .22,
     8.3,
     1.0,
     .55,
     {9, 1, 1, 1, 2, 1, .3, .1},
     {2.7, 4.1, 4.7, 2.9, 3.1, 3.5}},
    {"green families",
     .14,
     4,
     2,
     1.1,
     .20,
     10,
     10,
     .30,
     .15,
     .20,
     8.0,
     .5,
     .25,
     {1, 1, 1, 1, .5, 2, 7, .1},
     {3.2, 4.2, 2.7, 4.6, 3.9, 3.6}},
    {"gift buyers",
     .17,
     1.1,
     1.5,
     1.2,
     .80,
     6,
     2,
     .16,
     .08,
     .25,
     7.2,
     .3,
     .10,
     {1, 2, 1, 1, 4, 1, 2, .1},
     {3.0, 3.7, 3.3, 3.0, 4.3, 3.9}},
    {"window shoppers",
     .10,
     .5,
     1,
     .9,
     .50,
     25,
     70,
     .38,
     .12,
     .30,
     6.4,
     4.0,
     .30,
     {3, 3, 2, 2, 2, 1, 1, .1},
     {3.9, 3.2, 4.3, 3.0, 2.8, 2.9}},
    {"business buyers",
     .03,
     14,
     4,
     2.6,
     .10,
     3,
     3,
     .22,
     .10,
     .08,
     8.1,
     .2,
     .15,
     {1, .1, 1, 1, .2, .5, .1, 12},
     {3.4, 4.4, 1.9, 3.1, 4.5, 4.6}},
};

const struct city shop_cities[SHOP_CITIES] = {
    {"Wien", "AT", "1010", 48.2082, 16.3738, 26},
    {"Vienna", "AT", "1020", 48.2170, 16.3950, 3},
    {"Graz", "AT", "8010", 47.0707, 15.4395, 8},
    {"Linz", "AT", "4020", 48.3069, 14.2858, 7},
    {"Salzburg", "AT", "5020", 47.8095, 13.0550, 5},
    {"Innsbruck", "AT", "6020", 47.2692, 11.4041, 4},
    {"München", "DE", "80331", 48.1351, 11.5820, 12},
    {"Dresden", "DE", "01067", 51.0504, 13.7373, 5},
    {"Leipzig", "DE", "04109", 51.3397, 12.3731, 5},
    {"Berlin", "DE", "10115", 52.5200, 13.4050, 10},
    {"Zürich", "CH", "8001", 47.3769, 8.5417, 5},
    {"Bratislava", "SK", "81101", 48.1486, 17.1077, 4},
    {"Ljubljana", "SI", "1000", 46.0569, 14.5058, 3},
    {"Baden", "AT", "2500", 48.0055, 16.2309, 3},
};

void shop_write_products(struct shop *shop)
{
    static const char *const brands[] = {"Alpin",    "Donau",  "Kahlo",     "Lumen",
                                         "Nordbahn", "Prater", "Riesenrad", "Secession"};
    static const char *const seasons[] = {"spring", "summer", "autumn", "winter", "all year"};
    static const double level[SHOP_CATEGORIES] = {79, 69, 39, 119, 89, 49, 29, 59};
    FILE *file = shop_file(shop, "products.csv");
    fprintf(file, "product,name,category,brand,price,season\n");
    for (int i = 0; i < SHOP_PRODUCTS; i++) {
        struct product *product = &shop->products[i];
        product->category = random_below(&shop->random, SHOP_CATEGORIES);
        product->brand = brands[random_below(&shop->random, 8)];
        product->season = seasons[random_below(&shop->random, 5)];
        product->price =
            floor(level[product->category] * exp(.45 * random_normal(&shop->random))) + .90;
        fprintf(file, "P%04d,\"%s %s no. %d\",%s,%s,%.2f,%s\n", i + 1, product->brand,
                shop_categories[product->category], i % 97 + 1, shop_categories[product->category],
                product->brand, product->price, product->season);
    }
    fclose(file);
}

void shop_write_accounts(struct shop *shop)
{
    static const char *const industries[] = {"health",    "hospitality",  "retail",
                                             "logistics", "construction", "education"};
    static const double weights[] = {3, 4, 4, 2, 3, 2};
    FILE *file = shop_file(shop, "accounts.csv");
    fprintf(file, "account;name;industry;employees;country;tier\n");
    for (int i = 0; i < SHOP_ACCOUNTS; i++) {
        int employees = (int)exp(3.2 + 1.5 * fabs(random_normal(&shop->random)));
        fprintf(file, "A%03d;Company %d GmbH;%s;%d;%s;%s\n", i + 1, i + 1,
                industries[random_pick(&shop->random, weights, 6)], employees,
                shop_cities[random_below(&shop->random, SHOP_CITIES)].country,
                employees > 400  ? "gold"
                : employees > 80 ? "silver"
                                 : "bronze");
    }
    fclose(file);
}
