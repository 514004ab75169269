"""WFDB records (PhysioNet): each signal at its own rate, segments in their place, invalid samples as NaN.

The header is checked before any sample is decoded; the `wfdb` package does the decoding. Comments of the header
are not kept: they may hold personal data.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
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
        segments = _segments(header, path)
        if segments:
            channels = _stitch(header, segments, path, notes)
        else:
            channels = [part.channel(header.fs) for part in _decode(path, header, notes)]
        return assemble(channels, path, start=_start(header), notes=notes, frame_rate=float(header.fs))


class _Part:
    """One decoded signal of one segment."""

    def __init__(self, own: str, values: NDArray[np.float64], unit: str, frame: int, quality: str) -> None:
        self.own, self.values, self.unit, self.frame, self.quality = own, values, unit, frame, quality

    def channel(self, fs: float) -> Channel:
        return Channel(self.own, self.values, self.unit, rate=fs * self.frame, quality=self.quality)


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


def _decode(path: Path, header: Any, notes: list[str]) -> list[_Part]:
    """Samples of a single-segment record in physical units, with what the header says of their scale."""
    import wfdb

    count = header.n_sig or 0
    lines = _signal_lines(path)
    if not 0 < count <= _MOST_SIGNALS or len(lines) < count:
        found = f"{count} signals announced, {len(lines)} described"
        raise CisternaError("the header does not describe its signals", str(path), found)
    _check_files(path, header)
    with reading(path, "WFDB"):
        record = wfdb.rdrecord(str(path.with_suffix("")), physical=False, smooth_frames=False)
    digital = list(record.e_d_signal or [])
    frames = [spf or 1 for spf in record.samps_per_frame]
    for values, frame in zip(digital, frames, strict=True):
        if header.sig_len and len(values) != header.sig_len * frame:
            found = f"{len(values)} of {header.sig_len * frame} samples"
            raise CisternaError("the record is cut short", str(path), found, "copy it again from its source")
    bad = _bad_checksums(record)
    record.dac(expanded=True, return_res=64, inplace=True)
    parts = []
    for k, values in enumerate(record.e_p_signal):
        own = record.sig_name[k] or f"signal {k + 1}"
        unit, quality = _scale(lines[k], own)
        if k in bad:
            notes.append(f"{path.stem}: checksum of '{own}' does not agree with the header")
            quality = "; ".join(q for q in (quality, "checksum differs") if q)
        parts.append(_Part(own, np.asarray(values, dtype=np.float64), unit, frames[k], quality))
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


def _check_files(path: Path, header: Any) -> None:
    """The signal files lie beside the header, are whole, and the decoded record fits in memory."""
    frames = [spf or 1 for spf in header.samps_per_frame]
    length = header.sig_len or 0
    if length < 0 or any(not 0 < spf <= 100_000 for spf in frames):
        raise CisternaError("impossible lengths in the header", where=str(path))
    guard_size(float(length) * sum(frames) * 8, path, "the decoded record")
    for file_name in dict.fromkeys(header.file_name):
        if not _SAFE_NAME.match(file_name or ""):
            found = f"'{file_name}'"
            raise CisternaError("a signal file must lie beside its header", str(path), found, "use plain file names")
        members = [k for k, name in enumerate(header.file_name) if name == file_name]
        file = path.with_name(file_name)
        if not file.is_file():
            mend = f"put '{file_name}' beside the header"
            raise CisternaError("a signal file of the record is missing", str(path), file_name, mend)
        size = readable_file(file).stat().st_size
        form = str(header.fmt[members[0]])
        if form not in _BITS and form not in _FLAC:
            raise CisternaError(f"unknown WFDB format '{form}'", where=str(path), mend="convert the record with wrsamp")
        if form in _BITS:
            samples = float(length) * sum(frames[k] for k in members)
            needed = int(samples * _BITS[form] / 8) + (header.byte_offset[members[0]] or 0)
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


def _stitch(header: Any, segments: list[tuple[str, int]], path: Path, notes: list[str]) -> list[Channel]:
    """The signals of a multi-segment record, NaN where a segment is a gap or lacks the signal."""
    total = sum(length for _, length in segments)
    guard_size(total * 8.0, path, "the decoded record")
    whole: dict[tuple[str, int], _Part] = {}
    begin = 0
    for name, length in segments:
        if name != "~" and length > 0:
            if not _SAFE_NAME.match(name):
                raise CisternaError("a segment must lie beside its header", str(path), f"'{name}'")
            file = readable_file(path.with_name(f"{name}.hea"))
            inner = _header(file)
            if hasattr(inner, "seg_name"):
                raise CisternaError("a segment is itself made of segments", where=str(file))
            if inner.fs != header.fs or inner.sig_len != length:
                found = f"{inner.fs:g} Hz, {inner.sig_len} frames"
                raise CisternaError(
                    "a segment does not fit its record", str(file), found, f"{header.fs:g} Hz, {length}"
                )
            _lay(whole, _decode(file, inner, notes), begin, total, file)
        elif name == "~":
            notes.append(f"gap of {length / header.fs:g} s at {begin / header.fs:g} s")
        begin += length
    return [part.channel(header.fs) for part in whole.values()]


def _lay(whole: dict[tuple[str, int], _Part], parts: list[_Part], begin: int, total: int, file: Path) -> None:
    """Put the signals of one segment in their place in the whole."""
    seen: dict[str, int] = {}
    for part in parts:
        seen[part.own] = seen.get(part.own, 0) + 1
        key = (part.own, seen[part.own])
        if key not in whole:
            guard_size((len(whole) + 1) * total * part.frame * 8.0, file, "the decoded record")
            whole[key] = _Part(part.own, np.full(total * part.frame, np.nan), part.unit, part.frame, part.quality)
        into = whole[key]
        if (into.unit, into.frame) != (part.unit, part.frame):
            found = f"'{part.unit}' x{part.frame} after '{into.unit}' x{into.frame}"
            raise CisternaError(f"'{part.own}' changes unit or rate between segments", str(file), found)
        into.values[begin * part.frame : begin * part.frame + part.values.size] = part.values
