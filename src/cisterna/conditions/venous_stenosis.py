"""Stenosis of both transverse sinuses, as found in idiopathic intracranial hypertension."""

from __future__ import annotations

from cisterna.ground.parameter import default_parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.condition import Condition
from cisterna.model.regions.places import jugular_gates


class VenousStenosis(Condition):
    """The rigid part of the way from sinus to jugular is narrowed."""

    name = "venous_stenosis"
    summary = "both transverse sinuses narrowed, as in idiopathic intracranial hypertension"
    source = "assumed size; Fargen et al. 2020 J Neurointerv Surg 12:320 for the gradients"
    answers = {"iih": "active"}

    def __call__(self, plan: Blueprint) -> Blueprint:
        factor = default_parameters().value("sinus_stenosis_factor")
        for name in jugular_gates(plan):
            plan = plan.scale(f"{name}.rigid", by=factor)
        return plan.scale("plexus.in.resistance", by=factor)
