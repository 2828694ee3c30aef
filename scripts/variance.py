"""`python -m scripts.variance`: exact variances of single path, vine and common random numbers.

For each model and method it prints the exact variance of the estimated gain L(pi_new) - eta, times
the simulator steps of one sample, relative to that of a single path.  A number below 1 means that
the method needs fewer steps for the same precision.  pi is the uniform policy, pi_new its mixture
with its greedy policy at weight 1/2.  The figure shows one model at several gamma.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import tabular_trpo as tt
from scripts import show
from tabular_trpo.sampled import Moments, path_moments, vine_moments

MODELS = ("weather", "queue", "rover", "island", "river_swim", "combination_lock", "quiz")
FOLDER = Path(__file__).parents[1] / "mdps"
KINDS: dict[str, Callable[[tt.MDP, Any, Any, Any], Moments]] = {
    "single path": lambda mdp, pi, new, V: path_moments(mdp, pi, new),
    "less V": lambda mdp, pi, new, V: path_moments(mdp, pi, new, baseline=V),
    "vine": lambda mdp, pi, new, V: vine_moments(mdp, pi, new, common=False),
    "vine, common": lambda mdp, pi, new, V: vine_moments(mdp, pi, new, common=True),
}


def costs(mdp: tt.MDP) -> list[float]:
    """Return variance times steps of each estimator, divided by that of the first one."""
    pi = tt.policies.uniform(mdp)
    ev = tt.evaluate(mdp, pi)
    new = tt.policies.mixture(pi, tt.policies.greedy(mdp, ev.Q), "1/2")
    moments = [kind(mdp, pi, new, ev.V) for kind in KINDS.values()]
    assert all(each.mean == moments[0].mean for each in moments)  # all are unbiased
    cost = [each.variance * each.steps for each in moments]
    return [float(each / cost[0]) for each in cost]


def experiment(size: int, figure: Path) -> None:
    """Print a row for each model, and draw one model at `size` values of gamma in (0, 1)."""
    models = {name: tt.read(FOLDER / f"{name}.mdp.json") for name in MODELS}
    rows = [(name, float(mdp.gamma), *costs(mdp)) for name, mdp in models.items()]
    show.table("Variance x steps, exact", ("model", "gamma", *KINDS), rows)
    queue = models["queue"]
    curve = []
    for i in range(1, size + 1):
        gamma = Fraction(i, size + 1)
        mdp = tt.MDP(queue.P, queue.r, queue.rho0, gamma, queue.allowed)
        curve.append((float(gamma), *costs(mdp)))
    show.figure(figure, ("gamma", *KINDS), curve, "variance x steps, single path = 1", log="y")


if __name__ == "__main__":
    show.run(__doc__, experiment, "variance", 19)
