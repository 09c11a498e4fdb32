/*
 * What the orders say: is revenue rising, who did not come back, who is new, on how few it rests.
 * Windows are days up to the report's moment, so that none of them is unfinished, and two are
 * compared only where the data reach back over both. Customers are what chance draws: the
 * difference of two sums has the variance of the sum of squared differences a customer.
 */
#include "base/bits.h"
#include "engine/findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MONTH = 28 }; /* days: whole weeks, so that both windows have as many Saturdays */

struct window {
    int64_t after, until; /* (after, until] */
};

struct orders {
    struct findings *findings;
    const struct population *population;
    const struct population_table *table;
    const struct population_column *amount; /* NULL: orders without amounts are counted */
    const uint64_t *existing;
};

static struct window window_of(int64_t until, int days)
{
    return (struct window){until - (int64_t)days * SECONDS_A_DAY, until};
}

static double amount_of(const struct orders *orders, uint32_t row)
{
    if (!orders->amount)
        return 1;
    struct population_value value = population_get(orders->amount, row);
    if (!value.known)
        return 0;
    return orders->amount->type == VALUE_DOUBLE
               ? value.number
               : (double)value.integer / pow(10, orders->amount->scale);
}

/* What a customer spent in a window, and how often they ordered. A refund (an amount below 0) is no
 * order; it is taken off what was spent. */
static double spent(const struct orders *orders, uint32_t position, struct window window,
                    uint32_t *count)
{
    double sum = 0;
    *count = 0;
    for (uint32_t row = orders->table->offset[position]; row < orders->table->offset[position + 1];
         row++) {
        if (orders->table->time[row] <= window.after || orders->table->time[row] > window.until)
            continue;

        double amount = amount_of(orders, row);
        sum += amount;
        *count += amount >= 0;
    }
    return sum;
}

/* When a customer first ordered; INT64_MAX when they never did. */
static int64_t first_order(const struct orders *orders, uint32_t position)
{
    /* Rows of a customer are in order of time; a refund is not how anybody begins. */
    for (uint32_t row = orders->table->offset[position]; row < orders->table->offset[position + 1];
         row++)
        if (amount_of(orders, row) >= 0)
            return orders->table->time[row];
    return INT64_MAX;
}

static bool exists(const struct orders *orders, uint32_t position)
{
    return bit_at(orders->existing, position);
}

static int days_of_data(const struct findings *findings)
{
    return (int)((findings->now - findings->first) / SECONDS_A_DAY);
}

/* ---- revenue ---- */

struct comparison {
    int days, shift; /* how long the windows are, and how far apart they begin */
    const char *before;
};

/* The longest comparison that the data allow; a year apart is best, since no season is in it. */
static bool choose_comparison(const struct findings *findings, struct comparison *out)
{
    static const struct comparison all[] = {
        {FINDINGS_YEAR, FINDINGS_YEAR, "in the 365 days before"},
        {FINDINGS_DAYS, FINDINGS_YEAR, "in the same 90 days a year earlier"},
        {FINDINGS_DAYS, FINDINGS_DAYS, "in the 90 days before"},
        {MONTH, MONTH, "in the 28 days before"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (days_of_data(findings) >= all[i].days + all[i].shift) {
            *out = all[i];
            return true;
        }
    return false;
}

static void of_revenue(struct orders *orders)
{
    struct findings *findings = orders->findings;
    struct comparison comparison;

    if (!choose_comparison(findings, &comparison))
        return;
    struct window now = window_of(findings->now, comparison.days);
    struct window then =
        window_of(findings->now - (int64_t)comparison.shift * SECONDS_A_DAY, comparison.days);

    /* Each customer's difference is one draw: z is the sum of them over the root of the
     * sum of their squares, which needs no model of how orders scatter. */
    double sum_now = 0, sum_then = 0, squares = 0;
    uint32_t customers = 0, count;
    for (uint32_t p = 0; p < orders->population->customers; p++) {
        if (!exists(orders, p))
            continue;
        double a = spent(orders, p, now, &count);
        customers += count > 0;
        double b = spent(orders, p, then, &count);
        sum_now += a;
        sum_then += b;
        squares += (a - b) * (a - b);
    }

    if (customers < FINDINGS_LEAST || sum_then <= 0 || sum_now <= 0)
        return;

    double change = sum_now / sum_then - 1,
           z = squares > 0 ? (sum_now - sum_then) / sqrt(squares) : 0;
    bool moved = fabs(z) >= findings_z && fabs(change) >= findings_change;
    struct findings_item *item = findings_add(
        findings, "revenue", moved ? FINDINGS_RANK_REVENUE_MOVED : FINDINGS_RANK_REVENUE, "orders");
    findings_say(findings, item, "%s of the last %d days: ", orders->amount ? "Revenue" : "Orders",
                 comparison.days);
    if (orders->amount)
        findings_money(findings, item, sum_now);
    else
        findings_count(findings, item, (uint64_t)sum_now);

    /* Certain and large enough: with many customers a change of nothing is certain, too. */
    if (!moved) {
        findings_say(findings, item, ", no clear change from ");
        if (orders->amount)
            findings_money(findings, item, sum_then);
        else
            findings_count(findings, item, (uint64_t)sum_then);
        findings_say(findings, item, " %s.", comparison.before);
        return;
    }

    findings_say(findings, item, ", ");
    findings_share(findings, item, fabs(change));
    findings_say(findings, item, " %s than %s.", change > 0 ? "more" : "less", comparison.before);
}

/* ---- who did not come back ---- */

struct gone {
    uint64_t active, lost;
    double year; /* what those who are lost spent in the year up to now */
};

/* Of those who ordered in the 90 days before `moment`, who did not in the 90 days after it. */
static struct gone count_gone(const struct orders *orders, int64_t moment)
{
    struct gone gone = {0};
    struct window before = window_of(moment, FINDINGS_DAYS);
    struct window after = {moment, moment + (int64_t)FINDINGS_DAYS * SECONDS_A_DAY};
    struct window year = window_of(orders->findings->now, FINDINGS_YEAR);
    uint32_t count;
    for (uint32_t p = 0; p < orders->population->customers; p++) {
        if (!exists(orders, p))
            continue;
        spent(orders, p, before, &count);
        if (!count)
            continue;
        gone.active++;
        spent(orders, p, after, &count);
        if (count)
            continue;
        gone.lost++;

        /* What they spent lately, not ever: that is what will be missing. */
        gone.year += spent(orders, p, year, &count);
    }
    return gone;
}

/* The z of two shares under one common share (a pooled two-sample test). */
static double shares_z(double a, double of_a, double b, double of_b)
{
    double both = (a + b) / (of_a + of_b), spread = both * (1 - both) * (1 / of_a + 1 / of_b);
    return spread > 0 ? (a / of_a - b / of_b) / sqrt(spread) : 0;
}

static void of_leaving(struct orders *orders)
{
    struct findings *findings = orders->findings;
    int64_t quarter = (int64_t)FINDINGS_DAYS * SECONDS_A_DAY, moment = findings->now - quarter;

    if (days_of_data(findings) < 2 * FINDINGS_DAYS)
        return;
    struct gone gone = count_gone(orders, moment);
    if (gone.active < FINDINGS_LEAST || !gone.lost)
        return;

    /* A third quarter tells whether so many leave always; where the data do not reach
     * back so far, the share stands alone. */
    double share = (double)gone.lost / (double)gone.active, z = 0;
    struct gone earlier = {0};
    if (days_of_data(findings) >= 3 * FINDINGS_DAYS)
        earlier = count_gone(orders, moment - quarter);
    if (earlier.active >= FINDINGS_LEAST)
        z = shares_z((double)gone.lost, (double)gone.active, (double)earlier.lost,
                     (double)earlier.active);

    struct findings_item *item = findings_add(
        findings, "leaving",
        fabs(z) >= findings_z ? FINDINGS_RANK_LEAVING_MOVED : FINDINGS_RANK_LEAVING, "cohorts");
    findings_share(findings, item, share);
    findings_say(findings, item,
                 " of those who ordered between %s and %s have not ordered in the %d days since: ",
                 findings_day(findings, moment - quarter), findings_day(findings, moment),
                 FINDINGS_DAYS);
    findings_count(findings, item, gone.lost);
    findings_say(findings, item, " of ");
    findings_count(findings, item, gone.active);
    findings_say(findings, item, " customers");

    /* How many is what can be acted on; how much they brought says whether it is worth it. */
    if (orders->amount && gone.year > 0) {
        findings_say(findings, item, ", who brought ");
        findings_money(findings, item, gone.year);
        findings_say(findings, item, " in the last 365 days");
    }

    if (fabs(z) >= findings_z) {
        findings_say(findings, item, ". A quarter earlier it was ");
        findings_share(findings, item, (double)earlier.lost / (double)earlier.active);
    }

    findings_say(findings, item, ".");
}

/* ---- who is new ---- */

static void of_new(struct orders *orders)
{
    struct findings *findings = orders->findings;
    const int history = 180; /* days without an order after which a customer may be called new */

    if (days_of_data(findings) < 2 * FINDINGS_DAYS + history)
        return;
    struct window now = window_of(findings->now, FINDINGS_DAYS),
                  before = window_of(now.after, FINDINGS_DAYS);
    uint64_t fresh = 0, earlier = 0;
    for (uint32_t p = 0; p < orders->population->customers; p++) {
        int64_t first = exists(orders, p) ? first_order(orders, p) : INT64_MAX;
        fresh += first > now.after && first <= now.until;
        earlier += first > before.after && first <= before.until;
    }

    if (fresh + earlier < 2 * FINDINGS_LEAST)
        return;

    /* Two counts of independent arrivals (Poisson): their difference has the variance
     * of their sum. */
    double z = ((double)fresh - (double)earlier) / sqrt((double)(fresh + earlier));
    bool moved = fabs(z) >= findings_z && earlier;
    struct findings_item *item = findings_add(
        findings, "new", moved ? FINDINGS_RANK_NEW_MOVED : FINDINGS_RANK_NEW, "cohorts");
    findings_count(findings, item, fresh);
    findings_say(findings, item, " customers ordered for the first time in the last %d days",
                 FINDINGS_DAYS);
    findings_say(findings, item, moved ? ", %s than the " : ", no clear change from the ",
                 fresh > earlier ? "more" : "fewer");
    findings_count(findings, item, earlier);
    findings_say(findings, item, " of the %d days before.", FINDINGS_DAYS);
}

/* ---- on how few it rests ---- */

static int downwards(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Of the buyers, who bring half of the revenue: more of them is what any shop has. */
static const double concentrated = .25;

static void of_concentration(struct orders *orders)
{
    struct findings *findings = orders->findings;
    if (!orders->amount || days_of_data(findings) < FINDINGS_LEAST)
        return;
    struct window year = window_of(findings->now, FINDINGS_YEAR);
    double *spending = base_calloc((size_t)orders->population->customers + 1, sizeof *spending),
           total = 0, sum = 0;
    size_t buyers = 0, half = 0;
    uint32_t count;
    for (uint32_t p = 0; p < orders->population->customers; p++) {
        double own = exists(orders, p) ? spent(orders, p, year, &count) : 0;
        if (own <= 0)
            continue;
        spending[buyers++] = own;
        total += own;
    }

    /* From the largest down until half is reached: the fewest customers that bring half. */
    qsort(spending, buyers, sizeof *spending, downwards);
    while (half < buyers && sum < total / 2)
        sum += spending[half++];
    free(spending);

    /* half from half is what equal customers would bring: worth a word only when far from it */
    if (buyers < FINDINGS_LEAST || (double)half > concentrated * (double)buyers)
        return;

    struct findings_item *item =
        findings_add(findings, "concentration", FINDINGS_RANK_CONCENTRATION, "revenue");
    findings_say(findings, item, "Half of the last 365 days' revenue came from ");
    findings_count(findings, item, half);
    findings_say(findings, item, " customers, ");
    findings_share(findings, item, (double)half / (double)buyers);
    findings_say(findings, item, " of those who spent anything.");
}

void findings_of_orders(struct findings *findings)
{
    const struct judge_evidence *evidence = findings->evidence;
    const struct insight_revenue *revenue = evidence->revenue;
    const struct population *population = evidence->view->population;
    int table = revenue->table < 0 ? -1 : population_table_index(population, revenue->kind);
    bool stale = findings->now - findings->newest >
                 (int64_t)FINDINGS_STALE * SECONDS_A_DAY; /* said elsewhere */
    if (table < 0 || findings->first > findings->newest || stale)
        return;

    struct orders orders = {.findings = findings,
                            .population = population,
                            .table = &population->tables[table],
                            .existing = evidence->view->result->existing};
    int column = revenue->property ? population_column_index(orders.table, revenue->property) : -1;
    orders.amount = column >= 0 ? &orders.table->columns[column] : NULL;

    of_revenue(&orders);
    of_leaving(&orders);
    of_new(&orders);
    of_concentration(&orders);
}
