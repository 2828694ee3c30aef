"""Executors of the tasks of a command: this process, a pool of processes, dask or MPI."""

import argparse
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import connection, resource_tracker
from typing import Any, TypeVar, final

from tabular_trpo._app.shared.arguments import integer
from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._app.shared.supervision import die_with
from tabular_trpo._core.errors import LimitError, Problem, missing_extra
from tabular_trpo._core.interrupts import hold_interrupts

T = TypeVar("T")
Started = tuple[Executor, int]  # the executor, and how many tasks it runs at once
MOST_WORKERS = 10**5


@final
class SerialExecutor(Executor):
    """An executor that runs each task in this process, before `submit` returns."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call fn(*args, **kwargs); return a finished future with its result or its exception."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def in_order(
    started: Started, work: Callable[..., T], tasks: Iterable[tuple[Any, ...]], cure: str = ""
) -> Iterator[T]:
    """Yield the results of work(*task) in the order of the tasks, whichever finishes first.

    The tasks that are submitted and not yet yielded are at most twice as many as run at once, which
    bounds the memory for any number of tasks.

    cure:   the advice in the error of a lost worker process
    raises: LimitError where a worker process ends early
    """
    waiting: deque[Future[T]] = deque()
    executor, width = started
    most = 2 * width if width > 1 else 1
    try:
        for task in tasks:
            waiting.append(executor.submit(work, *task))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenExecutor:
        lost = Problem("worker", "a worker", "ended too early", "one that is not killed", cure)
        raise LimitError(lost) from None
    finally:
        for future in waiting:
            future.cancel()


@contextmanager
def _serial(workers: int | None) -> Iterator[Started]:
    yield SerialExecutor(), 1


@contextmanager
def _processes(workers: int | None) -> Iterator[Started]:
    width = workers or cores()
    # Spawned, not forked: a fork copies locks that other threads hold.
    fresh = multiprocessing.get_context("spawn")
    with ExitStack() as open_until_the_end:
        with _interrupts_held():
            pool = ProcessPoolExecutor(width, fresh, _die_with_parent)
            open_until_the_end.enter_context(pool)
            for _ in range(width):
                pool.submit(os.getpid)  # the pool starts a process for a task where none is idle
        yield pool, width


@contextmanager
def _dask(workers: int | None) -> Iterator[Started]:
    try:
        import dask.config
        from distributed import Client
    except ImportError:
        raise missing_extra("dask", "distributed") from None
    address = dask.config.get("scheduler-address", None)  # DASK_SCHEDULER_ADDRESS
    connect: Any = Client
    local = {"n_workers": workers or cores(), "threads_per_worker": 1, "dashboard_address": None}
    with ExitStack() as open_until_the_end:
        with _interrupts_held():
            made = connect(address) if address else connect(**local)
            client = open_until_the_end.enter_context(made)
        executor = client.get_executor()
        try:
            yield executor, max(workers or 1, sum(client.nthreads().values()))
        finally:
            executor.shutdown(wait=False)


@contextmanager
def _mpi(workers: int | None) -> Iterator[Started]:
    try:
        from mpi4py.futures import MPIPoolExecutor
    except (ImportError, RuntimeError):  # RuntimeError where mpi4py finds no MPI library
        raise missing_extra("mpi4py, or the MPI library it needs,", "mpi") from None
    with MPIPoolExecutor(max_workers=workers) as pool:
        yield pool, max(1, pool.num_workers)


EXECUTORS = {"serial": _serial, "processes": _processes, "dask": _dask, "mpi": _mpi}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add --executor and --workers to a parser."""
    parser.add_argument(
        "--executor", choices=EXECUTORS, default="processes", help="default: processes"
    )
    parser.add_argument(
        "--workers", type=integer(1, MOST_WORKERS), metavar="N", help="default: one a core"
    )


def check(args: argparse.Namespace) -> None:
    """Raise UsageError for `--executor serial` with more than one worker."""
    if args.executor == "serial" and (args.workers or 1) > 1:
        raise UsageError(f"--workers {args.workers} with --executor serial, which is one process")


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Block SIGINT while worker processes are started; the workers inherit the blocked signal.

    Ctrl-C reaches every process of the group.  This process alone handles it and ends the workers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with hold_interrupts():
        _ensure_tracker()
        masks = hasattr(signal, "pthread_sigmask")
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else set()
        try:
            yield
        finally:
            if masks:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _ensure_tracker() -> None:
    """Start the resource tracker of multiprocessing, without its warning.

    The tracker removes the shared memory of killed workers.  A later start would unblock SIGINT.
    """
    sys.warnoptions.append("ignore:resource_tracker")
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.pop()


def _die_with_parent() -> None:
    """Make this worker process end when its parent process is killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    assert parent.pid is not None
    die_with(parent.pid)

    def watch(sentinel: int = parent.sentinel) -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
