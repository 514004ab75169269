"""Cranial CSF: ventricles, aqueduct, cisterns and cortical space in one vault, joined by their passages.

Energy of the vault: U = S^2 / (2 C) + sum E_i d_i^2 / 2, S everything inside, d_i the volume of a space with the
share of brain and blood that swells into it. So p_i = p_vault + E_i d_i, and a vessel feels the pressure of the
spaces it swells into by the same shares: closure and power hold by structure.
"""

from __future__ import annotations

from collections.abc import Mapping

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.physiology.csf import CranialVault
from cisterna.physiology.paths import FluidColumn, OneWay, Passage, Source
from cisterna.physiology.walls import LinearWall

#: Spaces of cranial CSF, each with the row of its elastance.
SPACES: dict[str, str] = {
    "ventricle.left": "whole_stiff_lateral",
    "ventricle.right": "whole_stiff_lateral",
    "ventricle.third": "whole_stiff_third",
    "ventricle.fourth": "whole_stiff_fourth",
    "cisterna_magna": "whole_stiff_magna",
    "cisterns": "whole_stiff_cisterns",
    "cortex": "whole_stiff_cortex",
}
#: Passages without a jet: name, upper node, lower node, stem of the rows of inertance and resistance.
PASSAGES: tuple[tuple[str, str, str, str], ...] = (
    ("monro.left", "ventricle.left", "ventricle.third", "whole_monro"),
    ("monro.right", "ventricle.right", "ventricle.third", "whole_monro"),
    ("magendie", "ventricle.fourth", "cisterna_magna", "whole_outlet"),
    ("luschka", "ventricle.fourth", "cisterns", "whole_outlet"),
    ("vallecula", "cisterna_magna", "cisterns", "whole_vallecula"),
    ("incisura", "cisterns", "cortex", "whole_incisura"),
)


def production_shares(p: Parameters) -> dict[str, float]:
    """Space -> share of the production; they add up to 1.

    The choroid plexus makes its share in the ventricles, the lateral ones what the third and the fourth leave; the
    tissue makes the rest, which enters over the convexity.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> shares = production_shares(default_parameters())
    >>> round(sum(shares.values()), 12), round(shares["cortex"], 12)
    (1.0, 0.25)
    """
    choroid = p.value("csf_choroid_fraction")
    third, fourth = p.value("whole_made_third"), p.value("whole_made_fourth")
    lateral = remainder(choroid, {"whole_made_third": third, "whole_made_fourth": fourth}, "csf_choroid_fraction") / 2.0
    return {
        "ventricle.left": lateral, "ventricle.right": lateral, "ventricle.third": third, "ventricle.fourth": fourth,
        "cortex": remainder(1.0, {"csf_choroid_fraction": choroid}, "the whole"),
    }  # fmt: skip


def remainder(whole: float, taken: Mapping[str, float], name: str) -> float:
    """What named shares leave of a whole.

    Raises
    ------
    CisternaError
        They take more than there is.
    """
    left = whole - sum(taken.values())
    if left < 0.0:
        raise CisternaError(
            "shares take more than there is", ", ".join(taken),
            f"{sum(taken.values()):.3g} of {name}, which is {whole:.3g}", "lower one of them",
        )  # fmt: skip
    return left


def cranial_csf(plan: Blueprint, p: Parameters) -> Blueprint:
    """Add the vault, its CSF spaces, their passages and production."""
    plan = plan.add(
        "cranium",
        CranialVault(
            reference=p["icp_supine"], skull=p["skull_compliance_human"], residual=p["whole_residual_compliance"]
        ),
        sees={"touch": "drive.touch.volume", "brain": "drive.brain.volume"}, position=0.0,
    )  # fmt: skip
    for name, stiff in SPACES.items():
        plan = plan.add(name, LinearWall(compliance=1.0 / p.value(stiff)), inside="cranium", position=0.0)
    for name, share in production_shares(p).items():
        rate = p.value("csf_production") * share
        plan = plan.join(
            f"production.{name}", ("", name), Source(rate=rate), sees={"factor": "drive.production.factor"}
        )
    for name, upper, lower, stem in PASSAGES:
        law = FluidColumn(inertance=p[f"{stem}_inertance"], resistance=p[f"{stem}_resistance"])
        plan = plan.join(name, (upper, lower), law)
    return plan.join(
        "aqueduct", ("ventricle.third", "ventricle.fourth"),
        Passage(
            inertance=p["whole_aqueduct_inertance"], resistance=p["whole_aqueduct_resistance"],
            loss=p["whole_aqueduct_loss"], corner=p["whole_aqueduct_corner"],
        ),
    )  # fmt: skip


def cranial_absorption(plan: Blueprint, p: Parameters) -> Blueprint:
    """Absorption into the sagittal sinus, and by lymph of nose and neck towards the jugulars."""
    corner = {"rounding": p["corner_pressure"]}
    plan = plan.join("absorption.sinus", ("cortex", "sinus"), OneWay(resistance=p["whole_rout_granulations"], **corner))
    for side in ("left", "right"):
        each = 2.0 * p.value("whole_rout_lymph")
        plan = plan.join(
            f"absorption.lymph.{side}", ("cisterns", f"jugular.upper.{side}"), OneWay(resistance=each, **corner)
        )
    return plan


def made_room(plan: Blueprint, p: Parameters) -> Blueprint:
    """Start the CSF spaces so that the blood in the vault has its room and all stand at one pressure."""
    blood = {name: part for name, part in plan.parts.items() if part.inside and part.fluid == "blood"}
    soft = {name: 1.0 / p.value(stiff) for name, stiff in SPACES.items()}
    direct = sum(part.inside.get("cranium", 0.0) * part.start for part in blood.values())
    for name, part in soft.items():
        swollen = sum(other.inside.get(name, 0.0) * other.start for other in blood.values())
        plan = plan.replace(name, start=-swollen - direct * part / sum(soft.values()))
    return plan
