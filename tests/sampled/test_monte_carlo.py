"""What is sampled agrees with the exact answer, on every model of mdps/, within 4 standard errors.

The standard errors are the exact ones, of `return_moments`, `path_moments` and `vine_moments`.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled.estimate import path_contributions, vine_contributions
from tabular_trpo._sampled.moments import Moments, path_moments, return_moments, vine_moments
from tabular_trpo._sampled.rollouts import single_path
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import vine

MODELS = sorted((Path(__file__).parents[2] / "mdps").glob("*.mdp.json"))
STEPS = 60_000
LONG = 1000  # where 1 / (1 - gamma) is more, paths have a horizon
HORIZON = 100


class Played(NamedTuple):
    """A model in floats, the uniform policy, and the policy half way to greedy."""

    mdp: tt.MDP
    pi: Any
    pi_new: Any


def played(path: Path) -> Played:
    """The case of one file."""
    mdp = tt.read(path).to_float()
    pi = tt.policies.uniform(mdp)
    target = tt.policies.greedy(mdp, tt.evaluate(mdp, pi).Q)
    return Played(mdp, pi, tt.policies.mixture(pi, target, 0.5))


def distance(values: Any, exact: Moments) -> float:
    """How many exact standard errors the mean of independent values is off; rounding is none."""
    off = abs(float(values.mean()) - float(exact.mean))
    error = (float(exact.variance) / len(values)) ** 0.5
    return max(0.0, off - 1e-12 * abs(float(exact.mean))) / error if error else off * 1e9


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name.split(".")[0])
def test_estimates_agree_with_the_exact_answer(path: Path) -> None:
    mdp, pi, pi_new = played(path)
    long = 1 / (1 - mdp.gamma)
    T = None if long <= LONG else HORIZON
    sim = Simulator(mdp, np.random.default_rng([1, MODELS.index(path)]))
    n = int(STEPS / (long if T is None else T)) + 1
    terms = path_contributions(single_path(sim, pi, n, T), pi)
    assert distance(terms.returns, return_moments(mdp, pi, T)) <= 4
    assert distance(terms.gains(pi, pi_new), path_moments(mdp, pi, pi_new, T)) <= 4
    found = (
        []
        if long > 10 * LONG
        else [(c, vine_moments(mdp, pi, pi_new, T, c)) for c in (False, True)]
    )
    for common, exact in found:
        roots = int(STEPS / 2 / exact.steps) + 1
        grown = vine(sim, pi, roots, horizon=T, common=common)
        terms = vine_contributions(grown, pi)
        assert distance(terms.gains(pi, pi_new), exact) <= 4
        if T is None:
            # The return of a path stopped before its root has no more scatter than a whole one's.
            assert (
                abs(terms.returns.mean() - return_moments(mdp, pi).mean)
                <= 4 * (float(return_moments(mdp, pi).variance) / roots) ** 0.5 + 1e-9
            )
    if T is not None and not found:  # as many steps as the others
        terms = path_contributions(single_path(sim, pi, n, T), pi)
        assert distance(terms.returns, return_moments(mdp, pi, T)) <= 4
    assert sim.steps >= 6 * 10**4  # paths end in absorbing states


def test_wrong_formulas_are_seen() -> None:
    """The distance has power: each of these is off by more than 4 on several models."""
    seen = {"undiscounted": 0, "no discount in a return": 0, "other policy": 0, "no cut": 0}
    for path in MODELS:
        mdp, pi, pi_new = played(path)
        T = 12
        rollouts = single_path(Simulator(mdp, np.random.default_rng(2)), pi, STEPS // T, T)
        exact = path_moments(mdp, pi, pi_new, T)
        right = path_contributions(rollouts, pi)
        assert distance(right.gains(pi, pi_new), exact) <= 4
        flat = path_contributions(rollouts, pi, "undiscounted").gains(pi, pi_new)
        seen["undiscounted"] += distance(flat, exact) > 4
        # Its own mean is known too, so that the bias is no accident.
        assert distance(flat, path_moments(mdp, pi, pi_new, T, "undiscounted")) <= 4
        eta = return_moments(mdp, pi, T)
        seen["no discount in a return"] += distance(rollouts.rewards.sum(axis=1), eta) > 4
        seen["other policy"] += distance(right.returns, return_moments(mdp, pi_new, T)) > 4
        seen["no cut"] += distance(right.returns, return_moments(mdp, pi)) > 4
    assert all(count >= 5 for count in seen.values()), seen


def test_moments_of_a_needle_are_those_of_the_rational_model() -> None:
    """It pays 1e20 with chance 1e-20, far below the grid, and that is nearly all the variance."""
    rational = tt.read(next(path for path in MODELS if path.name.startswith("needle")))
    pi = tt.policies.uniform(rational)
    target = tt.policies.greedy(rational, tt.evaluate(rational, pi).Q)
    pi_new = tt.policies.mixture(pi, target, "1/2")
    mdp, p, new = rational.to_float(), tt.policies.to_float(pi), tt.policies.to_float(pi_new)
    for common in (True, False):
        expected = vine_moments(rational, pi, pi_new, common=common)
        assert expected.variance > 10**19
        got = vine_moments(mdp, p, new, common=common)
        assert got.variance == pytest.approx(float(expected.variance), rel=1e-12)
    expected = path_moments(rational, pi, pi_new)
    assert path_moments(mdp, p, new).variance == pytest.approx(float(expected.variance), rel=1e-12)


def test_a_difference_of_floats_is_no_negative_variance() -> None:
    """Rewards of 1/3 whatever is done: the return is certain, its square is rounded."""
    signs = set()
    for gamma in np.linspace(0.05, 0.95, 19):
        mdp = tt.MDP(np.full((3, 1, 3), 1 / 3), np.full((3, 1), 1e6 / 3), [1.0, 0.0, 0.0], gamma)
        found = return_moments(mdp, np.ones((3, 1)), 9)
        assert 0 <= found.variance <= 1e-12 * found.mean**2
        signs.add(found.variance > 0)
    assert signs == {True, False}  # so that some are cut at 0
