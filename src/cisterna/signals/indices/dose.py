"""Dose of intracranial hypertension: pressure above a threshold times time, and the share of time above it."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.signals.epochs import Epochs
from cisterna.signals.indices._index import Index, Signals, least_share
from cisterna.signals.indices._uncertainty import Estimate, mean_of, means
from cisterna.signals.result import Result, Series


class _Above(Index):
    """A mean over epochs of what lies above a threshold, times a factor that grows with the time."""

    needs = ("icp",)
    window_id = "idx_dose_window"
    interval = "t interval on the effective number of epochs: what another record of the same kind would give"

    @property
    @abstractmethod
    def threshold_id(self) -> str:
        """Parameter that holds the threshold."""

    @property
    def threshold(self) -> float:
        """Threshold, mmHg."""
        return default_parameters()[self.threshold_id].value

    @abstractmethod
    def column(self, icp: Epochs) -> NDArray[np.float64]:
        """One value an epoch, NaN where ICP is."""

    @abstractmethod
    def factor(self, seconds: float) -> float:
        """From the mean over epochs to the answer for that many seconds."""

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        tables, channel = self.take(signals)
        frame = self.frame(tables[0], window, step)
        e = means(frame.rows(self.column(tables[0])), least_share())
        k = self.factor(frame.window)
        note = f"{self.definition}; missing epochs of a window count as its mean"
        bounded = Estimate(e.value * k, np.maximum(e.low * k, 0.0), self.most(e.high * k), e.n)
        v, low, high = bounded.value, bounded.low, bounded.high
        return Series(self.name, channel, self.unit, frame.time, v, low, high, frame.window, note)

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        tables, channel = self.take(signals)
        column = self.column(tables[0])
        value, low, high, n = mean_of(column)
        seconds = n * tables[0].length
        k = self.factor(seconds)
        note = (
            f"{self.definition}; over the {seconds / 3600:.3g} h recorded, {column.size - n} missing epochs not counted"
        )
        high = float(self.most(np.array(high * k)))
        extra = {"hours": seconds / 3600, "threshold": self.threshold}
        return Result(self.name, channel, value * k, self.unit, max(low * k, 0.0), high, n, note, extra)

    def most(self, high: NDArray[np.float64]) -> NDArray[np.float64]:
        """The upper end kept to what is possible."""
        return high


class _Dose(_Above):
    unit = "mmHg h"

    def column(self, icp: Epochs) -> NDArray[np.float64]:
        return np.maximum(icp.mean - self.threshold, 0.0)

    def factor(self, seconds: float) -> float:
        return seconds / 3600


class _Time(_Above):
    unit = "1"

    def column(self, icp: Epochs) -> NDArray[np.float64]:
        return np.where(np.isfinite(icp.mean), (icp.mean > self.threshold).astype(np.float64), np.nan)

    def factor(self, seconds: float) -> float:
        return 1.0

    def most(self, high: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(high, 1.0)


class Dose20(_Dose):
    """Pressure times time above 20 mmHg."""

    name = "dose_20"
    title = "dose of ICP above 20 mmHg"
    definition = "area between the 10-s means of ICP and 20 mmHg, where they are above"
    threshold_id = "idx_dose_20"
    source = "Vik et al. 2008 J Neurosurg 109:678 doi:10.3171/JNS/2008/109/10/0678"


class Dose22(_Dose):
    """Pressure times time above 22 mmHg."""

    name = "dose_22"
    title = "dose of ICP above 22 mmHg"
    definition = "area between the 10-s means of ICP and 22 mmHg, where they are above"
    threshold_id = "idx_dose_22"
    source = "Carney et al. 2017 Neurosurgery 80:6 doi:10.1227/NEU.0000000000001432 (threshold)"


class TimeAbove20(_Time):
    """Share of the time above 20 mmHg."""

    name = "time_above_20"
    title = "share of time with ICP above 20 mmHg"
    definition = "share of 10-s means of ICP above 20 mmHg"
    threshold_id = "idx_dose_20"
    source = "Vik et al. 2008 J Neurosurg 109:678 doi:10.3171/JNS/2008/109/10/0678"


class TimeAbove22(_Time):
    """Share of the time above 22 mmHg."""

    name = "time_above_22"
    title = "share of time with ICP above 22 mmHg"
    definition = "share of 10-s means of ICP above 22 mmHg"
    threshold_id = "idx_dose_22"
    source = "Carney et al. 2017 Neurosurgery 80:6 doi:10.1227/NEU.0000000000001432 (threshold)"
