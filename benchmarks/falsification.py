"""`python -m benchmarks.falsification [--budget S] [--false]`: run `falsify` on every statement.

By default `falsify` runs on the theorems, none of which may be refuted.  With --false it runs on
their misquotations without worst-case families; each must be refuted on a model with at most three
states and three actions.
"""

import argparse
import sys
import time

import tabular_trpo as tt

LARGEST = 3  # allowed number of states and of actions of a counterexample


def main() -> int:
    """Print a line for each statement; return 1 if an answer is not the expected one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.falsification", description=__doc__)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each statement")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--false", action="store_true", help="search the misquotations instead of the theorems"
    )
    parser.add_argument("--part", default="0/1", help="i/n: every n-th statement from the i-th")
    options = parser.parse_args()
    first, step = map(int, options.part.split("/"))
    claims = [v.claim for v in tt.MISQUOTATIONS] if options.false else list(tt.THEOREMS)
    wrong, tried, longest = 0, 0, 0.0
    for claim in claims[first::step]:
        start = time.perf_counter()
        found = tt.falsify(claim, options.seed, options.budget, families=not options.false)
        seconds = time.perf_counter() - start
        longest, tried = max(longest, seconds), tried + found.tried
        small = isinstance(found, tt.Refutation) and max(found.pair.mdp.r.shape) <= LARGEST
        good = small if options.false else found.status != "refuted"
        wrong += not good
        print(
            f"{found.status:10} {found.tried:10} pairs {seconds:6.2f} s  {claim.name}", flush=True
        )
    print(
        f"seed {options.seed}: {tried} pairs, {wrong} unexpected answers, longest {longest:.2f} s"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
