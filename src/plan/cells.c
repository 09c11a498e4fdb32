/*
 * Values one by one, with their texts: what lists of customers print. Values as columns (values.c)
 * hold texts as codes of the dictionary, which a computed text has none of; here every text is
 * handed over as it is.
 */
#include "plan/steps.h"

#include <string.h>

struct cell_pass {
    struct plan *plan;
    struct binding *binding;
    struct plan_phase *phase;
    struct run *run;
    const struct segment_node *const *nodes;
    const uint64_t *who;
    struct buffer set; /* scratch: the members of a set, a NUL behind each */
    plan_cell_take *take;
    void *context;
};

static struct text set_members(struct cell_pass *pass, const struct operand *value, size_t at)
{
    buffer_reset(&pass->set);
    for (uint32_t i = 0; i < value->count[at]; i++) {
        buffer_text(&pass->set, run_text(pass->run, value->codes[at][i]));
        buffer_char(&pass->set, '\0');
    }
    return (struct text){pass->set.data ? pass->set.data : "", pass->set.length};
}

static void fill_cell(struct cell_pass *pass, const struct operand *value, size_t lane,
                      struct plan_cell *cell)
{
    size_t at = lane * value->stride;
    bool condition = value->step->shape == SHAPE_BITS;

    cell->known = condition || bit_at(value->bits, (uint32_t)lane);
    if (condition)
        cell->integer = bit_at(value->bits, (uint32_t)lane);
    if (condition || !cell->known)
        return;

    /* A text is handed over as it is, whether it has a code or was computed. */
    switch (value->step->shape) {
    case SHAPE_TEXT: cell->text = operand_text(pass->run, value, lane); break;
    case SHAPE_SET: cell->text = set_members(pass, value, at); break;
    case SHAPE_POINT:
        cell->number = value->d[at];
        cell->second = value->e[at];
        break;
    case SHAPE_DOUBLE: cell->number = value->d[at]; break;
    default:
        cell->integer = value->i[at];
        if (value->step->type == VALUE_TEXT)
            cell->text = operand_text(pass->run, value, lane);
    }
}

static void take_cells(struct cell_pass *pass, uint32_t first)
{
    for (int column = 0; column < pass->plan->extra_count; column++) {
        struct operand value = operand_of(pass->run, pass->plan->extra[column]);
        const struct segment_node *node = pass->nodes[column];
        for (uint32_t lane = 0; lane < pass->run->count; lane++) {
            uint32_t position = first + lane;
            if (!bit_at(pass->who, position))
                continue;

            struct plan_cell cell = {.type =
                                         value.step->shape == SHAPE_BITS ? VALUE_BOOL : node->type,
                                     .scale = node->scale,
                                     .is_double = value.step->shape == SHAPE_DOUBLE};
            fill_cell(pass, &value, lane, &cell);
            pass->take(pass->context, position, column, &cell);
        }
    }
}

static enum status run_cells(struct cell_pass *pass, uint32_t customers, struct error *error)
{
    for (uint32_t first = 0; first < customers && !pass->run->failed; first += BATCH) {
        uint32_t rest = customers - first;
        run_batch(pass->run, first, rest < BATCH ? rest : BATCH);
        if (!pass->run->failed)
            take_cells(pass,
                       first); /* values are computed when they are asked for, and may fail there */
    }
    return pass->run->failed ? error_set(error, STATUS_ERROR, "%s", pass->run->error.message)
                             : STATUS_OK;
}

enum status plan_each_value(const struct segment_set *set, const struct schema *schema,
                            const struct segment_node *const *nodes, int node_count,
                            const struct population *population, const uint64_t *who, int64_t now,
                            struct pool *pool, plan_cell_take *take, void *context,
                            struct error *error)
{
    struct cell_pass pass = {.nodes = nodes, .who = who, .take = take, .context = context};
    buffer_init(&pass.set, 0);
    enum status status = plan_of_nodes(set, schema, nodes, node_count, &pass.plan, error);
    if (status != STATUS_OK)
        return status;

    TRY_GOTO(binding_new(pass.plan, population, &pass.binding, error));
    TRY_GOTO(phase_fill(pass.plan, pass.binding, now, pool, false, &pass.phase, error));
    pass.run = run_new(pass.plan);
    run_bind(pass.run, pass.binding, pass.phase, now);
    /* On this thread only: rows come in order, and are written as they come. */
    TRY_GOTO(run_cells(&pass, population->customers, error));
done:
    if (pass.run)
        run_free(pass.run);
    plan_phase_free(pass.phase);
    binding_free(pass.binding);
    plan_free(pass.plan);
    buffer_release(&pass.set);
    return status;
}
