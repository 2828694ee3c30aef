"""Exact mean, variance and bias of each entry of an estimated gradient G.

Problem: how far is an estimate of G = rho A from it, entry by entry, and why.  Method: L is linear
in pi_new, so the entry (s, a), centred under pi, is the gain of the policy that takes a in s and
follows pi elsewhere; its moments are those of that gain (`path_moments`, `vine_moments`,
`off_policy_moments`).  Guarantee: exact in rational arithmetic; in floats to rounding.
"""

from collections.abc import Callable
from typing import Any, final

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.numbers import Array, Scalar, brief, is_rational, shown, zeros
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import evaluate_checked
from tabular_trpo._exact.surrogate import surrogate
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.moments import Moments, path_moments, vine_moments
from tabular_trpo._sampled.off_policy_moments import off_policy_moments

UNITS: dict[str, Callable[..., Moments]] = {
    "path": path_moments,
    "vine": vine_moments,
    "off_policy": off_policy_moments,
}


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class GradientMoments:
    """Mean, variance and bias of each entry of an estimate of G from one unit, a path or a root.

    mean, variance, bias: (S, A); bias is mean - rho A.  0 where `visible` is false
    visible:  (S, A) bool, the actions that the data can show
    steps:    expected number of transitions of a unit

    Of the mean of n units the variance is variance / n, and mean and bias are the same.

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> gradient_moments(mdp, [["1/2", "1/2"]])
    <GradientMoments: S=1, A=2, largest bias 0, largest variance 4, steps 2>
    """

    mean: Array
    variance: Array
    bias: Array
    visible: Array
    steps: Scalar

    def __repr__(self) -> str:
        """Return the sizes and the largest entries on one line."""
        S, A = self.mean.shape
        bias, variance = brief(abs(self.bias).max()), brief(self.variance.max())
        largest = f"largest bias {bias}, largest variance {variance}"
        return f"<GradientMoments: S={S}, A={A}, {largest}, steps {brief(self.steps)}>"

    @public
    def signal(self, units: int) -> Scalar:
        """Return |E G|^2 / E |G|^2 of an estimate from n units, in [0, 1].

        The share of the squared length of the estimate that is not noise:
        sum mean^2 / (sum mean^2 + sum variance / n).

        units:  n, at least 1
        raises: InvalidMDPError for a number below 1

        >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
        >>> gradient_moments(mdp, [["1/2", "1/2"]]).signal(4)
        Fraction(1, 2)
        """
        n = size("units", units, 1)
        square = (self.mean * self.mean).sum()
        total = square + self.variance.sum() / n
        return square / total if total > 0 else square


@public
def gradient_moments(mdp: MDP, pi: object, unit: str = "path", **settings: Any) -> GradientMoments:
    """Return mean, variance and bias of each entry of an estimate of G = rho A at pi.

    Var G(s, a) = Var of the estimated gain of the policy that takes a in s, of one unit of data.

    pi:       (S, A) in the arithmetic of the model, positive on two actions at least where a state
              has them
    unit:     "path" for `path_moments`, "vine" for `vine_moments`, "off_policy" for
              `off_policy_moments`
    settings: of that function, such as horizon, weighting, baseline, lam; behaviour, method and Q
    raises:   as that function

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> pi = [["1/2", "1/2"]]
    >>> returns = gradient_moments(mdp, pi)
    >>> with_V = gradient_moments(mdp, pi, baseline=["1"], lam="0")
    >>> [(str(x.bias[0, 1]), str(x.variance[0, 1])) for x in (returns, with_V)]
    [('0', '4'), ('0', '1')]
    """
    one_model(mdp)
    if unit not in UNITS:
        raise invalid("choice", "unit", f"= {shown(unit)}", f"one of {', '.join(UNITS)}")
    table = check_policy(mdp, pi)
    before = {}
    shown_by = table
    if unit == "off_policy":
        if "behaviour" not in settings:
            raise invalid("choice", "behaviour", "is missing", "the policy of the paths, (S, A)")
        before = {"behaviour": settings.pop("behaviour")}
        shown_by = check_policy(mdp, before["behaviour"], "behaviour")
    visible = mdp.mask if unit == "vine" else shown_by > 0
    rational = is_rational(table)
    mean, variance = zeros(table.shape, rational), zeros(table.shape, rational)
    steps: Scalar = None
    for s, a in np.argwhere(visible):
        new = table.copy()
        new[s] = 0 * new[s]
        new[s, a] = new[s, a] + 1
        moments = UNITS[unit](mdp, **before, pi=table, pi_new=new, **settings)
        mean[s, a], variance[s, a], steps = moments.mean, moments.variance, moments.steps
    G = surrogate(evaluate_checked(mdp, table)).G
    bias = np.where(visible, mean - G, 0 * G)
    return GradientMoments(mean, variance, bias, visible, steps)
