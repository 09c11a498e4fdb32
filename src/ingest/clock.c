/*
 * A file may have the date in one column and the time of day in another, as cash
 * registers write it. The scan then reads both as one time (add_clock in scan.c). The
 * other column is guessed when it is called a time and holds nothing but times of day,
 * while the dates have none of their own.
 */
#include "ingest/understand.h"

#include <string.h>

static const char *guess_clock(const struct ingest_understood *understood,
                               const struct ingest_shape *shape)
{
    static const char *const names[] = {"time", "clock", "hour", "uhrzeit", "zeit",
                                        "hora", "heure", "tijd", "ora"};
    const struct ingest_evidence *dates = &understood->sample[understood->roles.time];
    if (!dates->date_values || dates->clocked)
        return NULL;
    for (size_t i = 0; i < shape->column_count; i++) {
        const struct ingest_evidence *evidence = &understood->sample[i];
        uint64_t known = evidence->rows - evidence->forms[FORM_UNKNOWN];
        bool clocks = known && evidence->clocks == known && (int)i != understood->roles.customer;
        for (size_t n = 0; clocks && n < sizeof names / sizeof *names; n++)
            if (strcasestr(shape->columns[i].name, names[n]))
                return shape->columns[i].name;
    }
    return NULL;
}

enum status ingest_find_clock(const struct ingest_run *run, struct ingest_understood *understood,
                              const struct ingest_shape *shape, struct error *error)
{
    struct ingest_mapping *mapping = &understood->mapping;
    struct ingest_roles *roles = &understood->roles;
    roles->clock = -1;
    if (roles->time < 0)
        return mapping->clock ? error_set(error, STATUS_USAGE,
                                          "--clock belongs to --time: it holds its times of day")
                              : STATUS_OK;
    roles->clock_said = mapping->clock != NULL;
    if (!mapping->clock)
        mapping->clock = guess_clock(understood, shape);
    if (!mapping->clock)
        return STATUS_OK;
    TRY(ingest_need_column(run, shape, "--clock", mapping->clock, &roles->clock, error));
    if (roles->clock == roles->time)
        return error_set(error, STATUS_USAGE, "--clock and --time name the same column %s",
                         mapping->clock);
    return STATUS_OK;
}
