"""Veins of the neck: jugulars that collapse when the head is up, and a plexus that stays open.

Conductance after Gadda et al. 2015 AJNR 36:1971 doi:10.3174/ajnr.A4409.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cisterna.physiology.component import Path, Quantity, Seen, component, quantity


@component
class CollapsibleVein(Path):
    """q = n dp / (R + 1/g), g = k (1 + 2/pi atan((p - p_ext) / A))^2.

    g goes to 4 k when the vein is distended and to nearly 0 when it is collapsed; R is a rigid part in
    series and n the number of equal veins side by side.
    """

    conductance: Quantity = quantity("mL/(mmHg s)", "k of one vein")
    sensitivity: Quantity = quantity("mmHg", "A: how sharply it collapses")
    external: Quantity = quantity("mmHg", "pressure around the vein at rest", default=0.0)
    rigid: Quantity = quantity("mmHg s/mL", "rigid resistance in series, of one vein", default=0.0)
    count: Quantity = quantity("1", "equal veins side by side", default=1.0)
    sees = {"inside": "mmHg", "outside": "mmHg"}
    source = "Gadda et al. 2015 AJNR 36:1971 doi:10.3174/ajnr.A4409"

    def flow(self, drop: Any, seen: Seen) -> Any:
        across = seen["inside"] - self.external - seen["outside"]
        openness = 1.0 + 2.0 / jnp.pi * jnp.arctan(across / self.sensitivity)
        g = self.conductance * openness**2
        return self.count * drop * g / (1.0 + self.rigid * g)
