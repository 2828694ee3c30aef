"""The table of `compare --habits`: return, violations of the radius and falls of each choice."""

import numpy as np

from tabular_trpo._app.compare.report import Entry, Scored, largest_kl, over, percentage
from tabular_trpo._app.shared.formatting import within
from tabular_trpo._app.shared.tables import Table

LEGEND = (
    "Over: % of steps whose true mean KL is above delta; Worst: the largest one, over delta; "
    "Fell: % of steps that lowered eta for certain"
)


def habit_table(entry: Entry, scored: Scored) -> Table:
    """Return the table of one model, with a row for each habit."""
    right = ["eta", "+-", "% of gap", "Over", "Worst", "Fell"]
    made, delta = Table(["Habit", *right], right=right), scored.args.delta
    for name in scored.methods:
        means, curves = entry.band(name, scored.args.steps, 1), entry.curves[name]
        half = means.half_width[-1]
        steps = max(1, sum(curve.iterations for curve in curves))
        made.add(
            name,
            within(means.mean[-1], 0.0 if np.isnan(half) else half, 6),
            "-" if np.isnan(half) else f"{half:.2g}",
            percentage(entry.share(means.mean[-1])),
            f"{100 * sum(over(curve, delta) for curve in curves) / steps:.3g}",
            f"{max(map(largest_kl, curves)) / delta:.3g}",
            f"{100 * sum(curve.fell for curve in curves) / steps:.3g}",
        )
    return made
