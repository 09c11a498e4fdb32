/*
 * Labels that nobody knows. A comparison with an unknown value is false in the language, so `plan =
 * 'gold'` is false of those whose plan was never told, and a model that took them for a no would
 * learn who is asked, not who has one. A row's label is unknown when a value that the label
 * compares is unknown, unless the label came true all the same (one side of an "or"); under "not"
 * it is unknown either way. `is known` and counts of facts are never unknown.
 */
#include "study/predict.h"

#include <string.h>

struct compared {
    VECTOR(const struct segment_node *) nodes;
    bool negated;
};

static bool is_value(const struct segment_node *node)
{
    while (node->op == OP_FORM)
        node = node->child[0];
    return node->op != OP_LITERAL && node->op != OP_NOW && node->op != OP_TODAY;
}

static void collect(const struct segment_node *node, struct compared *out)
{
    bool tests = false;

    /* Only what tests a value can be false for not knowing it; what joins tests is gone through. */
    switch (node->op) {
    case OP_NOT: out->negated = true; /* fall through */
    case OP_FORM:
    case OP_AND:
    case OP_OR:
        for (int i = 0; i < node->child_count; i++)
            collect(node->child[i], out);
        break;
    case OP_COMPARE:
    case OP_BETWEEN:
    case OP_IN:
    case OP_TEXT:
    case OP_SET:
    case OP_IN_WINDOW:
    case OP_ANNIVERSARY:
    case OP_TRUTH: tests = true; break;
    default: break;
    }

    for (int i = 0; tests && i < node->child_count; i++)
        if (is_value(node->child[i]))
            VECTOR_PUSH(&out->nodes, node->child[i]);
}

enum status predict_label_unknown(struct predict_data *data, int64_t at, const uint64_t *label,
                                  uint64_t **out, struct error *error)
{
    struct work *work = data->work;
    size_t words = work->population->customers / 64 + 1u;
    struct compared compared = {.negated = false};
    *out = ARENA_ARRAY(work->arena, uint64_t, words);
    collect(data->label->segments[data->label->segment_count - 1].condition, &compared);
    size_t count = compared.nodes.count;
    if (!count)
        return STATUS_OK;

    struct plan_values *values = ARENA_ARRAY(work->arena, struct plan_values, count);
    enum status status = plan_evaluate_values(
        data->label, session_schema(work->session), compared.nodes.items, (int)count,
        work->population, at, session_pool(work->session), work->arena, values, error);
    VECTOR_RELEASE(&compared.nodes);
    TRY(status);

    /* Unknown in any value, less those of whom the label holds all the same. */
    for (size_t v = 0; v < count; v++)
        for (size_t w = 0; w < words; w++)
            (*out)[w] |= ~values[v].known[w];
    for (size_t w = 0; !compared.negated && w < words; w++)
        (*out)[w] &= ~label[w];
    return STATUS_OK;
}
