"""`python -m benchmarks.interrupts [-n N] [--seed K] [--only WORD]`: Ctrl-C at random moments.

Each trial starts a command in a new process group, waits for a random time, and sends SIGINT once
or twice: to the whole group, as a terminal does, or to the first process only.  A trial fails if
the command ends late (more than 1 s after one interrupt, 0.3 s after the second of two), leaves a
process behind, writes anything but one line to standard error, or ends with an exit code other than
130 (or 0, if it had finished).  Trials that interrupt Python before it imports the package are
counted separately.  Linux only.  Exit code 1 if a trial fails.
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
MARK = "TABULAR_TRPO_TRIAL"  # environment variable that the processes of a trial inherit
LINE = f"{PROGRAM}: {TEXT}\n"


@final
@dataclass(frozen=True, slots=True)
class Trial:
    """A command and how it is interrupted.

    wait:  seconds before the first interrupt
    twice: whether it is interrupted twice
    group: whether the signal goes to the whole process group
    """

    words: Sequence[str]
    wait: float
    twice: bool
    group: bool


@final
@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a trial.

    code:        exit code, None if the command did not end
    stderr_text: what it wrote to standard error
    late:        seconds between the last interrupt and its end
    left:        ids of processes that it left behind
    early:       whether Python was interrupted before it imported the package
    """

    code: int | None
    stderr_text: str
    late: float
    left: Sequence[int]
    early: bool

    def faults(self, trial: Trial) -> list[str]:
        """Return the names of the faults of a trial."""
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


def run_trial(trial: Trial) -> Ended:
    """Start the command of a trial, interrupt it, and return how it ended."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # children inherit SIG_IGN
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
        _interrupt(child, trial)
        start = time.monotonic()
        with suppress(subprocess.TimeoutExpired):
            child.wait(HUNG)
        code = child.returncode
        late = time.monotonic() - start
        left = _left(mark)
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        stream.seek(0)
        text = stream.read().decode(errors="replace")
    early = ("tabular_trpo/" not in text and "Traceback" in text) or code == -signal.SIGINT
    return Ended(code, text, late, left, early)


def _interrupt(child: "subprocess.Popen[bytes]", trial: Trial) -> None:
    """Send the signals of a trial to its process or its process group."""
    for number in range(1 + trial.twice):
        if number:
            time.sleep(0.1)
        with suppress(ProcessLookupError):
            if trial.group:
                os.killpg(child.pid, signal.SIGINT)
            else:
                child.send_signal(signal.SIGINT)


def _left(mark: str) -> list[int]:
    """Return the ids of the processes of a trial that still run after half a second."""
    until = time.monotonic() + SOON / 2
    while left := [pid for pid in _pids() if f"{MARK}={mark}".encode() in _environment(pid)]:
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return left


def _pids() -> list[int]:
    """Return the ids of all processes."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _environment(pid: int) -> bytes:
    """Return the environment of a process as stored in /proc, empty if it is not readable."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def commands(folder: Path) -> dict[str, list[str]]:
    """Return the arguments of every command by name; each takes longer than a trial.

    Its input files are written into the folder.
    """
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
    """Return a random rational model."""
    return garnet(np.random.default_rng(0), states, 3, branching=4, gamma=0.99).to_rational()


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out the trials and print the counts; return 1 if one failed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=120, help="trials (default 120)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only commands whose name contains this word")
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    counts: Counter[str] = Counter()
    slowest = {False: 0.0, True: 0.0}
    with tempfile.TemporaryDirectory() as name:
        every = {k: v for k, v in commands(Path(name)).items() if args.only in k}
        for number in range(args.n):
            command = list(every)[number % len(every)]
            # Squared, so that half of the interrupts fall into imports and the start of pools.
            wait = 0.05 + LONGEST_WAIT * rng.random() ** 2
            trial = Trial(every[command], wait, bool(rng.integers(2)), bool(rng.integers(2)))
            ended = run_trial(trial)
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
