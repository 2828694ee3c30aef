"""Each statement is documented by sentences of its own and says what it quotes, what differs."""

import inspect
import re

import pytest

from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.theorems import THEOREMS
from tabular_trpo._theory.wording import WORDS

NAMES = {theorem.name for theorem in THEOREMS}
each = pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)
SHORT = {  # the papers, as equations name them
    "Schulman et al. 2015": "TRPO", "Kakade & Langford 2002": "K&L", "Achiam et al. 2017": "CPO",
    "Zhang & Ross 2021": "Z&R", "Sutton et al. 2000": "Sutton", "Kakade 2001": "Kakade",
    "Mei et al. 2020": "Mei", "Puterman 1994": "Puterman", "Howard 1960": "Howard",
    "Pirotta et al. 2013": "Pirotta", "Grudzien et al. 2022": "Grudzien",
    "Agarwal et al. 2021": "Agarwal", "Strupl et al. 2022": "Strupl", "Pollard 2000": "Pollard",
    "Kearns & Singh 2002": "K&S", "Hoeffding 1963": "Hoeffding", "Bretagnolle & Huber 1979":
    "Bretagnolle", "Csiszar & Koerner 2011": "Pinsker", "Gibbs & Su 2002": "chi-square",
    "van Erven & Harremoes 2014": "Renyi",
}  # fmt: skip

CONTINUING = {"And", "Or", "It", "But", "So", "Also", "Nor", "Which", "Along", "Here", "Then"}
REFERRING = re.compile(r"(The (same|other|former|latter)|This|That|These|Those|Their|Its)\b")


def fragment(text: str) -> bool:
    """Whether the first sentence of a docstring needs another docstring, or is no sentence."""
    first = " ".join(text.partition("\n\n")[0].split())
    words = first.split()
    return (
        len(words) < 6
        or words[0].rstrip(",") in CONTINUING
        or REFERRING.match(first) is not None
        or not first.endswith(".")
    )


def test_words_belong_to_statements() -> None:
    assert {*WORDS} <= NAMES


@each
def test_statement_with_a_source_says_what_is_quoted(theorem: Theorem) -> None:
    assert bool(theorem.quoted) == (theorem.source != "own")
    assert (theorem.quoted, theorem.differs) == WORDS.get(theorem.name, ("", ""))
    if theorem.source.startswith("after "):
        assert theorem.differs


@each
def test_equation_names_the_paper(theorem: Theorem) -> None:
    source = theorem.source.removeprefix("after ")
    if source == "own":
        return
    assert theorem.equation.startswith(SHORT[source])


@each
def test_trpo_has_lemmas_1_to_3_and_no_ladder(theorem: Theorem) -> None:
    assert "ladder" not in theorem.equation
    assert not re.search(r"Lemma [A-Z]\b", theorem.equation)
    for number in re.findall(r"TRPO Lemma (\S+?)\b", theorem.equation):
        assert number in "123"


@pytest.mark.parametrize(
    "name",
    ["coupling_span", "coupling_capped", "coupling_rows", "trpo_kl_bound_half", "npg_progress",
     "mirror_step", "soft_suboptimality", "lojasiewicz", "gradient_domination_start",
     "advantage_lemma", "advantage_lemma_eps"],
)  # fmt: skip
def test_forms_that_are_not_in_the_paper_say_so(name: str) -> None:
    (theorem,) = (one for one in THEOREMS if one.name == name)
    assert theorem.source.startswith("after ") and theorem.differs


@each
def test_docstring_stands_alone(theorem: Theorem) -> None:
    assert not fragment(inspect.getdoc(theorem.formula) or "")


def test_docstrings_differ() -> None:
    """An entry says what distinguishes its statement from every other one."""
    texts = [inspect.getdoc(theorem.formula) for theorem in THEOREMS]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    "text",
    ["The other side.", "And by the mean step under the new one.", "It is at most half of that.",
     "The same with the spans of the rows of Q, which do not know the new policy.",
     "Half of the span.", "Along the old paths, off by the chance that paths differ.",
     "Their slopes at the old policy agree along the path.", "a bound of six words or more"],
)  # fmt: skip
def test_fragments_are_found(text: str) -> None:
    assert fragment(text)
