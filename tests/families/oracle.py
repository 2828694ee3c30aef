"""A small solver in Fractions, independent of the package, for the tests of the families."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np


def solve(M, b):
    """Solve a linear system in Fractions by Gauss-Jordan elimination."""
    rows = [[*row, x] for row, x in zip(M, b, strict=True)]
    for i in range(len(rows)):
        k = next(j for j in range(i, len(rows)) if rows[j][i])
        rows[i], rows[k] = rows[k], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j, row in enumerate(rows):
            if j != i and row[i]:
                rows[j] = [x - row[i] * y for x, y in zip(row, rows[i], strict=True)]
    return [row[-1] for row in rows]


def evaluate(mdp, pi):
    """Return V, rho, A (0 where not allowed) and eta of a rational model and policy."""
    n, gamma = mdp.n_states, Fraction(mdp.gamma)
    P_pi = [[sum(pi[s] * mdp.P[s, :, t], Fraction(0)) for t in range(n)] for s in range(n)]
    M = [[int(s == t) - gamma * P_pi[s][t] for t in range(n)] for s in range(n)]
    V = solve(M, [sum(pi[s] * mdp.r[s]) for s in range(n)])
    rho = solve([list(column) for column in zip(*M, strict=True)], list(mdp.rho0))
    Q = mdp.r + gamma * (mdp.P @ np.array(V, dtype=object))
    A = Q - np.array(V, dtype=object)[:, None]
    A[~mdp.mask] = Fraction(0)
    eta = sum(p * v for p, v in zip(mdp.rho0, V, strict=True))
    return SimpleNamespace(V=V, rho=rho, A=A, eta=eta)


def compare(mdp, pi, pi_new):
    """Return the quantities of the bounds for an old and a new policy."""
    old, new = evaluate(mdp, pi), evaluate(mdp, pi_new)
    A_bar = (pi_new * old.A).sum(axis=1)
    L = old.eta + sum(x * y for x, y in zip(old.rho, A_bar, strict=True))
    tv = [sum(abs(row)) / 2 for row in pi_new - pi]
    return SimpleNamespace(
        old=old,
        new=new,
        A_bar=A_bar,
        L=L,
        gap=L - new.eta,
        max_tv=max(tv),
        eps=abs(old.A).max(),
    )


def policy_of(mdp, *names):
    """Return the deterministic policy of named actions, one for each state or one for all."""
    pi = np.full((mdp.n_states, mdp.n_actions), Fraction(0), dtype=object)
    names = names * mdp.n_states if len(names) == 1 else names
    for s, name in enumerate(names):
        pi[s, mdp.action_names.index(name)] = Fraction(1)
    return pi


def check_model(mdp):
    """Check that P(.|s, a) sums to 1 for allowed (s, a), exactly in rationals, and else is 0."""
    P = mdp.P.toarray().reshape(mdp.n_states, -1, mdp.n_states) if mdp.is_sparse else mdp.P
    sums = P.sum(axis=-1)
    assert np.all(P >= 0)
    assert np.all(sums == mdp.mask)
    assert np.all(mdp.rho0.sum(axis=-1) == 1)
