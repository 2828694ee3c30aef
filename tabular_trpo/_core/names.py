"""Names of states, actions and policies: the one rule for arrays and for files."""

import re
from collections.abc import Iterable
from itertools import islice

from tabular_trpo._core.errors import MemoryGuardError, Problem, invalid
from tabular_trpo._core.numbers import shown
from tabular_trpo._core.validate import Report

MOST_NAME = 500  # characters
MOST_NAMES = 2 * 10**7
NAME_RULE = f"a name of 1 to {MOST_NAME} characters, none of them a control character"
# Characters that break a line, and surrogates, which UTF-8 cannot encode.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_name(text: str) -> bool:
    """Return whether a string may be a name.

    >>> is_name("two words"), is_name(""), is_name("two\\nlines")
    (True, False, False)
    """
    return 0 < len(text) <= MOST_NAME and _UNPRINTABLE.search(text) is None


def read_names(what: str, given: object, n: int | None = None) -> tuple[str, ...]:
    """Return the names as a tuple, checked; None stands for "0", "1", ... up to n.

    raises: InvalidMDPError unless these are n different names;
            MemoryGuardError
    """
    if given is None and n is not None:
        return tuple(str(i) for i in range(n))
    if isinstance(given, str | set | frozenset) or not isinstance(given, Iterable):  # in no order
        got = f"is a {type(given).__name__}"
        raise invalid("names", what, got, "a list of names")
    names = tuple(islice(given, MOST_NAMES + 1))  # of an endless iterator, too
    if len(names) > MOST_NAMES:
        got = f"has more than {MOST_NAMES:,} entries"
        raise MemoryGuardError.of("names", what, got, "at most so many", "Give fewer names")
    if not names or n not in (None, len(names)):
        expected = "one at least" if n is None else f"{n} different names"
        raise invalid("names", what, f"has {len(names)} entries", expected)
    report, first = Report(), dict[str, int]()
    for i, name in enumerate(names):
        if not isinstance(name, str) or not is_name(name):
            report.note(Problem("names", f"{what}[{i}]", f"= {shown(name)}", NAME_RULE))
        elif first.setdefault(name, i) != i:
            got = f"= {name!r}, as {what}[{first[name]}] is"
            report.note(Problem("names", f"{what}[{i}]", got, "each name once"))
    report.close()
    return names
