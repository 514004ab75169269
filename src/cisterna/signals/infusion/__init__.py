"""Infusion, drain and bolus tests: the CSF space behind the pressure, as a posterior."""

from cisterna.signals.infusion.fit import Course, CsfFit, fit_test
from cisterna.signals.infusion.marmarou import Marmarou, Pump, simulate
from cisterna.signals.infusion.measure import InfusionTest, infusion_test
from cisterna.signals.infusion.phases import NoInfusionTest, Phases, find_phases, phases_from_events, stated_phases
from cisterna.signals.infusion.static import bolus_index, bolus_resistance, constant_pressure

__all__ = [
    "Course",
    "CsfFit",
    "InfusionTest",
    "Marmarou",
    "NoInfusionTest",
    "Phases",
    "Pump",
    "bolus_index",
    "bolus_resistance",
    "constant_pressure",
    "find_phases",
    "fit_test",
    "infusion_test",
    "phases_from_events",
    "simulate",
    "stated_phases",
]
