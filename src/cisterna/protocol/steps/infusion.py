"""Fluid into the lumbar CSF at a steady rate."""

from __future__ import annotations

from typing import Any

from cisterna.protocol.step import Step, plain, quantity, step


@step
class Infusion(Step):
    """Infuse at a constant rate for a time; a negative rate drains."""

    name = "infusion"
    summary = "infuse into the CSF at a constant rate; a negative rate drains"

    rate: float = quantity("mL/min", "rate; negative drains")
    duration: float = quantity("s", "how long", key="for", above=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        context.add(schedule, "infusion", self.rate, start, self.duration)
        return start + self.duration

    def words(self) -> str:
        volume = plain(abs(self.rate) * self.duration, "mL")
        way = "drained" if self.rate < 0 else "infused"
        return f"{plain(abs(self.rate), 'mL/min')} {way}, {volume} in all"
