"""Plain HDF5: in each group a time dataset `t` (or a rate) and 1-D datasets with a `units` attribute."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import guard_hdf5
from cisterna.recordings.reader import Ask, Channel, Format, assemble, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.timebase import is_time_name, place, seconds

_RATES = ("rate", "fs", "fs_hz", "sampling_rate", "sampling_frequency", "sample_rate")


class HDF5(Format):
    """A generic HDF5 file; formats with a layout of their own (SNIRF, ICM+) are not this."""

    name: ClassVar[str] = "hdf5"
    suffixes: ClassVar[tuple[str, ...]] = (".h5", ".hdf5", ".hdf")

    def sniff(self, path: Path, head: bytes) -> bool:
        """The HDF5 signature."""
        return head.startswith(b"\x89HDF\r\n\x1a\n") and not path.name.lower().endswith((".nc", ".nc4", ".snirf"))

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every 1-D dataset as long as the time dataset of its group."""
        import h5py

        guard_hdf5(path)
        channels: list[Channel] = []
        notes: list[str] = []
        clocks: set[float] = set()
        times: set[str] = set()
        with h5py.File(path, "r") as source:
            groups: list[Any] = [source]
            source.visititems(lambda _, item: groups.append(item) if isinstance(item, h5py.Group) else None)
            for group in groups:
                found = _of_group(group, ask, path, notes, times)
                channels += found[0]
                clocks |= found[1]
        if not channels:
            mend = "give each group a time dataset 't' with units 's', or give rate=<Hz>"
            raise CisternaError("no signal over time in the HDF5 file", where=str(path), mend=mend)
        extra: dict[str, Any] = {"clock_offset_s": min(clocks)} if clocks else {}
        return assemble(channels, path, notes=notes, time_columns=sorted(times), **extra)


def _of_group(group: Any, ask: Ask, path: Path, notes: list[str], times: set[str]) -> tuple[list[Channel], set[float]]:
    """Channels of one group and the first time of its own clock."""
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
    if clock:
        times.add(clock)
        stated = ask.units.get(clock) or tidy_unit(_text(flat[clock].attrs.get("units", "")))
        if stated or rate is None:
            at = seconds(np.asarray(flat[clock][()], dtype=np.float64), stated, clock, path)
        else:
            notes.append(f"time dataset '{clock}' states no unit: the rate is used")
            clock = ""
    if not clock and rate is None:
        return [], set()
    channels = []
    for key, item in flat.items():
        if is_time_name(key):
            continue
        own, unit = (f"{prefix}_{key}" if prefix else key), _text(item.attrs.get("units", ""))
        values = np.asarray(item[()], dtype=np.float64)
        if clock and values.size != at.size:
            notes.append(f"dataset '{key}' is not as long as '{clock}': left out")
        elif clock:
            grid = place(at - at[0] if at.size else at, values)
            channels.append(Channel(own, grid.values, unit, rate=grid.rate, time=grid.time, quality=grid.note))
        else:
            channels.append(Channel(own, values, unit, rate=rate))
    return channels, ({float(at[0])} if clock and at.size else set())


def _rate(group: Any) -> float | None:
    for key in _RATES:
        if key in group.attrs:
            value = float(np.ravel(group.attrs[key])[0])
            return value if np.isfinite(value) and value > 0 else None
    return None


def _text(value: Any) -> str:
    """An attribute as text: HDF5 strings come fixed, variable, or as arrays of one."""
    one = np.ravel(value)[0] if np.size(value) else ""
    return one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
