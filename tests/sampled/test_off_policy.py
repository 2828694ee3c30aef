"""Off-policy estimates and their exact moments, against sums over all paths and derivatives."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError, LimitError
from tabular_trpo._sampled.enumeration import all_paths, expectation
from tabular_trpo._sampled.estimate import estimate
from tabular_trpo._sampled.off_policy import OFF_POLICY, off_policy
from tabular_trpo._sampled.off_policy_moments import off_policy_moments
from tabular_trpo._sampled.rollouts import Rollouts, joined, single_path
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.models import (
    F,
    dyadic,
    exact,
    gradient,
    in_floats,
    pairs_with_support,
    sink,
    stopped,
    values,
    with_next_rewards,
)
from tests.sampled.test_absorbing import ending, larger

MDPS = sorted((Path(__file__).parents[2] / "mdps").glob("*.mdp.json"))
Case = tuple[tt.MDP, Any, Any, Any]


def cases() -> Iterator[Case]:
    """Models with the policy of the paths, the evaluated one, and one to step to."""
    triples = [
        *pairs_with_support(51, 9, max_states=2, max_actions=2),
        *((with_next_rewards(m), p, n) for m, p, n in pairs_with_support(53, 2, max_states=2)),
        *ending(61, 4, max_states=3, max_actions=2),
        dyadic(),
        dyadic(next_rewards=True),
    ]
    for mdp, mu, new in triples:
        yield mdp, mu, tt.policies.mixture(mu, new, F(1, 2)), new


CASES = list(cases())


def q_of(pi: Any, method: str) -> Any:
    """A wrong Q_hat for the method that has one."""
    return exact(np.arange(pi.size).reshape(pi.shape) % 5 - 2) if method == OFF_POLICY[2] else None


@pytest.mark.parametrize("method", OFF_POLICY)
@pytest.mark.parametrize("T", [1, 2, 3])
def test_moments_are_sums_over_all_paths(method: str, T: int) -> None:
    varied = 0
    for mdp, mu, pi, new in CASES if T < 3 else CASES[-3:]:
        Q = q_of(pi, method)

        def both(path: Rollouts, mu: Any = mu, pi: Any = pi, new: Any = new, Q: Any = Q) -> Any:
            L = off_policy(path, mu, pi, method=method, Q=Q)
            return exact([x**p for x in (L.eta, L.gain(new)) for p in (1, 2)])

        sums = expectation(mdp, mu, T, both)
        for found, (first, second) in (
            (off_policy_moments(mdp, mu, pi, None, T, method, Q), sums[:2]),
            (off_policy_moments(mdp, mu, pi, new, T, method, Q), sums[2:]),
        ):
            assert (found.mean, found.variance) == (first, second - first**2)
            varied += found.variance > 0
        floats, mu, pi, new = in_floats(mdp, mu, pi, new)
        q = None if Q is None else Q.astype(float)
        rough = off_policy_moments(floats, mu, pi, new, T, method, q)
        assert rough.mean == pytest.approx(float(found.mean), rel=1e-9, abs=1e-12)
        assert rough.variance == pytest.approx(float(found.variance), rel=1e-9, abs=1e-12)
    assert varied >= 5


@pytest.mark.parametrize("method", OFF_POLICY)
def test_estimates_are_unbiased(method: str) -> None:
    """With a horizon for the sums up to it; with geometric stopping for eta and L themselves."""
    moved = 0
    for mdp, mu, pi, new in CASES:
        Q, V = q_of(pi, method), values(mdp, pi, 3)[0]
        found = off_policy_moments(mdp, mu, pi, None, 3, method, Q)
        assert found.mean == mdp.rho0 @ V[3]
        if method == OFF_POLICY[1]:
            gain = off_policy_moments(mdp, mu, pi, new, 3, method, Q).mean
            assert gain == (gradient(mdp, pi, 3) * (new - pi)).sum()
    for mdp, mu, pi, new in CASES:
        near = tt.policies.mixture(mu, pi, F(1, 8))  # near enough for a finite variance
        e, Q = tt.evaluate(mdp, near), q_of(pi, method)
        assert off_policy_moments(mdp, mu, near, None, None, method, Q).mean == e.eta
        found = off_policy_moments(mdp, mu, near, new, None, method, Q)
        assert found.mean == tt.surrogate(e).gain(new)
        moved += found.mean != 0
    assert moved >= 5


@pytest.mark.parametrize("method", OFF_POLICY)
def test_geometric_moments_are_sums_over_paths_and_stops(method: str) -> None:
    """In the sink nothing is added: stops from the third step on are one case."""
    for gamma in (F(1, 2), F(9, 10), F(0)):
        mdp, mu, new = sink(gamma)
        pi, Q = tt.policies.mixture(mu, new, F(1, 5)), q_of(mu, method)
        chances = [x - y for x, y in pairwise([F(1), gamma, gamma**2, F(0)])]
        sums: Any = 0
        for chance, path in all_paths(mdp, mu, 3):
            for k, share in enumerate(chances, 1):
                L = off_policy(stopped(path, k), mu, pi, method=method, Q=Q)
                x, y = L.eta, L.gain(new)
                sums = sums + chance * share * exact([x, x * x, y, y * y])
        eta = off_policy_moments(mdp, mu, pi, None, None, method, Q)
        gain = off_policy_moments(mdp, mu, pi, new, None, method, Q)
        assert [eta.mean, gain.mean] == [sums[0], sums[2]]
        assert [eta.variance, gain.variance] == [sums[1] - sums[0] ** 2, sums[3] - sums[2] ** 2]
        assert eta.variance > 0


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", OFF_POLICY)
def test_the_gradient_is_the_derivative_of_the_estimate(method: str, weighted: bool) -> None:
    """In rationals a difference quotient with 10^-40 has an error of about that size."""
    h, moved = F(1, 10**40), 0
    for mdp, mu, pi, new in CASES:
        several = joined([path for _, path in all_paths(mdp, mu, 2)][::3])
        Q = q_of(pi, method)
        plus = tt.policies.mixture(pi, new, h)
        one, two = (
            off_policy(several, mu, x, method=method, weighted=weighted, Q=Q) for x in (pi, plus)
        )
        slope = (two.eta - one.eta) / h
        assert abs(slope - one.gain(new)) < F(1, 10**30)
        moved += abs(slope) > F(1, 1000)
    assert moved >= 3


def test_on_its_own_policy_it_is_the_estimate_of_paths() -> None:
    """Importance sampling then has no weights, and credits a step with the whole return."""
    differ = 0
    for mdp, mu, _, new in CASES:
        several = joined([path for _, path in all_paths(mdp, mu, 2)][::2])
        own, off = estimate(several, mu), off_policy(several, mu, mu)
        assert (own.G == off.G).all() and own.eta == off.eta
        assert (own.weight == off.weight).all()
        whole = off_policy(several, mu, mu, method="importance_sampling")
        assert whole.eta == own.eta
        differ += whole.gain(new) != own.gain(new)
    assert differ >= 5


def test_a_right_model_leaves_the_noise_of_the_transitions_only() -> None:
    """A chain without chance that ends: exact Q_hat, no variance; a wrong Q_hat, the same mean."""
    P = np.zeros((3, 2, 3), dtype=object) + F(0)
    P[0, 0, 1] = P[0, 1, 2] = P[1, :, 2] = P[2, :, 2] = F(1)
    mdp = tt.MDP(P, [["1", "3"], ["2", "-1"], ["0", "0"]], ["1", "0", "0"], "1/2")
    mu, pi = exact([["1/2", "1/2"]] * 3), exact([["1/4", "3/4"]] * 3)
    e = tt.evaluate(mdp, pi)
    right = off_policy_moments(mdp, mu, pi, None, 2, "doubly_robust", e.Q)
    assert (right.mean, right.variance) == (e.eta, 0)
    wrong = off_policy_moments(mdp, mu, pi, None, 2, "doubly_robust", e.Q + 1)
    assert wrong.mean == e.eta and wrong.variance > 0
    none = off_policy_moments(mdp, mu, pi, None, 2)
    assert none.mean == e.eta and none.variance > wrong.variance


def test_the_weighted_form_is_biased_bounded_and_consistent() -> None:
    biased = 0
    for mdp, mu, pi, _ in CASES[:9]:
        truth = mdp.rho0 @ values(mdp, pi, 1)[0][1]
        for method in OFF_POLICY[:2]:

            def eta(paths: Rollouts, mu: Any = mu, pi: Any = pi, method: str = method) -> Any:
                L = off_policy(paths, mu, pi, method=method, weighted=True)
                assert paths.returns[:, 0].min() <= L.eta <= paths.returns[:, 0].max()
                return L.eta

            off = [expectation(mdp, mu, 1, eta, paths=n) - truth for n in (1, 2, 3)]
            # A single path has weight 1: the estimate is that of mu.
            assert off[0] == mdp.rho0 @ values(mdp, mu, 1)[0][1] - truth
            assert abs(off[2]) <= abs(off[1]) <= abs(off[0])
            biased += off[2] != 0
    assert biased >= 4


def test_weights_of_zero_only_are_refused() -> None:
    mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    table = np.array([[0.0]])
    data = Rollouts(
        np.array([[0, 0]]), np.array([[0]]), table, table + 0.5, np.array([1]), False, 0.5
    )
    mu, pi = [[0.5, 0.5]], [[0.0, 1.0]]
    for method in OFF_POLICY[:2]:
        assert off_policy(data, mu, pi, method=method).eta == 0
        with pytest.raises(LimitError, match="weights are 0 on every path"):
            off_policy(data, mu, pi, method=method, weighted=True)
    assert off_policy_moments(mdp, mu, pi, horizon=1).mean == 1


@pytest.mark.parametrize("floats", [False, True])
def test_an_infinite_variance_is_found_at_its_threshold(floats: bool) -> None:
    """One state: E w^2 gamma = 2 (p^2 + (1 - p)^2) gamma is 1 at p = 1/4 and gamma = 4/5."""
    for gamma, finite in (("79/100", True), ("4/5", False), ("81/100", False)):
        mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], gamma)
        mu, pi = exact([["1/2", "1/2"]]), exact([["1/4", "3/4"]])
        if floats:
            mdp, mu, pi = in_floats(mdp, mu, pi)
        for method in OFF_POLICY[:2]:
            if finite:
                assert off_policy_moments(mdp, mu, pi, method=method).variance > 1
                continue
            with pytest.raises(LimitError, match="variance is not finite"):
                off_policy_moments(mdp, mu, pi, method=method)
            assert off_policy_moments(mdp, mu, pi, horizon=40, method=method).variance > 1


@pytest.mark.parametrize("path", MDPS, ids=lambda path: path.name.split(".")[0])
def test_samples_agree_with_the_exact_moments(path: Path) -> None:
    """On every model: uniform paths, a policy a quarter of the way to greedy."""
    mdp = tt.read(path).to_float()
    mu = tt.policies.uniform(mdp)
    e = tt.evaluate(mdp, mu)
    pi = tt.policies.mixture(mu, tt.policies.greedy(mdp, e.Q), 0.25)
    new = tt.policies.mixture(mu, tt.policies.greedy(mdp, e.Q), 0.5)
    T, n = 8, 4000
    data = single_path(Simulator(mdp, np.random.default_rng([3, MDPS.index(path)])), mu, n, T)
    for method in OFF_POLICY:
        Q = e.Q if method == "doubly_robust" else None
        L = off_policy(data, mu, pi, method=method, Q=Q)
        for value, direction in ((L.eta, None), (L.gain(new), new)):
            found = off_policy_moments(mdp, mu, pi, direction, T, method, Q)
            error = (float(found.variance) / n) ** 0.5
            assert abs(value - found.mean) <= 4 * error + 1e-9 * max(1, abs(found.mean))


def test_float_estimates_are_those_of_rationals() -> None:
    mdp, mu, new = larger()
    pi = 0.5 * mu + 0.5 * new
    data = single_path(Simulator(mdp, np.random.default_rng(1)), mu, 40, 5)
    twin = Rollouts(
        data.states, data.actions, exact(data.rewards), exact(data.behaviour), data.length, False,
        F(mdp.gamma), exact(data.tail), data.ended,
    )  # fmt: skip
    for method in OFF_POLICY:
        for weighted in (False, True):
            Q = q_of(pi, method)
            q = None if Q is None else Q.astype(float)
            rough = off_policy(data, mu, pi, method=method, weighted=weighted, Q=q)
            policies = (tt.policies.to_rational(x) for x in (mu, pi))
            fine = off_policy(twin, *policies, method=method, weighted=weighted, Q=Q)
            assert np.allclose(rough.G, fine.G.astype(float), rtol=1e-9, atol=1e-12)
            assert rough.eta == pytest.approx(float(fine.eta), rel=1e-9)
            assert fine.stderr is None and rough.stderr > 0
            assert (rough.G_stderr is None) == weighted


def test_bad_input_is_refused_by_name() -> None:
    mdp, mu, new = larger()
    data = single_path(Simulator(mdp, np.random.default_rng(1)), mu, 4, 3)
    one = np.array([[1.0, 0.0]] * 4)
    for change, text in (
        ({"method": "magic"}, "method = 'magic'"),
        ({"method": "doubly_robust"}, "Q is missing"),
        ({"Q": mdp.r}, "Q is given"),
        ({"method": "doubly_robust", "Q": mdp.r[:2]}, "Q"),
        ({"method": "doubly_robust", "Q": mdp.r * np.nan}, "Q has NaN"),
        ({"behaviour": new}, r"behaviour\[s="),
        ({"pi": mu[:, :1]}, "pi"),
    ):
        with pytest.raises(InvalidMDPError, match=text):
            off_policy(**{"rollouts": data, "behaviour": mu, "pi": new} | change)
    with pytest.raises(InvalidMDPError, match=r"pi\[s=0, a=1\].*never takes the action"):
        off_policy_moments(mdp, one, mu)
    with pytest.raises(InvalidMDPError, match=r"pi_new\[s=0, a=1\].*never takes the action"):
        off_policy_moments(mdp, one, one, mu)
    only = single_path(Simulator(mdp, np.random.default_rng(1)), one, 4, 3)
    with pytest.raises(InvalidMDPError, match=r"pi\[s=0, a=1\].*never takes the action"):
        off_policy(only, one, mu)
    stream = tt.sampled.Stream(Simulator(mdp, np.random.default_rng(1)), 2).play(mu, 3)
    with pytest.raises(InvalidMDPError, match="pieces of episodes"):
        off_policy(stream, mu, new)
