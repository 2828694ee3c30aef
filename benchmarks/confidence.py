"""`python -m benchmarks.confidence`: what the confidence rule costs, and what it saves.

The method `empirical_model` plays the environments of `benchmarks.learning`, and random lakes, with
level 0.95 and with level 0.5, the plain rule that accepts every positive gain; all else is equal.
For each environment the gain of the plain rule after n steps, the mean over seeds of eta less that
of the uniform policy, is set beside that of the confident rule after 2 n steps, n = 1/8, 2/8, 3/8,
4/8 of the budget.  Printed are their ratio, and the accepted steps of both that made eta fall for
certain.  Exit 1 where the ratio is below 0.9 at the last n, or where more than 5 % of the accepted
steps of the confident rule fell.
"""

import argparse
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np

import tabular_trpo as tt
from benchmarks.learning import DELTA, FELL, GAMMA
from tabular_trpo.sampled.comparison import Curve, run
from tabular_trpo.sampled.methods import Settings

LEVELS = (0.95, 0.5)
PARTS = np.arange(1, 5) / 8
LEAST = 0.9


class Played(NamedTuple):
    """An environment with its options and its steps."""

    name: str
    steps: int
    options: tuple[tuple[str, Any], ...] = ()


def lakes(count: int) -> list[Played]:
    """Return random slippery lakes of 5 x 5."""
    from gymnasium.envs.toy_text.frozen_lake import generate_random_map

    return [
        Played("FrozenLake-v1", 100_000, (("desc", tuple(generate_random_map(5, 0.8, seed))),))
        for seed in range(count)
    ]


def one(task: tuple[Played, float, int]) -> Curve:
    """Return one run with a level."""
    import gymnasium

    warnings.simplefilter("ignore")
    played, level, seed = task
    options = {key: list(x) if key == "desc" else x for key, x in played.options}
    env = gymnasium.make(played.name, **options)
    limit = env.spec.max_episode_steps if env.spec else None
    mdp = tt.from_gym(env, GAMMA, layout="csr")
    live = tt.sampled.Registered(played.name, tuple(options.items()))
    settings = Settings(delta=DELTA, limit=limit, level=level)
    return run(mdp, "empirical_model", seed, played.steps, settings, live)


def falls(curves: list[Curve]) -> tuple[int, int]:
    """Return how many accepted steps fell for certain, and how many were accepted."""
    accepted = sum(int((np.diff(curve.eta) != 0).sum()) for curve in curves)
    return sum(curve.fell for curve in curves), accepted


def gains(curves: list[Curve], grid: Any) -> Any:
    """Return the mean over seeds of eta - eta of the uniform policy at some numbers of steps."""
    return np.mean([curve.at(grid) - curve.eta[0] for curve in curves], axis=0)


def main() -> int:
    """Run every environment with both levels and every seed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--lakes", type=int, default=3, help="number of random lakes")
    args = parser.parse_args()
    all_played = [
        Played("FrozenLake-v1", 100_000), Played("FrozenLake8x8-v1", 200_000),
        Played("CliffWalking-v1", 100_000), Played("Taxi-v4", 200_000), *lakes(args.lakes),
    ]  # fmt: skip
    seeds = range(args.seed, args.seed + args.seeds)
    tasks = [(x, level, seed) for x in all_played for level in LEVELS for seed in seeds]
    good, total = True, np.zeros((2, 2), dtype=int)
    with ProcessPoolExecutor() as pool:
        runs = pool.map(one, tasks)
        for x in all_played:
            confident, plain = ([next(runs) for _ in seeds] for _ in LEVELS)
            ours, theirs = gains(confident, 2 * PARTS * x.steps), gains(plain, PARTS * x.steps)
            ratios = ours / np.where(theirs > 0, theirs, np.nan)
            fell = [falls(curves) for curves in (confident, plain)]
            total += np.array(fell)
            good &= bool(np.isnan(ratios[-1]) or ratios[-1] >= LEAST)
            print(f"{x.name}{' (random)' if x.options else ''}, plain rule to {x.steps // 2} steps")
            print("  gain confident / plain:", "  ".join(f"{r:.2f}" for r in ratios))
            print("  fell of accepted:", ", ".join(f"{a} of {b}" for a, b in fell), flush=True)
    (fell_ours, accepted), (fell_plain, accepted_plain) = total.tolist()
    print(f"in all: confident {fell_ours} of {accepted}, plain {fell_plain} of {accepted_plain}")
    good &= fell_ours <= FELL * accepted and accepted >= 100
    print("reached" if good else "MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
