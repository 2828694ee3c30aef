"""Rows with entries below the grid 2^-53 are read exactly, so that radii do not grow."""

import statistics
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt


def peaked(rng: np.random.Generator, layout: str, gamma: float) -> tuple[tt.MDP, np.ndarray]:
    """Return a model and a policy with Dirichlet rows, whose small entries are far below 2^-53."""
    P = rng.dirichlet(np.full(8, 0.05), size=(8, 2))
    table = P if layout == "dense" else sp.csr_array(P.reshape(16, 8))
    mdp = tt.MDP(table, rng.normal(size=(8, 2)), rng.dirichlet(np.full(8, 0.05)), gamma)
    return mdp, rng.dirichlet(np.full(2, 0.03), size=8)


@pytest.mark.parametrize("layout", ["dense", "csr"])
@pytest.mark.parametrize("horizon", [1e-1, 1e-6, 1e-9])
def test_radius_holds_and_is_tight(layout: str, horizon: float) -> None:
    rng = np.random.default_rng(5)
    ratios: dict[str, list[float]] = {"V": [], "rho": [], "eta": []}
    for _ in range(8):
        mdp, pi = peaked(rng, layout, 1 - horizon)
        assert mdp._below is not None  # otherwise all rows are on the grid
        got = tt.evaluate(mdp, pi)
        truth = tt.evaluate(mdp.to_rational(), tt.policies.to_rational(got.pi))
        for name in ("V", "Q", "A", "rho", "d", "eta"):
            values, radii = (np.ravel(getattr(x, name)) for x in (got, got.radius))
            exact = np.ravel(np.asarray(getattr(truth, name), dtype=object))
            errors = [abs(Fraction(float(x)) - y) for x, y in zip(values, exact, strict=True)]
            assert all(e <= Fraction(float(r)) for e, r in zip(errors, radii, strict=True)), name
            if name in ratios and max(errors):
                ratios[name].append(float(Fraction(float(max(radii))) / max(errors)))
    assert all(statistics.median(x) < 50 for x in ratios.values()), ratios


def test_batch_reads_rows_below_the_grid() -> None:
    rng = np.random.default_rng(6)
    mdp, pi = peaked(rng, "dense", 0.9)
    batch = tt.MDP(np.stack([mdp.P, mdp.P]), mdp.r, mdp.rho0, 0.9)
    both, single = tt.evaluate(batch, pi), tt.evaluate(mdp, pi)
    assert np.all(abs(both.V[1] - single.V) <= both.radius.V[1] + single.radius.V)
    assert np.all(both.radius.V[1] < 1e-14 * np.max(abs(both.V)))
