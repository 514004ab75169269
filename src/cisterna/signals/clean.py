"""A signal made fit to drive a model: gaps, dropouts and spikes bridged, each bridge reported.

Nothing is mended silently: every bridged interval is listed with its kind and the way it was bridged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.recordings.names import kind_of, pick
from cisterna.recordings.recording import Recording
from cisterna.signals.beats import find_beats
from cisterna.signals.faults import PULSATILE, Faults, Interval, find_faults, pulse_size
from cisterna.signals.grid import Samples, as_samples, fill, resample


@dataclass(frozen=True)
class BridgeReport:
    """What was done to a signal before it drives a model.

    Attributes
    ----------
    signal : str
        Name of the signal.
    rate, start : float
        Grid: samples a second (Hz) and time of the first sample in the recording (s).
    intervals : tuple of Interval
        Every bridged stretch. `start` and `stop` bound the samples that were replaced.
    left : tuple of Interval
        Faults seen and left as they are (clipping, flat stretches of a signal without pulse).
    trimmed : tuple of Interval
        Missing stretches cut off at the ends.
    share : float
        Share of the grid that was bridged, 0 to 1.
    """

    signal: str
    rate: float
    start: float
    intervals: tuple[Interval, ...] = ()
    left: tuple[Interval, ...] = ()
    trimmed: tuple[Interval, ...] = ()
    share: float = 0.0

    def lines(self) -> list[str]:
        """The report in words: one line a stretch that was bridged or cut off, one a kind of fault left."""
        head = f"{self.signal}: {len(self.intervals)} stretches bridged, {100 * self.share:.1f} % of the time"
        parts = (("bridged", self.intervals), ("cut off", self.trimmed))
        lines = [head, *(f"{word} {interval}" for word, group in parts for interval in group)]
        for kind in sorted({i.kind for i in self.left}):
            some = [i for i in self.left if i.kind == kind]
            length = sum(i.duration for i in some)
            lines.append(
                f"left as it is: {kind} {len(some)} times, {length:.1f} s together, first at {some[0].start:.2f} s"
            )
        return lines


def bridge(
    rec: Recording, name: str, rate: float | None = None, longest: float | None = None
) -> tuple[NDArray[np.float64], BridgeReport]:
    """A signal on a uniform grid without gaps, fit to drive a model, and what was done to it.

    Gaps, dropouts and spikes inside are bridged: in a signal with a pulse by beats like the neighbours', foot to
    foot; else by a straight line. Missing ends are cut off. Clipping is reported and left.

    Parameters
    ----------
    rate : float, optional
        Rate of the grid, Hz; by default the signal's own. Needed for a signal with irregular times.
    longest : float, optional
        Longest interval to bridge, s; by default the parameter ``drive_bridge_longest``.

    Returns
    -------
    values : array (time,)
        In the unit of the signal.
    report : BridgeReport

    Raises
    ------
    CisternaError
        A stretch longer than `longest`, or more than ``drive_missing_most`` of the time to be bridged.

    Examples
    --------
    >>> rec = Recording().with_signal("resp", [0.0, 1.0, np.nan, 3.0, 4.0], rate=1.0, unit="")
    >>> values, report = bridge(rec, "resp")
    >>> values.tolist(), [str(i) for i in report.intervals]
    ([0.0, 1.0, 2.0, 3.0, 4.0], ['2.00-3.00 s gap, straight line'])
    """
    name = pick(rec, name, rec.title)
    row = kind_of(name)
    kind = row.kind if row else ""
    array, hertz, begin = _gridded(rec, name, rate)
    as_samples(array, hertz)
    where = f"{rec.title}: {name}" if rec.title else name
    array, trimmed, faults = _trimmed(array, hertz, kind)
    cut = trimmed[0].stop if trimmed and trimmed[0].start == 0 else 0.0
    trimmed = tuple(replace(i, start=begin + i.start, stop=begin + i.stop) for i in trimmed)
    begin += cut
    pulse = pulse_size(array, hertz) if kind in PULSATILE else None
    todo = _merged([*faults.gap, *faults.dropout, *faults.spike], pulse)
    _refuse_long(todo, begin, array.size / hertz, where, longest)
    masked = array.copy()
    for fault in todo:
        masked[_cut(fault, hertz)] = np.nan
    feet = _feet(masked, hertz) if pulse and any(f.kind != "spike" for f in todo) else np.array([])
    done = []
    for fault in _foot_to_foot(todo, feet):
        a, b = _cut(fault, hertz).start, _cut(fault, hertz).stop
        across = None if fault.kind == "spike" else _beats_across(masked, hertz, feet, a, b)
        if across is None:
            left, right = max(a - 1, 0), min(b, array.size - 1)
            array[a:b] = np.interp(np.arange(a, b), [left, right], [masked[left], masked[right]])
            how = "straight line"
        else:
            a, piece = across
            b = a + piece.size
            array[a:b] = piece
            how = "beats like the neighbours"
        done.append(replace(fault, start=begin + a / hertz, stop=begin + b / hertz, how=how))
    array = fill(array)
    bigger = [i for i in done if i.kind != "spike"]
    done = [i for i in done if i.kind != "spike" or not any(b.start <= i.start < b.stop for b in bigger)]
    share = min(sum(i.duration for i in done) * hertz / array.size, 1.0)
    left_alone = tuple(replace(i, start=begin + i.start, stop=begin + i.stop) for i in (*faults.flat, *faults.clipped))
    return array, BridgeReport(name, hertz, begin, tuple(done), left_alone, trimmed, share)


def _cut(fault: Interval, rate: float) -> slice:
    return slice(int(round(fault.start * rate)), int(round(fault.stop * rate)))


def _trimmed(array: Samples, rate: float, kind: str) -> tuple[Samples, tuple[Interval, ...], Faults]:
    """The signal without missing or dropped-out ends, what was cut off, and the faults of the rest."""
    cut: list[Interval] = []
    first, last = np.flatnonzero(np.isfinite(array))[[0, -1]]
    first, last = int(first), int(last) + 1
    kinds = ["gap", "gap"]
    faults = find_faults(array[first:last], rate, kind)
    for fault in faults.dropout:
        if fault.start <= 1.0 / rate:
            first, kinds[0] = first + int(round(fault.stop * rate)), fault.kind
        elif fault.stop >= (last - first) / rate - 1.0 / rate and fault.stop > first / rate:
            last, kinds[1] = last - int(round(fault.duration * rate)), fault.kind
    if first > 0:
        cut.append(Interval(0.0, first / rate, kinds[0]))
    if last < array.size:
        cut.append(Interval(last / rate, array.size / rate, kinds[1]))
    rest = array[first:last].copy()
    return rest, tuple(cut), find_faults(rest, rate, kind) if "dropout" in kinds else faults


def _foot_to_foot(todo: list[Interval], feet: Samples) -> list[Interval]:
    """Faults between the same two feet as one, since the beats between these are replaced as a whole."""
    out: list[Interval] = []
    for fault in todo:
        together = out and fault.kind != "spike" and out[-1].kind != "spike"
        if together and feet.size and not np.any((feet >= out[-1].stop) & (feet < fault.start)):
            out[-1] = replace(out[-1], stop=fault.stop)
        else:
            out.append(fault)
    return out


def _gridded(rec: Recording, name: str, rate: float | None) -> tuple[Samples, float, float]:
    """Samples on a uniform grid (NaN where none is near), its rate, and the time of its first sample."""
    values, times = rec.values(name), rec.time(name)
    if values.ndim != 1:
        raise CisternaError(f"signal '{name}' has places; one series is needed", mend=f"pick one: '{name}(C3)'")
    own = float(rec.dataset[rec.time_dim(name)].attrs.get("rate", 0.0))
    if own > 0 and (rate is None or abs(rate / own - 1) < 1e-12):
        return values, own, float(times[0])
    if rate is None:
        raise CisternaError(f"signal '{name}' has irregular times", where=rec.title, mend="give rate=<Hz> for the grid")
    if not (np.isfinite(rate) and rate > 0):
        raise CisternaError("impossible rate", found=f"{rate} Hz", mend="give samples a second")
    good = np.isfinite(values)
    if not good.any():
        raise CisternaError(f"every sample of '{name}' is missing", where=rec.title)
    count = int((times[-1] - times[0]) * rate + 1e-9) + 1
    at = times[0] + np.arange(count) / rate
    if own > 0:
        grid = resample(fill(values), own, rate)[:count]
        at = at[: grid.size]
        near = np.clip(np.round((at - times[0]) * own).astype(int), 0, values.size - 1)
        # A sample next to a missing one rests on the filled value: it is missing as well.
        low, high = (np.clip(f((at - times[0]) * own).astype(int), 0, values.size - 1) for f in (np.floor, np.ceil))
        grid[~(good[near] & good[low] & good[high])] = np.nan
        return grid, rate, float(times[0])
    grid = np.interp(at, times[good], values[good])
    step = float(np.median(np.diff(times))) if times.size > 1 else 1.0 / rate
    after = np.clip(np.searchsorted(times[good], at), 0, good.sum() - 1)
    before = np.maximum(after - 1, 0)
    wide = times[good][after] - times[good][before] > max(5.0 * step, 3.0 / rate)
    hole = wide & (at > times[good][before]) & (at < times[good][after])
    grid[hole] = np.nan
    return grid, rate, float(times[0])


def _beats_across(x: Samples, rate: float, feet: Samples, a: int, b: int) -> tuple[int, Samples] | None:
    """Beats from the last foot before sample a to the first foot after b, or None without whole beats on both sides.

    The shape is the median of up to four beats on each side, its size goes over from one side to the other, and
    the feet lie on a straight line.
    """
    before = np.round(feet[feet * rate < a] * rate).astype(int)
    after = np.round(feet[feet * rate >= b] * rate).astype(int)
    shapes, sizes, lengths = [], [], []
    for group in (before[-5:], after[:5]):
        whole = [(p, q) for p, q in zip(group[:-1], group[1:], strict=True) if np.isfinite(x[p : q + 1]).all()]
        if not whole:
            return None
        beats = np.array([_unit_beat(x[p : q + 1]) for p, q in whole])
        sizes.append(float(np.median(np.ptp(beats, axis=1))))
        shapes.append(np.median(beats, axis=0))
        lengths += [q - p for p, q in whole]
    start, stop = int(before[-1]), int(after[0])
    if not (np.isfinite(x[start]) and np.isfinite(x[stop])) or min(sizes) <= 0:
        return None
    count = max(1, round((stop - start) / float(np.median(lengths))))
    at = np.linspace(0.0, count, stop - start, endpoint=False)
    share = at / count
    points = np.linspace(0.0, 1.0, shapes[0].size)
    early, late = (np.interp(at % 1.0, points, shape) for shape in shapes)
    return start, x[start] + share * (x[stop] - x[start]) + (1 - share) * early + share * late


def _unit_beat(beat: Samples, points: int = 101) -> Samples:
    """A beat over the line between its feet, on a fixed number of points."""
    above = beat - np.linspace(beat[0], beat[-1], beat.size)
    return np.interp(np.linspace(0, beat.size - 1, points), np.arange(beat.size), above)


def _feet(x: Samples, rate: float) -> Samples:
    try:
        return find_beats(x, rate, "abp")
    except CisternaError:
        return np.array([])


def _merged(faults: list[Interval], pulse: tuple[float, float] | None) -> list[Interval]:
    """Faults in order, those closer than half a beat as one: half a beat between two dropouts tells nothing."""
    near = 0.5 * pulse[1] if pulse else 0.0
    out: list[Interval] = []
    for fault in sorted(faults, key=lambda i: i.start):
        small = fault.kind == "spike" and (not out or out[-1].kind == "spike")
        if out and fault.start - out[-1].stop <= (0.0 if small else near):
            kind = out[-1].kind if out[-1].kind != "spike" else fault.kind
            out[-1] = Interval(out[-1].start, max(out[-1].stop, fault.stop), kind)
        else:
            out.append(fault)
    return out


def _refuse_long(todo: list[Interval], begin: float, duration: float, where: str, longest: float | None) -> None:
    rows = default_parameters()
    limit = longest if longest is not None else rows["drive_bridge_longest"].value
    worst = max(todo, key=lambda i: i.duration, default=None)
    if worst is not None and worst.duration > limit:
        found = f"{worst.kind} of {worst.duration:.1f} s at {begin + worst.start:.1f} s; bridged are {limit:g} s"
        mend = "slice the recording before or after it: rec.slice(t0, t1)"
        raise CisternaError("a stretch is too long to be bridged", where, found, mend)
    share = sum(i.duration for i in todo) / duration
    most = rows["drive_missing_most"].value
    if share > most:
        found = f"{100 * share:.0f} % of the time"
        raise CisternaError(
            "too much of the signal would be bridged", where, found, f"slice a part below {100 * most:.0f} %"
        )
