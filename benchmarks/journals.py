"""`python -m benchmarks.journals [-n N] [--seed K]`: does a campaign detect a damaged file?

Each trial damages the file of a small campaign: it flips a bit, changes a digit, or swaps, deletes,
repeats or truncates lines.  Then the same command runs again on that file.  Its outcome is
"noticed" if the command refuses the file and leaves it unchanged, "done again" if the file is
afterwards the undamaged one, "internal" if the exit code is 70, and "believed" otherwise.  Exit
code 1 if an outcome is "believed" or "internal".
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
    """Return the bytes with one random bit flipped."""
    changed = bytearray(data)
    changed[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def swap(rng: np.random.Generator, data: bytes) -> bytes:
    """Return the bytes with two random lines exchanged."""
    lines = data.splitlines(keepends=True)
    i, j = rng.choice(len(lines), 2, replace=False)
    lines[i], lines[j] = lines[j], lines[i]
    return b"".join(lines)


def delete(rng: np.random.Generator, data: bytes) -> bytes:
    """Return the bytes without a random line."""
    lines = data.splitlines(keepends=True)
    del lines[rng.integers(len(lines))]
    return b"".join(lines)


def repeat(rng: np.random.Generator, data: bytes) -> bytes:
    """Return the bytes with a random line repeated."""
    lines = data.splitlines(keepends=True)
    i = int(rng.integers(len(lines)))
    return b"".join([*lines[: i + 1], *lines[i:]])


def cut(rng: np.random.Generator, data: bytes) -> bytes:
    """Return the bytes up to a random position."""
    return data[: rng.integers(len(data))]


def digit(rng: np.random.Generator, data: bytes) -> bytes:
    """Return the bytes with a random decimal digit replaced by another one."""
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
    """Run the command on a damaged file; return its outcome, given the undamaged bytes `whole`."""
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
    """Print the outcomes for each kind of damage; return 1 if one was not detected, else 0."""
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
