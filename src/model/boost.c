/*
 * Gradient-boosted trees by xgboost, for the probability that something comes true. Its
 * histogram method with one thread gives the same trees on every machine, which two
 * threads would not. A model is kept as xgboost's own JSON; forest.h scores many rows
 * from it faster than xgboost does.
 */
#include "model/boost.h"

#include "base/library.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xgboost/c_api.h>

/* clang-format off */
#define XGBOOST(F) \
    F(XGBGetLastError) F(XGBoosterCreate) F(XGBoosterFree) F(XGBoosterGetNumFeature) \
    F(XGBoosterLoadModelFromBuffer) F(XGBoosterPredict) F(XGBoosterSaveModelToBuffer) \
    F(XGBoosterSetParam) F(XGBoosterUpdateOneIter) F(XGDMatrixCreateFromMat) F(XGDMatrixFree) \
    F(XGDMatrixSetFloatInfo)
/* clang-format on */

static struct {
    XGBOOST(LIBRARY_POINTER)
} xgboost;
static const char *const xgboost_names[] = {XGBOOST(LIBRARY_NAME)};
static struct library xgboost_library = {STRATA_LIB_XGBOOST, "libxgboost0", "boosted trees",
                                         LIBRARY_TABLE(xgboost_names, xgboost)};

struct model_boost {
    BoosterHandle booster;
    int columns;
};

static enum status failed(struct error *error, const char *what)
{
    return error_set(error, STATUS_ERROR, "xgboost could not %s: %.500s", what,
                     xgboost.XGBGetLastError());
}

/* Every call into xgboost returns 0 or has left a message. */
#define TRY_XGB(call, what)               \
    do {                                  \
        if ((call) != 0) {                \
            status = failed(error, what); \
            goto done;                    \
        }                                 \
    } while (0)

/* xgboost takes single precision. */
static enum status load(const struct model_matrix *features, DMatrixHandle *out,
                        struct error *error)
{
    size_t cells = features->rows * (size_t)features->columns;
    float *data = base_malloc(sizeof *data * (cells + 1));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < cells; i++) {
        data[i] = (float)features->data[i];

        /* An unknown goes as it is: trees have a way for it. An infinity may come of
         * the narrowing itself. */
        if (isinf(data[i])) {
            status =
                error_set(error, STATUS_ERROR, "feature %zu of row %zu is infinite or too large",
                          i % (size_t)features->columns + 1, i / (size_t)features->columns + 1);
            goto done;
        }
    }
    TRY_XGB(xgboost.XGDMatrixCreateFromMat(data, features->rows, (bst_ulong)features->columns, NAN,
                                           out),
            "take the features");
done:
    free(data);
    return status;
}

static enum status set_labels(DMatrixHandle matrix, const unsigned char *label, size_t rows,
                              struct error *error)
{
    float *copy = base_malloc(sizeof *copy * (rows + 1));
    enum status status = STATUS_OK;
    size_t hits = 0;
    for (size_t i = 0; i < rows; i++) {
        copy[i] = label[i] != 0;
        hits += label[i] != 0;
    }
    if (hits == 0 || hits == rows) {
        status =
            error_set(error, STATUS_ERROR,
                      "it came true for %s of the %zu customers: there is nothing to tell apart",
                      hits ? "all" : "none", rows);
        goto done;
    }
    TRY_XGB(xgboost.XGDMatrixSetFloatInfo(matrix, "label", copy, rows), "take the labels");
done:
    free(copy);
    return status;
}

/* Seeds as xgboost takes them, 32 bits with a sign, and of no more digits than are
 * written below: the rest of a division by a prime keeps different ones apart nearly
 * always. */
enum { SEED_PRIME = 1000000007 };

/* A step, and the part of rows and columns that each tree sees. */
static const double USUAL_RATE = 0.05, USUAL_PART = 0.8;

static enum status configure(BoosterHandle booster, const struct model_boost_options *options,
                             struct error *error)
{
    struct {
        const char *name;
        double given, usual;
    } numbers[] = {
        /* Shallow trees, small steps, rows and columns drawn anew for each: the usual
         * choice for tables of a few thousand rows, where deeper trees learn the noise. */
        {"max_depth", options->depth, 3},
        {"eta", options->rate, USUAL_RATE},
        {"subsample", options->subsample, USUAL_PART},
        {"colsample_bytree", options->columns, USUAL_PART},
        {"min_child_weight", options->least_weight, 1},
        {"nthread", 1, 1},
        {"verbosity", 0, 0},
        {"seed", (double)(options->seed % SEED_PRIME), 0},
    };
    enum status status = STATUS_OK;
    char text[32];

    TRY_XGB(xgboost.XGBoosterSetParam(booster, "objective", "binary:logistic"), "start");
    TRY_XGB(xgboost.XGBoosterSetParam(booster, "tree_method", "hist"), "start");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(text, sizeof text, "%.10g",
                 numbers[i].given > 0 ? numbers[i].given : numbers[i].usual);
        TRY_XGB(xgboost.XGBoosterSetParam(booster, numbers[i].name, text), "start");
    }
done:
    return status;
}

/* at the usual rate each takes a twentieth of what is left: 0.95^200 = 4e-5 */
enum { ROUNDS = 200 };

enum status model_boost_fit(const struct model_matrix *features, const unsigned char *label,
                            const struct model_boost_options *options, struct model_boost **out,
                            struct error *error)
{
    DMatrixHandle matrix = NULL;
    enum status status = STATUS_OK;
    struct model_boost *model = base_calloc(1, sizeof *model);

    if (features->rows == 0 || features->columns < 1) {
        status = error_set(error, STATUS_ERROR, "%zu rows of %d features cannot be fitted",
                           features->rows, features->columns);
        goto done;
    }

    model->columns = features->columns;
    TRY_GOTO(library_load(&xgboost_library, error));
    TRY_GOTO(load(features, &matrix, error));
    TRY_GOTO(set_labels(matrix, label, features->rows, error));
    TRY_XGB(xgboost.XGBoosterCreate((DMatrixHandle[]){matrix}, 1, &model->booster), "start");
    TRY_GOTO(configure(model->booster, options, error));

    for (int round = 0; round < (options->rounds > 0 ? options->rounds : ROUNDS); round++)
        TRY_XGB(xgboost.XGBoosterUpdateOneIter(model->booster, round, matrix), "grow a tree");
/* The model goes with its booster on every failure, so that nobody meets half of one. */
done:
    if (matrix)
        xgboost.XGDMatrixFree(matrix);
    if (status != STATUS_OK) {
        model_boost_free(model);
        model = NULL;
    }

    *out = model;
    return status;
}

void model_boost_free(struct model_boost *model)
{
    if (!model)
        return;
    if (model->booster)
        xgboost.XGBoosterFree(model->booster);
    free(model);
}

enum { OUTPUT_CHANCES = 0, OUTPUT_CONTRIBUTIONS = 4 };

static enum status predict(const struct model_boost *model, const struct model_matrix *features,
                           int output, size_t wanted, double *out, struct error *error)
{
    DMatrixHandle matrix = NULL;
    bst_ulong count;
    const float *result;
    if (features->columns != model->columns)
        return error_set(error, STATUS_ERROR, "the model was fitted on %d features, not %d",
                         model->columns, features->columns);
    if (features->rows == 0)
        return STATUS_OK;
    enum status status = load(features, &matrix, error);
    if (status != STATUS_OK)
        return status;

    TRY_XGB(xgboost.XGBoosterPredict(model->booster, matrix, output, 0, 0, &count, &result),
            "score");
    ENSURE(count == wanted);
    for (size_t i = 0; i < wanted; i++)
        out[i] = (double)result[i];
done:
    xgboost.XGDMatrixFree(matrix);
    return status;
}

enum status model_boost_score(const struct model_boost *model, const struct model_matrix *features,
                              double *scores, struct error *error)
{
    return predict(model, features, OUTPUT_CHANCES, features->rows, scores, error);
}

enum status model_boost_drivers(const struct model_boost *model,
                                const struct model_matrix *features, double *drivers,
                                struct error *error)
{
    return predict(model, features, OUTPUT_CONTRIBUTIONS,
                   features->rows * (size_t)(features->columns + 1), drivers, error);
}

enum status model_boost_write(const struct model_boost *model, struct buffer *out,
                              struct error *error)
{
    bst_ulong length;
    const char *data;
    if (xgboost.XGBoosterSaveModelToBuffer(model->booster, "{\"format\": \"json\"}", &length,
                                           &data) != 0)
        return failed(error, "save the model");
    buffer_add(out, data, length);
    return STATUS_OK;
}

enum status model_boost_read(struct text text, struct model_boost **out, struct error *error)
{
    struct model_boost *model = base_calloc(1, sizeof *model);
    enum status status = STATUS_OK;
    bst_ulong columns;
    TRY_GOTO(library_load(&xgboost_library, error));
    TRY_XGB(xgboost.XGBoosterCreate(NULL, 0, &model->booster), "start");
    TRY_XGB(xgboost.XGBoosterLoadModelFromBuffer(model->booster, text.data, text.length),
            "read the saved model");
    TRY_XGB(xgboost.XGBoosterSetParam(model->booster, "nthread", "1"), "start");
    TRY_XGB(xgboost.XGBoosterGetNumFeature(model->booster, &columns), "read the saved model");
    model->columns = (int)columns;
done:
    if (status != STATUS_OK) {
        model_boost_free(model);
        model = NULL;
    }
    *out = model;
    return status;
}
