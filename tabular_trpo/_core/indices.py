"""Arrays of indices: integers within a range, and no other type that looks like one."""

from collections.abc import Sequence

import numpy as np

from tabular_trpo._core.array_input import AxisNames, resolve_labels
from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, entry
from tabular_trpo._core.shapes import shape_error


def read_indices(
    name: str,
    value: object,
    below: int | None,
    expected: str,
    shape: tuple[int | None, ...] = (None,),
    lead: bool = False,
    axes: Sequence[AxisNames] = (),
) -> Array:
    """Return an array of integers in [0, below).

    name:     of the argument, in errors
    below:    the first integer that is too large; None where any integer is an index
    expected: the shape in words, as "(S,) integers"
    shape:    of the last axes; None for an axis of any length
    lead:     whether batch axes may precede them
    axes:     names by which labels of a table are resolved
    raises:   InvalidMDPError for labels and masked entries, and naming the first entry that is
              out of range and how many more there are; MemoryGuardError for a view of too many

    >>> read_indices("states", [0, 1], 2, "(n,) integers")
    array([0, 1])
    """
    value = resolve_labels(name, value, axes)
    try:
        index = np.asarray(value)
    except Exception:  # ragged lists, integers beyond any type, objects that are no array
        index = np.empty(0, dtype=object)
    last = index.shape[-len(shape) :] if lead else index.shape
    sizes = len(last) == len(shape) and all(
        n in (None, m) for n, m in zip(shape, last, strict=True)
    )
    if index.dtype.kind not in "iu" or not sizes:
        raise shape_error(name, index.shape, expected)
    if below is not None and index.size:
        guard(index.nbytes, name, "Give fewer indices at once")
        once = index[tuple(slice(None if step else 1) for step in index.strides)]  # of a view
        if once.min() < 0 or once.max() >= below:
            bad = np.argwhere((once < 0) | (once >= below))
            at = tuple(int(i) for i in bad[0])
            problem = Problem("index", entry(name, at), f"= {once[at]}", f"0 to {below - 1}")
            raise InvalidMDPError(problem, hidden=len(bad) * (index.size // once.size) - 1)
    return index
