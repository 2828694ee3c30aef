"""`python -m benchmarks.imports`: CPU time of start-up relative to that of numpy and scipy.sparse.

Each command runs several times in a new process, alternating with the others; its least user plus
system time is compared.  Exit code 1 where `import tabular_trpo` or `tabular-trpo --help` takes
more than 1.3 times as long as `import numpy, scipy.sparse`.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GOAL = 1.3
YARDSTICK = ("-c", "import numpy, scipy.sparse")
SUBJECTS = {
    "import tabular_trpo": ("-c", "import tabular_trpo"),
    "python -m tabular_trpo --help": ("-m", "tabular_trpo", "--help"),
    "tabular-trpo --help": (
        "-c",
        "import sys; sys.argv[:] = ['tabular-trpo', '--help']\n"
        "from tabular_trpo._app.cli import main\nsys.exit(main())",
    ),
}


def seconds(words: tuple[str, ...]) -> float:
    """Return the user and system time of one run of Python with these arguments."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    before = os.times()
    subprocess.run(
        [sys.executable, *words], stdout=subprocess.DEVNULL, env=environment, cwd=ROOT, check=True
    )
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def main() -> int:
    """Print the least time of each command; return 1 if one exceeds the goal, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each command (default 5)")
    runs = parser.parse_args().runs
    commands = {"import numpy, scipy.sparse": YARDSTICK, **SUBJECTS}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, words in commands.items():
            times[name].append(seconds(words))
    least = {name: min(found) for name, found in times.items()}
    base = least["import numpy, scipy.sparse"]
    for name, value in least.items():
        print(f"{value / base:5.2f} x  {value:.3f} s  {name}")
    return int(any(least[name] > GOAL * base for name in SUBJECTS))


if __name__ == "__main__":
    sys.exit(main())
