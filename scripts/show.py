"""What all experiments use: a printed table, a figure in a file, and the command line."""

import argparse
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tabular_trpo._formats.atomic_write import write_atomically


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table with a title; floats are rounded to four digits."""
    made = Table(*columns, title=title)
    for row in rows:
        made.add_row(*(f"{x:.4g}" if isinstance(x, float) else str(x) for x in row))
    Console(width=max(100, Console().width)).print(made)


def figure(
    path: Path, columns: Sequence[str], rows: Sequence[Sequence[float]], label: str, log: str = ""
) -> None:
    """Draw every column against the first one into the file `path`.

    label: of the vertical axis
    log:   the logarithmic axes: "", "x", "y" or "xy"
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    made, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    x, *ys = zip(*rows, strict=True)
    for name, y in zip(columns[1:], ys, strict=True):
        axes.plot(x, y, marker=".", label=name)
    axes.set_xlabel(columns[0])
    axes.set_ylabel(label)
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
    axes.legend(fontsize=7)
    drawn = BytesIO()
    made.savefig(drawn, format=path.suffix[1:] or "png", metadata={"Software": None})
    write_atomically(path, drawn.getvalue())
    plt.close(made)


def run(doc: str | None, experiment: Callable[[int, Path], None], name: str, size: int) -> None:
    """Run an experiment with the command line options --size and --figure; `doc` is its help."""
    parser = argparse.ArgumentParser(prog=f"python -m scripts.{name}", description=doc)
    parser.add_argument("--size", type=int, default=size, help="number of steps, points or models")
    parser.add_argument("--figure", type=Path, default=Path(f"{name}.png"))
    options = parser.parse_args()
    experiment(options.size, options.figure)
