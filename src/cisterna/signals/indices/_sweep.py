"""How an index depends on its window: the same recording, the window swept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.indices._index import Index, Signals
from cisterna.signals.result import Result

#: Windows of a sweep without a list: from the lowest to the highest value of the window's parameter.
_STEPS = 5


@dataclass(frozen=True)
class Sweep:
    """Results of one index by window.

    Attributes
    ----------
    id : str
        The index.
    windows : tuple of float
        Windows, s.
    results : tuple of Result
        The recording's result with each.
    """

    id: str
    windows: tuple[float, ...]
    results: tuple[Result, ...]

    @property
    def spread(self) -> float:
        """Largest minus smallest value over the windows, in the unit of the index; NaN with fewer than two."""
        values = [r.value for r in self.results if np.isfinite(r.value)]
        return float(max(values) - min(values)) if len(values) > 1 else float("nan")

    def table(self) -> list[dict[str, Any]]:
        """One row a window: window_s, value, low, high, n."""
        pairs = zip(self.windows, self.results, strict=True)
        return [{"window_s": w, "value": r.value, "low": r.low, "high": r.high, "n": r.n} for w, r in pairs]


def sweep(index: Index, signals: Signals, windows: Sequence[float] | None = None, id: str = "") -> Sweep:
    """The summary of an index with each of several windows.

    Parameters
    ----------
    index : Index
        The index.
    signals : mapping of name to Epochs
        Its signals.
    windows : sequence of float, optional
        Windows, s; five from the lowest to the highest value of the window's parameter by default.
    id : str, optional
        Which number of a family; its first by default.

    Raises
    ------
    CisternaError
        No window, an impossible one, or the family has no such number.
    """
    if windows is None:
        row = default_parameters()[index.window_id]
        windows = sorted({row.value, *(round(float(w)) for w in np.geomspace(row.low, row.high, _STEPS))})
    if len(windows) == 0:
        raise CisternaError("no window to sweep", mend="give windows in seconds")
    wanted = id or index.all_reports()[0].id
    if wanted not in {report.id for report in index.all_reports()}:
        mend = f"one of {', '.join(report.id for report in index.all_reports())}"
        raise CisternaError(f"{index.name} has no number '{wanted}'", mend=mend)
    results = []
    for window in windows:
        index.frame(index.take(signals)[0][0], float(window))  # refuses what no window can be
        results += [result for result in index.results(signals, float(window)) if result.id == wanted]
    return Sweep(wanted, tuple(float(w) for w in windows), tuple(results))
