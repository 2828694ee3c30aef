"""Chains, rings, rivers, locks and walks have the values that their docstrings state."""

from fractions import Fraction as F

import numpy as np
import pytest

from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo.families import named
from tests.families.oracle import check_model, evaluate, policy_of

G = F(9, 10)
MAKERS = {
    "chain": lambda g, **kw: named.chain(5, g, **kw),
    "ring": lambda g, **kw: named.ring(4, g, **kw),
    "river_swim": lambda g, **kw: named.river_swim(5, g, **kw),
    "combination_lock": lambda g, **kw: named.combination_lock(4, g, 3, **kw),
    "walk": lambda g, **kw: named.walk(3, g, **kw),
    "gridworld": lambda g, **kw: named.gridworld(4, 3, g, walls=[(1, 1)], **kw),
    "queue": lambda g, **kw: named.queue(4, g, **kw),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_arithmetics_and_layouts_agree(make):
    exact, floats, sparse = make("1/2"), make(0.5), make(0.5, layout="csr")
    for mdp in (exact, floats, sparse):
        check_model(mdp)
    assert (exact.arithmetic, floats.arithmetic, sparse.is_sparse) == ("rational", "float", True)
    assert np.abs((floats.P - exact.P).astype(float)).max() < 1e-15
    assert (sparse.P.toarray().reshape(floats.P.shape) == floats.P).all()
    assert (
        np.array_equal(sparse.r, floats.r)
        and np.abs((exact.r - floats.r).astype(float)).max() < 1e-15
    )
    assert np.array_equal(exact.mask, sparse.mask)
    assert exact.state_names == sparse.state_names
    assert list(exact.rho0) == list(sparse.rho0)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_csr_refuses_exact_arguments(make):
    with pytest.raises(InvalidMDPError, match='layout "csr" was asked for with exact arguments'):
        make("1/2", layout="csr")


def test_layout_is_one_of_two():
    with pytest.raises(InvalidMDPError, match=r"layout = 'coo', expected \"dense\" or \"csr\""):
        named.chain(3, 0.5, layout="coo")


@pytest.mark.parametrize("n", [1, 2, 6])
def test_chain_right_is_geometric(n):
    mdp = named.chain(n, G)
    V = evaluate(mdp, policy_of(mdp, "right")).V
    assert V == [G ** (n - 1 - s) / (1 - G) for s in range(n)]


def test_chain_slip_mirrors_the_action():
    mdp, mirrored = named.chain(4, G, slip="1/4"), named.chain(4, G, slip="3/4")
    assert (mdp.P[:, 0] == mirrored.P[:, 1]).all()
    assert mdp.P[1].tolist() == [[F(3, 4), 0, F(1, 4), 0], [F(1, 4), 0, F(3, 4), 0]]
    assert mdp.r.tolist() == [[0, 0]] * 3 + [[0, 1]]


def test_chain_refuses_a_slip_above_one():
    with pytest.raises(InvalidMDPError, match=r"slip = 3/2, expected a number in \[0, 1\]"):
        named.chain(3, G, slip="3/2")


@pytest.mark.parametrize("n", [1, 3, 5])
def test_ring_is_a_geometric_series(n):
    mdp = named.ring(n, G)
    assert evaluate(mdp, policy_of(mdp, "clockwise")).V == [
        G ** ((n - s) % n) / (1 - G**n) for s in range(n)
    ]
    assert evaluate(mdp, policy_of(mdp, "counter")).V == [G**s / (1 - G**n) for s in range(n)]


def test_river_swim_drift_is_geometric():
    mdp = named.river_swim(6, G)
    assert evaluate(mdp, policy_of(mdp, "left")).V == [G**s / 50 / (1 - G) for s in range(6)]
    assert mdp.P[0, 1].tolist()[:2] == [F(2, 5), F(3, 5)]
    assert mdp.P[5, 1].tolist()[-2:] == [F(1, 10), F(9, 10)]


def test_river_swim_refuses_more_than_all():
    with pytest.raises(InvalidMDPError, match=r"back = 1/2, expected a number in \[0, 2/5\]"):
        named.river_swim(3, G, back="1/2")


def test_combination_lock_key_is_a_power_of_gamma():
    code = [2, 0, 0, 1]
    mdp = named.combination_lock(4, G, 3, code)
    pi = policy_of(mdp, *(f"turn{a}" for a in [*code, 0]))
    assert evaluate(mdp, pi).V == [*(G ** (3 - k) for k in range(4)), 0]
    assert not any(evaluate(mdp, policy_of(mdp, "turn1")).V[:3])


def test_combination_lock_guessing_matches_its_closed_form():
    n, m = 5, 3
    mdp = named.combination_lock(n, G, m)
    pi = np.full(mdp.r.shape, F(1, m), dtype=object)
    b, c = G / m, G * F(m - 1, m)
    # V0 = b^(n-1)/m + c V0 (1 + b + ... + b^(n-1))
    assert evaluate(mdp, pi).V[0] == b ** (n - 1) / m / (1 - c * (1 - b**n) / (1 - b))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ([0, 1], "expected 3 action indices below 2"),
        ([0, 1, 2], r"code\[2\] = 2, expected 0 to 1"),
        ([0, 1, -1], r"code\[2\] = -1, expected 0 to 1"),
        ([0.0, 1.0, 1.0], "expected 3 action indices below 2"),
    ],
)
def test_combination_lock_refuses_a_bad_code(code, expected):
    with pytest.raises(InvalidMDPError, match=expected):
        named.combination_lock(3, G, 2, code)


@pytest.mark.parametrize(("action", "p"), [("walk", F(1, 2)), ("lean", F(3, 4))])
@pytest.mark.parametrize("n", [2, 3, 7])
def test_walk_matches_its_closed_form(n, action, p):
    mdp = named.walk(n, G)
    b = G / 2
    s = sum(b**k for k in range(1, n))
    assert evaluate(mdp, policy_of(mdp, action)).V[n] == p * G * b ** (n - 2) / 2 / (1 - G * s)


def test_walk_tends_to_one_half():
    mdp = named.walk(4, 1 - F(1, 10**9))
    assert abs(evaluate(mdp, policy_of(mdp, "walk")).V[4] - F(1, 2)) < F(1, 10**6)


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3"])
def test_sizes_are_whole_numbers(n):
    with pytest.raises(InvalidMDPError, match="expected a whole number, at least 1"):
        named.chain(n, G)


def test_a_hundred_thousand_states_need_no_loop():
    mdp = named.chain(100_000, 0.99, slip=0.1, layout="csr")
    assert mdp.P.shape == (200_000, 100_000)
    assert mdp.P.nnz == 400_000
