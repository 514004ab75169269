"""The two steps a session adds to the protocol language: listening and holding."""

from __future__ import annotations

from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import from_internal
from cisterna.protocol.step import Step, quantity, step, word
from cisterna.sessions.technique import technique


@step
class Listen(Step):
    """Hands rest on each station in turn and only listen: nothing is loaded."""

    name = "listen"
    summary = "listen at the seven stations in turn, without load"

    duration: float = quantity("s", "time for all stations together", key="for", above=0.0)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        context.mark(start, self.duration, "listening at the stations")
        return start + self.duration

    def words(self) -> str:
        return f"listens at the stations, {minutes(self.duration)} in all"


@step
class Hold(Step):
    """A technique: all its hands at once, the force built up, held and taken away.

    `force` is that of each hand. Hands on the skull narrow it by the sum of g . F; hands elsewhere do not.
    """

    name = "hold"
    summary = "a technique: hands, force, how long held"

    technique: str = word("name of a technique, e.g. frontal_lift")
    duration: float = quantity("s", "whole hold, ramps included", key="for", above=0.0)
    force: float = quantity("gf", "force of each hand", row="touch_5g_force", least=0.0)
    ramp: float = quantity("s", "time to full force, and back", row="touch_ramp_time", least=0.0)

    def __post_init__(self) -> None:
        Step.__post_init__(self)
        technique(self.technique)

    def apply(self, schedule: Any, start: float, context: Any) -> float:
        made = technique(self.technique)
        ramp = min(self.ramp, self.duration / 2)
        if not made.infant and context.age < context.parameters.value("age_touch_rules") / _YEAR:
            mend = "choose a technique without load on the head or neck"
            raise CisternaError(f"'{made.name}' is not allowed on an infant", found=f"{context.age:g} years", mend=mend)
        corners = (0.0, ramp, self.duration - ramp, self.duration)
        heights = (0.0, self.force, self.force, 0.0)
        volume = 0.0
        for station, way in made.hands.items():
            volume += context.touch_volume(station, self.force, way)
            context.force(station, [(start + t, f) for t, f in zip(corners, heights, strict=True)])
        if "touch.volume" in schedule.tracks:
            context.add(schedule, "touch.volume", volume, start, self.duration, ramp)
        context.mark(start, self.duration, f"{made.title}: {self.size()} each hand")
        return start + self.duration

    def size(self) -> str:
        """The force of each hand in words."""
        return f"{from_internal(self.force, 'gf'):.3g} gf"

    def words(self) -> str:
        return f"{technique(self.technique).title}, {self.size()}, {minutes(self.duration)}"


def minutes(seconds: float) -> str:
    """A duration as people say it."""
    return f"{seconds / 60:.3g} min" if seconds >= 60 else f"{seconds:.3g} s"


_YEAR = 365.25 * 86400.0
#: What a session file may use besides the steps of every protocol.
SESSION_STEPS: dict[str, type[Step]] = {"listen": Listen, "hold": Hold}
