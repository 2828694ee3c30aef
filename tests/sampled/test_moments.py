"""Exact means and variances of one unit, against sums over all paths."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._sampled.enumeration import expectation
from tabular_trpo._sampled.estimate import estimate
from tabular_trpo._sampled.moments import path_moments, return_moments, vine_moments
from tabular_trpo._sampled.rollouts import Rollouts
from tests.sampled.models import (
    ZERO,
    F,
    dyadic,
    exact,
    gradient,
    in_floats,
    pairs_with_support,
    paths,
    sink,
    started,
    stopped,
    tails,
    with_next_rewards,
)

DRAWN = [
    *pairs_with_support(51, 10, max_states=2, max_actions=2),
    *pairs_with_support(52, 5, max_states=2, max_actions=3, masked=True),
    *(
        (with_next_rewards(mdp), pi, new)
        for mdp, pi, new in pairs_with_support(53, 4, max_states=2)
    ),
    dyadic(),
    dyadic(next_rewards=True),
]


def two_moments(expect: Any, f: Any) -> tuple[Any, Any]:
    """(mean, variance) of f(path)."""
    first, second = expect(f), expect(lambda path: f(path) ** 2)
    return first, second - first**2


@pytest.mark.parametrize("T", [1, 2, 3])
def test_moments_of_the_return_are_sums_over_all_paths(T: int) -> None:
    """Against a plain product over all sequences, without an estimate in between."""
    scattered = 0
    for mdp, pi, _ in DRAWN:
        g, ends = mdp.gamma, tails(mdp)
        terms, taken = [], F(0)
        for start in np.flatnonzero(mdp.rho0).tolist():
            for share, steps in paths(started(mdp, start), pi, T):
                chance, last = mdp.rho0[start] * share, steps[-1][3] if steps else start
                tail = g ** len(steps) * ends.get(last, F(0))
                terms.append((chance, sum(g**t * x[2] for t, x in enumerate(steps)) + tail))
                taken += chance * len(steps)
        mean = sum(p * x for p, x in terms)
        got = return_moments(mdp, pi, T)
        assert (got.mean, got.variance) == (mean, sum(p * x * x for p, x in terms) - mean**2)
        assert got.steps == taken
        scattered += got.variance > 0
    assert scattered >= 8


@pytest.mark.parametrize("weighting", ["discounted", "undiscounted"])
@pytest.mark.parametrize("with_baseline", [False, True])
def test_moments_of_a_gain_are_sums_over_all_paths(weighting: str, with_baseline: bool) -> None:
    scattered = 0
    for i, (mdp, pi, pi_new) in enumerate(DRAWN):
        b = exact(["5/3", "-2"])[: len(pi)] if with_baseline else None
        # Three steps for the last two models, whose rewards correlate with later returns.
        for T in (1, 2, 3) if i >= len(DRAWN) - 2 else (1, 2):

            def gain(path: Rollouts, pi: Any = pi, new: Any = pi_new, b: Any = b) -> Any:
                return estimate(path, pi, weighting=weighting, baseline=b).gain(new)

            def expect(f: Any, mdp: Any = mdp, pi: Any = pi, T: int = T) -> Any:
                return expectation(mdp, pi, T, f)

            got = path_moments(mdp, pi, pi_new, T, weighting, b)
            assert (got.mean, got.variance) == two_moments(expect, gain)
            scattered += got.variance > 0
    assert scattered >= 10


def test_means_are_those_of_the_recursion_and_of_the_surrogate() -> None:
    """Larger models, where no enumeration fits."""
    moved = 0
    for mdp, pi, pi_new in pairs_with_support(54, 25):
        reference = (gradient(mdp, pi, 4) * (pi_new - pi)).sum()
        assert path_moments(mdp, pi, pi_new, 4).mean == reference
        L = tt.surrogate(tt.evaluate(mdp, pi))
        stops = path_moments(mdp, pi, pi_new)
        assert stops.mean == L.gain(pi_new)
        assert path_moments(mdp, pi, pi_new, baseline=exact(range(len(pi)))).mean == stops.mean
        assert vine_moments(mdp, pi, pi_new).mean == L.gain(pi_new)
        assert vine_moments(mdp, pi, pi_new, common=False).mean == L.gain(pi_new)
        assert return_moments(mdp, pi).mean == L.eta
        rho = tt.evaluate(mdp, pi).rho
        running = sum(rho[s] for s in range(len(pi)) if s not in tails(mdp))
        assert stops.steps == return_moments(mdp, pi).steps == running
        moved += stops.mean != 0
    assert moved >= 10


def test_geometric_variance_is_a_sum_over_paths_and_stops() -> None:
    """In the sink nothing is added: stops from the third step on are one case."""
    for gamma in (F(1, 2), F(9, 10), F(0)):
        plain, pi, pi_new = sink(gamma)
        r = np.where(plain.mask[..., None], exact(np.arange(18).reshape(3, 2, 3) % 7 - 3), ZERO)
        r[2] = F(0)
        for mdp in (plain, tt.MDP(plain.P, r, plain.rho0, gamma, plain.allowed)):
            chances = [x - y for x, y in pairwise([F(1), gamma, gamma**2, F(0)])]

            def expect(f: Any, mdp: Any = mdp, pi: Any = pi, chances: Any = chances) -> Any:
                def over_stops(path: Rollouts) -> Any:
                    return sum(p * f(stopped(path, k)) for k, p in enumerate(chances, 1))

                return expectation(mdp, pi, 3, over_stops)

            for b in (None, exact(["1", "-3/2", "0"])):

                def gain(path: Rollouts, pi: Any = pi, new: Any = pi_new, b: Any = b) -> Any:
                    return estimate(path, pi, baseline=b).gain(new)

                got = path_moments(mdp, pi, pi_new, baseline=b)
                assert (got.mean, got.variance) == two_moments(expect, gain)
                assert got.variance > 0
            got = return_moments(mdp, pi)
            assert (got.mean, got.variance) == two_moments(
                expect, lambda path, pi=pi: estimate(path, pi).eta
            )


def test_without_discount_only_the_first_step_counts() -> None:
    """Gamma 0, r = 0 or 2, even odds, step to the second action: X = 2 x or 0 of c = -1, 1."""
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "2"]], ["1"], "0")
    pi, new = exact([["1/2", "1/2"]]), exact([["0", "1"]])
    for horizon in (None, 1, 3):
        got = path_moments(mdp, pi, new, horizon)
        assert (got.mean, got.variance) == (1, 1)
        assert (return_moments(mdp, pi, horizon).mean, got.steps) == (1, horizon or 1)
        assert return_moments(mdp, pi, horizon).variance == 1
    # Undiscounted, each of three steps weighs 1/3: the mean of three such X, independent.
    spread = path_moments(mdp, pi, new, 3, "undiscounted")
    assert (spread.mean, spread.variance) == (1, F(1, 3))
    rough, p, n = in_floats(mdp, pi, new)
    assert path_moments(rough, p, n, 3, "undiscounted").variance == pytest.approx(1 / 3)


def test_one_action_leaves_nothing_to_gain() -> None:
    mdp = tt.MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    pi = exact([["1"], ["1"]])
    for horizon in (None, 1, 4):
        for found in (path_moments(mdp, pi, pi, horizon), vine_moments(mdp, pi, pi, horizon)):
            assert (found.mean, found.variance) == (0, 0)
        assert return_moments(mdp, pi, horizon).variance > 0 or horizon == 1


def test_floats_and_sparse_rows_agree_with_rationals() -> None:
    for mdp, pi, pi_new in (dyadic(), dyadic(next_rewards=True)):
        rough, p, new = in_floats(mdp, pi, pi_new)
        given = rough.r if rough.r_next is None else sp.csr_array(rough.r_next.reshape(4, 2))
        sparse = tt.MDP(sp.csr_array(rough.P.reshape(4, 2)), given, rough.rho0, rough.gamma)
        assert sparse.is_sparse
        for horizon in (None, 1, 3):
            asked: list[Any] = [
                lambda m, x, y, T=horizon: path_moments(m, x, y, T),
                lambda m, x, y, T=horizon: path_moments(m, x, y, T, baseline=[1, 2]),
                lambda m, x, y, T=horizon: return_moments(m, x, T),
                lambda m, x, y, T=horizon: vine_moments(m, x, y, T),
                lambda m, x, y, T=horizon: vine_moments(m, x, y, T, common=False),
            ]
            for ask in asked:
                reference = ask(mdp, pi, pi_new)
                numbers = [float(x) for x in (reference.mean, reference.variance, reference.steps)]
                for model in (rough, sparse):
                    got = ask(model, p, new)
                    assert [got.mean, got.variance, got.steps] == pytest.approx(numbers, rel=1e-12)


def test_bad_input() -> None:
    mdp, pi, new = dyadic()
    rough, p, n = in_floats(mdp, pi, new)
    batch = tt.MDP([rough.P] * 2, [rough.r] * 2, rough.rho0, rough.gamma)
    every: list[Any] = [
        lambda m, x, T=None: return_moments(m, x, T),
        lambda m, x, T=None: path_moments(m, x, x, T),
        lambda m, x, T=None: path_moments(m, x, x, 1 if T is None else T, "undiscounted"),
        lambda m, x, T=None: vine_moments(m, x, x, T),
        lambda m, x, T=None: vine_moments(m, x, x, T, common=False),
    ]
    for ask in every:
        for wrong in (0, -1, 1.5, True):
            with pytest.raises(InvalidMDPError, match=f"horizon = {wrong}, expected a whole"):
                ask(mdp, pi, wrong)
        with pytest.raises(InvalidMDPError, match=r"mdp has batch \(2,\).*mdp\[i\]"):
            ask(batch, p)
        with pytest.raises(ExactnessError, match="pi is in float arithmetic"):
            ask(mdp, p)
        with pytest.raises(InvalidMDPError, match=r"pi\[s=0\] sums to 1/4"):
            ask(mdp, exact([["1/4", "0"], ["1", "0"]]))
    unseen = exact([["1", "0"], ["1", "0"]])
    with pytest.raises(
        InvalidMDPError, match=r"(?s)pi_new\[s=0, a=1\] = .* the paths never takes .*1 more"
    ):
        path_moments(mdp, unseen, exact([["1/2", "1/2"], ["1/2", "1/2"]]))
    with pytest.raises(ExactnessError, match="pi_new is in float arithmetic"):
        path_moments(mdp, pi, n)
    with pytest.raises(InvalidMDPError, match="weighting = 'flat', expected one of discounted"):
        path_moments(mdp, pi, new, 2, "flat")
    with pytest.raises(InvalidMDPError, match=r"weighting with geometric .* Sample with a horizon"):
        path_moments(mdp, pi, new, None, "undiscounted")
    for horizon in (None, 2):
        for b, message in (([0.0], r"has shape \(1,\)"), ([0.0, np.nan], "has NaN")):
            with pytest.raises(InvalidMDPError, match=f"baseline {message}"):
                path_moments(rough, p, n, horizon, baseline=b)
        with pytest.raises(ExactnessError, match="baseline is in float arithmetic"):
            path_moments(mdp, pi, new, horizon, baseline=[0.5, 0.5])
