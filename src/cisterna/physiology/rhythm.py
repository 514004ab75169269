"""An oscillator of its own in the brain, as H-PRM says: a hypothesis, never physiology.

Law: phi' = 2 pi f (1 + eps cos(2 pi f_w t)), V = A sin(phi), the rate wandering slowly by a share eps. The
phase has a closed form, so the drive needs no state and starts at zero volume.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cisterna.physiology.component import Drive, Seen, component, quantity


@component
class PrimaryRhythm(Drive):
    """V = A sin(2 pi f t + eps f / f_w sin(2 pi f_w t)): volume by which the brain swells and shrinks.

    Examples
    --------
    >>> law = PrimaryRhythm(amplitude=2.0, frequency=0.15, wander=0.0, wander_rate=0.02)
    >>> round(float(law.signal(1 / 0.6, {})), 6)  # a quarter of a cycle
    2.0
    """

    amplitude: float = quantity("mL", "half of the peak-to-peak volume")
    frequency: float = quantity("1/s", "mean rate")
    wander: float = quantity("1", "share by which the rate wanders")
    wander_rate: float = quantity("1/s", "rate at which it wanders")
    unit = "mL"
    grade = "contested"
    source = "primary respiratory mechanism (Sutherland, Magoun); no generator was found in tissue"

    def signal(self, time: Any, seen: Seen) -> Any:
        slow = jnp.sin(2.0 * jnp.pi * self.wander_rate * time)
        phase = 2.0 * jnp.pi * self.frequency * time + self.wander * self.frequency / self.wander_rate * slow
        return self.amplitude * jnp.sin(phase)
