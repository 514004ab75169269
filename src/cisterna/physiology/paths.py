"""Paths between compartments: resistances, one-way outflow, fluid columns, sources."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cisterna.physiology.component import Column, Path, Quantity, Seen, component, quantity


def positive(x: Any, width: Any) -> Any:
    """Smooth max(x, 0): exact beyond a few widths, differentiable everywhere."""
    return 0.5 * (x + jnp.sqrt(x * x + width * width))


@component
class Resistance(Path):
    """q = dp / R."""

    resistance: Quantity = quantity("mmHg s/mL", "pressure per flow")

    def flow(self, drop: Any, seen: Seen) -> Any:
        return drop / self.resistance


@component
class OneWay(Path):
    """q = (dp - p_open)+ / R, rounded over `rounding` so that it stays differentiable.

    The shape of absorption through arachnoid granulations (Davson) and of other one-way paths.
    """

    resistance: Quantity = quantity("mmHg s/mL", "pressure per flow")
    opening: Quantity = quantity("mmHg", "driving pressure at which flow begins", default=0.0)
    rounding: Quantity = quantity("mmHg", "width of the rounded corner")
    source = "Davson et al. 1970 Brain 93:665 doi:10.1093/brain/93.4.665"

    def flow(self, drop: Any, seen: Seen) -> Any:
        return positive(drop - self.opening, self.rounding) / self.resistance


@component
class Source(Path):
    """q = rate x factor, whatever the pressure: production of CSF, or an infusion that a protocol sets."""

    rate: Quantity = quantity("mL/s", "flow when the factor is 1")
    sees = {"factor": "1"}

    def flow(self, drop: Any, seen: Seen) -> Any:
        return self.rate * seen["factor"]


@component
class Injection(Path):
    """q = what a control or drive says: an infusion, a bolus, a withdrawal."""

    sees = {"flow": "mL/s"}

    def flow(self, drop: Any, seen: Seen) -> Any:
        return seen["flow"]


@component
class FluidColumn(Column):
    """L q' = dp - R q: a fluid column with inertance L = rho l / A and laminar resistance."""

    inertance: Quantity = quantity("mmHg s2/mL", "rho l / A")
    resistance: Quantity = quantity("mmHg s/mL", "laminar resistance")

    def acceleration(self, flow: Any, drop: Any, seen: Seen) -> Any:
        return (drop - self.resistance * flow) / self.inertance


@component
class Passage(Column):
    """L q' = dp - (R + k |q|) q: a narrow passage, with the loss of a jet at its mouth.

    |q| is rounded over `corner` so that the law is smooth where the flow turns.
    """

    inertance: Quantity = quantity("mmHg s2/mL", "rho l / A")
    resistance: Quantity = quantity("mmHg s/mL", "laminar resistance")
    loss: Quantity = quantity("mmHg s2/mL2", "k: pressure lost per flow squared")
    corner: Quantity = quantity("mL/s", "flow over which |q| is rounded")
    source = "Bernoulli loss rho / (2 A^2) at a sudden widening, Idelchik, Handbook of Hydraulic Resistance"

    def acceleration(self, flow: Any, drop: Any, seen: Seen) -> Any:
        size = jnp.sqrt(flow * flow + self.corner * self.corner)
        return (drop - (self.resistance + self.loss * size) * flow) / self.inertance
