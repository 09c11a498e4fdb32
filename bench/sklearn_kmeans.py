"""scikit-learn's side of the k-means benchmark, run by Debian's own Python (numpy and scikit-learn are its packages).

  sklearn_kmeans.py make FILE ROWS COLUMNS GROUPS   blurred groups as doubles, row by row
  sklearn_kmeans.py fit FILE ROWS COLUMNS K STARTS SEED THREADS   prints a JSON object
"""
import json
import resource
import sys
import time

import numpy
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits


def make(file, rows, columns, groups):
    random = numpy.random.default_rng(1)
    centres = random.normal(0, 2.5, (groups, columns))
    points = centres[random.integers(0, groups, rows)] + random.normal(0, 1, (rows, columns))
    points.astype("float64").tofile(file)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def fit(file, rows, columns, k, starts, seed, threads):
    points = numpy.fromfile(file).reshape(rows, columns)
    with threadpool_limits(threads):
        KMeans(k, n_init=1, max_iter=2).fit(points[:1000])  # what the first call loads is not measured
        wall, used = time.monotonic(), cpu()
        model = KMeans(k, n_init=starts, tol=1e-4, random_state=seed).fit(points)
        wall, used = time.monotonic() - wall, cpu() - used
    print(json.dumps({"inertia": model.inertia_, "iterations": model.n_iter_, "wall": wall, "cpu": used}))


if sys.argv[1] == "make":
    make(sys.argv[2], *map(int, sys.argv[3:6]))
else:
    fit(sys.argv[2], *map(int, sys.argv[3:9]))
