"""`python -m benchmarks [--seed N] [--json]`: every timing beside its yardstick."""

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
    """Time every row and print the table; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    rows: list[Row] = []
    for make in (*ROWS, screening_rows):
        for row in make(rng):
            rows.append(row)
            if not options.json:
                goal = f"goal {row.goal:g}" if row.goal else "no goal"
                times = f"{row.subject:.4f} s | {row.yardstick:.4f} s"
                print(f"{row.ratio:6.2f} x ({goal})  {times}  {row.name}", flush=True)
    about = {
        "seed": options.seed,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
    if options.json:
        print(json.dumps({"machine": about, "rows": [dataclasses.asdict(x) for x in rows]}))
    else:
        print(", ".join(f"{key} {value}" for key, value in about.items()))
    return int(any(row.goal is not None and row.ratio > row.goal for row in rows))


if __name__ == "__main__":
    sys.exit(main())
