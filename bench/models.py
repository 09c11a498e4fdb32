"""Models by themselves (bench-models): fits, groups beside scikit-learn's, scoring for a million customers.

k-means takes turns with scikit-learn, round by round with another seed and the same rule for when to stop. It has to reach
the same inertia in less time, with as many starts as it likes. The other figures to beat were measured on other days with
programs that are not in Debian: lifetimes, poLCA and kmodes.
"""
import json
import os
import statistics
from pathlib import Path

import harness

SHARED = os.environ.get("STRATA_SHARED", str(harness.ROOT.parent / "shared"))
DEBIAN_PYTHON = "/usr/bin/python3"
SKLEARN = harness.ROOT / "bench" / "sklearn_kmeans.py"

# label, what bench-models does, seconds to stay within, where those are from
FITS = [
    ("BG/NBD, every row different", ["clv", "bgnbd", 1_000_000, "distinct"], 2, "goal"),
    ("BG/NBD, CDNOW's rows repeated", ["clv", "bgnbd", 1_000_000, "repeated"], 11.9, "lifetimes 0.11.3"),
    ("Pareto/NBD, every row different", ["clv", "pareto-nbd", 1_000_000, "distinct"], 10, "goal"),
    ("k-prototypes, 20,000 x 10, k = 5", ["prototypes", 20_000], 9.7 / 50, "kmodes / 50"),
    ("latent classes, gss82, 4 classes, 20 starts", ["latent", "polca/gss82.csv", 4, 20], 62 / 100, "poLCA 1.6 / 100"),
]
KMEANS = [(1_000_000, 8, 8), (200_000, 32, 50)]
STARTS, OURS = 3, 10  # of scikit-learn; of Strata, which tries them on a sample and takes the best three on
CUSTOMERS = 1_000_000


def verdict(wall, cpu, goal):
    """What all threads use together is the most that a quiet machine would take."""
    return "met" if wall <= goal else "met by processor time" if cpu <= goal else "not met"


def program(rounds, *words):
    command = [harness.PROGRAMS / "bench-models", harness.threads(), rounds, *words]
    return json.loads(harness.timed(command, STRATA_SHARED=SHARED)[0])


def smaller(words, options):
    """A tenth of the size, for a quick look."""
    return [word // 10 if options.quick and isinstance(word, int) and word >= 10_000 else word for word in words]


def fits(options):
    rows, results = [], {}
    for label, words, goal, source in FITS:
        harness.say(f"models: {label}")
        made = program(options.rounds, *smaller(words, options))
        series = harness.Series(made["fit"]["wall"], made["fit"]["cpu"])
        grown = max(made["fit"]["grown"])
        wall, cpu = series.median()
        memory = f"{grown / made['bytes']:.2f}" if made.get("bytes", 0) > 5_000_000 else ""
        results[label] = {**made, "fit": series.json(), "memory_growth_bytes": grown, "seconds_to_beat": goal, "of": source}
        rows.append([label, f"{wall:.3f}", f"{cpu:.3f}", f"{goal:g} ({source})", verdict(wall, cpu, goal), memory])
    harness.table("Fits (wall and CPU seconds, memory growth as a multiple of the columns)",
                  ["", "wall", "cpu", "to stay within", "", "memory"], rows)
    return results


def kmeans_round(folder, rows, columns, k, seed, ours, theirs):
    file = folder / "points"
    made = program(1, "kmeans", file, rows, columns, k, OURS, seed)
    ours["series"].add(made["fit"]["wall"][0], made["fit"]["cpu"][0])
    ours["inertia"].append(made["inertia"])
    ours["memory"].append(made["fit"]["grown"][0] / made["bytes"])
    other = json.loads(harness.output([DEBIAN_PYTHON, SKLEARN, "fit", file, rows, columns, k, STARTS, seed,
                                       harness.threads()]))
    theirs["series"].add(other["wall"], other["cpu"])
    theirs["inertia"].append(other["inertia"])


def kmeans(options):
    results, rows_out = [], []
    for rows, columns, k in KMEANS:
        rows = rows // 10 if options.quick else rows
        harness.say(f"models: k-means, {rows:,} x {columns}, k = {k}")
        ours = {"series": harness.Series(), "inertia": [], "memory": []}
        theirs = {"series": harness.Series(), "inertia": []}
        with harness.workspace() as folder:
            harness.output([DEBIAN_PYTHON, SKLEARN, "make", folder / "points", rows, columns, k])
            for seed in range(1, options.rounds + 1):
                kmeans_round(folder, rows, columns, k, seed, ours, theirs)
        ratio = harness.ratio(ours["series"], theirs["series"])
        inertia = statistics.median(a / b for a, b in zip(ours["inertia"], theirs["inertia"]))
        (wall, cpu), (other_wall, other_cpu) = ours["series"].median(), theirs["series"].median()
        results.append({"rows": rows, "columns": columns, "k": k, "starts": OURS, "starts_of_sklearn": STARTS, "strata": ours["series"].json(),
                        "sklearn": theirs["series"].json(), "ratio": ratio, "inertia": ours["inertia"],
                        "inertia_of_sklearn": theirs["inertia"], "inertia_ratio": inertia,
                        "memory": max(ours["memory"])})
        rows_out.append([f"{rows:,} x {columns}, k = {k}", f"{wall:.2f}", f"{other_wall:.2f}", f"{cpu:.2f}", f"{other_cpu:.2f}",
                         f"{ratio['cpu']:.2f}", f"{inertia:.6f}", f"{max(ours['memory']):.2f}"])
    harness.table(f"k-means, {OURS} starts, beside scikit-learn {sklearn_version()} with {STARTS} (ratios: ours to theirs)",
                  ["", "wall", "theirs", "cpu", "theirs", "ratio cpu", "inertia", "memory"], rows_out)
    return results


def sklearn_version():
    return harness.output([DEBIAN_PYTHON, "-c", "import sklearn; print(sklearn.__version__)"]).strip()


def scoring(options):
    customers = CUSTOMERS // 10 if options.quick else CUSTOMERS
    harness.say(f"models: scoring {customers:,} customers")
    made = program(options.rounds, "score", customers)
    types = {name: harness.Series(value["wall"], value["cpu"]) for name, value in made.items() if isinstance(value, dict)}
    total = harness.Series([sum(v) for v in zip(*(s.wall for s in types.values()))],
                           [sum(v) for v in zip(*(s.cpu for s in types.values()))])
    rows = [[name, *(f"{v:.3f}" for v in series.median()), ""] for name, series in types.items()]
    rows.append(["together", *(f"{v:.3f}" for v in total.median()), verdict(*total.median(), 1)])
    harness.table(f"Scoring {customers:,} customers, {harness.threads()} threads (goal: within 1 second together)",
                  ["", "wall", "cpu", ""], rows)
    return {"customers": customers, "together": total.json(), **{name: series.json() for name, series in types.items()}}


def run(options):
    if not (Path(SHARED) / "data/polca").is_dir():
        harness.fail(f"there are no data in {SHARED}; STRATA_SHARED says where they are")
    result = {"threads": harness.threads(), "sklearn": sklearn_version(), "fits": fits(options),
              "kmeans": kmeans(options), "scoring": scoring(options), "load_average_after": os.getloadavg()}
    harness.save("models", result, options)
    return all(entry["inertia_ratio"] < 1.01 for entry in result["kmeans"])
