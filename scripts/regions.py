"""`python -m scripts.regions`: six policy-improvement methods on five models.

Each method starts at the uniform policy.  Printed are (eta - eta_uniform) / (eta* - eta_uniform)
after the last step, and "fell" where the return decreased in a step.  Algorithm 1 is slow because
its C is large and its steps are small; the constrained steps have the size of their radius 0.01.
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
    """Return (eta - start) / (best - start), the covered share of the gap to the optimal return."""
    return (float(ev.eta) - start) / (best - start)


def experiment(size: int, figure: Path) -> None:
    """Run `size` steps of every method on every model, and print the covered shares."""
    curves, rows = [], []
    for name, step in STEPS.items():
        row: list[object] = [name]
        for model in MODELS:
            mdp = tt.read(MDPS / f"{model}.mdp.json").to_float()
            ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
            start, best = float(ev.eta), float(tt.optimal(mdp).eta_star)
            shares = [0.0]
            for _ in range(size):
                ev = tt.evaluate(mdp, step(ev, tt.surrogate(ev)).pi_new)
                shares.append(share(ev, start, best))
            fell = any(b < a - 1e-9 for a, b in pairwise(shares))
            row.append(f"{shares[-1]:.4f}{' fell' if fell else ''}")
            if model == MODELS[0]:
                curves.append(shares)
        rows.append(row)
    show.table(
        f"Covered share of the gap to the optimum after {size} steps", ("method", *MODELS), rows
    )
    drawn = list(zip(range(size + 1), *curves, strict=True))
    show.figure(figure, ("step", *STEPS), drawn, f"share of the gap, {MODELS[0]}")


if __name__ == "__main__":
    show.run(__doc__, experiment, "regions", 40)
