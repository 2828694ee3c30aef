"""`python -m benchmarks.sampled`: speed of sampling, and distance of sampled TRPO to its limit.

Ratios of one run: simulator steps beside Gymnasium's own stepping of the same toy-text model, one
iteration of TRPO beside sb3-contrib's (extra `sb3`) on the same model and batch.  Then the share of
the gap, from the uniform to the best policy, that sampled TRPO leaves to its exact limit.  Exit 1
where a goal is missed; 2 where sb3-contrib is not installed.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import tabular_trpo as tt
from benchmarks.timing import paired, shortest
from tabular_trpo.sampled import Paths, Simulator, comparison, single_path, trpo
from tabular_trpo.sampled.methods import Settings

FOLDER = Path(__file__).parents[1] / "mdps"
TOYS = ("FrozenLake-v1", "CliffWalking-v1", "Taxi-v3", "Taxi-v4")
MODELS = ("gridworld", "combination_lock", "queue", "rover", "weather", "island", "ties")
STEPS, SEEDS, NEAR = 60_000, 5, 0.02
STEPPING, ITERATION = 100.0, 30.0
PATHS, LENGTH, BATCH = 5000, 40, 2000


def stepping(name: str) -> bool:
    """Print the ratio of speeds to a loop of env.step; return whether the goal is reached."""
    import gymnasium

    env: Any = gymnasium.make(name).unwrapped
    mdp = tt.from_gym(env, "0.99", layout="csr")
    pi, rng = tt.policies.uniform(mdp), np.random.default_rng(0)
    sim = Simulator(mdp, rng)
    actions = rng.integers(env.action_space.n, size=5000).tolist()
    env.reset(seed=0)

    def theirs() -> None:
        for action in actions:
            if env.step(action)[2]:
                env.reset()

    row = paired(name, theirs, lambda: single_path(sim, pi, PATHS, LENGTH), None, repeats=15)
    ours = row.yardstick / (PATHS * LENGTH)
    ratio = row.ratio * PATHS * LENGTH / len(actions)
    print(f"{ratio:7.0f} x (goal {STEPPING:g})  {1e9 * ours:.0f} ns a step  {name}", flush=True)
    return ratio >= STEPPING


def iteration() -> bool | None:
    """Print how much longer an update of sb3-contrib's TRPO takes; None if it is not installed."""
    mdp = tt.read(FOLDER / "river_swim.mdp.json").to_float()
    pi_steps = iter(trpo(mdp, Paths(BATCH // 50, 50), np.random.default_rng(0), 0.01))
    judged = shortest(lambda: next(pi_steps))
    alone = iter(trpo(mdp, Paths(BATCH // 50, 50), np.random.default_rng(0), 0.01, bounds=()))
    bare = shortest(lambda: next(alone))
    try:
        from scripts.sb3_trpo import learner

        model = learner(mdp, 0)
    except SystemExit as missing:
        print(missing)
        return None
    model.n_steps = model.rollout_buffer.buffer_size = BATCH
    model.rollout_buffer.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = shortest(lambda: model.learn(BATCH, reset_num_timesteps=False), 2.0)
    for what, ours in (("with its certificates", judged), ("without", bare)):
        ratio = theirs / ours
        print(f"{ratio:7.1f} x (goal {ITERATION:g})  {1e3 * ours:.1f} ms an iteration, {what}")
    return theirs / bare >= ITERATION


def reach() -> int:
    """Print the share of the gap that sampled TRPO leaves; return how many are at most NEAR."""
    near, settings = 0, Settings()
    for name in MODELS:
        mdp = tt.read(FOLDER / f"{name}.mdp.json").to_float()
        runs = [comparison.run(mdp, "single_path", s, STEPS, settings) for s in range(SEEDS)]
        limit = comparison.run(mdp, "exact", 0, STEPS, settings).eta[-1]
        gap = tt.optimal(mdp).eta_star - runs[0].eta[0]
        short = (limit - np.array([run.eta[-1] for run in runs])) / gap
        near += bool(short.mean() <= NEAR)
        mean, worst = 100 * short.mean(), 100 * short.max()
        print(f"{mean:6.2f} % short on average, {worst:6.2f} % at worst  {name}")
    return near


def main() -> int:
    """Run the three comparisons."""
    known = __import__("gymnasium").registry
    good = [stepping(name) for name in TOYS if name in known]
    fast = iteration()
    near = reach()
    print(
        f"{near} of {len(MODELS)} models within {100 * NEAR:g} % after {STEPS} steps, {SEEDS} seeds"
    )
    if not all(good) or fast is False or near < 5:
        return 1
    return 0 if fast else 2


if __name__ == "__main__":
    sys.exit(main())
