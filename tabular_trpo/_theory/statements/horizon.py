"""A finite horizon of H = 3 undiscounted steps: gamma does not enter, advantages depend on time."""

from functools import reduce
from operator import add
from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides

STEPS = 3


def values(p: Any, pi: Any) -> list[Any]:
    """Return the values of a policy with 1, 2, ..., STEPS steps to go."""
    found = [p.sum_a(pi * p.r)]
    while len(found) < STEPS:
        found.append(p.sum_a(pi * (p.r + p.next(found[-1]))))
    return found


def advantages(p: Any) -> list[Any]:
    """Return the advantages of pi at t = 0, 1, ..., STEPS - 1."""
    V = values(p, p.pi)
    Q = [p.r, *(p.r + p.next(v) for v in V[:-1])]
    return [q - v for q, v in zip(Q, V, strict=True)][::-1]


def promised(p: Any, pi: Any) -> Any:
    """Return the advantages of pi_new met along the paths of pi."""
    laws = [p.rho0]
    while len(laws) < STEPS:
        laws.append(p.push(laws[-1] * pi))
    pairs = zip(laws, advantages(p), strict=True)
    return reduce(add, (p.sum_s(law * p.sum_a(p.pi_new * A)) for law, A in pairs))


def eta(p: Any, pi: Any) -> Any:
    """Return the undiscounted return of STEPS steps."""
    return p.sum_s(p.rho0 * values(p, pi)[-1])


def eps(p: Any) -> Any:
    """Return the largest absolute advantage at any time."""
    return -reduce(p.smaller, (-p.max_sa(abs(A)) for A in advantages(p)))


def parted(p: Any) -> Any:
    """Return the chances that coupled paths have parted, added up over the steps."""
    return reduce(add, (1 - (1 - p.max_tv) ** t for t in range(1, STEPS)))


@theorem("K&L Lemma 6.1, horizon 3", "after Kakade & Langford 2002")
def horizon_performance_difference(p: Any) -> Sides:
    """The new return is the old one plus the advantages met along the new paths."""
    return eta(p, p.pi_new), "==", eta(p, p.pi) + promised(p, p.pi_new)


@theorem("horizon 3", "own")
def horizon_bound(p: Any) -> Sides:
    """Along the old paths, off by the chance that coupled paths have parted."""
    missed = abs(eta(p, p.pi_new) - eta(p, p.pi) - promised(p, p.pi))
    return missed, "<=", 4 * eps(p) * p.max_tv * parted(p)


@theorem("horizon 3, square", "own", algebra=True)
def horizon_bound_square(p: Any) -> Sides:
    """Which is at most the squared step times H (H - 1)."""
    return 2 * p.max_tv * parted(p), "<=", p.max_tv**2 * STEPS * (STEPS - 1)


HORIZON = (horizon_performance_difference, horizon_bound, horizon_bound_square)
