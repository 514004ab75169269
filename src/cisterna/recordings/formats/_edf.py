"""EDF and BDF in bytes: the header, the samples of records, the lists of annotations.

EDF: Kemp et al. 1992, doi:10.1016/0013-4694(92)90009-7; EDF+: Kemp and Olivan 2003,
doi:10.1016/s1388-2457(03)00123-8. BDF is the same with 24-bit samples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError

#: Bytes of the fields of a signal, in the order of the header.
FIELDS = {
    "label": 16,
    "transducer": 80,
    "unit": 8,
    "physical_min": 8,
    "physical_max": 8,
    "digital_min": 8,
    "digital_max": 8,
    "prefilter": 80,
    "samples": 8,
    "reserved": 32,
}
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_MOST_SIGNALS, _MOST_EVENTS, _LONGEST_RECORD = 4096, 1_000_000, 64 * 1024**2
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_TAL = re.compile(rb"^([+-]\d{1,15}(?:\.\d*)?)(?:\x15(\d{1,15}(?:\.\d*)?))?\x14(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Signal:
    """One signal of the header; `offset` is where its bytes begin in a record."""

    label: str
    unit: str
    prefilter: str
    physical: tuple[float, float]
    digital: tuple[int, int]
    samples: int
    offset: int

    @property
    def step(self) -> float:
        """Physical units of one digital step; negative with inverted limits."""
        return (self.physical[1] - self.physical[0]) / (self.digital[1] - self.digital[0])


@dataclass(frozen=True)
class Header:
    """What stands before the records.

    `width` is the bytes of a sample, `plus` "" for EDF, "C" or "D" for EDF+ without and with gaps, `begin` and
    `size` the bytes of the header and of a record, `count` the records (from the file size when it says -1).
    """

    signals: tuple[Signal, ...]
    lists: tuple[Signal, ...]
    count: int
    duration: float
    width: int
    plus: str
    begin: int
    size: int
    start: str
    notes: tuple[str, ...]

    @property
    def lowest(self) -> int:
        """The lowest code: where no signal may take it by its digital limits, it marks a missing sample."""
        return -(1 << (8 * self.width - 1))


def read_header(path: Path) -> Header:
    """The header of a file, checked against its size.

    Raises
    ------
    CisternaError
        It is no such header, contradicts itself or the size of the file.
    """
    where, size = str(path), path.stat().st_size
    with path.open("rb") as stream:
        fixed = stream.read(256)
        bdf = fixed[:1] == b"\xff"
        kind, width = ("BDF", 3) if bdf else ("EDF", 2)
        number = _whole(fixed[252:256], "number of signals", where)
        if len(fixed) < 256 or not 0 < number <= _MOST_SIGNALS:
            raise CisternaError(f"this is no {kind} header", where, f"{number} signals", "give the file as recorded")
        block = stream.read(256 * number)
    begin = 256 * (number + 1)
    if len(block) < 256 * number or _whole(fixed[184:192], "header length", where) != begin:
        raise CisternaError(
            "the header does not describe its signals", where, f"{number} announced, {size} bytes in all"
        )
    signals, record = _signals(block, number, width, where)
    duration = _real(fixed[244:252], "record duration", where)
    reserved = _text(fixed[192:236]).upper()
    plus = reserved[4:5] if reserved[:5] in ("EDF+C", "EDF+D", "BDF+C", "BDF+D") else ""
    lists = tuple(s for s in signals if plus and s.label in ANNOTATIONS)
    others = tuple(s for s in signals if s not in lists)
    if not 0 <= duration < 1e9 or (others and duration == 0):
        raise CisternaError("impossible record duration in the header", where, f"{duration:g} s", "mend the header")
    if plus == "D" and not lists:
        raise CisternaError("the file has gaps (EDF+D) but no annotations that give the times", where)
    count, notes = _count(fixed, size - begin, record, where)
    return Header(others, lists, count, duration, width, plus, begin, record, _start(fixed, plus), tuple(notes))


def _signals(block: bytes, number: int, width: int, where: str) -> tuple[list[Signal], int]:
    """The signals and the bytes of one record."""
    columns: dict[str, list[bytes]] = {}
    at = 0
    for key, length in FIELDS.items():
        columns[key] = [block[at + k * length : at + (k + 1) * length] for k in range(number)]
        at += number * length
    found, offset = [], 0
    for k in range(number):
        label = _text(columns["label"][k])
        at_signal = f"{where}, signal '{label}'"
        samples = _whole(columns["samples"][k], "samples a record", at_signal)
        digital = [_whole(columns[f"digital_{end}"][k], f"digital {end}", at_signal) for end in ("min", "max")]
        physical = [_real(columns[f"physical_{end}"][k], f"physical {end}", at_signal) for end in ("min", "max")]
        if samples < 1 or offset + samples * width > _LONGEST_RECORD:
            raise CisternaError("impossible number of samples in a record", at_signal, str(samples))
        if digital[0] == digital[1]:
            raise CisternaError("the digital limits are equal: no scale", at_signal, str(digital[0]), "mend the header")
        unit, prefilter = _text(columns["unit"][k]), _text(columns["prefilter"][k])
        found.append(
            Signal(
                label or f"signal {k + 1}",
                unit,
                prefilter,
                (physical[0], physical[1]),
                (digital[0], digital[1]),
                samples,
                offset,
            )
        )
        offset += samples * width
    return found, offset


def _count(fixed: bytes, size: int, record: int, where: str) -> tuple[int, list[str]]:
    """Whole records, and what is odd about them."""
    said, there = _whole(fixed[236:244], "number of records", where), size // record
    if said < -1 or there == 0 or said > there:
        found = f"{there} of {said} records" if said > there else f"{said} announced, {there} there"
        mend = "copy it again from its source; -1 in bytes 236-243 of the header reads what is there"
        raise CisternaError("the file is cut short", where, found, mend)
    if said <= 0:
        rest = f", {size - there * record} bytes of a broken one left out" if size % record else ""
        return there, [f"the header says {said} records: {there} counted from the file size{rest}"]
    over = size - said * record
    return said, [f"{over} bytes behind the last record left out"] if over else []


def _start(fixed: bytes, plus: str) -> str:
    """Clock time of the start without a zone; the date of EDF+ stands in the recording field with four digits."""
    try:
        day, month, year = (int(part) for part in re.split(r"[.\-/:]", _text(fixed[168:176])))
        clock = [int(part) for part in re.split(r"[.:]", _text(fixed[176:184]))]
        hour, minute, second = clock
        at = datetime(1900 + year if year >= 85 else 2000 + year, month, day, hour, minute, second)
    except ValueError:
        return ""
    words = _text(fixed[88:168]).split()
    if plus and words[:1] == ["Startdate"] and len(words) > 1:
        if words[1] == "X":
            return at.time().isoformat() if any(clock) else ""
        try:
            date, name, full = words[1].split("-")
            at = at.replace(int(full), _MONTHS.index(name.upper()) + 1, int(date))
        except ValueError:
            pass  # the two-digit date stands
    return at.isoformat()


def codes(raw: NDArray[np.uint8], signal: Signal, width: int) -> NDArray[np.int32]:
    """Digital samples of one signal out of whole records (records x bytes)."""
    part = np.ascontiguousarray(raw[:, signal.offset : signal.offset + signal.samples * width])
    if width == 2:
        return part.view("<i2").astype(np.int32).ravel()
    low = part.reshape(-1, 3).astype(np.int32)
    # The high byte carries the sign: move it to the top of 32 bits and back.
    return (low[:, 0] | (low[:, 1] << 8) | (low[:, 2] << 16)) << 8 >> 8


def pack(samples: NDArray[np.int32], width: int) -> NDArray[np.uint8]:
    """Digital samples (records x samples) as bytes (records x bytes), little-endian."""
    four = np.ascontiguousarray(samples, dtype="<i4").view(np.uint8).reshape(*samples.shape, 4)
    return np.ascontiguousarray(four[..., :width]).reshape(samples.shape[0], -1)


def tals(raw: bytes, where: str) -> Iterator[tuple[float, float, str]]:
    """Onset [s], duration [s] and text of the lists in one record; the time of the record itself has no text."""
    for item in raw.split(b"\x00"):
        if not item:
            continue
        parts = _TAL.match(item)
        if not parts:
            raise CisternaError("an annotation cannot be read", where, repr(item[:40]), "copy the file again")
        onset, length = float(parts[1]), float(parts[2] or 0)
        texts = parts[3].decode("utf-8", "replace").split("\x14")
        for text in texts[: max(1, len(texts) - 1)]:
            yield onset, length, text


def listed(path: Path, header: Header) -> tuple[NDArray[np.float64], list[tuple[float, float, str]]]:
    """Time of each record [s from the header's start; NaN where it says none] and all annotations.

    Only the bytes of the annotations are read.
    """
    times = np.full(header.count if header.lists else 0, np.nan)
    events: list[tuple[float, float, str]] = []
    with path.open("rb", buffering=0) as stream:
        for k in range(times.size):
            for first, item in zip((True, *[False] * len(header.lists)), header.lists, strict=False):
                stream.seek(header.begin + k * header.size + item.offset)
                raw = stream.read(item.samples * header.width)
                for onset, length, text in tals(raw, f"{path}, record {k + 1}"):
                    if first and not text:
                        times[k] = onset
                    elif text.strip():
                        events.append((onset, length, text))
                    first = False
            if len(events) > _MOST_EVENTS:
                raise CisternaError("the file holds too many annotations", str(path), f"more than {_MOST_EVENTS}")
    return times, events


def _text(raw: bytes) -> str:
    return raw.decode("latin-1").replace("\x00", " ").strip()


def _whole(raw: bytes, what: str, where: str) -> int:
    value = _real(raw, what, where)
    if value != math.floor(value):
        raise CisternaError(f"the {what} of the header is no whole number", where, repr(_text(raw)))
    return int(value)


def _real(raw: bytes, what: str, where: str) -> float:
    text = _text(raw)
    # Some recorders write a decimal comma; anything else that is no plain number is damage.
    if not re.fullmatch(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?", text):
        raise CisternaError(f"the {what} of the header is no number", where, repr(text[:40]), "mend the header")
    value = float(text.replace(",", "."))
    if not math.isfinite(value):
        raise CisternaError(f"the {what} of the header is not finite", where, repr(text[:40]))
    return value
