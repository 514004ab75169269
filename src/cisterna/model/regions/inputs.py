"""What is imposed on a body: posture, breath, a prescribed heart, and what a protocol may move."""

from __future__ import annotations

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.physiology.drives import AxialGravity, Breath, Following, Pulse
from cisterna.physiology.strain import Strained


def controls(p: Parameters) -> Blueprint:
    """A blueprint with densities, the rates of heart and breath, and every input at rest."""
    return (
        Blueprint(
            densities={"csf": p.value("csf_density"), "blood": p.value("blood_density")},
            periods={"heart.phase": p.value("hr_rest"), "breath.phase": p.value("rr_rest")},
        )
        .control("heart.phase", 0.0, "1")
        .control("heart.strength", 1.0, "1")
        .control("breath.phase", 0.0, "1")
        .control("breath.depth", 1.0, "1")
        .control("abp.shift", 0.0, "mmHg")
        .control("tilt", 0.0, "deg")
        .control("infusion", 0.0, "mL/min")
        .control("touch.volume", 0.0, "mL")
        .control("production.factor", 1.0, "1")
        .control("brain.volume", 0.0, "mL")
        .control("still", 0.0, "mmHg")
    )


def posture_and_breath(plan: Blueprint, p: Parameters) -> Blueprint:
    """Gravity along the axis, breath, and the thoracic and abdominal pressure that follow it and a strain."""
    plan = (
        plan.add("gravity", AxialGravity(gravity=p["standard_gravity"]), sees={"tilt": "drive.tilt"})
        .add(
            "breath", Breath(inspiration=p["breath_inspiration"]),
            sees={"phase": "drive.breath.phase", "depth": "drive.breath.depth"},
        )
        .add("thorax", Following(gain=-p.value("thorax_breath")), sees={"other": "drive.breath"})
        .add("abdomen", Following(gain=p["abdomen_breath"]), sees={"other": "drive.breath"})
    )  # fmt: skip
    return strained(plan, p)


def strained(plan: Blueprint, p: Parameters) -> Blueprint:
    """Let a strain, mmHg at the mouth, press on chest and belly: all that sees `thorax` or `abdomen` feels it.

    The control `strain` is declared here and nowhere else, so that no body has one that does nothing.

    Parameters
    ----------
    plan : Blueprint
        With the drives `thorax` and `abdomen` as they follow the breath; a plan that is strained already stays.
    p : Parameters
    """
    if "strain" in plan.controls:
        return plan
    plan = plan.control("strain", 0.0, "mmHg")
    for name, share in (("thorax", 1.0), ("abdomen", p["circ_strain_belly"])):
        old = plan.part(name)
        law = Strained(**{field: getattr(old.law, field) for field in old.law.units()}, share=share)
        plan = plan.replace(name, law, sees={**old.sees, "strain": "drive.strain"})
    return plan


def prescribed_heart(plan: Blueprint, p: Parameters, strength: str = "drive.heart.strength") -> Blueprint:
    """Arterial and central venous pressure as drives: a waveform, and a mean that swings with the breath.

    A strain raises the central venous pressure by its share. The arterial pressure stays what is prescribed: a heart
    that is not computed cannot say how it answers; whoever knows moves it by ``abp.shift``.

    Parameters
    ----------
    plan : Blueprint
        As `posture_and_breath` leaves it.
    p : Parameters
    strength : str
        What scales the pulse.
    """
    pulse = Pulse.normalised(
        mean=p["map_supine"], pulse=p["pulse_pressure"],
        place1=p["abp_place1"], place2=p["abp_place2"], place3=p["abp_place3"],
        width1=p["abp_width1"], width2=p["abp_width2"], width3=p["abp_width3"],
        height2=p["abp_height2"], height3=p["abp_height3"],
    )  # fmt: skip
    heart_level = p.value("height_atrium")
    return plan.add(
        "abp", pulse, position=heart_level,
        sees={"phase": "drive.heart.phase", "shift": "drive.abp.shift", "strength": strength},
    ).add(
        "cvp", Strained(mean=p["ga_Pcv"], gain=-p.value("cvp_breath"), share=p["cvp_strain"]),
        sees={"other": "drive.breath", "strain": "drive.strain"},
        # Veins balance below the atrium: there posture leaves the pressure as it was.
        position=heart_level + p.value("hip_ven"),
    )  # fmt: skip
