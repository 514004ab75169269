"""Body `axis`: cranium and spinal canal in one piece, with heart, breath and posture.

Head: large and pial arteries with autoregulation, veins above a waterfall, lacunae below it that carry the
cranial compliance, sinuses, jugulars that collapse, an open vertebral plexus. Canal: six compliant segments
C1 to S2 with inertia and lossy walls, pressed from outside by epidural veins that follow posture and breath.
One cranial CSF space; ventricles and single levels belong to larger bodies.
"""

from __future__ import annotations

from cisterna.body.anatomy import Segment, segments
from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.body import Body
from cisterna.model.regions.inputs import controls, posture_and_breath, prescribed_heart
from cisterna.model.regions.places import SEGMENTS
from cisterna.physiology.blood import CalibreResistance, Lacunae, PialArteries, ToneRegulation, Waterfall
from cisterna.physiology.csf import CranialBox, SpinalAbsorption
from cisterna.physiology.neck import CollapsibleVein
from cisterna.physiology.paths import FluidColumn, Injection, OneWay, Resistance, Source
from cisterna.physiology.walls import ExponentialWall, LinearWall, ViscousBranch


class Axis(Body):
    """Cranium to sacrum with arterial, venous and CSF volume, posture, breath and a prescribed heart."""

    name = "axis"
    summary = "cranium with arteries, veins, CSF; canal of six segments C1 to S2; heart, breath, posture"

    def plan(self, parameters: Parameters) -> Blueprint:
        plan = prescribed_heart(posture_and_breath(controls(parameters), parameters), parameters)
        plan = _blood(plan, parameters)
        plan = _neck(plan, parameters)
        plan = _cranial_csf(plan, parameters)
        canal = segments(parameters, [row[:3] for row in SEGMENTS])
        plan = _canal(plan, parameters, canal)
        return _signals(plan, canal)


def _blood(plan: Blueprint, p: Parameters) -> Blueprint:
    arteriolar = {"coefficient": p["ga_kR"], "basal": p["ga_Cpan"], "share": 0.5}
    calibre = {"volume": "volume.arteries.pial"}
    corner = p["corner_pressure"]
    vein_height = p.value("axis_vein_height")
    vein_offset = p.value("ga_Pv1")
    here = {"inside": "cranium", "position": 0.0, "fluid": "blood"}
    return (
        plan.add("arteries.large", LinearWall(compliance=p["axis_large_compliance"]), **here, start=1.16)
        .add(
            "arteries.pial",
            PialArteries(basal=p["ga_Cpan"], dilation=p["ga_Cpa1"], constriction=p["ga_Cpa2"]),
            sees={"tone": "state.tone"}, **here, start=9.55,
        )
        .add(
            "veins",
            ExponentialWall(
                rest=vein_height + vein_offset, asymptote=vein_offset,
                compliance=1.0 / (p.value("ga_kven") * vein_height),
            ),
            **here,
        )
        .add(
            "lacunae",
            Lacunae(floor=p["axis_lacuna_floor"], rest=p["axis_lacuna_rest"], stiffness=p["axis_lacuna_stiffness"]),
            **here,
        )
        .add(
            "tone", ToneRegulation(gain=p["ga_Gaut"].value, time=p["ga_tau"], wanted=p["ul_qn"]),
            sees={"flow": "flow.arterioles.out"},
        )
        .join(
            "neck_arteries", ("abp", "arteries.large"),
            FluidColumn(inertance=p["axis_neck_inertance"], resistance=p["axis_neck_resistance"]),
            fluid="blood", start=8.4,
        )
        .join(
            "arterioles.in", ("arteries.large", "arteries.pial"),
            CalibreResistance(resistance=p["axis_large_resistance"], **arteriolar), sees=calibre, fluid="blood",
        )
        .join(
            "arterioles.out", ("arteries.pial", "veins"),
            CalibreResistance(resistance=p["ga_Rpv"], **arteriolar), sees=calibre, fluid="blood",
        )
        .join(
            "waterfall", ("veins", "lacunae"), Waterfall(resistance=p["ga_Rvs1"], rounding=corner), fluid="blood",
            sees={"upstream": "pressure.veins", "downstream": "pressure.lacunae", "outside": "pressure.cranium"},
        )
    )  # fmt: skip


def _neck(plan: Blueprint, p: Parameters) -> Blueprint:
    """Both jugulars as one, the vertebral plexus, the way to the heart."""
    both = 2.0
    calm = {"sensitivity": p["ga_A"], "count": both}
    venous = {"fluid": "blood"}
    around = {"outside": "drive.still"}
    return (
        plan.add("sinus", LinearWall(compliance=p["axis_sinus_compliance"]), position=0.0, start=0.3)
        .add(
            "jugular.upper", LinearWall(compliance=both * p.value("ga_Cj3")),
            position=p.value("height_jugular_upper"), start=12.8,
        )
        .add(
            "jugular.lower", LinearWall(compliance=both * p.value("ga_Cj2")),
            position=p.value("height_jugular_lower"), start=31.7,
        )
        .add("plexus", LinearWall(compliance=p["axis_plexus_compliance"]), position=p.value("height_plexus"), start=6.1)
        .join("lacuna_outflow", ("lacunae", "sinus"), Resistance(resistance=p["axis_lacuna_resistance"]), **venous)
        .join(
            "jugular.top", ("sinus", "jugular.upper"),
            CollapsibleVein(conductance=p["ga_kj3"], rigid=p["axis_sinus_resistance"], **calm), **venous,
            sees={"inside": "pressure.jugular.upper", **around},
        )
        .join(
            "jugular.middle", ("jugular.upper", "jugular.lower"), CollapsibleVein(conductance=p["ga_kj2"], **calm),
            **venous, sees={"inside": "pressure.jugular.upper", **around},
        )
        .join(
            "jugular.end", ("jugular.lower", "cvp"),
            CollapsibleVein(conductance=p["ga_kj1"], external=p["ga_Pj1ext"], **calm),
            **venous, sees={"inside": "pressure.jugular.lower", "outside": "drive.thorax"},
        )
        .join("plexus.in", ("sinus", "plexus"), Resistance(resistance=p["axis_plexus_inflow"]), **venous)
        .join("plexus.out", ("plexus", "cvp"), Resistance(resistance=p["axis_plexus_outflow"]), **venous)
    )  # fmt: skip


def _cranial_csf(plan: Blueprint, p: Parameters) -> Blueprint:
    corner = {"rounding": p["corner_pressure"]}
    return (
        plan.add(
            "cranium",
            CranialBox(
                reference=p["icp_supine"], skull=p["skull_compliance_human"], residual=p["axis_residual_compliance"]
            ),
            sees={"touch": "drive.touch.volume", "brain": "drive.brain.volume"}, position=0.0, start=-11.9,
        )
        .join(
            "production", ("", "cranium"), Source(rate=p["csf_production"]), sees={"factor": "drive.production.factor"}
        )
        .join("absorption.sinus", ("cranium", "sinus"), OneWay(resistance=p["r_out_granulations"], **corner))
        .join("absorption.lymph", ("cranium", "jugular.upper"), OneWay(resistance=p["r_out_lymph"], **corner))
    )  # fmt: skip


def _canal(plan: Blueprint, p: Parameters, canal: list[Segment]) -> Blueprint:
    foramen = p.value("height_foramen")
    plexus, atrium = p.value("height_plexus"), p.value("height_atrium")
    density = p.value("csf_density")
    whole = sum(s.length for s in canal)
    above, above_half, above_name = foramen, 0.0, "cranium"
    for segment, (_, _, _, region, breath) in zip(canal, SEGMENTS, strict=True):
        depth = foramen + segment.middle
        # Epidural veins follow the plexus above and the atrium below, with their own column between.
        low = min(max((depth - plexus) / (atrium - plexus), 0.0), 1.0)
        # Both are named even at weight 0: bodies of one plan then share a layout, and so their programs.
        outer = {"plexus": 1.0 - low, "cvp": low}
        neck = segment.levels[0].startswith("C")
        soft = p.value("axis_spinal_compliance_cervical" if neck else "axis_spinal_compliance") * segment.length
        name = f"canal.{segment.name}"
        plan = plan.add(
            name,
            ExponentialWall(rest=p["axis_sac_rest"], asymptote=p["axis_sac_offset"], compliance=soft),
            outside={**outer, **breath}, position=depth, fluid="blood",
        ).add(
            f"wall.{segment.name}",
            ViscousBranch(
                compliance=soft * p.value("axis_branch_time") / p.value(f"axis_loss_{segment.name}"),
                time=p["axis_branch_time"],
            ),
            on=name,
        )  # fmt: skip
        inertance = density * (above_half / (above or 1.0) + segment.length / 2 / segment.area)
        first = above_name == "cranium"
        if first:
            inertance = p.value("axis_foramen_inertance") + density * segment.length / 2 / segment.area
        drag = p.value(f"axis_drag_{region}") * inertance + (p.value("axis_foramen_resistance") if first else 0.0)
        plan = plan.join(
            f"column.{segment.name}", (above_name, name), FluidColumn(inertance=inertance, resistance=drag)
        )
        plan = plan.join(
            f"absorption.{segment.name}", (name, ""),
            SpinalAbsorption(
                resistance=p.value("r_out_spinal_roots") * whole / segment.length, rounding=p["corner_pressure"]
            ),
            sees={"transmural": f"wall.{name}"},
        )  # fmt: skip
        above, above_half, above_name = segment.area, segment.length / 2, name
    needle = "canal.upper_lumbar"
    return plan.join("infusion_line", ("", needle), Injection(), sees={"flow": "drive.infusion"})


def _signals(plan: Blueprint, canal: list[Segment]) -> Blueprint:
    roots = {f"flow.absorption.{s.name}": 1.0 for s in canal}
    plan = (
        plan.signal("icp", "pressure.cranium", "mmHg", "foramen_monro")
        .signal("abp", "drive.abp", "mmHg", "heart")
        .signal("cvp", "drive.cvp", "mmHg", "heart")
        .signal("resp", "drive.breath", "1")
        .signal("tilt", "drive.tilt", "deg")
        .signal("cbf", "flow.arterioles.out", "mL/s")
        .signal("flow_arterial", "flow.neck_arteries", "mL/s")
        .signal("flow_venous", {"flow.jugular.top": 1.0, "flow.plexus.in": 1.0}, "mL/s")
        .signal("flow_jugular", "flow.jugular.top", "mL/s")
        .signal("pressure_sinus", "pressure.sinus", "mmHg", "foramen_monro")
        .signal("pressure_jugular", "pressure.jugular.upper", "mmHg", "local")
        .signal("flow_production", "flow.production", "mL/s")
        .signal("flow_absorption", {"flow.absorption.sinus": 1.0, "flow.absorption.lymph": 1.0, **roots}, "mL/s")
        .signal(
            "volume_blood",
            {f"volume.{name}": 1.0 for name in ("arteries.large", "arteries.pial", "veins", "lacunae")},
            "mL",
        )
        .signal("volume_csf.cranial", "volume.cranium", "mL")
        .signal("volume_csf.spinal", {f"volume.canal.{s.name}": 1.0 for s in canal}, "mL")
        .signal("flow_csf.FM", "flow.column.upper_cervical", "mL/s")
    )
    for above, below in zip(canal[:-1], canal[1:], strict=True):
        plan = plan.signal(f"flow_csf.{above.levels[-1]}", f"flow.column.{below.name}", "mL/s")
    for segment in canal:
        middle = segment.levels[len(segment.levels) // 2]
        plan = plan.signal(f"pressure_csf.{middle}", f"pressure.canal.{segment.name}", "mmHg", "local")
    return plan
