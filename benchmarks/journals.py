"""`python -m benchmarks.journals [-n N] [--seed K]`: is damage to a campaign's file noticed?

A small campaign is written.  Each trial flips one bit of it, writes another digit, or swaps,
deletes, repeats or cuts lines, and the same command goes on with that.  It is "noticed" where the
command refuses the file and leaves it alone, "done again" where it ends with the bytes of the
undamaged file, as after a kill, "believed" where it ends otherwise, "internal" with exit code 70.
Exit 1 where anything is believed or internal.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np

from tabular_trpo._app.cli import main as command

WORDS = ("campaign", "--pairs", "60", "--chunk", "20", "--executor", "serial", "--quiet")
NAMES = ("--theorems", "trpo_bound", "advantage_lemma", "pinsker")
Damage = Callable[[np.random.Generator, bytes], bytes]


def flip(rng: np.random.Generator, data: bytes) -> bytes:
    """Flip one bit."""
    changed = bytearray(data)
    changed[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def swap(rng: np.random.Generator, data: bytes) -> bytes:
    """Exchange two lines."""
    lines = data.splitlines(keepends=True)
    i, j = rng.choice(len(lines), 2, replace=False)
    lines[i], lines[j] = lines[j], lines[i]
    return b"".join(lines)


def delete(rng: np.random.Generator, data: bytes) -> bytes:
    """Leave a line out."""
    lines = data.splitlines(keepends=True)
    del lines[rng.integers(len(lines))]
    return b"".join(lines)


def repeat(rng: np.random.Generator, data: bytes) -> bytes:
    """Write a line twice."""
    lines = data.splitlines(keepends=True)
    i = int(rng.integers(len(lines)))
    return b"".join([*lines[: i + 1], *lines[i:]])


def cut(rng: np.random.Generator, data: bytes) -> bytes:
    """Leave the end off."""
    return data[: rng.integers(len(data))]


def digit(rng: np.random.Generator, data: bytes) -> bytes:
    """Write another digit."""
    places = [i for i, byte in enumerate(data) if 48 <= byte < 58]
    changed = bytearray(data)
    place = places[rng.integers(len(places))]
    changed[place] = 48 + (changed[place] - 48 + int(rng.integers(1, 10))) % 10
    return bytes(changed)


DAMAGE: dict[str, Damage] = {
    "bit flips": flip,
    "digits": digit,
    "swaps": swap,
    "deletions": delete,
    "repetitions": repeat,
    "cuts": cut,
}


def outcome(path: Path, damaged: bytes, whole: bytes) -> str:
    """Resume from a damaged file, and return what the command did with it."""
    path.write_bytes(damaged)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        code = command([*WORDS, *NAMES, "--out", str(path)])
    after = path.read_bytes()
    if code == 70:
        return "internal"
    if code in (2, 3) and after == damaged:
        return "noticed"
    return "done again" if code == 0 and after == whole else "believed"


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out the trials and print a line for each kind of damage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=400, help="trials of each kind (default 400)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "campaign.jsonl"
        outcome(path, b"", b"")
        whole = path.read_bytes()
        for name, damage in DAMAGE.items():
            counts = Counter(outcome(path, damage(rng, whole), whole) for _ in range(args.n))
            print(f"{name}: {dict(counts)}", flush=True)
            total += counts
    return 1 if total["believed"] or total["internal"] else 0


if __name__ == "__main__":
    sys.exit(main())
