"""Choices of advantages: n steps, standardised; exact moments of each entry of the gradient."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._sampled.advantages import Advantages, generalized_advantages, n_step_advantages
from tabular_trpo._sampled.enumeration import all_paths, expectation
from tabular_trpo._sampled.estimate import estimate, path_contributions
from tabular_trpo._sampled.gradient_moments import gradient_moments
from tabular_trpo._sampled.moments import path_moments
from tabular_trpo._sampled.off_policy import off_policy
from tabular_trpo._sampled.off_policy_moments import off_policy_moments
from tabular_trpo._sampled.rollouts import Rollouts, single_path, subset
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.models import (
    F,
    dyadic,
    exact,
    in_floats,
    pairs_with_support,
    sink,
    stopped,
    with_next_rewards,
)
from tests.sampled.test_absorbing import ending, larger

CASES = [
    *pairs_with_support(51, 5, max_states=2, max_actions=2),
    *((with_next_rewards(m), p, n) for m, p, n in pairs_with_support(53, 2, max_states=2)),
    *ending(61, 5, max_states=3, max_actions=2),
    dyadic(),
    dyadic(next_rewards=True),
]
B = ["5/3", "-2", "1/2"]


def baseline(pi: Any) -> Any:
    """A baseline that is not V."""
    return exact(B[: len(pi)])


@pytest.mark.parametrize("weighting", ["discounted", "undiscounted"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_moments_with_n_steps_are_sums_over_all_paths(n: int, weighting: str) -> None:
    varied = 0
    for mdp, pi, new in CASES:
        b = baseline(pi)
        for T in (1, 2, 3) if len(pi) < 3 else (2,):

            def both(path: Rollouts, pi: Any = pi, new: Any = new, b: Any = b) -> Any:
                x = estimate(path, pi, weighting=weighting, baseline=b, n_step=n).gain(new)
                return exact([x, x * x])

            first, second = expectation(mdp, pi, T, both)
            got = path_moments(mdp, pi, new, T, weighting, b, n_step=n)
            assert (got.mean, got.variance) == (first, second - first**2)
            floats, p, q = in_floats(mdp, pi, new)
            rough = path_moments(floats, p, q, T, weighting, b.astype(float), n_step=n)
            assert rough.variance == pytest.approx(float(got.variance), rel=1e-9, abs=1e-12)
            varied += got.variance > 0
    assert varied >= 10


@pytest.mark.parametrize("n", [1, 2, 5])
def test_geometric_moments_with_n_steps_are_sums_over_paths_and_stops(n: int) -> None:
    for gamma in (F(1, 2), F(9, 10), F(0)):
        mdp, pi, new = sink(gamma)
        b, sums = baseline(pi), exact([0, 0])
        chances = [x - y for x, y in pairwise([F(1), gamma, gamma**2, F(0)])]
        for chance, path in all_paths(mdp, pi, 3):
            for k, share in enumerate(chances, 1):
                x = estimate(stopped(path, k), pi, baseline=b, n_step=n).gain(new)
                sums = sums + chance * share * exact([x, x * x])
        got = path_moments(mdp, pi, new, baseline=b, n_step=n)
        assert (got.mean, got.variance) == (sums[0], sums[1] - sums[0] ** 2)


def test_the_ends_of_n_are_those_of_lambda() -> None:
    """One step is lam = 0; as many as a path has are lam = 1.  With V every n is unbiased."""
    mdp, pi, new = larger()
    data = single_path(Simulator(mdp, np.random.default_rng(2)), pi, 50, 6)
    e = tt.evaluate(mdp, pi)
    for n, lam in ((1, 0.0), (6, 1.0), (25, 1.0)):
        assert np.allclose(
            n_step_advantages(data, e.V + 1, n), generalized_advantages(data, e.V + 1, lam)
        )
        moments = [
            path_moments(mdp, pi, new, T, baseline=e.V + 1, **choice)
            for T in (6, None)
            for choice in ({"n_step": n}, {"lam": lam})
        ]
        if n != 6:  # a path with a geometric time may take more than 6 steps
            assert moments[2].variance == pytest.approx(moments[3].variance)
        assert moments[0].mean == pytest.approx(moments[1].mean)
        assert moments[0].variance == pytest.approx(moments[1].variance)
    gain = tt.surrogate(e).gain(new)
    for n in (1, 3, 9):
        assert path_moments(mdp, pi, new, baseline=e.V, n_step=n).mean == pytest.approx(gain)
        biased = path_moments(mdp, pi, new, baseline=0 * e.V, n_step=n).mean
        assert abs(biased - gain) > 1e-7
    few = [path_moments(mdp, pi, new, baseline=e.V, n_step=n).variance for n in (1, 2, 4, 30)]
    assert few == sorted(few)


def test_sparse_models_have_the_same_moments() -> None:
    mdp, pi, new = larger()
    sparse = tt.MDP(sp.csr_array(mdp.P.reshape(8, 4)), mdp.r, mdp.rho0, mdp.gamma)
    assert sparse.is_sparse
    b = np.arange(4.0)
    for T in (None, 5):
        one, two = (path_moments(m, pi, new, T, baseline=b, n_step=3) for m in (mdp, sparse))
        assert one.variance == pytest.approx(two.variance, rel=1e-12)
        one, two = (off_policy_moments(m, pi, 0.9 * pi + 0.1 * new, new, T) for m in (mdp, sparse))
        assert one.variance == pytest.approx(two.variance, rel=1e-12)


def test_standardised_advantages_have_mean_0_and_deviation_1() -> None:
    mdp, pi, new = larger()
    data = single_path(Simulator(mdp, np.random.default_rng(3)), pi, 200, 5)
    e = tt.evaluate(mdp, pi)
    found = Advantages(e.V, standardise=True).of(data)[data.within]
    assert abs(found.mean()) < 1e-12 and found.std() == pytest.approx(1)
    plain = Advantages(e.V).of(data)[data.within]
    assert np.allclose(found * plain.std() + plain.mean(), plain)
    # The same direction up to noise, in other units.
    one = estimate(data, pi, baseline=e.V).gain(new)
    two = estimate(data, pi, baseline=e.V, standardise=True).gain(new)
    assert one / two == pytest.approx(plain.std(), rel=0.2) and abs(one / two - 1) > 0.05
    with pytest.raises(ExactnessError, match="standardise"):
        estimate(next(all_paths(*dyadic()[:2], 1))[1], dyadic()[1], standardise=True)


def test_the_bias_of_standardising_is_a_sum_over_all_pairs_of_paths() -> None:
    """The scale depends on the data: at n = 2 the mean is no multiple of the true gain."""
    mdp, pi, new = in_floats(*dyadic())

    def gain(standardise: bool) -> Any:
        def of(two: Rollouts) -> Any:
            return estimate(two, pi, standardise=standardise).gain(new)

        return expectation(mdp, pi, 2, of, paths=2)

    scaled, plain = gain(True), gain(False)
    assert plain == pytest.approx(path_moments(mdp, pi, new, 2).mean)
    rng, n = np.random.default_rng(5), 4000
    data = single_path(Simulator(mdp, rng), pi, 2 * n, 2)
    pairs = [subset(data, np.array([2 * i, 2 * i + 1])) for i in range(n)]
    gains = [estimate(two, pi, standardise=True).gain(new) for two in pairs]
    assert abs(np.mean(gains) - scaled) <= 4 * np.std(gains) / np.sqrt(n)
    assert abs(np.mean(gains) - plain) > 4 * np.std(gains) / np.sqrt(n)


@pytest.mark.parametrize("settings", [{}, {"lam": F(1, 2)}, {"n_step": 2}])
def test_moments_of_the_gradient_are_sums_over_all_paths(settings: dict[str, Any]) -> None:
    spread = 0
    for mdp, pi, _ in CASES:
        b = baseline(pi)

        def G(path: Rollouts, pi: Any = pi, b: Any = b) -> Any:
            found = estimate(path, pi, baseline=b, **settings).G
            return np.stack([found, found * found])

        mean, second = expectation(mdp, pi, 2, G)
        got = gradient_moments(mdp, pi, horizon=2, baseline=b, **settings)
        assert (got.mean == mean).all() and (got.variance == second - mean * mean).all()
        e = tt.evaluate(mdp, pi)
        assert (got.bias == np.where(pi > 0, mean - e.rho[:, None] * e.A, 0)).all()
        spread += (got.variance > 0).sum()
    assert spread >= 20


def test_moments_of_other_gradients() -> None:
    """A vine is unbiased in each entry; an off-policy gradient is that of all paths of mu."""
    mdp, mu, new = dyadic()
    tree = gradient_moments(mdp, mu, "vine", common=False)
    assert (tree.bias == 0).all() and (tree.variance > 0).any()
    pi = tt.policies.mixture(mu, new, "1/2")
    mean, second = expectation(
        mdp, mu, 2, lambda x: np.stack([off_policy(x, mu, pi).G ** p for p in (1, 2)])
    )
    got = gradient_moments(mdp, pi, "off_policy", behaviour=mu, horizon=2)
    assert (got.mean == mean).all() and (got.variance == second - mean * mean).all()
    near = tt.policies.mixture(mu, pi, "1/8")
    assert (gradient_moments(mdp, near, "off_policy", behaviour=mu).bias == 0).all()
    one = gradient_moments(mdp, mu)
    assert one.signal(1) < one.signal(10) < one.signal(10**9) and 1 - one.signal(10**9) < 1e-6


def test_expectations_of_several_paths() -> None:
    mdp, pi, _ = dyadic()
    one = expectation(mdp, pi, 1, lambda x: x.returns[0, 0])
    for n in (2, 3):
        mean = expectation(mdp, pi, 1, lambda x: x.returns[:, 0].sum() / len(x.length), paths=n)
        assert mean == one
        assert expectation(mdp, pi, 1, lambda x: F(1), paths=n) == 1
    two = expectation(mdp, pi, 1, lambda x: x.returns[:, 0].sum() ** 2, paths=2)
    square = expectation(mdp, pi, 1, lambda x: x.returns[0, 0] ** 2)
    assert two == 2 * square + 2 * one**2
    with pytest.raises(LimitError, match=r"paths = 9 of \d+ kinds"):
        expectation(mdp, pi, 1, lambda x: F(1), paths=9)


def test_bad_choices_are_refused_by_name() -> None:
    mdp, pi, new = larger()
    data = single_path(Simulator(mdp, np.random.default_rng(1)), pi, 4, 3)
    for settings, text in (
        ({"n_step": 2}, "n_step = 2, expected a baseline too"),
        ({"n_step": 0, "baseline": np.zeros(4)}, "n_step = 0"),
        ({"n_step": 1, "lam": 0.5, "baseline": np.zeros(4)}, "n_step = 1, with lam"),
        ({"lam": 1.5, "baseline": np.zeros(4)}, "lam"),
    ):
        with pytest.raises(InvalidMDPError, match=text):
            estimate(data, pi, **settings)
        with pytest.raises(InvalidMDPError, match=text):
            path_moments(mdp, pi, new, **settings)
    with pytest.raises(InvalidMDPError, match="unit = 'tree'"):
        gradient_moments(mdp, pi, "tree")
    with pytest.raises(InvalidMDPError, match="behaviour is missing"):
        gradient_moments(mdp, pi, "off_policy")
    assert path_contributions(data, pi).n == 4
