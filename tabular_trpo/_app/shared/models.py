"""Models and policies that arguments name, read in the arithmetic that --arithmetic asks for."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import final

from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._core import policy as policies
from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.optimal import optimal
from tabular_trpo._exact.work import exact_work
from tabular_trpo._formats.document import Document, from_document
from tabular_trpo._formats.json_text import fetch, parse

SUFFIX = ".mdp.json"
MOST_STATES, MOST_ENTRIES = (
    120,
    50_000,
)  # of P: limits of rational arithmetic under --arithmetic auto
AUTO_WORK = 5.0  # seconds of one exact evaluation by its estimate, likewise
MADE = ("uniform", "greedy", "optimal")


@final
@locked_dataclass(frozen=True, eq=False)
class Source:
    """One model with its policies (S, A) in one arithmetic; its name is that of the file."""

    name: str
    path: str
    mdp: MDP
    policies: Mapping[str, Array]
    why: str


def raw(path: str) -> tuple[str, bytes]:
    """Return (place for messages, bytes) of a file, "-" for standard input.

    raises: InvalidMDPError; UsageError for an empty path
    """
    place = "<stdin>" if path == "-" else path
    if not path:
        raise UsageError("the path of a file is empty; - is standard input")
    if path == "-" and sys.stdin is None:
        raise invalid("file", place, "is closed", "an open standard input")
    return place, fetch(path, place)


def once(paths: list[str]) -> list[str]:
    """Return the paths; raises UsageError where standard input is among them twice."""
    if paths.count("-") > 1:
        raise UsageError(f"- was given {paths.count('-')} times; standard input is read once")
    return paths


def read(path: str, arithmetic: str, proving: bool = False) -> Source:
    """Read one model file, "-" for standard input.

    arithmetic:    "rational", "float", or "auto": exact data stay rational while that is affordable
    proving: whether auto makes doubles rational too, as the dyadic rationals that they are
    raises:  TabularError
    """
    place, data = raw(path)
    value, text = parse(data, place)
    if arithmetic == "auto" and not _affordable(_count(value, "states"), _count(value, "actions")):
        arithmetic = "float"  # decided before a rational model of that size is made
    document = from_document(value, arithmetic, place, text)
    if arithmetic == "auto":
        arithmetic = "rational" if proving or document.mdp.arithmetic == "rational" else "float"
        exact = document.mdp.to_rational() if arithmetic == "rational" else None
        if exact is not None and exact_work(exact).seconds > AUTO_WORK:
            arithmetic = "float"
    return _converted(document, path, arithmetic)


def _affordable(n_states: int, n_actions: int) -> bool:
    return n_states <= MOST_STATES and n_states**2 * n_actions <= MOST_ENTRIES


def _count(document: object, key: str) -> int:
    names = document.get(key) if isinstance(document, dict) else None
    return len(names) if isinstance(names, list) else 0


def _converted(document: Document, path: str, arithmetic: str) -> Source:
    mdp, named = document.mdp, dict(document.policies)
    if mdp.arithmetic != arithmetic:
        rational = arithmetic == "rational"
        cross = policies.to_rational if rational else policies.to_float
        mdp = mdp.to_rational() if rational else mdp.to_float()
        named = {name: cross(pi) for name, pi in named.items()}
    name = "stdin" if path == "-" else Path(path).name.removesuffix(SUFFIX)
    return Source(name, path, mdp, MappingProxyType(named), document.why)


def files(paths: list[str]) -> list[str]:
    """Return the model files of these paths; a directory stands for all of its *.mdp.json, sorted.

    raises: InvalidMDPError for a directory without any; UsageError for "-" twice
    """
    found: list[str] = []
    for path in once(paths):
        if path not in ("-", "") and Path(path).is_dir():
            inside = [str(file) for file in Path(path).iterdir() if file.name.endswith(SUFFIX)]
            if not inside:
                raise invalid("file", path, "is a directory", f"*{SUFFIX} in it")
            found += sorted(inside)
        else:
            found.append(path)
    return found


def read_all(paths: list[str], arithmetic: str) -> list[Source]:
    """Read many model files before any work; the problems of all files are raised as one error."""
    sources: list[Source] = []
    problems: list[Problem] = []
    hidden = 0
    for path in files(paths):
        try:
            sources.append(read(path, arithmetic, proving=True))
        except InvalidMDPError as error:
            problems += error.problems
            hidden += error.hidden
    if problems:
        raise InvalidMDPError(problems, hidden)
    return distinctly_named(sources)


def distinctly_named(sources: list[Source]) -> list[Source]:
    """Name models that share a name by their paths instead."""
    names = [source.name for source in sources]
    return [
        replace(source, name=source.path) if names.count(source.name) > 1 else source
        for source in sources
    ]


def policy(source: Source, name: str, before: Array | None = None) -> Array:
    """Return the policy of this name: of the file, or uniform, greedy, optimal.

    "greedy" improves on `before`, the uniform policy where it is None; "optimal" attains V*.
    A policy of the file goes before a made one of the same name.

    raises: UsageError for an unknown name
    """
    if name in source.policies:
        return source.policies[name]
    if name == "uniform":
        return policies.uniform(source.mdp)
    if name == "greedy":
        start = policies.uniform(source.mdp) if before is None else before
        return policies.greedy(source.mdp, evaluate(source.mdp, start).Q)
    if name == "optimal":
        return optimal(source.mdp).pi
    known = ", ".join(dict.fromkeys([*source.policies, *MADE]))
    raise UsageError(f"{source.path} has no policy {name!r}; there are {known}")


def about(mdp: MDP, asked: str) -> str:
    """Return which arithmetic was taken and why."""
    why = "" if asked != "auto" else ", chosen by --arithmetic auto"
    return f"{mdp.arithmetic} arithmetic{why}"
