"""Loading: a population's needed columns, against DuckDB reading the same columns of the same parts.

A store with two kinds of facts is made once; bench-load then takes turns in one process. DuckDB reads in two ways: into
aggregates (one sum a column, the cheapest use there is), by which the goal is judged, and into a table in memory, which
is what a population is. The floor is a function in DuckDB's pipeline that looks at nothing: what reading through DuckDB
costs before loading does anything. Bytes are those asked of the kernel by one load: a command that needs one kind reads
that kind's needed columns, and not the other kind.

The share of looking at checksums is what the calls that look take in a process that has just started, against the rest
of that load. It leaves out what they do to the caches, so the difference between loads with and without stands beside
it; on a busy machine that one says little.
"""
import json
import statistics

import harness

ORDERS, VISITS, QUICK_PART, GOAL, CHECK_GOAL = 10_000_000, 5_000_000, 10, 2.0, 5


def make_store(folder, options):
    share = QUICK_PART if options.quick else 1
    store = folder / "store"
    harness.output([harness.STRATA, "init", store])
    for shape, kind, count in (("orders", "order", ORDERS // share), ("visits", "visit", VISITS // share)):
        rows = folder / "rows.csv"
        harness.say(f"load: making and importing {count:,} {shape}")
        harness.output([harness.PROGRAMS / "bench-rows", shape, count, rows])
        harness.output([harness.STRATA, "import", store, rows, "--kind", kind, "--quiet"])
        rows.unlink()
    return store


def part_bytes(store):
    """Bytes of the largest file of each kind, which holds its facts."""
    return {kind.name: max(f.stat().st_size for f in kind.glob("*.parquet"))
            for kind in sorted((store / "parts").iterdir()) if any(kind.glob("*.parquet"))}


def run(options):
    with harness.workspace() as folder:
        store = make_store(folder, options)
        harness.say(f"load: {options.rounds} rounds of each case")
        lines = harness.output([harness.PROGRAMS / "bench-load", store, options.rounds, harness.threads()])
        parts = part_bytes(store)
    cases = [judge(case) for case in map(json.loads, lines.splitlines())]
    show(cases, parts)
    harness.save("load", {"threads": harness.threads(), "goal": GOAL, "check_goal": CHECK_GOAL, "cases": cases, "part_bytes": parts}, options)
    return all(case["equal"] for case in cases)


def judge(case):
    names = ("strata", "duckdb", "duckdb_table", "floor", "checked", "checking", "unchecked")
    series = {name: harness.Series(**case[name]) for name in names}
    return {**case, **{name: series[name].json() for name in names},
            "check": shares(series),
            "ratio": harness.ratio(series["strata"], series["duckdb"]),
            "ratio_to_table": harness.ratio(series["strata"], series["duckdb_table"]),
            "ratio_to_floor": harness.ratio(series["strata"], series["floor"])}


def shares(series):
    """Percent of a load without checking, by clock: quartiles of what the calls took, median of the differences."""
    out = {}
    for clock in ("wall", "cpu"):
        checked, took, without = (getattr(series[name], clock) for name in ("checked", "checking", "unchecked"))
        quartiles = statistics.quantiles([100 * t / (c - t) for t, c in zip(took, checked)], n=4, method="inclusive")
        difference = statistics.median(100 * (c - w) / w for c, w in zip(checked, without))
        out[clock] = {"quartiles": [round(q, 1) for q in quartiles], "difference": round(difference, 1)}
    return out


def show_checking(cases):
    rows = []
    for case in cases:
        row = [case["condition"]]
        for clock in ("cpu", "wall"):
            low, middle, high = case["check"][clock]["quartiles"]
            row += [f"{1000 * case['checking'][clock]:.1f}", f"{1000 * case['unchecked'][clock]:.1f}", f"{middle:.1f}",
                    f"{low:.1f} to {high:.1f}", f"{case['check'][clock]['difference']:+.1f}"]
        rows.append(row)
    head = ["checking", "the load", "percent", "quartiles", "by difference"]
    harness.table("Looking at checksums, in processes that have just started: milliseconds of cpu, then of wall, and their share",
                  ["needed for", *head, *head], rows)
    worst = {clock: max(case["check"][clock]["quartiles"][1] for case in cases) for clock in ("cpu", "wall")}
    print(f"  largest share: cpu {worst['cpu']}%, wall {worst['wall']}%, {harness.verdict(worst['cpu'], CHECK_GOAL)}")


def show(cases, parts):
    times = [[case["condition"], *(f"{case[name][clock]:.3f}" for name in ("strata", "duckdb", "duckdb_table", "floor")
                                   for clock in ("wall", "cpu"))] for case in cases]
    harness.table("Loading what a condition needs, and DuckDB reading the same columns: seconds, wall and cpu",
                  ["needed for", "Strata", "cpu", "DuckDB into sums", "cpu", "into a table", "cpu", "floor", "cpu"], times)
    ratios = [[case["condition"], *(case[to][clock] for to in ("ratio", "ratio_to_table", "ratio_to_floor")
                                    for clock in ("wall", "cpu")),
               *(f"{case[key] / 1e6:.1f}" for key in ("bytes", "population_bytes", "peak_bytes")),
               "yes" if case["equal"] else "NO"] for case in cases]
    harness.table("Ratios (\"what DuckDB needs to read them\" is reading into sums), and megabytes",
                  ["needed for", "to sums", "cpu", "to table", "cpu", "to floor", "cpu", "read", "population",
                   "peak of loading", "equal"], ratios)
    worst = {clock: max(case["ratio"][clock] for case in cases) for clock in ("wall", "cpu")}
    table = {clock: max(case["ratio_to_table"][clock] for case in cases) for clock in ("wall", "cpu")}
    print(f"  worst ratio to sums: wall {worst['wall']}, cpu {worst['cpu']}, {harness.verdict(max(worst.values()), GOAL)}; "
          f"to a table: wall {table['wall']}, cpu {table['cpu']}")
    print("  bytes of the parts: " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in parts.items()))
    show_checking(cases)
