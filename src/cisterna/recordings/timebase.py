"""Times of samples as files give them: their unit, whether they are uniform, where samples are missing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert, same_dimension

#: A sample is in its place on a uniform grid when it is off by less than this share of a period.
JITTER = 0.02
#: A grid with missing samples is filled up when it stays below this multiple of the samples present.
MOST_MISSING = 10
_NAMES = {"t": "", "time": "", "times": "", "seconds": "s", "time_s": "s", "t_s": "s", "time_ms": "ms", "t_ms": "ms"}


class Placed(NamedTuple):
    """Samples in their place: a rate (times from 0) or irregular times, one of them; and what was noticed."""

    values: NDArray[np.float64]
    rate: float | None
    time: NDArray[np.float64] | None
    note: str


def is_time_name(name: str) -> bool:
    """Whether a column or dataset of this name holds times.

    Examples
    --------
    >>> is_time_name("t"), is_time_name("time_ms"), is_time_name("tidal")
    (True, True, False)
    """
    return name.strip().lower() in _NAMES


def unit_in_name(name: str) -> str:
    """The unit a time column carries in its name (``time_ms``), "" when none."""
    return _NAMES.get(name.strip().lower(), "")


def time_unit(unit: str, name: str, path: Path) -> str:
    """The unit stated for a time column, or the one in its name.

    Raises
    ------
    CisternaError
        There is none.
    """
    unit = unit or unit_in_name(name)
    if not unit:
        mend = f"say it: units={{'{name}': 's'}} (command line: --units {name}=s), or give rate=<Hz> (--rate HZ)"
        raise CisternaError(f"the time column '{name}' has no unit", where=str(path), mend=mend)
    return unit


def seconds(times: NDArray[np.float64], unit: str, name: str, path: Path) -> NDArray[np.float64]:
    """Times in s from times in a stated unit.

    Raises
    ------
    CisternaError
        No unit is stated, or not one of time, or the times do not rise.
    """
    unit = time_unit(unit, name, path)
    if not same_dimension(unit, "s"):
        raise CisternaError(f"'{unit}' is not a unit of time", where=f"{path}, column {name}")
    at = times * convert(1.0, unit, "s")
    rising = np.diff(at) > 0
    if not (np.isfinite(at).all() and rising.all()):
        bad = int(np.argmax(~rising)) + 1 if rising.size and not rising.all() else int(np.argmax(~np.isfinite(at)))
        found = f"row {bad + 1}: {at[bad]:g} s after {at[max(bad - 1, 0)]:g} s"
        mend = "sort the rows, or give rate=<Hz> (command line: --rate HZ)"
        raise CisternaError(f"the times in '{name}' do not rise", str(path), found, mend)
    return at


def place(at: NDArray[np.float64], values: NDArray[np.float64]) -> Placed:
    """Samples on their uniform grid, NaN where the times leave some out; irregular times stay as they are.

    Examples
    --------
    >>> place(np.array([0.0, 0.5, 2.0]), np.array([1.0, 2.0, 3.0]))[:2]
    (array([ 1.,  2., nan, nan,  3.]), 2.0)
    """
    if at.size < 2:
        return Placed(values, None, at, "")
    steps = np.diff(at)
    # The lower median: with few steps the mean of two would be a step that never occurs.
    counts = np.round(steps / np.sort(steps)[(steps.size - 1) // 2])
    size = float(counts.sum()) + 1.0
    if counts.min() < 1 or size > MOST_MISSING * at.size:
        return Placed(values, None, at, "irregular times")
    # Count steps, then take the mean period: a period from one rounded step would drift over a long file.
    index = np.concatenate([[0.0], np.cumsum(counts)])
    period = float(at[-1] - at[0]) / index[-1]
    off = float(np.abs(at - at[0] - index * period).max())
    if off > max(JITTER * period, min(0.51 * _resolution(at), 0.3 * period)):
        return Placed(values, None, at, "irregular times")
    rate = 1.0 / period
    rate = float(round(rate)) if round(rate) and abs(rate / round(rate) - 1) < 1e-6 else rate
    if size == at.size:
        return Placed(values, rate, None, "")
    grid = np.full(int(size), np.nan)
    grid[index.astype(int)] = values
    return Placed(grid, rate, None, f"{int(size) - at.size} samples missing in the file")


def _resolution(at: NDArray[np.float64]) -> float:
    """The last digit the times are written with: 0.001 for milliseconds; 0 when there is none."""
    for digits in range(7):
        scaled = at * 10.0**digits
        if np.abs(scaled - np.round(scaled)).max() < 1e-5:
            return 10.0**-digits
    return 0.0
