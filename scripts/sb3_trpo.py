"""`python -m scripts.sb3_trpo`: TRPO of a deep RL library on a finite MDP, evaluated exactly.

TRPO of sb3-contrib (extra `sb3`) is trained on the environment that `to_gym` makes of a model.
After each update `tabular_policy` returns its policy as a table, which is compared exactly with
that of the previous update: mean and max KL, and whether the return fell.  The batches of the
library are undiscounted and end at a time limit, so its state weights differ from d; printed are
the total variation between both weights ("TV to d") and the surrogate with either of them.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

import tabular_trpo as tt
from scripts import show

MODEL = Path(__file__).parents[1] / "mdps" / "river_swim.mdp.json"
LIMIT, BATCH, RADIUS = 50, 1024, 0.01  # steps an episode, steps an update, target KL
COLUMNS = (
    "update", "eta", "realised", "surrogate", "undiscounted",
    "mean KL", "max KL", "TV to d", "fell",
)  # fmt: skip


def visited(mdp: tt.MDP, pi: Any, limit: int) -> Any:
    """Return the undiscounted share (S,) of steps in each state, over episodes of `limit` steps."""
    P_pi = np.einsum("sa,sat->st", pi, mdp.P)
    law, total = mdp.rho0, np.zeros(mdp.n_states)  # the law of the state at one time
    for _ in range(limit):
        total, law = total + law, law @ P_pi
    return total / limit


def judged(update: int, mdp: tt.MDP, pi: Any, pi_new: Any) -> tuple[Any, ...]:
    """Return one row of the table: the exact numbers of an update from pi to pi_new."""
    pair = tt.Pair(mdp, pi, pi_new)
    ev = pair.old
    weights = visited(mdp, pi, LIMIT)
    A_bar = ((pi_new - pi) * ev.A).sum(axis=1)
    undiscounted = weights @ A_bar / (1 - mdp.gamma)
    surely = pair.new.eta + pair.new.radius.eta < ev.eta - ev.radius.eta
    distance = np.abs(weights - ev.d).sum() / 2
    numbers = (pair.eta_new, pair.eta_new - pair.eta, ev.rho @ A_bar, undiscounted)
    kl = (pair.mean_kl, pair.max_kl)
    return (update, *map(float, (*numbers, *kl, distance)), "fell" if surely else "")


def learner(mdp: tt.MDP, seed: int) -> Any:
    """Return an untrained TRPO of sb3-contrib on the model, with its default network."""
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
    """Return the policy (S, A) of the network; its float32 rows are divided by their sums."""

    def row(s: int) -> Any:
        tensor, _ = model.policy.obs_to_tensor(np.array(s))
        return model.policy.get_distribution(tensor).distribution.probs[0].detach().numpy()

    return tt.tabular_policy(lambda s: np.asarray(row(s), dtype=float), mdp, normalize=True)


def experiment(size: int, figure: Path) -> None:
    """Train for `size` updates, evaluate each policy exactly, and print the table."""
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
