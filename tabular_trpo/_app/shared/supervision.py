"""Supervision of a command on Linux: a child process runs it, its parent can always end it.

Python handles a signal between two of its instructions.  A factorization in LAPACK or flint, a lock
of a pool or a server of dask can delay that for seconds, or for ever.  So the process that was
started only waits.  A fork of it runs the command; SIGINT kills the fork at once, without a handler
and without unwinding, and the parent ends the processes that the fork has started.  Streams,
terminal, stops and continuations, exit codes and death by a signal are those of the command.
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

GRACE = 0.3  # seconds for a child that blocks interrupts while it finishes a file
SWEEP = 0.3  # seconds for ending the processes that the child has started
TRACKER = b"multiprocessing.resource_tracker"  # removes shared memory; ends by itself
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # of linux/prctl.h
WATCHED = (
    (signal.SIGINT, signal.SIGCHLD, signal.SIGTSTP, signal.SIGCONT) if os.name == "posix" else ()
)


def supervised(work: Callable[[], int]) -> int:
    """Run `work` in a child process and return its exit code there; the parent never returns.

    On systems other than Linux, and with MPI, which a fork breaks, `work` runs in this process.  An
    interrupt then ends it between two Python instructions.  An ignored SIGINT remains ignored.
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
    reader = _signal_pipe()
    child = _fork()
    if child:
        _end(*_watch(child, reader))
    os.close(reader)
    os.close(signal.set_wakeup_fd(-1))
    for number in WATCHED:
        signal.signal(number, signal.SIG_DFL)
    die_with(parent)
    return work()


def die_with(parent: int) -> None:
    """Make Linux kill this process when its parent process ends, also during native code."""
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the call
            os._exit(1)


def _prctl(option: int, value: int) -> None:
    with suppress(OSError, AttributeError):  # no prctl: a thread of each worker waits instead
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _signal_pipe() -> int:
    """Return the read end of a pipe that receives the number of each watched signal as one byte."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in WATCHED:
        signal.signal(number, lambda number, frame: None)
    return reader


def _fork() -> int:
    """Fork this process and return the process id of the child, 0 in the child."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans of the child become children of this process
    with warnings.catch_warnings():
        # The other threads are of BLAS, which stops them before a fork and starts them again.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _watch(child: int, reader: int) -> tuple[int, bool]:
    """Wait for the child; return (its wait status, whether an interrupt killed it)."""
    deadline: float | None = None
    killed = False
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status, killed
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        arrived = os.read(reader, 2**12) if select.select([reader], [], [], left)[0] else b""
        if signal.SIGTSTP in arrived:
            _stop_both(child)
        if signal.SIGCONT in arrived:
            os.kill(child, signal.SIGCONT)
        if signal.SIGINT in arrived and deadline is None:
            os.kill(child, signal.SIGCONT)  # a stopped process handles no other signal
            os.kill(child, signal.SIGINT)  # needed where no terminal has sent it to the child
            deadline = time.monotonic() + GRACE
        elif signal.SIGINT in arrived or (deadline is not None and time.monotonic() >= deadline):
            if killed and signal.SIGINT not in arrived:
                return 0, True  # the child waits for a disk, where SIGKILL has no effect
            os.kill(child, signal.SIGKILL)
            killed, deadline = True, time.monotonic() + SWEEP


def _stop_both(child: int) -> None:
    """Stop the child process and this process, as SIGTSTP does by default."""
    os.kill(child, signal.SIGTSTP)
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)


def _end(status: int, killed: bool) -> None:
    """End this process with the exit code or the signal that ended the child."""
    if os.WIFEXITED(status) and not killed:
        os._exit(os.WEXITSTATUS(status))
    _sweep()
    number = os.WTERMSIG(status)
    if killed or number == signal.SIGINT:
        startup.report_interrupt()
        os._exit(startup.INTERRUPTED)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the core dump of the child is enough
    with suppress(OSError):  # SIGKILL has no disposition
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


def _sweep() -> None:
    """Kill the processes that the child left running, and their children, for SWEEP seconds."""
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
    """Return the process ids of the children of this process, read from /proc."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # the process has ended meanwhile
            # "pid (name) state parent ...", where a name may hold anything
            if (
                int(place.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
                == os.getpid()
            ):
                found.append(int(place.parent.name))
    return found
