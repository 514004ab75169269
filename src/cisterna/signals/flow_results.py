"""Stroke volume, peaks, net flow and delay of curves of flow, each with its interval.

Three volumes that are all called stroke volume are named apart:

- ``stroke_volume``: half the integral of the absolute mean-free flow (Enzmann & Pelc 1993 AJNR 14:1301);
- ``volume_swing``: largest less smallest volume displaced by the mean-free flow; the same for a curve of two lobes;
- ``volume_positive``, ``volume_negative``: integral of each lobe with the mean left in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.flow import FlowCurve
from cisterna.signals.result import Result

Array = NDArray[np.float64]
#: Curves with noise added behind an interval, and the points of each: the scatter needs no fine grid.
_NOISY, _COARSE = 400, 512


def flow_results(curve: FlowCurve, channel: str, seed: int = 0) -> tuple[Result, ...]:
    """Volumes, peaks and net flow of a curve, each with a 95 % interval.

    The interval rests on the repeats where there are any (Student), else on the noise that the upper harmonics show
    (resampled); NaN where neither tells.

    Examples
    --------
    >>> from cisterna.signals.flow import flow_curve
    >>> at = np.arange(32) / 32
    >>> results = flow_results(flow_curve(np.sin(2 * np.pi * at), cycle=1.0), "flow_csf")
    >>> {r.id: round(r.value, 3) for r in results}["stroke_volume"]
    0.318
    """
    noisy = _noisy(curve, seed)
    rest = f"mean taken out ({60 * curve.fine().mean():.3g} mL/min)"
    how = "Fourier series" if curve.even else f"periodic cubic, widest gap {curve.widest_gap:.2g} s"
    told: list[tuple[str, str, Callable[[Array], Array], str]] = [
        ("stroke_volume", "mL", lambda q: _stroke(q, curve.cycle), f"half the integral of absolute flow, {rest}"),
        ("volume_swing", "mL", lambda q: _swing(q, curve.cycle), f"largest less smallest displaced volume, {rest}"),
        ("volume_positive", "mL", lambda q: _lobe(q, curve.cycle, curve.offset), "integral of the positive lobe"),
        ("volume_negative", "mL", lambda q: _lobe(-q, curve.cycle, -curve.offset), "integral of the negative lobe"),
        ("flow_peak_positive", "mL/s", lambda q: q.max(axis=-1) - curve.offset, "largest flow"),
        ("flow_peak_negative", "mL/s", lambda q: q.min(axis=-1) - curve.offset, "smallest flow"),
    ]
    n, fine, out = _count(curve), curve.fine(), []
    for key, unit, rule, note in told:
        value = float(rule(fine))
        low, high = _spread(curve, noisy, rule, value)
        out.append(Result(key, channel, value, unit, low, high, n, f"{note}; {how}"))
    for key, pick in (("time_peak_positive", np.argmax), ("time_peak_negative", np.argmin)):
        at = float((curve.time[0] + curve.fine_time[int(pick(fine))]) % curve.cycle)
        low, high = _times(curve, noisy, pick, at)
        out.append(Result(key, channel, at, "s", low, high, n, f"from the start of the cycle; {how}"))
    out.append(_net(curve, channel, noisy))
    raw = float(_mean_per_minute(fine))
    low, high = _spread(curve, noisy, _mean_per_minute, raw)
    out.append(Result("net_flow_raw", channel, raw, "mL/min", low, high, n, "as recorded, no background taken out"))
    return tuple(out)


def flow_delay(first: FlowCurve, second: FlowCurve, channel: str = "", seed: int = 0) -> Result:
    """How much later the second curve comes than the first, s, by their circular cross-correlation.

    Both curves are one cycle from one trigger. Within (-cycle/2, cycle/2]. `extra` holds the correlation at that
    delay, the delay of the fundamental, and whether the curves look turned round against each other.

    Raises
    ------
    CisternaError
        The cycles differ by more than 5 %: the curves are then from different hearts or scans.

    Examples
    --------
    >>> from cisterna.signals.flow import flow_curve
    >>> at = np.arange(32) / 32
    >>> wave = lambda t: np.sin(2 * np.pi * t) + 0.4 * np.sin(4 * np.pi * t)
    >>> a, b = (flow_curve(wave(at - late), cycle=0.8) for late in (0.0, 0.1))
    >>> round(flow_delay(a, b).value, 3)
    0.08
    """
    if abs(second.cycle / first.cycle - 1) > 0.05:
        found = f"{first.cycle:.3g} and {second.cycle:.3g} s"
        raise CisternaError("curves of different cycles have no delay", found=found, mend="bring them to one cycle")
    cycle = (first.cycle + second.cycle) / 2
    start = (second.time[0] / second.cycle - first.time[0] / first.cycle) * cycle
    a, b = first.fine(), second.fine()
    delay, height, depth = (float(v[0]) for v in _lag(a[None], b[None], cycle))
    noise_a, noise_b = _noisy(first, seed), _noisy(second, seed + 1)
    low = high = float("nan")
    if noise_a is not None and noise_b is not None:
        count = min(len(noise_a), len(noise_b))
        off = _lag(noise_a[:count], noise_b[:count], cycle)[0] - delay
        off = (off + cycle / 2) % cycle - cycle / 2
        if first.repeats is not None and second.repeats is not None:
            reach = _student(off.size) * float(np.std(off, ddof=1)) / np.sqrt(off.size)
            low, high = -reach, reach
        else:
            low, high = (float(v) for v in np.quantile(off, [0.025, 0.975]))
    phase = np.angle(np.fft.rfft(a)[1] * np.conj(np.fft.rfft(b)[1])) / (2 * np.pi) * cycle
    delay, phase = (float((d + start + cycle / 2) % cycle - cycle / 2) for d in (delay, phase))
    turned = bool(-depth > height)
    note = "lag of the highest circular cross-correlation"
    if turned:
        note += "; the curves match better turned round: is the sign of one the other way?"
    extra = {"correlation": height, "delay_fundamental": phase, "turned": turned}
    return Result("flow_delay", channel, delay, "s", delay + low, delay + high, first.time.size, note, extra)


def _stroke(q: Array, cycle: float) -> Array:
    return np.asarray(0.5 * cycle * np.abs(q - q.mean(axis=-1, keepdims=True)).mean(axis=-1))


def _swing(q: Array, cycle: float) -> Array:
    displaced = np.cumsum(q - q.mean(axis=-1, keepdims=True), axis=-1) * cycle / q.shape[-1]
    return np.asarray(np.ptp(displaced, axis=-1))


def _lobe(q: Array, cycle: float, offset: float) -> Array:
    return np.asarray(cycle * np.maximum(q - offset, 0.0).mean(axis=-1))


def _mean_per_minute(q: Array) -> Array:
    return np.asarray(60.0 * q.mean(axis=-1))


def _noisy(curve: FlowCurve, seed: int) -> Array | None:
    """Fine curves that scatter as the estimate does: the repeats themselves, or the curve with noise added."""
    if curve.repeats is not None:
        return curve.fine(curve.repeats, _COARSE)
    size = curve.noise()
    if not np.isfinite(size):
        return None
    random = np.random.default_rng(seed)
    return curve.fine(curve.flow + size * random.standard_normal((_NOISY, curve.flow.size)), _COARSE)


def _student(count: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, count - 1))


def _count(curve: FlowCurve) -> int:
    return int(curve.time.size if curve.repeats is None else curve.repeats.shape[0])


def _spread(curve: FlowCurve, noisy: Array | None, rule: Callable[[Array], Array], value: float) -> tuple[float, float]:
    if noisy is None:
        return float("nan"), float("nan")
    single = rule(noisy)
    if curve.repeats is not None:
        reach = _student(single.size) * float(np.std(single, ddof=1)) / np.sqrt(single.size)
        return value - reach, value + reach
    # Turned round the estimate: noise makes an absolute value too large, and more noise larger still.
    high, low = np.quantile(single, [0.025, 0.975]) - float(rule(curve.fine(points=_COARSE)))
    return float(value - low), float(value - high)


def _times(
    curve: FlowCurve, noisy: Array | None, pick: Callable[..., NDArray[np.intp]], at: float
) -> tuple[float, float]:
    if noisy is None:
        return float("nan"), float("nan")
    found = curve.time[0] + pick(noisy, axis=-1) * curve.cycle / _COARSE
    off = (found - at + curve.cycle / 2) % curve.cycle - curve.cycle / 2
    if curve.repeats is not None:
        reach = _student(off.size) * float(np.std(off, ddof=1)) / np.sqrt(off.size)
        return at - reach, at + reach
    step = curve.cycle / _COARSE  # the grid itself
    low, high = np.quantile(off, [0.025, 0.975])
    return float(at + min(low, -step)), float(at + max(high, step))


def _net(curve: FlowCurve, channel: str, noisy: Array | None) -> Result:
    value = curve.net_flow()
    low, high = _spread(curve, noisy, _mean_per_minute, value)
    reach = float(np.hypot((high - low) / 2, 1.96 * 60.0 * curve.offset_error))
    note = f"mean over the cycle, {60.0 * curve.offset:.3g} mL/min of static tissue taken out"
    if curve.offset == 0.0 and curve.offset_error == 0.0:
        note = "mean over the cycle; no static region was given: a background offset would pass as net flow"
    return Result("net_flow", channel, value, "mL/min", value - reach, value + reach, _count(curve), note)


def _lag(a: Array, b: Array, cycle: float) -> tuple[Array, Array, Array]:
    """Lag of b behind a (s), and highest and lowest circular correlation; curves (curve, time), one value a curve."""
    one, two = (v - v.mean(axis=1, keepdims=True) for v in (a, b))
    size = np.sqrt(np.sum(one**2, axis=1) * np.sum(two**2, axis=1))
    if np.any(size <= 0):
        raise CisternaError("a curve without any pulsation has no delay")
    count = a.shape[1]
    both = np.fft.irfft(np.conj(np.fft.rfft(one)) * np.fft.rfft(two), count) / size[:, None]
    k, row = np.argmax(both, axis=1), np.arange(a.shape[0])
    before, here, after = both[row, k - 1], both[row, k], both[row, (k + 1) % count]
    bend = before - 2 * here + after
    part = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, -1.0), 0.0)
    lag = (k + part) * cycle / count
    return (lag + cycle / 2) % cycle - cycle / 2, here, both.min(axis=1)
