"""Recordings put together: one after the other in time, or side by side on one clock.

A gap between two parts is filled with NaN and marked by an event; samples are never moved to close it.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.recording import Event, Recording

#: Two rates this close (relative) are one rate: clocks written with six digits.
SAME_RATE = 1e-6


def join(first: Recording, second: Recording, at: float | None = None) -> Recording:
    """`second` after `first` in time.

    Parameters
    ----------
    at : float, optional
        Time of the first recording [s] at which time 0 of the second lies. By default the difference of their
        clock times when both are known, else the second follows at the end of the first.

    Returns
    -------
    Recording
        Signals of both; NaN where a signal was not recorded. An event ``gap`` marks a gap, ``joined`` a seam.
        A second part whose clock falls between samples is put on the nearest sample, at most half a sample off.

    Raises
    ------
    CisternaError
        The parts overlap, or a signal differs in unit, level, origin, rate or places.

    Examples
    --------
    >>> a = Recording().with_signal("icp", [1.0, 2.0], rate=1.0, unit="mmHg")
    >>> b = Recording().with_signal("icp", [5.0], rate=1.0, unit="mmHg")
    >>> a.join(b, at=3.0).values("icp").tolist()
    [1.0, 2.0, nan, 5.0]
    """
    end = first.span[1]
    if at is None:
        at = _clock_difference(first, second)
    if at is None:
        at = end - second.span[0]
    # Half a sample of the fastest signal is the finest a seam can mean.
    finest = min((1.0 / _rate(r, n) for r in (first, second) for n in r.signals if _rate(r, n)), default=0.0)
    gap = at + second.span[0] - end
    if gap < -0.5 * finest - 1e-9 * abs(end):
        found = f"the second begins {-gap:g} s before the first ends"
        raise CisternaError("the recordings overlap", found=found, mend="slice one of them, or use merge()")
    new = Recording().with_title(first.title or second.title, first.start)
    for name in dict.fromkeys([*first.signals, *second.signals]):
        new = _joined(new, first, second, name, at)
    shifted = [Event(e.time + at, e.duration, e.label) for e in second.events]
    seam = Event(end, gap, "gap") if gap > 0.5 * finest else Event(end, 0.0, "joined")
    parts = [p for p in (first.provenance, second.provenance) if p]
    new = new.with_events([*first.events, seam, *shifted])
    return new.with_provenance(**(first.provenance | ({"joined": parts} if len(parts) > 1 else {})))


def merge(first: Recording, second: Recording) -> Recording:
    """The signals of both on one clock (time 0 of both is the same moment).

    Raises
    ------
    CisternaError
        A signal stands in both.
    """
    twice = [name for name in second.signals if name in first]
    if twice:
        raise CisternaError(f"signal '{twice[0]}' stands in both recordings", mend="rename one: rec.renamed({...})")
    new = first
    for name in second.signals:
        new = _copy(new, second, name, second.time(name), second.values(name))
    return new.with_events([*first.events, *second.events]).with_provenance(**{**second.provenance, **first.provenance})


def _joined(new: Recording, first: Recording, second: Recording, name: str, at: float) -> Recording:
    """One signal of the joined recording."""
    if name not in first or name not in second:
        whose, shift = (first, 0.0) if name in first else (second, at)
        return _copy(new, whose, name, whose.time(name) + shift, whose.values(name), start=shift)
    a, b = first[name].attrs, second[name].attrs
    for key in ("units", "level_ref", "origin"):
        if a[key] != b[key]:
            found = f"'{a[key]}' and '{b[key]}'"
            raise CisternaError(f"signal '{name}' differs in {key} between the parts", found=found)
    x, y = first.values(name), second.values(name)
    if x.shape[1:] != y.shape[1:] or first[name].dims[1:] != second[name].dims[1:]:
        raise CisternaError(f"signal '{name}' has other places in the second part")
    rate, other = _rate(first, name), _rate(second, name)
    if not rate or not other:
        times = np.concatenate([first.time(name), second.time(name) + at])
        return _copy(new, first, name, times, np.concatenate([x, y]))
    if abs(other / rate - 1.0) > SAME_RATE:
        mend = "resample one of them first"
        raise CisternaError(f"signal '{name}' has two rates", found=f"{rate:g} and {other:g} Hz", mend=mend)
    begin = first.time(name)[0] if x.size else second.time(name)[0] + at
    offset = round((second.time(name)[0] + at - begin) * rate) if y.size else x.shape[0]
    offset = max(offset, x.shape[0])
    values = np.full((offset + y.shape[0], *x.shape[1:]), np.nan)
    values[: x.shape[0]] = x
    values[offset:] = y
    return _copy(new, first, name, None, values, start=begin, rate=rate)


def _copy(
    new: Recording,
    source: Recording,
    name: str,
    times: NDArray[np.float64] | None,
    values: NDArray[np.float64],
    start: float = 0.0,
    rate: float = 0.0,
) -> Recording:
    """The signal of `source` with other samples, its attributes kept."""
    attrs = {str(k): str(v) for k, v in source[name].attrs.items()}
    unit = attrs.pop("units")
    dims = [str(d) for d in source[name].dims[1:]]
    coords = {d: list(source.dataset[d].values) for d in dims if d in source.dataset.coords}
    hertz = rate or _rate(source, name)
    if hertz and times is not None and times.size:
        start = float(times[0])
    axis = {"rate": hertz, "start": start} if hertz else {"time": times}
    return new.with_signal(name, values, unit=unit, dims=dims, coords=coords, **axis, **attrs)  # type: ignore[arg-type]


def _rate(rec: Recording, name: str) -> float:
    return float(rec.dataset[rec.time_dim(name)].attrs.get("rate", 0.0))


def _clock_difference(first: Recording, second: Recording) -> float | None:
    try:
        a, b = (datetime.fromisoformat(r.start) for r in (first, second))
        return (b - a).total_seconds()
    except (ValueError, TypeError):
        return None
