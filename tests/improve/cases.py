"""Random surrogates for the steps, with ties, masks and unvisited states, without a model."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from tabular_trpo._core.numbers import elementwise
from tabular_trpo._exact.surrogate import Surrogate

F = Fraction


def made(G, pi, weight=None, allowed=None):
    """Return a rational surrogate from texts or integers."""
    exact = [elementwise(F, np.array(x, dtype=object)) for x in (G, pi, weight or [1] * len(G))]
    mask = None if allowed is None else np.array(allowed)
    return Surrogate(exact[0], exact[2], exact[1], F(0), allowed=mask)


def floats(L: Surrogate) -> Surrogate:
    """Return the surrogate in doubles, its rows rounded as those of policies."""
    from tabular_trpo._core.policy import to_float

    G, weight = (elementwise(float, x, np.float64) for x in (L.G, L.weight))
    return replace(L, G=G, weight=weight, pi=to_float(L.pi), eta=float(L.eta))


def surrogates(seed: int, count: int) -> Iterator[Surrogate]:
    """Yield rational surrogates with ties, zeros, point masses, unvisited states and masks."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        shape = S, A = int(rng.integers(1, 6)), int(rng.integers(1, 6))
        allowed = np.ones(shape, dtype=bool)
        if rng.random() < 0.5:
            allowed = rng.random(shape) < 0.7
            allowed[np.arange(S), rng.integers(0, A, S)] = True
        counts = rng.integers(0, 4, shape) * allowed
        for s in range(S):
            if rng.random() < 0.3 or not counts[s].any():
                counts[s] = 0
                counts[s, rng.choice(np.flatnonzero(allowed[s]))] = 1
        weight = rng.integers(0, 4, S)
        G = (
            rng.integers(-3, 4, shape) * (weight > 0)[:, None]
        )  # of few values, so that there are ties
        fine = rng.random() < 0.5
        yield made(
            [[F(int(x), 1 + int(rng.integers(5)) * fine) for x in row] for row in G],
            [[F(int(x), int(row.sum())) for x in row] for row in counts],
            [F(int(x), 3) for x in weight],
            None if allowed.all() else allowed,
        )
