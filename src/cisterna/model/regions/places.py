"""Finding a place in a body by its anatomical name, whatever cells the body cuts it into."""

from __future__ import annotations

from cisterna.body.anatomy import LEVELS, level
from cisterna.ground.errors import CisternaError
from cisterna.model.blueprint import Blueprint
from cisterna.model.network import Network
from cisterna.physiology.component import Column

#: Segments of the coarse canal of body `axis`: name, first and last level, region of its friction, outer pressures
#: by breath.
SEGMENTS: tuple[tuple[str, str, str, str, dict[str, float]], ...] = (
    ("upper_cervical", "C1", "C2", "cervical", {}),
    ("lower_cervical", "C3", "C7", "cervical", {}),
    ("upper_thoracic", "T1", "T6", "thoracic", {"thorax": 0.5}),
    ("lower_thoracic", "T7", "T12", "thoracic", {"thorax": 0.5}),
    ("upper_lumbar", "L1", "L3", "lumbar", {"abdomen": 0.5, "thorax": -0.5}),
    ("lumbosacral", "L4", "S2", "lumbar", {"abdomen": 0.5, "thorax": -0.5}),
)


def canal_at(plan: Blueprint, where: str) -> str:
    """Name of the piece of canal that holds a level, without the leading ``canal.``.

    Raises
    ------
    CisternaError
        Not a level, or a body without a canal.

    Examples
    --------
    >>> from cisterna.model.person import Person
    >>> [canal_at(Person.typical(body=b).blueprint(), "L3") for b in ("axis", "whole")]
    ['upper_lumbar', 'L3']
    """
    place = LEVELS.index(level(where))
    for name, first, last, _, _ in SEGMENTS:
        if f"canal.{name}" in plan.parts and LEVELS.index(first) <= place <= LEVELS.index(last):
            return name
    if f"canal.{LEVELS[place]}" in plan.parts:
        return LEVELS[place]
    raise CisternaError("this body has no canal there", where=where, mend="use the body 'whole' or 'axis'")


def column_into(plan: Blueprint, where: str) -> str:
    """Name of the fluid column that enters the piece of canal at a level from above."""
    return f"column.{canal_at(plan, where)}"


def foramen_ways(plan: Blueprint) -> list[str]:
    """Names of the fluid columns that pass the foramen magnum."""
    first = f"canal.{canal_at(plan, 'C1')}"
    return [name for name, part in plan.of_kind(Column).items() if part.ends[1] == first]


def jugular_gates(plan: Blueprint) -> list[str]:
    """Names of the paths from the sinuses into the jugulars."""
    return [name for name in plan.parts if name.startswith("jugular.top")]


def cranial_csf(plan: Blueprint) -> str:
    """Name of the space of cranial CSF that can take up volume first: all of it, or the cortical space."""
    return "cortex" if "cortex" in plan.parts else "cranium"


def csf_sources(plan: Blueprint) -> list[str]:
    """Names of the paths that make CSF."""
    return [name for name in plan.parts if name.split(".")[0] == "production"]


def production_rate(net: Network) -> float:
    """Production of CSF at rest over all its sources, mL/s."""
    names = (name for group in net.layout.paths for name in group.names)
    return sum(float(net.get(f"{name}.rate")) for name in names if name.split(".")[0] == "production")
