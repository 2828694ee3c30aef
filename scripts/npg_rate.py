"""`python -m scripts.npg_rate`: the rate of natural policy gradient and its proved bound.

Agarwal, Kakade, Lee and Mahajan (2021), Theorem 5.3 of the arXiv text: with rewards in [0, 1], a
uniform start and theta + step A / (1 - gamma), after T steps

    eta* - eta_T <= log(actions) / (step T) + 1 / ((1 - gamma)^2 T).

The gap that is printed is an upper bound of eta* - eta_T that includes the proved radii, so "holds"
is certain.  The bound with one of its terms only is false: short steps violate it without the first
term, long steps without the second.
"""

from collections.abc import Iterator
from itertools import compress
from math import log
from pathlib import Path

import tabular_trpo as tt
from scripts import show

MDPS = Path(__file__).parents[1] / "mdps"
MODELS = ("one_state", "river_swim", "tight_cpi", "stay_or_go", "queue")
STEPS = (0.01, 1.0, 100.0)


def scaled(mdp: tt.MDP) -> tt.MDP:
    """Return the model in floats with its rewards mapped affinely onto [0, 1]."""
    mdp = mdp.to_float()
    low, high = mdp.r[mdp.mask].min(), mdp.r[mdp.mask].max()
    r = (mdp.r - low) / (high - low)
    return tt.MDP(mdp.P, r, mdp.rho0, mdp.gamma, mdp.allowed)


def run(mdp: tt.MDP, step: float, most: int) -> Iterator[tuple[int, float, float, float]]:
    """Yield (T, upper bound of eta* - eta_T, first term, second term) for T = 1, ..., most."""
    best, pi, u = tt.optimal(mdp), tt.policies.uniform(mdp), 1 - mdp.gamma
    top = float(best.eta_star + best.radius.eta_star)
    first, second = log(mdp.mask.sum(axis=1).max()) / step, 1 / u**2
    for T in range(1, most + 1):
        pi = tt.improve.mirror(tt.surrogate(tt.evaluate(mdp, pi)), u / step).pi_new
        ev = tt.evaluate(mdp, pi)
        yield T, top - float(ev.eta - ev.radius.eta), first / T, second / T


def experiment(size: int, figure: Path) -> None:
    """Run every model with every step length; print each run at the T of its largest ratio."""
    rows, drawn = [], []
    for model in MODELS:
        mdp = scaled(tt.read(MDPS / f"{model}.mdp.json"))
        for step in STEPS:
            found = list(run(mdp, step, size))
            T, gap, first, second = max(found, key=lambda row: row[1] / (row[2] + row[3]))
            exceeded = [any(row[1] > row[i] for row in found) for i in (2, 3)]
            fails = " ".join(compress(("first", "second"), exceeded)) or "-"
            holds = all(row[1] <= row[2] + row[3] for row in found)
            ratio = gap / (first + second)
            rows.append((model, step, T, gap, first, second, ratio, holds, fails))
            if (model, step) == ("river_swim", 0.01):
                drawn = [(row[0], row[1], row[2] + row[3]) for row in found]
    columns = ("model", "step", "T", "gap", "first", "second", "ratio", "holds", "too small alone")
    show.table(f"Natural policy gradient over {size} steps, at the tightest T", columns, rows)
    show.figure(figure, ("T", "eta* - eta_T", "bound"), drawn, "river_swim, short steps", "xy")


if __name__ == "__main__":
    show.run(__doc__, experiment, "npg_rate", 50)
