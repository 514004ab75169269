"""An index of the shape of the pulse of intracranial pressure: the mean of classes 1 (normal) to 4 over a window.

Mataczynski et al. (2022, IEEE J Biomed Health Inform 26:494, doi:10.1109/JBHI.2021.3088629; recalled, not read) let a
trained network class every pulse, and Kazimierska et al. (2023, Crit Care 27:447, doi:10.1186/s13054-023-04731-z)
average these classes over five minutes as the pulse shape index, PSI. That network is not public. Here the
classes come from a rule on the landmarks (`cisterna.signals.landmarks.pulse_class`), taken of the mean of five beats in
a row: built like PSI, it is not PSI.
`class_agreement` measures how often the rule is right on made pulses.
"""

from __future__ import annotations

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples
from cisterna.signals.landmarks import find_landmarks, landmarks_of, pulse_class
from cisterna.signals.pulse import PulseShape
from cisterna.signals.result import Result, Series

#: Beats in a row whose mean is classed: about a breath, enough for a shoulder to show over noise.
BEATS = 5
#: Window of the index, s: five minutes, as PSI is averaged.
WINDOW = 300.0
#: Runs between which the errors of classes are taken as unrelated, and the fewest groups of them with an interval.
_GROUP, _FEWEST = 6, 5
_ID, _NOTE = "pulse_class_index", "mean class of the mean pulses of {n} beats in a row; by rule, not the network of PSI"


def classes(shape: PulseShape, beats: int = BEATS) -> tuple[Samples, Samples]:
    """Class of each run of beats.

    Returns
    -------
    array (run,), array (run,)
        Middle of the run, s on the clock of `shape.feet`, and its class, 1 to 4.

    Examples
    --------
    >>> from cisterna.signals.pulse import pulse_shape
    >>> t = np.arange(0, 60, 0.01)
    >>> icp = 10 + sum(h * np.exp(-(((t % 0.8 - c) / 0.035) ** 2)) for c, h in ((0.09, 5), (0.2, 4), (0.36, 3)))
    >>> np.unique(classes(pulse_shape(icp, 100.0, np.arange(0.8, 59, 0.8)))[1]).tolist()
    [1.0]
    """
    count = shape.feet.size // beats
    if count == 0:
        raise CisternaError("too few beats for a class", where=shape.channel, found=f"{shape.feet.size} beats")
    groups = shape.beats[: count * beats].reshape(count, beats, -1)
    known = np.isfinite(groups)
    means = np.where(known, groups, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    found = [float(pulse_class(marks)) for marks in landmarks_of(means, shape.rate)]
    return shape.feet[: count * beats].reshape(count, beats).mean(axis=1), np.array(found)


def class_index(shape: PulseShape, window: float = WINDOW) -> tuple[Result, Series]:
    """Mean class over the whole shape and over windows.

    Parameters
    ----------
    shape : PulseShape
        Of intracranial pressure.
    window : float
        s.

    Returns
    -------
    Result, Series
        ``pulse_class_index``, 1 to 4. The interval of the result is Student's over means of six runs; None of five
        such groups: none. The series has none.

    Examples
    --------
    >>> from cisterna.signals.pulse import pulse_shape
    >>> t = np.arange(0, 300, 0.01)
    >>> icp = 10 + np.exp(-(((t % 0.8 - 0.24) / 0.11) ** 2))
    >>> class_index(pulse_shape(icp, 100.0, np.arange(0.8, 299, 0.8)))[0].value
    4.0
    """
    from scipy.special import stdtrit

    time, found = classes(shape)
    note = _NOTE.format(n=BEATS)
    groups = found.size // _GROUP
    low = high = np.nan
    if groups >= _FEWEST:
        means = found[: groups * _GROUP].reshape(groups, _GROUP).mean(axis=1)
        half = float(stdtrit(groups - 1, 0.975) * means.std(ddof=1) / np.sqrt(groups))
        low, high = max(float(found.mean()) - half, 1.0), min(float(found.mean()) + half, 4.0)
        note += f"; Student interval over means of {_GROUP}"
    result = Result(_ID, shape.channel, float(found.mean()), "1", low, high, found.size, note)
    number = np.floor(time / window).astype(int)
    count = int(number.max()) + 1
    held = np.bincount(number, minlength=count)
    sums = np.bincount(number, weights=found, minlength=count)
    values = np.where(held >= _FEWEST, sums / np.maximum(held, 1), np.nan)
    none = np.full(count, np.nan)
    middle = (np.arange(count, dtype=np.float64) + 0.5) * window
    return result, Series(_ID, shape.channel, "1", middle, values, none, none.copy(), window, note)


def class_agreement(noise: float, beats: int = BEATS, count: int = 200, seed: int = 0) -> Result:
    """Share of made pulses with which the rule agrees whether P1 is the highest peak (class 1) or P2 (2 or more).

    Parameters
    ----------
    noise : float
        Standard deviation of white noise on each sample at 100 Hz, as a share of the height of the pulse.
    beats : int
        Beats averaged before they are classed.
    count : int
        Pulses; half have P1 and half P2 as the highest, by a tenth to a half of their height.

    Examples
    --------
    >>> class_agreement(0.0, count=40).value
    1.0
    """
    from scipy import stats

    rng = np.random.default_rng(seed)
    rate = 100.0
    t = np.arange(0.0, 0.8, 1.0 / rate)
    hits = 0
    for k in range(count):
        first = k % 2 == 0
        lower = 1.0 - rng.uniform(0.1, 0.5)
        heights = (1.0, lower, rng.uniform(0.3, 0.6)) if first else (lower, 1.0, rng.uniform(0.3, 0.6))
        places = (0.08, 0.20, 0.38) + rng.normal(0.0, 0.01, 3)
        pulse = sum(h * np.exp(-(((t - c) / 0.035) ** 2)) for h, c in zip(heights, places, strict=True))
        mean = pulse + noise * rng.normal(size=(beats, t.size)).mean(axis=0)
        hits += (pulse_class(find_landmarks(mean - mean[0], rate)) == 1) == first
    low = float(stats.beta.ppf(0.025, hits, count - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(0.975, hits + 1, count - hits)) if hits < count else 1.0
    note = f"made pulses, noise {noise:g} of the height, mean of {beats} beats; Clopper-Pearson interval"
    return Result("pulse_class_agreement", "", hits / count, "1", low, high, count, note)
