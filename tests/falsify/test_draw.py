"""Every kind of case is drawn, and probabilities and rewards are multiples of the grid."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tabular_trpo._core.numbers import Array
from tabular_trpo._falsify.draw import GAMMAS, GREEDY, GRID, ROW_KINDS, draw, drawn, gridded, rows
from tabular_trpo._theory.plain import PairTables, evaluated

SIZE = (4, 3)


def cases_of(count: int, seed: int = 0) -> PairTables:
    return draw(np.random.default_rng(seed), count, *SIZE)


def absorbing(cases: PairTables) -> Array:
    """Return whether each state is absorbing under all actions, (N, S)."""
    return np.asarray(np.all(np.einsum("nsas->nsa", cases.P) == 1, axis=-1))


def ties(cases: PairTables) -> Array:
    """Return whether two different actions of a state have exactly equal Q under pi, (N,)."""
    found = []
    for i, Q in enumerate(evaluated(cases, cases.pi).Q):
        near = [
            (s, a, b)
            for s in range(SIZE[0])
            for a in range(SIZE[1])
            for b in range(a)
            if abs(Q[s, a] - Q[s, b]) < 1e-9 and np.any(cases.P[i, s, a] != cases.P[i, s, b])
        ]
        exact: Any = cases.exact(i).pair().old.Q if near else ()
        found.append(any(exact[s, a] == exact[s, b] for s, a, b in near))
    return np.array(found)


# name -> (which cases have it, how many must be enough to draw one)
FEATURES: dict[str, tuple[Callable[[PairTables], Any], int]] = {
    "two different actions tie": (ties, 100),
    "an action of probability 0": (lambda c: (c.pi == 0).any((1, 2)), 20),
    "new mass on an old zero": (lambda c: ((c.pi == 0) & (c.pi_new > 0)).any((1, 2)), 20),
    "the KL is infinite": (lambda c: ((c.pi > 0) & (c.pi_new == 0)).any((1, 2)), 50),
    "gamma <= 1/10": (lambda c: c.gamma <= 0.1, 20),
    "gamma >= 99/100": (lambda c: c.gamma >= 0.99, 50),
    "a gamma off the list": (lambda c: ~np.isin(c.gamma, GAMMAS), 20),
    "disjoint supports at a state": (lambda c: (c.pi * c.pi_new == 0).all(-1).any(-1), 50),
    "disjoint supports everywhere": (lambda c: (c.pi * c.pi_new == 0).all((1, 2)), 2000),
    "a tiny step": (lambda c: (c.alpha < 1 / 1000) & (c.pi != c.target).any((1, 2)), 50),
    "a whole step": (lambda c: c.alpha == 1, 20),
    "two deterministic policies": (
        lambda c: ((c.pi == 1) | (c.pi == 0)).all((1, 2)) & (c.pi_new % 1 == 0).all((1, 2)),
        200,
    ),
    "a greedy target": (
        lambda c: (c.target.argmax(-1) == evaluated(c, c.pi).A.argmax(-1)).all(-1),
        20,
    ),
    "one start": (lambda c: (c.rho0 == 1).any(-1), 20),
    "a start anywhere": (lambda c: (c.rho0 > 0).all(-1), 20),
    "rewards of both signs": (lambda c: (c.r > 0).any((1, 2)) & (c.r < 0).any((1, 2)), 20),
    "rewards in [0, 1]": (lambda c: ((c.r >= 0) & (c.r <= 1)).all((1, 2)), 20),
    "a full KL that is finite": (lambda c: ((c.pi > 0) & (c.pi_new > 0)).all((1, 2)), 20),
}


# These cases are rare in large tables and are therefore searched in small ones.
OF_SMALL = {
    "an absorbing state beside others": lambda c: absorbing(c).any(-1) & ~absorbing(c).all(-1),
    "no absorbing state": lambda c: ~absorbing(c).any(-1),
    "equal policies": lambda c: (c.pi == c.pi_new).all((1, 2)),
}


@pytest.mark.parametrize("name", OF_SMALL)
def test_draw_finds_at_two_states(name: str) -> None:
    assert OF_SMALL[name](draw(np.random.default_rng(0), 500, 2, 2)).any()


@pytest.mark.parametrize("name", FEATURES)
def test_draw_finds(name: str) -> None:
    feature, enough = FEATURES[name]
    assert feature(cases_of(enough)).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (4, 1), (5, 4)])
def test_rows_are_on_the_grid_and_sum_to_one_exactly(size: tuple[int, int]) -> None:
    cases = draw(np.random.default_rng(1), 500, *size)
    for table in (cases.P, cases.rho0, cases.pi, cases.target):
        units = table * GRID
        assert (units == np.rint(units)).all() and (units >= 0).all()
        assert (units.sum(-1) == GRID).all()
    assert (cases.r * 64 == np.rint(cases.r * 64)).all()
    assert ((cases.gamma > 0) & (cases.gamma < 1)).all()
    assert ((cases.alpha > 0) & (cases.alpha <= 1)).all()


def test_cases_are_read_exactly_as_they_are() -> None:
    cases = cases_of(5)
    for i in range(5):
        pair = cases.exact(i).pair()
        assert all(GRID % x.denominator == 0 for x in pair.mdp.P.ravel())
        assert all(sum(row) == 1 for row in pair.pi_new)
        assert pair.gamma.denominator <= 1000


def test_gridded_gives_the_missing_units_to_the_largest_remainders() -> None:
    found = gridded(np.array([[0.24, 0.46, 0.3], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]]), 10)
    # 2.4, 4.6, 3.0 lack one unit, which is the second's; of equals the first takes it.
    assert (np.rint(found * 10) == [[2, 5, 3], [4, 3, 3], [5, 5, 0]]).all()


def test_gridded_keeps_what_is_on_the_grid() -> None:
    table = cases_of(200).P
    assert (gridded(table) == table).all()


def test_row_kinds_are_what_they_are_called() -> None:
    shape = (2000, 5)

    def of(name: str) -> Array:
        return rows(np.random.default_rng(2), shape, np.array(ROW_KINDS.index(name)))

    assert (np.sort(of("half"), -1) == [0, 0, 0, 0.5, 0.5]).all()
    assert (np.sort(of("certain"), -1) == [0, 0, 0, 0, 1]).all()
    assert (of("flat") > 0).all() and (of("peaked") > 0).all()
    assert np.median(of("peaked").max(-1)) > np.median(of("flat").max(-1)) + 0.2
    assert (of("nearly") > 0).all() and np.median(of("nearly").max(-1)) > 0.9
    support = (of("sparse") > 0).sum(-1)
    assert support.min() == 3 and {3, 4, 5} == set(support)
    for name in ROW_KINDS:
        assert np.allclose(of(name).mean(0), 1 / 5, atol=0.03), "no place in the row is favoured"
        assert np.allclose(of(name).sum(-1), 1)


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    first, again, other = cases_of(50), cases_of(50), cases_of(50, seed=1)
    assert (first.P == again.P).all() and (first.target == again.target).all()
    assert (first.P != other.P).any()


def test_a_gamma_is_held() -> None:
    assert (draw(np.random.default_rng(0), 20, 2, 2, gamma=0.25).gamma == 0.25).all()


def test_kinds_name_what_the_policies_are() -> None:
    found = drawn(np.random.default_rng(3), 2000, *SIZE)
    plain = draw(np.random.default_rng(3), 2000, *SIZE)
    assert (found.cases.P == plain.P).all() and (found.cases.target == plain.target).all()
    certain = found.kind_pi == ROW_KINDS.index("certain")
    assert certain.any() and (found.cases.pi[certain].max(-1) == 1).all()
    greedy = found.kind_target == GREEDY
    best = evaluated(plain, plain.pi).A.argmax(-1)
    assert greedy.any() and (plain.target.argmax(-1)[greedy] == best[greedy]).all()
    i = int(np.flatnonzero(certain & greedy)[0])
    assert found.family(i) == "certain to greedy"
    assert set(found.kind_target) == {*range(len(ROW_KINDS)), GREEDY}


def test_a_case_is_a_small_exact_model() -> None:
    pair = cases_of(1).exact(0).pair()
    assert isinstance(pair.gamma, Fraction) and pair.is_mixture
