"""`python -m benchmarks.accuracy [--cases N]`: proved radii and true errors of float evaluations.

Each model is evaluated in floats and in rationals.  For each kind of model and each quantity are
printed: the number of entries, the violations (entries whose true error exceeds the radius; there
must be none), and the median over models of (largest radius) / (largest true error).
"""

import argparse
import statistics
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.sparse as sp

import tabular_trpo as tt

HORIZONS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-9)
NAMES = ("V", "Q", "A", "rho", "d", "eta", "L")


def dense(rng: np.random.Generator, gamma: float) -> tt.MDP:
    """Return a model with Dirichlet(1) rows, 3 to 16 states and 2 to 4 actions."""
    S, A = int(rng.integers(3, 17)), int(rng.integers(2, 5))
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return tt.MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma)


def peaked(rng: np.random.Generator, gamma: float) -> tt.MDP:
    """Return a model with nearly deterministic Dirichlet(0.05) rows; entries may be below 2^-53."""
    S, A = int(rng.integers(3, 17)), int(rng.integers(2, 5))
    P = rng.dirichlet(np.full(S, 0.05), size=(S, A))
    return tt.MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma)


def sparse(rng: np.random.Generator, gamma: float) -> tt.MDP:
    """Return a CSR model with three successors for each state and action."""
    S, A = int(rng.integers(6, 17)), 2
    rows = np.zeros((S * A, S))
    for row in rows:
        row[rng.choice(S, 3, replace=False)] = rng.dirichlet(np.ones(3))
    return tt.MDP(sp.csr_array(rows), rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma)


def nearly_reducible(rng: np.random.Generator, gamma: float) -> tt.MDP:
    """Return a ring in which a state is left with probability 2^-20 in each step."""
    S, A = int(rng.integers(4, 13)), 2
    P = np.zeros((S, A, S))
    for s in range(S):
        P[s, :, s] = 1 - 2.0**-20
        P[s, 0, (s + 1) % S] += 2.0**-20
        P[s, 1, s - 1] += 2.0**-20
    return tt.MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma)


KINDS = {"dense": dense, "peaked": peaked, "sparse": sparse, "nearly reducible": nearly_reducible}


def compare(mdp: tt.MDP, rng: np.random.Generator) -> dict[str, tuple[int, int, float | None]]:
    """Return for each quantity (entries, violations, max radius / max error or None if exact)."""
    rows = rng.dirichlet(np.ones(mdp.n_actions), size=(2, mdp.n_states))
    low = tt.evaluate(mdp, rows[0])
    new = tt.policies.check_policy(mdp, rows[1])
    exact_mdp = mdp.to_rational()
    high = tt.evaluate(exact_mdp, tt.policies.to_rational(low.pi))
    pairs: dict[str, tuple[Any, Any, Any]] = {
        name: (getattr(low, name), getattr(low.radius, name), getattr(high, name))
        for name in NAMES[:-1]
    }
    L, truth = tt.surrogate(low), tt.surrogate(high)
    pairs["L"] = L.value(new), L.radius(new), truth.value(tt.policies.to_rational(new))
    results = {}
    for name, (value, radius, exact) in pairs.items():
        errors = [
            abs(Fraction(float(x)) - y)
            for x, y in zip(np.ravel(value), np.ravel(np.asarray(exact, dtype=object)), strict=True)
        ]
        radii = [Fraction(float(x)) for x in np.ravel(np.broadcast_to(radius, np.shape(value)))]
        bad = sum(e > r for e, r in zip(errors, radii, strict=True))
        ratio = float(max(radii) / max(errors)) if max(errors) else None
        results[name] = len(errors), bad, ratio
    return results


def main() -> int:
    """Print the table; return 1 if there is a violation, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--cases", type=int, default=840)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    each = -(-options.cases // (len(KINDS) * len(HORIZONS)))
    violations = 0
    print(
        f"seed {options.seed}, {each * len(KINDS) * len(HORIZONS)} cases, 1-gamma from 1e-1 to 1e-9"
    )
    for kind, draw in KINDS.items():
        found = [compare(draw(rng, 1 - h), rng) for h in HORIZONS for _ in range(each)]
        for name in NAMES:
            entries, bad = (sum(case[name][i] for case in found) for i in (0, 1))
            ratios = [ratio for case in found if (ratio := case[name][2]) is not None]
            violations += int(bad or 0)
            middle = statistics.median(ratios)
            print(
                f"{kind:17} {name:4} {entries:6} entries  {bad} violations  "
                f"median radius / error {middle:6.1f}"
            )
    return int(violations > 0)


if __name__ == "__main__":
    sys.exit(main())
