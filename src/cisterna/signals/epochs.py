"""Epochs: a recording in consecutive pieces of 10 s, on which all slow indices stand.

The grid is fixed at time 0 of the recording and a row depends on the samples of its own epoch only. So a recording
that arrives in chunks gives the same table as the whole file, and signals of different rates share one clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.recordings.names import kind_of
from cisterna.recordings.recording import Recording
from cisterna.signals import epoch_rows
from cisterna.signals.faults import PULSATILE

Column = NDArray[np.float64]
#: Epochs worked at a time: a few MB of samples, so that a day needs no more memory than an hour.
_BLOCK = 64
_COLUMNS = ("mean", "amplitude_f1", "amplitude_pp", "heart_rate", "systolic", "diastolic", "share")


@dataclass(frozen=True)
class Epochs:
    """One signal as a table of epochs.

    Attributes
    ----------
    kind : str
        Kind of signal (pressure, pulse, velocity have a pulse; breath, co2, trend, ecg and others have none here).
    unit : str
        Unit of the samples, "" when uncalibrated.
    first : int
        Number of the first epoch on the grid; epoch k covers k * length to (k + 1) * length of the recording.
    length : float
        Length of an epoch, s.
    mean : array (epoch,)
        Mean of the good samples; NaN (as all columns) where too few of them are good.
    amplitude_f1 : array (epoch,)
        Amplitude of the fundamental of the pulse (half its peak to peak): AMP of the pressure literature.
    amplitude_pp : array (epoch,)
        Peak to peak of the pulse, averaged over the beats; about 2.6 times the fundamental for ICP.
    heart_rate : array (epoch,)
        1/min, from the spectrum of this signal.
    systolic, diastolic : array (epoch,)
        Highest and lowest sample of a beat, averaged over the beats.
    share : array (epoch,)
        Share of good samples, 0 to 1.
    fine : array (epoch, cell)
        Means of equal parts of the epoch (10 a second), for rhythms faster than the epochs can show; NaN where a
        part has no good sample.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.01)
    >>> icp = Epochs.of(10 + 2 * np.sin(2 * np.pi * 1.2 * t), 100.0, "pressure", unit="mmHg")
    >>> len(icp), icp.mean.round(3)[0], icp.amplitude_f1.round(3)[0], icp.amplitude_pp.round(2)[0]
    (6, np.float64(10.0), np.float64(2.0), np.float64(4.0))
    >>> icp.heart_rate.round(2)[0], icp.time[:2]
    (np.float64(72.0), array([ 5., 15.]))
    """

    kind: str
    unit: str
    first: int
    length: float
    mean: Column
    amplitude_f1: Column
    amplitude_pp: Column
    heart_rate: Column
    systolic: Column
    diastolic: Column
    share: Column
    fine: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        values: Any,
        rate: float,
        kind: str,
        good_mask: Any = None,
        *,
        unit: str = "",
        start: float = 0.0,
        length: float | None = None,
    ) -> Epochs:
        """The epochs of a whole signal.

        Parameters
        ----------
        values : array (time,)
            Samples; anything that can be sliced (an array in a file as well), missing ones NaN.
        rate : float
            Samples a second, Hz.
        kind : str
            As in `Epochs`.
        good_mask : array (time,) of bool, optional
            False where a sample is not to be used.
        unit : str
            Unit of the samples.
        start : float
            Time of the first sample on the clock of the recording, s.
        length : float, optional
            Length of an epoch, s; 10 by default.

        Raises
        ------
        CisternaError
            Not one axis, a mask of another size, an impossible rate, or less than one whole epoch.
        """
        shape = np.shape(values)
        if len(shape) != 1:
            raise CisternaError("one signal is needed, samples along one axis", found=f"shape {shape}")
        if good_mask is not None and np.shape(good_mask) != shape:
            found = f"{np.shape(good_mask)} for {shape} samples"
            raise CisternaError("the mask of good samples does not fit the signal", found=found)
        stream = EpochStream(rate, kind, unit=unit, start=start, length=length)
        at_once = max(int(_BLOCK * stream.length * rate), 1)
        for a in range(0, shape[0], at_once):
            stream.feed(values[a : a + at_once], None if good_mask is None else good_mask[a : a + at_once])
        table = stream.epochs
        if len(table) == 0:
            found = f"{shape[0] / rate:.3g} s"
            mend = f"give {stream.length:g} s or more, from a whole multiple of {stream.length:g} s"
            raise CisternaError("the signal holds no whole epoch", found=found, mend=mend)
        return table

    def __len__(self) -> int:
        return int(self.mean.size)

    @property
    def time(self) -> Column:
        """Middle of each epoch, s from the start of the recording."""
        return np.asarray((self.first + np.arange(len(self)) + 0.5) * self.length, dtype=np.float64)

    @property
    def fine_rate(self) -> float:
        """Cells of the fine trace a second, Hz."""
        return self.fine.shape[1] / self.length

    def between(self, first: int, last: int) -> Epochs:
        """The epochs with grid numbers first to last (not included), as far as they exist."""
        a = min(max(first - self.first, 0), len(self))
        b = min(max(last - self.first, a), len(self))
        columns: dict[str, Any] = {name: getattr(self, name)[a:b] for name in (*_COLUMNS, "fine")}
        return replace(self, first=self.first + a, **columns)

    def with_mean(self, mean: Column) -> Epochs:
        """The same epochs with another mean, e.g. a pressure moved to another level."""
        return replace(self, mean=np.asarray(mean, dtype=np.float64))

    @staticmethod
    def join(parts: Iterable[Epochs]) -> Epochs:
        """Consecutive tables as one."""
        pieces = list(parts)
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(p, name) for p in pieces]) for name in (*_COLUMNS, "fine")
        }
        return replace(pieces[0], **columns)


class EpochStream:
    """Epochs of a signal that arrives in chunks: the same rows as `Epochs.of` gives for the whole.

    Examples
    --------
    >>> t = np.arange(0, 30, 0.01)
    >>> x = 10 + np.sin(2 * np.pi * t)
    >>> stream = EpochStream(100.0, "pressure", unit="mmHg")
    >>> [len(stream.feed(x[a : a + 700])) for a in range(0, 3000, 700)]
    [0, 1, 1, 0, 1]
    >>> bool((stream.epochs.amplitude_f1 == Epochs.of(x, 100.0, "pressure").amplitude_f1).all())
    True
    """

    def __init__(
        self, rate: float, kind: str, *, unit: str = "", start: float = 0.0, length: float | None = None
    ) -> None:
        rows = default_parameters()
        self.rate, self.kind, self.unit, self.start = float(rate), kind, unit, float(start)
        self.length = float(rows["idx_epoch"].value if length is None else length)
        if not (np.isfinite(rate) and rate > 0):
            raise CisternaError("impossible sampling rate", found=f"{rate} Hz", mend="give samples a second")
        if not (np.isfinite(self.length) and self.length > 0 and np.isfinite(self.start)):
            raise CisternaError("impossible epoch", found=f"{self.length} s from {self.start} s")
        if rate * self.length < 1:
            mend = "give longer epochs"
            raise CisternaError("less than one sample an epoch", found=f"{rate:g} Hz, {self.length:g} s", mend=mend)
        self._share = rows["idx_epoch_share"].value
        # The same band as the beat finder believes, the fast end that of infants.
        slow, fast = rows["plausible_heart_rate_mean_adult"], rows["plausible_heart_rate_mean_infant"]
        self._band = (slow.low / 60.0, fast.high / 60.0)
        # Epochs of a rate that does not fit hold one sample more or less; rows are computed at fixed widths all the
        # same, else the last bits of a row would depend on its neighbours.
        self._fewest = int(rate * self.length + 1e-6)
        self._widest = int(np.ceil(rate * self.length - 1e-6))
        self._cells = min(epoch_rows.CELLS, self._fewest)
        self._next = int(np.ceil(self.start / self.length - 0.5 / (rate * self.length)))
        self._first = self._next
        self._rest: NDArray[np.float64] = np.empty(0)
        self._rest_from = 0  # number of the first sample kept in `_rest`
        self._parts: list[Epochs] = []

    def feed(self, values: Any, good_mask: Any = None) -> Epochs:
        """Take the next samples; the epochs that they complete, none or many."""
        chunk = np.array(values, dtype=np.float64)
        if chunk.ndim != 1:
            raise CisternaError("one signal is needed, samples along one axis", found=f"shape {chunk.shape}")
        chunk[~np.isfinite(chunk)] = np.nan
        if good_mask is not None:
            chunk[~np.asarray(good_mask, dtype=bool)] = np.nan
        self._rest = np.concatenate([self._rest, chunk]) if self._rest.size else chunk
        ready = self._next
        while self._edge(ready + 1) <= self._rest_from + self._rest.size:
            ready += 1
        numbers = range(self._next, ready, _BLOCK)
        fresh = [self._rows(a, min(a + _BLOCK, ready)) for a in numbers] or [self._rows(ready, ready)]
        self._next = ready
        gone = min(max(self._edge(ready) - self._rest_from, 0), self._rest.size)
        self._rest, self._rest_from = self._rest[gone:].copy(), self._rest_from + gone
        new = Epochs.join(fresh)
        if len(new) or not self._parts:
            self._parts.append(new)
        return new

    @property
    def epochs(self) -> Epochs:
        """All epochs completed so far."""
        if not self._parts:
            self._parts.append(self._rows(self._next, self._next))
        if len(self._parts) > 1:
            self._parts = [Epochs.join(self._parts)]
        return self._parts[0]

    def _edge(self, number: int) -> int:
        """Number of the first sample of an epoch; a sample just before its edge by rounding belongs to it."""
        return int(np.ceil((number * self.length - self.start) * self.rate - 1e-6))

    def _rows(self, first: int, last: int) -> Epochs:
        edges = np.array([self._edge(k) for k in range(first, last + 1)], dtype=np.intp) - self._rest_from
        sizes = np.diff(edges)
        if self._fewest == self._widest and sizes.size:
            block = self._rest[edges[0] : edges[-1]].reshape(sizes.size, self._widest)
        else:
            at = edges[:-1, None] + np.arange(self._widest)
            inside = np.arange(self._widest) < sizes[:, None]
            block = np.where(inside, self._rest[np.where(inside, at, edges[:-1, None])] if at.size else 0.0, np.nan)
        share, mean = epoch_rows.shares_and_means(block, sizes)
        fine = epoch_rows.cells(block, sizes, self._cells)
        enough = share >= self._share
        columns = {name: np.full(sizes.size, np.nan) for name in ("frequency", "f1", "pp", "high", "low")}
        if self.kind in PULSATILE and enough.any():
            even = np.ascontiguousarray(block[enough, : self._fewest])
            for name, column in epoch_rows.pulses(even, self.rate, *self._band).items():
                columns[name][enough] = column
        return Epochs(
            kind=self.kind,
            unit=self.unit,
            first=first,
            length=self.length,
            mean=np.where(enough, mean, np.nan),
            amplitude_f1=columns["f1"],
            amplitude_pp=columns["pp"],
            heart_rate=60.0 * columns["frequency"],
            systolic=columns["high"],
            diastolic=columns["low"],
            share=share,
            fine=fine,
        )


def epochs_of(
    rec: Recording, names: Sequence[str] | None = None, good: Mapping[str, Any] | None = None
) -> dict[str, Epochs]:
    """The epochs of the signals of a recording, on one grid.

    Parameters
    ----------
    rec : Recording
        Signals along time only; others are asked for by place (``rec["pressure_csf(C3)"]``) with `Epochs.of`.
    names : sequence of str, optional
        Signals wanted; all that are sampled uniformly along time alone by default.
    good : mapping of name to bool array, optional
        False where a sample is not to be used, e.g. what the quality check marks.

    Examples
    --------
    >>> rec = Recording().with_signal("icp", [10.0] * 40, rate=2.0, unit="mmHg", level_ref="foramen_monro")
    >>> {name: len(table) for name, table in epochs_of(rec).items()}
    {'icp': 2}
    """
    masks = good or {}
    if names is None:
        names = [n for n in rec.signals if rec[n].ndim == 1 and rec[n][rec.time_dim(n)].attrs.get("rate", 0.0) > 0]
    out = {}
    for name in names:
        row = kind_of(name)
        start = float(rec.time(name)[0]) if rec.time(name).size else 0.0
        out[name] = Epochs.of(
            rec.values(name),
            rec.rate(name),
            row.kind if row else "other",
            masks.get(name),
            unit=rec.unit(name),
            start=start,
        )
    return out
