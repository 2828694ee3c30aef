"""From what a user gives (lists, arrays, CSR, strings) to the arrays of an `MDP`, checked once."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo.core import validate
from tabular_trpo.core.csr import frozen_csr, read_csr
from tabular_trpo.core.errors import InvalidMDPError, Problem
from tabular_trpo.core.grid import below_grid, snap, snap_rows
from tabular_trpo.core.lanes import settle
from tabular_trpo.core.linalg.rational import Rows
from tabular_trpo.core.memory import guard
from tabular_trpo.core.nearest import nearest
from tabular_trpo.core.numbers import Array, frozen, is_rational, is_sparse, read_array


@final
@dataclass(frozen=True, slots=True)
class Parts:
    """The checked arrays of a model; the fields of `MDP` that are computed."""

    P: Any
    r: Array
    rho0: Array
    gamma: Any
    r_next: Any
    repair: float
    rows: Rows | None
    below: Array | None  # mass of each float row below the grid (see `grid`); None: no such row


def shape_error(name: str, got: tuple[int, ...], expected: str) -> InvalidMDPError:
    """Return the error for an array of the wrong shape."""
    return InvalidMDPError(Problem("shape", name, f"has shape {got}", expected))


def fit(one: tuple[int, ...], other: tuple[int, ...], tail: int) -> bool:
    """Tell whether arrays go together: the last `tail` axes equal, those before them broadcast.

    >>> fit((7, 2, 3), (2, 3), 2), fit((2, 1), (2, 3), 1)
    (True, False)
    """
    try:
        np.broadcast_shapes(one[:-tail], other[:-tail])
    except ValueError:
        return False
    return one[-tail:] == other[-tail:]


def normalise(P: Any, r: Any, rho0: Any, gamma: Any, allowed: Any) -> tuple[Parts, Array | None]:
    """Read, validate and repair the arrays of a model.

    return: the parts and the mask `allowed`, (S, A) bool or None
    raises: InvalidMDPError with every problem found, up to twenty
    """
    P, r, rho0, gamma = _read_all(P, r, rho0, gamma)
    n_states, n_actions, batch = _sizes(P)
    mask = _mask(allowed, n_states, n_actions)
    full = np.ones((n_states, n_actions), dtype=bool) if mask is None else mask
    r = _reward(r, batch, n_states, n_actions, is_sparse(P))
    rho0 = _broadcast("rho0", rho0, batch, (n_states,), "(S,)")
    gamma = _broadcast("gamma", gamma, batch, (), "a scalar")
    rows = None if is_sparse(P) or not is_rational(P) else Rows(P)
    report = validate.Report()
    report.problems += list(validate.discount(gamma))
    validate.transitions(report, P, full, _sums(P, rows, full.shape))
    letters = "s a s'".split()[: r.ndim - len(batch)]
    if is_sparse(r):
        validate.finite(report, "r.data", r.data, "i")
    else:
        validate.finite(report, "r", r, " ".join(letters))
    validate.finite(report, "rho0", rho0, "s")
    validate.nonnegative(report, "rho0", rho0, "s")
    if not report.problems:
        validate.row_sums(report, "rho0", validate.totals(rho0), "", lambda i: rho0[i])
        report.add(
            np.asarray(~full.any(axis=1)),
            lambda i: Problem(
                "no_action", f"the state s={i[0]}", "has no allowed action", "one at least"
            ),
        )
    report.close()
    parts = (
        _exact_parts(P, r, rho0, gamma, rows, full)
        if rows is not None
        else _float_parts(P, r, rho0, gamma, full)
    )
    return parts, mask


def _read_all(P: Any, r: Any, rho0: Any, gamma: Any) -> Iterable[Any]:
    given = {"P": P, "r": r, "rho0": rho0, "gamma": gamma}
    kinds: dict[str, str] = {}
    arrays: dict[str, Any] = {}
    for name, value in given.items():
        if not is_sparse(value):
            kinds[name], arrays[name] = read_array(name, value)
        elif name in ("P", "r"):
            kinds[name], arrays[name] = "float", read_csr(name, value)
        else:
            raise InvalidMDPError(Problem("type", name, "is a sparse array", "a dense one"))
    return settle(kinds, arrays, unsigned=("P", "rho0")).values()


def _sizes(P: Any) -> tuple[int, int, tuple[int, ...]]:
    if is_sparse(P):
        rows, n_states = P.shape
        if n_states == 0 or rows == 0 or rows % n_states:
            raise shape_error("P", P.shape, "(S*A, S): rows s*A + a")
        return n_states, rows // n_states, ()
    if P.ndim < 3 or P.shape[-1] != P.shape[-3] or 0 in P.shape:
        raise shape_error("P", P.shape, "(..., S, A, S)")
    if is_rational(P) and P.ndim > 3:
        raise shape_error("P", P.shape, "(S, A, S): the rational lane takes one model at a time")
    return P.shape[-3], P.shape[-2], P.shape[:-3]


def _mask(allowed: Any, n_states: int, n_actions: int) -> Array | None:
    if allowed is None:
        return None
    try:
        mask = np.asarray(allowed)
    except Exception:  # ragged lists, and objects that are no array
        mask = np.empty(0, dtype=object)
    if mask.dtype != bool or mask.shape != (n_states, n_actions):
        got = f"is {mask.dtype} of shape {mask.shape}"
        raise InvalidMDPError(
            Problem("shape", "allowed", got, f"bool of shape {(n_states, n_actions)}")
        )
    return None if mask.all() else frozen(mask.copy())


def _reward(r: Any, batch: tuple[int, ...], n_states: int, n_actions: int, sparse: bool) -> Any:
    """Give r its (..., S, A) or (..., S, A, S) form; r(s) is spread over the actions.

    With every batch axis, (..., S, A) is the form in which a model keeps r, and is read as such;
    any other shape whose two readings are different rewards is refused.
    """
    if is_sparse(r):
        if not sparse or r.shape != (n_states * n_actions, n_states):
            expected = f"({n_states * n_actions}, {n_states}) like P" if sparse else "dense like P"
            raise shape_error("the sparse r", r.shape, expected)
        return r
    forms = {"S": (n_states,), "S, A": (n_states, n_actions)}
    if not sparse:  # r(s, a, s') beside a sparse P must be sparse too
        forms["S, A, S"] = (n_states, n_actions, n_states)
    pair = batch + forms["S, A"]
    readings = {}
    for lead, axes in {batch: "batch, ", (): ""}.items():
        for letters, form in forms.items():
            if r.shape == lead + form:
                spread, end = (r[..., None], pair) if letters == "S" else (r, batch + form)
                readings[(axes if batch else "") + letters] = np.broadcast_to(spread, end)
    if not readings:
        expected = ", ".join(str(batch + form) for form in forms.values())
        raise shape_error("r", r.shape, f"one of {expected}")
    first, *others = readings.values()
    if r.shape != pair and not all(np.array_equal(first, x) for x in others):
        got = f"has shape {r.shape}, which fits {' and '.join(f'({x})' for x in readings)}"
        cure = f"Give it with every axis, (batch, S, A) = {pair}"
        raise InvalidMDPError(Problem("shape", "r", got, "one meaning", cure))
    return readings.get("batch, S, A", first).copy()


def _broadcast(
    name: str, value: Array, batch: tuple[int, ...], tail: tuple[int, ...], form: str
) -> Any:
    if value.shape not in (tail, batch + tail):
        expected = f"{form} = {tail}, or {batch + tail}" if batch else f"{form} = {tail}"
        raise shape_error(name, value.shape, expected)
    out = np.broadcast_to(value, batch + tail).copy()
    return out if out.ndim else out[()]


def _sums(P: Any, rows: Rows | None, shape: tuple[int, ...]) -> Array:
    if rows is not None:
        totals = [
            Fraction(int(sum(row)), int(den))
            for row, den in zip(rows.num.tolist(), rows.den, strict=True)
        ]
        out = np.empty(len(totals), dtype=object)
        out[:] = totals
        return out.reshape(shape)
    sums = validate.totals(P)
    return sums.reshape(shape) if is_sparse(P) else sums


def _exact_parts(
    P: Array, r: Array, rho0: Array, gamma: Fraction, rows: Rows, mask: Array
) -> Parts:
    r_next = None
    if r.ndim == 3:
        r_next, r = frozen(r), (P * r).sum(axis=-1)
    r[~mask] = Fraction(0)
    return Parts(frozen(P), frozen(r), frozen(rho0), gamma, r_next, 0.0, rows, None)


def _float_parts(P: Any, r: Any, rho0: Array, gamma: Any, mask: Array) -> Parts:
    if is_sparse(P):
        data, change = snap(P.data, P.indptr)
        P = frozen_csr(P, data)
        below = np.add.reduceat(
            np.append(below_grid(data[:, None]), 0.0), np.minimum(P.indptr[:-1], P.nnz)
        )
        below = np.where(np.diff(P.indptr) > 0, below, 0.0).reshape(mask.shape)
    else:
        P, change = snap_rows(P)
        frozen(P)
        below = below_grid(P)
    rho0, moved = snap_rows(rho0)
    r_next = None
    if is_sparse(r):
        r_next, r = r, np.asarray((P * r).sum(axis=-1)).reshape(mask.shape)
    elif r.ndim == P.ndim and not is_sparse(P):
        r_next, r = frozen(r), (P * r).sum(axis=-1)
    r = np.where(mask, r, 0.0)
    gamma = nearest(gamma) if np.ndim(gamma) == 0 else frozen(gamma)
    slack = frozen(below) if below.any() else None
    return Parts(P, frozen(r), frozen(rho0), gamma, r_next, max(change, moved), None, slack)


def guard_dense(n_states: int, n_actions: int, rational: bool) -> None:
    """Refuse a dense (S, A, S) array that would not fit; a rational entry counts 16 bytes."""
    cure = "Use the float lane with a CSR array of shape (S*A, S)"
    what = f"P of shape ({n_states}, {n_actions}, {n_states})"
    guard(n_states * n_actions * n_states * (16 if rational else 8), what, cure)
