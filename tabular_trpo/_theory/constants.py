"""The constants of the bounds; one text each, for numbers in every arithmetic and for symbols."""

from typing import Any

import numpy as np

from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._exact.evaluate import Evaluation


def penalty_constant(eps: Any, gamma: Any) -> Any:
    """Return C = 4 eps gamma / (1 - gamma)^2, the factor of the KL in TRPO (2015), equation (9).

    >>> from fractions import Fraction
    >>> penalty_constant(1, Fraction(9, 10))
    Fraction(360, 1)
    """
    return 4 * eps * gamma / (1 - gamma) ** 2


def coupling_constant(max_tv: Any, gamma: Any) -> Any:
    """Return c = sum_t gamma^t (1 - (1 - max_tv)^t): TRPO (2015), appendix A, not rounded up.

    It bounds the discounted probability that coupled paths have parted:
    max_tv gamma / ((1 - gamma) (1 - gamma (1 - max_tv))).

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
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return finite("C", penalty_constant(abs(ev.A).max(axis=(-2, -1)), ev.mdp.gamma))
