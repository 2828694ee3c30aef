"""Every constant pinned by an equality: an inequality cannot see that a penalty is too large."""

from fractions import Fraction as F

import numpy as np
import pytest

from tabular_trpo._core.mdp import MDP
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.constants import coupling_constant, penalty, penalty_constant
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo.families import worst_case

BY_NAME = {theorem.name: theorem for theorem in THEOREMS}
GAMMAS = [F(1, 50), F(1, 10), F(1, 2), F(9, 10), F(99, 100)]
STEPS = [F(1, 1000), F(1, 10), F(1, 2)]
LADDER = ("coupling_span", "coupling_eps_cpi", "coupling_capped", "coupling_rows", "coupling_bound")


def tight(a: F, gamma: F) -> Pair:
    return Pair.of(worst_case.tight_thm1(a, gamma))


@pytest.mark.parametrize("gamma", GAMMAS, ids=str)
@pytest.mark.parametrize("a", STEPS, ids=str)
def test_tight_family_attains_every_rung_with_equality(a: F, gamma: F) -> None:
    pair = tight(a, gamma)
    # By hand: A_bar = (2a, -2a), eps = 1, so every side is 4 a c.
    expected = 4 * a * (a * gamma) / ((1 - gamma) * (1 - gamma * (1 - a)))
    for name in LADDER:
        claim = BY_NAME[name](pair)
        assert (claim.lhs, claim.rhs) == (expected, expected), name
        assert judge(BY_NAME[name], pair).tightness == 1
    for name in ("advantage_lemma", "advantage_lemma_eps", "coupling_lemma"):
        assert BY_NAME[name](pair).slack == 0


@pytest.mark.parametrize("gamma", GAMMAS, ids=str)
@pytest.mark.parametrize("a", STEPS, ids=str)
def test_theorem_1_is_loose_by_its_last_rung_only(a: F, gamma: F) -> None:
    pair = tight(a, gamma)
    penalty_of_theorem = 4 * a**2 * gamma / (1 - gamma) ** 2
    ratio = (1 - gamma) / (1 - gamma * (1 - a))
    assert pair.L - BY_NAME["trpo_bound"](pair).rhs == penalty_of_theorem
    assert BY_NAME["trpo_bound_upper"](pair).rhs - pair.L == penalty_of_theorem
    assert BY_NAME["coupling_to_theorem"](pair).rhs == penalty_of_theorem
    assert judge(BY_NAME["trpo_bound"], pair).tightness == pytest.approx(float(ratio), rel=1e-14)


@pytest.mark.parametrize("gamma", GAMMAS, ids=str)
@pytest.mark.parametrize("alpha", [F(1, 100), F(1, 3), F(1)], ids=str)
def test_mixture_bound_is_loose_by_its_last_step_only(alpha: F, gamma: F) -> None:
    pair = Pair.of(worst_case.tight_cpi(gamma, -1, alpha))
    gap = 2 * gamma * alpha**2 / ((1 - gamma) * (1 - gamma * (1 - alpha)))
    assert pair.L - pair.eta_new == gap
    assert pair.L - BY_NAME["cpi_bound"](pair).rhs == 2 * gamma * alpha**2 / (1 - gamma) ** 2
    assert pair.eps_target == 1
    greedy = Pair.of(worst_case.tight_cpi(gamma, 0, alpha))
    assert greedy.L - greedy.eta_new == gap / 2


def test_penalty_constants_by_hand() -> None:
    # gamma = 9/10, eps = 1: C = 4 * 9/10 * 100 = 360.
    pair = tight(F(1, 10), F(9, 10))
    assert pair.C == penalty(pair.old) == penalty_constant(F(1), F(9, 10)) == 360
    half = BY_NAME["trpo_kl_bound_half"](pair).rhs
    assert pair.L - half == 180 * pair.max_kl
    assert pair.L - BY_NAME["trpo_kl_bound"](pair).rhs == 360 * pair.max_kl
    assert pair.M == pair.L - 360 * pair.max_kl
    assert pair.M_pi == pair.eta == 0
    assert coupling_constant(F(1, 2), F(1, 2)) == F(2, 3)


def test_divergence_constants_by_hand() -> None:
    """KL is -log(1 - 4 a^2) / 2 = 2 a^2 + 4 a^4 + ...: the 1/2 of Pinsker to six digits."""
    pair = fixtures.two_region()()
    kl, a = pair.max_kl, F(1, 1000)
    assert 2 * a**2 < kl < 2 * a**2 + 5 * a**4
    assert BY_NAME["pinsker"](pair).lhs == a**2 - kl / 2
    assert BY_NAME["tv_squared_kl"](pair).lhs == a**2 - kl


def test_coupling_constant_is_its_series() -> None:
    a, gamma = F(1, 3), F(2, 5)
    series = sum(gamma**t * (1 - (1 - a) ** t) for t in range(60))
    assert 0 < coupling_constant(a, gamma) - series < F(1, 10**20)


def test_penalty_of_a_batch_has_its_shape() -> None:
    mdp = worst_case.tight_thm1(0.1, 0.5).mdp
    pi = np.array([[0.5, 0.5, 0.0]] * 2)
    assert penalty(evaluate(mdp, pi)) == pytest.approx(8)
    stacked = type(mdp)(
        np.stack([mdp.P] * 2), np.stack([mdp.r, 3 * mdp.r]), mdp.rho0, np.array([0.5, 0.9])
    )
    assert penalty(evaluate(stacked, pi)) == pytest.approx([8, 3 * 360])


def test_penalty_takes_the_largest_advantage_of_either_sign() -> None:
    """One state, hand-solved: A = (1/2, -3/2), so eps = 3/2 and C = 4 (3/2) (1/2) / (1/4) = 12.

    Q = (7/2, 3/2) is as far from A as to be seen.
    """
    mdp = MDP([[["1"], ["1"]]], [["2", "0"]], ["1"], "1/2")
    evaluation = evaluate(mdp, [["3/4", "1/4"]])
    assert evaluation.A.tolist() == [[F(1, 2), F(-3, 2)]]
    assert penalty(evaluation) == 12
