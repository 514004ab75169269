"""Arterial carbon dioxide in a plan: a control, its fall on standing up, and the cerebral flow it asks for."""

from __future__ import annotations

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.physiology.blood import ToneRegulation
from cisterna.physiology.regulation import ArterialCarbon, CarbonResponse, CarbonTone


def carbon_dioxide(plan: Blueprint, p: Parameters, tone: str = "tone") -> Blueprint:
    """Let arterial PCO2 move the flow that a body's autoregulation wants.

    Adds the control `paco2` (mmHg, resting at the row `paco2`), the drive `carbon.arterial` that takes the
    upright fall from it, the state `carbon` and the signal `paco2`.

    Parameters
    ----------
    plan : Blueprint
        With the drive `gravity` and a `ToneRegulation`, which a `CarbonTone` of the same gain replaces.
    p : Parameters
    tone : str
        Name of the regulation.

    Raises
    ------
    CisternaError
        The regulation is of another kind, so that CO2 would have nothing to act on.
    """
    part = plan.part(tone)
    law = part.law
    if not isinstance(law, ToneRegulation):
        raise CisternaError(
            "carbon dioxide acts through an autoregulation", where=tone, found=type(law).__name__,
            mend="name a part with the law ToneRegulation",
        )  # fmt: skip
    rest = p["paco2"]
    return (
        plan.control("paco2", rest.value, rest.unit)
        .add(
            "carbon.arterial",
            ArterialCarbon(
                fall=p["carbon_fall_upright"], rounding=p["carbon_rounding"], standard=p["standard_gravity"]
            ),
            sees={"paco2": "drive.paco2", "gravity": "drive.gravity"},
        )
        .add(
            "carbon",
            CarbonResponse(
                rest=rest, slope=p["carbon_slope"], dilation=p["carbon_dilation"],
                constriction=p["carbon_constriction"], time=p["carbon_time"],
            ),
            sees={"paco2": "drive.carbon.arterial"},
        )
        .replace(
            tone, CarbonTone(gain=law.gain, time=law.time, wanted=law.wanted),
            sees={**part.sees, "carbon": "state.carbon"},
        )
        .signal("paco2", "drive.carbon.arterial", "mmHg")
    )  # fmt: skip
