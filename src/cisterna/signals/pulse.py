"""Shape of the pulse: the mean of the aligned beats, its peaks, and its size in two senses, each with an interval.

Beats are laid foot on foot, the straight line between the feet taken off (it holds breath and drift). The mean
keeps time, not phase: P1, P2 and P3 stand at much the same time after the foot at 50 and at 126 beats a minute.
Intervals come from resampling runs of five beats in a row (about a breath, since neighbours are alike), 200 times,
widened by Student's t for the number of runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.damping import beat_sizes
from cisterna.signals.grid import Samples, as_samples, fill, working
from cisterna.signals.landmarks import CLASSES, NAMES, Landmarks, find_landmarks, landmarks_of, pulse_class
from cisterna.signals.result import Result, Series

#: Fewest beats that make a mean pulse, and how far a beat's length may lie from the median.
_FEWEST, _LENGTHS = 5, (0.7, 1.4)
#: Replicates, runs of beats resampled at once, and the most runs kept apart (longer runs in a long recording).
_REPLICATES, _RUN, _RUNS = 200, 5, 400
#: Beats sampled at once: bounds memory.
_AT_ONCE = 4_000
#: One turn of the first harmonic, fine enough that a step of it is 0.2 % of the amplitude.
_TURN = np.exp(-2j * np.pi * np.linspace(0.0, 1.0, 4097))
_HOW = "95 % interval by resampling runs of {run} beats"


@dataclass(frozen=True)
class Draws:
    """Resampled means of runs of beats in a row; their 2.5 and 97.5 % points bound a 95 % interval.

    Attributes
    ----------
    run : int
        Beats that were resampled together.
    means : array (draw, moment)
        Mean pulses.
    landmarks : list of Landmarks
        Of each.
    levels : dict of arrays (draw,)
        Means of ``foot`` and ``mean`` of the same beats.
    """

    run: int
    means: NDArray[np.float64]
    landmarks: list[Landmarks]
    levels: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class PulseShape:
    """Beats of a stretch of signal and their mean.

    Attributes
    ----------
    channel, unit : str
        Name and unit of the signal.
    rate : float
        Moments a second of the mean pulse, Hz.
    time : array (moment,)
        s from the foot.
    feet : array (beat,)
        Foot of each beat kept, s from the first sample.
    beats : array (beat, moment)
        Every beat kept, above the line between its feet; NaN after its end.
    mean, low, high : array (moment,)
        Mean pulse and its 95 % interval.
    landmarks : Landmarks
        P1, P2, P3, the top and the notch of the mean pulse; a peak that is not in enough of the resampled means is
        None.
    results : tuple of Result
        ``pulse_amplitude_pp``, ``pulse_amplitude_f1``, ``pulse_p1`` to ``pulse_p3`` (height), ``pulse_p1_time`` to
        ``pulse_p3_time``, ``pulse_p2_p1``, ``pulse_rise_time``, ``pulse_area``, ``pulse_class``.
    sizes : dict of arrays (beat,)
        Both amplitudes of each beat kept, by id.
    levels : dict of arrays (beat,)
        ``foot`` and ``mean`` of each beat kept, in the unit of the signal.
    draws : Draws
        The resampled means behind the intervals.
    """

    channel: str
    unit: str
    rate: float
    time: NDArray[np.float64]
    feet: NDArray[np.float64]
    beats: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    landmarks: Landmarks
    results: tuple[Result, ...]
    sizes: dict[str, NDArray[np.float64]]
    levels: dict[str, NDArray[np.float64]]
    draws: Draws

    def result(self, id: str) -> Result:
        """One of the results by its id.

        Raises
        ------
        CisternaError
            No such result.
        """
        for result in self.results:
            if result.id == id:
                return result
        raise CisternaError(f"a pulse has no '{id}'", mend=f"one of {', '.join(r.id for r in self.results)}")

    def trend(self, window: float = 300.0) -> dict[str, Series]:
        """Amplitudes, P2 over P1 and class over time, one value a window on a grid from time 0.

        Returns
        -------
        dict of Series
            By id; amplitudes with a t-interval over the beats of the window, ratio and class of its mean pulse
            without one. NaN with fewer than five beats.
        """
        ids = ("pulse_amplitude_pp", "pulse_amplitude_f1", "pulse_p2_p1", "pulse_class")
        number = np.floor(self.feet / window).astype(int)
        count = int(number.max()) + 1
        values = {id: np.full((3, count), np.nan) for id in ids}
        edges = np.searchsorted(number, np.arange(count + 1))
        for k in range(count):
            a, b = edges[k], edges[k + 1]
            if b - a < _FEWEST:
                continue
            marks = find_landmarks(_mean(self.beats[a:b]), self.rate)
            values["pulse_p2_p1"][0, k] = marks.ratio
            values["pulse_class"][0, k] = pulse_class(marks)
            for id in ids[:2]:
                values[id][:, k] = _with_t(self.sizes[id][a:b])
        time = (np.arange(count, dtype=np.float64) + 0.5) * window
        notes = {r.id: r.note for r in self.results}
        units = {r.id: r.unit for r in self.results}
        return {
            id: Series(id, self.channel, units[id], time, v[0], v[1], v[2], window, notes[id])
            for id, v in values.items()
        }


def pulse_shape(
    values: ArrayLike, rate: float, beats: ArrayLike, channel: str = "icp", unit: str = "mmHg", seed: int = 0
) -> PulseShape:
    """Mean pulse and its measures.

    Parameters
    ----------
    values : array (time,)
        Samples, NaN where missing or masked (`Quality.masked`); `rate` in Hz, 20 or more.
    beats : array (beat + 1,)
        Feet of the pulses, s from the first sample (`find_beats`).
    channel, unit : str
        For the results.
    seed : int
        Of the resampling.

    Returns
    -------
    PulseShape
        Beats with a missing sample, and those much shorter or longer than usual, are left out.

    Raises
    ------
    CisternaError
        Fewer than five whole beats.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.01)
    >>> icp = 10 + 2 * np.sin(2 * np.pi * t)
    >>> shape = pulse_shape(icp, 100.0, np.arange(0.75, 59))
    >>> [round(shape.result(i).value, 2) for i in ("pulse_amplitude_pp", "pulse_amplitude_f1", "pulse_rise_time")]
    [4.0, 2.0, 0.5]
    """
    array, feet = as_samples(values, rate), np.asarray(beats, dtype=np.float64)
    start, length = _kept(array, rate, feet)
    if start.size < _FEWEST:
        found = f"{start.size} whole beats of {max(feet.size - 1, 0)}"
        raise CisternaError("too few beats for a mean pulse", where=channel, found=found, mend="give a longer stretch")
    x, fs = working(fill(array), rate, 100.0, 250.0)
    moments = int(np.median(length) * fs)
    matrix = np.empty((start.size, moments))
    first = np.empty(start.size)
    for a in range(0, start.size, _AT_ONCE):
        part = slice(a, a + _AT_ONCE)
        matrix[part], first[part] = _aligned(x, fs, start[part], length[part], moments)
    sizes = beat_sizes(array, rate, feet)
    known = np.isfinite(sizes.amplitude)
    peak = np.interp(start, sizes.time[known], sizes.amplitude[known])
    amplitudes = {"pulse_amplitude_pp": peak, "pulse_amplitude_f1": first}
    mean = _mean(matrix)
    run = _run_of(start.size)
    # The mean above the line between the feet, and that line again, whose middle is half way between them.
    foot, end = _between(x, start * fs), _between(x, (start + length) * fs)
    levels = {"foot": foot, "mean": np.nanmean(matrix, axis=1) + 0.5 * (foot + end)}
    draws, drawn = _resampled(matrix, {**amplitudes, **levels}, run, seed)
    marks = landmarks_of(draws, fs)
    landmarks = _sure(find_landmarks(mean, fs), marks)
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    results = _results(channel, unit, fs, mean, draws, landmarks, marks, amplitudes, drawn, run)
    time = np.arange(moments) / fs
    behind = Draws(run, draws, marks, {name: drawn[name] for name in levels})
    told = (landmarks, results, amplitudes, levels, behind)
    return PulseShape(channel, unit, fs, time, start, matrix, mean, low, high, *told)


def _kept(array: Samples, rate: float, feet: Samples) -> tuple[Samples, Samples]:
    """Foot and length of each beat that is whole and of a usual length."""
    if feet.size < 2:
        return np.array([]), np.array([])
    start, length = feet[:-1], np.diff(feet)
    usual = float(np.median(length))
    missing = np.concatenate([[0], np.cumsum(~np.isfinite(array))])
    first = np.floor(start * rate).astype(int)
    last = np.ceil((start + length) * rate).astype(int) + 1
    inside = (first >= 0) & (last <= array.size)
    a, b = np.clip(first, 0, array.size), np.clip(last, 0, array.size)
    good = inside & (missing[b] == missing[a]) & (length > _LENGTHS[0] * usual) & (length < _LENGTHS[1] * usual)
    return start[good], length[good]


def _aligned(x: Samples, fs: float, start: Samples, length: Samples, moments: int) -> tuple[Samples, Samples]:
    """Beats foot on foot above the line between their feet, and the amplitude of each beat's first harmonic."""
    at = np.arange(int(_LENGTHS[1] * moments) + 2) / fs
    above = _between(x, (start[:, None] + at) * fs)
    first, last = _between(x, start * fs), _between(x, (start + length) * fs)
    share = at / length[:, None]
    above -= first[:, None]
    above -= share * (last - first)[:, None]
    inside = share < 1.0
    above[~inside] = 0.0
    turn = _TURN[(share * (_TURN.size - 1)).astype(np.intp) % _TURN.size]
    size = 2 * np.abs(np.einsum("bm,bm->b", above, turn)) / inside.sum(axis=1)
    above[~inside] = np.nan
    return above[:, :moments], size


def _between(x: Samples, place: Samples) -> Samples:
    """The signal at places between samples (straight lines; 100 Hz or more here)."""
    k = np.clip(place.astype(np.intp), 0, x.size - 2)
    return np.asarray(x[k] + (place - k) * (x[k + 1] - x[k]))


def _mean(matrix: Samples) -> Samples:
    """Mean over the beats that last; every moment up to the median length has some."""
    known = np.isfinite(matrix)
    return np.asarray(np.sum(np.where(known, matrix, 0.0), axis=0) / np.maximum(known.sum(axis=0), 1))


def _run_of(beats: int) -> int:
    """Beats in a row that are resampled together: about a breath; fewer of few, more of very many."""
    return max(min(_RUN, beats // 10), -(-beats // _RUNS), 1)


def _resampled(
    matrix: Samples, sizes: dict[str, Samples], run: int, seed: int = 0
) -> tuple[Samples, dict[str, Samples]]:
    """Mean pulses (draw, moment) and mean sizes (draw,) of resampled runs of beats.

    They are spread about the mean of all as Student's t asks of so few runs: their 2.5 and 97.5 % points are a 95 %
    interval.
    """
    from scipy.special import stdtrit

    edges = np.arange(0, len(matrix), run)
    known = np.isfinite(matrix)
    sums = np.add.reduceat(np.where(known, matrix, 0.0), edges, axis=0)
    counts = np.add.reduceat(known.astype(float), edges, axis=0)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(edges.size, np.full(edges.size, 1 / edges.size), size=_REPLICATES).astype(float)
    draws = (weights @ sums) / np.maximum(weights @ counts, 1e-12)
    number = np.add.reduceat(np.ones(len(matrix)), edges)
    drawn = {id: (weights @ np.add.reduceat(x, edges)) / (weights @ number) for id, x in sizes.items()}
    few = max(edges.size - 1, 1)
    wider = float(stdtrit(few, 0.975) / stdtrit(np.inf, 0.975)) * np.sqrt((few + 1) / few)
    middle = sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
    draws = middle + wider * (draws - middle)
    return draws, {id: x.mean() + wider * (drawn[id] - x.mean()) for id, x in sizes.items()}


def _sure(marks: Landmarks, drawn: list[Landmarks]) -> Landmarks:
    """The landmarks without peaks that too few resampled means show."""
    need = default_parameters()["pulse_peak_sure"].value * len(drawn)
    kept = {n: getattr(marks, n) if sum(getattr(d, n) is not None for d in drawn) >= need else None for n in NAMES}
    return Landmarks(kept["p1"], kept["p2"], kept["p3"], marks.top, marks.notch)


def _results(
    channel: str,
    unit: str,
    fs: float,
    mean: Samples,
    draws: Samples,
    marks: Landmarks,
    drawn: list[Landmarks],
    amplitudes: dict[str, Samples],
    sizes: dict[str, Samples],
    run: int,
) -> tuple[Result, ...]:
    count = int(amplitudes["pulse_amplitude_pp"].size)
    how = _HOW.format(run=run)

    def result(id: str, value: float, kind: str, spread: Samples, note: str) -> Result:
        spread = spread[np.isfinite(spread)]
        low, high = np.percentile(spread, [2.5, 97.5]) if spread.size and np.isfinite(value) else (np.nan, np.nan)
        return Result(id, channel, value, kind, float(low), float(high), count, f"{note}; {how}")

    texts = {
        "pulse_amplitude_pp": "highest minus lowest sample of a beat, mean over beats",
        "pulse_amplitude_f1": "amplitude (half its peak to peak) of the first harmonic of a beat, mean over beats",
    }
    out = [result(id, float(amplitudes[id].mean()), unit, sizes[id], text) for id, text in texts.items()]
    for name in NAMES:
        peak = getattr(marks, name)
        others = [p for p in (getattr(d, name) for d in drawn) if p is not None]
        share = len(others) / len(drawn)
        what = name.upper() if peak is None else f"{name.upper()}, {'a peak' if peak.maximum else 'a shoulder'}"
        note = f"{what} of the mean pulse, in {100 * share:.0f} % of the resampled means"
        note = note if peak else f"not found: {note}"
        height, time = (peak.height, peak.time) if peak else (np.nan, np.nan)
        spread = np.array([[p.height, p.time] for p in others]).reshape(-1, 2).T
        out.append(result(f"pulse_{name}", height, unit, spread[0], f"height above the foot of {note}"))
        out.append(result(f"pulse_{name}_time", time, "s", spread[1], f"time from the foot to {note}"))
    ratios = np.array([d.ratio for d in drawn])
    out.append(result("pulse_p2_p1", marks.ratio, "1", ratios, "P2 over P1 of the mean pulse, above the foot"))
    tops = np.array([d.top.time for d in drawn])
    out.append(result("pulse_rise_time", marks.top.time, "s", tops, "from the foot to the top of the mean pulse"))
    areas = draws.sum(axis=1) / fs
    note = "area of the mean pulse above the line between its feet"
    out.append(result("pulse_area", float(mean.sum() / fs), f"{unit} s" if unit else "s", areas, note))
    value = pulse_class(marks)
    note = f"class {value}, {CLASSES[value]}: rule on the landmarks after Nucci 2016, not a trained network"
    out.append(result("pulse_class", float(value), "1", np.array([float(pulse_class(d)) for d in drawn]), note))
    return tuple(out)


def _with_t(values: Samples) -> tuple[float, float, float]:
    """Mean and its 95 % t-interval."""
    from scipy.special import stdtrit

    mean, half = float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))
    half *= float(stdtrit(values.size - 1, 0.975))
    return mean, mean - half, mean + half
