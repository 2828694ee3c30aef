"""Random formulas of the claim language, and random pairs with many special cases.

Common in the pairs: masks, actions that only the old policy takes, equal policies, states without
visits, and gamma = 0.  Common in the formulas: roots, logarithms, powers, divisions by quantities
that may be 0, and infinite terms.
"""

from fractions import Fraction
from typing import Any, final

import numpy as np

import tabular_trpo as tt
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.expression import Expression, number
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import RELATIONS
from tabular_trpo._theory.vocabulary import QUANTITIES, SCALAR, STATE, TABLE

GAMMAS = ("1/2", "0", "1/4", "3/4", "7/8", "1023/1024")
CONSTANTS = (0, 1, 2, -1, 3, Fraction(1, 2), Fraction(-1, 3), 100, Fraction(1, 100))
INFINITE = {SCALAR: ("max_kl", "mean_kl", "kl_d", "M"), STATE: ("kl", "kl_reversed"), TABLE: ()}
SMALL = {SCALAR: ("max_tv", "mean_tv", "eps"), STATE: ("tv", "rho", "d"), TABLE: ("pi", "pi_new")}
DOWN = {  # functions by the rank of their result: (name, rank of the argument)
    SCALAR: [("sum_s", STATE), ("max_s", STATE), ("span_s", STATE), ("mean_d", STATE),
             ("max_sa", TABLE)],
    STATE: [("sum_a", TABLE), ("max_a", TABLE), ("span_a", TABLE), ("push_forward", TABLE),
            ("transition_l1", TABLE),
            ("shift", STATE)],
    TABLE: [("expect_next", STATE)],
}  # fmt: skip


@final
class Formulas:
    """A generator of random expressions and claims."""

    def __init__(self, rng: np.random.Generator, mixtures: bool) -> None:
        """Set the generator; `mixtures` is whether names that only mixtures have may occur."""
        self.rng, self.p = rng, Symbols()
        self.names = {
            rank: [
                name
                for name, entry in QUANTITIES.items()
                if entry.rank == rank and (mixtures or not entry.mixture)
            ]
            for rank in (SCALAR, STATE, TABLE)
        }

    def claim(self, title: str) -> Theorem:
        """Return a random claim; one in eight has a precondition, one in six nearly equal sides."""
        sides = self._sides()
        condition = self._sides() if self.rng.random() < 1 / 8 else None
        return Theorem(
            title,
            "claim",
            "user",
            lambda _: sides,
            None if condition is None else lambda _: condition,
        )

    def _sides(self) -> tuple[Any, str, Any]:
        """Return a random statement (lhs, relation, rhs)."""
        lhs = self.expression(SCALAR, 4)
        kind = self.rng.random()
        if kind < 1 / 6:
            rhs = lhs + int(self.rng.integers(0, 2))
        else:
            rhs = self._constant() if kind < 1 / 2 else self.expression(SCALAR, 3)
        return lhs, self._pick(RELATIONS), rhs

    def expression(self, rank: int, depth: int) -> Expression:
        """Return a random expression of a rank, with at most `depth` nested operations.

        rank: SCALAR, STATE or TABLE
        """
        kind = self.rng.random()
        if depth == 0 or kind < 0.1:
            return self._leaf(rank)
        if kind < 0.4:
            return self._binary(rank, depth)
        if kind < 0.65:
            return self._unary(rank, depth)
        if kind < 0.68 and rank == SCALAR:
            steps = int(self.rng.integers(0, 3))
            return self.p.step_tv(steps) if steps else self.p.L_mix(self._pick(CONSTANTS))
        name, inner = self._pick(DOWN[rank])
        return getattr(self.p, name)(self.expression(inner, depth - 1))

    def _leaf(self, rank: int) -> Expression:
        """Return a random quantity or constant of a rank."""
        kind = self.rng.random()
        if rank == SCALAR and kind < 0.2:
            return self._constant()
        table = INFINITE if kind < 0.6 and INFINITE[rank] else SMALL if kind < 0.75 else self.names
        return getattr(self.p, self._pick(table[rank]))

    def _constant(self) -> Expression:
        """Return a random constant."""
        return number(self._pick(CONSTANTS))

    def _binary(self, rank: int, depth: int) -> Expression:
        """Return a random operation of a rank with two operands, one of which may be broadcast."""
        low = int(self.rng.integers(0, rank + 1)) if self.rng.random() < 0.5 else rank
        x, y = self.expression(rank, depth - 1), self.expression(low, depth - 1)
        x, y = (y, x) if self.rng.random() < 0.5 else (x, y)
        match self.rng.integers(0, 6):
            case 0:
                return x + y
            case 1:
                return x - y
            case 2:
                return x * y
            case 3:
                return x / y
            case 4:
                return self.p.ratio(x, y)
        return self.p.smaller(x, y)

    def _unary(self, rank: int, depth: int) -> Expression:
        """Return a random operation of a rank with one operand."""
        x = self.expression(rank, depth - 1)
        match self.rng.integers(0, 6):
            case 0:
                return -x
            case 1:
                return abs(x)
            case 2:
                return x ** int(self.rng.integers(0, 4))
            case 3 | 4:
                return self.p.sqrt(x if self.rng.random() < 0.3 else abs(x))
        return self.p.log(x if self.rng.random() < 0.3 else 1 + abs(x))

    def _pick(self, items: Any) -> Any:
        """Return a random item of a sequence."""
        return items[self.rng.integers(len(items))]


def nesting(e: Expression) -> int:
    """Return the largest number of nested roots, logarithms and powers of an expression."""
    inner = max((nesting(x) for x in e.args if isinstance(x, Expression)), default=0)
    return inner + (e.op in ("sqrt", "log", "**"))


def pair(rng: np.random.Generator) -> tt.Pair:
    """Return a random float pair of at most 3 states and 3 actions.

    Two in three have a random mask, and half are mixtures.
    """
    n_states, n_actions = int(rng.integers(1, 4)), int(rng.integers(2, 4))
    mask = np.ones((n_states, n_actions), dtype=bool)
    if rng.random() < 0.65:
        mask = rng.random((n_states, n_actions)) < 0.6
        mask[np.arange(n_states), rng.integers(n_actions, size=n_states)] = True
    P = np.stack([_rows(rng, np.ones((n_actions, n_states), dtype=bool)) for _ in range(n_states)])
    P[~mask] = 0.0
    r = np.where(mask, rng.integers(-2, 3, size=mask.shape), 0.0)
    rho0 = _rows(rng, np.ones((1, n_states), dtype=bool))[0]
    gamma = float(Fraction(GAMMAS[rng.integers(len(GAMMAS))]))
    mdp = tt.MDP(P, r, rho0, gamma, mask)
    pi, target = _rows(rng, mask), _rows(rng, mask)
    if rng.random() < 0.2:
        keep = rng.integers(n_states)
        target[keep] = pi[keep]
    alpha = (1.0, 1.0, 0.5, 0.25, 0.0)[rng.integers(5)]
    if rng.random() < 0.5:
        return tt.Pair.mixture(mdp, pi, target, alpha)
    return tt.Pair(mdp, pi, target)


def _rows(rng: np.random.Generator, mask: Any) -> Any:
    """Return random rows of multiples of 1/8 on the entries of a mask; many are deterministic."""
    rows = np.zeros(mask.shape)
    for row, allowed in zip(rows, mask, strict=True):
        places = np.flatnonzero(allowed)
        if rng.random() < 0.45:
            row[rng.choice(places)] = 1.0
        else:
            cuts = np.sort(rng.integers(0, 9, size=len(places) - 1))
            row[places] = np.diff(np.concatenate([[0], cuts, [8]])) / 8
    return rows
