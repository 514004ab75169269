"""What an analysis of a signal answers with: a number, or a number over time, each with its 95 % interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Result:
    """One number taken from a recording.

    Attributes
    ----------
    id : str
        Plain name of the quantity, e.g. ``prx``; the same in the command line, reports and the documentation.
    channel : str
        Canonical name of the signal; of two signals joined by ``:`` (``icp:abp``).
    value : float
        Best estimate; NaN where the recording does not tell.
    unit : str
        Unit of value, low and high; "1" for a pure number.
    low, high : float
        95 % interval; NaN where none can be given.
    n : int
        How many pieces it rests on (beats, windows, samples: `note` says which).
    note : str
        Definition and window in words, and why a value is missing.
    extra : mapping
        Further plain values a report may show (``window_s``, ``p``, ``detail``).

    Examples
    --------
    >>> Result("mean", "icp", 9.417, "mmHg", 9.1, 9.7, 360).as_dict()["value"]
    9.417
    """

    id: str
    channel: str
    value: float
    unit: str
    low: float = float("nan")
    high: float = float("nan")
    n: int = 0
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON values; what is not a number becomes None."""
        numbers = {key: _finite(getattr(self, key)) for key in ("value", "low", "high")}
        plain = {"id": self.id, "channel": self.channel, "unit": self.unit, "n": int(self.n), "note": self.note}
        return {**plain, **numbers, **{key: _json(value) for key, value in self.extra.items()}}


@dataclass(frozen=True)
class Series:
    """A quantity over time, one value a window.

    Attributes
    ----------
    id, channel, unit, note : str
        As in `Result`.
    time : array (window,)
        Middle of each window, s from the start of the recording.
    value, low, high : array (window,)
        Estimate and 95 % interval; NaN where the window does not tell.
    window : float
        Length of a window, s.
    """

    id: str
    channel: str
    unit: str
    time: NDArray[np.float64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    window: float
    note: str = ""


def _json(value: Any) -> Any:
    """A further value as it is, but None where it is no finite number."""
    return _finite(value) if isinstance(value, float) else value


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
