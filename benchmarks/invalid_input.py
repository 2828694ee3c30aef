"""Call every public function with valid and with invalid arguments.

    python -m benchmarks.invalid_input [-n CALLS] [--seed K] [--workers W] [--only NAME]

Half of the calls have valid arguments by construction and must return. Half have one argument that
is invalid by construction and must raise a TabularError or a TypeError that names the argument.
A call that takes more than 2 s of processor time is over time; one that needs more than 1 GiB
fails with MemoryError. The numbers of calls and of faults are printed. A fault is an escape (an
exception of another type, or one that does not name the argument), a refused valid call, an
accepted invalid call, or a call over time.
"""

import argparse
import multiprocessing
import re
import resource
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

import tabular_trpo as tt
from benchmarks.arguments import KINDS
from benchmarks.kinds import THINGS
from benchmarks.surface import (
    NAMED_AS,
    RECIPES,
    RECORDS,
    field_values,
    parameters,
    public,
    typed_fields,
)
from benchmarks.worlds import World

SECONDS = 2.0
BYTES = 2**30
WORLDS = 24


class OverTimeError(BaseException):
    """Error of a call over time; a BaseException, so that `except Exception` does not catch it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OverTimeError in the block after the given seconds of processor time."""

    def ring(*_: Any) -> None:
        raise OverTimeError

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def arguments(
    name: str, world: World, rng: np.random.Generator, wrong: bool
) -> tuple[dict[str, Any], str]:
    """Return random arguments of a call by name, and the name of the invalid one or ""."""
    if name in RECORDS:
        record = RECORDS[name](world)
        given = field_values(record)
        if not wrong:
            return given, ""
        victim = str(rng.choice(typed_fields(record)))
        old = given[victim]
        same = Mapping if isinstance(old, Mapping) else type(old)
        things = [x for x in THINGS if not isinstance(x, same)]
        given[victim] = things[rng.integers(len(things))]
        return given, victim
    chosen = [p for p in parameters(RECIPES[name]) if not p[2] or rng.random() < 0.5]
    given = {p: KINDS[kind].valid(world) for p, kind, _ in chosen}
    candidates = []
    for p, kind, optional in chosen:
        values = [x for x in KINDS[kind].invalid(world) if not (optional and x is None)]
        if p != "self" and values:
            candidates.append((p, values))
    if not wrong or not candidates:
        return given, ""
    victim, values = candidates[rng.integers(len(candidates))]
    given[victim] = values[rng.integers(len(values))]
    return given, victim


def call(function: Any, given: dict[str, Any]) -> None:
    """Call a function, or the method of `self` with this name; take three values of an iterator."""
    rest = {k: v for k, v in given.items() if k != "self"}
    result = (
        getattr(given["self"], function)(**rest) if isinstance(function, str) else function(**rest)
    )
    if isinstance(result, Iterator):
        for _, _ in zip(result, range(3), strict=False):
            pass


def outcome(function: Any, given: dict[str, Any], victim: str) -> str:
    """Return the fault of a call, or ""; `victim` is the name of its invalid argument, or ""."""
    start = process_time()
    try:
        with limited(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("error")
            call(function, given)
        found = f"accepted {victim}" if victim else ""
    except OverTimeError:
        return f"over time {victim}"
    except (tt.TabularError, tt.check.CertificateError, TypeError) as error:
        if not victim:
            return f"refused a valid call: {error!s:.200}"
        words = NAMED_AS.get(victim, re.escape(victim))
        named = re.search(rf"\b({words})\b", str(error))
        found = (
            "" if named else f"escape {victim}: not named in {type(error).__name__}: {error!s:.160}"
        )
    except Exception as error:
        found = f"escape {victim}: {type(error).__name__}: {error!s:.160}"
    return found if process_time() - start <= SECONDS else f"over time {victim}"


def names(only: str = "") -> list[str]:
    """Return the names of all tested callables that match the regular expression `only`."""
    return [name for name in (*RECIPES, *RECORDS) if re.search(only, name)]


def function_of(name: str) -> Any:
    """Return the callable of a name, or the method name if the callable is a method."""
    found = dict(public(tt))
    kinds = parameters(RECIPES.get(name, ""))
    return name.rsplit(".", 1)[1] if kinds and kinds[0][0] == "self" else found[name]


def _limit_memory() -> None:
    """Let the process allocate at most BYTES more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, -1))


def trial(
    seed: int, count: int, only: str, worker: int, workers: int, limit: bool = True
) -> list[tuple[str, str, str]]:
    """Carry out the calls of a worker; return (function, fault, argument) of each fault.

    Worker i of n carries out the calls i, i + n, i + 2n and so on, up to `count`.

    limit: whether the process may allocate only 1 GiB more than it has
    """
    if limit:
        _limit_memory()
    worlds = [World(np.random.default_rng([seed, i])) for i in range(WORLDS)]
    functions = {name: function_of(name) for name in names(only)}
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(worker, count, workers):
            rng = np.random.default_rng([seed, 1, i])
            world = worlds[rng.integers(WORLDS)]
            world.rng, world.folder = rng, Path(folder)
            name = list(functions)[rng.integers(len(functions))]
            given, victim = arguments(name, world, rng, bool(i % 2))
            found = outcome(functions[name], given, victim)
            if found:
                value = given.get(victim)
                faults.append(
                    (
                        name,
                        found,
                        f"call {i}: {victim} = {_shown(value)}" if victim else f"call {i}",
                    )
                )
    return faults


def _shown(value: Any) -> str:
    """Return the type of a value and the first characters of its text."""
    try:
        return f"{type(value).__name__} {str(value).replace(chr(10), ' ')[:100]}"
    except Exception:
        return type(value).__name__


def report(count: int, wrong: list[tuple[str, str, str]]) -> None:
    """Print each kind of fault once with its count and an example, and the totals."""
    kinds = Counter((name, re.sub(r"\d+", "#", found)[:90]) for name, found, _ in wrong)
    for (name, kind), n in sorted(kinds.items()):
        example = next(x for x in wrong if x[0] == name and re.sub(r"\d+", "#", x[1])[:90] == kind)
        print(f"{n:5} {name}: {example[1]}   [{example[2]}]")
    tally = Counter(found.split()[0] for _, found, _ in wrong)
    words = ("escape", "refused", "accepted", "over")
    print(
        f"{count} calls of {len(names())} functions: " + ", ".join(f"{tally[w]} {w}" for w in words)
    )


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 1 if there was a fault, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", default="", help="a regular expression on the names")
    given = parser.parse_args(argv)
    one = partial(trial, given.seed, given.n, given.only)
    jobs = [(w, given.workers) for w in range(given.workers)]
    with multiprocessing.get_context("spawn").Pool(given.workers) as pool:
        wrong = [x for part in pool.starmap(one, jobs) for x in part]
    report(given.n, wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
