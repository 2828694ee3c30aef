"""`python -m scripts.aliasing`: where states share a row, a too small C loses return.

In the full table any C >= 0 keeps eta from falling, so that runs there say nothing of C.  Here all
states of random models share one row of logits; the step is the best, for L - share C max_kl, along
the gradient.  At the C of (9) none loses, by theorem; at a thousandth of it some do.
"""

from pathlib import Path

import numpy as np

import tabular_trpo as tt
from scripts import show

S, A = 4, 3
SHARES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)


def losses(seed: int) -> list[float]:
    """What the step for each share of C loses of the return, on one random model."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), (S, A))
    mdp = tt.MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), 0.9)
    shared = tt.improve.aliased(np.zeros(S, dtype=int), A)
    theta = rng.normal(size=shared.theta_shape)
    ev = tt.evaluate(mdp, shared.policy(theta))
    C, L = float(tt.penalty(ev)), tt.surrogate(ev)
    ways = 10.0 ** np.linspace(-8, 2, 41)
    steps = [tt.improve.vanilla(L, theta, delta, shared) for delta in ways]
    best = [max(steps, key=lambda x: x.gain - share * C * x.max_kl) for share in SHARES]
    return [float(ev.eta - tt.evaluate(mdp, step.pi_new).eta) for step in best]


def experiment(size: int, figure: Path) -> None:
    """Count the models whose return falls, and by how much at most."""
    lost = np.array([losses(seed) for seed in range(size)])
    columns = ("share of C", "models", "return fell", "by at most")
    rows = [
        (share, size, int((column > 1e-9).sum()), max(float(column.max()), 0.0))
        for share, column in zip(SHARES, lost.T, strict=True)
    ]
    show.table(f"One row of logits for {S} states, gamma = 0.9", columns, rows)
    fell = [(share, 100 * count / size) for share, _, count, _ in rows]
    show.figure(figure, (columns[0], "models that lose"), fell, "%", log="x")


if __name__ == "__main__":
    show.run(__doc__, experiment, "aliasing", 340)
