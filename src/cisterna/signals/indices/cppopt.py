"""CPPopt: the perfusion pressure at which reactivity is best, with rules for when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.signals.epochs import Epochs
from cisterna.signals.indices._index import Frame, Index, Signals, least_share
from cisterna.signals.indices._uncertainty import block_length, redraw
from cisterna.signals.indices.correlations import PRx
from cisterna.signals.indices.means import CPP
from cisterna.signals.result import Result, Series

#: Resampled records for one interval, of a summary and of a window of the series.
_TIMES, _TIMES_MOVING = 400, 100
#: Share of the resampled records that must show an optimum for an interval to be given.
_CARRIED = 0.5
#: A correlation of exactly one has no finite z.
_MOST = 0.999


@dataclass(frozen=True)
class Rules:
    """When a parabola counts: width of a bin (mmHg), least share of a bin, least R2, fewest bins."""

    width: float
    share: float
    r2: float
    bins: int

    @staticmethod
    def default() -> Rules:
        """The rules of the parameter table."""
        rows = default_parameters()
        names = ("idx_cppopt_bin", "idx_cppopt_bin_share", "idx_cppopt_r2", "idx_cppopt_bins")
        width, share, r2, bins = (rows[n].value for n in names)
        return Rules(width, share, r2, int(bins))


@dataclass(frozen=True)
class ReactivityByCPP:
    """PRx in bins of CPP, and the parabola through them.

    Attributes
    ----------
    cpp : array (bin,)
        Middle of each bin, mmHg.
    prx, low, high : array (bin,)
        Mean PRx of each bin (averaged as Fisher's z) and its 95 % interval.
    share : array (bin,)
        Share of the values in each bin.
    used : array (bin,) of bool
        Whether the bin holds enough values for the fit.
    curve : tuple of float
        z(PRx) = curve[0] CPP^2 + curve[1] CPP + curve[2]; NaN without a fit.
    optimum, optimum_low, optimum_high : float
        CPPopt and its 95 % interval, mmHg; NaN when rejected.
    r2 : float
        Weighted R2 of the parabola over the bins.
    reason : str
        Why there is no optimum, "" when there is one.
    carried : float
        Share of the resampled records that have an optimum.
    """

    cpp: NDArray[np.float64]
    prx: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    share: NDArray[np.float64]
    used: NDArray[np.bool_]
    curve: tuple[float, float, float]
    optimum: float
    optimum_low: float
    optimum_high: float
    r2: float
    reason: str
    carried: float

    def table(self) -> list[Mapping[str, float]]:
        """One row a bin."""
        columns = (self.cpp, self.prx, self.low, self.high, self.share)
        names = ("cpp", "prx", "low", "high", "share")
        return [dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)]


def reactivity_by_cpp(
    cpp: NDArray[np.float64],
    prx: NDArray[np.float64],
    rules: Rules | None = None,
    *,
    times: int = _TIMES,
    overlap: float = 1.0,
    seed: int = 0,
) -> ReactivityByCPP:
    """Bin PRx by CPP and fit a parabola, weighted by the values in each bin.

    Parameters
    ----------
    cpp, prx : array (value,)
        CPP (mmHg) and PRx of each window, in order of time.
    rules : Rules, optional
        When a fit counts.
    times : int
        Resampled records for the intervals; 0 gives none.
    overlap : float
        Neighbouring values that share data (window over step): the shortest mean block of the resampling.
    seed : int
        Seed of the resampling.

    Returns
    -------
    ReactivityByCPP
        Intervals by the stationary bootstrap (Politis and Romano 1994) over the values.

    Examples
    --------
    >>> cpp = np.tile(np.arange(50.5, 100.0), 10)
    >>> found = reactivity_by_cpp(cpp, np.tanh(0.001 * (cpp - 75) ** 2 - 0.2), times=0)
    >>> round(found.optimum, 1), found.reason
    (75.0, '')
    """
    rules = rules or Rules.default()
    good = np.isfinite(cpp) & np.isfinite(prx)
    x, z = cpp[good], np.arctanh(np.clip(prx[good], -_MOST, _MOST))
    if x.size == 0:
        empty = np.empty(0)
        none = (np.nan, np.nan, np.nan)
        return ReactivityByCPP(
            empty, empty, empty, empty, empty, empty.astype(bool), none, *none, np.nan, "no values", 0.0
        )
    first = np.floor(x.min() / rules.width)
    number = np.floor(x / rules.width).astype(np.intp) - int(first)
    bins = int(number.max()) + 1
    middle = (first + np.arange(bins) + 0.5) * rules.width
    count, total = (
        np.bincount(number, minlength=bins)[None],
        np.asarray(np.bincount(number, z, bins)[None], dtype=np.float64),
    )
    fit = _fit(middle, count, total, rules)
    low, high = np.full(bins, np.nan), np.full(bins, np.nan)
    optimum = (np.nan, np.nan)
    carried = 0.0
    if times > 0 and x.size > 3:
        draws = redraw(x.size, max(block_length(z), block_length(x), overlap), times, seed)
        at = number[draws] + bins * np.arange(times)[:, None]
        counts = np.bincount(at.ravel(), minlength=bins * times).reshape(times, bins)
        drawn = np.bincount(at.ravel(), z[draws].ravel(), bins * times)
        totals = np.asarray(drawn.reshape(times, bins), dtype=np.float64)
        for k in range(bins):
            some = counts[:, k] > 0
            if some.any():
                low[k], high[k] = np.tanh(np.percentile(totals[some, k] / counts[some, k], [2.5, 97.5]))
        again = _fit(middle, counts, totals, rules)
        carried = float(again.accepted.mean())
        if fit.accepted[0] and carried >= _CARRIED:
            optimum = tuple(np.percentile(again.vertex[again.accepted], [2.5, 97.5]))
    with np.errstate(invalid="ignore"):
        mean = np.tanh(total[0] / count[0])
    return ReactivityByCPP(
        cpp=middle,
        prx=mean,
        low=low,
        high=high,
        share=count[0] / x.size,
        used=count[0] >= rules.share * x.size,
        curve=(float(fit.curve[0, 0]), float(fit.curve[0, 1]), float(fit.curve[0, 2])),
        optimum=float(fit.vertex[0]) if fit.accepted[0] else np.nan,
        optimum_low=float(optimum[0]),
        optimum_high=float(optimum[1]),
        r2=float(fit.r2[0]),
        reason=fit.reason(),
        carried=carried,
    )


@dataclass(frozen=True)
class _Fit:
    """Parabolas through binned records (record,): curve, vertex, R2 and the rules each fulfils."""

    curve: NDArray[np.float64]
    vertex: NDArray[np.float64]
    r2: NDArray[np.float64]
    enough: NDArray[np.bool_]
    opens: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    close: NDArray[np.bool_]

    @property
    def accepted(self) -> NDArray[np.bool_]:
        return self.enough & self.opens & self.inside & self.close

    def reason(self) -> str:
        """The first rule the first record breaks."""
        rules = (
            (self.enough, "too few bins of CPP hold enough values"),
            (self.opens, "PRx has no minimum over CPP: the parabola opens downwards"),
            (self.inside, "the minimum lies outside the pressures that were met"),
            (self.close, "PRx does not follow a parabola over CPP"),
        )
        return next((text for kept, text in rules if not kept[0]), "")


def _fit(middle: NDArray[np.float64], count: NDArray[np.intp], total: NDArray[np.float64], rules: Rules) -> _Fit:
    """Weighted parabola through the bin means of each record (record, bin)."""
    used = count >= np.maximum(rules.share * count.sum(axis=1, keepdims=True), 1)
    weight = np.where(used, count, 0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(used, total / count, 0.0)
        # Centred and scaled: a parabola in raw mmHg is ill-conditioned.
        centre, scale = float(middle.mean()), max(float(np.ptp(middle)) / 2, rules.width)
        u = (middle - centre) / scale
        powers = [(weight * u**k).sum(axis=1) for k in range(5)]
        right = np.stack([(weight * mean * u**k).sum(axis=1) for k in (2, 1, 0)], axis=1)
        normal = np.stack([np.stack([powers[4 - i - j] for j in range(3)], axis=1) for i in range(3)], axis=1)
        enough = used.sum(axis=1) >= rules.bins
        safe = np.where(enough[:, None, None], normal, np.eye(3))
        a, b, c = np.linalg.solve(safe, right[..., None])[..., 0].T
        vertex = centre - scale * b / (2 * a)
        level = (weight * mean).sum(axis=1) / weight.sum(axis=1)
        line = a[:, None] * u**2 + b[:, None] * u + c[:, None]
        missed = (weight * (mean - line) ** 2).sum(axis=1)
        around = (weight * (mean - level[:, None]) ** 2).sum(axis=1)
        r2 = np.where(enough & (around > 0), 1 - missed / around, np.nan)
        curve = np.stack([a / scale**2, b / scale - 2 * a * centre / scale**2,
                          c - b * centre / scale + a * centre**2 / scale**2], axis=1)  # fmt: skip
        some = np.where(used, middle, np.nan)
        lowest = np.where(used.any(axis=1), np.where(used, some, np.inf).min(axis=1), np.nan) - rules.width / 2
        highest = np.where(used.any(axis=1), np.where(used, some, -np.inf).max(axis=1), np.nan) + rules.width / 2
        inside = (vertex >= lowest) & (vertex <= highest)
    curve[~enough] = np.nan
    return _Fit(curve, vertex, r2, enough, enough & (a > 0), inside, np.nan_to_num(r2, nan=-1.0) >= rules.r2)


class CPPopt(Index):
    """The CPP at the minimum of PRx over CPP."""

    name = "cppopt"
    title = "CPPopt, optimal cerebral perfusion pressure"
    definition = (
        "minimum of a parabola through Fisher's z of PRx in 5-mmHg bins of CPP, weighted by their values; none unless "
        "four bins hold 2 % each, the parabola opens upwards with its minimum inside the bins, and R2 is 0.2 or more"
    )
    unit = "mmHg"
    needs = ("icp", "abp")
    window_id = "idx_cppopt_window"
    interval = (
        "stationary bootstrap (Politis and Romano 1994) over the values of PRx, which covered 88 to 90 % when "
        "simulated; none when under half of the resampled records have a minimum"
    )
    source = (
        "Steiner et al. 2002 Crit Care Med 30:733 doi:10.1097/00003246-200204000-00002; "
        "Aries et al. 2012 Crit Care Med 40:2456 doi:10.1097/CCM.0b013e3182514eb6"
    )

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules.default()

    def values(self, signals: Signals) -> tuple[NDArray[np.float64], NDArray[np.float64], Frame, Epochs, str]:
        """CPP and PRx of each window of PRx, the windows, and the common table."""
        tables, channel = self.take(signals)
        prx = PRx()
        series = prx.moving(tables, None, None)[0]
        frame = prx.frame(tables[0], None)
        rows = frame.rows(CPP().column([tables[1], tables[0]]))
        with np.errstate(invalid="ignore", divide="ignore"):
            cpp = np.nansum(rows, axis=1) / np.isfinite(rows).sum(axis=1)
        return cpp, series.value, frame, tables[0], channel

    def bins(self, signals: Signals) -> ReactivityByCPP:
        """PRx over CPP of the whole recording: the table and the parabola for a figure."""
        cpp, prx, frame, _, _ = self.values(signals)
        return reactivity_by_cpp(cpp, prx, self.rules, overlap=frame.size / frame.step)

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        cpp, prx, inner, table, channel = self.values(signals)
        frame = self.frame(table, window, step)
        first, last = inner.starts, inner.starts + inner.size
        out = np.full((3, frame.starts.size), np.nan)
        whole = max(int((frame.size - inner.size) / inner.step) + 1, 1)
        for i, start in enumerate(frame.starts):
            inside = (first >= start) & (last <= start + frame.size)
            if np.isfinite(prx[inside]).sum() < least_share() * whole:
                continue
            seed = int(table.first + start)  # of the window itself: a live feed draws the same
            overlap = inner.size / inner.step
            found = reactivity_by_cpp(
                cpp[inside], prx[inside], self.rules, times=_TIMES_MOVING, overlap=overlap, seed=seed
            )
            out[:, i] = found.optimum, found.optimum_low, found.optimum_high
        return Series(self.name, channel, self.unit, frame.time, out[0], out[1], out[2], frame.window, self.definition)

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        cpp, prx, inner, table, channel = self.values(signals)
        found = reactivity_by_cpp(cpp, prx, self.rules, overlap=inner.size / inner.step)
        hours = len(table) * table.length / 3600
        note = f"{self.definition}; over the whole recording, {hours:.3g} h"
        least = (self.window if window is None else window) / 3600
        if hours < least:
            note += f"; shorter than the {least:.3g} h that the method asks for"
        if found.reason:
            note += f"; none: {found.reason}"
        elif not np.isfinite(found.optimum_low):
            note += f"; no interval: only {100 * found.carried:.0f} % of the resampled records have a minimum"
        extra = {"r2": found.r2, "carried": found.carried}
        n = int(np.isfinite(prx).sum())
        return Result(
            self.name, channel, found.optimum, self.unit, found.optimum_low, found.optimum_high, n, note, extra
        )
