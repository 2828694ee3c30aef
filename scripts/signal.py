"""`python -m scripts.signal`: how much of an estimated gradient is signal, exactly.

For the uniform policy of some environments and each choice of advantages: the bias of the mean
gradient, |E G - rho A| / |rho A|, and the share of the squared length of an estimate from one batch
of 2,000 steps that is not noise, |E G|^2 / E |G|^2 (`gradient_moments`, geometric stopping times).
The last column is the number of steps that a batch needs for a share of one half.
"""

import argparse
import sys
from typing import Any

import numpy as np

import tabular_trpo as tt

BATCH, GAMMA = 2000, 0.99
CHOICES: dict[str, dict[str, Any]] = {
    "returns": {},
    "returns less V": {"V": True},
    "lam 0.95": {"V": True, "lam": 0.95},
    "lam 0.5": {"V": True, "lam": 0.5},
    "lam 0": {"V": True, "lam": 0.0},
    "lam 0.95, V = 0": {"V": False, "lam": 0.95},
    "5 steps": {"V": True, "n_step": 5},
}


def rows(mdp: tt.MDP) -> list[tuple[str, float, float, float]]:
    """Return (choice, bias, share at BATCH steps, steps for one half) of the uniform policy."""
    pi = tt.policies.uniform(mdp)
    e = tt.evaluate(mdp, pi)
    length = np.linalg.norm(tt.surrogate(e).G)
    found = []
    for name, choice in CHOICES.items():
        settings = {key: value for key, value in choice.items() if key != "V"}
        if "V" in choice:
            settings["baseline"] = e.V if choice["V"] else 0 * e.V
        moments = tt.sampled.gradient_moments(mdp, pi, **settings)
        paths = max(1, round(BATCH / float(moments.steps)))
        square = float((moments.mean**2).sum())
        half = float(moments.variance.sum() / square * moments.steps) if square else np.inf
        bias = np.linalg.norm(moments.bias) / length
        found.append((name, float(bias), float(moments.signal(paths)), half))
    return found


def main() -> int:
    """Print a table for each environment."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--env", nargs="+", default=["FrozenLake-v1", "FrozenLake8x8-v1"])
    args = parser.parse_args()
    import gymnasium

    for name in args.env:
        print(f"{name}, gamma {GAMMA}, uniform policy")
        print(f"  {'advantages':16} {'bias':>8} {f'signal at {BATCH}':>15} {'steps for 1/2':>14}")
        for choice, bias, share, half in rows(tt.from_gym(gymnasium.make(name), GAMMA)):
            print(f"  {choice:16} {bias:8.2g} {share:15.2g} {half:14,.0f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
