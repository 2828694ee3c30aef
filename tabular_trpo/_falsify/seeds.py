"""First parents of a search: pairs given by the user, and members of the worst-case families.

The ratio gap / penalty of random pairs is far below 1 for most bounds, while the families of
`families.worst_case` attain it or nearly do.  Unless the user excludes them, they are among the
first parents of their size.
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
LARGEST = 16  # most states or actions of a given pair: 2048 random pairs have its size
STEPS = (Fraction(1, 1000), Fraction(1, 10), Fraction(1, 2))


def tables(pair: Pair, mixture: bool, gamma: Fraction | None, name: str = "start") -> PairTables:
    """Return the tables of a pair given by the user, in Fractions and with all actions allowed.

    An action that is not allowed gets the transitions and the reward of the first allowed action of
    its state, which changes no value of the policies.  Formulas that count actions, such as
    sum_a(pi**0), change: see `with_own_actions`.

    mixture: whether the search is over mixtures; a pair that is no mixture then gets alpha = 1
    gamma:   the discount that replaces that of the pair, or None
    name:    name of the pair in messages
    raises:  InvalidMDPError for a batch of pairs and for more than LARGEST states or actions
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
    """Return a pair given by the user as a rational pair that keeps its set of allowed actions.

    mixture: whether a pair that is no mixture becomes one with alpha = 1
    gamma:   the discount that replaces that of the pair, or None
    """
    exact = pair.exact.instance
    mdp = exact.mdp if gamma is None else exact.mdp.replace(gamma=gamma, r=exact.mdp.r)
    if exact.is_mixture or not mixture:
        return Pair.of(replace(exact, mdp=mdp))
    return Pair.mixture(mdp, exact.pi, exact.pi_new, Fraction(1))


def first_parents(
    size: tuple[int, int], gamma: float | None, families: bool, given: Sequence[PairTables] = ()
) -> PairTables | None:
    """Return the first parents of size (S, A), given pairs then worst cases; None if none exists.

    gamma:    the discount of the worst cases; None for each of GAMMAS
    families: whether members of the worst-case families are included
    given:    pairs given by the user, of any size
    """
    gammas = GAMMAS if gamma is None else (Fraction(gamma),)
    known = [x for g in gammas if g > 0 for x in _worst_cases(g)] if families else []
    found = [x for x in [*given, *map(PairTables.of, known)] if x.size == size]
    return PairTables.stacked(found) if found else None


def _worst_cases(gamma: Fraction) -> list[Instance]:
    """Return members of the worst-case families with discount `gamma` and several step sizes."""
    steps = (*STEPS, (1 - gamma) / 100)  # the last is short relative to 1 - gamma
    made = [worst_case.tight_cpi(gamma, sign, a) for sign in (-1, 0) for a in steps]
    for a in steps:
        made.append(worst_case.tight_thm1(a, gamma))
        made.append(worst_case.two_region(gamma, a))
        made.append(worst_case.fork(gamma, a, a * a))
        made.append(worst_case.rare_region(gamma, a / 10, a / 5, a))
    return made
