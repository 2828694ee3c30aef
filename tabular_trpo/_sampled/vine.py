"""The vine procedure: from states that the policy visits, several actions are tried and continued.

Estimand: Q(s, a) at states s drawn from d, which gives L(pi_new) - eta = E_{s ~ d} sum_a
(pi_new - pi)(a|s) Q(s, a) / (1 - gamma).  Method: a path of the policy is stopped at geometric
times, and each stopping state is a root drawn from d.  K branches start at each root, one for every
allowed action or K drawn ones; each branch follows the policy and Q_hat is its return.

Bias and variance: without a horizon Q_hat is unbiased; a horizon T omits at most gamma^T max|V|.
The branches of a root may use common random numbers; the variance of a difference of two branches
then falls by twice their covariance, which is typically positive.  The estimates stay unbiased.
Source: TRPO (2015), section 5.2.  `estimate` makes the surrogate (15) from a vine.
"""

from typing import final

import numpy as np

from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.categorical import Categorical
from tabular_trpo._sampled.rollouts import active_counts, policy_rows, stopping_times
from tabular_trpo._sampled.simulator import Simulator

BYTES_A_BRANCH = 100  # of its record and of intermediate results


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Vine:
    """Branches from R roots, K from each.

    states:    (R,) the roots, drawn from d
    path:      (R,) the path that contains the root; roots of different paths are independent
    before:    (R,) sum of the rewards on the path before the root; with the tail where the path
               ended before
    actions:   (R, K) first action of each branch
    behaviour: (R, K) the probability with which it was drawn; 1 where every action is tried
    used:      (R, K) bool; false where a state has fewer than K allowed actions
    first:     (R, K) reward of the first action; 0 at an absorbing root, which has no branches
    Q:         (R, K) return of the branch; the tail at an absorbing root
    gamma:     of the model
    steps:     transitions used, those to the roots and those of the branches
    every:     whether each allowed action was tried once
    visible:   (S, A) bool, the actions that can be tried

    >>> from tabular_trpo._core.mdp import MDP
    >>> sim = Simulator(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), np.random.default_rng(0))
    >>> vine(sim, [[0.5, 0.5]], 3, horizon=2)
    <Vine: R=3 roots, K=2 branches of every action, 13 steps>
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

    def __repr__(self) -> str:
        """Return the counts on one line."""
        (R, K), kind = self.Q.shape, "of every action" if self.every else "of drawn actions"
        return f"<Vine: R={R} roots, K={K} branches {kind}, {self.steps} steps>"


@public
def vine(
    sim: Simulator,
    pi: object,
    paths: int,
    branches: int | None = None,
    *,
    roots: int = 1,
    horizon: int | None = None,
    common: bool = True,
    behaviour: Scalar = None,
) -> Vine:
    """Return branches from roots that a policy visits.  TRPO (2015), section 5.2.

    s_n ~ d of pi; a_{n,k} ~ q(.|s_n), or every allowed action; Q_hat(s_n, a_{n,k}) is the
    discounted return of the branch under pi.

    pi:        (S, A)
    paths:     number of paths that contain the roots
    branches:  K, drawn from `behaviour` with replacement; None for every allowed action, once
    roots:     number of roots of each path
    horizon:   number of steps T of a branch, which omits at most gamma^T max|V| of Q; None for
               geometric stopping times, which add no bias
    common:    whether the branches of a root share their random numbers
    behaviour: (S, A) distribution q of first actions; None for pi
    raises:    InvalidMDPError, also for a behaviour given where every action is tried;
               ExactnessError, MemoryGuardError

    >>> from tabular_trpo._core.mdp import MDP
    >>> mdp = MDP([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0]] * 2], [[0.0, 1.0], [2.0, 2.0]],
    ...           [1.0, 0.0], 0.5)
    >>> data = vine(Simulator(mdp, np.random.default_rng(0)), [[1.0, 0.0]] * 2, 2, horizon=2)
    >>> data.states.tolist(), data.Q.tolist()
    ([1, 0], [[4.0, 4.0], [2.0, 2.0]])
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
    steps_before = sim.steps
    with np.errstate(over="ignore", invalid="ignore"):
        states, path, before = _roots(sim, rows, n, each)
    finite("a return", before)
    if branches is None:
        used = sim.allowed[states]
        # A place that is not used names an allowed action, which is not played.
        actions = np.where(used, np.arange(sim.n_actions), used.argmax(axis=1)[:, None])
        probability, visible = np.ones(used.shape), sim.allowed
    else:
        q = rows if behaviour is None else _covering(rows, sim, behaviour)
        u = sim.rng.random((len(states), K))
        actions = Categorical.of(q).draw(np.repeat(states, K), u.reshape(-1)).reshape(-1, K)
        probability, visible = q[states[:, None], actions], q > 0
        used = np.ones(actions.shape, dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        first, Q = _branches(sim, rows, states, actions, used, horizon, common)
    finite("Q", Q)
    steps, every = sim.steps - steps_before, branches is None
    return Vine(
        states, path, before, actions, probability, used, first, Q, sim.gamma, steps, every, visible
    )


def _covering(rows: Array, sim: Simulator, behaviour: object) -> Array:
    """Return the rows of a behaviour policy, checked to take every action that pi takes."""
    q = policy_rows(sim, behaviour, name="behaviour")
    if (bad := np.argwhere((rows > 0) & (q == 0))).size:
        s, a = bad[0]
        got = f"= 0, where pi has {faithful(rows[s, a], 6)}"
        cure = "An action that is never drawn cannot be estimated: give it a share"
        where = f"behaviour[s={s}, a={a}]"
        raise invalid("behaviour", where, got, "> 0", cure, hidden=len(bad) - 1)
    return q


def _roots(sim: Simulator, rows: Array, n: int, each: int) -> tuple[Array, Array, Array]:
    """Return the states of the roots, their paths, and the sums of the rewards before them."""
    times = stopping_times(sim, n * each) - 1
    # A path is as long as its last root requires; shuffled first, since the times are sorted.
    times = np.sort(sim.rng.permutation(times).reshape(n, each), axis=1)[:, ::-1]
    times = times[np.argsort(-times[:, 0], kind="stable")]
    policy = Categorical.of(rows)
    states, before = np.zeros((n, each), dtype=np.intp), np.zeros((n, each))
    total = np.zeros(n)
    at = sim.reset(n).copy()
    active = [*active_counts(times[:, 0]), 0]  # beyond the last root no path continues
    for t, k in enumerate(active):
        path, root = np.nonzero(times[: len(at)] == t)
        states[path, root], before[path, root] = at[path], total[path] + sim.tail[at[path]]
        on = np.flatnonzero(~sim.ends[at[:k]])
        if on.size:
            sim.restore(at[on])
            action = policy.draw(sim.states, sim.rng.random(k)[on])
            reward, at[on] = sim.advance(action, sim.rng.random(k)[on])
            total[on] += reward
        at = at[:k]
    return states.reshape(-1), np.repeat(np.arange(n), each), before.reshape(-1)


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
    root, place = np.nonzero(used)
    n_streams = len(actions) if common else len(root)
    if horizon is None:
        lengths = sim.rng.permutation(stopping_times(sim, n_streams))
    else:
        lengths = np.full(n_streams, size("horizon", horizon, 1))
    length = lengths[root] if common else lengths
    # In descending order active branches are a prefix, and the branches of a root stay together.
    order = np.argsort(-length, kind="stable")
    root, place, length = root[order], place[order], length[order]
    stream = np.cumsum(np.diff(root, prepend=-1) != 0) - 1 if common else np.arange(len(root))
    policy, discount, total = Categorical.of(rows), 1.0, np.zeros(len(root))
    first, Q = np.zeros(actions.shape), np.zeros(actions.shape)
    action, at = actions[root, place], states[root].copy()
    # Nothing is to choose at an absorbing root: its branches take no step, and Q is its tail.
    total += sim.tail[at]
    on = np.flatnonzero(~sim.ends[at])  # the branches that take a step
    for t, k in enumerate(active_counts(length)):
        on = on[on < k]
        if not on.size:
            break
        # A branch that ended leaves its uniforms to the others of its root.
        shared = stream[on]
        n_uniforms = int(stream[k - 1]) + 1
        sim.restore(at[on])
        chosen = action[on]
        if t:
            chosen = policy.draw(sim.states, sim.rng.random(n_uniforms)[shared])
        reward, at[on] = sim.advance(chosen, sim.rng.random(n_uniforms)[shared])
        total[on] += discount * reward
        if t == 0:
            first[root[on], place[on]] = reward
        if horizon is not None:
            discount *= sim.gamma
        over = sim.ends[at[on]]
        credited = on[over & (length[on] > t + 1)] if horizon is None else on[over]
        total[credited] += discount * sim.tail[at[credited]]
        on = on[~over]
    Q[root, place] = total
    return first, Q
