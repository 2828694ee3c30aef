"""`python -m benchmarks.semantics [-n N] [--seed K] [--plant FAULT]`: compare the arithmetics.

Random claims (`benchmarks.formulas`) are judged on random pairs in exact arithmetic, in enclosed
floats and by the checker, and evaluated in plain floats.  A difference is one of these:

- the verdict of enclosed floats or of the checker is another one than that of exact arithmetic;
- the checker refuses the certificate;
- a plain value (dense, CSR or batched) lies outside its enclosure, or exists where no value does;
- `falsify` gives a score of at most 1 to a pair that an infinite side refutes;
- an exception.

Exit code 1 if there is a difference.  With --plant a former fault is patched in: exit code 1 if no
difference is found.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

import tabular_trpo as tt
from benchmarks.formulas import Formulas, nesting, pair
from benchmarks.plain_values import overlooked, plain_differences
from benchmarks.semantic_faults import FAULTS
from tabular_trpo import check
from tabular_trpo._core.decimals import percent
from tabular_trpo._theory.certificate import pair_certificate
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.judge import INFINITE, NO_VALUE, judge
from tabular_trpo._theory.verdict import Verdict

FORMULAS_A_PAIR, BITS = 20, 1024
CHECKED_BITS = [64, 256, 1024]


@final
@dataclass
class Count:
    """The number of formulas of each kind, and the differences as texts."""

    seen: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: "Count") -> None:
        """Add the counts and differences of another part to this one."""
        self.seen += other.seen
        self.differences += other.differences


def compare(seed: int, number: int) -> Count:
    """Compare the arithmetics on FORMULAS_A_PAIR random claims and one random pair.

    The claims and the pair are determined by (seed, number).
    """
    rng = np.random.default_rng([seed, number])
    floats = pair(rng)
    formulas = Formulas(rng, floats.is_mixture)
    claims = [formulas.claim(f"claim {number}.{i}") for i in range(FORMULAS_A_PAIR)]
    count = Count()
    verdicts = {}
    for claim in claims:
        try:
            verdicts[claim.name] = _judged(claim, floats, count)
        except Exception as error:
            count.differences.append(f"{_text(claim)}: {error!r:.200}")
    kept = [claim for claim in claims if claim.name in verdicts]
    try:
        _checked(kept, floats.exact, verdicts, count)
    except Exception as error:
        count.differences.append(f"pair {number}: the certificate: {error!r:.300}")
    return count


def _judged(claim: Theorem, floats: tt.Pair, count: Count) -> Verdict:
    """Return the exact verdict; count the differences of enclosed and plain floats from it."""
    exact = judge(claim, floats.exact, BITS)
    enclosed = judge(claim, floats, BITS, arithmetic="float")
    _seen(claim, floats, exact, count)
    if "undecided" not in (exact.status, enclosed.status):
        if (exact.status, exact.reason) != (enclosed.status, enclosed.reason):
            found = f"{exact.status} ({exact.reason}), in floats {enclosed.status}"
            count.differences.append(f"{_text(claim)}: {found} ({enclosed.reason})")
    for side in (claim.statement.lhs, claim.statement.rhs):
        differences = plain_differences(side, floats)
        count.differences += [f"{_text(claim)}: {difference}" for difference in differences]
    if exact.status == "refuted" and isinstance(exact.slack_lo, float):
        count.seen["refuted by infinity, searched"] += floats.mdp.allowed is None
        if overlooked(claim, floats):
            count.differences.append(f"{_text(claim)}: refuted by infinity, no score of falsify")
    return exact


def _seen(claim: Theorem, floats: tt.Pair, exact: Verdict, count: Count) -> None:
    """Count the kinds of formulas that a claim belongs to."""
    undefined = exact.reason.startswith(NO_VALUE)
    slack = exact.slack_lo
    infinite = exact.reason == INFINITE or isinstance(slack, float)
    sides = claim.statement.lhs, claim.statement.rhs
    kinds = {
        "formulas": True,
        exact.status: True,
        "with a value": not undefined,
        "masked, with a value": floats.mdp.allowed is not None and not undefined,
        "with an infinite side": infinite,
        "nested": max(map(nesting, sides)) >= 2,
    }
    count.seen.update(kind for kind, true in kinds.items() if true)


def _checked(
    claims: list[Theorem], exact: tt.Pair, verdicts: dict[str, Verdict], count: Count
) -> None:
    """Compare the checker with exact verdicts, on a certificate of the claims.

    A claim that is left out of the certificate is evaluated by the checker's functions.
    """
    anchors = [tt.claim(f"anchor {i}")(lambda p, n=name: (getattr(p, n), "==", getattr(p, n)))
               for i, name in enumerate(["eta", "J", "J_new"])]  # fmt: skip
    anchors.append(tt.claim("anchor")(lambda p: (p.max_s(p.V_star), ">=", p.max_s(p.V))))
    made = pair_certificate(exact, [*claims, *anchors], BITS)
    found = {line.name: line.status for line in check.check(made)}
    env = check._read(made)
    for claim in claims:
        status, expected = found.get(claim.name), verdicts[claim.name]
        if status is None:
            status = checker_status(claim, env)
            count.seen["left out"] += 1
        undefined = expected.reason.startswith(NO_VALUE)
        if status != "open" and (undefined or expected.status not in (status, "undecided")):
            verdicts_differ = f"{expected.status} ({expected.reason}), by the checker {status}"
            count.differences.append(f"{_text(claim)}: {verdicts_differ}")


def checker_status(claim: Theorem, env: Any) -> str:
    """Return the status of a claim by the checker's functions, "open" if it is not decided."""
    lhs, relation, rhs = claim.text()
    premise = {None: "0 == 0", "mixture": f"{int('alpha' in env)} == 1"}.get(
        claim.condition_text(), claim.condition_text()
    )
    for bits in CHECKED_BITS:
        try:
            true, _ = check._test(premise, env, bits)
            if true is False:
                return "vacuous"
            holds, slack = check._test(f"{lhs} {relation} {rhs}", env, bits)
        except (ArithmeticError, check.CertificateError):
            continue
        infinite = float("inf") in map(abs, slack)
        if true is None or holds is None or (infinite and slack[0] != slack[1]):
            continue
        return "refuted" if not holds else "vacuous" if infinite else "proved"
    return "open"


def _text(claim: Theorem) -> str:
    """Return the name, the statement and the precondition of a claim."""
    when = f" where {claim.condition}" if claim.condition else ""
    return f"{claim.name}: {claim.statement}{when}"


def run(seed: int, pairs: range, workers: int = 1) -> Count:
    """Compare the arithmetics on a range of pairs, in `workers` processes."""
    total = Count()
    if workers == 1:
        for number in pairs:
            total.add(compare(seed, number))
        return total
    with ProcessPoolExecutor(workers) as pool:
        for count in pool.map(compare, [seed] * len(pairs), pairs, chunksize=20):
            total.add(count)
    return total


def main() -> int:
    """Print counts and differences; return 1 on a difference, with --plant on no difference."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.semantics", description=__doc__)
    parser.add_argument("-n", type=int, default=100_000, help="formulas (default 100000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--plant", choices=sorted(FAULTS), help="patch a former fault in")
    options = parser.parse_args()
    pairs = range(-(-options.n // FORMULAS_A_PAIR))
    with FAULTS[options.plant]() if options.plant else nullcontext():
        total = run(options.seed, pairs, 1 if options.plant else options.workers)
    n = total.seen["formulas"]
    for text in total.differences[:50]:
        print(text)
    for kind, times in total.seen.most_common():
        print(f"{times:9} {kind} ({percent(times, n)} %)")
    print(f"{len(total.differences):9} differences; seed {options.seed}")
    return int(bool(total.differences) != bool(options.plant))


if __name__ == "__main__":
    sys.exit(main())
