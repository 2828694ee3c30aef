"""What every command that draws needs: a path that can be written, and matplotlib."""

from pathlib import Path
from typing import Any

from tabular_trpo.app.boundary import UsageError
from tabular_trpo.app.cells import plain
from tabular_trpo.core.errors import missing_extra


def check_figure(path: str) -> None:
    """Refuse a figure that could not be written, before the run that it would show.

    raises: UsageError for another ending or a folder that is not there; MissingExtraError
    """
    if not path.lower().endswith(".png"):
        raise UsageError(f"--figure {path!r}, expected a name that ends in .png")
    if not Path(path).absolute().parent.is_dir():
        raise UsageError(f"--figure {path!r}: the folder is not there")
    pyplot()


def title(axes: Any, text: str) -> None:
    """Put a title over axes; a name with two "$" in it is no formula."""
    axes.set_title(plain(text), fontsize=10, parse_math=False)


def pyplot() -> Any:
    """Return matplotlib's pyplot, drawing to files only; MissingExtraError without matplotlib."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise missing_extra("matplotlib", "plot") from None
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    return plt
