/* What customers do: orders with the views and baskets around them, browsing, mails, app events. */
#include "shop.h"

#include <math.h>
#include <stdlib.h>

struct streams {
    FILE *orders, *views, *baskets, *sent, *opens, *clicks, *app;
    long order_number, mail_number;
};

static double year_part(int64_t from, int64_t to)
{
    return (double)(to - from) / (365.25 * SHOP_DAY);
}

static int pick_product(struct shop *shop, const struct persona *persona)
{
    int wanted = random_pick(&shop->random, persona->category, SHOP_CATEGORIES);
    for (int tries = 0; tries < 60; tries++) {
        int product = random_below(&shop->random, SHOP_PRODUCTS);
        if (shop->products[product].category == wanted)
            return product;
    }
    return random_below(&shop->random, SHOP_PRODUCTS);
}

static void write_view(struct shop *shop, struct streams *out, struct customer *who, int64_t at,
                       int product)
{
    static const char *const devices[] = {"phone", "desktop", "tablet"};
    static const double weights[] = {6, 3, 1};
    char text[32];
    if (at < who->joined || at > SHOP_END)
        return;
    fprintf(out->views,
            "{\"customer_id\":\"%s\",\"viewed_at\":\"%s\",\"product\":\"P%04d\",\"device\":\"%s\","
            "\"seconds\":%d}\n",
            who->id, shop_time(at, text), product + 1,
            devices[random_pick(&shop->random, weights, 3)],
            1 + (int)random_exponential(&shop->random, 1 / 40.0));
    shop->facts++;
    who->seen.views++;
}

static void write_basket(struct shop *shop, struct streams *out, const struct customer *who,
                         int64_t at, int product)
{
    char text[32];
    if (at < who->joined || at > SHOP_END)
        return;
    fprintf(out->baskets, "%s,%s,P%04d,%d\n", who->id, shop_time(at, text), product + 1,
            1 + (random_unit(&shop->random) < .15));
    shop->facts++;
}

/* For the oracle. */
static void see_order(struct customer *who, int category, int quantity, bool coupon, double amount,
                      bool clicked, int64_t at)
{
    struct shop_seen *seen = &who->seen;
    double units = quantity * (coupon ? .8 : 1);
    seen->orders++;
    seen->clicked += clicked;
    seen->category[category]++;
    seen->units[category] += units;
    seen->squares[category] += units * units;
    seen->coupons += coupon;
    seen->quantity_above += quantity - 1;
    seen->spent += amount;
    seen->last_order = at > seen->last_order ? at : seen->last_order;
}

static void write_order(struct shop *shop, struct streams *out, struct customer *who, int64_t at)
{
    static const char *const channels[] = {"web", "app", "store"};
    const struct persona *persona = &shop_personas[who->persona];
    double channel_weights[] = {6, who->app ? 5 : 0, 2};
    int product = pick_product(shop, persona);
    int quantity = who->persona == 6 ? 1 + random_poisson(&shop->random, 4)
                                     : 1 + random_poisson(&shop->random, .25);
    bool coupon = random_unit(&shop->random) < persona->coupon;
    double price =
        shop->products[product].price * (.75 + .25 * persona->amount) * (coupon ? .8 : 1);
    double amount = floor(price * quantity * 100 + .5) / 100;
    int channel = random_pick(&shop->random, channel_weights, 3);
    char text[32];
    fprintf(out->orders, "O%07ld,%s,%s,P%04d,%s,%d,%.2f,%s,%s\n", ++out->order_number, who->id,
            shop_time(at, text), product + 1, shop_categories[shop->products[product].category],
            quantity, amount, channels[channel], coupon ? "SAVE20" : "");
    shop->facts++;
    who->orders++;
    who->spent += amount;
    see_order(who, shop->products[product].category, quantity, coupon, amount, channel != 2, at);
    if (channel == 1) {
        fprintf(out->app,
                "{\"customer_id\":\"%s\",\"time\":\"%s\",\"order_id\":\"O%07ld\",\"revenue\":%.2f,"
                "\"version\":\"%d.%d.%"
                "d\"}\n",
                who->id, shop_time(at, text), out->order_number, amount,
                2 + (at > SHOP_END - 200 * (int64_t)SHOP_DAY), random_below(&shop->random, 12),
                random_below(&shop->random, 4));
        shop->facts++;
    }
    if (channel == 2)
        return; /* nothing is clicked before a purchase in the shop */
    int views = random_poisson(&shop->random, persona->views_an_order * .35);
    for (int i = 0; i < views; i++)
        write_view(shop, out, who, at - 60 - (int64_t)random_exponential(&shop->random, 1 / 7200.0),
                   i ? pick_product(shop, persona) : product);
    write_basket(shop, out, who, at - 30 - random_below(&shop->random, 1500), product);
}

static void write_abandoned(struct shop *shop, struct streams *out, struct customer *who,
                            int64_t at)
{
    int product = pick_product(shop, &shop_personas[who->persona]);
    write_view(shop, out, who, at - 90, product);
    write_basket(shop, out, who, at, product);
}

/* Shops are busier in the evening and before Christmas: a moment is kept with the hour's and
 * month's probability. */
static int64_t busy_moment(struct shop *shop, int64_t from, int64_t to)
{
    static const double month_weight[12] = {.7, .65, .75, .75, .8, .7, .6, .65, .75, .8, .95, 1};
    for (int tries = 0; tries < 20; tries++) {
        int64_t at = from + (int64_t)(random_unit(&shop->random) * (double)(to - from));
        int hour = (int)(at % SHOP_DAY / 3600), month = (int)((at / SHOP_DAY) % 365 / 30.5);
        double weight = (hour < 5    ? .1
                         : hour < 16 ? .6
                                     : 1) *
                        month_weight[month > 11 ? 11 : month];
        if (random_unit(&shop->random) < weight)
            return at;
    }
    return to;
}

static void write_mails(struct shop *shop, struct streams *out, const struct customer *who)
{
    static const char *const campaigns[] = {"newsletter", "sale", "new in", "birthday",
                                            "come back"};
    const struct persona *persona = &shop_personas[who->persona];
    for (int64_t at = who->joined + SHOP_DAY * (1 + random_below(&shop->random, 60));
         at < SHOP_END && who->newsletter;
         at += SHOP_DAY * (int64_t)(42 + random_below(&shop->random, 48))) {
        char text[32];
        const char *campaign = campaigns[random_below(&shop->random, 5)];
        long mail = ++out->mail_number;
        fprintf(out->sent, "M%07ld,%s,%s,%s\n", mail, who->id, shop_time(at, text), campaign);
        shop->facts++;
        bool quiet = at > who->gone && random_unit(&shop->random) < .7;
        if (quiet || random_unit(&shop->random) > persona->opens)
            continue;
        int64_t opened = at + 120 + (int64_t)random_exponential(&shop->random, 1 / 20000.0);
        if (opened > SHOP_END)
            continue;
        fprintf(out->opens, "M%07ld,%s,%s,%s\n", mail, who->id, shop_time(opened, text), campaign);
        shop->facts++;
        if (random_unit(&shop->random) < persona->clicks && opened + 40 < SHOP_END) {
            fprintf(out->clicks, "M%07ld,%s,%s,%s\n", mail, who->id, shop_time(opened + 40, text),
                    campaign);
            shop->facts++;
        }
    }
}

static void write_customer(struct shop *shop, struct streams *out, struct customer *who)
{
    const struct persona *persona = &shop_personas[who->persona];
    int64_t until = who->gone < SHOP_END ? who->gone : SHOP_END;
    double years = year_part(who->joined, until);
    int orders = random_poisson(&shop->random, who->rate * years);
    for (int i = 0; i < orders; i++)
        write_order(shop, out, who, busy_moment(shop, who->joined, until));
    int left = random_poisson(&shop->random, (.15 + orders) * persona->abandon * .5);
    for (int i = 0; i < left; i++)
        write_abandoned(shop, out, who, busy_moment(shop, who->joined, until));
    int browsed = random_poisson(&shop->random, persona->extra_views_a_year * years * .55);
    for (int i = 0; i < browsed; i++)
        write_view(shop, out, who, busy_moment(shop, who->joined, until),
                   pick_product(shop, persona));
    write_mails(shop, out, who);
}

void shop_write_behaviour(struct shop *shop)
{
    struct streams out = {
        .orders = shop_file(shop, "orders.csv"),
        .views = shop_file(shop, "views.jsonl"),
        .baskets = shop_file(shop, "baskets.csv"),
        .sent = shop_file(shop, "email_sent.csv"),
        .opens = shop_file(shop, "email_open.csv"),
        .clicks = shop_file(shop, "email_click.csv"),
        .app = shop_file(shop, "app_orders.jsonl"),
    };
    fprintf(out.orders,
            "order_id,customer_id,ordered_at,product,category,quantity,amount,channel,coupon\n");
    fprintf(out.baskets, "customer_id,added_at,product,quantity\n");
    fprintf(out.sent, "mail_id,customer_id,sent_at,campaign\n");
    fprintf(out.opens, "mail_id,customer_id,opened_at,campaign\n");
    fprintf(out.clicks, "mail_id,customer_id,clicked_at,campaign\n");
    for (int i = 0; i < shop->customer_count; i++)
        write_customer(shop, &out, &shop->customers[i]);
    FILE *files[] = {out.orders, out.views, out.baskets, out.sent, out.opens, out.clicks, out.app};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        fclose(files[i]);
}
