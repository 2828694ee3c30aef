"""`optimal` where rewards are rare, timed in evaluations of the policy it finds.

    python -m benchmarks.rare_rewards [STATES]

Corridors, with and without slip, decoy and costs.  Printed: seconds of one evaluation and of
`optimal`, their ratio, evaluations needed, states with undecided actions, the radius of eta*.
"""

import argparse
from time import perf_counter

import tabular_trpo as tt
from tests.exact.rare_rewards import corridor

N = 100_000
CASES = {
    "gamma .99": {"gamma": 0.99},
    "gamma .9": {"gamma": 0.9},
    "slip 1/10": {"gamma": 0.99, "slip": 0.1},
    "costs": {"gamma": 0.99, "cost": 1.0},
    "decoy": {"gamma": 0.9999, "decoy": 0.01},
}


def main(n_states: int) -> None:
    """Time `optimal` on each corridor beside one evaluation."""
    print(f"{n_states} states\ncase        evaluate  optimal  ratio  sweeps  undecided  radius")
    for name, given in CASES.items():
        mdp = corridor(n_states, **given)
        began = perf_counter()
        best = tt.optimal(mdp)
        middle = perf_counter()
        tt.evaluate(mdp, best.pi)
        one, whole = perf_counter() - middle, middle - began
        left_open = int(best.undecided.any(axis=1).sum())
        times = f"{one:8.2f}  {whole:7.2f}  {whole / one:5.1f}"
        print(f"{name:10}  {times}  {best.iterations:6}  {left_open:9}  {best.radius.eta_star:.1e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rare_rewards", description=__doc__)
    parser.add_argument("states", nargs="?", type=int, default=N, metavar="STATES")
    main(parser.parse_args().states)
