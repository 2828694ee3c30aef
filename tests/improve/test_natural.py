"""The parametric step: its direction and length, the line search, and its settings."""

from dataclasses import replace

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.iterate import iterate
from tabular_trpo._improve.mirror import mirror
from tabular_trpo._improve.natural import ACCEPT, Trial, following, natural, natural_fixed, vanilla
from tabular_trpo._improve.rational_steps import in_floats
from tabular_trpo._improve.softmax_class import SoftmaxClass, aliased
from tests.improve.parametric import softmax_case, softmax_cases

# One state, A = (-1, 1), so g = (-1/2, 1/2), H = (1, -1; -1, 1) / 4, s = (-1, 1).
ONE = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
ZERO = np.zeros((1, 2))
NAN, INF = float("nan"), float("inf")


def test_worked_example():
    step = natural(ONE, ZERO, 0.02)  # s'Hs = 1, beta = 0.2
    assert step.multipliers["theta"] == pytest.approx(np.array([[-0.2, 0.2]]), rel=1e-15)
    assert step.multipliers["step_length"] == pytest.approx(0.2, rel=1e-15)
    assert step.pi_new[0, 1] == pytest.approx(1 / (1 + np.exp(-0.4)))
    assert (step.status, step.backtracks) == ("moved", 0) and step.gain > 0
    assert vanilla(ONE, ZERO, 0.02).multipliers["theta"][0, 1] == pytest.approx(0.2 / np.sqrt(2))
    # With damping 1/2 s is halved; the step is not.
    damped = natural(ONE, ZERO, 0.02, damping=0.5)
    assert damped.multipliers["step_length"] == pytest.approx(0.4, rel=1e-14)
    assert damped.multipliers["theta"] == pytest.approx(step.multipliers["theta"], rel=1e-14)


@pytest.mark.parametrize("kind", ["table", "masked", "unvisited"])
def test_a_fixed_multiplier_is_the_mirror_step(kind: str) -> None:
    """In the table both are pi exp(A / (lam (1 - gamma)))."""
    for seed in range(5):
        case = softmax_case(kind, seed)
        for lam in (0.3, 5.0):
            step = natural_fixed(case.L, case.theta, lam)
            other = mirror(case.L, lam / case.L.weight.sum())
            assert step.pi_new == pytest.approx(other.pi_new, abs=1e-10)
            assert step.objective == pytest.approx(step.gain - lam * step.mean_kl, rel=1e-12)


@pytest.mark.parametrize("divergence", ["mean_kl", "max_kl"])
@pytest.mark.parametrize("accept", sorted(ACCEPT))
def test_the_first_length_that_the_rule_accepts_is_taken(accept: str, divergence: str) -> None:
    searched = 0
    for case in softmax_cases(4):
        theta, policy_class, L = case.theta, case.policy_class, case.L
        step = natural(L, theta, 0.3, policy_class, accept=accept, divergence=divergence)
        assert step.status == "moved" and step.backtracks is not None
        way = natural(L, theta, 0.3, policy_class, accept="always").multipliers["theta"] - theta
        taken = step.multipliers["theta"] - theta
        assert taken == pytest.approx(0.5**step.backtracks * way, rel=1e-9, abs=1e-12)
        slope = np.vdot(policy_class.gradient(L, theta), way)
        for tries in range(step.backtracks + 1):
            pi_new = policy_class.policy(theta + 0.5**tries * way)
            kl, weight = tt.kl(L.pi, pi_new)[L.weight > 0], L.weight[L.weight > 0]
            size = kl.max() if divergence == "max_kl" else weight @ kl / weight.sum()
            gain = (L.G * (pi_new - L.pi)).sum()
            fine = ACCEPT[accept](Trial(gain, 0.5**tries * slope, size, 0.3))
            assert fine == (tries == step.backtracks)
        searched += step.backtracks
    assert searched > 0 or accept not in ("improve_and_kl", "not_worse_and_kl", "kl")


def test_rules_get_the_expected_and_the_actual_gain():
    """The expected gain is linear in the length; the gain approaches it for short steps."""
    seen: list[Trial] = []

    def none(trial: Trial) -> bool:
        seen.append(trial)
        return False

    natural(ONE, ZERO, 0.02, accept=none, backtrack=0.25)
    assert [t.expected for t in seen] == pytest.approx([0.2 * 0.25**j for j in range(11)])
    assert seen[-1].gain == pytest.approx(seen[-1].expected, rel=1e-9) and seen[0].gain < 0.2
    assert seen[0].kl == natural(ONE, ZERO, 0.02).mean_kl and seen[0].delta == 0.02


def test_a_search_that_fails_restores():
    for case in softmax_cases(2):
        step = natural(case.L, case.theta, 0.1, case.policy_class, accept=lambda trial: False)
        assert step.status == "restored" and step.backtracks == 10
        assert (step.pi_new == case.L.pi).all() and step.gain == step.mean_kl == 0
        assert (step.multipliers["theta"] == case.theta).all()
        assert step.multipliers["step_length"] == 0
        assert step.multipliers["quadratic_kl"] == pytest.approx(0.1)
    # Towards the uniform policy the KL is above delta, until one backtrack.
    away = np.array([[0.0, 5.0]])
    L = replace(ONE, pi=SoftmaxClass((1, 2)).policy(away), G=-ONE.G)
    once = natural(L, away, 1e-4, most_backtracks=0)
    assert once.status == "restored" and once.backtracks == 0
    assert natural(L, away, 1e-4, accept="improve", most_backtracks=0).mean_kl > 1e-4
    assert natural(L, away, 1e-4).backtracks == 1
    # Away from the uniform policy the KL is below delta.
    assert natural(replace(L, G=ONE.G), away, 1e-4, most_backtracks=0).status == "moved"


@pytest.mark.parametrize("make", [natural, vanilla, natural_fixed])
def test_a_zero_gradient_is_no_division_by_zero(make) -> None:
    flat = replace(ONE, G=np.zeros((1, 2)))
    assert make(flat, ZERO, 0.1).status == "optimal"
    # Two states with opposite advantages and shared logits: no gradient, but not optimal.
    L = Surrogate(np.array([[-1.0, 1.0], [1.0, -1.0]]), np.ones(2), np.full((2, 2), 0.5), 0.0)
    step = make(L, [0.0, 0.0], 0.1, aliased([0, 0], 2))
    assert step.status == "stuck" and (step.pi_new == L.pi).all()
    assert step.multipliers["step_length"] == 0 and step.multipliers["cg_iterations"] == 0
    unseen = replace(flat, weight=np.zeros(1))
    assert make(unseen, ZERO, 0.1).gain == 0


def test_delta_0_stays():
    step = natural(ONE, ZERO, 0.0)
    assert step.status == "stuck" and (step.pi_new == ONE.pi).all()


def test_directions_without_curvature_are_reported():
    """An empirical H of 0 and a negative H give no step, and no NaN."""
    for H in (lambda v: 0 * v, lambda v: -v):
        step = natural(ONE, ZERO, 0.1, product=H)
        assert step.multipliers["cg_status"] == "curvature" and step.status == "stuck"
        assert step.multipliers["cg_residual"] == 1 and (step.pi_new == ONE.pi).all()
    # With damping there is a direction, but no length.
    step = natural(ONE, ZERO, 0.1, product=lambda v: 0 * v, damping=0.5)
    assert step.multipliers["cg_status"] == "solved" and step.status == "stuck"
    # G != 0 at weight 0, as in estimates: the rows of such states are not changed.
    L = Surrogate(np.array([[-1.0, 1], [-1, 1]]), np.array([1.0, 0]), np.full((2, 2), 0.5), 0.0)
    step = natural(L, np.zeros((2, 2)), 0.02)
    assert step.pi_new[1].tolist() == [0.5, 0.5] and step.status == "moved"


def test_unvisited_rows_and_masked_actions_are_unchanged_bitwise():
    case = softmax_case("unvisited", 3)
    step = natural(case.L, case.theta, 0.1)
    at = case.L.weight == 0
    assert at.any() and (step.pi_new[at] == case.L.pi[at]).all()
    pi = case.L.pi.copy()
    pi[at] += np.array([2.0**-40, -(2.0**-40), 0.0])  # equal up to 1e-9
    assert (natural(replace(case.L, pi=pi), case.theta, 0.1).pi_new[at] == pi[at]).all()
    masked = softmax_case("masked", 3)
    assert (natural(masked.L, masked.theta, 0.1).pi_new[~masked.mdp.mask] == 0).all()


@pytest.mark.parametrize("make", [natural, vanilla, natural_fixed])
@pytest.mark.parametrize("high", [30.0, 40.0, 400.0, 800.0, 1e300])
def test_saturated_policies_have_no_nan(make, high: float) -> None:
    """The old policy is a point mass on the worse action, nearly or in doubles exactly."""
    theta = np.array([[high, 0.0], [0.0, 0.0]])
    mdp = tt.MDP(np.full((2, 2, 2), 0.5), [[0.0, 1.0], [0.0, 0.0]], [0.5, 0.5], 0.9)
    L = tt.surrogate(tt.evaluate(mdp, SoftmaxClass((2, 2)).policy(theta)))
    step = make(L, theta, 0.1)
    assert np.isfinite(step.gain) and np.isfinite(step.multipliers["theta"]).all()
    assert step.status in ("moved", "stuck", "restored") and step.gain >= 0


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_scale_of_the_rewards_does_not_matter(size: float) -> None:
    case = softmax_case("features", 0)
    plain = natural(case.L, case.theta, 0.1, case.policy_class)
    step = natural(replace(case.L, G=case.L.G * size), case.theta, 0.1, case.policy_class)
    assert step.pi_new == pytest.approx(plain.pi_new, rel=1e-9)


def test_steps_of_estimated_surrogates_are_equal():
    """A surrogate with a standard error and no radius gives the step of an exact one."""
    for case in softmax_cases(1):
        estimate = replace(case.L, stderr=0.1, G_radius=None, eta_radius=None)
        one, other = (natural(L, case.theta, 0.1, case.policy_class) for L in (case.L, estimate))
        assert (one.pi_new == other.pi_new).all() and one.gain == other.gain


def test_an_empirical_hessian_in_place_of_the_analytic_one():
    case = softmax_case("features", 2)
    chance = case.L.weight[:, None] * case.L.pi
    s, a = np.indices(chance.shape).reshape(2, -1)
    few = np.random.default_rng(0).choice(s.size, 200, p=chance.ravel() / chance.sum())

    def every(v):
        return case.policy_class.empirical_fisher_product(case.theta, v, s, a, chance.ravel())

    def sampled(v):
        return case.policy_class.empirical_fisher_product(case.theta, v, s[few], a[few])

    analytic, exact, rough = (
        natural(case.L, case.theta, 0.1, case.policy_class, product=H)
        for H in (None, every, sampled)
    )
    assert exact.pi_new == pytest.approx(analytic.pi_new, rel=1e-8)
    assert rough.status == "moved" and rough.mean_kl <= 0.1
    assert np.abs(rough.pi_new - analytic.pi_new).max() > 1e-4


def test_theta_is_kept_between_steps_and_rational_models_are_solved_in_floats():
    case = softmax_case("table", 0)
    run = iterate(case.mdp, case.L.pi, following(case.theta, lambda L, t: natural(L, t, 0.05)))
    for _, record in zip(range(6), run, strict=False):
        assert record.eta_new >= record.eta and record.status == "moved"
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    exact = in_floats(following(ZERO, lambda L, theta: natural(L, theta, 0.02)))
    record = next(iterate(mdp, [["1/2", "1/2"]], exact))
    assert record.monotone == "proved" and record.step.multipliers["theta"][0, 1] > 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: natural(ONE, ZERO, -0.1), "delta = -0.1, expected a finite number >= 0"),
        (lambda: natural(ONE, ZERO, NAN), "delta = nan"),
        (lambda: vanilla(ONE, ZERO, INF), "delta = inf"),
        (lambda: natural(ONE, ZERO, 0.1, damping=-1.0), "damping = -1.0"),
        (lambda: natural(ONE, ZERO, 0.1, damping=NAN), "damping = nan"),
        (lambda: natural_fixed(ONE, ZERO, 0.0), "lam = 0.0, expected a finite number > 0"),
        (lambda: natural_fixed(ONE, ZERO, -1.0), "lam = -1.0"),
        (lambda: natural(ONE, [0.0, 0.0, 0.0], 0.1), r"theta has shape \(3,\), expected \(1, 2\)"),
        (lambda: natural(ONE, [0.0, INF], 0.1), "= inf, expected a finite number"),
        (lambda: natural(ONE, [[0.0, 1.0]], 0.1), "another policy.*off by 0.231 at .*Evaluate"),
        (lambda: natural(ONE, ZERO, 0.1, accept="luck"), "accept = 'luck', expected one of impr"),
        (lambda: natural(ONE, ZERO, 0.1, direction="up"), "direction = 'up'"),
        (lambda: natural(ONE, ZERO, 0.1, divergence="tv"), "divergence = 'tv'"),
        (lambda: natural(ONE, ZERO, 0.1, backtrack=1.0), "backtrack = 1.0"),
        (lambda: natural(ONE, ZERO, 0.1, backtrack=0.0), "backtrack = 0.0"),
        (lambda: natural(ONE, ZERO, 0.1, most_backtracks=-1), "most_backtracks = -1"),
        (lambda: natural(ONE, ZERO, 0.1, iterations=0), "iterations = 0"),
        (lambda: natural(ONE, ZERO, 0.1, SoftmaxClass((2, 2))), r"surrogate has shape \(1, 2\)"),
        (lambda: natural(replace(ONE, G=ONE.G[None]), ZERO, 0.1), "surrogate has shape"),
        (lambda: natural(replace(ONE, weight=-ONE.weight), ZERO, 0.1), "weight.* = -1.0"),
    ],
)
def test_bad_input(call, text: str) -> None:
    with pytest.raises(InvalidMDPError, match=text):
        call()


def test_arithmetics_and_overflow():
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    with pytest.raises(ExactnessError, match="surrogate is rational, expected float"):
        natural(tt.surrogate(tt.evaluate(mdp, [["1/2", "1/2"]])), ZERO, 0.1)
    with pytest.raises(LimitError, match="theta overflows"):
        natural_fixed(replace(ONE, G=1e200 * ONE.G), ZERO, 1e-200)
    assert natural(ONE, ZERO, 1e300).status == "restored"
    rows = np.array([[1.0, 0.0], [0.5, 0.5]])  # of no finite theta, since a 0 is not masked
    L = Surrogate(np.zeros((2, 2)), np.ones(2), rows, 0.0)
    with pytest.raises(InvalidMDPError, match="mask actions of probability 0"):
        natural(L, np.zeros((2, 2)), 0.1)
