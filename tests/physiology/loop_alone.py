"""The closed heart alone: posture, breath, and one constant resistance in the brain's place."""

from __future__ import annotations

import numpy as np

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.circulation import closed_heart
from cisterna.physiology.drives import AxialGravity, Breath, Following
from cisterna.physiology.paths import Resistance


def surroundings(p: Parameters) -> Blueprint:
    """Posture and breath, and nothing else."""
    return (
        Blueprint(densities={"blood": p.value("blood_density")}, periods={"breath.phase": p.value("rr_rest")})
        .control("breath.phase", 0.0, "1")
        .control("breath.depth", 1.0, "1")
        .control("tilt", 0.0, "deg")
        .add("gravity", AxialGravity(gravity=p["standard_gravity"]), sees={"tilt": "drive.tilt"})
        .add(
            "breath", Breath(inspiration=p["breath_inspiration"]),
            sees={"phase": "drive.breath.phase", "depth": "drive.breath.depth"},
        )
        .add("thorax", Following(gain=-p.value("thorax_breath")), sees={"other": "drive.breath"})
        .add("abdomen", Following(gain=p["abdomen_breath"]), sees={"other": "drive.breath"})
    )  # fmt: skip


def loop(p: Parameters) -> Blueprint:
    """Heart, lungs and body; the brain takes its resting flow through one resistance at heart level."""
    brain = (p.value("map_supine") - p.value("ga_Pcv")) / p.value("ul_qn")
    closed = closed_heart(surroundings(p), p)
    return closed.join("brain", ("abp", "cvp"), Resistance(resistance=brain), fluid="blood").signal(
        "flow_brain", "flow.brain", "mL/s"
    )


def mean(run, name: str, start: float, end: float, lane: int | None = None) -> float:
    """Mean of a signal between two times, weighted by a raised cosine so that a cut beat does not count."""
    inside = (run.times > start) & (run.times < end)
    return float(np.average(run.signal(name, lane)[inside], weights=np.hanning(inside.sum() + 2)[1:-1]))
