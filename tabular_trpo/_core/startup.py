"""What an interrupt does while the package is imported for its own command line: one line, 130.

This module is imported before all others, and numpy, scipy and the rest come after it.  Where the
process is the command (`tabular-trpo`, or `python -m tabular_trpo`), SIGINT ends it from here on by
`stop`; the command line replaces that later.  In any other process nothing is changed.  Little is
imported here, for until the last line it is Python that is interrupted.
"""

import os
import signal
import sys

PROGRAM, MODULE = "tabular-trpo", "tabular_trpo"
INTERRUPTED = 130
TEXT = "interrupted"
SHOW_CURSOR = "\r\x1b[K\x1b[?25h"  # a progress bar hides it, and may stand in the line
WORKER = "--multiprocessing-fork"  # an argument of the processes that a pool starts


def report_interrupt() -> None:
    """Say on standard error, and for --json in a document too, that the command is interrupted.

    Written to the descriptors themselves, since the streams may be in the middle of something.
    """
    if "--json" in sys.argv[1:]:
        import json

        error = {"kind": "KeyboardInterrupt", "text": TEXT, "problems": []}
        document = {"exit_code": INTERRUPTED, "error": error}
        _say(1, json.dumps(document, indent=2) + "\n")
    _say(2, (SHOW_CURSOR if os.isatty(2) else "") + f"{PROGRAM}: {TEXT}\n")


def stop(*_: object) -> None:
    """End the process at once, whatever it was in the middle of (a handler of SIGINT)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report_interrupt()
    os._exit(INTERRUPTED)


def _say(descriptor: int, text: str) -> None:
    try:
        os.write(descriptor, text.encode())
    except OSError:
        pass  # closed, or nobody reads it


def _is_command() -> bool:
    """Whether this process was started as the command line, and not as a worker of it.

    While Python looks for the module of `-m`, the first argument is "-m".
    """
    words = sys.orig_argv
    if WORKER in words or not sys.argv:
        return False
    name = os.path.basename(sys.argv[0]).removesuffix(".exe")
    asked = f"-m{MODULE}" in words or f" -m {MODULE} " in f"{' '.join(words)} "
    return name == PROGRAM or (name == "-m" and asked)


if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, stop)
