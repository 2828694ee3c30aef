"""`python -m scripts.collapse`: a too-large step makes performance collapse.

L grows with every step towards the new policy of mdps/too_hopeful; eta follows it at first, then
turns, and at the end all that L promised is gone.  The bound (6) says how far L can be trusted.
"""

from pathlib import Path

import tabular_trpo as tt
from scripts import show

MODEL = Path(__file__).parents[1] / "mdps" / "too_hopeful.mdp.json"


def experiment(size: int, figure: Path) -> None:
    """Walk along the mixtures."""
    document = tt.formats.load(MODEL)
    mdp, old, new = document.mdp, document.policies["old"], document.policies["new"]
    ev = tt.evaluate(mdp, old)
    L = tt.surrogate(ev)
    eps = max(abs((new * ev.A).sum(axis=1)))  # of the target: of the mixture it would be too small
    columns = ("alpha", "L", "eta", "L - penalty of (6)")
    rows = []
    for i in range(size):
        pair = tt.Pair.mixture(mdp, old, new, f"{i}/{size - 1}")
        penalty = 2 * eps * pair.gamma * pair.alpha**2 / (1 - pair.gamma) ** 2
        at = pair.alpha, L.value(pair.pi_new), pair.eta_new, pair.L - penalty
        rows.append(tuple(map(float, at)))
    show.table("Mixtures: what L promises and what eta does", columns, rows)
    show.figure(figure, columns, rows, "return")


if __name__ == "__main__":
    show.run(__doc__, experiment, "collapse", 21)
