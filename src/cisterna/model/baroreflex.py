"""The arterial baroreflex in a plan: with authority over a closed heart, or only reported beside a prescribed one."""

from __future__ import annotations

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.physiology.baroreflex import (
    Afferent,
    Baroreceptor,
    HeartPhase,
    HeartRate,
    SympatheticAction,
    SympatheticDrive,
    VagalDrive,
)

#: Effector -> parameter of its time constant.
EFFECTORS = {
    "resistance": "baro_time_resistance",
    "veins": "baro_time_veins",
    "heart": "baro_time_heart",
    "rate": "baro_time_rate",
}


def baroreflex(plan: Blueprint, p: Parameters, pressure: str) -> Blueprint:
    """Add receptor, nerves, effectors, heart rate and the phase of the heart.

    Parameters
    ----------
    plan : Blueprint
        With the drive `gravity` and the density of blood.
    p : Parameters
        The set point is `map_supine`, the resting rate `hr_rest`, so that a person rests at their own.
    pressure : str
        Reference of the arterial pressure at the heart: ``pressure.abp`` or ``drive.abp``.
    """
    plan = _sensed(plan, p, pressure)
    return plan.add("heart.phase", HeartPhase(), sees={"rate": "state.heart.rate"})


def reported_baroreflex(plan: Blueprint, p: Parameters) -> Blueprint:
    """What the reflex would ask for, beside a prescribed heart: it is reported and has no authority.

    Signals ``reflex.heart_rate``; ``reflex.resistance`` and ``reflex.contractility``, the relative changes asked
    of the vessels beyond the belly and of the heart; and ``reflex.venous``, the share of the blood volume that
    the veins are asked to give up.

    Raises
    ------
    CisternaError
        The plan has no prescribed arterial pressure.
    """
    if "abp" not in plan.parts or "heart.phase" not in plan.controls:
        raise CisternaError(
            "a reflex is only reported beside a prescribed heart", where="reported_baroreflex",
            found="no drive 'abp' with a phase", mend="a closed heart has its reflex already",
        )  # fmt: skip
    veins = sum(p.value(f"baro_veins_{bed}") for bed in ("upper", "abdomen", "legs"))
    return (
        _sensed(plan, p, "drive.abp")
        .signal("reflex.heart_rate", "state.heart.rate", "1/min")
        .signal("reflex.resistance", {"state.action.resistance": p.value("baro_gain_elsewhere")}, "1")
        .signal("reflex.contractility", {"state.action.heart": p.value("baro_gain_heart")}, "1")
        .signal("reflex.venous", {"state.action.veins": veins / p.value("circ_blood_volume")}, "1")
    )


def without_baroreflex(plan: Blueprint) -> Blueprint:
    """The same body with both nerves cut: rate, contractility, resistances and veins stay at rest."""
    return plan.with_field("sympathetic.authority", 0.0).with_field("vagal.authority", 0.0)


def _sensed(plan: Blueprint, p: Parameters, pressure: str) -> Blueprint:
    column = plan.densities["blood"] * (p.value("baro_carotid_height") - p.value("height_atrium"))
    receptor = {"lead": p["baro_lead"], "lag": p["baro_lag"], "column": column}
    felt = {"pressure": pressure, "gravity": "drive.gravity"}
    lowest, highest = p.value("baro_lowest"), p.value("baro_highest")
    rest = p.value("map_supine")
    # States start where the resting mean pressure would hold them.
    held = (1.0 - p.value("baro_lead") / p.value("baro_lag")) * rest
    plan = (
        plan.add("baroreceptor", Baroreceptor(**receptor), sees=felt, start=held)
        .add(
            "afferent",
            Afferent(
                **receptor, set_point=p["map_supine"], width=p["baro_width"], lowest=lowest, highest=highest,
                delay=p["baro_delay_vagal"],
            ),
            sees={"receptor": "state.baroreceptor", **felt}, start=0.5 * (lowest + highest),
        )
        .add(
            "sympathetic",
            SympatheticDrive(
                asymptote=p["baro_f_inf"], silent=p["baro_f_0"], decay=p["baro_decay"], threshold=p["baro_threshold"],
                rounding=p["baro_rounding"], rest=p["baro_sympathetic_rest"], delay=p["baro_delay_sympathetic"],
                authority=p["baro_authority"],
            ),
            sees={"afferent": "state.afferent"},
        )
        .add(
            "vagal",
            VagalDrive(
                lowest=p["baro_f_v0"], highest=p["baro_f_vinf"], middle=p["baro_f_middle"],
                width=p["baro_vagal_width"], rest=p["baro_vagal_rest"], delay=p["baro_time_vagal"],
                authority=p["baro_authority"],
            ),
            sees={"afferent": "state.afferent"},
        )
    )  # fmt: skip
    for name, time in EFFECTORS.items():
        plan = plan.add(f"action.{name}", SympatheticAction(time=p[time]), sees={"drive": "state.sympathetic"})
    return plan.add(
        "heart.rate",
        HeartRate(
            rest=p["hr_rest"], sympathetic_gain=p["baro_gain_rate"], vagal_gain=p["baro_gain_vagal"],
            time=p["baro_time_node"],
        ),
        sees={"sympathetic": "state.action.rate", "vagal": "state.vagal"}, start=p.value("hr_rest"),
    )  # fmt: skip
