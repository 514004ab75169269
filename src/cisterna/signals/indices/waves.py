"""Lundberg's waves of ICP: plateau (A) waves and B waves, found one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.signals.epochs import Epochs
from cisterna.signals.grid import band_pass, runs
from cisterna.signals.indices._index import Index, Report, Signals
from cisterna.signals.indices._uncertainty import mean_of
from cisterna.signals.indices.bands import trace
from cisterna.signals.result import Result, Series

_LUNDBERG = "Lundberg 1960 Acta Psychiatr Scand Suppl 149:1"
#: Dips below the plateau, or missing epochs, this long (s) do not end a wave.
_DIP = 30.0
#: The pressure before a wave is taken over this time (s).
_BEFORE = 600.0
#: Half-way through the time of the rise at the latest, this share of it may have happened.
_RISEN = 0.25
#: Periods of the slowest B wave that a stretch must hold to be searched.
_PERIODS = 2


@dataclass(frozen=True)
class Wave:
    """A wave of ICP: start and stop (s of the recording), pressure before it and at its top, mmHg."""

    start: float
    stop: float
    before: float
    top: float

    @property
    def height(self) -> float:
        """Top above the pressure before, mmHg."""
        return self.top - self.before

    @property
    def duration(self) -> float:
        """Length, s."""
        return self.stop - self.start


def plateau_waves(icp: Epochs) -> list[Wave]:
    """Plateau waves: ICP rises within minutes to 40 mmHg or more, stays for 5 to 20 min, and was lower before.

    The rise: at least 15 mmHg from the median of the 10 min that end 3 min before the level is reached, at most a
    quarter of it before those last 3 min. Dips and gaps of 30 s do not end a wave. A stay longer than 20 min is
    sustained hypertension, one that begins with the recording cannot be told; neither counts.

    Parameters
    ----------
    icp : Epochs
        Intracranial pressure, mmHg.

    Returns
    -------
    list of Wave
        In order of time; `top` is the median of the plateau.
    """
    rows = default_parameters()
    level, rise = rows["idx_plateau_pressure"].value, rows["idx_plateau_rise"].value
    shortest, longest = rows["idx_plateau_time"].low, rows["idx_plateau_time"].high
    dip, onset, before = (int(round(s / icp.length)) for s in (_DIP, rows["idx_plateau_onset"].value, _BEFORE))
    mean = icp.mean
    high = np.nan_to_num(mean, nan=-np.inf) >= level
    for a, b in runs(~high):
        if a > 0 and b < high.size and b - a <= dip:
            high[a:b] = True
    found = []
    for a, b in runs(high):
        past = mean[max(a - onset - before, 0) : max(a - onset, 0)]
        if not shortest <= (b - a) * icp.length <= longest or np.isfinite(past).sum() < 0.5 * min(before, a - onset):
            continue
        if not np.isfinite(past).any():
            continue
        base, top = float(np.nanmedian(past)), float(np.nanmedian(mean[a:b]))
        early = past[-3:][np.isfinite(past[-3:])]
        sudden = early.size > 0 and float(np.median(early)) <= base + _RISEN * (top - base)
        if top - base >= rise and sudden:
            start, stop = (icp.first + a) * icp.length, (icp.first + b) * icp.length
            found.append(Wave(start, stop, base, top))
    return found


def b_waves(icp: Epochs) -> tuple[list[Wave], float]:
    """B waves: crests of ICP in the band of 0.5 to 2 a minute, 2 mmHg or more over the trough before.

    Returns
    -------
    waves : list of Wave
        From trough to trough; `before` and `top` are those of the band-passed pressure.
    searched : float
        Time searched, s: stretches without a gap of at least two periods of the slowest wave.
    """
    from scipy.signal import find_peaks

    rows = default_parameters()
    band, least = rows["idx_b_wave"], rows["idx_b_wave_height"].value
    values, rate = trace(icp, band.high)
    if rate < 4 * band.high:
        return [], 0.0
    found, searched = [], 0.0
    for a, b in runs(np.isfinite(values)):
        if (b - a) / rate < _PERIODS / band.low:
            continue
        wave = band_pass(values[a:b], rate, band.low, band.high)
        searched += (b - a) / rate
        crests, about = find_peaks(wave, prominence=least)
        for k, left, right in zip(crests, about["left_bases"], about["right_bases"], strict=True):
            span = int(rate / band.low / 2)  # bases may lie far off: a wave is not longer than its band
            left, right = max(int(left), int(k) - span), min(int(right), int(k) + span)
            zero = icp.first * icp.length + a / rate
            bottom = float(wave[left : k + 1].min())
            found.append(Wave(zero + left / rate, zero + right / rate, bottom, float(wave[k])))
    return found, searched


def _poisson(count: int, over: float) -> tuple[float, float, float]:
    """Rate of events and its exact 95 % interval (Garwood 1936), per unit of `over`."""
    from scipy.special import gammaincinv

    if over <= 0:
        return np.nan, np.nan, np.nan
    low = float(gammaincinv(count, 0.025)) if count else 0.0
    return count / over, low / over, float(gammaincinv(count + 1, 0.975)) / over


class PlateauWaves(Index):
    """How often plateau waves come."""

    name = "plateau_waves"
    title = "plateau (A) waves an hour"
    definition = (
        "10-s means of ICP at 40 mmHg or more for 5 to 20 min, 15 mmHg or more above the 10 min before, reached within "
        "3 min"
    )
    unit = "1/h"
    needs = ("icp",)
    window_id = "idx_wave_window"
    interval = "exact for a Poisson count (Garwood 1936 Biometrika 28:437)"
    source = f"{_LUNDBERG}; Castellani et al. 2009 Neurocrit Care 11:143 (40 mmHg, 5 min)"

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        (icp,), channel = self.take(signals)
        frame = self.frame(icp, window, step)
        starts = np.array([wave.start for wave in plateau_waves(icp)])
        first = (icp.first + frame.starts) * icp.length
        counts = [int(((starts >= a) & (starts < a + frame.window)).sum()) for a in first]
        hours = np.isfinite(frame.rows(icp.mean)).sum(axis=1) * icp.length / 3600
        v = np.array([_poisson(c, h) for c, h in zip(counts, hours, strict=True)]).reshape(-1, 3).T
        return Series(self.name, channel, self.unit, frame.time, v[0], v[1], v[2], frame.window, self.definition)

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        (icp,), channel = self.take(signals)
        waves = plateau_waves(icp)
        hours = float(np.isfinite(icp.mean).sum()) * icp.length / 3600
        value, low, high = _poisson(len(waves), hours)
        note = f"{self.definition}; {len(waves)} in {hours:.3g} h"
        extra = {"count": len(waves), "minutes": sum(w.duration for w in waves) / 60}
        return Result(self.name, channel, value, self.unit, low, high, len(waves), note, extra)


class BWaves(Index):
    """How often B waves come and how high they are."""

    name = "b_waves"
    title = "B waves a minute"
    definition = (
        "crests of ICP, band-passed 0.5 to 2 a minute without phase shift, that rise 2 mmHg or more over both troughs "
        "beside"
    )
    unit = "1/min"
    needs = ("icp",)
    window_id = "idx_band_window"
    interval = (
        "rate: exact for a Poisson count (Garwood 1936), wide for regular waves; height: t on the effective number"
    )
    source = _LUNDBERG
    reports = (
        Report("b_waves", "1/min", "B waves a minute"),
        Report("b_wave_height", "mmHg", "mean height of the B waves, crest over the trough before"),
    )

    def results(self, signals: Signals, window: float | None = None) -> tuple[Result, ...]:
        (icp,), channel = self.take(signals)
        waves, seconds = b_waves(icp)
        value, low, high = _poisson(len(waves), seconds / 60)
        note = f"{self.definition}; {len(waves)} in {seconds / 60:.3g} min without gaps"
        rate = Result("b_waves", channel, value, self.unit, low, high, len(waves), note)
        height, small, tall, n = mean_of(np.array([w.height for w in waves]))
        return rate, Result("b_wave_height", channel, height, icp.unit, small, tall, n, note)

    def series(self, signals: Signals, window: float | None = None, step: float | None = None) -> tuple[Series, ...]:
        (icp,), channel = self.take(signals)
        frame = self.frame(icp, window, step)
        waves, _ = b_waves(icp)
        middle = np.array([(w.start + w.stop) / 2 for w in waves])
        height = np.array([w.height for w in waves])
        band = default_parameters()["idx_b_wave"]
        good = np.isfinite(trace(icp, band.high)[0]).reshape(len(icp), -1).mean(axis=1)
        minutes = frame.rows(good).sum(axis=1) * icp.length / 60
        values: NDArray[np.float64] = np.full((2, 3, frame.starts.size), np.nan)
        for k, start in enumerate(frame.starts):
            at = (icp.first + int(start)) * icp.length
            inside = (middle >= at) & (middle < at + frame.window)
            values[0, :, k] = _poisson(int(inside.sum()), float(minutes[k]))
            values[1, :, k] = mean_of(height[inside])[:3]
        units = (self.unit, icp.unit)
        return tuple(
            Series(r.id, channel, unit, frame.time, v[0], v[1], v[2], frame.window, self.definition)
            for r, unit, v in zip(self.reports, units, values, strict=True)
        )

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        return self.series(signals, window, step)[0]

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        return self.results(signals, window)[0]
