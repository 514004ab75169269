"""Named arrays that stay in their file: what signals they are is found on outlines, their samples are read in parts.

An outline is an array of the right shape that takes no room (one number a column, repeated): the rules of
`variables` see what they always see, and the number tells which column of which array a signal is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.recordings.reader import Ask, assemble
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import Sidecar
from cisterna.recordings.timebase import is_time_name
from cisterna.recordings.track import Track, pieces
from cisterna.recordings.variables import channels_of

#: Arrays of fewer numbers are read at once: rates, labels, offsets.
SMALL = 10_000


@dataclass(frozen=True)
class Stored:
    """An array in a file.

    Attributes
    ----------
    shape : tuple of int
        Of one or two sides, as the file's user sees it.
    read : callable
        ``read(first, stop, column)``: numbers of one column (0 for a vector) along the longer side.
    """

    shape: tuple[int, ...]
    read: Callable[[int, int, int], NDArray[np.float64]]

    @property
    def columns(self) -> int:
        return 1 if len(self.shape) < 2 else min(self.shape)


def windows(
    tree: Mapping[str, Any], car: Sidecar, ask: Ask, path: Path, seconds: float, notes: list[str]
) -> Iterator[Recording] | None:
    """A file of named arrays window by window; None where a clock beside the signals asks for the whole.

    Parameters
    ----------
    tree : mapping
        As for `variables.channels_of`, with `Stored` in place of large arrays.
    """
    kept: list[tuple[Stored, int]] = []
    if any(is_time_name(name) for name in _names(tree)):
        return None
    found = channels_of(_outlined(tree, kept), car, ask, path)
    tracks = []
    for channel in found.channels:
        marks = np.asarray(channel.values)
        if channel.time is not None or channel.rate is None or marks.strides != (0,):
            return None
        stored, column = kept[int(marks[0])]

        def read(first: int, stop: int, stored: Stored = stored, column: int = column) -> NDArray[np.float64]:
            return stored.read(first, stop, column)

        tracks.append(Track(channel.own, channel.unit, read, max(stored.shape), channel.rate))
    said = notes + found.notes
    return (assemble(channels, path, notes=said) for _, _, channels in pieces(tracks, seconds))


def _names(tree: Mapping[str, Any]) -> Iterator[str]:
    for name, part in tree.items():
        yield name
        if isinstance(part, Mapping):
            yield from _names(part)


def _outlined(tree: Mapping[str, Any], kept: list[tuple[Stored, int]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, part in tree.items():
        if isinstance(part, Mapping):
            made[name] = _outlined(part, kept)
        elif isinstance(part, Stored):
            marks = np.arange(len(kept), len(kept) + part.columns, dtype=np.float64)
            kept += [(part, column) for column in range(part.columns)]
            along = len(part.shape) == 2 and part.shape[0] < part.shape[1]
            flat = part.shape if len(part.shape) == 2 else (*part.shape, 1)
            made[name] = np.broadcast_to(marks[:, None] if along else marks, flat)
        else:
            made[name] = part
    return made
