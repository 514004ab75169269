"""A volume put into, or taken out of, the lumbar CSF in a short time."""

from __future__ import annotations

from typing import Any

from cisterna.protocol.step import Step, plain, quantity, step


@step
class Bolus(Step):
    """Inject a volume at an even rate; a negative volume is withdrawn."""

    name = "bolus"
    summary = "inject a volume into the CSF; a negative volume is withdrawn"

    volume: float = quantity("mL", "volume; negative is withdrawn")
    over: float = quantity("s", "time it takes", above=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        context.add(schedule, "infusion", self.volume / self.over, start, self.over)
        return start + self.over

    def words(self) -> str:
        way = "withdrawn" if self.volume < 0 else "injected"
        return f"{plain(abs(self.volume), 'mL')} {way}"
