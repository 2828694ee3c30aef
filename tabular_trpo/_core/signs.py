"""The value of a form: its certain sign, a float near it, a decimal enclosure as text."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR

from tabular_trpo._core import dyadic
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.forms import Form
from tabular_trpo._core.nearest import decimal, nearest

MAX_BITS = 2**14  # also the last precision of check.py
_FIRST_BITS, _FLOAT_BITS = 64, 4096
# The test by an identity costs more than a narrow enclosure; it waits until a tie is likely.
_ZERO_TEST_BITS = 256
_DIGITS = 15


def _precisions(max_bits: int) -> Iterator[int]:
    """Yield 64, 128, ... up to max_bits, at least one."""
    bits = max(1, min(_FIRST_BITS, max_bits))
    yield bits
    while 2 * bits <= max_bits:
        bits *= 2
        yield bits


def form_sign(form: Form, max_bits: int) -> int:
    """Return the certain sign of a form; LimitError where `max_bits` do not suffice."""
    tested = False
    for bits in _precisions(max_bits):
        lo, hi, _ = form.enclosure(bits)
        if lo > 0 or hi < 0:
            return 1 if lo > 0 else -1
        if not tested and 2 * bits > min(_ZERO_TEST_BITS, max_bits):
            tested = True
            if form.vanishes():
                return 0
    where = f"the sign of {form_text(form)}"
    expected = f"certainty within {max_bits} bits"
    cure = "Raise max_bits, or compare the two sides in another form"
    raise LimitError.of("precision", where, f"is open at {bits} bits", expected, cure)


def form_float(form: Form) -> float:
    """Return the float nearest to the value, or one beside it; 0 ends as an underflow."""
    low = high = 0.0
    for bits in _precisions(_FLOAT_BITS):
        low, high = (nearest(end) for end in dyadic.fractions(form.enclosure(bits)))
        if low == high:
            break
    return low if low == high else low + (high - low) / 2


def form_text(form: Form) -> str:
    """Return an enclosure in decimals, rounded outward: ``[0.693147180559945, 0.69...946]``."""
    lo, hi = dyadic.fractions(form.enclosure(_FIRST_BITS))
    return f"[{decimal(lo, _DIGITS, ROUND_FLOOR)}, {decimal(hi, _DIGITS, ROUND_CEILING)}]"
