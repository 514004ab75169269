"""Transfer function between two slow signals: gain, phase and coherence, as the white paper of CARNet asks.

Claassen et al. 2016 J Cereb Blood Flow Metab 36:665 doi:10.1177/0271678X15626425: Hann windows of 102.4 s, overlap
near 50 % so that the whole record is used, three-point triangular smoothing over frequency, coherence threshold by
the number of windows, gain and phase averaged over the frequencies of a band that pass it, negative phases below
0.1 Hz left out as wrapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import as_samples, runs

Complex = NDArray[np.complex128]
#: Critical squared coherence at 5 % for 3 to 15 windows with Hann, half overlap and smoothing (white paper; tests
#: find the same by simulation). Beyond, the tail falls as the inverse of the number of windows. Where windows are
#: shifted to overlap by 60 % the white paper keeps these, and up to 8 % of frequencies pass by chance.
_CRITICAL = (0.51, 0.40, 0.34, 0.29, 0.25, 0.22, 0.20, 0.18, 0.17, 0.15, 0.14, 0.13, 0.12)
#: Largest overlap when windows are shifted to reach the end of the record: five windows of 100 s in 300 s.
_OVERLAP = 0.5999
#: Most groups of windows that are left out in turn: more would only cost time.
_GROUPS = 50


@dataclass(frozen=True)
class BandTransfer:
    """Gain, phase and coherence of one band, each with its 95 % interval (value, low, high).

    Attributes
    ----------
    gain : tuple of float
        Output unit over input unit; mean over the frequencies that pass the coherence threshold.
    phase : tuple of float
        Degrees; positive: the output leads.
    coherence : tuple of float
        Squared coherence, mean over all frequencies of the band.
    power_in, power_out : float
        Power of input and output in the band, in the squares of their units.
    passed, frequencies : int
        Frequencies that pass the threshold, and all of the band.
    """

    gain: tuple[float, float, float]
    phase: tuple[float, float, float]
    coherence: tuple[float, float, float]
    power_in: float
    power_out: float
    passed: int
    frequencies: int


@dataclass(frozen=True)
class Transfer:
    """A transfer function over frequency and by band.

    Attributes
    ----------
    frequency : array (frequency,)
        Hz.
    response : array (frequency,) of complex
        Output over input; its size is the gain and its angle the phase.
    coherence : array (frequency,)
        Squared coherence.
    threshold : float
        Critical squared coherence.
    windows : int
        Windows averaged.
    bridged : float
        Share of the samples bridged by a line.
    bands : mapping of name to BandTransfer
        vlf, lf, hf.
    """

    frequency: NDArray[np.float64]
    response: Complex
    coherence: NDArray[np.float64]
    threshold: float
    windows: int
    bridged: float
    bands: Mapping[str, BandTransfer]


def bands() -> dict[str, tuple[float, float]]:
    """The three bands of the white paper, Hz; the upper end is not included."""
    rows = default_parameters()
    return {name: (rows[f"idx_tf_{name}"].low, rows[f"idx_tf_{name}"].high) for name in ("vlf", "lf", "hf")}


def critical_coherence(windows: int) -> float:
    """Squared coherence that unrelated signals pass in 5 % of frequencies.

    Examples
    --------
    >>> critical_coherence(5), critical_coherence(2)
    (0.34, 1.0)
    """
    if windows < 3:
        return 1.0
    return _CRITICAL[windows - 3] if windows <= 15 else _CRITICAL[-1] * 15 / windows


def transfer_function(
    inputs: ArrayLike,
    outputs: ArrayLike,
    rate: float,
    *,
    segment: float | None = None,
    bridge: float | None = None,
    convention: str = "carnet",
) -> Transfer:
    """Transfer function from one signal to another (arterial pressure to flow velocity, or to ICP).

    Parameters
    ----------
    inputs, outputs : array (time,)
        Samples on one clock; beat-averaged or pulsatile, missing ones NaN.
    rate : float
        Samples a second, Hz; 1 or more.
    segment : float, optional
        Length of a window, s; 102.4 by default.
    bridge : float, optional
        Longest missing stretch that is bridged by a line, s; 3 by default. A window with a longer one is left out.
    convention : str
        ``carnet``, the white paper; or ``welch``: windows half overlapped, no smoothing, no threshold, phase of the
        mean response (its vector average), all frequencies of the band.

    Returns
    -------
    Transfer
        Intervals by leaving out each window in turn (jackknife; of more than 50 windows, groups of them).

    Raises
    ------
    CisternaError
        Different lengths, too slow a rate, a record shorter than a window, no whole window, or an unknown convention.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.convolve(rng.standard_normal(3400), np.ones(10) / 10, "valid")
    >>> t = transfer_function(x, 0.8 * x, 10.0)
    >>> t.windows, round(t.bands["lf"].gain[0], 6), abs(round(t.bands["lf"].phase[0], 6))
    (6, 0.8, 0.0)
    """
    rows = default_parameters()
    segment = rows["idx_tf_segment"].value if segment is None else segment
    bridge = rows["idx_tf_bridge"].value if bridge is None else bridge
    x, y = as_samples(inputs, rate), as_samples(outputs, rate)
    if convention not in ("carnet", "welch"):
        raise UnknownName("convention of the transfer function", convention, ["carnet", "welch"])
    paper = convention == "carnet"
    highest = max(high for _, high in bands().values())
    if x.size != y.size:
        raise CisternaError("input and output have different lengths", found=f"{x.size} and {y.size} samples")
    if rate < 2 * highest:
        mend = "give samples, not trends"
        raise CisternaError("sampled too slowly for the high band", found=f"{rate:g} Hz", mend=mend)
    size = int(round(segment * rate))
    if size < 8 or x.size < size:
        mend = f"give {rows['idx_tf_window'].value:g} s or more"
        found = f"{x.size / rate:.4g} s of {segment:g} s"
        raise CisternaError("the record is shorter than a window of the transfer function", found=found, mend=mend)
    x, filled_x = _bridged(x, rate, bridge)
    y, filled_y = _bridged(y, rate, bridge)
    fx, fy = _windows(x, y, size, _OVERLAP if paper else 0.5, adjust=paper)
    if fx.shape[0] == 0:
        mend = "choose a part with fewer gaps"
        raise CisternaError("every window of the transfer function misses samples", mend=mend)
    frequency = np.asarray(np.arange(size // 2 + 1) * (rate / size), dtype=np.float64)
    count = fx.shape[0]
    threshold = critical_coherence(count) if paper else 0.0
    sums = [(np.abs(fx) ** 2), (np.abs(fy) ** 2), fx.conj() * fy]
    totals = [v.sum(axis=0) for v in sums]
    whole = _spectra([v / count for v in totals], paper)
    groups = np.array_split(np.arange(count), min(count, _GROUPS)) if count > 2 else []
    left = [
        _spectra(
            [(all_of - v[g].sum(axis=0)) / (count - g.size) for v, all_of in zip(sums, totals, strict=True)], paper
        )
        for g in groups
    ]
    used = np.nan_to_num(whole.coherence) >= threshold
    wrapped = (frequency < rows["idx_tf_wrap"].value) & (np.angle(whole.response) < 0) & paper
    # From |FFT|^2 to power in a strip of one frequency; 3/8 is the mean square of a Hann window.
    scale = 2.0 / (rate * 0.375 * size) * rate / size
    measured = {
        name: _band((frequency >= low) & (frequency < high), used, used & ~wrapped, whole, left, scale, not paper)
        for name, (low, high) in bands().items()
    }
    bridged = max(filled_x, filled_y) / x.size
    return Transfer(frequency, whole.response, whole.coherence, threshold, count, bridged, measured)


@dataclass(frozen=True)
class _Averaged:
    """Spectra averaged over windows."""

    pxx: NDArray[np.float64]
    pyy: NDArray[np.float64]
    response: Complex
    coherence: NDArray[np.float64]


def _spectra(means: list[NDArray], smooth: bool) -> _Averaged:
    pxx, pyy, pxy = (_smoothed(v) for v in means) if smooth else means
    with np.errstate(invalid="ignore", divide="ignore"):
        return _Averaged(pxx, pyy, pxy / pxx, np.abs(pxy) ** 2 / (pxx * pyy))


def _smoothed(values: NDArray) -> NDArray:
    """Three-point triangle (1/4, 1/2, 1/4); the mean at zero frequency is kept out of its neighbour."""
    padded = np.concatenate([values[1:2], values[1:2], values[2:], values[-1:]])
    out = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    out = np.concatenate([values[:1], out])
    return out[: values.size]


def _windows(
    x: NDArray[np.float64], y: NDArray[np.float64], size: int, overlap: float, adjust: bool
) -> tuple[Complex, Complex]:
    """Transforms of the windows that miss nothing; adjusted, they overlap less so that the last ends the record."""
    count = int((x.size - size) / (size * (1 - overlap)) + 1e-9) + 1
    shift = (x.size - size) // (count - 1) if adjust and count > 1 else int(round(size * (1 - overlap)))
    starts = np.arange(count) * shift
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    cut = [np.lib.stride_tricks.sliding_window_view(v - np.nanmean(v), size)[starts] for v in (x, y)]
    whole = np.isfinite(cut[0]).all(axis=1) & np.isfinite(cut[1]).all(axis=1)
    fx, fy = (np.fft.rfft(v[whole] * window) for v in cut)
    return fx, fy


def _bridged(values: NDArray[np.float64], rate: float, longest: float) -> tuple[NDArray[np.float64], int]:
    """Short missing stretches inside by lines, and how many samples that were."""
    missing = ~np.isfinite(values)
    if not missing.any():
        return values, 0
    out, filled = values.copy(), 0
    for a, b in runs(missing):
        if a > 0 and b < values.size and (b - a) / rate <= longest:
            out[a:b] = np.interp(np.arange(a, b), [a - 1, b], [values[a - 1], values[b]])
            filled += b - a
    return out, filled


def _band(
    inside: NDArray[np.bool_],
    used: NDArray[np.bool_],
    turned: NDArray[np.bool_],
    whole: _Averaged,
    left: list[_Averaged],
    scale: float,
    vector: bool,
) -> BandTransfer:
    kept, turned = inside & used, inside & turned

    def gain(a: _Averaged) -> float:
        return float(np.log(np.abs(a.response[kept]).mean())) if kept.any() else float("nan")

    about = np.angle(whole.response[turned].mean() if vector and turned.any() else whole.response[turned])

    def phase(a: _Averaged) -> float:
        # Around the phase of the whole, so that no window's phase wraps away from it.
        if not turned.any():
            return float("nan")
        response = a.response[turned].mean() if vector else a.response[turned]
        return float(np.mean(about + np.angle(response * np.exp(-1j * about))))

    def coherence(a: _Averaged) -> float:
        return float(np.arctanh(np.sqrt(np.clip(a.coherence[inside].mean(), 0, 1 - 1e-15))))

    g, p, c = (_jackknife(f(whole), [f(a) for a in left]) for f in (gain, phase, coherence))
    return BandTransfer(
        gain=(float(np.exp(g[0])), float(np.exp(g[1])), float(np.exp(g[2]))),
        phase=(float(np.degrees(p[0])), float(np.degrees(p[1])), float(np.degrees(p[2]))),
        coherence=(
            float(whole.coherence[inside].mean()),
            float(np.tanh(max(c[1], 0.0)) ** 2),
            float(np.tanh(c[2]) ** 2),
        ),
        power_in=float(whole.pxx[inside].sum() * scale),
        power_out=float(whole.pyy[inside].sum() * scale),
        passed=int(kept.sum()),
        frequencies=int(inside.sum()),
    )


def _jackknife(value: float, left: list[float]) -> tuple[float, float, float]:
    """A value with its 95 % t interval from the values with one window left out.

    Windows that overlap are not independent: the scatter is widened by the share that they have in common.
    """
    from scipy.special import stdtrit

    n = len(left)
    if n < 3 or not np.isfinite(value):
        return value, float("nan"), float("nan")
    scatter = np.asarray(left) - np.mean(left)
    # Left-out values of half-overlapped windows are correlated; their scatter then shows too little.
    variance = (n - 1) / n * float((scatter**2).sum()) * (1 + 2 / 36) / (1 - 2 / 36)
    half = float(stdtrit(n - 1, 0.975)) * np.sqrt(variance)
    return value, value - half, value + half
