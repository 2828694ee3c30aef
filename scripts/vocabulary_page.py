"""`python -m scripts.vocabulary_page FILE`: write docs/vocabulary.md from `_theory.vocabulary`."""

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

The index `s` is a state, `a` an action; `pi` is the old policy and `pi_new` the new one. A formula
that contains its own quantity is an equation, and the quantity is its solution. P(pi) is the
transition matrix under pi, F(pi, rho) the Fisher matrix rho (diag pi - pi pi') of the softmax
logits of a state, `pinv` the Moore-Penrose inverse. 0 log 0 is 0.

Marks: **log** contains logarithms; **mixture** exists only for pairs made by `Pair.mixture`;
**average** requires chains with one recurrent class; **new** requires more than an evaluation of
pi, so it gives no bound in advance; **judged** cannot occur in certificates.
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
    """Return the text of docs/vocabulary.md.

    >>> page().splitlines()[0]
    '# The vocabulary of formulas'
    """
    parts = [OPENING]
    for rank, title in TITLES.items():
        entries = [entry for entry in QUANTITIES.values() if entry.rank == rank]
        parts += [f"## {title}, {SHAPES[rank]}\n", *_rows(entries), ""]
    parts += [
        "## Internal quantities\n",
        "Used in the formulas above; claims cannot name them.\n",
        *_rows(HIDDEN.values()),
    ]
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
    parts += ["", f"Former names, accepted in claims and used in certificates: {former}.", ""]
    return "\n".join((*parts, SOURCES))


def _rows(entries: Iterable[VocabularyEntry]) -> Iterator[str]:
    """Yield the lines of a table with a row for each entry."""
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
    """Return a formula as Markdown code, or an empty cell."""
    return f"`{formula}`" if formula else ""


def _cell(text: str) -> str:
    """Return a text with its vertical bars escaped for a Markdown table."""
    return text.replace("|", "\\|")


def main(argv: list[str] | None = None) -> int:
    """Write the page to the file given in `argv`; return the exit code 0."""
    return write_page("vocabulary_page", page, argv)


if __name__ == "__main__":
    raise SystemExit(main())
