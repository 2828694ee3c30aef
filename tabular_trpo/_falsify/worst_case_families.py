"""Random members of the worst-case families, as batches of pairs.

Step sizes and probabilities are dyadic, so that doubles represent them exactly.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from tabular_trpo._core.instance import Instance
from tabular_trpo._falsify.draw import GAMMAS, GRID
from tabular_trpo._families import worst_case
from tabular_trpo._theory.plain import PairTables


def _gamma(rng: np.random.Generator) -> Fraction:
    """Draw a discount: an element of GAMMAS, or a multiple of 1 / 1000 in (0, 1)."""
    if rng.random() < 0.5:
        return Fraction(str(rng.choice(GAMMAS)))
    return Fraction(int(rng.integers(1, 1000)), 1000)


def _step(rng: np.random.Generator) -> Fraction:
    """Draw a step size up to 1/2: a power of two, or a multiple of 1 / 1024."""
    if rng.random() < 0.5:
        return Fraction(1, 2 ** int(rng.integers(1, 13)))
    return Fraction(int(rng.integers(1, GRID // 2 + 1)), GRID)


def _tight_thm1(rng: np.random.Generator) -> Instance:
    """Draw a member of `worst_case.tight_thm1`."""
    return worst_case.tight_thm1(_step(rng), _gamma(rng), far=2 ** int(rng.integers(-2, 7)))


def _tight_cpi(rng: np.random.Generator) -> Instance:
    """Draw a member of `worst_case.tight_cpi`."""
    sign = Fraction(int(rng.integers(-4, 1)), 4)
    return worst_case.tight_cpi(_gamma(rng), sign, min(1, 2 * _step(rng)))


def _two_region(rng: np.random.Generator) -> Instance:
    """Draw a member of `worst_case.two_region`."""
    return worst_case.two_region(_gamma(rng), _step(rng))


def _fork(rng: np.random.Generator) -> Instance:
    """Draw a member of `worst_case.fork`."""
    a = _step(rng)
    return worst_case.fork(_gamma(rng), a, a * _step(rng))


def _rare_region(rng: np.random.Generator) -> Instance:
    """Draw a member of `worst_case.rare_region`."""
    p = Fraction(int(rng.integers(1, GRID // 4 + 1)), GRID)
    growth = Fraction(int(rng.integers(0, 3 * 64 + 1)), 64)
    return worst_case.rare_region(_gamma(rng), p, growth, _step(rng))


FAMILIES: dict[str, Callable[[np.random.Generator], Instance]] = {
    "tight_thm1": _tight_thm1,
    "tight_cpi": _tight_cpi,
    "two_region": _two_region,
    "fork": _fork,
    "rare_region": _rare_region,
}


def drawn(rng: np.random.Generator, turn: int, count: int) -> tuple[str, PairTables]:
    """Draw `count` >= 1 pairs of the family number `turn`, modulo the number of families.

    return: (name of the family, its pairs)
    """
    name = list(FAMILIES)[turn % len(FAMILIES)]
    made = [PairTables.of(FAMILIES[name](rng)) for _ in range(count)]
    return name, PairTables.stacked(made)
