"""Values at the edges of the formula language: masks, infinities, logarithms of irrationals."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core import real
from tabular_trpo._theory.judge import NO_VALUE
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.vocabulary import FUNCTIONS, LITERAL, TABLE

HALF = Fraction(1, 2)


def masked() -> tt.Pair:
    """State x has actions a and b, state y has a only."""
    mdp = tt.MDP.from_transitions(
        [("x", "a", "y", "1", "1"), ("x", "b", "x", "1", "0"), ("y", "a", "x", "1", "2")],
        rho0={"x": "1"}, gamma="1/2", state_names=["x", "y"], action_names=["a", "b"],
    )  # fmt: skip
    pi = [[HALF, HALF], [Fraction(1), Fraction(0)]]
    return tt.Pair(mdp, pi, [[Fraction(1, 4), Fraction(3, 4)], [Fraction(1), Fraction(0)]])


def lost() -> tt.Pair:
    """The new policy loses an action of the first state; the second state has equal rows."""
    mdp = tt.MDP(np.array([[["1", "0"]] * 2, [["0", "1"]] * 2]), [["0", "1"]] * 2, ["1", "0"], "0")
    return tt.Pair(mdp, [["1/2", "1/2"]] * 2, [["1", "0"], ["1/2", "1/2"]])


def equal() -> tt.Pair:
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    return tt.Pair(mdp, [["1/2", "1/2"]], [["1/2", "1/2"]])


def judged(formula: Any, pair: tt.Pair) -> str:
    """Return the verdict, after floats and the checker were seen to give the same."""
    claim = tt.claim("edge")(formula)
    exact = tt.judge(claim, pair)
    floats = tt.judge(claim, pair.to_float(), arithmetic="float")
    status = "no value" if exact.reason.startswith(NO_VALUE) else exact.status
    assert floats.status in ("undecided", exact.status)
    if status == "no value":
        assert floats.status == "undecided"
        with pytest.raises(tt.LimitError, match=NO_VALUE):
            tt.certificate(pair.mdp, pair.pi, pair.pi_new, [claim])
    else:
        made = tt.certificate(pair.mdp, pair.pi, pair.pi_new, [claim])
        assert tt.check.check(made)[0].status == status
    return status


MASKED = {
    "sum": (lambda p: (p.max_s(p.sum_a(0 * p.pi + 1)), "==", 2), "proved"),
    "least sum": (lambda p: (-p.max_s(-p.sum_a(0 * p.pi + 1)), ">=", 2), "refuted"),
    "quotient": (lambda p: (p.sum_s(p.sum_a(p.pi_new / p.pi)), "==", 3), "proved"),
    "logarithm": (lambda p: (p.sum_s(p.sum_a(p.log(p.pi_new / p.pi))), "<=", 0), "proved"),
    "root": (lambda p: (p.sum_s(p.sum_a(p.sqrt(p.pi - 1 / p.pi + 3))), ">=", 3), "proved"),
    "power": (lambda p: (p.sum_s(p.sum_a(p.pi**0)), "==", 3), "proved"),
    "push": (lambda p: (p.sum_s(p.push(p.pi / p.pi)), "==", 3), "proved"),
    "move": (lambda p: (p.sum_s(p.move(p.pi / p.pi)), "==", 3), "proved"),
    "span": (lambda p: (p.max_s(p.span_a(p.pi / p.pi)), "==", 0), "proved"),
}
INFINITE = {
    "1/inf": (lambda p: (1 / p.max_kl, "<=", 1), "proved"),
    "x/inf": (lambda p: (p.max_tv, "<=", p.eps / p.max_kl), "refuted"),
    "0/inf": (lambda p: (0 / p.max_kl, "==", 0), "proved"),
    "inf/inf": (lambda p: (p.max_kl / p.max_kl, "<=", 1), "no value"),
    "inf - inf": (lambda p: (p.max_kl - p.max_kl, "<=", 1), "no value"),
    "0*(inf - inf)": (lambda p: (0 * (p.max_kl - p.max_kl), "<=", 1), "no value"),
    "inf**0": (lambda p: (p.max_kl**0, "==", 1), "proved"),
    "sqrt(inf)": (lambda p: (p.sqrt(p.max_kl), "<=", 1), "refuted"),
    "log(inf)": (lambda p: (p.log(1 + p.max_kl), ">=", 1), "vacuous"),
    "next": (lambda p: (p.max_sa(p.next(p.kl)), "<=", 1), "refuted"),
    "next, elsewhere": (lambda p: (-p.max_sa(-p.next(p.kl)), "<=", 1), "proved"),
    "push": (lambda p: (-p.max_s(-p.push(p.pi * p.kl)), "==", 0), "proved"),
    "shift": (lambda p: (p.max_s(abs(p.shift(p.kl))), "==", 0), "no value"),
    "smaller": (lambda p: (p.smaller(p.max_kl, 1), "==", 1), "proved"),
}
AT_EQUALITY = {
    "log 0": (lambda p: (p.log(p.max_tv), ">=", 0), "no value"),
    "0 log 0": (lambda p: (0 * p.log(p.max_tv), ">=", 0), "no value"),
    "vector to the power 0": (lambda p: (p.sum_s(p.rho**0), "==", 1), "proved"),
    "table to the power 0": (lambda p: (p.sum_s(p.sum_a(p.pi**0)), "==", 2), "proved"),
    "span of equal kl": (lambda p: (p.span_s(p.kl), "<=", 0), "proved"),
}
CASES = {
    (name, place): (formula, status, pair)
    for place, group, pair in (
        ("masked", MASKED, masked), ("infinite", INFINITE, lost), ("equal", AT_EQUALITY, equal)
    )
    for name, (formula, status) in group.items()
}  # fmt: skip


@pytest.mark.parametrize("key", CASES, ids=": ".join)
def test_value_at_an_edge(key: tuple[str, str]) -> None:
    formula, status, pair = CASES[key]
    assert judged(formula, pair()) == status


IRRATIONAL = {
    "log(1 + kl)": lambda p: (p.log(1 + p.max_kl), "<=", p.max_kl),
    "log(sqrt)": lambda p: (2 * p.log(p.sqrt(1 + p.max_tv)), "<=", p.max_tv),
    "log(log)": lambda p: (p.log(p.log(p.max_tv + 3)), ">=", 0),
}
FALSE = {"<=": ">=", ">=": "<="}


@pytest.mark.parametrize("name", IRRATIONAL)
def test_logarithms_of_irrational_numbers(name: str) -> None:
    lhs, relation, rhs = IRRATIONAL[name](Symbols())
    assert judged(lambda p: (lhs, relation, rhs), masked()) == "proved"
    assert judged(lambda p: (lhs, FALSE[relation], rhs), masked()) == "refuted"


def test_the_bhattacharyya_bound_is_sharp_for_2_and_false_for_5() -> None:
    def bound(c: int) -> Any:
        return lambda p: (p.max_s(-c * p.log(p.sum_a(p.sqrt(p.pi * p.pi_new))) - p.kl), "<=", 0)

    assert judged(bound(2), masked()) == "proved"
    assert judged(bound(5), masked()) == "refuted"


def test_exact_logarithms_of_irrationals_take_roots_and_factors_out() -> None:
    x = 1 + real.sqrt(2)
    assert real.log(3 * x) - real.log(x) == real.log(3)
    assert real.log(real.sqrt(7)) * 2 == real.log(7)
    with localcontext(prec=60):
        asinh = Fraction((1 + Decimal(2).sqrt()).ln())
    low, high = real.enclose(real.log(x), 64)
    assert low < asinh < high
    assert high - low < Fraction(1, 2**60)
    for undefined in (1 - real.sqrt(2), -real.INFINITY):
        with pytest.raises(ValueError, match="not positive"):
            real.log(undefined)


@pytest.mark.parametrize("name", [x for x in FUNCTIONS if FUNCTIONS[x].takes != (LITERAL,)])
def test_every_function_is_judged_alike_on_masked_models(name: str) -> None:
    """Each argument is 1 / pi or made of it, which has no value at actions that are missing."""
    table = Symbols().pi_new / Symbols().pi
    parts = [
        Symbols().max_a(table) if 0 <= takes < TABLE else table for takes in FUNCTIONS[name].takes
    ]
    made = getattr(Symbols(), name)(*parts)
    made = [made, Symbols().sum_s(made) if made.rank == 1 else made, made][made.rank]
    made = Symbols().max_sa(made) if made.rank == 2 else made
    assert judged(lambda p: (made, "<=", 1000), masked()) == "proved"


def test_theorems_speak_on_full_support_pairs_of_every_shipped_model(request: Any) -> None:
    for path in sorted((request.config.rootpath / "mdps").glob("*.mdp.json")):
        mdp = tt.read(path)
        uniform = tt.policies.uniform(mdp)
        best = tt.policies.greedy(mdp, tt.evaluate(mdp, uniform).Q)
        pair = tt.Pair.mixture(mdp, uniform, best, HALF)
        for theorem in THEOREMS:
            verdict = tt.judge(theorem, pair)
            assert not verdict.reason.startswith(NO_VALUE), (path.name, theorem.name)
