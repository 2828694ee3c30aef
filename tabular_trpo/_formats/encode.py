"""Writing a model as a document and as text: reading it back gives the same numbers."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.errors import InvalidMDPError, LimitError, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest, written
from tabular_trpo._core.numbers import MAX_INPUT_DIGITS, Array, Scalar
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.atomic_write import unwritable, write_atomically
from tabular_trpo._formats.expected import read_expected
from tabular_trpo._formats.header import check_text, name_fault
from tabular_trpo._formats.limits import FORMAT, MOST_BYTES, VERSION
from tabular_trpo._formats.numbers import size_fault
from tabular_trpo._formats.problems import in_file

LINES = {"transitions": 1, "policies": 2, "expected": 1}  # levels of which each member has a line
TOO_LONG = 10**MAX_INPUT_DIGITS
SHORTER = "Write the float model, mdp.to_float(), or a policy of shorter fractions"

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@public
def to_document(
    mdp: MDP,
    policies: Mapping[str, object] | None = None,
    why: str = "",
    expected: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Return the document of a model that a `*.mdp.json` file holds, ready for `json.dumps`.

    Rational numbers become strings "p/q"; doubles become bare numbers, whose repr is read back bit
    for bit.  For a float model in exact strings take the document of its `to_rational()`.

    policies: {name: (S, A)} in the arithmetic of the model
    why:      a text: what the model is for
    expected: {name: value}, see docs/formats.md; Fractions become strings
    raises:   InvalidMDPError for a batch, a name or a policy that no file can hold;
              LimitError for a number longer than files may hold

    >>> to_document(MDP([[["1"]]], [["2/3"]], ["1"], "1/2"))["transitions"]
    [['0', '0', '0', '1', '2/3']]
    """
    if mdp.batch_shape:
        got, cure = f"is a batch of shape {mdp.batch_shape}", "Write one model at a time: mdp[i]"
        raise invalid("batch", "mdp", got, "a single model", cure)
    policies = {} if policies is None else policies
    plain = _plain(dict(expected or {}))
    report = Report()
    for i, name in enumerate(policies):
        if (wrong := name_fault(name)) is not None:
            report.note(wrong, ("policies", i))
    check_text(report, why, ("why",))
    states, actions = (
        {name: i for i, name in enumerate(names)} for names in (mdp.state_names, mdp.action_names)
    )
    read_expected(report, plain, states, actions, policies)
    if report.problems:
        raise in_file(InvalidMDPError(report.problems, report.hidden), "document")
    document = {
        "format": FORMAT,
        "version": VERSION,
        "why": why,
        "gamma": _texts([mdp.gamma])[0],
        "states": list(states),
        "actions": list(actions),
        "rho0": _row(mdp.rho0, mdp.state_names),
        "transitions": _transitions(mdp),
        "policies": {
            name: _policy(mdp, pi, f"policies[{name!r}]") for name, pi in policies.items()
        },
        "expected": plain,
    }
    optional = ("why", "policies", "expected")
    return {key: value for key, value in document.items() if value or key not in optional}


def _texts(row: Iterable[Scalar]) -> list[str | float]:
    """Write the numbers of one row, refusing what could not be read back."""
    values = [x if isinstance(x, Fraction) else nearest(x) for x in row]
    exact = [x for x in values if isinstance(x, Fraction)]
    if any(max(abs(x.numerator), x.denominator) >= TOO_LONG for x in exact):
        got, most = "is too long for a file", f"at most {MAX_INPUT_DIGITS} digits above and below"
        raise LimitError.of("number_size", "a number of the model", got, most, SHORTER)
    if (wrong := size_fault(exact)) is not None:
        raise LimitError(replace(wrong, where="a number of the model", cure=SHORTER))
    return [written(x) if isinstance(x, Fraction) else x for x in values]


def _row(row: Array, names: Sequence[str]) -> dict[str, str | float]:
    live = np.flatnonzero(row != 0)
    return dict(zip([names[i] for i in live.tolist()], _texts(row[live]), strict=True))


def _policy(mdp: MDP, pi: object, name: str) -> dict[str, dict[str, str | float]]:
    rows = check_policy(mdp, pi, name)
    return {s: _row(rows[i], mdp.action_names) for i, s in enumerate(mdp.state_names)}


def _transitions(mdp: MDP) -> list[list[str | float]]:
    """Return the rows [s, a, s', probability, reward] of a document."""
    s, a, t, p, r = entries(mdp)
    if mdp.arithmetic == "rational":
        starts = np.flatnonzero(np.diff(s * mdp.n_actions + a, prepend=-1))
        columns = [[x for row in np.split(y, starts[1:]) for x in _texts(row)] for y in (p, r)]
    else:
        columns = [p.tolist(), r.tolist()]
    states, actions = mdp.state_names, mdp.action_names
    rows = zip(s.tolist(), a.tolist(), t.tolist(), *columns, strict=True)
    return [[states[i], actions[j], states[k], x, y] for i, j, k, x, y in rows]


def entries(mdp: MDP) -> tuple[Array, Array, Array, Array, Array]:
    """Return the columns s, a, s', probability and reward, in the order of s, a, s'.

    A reward r(s, a, s') of an impossible transition is listed too, with probability 0.
    """
    if isinstance(mdp.P, np.ndarray):
        listed = mdp.P != 0
        if mdp.r_next is not None:
            listed |= (mdp.r_next != 0) & mdp.mask[..., None]
        s, a, t = np.nonzero(listed)
        return s, a, t, mdp.P[s, a, t], (mdp.r[s, a] if mdp.r_next is None else mdp.r_next[s, a, t])
    keys, p = _keys(mdp.P)
    rewards, r = (keys[:0], p[:0]) if mdp.r_next is None else _keys(mdp.r_next)
    allowed = mdp.mask.ravel()[rewards // mdp.n_states]
    both = np.union1d(keys, rewards[allowed])
    columns = np.zeros((2, len(both)))
    columns[0, np.searchsorted(both, keys)] = p
    columns[1, np.searchsorted(both, rewards[allowed])] = r[allowed]
    s, a, t = np.unravel_index(both, (*mdp.r.shape, mdp.n_states))
    return s, a, t, columns[0], mdp.r[s, a] if mdp.r_next is None else columns[1]


def _keys(matrix: sp.csr_array) -> tuple[Array, Array]:
    """Return the places of the entries of a CSR array, row after row, and the entries."""
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    keys = rows * matrix.shape[1] + matrix.indices
    order = np.argsort(keys, kind="stable")
    return keys[order], matrix.data[order]


def _plain(value: object) -> object:
    """Write the numbers of the block "expected": exact ones as strings."""
    match value:
        case Mapping():
            return {key: _plain(x) for key, x in value.items()}
        case list() | tuple():
            return [_plain(x) for x in value]
        case bool() | str():
            return value
        case Rational():
            return _texts([Fraction(value)])[0]
        case Real():
            return nearest(value)
    return value


@public
def dumps(document: Mapping[str, object]) -> str:
    """Return a document as JSON text with a line for each transition and each row of a policy.

    >>> print(dumps({"version": 1, "transitions": [["s", "a", "s", "1", "0"]]}), end="")
    {
      "version": 1,
      "transitions": [
        ["s", "a", "s", "1", "0"]
      ]
    }
    """
    members = (
        f"  {encode(key)}: {_lines(x, LINES.get(key, 0), '  ')}" for key, x in document.items()
    )
    return "{\n" + ",\n".join(members) + "\n}\n"


def _lines(value: object, levels: int, indent: str) -> str:
    """Write a value with its members on lines of their own, down to so many levels."""
    inner = indent + "  "
    if levels and value and isinstance(value, dict):
        members = (f"{inner}{encode(k)}: {_lines(x, levels - 1, inner)}" for k, x in value.items())
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if levels and value and isinstance(value, list | tuple):
        members = (inner + _lines(x, levels - 1, inner) for x in value)
        return "[\n" + ",\n".join(members) + f"\n{indent}]"
    return encode(value)


@public
def write(
    mdp: MDP,
    path: str | os.PathLike[str],
    policies: Mapping[str, object] | None = None,
    why: str = "",
    expected: Mapping[str, object] | None = None,
) -> None:
    """Write a model to a `*.mdp.json` file from which `read` makes an equal one.

    An existing file is replaced in one step once the new one is complete; when anything fails it
    stays as it was.

    policies: {name: (S, A)} in the arithmetic of the model
    why:      a text: what the model is for
    expected: {name: value}, see docs/formats.md
    raises:   InvalidMDPError where the file cannot be written, for a batch, and for a name or a
              policy that no file can hold; LimitError for a longer number or a larger file than
              `read` accepts

    >>> import tempfile
    >>> from tabular_trpo.formats import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(MDP([[["1"]]], [["2/3"]], ["1"], "1/2"), f"{folder}/one.mdp.json")
    ...     read(f"{folder}/one.mdp.json").r
    array([[Fraction(2, 3)]], dtype=object)
    """
    data = dumps(to_document(mdp, policies, why, expected)).encode("utf-8")
    if len(data) > MOST_BYTES:
        got = f"would have {len(data):,} bytes"
        raise LimitError.of("file_size", str(path), got, f"at most {MOST_BYTES:,}")
    if os.fspath(path) == "-":
        raise unwritable(path, ValueError("only reading takes -"), "Name a file")
    write_atomically(path, data)
