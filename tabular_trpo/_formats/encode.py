"""From a model to a document: every number exact, so that reading it back gives the same model."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, LimitError, Problem, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest, written
from tabular_trpo._core.numbers import MAX_INPUT_DIGITS, Array
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.expected import read_expected
from tabular_trpo._formats.header import check_text, name_fault
from tabular_trpo._formats.limits import FORMAT, VERSION
from tabular_trpo._formats.numbers import size_fault
from tabular_trpo._formats.problems import in_file

LINES = {"transitions": 1, "policies": 2, "expected": 1}  # levels of which each member has a line
TOO_LONG = 10**MAX_INPUT_DIGITS
SHORTER = "Write the float model, mdp.to_float(), or a policy of shorter fractions"

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@public
def to_document(
    mdp: MDP,
    policies: Mapping[str, Any] | None = None,
    why: str = "",
    expected: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the `tabular-trpo-mdp` document of a model, ready for `json.dumps`.

    Rational numbers become strings "p/q", doubles bare numbers, whose repr is read back bit for
    bit; a float model as exact strings is the document of its `to_rational()`.

    policies: {name: (S, A)} in the arithmetic of the model
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
    for key in ("why", "policies", "expected"):
        if not document[key]:
            del document[key]
    return document


def _texts(row: Iterable[Any]) -> list[str | float]:
    """Write the numbers of one row, refusing what could not be read back."""
    values = [x if isinstance(x, Fraction) else nearest(x) for x in row]
    exact = [x for x in values if isinstance(x, Fraction)]
    if any(max(abs(x.numerator), x.denominator) >= TOO_LONG for x in exact):
        got, most = "is too long for a file", f"at most {MAX_INPUT_DIGITS} digits above and below"
        raise LimitError(Problem("number_size", "a number of the model", got, most, SHORTER))
    if (wrong := size_fault(exact)) is not None:
        raise LimitError(replace(wrong, where="a number of the model", cure=SHORTER))
    return [written(x) if isinstance(x, Fraction) else x for x in values]


def _row(row: Array, names: Sequence[str]) -> dict[str, str | float]:
    live = np.flatnonzero(row != 0)
    return dict(zip([names[i] for i in live.tolist()], _texts(row[live]), strict=True))


def _policy(mdp: MDP, pi: Any, name: str) -> dict[str, dict[str, str | float]]:
    rows = check_policy(mdp, pi, name)
    return {s: _row(rows[i], mdp.action_names) for i, s in enumerate(mdp.state_names)}


def _transitions(mdp: MDP) -> list[list[str | float]]:
    s, a, t, p, r = _sparse_entries(mdp) if mdp.is_sparse else _dense_entries(mdp)
    if mdp.arithmetic == "rational":
        starts = np.flatnonzero(np.diff(s * mdp.n_actions + a, prepend=-1))
        p, r = (
            [x for row in np.split(column, starts[1:]) for x in _texts(row)] for column in (p, r)
        )
    else:
        p, r = p.tolist(), r.tolist()
    states, actions = mdp.state_names, mdp.action_names
    indices = zip(s.tolist(), a.tolist(), t.tolist(), p, r, strict=True)
    return [[states[i], actions[j], states[k], x, y] for i, j, k, x, y in indices]


def _dense_entries(mdp: MDP) -> tuple[Array, Array, Array, Any, Any]:
    live = mdp.P != 0
    if mdp.r_next is not None:
        # The reward of an impossible transition is written too: nothing given is lost.
        live |= (mdp.r_next != 0) & mdp.mask[..., None]
    s, a, t = np.nonzero(live)
    return s, a, t, mdp.P[s, a, t], mdp.r[s, a] if mdp.r_next is None else mdp.r_next[s, a, t]


def _sparse_entries(mdp: MDP) -> tuple[Array, Array, Array, Any, Any]:
    keys, p = _keys(mdp.P)
    if mdp.r_next is None:
        s, a, t = np.unravel_index(keys, (*mdp.r.shape, mdp.n_states))
        return s, a, t, p, mdp.r[s, a]
    reward_keys, rewards = _keys(mdp.r_next)
    allowed = mdp.mask.ravel()[reward_keys // mdp.n_states]
    reward_keys, rewards = reward_keys[allowed], rewards[allowed]
    both = np.union1d(keys, reward_keys)
    columns = np.zeros((2, len(both)))
    columns[0, np.searchsorted(both, keys)] = p
    columns[1, np.searchsorted(both, reward_keys)] = rewards
    s, a, t = np.unravel_index(both, (*mdp.r.shape, mdp.n_states))
    return s, a, t, columns[0], columns[1]


def _keys(matrix: Any) -> tuple[Array, Array]:
    """Return the places of the entries of a CSR array, row after row, and the entries."""
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    keys = rows * matrix.shape[1] + matrix.indices
    order = np.argsort(keys, kind="stable")
    return keys[order], matrix.data[order]


def _plain(value: Any) -> Any:
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
def dumps(document: Mapping[str, Any]) -> str:
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


def _lines(value: Any, levels: int, indent: str) -> str:
    """Write a value with its members on lines of their own, down to so many levels."""
    inner = indent + "  "
    if not levels or not value:
        return encode(value)
    if isinstance(value, dict):
        members = (f"{inner}{encode(k)}: {_lines(x, levels - 1, inner)}" for k, x in value.items())
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _lines(x, levels - 1, inner) for x in value) + f"\n{indent}]"
