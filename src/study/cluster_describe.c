/*
 * What sets groups apart, in figures and in a name. A difference counts in standard deviations of
 * the value as it was scaled (a share's are √p(1−p)). A name takes the strongest difference if it
 * fits no other group nearly as well, else two or three of them together; so a name says what this
 * group has and the others have not.
 */
#include "base/bits.h"
#include "study/cluster.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double telling = .4; /* effects below this name nothing */
static const double typical = .7; /* a group without a name of its own and without larger effects */
static const double ambiguous =
    .6;                           /* a name fits another group that has this part of every effect */
static const double notable = .2; /* effects below this are not told of a group at all */
static const double few = 5;      /* customers: a group of so many keeps half of its effect */
static const double rarity = .7;  /* what a level that is rare weighs against one that is common */
static const double same = 1e-9;  /* relative; two figures that differ less are one */
enum {
    TOLD = 3,
    NAME_MOST = 100,
    NAMES_MOST = 1000
}; /* traits in a title; bytes; of a saved model */

/* ---- effects ---- */

/* Sums over each group and, last, everyone. */
struct tally {
    double sum[CLUSTER_GROUPS + 1], scaled[CLUSTER_GROUPS + 1], count[CLUSTER_GROUPS + 1];
    double squares;
};

static void tally_number(const struct cluster_data *data, const struct cluster_found *found, int c,
                         struct tally *out)
{
    int all = found->model.k;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < data->rows; i++) {
        uint32_t g = found->model.label[i];
        double value = plan_values_number(&data->values[c], data->position[i]);
        if (isnan(value))
            continue;
        double scaled = model_scaled(&data->column[c].scaling, value);
        for (int place = g == MODEL_NOISE ? all : (int)g;; place = all) {
            out->sum[place] += value;
            out->scaled[place] += scaled;
            out->count[place]++;
            if (place == all)
                break;
        }
        out->squares += scaled * scaled;
    }
}

/* counts: (groups + 1) × levels. */
static void count_levels(const struct cluster_data *data, const struct cluster_found *found, int c,
                         double *counts)
{
    size_t levels = data->column[c].levels, all = (size_t)found->model.k;
    memset(counts, 0, sizeof *counts * (all + 1) * levels);
    for (size_t i = 0; i < data->rows; i++) {
        uint32_t g = found->model.label[i], level = cluster_level(data, c, i);
        counts[all * levels + level]++;
        if (g != MODEL_NOISE)
            counts[g * levels + level]++;
    }
}

/* One level as a number that is 0 or 1; other levels are shares of those who are known. */
static void tally_level(const double *counts, size_t levels, int k, uint32_t level,
                        struct tally *out)
{
    memset(out, 0, sizeof *out);
    for (int g = 0; g <= k; g++) {
        for (size_t l = level > 0; l < levels; l++)
            out->count[g] += counts[(size_t)g * levels + l];
        out->sum[g] = out->scaled[g] = counts[(size_t)g * levels + level];
    }
    out->squares = out->sum[k];
}

/* Differences in standard deviations; those of a few customers are drawn towards none. */
static double effect_of(const struct tally *t, int g, int all)
{
    double mean = t->scaled[all] / t->count[all];
    double deviation = sqrt(fmax(t->squares / t->count[all] - mean * mean, 0));
    if (!(deviation > 0) || !(t->count[g] > 0))
        return 0;
    return (t->scaled[g] / t->count[g] - mean) / deviation * t->count[g] / (t->count[g] + few);
}

/* What a name is made of comes first: that a level is common says more than that it is rare. */
static double weight_of(const struct cluster_data *data, const struct cluster_trait *trait)
{
    return data->column[trait->column].category && trait->effect < 0 ? -rarity * trait->effect
                                                                     : fabs(trait->effect);
}

/* One trait a column, the strongest first. */
static void keep_trait(const struct cluster_data *data, struct cluster_trait *list, int *count,
                       const struct cluster_trait *trait)
{
    int at = 0;

    /* The weaker of two traits of one column gives way; what is weaker than all has no place. */
    while (at < *count && list[at].column != trait->column)
        at++;
    if (at < *count && weight_of(data, &list[at]) >= weight_of(data, trait))
        return;
    if (at == *count)
        at = *count < CLUSTER_TRAITS ? (*count)++ : CLUSTER_TRAITS;
    for (; at > 0 && weight_of(data, &list[at - 1]) < weight_of(data, trait); at--)
        if (at < CLUSTER_TRAITS)
            list[at] = list[at - 1];
    if (at < CLUSTER_TRAITS)
        list[at] = *trait;
}

static void keep_traits(const struct cluster_data *data, int c, uint32_t level,
                        const struct tally *t, struct cluster_found *found)
{
    int all = found->model.k;
    bool used = data->column[c].used;
    for (int g = 0; g < all && t->count[all] > 0; g++) {
        struct cluster_group *group = &found->group[g];
        struct cluster_trait trait = {c, level, t->count[g] > 0 ? t->sum[g] / t->count[g] : NAN,
                                      t->sum[all] / t->count[all], effect_of(t, g, all)};
        if (fabs(trait.effect) > notable)
            keep_trait(data, used ? group->trait : group->other,
                       used ? &group->traits : &group->others, &trait);
    }
}

static void find_traits(const struct cluster_data *data, struct cluster_found *found)
{
    /* A category is tallied once for all levels, and each level then looked at as a number. */
    struct tally *t = base_malloc(sizeof *t);
    double *counts = base_malloc(sizeof *counts * (CLUSTER_GROUPS + 1) * (CLUSTER_LEVELS + 2));
    for (int c = 0; c < data->columns; c++) {
        const struct cluster_column *column = &data->column[c];
        if (column->constant)
            continue;
        if (!column->category) {
            tally_number(data, found, c, t);
            keep_traits(data, c, 0, t, found);
            continue;
        }
        count_levels(data, found, c, counts);
        for (uint32_t level = 0; level < column->levels; level++) {
            tally_level(counts, column->levels, found->model.k, level, t);
            keep_traits(data, c, level, t, found);
        }
    }
    free(counts);
    free(t);
}

/* ---- words ---- */

static const char *lower_case(struct work *work, const char *text)
{
    char *out = arena_strdup(work->arena, text);
    for (char *at = out; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return out;
}

/* "high_spend", "city_wien", "not_city_wien", "newsletter", "no_newsletter": letters, digits and
 * underlines. */
static const char *phrase(struct work *work, const struct cluster_data *data,
                          const struct cluster_trait *trait)
{
    const struct cluster_column *column = &data->column[trait->column];
    const char *name = lower_case(work, column->name);

    if (!column->category)
        return arena_printf(work->arena, "%s_%s", trait->effect > 0 ? "high" : "low", name);
    const char *level = column->level[trait->level];
    bool flag = data->values[trait->column].type == VALUE_BOOL && trait->level > 0 &&
                trait->level + 1 < column->levels;
    if (flag)
        return (strcmp(level, "yes") == 0) == (trait->effect > 0)
                   ? name
                   : arena_printf(work->arena, "no_%s", name);

    /* Whatever is neither letter nor digit becomes one underline. */
    struct buffer word;
    buffer_init(&word, 0);
    buffer_printf(&word, "%s%s_", trait->effect > 0 ? "" : "not_", name);
    bool gap = false;
    for (const char *at = level; *at; at++) {
        if (isalnum((unsigned char)*at))
            buffer_printf(&word, "%s%c", gap ? "_" : "", tolower((unsigned char)*at));
        gap = !isalnum((unsigned char)*at) && word.data[word.length - 1] != '_';
    }

    const char *out = buffer_copy(&word, work->arena);
    buffer_release(&word);
    return out;
}

/* "coupons 0.62 (all 0.21)", "city = 'Wien' 81% (all 34%)". */
static const char *in_words(struct work *work, const struct cluster_data *data,
                            const struct cluster_trait *trait)
{
    const struct cluster_column *column = &data->column[trait->column];
    if (column->category)
        return arena_printf(work->arena, "%s %s %.0f%% (all %.0f%%)", column->name,
                            column->level[trait->level], 100 * trait->here, 100 * trait->overall);
    return arena_printf(work->arena, "%s %s (all %s)", column->name,
                        work_thousands(work, trait->here), work_thousands(work, trait->overall));
}

/* ---- names ---- */

struct naming {
    const struct cluster_data *data;
    const struct cluster_found *found;
    int chosen[3], count; /* which of the group's traits */
};

/* The effect of a trait on another group. */
static double effect_on(const struct cluster_found *found, int g, const struct cluster_trait *trait)
{
    const struct cluster_group *group = &found->group[g];
    for (int i = 0; i < group->traits; i++)
        if (group->trait[i].column == trait->column && group->trait[i].level == trait->level)
            return group->trait[i].effect;
    return 0;
}

/* Does what is chosen of group g hold for another group nearly as much? */
static bool fits_another(const struct naming *n, int g)
{
    const struct cluster_group *own = &n->found->group[g];
    for (int h = 0; h < n->found->model.k; h++) {
        double least = INFINITY;
        for (int i = 0; i < n->count; i++) {
            const struct cluster_trait *trait = &own->trait[n->chosen[i]];
            least = fmin(least, effect_on(n->found, h, trait) / trait->effect);
        }
        if (h != g && least > ambiguous)
            return true;
    }
    return false;
}

static bool is_telling(const struct cluster_group *group, int trait)
{
    return trait < group->traits && fabs(group->trait[trait].effect) >= telling;
}

/* The fewest and strongest differences that no other group shares. False when there are none. */
static bool choose_traits(struct naming *n, int g)
{
    const struct cluster_group *group = &n->found->group[g];

    for (int a = 0; a < 2 && is_telling(group, a); a++) {
        n->chosen[0] = a;
        n->count = 1;
        if (!fits_another(n, g))
            return true;
    }

    /* With the strongest another one, then with the two strongest a third. */
    n->chosen[0] = 0;
    for (int last = 1; is_telling(group, last); last++) {
        n->chosen[1] = last;
        n->count = 2;
        if (!fits_another(n, g))
            return true;
    }

    for (int last = 2; is_telling(group, last); last++) {
        n->chosen[1] = 1;
        n->chosen[2] = last;
        n->count = 3;
        if (!fits_another(n, g))
            return true;
    }

    /* The two strongest will have to do, though another group has more of the same. */
    n->count = is_telling(group, 0);
    if (is_telling(group, 1))
        n->count = 2;
    n->chosen[1] = 1;
    return n->count == 0;
}

static bool is_taken(const struct cluster_found *found, int count, const char *name)
{
    for (int g = 0; g < count; g++)
        if (found->group[g].name && strcmp(found->group[g].name, name) == 0)
            return true;
    return false;
}

static const char *name_of(struct work *work, const struct cluster_data *data,
                           struct cluster_found *found, int g)
{
    struct naming naming = {.data = data, .found = found};
    const char *name = NULL;
    bool own = choose_traits(&naming, g);
    for (int i = 0; i < naming.count; i++) {
        const char *part = phrase(work, data, &found->group[g].trait[naming.chosen[i]]);
        name = name ? arena_printf(work->arena, "%s_%s", name, part) : part;
    }

    /* Without a name of its own a group is what most are, or more of what another is already. */
    if (name && !own && fabs(found->group[g].trait[0].effect) < typical)
        name = NULL;
    if (name && !own) /* another group has more of the same */
        name = arena_printf(work->arena, "rather_%s", name);
    if (!name)
        name = found->model.k == 1 ? "everyone" : "typical";
    if (strlen(name) > NAME_MOST)
        name = arena_strndup(work->arena, name, NAME_MOST);
    const char *plain = name;
    for (int number = 2; is_taken(found, found->model.k, name) || strcmp(name, "ungrouped") == 0;
         number++)
        name = arena_printf(work->arena, "%s_%d", plain, number);
    return name;
}

static const char *list_traits(struct work *work, const struct cluster_data *data,
                               const struct cluster_trait *traits, int count, int most)
{
    const char *out = NULL;
    for (int i = 0; i < count && i < most; i++) {
        const char *words = in_words(work, data, &traits[i]);
        out = out ? arena_printf(work->arena, "%s, %s", out, words) : words;
    }
    return out;
}

/* What is a used value under another name says nothing new. */
static void drop_repeated(struct cluster_group *group)
{
    int kept = 0;
    for (int i = 0; i < group->others; i++) {
        const struct cluster_trait *other = &group->other[i];
        bool repeated = false;
        for (int t = 0; t < group->traits; t++) {
            const struct cluster_trait *used = &group->trait[t];
            repeated |= fabs(used->overall - other->overall) <= same * fabs(used->overall) &&
                        fabs(used->here - other->here) <= same * fabs(used->here);
        }
        if (!repeated)
            group->other[kept++] = group->other[i];
    }
    group->others = kept;
}

void cluster_describe(struct work *work, const struct cluster_data *data,
                      struct cluster_found *found)
{
    find_traits(data, found);
    for (int g = 0; g < found->model.k; g++)
        found->group[g].share = found->model.size[g] / (double)data->rows;
    for (int g = 0; g < found->model.k; g++) {
        struct cluster_group *group = &found->group[g];
        group->name = name_of(work, data, found, g);
        drop_repeated(group);
        const char *used = list_traits(work, data, group->trait, group->traits, TOLD);
        const char *others = list_traits(work, data, group->other, group->others, TOLD);
        group->title = arena_printf(work->arena, "%s%s%s", used ? used : "like everyone",
                                    others ? "; beside that " : "", others ? others : "");
    }
}

/* ---- a refit ---- */

static const char **read_names(struct work *work, const struct study_model *before, int *count)
{
    json_t *saved = json_loads(before->parameters, 0, NULL),
           *names = json_object_get(saved, "names");
    size_t size = json_array_size(names) < NAMES_MOST ? json_array_size(names) : NAMES_MOST;
    const char **out = ARENA_ARRAY(work->arena, const char *, size + 1);
    for (size_t i = 0; i < size; i++)
        out[i] = arena_strdup(work->arena, json_string_value(json_array_get(names, i)));
    *count = (int)size;
    json_decref(saved);
    return out;
}

/* The group of then of each row, by name; MODEL_NOISE: none. */
static uint32_t *told_groups(struct work *work, const struct cluster_data *data,
                             const struct cluster_refit *refit)
{
    const struct plan_values *told = &data->values[data->columns];
    uint32_t *out = ARENA_ARRAY(work->arena, uint32_t, data->rows + 1);
    uint32_t *of_code = ARENA_ARRAY(work->arena, uint32_t, work->population->code_count + 1u);
    for (uint32_t code = 0; code < work->population->code_count; code++) {
        struct text text = population_text(work->population, code);
        of_code[code] = MODEL_NOISE;
        for (int n = 0; n < refit->names; n++)
            if (text_equal(text, text_from(refit->name[n])))
                of_code[code] = (uint32_t)n;
    }
    for (size_t i = 0; i < data->rows; i++) {
        uint32_t p = data->position[i];
        bool known = bit_at(told->known, p);
        uint64_t code = known ? (uint64_t)told->integers[p] : UINT64_MAX;
        out[i] = code < work->population->code_count ? of_code[code] : MODEL_NOISE;
    }
    return out;
}

static void keep_names(struct work *work, struct cluster_found *found, const uint32_t *match)
{
    const struct cluster_refit *refit = &found->refit;
    const char *fresh[CLUSTER_GROUPS];
    int k = found->model.k;

    /* All old names are given back first, so that a fresh one can keep clear of them. */
    for (int g = 0; g < k; g++) {
        fresh[g] = found->group[g].name;
        found->group[g].name = match[g] < (uint32_t)refit->names ? refit->name[match[g]] : NULL;
    }

    for (int g = 0; g < k; g++) {
        const char *name = fresh[g];
        if (found->group[g].name) {
            if (strcmp(found->group[g].name, name) != 0)
                work_note(work,
                          "The group %s keeps its name, because most of its customers do; by what "
                          "sets it apart now "
                          "it would be %s.",
                          found->group[g].name, name);
            continue;
        }

        for (int number = 2;; number++) { /* a name of then may not come to mean something else */
            bool used = is_taken(found, k, name);
            for (int n = 0; n < refit->names; n++)
                used |= strcmp(refit->name[n], name) == 0;
            if (!used)
                break;
            name = arena_printf(work->arena, "%s_%d", fresh[g], number);
        }

        found->group[g].name = name;
    }
}

void cluster_follow(struct work *work, const struct cluster_data *data,
                    const struct study_model *before, struct cluster_found *found)
{
    struct cluster_refit *refit = &found->refit;
    size_t k = (size_t)found->model.k, both = 0;
    uint32_t match[CLUSTER_GROUPS];

    refit->name = read_names(work, before, &refit->names);
    refit->before = work_day(work, before->moment);
    if (!refit->names || data->values[data->columns].type != VALUE_TEXT)
        return;

    /* Who had a group then and has one now, side by side. */
    uint32_t *then = told_groups(work, data, refit),
             *now = ARENA_ARRAY(work->arena, uint32_t, data->rows + 1);
    refit->moves = ARENA_ARRAY(work->arena, double, (size_t)refit->names *k);
    for (size_t i = 0; i < data->rows; i++)
        if (then[i] != MODEL_NOISE && found->model.label[i] != MODEL_NOISE) {
            then[both] = then[i];
            now[both++] = found->model.label[i];
            refit->moves[then[both - 1] * k + now[both - 1]]++;
        }

    refit->both = both;
    refit->known = both > 0;
    if (!refit->known)
        return;

    /* Names are inherited by the pairing that leaves most customers where they were. */
    model_cluster_match(then, refit->names, now, found->model.k, both, work->arena, match);
    keep_names(work, found, match);
    for (size_t g = 0; g < k; g++)
        if (match[g] < (uint32_t)refit->names)
            refit->stayed += (size_t)refit->moves[match[g] * k + g];
}
