"""Moments of paths whose advantages are n-step returns less a baseline.

Problem: the mean and variance of X = c (R_n - b) + k X', the contributions of a path to L(pi_new) -
eta, with R_0 = b, R_j = r + f R'_{j-1} the return of j steps completed by the baseline, and primes
one step later.  Method: E R_j, E R_i R_j, E R_j X, E X and E X^2 are affine in the same functions
one step later, each R_j in R_{j-1}, so that only X needs an equation (`chain`).  A horizon
completes the last returns by the b of the last state; a path that stops is followed by 0, and one
that ends by its tail.  Guarantee: exact in rational arithmetic; in floats to rounding.
Source: Sutton and Barto (2018), section 7.1, for n-step returns.
"""

import numpy as np

from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._sampled.chain import Chain


def n_step_moments(chain: Chain, c: Array, b: Array, n: int, k: Scalar) -> tuple[Array, Array]:
    """Return E X and E X^2 of a path from each state, (S,) each.

    chain: with mu the policy of the path, and w = 1
    c:     (S, A)
    b:     (S,) the baseline
    n:     number of steps, at least 1
    k:     mean of the factor of later contributions
    """
    g, gg, after, mean = chain.g, chain.gg, chain.after, chain.drawn
    stops = chain.horizon is None
    gk, kk = (g, g) if stops else (g * k, k * k)
    one = 0 * b + 1
    reward, square = after(one, 1), after(one, 2)
    # Rows: R_j for j <= n; R_i R_j for i <= j < n; X; R_j X for j < n; X^2.
    pairs = [(i, j) for j in range(n) for i in range(j + 1)]
    at = {pair: n + 1 + row for row, pair in enumerate(pairs)}
    X = n + 1 + len(pairs)
    R_X, XX = X + 1, X + 1 + n

    def product(x: Array, i: int, j: int) -> Array:
        """Return E (r + f R'_{i-1}) (r + f R'_{j-1}), (S, A)."""
        cross = after(x[i - 1], 1) + after(x[j - 1], 1)
        return np.asarray(square + g * cross + gg * after(x[at[i - 1, j - 1]]))

    def step(x: Array) -> Array:
        Q = [reward + g * after(x[j]) for j in range(n)]  # of R_1 ... R_n
        rows = [b, *(mean(q) for q in Q)]
        rows += [mean(product(x, i, j)) if i else b * rows[j] for i, j in pairs]
        now = mean(c * (Q[-1] - b[:, None]) + k * after(x[X]))
        rows += [now, b * now]
        later = k * after(x[X], 1)
        for j in range(1, n):
            own = c * (product(x, j, n) - b[:, None] * Q[j - 1])
            rows.append(mean(own + later + gk * after(x[R_X + j - 1])))
        error = product(x, n, n) - 2 * b[:, None] * Q[-1] + (b * b)[:, None]
        cross = later + gk * after(x[R_X + n - 1]) - b[:, None] * k * after(x[X])
        rows.append(mean(c * c * error + 2 * c * cross + kk * after(x[XX])))
        return np.stack(rows)

    last = np.where(chain.ends, chain.tail, b)
    start = np.stack([last] * (n + 1) + [last * last] * len(pairs) + [0 * b] * (n + 2))
    orders = [0] * (n + 1 + len(pairs)) + [1] + [0] * n + [1]
    found = chain.solved(step, start, orders)
    return found[X], found[XX]
