"""Refresh: twenty segments over a population in memory, against DuckDB; bench-refresh does all of it (see refresh.c)."""
import json

import harness

CUSTOMERS, FACTS, QUICK_CUSTOMERS = 1_000_000, 50, 50_000


def run(options):
    customers = QUICK_CUSTOMERS if options.quick else CUSTOMERS
    harness.say(f"refresh: {customers:,} customers, {FACTS} facts each, {options.rounds} rounds")
    with harness.workspace() as folder:
        figures = folder / "refresh.json"
        print(harness.output([harness.PROGRAMS / "bench-refresh", customers, FACTS, options.rounds, harness.threads(),
                              figures]), end="")
        result = json.loads(figures.read_text())
    harness.save("refresh", result, options)
    return result.get("differences", 0) == 0
