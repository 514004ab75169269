"""What moves under a hand, source by source: how far, at which frequencies, and over time.

Amplitudes of breath, recoil, artery and vasomotion are those of the station table (almost all assumed, with a
log-normal spread between persons); motion of the skull is pressure times motion per pressure. Spectra:
breath with two harmonics; recoil and pulses on multiples of the heart rate; vasomotion a narrow band; posture
drift falls as 1/f and is a nuisance, not a source. The shapes are scaled so that each source moves exactly its
own peak to peak.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from cisterna.evaluation.inputs import SOURCES, Inputs
from cisterna.evaluation.series import Samples, fit_at
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.ground.units import convert
from cisterna.physiology.stations import Station, station

#: Sources that come from inside the skull.
CRANIAL = ("csf", "rhythm")
#: Sine waves that stand for a band of noise, and the peak to peak of a sine by its root mean square.
_LINES, _PEAKS = 16, 2.0 * math.sqrt(2.0)
#: Harmonics of the drift time: up to 0.3 Hz.
_DRIFT_LINES = 180
#: Samples a second of that drift before it is joined by straight lines.
_COARSE = 4.0


@dataclass(frozen=True)
class SourceMotion:
    """Motion of one source at one station.

    Attributes
    ----------
    name : str
        One of `SOURCES`.
    pp : float
        Peak to peak, um.
    frequencies, amplitudes : tuples of float
        Hz; um, half of the peak to peak of each sine.
    tag : str
        ``assumed``, ``derived`` or ``required``: how far the number can be trusted.
    """

    name: str
    pp: float
    frequencies: tuple[float, ...]
    amplitudes: tuple[float, ...]
    tag: str

    def within(self, low: float, high: float) -> SourceMotion:
        """The part between two frequencies, Hz (`pp` is kept)."""
        kept = [(f, a) for f, a in zip(self.frequencies, self.amplitudes, strict=True) if low <= f <= high]
        return SourceMotion(self.name, self.pp, tuple(f for f, _ in kept), tuple(a for _, a in kept), self.tag)


def rng(seed: int | None, *words: str) -> np.random.Generator:
    """Random numbers that depend on a seed and on names, and on nothing else."""
    if seed is not None and (int(seed) != seed or seed < 0):
        raise CisternaError("a seed is a whole number, zero or more", found=f"{seed}")
    return np.random.default_rng([int(seed or 0), *(zlib.crc32(word.encode()) for word in words)])


def motion_at(name: str, inputs: Inputs, parameters: Parameters | None = None) -> dict[str, SourceMotion]:
    """Motion under a hand at a station, by source.

    Parameters
    ----------
    name : str
        Station with its side, e.g. ``heel.L`` (`stations.station`).
    inputs : Inputs
        The person. With a seed the amplitudes are drawn: geometric standard deviation `motion_gsd` of the
        station, one draw per place and source, and a small one per side.
    parameters : Parameters, optional

    Returns
    -------
    dict
        Source to `SourceMotion`. At the fontanelle the table's pulse is the whole one (scalp and inside);
        what the pressure explains is taken off it, so that nothing is counted twice.

    Examples
    --------
    >>> moved = motion_at("vault.R", Inputs.adult())
    >>> round(moved["breath"].pp), round(moved["recoil"].pp), round(moved["csf"].pp, 3)
    (200, 74, 0.081)
    """
    p = parameters or default_parameters()
    place = station(name)
    if place.base == "fontanelle" and not (isinstance(inputs.skull, Mapping) and name in inputs.skull):
        raise CisternaError("this person has no open fontanelle", where=name, mend="use Inputs.infant()")
    beat, slow, own = _cranial(place, inputs, p)
    pp = {source: _table(place, source, inputs, p) for source in SOURCES[:4]}
    if place.base == "fontanelle":
        pp["artery"] = max(pp["artery"] - beat, 0.0)
    heart, breath = inputs.heart_rate / 60.0, inputs.breath_rate / 60.0
    found = {
        "breath": _harmonic("breath", pp["breath"], breath, place.status, p),
        "recoil": _harmonic("recoil", pp["recoil"], heart, place.status, p),
        "artery": _harmonic("artery", pp["artery"], heart, place.status, p),
        "vasomotion": SourceMotion(
            "vasomotion", pp["vasomotion"], (vasomotion_centre(inputs, p),), (pp["vasomotion"] / 2,), place.status
        ),
    }
    wave = _harmonic("artery", beat, heart, "derived", p)
    frequencies, amplitudes = (*wave.frequencies, breath), (*wave.amplitudes, slow / 2)
    found["csf"] = SourceMotion("csf", beat + slow, frequencies, amplitudes, "derived")
    if inputs.rhythm:
        rate = inputs.rhythm.rate / 60.0
        found["rhythm"] = SourceMotion("rhythm", own, (rate,), (own / 2,), inputs.rhythm.tag)
    return found


def motion_series(
    name: str, inputs: Inputs, times: ArrayLike, parameters: Parameters | None = None
) -> dict[str, Samples]:
    """Motion under a hand over time, by source, um about its mean.

    Heart, breath and ICP follow the series of `inputs` where given, so that a simulated or recorded person and
    the hand share one clock; without them they are generated from the rates.

    Parameters
    ----------
    times : (n,)
        s, rising; 25 per second or more to keep all harmonics of the recoil.

    Returns
    -------
    dict
        Source to array (n,), and ``drift``.
    """
    p = parameters or default_parameters()
    t = np.asarray(times, dtype=np.float64)
    if t.ndim != 1 or t.size < 2 or not np.all(np.diff(t) > 0):
        raise CisternaError("times must rise", found=f"shape {t.shape}", mend="give two or more, s")
    moved = motion_at(name, inputs, p)
    heart = _on(t, inputs, "heart_phase")
    heart = inputs.heart_rate / 60.0 * t if heart is None else heart
    inhaled = _on(t, inputs, "breath")
    phase = breath_phase(inputs, t, p)
    if inhaled is None:
        breath = moved["breath"].pp * _wave("breath", phase, p)
    else:
        quiet = moved["breath"].pp / inputs.breath_depth if inputs.breath_depth else 0.0
        breath = 0.5 * quiet * inhaled
    out = {
        "breath": breath,
        "recoil": moved["recoil"].pp * _wave("recoil", heart, p),
        "artery": moved["artery"].pp * _wave("artery", heart, p),
        "vasomotion": moved["vasomotion"].pp * _band(inputs, t, p),
    }
    per, gain = inputs.per_mmHg(name, p), inputs.gain(name, "csf")
    pressure = _on(t, inputs, "icp")
    own = np.zeros(t.size)
    if inputs.rhythm:
        turn = inputs.rhythm.rate / 60.0 * t
        own = 0.5 * moved["rhythm"].pp * np.sin(2.0 * np.pi * turn)
        if pressure is not None and inputs.rhythm.in_icp:
            part = fit_at(pressure, turn)[1]
            own, pressure = per * inputs.gain(name, "rhythm") * part, pressure - part
    if pressure is not None:
        out["csf"] = per * gain * (pressure - pressure.mean())
    else:
        inhale = 0.5 * np.sin(2.0 * np.pi * phase) if inhaled is None else 0.5 * inhaled / (inputs.breath_depth or 1.0)
        swing = inputs.icp_pulse * _wave("artery", heart, p) - inputs.icp_breath * inhale
        out["csf"] = per * gain * swing
    if inputs.rhythm:
        out["rhythm"] = own
    out["drift"] = _drift(name, inputs, t, p)
    return out


def breath_phase(inputs: Inputs, times: Samples, parameters: Parameters) -> Samples:
    """Generated breathing, cycles: each breath lasts its own time, spread by `palp_breath_jitter`."""
    period = 60.0 / inputs.breath_rate
    count = int((times[-1] - times[0]) / period * 3) + 8
    spread = parameters["palp_breath_jitter"].value
    lengths = period * np.clip(1.0 + spread * rng(inputs.seed, "breath").standard_normal(count), 0.4, 1.6)
    marks = times[0] + np.concatenate([[0.0], np.cumsum(lengths)])
    return np.interp(times, marks, np.arange(marks.size, dtype=np.float64))


def vasomotion_centre(inputs: Inputs, parameters: Parameters) -> float:
    """Frequency of slow vasomotion of a person, Hz: the table's, or drawn within its band."""
    if inputs.seed is None:
        return parameters["vasomotion_f"].value
    low, high = (parameters[f"palp_vasomotion_{end}"].value for end in ("low", "high"))
    return float(rng(inputs.seed, "vasomotion").uniform(low, high))


def _table(place: Station, source: str, inputs: Inputs, p: Parameters) -> float:
    """Peak to peak of a source of the station table, um."""
    column = {"breath": "breath_mm_pp", "recoil": "bcg_um_pp"}.get(source, f"{source}_um_pp")
    value = convert(float(place.cells[column]), "mm" if source == "breath" else "um", "um")
    if source == "breath":
        value *= inputs.breath_depth
    if inputs.seed is not None:
        between, sides = float(place.cells["motion_gsd"]), p["palp_side_gsd"].value
        spread = math.log(between) * rng(inputs.seed, place.base, source).standard_normal()
        spread += math.log(sides) * rng(inputs.seed, place.id, source).standard_normal()
        value *= math.exp(spread)
    return value * inputs.gain(place.id, source)


def _cranial(place: Station, inputs: Inputs, p: Parameters) -> tuple[float, float, float]:
    """Peak to peak from inside, um: with the heart, with the breath, of a rhythm of its own."""
    per = inputs.per_mmHg(place.id, p)
    csf = per * inputs.gain(place.id, "csf")
    own = per * inputs.gain(place.id, "rhythm") * (inputs.rhythm.icp_swing if inputs.rhythm else 0.0)
    return csf * inputs.icp_pulse, csf * inputs.icp_breath, own


@lru_cache(maxsize=64)
def _shape(weights: tuple[float, ...], phases: tuple[float, ...]) -> tuple[float, ...]:
    """Weights scaled so that the sum of the cosines moves 1 from peak to peak."""
    turn = np.linspace(0.0, 1.0, 4096, endpoint=False)
    k = np.arange(1, len(weights) + 1)[:, None]
    wave = (np.array(weights)[:, None] * np.cos(2 * np.pi * k * turn - np.array(phases)[:, None])).sum(axis=0)
    return tuple(w / float(wave.max() - wave.min()) for w in weights)


def _spectrum(kind: str, p: Parameters) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Amplitudes (of unit peak to peak) and phases of the harmonics of a shape."""
    weights: tuple[float, ...]
    phases: tuple[float, ...]
    if kind == "breath":
        # Sines: a smooth breath about its mean.
        weights = (1.0, p["palp_breath_h2"].value, p["palp_breath_h3"].value)
        phases = (math.pi / 2,) * 3
    else:
        count = 7 if kind == "recoil" else 5
        weights = tuple(p[f"palp_{kind}_h{k}"].value for k in range(1, count + 1))
        spread = p["palp_recoil_spread"].value if kind == "recoil" else 0.0
        phases = tuple(spread * k * k for k in range(1, count + 1))
    return _shape(weights, phases), phases


def _harmonic(kind: str, pp: float, rate: float, tag: str, p: Parameters) -> SourceMotion:
    weights, _ = _spectrum(kind, p)
    return SourceMotion(
        kind, pp, tuple(rate * (k + 1) for k in range(len(weights))), tuple(pp * w for w in weights), tag
    )


def _wave(kind: str, phase: Samples, p: Parameters) -> Samples:
    """A shape of unit peak to peak along a phase in cycles."""
    weights, phases = _spectrum(kind, p)
    out = np.zeros(phase.size)
    for k, (weight, start) in enumerate(zip(weights, phases, strict=True), 1):
        out += weight * np.cos(2.0 * np.pi * k * phase - start)
    return out


def _band(inputs: Inputs, t: Samples, p: Parameters) -> Samples:
    """Slow vasomotion of unit peak to peak: sines spread over its band; one course for the whole body."""
    centre, width = vasomotion_centre(inputs, p), p["palp_vasomotion_width"].value
    draw = rng(inputs.seed, "vasomotion", "course")
    lines = np.maximum(centre + width * (np.arange(_LINES) / (_LINES - 1) - 0.5), 0.0)
    starts = draw.uniform(0.0, 2.0 * np.pi, _LINES)
    rms = 1.0 / _PEAKS
    return rms * math.sqrt(2.0 / _LINES) * np.cos(2.0 * np.pi * np.outer(t, lines) + starts).sum(axis=1)


def _drift(name: str, inputs: Inputs, t: Samples, p: Parameters) -> Samples:
    """Posture drift, um: harmonics of the drift time with amplitudes as 1/f."""
    gain = inputs.gain(name, "drift")
    if gain == 0.0:
        return np.zeros(t.size)
    draw = rng(inputs.seed, name, "drift")
    base = 1.0 / p.in_unit("palp_drift_time", "s")
    k = np.arange(1, _DRIFT_LINES + 1)
    starts = draw.uniform(0.0, 2.0 * np.pi, k.size)
    # Slow enough for a coarse grid.
    coarse = np.linspace(t[0], t[-1], int((t[-1] - t[0]) * _COARSE) + 2)
    wave = (np.cos(2.0 * np.pi * base * np.outer(coarse, k) + starts) / k).sum(axis=1)
    rms = math.sqrt(0.5 * float((1.0 / k**2).sum()))
    height = gain * p["palp_drift"].value / (_PEAKS * rms)
    return height * np.interp(t, coarse, wave)


def _on(t: Samples, inputs: Inputs, key: str) -> Samples | None:
    """A given series on other times; None when it is not given."""
    values = getattr(inputs, key)
    if values is None or inputs.times is None:
        return None
    if t[0] < inputs.times[0] - 1e-9 or t[-1] > inputs.times[-1] + 1e-9:
        found = f"{t[0]:g} to {t[-1]:g} s of {inputs.times[0]:g} to {inputs.times[-1]:g} s"
        raise CisternaError("the hand listens outside the recording", found=found, mend="choose times inside it")
    return np.interp(t, inputs.times, values)
