"""The greedy step, and its difference from policy iteration."""

from fractions import Fraction as F

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.status import StepStatus
from tests.improve.cases import floats, made, surrogates
from tests.test_mdps import NAMES, load


def test_worked_example():
    L = made([[1, 3, 3], [2, 2, 0], [0, 0, 0]], [["1/3"] * 3, ["1/4", "3/4", 0], [0, 0, 1]])
    step = greedy(L)
    # The first best action takes the mass; rows on best actions and rows of equal G are unchanged.
    assert step.pi_new.tolist() == [[0, 1, 0], [F(1, 4), F(3, 4), 0], [0, 0, 1]]
    assert step.gain == 3 - F(7, 3) and step.status == StepStatus.MOVED
    assert greedy(made(L.G, step.pi_new)).status == StepStatus.OPTIMAL


def test_an_action_that_is_not_allowed_is_not_taken():
    L = made([[0, -2, -1]], [[0, 1, 0]], allowed=[[False, True, True]])
    assert greedy(L).pi_new.tolist() == [[0, 0, 1]]


def test_gain_is_the_maximum_of_the_surrogate():
    for L in surrogates(11, 100):
        mask = np.ones_like(L.pi, dtype=bool) if L.allowed is None else L.allowed
        tops = [max(G[ok]) for G, ok in zip(L.G, mask, strict=True)]
        assert greedy(L).gain == sum(tops) - (L.G * L.pi).sum()
        assert (floats(L).pi == L.pi).all() or greedy(floats(L)).pi_new.shape == L.pi.shape


def unvisited():
    """Return the evaluation of a pi that does not reach state 1, where an action is better."""
    P = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    mdp = tt.MDP(P, [["0", "-1"], ["0", "2"]], ["1", "0"], "1/2")
    return tt.evaluate(mdp, [[1, 0], [1, 0]])


def test_unvisited_rows_move_in_policy_iteration_only():
    ev = unvisited()
    L = tt.surrogate(ev)
    assert greedy(L).status == StepStatus.OPTIMAL  # a bad policy that the surrogate cannot improve
    step = greedy(L, ev.A)
    assert step.pi_new.tolist() == [[1, 0], [0, 1]] and step.gain == 0
    better = tt.evaluate(ev.mdp, step.pi_new)
    again = greedy(tt.surrogate(better), better.A)
    assert again.pi_new.tolist() == [[0, 1], [0, 1]]
    assert tt.evaluate(ev.mdp, again.pi_new).eta == tt.optimal(ev.mdp).eta_star > ev.eta


@pytest.mark.parametrize("name", NAMES)
def test_policy_iteration_ends_at_an_optimum(name):
    mdp = load(name).mdp
    ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
    for _ in range(20):
        step = greedy(tt.surrogate(ev), ev.A)
        new = tt.evaluate(mdp, step.pi_new)
        assert (new.V >= ev.V).all()
        if not (step.pi_new != ev.pi).any():
            break
        ev = new
    assert (ev.V == tt.optimal(mdp).V_star).all()


def test_bad_advantages_are_refused():
    ev = unvisited()
    L = tt.surrogate(ev)
    with pytest.raises(InvalidMDPError, match="shape"):
        greedy(L, ev.A[0])
    with pytest.raises(ExactnessError):
        greedy(L, ev.A.astype(float) + 0.5)
    with pytest.raises(InvalidMDPError):
        greedy(floats(L), np.full((2, 2), np.nan))
    batch = tt.Surrogate(*(np.array([x, x]) for x in (L.G, L.weight, L.pi, L.eta)))
    with pytest.raises(InvalidMDPError, match="surrogate"):
        greedy(batch)
