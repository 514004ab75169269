"""Body `cranial`: Ursino and Lodi 1997, complete: one cranial compartment with autoregulation.

Arterial-arteriolar volume Va = Ca (Pa - Pic) lies inside the craniospinal space; Ca is regulated. The
published model joins the arteries to the systemic pressure directly; here a feeding resistance a thousandth
of the bed's stands between them so that the arterial volume is a state and the network conserves it.
"""

from __future__ import annotations

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.body import Body
from cisterna.physiology.blood import ActiveArteries, UrsinoBed, UrsinoFormation, UrsinoRegulation
from cisterna.physiology.paths import Injection, OneWay, Resistance
from cisterna.physiology.walls import MarmarouSpace


class Cranial(Body):
    """Ursino and Lodi 1997 as a network."""

    name = "cranial"
    summary = "Ursino and Lodi 1997: arteries with autoregulation, CSF formation and outflow; no spine, no pulse"

    def plan(self, parameters: Parameters) -> Blueprint:
        p = parameters
        arteries = p.value("ul_Can") * (p.value("ul_Pa") - p.value("ul_icp0"))
        bed = {"coefficient": p["ul_kR"], "basal": p["ul_Can"], "proximal": p["ul_Rpv"]}
        eyes = {"volume": "volume.arteries", "arterial": "pressure.arteries", "csf": "pressure.csf"}
        return (
            Blueprint()
            .control("abp", p["ul_Pa"].value, p["ul_Pa"].unit)
            .control("sinus", p["ul_Pvs"].value, p["ul_Pvs"].unit)
            .control("infusion", 0.0, "mL/min")
            .add(
                "csf",
                MarmarouSpace(rest=p["ul_icp0"], elastance_coefficient=p["ul_kE"]),
                start=-arteries,
            )
            .add("arteries", ActiveArteries(), inside="csf", sees={"compliance": "state.regulation"}, start=arteries)
            .add(
                "regulation",
                UrsinoRegulation(
                    basal=p["ul_Can"], dilation=p["ul_dCa1"], constriction=p["ul_dCa2"], gain=p["ul_G"],
                    time=p["ul_tau"], wanted=p["ul_qn"],
                ),
                sees={"flow": "flow.bed"},
                start=p.value("ul_Can"),
            )
            .join("feed", ("abp", "arteries"), Resistance(resistance=p["cranial_feed"]))
            .join("bed", ("arteries", ""), UrsinoBed(**bed), sees=eyes)
            .join(
                "formation", ("", "csf"),
                UrsinoFormation(**bed, resistance=p["ul_Rf"], rounding=p["corner_pressure"]), sees=eyes,
            )
            .join("absorption", ("csf", "sinus"), OneWay(resistance=p["ul_R0"], rounding=p["corner_pressure"]))
            .join("infusion_line", ("", "csf"), Injection(), sees={"flow": "drive.infusion"})
            .signal("icp", "pressure.csf", "mmHg", "foramen_monro")
            .signal("abp", "drive.abp", "mmHg", "foramen_monro")
            .signal("cbf", "flow.bed", "mL/s")
            .signal("volume_arteries", "volume.arteries", "mL")
            .signal("compliance_arteries", "state.regulation", "mL/mmHg")
            .signal("flow_production", "flow.formation", "mL/s")
            .signal("flow_absorption", "flow.absorption", "mL/s")
        )  # fmt: skip
