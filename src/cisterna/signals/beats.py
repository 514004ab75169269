"""Where the heart beats and the breath begins.

Pulses are found by their upstroke against a local threshold, guarded by the local period; R waves by the two
moving averages of Elgendi (2013, PLoS ONE 8:e73557 doi:10.1371/journal.pone.0073557); breaths by
crests that rise by a third of the local range.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples, as_samples, band_pass, fill, low_pass, runs, working

PULSES = ("abp", "ppg", "icp")
BREATHS = ("volume", "flow", "co2")
#: Shortest signal in which a rhythm can be told, in periods of the slowest one believed.
_FEWEST = 1.2
#: Window in which the range of breathing is taken (slowest breaths), and the rise that counts (share of it).
_BREATH_WINDOW, _BREATH_RISE = 2.0, 0.33
#: Two moving averages: one QRS, one beat (s), and the offset of the threshold (share of the mean). Elgendi 2013.
_QRS, _BEAT, _OFFSET = 0.097, 0.611, 0.08
#: Rates below which an R wave, or a pulse, is not resolved (Hz).
_ECG_RATE, _PULSE_RATE = 50.0, 20.0


def find_beats(values: ArrayLike, rate: float, kind: str = "abp") -> NDArray[np.float64]:
    """Times of the heartbeats in a signal.

    Parameters
    ----------
    values : array (time,)
        Samples; NaN are missing, and no beat is reported inside a gap.
    rate : float
        Samples a second, Hz.
    kind : {"abp", "ppg", "icp", "ecg"}
        ``ecg`` gives the R waves, the others the foot of each pulse (tangent of the upstroke met with the level
        before it).

    Returns
    -------
    array (beat,)
        Times from the first sample, s, rising.

    Raises
    ------
    CisternaError
        Unknown kind, no finite sample, an ECG sampled too slowly, or a signal without any rhythm.

    Examples
    --------
    >>> t = np.arange(0, 20, 0.01)
    >>> pulse = np.exp(-((t % 0.8) - 0.2) ** 2 / 0.01)
    >>> round(per_minute(find_beats(pulse, 100.0)), 1)
    75.0
    """
    array = as_samples(values, rate)
    if kind not in (*PULSES, "ecg"):
        raise CisternaError(f"unknown kind of beat '{kind}'", mend=f"one of {', '.join((*PULSES, 'ecg'))}")
    _long_enough(array, rate, "heart_rate")
    times = _r_waves(array, rate) if kind == "ecg" else _feet(array, rate)
    times = times[_present(array, rate, times)]
    if times.size < 2:
        raise CisternaError(f"no heartbeat found in the {kind} signal", mend="is it the right channel?")
    return times


def find_breaths(values: ArrayLike, rate: float, kind: str = "volume") -> NDArray[np.float64]:
    """Times at which the breaths begin (start of inspiration), s from the first sample.

    Parameters
    ----------
    kind : {"volume", "flow", "co2"}
        ``volume``: a belt or impedance, rising with inspiration; begins where a rise leaves its trough.
        ``flow``: airway flow, positive at inspiration; begins where it turns positive.
        ``co2``: a capnogram; inspiration begins where it falls.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.05)
    >>> round(per_minute(find_breaths(np.sin(2 * np.pi * 0.25 * t), 20.0)), 1)
    15.0
    """
    array = as_samples(values, rate)
    if kind not in BREATHS:
        raise CisternaError(f"unknown kind of breathing signal '{kind}'", mend=f"one of {', '.join(BREATHS)}")
    _long_enough(array, rate, "breath_rate")
    x, fs = working(fill(array), rate, 0.0, 25.0)
    if kind == "co2":
        x = -x
    slow, fast = _band("breath_rate")
    wave = band_pass(x, fs, 0.8 * slow, min(1.5 * fast, 0.4 * fs))
    try:
        period = float(np.median(local_period(wave, fs, slow, fast, window=2.0 / slow, share=0.5)))
    except CisternaError:
        period = 3.0 / fast  # irregular breathing: keep all that can be a breath
    # Three times the usual rate: two breaths close together stay two, the heartbeat goes.
    smooth = low_pass(x, fs, min(3.0 / period, fast, 0.4 * fs))
    crests = _breath_crests(smooth, fs, slow, fast)
    usual = int(np.median(np.diff(crests))) if crests.size > 1 else int(fs / slow)
    level = float(np.median(x)) if kind == "flow" else None
    backs = np.concatenate([[max(crests[:1].sum() - usual, 0)], crests[:-1]]).astype(int)
    starts = [_rise(smooth, back, crest, level, kind) / fs for back, crest in zip(backs, crests, strict=False)]
    times = np.unique(np.array(starts, dtype=np.float64))
    if times.size < 2:
        raise CisternaError("no breathing found in the signal", mend="is it the right channel?")
    return times[_present(array, rate, times)]


def per_minute(times: ArrayLike) -> float:
    """Rate of events, 1/min, from the median interval: pauses and ectopic beats do not move it.

    Examples
    --------
    >>> per_minute([0.0, 1.0, 2.0, 4.0, 5.0])
    60.0
    """
    steps = np.diff(np.asarray(times, dtype=np.float64))
    if steps.size == 0:
        raise CisternaError("a rate needs two events at least", found=f"{np.size(times)}")
    return float(60.0 / np.median(steps))


def local_period(wave: Samples, fs: float, low: float, high: float, window: float, share: float = 0.8) -> Samples:
    """Period [s] of a rhythm between two frequencies (Hz), one value a sample.

    From the autocorrelation in overlapping windows: the shortest lag whose peak reaches `share` of the highest.
    Windows without a rhythm take the median of the others.
    """
    size = min(int(window * fs), wave.size)
    starts = np.unique(np.linspace(0, wave.size - size, max(1, 2 * wave.size // size)).astype(int))
    found = np.array([_lag(wave[s : s + size], fs, low, high, share) for s in starts])
    good = np.isfinite(found)
    if not good.any():
        raise CisternaError("the signal has no rhythm", mend=f"expected between {60 * low:.3g} and {60 * high:.3g}/min")
    # One window that locks on half or twice the period is put right by its neighbours.
    typical = np.median(found[good])
    good &= (found > 0.6 * typical) & (found < 1.7 * typical)
    return np.interp(np.arange(wave.size), starts[good] + size / 2, found[good])


def _lag(part: Samples, fs: float, low: float, high: float, share: float) -> float:
    from scipy.signal import find_peaks

    size = part.size
    spectrum = np.abs(np.fft.rfft(part - part.mean(), 2 * size)) ** 2
    auto = np.fft.irfft(spectrum)[:size]
    if auto[0] <= 0:
        return np.nan
    # Unbiased up to a floor: long lags rest on few samples.
    auto = auto / auto[0] * (size / np.maximum(size - np.arange(size), size // 4))
    first, last = max(int(fs / high), 1), min(int(fs / low), size - 2)
    if last <= first:
        return np.nan
    peaks, _ = find_peaks(auto[: last + 2])
    peaks = peaks[peaks >= first]
    if peaks.size == 0 or auto[peaks].max() < 0.15:
        return np.nan
    return float(peaks[auto[peaks] >= share * auto[peaks].max()][0] / fs)


def _feet(array: Samples, rate: float) -> Samples:
    """Feet of the pulses: steep upstrokes that stand out locally, one a period."""
    if rate < _PULSE_RATE:
        mend = "it may be averaged over beats; use the pulsatile recording"
        raise CisternaError("a signal sampled this slowly shows no pulse", found=f"{rate:g} Hz", mend=mend)
    x, fs = working(fill(array), rate, 100.0, 250.0)
    slow, fast = _band("heart_rate")
    wave = band_pass(x, fs, 0.5, 10.0)
    period = local_period(band_pass(x, fs, 0.5, 4.0), fs, slow, fast, window=10.0)
    slope = np.gradient(wave) * fs
    # Sum of the rising part over the length of an upstroke (after Zong et al. 2003, Computers in Cardiology 30:259).
    width = max(int(0.12 * fs), 1)
    energy = np.convolve(np.maximum(slope, 0.0), np.ones(width) / width, mode="same")
    smooth = low_pass(x, fs, 20.0)
    steep = np.gradient(smooth) * fs
    feet = []
    for k in _crests(energy, fs, period, 0.55, 0.35):
        reach = width
        k = max(k - reach, 0) + int(np.argmax(steep[max(k - reach, 0) : k + reach + 1]))
        back = max(k - int(0.45 * period[k] * fs), 0)
        if k > back and steep[k] > 0:
            level = float(smooth[back : k + 1].min())
            foot = k - (smooth[k] - level) / steep[k] * fs
            feet.append(max(foot, back) / fs)
    return np.unique(np.array(feet, dtype=np.float64))


def _crests(wave: Samples, fs: float, period: Samples, apart: float, share: float) -> list[int]:
    """Peaks above a share of the typical local peak, at least `apart` of a local period from a higher one."""
    from scipy.signal import find_peaks

    peaks, about = find_peaks(wave, prominence=0.0)
    high = about["prominences"]
    kept: list[int] = []
    strong = np.zeros(peaks.size, dtype=bool)
    for k in np.argsort(high)[::-1]:  # highest first; a lower neighbour within the refractory time falls
        near = np.abs(peaks[kept] - peaks[k]) < apart * period[peaks[k]] * fs if kept else np.array([False])
        if not near.any():
            kept.append(int(k))
            strong[k] = True
    order = np.flatnonzero(strong)
    if order.size == 0:
        return []
    # Typical height among the ten nearest: motion in one place must not hide the pulses of another.
    heights = high[order]
    typical = np.array([np.median(heights[max(i - 5, 0) : i + 6]) for i in range(order.size)])
    return [int(peaks[k]) for k, height, usual in zip(order, heights, typical, strict=True) if height > share * usual]


def _breath_crests(smooth: Samples, fs: float, slow: float, fast: float) -> NDArray[np.intp]:
    """Crests that rise by a third of the local range: no ripple of the heart, no second hump."""
    from scipy.signal import find_peaks

    size = min(int(_BREATH_WINDOW / slow * fs), smooth.size)
    starts = np.unique(np.linspace(0, smooth.size - size, max(1, 2 * smooth.size // size)).astype(int))
    ranges = np.array([np.subtract(*np.percentile(smooth[s : s + size], [90, 10])) for s in starts])
    local = np.interp(np.arange(smooth.size), starts + size / 2, ranges)
    need = _BREATH_RISE * np.maximum(local, _BREATH_RISE * np.median(ranges))
    # A flat crest at the edge of the record counts: pad by the lowest value.
    padded = np.concatenate([[smooth.min()], smooth, [smooth.min()]])
    peaks, about = find_peaks(padded, prominence=1e-12, distance=max(0.8 / fast * fs, 1.0), plateau_size=1)
    peaks -= 1
    inside = (peaks > 0) & (peaks < smooth.size - 1)
    return np.asarray(peaks[inside & (about["prominences"] >= need[np.clip(peaks, 0, smooth.size - 1)])])


def _rise(smooth: Samples, back: int, crest: int, level: float | None, kind: str) -> float:
    """Sample at which the rise to a crest begins, after the crest before it (`back`)."""
    trough = back + int(np.argmin(smooth[back : crest + 1]))
    # 15 % above the trough tells the start of a rise from a ripple at rest; half-way for the steep capnogram.
    share = 0.5 if kind == "co2" else 0.15
    cut = smooth[trough] + share * (smooth[crest] - smooth[trough])
    if level is not None and smooth[trough] < level < smooth[crest]:
        cut = level + 0.05 * (smooth[crest] - level)
    k = trough + int(np.flatnonzero(smooth[trough : crest + 1] <= cut)[-1])
    if k + 1 < smooth.size and smooth[k + 1] > smooth[k]:
        return k + float(np.clip((cut - smooth[k]) / (smooth[k + 1] - smooth[k]), 0.0, 1.0))
    return float(k)


def _r_waves(array: Samples, rate: float) -> Samples:
    if rate < _ECG_RATE:
        mend = "use the pulse of another channel"
        raise CisternaError("an ECG sampled this slowly shows no R waves", found=f"{rate:g} Hz", mend=mend)
    x, fs = working(fill(array), rate, 0.0, 500.0)
    wave = band_pass(x, fs, 8.0, 20.0)
    power = wave**2
    short, long = (np.convolve(power, np.ones(n) / n, mode="same") for n in (_width(_QRS, fs), _width(_BEAT, fs)))
    blocks = runs(short > long + _OFFSET * power.mean())
    found = [
        (a + int(np.argmax(np.abs(wave[a:b]))), float(short[a:b].max())) for a, b in blocks if b - a > _QRS * fs / 2
    ]
    if not found:
        return np.array([])
    # Two in less than the fastest heart's interval: the weaker is a T wave or noise.
    gap = 0.85 / _band("heart_rate")[1] * fs
    kept: list[tuple[int, float]] = []
    for k, height in found:
        if kept and k - kept[-1][0] < gap:
            if height > kept[-1][1]:
                kept[-1] = (k, height)
        else:
            kept.append((k, height))
    heights = np.array([h for _, h in kept])
    usual = np.array([np.median(heights[max(i - 5, 0) : i + 6]) for i in range(heights.size)])
    return np.array([k for (k, _), ok in zip(kept, heights > 0.1 * usual, strict=True) if ok], dtype=np.float64) / fs


def _width(seconds: float, fs: float) -> int:
    return max(int(round(seconds * fs)), 1)


def _band(name: str) -> tuple[float, float]:
    """Slowest and fastest rhythm believed, Hz."""
    row = default_parameters()[f"plausible_{name}_mean_adult"]
    high = row.high
    if name == "heart_rate":
        high = max(high, default_parameters()["plausible_heart_rate_mean_infant"].high)
    return row.low / 60.0, high / 60.0


def _long_enough(array: Samples, rate: float, name: str) -> None:
    shortest = _FEWEST / _band(name)[0]
    shortest = min(shortest, 10.0)
    if array.size / rate < 0.3 * shortest:
        found = f"{array.size / rate:.2f} s"
        raise CisternaError(
            "the signal is too short to find a rhythm", found=found, mend=f"give {0.3 * shortest:.1f} s"
        )


def _present(array: Samples, rate: float, times: Samples) -> NDArray[np.bool_]:
    """Whether the sample at each time was recorded."""
    index = np.clip(np.round(times * rate).astype(int), 0, array.size - 1)
    return np.isfinite(array[index])
