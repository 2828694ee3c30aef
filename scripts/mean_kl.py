"""`python -m scripts.mean_kl`: for which gamma does the mean KL do in (9), with the same C?

Below 1/5 it does not: the ladder of `families.worst_case` is judged, exactly, with ever more levels
until it refutes.  From 1/5 on the largest ratio is told that a hunt or a ladder meets.  What is
proved of the ratio, and why, is in docs/atlas.md.  Same arguments, same answer.
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
    """Speak of all gamma; the theorem of the table begins where it is proved."""
    return p.eta_new, ">=", p.L - p.C * p.mean_kl


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one gamma.

    status:  of `judge` at the witness
    ratio:   gap / penalty there, of an exact pair, rounded
    met:     where the witness comes from
    ladder:  what the ratio of a ladder tends to; a float
    proved:  what no ratio exceeds; a float
    witness: its file in mdps/atlas
    """

    gamma: Fraction
    status: str
    ratio: float
    states: int
    met: str
    ladder: float
    proved: float
    witness: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self) | {"gamma": str(self.gamma)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Finding":
        """Read what `to_dict` wrote."""
        return cls(**{**data, "gamma": Fraction(data["gamma"])})


def limit(gamma: Fraction) -> float:
    """Return the limit of gap / penalty on ladders with ever more levels and smaller steps."""
    s = sqrt((2 - gamma) / gamma)
    return (s - 1) * (s + 1) ** 2 / (4 * (s * s - s + 2))


def ceiling(gamma: Fraction) -> float:
    """Return a bound of gap / penalty for every pair at this gamma: docs/atlas.md; long horizons
    have the better one of `mean_kl_linear`.
    """
    c = float(gamma / (1 - gamma))
    return min(1 / sqrt(c * (4 - c)) if c < 2 else 0.5, (1 + 2 * sqrt(2 / c)) / 4)


def climbed(gamma: Fraction, most: int) -> tuple[Pair, str, float, str]:
    """Judge ladders with ever more levels, until one refutes or `most` is passed."""
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
    pair, status, ratio, met = climbed(gamma, most)
    if gamma >= Fraction(1, 5):
        hunted, witness = entry(same_constant, gamma, seed, rounds, start)
        if witness is not None and (hunted.status == "refuted" or (hunted.ratio or 0) > ratio):
            verdict = judge(same_constant, witness)
            pair, status, ratio = witness, verdict.status, verdict.tightness or 0.0
            met = f"hunt of {hunted.rounds} rounds"
    sizes = pair.mdp.n_states, met, limit(gamma), ceiling(gamma)
    return Finding(gamma, status, ratio, *sizes, file_name(NAME, gamma)), pair


def read_again(one: Finding, pair: Pair) -> Finding:
    """Return a finding with the verdict and the ratio that its witness has."""
    verdict = judge(same_constant, pair)
    return replace(one, status=verdict.status, ratio=verdict.tightness or 0.0)


def main(arguments: list[str] | None = None) -> int:
    """Print a line a gamma and write the witnesses; exit 1 where a proved bound is broken."""
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
            f"proved: at most {fixed(one.proved)}  ({one.met})",
            flush=True,
        )
        if options.folder is not None:
            witnesses.save(options.folder / one.witness, pair, why(one))
    refuted = [one.gamma for one in found if one.status == "refuted"]
    if refuted:
        print(f"Largest gamma with an exact counterexample: {max(refuted)} = {float(max(refuted))}")
    return int(any(one.ratio > one.proved for one in found))


def why(one: Finding) -> str:
    """Say what a witness is for."""
    ratio = fixed(one.ratio, 6)
    if one.status == "refuted":
        return f"Equation (9) with the mean KL is false here: gap / (C mean_kl) = {ratio}."
    return f"Nearest to breaking (9) with the mean KL that was met at this gamma: {ratio}."


if __name__ == "__main__":
    sys.exit(main())
