/*
 * One file may not change what a store's columns are. The store's schema is what all imports
 * together need (see src/catalog/schema.c), so a single odd value would turn a number into text for
 * everyone. The rule here, of every change of a type:
 *
 * - A column that something saved uses (struct ingest_use) is read as the type it has. Within
 * numbers, and from dates to times, it may widen. Rows with any other value are set aside with the
 * reason, while they are few; more of them mean that the file holds something else, and the import
 * is refused.
 * - What --type says is followed or the import is refused.
 * - A column that nothing uses may become text, and that is said.
 * - Whatever way a column may change (its type, what it refers to, its currencies), the import is
 * refused when a saved definition that fits the store would no longer fit.
 */
#include "ingest/publish.h"

#include <string.h>

/* ---- the columns that are kept ---- */

static const struct ingest_use *find_use(const struct ingest_run *run, const char *table,
                                         const char *column)
{
    const struct ingest_guard *guard = run->options->guard;
    for (size_t i = 0; guard && i < guard->use_count; i++)
        if (strcmp(guard->uses[i].table, table) == 0 && strcmp(guard->uses[i].column, column) == 0)
            return &guard->uses[i];
    return NULL;
}

/* The store's column that a property becomes: of the kind, else of its lines. */
static const struct schema_column *stored_as(const struct ingest_run *run,
                                             const struct ingest_understood *understood,
                                             const char *name, bool trait, const char **table)
{
    const char *tables[] = {trait ? SCHEMA_TRAIT_TABLE : understood->table,
                            trait ? NULL : understood->lines_table};
    for (size_t i = 0; i < 2 && tables[i]; i++) {
        const struct schema_table *found = schema_table(store_schema(run->store), tables[i]);
        const struct schema_column *column = found ? schema_column(found, name) : NULL;
        if (column) {
            *table = tables[i];
            return column;
        }
    }
    return NULL;
}

static const struct ingest_use *use_of(const struct ingest_run *run,
                                       const struct ingest_understood *understood, const char *name,
                                       bool trait)
{
    const struct ingest_use *use =
        find_use(run, trait ? SCHEMA_TRAIT_TABLE : understood->table, name);
    return use || trait ? use : find_use(run, understood->lines_table, name);
}

static void keep_column(const struct ingest_run *run, const struct ingest_understood *understood,
                        struct ingest_shape *shape, int column, const char *name, bool trait)
{
    const char *table;
    const struct ingest_use *use = use_of(run, understood, name, trait);
    const struct schema_column *stored = stored_as(run, understood, name, trait, &table);
    struct ingest_type_hint *hint = &shape->hints[column];

    /* the time column has its own rules, and keys are text whatever the store says */
    if (!use || !stored || stored->type == VALUE_NONE || column == understood->roles.time ||
        hint->text)
        return;
    if (stored->type == VALUE_TEXT) {
        hint->text = true;
        return;
    }

    if (hint->declared) /* the person's word; ingest_check_types sees whether it can hold */
        return;
    hint->declared = value_type_name(stored->type);
    shape->kept[column] = use;
}

void ingest_keep_types(const struct ingest_run *run, const struct ingest_understood *understood,
                       struct ingest_shape *shape)
{
    const struct ingest_mapping *mapping = &understood->mapping;
    const struct ingest_use **kept =
        ARENA_ARRAY(run->arena, const struct ingest_use *, shape->column_count + 1);

    if (shape->kept_count)
        memcpy(kept, shape->kept, shape->kept_count * sizeof *kept);
    size_t first = shape->kept_count;
    shape->kept = kept;
    shape->kept_count = shape->column_count;

    /* only columns that were not here before: what was settled for the others stays settled */
    for (size_t i = first; i < shape->column_count; i++) {
        /* a file's column may go into the store under another name, and as a trait besides */
        const char *column = shape->columns[i].name, *name = column;
        for (size_t m = 0; m < mapping->map.count; m++)
            if (strcmp(mapping->map.items[m].value, column) == 0)
                name = mapping->map.items[m].name;
        keep_column(run, understood, shape, (int)i, name, understood->traits);
        for (size_t t = 0; t < mapping->trait.count; t++)
            if (strcmp(mapping->trait.items[t].value, column) == 0)
                keep_column(run, understood, shape, (int)i, mapping->trait.items[t].name, true);
    }
}

/* ---- odd values ---- */

static bool of_value(enum ingest_reason reason)
{
    return reason == REASON_BAD_NUMBER || reason == REASON_NOT_FINITE ||
           reason == REASON_BAD_DATE || reason == REASON_BAD_BOOL;
}

static const char *with_others(const struct ingest_run *run, const struct ingest_use *use)
{
    if (!use->others)
        return use->by;
    return arena_printf(run->arena, "%s, as %zu %s", use->by, use->others,
                        use->others == 1 ? "other does" : "others do");
}

static enum status refuse_odd(const struct ingest_run *run, const struct ingest_shape *shape,
                              size_t column, const struct ingest_reject_count *odd, uint64_t rows,
                              uint64_t known, struct error *error)
{
    const struct ingest_use *use = shape->kept[column];
    const char *name = shape->columns[column].name;
    enum status status =
        error_set(error, STATUS_REJECTS,
                  "%llu of the %llu values of %s are not what the store's %s.%s is, %s, such as "
                  "'%s' (line %llu), and %s",
                  (unsigned long long)rows, (unsigned long long)known, name, use->table,
                  use->column, shape->hints[column].declared, odd->example,
                  (unsigned long long)odd->first_line, with_others(run, use));
    error_hint(error,
               "nothing was imported; --type %s=%s sets such rows aside, as many as --max-rejects "
               "allows; --na '%s' "
               "reads the value as "
               "unknown; --map OTHER=%s keeps the column under another name; strata kinds retype "
               "changes the store's "
               "column",
               name, shape->hints[column].declared, odd->example, name);
    return status;
}

static enum status check_odd(const struct ingest_run *run, const struct ingest_shape *shape,
                             const struct ingest_staged *staged, size_t column, struct error *error)
{
    const struct ingest_reject_counts *counts = &staged->scan.reject_counts;
    const struct ingest_evidence *evidence = &staged->scan.evidence[column];
    const struct ingest_reject_count *odd = NULL;
    uint64_t rows = 0;

    uint64_t known =
        evidence->rows - ingest_evidence_unknown(evidence, &shape->columns[column].type);

    for (size_t i = 0; i < counts->count; i++) {
        const struct ingest_reject_count *count = &counts->items[i];
        if (!count->column || strcmp(count->column, shape->columns[column].name) != 0 ||
            !of_value(count->reason))
            continue;
        odd = odd ? odd : count;
        rows += count->rows;
    }

    if (!rows)
        return STATUS_OK;

    /* few are mistakes of single rows; more of them mean that the file holds something else */
    bool few =
        (rows <= INGEST_ODD_ROWS || rows <= evidence->rows / INGEST_ODD_SHARE) && 2 * rows <= known;
    if (!few)
        return refuse_odd(run, shape, column, odd, rows, known, error);

    const struct ingest_use *use = shape->kept[column];
    ingest_warn(run,
                "%s.%s stays %s because %s: %llu %s with another value, such as '%s' (line %llu), "
                "%s set aside",
                use->table, use->column, shape->hints[column].declared, with_others(run, use),
                (unsigned long long)rows, rows == 1 ? "row" : "rows", odd->example,
                (unsigned long long)odd->first_line, rows == 1 ? "is" : "are");
    return STATUS_OK;
}

/* ---- what --type says ---- */

static bool is_day(enum value_type type)
{
    return type == VALUE_DATE || type == VALUE_TIME;
}

static bool same_family(enum value_type a, enum value_type b)
{
    return a == b || (ingest_is_number(a) && ingest_is_number(b)) || (is_day(a) && is_day(b));
}

/* The import that first told the column, for people to find it. */
static uint32_t first_import(const struct ingest_run *run, const char *table)
{
    struct catalog_import *imports;
    size_t count;
    struct error ignored;
    if (catalog_imports(store_catalog(run->store), run->arena, &imports, &count, &ignored) !=
        STATUS_OK)
        return 0;

    /* a table of lines came with the imports of its kind: orders.lines with those of orders */
    size_t length = strcspn(table, ".");
    for (size_t i = 0; i < count; i++)
        if (!imports[i].undone && strlen(imports[i].table) == length &&
            strncmp(imports[i].table, table, length) == 0)
            return imports[i].number;
    return 0;
}

static enum status check_declared(const struct ingest_run *run,
                                  const struct ingest_understood *understood,
                                  const struct ingest_property *property, struct error *error)
{
    const char *declared = ingest_pair_value(&understood->mapping.types, property->column), *table;
    const struct schema_column *stored =
        stored_as(run, understood, property->name, property->trait || understood->traits, &table);

    if (!declared || !stored || stored->type == VALUE_NONE)
        return STATUS_OK;

    /* a declared format means a date; a type may also be said by its name */
    enum value_type said = ingest_date_format_from(declared) ? VALUE_DATE : VALUE_NONE;
    for (enum value_type type = VALUE_BOOL; type < VALUE_TYPES; type++)
        if (strcmp(declared, value_type_name(type)) == 0)
            said = type;
    if (said == VALUE_NONE || said == VALUE_TEXT || same_family(stored->type, said))
        return STATUS_OK;

    enum status status = error_set(
        error, STATUS_ERROR,
        "--type %s=%s cannot hold: the store's %s.%s is %s since import %u, and would turn "
        "the new values into text",
        property->column, declared, table, property->name, value_type_name(stored->type),
        first_import(run, table));
    error_hint(error,
               "strata kinds retype %s %s.%s %s changes the store's column and shows first what "
               "becomes of its "
               "values; --map OTHER=%s keeps this one under another name",
               store_path(run->store), table, property->name, value_type_name(said),
               property->column);
    return status;
}

/* ---- what widens ---- */

static void say_widening(const struct ingest_run *run, const struct ingest_understood *understood,
                         const struct ingest_shape *shape, const struct ingest_staged *staged,
                         const struct ingest_property *property)
{
    const char *table;
    const struct schema_column *stored =
        stored_as(run, understood, property->name, property->trait || understood->traits, &table);

    if (!stored || stored->type == VALUE_NONE || property->type == VALUE_NONE)
        return;

    enum value_type type = stored->type;
    int scale = stored->scale, digits = 0;
    catalog_widen(&type, &scale, &digits, property->type, property->scale, property->whole_digits);
    if (type == stored->type)
        return;

    /* a wider number or a finer date loses nothing; anything else is a warning with the way back */
    const char *was = value_type_name(stored->type), *is = value_type_name(type);
    if (same_family(stored->type, type) && type != VALUE_DOUBLE) {
        ingest_notice(run, "%s.%s, until now %s, is %s from this import on", table, property->name,
                      was, is);
        return;
    }

    const struct ingest_evidence *evidence =
        property->source >= 0 ? &staged->scan.evidence[property->source] : NULL;
    const char *because = "";
    if (evidence && evidence->texts[0].line && type != VALUE_DOUBLE)
        because =
            arena_printf(run->arena, ", because of values such as '%s' (line %llu)",
                         evidence->texts[0].text, (unsigned long long)evidence->texts[0].line);
    const char *name =
        property->source >= 0 ? shape->columns[property->source].name : property->name;
    ingest_warn(run,
                "%s.%s, until now %s, becomes %s in the whole store%s; to keep it, take the import "
                "back and use --type "
                "%s=%s, which sets such rows aside, or --na; strata kinds retype %s %s.%s %s "
                "brings it back later",
                table, property->name, was, is, because, name, was, store_path(run->store), table,
                property->name, was);
}

/* Numbers in a column that is text are kept as text: a person may wonder why. */
static void say_text(const struct ingest_run *run, const struct ingest_understood *understood,
                     const struct ingest_staged *staged, const struct ingest_property *property)
{
    const char *table;
    const struct schema_column *stored =
        stored_as(run, understood, property->name, property->trait || understood->traits, &table);
    if (!stored || stored->type != VALUE_TEXT || stored->refers || property->source < 0)
        return;

    /* Whole numbers alone say nothing: postcodes and order numbers are text for good reason. */
    const struct ingest_evidence *evidence = &staged->scan.evidence[property->source];
    uint64_t known = evidence->rows - evidence->forms[FORM_UNKNOWN] - evidence->forms[FORM_MISSING];
    bool numbers =
        known && evidence->forms[FORM_DECIMAL] + evidence->forms[FORM_DOUBLE] > 0 &&
        evidence->forms[FORM_INT] + evidence->forms[FORM_DECIMAL] + evidence->forms[FORM_DOUBLE] ==
            known;
    if (numbers)
        ingest_notice(run,
                      "%s.%s is text in this store, so the numbers of this file are kept as text: "
                      "strata kinds "
                      "retype %s %s.%s decimal makes it a number",
                      table, property->name, store_path(run->store), table, property->name);
}

/* Facts without a property that something uses: right where a source never had it, wrong
 * where its name has changed. */
static void say_missing(const struct ingest_run *run, const struct ingest_understood *understood,
                        const struct ingest_shape *shape)
{
    const struct ingest_guard *guard = run->options->guard;
    const struct schema_table *table = schema_table(store_schema(run->store), understood->table);
    for (size_t i = 0; guard && table && understood->role == SCHEMA_FACTS && i < guard->use_count;
         i++) {
        const struct ingest_use *use = &guard->uses[i];
        bool there = strcmp(use->table, understood->table) != 0 ||
                     !schema_column(table, use->column) || strcmp(use->column, "lines") == 0;
        for (size_t p = 0; p < shape->property_count && !there; p++)
            there = !shape->properties[p].trait && shape->properties[p].type != VALUE_NONE &&
                    strcmp(shape->properties[p].name, use->column) == 0;
        if (!there)
            ingest_notice(
                run,
                "this file has no column %s, so %s.%s is unknown for its facts, though %s; --map "
                "%s=COLUMN names one",
                use->column, use->table, use->column, with_others(run, use), use->column);
    }
}

enum status ingest_check_types(const struct ingest_run *run,
                               const struct ingest_understood *understood,
                               const struct ingest_shape *shape, const struct ingest_staged *staged,
                               struct error *error)
{
    /* first what is refused, so that nobody reads about widenings of an import that did not
     * happen */
    for (size_t i = 0; i < shape->property_count; i++)
        TRY(check_declared(run, understood, &shape->properties[i], error));
    for (size_t i = 0; i < shape->kept_count && i < shape->column_count; i++)
        if (shape->kept[i])
            TRY(check_odd(run, shape, staged, i, error));
    for (size_t i = 0; i < shape->property_count; i++) {
        say_widening(run, understood, shape, staged, &shape->properties[i]);
        say_text(run, understood, staged, &shape->properties[i]);
    }
    say_missing(run, understood, shape);
    return STATUS_OK;
}

/* ---- the schema that comes of it ---- */

enum status ingest_judge_schema(const struct ingest_run *run,
                                const struct ingest_published *published, struct error *error)
{
    const struct ingest_guard *guard = run->options->guard;
    struct schema *future;
    if (!guard || !guard->judge)
        return STATUS_OK;

    bool dry = run->options->dry_run; /* else the catalog has them already, within the change */
    TRY(catalog_foresee_schema(store_catalog(run->store), dry ? run->options->replace : 0,
                               published->stated.items, dry ? published->stated.count : 0,
                               run->arena, &future, error));
    return guard->judge(guard->context, dry ? NULL : run->change, future, error);
}
