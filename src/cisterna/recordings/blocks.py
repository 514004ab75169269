"""Index tables: blocks of samples with a start time and a rate of their own, laid on uniform grids.

Between two blocks nothing was recorded: those samples are NaN and the blocks are never joined. A block that
cannot lie on the grid of the others, because its rate differs or because it overlaps them, begins another layer,
which becomes a signal of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError

FIELDS = ("startidx", "starttime", "length", "frequency")
#: Layers of one signal: more of them mean an index that cannot be believed.
MOST_LAYERS = 8
MICRO = 1e6


@dataclass(frozen=True)
class Block:
    """Samples without a break: first sample in the dataset, start (us on the file's clock), count and rate (Hz)."""

    first: int
    start: int
    length: int
    rate: float


@dataclass
class Layer:
    """Blocks of one rate on one uniform grid, in order of time.

    Attributes
    ----------
    rate : float
        Samples a second, Hz.
    start : int
        Time of the first sample, us on the file's clock.
    blocks : list of (int, Block)
        Place of the first sample on the grid, and the block.
    moved : float
        Largest distance a block was moved to the nearest place of the grid, s; at most half a sample.
    """

    rate: float
    start: int
    blocks: list[tuple[int, Block]] = field(default_factory=list)
    moved: float = 0.0

    @property
    def size(self) -> int:
        """Places of the grid up to the last sample."""
        return self.blocks[-1][0] + self.blocks[-1][1].length if self.blocks else 0

    @property
    def samples(self) -> int:
        """Samples recorded."""
        return sum(block.length for _, block in self.blocks)

    def take(self, block: Block) -> bool:
        """Put a later block on the grid; False when it does not fit there."""
        if abs(block.rate / self.rate - 1.0) * block.length >= 0.5:
            return False
        exact = (block.start - self.start) / MICRO * self.rate
        if exact < self.size - 0.5:
            return False
        place = max(round(exact), self.size)
        self.moved = max(self.moved, abs(place - exact) / self.rate)
        self.blocks.append((place, block))
        return True


def blocks_of(table: Any, size: int, name: str, where: str, notes: list[str]) -> list[Block]:
    """The blocks an index table describes, in order of time; what is left out goes to the notes.

    Raises
    ------
    CisternaError
        The table has not the fields of an index.
    """
    rows = np.atleast_1d(np.asarray(table))
    if rows.dtype.names is None or not set(FIELDS) <= set(rows.dtype.names):
        found = ", ".join(rows.dtype.names or ()) or str(rows.dtype)
        mend = f"an index has the fields {', '.join(FIELDS)}"
        raise CisternaError(f"the index of '{name}' cannot be understood", where, found[:120], mend)
    firsts, starts, lengths = (rows[key].ravel().astype(np.int64) for key in FIELDS[:3])
    rates = rows[FIELDS[3]].ravel().astype(np.float64)
    running = np.isfinite(rates) & (rates > 0)
    idle = int((~running).sum())
    if idle:
        notes.append(f"{idle} blocks of '{name}' have a rate of 0: left out")
    blocks: list[Block] = []
    beyond = 0
    for k in np.flatnonzero(running):
        first, stop = int(firsts[k]), int(firsts[k]) + max(int(lengths[k]), 0)
        kept = min(stop, size) - first if 0 <= first < size else 0
        beyond += stop - first - kept
        if kept > 0 and starts[k] >= 0:
            blocks.append(Block(first, int(starts[k]), kept, float(rates[k])))
    if beyond > 0:
        notes.append(f"the index of '{name}' names {beyond} samples that are not in the file: missing")
    idling = int(lengths[~running].clip(0, size).sum())
    spare = size - idling - sum(block.length for block in blocks)
    if spare > 0:
        notes.append(f"{spare} samples of '{name}' lie in no block: left out")
    return sorted(blocks, key=lambda block: block.start)


def layers_of(blocks: Sequence[Block], name: str, where: str) -> list[Layer]:
    """Blocks on as few grids as hold them, the fullest first.

    Examples
    --------
    >>> day = [Block(0, 0, 4, 2.0), Block(4, 5_000_000, 2, 2.0), Block(6, 9_000_000, 3, 1.0)]
    >>> [(layer.rate, layer.size, layer.samples) for layer in layers_of(day, "icp", "")]
    [(2.0, 12, 6), (1.0, 3, 3)]
    """
    layers: list[Layer] = []
    for block in blocks:
        if not any(layer.take(block) for layer in layers):
            layers.append(Layer(block.rate, block.start, [(0, block)]))
        if len(layers) > MOST_LAYERS:
            found = f"more than {MOST_LAYERS} series that overlap or differ in rate"
            raise CisternaError(f"the index of '{name}' cannot be believed", where, found, "export the file again")
    return sorted(layers, key=lambda layer: -layer.samples)


def read_layer(layer: Layer, samples: Any, first: int, stop: int) -> NDArray[np.float64]:
    """Samples `first` to `stop` of a layer's grid from the dataset, NaN between the blocks."""
    out = np.full(max(stop - first, 0), np.nan)
    begin = bisect_right(layer.blocks, first, key=lambda placed: placed[0] + placed[1].length)
    end = bisect_left(layer.blocks, stop, key=lambda placed: placed[0])
    parts = []
    for place, block in layer.blocks[begin:end]:
        a, b = max(place, first), min(place + block.length, stop)
        parts.append((a - first, block.first + a - place, b - a))
    if not parts:
        return out
    low, high = min(p[1] for p in parts), max(p[1] + p[2] for p in parts)
    if high - low <= 2 * sum(p[2] for p in parts) + 65536:  # one read: an index may have a row for every sample
        data = np.asarray(samples[low:high], dtype=np.float64)
        for to, at, count in parts:
            out[to : to + count] = data[at - low : at - low + count]
    else:
        for to, at, count in parts:
            out[to : to + count] = samples[at : at + count]
    return out
