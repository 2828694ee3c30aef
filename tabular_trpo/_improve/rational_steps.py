"""Float steps on rational models, and rational steps with short numbers.

**Problem.** Steps with logarithms exist in floats only, and exact optima have long numerators and
denominators; runs on rational models need rational policies with short numbers.

**Method.** Round the surrogate or the new policy to doubles, and convert the rows back exactly.

**Guarantee.** The gain and the distances of the rounded policy are exact.  Bounds of the gain hold
for every new policy, so the rounded one is certified as well; it need not be an exact optimum.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, elementwise, frozen, is_rational
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy import to_float, to_rational
from tabular_trpo._core.public import public
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.multipliers import Mixture
from tabular_trpo._improve.status import StepStatus
from tabular_trpo._improve.step import Step, make_step

StepFunction = Callable[[Evaluation, Surrogate], Step]
MOST_BITS = 256  # bits of a denominator above which `on_grid` rounds


@public
def in_floats(step: StepFunction) -> StepFunction:
    """Return a step for both arithmetics, from a step in floats such as `mean_kl`.

    A rational surrogate is rounded to doubles for `step`; the rows that changed are converted to
    dyadic rationals k / 2^53.  A changed row whose exact gain is negative, by rounding, is replaced
    by the old one, which increases the gain and decreases every divergence.  The gain and the
    distances of the result are exact.  Not in the TRPO paper.

    step:   a function of an `Evaluation` and its `Surrogate`, in floats
    return: a function of an `Evaluation` and its `Surrogate` that returns a `Step`
    raises: when the step is called, ExactnessError where a positive probability is below the
            smallest double, LimitError where rho * A overflows, and all errors of `step`

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> from tabular_trpo.improve import mean_kl
    >>> ev = evaluate(MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/3", "2/3"]])
    >>> in_floats(lambda ev, L: mean_kl(L, 0.1))(ev, surrogate(ev))
    Step(moved, gain 0.360722, max_kl 0.1, mean_kl 0.1, max_tv 0.180361)
    """

    def exact(ev: Evaluation, L: Surrogate) -> Step:
        """Return the step in floats, converted to rationals if L is rational."""
        if not is_rational(L.pi):
            return step(ev, L)
        rounded = _rounded(L)
        made = step(ev, rounded)
        if made.status != StepStatus.MOVED:
            return _step_to_rounded(L, L.pi, made)
        moved = (made.pi_new != rounded.pi).any(axis=-1)
        new = np.where(moved[:, None], to_rational(made.pi_new), L.pi)
        return _step_to_rounded(L, _without_losses(L, new), made)

    return exact


@public
def on_grid(step: StepFunction, bits: int = MOST_BITS) -> StepFunction:
    """Return a step whose rational policies are rounded to k / 2^53 where their numbers are long.

    Exact optima have numerators many times as long as those of the old policy, so that a run
    without rounding would reach the limits of exact work after a few steps.  A rounded row with a
    negative gain is replaced by the old one.  The gain and the distances of the result are exact.
    Not in the TRPO paper.

    step:   a function of an `Evaluation` and its `Surrogate`
    bits:   the largest length of a denominator that is not rounded
    return: a function of an `Evaluation` and its `Surrogate` that returns a `Step`; float policies
            are not changed
    raises: when the step is called, all errors of `step`

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> from tabular_trpo.improve import tv_constraint
    >>> ev = evaluate(MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/2", "1/2"]])
    >>> on_grid(lambda ev, L: tv_constraint(L, "1/3"), bits=2)(ev, surrogate(ev)).pi_new[0, 0]
    Fraction(1501199875790165, 9007199254740992)
    """

    def short(ev: Evaluation, L: Surrogate) -> Step:
        """Return the step, with a rounded policy if its denominators are long."""
        made = step(ev, L)
        if not is_rational(L.pi) or made.status != StepStatus.MOVED:
            return made
        longest = max(x.denominator.bit_length() for x in made.pi_new.ravel())
        if longest <= bits:
            return made
        new = to_rational(to_float(made.pi_new))
        return _step_to_rounded(L, _without_losses(L, new), made)

    return short


def _step_to_rounded(L: Surrogate, pi_new: Array, made: Step) -> Step:
    """Return the step to a rounded policy, with its own gain and the multipliers of `made`.

    The target of a mixture is left out, since the rounded policy is no exact mixture.
    """
    found = made.multipliers
    found = replace(found, target=None) if isinstance(found, Mixture) else found
    again = make_step(L, pi_new, found, backtracks=made.backtracks)
    status = again.status if made.status == StepStatus.MOVED else made.status
    return replace(again, objective=made.objective, status=status)


def _without_losses(L: Surrogate, new: Array) -> Array:
    """Return the new policy (S, A) with the old row in each state where its gain is negative."""
    gain = (L.G * (new - L.pi)).sum(axis=-1)
    return frozen(np.where((gain < 0)[:, None], L.pi, new))


def _rounded(L: Surrogate) -> Surrogate:
    """Return a rational surrogate in doubles, without error bounds, which steps do not use."""
    G, weight = (frozen(elementwise(nearest, x, np.float64)) for x in (L.G, L.weight))
    finite("rho * A", G)
    eta = finite("eta", nearest(L.eta))
    return Surrogate(G, weight, to_float(L.pi), eta, None, None, None, L.allowed)
