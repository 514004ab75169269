"""WFDB records (PhysioNet): each signal at its own rate, segments in their place, invalid samples as NaN.

The header is checked before any sample is decoded; the `wfdb` package does the decoding. Comments of the header
are not kept: they may hold personal data. Annotations beside the record (`.atr`) are events.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.formats._wfdb_marks import read_marks
from cisterna.recordings.formats._wfdb_write import write_wfdb
from cisterna.recordings.guard import guard_size, readable_file, reading
from cisterna.recordings.names import canonical
from cisterna.recordings.reader import Ask, Channel, Format, assemble
from cisterna.recordings.recording import Recording

_RECORD_LINE = re.compile(r"^[-\w.]+(/\d+)?\s+\d+(\s|$)")
_SAFE_NAME = re.compile(r"^[-\w][-\w.]*$")
#: Bits one sample takes on disk, for the formats of fixed size.
_BITS = {"8": 8, "16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 32 / 3, "311": 32 / 3}
_FLAC = ("508", "516", "524")
_MOST_HEADER, _MOST_SIGNALS, _MOST_SEGMENTS = 2_000_000, 512, 20_000


class Wfdb(Format):
    """A WFDB header (`.hea`) and the signal files it names."""

    name: ClassVar[str] = "wfdb"
    suffixes: ClassVar[tuple[str, ...]] = (".hea",)

    def sniff(self, path: Path, head: bytes) -> bool:
        """A text whose first line is a record line."""
        lines = head.decode("latin-1").splitlines()
        first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
        return path.name.lower().endswith(".hea") and bool(_RECORD_LINE.match(first))

    def read(self, path: Path, ask: Ask) -> Recording:
        """All signals, at samples-per-frame times the frame rate each."""
        header = _header(path)
        notes: list[str] = []
        if not hasattr(header, "seg_name") and not header.sig_len:
            channels = [part.channel(float(header.fs)) for part in _decode(_Segment(path, header, 0, 0), notes)]
        else:
            plan = _plan(path, header, notes)
            guard_size(sum(kind.frame for kind in plan.kinds.values()) * plan.total * 8.0, path, "the decoded record")
            channels = _window(plan, 0, plan.total, notes)
        rec = assemble(channels, path, start=_start(header), notes=notes, frame_rate=float(header.fs))
        return rec.with_events(read_marks(path, float(header.fs)))

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """Pieces of whole frames, each decoded alone; a record without a length is read whole."""
        header = _header(path)
        notes: list[str] = []
        if not hasattr(header, "seg_name") and not header.sig_len:
            yield from super().stream(path, ask, seconds)
            return
        plan, fs = _plan(path, header, notes), float(header.fs)
        events = read_marks(path, fs)
        edges = [
            min(math.ceil(k * seconds * fs - 1e-6), plan.total) for k in range(math.ceil(plan.total / fs / seconds))
        ]
        for begin, end in pairwise([*edges, plan.total]):
            if begin < end:
                channels = _window(plan, begin, end, [])
                rec = assemble(channels, path, start=_start(header), notes=notes, frame_rate=fs)
                here = [e for e in events if (e[0] < end / fs or end == plan.total) and e[0] + e[1] >= begin / fs]
                yield rec.with_events(here)

    def write(self, rec: Recording, path: Path) -> None:
        """Format 16 with a gain a signal, events as annotations."""
        write_wfdb(rec, path)


class _Segment(NamedTuple):
    """A record of one piece: its header file, the header, first frame in the whole, frames."""

    path: Path
    header: Any
    begin: int
    length: int


class _Kind(NamedTuple):
    """What a header says of a signal: name, unit, samples a frame, quality, scale."""

    own: str
    unit: str
    frame: int
    quality: str
    scale: str


class _Plan(NamedTuple):
    """A record before decoding: its segments, its signals by (name, how often before), its frames."""

    segments: list[_Segment]
    kinds: dict[tuple[str, int], _Kind]
    total: int
    fs: float


class _Part(NamedTuple):
    """One decoded signal of one segment."""

    kind: _Kind
    values: NDArray[np.float64]

    def channel(self, fs: float, start: float = 0.0) -> Channel:
        kind = self.kind
        return Channel(
            kind.own, self.values, kind.unit, fs * kind.frame, start=start, quality=kind.quality, scale=kind.scale
        )


def _header(path: Path) -> Any:
    """The header as `wfdb` reads it, after a look at its size and its rate."""
    import wfdb

    if path.stat().st_size > _MOST_HEADER:
        raise CisternaError("the header is too large to be one", where=str(path))
    with reading(path, "WFDB header"):
        header = wfdb.rdheader(str(path.with_suffix("")))
    if header.fs is None or not (np.isfinite(header.fs) and 0 < header.fs <= 1e7):
        raise CisternaError(
            "impossible sampling rate in the header", str(path), f"{header.fs} Hz", "mend the first line"
        )
    return header


def _segments(header: Any, path: Path) -> list[tuple[str, int]]:
    """Names and lengths (frames) of the segments; empty for a single-segment record."""
    if not hasattr(header, "seg_name"):
        return []
    names, lengths = list(header.seg_name or []), list(header.seg_len or [])
    if not names or len(names) != header.n_seg or len(names) > _MOST_SEGMENTS or None in lengths:
        found = f"{header.n_seg} announced, {len(names)} listed"
        raise CisternaError("the segments of the header do not add up", str(path), found)
    return list(zip(names, lengths, strict=True))


def _start(header: Any) -> str:
    """Clock time of the first frame as the header gives it; no time zone is known."""
    if header.base_time is None:
        return ""
    if header.base_date is None:
        return str(header.base_time.isoformat())
    return str(header.base_date.isoformat()) + "T" + str(header.base_time.isoformat())


def _plan(path: Path, header: Any, notes: list[str]) -> _Plan:
    """Where the segments lie and which signals the record has; gaps go into the notes."""
    if not hasattr(header, "seg_name"):
        segments = [_Segment(path, header, 0, header.sig_len)]
    else:
        segments, begin = [], 0
        for name, length in _segments(header, path):
            if name == "~":
                notes.append(f"gap of {length / header.fs:g} s at {begin / header.fs:g} s")
            elif length > 0:  # 0: the layout of a record of variable layout, which holds no samples
                segments.append(_inner(path, header, name, begin, length))
            begin += max(length, 0)
    kinds: dict[tuple[str, int], _Kind] = {}
    for segment in segments:
        for key, kind in _keyed(_kinds(segment)):
            into = kinds.setdefault(key, kind)
            if (into.unit, into.frame) != (kind.unit, kind.frame):
                found = f"'{kind.unit}' x{kind.frame} after '{into.unit}' x{into.frame}"
                raise CisternaError(f"'{kind.own}' changes unit or rate between segments", str(segment.path), found)
            if into.scale != kind.scale:
                kinds[key] = into._replace(scale="changes from segment to segment")
    total = header.sig_len if not hasattr(header, "seg_name") else begin
    return _Plan(segments, kinds, total, float(header.fs))


def _inner(path: Path, header: Any, name: str, begin: int, length: int) -> _Segment:
    """One segment of a record, checked against the record."""
    if not _SAFE_NAME.match(name):
        raise CisternaError("a segment must lie beside its header", str(path), f"'{name}'")
    file = readable_file(path.with_name(f"{name}.hea"))
    inner = _header(file)
    if hasattr(inner, "seg_name"):
        raise CisternaError("a segment is itself made of segments", where=str(file))
    if inner.fs != header.fs or inner.sig_len != length:
        found = f"{inner.fs:g} Hz, {inner.sig_len} frames"
        raise CisternaError("a segment does not fit its record", str(file), found, f"{header.fs:g} Hz, {length}")
    return _Segment(file, inner, begin, length)


def _window(plan: _Plan, begin: int, end: int, notes: list[str]) -> list[Channel]:
    """The signals from one frame to another, NaN where a segment is a gap or lacks the signal."""
    whole = {key: _Part(kind, np.full((end - begin) * kind.frame, np.nan)) for key, kind in plan.kinds.items()}
    for segment in plan.segments:
        first, last = max(begin - segment.begin, 0), min(end - segment.begin, segment.length)
        if first >= last:
            continue
        for (key, _), part in zip(_keyed(_kinds(segment)), _decode(segment, notes, first, last), strict=True):
            into, at = whole[key], (segment.begin + first - begin) * part.kind.frame
            into.values[at : at + part.values.size] = part.values
            told = "; ".join(dict.fromkeys(q for q in (into.kind.quality, part.kind.quality) if q))
            whole[key] = into._replace(kind=into.kind._replace(quality=told))
    return [part.channel(plan.fs, begin / plan.fs) for part in whole.values()]


def _keyed(kinds: list[_Kind]) -> list[tuple[tuple[str, int], _Kind]]:
    """Each signal with its name and how often the name came before."""
    names = [kind.own for kind in kinds]
    return [((kind.own, names[:k].count(kind.own)), kind) for k, kind in enumerate(kinds)]


def _kinds(segment: _Segment) -> list[_Kind]:
    """What the header of a segment says of its signals."""
    header, lines = segment.header, _signal_lines(segment.path)
    count = header.n_sig or 0
    if not 0 < count <= _MOST_SIGNALS or len(lines) < count:
        found = f"{count} signals announced, {len(lines)} described"
        raise CisternaError("the header does not describe its signals", str(segment.path), found)
    kinds = []
    for k in range(count):
        own = header.sig_name[k] or f"signal {k + 1}"
        unit, quality = _scale(lines[k], own)
        scale = f"gain {header.adc_gain[k]:.9g}, baseline {header.baseline[k]}"
        kinds.append(_Kind(own, unit, header.samps_per_frame[k] or 1, quality, scale))
    return kinds


def _decode(segment: _Segment, notes: list[str], first: int = 0, last: int = 0) -> list[_Part]:
    """Samples of one segment, from one frame to another (all of it: 0, 0), in physical units."""
    import wfdb

    path, header, kinds = segment.path, segment.header, _kinds(segment)
    whole = first == 0 and last in (0, segment.length)
    _check_files(path, header, last - first)
    with reading(path, "WFDB"):
        record = wfdb.rdrecord(str(path.with_suffix("")), first, last or None, physical=False, smooth_frames=False)
    for values, kind in zip(record.e_d_signal or [], kinds, strict=True):
        if segment.length and len(values) != (last - first) * kind.frame:
            found = f"{len(values)} of {(last - first) * kind.frame} samples"
            raise CisternaError("the record is cut short", str(path), found, "copy it again from its source")
    bad = _bad_checksums(record) if whole else []
    record.dac(expanded=True, return_res=64, inplace=True)
    parts = []
    for k, values in enumerate(record.e_p_signal):
        kind = kinds[k]
        if k in bad:
            notes.append(f"{path.stem}: checksum of '{kind.own}' does not agree with the header")
            kind = kind._replace(quality="; ".join(q for q in (kind.quality, "checksum differs") if q))
        parts.append(_Part(kind, np.asarray(values, dtype=np.float64)))
    return parts


def _signal_lines(path: Path) -> list[list[str]]:
    """The words of each signal line of a header."""
    text = path.read_text(encoding="latin-1")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return lines[1:]


def _scale(words: list[str], own: str) -> tuple[str, str]:
    """Unit and quality from a signal line.

    A gain of 0 or none at all means uncalibrated. A gain without a unit means mV in WFDB, which is believed for
    an electrocardiogram only: a breathing or pressure signal has no volts.
    """
    gain = words[2] if len(words) > 2 else "0"
    number = re.match(r"^[-+]?[0-9.]+(?:[eE][-+]?\d+)?", gain)
    if not number or float(number.group()) == 0:
        return "", "no gain in the header"
    if "/" in gain:
        return gain.partition("/")[2], ""
    if canonical(own, "wfdb") == "ecg":
        return "mV", "unit by the WFDB rule"
    return "", "no unit in the header"


def _check_files(path: Path, header: Any, count: int) -> None:
    """The signal files lie beside the header and are whole, and the frames to decode fit in memory."""
    frames = [spf or 1 for spf in header.samps_per_frame]
    length = header.sig_len or 0
    if length < 0 or any(not 0 < spf <= 100_000 for spf in frames):
        raise CisternaError("impossible lengths in the header", where=str(path))
    guard_size(float(count) * sum(frames) * 8, path, "the decoded record")
    for file_name in dict.fromkeys(header.file_name):
        if not _SAFE_NAME.match(file_name or ""):
            found = f"'{file_name}'"
            raise CisternaError("a signal file must lie beside its header", str(path), found, "use plain file names")
        members = [k for k, name in enumerate(header.file_name) if name == file_name]
        file = path.with_name(file_name)
        if not file.is_file():
            mend = f"put '{file_name}' beside the header"
            raise CisternaError("a signal file of the record is missing", str(path), file_name, mend)
        size = readable_file(file, whole=False).stat().st_size
        form = str(header.fmt[members[0]])
        if form not in _BITS and form not in _FLAC:
            raise CisternaError(f"unknown WFDB format '{form}'", where=str(path), mend="convert the record with wrsamp")
        if form in _BITS:
            samples = float(length) * sum(frames[k] for k in members)
            needed = int(samples * _BITS[form] / 8) + (header.byte_offset[members[0]] or 0)
            if not length:
                guard_size(size * 8 / _BITS[form] * 8, file, "the decoded record")
            if size < needed:
                found = f"{size} of {needed} bytes"
                raise CisternaError("a signal file is cut short", str(file), found, "copy it again from its source")


def _bad_checksums(record: Any) -> list[int]:
    """Signals whose samples do not add up to the checksum in the header (skewed ones cannot be checked)."""
    if any(value is None for value in record.checksum):
        return []
    sums = record.calc_checksum(expanded=True)
    return [
        k
        for k, (found, said) in enumerate(zip(sums, record.checksum, strict=True))
        if not (record.skew and record.skew[k]) and (found - said) % 65536
    ]
