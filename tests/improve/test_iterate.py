"""Runs of steps: certified gains, proofs of monotonicity, and rules that end a run."""

from fractions import Fraction as F
from itertools import pairwise
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._core.real import log
from tabular_trpo._exact.surrogate import surrogate
from tabular_trpo._families.random import garnet
from tabular_trpo._improve.gain_bounds import GAIN_BOUNDS, certified, gain_bounds, largest
from tabular_trpo._improve.iterate import iterate
from tabular_trpo._improve.multipliers import Mixture
from tabular_trpo._improve.rational_steps import in_floats, on_grid
from tabular_trpo._improve.step import step_to
from tabular_trpo._improve.stopping import gain_at_most, gap_at_most, halted, iterations
from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo.families import worst_case

MDPS = Path(__file__).parents[2] / "mdps"
NAMES = sorted(path.name for path in MDPS.glob("*.mdp.json"))
CHAIN = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")


def a_tenth(ev, L):
    """Return the step to a mixture with a tenth of the greedy policy, in either arithmetic."""
    share = F(1, 10) if ev.mdp.arithmetic == "rational" else 0.1
    return step_to(L, (1 - share) * L.pi + share * tt.policies.greedy(ev.mdp, ev.Q))


def soft(ev, L):
    """Return a mirror step in floats."""
    with np.errstate(divide="ignore"):
        return step_to(L, tt.policies.softmax(np.log(L.pi) + L.G))


def to(target):
    return lambda ev, L: step_to(L, np.array(target))


def uniform_run(mdp, step, *rules):
    return list(iterate(mdp, tt.policies.uniform(mdp), step, rules))


def test_gain_bounds_are_lower_bounds_of_the_table_only():
    names = [bound.name for bound in GAIN_BOUNDS]
    assert len(set(names)) == len(names) and set(names) <= {one.name for one in THEOREMS}
    ordered = [
        "trpo_bound",
        "coupling_span",
        "coupling_eps_cpi",
        "coupling_capped",
        "coupling_rows",
    ]
    assert set(ordered) <= set(names) and "coupling_bound" in names
    # Upper bounds are no gain bounds, nor are statements with values or visits of pi_new.
    none = ["trpo_bound_upper", "cpo_bound_upper", "residual_span", "hellinger", "pinsker"]
    assert not set(none) & set(names)


def test_gain_bound_is_derived_from_a_new_statement():
    @theorem("own", "own", center="L")
    def weak(p):
        return p.eta_new, ">=", p.L - 7 * p.eps

    (bound,) = gain_bounds([weak])
    pair = tt.Pair(CHAIN, [["1/2", "1/2"]], [["1/4", "3/4"]])
    assert certified(pair, [bound]) == {"weak": F(1, 2) - 7 * F(1, 2)}


def test_bounds_are_ordered_and_hold():
    case = worst_case.tight_thm1("1/10", "9/10")
    found = certified(tt.Pair(case.mdp, case.pi, case.pi_new))
    ends = [found[n] for n in ("coupling_span", "coupling_eps_cpi", "coupling_bound", "trpo_bound")]
    assert ends == sorted(ends, reverse=True)
    pair = tt.Pair(case.mdp, case.pi, case.pi_new)
    # The family attains the coupling bound.
    assert found["coupling_span"] == pair.eta_new - pair.eta
    assert all(bound <= pair.eta_new - pair.eta for bound in found.values())


def test_certified_floats_lie_below_the_exact_bounds():
    mdp = garnet(np.random.default_rng(1), 5, 3, 2, gamma=0.9)
    pi = tt.policies.uniform(mdp)
    pair = tt.Pair(mdp, pi, tt.policies.mixture(pi, tt.policies.greedy(mdp, mdp.r), 0.25))
    exact, floats = certified(pair.exact), certified(pair)
    assert set(floats) <= set(exact) and len(floats) > 20
    for name, bound in floats.items():
        assert F(bound) <= exact[name] and float(exact[name]) - bound <= 1e-9 * (1 + abs(bound))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", [on_grid(a_tenth), in_floats(soft)], ids=["mixture", "mirror"])
def test_runs_on_every_model_are_proved_monotone(name, step):
    mdp = tt.formats.load(MDPS / name).mdp
    records = uniform_run(mdp, step, iterations(3))
    for before, after in pairwise(records):
        assert (before.step.pi_new == after.pi).all() and before.eta_new == after.eta
    best = tt.optimal(mdp)
    for record in records:
        assert record.monotone == "proved" and not record.broken
        assert record.realised == record.realised_lo == record.realised_hi
        assert record.eta_new == tt.evaluate(mdp, record.step.pi_new).eta
        assert record.eta_new - record.eta == record.realised >= record.certified_gain
        assert best.eta_star - record.eta_new <= record.gap
        assert all(type(x) is F for x in (record.eta, record.step.gain, record.gap, record.C))


@pytest.mark.parametrize("arithmetic", ["rational", "float"])
def test_too_large_a_step_is_refuted(arithmetic):
    case = worst_case.tight_thm1("3/10", "9/10")
    mdp, pi, pi_new = case.mdp, case.pi, case.pi_new
    if arithmetic == "float":
        mdp, pi, pi_new = mdp.to_float(), tt.policies.to_float(pi), tt.policies.to_float(pi_new)
    (record,) = iterate(mdp, pi, to(pi_new), [iterations(1)])
    assert record.monotone == "refuted" and record.realised < 0 < record.step.gain
    assert not record.broken and record.certified_gain < 0
    assert record.ratio is not None and record.ratio < 0


def test_false_bound_is_reported_as_broken():
    @theorem("own", "own", center="L")
    def too_good(p):
        return p.eta_new, ">=", p.L - p.eps * p.max_tv**2

    case = worst_case.tight_thm1("1/10", "9/10")
    run = iterate(case.mdp, case.pi, to(case.pi_new), [iterations(1)], gain_bounds([too_good]))
    assert next(run).broken == ("too_good",)


def test_small_steps_in_floats_are_enclosed_by_the_difference_lemma():
    mdp = garnet(np.random.default_rng(0), 30, 3, 4, gamma=0.95)

    def tiny(ev, L):
        return step_to(L, (1 - 1e-9) * L.pi + 1e-9 * tt.policies.greedy(ev.mdp, ev.Q))

    record = uniform_run(mdp, tiny, iterations(1))[0]
    assert 0 < record.realised_lo <= record.realised <= record.realised_hi
    # The radii of eta and eta_new are about 1e-14, so their difference alone has a wider enclosure.
    assert record.realised_hi - record.realised_lo < 1e-4 * record.realised


def test_signs_that_floats_do_not_decide_are_decided_by_rationals():
    mdp = tt.MDP([[[1.0], [1.0]]], [[0.5, 0.5]], [1.0], 0.5)
    (record,) = iterate(mdp, [[0.5, 0.5]], to([[0.25, 0.75]]), [iterations(1)])
    assert record.monotone == "proved" and record.realised == 0
    wide = tt.MDP(np.ones((1, 2, 1)), np.full((1, 2), 0.5), np.ones(1), 0.5)
    assert uniform_run(wide, to([[1.0, 0.0]]), iterations(1))[0].monotone == "proved"


def test_model_too_large_for_rationals_may_be_undecided():
    n = 130
    P = np.zeros((n, 2, n))
    P[:, 0, :], P[:, 1, 0] = 1 / n, 1.0
    r = np.zeros((n, 2))
    mdp = tt.MDP(P, r + np.pi, np.full(n, 1 / n), 0.9)
    target = np.tile([0.25, 0.75], (n, 1))
    record = uniform_run(mdp, to(target), iterations(1))[0]
    assert record.monotone == "undecided" and record.realised_lo < 0 < record.realised_hi
    assert record.realised_lo <= record.realised <= record.realised_hi


def test_mixture_is_certified_by_bounds_for_mixtures():
    case = worst_case.tight_cpi("9/10", -1)
    share = F(1, 10)

    def conservative(ev, L):
        new = tt.policies.mixture(L.pi, case.target, share)
        return step_to(L, new, Mixture(share, case.target))

    record = next(iterate(case.mdp, case.pi, conservative))
    assert record.certified["cpi_coupling"] == record.realised  # attained by this family
    assert "cpi_bound" in record.certified


def test_rules_end_a_run_with_their_guarantee():
    run = uniform_run(CHAIN, a_tenth, iterations(3))
    assert [record.i for record in run] == [1, 2, 3]
    assert [record.stopped and record.stopped.name for record in run] == [None, None, "iterations"]
    run = uniform_run(CHAIN, a_tenth, iterations(99), gap_at_most("1/4"))
    assert run[-1].stopped.name == "gap" and "eta* - eta <= tol" in run[-1].stopped.guarantee
    best = tt.optimal(CHAIN).eta_star
    assert best - run[-1].eta_new <= run[-1].gap <= F(1, 4) < run[-2].gap
    run = uniform_run(CHAIN, a_tenth, iterations(99), gain_at_most("1/20"))
    assert run[-1].stopped.name == "gain"
    assert run[-1].certified_gain <= F(1, 20) < run[-2].certified_gain
    run = uniform_run(CHAIN, to([[F(0), F(1)]]))
    assert [record.status for record in run] == ["moved", "optimal"]
    assert run[-1].stopped == halted() and run[-1].gap == 0 == run[-1].realised
    assert run[-1].ratio is None


def test_a_stuck_step_ends_the_run_with_a_gap():
    run = uniform_run(CHAIN, lambda ev, L: step_to(L, L.pi))
    assert [record.status for record in run] == ["stuck"] and run[0].gap == 1
    assert run[0].monotone == "proved" and run[0].eta_new is run[0].eta


def test_float_steps_return_rationals():
    case = worst_case.tight_thm1("1/10", "1/2")
    ev = tt.evaluate(case.mdp, case.pi)
    made = in_floats(soft)(ev, surrogate(ev))
    assert made.pi_new.dtype == object and made.gain > 0
    # The row (1/3, 1/3, 1/3) is not exact in doubles; it is unchanged where pi_new = pi.
    third = tt.MDP([[["1"]] * 3], [["1", "1", "1"]], ["1"], "1/2")
    ev = tt.evaluate(third, tt.policies.uniform(third))
    for step in (soft, to([[1.0, 0.0, 0.0]])):
        made = in_floats(step)(ev, surrogate(ev))
        assert made.gain == 0
    assert (in_floats(soft)(ev, surrogate(ev)).pi_new == ev.pi).all()


def test_rows_with_a_negative_gain_are_not_changed():
    ev = tt.evaluate(CHAIN, [["1/3", "2/3"]])
    worse = in_floats(to([[0.5, 0.5]]))(ev, surrogate(ev))
    assert (worse.pi_new == ev.pi).all() and worse.status == "stuck"


def test_grid_keeps_numbers_short():
    mdp = tt.formats.load(MDPS / "walk.mdp.json").mdp
    free, kept = (uniform_run(mdp, s, iterations(2)) for s in (a_tenth, on_grid(a_tenth, bits=4)))
    longest = max(x.denominator for x in kept[-1].step.pi_new.ravel())
    assert longest <= 2**53 and longest & (longest - 1) == 0
    assert abs(float(free[-1].eta_new - kept[-1].eta_new)) < 1e-12
    assert all(record.monotone == "proved" for record in kept)


@pytest.mark.parametrize("tol", [-1, nan, inf, "x", "-1/2", None, [0]])
@pytest.mark.parametrize("rule", [gap_at_most, gain_at_most])
def test_tolerance_is_a_finite_number(rule, tol):
    with pytest.raises(InvalidMDPError, match="tol"):
        rule(tol)


@pytest.mark.parametrize("most", [0, -1, 1.5, True, "3", None])
def test_number_of_iterations_is_a_positive_integer(most):
    with pytest.raises(InvalidMDPError, match="iterations"):
        iterations(most)


def test_wrong_starts_are_refused_before_the_first_step():
    with pytest.raises(InvalidMDPError, match="pi"):
        iterate(CHAIN, [["1/2", "1/3"]], a_tenth)
    with pytest.raises(ExactnessError):
        iterate(CHAIN, [[0.5, 0.5]], a_tenth)
    batch = tt.MDP(np.ones((2, 1, 1, 1)), np.ones((2, 1, 1)), np.ones((2, 1)), np.array([0.5, 0.9]))
    with pytest.raises(InvalidMDPError, match="batch"):
        iterate(batch, np.ones((1, 1)), a_tenth)


def test_gap_of_floats_encloses_the_exact_one():
    """The gap is max A / (1 - gamma) of the last policy, larger by rounding only."""
    for name in NAMES:
        mdp = tt.read(MDPS / name).to_float()
        record = next(iterate(mdp, tt.policies.uniform(mdp), a_tenth))
        new = tt.policies.to_rational(record.step.pi_new)
        ev = tt.evaluate(mdp.to_rational(), new)
        exact = max(ev.A[mdp.mask]) / (1 - ev.mdp.gamma)
        assert exact <= F(record.gap) and record.gap <= float(exact) * (1 + 1e-6) + 1e-6


def test_best_of_exact_reals():
    """Logarithms are compared by enclosures of their difference."""
    low, high = log(F(1, 3)), log(F(1, 2))
    assert (
        largest({"a": low, "b": high}) == ("b", high) and largest({"a": high, "b": low})[0] == "a"
    )
    assert largest({"a": high, "b": log(F(1, 2))})[0] == "a" and largest({}) == (None, None)
