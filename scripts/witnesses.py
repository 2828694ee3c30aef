"""Model files of witnesses: a pair of policies, a sentence why it is kept, its exact values."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from tabular_trpo import formats
from tabular_trpo._core.instance import Instance
from tabular_trpo._theory.pair import Pair

NUMBERS = ("eta", "eta_new", "L", "eps", "max_tv", "mean_tv")
SMALL = 4  # largest number of states and of actions of a pair that starts a search
LONGEST = 10**60  # numbers with a larger numerator or denominator are not written


def save(path: Path, pair: Pair, why: str) -> None:
    """Write a rational pair as a model file with its policies and its short exact numbers."""
    expected: dict[str, Any] = {"policy": "pi", "pair": ["pi", "pi_new"]}
    numbers = {name: Fraction(getattr(pair, name)) for name in NUMBERS}
    expected |= {
        name: x for name, x in numbers.items() if max(abs(x.numerator), x.denominator) < LONGEST
    }
    if pair.is_mixture:
        expected["alpha"] = pair.alpha
    path.parent.mkdir(parents=True, exist_ok=True)
    formats.write(pair.mdp, path, pair.instance.policies(), why, expected)


def load(path: Path) -> Pair:
    """Return the pair of a file that `save` wrote."""
    document = formats.load(path)
    pi, pi_new = (document.policies[name] for name in ("pi", "pi_new"))
    target, alpha = document.policies.get("target"), document.expected.get("alpha")
    return Pair.of(Instance(path.name, document.mdp, pi, pi_new, target, alpha))


def small(folder: Path) -> tuple[Pair, ...]:
    """Return the pairs of a folder with at most SMALL states and actions, sorted by file name."""
    pairs = map(load, sorted(folder.glob("*.mdp.json")))
    return tuple(pair for pair in pairs if max(pair.mdp.r.shape) <= SMALL)
