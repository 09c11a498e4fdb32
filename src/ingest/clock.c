/*
 * A file may have the date in one column and the time of day in another, as cash registers write
 * it. The scan then reads both as one time (add_clock in scan.c). The other column is guessed when
 * it is called a time and holds nothing but times of day, while the dates have none of their own.
 */
#include "ingest/run.h"

#include <string.h>

static const char *guess_clock(const struct ingest_run *run)
{
    static const char *const names[] = {"time", "clock", "hour", "uhrzeit", "zeit",
                                        "hora", "heure", "tijd", "ora"};
    const struct ingest_evidence *dates = &run->sample[run->time];
    if (!dates->date_values || dates->clocked)
        return NULL;
    for (size_t i = 0; i < run->column_count; i++) {
        const struct ingest_evidence *evidence = &run->sample[i];
        uint64_t known = evidence->rows - evidence->forms[FORM_UNKNOWN];
        bool clocks = known && evidence->clocks == known && (int)i != run->customer;
        for (size_t n = 0; clocks && n < sizeof names / sizeof *names; n++)
            if (strcasestr(run->columns[i].name, names[n]))
                return run->columns[i].name;
    }
    return NULL;
}

enum status ingest_find_clock(struct ingest_run *run, struct error *error)
{
    struct ingest_mapping *mapping = &run->mapping;
    run->clock = -1;
    if (run->time < 0)
        return mapping->clock ? error_set(error, STATUS_USAGE,
                                          "--clock belongs to --time: it holds its times of day")
                              : STATUS_OK;
    run->clock_said = mapping->clock != NULL;
    if (!mapping->clock)
        mapping->clock = guess_clock(run);
    if (!mapping->clock)
        return STATUS_OK;
    TRY(ingest_need_column(run, "--clock", mapping->clock, &run->clock, error));
    if (run->clock == run->time)
        return error_set(error, STATUS_USAGE, "--clock and --time name the same column %s",
                         mapping->clock);
    return STATUS_OK;
}
