"""The small pairs of policies that the tests of the checker certify, each hard in its own way."""

from fractions import Fraction
from typing import Any

from tests.certificates import F, Model, Row, certificate, make_claim


def rows(*texts: str) -> list[list[str]]:
    """'X a Y 1/2 -1' -> ['X', 'a', 'Y', '1/2', '-1']."""
    return [text.split() for text in texts]


def policy(text: str) -> dict[str, Row]:
    """'X: a 1/2, b 1/2; Y: a 1' -> {'X': {'a': '1/2', 'b': '1/2'}, 'Y': {'a': '1'}}."""
    table = {}
    for row in text.split(";"):
        state, weights = row.split(":")
        table[state.strip()] = dict(part.split() for part in weights.split(","))
    return table


TWO = rows(
    "X a X 1/2 1", "X a Y 1/2 -1/3", "X b Y 1 0.25",
    "Y a X 1 2", "Y b Y 1/3 0", "Y b X 2/3 1e-1",
)  # fmt: skip
# Z is reached from nowhere; Y has one action only.
THREE = rows(
    "X a X 1/3 1",
    "X a Y 2/3 0",
    "X b Y 1 3",
    "Y c X 1 -2",
    "Z a Z 1/2 5",
    "Z a X 1/2 0",
    "Z b X 1 1",
)


def tight(gamma: str, a: str) -> Model:
    """The family that attains the coupling bound; V = 0, so rewards are advantages."""
    less, more = F(1, 2) - F(a), F(1, 2) + F(a)
    return Model(
        gamma,
        {"X": "1"},
        rows("X bad X 1 -1", "X good X 1 1", "X go Y 1 1", "Y bad Y 1 -1", "Y good Y 1 1"),
        policy("X: bad 1/2, good 1/2; Y: bad 1/2, good 1/2"),
        policy(f"X: bad {less}, good 1/2, go {a}; Y: bad {more}, good {less}"),
    )


START = {"X": "3/4", "Y": "0.25"}
OLD, NEW = policy("X: a 1/2, b 1/2; Y: a 1/3, b 2/3"), policy("X: a 3/5, b 2/5; Y: a 1/5, b 4/5")
TINY = F(1, 10**30)

MODELS = {
    "plain": Model("9/10", START, TWO, OLD, NEW),
    "three": Model(
        "1/2", {"X": "1/2", "Y": "1/2"}, THREE,
        policy("X: a 1/2, b 1/2; Y: c 1; Z: a 1/4, b 3/4"),
        policy("X: a 2/5, b 3/5; Y: c 1; Z: a 1"),
    ),
    "tight": tight("9/10", "1/2"),
    "mixture": Model("9/10", START, TWO, OLD, target=policy("X: b 1; Y: a 1"), alpha="1/10"),
    "support lost": Model("9/10", START, TWO, OLD, policy("X: a 1; Y: a 1/5, b 4/5")),
    "identical": Model("9/10", START, TWO, OLD, OLD),
    "near tie": Model(
        "9/10", START, TWO, OLD,
        {"X": {"a": str(F(1, 2) + TINY), "b": str(F(1, 2) - TINY)}, "Y": OLD["Y"]},
    ),
    "no future": Model("0", START, TWO, OLD, policy("X: a 1; Y: a 1")),
    "no advantage": Model(
        "1/2", {"X": "1"}, rows("X a X 1 1", "X b X 1 1"),
        policy("X: a 1/2, b 1/2"), policy("X: a 1"),
    ),
    "one state": Model("1/2", {"X": "1"}, rows("X a X 1 1"), policy("X: a 1"), policy("X: a 1")),
}  # fmt: skip


def claimed(model: str, *claims: Row) -> Row:
    return certificate(MODELS[model], lambda q: list(claims))


def user(
    formula: str,
    slack: Fraction | None,
    condition: str | None = None,
    exactness: str = "rational",
    **other: Any,
) -> Row:
    """A claim that no table knows, with the slack it should have."""
    return make_claim("mine", ("own", "me", formula, condition), slack, exactness) | other
