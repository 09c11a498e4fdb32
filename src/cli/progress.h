/* Progress on a terminal: what is going on, how far, how fast, how long yet. Nothing for the first
 * second. */
#ifndef STRATA_CLI_PROGRESS_H
#define STRATA_CLI_PROGRESS_H

#include "cli/command.h"

struct cli_progress {
    const struct cli *cli;
    const char *what; /* "reading orders.csv" */
    double started, shown;
    bool drawn;
};

void cli_progress_start(struct cli_progress *progress, const struct cli *cli, const char *what);
/* done of total (0: unknown) in `unit` ("rows"); cheap enough to be called often. */
void cli_progress_update(struct cli_progress *progress, double done, double total,
                         const char *unit);
/* Wipes the line. */
void cli_progress_end(struct cli_progress *progress);

#endif
