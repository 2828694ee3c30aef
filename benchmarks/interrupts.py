"""`python -m benchmarks.interrupts [-n N] [--seed K] [--only WORD]`: Ctrl-C at random moments.

Each trial starts a command in a process group of its own, waits for a drawn time, and interrupts
it: the whole group as a terminal does, or its first process alone, once or twice.  Counted are the
trials that end late (a second after the first interrupt, 0.3 s after the second), that leave a
process behind, write something else than the one line, or end with another code than 130 (or 0,
where the command was done).  Interrupts of Python itself, before it reaches the package, are
counted separately.  Linux only.  Exit 1 where anything is wrong.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

import tabular_trpo as tt
from tabular_trpo._app.shared.files import save
from tabular_trpo._core.startup import INTERRUPTED, PROGRAM, TEXT
from tabular_trpo._families.random import garnet

ROOT = Path(__file__).parents[1]
SOON, AT_ONCE, HUNG = 1.0, 0.3, 60.0  # seconds
LONGEST_WAIT = 6.0  # seconds before the first interrupt
MARK = "TABULAR_TRPO_TRIAL"  # in the environment of a trial, and of all that it starts
LINE = f"{PROGRAM}: {TEXT}\n"


@final
@dataclass(frozen=True, slots=True)
class Trial:
    """A command, when it is interrupted, how often, and whether its whole group is."""

    words: Sequence[str]
    wait: float
    twice: bool
    group: bool


@final
@dataclass(frozen=True, slots=True)
class Ended:
    """How a trial ended: code, standard error, seconds since the last interrupt, processes left."""

    code: int | None
    stderr_text: str
    late: float
    left: Sequence[int]
    early: bool

    def faults(self, trial: Trial) -> list[str]:
        """Return what is wrong."""
        found = []
        if self.code is None or self.late > (AT_ONCE if trial.twice else SOON):
            found.append("late")
        if self.left:
            found.append("left behind")
        if "Traceback" in self.stderr_text:
            found.append("traceback")
        elif self.code == INTERRUPTED and self.stderr_text != LINE:
            found.append("other text")
        if self.code not in (INTERRUPTED, 0, None) and "traceback" not in found:
            found.append(f"code {self.code}")
        return found


def carried_out(trial: Trial) -> Ended:
    """Start the command, interrupt it, and see how it ends."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored ones are inherited
    with tempfile.TemporaryFile() as stream:
        child = subprocess.Popen(
            [sys.executable, "-m", "tabular_trpo", *trial.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            start_new_session=True,
            env={**os.environ, MARK: mark, "PYTHONPATH": str(ROOT)},
        )
        signal.signal(signal.SIGINT, before)
        with suppress(subprocess.TimeoutExpired):
            child.wait(trial.wait)
        _interrupted(child, trial)
        late = time.monotonic()
        with suppress(subprocess.TimeoutExpired):
            child.wait(HUNG)
        code = child.returncode
        late = time.monotonic() - late
        left = _left(mark)
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        stream.seek(0)
        text = stream.read().decode(errors="replace")
    early = ("tabular_trpo/" not in text and "Traceback" in text) or code == -signal.SIGINT
    return Ended(code, text, late, left, early)


def _interrupted(child: "subprocess.Popen[bytes]", trial: Trial) -> None:
    for number in range(1 + trial.twice):
        if number:
            time.sleep(0.1)
        with suppress(ProcessLookupError):
            if trial.group:
                os.killpg(child.pid, signal.SIGINT)
            else:
                child.send_signal(signal.SIGINT)


def _left(mark: str) -> list[int]:
    """Return the processes of a trial that are still there, but for those that are ending."""
    until = time.monotonic() + SOON / 2
    while left := [pid for pid in _pids() if f"{MARK}={mark}".encode() in _environment(pid)]:
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return left


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def commands(folder: Path) -> dict[str, list[str]]:
    """Return every command, each with more work than a trial lasts; models are written first."""
    large = folder / "large.mdp.json"
    tt.write(_model(350), large)
    small = _model(12)
    pair = tt.Pair(small, tt.policies.uniform(small), tt.optimal(small).pi)
    certificate = save(folder, "pair.cert.json", tt.pair_certificate(pair))
    mdps = str(ROOT / "mdps")
    work = ["--out", str(folder / "c.jsonl"), "--pairs", "100000000", "--executor"]
    runs = ["compare", f"{mdps}/gridworld.mdp.json", f"{mdps}/queue.mdp.json", "--executor"]
    return {
        "verify": ["verify", mdps, str(large)],
        "falsify": ["falsify", "--theorem", "trpo_bound", "--out", str(folder)],
        "campaign serial": ["campaign", *work, "serial"],
        "campaign processes": ["campaign", *work, "processes", "--workers", "2"],
        "campaign dask": ["campaign", *work, "dask", "--workers", "2"],
        "compare processes": [*runs, "processes", "--workers", "2"],
        "compare dask": [*runs, "dask", "--workers", "2"],
        "solve": ["solve", str(large), "--arithmetic", "rational"],
        "evaluate": ["evaluate", str(large), "--policy-new", "optimal", "--arithmetic", "rational"],
        "improve": [
            "improve",
            str(large),
            "--method",
            "greedy",
            "--iterations",
            "500",
            "--arithmetic",
            "rational",
        ],
        "show": ["show", str(large)],
        "check": ["check", *[str(certificate)] * 200],
    }


def _model(states: int) -> tt.MDP:
    return garnet(np.random.default_rng(0), states, 3, branching=4, gamma=0.99).to_rational()


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out the trials and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=120, help="trials (default 120)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="commands with this word in their name")
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    counts: Counter[str] = Counter()
    slowest = {False: 0.0, True: 0.0}
    with tempfile.TemporaryDirectory() as name:
        every = {k: v for k, v in commands(Path(name)).items() if args.only in k}
        for number in range(args.n):
            command = list(every)[number % len(every)]
            # Squared: half of the interrupts come while the package is imported and pools begin.
            wait = 0.05 + LONGEST_WAIT * rng.random() ** 2
            trial = Trial(every[command], wait, bool(rng.integers(2)), bool(rng.integers(2)))
            ended = carried_out(trial)
            faults = ["before the package"] if ended.early else ended.faults(trial)
            counts.update(faults or [f"ended with {ended.code}"])
            slowest[trial.twice] = max(slowest[trial.twice], ended.late)
            if faults:
                print(f"{command}, {trial}: {faults}: {ended}", flush=True)
    print(f"{args.n} trials: {dict(counts)}")
    print(
        f"slowest: {slowest[False]:.3f} s after one, {slowest[True]:.3f} s after the second of two"
    )
    return 1 if set(counts) - {"before the package", "ended with 0", "ended with 130"} else 0


if __name__ == "__main__":
    sys.exit(main())
