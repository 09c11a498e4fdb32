/* One table lists every field of a mapping; reading, writing, overlaying and the hints
 * for misspelt keys follow from it. */
#include "ingest/mapping.h"

#include "ingest/pattern.h"
#include "ingest/source.h"

#include <jansson.h> /* before base/json.h, which then leaves its old names out */

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

enum field_form { FIELD_TEXT, FIELD_NAMES, FIELD_PAIRS, FIELD_YES };

static const struct field {
    const char *key;
    enum field_form form;
    size_t offset;
} fields[] = {
#define FIELD(name, form)                                  \
    {                                                      \
#name, form, offsetof(struct ingest_mapping, name) \
    }
    FIELD(kind, FIELD_TEXT),
    FIELD(reference, FIELD_TEXT),
    FIELD(key, FIELD_TEXT),
    FIELD(customer, FIELD_TEXT),
    FIELD(time, FIELD_TEXT),
    FIELD(id, FIELD_NAMES),
    FIELD(group_by, FIELD_TEXT),
    FIELD(set, FIELD_PAIRS),
    FIELD(where, FIELD_TEXT),
    FIELD(select, FIELD_NAMES),
    FIELD(trait, FIELD_PAIRS),
    FIELD(map, FIELD_PAIRS),
    FIELD(refers, FIELD_PAIRS),
    FIELD(types, FIELD_PAIRS),
    FIELD(currency_column, FIELD_TEXT),
    FIELD(file_time_zone, FIELD_TEXT),
    FIELD(valid_from, FIELD_TEXT),
    FIELD(undated, FIELD_YES),
    FIELD(on_conflict, FIELD_TEXT),
    FIELD(delimiter, FIELD_TEXT),
    FIELD(decimal, FIELD_TEXT),
    FIELD(encoding, FIELD_TEXT),
    FIELD(header, FIELD_TEXT),
    FIELD(na, FIELD_PAIRS),
    FIELD(time_format, FIELD_TEXT),
    FIELD(skip, FIELD_TEXT),
    FIELD(sheet, FIELD_TEXT),
    FIELD(amount, FIELD_TEXT),
    FIELD(max_time, FIELD_TEXT),
    FIELD(clock, FIELD_TEXT),
#undef FIELD
};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

#define AT(mapping, field, type) ((type *)((char *)(mapping) + (field)->offset))
#define CONST_AT(mapping, field, type) ((const type *)((const char *)(mapping) + (field)->offset))

static enum status wrong_value(const char *key, const char *wanted, struct error *error)
{
    return error_set(error, STATUS_USAGE, "\"%s\" must be %s", key, wanted);
}

static enum status read_names(const char *key, const json_t *value, struct arena *arena,
                              struct ingest_names *out, struct error *error)
{
    size_t count = json_is_string(value) ? 1 : json_array_size(value);
    if (!json_is_string(value) && !json_is_array(value))
        return wrong_value(key, "a column's name or a list of them", error);
    out->items = ARENA_ARRAY(arena, const char *, count);
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_is_string(value) ? value : json_array_get(value, i);
        if (!json_is_string(item))
            return wrong_value(key, "a list of column names", error);
        out->items[i] = arena_strdup(arena, json_string_value(item));
    }
    return STATUS_OK;
}

static enum status read_pairs(const char *key, json_t *value, struct arena *arena,
                              struct ingest_pairs *out, struct error *error)
{
    if (!json_is_object(value))
        return wrong_value(key, "an object of names and texts", error);
    out->items = ARENA_ARRAY(arena, struct ingest_pair, json_object_size(value));
    const char *name;
    json_t *item;
    json_object_foreach(value, name, item)
    {
        if (!json_is_string(item))
            return wrong_value(key, "an object whose values are texts", error);
        out->items[out->count++] = (struct ingest_pair){
            arena_strdup(arena, name), arena_strdup(arena, json_string_value(item))};
    }
    return STATUS_OK;
}

static enum status read_field(const struct field *field, json_t *value, struct arena *arena,
                              struct ingest_mapping *out, struct error *error)
{
    switch (field->form) {
    case FIELD_TEXT:
        if (!json_is_string(value))
            return wrong_value(field->key, "a text", error);
        *AT(out, field, const char *) = arena_strdup(arena, json_string_value(value));
        return STATUS_OK;
    case FIELD_YES:
        if (!json_is_boolean(value))
            return wrong_value(field->key, "true or false", error);
        *AT(out, field, bool) = json_is_true(value);
        return STATUS_OK;
    case FIELD_NAMES:
        return read_names(field->key, value, arena, AT(out, field, struct ingest_names), error);
    case FIELD_PAIRS:
        return read_pairs(field->key, value, arena, AT(out, field, struct ingest_pairs), error);
    }
    return STATUS_OK;
}

static const struct field *find_field(const char *key)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

static enum status unknown_key(const char *key, struct error *error)
{
    const char *keys[FIELD_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++)
        keys[i] = fields[i].key;
    int nearest = text_nearest(key, keys, FIELD_COUNT);
    enum status status = error_set(error, STATUS_USAGE, "a mapping has no \"%s\"", key);
    if (nearest >= 0)
        error_hint(error, "did you mean \"%s\"?", keys[nearest]);
    return status;
}

/* ---- as options ---- */

static bool is_option(const struct field *field, const char *name)
{
    const char *key = strcmp(field->key, "types") == 0 ? "type" : field->key;
    for (; *key && *name; key++, name++)
        if (*key != *name && !(*key == '_' && *name == '-'))
            return false;
    return !*key && !*name;
}

static const struct field *find_option(const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (is_option(&fields[i], name))
            return &fields[i];
    return NULL;
}

bool ingest_mapping_has(const char *name)
{
    return find_option(name) != NULL;
}

size_t ingest_mapping_names(struct arena *arena, const char **out, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < FIELD_COUNT && count < most; i++) {
        bool types = strcmp(fields[i].key, "types") == 0;
        char *name = arena_strdup(arena, types ? "type" : fields[i].key);
        for (char *at = name; *at; at++)
            *at = *at == '_' ? '-' : *at;
        out[count++] = name;
    }
    return count;
}

static void set_names(const char *list, struct arena *arena, struct ingest_names *out)
{
    size_t most = 1;
    for (const char *at = list; *at; at++)
        most += *at == ',';
    *out = (struct ingest_names){ARENA_ARRAY(arena, const char *, most), 0};
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        struct text name = text_trim((struct text){at, length});
        if (name.length)
            out->items[out->count++] = arena_strndup(arena, name.data, name.length);
        at += length + (at[length] == ',');
    }
}

static void add_pair(const char *name, const char *value, struct arena *arena,
                     struct ingest_pairs *out)
{
    struct ingest_pair *items = ARENA_ARRAY(arena, struct ingest_pair, out->count + 1);
    if (out->count)
        memcpy(items, out->items, out->count * sizeof *items);
    items[out->count++] = (struct ingest_pair){name, arena_strdup(arena, value)};
    out->items = items;
}

/* "-,n/a" is for all columns, "amount=0,-" for one; several for the same are put together. */
static void add_missing(const char *value, struct arena *arena, struct ingest_pairs *out)
{
    const char *equals = strchr(value, '=');
    bool named = equals && equals > value;
    const char *name = named ? arena_strndup(arena, value, (size_t)(equals - value)) : "*";
    const char *list = named ? equals + 1 : value;
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->items[i].name, name) == 0) {
            out->items[i].value = arena_printf(arena, "%s,%s", out->items[i].value, list);
            return;
        }
    add_pair(name, list, arena, out);
}

static enum status set_pair(const char *option, const char *value, struct arena *arena,
                            struct ingest_pairs *out, struct error *error)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value || !equals[1]) {
        enum status status = error_set(
            error, STATUS_USAGE, "--%s %s has no name and value with = between", option, value);
        error_hint(error, "for example --%s name=value; strata import --help says which is which",
                   option);
        return status;
    }
    add_pair(arena_strndup(arena, value, (size_t)(equals - value)), equals + 1, arena, out);
    return STATUS_OK;
}

enum status ingest_mapping_set(struct ingest_mapping *mapping, const char *name, const char *value,
                               struct arena *arena, struct error *error)
{
    const struct field *field = find_option(name);
    if (!field)
        return error_set(error, STATUS_USAGE, "an import has no option '%s'", name);

    /* Only switches may stand without a value. */
    if (field->form == FIELD_YES)
        return ingest_read_switch(name, value, AT(mapping, field, bool), error);
    if (!value)
        return error_set(error, STATUS_USAGE, "--%s needs a value", name);

    if (field->form == FIELD_TEXT)
        *AT(mapping, field, const char *) = arena_strdup(arena, value);
    else if (field->form == FIELD_NAMES)
        set_names(value, arena, AT(mapping, field, struct ingest_names));
    else if (strcmp(name, "na") == 0)
        add_missing(value, arena, AT(mapping, field, struct ingest_pairs));
    else
        return set_pair(name, value, arena, AT(mapping, field, struct ingest_pairs), error);
    return STATUS_OK;
}

enum status ingest_read_switch(const char *name, const char *value, bool *out, struct error *error)
{
    static const char *const on[] = {"", "yes", "true", "1"}, *const off[] = {"no", "false", "0"};
    for (size_t i = 0; i < sizeof on / sizeof *on; i++)
        if (!value || strcmp(value, on[i]) == 0) {
            *out = true;
            return STATUS_OK;
        }
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        if (strcmp(value, off[i]) == 0) {
            *out = false;
            return STATUS_OK;
        }
    return error_set(error, STATUS_USAGE, "--%s is yes or no, not '%s'", name, value);
}

enum status ingest_mapping_parse(struct text text, const char *name, struct arena *arena,
                                 struct ingest_mapping *out, struct error *error)
{
    *out = (struct ingest_mapping){0};
    json_error_t failure;
    json_t *root = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &failure);
    enum status status = STATUS_OK;
    if (!json_is_object(root)) {
        status = error_set(error, STATUS_USAGE, "the mapping is not a JSON object: %s",
                           root ? "something else stands there" : failure.text);
        error_place(error, "%s:%d:%d", name, root ? 1 : failure.line, root ? 1 : failure.column);
        json_decref(root);
        return status;
    }

    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        const struct field *field = find_field(key);
        status = field ? read_field(field, value, arena, out, error) : unknown_key(key, error);
        if (status != STATUS_OK)
            break;
    }
    json_decref(root);
    if (status != STATUS_OK)
        error_place(error, "%s", name);
    return status;
}

enum status ingest_mapping_load(const char *path, struct arena *arena, struct ingest_mapping *out,
                                struct error *error)
{
    enum { MAPPING_MAX = 1 << 20 }; /* bytes; what is longer is something else */
    struct ingest_stream *stream;
    size_t got;
    TRY(ingest_stream_open(path, false, &stream, error));
    char *data = base_malloc(MAPPING_MAX);

    /* a full buffer means that there was more */
    enum status status;
    TRY_GOTO(ingest_stream_read(stream, data, MAPPING_MAX, &got, error));
    status = got < MAPPING_MAX
                 ? STATUS_OK
                 : error_set(error, STATUS_USAGE, "the mapping %s is longer than a megabyte", path);
    if (status == STATUS_OK)
        status = ingest_mapping_parse((struct text){data, got}, path, arena, out, error);
done:
    free(data);
    ingest_stream_close(stream);
    return status;
}

static void write_field(const struct field *field, const struct ingest_mapping *mapping,
                        struct json *json)
{
    /* what is not set is not written: the text is hashed, and a default must equal its absence */
    const struct ingest_names *names = CONST_AT(mapping, field, struct ingest_names);
    const struct ingest_pairs *pairs = CONST_AT(mapping, field, struct ingest_pairs);

    if (field->form == FIELD_TEXT && *CONST_AT(mapping, field, char *)) {
        json_write_key(json, field->key);
        json_write_string(json, *CONST_AT(mapping, field, char *));
    } else if (field->form == FIELD_YES && *CONST_AT(mapping, field, bool)) {
        json_write_key(json, field->key);
        json_write_bool(json, true);
    } else if (field->form == FIELD_NAMES && names->count) {
        json_write_key(json, field->key);
        json_write_array(json);
        for (size_t i = 0; i < names->count; i++)
            json_write_string(json, names->items[i]);
        json_write_end_array(json);
    } else if (field->form == FIELD_PAIRS && pairs->count) {
        json_write_key(json, field->key);
        json_write_object(json);
        for (size_t i = 0; i < pairs->count; i++) {
            json_write_key(json, pairs->items[i].name);
            json_write_string(json, pairs->items[i].value);
        }

        json_write_end_object(json);
    }
}

void ingest_mapping_write(const struct ingest_mapping *mapping, bool pretty, struct buffer *out)
{
    struct json json;
    json_init(&json, out, pretty);
    json_write_object(&json);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        write_field(&fields[i], mapping, &json);
    json_write_end_object(&json);
}

void ingest_mapping_hash(const struct ingest_mapping *mapping, char out[INGEST_HASH_TEXT])
{
    struct buffer text;
    buffer_init(&text, 0);
    ingest_mapping_write(mapping, false, &text);
    snprintf(out, INGEST_HASH_TEXT, "%016llx",
             (unsigned long long)text_hash((struct text){text.data, text.length}));
    buffer_release(&text);
}

const char *ingest_pair_value(const struct ingest_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0)
            return pairs->items[i].value;
    return NULL;
}

static void overlay_pairs(struct ingest_pairs *base, const struct ingest_pairs *over,
                          struct arena *arena)
{
    /* a name that both give keeps the value of `over`; the order of the base comes first */
    struct ingest_pair *items = ARENA_ARRAY(arena, struct ingest_pair, base->count + over->count);
    size_t count = 0;
    for (size_t i = 0; i < base->count; i++)
        if (!ingest_pair_value(over, base->items[i].name))
            items[count++] = base->items[i];
    for (size_t i = 0; i < over->count; i++)
        items[count++] = over->items[i];
    *base = (struct ingest_pairs){items, count};
}

void ingest_mapping_overlay(struct ingest_mapping *base, const struct ingest_mapping *over,
                            struct arena *arena)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct field *field = &fields[i];
        if (field->form == FIELD_TEXT && *CONST_AT(over, field, char *))
            *AT(base, field, const char *) = *CONST_AT(over, field, char *);
        else if (field->form == FIELD_YES && *CONST_AT(over, field, bool))
            *AT(base, field, bool) = true;
        else if (field->form == FIELD_NAMES && CONST_AT(over, field, struct ingest_names)->count)
            *AT(base, field, struct ingest_names) = *CONST_AT(over, field, struct ingest_names);
        else if (field->form == FIELD_PAIRS && CONST_AT(over, field, struct ingest_pairs)->count)
            overlay_pairs(AT(base, field, struct ingest_pairs),
                          CONST_AT(over, field, struct ingest_pairs), arena);
    }
}

static bool bad_table_name(const char *name)
{
    /* names of tables are parts of files' names, and file systems have 255 bytes for those */
    enum { NAME_MAX_BYTES = 128 };
    return !*name || strlen(name) > NAME_MAX_BYTES || strchr(name, '/') || *name == '.' ||
           strchr(name, '"') || strchr(name, '\n');
}

static enum status one_of(const char *what, const char *value, const char *const *allowed,
                          struct error *error)
{
    for (size_t i = 0; allowed[i]; i++)
        if (!value || strcmp(value, allowed[i]) == 0)
            return STATUS_OK;
    return error_set(error, STATUS_USAGE, "%s is \"%s\"; it can be %s or %s", what, value,
                     allowed[0], allowed[1]);
}

static enum status check_contradictions(const struct ingest_mapping *mapping, struct error *error)
{
    /* in the order in which a person would be told: what the rows are, then what belongs to it */
    const struct {
        bool wrong;
        const char *message;
    } rules[] = {
        {mapping->kind && mapping->reference,
         "--kind and --reference exclude each other: facts or a reference table"},
        {!mapping->kind && !mapping->reference,
         "say what the rows are: --kind KIND (facts), --kind customer (traits) or "
         "--reference NAME"},
        {mapping->reference && mapping->customer,
         "a reference table has no customers: leave --customer out"},
        {mapping->reference && mapping->amount,
         "a reference table has no amounts of facts: leave --amount out"},
        {mapping->reference && mapping->group_by,
         "a reference table has no lines to group: leave --group-by out"},
        {mapping->reference && mapping->id.count,
         "the rows of a reference table are known by --key, not by --id"},
        {mapping->key && !mapping->reference, "--key belongs to --reference"},
        {mapping->valid_from && mapping->undated, "--valid-from and --undated exclude each other"},
        {mapping->time && (mapping->valid_from || mapping->undated),
         "rows with a --time of their own need neither "
         "--valid-from nor --undated"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].wrong)
            return error_set(error, STATUS_USAGE, "%s", rules[i].message);
    return STATUS_OK;
}

static enum status check_encoding(const char *name, struct error *error)
{
    struct arena arena;
    const struct ingest_encoding *encoding;
    if (!name)
        return STATUS_OK;
    arena_init(&arena, 0);
    enum status status = ingest_encoding_open(name, &arena, &encoding, error);
    arena_release(&arena);
    return status;
}

enum { SKIP_MAX = 1000000 }; /* lines: more are no titles but another file */

static enum status check_skip(const char *skip, struct error *error)
{
    int64_t lines;
    if (!skip || (ingest_parse_int(text_from(skip), &lines) && lines >= 0 && lines <= SKIP_MAX))
        return STATUS_OK;
    enum status status =
        error_set(error, STATUS_USAGE, "--skip is \"%s\", which is not a number of lines", skip);
    error_hint(error, "--skip 3 passes over the first three lines; the header is then in line 4");
    return status;
}

static const struct {
    char sign;
    const char *name;
} delimiter_names[] = {
    {',', "comma"}, {';', "semicolon"}, {'\t', "tab"},
    {'\t', "\\t"},  {'|', "bar"},       {'|', "pipe"},
    {' ', "space"}, {' ', "blank"},     {'^', "caret"},
    {':', "colon"}, {1, "\\x01"},       {1, "^A"},
    {1, "\\001"},   {0x1f, "\\x1f"},    {'~', "tilde"},
    {'#', "hash"},  {1, "control-A"},   {0x1f, "unit separator"},
};

/* The sign people mean, or 0. */
static char delimiter_sign(const char *said)
{
    if (strlen(said) == 1)
        return *said;
    for (size_t i = 0; i < sizeof delimiter_names / sizeof *delimiter_names; i++)
        if (strcasecmp(delimiter_names[i].name, said) == 0)
            return delimiter_names[i].sign;
    return 0;
}

static enum status check_delimiter(const char *said, struct error *error)
{
    char sign = said ? delimiter_sign(said) : ',';
    if (sign && sign != '"' && sign != '\n' && sign != '\r')
        return STATUS_OK;
    enum status status = error_set(
        error, STATUS_USAGE, "the delimiter must be one character of ASCII, not \"%s\"", said);
    if (sign == 0 && *said)
        error_hint(error,
                   "put a tab in its place in the file first: sed 's/%s/\\t/g'; known by name are "
                   "comma, semicolon, "
                   "tab, bar, space",
                   said);
    else
        error_hint(error, "quotes and line ends mean something else already; known by name are "
                          "comma, semicolon, tab, "
                          "bar, space");
    return status;
}

void ingest_mapping_normalize(struct ingest_mapping *mapping, struct arena *arena)
{
    if (mapping->encoding)
        mapping->encoding = ingest_encoding_canonical(mapping->encoding);
    if (!mapping->delimiter)
        return;

    char sign = delimiter_sign(mapping->delimiter);
    mapping->delimiter = arena_strndup(arena, &sign, 1);
}

enum status ingest_mapping_check(const struct ingest_mapping *mapping, struct error *error)
{
    static const char *const conflicts[] = {"set-aside", "replace", NULL};
    static const char *const yes_no[] = {"yes", "no", NULL};
    static const char *const points[] = {".", ",", NULL};

    TRY(check_contradictions(mapping, error));
    const char *table = mapping->kind ? mapping->kind : mapping->reference;
    if (bad_table_name(table))
        return error_set(error, STATUS_USAGE, "\"%s\" cannot be a name", table);

    TRY(one_of("--on-conflict", mapping->on_conflict, conflicts, error));
    TRY(check_encoding(mapping->encoding, error));
    TRY(check_skip(mapping->skip, error));
    TRY(check_delimiter(mapping->delimiter, error));
    TRY(one_of("header", mapping->header, yes_no, error));
    TRY(one_of("decimal", mapping->decimal, points, error));
    for (size_t i = 0; i < mapping->types.count; i++)
        TRY(ingest_check_declared(mapping->types.items[i].value, error));
    if (mapping->time_format && !ingest_date_format_from(mapping->time_format) &&
        !ingest_is_pattern(mapping->time_format)) {
        enum status status = error_set(
            error, STATUS_USAGE, "--time-format \"%s\" is not a date format", mapping->time_format);
        error_hint(error, "write it as DD.MM.YYYY HH:mm:ss, or as %%d.%%m.%%Y %%H:%%M:%%S");
        return status;
    }

    return STATUS_OK;
}

/* Columns that options name; --set may have made some of them. */
static void expect_names(const struct ingest_mapping *mapping, struct arena *arena,
                         struct ingest_dialect_choice *choice)
{
    const char *single[] = {mapping->customer, mapping->time, mapping->key, mapping->group_by,
                            mapping->currency_column};
    size_t most = sizeof single / sizeof *single + mapping->id.count + mapping->map.count +
                  mapping->trait.count + mapping->types.count;
    const char **names = ARENA_ARRAY(arena, const char *, most);

    size_t count = 0;
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (single[i])
            names[count++] = single[i];
    for (size_t i = 0; i < mapping->id.count; i++)
        names[count++] = mapping->id.items[i];
    for (size_t i = 0; i < mapping->map.count; i++)
        names[count++] = mapping->map.items[i].value;
    for (size_t i = 0; i < mapping->trait.count; i++)
        names[count++] = mapping->trait.items[i].value;
    for (size_t i = 0; i < mapping->types.count; i++)
        names[count++] = mapping->types.items[i].name;

    choice->expected = names;
    choice->expected_count = count;
}

struct ingest_dialect_choice ingest_mapping_dialect(const struct ingest_mapping *mapping,
                                                    struct arena *arena)
{
    struct ingest_dialect_choice choice = {0};
    choice.delimiter = mapping->delimiter ? *mapping->delimiter : 0;
    choice.point = mapping->decimal ? *mapping->decimal : 0;
    choice.encoding = mapping->encoding;
    if (mapping->header)
        choice.header = strcmp(mapping->header, "yes") == 0 ? 1 : -1;
    choice.skip_said = mapping->skip != NULL;
    choice.skip = mapping->skip ? (uint32_t)strtoul(mapping->skip, NULL, 10) : 0;
    expect_names(mapping, arena, &choice);
    return choice;
}
