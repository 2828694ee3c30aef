"""The grid world has the values of its docstring; walls, slips and sizes are checked."""

from fractions import Fraction as F

import numpy as np
import pytest

from tabular_trpo._core.errors import InvalidMDPError, MemoryGuardError
from tabular_trpo.families import named
from tests.families.oracle import check_model, evaluate, policy_of

G = F(9, 10)


def cells(mdp):
    return [tuple(int(k) for k in name[1:].split("y")) for name in mdp.state_names]


@pytest.mark.parametrize("stay", ["0", "1/5", "9/10"])
def test_value_depends_on_the_distance_alone(stay):
    mdp = named.gridworld(4, 3, G, stay=stay)
    f = (1 - F(stay)) * G / (1 - F(stay) * G)
    pi = policy_of(mdp, *("right" if x < 3 else "up" for x, _ in cells(mdp)))
    found = evaluate(mdp, pi)
    away = [3 - x + 2 - y for x, y in cells(mdp)]
    assert found.V == [f**k / G if k else 0 for k in away]
    assert found.A.max() == 0  # so it is optimal


def test_step_reward_is_paid_until_the_prize():
    mdp = named.gridworld(3, 1, G, step_reward="-1/10")
    assert evaluate(mdp, policy_of(mdp, "right")).V == [F(-1, 10) + G * F(9, 10), F(9, 10), 0]


def test_walls_lengthen_the_way():
    mdp = named.gridworld(3, 3, G, walls=[(1, 0), (1, 1)])
    check_model(mdp)
    assert mdp.n_states == 7
    pi = policy_of(mdp, *("up" if y < 2 else "right" for _, y in cells(mdp)))
    assert evaluate(mdp, pi).V[0] == G**3
    start = mdp.state_names.index("x0y0")
    assert mdp.P[start, mdp.action_names.index("right"), start] == 1  # blocked


def test_slip_goes_to_both_sides():
    mdp = named.gridworld(3, 3, G, slip="1/5", stay="1/10")
    middle = mdp.P[mdp.state_names.index("x1y1")]
    for action, expected in {
        "up": {"x1y2": "7/10", "x0y1": "1/10", "x2y1": "1/10", "x1y1": "1/10"},
        "left": {"x0y1": "7/10", "x1y0": "1/10", "x1y2": "1/10", "x1y1": "1/10"},
    }.items():
        row = dict(zip(mdp.state_names, middle[mdp.action_names.index(action)], strict=True))
        assert {k: p for k, p in row.items() if p} == {k: F(p) for k, p in expected.items()}


def test_one_cell_is_the_prize():
    mdp = named.gridworld(1, 1, G)
    assert mdp.P.tolist() == [[[1]] * 4] and not mdp.r.any()


@pytest.mark.parametrize("wall", [(0, 0), (2, 2), (3, 0), (-1, 1), (0.5, 1), ("1", 1)])
def test_walls_must_be_free_cells(wall):
    with pytest.raises(InvalidMDPError, match="expected a cell of the 3 x 3 grid other than"):
        named.gridworld(3, 3, G, walls=[wall])


def test_slip_and_stay_share_one():
    with pytest.raises(InvalidMDPError, match=r"stay = 1/2, expected a number in \[0, 2/5\]"):
        named.gridworld(3, 3, G, slip="3/5", stay="1/2")


def test_large_grid_in_csr():
    mdp = named.gridworld(320, 320, 0.99, slip=0.2, layout="csr")
    assert mdp.is_sparse and mdp.n_states == 102_400
    assert np.array_equal(np.asarray(mdp.P.sum(axis=1)).ravel(), np.ones(4 * mdp.n_states))


def test_large_grid_is_refused_dense_before_it_is_built():
    with pytest.raises(MemoryGuardError, match="CSR"):
        named.gridworld(1000, 1000, 0.99)
