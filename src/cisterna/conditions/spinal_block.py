"""Complete block of the canal between upper and lower thoracic segments (arachnoiditis, tumour)."""

from __future__ import annotations

from cisterna.ground.parameter import default_parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.condition import Condition
from cisterna.model.regions.places import column_into

#: Level into which almost nothing passes.
BLOCKED = "T7"


class SpinalBlock(Condition):
    """Almost no fluid passes T6."""

    name = "spinal_block"
    summary = "complete block of the canal at T6"
    source = "assumed: resistance and inertance a thousand times the normal"
    answers = {"new_weakness_numbness": "yes"}
    words = "My spinal cord is compressed in the chest."

    def __call__(self, plan: Blueprint) -> Blueprint:
        factor = default_parameters().value("spinal_block_factor")
        for field in ("resistance", "inertance"):
            plan = plan.scale(f"{column_into(plan, BLOCKED)}.{field}", by=factor)
        return plan
