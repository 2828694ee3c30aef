"""Policies are arrays pi (..., S, A) in the arithmetic of their model; here they are made and checked.

Known to users as `tabular_trpo.policies`.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as, read_common
from tabular_trpo._core.array_input import AxisNames, resolve_labels, row_tolerance
from tabular_trpo._core.errors import ExactnessError, invalid
from tabular_trpo._core.grid import near_grid, on_grid, renormalise_largest
from tabular_trpo._core.indices import read_indices
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.normalize import normalized, rescaled
from tabular_trpo._core.numbers import Array, elementwise, frozen, is_rational, shown, zeros
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.shapes import broadcastable, check_policy_order, shape_error
from tabular_trpo._core.validate import Report, finite, simplex

FEWER = "Give fewer policies at once"
NORMALIZE = "policies.normalize(mdp, pi).pi divides each row by its sum"


@public
@final
@locked
@dataclass(frozen=True, slots=True)
class Normalized:
    """A policy whose rows were divided by their sums, and how far the farthest sum was from 1."""

    pi: Array
    off: float


@public
def check_policy(mdp: MDP, pi: Any, name: str = "pi", normalize: bool = False) -> Array:
    """Return the policy as the model reads it: checked, float rows on the grid k / 2^53, read-only.

    pi:        (..., S, A), or (S, A) for every model of a batch; a labelled table is read by the
               names of states and actions
    normalize: whether rows are divided by their sums first; `normalize` says how far they were off
    return:    (..., S, A)
    raises:    InvalidMDPError naming the rows that are off the simplex or use disallowed actions;
               ExactnessError for a float policy of a rational model or the reverse

    >>> check_policy(MDP([[[1], [1]]], [[0, 0]], [1], 0.5), [[0.25, 0.75]])
    array([[0.25, 0.75]])
    """
    if normalize:
        return _normalized(mdp, pi, name).pi
    return frozen(check_rows(name, policy_array(mdp, pi, name), mdp.mask))


@public
def normalize(mdp: MDP, pi: Any) -> Normalized:
    """Return a policy made of rows of nonnegative weights, and how far its row sums were from 1.

    pi(a|s) = w(s, a) / sum_a w(s, a), exactly in rational arithmetic.

    pi:     (..., S, A)
    raises: as `check_policy`

    >>> normalize(MDP([[[1], [1]]], [["0", 0]], [1], "1/2"), [["0.333", "0.666"]]).pi
    array([[Fraction(1, 3), Fraction(2, 3)]], dtype=object)
    """
    return _normalized(mdp, pi, "pi")


def _normalized(mdp: MDP, pi: Any, name: str) -> Normalized:
    array = policy_array(mdp, pi, name)
    check_policy_order(name, array, mdp.mask)
    rows, off = normalized(array)
    return Normalized(frozen(check_rows(name, rows, mdp.mask)), off)


@public
def policy_array(mdp: MDP, pi: Any, name: str = "pi") -> Array:
    """Return the policy as an array of the model's arithmetic and shape, its rows not yet checked.

    raises: InvalidMDPError for a wrong shape, ExactnessError for the wrong arithmetic
    """
    array = read_as(name, pi, mdp.arithmetic == "rational", unsigned=True, axes=table_axes(mdp))
    shape = mdp.r.shape
    if array.shape not in (shape, shape[-2:]):
        cure = f"If it is {name}[a, s], give np.swapaxes({name}, -1, -2)"
        turned = array.ndim >= 2 and array.shape[-2:] == shape[:-3:-1]
        raise shape_error(name, array.shape, f"(..., S, A) = {shape}", cure if turned else "")
    return np.broadcast_to(array, shape)


def table_axes(mdp: MDP) -> tuple[AxisNames, AxisNames]:
    """Return what the axes of a table over states and actions are called (see `array_input.resolve_labels`)."""
    return ("state", mdp.state_names), ("action", mdp.action_names)


@public
def check_rows(name: str, pi: Array, mask: Array | None = None) -> Array:
    """Return the rows checked, and in float arithmetic put on the grid k / 2^53.

    raises: InvalidMDPError naming the rows that are off the simplex or use disallowed actions
    """
    guard(16 * pi.size, f"{name} with {pi.size:,} entries", FEWER)  # a view may spread one
    if not (pi.dtype == np.float64 or is_rational(pi)) or np.ma.isMaskedArray(pi):
        pi = read_as(name, pi, rational=False, unsigned=True)
    if mask is not None and (mask.dtype != bool or mask.shape != pi.shape[-2:]):
        got = f"is {mask.dtype} of shape {mask.shape}"
        raise invalid("mask", "mask", got, f"bool of shape {pi.shape[-2:]}")
    rational = is_rational(pi)
    if rational and not all(isinstance(x, Fraction) for x in pi.flat):
        pi = read_as(name, pi, rational=True, unsigned=True)
    near = None if rational or not (mask is None or mask.all()) else near_grid(pi)
    if near is not None:
        return near
    check_policy_order(name, pi, mask)
    report = Report()
    simplex(report, name, pi, "s a", mask, NORMALIZE)
    report.close()
    return pi.copy() if rational else on_grid(pi)


@public
def uniform(mdp: MDP) -> Array:
    """Return the policy that takes each allowed action with the same probability.

    >>> uniform(MDP([[["1"], ["1"]]], [["0", "0"]], ["1"], "1/2"))
    array([[Fraction(1, 2), Fraction(1, 2)]], dtype=object)
    """
    counts = mdp.mask.sum(axis=1)
    if mdp.arithmetic == "rational":
        pi = zeros(mdp.r.shape, rational=True)
        for s, a in np.argwhere(mdp.mask):
            pi[s, a] = Fraction(1, int(counts[s]))
        return frozen(pi)
    return check_policy(mdp, mdp.mask / counts[:, None])


@public
def deterministic(mdp: MDP, actions: Any) -> Array:
    """Return the policy that takes action `actions[s]` in state s.

    actions: (..., S) integer indices
    raises:  InvalidMDPError for an index that is no action, or not allowed there
    """
    S, A = mdp.n_states, mdp.n_actions
    expected = f"(..., S) integers, S = {S}"
    chosen = read_indices(
        "actions", actions, A, expected, (S,), lead=True, axes=table_axes(mdp)[:1]
    )
    guard(chosen.size * A * 16, f"the policy of {chosen.size:,} actions", "Give fewer at once")
    pi = zeros((*chosen.shape, mdp.n_actions), mdp.arithmetic == "rational")
    one: Any = Fraction(1) if mdp.arithmetic == "rational" else 1.0
    np.put_along_axis(pi, chosen[..., None], one, axis=-1)
    return check_policy(mdp, pi, "policy of actions")


@public
def best_actions(mdp: MDP, Q: Any) -> Array:
    """Return the first allowed action that maximises Q in each state, (..., S) indices.

    raises: InvalidMDPError for another shape, NaN and infinities; ExactnessError
    """
    Q = read_as("Q", Q, mdp.arithmetic == "rational", axes=table_axes(mdp))
    if Q.shape not in (mdp.r.shape, mdp.mask.shape):
        raise shape_error("Q", Q.shape, f"(..., S, A) = {mdp.r.shape}")
    report = Report()
    finite(report, "Q", np.where(mdp.mask, Q, 0), "s a")
    report.close()
    if is_rational(Q):
        rows = zip(Q, mdp.mask, strict=True)
        return np.array([max(np.flatnonzero(ok), key=row.__getitem__) for row, ok in rows])
    return np.asarray(np.argmax(np.where(mdp.mask, Q, -np.inf), axis=-1))


@public
def greedy(mdp: MDP, Q: Any) -> Array:
    """Return the deterministic policy argmax_a Q(s, a); ties go to the first allowed action.

    Q:      (..., S, A) in the arithmetic of the model; finite at the allowed pairs
    return: (..., S, A)
    raises: InvalidMDPError, ExactnessError

    >>> greedy(MDP([[[1], [1]]], [[0, 0]], [1], 0.5), np.array([[1.0, 1.0]]))
    array([[1., 0.]])
    """
    return deterministic(mdp, best_actions(mdp, Q))


@public
def mixture(pi: Any, pi_prime: Any, alpha: Any) -> Array:
    """Return the conservative mixture (1 - alpha) pi + alpha pi'.  TRPO (2015), equation (5).

    pi, pi_prime: (..., S, A) in one arithmetic
    alpha:        (...) in [0, 1], a Fraction or exact string in rational arithmetic
    return:       (..., S, A)
    raises:       InvalidMDPError for alpha outside [0, 1] and shapes that do not go together;
                  ExactnessError for mixed arithmetics

    >>> mixture(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.25)
    array([0.75, 0.25])
    """
    policies = {"pi": resolve_labels("pi", pi), "pi_prime": resolve_labels("pi_prime", pi_prime)}
    pi, pi_prime, weight = read_common(**policies, alpha=alpha)
    if not is_rational(pi):
        near = map(row_tolerance, policies.values())
        pi, pi_prime = (rescaled(x, far) for x, far in zip((pi, pi_prime), near, strict=True))
    rows = pi.shape[-2:]
    for name, table in (("pi", pi), ("pi_prime", pi_prime)):
        if not table.ndim:
            raise shape_error(name, table.shape, "(..., S, A)")
    report = Report()
    for name, table in (("pi", pi), ("pi_prime", pi_prime)):
        simplex(report, name, table, " ".join("bsa"[-table.ndim :]) if table.ndim < 4 else "b s a")
    report.close()
    if not broadcastable(pi.shape, pi_prime.shape, 2):
        raise shape_error("pi_prime", pi_prime.shape, f"(..., S, A) = {pi.shape}")
    if not all(broadcastable(weight.shape + rows, x.shape, len(rows)) for x in (pi, pi_prime)):
        raise shape_error("alpha", weight.shape, f"() or the batch {pi.shape[:-2]}")
    if not bool(np.all((weight >= 0) & (weight <= 1))):
        raise invalid("alpha", "alpha", f"= {shown(alpha)}", "a weight in [0, 1]")
    one: Any = Fraction(1) if is_rational(pi) else 1.0
    spread = weight[()] if weight.ndim == 0 else weight[..., None, None]
    return frozen(np.asarray((one - spread) * pi + spread * pi_prime))


@public
def softmax(theta: Any) -> Array:
    """Return pi(a|s) proportional to exp(theta[s, a]); float arithmetic.

    theta:  (..., S, A) logits; -inf masks an action
    return: (..., S, A)
    raises: InvalidMDPError for NaN, +inf or a row without a finite logit; ExactnessError

    >>> softmax([[0.0, 0.0]])
    array([[0.5, 0.5]])
    """
    logits = read_as("theta", theta, rational=False)
    if logits.ndim < 2 or logits.size == 0:
        raise shape_error("theta", logits.shape, "(..., S, A)")
    bad = np.isnan(logits) | (logits == np.inf)
    if bad.any() or not np.all(np.any(np.isfinite(logits), axis=-1)):
        raise invalid("theta", "theta", "has NaN, +inf or an all -inf row", "finite logits")
    with np.errstate(over="ignore"):  # a difference beyond -1e308 has weight 0 all the same
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return frozen(on_grid(weights / weights.sum(axis=-1, keepdims=True)))


@public
def to_rational(pi: Any) -> Array:
    """Return a float policy as the exact rows it stands for (rows on the grid k / 2^53).

    pi:     (S, A); of a coarser dtype than float64, its rows are rescaled to sum to 1
    raises: InvalidMDPError for a batch and for rows off the simplex
    """
    rows = _read(pi)
    checked = check_rows("pi", rows)
    if is_rational(rows):
        return rows
    if rows.ndim != 2:
        got = f"has shape {rows.shape}"
        raise invalid("batch", "pi", got, "a single policy (S, A)")
    rows = elementwise(Fraction, checked)
    for s in range(len(rows)):
        rows[s] = renormalise_largest(rows[s].tolist())
    return frozen(rows)


@public
def to_float(pi: Any) -> Array:
    """Return a rational policy in float arithmetic, rows on the grid k / 2^53.

    raises: ExactnessError where a positive probability would become 0; InvalidMDPError for rows off
            the simplex
    """
    exact = _read(pi)
    check_rows("pi", exact)
    if not is_rational(exact):
        return exact
    rows = elementwise(nearest, exact, np.float64)
    if np.any((rows == 0) != (exact == 0)):
        raise ExactnessError.of(
            "underflow", "pi", "has an entry below the smallest double", "support kept"
        )
    return frozen(on_grid(rows))


def _read(pi: Any) -> Array:
    """Return a policy in the arithmetic of its numbers; an array of doubles or Fractions is itself."""
    if type(pi) is np.ndarray:
        guard(16 * pi.size, f"pi with {pi.size:,} entries", FEWER)
        if pi.dtype == np.float64 or all(type(x) is Fraction for x in pi.flat):
            return pi
    table = read_common(unsigned=True, pi=pi)[0]
    if table.ndim < 2:
        raise shape_error("pi", table.shape, "(..., S, A)")
    return table
