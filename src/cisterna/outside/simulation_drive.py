"""Measured inputs of a simulation: arterial pressure or net inflow from a file, and the clock they bring."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.model.inflow import NetInflow, net_inflow
from cisterna.model.person import Person
from cisterna.physiology.component import Drive
from cisterna.protocol.clock import Clock, Cycle
from cisterna.recordings.load import load, split_channel
from cisterna.recordings.recording import Recording
from cisterna.signals.drive import DriveSignals, heart_and_breath_from

if TYPE_CHECKING:
    from cisterna.outside.simulation import SimulationPlan

Array = NDArray[np.float64]


def opened(path: str, plan: SimulationPlan) -> tuple[Recording, str, dict[str, str]]:
    """The recording of ``FILE:CHANNEL``, the channel, and the file's name with the SHA-256 of its content."""
    file, channel = split_channel(path)
    recording = load(file, units=dict(plan.units), rate=plan.rate)
    told = str(recording.provenance.get("sha256", "")) or hashlib.sha256(Path(file).read_bytes()).hexdigest()
    return recording, channel, {Path(file).name: told}


def measured_pressure(plan: SimulationPlan) -> tuple[DriveSignals, dict[str, str]]:
    """The arterial pressure that drives, with the breath where the file holds one, and the file's hash.

    Raises
    ------
    CisternaError
        No such file or channel, no calibrated arterial pressure, or one that cannot be believed.
    """
    recording, channel, files = opened(plan.abp, plan)
    if len(recording.signals) == 1 and channel == "abp":
        recording = recording.renamed({recording.signals[0]: channel})
    known = [name for name in recording.signals if name == "abp" or name.startswith("abp_")]
    if not channel and not known:
        found, mend = ", ".join(recording.signals[:12]), "name it: --abp FILE:CHANNEL"
        raise CisternaError("no channel is known to be an arterial pressure", Path(plan.abp).name, found, mend)
    person = "infant" if plan.person.age < 1 else "adult" if plan.person.age >= 18 else "child"
    drive = heart_and_breath_from(recording, channel or known[0], person=person)
    if drive.abp is None:
        mend = "name the channel with the pressure and its unit; cisterna session --recording takes other signals"
        raise CisternaError(f"'{channel}' is no arterial pressure in mmHg", Path(plan.abp).name, mend=mend)
    return drive, files


def measured_inflow(plan: SimulationPlan) -> tuple[NetInflow, dict[str, str]]:
    """The net inflow that drives, and the file's hash; errors as in `net_inflow`."""
    recording, channel, files = opened(plan.inflow, plan)
    if not recording.title:
        recording = recording.with_title(next(iter(files)))
    return net_inflow(recording, channel, plan.person.parameters), files


def require_drive(person: Person, part: str, what: str) -> None:
    """Refuse a body in which that part is no prescribed signal."""
    plan = person.blueprint()
    if part not in plan.parts or not isinstance(plan.parts[part].law, Drive):
        mend = "use a body with a prescribed heart: --body whole or axis"
        raise CisternaError(f"{what} cannot drive the body '{person.body}'", mend=mend)


def measured_clock(drive: DriveSignals, modelled: Clock, end: float) -> Clock:
    """Beats and breaths as they were measured, played in a loop as the drive is."""
    beats = _looped(drive.beats, end)
    breaths = _looped(drive.breaths, end) if drive.breath_phase is not None else modelled.breaths
    return replace(modelled, beats=beats or modelled.beats, breaths=breaths)


def _looped(marks: Array, end: float) -> Cycle | None:
    if marks.size < 2:
        return None
    own, length = marks - marks[0], float(marks[-1] - marks[0])
    turns = int(np.ceil(end / length)) + 1
    times = np.concatenate([own[:-1] + k * length for k in range(turns)])
    return Cycle(times, np.arange(times.size, dtype=np.float64))
