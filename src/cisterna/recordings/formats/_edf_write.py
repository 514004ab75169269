"""Writing EDF+ and BDF+: records planned, samples rounded to steps, events as annotations."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.flat import Frames, Plain, frames
from cisterna.recordings.formats._edf import _MONTHS, ANNOTATIONS, FIELDS, pack
from cisterna.recordings.recording import Event, Recording

#: Bytes of a record that the standard recommends not to exceed, and the lengths [s] other programs like.
_RECORD_BYTES, _SHORT, _LONG = 61440, 0.5, 10.0
#: Largest relative error of the record duration as eight characters: 9 ms in a day.
_CLOCK = 1e-7
#: Frames a record is planned from at most.
_MOST_FRAMES = 20_000


class _Scale(NamedTuple):
    """Physical limits as the header writes them, and as numbers."""

    low: str
    high: str

    @property
    def span(self) -> float:
        return float(self.high) - float(self.low)


def write_edf(rec: Recording, path: Path, width: int) -> None:
    """Write EDF+C (2 bytes a sample) or BDF+C (3 bytes).

    The digital limits leave out the lowest code, which marks missing samples; no sample lies on a limit.

    Raises
    ------
    CisternaError
        Irregular times or rates of no common frame; a name, unit or number too long for its field.
    """
    cut = frames(rec, path, "edf")
    per_record, duration = _plan(cut, width, path)
    count = -(-cut.count // per_record)
    top = (1 << (8 * width - 1)) - 1
    scales = [_scale(channel, top, path) for channel in cut.channels]
    at, whole = _clock(cut.start)
    lists = _lists(cut.events, count, float(duration), whole)
    room = -(-max(len(item) for item in lists) // width)
    rows = [
        {
            "label": _field(c.name, 16, "name", path),
            "unit": _field(c.unit.replace("µ", "u").replace("μ", "u"), 8, f"unit of '{c.name}'", path),
            "physical_min": scale.low,
            "physical_max": scale.high,
            "digital_min": str(-top),
            "digital_max": str(top),
            "samples": str(c.per_frame * per_record),
        }
        for c, scale in zip(cut.channels, scales, strict=True)
    ]
    rows.append(
        {
            "label": ANNOTATIONS[width - 2],
            "physical_min": "-1",
            "physical_max": "1",
            "digital_min": str(-top - 1),
            "digital_max": str(top),
            "samples": str(room),
        }
    )
    twice = [row["label"] for row in rows if [r["label"] for r in rows].count(row["label"]) > 1]
    if twice:
        raise CisternaError(f"two signals would be called '{twice[0]}'", where=str(path), mend="rename one of them")
    with path.open("xb") as out:
        out.write(_header(rows, count, duration, at, width))
        step = max(1, 4 * 1024**2 // sum(c.per_frame * per_record * width for c in cut.channels))
        for begin in range(0, count, step):
            end = min(begin + step, count)
            parts = [
                pack(_codes(c, s, begin * per_record, end * per_record, top, per_record), width)
                for c, s in zip(cut.channels, scales, strict=True)
            ]
            notes = b"".join(item.ljust(room * width, b"\x00") for item in lists[begin:end])
            parts.append(np.frombuffer(notes, np.uint8).reshape(end - begin, room * width))
            out.write(np.concatenate(parts, axis=1).tobytes())


def _plan(cut: Frames, width: int, path: Path) -> tuple[int, str]:
    """Frames in a record and its duration as text.

    An exact duration is preferred, then a usual one, then one that leaves no rest at the end.
    """
    frame_bytes = sum(c.per_frame for c in cut.channels) * width
    most = max(1, min(_MOST_FRAMES, math.ceil(_LONG * cut.rate), max(_RECORD_BYTES // frame_bytes, 1)))
    best: tuple[tuple[float, ...], int, str] | None = None
    for m in range(1, most + 1):
        seconds = m / cut.rate
        digits = 7 - max(1, len(str(int(seconds))))
        text = f"{seconds:.{max(digits, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        off = abs(float(text) / seconds - 1.0)
        if len(text) > 8 or off > _CLOCK:
            continue
        grade = next(k for k, bound in enumerate((1e-13, 1e-9, _CLOCK)) if off <= bound)
        key = (grade, not _SHORT <= seconds <= _LONG, cut.count % m != 0, abs(math.log(seconds)))
        if best is None or key < best[0]:
            best = (key, m, text)
    if best is None:
        mend = "resample to a rate such as 100 Hz, or write .nc"
        raise CisternaError("EDF cannot hold the rate", str(path), f"{cut.rate:g} frames a second", mend)
    return best[1], best[2]


def _scale(channel: Plain, top: int, path: Path) -> _Scale:
    """Physical limits just outside the samples, in eight characters each."""
    finite = channel.values[np.isfinite(channel.values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    span = high - low
    # A step and a half beyond: no sample comes to lie on a limit, where it would look saturated.
    beyond = 1.5 * span / (2 * top - 3) if span > 0 else 0.5 * abs(low) or 1.0
    texts = [_eight(low - beyond, ROUND_FLOOR), _eight(high + beyond, ROUND_CEILING)]
    scale = _Scale(texts[0] or "0", texts[1] or "0")
    if not all(texts) or scale.span > 4.0 * (span + 2.0 * beyond):
        found = f"{low:g} to {high:g} {channel.unit}"
        mend = "express it in another unit (uV, not V), or write .nc"
        raise CisternaError(
            f"the range of '{channel.name}' does not fit the eight characters of EDF", str(path), found, mend
        )
    return scale


def _eight(value: float, rounding: str) -> str:
    """A number in at most eight characters, rounded to one side; "" when it does not fit."""
    exact = Decimal(value)
    for digits in range(7, -1, -1):
        if abs(exact) < Decimal(10) ** 9:
            text = format(exact.quantize(Decimal(1).scaleb(-digits), rounding), "f")
            text = text.rstrip("0").rstrip(".") if "." in text else text
            text = "0" if text == "-0" else text
            if len(text) <= 8:
                return text
    return ""


def _codes(channel: Plain, scale: _Scale, begin: int, end: int, top: int, per_record: int) -> NDArray[np.int32]:
    """Digital samples of the frames begin to end (records x samples); the lowest code where one is missing."""
    n = channel.per_frame
    values = channel.values[begin * n : end * n]
    with np.errstate(invalid="ignore"):
        steps = np.rint((values - float(scale.low)) / scale.span * (2 * top)) - top
    found = np.full((end - begin) * n, -top - 1, dtype=np.int32)
    found[: values.size] = np.where(np.isfinite(steps), steps, -top - 1)
    return found.reshape(-1, per_record * n)


def _clock(start: str) -> tuple[datetime | None, float]:
    """Date and time to the second, None when no date is known, and the fraction of a second.

    A time of day without a date is given the date that EDF+ keeps for an unknown one.
    """
    for text in (start, f"1985-01-01T{start}"):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            continue
        known = text is start
        whole = at.replace(microsecond=0, tzinfo=None)
        # The unknown date is told by a year that no recording has.
        return (whole if known else whole.replace(year=1)), at.microsecond * 1e-6
    return None, 0.0


def _lists(events: tuple[Event, ...], count: int, duration: float, fraction: float) -> list[bytes]:
    """The annotations of each record: its time, then its share of the events, which may stand in any record."""
    share = -(-len(events) // count)
    lists = []
    for k in range(count):
        text = f"{_seconds(fraction + k * duration)}\x14\x14\x00"
        for event in events[k * share : (k + 1) * share]:
            length = f"\x15{_seconds(event.duration)[1:]}" if event.duration > 0 else ""
            label = "".join(c if c >= " " else " " for c in event.label).strip() or "mark"
            text += f"{_seconds(fraction + event.time)}{length}\x14{label}\x14\x00"
        lists.append(text.encode())
    return lists


def _seconds(value: float) -> str:
    """Signed seconds without needless zeros: ``+0.008``."""
    text = f"{value:+.9f}".rstrip("0").rstrip(".")
    return "+0" if text == "-0" else text


def _field(text: str, most: int, what: str, path: Path) -> str:
    """A text that fits its field of the header."""
    if len(text) > most or not text.isascii() or not text.isprintable():
        mend = "rename it (rec.renamed({...})), or write .nc" if what == "name" else "use another unit, or write .nc"
        raise CisternaError(f"the {what} does not fit {most} plain characters of EDF", str(path), f"'{text}'", mend)
    return text


def _header(rows: list[dict[str, str]], count: int, duration: str, at: datetime | None, width: int) -> bytes:
    """The header: nobody's name, the start of the recording, the signals."""
    version = b"0       " if width == 2 else b"\xffBIOSEMI"
    date = "X" if at is None or at.year == 1 else f"{at.day:02d}-{_MONTHS[at.month - 1]}-{at.year:04d}"
    short = "01.01.85" if at is None or at.year == 1 else f"{at:%d.%m}.{_two_digits(at.year)}"
    clock = "00.00.00" if at is None else f"{at:%H.%M.%S}"
    fixed = [
        ("X X X X", 80),
        (f"Startdate {date} X X X", 80),
        (short, 8),
        (clock, 8),
        (str(256 * (len(rows) + 1)), 8),
        ("EDF+C" if width == 2 else "BDF+C", 44),
        (str(count), 8),
        (duration, 8),
        (str(len(rows)), 4),
    ]
    head = version + b"".join(text.ljust(length).encode("ascii") for text, length in fixed)
    for key, length in FIELDS.items():
        head += b"".join(row.get(key, "").ljust(length).encode("ascii") for row in rows)
    return head


def _two_digits(year: int) -> str:
    """The year in the old field of two digits, ``yy`` where it cannot be told (before 1985, after 2084)."""
    return f"{year % 100:02d}" if 1985 <= year <= 2084 else "yy"
