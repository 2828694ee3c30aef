"""The vocabulary of the formula language: one entry for each quantity and each function.

All lists of quantities are made from this table: the symbols of formulas, the values of pairs, the
bounds of the gain of a step, worked examples, `expected` blocks, certificates and
docs/vocabulary.md.  To add a quantity, add its row.  Its formula is evaluated in every arithmetic;
an equation of the form x = b + gamma*sum_a(pi*expect_next(x)) is solved.  A quantity that a formula
alone does not define (0 log 0, an inverse) also has a line in `quantities.VALUES`.

Properties of a quantity are derived from the formulas and not stored: the entries that it depends
on, and whether it contains logarithms, needs a mixture, an average reward or an evaluation of the
new policy, and whether the checker of certificates can verify it.

A row of X marked * defines two quantities: X of pi, and X_new, the same of pi_new.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import final

from tabular_trpo._core.public import public
from tabular_trpo._core.readable import readable

SCALAR, STATE, TABLE = 0, 1, 2
ANY, LITERAL = -1, -2  # of an argument: a value of any rank, a literal number
SHAPES = {SCALAR: "(...)", STATE: "(..., S)", TABLE: "(..., S, A)"}

# name | formula | meaning | source.  Formulas with @ multiply matrices; claims cannot.
_SCALARS = """gamma | | discount factor | TRPO section 2
alpha | | weight of the target in a mixture | TRPO (5)
eta* | sum_s(rho0*V) | return of pi | TRPO section 2
eta_dot | sum_s(rho0*V_dot) | derivative of the return towards pi_new | TRPO (4)
L | eta + sum_s(rho*A_bar) | surrogate of the return at pi_new | TRPO (3)
M | L - C*max_kl | minorant of the return at pi_new | TRPO (10)
M_pi | L_mix(0) | minorant of the return at pi | TRPO (10)
C | 4*eps*gamma/(1 - gamma)**2 | penalty constant | TRPO (9)
eps | max_sa(abs(A)) | largest absolute advantage | TRPO (8)
eps_cpi | max_s(abs(A_bar)) | largest absolute mean advantage of pi_new | CPO Corollary 1
eps_target | max_s(abs(A_bar_target)) | largest absolute mean advantage of the target | TRPO (6)
max_tv | max_s(tv) | largest total variation distance | TRPO (7)
mean_tv | sum_s(d*tv) | mean total variation distance under d | CPO Corollary 1
max_kl | max_s(kl) | largest divergence KL(pi || pi_new) | TRPO (9)
mean_kl | sum_s(d*kl) | mean divergence KL(pi || pi_new) under d | TRPO (12)
kl_d | sum_s(d*log(d/d_new)) | divergence KL(d || d_new) of the state distributions |
J* | sum_s(d_avg*sum_a(pi*r)) | average reward of pi | Puterman section 8.2
kemeny* | trace(H) | Kemeny's constant of pi, 1 + mean time to a state of `d_avg` | Kemeny & Snell
classes* | n_recurrent(P(pi)) | number of recurrent classes of pi | Puterman section 8.3"""
_VECTORS = """rho0 | | distribution of the first state | TRPO section 2
rho* | rho0 + gamma*push_forward(rho*pi) | discounted visits of pi, unnormalised | TRPO section 2
d* | (1 - gamma)*rho | discounted state distribution of pi | CPO section 3
V* | sum_a(pi*(r + gamma*expect_next(V))) | value of pi | TRPO section 2
V_star | max_a(r + gamma*expect_next(V_star)) | optimal value | Puterman section 6.2
A_bar | sum_a(pi_new*A) | mean advantage of pi_new | TRPO appendix A
A_bar_target | sum_a(target*A) | mean advantage of the target of a mixture | TRPO (6)
tv | sum_a(abs(pi - pi_new))/2 | total variation distance of the rows | TRPO (7)
kl | sum_a(pi*log(pi/pi_new)) | KL(pi || pi_new) of the rows | TRPO (9)
kl_reversed | sum_a(pi_new*log(pi_new/pi)) | KL(pi_new || pi) of the rows | CPO Corollary 3
W | A_bar + gamma*sum_a(pi_new*expect_next(W)) | value of the reward A under pi_new | TRPO (1)
entropy* | -sum_a(pi*log(pi)) | entropy of the rows of pi | Mei section 4
K* | entropy + gamma*sum_a(pi*expect_next(K)) | value of `entropy` as reward of pi | Mei Lemma 25
d_avg* | rho0 @ H | stationary distribution of pi | Puterman section 8.2
h* | H @ sum_a(pi*r) | relative value of pi, with `sum_s(rho0*h) = J` | Puterman section 8.2"""
_TABLES = """A* | r + gamma*expect_next(V) - V | advantage of pi | TRPO section 2
Q* | r + gamma*expect_next(V) | action value of pi | TRPO section 2
r | | mean reward | TRPO section 2
pi | | old policy |
pi_new | | new policy |
natural | pinv(F(pi, rho)) @ (rho*pi*A) | natural gradient, logits of each state | Kakade section 3
w_fit* | pinv(sum_s(F(pi, rho))) @ sum_s(rho*pi*A) \
| natural gradient, logits that all states share; it fits `A` by scores | Kakade Theorem 1
log_gap | abs(log(pi_new/pi)) | distance of the logarithms | Hoeffding (4.16)"""
# Quantities of the formulas above that claims cannot name.
_HIDDEN_VECTORS = """V_dot \
| sum_a((pi_new - pi)*r) + gamma*shift(V) + gamma*sum_a(pi*expect_next(V_dot)) \
| derivative of V towards pi_new | TRPO (4)"""
_HIDDEN_TABLES = """target | | policy of which a mixture is made | TRPO (5)
H* | I + P(pi) @ H - rho0 @ H | fundamental matrix (I - P(pi) + 1 rho0)^-1 | Puterman appendix A"""
# name | formula in x | meaning | ranks of the arguments -> rank of the result
_FUNCTIONS = """abs | | absolute value | any -> any
sqrt | | square root | any -> any
log | | natural logarithm | any -> any
sum_s | | sum over the states | state -> scalar
max_s | | maximum over the states | state -> scalar
span_s | max_s(x) + max_s(-x) | maximum less minimum over the states | state -> scalar
mean_d | sum_s(d*x) | mean under d | state -> scalar
max_a | | maximum over the allowed actions | table -> state
span_a | max_a(x) + max_a(-x) | maximum less minimum over the allowed actions | table -> state
max_sa | max_s(max_a(x)) | maximum over states and allowed actions | table -> scalar
sum_a | | sum over the allowed actions | table -> state
expect_next | | mean after one step, sum_t P(t|s, a) x(t) | state -> table
push_forward | | mass that x sends to each state t, sum_sa x(s, a) P(t|s, a) | table -> state
transition_l1 | | sum_t abs(sum_a x(s, a) P(t|s, a)) | table -> state
shift | sum_a((pi_new - pi)*expect_next(x)) | (P(pi_new) - P(pi)) @ x | state -> state
step_tv | sum_s(abs(law(pi, x) - law(pi_new, x)))/2 \
| total variation distance of the laws of the state after x steps | literal -> scalar
L_mix | eta + sum_s(rho*(sum_a(((1 - x)*pi + x*pi_new)*Q) - V)) \
| surrogate of the return at (1 - x) pi + x pi_new | literal -> scalar
smaller | | the smaller of two numbers | any any -> any
ratio | | x/y, but 0 where x is 0 and infinite where y alone is 0 | any any -> any"""
# Former names of functions: formulas may use them, and certificates state them.
ALIASES = {"next": "expect_next", "push": "push_forward", "move": "transition_l1"}
# The solutions in certificates of version 2; those on demand only if a claim depends on them.
WITNESSES = ("V", "rho", "V_new", "rho_new", "W", "V_dot")
WITNESSES_ON_DEMAND = ("V_star", "H", "H_new")
_RANKS = {"scalar": SCALAR, "state": STATE, "table": TABLE, "any": ANY, "literal": LITERAL}


@public
@final
@readable
@dataclass(frozen=True, eq=False)
class VocabularyEntry:
    """A quantity or a function of the formula language.

    rank:    0, 1 or 2: a number, one a state, or one a state and action; -1: that of the arguments
    formula: the definition, of x for a function; an equation where the quantity itself occurs in
             it; empty for what is given and for the operations of the arithmetics
    source:  the paper and the equation, or nothing
    takes:   of a function, the rank of each argument; -2 for a number that is written out

    >>> import tabular_trpo as tt
    >>> L = next(entry for entry in tt.vocabulary() if entry.name == "L")
    >>> L.formula, L.shape, L.source, L.logarithms
    ('eta + sum_s(rho*A_bar)', '(...)', 'TRPO (3)', False)
    """

    name: str
    rank: int
    formula: str
    meaning: str
    source: str = ""
    takes: tuple[int, ...] = ()

    @property
    def shape(self) -> str:
        """The shape of the value: batch axes, then states, then actions, such as "(..., S)"."""
        return SHAPES[self.rank]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The names in the formula, in the order in which they occur."""
        return tuple(dict.fromkeys(re.findall(r"[A-Za-z]\w*", self.formula)))

    @cached_property
    def rests_on(self) -> "tuple[VocabularyEntry, ...]":
        """All entries that the value depends on, including this entry and functions."""
        found: dict[str, VocabularyEntry] = {}
        todo = [self.name]
        while todo:
            for entry in entries([todo.pop()]):
                if entry.name not in found:
                    found[entry.name] = entry
                    todo += entry.words
        return tuple(found.values())

    @property
    def is_equation(self) -> bool:
        """Whether the quantity occurs in its own formula, and is the solution of that equation."""
        return self.name in self.words

    @property
    def logarithms(self) -> bool:
        """Whether the value depends on logarithms."""
        return any(entry.name == "log" for entry in self.rests_on)

    @property
    def mixture(self) -> bool:
        """Whether the quantity is defined for mixture pairs only."""
        return any(entry.name in ("alpha", "target") for entry in self.rests_on)

    @property
    def average(self) -> bool:
        """Whether the quantity is defined only for chains with one recurrent class."""
        return any(entry.name in ("H", "H_new") for entry in self.rests_on)

    @property
    def needs_new_evaluation(self) -> bool:
        """Whether the value needs more than the evaluation of pi and the rows of pi_new.

        An equation of the chain of pi names pi and not pi_new; the optimal value names neither.
        """
        return any(
            (entry.is_equation or "law" in entry.words)
            and ("pi" not in entry.words or "pi_new" in entry.words)
            for entry in self.rests_on
        )

    @property
    def certifiable(self) -> bool:
        """Whether certificates can state the quantity: they hold all solutions it depends on."""
        held = (*WITNESSES, *WITNESSES_ON_DEMAND)
        return all(entry.name in held for entry in self.rests_on if entry.is_equation)


@public
def vocabulary() -> tuple[VocabularyEntry, ...]:
    """Return the quantities and the functions that formulas can name, each with its definition.

    >>> [entry.name for entry in vocabulary()][:4]
    ['gamma', 'alpha', 'eta', 'eta_new']
    """
    return (*QUANTITIES.values(), *FUNCTIONS.values())


def _columns(row: str) -> list[str]:
    return [part.strip() for part in re.split(r" [|](?![|])", row)]


def _quantities(text: str, rank: int) -> dict[str, VocabularyEntry]:
    made = {}
    for name, formula, meaning, source in map(_columns, text.splitlines()):
        base = name.rstrip("*")
        made[base] = VocabularyEntry(base, rank, formula, meaning, source)
        if name != base:
            formula = _of_pi_new(formula)
            meaning = re.sub(r"`[^`]*`|\bpi\b", lambda part: _of_pi_new(part[0]), meaning)
            made[f"{base}_new"] = VocabularyEntry(f"{base}_new", rank, formula, meaning, source)
    return made


def _of_pi_new(text: str) -> str:
    """Return the text with pi and the quantities of pi replaced by those of pi_new."""
    return _TWINS.sub(r"\1_new", text)


def _function(name: str, formula: str, meaning: str, ranks: str) -> VocabularyEntry:
    *takes, _, gives = ranks.split()
    kinds = tuple(_RANKS[word] for word in takes)
    return VocabularyEntry(name, _RANKS[gives], formula, meaning, "", kinds)


_STARRED = re.findall(r"(\w+)[*] [|]", f"{_SCALARS} {_VECTORS} {_TABLES} {_HIDDEN_TABLES}")
_TWINS = re.compile(rf"\b({'|'.join(['pi', *_STARRED])})\b")
QUANTITIES = {
    **_quantities(_SCALARS, SCALAR), **_quantities(_VECTORS, STATE), **_quantities(_TABLES, TABLE)
}  # fmt: skip
HIDDEN = {**_quantities(_HIDDEN_VECTORS, STATE), **_quantities(_HIDDEN_TABLES, TABLE)}
FUNCTIONS = {row[0]: _function(*row) for row in map(_columns, _FUNCTIONS.splitlines())}


def in_former_names(text: str) -> str:
    """Return a formula with the former names of functions.

    Certificates of version 2 and campaign files state formulas with the former names.
    """
    for old, new in ALIASES.items():
        text = re.sub(rf"\b{new}\b", old, text)
    return text


def entries(names: Iterable[str]) -> list[VocabularyEntry]:
    """Return the entries of names, including former and hidden names; skip unknown names."""
    current = [ALIASES.get(name, name) for name in names]
    parts = (QUANTITIES, FUNCTIONS, HIDDEN)
    return [part[name] for name in current for part in parts if name in part]


def beyond_certificates(names: Iterable[str]) -> list[str]:
    """Return the given names that certificates cannot state, sorted."""
    return [entry.name for entry in entries(sorted(names)) if not entry.certifiable]
