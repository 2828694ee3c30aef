"""First parents of a search: pairs that a user gives, and members of the worst-case families.

Random pairs come nowhere near most bounds; the families of `families.worst_case` attain them, or
nearly, so they are among the first parents of their size unless the user forbids it.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from tabular_trpo._core.instance import Instance
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families import worst_case
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import PairTables

GAMMAS = (Fraction(1, 50), Fraction(1, 10), Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))
LARGEST = 16  # states or actions of a pair that is given: 2048 of its size are drawn
STEPS = (Fraction(1, 1000), Fraction(1, 10), Fraction(1, 2))


def tables(pair: Pair, mixture: bool, gamma: Fraction | None, name: str = "start") -> PairTables:
    """Return the tables of a pair that a user gives, in Fractions and with all actions allowed.

    An action that is not allowed gets the transitions and the reward of the first allowed one,
    which changes no value of the policies.  What counts actions, as sum_a(pi**0), changes: see
    `with_own_actions`.

    mixture: whether the search is among mixtures; another pair is one with alpha = 1 then
    gamma:   what replaces its own
    name:    what messages call it
    raises:  InvalidMDPError for a batch and for a large pair
    """
    shape = pair.mdp.r.shape
    if len(shape) != 2 or max(shape) > LARGEST:
        raise shape_error(name, shape, f"one pair of at most {LARGEST} states and actions")
    mask = pair.mdp.mask
    actions = np.where(mask, np.arange(shape[1]), mask.argmax(axis=1)[:, None])
    states = np.arange(shape[0])[:, None]
    found = PairTables.of(pair.exact.instance).as_mixture(mixture)
    held = found.gamma if gamma is None else gamma
    return found.changed(P=found.P[states, actions], r=found.r[states, actions], gamma=held)


def with_own_actions(pair: Pair, mixture: bool, gamma: Fraction | None) -> Pair:
    """Return a pair that a user gives as a rational one with its own actions; see `tables`."""
    exact = pair.exact.instance
    mdp = exact.mdp if gamma is None else exact.mdp.replace(gamma=gamma, r=exact.mdp.r)
    if exact.is_mixture or not mixture:
        return Pair.of(replace(exact, mdp=mdp))
    return Pair.mixture(mdp, exact.pi, exact.pi_new, Fraction(1))


def first_parents(
    size: tuple[int, int], gamma: float | None, families: bool, given: Sequence[PairTables] = ()
) -> PairTables | None:
    """Return the pairs of a size that are given, then those of the worst-case families, or None.

    gamma: of the families; None for several
    """
    gammas = GAMMAS if gamma is None else (Fraction(gamma),)
    known = [x for g in gammas if g > 0 for x in _worst_cases(g)] if families else []
    found = [x for x in [*given, *map(PairTables.of, known)] if x.size == size]
    return PairTables.stacked(found) if found else None


def _worst_cases(gamma: Fraction) -> list[Instance]:
    steps = (*STEPS, (1 - gamma) / 100)  # the last one is short beside any effective horizon
    made = [worst_case.tight_cpi(gamma, sign, a) for sign in (-1, 0) for a in steps]
    for a in steps:
        made.append(worst_case.tight_thm1(a, gamma))
        made.append(worst_case.two_region(gamma, a))
        made.append(worst_case.fork(gamma, a, a * a))
        made.append(worst_case.rare_region(gamma, a / 10, a / 5, a))
    return made
