"""Habits: each differs from the paper's step in the choice that it names, and in nothing else."""

from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._improve.natural import ACCEPT, natural
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._sampled import comparison, habits
from tabular_trpo._sampled.episodic import Episodes
from tabular_trpo._sampled.habits import CG, DAMPING, HABITS
from tabular_trpo._sampled.methods import METHODS, Settings
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.sources import Batch
from tests.sampled.learners import model

DELTA = 0.01
SETTINGS = Settings(batch=600, episodes=6, delta=DELTA)


def case(weighting: str = "discounted") -> tuple[Batch, SoftmaxClass, Any]:
    """A batch of episodes of a grid, its policy class and the theta of the policy."""
    mdp = tt.families.named.gridworld(3, 3, "0.9").to_float()
    members = SoftmaxClass((mdp.n_states, mdp.n_actions), None, mdp.allowed)
    theta = members.theta(np.random.default_rng(1).normal(size=members.theta_shape) / 2)
    source = Episodes(600, 6, 40, weighting=weighting)
    batch = source(Simulator(mdp, np.random.default_rng(2)), members.policy(theta))
    return batch, members, theta


def stepped(batch: Batch, members: SoftmaxClass, theta: Any, **options: Any) -> Any:
    """The step of a habit with some options."""
    return habits._step(members, SETTINGS, **options)(batch, theta)


def test_without_options_it_is_the_step_of_the_paper() -> None:
    batch, members, theta = case()
    one = stepped(batch, members, theta)
    assert (one.pi_new == natural(batch.L, theta, DELTA, members).pi_new).all()


def test_damping_changes_direction_and_length() -> None:
    """s = (H + c I)^-1 g by a dense solve, and s'(H + c I) s = 2 delta."""
    batch, members, theta = case()
    step = stepped(batch, members, theta, damping=DAMPING)
    n = theta.size

    def product(v: Any) -> Any:
        return members.fisher_product(batch.L.weight, theta, v.reshape(theta.shape)).ravel()

    M = np.stack([product(v) for v in np.eye(n)]) + DAMPING * np.eye(n)
    s = np.linalg.solve(M, members.gradient(batch.L, theta).ravel())
    s = s * np.sqrt(2 * DELTA / (s @ M @ s))
    moved = step.multipliers["theta"].ravel() - theta.ravel()
    assert step.backtracks == 0 and np.allclose(moved, s, atol=1e-7)
    undamped = natural(batch.L, theta, DELTA, members, damping=DAMPING)
    assert np.abs(undamped.multipliers["theta"] - step.multipliers["theta"]).max() > 1e-3
    assert step.mean_kl < undamped.mean_kl  # its step is shorter


def test_few_iterations_stop_before_the_solution() -> None:
    batch, members, theta = case()
    few = stepped(batch, members, theta, damping=1e-4, iterations=CG)
    many = stepped(batch, members, theta, damping=1e-4)
    assert few.multipliers["cg_iterations"] == CG < many.multipliers["cg_iterations"]
    assert few.multipliers["cg_residual"] > many.multipliers["cg_residual"]


def test_curvature_of_a_subsample() -> None:
    batch, members, theta = case()
    weight = habits._subsampled(batch, 10)
    assert weight.sum() == 60 and (weight <= habits._subsampled(batch, 1)).all()
    assert habits._subsampled(batch, 1).sum() == 600
    one = stepped(batch, members, theta, damping=DAMPING, every=10)
    two = stepped(batch, members, theta, damping=DAMPING)
    assert np.abs(one.pi_new - two.pi_new).max() > 1e-6


def test_reverse_kl_bounds_the_other_divergence() -> None:
    """A rare good action: KL(new || old) of the paper's step is 1.3 delta, KL(old || new) 0.68."""
    pi, settings = np.array([[0.97, 0.03]]), Settings(delta=0.5)
    L = tt.Surrogate(np.array([[-0.03, 0.97]]), np.ones(1), pi, 0.0)
    members = SoftmaxClass((1, 2))
    found: list[list[Any]] = []
    for reverse in (False, True):
        step = habits._step(members, settings, reverse=reverse)(Batch(L), np.log(pi))
        pairs = (pi, step.pi_new), (step.pi_new, pi)
        found.append([round(float(tt.kl(p, q)[0]) / 0.5, 2) for p, q in pairs] + [step.backtracks])
    assert found == [[0.68, 1.3, 1], [0.1, 0.16, 2]]


def test_unrestored_parameters_are_those_of_the_last_trial() -> None:
    """Where no trial is accepted the policy moves by the step of 2^-10; in the paper it stays."""
    batch, members, theta = case()
    rejecting = "never"
    ACCEPT[rejecting] = lambda trial: False
    try:
        kept = stepped(batch, members, theta, accept=rejecting)
        moved = stepped(batch, members, theta, accept=rejecting, restore=False)
    finally:
        del ACCEPT[rejecting]
    assert (kept.pi_new == batch.L.pi).all() and kept.status == "restored"
    full = natural(batch.L, theta, DELTA, members, accept="always")
    part = (full.multipliers["theta"] - theta) / 2**10
    assert np.allclose(moved.multipliers["theta"] - theta, part, rtol=1e-9)


@pytest.mark.parametrize("name", HABITS)
def test_each_habit_runs_and_records_its_divergences(name: str) -> None:
    mdp = model("weather")
    curve = comparison.run(mdp, name, 0, 1800, SETTINGS)
    assert curve.iterations == 3 and curve.eta[-1] > curve.eta[0]
    assert curve.mean_kl is not None and curve.mean_kl.shape == (3,)
    assert (curve.mean_kl > 0).all() and (curve.mean_kl < 10 * DELTA).all()
    again = comparison.run(mdp, name, 0, 1800, SETTINGS)
    assert (again.eta == curve.eta).all()


def test_habits_have_the_same_random_numbers() -> None:
    """So habits that choose alike are the same run; methods by another name are not."""
    mdp = model("weather")
    one, two = (comparison.run(mdp, x, 3, 600, SETTINGS).eta for x in ("as_in_paper", "unrestored"))
    assert (one == two).all()
    other = comparison.run(mdp, "gae", 3, 600, SETTINGS).eta
    assert (one != other).any() and not METHODS["gae"].seeds


def test_the_recorded_divergence_is_that_of_the_pair() -> None:
    """Weather has no absorbing state, so that it is the mean KL of d."""
    mdp = model("weather")
    curve = comparison.run(mdp, "as_in_paper", 1, 1800, SETTINGS)
    steps = [x for _, x in comparison.records(mdp, "as_in_paper", 1, 1800, SETTINGS)]
    expected = [float(x.step.mean_kl) for x in steps]
    assert curve.mean_kl == pytest.approx(expected, rel=1e-9)


def test_a_model_without_ends_is_truncated_where_weights_vanish() -> None:
    source = habits._source(model("weather"), SETTINGS)
    assert source._data.limit == 44  # 0.9^44 < 0.01 < 0.9^43
    assert habits._source(model("weather"), Settings(limit=7))._data.limit == 7
    far = Episodes(600, 6, None, weighting="discounted")
    mdp, pi = model("weather"), np.full((2, 2), 0.5)
    sim = Simulator(mdp, np.random.default_rng(0))
    for _ in range(90):  # gamma^t underflows in the end
        L = far(sim, pi).L
    assert np.isfinite(L.G).all() and L.weight.sum() == pytest.approx(10)


def test_the_shrunk_step_follows_its_formula() -> None:
    batch, members, theta = case()
    L = batch.L
    assert isinstance(L, tt.Surrogate) and L.G_stderr is not None
    f = np.array([[g * g / (g * g + e * e) if e else 1.0 for g, e in zip(*x, strict=True)]
                  for x in zip(L.G, L.G_stderr, strict=True)])  # fmt: skip
    part = (f * L.G**2).sum() / (L.G**2).sum()
    assert 0.2 < part < 0.99
    G = f * L.G
    G = G - (L.pi * G).sum(axis=1, keepdims=True)
    expected = natural(tt.Surrogate(G, L.weight, L.pi, L.eta), theta, part * DELTA, members)
    step = tt.sampled.shrunk(members, DELTA)(batch, theta)
    assert np.allclose(step.pi_new, expected.pi_new, atol=1e-12)
    assert np.abs(step.pi_new - natural(L, theta, DELTA, members).pi_new).max() > 1e-3


def test_batches_of_one_policy_are_joined() -> None:
    """Two batches of one policy: twice the data; after a step only the new batch."""
    mdp = tt.families.named.gridworld(3, 3, "0.9").to_float()
    pi = tt.policies.uniform(mdp)
    V = tt.evaluate(mdp, pi).V
    other = pi.copy()
    other[0] = [0.4, 0.2, 0.2, 0.2]
    errors = []
    for grow in (True, False):
        source = Episodes(600, 6, 40, critic=lambda pi: V, grow=grow)
        sim = Simulator(mdp, np.random.default_rng(0))
        found = []
        for x in (pi, pi, pi, pi, other):
            L = source(sim, x).L
            assert isinstance(L, tt.Surrogate) and L.G_stderr is not None
            found.append(L.G_stderr.sum())
        errors.append(found)
    joined, alone = errors
    assert joined[0] == alone[0] and joined[4] == alone[4]
    assert joined[3] < 0.65 * alone[3]  # near 1/2 of four batches
