"""Vine: from states that the policy visits, several actions each tried and played on.

The rollout set is drawn from d: a path of the policy is stopped at geometric times, and each of
its stops is a root.  From each root go K branches, one for every allowed action or K drawn ones,
and each branch is played on under the policy.  TRPO (2015), section 5.2.

The branches of a root may share their random numbers, which makes what differs between them the
action's doing: the variance of a difference falls by twice the covariance.  That is typical and
not certain; the estimates stay unbiased in either case.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.errors import InvalidMDPError, Problem, invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, Scalar, frozen
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.categorical import Categorical
from tabular_trpo._sampled.rollouts import active_counts, chosen, policy_rows, stopping_times
from tabular_trpo._sampled.simulator import Simulator

BYTES_A_BRANCH = 100  # what is kept of it, and what it takes while it grows


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Vine:
    """Branches from R roots, K from each.

    states:    (R,) the roots, draws of d
    path:      (R,) the path each root lies on; roots of different paths are independent
    before:    (R,) rewards met on the path before the root
    actions:   (R, K) first action of each branch
    behaviour: (R, K) the probability with which it was drawn; 1 where every action is tried
    used:      (R, K) bool; not the places that a state with fewer allowed actions leaves empty
    first:     (R, K) reward of the first action
    Q:         (R, K) return of the branch
    gamma:     of the model
    steps:     transitions used, those to the roots and those of the branches
    every:     whether each allowed action was tried once
    visible:   (S, A) bool, the actions that can be tried
    """

    states: Array
    path: Array
    before: Array
    actions: Array
    behaviour: Array
    used: Array
    first: Array
    Q: Array
    gamma: Scalar
    steps: int
    every: bool
    visible: Array


@public
def vine(
    sim: Simulator,
    pi: Any,
    paths: int,
    branches: int | None = None,
    *,
    roots: int = 1,
    horizon: int | None = None,
    common: bool = True,
    behaviour: Scalar = None,
) -> Vine:
    """Return branches from roots that a policy visits.  TRPO (2015), section 5.2.

    pi:        (S, A)
    paths:     how many paths the roots lie on
    branches:  K, drawn from `behaviour` with replacement; None for every allowed action, once
    roots:     of each path
    horizon:   steps of a branch, which leaves out at most gamma^horizon max|V| of its Q; None for
               geometric stopping times, which leave out nothing
    common:    whether the branches of a root share their random numbers
    behaviour: (S, A) from which first actions are drawn; None for pi
    raises:    InvalidMDPError, also for a behaviour given where every action is tried; ExactnessError,
               MemoryGuardError

    >>> from tabular_trpo._core.mdp import MDP
    >>> mdp = MDP([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0]] * 2], [[0.0, 1.0], [2.0, 2.0]],
    ...           [1.0, 0.0], 0.5)
    >>> grown = vine(Simulator(mdp, np.random.default_rng(0)), [[1.0, 0.0]] * 2, 2, horizon=2)
    >>> grown.states, grown.Q
    (array([1, 0]), array([[3., 3.], [1., 1.]]))
    """
    rows = policy_rows(sim, pi)
    n, each = size("paths", paths, 1), size("roots", roots, 1)
    if branches is None and behaviour is not None:
        cure = "Give branches=K to draw K actions"
        got = "is given, and every action is tried"
        raise invalid("behaviour", "behaviour", got, "None", cure)
    K = sim.n_actions if branches is None else size("branches", branches, 1)
    what = f"paths = {n:,} with roots = {each:,} and branches = {K:,}"
    guard(n * each * (K + 1) * BYTES_A_BRANCH, what, "Take fewer paths, roots or branches")
    begun = sim.steps
    with np.errstate(over="ignore", invalid="ignore"):
        states, path, before = _roots(sim, rows, n, each)
    finite("a return", before)
    if branches is None:
        actions, used = _every(sim, states)
        probability, visible = np.ones(used.shape), sim.allowed
    else:
        first = rows if behaviour is None else _covering(rows, sim, behaviour)
        u = sim.rng.random((len(states), K))
        actions = chosen(Categorical.of(first), np.repeat(states, K), u.reshape(-1)).reshape(-1, K)
        probability, visible = first[states[:, None], actions], first > 0
        used = np.ones(actions.shape, dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        paid, Q = _branches(sim, rows, states, actions, used, horizon, common)
    finite("Q", Q)
    return Vine(
        states=frozen(states),
        path=frozen(path),
        before=frozen(before),
        actions=frozen(actions),
        behaviour=frozen(probability),
        used=frozen(used),
        first=frozen(paid),
        Q=frozen(Q),
        gamma=sim.gamma,
        steps=sim.steps - begun,
        every=branches is None,
        visible=frozen(visible),
    )


def _covering(rows: Array, sim: Simulator, behaviour: Any) -> Array:
    """Return the rows of a behaviour that takes every action of pi."""
    first = policy_rows(sim, behaviour, name="behaviour")
    if (bad := np.argwhere((rows > 0) & (first == 0))).size:
        s, a = bad[0]
        got = f"= 0, where pi has {faithful(rows[s, a], 6)}"
        cure = "Nothing is learnt of an action that is never drawn: give it a share"
        problem = Problem("behaviour", f"behaviour[s={s}, a={a}]", got, "> 0", cure)
        raise InvalidMDPError(problem, hidden=len(bad) - 1)
    return first


def _roots(sim: Simulator, rows: Array, n: int, each: int) -> tuple[Array, Array, Array]:
    """Return the roots' states, their paths, and the rewards before them."""
    times = stopping_times(sim, n * each) - 1
    # A path is as long as its last root asks; shuffled first, since the times come sorted.
    times = np.sort(sim.rng.permutation(times).reshape(n, each), axis=1)[:, ::-1]
    order = np.argsort(-times[:, 0], kind="stable")
    times = times[order]
    longest = int(times[0, 0])
    chooser = Categorical.of(rows)
    states = np.zeros((n, each), dtype=np.intp)
    before = np.zeros((n, each))
    met = np.zeros(n)
    at = sim.reset(n)
    going = active_counts(times[:, 0])
    for t in range(longest + 1):
        k = len(at)
        here, root = np.nonzero(times[:k] == t)
        states[here, root], before[here, root] = at[here], met[here]
        if t < longest:
            k = going[t]
            sim.restore(at[:k])
            reward, at = sim.advance(chosen(chooser, sim.states, sim.rng.random(k)))
            met[:k] += reward
    path = np.repeat(np.arange(n), each)
    return states.reshape(-1), path, before.reshape(-1)


def _every(sim: Simulator, states: Array) -> tuple[Array, Array]:
    """Return every allowed action of each root, and where there is one, bool."""
    ok = sim.allowed[states]
    fallback = ok.argmax(axis=1)[:, None]  # named in an empty place, and not played
    return np.where(ok, np.arange(sim.n_actions), fallback), ok


def _branches(
    sim: Simulator,
    rows: Array,
    states: Array,
    actions: Array,
    used: Array,
    horizon: int | None,
    common: bool,
) -> tuple[Array, Array]:
    """Return first rewards and returns of the branches, (R, K) each; 0 in places not used."""
    R, K = actions.shape
    root, place = np.nonzero(used)
    shares = R if common else len(root)
    if horizon is None:
        lengths = sim.rng.permutation(stopping_times(sim, shares))
    else:
        lengths = np.full(shares, size("horizon", horizon, 1))
    length = lengths[root] if common else lengths
    # The longest first: what still goes is then a prefix, and branches of a root stay together.
    order = np.argsort(-length, kind="stable")
    root, place, length = root[order], place[order], length[order]
    stream = np.cumsum(np.diff(root, prepend=-1) != 0) - 1 if common else np.arange(len(root))
    going = active_counts(length)
    chooser, discount, total = Categorical.of(rows), 1.0, np.zeros(len(root))
    first, Q = np.zeros((R, K)), np.zeros((R, K))
    sim.restore(states[root])
    action = actions[root, place]
    for t, k in enumerate(going):
        shared = stream[:k]
        if t:
            sim.restore(sim.states[:k])
            action = chosen(chooser, sim.states, sim.rng.random(int(shared[-1]) + 1)[shared])
        reward, _ = sim.advance(action, sim.rng.random(int(shared[-1]) + 1)[shared])
        total[:k] += discount * reward
        if t == 0:
            first[root, place] = reward
        if horizon is not None:
            discount *= sim.gamma
    Q[root, place] = total
    return first, Q
