"""Environments against value iteration on their own P, where P is found, and policies read."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import gymnasium
import numpy as np
import pytest
import scipy.sparse as sp
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from gymnasium.envs.toy_text.taxi import TaxiEnv

import tabular_trpo as tt
from tests.formats.gym_cases import WANDER, fake, masked, two, value_iteration


@pytest.mark.parametrize(
    ("make", "options", "terminates", "layout"),
    [
        (FrozenLakeEnv, {"is_slippery": True}, 5, "auto"),
        (FrozenLakeEnv, {"is_slippery": False}, 5, "auto"),
        (FrozenLakeEnv, {"is_slippery": True, "success_rate": 1.0}, 5, "csr"),
        (CliffWalkingEnv, {}, 1, "auto"),
        (CliffWalkingEnv, {"is_slippery": True}, 1, "auto"),
        (TaxiEnv, {}, 4, "csr"),
        (TaxiEnv, {"is_rainy": True}, 4, "csr"),
    ],
)
def test_optimal_values_are_those_of_value_iteration(
    make: Any, options: Any, terminates: int, layout: str
) -> None:
    inner = make(**options)
    mdp = tt.from_gym(gymnasium.wrappers.TimeLimit(inner, 7), 0.97, layout=layout)
    assert mdp.is_sparse == (layout == "csr")
    V = value_iteration(inner.P, 0.97)
    best = tt.optimal(mdp)
    assert np.max(np.abs(best.V_star[:-1] - V)) <= 1e-9 * np.max(np.abs(V)) and np.ptp(V) > 0.1
    assert best.eta_star == pytest.approx(inner.initial_state_distrib @ V, rel=1e-9)
    assert mdp.state_names[-1] == "terminated" and best.V_star[-1] == 0
    assert mdp.state_names[:2] == mdp.action_names[:2] == ("0", "1")
    assert mdp.n_states == len(inner.P) + 1 and mdp.allowed is None and mdp.repair < 1e-15
    into = {t for row in inner.P.values() for x in row.values() for p, t, _, end in x if end and p}
    assert len(into) == terminates


def test_a_policy_is_worth_what_its_own_linear_system_says(rng: np.random.Generator) -> None:
    inner: Any = gymnasium.make("FrozenLake-v1").unwrapped
    pi = rng.dirichlet(np.ones(4), size=16)
    M, b = np.eye(16), np.zeros(16)
    for s, actions in inner.P.items():
        for a, row in actions.items():
            for p, t, r, over in row:
                b[s] += pi[s, a] * p * r
                M[s, t] -= pi[s, a] * p * 0.9 * (not over)
    mdp = tt.from_gym(inner, "0.9")
    V = tt.evaluate(mdp, np.vstack([pi, [0.25] * 4])).V
    assert mdp.gamma == 0.9
    np.testing.assert_allclose(V[:16], np.linalg.solve(M, b), rtol=1e-9)


def test_the_outermost_table_is_read() -> None:
    class Other(gymnasium.Wrapper[Any, Any, Any, Any]):
        P: Any = None

    wrapped = Other(gymnasium.make("FrozenLake-v1"))
    assert tt.from_gym(wrapped, 0.5).n_states == 17
    wrapped.P = {s: {0: [(1.0, s, 0.0, False)]} for s in range(16)}
    with pytest.warns(UserWarning, match="table P of Other is taken for its dynamics"):
        mdp = tt.from_gym(gymnasium.wrappers.TimeLimit(wrapped, 5), 0.5)
    assert mdp.n_states == 16 and mdp.n_actions == 1 and mdp.rho0[0] == 1
    hidden = SimpleNamespace(unwrapped=two([(1.0, 0, 0.0, False)]))
    hidden.env = hidden
    assert tt.from_gym(hidden, 0.5).n_states == 2


@pytest.mark.parametrize("rho0", [[0.5, 0.5], ["1/2", "1/2"], {0: 0.5, "1": 0.5}])
def test_a_start_distribution_may_be_given(rho0: Any) -> None:
    P = two([(1.0, 0, 0.0, True)]).P
    assert tt.from_gym(fake(P, None), 0.5, rho0).rho0.tolist() == [0.5, 0.5, 0]
    assert tt.from_gym(fake(P), 0.5, rho0=rho0).rho0.tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize("name", ["Blackjack-v1", "CartPole-v1"])
def test_environments_without_a_table_are_refused_by_name(name: str) -> None:
    message = rf"^{name} has no P, expected env.unwrapped.P.*from_transitions.*from_counts"
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.from_gym(gymnasium.make(name), 0.9)


def test_what_is_no_environment_is_refused() -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"gymnasium.make\('FrozenLake-v1'\)"):
        tt.from_gym("FrozenLake-v1", 0.9)
    with pytest.raises(tt.InvalidMDPError, match="the SimpleNamespace has no P"):
        tt.from_gym(SimpleNamespace(), 0.9)
    with pytest.raises(tt.InvalidMDPError, match=r"has no initial_state_distrib.*rho0="):
        tt.from_gym(fake(two([(1.0, 0, 0.0, False)]).P, None), 0.9)
    with pytest.raises(tt.InvalidMDPError, match=r"initial_state_distrib has shape \(3,\)"):
        tt.from_gym(fake(two([(1.0, 0, 0.0, False)]).P, [1.0, 0.0, 0.0]), 0.9)


@pytest.mark.parametrize(
    ("gamma", "message"),
    [
        (1, r"gamma = 1.0, expected a number in \[0, 1\). gamma = 1 needs proper policies"),
        ("1", "gamma = 1 needs proper policies"),
        ("x", "gamma = 'x' is not a number"),
        (None, "gamma = None of type NoneType"),
        ([0.5, 0.9], "gamma has shape"),
    ],
)
def test_wrong_discounts(gamma: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.from_gym(two([(1.0, 0, 0.0, False)]), gamma)


@pytest.mark.parametrize("exact", [False, True])
def test_policies_are_read_from_rows_and_from_actions(exact: bool) -> None:
    mdp = masked(exact)
    half: Any = "1/2" if exact else 0.5
    answers = [[half, 0, half], np.array([1])]
    pi = tt.tabular_policy(lambda s: answers[s], mdp)
    assert pi.tolist() == [[Fraction(1, 2), 0, Fraction(1, 2)], [0, 1, 0]]
    assert pi.dtype == mdp.P.dtype and not pi.flags.writeable
    answers = [np.int64(2), np.array(1)]
    pi = tt.tabular_policy(lambda s: answers[s], mdp)
    assert pi.tolist() == [[0, 0, 1], [0, 1, 0]] and type(pi[0, 2]) is type(mdp.P[0, 2, 1])
    pi = tt.tabular_policy(lambda s: [0, 1, 0] if s else [1, 0, 0], mdp)
    assert pi.tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("answer", [0, [0], np.array([0]), [1], [1.0], np.array(0)])
def test_one_action_is_its_index_or_its_probability(answer: Any) -> None:
    mdp = tt.MDP([[[1.0]]], [[0.5]], [1.0], 0.5)
    assert tt.tabular_policy(lambda s: answer, mdp).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([0.5, 0.6], r"^pi\[s=1\] sums to 1.1, .*normalize=True divides a row .* 0.001"),
        (np.array([0.1, 0.91], np.float32), r"^pi\[s=1\] sums to 1.01.*normalize=True"),
        ([-0.5, 1.5], r"^pi\[s=1, a=0\] = -0.5, expected a probability"),
        ([np.nan, 1.0], r"^pi\[s=1, a=0\] = nan, expected a finite"),
        ([np.inf, -np.inf], r"^pi\[s=1, a=0\] = inf, expected a finite"),
        ([0.5, 0.25, 0.25], r"^fn\(1\) = .* of shape \(3,\), expected 2 probabilities, or the"),
        ([[0.5, 0.5]], r"^fn\(1\) = .* of shape \(1, 2\)"),
        ([1.0], r"^fn\(1\) = .* of shape \(1,\), expected 2 probabilities"),
        (1.0, r"^fn\(1\) = .* of shape \(\), expected 2 probabilities"),
        (2, r"^fn\(1\) = 2, expected an action 0 to 1"),
        (np.array([-1]), r"^fn\(1\) = -1, expected an action 0 to 1"),
        (True, r"^fn\(1\) = True of type bool"),
        (None, r"^fn\(1\) = None of type NoneType"),
        ((np.array(1), None), r"^fn\(1\)"),
    ],
)
def test_wrong_policies_name_the_state(answer: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.tabular_policy(lambda s: answer if s == 1 else 0, WANDER)
    if "sums to 0.9999999" not in message:
        with pytest.raises(tt.InvalidMDPError, match=message):
            tt.tabular_policy(lambda s: answer if s == 1 else 0, WANDER, normalize=True)


def test_actions_that_a_policy_may_not_take() -> None:
    mdp = masked()
    message = r"pi\[s=0, a=1\] = 1.0, expected 0: the action is not allowed there\. .*mdp.mask\[s\]"
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.tabular_policy(lambda s: 1, mdp)
    assert tt.tabular_policy(lambda s: int(np.argmax(mdp.mask[s])), mdp).tolist()[1] == [0, 1, 0]


def test_policies_stay_in_the_arithmetic_of_the_model() -> None:
    rows = [[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]
    with pytest.raises(tt.ExactnessError, match=r"^fn\(0\) has floats, .*mdp.to_float\(\)"):
        tt.tabular_policy(lambda s: rows[s], masked(exact=True))
    with pytest.raises(tt.ExactnessError, match=r"^fn\(0\) has exact numbers, expected floats"):
        tt.tabular_policy(lambda s: ["1/2", 0, "1/2"], masked())


def test_rows_of_single_precision_are_divided_only_when_asked() -> None:
    rows = np.array([[0.7, 0.3], [0.1, 0.9], [1 / 3, 2 / 3]], np.float32)
    pi = tt.tabular_policy(lambda s: rows[s], WANDER, normalize=True)
    exact = rows.astype(float)
    exact /= exact.sum(axis=1, keepdims=True)
    assert np.max(np.abs(pi - exact)) < 1e-15 and np.all(pi.sum(axis=1) == 1)
    off = [0.5, 0.502]
    with pytest.raises(tt.InvalidMDPError, match=r"pi\[s=0\] sums to 1.002"):
        tt.tabular_policy(lambda s: off, WANDER, normalize=True)
    model = tt.MDP([[["1"], ["1"]]], [["0", "0"]], ["1"], "1/2")
    near = ["1/3", "6667/10000"]
    with pytest.raises(tt.InvalidMDPError, match=r"sums to 30001/30000.*normalize=True"):
        tt.tabular_policy(lambda s: near, model)
    divided = tt.tabular_policy(lambda s: near, model, normalize=True)
    assert divided.tolist() == [[Fraction(10000, 30001), Fraction(20001, 30001)]]


def test_an_agent_is_not_asked_about_the_state_that_was_added() -> None:
    env = gymnasium.make("FrozenLake-v1", is_slippery=False)
    mdp = tt.from_gym(env, 0.9)
    V = value_iteration(env.unwrapped.P, 0.9)  # type: ignore[attr-defined]
    Q = np.zeros((16, 4))
    for s, actions in env.unwrapped.P.items():  # type: ignore[attr-defined]
        for a, row in actions.items():
            Q[s, a] = sum(p * (r + 0.9 * (not over) * V[t]) for p, t, r, over in row)
    pi = tt.tabular_policy(lambda s: Q[s].argmax(), mdp)  # Q[16] would be an IndexError
    assert pi[16].tolist() == [0.25] * 4
    assert tt.evaluate(mdp, pi).eta == pytest.approx(0.9**5)  # six steps to the goal
    same = mdp.to_rational()
    assert tt.tabular_policy(lambda s: Q[s].argmax(), same)[16].tolist() == [Fraction(1, 4)] * 4


@pytest.mark.parametrize("gives", [0.0, 1.0])
def test_a_state_of_that_name_that_is_another_is_asked(gives: float) -> None:
    P = np.array([[[0.0, 1.0]] * 2, [[0.0, 1.0], [1.0 - gives, gives]]])
    names = ("start", "terminated")
    asked: list[int] = []
    for p in (P, sp.csr_array(P.reshape(4, 2))):
        mdp = tt.MDP(p, np.full((2, 2), gives), [1.0, 0.0], 0.5, state_names=names)
        tt.tabular_policy(lambda s: asked.append(s) or 0, mdp)  # type: ignore[func-returns-value]
    assert asked == [0, 1, 0, 1]


def test_a_batch_of_models_takes_one_policy() -> None:
    batch = tt.MDP(np.ones((3, 1, 2, 1)), [[0.0, 0.0]], [1.0], 0.5)
    assert tt.tabular_policy(lambda s: [0.25, 0.75], batch).tolist() == [[0.25, 0.75]]
