"""`python -m scripts.max_or_mean`: gain and certificates of a mean KL and a max KL constraint.

With the same delta the mean constraint allows larger changes than the max constraint, so the gain
is larger.  The bound (9) certifies less of it, because the max KL of such a step is large.  At a
small delta the theorems on the mean KL certify a gain where (9) does not.
"""

from pathlib import Path

import tabular_trpo as tt
from scripts import show
from tabular_trpo._improve.gain_bounds import certified

MODEL = Path(__file__).parents[1] / "mdps" / "river_swim.mdp.json"
MEAN = ("mean_kl_root", "mean_kl_linear", "trpo_mean_kl")


def experiment(size: int, figure: Path) -> None:
    """Print gains and certified gains of both steps for delta = 10^-1, ..., 10^-size."""
    mdp = tt.read(MODEL).to_float()
    ev = tt.evaluate(mdp, tt.policies.uniform(mdp))
    L = tt.surrogate(ev)
    columns = ("delta", "step", "max_kl", "mean_kl", "gain", "realised", "by max", "by mean")
    rows: list[tuple[object, ...]] = []
    drawn = []
    for delta in (10.0 ** -(1 + k) for k in range(size)):
        gains = []
        for name, solve in (("max", tt.improve.max_kl), ("mean", tt.improve.mean_kl)):
            step = solve(L, delta)
            pair = tt.Pair(mdp, ev.pi, step.pi_new)
            bounds = certified(pair)
            mean = max((bounds[key] for key in MEAN if key in bounds), default=float("-inf"))
            sizes = float(step.max_kl), float(step.mean_kl), float(step.gain)
            gained = float(pair.eta_new - pair.eta), float(bounds["trpo_kl_bound"]), float(mean)
            rows.append((delta, name, *sizes, *gained))
            gains.append(gained[0])
        drawn.append((delta, *gains))
    show.table("river_swim from the uniform policy; the last two are certified", columns, rows)
    names = ("delta", "max KL <= delta", "mean KL <= delta")
    show.figure(figure, names, drawn, "realised gain", log="xy")


if __name__ == "__main__":
    show.run(__doc__, experiment, "max_or_mean", 6)
