"""Sitting up."""

from __future__ import annotations

import math
from typing import Any

from cisterna.protocol.step import Step, plain, quantity, step
from cisterna.protocol.steps.tilt import move


@step
class Seated(Step):
    """Trunk and head upright: the axis from head to sacrum stands at 90 degrees."""

    name = "seated"
    summary = "sit up, trunk and head upright, and stay there"

    over: float = quantity("s", "time the movement takes", row="posture_change_time", least=0.0)
    duration: float = quantity("s", "time spent there after the movement", default=0.0, key="for", least=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        return move(schedule, math.pi / 2, start, self.over, context) + self.duration

    def words(self) -> str:
        return f"sits up over {plain(self.over, 's')}"
