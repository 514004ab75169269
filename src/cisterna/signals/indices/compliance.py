"""Compliance and elastance from spontaneous pulses: how AMP grows with ICP, and pulse volume over pulse pressure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cisterna.signals.epochs import Epochs
from cisterna.signals.indices._index import Index, Report, Signals, least_share
from cisterna.signals.indices._uncertainty import lines
from cisterna.signals.indices.means import _Mean
from cisterna.signals.result import Result, Series


class ElastanceIndex(Index):
    """The line of AMP over ICP: its slope grows with elastance, it meets zero at the reference pressure.

    On an exponential pressure-volume curve, P - P0 = Pr exp(E V), a pulse of blood of amplitude dV gives
    AMP = E dV (P - P0): the slope is E dV (a pure number) and the line meets AMP = 0 at P0.
    """

    name = "elastance_index"
    title = "elastance index, slope of AMP over ICP"
    definition = (
        "least-squares slope of AMP (fundamental) over the 10-s means of ICP; equals elastance times pulse volume"
    )
    unit = "1"
    needs = ("icp",)
    window_id = "idx_elastance_window"
    interval = (
        "t interval with the effective number from the memories of ICP and residuals; Fieller 1954 for the pressure"
    )
    source = (
        "Szewczykowski et al. 1977 J Neurosurg 47:19 doi:10.3171/jns.1977.47.1.0019; Avezaat et al. 1979 JNNP 42:687"
    )
    reports = (
        Report("elastance_index", "1", "slope of AMP over mean ICP"),
        Report("amplitude_zero", "mmHg", "ICP at which the line of AMP over ICP meets zero"),
    )

    def series(self, signals: Signals, window: float | None = None, step: float | None = None) -> tuple[Series, ...]:
        tables, channel = self.take(signals)
        frame = self.frame(tables[0], window, step)
        icp, amp = tables[0].mean, tables[0].amplitude_f1
        found = lines(frame.rows(icp), frame.rows(amp), least_share())
        units = ("1", tables[0].unit)
        return tuple(
            Series(r.id, channel, unit, frame.time, e.value, e.low, e.high, frame.window, self.definition)
            for r, unit, e in zip(self.reports, units, found, strict=True)
        )

    def results(self, signals: Signals, window: float | None = None) -> tuple[Result, ...]:
        tables, channel = self.take(signals)
        icp, amp = tables[0].mean, tables[0].amplitude_f1
        found = lines(icp[None], amp[None], 0.0)
        n = int(found[0].n[0])
        r = np.nan
        if n >= 5:
            good = np.isfinite(icp) & np.isfinite(amp)
            with np.errstate(invalid="ignore", divide="ignore"):
                r = float(np.corrcoef(icp[good], amp[good])[0, 1])
        note = f"{self.definition}; over all {n} epochs; means little where ICP hardly moves (r = {r:.2f})"
        units = ("1", tables[0].unit)
        return tuple(
            Result(report.id, channel, float(e.value[0]), unit, float(e.low[0]), float(e.high[0]), n, note, {"r": r})
            for report, unit, e in zip(self.reports, units, found, strict=True)
        )

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        return self.series(signals, window, step)[0]

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        return self.results(signals, window)[0]


class ComplianceIndex(_Mean):
    """Pulse of arterial blood volume over pulse of pressure.

    The volume pulse follows from velocity v and an unknown, constant lumen A: dV = A times the integral of v minus
    its mean. At the heart rate f its amplitude is A v1 / (2 pi f). Without A the index is in cm/mmHg and only
    changes within one person mean anything.
    """

    name = "compliance_index"
    title = "compliance index, volume pulse over pressure pulse"
    definition = (
        "fundamental of flow velocity over 2 pi heart rate, over AMP (fundamental of ICP), per lumen of the vessel"
    )
    unit = "cm/mmHg"
    needs = ("velocity_mca", "icp")
    source = "Kim et al. 2012 J Neurotrauma 29:1354 doi:10.1089/neu.2011.2018 (arterial part of compliance)"

    def column(self, tables: list[Epochs]) -> NDArray[np.float64]:
        velocity, icp = tables
        with np.errstate(divide="ignore", invalid="ignore"):
            index = velocity.amplitude_f1 / (2 * np.pi * velocity.heart_rate / 60) / icp.amplitude_f1
        return np.where(np.isfinite(index), index, np.nan)

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        result = super().summary(signals, window)
        return replace(result, note=f"{result.note}; relative: the lumen is unknown")
