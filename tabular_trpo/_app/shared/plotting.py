"""Figures as PNG files, drawn by matplotlib; their path is checked before the run."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._core.errors import TabularError, missing_extra
from tabular_trpo._core.terminal import plain
from tabular_trpo._formats.atomic_write import write_atomically

T = TypeVar("T")


def check_figure(path: str | None) -> None:
    """Check, before a run, that its figure can be written to this path; None is no figure.

    raises: UsageError for a name that does not end in .png, and for a missing folder;
            MissingExtraError without matplotlib
    """
    if path is None:
        return
    if not path.lower().endswith(".png"):
        raise UsageError(f"--figure {path!r}, expected a name that ends in .png")
    if not Path(path).absolute().parent.is_dir():
        raise UsageError(f"--figure {path!r}: the folder is not there")
    pyplot()


def title(axes: Any, text: str) -> None:
    """Set the title of matplotlib axes as plain text, in which "$" begins no formula."""
    axes.set_title(plain(text), fontsize=10, parse_math=False)


def attempt(draw: Callable[[str, T], None], path: str | None, run: T) -> TabularError | None:
    """Call draw(path, run) unless the path is None; return the TabularError raised, else None."""
    try:
        if path is not None:
            draw(path, run)
    except TabularError as error:
        return error
    return None


def save_figure(path: str, figure: Any) -> None:
    """Write a figure of matplotlib as a PNG file that is complete or absent.

    raises: InvalidMDPError naming the file
    """
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=100, metadata={"Software": None})
    write_atomically(path, drawn.getvalue())


def pyplot() -> Any:
    """Return matplotlib.pyplot with the Agg backend; MissingExtraError without matplotlib."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise missing_extra("matplotlib", "plot") from None
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    return plt
