"""Poor pressure-volume reserve, as after a head injury with swelling."""

from __future__ import annotations

from cisterna.ground.parameter import default_parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.condition import Condition


class LowCompliance(Condition):
    """Lacunae and sac yield less, so that a given volume raises the pressure more."""

    name = "low_compliance"
    summary = "poor pressure-volume reserve: the yielding walls are about twice as stiff"
    source = "assumed size: pressure-volume index of 10 to 13 mL"
    answers = {"head_injury": "yes", "head_injury_weeks": "1"}
    words = "I had a head injury with brain swelling last week."

    def __call__(self, plan: Blueprint) -> Blueprint:
        factor = default_parameters().value("stiff_factor")
        plan = plan.scale("lacunae.stiffness", by=factor)
        for name in plan.parts:
            if name.startswith("canal."):
                plan = plan.scale(f"{name}.compliance", by=1.0 / factor)
        return plan
