"""The file check.py and the command `check` end alike, whatever the bytes of the file are."""

import json
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo import check as checker
from tests.app.conftest import Run
from tests.certificate_models import MODELS, claimed, user
from tests.certificates import F, certificate, seal


def text(**changes: Any) -> str:
    return json.dumps(seal({**certificate(MODELS["one state"]), **changes}))


RIGHT = text()
DATA = RIGHT.encode()
DEEP = {
    depth: RIGHT.replace('"made by a test"', "[" * depth + "1" + "]" * depth)
    for depth in (1, 61, 62, 63, 64, 65, 300, 900, 1000, 10**5)
}
NAMED = {
    f"a name of {n}": json.dumps(claimed("plain", user("1 <= 2", F(1), name="n" * n)))
    for n in (0, 1, 500, 501, 4000, 4001, 10**5)
}
FILES: dict[str, bytes] = {
    "right": DATA,
    "with a byte order mark": b"\xef\xbb\xbf" + DATA,
    "with two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf" + DATA,
    "UTF-16": RIGHT.encode("utf-16"),
    "UTF-16 without a mark": RIGHT.encode("utf-16-le"),
    "UTF-32": RIGHT.encode("utf-32"),
    "Latin-1": RIGHT.replace("made", "m\u00e4de").encode("latin-1"),
    "UTF-8": json.dumps(
        seal({**certificate(MODELS["plain"])}), ensure_ascii=False, indent=3
    ).encode(),
    "a surrogate in bytes": DATA.replace(b"made", b"\xed\xa0\x80"),
    "a surrogate as an escape": DATA.replace(b"made", b"\\ud800"),
    "empty": b"",
    "blanks": b" \n\t",
    "a mark alone": b"\xef\xbb\xbf",
    "a null byte": DATA + b"\0",
    "a null byte inside": DATA.replace(b"made", b"\0"),
    "a raw newline inside": DATA.replace(b"made", b"\n"),
    "garbage behind": DATA + b"x",
    "twice": DATA + DATA,
    "two lines": DATA + b"\n" + DATA,
    "a blank line behind": DATA + b"\r\n\n",
    "a comment": b"// why\n" + DATA,
    "cut": DATA[:-1],
    "an unended text": DATA[:-2],
    "gzip": b"\x1f\x8b" + DATA,
    "a list": b"[]",
    "a list of it": b"[" + DATA + b"]",
    "a number": b"1",
    "a text": b'"tabular-trpo-certificate"',
    "null": b"null",
    "an object": b"{}",
    "a model": b'{"format": "tabular-trpo-mdp", "version": 1}',
    "a format of another type": b'{"format": ["tabular-trpo-certificate"]}',
    "a format alone": b'{"format": "tabular-trpo-certificate"}',
    "a key twice": DATA.replace(b'"version"', b'"version": 1, "version"', 1),
    "the format twice": DATA.replace(b"{", b'{"format": "tabular-trpo-certificate", ', 1),
    "a key twice inside": DATA.replace(b'"gamma"', b'"gamma": "1/2", "gamma"', 1),
    "a key twice as an escape": DATA.replace(b'"gamma"', b'"g\\u0061mma": "1/2", "gamma"', 1),
    "a wrong digest": DATA.replace(b'"digest": "', b'"digest": "0'),
    "another version": text(version=3).encode(),
    "an unknown key": text(more=1).encode(),
    "a large file": DATA + b" " * (1 << 20),
    **{
        f"{word} {how}": data
        for word in (
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "1" * 5000,
            "1.0",
            "-0",
            "true",
            "1E1",
        )
        for how, data in {
            "as the version": DATA.replace(b'"version": 1', f'"version": {word}'.encode(), 1),
            "as gamma": DATA.replace(b'"gamma": "1/2"', f'"gamma": {word}'.encode(), 1),
            "as the format": f'{{"format": {word}}}'.encode(),
        }.items()
    },
    **{f"nested {depth} deep": made.encode() for depth, made in DEEP.items()},
    **{name: made.encode() for name, made in NAMED.items()},
    **{f"only nested {n} deep": b"[" * n + b"]" * n for n in (64, 65, 10**5)},
    "objects nested deep": b'{"format":' * 10**5,
    "brackets in a text": RIGHT.replace("made by", "[" * 99 + '\\"{{').encode(),
    "a newline in why": text(
        model={**certificate(MODELS["one state"])["model"], "why": "a\nproved trpo_bound: 1"}
    ).encode(),
    "why too long": text(
        model={**certificate(MODELS["one state"])["model"], "why": "a" * 10**5}
    ).encode(),
    "a number too long": text(values={"eta": "1" * 65537}).encode(),
    "too much work": json.dumps(
        claimed("plain", user("1 <= 1", F(0), "(" * 90 + "eta/7" + "**2)" * 90 + " <= 1"))
    ).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_both_end_alike(
    name: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.cert.json"
    path.write_bytes(FILES[name])
    code = checker.main([str(path)])
    out, err = capsys.readouterr()
    told = run("check", path)
    again = run("check", "-", "--json", stdin=FILES[name])
    assert (told.code, again.code) == (code, code) and code in (0, 1, 3)
    assert (out != "") is (code == 0) and (err != "") is (code != 0) and err.count("\n") <= 1
    if code == 3:
        assert told.out == "" and "cannot be read" in told.err
        assert "expected a certificate: 'tabular-trpo-certificate'" in told.err
        return
    (one,) = again.document["certificates"]
    assert one["right"] is (code == 0) and len(one["statements"]) == out.count("\n")
    if code == 1:
        assert err == f"{path}: refused: {one['wrong']}\n"


RIGHT_ONES = (
    "right", "with a byte order mark", "UTF-8", "a surrogate as an escape", "a blank line behind",
    "a large file", "brackets in a text", "a newline in why", "a name of 1", "a name of 500",
)  # fmt: skip


def test_what_is_read_and_what_is_not(tmp_path: Path) -> None:
    """A certificate with another text in `why` has another digest, so it is refused, but read."""
    ends = {}
    for name, data in FILES.items():
        path = tmp_path / "file"
        path.write_bytes(data)
        ends[name] = checker.main([str(path)])
    right = {name for name, end in ends.items() if end == 0}
    assert right <= {*RIGHT_ONES} and {"right", "with a byte order mark", "a name of 500"} <= right
    assert ends["a name of 501"] == ends["a name of 4001"] == ends["a name of 0"] == 1
    assert ends["NaN as gamma"] == ends["a key twice"] == ends["nested 300 deep"] == 3
    assert ends["nested 61 deep"] == 1 and ends["too much work"] == 1
