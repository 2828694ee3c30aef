"""`python -m scripts.ladder`: the share of each step's gain that each theorem certifies.

For each step of a run of Algorithm 1 it prints the gain that a theorem certifies before the new
policy is evaluated, divided by the realised gain.  Of the theorems shown, the coupling form of
Theorem 1 certifies the largest share, and (9) the smallest.
"""

from itertools import islice
from pathlib import Path

import tabular_trpo as tt
from scripts import show
from tabular_trpo._improve.iterate import iterate

MODEL = Path(__file__).parents[1] / "mdps" / "rover.mdp.json"
BOUNDS = ("coupling_span", "cpo_bound", "trpo_bound", "trpo_kl_bound_half", "trpo_kl_bound")


def experiment(size: int, figure: Path) -> None:
    """Print the certified shares of `size` steps of Algorithm 1 with C / 2, valid by Pinsker."""
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
