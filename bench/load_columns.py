"""Loading: a population's needed columns, against DuckDB reading the same columns of the same parts.

A store with two kinds of facts is made once; bench-load then takes turns in one process. Bytes are those asked of the
kernel by one load: a command that needs one kind reads that kind's needed columns, and not the other kind.
"""
import json

import harness

ORDERS, VISITS, QUICK_PART, GOAL = 10_000_000, 5_000_000, 10, 2.0


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
    cases, rows = [], []
    for case in map(json.loads, lines.splitlines()):
        strata, duck, kept = (harness.Series(**case[key]) for key in ("strata", "duckdb", "duckdb_table"))
        ratios, to_table = harness.ratio(strata, duck), harness.ratio(strata, kept)
        cases.append({**case, "strata": strata.json(), "duckdb": duck.json(), "duckdb_table": kept.json(),
                      "ratio": ratios, "ratio_to_table": to_table})
        rows.append([case["condition"], *(f"{v:.3f}" for v in strata.median()), *(f"{v:.3f}" for v in duck.median()),
                     ratios["wall"], ratios["cpu"], to_table["cpu"], f"{case['bytes'] / 1e6:.1f}",
                     "yes" if case["equal"] else "NO"])
    harness.table("Loading what a condition needs, against DuckDB reading the same columns",
                  ["needed for", "wall s", "cpu s", "DuckDB wall", "cpu", "ratio wall", "cpu", "cpu to table",
                   "MB read", "equal"], rows)
    worst = max(max(case["ratio"].values()) for case in cases)
    print(f"  worst ratio {worst}, {harness.verdict(worst, GOAL)}; bytes of the parts: "
          + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in parts.items()))
    harness.save("load", {"threads": harness.threads(), "goal": GOAL, "cases": cases, "part_bytes": parts}, options)
    return all(case["equal"] for case in cases)
