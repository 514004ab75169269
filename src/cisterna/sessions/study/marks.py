"""Marks on disk: one plain CSV for each sitting at the keys, one row an event, written and flushed as it happens.

Columns: ``clock_ns`` (monotonic clock of this computer, ns), ``hold`` (code, empty between holds), ``event``,
``value``. Events: ``session`` (value: wall clock, UTC), ``begin`` and ``end`` of a hold (value: length in s, and why
it ended), ``mark``, ``flash`` (sync event), ``answer`` (``felt=yes``), ``broken`` (the hold was given up), ``leave``.
A file cut off in the middle of a row loses that row and nothing else.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError

COLUMNS = ("clock_ns", "hold", "event", "value")
EVENTS = ("session", "begin", "end", "mark", "flash", "answer", "broken", "leave")
#: Largest file that is read: a day of marking is far smaller.
_LARGEST = 50_000_000
_NANO = 1e-9


class Writer:
    """Appends events to a file that is safe at any moment.

    Each row is flushed to the operating system at once, so a program that dies loses nothing; `settle` brings it to
    the disk (a power cut) and is called when no key is waiting, because it may take longer than a key press.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.stream: TextIO = path.open("x", encoding="utf-8", newline="")
        except OSError as error:
            raise CisternaError("marks cannot be written here", str(path), error.strerror or str(error)) from error
        self.path, self._dirty = path, True
        self._row(COLUMNS)

    def __call__(self, clock_ns: int, event: str, hold: str = "", value: str = "") -> None:
        """Write one event."""
        self._row((str(clock_ns), hold, event, value))

    def _row(self, cells: tuple[str, ...]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        try:
            self.stream.write(line.getvalue())
            self.stream.flush()
        except OSError as error:
            mend = "free some space; the marks made so far are in the file"
            raise CisternaError("a mark could not be written", str(self.path), error.strerror or "", mend) from error
        self._dirty = True

    def settle(self) -> None:
        """Bring what was written to the disk."""
        if self._dirty:
            os.fsync(self.stream.fileno())
            self._dirty = False

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Bring everything to the disk and close."""
        if not self.stream.closed:
            self.settle()
            self.stream.close()


@dataclass(frozen=True)
class Marked:
    """What one examiner did in one hold; times on the marks' clock, s.

    Attributes
    ----------
    hold, session : str
        Code, and name of the file.
    begin, seconds : float
        Start, and length palpated.
    times : array (mark,)
    answers : dict
        Question -> True or False; what was left open is not in it.
    whole : bool
        Whether the hold came to its end.
    """

    hold: str
    session: str
    begin: float
    seconds: float
    times: NDArray[np.float64]
    answers: Mapping[str, bool] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True)
class Sitting:
    """One file of marks.

    Attributes
    ----------
    name : str
    started : str
        Wall clock at its first row, UTC; empty if it is not told.
    holds : tuple of Marked
    flashes : array (flash,)
        Sync events on the marks' clock, s.
    cut : bool
        Whether the last row was torn.
    """

    name: str
    started: str
    holds: tuple[Marked, ...]
    flashes: NDArray[np.float64]
    cut: bool


def read_sitting(path: Path) -> Sitting:
    """The events of one file of marks.

    Raises
    ------
    CisternaError
        The file is no file of marks, a row cannot be read, or its clock runs backwards.
    """
    where = str(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise CisternaError("too large for a file of marks", where=where, found=f"{path.stat().st_size} bytes")
        text = path.read_text(encoding="utf-8", errors="strict")
    except (OSError, UnicodeDecodeError) as error:
        raise CisternaError("the marks cannot be read", where=where, found=str(error)[:100]) from error
    whole, newline, torn = text.rpartition("\n")
    lines = whole.splitlines()
    if not newline or tuple(next(csv.reader(lines[:1]), ())) != COLUMNS:
        raise CisternaError("this is no file of marks", where=where, mend=f"first line: {','.join(COLUMNS)}")
    reading = _Reading(path.stem)
    before = -(2**63)
    for number, cells in enumerate(csv.reader(lines[1:]), 2):
        place = f"{where}, line {number}"
        if len(cells) != len(COLUMNS) or not re.fullmatch(r"-?\d{1,19}", cells[0]) or cells[2] not in EVENTS:
            raise CisternaError("a row cannot be read", where=place, found=",".join(cells)[:80])
        clock, hold, event, value = int(cells[0]), *cells[1:]
        if clock < before:
            raise CisternaError("the clock runs backwards", where=place, found=f"{(before - clock) * _NANO:.3g} s")
        before = clock
        reading.take(clock * _NANO, hold, event, value, place)
    reading.close()
    return Sitting(path.stem, reading.started, tuple(reading.holds), np.array(reading.flashes), bool(torn))


class _Reading:
    """Rows in their order, put together into holds."""

    def __init__(self, session: str) -> None:
        self.session, self.started = session, ""
        self.holds: list[Marked] = []
        self.flashes: list[float] = []
        self._open: tuple[str, float] | None = None
        self._times: list[float] = []
        self._last = 0.0

    def take(self, at: float, hold: str, event: str, value: str, place: str) -> None:
        self._last = at
        if event == "session":
            self.started = value
        elif event == "flash":
            self.flashes.append(at)
        elif event == "begin":
            self.close()
            self._open, self._times = (hold, at), []
        elif event in ("mark", "end", "broken"):
            if self._open is None or self._open[0] != hold:
                raise CisternaError(f"'{event}' outside its hold", where=place, found=hold or "no code")
            if event == "mark":
                self._times.append(at)
            else:
                self.close(whole=event == "end")
        elif event == "answer":
            question, _, said = value.partition("=")
            last = self.holds[-1] if self.holds else None
            if last is None or last.hold != hold or said not in ("yes", "no"):
                raise CisternaError("an answer without its hold", where=place, found=value[:60])
            self.holds[-1] = Marked(**{**vars(last), "answers": {**last.answers, question: said == "yes"}})

    def close(self, whole: bool = False) -> None:
        if self._open is not None:
            hold, begin = self._open
            self.holds.append(
                Marked(hold, self.session, begin, self._last - begin, np.array(self._times), {}, whole)
            )  # fmt: skip
        self._open = None
