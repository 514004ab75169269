"""Named arrays without a layout, as MATLAB and NumPy files hold them, become signals by plain rules.

A rate is a number called ``fs``, ``rate`` ... ; a clock is a vector called ``t`` or ``time`` in a stated unit; a
signal is a vector as long as the clock (or as the longest vector when there is only a rate). A matrix gives one
signal a column, named by ``labels``. Units stand in ``units`` or ``<name>_units``. Nothing else is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.reader import Ask, Channel, tidy_unit
from cisterna.recordings.sidecar import Sidecar
from cisterna.recordings.timebase import is_time_name, place, seconds

#: What a variable may be here: numbers, texts (one a row), or a group of variables.
Variable = Any
RATE_NAMES = ("rate", "fs", "fs_hz", "sampling_rate", "samplingrate", "sampling_frequency", "sample_rate", "samplerate")
LABEL_NAMES = ("labels", "titles", "names", "channels", "channel_names", "columns")
UNIT_NAMES = ("units", "unit")
MOST_COLUMNS = 1000


@dataclass
class Found:
    """Signals found among variables, with what was noticed and the names of the clocks."""

    channels: list[Channel] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    clocks: list[str] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)


def channels_of(tree: Mapping[str, Variable], car: Sidecar, ask: Ask, path: Path) -> Found:
    """The signals among named variables.

    Parameters
    ----------
    tree : mapping
        Name to array of numbers, list of texts, or mapping (a group of variables).
    car, ask : Sidecar, Ask
        What the side-car and the user say.
    path : Path
        The file, for errors.

    Raises
    ------
    CisternaError
        No signal, no rate and no clock, or a clock without unit.

    Examples
    --------
    >>> found = channels_of({"icp": np.array([9.0, 9.5]), "fs": np.array(100.0)}, Sidecar(), Ask(), Path("a.mat"))
    >>> [(c.own, c.rate) for c in found.channels]
    [('icp', 100.0)]
    """
    found = Found()
    said = car.over(ask)
    _group(tree, "", said, car, path, found, None)
    for name, part in tree.items():
        if isinstance(part, Mapping):
            _group(part, name, said, car, path, found, _rate(tree, path))
    if not found.channels:
        mend = "give rate=<Hz>, or store a number 'fs' or a vector 'time' beside the signals"
        raise CisternaError("no signal over time among the variables", str(path), _listed(tree), mend)
    columns = list(said.columns)
    if columns and len(columns) != len(found.channels):
        what = f"{len(found.channels)} signals, {len(columns)} names"
        raise CisternaError("the names do not fit the signals", str(path), what, "give one name a signal")
    if columns:
        named = []
        for name, channel in zip(columns, found.channels, strict=True):
            unit = car.units.get(name, channel.unit)
            fresh = Channel(name, channel.values, unit, channel.rate, channel.time, channel.start, channel.quality)
            named.append(fresh)
        found.channels = named
    return found


def _group(
    tree: Mapping[str, Variable], prefix: str, said: Ask, car: Sidecar, path: Path, found: Found, outer: float | None
) -> None:
    """Signals of one group of variables; `outer` is the rate stated above it."""
    arrays = {k: v for k, v in tree.items() if isinstance(v, np.ndarray) and v.size > 1}
    vectors = {k: v.reshape(-1) for k, v in arrays.items() if max(v.shape) == v.size}
    clock = next((k for k in vectors if is_time_name(k)), "")
    rate = said.rate if said.rate is not None else _rate(tree, path) or outer
    at: NDArray[np.float64] | None = None
    if clock:
        found.clocks.append(clock)
        stated = said.units.get(clock) or tidy_unit(_text(tree.get(f"{clock}_units", tree.get(f"{clock}_unit", ""))))
        if stated or rate is None:
            at = seconds(vectors[clock].astype(np.float64), stated, clock, path)
            found.offsets.append(float(at[0]))
        else:
            found.notes.append(f"the clock '{clock}' states no unit: the rate is used")
    series = {k: v for k, v in vectors.items() if k != clock and not is_time_name(k)}
    matrices = {k: v for k, v in arrays.items() if k not in vectors}
    if at is None and rate is None:
        series = {k: v for k, v in series.items() if _own_rate(tree, k, path)}
        matrices = {}
    lengths = [v.size for v in series.values()] + [max(v.shape) for v in matrices.values()]
    wanted = at.size if at is not None else max(lengths, default=0)
    for name, values in series.items():
        own_rate = _own_rate(tree, name, path)
        _add(found, _join(prefix, name), values, _unit(tree, car, name), at, own_rate or rate, wanted, bool(own_rate))
    for name, matrix in matrices.items():
        for own, column, unit in _columns(tree, name, matrix, found.notes):
            _add(found, _join(prefix, own), column, car.units.get(own, unit), at, rate, wanted, False)


def _add(
    found: Found,
    own: str,
    values: NDArray[Any],
    unit: str,
    at: NDArray[np.float64] | None,
    rate: float | None,
    wanted: int,
    free: bool,
) -> None:
    if free:
        found.channels.append(Channel(own, np.asarray(values, dtype=np.float64), unit, rate))
    elif values.size != wanted:
        found.notes.append(f"variable '{own}' has {values.size} values instead of {wanted}: left out")
    elif at is not None:
        grid = place(at - at[0], values.astype(np.float64))
        found.channels.append(Channel(own, grid.values, unit, grid.rate, grid.time, quality=grid.note))
    else:
        found.channels.append(Channel(own, np.asarray(values, dtype=np.float64), unit, rate))


def _columns(
    tree: Mapping[str, Variable], name: str, matrix: NDArray[Any], notes: list[str]
) -> list[tuple[str, NDArray[Any], str]]:
    """The columns of a matrix with their names and units; time runs along its longer side."""
    if matrix.ndim != 2 or min(matrix.shape) > MOST_COLUMNS or matrix.shape[0] == matrix.shape[1]:
        shape = " x ".join(str(n) for n in matrix.shape)
        notes.append(f"variable '{name}' ({shape}) has no side that is clearly time: left out")
        return []
    table = matrix if matrix.shape[0] > matrix.shape[1] else matrix.T
    count = table.shape[1]
    labels = _texts(tree, LABEL_NAMES, count) or [f"{name} {k + 1}" for k in range(count)]
    units = _texts(tree, UNIT_NAMES, count) or [""] * count
    return [(labels[k], table[:, k], units[k]) for k in range(count)]


def _texts(tree: Mapping[str, Variable], names: Sequence[str], count: int) -> list[str]:
    """The first list of as many texts as there are columns."""
    for key, value in tree.items():
        if key.lower() in names and isinstance(value, list) and len(value) == count:
            return [str(text).strip() or f"column {k + 1}" for k, text in enumerate(value)]
    return []


def _unit(tree: Mapping[str, Variable], car: Sidecar, name: str) -> str:
    """The unit of a vector: side-car, ``<name>_units``, or the field of a group ``units``."""
    units = next((v for k, v in tree.items() if k.lower() in UNIT_NAMES), None)
    inside = units.get(name, "") if isinstance(units, Mapping) else ""
    return car.units.get(name) or _text(tree.get(f"{name}_units", tree.get(f"{name}_unit", inside)))


def _rate(tree: Mapping[str, Variable], path: Path) -> float | None:
    """A rate (Hz) stated as a single number; AcqKnowledge states the interval ``isi`` in ``isi_units``."""
    for key, value in tree.items():
        if key.lower() in RATE_NAMES and isinstance(value, np.ndarray) and value.size == 1:
            return _positive(value)
    isi, unit = tree.get("isi"), _text(tree.get("isi_units", ""))
    if isinstance(isi, np.ndarray) and isi.size == 1 and unit:
        step = seconds(np.array([0.0, float(isi.ravel()[0])]), unit, "isi", path)[1]
        return 1.0 / float(step)
    return None


def _own_rate(tree: Mapping[str, Variable], name: str, path: Path) -> float | None:
    for key in ("fs", "rate"):
        value = tree.get(f"{name}_{key}")
        if isinstance(value, np.ndarray) and value.size == 1:
            return _positive(value)
    return None


def _positive(value: NDArray[Any]) -> float | None:
    number = float(value.ravel()[0])
    return number if np.isfinite(number) and number > 0 else None


def _text(value: Variable) -> str:
    return str(value[0]).strip() if isinstance(value, list) and value else ""


def _join(prefix: str, name: str) -> str:
    return f"{prefix}_{name}" if prefix else name


def _listed(tree: Mapping[str, Variable]) -> str:
    return ", ".join(list(tree)[:12]) + (" ..." if len(tree) > 12 else "")
