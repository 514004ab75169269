"""What lies under the hand: rates, pressures and skull of a person, by number or from a recording.

Motions are told in um, rates in 1/min, pressures in mmHg, times in s: these are the units a hand is measured in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cisterna.evaluation.series import Samples, fit_at, phase_of, phase_through, pulse_height, swing_at
from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.ground.units import from_internal
from cisterna.physiology.stations import sides, station, stations

if TYPE_CHECKING:
    from cisterna.recordings.recording import Recording

#: Sources of motion in the order they are told.
SOURCES = ("breath", "recoil", "artery", "vasomotion", "csf", "rhythm")
#: Motion that is no source but moves the hand as well.
NUISANCE = ("drift",)
#: Regions whose stations move with the skull.
SKULL_REGIONS = ("head", "face", "cranial_base")
#: Stations of those regions that lie on no bone of the skull.
_NOT_BONE = ("ear", "fontanelle")
_SERIES = ("heart_phase", "breath", "icp")


@dataclass(frozen=True)
class Rhythm:
    """A slow rhythm of its own, as a hypothesis gives it; never physiology.

    Attributes
    ----------
    rate : float
        1/min.
    icp_swing : float
        Peak-to-peak swing of intracranial pressure, mmHg; the skull turns it into motion.
    in_icp : bool
        Whether the given ICP already carries it (a simulation whose production or brain volume was driven); then
        `Inputs.of_run` and `Inputs.of_recording` read the swing off it.
    name, tag : str
        Which hypothesis, and the tag of its numbers.
    """

    rate: float
    icp_swing: float = 0.0
    in_icp: bool = False
    name: str = "rhythm"
    tag: str = "required"


@dataclass(frozen=True, eq=False)
class Inputs:
    """One person lying still, as far as motion under a hand goes.

    Attributes
    ----------
    heart_rate, breath_rate : float
        1/min.
    breath_depth : float
        1 = quiet breathing.
    icp_pulse, icp_breath : float
        Peak-to-peak swing of intracranial pressure with heart and breath, mmHg.
    skull : float or Mapping
        Motion per ICP, um/mmHg: one number for every station on the skull (width of the vault between two
        hands), or by station (`skull_motions`).
    reach : Mapping
        Share of the skull's motion that arrives at a place off the skull, by station without side; nothing
        arrives where none is given (`fascia_reach` makes one from a decay length).
    rhythm : Rhythm, optional
        Only where a hypothesis asks for it.
    gains : Mapping
        Factors on motion: by source (``breath``), place (``thigh``, ``thigh.L``) or both (``thigh.L/breath``);
        those that fit multiply. This is how a restriction or a hold enters.
    seed : int, optional
        Draws this person's motions from their spread; None takes the central values.
    times, heart_phase, breath, icp : arrays (time,), optional
        s; cycles; -1 at the end of breathing out to +1, times the depth; mmHg. What is not given is generated.
    """

    heart_rate: float
    breath_rate: float
    breath_depth: float = 1.0
    icp_pulse: float = 0.0
    icp_breath: float = 0.0
    skull: float | Mapping[str, float] = 0.0
    reach: Mapping[str, float] = field(default_factory=dict)
    rhythm: Rhythm | None = None
    gains: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None
    times: Samples | None = None
    heart_phase: Samples | None = None
    breath: Samples | None = None
    icp: Samples | None = None

    def __post_init__(self) -> None:
        if not (0.0 < self.heart_rate < math.inf and 0.0 < self.breath_rate < math.inf):
            found = f"heart {self.heart_rate:g}, breath {self.breath_rate:g} 1/min"
            raise CisternaError("heart and breath rate must be positive", found=found)
        for name in ("breath_depth", "icp_pulse", "icp_breath"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise CisternaError(f"{name} must not be negative", found=f"{getattr(self, name):g}")
        if self.rhythm and not (0.0 < self.rhythm.rate < math.inf and 0.0 <= self.rhythm.icp_swing < math.inf):
            found = f"{self.rhythm.rate:g} 1/min, {self.rhythm.icp_swing:g} mmHg"
            raise CisternaError("a rhythm needs a positive rate and a swing that is not negative", found=found)
        for place in self.reach:
            sides(place)
        for key in self.gains:
            _known(key)
        given = {name: getattr(self, name) for name in ("times", *_SERIES) if getattr(self, name) is not None}
        for name, values in given.items():
            array = np.array(values, dtype=np.float64)
            if array.ndim != 1 or not np.isfinite(array).all():
                mend = "give one finite number a sample (signals.clean fills gaps)"
                raise CisternaError(f"'{name}' is not one clean series", found=f"shape {array.shape}", mend=mend)
            object.__setattr__(self, name, array)
        if given and self.times is None:
            raise CisternaError("a series needs its times", found=", ".join(given), mend="give times=, s")
        if self.times is not None:
            if self.times.size < 2 or np.any(np.diff(self.times) <= 0):
                raise CisternaError("times must rise", where="Inputs", found=f"{self.times.size} samples")
            wrong = [name for name in given if getattr(self, name).size != self.times.size]
            if wrong:
                found = f"{self.times.size} times, {getattr(self, wrong[0]).size} samples"
                raise CisternaError(f"'{wrong[0]}' does not fit the times", found=found)

    # --- persons ------------------------------------------------------------------------------------
    @staticmethod
    def adult(parameters: Parameters | None = None, **changes: Any) -> Inputs:
        """An adult at supine rest, by the parameter table.

        Examples
        --------
        >>> Inputs.adult().heart_rate
        66.0
        """
        p = parameters or default_parameters()
        rest = Inputs(
            heart_rate=p["hr_rest"].value,
            breath_rate=p["rr_rest"].value,
            icp_pulse=p["icp_pulse_amp"].value,
            icp_breath=p["icp_resp_amp"].value,
            skull=p["palp_skull_per_mmHg"].value,
        )
        return replace(rest, **changes)

    @staticmethod
    def infant(parameters: Parameters | None = None, **changes: Any) -> Inputs:
        """A newborn with an open fontanelle. The motion of the bones is left at zero unless it is given."""
        p = parameters or default_parameters()
        rest = Inputs(
            heart_rate=p["hr_infant"].value,
            breath_rate=p["rr_infant"].value,
            icp_pulse=p["palp_icp_pulse_infant"].value,
            skull={"fontanelle": p["palp_fontanelle_per_mmHg"].value},
        )
        return replace(rest, **changes)

    @staticmethod
    def dummy() -> Inputs:
        """A body that does not move at all: what a hand tells of it are false marks.

        Examples
        --------
        >>> Inputs.dummy().gains["breath"]
        0.0
        """
        return Inputs.adult(gains=dict.fromkeys((*SOURCES, *NUISANCE), 0.0))

    @staticmethod
    def of_run(run: Any, schedule: Any, parameters: Parameters | None = None, **changes: Any) -> Inputs:
        """A simulated person: heart and breath phase from the schedule, breath and ICP from the run.

        Parameters
        ----------
        run : Run
            One body (`model.simulate`) with the signals ``icp`` and ``resp``.
        schedule : Schedule
            The inputs it ran under.
        changes
            Any attribute of `Inputs`; ``skull`` usually comes from `skull_motions`.
        """
        times, icp, breath = (np.asarray(a) for a in (run.times, run.signal("icp"), run.signal("resp")))
        if times.ndim != 1 or icp.shape != times.shape:
            raise CisternaError("one body is needed", found=f"ICP of shape {icp.shape}", mend="pick a lane")
        heart, inhale = (phase_of(schedule.track(f"{name}.phase"), times) for name in ("heart", "breath"))
        return _measured(times, heart, inhale, breath, icp, parameters, changes)

    @staticmethod
    def of_recording(recording: Recording, parameters: Parameters | None = None, **changes: Any) -> Inputs:
        """A recorded person: beats from ``abp``, ``ecg``, ``ppg`` or ``icp``, breaths from ``resp``.

        A measured breathing signal is scaled to a depth of 1. Without ``resp`` breathing is generated at the
        resting rate, without ``icp`` the pressure swings are those at rest.
        """
        from cisterna.signals.beats import find_beats, find_breaths

        kind = next((name for name in ("abp", "ecg", "ppg", "icp") if name in recording), None)
        if kind is None:
            mend = "one of abp, ecg, ppg, icp is needed"
            raise CisternaError("no signal shows the heartbeat", where=recording.title, mend=mend)
        times = recording.time(kind)
        start = times[0]
        beats = start + find_beats(recording.values(kind), recording.rate(kind), kind)
        heart = phase_through(beats, times)

        def on_grid(name: str, unit: str | None = None) -> Samples:
            values, at = recording.values(name, unit), recording.time(name)
            good = np.isfinite(values)
            return np.interp(times, at[good], values[good])

        icp = on_grid("icp", "mmHg") if "icp" in recording and recording.unit("icp") else None
        breath = inhale = None
        if "resp" in recording:
            own = recording.values("resp")
            breaths = recording.time("resp")[0] + find_breaths(own, recording.rate("resp"))
            inhale, breath = phase_through(breaths, times), on_grid("resp")
            if recording["resp"].attrs["origin"] == "measured":
                breath = (breath - breath.mean()) / (math.sqrt(2.0) * max(float(breath.std()), 1e-300))
        return _measured(times, heart, inhale, breath, icp, parameters, changes)

    # --- skull --------------------------------------------------------------------------------------
    def per_mmHg(self, name: str, parameters: Parameters) -> float:
        """Motion of a station per pressure of the fluid inside, um/mmHg."""
        place = station(name)
        own = parameters["palp_sacrum_per_mmHg"].value if place.base == "sacrum" else 0.0
        if isinstance(self.skull, Mapping):
            head = max(self.skull.get("vault.L", 0.0), self.skull.get("vault.R", 0.0))
            own = self.skull.get(name, own)
        else:
            head = self.skull
            on_bone = place.region in SKULL_REGIONS and place.base not in _NOT_BONE
            own = self.skull if on_bone else own
        return own + self.reach.get(place.base, 0.0) * head

    def gain(self, name: str, source: str) -> float:
        """Product of the factors that fit a station and a source."""
        base = name.split(".")[0]
        keys = {source, name, base, f"{name}/{source}", f"{base}/{source}"}
        return math.prod(self.gains[key] for key in sorted(keys) if key in self.gains)


def _known(key: str) -> None:
    """Check the key of a gain: a source, a place, or place/source."""
    moving = (*SOURCES, *NUISANCE)
    place, _, source = key.partition("/")
    if source and source not in moving:
        raise UnknownName("source", source, list(moving), where=key)
    names = {name for one in stations().values() for name in (one.id, one.base)}
    if place not in names and (source or place not in moving):
        raise UnknownName("place or source", place, [*moving, *sorted(names)], where="gains")


def skull_motions(port: Any) -> dict[str, float]:
    """Motion per ICP of each station a hand has on the skull, um/mmHg, from a condensed skull.

    Parameters
    ----------
    port : SkullPort
        Of `physiology.skull`. At the vault hold, two hands about the head, it is the growth in width between them.
    """
    to_um = from_internal(1.0, "um")
    pads = [one.id for one in stations().values() if one.id in port.geometry.pads and one.base not in _NOT_BONE]
    found = {name: abs(float(port.g(name, "outward"))) * to_um for name in pads}
    width = abs(float(port.width)) * to_um
    return {**found, "vault.L": width, "vault.R": width}


def fascia_reach(decay_mm: float) -> dict[str, float]:
    """Share of the head's motion that arrives at each place off the skull: exp(-distance / decay length).

    Distance runs along the body axis from the vault hold. A hypothesis (H-FASC) sets the length.

    Examples
    --------
    >>> reach = fascia_reach(650.0)
    >>> round(reach["heel"], 3), round(reach["ribs"], 2)
    (0.088, 0.49)
    """
    if not decay_mm > 0.0:
        raise CisternaError("a decay length must be positive", found=f"{decay_mm:g} mm")
    top = station("vault.R").position[2]
    return {
        place.base: math.exp(-max(from_internal(top - place.position[2], "mm"), 0.0) / decay_mm)
        for place in stations().values()
        if place.region not in SKULL_REGIONS
    }


def _measured(
    times: Samples,
    heart: Samples,
    inhale: Samples | None,
    breath: Samples | None,
    icp: Samples | None,
    parameters: Parameters | None,
    changes: Mapping[str, Any],
) -> Inputs:
    """Inputs with the scalars read off the series."""
    rest = Inputs.adult(parameters)
    span = (times[-1] - times[0]) / 60.0
    read: dict[str, Any] = {"times": times, "heart_phase": heart, "heart_rate": (heart[-1] - heart[0]) / span}
    if inhale is not None and breath is not None:
        depth = fit_at(breath, inhale)[0]
        read |= {"breath": breath, "breath_rate": (inhale[-1] - inhale[0]) / span, "breath_depth": depth}
    if icp is not None:
        read |= {"icp": icp, "icp_pulse": pulse_height(icp, heart)}
        if inhale is not None:
            read["icp_breath"] = 2.0 * fit_at(icp, inhale)[0]
    rhythm = changes.get("rhythm")
    if rhythm is not None and rhythm.in_icp and icp is not None:
        changes = {**changes, "rhythm": replace(rhythm, icp_swing=swing_at(icp, times, rhythm.rate))}
    return replace(rest, **{**read, **changes})
