"""Size: the same body with every volume times a factor and every pressure and time kept."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from cisterna.ground.units import volume_power
from cisterna.model.blueprint import Blueprint, Control
from cisterna.physiology.component import internal


def similar(plan: Blueprint, factor: float) -> Blueprint:
    """Scale a plan by similarity: a field with volume to the power n in its unit is multiplied by factor^n.

    Compliances and flows grow with the factor, resistances and inertances shrink with it, lengths go with
    its cube root; pressures, times and shapes stay. So the pressure-volume index scales with the factor
    exactly. A body of another age is not just a smaller one: what else differs is set by its own rows.
    """
    if factor == 1.0:
        return plan
    parts = {}
    for name, part in plan.parts.items():
        law = part.law
        fields = {
            key: internal(getattr(law, key), unit, f"{name}.{key}") * factor ** _power(unit)
            for key, unit in law.units().items()
        }
        kind = _power(getattr(law, "unit", "mL"))
        parts[name] = replace(
            part,
            law=type(law)(**fields),
            start=part.start * factor**kind,
            position=None if part.position is None else part.position * factor ** (1 / 3),
        )
    controls = {
        name: Control(control.default * factor ** _power(control.unit), control.unit)
        for name, control in plan.controls.items()
    }
    # Gravity is a field of the Earth, not of the body.
    if "gravity" in parts:
        parts["gravity"] = plan.parts["gravity"]
    return replace(plan, parts=parts, controls=controls)


@lru_cache(maxsize=128)
def _power(unit: str) -> float:
    return volume_power(unit)
