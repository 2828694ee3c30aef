"""Models as environments: what they hold, frequencies of steps, round trips."""

import subprocess
import sys
from collections import Counter
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import gymnasium
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tests.formats.gym_cases import WANDER, ends_of
from tests.strategies import mdps


def test_an_environment_has_the_shape_of_toy_text() -> None:
    env = tt.to_gym(WANDER)
    p, q = WANDER.P[0, 0, :2].tolist()
    assert env.P[0][0] == [(p, 0, 1.0, False), (q, 1, 1.0, False), (1.0 - p - q, 2, 1.0, True)]
    assert env.P[2] == {a: [(1.0, 2, 0.0, True)] for a in range(2)}
    assert env.initial_state_distrib.tolist() == [0.75, 0.25, 0] and env.gamma == 0.9
    assert env.observation_space.contains(2) and not env.observation_space.contains(3)
    assert env.metadata["render_modes"] == [] and env.render_mode is None
    env.render()
    _, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [1, 1]
    types = [type(x) for x in env.step(np.int64(1))]
    assert types == [int, float, bool, bool, dict]


def test_steps_have_the_probabilities_of_the_model() -> None:
    env = tt.to_gym(WANDER)
    env.reset(seed=1)
    seen: Counter[tuple[int, int, int]] = Counter()
    starts: Counter[int] = Counter()
    state, _ = env.reset()
    for i in range(30_000):
        action = i // 7 % 2
        now, reward, terminated, truncated, _ = env.step(action)
        seen[state, action, now] += 1
        assert reward == WANDER.r[state, action] and terminated == (now == 2) and not truncated
        state = now
        if terminated:
            state, _ = env.reset()
            starts[state] += 1
    for s, a in np.ndindex(2, 2):
        row = WANDER.P[s, a]
        counts = np.array([seen[s, a, t] for t in range(3)])
        expected = row * counts.sum()
        assert counts.sum() > 1000 and not np.any(counts[row == 0])
        live = row > 0
        assert np.sum((counts - expected)[live] ** 2 / expected[live]) < 13.8  # chi2(2) at 1e-3
    n = sum(starts.values())
    assert n > 1000 and (starts[0] - 0.75 * n) ** 2 / (0.75 * 0.25 * n) < 10.8  # chi2(1)


def test_draws_are_exact_at_the_borders() -> None:
    env = tt.to_gym(WANDER)
    env.reset(seed=0)
    p, q = WANDER.P[0, 0, :2]
    grid = 2.0**-53
    cases = [(0.0, 0), (p - grid, 0), (p, 1), (p + q - grid, 1), (p + q, 2), (1 - grid, 2)]
    for u, state in cases:
        env.s = 0
        env._np_random = SimpleNamespace(random=lambda u=u: u)  # type: ignore[assignment]
        assert env.step(0)[0] == state


def test_rewards_of_a_step_are_those_of_the_next_state_where_the_model_keeps_them() -> None:
    r = [[[1.0, 5.0]], [[0.0, 3.0]]]
    P = [[[0.5, 0.5]], [[0.0, 1.0]]]
    dense = tt.MDP(P, r, [1.0, 0.0], 0.9)
    flat, kept = (sp.csr_array(np.reshape(x, (2, 2))) for x in (P, r))
    sparse = tt.MDP(flat, kept, [1.0, 0.0], 0.9)
    for mdp in (dense, sparse):
        assert tt.to_gym(mdp).P == {
            0: {0: [(0.5, 0, 1.0, False), (0.5, 1, 5.0, False)]},
            1: {0: [(1.0, 1, 3.0, False)]},  # it gives 3 for ever, so nothing terminates there
        }


def test_a_seed_repeats_a_run_and_a_time_limit_wraps() -> None:
    env = gymnasium.wrappers.TimeLimit(tt.to_gym(WANDER), 3)
    runs = []
    for _ in range(2):
        run: list[Any] = [env.reset(seed=5)[0]]
        while not (run[-1] == 2 or len(run) == 4):
            state, _, terminated, truncated, _ = env.step(0)
            run.append(state)
            assert truncated == (len(run) == 4) and terminated == (state == 2)
        runs.append(run)
    assert runs[0] == runs[1]


def test_a_step_before_the_first_reset_is_refused() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded, match="before the first reset"):
        tt.to_gym(WANDER).step(0)


def test_models_that_make_no_environment() -> None:
    batch = tt.MDP(np.ones((3, 1, 1, 1)), [[0.0]], [1.0], 0.5)
    with pytest.raises(tt.InvalidMDPError, match=r"has batch \(3,\).*mdp\[i\]"):
        tt.to_gym(batch)
    close = tt.MDP([[["1"]]], [["1"]], ["1"], 1 - Fraction(1, 10**30))
    with pytest.raises(tt.ExactnessError, match="rounds to 1"):
        tt.to_gym(close)


def test_gymnasium_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tabular_trpo._formats.gym_env", raising=False)
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(tt.MissingExtraError, match=r"the extra gym.*'tabular-trpo\[gym\]'"):
        tt.to_gym(WANDER)
    code = "import sys, tabular_trpo; sys.exit('gymnasium' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(mdps())
def test_round_trips(exact: tt.MDP) -> None:
    mdp = exact.to_float()
    back = tt.from_gym(tt.to_gym(exact), mdp.gamma)
    n = mdp.n_states
    ends = ends_of(mdp)
    assert back.n_states == n + bool(ends)
    assert np.array_equal(back.r[:n], mdp.r) and np.array_equal(back.rho0[:n], mdp.rho0)
    assert np.array_equal(back.mask[:n], mdp.mask)
    goes_on = [t for t in range(n) if t not in ends]
    assert np.array_equal(back.P[:n, :, goes_on], mdp.P[:, :, goes_on])
    if not ends:
        assert np.array_equal(back.P, mdp.P) and back.r_next is None
    else:
        pi = tt.policies.uniform(mdp)
        longer = tt.policies.uniform(back)
        here, there = tt.evaluate(mdp, pi), tt.evaluate(back, longer)
        slack = here.radius.V + there.radius.V[:n]
        assert np.all(np.abs(here.V - there.V[:n]) <= slack) and there.V[n] == 0
        assert abs(here.eta - there.eta) <= here.radius.eta + there.radius.eta


@pytest.mark.parametrize("seed", range(20))
def test_round_trips_with_rewards_of_the_next_state(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 12, 3
    P = rng.dirichlet(np.full(n, 0.3), size=(n, k)) * (rng.random((n, k, n)) < 0.7)
    P[..., 0] += 1 - P.sum(axis=-1)
    r = rng.normal(size=(n, k, n))
    if seed % 2:  # the same for all next states: r(s, a) must come back, not a sum of products
        r[:] = r[..., :1]
    mdp = tt.MDP(np.abs(P), r, rng.dirichlet(np.ones(n)), 0.9)
    back = tt.from_gym(tt.to_gym(mdp), mdp.gamma)
    assert np.array_equal(back.P, mdp.P) and np.array_equal(back.r, mdp.r)
    assert np.array_equal(back.rho0, mdp.rho0)
    if seed % 2 == 0:
        assert np.array_equal(back.r_next[mdp.P > 0], mdp.r_next[mdp.P > 0])


def test_a_model_with_an_end_keeps_its_values() -> None:
    back = tt.from_gym(tt.to_gym(WANDER), WANDER.gamma)
    assert back.state_names == ("0", "1", "2", "terminated")
    assert back.P[0, 0, 2] == 0 and back.P[0, 0, 3] == WANDER.P[0, 0, 2]
    assert back.P[2, :, 3].tolist() == [1, 1]
    pi = [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]]
    V = tt.evaluate(WANDER, pi).V
    np.testing.assert_allclose(tt.evaluate(back, [*pi, [0.0, 1.0]]).V[:3], V, rtol=1e-14)
    again = tt.from_gym(tt.to_gym(back), WANDER.gamma)
    np.testing.assert_allclose(tt.optimal(again).V_star[:3], tt.optimal(WANDER).V_star, rtol=1e-14)


def test_sparse_models_make_the_same_environment() -> None:
    P = sp.csr_array(WANDER.P.reshape(6, 3))
    sparse = tt.MDP(P, WANDER.r, WANDER.rho0, 0.9)
    assert sparse.is_sparse and tt.to_gym(sparse).P == tt.to_gym(WANDER).P
