"""SIGINT delayed during a block that must not be interrupted, such as the writing of a file.

The command line handles interrupts in `_app.shared.supervision`; `startup` does so while it is
imported.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Hold back SIGINT during a block; one that came is handled after the block.

    Nothing is done outside the main thread, since Python interrupts no other thread.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)
