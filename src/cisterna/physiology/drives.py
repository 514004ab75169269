"""Signals imposed on the body: heart, breath, gravity, recordings."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from cisterna.physiology.component import Drive, Quantity, Seen, component, quantity


@component
class Pulse(Drive):
    """Arterial pressure: mean + shift + pulse pressure x shape(phase), the shape a sum of three smooth bumps.

    Systolic peak, tidal shoulder and dicrotic wave are bumps exp(k (cos 2 pi (phase - place) - 1)); the
    shape has zero mean and unit range (`mean_of_shape` and `range_of_shape` are computed once, see `shape`).
    """

    mean: Quantity = quantity("mmHg", "mean arterial pressure at heart level")
    pulse: Quantity = quantity("mmHg", "pulse pressure")
    place1: Quantity = quantity("1", "phase of the systolic peak")
    place2: Quantity = quantity("1", "phase of the tidal shoulder")
    place3: Quantity = quantity("1", "phase of the dicrotic wave")
    width1: Quantity = quantity("1", "width of the systolic peak, share of the beat")
    width2: Quantity = quantity("1", "width of the tidal shoulder")
    width3: Quantity = quantity("1", "width of the dicrotic wave")
    height2: Quantity = quantity("1", "height of the shoulder over the peak")
    height3: Quantity = quantity("1", "height of the dicrotic wave over the peak")
    mean_of_shape: Quantity = quantity("1", "mean of the raw shape", default=0.0)
    range_of_shape: Quantity = quantity("1", "range of the raw shape", default=1.0)
    sees = {"phase": "1", "shift": "mmHg", "strength": "1"}
    unit = "mmHg"

    def raw(self, phase: Any, xp: Any = jnp) -> Any:
        """Sum of the three bumps; `xp` is the array library."""

        def bump(place: Any, width: Any) -> Any:
            sharpness = 1.0 / (2.0 * xp.pi * width) ** 2
            return xp.exp(sharpness * (xp.cos(2.0 * xp.pi * (phase - place)) - 1.0))

        return (
            bump(self.place1, self.width1)
            + self.height2 * bump(self.place2, self.width2)
            + self.height3 * bump(self.place3, self.width3)
        )

    def signal(self, time: Any, seen: Seen) -> Any:
        shape = (self.raw(seen["phase"]) - self.mean_of_shape) / self.range_of_shape
        return self.mean + seen["shift"] + self.pulse * seen["strength"] * shape

    @staticmethod
    def normalised(**fields: Any) -> Pulse:
        """A pulse whose shape is scaled to zero mean and unit range."""
        plain = Pulse(**fields)
        numbers = Pulse(**plain.numbers("pulse"))
        values = numbers.raw(np.linspace(0.0, 1.0, 2000, endpoint=False), np)
        return Pulse(
            **{
                **fields,
                "mean_of_shape": float(values.mean()),
                "range_of_shape": float(values.max() - values.min()),
            }
        )


@component
class Breath(Drive):
    """Breathing, -1 at the end of breathing out and +1 at the end of breathing in, times the depth."""

    inspiration: Quantity = quantity("1", "share of the breath spent breathing in")
    sees = {"phase": "1", "depth": "1"}
    unit = "1"

    def signal(self, time: Any, seen: Seen) -> Any:
        phase = seen["phase"] - jnp.floor(seen["phase"])
        # The phase is bent so that breathing in takes its share; the bend is smooth at both turns.
        bent = phase + (0.5 - self.inspiration) / jnp.pi * jnp.sin(jnp.pi * phase) ** 2 * 2.0
        return -seen["depth"] * jnp.cos(2.0 * jnp.pi * bent)


@component
class Following(Drive):
    """mean + gain x another signal: thoracic, abdominal and central venous pressure follow the breath."""

    mean: Quantity = quantity("mmHg", "value without the other signal", default=0.0)
    gain: Quantity = quantity("mmHg", "amplitude per unit of the other signal")
    sees = {"other": "1"}
    unit = "mmHg"

    def signal(self, time: Any, seen: Seen) -> Any:
        return self.mean + self.gain * seen["other"]


@component
class AxialGravity(Drive):
    """g sin(tilt): gravity along the axis, positive towards the feet when the head is up."""

    gravity: Quantity = quantity("cm/s2", "acceleration of gravity")
    sees = {"tilt": "deg"}
    unit = "cm/s2"

    def signal(self, time: Any, seen: Seen) -> Any:
        return self.gravity * jnp.sin(seen["tilt"])


@component
class Upright(Drive):
    """factor x (1 - fall g sin(tilt) / g0): what sitting up takes from the stroke of the heart, and so from its pulse.

    Blood pools below the heart and less returns to it; head down it is the other way round, weightless nothing falls.
    """

    fall: Quantity = quantity("1", "share lost when the body stands upright")
    standard: Quantity = quantity("cm/s2", "g0: gravity under which it is lost")
    sees = {"factor": "1", "gravity": "cm/s2"}
    unit = "1"
    grade = "plausible"
    source = "first order in the column of blood below the heart: assumed"

    def signal(self, time: Any, seen: Seen) -> Any:
        return seen["factor"] * (1.0 - self.fall * seen["gravity"] / self.standard)


@component
class FluidHead(Drive):
    """rho g sin(tilt) h: pressure of a fluid column of a height, for a pressure stated at another level."""

    density: Quantity = quantity("kg/m3", "density of the fluid")
    height: Quantity = quantity("cm", "height of the column, towards the feet")
    sees = {"gravity": "cm/s2"}
    unit = "mmHg"

    def signal(self, time: Any, seen: Seen) -> Any:
        return self.density * self.height * seen["gravity"]


@component
class Sinus(Drive):
    """A volume imposed at a steady rate: amplitude sin(2 pi f t). A hypothesis, never physiology."""

    amplitude: Quantity = quantity("mL", "half of the peak-to-peak volume")
    frequency: Quantity = quantity("1/s", "rate")
    unit = "mL"
    grade = "contested"

    def signal(self, time: Any, seen: Seen) -> Any:
        return self.amplitude * jnp.sin(2.0 * jnp.pi * self.frequency * time)
