"""Ctrl-C in `qgis_process` stops the job on the server; by itself, the program would leave it running."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qgis.core import QgsFeedback


@contextmanager
def cancels(feedback: QgsFeedback, headless: bool) -> Iterator[None]:
    """Let SIGINT and SIGTERM cancel `feedback` while the block runs, without a desktop and in the main thread."""
    if not headless or threading.current_thread() is not threading.main_thread():
        yield
        return

    def cancel(_number: int, _frame: Any) -> None:
        feedback.cancel()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in before:
            signal.signal(number, cancel)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
