"""`python -m benchmarks.hunts [--budget S] [--false]`: hunt every statement of the table.

By default the true statements, none of which may be refuted; with --false all their misquotations,
each of which must be, without worst-case families, on at most three states and three actions.
"""

import argparse
import sys
import time

import tabular_trpo as tt

MOST = 3  # states and actions of a counterexample


def main() -> int:
    """Print a line a statement; exit 1 where one ends the wrong way."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hunts", description=__doc__)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds a statement")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--false", action="store_true", help="the misquotations")
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
        small = isinstance(found, tt.Refutation) and max(found.pair.mdp.r.shape) <= MOST
        good = small if options.false else found.status != "refuted"
        wrong += not good
        print(
            f"{found.status:10} {found.tried:10} pairs {seconds:6.2f} s  {claim.name}", flush=True
        )
    print(f"seed {options.seed}: {tried} pairs, {wrong} wrong ends, longest {longest:.2f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
