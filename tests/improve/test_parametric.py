"""The parametric step: derivatives, conjugate gradient, the quadratic model, the line search."""

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo.improve.natural import natural, natural_fixed, vanilla
from tabular_trpo.improve.softmax_class import SoftmaxClass, aliased

S, A, K = 4, 3, 5


def case(seed: int, features: bool = False):
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), (S, A))
    mdp = tt.MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), 0.9)
    policies = SoftmaxClass((S, A), rng.normal(size=(S, A, K)) if features else None)
    theta = 0.5 * rng.normal(size=policies.theta_shape)
    return mdp, policies, theta, tt.surrogate(tt.evaluate(mdp, policies.policy(theta)))


@pytest.mark.parametrize("seed", range(5))
def test_natural_gradient_of_the_table_is_the_advantage(seed: int) -> None:
    mdp, _, theta, L = case(seed)
    ev = tt.evaluate(mdp, L.pi)
    s = natural_fixed(L, theta, 1.0).multipliers["theta"] - theta
    s = s * (1 - mdp.gamma)  # H is that of the mean under d
    off = s - ev.A
    assert abs(off - off.mean(axis=1, keepdims=True)).max() <= 1e-10


@pytest.mark.parametrize("features", [False, True])
def test_quadratic_model_is_delta_and_the_rest_is_cubic(features: bool) -> None:
    _, policies, theta, L = case(11, features)
    deltas = np.array([1e-3, 1e-4, 1e-5, 1e-6])
    steps = [natural(L, theta, d, policies, accept="always") for d in deltas]
    for d, step in zip(deltas, steps, strict=True):
        assert step.multipliers["quadratic_kl"] == pytest.approx(d, rel=1e-12)
        s = step.multipliers["theta"] - theta
        assert np.vdot(s, policies.fisher_product(L.weight, theta, s)) / 2 == pytest.approx(
            d, rel=1e-9
        )
    rest = np.array([abs(step.mean_kl - d) for d, step in zip(deltas, steps, strict=True)])
    order = np.polyfit(np.log(deltas), np.log(rest), 1)[0]
    assert order == pytest.approx(1.5, abs=0.1)


def test_damping_shortens_nothing_of_the_model_but_turns_the_step() -> None:
    _, policies, theta, L = case(5, True)
    plain, damped = (
        natural(L, theta, 1e-4, policies, damping=c, accept="always") for c in (0.0, 1.0)
    )
    assert damped.multipliers["quadratic_kl"] == pytest.approx(1e-4, rel=1e-12)
    assert damped.multipliers["damping"] == 1.0 and damped.gain < plain.gain


def test_a_failed_search_restores() -> None:
    """Here the true KL of the full step is above delta, so one trial is not enough."""
    _, policies, theta, L = case(5, True)
    none = natural(L, theta, 1e-4, policies, most_backtracks=0)
    assert none.status == "restored" and none.backtracks == 0
    assert (none.pi_new == L.pi).all() and (none.multipliers["theta"] == theta).all()
    assert natural(L, theta, 1e-4, policies).backtracks == 1
    assert natural(L, theta, 1e-4, policies, most_backtracks=0, accept="ratio").mean_kl > 1e-4


def drops(share: float, seeds: range) -> int:
    """How often the best of steps that share one row, for L - share C max_kl, loses return."""
    alike, count = aliased(np.zeros(S, dtype=int), A), 0
    for seed in seeds:
        mdp = case(seed)[0]
        theta = np.random.default_rng(seed).normal(size=alike.theta_shape)
        ev = tt.evaluate(mdp, alike.policy(theta))
        C, L = share * float(tt.penalty(ev)), tt.surrogate(ev)
        steps = (vanilla(L, theta, d, alike) for d in 10.0 ** np.linspace(-8, 2, 21))
        best = max(steps, key=lambda x: x.gain - C * x.max_kl)
        assert best.gain > C * best.max_kl
        count += tt.evaluate(mdp, best.pi_new).eta < ev.eta - 1e-9
    return count


def test_power_table() -> None:
    """Any C >= 0 is enough in the full table; where states share a row C x 1e-3 is too small."""
    for seed in range(20):
        mdp, _, _, L = case(seed)
        for C in (0.0, 1e-3, 1.0, 1e3):
            assert tt.evaluate(mdp, tt.improve.minorize(L, C).pi_new).eta >= L.eta - 1e-12
    seeds = range(120)
    assert drops(1e-4, seeds) > 0 and drops(1.0, seeds) == 0
