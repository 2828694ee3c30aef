"""The only home of generators: random rational models, policies and pairs, exactly stochastic.

A case is first a *plan*, nested tuples and lists of small integers, and then made exact data.  Two
makers of plans share one text: Hypothesis, which deletes states and lowers integers until the case
is plain, and a numpy Generator, for a fixed number of cases (`rational_pairs`).  Every choice lists
its simplest value first, because shrinking ends there: one state, one action, point masses, 1/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd, lcm
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import tabular_trpo as tt

Array = NDArray[Any]
Triple = tuple[tt.MDP, Array, Array]

GAMMAS = [
    *(Fraction(k, 10) for k in (5, 1, 9, 0, 7)),
    *(Fraction(k, 100) for k in (1, 5, 95, 99)),
    *(Fraction(1, 3), Fraction(1, 200), Fraction(999, 1000)),
]
STEPS = [Fraction(1), Fraction(1, 2), Fraction(0), *(Fraction(1, 10**k) for k in range(1, 7))]
# Half of the steps go all the way, so that unrelated policies are as common as near ones.
STEP_CHOICES = [Fraction(1)] * len(STEPS) + STEPS
ZERO: Any = Fraction(0)
REWARDS = [Fraction(k) for k in (0, 1, -1, 2, -2, 3, -3)]


class Case(NamedTuple):
    """A model, a policy, and the policy (1 - step) pi + step target."""

    mdp: tt.MDP
    pi: Array
    target: Array
    step: Fraction

    @property
    def triple(self) -> Triple:
        """(mdp, pi, pi_new)."""
        return self.mdp, self.pi, (1 - self.step) * self.pi + self.step * self.target


# Plans.  `kit` has integers(low, high), tuples(*parts) and lists(part, min_size, max_size).

_DRAW = SimpleNamespace(
    integers=st.integers,
    tuples=st.tuples,
    one_of=st.one_of,
    lists=lambda part, low, high: st.lists(part, min_size=low, max_size=high),
)
_SAMPLE = SimpleNamespace(
    integers=lambda low, high: lambda rng: int(rng.integers(low, high, endpoint=True)),
    tuples=lambda *parts: lambda rng: tuple(part(rng) for part in parts),
    one_of=lambda *parts: lambda rng: parts[rng.integers(len(parts))](rng),
    lists=lambda part, low, high: (
        lambda rng: [part(rng) for _ in range(rng.integers(low, high, endpoint=True))]
    ),
)


def _row_plan(kit: Any, n: int, *others: Any) -> Any:
    """A point, or n weights."""
    return kit.one_of(kit.integers(0, n - 1), kit.tuples(*[kit.integers(0, 6)] * n), *others)


def _plan(kit: Any, max_states: int, max_actions: int) -> Any:
    """Few choices, because Hypothesis gives up shrinking after 200 vain tries in a row."""
    action = kit.tuples(_row_plan(kit, max_states), kit.integers(0, len(REWARDS) - 1))
    return kit.tuples(
        kit.integers(0, len(GAMMAS) - 1),
        kit.integers(0, len(STEP_CHOICES) - 1),
        kit.integers(0, 5),  # 3, 4, 5: action sets differ
        _row_plan(kit, max_states),  # rho0
        kit.lists(
            kit.tuples(
                kit.lists(action, 1, max_actions),
                _row_plan(kit, max_actions),  # pi
                _row_plan(kit, max_actions, kit.tuples()),  # target; () is the row of pi
            ),
            1,
            max_states,
        ),
    )


# From plans to exact data.


def _simplex(weights: Any) -> list[Fraction]:
    total = sum(weights)
    return [Fraction(w, total) for w in weights] if total else _point(0, len(weights))


def _point(at: int, n: int) -> list[Fraction]:
    return [Fraction(int(i == at)) for i in range(n)]


def _row(plan: Any, n: int) -> list[Fraction]:
    # Backwards, since shrinking sorts weights upwards and the last ones are cut where n is small.
    return _point(plan % n, n) if isinstance(plan, int) else _simplex(plan[::-1][:n])


def _build(plan: Any, masked: bool | None) -> Case:
    """Make the case; actions a state's plan lacks are not allowed, or lead to state 0."""
    gamma, step, differ, start, states = plan
    n_states, n_actions = len(states), max(len(state[0]) for state in states)
    P = np.full((n_states, n_actions, n_states), Fraction(0), dtype=object)
    r, pi, target = (np.full(P.shape[:2], Fraction(0), dtype=object) for _ in range(3))
    allowed = np.ones(P.shape[:2], dtype=bool)
    if masked or (masked is None and differ > 2):
        for s, (actions, _, _) in enumerate(states):
            # The allowed actions of a state need not be the first ones.
            allowed[s] = [(a - s * differ) % n_actions < len(actions) for a in range(n_actions)]
    else:
        P[:, :, 0] = Fraction(1)
    for s, (actions, old, new) in enumerate(states):
        places = np.flatnonzero(allowed[s])
        for a, (row, reward) in zip(places, actions, strict=False):
            P[s, a] = _row(row, n_states)
            r[s, a] = REWARDS[reward]
        pi[s, places] = _row(old, len(places))
        target[s, places] = _row(old if new == () else new, len(places))
    rho0 = np.array(_row(start, n_states), dtype=object)
    return Case(tt.MDP(P, r, rho0, GAMMAS[gamma], allowed), pi, target, STEP_CHOICES[step])


def _with_advantages(case: Case) -> Case:
    """Centre the rewards: whole numbers with sum_a pi A = 0, so that V = 0 and A = r."""
    mdp, pi = case.mdp, case.pi
    A = mdp.r - (pi * mdp.r).sum(axis=1)[:, None]
    for s, mask in enumerate(mdp.mask):
        scale = lcm(*(x.denominator for x in A[s, mask]))
        common = gcd(*(int(x * scale) for x in A[s, mask])) or 1
        A[s] = np.where(mask, A[s] * Fraction(scale, common), ZERO)
    return case._replace(mdp=tt.MDP(mdp.P, A, mdp.rho0, mdp.gamma, mdp.allowed))


# Hypothesis strategies.


def fractions_simplex(n: int) -> st.SearchStrategy[list[Fraction]]:
    """Probabilities over n outcomes: weights 0..6 over their sum; all zero is a point mass."""
    return st.lists(st.integers(0, 6), min_size=n, max_size=n).map(_simplex)


def gammas() -> st.SearchStrategy[Fraction]:
    """Discounts from 0 to 999/1000; some at most 1/10, some at least 99/100."""
    return st.sampled_from(GAMMAS)


def alphas() -> st.SearchStrategy[Fraction]:
    """Mixture weights: 1, 0, 1/2, and 10^-k down to 10^-6."""
    return st.sampled_from(STEPS)


def cases(
    max_states: int = 4, max_actions: int = 3, masked: bool | None = None
) -> st.SearchStrategy[Case]:
    """Cases; `masked` True or False says whether action sets may depend on the state."""
    return _plan(_DRAW, max_states, max_actions).map(lambda plan: _build(plan, masked))


def mdps(
    max_states: int = 4, max_actions: int = 3, masked: bool | None = None
) -> st.SearchStrategy[tt.MDP]:
    """Rational models."""
    return cases(max_states, max_actions, masked).map(lambda case: case.mdp)


def triples(
    max_states: int = 4, max_actions: int = 3, masked: bool | None = None
) -> st.SearchStrategy[Triple]:
    """(mdp, pi, pi_new): unrelated, a step of size 10^-k, equal in some rows, or equal."""
    return cases(max_states, max_actions, masked).map(lambda case: case.triple)


@st.composite
def policies(draw: st.DrawFn, mdp: tt.MDP) -> Array:
    """Policies of a model; deterministic rows and zero probabilities are common."""
    pi = np.full(mdp.mask.shape, Fraction(0), dtype=object)
    for s, mask in enumerate(mdp.mask):
        pi[s, mask] = _row(draw(_row_plan(_DRAW, int(mask.sum()))), int(mask.sum()))
    return pi


@st.composite
def policy_pairs(draw: st.DrawFn, mdp: tt.MDP) -> tuple[Array, Array]:
    """(pi, pi_new) of a model, where `triples` cannot be used; it shrinks better."""
    step, pi, target = draw(st.sampled_from(STEP_CHOICES)), draw(policies(mdp)), draw(policies(mdp))
    return pi, (1 - step) * pi + step * target


def pairs(
    max_states: int = 4, max_actions: int = 3, masked: bool | None = None
) -> st.SearchStrategy[tt.Pair]:
    """Pairs of any two policies."""
    return triples(max_states, max_actions, masked).map(lambda triple: tt.Pair(*triple))


def advantage_pairs(max_states: int = 4, max_actions: int = 3) -> st.SearchStrategy[tt.Pair]:
    """Pairs whose rewards are the advantages of pi (V = 0): every bound depends on these alone."""
    made = cases(max_states, max_actions).map(_with_advantages)
    return made.map(lambda case: tt.Pair(*case.triple))


def mixture_pairs(max_states: int = 4, max_actions: int = 3) -> st.SearchStrategy[tt.Pair]:
    """Pairs with pi_new = (1 - alpha) pi + alpha target."""
    return cases(max_states, max_actions).map(lambda case: tt.Pair.mixture(*case))


# A fixed number of cases, the same in every run.


def rational_cases(
    seed: int, n: int, max_states: int = 4, max_actions: int = 3, masked: bool | None = None
) -> Iterator[Case]:
    """Yield n cases that depend on the seed alone."""
    rng = np.random.default_rng(seed)
    plan = _plan(_SAMPLE, max_states, max_actions)
    return (_build(plan(rng), masked) for _ in range(n))


def rational_pairs(
    seed: int, n: int, max_states: int = 4, max_actions: int = 3, masked: bool | None = None
) -> Iterator[Triple]:
    """Yield n triples (mdp, pi, pi_new) that depend on the seed alone."""
    return (case.triple for case in rational_cases(seed, n, max_states, max_actions, masked))
