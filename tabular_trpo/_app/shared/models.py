"""Model files and policies named in arguments, read in the arithmetic of --arithmetic."""

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
# Limits of rational arithmetic under --arithmetic auto.
MOST_STATES, MOST_ENTRIES = 120, 50_000  # entries S*S*A of P
AUTO_WORK = 5.0  # estimated seconds of one exact evaluation
MADE = ("uniform", "greedy", "optimal")  # computed policies


@final
@locked_dataclass(frozen=True, eq=False)
class Source:
    """A model and its policies (S, A), read from one file in one arithmetic.

    name: the name of the file without .mdp.json
    why:  the text "why" of the file
    """

    name: str
    path: str
    mdp: MDP
    policies: Mapping[str, Array]
    why: str


def raw(path: str) -> tuple[str, bytes]:
    """Return (name for error messages, bytes) of a file; the path "-" is standard input.

    raises: InvalidMDPError; UsageError for an empty path
    """
    place = "<stdin>" if path == "-" else path
    if not path:
        raise UsageError("the path of a file is empty; - is standard input")
    if path == "-" and sys.stdin is None:
        raise invalid("file", place, "is closed", "an open standard input")
    return place, fetch(path, place)


def once(paths: list[str]) -> list[str]:
    """Return the paths; raises UsageError where "-", standard input, occurs more than once."""
    if paths.count("-") > 1:
        raise UsageError(f"- was given {paths.count('-')} times; standard input is read once")
    return paths


def read(path: str, arithmetic: str, proving: bool = False) -> Source:
    """Read one model file; the path "-" is standard input.

    arithmetic: "rational", "float", or "auto": rational for exact data while that is affordable
    proving:    whether "auto" reads doubles as the rational numbers that they are, while affordable
    raises:     TabularError
    """
    place, data = raw(path)
    value, text = parse(data, place)
    if arithmetic == "auto" and not _affordable(_count(value, "states"), _count(value, "actions")):
        arithmetic = "float"  # before a large rational model is built
    document = from_document(value, arithmetic, place, text)
    if arithmetic == "auto":
        arithmetic = "rational" if proving or document.mdp.arithmetic == "rational" else "float"
        exact = document.mdp.to_rational() if arithmetic == "rational" else None
        if exact is not None and exact_work(exact).seconds > AUTO_WORK:
            arithmetic = "float"
    return _converted(document, path, arithmetic)


def _affordable(n_states: int, n_actions: int) -> bool:
    """Return whether a model of this size is read as rational by --arithmetic auto."""
    return n_states <= MOST_STATES and n_states**2 * n_actions <= MOST_ENTRIES


def _count(document: object, key: str) -> int:
    """Return the length of the list `key` of a JSON document, 0 where there is no list."""
    names = document.get(key) if isinstance(document, dict) else None
    return len(names) if isinstance(names, list) else 0


def _converted(document: Document, path: str, arithmetic: str) -> Source:
    """Return the source of a document with model and policies in the given arithmetic."""
    mdp, named = document.mdp, dict(document.policies)
    if mdp.arithmetic != arithmetic:
        rational = arithmetic == "rational"
        cross = policies.to_rational if rational else policies.to_float
        mdp = mdp.to_rational() if rational else mdp.to_float()
        named = {name: cross(pi) for name, pi in named.items()}
    name = "stdin" if path == "-" else Path(path).name.removesuffix(SUFFIX)
    return Source(name, path, mdp, MappingProxyType(named), document.why)


def files(paths: list[str]) -> list[str]:
    """Return the paths, with each directory replaced by its sorted *.mdp.json files.

    raises: InvalidMDPError for a directory without model files; UsageError where "-" is given twice
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
    """Read all model files for proofs, as `read` does with `proving`.

    raises: InvalidMDPError with the problems of all files
    """
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
    """Return the sources; those that share a name get their path as the name."""
    names = [source.name for source in sources]
    return [
        replace(source, name=source.path) if names.count(source.name) > 1 else source
        for source in sources
    ]


def policy(source: Source, name: str, before: Array | None = None) -> Array:
    """Return the policy (S, A) of a name in the file, or the uniform, greedy or optimal policy.

    "greedy" maximises Q of the policy `before`, by default the uniform one; "optimal" attains V*.
    A policy of the file has precedence over a computed policy of the same name.

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
    """Return the arithmetic of a model as text, and whether --arithmetic auto chose it."""
    why = "" if asked != "auto" else ", chosen by --arithmetic auto"
    return f"{mdp.arithmetic} arithmetic{why}"
