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
    if not (np.isfinite(rate) and rate > 0):
        raise CisternaError("impossible sampling rate", found=f"{rate} Hz", mend="give samples a second")
    size, side = round(block * rate), round(margin * rate)
    if size < 1 or side < 0:
        found = f"block {block:g} s, margin {margin:g} s at {rate:g} Hz"
        raise CisternaError("a block must hold a sample, and a margin cannot be negative", found=found)
    pieces = iter([values]) if isinstance(values, np.ndarray) else iter(values)
    held: Samples = np.array([], dtype=np.float64)
    first, start, ended = 0, 0, False
    while not ended:
        waiting, count = [held] if held.size else [], held.size
        while not ended and first + count < start + size + side + 1:
            piece = next(pieces, None)
            if piece is None:
                ended = True
                continue
            part = np.asarray(piece, dtype=np.float64)
            if part.ndim > 1:
                raise CisternaError("one signal is needed, samples along one axis", found=f"shape {part.shape}")
            waiting.append(np.atleast_1d(part))
            count += waiting[-1].size
        held = np.concatenate(waiting) if len(waiting) > 1 else (waiting[0] if waiting else held)
        end = first + held.size
        # A block is whole once a sample beyond its margin is there: then it is surely not the last one.
        while start < end and (ended or start + size + side < end):
            stop = min(start + size, end)
            a, b = max(start - side, 0), min(stop + side, end)
            yield Block(held[a - first : b - first], rate, a, start, stop, stop == end)
            start = stop
        keep = max(start - side, first)
        held, first = held[keep - first :], keep
