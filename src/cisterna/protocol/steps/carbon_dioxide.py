"""Arterial carbon dioxide: breathed in, or breathed off."""

from __future__ import annotations

from typing import Any

from cisterna.protocol.step import Step, plain, quantity, step


@step
class CarbonDioxide(Step):
    """Bring arterial carbon dioxide to a pressure and keep it there."""

    name = "carbon_dioxide"
    summary = "bring arterial carbon dioxide to a pressure and keep it there"

    pressure: float = quantity("mmHg", "arterial partial pressure; the body's own at rest is the row paco2", least=0.0)
    over: float = quantity("s", "time the change takes", default=0.0, least=0.0)
    duration: float = quantity("s", "time spent there after the change", default=0.0, key="for", least=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        schedule.ramp(context.need(schedule, "paco2"), self.pressure, start, self.over)
        return start + self.over + self.duration

    def words(self) -> str:
        return f"arterial carbon dioxide to {plain(self.pressure, 'mmHg')} over {plain(self.over, 's')}"
