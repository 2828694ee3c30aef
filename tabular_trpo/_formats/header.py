"""The top level of a document: its keys, format, version, and the names of states and actions."""

import re
from dataclasses import replace
from typing import NamedTuple, final

from tabular_trpo._core.errors import InvalidMDPError, Problem
from tabular_trpo._core.names import MOST_NAME, NAME_RULE, is_name
from tabular_trpo._core.validate import Report
from tabular_trpo._formats.limits import FORMAT, VERSION
from tabular_trpo._formats.problems import fault, in_json, suggestion

REQUIRED = ("format", "version", "gamma", "states", "actions", "rho0", "transitions")
KEYS = (*REQUIRED, "why", "policies", "expected")
HALF = re.compile("[\ud800-\udfff]")  # half of a character, which UTF-8 cannot hold

Index = dict[str, int]  # the position of each name


@final
class Scope(NamedTuple):
    """What the parts of a document are read with.

    report:   collects what is wrong
    rational: whether numbers are read in rational arithmetic
    quoted:   whether every number of the model is exact, so that its policies must be, too
    """

    report: Report
    states: Index
    actions: Index
    rational: bool
    quoted: bool


def check_header(report: Report, document: object) -> dict[str, object]:
    """Return the document as a dict that has every key it must have, and no other.

    raises: InvalidMDPError for another format or version, for wrong keys and for a `why` that is
            no text
    """
    if not isinstance(document, dict):
        raise InvalidMDPError(fault("type", f"holds {in_json(document)}", "a JSON object"))
    cure = "A certificate holds its model under the key model" if "claims" in document else ""
    for key, only in (("format", FORMAT), ("version", VERSION)):
        value = document.get(key)
        if isinstance(value, bool) or not isinstance(value, type(only)) or value != only:
            got = f"= {in_json(value)}" if key in document else "is missing"
            wrong = fault(key, got, in_json(only), cure if key == "format" else "")
            raise InvalidMDPError(replace(wrong, path=(key,)))
    keys = ", ".join(KEYS)
    for key in document:
        if key not in KEYS:
            wrong = fault("unknown_key", "is no key of a model", keys, suggestion(key, KEYS))
            report.note(wrong, (key,) if isinstance(key, str) else ())
    for key in REQUIRED:
        if key not in document:
            report.note(fault("missing_key", "is missing", f"the keys {keys}"), (key,))
    check_text(report, document.get("why", ""), ("why",))
    report.close()
    return document


def check_text(report: Report, value: object, path: tuple[str, ...]) -> None:
    """Report a value that is not a string encodable in UTF-8."""
    if not isinstance(value, str) or HALF.search(value):
        report.note(fault("type", f"= {in_json(value)}", "a text"), path)


def read_names(report: Report, document: dict[str, object], key: str) -> Index:
    """Return the position of each name in a list of the document; {} where one is wrong."""
    names = document[key]
    if not isinstance(names, list) or not names:
        cure = 'Numbers are quoted: ["0", "1"]'
        wrong = fault("type", f"= {in_json(names)}", "a list of at least one name", cure)
        report.note(wrong, (key,))
        return {}
    index: Index = {}
    for i, name in enumerate(names):
        found = name_fault(name)
        if found is None and index.setdefault(name, i) != i:
            got = f"= {in_json(name)}, as {key}[{index[name]}] is"
            found = fault("duplicate_name", got, "each name once")
        if found is not None:
            report.note(found, (key, i))
    return index if len(index) == len(names) else {}


def name_fault(name: object) -> Problem | None:
    """Return what is wrong with the name of a state, an action or a policy, or None.

    >>> name_fault("two words"), name_fault("").got, name_fault(3).cure
    (None, '= ""', 'Quote it: "3"')
    """
    if not isinstance(name, str):
        cure = f'Quote it: "{name}"' if type(name) in (int, float) else ""
        return fault("name", f"= {in_json(name)}", "a name, which is a string", cure)
    if not is_name(name):
        more = f" of {len(name)} characters" if len(name) > MOST_NAME else ""
        return fault("name", f"= {in_json(name)}{more}", NAME_RULE)
    return None


def unknown(name: object, index: Index, what: str, is_key: bool = False) -> Problem:
    """Return the problem of a name that is not in the list where it should be.

    is_key: whether it is the key of an object, which the place of the problem shows already
    """
    if not isinstance(name, str) and not is_key:
        return fault("type", f"= {in_json(name)}", f"the name of one of the {what}, a string")
    got = "has an unknown name" if is_key else f"= {in_json(name)}"
    expected = f"one of the {len(index)} {what}"
    return fault("unknown_name", got, expected, suggestion(name, index))
