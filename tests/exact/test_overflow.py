"""Overflow of doubles is an error in every quantity; no result is infinite or NaN instead."""

import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo import sampled
from tabular_trpo._core.overflow import finite, unit_of
from tabular_trpo._theory.vocabulary import HIDDEN, QUANTITIES

REWARDS = {
    "1e307": [[0.0, 1e307], [-1e307, 1.0]],
    "1e308": [[0.0, 1e308], [-1e308, 1.0]],
    "all 1e308": [[1e308, 1e308], [1e308, 1e308]],
    "1e200": [[0.0, 1e200], [-1e200, 1.0]],
    "1e307 and 1e-307": [[0.0, 1e307], [-1e-307, 5e-324]],
    "1e-307": [[0.0, 1e-307], [-1e-307, 5e-324]],
}
PI, NEW = np.full((2, 2), 0.5), np.array([[0.3, 0.7], [0.6, 0.4]])
NAMES = [entry.name for entry in (*QUANTITIES.values(), *HIDDEN.values()) if entry.formula]


def model(r: Any, gamma: float) -> tt.MDP:
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, 0, 1] = P[1, 1, 0] = 1.0
    return tt.MDP(P, np.array(r), np.array([1.0, 0.0]), gamma)


def numbers(x: Any) -> list[float]:
    """Return all doubles in a value, or in the fields of a record."""
    if is_dataclass(x) and not isinstance(x, type) and not isinstance(x, tt.MDP):
        return [y for field in fields(x) for y in numbers(getattr(x, field.name))]
    if isinstance(x, float | np.floating | np.ndarray) and np.asarray(x).dtype.kind == "f":
        return list(np.asarray(x).ravel())
    return []


def is_finite(call: Callable[[], Any]) -> bool:
    """Return whether a call returns finite numbers; it must raise LimitError otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            got = call()
        except tt.LimitError as error:
            caught = str(error)
        else:
            assert np.isfinite(numbers(got)).all(), got
            return True
    assert "overflow" in caught and "Scale the rewards" in caught
    return False


@pytest.mark.parametrize("gamma", [0.0, 0.9, 0.999999])
@pytest.mark.parametrize("rewards", list(REWARDS))
def test_quantities_of_a_pair_are_finite_or_refused(rewards: str, gamma: float) -> None:
    mdp = model(REWARDS[rewards], gamma)
    for pair in (tt.Pair(mdp, PI, NEW), tt.Pair.mixture(mdp, PI, NEW, 0.25)):
        names = [n for n in NAMES if pair.is_mixture or "target" not in n]
        found = {name: is_finite(lambda p=pair, n=name: getattr(p, n)) for name in names}  # type: ignore[misc]
        if rewards == "1e-307":
            assert all(found.values())
        if rewards == "1e307" and gamma == 0.9:
            assert found["V"] and found["L"] and not found["C"] and not found["M"]
    for call in (tt.evaluate, lambda m, pi: tt.penalty(tt.evaluate(m, pi))):
        is_finite(lambda f=call: f(mdp, PI))  # type: ignore[misc]
    is_finite(lambda: tt.surrogate(tt.evaluate(mdp, PI)).value(NEW))
    is_finite(lambda: tt.optimal(mdp))


@pytest.mark.parametrize("rewards", list(REWARDS))
def test_estimates_and_their_moments_are_finite_or_refused(rewards: str) -> None:
    mdp = model(REWARDS[rewards], 0.9)

    def sim() -> sampled.Simulator:
        return sampled.Simulator(mdp, np.random.default_rng(0))

    def paths() -> sampled.Rollouts:
        return sampled.single_path(sim(), PI, 20, horizon=5)

    calls: list[Callable[[], Any]] = [
        paths,
        lambda: paths().returns,
        lambda: sampled.estimate(paths(), PI),
        lambda: sampled.estimate(paths(), PI, baseline=np.array([1e308, -1e308])),
        lambda: sampled.estimate(paths(), PI).value(NEW),
        lambda: sampled.vine(sim(), PI, 20, horizon=5),
        lambda: sampled.estimate_vine(sampled.vine(sim(), PI, 20, horizon=5), PI),
        lambda: sampled.self_normalised(sampled.vine(sim(), PI, 20, 2, horizon=5), PI).gain(NEW),
        lambda: sampled.return_moments(mdp, PI, 5),
        lambda: sampled.path_moments(mdp, PI, NEW, 5),
        lambda: sampled.vine_moments(mdp, PI, NEW, 5),
    ]
    done = [is_finite(call) for call in calls]
    assert done[2] or rewards != "1e200"  # squares of these rewards overflow, values do not


def test_infinite_divergences_are_returned() -> None:
    pair = tt.Pair(model([[0.0, 1.0], [1.0, 0.0]], 0.9), PI, [[1.0, 0.0], [1.0, 0.0]])
    assert pair.max_kl == np.inf == pair.mean_kl and -np.inf == pair.M
    assert np.isfinite(pair.C) and pair.kl.tolist() == [np.inf, np.inf]


def test_divergence_does_not_hide_an_overflow_of_a_batch() -> None:
    mdp = tt.MDP(
        np.ones((2, 1, 2, 1)), np.array([[[0.0, 1e305]], [[0.0, 1.0]]]), np.ones((2, 1)), 0.99
    )
    new = np.array([[[0.4, 0.6]], [[1.0, 0.0]]])
    with pytest.raises(tt.LimitError, match="C overflows"):
        _ = tt.Pair(mdp, np.full((2, 1, 2), 0.5), new).M


def test_squares_in_units_do_not_overflow() -> None:
    for x in (1e308, -1e-308, 5e-324, 0.0, 1.0, 1e100):
        unit = unit_of([x, x / 2])
        assert np.isfinite((x / unit) ** 2) and (x / unit) * unit == x
    assert finite("x", np.inf, np.inf) == np.inf
    with pytest.raises(tt.LimitError):
        finite("x", np.nan)
