"""Figure of the learning curves of eta, with 95 % confidence bands over seeds."""

from tabular_trpo._app.compare.report import Scored
from tabular_trpo._app.shared.plotting import pyplot, save_figure, title

COLUMNS = 3


def draw(path: str, scored: Scored) -> None:
    """Write the figure as PNG: a panel for each model, a curve for each method, the optimum dotted.

    raises: InvalidMDPError where the file cannot be written
    """
    plt = pyplot()
    entries = scored.entries
    columns = min(COLUMNS, len(entries))
    rows = -(-len(entries) // columns)
    size = (4.2 * columns + 1.5, 3.0 * rows)
    figure, panels = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for panel in panels.flat[len(entries) :]:
        panel.set_axis_off()
    for panel, entry in zip(panels.flat, entries, strict=False):
        for i, name in enumerate(scored.methods):
            means = entry.band(name, scored.args.steps)
            style = "--" if name == "exact" else "-"
            color = "black" if name == "exact" else f"C{i}"
            panel.plot(means.grid, means.mean, style, color=color, linewidth=1.2, label=name)
            low, high = means.mean - means.half_width, means.mean + means.half_width
            panel.fill_between(means.grid, low, high, color=color, alpha=0.15, linewidth=0)
        panel.axhline(entry.best, color="gray", linestyle=":", linewidth=1)
        title(panel, entry.name)
        panel.set_xlabel("simulator steps")
        panel.set_ylabel("true eta")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize=8)
    save_figure(path, figure)
    plt.close(figure)
