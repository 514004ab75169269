"""Posture: the angle of the body's axis against the horizontal, head up positive."""

from __future__ import annotations

import math
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.protocol.step import Step, plain, quantity, step


def move(schedule: Any, angle: float, start: float, over: float, context: Any) -> float:
    """Turn the body to an angle (rad) over some seconds; returns the time of arrival (s)."""
    context.need(schedule, "tilt")
    schedule.ramp("tilt", angle, start, over)
    return start + over


@step
class Tilt(Step):
    """Turn the body to an angle and stay there."""

    name = "tilt"
    summary = "turn the body to an angle, head up positive, and stay there"

    angle: float = quantity("deg", "angle of the body's axis against the horizontal, head up positive")
    over: float = quantity("s", "time the movement takes", row="posture_change_time", least=0.0)
    duration: float = quantity("s", "time spent there after the movement", default=0.0, key="for", least=0.0)

    def __post_init__(self) -> None:
        Step.__post_init__(self)
        if abs(self.angle) > math.pi / 2 + 1e-9:
            raise CisternaError("angle is beyond upright", found=plain(self.angle, "deg"), mend="give -90 to 90 deg")

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        return move(schedule, self.angle, start, self.over, context) + self.duration

    def words(self) -> str:
        return f"turned to {plain(self.angle, 'deg')} over {plain(self.over, 's')}"
