"""`python -m benchmarks [--seed N] [--json]`: times of the package relative to a yardstick.

Each row is the median of the ratio of two times measured alternately; exit code 1 where a ratio
exceeds its goal.
"""

import argparse
import dataclasses
import json
import os
import platform
import sys

import numpy as np
import scipy

from benchmarks.arithmetics import ROWS
from benchmarks.screening import screening_rows
from benchmarks.timing import Row


def main() -> int:
    """Time every row and print the table; return 1 if a ratio exceeds its goal, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    rows: list[Row] = []
    for timed in (*ROWS, screening_rows):
        for row in timed(rng):
            rows.append(row)
            if not options.json:
                goal = f"goal {row.goal:g}" if row.goal else "no goal"
                times = f"{row.subject:.4f} s | {row.yardstick:.4f} s"
                print(f"{row.ratio:6.2f} x ({goal})  {times}  {row.name}", flush=True)
    machine = {
        "seed": options.seed,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
    if options.json:
        print(json.dumps({"machine": machine, "rows": [dataclasses.asdict(x) for x in rows]}))
    else:
        print(", ".join(f"{key} {value}" for key, value in machine.items()))
    return int(any(row.goal is not None and row.ratio > row.goal for row in rows))


if __name__ == "__main__":
    sys.exit(main())
