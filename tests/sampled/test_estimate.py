"""Estimates from paths: their expectations, by enumeration in rationals, and their scatter."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._sampled.enumeration import all_paths, expectation
from tabular_trpo._sampled.estimate import estimate, path_contributions
from tabular_trpo._sampled.rollouts import Rollouts, single_path
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.models import (
    ZERO,
    F,
    dyadic,
    exact,
    gradient,
    in_floats,
    sink,
    stopped,
    values,
    visits,
    with_next_rewards,
)
from tests.strategies import rational_pairs

DRAWN = [
    *rational_pairs(41, 12, max_states=2, max_actions=2),
    *rational_pairs(42, 3, max_states=2, max_actions=3, masked=True),
    *((with_next_rewards(mdp), pi, new) for mdp, pi, new in rational_pairs(43, 3, 2, 2)),
    dyadic(),
]


def mean(mdp: tt.MDP, pi: Any, T: int, what: str = "G", **settings: Any) -> Any:
    """The expectation over all paths of what `estimate` gives."""
    return expectation(mdp, pi, T, lambda path: getattr(estimate(path, pi, **settings), what))


def one_path(rollouts: Rollouts, i: int) -> Rollouts:
    """Path i alone."""
    names = ("states", "actions", "rewards", "behaviour", "length")
    arrays: dict[str, Any] = {name: getattr(rollouts, name)[i : i + 1] for name in names}
    return Rollouts(**arrays, geometric=rollouts.geometric, gamma=rollouts.gamma)


@pytest.mark.parametrize("T", [1, 3])
def test_gradient_weight_and_return_are_unbiased_up_to_the_horizon(T: int) -> None:
    nonzero = 0
    for mdp, pi, _ in DRAWN:
        reference = gradient(mdp, pi, T)
        assert mean(mdp, pi, T).tolist() == reference.tolist()
        at = visits(mdp, pi, T)
        weight = mean(mdp, pi, T, "weight")
        assert weight.tolist() == [
            sum(mdp.gamma**t * at[t][s] for t in range(T)) for s in range(len(pi))
        ]
        eta = mean(mdp, pi, T, "eta")
        assert eta == mdp.rho0 @ values(mdp, pi, T)[0][T]
        nonzero += bool(reference.any())
    assert nonzero >= 3


def test_it_is_the_surrogate_itself_where_all_ends_in_a_sink() -> None:
    for gamma in (F(1, 2), F(9, 10), F(0)):
        mdp, pi, _ = sink(gamma)
        L = tt.surrogate(tt.evaluate(mdp, pi))
        assert L.G[:2].any() and mean(mdp, pi, 2).tolist() == L.G.tolist()
        assert mean(mdp, pi, 3).tolist() == L.G.tolist()
        assert mean(mdp, pi, 2, "eta") == L.eta
        weight = mean(mdp, pi, 2, "weight")
        assert weight[:2].tolist() == L.weight[:2].tolist()
        assert weight[2] < L.weight[2] or gamma == 0  # the sink itself is cut off


def test_sampled_actions_alone_are_visible() -> None:
    """The paths of a deterministic policy say nothing of other actions."""
    mdp, _, _ = dyadic()
    pi = exact([["1", "0"], ["1/2", "1/2"]])
    _, path = next(all_paths(mdp, pi, 2))
    L = estimate(path, pi)
    assert L.allowed is not None and L.allowed.tolist() == [[True, False], [True, True]]
    assert L.G[0].tolist() == [0, 0]
    assert estimate(path, exact([["1", "0"], ["1/2", "1/2"]])).stderr is None


def one_late_choice() -> tuple[tt.MDP, Any]:
    """Gamma 1/2.  State 0 leads to state 1; there an action pays 0 or 1, and all ends in 2."""
    P = exact([[[0, 1, 0]] * 2, [[0, 0, 1]] * 2, [[0, 0, 1]] * 2])
    mdp = tt.MDP(P, [["0", "0"], ["0", "1"], ["0", "0"]], ["1", "0", "0"], "1/2")
    return mdp, exact([["1/2", "1/2"]] * 3)


def test_undiscounted_weights_are_biased_worked_example() -> None:
    """A(1, .) = -1/2, 1/2 and rho(1) = 1/2, so G(1, 1) = 1/4; all steps weigh 3/4 instead."""
    mdp, pi = one_late_choice()
    assert mean(mdp, pi, 2)[1].tolist() == [F(-1, 4), F(1, 4)]
    assert mean(mdp, pi, 2, weighting="undiscounted")[1].tolist() == [F(-3, 8), F(3, 8)]
    assert tt.surrogate(tt.evaluate(mdp, pi)).G[1, 1] == F(1, 4)


def test_undiscounted_weights_give_their_own_formula() -> None:
    T, biased = 3, 0
    for mdp, pi, _ in DRAWN:
        weights = [sum(mdp.gamma**t for t in range(T)) / T] * T
        got = mean(mdp, pi, T, weighting="undiscounted")
        assert got.tolist() == gradient(mdp, pi, T, weights).tolist()
        biased += got.tolist() != gradient(mdp, pi, T).tolist()
    assert biased >= 3


def test_a_baseline_changes_the_variance_and_not_the_mean() -> None:
    T, calmer = 2, 0
    for mdp, pi, _ in DRAWN:
        V = values(mdp, pi, T)[0][T]
        arbitrary = exact([F(7, 3), F(-2)])[: len(pi)]
        reference = gradient(mdp, pi, T).tolist()
        for b in (arbitrary, V):
            assert mean(mdp, pi, T, baseline=b).tolist() == reference
            assert mean(mdp, pi, T, baseline=b, weighting="undiscounted").tolist() == (
                mean(mdp, pi, T, weighting="undiscounted").tolist()
            )

        plain, less = (
            sum(
                chance * (estimate(path, pi, baseline=b).G ** 2).sum()
                for chance, path in all_paths(mdp, pi, T)
            )
            for b in (None, V)
        )
        calmer += less < plain
    assert calmer >= 3


@pytest.mark.parametrize("lam", [F(0), F(1, 2), F(1)])
def test_lam_is_unbiased_with_the_true_values(lam: Fraction) -> None:
    """Then E A_hat = A of the infinite horizon, whatever lam: the end is bootstrapped."""
    T, seen = 2, 0
    for mdp, pi, _ in DRAWN:
        e = tt.evaluate(mdp, pi)
        at = visits(mdp, pi, T)
        d = exact([sum(mdp.gamma**t * at[t][s] for t in range(T)) for s in range(len(pi))])
        reference = np.where(pi > 0, d[:, None] * e.A, ZERO)
        assert mean(mdp, pi, T, baseline=e.V, lam=lam).tolist() == reference.tolist()
        seen += bool(reference.any())
    assert seen >= 3


def test_lam_is_biased_with_wrong_values() -> None:
    """With lam = 0 all that is seen is r + gamma b(s') = 0 or 1/2, less 1/4, its average."""
    P = exact([[[1, 0], [0, 1]], [[0, 1], [1, 0]]])
    mdp = tt.MDP(P, [["0", "0"], ["0", "0"]], ["1", "0"], "1/2")
    pi = exact([["1/2", "1/2"]] * 2)
    assert not tt.surrogate(tt.evaluate(mdp, pi)).G.any()
    wrong = exact(["0", "1"])
    assert mean(mdp, pi, 1, baseline=wrong, lam=0)[0].tolist() == [F(-1, 4), F(1, 4)]
    assert mean(mdp, pi, 1, baseline=wrong)[0].tolist() == [0, 0]
    # lam = 1 still bootstraps from b at the end, with gamma^2 after two steps.
    assert mean(mdp, pi, 2, baseline=wrong, lam=1)[0, 1] != 0


@pytest.mark.parametrize("lam", [F(0), F(1, 3), F(1)])
def test_lam_weighs_the_errors_of_one_path(lam: Fraction) -> None:
    """By hand: gamma 1/2, b = (1, 4), rewards 3 and 5 on the way 0, 1, 0; half odds."""
    path = Rollouts(
        states=np.array([[0, 1, 0]]),
        actions=np.array([[0, 1]]),
        rewards=exact([[3, 5]]),
        behaviour=exact([["1/2", "1/2"]]),
        length=np.array([2]),
        geometric=False,
        gamma=F(1, 2),
    )
    pi, b = exact([["1/2", "1/2"]] * 2), exact([1, 4])
    first, second = 3 + F(1, 2) * 4 - 1, 5 + F(1, 2) * 1 - 4
    G = estimate(path, pi, baseline=b, lam=lam).G
    added = first + lam / 2 * second  # (1 / pi - 1) is 1, and the second step weighs 1/2
    assert G.tolist() == [[added, -added], [-second / 2, second / 2]]
    # Stopped for good after two steps there is no third state, and no discount but the stop's.
    stop = replace(path, geometric=True)
    first, second = F(3 + 4 - 1), F(5 - 4)
    G = estimate(stop, pi, baseline=b, lam=lam).G
    added = first + lam * second
    assert G.tolist() == [[added, -added], [-second, second]]


def test_geometric_stopping_is_unbiased_for_the_infinite_sums() -> None:
    """Once in the sink nothing is added, so all lengths from 3 on are one case."""
    for gamma in (F(1, 2), F(9, 10)):
        mdp, pi, _ = sink(gamma)
        e = tt.evaluate(mdp, pi)
        L = tt.surrogate(e)
        going = [gamma**k for k in range(3)]
        chances = [x - y for x, y in pairwise([*going, F(0)])]

        def total(what: str, mdp: Any = mdp, pi: Any = pi, chances: Any = chances, **given: Any):
            return sum(
                chance * p * getattr(estimate(stopped(path, k), pi, **given), what)
                for chance, path in all_paths(mdp, pi, 3)
                for k, p in enumerate(chances, 1)
            )

        settings: list[dict[str, Any]] = [{}, {"baseline": exact(["3", "-1/2", "5"])}]
        for given in [*settings, {"baseline": e.V, "lam": F(0)}, {"baseline": e.V, "lam": F(1, 3)}]:
            assert total("G", **given).tolist() == L.G.tolist()
        assert total("eta") == L.eta and total("weight")[:2].tolist() == L.weight[:2].tolist()


def test_standard_errors_are_those_of_the_units() -> None:
    """Against a table of every unit's own G, made one path at a time."""
    mdp, pi, _ = in_floats(*dyadic())
    for horizon in (4, None):
        rollouts = single_path(Simulator(mdp, np.random.default_rng(5)), pi, 50, horizon)
        L = estimate(rollouts, pi)
        ones = [estimate(one_path(rollouts, i), pi) for i in range(50)]
        table = np.array([one.G for one in ones])
        assert table.mean(axis=0) == pytest.approx(L.G, rel=1e-12, abs=1e-14)
        assert pytest.approx(table.std(axis=0, ddof=1) / 50**0.5, rel=1e-9) == L.G_stderr
        etas = np.array([one.eta for one in ones])
        assert L.eta == pytest.approx(etas.mean())
        assert L.stderr == pytest.approx(etas.std(ddof=1) / 50**0.5, rel=1e-12)
        assert ones[0].stderr == np.inf and np.all(ones[0].G_stderr == np.inf)
        other = np.array([[0.5, 0.5], [0.0, 1.0]])
        gains = path_contributions(rollouts, pi).gains(pi, other)
        assert gains == pytest.approx([one.gain(other) for one in ones], rel=1e-12, abs=1e-13)


def test_bad_input() -> None:
    mdp, pi, new = in_floats(*dyadic())
    sim = Simulator(mdp, np.random.default_rng(0))
    rollouts = single_path(sim, pi, 20, 3)
    stops = single_path(sim, pi, 20)
    b = np.zeros(2)
    bad: list[tuple[str, Any, Any, dict[str, Any]]] = [
        (r"pi\[s=\d, a=\d\] = .*the paths took it with 0\.\d+.*was sampled", rollouts, new, {}),
        (r"pi has shape \(2,\), expected \(S, A\), at least \(2, 2\)", rollouts, pi[0], {}),
        (r"pi has shape \(1, 2\)", rollouts, pi[:1], {}),
        (r"pi\[s=0, a=0\] = nan, expected a finite", rollouts, pi * np.nan, {}),
        (r"pi\[s=0\] sums to 0.5", rollouts, pi * [[0.5], [1]], {}),
        (r"weighting = 'mean', expected one of disc", rollouts, pi, {"weighting": "mean"}),
        (
            "weighting with geometric stopping times, expected a horizon. Sample with a horizon",
            stops, pi, {"weighting": "undiscounted"},
        ),
        (r"lam = 0.5, expected a baseline too", rollouts, pi, {"lam": 0.5}),
        (r"lam = 1.5, expected .*\[0, 1\]", rollouts, pi, {"lam": 1.5, "baseline": b}),
        (r"lam = -0.1", rollouts, pi, {"lam": -0.1, "baseline": b}),
        (r"lam = nan", rollouts, pi, {"lam": np.nan, "baseline": b}),
        (r"baseline has NaN", rollouts, pi, {"baseline": [0.0, np.nan]}),
        (r"baseline has NaN", rollouts, pi, {"baseline": [0.0, np.inf]}),
        (r"baseline has shape \(1,\), expected \(S,\) = \(2,\)", rollouts, pi, {"baseline": [0.0]}),
    ]  # fmt: skip
    for message, data, policy, settings in bad:
        with pytest.raises(InvalidMDPError, match=message):
            estimate(data, policy, **settings)
    never = replace(rollouts, behaviour=np.zeros(rollouts.actions.shape))
    with pytest.raises(InvalidMDPError, match=r"behaviour\[0\] = 0.0, expected a probability > 0"):
        estimate(never, pi)


def test_arithmetics_are_not_mixed() -> None:
    mdp, pi, _ = dyadic()
    rough, p, _ = in_floats(*dyadic())
    floats = single_path(Simulator(rough, np.random.default_rng(0)), p, 20, 3)
    _, fractions = next(all_paths(mdp, pi, 2))
    for data, policy, b in ((floats, pi, None), (fractions, p, None), (fractions, pi, [0.5, 0.5])):
        with pytest.raises(
            ExactnessError, match=r"(pi|baseline) is in .* arithmetic.*to_float\(\)"
        ):
            estimate(data, policy, baseline=b)
    assert estimate(fractions, [["1/4", "3/4"], ["1/2", "1/2"]]).G.dtype == object
