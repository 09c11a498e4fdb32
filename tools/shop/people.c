/* Who the customers are and what they say: traits, the history of their plan, survey answers,
 * scores, and the truth. */
#include "shop.h"

#include <math.h>

static int answer(struct random *random, double mean, int low, int high)
{
    int value = (int)floor(mean + 1.0 * random_normal(random) + .5);
    return value < low ? low : value > high ? high : value;
}

void shop_write_surveys(struct shop *shop)
{
    static const char *const items[SHOP_ATTITUDES] = {"price_first",    "quality",     "style",
                                                      "sustainability", "convenience", "service"};
    FILE *file = shop_file(shop, "survey.csv");
    fprintf(file, "customer_id,answered_at,nps");
    for (int i = 0; i < SHOP_ATTITUDES; i++)
        fprintf(file, ",%s", items[i]);
    fprintf(file, "\n");
    for (int c = 0; c < shop->customer_count; c++) {
        struct customer *who = &shop->customers[c];
        const struct persona *persona = &shop_personas[who->persona];
        int answers = random_unit(&shop->random) < .32 ? 1 + (random_unit(&shop->random) < .25) : 0;
        for (int n = 0; n < answers; n++) {
            char text[32];
            int64_t at = who->joined +
                         (int64_t)(random_unit(&shop->random) * (double)(SHOP_END - who->joined));
            double mood = at > who->gone ? -2 : 0;
            fprintf(file, "%s,%s,%d", who->id, shop_time(at, text),
                    answer(&shop->random, persona->nps + mood + .6 * random_normal(&shop->random),
                           0, 10));
            bool last = at >= who->seen.answered;
            who->seen.answered = last ? at : who->seen.answered;
            for (int i = 0; i < SHOP_ATTITUDES; i++) {
                int said = random_unit(&shop->random) < .03
                               ? 0
                               : answer(&shop->random, persona->attitude[i], 1, 5);
                if (said)
                    fprintf(file, ",%d", said);
                else
                    fprintf(file, ","); /* an item left blank */
                if (last)
                    who->seen.answer[i] = said;
            }
            fprintf(file, "\n");
            shop->facts++;
        }
    }
    fclose(file);
}

static void write_plans(struct shop *shop, FILE *plans, const struct customer *who)
{
    static const char *const names[] = {"free", "plus", "pro"};
    int plan = 0;
    int64_t at = who->joined;
    for (int step = 0; step < 4 && at < SHOP_END; step++) {
        char text[32];
        fprintf(plans, "%s,%s,%s\n", who->id, shop_time(at, text), names[plan]);
        double wish = shop_personas[who->persona].amount + who->rate / 8;
        int change = random_unit(&shop->random) < .30 * wish ? 1
                     : random_unit(&shop->random) < .12      ? -1
                                                             : 0;
        if (change == 0 || plan + change < 0 || plan + change > 2)
            break;
        plan += change;
        at += SHOP_DAY * (int64_t)(30 + random_below(&shop->random, 420));
    }
}

static void write_person(struct shop *shop, FILE *file, const struct customer *who)
{
    static const char *const first[] = {"Anna",  "Lukas", "Marie", "Jonas", "Sophie", "Elias",
                                        "Lena",  "Paul",  "Mia",   "Felix", "Jana",   "Žofia",
                                        "Aylin", "Marko", "Chloé", "Björn"};
    static const char *const tags[] = {"sneakers", "vegan", "outlet", "gift", "premium", "kids"};
    const struct city *city = &shop_cities[who->city];
    char birth[32], joined[32], renewal[32];
    static const double mean_age[SHOP_PERSONAS] = {42, 34, 27, 38, 50, 24, 45};
    double age = mean_age[who->persona] + 9 * random_normal(&shop->random);
    age = age < 18 ? 18 + random_unit(&shop->random) * 4 : age > 88 ? 88 : age;
    bool told_birth = random_unit(&shop->random) < .86, has_mail = random_unit(&shop->random) < .93;
    int name = random_below(&shop->random, 16);
    fprintf(file, "%s;%s;", who->id, first[name]);
    if (has_mail)
        fprintf(file, "kunde%s@example.org", who->id + 1);
    fprintf(file, ";%s;%s;%s;%s;%s;%.4f;%.4f;",
            told_birth ? shop_date(SHOP_END - (int64_t)(age * 365.25 * SHOP_DAY), birth) : "",
            random_unit(&shop->random) < .62 ? "f" : "m", city->name, city->country, city->postcode,
            city->latitude + .05 * random_normal(&shop->random),
            city->longitude + .07 * random_normal(&shop->random));
    if (who->account >= 0)
        fprintf(file, "A%03d", who->account + 1);
    fprintf(
        file, ";%s;%s;%s;", shop_date(who->joined, joined), who->newsletter ? "yes" : "no",
        random_unit(&shop->random) < .3
            ? shop_date(SHOP_END + SHOP_DAY * (int64_t)random_below(&shop->random, 365), renewal)
            : "");
    if (who->app)
        fprintf(file, "%d.%d.%d", 2 + random_below(&shop->random, 2),
                random_below(&shop->random, 14), random_below(&shop->random, 4));
    fprintf(file, ";");
    for (int i = 0, given = 0; i < 6; i++)
        if (random_unit(&shop->random) < (i == 0 && who->persona == 2 ? .6 : .12))
            fprintf(file, "%s%s", given++ ? "|" : "", tags[i]);
    fprintf(file, "\n");
}

/* Until models exist, value comes with the data: what a customer is expected to spend in the next
 * year, roughly. */
static double expected_value(struct shop *shop, const struct customer *who)
{
    double active = who->gone > SHOP_END ? 1 : .05;
    double mean = who->orders ? who->spent / who->orders : 30;
    return floor(100 * active * who->rate * mean * exp(.3 * random_normal(&shop->random))) / 100;
}

void shop_write_customers(struct shop *shop)
{
    FILE *people = shop_file(shop, "customers.csv"), *plans = shop_file(shop, "plans.csv");
    FILE *scores = shop_file(shop, "scores.csv"), *truth = shop_file(shop, "truth.csv");
    fprintf(people, "customer_id;first_name;email;birth_date;gender;city;country;postcode;latitude;"
                    "longitude;account;"
                    "joined;newsletter;renewal_date;app_version;tags\n");
    fprintf(plans, "customer_id,changed_at,plan\n");
    fprintf(scores, "customer_id,clv.value\n");
    fprintf(truth, "customer_id,persona\n");
    for (int i = 0; i < shop->customer_count; i++) {
        struct customer *who = &shop->customers[i];
        write_person(shop, people, who);
        write_plans(shop, plans, who);
        fprintf(scores, "%s,%.2f\n", who->id, expected_value(shop, who));
        fprintf(truth, "%s,%s\n", who->id, shop_personas[who->persona].name);
    }
    fclose(people);
    fclose(plans);
    fclose(scores);
    fclose(truth);
}
