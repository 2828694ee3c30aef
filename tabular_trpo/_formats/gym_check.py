"""A statistical test of an environment's table: steps are outcomes of P, as often as P says.

The environment is played by random allowed actions.  A step that P does not list refutes P.
Frequencies are compared by a likelihood ratio that is a martingale where P is true, so that the
chance to refuse a true table has a bound whatever the actions and the number of steps.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from math import lgamma, log
from typing import Any, Protocol

import numpy as np

from tabular_trpo._core.errors import Problem, invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, kind_of, shown
from tabular_trpo._core.validate import label, refuse
from tabular_trpo._formats.gym_table import Rows

FALSE_ALARM = 1e-6  # the chance that a true table is refused, at most
RESTART = 0.01  # the chance that a step is followed by a reset: not all steps in an absorbing state
SAME_REWARD = 1e-6  # relative: rewards of single precision are 6e-8 off
BUILD = "Set env.unwrapped.P to what it plays, or build the model by MDP.from_counts(...)"

Outcome = tuple[int, bool, float]  # next state, terminated, reward
Law = Mapping[Outcome, float]
Pair = tuple[int, int]
START: Pair = (-1, -1)  # instead of (s, a): the outcome is the first state of an episode


class Playable(Protocol):
    """What is played of an environment."""

    def reset(self, *, seed: int | None) -> tuple[object, object]:
        """Return the first observation, and an info that is not used."""

    def step(self, action: int, /) -> object:
        """Return (observation, reward, terminated, truncated, info)."""


def outcomes(rows: Rows) -> dict[Pair, Law]:
    """Return {(s, a): {(s', terminated, reward): probability}} of what can happen.

    >>> outcomes({(0, 0): [(0.5, 0, 0.0, False), (0.25, 0, 0.0, False), (0.25, 0, 2.0, True)]})
    {(0, 0): {(0, False, 0.0): 0.75, (0, True, 2.0): 0.25}}
    """
    laws: dict[Pair, Law] = {}
    for pair, row in rows.items():
        law: dict[Outcome, float] = {}
        for p, t, r, terminated in row:
            if p > 0:
                law[t, terminated, r] = law.get((t, terminated, r), 0.0) + p
        laws[pair] = law
    return laws


def check_table(
    env: Playable,
    table: Mapping[Pair, Law],
    start: Array | None,
    steps: int,
    rng: np.random.Generator,
) -> None:
    """Play `steps` random allowed actions; refuse a table that what happened contradicts.

    A next state, reward or end of episode that P does not list is refused at once.  Frequencies
    are compared by E = prod_i q(x_i) / p(x_i), with the sequential estimate q(x_i) = (n_x + 1/2) /
    (n + K/2) of the K outcomes of a pair (Krichevsky and Trofimov 1981).  E is a nonnegative
    martingale with mean 1 where p is true, for any choice of actions, so E >= m / 1e-6 for one of
    m pairs has a chance of 1e-6 at most.  Pairs that the play does not reach are not tested.

    start:  (S,) the distribution of the first state, or None: not tested
    raises: InvalidMDPError naming s, a, what came and what P says
    """
    seen, unlisted = _play(env, table, start, steps, rng)
    refuse(unlisted)
    laws = {pair: law for pair, law in table.items() if law}
    if start is not None:
        laws[START] = {(s, False, 0.0): p for s, p in enumerate(start.tolist()) if p > 0}
    limit = log(len(laws) / FALSE_ALARM)
    refuse(
        _frequency(key, counts, laws[key])
        for key, counts in seen.items()
        if _evidence(counts, laws[key]) >= limit
    )


def _play(
    env: Playable,
    table: Mapping[Pair, Law],
    start: Array | None,
    steps: int,
    rng: np.random.Generator,
) -> tuple[dict[Pair, Counter[Outcome]], list[Problem]]:
    """Return the outcomes counted by pair and at START, and each outcome that P does not list."""
    actions: dict[int, list[int]] = {}
    for (s, a), law in table.items():
        actions.setdefault(s, []).extend([a] if law else [])
    seen: defaultdict[Pair, Counter[Outcome]] = defaultdict(Counter)
    unlisted: dict[tuple[Pair, Outcome], Problem] = {}
    state: int | None = None
    seed: int | None = int(rng.integers(2**31))
    for _ in range(steps):
        if state is None:
            state = _state("env.reset()", env.reset(seed=seed)[0], len(actions))
            seed = None
            if start is not None and start[state] > 0:
                seen[START][state, False, 0.0] += 1
            elif start is not None:
                expected = f"a state of initial_state_distrib: {np.flatnonzero(start).tolist()}"
                got, cure = f"gives {state}", "Give rho0=..."
                problem = Problem("table", "env.reset()", got, expected, cure)
                unlisted.setdefault((START, (state, False, 0.0)), problem)
        pair = (state, actions[state][rng.integers(len(actions[state]))])
        at = f"env.step({pair[1]}) in the state {state}"
        answer = env.step(pair[1])
        if not isinstance(answer, tuple) or len(answer) != 5:
            expected = "(state, reward, terminated, truncated, info)"
            raise invalid("shape", at, f"= {shown(answer)}", expected)
        now, reward, terminated, truncated, _ = answer
        came = (_state(at, now, len(actions)), bool(terminated), nearest(reward))
        near = (x for x in table[pair] if _same(x, came))
        listed = came if came in table[pair] else next(near, None)
        if listed is None:
            listing = "; ".join(map(_text, table[pair]))
            expected = f"an outcome of {label('P', pair, 's a')}: {listing}"
            problem = Problem("table", at, f"gives {_text(came)}", expected, BUILD)
            unlisted.setdefault((pair, came), problem)
        else:
            seen[pair][listed] += 1
        over = terminated or truncated or rng.random() < RESTART
        state = None if over else came[0]
    return seen, list(unlisted.values())


def _state(where: str, value: Any, n_states: int) -> int:
    """Return an observation as the index of a state."""
    item = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if kind_of(item) != "int" or not 0 <= item < n_states:
        expected = f"the index of a state of P, 0 to {n_states - 1}"
        raise invalid("index", where, f"gives {shown(value)}", expected, BUILD)
    return int(item)


def _same(listed: Outcome, came: Outcome) -> bool:
    """Return whether two outcomes are the same, their rewards to single precision."""
    one, two = listed[2], came[2]
    return listed[:2] == came[:2] and abs(one - two) <= SAME_REWARD * max(abs(one), abs(two))


def _evidence(counts: Counter[Outcome], law: Law) -> float:
    """Return log E: how much better the observed frequencies explain the counts than `law`."""
    n, k = counts.total(), len(law)
    fitted = sum(lgamma(c + 0.5) - lgamma(0.5) for c in counts.values())
    fitted -= lgamma(n + k / 2) - lgamma(k / 2)
    return fitted - sum(c * log(law[x]) for x, c in counts.items())


def _text(outcome: Outcome) -> str:
    """Return an outcome as a message names it."""
    t, terminated, r = outcome
    return f"next state {t}, reward {r:g}, terminated {terminated}"


def _frequency(key: Pair, counts: Counter[Outcome], law: Law) -> Problem:
    """Return the problem of a law that the counts contradict, which names its worst outcome."""
    n = counts.total()
    worst = max(law, key=lambda x: abs(counts[x] / n - law[x]))
    where, what = label("P", key, "s a"), _text(worst)
    if key == START:
        where, what = "initial_state_distrib", f"state {worst[0]}"
    chance = f"gives {what} the probability {law[worst]:.4g}"
    got = f"{chance}, and it came {counts[worst]:,} of {n:,} times"
    expected = f"about {law[worst] * n:.4g} (a false alarm has a chance below {FALSE_ALARM:g})"
    return Problem("frequency", where, got, expected, BUILD)
