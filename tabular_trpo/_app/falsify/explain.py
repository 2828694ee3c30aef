"""Exceptions of a claim file as problems: the claim, the line of the file, the cure."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType

from tabular_trpo._app.falsify.sandbox import MOST_PRINTED, FloodError
from tabular_trpo._core.errors import Problem, TabularError
from tabular_trpo._formats.problems import in_json, suggestion
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.vocabulary import FUNCTIONS, QUANTITIES

PACKAGE = str(Path(__file__).parents[2])
LANGUAGE = "a formula of p, which is run on symbols"
CURE = "docs/vocabulary.md lists what a formula may use"

LEAST = "The least of a vector is -p.max_s(-x), of a table -p.max_sa(-x)"
LARGER = "The larger of two is -p.smaller(-x, -y)"
MISSING = {
    **dict.fromkeys(("min_s", "min_a", "min_sa", "min"), LEAST),
    **dict.fromkeys(("larger", "greater", "max", "maximum"), LARGER),
    "exp": "There is no exp: take p.log of the other side",
}


def explained(error: BaseException, place: str, title: str = "", where: str = "") -> Problem:
    """Return an exception from a claim file as a problem.

    place: the name of the file
    title: the title of the claim that was run, where the traceback does not contain it
    where: the place to report where the traceback contains no line of the file
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    lines = [line for frame, line in frames if frame.f_code.co_filename == place]
    name = title or _title(error.__traceback__)
    spot = f"{place}:{lines[-1]}" if lines else where or place
    spot = f"{spot}: claim {in_json(name)}" if name else spot
    return Problem("claim", spot, *_parts(error, name, _inside(frames)))


def _parts(error: BaseException, name: str, ours: bool) -> tuple[str, str, str]:
    """Return (got, expected, cure) of an exception; `ours`: whether this package raised it."""
    text = " ".join(str(error).split())
    match error:
        case FloodError():
            return "prints without end", f"at most {MOST_PRINTED} bytes", "Leave the prints out"
        case SystemExit():
            return (
                f"ends the program by SystemExit({error.code!r})",
                "a file that runs to its end",
                "",
            )
        case TabularError():
            first = error.problems[0]
            return f"fails: {first.where} {first.got}", first.expected, first.cure
        case ModuleNotFoundError():
            cure = "Python looks in the folders of PYTHONPATH, and not beside this file"
            return f"fails: {error}", "modules that are installed", cure
        case TypeError() if ours:  # the message contains what is expected
            got, _, expected = text.partition(", expected ")
            return f"fails: {got}", expected or LANGUAGE, CURE if name else ""
    got = f"raises {type(error).__name__}{f': {text}' if text else ''}"
    return got, LANGUAGE if name else "a file that runs", _cure(error, name)


def _cure(error: BaseException, name: str) -> str:
    """Return the advice for an exception of the formula of a claim; empty without a claim."""
    if not name:
        return ""
    if isinstance(error, AttributeError):
        wrong = error.name or str(error).partition("'")[2].partition("'")[0]
        return MISSING.get(wrong) or suggestion(wrong, (*QUANTITIES, *FUNCTIONS)) or CURE
    if isinstance(error, TypeError) and "not supported between" in str(error):
        return 'Compare by returning (lhs, ">=", rhs); the smaller of two is p.smaller(x, y)'
    return CURE


def _inside(frames: Sequence[tuple[FrameType, int]]) -> bool:
    """Return whether the code that raised the exception is in this package."""
    return bool(frames) and frames[-1][0].f_code.co_filename.startswith(PACKAGE)


def _title(trace: TracebackType | None) -> str:
    """Return the title of the claim under construction when the exception was raised, or ""."""
    while trace is not None:
        made = trace.tb_frame.f_locals.get("self")
        if isinstance(made, Theorem) and isinstance(getattr(made, "name", None), str):
            return made.name
        trace = trace.tb_next
    return ""
