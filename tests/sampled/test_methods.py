"""The methods of section 8: valid policies, equal steps, and what makes each of them itself."""

from itertools import islice
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._improve.natural import natural, natural_fixed
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._sampled import methods
from tabular_trpo._sampled.methods import METHODS, Settings
from tabular_trpo._sampled.rollouts import single_path
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.learners import ARMS, model

NAMES = [
    "exact", "single_path", "vine", "empirical_model", "gae", "max_kl", "empirical_fim",
    "natural_fixed", "rwr", "cem", "cma",
]  # fmt: skip


def started(mdp: tt.MDP, name: str, seed: int, settings: Settings) -> tuple[Simulator, Any]:
    """A simulator, and the policies of a method that plays it."""
    if name == "cma":
        pytest.importorskip("cma")
    sim = Simulator(mdp, np.random.default_rng(seed))
    policy_class = SoftmaxClass((mdp.n_states, mdp.n_actions), None, mdp.allowed)
    return sim, METHODS[name].run(mdp, sim, policy_class, settings)


def policies(mdp: tt.MDP, name: str, seed: int, n: int, settings: Settings) -> list[Any]:
    """The first n policies of a method."""
    return list(islice(started(mdp, name, seed, settings)[1], n))


def test_table_names_them_all() -> None:
    assert list(METHODS) == NAMES
    assert [name for name in NAMES if not METHODS[name].sampled] == ["exact"]
    live = [name for name in NAMES if METHODS[name].live]
    assert live == ["exact", "empirical_model", "gae"]
    assert all(method.name == name for name, method in METHODS.items())


@pytest.mark.parametrize("horizon", [None, 25])
@pytest.mark.parametrize("name", NAMES)
def test_policies_are_valid_and_an_iteration_costs_a_batch(name: str, horizon: Any) -> None:
    for mdp in (model("rover"), model("queue")):
        settings = Settings(batch=1500, delta=0.1, horizon=horizon)
        sim, made = started(mdp, name, 1, settings)
        n = 8
        for pi in islice(made, n):
            assert pi.shape == (mdp.n_states, mdp.n_actions)
            assert (pi >= 0).all() and pi.sum(axis=1) == pytest.approx(1, abs=1e-14)
            assert not (pi[~mdp.mask] > 0).any()
        if name == "exact":
            assert sim.steps == 0
        else:
            assert 1500 / 2 < sim.steps / n < 1500 * 2
        assert not mdp.mask.all()  # or the mask would be no test


@pytest.mark.parametrize("name", NAMES)
def test_each_improves_on_uniform(name: str) -> None:
    for mdp, least in ((ARMS, 0.6), (model("weather"), 0.05)):
        first, best = tt.evaluate(mdp, tt.policies.uniform(mdp)).eta, tt.optimal(mdp).eta_star
        last = policies(mdp, name, 2, 12, Settings(batch=1000))[-1]
        assert (tt.evaluate(mdp, last).eta - first) / (best - first) > least


@pytest.mark.parametrize("name", [name for name in NAMES if name != "exact"])
def test_same_seed_same_policies(name: str) -> None:
    one, two, other = (
        np.array(policies(model("weather"), name, seed, 3, Settings(500))) for seed in (3, 3, 4)
    )
    assert (one == two).all() and (one != other).any()


def test_natural_fixed_holds_the_multiplier_of_its_first_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths: list[float] = []
    prices: list[float] = []

    def searched(L: Any, theta: Any, delta: Any, policy_class: Any, **how: Any) -> Any:
        step = natural(L, theta, delta, policy_class, **how)
        lengths.append(step.multipliers["step_length"])
        return step

    def fixed(L: Any, theta: Any, lam: Any, policy_class: Any) -> Any:
        prices.append(lam)
        return natural_fixed(L, theta, lam, policy_class)

    monkeypatch.setattr(methods, "natural", searched)
    monkeypatch.setattr(methods, "natural_fixed", fixed)
    policies(model("weather"), "natural_fixed", 5, 6, Settings(500))
    assert lengths[0] > 0 and prices == [1 / lengths[0]] * 5 and len(lengths) == 1
    # Where nothing is learnt there is no multiplier yet.
    nothing = tt.MDP(ARMS.P, np.zeros((1, 2)), ARMS.rho0, 0.5)
    lengths.clear()
    prices.clear()
    made = policies(nothing, "natural_fixed", 5, 3, Settings(500))
    assert lengths == [0, 0, 0] and prices == [] and (np.array(made) == 0.5).all()


@pytest.mark.parametrize("name", ["single_path", "max_kl", "vine", "exact", "empirical_fim"])
def test_trust_regions_have_the_radius_and_the_divergence(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    seen: list[Any] = []

    def spied(L: Any, theta: Any, delta: Any, policy_class: Any, **how: Any) -> Any:
        step = natural(L, theta, delta, policy_class, **how)
        seen.append((step, delta, how))
        return step

    monkeypatch.setattr(methods, "natural", spied)
    policies(model("weather"), name, 6, 4, Settings(500, 0.07))
    assert len(seen) == 4
    for step, delta, how in seen:
        assert delta == 0.07 and how.get("divergence", "mean_kl") == (
            "max_kl" if name == "max_kl" else "mean_kl"
        )
        assert (step.max_kl if name == "max_kl" else step.mean_kl) <= 0.07
        assert ("product" in how) == (name == "empirical_fim")


def test_policies_of_the_exact_limit_are_those_of_the_exact_surrogate() -> None:
    mdp = model("queue")
    theta = np.zeros((mdp.n_states, mdp.n_actions))
    pi = SoftmaxClass(theta.shape, None, mdp.allowed).policy(theta)
    for got in policies(mdp, "exact", 0, 4, Settings(delta=0.03)):
        step = natural(tt.surrogate(tt.evaluate(mdp, pi)), theta, 0.03)
        theta, pi = step.multipliers["theta"], step.pi_new
        assert (got == pi).all()


# State 0 begins and is left for good, so that weights that are not discounted are far off.
ONCE = tt.MDP(
    [[[0.0, 1.0]] * 2, [[0.0, 1.0]] * 2], [[1.0, 0.0], [0.0, 1.0]], [1.0, 0.0], 0.5
)  # fmt: skip


@pytest.mark.parametrize(
    ("horizon", "share"), [(None, 1 / 2), (4, 1 / (1 + 1 / 2 + 1 / 4 + 1 / 8))]
)
def test_empirical_fisher_has_the_expectation_of_the_analytic_one(
    monkeypatch: pytest.MonkeyPatch, horizon: int | None, share: float
) -> None:
    """share: of state 0 among discounted visits; the mean KL's weights are (share, 1 - share)."""
    products: list[Any] = []

    def spied(L: Any, theta: Any, delta: Any, policy_class: Any, **how: Any) -> Any:
        products.append((theta, how["product"], how["iterations"]))
        return natural(L, theta, delta, policy_class, **how)

    monkeypatch.setattr(methods, "natural", spied)
    policies(ONCE, "empirical_fim", 7, 2, Settings(80_000, 0.1, horizon))
    policy_class = SoftmaxClass((2, 2))
    rng = np.random.default_rng(7)
    for theta, product, iterations in products:
        assert iterations == 20
        v = rng.standard_normal((2, 2))
        reference = policy_class.fisher_product([share, 1 - share], theta, v)
        assert product(v) == pytest.approx(reference, abs=0.02 * np.abs(reference).max())
        flat = policy_class.fisher_product([0.25, 0.75], theta, v)
        assert np.abs(flat - reference).max() > 0.04 * np.abs(reference).max()
    assert np.abs(products[1][0]).max() > 0.1  # away from the uniform policy too


def test_rwr_weighs_by_the_return_above_the_least() -> None:
    """One state, one step, arms that pay 1, 2 and 4: weights 0, 1, 3, then 0, 2, then none."""
    mdp = tt.MDP([[[1.0]] * 3], [[1.0, 2.0, 4.0]], [1.0], 0.5)
    made = policies(mdp, "rwr", 8, 4, Settings(60, horizon=1))
    assert made[0] == pytest.approx(np.array([[0, 1 / 4, 3 / 4]]), abs=1e-15)
    assert [pi.tolist() for pi in made[1:]] == [[[0.0, 0.0, 1.0]]] * 3


def test_rwr_of_arms_without_data() -> None:
    """An arm without data has the mean weight of its state: by loops over the same few paths."""
    mdp = tt.MDP([[[1.0]] * 4], [[1.0, 2.0, 4.0, 8.0]], [1.0], 0.5)
    unmet = 0
    for seed in range(12):
        (got,) = policies(mdp, "rwr", seed, 1, Settings(3, horizon=1))
        sim = Simulator(mdp, np.random.default_rng(seed))
        arms = single_path(sim, np.full((1, 4), 0.25), 3, 1).actions[:, 0].tolist()
        pays = [2.0**a for a in arms]
        above = [pay - min(pays) for pay in pays]
        mean = sum(above) / 3
        weight = [
            above[arms.index(a)] if a in arms else mean for a in range(4)
        ]  # fmt: skip
        total = sum(weight)
        reference = [w / total if total else 0.25 for w in weight]
        assert got[0] == pytest.approx(np.array(reference), abs=1e-14)
        unmet += sum(a not in arms for a in range(4))
    assert unmet > 12


def test_rwr_returns_are_discounted_and_go_on_to_the_end() -> None:
    """Two steps: the first choice pays 0 or 1 and leads on, the second pays 0 or 6."""
    P = [[[0.0, 1.0, 0.0]] * 2, [[0.0, 0.0, 1.0]] * 2, [[0.0, 0.0, 1.0]] * 2]
    mdp = tt.MDP(P, [[0.0, 1.0], [0.0, 6.0], [0.0, 0.0]], [1.0, 0.0, 0.0], 0.5)
    (got,) = policies(mdp, "rwr", 9, 1, Settings(40_000, horizon=2))
    # Returns in state 0: 0 or 1, and 6/2 half the time; in state 1: 0 or 6.
    assert got[0] == pytest.approx(np.array([1.5, 2.5]) / 4, abs=0.02)
    assert got[1].tolist() == [0.0, 1.0] and got[2].tolist() == [0.5, 0.5]


def bandit(gamma: float) -> tt.MDP:
    """One state, three actions."""
    return tt.MDP([[[1.0]] * 3], [[0.0, 1.0, 2.0]], [1.0], gamma)


def test_a_batch_is_so_many_paths() -> None:
    assert Settings(2000).paths(bandit(0.9)) == 200
    assert Settings(2000, horizon=50).paths(bandit(0.9)) == 40
    # A root costs 0.9 / 0.1 steps to reach, and three branches of ten.
    assert Settings(2000).paths(bandit(0.9), vine=True) == round(2000 / 39) == 51
    assert Settings(2000, horizon=5).paths(bandit(0.9), vine=True) == round(2000 / 24)
    assert Settings(7).paths(bandit(0.0)) == 7 and Settings(2, horizon=1).paths(bandit(0.9)) == 2


def test_a_batch_that_affords_no_two_paths_is_refused_with_the_cure() -> None:
    with pytest.raises(InvalidMDPError, match="Raise batch, or set a horizon") as caught:
        Settings(2000).paths(bandit(0.999999))
    (problem,) = caught.value.problems
    assert (problem.where, problem.got) == ("batch", "= 2000 steps")
    least = int(problem.expected.split()[2].rstrip(":"))
    assert Settings(least).paths(bandit(0.999999)) == 2
    with pytest.raises(InvalidMDPError):
        Settings(least - 1).paths(bandit(0.999999))
    assert Settings(2000, horizon=100).paths(bandit(0.999999)) == 20
    with pytest.raises(InvalidMDPError, match=r"Raise batch$") as caught:
        Settings(15, horizon=8).paths(bandit(0.5))
    assert "at least 16: two paths, of 8 steps" in str(caught.value)
    assert Settings(16, horizon=8).paths(bandit(0.5)) == 2
    with pytest.raises(InvalidMDPError, match="Raise batch"):
        started(model("patient"), "single_path", 0, Settings())
