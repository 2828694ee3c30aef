"""Which statements are one number twice, and which hold by algebra alone: the marks are complete.

Numbers are compared on random pairs, in floats.  Two equations are the same if their sides are the
same numbers up to a sign, two inequalities if their slacks are.  A statement is algebra if it holds
for any numbers that are put in the place of what it reads from a model.
"""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from tabular_trpo._falsify.draw import draw
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import Expression
from tabular_trpo._theory.plain import FastPair
from tabular_trpo._theory.theorems import THEOREMS, distinct
from tabular_trpo._theory.trace import Statement

NAMED = {theorem.name: theorem for theorem in THEOREMS}
SHARES = {"gamma", "max_tv", "alpha"}  # in [0, 1)
SIZES = {"eps", "eps_cpi", "eps_target", "C"}  # not negative
DRAWS = 400


@pytest.fixture(scope="module")
def numbers() -> dict[str, tuple[Any, Any]]:
    """Both sides of each statement on the same pairs of two and three states, (N,) each."""
    found: dict[str, list[tuple[Any, Any]]] = {theorem.name: [] for theorem in THEOREMS}
    for n_states, n_actions in ((2, 2), (3, 3)):
        pair = FastPair(draw(np.random.default_rng(7), 200, n_states, n_actions))
        for theorem in THEOREMS:
            sides = (theorem.statement.lhs, theorem.statement.rhs)
            values = [np.broadcast_to(side.value(pair), (200,)) for side in sides]
            found[theorem.name].append((values[0], values[1]))
    return {
        name: (np.concatenate([x for x, _ in two]), np.concatenate([y for _, y in two]))
        for name, two in found.items()
    }


def near(x: Any, y: Any) -> bool:
    """Whether two rows of numbers agree wherever both are finite, and that is often."""
    finite = np.isfinite(x) & np.isfinite(y)
    return bool(finite.sum() > 40 and np.allclose(x[finite], y[finite], rtol=1e-7, atol=1e-9))


def same(one: Theorem, other: Theorem, numbers: dict[str, tuple[Any, Any]]) -> bool:
    """Whether two statements say one number."""
    if one.condition_text() != other.condition_text():
        return False
    (a, b), (c, d) = numbers[one.name], numbers[other.name]
    equations = [theorem.statement.relation == "==" for theorem in (one, other)]
    if all(equations):
        return near(a, c) or near(a, -c)
    if any(equations):
        return False
    signs = [1 if theorem.statement.relation == "<=" else -1 for theorem in (one, other)]
    with np.errstate(invalid="ignore"):  # inf - inf
        return near(signs[0] * (b - a), signs[1] * (d - c))


def test_what_is_the_same_number_is_marked(numbers: dict[str, tuple[Any, Any]]) -> None:
    """Of statements that are one number, all but one are marked, with the name of that one."""
    found = {
        (one.name, other.name)
        for one, other in combinations(THEOREMS, 2)
        if same(one, other, numbers)
    }
    marked = {
        (one.name, other.name)
        for one, other in combinations(THEOREMS, 2)
        if (one.same_as or one.name) == (other.same_as or other.name)
    }
    assert found == marked


def test_marks_name_statements_that_have_none() -> None:
    for theorem in THEOREMS:
        assert not theorem.same_as or not NAMED[theorem.same_as].same_as
    assert len(distinct(THEOREMS)) == len(THEOREMS) - sum(bool(t.same_as) for t in THEOREMS)


def test_a_restatement_counts_where_its_original_is_not_asked_for() -> None:
    two = (NAMED["minorant_touches"], NAMED["minorant_gain"])
    assert distinct(two) == two
    assert distinct((*two, NAMED["surrogate_value"])) == (two[1], NAMED["surrogate_value"])


def substituted(e: Expression, rng: np.random.Generator, known: dict[Expression, Any]) -> Any:
    """Evaluate with random numbers in the place of names, sums and maxima."""
    parts = [substituted(x, rng, known) for x in e.args if isinstance(x, Expression)]
    match e.op, parts:
        case "number", _:
            return np.full(DRAWS, float(e.args[0]))
        case "+", [x, y]:
            return x + y
        case "-", [x, y]:
            return x - y
        case "*", [x, y]:
            return x * y
        case "/" | "ratio", [x, y]:
            return x / y
        case "smaller", [x, y]:
            return np.minimum(x, y)
        case "**", [x]:
            return x ** e.args[1]
        case "neg", [x]:
            return -x
        case "abs", [x]:
            return abs(x)
        case "sqrt", [x]:
            return np.sqrt(x)
        case "log", [x]:
            return np.log(x)
    if e not in known:
        name = e.args[0] if e.op == "name" else ""
        share, size = rng.random(DRAWS), rng.normal(size=DRAWS)
        known[e] = share if name in SHARES else abs(size) if name in SIZES else size
    return known[e]


def slack(statement: Statement, rng: np.random.Generator, known: dict[Expression, Any]) -> Any:
    lhs, rhs = (substituted(side, rng, known) for side in (statement.lhs, statement.rhs))
    match statement.relation:
        case "<=":
            return rhs - lhs
        case ">=":
            return lhs - rhs
    return -abs(lhs - rhs)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)
def test_what_holds_for_any_numbers_is_marked_as_algebra(theorem: Theorem) -> None:
    rng, known = np.random.default_rng(0), dict[Expression, Any]()
    with np.errstate(all="ignore"):
        left = slack(theorem.statement, rng, known)
        met = np.ones(DRAWS, dtype=bool)
        if theorem.condition is not None:
            met = slack(theorem.condition, rng, known) >= 0
    speaks = met & np.isfinite(left)
    holds = bool(speaks.sum() >= 20 and (left[speaks] >= -1e-9).all())
    assert theorem.algebra == holds


def test_natural_gradient_is_the_pseudo_inverse_of_the_fisher_matrix(
    rng: np.random.Generator,
) -> None:
    """By numpy on the whole matrix, from scores; a state without visits and a lost action too."""
    import tabular_trpo as tt

    P = rng.dirichlet(np.ones(3), (3, 3))
    P[:, :, 2] = 0
    mdp = tt.MDP(P / P.sum(axis=-1, keepdims=True), rng.normal(size=(3, 3)), [0.5, 0.5, 0], 0.5)
    pi = np.array([[0.5, 0.25, 0.25], [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])
    pair = tt.Pair(mdp, pi, rng.dirichlet(np.ones(3), 3))
    weights = (pair.rho[:, None] * pi).ravel()
    own = np.zeros((9, 3, 3))  # of each state and action, the scores of the logits of a table
    for s in range(3):
        for a in range(3):
            own[3 * s + a, s] = (np.arange(3) == a) - pi[s]
    for scores, found in (
        (own.reshape(9, 9), pair.natural.ravel()),
        (own.sum(axis=1), pair.w_fit[0]),
    ):
        F = scores.T @ (weights[:, None] * scores)
        g = scores.T @ (weights * pair.A.ravel())
        assert np.linalg.pinv(F, rcond=1e-10) @ g == pytest.approx(found, abs=1e-9)
        root = np.sqrt(weights)
        best = np.linalg.lstsq(root[:, None] * scores, root * pair.A.ravel(), rcond=1e-10)[0]
        assert best == pytest.approx(found, abs=1e-9)
