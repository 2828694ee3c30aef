"""The closed forms of the worst case agree with brute force."""

from itertools import product

import numpy as np
import pytest
from scipy.linalg import eigh

from tabular_trpo._falsify import closed_forms as worst
from tabular_trpo._falsify.draw import draw
from tabular_trpo._theory.plain import FastPair, PairTables


def gap(cases: PairTables) -> np.ndarray:
    """Return L - eta_new, (N,)."""
    p = FastPair(cases)
    return np.asarray(p.L - p.eta_new)


@pytest.mark.parametrize("size", [(1, 2), (2, 2), (3, 3)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_no_other_advantage_is_worse(
    rng: np.random.Generator, size: tuple[int, int], sign: float
) -> None:
    cases = draw(rng, 60, *size)
    r = worst.advantage(cases, np.full(60, sign))
    assert np.abs(r).max() <= 1.0
    assert np.abs((cases.pi * r).sum(axis=-1)).max() < 1e-12
    best = sign * gap(cases.changed(r=r))
    for _ in range(200):
        other = rng.uniform(-1, 1, r.shape)
        other -= (cases.pi * other).sum(axis=-1, keepdims=True)
        other /= np.maximum(np.abs(other).max(axis=(-2, -1), keepdims=True), 1e-9)
        assert np.all(sign * gap(cases.changed(r=other)) <= best + 1e-9)


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (4, 2)])
def test_on_the_boundary_no_other_advantage_satisfies_the_precondition_and_is_worse(
    rng: np.random.Generator, size: tuple[int, int]
) -> None:
    """With L - eta at least a tenth of its maximum, no random advantages give less eta_new."""
    cases = draw(rng, 60, *size)
    high = FastPair(
        cases.changed(r=worst.rewards_on_precondition_boundary(cases, lambda p: p.L - 1e9))
    )
    least = (high.L - high.eta) / 10

    def slack(p: FastPair) -> np.ndarray:
        return np.asarray(p.L - p.eta - np.tile(least, len(p.tables) // 60))

    r = worst.rewards_on_precondition_boundary(cases, slack)
    assert np.abs(r).max() <= 1.0
    p = FastPair(cases.changed(r=r))
    assert np.abs(p.V).max() < 1e-9
    assert np.abs(slack(p)).max() < 1e-9
    compared = 0
    for _ in range(300):
        other = rng.uniform(-1, 1, r.shape)
        other -= (cases.pi * other).sum(axis=-1, keepdims=True)
        other /= np.maximum(np.abs(other).max(axis=(-2, -1), keepdims=True), 1e-9)
        q = FastPair(cases.changed(r=other))
        holds = slack(q) >= 0
        assert np.all(q.eta_new[holds] >= p.eta_new[holds] - 1e-9)
        compared += int(holds.sum())
    assert compared > 1000


def test_a_precondition_that_cannot_hold_gets_the_largest_surrogate(
    rng: np.random.Generator,
) -> None:
    cases = draw(rng, 20, 3, 2)
    high = worst.rewards_on_precondition_boundary(cases, lambda p: p.L - 1e9)
    low = worst.rewards_on_precondition_boundary(cases, lambda p: p.L + 1e9)
    assert np.array_equal(high, -low)
    p = FastPair(cases.changed(r=high))
    assert np.all(np.einsum("nsa,nsa->ns", cases.pi_new, p.A) >= -1e-9)


def test_a_level_direction_leaves_the_surrogate_and_is_the_worst_that_does(
    rng: np.random.Generator,
) -> None:
    """No random direction that leaves L unchanged is worse, at a step of 1e-4."""
    cases = draw(rng, 40, 3, 2, gamma=0.3)
    pi = 0.4 + 0.2 * cases.pi
    cases = cases.changed(pi=pi, rho0=np.full((40, 3), 1 / 3))
    cases = cases.changed(r=worst.advantage(cases, np.ones(40)))
    G = FastPair(cases).rho[..., None] * FastPair(cases).A
    G = G - G.mean(axis=-1, keepdims=True)

    def ratio(delta: np.ndarray) -> np.ndarray:
        small = cases.changed(target=pi + delta, alpha=np.full(40, 1e-4))
        p = FastPair(small)
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.asarray((p.L - p.eta_new) / p.mean_kl))

    best = worst.direction(cases, np.ones(40), level=True) - pi
    assert np.abs((G * best).sum(axis=(-2, -1))).max() < 1e-9
    assert np.abs(best).max() > 0.1
    for _ in range(100):
        other = rng.uniform(-1, 1, pi.shape)
        other -= other.mean(axis=-1, keepdims=True)
        square = np.maximum((G**2).sum(axis=(-2, -1)), 1e-300)
        other -= ((G * other).sum(axis=(-2, -1)) / square)[:, None, None] * G
        assert np.all(ratio(0.3 * other) <= ratio(best) + 1e-3 * np.abs(ratio(best)) + 1e-6)


def test_worst_advantage_is_attained_at_a_corner() -> None:
    """A case of three actions: A is 1 on half of pi's mass, -1 on half, one action between."""
    pi = np.array([[[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]])
    P = np.zeros((1, 2, 3, 2))
    P[..., 1] = 1.0
    P[0, 0] = [[1, 0], [0, 1], [0, 1]]
    target = np.array([[[0.6, 0.1, 0.3], [1.0, 0.0, 0.0]]])
    one = np.ones(1)
    cases = PairTables(P, np.zeros((1, 2, 3)), np.array([[1.0, 0.0]]), one / 2, pi, target, one)
    # At state 0 rho - rho_new < 0 and pi_new / pi = (3, 1/5, 1): order 1, 2, 0 from the top.
    A = worst.advantage(cases, one)[0, 0]
    assert A == pytest.approx([-1.0, 1.0, -1.0])
    A = worst.advantage(cases, -one)[0, 0]
    assert A == pytest.approx([1.0, -1.0, 1.0])
    uneven = cases.changed(pi=np.array([[[0.2, 0.4, 0.4], [1.0, 0.0, 0.0]]]))
    A = worst.advantage(uneven, one)[0, 0]
    assert (uneven.pi[0, 0] * A).sum() == pytest.approx(0.0)
    assert sorted(np.abs(A)) == pytest.approx([0.5, 1.0, 1.0])


def test_direction_is_the_worst_of_all_small_steps(rng: np.random.Generator) -> None:
    """No random direction has a larger gap over mean KL, at a step of 1e-4."""
    cases = draw(rng, 40, 3, 2, gamma=0.3)
    inside = np.full((40, 3, 2), 0.5)
    cases = cases.changed(pi=0.8 * inside + 0.2 * cases.pi, rho0=np.full((40, 3), 1 / 3))
    cases = cases.changed(r=worst.advantage(cases, np.ones(40)))

    def ratio(target: np.ndarray) -> np.ndarray:
        small = cases.changed(target=target, alpha=np.full(40, 1e-4))
        p = FastPair(small)
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.asarray((p.L - p.eta_new) / p.mean_kl))

    best = ratio(worst.direction(cases, np.ones(40)))
    for _ in range(100):
        assert np.all(
            ratio(rng.dirichlet(np.ones(2), (40, 3))) <= best + 1e-3 * np.abs(best) + 1e-6
        )


def test_direction_by_the_generalised_eigenvalue(rng: np.random.Generator) -> None:
    """With two actions the direction agrees with a dense eigenvalue problem solved by scipy."""
    cases = draw(rng, 30, 3, 2, gamma=0.4)
    cases = cases.changed(
        pi=np.full((30, 3, 2), 0.5), rho0=np.full((30, 3), 1 / 3), alpha=np.full(30, 1e-4)
    )
    target = worst.direction(cases, np.ones(30))
    p = FastPair(cases.changed(target=target))
    d, rho, A = p.d, p.rho, p.A
    flip = np.array([1.0, -1.0])
    for i in range(30):
        G = np.linalg.inv(np.eye(3) - 0.4 * cases.P[i].mean(axis=1))
        step = np.einsum("a,sat->st", flip, cases.P[i])
        M = -0.4 * rho[i][:, None] * (step @ G) * (A[i] @ flip)
        value = eigh(M + M.T, np.diag(4 * d[i]))[0][-1]  # mean KL = sum d 2 x^2
        if value > 1e-3:
            assert (p.L - p.eta_new)[i] / p.mean_kl[i] == pytest.approx(value, rel=2e-3)


def test_direction_stays_at_a_policy_without_an_inside(rng: np.random.Generator) -> None:
    cases = draw(rng, 20, 2, 2)
    certain = np.zeros((20, 2, 2))
    certain[..., 0] = 1.0
    still = worst.direction(cases.changed(pi=certain), np.ones(20))
    assert np.array_equal(still, certain)


@pytest.mark.parametrize("pattern", list(product([1.0, -1.0], repeat=2)))
def test_signs_give_opposite_gaps(rng: np.random.Generator, pattern: tuple[float, float]) -> None:
    cases = draw(rng, 2, 3, 3)
    r = worst.advantage(cases, np.array(pattern))
    assert np.all(np.array(pattern) * gap(cases.changed(r=r)) >= -1e-12)
