"""`python -m scripts.stuck`: deterministic policies do not move under Algorithm 1.

From gamma = 1/5 on every one of them is a fixed point (1/3 with C / 2): monotone does not mean
convergent.  A thousandth of the other actions is enough to start.
"""

from pathlib import Path

import numpy as np

import tabular_trpo as tt
from scripts import show


def experiment(size: int, figure: Path) -> None:
    """Take the step from the worst policy of a bandit, certain and nearly so."""
    columns = ("gamma", "certain", "certain, C / 2", "nearly certain")
    rows = []
    for gamma in np.linspace(0.05, 0.9, size):
        mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], gamma)
        moves = []
        for pi, share in (([[1.0, 0.0]], 1.0), ([[1.0, 0.0]], 0.5), ([[0.999, 0.001]], 1.0)):
            ev = tt.evaluate(mdp, pi)
            step = tt.improve.minorize(tt.surrogate(ev), share * float(tt.penalty(ev)))
            moves.append(float(step.pi_new[0, 1] - ev.pi[0, 1]))
        rows.append((float(gamma), *moves))
    show.table("Mass that one step of Algorithm 1 moves to the better action", columns, rows)
    show.figure(figure, columns, rows, "mass moved")


if __name__ == "__main__":
    show.run(__doc__, experiment, "stuck", 18)
