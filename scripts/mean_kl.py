"""`python -m scripts.mean_kl`: for which gamma does (9) hold with the mean KL and the same C?

For gamma < 1/5 it is false: `families.worst_case.ladder` is judged exactly, with an increasing
number of levels, until it refutes the claim.  For gamma >= 1/5 the largest ratio gap / penalty
found by a search or by a ladder is printed.  Upper bounds of the ratio are proved in docs/atlas.md.
The output depends on the arguments only.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import Any, final

from scripts import witnesses
from tabular_trpo._core.decimals import fixed
from tabular_trpo._falsify.atlas import entry, file_name
from tabular_trpo._families.worst_case import ladder
from tabular_trpo._theory.claim import claim
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.pair import Pair

NAME = "mean_kl"
BELOW = ("0.05", "0.1", "0.15", "0.17", "0.18", "0.19", "0.195", "0.199")
ABOVE = ("0.2", "0.21", "0.22", "0.25", "0.3", "0.4", "0.5", "0.7", "0.9", "0.99")
LEVELS = (2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100)
MOST_LEVELS = 60
STEP = Fraction(1, 1000)


@claim("(9) with the mean KL", center="L")
def same_constant(p: Any) -> Any:
    """Return (9) with the mean KL for all gamma, without the precondition of `trpo_mean_kl`."""
    return p.eta_new, ">=", p.L - p.C * p.mean_kl


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """The largest ratio gap / penalty of (9) with the mean KL found at one gamma.

    status:  verdict of `judge` on the witness
    ratio:   gap / penalty of the witness, computed exactly and rounded
    states:  number of states of the witness
    origin:  how the witness was found: a ladder or a search
    ladder:  limit of the ratio on ladders, a float
    proved:  upper bound of the ratio of every pair, a float
    witness: name of the witness file in mdps/atlas
    """

    gamma: Fraction
    status: str
    ratio: float
    states: int
    origin: str
    ladder: float
    proved: float
    witness: str

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as a dict for JSON; the key of `origin` is "met"."""
        data = asdict(self) | {"gamma": str(self.gamma)}
        return {"met" if key == "origin" else key: value for key, value in data.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Finding":
        """Return the finding of a dict that `to_dict` made."""
        named = {"origin" if key == "met" else key: value for key, value in data.items()}
        return cls(**{**named, "gamma": Fraction(data["gamma"])})


def limit(gamma: Fraction) -> float:
    """Return the limit of gap / penalty on ladders, as levels increase and steps decrease to 0."""
    s = sqrt((2 - gamma) / gamma)
    return (s - 1) * (s + 1) ** 2 / (4 * (s * s - s + 2))


def ceiling(gamma: Fraction) -> float:
    """Return an upper bound of gap / penalty for every pair at this gamma.

    The smaller one of two: the bound proved in docs/atlas.md, and that of `mean_kl_linear`, which
    is smaller for gamma near 1.
    """
    c = float(gamma / (1 - gamma))
    return min(1 / sqrt(c * (4 - c)) if c < 2 else 0.5, (1 + 2 * sqrt(2 / c)) / 4)


def best_ladder(gamma: Fraction, most: int) -> tuple[Pair, str, float, str]:
    """Judge ladders of increasing size, up to `most` levels, until one refutes the claim.

    Returned are the last pair, its status, its ratio and a description.
    """
    for levels in (n for n in LEVELS if n <= most):
        case = ladder(levels, gamma, STEP)
        pair = Pair(case.mdp, case.pi, case.pi_new)
        verdict = judge(same_constant, pair)
        if verdict.status == "refuted":
            break
    return pair, verdict.status, verdict.tightness or 0.0, f"ladder of {levels} levels"


def finding(
    gamma: Fraction, rounds: int, seed: int, most: int, start: Sequence[Pair] = ()
) -> tuple[Finding, Pair]:
    """Return the finding with the largest ratio at a gamma, and its pair.

    Candidates are ladders of up to `most` levels and, for gamma >= 1/5, a search that starts from
    the pairs in `start`.
    """
    pair, status, ratio, origin = best_ladder(gamma, most)
    if gamma >= Fraction(1, 5):
        searched, witness = entry(same_constant, gamma, seed, rounds, start)
        if witness is not None and (searched.status == "refuted" or (searched.ratio or 0) > ratio):
            verdict = judge(same_constant, witness)
            pair, status, ratio = witness, verdict.status, verdict.tightness or 0.0
            origin = f"search of {searched.rounds} rounds"
    sizes = pair.mdp.n_states, origin, limit(gamma), ceiling(gamma)
    return Finding(gamma, status, ratio, *sizes, file_name(NAME, gamma)), pair


def read_again(one: Finding, pair: Pair) -> Finding:
    """Return the finding with its status and ratio computed again from its witness."""
    verdict = judge(same_constant, pair)
    return replace(one, status=verdict.status, ratio=verdict.tightness or 0.0)


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each gamma; return 1 if a ratio exceeds its proved bound, else 0."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mean_kl", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=600, help="rounds of the searches, for gamma >= 1/5"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--levels", type=int, default=MOST_LEVELS, help="largest number of levels of a ladder"
    )
    parser.add_argument("--gammas", nargs="+", default=[*BELOW, *ABOVE])
    parser.add_argument(
        "--folder", type=Path, help="folder for the witnesses; not written by default"
    )
    options = parser.parse_args(arguments)
    found = []
    for text in options.gammas:
        one, pair = finding(Fraction(text), options.rounds, options.seed, options.levels)
        found.append(one)
        print(
            f"gamma {float(one.gamma):5}  {one.status:8}  ratio {fixed(one.ratio)}  "
            f"S = {one.states:3}  ladders tend to {fixed(one.ladder)}  "
            f"proved: at most {fixed(one.proved)}  ({one.origin})",
            flush=True,
        )
        if options.folder is not None:
            witnesses.save(options.folder / one.witness, pair, why(one))
    refuted = [one.gamma for one in found if one.status == "refuted"]
    if refuted:
        print(f"Largest gamma with an exact counterexample: {max(refuted)} = {float(max(refuted))}")
    return int(any(one.ratio > one.proved for one in found))


def why(one: Finding) -> str:
    """Return one sentence on why the witness of a finding is kept."""
    ratio = fixed(one.ratio, 6)
    if one.status == "refuted":
        return f"Equation (9) with the mean KL is false here: gap / (C mean_kl) = {ratio}."
    return f"Nearest to breaking (9) with the mean KL that was found at this gamma: {ratio}."


if __name__ == "__main__":
    sys.exit(main())
