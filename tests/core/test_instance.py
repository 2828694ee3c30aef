"""The record of a model with two policies: mixtures, names in files, both arithmetics, pairs."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.instance import Instance
from tabular_trpo.families import worst_case

PLAIN = worst_case.fork("9/10", "1/10", "1/100")
MIXTURE = worst_case.tight_cpi("9/10", -1, "1/4")


@pytest.mark.parametrize("x", [PLAIN, MIXTURE], ids=["plain", "mixture"])
def test_a_pair_of_an_instance_has_its_policies(x: Instance) -> None:
    pair = tt.Pair.of(x)
    assert (pair.pi_new == x.pi_new).all() and pair.is_mixture == x.is_mixture
    assert pair.alpha == x.alpha
    again = pair.instance
    assert (again.other == x.other).all() and list(again.policies()) == list(x.policies())


@pytest.mark.parametrize("x", [PLAIN, MIXTURE], ids=["plain", "mixture"])
def test_arithmetics_are_those_of_the_pair(x: Instance) -> None:
    floats = x.to_float()
    assert floats.mdp.arithmetic == "float" and floats.name == x.name
    assert (tt.Pair.of(floats).pi_new == tt.Pair.of(x).to_float().pi_new).all()
    exact = floats.to_rational()
    assert (exact.pi_new == tt.Pair.of(floats).to_rational().pi_new).all()
    assert all(type(p) is Fraction for p in exact.pi_new.ravel())


def test_a_mixture_is_made_of_its_target() -> None:
    made = Instance.towards("x", MIXTURE.mdp, MIXTURE.pi, MIXTURE.target, Fraction(1, 4))
    assert (made.pi_new == MIXTURE.pi_new).all() and list(made.policies())[-1] == "target"
    plain = Instance.towards("x", MIXTURE.mdp, MIXTURE.pi, MIXTURE.target)
    assert not plain.is_mixture and plain.pi_new is plain.other
    with pytest.raises(tt.InvalidMDPError, match="alpha"):
        Instance.towards("x", MIXTURE.mdp, MIXTURE.pi, MIXTURE.target, Fraction(2))


def test_a_batch_of_mixtures_survives_copies() -> None:
    mdp = tt.MDP(np.ones((2, 1, 2, 1)), np.zeros((2, 1, 2)), np.ones((2, 1)), [0.5, 0.25])
    pi, target = np.full((2, 1, 2), 0.5), np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    pair = tt.Pair.mixture(mdp, pi, target, np.array([0.25, 0.5]))
    for again in (copy.deepcopy(pair), pickle.loads(pickle.dumps(pair))):
        assert (again.pi_new == pair.pi_new).all() and (again.alpha == pair.alpha).all()
    assert pair[1].alpha == 0.5 and (pair[1].pi_new == pair.pi_new[1]).all()


def test_it_prints_as_one_line() -> None:
    name = "tight_cpi(gamma=9/10, sign=-1, alpha=1/4)"
    assert repr(MIXTURE) == f"<Instance: {name}, mixture, S=2, A=2, rational>"
