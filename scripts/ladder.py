"""`python -m scripts.ladder`: which rung of the ladder certifies a step, along a run.

Every theorem that bounds a step from below is asked at each step of Algorithm 1: how much of the
gain that came did it certify beforehand?  Of those in the table the coupling form of Theorem 1
leads, and (9) comes last.
"""

from itertools import islice
from pathlib import Path

import tabular_trpo as tt
from scripts import show
from tabular_trpo._improve.iterate import iterate

MODEL = Path(__file__).parents[1] / "mdps" / "rover.mdp.json"
RUNGS = ("coupling_span", "cpo_bound", "trpo_bound", "trpo_kl_bound_half", "trpo_kl_bound")


def experiment(size: int, figure: Path) -> None:
    """Run Algorithm 1 with C / 2, which Pinsker's inequality allows."""
    mdp = tt.read(MODEL).to_float()
    start = tt.policies.uniform(mdp)
    run = iterate(mdp, start, lambda ev, L: tt.improve.minorize(L, float(tt.penalty(ev)) / 2))
    columns = ("step", *RUNGS, "best")
    rows: list[tuple[object, ...]] = []
    drawn = []
    for record in islice(run, size):
        shares = [float(record.certified[name] / record.realised) for name in RUNGS]
        drawn.append((record.i, *shares))
        rows.append((record.i, *shares, record.best_bound))
    show.table("rover: certified share of the realised gain", columns, rows)
    show.figure(figure, columns[:-1], drawn, "share")


if __name__ == "__main__":
    show.run(__doc__, experiment, "ladder", 12)
