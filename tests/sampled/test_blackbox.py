"""Black-box methods: fair scores, the best share kept, CMA-ES with our randomness and no other."""

import sys
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError, MissingExtraError
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._sampled import blackbox
from tabular_trpo._sampled.blackbox import cem, cma, scores
from tabular_trpo._sampled.methods import METHODS, Settings
from tabular_trpo._sampled.moments import return_moments
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.learners import ARMS, Unshuffled, model

TABLE, PAIR = SoftmaxClass((1, 2)), SoftmaxClass((2, 2))
TURNS = [[[0.0, 1.0]] * 2, [[1.0, 0.0]] * 2]  # no state is absorbing
PAYS = tt.MDP(TURNS, [[1.0, 1.0]] * 2, [1.0, 0.0], 0.5)  # a return is the length of its path
SURE = 800.0  # a logit whose rival has probability 0


def simulator(mdp: tt.MDP, seed: int) -> Simulator:
    return Simulator(mdp, np.random.default_rng(seed))


def unfair(rng: np.random.Generator) -> float:
    """Chi-square of the mean scores of 20 candidates of one policy, by the exact variance 2."""
    sim = Simulator(PAYS, rng)
    found = np.array([scores(sim, PAIR, np.zeros((20, 2, 2)), 5, None) for _ in range(200)])
    assert found.shape == (200, 20)
    return float(((found.mean(axis=0) - 2) ** 2 / (2 / 5 / 200)).sum())


def test_no_candidate_is_favoured_by_the_order_of_paths() -> None:
    """P(chi-square of 20 > 53) is 1e-4; paths in their order, longest first, are off the scale."""
    assert return_moments(PAYS, [[0.5, 0.5]] * 2).variance == 2
    assert unfair(np.random.default_rng(1)) < 53
    assert unfair(Unshuffled(1)) > 1000


@pytest.mark.parametrize("horizon", [None, 6])
def test_a_score_is_the_mean_return_of_its_own_policy(horizon: int | None) -> None:
    mdp = model("rover")
    policy_class = SoftmaxClass((mdp.n_states, mdp.n_actions), None, mdp.allowed)
    rng = np.random.default_rng(2)
    thetas = rng.standard_normal((5, *policy_class.theta_shape)) * 2
    sim = simulator(mdp, 2)
    found = scores(sim, policy_class, thetas, 2000, horizon)
    for theta, got in zip(thetas, found, strict=True):
        exact = return_moments(mdp, policy_class.policy(theta), horizon)
        assert abs(got - exact.mean) < 4 * np.sqrt(exact.variance / 2000)
    assert np.ptp(found) > 1  # a mix-up would be seen
    assert horizon is None or sim.steps == 5 * 2000 * horizon


def test_sure_policies_have_sure_scores() -> None:
    """With a horizon of 3 at gamma 1/2 the arms pay 0 and 1 + 1/2 + 1/4."""
    thetas = np.array([[[0.0, SURE]], [[SURE, 0.0]], [[0.0, SURE]]])
    sim = simulator(ARMS, 3)
    assert scores(sim, TABLE, thetas, 4, 3).tolist() == [1.75, 0.0, 1.75]
    assert sim.steps == 3 * 4 * 3


def ranked(f: Callable[[Any], float]) -> Callable[..., Any]:
    """Scores that are a known function of theta."""
    return lambda sim, policy_class, thetas, paths, horizon: np.array(
        [f(theta) for theta in thetas]
    )


AIM = np.array([[0.5, -1.0, 2.0]])


def towards(theta: Any) -> float:
    return -float(((theta - AIM) ** 2).sum())


@pytest.mark.parametrize("make", [cem, cma])
def test_the_highest_scores_are_followed(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    if make is cma:
        pytest.importorskip("cma")
    monkeypatch.setattr(blackbox, "scores", ranked(towards))
    policy_class = SoftmaxClass((1, 3))
    mdp = tt.MDP([[[1.0]] * 3], [[0.0, 0.0, 0.0]], [1.0], 0.5)
    rounds = list(islice(make(simulator(mdp, 4), policy_class, 1, 40), 40))
    expected = policy_class.policy(AIM)
    off = [float(np.abs(pi - expected).max()) for pi in rounds]
    assert off[-1] < 0.02 and off[0] > 0.1
    monkeypatch.setattr(blackbox, "scores", ranked(lambda theta: -towards(theta)))
    away = list(islice(make(simulator(mdp, 4), policy_class, 1, 40), 10))[-1]
    assert np.abs(away - expected).max() > 0.2


def test_cem_takes_the_mean_and_spread_of_the_best_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand from what it drew: the best 3 of 10, sd^2 their variance + 0.09, then + 0.081."""
    drawn: list[Any] = []

    def watched(sim: Any, policy_class: Any, thetas: Any, paths: int, horizon: Any) -> Any:
        drawn.append(thetas.copy())
        return np.array([towards(theta) for theta in thetas])

    monkeypatch.setattr(blackbox, "scores", watched)
    policy_class = SoftmaxClass((1, 3))
    mdp = tt.MDP([[[1.0]] * 3], [[0.0, 0.0, 0.0]], [1.0], 0.5)
    made = cem(simulator(mdp, 5), policy_class, 1, 10, 0.3)
    rng = np.random.default_rng(5)
    mean, sd = np.zeros((1, 3)), np.ones((1, 3))
    for noise in (0.09, 0.081, 0.0729):
        pi = next(made)
        assert drawn[-1] == pytest.approx(mean + sd * rng.standard_normal((10, 1, 3)))
        best = sorted(drawn[-1], key=towards)[-3:]
        mean = sum(best) / 3
        sd = np.sqrt(sum((theta - mean) ** 2 for theta in best) / 3 + noise)
        assert pi == pytest.approx(policy_class.policy(mean), abs=1e-14)


@pytest.mark.parametrize("make", [cem, cma])
def test_a_simple_model_is_solved(make: Any) -> None:
    if make is cma:
        pytest.importorskip("cma")
    mdp = model("weather")
    policy_class = SoftmaxClass((mdp.n_states, mdp.n_actions), None, mdp.allowed)
    last = list(islice(make(simulator(mdp, 6), policy_class, 15, 20), 25))[-1]
    first, best = tt.evaluate(mdp, tt.policies.uniform(mdp)).eta, tt.optimal(mdp).eta_star
    assert (tt.evaluate(mdp, last).eta - first) / (best - first) > 0.9


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"elite": 0.0}, "elite = 0.0"),
        ({"elite": 1.5}, "elite = 1.5"),
        ({"elite": float("nan")}, "elite = nan"),
        ({"population": 1}, "population"),
        ({"paths": 0}, "paths"),
        ({"horizon": 0}, "horizon"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidMDPError, match=said):
        next(cem(simulator(ARMS, 0), TABLE, **{"paths": 3, **settings}))


def test_cma_refuses_the_same() -> None:
    pytest.importorskip("cma")
    for settings, said in (({"population": 1}, "population"), ({"paths": 0}, "paths")):
        with pytest.raises(InvalidMDPError, match=said):
            next(cma(simulator(ARMS, 0), TABLE, **{"paths": 3, **settings}))


def test_without_the_package_cma_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cma", None)
    with pytest.raises(MissingExtraError, match=r"tabular-trpo\[cma\]"):
        next(cma(simulator(ARMS, 0), TABLE, 3))
    with pytest.raises(MissingExtraError):  # at once, and not with the first policy
        METHODS["cma"].run(ARMS, simulator(ARMS, 0), TABLE, Settings())
    assert next(METHODS["cem"].run(ARMS, simulator(ARMS, 0), TABLE, Settings())).shape == (1, 2)


def global_state() -> str:
    """The state of numpy's global generator, which code here may not name."""
    name = "get_state"
    with np.printoptions(threshold=10_000):
        return repr(getattr(np.random, name)())


def test_cma_takes_its_randomness_from_the_simulator_alone() -> None:
    pytest.importorskip("cma")
    before = global_state()
    one, two, other = (
        np.array(list(islice(cma(simulator(ARMS, seed), TABLE, 5), 6))) for seed in (7, 7, 8)
    )
    assert global_state() == before
    assert (one == two).all() and (one != other).any()


def test_cma_of_one_parameter_and_of_equal_scores() -> None:
    """What the package warns of is a warning of ours, and an error here."""
    pytest.importorskip("cma")
    one = tt.MDP([[[1.0]]], [[1.0]], [1.0], 0.5)
    for pi in islice(cma(simulator(one, 9), SoftmaxClass((1, 1)), 2, horizon=2), 3):
        assert pi.tolist() == [[1.0]]
    for pi in islice(cma(simulator(PAYS, 9), PAIR, 2, horizon=2), 30):
        assert np.isfinite(pi).all()
