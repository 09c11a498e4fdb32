/*
 * Twenty segments: thresholds, windows, sums, distinct values, a sequence, trait filters and
 * combinations. The same question three times: as trees, as SQL with one pre-filtered aggregate per
 * kind of fact, and as the SQL that one would write first, a sub-query per measure.
 */
#include "segments.h"

#include <stdio.h>

enum { DAY = 86400 };

/* What varies between copies of the twenty. */
struct variant {
    int shift; /* days added to windows */
    int step;  /* added to thresholds */
};

static struct segment_window last_days(int days)
{
    return tree_last(0, (int64_t)days * DAY);
}

static node *measure(struct trees *t, enum segment_aggregate aggregate, const char *kind,
                     const char *column, node *filter, struct segment_window window)
{
    node *argument = column ? tree_column(t, OP_PROPERTY, kind, column) : NULL;
    enum value_type type = aggregate == AGGREGATE_ANY || aggregate == AGGREGATE_NONE ? VALUE_BOOL
                           : aggregate == AGGREGATE_COUNT || aggregate == AGGREGATE_DISTINCT
                               ? VALUE_INT
                           : aggregate == AGGREGATE_AVG ? VALUE_DOUBLE
                                                        : argument->type;
    return tree_measure(t, aggregate, type, kind, argument, filter, window);
}

static node *count_last(struct trees *t, const char *kind, int days)
{
    return measure(t, AGGREGATE_COUNT, kind, NULL, NULL, last_days(days));
}

static node *any_last(struct trees *t, const char *kind, int days)
{
    return measure(t, AGGREGATE_ANY, kind, NULL, NULL, last_days(days));
}

static node *always(struct trees *t, enum segment_aggregate aggregate, const char *kind,
                    const char *column)
{
    return measure(t, aggregate, kind, column, NULL, (struct segment_window){.form = WINDOW_ALL});
}

static node *at_least(struct trees *t, node *value, node *limit)
{
    return tree_compare(t, value, COMPARE_GE, limit);
}

static node *both(struct trees *t, node *a, node *b)
{
    return tree_new(t, OP_AND, VALUE_BOOL, 2, a, b);
}

static node *either(struct trees *t, node *a, node *b)
{
    return tree_new(t, OP_OR, VALUE_BOOL, 2, a, b);
}

static node *negate(struct trees *t, node *a)
{
    return tree_new(t, OP_NOT, VALUE_BOOL, 1, a);
}

static node *money(struct trees *t, int64_t cents)
{
    return tree_integer(t, VALUE_DECIMAL, 2, cents);
}

static node *number(struct trees *t, int64_t value)
{
    return tree_int(t, value);
}

static node *in_segment(struct trees *t, int segment)
{
    node *made = tree_new(t, OP_SEGMENT, VALUE_BOOL, 0);
    made->index = segment;
    return made;
}

static node *text_is_any(struct trees *t, node *value, const char *a, const char *b)
{
    if (!b)
        return tree_compare(t, value, COMPARE_EQ, tree_text(t, a));
    return tree_new(t, OP_IN, VALUE_BOOL, 3, value, tree_text(t, a), tree_text(t, b));
}

static node *category_is(struct trees *t, const char *kind, const char *name)
{
    node *path = tree_hop(t, tree_column(t, OP_PROPERTY, kind, "product"), "product", "category");
    return text_is_any(t, path, name, NULL);
}

static node *time_of(struct trees *t, enum segment_aggregate aggregate, const char *kind)
{
    node *argument = tree_new(t, OP_FACT_TIME, VALUE_TIME, 0);
    return tree_measure(t, aggregate, VALUE_TIME, kind, argument, NULL,
                        (struct segment_window){.form = WINDOW_ALL});
}

/* sequence(cart as c, not order where product = c.product within 24 hours) last n days */
static node *abandoned(struct trees *t, int days)
{
    node *made = tree_new(t, OP_SEQUENCE, VALUE_BOOL, 0);
    made->sequence = ARENA_NEW(&t->arena, struct segment_sequence);
    made->sequence->steps = ARENA_ARRAY(&t->arena, struct segment_step, 2);
    made->sequence->step_count = 2;
    made->sequence->window = last_days(days);
    struct segment_step *cart = &made->sequence->steps[0], *order = &made->sequence->steps[1];
    *cart = (struct segment_step){
        .alias = "c", .kinds = {"cart"}, .kind_table = {CART}, .kind_count = 1};
    *order = (struct segment_step){.kinds = {"order"},
                                   .kind_table = {ORDER},
                                   .kind_count = 1,
                                   .negated = true,
                                   .has_within = true,
                                   .within = {0, DAY}};
    node *chosen = tree_column(t, OP_STEP, "cart", "product");
    order->filter =
        tree_compare(t, tree_column(t, OP_PROPERTY, "order", "product"), COMPARE_EQ, chosen);
    return made;
}

static node *age_between(struct trees *t, int low, int high)
{
    node *age =
        tree_new(t, OP_FUNCTION, VALUE_INT, 1, tree_column(t, OP_TRAIT, "customer", "birth_date"));
    age->function = FUNCTION_AGE;
    return tree_new(t, OP_BETWEEN, VALUE_BOOL, 3, age, number(t, low), number(t, high));
}

static node *opens_ratio(struct trees *t, int days)
{
    return tree_new(t, OP_DIVIDE, VALUE_DOUBLE, 2, count_last(t, "email_open", days),
                    count_last(t, "email_sent", days));
}

static node *days_since(struct trees *t, node *moment)
{
    node *made = tree_new(t, OP_FUNCTION, VALUE_INT, 1, moment);
    made->function = FUNCTION_SINCE;
    made->unit = CALENDAR_DAY;
    return made;
}

static node *recent_threshold(struct trees *t, int days)
{
    return tree_new(t, OP_SUBTRACT, VALUE_TIME, 2, tree_new(t, OP_NOW, VALUE_TIME, 0),
                    tree_period(t, 0, (int64_t)days * DAY));
}

static void add_spenders(struct trees *t, struct variant v)
{
    struct segment_window year = last_days(365 + v.shift);
    int vip =
        tree_segment(t, "vip",
                     both(t,
                          at_least(t, measure(t, AGGREGATE_SUM, "order", "amount", NULL, year),
                                   money(t, 20000 + v.step * 1000)),
                          at_least(t, count_last(t, "order", 365 + v.shift), number(t, 3))));
    tree_segment(t, "lapsing_vip",
                 both(t, in_segment(t, vip), negate(t, any_last(t, "order", 60 + v.shift))));
    node *dear = tree_compare(t, tree_column(t, OP_PROPERTY, "order", "amount"), COMPARE_GT,
                              money(t, 2000 + v.step * 100));
    node *shoes = measure(t, AGGREGATE_COUNT, "order", NULL,
                          both(t, category_is(t, "order", "shoes"), dear), year);
    tree_segment(t, "shoe_lovers", at_least(t, shoes, number(t, 1)));
    tree_segment(t, "abandoned", abandoned(t, 7 + v.shift % 20));
    tree_segment(
        t, "young_viennese",
        both(t, age_between(t, 18 + v.step, 29 + v.step),
             text_is_any(t, tree_column(t, OP_TRAIT, "customer", "city"), "Wien", "Graz")));
}

static void add_readers(struct trees *t, struct variant v)
{
    tree_segment(t, "reads_nothing",
                 tree_compare(t, opens_ratio(t, 90 + v.shift), COMPARE_LT,
                              tree_integer(t, VALUE_DECIMAL, 2, 5 + v.step)));
    node *signs = either(t,
                         either(t, any_last(t, "email_open", 30 + v.shift),
                                any_last(t, "email_click", 30 + v.shift)),
                         any_last(t, "view", 30 + v.shift));
    tree_segment(t, "any_sign", signs);
    tree_segment(
        t, "promoters",
        at_least(t, always(t, AGGREGATE_LAST, "survey", "nps"), number(t, 9 - v.step % 5)));
    tree_segment(
        t, "new",
        at_least(t, time_of(t, AGGREGATE_FIRST, "order"), recent_threshold(t, 30 + v.shift)));
    tree_segment(
        t, "browsers",
        at_least(t,
                 measure(t, AGGREGATE_DISTINCT, "view", "product", NULL, last_days(30 + v.shift)),
                 number(t, 5 + v.step)));
}

static void add_buyers(struct trees *t, struct variant v)
{
    tree_segment(
        t, "big_basket",
        tree_compare(t,
                     measure(t, AGGREGATE_MAX, "order", "amount", NULL, last_days(180 + v.shift)),
                     COMPARE_GT, money(t, 20000 + v.step * 100)));
    tree_segment(t, "dear_baskets",
                 both(t,
                      tree_compare(t, always(t, AGGREGATE_AVG, "order", "amount"), COMPARE_GT,
                                   number(t, 80 + v.step)),
                      at_least(t, always(t, AGGREGATE_COUNT, "order", NULL), number(t, 2))));
    node *billing =
        text_is_any(t, tree_column(t, OP_PROPERTY, "support", "topic"), "billing", NULL);
    tree_segment(
        t, "billing_trouble",
        at_least(t, measure(t, AGGREGATE_COUNT, "support", NULL, billing, last_days(90 + v.shift)),
                 number(t, 1)));
    tree_segment(
        t, "refunders",
        both(t,
             tree_compare(
                 t, measure(t, AGGREGATE_SUM, "refund", "amount", NULL, last_days(365 + v.shift)),
                 COMPARE_GT, money(t, 5000 + v.step * 50)),
             any_last(t, "order", 90 + v.shift)));
    tree_segment(t, "active",
                 at_least(t, count_last(t, "login", 30 + v.shift), number(t, 2 + v.step % 4)));
}

static void add_rest(struct trees *t, struct variant v, int first)
{
    tree_segment(t, "dormant",
                 both(t, negate(t, any_last(t, "login", 180 + v.shift)),
                      always(t, AGGREGATE_ANY, "order", NULL)));
    tree_segment(t, "pro_viennese",
                 both(t, text_is_any(t, tree_column(t, OP_TRAIT, "customer", "plan"), "pro", NULL),
                      text_is_any(t, tree_column(t, OP_TRAIT, "customer", "city"), "Wien", NULL)));
    tree_segment(t, "overdue",
                 both(t,
                      tree_compare(t, days_since(t, time_of(t, AGGREGATE_LAST, "order")),
                                   COMPARE_GT, number(t, 90 + v.shift)),
                      at_least(t, always(t, AGGREGATE_COUNT, "order", NULL), number(t, 3))));
    tree_segment(t, "worth_calling",
                 both(t, either(t, in_segment(t, first), in_segment(t, first + 7)),
                      negate(t, in_segment(t, first + 5))));
    node *stars = at_least(t, tree_column(t, OP_PROPERTY, "review", "stars"), number(t, 4));
    tree_segment(
        t, "fans",
        either(t,
               at_least(
                   t, measure(t, AGGREGATE_COUNT, "review", NULL, stars, last_days(365 + v.shift)),
                   number(t, 2)),
               tree_compare(
                   t, measure(t, AGGREGATE_SUM, "view", "seconds", NULL, last_days(30 + v.shift)),
                   COMPARE_GT, number(t, 1800 + v.step * 10))));
}

void segments_make(struct trees *trees, int count)
{
    trees_init(trees);
    trees->schema = *data_schema();
    for (int first = 0; first < count; first += SEGMENTS) {
        struct variant v = {first / SEGMENTS % 5 * 3, first / SEGMENTS};
        add_spenders(trees, v);
        add_readers(trees, v);
        add_buyers(trees, v);
        add_rest(trees, v, first);
    }
    trees->set.segment_count = count;
}

/* ---- SQL ---- */

static char *printed(const char *format, int64_t now)
{
    /* In the texts below {n} stands for now − n days. */
    struct buffer out;
    buffer_init(&out, 0);
    for (const char *at = format; *at; at++) {
        if (*at != '{') {
            buffer_char(&out, *at);
            continue;
        }
        char *end;
        long days = strtol(at + 1, &end, 10);
        buffer_printf(&out, "%lld", (long long)(now - (int64_t)days * DAY));
        at = end;
    }
    return buffer_take(&out);
}

char *segments_best_sql(int64_t now)
{
    return printed(
        "with o as (select customer, sum(amount) filter (time > {365}) s365, count(*) filter (time "
        "> {365}) c365,\n"
        "  count(*) filter (time > {365} and category = 'shoes' and amount > 2000) shoes, "
        "max(time) l, min(time) f,\n"
        "  max(amount) filter (time > {180}) m180, sum(amount) s, count(*) c\n"
        "  from \"order\" join product using (product) group by customer),\n"
        "a as (select distinct customer from cart t where time > {7} and time <= {1} and not "
        "exists (\n"
        "  select 1 from \"order\" r where r.time > {7} and r.customer = t.customer and r.product "
        "= t.product\n"
        "  and r.time >= t.time and r.time <= t.time + 86400)),\n"
        "v as (select customer, count(distinct product) p30, sum(seconds) s30 from view where time "
        "> {30} group by "
        "customer),\n"
        "es as (select customer, count(*) c90 from email_sent where time > {90} group by "
        "customer),\n"
        "eo as (select customer, count(*) c90, max(time) l from email_open where time > {90} group "
        "by customer),\n"
        "ec as (select distinct customer from email_click where time > {30}),\n"
        "su as (select distinct customer from support where time > {90} and topic = 'billing'),\n"
        "sv as (select customer, arg_max(nps, time) n from survey group by customer),\n"
        "lo as (select customer, count(*) filter (time > {30}) c30 from login where time > {180} "
        "group by customer),\n"
        "rf as (select customer, sum(amount) s365 from refund where time > {365} group by "
        "customer),\n"
        "rv as (select customer, count(*) c4 from review where time > {365} and stars >= 4 group "
        "by customer)\n"
        "select c.customer,\n"
        " coalesce(o.s365, 0) >= 20000 and coalesce(o.c365, 0) >= 3 vip,\n"
        " vip and not coalesce(o.l > {60}, false),\n"
        " coalesce(o.shoes, 0) >= 1,\n"
        " a.customer is not null,\n"
        " birth > 9296 and birth <= 13679 and city in ('Wien', 'Graz'),\n"
        " es.c90 > 0 and coalesce(eo.c90, 0) / es.c90 < 0.05 quiet,\n"
        " coalesce(eo.l > {30}, false) or ec.customer is not null or v.customer is not null,\n"
        " sv.n >= 9 promoter,\n"
        " o.f >= {30},\n"
        " v.p30 >= 5,\n"
        " o.m180 > 20000,\n"
        " o.s / (o.c * 100) > 80 and o.c >= 2,\n"
        " su.customer is not null,\n"
        " rf.s365 > 5000 and o.l > {90},\n"
        " lo.c30 >= 2,\n"
        " lo.customer is null and o.customer is not null,\n"
        " plan = 'pro' and city = 'Wien',\n"
        " o.l <= {91} and o.c >= 3,\n"
        " (vip or coalesce(promoter, false)) and not coalesce(quiet, false),\n"
        " rv.c4 >= 2 or v.s30 > 1800\n"
        "from customer c left join o using (customer) left join a using (customer) left join v "
        "using (customer)\n"
        " left join es using (customer) left join eo using (customer) left join ec using "
        "(customer)\n"
        " left join su using (customer) left join sv using (customer) left join lo using "
        "(customer)\n"
        " left join rf using (customer) left join rv using (customer)",
        now);
}

char *segments_obvious_sql(int64_t now)
{
    return printed(
        "with m1 as (select customer, sum(amount) s365 from \"order\" where time > {365} group by "
        "1),\n"
        "m2 as (select customer, count(*) c365 from \"order\" where time > {365} group by 1),\n"
        "m3 as (select customer, count(*) c60 from \"order\" where time > {60} group by 1),\n"
        "m4 as (select customer, count(*) shoes from \"order\" join product using (product)\n"
        "  where time > {365} and category = 'shoes' and amount > 2000 group by 1),\n"
        "a as (select distinct customer from cart t where time > {7} and time <= {1} and not "
        "exists (\n"
        "  select 1 from \"order\" r where r.customer = t.customer and r.product = t.product\n"
        "  and r.time >= t.time and r.time <= t.time + 86400)),\n"
        "m5 as (select customer, count(*) s90 from email_sent where time > {90} group by 1),\n"
        "m6 as (select customer, count(*) o90 from email_open where time > {90} group by 1),\n"
        "m7 as (select distinct customer from email_open where time > {30}),\n"
        "m8 as (select distinct customer from email_click where time > {30}),\n"
        "m9 as (select distinct customer from view where time > {30}),\n"
        "m10 as (select customer, arg_max(nps, time) n from survey group by 1),\n"
        "m11 as (select customer, min(time) f from \"order\" group by 1),\n"
        "m12 as (select customer, count(distinct product) p30 from view where time > {30} group by "
        "1),\n"
        "m13 as (select customer, max(amount) m180 from \"order\" where time > {180} group by 1),\n"
        "m14 as (select customer, avg(amount) / 100 av, count(*) c from \"order\" group by 1),\n"
        "m15 as (select distinct customer from support where time > {90} and topic = 'billing'),\n"
        "m16 as (select customer, sum(amount) s365 from refund where time > {365} group by 1),\n"
        "m17 as (select distinct customer from \"order\" where time > {90}),\n"
        "m18 as (select customer, count(*) c30 from login where time > {30} group by 1),\n"
        "m19 as (select distinct customer from login where time > {180}),\n"
        "m20 as (select customer, max(time) l from \"order\" group by 1),\n"
        "m21 as (select customer, count(*) c4 from review where time > {365} and stars >= 4 group "
        "by 1),\n"
        "m22 as (select customer, sum(seconds) s30 from view where time > {30} group by 1)\n"
        "select c.customer,\n"
        " coalesce(m1.s365, 0) >= 20000 and coalesce(m2.c365, 0) >= 3 vip,\n"
        " vip and m3.customer is null,\n"
        " coalesce(m4.shoes, 0) >= 1,\n"
        " a.customer is not null,\n"
        " birth > 9296 and birth <= 13679 and city in ('Wien', 'Graz'),\n"
        " m5.s90 > 0 and coalesce(m6.o90, 0) / m5.s90 < 0.05 quiet,\n"
        " m7.customer is not null or m8.customer is not null or m9.customer is not null,\n"
        " m10.n >= 9 promoter,\n"
        " m11.f >= {30},\n"
        " m12.p30 >= 5,\n"
        " m13.m180 > 20000,\n"
        " m14.av > 80 and m14.c >= 2,\n"
        " m15.customer is not null,\n"
        " m16.s365 > 5000 and m17.customer is not null,\n"
        " m18.c30 >= 2,\n"
        " m19.customer is null and m14.customer is not null,\n"
        " plan = 'pro' and city = 'Wien',\n"
        " m20.l <= {91} and m14.c >= 3,\n"
        " (vip or coalesce(promoter, false)) and not coalesce(quiet, false),\n"
        " m21.c4 >= 2 or m22.s30 > 1800\n"
        "from customer c left join m1 using (customer) left join m2 using (customer) left join m3 "
        "using (customer)\n"
        " left join m4 using (customer) left join a using (customer) left join m5 using "
        "(customer)\n"
        " left join m6 using (customer) left join m7 using (customer) left join m8 using "
        "(customer)\n"
        " left join m9 using (customer) left join m10 using (customer) left join m11 using "
        "(customer)\n"
        " left join m12 using (customer) left join m13 using (customer) left join m14 using "
        "(customer)\n"
        " left join m15 using (customer) left join m16 using (customer) left join m17 using "
        "(customer)\n"
        " left join m18 using (customer) left join m19 using (customer) left join m20 using "
        "(customer)\n"
        " left join m21 using (customer) left join m22 using (customer)",
        now);
}
