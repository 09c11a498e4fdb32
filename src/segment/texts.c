/* Where a condition asks whether a trait is a certain text: what session/texts.c looks up, so that
 * who misspells one is told. */
#include "segment/texts.h"

#include "segment/language.h"

struct looking {
    void (*visit)(const struct segment_told_text *test, void *context);
    void *context;
};

static void look_at(const struct looking *looking, const struct segment_node *trait,
                    const struct segment_node *value)
{
    if (trait->op != OP_TRAIT || trait->path.length != 1 || value->op != OP_LITERAL ||
        value->type != VALUE_TEXT)
        return;
    struct segment_told_text test = {trait->path.names[0], value->literal.text};
    looking->visit(&test, looking->context);
}

static void look(struct segment_node **place, void *data)
{
    const struct segment_node *node = *place;
    const struct looking *looking = data;
    bool equality =
        node->op == OP_COMPARE && (node->compare == COMPARE_EQ || node->compare == COMPARE_NE);
    if (equality && !node->folded) {
        look_at(looking, node->child[0], node->child[1]);
        look_at(looking, node->child[1], node->child[0]);
    }
    for (int i = 1; node->op == OP_IN && !node->folded && i < node->child_count; i++)
        look_at(looking, node->child[0], node->child[i]);
    if (node->op != OP_EVER && node->op != OP_CHANGED) /* they ask about what traits were */
        segment_node_each(*place, look, data);
}

void segment_text_tests(struct segment_node *condition,
                        void (*visit)(const struct segment_told_text *test, void *context),
                        void *context)
{
    struct looking looking = {visit, context};
    look(&condition, &looking);
}
