"""Chiari I: the cerebellar tonsils narrow the passage at the foramen magnum."""

from __future__ import annotations

from cisterna.ground.parameter import default_parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.condition import Condition
from cisterna.model.regions.places import foramen_ways


class Chiari(Condition):
    """Friction at the foramen magnum is multiplied."""

    name = "chiari"
    summary = "Chiari I: the passage at the foramen magnum is narrowed"
    source = "assumed size; Haughton et al. 2003 AJNR 24:169 for the velocities"
    answers = {"chiari": "yes"}

    def __call__(self, plan: Blueprint) -> Blueprint:
        for name in foramen_ways(plan):
            plan = plan.scale(f"{name}.resistance", by=default_parameters().value("chiari_narrowing"))
        return plan
