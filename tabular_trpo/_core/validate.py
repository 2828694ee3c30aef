"""Checks of models and policies: rows of probabilities sum to 1, numbers are finite and in range.

All offenders are found, and the first twenty named.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import MOST_PROBLEMS, InvalidMDPError, Problem
from tabular_trpo._core.grid import ROW_TOLERANCE
from tabular_trpo._core.numbers import (
    UNSIGNED,
    Array,
    Matrix,
    Scalar,
    brief,
    is_rational,
)

NORMALIZE = "normalize=True divides each row by its sum"
Index = tuple[int, ...]
At = Callable[[Index], Index]
COUNTS_CURE = f"If these are counts, build with MDP.from_counts(...); {NORMALIZE}"
MASK_CURE = "An action that is not available is masked by allowed=..."


@final
class Report:
    """Collects problems up to the number shown and counts the rest."""

    def __init__(self) -> None:
        """Start empty."""
        self.problems: list[Problem] = []
        self.hidden = 0

    def add(self, bad: Array, describe: Callable[[Index], Problem]) -> None:
        """Add one problem for each true entry of `bad`, described from its index."""
        if not np.any(bad):  # far cheaper than `argwhere`
            return
        where = np.argwhere(np.asarray(bad, dtype=bool))
        n = max(0, MOST_PROBLEMS - len(self.problems))
        for index in where[:n].tolist():
            problem = describe(tuple(index))
            self.note(problem, problem.path or (problem.where.partition("[")[0], *index))
        self.hidden += max(0, len(where) - n)

    def note(self, problem: Problem, path: tuple[str | int, ...] = ()) -> None:
        """Add one problem, or count it after the first twenty; `path` replaces its own."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(replace(problem, path=path) if path else problem)
        else:
            self.hidden += 1

    def add_entries(
        self,
        bad: Array,
        code: str,
        name: str,
        values: Array,
        axes: str,
        expected: str,
        at: At = tuple,
        verb: str = "=",
    ) -> None:
        """Add one problem for each true entry of `bad`: its label, its value, what was expected.

        at: returns the index that the label shows
        """

        def describe(i: Index) -> Problem:
            where, got = label(name, at(i), axes), f"{verb} {brief(values[i])}"
            return Problem(code, where, got, expected, path=(name, *at(i)))

        self.add(bad, describe)

    def merge(self, found: "Report | InvalidMDPError", place: Callable[[Problem], Problem]) -> None:
        """Add the problems of another check; `place` returns each as it is named here."""
        for problem in found.problems:
            self.note(place(problem))
        self.hidden += found.hidden

    def close(self) -> None:
        """Raise InvalidMDPError where problems were added."""
        if self.problems:
            raise InvalidMDPError(self.problems, self.hidden)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise InvalidMDPError where there are problems: the first twenty listed, the rest counted."""
    report = Report()
    for problem in problems:
        report.note(problem)
    report.close()


def label(name: str, index: Index, axes: str) -> str:
    """Return "P[s=3, a=1]": the last indices take the axis letters, earlier ones are the batch."""
    if not index:
        return name
    letters = axes.split()
    batch = len(index) - len(letters)
    named = [f"{letter}={i}" for letter, i in zip(letters, index[batch:], strict=True)]
    return f"{name}[{', '.join([str(i) for i in index[:batch]] + named)}]"


def finite(report: Report, name: str, values: Array, axes: str, at: At = tuple) -> None:
    """Add NaN and infinite entries."""
    if not is_rational(values):
        bad, expected = ~np.isfinite(values), "a finite number"
        report.add_entries(bad, "not_finite", name, values, axes, expected, at)


def nonnegative(report: Report, name: str, values: Array, axes: str, at: At = tuple) -> None:
    """Add negative probabilities, and -0.0, which a lost sign leaves; NaN is for `finite`."""
    bad = values < 0 if is_rational(values) else np.signbit(values)
    if bad.any() and not is_rational(values):
        bad &= ~np.isnan(values)
    report.add_entries(bad, "negative", name, values, axes, UNSIGNED, at)


def _shown(row: Array) -> str:
    pairs = [(i, x) for i, x in enumerate(row) if x != 0]
    text = ", ".join(f"{i}: {brief(x)}" for i, x in pairs[:6])
    return f"row {{{text}{', ...' if len(pairs) > 6 else ''}}}"


def row_sums(
    report: Report,
    name: str,
    sums: Array,
    axes: str,
    row: Callable[[Index], Array],
    near: float = ROW_TOLERANCE,
    cure: str = "",
) -> None:
    """Add rows that do not sum to 1: exactly in rationals, within `near` in floats."""
    exact = is_rational(sums)
    tolerance = "exactly" if exact else f"tolerance {near:.3g}"
    bad = sums != 1 if exact else np.abs(sums - 1.0) > near

    def describe(i: Index) -> Problem:
        off = sums[i] - 1
        expected = f"1 (off by {brief(off) if exact else format(off, '+.3g')}; {tolerance})"
        hint = cure if name != "P" or sums[i] else MASK_CURE
        text = f"{_shown(row(i))}. {hint}" if hint else _shown(row(i))
        return Problem("row_sum", label(name, i, axes), f"sums to {brief(sums[i])}", expected, text)

    report.add(bad, describe)


def transitions(report: Report, P: Matrix, mask: Array, sums: Array, near: float) -> None:
    """Check the transition rows: finite, nonnegative, sum 1 where allowed and 0 elsewhere."""
    n_actions = mask.shape[1]
    before = len(report.problems)
    at: At
    if isinstance(P, np.ndarray):
        entries, at = P, tuple
    else:
        pairs, columns = np.repeat(np.arange(P.shape[0]), np.diff(P.indptr)), P.indices
        entries, at = P.data, lambda i: (*divmod(int(pairs[i]), n_actions), int(columns[i]))
    finite(report, "P", entries, "s a s'", at)
    nonnegative(report, "P", entries, "s a s'", at)
    if len(report.problems) > before:
        return  # the sums of such rows are wrong for the same reason

    def row(i: Index) -> Array:
        one = P[i] if isinstance(P, np.ndarray) else P[[i[-2] * n_actions + i[-1]]].toarray()[0]
        return np.asarray(one)

    one: Scalar = Fraction(1) if is_rational(sums) else 1.0
    row_sums(report, "P", np.where(mask, sums, one), "s a", row, near, COUNTS_CURE)
    bad, expected = ~mask & (sums != 0), "an empty row: not allowed"
    report.add_entries(bad, "disallowed", "P", sums, "s a", expected, verb="sums to")


@np.errstate(over="ignore", invalid="ignore")  # the entries that lead there are reported
def totals(rows: Matrix) -> Array:
    """Return the sums of the rows of an array or CSR, without a warning where they overflow."""
    return np.asarray(rows.sum(axis=-1))


def simplex(
    report: Report, name: str, rows: Array, axes: str, mask: Array | None = None, cure: str = ""
) -> None:
    """Check rows of probabilities: finite, nonnegative, none where the mask is False, sum 1."""
    free = mask is None or bool(mask.all())
    if free and not is_rational(rows) and _on_simplex(rows):
        return
    known = len(report.problems)
    finite(report, name, rows, axes)
    nonnegative(report, name, rows, axes)
    if mask is not None and not free:
        bad, expected = (rows != 0) & ~mask, "0: the action is not allowed there"
        report.add_entries(bad, "disallowed", name, rows, axes, expected)
    if len(report.problems) == known:
        row_axes = " ".join(axes.split()[:-1])
        row_sums(report, name, totals(rows), row_axes, rows.__getitem__, cure=cure)


def _on_simplex(rows: Array) -> bool:
    """Return whether float rows satisfy all of `simplex`, in few calls; NaN satisfies nothing."""
    off = np.abs(totals(rows) - 1.0)
    return not np.count_nonzero(np.signbit(rows)) and bool(off.max(initial=0.0) <= ROW_TOLERANCE)


def discount(gamma: Scalar) -> Iterator[Problem]:
    """Yield what is wrong with a discount factor, a scalar or an array over the batch."""
    expected = "a number in [0, 1)"
    for value in np.asarray(gamma, dtype=object).flat:
        if not 0 <= value < 1:
            cure = "gamma = 1 needs proper policies, which are out of scope here"
            got, cure = f"= {brief(value)}", cure if value == 1 else ""
            yield Problem("gamma", "gamma", got, expected, cure, ("gamma",))
            return


def finite_floats(name: str, value: object) -> Array:
    """Return an array of finite floats, of any shape.

    raises: InvalidMDPError naming an entry that is not finite, ExactnessError for exact numbers

    >>> finite_floats("theta", [[0, 0.5]])
    array([[0. , 0.5]])
    """
    array = read_as(name, value, rational=False)
    report = Report()
    finite(report, name, array, " ".join("i" * array.ndim))
    report.close()
    return array
