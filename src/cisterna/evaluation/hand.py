"""A hand: how large a motion must be before it is felt, by frequency, person and habit of saying yes.

Threshold amplitude (half of the peak to peak, at which d' = 1), with two caps because nothing is measured below
0.4 Hz and the verdict on slow rhythms hangs on it:

    th(f) = th1 min(f^-s, cap),      d' = sqrt(sum (a_k / th_k)^2),      P(yes) = (1 - lapse) Phi(d' - c) + lapse / 2.

The hand's own pulse and tremor act where they fall into its bandwidth f / W about a frequency. Persons differ: the
limits that examiners reached with a device between both hands are log-normal (Kasparian et al. 2015). All
amplitudes in um.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from cisterna.evaluation.series import Samples
from cisterna.evaluation.sources import SourceMotion, rng
from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.ground.units import convert

#: Laws of the threshold at low frequency: carried down to 0.1 Hz, or nearly flat (it favours the hand).
CAPS = ("steep", "flat")
#: Sources of the spread between persons.
PRIORS = ("kasparian", "repeat")
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Hand:
    """An observer.

    Attributes
    ----------
    name, tag : str
        Who; ``assumed``, ``derived`` (drawn from measured limits) or ``required`` (as a claim needs it).
    threshold_1hz : float
        Amplitude felt at d' = 1 and 1 Hz, um.
    slope, cap, law : float, float, str
        Power of the fall with frequency, highest multiple of the 1 Hz value, and which of `CAPS` it is.
    criterion, lapse : float
        c in d', share of answers without attending.
    window : float
        Cycles over which it gathers.
    reach, band : pairs of float
        Hz felt at all; Hz listened for.
    own : tuple of (Hz, um)
        Its own pulse and tremor.
    rejection : float
        Breath not noticed, dB.
    weber : float
        Relative change of an amplitude that is just felt.
    """

    name: str
    tag: str
    threshold_1hz: float
    slope: float
    cap: float
    law: str
    criterion: float
    lapse: float
    window: float
    reach: tuple[float, float]
    band: tuple[float, float]
    own: tuple[tuple[float, float], ...]
    rejection: float
    weber: float

    # --- persons ------------------------------------------------------------------------------------
    @staticmethod
    def typical(parameters: Parameters | None = None, law: str = "steep") -> Hand:
        """A trained hand of the central threshold.

        Examples
        --------
        >>> float(Hand.typical().threshold(1.0)), round(float(Hand.typical().threshold(10.0)), 1)
        (100.0, 20.0)
        """
        p = parameters or default_parameters()
        return Hand(
            name="typical",
            tag="assumed",
            threshold_1hz=p["palp_threshold_1hz"].value,
            slope=p["palp_threshold_slope"].value,
            cap=_cap(law, p),
            law=law,
            criterion=p["palp_criterion"].value,
            lapse=p["palp_lapse"].value,
            window=p["palp_window"].value,
            reach=(p["palp_hand_low"].value, p["palp_hand_high"].value),
            band=(p["palp_band_low"].value, p["palp_band_high"].value),
            own=_own(p),
            rejection=0.0,
            weber=p["tactile_vibro_jnd_10hz"].value,
        )

    @staticmethod
    def trained(seed: int, parameters: Parameters | None = None, law: str = "steep", prior: str = "kasparian") -> Hand:
        """A trained hand drawn from the spread of measured limits (training was not seen to lower them)."""
        p = parameters or default_parameters()
        spread = people(p, prior)
        limit = math.exp(spread.mean + spread.stdev * float(rng(seed, "hand", prior).standard_normal()))
        return replace(Hand.typical(p, law), name=f"trained {seed}", tag="derived", threshold_1hz=limit)

    @staticmethod
    def lay(parameters: Parameters | None = None, law: str = "steep") -> Hand:
        """A lay person: the same skin, slower to say yes."""
        p = parameters or default_parameters()
        return replace(Hand.typical(p, law), name="lay", criterion=p["palp_criterion_lay"].value)

    @staticmethod
    def as_taught(parameters: Parameters | None = None, law: str = "flat") -> Hand:
        """The hand a teaching needs (H-HAND): required numbers, none of them measured."""
        p = parameters or default_parameters()
        return replace(
            Hand.typical(p, law),
            name="as-taught",
            tag="required",
            threshold_1hz=p["palp_taught_threshold"].value,
            criterion=p["palp_taught_criterion"].value,
            rejection=p["palp_taught_rejection"].value,
        )

    def with_law(self, law: str, parameters: Parameters | None = None) -> Hand:
        """The same hand under the other law of low frequencies."""
        return replace(self, law=law, cap=_cap(law, parameters or default_parameters()))

    # --- sensitivity --------------------------------------------------------------------------------
    def threshold(self, frequency: Any) -> Any:
        """Threshold amplitude, um, at a frequency in Hz; infinite outside what a hand feels at all."""
        f = np.asarray(frequency, dtype=np.float64)
        low, high = self.reach
        inside = (f >= low) & (f <= high)
        safe = np.where(inside, f, 1.0)
        return np.where(inside, self.threshold_1hz * np.minimum(safe**-self.slope, self.cap), np.inf)

    def own_motion(self, frequency: Any) -> Any:
        """Amplitude of the hand's own pulse and tremor within its bandwidth about a frequency, um."""
        f = np.asarray(frequency, dtype=np.float64)
        total = np.zeros(f.shape)
        for at, amplitude in self.own:
            away = (f - at) * 2.0 * self.window / np.maximum(f, 1e-9)
            total = total + amplitude**2 * np.exp(-np.square(away))
        return np.sqrt(total)

    def effective(self, frequency: Any) -> Any:
        """Threshold with the hand's own motion added as noise, um."""
        return np.sqrt(np.square(self.threshold(frequency)) + np.square(self.own_motion(frequency)))

    def attenuation(self, source: str) -> float:
        """Factor on the motion of a source that this hand does not attend to."""
        return 10.0 ** (-self.rejection / 20.0) if source == "breath" else 1.0

    def d_prime(self, motion: SourceMotion, slow_only: bool = False) -> float:
        """d' of one source; of its part in the band listened for with `slow_only`."""
        part = motion.within(*self.band) if slow_only else motion
        if not part.frequencies:
            return 0.0
        ratio = np.array(part.amplitudes) / self.effective(np.array(part.frequencies))
        return self.attenuation(motion.name) * float(np.sqrt(np.square(ratio).sum()))

    def d_together(self, motions: Iterable[SourceMotion], slow_only: bool = False) -> float:
        """d' of several sources at once (they lie at different frequencies)."""
        return math.sqrt(sum(self.d_prime(motion, slow_only) ** 2 for motion in motions))

    def d_change(self, before: SourceMotion | None, after: SourceMotion | None) -> float:
        """d' of a change of one source: each sine against its threshold and against Weber's share of what was
        there. Zero without a change."""
        first, last = before or _silent(after), after or _silent(before)
        if len(first.frequencies) != len(last.frequencies):
            raise CisternaError("two motions of different make cannot be compared", where=last.name)
        old, new = (self.attenuation(last.name) * np.array(m.amplitudes) for m in (first, last))
        limit = np.hypot(self.effective(np.array(last.frequencies)), self.weber * old)
        return float(np.sqrt(np.square((new - old) / limit).sum()))

    def p_yes(self, d_prime: float) -> float:
        """Probability of saying "I feel it".

        Examples
        --------
        >>> from dataclasses import replace
        >>> hand = replace(Hand.typical(), lapse=0.0)
        >>> round(hand.p_yes(0.0), 2), round(hand.p_yes(1.0), 2)
        (0.42, 0.79)
        """
        return (1.0 - self.lapse) * _NORMAL.cdf(d_prime - self.criterion) + 0.5 * self.lapse

    def answer(self, d_prime: float, draw: np.random.Generator) -> tuple[bool, float]:
        """One answer and its confidence, 0-100: the distance of what was sensed from the criterion. A lapse is
        a coin toss of any confidence."""
        sensed = float(draw.standard_normal()) + d_prime
        lapsed, coin, sure = draw.random(3)
        if lapsed < self.lapse:
            return bool(coin < 0.5), 100.0 * float(sure)
        return sensed > self.criterion, 100.0 * (2.0 * _NORMAL.cdf(abs(sensed - self.criterion)) - 1.0)

    def limit(self, frequency: float, d_prime: float = 1.0) -> float:
        """Smallest peak-to-peak motion at a frequency that is felt at a given d', um."""
        return 2.0 * d_prime * float(self.effective(frequency))

    # --- what arrives in awareness --------------------------------------------------------------------
    def sensed(self, motion: Samples, step: float) -> Samples:
        """A motion (um, one sample every `step` s) as this hand weighs it in the band it listens for: in
        thresholds, so that a sine of threshold amplitude has amplitude 1. A straight line is taken off first."""
        line = np.linspace(-1.0, 1.0, motion.size)
        table = np.stack([np.ones(motion.size), line], axis=1)
        rest = motion - table @ np.linalg.lstsq(table, motion, rcond=None)[0]
        f, inside = self._listened(motion.size, step)
        part = np.zeros(f.size, dtype=np.complex128)
        part[inside] = np.fft.rfft(rest)[inside] / self.effective(f[inside])
        return np.fft.irfft(part, motion.size)

    def noise(self, size: int, step: float, draw: np.random.Generator) -> Samples:
        """Inner noise in the same band, in thresholds: one-sided density W / f, so that a sine of amplitude 1
        gathered over W cycles has d' = 1."""
        f, inside = self._listened(size, step)
        part = np.zeros(f.size, dtype=np.complex128)
        draws = draw.standard_normal((2, f.size))
        # A line of a record of length T has the variance density / T.
        height = 0.5 * size * np.sqrt(self.window / (f[inside] * size * step))
        part[inside] = height * (draws[0] + 1j * draws[1])[inside]
        return np.fft.irfft(part, size)

    def _listened(self, size: int, step: float) -> tuple[Samples, Any]:
        f = np.asarray(np.fft.rfftfreq(size, step), dtype=np.float64)
        return f, (f >= self.band[0]) & (f <= self.band[1])


def people(parameters: Parameters | None = None, prior: str = "kasparian") -> NormalDist:
    """Spread of ln(threshold / um) between persons.

    ``kasparian`` goes through the two shares read (33 % at 50 um, 62 % at 200 um or less); ``repeat`` has the mean
    and standard deviation of a repeat study.

    Examples
    --------
    >>> import math
    >>> spread = people()
    >>> round(math.exp(spread.mean)), round(spread.stdev, 2)
    (113, 1.86)
    """
    p = parameters or default_parameters()
    if prior == "kasparian":
        marks = (("palp_motion_50um", 50.0), ("palp_motion_200um", 200.0))
        (low, x_low), (high, x_high) = ((_NORMAL.inv_cdf(p[key].value), math.log(um)) for key, um in marks)
        spread = (x_high - x_low) / (high - low)
        return NormalDist(x_low - low * spread, spread)
    if prior == "repeat":
        mean, sd = p["palp_repeat_mean"].value, p["palp_repeat_sd"].value
        variance = math.log1p((sd / mean) ** 2)
        return NormalDist(math.log(mean) - 0.5 * variance, math.sqrt(variance))
    raise UnknownName("prior", prior, list(PRIORS))


def share_at(limit_um: float, parameters: Parameters | None = None, prior: str = "kasparian") -> float:
    """Share of persons whose threshold is at or below a motion, um.

    Examples
    --------
    >>> round(share_at(50.0), 2), round(share_at(200.0), 2)
    (0.33, 0.62)
    """
    return people(parameters, prior).cdf(math.log(limit_um))


def _cap(law: str, p: Parameters) -> float:
    if law not in CAPS:
        raise UnknownName("law of low frequencies", law, list(CAPS))
    return p[f"palp_cap_{law}"].value


def _own(p: Parameters) -> tuple[tuple[float, float], ...]:
    """Own pulse (shape of an artery) and tremor: (Hz, um)."""
    beat, half = p["palp_own_pulse_rate"].value / 60.0, p["palp_own_pulse"].value / 2.0
    pulse = [(k * beat, half * p[f"palp_artery_h{k}"].value) for k in range(1, 6)]
    tremor = p["palp_tremor_f"].value
    shake = convert(p["palp_tremor"].value, p["palp_tremor"].unit, "um/s2") / (2.0 * math.pi * tremor) ** 2
    return (*pulse, (tremor, shake))


def _silent(motion: SourceMotion | None) -> SourceMotion:
    """The same source without motion."""
    if motion is None:
        raise CisternaError("nothing to compare")
    return replace(motion, pp=0.0, amplitudes=(0.0,) * len(motion.amplitudes))
