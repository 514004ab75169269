"""Body `whole-closed`: the body `whole` on a heart of its own.

A closed loop of heart, lungs and body takes the place of the two prescribed pressures; thoracic pressure, posture and
the baroreflex act on it. Its pulse has no period that is known beforehand: its rest is found by waiting.
"""

from __future__ import annotations

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.bodies.whole import Whole
from cisterna.model.circulation import closed_heart


class WholeClosed(Whole):
    """Cranium to sacrum on a closed heart with baroreflex."""

    name = "whole-closed"
    twin = "whole"
    summary = "the body whole on a closed loop of heart, lungs and vessels with a baroreflex"

    def plan(self, parameters: Parameters) -> Blueprint:
        return closed_heart(super().plan(parameters), parameters)
