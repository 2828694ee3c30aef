"""The claims of a user's Python file; mistakes are reported with claim, line and cure."""

import ast
import sys
import warnings
from collections.abc import Iterator, Sequence
from types import CodeType, ModuleType
from typing import final

from tabular_trpo._app.falsify.explain import explained
from tabular_trpo._app.falsify.probe import fault
from tabular_trpo._app.falsify.sandbox import isolated_stdout
from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.names import NAME_RULE, is_name
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._formats.json_text import fetch
from tabular_trpo._formats.problems import in_json
from tabular_trpo._theory.certifiable import check_titles
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.trace import trace

MODULE = "tabular_trpo_claim_file"  # the name of the module as which the file runs
AGAIN = 8  # number of times that each formula is traced again
EXAMPLE = 'a function under @tt.claim("title")'
SAME = "Leave out random numbers, counters and clocks: a claim is one formula"


@final
@locked_dataclass(frozen=True, eq=False)
class Stated:
    """A claim and the place that states it: "bounds.py:4", or the name of a theorem."""

    claim: Theorem
    where: str


def load(path: str) -> list[Stated]:
    """Return the claims of a Python file in the order of definition; "-" is standard input.

    A claim is found where the file binds it to a global name, or to a list, tuple or dict that
    contains it.

    raises: InvalidMDPError for an error in the file or in one of its claims
    """
    place = "<stdin>" if path == "-" else path
    if path == "-" and sys.stdin is None:
        raise invalid("file", place, "is closed", "an open standard input")
    code, tree = _compiled(fetch(path, place), place)
    with isolated_stdout():
        found = _claims(_run(code, place, tree))
        stated = [Stated(claim, _where(claim, place)) for claim in found]
        for one in stated:
            _check(one, place)
        if _texts(_claims(_run(code, place, tree))) != _texts(found):
            raise _wrong(place, "states other claims when it is run again", "the same ones", SAME)
    if not stated:
        names = [x.name for x in tree.body if isinstance(x, ast.FunctionDef)]
        cure = f"Put @tt.claim(...) above {', '.join(names[:3])}" if names else ""
        raise _wrong(place, "states no claim", EXAMPLE, cure)
    return stated


def _wrong(where: str, got: str, expected: str, cure: str = "") -> InvalidMDPError:
    """Return the error of a claim file with one problem."""
    return invalid("claim", where, got, expected, cure)


def _compiled(data: bytes, place: str) -> tuple[CodeType, ast.Module]:
    """Return the code and the syntax tree of a claim file.

    raises: InvalidMDPError for text that is not Python, and for two claims with one function name
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data, place)
            code = compile(data, place, "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f"{place}:{error.lineno}" if error.lineno else place
        text = f": {error.text.strip()}" if error.text else ""
        raise _wrong(where, f"is no Python ({error.msg}){text}", "Python source") from None
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        raise _wrong(place, f"is no Python ({error})", "Python source") from None
    lines: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(map(_is_claim, node.decorator_list)):
            if node.name in lines:
                got = f"defines {node.name} again, and the claim of line {lines[node.name]} is lost"
                cure = "Give one of the functions another name"
                raise _wrong(f"{place}:{node.lineno}", got, "each name once", cure)
            lines[node.name] = node.lineno
    return code, tree


def _is_claim(decorator: ast.expr) -> bool:
    """Return whether a decorator is a call of `claim`, such as @tt.claim("title")."""
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("claim")


def _run(code: CodeType, place: str, tree: ast.Module) -> dict[str, object]:
    """Execute the code in a new module and return its global names with their values.

    raises: InvalidMDPError for an exception of the file
    """
    module = ModuleType(MODULE)
    module.__file__ = place
    sys.modules[MODULE] = module
    try:
        exec(code, module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InvalidMDPError(explained(error, place)) from None
    finally:
        sys.modules.pop(MODULE, None)
    return module.__dict__


def _claims(bound: dict[str, object]) -> list[Theorem]:
    """Return the distinct claims among global values; an imported THEOREMS is left out."""
    found: dict[int, Theorem] = {}
    for value in bound.values():
        if value is not THEOREMS:
            found |= {id(x): x for x in _members(value) if isinstance(x, Theorem)}
    return list(found.values())


def _members(value: object) -> Iterator[object]:
    """Yield the items of a list or a tuple, the values of a dict, or the value itself."""
    if isinstance(value, list | tuple):
        return iter(value)
    return iter(value.values() if isinstance(value, dict) else (value,))


def _texts(claims: Sequence[Theorem]) -> list[tuple[str, str, str]]:
    """Return (title, statement, precondition) of each claim as text."""
    return [(claim.name, str(claim.statement), str(claim.condition)) for claim in claims]


def _where(claim: Theorem, place: str) -> str:
    """Return the place of a claim, with the line of its formula if that is in the file."""
    code = getattr(claim.formula, "__code__", None)
    return f"{place}:{code.co_firstlineno}" if code and code.co_filename == place else place


def _check(one: Stated, place: str) -> None:
    """Check that a claim can be searched, printed and certified.

    raises: InvalidMDPError where it cannot
    """
    claim, where = one.claim, f"{one.where}: claim {in_json(one.claim.name)}"
    if not is_name(claim.name):
        raise _wrong(where, "has a title that does not fit on a line", NAME_RULE)
    try:
        check_titles([claim])
    except InvalidMDPError as error:
        (problem,) = error.problems
        raise _wrong(where, problem.got, problem.expected, problem.cure) from None
    try:
        first = _texts([claim])
        again = [_traced(claim) for _ in range(AGAIN)]
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InvalidMDPError(explained(error, place, claim.name, one.where)) from None
    if any([text] != first for text in again):
        raise _wrong(where, "has another formula each time it is run", "one formula", SAME)
    if (empty := fault(claim, where)) is not None:
        raise InvalidMDPError(empty)


def _traced(claim: Theorem) -> tuple[str, str, str]:
    """Return (title, statement, precondition) of a claim after running its formulas again."""
    condition = claim.precondition and trace(claim.precondition)
    return claim.name, str(trace(claim.formula)), str(condition)
