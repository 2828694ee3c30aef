"""Every shipped model, and masked random ones, as environments: the checker, masks, both rules."""

from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import tabular_trpo as tt
from tests.formats.gym_cases import MASK, WANDER, ends_of, masked, value_iteration

FOLDER = Path(__file__).parents[2] / "mdps"


def _models() -> dict[str, tt.MDP]:
    """Every model of `mdps/`, and random ones with masks."""
    shipped = {path.name.split(".")[0]: tt.read(path) for path in sorted(FOLDER.glob("*.mdp.json"))}
    assert len(shipped) == 28 and sum(m.allowed is not None for m in shipped.values()) == 10
    for seed in range(12):
        shipped[f"random {seed}"] = _random(np.random.default_rng(seed))
    return shipped | {"float": WANDER, "rational": WANDER.to_rational()}


def _random(rng: np.random.Generator) -> tt.MDP:
    """A model with a random mask, rewards of both signs and, half of the time, an end."""
    n, k = int(rng.integers(2, 7)), int(rng.integers(2, 5))
    mask = rng.random((n, k)) < 0.5
    mask[np.arange(n), rng.integers(k, size=n)] = True
    P = rng.dirichlet(np.full(n, 0.5), size=(n, k)) * mask[..., None]
    r = rng.normal(size=(n, k)) * mask
    if rng.random() < 0.5:
        P[-1], r[-1] = np.eye(n)[-1] * mask[-1][:, None], 0
    return tt.MDP(P, r, rng.dirichlet(np.ones(n)), 0.9, mask)


MODELS = _models()


@pytest.mark.parametrize("name", MODELS)
def test_the_checker_of_gymnasium_is_content(name: str) -> None:
    check_env(tt.to_gym(MODELS[name]), skip_render_check=True)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_from_its_environment(name: str) -> None:
    mdp = MODELS[name].to_float()
    n, ends = mdp.n_states, ends_of(mdp)
    env = tt.to_gym(MODELS[name])
    back = tt.from_gym(env, mdp.gamma, check_steps=300, rng=np.random.default_rng(0))
    assert back.n_states == n + bool(ends) and back.gamma == mdp.gamma
    assert np.array_equal(back.mask[:n], mdp.mask) and np.array_equal(back.rho0[:n], mdp.rho0)
    P, there = (
        m.P if not m.is_sparse else m.P.toarray().reshape(*m.r.shape, -1) for m in (mdp, back)
    )
    assert np.array_equal(back.r[:n], mdp.r)
    goes_on = [t for t in range(n) if t not in ends]
    assert np.array_equal(there[:n, :, goes_on], P[:, :, goes_on])
    if ends:  # what enters an end enters the state "terminated"
        assert np.allclose(there[:n, :, n], P[:, :, sorted(ends)].sum(axis=2), rtol=1e-15)


@pytest.mark.parametrize("name", [name for name, m in MODELS.items() if m.allowed is not None])
def test_the_noop_changes_no_optimal_value(name: str) -> None:
    env = tt.to_gym(MODELS[name])
    full = {
        s: {a: row or [(1.0, s, env.idle_reward, False)] for a, row in rows.items()}
        for s, rows in env.P.items()
    }
    best = tt.optimal(MODELS[name].to_float()).V_star
    with_noops = value_iteration(full, env.gamma)
    assert np.max(np.abs(best - with_noops)) <= 1e-9 * (1 + np.max(np.abs(best)))


@pytest.mark.parametrize("name", ["gridworld", "queue", "quiz", "walk", "random 0"])
def test_agents_learn_on_masked_models_by_the_mask(name: str) -> None:
    """Q-learning that draws and maximises by the mask finds the optimal policy."""
    mdp = MODELS[name].to_float()
    env = tt.to_gym(mdp, disallowed="raise")
    env.action_space.seed(0)
    Q, n = np.zeros(mdp.r.shape), np.zeros(mdp.r.shape)
    state, info = env.reset(seed=0)
    for _ in range(20_000):
        a = int(env.action_space.sample(info["action_mask"]))
        now, reward, terminated, _, info = env.step(a)
        n[state, a] += 1
        ahead = 0 if terminated else np.max(Q[now][info["action_mask"] == 1])
        Q[state, a] += (reward + mdp.gamma * ahead - Q[state, a]) / n[state, a] ** 0.7
        state, info = env.reset() if terminated else (now, info)
    pi = tt.tabular_policy(lambda s: int(np.argmax(np.where(mdp.mask[s], Q[s], -np.inf))), mdp)
    worth, best = tt.evaluate(mdp, pi).eta, tt.optimal(mdp).eta_star
    assert worth == pytest.approx(best, rel=0.02)


@pytest.mark.parametrize("rule", ["noop", "raise"])
def test_actions_that_are_not_allowed(rule: str) -> None:
    env = tt.to_gym(masked(), rule)
    assert env.P[0][1] == [] and env.P[1][0] == [] and env.disallowed == rule
    state, info = env.reset(seed=0)
    for _ in range(50):
        assert info["action_mask"].dtype == np.int8
        assert info["action_mask"].tolist() == MASK[state].tolist()
        action = env.action_space.sample(info["action_mask"])
        state, _, _, _, info = env.step(action)
        assert info["noop"] is False
    env.s = 0
    for bad in (3, -1, 1.0, "go"):
        with pytest.raises(tt.InvalidMDPError, match=r"^action = .*expected an integer 0 to 2"):
            env.step(bad)
    assert env.s == 0


def test_the_rule_raise_names_the_actions_that_are_allowed() -> None:
    env = tt.to_gym(masked(), disallowed="raise")
    env.reset(seed=0)
    env.s = 0
    message = r"^action = 1 is not allowed in the state 0, expected one of \[0, 2\].*action_mask"
    with pytest.raises(tt.InvalidMDPError, match=message):
        env.step(1)
    assert env.s == 0
    with pytest.raises(tt.InvalidMDPError, match=r'^disallowed = .*"noop" or "raise"'):
        tt.to_gym(masked(), "ignore")
    for rule in (None, True, ["noop"]):
        with pytest.raises(TypeError, match="disallowed"):
            tt.to_gym(masked(), rule)  # type: ignore[arg-type]


def test_the_rule_noop_leaves_the_state_and_never_pays() -> None:
    env = tt.to_gym(masked())  # its least reward is -1
    env.reset(seed=0)
    env.s = 0
    for _ in range(3):
        state, reward, terminated, truncated, info = env.step(1)
        assert (state, reward, terminated, truncated, env.s) == (0, -1.0, False, False, 0)
        assert info["noop"] is True and info["action_mask"].tolist() == [1, 0, 1]
    gives = tt.MDP([[[1.0], [0.0]]], [[3.0, 0.0]], [1.0], 0.5, allowed=[[True, False]])
    ended = tt.MDP([[[1.0], [0.0]]], [[0.0, 0.0]], [1.0], 0.5, allowed=[[True, False]])
    for mdp, over in ((gives, False), (ended, True)):
        env = tt.to_gym(mdp)
        env.reset(seed=0)
        assert env.step(1)[:4] == (0, 0.0, over, False)
        assert env.step(0)[:3] == (0, mdp.r[0, 0], over)
