"""The rules a signal in a Recording keeps: its name, its attributes, its time axis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import LEVELS

if TYPE_CHECKING:
    import xarray as xr

ORIGINS = ("simulated", "measured")
#: Quality of a signal that has no unit: its numbers mean shape and timing only.
UNCALIBRATED = "uncalibrated"
#: Variables of the table of events, and the attribute (in a file: variable) that holds the provenance as JSON.
EVENTS = ("event_time", "event_duration", "event_label")
PROVENANCE = "cisterna_provenance"


class Event(NamedTuple):
    """A mark in time: start [s], duration [s] and what it says."""

    time: float
    duration: float
    label: str


def is_time(dim: Any) -> bool:
    """Whether a dimension is a time dimension by name."""
    return str(dim) == "time" or str(dim).startswith("time_")


def time_axis(
    name: str, size: int, rate: float | None, time: ArrayLike | None, start: float
) -> tuple[NDArray[np.float64], float]:
    """Sample times [s] and rate [Hz, 0 = irregular] from either of them, checked."""
    if (rate is None) == (time is None):
        raise CisternaError(f"signal '{name}' needs a rate or times, one of them", mend="give rate= or time=")
    if rate is not None:
        if not (np.isfinite(rate) and rate > 0 and np.isfinite(start)):
            raise CisternaError(f"signal '{name}' has an impossible rate", found=f"{rate:g} Hz", mend="give rate > 0")
        with np.errstate(over="ignore"):
            at = start + np.arange(size) / rate
        if size > 1 and not (np.isfinite(at[-1]) and at[-1] > at[-2]):
            found = f"{rate:g} Hz from {start:g} s"
            raise CisternaError(f"the times of signal '{name}' do not rise", found=found, mend="give a believable rate")
        return at, float(rate)
    at = np.array(time, dtype=np.float64)
    if at.shape != (size,):
        raise CisternaError(f"signal '{name}' has {size} samples and {at.size} times", mend="give one time a sample")
    steps = np.diff(at)
    if not np.all(np.isfinite(at)) or np.any(steps <= 0):
        bad = int(np.argmax(~(steps > 0))) + 1 if steps.size else 0
        found = f"sample {bad}: {at[bad]:g} s after {at[max(bad - 1, 0)]:g} s"
        mend = "times must rise strictly; sort the rows or give a rate"
        raise CisternaError(f"the times of signal '{name}' do not rise", found=found, mend=mend)
    if size < 2:
        return at, 0.0
    hertz = (size - 1) / (at[-1] - at[0])
    # Times written with a few digits are uniform when no sample is off its place by a hundredth of a step.
    off = np.max(np.abs(at - (at[0] + np.arange(size) / hertz))) * hertz
    nice = round(hertz) if round(hertz) and abs(hertz / round(hertz) - 1) < 1e-9 else hertz
    return at, float(nice) if off < 0.01 else 0.0


def check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][\w.()\-+:> ]*", name) or is_time(name) or name.startswith("event"):
        raise CisternaError(f"'{name}' cannot name a signal", mend="use letters, digits and '_', e.g. 'icp'")


def frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """Samples that cannot be changed in place: two recordings may share them."""
    array.flags.writeable = False
    return array


def attributes(
    name: str, unit: str, level_ref: str, origin: str, own_name: str = "", quality: str = ""
) -> dict[str, str]:
    attrs = {"units": unit, "level_ref": level_ref, "origin": origin, "own_name": own_name or name}
    attrs["quality"] = quality or ("" if unit else UNCALIBRATED)
    check_vocabulary(name, attrs)
    return attrs


def time_attrs(rate: float) -> dict[str, Any]:
    return {"units": "s", "standard_name": "time", "axis": "T", "long_name": "time since start", "rate": rate}


def dimension(data: xr.Dataset, name: str, at: NDArray[np.float64], rate: float) -> str:
    """The time dimension that already has these times, or the name of a new one."""
    for dim in (str(c) for c in data.coords if is_time(c)):
        if data[dim].attrs.get("rate") == rate and np.array_equal(data[dim].values, at):
            return dim
    free = (f"time_{name}" if k == 1 else f"time_{name}_{k}" for k in count(1))
    return "time" if "time" not in data.variables else next(f for f in free if f not in data.variables)


def used(data: xr.Dataset, dim: Any) -> bool:
    return any(dim in var.dims for var in data.data_vars.values())


def edges_of(axis: xr.DataArray) -> tuple[float, float] | None:
    if axis.size == 0:
        return None
    rate = float(axis.attrs.get("rate", 0.0))
    return float(axis.values[0]), float(axis.values[-1]) + (1.0 / rate if rate > 0 else 0.0)


def check_vocabulary(name: str, attrs: Mapping[Any, Any]) -> None:
    for key, allowed in (("level_ref", LEVELS), ("origin", ORIGINS)):
        if attrs[key] not in allowed:
            mend = f"one of {', '.join(allowed)}"
            raise CisternaError(f"signal '{name}' has an unknown {key}", found=f"{attrs[key]}", mend=mend)


def plain(value: Any) -> Any:
    """NumPy numbers, arrays and paths as JSON; anything else as its text."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    return str(value)
