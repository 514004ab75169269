"""What the invented numbers of the teaching would have to be: solved for their targets, not typed.

Each required number of `hypotheses.csv` is the start value of a solve for the target its law names. The row
printed here holds target, start value, solved value, and its multiple of the published centre.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import from_internal
from cisterna.model.person import Person
from cisterna.model.regions.places import production_rate
from cisterna.physiology.skull import skull_port
from cisterna.worlds.hypothesis import hypothesis
from cisterna.worlds.resting import resting

#: Ends of the search as multiples of the start value, and its closeness.
_NARROWEST, _WIDEST, _CLOSE = 1e-3, 1e6, 1e-4


@dataclass(frozen=True)
class Required:
    """One number solved for its target.

    Attributes
    ----------
    hypothesis, parameter, unit : str
    target : str
        What it must bring about.
    wanted, at_start : float
        The target, and what the start value gives, in the target's own unit.
    target_unit : str
    start, solved : float
        In `unit`.
    multiple : float
        Solved value over the published or literal one.
    """

    hypothesis: str
    parameter: str
    unit: str
    target: str
    wanted: float
    at_start: float
    target_unit: str
    start: float
    solved: float
    multiple: float


def solve_required(person: Person) -> list[Required]:
    """Solve the required numbers for a person without any switch on.

    Parameters
    ----------
    person : Person
        In the established world.
    """
    return [_suture(person), _kappa(person)]


def _suture(person: Person) -> Required:
    p = person.parameters
    force, start = p.value("touch_5g_force"), p["skull_suture_E_taught"]
    target = p["target_vault_motion"]

    def motion(modulus: float) -> float:
        numbers = p.override({"skull_suture_E": modulus})
        give = float(skull_port(person.age, numbers).c("vault.R", "inward"))
        return from_internal(give * force, target.unit)

    solved = _bisect(motion, target.value, start.value)
    published = p["skull_suture_E"].value
    return Required(
        "H-SUT", "skull_suture_E", start.unit, "motion of the bone under a hand at the vault at 5 gf",
        target.value, motion(start.value), target.unit, start.value, solved, solved / published,
    )  # fmt: skip


def _kappa(person: Person) -> Required:
    soft = hypothesis("H-SUT").apply(person)
    p, rest = soft.parameters, resting(soft)
    start, target = p["pressurestat_kappa_taught"], p["target_width_swing"]
    per_pressure = float(skull_port(person.age, p).width)
    half_cycle = production_rate(rest.net) / (2.0 * p.value("pressurestat_rate"))

    def width(kappa: float) -> float:
        return from_internal(per_pressure * kappa * half_cycle / rest.compliance, target.unit)

    solved = start.value * target.value / width(start.value)
    literal = p["pressurestat_kappa_alone"].value
    return Required(
        "H-PRESSURESTAT", "pressurestat_kappa", start.unit, "swing of the vault width, with H-SUT on",
        target.value, width(start.value), target.unit, start.value, solved, solved / literal,
    )  # fmt: skip


def _bisect(falling: Callable[[float], float], wanted: float, start: float) -> float:
    """Value at which a falling function takes a value, by bisection of its logarithm."""
    low, high = start * _NARROWEST, start * _WIDEST
    if not falling(low) >= wanted >= falling(high):
        raise CisternaError("no value reaches the target", found=f"{falling(low):.3g} to {falling(high):.3g}")
    while high / low > 1.0 + _CLOSE:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if falling(middle) >= wanted else (low, middle)
    return (low * high) ** 0.5
