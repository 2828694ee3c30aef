"""The duality gap: 0 in rationals at each optimum, positive for all other steps."""

from dataclasses import fields, replace
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._improve.duality import duality_gap
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.step import step_to
from tabular_trpo._improve.total_variation import mean_tv_constraint, tv_constraint, tv_penalty
from tests.improve.cases import floats, made, surrogates
from tests.strategies import triples
from tests.test_mdps import NAMES, load

STEPS = [tv_penalty, tv_constraint, mean_tv_constraint]
SIZES = [F(0), F(1, 1000), F(1, 8), F(1, 4), F(1, 3), F(1, 2), F(1), F(3), F(50)]


@pytest.mark.parametrize("solve", STEPS)
def test_gap_is_0_in_rationals(solve):
    for L in surrogates(21, 120):
        for size in SIZES:
            gap = duality_gap(L, solve(L, size))
            assert isinstance(gap, F) and gap == 0


@given(triples(), st.sampled_from(SIZES))
def test_gap_of_models_is_0(triple, size):
    mdp, pi, _ = triple
    ev = tt.evaluate(mdp, pi)
    L = tt.surrogate(ev)
    for solve in STEPS:
        assert duality_gap(L, solve(L, size)) == 0
    step = tv_penalty(L, tt.penalty(ev))
    assert duality_gap(L, step) == 0
    assert tt.evaluate(mdp, step.pi_new).eta >= ev.eta + step.objective


@pytest.mark.parametrize("name", NAMES)
def test_gap_of_algorithm_1_is_0(name):
    mdp = load(name).mdp
    ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
    L = tt.surrogate(ev)
    assert duality_gap(L, tv_penalty(L, tt.penalty(ev))) == 0


@pytest.mark.parametrize("solve", STEPS)
def test_gap_of_floats_is_a_rounding_error(solve):
    for L in surrogates(22, 100):
        step = solve(floats(L), 0.2)
        assert abs(duality_gap(floats(L), step)) <= 1e-13 * (1 + abs(step.gain))


@given(triples(), st.sampled_from(SIZES[2:]))
def test_gap_of_any_policy_is_the_optimum_less_its_objective(triple, size):
    """The dual value equals the optimum (strong duality)."""
    mdp, pi, other = triple
    L = tt.surrogate(tt.evaluate(mdp, pi))
    other = np.where((L.weight > 0)[:, None], other, L.pi)
    step = tv_penalty(L, size)
    worse = step_to(L, other, step.multipliers)
    missed = step.objective - (worse.gain - size * worse.max_tv**2)
    assert duality_gap(L, worse) == missed >= 0


def as_floats(found):
    """Return the multipliers in doubles."""
    values = {f.name: np.array(getattr(found, f.name), dtype=float) for f in fields(found)}
    return replace(found, **values)


def two_rows():
    return made([[0, 2, 3], [0, 2, 0]], [["1/4", "1/4", "1/2"], ["1/2", "1/2", 0]])


@pytest.mark.parametrize("solve", STEPS)
def test_a_perturbed_step_has_a_gap(solve):
    L = two_rows()
    step = solve(L, F(1, 3) if solve is not tv_penalty else 5)
    back = step_to(L, (step.pi_new * 99 + L.pi) / 100, step.multipliers)
    assert duality_gap(L, back) > 0
    assert (
        duality_gap(
            floats(L),
            replace(
                back,
                pi_new=floats(made(L.G, back.pi_new)).pi,
                multipliers=as_floats(back.multipliers),
            ),
        )
        > 1e-4
    )
    for name in {f.name for f in fields(step.multipliers)} - {"c", "a", "delta"}:
        for change in (F(1, 100), F(-1, 100)):
            changed = getattr(step.multipliers, name) + change
            found = replace(step.multipliers, **{name: changed})
            assert duality_gap(L, replace(step, multipliers=found)) > 0, (name, change)


@pytest.mark.parametrize("solve", [tv_constraint, mean_tv_constraint])
def test_steps_outside_the_constraint_are_refused(solve):
    L = two_rows()
    step = solve(L, "1/8")
    with pytest.raises(InvalidMDPError, match="at most delta"):
        duality_gap(L, step_to(L, greedy(L).pi_new, step.multipliers))
    wider = solve(L, F(1, 8) + F(1, 10**9))
    with pytest.raises(InvalidMDPError, match="at most delta"):
        duality_gap(L, step_to(L, wider.pi_new, step.multipliers))


def test_other_steps_are_refused():
    L = two_rows()
    step = tv_penalty(L, 5)
    with pytest.raises(InvalidMDPError, match="multipliers"):
        duality_gap(L, greedy(L))
    solved: Any = step.multipliers
    m = solved["m"]
    for wrong, text in ((-m, "multipliers >= 0"), (m[:1], "shape")):
        other = replace(step, multipliers=replace(solved, m=wrong))
        with pytest.raises(InvalidMDPError, match=text):
            duality_gap(L, other)
    with pytest.raises(ExactnessError):
        duality_gap(floats(L), step)
    with pytest.raises(InvalidMDPError, match="shape"):
        duality_gap(made([[1, 2]], [[0, 1]]), step)
    hidden = made(L.G, L.pi, [1, 0])
    with pytest.raises(InvalidMDPError, match="weight 0"):
        duality_gap(hidden, step)
