"""Random rational models with numbers of many digits."""

from fractions import Fraction
from random import Random

import numpy as np

import tabular_trpo as tt


def with_digits(n_states: int, n_actions: int, digits: int, seed: int = 0) -> tt.MDP:
    """Return a dense model whose probabilities have denominators with `digits` digits each."""
    rng = Random(seed)
    P = np.empty((n_states, n_actions, n_states), dtype=object)
    r = np.empty((n_states, n_actions), dtype=object)
    low, high = 10 ** (digits - 1), 10**digits
    for s in range(n_states):
        for a in range(n_actions):
            row = [Fraction(rng.randrange(low), rng.randrange(low, high)) for _ in range(n_states)]
            row = [x / (2 * n_states) if x < 1 else Fraction(1, 4 * n_states) for x in row]
            row[0] += 1 - sum(row)
            P[s, a], r[s, a] = row, Fraction(rng.randrange(high), high)
    return tt.MDP(P, r, [1] + [0] * (n_states - 1), "9/10")
