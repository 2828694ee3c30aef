"""A finite horizon of H = 3 steps without discount, where advantages depend on time."""

from functools import reduce
from operator import add
from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

STEPS = 3


def values(p: Symbols, pi: Any) -> list[Any]:
    """Return the values (S,) of a policy with 1, 2, ..., STEPS steps to go."""
    found = [p.sum_a(pi * p.r)]
    while len(found) < STEPS:
        found.append(p.sum_a(pi * (p.r + p.expect_next(found[-1]))))
    return found


def advantages(p: Symbols) -> list[Any]:
    """Return the advantages (S, A) of pi at the times 0, 1, ..., STEPS - 1."""
    V = values(p, p.pi)
    Q = [p.r, *(p.r + p.expect_next(v) for v in V[:-1])]
    return [q - v for q, v in zip(Q, V, strict=True)][::-1]


def expected_advantages(p: Symbols, pi: Any) -> Any:
    """Return the sum over time of the mean advantages of pi_new, expected along paths of `pi`."""
    laws = [p.rho0]
    while len(laws) < STEPS:
        laws.append(p.push_forward(laws[-1] * pi))
    pairs = zip(laws, advantages(p), strict=True)
    return reduce(add, (p.sum_s(law * p.sum_a(p.pi_new * A)) for law, A in pairs))


def eta(p: Symbols, pi: Any) -> Any:
    """Return the undiscounted return of a policy over STEPS steps."""
    return p.sum_s(p.rho0 * values(p, pi)[-1])


def eps(p: Symbols) -> Any:
    """Return the largest absolute advantage of pi over all times, states and actions."""
    return -reduce(p.smaller, (-p.max_sa(abs(A)) for A in advantages(p)))


def separation(p: Symbols) -> Any:
    """Return the sum over t < STEPS of 1 - (1 - max_tv)^t.

    The term at t bounds the probability that coupled paths of the two policies differ.
    """
    return reduce(add, (1 - (1 - p.max_tv) ** t for t in range(1, STEPS)))


@theorem("K&L Lemma 6.1, horizon 3", "after Kakade & Langford 2002")
def horizon_performance_difference(p: Symbols) -> Sides:
    """The return of three steps gains the expected advantages along paths of pi_new.

    The return is undiscounted, and the advantages of pi depend on the number of steps to go.
    """
    return eta(p, p.pi_new), "==", eta(p, p.pi) + expected_advantages(p, p.pi_new)


@theorem("horizon 3", "own")
def horizon_bound(p: Symbols) -> Sides:
    """The expected advantages along paths of pi predict the gain of three steps within a bound.

    The error is at most 4 eps max_tv sum_t (1 - (1 - max_tv)^t) for t = 1, 2.  The term at t bounds
    the probability that coupled paths of the policies differ; eps is the largest absolute
    advantage.
    """
    error = abs(eta(p, p.pi_new) - eta(p, p.pi) - expected_advantages(p, p.pi))
    return error, "<=", 4 * eps(p) * p.max_tv * separation(p)


@theorem("horizon 3, square", "own", algebra=True)
def horizon_bound_square(p: Symbols) -> Sides:
    """For a horizon of H = 3 steps, 2 max_tv sum_t (1 - (1 - max_tv)^t) <= max_tv^2 H (H - 1).

    The sum is over t = 1, ..., H - 1.  The term at t bounds the probability that coupled paths of
    the two policies differ.
    """
    return 2 * p.max_tv * separation(p), "<=", p.max_tv**2 * STEPS * (STEPS - 1)
