"""`python -m scripts.small_steps`: the max KL of a step of Algorithm 1 at increasing horizons.

The max KL of the step is compared with its small-step approximation (sum_s rho sigma)^2 / (2 C^2),
where sigma is the standard deviation of A under pi in a state, and with the upper bound
(1 - gamma)^2 / (8 gamma^2) that holds for every model.
"""

from pathlib import Path

import numpy as np

import tabular_trpo as tt
from scripts import show


def experiment(size: int, figure: Path) -> None:
    """Take one step on the same random model at `size` discounts from 0.5 to 0.9999."""
    rng = np.random.default_rng(0)
    P, r = rng.dirichlet(np.ones(6), (6, 3)), rng.normal(size=(6, 3))
    columns = ("gamma", "C", "max_kl", "small-step", "largest", "certified gain", "eps / 8 gamma")
    rows = []
    for gamma in 1 - np.logspace(-0.3, -4, size):
        mdp = tt.MDP(P, r, np.ones(6) / 6, gamma)
        ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
        L, C, eps = tt.surrogate(ev), float(tt.penalty(ev)), float(abs(ev.A).max())
        step = tt.improve.minorize(L, C)
        sigma = float(np.sqrt((ev.pi * L.G**2).sum(axis=1)).sum())
        approximation, most = sigma**2 / (2 * C**2), (1 - gamma) ** 2 / (8 * gamma**2)
        found = (float(gamma), C, step.max_kl, approximation, float(most), step.objective)
        rows.append(tuple(map(float, (*found, eps / (8 * gamma)))))
    show.table("Algorithm 1 from the uniform policy, S = 6, A = 3", columns, rows)
    drawn = [(1 / (1 - row[0]), *row[2:5]) for row in rows]
    show.figure(figure, ("1 / (1 - gamma)", *columns[2:5]), drawn, "KL", log="xy")


if __name__ == "__main__":
    show.run(__doc__, experiment, "small_steps", 9)
