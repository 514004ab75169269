"""The record of one station: symmetry, quality, amplitude, rate, and "felt nothing" as a full answer.

What a practitioner who listens for a slow rhythm would write down, given what the hand senses. The hand follows
the slow oscillation that is strongest in its own terms, through a filter as wide as it gathers (f / W), and
counts it. Everything here is an observation by a person, never a fact about tissue.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cisterna.evaluation.hand import Hand
from cisterna.evaluation.series import Samples
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters

#: Centres of the filter bank between the ends of the band listened for.
_CENTRES = 33
#: Speed, in shares of its root mean square, below which the motion counts as pausing.
_PAUSE = 0.15
#: Width of a Gaussian by the width of a box that passes the same noise.
_GAUSS = math.sqrt(math.pi)


@dataclass(frozen=True)
class Sqar:
    """One entry.

    Attributes
    ----------
    station, rater : str
    felt : bool
        False: "felt nothing"; then rate and symmetry are None and the quality is ``absent``.
    rate : float or None
        Cycles per minute.
    amplitude : int
        0 none, 1 small, 2 moderate, 3 full.
    amplitude_um : float
        Peak to peak the hand would put it at, um.
    symmetry : int or None
        -3 left more .. +3 right more; None on the midline.
    lag : float or None
        Time by which the right follows the left, s.
    quality : str
        fluid, sluggish, ratchety, forced, busy or absent.
    phase : dict
        Seconds of flexion (widening), extension and pause in one cycle.
    still : tuple of (start, end)
        Still points, s.
    confidence : int
        0-100, of the answer, also of "felt nothing".
    """

    station: str
    rater: str
    felt: bool
    rate: float | None
    amplitude: int
    amplitude_um: float
    symmetry: int | None
    lag: float | None
    quality: str
    phase: dict[str, float] = field(default_factory=dict)
    still: tuple[tuple[float, float], ...] = ()
    confidence: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "still": [list(pair) for pair in self.still]}


def listen(
    station: str,
    hear: Callable[[], Sequence[Samples]],
    size: int,
    step: float,
    hand: Hand,
    d_slow: float,
    busy: bool,
    draw: np.random.Generator,
    parameters: Parameters,
    start: float = 0.0,
) -> Sqar:
    """The record of one station.

    Parameters
    ----------
    station : str
        Place, without side.
    hear : function
        Gives the motion under the hand, or under left and right hand, um, (size,) each; what the hand rejects is
        already taken down. Called only when something is felt.
    size, step : int, float
        Samples, and the time between them, s.
    d_slow : float
        d' of the motion in the band listened for.
    busy : bool
        Whether faster motion is felt more than the slow one.
    draw : Generator
        Makes the answer and the inner noise; the same draws give the same record.
    start : float
        Time of the first sample, s.

    Raises
    ------
    CisternaError
        Less time than a rate is counted over.
    """
    if size * step < parameters["palp_count_time"].value - step:
        mend = f"listen for {parameters['palp_count_time'].value:g} s or more"
        raise CisternaError("too short to count a rate", where=station, found=f"{size * step:g} s", mend=mend)
    felt, confidence = hand.answer(d_slow, draw)
    sure = round(confidence)
    if not felt:
        none = {"rate": None, "amplitude": 0, "amplitude_um": 0.0, "symmetry": None, "lag": None}
        return Sqar(station, hand.name, False, **none, quality="absent", confidence=sure)  # type: ignore[arg-type]
    signals = [hand.sensed(motion, step) for motion in hear()]
    noises = [hand.noise(size, step, draw) for _ in signals]
    # Two hands are one observer: its threshold was measured between both.
    both = np.mean(signals, axis=0) + np.sum(noises, axis=0) / math.sqrt(len(noises))
    centre, followed = follow(both, step, hand)
    rate, lengths = count(followed, step)
    strength = math.sqrt(2.0) * float(followed.std())
    width = 2.0 * strength * float(hand.effective(rate / 60.0))
    symmetry = lag = None
    if len(signals) == 2:
        left, right = (_through(s + n, step, centre, hand) for s, n in zip(signals, noises, strict=True))
        symmetry, lag = _sides(left, right, step, rate, hand)
    return Sqar(
        station,
        hand.name,
        True,
        round(rate, 2),
        _grade(strength, parameters),
        round(width, 3),
        symmetry,
        lag,
        _quality(rate, lengths, _grade(strength, parameters), busy, parameters),
        _phases(followed, step, rate),
        _still(followed, step, start, parameters),
        sure,
    )


def follow(sensed: Samples, step: float, hand: Hand) -> tuple[float, Samples]:
    """Centre (Hz) and course of the slow oscillation that stands out most through filters of width f / W."""
    centres = np.geomspace(*hand.band, _CENTRES)
    power = np.square(np.abs(np.fft.rfft(sensed)))
    heard = power > 0.0
    f = np.fft.rfftfreq(sensed.size, step)[heard]
    strengths = np.square(_filter(f, centres[:, None], hand)) @ power[heard]
    best = float(centres[int(np.argmax(strengths))])
    return best, _through(sensed, step, best, hand)


def _filter(f: Any, centre: Any, hand: Hand) -> Any:
    """Gaussian in frequency that passes noise of the width centre / W."""
    return np.exp(-0.5 * np.square((f - centre) * hand.window * _GAUSS / centre))


def _through(sensed: Samples, step: float, centre: float, hand: Hand) -> Samples:
    f = np.fft.rfftfreq(sensed.size, step)
    return np.fft.irfft(np.fft.rfft(sensed) * _filter(f, centre, hand), sensed.size)


def count(series: Samples, step: float) -> tuple[float, Samples]:
    """Cycles per minute and the length of each, s, by upward crossings of zero."""
    up = np.flatnonzero((series[:-1] < 0.0) & (series[1:] >= 0.0))
    at = (up + series[up] / (series[up] - series[up + 1])) * step
    if at.size < 2:
        return 60.0 * max(at.size, 1) / (series.size * step), np.zeros(0)
    lengths = np.diff(at)
    return 60.0 * lengths.size / float(at[-1] - at[0]), lengths


def _grade(strength: float, p: Parameters) -> int:
    if strength < p["palp_grade_moderate"].value:
        return 1
    return 2 if strength < p["palp_grade_full"].value else 3


def _quality(rate: float, lengths: Samples, grade: int, busy: bool, p: Parameters) -> str:
    """The word that fits, the more specific first."""
    uneven = float(lengths.std() / lengths.mean()) if lengths.size > 1 else 0.0
    rules = (
        ("ratchety", uneven > p["palp_ratchety"].value),
        ("forced", grade == 3 and rate > p["palp_forced"].value),
        ("busy", busy),
        ("sluggish", rate < p["palp_sluggish"].value),
    )
    return next((word for word, fits in rules if fits), "fluid")


def _sides(left: Samples, right: Samples, step: float, rate: float, hand: Hand) -> tuple[int, float]:
    """Symmetry in steps that are just felt (Weber), and the lag of the right behind the left, s."""
    a, b = float(left.std()), float(right.std())
    if min(a, b) <= 0.0:
        steps = 3.0 * float(np.sign(b - a))
    else:
        steps = math.log(b / a) / math.log1p(hand.weber)
    symmetry = int(max(-3, min(3, round(steps))))
    most = int(30.0 / rate / step)  # half a cycle
    n = left.size
    spectrum = np.fft.rfft(right, 2 * n) * np.conj(np.fft.rfft(left, 2 * n))
    likeness = np.fft.irfft(spectrum, 2 * n)
    shifts = np.arange(-most, most + 1)
    return symmetry, round(float(shifts[int(np.argmax(likeness[shifts]))]) * step, 2)


def _phases(series: Samples, step: float, rate: float) -> dict[str, float]:
    """Mean seconds of widening, narrowing and pause in one cycle."""
    speed = np.gradient(series, step)
    quiet = np.abs(speed) < _PAUSE * np.sqrt(np.mean(np.square(speed)))
    period = 60.0 / rate
    shares = {
        "flexion": np.mean((speed > 0) & ~quiet),
        "extension": np.mean((speed < 0) & ~quiet),
        "pause": np.mean(quiet),
    }
    return {name: round(period * float(share), 2) for name, share in shares.items()}


def _still(series: Samples, step: float, start: float, p: Parameters) -> tuple[tuple[float, float], ...]:
    """Stretches in which the oscillation stays far below its usual height."""
    from cisterna.signals.grid import runs

    height = _envelope(series)
    low = height < p["palp_still_share"].value * np.median(height)
    shortest = p["palp_still_time"].value / step
    return tuple((round(start + a * step, 1), round(start + b * step, 1)) for a, b in runs(low) if b - a >= shortest)


def _envelope(series: Samples) -> Samples:
    """Height of the analytic signal; four lines, because the library that has it takes a second to load."""
    spectrum = np.fft.fft(series)
    half = (series.size + 1) // 2
    spectrum[1:half] *= 2.0
    spectrum[series.size // 2 + 1 :] = 0.0
    return np.abs(np.fft.ifft(spectrum))
