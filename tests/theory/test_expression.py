"""Expressions: their text reads back as itself, and what the language lacks is refused at once."""

import ast
import operator
from fractions import Fraction
from typing import Any

import pytest

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.expression import number
from tabular_trpo._theory.misquotations import MISQUOTATIONS
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.trace import trace
from tabular_trpo._theory.vocabulary import QUANTITIES

p = Symbols()
OPERATIONS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def read(text: str) -> Any:
    """Build the expression that a text says, by the rules of Python."""
    return build(ast.parse(text, mode="eval").body)


def build(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=int(n)):
            return number(n)
        case ast.Name(id=name):
            return getattr(p, name)
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return -build(x)
        case ast.BinOp(left=x, op=ast.Pow(), right=ast.Constant(value=n)):
            return build(x) ** n
        case ast.BinOp(
            left=ast.Constant(value=int(n)), op=ast.Div(), right=ast.Constant(value=int(d))
        ):
            return number(Fraction(n, d))
        case ast.BinOp(left=x, op=op, right=y):
            return OPERATIONS[type(op)](build(x), build(y))
        case ast.Call(func=ast.Name(id="abs"), args=[x]):
            return abs(build(x))
        case ast.Call(func=ast.Name(id=name), args=args):
            return getattr(p, name)(*(build(x) for x in args))
    raise AssertionError(ast.dump(node))


TEXTS = [
    (p.L - (p.M - p.eta), "L - (M - eta)"),
    (p.L - p.M - p.eta, "L - M - eta"),
    (p.C / (p.L * p.M), "C/(L*M)"),
    (p.C / p.L * p.M, "C/L*M"),
    ((p.C + 1) * 2, "(C + 1)*2"),
    ((p.C * p.L) ** 2, "(C*L)**2"),
    ((p.C**2) ** 3, "(C**2)**3"),
    ((-p.C) ** 2, "(-C)**2"),
    (-(p.C**2), "-C**2"),
    (-(p.C + p.L), "-(C + L)"),
    (p.C * Fraction(1, 3), "C*(1/3)"),
    (Fraction(1, 3) * p.C, "1/3*C"),
    (p.C - (-2 * p.L), "C - -2*L"),
    (0.1 * p.C, "1/10*C"),
    (abs(p.L), "abs(L)"),
    (p.smaller(1, 2 * p.max_tv), "smaller(1, 2*max_tv)"),
    (p.L_mix(Fraction(1, 3)), "L_mix(1/3)"),
    (p.step_tv(3), "step_tv(3)"),
    (p.max_s(p.span_a(p.A) * p.gamma - p.tv), "max_s(span_a(A)*gamma - tv)"),
    (p.sqrt(p.max_kl / 2), "sqrt(max_kl/2)"),
]


@pytest.mark.parametrize(("expression", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text_has_the_parentheses_it_needs(expression: Any, text: str) -> None:
    assert str(expression) == text
    assert ast.dump(ast.parse(str(read(text)))) == ast.dump(ast.parse(text))


STATEMENTS = [*THEOREMS, *(one.claim for one in MISQUOTATIONS)]


@pytest.mark.parametrize("theorem", STATEMENTS, ids=lambda theorem: theorem.name)
def test_text_of_a_theorem_reads_back_as_itself(theorem: Any) -> None:
    lhs, relation, rhs = theorem.text()
    assert (str(read(lhs)), relation, str(read(rhs))) == theorem.text()
    assert max(len(lhs), len(rhs)) < 1000


BAD = {
    "sum over pairs": lambda: p.sum_s(p.A),
    "maximum over states of a scalar": lambda: p.max_s(p.eta),
    "actions of a vector": lambda: p.span_a(p.V),
    "branch": lambda: p.eta if p.eps else p.L,
    "comparison": lambda: p.eta == p.L,
    "order": lambda: p.eta < p.L,
    "text": lambda: p.eta + "1",
    "bool": lambda: p.eta + True,
    "infinity": lambda: p.eta + float("inf"),
    "power of a quantity": lambda: 2**p.eps,
    "negative power": lambda: p.eps**-1,
    "fractional power": lambda: p.eps**0.5,
    "huge power": lambda: p.eps**33,
    "steps that are no number": lambda: p.step_tv(p.eps),
    "half a step": lambda: p.step_tv(Fraction(1, 2)),
    "weight that is no number": lambda: p.L_mix(p.alpha),
}


@pytest.mark.parametrize("formula", BAD.values(), ids=BAD)
def test_what_is_outside_the_language_is_refused(formula: Any) -> None:
    with pytest.raises(TypeError):
        formula()


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    unknown = "^'epsilon' is no quantity or function of a pair; known are gamma, "
    with pytest.raises(AttributeError, match=unknown) as told:
        _ = p.epsilon
    known = set(str(told.value).partition("known are ")[2].split(", "))
    assert {"eta_new", "max_s", "step_tv", "smaller"} <= known


@pytest.mark.parametrize(
    "sides",
    [
        (p.eta, "<", p.L),
        (p.eta, ">="),
        (p.tv, "<=", 0),
        (p.eta, p.L, ">="),
        "eta >= L",
        None,
    ],
    ids=str,
)
def test_statement_needs_two_scalars_and_a_relation(sides: Any) -> None:
    with pytest.raises(TypeError):
        trace(lambda _: sides)


def test_statement_may_come_as_a_record() -> None:
    made = trace(lambda p: THEOREMS[0].claim(p.eta, p.L, ">="))
    assert str(made) == "eta >= L"


def test_names_cover_the_quantities_of_a_pair() -> None:
    data = {"gamma", "alpha", "rho0", "r", "pi", "pi_new"}
    assert {name for name, entry in QUANTITIES.items() if not entry.formula} == data
    assert set(QUANTITIES) - data <= set(dir(fixtures.cpi()()))
