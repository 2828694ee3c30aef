"""The direction of a parametric step and the quadratic model along it, against dense solves."""

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._improve.natural import natural, natural_fixed
from tests.improve.parametric import KINDS, dense, softmax_case, softmax_cases


def hessian(case):
    return dense(
        lambda v: case.policy_class.fisher_product(case.L.weight, case.theta, v), case.theta.shape
    )


@pytest.mark.parametrize("damping", [0.0, 1e-2])
def test_direction_is_that_of_a_dense_solve(damping: float) -> None:
    """s = (H + c I)^-1 g with the pseudo-inverse; in the table up to a constant in each state."""
    for case in softmax_cases(4):
        step = natural_fixed(case.L, case.theta, 1.0, case.policy_class, damping=damping)
        got = step.multipliers["theta"] - case.theta
        H, g = hessian(case), case.policy_class.gradient(case.L, case.theta).ravel()
        if damping:
            other = np.linalg.solve(H + damping * np.eye(len(H)), g)
        else:
            other = np.linalg.pinv(H, rcond=1e-12, hermitian=True) @ g
        moves = []
        for x in (got, other.reshape(got.shape)):
            z = x if case.policy_class.features is None else case.policy_class.features @ x
            z = z - (case.L.pi * z).sum(axis=1, keepdims=True)
            moves.append(np.where(case.L.pi > 0, z, 0.0)[case.L.weight > 0])
        assert moves[0] == pytest.approx(moves[1], rel=1e-7, abs=1e-7 * np.abs(moves[1]).max())
        assert step.multipliers["cg_status"] == "solved" and step.multipliers["damping"] == damping


@pytest.mark.parametrize("kind", ["table", "masked", "unvisited"])
@pytest.mark.parametrize("spread", [1.0, 8.0])
def test_natural_gradient_of_the_table_is_the_advantage(kind: str, spread: float) -> None:
    """Kakade 2001: A / (1 - gamma) for H under d, A for H under rho, up to state constants."""
    for seed in range(10):
        case = softmax_case(kind, seed, spread)
        ev = tt.evaluate(case.mdp, case.L.pi)
        s = natural_fixed(case.L, case.theta, 1.0).multipliers["theta"] - case.theta
        horizon = 1 / (1 - case.mdp.gamma)
        for got, A in ((s, ev.A * horizon), (s / case.L.weight.sum(), ev.A)):
            off = np.where(case.L.pi > 0, got - A, 0.0)
            off -= (case.L.pi * off).sum(axis=1, keepdims=True)
            off = np.where((case.L.pi > 0) & (ev.rho > 0)[:, None], off, 0.0)
            assert np.abs(off).max() <= 1e-10 * max(1.0, np.abs(A).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damping", [0.0, 0.1])
def test_quadratic_model_is_delta(kind: str, damping: float) -> None:
    """x'H x / 2 = delta with the dense H, with damping too."""
    for seed in range(4):
        case = softmax_case(kind, seed)
        H = hessian(case)
        for delta in (1e-8, 1e-2, 3.0):
            step = natural(
                case.L, case.theta, delta, case.policy_class, damping=damping, accept="always"
            )
            x = (step.multipliers["theta"] - case.theta).ravel()
            assert step.multipliers["quadratic_kl"] == pytest.approx(delta, rel=1e-12)
            # theta + x rounds x where x is small.
            assert x @ H @ x / 2 == pytest.approx(delta, rel=1e-12 if delta > 1e-3 else 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_difference_of_kl_and_delta_is_of_order_3_2(kind: str) -> None:
    """The exponent by least squares over five deltas; a wrong length or H would give 1.

    Where the third derivative along s vanishes, the order is 2.
    """
    deltas, exponents = np.geomspace(1e-7, 1e-4, 5), []
    for seed in range(9):
        case = softmax_case(kind, seed)
        off = [
            abs(natural(case.L, case.theta, d, case.policy_class, accept="always").mean_kl - d)
            for d in deltas
        ]
        exponents.append(np.polyfit(np.log(deltas), np.log(off), 1)[0])
    assert np.median(exponents) == pytest.approx(1.5, abs=0.05) and min(exponents) > 1.4
