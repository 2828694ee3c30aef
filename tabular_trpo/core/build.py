"""From what a user gives (lists, arrays, CSR, strings) to the arrays of an `MDP`, checked once."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo.core import validate
from tabular_trpo.core.errors import InvalidMDPError, LaneError, Problem
from tabular_trpo.core.grid import below_grid, snap, snap_rows
from tabular_trpo.core.linalg.rational import Rows
from tabular_trpo.core.memory import guard
from tabular_trpo.core.numbers import (
    Array,
    fractions,
    frozen,
    is_rational,
    is_sparse,
    mixed,
    read_array,
)

MIXED_SPARSE = "a dense array: exact numbers come with rational models, which are dense"


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


def normalise(P: Any, r: Any, rho0: Any, gamma: Any, allowed: Any) -> tuple[Parts, Array | None]:
    """Read, validate and repair the arrays of a model.

    return: the parts and the mask `allowed`, (S, A) bool or None
    raises: InvalidMDPError with every problem found, up to twenty
    """
    lane, arrays = _read_all(P, r, rho0, gamma)
    P, r, rho0, gamma = arrays
    n_states, n_actions, batch = _sizes(P)
    mask = _mask(allowed, n_states, n_actions)
    full = np.ones((n_states, n_actions), dtype=bool) if mask is None else mask
    r = _reward(r, batch, n_states, n_actions, is_sparse(P))
    rho0 = _broadcast("rho0", rho0, batch, (n_states,), "(S,)")
    gamma = _broadcast("gamma", gamma, batch, (), "a scalar")
    rows = Rows(P) if lane == "exact" else None
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
        validate.row_sums(report, "rho0", np.asarray(rho0.sum(axis=-1)), "", lambda i: rho0[i])
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


def _read_all(P: Any, r: Any, rho0: Any, gamma: Any) -> tuple[str, list[Any]]:
    given = {"P": P, "r": r, "rho0": rho0, "gamma": gamma}
    kinds: dict[str, str] = {}
    arrays: dict[str, Any] = {}
    for name, value in given.items():
        if is_sparse(value):
            if name not in ("P", "r"):
                raise InvalidMDPError(Problem("type", name, "is a sparse array", "a dense one"))
            kinds[name], arrays[name] = "float", _read_csr(name, value)
        else:
            kinds[name], arrays[name] = read_array(name, value)
    if "exact" not in kinds.values():
        return "float", list(arrays.values())
    for name, kind in kinds.items():
        if kind == "float":
            if is_sparse(arrays[name]):
                raise InvalidMDPError(
                    Problem("mixed_lanes", name, "is a sparse array of floats", MIXED_SPARSE)
                )
            raise mixed(name, float(arrays[name].flat[0]))
    return "exact", [fractions(name, array) for name, array in arrays.items()]


def _read_csr(name: str, value: Any) -> Any:
    if value.dtype.kind not in "fiu":
        raise InvalidMDPError(
            Problem("type", name, f"holds {value.dtype}", "a CSR array of floats")
        )
    matrix = sp.csr_array(value, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return _frozen_csr(matrix, matrix.data)


def _frozen_csr(like: Any, data: Array) -> Any:
    """Return read-only CSR with the places of `like` and other data."""
    out: Any = sp.csr_array((data, like.indices, like.indptr), shape=like.shape)
    for part in (out.data, out.indices, out.indptr):
        frozen(part)
    return out


def _sizes(P: Any) -> tuple[int, int, tuple[int, ...]]:
    if is_sparse(P):
        rows, n_states = P.shape
        if n_states == 0 or rows == 0 or rows % n_states:
            raise shape_error("P", P.shape, "(S*A, S): rows s*A + a")
        return n_states, rows // n_states, ()
    if P.ndim < 3 or P.shape[-1] != P.shape[-3] or 0 in P.shape:
        raise shape_error("P", P.shape, "(..., S, A, S)")
    return P.shape[-3], P.shape[-2], P.shape[:-3]


def _mask(allowed: Any, n_states: int, n_actions: int) -> Array | None:
    if allowed is None:
        return None
    mask = np.asarray(allowed)
    if mask.dtype != bool or mask.shape != (n_states, n_actions):
        got = f"is {mask.dtype} of shape {mask.shape}"
        raise InvalidMDPError(
            Problem("shape", "allowed", got, f"bool of shape {(n_states, n_actions)}")
        )
    return None if mask.all() else frozen(mask.copy())


def _reward(r: Any, batch: tuple[int, ...], n_states: int, n_actions: int, sparse: bool) -> Any:
    """Give r its (..., S, A) or (..., S, A, S) form; r(s) is spread over the actions.

    A shape that can be read in two ways is read with its batch axes.
    """
    if is_sparse(r):
        if not sparse or r.shape != (n_states * n_actions, n_states):
            expected = f"({n_states * n_actions}, {n_states}) like P" if sparse else "dense like P"
            raise shape_error("the sparse r", r.shape, expected)
        return r
    forms = [(n_states,), (n_states, n_actions), (n_states, n_actions, n_states)]
    if sparse:
        del forms[2]  # r(s, a, s') beside a sparse P must be sparse too
    for lead in dict.fromkeys([batch, ()]):
        for form in forms:
            if r.shape == lead + form:
                out = r[..., None] if form == forms[0] else r
                tail = forms[1] if form == forms[0] else form
                return np.broadcast_to(out, batch + tail).copy()
    raise shape_error("r", r.shape, f"one of {', '.join(str(batch + form) for form in forms)}")


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
    with np.errstate(invalid="ignore", over="ignore"):
        sums = P.sum(axis=-1)
    return np.asarray(sums).reshape(shape) if is_sparse(P) else np.asarray(sums)


def _exact_parts(
    P: Array, r: Array, rho0: Array, gamma: Fraction, rows: Rows, mask: Array
) -> Parts:
    if P.ndim > 3:
        raise shape_error("P", P.shape, "(S, A, S): the rational lane takes one model at a time")
    r_next = None
    if r.ndim == 3:
        r_next, r = frozen(r), (P * r).sum(axis=-1)
    r[~mask] = Fraction(0)
    return Parts(frozen(P), frozen(r), frozen(rho0), gamma, r_next, 0.0, rows, None)


def _float_parts(P: Any, r: Any, rho0: Array, gamma: Any, mask: Array) -> Parts:
    if is_sparse(P):
        data, change = snap(P.data, P.indptr)
        P = _frozen_csr(P, data)
        below = np.add.reduceat(
            np.append(below_grid(data[:, None]), 0.0), np.minimum(P.indptr[:-1], P.nnz)
        )
        below = np.where(np.diff(P.indptr) > 0, below, 0.0).reshape(mask.shape)
    else:
        P, change = snap_rows(P + 0.0)  # + 0.0 turns -0.0 into 0.0
        frozen(P)
        below = below_grid(P)
    rho0, moved = snap_rows(rho0 + 0.0)
    r_next = None
    if is_sparse(r):
        r_next, r = r, np.asarray((P * r).sum(axis=-1)).reshape(mask.shape)
    elif r.ndim == P.ndim and not is_sparse(P):
        r_next, r = frozen(r), (P * r).sum(axis=-1)
    r = np.where(mask, r, 0.0)
    gamma = float(gamma) if np.ndim(gamma) == 0 else frozen(gamma)
    slack = frozen(below) if below.any() else None
    return Parts(P, frozen(r), frozen(rho0), gamma, r_next, max(change, moved), None, slack)


def guard_dense(n_states: int, n_actions: int, rational: bool) -> None:
    """Refuse a dense (S, A, S) array that would not fit; a rational entry counts 16 bytes."""
    cure = "Use the float lane with a CSR array of shape (S*A, S)"
    what = f"P of shape ({n_states}, {n_actions}, {n_states})"
    guard(n_states * n_actions * n_states * (16 if rational else 8), what, cure)


def same_lane(name: str, array: Array, rational: bool) -> None:
    """Raise LaneError unless `array` is in the lane asked for."""
    if is_rational(array) != rational:
        lanes = ("rational", "float") if rational else ("float", "rational")
        cure = "Cross by to_float() or to_rational()"
        raise LaneError(
            Problem("lane", name, f"is in the {lanes[1]} lane", f"the {lanes[0]} lane", cure)
        )


def in_lane(name: str, value: Any, rational: bool) -> Array:
    """Read an array in the lane asked for; whole numbers fit both.

    raises: InvalidMDPError, LaneError
    """
    kind, array = read_array(name, value)
    if kind == "exact" or (rational and kind == "int"):
        array = fractions(name, array)
    same_lane(name, array, rational)
    return array
