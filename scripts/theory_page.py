"""`python -m scripts.theory_page FILE`: write docs/theory.md from the tables of `_theory`."""

import inspect
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

from scripts.pages import write_page
from scripts.theory_words import LEFT_OUT, OPENING, REFERENCES
from tabular_trpo._core.nearest import nearest
from tabular_trpo._falsify.atlas import Entry, atlas
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.misquotations import MISQUOTATIONS, misquotations_of
from tabular_trpo._theory.theorems import THEOREMS, TOPICS, distinct
from tabular_trpo._theory.tightness import TIGHTNESS

COLUMNS = ("Statement", "Eq.", "Source", "Class", "Sides", "Counts", "Known", "Found", "False")
WITNESSES = "../mdps/atlas"  # seen from docs


def page() -> str:
    """Return the text of docs/theory.md.

    >>> page().splitlines()[0]
    '# The statements'
    """
    head = OPENING.format(
        statements=len(THEOREMS),
        distinct=len(distinct(THEOREMS)),
        algebra=sum(theorem.algebra for theorem in THEOREMS),
        topics=len(TOPICS),
        misquotations=len(MISQUOTATIONS),
    )
    topics = ("\n".join(_topic(title, TOPICS[title])) for title in TOPICS)
    return "\n".join((head, *topics, LEFT_OUT, REFERENCES))


def _topic(title: str, theorems: tuple[Theorem, ...]) -> Iterator[str]:
    """Yield the lines of a topic: title, table, and one entry for each statement."""
    yield f"## {title}\n"
    yield _row(COLUMNS)
    yield _row(("---",) * len(COLUMNS))
    yield from (_row(_cells(theorem)) for theorem in theorems)
    yield ""
    for theorem in theorems:
        yield from _entry(theorem)


def _row(cells: tuple[str, ...]) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def _cells(theorem: Theorem) -> tuple[str, ...]:
    """Return the cells of a statement in the order of COLUMNS."""
    return (
        f"[`{theorem.name}`](#{theorem.name})",
        theorem.equation,
        theorem.source,
        theorem.exactness,
        theorem.sides,
        _counts(theorem),
        _known(theorem),
        _found(theorem),
        str(len(misquotations_of(theorem))),
    )


def _counts(theorem: Theorem) -> str:
    """Return the column Counts: "yes", "algebra", or the statement that this one repeats."""
    if theorem.same_as:
        return f"same as `{theorem.same_as}`"
    return "algebra" if theorem.algebra else "yes"


def _known(theorem: Theorem) -> str:
    """Return the column Known: the largest gap / penalty of a known family, and the family."""
    known = TIGHTNESS.get(theorem.name)
    if known is None:
        return "-"
    exact = theorem.exactness == "rational" or known.attained
    return f"{known.ratio if exact else _decimal(known.ratio)}; {known.words}"


def _found(theorem: Theorem) -> str:
    """Return the column Found: the largest ratio of the atlas, a link to its witness, its gamma."""
    best = tightest().get(theorem.name)
    if best is None or best.ratio is None:
        return "-"
    # "1" is written only where equality is attained.
    ratio = "1" if best.attained else _decimal(min(Fraction(best.ratio), 1 - Fraction(1, 10**4)))
    return f"[{ratio}]({WITNESSES}/{best.witness}) at {nearest(best.gamma)}"


@cache
def tightest() -> dict[str, Entry]:
    """Return the atlas entry of each bound, by name, with the largest ratio.

    Among entries with equal ratios it has the smallest gamma.

    >>> tightest()["trpo_kl_bound"].gamma
    Fraction(1, 50)
    """
    best: dict[str, Entry] = {}
    for entry in atlas():
        if entry.ratio is not None:
            best[entry.theorem] = max(best.get(entry.theorem, entry), entry, key=_nearness)
    return best


def _nearness(entry: Entry) -> tuple[bool, float]:
    """Return the sort key of entries: attained equality last, then the ratio."""
    return entry.attained, entry.ratio or 0.0


def _decimal(ratio: Fraction) -> str:
    """Return a ratio below 1, cut after four digits.

    >>> _decimal(Fraction(9949, 10000))
    '0.9949..'
    """
    return f"0.{int(ratio * 10**4):04}.."


def _entry(theorem: Theorem) -> Iterator[str]:
    """Yield the lines of an entry: docstring, formula, precondition, quotation, misquotations.

    Formulas stand here and not in the table because some are too long for a cell.
    """
    yield f"#### {theorem.name}\n"
    yield f"{inspect.getdoc(theorem.formula)}\n"
    condition = theorem.condition_text()
    lines = [" ".join(theorem.text())]
    if condition == "mixture":
        yield "For mixtures, pi_new = (1-alpha) pi + alpha target.\n"
    elif condition is not None:
        lines.append(f"when {condition}")
    yield "\n".join(("```", *lines, "```\n"))
    if theorem.quoted:
        here = f" Here: {theorem.differs}." if theorem.differs else ""
        yield f"Quoted: {theorem.quoted}.{here}\n"
    names = [v.claim.name.removeprefix(f"{theorem.name}: ") for v in misquotations_of(theorem)]
    yield f"False: {'; '.join(names)}.\n"


def main(argv: list[str] | None = None) -> int:
    """Write the page to the file given in `argv`; return the exit code 0."""
    return write_page("theory_page", page, argv)


if __name__ == "__main__":
    raise SystemExit(main())
