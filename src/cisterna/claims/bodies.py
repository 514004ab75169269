"""Bodies and key parameters that several claims share."""

from __future__ import annotations

from cisterna.claims.bench import Bench
from cisterna.claims.key import Key
from cisterna.ground.parameter import default_parameters
from cisterna.model.blueprint import Blueprint


def residual_key(bench: Bench) -> Key:
    """The displaceable residual, its range such that the pressure-volume index of the age stays in its own.

    A body whose index was set on purpose keeps the range of the row.
    """
    p, rest = bench.person.parameters, bench.rest
    row = p["axis_residual_compliance"]
    scale = bench.residual / row.internal
    low, high = row.low * scale, row.high * scale
    adult = bench.person.age >= p.in_unit("age_adult", "yr")
    index = p["pvi_adult" if adult else "pvi_infant"]
    plain = not any(change is raised_pressure for change in bench.person.changes) and "H-SUT" not in bench.on
    if plain:
        per_index = rest.compliance / rest.pvi
        ends = [bench.residual + (end - rest.pvi) * per_index for end in (index.low, index.high)]
        low, high = max(ends[0], low), max(ends[1], bench.residual)
    return Key(
        "residual", "residual compliance", "mL/mmHg", bench.residual, min(low, bench.residual), high,
        assumed=not plain, source=f"so that the pressure-volume index stays in its range: {index.source}",
        note=f"index of this body {rest.pvi:.1f} mL",
    )  # fmt: skip


def raised_pressure(plan: Blueprint) -> Blueprint:
    """A body with raised pressure and poor reserve: stiffer walls and harder outflow (rows e1_*)."""
    p = default_parameters()
    stiff, outflow = p.value("e1_stiffness_factor"), p.value("e1_outflow_factor")
    plan = plan.scale("lacunae.stiffness", by=stiff)
    for name in plan.parts:
        if name.startswith("canal."):
            plan = plan.scale(f"{name}.compliance", by=1.0 / stiff)
        if name.startswith("absorption."):
            plan = plan.scale(f"{name}.resistance", by=outflow)
    return plan
