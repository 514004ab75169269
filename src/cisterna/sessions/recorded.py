"""A measured signal drives heart and breath of a simulated person."""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person
from cisterna.physiology.drives import Breath
from cisterna.physiology.recorded import RecordedPhase, RecordedPressure, RecordedShape
from cisterna.signals.drive import DriveSignals

HEART = "heart.recorded"


@dataclass(frozen=True)
class DriveBy:
    """A change of the plan: measured heart, breath or arterial pressure in place of the modelled ones.

    The record is cut to whole beats (or breaths) and played in a loop for as long as the session lasts.

    Attributes
    ----------
    drive : DriveSignals
    inspiration : float
        Share of the breath spent breathing in, for the shape of a measured breath.
    """

    drive: DriveSignals
    inspiration: float

    def __call__(self, plan: Blueprint) -> Blueprint:
        d, rate = self.drive, self.drive.rate
        heart = _whole(d.beats, d.rate, len(d.time))
        if d.abp is not None:
            plan = plan.replace("abp", RecordedPressure.of(d.abp[heart], rate), sees={})
        elif d.heart_phase is not None:
            plan = plan.add(HEART, RecordedPhase.of(d.heart_phase[heart], rate))
            plan = plan.replace("abp", sees={**plan.part("abp").sees, "phase": f"drive.{HEART}"})
        if d.breath_phase is not None:
            lung = _whole(d.breaths, d.rate, len(d.time))
            plan = plan.replace("breath", RecordedShape.of(self.breath()[lung], rate), sees={})
        return plan

    def breath(self) -> NDArray[np.float64]:
        """The measured breath as the model's breath signal: its own phase and depth, the model's shape."""
        d = self.drive
        assert d.breath_phase is not None
        depth = np.ones(len(d.time)) if d.breath_depth is None else d.breath_depth
        # The phase of the model's breath begins with breathing in, as the measured one does.
        law = Breath(inspiration=self.inspiration)
        return np.asarray(law.signal(0.0, {"phase": jnp.asarray(d.breath_phase), "depth": jnp.asarray(depth)}))


def _whole(marks: NDArray[np.float64], rate: float, size: int) -> slice:
    """From the first mark to the last: a stretch that can be repeated without a broken beat."""
    if marks.size < 2:
        return slice(0, size)
    return slice(max(0, round(marks[0] * rate)), min(size, round(marks[-1] * rate)))


def driven(person: Person, drive: DriveSignals) -> Person:
    """The person with rates and mean pressure as measured, driven by the recording."""
    values = {}
    for key, rate in (("hr_rest", drive.heart_rate), ("rr_rest", drive.breath_rate)):
        if math.isfinite(rate):
            values[key] = f"{rate:.6g} 1/min"
    if drive.abp is not None:
        values["map_supine"] = f"{float(drive.abp.mean()):.6g} mmHg"
    person = person.with_values(values)
    return person.with_(DriveBy(drive, person.parameters.value("breath_inspiration")))
