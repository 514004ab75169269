"""Recording: signals over time with unit, reference level and origin, simulated and measured alike.

One `xarray.Dataset` holds everything. A signal is a variable with a time dimension, `time` or `time_<signal>`:
signals of one rate share a dimension, every other rate has its own. Further dimensions (`place`, `person`)
follow the time axis. Missing samples are NaN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import convert
from cisterna.recordings.rules import (
    EVENTS,
    PROVENANCE,
    UNCALIBRATED,
    Event,
    attributes,
    check_name,
    check_vocabulary,
    dimension,
    edges_of,
    frozen,
    is_time,
    plain,
    time_attrs,
    time_axis,
    used,
)

if TYPE_CHECKING:
    import xarray as xr

_PLACED = re.compile(r"^(?P<name>[^()]+)\((?P<place>[^()]+)\)$")


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
            check_vocabulary(name, attrs)

    @classmethod
    def from_arrays(
        cls,
        times: ArrayLike,
        signals: Mapping[str, tuple[ArrayLike, str, str]],
        *,
        origin: str = "simulated",
        provenance: Mapping[str, Any] | None = None,
        title: str = "",
    ) -> Recording:
        """Many signals on one clock at once: name to (values, unit, level), times in s.

        Examples
        --------
        >>> rec = Recording.from_arrays([0.0, 0.1], {"icp": ([9.0, 9.5], "mmHg", "foramen_monro")})
        >>> rec.signals, rec.rate("icp")
        (['icp'], 10.0)
        """
        import xarray as xr

        at, hertz = time_axis("of the run", np.size(times), None, times, 0.0)
        variables = {}
        for name, (values, unit, level) in signals.items():
            check_name(name)
            array = np.array(values, dtype=np.float64)
            if array.shape != at.shape:
                found = f"shape {array.shape} for {at.size} times"
                raise CisternaError(f"signal '{name}' does not fit the times", found=found)
            variables[name] = ("time", frozen(array), attributes(name, unit, level, origin))
        data = xr.Dataset(variables, coords={"time": ("time", at, time_attrs(hertz))}, attrs={"title": title})
        return cls(data).with_provenance(**(provenance or {}))

    # --- what is in it -------------------------------------------------------------------------------
    @property
    def dataset(self) -> xr.Dataset:
        """The dataset itself (a shallow copy)."""
        return self._data.copy()

    @property
    def signals(self) -> list[str]:
        """Names of the signals, in the order they were added."""
        return [str(name) for name in self._data.data_vars if name in self]

    def __contains__(self, name: object) -> bool:
        variables = self._data.variables
        return name in variables and name not in self._data.coords and any(map(is_time, variables[name].dims))

    def __getitem__(self, name: str) -> xr.DataArray:
        """A signal as DataArray; ``rec["pressure_csf(C3)"]`` picks one place of a signal with places."""
        if name in self:
            return self._data[name]
        placed = _PLACED.match(name)
        if placed and placed["name"] in self and "place" in self._data[placed["name"]].dims:
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
        found = [edges_of(self._data[dim]) for dim in {self.time_dim(s) for s in self.signals}]
        edges = [edge for edge in found if edge is not None]
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
        if EVENTS[0] not in self._data:
            return []
        columns = (self._data[key].values for key in EVENTS)
        return [Event(float(t), float(d), str(label)) for t, d, label in zip(*columns, strict=True)]

    @property
    def provenance(self) -> dict[str, Any]:
        """How the recording was made: version, seed, parameters changed, file, warnings ..."""
        return dict(json.loads(self._data.attrs.get(PROVENANCE, "{}")))

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
        check_name(name)
        if name in self._data.variables and name not in self:
            raise CisternaError(f"'{name}' is already the name of a dimension", mend="choose another name")
        names = [str(d) for d in dims][: array.ndim - 1]
        if len(names) < array.ndim - 1:
            raise CisternaError(f"signal '{name}' has {array.ndim} axes", mend="name the axes after time by dims=")
        at, hertz = time_axis(name, array.shape[0], rate, time, start)
        base = self._data.drop_vars(name) if name in self._data else self._data
        base = base.drop_vars([c for c in base.coords if is_time(c) and not used(base, c)])
        dim = dimension(base, name, at, hertz)
        attrs = attributes(name, unit, level_ref, origin, own_name, quality) | more
        new: dict[str, Any] = {k: (k, list(v)) for k, v in (coords or {}).items() if k in names}
        new |= {} if dim in base.variables else {dim: (dim, at, time_attrs(hertz))}
        return Recording(base.assign_coords(new).assign({name: ((dim, *names), frozen(array), attrs)}))

    def with_events(self, events: Iterable[tuple[float, float, str]]) -> Recording:
        """The recording with its table of events replaced: (time s, duration s, label) each."""
        rows = sorted(Event(float(t), float(d), str(label)) for t, d, label in events)
        data = self._data.drop_vars([key for key in EVENTS if key in self._data])
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
        text = json.dumps({**self.provenance, **entries}, default=plain, sort_keys=True)
        return Recording(self._data.assign_attrs({PROVENANCE: text}))

    def with_title(self, title: str = "", start: str = "") -> Recording:
        """The recording with a title and, when known, the clock time of time 0."""
        return Recording(self._data.assign_attrs({"title": title} | ({"start": start} if start else {})))

    def renamed(self, names: Mapping[str, str]) -> Recording:
        """The recording with signals renamed (old to new); each keeps its own_name."""
        after = [names.get(signal, signal) for signal in self.signals]
        if twice := [name for name in after if after.count(name) > 1]:
            raise CisternaError(f"two signals would be called '{twice[0]}'", where=self.title)
        dims = {f"time_{old}": f"time_{new}" for old, new in names.items() if f"time_{old}" in self._data.dims}
        return Recording(self._data.rename({**names, **dims}))

    def only(self, *names: str) -> Recording:
        """The recording with these signals alone; events and provenance stay."""
        for name in names:
            self[name]
        data = self._data.drop_vars([s for s in self.signals if s not in names])
        return Recording(data.drop_vars([c for c in data.coords if is_time(c) and not used(data, c)]))

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
