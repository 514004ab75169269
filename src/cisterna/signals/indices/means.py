"""Means over windows: of a signal, of its pulse amplitude, and perfusion pressure."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import convert
from cisterna.signals.epochs import Epochs
from cisterna.signals.indices._index import ANY, Index, Signals, align, least_share
from cisterna.signals.indices._uncertainty import mean_of, means
from cisterna.signals.result import Result, Series

_INTERVAL = (
    "t interval on the effective number of epochs: first-order memory in a window (Bartlett 1935), Geyer 1992 over the "
    "record"
)


class _Mean(Index):
    """The mean of a column of epochs."""

    window_id = "idx_mean_window"
    interval = _INTERVAL

    @abstractmethod
    def column(self, tables: list[Epochs]) -> NDArray[np.float64]:
        """What is averaged, one value an epoch."""

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        tables, channel = self.take(signals)
        frame = self.frame(tables[0], window, step)
        e = means(frame.rows(self.column(tables)), least_share())
        unit = self.unit or tables[0].unit
        return Series(self.name, channel, unit, frame.time, e.value, e.low, e.high, frame.window, self.definition)

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        tables, channel = self.take(signals)
        column = self.column(tables)
        value, low, high, n = mean_of(column)
        note = f"{self.definition}; mean over {n} of {column.size} epochs of {tables[0].length:g} s"
        extra = {"spread": float(np.nanstd(column)) if n > 1 else float("nan")}
        return Result(self.name, channel, value, self.unit or tables[0].unit, low, high, n, note, extra)


class Mean(_Mean):
    """Mean of any signal (mean ICP, mean ABP)."""

    name = "mean"
    title = "mean"
    definition = "mean of the samples of each epoch, then over the window; pressures as their transducer is levelled"
    unit = ""
    needs = (ANY,)
    source = "elementary"

    def column(self, tables: list[Epochs]) -> NDArray[np.float64]:
        return tables[0].mean


class PulseAmplitudeF1(_Mean):
    """AMP: the fundamental of the pulse."""

    name = "pulse_amplitude_f1"
    title = "AMP, amplitude of the fundamental of the pulse"
    definition = "amplitude (half the peak to peak) of the sine at the heart rate of each 10-s epoch, then the mean"
    unit = ""
    needs = (ANY,)
    source = "Czosnyka et al. 1996 Acta Neurochir 138:531 doi:10.1007/BF01411173"

    def column(self, tables: list[Epochs]) -> NDArray[np.float64]:
        return tables[0].amplitude_f1


class PulseAmplitudePP(_Mean):
    """Peak to peak of the pulse, also called mean wave amplitude."""

    name = "pulse_amplitude_pp"
    title = "peak to peak of the pulse"
    definition = (
        "highest minus lowest within each period of the heart, slow changes taken off, averaged over an epoch, then "
        "the mean"
    )
    unit = ""
    needs = (ANY,)
    source = "Eide and Brean 2006 Acta Neurochir 148:1151 (mean wave amplitude)"

    def column(self, tables: list[Epochs]) -> NDArray[np.float64]:
        return tables[0].amplitude_pp


class PulsatilityIndex(_Mean):
    """Gosling's pulsatility of a flow velocity."""

    name = "pulsatility"
    title = "pulsatility index (Gosling)"
    definition = "systolic minus diastolic over mean velocity of each epoch, then the mean"
    unit = "1"
    needs = ("velocity_mca",)
    source = "Gosling and King 1974 Proc R Soc Med 67:447"

    def column(self, tables: list[Epochs]) -> NDArray[np.float64]:
        velocity = tables[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            index = (velocity.systolic - velocity.diastolic) / velocity.mean
        return np.where(np.isfinite(index), index, np.nan)


class CPP(_Mean):
    """Perfusion pressure, with care for the level at which arterial pressure was read.

    Parameters
    ----------
    height : float
        How far the transducer of arterial pressure stood below the level of the head (foramen of Monro), cm. 0: both
        at one level, or lying flat. With the head up by 30 degrees and ABP levelled at the heart it is 10 to 15 cm,
        and CPP "as recorded" is 8 to 12 mmHg too high.

    Examples
    --------
    >>> CPP(height=12.0).drop
    9.35...
    """

    name = "cpp"
    title = "CPP, cerebral perfusion pressure"
    definition = "mean ABP minus mean ICP of each epoch, ABP as its transducer is levelled unless a height is given"
    unit = "mmHg"
    needs = ("abp", "icp")
    source = "Rosner and Daughton 1990 J Trauma 30:933; level: Thomas et al. 2015 Br J Anaesth 115:487"
    default_height: ClassVar[float] = 0.0

    def __init__(self, height: float = default_height) -> None:
        if not np.isfinite(height):
            raise CisternaError("the height of the transducer must be a number", found=f"{height} cm")
        self.height = float(height)

    @property
    def drop(self) -> float:
        """Fall of arterial pressure from the transducer to the head, mmHg."""
        density = default_parameters()["blood_density"].value
        return convert(density * 9.80665 * self.height / 100.0, "Pa", "mmHg")

    def column(self, tables: list[Epochs]) -> NDArray[np.float64]:
        abp, icp = tables
        for name, table in (("abp", abp), ("icp", icp)):
            if table.unit != "mmHg":
                mend = "give both in mmHg (declare or convert units when loading)"
                raise CisternaError("cpp needs pressures", found=f"{name} in {table.unit or 'no unit'}", mend=mend)
        return abp.mean - self.drop - icp.mean

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        from dataclasses import replace

        result = super().summary(signals, window)
        level = f"ABP moved up by {self.height:g} cm" if self.height else "levels as recorded"
        return replace(result, note=f"{result.note}; {level}", extra={**result.extra, "height_cm": self.height})


def perfusion(signals: Signals, abp: str = "abp", icp: str = "icp", height: float = 0.0) -> NDArray[np.float64]:
    """Perfusion pressure of each common epoch, mmHg."""
    return CPP(height).column(align([signals[abp], signals[icp]], [abp, icp]))
