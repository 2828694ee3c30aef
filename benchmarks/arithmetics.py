"""Times of `evaluate` in each arithmetic and layout, relative to the bare linear solves."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import scipy.linalg
import scipy.sparse as sp
from scipy.sparse.linalg import splu

import tabular_trpo as tt
from benchmarks.timing import Row, paired
from tabular_trpo._core.linalg import rational
from tabular_trpo.families import named


def small_rational(rng: np.random.Generator, n_states: int, n_actions: int) -> tuple[tt.MDP, Any]:
    """Return a random rational model with short numbers, gamma = 9/10, and a policy.

    Probabilities are integers from 0 to 10 over their sum, rewards are integers from -3 to 3.
    """
    weights = rng.integers(0, 10, (n_states, n_actions, n_states))
    weights[..., 0] += 1
    r = np.vectorize(Fraction, otypes=[object])(
        rng.integers(-3, 4, (n_states, n_actions)).astype(object)
    )
    rho0 = np.full(n_states, Fraction(1, n_states), dtype=object)
    counts = rng.integers(1, 10, (n_states, n_actions)).astype(object)
    pi = np.vectorize(Fraction, otypes=[object])(counts, counts.sum(axis=1, keepdims=True))
    return tt.MDP.from_counts(weights, r, rho0, Fraction(9, 10)), pi


def dyadic(rng: np.random.Generator, n_states: int, n_actions: int) -> tuple[tt.MDP, Any]:
    """Return a random float64 model and policy converted exactly to rationals."""
    mdp, pi = dense_float(rng, (), n_states, n_actions, 0.9)
    return mdp.to_rational(), tt.policies.to_rational(pi)


def dense_float(
    rng: np.random.Generator, batch: tuple[int, ...], n_states: int, n_actions: int, gamma: float
) -> tuple[tt.MDP, Any]:
    """Return a random model, or a batch of them, and a policy, both with Dirichlet(1) rows."""
    P = rng.dirichlet(np.ones(n_states), size=(*batch, n_states, n_actions))
    r = rng.normal(size=(*batch, n_states, n_actions))
    pi = rng.dirichlet(np.ones(n_actions), size=(*batch, n_states))
    return tt.MDP(P, r, np.full(n_states, 1 / n_states), gamma), pi


def rational_rows(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the times of exact evaluations relative to two FLINT solves of the same systems."""
    for n_states in (100, 200):
        for draw, goal in ((dyadic, 3.0), (small_rational, 10.0)):
            mdp, pi = draw(rng, n_states, 3)
            chain = rational.ClosedChain(mdp._rows, pi, mdp.gamma)
            matrix = flint.fmpz_mat(chain.matrix.tolist())
            transposed = matrix.transpose()
            right = rational.CommonDenominator.of((pi * mdp.r).sum(axis=-1))
            b = flint.fmpz_mat(n_states, 1, (chain.scale * right.num).tolist())
            c = flint.fmpz_mat(n_states, 1, rational.CommonDenominator.of(mdp.rho0).num.tolist())

            def bare(m: Any = matrix, t: Any = transposed, b: Any = b, c: Any = c) -> None:
                m.solve(b)
                t.solve(c)

            name = f"rational evaluate, S={n_states}, A=3, {draw.__name__} | 2 FLINT solves"
            yield paired(name, lambda m=mdp, p=pi: tt.evaluate(m, p), bare, goal, repeats=3)


def dense_rows(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the time of a dense float evaluation with radii relative to one LU and two solves."""
    n_states = 1000
    mdp, pi = dense_float(rng, (), n_states, 3, 0.99)
    matrix = np.eye(n_states) - 0.99 * np.einsum("sa,sat->st", pi, mdp.P)
    r_pi = (pi * mdp.r).sum(axis=-1)

    def bare() -> None:
        lu = scipy.linalg.lu_factor(matrix)
        scipy.linalg.lu_solve(lu, r_pi)
        scipy.linalg.lu_solve(lu, mdp.rho0, trans=1)

    name = "float evaluate with radius, S=1000, A=3 | LU + 2 solves"
    yield paired(name, lambda: tt.evaluate(mdp, pi), bare, 3.0, repeats=15)


def batch_rows(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the time of 10,000 small float models with radii relative to a batched solve for V."""
    mdp, pi = dense_float(rng, (10_000,), 20, 3, 0.9)
    pi = tt.evaluate(mdp, pi).pi
    matrices = np.eye(20) - 0.9 * np.einsum("bsa,bsat->bst", pi, mdp.P)
    r_pi = (pi * mdp.r).sum(axis=-1)[..., None]
    name = "float evaluate with radius, 10,000 x S=20, A=3 | numpy.linalg.solve for V"
    yield paired(
        name, lambda: tt.evaluate(mdp, pi), lambda: np.linalg.solve(matrices, r_pi), 4.0, repeats=9
    )


def sparse_rows(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the time of a sparse evaluation with radii, 10^5 states, relative to one sparse LU."""
    mdp = named.gridworld(400, 250, slip=0.2, gamma=0.99, layout="csr")
    pi = tt.policies.uniform(mdp)
    from tabular_trpo._core.linalg import sparse

    P_pi, _ = sparse.close(mdp.P, mdp.r, pi)
    matrix = sp.csc_array(sp.eye_array(mdp.n_states) - 0.99 * P_pi)
    options = {"SymmetricMode": True}

    def bare() -> None:
        splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)

    name = f"sparse evaluate with radius, grid S={mdp.n_states} | one sparse LU"
    yield paired(name, lambda: tt.evaluate(mdp, pi), bare, None, repeats=3)


ROWS = (rational_rows, dense_rows, batch_rows, sparse_rows)
