"""Moberg (CNS Monitor, Component Neuromonitoring System) archives, per published description.

A folder with three files for every stream, named ``modality,location,type,representation,source`` and ``,data``
(binary samples), ``,index`` (records of 28 bytes with times) or ``,settings`` (XML); a long stay lies in folders
``Segment_001`` and so on. Any file of the archive, or its folder, stands for the whole. Written from the wiki of
Moberg Analytics and a public reader (pycns); no archive was at hand. ``patient.info`` and ``admission.info`` are
never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.annotations import MOST_MARKS, Marks
from cisterna.recordings.blocks import MICRO, Block, Layer, layers_of, read_layer
from cisterna.recordings.formats._moberg import (
    BYTES_3,
    BYTES_4,
    LARGEST_TABLE,
    Name,
    Part,
    Parts,
    Settings,
    index_of,
    runs_of,
    settings_of,
    stream_name,
)
from cisterna.recordings.guard import MOST_OBJECTS, guard_size
from cisterna.recordings.hours import clock_seconds, clock_text
from cisterna.recordings.infusion import read_xml
from cisterna.recordings.reader import Ask, Format, assemble, printable
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import Event
from cisterna.recordings.track import Track, pieces

_PERSON = ("patient.info", "admission.info")
_TYPES = ("SampleSeries", "Numeric")
_WIDTHS = {"Integer": (4, False), "Float": (4, True), "CompositeFloat": (4, True)}


class Moberg(Format):
    """A folder archive of the Moberg monitor, per published description."""

    name: ClassVar[str] = "moberg"
    suffixes: ClassVar[tuple[str, ...]] = (",data", ",index", ",settings", *_PERSON)

    def entry(self, folder: Path) -> Path | None:
        """The first settings or samples of the folder or of its first segment."""
        for place in (folder, *_segments(folder)):
            files = sorted(f for f in place.iterdir() if stream_name(f) is not None and f.name.endswith(",data"))
            if files:
                return files[0]
        return None

    def sniff(self, path: Path, head: bytes) -> bool:
        """By the name of a stream; the binary samples have no head."""
        return stream_name(path) is not None or (path.name in _PERSON and self.entry(path.parent) is not None)

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every wave and numeric on its own grid, gaps missing; marks as events."""
        archive = _archive(path)
        guard_size(8.0 * sum(track.size for track in archive.tracks), path, "the recording with its gaps")
        channels = [track.whole() for track in archive.tracks]
        rec = assemble(channels, path, start=archive.start, notes=archive.notes, **archive.provenance)
        return rec.with_events(archive.events)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """The archive piece by piece; a piece holds the marks that overlap it."""
        archive = _archive(path)
        for begin, end, channels in pieces(archive.tracks, seconds):
            rec = assemble(channels, path, start=archive.start, notes=archive.notes, **archive.provenance)
            yield rec.with_events(e for e in archive.events if e.time < end and e.time + e.duration >= begin)


@dataclass
class _Archive:
    """What the folder holds, its samples still in the files; times in s from the first sample of all."""

    tracks: list[Track] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    start: str = ""
    notes: list[str] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Column:
    """One signal over all segments: where its samples lie, and its runs on the clock of the archive."""

    own: str
    unit: str
    parts: list[Part]
    blocks: list[Block]


def _segments(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.name.startswith("Segment_") and f.is_dir())


def _archive(path: Path) -> _Archive:
    folder = path.parent
    if folder.name.startswith("Segment_"):
        folder = folder.parent
    archive = _Archive()
    columns: dict[tuple[str, str, str, str], _Column] = {}
    skipped: dict[str, int] = {}
    places = [folder, *_segments(folder)]
    files = [f for place in places for f in sorted(place.iterdir()) if f.name.endswith(",data")][:MOST_OBJECTS]
    for file in files:
        name = stream_name(file)
        if name is None or not file.is_file():
            continue
        if name.type not in _TYPES or name.representation not in (*_WIDTHS, "Composite"):
            kind = f"{name.type} {name.representation}"
            skipped[kind] = skipped.get(kind, 0) + 1
            continue
        _take(file, name, columns, archive.notes)
    archive.notes += [f"{n} streams of the kind '{kind}' are left out" for kind, n in sorted(skipped.items())]
    indexed = [(column, layers_of(_rising(column.blocks), column.own, str(path))) for column in columns.values()]
    if not any(layers for _, layers in indexed):
        mend = "give an archive with SampleSeries or Numeric streams"
        raise CisternaError("the archive holds no samples", where=str(folder), mend=mend)
    zero = min(layer.start for _, layers in indexed for layer in layers)
    ends = [(layer.start - zero) / MICRO + layer.size / layer.rate for _, layers in indexed for layer in layers]
    marks = Marks(0.0, max(ends))
    for place in places:
        _marks(place / "Events.xml", zero, marks)
    for column, layers in indexed:
        archive.tracks += _tracks(column, layers, zero, archive.notes)
    archive.start = clock_text(zero / MICRO)
    archive.events = sorted(marks.events)
    archive.notes += marks.notes
    archive.provenance = {
        "layout": "Moberg archive (per published description)",
        "clock": "index of the archive, us since 1970; zone unknown",
        "starttime_us": zero,
        "clock_moved_h": marks.shifts,
    }
    return archive


def _take(file: Path, name: Name, columns: dict[tuple[str, str, str, str], _Column], notes: list[str]) -> None:
    """The columns of one stream of one segment, behind those of the segments before."""
    stem = file.name[: -len("data")]
    size = file.stat().st_size
    index = file.with_name(f"{stem}index")
    if size == 0:
        notes.append(f"'{file.name}' holds no samples: left out")
        return
    rows = index_of(index)
    settings = settings_of(file.with_name(f"{stem}settings"))
    wide = name.representation.startswith("Composite")
    if wide and not settings.columns:
        mend = "copy the archive again with all its files"
        raise CisternaError("the settings do not name the columns of a composite stream", str(file), mend=mend)
    width, real = _WIDTHS.get(name.representation, (0, False))
    if not width:
        kinds = {int(kind) for kind in np.unique(rows["kind"])}
        if kinds not in ({BYTES_3}, {BYTES_4}):
            found = ", ".join(hex(kind) for kind in sorted(kinds)[:6])
            raise CisternaError("the samples of a composite stream are of an unknown kind", str(index), found)
        width = 3 if kinds == {BYTES_3} else 4
    names = settings.columns if wide else ("",)
    frames, rest = divmod(size, width * len(names))
    if rest:
        notes.append(f"'{file.name}' ends within a sample: {rest} bytes left out")
    blocks = runs_of(rows, frames, index, notes)
    for k, column in enumerate(names):
        part = Part(file, width, real, len(names), k, None if real else settings.scale, frames)
        _append(columns, name, column, settings, part, blocks, notes)


def _append(
    columns: dict[tuple[str, str, str, str], _Column], name: Name, column: str, settings: Settings, part: Part,
    blocks: list[Block], notes: list[str],
) -> None:  # fmt: skip
    # Raw integers without a scale have no unit, whatever the settings say.
    unit = settings.unit if part.real or part.scale is not None else ""
    if settings.unit and not unit:
        notes.append(f"'{part.file.name}' holds integers and states no scale: uncalibrated")
    own = f"{name.own} {column}".strip()
    key = (own, name.type, name.source, unit)
    there = columns.setdefault(key, _Column(_own(own, name, columns), unit, [], []))
    before = sum(p.size for p in there.parts)
    there.parts.append(part)
    there.blocks += [Block(before + b.first, b.start, b.length, b.rate) for b in blocks]


def _own(own: str, name: Name, columns: dict[tuple[str, str, str, str], _Column]) -> str:
    """The name of a signal; with its type and device where another stream has that name."""
    taken = {column.own for column in columns.values()}
    return own if own not in taken else f"{own} {name.type} {name.source}"


def _rising(blocks: list[Block]) -> list[Block]:
    return sorted(blocks, key=lambda block: block.start)


def _tracks(column: _Column, layers: list[Layer], zero: int, notes: list[str]) -> list[Track]:
    tracks = []
    held = Parts(column.parts)
    for k, layer in enumerate(layers):
        gaps = sum(1 for a, b in zip(layer.blocks, layer.blocks[1:], strict=False) if b[0] > a[0] + a[1].length)
        said = [f"gaps between runs: {gaps}"] if gaps else []
        own = column.own if k == 0 else f"{column.own} at {layer.rate:g} Hz ({k + 1})"
        if k:
            notes.append(
                f"runs of '{column.own}' with another rate or overlapping in time stand apart as '{own}': never joined"
            )
        read = partial(_samples, layer, held)
        start = (layer.start - zero) / MICRO
        tracks.append(Track(own, column.unit, read, layer.size, layer.rate, start=start, quality="; ".join(said)))
    return tracks


def _samples(layer: Layer, held: Parts, first: int, stop: int) -> NDArray[np.float64]:
    return read_layer(layer, held, first, stop)


def _marks(file: Path, zero: int, marks: Marks) -> None:
    """Name, time and length of the marks; what was written to them may name a person and is not read."""
    if not file.is_file() or file.stat().st_size > LARGEST_TABLE:
        return
    try:
        root = read_xml(file.read_bytes())
    except CisternaError as error:
        marks.notes.append(f"the marks cannot be read: {error.what}")
        return
    found = []
    for item in root.findall("Event")[:MOST_MARKS]:
        at = clock_seconds(item.findtext("StartTime") or "")
        try:
            length = max(float(item.findtext("Duration") or 0.0), 0.0)
        except ValueError:
            length = 0.0
        if at is not None and np.isfinite(length):
            found.append(Event(at - zero / MICRO, length, printable(item.findtext("Name") or "") or "mark"))
    marks.add("Events.xml", found)
