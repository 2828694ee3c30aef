"""The best mixture of two policies: the global maximum of the return along the line between them.

The return of (1 - alpha) pi + alpha target is p(alpha) / q(alpha) with q = det(I - gamma P_alpha),
which is positive on [0, 1]; both have at most the degree n, the number of states where the two
policies differ.  Rationals interpolate both from n + 1 mixtures and isolate the roots of p'q - pq'.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any, final

import numpy as np

from tabular_trpo._core.arguments import one_model
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.policy import check_policy, mixture
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._improve.polynomials import derivative, interpolate, primitive, roots, times

BITS = 64  # a stationary point is known within 2^-BITS
GRID = 64  # intervals in which the float arithmetic looks for a change of the slope's sign
HALVINGS = 60


@final
@locked
@dataclass(frozen=True, slots=True)
class Best:
    """The best weight of a mixture, and how certain that is.

    alpha:      the weight; where the best one is irrational, an end of its interval
    eta:        the return of the mixture with this weight, exact in rational arithmetic
    eta_most:   a proved bound: no weight in [0, 1] has a larger return; None in float arithmetic
    stationary: intervals (lo, hi) that hold the weights in (0, 1] where d eta / d alpha = 0, each
                one in one, at most 2^-64 wide in rational arithmetic; () where eta is constant
    """

    alpha: Any
    eta: Any
    eta_most: Any
    stationary: tuple[tuple[Any, Any], ...]


@public
def best_alpha(mdp: MDP, pi: Any, target: Any) -> Best:
    """Return the weight in [0, 1] for which the mixture of pi and target has the largest return.

    argmax_alpha eta((1 - alpha) pi + alpha target): the line of CPI (Kakade & Langford 2002; TRPO
    2015, equation (5)), on which eta is a rational function.  The smallest alpha of equals.

    The rational arithmetic finds the global maximum and proves it: all stationary points are isolated,
    and as abs(d^2 eta / d alpha^2) <= 4 gamma (max r - min r) / (1 - gamma)^3, the return at
    distance w from one is off by at most half of that times w^2.
    The float arithmetic looks at 65 weights and halves the intervals in which the slope
    rho_alpha . sum_a (target - pi) Q_alpha turns from rising to falling; it proves nothing.

    pi, target: (S, A) in the arithmetic of the model
    raises:     InvalidMDPError for a batch, ExactnessError

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> best_alpha(mdp, [["1", "0"]], [["1/2", "1/2"]]).alpha
    Fraction(1, 1)
    """
    one_model(mdp)
    old, aim = check_policy(mdp, pi), check_policy(mdp, target, "target")
    return (_rational if mdp.arithmetic == "rational" else _float)(mdp, old, aim)


def _rational(mdp: MDP, pi: Array, target: Array) -> Best:
    p, q = rational_function(mdp, pi, target)
    falling = times(p, derivative(q))
    slope = primitive([a - b for a, b in zip(times(derivative(p), q), falling, strict=True)])
    found = roots(slope, BITS) if slope else []
    ends = {Fraction(0), Fraction(1), *(end for pair in found for end in pair)}
    returns = {x: _at(p, x) / _at(q, x) for x in sorted(ends)}
    alpha = max(returns, key=returns.__getitem__)  # the first of equals
    spread = max(mdp.r[mdp.mask]) - min(mdp.r[mdp.mask])
    curved = 2 * mdp.gamma * spread / (1 - mdp.gamma) ** 3
    most = max(returns[hi] + (hi - lo) ** 2 * curved for lo, hi in [*found, (alpha, alpha)])
    return Best(alpha, returns[alpha], most, tuple(found))


def rational_function(mdp: MDP, pi: Array, target: Array) -> tuple[list[Fraction], list[Fraction]]:
    """Return p and q with eta((1 - alpha) pi + alpha target) = p(alpha) / q(alpha), q > 0.

    pi, target: (S, A) rational, on the simplex
    return:     coefficients from the constant upwards, as many in p as in q
    """
    n = int((pi != target).any(axis=-1).sum())
    xs = [Fraction(k, max(n, 1)) for k in range(n + 1)]
    mixtures = [mixture(pi, target, x) for x in xs]
    dens = [_determinant(mdp, mixed) for mixed in mixtures]
    nums = [evaluate(mdp, mixed).eta * den for mixed, den in zip(mixtures, dens, strict=True)]
    return interpolate(xs, nums), interpolate(xs, dens)


def _at(f: list[Fraction], x: Fraction) -> Fraction:
    value = Fraction(0)
    for a in reversed(f):
        value = value * x + a
    return value


def _determinant(mdp: MDP, pi: Array) -> Fraction:
    """Return det(I - gamma P_pi) by Bareiss's elimination, whose divisions leave no remainder."""
    n = mdp.n_states
    move = (pi[:, :, None] * mdp.P).sum(axis=1) * -mdp.gamma
    rows, scale = [], 1
    for s in range(n):
        row = move[s].tolist()
        row[s] += 1
        den = lcm(*(x.denominator for x in row))
        rows.append([x.numerator * (den // x.denominator) for x in row])
        scale *= den
    before = 1
    for k in range(n):  # rows are diagonally dominant, so no pivot is 0
        pivot = rows[k][k]
        for i in range(k + 1, n):
            x = rows[i][k]
            rows[i] = [(pivot * b - x * a) // before for a, b in zip(rows[k], rows[i], strict=True)]
        before = pivot
    return Fraction(before, scale)


def _float(mdp: MDP, pi: Array, target: Array) -> Best:
    def look(alpha: float) -> tuple[float, float]:
        ev = evaluate(mdp, mixture(pi, target, alpha))
        return nearest(ev.eta), nearest((ev.rho * ((target - pi) * ev.Q).sum(axis=-1)).sum())

    grid = [nearest(x) for x in np.linspace(0, 1, GRID + 1)]
    seen = {x: look(x) for x in grid}
    found = []
    for lo, hi in pairwise(grid):
        if not seen[lo][1] > 0 > seen[hi][1]:
            continue
        for _ in range(HALVINGS):
            middle = (lo + hi) / 2
            seen[middle] = look(middle)
            lo, hi = (middle, hi) if seen[middle][1] > 0 else (lo, middle)
        found.append((lo, hi))
    alpha = max(sorted(seen), key=lambda x: seen[x][0])
    return Best(alpha, seen[alpha][0], None, tuple(found))
