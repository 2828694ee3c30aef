"""The model: what its constructors accept, what they say of wrong input, and crossings of lanes."""

import copy
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo.core.grid import UNIT
from tests.strategies import mdps

HALF = Fraction(1, 2)
P = [[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]]
R = [[1.0, 0.0], [0.0, 2.0]]
START = [1.0, 0.0]


def model(**changes: Any) -> tt.MDP:
    return tt.MDP(**{"P": P, "r": R, "rho0": START, "gamma": 0.9} | changes)


def rows(mdp: tt.MDP) -> np.ndarray:
    dense = mdp.P.toarray() if mdp.is_sparse else np.asarray(mdp.P)
    return dense.reshape(mdp.n_states, mdp.n_actions, mdp.n_states)


# Lanes.


@pytest.mark.parametrize(
    ("changes", "lane"),
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
def test_lane_follows_the_data(changes: dict[str, Any], lane: str) -> None:
    mdp = model(**changes)
    assert mdp.lane == lane
    expected = object if lane == "rational" else float
    assert {x.dtype for x in (mdp.P, mdp.r, mdp.rho0)} == {np.dtype(expected)}
    assert isinstance(mdp.gamma, Fraction if lane == "rational" else float)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"gamma": "9/10"}, "P = 0.5 is a float"),
        ({"P": [[["1/3", 0.5]], [[0, 1]]]}, r"P\[0, 0, 1\] = 0.5 is a float"),
        (
            {"P": [[["1"]]], "r": [[1]], "rho0": [1], "gamma": 0.5},
            "gamma = 0.5 is a float",
        ),
        ({"P": sp.csr_array([[1.0]]), "r": ["1/2"], "rho0": [1]}, "P is a sparse array of floats"),
    ],
)
def test_lanes_never_mix(changes: dict[str, Any], where: str) -> None:
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


# What is refused.


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"P": [[1.0]]}, "shape", r"P has shape \(1, 1\), expected \(..., S, A, S\)"),
        ({"P": [[[1.0, 0.0]]]}, "shape", r"P has shape \(1, 1, 2\)"),
        ({"P": sp.csr_array((3, 2))}, "shape", r"P has shape \(3, 2\), expected \(S\*A, S\)"),
        ({"r": [1.0, 2.0, 3.0]}, "shape", r"r has shape \(3,\), expected one of \(2,\), \(2, 2\)"),
        ({"r": sp.csr_array((4, 2))}, "shape", "the sparse r has .* expected dense like P"),
        ({"rho0": [1.0]}, "shape", r"rho0 has shape \(1,\), expected \(S,\) = \(2,\)"),
        ({"rho0": sp.csr_array([[1.0, 0.0]])}, "type", "rho0 is a sparse array"),
        ({"gamma": [0.5, 0.5]}, "shape", "gamma has shape"),
        ({"gamma": 1.0}, "gamma", r"gamma = 1.0, expected a number in \[0, 1\). gamma = 1 needs"),
        ({"gamma": -0.1}, "gamma", r"gamma = -0.1, expected a number in \[0, 1\)$"),
        ({"gamma": float("nan")}, "gamma", "gamma = nan"),
        (
            {"P": [P[0], [[0.0, 1.1], [0.25, 0.75]]]},
            "row_sum",
            r"P\[s=1, a=0\] sums to 1.1, expected 1 \(off by \+0.1; tolerance 1e-09\). "
            r"row \{1: 1.1\}. If these are counts, build with MDP.from_counts",
        ),
        (
            {"P": [P[0], [[0.0, 0.0], [0.25, 0.75]]]},
            "row_sum",
            r"P\[s=1, a=0\] sums to 0.0, .* masked by allowed=",
        ),
        (
            {"P": [P[0], [[-0.5, 1.5], [0.25, 0.75]]]},
            "negative",
            r"P\[s=1, a=0, s'=0\] = -0.5, expected a probability >= 0",
        ),
        (
            {"P": [P[0], [[float("nan"), 1.0], [0.25, 0.75]]]},
            "not_finite",
            r"P\[s=1, a=0, s'=0\] = nan",
        ),
        ({"r": [[1.0, float("inf")], [0.0, 0.0]]}, "not_finite", r"r\[s=0, a=1\] = inf"),
        ({"rho0": [0.5, 0.6]}, "row_sum", r"rho0 sums to 1.1, expected 1 \(off by \+0.1;"),
        ({"rho0": [1.5, -0.5]}, "negative", r"rho0\[s=1\] = -0.5"),
        ({"rho0": [1.0, float("nan")]}, "not_finite", r"rho0\[s=1\] = nan"),
        ({"allowed": [[1, 0], [1, 1]]}, "shape", r"allowed is int64 of shape \(2, 2\)"),
        (
            {"allowed": np.array([[True, False], [True, True]])},
            "disallowed",
            r"P\[s=0, a=1\] sums to 1.0, expected an empty row: not allowed",
        ),
        (
            {
                "P": [[[0.0, 0.0]], [[0.0, 1.0]]],
                "r": [0.0, 0.0],
                "allowed": np.array([[False], [True]]),
            },
            "no_action",
            "the state s=0 has no allowed action",
        ),
        ({"state_names": ["a", "a"]}, "names", "state_names has 2 entries, 1 different"),
        ({"state_names": ["a"]}, "names", "state_names has 1 entries"),
        ({"state_names": "ab"}, "names", "state_names"),
        ({"action_names": ["a", ["b"]]}, "names", "action_names"),
        ({"action_names": ["a", ""]}, "names", "action_names"),
    ],
)
def test_wrong_input_is_named(changes: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message) as caught:
        model(**changes)
    assert caught.value.code == code


def test_sparse_offenders_are_named_by_state_and_action() -> None:
    bad = np.array(P).reshape(4, 2)
    bad[3] = [-0.5, 1.5]
    with pytest.raises(tt.InvalidMDPError, match=r"P\[s=1, a=1, s'=0\] = -0.5"):
        model(P=sp.csr_array(bad))
    bad[3] = [0.5, 0.4]
    with pytest.raises(tt.InvalidMDPError, match=r"P\[s=1, a=1\] sums to 0.9.*row \{0: 0.5, 1:"):
        model(P=sp.csr_array(bad))


def test_batch_offenders_carry_the_batch_index() -> None:
    bad = np.array([P, P])
    bad[1, 0, 1] = [0.5, 0.4]
    with pytest.raises(tt.InvalidMDPError, match=r"P\[1, s=0, a=1\] sums to 0.9"):
        model(P=bad)


def test_every_offender_is_counted_and_twenty_are_shown() -> None:
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP(np.full((5, 5, 5), 0.1), np.zeros(5), np.full(5, 0.2), 0.5)
    assert len(caught.value.problems) == 20 and caught.value.hidden == 5
    assert str(caught.value).endswith("5 more problems of this kind")


def test_exact_rows_must_sum_to_one_exactly() -> None:
    off = Fraction(1, 10**30)
    with pytest.raises(tt.InvalidMDPError, match=r"off by 1/10{30}; exactly\)"):
        tt.MDP([[[1 + off]]], [0], ["1"], "1/2")


# Float rows, read-only arrays.


def test_float_rows_are_put_on_the_grid_and_the_change_is_reported() -> None:
    row = np.array([0.1, 0.2, 0.3, 0.4])
    mdp = tt.MDP(np.tile(row, (4, 1, 1)), np.zeros(4), row, 0.5)
    assert sum(map(Fraction, mdp.P[0, 0])) == sum(map(Fraction, mdp.rho0)) == 1
    assert 0 < mdp.repair <= 2 * UNIT
    assert model().repair == 0.0


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
        "batch": model(P=[P, P]),
        "sparse": model(P=sp.csr_array(np.array(P).reshape(4, 2)), r=sp.csr_array(np.eye(4, 2))),
        "triples": model(r=np.ones((2, 2, 2))),
    }[kind]
    arrays = [mdp.r, mdp.rho0]
    for matrix in (mdp.P, mdp.r_next):
        is_csr = sp.issparse(matrix)
        arrays += [matrix.data, matrix.indices, matrix.indptr] if is_csr else [matrix]
    assert not any(x.flags.writeable for x in arrays if x is not None)
    with pytest.raises((AttributeError, TypeError)):
        mdp.gamma = 0.5


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


def test_batch_has_its_own_axes_first_where_a_shape_fits_twice() -> None:
    r = np.arange(4.0).reshape(2, 2)
    assert np.array_equal(model(P=[P, P], r=r).r[1], [[2.0, 2.0], [3.0, 3.0]])


def test_single_model_is_not_indexed() -> None:
    with pytest.raises(tt.InvalidMDPError, match="mdp is a single model"):
        model()[0]


def test_rational_batch_is_refused() -> None:
    with pytest.raises(tt.InvalidMDPError, match="one model at a time"):
        tt.MDP([[[["1"]]]], [0], [1], "1/2")


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


# Transitions and counts.

LINES = [
    ("low", "stay", "low", "1/2", "1"),
    ("low", "stay", "high", "1/2", "1"),
    ("low", "climb", "high", "1", "-1"),
    ("high", "stay", "high", "1", "2"),
]
NAMES: dict[str, Any] = {"state_names": ("low", "high"), "action_names": ("stay", "climb")}


def test_transitions_by_name() -> None:
    mdp = tt.MDP.from_transitions(LINES, {"low": "1/3", "high": "2/3"}, "9/10", **NAMES)
    assert mdp.P.tolist() == [[[HALF, HALF], [0, 1]], [[0, 1], [0, 0]]]
    assert mdp.r.tolist() == [[1, -1], [2, 0]]
    assert mdp.rho0.tolist() == [Fraction(1, 3), Fraction(2, 3)]
    assert mdp.mask.tolist() == [[True, True], [True, False]]
    assert (mdp.state_names, mdp.action_names) == (("low", "high"), ("stay", "climb"))
    assert mdp.r_next is None  # no reward depends on the next state


def test_transitions_by_index_agree_with_names() -> None:
    place = {"low": 0, "high": 1, "stay": 0, "climb": 1}
    by_index = [(*(place[x] for x in line[:3]), *line[3:]) for line in LINES]
    one = tt.MDP.from_transitions(by_index, {0: "1/3", 1: "2/3"}, "9/10")
    two = tt.MDP.from_transitions(by_index, {"low": "1/3", 1: "2/3"}, "9/10", **NAMES)
    assert np.array_equal(one.P, two.P) and np.array_equal(one.rho0, two.rho0)
    assert one.state_names == ("0", "1")


def test_transition_rewards_may_depend_on_the_next_state() -> None:
    lines = [(0, 0, 0, "1/4", "8"), (0, 0, 1, "3/4", "0"), (1, 0, 1, 1, 0)]
    mdp = tt.MDP.from_transitions(lines, ["1", "0"], "1/2")
    assert mdp.r.tolist() == [[2], [0]] and mdp.r_next[0, 0, 0] == 8


@pytest.mark.parametrize("gamma", ["1/2", 0.5])
def test_whole_transitions_fit_both_lanes(gamma: Any) -> None:
    mdp = tt.MDP.from_transitions([(0, 0, 0, 1, 2)], [1], gamma)
    assert mdp.lane == ("float" if gamma == 0.5 else "rational")
    assert mdp.r[0, 0] == 2


@pytest.mark.parametrize("layout", ["auto", "dense", "csr"])
def test_layouts_agree(layout: str) -> None:
    lines = [(s, a, t, 0.25 + 0.5 * (t == a), s + t) for s in (0, 1) for a in (0, 1) for t in (0, 1)]
    mdp = tt.MDP.from_transitions(lines, {1: 1.0}, 0.5, layout=layout)
    assert mdp.is_sparse == (layout == "csr")
    assert rows(mdp).tolist() == [[[0.75, 0.25], [0.25, 0.75]]] * 2
    assert mdp.r.tolist() == [[0.25, 0.75], [1.25, 1.75]]


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ([], {}, "transitions are empty"),
        ([(0, 0, 0, 1)], {}, r"transitions\[0\] has 4 fields, expected rows \(s, a, s', prob"),
        ([(0, 0, "x", 1, 0)], {}, r"transitions\[0\] s' = 'x', expected an integer index"),
        ([(0, True, 0, 1, 0)], {}, r"transitions\[0\] a = True"),
        ([(0, -1, 0, 1, 0)], {}, r"transitions\[0\] a = -1"),
        ([(0, 0, 0, 1, 0), (0, 0, 0, 1, 0)], {}, r"transitions\[1\] repeats \(s, a, s'\) = "),
        ([("mid", "stay", "low", 1, 0)], NAMES, r"s = 'mid', expected one of the 2 s names"),
        ([(2, 0, 0, 1, 0)], NAMES, r"transitions\[0\] s = 2, expected one of the 2 s names"),
        ([(0, 0, [1], 1, 0)], NAMES, r"s' = \[1\]"),
        ([(0, 0, 0, "1", 0.1)], {}, r"transitions\[0\] reward = 0.1 is a float"),
        ([(0, 0, 0, 0.5, 0), (0, 0, 1, "1/2", 0)], {}, r"probability\[0\] = 0.5 is a float"),
        ([(0, 0, 0, "half", 0)], {}, r"probability\[0\] = 'half' is not a number"),
        ([(0, 0, 0, 0.9, 0)], {}, r"P\[s=0, a=0\] sums to 0.9"),
        ([(0, 0, 0, 1, 0), (0, 0, 1, 0, 0)], {}, r"P\[s=1, a=0\] sums to 0|no allowed action"),
    ],
)
def test_wrong_transitions(lines: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP.from_transitions(lines, {0: 1}, 0.5, **options)


@pytest.mark.parametrize("start", [{"mid": 1}, {7: 1}, {True: 1}, {"low": "1/2", 0: "1/2"}])
def test_wrong_start(start: dict[Any, Any]) -> None:
    with pytest.raises(tt.InvalidMDPError, match="rho0 names .* expected each state at most once"):
        tt.MDP.from_transitions(LINES, start, "9/10", **NAMES)


def test_absurd_index_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(tt.MemoryGuardError, match="Number states and actions without gaps"):
        tt.MDP.from_transitions([(10**13, 0, 0, 1, 0)], [1], 0.5)
    with pytest.raises(tt.InvalidMDPError, match="does not fit 64 bits"):
        tt.MDP.from_transitions([(10**30, 0, 0, 1, 0)], [1], 0.5)


def test_counts_become_exact_frequencies() -> None:
    mdp = tt.MDP.from_counts([[[1, 2]], [[0, 7]]], ["1", "0"], ["1", "0"], "1/2")
    assert mdp.P.tolist() == [[[Fraction(1, 3), Fraction(2, 3)]], [[0, 1]]]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[[0.5, 0.5]], [[0, 1]]], "counts are float64"),
        ([[1, 2]], r"counts are int64 of shape \(1, 2\)"),
        ([[[3, -1]], [[0, 1]]], r"counts\[s=0, a=0, s'=1\] = -1"),
        ([[[0, 0]], [[0, 1]]], r"counts\[s=0, a=0\] sum to 0"),
    ],
)
def test_wrong_counts(counts: Any, message: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=message):
        tt.MDP.from_counts(counts, ["1", "0"], ["1", "0"], "1/2")


# Crossings.


@given(mdps())
def test_float_reading_is_within_half_a_unit_and_exact_ever_after(mdp: tt.MDP) -> None:
    rough = mdp.to_float()
    exact = rough.to_rational()
    assert (rough.lane, exact.lane) == ("float", "rational")
    assert np.array_equal(rough.mask, mdp.mask)
    assert np.array_equal(exact.P > 0, mdp.P > 0)
    assert np.max(np.abs(exact.P - mdp.P)) <= 4 * Fraction(UNIT)
    assert all(x == Fraction(float(x)) for x in exact.P.flat)
    again = exact.to_float()
    assert all(
        np.array_equal(getattr(again, name), getattr(rough, name))
        for name in ("P", "r", "rho0", "gamma")
    )


def test_rows_below_the_grid_keep_their_support_in_both_lanes() -> None:
    tiny = 2.0**-70
    mdp = tt.MDP([[[1.0, tiny]], [[0.0, 1.0]]], [0.0, 1.0], [1.0, tiny], 0.5)
    assert mdp.P[0, 0].tolist() == [1.0, tiny]
    exact = mdp.to_rational()
    assert exact.P[0, 0].tolist() == [1 - Fraction(tiny), Fraction(tiny)]
    assert exact.rho0.tolist() == [1 - Fraction(tiny), Fraction(tiny)]
    assert exact.to_float().P[0, 0].tolist() == [1.0, tiny]
    csr = tt.MDP(sp.csr_array(mdp.P[:, 0]), [0.0, 1.0], [1.0, tiny], 0.5)
    assert np.array_equal(csr.to_rational().P, exact.P)


def test_crossing_to_the_own_lane_is_the_model_itself() -> None:
    mdp = model()
    assert mdp.to_float() is mdp
    exact = mdp.to_rational()
    assert exact.to_rational() is exact


def test_crossing_keeps_names() -> None:
    mdp = tt.MDP.from_transitions(LINES, {"low": 1}, "9/10", **NAMES)
    assert mdp.to_float().to_rational().state_names == ("low", "high")
    assert mdp.to_float().action_names == ("stay", "climb")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"P": [[[1 - Fraction(1, 10**400), Fraction(1, 10**400)]], [[0, 1]]]}, "underflow"),
        ({"rho0": [Fraction(1, 10**400), 1 - Fraction(1, 10**400)]}, "underflow"),
        ({"r": [10**400, 0]}, "overflow"),
        ({"gamma": 1 - Fraction(1, 10**20)}, "gamma"),
    ],
)
def test_numbers_beyond_float64_do_not_cross(changes: dict[str, Any], code: str) -> None:
    parts = {"P": [[["1", "0"]], [["0", "1"]]], "r": [0, 0], "rho0": [1, 0], "gamma": "1/2"}
    with pytest.raises(tt.LaneError, match="Stay in the rational lane") as caught:
        tt.MDP(**parts | changes).to_float()
    assert caught.value.code == code


def test_batch_does_not_cross_to_rationals() -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"Take one model by mdp\[i\]"):
        model(P=[P, P]).to_rational()


def test_dense_reading_of_a_large_sparse_model_is_refused() -> None:
    n = 10**6
    chain = sp.eye_array(n, format="csr")
    mdp = tt.MDP(chain, np.zeros(n), np.full(n, 1 / n), 0.5)
    with pytest.raises(tt.MemoryGuardError, match="CSR"):
        mdp.to_rational()
