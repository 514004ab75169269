"""Body `whole`: everything that flows from cranium to sacrum.

Cranial CSF in ventricles, cisterns and cortical space; canal of one cell per vertebral level, C1 to S2; blood from
the neck arteries through pial bed, capillaries, veins and bridging veins to sinuses, both jugulars, vertebral
plexus and vena cava; heart, breath, posture and tone. Compliance belongs to walls that exist: the pressure-volume
index and the shares of cranium and spine are outcomes.
"""

from __future__ import annotations

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.body import Body
from cisterna.model.carbon import carbon_dioxide
from cisterna.model.regions.brain_blood import BEDS, brain_blood
from cisterna.model.regions.canal import Cell, canal
from cisterna.model.regions.inputs import controls, posture_and_breath, prescribed_heart
from cisterna.model.regions.neck_veins import SIDES, neck_veins
from cisterna.model.regions.ventricles import SPACES, cranial_absorption, cranial_csf, made_room
from cisterna.physiology.drives import FluidHead, Upright


class Whole(Body):
    """Cranium to sacrum, one cell of canal per level, with a prescribed heart."""

    name = "whole"
    summary = "ventricles, cisterns, blood and veins of the head; canal of one cell per level C1 to S2"
    #: Cells of canal per vertebral level.
    per_level = 1

    def plan(self, parameters: Parameters) -> Blueprint:
        plan = posture_and_breath(controls(parameters), parameters)
        stroke = Upright(fall=parameters["upright_pulse_fall"], standard=parameters["standard_gravity"])
        plan = plan.add("stroke", stroke, sees={"factor": "drive.heart.strength", "gravity": "drive.gravity"})
        plan = prescribed_heart(plan, parameters, strength="drive.stroke")
        plan = cranial_csf(plan, parameters)
        plan = carbon_dioxide(brain_blood(plan, parameters), parameters)
        plan = neck_veins(plan, parameters)
        vertex = FluidHead(density=parameters["blood_density"], height=parameters["height_vertex"])
        plan = plan.add("vertex", vertex, sees={"gravity": "drive.gravity"})
        plan = cranial_absorption(plan, parameters)
        way = parameters.value("whole_foramen_inertance"), parameters.value("whole_foramen_resistance")
        mouths = {"foramen.dorsal": ("cisterna_magna", *way), "foramen.ventral": ("cisterns", *way)}
        plan, row = canal(plan, parameters, mouths, self.per_level)
        return _signals(made_room(plan, parameters), row)


def _signals(plan: Blueprint, row: list[Cell]) -> Blueprint:
    absorbing = [name for name in plan.parts if name.startswith("absorption.")]
    making = [name for name in plan.parts if name.startswith("production.")]
    top = {f"flow.jugular.top.{side}": 1.0 for side in SIDES}
    plan = (
        plan.signal("icp", "pressure.cortex", "mmHg", "foramen_monro")
        .signal("icp_ventricular", "pressure.ventricle.left", "mmHg", "foramen_monro")
        .signal("transmantle", {"pressure.ventricle.left": 1.0, "pressure.cortex": -1.0}, "mmHg")
        .signal("abp", "drive.abp", "mmHg", "heart")
        .signal("cvp", "drive.cvp", "mmHg", "heart")
        .signal("resp", "drive.breath", "1")
        .signal("tilt", "drive.tilt", "deg")
        .signal("cbf", "flow.venules", "mL/s")
        .signal("flow_arterial", "flow.neck_arteries", "mL/s")
        .signal("flow_venous", {**top, "flow.plexus.in": 1.0, "flow.collateral": 1.0}, "mL/s")
        .signal("flow_jugular", top, "mL/s")
        .signal("flow_jugular.left", "flow.jugular.top.left", "mL/s")
        .signal("flow_jugular.right", "flow.jugular.top.right", "mL/s")
        .signal("pressure_sinus", "pressure.sinus", "mmHg", "foramen_monro")
        .signal("pressure_sagittal", {"pressure.sinus": 1.0, "drive.vertex": -1.0}, "mmHg", "local")
        .signal("pressure_bridging", "pressure.veins", "mmHg", "foramen_monro")
        .signal("pressure_jugular", {f"pressure.jugular.upper.{s}": 0.5 for s in SIDES}, "mmHg", "local")
        .signal("flow_production", {f"flow.{name}": 1.0 for name in making}, "mL/s")
        .signal("flow_absorption", {f"flow.{name}": 1.0 for name in absorbing}, "mL/s")
        .signal("volume_blood", {f"volume.{name}": 1.0 for name in BEDS}, "mL")
        .signal("volume_csf.cranial", {f"volume.{name}": 1.0 for name in SPACES}, "mL")
        .signal("volume_csf.spinal", {f"volume.canal.{cell.name}": 1.0 for cell in row}, "mL")
        .signal("flow_aqueduct", "flow.aqueduct", "mL/s")
        .signal("flow_csf.FM", {"flow.foramen.dorsal": 1.0, "flow.foramen.ventral": 1.0}, "mL/s")
    )  # fmt: skip
    for above, below in zip(row[:-1], row[1:], strict=True):
        if above.level != below.level:
            plan = plan.signal(f"flow_csf.{above.level}", f"flow.column.{below.name}", "mL/s")
    for cell in row:
        if f"pressure_csf.{cell.level}" not in plan.signals:
            plan = plan.signal(f"pressure_csf.{cell.level}", f"pressure.canal.{cell.name}", "mmHg", "local")
    return plan
