/*
 * The oracle: what somebody reaches who knows how the shop was made and sees only what its
 * customers did. By Bayes' rule with the generator's own parameters, each customer is given the
 * persona under which their facts are likeliest; no way of finding the groups can do better on the
 * average. What nobody sees, when a customer left and how often they order by nature, is integrated
 * out.
 *
 * Facts are an order's category, quantity, coupon and amount, the number of orders and when the
 * last one was, and the number of views; of amounts only the sum, because an order's own amount
 * over its product's price would tell the persona outright. For attitudes the facts are the answers
 * of the last survey, and nothing else.
 */
#include "shop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOMENTS = 60 };

struct prices {
    double mean[SHOP_CATEGORIES], variance[SHOP_CATEGORIES];
};

static struct prices prices_of(const struct shop *shop)
{
    struct prices prices = {{0}, {0}};
    double count[SHOP_CATEGORIES] = {0};
    for (int i = 0; i < SHOP_PRODUCTS; i++) {
        count[shop->products[i].category]++;
        prices.mean[shop->products[i].category] += shop->products[i].price;
    }
    for (int c = 0; c < SHOP_CATEGORIES; c++)
        prices.mean[c] /= count[c] > 0 ? count[c] : 1;
    for (int i = 0; i < SHOP_PRODUCTS; i++) {
        int c = shop->products[i].category;
        double off = shop->products[i].price - prices.mean[c];
        prices.variance[c] += off * off / (count[c] > 1 ? count[c] - 1 : 1);
    }
    return prices;
}

static double poisson_log(double count, double mean)
{
    return mean > 0 ? count * log(mean) - mean - lgamma(count + 1) : count > 0 ? -INFINITY : 0;
}

/* The number of orders and views of somebody who was active for `years` and then left or did not:
 * orders come at a rate that is gamma-distributed over people, so that their times have density Γ(s
 * + n)/Γ(s) · βˢ / (β + t)ˢ⁺ⁿ. */
static double active_log(const struct persona *persona, const struct shop_seen *seen, double years)
{
    double shape = persona->order_spread, rate = shape / persona->orders_a_year, n = seen->orders;
    double views = seen->clicked * persona->views_an_order * .35 +
                   (.15 + n) * persona->abandon * .5 + persona->extra_views_a_year * years * .55;
    return lgamma(shape + n) - lgamma(shape) + shape * log(rate) - (shape + n) * log(rate + years) +
           poisson_log(seen->views, views);
}

/* Over all moments they may have left, between their last order and the end, and over not having
 * left. */
static double left_log(const struct persona *persona, const struct shop_seen *seen, double last,
                       double years)
{
    double logs[MOMENTS + 1], most = -INFINITY, sum = 0, step = (years - last) / MOMENTS,
                              rate = persona->churn_a_year;
    for (int i = 0; i <= MOMENTS; i++) {
        double at = i < MOMENTS ? last + (i + .5) * step : years;
        logs[i] = active_log(persona, seen, at) - rate * at + (i < MOMENTS ? log(rate * step) : 0);
        most = logs[i] > most ? logs[i] : most;
    }
    for (int i = 0; i <= MOMENTS; i++)
        sum += exp(logs[i] - most);
    return most + log(sum);
}

static double orders_log(const struct persona *persona, const struct shop_seen *seen,
                         const struct prices *prices, bool many)
{
    double weights = 0, log_sum = 0, factor = .75 + .25 * persona->amount, mean = 0, variance = 0;
    for (int c = 0; c < SHOP_CATEGORIES; c++)
        weights += persona->category[c];
    for (int c = 0; c < SHOP_CATEGORIES; c++) {
        log_sum += seen->category[c] * log(persona->category[c] / weights);
        mean += factor * prices->mean[c] * seen->units[c];
        variance += factor * factor * prices->variance[c] * seen->squares[c];
    }
    log_sum += seen->coupons * log(persona->coupon) +
               (seen->orders - seen->coupons) * log1p(-persona->coupon);
    log_sum += seen->quantity_above * log(many ? 4 : .25) - seen->orders * (many ? 4 : .25);
    double off = seen->spent - mean;
    return log_sum - .5 * off * off / variance - .5 * log(variance);
}

static int likeliest(const double *logs)
{
    int best = 0;
    for (int k = 1; k < SHOP_PERSONAS; k++)
        best = logs[k] > logs[best] ? k : best;
    return best;
}

static int by_behaviour(const struct customer *who, const struct prices *prices)
{
    const struct shop_seen *seen = &who->seen;
    double logs[SHOP_PERSONAS], year = 365.25 * SHOP_DAY;
    double years = (double)(SHOP_END - who->joined) / year,
           last = (double)(seen->last_order - who->joined) / year;
    for (int k = 0; k < SHOP_PERSONAS; k++) {
        const struct persona *persona = &shop_personas[k];
        logs[k] = log(persona->share) + orders_log(persona, seen, prices, k == 6) +
                  left_log(persona, seen, last < years ? last : years, years);
    }
    return likeliest(logs);
}

static double normal_below(double x)
{
    return .5 * erfc(-x / sqrt(2));
}

/* Answers are a normal value around the persona's mean, rounded and kept within 1 and 5. */
static int by_answers(const struct customer *who)
{
    double logs[SHOP_PERSONAS];
    for (int k = 0; k < SHOP_PERSONAS; k++) {
        logs[k] = log(shop_personas[k].share);
        for (int i = 0; i < SHOP_ATTITUDES; i++) {
            int answer = who->seen.answer[i];
            double mean = shop_personas[k].attitude[i];
            double low = answer > 1 ? normal_below(answer - .5 - mean) : 0;
            double high = answer < 5 ? normal_below(answer + .5 - mean) : 1;
            logs[k] += answer ? log(high - low) : 0;
        }
    }
    return likeliest(logs);
}

void shop_write_oracle(struct shop *shop)
{
    struct prices prices = prices_of(shop);
    FILE *groups = shop_file(shop, "oracle_groups.csv"),
         *attitudes = shop_file(shop, "oracle_attitudes.csv");
    fprintf(groups, "customer_id,persona\n");
    fprintf(attitudes, "customer_id,persona\n");
    for (int i = 0; i < shop->customer_count; i++) {
        const struct customer *who = &shop->customers[i];
        if (who->seen.orders > 0)
            fprintf(groups, "%s,%s\n", who->id, shop_personas[by_behaviour(who, &prices)].name);
        if (who->seen.answered)
            fprintf(attitudes, "%s,%s\n", who->id, shop_personas[by_answers(who)].name);
    }
    fclose(groups);
    fclose(attitudes);
}
