"""What the benchmarks share: running programs under the clock, medians, the machine's description, tables, results.

Times of a program are wall seconds and the processor seconds (user and system, all its threads) that wait4 reports when
it ends. Contenders take turns within a round, so that whatever else the machine does meets them alike; what counts are
medians over the rounds, and ratios between contenders of the same rounds.
"""
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "bench"
STRATA = ROOT / "build" / "src" / "strata"
RESULTS = ROOT / "bench" / "results"


def fail(message):
    sys.exit(f"bench: {message}")


def say(message):
    print(message, file=sys.stderr, flush=True)


# ---- running ----------------------------------------------------------------------------------------------------------


def timed(command, **variables):
    """Runs a command: (its standard output, wall seconds, processor seconds, largest memory in bytes)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=err, env={**os.environ, **variables})
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            err.seek(0)
            fail(f"{command[0]} failed:\n{err.read().decode(errors='replace')[-2000:]}")
        out.seek(0)
        return out.read().decode(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def output(command):
    return timed(command)[0]


@contextmanager
def workspace():
    """A folder for data, removed afterwards; TMPDIR says where."""
    folder = Path(tempfile.mkdtemp(prefix="strata-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Series:
    """The times of one contender."""

    def __init__(self, wall=None, cpu=None):
        self.wall, self.cpu = list(wall or []), list(cpu or [])

    def add(self, wall, cpu):
        self.wall.append(wall)
        self.cpu.append(cpu)

    def median(self):
        return statistics.median(self.wall), statistics.median(self.cpu)

    def json(self):
        wall, cpu = self.median()
        return {"wall": round(wall, 4), "cpu": round(cpu, 4), "rounds": len(self.wall),
                "wall_of_rounds": [round(v, 4) for v in self.wall], "cpu_of_rounds": [round(v, 4) for v in self.cpu]}


def ratio(of, to):
    """Medians of the ratios round by round: what disturbs a round disturbs both of its halves."""
    return {"wall": round(statistics.median(a / b for a, b in zip(of.wall, to.wall)), 2),
            "cpu": round(statistics.median(a / b for a, b in zip(of.cpu, to.cpu)), 2)}


# ---- the machine ------------------------------------------------------------------------------------------------------


def first_line(command):
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout
        return text.splitlines()[0].strip() if text.strip() else ""
    except OSError:
        return ""


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_bytes():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def threads():
    return len(os.sched_getaffinity(0))


def machine():
    return {
        "processor": processor(),
        "cores": threads(),
        "memory_bytes": memory_bytes(),
        "system": f"{platform.system()} {platform.release()}",
        "compiler": first_line(["cc", "--version"]),
        "strata": first_line([str(STRATA), "--version"]),
        "commit": first_line(["git", "rev-parse", "--short=12", "HEAD"]),
        "duckdb": output([PROGRAMS / "bench-duck", 1, 1024, "", "SELECT version()"]).strip(),
        "load_average": [round(v, 2) for v in os.getloadavg()],
    }


# ---- results ----------------------------------------------------------------------------------------------------------


def save(name, result, options):
    """Full runs go to bench/results, quick ones beside the build, where nobody takes them for figures."""
    folder = ROOT / "build" / "bench" / "results" if options.quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    whole = {"benchmark": name, "date": day, "quick": options.quick, "machine": machine(), **result}
    path.write_text(json.dumps(whole, indent=2) + "\n")
    say(f"written: {path.relative_to(ROOT)}")
    return folder


def table(title, header, rows):
    """Prints a table; the first column is words, the others are figures."""
    texts = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in texts) for i in range(len(header))]
    print(f"\n{title}")
    for row in texts:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
    sys.stdout.flush()


def verdict(value, goal):
    return f"goal at most {goal}: {'met' if value <= goal else 'not met'}"
