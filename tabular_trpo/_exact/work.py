"""The cost of exact arithmetic, estimated in advance from S, A and the digits of the numbers.

Problem: the time of an exact evaluation grows with the digits of its result.  Computations that
would take hours are to be refused before they start, so the digits are estimated.

Method: by Cramer's rule the values of a policy have one denominator, the determinant of the integer
matrix diag(scale) (I - gamma P_pi), which is below prod (1 + gamma) scale, so its bits are at most
the sum of those of the scales.  Each of about S (2 A + 3) results is reduced by a greatest common
divisor, in time quadratic in those bits; the solve takes less.

Guarantee: none; the constants were fitted on one machine, so that the same work is refused on every
machine.  `benchmarks.exact_work` compares estimates and times.
"""

from fractions import Fraction
from math import lcm
from typing import final

import numpy as np

from tabular_trpo._core import policy, policy_checks
from tabular_trpo._core.errors import ExactnessError
from tabular_trpo._core.linalg import rational
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass

# Seconds, fitted on one core: of a gcd per squared bit, of an entry of P, of a call.
GCD, ENTRY, CALL = 2.2e-12, 5e-7, 4e-4
# Number of gcds per state and pair in the moments of paths, with and without weighted rewards.
WEIGHTED, PLAIN = 300, 60
MOST_BITS = 10**9  # counting ends here, at numbers beyond every limit of work


@public
@final
@locked_dataclass(frozen=True)
class Work:
    """The estimated cost of one exact evaluation.

    seconds: the time on the machine on which the constants were fitted
    digits:  decimal digits of the common denominator of the values

    >>> exact_work(MDP([[["1"]]], [["1"]], ["1"], "9/10")).seconds < 0.01
    True
    """

    seconds: float
    digits: int


@public
def exact_work(mdp: MDP, pi: object = None) -> Work:
    """Return the estimated work of one exact evaluation of a rational model.

    seconds ~ S (2 A + 3) bits^2, with the bits of the determinant of diag(scale) (I - gamma P_pi).

    pi:     (S, A); None for the uniform policy, which mixes the denominators of all actions
    return: `Work`
    raises: ExactnessError for a float model or policy, InvalidMDPError for an invalid policy

    >>> exact_work(MDP([[["1"]]], [["1"]], ["1"], "9/10")).digits
    2
    """
    if mdp.arithmetic != "rational":
        got, cure = "is in float arithmetic", "Convert it by to_rational()"
        raise ExactnessError.of("lane", "mdp", got, "a rational model", cure)
    rows = policy.uniform(mdp) if pi is None else policy_checks.check_policy(mdp, pi)
    return evaluation(mdp, rows)


def evaluation(mdp: MDP, pi: Array) -> Work:
    """Return the estimated work of the evaluation of a checked policy (S, A)."""
    assert mdp._rows is not None
    ends = max(_common((pi * mdp.r).sum(axis=-1)), _common(mdp.rho0))
    bits = chain_bits(mdp._rows, pi, mdp.gamma) + ends
    results = mdp.n_states * (2 * mdp.n_actions + 3)
    return Work(_seconds(mdp.r.shape, bits, results, 1), int(bits * 0.30103) + 1)


def inverse_seconds(rows: rational.RationalMatrix, pi: Array, gamma: Fraction) -> float:
    """Return the estimated seconds of the inverse of I - gamma P_pi, a solve for each column."""
    bits = chain_bits(rows, pi, gamma)
    return _seconds(pi.shape, bits, len(pi) ** 2, len(pi))


def recursion_seconds(mdp: MDP, pi: Array, horizon: int) -> float:
    """Return the estimated seconds of a backward recursion over `horizon` steps in rationals.

    The digits of the values grow in proportion to the number of steps.
    """
    assert mdp._rows is not None
    step = chain_bits(mdp._rows, pi, mdp.gamma) / mdp.n_states * 2
    terms = 5 * mdp.n_states**2 * mdp.n_actions
    return terms * (ENTRY * horizon + GCD * step**2 * nearest(min(horizon, MOST_BITS)) ** 3 / 3)


def moments_seconds(mdp: MDP, pi: Array, weights: Array) -> float:
    """Return the estimated seconds of the moments of paths that end at a geometric time.

    They take five successive solves; each adds the digits of the chain to those of the last.

    weights: (S, A) of the rewards; where all are 0, as for a return, digits grow in two solves only
    """
    assert mdp._rows is not None
    bits = chain_bits(mdp._rows, pi, mdp.gamma) + _common(weights.ravel())
    grown = WEIGHTED if np.any(weights) else PLAIN
    return grown * GCD * mdp.n_states * pi.size * nearest(bits) ** 2


def _seconds(shape: tuple[int, ...], bits: int, results: int, solves: int) -> float:
    """Return the estimated seconds of solves for a number of results of so many bits.

    shape: (S, A)
    """
    n_states, n_actions = shape
    reduced = GCD * results * nearest(bits) ** 2
    entries = ENTRY * n_states**2 * (n_actions + solves)
    return CALL + entries + reduced


def chain_bits(rows: rational.RationalMatrix, pi: Array, gamma: Fraction) -> int:
    """Return a bound of the bits of det(diag(scale) (I - gamma P_pi)), an integer."""
    n_actions = pi.shape[1]
    total = 0
    for s, row in enumerate(pi):
        live = np.flatnonzero(row)
        dens = [rows.den[s * n_actions + a] * row[a].denominator for a in live]
        total += lcm(*dens).bit_length() + gamma.denominator.bit_length()
        if total > MOST_BITS:
            break
    return total


def _common(values: Array) -> int:
    """Return the bits of the least common denominator of rationals (N,)."""
    return lcm(*[x.denominator for x in values]).bit_length()
