"""From a document to a model: every check of the format, then the constructor of `core`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

from tabular_trpo._core import policy
from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.errors import ExactnessError, Problem, TabularError
from tabular_trpo._core.grid import on_grid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.distributions import read_policies
from tabular_trpo._formats.expected import read_expected
from tabular_trpo._formats.header import check_header, read_names
from tabular_trpo._formats.json_text import fetch, parse
from tabular_trpo._formats.model import read_model
from tabular_trpo._formats.problems import in_file

ARITHMETICS = ("auto", "float", "rational")


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file, read: the model, its named policies, why it exists, what to expect of it.

    policies: {name: (S, A)} in the arithmetic of the model
    normalized: {name: how far the row sums of a policy were from 1}, where rows were normalized;
              of the model, `mdp.normalized` says it
    expected: numbers are Fractions (strings in the file) or floats (bare numbers)
    source:   the name of the file
    """

    mdp: MDP
    policies: Mapping[str, Array]
    why: str
    expected: Mapping[str, Any]
    source: str
    normalized: Mapping[str, float]


@renamed_arguments(lane="arithmetic")
@public
def load(
    path: str | os.PathLike[str], arithmetic: str = "auto", normalize: bool = False
) -> Document:
    """Read a `*.mdp.json` file ("-" for standard input) with its policies and expectations.

    arithmetic:   "auto" as the numbers are written; "float" or "rational" converts
    normalize: whether rows of probabilities are divided by their sums (see `normalized`)
    raises: InvalidMDPError naming file, line, place, and cure of each problem, up to twenty;
            MemoryGuardError for a model that would not fit, ExactnessError for an unknown arithmetic
    """
    source = "<stdin>" if os.fspath(path) == "-" else str(path)
    value, text = parse(fetch(path, source), source)
    return from_document(value, arithmetic, source, text, normalize)


@renamed_arguments(lane="arithmetic")
@public
def read(path: str | os.PathLike[str], arithmetic: str = "auto", normalize: bool = False) -> MDP:
    """Read the model of a `*.mdp.json` file ("-" for standard input).

    arithmetic, normalize, raises: as `load`

    >>> read("mdps/rover.mdp.json").state_names
    ('full', 'weak')
    """
    return load(path, arithmetic, normalize).mdp


@renamed_arguments(lane="arithmetic")
@public
def from_document(
    document: Any,
    arithmetic: str = "auto",
    source: str = "document",
    text: str = "",
    normalize: bool = False,
) -> Document:
    """Read a document that is a dict already; `source` and `text` are for the error messages.

    raises: as `load`

    >>> from_document({
    ...     "format": "tabular-trpo-mdp", "version": 1, "gamma": "1/2", "states": ["s"],
    ...     "actions": ["a"], "rho0": {"s": "1"}, "transitions": [["s", "a", "s", "1", "2/3"]],
    ... }).mdp.r
    array([[Fraction(2, 3)]], dtype=object)
    """
    if arithmetic not in ARITHMETICS:
        got, expected = f"= {arithmetic!r}", f"one of {', '.join(ARITHMETICS)}"
        raise ExactnessError(Problem("lane", "arithmetic", got, expected))
    try:
        return _read(document, arithmetic, source, normalize)
    except TabularError as error:
        raise in_file(error, source, text) from None


def _read(given: object, arithmetic: str, source: str, normalize: bool) -> Document:
    report = Report()
    document = check_header(report, given)
    states = read_names(report, document, "states")
    actions = read_names(report, document, "actions")
    model = read_model(report, document, states, actions, arithmetic, normalize)
    mdp, block = model.mdp, document.get("policies", {})
    args = (model.mask, model.quoted, model.rational, normalize)
    read = {name: read for name, *read in read_policies(report, block, states, actions, *args)}
    named = block if isinstance(block, dict) else ()
    expected = read_expected(report, document.get("expected", {}), states, actions, named)
    report.close()
    assert mdp is not None, "what keeps a model from being built is in the report"
    policies = {
        name: frozen(pi if model.rational else on_grid(pi)) for name, (pi, _) in read.items()
    }
    off = {name: off for name, (_, off) in read.items() if normalize}
    if arithmetic == "rational" and not model.rational:
        mdp = mdp.to_rational()
        policies = {name: policy.to_rational(pi) for name, pi in policies.items()}
    maps = (MappingProxyType(policies), str(document.get("why", "")), MappingProxyType(expected))
    return Document(mdp, *maps, source, MappingProxyType(off))
