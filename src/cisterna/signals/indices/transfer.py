"""Dynamic autoregulation by transfer function: from arterial pressure to flow velocity, and to ICP."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.signals.epochs import Epochs
from cisterna.signals.indices._index import Index, Report, Signals
from cisterna.signals.result import Result, Series
from cisterna.signals.transfer import Transfer, bands, transfer_function


class _TransferIndex(Index):
    """Gain, phase and coherence in three bands; the first signal needed is the input, the second the output."""

    window_id = "idx_tf_window"
    definition = (
        "Welch average over Hann windows of 102.4 s (overlap 50 to 60 %), three-point smoothing; gain and phase "
        "averaged over the frequencies of the band whose squared coherence passes the 5 % threshold, negative phases "
        "below 0.1 Hz left out; positive phase: output leads"
    )
    unit = ""
    interval = "jackknife over the windows, log gain, t quantile"
    source = "Claassen et al. 2016 J Cereb Blood Flow Metab 36:665 doi:10.1177/0271678X15626425"

    @property
    @abstractmethod
    def gain_unit(self) -> str:
        """Unit of the output over that of the input."""

    @property
    @abstractmethod
    def what(self) -> str:
        """Between which signals, in words."""

    def all_reports(self) -> tuple[Report, ...]:
        quantities = (("gain", self.gain_unit), ("phase", "deg"), ("coherence", "1"))
        return tuple(
            Report(f"{self.name}_{quantity}_{band}", unit, f"{quantity} {self.what}, {low:g}-{high:g} Hz")
            for band, (low, high) in bands().items()
            for quantity, unit in quantities
        )

    def _measure(self, tables: list[Epochs], convention: str = "carnet") -> Transfer:
        x, y = (t.fine.ravel() for t in tables)
        if x.size != y.size:
            rates = " and ".join(f"{t.fine_rate:g} Hz" for t in tables)
            mend = "give both at 10 samples a second or more"
            raise CisternaError("the fine traces have different rates", found=rates, mend=mend)
        return transfer_function(x, y, tables[0].fine_rate, convention=convention)

    def results(self, signals: Signals, window: float | None = None) -> tuple[Result, ...]:
        tables, channel = self.take(signals)
        inputs, outputs = channel.split(":")
        channel = f"{outputs}:{inputs}"
        try:
            found, plain = self._measure(tables), self._measure(tables, "welch")
        except CisternaError as error:
            note = f"{self.definition}; none: {error.what}"
            return tuple(Result(r.id, channel, np.nan, r.unit, note=note) for r in self.all_reports())
        out = []
        for report in self.all_reports():
            name, _, band = report.id.rpartition("_")
            quantity = name.rpartition("_")[2]
            one = found.bands[band]
            value, low, high = getattr(one, quantity)
            note = f"{self.definition}; {found.windows} windows, {one.passed} of {one.frequencies} frequencies pass"
            if found.bridged:
                note += f"; {100 * found.bridged:.1f} % of the samples bridged by lines"
            extra = {
                "windows": found.windows,
                "passed": one.passed,
                "frequencies": one.frequencies,
                "all_frequencies": getattr(plain.bands[band], quantity)[0],
            }
            out.append(Result(report.id, channel, value, report.unit, low, high, found.windows, note, extra))
        return tuple(out)

    def series(self, signals: Signals, window: float | None = None, step: float | None = None) -> tuple[Series, ...]:
        tables, channel = self.take(signals)
        inputs, outputs = channel.split(":")
        frame = self.frame(tables[0], window, self.window if step is None and window is None else step or window)
        values = np.full((len(self.all_reports()), 3, frame.starts.size), np.nan)
        for k, start in enumerate(frame.starts):
            first = tables[0].first + int(start)
            try:
                found = self._measure([t.between(first, first + frame.size) for t in tables])
            except CisternaError:  # too short or full of holes: the window does not tell
                continue
            for i, report in enumerate(self.all_reports()):
                name, _, band = report.id.rpartition("_")
                values[i, :, k] = getattr(found.bands[band], name.rpartition("_")[2])
        label = f"{outputs}:{inputs}"
        return tuple(
            Series(
                r.id, label, r.unit, frame.time, values[i, 0], values[i, 1], values[i, 2], frame.window, self.definition
            )
            for i, r in enumerate(self.all_reports())
        )

    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        return self.series(signals, window, step)[0]

    def summary(self, signals: Signals, window: float | None = None) -> Result:
        return self.results(signals, window)[0]


class TransferFlow(_TransferIndex):
    """Arterial pressure to flow velocity."""

    name = "transfer_flow"
    title = "transfer function from ABP to flow velocity"
    needs = ("abp", "velocity_mca")
    gain_unit = "cm/s/mmHg"
    what = "from ABP to flow velocity"


class TransferICP(_TransferIndex):
    """Arterial pressure to intracranial pressure."""

    name = "transfer_icp"
    title = "transfer function from ABP to ICP"
    needs = ("abp", "icp")
    gain_unit = "mmHg/mmHg"
    what = "from ABP to ICP"
