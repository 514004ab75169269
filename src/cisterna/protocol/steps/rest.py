"""Nothing is done."""

from __future__ import annotations

from typing import Any

from cisterna.protocol.step import Step, quantity, step


@step
class Rest(Step):
    """Time passes; inputs stay as they are."""

    name = "rest"
    summary = "time passes, nothing is changed"

    duration: float = quantity("s", "how long", key="for", above=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        return start + self.duration

    def words(self) -> str:
        return "nothing is changed"
