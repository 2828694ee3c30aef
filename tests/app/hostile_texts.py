"""Texts that would steer a terminal, hide in it or forge a line of it; and what is seen of them."""

import re
import unicodedata

from tests.app.conftest import Result

FORGED = "other.cert.json: proved trpo_bound: eta_new >= L"
HOSTILE = {
    "a line": f"x\n{FORGED}",
    "a line of Windows": f"x\r\n{FORGED}",
    "a return": f"x\r{FORGED}",
    "a line of Unicode": f"x\u2028{FORGED}",
    "a paragraph of Unicode": f"x\u2029{FORGED}",
    "a next line": f"x\x85{FORGED}",
    "a vertical tab": f"x\x0b{FORGED}",
    "a form feed": f"x\x0c{FORGED}",
    "blanks that wrap": "x" + " " * 300 + FORGED,
    "words that wrap": "x " * 100 + FORGED,
    "a word that wraps": "x" * 200 + " " + FORGED,
    "escapes": "\x1b[2K\x1b[1A\x1b]0;title\x07trpo_bound",
    "an escape of one byte": "\x9b2Jtrpo_bound",
    "backspaces": "mine\x08\x08\x08\x08trpo_bound",
    "markup": "[red]trpo_bound[/red] [link=http://x]y[/link] :smile:",
    "open markup": "[/] [bold",
    "a formula of TeX": "$\\frac$ ${x_$",
    "zero width": "trpo_bound\u200b",
    "joiners": "trpo\u200c_\u200dbound\u2060\ufeff",
    "bidirectional": "\u202etrpo_bound\u202c \u2066x\u2069 \u200f",
    "tags": "trpo_bound\U000e0041",
    "a soft hyphen": "trpo_\u00adbound",
    "fillers": "trpo_bound\u3164\u115f\uffa0\u2800",
    "joined graphemes": "trpo_bound\u034f",
    "variations": "trpo_bound\ufe0f\U000e0101",
    "an accent first": "\u0301trpo_bound",
    "many accents": "trpo_bound" + "\u0351" * 50,
    "an enclosing mark": "trpo_bound\u20dd",
    "blanks of Unicode": "trpo_bound\u00a0\u3000\u2003",
    "private": "trpo_bound\ue000\U000f0000",
    "unassigned": "trpo_bound\u0378",
    "half of a character": "trpo_bound\ud800",
    "a null": "trpo_bound\0",
    "quotes": f"x\" ' \\ {FORGED}",
}
TEXTS = list(HOSTILE.values())
UNSEEN = set("\u034f\u115f\uffa0\u2800\u3164\ufe0f\U000e0101\u20dd")


def faults(text: str) -> list[str]:
    """Return the characters of an output that should have been spelt out."""
    kinds = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me")
    bad = [c for c in text if c != "\n" and (unicodedata.category(c) in kinds or c in UNSEEN)]
    bad += [c for c in text if unicodedata.category(c) == "Zs" and c != " "]
    return bad + re.findall("(?<![^\\s\"'])\u0301|\u0351{4}", text)


def clean(done: Result) -> None:
    """Assert that no output steers the terminal, and that no line begins as a forged one."""
    assert done.code not in (70, 130), done.err
    assert not faults(done.out + done.err)
    for line in (done.out + done.err).splitlines():
        assert not line.startswith("other.cert.json"), line
        assert re.fullmatch("(proved|refuted)? *trpo_bound *", line) is None, line


def share(i: int, n: int) -> list[str]:
    """Return every n-th of the hostile texts, so that n tests in a row have them all."""
    return TEXTS[i % n :: n]
