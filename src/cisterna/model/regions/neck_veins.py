"""Veins from the sinuses to the heart: jugulars left and right, vertebral plexus, collaterals, vena cava."""

from __future__ import annotations

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.physiology.neck import CollapsibleVein
from cisterna.physiology.paths import Resistance
from cisterna.physiology.walls import CollapsingWall, LinearWall

SIDES = ("left", "right")
#: CollapsibleVein: a wide open vein conducts this many times its k.
_OPEN = 4.0


def neck_veins(plan: Blueprint, p: Parameters) -> Blueprint:
    """Add the venous ways to a plan that holds ``lacunae``, ``cvp``, ``thorax`` and ``still``."""
    blood = {"fluid": "blood"}
    calm = {"sensitivity": p["ga_A"]}
    around = {"outside": "drive.still"}
    heart = p.value("height_atrium")
    cava = CollapsingWall.working(p.value("ga_Pcv"), p.value("ga_Csvc"), p.value("vein_corner"))
    plan = (
        plan.add("sinus", LinearWall(compliance=p["whole_sinus_compliance"]), position=0.0, start=0.3)
        .add(
            "plexus", LinearWall(compliance=p["whole_plexus_compliance"]), position=p.value("height_plexus"), start=6.0
        )
        # It meets the right heart where posture leaves the pressure as it was, as the central veins do.
        .add(
            "vena_cava", cava, outside={"thorax": 1.0}, position=heart + p.value("hip_ven"),
            start=cava.volume(p.value("ga_Pcv")),
        )
        .join("lacuna_outflow", ("lacunae", "sinus"), Resistance(resistance=p["whole_lacuna_resistance"]), **blood)
        .join("plexus.in", ("sinus", "plexus"), Resistance(resistance=p["whole_plexus_inflow"]), **blood)
        .join("plexus.out", ("plexus", "vena_cava"), Resistance(resistance=p["whole_plexus_outflow"]), **blood)
        .join(
            "collateral", ("sinus", "vena_cava"),
            CollapsibleVein(
                conductance=1.0 / (_OPEN * p.value("whole_collateral_resistance")),
                external=p["whole_collateral_closing"], **calm,
            ),
            sees={"inside": "pressure.sinus", **around}, **blood,
        )
        .join("atrium", ("vena_cava", "cvp"), Resistance(resistance=p["whole_cava_resistance"]), **blood)
    )  # fmt: skip
    for side in SIDES:
        plan = _jugular(plan, p, side)
    return plan


def _jugular(plan: Blueprint, p: Parameters, side: str) -> Blueprint:
    blood = {"fluid": "blood"}
    calm = {"sensitivity": p["ga_A"]}
    upper, lower = f"jugular.upper.{side}", f"jugular.lower.{side}"
    around = {"outside": "drive.still"}
    lying = p.value("jugular_pressure_supine")
    for name, soft, height in ((upper, "ga_Cj3", "height_jugular_upper"), (lower, "ga_Cj2", "height_jugular_lower")):
        wall = CollapsingWall.working(lying, p.value(soft), p.value("vein_corner"), 1.0 / p.value("jugular_stretch"))
        plan = plan.add(name, wall, position=p.value(height), start=wall.volume(lying))
    return (
        plan
        .join(
            f"jugular.top.{side}", ("sinus", upper),
            CollapsibleVein(conductance=p["ga_kj3"], rigid=p["whole_sinus_resistance"], **calm),
            sees={"inside": f"pressure.{upper}", **around}, **blood,
        )
        .join(
            f"jugular.middle.{side}", (upper, lower), CollapsibleVein(conductance=p["ga_kj2"], **calm),
            sees={"inside": f"pressure.{upper}", **around}, **blood,
        )
        .join(
            f"jugular.end.{side}", (lower, "vena_cava"),
            CollapsibleVein(conductance=p["ga_kj1"], external=p["ga_Pj1ext"], **calm),
            sees={"inside": f"pressure.{lower}", "outside": "drive.thorax"}, **blood,
        )
    )  # fmt: skip
