/*
 * Rows for the benchmarks of import and loading: a shop's orders, or visits to its pages, as CSV;
 * the same for the same number of rows on every machine.
 *
 *   bench-rows orders|visits ROWS FILE
 *
 * A tenth as many customers as rows, some of whom come often and most of whom come rarely, as in
 * real shops; times in order of arrival over two years, as an export has them; products of two
 * thousand, each in one of forty categories.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PRODUCTS = 2000, CATEGORIES = 40, FIRST_TIME = 1672531200, SPAN = 2 * 365 * 86400 };

static const char *const categories[CATEGORIES] = {
    "shoes", "shirts", "coats",  "hats",   "socks", "bags",   "belts", "rings",  "books", "games",
    "music", "films",  "tools",  "paint",  "lamps", "rugs",   "beds",  "desks",  "sofas", "pots",
    "pans",  "cups",   "knives", "towels", "soap",  "creams", "tea",   "coffee", "wine",  "beer",
    "bread", "cheese", "fruit",  "meat",   "fish",  "sweets", "toys",  "bikes",  "tents", "skis"};

static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((random_next(state) >> 32) * limit >> 32);
}

/* Half of the rows go to a tenth of the customers. */
static uint32_t pick_customer(uint64_t *state, uint32_t customers)
{
    uint32_t often = customers / 10 + 1;
    return random_next(state) & 1 ? below(state, often) : below(state, customers);
}

static char *put_digits(char *to, uint32_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + digits;
}

static char *put_time(char *to, int64_t seconds)
{
    static int64_t day = -1;
    static char date[16];
    if (seconds / 86400 != day) {
        struct tm civil;
        time_t moment = seconds;
        day = seconds / 86400;
        gmtime_r(&moment, &civil);
        strftime(date, sizeof date, "%Y-%m-%d ", &civil);
    }
    memcpy(to, date, 11);
    uint32_t clock = (uint32_t)(seconds % 86400);
    to = put_digits(to + 11, clock / 3600, 2);
    *to++ = ':';
    to = put_digits(to, clock / 60 % 60, 2);
    *to++ = ':';
    return put_digits(to, clock % 60, 2);
}

/* "C0012345,2023-04-05 06:07:08," */
static char *put_who_and_when(char *to, uint64_t *state, uint64_t row, uint64_t rows)
{
    *to++ = 'C';
    to = put_digits(to, pick_customer(state, (uint32_t)(rows / 10) + 1), 7);
    *to++ = ',';
    to = put_time(to, FIRST_TIME + (int64_t)(row * SPAN / rows));
    *to++ = ',';
    return to;
}

static char *put_order(char *to, uint64_t *state)
{
    uint32_t product = below(state, PRODUCTS), cents = 199 + below(state, 20) * below(state, 1000);
    to += sprintf(to, "%" PRIu32 ".%02" PRIu32 ",%s,P", cents / 100, cents % 100,
                  categories[product % CATEGORIES]);
    to = put_digits(to, product, 6);
    return to + sprintf(to, ",%" PRIu32 "\n", 1 + below(state, 4) * below(state, 3));
}

static char *put_visit(char *to, uint64_t *state)
{
    *to++ = 'P';
    to = put_digits(to, below(state, PRODUCTS), 6);
    return to + sprintf(to, ",%" PRIu32 "\n", 1 + below(state, 30) * below(state, 30));
}

static const struct shape {
    const char *name, *header;
    char *(*put)(char *to, uint64_t *state);
    uint64_t seed;
} shapes[] = {
    {"orders", "customer,time,amount,category,product,quantity\n", put_order, 20},
    {"visits", "customer,time,product,seconds\n", put_visit, 21},
};

static const struct shape *find_shape(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct shape *shape = argc == 4 ? find_shape(argv[1]) : NULL;
    if (!shape) {
        fprintf(stderr, "usage: bench-rows orders|visits ROWS FILE\n");
        return 2;
    }
    uint64_t rows = strtoull(argv[2], NULL, 10), state = shape->seed;
    FILE *file = fopen(argv[3], "w");
    if (!file) {
        perror(argv[3]);
        return 1;
    }
    char line[160];
    fputs(shape->header, file);
    for (uint64_t row = 0; row < rows; row++) {
        char *end = put_who_and_when(line, &state, row, rows);
        end = shape->put(end, &state);
        fwrite(line, 1, (size_t)(end - line), file);
    }
    if (fclose(file) != 0) {
        perror(argv[3]);
        return 1;
    }
    return 0;
}
