"""Blood in the head: large arteries, pial bed with its tone, capillaries, veins, bridging veins.

Each bed swells into the CSF spaces by its shares; what is not shared out swells into the vault at large.
"""

from __future__ import annotations

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.regions.ventricles import remainder
from cisterna.physiology.blood import BridgingVeins, CalibreResistance, PialArteries, ToneRegulation, Waterfall
from cisterna.physiology.paths import FluidColumn, Resistance
from cisterna.physiology.walls import ExponentialWall, LinearWall

#: Beds of the head, arteries first.
BEDS = ("arteries.large", "arteries.pial", "capillaries", "veins", "lacunae")


def swells_into(p: Parameters) -> dict[str, float]:
    """Shares by which the pulsating brain swells into the spaces of CSF and, with what is left, into the vault."""
    rows = {name: p.value(f"whole_swell_{name}") for name in ("lateral", "third", "cisterns", "cortex")}
    both = {"whole_swell_lateral": 2.0 * rows["lateral"]} | {
        f"whole_swell_{name}": rows[name] for name in ("third", "cisterns", "cortex")
    }
    return {
        "ventricle.left": rows["lateral"], "ventricle.right": rows["lateral"], "ventricle.third": rows["third"],
        "cisterns": rows["cisterns"], "cortex": rows["cortex"], "cranium": remainder(1.0, both, "the pulsation"),
    }  # fmt: skip


def brain_blood(plan: Blueprint, p: Parameters) -> Blueprint:
    """Add the blood of the head to a plan that holds ``abp`` and the cranial CSF; it ends in ``lacunae``."""
    arteriolar = {"coefficient": p["ga_kR"], "basal": p["ga_Cpan"], "share": 0.5}
    calibre = {"volume": "volume.arteries.pial"}
    brain = {"inside": swells_into(p), "position": 0.0, "fluid": "blood"}
    # They lie in the CSF over the convexity: it makes room for them, and presses on them.
    around = {"inside": "cortex", "position": 0.0, "fluid": "blood"}
    blood = {"fluid": "blood"}
    veins = p.value("axis_vein_height")
    return (
        plan.add(
            "arteries.large", LinearWall(compliance=p["whole_large_compliance"]), inside="cisterns", position=0.0,
            fluid="blood", start=1.2,
        )
        .add(
            "arteries.pial",
            PialArteries(basal=p["ga_Cpan"], dilation=p["ga_Cpa1"], constriction=p["ga_Cpa2"]),
            sees={"tone": "state.tone"}, **brain, start=9.6,
        )
        .add("capillaries", LinearWall(compliance=p["whole_capillary_compliance"]), **brain, start=0.5)
        .add(
            "veins",
            ExponentialWall(
                rest=veins + p.value("ga_Pv1"), asymptote=p["ga_Pv1"], compliance=1.0 / (p.value("ga_kven") * veins)
            ),
            **around,
        )
        .add(
            "lacunae",
            BridgingVeins(
                floor=p["whole_lacuna_floor"], rest=p["whole_lacuna_rest"], stiffness=p["whole_lacuna_stiffness"],
                capacity=p["axis_lacuna_volume"], room=p["whole_lacuna_room"], resistance=p["whole_collapse"],
            ),
            **around,
        )
        .add(
            "tone", ToneRegulation(gain=p["ga_Gaut"].value, time=p["ga_tau"], wanted=p["cbf_total"]),
            sees={"flow": "flow.arterioles.out"},
        )
        .join(
            "neck_arteries", ("abp", "arteries.large"),
            FluidColumn(inertance=p["whole_neck_inertance"], resistance=p["whole_neck_resistance"]), **blood,
            start=11.0,
        )
        .join(
            "arterioles.in", ("arteries.large", "arteries.pial"),
            CalibreResistance(resistance=p["whole_large_resistance"], **arteriolar), sees=calibre, **blood,
        )
        .join(
            "arterioles.out", ("arteries.pial", "capillaries"),
            CalibreResistance(resistance=p["whole_capillary_resistance"], **arteriolar), sees=calibre, **blood,
        )
        .join(
            "venules", ("capillaries", "veins"),
            Resistance(resistance=p.value("ga_Rpv") - p.value("whole_capillary_resistance")), **blood,
        )
        .join(
            "waterfall", ("veins", "lacunae"), Waterfall(resistance=p["ga_Rvs1"], rounding=p["corner_pressure"]),
            **blood,
            # Outside the collapsing ends stands the CSF over the convexity.
            sees={"upstream": "pressure.veins", "downstream": "pressure.lacunae", "outside": "pressure.cortex"},
        )
    )  # fmt: skip
