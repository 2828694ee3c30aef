"""The top level of a document: its keys, format, version, and the names of states and actions."""

import re
from typing import Any

from tabular_trpo._core.names import MOST_NAME, NAME_RULE, is_name
from tabular_trpo._formats.limits import FORMAT, VERSION
from tabular_trpo._formats.report import Fault, Report, nearest, shown

REQUIRED = ("format", "version", "gamma", "states", "actions", "rho0", "transitions")
KEYS = (*REQUIRED, "why", "policies", "expected")
HALF = re.compile("[\ud800-\udfff]")

Index = dict[str, int]


def check_header(report: Report, document: Any) -> dict[str, Any]:
    """Return the document as a dict that has every key it must have, and none it must not."""
    if not isinstance(document, dict):
        report.fail((), Fault("type", f"holds {shown(document)}", "a JSON object"))
    kind, version = document.get("format"), document.get("version")
    if kind != FORMAT:
        cure = "A certificate holds its model under the key model" if "claims" in document else ""
        got = f"= {shown(kind)}" if "format" in document else "is missing"
        path = ("format",)
        report.fail(path, Fault("format", got, shown(FORMAT), cure))
    if isinstance(version, bool) or not isinstance(version, int) or version != VERSION:
        got = f"= {shown(version)}" if "version" in document else "is missing"
        report.fail(("version",), Fault("version", got, str(VERSION)))
    for key in document:
        if key not in KEYS:
            report.add(
                (key,) if isinstance(key, str) else (),
                Fault("unknown_key", "is no key of a model", ", ".join(KEYS), nearest(key, KEYS)),
            )
    for key in REQUIRED:
        if key not in document:
            report.add((key,), Fault("missing_key", "is missing", f"the keys {', '.join(KEYS)}"))
    text = document.get("why", "")
    if not isinstance(text, str) or HALF.search(text):
        report.add(("why",), Fault("type", f"= {shown(text)}", "a text"))
    report.stop()
    return document


def read_names(report: Report, document: dict[str, Any], key: str) -> Index:
    """Return the position of each name of a list of names; {} when something is wrong."""
    names = document[key]
    if not isinstance(names, list) or not names:
        cure = 'Numbers are quoted: ["0", "1"]'
        expected = "a list of at least one name"
        report.add((key,), Fault("type", f"= {shown(names)}", expected, cure))
        return {}
    index: Index = {}
    for i, name in enumerate(names):
        fault = name_fault(name)
        if fault is None and name in index:
            got = f"= {shown(name)}, as {key}[{index[name]}] is"
            fault = Fault("duplicate_name", got, "each name once")
        if fault is not None:
            report.add((key, i), fault)
        else:
            index[name] = i
    return index if len(index) == len(names) else {}


def name_fault(name: object) -> Fault | None:
    """Return what is wrong with the name of a state, an action or a policy, or None.

    >>> name_fault("two words"), name_fault("").got, name_fault(3).cure
    (None, '= ""', 'Quote it: "3"')
    """
    if not isinstance(name, str):
        cure = f'Quote it: "{name}"' if type(name) in (int, float) else ""
        return Fault("name", f"= {shown(name)}", "a name, which is a string", cure)
    if not is_name(name):
        more = f" of {len(name)} characters" if len(name) > MOST_NAME else ""
        return Fault("name", f"= {shown(name)}{more}", NAME_RULE)
    return None


def unknown(name: object, index: Index, what: str) -> Fault:
    """Return the fault of a name that is not in the list where it should be."""
    if not isinstance(name, str):
        return Fault("type", f"= {shown(name)}", f"the name of one of the {what}, a string")
    expected = f"one of the {len(index)} {what}"
    return Fault("unknown_name", f"= {shown(name)}", expected, nearest(name, index))


def unknown_key(name: object, index: Index, what: str) -> Fault:
    """Return the fault of an object's key that is not a name it may have."""
    near = nearest(name, index)
    return Fault("unknown_name", "has an unknown name", f"one of the {len(index)} {what}", near)
