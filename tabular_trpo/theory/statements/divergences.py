"""Divergences of rows: what the total variation and the two KL divergences say of each other."""

from typing import Any

from tabular_trpo.theory.claim import theorem
from tabular_trpo.theory.trace import Sides


@theorem("(9)", "Pollard 2000")
def tv_squared_kl(p: Any) -> Sides:
    """The square of the total variation distance is at most the KL divergence, at each state."""
    return p.max_s(p.tv**2 - p.kl), "<=", 0


@theorem("Pinsker", "Csiszar & Koerner 2011")
def pinsker(p: Any) -> Sides:
    """It is even at most half of it, and no smaller fraction will do."""
    return p.max_s(p.tv**2 - p.kl / 2), "<=", 0


@theorem("(2.2)", "Bretagnolle & Huber 1979")
def bretagnolle_huber(p: Any) -> Sides:
    """Unlike Pinsker's, this bound stays below 1: tv^2 <= 1 - exp(-kl); no value at tv = 1."""
    return p.max_s(-p.log(1 - p.tv**2) - p.kl), "<=", 0


DIVERGENCES = (tv_squared_kl, pinsker, bretagnolle_huber)
