"""Steps fitted to the rational arithmetic: solved in floats, or kept on a grid; judged exactly.

A bound holds for every new policy, so nothing is lost by rounding one before it is judged.
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
from tabular_trpo._improve.step import Step, step_to

StepFunction = Callable[[Evaluation, Surrogate], Step]
MOST_BITS = 256  # of a probability, before `on_grid` rounds


@public
def in_floats(step: StepFunction) -> StepFunction:
    """Return the step that solves in floats whatever the arithmetic, and answers in the arithmetic
    of L.

    A rational surrogate is rounded to doubles, the step is made there, and the rows that it moved
    are read back as the dyadic rationals that they are.  A moved row whose exact gain is negative
    is rounding noise: it stays as it was, which raises the gain and lowers every divergence.

    raises: ExactnessError where a positive probability is below the smallest double, LimitError
            where rho * A overflows; what `step` raises

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._exact.evaluate import evaluate
    >>> from tabular_trpo._exact.surrogate import surrogate
    >>> half = in_floats(lambda ev, L: step_to(L, (L.pi + [[0.0, 1.0]]) / 2))
    >>> ev = evaluate(MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/3", "2/3"]])
    >>> float(half(ev, surrogate(ev)).gain)
    0.333...
    """

    def exact(ev: Evaluation, L: Surrogate) -> Step:
        if not is_rational(L.pi):
            return step(ev, L)
        rounded = _rounded(L)
        made = step(ev, rounded)
        if made.status != StepStatus.MOVED:
            return _again(L, L.pi, made)
        moved = (made.pi_new != rounded.pi).any(axis=-1)
        new = np.where(moved[:, None], to_rational(made.pi_new), L.pi)
        return _again(L, _gaining(L, new), made)

    return exact


@public
def on_grid(step: StepFunction, bits: int = MOST_BITS) -> StepFunction:
    """Return the step whose new policy is put on the grid of doubles where it has grown too long.

    Exact optima have numerators many times as long as those of the policy before, so that a run
    would end after a handful of steps.  Rows that lose by it stay as they were.

    bits: the longest denominator that is left alone
    """

    def short(ev: Evaluation, L: Surrogate) -> Step:
        made = step(ev, L)
        if not is_rational(L.pi) or made.status != StepStatus.MOVED:
            return made
        longest = max(x.denominator.bit_length() for x in made.pi_new.ravel())
        if longest <= bits:
            return made
        new = to_rational(to_float(made.pi_new))
        return _again(L, _gaining(L, new), made)

    return short


def _again(L: Surrogate, pi_new: Array, made: Step) -> Step:
    """Return a step to a policy beside the one that was found, its numbers computed anew.

    A mixture that was rounded is a mixture no more, so its target is forgotten.
    """
    found = made.multipliers
    found = replace(found, target=None) if isinstance(found, Mixture) else found
    again = step_to(L, pi_new, found, backtracks=made.backtracks)
    status = again.status if made.status == StepStatus.MOVED else made.status
    return replace(again, objective=made.objective, status=status)


def _gaining(L: Surrogate, new: Array) -> Array:
    """Return the new policy with the rows that lose by the surrogate taken back."""
    gain = (L.G * (new - L.pi)).sum(axis=-1)
    return frozen(np.where((gain < 0)[:, None], L.pi, new))


def _rounded(L: Surrogate) -> Surrogate:
    """Return the surrogate in doubles; how far it was rounded is of no use to a step."""
    G, weight = (frozen(elementwise(nearest, x, np.float64)) for x in (L.G, L.weight))
    finite("rho * A", G)
    eta = finite("eta", nearest(L.eta))
    return Surrogate(G, weight, to_float(L.pi), eta, None, None, None, L.allowed)
