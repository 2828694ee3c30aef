"""Rebuilding a model: rewards r(s, a, s') are kept, or dropped where the caller says so."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tests.core import small_model
from tests.core.small_model import P
from tests.strategies import mdps

TRIPLES = [[[1.0, 2.0], [0.0, 3.0]], [[0.0, 5.0], [2.0, 1.0]]]
LEANING = [[0.75, 0.25], [0.5, 0.5]]


def model(**changes: Any) -> tt.MDP:
    """Return the small model with rewards r(s, a, s')."""
    return small_model.model(**{"r": TRIPLES} | changes)


def spread(mdp: tt.MDP) -> Any:
    """The variance of one path, which distinguishes r(s, a, s') from its mean."""
    pi = tt.policies.uniform(mdp)
    return tt.sampled.return_moments(mdp, pi).variance


REBUILT: dict[str, Callable[[tt.MDP], tt.MDP]] = {
    "replace": lambda m: m.replace(gamma=m.gamma),
    "replace of rho0": lambda m: m.replace(rho0=m.rho0),
    "replace of the same P": lambda m: m.replace(P=m.P),
    "replace of names": lambda m: m.replace(state_names=("x", "y"), action_names=("u", "v")),
    "dataclasses.replace": lambda m: dataclasses.replace(m, gamma=m.gamma),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda m: pickle.loads(pickle.dumps(m)),
    "to_float and back": lambda m: m.to_float().to_rational().to_float(),
    "document": lambda m: tt.formats.from_document(tt.formats.to_document(m)).mdp,
    "csr": lambda m: m.to_float().replace(P=sp.csr_array(m.to_float().P.reshape(4, 2))),
    "batch": lambda m: tt.MDP(
        m.to_float().P[None], m.to_float().r_next[None], m.to_float().rho0, float(m.gamma)
    )[0],
}


@pytest.mark.parametrize("arithmetic", ["float", "rational"])
@pytest.mark.parametrize("way", REBUILT)
def test_rebuilding_keeps_rewards_of_transitions(way: str, arithmetic: str) -> None:
    mdp = model() if arithmetic == "float" else model().to_rational()
    other = REBUILT[way](mdp)
    assert other.rewards_on == mdp.rewards_on == "transitions"
    assert float(spread(other)) == pytest.approx(float(spread(mdp)), rel=1e-9)
    assert float(spread(other)) > 1.002 * float(spread(mdp.replace(r=mdp.r)))
    if other.arithmetic == arithmetic and other.is_sparse == mdp.is_sparse:
        assert spread(other) == spread(mdp)


def test_written_file_keeps_them(tmp_path: Path) -> None:
    tt.write(model(), tmp_path / "m.mdp.json")
    read = tt.read(tmp_path / "m.mdp.json")
    assert read.rewards_on == "transitions" and spread(read) == spread(model())


@given(mdps(), st.sampled_from(["gamma", "rho0", "P", "names"]))
def test_replacing_a_field_by_itself_changes_nothing(mdp: tt.MDP, field: str) -> None:
    changes = {"names": {"state_names": mdp.state_names}}
    other = mdp.replace(**changes.get(field, {field: getattr(mdp, field, None)}))
    for name in ("P", "r", "rho0", "gamma", "allowed", "r_next"):
        one, two = getattr(mdp, name), getattr(other, name)
        assert np.array_equal(one, two) if one is not None else two is None


def test_new_dynamics_average_the_rewards_anew() -> None:
    stay = [[[1.0, 0.0]] * 2, [[0.0, 1.0]] * 2]
    other = model().replace(P=stay)
    assert other.r.tolist() == [[1.0, 0.0], [5.0, 1.0]]
    assert np.array_equal(other.r_next, TRIPLES)


def test_new_rewards_drop_the_old_ones() -> None:
    other = model().replace(r=[[1.0, 2.0], [3.0, 4.0]])
    assert other.r_next is None and other.rewards_on == "pairs"
    again = other.replace(r=TRIPLES)
    assert again.rewards_on == "transitions" and np.array_equal(again.r, model().r)


def test_model_made_of_means_says_so() -> None:
    mdp = model()
    means = tt.MDP(mdp.P, mdp.r, mdp.rho0, mdp.gamma)
    assert (mdp.rewards_on, means.rewards_on) == ("transitions", "pairs")
    assert repr(mdp) == "<MDP: S=2, A=2, gamma 0.9, float, rewards on transitions>"
    assert repr(means) == "<MDP: S=2, A=2, gamma 0.9, float>"
    for name, how in (
        ("path_moments", (LEANING,)), ("return_moments", ()), ("vine_moments", (LEANING,)),
    ):  # fmt: skip
        of = getattr(tt.sampled, name)
        pi = tt.policies.uniform(mdp)
        assert [of(m, pi, *how).rewards_on for m in (mdp, means)] == ["transitions", "pairs"]


@pytest.mark.parametrize("arithmetic", ["float", "rational"])
@pytest.mark.parametrize(
    "changes",
    [{"r": [[1, 2], [3, 4]]}, {"P": [[[1, 0]] * 2, [[0, 1]] * 2]}],
)
def test_inconsistent_rewards_are_refused_with_a_cure_that_works(
    changes: dict[str, Any], arithmetic: str
) -> None:
    mdp = model() if arithmetic == "float" else model().to_rational()
    with pytest.raises(tt.InvalidMDPError, match=r"the mean of r_next.*mdp\.replace") as caught:
        dataclasses.replace(mdp, **changes)
    assert caught.value.code == "r_next"
    assert mdp.replace(**changes).arithmetic == arithmetic


def test_r_next_beside_its_mean_is_read_and_has_the_shape_of_P() -> None:
    mdp = model()
    assert np.array_equal(tt.MDP(P, mdp.r, [1, 0], 0.9, r_next=TRIPLES).r_next, TRIPLES)
    with pytest.raises(tt.InvalidMDPError, match="r_next has shape"):
        tt.MDP(P, mdp.r, [1, 0], 0.9, r_next=mdp.r)
    with pytest.raises(tt.InvalidMDPError, match="the mean of r_next"):
        tt.MDP(P, [[1.0, 2.0], [3.0, 4.0]], [1, 0], 0.9, r_next=TRIPLES)


def test_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="no field 'discount'; fields are P, r, rho0, gamma"):
        model().replace(discount=0.5)


def test_repair_is_remembered() -> None:
    mdp = tt.MDP(np.float32(P) * np.float32(1 + 2e-7), TRIPLES, [1.0, 0.0], 0.9)  # type: ignore[arg-type]
    assert mdp.repair > 1e-8
    for rebuild in (lambda m: m.replace(gamma=0.5), lambda m: dataclasses.replace(m, gamma=0.5)):
        assert rebuild(mdp).repair == mdp.repair
    assert mdp.to_rational().repair == pickle.loads(pickle.dumps(mdp)).repair == mdp.repair


@given(st.integers(0, 10**6))
def test_exact_reading_averages_to_r_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    r = rng.normal(size=(3, 2, 3)) * (rng.random((3, 2, 3)) < 0.7)
    mdp = tt.MDP(rng.dirichlet(np.ones(3), size=(3, 2)), r, [1.0, 0, 0], 0.9)
    exact = mdp.to_rational()
    assert np.array_equal((exact.P * exact.r_next).sum(axis=-1), exact.r)
    assert [Fraction(x) for x in mdp.r.flat] == list(exact.r.flat)
    off = np.abs(exact.r_next.astype(float) - mdp.r_next)
    assert off.max() <= 2.0**-48 and np.all((mdp.r_next != 0) | (off == 0))
    assert np.array_equal(exact.to_float().r, mdp.r)


def test_every_way_from_model_to_model_is_in_the_sweep() -> None:
    made = {
        name for name, x in inspect.getmembers(tt.MDP, inspect.isfunction)
        if x.__annotations__.get("return") == "MDP" and not name.startswith("__")
    }  # fmt: skip
    assert made == {"replace", "to_float", "to_rational"}
