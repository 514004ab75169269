"""The signal an observation reads, by name and place, from a simulated or a measured recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cisterna.body.anatomy import LEVELS
from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import Parameters

if TYPE_CHECKING:
    from cisterna.model.blueprint import Blueprint
    from cisterna.protocol.protocol import Observation


@dataclass(frozen=True)
class Channel:
    """A weighted sum of signals of one unit.

    Attributes
    ----------
    weights : dict
        Signal -> weight.
    unit : str
    """

    weights: Mapping[str, float]
    unit: str


def level_depth(name: str, parameters: Parameters) -> float:
    """Distance of a level, or of the disc between two (``L3/L4``), below the foramen magnum, cm.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> round(level_depth("L3/L4", default_parameters()), 1)
    51.5
    """
    lengths = {v: parameters.value(f"len_{v}") for v in LEVELS}
    first, _, second = name.upper().partition("/")
    if first == "FM" and not second:
        return 0.0
    for part in filter(None, (first, second)):
        if part not in LEVELS:
            raise UnknownName("level", part, ["FM", *LEVELS], where=name)
    k = LEVELS.index(first)
    above = sum(lengths[v] for v in LEVELS[:k])
    if not second:
        return above + lengths[first] / 2
    if LEVELS.index(second) != k + 1:
        raise CisternaError(f"'{name}' is no disc", mend=f"write e.g. {first}/{LEVELS[min(k + 1, len(LEVELS) - 1)]}")
    return above + lengths[first]


def apart(seen: Observation, parameters: Parameters | None) -> float | None:
    """Distance from the place of an observation down to that of its second signal, cm; None unless both are levels.

    A flow is read at the lower face of its level, a pressure at its middle.
    """
    if parameters is None or not (seen.place in LEVELS and seen.against_place in LEVELS):
        return None

    def depth(signal: str, place: str) -> float:
        half = parameters.value(f"len_{place}") / 2 if signal.startswith("flow") else 0.0
        return level_depth(place, parameters) + half

    return depth(seen.against, seen.against_place) - depth(seen.signal, seen.place)


def find_channel(
    signal: str,
    place: str,
    units: Mapping[str, str],
    depths: Mapping[str, float] | None = None,
    parameters: Parameters | None = None,
) -> Channel:
    """The channel of a signal at a place.

    Parameters
    ----------
    signal, place : str
        ``flow_csf`` at ``C2``, or ``flow_csf.C2`` without a place. Without a place also a sum of signals of one unit,
        ``flow_arterial - flow_venous``, or one with its sign turned, ``-transmantle``.
    units : Mapping
        Unit of each signal there is.
    depths : Mapping, optional
        Signal -> depth of the point it is read at below the foramen magnum, cm. Between two such points, and
        past the last of them, a pressure is drawn on along the straight line through the nearest two: exact
        for fluid at rest.

    Raises
    ------
    CisternaError
        Unknown signal or place, with the nearest.

    Examples
    --------
    >>> find_channel("flow_csf", "C2", {"icp": "mmHg", "flow_csf.C2": "mL/s"}).unit
    'mL/s'
    >>> find_channel("abp - icp", "", {"icp": "mmHg", "abp": "mmHg"}).weights
    {'abp': 1.0, 'icp': -1.0}
    """
    terms = _terms(signal)
    if len(terms) > 1 or terms[0][0] < 0:
        return _sum(terms, signal, place, units)
    if not place:
        if signal not in units:
            family = _places(signal, units)
            if family:
                raise CisternaError(f"'{signal}' has places", mend=f"add place = one of {', '.join(family)}")
            raise UnknownName("signal", signal, list(units))
        return Channel({signal: 1.0}, units[signal])
    there = _places(signal, units)
    if not there:
        raise UnknownName("signal", signal, [*dict.fromkeys(name.split(".")[0].split("(")[0] for name in units)])
    if place in there:
        return Channel({there[place]: 1.0}, units[there[place]])
    if depths is None or parameters is None or not signal.startswith("pressure"):
        raise UnknownName("place", place, list(there), where=signal)
    known = sorted((depths[name], name) for name in there.values() if name in depths)
    try:
        wanted = level_depth(place, parameters)
    except CisternaError as error:
        error.where = signal
        raise
    if len(known) < 2:
        raise UnknownName("place", place, list(there), where=signal)
    return _between(wanted, known, units)


def _terms(signal: str) -> list[tuple[float, str]]:
    """Sign and name of each signal of a sum; names hold no spaces, signs between them do."""
    spaced = f"- {signal[1:].lstrip()}" if signal.startswith("-") else f"+ {signal}"
    words = spaced.split()
    if len(words) % 2 or any(sign not in ("+", "-") for sign in words[::2]):
        return [(1.0, signal)]
    return [(1.0 if sign == "+" else -1.0, name) for sign, name in zip(words[::2], words[1::2], strict=True)]


def _sum(terms: Sequence[tuple[float, str]], signal: str, place: str, units: Mapping[str, str]) -> Channel:
    if place:
        raise CisternaError(f"'{signal}' is a sum and has no place", found=place, mend="write flow_csf.C2 in the sum")
    weights: dict[str, float] = {}
    for sign, name in terms:
        found = find_channel(name, "", units)
        weights[name] = weights.get(name, 0.0) + sign
        if found.unit != units[terms[0][1]]:
            raise CisternaError(f"'{signal}' adds different units", found=f"{units[terms[0][1]]} and {found.unit}")
    return Channel(weights, units[terms[0][1]])


def _between(wanted: float, known: Sequence[tuple[float, str]], units: Mapping[str, str]) -> Channel:
    at = np.array([depth for depth, _ in known])
    k = int(np.clip(np.searchsorted(at, wanted) - 1, 0, len(known) - 2))
    share = (wanted - at[k]) / (at[k + 1] - at[k])
    (_, upper), (_, lower) = known[k], known[k + 1]
    return Channel({upper: 1.0 - share, lower: share}, units[upper])


def _places(signal: str, units: Mapping[str, str]) -> dict[str, str]:
    """Places a signal is read at -> full name, written ``signal.place`` or ``signal(place)``."""
    found = {}
    for name in units:
        if name.startswith(f"{signal}."):
            found[name[len(signal) + 1 :]] = name
        elif name.startswith(f"{signal}(") and name.endswith(")"):
            found[name[len(signal) + 1 : -1]] = name
    return found


def signal_depths(plan: Blueprint, parameters: Parameters) -> dict[str, float]:
    """Depth below the foramen magnum of the node each pressure signal of a plan is read at, cm."""
    found = {}
    for name, signal in plan.signals.items():
        reference = next(iter(signal.terms))
        part = plan.parts.get(reference.removeprefix("pressure."))
        if len(signal.terms) == 1 and reference.startswith("pressure.") and part and part.position is not None:
            found[name] = part.position - parameters.value("height_foramen")
    return found
