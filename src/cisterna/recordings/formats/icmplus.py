"""ICM+ HDF5 (per published description): waves and numerics with index tables, marks, summaries, infusion tests.

Times in these files are the local clock written as if it were UTC: kept as they are. The fields about the person,
who made a mark, and the program's logs (they name files) are never read. Written from public readers and a printed
listing of one file.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.annotations import (
    NO_VALUE,
    Marks,
    quality_spans,
    quality_words,
    table_marks,
    text_of,
    xml_marks,
)
from cisterna.recordings.blocks import Layer, blocks_of, layers_of, read_layer
from cisterna.recordings.guard import guard_hdf5, guard_size
from cisterna.recordings.hours import (
    HOUR,
    MICRO,
    clock_seconds,
    clock_text,
    excel_seconds,
    hours_between,
    hours_into,
)
from cisterna.recordings.infusion import ENTRY, InfusionTest, parse_tests
from cisterna.recordings.layout import hdf5_layout
from cisterna.recordings.reader import Ask, Format
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import Event
from cisterna.recordings.timebase import place
from cisterna.recordings.track import Contents, Track

#: What the program writes where it has no value, unless the file says otherwise.
INVALID = -99999.0
_TESTS = ("aux/ICM+/icmtests", "aux/ICM+/tests")
_SUFFIXES = (".index", ".quality")


class ICMPlus(Format):
    """An HDF5 file of the bedside program ICM+, per published description."""

    name: ClassVar[str] = "icmplus"
    suffixes: ClassVar[tuple[str, ...]] = (".hdf5", ".h5")

    def sniff(self, path: Path, head: bytes) -> bool:
        """HDF5 with the group names of this layout."""
        return hdf5_layout(path, head) == "icmplus"

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every wave and numeric on its own grid, gaps missing; summaries; marks as events; infusion tests."""
        import h5py

        guard_hdf5(path)
        with h5py.File(path, "r") as source:
            held = _contents(source, path)
            guard_size(8.0 * sum(track.size for track in held.tracks), path, "the recording with its gaps")
            return held.whole(path)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """The file piece by piece; a piece holds the marks that overlap it."""
        import h5py

        guard_hdf5(path, whole=False)
        with h5py.File(path, "r") as source:
            yield from _contents(source, path).pieces(path, seconds)


def _contents(source: Any, path: Path) -> Contents:
    held = Contents()
    indexed = _indexed(source, path, held.notes)
    if not indexed:
        mend = "export the waves from the program again"
        raise CisternaError("the ICM+ file holds no samples", where=str(path), mend=mend)
    zero = min(layer.start for _, layers in indexed for layer in layers)
    ends = [(layer.start - zero) / MICRO + layer.size / layer.rate for _, layers in indexed for layer in layers]
    held.start = clock_text(zero / MICRO)
    marks = Marks(0.0, max(ends))
    hours = _text_hours(source, zero)
    _quality(source, indexed, zero, marks, held)
    _marks(source, zero, marks, hours)
    tests = _tests(source, zero, marks, hours)
    held.tracks += _summaries(source, zero, marks, held.notes)
    held.events = sorted(marks.events)
    held.notes += marks.notes
    software = {
        key: text_of(source.attrs[key])
        for key in ("dataCollectionSoftware", "dataProcessingSoftware", "formatVersion")
        if key in source.attrs
    }
    held.provenance = {
        "layout": "ICM+ (per published description)",
        "clock": "local clock of the bedside computer, written as if UTC; zone unknown",
        "starttime_us": zero,
        "software": software,
        "clock_moved_h": marks.shifts,
        ENTRY: [test.as_dict() for test in tests],
    }
    return held


def _indexed(source: Any, path: Path, notes: list[str]) -> list[tuple[Any, list[Layer]]]:
    """Every dataset of samples with its layers."""
    import h5py

    found = []
    for place_ in ("waves", "numerics"):
        group = source.get(place_)
        if not isinstance(group, h5py.Group):
            continue
        for key, item in group.items():
            if key.endswith(_SUFFIXES) or not isinstance(item, h5py.Dataset) or item.shape is None:
                continue
            if item.ndim != 1 or item.dtype.kind not in "fiu":
                notes.append(f"'{place_}/{key}' is not a series of numbers: left out")
                continue
            table = _beside(group, key, "index")
            if table is None:
                mend = "export it again with its index; a rate is not guessed"
                raise CisternaError(f"'{place_}/{key}' has no index", str(path), "no block times, no rate", mend)
            layers = layers_of(blocks_of(table, item.size, key, str(path), notes), key, str(path))
            if layers:
                found.append((item, layers))
            else:
                notes.append(f"'{place_}/{key}' has no block of samples: left out")
    return found


def _beside(group: Any, key: str, what: str) -> Any:
    """The table of a dataset: a sibling ``<name>.index``, or an attribute of the dataset; None without one."""
    sibling = group.get(f"{key}.{what}")
    if sibling is not None and getattr(sibling, "shape", None) is not None:
        return sibling[()]
    attrs = group[key].attrs
    return next((attrs[name] for name in (what, f".{what}", f"{key}.{what}") if name in attrs), None)


def _quality(source: Any, indexed: list[tuple[Any, list[Layer]]], zero: int, marks: Marks, held: Contents) -> None:
    """Tracks of the samples; stretches that are not good become events, those without a value are missing."""
    invalid = _invalid(source)
    meaning = _meaning(source)
    overall = source.get("global.quality")
    for item, layers in indexed:
        group, _, key = item.name.rpartition("/")
        tables = [_beside(source[group], key, "quality"), overall[()] if overall is not None else None]
        spans: list[tuple[float, float, int]] = []
        for table in tables:
            if table is not None and np.size(table):
                try:
                    spans += quality_spans(table, zero, marks.end)
                except CisternaError as error:
                    held.notes.append(f"the quality of '{key}' cannot be read: {error.what}")
        for begin, end, bits in spans:
            marks.events.append(Event(begin, end - begin, f"quality of {key}: {quality_words(bits, meaning)}"))
        lost = [(a, b) for a, b, bits in spans if bits & NO_VALUE]
        for k, layer in enumerate(layers):
            begin = (layer.start - zero) / MICRO
            gaps = sum(1 for a, b in zip(layer.blocks, layer.blocks[1:], strict=False) if b[0] > a[0] + a[1].length)
            said = [f"gaps between blocks: {gaps}"] if gaps else []
            said += [f"blocks moved by up to {1000 * layer.moved:.2g} ms to one grid"] if layer.moved > 1e-6 else []
            said += ["parts marked as not good by the monitor: see the events"] if spans else []
            own = key if k == 0 else f"{key} at {layer.rate:g} Hz ({k + 1})"
            if k:
                held.notes.append(
                    f"blocks of '{key}' with another rate or overlapping in time stand apart as '{own}': never joined"
                )
            read = partial(_samples, layer, item, invalid, [(a - begin, b - begin) for a, b in lost])
            unit = text_of(item.attrs.get("units", ""))
            held.tracks.append(Track(own, unit, read, layer.size, layer.rate, start=begin, quality="; ".join(said)))


def _samples(
    layer: Layer, item: Any, invalid: float, lost: list[tuple[float, float]], first: int, stop: int
) -> NDArray[np.float64]:
    """Samples of a grid; missing where the program says that there is no value."""
    values = read_layer(layer, item, first, stop)
    values[values == invalid] = np.nan
    for begin, end in lost:
        low = max(int(np.ceil(begin * layer.rate - 1e-6)) - first, 0)
        high = int(np.ceil(end * layer.rate - 1e-6)) - first
        values[low : max(high, low)] = np.nan
    return values


def _marks(source: Any, zero: int, marks: Marks, hours: int | None) -> None:
    """Events, notes and entries by hand, then what the program's own list has beyond them."""
    import h5py

    counted = []
    for key, prefix in (("annotations/events", ""), ("annotations/notes", "note")):
        table = source.get(key)
        if isinstance(table, h5py.Dataset) and table.shape is not None:
            counted += table_marks(table[()], zero, prefix)
    entries = source.get("manualentry")
    for key, table in entries.items() if isinstance(entries, h5py.Group) else ():
        if isinstance(table, h5py.Dataset) and table.shape is not None and table.dtype.names:
            counted += table_marks(table[()], zero, key.replace("_", " "))
    marks.add("annotations", counted)
    listed = source.get("aux/ICM+/icmevents")
    if isinstance(listed, h5py.Dataset) and listed.shape is not None:
        try:
            marks.add("icmevents", xml_marks(_text(listed), zero / MICRO), hours)
        except CisternaError as error:
            marks.notes.append(f"the list of events cannot be read: {error.what}")


def _tests(source: Any, zero: int, marks: Marks, hours: int | None) -> list[InfusionTest]:
    """The infusion tests of the file; their phases become events."""
    import h5py

    item = next((source[key] for key in _TESTS if isinstance(source.get(key), h5py.Dataset)), None)
    if item is None or item.shape is None:
        return []
    try:
        tests = parse_tests(_text(item), zero / MICRO)
        if hours is None:
            starts = [p.start for test in tests for p in test.phases]
            hours = hours_into(starts, marks.begin, marks.end)
        tests = parse_tests(_text(item), zero / MICRO - hours * HOUR)
    except CisternaError as error:
        marks.notes.append(f"the infusion tests cannot be read: {error.what}")
        return []
    for k, test in enumerate(tests):
        which = f"infusion test {k + 1}" if len(tests) > 1 else "infusion test"
        phases = [
            Event(p.start, max(p.stop - p.start, 0.0), f"{which}: {p.name}" + ("" if p.sound else " (ends early)"))
            for p in test.phases
        ]
        marks.events += phases
        marks.notes += [f"{which}: {flag}" for flag in test.flags]
    if hours and tests:
        marks.shifts["icmtests"] = hours
        marks.notes.append(f"the clock of the infusion tests is {-hours:+d} h off that of the samples: moved")
    return tests


def _summaries(source: Any, zero: int, marks: Marks, notes: list[str]) -> list[Track]:
    """What the program computed, row by row, on its own clock: the serial day of a spreadsheet."""
    import h5py

    item = source.get("summaries/minutes")
    if not isinstance(item, h5py.Dataset) or item.shape is None or "datetime" not in (item.dtype.names or ()):
        return []
    rows = np.atleast_1d(item[()])
    days = rows["datetime"].astype(np.float64)
    rows, days = rows[np.isfinite(days)], days[np.isfinite(days)]
    # The day number has 8 decimals of use: milliseconds. Finer digits are noise of the number.
    at = np.array([round(excel_seconds(day) - zero / MICRO, 3) for day in days.tolist()])
    if at.size < 2 or np.any(np.diff(at) <= 0):
        notes.append("the rows of 'summaries/minutes' have no rising times: left out")
        return []
    hours = hours_into(at.tolist(), marks.begin - HOUR / 60, marks.end + HOUR / 60)
    if hours:
        marks.shifts["summaries"] = hours
        notes.append(f"the clock of the summaries is {-hours:+d} h off that of the samples: moved by {hours:+d} h")
    at = at + hours * HOUR
    step = float(np.median(np.diff(at)))
    invalid = _invalid(source)
    tracks = []
    for key in rows.dtype.names or ():
        if key == "datetime" or rows.dtype[key].kind not in "fiu" or rows.dtype[key].shape:
            continue
        values = rows[key].astype(np.float64)
        values[values == invalid] = np.nan
        grid = place(at - at[0], values)
        axis = {"rate": grid.rate, "start": float(at[0])} if grid.rate else {"time": at}
        said = "; ".join(filter(None, (f"computed by ICM+, a row every {step:.3g} s", grid.note)))
        held = partial(_slice, grid.values)
        tracks.append(Track(f"summary {key}", "", held, grid.values.size, quality=said, **axis))
    return tracks


def _slice(values: NDArray[np.float64], first: int, stop: int) -> NDArray[np.float64]:
    return values[first:stop].copy()


def _text_hours(source: Any, zero: int) -> int | None:
    """Whole hours from the written clock of the file to that of its samples, where the file tells both."""
    written = clock_seconds(text_of(source.attrs.get("dataStartTime", "")))
    return None if written is None else hours_between(written, zero / MICRO)


def _invalid(source: Any) -> float:
    try:
        return float(text_of(source.attrs.get("invalidValue", INVALID)))
    except ValueError:
        return INVALID


def _meaning(source: Any) -> dict[int, str]:
    """What the quality bits mean in the words of the file."""
    table = source.get("definitions/qualityRef")
    if (
        table is None
        or getattr(table, "dtype", None) is None
        or not {"indicator", "description"} <= set(table.dtype.names or ())
    ):
        return {}
    return {int(row["indicator"]): text_of(row["description"])[:80] for row in np.atleast_1d(table[()])}


def _text(item: Any) -> bytes | str:
    value = item[()]
    one = np.ravel(value)[0] if np.size(value) else b""
    return one if isinstance(one, (bytes, str)) else bytes(one)
