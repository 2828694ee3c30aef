"""`python -m scripts.stuck`: deterministic policies are fixed points of Algorithm 1.

For gamma >= 1/5 (1/3 with C / 2) Algorithm 1 leaves every deterministic policy unchanged, so a
monotone sequence of returns need not converge to the optimum.  A policy that gives the other
actions probability 1/1000 does change.
"""

from pathlib import Path

import numpy as np

import tabular_trpo as tt
from scripts import show


def experiment(size: int, figure: Path) -> None:
    """Take the step from the worst policy of a bandit, deterministic and nearly deterministic."""
    columns = ("gamma", "deterministic", "deterministic, C / 2", "0.999")
    rows = []
    for gamma in np.linspace(0.05, 0.9, size):
        mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], gamma)
        moved = []
        for pi, share in (([[1.0, 0.0]], 1.0), ([[1.0, 0.0]], 0.5), ([[0.999, 0.001]], 1.0)):
            ev = tt.evaluate(mdp, pi)
            step = tt.improve.minorize(tt.surrogate(ev), share * float(tt.penalty(ev)))
            moved.append(float(step.pi_new[0, 1] - ev.pi[0, 1]))
        rows.append((float(gamma), *moved))
    show.table("Probability that one step of Algorithm 1 moves to the better action", columns, rows)
    show.figure(figure, columns, rows, "probability moved")


if __name__ == "__main__":
    show.run(__doc__, experiment, "stuck", 18)
