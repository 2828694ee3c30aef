"""Records of multipliers: typed, mappings with the documented names, and immutable."""

import copy
import pickle
from fractions import Fraction as F

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo import improve
from tabular_trpo._exact.surrogate import Surrogate

L = Surrogate(np.array([[0.0, 1.0], [2.0, 1.0]]), np.ones(2), np.full((2, 2), 0.5), 0.0)
CHAIN = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
THETA = np.zeros((2, 2))
GRADIENTS = "damping cg_iterations cg_residual cg_status"
STEPS = {  # a step, its record, and the names in JSON documents
    "greedy": (lambda: improve.greedy(L), improve.Multipliers, ""),
    "rwr": (lambda: improve.rwr(L, np.ones((2, 2))), improve.Multipliers, ""),
    "conservative": (lambda: improve.conservative(L, 0.5), improve.Mixture, "alpha target"),
    "tv_penalty": (lambda: improve.tv_penalty(L, 1.0), improve.TVPenalty, "c a m"),
    "tv_constraint": (lambda: improve.tv_constraint(L, 0.1), improve.TVConstraint, "delta m"),
    "mean_tv_constraint": (
        lambda: improve.mean_tv_constraint(L, 0.1), improve.MeanTVConstraint, "delta price",
    ),
    "max_kl": (lambda: improve.max_kl(L, 0.1), improve.KLConstraint, "delta lam"),
    "mean_kl": (lambda: improve.mean_kl(L, 0.1), improve.KLConstraint, "delta lam"),
    "minorize": (lambda: improve.minorize(L, 1.0), improve.KLPenalty, "C d lam"),
    "mean_kl_penalty": (lambda: improve.mean_kl_penalty(L, 1.0), improve.KLPenalty, "C lam"),
    "mirror": (lambda: improve.mirror(L, 1.0), improve.ReverseKLPenalty, "lam"),
    "natural": (
        lambda: improve.natural(L, THETA, 0.1),
        improve.ParametricStep, f"theta step_length quadratic_kl {GRADIENTS}",
    ),
    "natural_fixed": (
        lambda: improve.natural_fixed(L, THETA, 1.0),
        improve.ParametricStep, f"theta step_length quadratic_kl {GRADIENTS} lam",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_each_step_has_its_record_which_is_a_mapping(name):
    make, kind, keys = STEPS[name]
    step = make()
    found = step.multipliers
    assert type(found) is kind and list(found) == keys.split() and len(found) == len(keys.split())
    assert {**found}.keys() == found.keys() and "nothing" not in found
    for key, value in found.items():
        assert found[key] is value and value is not None
    with pytest.raises(KeyError):
        found["nothing"]
    for other in (pickle.loads(pickle.dumps(step)), copy.deepcopy(step)):
        assert other.multipliers == found and hash(other.multipliers) == hash(found)
    for array in (x for x in found.values() if isinstance(x, np.ndarray)):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_fields_of_another_type_are_refused():
    with pytest.raises(TypeError, match=r"KLConstraint: delta = None, expected a number"):
        improve.KLConstraint(None, 1.0)
    with pytest.raises(TypeError, match=r"Step: multipliers = a dict"):
        improve.Step(L.pi, 0.0, 0.0, 0.0, 0.0, 0.0, improve.StepStatus.STUCK, {})  # type: ignore[arg-type]


def test_theta_is_a_copy():
    theta = np.zeros((2, 2))
    step = improve.natural(L, theta, 0.0)
    theta[0, 0] = 7.0
    assert step.multipliers["theta"][0, 0] == 0


def test_statuses_are_their_strings():
    assert [str(x) for x in improve.StepStatus][:1] == ["moved"] and "moved" in [
        *improve.StepStatus
    ]
    assert repr([*improve.Monotone]) == "['proved', 'refuted', 'undecided']"
    assert improve.natural(L, THETA, 0.1).multipliers["cg_status"] == "solved"


def test_a_given_mixture_is_certified_as_one():
    def half(ev, L):
        target = [[F(0), F(1)]]
        return improve.step_to(L, (L.pi + target) / 2, improve.Mixture(F(1, 2), np.array(target)))

    record = next(improve.iterate(CHAIN, [["1/2", "1/2"]], half))
    assert "cpi_bound" in record.certified
    plain = next(
        improve.iterate(CHAIN, [["1/2", "1/2"]], lambda ev, L: improve.step_to(L, [["1/4", "3/4"]]))
    )
    assert plain.eta_new == record.eta_new and "cpi_bound" not in plain.certified


def test_records_are_one_readable_line():
    run = improve.iterate(CHAIN, [["1/2", "1/2"]], lambda ev, L: improve.greedy(L))
    record = next(run)
    best = improve.best_alpha(CHAIN, [["1", "0"]], [["0", "1"]])
    assert repr(record).startswith("Record(step 1 moved, eta 1 -> 2, monotone proved, gain >= ")
    assert repr(best) == "BestMixture(alpha 1, eta 2, proved at most 2, 0 stationary points)"
    for thing in (record, record.step, best, improve.iterations(3)):
        assert "\n" not in repr(thing) and len(repr(thing)) < 120


def test_old_names_work_and_warn():
    record = next(improve.iterate(CHAIN, [["1/2", "1/2"]], lambda ev, L: improve.greedy(L)))
    with pytest.warns(DeprecationWarning, match=r"best_rung is now Record.best_bound"):
        assert record.best_rung == record.best_bound
    with pytest.warns(DeprecationWarning, match="ladder is now bounds"):
        run = improve.iterate(  # type: ignore[call-arg]
            CHAIN, [["1/2", "1/2"]], lambda ev, L: improve.greedy(L), ladder=()
        )
    assert next(run).certified == {}


def test_step_to_refuses_other_shapes():
    for wrong in ([[0.5, 0.5]], [[[0.5, 0.5], [0.5, 0.5]]], [0.5, 0.5]):
        with pytest.raises(tt.InvalidMDPError, match="pi_new"):
            improve.step_to(L, wrong)
    with pytest.raises(tt.ExactnessError):
        improve.step_to(L, [["1/2", "1/2"], ["1/2", "1/2"]])
