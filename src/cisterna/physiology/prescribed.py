"""A blood volume that is prescribed: the source that keeps a compartment on a measured course."""

from __future__ import annotations

from typing import Any

from cisterna.physiology.component import Path, Quantity, Seen, component, quantity


@component
class PrescribedVolume(Path):
    """q = dV*/dt + (V* - V) / tau: the source through which a compartment follows a prescribed volume V*.

    The first term alone would do it; the second takes back what rounding and the start leave, and gives the volume
    a stable state of its own, so that a periodic state of the body can be searched for.
    """

    time: Quantity = quantity("s", "time in which a deviation from the prescribed volume is taken back")
    sees = {"rate": "mL/s", "wanted": "mL", "volume": "mL"}
    source = "a prescribed volume; follows from conservation"

    def flow(self, drop: Any, seen: Seen) -> Any:
        return seen["rate"] + (seen["wanted"] - seen["volume"]) / self.time
