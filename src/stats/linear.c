/* LAPACK, as OpenBLAS brings it, where it is worth its call; loops where matrices are small or the
 * form of a sum matters. */
#include "stats/linear.h"

#include "base/library.h"

#include <cblas.h>
#include <lapack.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

/* clang-format off */
#define OPENBLAS(F) \
    F(cblas_dgemm) F(cblas_dsyrk) F(dgels_) F(dpotrf_) F(dsyev_) F(openblas_set_num_threads)
/* clang-format on */

static struct {
    OPENBLAS(LIBRARY_POINTER)
} blas;
static const char *const blas_names[] = {OPENBLAS(LIBRARY_NAME)};
static struct library blas_library = {STRATA_LIB_OPENBLAS, "libopenblas0", "linear algebra",
                                      LIBRARY_TABLE(blas_names, blas)};

static void one_blas_thread(void)
{
    blas.openblas_set_num_threads(1);
}

enum status stats_linear_load(struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    TRY(library_load(&blas_library, error));
    pthread_once(&once, one_blas_thread);
    return STATUS_OK;
}

/* Where the library may be missing, somebody has asked for it before. */
static void prepare(void)
{
    ENSURE(stats_linear_load(NULL) == STATUS_OK);
}

/* LAPACK writes matrices column by column: what is below the diagonal stands above it there. */
bool stats_cholesky(int n, double *a)
{
    prepare();
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            if (isnan(a[i * n + j])) /* OpenBLAS would go on */
                return false;
            a[j * n + i] = a[i * n + j];
        }

    int failed;
    blas.dpotrf_("L", &n, a, &n, &failed, 1);
    if (failed)
        return false;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            a[j * n + i] = a[i * n + j];
            a[i * n + j] = 0;
        }
    return true;
}

void stats_lower_solve(int n, const double *factor, double *b)
{
    for (int i = 0; i < n; i++) {
        double sum = b[i];
        for (int j = 0; j < i; j++)
            sum -= factor[i * n + j] * b[j];
        b[i] = sum / factor[i * n + i];
    }
}

void stats_cholesky_solve(int n, const double *factor, double *b)
{
    stats_lower_solve(n, factor, b);
    for (int i = n - 1; i >= 0; i--) {
        double sum = b[i];
        for (int j = i + 1; j < n; j++)
            sum -= factor[j * n + i] * b[j];
        b[i] = sum / factor[i * n + i];
    }
}

void stats_cholesky_inverse(int n, const double *factor, double *out)
{
    memset(out, 0, sizeof *out * (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++) {
        out[i * n + i] = 1;
        stats_cholesky_solve(n, factor, out + i * n);
    }
}

double stats_cholesky_log_det(int n, const double *factor)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += log(factor[i * n + i]);
    return 2 * sum;
}

/* Eigenvectors are known but for their sign: the largest component decides, so that answers are the
 * same everywhere. */
static void copy_vector(int n, const double *from, double *to)
{
    static const double ROUNDING = 1e-9;
    int largest = 0;
    /* Equal ones but for rounding: the first of them decides. */
    for (int i = 1; i < n; i++)
        if (fabs(from[i]) > fabs(from[largest]) * (1 + ROUNDING))
            largest = i;

    double sign = from[largest] < 0 ? -1 : 1;
    for (int i = 0; i < n; i++)
        to[i] = sign * from[i];
}

static void transpose(int rows, int columns, const double *a, double *out)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            out[j * rows + i] = a[i * columns + j];
}

/* Calls with a length of work of −1 say how much they work best with. */
enum { ASK = -1 };

bool stats_eigen(int n, const double *a, struct arena *arena, double *values, double *vectors)
{
    prepare();

    /* LAPACK would not return with a NaN in it. */
    for (int i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return false;

    double *copy = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n), best;
    const char *what = vectors ? "V" : "N";
    int failed, ask = ASK;
    transpose(n, n, a, copy);
    blas.dsyev_(what, "U", &n, copy, &n, values, &best, &ask, &failed, 1, 1);
    int length = (int)best;
    double *work = ARENA_ARRAY(arena, double, (size_t)length);
    blas.dsyev_(what, "U", &n, copy, &n, values, work, &length, &failed, 1, 1);
    if (failed)
        return false;
    /* From the smallest up, as LAPACK has them, to the largest down. */
    for (int i = 0; i < n / 2; i++) {
        double swap = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = swap;
    }
    for (int i = 0; vectors && i < n; i++)
        copy_vector(n, copy + (n - 1 - i) * n, vectors + i * n);
    return true;
}

bool stats_least_squares(int rows, int columns, const double *a, const double *b,
                         struct arena *arena, double *x)
{
    prepare();
    double *copy = ARENA_ARRAY(arena, double, (size_t)rows *(size_t)columns);
    double *right = ARENA_ARRAY(arena, double, (size_t)rows), best;
    for (int i = 0; i < rows * columns; i++)
        if (isnan(a[i]))
            return false;
    for (int i = 0; i < rows; i++)
        if (isnan(b[i]))
            return false;

    int one = 1, failed, ask = ASK;
    transpose(rows, columns, a, copy);
    memcpy(right, b, sizeof *b * (size_t)rows);
    blas.dgels_("N", &rows, &columns, &one, copy, &rows, right, &rows, &best, &ask, &failed, 1);
    int length = (int)best;
    double *work = ARENA_ARRAY(arena, double, (size_t)length);
    blas.dgels_("N", &rows, &columns, &one, copy, &rows, right, &rows, work, &length, &failed, 1);
    if (failed)
        return false;

    memcpy(x, right, sizeof *x * (size_t)columns);
    /* R's diagonal tells how much of each column the ones before it leave: less than a
     * few thousand roundings of the first one's is nothing. */
    static const double NOTHING_LEFT = 1e-12;
    for (int i = 0; i < columns; i++)
        if (!isfinite(x[i]) || fabs(copy[i * rows + i]) < NOTHING_LEFT * fabs(copy[0]))
            return false;
    return true;
}

void stats_multiply(int n, int k, int m, const double *a, const double *b, double *out)
{
    prepare();
    blas.cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, m, k, 1, a, k, b, m, 0, out, m);
}

void stats_gram(int n, size_t length, const double *a, double *out)
{
    prepare();
    blas.cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, n, (int)length, 1, a, (int)length, 0,
                     out, n);

    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            out[i * n + j] = out[j * n + i];
}

void stats_covariance(size_t rows, int columns, const double *data, double correction, double *mean,
                      double *out)
{
    memset(mean, 0, sizeof *mean * (size_t)columns);
    memset(out, 0, sizeof *out * (size_t)columns * (size_t)columns);

    for (size_t r = 0; r < rows; r++)
        for (int j = 0; j < columns; j++)
            mean[j] += data[r * (size_t)columns + (size_t)j];
    for (int j = 0; j < columns; j++)
        mean[j] /= (double)rows;

    for (size_t r = 0; r < rows; r++) {
        const double *row = data + r * (size_t)columns;
        for (int i = 0; i < columns; i++)
            for (int j = 0; j <= i; j++)
                out[i * columns + j] += (row[i] - mean[i]) * (row[j] - mean[j]);
    }

    for (int i = 0; i < columns; i++)
        for (int j = 0; j <= i; j++)
            out[j * columns + i] = out[i * columns + j] =
                out[i * columns + j] / ((double)rows - correction);
}

void stats_to_correlation(int n, double *covariance)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (i == j)
                continue;
            double scale = sqrt(covariance[i * n + i]) * sqrt(covariance[j * n + j]);
            covariance[i * n + j] = scale > 0 ? covariance[i * n + j] / scale : 0;
        }
    for (int i = 0; i < n; i++)
        covariance[i * n + i] = 1;
}

static double pair_correlation(size_t rows, int columns, const double *data, int a, int b)
{
    double n = 0, mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
    for (size_t r = 0; r < rows; r++) { /* Welford's updates, for two columns at once */
        double x = data[r * (size_t)columns + (size_t)a], y = data[r * (size_t)columns + (size_t)b];
        if (isnan(x) || isnan(y))
            continue;

        n++;
        double dx = x - mean_a, dy = y - mean_b;
        mean_a += dx / n;
        mean_b += dy / n;
        aa += dx * (x - mean_a);
        bb += dy * (y - mean_b);
        ab += dx * (y - mean_b);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa) / sqrt(bb) : 0;
}

void stats_pairwise_correlation(size_t rows, int columns, const double *data, double *out)
{
    for (int i = 0; i < columns; i++) {
        out[i * columns + i] = 1;
        for (int j = 0; j < i; j++)
            out[i * columns + j] = out[j * columns + i] =
                pair_correlation(rows, columns, data, i, j);
    }
}
