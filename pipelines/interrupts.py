"""Ctrl-C and SIGTERM while Dagster runs something in this process.

Dagster takes both signals itself, turns one that meets a step into the step's failure, and forgets
one that comes between two steps. Whoever asked for the run must still learn that it was stopped.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from dagster._core.errors import DagsterExecutionInterruptedError

WORDS: Final = "Interrupted before it was done. What is finished stays; run it again for the rest."
_STOPPING: Final = frozenset({signal.SIGINT, signal.SIGTERM})


@contextmanager
def interruption_in_words() -> Iterator[None]:
    """Give a step that is stopped an error that says so: Dagster's own has no words."""
    try:
        yield
    except (KeyboardInterrupt, DagsterExecutionInterruptedError) as error:
        raise DagsterExecutionInterruptedError(WORDS) from error


@contextmanager
def interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether this process was asked to stop since."""
    # Python lets only the main thread set a wake-up descriptor, and handles signals there.
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reader, writer = os.pipe()
    # `set_wakeup_fd` takes none that blocks.
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    # Signals are noted here by number, while Dagster's own handlers stay in place.
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield lambda: _was_stopped(reader)
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def _was_stopped(reader: int) -> bool:
    try:
        numbers = os.read(reader, 65_536)
    except BlockingIOError:
        return False
    return not _STOPPING.isdisjoint(numbers)
