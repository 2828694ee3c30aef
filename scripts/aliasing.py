"""`python -m scripts.aliasing`: where states share logits, a penalty below C can lower the return.

With one row of logits for each state eta does not fall for any C >= 0, so such runs do not test C.
Here all states of a random model share one row of logits.  The step is the one along the gradient
with the largest L - share C max_kl.  With the C of (9) the return never falls, by the theorem; with
a thousandth of C it falls on some models.
"""

from pathlib import Path

import numpy as np

import tabular_trpo as tt
from scripts import show

S, A = 4, 3
SHARES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)


def losses(seed: int) -> list[float]:
    """Return eta - eta_new of the step for each share of C, on the random model of a seed."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), (S, A))
    mdp = tt.MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), 0.9)
    shared = tt.improve.aliased(np.zeros(S, dtype=int), A)
    theta = rng.normal(size=shared.theta_shape)
    ev = tt.evaluate(mdp, shared.policy(theta))
    C, L = float(tt.penalty(ev)), tt.surrogate(ev)
    radii = 10.0 ** np.linspace(-8, 2, 41)
    steps = [tt.improve.vanilla(L, theta, delta, shared) for delta in radii]
    best = [max(steps, key=lambda x: x.gain - share * C * x.max_kl) for share in SHARES]
    return [float(ev.eta - tt.evaluate(mdp, step.pi_new).eta) for step in best]


def experiment(size: int, figure: Path) -> None:
    """Print, for each share of C, on how many models the return falls and by how much at most."""
    lost = np.array([losses(seed) for seed in range(size)])
    columns = ("share of C", "models", "return fell", "by at most")
    rows = [
        (share, size, int((column > 1e-9).sum()), max(float(column.max()), 0.0))
        for share, column in zip(SHARES, lost.T, strict=True)
    ]
    show.table(f"One row of logits for {S} states, gamma = 0.9", columns, rows)
    fell = [(share, 100 * count / size) for share, _, count, _ in rows]
    show.figure(figure, (columns[0], "models whose return fell"), fell, "%", log="x")


if __name__ == "__main__":
    show.run(__doc__, experiment, "aliasing", 340)
