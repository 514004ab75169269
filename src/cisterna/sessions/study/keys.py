"""Single key presses of a terminal with the time they arrived; nothing is echoed, no Enter is needed.

The clock is `time.perf_counter_ns`: monotonic, and fine on every system (`time.monotonic` steps by 16 ms on Windows
before Python 3.13). The stamp is taken when the press reaches this program; keyboard and terminal come before it
(some milliseconds at a local keyboard, unbounded over a network). What they add that is the same for every key falls
out when marks and sync events are given with the same keyboard.
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any

from cisterna.ground.errors import CisternaError

#: Seconds between two looks where the system cannot wait for a key.
_LOOK = 0.002
_ESCAPE = "\x1b"


def now() -> int:
    """The clock of the marks, ns."""
    return time.perf_counter_ns()


class Keys:
    """The keyboard of a terminal, key by key; use it as a context, the terminal is put back in the end.

    Raises
    ------
    CisternaError
        The input is no terminal.
    """

    def __init__(self) -> None:
        if not sys.stdin.isatty():
            mend = "run it in a terminal, or give the presses as a file: --input FILE"
            raise CisternaError("marks are made by key press, and there is no keyboard here", mend=mend)
        self._before: Any = None

    def __enter__(self) -> Keys:
        if sys.platform != "win32":
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin.fileno())
            tty.setcbreak(sys.stdin.fileno())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if sys.platform != "win32":
            import termios

            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)

    def next(self, wait: float) -> list[tuple[int, str]]:
        """Presses that arrive within `wait` seconds, (ns, key) each; empty when none does."""
        if sys.platform == "win32":
            return _windows(wait)
        import select

        fd = sys.stdin.fileno()
        if not select.select([fd], [], [], wait)[0]:
            return []
        at = now()
        raw = os.read(fd, 64)
        if not raw:
            raise CisternaError("the terminal was closed", mend="what was marked so far is in the file")
        text = raw.decode("utf-8", errors="ignore")
        # An arrow or function key sends several characters that begin with escape: none of them is meant.
        return [] if text.startswith(_ESCAPE) else [(at, key) for key in text]


def _windows(wait: float) -> list[tuple[int, str]]:
    import msvcrt

    console: Any = msvcrt
    end = time.perf_counter() + wait
    while not console.kbhit():
        if time.perf_counter() >= end:
            return []
        time.sleep(_LOOK)
    at, key = now(), console.getwch()
    if key == "\x03":
        raise KeyboardInterrupt
    if key in ("\x00", "\xe0"):  # a function key: its second half follows
        console.getwch()
        return []
    return [(at, key)]
