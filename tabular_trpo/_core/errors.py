"""Errors: what is wrong with an input, where, what was expected, and how to fix it.

All errors derive from `TabularError`, a ValueError.  An error has a list of problems and prints the
first twenty, each as ``where got, expected what. cure``; the others are counted in the last line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self, final

from tabular_trpo._core.terminal import plain

MOST_PROBLEMS = 20


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: a stable `code`, the place, what was found, what was expected, the cure.

    path: the place as steps, such as ("P", 3, 1) for P[s=3, a=1], where `validate.Report` added it

    >>> print(Problem("row_sum", "P[s=3, a=1]", "sums to 0.98", "1 (off by -0.02)"))
    P[s=3, a=1] sums to 0.98, expected 1 (off by -0.02)
    """

    code: str
    where: str
    got: str
    expected: str
    cure: str = ""
    path: tuple[str | int, ...] = field(default=(), repr=False, compare=False)

    def __str__(self) -> str:
        """Return ``where got, expected what`` and the cure after a full stop, on one line."""
        line = f"{self.where} {self.got}, expected {self.expected}"
        return plain(f"{line}. {self.cure}" if self.cure else line)


class TabularError(ValueError):
    """The base of every error this package raises on purpose (abstract: subclasses are raised).

    problems:  the problems found, `Problem` records
    hidden:    how many more were found but not listed
    code:      the stable code of the first problem
    exit_code: what the command line ends with
    """

    exit_code = 3

    def __init__(self, problems: Problem | Sequence[Problem], hidden: int = 0) -> None:
        """Keep the problems; `hidden` counts offenders that were found but not listed."""
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.hidden = hidden
        super().__init__(self._text())

    @classmethod
    def of(
        cls, code: str, where: str, got: str, expected: str, cure: str = "", hidden: int = 0
    ) -> Self:
        """Return the error of one problem; the arguments are the fields of `Problem`, and `hidden`.

        >>> print(LimitError.of("digits", "x", "has 10 digits", "at most 9"))
        x has 10 digits, expected at most 9
        """
        return cls(Problem(code, where, got, expected, cure), hidden)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the problems in copies and pickles, by which pools of processes return errors."""
        return type(self), (self.problems, self.hidden)

    @property
    def code(self) -> str:
        """The stable code of the first problem."""
        return self.problems[0].code

    def _text(self) -> str:
        lines = [str(problem) for problem in self.problems[:MOST_PROBLEMS]]
        more = self.hidden + max(0, len(self.problems) - MOST_PROBLEMS)
        if more:
            lines.append(f"{more} more problem{'s' if more > 1 else ''} of this kind")
        return "\n  ".join(lines)


@final
class InvalidMDPError(TabularError):
    """A model, a policy or their file is not what it must be.

    >>> raise InvalidMDPError(Problem("gamma", "gamma =", "1", "a number in [0, 1)"))
    Traceback (most recent call last):
    tabular_trpo._core.errors.InvalidMDPError: gamma = 1, expected a number in [0, 1)
    """


@final
class ExactnessError(TabularError):
    """Float and rational numbers in one computation; convert by `to_float` or `to_rational`."""


@final
class LimitError(TabularError):
    """A stated limit was reached: of iterations, precision, digits, exact work, or float64."""

    exit_code = 4


@final
class NoValueError(TabularError, ArithmeticError):
    """A quantity has no value here, such as the average reward of two recurrent classes."""


@final
class MemoryGuardError(TabularError):
    """The computation would need more memory than allowed; refused before allocating."""

    exit_code = 5


@final
class FloatingPointModeError(TabularError):
    """The rounding mode of the processor invalidates proved bounds; the message has the cure."""


@final
class MissingExtraError(TabularError):
    """An optional dependency is not installed; the message names the extra that installs it."""

    exit_code = 2


invalid = InvalidMDPError.of


def joined(errors: Sequence[TabularError]) -> TabularError | None:
    """Return one error with the problems of several, of the class of the first; None for none."""
    if len(errors) < 2:
        return errors[0] if errors else None
    problems = [problem for error in errors for problem in error.problems]
    return type(errors[0])(problems, sum(error.hidden for error in errors))


def no_average() -> NoValueError:
    """Return the error of an average reward where a chain has several recurrent classes."""
    cure = "Find the classes by structure(mdp, pi).recurrent, and start in one of them"
    got, expected = "has more than one recurrent class", "one for its average reward"
    return NoValueError.of("classes", "the chain of the policy", got, expected, cure)


def missing_extra(module: str, extra: str) -> MissingExtraError:
    """Return the error of a missing module that an extra installs.

    >>> print(missing_extra("cma", "cma"))
    cma is not there, expected the extra cma. Install it by: pip install 'tabular-trpo[cma]'
    """
    cure = f"Install it by: pip install 'tabular-trpo[{extra}]'"
    return MissingExtraError.of("extra", module, "is not there", f"the extra {extra}", cure)
