"""Interrupts while the command line starts: one line on standard error, and exit code 130.

This module is imported first, before numpy and scipy.  Where the process is the command line
(`tabular-trpo`, or `python -m tabular_trpo`), SIGINT ends it from then on by `stop`, until the
command line installs its own handler.  In any other process nothing changes.
"""

import os
import signal
import sys

PROGRAM, MODULE = "tabular-trpo", "tabular_trpo"
INTERRUPTED = 130
TEXT = "interrupted"
SHOW_CURSOR = "\r\x1b[K\x1b[?25h"  # clears the line of a progress bar, which hides the cursor
WORKER = "--multiprocessing-fork"  # an argument of the processes that a pool starts


def report_interrupt() -> None:
    """Write to standard error, and with --json a document to standard output, "interrupted".

    The text goes to the file descriptors, because the streams may be in the middle of a write.
    """
    if "--json" in sys.argv[1:]:
        import json

        error = {"kind": "KeyboardInterrupt", "text": TEXT, "problems": []}
        document = {"exit_code": INTERRUPTED, "error": error}
        _write(1, json.dumps(document, indent=2) + "\n")
    _write(2, (SHOW_CURSOR if os.isatty(2) else "") + f"{PROGRAM}: {TEXT}\n")


def stop(*_: object) -> None:
    """End the process at once (a handler of SIGINT)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report_interrupt()
    os._exit(INTERRUPTED)


def _write(descriptor: int, text: str) -> None:
    try:
        os.write(descriptor, text.encode())
    except OSError:
        pass  # closed


def _is_command() -> bool:
    """Return whether this process is the command line, and not a worker of its pool.

    While Python imports the module of `-m`, the first argument is "-m".
    """
    words = sys.orig_argv
    if WORKER in words or not sys.argv:
        return False
    name = os.path.basename(sys.argv[0]).removesuffix(".exe")
    asked = f"-m{MODULE}" in words or f" -m {MODULE} " in f"{' '.join(words)} "
    return name == PROGRAM or (name == "-m" and asked)


if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, stop)
