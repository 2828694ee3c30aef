"""The moves of the search: each changes some cases a little, or a lot, in one respect."""

from collections.abc import Callable

import numpy as np

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify import closed_forms as worst
from tabular_trpo._falsify.draw import GAMMAS, rewards, rows
from tabular_trpo._theory.plain import Cases, PlainPair, evaluated

Room = Callable[[PlainPair], Array]
Move = Callable[[np.random.Generator, Cases], Cases]
LEAST_WEIGHT, LEAST_OF_HORIZON = 1e-4, 1e-3  # shorter steps, beside 1 - gamma, are lost in rounding
JUMPS = (0.005, *GAMMAS)
POLICIES = ("pi", "target")
LEVEL, ON_EDGE = 0.1, 0.9  # of the children of a claim with a promise


def _pick(rng: np.random.Generator, cases: Cases, depth: int) -> tuple[Array, ...]:
    """Return indices of one state (depth 1), one pair (2) or one entry of P (3) a case."""
    n = len(cases)
    return np.arange(n), *(rng.integers(size, size=n) for size in cases.P.shape[1 : depth + 1])


def _with(cases: Cases, name: str, at: tuple[Array, ...], values: Array) -> Cases:
    array = getattr(cases, name).copy()
    array[at] = values
    return cases.changed(**{name: array})


def redraw_transitions(rng: np.random.Generator, cases: Cases) -> Cases:
    """Draw one row of P anew."""
    return _with(cases, "P", _pick(rng, cases, 2), rows(rng, (len(cases), cases.P.shape[-1])))


def point_transitions(rng: np.random.Generator, cases: Cases) -> Cases:
    """Move a share of one row of P, or all of it, to one state."""
    *at, t = _pick(rng, cases, 3)
    t = rng.integers(cases.P.shape[-1], size=len(cases))
    share = np.where(rng.random(len(cases)) < 0.5, 1.0, 10.0 ** rng.uniform(-3, 0, len(cases)))
    row = cases.P[at[0], at[1], at[2]] * (1 - share)[:, None]
    row[np.arange(len(cases)), t] += share
    return _with(cases, "P", (at[0], at[1], at[2]), row)


def redraw_policy(rng: np.random.Generator, cases: Cases) -> Cases:
    """Draw one row of pi or of the target anew."""
    name = POLICIES[rng.integers(2)]
    return _with(cases, name, _pick(rng, cases, 1), rows(rng, (len(cases), cases.pi.shape[-1])))


def follow_policy(rng: np.random.Generator, cases: Cases) -> Cases:
    """Let the target agree with pi at one state."""
    at = _pick(rng, cases, 1)
    return _with(cases, "target", at, cases.pi[at])


def swap_actions(rng: np.random.Generator, cases: Cases) -> Cases:
    """Let the target take at one state what pi takes, with the actions in another order."""
    at = _pick(rng, cases, 1)
    order = np.argsort(rng.random((len(cases), cases.pi.shape[-1])), axis=-1)
    return _with(cases, "target", at, np.take_along_axis(cases.pi[at], order, axis=-1))


def greedy_target(rng: np.random.Generator, cases: Cases) -> Cases:
    """Let the target be greedy everywhere."""
    best = np.argmax(evaluated(cases, cases.pi).A, axis=-1)[..., None]
    return cases.changed(target=(best == np.arange(cases.pi.shape[-1])) * 1.0)


def scale_step(rng: np.random.Generator, cases: Cases) -> Cases:
    """Make the step longer or shorter, by a factor of any size, or go all the way."""
    n = len(cases)
    factor = 10.0 ** (rng.normal(size=n) * rng.choice([0.02, 0.3, 1.0], n))
    alpha = np.where(rng.random(n) < 0.1, 1.0, cases.alpha * factor)
    least = np.minimum(LEAST_WEIGHT, LEAST_OF_HORIZON * (1 - cases.gamma))
    return cases.changed(alpha=np.clip(alpha, least, 1.0))


def start(rng: np.random.Generator, cases: Cases) -> Cases:
    """Start at one state, or anywhere."""
    return cases.changed(rho0=rows(rng, cases.rho0.shape))


def reward(rng: np.random.Generator, cases: Cases) -> Cases:
    """Draw one reward anew."""
    return _with(cases, "r", _pick(rng, cases, 2), rewards(rng, (len(cases), 1, 1))[:, 0, 0])


def scale_rewards(rng: np.random.Generator, cases: Cases) -> Cases:
    """Scale the rewards of one state, by 0 or by a factor of any size and sign."""
    at = _pick(rng, cases, 1)
    factor = rng.choice([-1.0, 0.0, 1.0], len(cases)) * 10.0 ** rng.uniform(-2, 2, len(cases))
    return _with(cases, "r", at, cases.r[at] * factor[:, None])


def centre(rng: np.random.Generator, cases: Cases) -> Cases:
    """Let the rewards be the advantages: nothing that bounds speak of changes, and V = 0."""
    return cases.changed(r=evaluated(cases, cases.pi).A)


def worst_advantage(rng: np.random.Generator, cases: Cases) -> Cases:
    """Let the rewards be the worst advantages for the step, see `worst.advantage`."""
    return cases.changed(r=worst.advantage(cases, rng.choice([-1.0, 1.0], len(cases))))


def worst_direction(rng: np.random.Generator, cases: Cases) -> Cases:
    """Let a small step go where it is worst, see `worst.direction`."""
    target = worst.direction(cases, rng.choice([-1.0, 1.0], len(cases)))
    return cases.changed(target=target, alpha=10.0 ** rng.uniform(-3, -1, len(cases)))


def level_direction(rng: np.random.Generator, cases: Cases) -> Cases:
    """Let a step go where it is worst of those along which L stays, see `worst.direction`."""
    target = worst.direction(cases, np.ones(len(cases)), level=True)
    return cases.changed(target=target, alpha=10.0 ** rng.uniform(-2, 0, len(cases)))


def on_edge(cases: Cases, room: Room) -> Cases:
    """Let the rewards be the worst advantages that keep a promise, see `worst.edge`."""
    return cases.changed(r=worst.edge(cases, room))


def horizon(rng: np.random.Generator, cases: Cases) -> Cases:
    """Change gamma: to one of the usual ones, or a little."""
    n = len(cases)
    odds = np.log(cases.gamma / (1 - cases.gamma)) + rng.normal(size=n) * 0.5
    near = np.clip(1 / (1 + np.exp(-odds)), 1e-3, 0.999)
    return cases.changed(gamma=np.where(rng.random(n) < 0.5, rng.choice(JUMPS, n), near))


def jitter(rng: np.random.Generator, cases: Cases) -> Cases:
    """Change all rows of one table by factors near 1; zeros stay."""
    name = ("P", "pi", "target", "rho0")[rng.integers(4)]
    table = getattr(cases, name)
    width = 10.0 ** rng.uniform(-3, 0, (len(cases),) + (1,) * (table.ndim - 1))
    moved = table * np.exp(width * rng.normal(size=table.shape))
    return cases.changed(**{name: moved / moved.sum(axis=-1, keepdims=True)})


def jitter_rewards(rng: np.random.Generator, cases: Cases) -> Cases:
    """Change all rewards a little."""
    width = 10.0 ** rng.uniform(-3, 0, (len(cases), 1, 1))
    return cases.changed(r=cases.r + width * rng.normal(size=cases.r.shape))


def exchange(rng: np.random.Generator, cases: Cases) -> Cases:
    """Take one table from another case of the batch."""
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
    start,
    reward,
    scale_rewards,
    centre,
    worst_advantage,
    jitter,
    jitter_rewards,
    exchange,
)


def mutated(
    rng: np.random.Generator, cases: Cases, fixed_gamma: bool, room: Room | None = None
) -> Cases:
    """Return the cases, each changed by one move or two, some then set to their worst.

    room: what is left of a promise, on whose edge most are put: off it they are far from failing
    """
    out = cases[np.arange(len(cases))]
    moves = MOVES if fixed_gamma else (*MOVES, horizon)
    for again in (1.0, 0.4):
        chosen = np.where(rng.random(len(out)) < again, rng.integers(len(moves), size=len(out)), -1)
        for i, move in enumerate(moves):
            at = np.flatnonzero(chosen == i)
            if len(at):
                out.put(at, move(rng, out[at]))
    for move, share in ((worst_advantage, 0.3), (worst_direction, 0.02)):
        at = np.flatnonzero(rng.random(len(out)) < share)
        if len(at):
            out.put(at, move(rng, out[at]))
    if room is not None:
        at = np.flatnonzero(rng.random(len(out)) < LEVEL)
        out.put(at, level_direction(rng, on_edge(out[at], room)))
        at = np.flatnonzero(rng.random(len(out)) < ON_EDGE)
        out.put(at, on_edge(out[at], room))
    return out
