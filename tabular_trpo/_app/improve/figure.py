"""The figure of `improve`: eta, and the predicted, realised and certified gain of each step."""

from tabular_trpo._app.improve.report import Run, below
from tabular_trpo._app.shared.plotting import pyplot, save_figure, title
from tabular_trpo._core.nearest import nearest
from tabular_trpo._improve.status import Monotone


def draw(path: str, run: Run) -> None:
    """Write the figure of a run as PNG; its logarithmic axis of gains leaves out gains <= 0.

    raises: InvalidMDPError where the file cannot be written
    """
    plt = pyplot()
    records = run.records
    steps = [record.i for record in records]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    etas = [nearest(records[0].eta), *(nearest(record.eta_new) for record in records)]
    left.plot([0, *steps], etas, marker=".")
    for i, record in enumerate(records, 1):
        if record.monotone == Monotone.REFUTED:
            left.plot(i, etas[i], marker="v", color="red")
    left.set_xlabel("step")
    left.set_ylabel("eta")
    title(left, f"{run.source.name}: {run.method.name}")
    curves = {
        "predicted": [nearest(record.step.gain) for record in records],
        "realised": [nearest(record.realised) for record in records],
        "certified": [below(record.certified_gain) or 0.0 for record in records],
    }
    for (label, gains), mark in zip(curves.items(), "x+.", strict=True):
        shown = [gain if gain > 0 else float("nan") for gain in gains]
        right.plot(steps, shown, marker=mark, linewidth=1, label=label)
    right.set_yscale("log")
    right.set_xlabel("step")
    right.set_ylabel("gain of the step")
    right.legend()
    save_figure(path, figure)
    plt.close(figure)
