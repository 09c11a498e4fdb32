/*
 * Recency, frequency and monetary scores: cut points from quantiles, and a grid of
 * named cells over recency and the mean of the other two. Other numbers of bins are
 * brought to the grid's five.
 */
#include "model/rfm.h"

#include "base/json.h"
#include "model/json_read.h"
#include "stats/summary.h"

#include <math.h>
#include <string.h>

static const char *const part_name[3] = {"recency", "frequency", "monetary"};

enum cell {
    CHAMPIONS,
    LOYAL,
    POTENTIAL_LOYAL,
    NEW,
    PROMISING,
    NEED_ATTENTION,
    ABOUT_TO_SLEEP,
    AT_RISK,
    CANNOT_LOSE,
    HIBERNATING,
    LOST
};

static const struct {
    const char *name, *meaning;
} cells[MODEL_RFM_CELLS] = {
    [CHAMPIONS] = {"champions", "bought lately, buy often and spend most"},
    [LOYAL] = {"loyal", "buy often and spend well, not always lately"},
    [POTENTIAL_LOYAL] = {"potential_loyal", "bought lately, more than once or more than little"},
    [NEW] = {"new", "bought lately and for the first time or nearly so"},
    [PROMISING] = {"promising", "bought fairly lately, little so far"},
    [NEED_ATTENTION] = {"need_attention", "middling in everything: lean either way"},
    [ABOUT_TO_SLEEP] = {"about_to_sleep", "middling recency, little bought"},
    [AT_RISK] = {"at_risk", "bought often, but not for long"},
    [CANNOT_LOSE] = {"cannot_lose", "were among the best and have gone quiet"},
    [HIBERNATING] = {"hibernating", "long quiet, little bought"},
    [LOST] = {"lost", "longest quiet, least bought"},
};

enum { GRID = 5, BINS = 5 }; /* scores a side; bins unless told otherwise */

/* Rows: recency 1…5; columns: frequency and monetary 1…5. */
static const unsigned char grid[GRID][GRID] = {
    {LOST, HIBERNATING, AT_RISK, CANNOT_LOSE, CANNOT_LOSE},
    {HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, CANNOT_LOSE},
    {ABOUT_TO_SLEEP, ABOUT_TO_SLEEP, NEED_ATTENTION, LOYAL, LOYAL},
    {PROMISING, POTENTIAL_LOYAL, POTENTIAL_LOYAL, LOYAL, LOYAL},
    {NEW, POTENTIAL_LOYAL, POTENTIAL_LOYAL, CHAMPIONS, CHAMPIONS},
};

/* The package's bound is exclusive: x < q + 1. As ours is inclusive, it is the largest double below
 * q + 1. */
static double upper_end(double quantile, enum model_rfm_rule rule)
{
    return rule == MODEL_RFM_PACKAGE ? nextafter(quantile + 1, -INFINITY) : quantile;
}

static enum status fixed_cuts(const struct model_rfm_options *options, struct model_rfm *out,
                              struct error *error)
{
    for (int part = 0; part < 3; part++)
        for (int i = 0; i < out->bins - 1; i++) {
            out->cuts[part][i] = options->cuts[part][i];
            if (!isfinite(out->cuts[part][i]) ||
                (i && out->cuts[part][i] <= out->cuts[part][i - 1]))
                return error_set(error, STATUS_USAGE, "the cut points of %s do not rise",
                                 part_name[part]);
        }
    return STATUS_OK;
}

enum status model_rfm_fit(const struct model_rfm_data *data,
                          const struct model_rfm_options *options, struct arena *arena,
                          struct model_rfm *out, struct error *error)
{
    *out = (struct model_rfm){.bins = options->bins ? options->bins : BINS};
    if (out->bins < 2 || out->bins > MODEL_RFM_BINS_MAX)
        return error_set(error, STATUS_USAGE, "%d bins are asked for; 2 to %d are possible",
                         out->bins, MODEL_RFM_BINS_MAX);
    if (options->rule == MODEL_RFM_FIXED)
        return fixed_cuts(options, out, error);
    if (data->count == 0)
        return error_set(error, STATUS_ERROR, "there are no customers to divide into bins");

    const double *values[3] = {data->recency, data->frequency, data->monetary};
    double *sorted = ARENA_ARRAY(arena, double, data->count);
    for (int part = 0; part < 3; part++) {
        for (size_t i = 0; i < data->count; i++)
            if (!isfinite(values[part][i]))
                return error_set(error, STATUS_ERROR, "customer %zu has no %s", i + 1,
                                 part_name[part]);

        memcpy(sorted, values[part], sizeof *sorted * data->count);
        stats_sort(sorted, data->count);
        for (int i = 1; i < out->bins; i++)
            out->cuts[part][i - 1] = upper_end(
                stats_quantile_sorted(sorted, data->count, (double)i / out->bins), options->rule);
    }

    return STATUS_OK;
}

static int bin(const struct model_rfm *model, int part, double value)
{
    int i = 0;
    while (i < model->bins - 1 && value > model->cuts[part][i])
        i++;
    return i + 1;
}

void model_rfm_score(const struct model_rfm *model, double recency, double frequency,
                     double monetary, int scores[3])
{
    /* Few days since the last purchase are a high score. */
    scores[0] = model->bins + 1 - bin(model, 0, recency);
    scores[1] = bin(model, 1, frequency);
    scores[2] = bin(model, 2, monetary);
}

int model_rfm_code(const int scores[3])
{
    return scores[0] * 100 + scores[1] * 10 + scores[2];
}

int model_rfm_cell(const struct model_rfm *model, const int scores[3])
{
    /* Rounded up, so that the best and the worst bin are the best and the worst of five. */
    int recency = (GRID * scores[0] + model->bins - 1) / model->bins;
    int worth = (GRID * (scores[1] + scores[2]) + 2 * model->bins - 1) / (2 * model->bins);
    return grid[recency - 1][worth - 1];
}

const char *model_rfm_cell_name(int cell)
{
    return cells[cell].name;
}

const char *model_rfm_cell_meaning(int cell)
{
    return cells[cell].meaning;
}

void model_rfm_write(const struct model_rfm *model, struct json *json)
{
    json_write_object(json);
    model_json_put(json, "bins", model->bins);
    for (int part = 0; part < 3; part++)
        model_json_put_all(json, part_name[part], model->cuts[part], (size_t)model->bins - 1);
    json_write_end_object(json);
}

enum status model_rfm_read(struct text text, struct model_rfm *out, struct error *error)
{
    struct model_json reader;
    TRY(model_json_open(&reader, text, "RFM model", error));
    *out = (struct model_rfm){.bins = (int)model_json_number(&reader, "bins")};
    if (out->bins < 2 || out->bins > MODEL_RFM_BINS_MAX) {
        model_json_fail(&reader, "it has %d bins", out->bins);
        out->bins = 2;
    }

    for (int part = 0; part < 3; part++)
        model_json_numbers(&reader, part_name[part], out->cuts[part], (size_t)out->bins - 1);
    return model_json_close(&reader, error);
}
