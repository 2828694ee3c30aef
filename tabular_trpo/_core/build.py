"""From what a user gives (lists, arrays, CSR, strings) to the arrays of an `MDP`, checked once."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, final

import numpy as np

from tabular_trpo._core import array_input, axes, validate
from tabular_trpo._core.arithmetic import common_arithmetic
from tabular_trpo._core.csr import frozen_csr, read_csr
from tabular_trpo._core.errors import Problem, invalid
from tabular_trpo._core.grid import below_grid, snap, snap_rows
from tabular_trpo._core.linalg.rational import RationalMatrix
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.normalize import normalized
from tabular_trpo._core.numbers import Array, frozen, is_rational, is_sparse, read_array
from tabular_trpo._core.records import locked
from tabular_trpo._core.rewards import shape_rewards, split_rewards
from tabular_trpo._core.shapes import model_sizes, repeat_for_batch, shape_error


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The checked arrays of a model; the fields of `MDP` that are computed."""

    P: Any
    r: Array
    rho0: Array
    gamma: Any
    allowed: Array | None
    r_next: Any
    repair: float
    normalized: float
    rows: RationalMatrix | None
    below: Array | None  # mass of each float row below the grid (see `grid`); None: no such row


@final
class _Read(NamedTuple):
    """Arrays in one arithmetic and of the right shapes, their values not yet checked."""

    P: Any
    r: Any
    rho0: Any
    gamma: Any
    r_next: Any
    mask: Array
    array: str  # how an error writes an array with the numbers of P
    near: Mapping[str, float]  # by how much rows may miss 1


def build_arrays(
    given: Mapping[str, Any], state_names: Any, action_names: Any, normalize: bool
) -> Parts:
    """Read, validate and repair the arrays of a model.

    given:     P, r, rho0, gamma, allowed, r_next as a user gave them
    normalize: whether rows of P and rho0 are divided by their sums
    raises:    InvalidMDPError with every problem found, up to twenty
    """
    x = _read(given, state_names, action_names)
    P, rho0 = x.P, x.rho0
    rows = None if is_sparse(P) or not is_rational(P) else RationalMatrix.of(P)
    sums = _sums(P, rows, x.mask.shape)
    live = x.mask if given["allowed"] is not None else None
    axes.check(P, live, sums, x.array)
    off = 0.0
    if normalize:
        (P, one), (rho0, two) = normalized(P), normalized(rho0)
        off = max(one, two)
        rows = None if rows is None else RationalMatrix.of(P)
        sums = _sums(P, rows, x.mask.shape)
    report = validate.Report()
    report.problems += list(validate.discount(x.gamma))
    validate.transitions(report, P, x.mask, sums, x.near["P"])
    for name, r in (("r", x.r), ("r_next", x.r_next)):
        if is_sparse(r):
            validate.finite(report, f"{name}.data", r.data, "i")
        elif r is not None:
            letters = "s a s'".split()[: r.ndim - rho0.ndim + 1]
            validate.finite(report, name, r, " ".join(letters))
    known = len(report.problems)
    validate.finite(report, "rho0", rho0, "s")
    validate.nonnegative(report, "rho0", rho0, "s")
    if len(report.problems) == known:
        totals = validate.totals(rho0)
        validate.row_sums(
            report, "rho0", totals, "", lambda i: rho0[i], x.near["rho0"], validate.NORMALIZE
        )
    report.add(
        np.asarray(~x.mask.any(axis=1)),
        lambda i: Problem(
            "no_action",
            f"the state s={i[0]}",
            "has no allowed action",
            "one at least",
            path=("states", i[0]),
        ),
    )
    report.close()
    checked = x._replace(P=P, rho0=rho0)
    return _exact_parts(checked, rows, off) if rows is not None else _float_parts(checked, off)


def _read(given: Mapping[str, Any], state_names: Any, action_names: Any) -> _Read:
    states, actions = ("state", state_names), ("action", action_names)
    triple = (states, actions, states)
    labels = {"P": triple, "r": triple, "rho0": (states,), "gamma": (), "r_next": triple}
    kinds: dict[str, str] = {}
    arrays: dict[str, Any] = {}
    near: dict[str, float] = {}
    for name, axis in labels.items():
        value = array_input.resolve_labels(name, given[name], axis)
        if value is None and name == "r_next":
            continue
        if not is_sparse(value):
            kinds[name], arrays[name] = read_array(name, value)
        elif name not in ("rho0", "gamma"):
            kinds[name], arrays[name] = "float", read_csr(name, value)
        else:
            raise invalid("type", name, "is a sparse array", "a dense one")
        near[name] = array_input.row_tolerance(value)
    found: dict[str, Any] = {"r_next": None} | common_arithmetic(
        kinds, arrays, unsigned=("P", "rho0")
    )
    P, r, rho0, gamma, r_next = (found[name] for name in labels)
    array = "P" if isinstance(given["P"], np.ndarray) or is_sparse(P) else "np.array(P)"
    n_states, n_actions, batch = model_sizes(P, array)
    allowed = array_input.resolve_labels("allowed", given["allowed"], (states, actions))
    mask = _mask(allowed, n_states, n_actions)
    sparse = is_sparse(P)
    r = shape_rewards(r, batch, n_states, n_actions, sparse)
    if r_next is not None:
        _same_shape(r_next, P, r, (*batch, n_states, n_actions))
    rho0 = repeat_for_batch("rho0", rho0, batch, (n_states,), "(S,)")
    gamma = repeat_for_batch("gamma", gamma, batch, (), "a scalar")
    return _Read(P, r, rho0, gamma, r_next, mask, array, near)


def _same_shape(r_next: Any, P: Any, r: Any, pair: tuple[int, ...]) -> None:
    """Raise unless r_next is laid out like P, and r is its mean."""
    if r_next.shape != P.shape or is_sparse(r_next) != is_sparse(P):
        layout = "CSR" if is_sparse(P) else "dense"
        raise shape_error("r_next", r_next.shape, f"{P.shape}, {layout} like P")
    if r.shape != pair:
        raise shape_error("r", r.shape, f"(..., S, A) = {pair}: the mean of r_next")


def _mask(allowed: Any, n_states: int, n_actions: int) -> Array:
    if allowed is None:
        return np.ones((n_states, n_actions), dtype=bool)
    try:
        mask = np.asarray(allowed)
    except Exception:  # ragged lists, and objects that are no array
        mask = np.empty(0, dtype=object)
    if mask.dtype != bool or mask.shape != (n_states, n_actions):
        got = f"is {mask.dtype} of shape {mask.shape}"
        raise invalid("shape", "allowed", got, f"bool of shape {(n_states, n_actions)}")
    return frozen(mask.copy())


def _sums(P: Any, rows: RationalMatrix | None, shape: tuple[int, ...]) -> Array:
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


def _exact_parts(x: _Read, rows: RationalMatrix, off: float) -> Parts:
    r, r_next = split_rewards(x.P, x.r, x.r_next, x.mask, triples=x.r.ndim == 3)
    P, rho0 = frozen(x.P), frozen(x.rho0)
    return Parts(P, r, rho0, x.gamma, _some(x.mask), r_next, 0.0, off, rows, None)


def _float_parts(x: _Read, off: float) -> Parts:
    P: Any = x.P
    if is_sparse(P):
        data, change = snap(P.data, P.indptr)
        P = frozen_csr(P, data)
        below = np.add.reduceat(
            np.append(below_grid(data[:, None]), 0.0), np.minimum(P.indptr[:-1], P.nnz)
        )
        below = np.where(np.diff(P.indptr) > 0, below, 0.0).reshape(x.mask.shape)
    else:
        P, change = snap_rows(P)
        frozen(P)
        below = below_grid(P)
    rho0, moved = snap_rows(x.rho0)
    triples = is_sparse(x.r) or (x.r.ndim == P.ndim and not is_sparse(P))
    r, r_next = split_rewards(P, x.r, x.r_next, x.mask, triples)
    gamma = nearest(x.gamma) if np.ndim(x.gamma) == 0 else frozen(x.gamma)
    slack = frozen(below) if below.any() else None
    repair = max(change, moved)
    return Parts(P, r, frozen(rho0), gamma, _some(x.mask), r_next, repair, off, None, slack)


def _some(mask: Array) -> Array | None:
    """Return the mask of allowed pairs, None where it lets all pass."""
    return None if mask.all() else mask


def guard_dense(n_states: int, n_actions: int, rational: bool) -> None:
    """Refuse a dense (S, A, S) array that would not fit; a rational entry counts 16 bytes."""
    cure = "Use the float arithmetic with a CSR array of shape (S*A, S)"
    what = f"P of shape ({n_states}, {n_actions}, {n_states})"
    guard(n_states * n_actions * n_states * (16 if rational else 8), what, cure)
