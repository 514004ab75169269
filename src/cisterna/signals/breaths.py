"""Where a breath begins: crests that rise by a third of the local range, and the start of the rise to each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples, band_pass, fill, low_pass, working
from cisterna.signals.period import believed, local_period

#: Window in which the range of breathing is taken (slowest breaths), and the rise that counts (share of it).
_WINDOW, _RISE = 2.0, 0.33


def inspirations(array: Samples, rate: float, kind: str) -> Samples:
    """Times at which inspiration begins, s from the first sample; `kind` is volume, flow or co2."""
    x, fs = working(fill(array), rate, 0.0, 25.0)
    if kind == "co2":
        x = -x
    slow, fast = believed("breath_rate")
    wave = band_pass(x, fs, 0.8 * slow, min(1.5 * fast, 0.4 * fs))
    try:
        period = float(np.median(local_period(wave, fs, slow, fast, window=2.0 / slow, share=0.5)))
    except CisternaError:
        period = 3.0 / fast  # irregular breathing: keep all that can be a breath
    # Three times the usual rate: two breaths close together stay two, the heartbeat goes.
    smooth = low_pass(x, fs, min(3.0 / period, fast, 0.4 * fs))
    crests = _crests(smooth, fs, slow, fast)
    usual = int(np.median(np.diff(crests))) if crests.size > 1 else int(fs / slow)
    level = float(np.median(x)) if kind == "flow" else None
    backs = np.concatenate([[max(crests[:1].sum() - usual, 0)], crests[:-1]]).astype(int)
    starts = [_rise(smooth, back, crest, level, kind) / fs for back, crest in zip(backs, crests, strict=False)]
    return np.unique(np.array(starts, dtype=np.float64))


def _crests(smooth: Samples, fs: float, slow: float, fast: float) -> NDArray[np.intp]:
    """Crests that rise by a third of the local range: no ripple of the heart, no second hump."""
    from scipy.signal import find_peaks

    size = min(int(_WINDOW / slow * fs), smooth.size)
    starts = np.unique(np.linspace(0, smooth.size - size, max(1, 2 * smooth.size // size)).astype(int))
    ranges = np.array([np.subtract(*np.percentile(smooth[s : s + size], [90, 10])) for s in starts])
    local = np.interp(np.arange(smooth.size), starts + size / 2, ranges)
    need = _RISE * np.maximum(local, _RISE * np.median(ranges))
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
