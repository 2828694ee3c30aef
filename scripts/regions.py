"""`python -m scripts.regions`: penalty, max KL, mean KL and the others on five models.

Each method starts at the uniform policy; how much of the way to the optimum it has made, and
whether the return ever fell.  Small C makes Algorithm 1 slow; a constraint chooses its own size.
"""

from itertools import pairwise
from pathlib import Path

import tabular_trpo as tt
from scripts import show
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._improve.iterate import StepFunction

MDPS = Path(__file__).parents[1] / "mdps"
MODELS = ("queue", "river_swim", "gridworld", "rover", "weather")
STEPS: dict[str, StepFunction] = {
    "policy iteration": lambda ev, L: tt.improve.greedy(L, ev.A),
    "CPI (5)": lambda ev, L: tt.improve.conservative(L, "paper", ev),
    "Algorithm 1": lambda ev, L: tt.improve.minorize(L, float(tt.penalty(ev))),
    "Algorithm 1, C / 2": lambda ev, L: tt.improve.minorize(L, float(tt.penalty(ev)) / 2),
    "max KL <= 0.01": lambda ev, L: tt.improve.max_kl(L, 0.01),
    "mean KL <= 0.01": lambda ev, L: tt.improve.mean_kl(L, 0.01),
}


def share(ev: Evaluation, start: float, best: float) -> float:
    """Return the share of the distance from the start to the optimum that was covered."""
    return (float(ev.eta) - start) / (best - start)


def experiment(size: int, figure: Path) -> None:
    """Run every method on every model."""
    ways, rows = [], []
    for name, step in STEPS.items():
        row: list[object] = [name]
        for model in MODELS:
            mdp = tt.read(MDPS / f"{model}.mdp.json").to_float()
            ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
            start, best = float(ev.eta), float(tt.optimal(mdp).eta_star)
            way = [0.0]
            for _ in range(size):
                ev = tt.evaluate(mdp, step(ev, tt.surrogate(ev)).pi_new)
                way.append(share(ev, start, best))
            fell = any(b < a - 1e-9 for a, b in pairwise(way))
            row.append(f"{way[-1]:.4f}{' fell' if fell else ''}")
            if model == MODELS[0]:
                ways.append(way)
        rows.append(row)
    show.table(f"Share of the way to the optimum after {size} steps", ("method", *MODELS), rows)
    drawn = list(zip(range(size + 1), *ways, strict=True))
    show.figure(figure, ("step", *STEPS), drawn, f"share of the way, {MODELS[0]}")


if __name__ == "__main__":
    show.run(__doc__, experiment, "regions", 40)
