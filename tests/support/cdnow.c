#include "support/cdnow.h"

#include "support/table.h"

#include <math.h>

long cdnow_day(long yyyymmdd)
{
    long year = yyyymmdd / 10000, month = yyyymmdd / 100 % 100, day = yyyymmdd % 100;
    if (month <= 2) { /* years that begin in March have their leap day at the end */
        year--;
        month += 12;
    }
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day -
           719469;
}

struct cdnow cdnow_read(struct arena *arena)
{
    struct table table = table_read("cdnow/cdnowElog.csv", ',', true, arena);
    double *who = table_numbers(&table, 1, arena), *date = table_numbers(&table, 2, arena),
           *sales = table_numbers(&table, 4, arena);
    struct cdnow out = {0, ARENA_ARRAY(arena, struct model_history, 2357),
                        ARENA_ARRAY(arena, double, 2357)};
    long end = cdnow_day(19970930);
    for (size_t i = 0; i < table.rows;) { /* rows are sorted by customer and date */
        long first = cdnow_day((long)date[i]), last = first, days = 0;
        double spent = 0;
        size_t j = i;
        for (; j < table.rows && who[j] == who[i]; j++) {
            long day = cdnow_day((long)date[j]);
            if (day > end || day == first)
                continue;
            days += day != last;
            last = day;
            spent += sales[j];
        }
        out.history[out.count] = (struct model_history){(double)days, (double)(last - first) / 7,
                                                        (double)(end - first) / 7};
        out.repeat_mean[out.count++] = days ? spent / (double)days : NAN;
        i = j;
    }
    return out;
}
