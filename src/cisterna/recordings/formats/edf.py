"""EDF, EDF+ and BDF: every signal at its own rate, annotations as events, gaps as NaN, clipping marked.

The fields of the header that name a person (code, sex, birth date, name) are not kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.flat import moved_clock
from cisterna.recordings.formats._edf import Signal, codes, listed, read_header
from cisterna.recordings.formats._edf_write import write_edf
from cisterna.recordings.guard import guard_size
from cisterna.recordings.reader import Ask, Channel, Format, assemble, printable, tidy_unit
from cisterna.recordings.recording import Recording

#: Bytes of records decoded at once.
_BLOCK = 8 * 1024**2
#: Longest recording [s] a file is believed to span, its gaps included: ten years.
_LONGEST = 3.2e8
#: The trigger inputs among the 24 bits of BioSemi's status channel.
_TRIGGERS = 0xFFFF


class Edf(Format):
    """European Data Format, with annotations (EDF+), with gaps (EDF+D), with 24 bits (BDF)."""

    name: ClassVar[str] = "edf"
    suffixes: ClassVar[tuple[str, ...]] = (".edf", ".bdf", ".edf+", ".bdf+")

    def sniff(self, path: Path, head: bytes) -> bool:
        """The version field: ``0`` and seven blanks, or 255 and ``BIOSEMI``."""
        return len(head) >= 256 and (head[:8].rstrip(b" \x00") == b"0" or head[:8] == b"\xffBIOSEMI")

    def read(self, path: Path, ask: Ask) -> Recording:
        """All signals; NaN in gaps and where a sample is marked missing."""
        records = _Records(path, ask)
        guard_size(sum(records.lengths) * 8.0, path, "the decoded recording")
        return records.window(0.0, math.inf)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """Windows of the recording, each decoded from its own records."""
        records = _Records(path, ask)
        end = max(n / rate for n, rate in zip(records.lengths, records.rates, strict=True))
        count = max(1, math.ceil(end / seconds - 1e-9))
        for k in range(count):
            # Marks before the first sample and after the last one stand in the first and the last window.
            yield records.window(k * seconds, (k + 1) * seconds if k + 1 < count else math.inf)

    def write(self, rec: Recording, path: Path) -> None:
        """EDF+ (or BDF+ under ``.bdf``): one clock, events as annotations, missing samples as the lowest code."""
        write_edf(rec, path, 3 if path.name.lower().endswith((".bdf", ".bdf+")) else 2)


class _Run(NamedTuple):
    """Records one after the other without a gap: first and end record, time of the first [s from the start]."""

    first: int
    end: int
    time: float


class _Records:
    """A file whose header is read, whose records are placed in time, and whose samples are not yet decoded."""

    def __init__(self, path: Path, ask: Ask) -> None:
        self.path, self.header = path, read_header(path)
        head = self.header
        self.notes = list(head.notes)
        self.status = next((s for s in head.signals if head.width == 3 and s.label == "Status"), None)
        self.signals = tuple(s for s in head.signals if s is not self.status)
        if not self.signals:
            raise CisternaError("the file holds no signal", where=str(path), found="annotations only")
        self.rates = [s.samples / head.duration for s in self.signals]
        self.raw = [_unscaled(s, ask, path) for s in self.signals]
        times, events = listed(path, head)
        self.offset = float(times[0]) if times.size and math.isfinite(times[0]) else 0.0
        self.events = [(t - self.offset, length, printable(text)) for t, length, text in events]
        self.runs = self._placed(times)
        last = self.runs[-1]
        firsts = [self._first(s, last) for s in self.signals]
        lengths = [at + (last.end - last.first) * s.samples for at, s in zip(firsts, self.signals, strict=True)]
        self.lengths = [n - drop for n, drop in zip(lengths, self._padding(), strict=True)]
        if self.status is not None:
            self.notes.append("triggers of the status channel are events")

    def _placed(self, times: NDArray[np.float64]) -> list[_Run]:
        """The runs of records; one for a file without gaps."""
        head = self.header
        fastest = max(s.samples for s in head.signals) / head.duration
        whole = [_Run(0, head.count, 0.0)]
        if not times.size:
            return whole
        rel = times - self.offset
        even = np.arange(head.count) * head.duration
        if head.plus != "D":
            off = np.abs(rel - even) > 0.5 / fastest
            if off.any():
                at = int(np.argmax(off))
                self.notes.append(
                    f"the time of record {at + 1} says that there is a gap, the header says none: counted"
                )
            return whole
        if not np.isfinite(rel).all():
            at = int(np.argmax(~np.isfinite(rel)))
            raise CisternaError("a record of a file with gaps has no time", str(self.path), f"record {at + 1}")
        runs, first = [], 0
        for k in range(1, head.count + 1):
            if k < head.count and abs(rel[k] - rel[first] - (k - first) * head.duration) <= 0.5 / fastest:
                continue
            runs.append(_Run(first, k, float(rel[first])))
            end = rel[first] + (k - first) * head.duration
            if k < head.count and rel[k] < end:
                found = f"record {k + 1} begins at {rel[k]:g} s, the one before ends at {end:g} s"
                raise CisternaError("the records of the file overlap", str(self.path), found)
            first = k
        if runs[-1].time > _LONGEST:
            found = f"a record {runs[-1].time:g} s after the first"
            raise CisternaError("the times of the records are not to be believed", str(self.path), found)
        return runs

    def _first(self, signal: Signal, run: _Run) -> int:
        """Index of the first sample of a run, counted from the start of the recording with its gaps."""
        return round(run.time * signal.samples / self.header.duration)

    def _padding(self) -> list[int]:
        """Samples at the very end that all signals of a rate mark as missing: they only fill up the last record."""
        head = self.header
        lowest = head.lowest
        if any(lowest in signal.digital for signal in self.signals):
            return [0] * len(self.signals)
        raw = next(self._blocks(head.count - 1, head.count))[1]
        empty: dict[int, int] = {}
        for signal in self.signals:
            there = np.flatnonzero(codes(raw, signal, head.width) != lowest)
            run = signal.samples - 1 - int(there[-1]) if there.size else signal.samples
            empty[signal.samples] = min(run, empty.get(signal.samples, run))
        recorded = any(run < samples for samples, run in empty.items())
        return [empty[s.samples] if recorded else 0 for s in self.signals]

    def _blocks(self, first: int, end: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Records in blocks (records x bytes), each with the number of its first."""
        head = self.header
        step = max(1, _BLOCK // head.size)
        with self.path.open("rb") as stream:
            for begin in range(first, end, step):
                count = min(step, end - begin)
                stream.seek(head.begin + begin * head.size)
                raw = stream.read(count * head.size)
                if len(raw) < count * head.size:
                    raise CisternaError("the file is cut short", str(self.path), f"record {begin + 1} is not whole")
                yield begin, np.frombuffer(raw, np.uint8).reshape(count, head.size)

    def window(self, t0: float, t1: float) -> Recording:
        """The recording from t0 to t1 [s from its start]."""
        head = self.header
        lengths = zip(self.lengths, self.rates, strict=True)
        spans = [(_index(t0, rate, n), _index(t1, rate, n)) for n, rate in lengths]
        parts = [_Part(s, np.full(b - a, np.nan), a) for s, (a, b) in zip(self.signals, spans, strict=True)]
        marks: list[tuple[float, float, str]] = []
        for run in self.runs:
            before = None
            first = run.first + max(0, math.floor((t0 - run.time) / head.duration) - 1)
            end = run.end if math.isinf(t1) else run.first + math.ceil((t1 - run.time) / head.duration) + 1
            for begin, raw in self._blocks(first, min(run.end, end)):
                for part in parts:
                    at = self._first(part.signal, run) + (begin - run.first) * part.signal.samples
                    part.take(codes(raw, part.signal, head.width), at)
                if self.status is not None:
                    start = run.time + (begin - run.first) * head.duration
                    inputs = codes(raw, self.status, head.width) & _TRIGGERS
                    found = _changes(inputs, inputs[0] if before is None else before)
                    rate, before = self.status.samples / head.duration, inputs[-1]
                    marks += [(start + k / rate, 0.0, f"trigger {inputs[k]}") for k in found]
        events = [e for e in self.events if e[0] < t1 and (e[0] + e[1] >= t0 or t0 == 0)]
        channels = []
        for part, rate, bare in zip(parts, self.rates, self.raw, strict=True):
            channels.append(part.channel(head.lowest, rate, part.first / rate, bare))
        prefilter = {s.label: printable(s.prefilter) for s in self.signals if s.prefilter}
        extra: dict[str, Any] = {"prefilter": prefilter} if prefilter else {}
        clock = moved_clock(head.start, self.offset)
        rec = assemble(channels, self.path, start=clock, notes=self.notes, **extra)
        return rec.with_events([*events, *(mark for mark in marks if t0 <= mark[0] < t1)])


class _Part:
    """Codes of one signal in a window, NaN where none is recorded."""

    def __init__(self, signal: Signal, values: NDArray[np.float64], first: int) -> None:
        self.signal, self.values, self.first = signal, values, first

    def take(self, found: NDArray[np.int32], at: int) -> None:
        """Put codes that begin at sample `at` where they fall into the window."""
        low, high = max(at, self.first), min(at + found.size, self.first + self.values.size)
        if low < high:
            self.values[low - self.first : high - self.first] = found[low - at : high - at]

    def channel(self, lowest: int, rate: float, start: float, bare: bool) -> Channel:
        """The channel in physical units, with what its codes say of its quality."""
        signal, values = self.signal, self.values
        low, high = sorted(signal.digital)
        quality = []
        if lowest < low:
            missing = values == lowest
            if missing.any():
                values[missing] = np.nan
        outside = int(((values < low) | (values > high)).sum())
        if outside:
            quality.append(f"{outside} samples outside the digital limits of the header")
        clipped = int(((values == low) | (values == high)).sum())
        if clipped:
            quality.append(f"{clipped} samples at the digital limits (saturated)")
        if bare:
            return Channel(signal.label, values, "", rate, start=start, quality="; ".join(quality), scale="raw codes")
        values = signal.physical[0] + (values - signal.digital[0]) * signal.step
        scale = f"{signal.digital[0]}..{signal.digital[1]} is {signal.physical[0]:.9g}..{signal.physical[1]:.9g}"
        return Channel(signal.label, values, signal.unit, rate, start=start, quality="; ".join(quality), scale=scale)


def _changes(inputs: NDArray[np.int32], before: int) -> list[int]:
    """Samples where the trigger inputs change to another value than none."""
    return [int(k) for k in np.flatnonzero((np.diff(inputs, prepend=before) != 0) & (inputs != 0))]


def _unscaled(signal: Signal, ask: Ask, path: Path) -> bool:
    """Whether the codes are taken as they are; a signal without a scale is refused unless the user says so."""
    if signal.physical[0] != signal.physical[1]:
        return False
    stated = ask.unit_of(signal.label)
    if stated is None or tidy_unit(stated):
        found = f"{signal.physical[0]:g} for every number"
        mend = f"units={{'{signal.label}': 'none'}} (command line: --units {signal.label}=none) takes the raw numbers"
        raise CisternaError("the physical limits are equal: no scale", f"{path}, signal '{signal.label}'", found, mend)
    return True


def _index(t: float, rate: float, count: int) -> int:
    """The first sample at or after a time, within the samples there are."""
    return count if math.isinf(t) else min(max(math.ceil(t * rate - 1e-6), 0), count)
