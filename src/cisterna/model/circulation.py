"""The closed heart: a loop of heart, lungs and body that takes the place of the prescribed pressures.

A prescribed heart imposes the drives `abp` and `cvp`. `closed_heart` puts two compartments of the same names
where they stood, so that the path to the brain and the way home join them unchanged, and closes the loop:

    abp -> aorta -> body.arteries -> beds of upper body, abdomen, legs -> their veins -> cvp
    cvp -> right ventricle -> lungs -> left ventricle -> abp

Nothing crosses the border: CSF is formed from `abp`, and what leaves along nerve roots comes home at `cvp`. That is
the thoracic venae cavae and the right atrium, so a vena cava of the plan goes. The pressure of chest and belly and the
column of blood in each bed act on the loop, and the arterial baroreflex holds it. `reported_baroreflex` gives a
prescribed heart the same reflex without authority.

Laws and sources: `physiology/heart.py`, `physiology/baroreflex.py`; numbers: `parameters/circulation.csv`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.model.baroreflex import baroreflex
from cisterna.model.blueprint import OUTSIDE, Blueprint
from cisterna.model.regions.inputs import strained
from cisterna.physiology.component import Drive
from cisterna.physiology.csf import SpinalAbsorption
from cisterna.physiology.heart import RegulatedBed, Surrounding, VenousReservoir, Ventricle
from cisterna.physiology.paths import FluidColumn, OneWay, Resistance, Source
from cisterna.physiology.walls import CollapsingWall, LinearWall

#: What a plan must offer before its heart can be closed.
_NEEDED = ("gravity", "thorax", "abdomen")
#: What the prescribed heart brought and the loop makes by itself.
_PRESCRIBED = ("abp", "cvp")
_OWN_CONTROLS = ("heart.phase", "heart.strength", "abp.shift")
#: References to the prescribed heart -> the same in the loop.
_REWIRED = {
    "drive.abp": "pressure.abp",
    "drive.cvp": "pressure.cvp",
    "drive.heart.phase": "state.heart.phase",
}
#: The upper vena cava of a plan whose heart is prescribed, and its way to it: the loop holds the thoracic cavae.
_CAVA, _INTO_HEART = "vena_cava", "atrium"
#: Compartments whose volumes are the blood volume.
BLOOD = (
    "heart.left", "heart.right", "abp", "body.arteries", "body.upper", "body.abdomen", "body.legs", "cvp",
    "lungs.arteries", "lungs.veins",
)  # fmt: skip
#: Beds of the body: name -> stem of its parameters.
BEDS = {"body.upper": "upper", "body.abdomen": "abdomen", "body.legs": "legs"}


def closed_heart(plan: Blueprint, p: Parameters) -> Blueprint:
    """A plan whose heart is a closed loop instead of two prescribed pressures.

    Parameters
    ----------
    plan : Blueprint
        With the drives `gravity`, `thorax` and `abdomen`, and the densities of the fluids; what it holds of a
        prescribed heart (`abp`, `cvp` and their controls) is taken out and all that saw it is rewired.
    p : Parameters

    Returns
    -------
    Blueprint
        Blood volume is that of `circ_blood_volume`, the person's rest that of `hr_rest` and `map_supine`. A
        pulse that beats by itself has no known period: find its rest with `settle`.

    Raises
    ------
    CisternaError
        The plan lacks gravity or the pressures of breathing.

    Notes
    -----
    The numbers are an adult's: there is no heart of a child here.

    `cvp` stands at the atrium itself, not at the indifference point below it where a prescribed pressure does:
    in a loop the point where posture leaves the pressure as it was is an outcome of how veins yield.
    """
    for name in _NEEDED:
        if name not in plan.parts:
            mend = "add posture and breath to the plan first"
            raise CisternaError(
                f"a closed heart needs '{name}'", where="closed_heart", found="no such drive", mend=mend
            )
    plan = without_prescribed_heart(plan)
    plan = _surroundings(plan, p)
    plan = _heart(plan, p)
    plan = _arteries(plan, p)
    plan = _veins(plan, p)
    plan = baroreflex(plan, p, pressure="pressure.abp")
    plan = _one_cava(ends_at_home(plan))
    return _signals(_filled(plan, p))


def without_prescribed_heart(plan: Blueprint) -> Blueprint:
    """Take out the prescribed pressures and their controls; who saw them sees the loop's nodes from now on."""

    def rewired(references: Mapping[str, str]) -> dict[str, str]:
        return {slot: _REWIRED.get(reference, reference) for slot, reference in references.items()}

    plan = plan.remove(*(name for name in _PRESCRIBED if name in plan.parts))
    plan = plan.remove(*_made_idle(plan))
    parts = {name: replace(part, sees=rewired(part.sees)) for name, part in plan.parts.items()}
    signals = {
        name: replace(s, terms={_REWIRED.get(term, term): weight for term, weight in s.terms.items()})
        for name, s in plan.signals.items()
    }
    return replace(
        plan,
        parts=parts,
        signals=signals,
        controls={name: c for name, c in plan.controls.items() if name not in _OWN_CONTROLS},
        periods={name: rate for name, rate in plan.periods.items() if name not in _OWN_CONTROLS},
    )


def _made_idle(plan: Blueprint) -> list[str]:
    """Drives that shaped the prescribed pulse and that nothing sees now that it is gone."""
    seen = {reference for part in plan.parts.values() for reference in (*part.sees.values(), *part.outside, *part.ends)}
    seen |= {term for s in plan.signals.values() for term in s.terms}
    own = {f"drive.{name}" for name in _OWN_CONTROLS}
    return [
        name
        for name, part in plan.of_kind(Drive).items()
        if own & set(part.sees.values()) and not {name, f"drive.{name}"} & seen
    ]


def _surroundings(plan: Blueprint, p: Parameters) -> Blueprint:
    """Pressure around heart and lungs: that of the chest, with breath and strain, less the pull of the lungs."""
    return strained(plan, p).add("pleural", Surrounding(mean=p["circ_pleural"]), sees={"swing": "drive.thorax"})


def _heart(plan: Blueprint, p: Parameters) -> Blueprint:
    here = {"position": p.value("height_atrium"), "outside": {"pleural": 1.0}}
    sees = {"phase": "state.heart.phase", "rate": "state.heart.rate", "drive": "state.action.heart"}
    rounding = p["circ_valve_rounding"]
    for side, stem in (("left", "lv"), ("right", "rv")):
        law = Ventricle(
            elastance=p[f"circ_{stem}_elastance"], unstressed=p[f"circ_{stem}_unstressed"],
            passive=p[f"circ_{stem}_passive"], stiffness=p[f"circ_{stem}_stiffness"],
            peak=p["circ_peak"], systole=p["circ_systole"], shortening=p["circ_systole_shortening"],
            gain=p["baro_gain_heart"],
        )  # fmt: skip
        plan = plan.add(f"heart.{side}", law, sees=sees, start=p.value("circ_start_ventricle"), **here)
    pleural = p.value("circ_pleural")
    cavae = CollapsingWall(
        compliance=p["circ_cava_compliance"], unstressed=p["circ_cava_volume"], corner=p["vein_corner"]
    )

    def held(compliance: str, volume: str, pressure: float) -> float:
        return p.value(volume) + p.value(compliance) * (pressure - pleural)

    return (
        plan.add(
            "lungs.arteries",
            LinearWall(compliance=p["circ_lung_arteries"], unstressed=p["circ_lung_artery_volume"]),
            start=held("circ_lung_arteries", "circ_lung_artery_volume", p.value("circ_start_lung_artery")), **here,
        )
        .add(
            "lungs.veins", LinearWall(compliance=p["circ_lung_veins"], unstressed=p["circ_lung_vein_volume"]),
            start=held("circ_lung_veins", "circ_lung_vein_volume", p.value("circ_start_lung_vein")), **here,
        )
        .add("cvp", cavae, start=cavae.volume(p.value("ga_Pcv") - pleural), **here)
        .join(
            "valve.tricuspid", ("cvp", "heart.right"), OneWay(resistance=p["circ_tricuspid"], rounding=rounding),
            fluid="blood",
        )
        .join(
            "valve.pulmonary", ("heart.right", "lungs.arteries"),
            OneWay(resistance=p["circ_rv_outflow"], rounding=rounding), fluid="blood",
        )
        .join("lungs", ("lungs.arteries", "lungs.veins"), Resistance(resistance=p["circ_lung"]), fluid="blood")
        .join(
            "valve.mitral", ("lungs.veins", "heart.left"), OneWay(resistance=p["circ_mitral"], rounding=rounding),
            fluid="blood",
        )
        .join(
            "valve.aortic", ("heart.left", "abp"), OneWay(resistance=p["circ_lv_outflow"], rounding=rounding),
            fluid="blood",
        )
    )  # fmt: skip


def _arteries(plan: Blueprint, p: Parameters) -> Blueprint:
    """Aorta within the chest, arteries beyond it, and the inertia between that makes the dicrotic wave."""
    aorta, beyond = p.value("circ_aorta"), p.value("circ_arteries")
    heart, rest = p.value("height_atrium"), p.value("map_supine")
    unstressed = p.value("circ_artery_volume")
    v_aorta, v_beyond = (unstressed * c / (aorta + beyond) for c in (aorta, beyond))
    return (
        plan.add(
            "abp", LinearWall(compliance=p["circ_aorta"], unstressed=v_aorta), position=heart,
            outside={"pleural": 1.0}, start=v_aorta + aorta * (rest - p.value("circ_pleural")),
        )
        .add(
            "body.arteries", LinearWall(compliance=p["circ_arteries"], unstressed=v_beyond), position=heart,
            start=v_beyond + beyond * rest,
        )
        .join(
            "aorta", ("abp", "body.arteries"),
            FluidColumn(inertance=p["circ_aorta_inertance"], resistance=p["circ_aorta_resistance"]),
            fluid="blood", start=p.value("ul_qn"),
        )
    )  # fmt: skip


def _veins(plan: Blueprint, p: Parameters) -> Blueprint:
    """Three beds with their veins: the upper body at the heart, belly and legs below it."""
    heart = p.value("height_atrium")
    depth = {"upper": 0.0, "abdomen": p.value("circ_depth_abdomen"), "legs": p.value("circ_depth_legs")}
    outside = {"abdomen": {"abdomen": 1.0}}
    gain = {"abdomen": p["baro_gain_abdomen"]}
    for name, stem in BEDS.items():
        law = VenousReservoir(
            compliance=p[f"circ_{stem}_compliance"], unstressed=p[f"circ_{stem}_volume"],
            stiffening=p[f"circ_{stem}_stiffening"], mobilised=p[f"baro_veins_{stem}"],
            corner=p["vein_corner"],
        )  # fmt: skip
        size, soft = p.value(f"circ_{stem}_stiffening"), p.value(f"circ_{stem}_compliance")
        start = p.value(f"circ_{stem}_volume") + size * math.asinh(p.value(f"circ_start_{stem}") * soft / size)
        plan = plan.add(
            name, law, sees={"drive": "state.action.veins"}, position=heart + depth[stem],
            outside=outside.get(stem, {}), start=start,
        ).join(
            f"bed.{stem}", ("body.arteries", name),
            RegulatedBed(resistance=p[f"circ_{stem}"], gain=gain.get(stem, p["baro_gain_elsewhere"])),
            sees={"drive": "state.action.resistance"}, fluid="blood",
        )  # fmt: skip
    return (
        plan.join(
            "return.upper", ("body.upper", "cvp"), Resistance(resistance=p["circ_upper_return"]), fluid="blood"
        )
        .join(
            "return.abdomen", ("body.abdomen", "cvp"), Resistance(resistance=p["circ_abdomen_return"]), fluid="blood"
        )
        # Valves of the leg veins: on standing up blood does not fall back into them.
        .join(
            "return.legs", ("body.legs", "body.abdomen"),
            OneWay(resistance=p["circ_legs_return"], rounding=p["circ_valve_rounding"]), fluid="blood",
        )
    )  # fmt: skip


def _filled(plan: Blueprint, p: Parameters) -> Blueprint:
    """The abdominal veins start with what the blood volume leaves them, so that it is met exactly."""
    others = sum(plan.part(name).start for name in BLOOD if name != "body.abdomen")
    left = p.value("circ_blood_volume") - others
    if left <= 0:
        raise CisternaError(
            "the blood volume does not fill the vessels", where="circ_blood_volume",
            found=f"{p.value('circ_blood_volume'):.0f} mL, the vessels hold {others:.0f}", mend="raise it",
        )  # fmt: skip
    return plan.replace("body.abdomen", start=left)


def ends_at_home(plan: Blueprint) -> Blueprint:
    """Form CSF from blood and let what leaves along nerve roots return to it, so that blood volume is kept.

    Neither law looks at the pressure at its far end, so flows stay as they were. `closed_heart` does it for the
    paths a plan has; a plan that gets its CSF later does it then.
    """
    for name, part in plan.parts.items():
        if isinstance(part.law, Source) and part.ends[0] == OUTSIDE:
            plan = plan.replace(name, ends=("abp", part.ends[1]))
        elif isinstance(part.law, SpinalAbsorption) and part.ends[1] == OUTSIDE:
            plan = plan.replace(name, ends=(part.ends[0], "cvp"))
    return plan


def _one_cava(plan: Blueprint) -> Blueprint:
    """What ends in the plan's own vena cava ends at `cvp`, which is one already."""
    if _CAVA not in plan.parts:
        return plan
    plan = plan.remove(_CAVA, _INTO_HEART)
    for name, part in plan.parts.items():
        if _CAVA in part.ends:
            plan = plan.replace(name, ends=tuple("cvp" if end == _CAVA else end for end in part.ends))
    return plan


def _signals(plan: Blueprint) -> Blueprint:
    for name in _PRESCRIBED:
        if name not in plan.signals:
            plan = plan.signal(name, f"pressure.{name}", "mmHg", "heart")
    return (
        plan.signal("heart_rate", "state.heart.rate", "1/min")
        .signal("flow_aorta", "flow.valve.aortic", "mL/s")
        .signal("volume_heart.left", "volume.heart.left", "mL")
        .signal("volume_heart.right", "volume.heart.right", "mL")
        .signal("pressure_heart.left", "pressure.heart.left", "mmHg", "heart")
        .signal("pressure_lung.arteries", "pressure.lungs.arteries", "mmHg", "heart")
        .signal("pressure_lung.veins", "pressure.lungs.veins", "mmHg", "heart")
        .signal("volume_body", {f"volume.{name}": 1.0 for name in BLOOD}, "mL")
        .signal("volume_legs", "volume.body.legs", "mL")
    )
