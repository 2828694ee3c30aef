"""Which arithmetic several inputs share: all exact, or all floats; whole numbers go with either."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from tabular_trpo._core.array_input import AxisNames, resolve_labels, row_tolerance
from tabular_trpo._core.errors import ExactnessError
from tabular_trpo._core.normalize import rescaled
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
    raises:        InvalidMDPError; of mixed arithmetics, the argument that is the odd one out is named
    """
    out = dict(arrays)
    exact = {n: fractions(n, out[n], n in unsigned) for n, kind in kinds.items() if kind == "exact"}
    if not exact:
        return out
    if "float" not in kinds.values():
        return {n: exact[n] if n in exact else fractions(n, out[n], n in unsigned) for n in out}
    for name in list(exact):
        if all(
            isinstance(x, Integral) for x in out[name].flat
        ):  # large, but no sign of an arithmetic
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
    """Raise ExactnessError unless `array` is in the arithmetic asked for, that of the argument `like`."""
    if is_rational(array) != rational:
        arithmetics = ("rational", "float") if rational else ("float", "rational")
        expected = f"{arithmetics[0]} arithmetic" + (f", that of {like}" if like else "")
        cure = "Cross by to_float() or to_rational()"
        raise ExactnessError.of("lane", name, f"is in {arithmetics[1]} arithmetic", expected, cure)


def read_as(
    name: str, value: Any, rational: bool, unsigned: bool = False, axes: Sequence[AxisNames] = ()
) -> Array:
    """Read an array in the arithmetic asked for; whole numbers fit both.

    unsigned: whether its rows are probabilities; those of a coarse dtype are rescaled to sum to 1
    axes:     what labels of a table are looked up in (see `resolve_labels`)
    raises:   InvalidMDPError, ExactnessError
    """
    value = resolve_labels(name, value, axes)
    return _moved(name, value, *read_array(name, value), rational, unsigned)


def read_common(unsigned: bool = False, **values: Any) -> list[Array]:
    """Read arrays in the arithmetic of the first one that has one; in floats where all are whole.

    raises: InvalidMDPError, ExactnessError
    """
    values = {name: resolve_labels(name, value) for name, value in values.items()}
    read = {name: read_array(name, value) for name, value in values.items()}
    arithmetics = ((name, kind) for name, (kind, _) in read.items() if kind != "int")
    like, first = next(arithmetics, ("", "float"))
    return [
        _moved(name, values[name], kind, array, first == "exact", unsigned, like)
        for name, (kind, array) in read.items()
    ]


def _moved(
    name: str, value: Any, kind: str, array: Array, rational: bool, unsigned: bool, like: str = ""
) -> Array:
    if kind == "exact" and not rational and all(isinstance(x, Integral) for x in array.flat):
        return doubles(name, array)
    if kind == "exact" or (rational and kind == "int"):
        array = fractions(name, array, unsigned)
    check_arithmetic(name, array, rational, like)
    return rescaled(array, row_tolerance(value)) if unsigned and kind == "float" else array
