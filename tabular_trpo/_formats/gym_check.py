"""Playing an environment to test its table: every step must be an outcome of P, and as often."""

from collections import Counter
from collections.abc import Mapping
from math import lgamma, log
from typing import Any

import numpy as np

from tabular_trpo._core.errors import MOST_PROBLEMS, InvalidMDPError, Problem, invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, kind_of, shown
from tabular_trpo._formats.gym_table import read_rows

FALSE_ALARM = 1e-6  # the chance that a true table is refused, at most
RESTART = 0.01  # the chance that a step is followed by a reset, so that no trap takes all steps
SAME_REWARD = 1e-6  # relative: rewards of single precision are 6e-8 off

Outcome = tuple[int, bool, float]  # next state, terminated, reward
Rows = Mapping[tuple[int, int], Mapping[Outcome, float]]
BUILD = "Set env.unwrapped.P to what it plays, or build the model by MDP.from_counts(...)"


def outcomes(table: Any) -> Rows:
    """Return {(s, a): {(s', terminated, reward): probability}} of what can happen by a table P.

    raises: InvalidMDPError as `read_rows`

    >>> outcomes([[[(0.5, 0, 0, False), (0.25, 0, 0, False), (0.25, 0, 2, True)]]])
    {(0, 0): {(0, False, 0.0): 0.75, (0, True, 2.0): 0.25}}
    """
    laws: dict[tuple[int, int], dict[Outcome, float]] = {}
    for pair, row in read_rows(table).items():
        law = laws.setdefault(pair, {})
        for p, t, r, terminated in row:
            if p > 0:
                key = (int(t), bool(terminated), nearest(r))
                law[key] = law.get(key, 0.0) + nearest(p)
    return laws


def check_table(
    env: Any, table: Rows, start: Array | None, steps: int, rng: np.random.Generator
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
    seen, strange = _play(env, table, start, steps, rng)
    if strange:
        raise InvalidMDPError(strange[:MOST_PROBLEMS], max(0, len(strange) - MOST_PROBLEMS))
    laws: dict[Any, Mapping[Any, float]] = {pair: row for pair, row in table.items() if row}
    if start is not None:
        laws["start"] = {s: p for s, p in enumerate(start.tolist()) if p > 0}
    few = log(len(laws) / FALSE_ALARM)
    doubts = [(_evidence(seen[key], laws[key]), key) for key in seen]
    wrong = [_frequencies(key, seen[key], laws[key]) for e, key in doubts if e >= few]
    if wrong:
        raise InvalidMDPError(wrong[:MOST_PROBLEMS], max(0, len(wrong) - MOST_PROBLEMS))


def _play(
    env: Any, table: Rows, start: Array | None, steps: int, rng: np.random.Generator
) -> tuple[dict[Any, Counter[Any]], list[Problem]]:
    """Return the outcomes counted by pair and at "start", and each thing that P does not list."""
    actions: dict[int, list[int]] = {}
    for (s, a), row in table.items():
        actions.setdefault(s, []).extend([a] if row else [])
    seen: dict[Any, Counter[Any]] = {}
    strange: dict[Any, Problem] = {}
    state: int | None = None
    seed: int | None = int(rng.integers(2**31))
    for _ in range(steps):
        if state is None:
            state = _state("env.reset()", env.reset(seed=seed)[0], len(actions))
            seed = None
            if start is not None:
                seen.setdefault("start", Counter())[state] += 1
                if start[state] <= 0:
                    strange.setdefault(("start", state), _start(state, start))
        pair = (state, actions[state][rng.integers(len(actions[state]))])
        at = f"env.step({pair[1]}) in the state {state}"
        answer = env.step(pair[1])
        if not isinstance(answer, tuple) or len(answer) != 5:
            expected = "(state, reward, terminated, truncated, info)"
            raise invalid("shape", at, f"= {shown(answer)}", expected)
        now, reward, terminated, truncated, _ = answer
        came = (_state(at, now, len(actions)), bool(terminated), nearest(reward))
        listed = _listed(came, table[pair])
        if listed is None:
            strange.setdefault((pair, came), _unlisted(pair, came, table[pair]))
        else:
            seen.setdefault(pair, Counter())[listed] += 1
        over = terminated or truncated or rng.random() < RESTART
        state = None if over else came[0]
    return seen, list(strange.values())


def _state(where: str, value: Any, n_states: int) -> int:
    """Return an observation as the index of a state."""
    item = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if kind_of(item) != "int" or not 0 <= item < n_states:
        expected = f"the index of a state of P, 0 to {n_states - 1}"
        raise invalid("index", where, f"gives {shown(value)}", expected, BUILD)
    return int(item)


def _listed(came: Outcome, row: Mapping[Outcome, float]) -> Outcome | None:
    """Return the outcome of the table that came, or None."""
    if came in row:
        return came
    t, terminated, r = came
    for outcome in row:
        near = abs(outcome[2] - r) <= SAME_REWARD * max(abs(outcome[2]), abs(r))
        if outcome[:2] == (t, terminated) and near:
            return outcome
    return None


def _evidence(counts: Counter[Any], law: Mapping[Any, float]) -> float:
    """Return log E: how much better the observed frequencies explain the counts than `law`."""
    n, k = counts.total(), len(law)
    fitted = sum(lgamma(c + 0.5) - lgamma(0.5) for c in counts.values())
    fitted -= lgamma(n + k / 2) - lgamma(k / 2)
    return fitted - sum(c * log(law[outcome]) for outcome, c in counts.items())


def _words(outcome: Outcome) -> str:
    t, terminated, r = outcome
    return f"next state {t}, reward {r:g}, terminated {terminated}"


def _unlisted(pair: tuple[int, int], came: Outcome, row: Mapping[Outcome, float]) -> Problem:
    s, a = pair
    listed = "; ".join(_words(outcome) for outcome in row)
    expected = f"an outcome of P[s={s}, a={a}]: {listed}"
    return Problem(
        "table", f"env.step({a}) in the state {s}", f"gives {_words(came)}", expected, BUILD
    )


def _start(state: int, start: Array) -> Problem:
    expected = f"a state of initial_state_distrib: {np.flatnonzero(start).tolist()}"
    return Problem("table", "env.reset()", f"gives {state}", expected, "Give rho0=...")


def _frequencies(key: Any, counts: Counter[Any], law: Mapping[Any, float]) -> Problem:
    """Return the problem of a law that the counts contradict, told by its worst outcome."""
    n = counts.total()
    worst = max(law, key=lambda x: abs(counts[x] / n - law[x]))
    expected = f"about {law[worst] * n:.4g} (a false alarm has a chance below {FALSE_ALARM:g})"
    if key == "start":
        where, what = "initial_state_distrib", f"state {worst}"
    else:
        where, what = f"P[s={key[0]}, a={key[1]}]", _words(worst)
    chance = f"gives {what} the probability {law[worst]:.4g}"
    got = f"{chance}, and it came {counts[worst]:,} of {n:,} times"
    return Problem("frequency", where, got, expected, BUILD)
