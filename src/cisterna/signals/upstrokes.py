"""The first upstroke of each pulse: where a second peak rises more steeply than the first, the beat begins before it.

The steepest rise of a beat is that of P1 in a usual pulse of intracranial pressure, and that of P2 where P2 is high
and narrow; under noise it changes from beat to beat. So each beat is laid on the mean of its neighbours, until all
stand at the same upstroke, and the first rise after the deepest point is looked for on this mean, where noise is
small. Beats whose steepest rise is the first one already are not touched.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cisterna.signals.grid import Samples
from cisterna.signals.period import local_median

#: The usual pulse of a group of so many beats is their mean with that of so many groups on either side; the fewest
#: beats that have one.
_GROUP, _SIDES, _FEWEST = 5, 2, 5
#: What is looked at before and after the steepest rise, and how far two upstrokes of one beat lie apart at most
#: (shares of the period).
_BEFORE, _AFTER, _REACH = 0.45, 0.3, 0.3
#: Beats nearer than this to the usual place stay where they are; one that moves finds its steepest rise within it (s).
_NEAR = 0.05
#: How much more alike its neighbours a beat must be elsewhere (difference of correlations) to be moved.
_MORE = 0.1
#: Rate at which beats are compared (Hz): they hold little above 10 Hz, and the place is refined afterwards.
_COARSE = 30.0
#: A first upstroke begins where the pulse is this near to its deepest point, rises by the second share of the pulse
#: and with the third share of the steepest slope, and ends where the slope has fallen to the last share of its own.
_LOW, _RISE, _STEEP, _DIP = 0.05, 0.25, 0.15, 0.5


def first_upstrokes(wave: Samples, smooth: Samples, fs: float, at: NDArray[np.intp], period: float) -> NDArray[np.intp]:
    """Steepest sample of the first upstroke of each beat, from the steepest sample of the whole beat.

    Parameters
    ----------
    wave : array (time,)
        The signal without drift and noise (band-passed to 10 Hz or so); `fs` in Hz.
    smooth : array (time,)
        The signal with its levels, without noise.
    at : array (beat,)
        Steepest sample of each beat.
    period : float
        Usual length of a beat, s.

    Returns
    -------
    array (beat,)
        `at` where that is the first upstroke.

    Notes
    -----
    An upstroke counts as one of its own when it rises by a quarter of the pulse: a smaller first peak, or a wave
    before the pulse as in fast hearts, is passed over.

    Examples
    --------
    >>> t = np.arange(0, 16, 0.01)
    >>> x = sum(h * np.exp(-((((t - 0.4) % 0.8 - c) / 0.035) ** 2)) for c, h in ((0.1, 3.0), (0.22, 6.0)))
    >>> steepest = np.arange(40, 1500, 80) + 20
    >>> (first_upstrokes(x, x, 100.0, steepest, 0.8) - steepest).tolist()[:3]
    [-13, -13, -13]
    """
    if at.size < _FEWEST:
        return at
    step, near = max(int(fs // _COARSE), 1), _NEAR * fs
    back, ahead, reach = (max(int(share * period * fs), 2) for share in (_BEFORE, _AFTER, _REACH))
    sides = (back // step, ahead // step, reach // step)
    shift = step * _misplaced(wave[::step], at // step, *sides, near=near / step)
    lead = _first(_usual(_windows(smooth, at + shift, back, ahead)), back)
    shift -= np.repeat(lead, _GROUP)[: at.size]
    moved = np.abs(shift) > near
    if not moved.any():
        return at
    side = int(near)
    rise = np.gradient(smooth)
    around = np.clip((at + shift)[moved, None] + np.arange(-side, side + 1), 0, smooth.size - 1)
    out = at.copy()
    out[moved] = around[np.arange(len(around)), np.argmax(rise[around], axis=1)]
    return out


def _windows(x: Samples, at: NDArray[np.intp], back: int, ahead: int) -> Samples:
    return x[np.clip(at[:, None] + np.arange(-back, ahead + 1), 0, x.size - 1)]


def _usual(beats: Samples) -> Samples:
    """Mean (group, moment) of the beats of each group and those beside it, every beat with mean 0 and size 1."""
    beats = beats - beats.mean(axis=1, keepdims=True)
    size = np.sqrt(np.einsum("km,km->k", beats, beats) / beats.shape[1])
    beats /= np.where(size > 0, size, 1.0)[:, None]
    groups = np.add.reduceat(beats, np.arange(0, len(beats), _GROUP), axis=0)
    total = np.concatenate([np.zeros((1, beats.shape[1])), np.cumsum(groups, axis=0)])
    k = np.arange(len(groups))
    a, b = np.maximum(k - _SIDES, 0), np.minimum(k + _SIDES + 1, len(groups))
    return np.asarray((total[b] - total[a]) / (np.minimum(b * _GROUP, len(beats)) - a * _GROUP)[:, None])


def _misplaced(wave: Samples, at: NDArray[np.intp], back: int, ahead: int, reach: int, near: float) -> NDArray[np.intp]:
    """Samples by which each beat must move to stand at the upstroke at which its neighbours stand."""
    size = back + ahead + 1
    wide = _windows(wave, at, back + reach, ahead + reach)
    wide = wide - wide.mean(axis=1, keepdims=True)
    parts = sliding_window_view(wide, size, axis=1)
    group = np.arange(at.size) // _GROUP
    one, two = (np.cumsum(np.pad(x, ((0, 0), (1, 0))), axis=1) for x in (wide, wide**2))
    one, two = one[:, size:] - one[:, :-size], two[:, size:] - two[:, :-size]
    spread = np.sqrt(np.maximum(two - one**2 / size, 0.0))
    spread = np.where(spread > 0, spread, np.inf)
    shift = np.zeros(at.size, dtype=np.intp)
    for _ in range(2):  # the second time round, the mean is of beats that were moved
        usual = _usual(_windows(wave, at + shift, back, ahead))
        norm = np.sqrt(np.sum(usual**2, axis=1, keepdims=True))
        usual, norm = usual[group], norm[group]
        alike = (parts @ usual[:, :, None])[:, :, 0] / (spread * np.where(norm > 0, norm, np.inf))
        best = np.argmax(alike, axis=1)
        better = alike[np.arange(at.size), best] > alike[:, reach] + _MORE
        shift = np.where(better & (np.abs(best - reach) > near), best - reach, 0)
    return shift


def _first(usual: Samples, back: int) -> NDArray[np.intp]:
    """Samples from the first upstroke of each usual pulse to the one it stands at; 0 where that is the first."""
    head, slope = usual[:, : back + 1], np.gradient(usual, axis=1)[:, : back + 1]
    column = np.arange(back + 1)
    high, low = usual[:, back:].max(axis=1, keepdims=True), head.min(axis=1, keepdims=True)
    after = column >= np.argmax(head <= low + _LOW * (high - low), axis=1)[:, None]
    sharp = np.maximum.accumulate(np.where(after, slope, 0.0), axis=1)
    risen = np.maximum.accumulate(np.where(after, head, -np.inf), axis=1) - low >= _RISE * (high - low)
    ends = after & risen & (slope <= _DIP * sharp) & (sharp >= _STEEP * slope[:, -1:])
    end = np.argmax(ends, axis=1)
    first = np.argmax(np.where(after & (column <= end[:, None]), slope, -np.inf), axis=1)
    lead = np.where(ends.any(axis=1), back - first, 0)
    # No stretch has a first upstroke of its own that those before and after it have not.
    return np.round(local_median(lead.astype(np.float64), reach=1)).astype(np.intp)
