"""What a model and a policy must satisfy; every offender is found, the first twenty are named."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import MOST_PROBLEMS, InvalidMDPError, Problem
from tabular_trpo._core.grid import ROW_TOLERANCE
from tabular_trpo._core.numbers import UNSIGNED, Array, brief, is_rational, is_sparse

NORMALIZE = "normalize=True divides each row by its sum"
COUNTS_CURE = f"If these are counts, build with MDP.from_counts(...); {NORMALIZE}"
MASK_CURE = "An action that is not available is masked by allowed=..."


@final
class Report:
    """Collects problems up to the number shown and counts the rest."""

    def __init__(self) -> None:
        """Start empty."""
        self.problems: list[Problem] = []
        self.hidden = 0

    def add(self, bad: Array, describe: Callable[[tuple[int, ...]], Problem]) -> None:
        """Add one problem for each true entry of `bad`, described from its index."""
        if not bad.any():
            return
        where = np.argwhere(bad)
        free = max(0, MOST_PROBLEMS - len(self.problems))
        for index in where[:free].tolist():
            problem = describe(tuple(index))
            self.note(problem, problem.path or (problem.where.partition("[")[0], *index))
        self.hidden += max(0, len(where) - free)

    def note(self, problem: Problem, path: tuple[str | int, ...] = ()) -> None:
        """Add one problem, at the place `path` where it has none of its own."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(replace(problem, path=path) if path else problem)
        else:
            self.hidden += 1

    def close(self) -> None:
        """Raise when anything was found."""
        if self.problems:
            raise InvalidMDPError(self.problems, self.hidden)


def label(name: str, index: tuple[int, ...], axes: str) -> str:
    """Return "P[s=3, a=1]": the last indices take the axis letters, earlier ones are the batch."""
    if not index:
        return name
    letters = axes.split()
    batch = len(index) - len(letters)
    named = [f"{letter}={i}" for letter, i in zip(letters, index[batch:], strict=True)]
    return f"{name}[{', '.join([str(i) for i in index[:batch]] + named)}]"


def finite(report: Report, name: str, values: Array, axes: str) -> None:
    """Find NaN and infinite entries."""
    if not is_rational(values):
        report.add(
            ~np.isfinite(values),
            lambda i: Problem(
                "not_finite", label(name, i, axes), f"= {brief(values[i])}", "a finite number"
            ),
        )


def signed(values: Array) -> Array:
    """Tell which doubles have a minus sign, NaN apart."""
    bad = np.signbit(values)
    return bad & ~np.isnan(values) if bad.any() else bad


def nonnegative(report: Report, name: str, values: Array, axes: str) -> None:
    """Find negative probabilities, -0.0 among them, as a lost sign would; NaN is for `finite`."""
    bad = values < 0 if is_rational(values) else signed(values)
    report.add(
        np.asarray(bad, dtype=bool),
        lambda i: Problem("negative", label(name, i, axes), f"= {brief(values[i])}", UNSIGNED),
    )


def _shown(row: Any) -> str:
    pairs = [(i, x) for i, x in enumerate(row) if x != 0]
    text = ", ".join(f"{i}: {brief(x)}" for i, x in pairs[:6])
    return f"row {{{text}{', ...' if len(pairs) > 6 else ''}}}"


def row_sums(
    report: Report,
    name: str,
    sums: Array,
    axes: str,
    row: Callable[[Any], Any],
    near: float = ROW_TOLERANCE,
    cure: str = "",
) -> None:
    """Find rows that do not sum to 1: exactly in rationals, within `near` in floats."""
    exact = is_rational(sums)
    tolerance = "exactly" if exact else f"tolerance {near:.3g}"
    bad = sums != 1 if exact else np.abs(sums - 1.0) > near

    def describe(i: tuple[int, ...]) -> Problem:
        off = sums[i] - 1
        expected = f"1 (off by {brief(off) if exact else format(off, '+.3g')}; {tolerance})"
        hint = cure if name != "P" or sums[i] else MASK_CURE
        text = f"{_shown(row(i))}. {hint}" if hint else _shown(row(i))
        return Problem("row_sum", label(name, i, axes), f"sums to {brief(sums[i])}", expected, text)

    report.add(np.asarray(bad, dtype=bool), describe)


def transitions(report: Report, P: Any, mask: Array, sums: Array, near: float) -> None:
    """Check the transition rows: finite, nonnegative, sum 1 where allowed and 0 elsewhere."""
    n_actions = mask.shape[1]
    known = len(report.problems)
    if is_sparse(P):
        pairs = np.repeat(np.arange(P.shape[0]), np.diff(P.indptr))

        def entry(i: tuple[int, ...], code: str, expected: str) -> Problem:
            s, a = divmod(int(pairs[i]), n_actions)
            place = (s, a, int(P.indices[i]))
            where, got = label("P", place, "s a s'"), f"= {brief(P.data[i])}"
            return Problem(code, where, got, expected, path=("P", *place))

        report.add(~np.isfinite(P.data), lambda i: entry(i, "not_finite", "a finite number"))
        report.add(signed(P.data), lambda i: entry(i, "negative", UNSIGNED))
    else:
        finite(report, "P", P, "s a s'")
        nonnegative(report, "P", P, "s a s'")
    if len(report.problems) > known:
        return  # sums of broken entries would only repeat the news

    def row(i: tuple[int, ...]) -> Any:
        return P[[i[-2] * n_actions + i[-1]]].toarray()[0] if is_sparse(P) else P[i]

    one: Any = Fraction(1) if is_rational(sums) else 1.0
    row_sums(report, "P", np.where(mask, sums, one), "s a", row, near, COUNTS_CURE)
    report.add(
        np.asarray(~mask & (sums != 0), dtype=bool),
        lambda i: Problem(
            "disallowed",
            label("P", i, "s a"),
            f"sums to {brief(sums[i])}",
            "an empty row: not allowed",
        ),
    )


@np.errstate(over="ignore", invalid="ignore")  # the report tells of entries that lead there
def totals(rows: Any) -> Array:
    """Return the sums of rows, of an array or CSR, without a warning where they leave the reals."""
    return np.asarray(rows.sum(axis=-1))


def simplex(
    report: Report, name: str, rows: Array, axes: str, mask: Array | None = None, cure: str = ""
) -> None:
    """Check rows of probabilities: finite, nonnegative, none where the mask is False, sum 1."""
    free = mask is None or bool(mask.all())
    if free and not is_rational(rows) and _fine(rows):
        return
    known = len(report.problems)
    finite(report, name, rows, axes)
    nonnegative(report, name, rows, axes)
    if mask is not None and not free:
        report.add(
            np.asarray((rows != 0) & ~mask, dtype=bool),
            lambda i: Problem(
                "disallowed",
                label(name, i, axes),
                f"= {brief(rows[i])}",
                "0: the action is not allowed there",
            ),
        )
    if len(report.problems) == known:
        row_axes = " ".join(axes.split()[:-1])
        row_sums(report, name, totals(rows), row_axes, lambda i: rows[i], cure=cure)


def _fine(rows: Array) -> bool:
    """Tell float rows that satisfy all of `simplex`, in few calls; a NaN is within no tolerance."""
    off = np.abs(totals(rows) - 1.0)
    return not np.count_nonzero(np.signbit(rows)) and bool(off.max(initial=0.0) <= ROW_TOLERANCE)


def discount(gamma: Any) -> Iterator[Problem]:
    """Yield what is wrong with a discount factor, a scalar or an array over the batch."""
    expected = "a number in [0, 1)"
    for value in np.asarray(gamma, dtype=object).flat:
        if not 0 <= value < 1:
            cure = "gamma = 1 needs proper policies, which are out of scope here"
            got, cure = f"= {brief(value)}", cure if value == 1 else ""
            yield Problem("gamma", "gamma", got, expected, cure, ("gamma",))
            return


def finite_floats(name: str, value: Any) -> Array:
    """Return an array of finite floats, of any shape.

    raises: InvalidMDPError naming what is no finite number, ExactnessError for exact numbers

    >>> finite_floats("theta", [[0, 0.5]])
    array([[0. , 0.5]])
    """
    array = read_as(name, value, rational=False)
    report = Report()
    finite(report, name, array, " ".join("i" for _ in range(array.ndim)))
    report.close()
    return array
