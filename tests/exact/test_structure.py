"""The graph of a model: reachable states, recurrent classes, periods, networkx graph."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tests.strategies import Case, cases, mdps


def ring(n: int, extra: dict[tuple[int, int], float] | None = None) -> tt.MDP:
    """Return n states in a circle, with `extra` edges {(from, to): probability}."""
    P = np.zeros((n, 1, n))
    P[np.arange(n), 0, (np.arange(n) + 1) % n] = 1.0
    for (s, t), p in (extra or {}).items():
        P[s, 0] *= 1 - p
        P[s, 0, t] += p
    return tt.MDP(P, np.zeros(n), np.eye(n)[0], 0.5)


@given(cases())
def test_reachable_states_are_those_with_visits(case: Case) -> None:
    mdp, pi, _ = case.triple
    e = tt.evaluate(mdp, pi)
    chain = tt.structure(mdp, pi)
    if mdp.gamma:
        assert np.array_equal(chain.reachable, e.rho > 0)
    whole = tt.structure(mdp)
    assert np.all(whole.reachable | ~chain.reachable)


@given(mdps())
def test_graph_of_all_actions_is_that_of_the_uniform_policy(mdp: tt.MDP) -> None:
    one, two = tt.structure(mdp), tt.structure(mdp, tt.policies.uniform(mdp))
    assert np.array_equal(one.reachable, two.reachable)
    assert (one.recurrent, one.periods) == (two.recurrent, two.periods)


@given(cases())
def test_classes_are_closed_and_communicate(case: Case) -> None:
    mdp, pi, _ = case.triple
    chain = tt.structure(mdp, pi)
    edges = ((pi[..., None] * mdp.P).sum(axis=1) > 0).astype(int)
    paths = np.linalg.matrix_power(edges + np.eye(mdp.n_states, dtype=int), mdp.n_states) > 0
    recurrent = [
        s for s in range(mdp.n_states) if all(paths[t, s] for t in np.flatnonzero(paths[s]))
    ]
    assert sorted(s for group in chain.recurrent for s in group) == recurrent
    for group in chain.recurrent:
        assert all(set(np.flatnonzero(paths[s]).tolist()) == set(group) for s in group)


@given(cases())
def test_period_divides_every_return_time(case: Case) -> None:
    mdp, pi, _ = case.triple
    chain = tt.structure(mdp, pi)
    edges = ((pi[..., None] * mdp.P).sum(axis=1) > 0).astype(int)
    horizon = 2 * mdp.n_states**2 + 2
    for group, period in zip(chain.recurrent, chain.periods, strict=True):
        walk, returns = np.eye(mdp.n_states, dtype=int), []
        for t in range(1, horizon):
            walk = np.minimum(walk @ edges, 1)
            if walk[group[0], group[0]]:
                returns.append(t)
        assert np.gcd.reduce(returns) == period


@pytest.mark.parametrize(
    ("mdp", "periods"),
    [
        (ring(1), (1,)),
        (ring(4), (4,)),
        (ring(4, {(3, 3): 0.5}), (1,)),
        (ring(4, {(2, 1): 0.5}), (2,)),
        (ring(6, {(3, 1): 0.5}), (3,)),
        (ring(5, {(0, 0): 1.0, (2, 2): 1.0}), (1, 1)),
    ],
)
def test_periods_worked_example(mdp: tt.MDP, periods: tuple[int, ...]) -> None:
    assert tt.structure(mdp).periods == periods


def test_start_in_several_components() -> None:
    P = np.eye(4)[:, None, :]
    mdp = tt.MDP(P, np.zeros(4), [0.5, 0.0, 0.5, 0.0], 0.5)
    chain = tt.structure(mdp)
    assert chain.reachable.tolist() == [True, False, True, False]
    assert chain.recurrent == ((0,), (1,), (2,), (3,))


def test_graph_of_a_policy_has_only_its_actions() -> None:
    mdp = tt.MDP([[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [0, 0], [1, 0], "1/2")
    assert tt.structure(mdp).recurrent == ((0, 1),)
    assert tt.structure(mdp, [[1, 0], [1, 0]]).recurrent == ((0,), (1,))
    assert tt.structure(mdp, [[0, 1], [0, 1]]).periods == (2,)


@given(mdps())
def test_csr_has_the_same_graph(mdp: tt.MDP) -> None:
    rough = mdp.to_float()
    flat = sp.csr_array(rough.P.reshape(-1, mdp.n_states))
    csr = tt.MDP(flat, rough.r, rough.rho0, rough.gamma, rough.allowed)
    one, two = tt.structure(mdp), tt.structure(csr)
    assert np.array_equal(one.reachable, two.reachable)
    assert (one.recurrent, one.periods) == (two.recurrent, two.periods)
    assert set(tt.graph(csr).edges(keys=True)) == set(tt.graph(mdp).edges(keys=True))


def test_graph_for_drawing() -> None:
    lines = [("low", "wait", "low", "1/3", "2"), ("low", "wait", "high", "2/3", "2")]
    lines += [("high", "wait", "high", "1", "-1"), ("high", "fall", "low", "1", "0")]
    names: dict[str, Any] = {"state_names": ("low", "high"), "action_names": ("wait", "fall")}
    mdp = tt.MDP.from_transitions(lines, {"low": "1"}, "1/2", **names)
    drawn = tt.graph(mdp)
    assert drawn.nodes["low"]["rho0"] == "1" and drawn.nodes["high"]["rho0"] == "0"
    edge = drawn.edges["low", "high", ("wait", "high")]
    assert edge == {"action": "wait", "prob": "2/3", "reward": "2"}
    assert Fraction(edge["prob"]) == Fraction(2, 3)
    assert drawn.number_of_edges() == 4
    assert tt.graph(mdp, [[1, 0], [1, 0]]).number_of_edges() == 3


def test_batch_is_refused() -> None:
    mdp = tt.MDP(np.ones((3, 1, 1, 1)), [[0.0]], [1.0], 0.5)
    for ask in (tt.structure, tt.graph):
        with pytest.raises(tt.InvalidMDPError, match=r"mdp has batch \(3,\).*Take mdp\[i\]"):
            ask(mdp)
