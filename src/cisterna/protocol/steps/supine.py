"""Lying down on the back."""

from __future__ import annotations

from typing import Any

from cisterna.protocol.step import Step, plain, quantity, step
from cisterna.protocol.steps.tilt import move


@step
class Supine(Step):
    """Flat on the back, the posture every run begins in."""

    name = "supine"
    summary = "lie down flat on the back, and stay there"

    over: float = quantity("s", "time the movement takes", row="posture_change_time", least=0.0)
    duration: float = quantity("s", "time spent there after the movement", default=0.0, key="for", least=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        return move(schedule, 0.0, start, self.over, context) + self.duration

    def words(self) -> str:
        return f"lies down over {plain(self.over, 's')}"
