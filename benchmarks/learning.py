"""`python -m benchmarks.learning`: sampled TRPO on the environments that everybody uses.

One default configuration plays four live Gymnasium environments with several seeds; each policy is
scored by exact evaluation of the table.  Printed are the mean of eta over seeds with its 95 %
interval at quarters of the steps, the share of the gap from the uniform policy to the optimum, how
many accepted steps made eta fall for certain, and the goals.  Exit 1 where a goal is missed.
"""

import argparse
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np

import tabular_trpo as tt
from tabular_trpo.sampled.comparison import Curve, band, run
from tabular_trpo.sampled.methods import Settings

DELTA, GAMMA = 0.01, 0.99
QUARTERS = np.array([0.25, 0.5, 0.75, 1.0])
FELL = 0.05  # largest share of accepted steps that may fall for certain


class Setting(NamedTuple):
    """An environment, its steps, and the goal: a test of the (seeds, 4) etas and of their gap."""

    name: str
    steps: int
    goal: str
    reached: Callable[[Any, float, float], bool]


def share(etas: Any, first: float, best: float) -> Any:
    """Return the share of the gap that each eta closes."""
    return (etas - first) / (best - first)


SETTINGS = (
    Setting(
        "FrozenLake-v1", 100_000, "95 % of the gap; above .06 .24 .48 at 25, 50, 75 thousand",
        lambda x, first, best: share(x[:, 3], first, best).mean() >= 0.95
        and bool((x.mean(axis=0)[:3] > [0.06, 0.24, 0.48]).all()),
    ),
    Setting(
        "FrozenLake8x8-v1", 200_000, "60 % of the gap, no seed below 25 %",
        lambda x, first, best: share(x[:, 3], first, best).mean() >= 0.6
        and share(x[:, 3], first, best).min() >= 0.25,
    ),
    Setting("CliffWalking-v1", 100_000, "eta > -13", lambda x, *_: x[:, 3].mean() > -13),
    Setting("Taxi-v4", 200_000, "eta > 3", lambda x, *_: x[:, 3].mean() > 3),
)  # fmt: skip


LONG = Setting("Taxi-v4", 1_000_000, "eta > 5.9", lambda x, *_: x[:, 3].mean() > 5.9)


def played(name: str, steps: int, method: str, seed: int) -> Curve:
    """Return one run of a method on a live environment."""
    import gymnasium

    warnings.simplefilter("ignore")
    env = gymnasium.make(name)
    limit = env.spec.max_episode_steps if env.spec else None
    mdp = tt.from_gym(env, GAMMA, layout="csr")
    live = tt.sampled.Registered(name)
    return run(mdp, method, seed, steps, Settings(delta=DELTA, limit=limit), live)


def judged(setting: Setting, method: str, curves: list[Curve]) -> bool:
    """Print the row of an environment; return whether its goals are reached."""
    import gymnasium

    mdp = tt.from_gym(gymnasium.make(setting.name), GAMMA, layout="csr")
    best = float(tt.optimal(mdp).eta_star)
    first = float(tt.evaluate(mdp, tt.policies.uniform(mdp)).eta)
    grid = QUARTERS * setting.steps
    means, etas = band(curves, grid), np.array([curve.at(grid) for curve in curves])
    accepted = sum(int((np.diff(curve.eta) != 0).sum()) for curve in curves)
    fell = sum(curve.fell for curve in curves)
    least = min(float((curve.eta - curve.eta[0]).min()) for curve in curves)
    good = setting.reached(etas, first, best) and fell <= FELL * accepted and least >= -1e-9
    print(f"{setting.name}, {setting.steps} steps, {method}: eta {first:.4g} to {best:.4g}")
    quarters = "  ".join(
        f"{mean:.4g} +- {half:.2g}" for mean, half in zip(means.mean, means.half_width, strict=True)
    )
    print(f"  mean at quarters: {quarters}")
    closed = 100 * share(etas[:, 3], first, best)
    print(f"  gap closed: {closed.mean():.1f} %, least seed {closed.min():.1f} %")
    print(f"  fell for certain: {fell} of {accepted} accepted steps; least eta - first {least:.2g}")
    print(f"  goal: {setting.goal}: {'reached' if good else 'MISSED'}", flush=True)
    return bool(good)


def main() -> int:
    """Run every environment with every seed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--method", default="empirical_model")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--long", action="store_true", help="Taxi for a million steps too")
    args = parser.parse_args()
    settings = SETTINGS + ((LONG,) if args.long else ())
    seeds = range(args.seed, args.seed + args.seeds)
    good = []
    with ProcessPoolExecutor() as pool:
        runs = [
            [pool.submit(played, x.name, x.steps, args.method, seed) for seed in seeds]
            for x in settings
        ]
        for setting, futures in zip(settings, runs, strict=True):
            good.append(judged(setting, args.method, [future.result() for future in futures]))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
