"""Sampled TRPO and its judge: its exact limit, the records of its steps, and what ends a run."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._improve.iterate import iterate
from tabular_trpo._improve.natural import Trial, following, natural, natural_fixed
from tabular_trpo._improve.softmax_class import SoftmaxClass, aliased
from tabular_trpo._improve.status import Monotone
from tabular_trpo._improve.step import step_to
from tabular_trpo._improve.stopping import iterations
from tabular_trpo._sampled.sources import Exact, Paths, Vines
from tabular_trpo._sampled.trpo import SampledRecord, trpo
from tests.sampled.learners import ARMS, model, raised


def ran(mdp: tt.MDP, source: Any, seed: int, n: int, *args: Any, **how: Any) -> list[SampledRecord]:
    """n records."""
    rng = np.random.default_rng(seed)
    return list(trpo(mdp, source, rng, *args, until=[iterations(n)], **how))


def eta_of(mdp: tt.MDP, pi: Any) -> Fraction:
    """The return of a float policy on the model as it is stored, in rationals."""
    return tt.evaluate(mdp.to_rational(), tt.policies.to_rational(pi)).eta


@pytest.mark.parametrize("name", ["rover", "queue", "weather"])
@pytest.mark.parametrize("settings", [{}, {"divergence": "max_kl"}, {"damping": 0.1}])
def test_exact_source_makes_the_exact_run(name: str, settings: dict[str, Any]) -> None:
    mdp = model(name)
    run = ran(mdp, Exact(mdp), 0, 6, 0.02, **settings)
    start = np.zeros((mdp.n_states, mdp.n_actions))
    step = following(start, lambda L, theta: natural(L, theta, 0.02, **settings))
    limit = list(iterate(mdp, tt.policies.uniform(mdp), step, [iterations(6)]))
    assert len(run) == len(limit) == 6
    for ours, theirs in zip(run, limit, strict=True):
        mine, other = ours.record, theirs
        assert (mine.step.pi_new == other.step.pi_new).all() and mine.status == "moved"
        assert (mine.step.multipliers["theta"] == other.step.multipliers["theta"]).all()
        assert (mine.eta, mine.eta_new) == (other.eta, other.eta_new)
        assert mine.certified == other.certified and mine.monotone == other.monotone
        # What is seen is what is true, and no steps are used.
        assert (ours.sampled_gain, ours.sampled_mean_kl, ours.sampled_max_kl) == (
            ours.gain,
            ours.mean_kl,
            ours.max_kl,
        )
        assert ours.steps == 0 and ours.eta_stderr is None and ours.eta_hat == ours.record.eta


@pytest.mark.parametrize(
    "source",
    [
        Paths(40),
        Paths(40, 8),
        Paths(40, baseline=True, lam=0.9),
        Vines(15),
        Vines(15, branches=3, normalised=True),
    ],
    ids=str,
)
def test_a_step_is_judged_by_the_exact_pair(source: Any) -> None:
    mdp = model("rover")
    run = ran(mdp, source, 1, 5, 0.05)
    at = tt.policies.uniform(mdp)
    for i, got in enumerate(run, 1):
        record = got.record
        assert record.i == i and record.pi == pytest.approx(at, abs=1e-15)
        pair = tt.Pair(mdp, record.pi, record.step.pi_new)
        assert got.gain == pytest.approx(float(pair.L - pair.eta), abs=1e-13)
        assert got.mean_kl == pytest.approx(float(pair.mean_kl), rel=1e-9)
        assert got.max_kl == pytest.approx(float(pair.max_kl), rel=1e-9)
        assert record.eta == pytest.approx(float(pair.eta), rel=1e-13)
        assert record.eta_new == pytest.approx(float(pair.eta_new), rel=1e-13)
        # The data say something else, and promise the acceptance rule's gain and KL.
        assert abs(got.sampled_gain - got.gain) > 1e-4 and got.sampled_gain > 0
        assert got.sampled_mean_kl <= 0.05 and got.sampled_mean_kl != got.mean_kl
        assert got.eta_stderr > 0 and abs(got.eta_hat - record.eta) < 6 * got.eta_stderr + 2
        realised = eta_of(mdp, record.step.pi_new) - eta_of(mdp, record.pi)
        assert record.realised_lo <= realised <= record.realised_hi
        assert len(record.certified) > 5 and record.broken == ()
        assert all(bound <= realised for bound in record.certified.values())
        at = record.step.pi_new
    steps = [0, *(got.steps for got in run)]
    assert all(a < b for a, b in pairwise(steps))
    if source == Paths(40, 8):
        assert steps == [40 * 8 * i for i in range(6)]


def test_a_fall_is_reported_where_rationals_show_one() -> None:
    mdp = raised(model("rover"), 20.0)  # returns so high that three paths are not informative
    run = ran(mdp, Paths(3), 2, 30, 0.1, bounds=())
    fell = 0
    for got in run:
        record = got.record
        assert record.certified == {} and record.monotone != Monotone.UNDECIDED
        truth = eta_of(mdp, record.step.pi_new) < eta_of(mdp, record.pi)
        assert got.violated == truth
        fell += truth
    assert 3 < fell < 27


def test_a_step_that_may_have_fallen_is_no_violation() -> None:
    for monotone, violated in (
        (Monotone.PROVED, False),
        (Monotone.UNDECIDED, False),
        (Monotone.REFUTED, True),
    ):
        (got,) = ran(model("queue"), Paths(30), 3, 1, 0.01)
        changed = replace(got, record=replace(got.record, monotone=monotone))
        assert changed.violated is violated


def test_a_search_that_fails_restores_and_the_run_goes_on() -> None:
    trials: list[Trial] = []

    def second_batch(trial: Trial) -> bool:
        """Refuse all of the first batch's eleven, and take the first of every other batch."""
        trials.append(trial)
        return len(trials) > 11

    mdp = model("queue")
    theta = np.random.default_rng(3).standard_normal((mdp.n_states, mdp.n_actions))
    run = ran(mdp, Paths(30), 3, 3, 0.01, theta, accept=second_batch)
    first, second, third = (got.record for got in run)
    start = SoftmaxClass(theta.shape, None, mdp.allowed).policy(theta)
    assert [first.status, second.status, third.status] == ["restored", "moved", "moved"]
    assert (first.step.multipliers["theta"] == theta).all()
    assert (first.step.pi_new == first.pi).all() and first.pi == pytest.approx(start, abs=1e-15)
    assert (second.pi == first.pi).all() and first.realised == 0 and first.monotone == "proved"
    assert run[0].gain == run[0].mean_kl == 0 and run[0].steps < run[1].steps
    policy_class = SoftmaxClass(theta.shape, None, mdp.allowed)
    for record in (second, third):
        held = policy_class.policy(record.step.multipliers["theta"])
        assert record.step.pi_new == pytest.approx(held, abs=1e-15)
    assert len(trials) == 13 and all(trial.delta == 0.01 for trial in trials)
    never = ran(mdp, Paths(5), 3, 4, 0.01, accept=lambda trial: False)
    assert [got.record.status for got in never] == ["restored"] * 4
    assert never[-1].record.stopped is not None and never[-1].record.stopped.name == "iterations"


def test_settings_reach_the_step() -> None:
    mdp = model("rover")
    plain = ran(mdp, Paths(50), 4, 1, 0.05)[0].record.step
    damped = ran(mdp, Paths(50), 4, 1, 0.05, damping=0.3)[0].record.step
    assert (plain.multipliers["damping"], damped.multipliers["damping"]) == (0, 0.3)
    assert np.abs(plain.pi_new - damped.pi_new).max() > 1e-6
    few = ran(mdp, Paths(50), 4, 1, 0.05, damping=0.3, iterations=1)[0].record.step
    assert few.multipliers["cg_iterations"] == 1 < damped.multipliers["cg_iterations"]
    far = [got.sampled_max_kl for got in ran(mdp, Paths(50), 4, 8, 0.2, bounds=())]
    near = ran(mdp, Paths(50), 4, 8, 0.2, divergence="max_kl", bounds=())
    assert max(far) > 0.2 >= max(got.sampled_max_kl for got in near)
    small = ran(mdp, Paths(50), 4, 1, 1e-6)[0]
    assert 0 < small.sampled_mean_kl <= 1e-6
    with pytest.raises(InvalidMDPError, match="accept"):
        ran(mdp, Paths(5), 4, 1, accept="perhaps")


def test_same_seed_same_bytes() -> None:
    mdp = model("queue")
    one, two, other = (
        [got.record.step.pi_new.tobytes() for got in ran(mdp, Vines(10), seed, 4, bounds=())]
        for seed in (5, 5, 6)
    )
    assert one == two and all(a != b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("source", [Paths(20), Paths(20, 5), Paths(20, baseline=True), Vines(8)])
@pytest.mark.parametrize("scale", [1e-300, 1e300, 3e307])
def test_no_nan_enters_theta(source: Any, scale: float) -> None:
    """Near overflow there is a finite theta or an error that says so; numpy's warnings excepted."""
    P = np.full((2, 2, 2), 0.5)
    mdp = tt.MDP(P, np.array([[1.0, -1.0], [0.5, 1.0]]) * scale, [0.5, 0.5], 0.9)
    done, said = [], ""
    with np.errstate(all="ignore"):
        try:
            for got in trpo(mdp, source, np.random.default_rng(7), 0.1, until=[iterations(4)]):
                done.append(got)
                assert np.isfinite(got.record.step.multipliers["theta"]).all()
                assert np.isfinite(got.record.step.pi_new).all()
        except (LimitError, InvalidMDPError) as error:
            said = str(error)
    assert len(done) == 4 or (scale == 3e307 and ("overflows" in said or "infinities" in said))
    if scale == 1e300:
        assert all(got.record.status == "moved" for got in done)


@pytest.mark.parametrize("gamma", [0.0, 1e-12])
def test_a_tiny_discount_is_learnt_from(gamma: float) -> None:
    """Every path is one step, and the gain of the step is its realised one."""
    mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], gamma)
    run = ran(mdp, Paths(50), 8, 12, 0.1)
    assert run[-1].steps == 12 * 50 and run[-1].record.eta_new > 0.95
    assert all(got.gain == pytest.approx(got.record.realised, rel=1e-6) for got in run)


def test_states_that_share_their_logits_keep_one_row() -> None:
    mdp = model("weather")
    policy_class = aliased([0, 0], mdp.n_actions)
    run = ran(mdp, Paths(60), 9, 5, 0.02, None, policy_class)
    for got in run:
        pi = got.record.step.pi_new
        assert pi[0] == pytest.approx(pi[1], abs=1e-15)
        assert got.record.step.multipliers["theta"].shape == policy_class.theta_shape
    assert any(got.record.status == "moved" for got in run)
    separate = ran(mdp, Paths(60), 9, 5, 0.02)[-1].record.step.pi_new
    assert np.abs(separate[0] - separate[1]).max() > 0.01


def test_a_step_of_ones_own_sees_the_batch_and_theta() -> None:
    mdp = model("rover")
    seen: list[Any] = []

    def fixed(batch: Any, theta: Any) -> Any:
        seen.append((batch, theta))
        return natural_fixed(batch.L, theta, 50.0)

    run = ran(mdp, Paths(30), 10, 3, step=fixed)
    assert all(got.record.step.multipliers["lam"] == 50 for got in run) and len(seen) == 3
    for (_, theta), before in zip(seen[1:], run, strict=False):
        assert (theta == before.record.step.multipliers["theta"]).all()
    assert all(batch.rollouts.length.sum() > 0 for batch, _ in seen)
    # One without theta keeps the first.
    best = np.array([[0.0, 1.0]])
    thetas: list[Any] = []

    def jump(batch: Any, theta: Any) -> Any:
        thetas.append(theta)
        return step_to(batch.L, best)

    run = ran(ARMS, Paths(30), 10, 2, step=jump)
    assert [got.record.eta_new for got in run] == [2, 2]
    assert all((theta == 0).all() for theta in thetas)


def test_sampled_trpo_closes_the_gap() -> None:
    mdp = model("rover")
    first = tt.evaluate(mdp, tt.policies.uniform(mdp)).eta
    best = tt.optimal(mdp).eta_star
    run = ran(mdp, Paths(400), 11, 30, 0.05, bounds=())
    assert run[0].record.eta == pytest.approx(first)
    share = [(got.record.eta_new - first) / (best - first) for got in run]
    assert share[-1] > 0.98 and share[0] < 0.5


def test_what_cannot_run_is_refused() -> None:
    mdp = model("rover")
    with pytest.raises(ExactnessError, match="to_float"):
        ran(mdp.to_rational(), Paths(3), 0, 1)
    with pytest.raises(InvalidMDPError, match="theta"):
        ran(mdp, Paths(3), 0, 1, 0.1, [0.0])
    with pytest.raises(InvalidMDPError, match="delta"):
        ran(mdp, Paths(3), 0, 1, -0.1)
    with pytest.raises(InvalidMDPError, match="pi"):  # its policies take what is not allowed
        ran(mdp, Paths(3), 0, 1, 0.1, None, SoftmaxClass((mdp.n_states, mdp.n_actions)))
    batch = tt.MDP(np.stack([ARMS.P, ARMS.P]), ARMS.r, ARMS.rho0, 0.5)
    with pytest.raises(InvalidMDPError, match="batch"):
        ran(batch, Paths(3), 0, 1)
    seed: Any = 5
    with pytest.raises(InvalidMDPError, match="Generator"):
        next(trpo(mdp, Paths(3), seed))
