"""The proved radii of float arithmetic against exact evaluations: correct, and not much too wide.

Each float model is converted to rationals (`to_rational`) and evaluated exactly; the difference is
compared with the radius in Fractions, entry by entry.
"""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from statistics import median
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt
from tests.exact.cases import HORIZONS, KINDS, FloatCase, batch, float_cases

QUANTITIES = ("V", "Q", "A", "rho", "d", "eta", "L")
CASES_A_KIND = 180
MOST_RATIO = 100


def measured(case: FloatCase) -> dict[str, tuple[Any, Any]]:
    """Return value and radius of every quantity in float arithmetic."""
    e = tt.evaluate(case.mdp, case.pi)
    L = tt.surrogate(e)
    out = {name: (getattr(e, name), getattr(e.radius, name)) for name in QUANTITIES[:-1]}
    return out | {"L": (L.value(case.pi_new), L.radius(case.pi_new))}


def exact(case: FloatCase) -> dict[str, Any]:
    """Return every quantity of the model that the floats represent, in rationals."""
    pi, pi_new = map(tt.policies.to_rational, (case.pi, case.pi_new))
    e = tt.evaluate(case.mdp.to_rational(), pi)
    out = {name: getattr(e, name) for name in QUANTITIES[:-1]}
    return out | {"L": tt.surrogate(e).value(pi_new)}


def pairs(value: Any, radius: Any, truth: Any) -> list[tuple[Fraction, Fraction]]:
    """Return (error, radius) of each entry, as Fractions."""
    columns = (np.ravel(np.asarray(x, dtype=object)) for x in (value, radius, truth))
    return [
        (abs(Fraction(float(v)) - t), Fraction(float(r))) for v, r, t in zip(*columns, strict=True)
    ]


def violations(case: FloatCase) -> Iterator[str]:
    """Yield a message for each entry whose error is above its radius."""
    truth = exact(case)
    for name, (value, radius) in measured(case).items():
        for i, (error, bound) in enumerate(pairs(value, radius, truth[name])):
            if error > bound:
                yield f"{name}[{i}] of {case.mdp}: {float(error):.3g} > {float(bound):.3g}"


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_is_above_its_radius(kind: str) -> None:
    """540 cases in total, with 1 - gamma from 1e-1 to 1e-9."""
    wrong = [v for case in float_cases(kind, seed=1, n=CASES_A_KIND) for v in violations(case)]
    assert wrong == []


def test_radius_is_of_the_order_of_the_error() -> None:
    """On dense models the median of largest radius / largest error is at most MOST_RATIO."""
    ratios: dict[str, list[float]] = defaultdict(list)
    for case in float_cases("dense", seed=1, n=CASES_A_KIND):
        truth = exact(case)
        for name, (value, radius) in measured(case).items():
            errors, bounds = zip(*pairs(value, radius, truth[name]), strict=True)
            worst = max(errors)
            ratios[name].append(float(max(bounds) / worst) if worst else float("inf"))
    medians = {name: median(values) for name, values in ratios.items()}
    assert set(medians) == set(QUANTITIES)
    assert max(medians.values()) <= MOST_RATIO, medians


@pytest.mark.parametrize("kind", KINDS)
def test_radius_is_a_few_units_in_the_last_place_at_every_horizon(kind: str) -> None:
    """One solve in doubles would lose a digit for each factor 10 in 1 / (1 - gamma)."""
    for case in float_cases(kind, seed=2, n=len(HORIZONS)):
        e = tt.evaluate(case.mdp, case.pi)
        assert np.max(e.radius.V) <= 2.0**-48 * np.max(np.abs(e.V))
        assert np.max(e.radius.rho) <= 2.0**-48 * np.max(e.rho)


def test_error_of_one_plain_solve_is_above_the_radius(rng: np.random.Generator) -> None:
    """The bounds are sharp enough to reject the result of numpy.linalg.solve."""
    outside = 0
    for case in float_cases("dense", seed=3, n=45):
        mdp, pi = case.mdp, case.pi
        M = np.eye(mdp.n_states) - mdp.gamma * np.einsum("sa,sat->st", pi, mdp.P)
        plain = np.linalg.solve(M, (pi * mdp.r).sum(axis=1))
        truth = exact(case)["V"]
        radius = tt.evaluate(mdp, pi).radius.V
        outside += any(error > bound for error, bound in pairs(plain, radius, truth))
    assert outside > 25


@pytest.mark.parametrize("kind", KINDS)
def test_a_shift_by_two_radii_is_found(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """An evaluation with V too large by two radii violates the bounds in every case."""
    evaluate = tt.evaluate

    def shifted(mdp: tt.MDP, pi: Any) -> tt.Evaluation:
        e = evaluate(mdp, pi)
        if mdp.arithmetic == "rational":
            return e
        V = e.V + 2 * e.radius.V
        return tt.Evaluation(mdp, e.pi, V, e.Q, e.A, e.rho, e.d, e.eta, e.radius)

    cases = list(float_cases(kind, seed=4, n=len(HORIZONS)))
    assert not any(list(violations(case)) for case in cases)
    monkeypatch.setattr(tt, "evaluate", shifted)
    for case in cases:
        seen = list(violations(case))
        assert seen and all(v.startswith("V[") for v in seen)


@pytest.mark.parametrize(
    ("count", "n_states", "horizons"),
    [
        (24, 5, HORIZONS[:2]),  # short horizons: the method for small models
        (24, 5, HORIZONS),
        (4, 12, HORIZONS[4:]),
        (12, 1, HORIZONS),
    ],
)
@pytest.mark.parametrize("kind", ["dense", "chain"])
def test_batches_keep_their_radii(kind: str, count: int, n_states: int, horizons: Any) -> None:
    case = batch(kind, 5, count, n_states, horizons)
    got = measured(case)
    for i in range(count):
        truth = exact(FloatCase(case.mdp[i], case.pi[i], case.pi_new[i]))
        for name, (value, radius) in got.items():
            assert all(e <= bound for e, bound in pairs(value[i], radius[i], truth[name])), name


def test_radius_of_a_batch_is_of_the_order_of_the_error() -> None:
    """The method for small models has no correction, so its bounds are wider, most of all for L."""
    count = 150
    case = batch("dense", 7, count, 6, HORIZONS[:2])
    got = measured(case)
    ratios = defaultdict(list)
    for i in range(count):
        truth = exact(FloatCase(case.mdp[i], case.pi[i], case.pi_new[i]))
        for name, (value, radius) in got.items():
            errors, bounds = zip(*pairs(value[i], radius[i], truth[name]), strict=True)
            assert all(e <= bound for e, bound in zip(errors, bounds, strict=True)), name
            ratios[name].append(float(max(bounds) / max(errors)) if max(errors) else float("inf"))
    medians = {name: median(values) for name, values in ratios.items()}
    assert medians.pop("L") <= 3 * MOST_RATIO
    assert max(medians.values()) <= MOST_RATIO / 4, medians


def with_tiny_entries(row: np.ndarray, tiny: float) -> np.ndarray:
    """Return a row with 1 at its largest entry and `tiny` at all others."""
    largest = row == row.max(axis=-1, keepdims=True)
    return np.asarray(np.where(largest, 1.0, tiny))


@pytest.mark.parametrize("tiny", [1.1e-16, 1e-40, 5e-324])
@pytest.mark.parametrize("storage", ["dense", "sparse", "batch"])
@pytest.mark.parametrize("where", ["P", "pi", "pi_new", "rho0", "all"])
@pytest.mark.parametrize("horizon", [1.0, 1e-1, 1e-6])
def test_rows_below_the_grid(
    rng: np.random.Generator, tiny: float, storage: str, where: str, horizon: float
) -> None:
    """The model with exact row sums differs from the doubles, and the radius covers this."""
    n = 9
    fields: dict[str, Any] = {
        "P": rng.dirichlet(np.ones(n), size=(n, n)),
        "pi": rng.dirichlet(np.ones(n), size=n),
        "pi_new": rng.dirichlet(np.ones(n), size=n),
        "rho0": rng.dirichlet(np.ones(n)),
    }
    for name in fields:
        if where in (name, "all"):
            fields[name] = with_tiny_entries(fields[name], tiny)
    P, r = fields["P"], rng.standard_normal((n, n))
    if storage == "sparse":
        P = sp.csr_array(P.reshape(-1, n))
    if storage == "batch":
        P = np.stack([P, P])
    mdp = tt.MDP(P, r, fields["rho0"], 1.0 - horizon)
    pi, pi_new = (tt.policies.check_policy(mdp, fields[name]) for name in ("pi", "pi_new"))
    got = measured(FloatCase(mdp, pi, pi_new))
    if storage == "batch":
        got = {name: (value[1], radius[1]) for name, (value, radius) in got.items()}
        mdp, pi, pi_new = mdp[1], pi[1], pi_new[1]
    truth = exact(FloatCase(mdp, pi, pi_new))
    for name, (value, radius) in got.items():
        assert all(e <= bound for e, bound in pairs(value, radius, truth[name])), name


@pytest.mark.parametrize("power", [-1064, -1000, -320, -60, 60, 101, 900, 1000])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_rewards_of_any_size(kind: str, power: int) -> None:
    """Radii are correct for rewards scaled by a power of two, subnormal values included."""
    for case in float_cases(kind, seed=6, n=6):
        mdp = case.mdp
        scaled = tt.MDP(mdp.P, np.ldexp(mdp.r, power), mdp.rho0, mdp.gamma, mdp.allowed)
        big = FloatCase(scaled, case.pi, case.pi_new)
        assert list(violations(big)) == []
        e = tt.evaluate(scaled, case.pi)
        assert np.max(e.radius.V) <= 2.0**-48 * np.max(np.abs(e.V)) + 2.0**-1070
