"""Marks that a bedside program keeps beside its samples: events, notes, entries by hand, quality of the signals.

Who made a mark is never read. Marks of one table are moved together, by whole hours only, and the move is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.recordings.hours import HOUR, MICRO, clock_seconds, hours_into
from cisterna.recordings.infusion import read_xml
from cisterna.recordings.reader import printable
from cisterna.recordings.rules import Event

#: Most marks of one table: a longer one is damage.
MOST_MARKS = 100_000
#: Two marks of one name this close (s) are one, kept in two tables.
SAME = 1.5
#: Quality bits that say there is no value (data unavailable, invalid; module unplugged, transducer disconnected).
NO_VALUE = 8192 | 32768 | 131072 | 262144


@dataclass
class Marks:
    """Events found so far, on the recording's clock (s)."""

    begin: float
    end: float
    events: list[Event] = field(default_factory=list)
    shifts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, source: str, found: Sequence[Event], hours: int | None = None) -> None:
        """Take the marks of a table, moved by whole hours into the recording where that is beyond doubt.

        `hours` is the move when it is known from elsewhere.
        """
        if hours is None:
            hours = hours_into([e.time for e in found], self.begin, self.end)
        if hours and found:
            self.shifts[source] = hours
            self.notes.append(f"the clock of {source} is {-hours:+d} h off that of the samples: moved by {hours:+d} h")
        moved = [Event(e.time + hours * HOUR, e.duration, e.label) for e in found]
        outside = sum(not self.begin <= e.time <= self.end for e in moved)
        if outside:
            self.notes.append(f"marks of {source} outside the recording: {outside}")
        self.events += [e for e in moved if not any(_same(e, known) for known in self.events)]


def table_marks(table: Any, zero: int, prefix: str = "") -> list[Event]:
    """The rows of a table of marks: times in us on the clock of the samples.

    The label is the name (or `prefix`) with the comment, the text or further numbers behind it.
    """
    rows = np.atleast_1d(np.asarray(table))[:MOST_MARKS]
    fields = rows.dtype.names or ()
    if "starttime" not in fields:
        return []
    extra = [f for f in fields if f not in ("starttime", "duration", "eventname", "comment", "text")]
    found = []
    for row in rows:
        start, length = (int(row[f]) if f in fields else 0 for f in ("starttime", "duration"))
        name = text_of(row["eventname"]) if "eventname" in fields else prefix
        more = [text_of(row[f]) for f in ("comment", "text") if f in fields]
        more += [f"{f} {row[f]:g}" for f in extra if np.asarray(row[f]).dtype.kind in "fiu"]
        label = ": ".join(filter(None, (name, ", ".join(filter(None, more)))))
        found.append(Event((start - zero) / MICRO, max(length, 0) / MICRO, printable(label) or "mark"))
    return found


def xml_marks(text: bytes | str, zero: float) -> list[Event]:
    """The marks of the program's own list of events: written times of its clock, `zero` in s since 1970.

    Raises
    ------
    CisternaError
        The text is not XML.
    """
    found = []
    for mark in read_xml(text).findall("./Events/Event")[:MOST_MARKS]:
        start = clock_seconds(mark.get("StartTime", ""))
        stop = clock_seconds(mark.get("EndTime", ""))
        if start is None:
            continue
        name = ".".join(filter(None, (mark.get("Group", "").strip("#"), mark.get("Name", ""))))
        values = [f"{v.get('Name', '')} {v.get('Value', '')}".strip() for v in mark.findall("./FieldValue")]
        label = ": ".join(filter(None, (name, ", ".join(filter(None, values)))))
        found.append(
            Event(round(start - zero, 6), max(stop - start, 0.0) if stop is not None else 0.0, printable(label))
        )
    return found


def quality_spans(table: Any, zero: int, end: float) -> list[tuple[float, float, int]]:
    """Stretches that are not good (begin, end in s on the recording's clock; bits): each row holds until the next."""
    rows = np.atleast_1d(np.asarray(table))
    if rows.dtype.names is None or not {"time", "value"} <= set(rows.dtype.names):
        raise CisternaError("a table of quality has not the fields time and value")
    at = np.array([(int(t) - zero) / MICRO for t in rows["time"].ravel()])
    bits = rows["value"].ravel().astype(np.int64)
    order = np.argsort(at, kind="stable")
    at, bits = at[order], bits[order]
    stops = np.append(at[1:], max(end, float(at[-1]))) if at.size else at
    return [(float(a), float(b), int(v)) for a, b, v in zip(at, stops, bits, strict=True) if v != 0 and b > a]


def quality_words(bits: int, meaning: dict[int, str]) -> str:
    """A set of quality bits in the words of the file.

    Examples
    --------
    >>> quality_words(40960, {8192: "Data Unavailable"})
    'Data Unavailable, bit 32768'
    """
    single = [1 << k for k in range(bits.bit_length()) if bits >> k & 1]
    return ", ".join(meaning.get(bit, f"bit {bit}") for bit in single)


def text_of(value: Any) -> str:
    """Text as HDF5 gives it: fixed or variable, bytes or str, in an array of one."""
    one = np.ravel(value)[0] if np.size(value) else ""
    if isinstance(one, bytes):
        try:
            return one.decode("utf-8").strip("\x00 ")
        except UnicodeDecodeError:
            return one.decode("latin-1").strip("\x00 ")
    return str(one).strip("\x00 ")


def _same(mark: Event, known: Event) -> bool:
    """Whether two marks are one: names that end alike (a list gives the group before it), begins close together."""
    names = [m.label.partition(":")[0].replace("_", " ").lower() for m in (mark, known)]
    alike = names[0].endswith(names[1]) or names[1].endswith(names[0])
    return alike and abs(mark.time - known.time) <= SAME
