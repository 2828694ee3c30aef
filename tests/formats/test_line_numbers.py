"""Places in a JSON text are found at their lines."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tabular_trpo._formats.line_numbers import Path, duplicates, lines_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def _places(value: object, path: Path, line: int) -> tuple[dict[Path, int], int]:
    """Return the line of each place as `json.dumps(indent=1)` lays them out, and the next line."""
    places = {path: line}
    if not isinstance(value, list | dict) or not value:
        return places, line + 1
    line += 1
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        inner, line = _places(member, (*path, key), line)
        places |= inner
    return places, line + 1


@given(values, st.booleans())
def test_lines_are_those_of_the_layout(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=ascii_only)
    places, _ = _places(value, (), 1)
    del places[()]
    assert lines_of(text, set(places)) == places
    assert duplicates(text) == {}


def test_duplicates_are_found_where_they_are() -> None:
    text = '[{"a": {"b": 1, "b": 2}}, {"a": {},\n"a": {"c": 1, "c": 2}, "a": {"c": 3}}]'
    assert duplicates(text) == {(0, "a", "b"): 1, (1, "a"): 2}


def test_places_that_are_not_there_have_no_line() -> None:
    assert lines_of("{}", {("a",), ()}) == {}
    assert lines_of("", {("a",)}) == {}
