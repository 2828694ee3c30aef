"""What a hunt ends with: a claim refuted, or the nearest to it that was met."""

from dataclasses import dataclass
from typing import Any, final

from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.verdict import Verdict


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Refutation:
    """A claim is false: a small exact pair breaks it.

    claim:       what is refuted
    pair:        the counterexample, rational; its states are s0, s1, ..., its actions a0, a1, ...
    verdict:     of `judge`, "refuted"
    certificate: for `tt.check.check`; None where the checker cannot follow, see `reason`
    tried, rounds, seed: pairs screened, rounds of the search and its seed, which repeat it
    """

    claim: Theorem
    pair: Pair
    verdict: Verdict
    certificate: dict[str, Any] | None
    reason: str
    tried: int
    rounds: int
    seed: int
    status: str = "refuted"


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Unrefuted:
    """No counterexample was met, which proves nothing.

    status:    "unrefuted"; "vacuous" where no pair met the precondition; "no value" where some
               did, but the claim had no value on any
    ratio:     the largest gap / penalty met, of the exact pair `witness`; None where it has none
    met:       pairs, of those tried, that the claim speaks of
    valueless: pairs, of those tried, that meet the precondition and on which it has no value
    """

    claim: Theorem
    witness: Pair | None
    ratio: float | None
    tried: int
    met: int
    valueless: int
    rounds: int
    seed: int
    status: str = "unrefuted"


def named(pair: Pair) -> Pair:
    """Return the pair with names that tell states from actions."""
    mdp = pair.mdp
    states, actions = (
        [f"{x}{i}" for i in range(n)] for x, n in zip("sa", mdp.r.shape, strict=True)
    )
    named = mdp.replace(state_names=states, action_names=actions)
    if pair.is_mixture:
        return Pair.mixture(named, pair.pi, pair.target, pair.alpha)
    return Pair(named, pair.pi, pair.pi_new)
