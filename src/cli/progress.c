/*
 * One line of progress on a terminal, drawn over itself. Nothing is drawn within the
 * first second, as most work is done by then, nor more often than an eye can follow.
 */
#include "cli/progress.h"

#include <time.h>

static const double nanoseconds = 1e9; /* a second */
static const double giga = 1e9, mega = 1e6, kilo = 1e3;
static const double kilo_from = 1e4; /* four digits are read as they are */
static const double redraw_after = .1;

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / nanoseconds;
}

void cli_progress_start(struct cli_progress *progress, const struct cli *cli, const char *what)
{
    *progress = (struct cli_progress){.cli = cli, .what = what, .started = now()};
}

static const char *human(double count, char *out, size_t size)
{
    if (count >= giga)
        snprintf(out, size, "%.1f G", count / giga);
    else if (count >= mega)
        snprintf(out, size, "%.1f M", count / mega);
    else if (count >= kilo_from)
        snprintf(out, size, "%.0f k", count / kilo);
    else
        snprintf(out, size, "%.0f", count);
    return out;
}

void cli_progress_update(struct cli_progress *progress, double done, double total, const char *unit)
{
    double at = now(), spent = at - progress->started;
    if (!progress->cli->terminal_err || progress->cli->quiet || spent < 1 ||
        at - progress->shown < redraw_after)
        return;
    progress->shown = at;
    progress->drawn = true;

    char amount[32], rate[32];

    /* Back to the margin and clear to the end: the line is drawn over the one before. */
    fprintf(progress->cli->err, "\r\033[K%s: %s %s", progress->what,
            human(done, amount, sizeof amount), unit);
    if (total > 0)
        fprintf(progress->cli->err, " (%.0f%%)", 100 * (done < total ? done / total : 1));
    if (done > 0)
        fprintf(progress->cli->err, ", %s/s", human(done / spent, rate, sizeof rate));

    /* By the mean speed so far: what is read is even enough for that. */
    if (total > done && done > 0)
        fprintf(progress->cli->err, ", %.0f s left", spent * (total - done) / done);
    fflush(progress->cli->err);
}

void cli_progress_end(struct cli_progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", progress->cli->err);
}
