"""Recording: signals over time with unit, reference level and origin, simulated and measured alike.

One `xarray.Dataset` holds everything. A signal is a variable with a time dimension, `time` or `time_<signal>`:
signals of one rate share a dimension, every other rate has its own. Further dimensions (`place`, `person`)
follow the time axis. Missing samples are NaN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import LEVELS
from cisterna.ground.units import convert

if TYPE_CHECKING:
    import xarray as xr

ORIGINS = ("simulated", "measured")
#: Quality of a signal that has no unit: its numbers mean shape and timing only.
UNCALIBRATED = "uncalibrated"
_EVENTS = ("event_time", "event_duration", "event_label")
_PROVENANCE = "cisterna_provenance"
_PLACED = re.compile(r"^(?P<name>[^()]+)\((?P<place>[^()]+)\)$")


class Event(NamedTuple):
    """A mark in time: start [s], duration [s] and what it says."""

    time: float
    duration: float
    label: str


class Recording:
    """Signals over time; immutable, every change gives a new recording.

    Parameters
    ----------
    data : xarray.Dataset, optional
        Dataset in the layout of the module text. Without it the recording is empty.

    Examples
    --------
    >>> rec = Recording().with_signal("icp", [10.0, 11.0, 10.5], rate=2.0, unit="mmHg", level_ref="foramen_monro")
    >>> rec.signals, rec.rate("icp"), rec.unit("icp"), rec.duration
    (['icp'], 2.0, 'mmHg', 1.5)
    >>> rec.time("icp").tolist()
    [0.0, 0.5, 1.0]
    """

    def __init__(self, data: xr.Dataset | None = None) -> None:
        import xarray as xr

        self._data: xr.Dataset = xr.Dataset() if data is None else data.copy()
        for name in self.signals:
            attrs = self._data[name].attrs
            attrs.setdefault("units", "")
            attrs.setdefault("level_ref", "none")
            attrs.setdefault("origin", "simulated")
            attrs.setdefault("own_name", name)
            attrs.setdefault("quality", "" if attrs["units"] else UNCALIBRATED)
            _vocabulary(name, attrs)

    # --- what is in it -------------------------------------------------------------------------------
    @property
    def dataset(self) -> xr.Dataset:
        """The dataset itself (a shallow copy)."""
        return self._data.copy()

    @property
    def signals(self) -> list[str]:
        """Names of the signals, in the order they were added."""
        return [str(name) for name, var in self._data.data_vars.items() if any(map(is_time, var.dims))]

    def __contains__(self, name: object) -> bool:
        return name in self.signals

    def __getitem__(self, name: str) -> xr.DataArray:
        """A signal as DataArray; ``rec["pressure_csf(C3)"]`` picks one place of a signal with places."""
        if name in self.signals:
            return self._data[name]
        placed = _PLACED.match(name)
        if placed and placed["name"] in self.signals and "place" in self._data[placed["name"]].dims:
            whole = self._data[placed["name"]]
            places = [str(p) for p in whole["place"].values]
            if placed["place"] not in places:
                raise UnknownName("place", placed["place"], places, where=placed["name"])
            return whole.isel(place=places.index(placed["place"]))
        raise UnknownName("signal", name, self.signals, where=self.title)

    def values(self, name: str, unit: str | None = None) -> NDArray[np.float64]:
        """Samples of a signal, time first (read-only); in `unit` when it is given, else in the signal's own.

        Raises
        ------
        CisternaError
            No such signal, or a unit asked of an uncalibrated signal or of another kind.
        """
        array = np.asarray(self[name].values, dtype=np.float64)
        own = self.unit(name)
        if unit is None or unit == own:
            return array
        if not own:
            mend = f"declare it when loading, e.g. units={{'{self[name].attrs['own_name']}': '{unit}'}}"
            raise CisternaError(f"signal '{name}' has no unit", where=self.title, found=UNCALIBRATED, mend=mend)
        offset = convert(0.0, own, unit)
        return array * (convert(1.0, own, unit) - offset) + offset

    def time(self, name: str) -> NDArray[np.float64]:
        """Sample times of a signal, s from the start of the recording."""
        return np.asarray(self._data[self.time_dim(name)].values, dtype=np.float64)

    def time_dim(self, name: str) -> str:
        """Name of the time dimension of a signal: `time` or `time_<signal>`."""
        return next(str(d) for d in self[name].dims if is_time(d))

    def rate(self, name: str) -> float:
        """Samples a second of a uniformly sampled signal.

        Raises
        ------
        CisternaError
            The signal has irregular times.
        """
        rate = float(self._data[self.time_dim(name)].attrs.get("rate", 0.0))
        if rate <= 0:
            mend = "put it on a uniform grid first: signals.clean.bridge(rec, name, rate=...)"
            raise CisternaError(f"signal '{name}' is not sampled uniformly", where=self.title, mend=mend)
        return rate

    def unit(self, name: str) -> str:
        """Unit of a signal; "" when it is uncalibrated, "1" when it is a pure number."""
        return str(self[name].attrs["units"])

    @property
    def span(self) -> tuple[float, float]:
        """First sample and end of the last one [s] over all signals; (0, 0) when empty."""
        edges = [_edges(self._data[dim]) for dim in {self.time_dim(s) for s in self.signals}]
        edges = [edge for edge in edges if edge is not None]
        return (min(e[0] for e in edges), max(e[1] for e in edges)) if edges else (0.0, 0.0)

    @property
    def duration(self) -> float:
        """Length of the recording, s."""
        first, end = self.span
        return end - first

    @property
    def title(self) -> str:
        """Where the recording comes from: file or person, "" when unknown."""
        return str(self._data.attrs.get("title", ""))

    @property
    def start(self) -> str:
        """Clock time of time 0 as the source gives it (ISO text, no zone), "" when unknown."""
        return str(self._data.attrs.get("start", ""))

    @property
    def events(self) -> list[Event]:
        """Marks in order of time."""
        if _EVENTS[0] not in self._data:
            return []
        columns = (self._data[key].values for key in _EVENTS)
        return [Event(float(t), float(d), str(label)) for t, d, label in zip(*columns, strict=True)]

    @property
    def provenance(self) -> dict[str, Any]:
        """How the recording was made: version, seed, parameters changed, file, warnings ..."""
        return dict(json.loads(self._data.attrs.get(_PROVENANCE, "{}")))

    # --- new recordings ------------------------------------------------------------------------------
    def with_signal(
        self,
        name: str,
        values: ArrayLike,
        *,
        rate: float | None = None,
        time: ArrayLike | None = None,
        start: float = 0.0,
        unit: str,
        level_ref: str = "none",
        origin: str = "simulated",
        own_name: str = "",
        quality: str = "",
        dims: Sequence[str] = ("place",),
        coords: Mapping[str, Sequence[Any]] | None = None,
        **more: str,
    ) -> Recording:
        """The recording with one more signal (or a signal replaced).

        Parameters
        ----------
        name : str
            Canonical name, e.g. ``abp``, ``pressure_csf``.
        values : array
            Samples, time first; further axes are named by `dims` and labelled by `coords`.
        rate : float, optional
            Samples a second (Hz), beginning at `start`.
        time : array, optional
            Sample times [s] instead of a rate; strictly increasing. Uniform times get their rate.
        unit : str
            Unit of the values; "1" for a pure number, "" for an uncalibrated signal.
        level_ref, origin, own_name, quality : str
            Level a pressure is read at; ``simulated`` or ``measured``; the file's own name; what is known of it.
        more : str
            Further text attributes.
        """
        array = np.array(values, dtype=np.float64)
        if array.ndim == 0:
            raise CisternaError(f"signal '{name}' has no time axis", mend="give one value per sample")
        if not re.fullmatch(r"[A-Za-z_][\w.()\- ]*", name) or is_time(name) or name.startswith("event"):
            raise CisternaError(f"'{name}' cannot name a signal", mend="use letters, digits and '_', e.g. 'icp'")
        if name in self._data.variables and name not in self.signals:
            raise CisternaError(f"'{name}' is already the name of a dimension", mend="choose another name")
        names = [str(d) for d in dims][: array.ndim - 1]
        if len(names) < array.ndim - 1:
            raise CisternaError(f"signal '{name}' has {array.ndim} axes", mend="name the axes after time by dims=")
        at, hertz = time_axis(name, array.shape[0], rate, time, start)
        base = self._data.drop_vars(name) if name in self._data else self._data
        base = base.drop_vars([c for c in base.coords if is_time(c) and not _used(base, c)])
        dim = _dimension(base, name, at, hertz)
        attrs = {
            "units": unit,
            "level_ref": level_ref,
            "origin": origin,
            "own_name": own_name or name,
            "quality": quality or ("" if unit else UNCALIBRATED),
            **more,
        }
        _vocabulary(name, attrs)
        array.flags.writeable = False
        new: dict[str, Any] = {k: (k, list(v)) for k, v in (coords or {}).items() if k in names}
        new |= {} if dim in base.variables else {dim: (dim, at, _time_attrs(hertz))}
        return Recording(base.assign_coords(new).assign({name: ((dim, *names), array, attrs)}))

    def with_events(self, events: Iterable[tuple[float, float, str]]) -> Recording:
        """The recording with its table of events replaced: (time s, duration s, label) each."""
        rows = sorted(Event(float(t), float(d), str(label)) for t, d, label in events)
        data = self._data.drop_vars([key for key in _EVENTS if key in self._data])
        if rows:
            seconds = {"units": "s"}
            data = data.assign(
                event_time=("event", [r.time for r in rows], seconds),
                event_duration=("event", [r.duration for r in rows], seconds),
                event_label=("event", np.array([r.label for r in rows], dtype=str)),
            )
        return Recording(data)

    def with_provenance(self, **entries: Any) -> Recording:
        """The recording with entries of its provenance added or replaced (plain JSON values)."""
        text = json.dumps({**self.provenance, **entries}, default=_plain, sort_keys=True)
        return Recording(self._data.assign_attrs({_PROVENANCE: text}))

    def with_title(self, title: str = "", start: str = "") -> Recording:
        """The recording with a title and, when known, the clock time of time 0."""
        return Recording(self._data.assign_attrs({"title": title} | ({"start": start} if start else {})))

    def renamed(self, names: Mapping[str, str]) -> Recording:
        """The recording with signals renamed (old to new); each keeps its own_name."""
        after = [names.get(signal, signal) for signal in self.signals]
        if len(set(after)) < len(after):
            twice = next(name for name in after if after.count(name) > 1)
            raise CisternaError(f"two signals would be called '{twice}'", where=self.title)
        dims = {f"time_{old}": f"time_{new}" for old, new in names.items() if f"time_{old}" in self._data.dims}
        return Recording(self._data.rename({**names, **dims}))

    def only(self, *names: str) -> Recording:
        """The recording with these signals alone; events and provenance stay."""
        for name in names:
            self[name]
        data = self._data.drop_vars([s for s in self.signals if s not in names])
        return Recording(data.drop_vars([c for c in data.coords if is_time(c) and not _used(data, c)]))

    def slice(self, t0: float, t1: float) -> Recording:
        """The part with t0 <= time < t1 [s]; times are kept, events that overlap are kept."""
        if not t0 < t1:
            raise CisternaError("the slice is empty", found=f"{t0:g} to {t1:g} s", mend="give t0 < t1")
        picks = {}
        for dim in {self.time_dim(name) for name in self.signals}:
            first, last = np.searchsorted(self._data[dim].values, [t0, t1])
            picks[dim] = slice(int(first), int(last))
        if picks and all(p.start == p.stop for p in picks.values()):
            found = "recorded: {:g} to {:g} s".format(*self.span)
            raise CisternaError(f"nothing is recorded from {t0:g} to {t1:g} s", where=self.title, found=found)
        kept = [e for e in self.events if e.time < t1 and e.time + e.duration >= t0]
        return Recording(self._data.isel(picks)).with_events(kept)

    def join(self, other: Recording, at: float | None = None) -> Recording:
        """`other` after this recording, gaps as NaN; see `cisterna.recordings.join.join`."""
        from cisterna.recordings.join import join

        return join(self, other, at)

    def merge(self, other: Recording) -> Recording:
        """The signals of both on one clock; see `cisterna.recordings.join.merge`."""
        from cisterna.recordings.join import merge

        return merge(self, other)

    # --- files and display ---------------------------------------------------------------------------
    def save(self, path: str | Path) -> Path:
        """Write as NetCDF, whole or not at all; see `cisterna.recordings.store.save`."""
        from cisterna.recordings.store import save

        return save(self, path)

    @staticmethod
    def open(path: str | Path) -> Recording:
        """Read what `save` wrote; see `cisterna.recordings.store.open_recording`."""
        from cisterna.recordings.store import open_recording

        return open_recording(path)

    def __repr__(self) -> str:
        from cisterna.recordings.show import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from cisterna.recordings.show import as_html

        return as_html(self)


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
        return start + np.arange(size) / rate, float(rate)
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


def _time_attrs(rate: float) -> dict[str, Any]:
    return {"units": "s", "standard_name": "time", "axis": "T", "long_name": "time since start", "rate": rate}


def _dimension(data: xr.Dataset, name: str, at: NDArray[np.float64], rate: float) -> str:
    """The time dimension that already has these times, or the name of a new one."""
    for dim in (str(c) for c in data.coords if is_time(c)):
        if data[dim].attrs.get("rate") == rate and np.array_equal(data[dim].values, at):
            return dim
    free = (f"time_{name}" if k == 1 else f"time_{name}_{k}" for k in count(1))
    return "time" if "time" not in data.variables else next(f for f in free if f not in data.variables)


def _used(data: xr.Dataset, dim: Any) -> bool:
    return any(dim in var.dims for var in data.data_vars.values())


def _edges(axis: xr.DataArray) -> tuple[float, float] | None:
    if axis.size == 0:
        return None
    rate = float(axis.attrs.get("rate", 0.0))
    return float(axis.values[0]), float(axis.values[-1]) + (1.0 / rate if rate > 0 else 0.0)


def _vocabulary(name: str, attrs: Mapping[Any, Any]) -> None:
    for key, allowed in (("level_ref", LEVELS), ("origin", ORIGINS)):
        if attrs[key] not in allowed:
            mend = f"one of {', '.join(allowed)}"
            raise CisternaError(f"signal '{name}' has an unknown {key}", found=f"{attrs[key]}", mend=mend)


def _plain(value: Any) -> Any:
    """NumPy numbers, arrays and paths as JSON; anything else as its text."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    return str(value)
