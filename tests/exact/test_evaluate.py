"""Evaluation of a policy: worked examples, corner cases, dense and sparse models and batches."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tests.exact.cases import HORIZONS, batch, float_cases
from tests.strategies import Case, cases

F = Fraction
QUANTITIES = ("V", "Q", "A", "rho", "d", "eta")


def same(x: Any, y: Any) -> bool:
    return np.array_equal(np.asarray(x), np.asarray(y))


def within(e: tt.Evaluation, truth: dict[str, Any]) -> Iterator[bool]:
    """Yield, entry by entry, whether a float value is within its radius of the exact one."""
    for name, value in truth.items():
        got, radius = np.ravel(getattr(e, name)), np.ravel(getattr(e.radius, name))
        exact = np.ravel(np.array(value, dtype=object))
        for x, bound, true in zip(got, radius, exact, strict=True):
            yield abs(F(float(x)) - true) <= F(float(bound))


# Two states, two actions, gamma 1/2.  From 0: "stay" pays 1 and stays, "go" pays 0 and moves to 1.
# From 1: "stay" pays 2 and stays, "go" pays -1 and moves to 0.  Start in 0.
P = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]
R = [[1, 0], [2, -1]]

# The policy (1/2, 1/2) in state 0 and (1, 0) in state 1:
#   V1 = 2 + V1/2 = 4;  V0 = 1/2 (1 + V0/2) + 1/2 (0 + V1/2) = 3/2 + V0/4 = 2
#   rho0 = 1 + 1/4 rho0 = 4/3;  rho1 = 1/4 rho0 + 1/2 rho1 = 2/3
MIXED = [["1/2", "1/2"], ["1", "0"]]
WORKED_EXAMPLE = {
    "V": [2, 4],
    "Q": [[2, 2], [4, 0]],
    "A": [[0, 0], [0, -4]],
    "rho": [F(4, 3), F(2, 3)],
    "d": [F(2, 3), F(1, 3)],
    "eta": 2,
}
# The policy "go" in both states:
#   V0 = V1/2, V1 = -1 + V0/2 = -4/3;  rho0 = 1 + rho1/2 = 4/3, rho1 = rho0/2
ALWAYS_GO = {
    "V": [F(-2, 3), F(-4, 3)],
    "Q": [[F(2, 3), F(-2, 3)], [F(4, 3), F(-4, 3)]],
    "A": [[F(4, 3), 0], [F(8, 3), 0]],
    "rho": [F(4, 3), F(2, 3)],
    "d": [F(2, 3), F(1, 3)],
    "eta": F(-2, 3),
}


@pytest.mark.parametrize(
    ("pi", "truth"), [(MIXED, WORKED_EXAMPLE), ([["0", "1"]] * 2, ALWAYS_GO)], ids=["mixed", "go"]
)
def test_worked_example(pi: Any, truth: dict[str, Any]) -> None:
    mdp = tt.MDP(P, R, [1, 0], "1/2")
    e = tt.evaluate(mdp, pi)
    assert [name for name in QUANTITIES if not same(getattr(e, name), truth[name])] == []
    assert all(not np.any(getattr(e.radius, name)) for name in QUANTITIES)
    rough = tt.evaluate(mdp.to_float(), tt.policies.to_float(e.pi))
    assert all(within(rough, truth))


@pytest.mark.parametrize("p", [F(1, 3), F(1), F(0), F(1, 10**9)])
@pytest.mark.parametrize("gamma", [F(9, 10), F(0), 1 - F(1, 10**12)])
def test_two_state_chain_in_closed_form(p: F, gamma: F) -> None:
    """State 0 moves to the absorbing state 1 with probability p; the reward is 1 in state 0."""
    mdp = tt.MDP([[[1 - p, p]], [[0, 1]]], [1, 0], [1, 0], gamma)
    e = tt.evaluate(mdp, [[1], [1]])
    stay = 1 / (1 - gamma * (1 - p))
    assert e.V.tolist() == [stay, 0]
    assert e.rho.tolist() == [stay, 1 / (1 - gamma) - stay]
    assert e.eta == stay


@given(cases())
def test_equations_hold_exactly(case: Case) -> None:
    mdp, pi, _ = case.triple
    e = tt.evaluate(mdp, pi)
    assert same(e.V, (pi * e.Q).sum(axis=1))
    assert same(e.Q, (mdp.r + mdp.gamma * mdp.P.dot(e.V)) * mdp.mask)
    assert same(e.A, (e.Q - e.V[:, None]) * mdp.mask)
    flow = (pi[..., None] * mdp.P).sum(axis=1)
    assert same(e.rho, mdp.rho0 + mdp.gamma * e.rho.dot(flow))
    assert e.rho.sum() == 1 / (1 - mdp.gamma)
    assert same(e.d, (1 - mdp.gamma) * e.rho) and e.d.sum() == 1
    assert e.eta == (mdp.rho0 * e.V).sum() == (e.rho[:, None] * pi * mdp.r).sum()


@given(cases())
def test_float_arithmetic_is_within_its_radii_of_the_rational_arithmetic(case: Case) -> None:
    mdp = case.mdp.to_float()
    pi = tt.policies.to_float(case.pi)
    exact = tt.evaluate(mdp.to_rational(), tt.policies.to_rational(pi))
    truth = {name: getattr(exact, name) for name in QUANTITIES}
    assert all(within(tt.evaluate(mdp, pi), truth))


@given(cases(masked=True))
def test_masked_pairs_hold_zeros(case: Case) -> None:
    for mdp, pi in (
        (case.mdp, case.pi),
        (case.mdp.to_float(), tt.policies.to_float(case.pi)),
    ):
        e = tt.evaluate(mdp, pi)
        for values in (e.Q, e.A, e.radius.Q, e.radius.A):
            assert not np.any(values[~mdp.mask])


def test_reward_of_a_masked_pair_does_not_matter() -> None:
    mask = np.array([[True, False], [True, True]])
    table = [[[1, 0], [0, 0]], [[0, 1], [1, 0]]]
    for gamma in ("1/2", 0.5):
        one = tt.evaluate(tt.MDP(table, [[1, 0], [2, 3]], [1, 0], gamma, mask), [[1, 0], [1, 0]])
        two = tt.evaluate(tt.MDP(table, [[1, 99], [2, 3]], [1, 0], gamma, mask), [[1, 0], [1, 0]])
        assert all(same(getattr(one, name), getattr(two, name)) for name in QUANTITIES)


@pytest.mark.parametrize("exact", [False, True])
def test_discount_zero(exact: bool) -> None:
    mdp = tt.MDP(P, R, [1, 0], "0" if exact else 0.0)
    e = tt.evaluate(mdp, MIXED if exact else [[0.5, 0.5], [1.0, 0.0]])
    assert same(e.V, [F(1, 2), 2]) and same(e.Q, R)
    assert same(e.rho, [1, 0]) and same(e.d, [1, 0]) and e.eta == F(1, 2)


@pytest.mark.parametrize("exact", [False, True])
def test_one_state_and_one_action(exact: bool) -> None:
    one = tt.evaluate(tt.MDP([[[1]]], [[3]], [1], "3/4" if exact else 0.75), [[1]])
    assert (one.V.tolist(), one.A.tolist(), one.rho.tolist(), one.eta) == ([12], [[0]], [4], 12)
    pi: Any = [["1/4", "3/4"]] if exact else [[0.25, 0.75]]
    two = tt.evaluate(tt.MDP([[[1], [1]]], [[4, 0]], [1], "1/2" if exact else 0.5), pi)
    assert (two.V.tolist(), two.A.tolist()) == ([2], [[3, -1]])


@pytest.mark.parametrize("horizons", [HORIZONS[:2], HORIZONS], ids=["short", "long"])
def test_batch_equals_singles(horizons: Any) -> None:
    case = batch("dense", 8, 12, 6, horizons)
    e = tt.evaluate(case.mdp, case.pi)
    for i in range(12):
        one = tt.evaluate(case.mdp[i], case.pi[i])
        for name in QUANTITIES:
            got, radius = getattr(e, name)[i], getattr(e.radius, name)[i]
            bound = radius + getattr(one.radius, name)
            assert got.shape == radius.shape == np.shape(getattr(one, name))
            assert np.all(np.abs(got - getattr(one, name)) <= bound)


def test_batch_of_two_axes_and_one_policy_for_all() -> None:
    case = batch("dense", 9, 6, 3, HORIZONS[:2])
    mdp = case.mdp
    folded = tt.MDP(
        mdp.P.reshape(2, 3, *mdp.P.shape[1:]), mdp.r.reshape(2, 3, 3, 3),
        mdp.rho0.reshape(2, 3, 3), mdp.gamma.reshape(2, 3), mdp.allowed,
    )  # fmt: skip
    pi = case.pi[0]
    e, flat = tt.evaluate(folded, pi), tt.evaluate(mdp, pi)
    assert (e.V.shape, e.Q.shape, e.eta.shape) == ((2, 3, 3), (2, 3, 3, 3), (2, 3))
    for name in QUANTITIES:
        assert same(np.ravel(getattr(e, name)), np.ravel(getattr(flat, name)))
    assert same(e.pi[1, 2], pi)


def test_results_do_not_depend_on_the_parts_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    case = batch("dense", 10, 40, 4, HORIZONS[:2])
    whole = tt.evaluate(case.mdp, case.pi)
    monkeypatch.setattr("tabular_trpo._exact.evaluate.CHUNK", 4 * 4 * 3 * 7)
    parts = tt.evaluate(case.mdp, case.pi)
    for name in QUANTITIES:
        assert np.all(np.abs(getattr(whole, name) - getattr(parts, name)) <= 2 * getattr(
            whole.radius, name
        ))  # fmt: skip


def test_wrong_policy_in_a_batch_is_named_by_its_whole_index() -> None:
    case = batch("dense", 11, 40, 4, HORIZONS[:2])
    pi = case.pi.copy()
    pi[37, 2] *= 1.5
    with pytest.raises(tt.InvalidMDPError, match=r"pi\[37, s=2\] sums to 1.5"):
        tt.evaluate(case.mdp, pi)


def test_csr_equals_dense() -> None:
    for case in float_cases("sparse", seed=12, n=27):
        csr = case.mdp
        table = csr.P.toarray().reshape(csr.n_states, csr.n_actions, -1)
        dense = tt.MDP(table, csr.r, csr.rho0, csr.gamma, csr.allowed)
        one, two = tt.evaluate(csr, case.pi), tt.evaluate(dense, case.pi)
        for name in QUANTITIES:
            bound = getattr(one.radius, name) + getattr(two.radius, name)
            assert np.all(np.abs(getattr(one, name) - getattr(two, name)) <= bound), name


@pytest.mark.parametrize("power", [-1060, -1000, -200, 200, 996, 1015])
@pytest.mark.parametrize("storage", ["dense", "sparse", "batch"])
def test_accuracy_does_not_depend_on_the_scale_of_rewards(power: int, storage: str) -> None:
    """From 1e-300 to 1e300 the values scale by the power of two, within proved radii."""
    mdp = tt.MDP(P, R, [1, 0], "1/2")
    scaled = tt.MDP(P, mdp.r * F(2) ** power, [1, 0], "1/2").to_float()
    pi = [[0.5, 0.5], [1.0, 0.0]]
    if storage == "sparse":
        scaled = tt.MDP(sp.csr_array(scaled.P.reshape(4, 2)), scaled.r, [1.0, 0.0], 0.5)
    if storage == "batch":
        scaled = tt.MDP(scaled.P[None], scaled.r[None], [1.0, 0.0], 0.5)
    e = tt.evaluate(scaled, pi)
    truth = {
        name: np.array(WORKED_EXAMPLE[name], dtype=object)
        * (F(2) ** power if name in "VQAeta" else 1)
        for name in QUANTITIES
    }
    assert all(within(e, truth))
    assert np.all(e.radius.V <= np.abs(e.V) * 2.0**-49 + 2.0**-1073)


@pytest.mark.parametrize("storage", ["dense", "sparse", "batch"])
def test_overflow_is_an_error(storage: str) -> None:
    table: Any = np.ones((1, 1, 1))
    if storage == "sparse":
        table = sp.csr_array(table[0])
    if storage == "batch":
        table = table[None]
    mdp = tt.MDP(table, [[1e307]], [1.0], 0.99)
    with pytest.raises(tt.LimitError, match=r"V overflows float64.*Scale the rewards"):
        tt.evaluate(mdp, [[1.0]])


@pytest.mark.parametrize("storage", ["dense", "batch"])
def test_overflow_of_an_action_not_taken_is_an_error(storage: str) -> None:
    """V = 1.6e308 is a double; Q of the second action is 2.5e308, which is not."""
    r = [[8e307, 1.7e308]]
    table = np.ones((1, 2, 1))
    mdp = tt.MDP(table[None] if storage == "batch" else table, r, [1.0], 0.5)
    with pytest.raises(tt.LimitError, match="Q overflows float64"):
        tt.evaluate(mdp, [[1.0, 0.0]])


@pytest.mark.parametrize("reward", [1.7e308, 5e-324])
def test_largest_and_smallest_reward(reward: float) -> None:
    e = tt.evaluate(tt.MDP([[[1.0]]], [[reward]], [1.0], 0.0), [[1.0]])
    assert e.eta == reward and all(within(e, {"V": [F(reward)], "Q": [[F(reward)]]}))


def test_exact_arithmetic_has_no_largest_number() -> None:
    e = tt.evaluate(tt.MDP([[["1"]]], [[10**400]], [1], "99/100"), [["1"]])
    assert e.eta == 10**402


@pytest.mark.parametrize("tiny", [F(1, 2**60), F(1, 2**1000)])
def test_rows_below_the_grid_worked_example(tiny: F) -> None:
    """State 0 moves to 1 with probability `tiny`: V0 = gamma tiny V1 / (1 - gamma (1 - tiny))."""
    mdp = tt.MDP([[[1.0, float(tiny)]], [[0.0, 1.0]]], [0.0, 1.0], [1.0, 0.0], 0.5)
    e = tt.evaluate(mdp, [[1.0], [1.0]])
    V0 = tiny / (1 - (1 - tiny) / 2)
    truth = {"V": [V0, 2], "rho": [2 - V0, V0], "eta": V0}
    assert all(within(e, truth))
    exact = tt.evaluate(mdp.to_rational(), [[1], [1]])
    assert exact.V.tolist() == [V0, 2] and exact.rho.tolist() == [2 - V0, V0]


def test_results_are_read_only_and_arithmetics_do_not_mix() -> None:
    mdp = tt.MDP(P, R, [1, 0], "1/2")
    for model, pi in ((mdp, MIXED), (mdp.to_float(), [[0.5, 0.5], [1.0, 0.0]])):
        e = tt.evaluate(model, pi)
        for record in (e, e.radius):
            arrays = [getattr(record, name) for name in QUANTITIES[:-1]]
            assert not any(x.flags.writeable for x in arrays)
    with pytest.raises(
        tt.ExactnessError, match="pi is in float arithmetic, expected rational arithmetic"
    ):
        tt.evaluate(mdp, [[0.5, 0.5], [1.0, 0.0]])
    with pytest.raises(tt.ExactnessError, match="pi is in rational arithmetic"):
        tt.evaluate(mdp.to_float(), MIXED)
