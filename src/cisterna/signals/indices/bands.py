"""Power of a signal in the bands of slow waves, B waves, Mayer waves, breath and heart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.epochs import Epochs
from cisterna.signals.indices._index import ANY, Index, Report, Signals
from cisterna.signals.result import Result, Series
from cisterna.signals.spectra import spectrum

#: Periods of the lowest frequency in a segment: at least the first number, as many as the second if that takes no
#: longer than this (s). A Hann window blurs by two lines: with ten periods neighbouring bands hardly mix.
_PERIODS, _MORE_PERIODS, _LONG = 4, 10, 150.0
#: Cells of the trace in a period of the highest frequency, where the fine trace has as many.
_CELLS = 20
#: Least share of good fine cells in a cell of the trace.
_LEAST = 0.5
#: Name, parameter and words of each band.
BANDS = (
    ("slow", "idx_slow_wave", "slow waves"),
    ("b", "idx_b_wave", "B waves"),
    ("mayer", "idx_mayer", "Mayer waves"),
    ("breath", "idx_breath", "breathing"),
    ("heart", "idx_heart", "the heart beat"),
)


def trace(table: Epochs, highest: float) -> tuple[NDArray[np.float64], float]:
    """The signal as means of cells short enough for a frequency (Hz), and their rate.

    Cells are whole groups of fine cells, those missing left out, so that a lost sample leaves no hole where the
    waves sought are slow. NaN where under half of a cell is good.
    """
    count = table.fine.shape[1]
    wanted = table.fine_rate / (_CELLS * highest)
    group = max((k for k in range(1, count + 1) if count % k == 0 and k <= max(wanted, 1.0)), default=1)
    parts = table.fine.reshape(-1, group)
    good = np.isfinite(parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(good, parts, 0.0).sum(axis=1) / good.sum(axis=1)
    return np.where(good.mean(axis=1) >= _LEAST, mean, np.nan), table.fine_rate / group


def _segment(low: float) -> float:
    """Length of a segment, s."""
    return max(_PERIODS / low, min(_MORE_PERIODS / low, _LONG))


def squared(unit: str) -> str:
    """The square of a unit in plain letters.

    Examples
    --------
    >>> squared("mmHg"), squared("cm/s"), squared("")
    ('mmHg2', 'cm2/s2', '')
    """
    return "/".join(f"{part}2" if part not in ("", "1") else part for part in unit.split("/"))


class BandPowers(Index):
    """Power in five bands: the variance that the rhythms of each bring about."""

    name = "power"
    title = "power in bands"
    definition = (
        "Welch spectrum over Hann segments of ten periods of the band's lowest frequency (of slow and B waves four), "
        "half overlapped, trend of each off, segments with missing cells left out; area over the band (a sine of "
        "amplitude a has a^2 / 2)"
    )
    unit = ""
    needs = (ANY,)
    window_id = "idx_band_window"
    interval = "chi-squared with the degrees of freedom of Welch 1967, overlap and window counted"
    source = "Welch 1967 IEEE Trans Audio Electroacoust 15:70 doi:10.1109/TAU.1967.1161901; bands: parameters idx_*"
    reports = tuple(Report(f"power_{name}", "", f"power of {words}") for name, _, words in BANDS)

    def _powers(self, table: Epochs) -> list[tuple[float, float, float, int, str]]:
        """Of each band: power, low, high, segments, why there is none."""
        out = []
        for _, row_id, _ in BANDS:
            row = default_parameters()[row_id]
            reason, found = "", (np.nan, np.nan, np.nan)
            segments = 0
            values, rate = trace(table, row.high)
            if rate < 2 * row.high:
                reason = f"sampled too slowly ({rate:g} Hz)"
            else:
                try:
                    s = spectrum(values, rate, _segment(row.low), block=1 / rate)
                    found, segments = s.band(row.low, row.high), s.segments
                    reason = "" if segments else "every segment misses samples"
                except CisternaError as error:
                    reason = error.what
            out.append((*found, segments, reason))
        return out

    def results(self, signals: Signals, window: float | None = None) -> tuple[Result, ...]:
        (table,), channel = self.take(signals)
        unit = squared(table.unit)
        out = []
        pairs = zip(self.reports, BANDS, self._powers(table), strict=True)
        for report, (_, row_id, _), (value, low, high, n, reason) in pairs:
            row = default_parameters()[row_id]
            note = f"{self.definition}; {row.low:g} to {row.high:g} Hz, {n} segments over the whole recording"
            if reason:
                note += f"; none: {reason}"
            extra = {"band_low": row.low, "band_high": row.high}
            out.append(Result(report.id, channel, value, unit, low, high, n, note, extra))
        return tuple(out)

    def series(self, signals: Signals, window: float | None = None, step: float | None = None) -> tuple[Series, ...]:
        (table,), channel = self.take(signals)
        wide = self.window if window is None else window
        frame = self.frame(table, wide, wide / 2 if step is None else step)
        values = np.full((len(BANDS), 3, frame.starts.size), np.nan)
        for k, start in enumerate(frame.starts):
            first = table.first + int(start)
            for i, (value, low, high, _, _) in enumerate(self._powers(table.between(first, first + frame.size))):
                values[i, :, k] = value, low, high
        unit = squared(table.unit)
        return tuple(
            Series(
                r.id, channel, unit, frame.time, values[i, 0], values[i, 1], values[i, 2], frame.window, self.definition
            )
            for i, r in enumerate(self.reports)
        )

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        return self.series(signals, window, step)[0]

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        return self.results(signals, window)[0]
