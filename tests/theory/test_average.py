"""Average rewards: solved by hand, by definition, in every arithmetic; chains that do not mix."""

from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tabular_trpo._core.linalg.dense import closed_classes, fundamental_matrix
from tabular_trpo._falsify.score import APPLICABLE, scorer
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.plain import FastPair, PairTables
from tabular_trpo._theory.theorems import TOPICS
from tabular_trpo._theory.vocabulary import QUANTITIES
from tests.strategies import pairs
from tests.theory.test_arithmetics import held, near

AVERAGE = TOPICS["Average reward"]

F = Fraction
OF_AVERAGES = {name for name, entry in QUANTITIES.items() if entry.average}


def two_states(rho0: Any = (1, 0), gamma: Any = "1/2") -> Pair:
    """pi leaves the first state with 1/2 and the second with 1/4; pi_new with 1/4 and 1."""
    P = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]
    mdp = tt.MDP(P, [["3", "0"], ["0", "1"]], rho0, gamma)
    return Pair(mdp, [["1/2", "1/2"], ["3/4", "1/4"]], [["3/4", "1/4"], ["0", "1"]])


def apart() -> Pair:
    """Under pi each state is left for the other, under pi_new neither is ever left."""
    P = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]
    mdp = tt.MDP(P, [["0", "1"], ["0", "0"]], [1, 0], "1/2")
    return Pair(mdp, [["0", "1"]] * 2, [["1", "0"]] * 2)


def test_two_states_solved_by_hand() -> None:
    """d_avg is (b, a) / (a + b) where a and b leave, the constant 1 + 1 / (a + b)."""
    p = two_states()
    assert p.d_avg.tolist() == [F(1, 3), F(2, 3)]
    assert p.d_avg_new.tolist() == [F(4, 5), F(1, 5)]
    assert (p.kemeny, p.kemeny_new) == (1 + F(4, 3), 1 + F(4, 5))
    assert (p.J, p.J_new) == (F(1, 3) * F(3, 2) + F(2, 3) * F(1, 4), F(4, 5) * F(9, 4) + F(1, 5))
    # h(0) - h(1) = (r_pi(0) - r_pi(1)) / (a + b), and rho0 . h = J
    assert p.h[0] - p.h[1] == (F(3, 2) - F(1, 4)) / F(3, 4)
    assert p.h[0] == p.J and p.h_new[0] == p.J_new
    assert p.h_new[0] - p.h_new[1] == (F(9, 4) - 1) / F(5, 4)


def test_the_start_moves_nothing_but_a_constant() -> None:
    one, other = two_states(), two_states(["1/4", "3/4"], "9/10")
    for name in OF_AVERAGES - {"h", "h_new"}:
        assert np.all(getattr(one, name) == getattr(other, name)), name
    assert len(set(one.h - other.h)) == 1
    for theorem in AVERAGE[:5]:
        assert (theorem(one).lhs, theorem(one).rhs) == (theorem(other).lhs, theorem(other).rhs)


def test_definitions(rng: np.random.Generator) -> None:
    """Stationary law, mean first passage times and returns of long discounted runs."""
    for S in (1, 2, 5):
        mdp = tt.MDP(
            rng.dirichlet(np.ones(S), (S, 3)), rng.normal(size=(S, 3)), np.ones(S) / S, 1 - 1e-7
        )
        pi = rng.dirichlet(np.ones(3), S)
        p = Pair(mdp, pi, pi)
        P = np.einsum("sa,sat->st", pi, mdp.P)
        assert np.linalg.matrix_power(P, 2**12)[0] == pytest.approx(p.d_avg, abs=1e-9)
        passage = np.zeros((S, S))  # from s to t, 0 on the diagonal
        for t in range(S):
            rest = np.arange(S) != t
            passage[rest, t] = np.linalg.solve(
                np.eye(S - 1) - P[np.ix_(rest, rest)], np.ones(S - 1)
            )
        assert passage @ p.d_avg == pytest.approx(np.full(S, p.kemeny - 1), rel=1e-9, abs=1e-12)
        assert (1 - mdp.gamma) * p.eta == pytest.approx(p.J, rel=1e-4, abs=1e-4)


@given(pairs())
def test_arithmetics_agree_where_chains_mix(pair: Pair) -> None:
    floats = pair.to_float()
    for name in OF_AVERAGES:
        try:
            exact = np.asarray(getattr(pair, name), dtype=object)
        except tt.NoValueError:
            with pytest.raises(tt.NoValueError, match="more than one recurrent class"):
                getattr(floats, name)
            with pytest.raises(tt.LimitError, match="not enclosed"):
                getattr(floats.enclosed(), name)
            continue
        assert all(type(x) is Fraction for x in exact.flat)
        assert near(getattr(floats, name), np.reshape([float(x) for x in exact.flat], exact.shape))
        assert held(getattr(floats.enclosed(), name), getattr(floats.exact, name)), name


def test_enclosures_are_narrow_enough_to_prove() -> None:
    pair = two_states().to_float()
    assert pair.enclosed().kemeny.hi - pair.enclosed().kemeny.lo < 1e-13
    slack = [theorem for theorem in AVERAGE if theorem(pair).slack > 1e-6]
    assert slack and {judge(theorem, pair, arithmetic="float").status for theorem in slack} == {
        "proved"
    }


def test_sparse_models_and_batches() -> None:
    alone = two_states().to_float()
    rows = sp.csr_array(alone.mdp.P.reshape(-1, 2))
    sparse = Pair(tt.MDP(rows, alone.mdp.r, alone.mdp.rho0, 0.5), alone.pi, alone.pi_new)
    P, r, rho0 = (np.stack([getattr(alone.mdp, x)] * 3) for x in ("P", "r", "rho0"))
    whole = tt.MDP(P, r, rho0, 0.5)
    lost, new = np.eye(2)[[0, 0]], alone.pi_new  # the second of three never leaves a state
    batch = Pair(whole, np.stack([alone.pi, lost, alone.pi]), np.stack([new] * 3))
    for name in OF_AVERAGES:
        assert near(getattr(sparse, name), getattr(alone, name)), name
        assert near(getattr(batch, name)[2], getattr(alone, name)), name
    assert np.isnan(batch.J).tolist() == [False, True, False]
    assert not np.isnan(batch.J_new).any()
    with pytest.raises(tt.LimitError, match="all pairs of states"):
        _ = sparse.enclosed().J


def test_states_that_are_left_less_than_once_in_2_to_the_53() -> None:
    """Exactly one recurrent class, but floats see two."""
    rare = [[1 - 1e-20, 1e-20], [0.0, 1.0]]
    P = np.stack([np.eye(2), np.full((2, 2), 0.5), rare])
    P[0, 0] = [1 - 1e-17, 1e-17]
    found = fundamental_matrix(P, np.full((3, 2), 0.5))
    assert np.isnan(found).any(axis=(1, 2)).tolist() == [True, False, True]
    assert found[1] == pytest.approx(np.linalg.inv(np.eye(2)), abs=1e-12)


@pytest.mark.parametrize("theorem", AVERAGE, ids=lambda theorem: theorem.name)
def test_chains_that_do_not_mix_have_no_average(theorem: tt.Theorem) -> None:
    pair = apart()
    if theorem in AVERAGE[5:]:  # of the old chain alone
        pair = Pair(pair.mdp, pair.pi_new, pair.pi)
    for one in (pair, pair.to_float()):
        verdict = judge(theorem, one)
        assert (verdict.status, verdict.reason) == ("vacuous", "the precondition fails")
    assert pair.classes + pair.classes_new == 3


@pytest.mark.parametrize("theorem", AVERAGE[1:5], ids=lambda theorem: theorem.name)
def test_bounds_are_attained(theorem: tt.Theorem) -> None:
    claim = theorem(fixtures.crossing())
    assert claim.lhs == claim.rhs == {"average_visitation": F(1, 5)}.get(theorem.name, claim.rhs)
    assert claim.lhs > 0


@given(st.integers(1, 6), st.integers(0, 2**36 - 1))
def test_one_closed_class(n: int, bits: int) -> None:
    edges = np.array([bits >> i & 1 for i in range(n * n)], dtype=bool).reshape(n, n)
    edges |= np.eye(n, dtype=bool) & ~edges.any(axis=1, keepdims=True)  # each state leads somewhere
    graph = nx.from_numpy_array(edges, create_using=nx.DiGraph)
    closed = list(nx.attracting_components(graph))
    assert closed_classes(edges) == len(closed)
    assert closed_classes(np.stack([edges, np.eye(n, dtype=bool)])).tolist() == [len(closed), n]


@pytest.mark.parametrize("theorem", AVERAGE[1:5], ids=lambda theorem: theorem.name)
def test_hunts_stay_where_chains_mix(theorem: tt.Theorem) -> None:
    """A chain that hardly mixes scores below all others; what is met is read as one that does."""
    found = tt.falsify(theorem, rounds=12)
    assert isinstance(found, tt.Unrefuted) and found.ratio is not None and found.ratio > 0.9
    P, r = np.eye(2)[[[0, 1], [1, 0]]], np.array([[1.0, 0.0], [0.0, 0.0]])
    rare, half, tilted = [[1 - 1e-9, 1e-9]] * 2, [[0.5, 0.5]] * 2, [[0.75, 0.25], [0.25, 0.75]]
    cases = PairTables(
        P=np.stack([P] * 2), r=np.stack([r] * 2), rho0=np.array([[1.0, 0.0]] * 2),
        gamma=np.array([0.5, 0.5]), pi=np.array([rare, half]), target=np.array([half, tilted]),
        alpha=np.array([0.5, 0.1]),
    )  # fmt: skip
    slow, quick = scorer(theorem)(FastPair(cases))
    assert slow == pytest.approx(APPLICABLE, abs=1e-6) and 0 < quick <= 1 + 1e-9


def test_two_recurrent_classes_are_named_and_no_average_is_made_up() -> None:
    """In every arithmetic and layout; the cure names the classes."""
    mdp = tt.MDP([[["1", "0"]], [["0", "1"]]], ["1", "0"], ["1/2", "1/2"], "1/2")
    pair = Pair(mdp, [["1"], ["1"]], [["1"], ["1"]])
    floats = pair.to_float()
    rows = sp.csr_array(floats.mdp.P.reshape(-1, 2))
    sparse = Pair(tt.MDP(rows, floats.mdp.r, floats.mdp.rho0, 0.5), floats.pi, floats.pi)
    for name in OF_AVERAGES:
        for one in (pair, floats, sparse):
            with pytest.raises(tt.NoValueError, match=r"structure\(mdp, pi\)\.recurrent"):
                getattr(one, name)
        with pytest.raises(tt.TabularError):
            getattr(floats.enclosed(), name)
    assert tt.structure(mdp, pair.pi).recurrent == ((0,), (1,))
    average = tt.claim("J is positive")(lambda p: (p.J, ">=", 0))
    for one in (pair, floats):
        assert judge(average, one).status == "vacuous"


def test_what_only_mixtures_have_is_refused_by_name() -> None:
    pair = two_states()
    for one in (pair, pair.to_float(), pair.to_float().enclosed()):
        for name in ("A_bar_target", "eps_target"):
            with pytest.raises(tt.NoValueError, match="the pair has no target"):
                getattr(one, name)
    assert Pair.mixture(pair.mdp, pair.pi, pair.pi_new, "1/2").A_bar_target.shape == (2,)
    assert pair.to_float().exact_seconds > 0
