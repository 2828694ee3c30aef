"""Figures: a check of the path before the run, matplotlib, and PNG files."""

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
    """Refuse a figure that could not be written, before the run that it shows; None is no figure.

    raises: UsageError for another ending or a folder that is not there; MissingExtraError
    """
    if path is None:
        return
    if not path.lower().endswith(".png"):
        raise UsageError(f"--figure {path!r}, expected a name that ends in .png")
    if not Path(path).absolute().parent.is_dir():
        raise UsageError(f"--figure {path!r}: the folder is not there")
    pyplot()


def title(axes: Any, text: str) -> None:
    """Put a title over axes; two "$" in a name do not make a formula."""
    axes.set_title(plain(text), fontsize=10, parse_math=False)


def attempt(draw: Callable[[str, T], None], path: str | None, run: T) -> TabularError | None:
    """Draw a figure where a path is given; return the error where it cannot be written."""
    try:
        if path is not None:
            draw(path, run)
    except TabularError as error:
        return error
    return None


def save_figure(path: str, figure: Any) -> None:
    """Write a figure of matplotlib as PNG, whole or not at all.

    raises: InvalidMDPError naming the file
    """
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=100, metadata={"Software": None})
    write_atomically(path, drawn.getvalue())


def pyplot() -> Any:
    """Return matplotlib's pyplot, drawing to files only; MissingExtraError without matplotlib."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise missing_extra("matplotlib", "plot") from None
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    return plt
