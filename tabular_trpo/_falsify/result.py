"""The results of a search: `Refutation` with a counterexample, `Unrefuted` without one."""

from dataclasses import replace
from typing import final

from tabular_trpo._core.deprecated import renamed_arguments, renamed_attribute
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.string_enum import PlainStrEnum
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.verdict import Verdict


@final
class SearchStatus(PlainStrEnum):
    """The outcome of a search for a counterexample to a claim."""

    REFUTED = "refuted"
    UNREFUTED = "unrefuted"
    VACUOUS = "vacuous"  # no pair satisfied the precondition
    NO_VALUE = "no value"  # the claim had no value on any pair


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Refutation:
    """The refutation of a claim: a small exact pair that violates it, with a certificate.

    claim:       the claim that is refuted
    pair:        the rational counterexample, with states s0, s1, ... and actions a0, a1, ...
    verdict:     verdict of `judge` on the pair, of status "refuted"
    certificate: proof for `tt.check.check`; None where the claim exceeds the limits of the checker
    reason:      why there is no certificate; "" where there is one
    tried:       number of pairs scored
    rounds:      rounds of the search, which together with `seed` repeat it
    seed:        seed of the search
    status:      "refuted"

    >>> from tabular_trpo import claim, falsify
    >>> falsify(claim("no loss")(lambda p: (p.eta_new, ">=", p.eta)), rounds=1)
    <Refutation: 'no loss' fails on <Pair: pair, S=1, A=2, rational arithmetic>>
    """

    claim: Theorem
    pair: Pair
    verdict: Verdict
    certificate: dict[str, object] | None
    reason: str
    tried: int
    rounds: int
    seed: int
    status: SearchStatus = SearchStatus.REFUTED

    def __repr__(self) -> str:
        """Return one line: the name of the claim and its counterexample."""
        name = self.claim.name
        return f"<Refutation: {name!r} fails on {self.pair}>"


@renamed_arguments(met="n_applicable")
@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Unrefuted:
    """The result of a search that found no counterexample to a claim, which proves nothing.

    claim:        the claim that was tested
    witness:      an exact pair of the largest ratio found; None where no pair has a value
    ratio:        gap / penalty at `witness`; None where it has none
    tried:        number of pairs scored
    n_applicable: number of pairs that satisfy the precondition and on which the claim has a value
    valueless:    number of pairs that satisfy the precondition but give the claim no value
    rounds:       rounds of the search, which together with `seed` repeat it
    seed:         seed of the search
    status:       "unrefuted"; "vacuous" where no pair satisfies the precondition; "no value" where
                  some pairs do, but the claim has no value on any

    >>> from tabular_trpo import claim, falsify
    >>> falsify(claim("Pinsker")(lambda p: (p.max_tv**2, "<=", p.max_kl / 2)), rounds=1)
    <Unrefuted: 'Pinsker', unrefuted, ratio=1, 2,088 pairs tried>
    """

    claim: Theorem
    witness: Pair | None
    ratio: float | None
    tried: int
    n_applicable: int
    valueless: int
    rounds: int
    seed: int
    status: SearchStatus = SearchStatus.UNREFUTED

    met = renamed_attribute("met", "n_applicable")

    def __repr__(self) -> str:
        """Return one line: the name of the claim, the status, the ratio and the number of pairs."""
        name = self.claim.name
        ratio = "" if self.ratio is None else f" ratio={self.ratio:.6g},"
        return f"<Unrefuted: {name!r}, {self.status},{ratio} {self.tried:,} pairs tried>"


def named(pair: Pair) -> Pair:
    """Return the pair with its states renamed to s0, s1, ... and its actions to a0, a1, ..."""
    sizes = zip("sa", pair.mdp.r.shape, strict=True)
    states, actions = ([f"{letter}{i}" for i in range(n)] for letter, n in sizes)
    mdp = pair.mdp.replace(state_names=states, action_names=actions)
    return Pair.of(replace(pair.instance, mdp=mdp))
