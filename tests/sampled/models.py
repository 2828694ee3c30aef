"""Small models, oracles that share no code with the package, and a generator that follows a script.

Enumeration needs few paths, so the models have two or three states.  `Scripted` makes a sampler
take every combination of its uniforms once: a mean over the paths is then an expectation.
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tabular_trpo as tt
from tabular_trpo._sampled.rollouts import Rollouts
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import Vine, vine
from tests.strategies import rational_pairs

Array = NDArray[Any]
F = Fraction
ZERO: Any = F(0)
HALF: Any = F(1, 2)


def pairs_with_support(seed: int, n: int, **sizes: Any) -> Iterator[tuple[tt.MDP, Array, Array]]:
    """Drawn rational triples; pi takes every action that pi_new takes."""
    for mdp, pi, pi_new in rational_pairs(seed, n, **sizes):
        yield mdp, tt.policies.mixture(pi, pi_new, F(1, 3)), pi_new


def with_next_rewards(mdp: tt.MDP) -> tt.MDP:
    """The same chain, its rewards now r(s, a, s')."""
    r = np.empty(mdp.P.shape, dtype=object)
    for s, a, t in np.ndindex(r.shape):
        r[s, a, t] = F((s + 2 * a + 3 * t) % 5 - 2, 1 + t)
    return tt.MDP(mdp.P, r, mdp.rho0, mdp.gamma, mdp.allowed)


def dyadic(next_rewards: bool = False, gamma: Any = HALF) -> tuple[tt.MDP, Array, Array]:
    """Two states, two actions, all chances multiples of 1/4: uniforms k/4 draw every outcome."""
    P = [[["3/4", "1/4"], ["1/4", "3/4"]], [["1/2", "1/2"], ["1", "0"]]]
    mdp = tt.MDP(P, [["1", "-1"], ["2", "0"]], ["1/4", "3/4"], gamma)
    pi = exact([["1/4", "3/4"], ["1/2", "1/2"]])
    return (
        (with_next_rewards(mdp) if next_rewards else mdp),
        pi,
        exact([["1", "0"], ["1/4", "3/4"]]),
    )


def sink(gamma: Any = HALF) -> tuple[tt.MDP, Array, Array]:
    """Two transient states before a sink with one action and no reward, reached in two steps."""
    P = np.full((3, 2, 3), F(0), dtype=object)
    P[0, 0] = exact(["0", "3/4", "1/4"])
    P[0, 1] = exact(["0", "1/2", "1/2"])
    P[1, :, 2] = P[2, 0, 2] = F(1)
    r = [["1", "-1"], ["4", "2"], ["0", "0"]]
    allowed = [[True, True], [True, True], [True, False]]
    mdp = tt.MDP(P, r, ["3/4", "1/4", "0"], gamma, np.array(allowed))
    pi = exact([["1/4", "3/4"], ["1/2", "1/2"], ["1", "0"]])
    return mdp, pi, exact([["1/2", "1/2"], ["0", "1"], ["1", "0"]])


def exact(texts: Any) -> Array:
    """An array of Fractions."""
    table = np.array(texts, dtype=object)
    return np.array([F(x) for x in table.ravel()], dtype=object).reshape(table.shape)


def in_floats(mdp: tt.MDP, *policies: Array) -> tuple[Any, ...]:
    """The same in float arithmetic."""
    return mdp.to_float(), *(tt.policies.to_float(pi) for pi in policies)


def exactly(values: Any) -> Array:
    """Doubles as the Fractions that they are."""
    return exact(np.vectorize(Fraction, otypes=[object])(np.asarray(values, dtype=float)))


# Oracles, in plain loops.


def reward(mdp: tt.MDP, s: int, a: int, t: int) -> Fraction:
    """What the step s, a, t pays."""
    return F(mdp.r[s, a] if mdp.r_next is None else mdp.r_next[s, a, t])


def tails(mdp: tt.MDP) -> dict[int, Fraction]:
    """The states that all allowed actions keep with one reward r, and their r / (1 - gamma)."""
    out = {}
    for s in range(mdp.n_states):
        kept = [
            reward(mdp, s, a, s)
            for a in range(mdp.n_actions)
            if mdp.mask[s, a] and mdp.P[s, a, s] == 1
        ]
        if len(kept) == mdp.mask[s].sum() and len(set(kept)) == 1:
            out[s] = F(kept[0]) / (1 - mdp.gamma)
    return out


def paths(mdp: tt.MDP, pi: Array, T: int) -> Iterator[tuple[Fraction, list[tuple[Any, ...]]]]:
    """(probability, steps (s, a, r, s')) of every path of T steps or up to an absorbing state."""
    S, A = pi.shape
    ends = tails(mdp)

    def walk(s: int, chance: Fraction, steps: list[tuple[Any, ...]]) -> Iterator[Any]:
        if len(steps) == T or s in ends:
            yield chance, steps
            return
        for a, t in product(range(A), range(S)):
            if more := chance * pi[s, a] * mdp.P[s, a, t]:
                yield from walk(t, more, [*steps, (s, a, reward(mdp, s, a, t), t)])

    for s in range(S):
        if mdp.rho0[s]:
            yield from walk(s, F(mdp.rho0[s]), [])


def visits(mdp: tt.MDP, pi: Array, T: int) -> list[list[Fraction]]:
    """P(s_t = s and the path runs) for t < T; 0 in absorbing states."""
    S, A = pi.shape
    ends = tails(mdp)
    out = [[F(x) for x in mdp.rho0]]
    for _ in range(T - 1):
        old = out[-1]
        out.append(
            [
                sum((old[s] * pi[s, a] * mdp.P[s, a, t] for s in range(S) for a in range(A)), F(0))
                for t in range(S)
            ]
        )
    return [[F(0) if s in ends else x for s, x in enumerate(at)] for at in out]


def values(mdp: tt.MDP, pi: Array, T: int) -> tuple[list[Array], list[Array]]:
    """V_k (S,) and Q_k (S, A) of k steps and the tail; Q is 0 where an action is not allowed."""
    S, A = pi.shape
    ends = tails(mdp)
    V, Q = [exact([ends.get(s, F(0)) for s in range(S)])], [exact([["0"] * A] * S)]
    for _ in range(T):
        q = exact([["0"] * A] * S)
        for s, a, t in product(range(S), range(A), range(S)):
            q[s, a] += mdp.P[s, a, t] * (reward(mdp, s, a, t) + mdp.gamma * V[-1][t])
        Q.append(q)
        V.append(exact([sum(pi[s] * q[s]) for s in range(S)]))
    return V, Q


def gradient(mdp: tt.MDP, pi: Array, T: int, weights: list[Fraction] | None = None) -> Array:
    """sum_t w_t P(s_t = s) (Q_{T-t} - V_{T-t})(s, a), w_t = gamma^t; 0 where pi takes none."""
    w = [mdp.gamma**t for t in range(T)] if weights is None else weights
    V, Q = values(mdp, pi, T)
    at = visits(mdp, pi, T)
    G = exact([["0"] * pi.shape[1]] * pi.shape[0])
    for s, a in np.argwhere(pi > 0):
        G[s, a] = sum(w[t] * at[t][s] * (Q[T - t][s, a] - V[T - t][s]) for t in range(T))
    return G


def stopped(path: Rollouts, k: int) -> Rollouts:
    """One path stopped after k steps, as geometric stopping leaves it, unless it ended before."""
    if k > path.length[0]:
        return replace(path, geometric=True)
    states, actions, rewards, behaviour = (
        x.copy() for x in (path.states, path.actions, path.rewards, path.behaviour)
    )
    states[:, k + 1 :], actions[:, k:], rewards[:, k:], behaviour[:, k:] = 0, 0, F(0), F(1)
    return Rollouts(states, actions, rewards, behaviour, np.array([k]), True, path.gamma)


class Scripted(np.random.Generator):
    """Hands out every combination of `draws` uniforms k / points, one combination a path.

    lengths: what `geometric` gives in turn, each the same for all
    orders:  what `permutation` gives in turn; as it was handed in where there is none left
    """

    def __init__(self, draws: int, points: int = 4, lengths: Any = (), orders: Any = ()) -> None:
        super().__init__(np.random.PCG64(0))
        self.n = points**draws
        k = np.arange(self.n)
        self.columns = [(k // points**j % points) / points for j in range(draws)]
        self.lengths, self.orders = list(lengths), list(orders)

    def random(self, size: Any = None, *args: Any, **kwargs: Any) -> Any:
        each, rest = divmod(int(np.prod(size)), self.n)
        assert rest == 0 and each <= len(self.columns)
        taken, self.columns = self.columns[:each], self.columns[each:]
        return np.stack(taken, axis=1).reshape(size)

    def geometric(self, p: Any, size: Any = None) -> Any:
        return np.resize(np.array(self.lengths.pop(0), dtype=np.int64), size)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        order = np.resize(self.orders.pop(0), len(x)) if self.orders else np.array(x)
        assert np.array_equal(np.sort(order), np.sort(x))
        return order


def started(mdp: tt.MDP, s: int) -> tt.MDP:
    """The model begun in one state."""
    rho0 = exact(["0"] * mdp.n_states)
    rho0[s] = F(1)
    return tt.MDP(mdp.P, mdp.r if mdp.r_next is None else mdp.r_next, rho0, mdp.gamma, mdp.allowed)


def grown(mdp: tt.MDP, pi: Any, draws: int, **settings: Any) -> tuple[Vine, Any]:
    """(vine over all combinations of `draws` uniforms, pi in floats)."""
    script = Scripted(
        draws, lengths=settings.pop("lengths", [[1]]), orders=settings.pop("orders", [])
    )
    rough, p = in_floats(mdp, pi)
    behaviour = settings.pop("behaviour", None)
    if behaviour is not None:
        settings["behaviour"] = tt.policies.to_float(behaviour)
    out = vine(Simulator(rough, script), p, script.n, **settings)
    # Where all branches end early, uniforms are left over.
    assert (tails(mdp) or not script.columns) and not script.lengths and not script.orders
    return out, p
