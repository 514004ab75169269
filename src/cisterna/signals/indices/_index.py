"""What an index is: a drop-in class with its definition, what it needs and how it answers over time and as one number.

An index is a function of tables of epochs, one a signal. Its windows lie on the grid of the recording (they begin at
whole multiples of the step), so that a recording that grows only adds windows at its end.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.epochs import Epochs
from cisterna.signals.result import Result, Series

Signals = Mapping[str, Epochs]
#: Needs of this name are met by any one signal.
ANY = "*"


@dataclass(frozen=True)
class Report:
    """One number an index answers with: its id, unit ("" = that of the signal) and what it means."""

    id: str
    unit: str
    title: str


class Index(ABC):
    """An index of slow behaviour.

    A drop-in fills the class fields and `compute` and `summary`. A family of several numbers lists them in `reports`
    and answers with all in `series` and `results`.

    Attributes
    ----------
    name : str
        Id; the same in the command line, reports and the documentation.
    title : str
        What people call it.
    definition : str
        How it is computed, in words.
    unit : str
        Unit; "" when it is that of the signal, "1" for a pure number.
    needs : tuple of str
        Signals, by canonical name (``velocity_mca`` is met by either side); "*" is any one signal.
    window_id : str
        Parameter that holds the default window, s.
    interval : str
        How the 95 % interval is found.
    source : str
        Paper that defined it, with doi.
    reports : tuple of Report
        Numbers of a family; empty for an index of one number.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    definition: ClassVar[str]
    unit: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    window_id: ClassVar[str]
    interval: ClassVar[str]
    source: ClassVar[str]
    reports: ClassVar[tuple[Report, ...]] = ()

    @abstractmethod
    def compute(self, signals: Signals, window: float | None = None, step: float | None = None) -> Series:
        """The index over time, one value a window (s), windows a step (s) apart."""

    @abstractmethod
    def summary(self, signals: Signals, window: float | None = None) -> Result:
        """The index of the whole recording, with its 95 % interval."""

    def series(self, signals: Signals, window: float | None = None, step: float | None = None) -> tuple[Series, ...]:
        """All numbers of the index over time."""
        return (self.compute(signals, window, step),)

    def results(self, signals: Signals, window: float | None = None) -> tuple[Result, ...]:
        """All numbers of the index."""
        return (self.summary(signals, window),)

    @property
    def window(self) -> float:
        """Default window, s."""
        return default_parameters()[self.window_id].value

    def all_reports(self) -> tuple[Report, ...]:
        """Every number the index answers with."""
        return self.reports or (Report(self.name, self.unit, self.title),)

    def inputs(self, names: Mapping[str, object]) -> list[tuple[str, ...]]:
        """Every choice among the signals that gives the index what it needs, e.g. left and right velocity."""
        return [*itertools.product(*([name for name in names if meets(name, need)] for need in self.needs))]

    def take(self, signals: Signals) -> tuple[list[Epochs], str]:
        """The tables of its needs on their common epochs, and the name of the channel for the answer.

        Raises
        ------
        CisternaError
            A signal is missing, several would do, or they share no epoch.
        """
        chosen: list[str] = []
        for need in self.needs:
            exact = [name for name in signals if name == need]
            fitting = exact or [name for name in signals if meets(name, need)]
            if len(fitting) != 1:
                found = ", ".join(signals) or "nothing"
                problem = f"several signals could be '{need}'" if fitting else f"no signal '{need}'"
                mend = f"give one of {', '.join(fitting)}" if fitting else f"it needs {', '.join(self.needs)}"
                raise CisternaError(f"{self.name}: {problem}", found=found, mend=mend)
            chosen += fitting
        return align([signals[name] for name in chosen], chosen), ":".join(chosen)

    def frame(self, table: Epochs, window: float | None, step: float | None = None) -> Frame:
        """The windows of a table."""
        return Frame.of(table, self.window if window is None else window, step)


def meets(name: str, need: str) -> bool:
    """Whether a signal of this name is what an index calls by `need`.

    Examples
    --------
    >>> meets("velocity_mca_l", "velocity_mca"), meets("abp", "icp"), meets("co2", "*")
    (True, False, True)
    """
    return need == ANY or name == need or name.startswith(f"{need}_")


def align(tables: list[Epochs], names: list[str]) -> list[Epochs]:
    """The tables on the epochs that they share.

    Raises
    ------
    CisternaError
        Epochs of different length, or none in common.
    """
    lengths = {t.length for t in tables}
    if len(lengths) > 1:
        found = ", ".join(f"{n} {t.length:g} s" for n, t in zip(names, tables, strict=True))
        raise CisternaError("the epochs of the signals have different lengths", found=found)
    first, last = max(t.first for t in tables), min(t.first + len(t) for t in tables)
    if last <= first:
        raise CisternaError("the signals share no epoch", found=", ".join(names))
    return [t.between(first, last) for t in tables]


@dataclass(frozen=True)
class Frame:
    """Windows over a table: rows at which they start, epochs in each, middle times."""

    starts: NDArray[np.intp]
    size: int
    step: int
    time: NDArray[np.float64]
    window: float

    @staticmethod
    def of(table: Epochs, window: float, step: float | None = None) -> Frame:
        """Windows of `window` s, `step` s apart (1 min by default), rounded to whole epochs.

        Raises
        ------
        CisternaError
            A window of less than two epochs, or no positive step.
        """
        step = default_parameters()["idx_step"].value if step is None else step
        if not (np.isfinite(window) and window >= 2 * table.length and np.isfinite(step) and step > 0):
            mend = f"give a window of {2 * table.length:g} s or more and a step above 0"
            raise CisternaError("impossible window", found=f"window {window:g} s, step {step:g} s", mend=mend)
        size, every = int(round(window / table.length)), max(int(round(step / table.length)), 1)
        begin = int(np.ceil(table.first / every)) * every
        starts = np.arange(begin, table.first + len(table) - size + 1, every, dtype=np.intp) - table.first
        time = np.asarray((table.first + starts + size / 2) * table.length, dtype=np.float64)
        return Frame(starts, size, every, time, size * table.length)

    def rows(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """A column cut into the windows (window, epoch or finer)."""
        if self.starts.size == 0:
            return np.empty((0, self.size))
        return np.lib.stride_tricks.sliding_window_view(column, self.size)[self.starts]

    def apart(self) -> NDArray[np.intp]:
        """Numbers of windows that do not overlap, from the first on."""
        return np.arange(0, self.starts.size, max(int(np.ceil(self.size / self.step)), 1))


def least_share() -> float:
    """Least share of good epochs of a window that counts."""
    return default_parameters()["idx_window_share"].value
