"""The body `whole` reduced to the assumptions of Ursino and Lodi by operations on its blueprint.

What is replaced, and what stays of `whole`:

* canal: every sac 1,000 times stiffer, its viscous branch gone, its absorption shut, nothing pressing from outside:
  a closed rigid pipe. Its cells, columns, friction and the needle at L3 stay.
* cranial CSF: elastances of the spaces 1,000 times smaller, so that ventricles, cisterns and cortex are one space; the
  vault's law becomes Marmarou's with kE of the model. Passages and aqueduct stay; absorption gets the resistance of the
  model.
* arteries: large arteries 1,000 times stiffer and joined to the heart by the feed of `cranial`; the pial bed keeps its
  place between them and the capillaries, with kR, Rpv and the regulated compliance of the model: its compliance and
  regulation become the model's own laws (the sigmoid before the delay instead of behind it).
* veins: capillaries, veins and bridging veins hold next to nothing and end at a sinus of fixed pressure: the veins
  of the neck are replaced by one small resistance, the plexus and absorption by lymph are gone. The waterfall stays,
  with next to no resistance, so that veins collapse at CSF pressure as the model has it.
* production follows capillary pressure as the model has it, in equal parts at the places of `whole`.
* heart and breath stand still; the arterial pressure is moved through ``abp.shift``.
"""

from dataclasses import replace

from cisterna.model.blueprint import Blueprint, Control
from cisterna.model.regions.ventricles import SPACES
from cisterna.physiology.blood import ActiveArteries, UrsinoFormation, UrsinoRegulation
from cisterna.physiology.component import component
from cisterna.physiology.paths import Resistance
from cisterna.physiology.walls import LinearWall, MarmarouSpace

STIFF = 1e-3
NECK = ("jugular", "plexus", "vena_cava", "collateral", "atrium", "absorption.lymph")


@component
class MarmarouVault(MarmarouSpace):
    """`MarmarouSpace` as a mere container: the CSF stands in the spaces in it."""

    container = True


def reduced(plan: Blueprint, p) -> Blueprint:
    """The plan of `whole` under the assumptions of the module, with the parameters of the body `cranial`."""
    plan = _canal(_still(plan, p))
    plan = plan.replace("cranium", MarmarouVault(rest=p["ul_icp0"], elastance_coefficient=p["ul_kE"]), sees={})
    for name in SPACES:
        plan = plan.scale(f"{name}.compliance", by=1.0 / STIFF)
    eyes = {"volume": "volume.arteries.pial", "arterial": "pressure.arteries.pial", "csf": "pressure.cortex"}
    made = [n for n in plan.parts if n.startswith("production.")]
    formation = UrsinoFormation(
        coefficient=p["ul_kR"], basal=p["ul_Can"], proximal=p["ul_Rpv"], resistance=len(made) * p.value("ul_Rf"),
        rounding=p["corner_pressure"],
    )  # fmt: skip
    for name in made:
        plan = plan.replace(name, formation, sees=eyes)
    plan = plan.with_field("absorption.sinus.resistance", p["ul_R0"])
    return _signals(_veins(_arteries(plan, p), p))


def _still(plan, p):
    controls = {**plan.controls, "heart.strength": Control(0.0, "1"), "breath.depth": Control(0.0, "1")}
    plan = replace(plan, controls=controls, periods={})
    return plan.with_field("abp.mean", p["ul_Pa"]).with_field("cvp.mean", p["ul_Pvs"])


def _canal(plan):
    for name in [n for n in plan.parts if n.startswith("canal.")]:
        plan = plan.scale(f"{name}.compliance", by=STIFF).replace(name, outside={})
    gone = [n for n in plan.parts if n.startswith("wall.") or (n.startswith("absorption.") and _spinal(plan, n))]
    return plan.remove(*gone)


def _spinal(plan, name):
    return plan.part(name).ends[0].startswith("canal.")


def _arteries(plan, p):
    start = p.value("ul_Can") * (p.value("ul_Pa") - p.value("ul_icp0"))
    bed = {"basal": p["ul_Can"], "coefficient": p["ul_kR"]}
    tiny = 1e-3 * p.value("ul_Rpv")
    for key, value in {
        "arteries.large.compliance": STIFF * p.value("ul_Can"),
        "neck_arteries.resistance": p.value("cranial_feed"),
        "arterioles.in.resistance": tiny,
        "arterioles.in.share": 0.0,
        "arterioles.out.resistance": tiny,
        "arterioles.out.share": 1.0,
        "venules.resistance": p.value("ul_Rpv"),
        "waterfall.resistance": tiny,
    }.items():
        plan = plan.with_field(key, value)
    for name in ("arterioles.in", "arterioles.out"):
        for field, value in bed.items():
            plan = plan.with_field(f"{name}.{field}", value)
    regulation = UrsinoRegulation(
        basal=p["ul_Can"], dilation=p["ul_dCa1"], constriction=p["ul_dCa2"], gain=p["ul_G"], time=p["ul_tau"],
        wanted=p["ul_qn"],
    )  # fmt: skip
    plan = plan.replace("tone", regulation, sees={"flow": "flow.arterioles.out"}, start=p.value("ul_Can"))
    plan = plan.replace("arteries.pial", ActiveArteries(), sees={"compliance": "state.tone"}, start=start)
    # The CSF makes room for the blood, as in the model.
    moved = -start / len(SPACES)
    for name in SPACES:
        plan = plan.replace(name, start=moved)
    return plan.replace("arteries.large", start=0.0)


def _veins(plan, p):
    small = STIFF * p.value("ul_Can")
    plan = plan.remove(*[n for n in plan.parts if n.startswith(NECK)])
    for name in ("capillaries", "veins", "lacunae", "sinus"):
        inside = plan.part(name).inside if name in ("capillaries", "veins") else {}
        plan = plan.replace(name, LinearWall(compliance=small), inside=inside, start=0.0)
    plan = plan.with_field("lacuna_outflow.resistance", 1e-3 * p.value("ul_Rpv"))
    return plan.join("neck_veins", ("sinus", "cvp"), Resistance(resistance=1e-3 * p.value("ul_Rpv")), fluid="blood")


def _signals(plan):
    plan = replace(plan, signals={})
    return (
        plan.signal("icp", "pressure.cortex", "mmHg")
        .signal("icp_lumbar", "pressure.canal.L3", "mmHg")
        .signal("cbf", "flow.venules", "mL/s")
        .signal("compliance_arteries", "state.tone", "mL/mmHg")
        .signal("flow_production", {f"flow.{n}": 1.0 for n in plan.parts if n.startswith("production.")}, "mL/s")
        .signal("flow_absorption", "flow.absorption.sinus", "mL/s")
    )
