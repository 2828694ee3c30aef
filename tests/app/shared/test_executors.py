"""Who works: the same bytes for any executor, in any order, killed, interrupted or lost."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tabular_trpo._app.campaign import worker as campaign_work
from tabular_trpo._app.shared import executors
from tabular_trpo._app.shared.executors import EXECUTORS, SerialExecutor, in_order
from tabular_trpo._falsify import screen
from tests.app.conftest import Run

FEW = ("trpo_bound", "pinsker", "cpi_bound", "performance_difference")
SMALL = ("campaign", "--pairs", "650", "--chunk", "100", "--theorems", *FEW)


@pytest.fixture
def undisturbed(run: Run, tmp_path: Path) -> bytes:
    """Return the bytes of the small campaign, carried out by one process without a pool."""
    path = tmp_path / "undisturbed.jsonl"
    assert run(*SMALL, "--executor", "serial", "--out", path).code == 0
    return path.read_bytes()


class Backwards(Executor):
    """Begins nothing until somebody waits; the latest task is done first."""

    def __init__(self) -> None:
        self.todo: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = Awaited(self)
        self.todo.append((future, lambda: fn(*args, **kwargs)))
        self.most = max(self.most, len(self.todo))
        return future


class Awaited(Future[Any]):
    """A future that has its executor work once its result is wanted."""

    def __init__(self, executor: Backwards) -> None:
        super().__init__()
        self.executor = executor

    def result(self, timeout: float | None = None) -> Any:
        while self.executor.todo:
            future, call = self.executor.todo.pop()
            if future.set_running_or_notify_cancel():
                future.set_result(call())
        return super().result(timeout)


def begun_with(monkeypatch: pytest.MonkeyPatch, executor: Executor, width: int) -> None:
    @contextmanager
    def started(workers: int | None) -> Iterator[tuple[Executor, int]]:
        yield executor, width

    monkeypatch.setitem(EXECUTORS, "mpi", started)


@pytest.mark.parametrize(("executor", "workers"), [("processes", 1), ("processes", 2), ("dask", 2)])
def test_bytes_are_the_same_for_any_executor(
    run: Run, tmp_path: Path, undisturbed: bytes, executor: str, workers: int
) -> None:
    path = tmp_path / "other.jsonl"
    assert run(*SMALL, "--executor", executor, "--workers", workers, "--out", path).code == 0
    assert path.read_bytes() == undisturbed


def test_bytes_are_the_same_when_chunks_come_out_of_order(
    run: Run, tmp_path: Path, undisturbed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    backwards = Backwards()
    begun_with(monkeypatch, backwards, 3)
    path = tmp_path / "other.jsonl"
    assert run(*SMALL, "--executor", "mpi", "--out", path).code == 0
    assert path.read_bytes() == undisturbed
    assert backwards.most == 6, "no more than twice the width is under way"


def test_results_come_in_order_and_few_are_under_way() -> None:
    backwards = Backwards()
    assert list(in_order((backwards, 4), lambda x: x * x, ((x,) for x in range(30)))) == [
        x * x for x in range(30)
    ]
    assert backwards.most == 8


def test_what_waits_is_cancelled_when_the_work_ends_early() -> None:
    backwards = Backwards()
    results = in_order((backwards, 4), lambda x: x, ((x,) for x in range(30)))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    waiting = [future for future, _ in backwards.todo]
    assert all(future.cancelled() for future in waiting)


def test_serial_executor_hands_on_errors() -> None:
    with pytest.raises(ZeroDivisionError):
        SerialExecutor().submit(lambda: 1 // 0).result()


@pytest.mark.parametrize(("executor", "lines"), [("serial", 1), ("serial", 5), ("processes", 3)])
def test_killed_campaign_goes_on_to_the_same_bytes(
    run: Run, tmp_path: Path, undisturbed: bytes, executor: str, lines: int
) -> None:
    path = tmp_path / "killed.jsonl"
    command = [sys.executable, "-m", "tabular_trpo", *SMALL, "--executor", executor]
    child = subprocess.Popen([*command, "--out", str(path)], stdout=subprocess.DEVNULL)
    while child.poll() is None and _lines(path) < lines:
        time.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    assert child.wait() in (-signal.SIGKILL, 0)
    assert undisturbed.startswith(path.read_bytes().rpartition(b"\n")[0])
    assert run(*SMALL, "--executor", "serial", "--out", path).code == 0
    assert path.read_bytes() == undisturbed


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_interrupt_ends_cleanly_and_can_go_on(
    run: Run, tmp_path: Path, undisturbed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    real = campaign_work.chunk

    def interrupted(plan: screen.Plan, index: int) -> dict[str, Any]:
        if index == 3:
            raise KeyboardInterrupt
        done.append(index)
        return real(plan, index)

    path = tmp_path / "interrupted.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr(campaign_work, "chunk", interrupted)
        result = run(*SMALL, "--executor", "serial", "--out", path)
    assert (result.code, result.err, done) == (130, "tabular-trpo: interrupted\n", [0, 1, 2])
    assert undisturbed.startswith(path.read_bytes()) and _lines(path) == 4
    assert run(*SMALL, "--executor", "serial", "--out", path).code == 0
    assert path.read_bytes() == undisturbed


def test_lost_worker_is_told_and_the_rest_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            raise BrokenProcessPool("a child process terminated abruptly")

    begun_with(monkeypatch, Broken(), 2)
    result = run(*SMALL, "--executor", "mpi", "--out", tmp_path / "x.jsonl")
    assert result.code == 4
    assert "a worker ended too early" in result.err and "same command again" in result.err


@pytest.mark.parametrize(
    ("executor", "module", "extra"),
    [("dask", "distributed", "distributed"), ("mpi", "mpi4py.futures", "mpi")],
)
def test_missing_extra_is_named(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    executor: str,
    module: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    result = run(*SMALL, "--executor", executor, "--out", tmp_path / "x.jsonl")
    assert result.code == 2 and f"tabular-trpo[{extra}]" in result.err


def test_mpi_pool_is_asked_for(
    run: Run, tmp_path: Path, undisturbed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    class MPIPoolExecutor(Backwards):
        num_workers = 5

        def __init__(self, max_workers: int | None = None) -> None:
            super().__init__()
            asked.append(max_workers)

    futures = type(sys)("mpi4py.futures")
    futures.MPIPoolExecutor = MPIPoolExecutor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mpi4py", type(sys)("mpi4py"))
    monkeypatch.setitem(sys.modules, "mpi4py.futures", futures)
    path = tmp_path / "mpi.jsonl"
    assert run(*SMALL, "--executor", "mpi", "--workers", 3, "--out", path).code == 0
    assert asked == [3] and path.read_bytes() == undisturbed


def test_cores_are_those_this_process_may_use() -> None:
    assert executors.cores() >= 1
