"""The moves (mutations) of the search: each changes one property of every pair of a batch.

A case is one pair: a model with pi and a target policy; pi_new = (1 - alpha) pi + alpha target.
Random moves reach every pair; directed moves (`worst_advantage`, `worst_direction`,
`boundary_rewards`) set rewards or the target to the closed forms of `closed_forms`, which random
moves would approach slowly.  A move takes the random generator and a batch and returns a new batch.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify import closed_forms as worst
from tabular_trpo._falsify.draw import GAMMAS, rewards, rows
from tabular_trpo._theory.plain import FastPair, PairTables, evaluated

# By how much a precondition holds, (N,); see `Scorer.precondition_slack`.
Slack = Callable[[FastPair], Array]
Move = Callable[[np.random.Generator, PairTables], PairTables]
LEAST_WEIGHT = 1e-4  # least mixture weight
LEAST_SHARE = 1e-3  # least mixture weight over 1 - gamma: shorter steps are lost in rounding
JUMPS = (0.005, *GAMMAS)
POLICIES = ("pi", "target")
# Shares of the children changed by `boundary_direction` and by `boundary_rewards`.
LEVEL, ON_BOUNDARY = 0.1, 0.9


def _pick(rng: np.random.Generator, cases: PairTables, depth: int) -> tuple[Array, ...]:
    """Return random indices, one of each case: of a state (depth 1), of (s, a) (2), of P (3)."""
    n = len(cases)
    return np.arange(n), *(rng.integers(size, size=n) for size in cases.P.shape[1 : depth + 1])


def _with(cases: PairTables, name: str, at: tuple[Array, ...], values: Array) -> PairTables:
    """Return a copy of the cases with `values` at the indices `at` of the table `name`."""
    array = getattr(cases, name).copy()
    array[at] = values
    return cases.changed(**{name: array})


def redraw_transitions(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Replace a random row P(.|s, a) of each case by a random one."""
    return _with(cases, "P", _pick(rng, cases, 2), rows(rng, (len(cases), cases.P.shape[-1])))


def point_transitions(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Move a random share of a random row P(.|s, a), or all of it, to a random next state."""
    *at, t = _pick(rng, cases, 3)
    t = rng.integers(cases.P.shape[-1], size=len(cases))
    share = np.where(rng.random(len(cases)) < 0.5, 1.0, 10.0 ** rng.uniform(-3, 0, len(cases)))
    row = cases.P[at[0], at[1], at[2]] * (1 - share)[:, None]
    row[np.arange(len(cases)), t] += share
    return _with(cases, "P", (at[0], at[1], at[2]), row)


def redraw_policy(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Replace a random row of pi or of the target policy of each case by a random one."""
    name = POLICIES[rng.integers(2)]
    return _with(cases, name, _pick(rng, cases, 1), rows(rng, (len(cases), cases.pi.shape[-1])))


def follow_policy(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set the target policy to pi at a random state of each case."""
    at = _pick(rng, cases, 1)
    return _with(cases, "target", at, cases.pi[at])


def swap_actions(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set the target policy to pi with permuted actions at a random state of each case."""
    at = _pick(rng, cases, 1)
    order = np.argsort(rng.random((len(cases), cases.pi.shape[-1])), axis=-1)
    return _with(cases, "target", at, np.take_along_axis(cases.pi[at], order, axis=-1))


def greedy_target(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set the target policy to the greedy policy of A under pi, at all states."""
    best = np.argmax(evaluated(cases, cases.pi).A, axis=-1)[..., None]
    return cases.changed(target=(best == np.arange(cases.pi.shape[-1])) * 1.0)


def scale_step(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Multiply the mixture weight alpha by a random factor, or set it to 1."""
    n = len(cases)
    factor = 10.0 ** (rng.normal(size=n) * rng.choice([0.02, 0.3, 1.0], n))
    alpha = np.where(rng.random(n) < 0.1, 1.0, cases.alpha * factor)
    least = np.minimum(LEAST_WEIGHT, LEAST_SHARE * (1 - cases.gamma))
    return cases.changed(alpha=np.clip(alpha, least, 1.0))


def redraw_start(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Replace the start distribution of each case by a random one."""
    return cases.changed(rho0=rows(rng, cases.rho0.shape))


def redraw_reward(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Replace the reward r(s, a) of a random (s, a) of each case by a random one."""
    return _with(cases, "r", _pick(rng, cases, 2), rewards(rng, (len(cases), 1, 1))[:, 0, 0])


def scale_rewards(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Multiply the rewards of a random state by 0 or by a random factor of either sign."""
    at = _pick(rng, cases, 1)
    factor = rng.choice([-1.0, 0.0, 1.0], len(cases)) * 10.0 ** rng.uniform(-2, 2, len(cases))
    return _with(cases, "r", at, cases.r[at] * factor[:, None])


def center_rewards(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set the rewards to the advantages of pi, which changes no advantage and makes V = 0."""
    return cases.changed(r=evaluated(cases, cases.pi).A)


def worst_advantage(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set the rewards to the advantages that maximise or minimise L - eta_new for the step."""
    return cases.changed(r=worst.advantage(cases, rng.choice([-1.0, 1.0], len(cases))))


def worst_direction(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set the step to a small one of extreme (L - eta_new) / mean KL (`closed_forms.direction`)."""
    target = worst.direction(cases, rng.choice([-1.0, 1.0], len(cases)))
    return cases.changed(target=target, alpha=10.0 ** rng.uniform(-3, -1, len(cases)))


def level_direction(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set the step to the direction of largest (L - eta_new) / mean KL that leaves L unchanged."""
    target = worst.direction(cases, np.ones(len(cases)), level=True)
    return cases.changed(target=target, alpha=10.0 ** rng.uniform(-2, 0, len(cases)))


def boundary_rewards(rng: np.random.Generator, cases: PairTables, slack: Slack) -> PairTables:
    """Set the rewards to the advantages of least eta_new for which the precondition holds."""
    return cases.changed(r=worst.rewards_on_precondition_boundary(cases, slack))


def boundary_direction(rng: np.random.Generator, cases: PairTables, slack: Slack) -> PairTables:
    """Set the rewards by `boundary_rewards`, then the step by `level_direction`."""
    return level_direction(rng, boundary_rewards(rng, cases, slack))


def change_gamma(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Set gamma to a random element of JUMPS, or change its log-odds by a normal number."""
    n = len(cases)
    odds = np.log(cases.gamma / (1 - cases.gamma)) + rng.normal(size=n) * 0.5
    near = np.clip(1 / (1 + np.exp(-odds)), 1e-3, 0.999)
    return cases.changed(gamma=np.where(rng.random(n) < 0.5, rng.choice(JUMPS, n), near))


def jitter_rows(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Multiply all probabilities of P, pi, target or rho0 by factors near 1, and renormalise."""
    name = ("P", "pi", "target", "rho0")[rng.integers(4)]
    table = getattr(cases, name)
    width = 10.0 ** rng.uniform(-3, 0, (len(cases),) + (1,) * (table.ndim - 1))
    moved = table * np.exp(width * rng.normal(size=table.shape))
    return cases.changed(**{name: moved / moved.sum(axis=-1, keepdims=True)})


def jitter_rewards(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Add small normal numbers to all rewards."""
    width = 10.0 ** rng.uniform(-3, 0, (len(cases), 1, 1))
    return cases.changed(r=cases.r + width * rng.normal(size=cases.r.shape))


def exchange_table(rng: np.random.Generator, cases: PairTables) -> PairTables:
    """Exchange P, pi, target, r or rho0 between random cases of the batch."""
    name = ("P", "pi", "target", "r", "rho0")[rng.integers(5)]
    return cases.changed(**{name: getattr(cases, name)[rng.permutation(len(cases))]})


MOVES: tuple[Move, ...] = (
    redraw_transitions,
    point_transitions,
    redraw_policy,
    follow_policy,
    swap_actions,
    greedy_target,
    scale_step,
    redraw_start,
    redraw_reward,
    scale_rewards,
    center_rewards,
    worst_advantage,
    jitter_rows,
    jitter_rewards,
    exchange_table,
)


def mutated(
    rng: np.random.Generator, cases: PairTables, fixed_gamma: bool, slack: Slack | None = None
) -> PairTables:
    """Return a mutated copy of each case: one or two random moves, then, for some, directed moves.

    fixed_gamma: whether gamma must not change
    slack: by how much the precondition holds; most cases are moved to slack 0, since claims fail
           near the boundary of the precondition
    """
    out = cases[np.arange(len(cases))]
    moves = MOVES if fixed_gamma else (*MOVES, change_gamma)
    for again in (1.0, 0.4):
        chosen = np.where(rng.random(len(out)) < again, rng.integers(len(moves), size=len(out)), -1)
        for i, move in enumerate(moves):
            at = np.flatnonzero(chosen == i)
            if len(at):
                out.put(at, move(rng, out[at]))
    directed: list[tuple[Move, float]] = [(worst_advantage, 0.3), (worst_direction, 0.02)]
    if slack is not None:
        directed.append((partial(boundary_direction, slack=slack), LEVEL))
        directed.append((partial(boundary_rewards, slack=slack), ON_BOUNDARY))
    for move, share in directed:
        at = np.flatnonzero(rng.random(len(out)) < share)
        if len(at):
            out.put(at, move(rng, out[at]))
    return out
