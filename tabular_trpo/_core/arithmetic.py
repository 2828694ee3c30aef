"""The arithmetic that several arrays share: all exact, or all floats; whole numbers fit both."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from tabular_trpo._core.array_input import AxisNames, resolve_labels, row_tolerance
from tabular_trpo._core.errors import ExactnessError
from tabular_trpo._core.grid import rescaled
from tabular_trpo._core.numbers import (
    Array,
    doubles,
    fractions,
    is_rational,
    is_sparse,
    mixed,
    prevailing,
    read_array,
)


def common_arithmetic(
    kinds: Mapping[str, str], arrays: Mapping[str, Any], unsigned: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the arrays in the one arithmetic they share: Fractions where a number is exact.

    kinds, arrays: by name, from `read_array`; a sparse array is of kind "float"
    unsigned:      the names of those that hold probabilities
    raises:        InvalidMDPError; for mixed arithmetics it names the argument of the rarer one
    """
    out = dict(arrays)
    exact = {n: fractions(n, out[n], n in unsigned) for n, kind in kinds.items() if kind == "exact"}
    if not exact:
        return out
    if "float" not in kinds.values():
        return {n: exact[n] if n in exact else fractions(n, out[n], n in unsigned) for n in out}
    for name in list(exact):  # integers beyond 2^53 alone do not make a model rational
        if all(isinstance(x, Integral) for x in out[name].flat):
            out[name] = doubles(name, out[name])
            del exact[name]
    if not exact:
        return out
    sparse = next((name for name in out if is_sparse(out[name])), None)
    expected = prevailing(kinds[n] for n in out if kinds[n] == "float" or n in exact)
    if sparse is None and expected == "exact":
        odd = next(name for name, kind in kinds.items() if kind == "float")
        raise mixed(odd, out[odd], "exact")
    cure = f"Write it as a float: {sparse} is sparse, and exact models are dense" if sparse else ""
    odd = next(iter(exact))
    raise mixed(odd, out[odd], "float", cure)


def check_arithmetic(name: str, array: Array, rational: bool, like: str = "") -> None:
    """Raise ExactnessError unless the array is in the required arithmetic, that of `like`."""
    if is_rational(array) != rational:
        expected, own = ("rational", "float") if rational else ("float", "rational")
        expected += " arithmetic" + (f", that of {like}" if like else "")
        cure = "Cross by to_float() or to_rational()"
        raise ExactnessError.of("lane", name, f"is in {own} arithmetic", expected, cure)


def read_as(
    name: str, value: object, rational: bool, unsigned: bool = False, axes: Sequence[AxisNames] = ()
) -> Array:
    """Read an array in the required arithmetic; whole numbers fit both.

    unsigned: whether its rows are probabilities; those of a less precise dtype than float64 are
              rescaled to sum to 1
    axes:     names by which labels of a table are resolved (see `resolve_labels`)
    raises:   InvalidMDPError, ExactnessError
    """
    value = resolve_labels(name, value, axes)
    return _converted(name, value, *read_array(name, value), rational, unsigned)


def read_common(unsigned: bool = False, **values: object) -> list[Array]:
    """Read arrays in the arithmetic of the first one that is not whole; in floats without any.

    raises: InvalidMDPError, ExactnessError
    """
    values = {name: resolve_labels(name, value) for name, value in values.items()}
    read = {name: read_array(name, value) for name, value in values.items()}
    arithmetics = ((name, kind) for name, (kind, _) in read.items() if kind != "int")
    like, first = next(arithmetics, ("", "float"))
    return [
        _converted(name, values[name], kind, array, first == "exact", unsigned, like)
        for name, (kind, array) in read.items()
    ]


def _converted(
    name: str,
    value: object,
    kind: str,
    array: Array,
    rational: bool,
    unsigned: bool,
    like: str = "",
) -> Array:
    """Return an array that `read_array` made of `value` in the required arithmetic."""
    if kind == "exact" and not rational and all(isinstance(x, Integral) for x in array.flat):
        return doubles(name, array)
    if kind == "exact" or (rational and kind == "int"):
        array = fractions(name, array, unsigned)
    check_arithmetic(name, array, rational, like)
    return rescaled(array, row_tolerance(value)) if unsigned and kind == "float" else array
