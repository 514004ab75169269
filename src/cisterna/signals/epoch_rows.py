"""What is measured in each epoch: mean, share of good samples, the pulse and its rate.

Every function takes a block (epoch, sample) and treats each row by itself with row-wise arithmetic only, so that a
row is the same to the last bit in whatever company it is computed: live feed and file agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float64]
Column = NDArray[np.float64]

#: Cells of the fine trace in an epoch: block means at 10 a second for epochs of 10 s.
CELLS = 100
#: Samples a second at which pulses are measured: faster signals are averaged in blocks down to this.
_PULSE_RATE = 125.0
#: The same for heart rate and fundamental: three harmonics of the fastest heart and room above.
_LINE_RATE = 40.0
#: Harmonics of the heart rate that are looked at when it is sought.
_HARMONICS = 3
#: A line counts as the pulse when it is this many times the median amplitude of the spectrum beside it...
_STANDS_OUT = 4.0
#: ...and as the fundamental when it has this share of the largest of its harmonics.
_FUNDAMENTAL = 0.25
#: Share of the slope's power in odd harmonics from which half the rate is the heart's.
_ODD = 0.25
#: Rounding noise of a constant, relative to its size.
_ROUNDING = 1e-9


def shares_and_means(block: Block, sizes: NDArray[np.intp]) -> tuple[Column, Column]:
    """Share of good samples of each row and the mean of them."""
    good = np.isfinite(block)
    count = good.sum(axis=1)
    total = np.where(good, block, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return count / sizes, total / count


def cells(block: Block, sizes: NDArray[np.intp], count: int) -> Block:
    """Means of `count` equal parts of each row; NaN where a part has no good sample."""
    fine = np.empty((block.shape[0], count))
    good = np.isfinite(block)
    filled = np.where(good, block, 0.0)
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        starts = np.ceil(np.arange(count) * size / count - 1e-9).astype(np.intp)
        total = np.add.reduceat(filled[rows, :size], starts, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            fine[rows] = total / np.add.reduceat(good[rows, :size], starts, axis=1, dtype=np.int64)
    return fine


def pulses(block: Block, rate: float, slowest: float, fastest: float) -> dict[str, Column]:
    """Heart rate (Hz), amplitude of the fundamental, peak to peak, and mean highest and lowest of each row's pulses.

    Heart rate: the line between `slowest` and `fastest` (Hz) with the largest sum of slopes over three harmonics.
    Slopes (amplitude times frequency) favour the steep pulse over the wider breath. Fundamental: least squares under
    a Hann window of a sine at that rate, a level and a trend, on the good samples only. Peak to peak: highest minus
    lowest in each stretch of one period after the mean over one period is taken off (which leaves the pulse and
    removes breath and drift), averaged over the stretches that miss no sample. NaN where no pulse stands out.
    """
    names = ("frequency", "f1", "pp", "high", "low")
    found = {name: np.full(block.shape[0], np.nan) for name in names}
    wave, fast = _slower(block, rate, _PULSE_RATE)
    slow, slow_rate = _slower(block, rate, _LINE_RATE)
    if slow_rate <= 4 * slowest or block.shape[0] == 0:
        return found
    good = np.isfinite(slow)
    flat = _fill(slow, good)
    size = np.abs(flat).max(axis=1)
    flat -= _line(flat)
    frequency = _heart_rate(flat, slow_rate, slowest, min(fastest, 0.45 * slow_rate))
    rows = np.flatnonzero(np.isfinite(frequency))
    pulse = _fundamental(flat[rows], good[rows], slow_rate, frequency[rows])
    # The mean of a block of samples weakens a sine by a known factor.
    turn = np.pi * frequency[rows]
    pulse = pulse * np.sin(turn / rate) / np.sin(turn / slow_rate) * round(rate / slow_rate)
    real = pulse > _ROUNDING * size[rows]
    rows, pulse = rows[real], pulse[real]
    found["frequency"][rows], found["f1"][rows] = frequency[rows], pulse
    for name, column in _cycles(wave[rows], fast, frequency[rows]).items():
        found[name][rows] = column
    return found


def _slower(block: Block, rate: float, least: float) -> tuple[Block, float]:
    """Means of blocks of samples, at `least` a second or somewhat more; a block with a hole is missing."""
    step = max(int(rate // least), 1)
    if step == 1:
        return block, rate
    count = block.shape[1] // step
    parts = block[:, : count * step].reshape(block.shape[0], count, step)
    total = parts[:, :, 0].copy()
    for k in range(1, step):
        total += parts[:, :, k]
    return total / step, rate / step


def _fill(wave: Block, good: NDArray[np.bool_]) -> Block:
    """Holes by straight lines: for finding the rate only."""
    full = wave.copy()
    at = np.arange(wave.shape[1])
    for row in np.flatnonzero(~good.all(axis=1)):
        here = good[row]
        full[row] = np.interp(at, at[here], wave[row, here]) if here.any() else 0.0
    return full


def _line(full: Block) -> Block:
    """Level and trend of each row by least squares."""
    at = np.arange(full.shape[1]) - (full.shape[1] - 1) / 2
    level = full.mean(axis=1, keepdims=True)
    slope = (full * at).sum(axis=1, keepdims=True) / (at * at).sum()
    return level + slope * at


def _hann(size: int) -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)


def _heart_rate(flat: Block, rate: float, slowest: float, fastest: float) -> Column:
    size = flat.shape[1]
    window = _hann(size)
    # Padded to twice its length: lines are then found to a hundredth of a bin by a parabola.
    spectrum = np.abs(np.fft.rfft(flat * window, n=2 * size)) * (2 / window.sum())
    bin_width = rate / (2 * size)
    first, last = int(np.ceil(slowest / bin_width)), int(np.floor(fastest / bin_width))
    top = min(_HARMONICS * last, spectrum.shape[1] - 1)
    if last <= first or top <= first + 4:
        return np.full(flat.shape[0], np.nan)
    floor = np.median(spectrum[:, first:top], axis=1, keepdims=True)
    above = np.maximum(spectrum - 3 * floor, 0.0)
    k = np.arange(first, last + 1)
    score, largest = np.zeros((flat.shape[0], k.size)), np.zeros((flat.shape[0], k.size))
    for harmonic in range(1, _HARMONICS + 1):
        inside = harmonic * k < spectrum.shape[1]
        line = above[:, harmonic * k[inside]]
        score[:, inside] += harmonic * k[inside] * line
        largest[:, inside] = np.maximum(largest[:, inside], spectrum[:, harmonic * k[inside]])
    here = spectrum[:, k]
    crest = (here >= spectrum[:, k - 1]) & (here >= spectrum[:, np.minimum(k + 1, spectrum.shape[1] - 1)])
    able = crest & (here > _STANDS_OUT * floor) & (here >= _FUNDAMENTAL * largest)
    best = np.argmax(np.where(able, score, -1.0), axis=1)
    at = np.arange(flat.shape[0])
    found = able[at, best]
    best = _or_half(above, able, k, best)
    with np.errstate(divide="ignore", invalid="ignore"):
        left, middle, right = (np.log(spectrum[at, np.minimum(k[best] + d, spectrum.shape[1] - 1)]) for d in (-1, 0, 1))
        shift = 0.5 * (left - right) / (left - 2 * middle + right)
    shift = np.clip(np.where(np.isfinite(shift), shift, 0.0), -0.5, 0.5)
    return np.where(found, (k[best] + shift) * bin_width, np.nan)


def _or_half(above: Block, able: NDArray[np.bool_], k: NDArray[np.intp], best: NDArray[np.intp]) -> NDArray[np.intp]:
    """Half the rate where that is the heart: a pulse with two humps has its even harmonics high.

    The half must be a line of its own, and its odd harmonics must carry a quarter of the power of the slope; a breath
    at half the heart rate does not.
    """
    at = np.arange(best.size)
    around = np.clip(k[best][:, None] // 2 + np.arange(-1, 2) - k[0], 0, k.size - 1)
    line = np.where(np.take_along_axis(able, around, axis=1), np.take_along_axis(above, k[around], axis=1), 0.0)
    half = around[at, np.argmax(line, axis=1)]
    powers = []
    for harmonic in range(1, 2 * _HARMONICS + 1):
        # Twice the candidate is known better than half of it: even harmonics are read from there.
        place = k[best] * harmonic // 2 if harmonic % 2 == 0 else k[half] * harmonic
        place = np.clip(place[:, None] + np.arange(-1, 2), 0, above.shape[1] - 1)
        powers.append((harmonic * np.take_along_axis(above, place, axis=1).max(axis=1)) ** 2)
    odd, even = sum(powers[0::2]), sum(powers[1::2])
    return np.where((line.max(axis=1) > 0) & (k[best] >= 2 * k[0] - 1) & (odd > _ODD * (odd + even)), half, best)


def _fundamental(flat: Block, good: NDArray[np.bool_], rate: float, frequency: Column) -> Column:
    """Amplitude of the sine of each row's frequency by weighted least squares."""
    size = flat.shape[1]
    at = (np.arange(size) - (size - 1) / 2) / size
    turn = (2 * np.pi * size / rate) * frequency[:, None] * at
    basis = (np.cos(turn), np.sin(turn), np.ones_like(turn), np.broadcast_to(at, turn.shape))
    weight = np.where(good, _hann(size), 0.0)
    target = np.where(good, flat, 0.0)
    normal, right = np.empty((flat.shape[0], 4, 4)), np.empty((flat.shape[0], 4, 1))
    for i, one in enumerate(basis):
        weighted = weight * one
        right[:, i, 0] = np.einsum("ij,ij->i", weighted, target)
        for j in range(i, 4):
            normal[:, i, j] = normal[:, j, i] = np.einsum("ij,ij->i", weighted, basis[j])
    # A ridge at rounding level keeps rows with long holes solvable; their epochs fail the share of good samples.
    normal += 1e-12 * np.eye(4) * size
    answer = np.linalg.solve(normal, right)
    return np.asarray(np.hypot(answer[:, 0, 0], answer[:, 1, 0]))


def _cycles(wave: Block, rate: float, frequency: Column) -> dict[str, Column]:
    """Peak to peak, highest and lowest over stretches of one period, averaged over each row."""
    rows, size = wave.shape
    if rows == 0:
        return {}
    full = _fill(wave, np.isfinite(wave))
    period = rate / frequency
    total = np.concatenate([np.zeros((rows, 1)), np.cumsum(full, axis=1)], axis=1)
    middle = np.arange(size) + 0.5
    mean = np.empty_like(full)
    for sign in (1, -1):
        edge = np.clip(middle + sign * period[:, None] / 2, 0, size)
        whole = np.minimum(edge.astype(np.intp), size - 1)
        below = np.take_along_axis(total, whole, axis=1)
        here = below + (edge - whole) * np.take_along_axis(full, whole, axis=1)
        mean = here if sign == 1 else mean - here
    moving = wave - mean / period[:, None]
    # Stretches lie where the moving mean is whole: half a period off both ends.
    count = np.maximum(np.floor((size - 1) / period - 1).astype(np.intp), 0)
    row = np.repeat(np.arange(rows), count + 1)
    number = np.arange(row.size) - np.repeat(np.cumsum(count + 1) - (count + 1), count + 1)
    edges = np.minimum(np.ceil(period[row] * (number + 0.5)).astype(np.intp), size - 1)
    flat_edges = row * size + edges
    inside = number < count[row]  # the last edge of a row only ends its last stretch

    def average(values: Column) -> Column:
        kept = inside & np.isfinite(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.bincount(row[kept], values[kept], rows) / np.bincount(row[kept], minlength=rows)

    top, bottom = (f.reduceat(moving.ravel(), flat_edges) for f in (np.maximum, np.minimum))
    high, low = (f.reduceat(wave.ravel(), flat_edges) for f in (np.maximum, np.minimum))
    return {"pp": average(top - bottom), "high": average(high), "low": average(low)}
