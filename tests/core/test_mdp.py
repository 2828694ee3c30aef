"""The model: what its constructors accept, its errors, and the other arithmetic."""

import copy
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._core.grid import UNIT
from tests.core.small_model import START, P, R, model
from tests.strategies import mdps

HALF = Fraction(1, 2)


def rows(mdp: tt.MDP) -> np.ndarray:
    dense = mdp.P.toarray() if mdp.is_sparse else np.asarray(mdp.P)
    return dense.reshape(mdp.n_states, mdp.n_actions, mdp.n_states)


# Arithmetics.


@pytest.mark.parametrize(
    ("changes", "arithmetic"),
    [
        ({}, "float"),
        ({"P": np.array(P), "r": np.array([1, 0])}, "float"),
        ({"P": [[[1, 0]], [[0, 1]]], "r": [1, 0], "rho0": [1, 0], "gamma": 0}, "float"),
        ({"P": [[[1, 0]], [[0, 1]]], "r": [1, 0], "rho0": [1, 0], "gamma": "9/10"}, "rational"),
        ({"P": [[["1/3", "2/3"]], [[0, 1]]], "r": [1, 0], "rho0": [1, 0], "gamma": 0}, "rational"),
        (
            {"P": np.array([[[1, 0]], [[0, 1]]]), "r": [HALF, 0], "rho0": [1, 0], "gamma": 0},
            "rational",
        ),
    ],
)
def test_arithmetic_follows_the_data(changes: dict[str, Any], arithmetic: str) -> None:
    mdp = model(**changes)
    assert mdp.arithmetic == arithmetic
    expected = object if arithmetic == "rational" else float
    assert {x.dtype for x in (mdp.P, mdp.r, mdp.rho0)} == {np.dtype(expected)}
    assert isinstance(mdp.gamma, Fraction if arithmetic == "rational" else float)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"gamma": "9/10"}, "^gamma = '9/10' is exact, expected floats throughout. Write it as a"),
        ({"P": np.array(P).astype(str)}, r"^P\[0, 0, 0\] = '0.5' is exact"),
        ({"P": [[["1/3", 0.5]], [[0, 1]]]}, r"P\[0, 0, 1\] = 0.5 is a float"),
        (
            {"P": [[["1"]]], "r": [[1]], "rho0": [1], "gamma": 0.5},
            "gamma = 0.5 is a float",
        ),
        (
            {"P": sp.csr_array([[1.0]]), "r": ["1/2"], "rho0": ["1"], "gamma": "1/2"},
            r"^r\[0\] = '1/2' is exact.* P is sparse, and exact models are dense",
        ),
    ],
)
def test_arithmetics_never_mix(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=where) as caught:
        model(**changes)
    assert caught.value.code == "mixed_lanes"


# Rewards, masks, names.


def test_reward_forms_mean_the_same() -> None:
    by_state = model(r=[1.0, 2.0])
    by_pair = model(r=[[1.0, 1.0], [2.0, 2.0]])
    by_triple = model(r=np.repeat([[[1.0]], [[2.0]]], 2, axis=1) + np.zeros((2, 2, 2)))
    assert np.array_equal(by_state.r, by_pair.r) and np.array_equal(by_triple.r, by_pair.r)
    assert by_pair.r_next is None and by_triple.r_next.shape == (2, 2, 2)


def test_reward_of_triples_is_averaged_over_next_states() -> None:
    r = np.arange(8.0).reshape(2, 2, 2)
    mdp = model(r=r)
    assert mdp.r.tolist() == [[0.5, 2.0], [5.0, 6.75]]
    assert np.array_equal(mdp.r_next, r)
    exact = tt.MDP([[["1/3", "2/3"]], [[1, 0]]], [[["3", "6"]], [["1", "9"]]], [1, 0], "1/2")
    assert exact.r.tolist() == [[5], [1]]


@pytest.mark.parametrize("exact", [False, True])
def test_masked_pairs_have_empty_rows_and_no_reward(exact: bool) -> None:
    allowed = np.array([[True, False], [True, True]])
    P_masked = [[[1, 0], [0, 0]], [[0, 1], [1, 0]]]
    mdp = tt.MDP(P_masked, [[1, 5], [0, 2]], [1, 0], "1/2" if exact else 0.5, allowed)
    assert mdp.r.tolist() == [[1, 0], [0, 2]]
    assert np.array_equal(mdp.mask, allowed)
    allowed[0, 1] = True
    assert not mdp.mask[0, 1]


def test_full_mask_is_no_mask() -> None:
    assert model(allowed=np.ones((2, 2), dtype=bool)).allowed is None
    assert model().mask.tolist() == [[True, True]] * 2


def test_names() -> None:
    assert model().state_names == ("0", "1")
    mdp = model(state_names=["left", "right"], action_names=("stay", "go"))
    assert (mdp.state_names, mdp.action_names) == (("left", "right"), ("stay", "go"))


# Float rows, read-only arrays.


def test_float_rows_are_put_on_the_grid_and_the_change_is_reported() -> None:
    row = np.array([0.1, 0.2, 0.3, 0.4])
    mdp = tt.MDP(np.tile(row, (4, 1, 1)), np.zeros(4), row, 0.5)
    assert sum(map(Fraction, mdp.P[0, 0])) == sum(map(Fraction, mdp.rho0)) == 1
    assert 0 < mdp.repair <= 2 * UNIT
    assert model().repair == 0.0
    assert 0 < tt.MDP([[[1.0]]] * 1, [0.0], [1.0 + 5e-10], 0.5).repair < 1e-9  # rho0 counts too
    csr = tt.MDP(sp.csr_array(np.tile(row, (4, 1))), np.zeros(4), [1.0, 0, 0, 0], 0.5)
    assert 0 < csr.repair <= 2 * UNIT


def test_input_arrays_are_neither_kept_nor_changed() -> None:
    given_P = np.array([[[0.3, 0.3, 0.4]]] * 3)
    kept, r, rho0 = given_P.copy(), np.zeros((3, 1)), np.array([1.0, 0.0, 0.0])
    mdp = tt.MDP(given_P, r, rho0, 0.5)
    assert np.array_equal(given_P, kept) and given_P.flags.writeable
    given_P[:], r[:], rho0[:] = 9.0, 9.0, 9.0
    assert mdp.P.max() < 1 and not mdp.r.any() and mdp.rho0[0] == 1.0


@pytest.mark.parametrize("kind", ["float", "rational", "batch", "sparse", "triples"])
def test_arrays_are_read_only(kind: str) -> None:
    mdp = {
        "float": model(),
        "rational": model().to_rational(),
        "batch": model(P=[P, P], r=[R, R]),
        "sparse": model(P=sp.csr_array(np.array(P).reshape(4, 2)), r=sp.csr_array(np.eye(4, 2))),
        "triples": model(r=np.ones((2, 2, 2))),
    }[kind]
    arrays: list[Any] = [mdp.r, mdp.rho0]
    for matrix in (mdp.P, mdp.r_next):
        is_csr = sp.issparse(matrix)
        arrays += [matrix.data, matrix.indices, matrix.indptr] if is_csr else [matrix]
    assert not any(x.flags.writeable for x in arrays if x is not None)
    with pytest.raises((AttributeError, TypeError)):
        setattr(mdp, "gamma", 0.5)  # noqa: B010


@given(mdps())
def test_copies_and_pickles_evaluate_the_same(mdp: tt.MDP) -> None:
    pi = tt.policies.uniform(mdp)
    eta = tt.evaluate(mdp, pi).eta
    for other in (copy.deepcopy(mdp), pickle.loads(pickle.dumps(mdp))):
        assert tt.evaluate(other, pi).eta == eta


# Batches.


def test_batch_broadcasts_and_is_indexed(rng: np.random.Generator) -> None:
    tables = rng.dirichlet(np.ones(2), size=(3, 2, 2))
    gammas = np.array([0.1, 0.5, 0.9])
    mdp = tt.MDP(tables, R, START, gammas, state_names=("x", "y"))
    assert mdp.batch_shape == (3,)
    assert (mdp.P.shape, mdp.r.shape) == ((3, 2, 2, 2), (3, 2, 2))
    assert (mdp.rho0.shape, mdp.gamma.shape) == ((3, 2), (3,))
    for i in range(3):
        one = mdp[i]
        assert one.batch_shape == () and one.gamma == gammas[i]
        assert one.state_names == ("x", "y")
        assert np.array_equal(one.P, mdp.P[i]) and np.array_equal(one.r, R)


def test_batch_of_two_axes() -> None:
    mdp = tt.MDP(np.broadcast_to(P, (2, 3, 2, 2, 2)), R, START, 0.5)
    assert mdp.batch_shape == (2, 3) and mdp[1].batch_shape == (3,)
    assert mdp[1, 2].batch_shape == ()


def test_reward_that_fits_a_batch_twice_is_refused() -> None:
    r = np.arange(4.0).reshape(2, 2)
    message = r"r has shape \(2, 2\), which fits \(batch, S\) and \(S, A\), expected one meaning"
    with pytest.raises(tt.InvalidMDPError, match=message + r".*\(batch, S, A\) = \(2, 2, 2\)"):
        model(P=[P, P], r=r)
    assert np.array_equal(model(P=[P, P], r=[r, r]).r, [r, r])
    assert np.array_equal(model(P=[P, P], r=np.ones((2, 2))).r, np.ones((2, 2, 2)))  # one meaning
    with pytest.raises(tt.InvalidMDPError, match=r"\(batch, S\) and \(S, A, S\)"):
        model(P=np.broadcast_to(P, (2, 2, 2, 2, 2)), r=np.arange(8.0).reshape(2, 2, 2))


def test_reward_with_every_batch_axis_is_read_as_such() -> None:
    r = np.arange(8.0).reshape(2, 2, 2)
    mdp = model(P=[P, P], r=r)
    assert np.array_equal(mdp.r, r) and mdp.r_next is None
    assert np.array_equal(mdp[1].r, r[1])


def test_single_model_is_not_indexed() -> None:
    with pytest.raises(tt.InvalidMDPError, match="mdp is a single model"):
        model()[0]


@pytest.mark.parametrize("n", [1, 3])
def test_rational_batch_is_refused(n: int) -> None:
    with pytest.raises(tt.InvalidMDPError, match="one model at a time"):
        tt.MDP([[[["1"]]]] * n, [0], [1], "1/2")


# CSR.


@given(mdps())
def test_csr_equals_dense(mdp: tt.MDP) -> None:
    dense = mdp.to_float()
    flat = dense.P.reshape(-1, dense.n_states)
    csr = tt.MDP(sp.csr_array(flat), dense.r, dense.rho0, dense.gamma, dense.allowed)
    assert csr.is_sparse and not dense.is_sparse
    assert (csr.n_states, csr.n_actions) == (dense.n_states, dense.n_actions)
    assert np.array_equal(rows(csr), dense.P) and np.array_equal(csr.r, dense.r)
    assert np.array_equal(csr.to_rational().P, dense.to_rational().P)


def test_csr_adds_duplicates_and_drops_stored_zeros() -> None:
    at = ([0, 0, 0, 1], [0, 0, 1, 1])
    mdp = tt.MDP(sp.coo_array(([0.25, 0.25, 0.5, 1.0], at)), [0, 0], START, 0.5)
    assert rows(mdp)[:, 0].tolist() == [[0.5, 0.5], [0.0, 1.0]]
    mdp = tt.MDP(sp.csr_array(([1.0, 0.0, 1.0], ([0, 0, 1], [0, 1, 1]))), [0, 0], START, 0.5)
    assert mdp.P.nnz == 2


def test_csr_rewards_of_triples() -> None:
    r = np.arange(8.0).reshape(2, 2, 2)
    mdp = model(P=sp.csr_array(np.array(P).reshape(4, 2)), r=sp.csr_array(r.reshape(4, 2)))
    assert mdp.r.tolist() == [[0.5, 2.0], [5.0, 6.75]]


@pytest.mark.parametrize("n", [2, 3])
def test_dense_rewards_of_triples_beside_csr_are_refused(n: int) -> None:
    with pytest.raises(tt.InvalidMDPError, match=rf"r has shape \({n}, 2, {n}\)"):
        tt.MDP(sp.csr_array(np.tile(np.eye(n), (2, 1))), np.zeros((n, 2, n)), np.eye(n)[0], 0.5)


# Counts.


def test_counts_become_exact_frequencies() -> None:
    mdp = tt.MDP.from_counts([[[1, 2]], [[0, 7]]], ["1", "0"], ["1", "0"], "1/2")
    assert mdp.P.tolist() == [[[Fraction(1, 3), Fraction(2, 3)]], [[0, 1]]]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[[0.5, 0.5]], [[0, 1]]], r"counts\[s=0, a=0, s'=0\] = 0.5, expected an integer"),
        ([[1, 2]], r"counts have shape \(1, 2\)"),
        ([[[3, -1]], [[0, 1]]], r"counts\[s=0, a=0, s'=1\] = -1"),
        ([[[0, 0]], [[0, 1]]], r"counts\[s=0, a=0\] sum to 0"),
    ],
)
def test_wrong_counts(counts: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP.from_counts(counts, ["1", "0"], ["1", "0"], "1/2")
