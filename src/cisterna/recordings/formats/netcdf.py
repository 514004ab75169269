"""NetCDF-4: recordings saved here, and files of other programs with a time coordinate in a stated unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert, same_dimension
from cisterna.recordings.flat import moved_clock
from cisterna.recordings.guard import guard_hdf5
from cisterna.recordings.reader import Ask, Channel, Format, assemble, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import is_time, time_attrs
from cisterna.recordings.store import MARK, from_dataset

#: Times that are looked at together, and how far a uniform clock may be off (a share of a step, as `rules`).
_BLOCK, _OFF = 1_000_000, 0.01
_SPELT = {"milliseconds": "ms", "minutes": "min", "hours": "h", "days": "d"}


class NetCDF(Format):
    """NetCDF-4 (HDF5 inside). A variable is a signal when its first dimension has a time coordinate."""

    name: ClassVar[str] = "netcdf"
    suffixes: ClassVar[tuple[str, ...]] = (".nc", ".nc4")

    def sniff(self, path: Path, head: bytes) -> bool:
        """The HDF5 signature under a NetCDF ending; classic NetCDF is recognised to be refused with advice."""
        classic = head[:4] in (b"CDF\x01", b"CDF\x02", b"CDF\x05")
        return classic or (head.startswith(b"\x89HDF") and path.name.lower().endswith(self.suffixes))

    def read(self, path: Path, ask: Ask) -> Recording:
        """A saved Recording as it was, else every variable over a time coordinate."""
        import h5py
        import xarray as xr

        _not_classic(path)
        guard_hdf5(path)
        with h5py.File(path, "r") as source:
            if MARK not in source.attrs:
                return _Foreign(source, path).window(None)
        with xr.open_dataset(
            path, engine="h5netcdf", decode_cf=False, decode_times=False, mask_and_scale=False
        ) as saved:
            data = saved.load()
        return from_dataset(data, path).with_provenance(own_layout=True)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """Windows of the variables; of the times only what a window needs is in memory."""
        import h5py

        _not_classic(path)
        guard_hdf5(path, whole=False)
        with h5py.File(path, "r") as source:
            if MARK in source.attrs:
                yield from _saved(source, path, seconds)
                return
            foreign = _Foreign(source, path)
            for begin, end in _windows(list(foreign.axes.values()), seconds):
                yield foreign.window((begin, end))

    def write(self, rec: Recording, path: Path) -> None:
        """As `Recording.save`: any shape, every digit."""
        rec.save(path)


@dataclass(frozen=True)
class _Axis:
    """A time coordinate: its dataset, seconds in its unit, the time [of the file, s] that is 0 here, its rate."""

    times: Any
    factor: float
    origin: float
    rate: float

    def part(self, first: int, end: int) -> NDArray[np.float64]:
        """Times [s] of some samples."""
        return np.asarray(self.times[first:end], dtype=np.float64) * self.factor - self.origin

    @property
    def size(self) -> int:
        return int(self.times.shape[0])

    def index(self, at: float) -> int:
        """The first sample at or after a time, by halving."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if float(self.part(middle, middle + 1)[0]) < at:
                low = middle + 1
            else:
                high = middle
        return low


def _windows(axes: list[_Axis], seconds: float) -> Iterator[tuple[float, float]]:
    """Windows that hold a sample of some axis, in order."""
    axes = [axis for axis in axes if axis.size]
    first = min((float(axis.part(0, 1)[0]) for axis in axes), default=0.0)
    k = 0
    while True:
        at = [axis.index(first + k * seconds) for axis in axes]
        ahead = [float(axis.part(i, i + 1)[0]) for axis, i in zip(axes, at, strict=True) if i < axis.size]
        if not ahead:
            return
        if not np.isfinite(min(ahead)):
            raise CisternaError("the times of the file are not finite")
        k = max(k, int((min(ahead) - first) // seconds))
        k += min(ahead) >= first + (k + 1) * seconds
        yield first + k * seconds, first + (k + 1) * seconds
        k += 1


def _saved(source: Any, path: Path, seconds: float) -> Iterator[Recording]:
    """Windows of a recording saved here; the times are kept out of xarray, which would index all of them."""
    import xarray as xr

    axes = {}
    for name, item in source.items():
        if is_time(name) and item.ndim == 1 and item.dtype.kind == "f":
            axes[name] = _Axis(item, 1.0, 0.0, _number(item, "rate", 0.0))
    if not axes:
        raise CisternaError("no signal over time in the NetCDF file", where=str(path))
    options: dict[str, Any] = {"decode_cf": False, "decode_times": False, "mask_and_scale": False, "cache": False}
    with xr.open_dataset(path, engine="h5netcdf", drop_variables=list(axes), **options) as whole:
        for begin, end in _windows(list(axes.values()), seconds):
            picks = {dim: (axis.index(begin), axis.index(end)) for dim, axis in axes.items()}
            part = whole.isel({dim: slice(*pick) for dim, pick in picks.items() if dim in whole.dims}).load()
            part = part.assign_coords(
                {d: (d, axes[d].part(*picks[d]), time_attrs(axes[d].rate)) for d in picks if d in whole.dims}
            )
            rec = from_dataset(part, path).with_provenance(own_layout=True)
            yield rec.with_events(e for e in rec.events if e.time < end and e.time + e.duration >= begin)


class _Foreign:
    """A file of another program: its time coordinates and the variables over them."""

    def __init__(self, source: Any, path: Path) -> None:
        import h5py

        self.path = path
        found: dict[str, tuple[Any, float, str]] = {}
        self.signals: list[tuple[str, Any, str]] = []
        for name, item in source.items():
            plain = isinstance(item, h5py.Dataset) and item.ndim == 1 and item.dtype.kind in "fiu"
            dim = _dimension(item) if plain else ""
            if not dim or dim == name or dim not in source:
                continue
            if dim not in found:
                found[dim] = (source[dim], *_time_unit(source[dim]))
            if found[dim][1] and item.shape == source[dim].shape:
                self.signals.append((name, item, dim))
        used = {dim: axis for dim, axis in found.items() if axis[1] and any(s[2] == dim for s in self.signals)}
        if not used:
            mend = "a signal needs a 1-D variable whose dimension has a coordinate with units 's'"
            raise CisternaError("no signal over time in the NetCDF file", where=str(path), mend=mend)
        firsts = [float(times[0]) * factor for times, factor, _ in used.values() if times.shape[0]]
        self.origin = min(firsts, default=0.0)
        if not np.isfinite(self.origin):
            raise CisternaError("the times of the file are not finite", where=str(path))
        self.start = next((moved_clock(clock, self.origin) for _, _, clock in used.values() if clock), "")
        self.axes = {dim: self._axis(times, factor) for dim, (times, factor, _) in used.items()}

    def _axis(self, times: Any, factor: float) -> _Axis:
        """A coordinate with its rate (0 = irregular), looked at in blocks; the rule is that of `rules.time_axis`."""
        axis = _Axis(times, factor, self.origin, 0.0)
        if axis.size < 2:
            return axis
        first, last = float(axis.part(0, 1)[0]), float(axis.part(axis.size - 1, axis.size)[0])
        if not last > first:
            raise CisternaError("the times of the file do not rise", f"{self.path}, {times.name}")
        rate = (axis.size - 1) / (last - first)
        off = 0.0
        for begin in range(0, axis.size, _BLOCK):
            at = axis.part(begin, min(begin + _BLOCK, axis.size))
            off = max(off, float(np.abs(at - first - (begin + np.arange(at.size)) / rate).max() * rate))
        nice = float(round(rate)) if round(rate) and abs(rate / round(rate) - 1) < 1e-9 else rate
        return _Axis(times, factor, self.origin, nice if off < _OFF else 0.0)

    def window(self, span: tuple[float, float] | None) -> Recording:
        """The signals from one time to another [s from the first sample], all of it with None."""
        channels = []
        for name, item, dim in self.signals:
            axis = self.axes[dim]
            begin, end = (axis.index(span[0]), axis.index(span[1])) if span else (0, axis.size)
            values = np.asarray(item[begin:end], dtype=np.float64)
            for key in ("_FillValue", "missing_value"):
                if key in item.attrs:
                    values[values == _number(item, key, np.nan)] = np.nan
            gain, offset = _number(item, "scale_factor", 1.0), _number(item, "add_offset", 0.0)
            unit = _text(item.attrs.get("units", ""))
            channels.append(Channel(name, values * gain + offset, unit, time=axis.part(begin, end)))
        extra: dict[str, Any] = {"clock_offset_s": self.origin} if self.origin else {}
        rec = assemble(channels, self.path, start=self.start, **extra)
        data = rec.dataset
        for (_, _, dim), name in zip(self.signals, rec.signals, strict=True):
            # A short piece shows the rate of the whole, not its own rounding.
            data[rec.time_dim(name)].attrs["rate"] = self.axes[dim].rate
        return Recording(data)


def _dimension(item: Any) -> str:
    """Name of the only dimension of a variable, "" when it has none."""
    scales = list(item.dims[0].values()) if item.ndim == 1 else []
    return str(scales[0].name).rpartition("/")[2] if scales else ""


def _time_unit(item: Any) -> tuple[float, str]:
    """Seconds in the unit of a coordinate (0 when it has none of time), and the clock time it counts from."""
    if item.ndim != 1 or item.dtype.kind not in "fiu":
        return 0.0, ""
    unit, _, since = _text(item.attrs.get("units", "")).partition(" since ")
    unit = _SPELT.get(tidy_unit(unit), tidy_unit(unit))
    if not unit or not same_dimension(unit, "s"):
        return 0.0, ""
    return convert(1.0, unit, "s"), since.strip().removesuffix(" UTC").removesuffix("Z").replace(" ", "T", 1)


def _not_classic(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(3) == b"CDF":
            raise CisternaError("classic NetCDF is not read", where=str(path), mend="nccopy -k nc4 old.nc new.nc")


def _number(item: Any, key: str, default: float) -> float:
    """A numerical attribute, alone or an array of one."""
    return float(np.ravel(item.attrs.get(key, default))[0])


def _text(value: Any) -> str:
    """An attribute as text: HDF5 strings come fixed, variable, or as arrays of one."""
    one = np.ravel(value)[0] if np.size(value) else ""
    return one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
