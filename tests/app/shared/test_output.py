"""Writing answers: no markup, no colour in a pipe, no character the stream lacks."""

import io
import sys

import pytest

from tabular_trpo._app.shared.output import Answer, emit, write
from tabular_trpo._app.shared.page import PIPE_WIDTH, Part, Verbatim, titled
from tabular_trpo._app.shared.tables import Table


def shown(answer: Answer, capsys: pytest.CaptureFixture[str], **how: bool) -> str:
    """Return what `emit` writes."""
    emit(answer, **{"as_json": False, "quiet": False, **how})
    return capsys.readouterr().out


def test_markup_and_escapes_of_names_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = Table(["[red]Name"])
    made.add("[link=x]a\x1b[31m[/link] :smile:", style="red")
    text = shown(Answer(0, {}, ["[bold]t", made, "[b]line"], "end"), capsys)
    for piece in ("[bold]t", "[red]Name", "[link=x]a\\x1b[31m[/link] :smile:", "[b]line", "end"):
        assert piece in text
    assert "\x1b" not in text


def test_pipe_has_a_fixed_width_and_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    made = Table(["A", "B"])
    made.add("x" * 300, "y")
    lines = shown(Answer(0, {}, [made], "end"), capsys).split("\n")
    assert max(map(len, lines)) <= PIPE_WIDTH
    assert all(line == line.rstrip() for line in lines)


def test_columns_of_the_environment_are_honoured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = shown(Answer(0, {}, ["word " * 30], "end"), capsys)
    assert 30 <= max(map(len, text.split("\n"))) <= 40


@pytest.mark.parametrize("no_color", [False, True])
def test_no_color_is_honoured_on_a_terminal(
    no_color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    made = Table(["A"])
    made.add("x", style="red")
    emit(Answer(0, {}, [made], "end"), as_json=False, quiet=False)
    assert ("\x1b[31m" in stream.getvalue()) is not no_color


def test_quiet_is_one_line_and_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(0, {"a": "é"}, ["part"], "the line")
    assert shown(answer, capsys, quiet=True) == "the line\n"
    assert shown(answer, capsys, as_json=True) == '{\n  "a": "\\u00e9"\n}\n'


def test_rows_left_out_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(Answer(0, {}, titled("title", Table(["A"]), 9, 4), "end"), capsys)
    assert "5 more rows; --all shows all" in text
    text = shown(Answer(0, {}, titled("title", Table(["A"]), 5, 4), "end"), capsys)
    assert "1 more row; --all shows all" in text


def test_stream_without_the_character_gets_its_code() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    write(stream, "π = é\n")
    assert stream.buffer.getvalue() == b"\\u03c0 = \\xe9\n"


def test_only_first_line_of_a_paragraph_begins_at_the_margin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a long name could fill a line, so that the next one looks like the program's."""
    monkeypatch.setenv("COLUMNS", "40")
    parts: list[Part] = ["word " * 30, "a" * 39 + " end", "x\nend", Verbatim("y\nend"), "b" * 40]
    lines = shown(Answer(0, {}, parts, "end"), capsys).splitlines()
    first = [line.split()[0] for line in lines if not line.startswith("  ")]
    assert first == ["word", "a" * 39, "x\\nend", "y\\nend", "b" * 40, "end"]
    assert max(map(len, lines)) == 40


def test_heads_of_tables_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    made = Table(["a\x1b[2J\u200b"])
    made.add("x")
    assert "a\\x1b[2J\\u200b" in shown(Answer(0, {}, [made], "end"), capsys)
