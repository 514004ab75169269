"""A Recording as plain channels on one clock: what most file formats can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.names import labels
from cisterna.recordings.recording import Event, Recording

#: Two rates belong to one frame when their ratio is a fraction of small numbers to this accuracy.
RATIO = 1e-9
#: Largest denominator of such a fraction: 1000 Hz beside 0.999 Hz is not one clock divided twice.
MOST_PARTS = 1000
#: Farthest a first sample may lie off the common frame, as a share of its own step.
OFF_GRID = 0.02


@dataclass(frozen=True)
class Plain:
    """One uniformly sampled channel: name, samples (NaN = missing), unit, and samples in a frame."""

    name: str
    values: NDArray[np.float64]
    unit: str
    per_frame: int


@dataclass(frozen=True)
class Frames:
    """Channels cut into frames: `rate` frames a second [Hz], every channel with whole samples in each.

    All channels begin together at `first` [s of the recording] and are filled with NaN to the same number of
    frames. `start` is the clock time of the first frame, `events` count from it.
    """

    channels: tuple[Plain, ...]
    rate: float
    count: int
    first: float
    start: str
    events: tuple[Event, ...]


def single_channels(rec: Recording, where: Path, form: str) -> Iterator[tuple[str, str, NDArray[np.float64]]]:
    """Label, signal and samples of every channel; one for each place of a signal with places.

    Raises
    ------
    CisternaError
        A signal has axes other than time and place.
    """
    called = labels(rec, form)
    for name in rec.signals:
        values = rec.values(name)
        dims = [str(d) for d in rec[name].dims[1:]]
        if not dims:
            yield called[name], name, values
        elif dims == ["place"]:
            places = rec.dataset["place"].values if "place" in rec.dataset.coords else range(values.shape[1])
            for k, place in enumerate(places):
                yield f"{name}({place})", name, values[:, k]
        else:
            mend = "write .nc, or pick one of each axis"
            raise CisternaError(f"signal '{name}' has the axes {', '.join(dims)}", str(where), mend=mend)


def frames(rec: Recording, where: Path, form: str) -> Frames:
    """The channels of a recording on one clock, for a format of frames.

    Raises
    ------
    CisternaError
        A signal has irregular times, or the rates or first samples do not fit one clock.

    Examples
    --------
    >>> rec = Recording().with_signal("icp", [1, 2, 3, 4], rate=4.0, unit="mmHg")
    >>> cut = frames(rec.with_signal("resp", [5, 6], rate=2.0, unit=""), Path("x.hea"), "wfdb")
    >>> cut.rate, cut.count, [c.per_frame for c in cut.channels]
    (2.0, 2, [2, 1])
    """
    rates = {}
    for name in rec.signals:
        rates[name] = float(rec.dataset[rec.time_dim(name)].attrs.get("rate", 0.0))
        if rates[name] <= 0:
            mend = "put it on a uniform grid first (signals.clean.bridge), or write .nc"
            raise CisternaError(
                f"signal '{name}' has irregular times, which the format cannot hold", str(where), mend=mend
            )
    rate, parts = common_frame(list(rates.values()), where)
    starts = {name: float(rec.time(name)[0]) for name in rec.signals if rec[name].size}
    earliest = min(starts.values(), default=0.0)
    # Signals cut out of a recording begin off each other; frames counted from time 0 hold them all.
    for first in (earliest, math.floor(earliest * rate + OFF_GRID) / rate):
        off = [abs((t - first) * rates[n] - round((t - first) * rates[n])) for n, t in starts.items()]
        if max(off, default=0.0) <= OFF_GRID:
            break
    else:
        mend = "resample them to one clock, or write .nc"
        raise CisternaError("the signals do not begin on one clock", str(where), f"{max(off):.2f} of a step off", mend)
    per_frame = dict(zip(rates, parts, strict=True))
    leads = {n: round((t - first) * rates[n]) for n, t in starts.items()}
    count = max(-(-(leads[n] + rec[n].shape[0]) // per_frame[n]) for n in starts)
    channels = []
    for label, name, values in single_channels(rec, where, form):
        whole = np.full(count * per_frame[name], np.nan)
        lead = leads.get(name, 0)
        whole[lead : lead + values.size] = values
        channels.append(Plain(label, whole, rec.unit(name), per_frame[name]))
    events = tuple(Event(e.time - first, e.duration, e.label) for e in rec.events)
    return Frames(tuple(channels), rate, count, first, moved_clock(rec.start, first), events)


def common_frame(rates: Sequence[float], where: Path) -> tuple[float, list[int]]:
    """The frame rate [Hz] of which all rates are whole multiples, and the multiples.

    Examples
    --------
    >>> common_frame([125.0, 62.5, 100.0], Path("x.hea"))
    (12.5, [10, 5, 8])
    """
    slowest = min(rates)
    ratios = [Fraction(rate / slowest).limit_denominator(MOST_PARTS) for rate in rates]
    parts = math.lcm(*(ratio.denominator for ratio in ratios))
    frame = slowest / parts
    whole = [round(rate / frame) for rate in rates]
    off = max(abs(n * frame / rate - 1.0) for n, rate in zip(whole, rates, strict=True))
    if off > RATIO or parts > MOST_PARTS:
        found = ", ".join(f"{rate:g}" for rate in dict.fromkeys(rates)) + " Hz"
        mend = "resample them to one clock, write each rate by itself (rec.only(...)), or write .nc"
        raise CisternaError("the rates of the signals share no frame", str(where), found, mend)
    return frame, whole


def moved_clock(start: str, seconds: float) -> str:
    """A clock time later by some seconds; "" when it is unknown, a time of day without date as it is.

    Examples
    --------
    >>> moved_clock("1994-08-15T23:59:59", 1.5), moved_clock("", 3.0), moved_clock("17:27:45", 15.0)
    ('1994-08-16T00:00:00.500000', '', '17:28:00')
    """
    for prefix in ("", "1904-01-01T"):
        try:
            at = datetime.fromisoformat(prefix + start)
        except ValueError:
            continue
        # To the microsecond, as clocks are written; a few nanoseconds of rounding are no fraction of a second.
        at += timedelta(microseconds=round(seconds * 1e6))
        return at.isoformat() if not prefix else at.time().isoformat()
    return ""
