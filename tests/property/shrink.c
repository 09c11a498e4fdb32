/*
 * Making a disagreement small: parts of the condition that disagree alone take its place, and rows
 * without which the disagreement stays are left out.
 */
#include "threeway.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status build(const char *definitions, const char *condition,
                         const struct schema *schema, struct arena *arena, struct segment_set **out,
                         struct error *error)
{
    struct buffer text;
    buffer_init(&text, 0);
    buffer_printf(&text, "%s\nsegment suspect where %s\n", definitions, condition);
    struct segment_source source = {"suspect", {buffer_copy(&text, arena), text.length}};
    buffer_release(&text);
    return segment_set_build(&source, 1, schema, NULL, arena, NULL, out, error);
}

static void failed(struct trial *trial, const char *way, const struct error *error)
{
    char text[2000];
    trial->differs = true;
    snprintf(trial->problem, sizeof trial->problem, "%s: %.500s", way,
             error_describe(error, text, sizeof text));
}

static void compare(const struct world *world, const struct segment_set *set,
                    unsigned char *const answers[3], struct trial *out)
{
    int suspect = segment_set_find(set, "suspect");
    for (int i = 0; i < world->customers && !out->differs; i++) {
        int at = suspect * world->customers + i;
        if (answers[0][at] == answers[1][at] && answers[1][at] == answers[2][at])
            continue;
        out->differs = true;
        out->customer = i;
        out->evaluator = answers[0][at];
        out->naive = answers[1][at];
        out->sql = answers[2][at];
    }
}

static void three(const struct world *world, const struct segment_set *set, enum naive_fault fault,
                  struct trial *out)
{
    struct population *population = NULL;
    struct error error = {0};
    unsigned char *answers[3] = {NULL, NULL, NULL};
    struct ways_sql sql = {0};
    struct duck duck;
    struct world alone = *world;
    bool *wanted = base_calloc((size_t)set->segment_count, sizeof *wanted);
    wanted[segment_set_find(set, "suspect")] = true;
    alone.base = 0;
    answers[2] = ways_answer_new(world, set);
    duck_open(&duck);
    ways_sql_prelude(&duck, world);
    duck_load(&duck, &alone, 1, true);
    enum status status = world_population(world, &population, &error);
    ENSURE(status == STATUS_OK);
    if (ways_evaluator(world, set, population, 1, &answers[0], &error) != STATUS_OK)
        failed(out, "evaluator", &error);
    else if (ways_naive(world, set, population, world->now, fault, NULL, &answers[1], &error) !=
             STATUS_OK)
        failed(out, "naive", &error);
    else if (ways_sql_prepare(&duck, world, set, wanted, &sql, &error) != STATUS_OK ||
             ways_sql_run(&sql, &alone, 1, &answers[2], &error) != STATUS_OK)
        failed(out, "SQL", &error);
    else
        compare(world, set, answers, out);
    free(wanted);
    ways_sql_release(&sql);
    duck_close(&duck);
    population_free(population);
    for (int i = 0; i < 3; i++)
        free(answers[i]);
}

void trial_run(const struct world *world, const char *definitions, const char *condition,
               enum naive_fault fault, struct trial *out)
{
    struct arena arena;
    struct segment_set *set = NULL;
    arena_init(&arena, 0);
    *out = (struct trial){0};
    out->built = build(definitions, condition, world->schema, &arena, &set, NULL) == STATUS_OK;
    if (out->built)
        three(world, set, fault, out);
    segment_set_free(set);
    arena_release(&arena);
}

static bool still(const struct world *world, const char *definitions, const char *condition,
                  enum naive_fault fault)
{
    struct trial trial;
    trial_run(world, definitions, condition, fault, &trial);
    return trial.built && trial.differs;
}

/* ---- the condition ---- */

/* Replaces *condition by a part of it that disagrees alone; false when none does. */
static bool smaller(const struct world *world, const char *definitions, char **condition,
                    enum naive_fault fault)
{
    struct arena arena;
    struct segment_set *set = NULL;
    bool found = false;
    arena_init(&arena, 0);
    if (build(definitions, *condition, world->schema, &arena, &set, NULL) == STATUS_OK) {
        const struct segment_node *root = set->segments[segment_set_find(set, "suspect")].condition;
        bool junction = root->op == OP_AND || root->op == OP_OR || root->op == OP_NOT;
        for (int i = 0; junction && i < root->child_count && !found; i++) {
            struct buffer text;
            buffer_init(&text, 0);
            segment_format_node(root->child[i], &text);
            found = still(world, definitions, text.data, fault);
            if (found) {
                free(*condition);
                *condition = base_strdup(text.data);
            }
            buffer_release(&text);
        }
    }
    segment_set_free(set);
    arena_release(&arena);
    return found;
}

/* ---- the data ---- */

static void drop_rows(struct world *world, const char *definitions, const char *condition,
                      enum naive_fault fault, size_t t)
{
    struct world_rows *rows = &world->rows[t];
    for (size_t width = rows->list.count; width > 0; width /= 4) {
        for (size_t i = rows->list.count; i > 0;) {
            size_t from = i > width ? i - width : 0, gone = i - from, count = rows->list.count;
            struct world_row *copy = base_malloc(count * sizeof *copy + 1);
            memcpy(copy, rows->list.items, count * sizeof *copy);
            memmove(rows->list.items + from, rows->list.items + i, (count - i) * sizeof *copy);
            rows->list.count -= gone;
            if (!still(world, definitions, condition, fault)) {
                memcpy(rows->list.items, copy, count * sizeof *copy);
                rows->list.count = count;
            }
            free(copy);
            i = from;
        }
    }
}

/* ---- printing ---- */

static void print_cell(const struct schema_column *column, const struct world_cell *cell)
{
    char text[NUMBER_TEXT_MAX];
    if (!cell->known)
        return;
    printf(" %s=", column->name);
    switch (column->type) {
    case VALUE_TEXT: printf("'%s'", cell->text); break;
    case VALUE_DOUBLE: printf("%s", number_format_double(cell->number, text)); break;
    case VALUE_POINT: printf("(%g, %g)", cell->number, cell->longitude); break;
    case VALUE_SET:
        for (int i = 0; i < cell->item_count; i++)
            printf("%s'%s'", i ? "," : "{", cell->items[i]);
        printf("%s}", cell->item_count ? "" : "{");
        break;
    case VALUE_DECIMAL:
        printf("%s", number_format_decimal(cell->integer, column->scale, text));
        break;
    case VALUE_DATE: printf("%s", date_format((int32_t)cell->integer, text)); break;
    default: printf("%" PRId64, cell->integer);
    }
}

static void print_world(const struct world *world)
{
    char text[MOMENT_TEXT_MAX];
    printf("# zone %s, now %" PRId64 " = %s\n", zone_name(world->zone), world->now,
           moment_format(world->zone, world->now, text));
    for (size_t t = 0; t < world->schema->table_count; t++) {
        const struct schema_table *table = &world->schema->tables[t];
        for (size_t i = 0; i < world->rows[t].list.count && i < 40; i++) {
            const struct world_row *row = &world->rows[t].list.items[i];
            if (table->role == SCHEMA_REFERENCE)
                printf("# %s '%s':", table->name, row->key);
            else
                printf("# %s: %s %" PRId64 " = %s", world->identifiers[row->customer], table->name,
                       row->time, moment_format(world->zone, row->time, text));
            for (size_t c = 0; c < table->column_count; c++)
                print_cell(&table->columns[c], &row->cells[c]);
            printf("\n");
        }
    }
}

/* Rows of its own, for others still need the world's: answers they hold were given with all of
 * them. */
static void copy_rows(const struct world *world, struct world *copy)
{
    *copy = *world;
    copy->rows = base_calloc(world->schema->table_count, sizeof *copy->rows);
    for (size_t t = 0; t < world->schema->table_count; t++)
        for (size_t i = 0; i < world->rows[t].list.count; i++)
            VECTOR_PUSH(&copy->rows[t].list, world->rows[t].list.items[i]);
}

static void free_rows(struct world *copy)
{
    for (size_t t = 0; t < copy->schema->table_count; t++)
        VECTOR_RELEASE(&copy->rows[t].list);
    free(copy->rows);
}

static void shrink(struct world *world, const char *definitions, char **text,
                   enum naive_fault fault)
{
    if (!still(world, definitions, *text, fault))
        return;
    while (smaller(world, definitions, text, fault))
        ;
    for (size_t t = 0; t < world->schema->table_count; t++)
        drop_rows(world, definitions, *text, fault, t);
}

void shrink_print(const struct world *whole, const char *definitions, const char *condition,
                  enum naive_fault fault)
{
    char *text = base_strdup(condition);
    struct trial trial;
    struct world world;
    copy_rows(whole, &world);
    shrink(&world, definitions, &text, fault);
    trial_run(&world, definitions, text, fault, &trial);
    printf("# segment: %s\n", text);
    if (*trial.problem)
        printf("# failure: %s\n", trial.problem);
    else if (trial.differs)
        printf("# customer %s: evaluator %d, naive %d, SQL %d\n", world.identifiers[trial.customer],
               trial.evaluator, trial.naive, trial.sql);
    else
        printf("# alone, on the same data, the condition does not disagree\n");
    if (*trial.problem || trial.differs)
        print_world(&world);
    free_rows(&world);
    free(text);
}
