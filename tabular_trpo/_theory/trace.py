"""Tracing: a formula is run once on symbols, and what it returns is a statement of the language.

A formula is a Python function of one argument `p` that returns (lhs, relation, rhs).  From the
traced statement come its text (the one a certificate states and `check` re-reads), the arithmetic
it needs and its value in every arithmetic.  What the language lacks raises while tracing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from tabular_trpo._core.numbers import shown
from tabular_trpo._core.records import locked
from tabular_trpo._theory.expression import (
    LITERAL_FUNCTIONS,
    MOST_POWER,
    RANK_NAMES,
    SCALAR,
    STATE,
    TABLE,
    Expression,
    joint_rank,
    number,
)

Sides = tuple[Any, str, Any]  # (lhs, relation, rhs)
Formula = Callable[[Any], Any]
RELATIONS = ("==", "<=", ">=")

NAMES = {
    SCALAR: "gamma alpha eta eta_new eta_dot L M M_pi C eps eps_cpi eps_target "
    "max_tv mean_tv max_kl mean_kl kl_d J J_new kemeny kemeny_new classes classes_new",
    STATE: "rho0 rho rho_new d d_new V V_new V_star A_bar A_bar_target tv kl kl_reversed W "
    "entropy entropy_new K K_new d_avg d_avg_new h h_new",
    TABLE: "A A_new Q Q_new r pi pi_new natural w_fit w_fit_new log_gap",
}
RANKS = {name: rank for rank, names in NAMES.items() for name in names.split()}

# function -> (rank of the argument, rank of the result); None: any rank, and the same
FUNCTIONS: dict[str, tuple[int | None, int | None]] = {
    "abs": (None, None),
    "sqrt": (None, None),
    "log": (None, None),
    "sum_s": (STATE, SCALAR),
    "max_s": (STATE, SCALAR),
    "span_s": (STATE, SCALAR),
    "mean_d": (STATE, SCALAR),
    "max_a": (TABLE, STATE),
    "span_a": (TABLE, STATE),
    "max_sa": (TABLE, SCALAR),
    "sum_a": (TABLE, STATE),
    "next": (STATE, TABLE),
    "push": (TABLE, STATE),
    "move": (TABLE, STATE),
    "shift": (STATE, STATE),
}
OF_TWO = ("smaller", "ratio")
KNOWN = (*RANKS, *FUNCTIONS, *LITERAL_FUNCTIONS, *OF_TWO)
OF_MIXTURES = {"alpha", "A_bar_target", "eps_target"}
OF_AVERAGES = set("J J_new kemeny kemeny_new d_avg d_avg_new h h_new".split())
OF_FITS = {"natural", "w_fit", "w_fit_new"}
OF_LOGS = set(
    "kl max_kl mean_kl M kl_reversed kl_d log log_gap entropy entropy_new K K_new".split()
)


@final
class Symbols:
    """What a formula is traced with: each attribute is a name or a function of the language.

    >>> p = Symbols()
    >>> print(p.L - 4 * p.eps * (p.max_tv / (1 - p.gamma)) ** 2)
    L - 4*eps*(max_tv/(1 - gamma))**2
    """

    def __getattr__(self, name: str) -> Any:
        """Return the expression or the function called `name`."""
        if name in RANKS:
            return Expression("name", (name,), RANKS[name])
        if name in FUNCTIONS:
            return lambda x: _call(name, number(x))
        if name in LITERAL_FUNCTIONS:
            return lambda x: _literal_call(name, x)
        if name in OF_TWO:
            return lambda x, y: _of_two(name, number(x), number(y))
        known = ", ".join(KNOWN)
        raise AttributeError(f"{name!r} is no quantity or function of a pair; known are {known}")


def _call(function: str, x: Expression) -> Expression:
    takes, gives = FUNCTIONS[function]
    if takes is not None and x.rank != takes:
        raise TypeError(f"{function} of {RANK_NAMES[x.rank]}, expected {RANK_NAMES[takes]}")
    return Expression(function, (x,), x.rank if gives is None else gives)


def _literal_call(function: str, x: object) -> Expression:
    value = number(x)
    steps = value.args[0] if value.op == "number" else -1
    if value.op != "number" or (function == "step_tv" and steps not in range(MOST_POWER + 1)):
        literal = f"an integer from 0 to {MOST_POWER}" if function == "step_tv" else "a number"
        raise TypeError(f"{function}({shown(value)}), expected {literal}, written out")
    return Expression(function, (value,), SCALAR)


def _of_two(function: str, x: Expression, y: Expression) -> Expression:
    return Expression(function, (x, y), joint_rank(x, y))


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A traced formula: two expressions and a relation."""

    lhs: Expression
    relation: str
    rhs: Expression

    def __str__(self) -> str:
        """Return ``lhs relation rhs``."""
        return f"{self.lhs} {self.relation} {self.rhs}"

    def names(self) -> set[str]:
        """Return the names of quantities and functions on both sides."""
        return self.lhs.names() | self.rhs.names()


def trace(formula: Formula, name: str = "formula") -> Statement:
    """Run a formula once on symbols.

    name:    how errors call it
    formula: of one argument, returning (lhs, relation, rhs) or anything with those attributes
    raises:  TypeError for what is no statement of the language
    """
    if not callable(formula):
        raise TypeError(f"{name} = {shown(formula)}, expected a function of p")
    made = returned = formula(Symbols())
    if not isinstance(made, tuple):
        made = tuple(getattr(made, part, None) for part in ("lhs", "relation", "rhs"))
    if len(made) != 3 or type(made[1]) is not str or made[1] not in RELATIONS:
        expected = f"(lhs, relation, rhs) with a relation among {' '.join(RELATIONS)}"
        if isinstance(returned, list | tuple) and all(isinstance(x, tuple) for x in returned):
            expected = f"one {expected}; two are joined as (p.smaller(x, y), '>=', 0)"
        raise TypeError(f"a formula returned {shown(returned)}, expected {expected}")
    lhs, rhs = number(made[0]), number(made[2])
    if lhs.rank != SCALAR or rhs.rank != SCALAR:
        text = f"{lhs} {made[1]} {rhs}"
        raise TypeError(f"{text} compares many numbers, expected scalars: use max_s or sum_s")
    return Statement(lhs, made[1], rhs)
