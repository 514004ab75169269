"""Flow over a heart cycle as a periodic curve.

A curve of phase-contrast MRI is one cycle, gated over minutes of beats: its end meets its beginning. Even phases are
joined by their Fourier series, uneven ones by a periodic cubic that does not overshoot; integrals and peaks are
those of that curve, and no mean is taken out but where a name says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.recording import Recording

Array = NDArray[np.float64]
#: Points of the fine grid on which a curve is integrated; above twice the phases of any curve.
_FINE = 2048
#: Fewest phases that describe a cycle, and fewest from which the noise can be told.
_FEWEST, _FEWEST_FOR_NOISE = 6, 12
#: Times that differ by less than this share of a step are even.
_EVEN = 0.02


@dataclass(frozen=True)
class FlowCurve:
    """Flow of one region over one cycle.

    Attributes
    ----------
    time : array (phase,)
        s from the start of the cycle, rising, within one cycle.
    flow : array (phase,)
        mL/s; mean over the repeats.
    cycle : float
        Length of the cycle, s.
    repeats : array (repeat, phase) or None
        Single beats, regions or scans behind the mean.
    offset, offset_error : float
        Apparent flow of static tissue (mL/s) and its standard error: not yet taken out of `flow`.
    seam : float
        Difference between the last and the first sample where the file held both, mL/s.

    Examples
    --------
    >>> at = np.arange(32) / 32
    >>> curve = FlowCurve(at, 0.5 + 2 * np.pi * np.sin(2 * np.pi * at), 1.0)
    >>> round(curve.stroke_volume(), 4), round(curve.net_flow(), 4)
    (2.0, 30.0)
    """

    time: Array
    flow: Array
    cycle: float
    repeats: Array | None = None
    offset: float = 0.0
    offset_error: float = 0.0
    seam: float = 0.0

    @property
    def even(self) -> bool:
        """Whether the phases are evenly spread over the cycle."""
        step = self.cycle / self.time.size
        return bool(np.all(np.abs(np.diff(self.time) - step) < _EVEN * step))

    @property
    def widest_gap(self) -> float:
        """Longest time between two phases, round the cycle, s."""
        return float(np.max(np.diff(np.append(self.time, self.time[0] + self.cycle))))

    @property
    def fine_time(self) -> Array:
        """Even grid over the cycle, s from the first phase."""
        return np.arange(_FINE) * self.cycle / _FINE

    def fine(self, flow: Array | None = None, points: int = _FINE) -> Array:
        """The periodic curve (or another on the same phases; phases last) on an even grid from the first phase on."""
        values = self.flow if flow is None else flow
        if self.even:
            count = values.shape[-1]
            spectrum = np.fft.rfft(values, axis=-1)
            if count % 2 == 0:  # the highest harmonic of an even count stands for both its signs
                spectrum[..., -1] *= 0.5
            return np.asarray(np.fft.irfft(spectrum, points, axis=-1) * (points / count))
        from scipy.interpolate import PchipInterpolator

        grid = np.arange(points) * self.cycle / points
        # Three phases from the other end on each side: slopes there are those of the closed curve.
        at = np.concatenate([self.time[-3:] - self.cycle, self.time, self.time[:4] + self.cycle])
        closed = np.concatenate([values[..., -3:], values, values[..., :4]], axis=-1)
        return np.asarray(PchipInterpolator(at, closed, axis=-1)(self.time[0] + grid))

    def noise(self) -> float:
        """Standard deviation of a phase, mL/s, from the upper third of the harmonics; NaN where too few.

        What is left of the true curve there counts as noise, so that the interval is wide rather than narrow.
        """
        count = self.time.size
        if count < _FEWEST_FOR_NOISE or not self.even:
            return float("nan")
        power = np.abs(np.fft.rfft(self.flow)) ** 2 / count
        first = int(np.ceil(count / 3))
        return float(np.sqrt(power[first : (count - 1) // 2 + 1].mean()))

    def net_flow(self, corrected: bool = True) -> float:
        """Mean flow, mL/min; with the apparent flow of static tissue taken out, or as recorded."""
        return float(60.0 * (self.fine().mean() - (self.offset if corrected else 0.0)))

    def stroke_volume(self) -> float:
        """Half the integral of the absolute mean-free flow over the cycle, mL."""
        flow = self.fine()
        return float(0.5 * self.cycle * np.abs(flow - flow.mean()).mean())


def flow_curve(
    flow: ArrayLike,
    time: ArrayLike | None = None,
    cycle: float | None = None,
    *,
    offset: tuple[float, float] | float = 0.0,
) -> FlowCurve:
    """A curve over one cycle from samples.

    Parameters
    ----------
    flow : array (phase,) or (repeat, phase)
        mL/s; several repeats (beats, regions, scans) give intervals. NaN phases of a single curve are left out.
    time : array (phase,), optional
        s; without it the phases are even and begin at 0.
    cycle : float, optional
        Length of the cycle, s. Needed unless the last sample repeats the first one.
    offset : float or (float, float)
        Apparent flow of static tissue, mL/s, and its standard error (`background_offset`).

    Raises
    ------
    CisternaError
        No length of the cycle, times outside one cycle, too few phases or a wide gap.

    Examples
    --------
    >>> flow_curve([0.0, 1.0, 2.0, 1.0, -1.0, -3.0], cycle=0.9).time.round(2).tolist()
    [0.0, 0.15, 0.3, 0.45, 0.6, 0.75]
    """
    values = np.asarray(flow, dtype=np.float64)
    repeats = values if values.ndim == 2 and values.shape[0] > 1 else None
    values = values.mean(axis=0) if values.ndim == 2 else values
    if values.ndim != 1 or values.size < _FEWEST:
        found = f"shape {np.shape(flow)}"
        raise CisternaError(f"a cycle needs {_FEWEST} phases or more along its last axis", found=found)
    if time is None:
        if cycle is None:
            raise CisternaError(
                "the length of the cycle is not stated", mend="give cycle=<s> or time=<s of each phase>"
            )
        at = np.arange(values.size) * cycle / values.size
    else:
        at = np.asarray(time, dtype=np.float64)
    if at.shape != values.shape or not np.isfinite(at).all() or np.any(np.diff(at) <= 0):
        raise CisternaError("the times of the phases do not rise or do not fit the flow", found=f"{at.size} times")
    at, values, repeats, length, seam = _closed(at, values, repeats, cycle)
    good = np.isfinite(values)
    if not good.all():
        if repeats is not None:
            raise CisternaError("a phase is missing in one of the repeats", mend="leave that repeat out")
        at, values = at[good], values[good]
    widest = float(np.max(np.diff(np.append(at, at[0] + length)))) if at.size else length
    if at.size < _FEWEST or widest > length / 2:
        found = f"{at.size} phases, widest gap {widest:.3g} of {length:.3g} s"
        raise CisternaError("too little of the cycle was recorded", found=found)
    shift, error = offset if isinstance(offset, tuple) else (offset, 0.0)
    return FlowCurve(at, values, length, repeats, float(shift), float(error), seam)


def cycle_average(values: ArrayLike, rate: float, beats: ArrayLike, phases: int = 64) -> tuple[Array, float]:
    """Single beats of a continuous flow on even phases: (beat, phase), and the mean length of the cycle (s).

    Parameters
    ----------
    values : array (time,)
        Flow; `rate` in Hz. Beats with a missing sample are left out.
    beats : array (beat,)
        Start of each beat, s from the first sample.

    Examples
    --------
    >>> t = np.arange(0, 10, 0.01)
    >>> single, cycle = cycle_average(np.sin(2 * np.pi * t / 0.8), 100.0, np.arange(0, 9, 0.8), phases=16)
    >>> single.shape, round(cycle, 3)
    ((11, 16), 0.8)
    """
    array = np.asarray(values, dtype=np.float64)
    starts = np.asarray(beats, dtype=np.float64)
    at = np.arange(array.size) / rate
    part = np.arange(phases) / phases
    rows, lengths = [], []
    for a, b in zip(starts[:-1], starts[1:], strict=True):
        inside = slice(int(np.floor(a * rate)), int(np.ceil(b * rate)) + 1)
        if a >= 0 and inside.stop <= array.size and b > a and np.isfinite(array[inside]).all():
            rows.append(np.interp(a + part * (b - a), at[inside], array[inside]))
            lengths.append(b - a)
    if not rows:
        raise CisternaError("no whole beat was recorded", found=f"{starts.size} beats", mend="check the beats")
    return np.array(rows), float(np.mean(lengths))


def flow_of(
    recording: Recording,
    channel: str,
    *,
    cycle: float | None = None,
    beats: ArrayLike | None = None,
    offset: tuple[float, float] | float = 0.0,
) -> FlowCurve:
    """The curve of a recording: one cycle of phases, or a continuous flow cut at `beats` (s, clock of the recording).

    Parameters
    ----------
    channel : str
        Signal with a flow; its unit is converted to mL/s.
    cycle : float, optional
        Length of the cycle (s), else as the file states it.

    Examples
    --------
    >>> at = np.arange(16) * 0.05
    >>> rec = Recording().with_signal("flow_csf", 1000 * np.sin(2 * np.pi * at / 0.8), time=at, unit="mm3/s")
    >>> round(float(flow_of(rec, "flow_csf", cycle=0.8).flow.max()), 3)
    1.0
    """
    values, at = recording.values(channel, "mL/s"), recording.time(channel)
    if values.ndim != 1:
        raise CisternaError(f"signal '{channel}' has places", mend=f"pick one: '{channel}(C2)'")
    if beats is not None:
        starts = np.asarray(beats, dtype=np.float64) - at[0]
        single, length = cycle_average(values, recording.rate(channel), starts)
        return flow_curve(single, cycle=length, offset=offset)
    stated = recording.provenance.get("flow_curve", {}).get("cycle_s")
    return flow_curve(values, at - at[0], cycle if cycle is not None else stated, offset=offset)


def _closed(
    at: Array, values: Array, repeats: Array | None, cycle: float | None
) -> tuple[Array, Array, Array | None, float, float]:
    """Times within one cycle: a last sample that repeats the first is merged with it, half and half."""
    span, step = float(at[-1] - at[0]), float(np.median(np.diff(at)))
    scale = float(np.nanmax(values) - np.nanmin(values))
    if cycle is None and abs(values[-1] - values[0]) > 0.02 * scale:
        mend = "give cycle=<s>"
        raise CisternaError("the length of the cycle is not stated and the curve does not close", mend=mend)
    length = span if cycle is None else float(cycle)
    if not (np.isfinite(length) and length > 0) or span > length * (1 + 1e-6):
        found = f"{span:.4g} s of times in a cycle of {length:.4g} s"
        raise CisternaError("the times do not lie within one cycle", found=found, mend="cut at the beats first")
    if span < length - 0.02 * step:
        return at, values, repeats, length, 0.0
    seam = float(values[-1] - values[0])
    first = np.append((values[0] + values[-1]) / 2, values[1:-1])
    if repeats is not None:
        repeats = np.column_stack([(repeats[:, 0] + repeats[:, -1]) / 2, repeats[:, 1:-1]])
    return at[:-1], first, repeats, length, seam
