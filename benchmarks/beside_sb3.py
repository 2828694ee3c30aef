"""`python -m benchmarks.beside_sb3`: sb3-contrib's TRPO and ours on one live environment.

Both play the same Gymnasium environment for the same number of steps, sb3-contrib with its default
settings, ours with the configuration of `benchmarks.learning`; after each update the policy is read
off as a table and evaluated exactly.  Printed is the mean of eta over paired seeds with its 95 %
interval at quarters of the steps; --figure draws the curves.

sb3-contrib installs torch, gigabytes, so it has an environment of its own:

    python -m venv sb3 && sb3/bin/pip install torch sb3-contrib -e '.[gym,plot]'
    sb3/bin/python -m benchmarks.beside_sb3 --figure docs/beside_sb3.png
"""

import argparse
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import tabular_trpo as tt
from benchmarks.learning import GAMMA, QUARTERS, played
from scripts.sb3_trpo import policy_of
from tabular_trpo.sampled.comparison import Curve, band

THEIRS = "sb3-contrib"
METHODS = ("empirical_model", "gae", THEIRS)
POINTS = 60


def trained(name: str, steps: int, seed: int) -> Curve:
    """Return the learning curve of sb3-contrib's TRPO with its default settings."""
    import gymnasium
    import torch
    from sb3_contrib import TRPO
    from stable_baselines3.common.callbacks import BaseCallback

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    env = gymnasium.make(name)
    mdp = tt.from_gym(env, GAMMA, layout="csr")
    used, etas = [0], [float(tt.evaluate(mdp, tt.policies.uniform(mdp)).eta)]

    class Evaluate(BaseCallback):
        """Evaluate the policy exactly before each batch, and so after each update."""

        def _on_rollout_start(self) -> None:
            if self.num_timesteps:
                note(self.num_timesteps)

        def _on_step(self) -> bool:
            return True

    model = TRPO("MlpPolicy", env, gamma=GAMMA, seed=seed, device="cpu")

    def note(n: int) -> None:
        used.append(n)
        etas.append(float(tt.evaluate(mdp, policy_of(model, mdp)).eta))

    model.learn(steps, callback=Evaluate())
    note(model.num_timesteps)
    return Curve(np.array(used), np.array(etas), 0)


def one(name: str, steps: int, task: tuple[str, int]) -> Curve:
    """Return one run of one of METHODS."""
    method, seed = task
    return trained(name, steps, seed) if method == THEIRS else played(name, steps, method, seed)


def draw(path: Path, name: str, steps: int, curves: dict[str, list[Curve]], best: float) -> None:
    """Draw the mean curves with their 95 % bands over seeds, and the optimum."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for method, runs in curves.items():
        means = band(runs, np.linspace(0, steps, POINTS + 1))
        (line,) = axes.plot(means.grid, means.mean, label=method)
        low, high = means.mean - means.half_width, means.mean + means.half_width
        axes.fill_between(means.grid, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.axhline(best, color="gray", linestyle=":", linewidth=1, label="optimum")
    axes.set(xlabel="environment steps", ylabel="true eta", title=name)
    axes.legend(fontsize=8)
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def main() -> int:
    """Run all three with every seed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--env", default="FrozenLake-v1")
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--figure", type=Path)
    args = parser.parse_args()
    try:
        import gymnasium
        import sb3_contrib  # noqa: F401
    except ImportError:
        print("sb3-contrib is not installed: pip install 'tabular-trpo[gym,sb3]'")
        return 2
    seeds = range(args.seed, args.seed + args.seeds)
    tasks = [(method, seed) for method in METHODS for seed in seeds]
    with ProcessPoolExecutor() as pool:
        runs: list[Any] = list(pool.map(partial(one, args.env, args.steps), tasks))
    curves = {x: runs[i * len(seeds) : (i + 1) * len(seeds)] for i, x in enumerate(METHODS)}
    mdp = tt.from_gym(gymnasium.make(args.env), GAMMA, layout="csr")
    best = float(tt.optimal(mdp).eta_star)
    print(f"{args.env}, {args.steps} steps, seeds {seeds[0]} to {seeds[-1]}; optimum {best:.4g}")
    for method, found in curves.items():
        means = band(found, QUARTERS * args.steps)
        cells = zip(means.mean, means.half_width, strict=True)
        print(f"  {method:16}", "  ".join(f"{x:.4g} +- {half:.2g}" for x, half in cells))
    if args.figure:
        draw(args.figure, args.env, args.steps, curves, best)
    return 0


if __name__ == "__main__":
    sys.exit(main())
