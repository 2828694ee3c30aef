"""The claims and numbers that the independent checker can verify: its limits.

The limits here are those of check.py, which no module below the command line may import; a test
compares them.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from tabular_trpo._core.errors import InvalidMDPError, LimitError, Problem, invalid
from tabular_trpo._core.names import NAME_RULE, is_name
from tabular_trpo._core.nearest import written
from tabular_trpo._core.signs import MAX_BITS
from tabular_trpo._core.terminal import quoted
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.enclosable import settled
from tabular_trpo._theory.judge import NO_VALUE, NOT_MIXTURE, PRECONDITION_FAILS
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.verdict import Verdict
from tabular_trpo._theory.vocabulary import beyond_certificates

MOST_DIGITS, MOST_HEX, MOST_TEXT = (
    4000,
    2**16,
    1000,
)  # digits of given and of computed numbers; characters
MOST_DEPTH = 250  # nesting depth of a formula
# `judge` counts bits below the largest term of a slack, the checker below 1.  So a quarter of its
# largest precision is used: a sign that it settles is settled by the checker too.
CERTIFIED_BITS = MAX_BITS // 4
_BEYOND = 10**MOST_DIGITS


def check_titles(theorems: Sequence[Theorem]) -> None:
    """Raise InvalidMDPError where the titles of claims are not valid.

    There must be at least one claim; each title occurs once and is not the name of a theorem.
    """
    if not theorems:
        raise invalid("claims", "theorems", "is empty", "at least one claim")
    table = {theorem.name: theorem for theorem in THEOREMS}
    names = [theorem.name for theorem in theorems]
    titles = [quoted(name[:60]) for name in names if not is_name(name)]
    found = [(title, ("has a title that no line can hold", NAME_RULE, "")) for title in titles]
    for name, count in Counter(names).items():
        if count > 1:
            found.append((repr(name), (f"occurs {count} times", "each title once", "")))
    for name, theorem in zip(names, theorems, strict=True):
        if table.get(name, theorem) is not theorem:
            got, cure = "is named like a theorem of the table", "Give it another title"
            found.append((repr(name), (got, f"that theorem, {table[name].statement}", cure)))
    if found:
        raise InvalidMDPError(
            [Problem("claims", f"claim {title}", *three) for title, three in found]
        )


def left_out(theorem: Theorem, verdict: Verdict, pair: Pair) -> str:
    """Return why the checker cannot re-check the verdict on a rational pair, or an empty text."""
    if verdict.status == "undecided" or verdict.reason.startswith(NO_VALUE):
        return verdict.reason
    if verdict.reason == NOT_MIXTURE and theorem.condition:
        return NOT_MIXTURE  # a certificate states one precondition
    if beyond := beyond_certificates(theorem.names()):
        return f"it names {', '.join(beyond)}, for which check has no witness"
    if any(len(side) > MOST_TEXT for side in _sides(theorem)):
        return f"a side has more than {MOST_TEXT} characters"
    if any(_depth(side) > MOST_DEPTH for side in _sides(theorem)):
        return f"a side is nested more than {MOST_DEPTH} deep"
    if not _follows(theorem, verdict, pair):
        return "it follows from an identity between irrational numbers, which no enclosure shows"
    return ""


def _sides(theorem: Theorem) -> list[str]:
    statements = [theorem.statement, theorem.condition or theorem.statement]
    try:
        return [str(side) for made in statements for side in (made.lhs, made.rhs)]
    except ValueError:  # Python writes no integer of more than 4300 digits
        return ["?" * (MOST_TEXT + 1)]


def _depth(side: str) -> int:
    depth = 0
    level: list[ast.AST] = [ast.parse(side, mode="eval").body]
    while level:
        depth, level = depth + 1, [part for x in level for part in ast.iter_child_nodes(x)]
    return depth


def _follows(theorem: Theorem, verdict: Verdict, pair: Pair) -> bool:
    """Return whether enclosures settle the precondition and, where it holds, the statement."""
    if theorem.exactness == "rational" or verdict.reason == NOT_MIXTURE:
        return True
    if theorem.condition:
        if not settled(theorem.condition, pair):
            return False
        if verdict.reason == PRECONDITION_FAILS:
            return True
    return settled(theorem.statement, pair)


def decimal(x: Fraction) -> str:
    """Return a number of the model as decimal text; LimitError beyond MOST_DIGITS digits."""
    if max(abs(x.numerator), x.denominator) >= _BEYOND:
        raise _too_long("a number of the model", MOST_DIGITS)
    return written(x)


def hexadecimal(x: Fraction) -> str:
    """Return a computed number as text p or p/q in hexadecimal digits."""
    whole = digits(x.numerator)
    return whole if x.denominator == 1 else f"{whole}/{digits(x.denominator)}"


def digits(n: int) -> str:
    """Return the hexadecimal digits of an integer; LimitError beyond MOST_HEX digits."""
    if n.bit_length() > 4 * MOST_HEX:
        raise _too_long("a computed number", MOST_HEX)
    return f"{n:x}"


def _too_long(where: str, most: int) -> LimitError:
    got, expected = f"has more than {most} digits", f"at most {most}, as the checker reads them"
    cure = "Round the numbers of the model, or scale its rewards"
    return LimitError(Problem("digits", where, got, expected, cure))
