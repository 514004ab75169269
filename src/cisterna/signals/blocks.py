"""A long or arriving signal in blocks: each with margins, on a grid fixed at its first sample.

Whatever is computed block by block then depends on the samples alone, not on how they came: whole, in pieces of
any size, or live. A block is looked at with a margin on both sides and answers for its core only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples

#: Length of a block and of its margins (s): minutes, so that a slow heart has hundreds of beats to be told from
#: noise, and margins longer than any filter or window rings.
BLOCK, MARGIN = 300.0, 30.0


@dataclass(frozen=True)
class Block:
    """A stretch of a signal with its margins.

    Attributes
    ----------
    values : array (time,)
        Samples of margin, core, margin.
    rate : float
        Samples a second, Hz.
    first : int
        Index in the whole signal of the first value.
    start, stop : int
        Indices in the whole signal of the core: first sample, and the one past its end.
    last : bool
        Whether the signal ends with this core.
    """

    values: Samples
    rate: float
    first: int
    start: int
    stop: int
    last: bool

    @property
    def core(self) -> slice:
        """Where in `values` the core lies."""
        return slice(self.start - self.first, self.stop - self.first)

    @property
    def offset(self) -> float:
        """Time of the first value, s from the start of the signal."""
        return self.first / self.rate

    @property
    def span(self) -> tuple[float, float]:
        """Beginning and end of the core, s from the start of the signal."""
        return self.start / self.rate, self.stop / self.rate


def in_blocks(
    values: NDArray[np.float64] | Iterable[NDArray[np.float64]],
    rate: float,
    block: float = BLOCK,
    margin: float = MARGIN,
) -> Iterator[Block]:
    """Blocks of a signal, given whole (an array) or as its pieces in order (any other iterable).

    Parameters
    ----------
    values : array (time,) or iterable of arrays
        The signal, or pieces of any size as they arrive. A block comes out as soon as its right margin is in; no
        more than one block with margins and one piece is held.
    rate : float
        Samples a second, Hz.
    block, margin : float
        Length of core and of each margin, s. The margins at both ends of the signal are shorter.

    Raises
    ------
    CisternaError
        Impossible rate or lengths, or a piece with more than one axis.

    Examples
    --------
    >>> signal = np.arange(10.0)
    >>> [b.values.tolist() for b in in_blocks(signal, 1.0, block=4.0, margin=1.0)]
    [[0.0, 1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [7.0, 8.0, 9.0]]
    >>> pieces = iter([signal[:3], signal[3:8], signal[8:]])
    >>> [(b.start, b.stop) for b in in_blocks(pieces, 1.0, block=4.0, margin=1.0)]
    [(0, 4), (4, 8), (8, 10)]
    """
    feed = BlockFeed(rate, block, margin)
    for piece in iter([values]) if isinstance(values, np.ndarray) else iter(values):
        yield from feed.add(piece)
    yield from feed.end()


class BlockFeed:
    """The blocks of a signal whose pieces are handed over one by one; see `in_blocks`.

    Examples
    --------
    >>> feed = BlockFeed(1.0, block=4.0, margin=1.0)
    >>> [(b.start, b.stop) for b in feed.add(np.arange(7.0))], [(b.start, b.stop) for b in feed.end()]
    ([(0, 4)], [(4, 7)])
    """

    def __init__(self, rate: float, block: float = BLOCK, margin: float = MARGIN) -> None:
        if not (np.isfinite(rate) and rate > 0):
            raise CisternaError("impossible sampling rate", found=f"{rate} Hz", mend="give samples a second")
        self.rate, self._size, self._side = rate, round(block * rate), round(margin * rate)
        if self._size < 1 or self._side < 0:
            found = f"block {block:g} s, margin {margin:g} s at {rate:g} Hz"
            raise CisternaError("a block must hold a sample, and a margin cannot be negative", found=found)
        self._waiting: list[Samples] = []
        self._count = 0  # samples waiting, from number `_first` on
        self._first = self._start = 0

    def add(self, piece: NDArray[np.float64]) -> Iterator[Block]:
        """Take the next samples; the blocks that they complete, none or many."""
        part = np.asarray(piece, dtype=np.float64)
        if part.ndim > 1:
            raise CisternaError("one signal is needed, samples along one axis", found=f"shape {part.shape}")
        self._waiting.append(np.atleast_1d(part))
        self._count += self._waiting[-1].size
        # A block is whole once a sample beyond its margin is there: then it is surely not the last one.
        if self._start + self._size + self._side < self._first + self._count:
            yield from self._ready(ended=False)

    def end(self) -> Iterator[Block]:
        """The blocks that were still waiting for samples."""
        yield from self._ready(ended=True)

    def _ready(self, ended: bool) -> Iterator[Block]:
        if not self._waiting:
            return
        held = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
        first, size, side = self._first, self._size, self._side
        end = first + held.size
        while self._start < end and (ended or self._start + size + side < end):
            start, stop = self._start, min(self._start + size, end)
            self._start = stop
            a, b = max(start - side, 0), min(stop + side, end)
            yield Block(held[a - first : b - first], self.rate, a, start, stop, stop == end)
        keep = max(self._start - side, first)
        self._waiting, self._first = [held[keep - first :]], keep
        self._count = self._waiting[0].size
