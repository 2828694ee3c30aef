"""`python -m scripts.mean_kl`: for which gamma does (9) hold with the mean KL and the same C?

Below 1/5 it is false: `families.worst_case.ladder` is judged exactly, with more and more levels,
until it refutes.  From 1/5 on the largest ratio found by a search or a ladder is printed.  Proved
bounds of the ratio are in docs/atlas.md.  The same arguments give the same output.
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
    """State (9) with the mean KL for all gamma; the theorem of the table has a precondition."""
    return p.eta_new, ">=", p.L - p.C * p.mean_kl


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """The largest ratio found at one gamma.

    status:  of `judge` at the witness
    ratio:   gap / penalty there, of an exact pair, rounded
    origin:  where the witness comes from
    ladder:  limit of the ratio of a ladder; a float
    proved:  proved upper bound of every ratio; a float
    witness: its file in mdps/atlas
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
        """Return plain data for JSON."""
        data = asdict(self) | {"gamma": str(self.gamma)}
        return {"met" if key == "origin" else key: value for key, value in data.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Finding":
        """Read what `to_dict` wrote."""
        named = {"origin" if key == "met" else key: value for key, value in data.items()}
        return cls(**{**named, "gamma": Fraction(data["gamma"])})


def limit(gamma: Fraction) -> float:
    """Return the limit of gap / penalty on ladders with more levels and smaller steps."""
    s = sqrt((2 - gamma) / gamma)
    return (s - 1) * (s + 1) ** 2 / (4 * (s * s - s + 2))


def ceiling(gamma: Fraction) -> float:
    """Return a proved bound of gap / penalty for every pair at this gamma, as in docs/atlas.md.

    For gamma near 1 the bound of `mean_kl_linear` is smaller, and is taken.
    """
    c = float(gamma / (1 - gamma))
    return min(1 / sqrt(c * (4 - c)) if c < 2 else 0.5, (1 + 2 * sqrt(2 / c)) / 4)


def climbed(gamma: Fraction, most: int) -> tuple[Pair, str, float, str]:
    """Judge ladders with more and more levels, until one refutes or `most` is reached."""
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
    """Return the best of the ladders and, from 1/5 on, of a hunt that begins with some pairs."""
    pair, status, ratio, origin = climbed(gamma, most)
    if gamma >= Fraction(1, 5):
        hunted, witness = entry(same_constant, gamma, seed, rounds, start)
        if witness is not None and (hunted.status == "refuted" or (hunted.ratio or 0) > ratio):
            verdict = judge(same_constant, witness)
            pair, status, ratio = witness, verdict.status, verdict.tightness or 0.0
            origin = f"hunt of {hunted.rounds} rounds"
    sizes = pair.mdp.n_states, origin, limit(gamma), ceiling(gamma)
    return Finding(gamma, status, ratio, *sizes, file_name(NAME, gamma)), pair


def read_again(one: Finding, pair: Pair) -> Finding:
    """Return a finding with the verdict and the ratio that its witness has."""
    verdict = judge(same_constant, pair)
    return replace(one, status=verdict.status, ratio=verdict.tightness or 0.0)


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each gamma and write the witnesses; exit 1 if a proved bound is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mean_kl", description=__doc__)
    parser.add_argument("--rounds", type=int, default=600, help="of the hunts from 1/5 on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--levels", type=int, default=MOST_LEVELS, help="the most levels of a ladder"
    )
    parser.add_argument("--gammas", nargs="+", default=[*BELOW, *ABOVE])
    parser.add_argument("--folder", type=Path, help="write the witnesses there")
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
    """Describe a witness in one sentence."""
    ratio = fixed(one.ratio, 6)
    if one.status == "refuted":
        return f"Equation (9) with the mean KL is false here: gap / (C mean_kl) = {ratio}."
    return f"Nearest to breaking (9) with the mean KL that was found at this gamma: {ratio}."


if __name__ == "__main__":
    sys.exit(main())
