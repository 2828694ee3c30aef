"""Whatever is done to a file, the answer is a model or a `TabularError`."""

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tabular_trpo import formats
from tabular_trpo._formats.json_text import parse
from tests.formats.base import BASE, as_floats

DOCUMENTS = st.sampled_from([BASE, as_floats(BASE)])
ARITHMETICS = st.sampled_from(["auto", "float", "rational"])
WORDS = [
    "a",
    "b",
    "stay",
    "go",
    "half",
    "uniform",
    "1",
    "1/2",
    "-1",
    "1e400",
    "1e-400",
    "0",
    "é",
    "",
]
SCALARS = (
    st.sampled_from([None, True, 0, 1, -1, 2**63, 10**400, 0.5, -0.0, 1e308, 5e-324, *WORDS])
    | st.floats()
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda x: st.lists(x, max_size=5) | st.dictionaries(st.sampled_from(WORDS), x, max_size=3),
    max_leaves=8,
)
PIECES = st.sampled_from(
    [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\n", b"-", b"e9", b"NaN", b"null", b"\xff",
     b"\x00", b"\\u0000", b"\\ud800", b'"a"', b'"b": "1",', b"0", b"9" * 50]
)  # fmt: skip


def answer(call: Callable[[], formats.Document]) -> formats.Document | tt.TabularError:
    """Return the document read, or the error of the family; any other one goes through."""
    try:
        return call()
    except tt.TabularError as error:
        return error


def read_bytes(data: bytes, arithmetic: str) -> formats.Document:
    """Read bytes as a file is read."""
    value, text = parse(data, "x.mdp.json")
    return formats.from_document(value, arithmetic, "x.mdp.json", text)


def check(result: formats.Document | tt.TabularError, source: str) -> None:
    """Check that a document can be written, and that an error says all it has to say."""
    if isinstance(result, formats.Document):
        assert formats.dumps(formats.to_document(result.mdp, result.policies))
    else:
        assert str(result).startswith(source)
        assert all(p.code and p.got and p.expected for p in result.problems)


@given(
    DOCUMENTS,
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), PIECES), max_size=4),
    ARITHMETICS,
)
def test_spoiled_bytes(
    document: Any, edits: list[tuple[float, int, bytes]], arithmetic: str
) -> None:
    data = json.dumps(document).encode()
    for place, cut, piece in edits:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + cut :]
    check(answer(lambda: read_bytes(data, arithmetic)), "x.mdp.json")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of a document."""
    if not isinstance(value, list | dict):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [p for key in keys for p in _places(value[key])]


@given(DOCUMENTS, st.data(), ARITHMETICS)
def test_spoiled_structure(document: Any, data: st.DataObject, arithmetic: str) -> None:
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(_places(document)))
        match data.draw(st.sampled_from(["replace", "remove", "repeat", "add"])):
            case "remove" if len(document) > 1:
                del container[key]
            case "repeat" if isinstance(container, list):
                container.insert(key, copy.deepcopy(container[key]))
            case "add" if isinstance(container, dict):
                container[data.draw(st.sampled_from(WORDS))] = data.draw(VALUES)
            case _:
                container[key] = data.draw(VALUES)
    check(answer(lambda: read_bytes(json.dumps(document).encode(), arithmetic)), "x.mdp.json")
    check(answer(lambda: formats.from_document(document, arithmetic)), "document")


@given(st.binary(max_size=200), ARITHMETICS)
def test_noise(data: bytes, arithmetic: str) -> None:
    check(answer(lambda: read_bytes(data, arithmetic)), "x.mdp.json")
