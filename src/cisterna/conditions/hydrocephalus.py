"""Communicating hydrocephalus: every way out of the CSF is harder."""

from __future__ import annotations

from cisterna.ground.parameter import default_parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.condition import Condition
from cisterna.physiology.csf import SpinalAbsorption
from cisterna.physiology.paths import OneWay


class CommunicatingHydrocephalus(Condition):
    """Outflow resistance raised to what was measured in candidates for a shunt."""

    name = "hydrocephalus"
    summary = "communicating hydrocephalus: outflow resistance 18 instead of 8.6 mmHg/(mL/min)"
    source = "Andersson et al. 2011 Fluids Barriers CNS 8:15 doi:10.1186/2045-8118-8-15"
    words = "I have hydrocephalus that has not been treated."

    def __call__(self, plan: Blueprint) -> Blueprint:
        p = default_parameters()
        factor = p.value("r_out_nph") / p.value("r_out_healthy_elderly")
        for name, part in plan.of_kind(OneWay, SpinalAbsorption).items():
            if part.ends[0] and name.startswith("absorption"):
                plan = plan.scale(f"{name}.resistance", by=factor)
        return plan
