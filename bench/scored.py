"""A refresh with models: the sample business's store (tools/demo) with its eight scoring models, against the same store
with the models and the schemes that speak of them deleted. Both are refreshed day after day, in turns; at the end of as
many days as a store of that age has seen, once more, as what a refresh costs must not grow with those before it.
"""
import datetime
import json
import shutil

import harness

GOAL = 1.3
FIRST = datetime.date(2025, 7, 1)  # the day after the last of the sample's facts
AGED = 40                          # days between the first rounds and the later ones


def prepare(folder):
    """The store with models, and the one without."""
    demo = harness.ROOT / "demo" / "shop"
    if not demo.is_dir():
        harness.say("scored: making the sample business (tools/demo)")
        harness.output([harness.ROOT / "tools" / "demo"])
    scored, plain = folder / "with", folder / "without"
    shutil.copytree(demo, scored)
    shutil.copytree(demo, plain)
    models = json.loads(harness.output([harness.STRATA, "model", "list", plain, "--json"]))
    names = [model["name"] for model in models]
    segments = json.loads(harness.output([harness.STRATA, "segments", plain, "--as-of", "latest", "--json"]))
    schemes = {s["scheme"] for s in segments["segments"] if s.get("scheme") in names}
    harness.output([harness.STRATA, "delete", plain, *sorted(schemes), "--quiet"])
    for name in reversed(names):
        harness.output([harness.STRATA, "model", "delete", plain, name, "--quiet"])
    return scored, plain, names


def refresh(store, day):
    return harness.timed([harness.STRATA, "refresh", store, "--as-of", day.isoformat(), "--quiet"])[1:3]


def rounds(scored, plain, first, count):
    a, b = harness.Series(), harness.Series()
    for i in range(count):
        day = first + datetime.timedelta(days=i)
        for store, series in [(scored, a), (plain, b)][:: 1 if i % 2 else -1]:
            series.add(*refresh(store, day))
    return a, b


def described(title, a, b):
    ratio = harness.ratio(a, b)
    (wall, cpu), (plain_wall, plain_cpu) = a.median(), b.median()
    row = [title, f"{wall:.2f}", f"{plain_wall:.2f}", f"{ratio['wall']:.2f}", f"{cpu:.2f}", f"{plain_cpu:.2f}",
           f"{ratio['cpu']:.2f}", harness.verdict(ratio["wall"], GOAL)]
    return row, {"with": a.json(), "without": b.json(), "ratio": ratio}


def run(options):
    with harness.workspace() as folder:
        scored, plain, names = prepare(folder)
        early = rounds(scored, plain, FIRST, options.rounds)
        later = FIRST + datetime.timedelta(days=options.rounds)
        aged = AGED // 10 if options.quick else AGED
        harness.say(f"scored: {aged} further days")
        for i in range(aged):
            refresh(scored, later + datetime.timedelta(days=i))
            refresh(plain, later + datetime.timedelta(days=i))
        late = rounds(scored, plain, later + datetime.timedelta(days=aged), options.rounds)
    rows, result = [], {"models": len(names), "days_between": aged}
    for title, key, pair in [("the first days", "early", early), (f"{aged} days later", "late", late)]:
        row, result[key] = described(title, *pair)
        rows.append(row)
    harness.table(f"A refresh with {len(names)} models beside one without, 50,000 customers",
                  ["", "wall", "without", "ratio", "cpu", "without", "ratio", ""], rows)
    harness.save("scored", result, options)
    return True
