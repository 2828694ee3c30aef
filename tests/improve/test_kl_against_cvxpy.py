"""The KL steps against an independent convex solver, on random surrogates."""

import warnings

import cvxpy as cp
import numpy as np
import pytest

from tabular_trpo._core.policy import mixture
from tabular_trpo._exact.divergence import kl
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.minorize import minorize
from tabular_trpo._improve.step import Step
from tabular_trpo._improve.trust_region import max_kl, mean_kl, mean_kl_penalty
from tests.improve.cases import floats, surrogates

CASES = 60  # of each of four solvers
NEAR, INSIDE = 1e-6, 1e-9
ZERO = 2e-9  # absolute error of Clarabel at an objective of 0
SOLVERS = {
    "minorize": (minorize, 0.4),
    "max_kl": (max_kl, 0.05),
    "mean_kl": (mean_kl, 0.05),
    "mean_kl_penalty": (mean_kl_penalty, 0.7),
}


def reference(name: str, L: Surrogate, x: float) -> float:
    """Return the optimum by Clarabel."""
    q = cp.Variable(L.pi.shape, nonneg=True)
    seen = np.flatnonzero(L.weight > 0)
    rows = [cp.sum(cp.rel_entr(L.pi[s][L.pi[s] > 0], q[s][L.pi[s] > 0])) for s in seen]
    d = L.weight[seen] / L.weight.sum()
    largest, mean = cp.max(cp.hstack(rows)), d @ cp.hstack(rows)
    gain = cp.sum(cp.multiply(L.G, q - L.pi))
    rules = [cp.sum(q, axis=1) == 1]
    if L.allowed is not None:
        rules.append(cp.multiply(q, ~L.allowed) == 0)
    goal = gain
    if name in ("minorize", "mean_kl_penalty"):
        goal = gain - x * (largest if name == "minorize" else mean)
    else:
        rules.append((largest if name == "max_kl" else mean) <= x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem = cp.Problem(cp.Maximize(goal), rules)
        problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return float(problem.value)


def drawn(seed: int) -> list[Surrogate]:
    found = (floats(L) for L in surrogates(seed, 2 * CASES))
    return [L for L in found if L.weight.any()][:CASES]


@pytest.mark.parametrize("name", SOLVERS)
def test_objective_is_that_of_the_convex_solver(name: str) -> None:
    solve, x = SOLVERS[name]
    cases = drawn(7)
    assert len(cases) == CASES
    assert any((L.weight == 0).any() for L in cases) and any(L.allowed is not None for L in cases)
    assert any(((L.pi == 1).any(axis=1) & (L.weight > 0)).any() for L in cases)
    moved = 0
    for L in cases:
        step: Step = solve(L, x)
        assert step.objective == pytest.approx(reference(name, L, x), rel=NEAR, abs=ZERO)
        moved += step.status == "moved"
        if name in ("max_kl", "mean_kl"):
            assert getattr(step, name) <= x + INSIDE
        assert abs(step.pi_new.sum(axis=1) - 1).max() <= INSIDE
        if L.allowed is not None:
            assert (step.pi_new[~L.allowed] == 0).all()
        assert (step.pi_new[L.weight == 0] == L.pi[L.weight == 0]).all()
    assert moved > CASES / 2


@pytest.mark.parametrize("name", SOLVERS)
def test_no_policy_nearby_is_better(name: str) -> None:
    """Random policies near the optimum have no larger objective."""
    solve, x = SOLVERS[name]
    rng = np.random.default_rng(3)
    for L in drawn(8):
        step = solve(L, x)
        seen = L.weight > 0
        d = L.weight[seen] / L.weight.sum()
        for _ in range(10):
            row = rng.dirichlet(np.full(L.pi.shape[1], 0.3), len(L.pi))
            row = row if L.allowed is None else np.where(L.allowed, row + 1e-9, 0)
            row /= row.sum(axis=1, keepdims=True)
            other = mixture(step.pi_new, row, float(rng.uniform(0, 0.1)))
            far = kl(L.pi, other)[seen]
            gain = float((L.G * (other - L.pi)).sum())
            if name in ("max_kl", "mean_kl"):
                if (far.max() if name == "max_kl" else d @ far) > x:
                    continue
                assert gain <= step.gain + 1e-9
            else:
                cost = far.max() if name == "minorize" else d @ far
                assert gain - x * cost <= step.objective + 1e-9
