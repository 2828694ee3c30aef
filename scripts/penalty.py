"""`python -m scripts.penalty`: the penalty of Algorithm 1 and the constraint (11) compared.

For each penalty coefficient there is a delta with the same step, and the coefficient is the
Lagrange multiplier of the constraint max_kl <= delta.  The C of (9) is so large that its delta is
tiny; practical values of delta correspond to coefficients far below C.
"""

from pathlib import Path

import numpy as np

import tabular_trpo as tt
from scripts import show

MODEL = Path(__file__).parents[1] / "mdps" / "river_swim.mdp.json"


def experiment(size: int, figure: Path) -> None:
    """Print steps for `size` shares of C from 1 to 1e-6, and the steps of (11) of equal max KL."""
    mdp = tt.read(MODEL).to_float()
    ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
    C, L = float(tt.penalty(ev)), tt.surrogate(ev)
    columns = (
        "share of C",
        "max_kl",
        "gain",
        "gain of (11)",
        "multiplier of (11)",
        "realised",
        "certified",
    )
    rows = []
    for share in np.logspace(0, -6, size):
        step = tt.improve.minorize(L, share * C)
        same = tt.improve.max_kl(L, step.max_kl)
        multiplier = float(same.multipliers["lam"].sum()) / C
        realised = tt.evaluate(mdp, step.pi_new).eta - ev.eta
        certified = step.gain - C * step.max_kl
        found = (share, step.max_kl, step.gain, same.gain, multiplier, realised, certified)
        rows.append(tuple(map(float, found)))
    show.table("river_swim from the uniform policy; multipliers as shares of C", columns, rows)
    drawn = [(row[1], row[2], row[5]) for row in rows]
    show.figure(figure, ("max_kl", "gain", "realised"), drawn, "return", log="xy")


if __name__ == "__main__":
    show.run(__doc__, experiment, "penalty", 7)
