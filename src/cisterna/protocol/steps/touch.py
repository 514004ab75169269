"""A hand on the body: a force in a direction, built up, held and taken away."""

from __future__ import annotations

from typing import Any

from cisterna.protocol.context import check_touch
from cisterna.protocol.step import Step, plain, quantity, step, word


@step
class Touch(Step):
    """Press or draw at a station: up over `ramp`, held, down over `ramp`.

    On the head the skull narrows by g . F (`Context.touch_volume`), linear in the force; elsewhere the volume
    of the skull stays as it is. The force over time and its event stand in the recording either way.
    """

    name = "touch"
    summary = "a hand at a station: force, direction, how long held"

    station: str = word("place, e.g. frontal.R")
    force: float = quantity("gf", "size of the force", least=0.0)
    direction: Any = word("inward, outward, medial, lateral, cephalad, caudad, anterior, posterior, or three numbers "
                          "(right, front, up)", default="inward", vector=True)  # fmt: skip
    hold: float = quantity("s", "how long at full force", above=0.0)
    ramp: float = quantity("s", "time to full force, and back", row="touch_ramp_time", least=0.0)

    def __post_init__(self) -> None:
        Step.__post_init__(self)
        check_touch(self.station, self.direction)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        whole = self.hold + 2 * self.ramp
        volume = context.touch_volume(self.station, self.force, self.direction)
        context.add(schedule, "touch.volume", volume, start, whole, self.ramp)
        corners = (0.0, self.ramp, self.ramp + self.hold, whole)
        heights = (0.0, self.force, self.force, 0.0)
        context.force(self.station, [(start + t, f) for t, f in zip(corners, heights, strict=True)])
        context.mark(start, whole, f"force({self.station}): {self._size()}")
        return start + whole

    def _size(self) -> str:
        way = self.direction
        if not isinstance(way, str):
            way = "along " + ", ".join(f"{part:g}" for part in way)
        return f"{plain(self.force, 'gf')} {way}"

    def words(self) -> str:
        return f"hand at {self.station}, {self._size()}, held {plain(self.hold, 's')}"
