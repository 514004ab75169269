"""Plain HDF5: in each group a time dataset `t` (or a rate) and 1-D datasets with a `units` attribute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.annotations import text_of
from cisterna.recordings.guard import guard_hdf5
from cisterna.recordings.layout import hdf5_layout
from cisterna.recordings.reader import Ask, Format, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.timebase import JITTER, Placed, is_time_name, place, seconds
from cisterna.recordings.track import Contents, Track

#: Names of attributes and variables that hold a rate in Hz.
RATES = ("rate", "fs", "fs_hz", "sampling_rate", "sampling_frequency", "sample_rate")
#: Times of one dataset that are held at once; of a longer one only a uniform clock is taken.
MOST_TIMES = 2**25
_SLICE = 2**20


class HDF5(Format):
    """A generic HDF5 file; formats with a layout of their own (SNIRF, ICM+, MATLAB) are not this."""

    name: ClassVar[str] = "hdf5"
    suffixes: ClassVar[tuple[str, ...]] = (".h5", ".hdf5", ".hdf")

    def sniff(self, path: Path, head: bytes) -> bool:
        """The HDF5 signature, and no layout that has a reader of its own."""
        return hdf5_layout(path, head) == "plain"

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every 1-D dataset as long as the time dataset of its group."""
        import h5py

        guard_hdf5(path)
        with h5py.File(path, "r") as source:
            return _contents(source, ask, path).whole(path)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """The file piece by piece; only the times are held as a whole."""
        import h5py

        guard_hdf5(path, whole=False)
        with h5py.File(path, "r") as source:
            yield from _contents(source, ask, path).pieces(path, seconds)


def _contents(source: Any, ask: Ask, path: Path) -> Contents:
    """The signals of every group, their samples still in the file."""
    import h5py

    held = Contents()
    clocks: set[float] = set()
    times: set[str] = set()
    groups: list[Any] = [source]
    source.visititems(lambda _, item: groups.append(item) if isinstance(item, h5py.Group) else None)
    for group in groups:
        tracks, first = _of_group(group, ask, path, held.notes, times)
        held.tracks += tracks
        clocks |= first
    if not held.tracks:
        mend = "give each group a time dataset 't' with units 's', or give rate=<Hz> (command line: --rate HZ)"
        raise CisternaError("no signal over time in the HDF5 file", where=str(path), mend=mend)
    extra: dict[str, Any] = {"clock_offset_s": min(clocks)} if clocks else {}
    held.provenance = {"time_columns": sorted(times), **extra}
    return held


def _of_group(group: Any, ask: Ask, path: Path, notes: list[str], times: set[str]) -> tuple[list[Track], set[float]]:
    """Signals of one group and the first time of its own clock."""
    import h5py

    sets = {key: item for key, item in group.items() if isinstance(item, h5py.Dataset) and item.shape is not None}
    flat = {key: item for key, item in sets.items() if item.ndim == 1 and item.dtype.kind in "fiu"}
    prefix = group.name.strip("/").replace("/", "_")
    clock = next((key for key in flat if is_time_name(key)), "")
    skipped = sorted(set(sets) - set(flat))
    notes += [f"dataset '{key}' is not a 1-D array of numbers: left out" for key in skipped]
    if not flat or (not clock and prefix and ask.rate is None):
        return [], set()
    rate = ask.rate if ask.rate is not None else _rate(group)
    stated = ""
    if clock:
        times.add(clock)
        stated = ask.units.get(clock) or tidy_unit(text_of(flat[clock].attrs.get("units", "")))
        if not stated and rate is not None:
            notes.append(f"time dataset '{clock}' states no unit: the rate is used")
            clock = ""
    if not clock and rate is None:
        return [], set()
    axis = _Axis.of(flat[clock], stated, clock, path) if clock else None
    tracks = []
    for key, item in flat.items():
        if is_time_name(key):
            continue
        own, unit = (f"{prefix}_{key}" if prefix else key), text_of(item.attrs.get("units", ""))
        if axis is None:
            tracks.append(Track(own, unit, partial(_numbers, item), item.size, rate))
        elif item.size != axis.count:
            notes.append(f"dataset '{key}' is not as long as '{clock}': left out")
        else:
            read = partial(axis.read, item)
            tracks.append(Track(own, unit, read, axis.size, axis.grid.rate, axis.grid.time, quality=axis.grid.note))
    return tracks, ({axis.zero} if axis is not None and axis.count else set())


@dataclass(frozen=True)
class _Axis:
    """The times of a group: where each sample of the file stands on the grid; `grid.values` holds its number."""

    zero: float
    count: int
    size: int
    grid: Placed

    @classmethod
    def of(cls, item: Any, unit: str, name: str, path: Path) -> _Axis:
        if item.size > MOST_TIMES:
            rate = _uniform(item, unit, name, path)
            zero = float(seconds(np.asarray(item[:1], dtype=np.float64), unit, name, path)[0])
            return cls(zero, item.size, item.size, Placed(np.empty(0), rate, None, ""))
        at = seconds(np.asarray(item[()], dtype=np.float64), unit, name, path)
        zero = float(at[0]) if at.size else 0.0
        grid = place(at - zero, np.arange(at.size, dtype=np.float64))
        if not grid.note or grid.rate is None:  # sample k stands in place k: no need to hold the numbers
            return cls(zero, at.size, at.size, grid._replace(values=np.empty(0)))
        return cls(zero, at.size, grid.values.size, grid)

    def read(self, item: Any, first: int, stop: int) -> NDArray[np.float64]:
        """Samples of a range of the grid, NaN where the file has none."""
        if not self.grid.values.size:
            return _numbers(item, first, stop)
        which = self.grid.values[first:stop]
        out = np.full(which.size, np.nan)
        there = np.isfinite(which)
        if there.any():
            low, high = int(which[there][0]), int(which[there][-1])
            out[there] = item[low : high + 1]
        return out


def _uniform(item: Any, unit: str, name: str, path: Path) -> float:
    """The rate (Hz) of a clock too long to hold, checked slice by slice to be uniform."""
    ends = seconds(np.array([item[0], item[-1]], dtype=np.float64), unit, name, path)
    rate = (item.size - 1) / float(ends[1] - ends[0])
    rate = float(round(rate)) if round(rate) and abs(rate / round(rate) - 1) < 1e-6 else rate
    for begin in range(0, item.size, _SLICE):
        at = seconds(np.asarray(item[begin : begin + _SLICE], dtype=np.float64), unit, name, path) - ends[0]
        off = np.abs(at * rate - np.arange(begin, begin + at.size))
        if off.max() > JITTER * 10:
            found = f"sample {begin + int(off.argmax())} is {off.max():.3g} periods off its place"
            mend = "store the file in parts of a day or two, each with its times"
            raise CisternaError(f"the times in '{name}' are irregular and too many to hold", str(path), found, mend)
    return rate


def _numbers(item: Any, first: int, stop: int) -> NDArray[np.float64]:
    return np.asarray(item[first:stop], dtype=np.float64)


def _rate(group: Any) -> float | None:
    for key in RATES:
        if key in group.attrs:
            value = float(np.ravel(group.attrs[key])[0])
            return value if np.isfinite(value) and value > 0 else None
    return None
