"""`python -m scripts.sb3_trpo`: a deep RL library's TRPO on a finite MDP, evaluated exactly.

sb3-contrib's TRPO (extra `sb3`) is trained on one of our models through `to_gym`; after each update
the policy is read back by `tabular_policy` and compared with the one before, exactly: mean and max
KL, whether the return fell, and what its undiscounted batches, cut at a time limit, do to the state
weights and to the surrogate.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

import tabular_trpo as tt
from scripts import show

MODEL = Path(__file__).parents[1] / "mdps" / "river_swim.mdp.json"
LIMIT, BATCH, RADIUS = 50, 1024, 0.01  # steps of an episode and of an update, its target KL
COLUMNS = (
    "update", "eta", "realised", "surrogate", "theirs", "mean KL", "max KL", "TV to d", "fell",
)  # fmt: skip


def visited(mdp: tt.MDP, pi: Any, limit: int) -> Any:
    """Return the share of steps in each state, of episodes of `limit` steps: undiscounted."""
    P_pi = np.einsum("sa,sat->st", pi, mdp.P)
    at, total = mdp.rho0, np.zeros(mdp.n_states)
    for _ in range(limit):
        total, at = total + at, at @ P_pi
    return total / limit


def judged(update: int, mdp: tt.MDP, pi: Any, pi_new: Any) -> tuple[Any, ...]:
    """Return the exact values of one update as a row of the table."""
    pair = tt.Pair(mdp, pi, pi_new)
    ev = pair.old
    weights = visited(mdp, pi, LIMIT)
    moved = ((pi_new - pi) * ev.A).sum(axis=1)
    theirs = weights @ moved / (1 - mdp.gamma)
    surely = pair.new.eta + pair.new.radius.eta < ev.eta - ev.radius.eta
    distance = np.abs(weights - ev.d).sum() / 2
    numbers = (pair.eta_new, pair.eta_new - pair.eta, ev.rho @ moved, theirs)
    kl = (pair.mean_kl, pair.max_kl)
    return (update, *map(float, (*numbers, *kl, distance)), "fell" if surely else "")


def learner(mdp: tt.MDP, seed: int) -> Any:
    """Return sb3-contrib's TRPO on the model, with its default settings except for the batch."""
    try:
        import gymnasium
        from sb3_contrib import TRPO
    except ImportError:
        raise SystemExit(
            "sb3-contrib is not installed: pip install 'tabular-trpo[gym,sb3]'"
        ) from None
    env = gymnasium.wrappers.TimeLimit(tt.to_gym(mdp), LIMIT)
    settings = {"n_steps": BATCH, "gamma": mdp.gamma, "target_kl": RADIUS, "seed": seed}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TRPO("MlpPolicy", env, device="cpu", **settings)


def policy_of(model: Any, mdp: tt.MDP) -> Any:
    """Return the network's policy as a table, its float32 rows divided by their sums."""

    def row(s: int) -> Any:
        tensor, _ = model.policy.obs_to_tensor(np.array(s))
        return model.policy.get_distribution(tensor).distribution.probs[0].detach().numpy()

    return tt.tabular_policy(lambda s: np.asarray(row(s), dtype=float), mdp, normalize=True)


def experiment(size: int, figure: Path) -> None:
    """Train for `size` updates, evaluate each exactly, and print the results."""
    mdp = tt.read(MODEL).to_float()
    model = learner(mdp, seed=0)
    pi, rows = policy_of(model, mdp), []
    for update in range(1, size + 1):
        model.learn(BATCH, reset_num_timesteps=False)
        pi_new = policy_of(model, mdp)
        rows.append(judged(update, mdp, pi, pi_new))
        pi = pi_new
    show.table(f"sb3-contrib's TRPO, KL at most {RADIUS}, {BATCH} steps an update", COLUMNS, rows)
    over = sum(row[5] > RADIUS for row in rows)
    fell = sum(row[-1] == "fell" for row in rows)
    best = tt.optimal(mdp).eta_star
    print(f"Of {size} updates: exact mean KL above the radius in {over}, eta fell in {fell};")
    print(f"eta {rows[-1][1]:.4f} at the end, optimum {best:.4f}.")
    curve = [row[:5] for row in rows]
    show.figure(figure, COLUMNS[:5], curve, "eta; gains of the update")


if __name__ == "__main__":
    show.run(__doc__, experiment, "sb3_trpo", 20)
