"""`python -m scripts.ladder`: how much of a step's gain each theorem certifies, along a run.

Printed for each step of Algorithm 1: the share of the realised gain that a theorem certifies
before the new policy is evaluated.  Of the theorems shown the coupling form of Theorem 1 certifies
most, and (9) least.
"""

from itertools import islice
from pathlib import Path

import tabular_trpo as tt
from scripts import show
from tabular_trpo._improve.iterate import iterate

MODEL = Path(__file__).parents[1] / "mdps" / "rover.mdp.json"
BOUNDS = ("coupling_span", "cpo_bound", "trpo_bound", "trpo_kl_bound_half", "trpo_kl_bound")


def experiment(size: int, figure: Path) -> None:
    """Run Algorithm 1 with C / 2, which Pinsker's inequality allows."""
    mdp = tt.read(MODEL).to_float()
    start = tt.policies.uniform(mdp)
    run = iterate(mdp, start, lambda ev, L: tt.improve.minorize(L, float(tt.penalty(ev)) / 2))
    columns = ("step", *BOUNDS, "best")
    rows: list[tuple[object, ...]] = []
    drawn = []
    for record in islice(run, size):
        shares = [float(record.certified[name] / record.realised) for name in BOUNDS]
        drawn.append((record.i, *shares))
        rows.append((record.i, *shares, record.best_bound))
    show.table("rover: certified share of the realised gain", columns, rows)
    show.figure(figure, columns[:-1], drawn, "share")


if __name__ == "__main__":
    show.run(__doc__, experiment, "ladder", 12)
