"""What the tests of the whole program share: running `strata`, and saying in TAP what came of it.

A test runs the program as a person would, and looks at its exit code, at what it prints on stdout (data) and on stderr
(everything else), and at what it leaves on the disk. The clock stands still at NOW, so that answers never depend on the
day of the test.
"""
import atexit
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

SOURCE = Path(os.environ.get("STRATA_SOURCE", Path(__file__).resolve().parent.parent.parent))
BUILD = Path(os.environ.get("STRATA_BUILD", SOURCE / "build"))
STRATA = os.environ.get("STRATA", str(BUILD / "src/strata"))
SHARED = Path(os.environ.get("STRATA_SHARED", SOURCE.parent / "shared"))
SANITIZED = "STRATA_SANITIZED" in os.environ
NOW = "2025-07-01T00:00:00Z"
DONE, ERROR, USAGE, NOT_FOUND, REJECTS = 0, 1, 2, 3, 4
IO, FULL, CORRUPT, LIMIT, BUSY, INTERRUPTED = 6, 7, 8, 9, 75, 130


class Result:
    """One run of the program: its exit code and both its outputs as text."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        words = " ".join(str(word) for word in self.command[1:])
        return f"strata {words}\nexit code {self.code}\nstdout: {self.out[:1500]}\nstderr: {self.err[:1500]}"


def environment(**changes):
    """The environment of a run; a change to None takes a variable away."""
    env = {name: value for name, value in os.environ.items() if name not in ("STRATA_STORE", "TZ")}
    env.update(STRATA_NOW=NOW, NO_COLOR="1", LC_ALL="C.UTF-8")
    for name, value in changes.items():
        env.pop(name, None)
        if value is not None:
            env[name] = str(value)
    return env


def strata(*words, cwd=None, env=None, stdin=None, timeout=120):
    """Runs the program to its end. stdin is text or bytes; without it, standard input is empty."""
    command = [STRATA, *map(str, words)]
    given = stdin.encode() if isinstance(stdin, str) else stdin if stdin is not None else b""
    done = subprocess.run(command, cwd=cwd, env=environment(**(env or {})), input=given, capture_output=True,
                          timeout=timeout)
    return Result(command, done.returncode, done.stdout.decode("utf-8", "replace"),
                  done.stderr.decode("utf-8", "replace"))


class Several:
    """A process that runs one command after the other, each as if it had a process of its own (several.c)."""

    def __init__(self):
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen([BUILD / "tests/support/several"], env=environment(), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.said)
        started.append(self)

    def run(self, words):
        words = [str(word) for word in words]
        with contextlib.suppress(BrokenPipeError):  # it has ended: below it is asked why
            self.process.stdin.write(b"%d\n" % len(words) + b"".join(word.encode() + b"\0" for word in words))
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            mine.several = None
            raise Failed(f"strata {' '.join(words)}\n{self.end()}")
        code, *sizes = map(int, line.split())
        return Result([STRATA, *words], code, *(self.process.stdout.read(size).decode("utf-8", "replace") for size in sizes))

    def end(self):
        """What went wrong with the process as a whole, or None: a crash, or what a sanitizer says at the end."""
        started.remove(self)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        code = self.process.wait(60)
        self.said.seek(0)
        return f"it ended with {code}: {self.said.read().decode('utf-8', 'replace')[:3000]}" if code else None


mine, started = threading.local(), []  # a Several of each thread's own; all that run


def ask(*words):
    """What a command says, from a process that lives on: of a small command's time most is loading DuckDB and all else.
    For what the answer is; strata() is for how the program behaves."""
    if getattr(mine, "several", None) is None:
        mine.several = Several()
    return mine.several.run(words)


class Failed(Exception):
    """A step that the following ones need did not work."""


EMPTY = {}  # options of init → a new store that the program made with them, and what it said


def new_store(store, *options):
    """init: the program makes a store once for each set of options, the others are copies of it."""
    if options not in EMPTY:
        path = folder() / "empty"
        EMPTY[options] = path, strata("init", path, *options)
    path, made = EMPTY[options]
    if made.code == DONE:
        shutil.copytree(path, store)
    said = (text.replace(str(path), str(store)) for text in (made.out, made.err))
    return Result([STRATA, "init", store, *options], made.code, *said)


def must(*words, **options):
    """Runs a command where nothing else makes sense if it fails."""
    new = words[0] == "init" and not options and not Path(words[1]).exists()
    return worked(new_store(*words[1:]) if new else strata(*words, **options) if options else ask(*words))


def worked(result):
    """The same result, where nothing else makes sense if it is a failure."""
    if result.code != DONE:
        raise Failed(str(result))
    return result


def rows(store, statement, **options):
    """What a SELECT gives, as a list of dictionaries."""
    return must("sql", store, statement, "--format", "json", **options).json()


def value(store, statement):
    """The one value of a SELECT with one row and one column."""
    (row,) = rows(store, statement)
    (answer,) = row.values()
    return answer


def folder():
    """A new empty directory that goes away with the test."""
    path = Path(tempfile.mkdtemp(prefix="test-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


class Tap:
    """Counts results and prints them as TAP."""

    def __init__(self):
        self.count = self.failed = 0

    def ok(self, holds, name, detail=""):
        self.count += 1
        self.failed += not holds
        print(f"{'ok' if holds else 'not ok'} {self.count} - {name}", flush=True)
        if not holds:
            for line in str(detail() if callable(detail) else detail).splitlines():
                print(f"#   {line}", flush=True)
        return bool(holds)

    def same(self, seen, expected, name, detail=""):
        return self.ok(seen == expected, name, lambda: f"expected {expected!r}\nseen     {seen!r}\n{detail}")

    def near(self, seen, expected, name, tolerance=1e-9):
        good = (seen is None) == (expected is None) and (
            seen is None or abs(seen - expected) <= tolerance * max(1.0, abs(expected)))
        return self.ok(good, name, f"expected {expected!r}\nseen     {seen!r}")

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def works(self, result, name, out=None, err=None):
        """Exit code 0, and the given texts (one or several) in the outputs."""
        return self.ends(result, DONE, name, out=out, err=err)

    def ends(self, result, code, name, out=None, err=None):
        """The exit code, and texts that have to be there; on failure of the program, nothing may be on stdout."""
        missing = [text for text in texts(out) if text not in result.out]
        missing += [text for text in texts(err) if text not in result.err]
        loud = code not in (DONE, REJECTS) and out is None and result.out != ""
        trouble = (f"expected exit code {code}\n" if result.code != code else "") + (
            f"missing: {missing}\n" if missing else "") + ("data on stdout of a failure\n" if loud else "")
        return self.ok(not trouble, name, f"{trouble}{result}")

    def finish(self):
        for trouble in filter(None, [several.end() for several in list(started)]):
            self.ok(False, "commands that share a process leave it in order", trouble)
        print(f"1..{self.count}")
        sys.exit(1 if self.failed or not self.count else 0)


def texts(given):
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def run_all(tests):
    """Runs the functions one after the other; each gets the Tap. One that cannot go on fails and the next follows."""
    tap = Tap()
    chosen = sys.argv[1:]
    for test in tests:
        if chosen and not any(word in test.__name__ for word in chosen):
            continue
        try:
            test(tap)
        except Exception as trouble:  # whatever it is, it is one failed test
            detail = str(trouble) if isinstance(trouble, Failed) else traceback.format_exc()
            tap.ok(False, f"{test.__name__} runs to its end", detail)
    tap.finish()
