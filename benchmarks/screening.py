"""Pairs that a campaign screens per second and core; the goal is 20,000 without logarithms."""

import multiprocessing
import os
import statistics
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from benchmarks.timing import Row, seconds
from tabular_trpo._falsify.draw import draw
from tabular_trpo._falsify.score import Scorer, scorer
from tabular_trpo._theory.plain import FastPair
from tabular_trpo._theory.theorems import THEOREMS

N_STATES, N_ACTIONS, BATCH = 5, 3, 5000  # size of a batch of a campaign
GOAL_PAIRS = 20_000  # per second
REPEATS = 9
THREADS = "OPENBLAS_NUM_THREADS"  # read when numpy is imported, so a new process is started


def screening_rows(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the seconds for screening 20,000 pairs in a one-thread process; the goal is 1 s."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            times = pool.submit(batch_times, int(rng.integers(2**32))).result()
    finally:
        del os.environ[THREADS]
        os.environ.update({} if before is None else {THREADS: before})
    plain = sum(one.exactness != "log" for one in THEOREMS)
    for name, count, goal, spent in (
        ("drawn before", plain, 1.0, times[0]),
        ("drawing included", plain, 1.0, times[1]),
        ("logarithms and drawing included", len(THEOREMS), None, times[2]),
    ):
        subject = spent * GOAL_PAIRS / BATCH
        rate = f"{BATCH / spent:,.0f} pairs a second and core"
        what = f"screen {count} statements, S={N_STATES}, A={N_ACTIONS}, {name}: {rate}"
        yield Row(f"{what} | 1 s for 20,000", subject, 1.0, subject, goal)


def batch_times(seed: int) -> tuple[float, float, float]:
    """Return the median seconds of screening a batch of BATCH pairs, in three variants.

    Statements without logarithms; the same with drawing the pairs; all statements with drawing.
    """
    rng = np.random.default_rng(seed)
    groups = [
        [scorer(one) for one in THEOREMS if (one.exactness == "log") is logs]
        for logs in (False, True)
    ]
    found = []
    for _ in range(REPEATS + 1):
        cases = draw(rng, BATCH, N_STATES, N_ACTIONS)
        drawing = seconds(lambda: draw(rng, BATCH, N_STATES, N_ACTIONS))
        pair = FastPair(cases)
        plain, logs = (seconds(partial(_score_all, group, pair)) for group in groups)
        found.append((plain, plain + drawing, plain + drawing + logs))
    first, second, third = zip(*found[1:], strict=True)
    return statistics.median(first), statistics.median(second), statistics.median(third)


def _score_all(scorers: list[Scorer], pair: FastPair) -> None:
    """Compute the scores of a batch of pairs on some statements."""
    for score in scorers:
        score(pair)
