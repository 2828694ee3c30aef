"""The estimate of exact work beside what the work takes: over S, A and digits.

    python -m benchmarks.exact_work [--claims]

--claims also judges and certifies all statements, with and without logarithms, on a pair of
policies.  Printed: estimated and true digits and seconds, and true / estimated.  Exit code 1
where the digits differ by a factor of 2, or seconds above 0.2 by a factor of 4.
"""

import argparse
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import tabular_trpo as tt
from tests.exact.long_digits import with_digits

SIZES = [(3, 2), (6, 4), (12, 2), (20, 2), (20, 4), (40, 2), (80, 2)]
DIGITS = (2, 4, 10, 30, 100, 200)
MOST, FACTOR, SHORTEST = 10.0, 4.0, 0.2


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return the estimated and the true seconds of exact work, and its result."""
    with tt.work_limit(float("inf")) as budget:
        began = perf_counter()
        found = work()
        assert budget is not None
        return budget.spent, perf_counter() - began, found


def certified(mdp: tt.MDP) -> int:
    """Judge all statements on the uniform policy and a step towards the greedy one; certify."""
    pi = tt.policies.uniform(mdp)
    pair = tt.Pair.mixture(mdp, pi, tt.policies.greedy(mdp, mdp.r), "1/10")
    try:
        return len(tt.pair_certificate(pair))
    except tt.LimitError:  # numbers with more digits than the checker reads, found at the end
        return 0


def main() -> int:
    """Print a row a model; return 1 where an estimate is off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", action="store_true")
    options = parser.parse_args()
    off = 0
    print("S    A  digits | digits of V: estimated, true | seconds: estimated, true, ratio")
    for n_states, n_actions in SIZES:
        for digits in DIGITS:
            mdp = with_digits(n_states, n_actions, digits)
            guess = tt.exact_work(mdp)
            if guess.seconds > MOST:
                continue
            spent, taken, e = timed(lambda: tt.evaluate(mdp, tt.policies.uniform(mdp)))  # noqa: B023
            true = int(max(x.denominator.bit_length() for x in e.V) * 0.30103) + 1
            rows = [("evaluate", spent, taken)]
            if options.claims and 100 * spent <= MOST:
                rows.append(("claims", *timed(lambda: certified(mdp))[:2]))  # noqa: B023
            for name, estimated, seconds in rows:
                ratio = seconds / estimated
                bad = max(seconds, estimated) > SHORTEST and not 1 / FACTOR < ratio < FACTOR
                off += bad or guess.digits > 2 * true + 20
                size = f"{n_states:<4} {n_actions}  {digits:<6} | {guess.digits:7} {true:7}"
                print(f"{size} | {estimated:8.3f} {seconds:8.3f} {ratio:5.2f} {name}", flush=True)
    print(f"{off} estimates off")
    return min(off, 1)


if __name__ == "__main__":
    sys.exit(main())
