"""Simulated examiners: an inner rhythm that runs at the rate expected and is pulled by what is sensed.

The law of H-ENT, for the phase theta of the marks,

    theta' = 2 pi f_e + K [w sin(own breath - theta) + (1 - w) sum_k (a_k / th_k) sin(phase_k - theta)] + noise,

where k runs over what moves under the hand (breath and slow vasomotion of the subject; a rhythm of its own where
H-PRM is on), each in thresholds of that hand. Heart and pulse lie far from the band and move nothing. `rates` takes
the mean rate in closed form, each drive after the other (Adler 1946 doi:10.1109/JRPROC.1946.229930: outside its
locking range a drive of strength s at a distance D pulls D to sqrt(D^2 - s^2)); `marks_in_time` runs the phase itself,
and a test holds the two together. Needs the model extra: the hand and its motions are those of `cisterna.evaluation`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.ground.units import convert

Array = NDArray[np.float64]
#: A range of the tables holds 90 %: 1.645 standard deviations on each side.
_TAIL = 1.6448536269514722
#: Band in which the acceleration of a hand is told, Hz.
_NOISE_BAND = (0.1, 10.0)
#: Terms of the continued fraction; the rest is summed as a geometric one.
_TERMS = 6
#: Step of a slope, 1/s; largest factor of a phase about to break away; turns by which a count of marks is unsure.
_NUDGE, _MOST_LOOSE, _COUNTED = 1e-3, 2.0, 0.1
#: Station of a site of the tables, and what the published studies call it.
STATIONS = {"vault": "vault.R", "heel": "heel.R", "sacrum": "sacrum", "occiput": "occiput"}


@dataclass(frozen=True)
class Senses:
    """What examiners and subjects are like, from independent sources; rates in 1/s, motions in um.

    Attributes
    ----------
    rate, rate_cv : float
        Mean of the rate expected, and its relative spread over examiners and visits together.
    coupling : float
        K, rad/s.
    breath, breath_sd, breath_visit : float
        Breathing rate of a person, spread between persons, relative change from visit to visit.
    threshold, threshold_gsd : float
        Median amplitude felt at 1 Hz, and the spread of its logarithm between examiners.
    slope, cap, reach : float
        Law of the threshold: th1 min(f^-slope, cap); cycles over which a hand gathers.
    amplitude, slow : dict
        Site -> amplitude of the breath, and of slow vasomotion.
    amplitude_gsd : float
        Spread of their logarithm between subjects.
    slow_rate : tuple of 2 floats
        Lowest and highest rate of vasomotion.
    hand_noise : float
        Random walk of a resting hand: density of position at 1 Hz, um^2/Hz, falling as 1 / f^2.
    timing : float
        Unevenness of one cycle.
    strength : float
        d' of all that moves at the vault, for the median hand.
    prm, prm_sd : float
        Rate of a rhythm of the subject's own, and its spread between subjects.
    """

    rate: float
    rate_cv: float
    coupling: float
    breath: float
    breath_sd: float
    breath_visit: float
    threshold: float
    threshold_gsd: float
    slope: float
    cap: float
    reach: float
    amplitude: Mapping[str, float]
    slow: Mapping[str, float]
    amplitude_gsd: float
    slow_rate: tuple[float, float]
    hand_noise: float
    timing: float
    strength: float
    prm: float
    prm_sd: float

    @staticmethod
    def of(parameters: Parameters | None = None, law: str = "steep") -> Senses:
        """The numbers of the tables.

        Parameters
        ----------
        law : {"steep", "flat"}
            How thresholds go on below 0.4 Hz, where nothing was measured (`evaluation.hand`).
        """
        from cisterna.evaluation.hand import Hand, people
        from cisterna.evaluation.inputs import Inputs
        from cisterna.evaluation.sources import motion_at
        from cisterna.physiology.stations import station

        p = parameters or default_parameters()
        hand, spread = Hand.typical(p, law), people(p)
        moved = {site: motion_at(place, Inputs.adult(p), p) for site, place in STATIONS.items()}
        felt = p["cri_sergueef_expert"]
        middle = math.exp(spread.mean)
        head = moved["vault"]
        own = Hand.typical(p, law)
        scaled = type(own)(**{**vars(own), "threshold_1hz": middle})
        return Senses(
            rate=felt.value / 60.0, rate_cv=(felt.high - felt.low) / 2.0 / felt.value,
            coupling=p["study_coupling"].value,
            breath=p["rr_rest"].value / 60.0,
            breath_sd=(p["rr_rest"].high - p["rr_rest"].low) / (2.0 * _TAIL) / 60.0,
            breath_visit=p["study_breath_visit"].value,
            threshold=middle, threshold_gsd=spread.stdev, slope=hand.slope, cap=hand.cap, reach=hand.window,
            amplitude={site: float(one["breath"].amplitudes[0]) for site, one in moved.items()},
            slow={site: float(one["vasomotion"].amplitudes[0]) for site, one in moved.items()},
            amplitude_gsd=math.log(float(station(STATIONS["vault"]).cells["motion_gsd"])),
            slow_rate=(p["palp_vasomotion_low"].value, p["palp_vasomotion_high"].value),
            hand_noise=_walk(convert(p["study_hand_noise"].value, p["study_hand_noise"].unit, "um/s2")),
            timing=p["study_timing"].value,
            strength=float(scaled.d_together(head.values())),
            prm=p["csr_upledger"].value / 60.0,
            prm_sd=(p["csr_upledger"].high - p["csr_upledger"].low) / (2.0 * _TAIL) / 60.0,
        )  # fmt: skip

    def threshold_at(self, rate: Any, keen: Any = 1.0) -> Any:
        """Threshold, um, at rates in 1/s of a hand whose own is `keen` times the median one.

        The walk of the resting hand within the hand's bandwidth f / W counts as noise, as in `Hand.effective`.
        """
        f = np.maximum(rate, 1e-6)
        own = keen * self.threshold * np.minimum(f**-self.slope, self.cap)
        return np.sqrt(np.square(own) + 2.0 * self.hand_noise / (f * self.reach))

    def diffusion(self, rate: Any, felt: Any) -> Any:
        """Growth of the variance of the phase of the marks, rad^2/s.

        Noise of the hand (density W / f in squared thresholds, so that a sine of one threshold gathered over W cycles
        has d' = 1) and the unevenness of timed cycles. `felt` is K (1 - w), rad/s.
        """
        return felt**2 * self.reach / rate + (2.0 * math.pi * self.timing) ** 2 * rate


def _walk(rms: float) -> float:
    """Density at 1 Hz of a random walk of position (um^2/Hz) whose acceleration in 0.1-10 Hz is `rms` (um/s^2).

    Position c / f^2, so acceleration (2 pi)^4 c f^2 and its square (2 pi)^4 c (f2^3 - f1^3) / 3.
    """
    low, high = _NOISE_BAND
    return 3.0 * rms**2 / ((2.0 * math.pi) ** 4 * (high**3 - low**3))


def pulled(rate: Any, drive: Any, strength: Any, diffusion: Any = 0.0) -> Any:
    """Mean rate (1/s) of an oscillator beside a drive (1/s) of a strength in rad/s, its phase diffusing (rad^2/s).

    Moments z_n = <exp(i n psi)> of the phase difference obey (n D / 2 - i Delta) z_n = (s / 2) (z_(n-1) - z_(n+1));
    their ratios are a continued fraction (Risken 1989, The Fokker-Planck Equation, 11.3), and the rate is that of the
    drive less (Delta - s Im z_1) / 2 pi. Without diffusion it is Adler's sqrt(Delta^2 - s^2).

    Examples
    --------
    >>> pulled(0.10, 0.11, 0.1).round(3).item(), pulled(0.10, 0.11, 0.0).item()
    (0.11, 0.1)
    >>> pulled(0.10, 0.20, 0.3).round(4).item(), pulled(0.10, 0.20, 0.3, 0.5).round(4).item()
    (0.1121, 0.1099)
    """
    # Plain numbers stay plain, so that arrays of single precision stay so.
    away = 2.0 * np.pi * (drive - rate)
    half, loss = 0.5 * strength, 0.5 * diffusion
    # The tail as if the loss stayed the same: a quadratic; the root inside the unit circle.
    below = _TERMS * loss - 1j * away
    root = np.sqrt(below * below + 4.0 * half * half)
    root = np.where((np.conj(below) * root).real < 0.0, -root, root)
    ratio = 2.0 * half / np.where(below + root == 0.0, 1.0, below + root)
    for n in range(_TERMS - 1, 0, -1):
        under = n * loss - 1j * away + half * ratio
        ratio = half / np.where(under == 0.0, 1.0, under)
    return drive - (away - strength * ratio.imag) / (2.0 * np.pi)


def _held(rate: Any, drive: Any, strength: Any, diffusion: Any) -> tuple[Any, Any]:
    """The rate beside a drive, and how much of its own wandering the phase keeps: d(rate out) / d(rate in)."""
    out = pulled(rate, drive, strength, diffusion)
    moved = pulled(rate + _NUDGE, drive, strength, diffusion)
    return out, np.clip((moved - out) / _NUDGE, 0.0, _MOST_LOOSE)


@dataclass(frozen=True)
class Room:
    """A study as it is simulated: how many, where, how often; and the chances drawn for it once.

    Attributes
    ----------
    subjects, raters, repeats : int
    sites : tuple of str
    seconds : float
    chance : dict
        Standard normal numbers, broadcast over (study, subject, rater, site, repeat). They are the same for every
        setting of the free parameters, so that a fit sees the parameters and not the chance.
    """

    subjects: int
    raters: int
    sites: tuple[str, ...]
    repeats: int
    seconds: float
    chance: Mapping[str, NDArray[np.float32]]

    @staticmethod
    def draw(
        subjects: int, raters: int, sites: Sequence[str], repeats: int, seconds: float, studies: int,
        rng: np.random.Generator,
    ) -> Room:  # fmt: skip
        """Chances for a number of studies."""
        n, r, s, t = subjects, raters, len(sites), repeats
        shapes = {
            "rater": (1, r, 1, 1), "keen": (1, r, 1, 1), "own": (1, r, 1, 1), "visit": (n, r, 1, 1),
            "own_visit": (n, r, 1, 1), "breath": (n, 1, 1, 1), "slow": (n, 1, 1, 1), "prm": (n, 1, 1, 1),
            "amplitude": (n, 1, s, 1), "noise": (n, r, s, t), "answer": (n, r, s, t),
        }  # fmt: skip
        # Single precision is a thousandth of what is asked here, and twice as fast.
        chance = {name: rng.standard_normal((studies, *shape), dtype=np.float32) for name, shape in shapes.items()}
        return Room(n, r, tuple(sites), t, seconds, chance)


def rates(room: Room, senses: Senses, own_weight: float, expectation: float, rhythm: float = 0.0) -> Array:
    """Rates that examiners tell, cycles per minute.

    Parameters
    ----------
    room : Room
    senses : Senses
    own_weight, expectation : float
        w and s_e, the free parameters.
    rhythm : float
        Strength of a rhythm of the subject's own in thresholds; 0: there is none.

    Returns
    -------
    array (study, subject, rater, site, repeat)
    """
    from scipy.special import ndtr

    own_weight, expectation, rhythm = float(own_weight), float(expectation), float(rhythm)
    c, felt = room.chance, senses.coupling * (1.0 - own_weight)
    whole = math.sqrt(math.log1p(senses.rate_cv**2))
    visit = min(expectation, whole)
    expected = math.log(senses.rate) - 0.5 * whole**2 + math.sqrt(whole**2 - visit**2) * c["rater"]
    f = np.exp(expected + visit * c["visit"])
    keen = np.exp(senses.threshold_gsd * c["keen"])
    alive = np.exp(senses.amplitude_gsd * c["amplitude"])
    own = np.maximum(senses.breath + senses.breath_sd * c["own"], 0.05) * np.exp(senses.breath_visit * c["own_visit"])
    breath = np.maximum(senses.breath + senses.breath_sd * c["breath"], 0.05)
    low, high = senses.slow_rate
    slow = low + (high - low) * ndtr(c["slow"])
    place = np.array([senses.amplitude[site] for site in room.sites], dtype=np.float32)[:, None]
    skin = np.array([senses.slow[site] for site in room.sites], dtype=np.float32)[:, None]
    noise = senses.diffusion(f, felt)
    f, loose = _held(f, own, senses.coupling * own_weight, noise)
    f = pulled(f, breath, felt * place * alive / senses.threshold_at(breath, keen), noise)
    f = pulled(f, slow, felt * skin * alive / senses.threshold_at(slow, keen), noise)
    if rhythm > 0.0:
        drive = np.maximum(senses.prm + senses.prm_sd * c["prm"], 0.02)
        f, looser = _held(f, drive, felt * rhythm, noise)
        loose = loose * looser
    # A phase that is held stays near its drive: what is left is where in a turn the count begins and ends.
    turns = np.sqrt(noise * room.seconds) / (2.0 * np.pi) * loose
    spread = np.hypot(turns, _COUNTED) / room.seconds
    told = f + spread * c["noise"]
    return np.asarray(60.0 * np.maximum(told, 1.0 / room.seconds))


def restricted(room: Room, senses: Senses, rhythm: float = 0.0) -> NDArray[np.bool_]:
    """Whether examiners call a place restricted: it moves less than half of what they feel.

    d' of all that moves there for this hand and this subject, with the noise of one answer; restricted where it lies
    below the examiner's own middle.

    Returns
    -------
    array (study, subject, rater)
    """
    c = room.chance
    keen = np.exp(senses.threshold_gsd * c["keen"][..., 0, 0])
    alive = np.exp(senses.amplitude_gsd * c["amplitude"][..., 0, 0])
    strength = np.hypot(senses.strength / keen, rhythm) * alive + c["answer"][..., 0, 0]
    return np.asarray(strength < np.median(strength, axis=1, keepdims=True))


def marks_in_time(
    rate: ArrayLike, drives: Sequence[tuple[ArrayLike, ArrayLike]], diffusion: ArrayLike, seconds: float,
    rng: np.random.Generator, step: float = 0.05,
) -> list[Array]:  # fmt: skip
    """Marks of examiners whose phase is run in time (Euler-Maruyama).

    Parameters
    ----------
    rate : array (examiner,)
        Rate expected, 1/s.
    drives : sequence of (rate, strength)
        1/s and rad/s, arrays (examiner,).
    diffusion : array (examiner,)
        rad^2/s.
    seconds, step : float
        Length, and time step, s.

    Returns
    -------
    list of arrays
        Times of the marks of each, s: where the phase passes whole turns.
    """
    f = np.asarray(rate, dtype=np.float64)
    count = int(round(seconds / step))
    theta = rng.uniform(0.0, 2.0 * np.pi, f.shape)
    starts = [rng.uniform(0.0, 2.0 * np.pi, f.shape) for _ in drives]
    kick = np.sqrt(np.broadcast_to(np.asarray(diffusion, dtype=np.float64), f.shape) * step)
    course = np.empty((count + 1, *f.shape))
    course[0] = theta
    for k in range(count):
        turn: Any = 2.0 * np.pi * f
        for (at, strength), phase in zip(drives, starts, strict=True):
            turn = turn + strength * np.sin(2.0 * np.pi * np.asarray(at) * k * step + phase - theta)
        theta = theta + turn * step + kick * rng.standard_normal(f.shape)
        course[k + 1] = theta
    # Noise may carry the phase back over a turn it has passed: only the first passage is a mark.
    turns = np.floor(np.maximum.accumulate(course, axis=0) / (2.0 * np.pi))
    return [step * np.flatnonzero(np.diff(turns[:, j]) > 0).astype(np.float64) for j in range(f.size)]
