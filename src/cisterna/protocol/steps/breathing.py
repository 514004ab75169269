"""Breathing at another rate or depth."""

from __future__ import annotations

from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.protocol.step import Step, plain, quantity, step


@step
class Breathing(Step):
    """Breathe at a rate and depth from now on, until another breathing step; depth 0 holds the breath.

    Depth scales the amplitudes of thoracic, abdominal and central venous pressure together.
    """

    name = "breathing"
    summary = "breathe at a rate and a depth from now on; depth 0 holds the breath"

    rate: float = quantity("1/min", "breaths per time; the person's own when left out", default=0.0, least=0.0)
    depth: float = quantity("1", "depth against quiet breathing", default=1.0, least=0.0)
    over: float = quantity("s", "time the depth takes to change", row="breath_change_time", least=0.0)
    duration: float = quantity("s", "how long before the next step", default=0.0, key="for", least=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        context.need(schedule, "breath.phase")
        if self.duration and self.duration < self.over:
            raise CisternaError("breathing has changed its depth after the step has ended", mend="give a longer 'for'")
        if self.rate > 0.0:
            schedule.run("breath.phase", self.rate, start)
        schedule.ramp("breath.depth", self.depth, start, self.over)
        return start + max(self.duration, self.over)

    def words(self) -> str:
        if self.depth == 0.0:
            return "the breath is held"
        rate = f"breathes {plain(self.rate, '1/min')}" if self.rate > 0.0 else "breathes at the own rate"
        return f"{rate}, {self.depth:g} times as deep as quiet breathing"
