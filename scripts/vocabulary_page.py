"""`python -m scripts.vocabulary_page FILE`: docs/vocabulary.md, from the table of the language."""

from collections.abc import Iterable, Iterator

from scripts.pages import write_page
from tabular_trpo._theory.vocabulary import (
    ALIASES,
    FUNCTIONS,
    HIDDEN,
    QUANTITIES,
    SCALAR,
    SHAPES,
    STATE,
    TABLE,
    VocabularyEntry,
)

OPENING = """# The vocabulary of formulas

The quantities of a pair of policies and the functions that claims, preconditions and certificates
can name, as `tt.vocabulary()` lists them. `make theory` writes this page. Each quantity is an
attribute of a `tt.Pair`.

An index `s` is a state, `a` an action; `pi` is the old policy and `pi_new` the new one. A formula
in which the quantity occurs itself is an equation with that solution. P(pi) is the matrix of the
chain of pi, F(pi, rho) the Fisher matrix rho (diag pi - pi pi') of the softmax logits of a state,
`pinv` the Moore-Penrose inverse. 0 log 0 is 0.

Marks: **log** contains logarithms; **mixture** exists for pairs made by `Pair.mixture`; **average**
needs chains with one recurrent class; **new** takes an evaluation of the new policy, so that it
bounds no gain in advance; **judged** is left out of certificates.
"""
TITLES = {SCALAR: "Numbers", STATE: "Per state", TABLE: "Per state and action"}
SOURCES = """## Sources

TRPO: Schulman et al. (2015), *Trust region policy optimization*. CPO: Achiam et al. (2017),
*Constrained policy optimization*. Puterman (1994), *Markov decision processes*. Kakade (2001), *A
natural policy gradient*. Mei et al. (2020), *On the global convergence rates of softmax policy
gradient methods*. Kemeny & Snell (1960), *Finite Markov chains*. Hoeffding (1963), *Probability
inequalities for sums of bounded random variables*.
"""


def page() -> str:
    """Return the page.

    >>> page().splitlines()[0]
    '# The vocabulary of formulas'
    """
    parts = [OPENING]
    for rank, title in TITLES.items():
        entries = [entry for entry in QUANTITIES.values() if entry.rank == rank]
        parts += [f"## {title}, {SHAPES[rank]}\n", *_rows(entries), ""]
    parts += ["## What formulas rest on\n", "Claims cannot name these.\n", *_rows(HIDDEN.values())]
    parts += [
        "",
        "## Functions\n",
        "| function | of | meaning | formula in x |",
        "|---|---|---|---|",
    ]
    names = {-1: "any", -2: "a written number", SCALAR: "number", STATE: "state", TABLE: "table"}
    for entry in FUNCTIONS.values():
        takes = ", ".join(names[rank] for rank in entry.takes)
        parts.append(
            f"| `{entry.name}` | {takes} | {_cell(entry.meaning)} | {_code(entry.formula)} |"
        )
    former = ", ".join(f"`{old}` for `{new}`" for old, new in ALIASES.items())
    parts += ["", f"Former names, which can be written and which certificates have: {former}.", ""]
    return "\n".join((*parts, SOURCES))


def _rows(entries: Iterable[VocabularyEntry]) -> Iterator[str]:
    yield "| name | formula | meaning | source | marks |"
    yield "|---|---|---|---|---|"
    for entry in entries:
        marks = {
            "log": entry.logarithms,
            "mixture": entry.mixture,
            "average": entry.average,
            "new": entry.needs_new_evaluation,
            "judged": not entry.certifiable,
        }
        shown = ", ".join(mark for mark, holds in marks.items() if holds)
        formula, meaning = _code(entry.formula), _cell(entry.meaning)
        yield f"| `{entry.name}` | {formula} | {meaning} | {entry.source} | {shown} |"


def _code(formula: str) -> str:
    return f"`{formula}`" if formula else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(argv: list[str] | None = None) -> int:
    """Write the page; return 0."""
    return write_page("vocabulary_page", page, argv)


if __name__ == "__main__":
    raise SystemExit(main())
