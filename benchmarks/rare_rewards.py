"""Time of `optimal` on corridors with one distant reward, relative to one policy evaluation.

    python -m benchmarks.rare_rewards [STATES]

Some corridors have slips, costs or a small decoy reward near the start.  Printed are the seconds of
one evaluation of the optimal policy and of `optimal`, their ratio, the number of policy iterations,
the number of states with undecided actions, and the radius of eta*.
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
    """Print the time of `optimal` and of one evaluation on each corridor."""
    print(f"{n_states} states\ncase        evaluate  optimal  ratio  sweeps  undecided  radius")
    for name, given in CASES.items():
        mdp = corridor(n_states, **given)
        start = perf_counter()
        best = tt.optimal(mdp)
        middle = perf_counter()
        tt.evaluate(mdp, best.pi)
        one, whole = perf_counter() - middle, middle - start
        undecided = int(best.undecided.any(axis=1).sum())
        times = f"{one:8.2f}  {whole:7.2f}  {whole / one:5.1f}"
        print(f"{name:10}  {times}  {best.iterations:6}  {undecided:9}  {best.radius.eta_star:.1e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rare_rewards", description=__doc__)
    parser.add_argument("states", nargs="?", type=int, default=N, metavar="STATES")
    main(parser.parse_args().states)
