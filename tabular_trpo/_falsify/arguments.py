"""Checks of the arguments of a search, and the gamma that a precondition requires."""

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from numbers import Real
from typing import Any

from tabular_trpo._core.arguments import described
from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.nearest import nearest, written
from tabular_trpo._core.numbers import brief, shown
from tabular_trpo._families.arguments import size
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.trace import Statement

FREE_GAMMAS = Fraction(1, 1000), Fraction(999, 1000)  # range of gamma that the moves reach


def given_pairs(start: Iterable[Pair]) -> list[Pair]:
    """Return the argument `start` as a list of Pairs.

    raises: TypeError for an element that is not a Pair
    """
    given = list(start)
    for i, pair in enumerate(given):
        if not isinstance(pair, Pair):
            raise TypeError(f"falsify: start[{i}] = {described(pair)}, expected a Pair")
    return given


def checked(
    claim: object, budget: object, gamma: object, rounds: object, seed: object
) -> Fraction | None:
    """Check the arguments of `falsify`; return gamma as a Fraction, or None if it was None.

    raises: TypeError if `claim` is not a claim, InvalidMDPError for a number out of range
    """
    if not isinstance(claim, Theorem):
        raise TypeError(f'claim = {shown(claim)}, expected a claim: @tt.claim("title") makes one')
    if rounds is not None:
        size("rounds", rounds, 1)
    if not _positive(budget):
        expected = "a positive number of seconds"
        raise invalid("budget", "budget", f"= {shown(budget)}", expected)
    size("seed", seed, 0)
    if gamma is None:
        return None
    given = written(gamma) if isinstance(gamma, float) else gamma  # 0.9 is 9/10 here
    exact: Fraction = read_as("gamma", given, rational=True).item()
    if not 0 <= exact < 1 or nearest(exact) == 1:
        expected = "a number in [0, 1)" if exact >= 1 or exact < 0 else "less than 1 as a double"
        raise invalid("gamma", "gamma", f"= {brief(exact)}", expected)
    return exact


def _positive(number: Any) -> bool:
    """Return whether `number` is real, above 0, and either infinite or less than 2^1000."""
    real = isinstance(number, Real) and not isinstance(number, bool)
    return real and bool(0 < number and (number == math.inf or number < 2**1000))


def with_center(claim: Theorem, center: object) -> Theorem:
    """Return a copy of the claim whose gap and penalty are measured from `center`.

    raises: InvalidMDPError if the claim is an equation
    """
    if claim.statement.relation == "==":
        got, cure = "was given", "Leave it out, or state one side of it by <= or >="
        name = f"center of {claim.name!r}, an equation,"
        raise invalid("around", name, got, "None", cure)
    return replace(claim, center=center)


def required_gamma(condition: Statement | None) -> Fraction | None:
    """Return the gamma to hold fixed where a precondition requires one outside FREE_GAMMAS.

    The precondition compares gamma with a number c; for "==", c is returned even inside
    FREE_GAMMAS.  For every other precondition the result is None.

    >>> from tabular_trpo._theory.trace import trace
    >>> required_gamma(trace(lambda p: (p.gamma, "<=", Fraction(1, 2000))))
    Fraction(1, 2000)
    """
    if condition is None:
        return None
    sides, relation = (condition.lhs, condition.rhs), condition.relation
    if sides[0].op == "number":
        sides, relation = sides[::-1], {"<=": ">=", ">=": "<="}.get(relation, relation)
    name, number = sides
    if name.op != "name" or name.args[0] != "gamma" or number.op != "number":
        return None
    end: Fraction = number.args[0]
    least, most = FREE_GAMMAS
    low, high = relation == "<=" and end < least, relation == ">=" and end > most
    held = 0 <= end < 1 and nearest(end) < 1 and (relation == "==" or low or high)
    return end if held else None
