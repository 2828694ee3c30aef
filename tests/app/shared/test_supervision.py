"""A supervised command: it can be ended whatever it does, and else it cannot be told apart."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tabular_trpo
from tabular_trpo._core.startup import PROGRAM

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="supervision uses prctl, a call of Linux alone"
)

PATIENCE = 60.0  # seconds, against tests that hang; nothing is timed
LINE = f"{PROGRAM}: interrupted\n"
# The package without its `__init__`, which imports numpy and all the rest.
HEAD = (
    f"""
import ctypes, os, signal, subprocess, sys, threading, time, types
sys.modules["tabular_trpo"] = types.ModuleType("tabular_trpo")
sys.modules["tabular_trpo"].__path__ = [{os.path.dirname(tabular_trpo.__file__)!r}]
"""
    + """
from tabular_trpo._app.shared import supervision
from tabular_trpo._core.interrupts import hold_interrupts

def say(*words):
    print(*words, flush=True)

def native():  # C code that keeps every thread of Python waiting, as a long factorization does
    say("begun", os.getpid())
    ctypes.PyDLL(None).sleep(600)

def holding():
    with hold_interrupts():
        say("begun", os.getpid())
        time.sleep(600)

def waiting():
    say("begun", os.getpid())
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

def stubborn():
    ignore = "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; "
    code = ignore + "print('worker', flush=True); time.sleep(600)"
    words = [sys.executable, "-c", code]
    worker = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)
    worker.stdout.readline()
    say("begun", os.getpid(), worker.pid)
    time.sleep(600)
"""
)
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return what starts `python -c`, in a group of its own in which SIGINT is not ignored."""
    children = []

    def begin(
        code: str, *argv: str, head: str = HEAD, ignored: bool = False
    ) -> "subprocess.Popen[bytes]":
        before = signal.signal(
            signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler
        )
        child = subprocess.Popen(
            [sys.executable, "-c", head + code, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(Path(tabular_trpo.__file__).parents[1])},
        )
        signal.signal(signal.SIGINT, before)
        children.append(child)
        return child

    yield begin
    for child in children:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def begun(child: "subprocess.Popen[bytes]") -> list[int]:
    """Wait for the line "begun PID..." and return the numbers."""
    assert child.stdout is not None
    word, *pids = child.stdout.readline().split()
    assert word == b"begun"
    return [int(pid) for pid in pids]


def gone(pid: int) -> bool:
    return state(pid) in "XZ"


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def until(met: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / 0.01)):
        if met():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


@pytest.mark.parametrize("code", [0, 1, 3, 70, 130, 255])
def test_exit_code_and_streams_pass_through(start: Start, code: int) -> None:
    child = start(
        "sys.exit(supervision.supervised(lambda: say(sys.stdin.read()[::-1]) or "
        f"sys.stderr.write('told') * 0 + {code}))"
    )
    assert child.communicate(b"abc", PATIENCE) == (b"cba\n", b"told")
    assert child.returncode == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE])
def test_death_by_a_signal_passes_through(start: Start, number: signal.Signals) -> None:
    child = start(
        f"signal.signal({int(number)}, signal.SIG_DFL) if {int(number)} != 9 else None\n"
        f"supervision.supervised(lambda: os.kill(os.getpid(), {int(number)}))"
    )
    assert child.wait(PATIENCE) == -number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
@pytest.mark.parametrize("work", ["native", "waiting"])
def test_the_work_ends_when_the_process_is_killed(
    start: Start, number: signal.Signals, work: str
) -> None:
    child = start(f"supervision.supervised({work})")
    (worker,) = begun(child)
    child.send_signal(number)
    assert child.wait(PATIENCE) == -number
    until(lambda: gone(worker))


@pytest.mark.parametrize("work", ["native", "holding", "waiting", "stubborn"])
@pytest.mark.parametrize("group", [True, False])
def test_interrupt_ends_any_work_and_what_it_started(start: Start, work: str, group: bool) -> None:
    child = start(f"supervision.supervised({work})")
    pids = begun(child)
    (os.killpg if group else os.kill)(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out, err.decode()) == (130, b"", LINE)
    until(lambda: all(map(gone, pids)))


def test_second_interrupt_ends_at_once_what_holds_back_the_first(start: Start) -> None:
    child = start("supervision.GRACE = 1e6; supervision.supervised(holding)")
    (worker,) = begun(child)
    child.send_signal(signal.SIGINT)
    status = Path(f"/proc/{worker}/status")
    while child.poll() is None:  # the first alone never ends it; how soon it is seen is not known
        assert not gone(worker) or child.wait(PATIENCE) == 130
        status.read_text() if status.exists() else None
        time.sleep(0.05)
        child.send_signal(signal.SIGINT)
    assert child.returncode == 130 and child.communicate()[1].decode() == LINE


def test_interrupt_of_the_work_alone_is_one_of_the_command(start: Start) -> None:
    child = start("supervision.supervised(waiting)")
    os.kill(begun(child)[0], signal.SIGINT)
    assert child.communicate(timeout=PATIENCE)[1].decode() == LINE and child.returncode == 130


def test_what_is_held_back_is_finished(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "whole"
    child = start(
        "def work():\n"
        "  with hold_interrupts():\n"
        "    say('begun')\n"
        "    sys.stdin.readline()\n"
        f"    open({str(path)!r}, 'w').write('all')\n"
        "  return 0\n"
        "supervision.GRACE = 1e6; supervision.supervised(work)"
    )
    begun(child)
    child.send_signal(signal.SIGINT)
    assert child.communicate(b"\n", PATIENCE)[1].decode() in (LINE, "")
    assert path.read_text() == "all"


def test_ignored_interrupts_stay_ignored(start: Start) -> None:
    child = start(
        "sys.exit(supervision.supervised(lambda: say('begun') or len(input())))", ignored=True
    )
    begun(child)
    child.send_signal(signal.SIGINT)
    assert child.communicate(b"four\n", PATIENCE) == (b"", b"") and child.returncode == 4


def test_continuation_reaches_the_work(start: Start) -> None:
    child = start(
        "sys.exit(supervision.supervised(lambda: say('begun', os.getpid()) or len(input())))"
    )
    (worker,) = begun(child)
    os.kill(worker, signal.SIGSTOP)
    until(lambda: state(worker) == "T")
    os.kill(child.pid, signal.SIGCONT)
    until(lambda: state(worker) == "S")
    assert child.communicate(b"four\n", PATIENCE) == (b"", b"") and child.returncode == 4


def test_interrupt_of_a_stopped_command_ends_it(start: Start) -> None:
    child = start("supervision.supervised(native)")
    (worker,) = begun(child)
    os.kill(worker, signal.SIGSTOP)
    until(lambda: state(worker) == "T")
    child.send_signal(signal.SIGINT)
    assert child.wait(PATIENCE) == 130
    until(lambda: gone(worker))


def test_interrupt_of_a_json_run_is_a_document(start: Start) -> None:
    child = start("supervision.supervised(native)", "solve", "--json")
    begun(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert b'"exit_code": 130' in out and b'"text": "interrupted"' in out and err.decode() == LINE


@pytest.mark.parametrize("change", ["sys.platform = 'darwin'", "sys.modules['mpi4py'] = sys"])
def test_without_supervision_an_interrupt_ends_the_process_too(start: Start, change: str) -> None:
    child = start(f"{change}; supervision.supervised(waiting)")
    assert begun(child) == [child.pid]
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out, err.decode()) == (130, b"", LINE)
