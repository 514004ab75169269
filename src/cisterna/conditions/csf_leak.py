"""A leak of CSF from the lumbar sac (spontaneous or after a puncture)."""

from __future__ import annotations

from cisterna.ground.parameter import default_parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.condition import Condition
from cisterna.model.regions.places import canal_at
from cisterna.physiology.paths import OneWay

#: Level of the leak.
LEVEL = "L3"


class CsfLeak(Condition):
    """A new one-way path from the sac to the tissue around it."""

    name = "csf_leak"
    summary = "CSF leaks from the lumbar sac into the tissue around it"
    source = "assumed size; no resistance of a leak was found measured"
    answers = {"headache": "new", "headache_position": "worse_upright"}
    words = "They found a leak of spinal fluid in my back."

    def __call__(self, plan: Blueprint) -> Blueprint:
        p = default_parameters()
        hole = OneWay(resistance=p["leak_resistance"], rounding=p["corner_pressure"])
        return plan.join("leak", (f"canal.{canal_at(plan, LEVEL)}", "still"), hole)
