"""A change of arterial pressure from outside the head: a drug, a cuff, a bleed."""

from __future__ import annotations

from typing import Any

from cisterna.protocol.step import Step, plain, quantity, step


@step
class ArterialPressure(Step):
    """Shift mean arterial pressure to its resting value plus `change`, and keep it there."""

    name = "arterial_pressure"
    summary = "shift mean arterial pressure to its resting value plus a change, and keep it there"

    change: float = quantity("mmHg", "change against the resting value; 0 goes back to it")
    over: float = quantity("s", "time the change takes", default=0.0, least=0.0)
    duration: float = quantity("s", "time spent there after the change", default=0.0, key="for", least=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        # A body with a pulse has a shift of its own; one without takes the mean pressure itself.
        name = context.need(schedule, "abp.shift", "abp")
        schedule.ramp(name, context.rest[name] + self.change, start, self.over)
        return start + self.over + self.duration

    def words(self) -> str:
        if self.change == 0.0:
            return f"arterial pressure back at rest over {plain(self.over, 's')}"
        change = plain(self.change, "mmHg")
        return f"arterial pressure {'+' if self.change > 0 else ''}{change} against rest, over {plain(self.over, 's')}"
