"""Levels of the neuraxis from foramen magnum to S2, their lengths and areas, as the parameters give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cisterna.ground.errors import UnknownName
from cisterna.ground.parameter import Parameters

CERVICAL = tuple(f"C{i}" for i in range(1, 8))
THORACIC = tuple(f"T{i}" for i in range(1, 13))
LUMBAR = tuple(f"L{i}" for i in range(1, 6))
SACRAL = ("S1", "S2")
#: Vertebral levels the dural sac passes, head to foot.
LEVELS = CERVICAL + THORACIC + LUMBAR + SACRAL


def level(name: str) -> str:
    """A level by name; ``FM`` is the foramen magnum. A wrong name is answered with the nearest."""
    names = ["FM", *LEVELS]
    if name.upper() not in names:
        raise UnknownName("level", name, names)
    return name.upper()


@dataclass(frozen=True)
class Segment:
    """A stretch of the canal: whole vertebral levels taken as one.

    Attributes
    ----------
    name : str
    levels : tuple of str
    length : float
        cm.
    area : float
        Mean area of the subarachnoid CSF, cm2.
    top : float
        Distance of its upper end below the foramen magnum, cm.
    """

    name: str
    levels: tuple[str, ...]
    length: float
    area: float
    top: float

    @property
    def middle(self) -> float:
        """Distance of its centre below the foramen magnum, cm."""
        return self.top + self.length / 2

    @property
    def volume(self) -> float:
        """CSF at rest, mL."""
        return self.length * self.area


def segments(parameters: Parameters, parts: Sequence[tuple[str, str, str]]) -> list[Segment]:
    """Stretches of the canal from (name, first level, last level), head to foot.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> canal = segments(default_parameters(), [("all", "C1", "S2")])[0]
    >>> round(canal.length, 1), round(canal.volume, 1)
    (62.0, 94.3)
    """
    found = []
    depth = 0.0
    for name, first, last in parts:
        levels = LEVELS[LEVELS.index(level(first)) : LEVELS.index(level(last)) + 1]
        lengths = [parameters.value(f"len_{v}") for v in levels]
        volume = sum(parameters.value(f"sas_{v}") * n for v, n in zip(levels, lengths, strict=True))
        length = sum(lengths)
        found.append(Segment(name, levels, length, volume / length, depth))
        depth += length
    return found
