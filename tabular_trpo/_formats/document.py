"""Reading a model file: the text, its structure, its numbers, then the model, which core checks.

The order is: bytes to JSON (`json_text`), keys and names (`header`), gamma, transitions and rho0
(`model`), policies (`distributions`), and the block "expected" (`expected`).  One report collects
what is wrong; `problems.in_file` gives each problem its file, line and place.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, final

from tabular_trpo._core import policy
from tabular_trpo._core.deprecated import renamed_arguments
from tabular_trpo._core.errors import ExactnessError, TabularError
from tabular_trpo._core.grid import on_grid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.distributions import read_policies
from tabular_trpo._formats.expected import read_expected
from tabular_trpo._formats.header import Scope, check_header, read_names
from tabular_trpo._formats.json_text import fetch, parse
from tabular_trpo._formats.model import any_bare, read_model
from tabular_trpo._formats.problems import in_file

ARITHMETICS = ("auto", "float", "rational")
MOST_LISTED = 6  # policies in the `repr` of a document


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Document:
    """What a model file holds: the model, its named policies, and what is known about it.

    policies:   {name: (S, A)} in the arithmetic of the model
    why:        a text: what the model is for
    expected:   {name: value}; numbers are Fractions (strings in the file) or floats (bare numbers)
    source:     the name of the file
    normalized: {name: how far the row sums of a policy were from 1} where rows were normalized;
                that of the model is `mdp.normalized`

    >>> load("mdps/rover.mdp.json")
    <Document mdps/rover.mdp.json: <MDP: S=2, ...>, policies any, careful, lazy>
    """

    mdp: MDP
    policies: Mapping[str, Array]
    why: str
    expected: Mapping[str, Any]
    source: str
    normalized: Mapping[str, float]

    def __repr__(self) -> str:
        """Return one line with the file, the model and the names of the first policies."""
        names = [*self.policies][:MOST_LISTED] + ["..."] * (len(self.policies) > MOST_LISTED)
        return f"<Document {self.source}: {self.mdp}, policies {', '.join(names) or 'none'}>"


@renamed_arguments(lane="arithmetic")
@public
def load(
    path: str | os.PathLike[str], arithmetic: str = "auto", normalize: bool = False
) -> Document:
    """Return the model, the policies and the expected values of a `*.mdp.json` file.

    path:       the file, "-" for standard input
    arithmetic: "auto": as the numbers are written; "float" or "rational": converted
    normalize:  whether rows of probabilities are divided by their sums, as by `policies.normalize`
    raises:     InvalidMDPError naming file, line, place and cure of each problem, up to twenty;
                MemoryGuardError for a model that would not fit into memory;
                ExactnessError for an unknown arithmetic

    >>> load("mdps/rover.mdp.json").policies["lazy"].tolist()[0]
    [Fraction(0, 1), Fraction(1, 1), Fraction(0, 1)]
    """
    source = "<stdin>" if os.fspath(path) == "-" else str(path)
    value, text = parse(fetch(path, source), source)
    return from_document(value, arithmetic, source, text, normalize)


@renamed_arguments(lane="arithmetic")
@public
def read(path: str | os.PathLike[str], arithmetic: str = "auto", normalize: bool = False) -> MDP:
    """Return the model of a `*.mdp.json` file.

    path:       the file, "-" for standard input
    arithmetic: "auto": as the numbers are written; "float" or "rational": converted
    normalize:  whether rows of probabilities are divided by their sums
    raises:     InvalidMDPError naming file, line, place and cure of each problem, up to twenty;
                MemoryGuardError, ExactnessError as `load`

    >>> read("mdps/rover.mdp.json").state_names
    ('full', 'weak')
    """
    return load(path, arithmetic, normalize).mdp


@renamed_arguments(lane="arithmetic")
@public
def from_document(
    document: object,
    arithmetic: str = "auto",
    source: str = "document",
    text: str = "",
    normalize: bool = False,
) -> Document:
    """Return the contents of a document that is a dict already, with every check of a file.

    document:   what `json.loads` makes of a file, or `to_document` of a model
    arithmetic, normalize: as in `load`
    source:     the name of the document in messages
    text:       the text that it was read from, where messages look up line numbers
    raises:     InvalidMDPError naming the place and the cure of each problem, up to twenty;
                MemoryGuardError, ExactnessError as `load`

    >>> from_document({
    ...     "format": "tabular-trpo-mdp", "version": 1, "gamma": "1/2", "states": ["s"],
    ...     "actions": ["a"], "rho0": {"s": "1"}, "transitions": [["s", "a", "s", "1", "2/3"]],
    ... }).mdp.r
    array([[Fraction(2, 3)]], dtype=object)
    """
    if arithmetic not in ARITHMETICS:
        got, expected = f"= {arithmetic!r}", f"one of {', '.join(ARITHMETICS)}"
        raise ExactnessError.of("lane", "arithmetic", got, expected)
    try:
        return _read(document, arithmetic, source, normalize)
    except TabularError as error:
        raise in_file(error, source, text) from None


def _read(given: object, arithmetic: str, source: str, normalize: bool) -> Document:
    report = Report()
    document = check_header(report, given)
    states, actions = (read_names(report, document, key) for key in ("states", "actions"))
    quoted = not any_bare(document)
    # A float document is read in floats: its rational reading is the `to_rational` of the model.
    scope = Scope(report, states, actions, quoted and arithmetic != "float", quoted)
    mdp, mask = read_model(scope, document, normalize)
    block = document.get("policies", {})
    read = list(read_policies(scope, block, mask, normalize))
    named = block if isinstance(block, dict) else ()
    expected = read_expected(report, document.get("expected", {}), states, actions, named)
    report.close()
    assert mdp is not None, "what keeps a model from being built is in the report"
    exact = scope.rational
    policies = {name: frozen(pi if exact else on_grid(pi)) for name, pi, _ in read}
    off = {name: off for name, _, off in read if normalize}
    if arithmetic == "rational" and not exact:
        mdp = mdp.to_rational()
        policies = {name: policy.to_rational(pi) for name, pi in policies.items()}
    why = document.get("why", "")
    assert isinstance(why, str), "check_header reports other values"
    proxies = (MappingProxyType(policies), why, MappingProxyType(expected))
    return Document(mdp, *proxies, source, MappingProxyType(off))
