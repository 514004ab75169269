"""The cranial box, and absorption of CSF along the spine."""

from __future__ import annotations

from typing import Any

from cisterna.physiology.component import Compartment, Path, Quantity, Seen, component, quantity
from cisterna.physiology.paths import positive


@component
class CranialBox(Compartment):
    """p = p_ref + (V + V_touch + V_brain) / (C_skull + C_residual): Monro-Kellie.

    V is everything enclosed, V_touch the volume by which hands narrow the box (g F), V_brain a volume imposed
    on it by a hypothesis. The skull's share is mechanics; the residual stands for displaceable volume that no
    other wall owns.
    """

    reference: Quantity = quantity("mmHg", "pressure at zero deviation")
    skull: Quantity = quantity("mL/mmHg", "compliance of the closed skull")
    residual: Quantity = quantity("mL/mmHg", "displaceable cranial volume without another owner")
    sees = {"touch": "mL", "brain": "mL"}
    source = "Monro-Kellie: all volumes in the skull share one box"

    def pressure(self, volume: Any, seen: Seen) -> Any:
        return self.reference + (volume + seen["touch"] + seen["brain"]) / (self.skull + self.residual)


@component
class CranialVault(CranialBox):
    """`CranialBox` as a mere container: its CSF stands in the spaces that lie in it."""

    container = True


@component
class SpinalAbsorption(Path):
    """q = (p - p_epidural)+ / R along nerve roots, driven by the transmural pressure of the sac."""

    resistance: Quantity = quantity("mmHg s/mL", "outflow resistance of the segment")
    rounding: Quantity = quantity("mmHg", "width of the rounded corner")
    sees = {"transmural": "mmHg"}
    grade = "contested"
    source = "Edsbagge et al. 2004 Am J Physiol 287:R1450 doi:10.1152/ajpregu.00740.2003 (existence, not size)"

    def flow(self, drop: Any, seen: Seen) -> Any:
        return positive(seen["transmural"], self.rounding) / self.resistance
