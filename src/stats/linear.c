/* LAPACK where it is worth its call; loops where matrices are small or the form of a sum matters.
 */
#include "stats/linear.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

static void one_blas_thread(void)
{
    openblas_set_num_threads(1);
}

static void prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, one_blas_thread);
}

bool stats_cholesky(int n, double *a)
{
    prepare();
    if (LAPACKE_dpotrf(LAPACK_ROW_MAJOR, 'L', n, a, n) != 0)
        return false;
    /* LAPACK leaves what was above the diagonal. */
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            a[i * n + j] = 0;
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
        if (fabs(from[i * n]) > fabs(from[largest * n]) * (1 + ROUNDING))
            largest = i;

    double sign = from[largest * n] < 0 ? -1 : 1;
    for (int i = 0; i < n; i++)
        to[i] = sign * from[i * n];
}

bool stats_eigen(int n, const double *a, struct arena *arena, double *values, double *vectors)
{
    prepare();

    double *copy = ARENA_ARRAY(arena, double, (size_t)n *(size_t)n);
    memcpy(copy, a, sizeof *a * (size_t)n * (size_t)n);
    /* LAPACK would not return with a NaN in it. */
    for (int i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return false;
    if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, vectors ? 'V' : 'N', 'U', n, copy, n, values) != 0)
        return false;
    /* From the smallest up, as LAPACK has them, to the largest down. */
    for (int i = 0; i < n / 2; i++) {
        double swap = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = swap;
    }
    for (int i = 0; vectors && i < n; i++)
        copy_vector(n, copy + (n - 1 - i), vectors + i * n);
    return true;
}

bool stats_least_squares(int rows, int columns, const double *a, const double *b,
                         struct arena *arena, double *x)
{
    prepare();
    double *copy = ARENA_ARRAY(arena, double, (size_t)rows *(size_t)columns);
    double *right = ARENA_ARRAY(arena, double, (size_t)rows);

    memcpy(copy, a, sizeof *a * (size_t)rows * (size_t)columns);
    memcpy(right, b, sizeof *b * (size_t)rows);
    if (LAPACKE_dgels(LAPACK_ROW_MAJOR, 'N', rows, columns, 1, copy, columns, right, 1) != 0)
        return false;

    memcpy(x, right, sizeof *x * (size_t)columns);
    /* R's diagonal tells how much of each column the ones before it leave: less than a
     * few thousand roundings of the first one's is nothing. */
    static const double NOTHING_LEFT = 1e-12;
    for (int i = 0; i < columns; i++)
        if (!isfinite(x[i]) || fabs(copy[i * columns + i]) < NOTHING_LEFT * fabs(copy[0]))
            return false;
    return true;
}

void stats_multiply(int n, int k, int m, const double *a, const double *b, double *out)
{
    prepare();
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, m, k, 1, a, k, b, m, 0, out, m);
}

void stats_gram(int n, size_t length, const double *a, double *out)
{
    prepare();
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, n, (int)length, 1, a, (int)length, 0, out,
                n);

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
