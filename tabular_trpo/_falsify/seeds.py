"""First parents of a search: pairs that a user brings, and worst-case families."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._falsify.exact_case import Specimen, cases_of
from tabular_trpo._falsify.worst_case_families import specimen
from tabular_trpo._families import worst_case
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import Cases

GAMMAS = (Fraction(1, 50), Fraction(1, 10), Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))
LARGEST = 16  # states or actions of a pair that is brought: 2048 of its size are drawn
STEPS = (Fraction(1, 1000), Fraction(1, 10), Fraction(1, 2))


def start(pair: Pair, mixture: bool, gamma: Fraction | None, name: str = "start") -> Specimen:
    """Return a pair that a user brings as a specimen, exactly.

    All actions of a specimen are allowed: one that was not does what the first allowed one does,
    which changes no value of the policies.  What counts actions, as sum_a(pi**0), changes: see
    `as_it_is`.

    mixture: whether the search is among mixtures; another pair is one with alpha = 1 then
    gamma:   what takes the place of its own
    name:    what messages call it
    raises:  InvalidMDPError for a batch and for a large pair
    """
    shape = pair.mdp.r.shape
    if len(shape) != 2 or max(shape) > LARGEST:
        raise shape_error(name, shape, f"one pair of at most {LARGEST} states and actions")
    mask = pair.mdp.mask
    actions = np.where(mask, np.arange(shape[1]), mask.argmax(axis=1)[:, None])
    states = np.arange(shape[0])[:, None]
    found = Specimen.of(pair.to_rational(), mixture, gamma)
    return found.changed(P=found.P[states, actions], r=found.r[states, actions])


def as_it_is(pair: Pair, mixture: bool, gamma: Fraction | None) -> Pair:
    """Return a pair that a user brings as a rational one with its own actions; see `start`."""
    exact, mdp = pair.to_rational(), pair.to_rational().mdp
    if gamma is not None:
        parts = mdp.allowed, mdp.state_names, mdp.action_names
        mdp = MDP(mdp.P, mdp.r, mdp.rho0, gamma, *parts)
    if mixture and not exact.is_mixture:
        return Pair.mixture(mdp, exact.pi, exact.pi_new, Fraction(1))
    if exact.is_mixture:
        return Pair.mixture(mdp, exact.pi, exact.target, exact.alpha)
    return Pair(mdp, exact.pi, exact.pi_new)


def of(
    size: tuple[int, int], gamma: float | None, families: bool, first: Sequence[Specimen] = ()
) -> Cases | None:
    """Return what is brought of a size, and the members of all families of it, at some gammas or
    at the one that is fixed.
    """
    horizons: Any = GAMMAS if gamma is None else (Fraction(gamma),)
    members = [x for g in horizons if g > 0 for x in _members(g)] if families else []
    found = [x for x in [*first, *members] if x.size == size]
    return cases_of(found) if found else None


def _members(gamma: Fraction) -> list[Specimen]:
    steps = (*STEPS, (1 - gamma) / 100)  # the last one is short beside any horizon
    made = [worst_case.tight_cpi(gamma, sign, a) for sign in (-1, 0) for a in steps]
    for a in steps:
        made.append(worst_case.tight_thm1(a, gamma))
        made.append(worst_case.two_region(gamma, a))
        made.append(worst_case.fork(gamma, a, a * a))
        made.append(worst_case.rare_region(gamma, a / 10, a / 5, a))
    return [specimen(x) for x in made]
