/*
 * The options of `strata model fit`: the rows of each type's table (study/options.h) as the command
 * line's own, a section for each type.
 */
#include "cli/command.h"

#include "study/options.h"

#include <stdio.h>

enum { TYPES = 16, ROWS = 160 }; /* room for the types there are, and for all of their rows */

struct model_rows {
    struct cli_section sections[TYPES + 1];
    char titles[TYPES][160];
    struct cli_option rows[ROWS];
    char places[ROWS][STUDY_PLACE_MAX];
    size_t row_count;
};

static void add_row(struct model_rows *all, const struct study_option *option)
{
    ENSURE(all->row_count < ROWS);
    size_t at = all->row_count++;
    all->rows[at] = (struct cli_option){
        .name = option->name,
        .value = study_option_place(option, all->places[at]),
        .help = option->summary,
        .repeats = option->list && option->many != 1,
        .fallback = study_option_shown(option),
    };
}

static void add_section(struct model_rows *all, size_t type, const char *name, const char *summary,
                        const struct study_option *options)
{
    ENSURE(type < TYPES);
    snprintf(all->titles[type], sizeof all->titles[type], "--type %s (%s)", name, summary);
    all->sections[type] = (struct cli_section){all->titles[type], &all->rows[all->row_count]};
    for (; options->name; options++)
        add_row(all, options);

    ENSURE(all->row_count < ROWS);
    all->rows[all->row_count++] = (struct cli_option){0}; /* ends the section's list */
}

/* Made when first asked for: the program parses one command line, on one thread. */
const struct cli_section *cli_model_sections(void)
{
    static struct model_rows all;
    const char *name, *summary;
    const struct study_option *options;

    if (!all.row_count)
        for (size_t i = 0; study_type_at(i, &name, &summary, &options); i++)
            add_section(&all, i, name, summary, options);
    return all.sections;
}
