"""Estimated and measured cost of exact evaluations, over S, A and digits of the input.

    python -m benchmarks.exact_work [--claims]

With --claims all statements are also judged and certified on a pair of policies.  Printed are
estimated and true digits of V, estimated and measured seconds, and measured / estimated seconds.
Exit code 1 where the estimate of the digits is more than twice the truth (plus 20), or where
seconds above 0.2 differ by a factor of 4.
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
    """Return the estimated seconds, the measured seconds, and the result of a call of `work`."""
    with tt.work_limit(float("inf")) as budget:
        start = perf_counter()
        result = work()
        assert budget is not None
        return budget.spent, perf_counter() - start, result


def certified(mdp: tt.MDP) -> int:
    """Certify all statements on the uniform policy and a mixture; return the certificate's length.

    The mixture is that of the uniform policy with a greedy one, with weight 1/10.
    """
    pi = tt.policies.uniform(mdp)
    pair = tt.Pair.mixture(mdp, pi, tt.policies.greedy(mdp, mdp.r), "1/10")
    try:
        return len(tt.pair_certificate(pair))
    except tt.LimitError:  # a number with more digits than the checker reads
        return 0


def main() -> int:
    """Print a row for each model; return 1 if an estimate is wrong, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", action="store_true")
    options = parser.parse_args()
    wrong = 0
    print("S    A  digits | digits of V: estimated, true | seconds: estimated, true, ratio")
    for n_states, n_actions in SIZES:
        for digits in DIGITS:
            mdp = with_digits(n_states, n_actions, digits)
            estimate = tt.exact_work(mdp)
            if estimate.seconds > MOST:
                continue
            spent, taken, e = timed(lambda: tt.evaluate(mdp, tt.policies.uniform(mdp)))  # noqa: B023
            true = int(max(x.denominator.bit_length() for x in e.V) * 0.30103) + 1
            rows = [("evaluate", spent, taken)]
            if options.claims and 100 * spent <= MOST:
                rows.append(("claims", *timed(lambda: certified(mdp))[:2]))  # noqa: B023
            for name, estimated, seconds in rows:
                ratio = seconds / estimated
                missed = max(seconds, estimated) > SHORTEST and not 1 / FACTOR < ratio < FACTOR
                wrong += missed or estimate.digits > 2 * true + 20
                size = f"{n_states:<4} {n_actions}  {digits:<6} | {estimate.digits:7} {true:7}"
                print(f"{size} | {estimated:8.3f} {seconds:8.3f} {ratio:5.2f} {name}", flush=True)
    print(f"{wrong} wrong estimates")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
