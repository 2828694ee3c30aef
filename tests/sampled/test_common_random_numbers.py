"""Second moments of branches that share their random numbers, and of those that do not."""

from fractions import Fraction
from itertools import accumulate, product

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import LimitError
from tabular_trpo._sampled.common_random_numbers import monotone_coupling
from tabular_trpo._sampled.estimate import vine_contributions
from tabular_trpo._sampled.moments import vine_moments
from tests.sampled.models import F, dyadic, exact, exactly, grown, sink, started
from tests.strategies import rational_pairs


def test_overlaps_are_where_one_uniform_falls_in_both_rows() -> None:
    """By lengths of intervals, all pairs of them."""
    rows = [row.tolist() for _, pi, new in rational_pairs(71, 20) for row in (*pi, *new)]
    for p, q in product(rows[:25], rows[-25:]):
        ends = [list(zip([F(0), *accumulate(x)], accumulate(x), strict=False)) for x in (p, q)]
        reference = {}
        for (i, (a, b)), (j, (c, d)) in product(*map(enumerate, ends)):
            if min(b, d) > max(a, c):
                reference[i, j] = min(b, d) - max(a, c)
        outcomes = list(monotone_coupling(p, q))
        assert {(i, j): both for i, j, both in outcomes} == reference and len(outcomes) == len(
            reference
        )
        if len(p) == len(q) and p == q:
            assert all(i == j for i, j, _ in outcomes)
    assert list(monotone_coupling([F(0), F(0)], [F(1, 2), F(1, 2)])) == []  # an action not allowed


@pytest.mark.parametrize("next_rewards", [False, True])
@pytest.mark.parametrize("common", [False, True])
def test_second_moments_are_those_of_vine_moments(common: bool, next_rewards: bool) -> None:
    """By the root's state, which the model's own d weighs."""
    mdp, pi, pi_new = dyadic(next_rewards)
    new = tt.policies.to_float(pi_new)
    d = tt.evaluate(mdp, pi).d
    for horizon in (1, 2):
        branches = 1 if common else 2
        first, second = F(0), F(0)
        for s in (0, 1):
            draws = 1 + branches * (1 + 2 * (horizon - 1))
            out, p = grown(started(mdp, s), pi, draws, horizon=horizon, common=common)
            x = exactly(vine_contributions(out, p).gains(p, new))
            first, second = first + d[s] * x.mean(), second + d[s] * (x**2).mean()
        found = vine_moments(mdp, pi, pi_new, horizon, common)
        assert (found.mean, found.variance) == (first, second - first**2)
        assert found.variance > 0
        assert found.steps == 1 + 2 * horizon


def test_second_moments_with_stops_are_those_of_vine_moments() -> None:
    """Branches that share their numbers share their stop; the sink ends all by the third step."""
    mdp, pi, pi_new = sink()
    step = 2 * (pi_new - pi)
    chances = {1: F(1, 2), 2: F(1, 4), 3: F(1, 4)}
    d = tt.evaluate(mdp, pi).d
    first, shared, separate = F(0), F(0), F(0)
    for s in (0, 1):  # in the sink there is one action and nothing to gain
        products = exact([["0"] * 2] * 2)
        mean = exact(["0"] * 2)
        for k, chance in chances.items():
            out, _ = grown(started(mdp, s), pi, 2 * k, lengths=[[1], [k]])
            Q = exactly(out.Q)
            mean += chance * Q.mean(axis=0)
            products += chance * (Q.T @ Q) / len(Q)
        alone = products.diagonal() - mean**2
        first += d[s] * (step[s] @ mean)
        shared += d[s] * (step[s] @ products @ step[s])
        separate += d[s] * (step[s] ** 2 @ alone + (step[s] @ mean) ** 2)
    for common, second in ((True, shared), (False, separate)):
        found = vine_moments(mdp, pi, pi_new, common=common)
        assert (found.mean, found.variance) == (first, second - first**2)
    assert shared != separate


def test_common_numbers_take_what_the_covariance_is() -> None:
    """One state, gamma 0, an action's coin against the other's: both win, or just one does."""
    P = [[[0, "1/2", "1/2"], [0, "1/4", "3/4"]], [[0, 1, 0]] * 2, [[0, 0, 1]] * 2]
    r = np.full((3, 2, 3), Fraction(0), dtype=object)
    r[0, :, 1] = Fraction(1)
    mdp = tt.MDP(P, r, [1, 0, 0], "0")
    pi, new = exact([["1/2", "1/2"]] * 3), exact([["0", "1"]] + [["1/2", "1/2"]] * 2)
    # X = (Q1 - Q0) / 2, of means 1/2, 1/4; E X^2 = P(they differ) / 4, coupled 1/4 / 4.
    common, separate = (vine_moments(mdp, pi, new, common=c) for c in (True, False))
    assert common.mean == separate.mean == F(-1, 8)
    assert common.variance == F(1, 16) - F(1, 64)
    assert separate.variance == F(1, 8) - F(1, 64)


def test_pairs_of_states_are_limited() -> None:
    wide = tt.MDP(np.full((25, 1, 25), 0.04), np.zeros((25, 1)), [0.04] * 25, 0.5)
    only = np.ones((25, 1))
    with pytest.raises(LimitError, match=r"mdp has 25 states, expected at most 24.*common=False"):
        vine_moments(wide, only, only)
    assert vine_moments(wide, only, only, common=False).variance == 0
