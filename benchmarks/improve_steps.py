"""`python -m benchmarks.improve_steps`: times of the KL steps relative to cvxpy with Clarabel.

On random models with 20 states both solvers are timed alternately; printed are the median and the
least ratio.  On a grid with 1e5 states the time of each step is printed in evaluations of a policy.
Clarabel has the tolerances of the tests.  Its objectives still differ from the optimum by more than
1e-6 (relative) where the objective is small or where it ends "inaccurate"; the accuracy of our
steps is tested against bisection in tests/improve/test_kl_rows.py.  The old policy is inside the
logarithms, so each step is a new problem for cvxpy; the time of an already compiled problem is
printed separately.
"""

import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import tabular_trpo as tt
from benchmarks.timing import shortest

SMALL, LARGE = (20, 5), 316  # states and actions; length of a side of the grid
GOAL, SWEEPS, MODELS, ROUNDS = 100.0, 20.0, 9, 3
TIGHT = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


def convex(name: str, L: tt.Surrogate, x: float) -> Callable[[], Any]:
    """Return a function that solves the step `name` with parameter x by cvxpy and Clarabel.

    It returns the objective; its first call compiles the problem.
    """
    import cvxpy as cp

    G, q = cp.Parameter(L.pi.shape), cp.Variable(L.pi.shape, nonneg=True)
    rows = cp.sum(cp.rel_entr(L.pi, q), axis=1)
    divergence = (
        cp.max(rows) if name in ("minorize", "max_kl") else (L.weight / L.weight.sum()) @ rows
    )
    gain, rules = cp.sum(cp.multiply(G, q - L.pi)), [cp.sum(q, axis=1) == 1]
    if name in ("minorize", "mean_kl_penalty"):
        problem = cp.Problem(cp.Maximize(gain - x * divergence), rules)
    else:
        problem = cp.Problem(cp.Maximize(gain), [*rules, divergence <= x])
    G.value = L.G

    def solve() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem.solve(solver=cp.CLARABEL, **TIGHT)
        return float(problem.value)

    return solve


STEPS = {
    "minorize": tt.improve.minorize,
    "max_kl": tt.improve.max_kl,
    "mean_kl": tt.improve.mean_kl,
    "mean_kl_penalty": tt.improve.mean_kl_penalty,
}


def small(seed: int) -> tuple[tt.Surrogate, dict[str, float]]:
    """Return the surrogate of a random model with 20 states, and the parameter of each step."""
    rng = np.random.default_rng(seed)
    S, A = SMALL
    mdp = tt.MDP(rng.dirichlet(np.ones(S), (S, A)), rng.normal(size=(S, A)), np.ones(S) / S, 0.9)
    ev = tt.evaluate(mdp, rng.dirichlet(np.ones(A), S))
    C = float(tt.penalty(ev))
    given = {"minorize": C, "max_kl": 0.01, "mean_kl": 0.01, "mean_kl_penalty": C}
    return tt.surrogate(ev), given


def compared(name: str, seed: int) -> tuple[float, float, float]:
    """Return time of cvxpy / ours, the same for a compiled problem, and the objectives' difference.

    The difference is relative to the objective of our step.
    """
    L, given = small(seed)
    step, x = STEPS[name], given[name]
    solve, objective = convex(name, L, x), step(L, x).objective
    difference = abs(solve() - objective) / abs(objective)
    ours = theirs = again = math.inf
    for _ in range(ROUNDS):
        ours = min(ours, shortest(lambda: step(L, x), 0.03))
        theirs = min(theirs, shortest(lambda: convex(name, L, x)(), 0.1))
        again = min(again, shortest(solve, 0.03))
    return theirs / ours, again / ours, difference


def main() -> int:
    """Print a line for each step; return 1 if a goal is missed, else 0."""
    missed = 0
    S, A = SMALL
    for name in STEPS:
        ratios, compiled, difference = zip(
            *(compared(name, seed) for seed in range(MODELS)), strict=True
        )
        missed += statistics.median(ratios) < GOAL
        print(
            f"{name:16} S={S} A={A}: cvxpy / ours {statistics.median(ratios):4.0f}, "
            f"least {min(ratios):4.0f} (compiled before {statistics.median(compiled):4.1f}), "
            f"objectives differ by at most {max(difference):.0e}"
        )
    grid = large()
    start = time.perf_counter()
    ev = tt.evaluate(grid, tt.policies.uniform(grid))
    evaluation = time.perf_counter() - start
    L, C = tt.surrogate(ev), float(tt.penalty(ev))
    for name, x in (("minorize", C), ("minorize", C * 1e-4), ("mean_kl", 0.01), ("max_kl", 0.01)):
        ratio = shortest(lambda name=name, x=x: STEPS[name](L, x)) / evaluation
        missed += ratio > SWEEPS
        print(f"{name:16} S={grid.n_states} A=4, {x:.3g}: {ratio:.2f} of one evaluation")
    return int(missed > 0)


def large() -> tt.MDP:
    """Return a sparse gridworld on a torus with 316^2 states and random rewards."""
    from scipy.sparse import csr_array

    n = LARGE
    rng = np.random.default_rng(1)
    s = np.arange(n * n).reshape(n, n)
    to = np.stack([np.roll(s, k, axis) for k, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1))], -1)
    to = to.reshape(n * n, 4)
    rows = np.repeat(np.arange(4 * n * n), 2)
    slip = np.stack([to, np.roll(to, 1, axis=1)], -1).ravel()
    P = csr_array((np.tile([0.875, 0.125], 4 * n * n), (rows, slip)), shape=(4 * n * n, n * n))
    return tt.MDP(P, rng.normal(size=(n * n, 4)), np.full(n * n, 1 / (n * n)), 0.95)


if __name__ == "__main__":
    sys.exit(main())
