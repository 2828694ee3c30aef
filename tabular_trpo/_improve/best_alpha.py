"""The best mixture of two policies: the global maximum of the return on the line between them.

**Problem.** Maximise eta(alpha), the return of (1 - alpha) pi + alpha target, over alpha in [0, 1].

**Method.** eta = p / q with q(alpha) = det(I - gamma P_alpha), which is positive on [0, 1].  Each
row of the matrix is linear in alpha, and constant where the two policies agree, so p and q have at
most the degree n, the number of states where they differ.  Rational arithmetic interpolates both
from n + 1 mixtures and isolates the roots of p'q - pq' (`polynomials`); the maximum is at one of
them, at 0 or at 1.  Float arithmetic evaluates 65 mixtures and halves the intervals in which the
slope d eta / d alpha = rho_alpha . sum_a (target - pi) Q_alpha changes from positive to negative.

**Guarantee.** Rational: d^2 eta / d alpha^2 = 2 gamma rho_alpha D M^{-1} g for D = P_target - P_pi,
M = I - gamma P_alpha and g = sum_a (target - pi) Q_alpha.  Here sum(rho_alpha) = 1 / (1 - gamma),
rows of D have the 1-norm 2 at most, and abs(g) <= span(Q_alpha) <= span(r) / (1 - gamma), so that
the second derivative is at most 4 gamma span(r) / (1 - gamma)^3, span(r) = max r - min r.  The
return at a stationary point exceeds that at a distance w by at most half of this times w^2, so the
returns at the ends of the intervals bound every return.
Float: none.  Source: the mixtures of Kakade and Langford (2002).
"""

from fractions import Fraction
from itertools import pairwise
from typing import final

import numpy as np
from flint import fmpq, fmpq_mat, fmpq_poly

from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar
from tabular_trpo._core.policy import mixture
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._improve.polynomials import interpolate, roots, to_fmpq, value

BITS = 64  # stationary points are isolated to a width of 2^-BITS
GRID = 64  # number of intervals in which float arithmetic searches for a maximum
HALVINGS = 60  # of each interval with a maximum inside


@public
@final
@locked_dataclass(frozen=True, repr=False)
class BestMixture:
    """The weight of the best mixture, its return, and a bound of the returns of all mixtures.

    alpha:      the weight of the target; if the best one is irrational, an end of its interval
    eta:        the return of the mixture with this weight, exact in rational arithmetic
    eta_most:   a proved bound: no weight in [0, 1] has a larger return; None in float arithmetic
    stationary: intervals (lo, hi), one for each weight in (0, 1] where d eta / d alpha = 0, at most
                2^-64 wide in rational arithmetic; () where eta is constant

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> best_alpha(mdp, [["1", "0"]], [["1/2", "1/2"]])
    BestMixture(alpha 1, eta 1, proved at most 1, 0 stationary points)
    """

    alpha: Scalar
    eta: Scalar
    eta_most: OptionalScalar
    stationary: tuple[tuple[Scalar, Scalar], ...]

    def __repr__(self) -> str:
        """Return one line: weight, return, its bound and the number of stationary points."""
        bound = "" if self.eta_most is None else f"proved at most {nearest(self.eta_most):.6g}, "
        best = f"alpha {nearest(self.alpha):.6g}, eta {nearest(self.eta):.6g}"
        return f"BestMixture({best}, {bound}{len(self.stationary)} stationary points)"


@public
def best_alpha(mdp: MDP, pi: object, target: object) -> BestMixture:
    """Return the weight in [0, 1] for which the mixture of pi and target has the largest return.

    argmax_alpha eta((1 - alpha) pi + alpha target), the smallest such alpha; mixtures as in
    conservative policy iteration (Kakade & Langford 2002; TRPO 2015, equation (5)).  Rational
    arithmetic finds the global maximum and proves it.  Float arithmetic searches from 65 weights
    and proves nothing.

    pi, target: (S, A) in the arithmetic of the model
    return:     `BestMixture`
    raises:     InvalidMDPError for a batch or an invalid policy, ExactnessError for a policy in the
                other arithmetic

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> best_alpha(mdp, [["1", "0"]], [["1/2", "1/2"]]).alpha
    Fraction(1, 1)
    """
    one_model(mdp)
    old, pi_target = check_policy(mdp, pi), check_policy(mdp, target, "target")
    return (_rational if mdp.arithmetic == "rational" else _float)(mdp, old, pi_target)


def _rational(mdp: MDP, pi: Array, target: Array) -> BestMixture:
    """Return the best mixture of checked rational policies (S, A), with its proved bound."""
    p, q = rational_function(mdp, pi, target)
    slope = p.derivative() * q - p * q.derivative()
    found = roots(slope, BITS) if slope else []
    ends = {Fraction(0), Fraction(1), *(end for pair in found for end in pair)}
    returns = {x: value(p, x) / value(q, x) for x in sorted(ends)}
    alpha = max(returns, key=returns.__getitem__)  # the smallest, where returns are equal
    spread = max(mdp.r[mdp.mask]) - min(mdp.r[mdp.mask])
    half_curvature = 2 * mdp.gamma * spread / (1 - mdp.gamma) ** 3
    most = max(returns[hi] + (hi - lo) ** 2 * half_curvature for lo, hi in [*found, (alpha, alpha)])
    return BestMixture(alpha, returns[alpha], most, tuple(found))


def rational_function(mdp: MDP, pi: Array, target: Array) -> tuple[fmpq_poly, fmpq_poly]:
    """Return p and q with eta((1 - alpha) pi + alpha target) = p(alpha) / q(alpha), q > 0.

    pi, target: (S, A) rational, on the simplex
    """
    n = int((pi != target).any(axis=-1).sum())
    xs = [Fraction(k, max(n, 1)) for k in range(n + 1)]
    mixtures = [mixture(pi, target, x) for x in xs]
    dens = [_determinant(mdp, mixed) for mixed in mixtures]
    etas = [to_fmpq(evaluate(mdp, mixed).eta) for mixed in mixtures]
    nums = [eta * den for eta, den in zip(etas, dens, strict=True)]
    return interpolate(xs, nums), interpolate(xs, dens)


def _determinant(mdp: MDP, pi: Array) -> fmpq:
    """Return det(I - gamma P_pi) of a rational policy (S, A)."""
    n = mdp.n_states
    matrix = np.eye(n, dtype=object) - mdp.gamma * (pi[:, :, None] * mdp.P).sum(axis=1)
    return fmpq_mat(n, n, [to_fmpq(x) for x in matrix.flat]).det()


def _float(mdp: MDP, pi: Array, target: Array) -> BestMixture:
    """Return the best mixture found from a grid of weights; `eta_most` is None."""

    def return_and_slope(alpha: float) -> tuple[float, float]:
        """Return eta and d eta / d alpha of a mixture."""
        ev = evaluate(mdp, mixture(pi, target, alpha))
        return nearest(ev.eta), nearest((ev.rho * ((target - pi) * ev.Q).sum(axis=-1)).sum())

    grid = [nearest(x) for x in np.linspace(0, 1, GRID + 1)]
    seen = {x: return_and_slope(x) for x in grid}
    found = []
    for lo, hi in pairwise(grid):
        if not seen[lo][1] > 0 > seen[hi][1]:
            continue
        for _ in range(HALVINGS):
            middle = (lo + hi) / 2
            seen[middle] = return_and_slope(middle)
            lo, hi = (middle, hi) if seen[middle][1] > 0 else (lo, middle)
        found.append((lo, hi))
    alpha = max(sorted(seen), key=lambda x: seen[x][0])
    return BestMixture(alpha, seen[alpha][0], None, tuple(found))
