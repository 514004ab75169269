"""Where the heart beats and the breath begins, in a signal of any length, whole or as it arrives.

Pulses are found by their upstroke against a local threshold, guarded by the local period (`pulses`); R waves by
two moving averages (`ecg`); breaths by crests that rise by a third of the local range (`breaths`). A signal longer
than one block is searched block by block on a fixed grid (`blocks`), so a recording fed in pieces gives exactly
the beats it gives whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.blocks import BLOCK, MARGIN, Block, BlockFeed, in_blocks
from cisterna.signals.breaths import inspirations
from cisterna.signals.ecg import r_waves
from cisterna.signals.grid import Samples, as_samples
from cisterna.signals.period import believed, long_enough, present
from cisterna.signals.pulses import feet

PULSES = ("abp", "ppg", "icp", "velocity", "flow")
BREATHS = ("volume", "flow", "co2")
#: Blocks of the search for breaths (s): the slowest breath believed is 24 s, so everything is longer.
_BREATH_BLOCK, _BREATH_MARGIN = 900.0, 120.0
#: An event that two blocks see on either side of their border counts once; they may differ by this much (s).
_BORDER = 0.1


def find_beats(values: ArrayLike, rate: float, kind: str = "abp") -> NDArray[np.float64]:
    """Times of the heartbeats in a signal.

    Parameters
    ----------
    values : array (time,)
        Samples; NaN are missing, and no beat is reported inside a gap.
    rate : float
        Samples a second, Hz.
    kind : {"abp", "ppg", "icp", "velocity", "flow", "ecg"}
        ``ecg`` gives the R waves, the others the foot of each pulse (tangent of the upstroke met with the level
        before it).

    Returns
    -------
    array (beat,)
        Times from the first sample, s, rising.

    Raises
    ------
    CisternaError
        Unknown kind, no finite sample, an ECG sampled too slowly, or a signal without any rhythm.

    Examples
    --------
    >>> t = np.arange(0, 20, 0.01)
    >>> pulse = np.exp(-((t % 0.8) - 0.2) ** 2 / 0.01)
    >>> round(per_minute(find_beats(pulse, 100.0)), 1)
    75.0
    """
    array = as_samples(values, rate)
    _beat_search(kind)
    long_enough(array, rate, "heart_rate")
    times = np.concatenate(list(beats_in_blocks(array, rate, kind)))
    if times.size < 2:
        raise CisternaError(f"no heartbeat found in the {kind} signal", mend="is it the right channel?")
    return times


def beats_in_blocks(
    values: NDArray[np.float64] | Iterable[NDArray[np.float64]], rate: float, kind: str = "abp"
) -> Iterator[NDArray[np.float64]]:
    """Times of the heartbeats block by block, as the samples arrive; together exactly what `find_beats` gives.

    Parameters
    ----------
    values : array (time,) or iterable of arrays
        The signal, or its pieces in order, of any size.
    rate, kind
        As in `find_beats`.

    Yields
    ------
    array (beat,)
        New beats of each block, s from the first sample of the signal; none where a block shows no rhythm.

    Raises
    ------
    CisternaError
        At the end, when no block showed one: why the first did not.

    Examples
    --------
    >>> t = np.arange(0, 700, 0.02)
    >>> pulse = np.exp(-((t % 0.8) - 0.2) ** 2 / 0.01)
    >>> live = np.concatenate(list(beats_in_blocks((pulse[k : k + 999] for k in range(0, t.size, 999)), 50.0)))
    >>> bool(np.array_equal(live, find_beats(pulse, 50.0)))
    True
    """
    return _events(values, BlockEvents.beats(rate, kind), BLOCK, MARGIN)


def find_breaths(values: ArrayLike, rate: float, kind: str = "volume") -> NDArray[np.float64]:
    """Times at which the breaths begin (start of inspiration), s from the first sample.

    Parameters
    ----------
    kind : {"volume", "flow", "co2"}
        ``volume``: a belt or impedance, rising with inspiration; begins where a rise leaves its trough.
        ``flow``: airway flow, positive at inspiration; begins where it turns positive.
        ``co2``: a capnogram; inspiration begins where it falls.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.05)
    >>> round(per_minute(find_breaths(np.sin(2 * np.pi * 0.25 * t), 20.0)), 1)
    15.0
    """
    array = as_samples(values, rate)
    _breath_search(kind)
    long_enough(array, rate, "breath_rate")
    times = np.concatenate(list(breaths_in_blocks(array, rate, kind)))
    if times.size < 2:
        raise CisternaError("no breathing found in the signal", mend="is it the right channel?")
    return times


def breaths_in_blocks(
    values: NDArray[np.float64] | Iterable[NDArray[np.float64]], rate: float, kind: str = "volume"
) -> Iterator[NDArray[np.float64]]:
    """Times at which the breaths begin, block by block as the samples arrive; see `beats_in_blocks`."""
    return _events(values, BlockEvents.breaths(rate, kind), _BREATH_BLOCK, _BREATH_MARGIN)


def per_minute(times: ArrayLike) -> float:
    """Rate of events, 1/min, from the median interval: pauses and ectopic beats do not move it.

    Examples
    --------
    >>> per_minute([0.0, 1.0, 2.0, 4.0, 5.0])
    60.0
    """
    steps = np.diff(np.asarray(times, dtype=np.float64))
    if steps.size == 0:
        raise CisternaError("a rate needs two events at least", found=f"{np.size(times)}")
    return float(60.0 / np.median(steps))


Search = Callable[[Samples, float], Samples]


def _beat_search(kind: str) -> Search:
    if kind not in (*PULSES, "ecg"):
        raise CisternaError(f"unknown kind of beat '{kind}'", mend=f"one of {', '.join((*PULSES, 'ecg'))}")
    return r_waves if kind == "ecg" else feet


def _breath_search(kind: str) -> Search:
    if kind not in BREATHS:
        raise CisternaError(f"unknown kind of breathing signal '{kind}'", mend=f"one of {', '.join(BREATHS)}")
    return lambda array, rate: inspirations(array, rate, kind)


def _seen(search: Search, array: Samples, rate: float) -> Samples:
    """What a search finds, without what it finds inside gaps."""
    times = search(array, rate)
    return times[present(array, rate, times)]


def _events(
    values: NDArray[np.float64] | Iterable[NDArray[np.float64]],
    events: BlockEvents,
    length: float,
    margin: float,
) -> Iterator[NDArray[np.float64]]:
    """Events of each block's core, in order."""
    for block in in_blocks(values, events.rate, length, margin):
        yield events.of(block)
    if events.reason is not None and not np.isfinite(events.latest):
        raise events.reason


class BlockEvents:
    """Events of a signal whose blocks come one by one; one on a border is taken from the block that sees it first.

    Attributes
    ----------
    latest : float
        Time of the last event so far, s from the first sample; -inf before the first.
    reason : CisternaError or None
        Why the first block without any event had none.
    """

    def __init__(self, rate: float, search: Search, apart: float) -> None:
        self.rate, self._search, self._apart = rate, search, apart
        self.latest = -np.inf
        self.reason: CisternaError | None = None

    @classmethod
    def beats(cls, rate: float, kind: str = "abp") -> BlockEvents:
        """Heartbeats, as `find_beats` finds them."""
        return cls(rate, _beat_search(kind), 0.85 / believed("heart_rate")[1])

    @classmethod
    def breaths(cls, rate: float, kind: str = "volume") -> BlockEvents:
        """Breaths, as `find_breaths` finds them; the blocks must be as long as `breath_blocks` makes them."""
        return cls(rate, _breath_search(kind), 0.8 / believed("breath_rate")[1])

    def of(self, block: Block) -> NDArray[np.float64]:
        """New events of a block, s from the first sample of the signal; none where it shows no rhythm."""
        start, stop = block.span
        try:
            times = block.offset + _seen(self._search, as_samples(block.values, self.rate), self.rate)
        except CisternaError as error:
            times = np.array([])  # nothing recorded, or no rhythm: this stretch has no event
            self.reason = self.reason or error
        early, late = (0.0 if block.start == 0 else _BORDER), (0.0 if block.last else _BORDER)
        times = times[(times >= start - early) & (times < stop + late)]
        times = times[times > self.latest + self._apart]
        if times.size:
            self.latest = float(times[-1])
        return np.asarray(times)


def breath_blocks(rate: float) -> BlockFeed:
    """Blocks in which breaths are sought."""
    return BlockFeed(rate, _BREATH_BLOCK, _BREATH_MARGIN)
