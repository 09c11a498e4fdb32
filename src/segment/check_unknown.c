/*
 * Tests that are false where a value is unknown. a != b is false where a is unknown, not (a = b) is
 * true: people mean either. So who writes a negative test of what may be unknown, and does not show
 * beside it that they thought of that, is told.
 */
#include "segment/language.h"

#include <string.h>

static bool never_unknown(const struct segment_node *node)
{
    while (node->implicit)
        node = node->child[0];
    if (node->op == OP_MEASURE)
        return node->measure->aggregate <= AGGREGATE_SUM ||
               node->measure->aggregate == AGGREGATE_DISTINCT;

    if (node->op == OP_LITERAL || node->op == OP_TODAY || node->op == OP_NOW ||
        node->op == OP_FACT_TIME || node->op == OP_PERIODS || node->op == OP_BUCKET ||
        (node->op == OP_STEP && node->path.is_time))
        return true;

    /* Division is not among them: by zero it is unknown. */
    bool safe = node->op == OP_ADD || node->op == OP_SUBTRACT || node->op == OP_MULTIPLY ||
                node->op == OP_NEGATE;
    for (int i = 0; safe && i < node->child_count; i++)
        safe = never_unknown(node->child[i]);
    return safe;
}

static bool is_negative(const struct segment_node *test)
{
    switch (test->op) {
    case OP_COMPARE: return test->compare == COMPARE_NE;
    case OP_SET: return test->set_test == SET_NONE_OF;
    default: return test->negated;
    }
}

/* Whether a test that holds tells the reader that words, its operand, is known. */
static bool shows_known(struct check *check, const struct segment_node *test, const char *words)
{
    if (test->op < OP_COMPARE || test->op > OP_ANNIVERSARY || is_negative(test))
        return false;

    for (int i = 0; i < test->child_count; i++)
        if (strcmp(segment_node_words(check, test->child[i]), words) == 0)
            return true;
    return false;
}

/* The operand of a test that another one joined by `and` shows to be known. */
static bool asked_known(struct check *check, const struct segment_node *chain,
                        const struct segment_node *test, const struct segment_node *operand)
{
    const char *words = segment_node_words(check, operand);
    for (int i = 0; chain && i < chain->child_count; i++)
        if (chain->child[i] != test && shows_known(check, chain->child[i], words))
            return true;
    return false;
}

void segment_check_unknown(struct check *check, const struct segment_node *test,
                           const struct segment_node *chain)
{
    if (test->op == OP_KNOWN || !is_negative(test))
        return;
    const struct segment_node *operand = NULL;
    /* A comparison and a text test have an operand on either side; other tests have
     * constants there. */
    int operands = test->op == OP_COMPARE || test->op == OP_TEXT ? 2 : 1;
    for (int i = 0; i < operands && !operand; i++)
        if (!never_unknown(test->child[i]) && !asked_known(check, chain, test, test->child[i]))
            operand = test->child[i];

    if (!operand)
        return;

    /* The test as it would be without its not, to be shown inside one. */
    struct segment_node positive = *test;
    if (test->op == OP_COMPARE)
        positive.compare = COMPARE_EQ;
    else if (test->op == OP_SET)
        positive.set_test = SET_ANY_OF;
    else
        positive.negated = false;

    struct error *warning = segment_check_warning(
        check, test->span, "This is false where %s is unknown", segment_node_words(check, operand));
    error_hint(
        warning,
        "to include the unknown write not (%s); to show that they are left out add %s is known",
        segment_node_words(check, &positive), segment_node_words(check, operand));
}
