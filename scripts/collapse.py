"""`python -m scripts.collapse`: a step that is too large lowers the return although L grows.

On mdps/too_hopeful L increases along the mixtures of the old with the new policy.  The return eta
increases at first and then decreases to its value at the old policy.  The lower bound (6) shows up
to which alpha an increase of eta is certified.
"""

from pathlib import Path

import tabular_trpo as tt
from scripts import show

MODEL = Path(__file__).parents[1] / "mdps" / "too_hopeful.mdp.json"


def experiment(size: int, figure: Path) -> None:
    """Print L, eta and the bound (6) for `size` values of alpha in [0, 1]."""
    document = tt.formats.load(MODEL)
    mdp, old, new = document.mdp, document.policies["old"], document.policies["new"]
    ev = tt.evaluate(mdp, old)
    L = tt.surrogate(ev)
    eps = max(
        abs((new * ev.A).sum(axis=1))
    )  # of the target; that of the mixture would be too small
    columns = ("alpha", "L", "eta", "L - penalty of (6)")
    rows = []
    for i in range(size):
        pair = tt.Pair.mixture(mdp, old, new, f"{i}/{size - 1}")
        penalty = 2 * eps * pair.gamma * pair.alpha**2 / (1 - pair.gamma) ** 2
        at = pair.alpha, L.value(pair.pi_new), pair.eta_new, pair.L - penalty
        rows.append(tuple(map(float, at)))
    show.table("L, eta and the bound (6) along the mixtures", columns, rows)
    show.figure(figure, columns, rows, "return")


if __name__ == "__main__":
    show.run(__doc__, experiment, "collapse", 21)
