"""Supervision of a command on Linux: a child does the work, its parent can always end it.

Python acts on a signal between two of its instructions.  A factorization in LAPACK or flint, a lock
of a pool or a server of dask may keep it from that for seconds, or for ever.  So the process that
was started only waits; the work is done by a fork of it, which SIGINT kills (no handler, nothing to
unwind), and what the work leaves behind is ended here.  All else passes through: streams, terminal,
stops and continuations, exit codes, and death by a signal.
"""

import ctypes
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tabular_trpo._core import startup

GRACE = 0.3  # seconds for a child that holds back an interrupt: it is about to finish a file
SWEEP = 0.3  # seconds for what it leaves behind
TRACKER = b"multiprocessing.resource_tracker"  # ends by itself, and clears away shared memory
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # of linux/prctl.h
WATCHED = (
    (signal.SIGINT, signal.SIGCHLD, signal.SIGTSTP, signal.SIGCONT) if os.name == "posix" else ()
)


def supervised(work: Callable[[], int]) -> int:
    """Do the work of a command in a child and return its exit code there; the parent never returns.

    Without supervision (other systems; MPI, which a fork breaks) the work is done here, and an
    interrupt ends it between two instructions.  Interrupts that are ignored stay so.
    """
    if (
        signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)
        or threading.current_thread() is not threading.main_thread()
    ):
        return work()
    if sys.platform != "linux" or "mpi4py" in sys.modules:
        signal.signal(signal.SIGINT, startup.stop)
        return work()
    parent = os.getpid()
    inlet = _heard()
    child = _fork()
    if child:
        _end(*_watch(child, inlet))
    os.close(inlet)
    os.close(signal.set_wakeup_fd(-1))
    for number in WATCHED:
        signal.signal(number, signal.SIG_DFL)
    die_with(parent)
    return work()


def die_with(parent: int) -> None:
    """Let Linux kill this process when its parent ends, also in the middle of native code."""
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before
            os._exit(1)


def _prctl(option: int, value: int) -> None:
    with suppress(OSError, AttributeError):  # a C library without it: a worker sees it later
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _heard() -> int:
    """Return the end of a pipe from which each signal that arrives can be read, as one byte."""
    inlet, outlet = os.pipe()
    os.set_blocking(outlet, False)
    signal.set_wakeup_fd(outlet, warn_on_full_buffer=False)
    for number in WATCHED:
        signal.signal(number, lambda number, frame: None)
    return inlet


def _fork() -> int:
    _prctl(PR_SET_CHILD_SUBREAPER, 1)  # what the child leaves behind becomes ours
    with warnings.catch_warnings():
        # Other threads are those of BLAS, which stops them before a fork and begins them anew.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _watch(child: int, inlet: int) -> tuple[int, bool]:
    """Wait for the child; return its status, and whether it was killed because of an interrupt."""
    deadline: float | None = None
    killed = False
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status, killed
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        came = os.read(inlet, 2**12) if select.select([inlet], [], [], left)[0] else b""
        if signal.SIGTSTP in came:
            _stop_too(child)
        if signal.SIGCONT in came:
            os.kill(child, signal.SIGCONT)
        if signal.SIGINT in came and deadline is None:
            os.kill(child, signal.SIGCONT)  # a stopped process takes no other signal
            os.kill(child, signal.SIGINT)  # it has it already where the terminal sent it
            deadline = time.monotonic() + GRACE
        elif signal.SIGINT in came or (deadline is not None and time.monotonic() >= deadline):
            if killed and signal.SIGINT not in came:
                return 0, True  # not even SIGKILL ends it: it waits for a disk
            os.kill(child, signal.SIGKILL)
            killed, deadline = True, time.monotonic() + SWEEP


def _stop_too(child: int) -> None:
    """Stop the child and this process, as SIGTSTP does by default."""
    os.kill(child, signal.SIGTSTP)
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)


def _end(status: int, killed: bool) -> None:
    """End this process as the child ended."""
    if os.WIFEXITED(status) and not killed:
        os._exit(os.WEXITSTATUS(status))
    _sweep()
    number = os.WTERMSIG(status)
    if killed or number == signal.SIGINT:
        startup.report_interrupt()
        os._exit(startup.INTERRUPTED)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the child's core is the one of interest
    with suppress(OSError):  # SIGKILL has no disposition
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


def _sweep() -> None:
    """Kill the processes that the child left behind, and those that these leave behind."""
    until = time.monotonic() + SWEEP
    while (left := _children()) and time.monotonic() < until:
        for pid in left:
            with suppress(OSError):
                if TRACKER not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.002)


def _children() -> list[int]:
    """Return the processes whose parent this one is."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            # "pid (name) state parent ...", where a name may hold anything
            if (
                int(place.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
                == os.getpid()
            ):
                found.append(int(place.parent.name))
    return found
