"""Import: CSV rows into a fresh store, against DuckDB writing the same rows to Parquet sorted by customer and time.

Both run as programs of their own on the same threads, with the same memory limit (half of the machine's) and the same
compression. Afterwards both results are asked, by SQL, for rows, customers, sums and first and last time, and must agree.
"""
import shutil

import harness

ROWS, QUICK_ROWS, GOAL = 10_000_000, 1_000_000, 1.5
COLUMNS = "customer, time, amount, category, product, quantity"
QUESTION = ("count(*), count(DISTINCT customer), sum(amount), sum(quantity), count(DISTINCT category), "
            "count(DISTINCT product)")
TYPES = "{'amount': 'DECIMAL(18,2)', 'quantity': 'BIGINT'}"


def duckdb(folder, *statements):
    memory = harness.memory_bytes() // 2 // 1024 // 1024
    return [harness.PROGRAMS / "bench-duck", harness.threads(), memory, folder / "spill", *statements]


def duckdb_round(folder, rows, series):
    target = folder / "sorted.parquet"
    target.unlink(missing_ok=True)
    _, wall, cpu, memory = harness.timed(duckdb(
        folder, f"COPY (SELECT {COLUMNS} FROM read_csv('{rows}', types={TYPES}) ORDER BY customer, time) TO '{target}' "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"))
    series.add(wall, cpu)
    return target, memory


def strata_round(folder, rows, series):
    store = folder / "store"
    shutil.rmtree(store, ignore_errors=True)
    harness.output([harness.STRATA, "init", store])
    _, wall, cpu, memory = harness.timed([harness.STRATA, "import", store, rows, "--kind", "order", "--quiet"])
    series.add(wall, cpu)
    return store, memory


def answers(folder, store, parquet):
    """What both sides say of the same rows."""
    theirs = harness.output(duckdb(folder, f"SELECT {QUESTION}, epoch(min(time)), epoch(max(time)) FROM '{parquet}'"))
    ours = harness.output([harness.STRATA, "sql", store, "--format", "csv",
                           f'SELECT {QUESTION}, epoch(min(time)), epoch(max(time)) FROM "order"'])
    return [float(v) for v in theirs.split()], [float(v) for v in ours.splitlines()[-1].split(",")]


def size(path):
    return sum(f.stat().st_size for f in path.rglob("*.parquet")) if path.is_dir() else path.stat().st_size


def run(options):
    count = QUICK_ROWS if options.quick else ROWS
    strata, duck = harness.Series(), harness.Series()
    with harness.workspace() as folder:
        rows = folder / "rows.csv"
        harness.say(f"import: making {count:,} rows")
        harness.output([harness.PROGRAMS / "bench-rows", "orders", count, rows])
        for number in range(options.rounds):
            harness.say(f"import: round {number + 1} of {options.rounds}")
            parquet, duck_memory = duckdb_round(folder, rows, duck)
            store, strata_memory = strata_round(folder, rows, strata)
        theirs, ours = answers(folder, store, parquet)
        sizes = {"csv": size(rows), "strata": size(store), "duckdb": size(parquet)}
    ratios = harness.ratio(strata, duck)
    equal = theirs == ours
    show(count, strata, duck, ratios, sizes, equal)
    harness.save("import", {
        "rows": count, "threads": harness.threads(), "strata": strata.json(), "duckdb": duck.json(), "ratio": ratios,
        "goal": GOAL, "bytes": sizes, "memory_bytes": {"strata": strata_memory, "duckdb": duck_memory},
        "equal": equal, "answers": ours}, options)
    return equal


def show(count, strata, duck, ratios, sizes, equal):
    lines = [[name, *(f"{v:.2f}" for v in series.median()), f"{sizes[key] / count:.1f}"]
             for name, series, key in [("strata import", strata, "strata"), ("DuckDB, sorted Parquet", duck, "duckdb")]]
    lines.append(["ratio", ratios["wall"], ratios["cpu"], ""])
    harness.table(f"Import of {count:,} rows ({sizes['csv'] / 1e6:.0f} MB of CSV)",
                  ["", "wall s", "cpu s", "bytes a row"], lines)
    print(f"  wall: {harness.verdict(ratios['wall'], GOAL)}; cpu: {harness.verdict(ratios['cpu'], GOAL)}; "
          f"results {'agree' if equal else 'DIFFER'}")
