"""Policies: each maker, the rule for ties, mixtures, softmax, and what is said of wrong ones."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tabular_trpo._core.grid import UNIT
from tests.strategies import Case, alphas, cases, mdps

policies = tt.policies
HALF = Fraction(1, 2)
MASK = np.array([[True, False, True], [False, True, False]])


def masked(exact: bool = False) -> tt.MDP:
    """Two states, three actions, MASK; all transitions go to state 0."""
    P = np.zeros((2, 3, 2))
    P[..., 0] = MASK
    mdp = tt.MDP(P, np.zeros((2, 3)), [1.0, 0.0], 0.5, MASK)
    return mdp.to_rational() if exact else mdp


@given(mdps())
def test_makers_make_policies_in_both_arithmetics(mdp: tt.MDP) -> None:
    first = mdp.mask.argmax(axis=1)
    for model in (mdp, mdp.to_float()):
        for pi in (policies.uniform(model), policies.deterministic(model, first)):
            assert np.array_equal(policies.check_policy(model, pi), pi)
            assert all(sum(map(Fraction, row)) == 1 for row in pi)
            assert not np.any(pi[~mdp.mask])
            assert not pi.flags.writeable


@given(mdps())
def test_uniform_gives_every_allowed_action_the_same(mdp: tt.MDP) -> None:
    pi = policies.uniform(mdp)
    for row, mask in zip(pi, mdp.mask, strict=True):
        assert set(row[mask]) == {Fraction(1, int(mask.sum()))}
    rough = policies.uniform(mdp.to_float())
    assert np.max(np.abs(rough - pi.astype(float))) <= 2 * UNIT


@pytest.mark.parametrize("exact", [False, True])
def test_deterministic(exact: bool) -> None:
    pi = policies.deterministic(masked(exact), [2, 1])
    assert pi.tolist() == [[0, 0, 1], [0, 1, 0]]
    assert pi.dtype == (object if exact else float)


def test_uniform_and_deterministic_in_a_batch() -> None:
    mdp = tt.MDP(np.ones((3, 1, 2, 1)), [[0.0, 0.0]], [1.0], 0.5)
    assert policies.deterministic(mdp, [[1], [0], [1]])[:, 0].tolist() == [[0, 1], [1, 0], [0, 1]]
    assert policies.deterministic(mdp, [1])[:, 0].tolist() == [[0, 1]] * 3
    uniform = policies.uniform(mdp)
    assert uniform.shape == mdp.r.shape and not uniform.flags.writeable


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([0, 3], r"actions\[1\] = 3, expected 0 to 2"),
        ([-1, 1], r"actions\[0\] = -1, expected 0 to 2"),
        ([0], r"actions has shape \(1,\)"),
        ([0.0, 1.0], r"actions has shape \(2,\), expected \(..., S\) integers"),
        ([1, 1], r"actions\[s=0, a=1\] = 1.0, expected 0: the action is not allowed"),
    ],
)
def test_wrong_actions(actions: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        policies.deterministic(masked(), actions)


@pytest.mark.parametrize("exact", [False, True])
def test_greedy_takes_the_first_allowed_maximiser(exact: bool) -> None:
    mdp = masked(exact)
    Q = np.array([[-1, 9, -1], [9, -2, 9]]) if exact else np.array([[-1.0, 9, -1], [9, -2, 9]])
    pi = policies.greedy(mdp, Q.astype(object) if exact else Q)
    assert pi.tolist() == [[1, 0, 0], [0, 1, 0]]


@given(cases())
def test_greedy_attains_the_maximum(case: Case) -> None:
    mdp, pi, _ = case.triple
    Q = tt.evaluate(mdp, pi).Q
    chosen = policies.greedy(mdp, Q)
    best = [max(row[mask]) for row, mask in zip(Q, mdp.mask, strict=True)]
    assert (chosen * Q).sum(axis=1).tolist() == best
    assert np.all((chosen == 1).argmax(axis=1) == [
        min(a for a in range(mdp.n_actions) if mdp.mask[s, a] and Q[s, a] == best[s])
        for s in range(mdp.n_states)
    ])  # fmt: skip


def test_greedy_refuses_other_shapes_and_arithmetics() -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"Q has shape \(3,\)"):
        policies.greedy(masked(), np.zeros(3))
    with pytest.raises(
        tt.ExactnessError, match="Q is in float arithmetic, expected rational arithmetic"
    ):
        policies.greedy(masked(exact=True), np.zeros((2, 3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_greedy_reads_finite_values_at_the_allowed_pairs(bad: float) -> None:
    with pytest.raises(tt.InvalidMDPError, match=rf"^Q\[s=0, a=2\] = {bad}, expected a finite"):
        policies.greedy(masked(), [[1.0, 0.0, bad], [0.0, 0.0, 0.0]])
    pi = policies.greedy(masked(), [[1.0, bad, 0.0], [0.0, 0.0, 0.0]])
    assert pi.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_greedy_reads_exact_strings_and_names_their_arithmetic() -> None:
    Q = [["1/3", 0, "1/3"], ["0", "1e-30", 0]]
    assert policies.greedy(masked(exact=True), Q).tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(
        tt.ExactnessError, match="Q is in rational arithmetic, expected float arithmetic"
    ):
        policies.greedy(masked(), Q)
    with pytest.raises(tt.InvalidMDPError, match="Q is ragged"):
        policies.greedy(masked(), [[1.0, 0.0], [0.0]])


def test_mixture_reads_exact_strings() -> None:
    mixed = policies.mixture([["1/3", "2/3"]], [[1, 0]], "1/10")
    assert mixed.tolist() == [[Fraction(2, 5), Fraction(3, 5)]]
    assert policies.mixture([[1, 0]], [[0, 1]], "1/3").tolist() == [
        [Fraction(2, 3), Fraction(1, 3)]
    ]
    with pytest.raises(
        tt.ExactnessError, match="alpha is in float arithmetic, expected rational arithmetic"
    ):
        policies.mixture([["1/3", "2/3"]], [[1, 0]], 0.1)
    with pytest.raises(
        tt.ExactnessError, match="pi_prime is in rational arithmetic, expected float arithmetic"
    ):
        policies.mixture([[0.5, 0.5]], [["1/3", "2/3"]], 0.1)


@pytest.mark.parametrize(
    ("pi_prime", "alpha", "message"),
    [
        ([[1.0]], 0.5, r"pi_prime has shape \(1, 1\), expected \(..., S, A\) = \(3, 1, 2\)"),
        ([[[1.0, 0.0]]] * 2, 0.5, r"pi_prime has shape \(2, 1, 2\)"),
        ([[1.0, 0.0]], [0.5, 0.5], r"alpha has shape \(2,\), expected \(\) or the batch \(3,\)"),
    ],
)
def test_mixture_refuses_shapes_that_do_not_go_together(
    pi_prime: Any, alpha: Any, message: str
) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        policies.mixture([[[1.0, 0.0]]] * 3, pi_prime, alpha)


@given(cases(), alphas())
def test_mixture_moves_along_the_segment(case: Case, alpha: Fraction) -> None:
    pi, target = case.pi, case.target
    mixed = policies.mixture(pi, target, alpha)
    assert np.array_equal(mixed - pi, alpha * (target - pi))
    assert np.array_equal(policies.mixture(pi, target, 0), pi)
    assert np.array_equal(policies.mixture(pi, target, str(Fraction(1))), target)


def test_mixture_in_floats_and_batches() -> None:
    pi, target = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert policies.mixture(pi, target, 0.25).tolist() == [[0.75, 0.25]]
    mixed = policies.mixture(pi, target, np.array([0.0, 0.5, 1.0]))
    assert mixed[:, 0].tolist() == [[1, 0], [0.5, 0.5], [0, 1]]


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan"), [0.5, 2.0]])
def test_mixture_refuses_weights_outside_0_1(alpha: Any) -> None:
    pi = np.array([[1.0, 0.0]])
    with pytest.raises(tt.InvalidMDPError, match="expected a weight in"):
        policies.mixture(pi, pi, alpha)


def test_mixture_refuses_mixed_arithmetics() -> None:
    rough, exact = np.array([[1.0, 0.0]]), np.array([[HALF, HALF]])
    for pi, target, alpha in [(rough, exact, 0.5), (exact, exact, 0.5), (rough, rough, "1/2")]:
        with pytest.raises(tt.ExactnessError):
            policies.mixture(pi, target, alpha)


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=5))
def test_softmax_is_exponential_and_exactly_stochastic(theta: list[float]) -> None:
    pi = policies.softmax([theta])[0]
    assert sum(Fraction(x) for x in pi if x >= UNIT) == 1
    weights = np.exp(np.array(theta) - max(theta))
    np.testing.assert_allclose(pi, weights / weights.sum(), rtol=1e-12, atol=4 * UNIT)


def test_softmax_of_large_and_masked_logits() -> None:
    assert policies.softmax([[1e308, 1e308, -np.inf]]).tolist() == [[0.5, 0.5, 0.0]]
    shift = np.array([[0.5, -1.0], [3.0, 3.5]])
    np.testing.assert_allclose(policies.softmax(shift), policies.softmax(shift + 100), atol=1e-15)


def test_softmax_of_logits_whose_differences_overflow() -> None:
    assert policies.softmax([[1.7e308, -1.7e308]]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        ([[0.0, 1.0], [0.0]], "theta is ragged"),
        ([0.0, 1.0], r"theta has shape \(2,\), expected \(..., S, A\)"),
        (np.zeros((1, 0)), r"theta has shape \(1, 0\)"),
        ([[0.0, "x"]], r"theta\[0, 1\] = 'x' is not a number"),
        ([[0.0, 10**400]], r"theta\[0, 1\] = an integer of about 401 digits does not fit"),
        ([["1/2", "1"]], "theta is in rational arithmetic, expected float arithmetic"),
    ],
)
def test_softmax_reads_float_rows(theta: Any, message: str) -> None:
    with pytest.raises(tt.TabularError, match=message):
        policies.softmax(theta)


@pytest.mark.parametrize("theta", [[[np.nan, 0.0]], [[np.inf, 0.0]], [[-np.inf, -np.inf]]])
def test_softmax_refuses(theta: Any) -> None:
    with pytest.raises(tt.InvalidMDPError, match="expected finite logits"):
        policies.softmax(theta)


@pytest.mark.parametrize(
    ("pi", "message"),
    [
        ([[0.5, 0.0, 0.6], [0, 1.0, 0]], r"pi\[s=0\] sums to 1.1, expected 1 \(off by \+0.1"),
        ([[1.5, 0.0, -0.5], [0, 1.0, 0]], r"pi\[s=0, a=2\] = -0.5"),
        ([[0.5, 0.5, 0.0], [0, 1.0, 0]], r"pi\[s=0, a=1\] = 0.5, expected 0: the action is not"),
        ([[np.nan, 0.0, 1.0], [0, 1.0, 0]], r"pi\[s=0, a=0\] = nan"),
        ([[np.inf, 0.0, -np.inf], [0, 1.0, 0]], r"pi\[s=0, a=0\] = inf"),
        ([[1e308, 0.0, 1e308], [0, 1.0, 0]], r"pi\[s=0\] sums to inf, expected 1"),
        ([[1.0, 0.0], [0.0, 1.0]], r"pi has shape \(2, 2\), expected \(..., S, A\) = \(2, 3\)"),
    ],
)
def test_wrong_policies(pi: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        policies.check_policy(masked(), pi)


def test_policy_and_model_share_one_arithmetic() -> None:
    with pytest.raises(
        tt.ExactnessError, match="pi is in rational arithmetic, expected float arithmetic"
    ):
        policies.check_policy(masked(), [["1", 0, 0], [0, "1", 0]])
    with pytest.raises(tt.ExactnessError, match="Cross by to_float"):
        policies.check_policy(masked(exact=True), [[1.0, 0, 0], [0, 1.0, 0]])


def test_whole_numbers_and_strings_are_exact_policies() -> None:
    pi = policies.check_policy(masked(exact=True), [["1/3", 0, "2/3"], [0, 1, 0]])
    assert pi.tolist() == [[Fraction(1, 3), 0, Fraction(2, 3)], [0, 1, 0]]


def test_one_policy_serves_a_batch() -> None:
    mdp = tt.MDP(np.ones((3, 1, 2, 1)), [[0.0, 0.0]], [1.0], 0.5)
    assert policies.check_policy(mdp, [[0.25, 0.75]]).shape == (3, 1, 2)


@given(cases())
def test_crossings_round_trip(case: Case) -> None:
    rough = policies.to_float(case.pi)
    exact = policies.to_rational(rough)
    assert np.array_equal(exact > 0, case.pi > 0)
    assert np.max(np.abs(exact - case.pi)) <= 4 * Fraction(UNIT)
    assert all(sum(row) == 1 for row in exact)
    assert np.array_equal(policies.to_float(exact), rough)
    assert policies.to_float(rough) is rough and policies.to_rational(exact) is exact


def test_crossing_keeps_entries_below_the_grid() -> None:
    tiny = 2.0**-80
    exact = policies.to_rational(np.array([[tiny, 1.0]]))
    assert exact.tolist() == [[Fraction(tiny), 1 - Fraction(tiny)]]
    assert policies.to_float(exact).tolist() == [[tiny, 1.0]]


@pytest.mark.parametrize("row", [[np.nan, 1.0], [-0.5, 1.5], [0.5, 0.6]])
def test_crossing_refuses_rows_off_the_simplex(row: list[float]) -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"pi\[s=0"):
        policies.to_rational(np.array([row]))


def test_crossing_refuses_batches_and_underflow() -> None:
    with pytest.raises(tt.InvalidMDPError, match="expected a single policy"):
        policies.to_rational(np.ones((2, 1, 1)))
    lost = Fraction(1, 10**400)
    with pytest.raises(tt.ExactnessError, match="below the smallest double"):
        policies.to_float(np.array([[lost, 1 - lost]]))


def test_a_disallowed_action_is_seen_among_positive_chances() -> None:
    mdp = tt.MDP([[[1.0], [0.0]]], [[0.0, 0.0]], [1.0], 0.5, allowed=[[True, False]])
    with pytest.raises(tt.InvalidMDPError, match=r"pi\[s=0, a=1\] = 0.25"):
        policies.check_policy(mdp, [[0.75, 0.25]])
