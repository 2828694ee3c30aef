"""The constants of the bounds, for numbers of every arithmetic and for symbols of formulas."""

from typing import Any

import numpy as np

from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._exact.evaluate import Evaluation


def coupling_constant(max_tv: Any, gamma: Any) -> Any:
    """Return the coupling constant c = sum_t gamma^t (1 - (1 - max_tv)^t).

    It bounds the discounted probability that coupled paths of two policies differ.  In closed form
    c = max_tv gamma / ((1 - gamma) (1 - gamma (1 - max_tv))): TRPO (2015), appendix A, before
    1 - gamma (1 - max_tv) is rounded down to 1 - gamma.

    max_tv, gamma: numbers of any arithmetic, or symbols of a formula

    >>> from fractions import Fraction
    >>> coupling_constant(Fraction(1, 10), Fraction(9, 10))
    Fraction(90, 19)
    """
    return max_tv * gamma / ((1 - gamma) * (1 - gamma * (1 - max_tv)))


@public
def penalty(ev: Evaluation) -> Any:
    """Return the constant C of the minorant L - C max_kl at an evaluated policy.

    C = 4 eps gamma / (1 - gamma)^2 with eps = max abs(A) over all states and allowed actions.
    TRPO (2015), equations (9) and (10).

    return: (...) in the arithmetic of the evaluation
    raises: LimitError where doubles overflow

    >>> from tabular_trpo._families.worst_case import tight_thm1
    >>> from tabular_trpo._exact.evaluate import evaluate
    >>> case = tight_thm1("1/10", "9/10")
    >>> penalty(evaluate(case.mdp, case.pi))
    Fraction(360, 1)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        eps, gamma = abs(ev.A).max(axis=(-2, -1)), ev.mdp.gamma
        return finite("C", 4 * eps * gamma / (1 - gamma) ** 2)
