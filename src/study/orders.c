/*
 * The facts that count as orders, and one rule for money that goes back, the same in every model. A
 * fact with a negative amount is a refund: it is no order, so nobody becomes a customer, comes back
 * or is recent by it. With
 * --refunds subtract (what goes without saying) its amount is taken off what the customer spent;
 * with ignore it counts for nothing; with count it is an order like any other, which is right where
 * amounts below zero mean something else. A fact with an amount of zero, or without one, is an
 * order of nothing.
 *
 * Where a store has refunds, the orders are copied out into arrays of their own, by customer and
 * time as before, and the refunds into others; without refunds the population's arrays serve as
 * they are.
 */
#include "study/work.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

enum { CENTS = 2 }; /* digits behind the point of amounts that are no decimals */
/* as options say them */
static const char *const refund_words[] = {
    [WORK_REFUNDS_SUBTRACT] = "subtract",
    [WORK_REFUNDS_IGNORE] = "ignore",
    [WORK_REFUNDS_COUNT] = "count",
};

/* Look-alikes take no --refunds and count orders as everyone does who says nothing. */
static enum work_refunds refunds_of(const struct work *work)
{
    return work_option(work, "refunds") ? (enum work_refunds)work_pick(work, "refunds")
                                        : WORK_REFUNDS_SUBTRACT;
}

static bool is_number(const struct schema_column *column)
{
    return column && (column->type == VALUE_INT || column->type == VALUE_DECIMAL ||
                      column->type == VALUE_DOUBLE);
}

/* Amounts in several currencies are not taken up by guessing: adding them up would be wrong. */
static const char *why_unpaid(const struct work *work, const struct schema_table *table)
{
    for (size_t c = 0; c < table->column_count; c++)
        if (is_number(&table->columns[c]) && table->columns[c].currency &&
            table->columns[c].currencies > 1)
            return arena_printf(work->arena,
                                "%s.%s is in %d currencies, which are never added together",
                                table->name, table->columns[c].name, table->columns[c].currencies);
    return arena_printf(work->arena, "%s has no amount", table->name);
}

/* ---- which they are ---- */

/* A model of before has no such part, but says it among its figures: "booking.amount". */
static bool read_figure(const struct study_model *model, struct arena *arena,
                        struct study_orders *out)
{
    for (size_t i = 0; i < model->figure_count; i++) {
        const char *text = model->figures[i].text;
        if (strcmp(model->figures[i].label, "orders are") != 0)
            continue;
        size_t kind = strcspn(text, ".");
        out->kind = arena_strndup(arena, text, kind);
        out->amount = text[kind] ? arena_strdup(arena, text + kind + 1) : NULL;
        return true;
    }
    return false;
}

static bool read_kept(const json_t *parameters, const struct study_model *model,
                      struct arena *arena, struct study_orders *out)
{
    json_t *kept = json_object_get(parameters, "orders");
    const char *kind = json_string_value(json_object_get(kept, "kind")),
               *amount = json_string_value(json_object_get(kept, "amount")),
               *refunds = json_string_value(json_object_get(kept, "refunds"));
    *out = (struct study_orders){0};
    if (!kind)
        return read_figure(model, arena, out);
    *out = (struct study_orders){arena_strdup(arena, kind),
                                 amount ? arena_strdup(arena, amount) : NULL,
                                 refunds ? arena_strdup(arena, refunds) : NULL};
    return true;
}

bool study_orders(const struct study_model *model, struct arena *arena, struct study_orders *out)
{
    json_t *parameters = json_loads(model->parameters, 0, NULL);
    bool known = read_kept(parameters, model, arena, out);
    json_decref(parameters);
    return known;
}

void work_orders_write(struct work *work, const struct work_orders *orders)
{
    json_put_object(work->parameters, "orders");
    json_put_string(work->parameters, "kind", orders->kind);
    if (orders->property)
        json_put_string(work->parameters, "amount", orders->property);
    json_put_string(work->parameters, "refunds", refund_words[orders->refunds]);
    json_write_end_object(work->parameters);
}

static void look_at_amount(const struct work *work, const struct schema_table *table,
                           struct work_orders *out)
{
    const struct schema_column *column = out->property ? schema_column(table, out->property) : NULL;
    out->currencies = column && column->currency ? column->currencies : 0;
    out->unpaid = out->property ? NULL : why_unpaid(work, table);
    out->scale = column && column->type == VALUE_DECIMAL ? column->scale : CENTS;
}

/* A model scores what it was fitted on, whatever looks like orders by now. */
static enum status find_fitted(struct work *work, const struct study_orders *fitted,
                               struct work_orders *out, struct error *error)
{
    const struct schema_table *table = schema_table(session_schema(work->session), fitted->kind);
    *out = (struct work_orders){.kind = fitted->kind,
                                .property = fitted->amount,
                                .named = fitted->amount != NULL,
                                .refunds = refunds_of(work)};
    for (int r = 0; fitted->refunds && r <= WORK_REFUNDS_COUNT; r++)
        if (strcmp(fitted->refunds, refund_words[r]) == 0)
            out->refunds = (enum work_refunds)r;

    enum status status = STATUS_OK;
    if (!table || table->role != SCHEMA_FACTS)
        status = error_set(error, STATUS_NOT_FOUND,
                           "the model %s was fitted on the kind %s, which the store has no more",
                           work->model->name, fitted->kind);
    else if (fitted->amount && !is_number(schema_column(table, fitted->amount)))
        status = error_set(error, STATUS_NOT_FOUND,
                           "the model %s was fitted on %s.%s, and %s has no such number any more",
                           work->model->name, fitted->kind, fitted->amount, fitted->kind);
    if (status != STATUS_OK) {
        error_hint(error, "import them again, or fit the model again on what there is");
        return status;
    }
    look_at_amount(work, table, out);
    return STATUS_OK;
}

enum status work_orders_find(struct work *work, struct work_orders *out, struct error *error)
{
    struct study_orders fitted;
    if (work->saved && read_kept(work->saved, work->model, work->arena, &fitted))
        return find_fitted(work, &fitted, out, error);

    const struct schema *schema = session_schema(work->session);
    const char *kind = work_option(work, "kind"), *amount = work_option(work, "amount");
    struct insight_revenue revenue =
        kind ? insight_revenue_of_kind(schema, kind) : insight_revenue_find(schema);

    /* A kind that is named has its own amount; what else looks like revenue is none of it. */
    *out = (struct work_orders){
        .kind = kind ? kind : revenue.kind, .property = amount, .refunds = refunds_of(work)};

    const struct schema_table *table = out->kind ? schema_table(schema, out->kind) : NULL;
    if (!table || table->role != SCHEMA_FACTS) {
        enum status status =
            kind ? error_set(error, STATUS_NOT_FOUND, "the store has no kind '%s'", kind)
                 : error_set(error, STATUS_ERROR, "the store has no kind that looks like orders");
        error_hint(error,
                   "--kind KIND says which facts are purchases; strata status lists the kinds");
        return status;
    }

    /* Whether the amount is money, by its name or because somebody said so: else it is taken for a
     * number that may be anything. */
    out->property = amount ? amount : revenue.property;
    out->named = amount || revenue.named;
    const struct schema_column *column = out->property ? schema_column(table, out->property) : NULL;
    if (out->property && !is_number(column)) {
        enum status status =
            error_set(error, STATUS_NOT_FOUND, "%s has no number '%s'", out->kind, out->property);
        error_hint(error, "--amount PROPERTY says what an order was worth");
        return status;
    }

    look_at_amount(work, table, out);
    return STATUS_OK;
}

enum status work_orders_one_currency(const struct work_orders *orders, struct error *error)
{
    if (orders->currencies <= 1)
        return STATUS_OK;
    return error_set(error, STATUS_ERROR,
                     "%s.%s is in %d currencies, which are never added together", orders->kind,
                     orders->property, orders->currencies);
}

static struct segment_needs orders_needs(struct work *work, const struct work_orders *orders)
{
    struct segment_needs needs = {.items = ARENA_ARRAY(work->arena, struct segment_need, 1),
                                  .count = 1};
    const char **columns = ARENA_ARRAY(work->arena, const char *, 2);
    columns[0] = orders->property;
    needs.items[0] = (struct segment_need){orders->kind, columns};
    return needs;
}

/* ---- orders and refunds ---- */

static double amount_of(const struct work_orders *orders, uint32_t row)
{
    struct population_value value = population_get(orders->amount, row);
    if (!value.known)
        return 0;
    if (orders->amount->type == VALUE_DOUBLE)
        return value.number;
    return number_decimal_to_double(value.integer,
                                    orders->amount->type == VALUE_INT ? 0 : orders->amount->scale);
}

static bool is_zero(const struct work_orders *orders, uint32_t row)
{
    struct population_value value = population_get(orders->amount, row);
    return value.known &&
           (orders->amount->type == VALUE_DOUBLE ? value.number == 0 : value.integer == 0);
}

/* Who has refunds and no order at all is counted too: such people are customers of nothing. */
static void count_signs(const struct work *work, struct work_orders *orders)
{
    const struct population_table *table = orders->table;
    orders->refund_count = orders->refunded = orders->only_refunds = orders->zero_count = 0;
    for (uint32_t p = 0; p < work->population->customers; p++) {
        uint64_t refunds = 0, others = 0;
        for (uint32_t row = table->offset[p];
             row < table->offset[p + 1] && table->time[row] <= work->moment->now; row++) {
            bool refund = amount_of(orders, row) < 0;
            refunds += refund;
            others += !refund;
            orders->zero_count += is_zero(orders, row);
        }
        orders->refund_count += refunds;
        orders->refunded += refunds > 0;
        orders->only_refunds += refunds > 0 && others == 0;
    }
}

/* Deals the facts into orders and refunds, each by customer and in order of time. */
static void divide(const struct work *work, struct work_orders *orders)
{
    const struct population_table *table = orders->table;
    size_t customers = work->population->customers, rows = table->rows + 1;
    uint32_t *offset = ARENA_ARRAY(work->arena, uint32_t, customers + 1),
             *time = ARENA_ARRAY(work->arena, uint32_t, rows),
             *row_of = ARENA_ARRAY(work->arena, uint32_t, rows);
    uint32_t taken = 0, back = 0;

    /* Room for all in both: how they divide is known only afterwards. */
    orders->refund_offset = ARENA_ARRAY(work->arena, uint32_t, customers + 1);
    orders->refund_row = ARENA_ARRAY(work->arena, uint32_t, rows);

    for (size_t p = 0; p < customers; p++) {
        for (uint32_t row = table->offset[p]; row < table->offset[p + 1]; row++) {
            if (amount_of(orders, row) < 0) {
                orders->refund_row[back++] = row;
                continue;
            }
            time[taken] = table->time[row];
            row_of[taken++] = row;
        }
        offset[p + 1] = taken;
        orders->refund_offset[p + 1] = back;
    }

    orders->offset = offset;
    orders->time = time;
    orders->row = row_of;
}

enum status work_orders_ask(struct work *work, struct error *error)
{
    struct work_orders orders;
    TRY(work_orders_find(work, &orders, error));
    TRY(work_orders_one_currency(&orders, error));
    TRY(work_inputs_new(work, NULL, 0, work_option(work, "among"), &work->inputs, error));
    struct segment_needs needs = orders_needs(work, &orders);
    work->needs = segment_needs_join(&needs, &work->inputs.needs, work->arena);
    return STATUS_OK;
}

enum status work_orders_load(struct work *work, const struct segment_needs *more,
                             struct work_orders *orders, struct error *error)
{
    struct segment_needs needs = orders_needs(work, orders);
    if (more)
        needs = segment_needs_join(&needs, more, work->arena);
    TRY(work_load(work, &needs, error));

    /* The same population as before: what was counted and divided still holds. */
    if (orders->looked_over == work->population->serial)
        return STATUS_OK;
    int table = population_table_index(work->population, orders->kind);
    if (table < 0)
        return error_set(error, STATUS_ERROR, "the store has no facts of kind %s", orders->kind);

    orders->table = &work->population->tables[table];
    orders->offset = orders->table->offset;
    orders->time = orders->table->time;
    int column = orders->property ? population_column_index(orders->table, orders->property) : -1;
    orders->amount = column >= 0 ? &orders->table->columns[column] : NULL;
    orders->looked_over = work->population->serial;

    /* Without amounts there is nothing to tell a refund by. */
    if (!orders->amount)
        return STATUS_OK;
    count_signs(work, orders);
    if (orders->refund_count && orders->refunds != WORK_REFUNDS_COUNT)
        divide(work, orders);
    return STATUS_OK;
}

void work_orders_rows(const struct work_orders *orders, uint32_t position, int64_t after,
                      int64_t now, uint32_t *from, uint32_t *to)
{
    *from = orders->offset[position];
    *to = orders->offset[position + 1];

    /* From the ends inwards: bounds mostly lie near them, and customers have few orders. */
    while (*to > *from && orders->time[*to - 1] > now)
        --*to;
    while (*from < *to && orders->time[*from] <= after)
        ++*from;
}

double work_orders_amount(const struct work_orders *orders, uint32_t order)
{
    if (!orders->amount)
        return 0;
    return amount_of(orders, orders->row ? orders->row[order] : order);
}

double work_orders_refunded(const struct work_orders *orders, uint32_t position, int64_t after,
                            int64_t until)
{
    double sum = 0;
    if (!orders->refund_offset || orders->refunds != WORK_REFUNDS_SUBTRACT)
        return 0;
    for (uint32_t i = orders->refund_offset[position]; i < orders->refund_offset[position + 1];
         i++) {
        uint32_t row = orders->refund_row[i];
        if (orders->table->time[row] > after && orders->table->time[row] <= until)
            sum -= amount_of(orders, row);
    }
    return sum;
}

enum status work_orders_filters(struct work *work, struct work_orders *orders, const char **filter,
                                const char **spent, struct error *error)
{
    *filter = *spent = "";
    if (!orders->property || orders->refunds == WORK_REFUNDS_COUNT)
        return STATUS_OK;
    TRY(work_orders_load(work, NULL, orders, error));
    if (!orders->refund_count)
        return STATUS_OK;
    *filter = arena_printf(work->arena, " where not %s < 0",
                           segment_name_text(orders->property, work->arena));
    if (orders->refunds == WORK_REFUNDS_IGNORE)
        *spent = *filter;
    return STATUS_OK;
}

/* ---- saying it ---- */

void work_orders_say(struct work *work, const struct work_orders *orders, bool sums)
{
    static const char *const rules[] = {"no orders; subtracted from what the customer spent",
                                        "no orders; their amounts are ignored",
                                        "counted as orders, as --refunds count says"};
    const char *rule =
        orders->refunds == WORK_REFUNDS_SUBTRACT && !sums ? "no orders" : rules[orders->refunds];

    if (!orders->amount)
        work_figure(work, "data", "refunds", NAN, "not known: %s", orders->unpaid);
    else if (!orders->refund_count)
        work_figure(work, "data", "refunds", 0, "none: no amount is negative");
    else
        work_figure(work, "data", "refunds", (double)orders->refund_count,
                    "%s of %s customers (amount below 0): %s",
                    work_thousands(work, (double)orders->refund_count),
                    work_thousands(work, (double)orders->refunded), rule);
    if (orders->only_refunds && orders->refunds != WORK_REFUNDS_COUNT)
        work_figure(work, "data", "customers with refunds only", (double)orders->only_refunds,
                    "%s, left out", work_thousands(work, (double)orders->only_refunds));
    if (orders->zero_count)
        work_figure(work, "data", "orders with an amount of 0", (double)orders->zero_count,
                    "%s, counted as orders", work_thousands(work, (double)orders->zero_count));
    if (orders->refund_count && !work_option(work, "refunds"))
        work_note(work, "--refunds ignore leaves refunds out altogether, --refunds count takes "
                        "them for orders.");
}

enum status work_orders_say_plain(struct work *work, const char *group, struct error *error)
{
    struct work_orders orders;
    struct error none = {0};
    struct work own = {.session = work->session,
                       .arena = work->arena,
                       .moment = work->moment,
                       .model = work->model};
    if (work_orders_find(&own, &orders, &none) != STATUS_OK || !orders.property)
        return STATUS_OK;
    enum status status = work_orders_load(&own, NULL, &orders, error);
    work_release(&own);
    if (status == STATUS_OK && orders.refund_count)
        work_figure(work, group, "refunds", (double)orders.refund_count,
                    "%s of %s customers (amount below 0): facts like any other in these values",
                    work_thousands(work, (double)orders.refund_count),
                    work_thousands(work, (double)orders.refunded));
    return status;
}
