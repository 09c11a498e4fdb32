/*
 * Online Retail end to end: from invoice lines to recency, frequency and monetary value, to BG/NBD,
 * Pareto/NBD and Gamma-Gamma, with the figures of FIGURES.md. Here the dropout parameters are
 * barely identified, and must be called so.
 */
#include "model/clv.h"
#include "model/spend.h"
#include "support/cdnow.h"
#include "support/table.h"

#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

#include "support/near.h"

enum { CUSTOMERS = 4338 };

static struct arena arena;
static struct error error;

struct line {
    int customer, invoice;
    long second; /* since 1970 */
    double value;
};

static struct {
    struct line *line;
    size_t count;
} sales;

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->customer != b->customer)
        return a->customer < b->customer ? -1 : 1;
    return (a->second > b->second) - (a->second < b->second);
}

/* "2010-12-01 08:26:00" */
static long seconds_of(const char *text)
{
    long day = cdnow_day(atol(text) * 10000 + atol(text + 5) * 100 + atol(text + 8));
    return day * 86400 + atol(text + 11) * 3600 + atol(text + 14) * 60 + atol(text + 17);
}

static int read_sales(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    struct table table = table_read("online-retail/online_retail.csv.gz", ',', true, &arena);
    size_t at = table_column(&table, "InvoiceDate");
    double *quantity = table_numbers(&table, table_column(&table, "Quantity"), &arena),
           *price = table_numbers(&table, table_column(&table, "UnitPrice"), &arena);
    int levels,
        *customer = table_codes(&table, table_column(&table, "CustomerID"), &arena, &levels),
        *invoice = table_codes(&table, table_column(&table, "InvoiceNo"), &arena, &levels);
    sales.line = ARENA_ARRAY(&arena, struct line, table.rows);
    for (size_t i = 0; i < table.rows; i++)
        if (quantity[i] > 0 && price[i] > 0 && customer[i] >= 0)
            sales.line[sales.count++] =
                (struct line){customer[i], invoice[i], seconds_of(table_cell(&table, i, at)),
                              quantity[i] * price[i]};
    qsort(sales.line, sales.count, sizeof *sales.line, compare_lines);
    return 0;
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static int compare_doubles(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double quartile(double *values, int which)
{
    return stats_quantile_sorted(values, CUSTOMERS, which / 4.0);
}

static void recency_frequency_value(void **state)
{
    (void)state;
    double *r = ARENA_ARRAY(&arena, double, CUSTOMERS), *f = ARENA_ARRAY(&arena, double, CUSTOMERS),
           *m = ARENA_ARRAY(&arena, double, CUSTOMERS), revenue = 0, sums[3] = {0};
    long now = cdnow_day(20111210) * 86400;
    int who = -1;
    unsigned char *seen = ARENA_ARRAY(&arena, unsigned char, 30000);
    for (size_t i = 0; i < sales.count; i++) {
        const struct line *line = &sales.line[i];
        who += i == 0 || line->customer != line[-1].customer;
        assert_in_range(who, 0, CUSTOMERS - 1);
        r[who] = floor((double)(now - line->second) / 86400);
        f[who] += !seen[line->invoice];
        seen[line->invoice] = 1;
        m[who] += line->value;
        revenue += line->value;
    }
    assert_int_equal(sales.count, 397884);
    assert_int_equal(who + 1, CUSTOMERS);
    ASSERT_NEAR(revenue, 8911407.904, 5e-4);
    for (int i = 0; i < CUSTOMERS; i++) {
        sums[0] += r[i] / CUSTOMERS;
        sums[1] += f[i] / CUSTOMERS;
        sums[2] += m[i] / CUSTOMERS;
    }
    ASSERT_NEAR(sums[0], 92.06, 5e-3);
    ASSERT_NEAR(sums[1], 4.272, 5e-4);
    ASSERT_NEAR(sums[2], 2054.27, 5e-3);
    ASSERT_NEAR(sums[1] * CUSTOMERS, 18532, 1e-6);
    double *parts[] = {r, f, m};
    static const double quartiles[3][3] = {{17, 50, 142}, {1, 2, 5}, {307.4, 674.5, 1661.7}};
    for (int part = 0; part < 3; part++) {
        qsort(parts[part], CUSTOMERS, sizeof(double), compare_doubles);
        for (int q = 1; q <= 3; q++)
            ASSERT_NEAR(quartile(parts[part], q), quartiles[part][q - 1], part == 0 ? 0.5 : 0.051);
    }
}

/* One transaction a customer and day, in weeks up to 2011-12-09; the mean of the repeat days, the
 * first left out. */
static void histories(struct model_history *history, double *mean)
{
    long end = cdnow_day(20111209);
    size_t n = 0;
    for (size_t i = 0; i < sales.count; n++) {
        long first = sales.line[i].second / 86400, last = first;
        double days = 0, spent = 0;
        int customer = sales.line[i].customer;
        for (; i < sales.count && sales.line[i].customer == customer; i++) {
            long day = sales.line[i].second / 86400;
            days += day != last;
            last = day;
            spent += day != first ? sales.line[i].value : 0;
        }
        history[n] =
            (struct model_history){days, (double)(last - first) / 7, (double)(end - first) / 7};
        mean[n] = days > 0 ? spent / days : NAN;
    }
    assert_int_equal(n, CUSTOMERS);
}

static void value(void **state)
{
    (void)state;
    struct model_history *history = ARENA_ARRAY(&arena, struct model_history, CUSTOMERS);
    double *mean = ARENA_ARRAY(&arena, double, CUSTOMERS),
           *x = ARENA_ARRAY(&arena, double, CUSTOMERS), *m = ARENA_ARRAY(&arena, double, CUSTOMERS);
    size_t repeaters = 0;
    histories(history, mean);
    for (int i = 0; i < CUSTOMERS; i++)
        if (history[i].x > 0) {
            x[repeaters] = history[i].x;
            m[repeaters++] = mean[i];
        }
    assert_int_equal(repeaters, 2790);
    struct model_clv_data data = {CUSTOMERS, history, NULL};
    struct model_clv bg, pareto;
    ASSERT_OK(model_clv_fit(MODEL_BGNBD, &data, NULL, &arena, &bg, &error));
    ASSERT_NEAR(bg.log_likelihood, -37645.538, 1e-3);
    ASSERT_NEAR(bg.parameter[0], .82654, 1e-3 * .82654);
    ASSERT_NEAR(bg.parameter[1], 9.8436, 1e-3 * 9.8436);
    double leaves = bg.parameter[2] / (bg.parameter[2] + bg.parameter[3]),
           truth = .00344 / (.00344 + 6.745);
    ASSERT_NEAR(leaves, truth, 0.05 * truth);
    assert_true(bg.identified[0] && bg.identified[1] && !bg.identified[3]);
    assert_non_null(model_clv_simpler(&bg));
    ASSERT_OK(model_clv_fit(MODEL_PARETO_NBD, &data, NULL, &arena, &pareto, &error));
    ASSERT_NEAR(pareto.log_likelihood, -37645.658, 2e-3);
    assert_true(!pareto.identified[2] || !pareto.identified[3]);
    struct model_spend_data spend = {repeaters, x, m, NULL};
    struct model_spend gamma;
    ASSERT_OK(model_spend_fit(&spend, NULL, &arena, &gamma, &error));
    ASSERT_NEAR(gamma.log_likelihood, -19083.331, 1e-3);
    ASSERT_NEAR(gamma.p, 2.1034, 2.1e-3);
    ASSERT_NEAR(gamma.q, 3.4511, 3.5e-3);
    ASSERT_NEAR(gamma.gamma, 485.88, 0.49);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(recency_frequency_value),
    cmocka_unit_test(value),
};

UNIT_MAIN_WITH(tests, read_sales, release)
