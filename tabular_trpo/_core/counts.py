"""Observed transition counts, read as exact frequencies."""

from fractions import Fraction

import numpy as np

from tabular_trpo._core.errors import Problem, invalid
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import (
    Array,
    elementwise,
    is_sparse,
    kind_of,
    mixed,
    read_array,
    shown,
    zeros,
)
from tabular_trpo._core.validate import Report, label

FRACTION = 128  # bytes of a Fraction with its two integers
CURE = 'Counts make an exact model: quote its numbers ("0.9"), and take .to_float() of the model'


def frequencies(counts: object) -> Array:
    """Return counts / their sum along the last axis, (S, A, S) Fractions.

    raises: InvalidMDPError unless counts are nonnegative integers with one at least in each row
    """
    if is_sparse(counts):
        cure = "Give counts.toarray().reshape(S, A, S)"
        raise invalid("counts", "counts", "are sparse", "a dense array", cure)
    kind, table = read_array("counts", counts)
    if table.ndim != 3:
        got = f"have shape {table.shape}"
        raise invalid("counts", "counts", got, "integers of shape (S, A, S)")
    if kind != "int":
        for at, count in np.ndenumerate(table):
            if kind == "float" or kind_of(count) != "int":
                where, got = label("counts", at, "s a s'"), f"= {shown(count)}"
                raise invalid("counts", where, got, "an integer")
    report = Report()
    report.add(
        np.asarray(table < 0),
        lambda i: Problem(
            "negative", label("counts", i, "s a s'"), f"= {shown(int(table[i]))}", ">= 0"
        ),
    )
    size = 16 * table.size + FRACTION * int(np.count_nonzero(table))
    cure = "Divide by the sums in floats, as a CSR array of shape (S*A, S)"
    guard(size, f"the exact model of counts of shape {table.shape}", cure)
    whole = elementwise(int, table)
    totals = whole.sum(axis=-1)
    bad, expected = np.asarray(totals == 0, dtype=bool), "one count at least"
    report.add_entries(bad, "no_counts", "counts", totals, "s a", expected, verb="sum to")
    report.close()
    P = zeros(table.shape, rational=True)
    for s, a, t in zip(*np.nonzero(table), strict=True):
        P[s, a, t] = Fraction(whole[s, a, t], totals[s, a])
    return P


def exact_only(**given: object) -> None:
    """Raise InvalidMDPError for floats beside counts, with the advice how to get a float model."""
    for name, value in given.items():
        if is_sparse(value):
            raise invalid("mixed_lanes", name, "is sparse", "a dense array", CURE)
        kind, array = read_array(name, value)
        if kind == "float":
            raise mixed(name, array, "exact", CURE)
