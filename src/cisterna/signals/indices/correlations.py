"""Moving correlations between slow signals: reactivity (PRx, PAx, Mx, Sx, Dx) and reserve (RAP, RAC)."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from cisterna.signals.epochs import Epochs
from cisterna.signals.indices._index import Index, Signals, least_share
from cisterna.signals.indices._uncertainty import Estimate, correlations, pooled
from cisterna.signals.indices.means import CPP
from cisterna.signals.result import Result, Series

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


class Correlation(Index):
    """Pearson correlation of two columns of epochs in a moving window."""

    unit = "1"
    window_id = "idx_correlation_window"
    interval = (
        "Fisher's z with the effective number of epochs (Bartlett 1935) in a window; over the record the larger of "
        "that and the scatter of windows that do not overlap"
    )

    @abstractmethod
    def pair(self, tables: list[Epochs]) -> Pair:
        """The two columns."""

    def moving(self, tables: list[Epochs], window: float | None, step: float | None) -> tuple[Series, Estimate]:
        """The series, and the estimates of those windows that do not overlap."""
        frame = self.frame(tables[0], window, step)
        x, y = self.pair(tables)
        e = correlations(frame.rows(x), frame.rows(y), least_share())
        k = frame.apart()
        series = Series(self.name, "", "1", frame.time, e.value, e.low, e.high, frame.window, self.definition)
        return series, Estimate(e.value[k], e.low[k], e.high[k], e.n[k])

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        from dataclasses import replace

        tables, channel = self.take(signals)
        return replace(self.moving(tables, window, step)[0], channel=channel)

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        tables, channel = self.take(signals)
        series, apart = self.moving(tables, window, None)
        value, low, high, n = pooled(series.value, apart)
        good = int(np.isfinite(series.value).sum())
        note = f"{self.definition}; window {series.window:g} s, mean of {good} windows ({n} apart)"
        if good == 0:
            have = len(tables[0]) * tables[0].length
            note += f"; no window with enough good epochs in {have:g} s"
        return Result(self.name, channel, value, "1", low, high, n, note, {"window_s": series.window})


class PRx(Correlation):
    """Pressure reactivity: does the cranium follow arterial pressure passively (near 1) or not (0 and below)?"""

    name = "prx"
    title = "PRx, pressure reactivity index"
    definition = "moving Pearson correlation of the 10-s means of ICP and ABP"
    needs = ("icp", "abp")
    source = "Czosnyka et al. 1997 Neurosurgery 41:11 doi:10.1097/00006123-199707000-00005"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].mean, tables[1].mean


class PAx(Correlation):
    """Reactivity by the pulse of ICP: works at low ICP, where its mean moves little."""

    name = "pax"
    title = "PAx, pulse amplitude reactivity index"
    definition = "moving Pearson correlation of AMP (fundamental of the ICP pulse) and the 10-s means of ABP"
    needs = ("icp", "abp")
    source = "Aries et al. 2012 Neurocrit Care 17:67 doi:10.1007/s12028-012-9687-z"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].amplitude_f1, tables[1].mean


class RAP(Correlation):
    """Reserve: AMP rises with ICP (near 1) when reserve is small, ignores it (0) when it is good, falls (below 0)
    when vessels are exhausted."""

    name = "rap"
    title = "RAP, compensatory reserve index"
    definition = "moving Pearson correlation of AMP (fundamental of the ICP pulse) and the 10-s means of ICP"
    needs = ("icp",)
    source = "Czosnyka et al. 1996 Acta Neurochir 138:531 doi:10.1007/BF01411173"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].amplitude_f1, tables[0].mean


class RAC(Correlation):
    """Reserve and reactivity in one: AMP against perfusion pressure."""

    name = "rac"
    title = "RAC, correlation of AMP and CPP"
    definition = "moving Pearson correlation of AMP (fundamental of the ICP pulse) and the 10-s means of CPP"
    needs = ("icp", "abp")
    source = "Zeiler et al. 2018 J Neurotrauma 35:963 doi:10.1089/neu.2017.5241"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].amplitude_f1, CPP().column([tables[1], tables[0]])


class Mx(Correlation):
    """Autoregulation: does mean flow velocity follow perfusion pressure?"""

    name = "mx"
    title = "Mx, mean velocity index"
    definition = "moving Pearson correlation of the 10-s means of flow velocity and CPP"
    needs = ("velocity_mca", "abp", "icp")
    source = "Czosnyka et al. 1996 Stroke 27:1829 doi:10.1161/01.STR.27.10.1829"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].mean, CPP().column(tables[1:])


class Sx(Correlation):
    """As Mx, of systolic velocity."""

    name = "sx"
    title = "Sx, systolic velocity index"
    definition = "moving Pearson correlation of the systolic flow velocity of each epoch and its mean CPP"
    needs = ("velocity_mca", "abp", "icp")
    source = "Czosnyka et al. 1996 Stroke 27:1829 doi:10.1161/01.STR.27.10.1829"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].systolic, CPP().column(tables[1:])


class Dx(Correlation):
    """As Mx, of diastolic velocity."""

    name = "dx"
    title = "Dx, diastolic velocity index"
    definition = "moving Pearson correlation of the diastolic flow velocity of each epoch and its mean CPP"
    needs = ("velocity_mca", "abp", "icp")
    source = "Reinhard et al. 2003 Stroke 34:2138 doi:10.1161/01.STR.0000087788.65566.AC"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].diastolic, CPP().column(tables[1:])


class Mxa(Correlation):
    """Mx without ICP: mean flow velocity against arterial pressure."""

    name = "mxa"
    title = "Mxa, mean velocity index from arterial pressure"
    definition = "moving Pearson correlation of the 10-s means of flow velocity and ABP"
    needs = ("velocity_mca", "abp")
    source = "Lang et al. 2003 J Neurol Neurosurg Psychiatry 74:1053 doi:10.1136/jnnp.74.8.1053"

    def pair(self, tables: list[Epochs]) -> Pair:
        return tables[0].mean, tables[1].mean
