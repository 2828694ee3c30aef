"""Policies are arrays pi (..., S, A) in the arithmetic of their model; here they are made.

`policy_checks` reads and checks them.  The public names of both are those of
`tabular_trpo.policies`.
"""

from fractions import Fraction

import numpy as np

from tabular_trpo._core.arithmetic import read_as, read_common
from tabular_trpo._core.array_input import resolve_labels, row_tolerance
from tabular_trpo._core.errors import ExactnessError, invalid
from tabular_trpo._core.grid import on_grid, renormalise_largest, rescaled
from tabular_trpo._core.indices import read_indices
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, elementwise, frozen, is_rational, shown, zeros
from tabular_trpo._core.policy_checks import FEWER, check_policy, check_rows, table_axes
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import broadcastable, shape_error
from tabular_trpo._core.validate import Report, finite, simplex


@public
def uniform(mdp: MDP) -> Array:
    """Return the policy that takes each allowed action with the same probability.

    pi(a|s) = 1 / (number of actions allowed in s).

    return: (S, A) in the arithmetic of the model

    >>> uniform(MDP([[["1"], ["1"]]], [["0", "0"]], ["1"], "1/2"))
    array([[Fraction(1, 2), Fraction(1, 2)]], dtype=object)
    """
    one: Scalar = Fraction(1) if mdp.arithmetic == "rational" else 1.0
    shares = [[one / n] for n in mdp.mask.sum(axis=1).tolist()]
    rows = np.where(mdp.mask, shares, 0 * one)
    rows = rows if mdp.arithmetic == "rational" else on_grid(rows)
    return frozen(np.broadcast_to(rows, mdp.r.shape).copy())


@public
def deterministic(mdp: MDP, actions: object) -> Array:
    """Return the policy that takes action `actions[s]` in state s.

    actions: (..., S) integer indices
    return:  (..., S, A) in the arithmetic of the model
    raises:  InvalidMDPError for an index that is no action, or not allowed in its state

    >>> deterministic(MDP([[[1], [1]]], [[0, 0]], [1], 0.5), [1])
    array([[0., 1.]])
    """
    S, A = mdp.n_states, mdp.n_actions
    expected = f"(..., S) integers, S = {S}"
    chosen = read_indices(
        "actions", actions, A, expected, (S,), lead=True, axes=table_axes(mdp)[:1]
    )
    guard(chosen.size * A * 16, f"the policy of {chosen.size:,} actions", "Give fewer at once")
    pi = zeros((*chosen.shape, mdp.n_actions), mdp.arithmetic == "rational")
    one = Fraction(1) if is_rational(pi) else 1.0
    np.put_along_axis(pi, chosen[..., None], one, axis=-1)  # type: ignore[arg-type]
    return check_policy(mdp, pi, "policy of actions")


@public
def best_actions(mdp: MDP, Q: object) -> Array:
    """Return the first allowed action that maximises Q in each state.

    Q:      (..., S, A) in the arithmetic of the model; finite at the allowed pairs
    return: (..., S) integer indices
    raises: InvalidMDPError for another shape, NaN and infinities; ExactnessError for the other
            arithmetic

    >>> best_actions(MDP([[[1], [1]]], [[0, 0]], [1], 0.5), [[1.0, 2.0]])
    array([1])
    """
    Q = read_as("Q", Q, mdp.arithmetic == "rational", axes=table_axes(mdp))
    if Q.shape not in (mdp.r.shape, mdp.mask.shape):
        raise shape_error("Q", Q.shape, f"(..., S, A) = {mdp.r.shape}")
    report = Report()
    finite(report, "Q", np.where(mdp.mask, Q, 0), "s a")
    report.close()
    return np.asarray(np.argmax(np.where(mdp.mask, Q, -np.inf), axis=-1))


@public
def greedy(mdp: MDP, Q: object) -> Array:
    """Return the deterministic policy argmax_a Q(s, a); ties go to the first allowed action.

    Q:      (..., S, A) in the arithmetic of the model; finite at the allowed pairs
    return: (..., S, A)
    raises: InvalidMDPError, ExactnessError as `best_actions`

    >>> greedy(MDP([[[1], [1]]], [[0, 0]], [1], 0.5), np.array([[1.0, 1.0]]))
    array([[1., 0.]])
    """
    return deterministic(mdp, best_actions(mdp, Q))


@public
def mixture(pi: object, pi_prime: object, alpha: object) -> Array:
    """Return the conservative mixture (1 - alpha) pi + alpha pi'.  TRPO (2015), equation (5).

    pi, pi_prime: (..., S, A) in one arithmetic
    alpha:        (...) in [0, 1], a Fraction or exact string in rational arithmetic
    return:       (..., S, A)
    raises:       InvalidMDPError for alpha outside [0, 1] and shapes that do not broadcast;
                  ExactnessError for mixed arithmetics

    >>> mixture(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.25)
    array([0.75, 0.25])
    """
    given = {"pi": resolve_labels("pi", pi), "pi_prime": resolve_labels("pi_prime", pi_prime)}
    *tables, weight = read_common(**given, alpha=alpha)
    report = Report()
    for i, (name, value) in enumerate(given.items()):
        if not is_rational(tables[i]):
            tables[i] = rescaled(tables[i], row_tolerance(value))
        if not tables[i].ndim:
            raise shape_error(name, (), "(..., S, A)")
        simplex(report, name, tables[i], " ".join("bsa"[-tables[i].ndim :]))
    report.close()
    pi, pi_prime = tables
    rows = pi.shape[-2:]
    if not broadcastable(pi.shape, pi_prime.shape, 2):
        raise shape_error("pi_prime", pi_prime.shape, f"(..., S, A) = {pi.shape}")
    if not all(broadcastable(weight.shape + rows, x.shape, len(rows)) for x in (pi, pi_prime)):
        raise shape_error("alpha", weight.shape, f"() or the batch {pi.shape[:-2]}")
    if not bool(np.all((weight >= 0) & (weight <= 1))):
        raise invalid("alpha", "alpha", f"= {shown(alpha)}", "a weight in [0, 1]")
    one: Scalar = Fraction(1) if is_rational(pi) else 1.0
    share = weight[()] if weight.ndim == 0 else weight[..., None, None]
    return frozen(np.asarray((one - share) * pi + share * pi_prime))


@public
def softmax(theta: object) -> Array:
    """Return the softmax policy of logits, in float arithmetic.

    pi(a|s) = exp(theta(s, a)) / sum_b exp(theta(s, b)).

    theta:  (..., S, A) logits; -inf masks an action
    return: (..., S, A)
    raises: InvalidMDPError for NaN, +inf or a row without a finite logit; ExactnessError for exact
            numbers

    >>> softmax([[0.0, 0.0]])
    array([[0.5, 0.5]])
    """
    logits = read_as("theta", theta, rational=False)
    if logits.ndim < 2 or logits.size == 0:
        raise shape_error("theta", logits.shape, "(..., S, A)")
    bad = np.isnan(logits) | (logits == np.inf)
    if bad.any() or not np.all(np.any(np.isfinite(logits), axis=-1)):
        raise invalid("theta", "theta", "has NaN, +inf or an all -inf row", "finite logits")
    with np.errstate(over="ignore"):  # a difference beyond -1e308 has weight 0
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return frozen(on_grid(weights / weights.sum(axis=-1, keepdims=True)))


@public
def to_rational(pi: object) -> Array:
    """Return a float policy as rows of Fractions that sum to exactly 1.

    The rows are put on the grid k / 2^53 and read exactly; in a row with entries below 2^-53 the
    largest entry is adjusted.

    pi:     (S, A); of a less precise dtype than float64, its rows are rescaled to sum to 1
    return: (S, A) Fractions; a rational policy is returned unchanged
    raises: InvalidMDPError for a batch and for rows off the simplex

    >>> to_rational(np.array([[0.25, 0.75]]))
    array([[Fraction(1, 4), Fraction(3, 4)]], dtype=object)
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
def to_float(pi: object) -> Array:
    """Return a rational policy in float arithmetic: nearest doubles, rows on the grid k / 2^53.

    pi:     (..., S, A)
    return: (..., S, A) float64; a float policy is returned unchanged
    raises: ExactnessError where a positive probability would become 0; InvalidMDPError for rows off
            the simplex

    >>> to_float([["1/4", "3/4"]])
    array([[0.25, 0.75]])
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


def _read(pi: object) -> Array:
    """Return a policy in the arithmetic of its numbers; float64 and Fractions are not copied."""
    if type(pi) is np.ndarray:
        guard(16 * pi.size, f"pi with {pi.size:,} entries", FEWER)
        if pi.dtype == np.float64 or all(type(x) is Fraction for x in pi.flat):
            return pi
    table = read_common(unsigned=True, pi=pi)[0]
    if table.ndim < 2:
        raise shape_error("pi", table.shape, "(..., S, A)")
    return table
