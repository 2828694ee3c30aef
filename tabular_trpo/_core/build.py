"""From the arguments of `MDP` (lists, arrays, CSR, strings) to its fields, checked once.

The order is: read every array in its own arithmetic (`numbers`), agree on one arithmetic
(`arithmetic`), check shapes and the order of axes (`shapes`, `rewards`), check the
values (`validate`), and put float rows on the grid k / 2^53 (`grid`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import numpy as np

from tabular_trpo._core import array_input, validate
from tabular_trpo._core.arithmetic import common_arithmetic
from tabular_trpo._core.array_input import AxisNames
from tabular_trpo._core.csr import frozen_csr, read_csr
from tabular_trpo._core.errors import Problem, invalid
from tabular_trpo._core.grid import below_grid, normalized, snap, snap_rows
from tabular_trpo._core.linalg.rational import RationalMatrix
from tabular_trpo._core.memory import guard
from tabular_trpo._core.names import read_names
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import (
    Array,
    Matrix,
    Scalar,
    frozen,
    is_rational,
    is_sparse,
    read_array,
)
from tabular_trpo._core.rewards import shape_rewards, split_rewards
from tabular_trpo._core.shapes import check_order, model_sizes, repeat_for_batch, shape_error


@final
class _Read(NamedTuple):
    """Arrays in one arithmetic and of the right shapes, their values not yet checked."""

    P: Any
    r: Any
    rho0: Array
    gamma: Scalar
    r_next: Any
    mask: Array
    array: str  # how an error writes an array with the numbers of P
    tolerance: Mapping[str, float]  # by how much rows may miss 1


def build_fields(
    given: Mapping[str, object], state_names: object, action_names: object, normalize: bool
) -> dict[str, object]:
    """Read, validate and repair the arguments of a model; return the values of its fields by name.

    given:     P, r, rho0, gamma, allowed, r_next as a user gave them
    normalize: whether rows of P and rho0 are divided by their sums
    return:    the fields of `MDP`, read-only.  `_rows` is P in integers, None in float arithmetic;
               `_below` the mass of each float row below the grid, None where there is none
    raises:    InvalidMDPError with every problem found, up to twenty
    """
    states, actions = (
        names if names is None else read_names(what, names)
        for what, names in (("state_names", state_names), ("action_names", action_names))
    )
    x = _read(given, ("state", states), ("action", actions))
    rows, sums = _summed(x.P, x.mask.shape)
    check_order(x.P, x.mask if given["allowed"] is not None else None, sums, x.array)
    off = 0.0
    if normalize:
        (P, one), (rho0, two) = normalized(x.P), normalized(x.rho0)
        x, off = x._replace(P=P, rho0=rho0), max(one, two)
        rows, sums = _summed(P, x.mask.shape)
    _check(x, sums)
    below, change, gamma = None, 0.0, x.gamma
    if rows is None:
        x, change, below = _on_grid(x)
        gamma = nearest(gamma) if np.ndim(gamma) == 0 else frozen(gamma)
    triples = is_sparse(x.r) or (x.r.ndim == x.P.ndim and not is_sparse(x.P))
    r, r_next = split_rewards(x.P, x.r, x.r_next, x.mask, triples)
    return {
        "P": x.P if is_sparse(x.P) else frozen(x.P),
        "r": r,
        "rho0": frozen(x.rho0),
        "gamma": gamma,
        "allowed": None if x.mask.all() else x.mask,
        "state_names": read_names("state_names", states, x.mask.shape[0]),
        "action_names": read_names("action_names", actions, x.mask.shape[1]),
        "r_next": r_next,
        "repair": change,
        "normalized": off,
        "_rows": rows,
        "_below": below,
    }


def _read(given: Mapping[str, object], states: AxisNames, actions: AxisNames) -> _Read:
    """Read the arrays, convert them to one arithmetic and check their shapes."""
    triple = (states, actions, states)
    labels = {"P": triple, "r": triple, "rho0": (states,), "gamma": (), "r_next": triple}
    kinds: dict[str, str] = {}
    arrays: dict[str, Any] = {}
    tolerance: dict[str, float] = {}
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
        tolerance[name] = array_input.row_tolerance(value)
    found = {"r_next": None} | common_arithmetic(kinds, arrays, unsigned=("P", "rho0"))
    P, r, rho0, gamma, r_next = (found[name] for name in labels)
    array = "P" if isinstance(given["P"], np.ndarray) or is_sparse(P) else "np.array(P)"
    n_states, n_actions, batch = model_sizes(P, array)
    allowed = array_input.resolve_labels("allowed", given["allowed"], (states, actions))
    mask = _mask(allowed, n_states, n_actions)
    r = shape_rewards(r, batch, n_states, n_actions, is_sparse(P))
    if r_next is not None:
        _same_shape(r_next, P, r, (*batch, n_states, n_actions))
    rho0 = repeat_for_batch("rho0", rho0, batch, (n_states,), "(S,)")
    gamma = repeat_for_batch("gamma", gamma, batch, (), "a scalar")
    return _Read(P, r, rho0, gamma, r_next, mask, array, tolerance)


def _same_shape(r_next: Matrix, P: Matrix, r: Matrix, pair: tuple[int, ...]) -> None:
    """Raise unless r_next is laid out like P, and r is its mean."""
    if r_next.shape != P.shape or is_sparse(r_next) != is_sparse(P):
        layout = "CSR" if is_sparse(P) else "dense"
        raise shape_error("r_next", r_next.shape, f"{P.shape}, {layout} like P")
    if r.shape != pair:
        raise shape_error("r", r.shape, f"(..., S, A) = {pair}: the mean of r_next")


def _mask(allowed: object, n_states: int, n_actions: int) -> Array:
    """Return the mask of allowed pairs, (S, A) bool."""
    shape = (n_states, n_actions)
    try:
        mask = np.ones(shape, dtype=bool) if allowed is None else np.array(allowed)
    except Exception:  # ragged lists, and objects that are no array
        mask = np.empty(0, dtype=object)
    if mask.dtype != bool or mask.shape != shape:
        got = f"is {mask.dtype} of shape {mask.shape}"
        raise invalid("shape", "allowed", got, f"bool of shape {shape}")
    return frozen(mask)


def _summed(P: Matrix, shape: tuple[int, ...]) -> tuple[RationalMatrix | None, Array]:
    """Return P in integers where it is rational, and the sums of its rows, (..., S, A)."""
    if isinstance(P, np.ndarray) and is_rational(P):
        rows = RationalMatrix.of(P)
        return rows, rows.sums()
    sums = validate.totals(P)
    return None, sums.reshape(shape) if is_sparse(P) else sums


def _check(x: _Read, sums: Array) -> None:
    """Raise InvalidMDPError with all problems of the values."""
    report = validate.Report()
    report.problems += list(validate.discount(x.gamma))
    validate.transitions(report, x.P, x.mask, sums, x.tolerance["P"])
    for name, r in (("r", x.r), ("r_next", x.r_next)):
        if is_sparse(r):
            validate.finite(report, f"{name}.data", r.data, "i")
        elif r is not None:
            letters = "s a s'".split()[: r.ndim - x.rho0.ndim + 1]
            validate.finite(report, name, r, " ".join(letters))
    before = len(report.problems)
    validate.finite(report, "rho0", x.rho0, "s")
    validate.nonnegative(report, "rho0", x.rho0, "s")
    if len(report.problems) == before:
        totals, near = validate.totals(x.rho0), x.tolerance["rho0"]
        row, cure = x.rho0.__getitem__, validate.NORMALIZE
        validate.row_sums(report, "rho0", totals, "", row, near, cure)
    got, expected = "has no allowed action", "one at least"
    report.add(
        np.asarray(~x.mask.any(axis=1)),
        lambda i: Problem("no_action", f"the state s={i[0]}", got, expected, path=("states", i[0])),
    )
    report.close()


def _on_grid(x: _Read) -> tuple[_Read, float, Array | None]:
    """Put the rows of P and rho0 on the grid.

    return: the arrays, the largest change of an entry, and the mass of each row below the grid
    """
    P: Matrix
    if is_sparse(x.P):
        data, change = snap(x.P.data, x.P.indptr)
        P = frozen_csr(x.P, data)
        below = np.add.reduceat(
            np.append(below_grid(data[:, None]), 0.0), np.minimum(P.indptr[:-1], P.nnz)
        )
        below = np.where(np.diff(P.indptr) > 0, below, 0.0).reshape(x.mask.shape)
    else:
        rows, change = snap_rows(x.P)
        P, below = rows, below_grid(rows)
    rho0, moved = snap_rows(x.rho0)
    return x._replace(P=P, rho0=rho0), max(change, moved), frozen(below) if below.any() else None


def guard_dense(n_states: int, n_actions: int, rational: bool) -> None:
    """Refuse a dense (S, A, S) array that would not fit; a rational entry counts 16 bytes."""
    cure = "Use the float arithmetic with a CSR array of shape (S*A, S)"
    what = f"P of shape ({n_states}, {n_actions}, {n_states})"
    guard(n_states * n_actions * n_states * (16 if rational else 8), what, cure)
