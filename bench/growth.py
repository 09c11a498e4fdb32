"""Growth: time against facts, customers and segments, and of import and of a count against rows; five sizes each.

Plotted as CPU and wall seconds with both axes logarithmic, where a straight line of slope 1 is time that grows with the
size and no faster; the slope is fitted and printed.
"""
import json
import math

import harness
import plot

FACTS = [(100_000, each, 20) for each in (5, 10, 20, 40, 80)]
CUSTOMERS = [(count, 10, 20) for count in (50_000, 100_000, 200_000, 400_000, 800_000)]
SEGMENTS = [(100_000, 20, count) for count in (20, 60, 120, 240, 400)]
ROWS = [125_000, 250_000, 500_000, 1_000_000, 2_000_000]
CONDITION = "sum(order.amount last 365 days) >= 100 and count(order last 90 days) >= 2"


def refreshes(sizes, key, options):
    points = []
    for customers, facts, segments in sizes:
        if options.quick:
            customers //= 10
        harness.say(f"growth: {customers:,} customers, {facts} facts each, {segments} segments")
        made = json.loads(harness.output([harness.PROGRAMS / "bench-growth", customers, facts, segments,
                                          options.rounds, harness.threads()]))
        series = harness.Series(made["wall"], made["cpu"])
        points.append({"size": made[key], "customers": made["customers"], "facts": made["facts"],
                       "segments": made["segments"], **series.json()})
    return points


def imports_and_counts(options):
    """Points of both, by rows imported."""
    imported, counted = [], []
    for rows in ROWS:
        if options.quick:
            rows //= 10
        harness.say(f"growth: import of {rows:,} rows")
        imports, counts = harness.Series(), harness.Series()
        for _ in range(options.rounds):
            with harness.workspace() as folder:
                harness.output([harness.PROGRAMS / "bench-rows", "orders", rows, folder / "rows.csv"])
                harness.output([harness.STRATA, "init", folder / "store"])
                imports.add(*harness.timed([harness.STRATA, "import", folder / "store", folder / "rows.csv", "--kind",
                                            "order", "--quiet"])[1:3])
                counts.add(*harness.timed([harness.STRATA, "count", folder / "store", CONDITION, "--as-of", "latest",
                                           "--quiet"])[1:3])
        imported.append({"size": rows, **imports.json()})
        counted.append({"size": rows, **counts.json()})
    return imported, counted


def slope(points, key):
    """Of the line through log size and log time, by least squares."""
    x, y = [math.log(p["size"]) for p in points], [math.log(p[key]) for p in points]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)


def run(options):
    imported, counted = imports_and_counts(options)
    panels = {
        "facts": ("Refresh, by facts", "facts (100,000 customers, 20 segments)", refreshes(FACTS, "facts", options)),
        "customers": ("Refresh, by customers", "customers (10 facts each, 20 segments)",
                      refreshes(CUSTOMERS, "customers", options)),
        "segments": ("Refresh, by segments", "segments (100,000 customers, 2 million facts)",
                     refreshes(SEGMENTS, "segments", options)),
        "import": ("Import, by rows", "rows", imported),
        "count": ("A count, program start to answer", "rows in the store", counted),
    }
    result = {}
    for name, (title, axis, points) in panels.items():
        result[name] = {"title": title, "axis": axis, "slope": round(slope(points, "cpu"), 2), "points": points}
        harness.table(f"{title} (slope {result[name]['slope']})", ["size", "wall s", "cpu s"],
                      [[f"{p['size']:,}", f"{p['wall']:.4f}", f"{p['cpu']:.4f}"] for p in points])
    folder = harness.save("growth", {"threads": harness.threads(), "panels": result}, options)
    (folder / "growth.svg").write_text(plot.growth(result))
    harness.say(f"written: {(folder / 'growth.svg').relative_to(harness.ROOT)}")
    return True
