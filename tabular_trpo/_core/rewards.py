"""Rewards r(s), r(s, a) and r(s, a, s'): the forms that are accepted, and their mean r(s, a).

Values depend on the mean alone, r(s, a) = sum_s' P(s'|s, a) r(s, a, s'); the moments of paths
depend on r(s, a, s'), which the model keeps as `r_next`.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.numbers import Array, brief, entry, frozen, is_rational, is_sparse
from tabular_trpo._core.shapes import shape_error


def shape_rewards(
    r: Any, batch: tuple[int, ...], n_states: int, n_actions: int, sparse: bool
) -> Any:
    """Return r as (..., S, A) or (..., S, A, S); r(s) is repeated for each action.

    A shape with every batch axis is read as (..., S, A), the form of `MDP.r`; any other shape with
    two readings that differ is refused.
    """
    if is_sparse(r):
        if not sparse or r.shape != (n_states * n_actions, n_states):
            expected = f"({n_states * n_actions}, {n_states}) like P" if sparse else "dense like P"
            raise shape_error("the sparse r", r.shape, expected)
        return r
    forms: dict[str, tuple[int, ...]] = {"S": (n_states,), "S, A": (n_states, n_actions)}
    if not sparse:  # r(s, a, s') of a sparse P must be sparse, too
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
        cure = _cure(r.shape, n_states, n_actions, sparse)
        raise shape_error("r", r.shape, f"one of {expected}", cure)
    first, *others = readings.values()
    if r.shape != pair and not all(np.array_equal(first, x) for x in others):
        got = f"has shape {r.shape}, which fits {' and '.join(f'({x})' for x in readings)}"
        cure = f"Give it with every axis, (batch, S, A) = {pair}"
        raise invalid("shape", "r", got, "one meaning", cure)
    return readings.get("batch, S, A", first).copy()


def _cure(shape: tuple[int, ...], S: int, A: int, sparse: bool) -> str:
    """Return the advice how to turn r(s, s'), r(a, s) or r(a, s, s') into a form that is read."""
    if shape == (A, S):
        return "If it is r[a, s], give np.asarray(r).T"
    if shape == (S, S) and not sparse:
        return f"If it is r[s, s'], give np.repeat(np.asarray(r)[:, None], {A}, axis=1)"
    if shape == (A, S, S) and not sparse:
        return "If it is r[a, s, s'], give np.asarray(r).transpose(1, 0, 2)"
    return ""


def split_rewards(P: Any, r: Any, r_next: Any, mask: Array, triples: bool) -> tuple[Array, Any]:
    """Return r(s, a), 0 where not allowed, and r(s, a, s') or None, both read-only.

    triples: whether r is r(s, a, s'), so that its mean is computed
    r_next:  r(s, a, s') given beside its mean r, or None
    raises:  InvalidMDPError where r is not the mean of r_next
    """
    zero: Any = 0.0 if is_sparse(r) or not is_rational(r) else Fraction(0)
    if triples:
        r_next, r = r, mean(P, r, mask.shape)
    elif r_next is not None:
        _check_mean(P, r, r_next, mask)
    if r_next is not None and not is_sparse(r_next):
        frozen(r_next)
    return frozen(np.where(mask, r, zero)), r_next


def mean(P: Any, r_next: Any, shape: tuple[int, ...]) -> Array:
    """Return sum_s' P(s'|s, a) r(s, a, s'), (..., S, A)."""
    products = np.asarray((P * r_next).sum(axis=-1))
    return products.reshape(shape) if is_sparse(P) else products


def _check_mean(P: Any, r: Array, r_next: Any, mask: Array) -> None:
    own = mean(P, r_next, mask.shape)
    off = np.where(mask, abs(own - r), 0)
    if is_rational(r):
        bad = off != 0
    else:  # means are rounded, and rows may have moved onto the grid
        n = own.shape[-2]
        size = mean(P, abs(r_next), mask.shape)
        most = abs(r_next).max() if is_sparse(r_next) else np.abs(r_next).max(axis=-1)
        bad = off > (n + 8) * 2.0**-52 * (size + most) + 2.0**-1000
    bad = np.asarray(bad, dtype=bool)
    if not bad.any():
        return
    at = tuple(int(i) for i in np.argwhere(bad)[0])
    expected = f"{brief(own[at])}, the mean of r_next, r(s, a, s'), under P"
    cure = "Change rewards or P by mdp.replace(r=..., P=...), which keeps them together"
    problem = Problem("r_next", entry("r", at), f"= {brief(r[at])}", expected, cure)
    raise InvalidMDPError(problem, int(bad.sum()) - 1)


def match_layout(r_next: Any, P: Any, pair: tuple[int, ...]) -> Any:
    """Return r(s, a, s') dense or CSR, as P is; pair is (..., S, A)."""
    if is_sparse(r_next) == is_sparse(P):
        return r_next
    if is_sparse(r_next):
        return r_next.toarray().reshape(*pair, pair[-2])
    return sp.csr_array(r_next.reshape(-1, pair[-2]))


def exact_triples(P: Array, r: Array, given: Array) -> Array:
    """Return rewards r(s, a, s') whose mean under P is exactly r.

    A float r is a rounded mean.  In each row the reward of largest weight takes the difference,
    which is of the size of its own rounding.

    P, given: (S, A, S) and r (S, A), all Fractions
    """
    out = given.copy()
    for s, a in np.ndindex(*r.shape):
        row = P[s, a].tolist()
        terms = [p * x for p, x in zip(row, given[s, a], strict=True)]
        missing = r[s, a] - sum(terms, Fraction(0))
        if missing and any(row):
            most = max(range(len(row)), key=lambda t: (abs(terms[t]), row[t]))
            out[s, a, most] += missing / row[most]
    return out
