"""SNIRF, the shared format of near-infrared spectroscopy (HDF5), specification 1.x.

Each `data` and each `aux` block has its own clock, in the unit that `metaDataTags/TimeUnit` states (case matters).
The fields about the person are never read. Specification: Tucker et al., Neurophotonics 10 (2023) 013507,
doi:10.1117/1.NPh.10.1.013507.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.annotations import MOST_MARKS, text_of
from cisterna.recordings.guard import guard_hdf5
from cisterna.recordings.layout import hdf5_layout
from cisterna.recordings.reader import Ask, Format, printable
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import Event
from cisterna.recordings.timebase import place
from cisterna.recordings.track import Contents, Track

#: The spellings of the specification; any other is asked for, not guessed ("S" is siemens, "mHz" is not "MHz").
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "μs": 1e-6, "µs": 1e-6}
_SLICE = 2**20


class SNIRF(Format):
    """A SNIRF file: light intensities or concentrations, auxiliary signals, stimulus marks."""

    name: ClassVar[str] = "snirf"
    suffixes: ClassVar[tuple[str, ...]] = (".snirf",)

    def sniff(self, path: Path, head: bytes) -> bool:
        """HDF5 under the ending of the format or with its group names."""
        return hdf5_layout(path, head) == "snirf"

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every column of every `data` block, every `aux` signal, stimuli as events."""
        import h5py

        guard_hdf5(path)
        with h5py.File(path, "r") as source:
            return _contents(source, ask, path).whole(path)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """The file piece by piece; the times are held as a whole."""
        import h5py

        guard_hdf5(path, whole=False)
        with h5py.File(path, "r") as source:
            yield from _contents(source, ask, path).pieces(path, seconds)


def _contents(source: Any, ask: Ask, path: Path) -> Contents:
    groups = _numbered(source, "nirs")
    if not groups:
        raise CisternaError("the SNIRF file has no group 'nirs'", where=str(path), mend="it is of another format")
    held = Contents()
    tags = {key: _tag(groups[0], key) for key in ("TimeUnit", "LengthUnit", "FrequencyUnit")}
    begin = _begin(groups[0])
    raw: list[tuple[Track, NDArray[np.float64]]] = []
    for k, group in enumerate(groups):
        prefix = "" if k == 0 else f"nirs{k + 1} "
        offset = 0.0
        if k:
            other = _begin(group)
            if begin is None or other is None:
                held.notes.append(f"'{group.name}' shares no clock with the first measurement: left out")
                continue
            offset = (other - begin).total_seconds()
        unit = _time_unit(group, ask, path)
        raw += _data(group, prefix, unit, offset, path, held.notes)
        raw += _aux(group, prefix, unit, offset, path, held.notes)
        held.events += _stimuli(group, prefix, unit, offset, held.notes)
    if not raw:
        raise CisternaError("the SNIRF file holds no samples over time", where=str(path))
    zero = min(float(at[0]) for _, at in raw)
    held.tracks = [_placed(track, at - zero) for track, at in raw]
    held.events = sorted(Event(e.time - zero, e.duration, e.label) for e in held.events)
    if begin is not None:
        held.start = (begin + timedelta(seconds=zero)).isoformat()
    written = {key: _tag(groups[0], key) for key in ("MeasurementDate", "MeasurementTime")}
    held.provenance = {
        "clock_offset_s": zero,
        "time_columns": ["time"],
        "units_of_file": tags,
        "measurement": written,
        "format_version": text_of(source["formatVersion"][()]) if "formatVersion" in source else "",
    }
    return held


def _data(
    group: Any, prefix: str, unit: float, offset: float, path: Path, notes: list[str]
) -> list[tuple[Track, NDArray[np.float64]]]:
    """The columns of the `data` blocks with their times."""
    waves = _vector(group, "probe/wavelengths")
    found = []
    for number, block in enumerate(_numbered(group, "data")):
        item = _array(block, "dataTimeSeries")
        if item is None:
            notes.append(f"'{block.name}' has no numbers: left out")
            continue
        at = _times(block, item.shape[0], unit, path) + offset
        columns = 1 if item.ndim == 1 else item.shape[1]
        lists = _lists(block, columns)
        if len(lists) != columns:
            what = f"'{block.name}' has {columns} columns and {len(lists)} descriptions"
            raise CisternaError(what, str(path), mend="each measurementListK describes column K")
        store = _Columns(item)
        for k, said in enumerate(lists):
            own = f"{prefix}{_name(said, waves, k)}" + (f" data{number + 1}" if number else "")
            label = str(said.get("dataUnit", ""))
            found.append((_track(own, label, partial(store.read, k), item, notes), at))
    return found


def _aux(
    group: Any, prefix: str, unit: float, offset: float, path: Path, notes: list[str]
) -> list[tuple[Track, NDArray[np.float64]]]:
    """The auxiliary signals with their own times; `timeOffset` is added to them."""
    found = []
    for aux in _numbered(group, "aux"):
        item = _array(aux, "dataTimeSeries")
        if item is None or item.shape[0] == 0:
            notes.append(f"'{aux.name}' has no numbers: left out")
            continue
        at = _times(aux, item.shape[0], unit, path) + offset
        shift = _vector(aux, "timeOffset") * unit
        if shift.size == at.size or shift.size == 1:
            at = at + shift
        elif shift.size:
            notes.append(f"'{aux.name}' has {shift.size} time offsets for {at.size} samples: not applied")
        own = text_of(aux["name"][()]) if "name" in aux else aux.name.rpartition("/")[2]
        label = text_of(aux["dataUnit"][()]) if "dataUnit" in aux else ""
        store = _Columns(item)
        columns = 1 if item.ndim == 1 else item.shape[1]
        for k in range(columns):
            column = f"{prefix}{own}" + (f" {k + 1}" if columns > 1 else "")
            found.append((_track(column, label, partial(store.read, k), item, notes), at))
    return found


def _track(own: str, unit: str, read: Any, item: Any, notes: list[str]) -> Track:
    quality = ""
    columns = max(item.size // max(item.shape[0], 1), 1)
    if _all_zero(read, item.shape[0], max(_SLICE // columns, 1)):
        quality = "every sample is 0"
        notes.append(f"every sample of '{printable(own)}' is 0: perhaps not connected")
    return Track(own, unit, read, item.shape[0], quality=quality)


def _placed(track: Track, at: NDArray[np.float64]) -> Track:
    """A track on its uniform grid, or with irregular times; where samples are missing their numbers are held."""
    grid = place(at - at[0], np.arange(at.size, dtype=np.float64))
    if grid.rate is None:
        return Track(track.own, track.unit, track.read, at.size, time=at, quality=_joined(track.quality, grid.note))
    if not grid.note:
        return Track(track.own, track.unit, track.read, at.size, grid.rate, None, float(at[0]), track.quality)
    read = partial(_spread, track.read, grid.values)
    quality = _joined(track.quality, grid.note)
    return Track(track.own, track.unit, read, grid.values.size, grid.rate, None, float(at[0]), quality)


def _spread(read: Any, numbers: NDArray[np.float64], first: int, stop: int) -> NDArray[np.float64]:
    which = numbers[first:stop]
    out = np.full(which.size, np.nan)
    there = np.isfinite(which)
    if there.any():
        out[there] = read(int(which[there][0]), int(which[there][-1]) + 1)
    return out


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


class _Columns:
    """Columns of one array, read together: a column alone would read the whole array once for each."""

    def __init__(self, item: Any) -> None:
        self.item = item
        self.held: tuple[int, int, NDArray[np.float64]] | None = None

    def read(self, column: int, first: int, stop: int) -> NDArray[np.float64]:
        if self.held is None or self.held[:2] != (first, stop):
            self.held = (first, stop, np.asarray(self.item[first:stop], dtype=np.float64))
        values = self.held[2]
        return values.copy() if values.ndim == 1 else values[:, column].copy()


def _times(block: Any, count: int, unit: float, path: Path) -> NDArray[np.float64]:
    """Times of the samples (s): one value a sample, or two values, start and step."""
    at = _vector(block, "time") * unit
    if at.size == 2 and count != 2:
        at = at[0] + np.arange(count) * at[1]
    if at.size != count or count == 0:
        found = f"{count} samples, {at.size} times"
        raise CisternaError(f"the times of '{block.name}' do not fit its samples", str(path), found)
    if not (np.isfinite(at).all() and np.all(np.diff(at) > 0)):
        raise CisternaError(f"the times of '{block.name}' do not rise", str(path), mend="export the file again")
    return at


def _time_unit(group: Any, ask: Ask, path: Path) -> float:
    """The unit of times in s: what the user says of ``time``, else the tag of the file, letter by letter."""
    stated = ask.units.get("time", _tag(group, "TimeUnit"))
    if stated not in TIME_UNITS:
        mend = "say it: units={'time': 's'} (or 'ms', 'us'; command line: --units time=s)"
        found = f"TimeUnit '{stated}'" if stated else "no TimeUnit"
        raise CisternaError("the SNIRF file states no known unit of time", str(path), found, mend)
    return TIME_UNITS[stated]


def _lists(block: Any, columns: int) -> list[dict[str, Any]]:
    """What is said of each column: `measurementListK` one by one, or `measurementLists` as arrays."""
    import h5py

    if "measurementLists" in block and isinstance(block["measurementLists"], h5py.Group):
        fields = {key: np.atleast_1d(item[()]) for key, item in block["measurementLists"].items()}
        return [{key: _plain(v[k]) for key, v in fields.items() if k < v.size} for k in range(columns)]
    found = []
    for one in _numbered(block, "measurementList"):
        found.append({key: _plain(v[()]) for key, v in one.items() if isinstance(v, h5py.Dataset) and v.size == 1})
    return found


def _name(said: Mapping[str, Any], waves: NDArray[np.float64], k: int) -> str:
    """A column's name: source and detector with the wavelength (nm) or what was computed from it."""
    try:
        pair = f"S{int(said['sourceIndex'])}_D{int(said['detectorIndex'])}"
        if int(said.get("dataType", 0)) == 99999 and said.get("dataTypeLabel"):
            return f"{pair} {said['dataTypeLabel']}"
        which = int(said["wavelengthIndex"])
        return f"{pair} {waves[which - 1]:g}" if 1 <= which <= waves.size else f"{pair} wavelength {which}"
    except (KeyError, ValueError, TypeError):
        return f"column {k + 1}"


def _stimuli(group: Any, prefix: str, unit: float, offset: float, notes: list[str]) -> list[Event]:
    """Stimulus marks: rows of start, duration and value."""
    found = []
    for stim in _numbered(group, "stim"):
        label = printable(text_of(stim["name"][()])) if "name" in stim else ""
        rows = _array(stim, "data")
        if rows is None or rows.ndim != 2 or rows.shape[1] < 2:
            notes.append(f"'{stim.name}' holds no marks")
            continue
        for row in np.asarray(rows[:MOST_MARKS], dtype=np.float64):
            if np.isfinite(row[:2]).all():
                found.append(
                    Event(row[0] * unit + offset, max(row[1] * unit, 0.0), f"{prefix}stimulus {label}".strip())
                )
    return found


def _begin(group: Any) -> datetime | None:
    """Date and time of the measurement without their zone; None when either is unknown."""
    date, time = _tag(group, "MeasurementDate"), _tag(group, "MeasurementTime")
    clock = re.match(r"^(\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*\s*(?:Z|[+-]\d\d:?\d\d)?$", time)
    try:
        return datetime.fromisoformat(f"{date}T{clock[1]}") if clock else None
    except ValueError:
        return None


def _numbered(parent: Any, name: str) -> list[Any]:
    """Groups called `name` or `name1`, `name2` ... in the order of their numbers."""
    import h5py

    pattern = re.compile(rf"^{name}(\d{{0,9}})$")
    found = [(int(m[1] or 0), parent.get(key)) for key in parent if (m := pattern.match(key))]
    return [item for _, item in sorted(found, key=lambda pair: pair[0]) if isinstance(item, h5py.Group)]


def _array(group: Any, key: str) -> Any:
    """A dataset of numbers, one or two axes; None when there is none."""
    import h5py

    item = group.get(key)
    fits = isinstance(item, h5py.Dataset) and item.shape is not None and item.dtype.kind in "fiu"
    return item if fits and item.ndim in (1, 2) else None


def _vector(group: Any, key: str) -> NDArray[np.float64]:
    """A dataset as a flat array; empty when there is none."""
    import h5py

    item = group.get(key)
    if not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in "fiu":
        return np.empty(0)
    return np.asarray(item[()], dtype=np.float64).ravel()


def _tag(group: Any, key: str) -> str:
    """A text of `metaDataTags`: fixed or variable length, or an array of one."""
    import h5py

    item = group.get(f"metaDataTags/{key}")
    return printable(text_of(item[()])) if isinstance(item, h5py.Dataset) and item.shape is not None else ""


def _plain(value: Any) -> Any:
    one = np.ravel(value)[0] if np.size(value) else ""
    return text_of(one) if isinstance(one, (bytes, str)) else one


def _all_zero(read: Any, count: int, rows: int) -> bool:
    """Whether no sample differs from 0: looked at in slices, and mostly decided by the first."""
    return count > 0 and not any(np.any(read(k, min(k + rows, count))) for k in range(0, count, rows))
