/* The schema that the tests of the language speak of, in a form short enough to read. */
#ifndef STRATA_TESTS_SEGMENT_SHOP_H
#define STRATA_TESTS_SEGMENT_SHOP_H

#include "base/schema.h"

#include <stdlib.h>
#include <string.h>

/* One table a line: role and name, then columns: name:type[/scale][>table][$currency
 * column*currencies]. */
static const char *const shop_tables[] = {
    "traits customer city:text country:text email:text birth_date:date plan:text renewal_date:date "
    "clv.value:decimal/2 "
    "account:text>account location:point app_version:text tags:set active:bool score:double "
    "signup:time nps:int "
    "budget:decimal/2 order_count:int day:text first_name:text lifecycle_stage:text",
    "facts order amount:decimal/2$currency*1 currency:text category:text product:text>product "
    "coupon:text quantity:int "
    "price:decimal/3 gift:bool due:date delivered:time rate:double city:text",
    "facts refund amount:decimal/2 reason:text product:text>product quantity:text",
    "facts payment amount:decimal/2$currency*3 currency:text",
    "facts add_to_cart product:text>product",
    "facts view product:text>product page:text seconds:int",
    "facts email_open campaign:text",
    "facts email_click campaign:text",
    "facts email_sent campaign:text",
    "facts survey nps:int comment:text",
    "facts Order_x_Completed total:decimal/2",
    "facts order.line amount:decimal/2 product:text>product",
    "reference product category:text brand:text>brand weight:double sku:text",
    "reference brand country:text name:text",
    "reference account industry:text employees:int parent:text>account id:text",
};

static enum value_type shop_type(const char *name)
{
    static const struct {
        const char *name;
        enum value_type type;
    } types[] = {{"text", VALUE_TEXT},     {"int", VALUE_INT},   {"decimal", VALUE_DECIMAL},
                 {"double", VALUE_DOUBLE}, {"date", VALUE_DATE}, {"time", VALUE_TIME},
                 {"bool", VALUE_BOOL},     {"set", VALUE_SET},   {"point", VALUE_POINT}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(name, types[i].name, strlen(types[i].name)) == 0)
            return types[i].type;
    abort();
}

static void shop_column(struct schema_column *column, char *text, struct arena *arena)
{
    char *type = strchr(text, ':');
    *type++ = '\0';
    column->name = arena_strdup(arena, text);
    column->type = shop_type(type);
    char *mark;
    if ((mark = strchr(type, '$'))) {
        char *count = strchr(mark, '*');
        *count = *mark = '\0';
        column->currency = arena_strdup(arena, mark + 1);
        column->currencies = atoi(count + 1);
    }
    if ((mark = strchr(type, '>')))
        column->refers = arena_strdup(arena, mark + 1);
    if ((mark = strchr(type, '/')))
        column->scale = atoi(mark + 1);
}

static inline struct schema *shop_schema(struct arena *arena)
{
    enum { TABLES = sizeof shop_tables / sizeof *shop_tables };
    struct schema *schema = ARENA_NEW(arena, struct schema);
    schema->zone = "Europe/Vienna";
    schema->currency = "EUR";
    schema->table_count = TABLES;
    schema->tables = ARENA_ARRAY(arena, struct schema_table, TABLES);
    for (int t = 0; t < TABLES; t++) {
        char *rest, *line = arena_strdup(arena, shop_tables[t]), *role = strtok_r(line, " ", &rest);
        struct schema_table *table = &schema->tables[t];
        table->role = *role == 't' ? SCHEMA_TRAITS : *role == 'f' ? SCHEMA_FACTS : SCHEMA_REFERENCE;
        table->name = strtok_r(NULL, " ", &rest);
        if (strcmp(table->name, "Order_x_Completed") == 0)
            table->name = "Order Completed";
        if (table->role == SCHEMA_REFERENCE)
            table->key = strcmp(table->name, "product") == 0 ? "sku"
                         : strcmp(table->name, "brand") == 0 ? "name"
                                                             : "id";
        table->columns = ARENA_ARRAY(arena, struct schema_column, 32);
        for (char *column; (column = strtok_r(NULL, " ", &rest));)
            shop_column(&table->columns[table->column_count++], column, arena);
    }
    return schema;
}

/* A whole file, NUL-terminated, in arena; the tests run in the root of the repository. */
static inline struct text shop_file(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "# cannot open %s\n", path);
        abort();
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *bytes = arena_zalloc(arena, size + 1);
    size = fread(bytes, 1, size, file);
    fclose(file);
    return (struct text){bytes, size};
}

#endif
