"""A passive solute along the axis of a body: what its flows do to a tracer or a drug over hours and days.

Mean flows and strokes are read from one period of the body at rest; nothing of them is typed in. A stroke carries
fluid to and fro; some of it mixes on the other side and stays. The exchange of a joint is

    G = (sum over heart and breath of rate x stroke volume) x min(1, l / d) + D / sum(d_k / A_k)

with l the mixing length, d the distance between the centres of the two spaces and D the molecular diffusivity. For a
row of cells that is a dispersivity (rate x stroke / A) l, whatever the cells' length. A stroke smaller than the
passage itself (the aqueduct) brings nothing through: only what exceeds its volume counts. Cranial spaces are taken
as mixed, as long as a cube of their volume; density and the wall's uptake of solute are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cisterna.body.anatomy import LEVELS, Segment, segments
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.model.assemble import assemble
from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person, volume_scale
from cisterna.model.regions.canal import Cell, cells
from cisterna.model.regions.places import SEGMENTS, canal_at
from cisterna.model.regions.ventricles import SPACES
from cisterna.model.simulate import simulate
from cisterna.model.spread import Joint, Spread
from cisterna.model.start import BREATH, HEART, Start, begin
from cisterna.physiology.component import Column, Path

_AQUEDUCT = "aqueduct"
#: Where the cranial CSF is one space.
_CRANIUM = "cranium"


@dataclass(frozen=True)
class Space:
    """A mixed space of CSF: volume at rest, mL, and length along the way through it, cm."""

    volume: float
    length: float

    @property
    def area(self) -> float:
        """Mean cross-section, cm2."""
        return self.volume / self.length


@dataclass(frozen=True)
class Stroke:
    """What one path does over a period.

    Attributes
    ----------
    mean : float
        mL/s.
    rates, volumes : tuple of float
        Cycles per second and volume that passes each way in a cycle, mL, of heart and breath.
    """

    mean: float
    rates: tuple[float, ...]
    volumes: tuple[float, ...]

    def passing(self, dead: float = 0.0) -> float:
        """Volume that comes through each way per second beyond the volume of the passage itself, mL/s."""
        return sum(rate * max(volume - dead, 0.0) for rate, volume in zip(self.rates, self.volumes, strict=True))


def solute(person: Person, start: Start | None = None) -> Spread:
    """The linear system that a passive solute in the CSF of a person obeys.

    Parameters
    ----------
    person : Person
        Of a body with cranial CSF and a canal, conditions included.
    start : Start, optional
        Its rest, when known already; found by `begin` when omitted.

    Returns
    -------
    Spread
        Its places are the CSF spaces of the body and every level of the canal (``canal.L3``).

    Raises
    ------
    CisternaError
        A body without cranial CSF, canal or a pulse of known period; no stable rest.

    Examples
    --------
    >>> spread = solute(Person.typical(body="axis"))
    >>> hours = spread.arrival("cranium", 0.01, {"canal.L3": 1.0}) / 3600
    >>> 0.3 < hours < 3.0
    True
    """
    plan, p = person.blueprint(), person.parameters
    size = volume_scale(p, person.age)
    spaces = csf_spaces(plan, p, size)
    if HEART not in plan.periods:
        raise CisternaError(
            "the pulse of this body has no period known beforehand, so there is none to read strokes from",
            where="solute", found=person.body, mend="use the body 'whole' or 'axis'",
        )  # fmt: skip
    ends = {
        name: (part.ends[0] if part.ends[0] in spaces else "", part.ends[1] if part.ends[1] in spaces else "")
        for name, part in plan.of_kind(Column, Path).items()
        if set(part.ends) & set(spaces)
    }
    found = strokes(plan, list(ends), start)
    joints = [
        Joint(name, pair, found[name].mean, _exchange(name, pair, found[name], spaces, p, size))
        for name, pair in ends.items()
    ]
    levels = {f"canal.{level}": f"canal.{canal_at(plan, level)}" for level in LEVELS if _undivided(plan, level)}
    return Spread({name: space.volume for name, space in spaces.items()}, tuple(joints), levels)


def csf_spaces(plan: Blueprint, p: Parameters, size: float = 1.0) -> dict[str, Space]:
    """CSF spaces of a body with their absolute volumes at rest, head to foot.

    Parameters
    ----------
    plan : Blueprint
    p : Parameters
    size : float
        Volumes against an adult.

    Raises
    ------
    CisternaError
        No cranial CSF or no canal.

    Examples
    --------
    >>> person = Person.typical(body="whole")
    >>> spaces = csf_spaces(person.blueprint(), person.parameters)
    >>> len(spaces), round(spaces["cortex"].volume, 1), round(sum(s.volume for s in spaces.values()), 1)
    (33, 103.9, 251.3)
    """
    total = p.value("csf_vol_cranial_mri96")
    if all(name in plan.parts for name in SPACES):
        lateral, basal, magna = (
            p.value(key) for key in ("csf_vol_lateral_vent", "csf_vol_cisterns", "solute_magna_share")
        )
        cranial = {
            "ventricle.left": lateral / 2,
            "ventricle.right": lateral / 2,
            "ventricle.third": p.value("csf_vol_third_vent"),
            "ventricle.fourth": p.value("csf_vol_fourth_vent"),
            "cisterna_magna": basal * magna,
            "cisterns": basal * (1.0 - magna),
        }
        cranial["cortex"] = total - sum(cranial.values())
    elif _CRANIUM in plan.parts:
        cranial = {_CRANIUM: total}
    else:
        raise CisternaError("this body has no cranial CSF", where="solute", mend="use the body 'whole' or 'axis'")
    spaces = {name: Space(volume * size, float(np.cbrt(volume * size))) for name, volume in cranial.items()}
    return spaces | _canal_spaces(plan, p, size)


def _canal_spaces(plan: Blueprint, p: Parameters, size: float) -> dict[str, Space]:
    names = [name.removeprefix("canal.") for name in plan.parts if name.startswith("canal.")]
    per_level = max(1, round(len(names) / len(LEVELS)))
    coarse = segments(p, [row[:3] for row in SEGMENTS])
    known: dict[str, Segment | Cell] = {s.name: s for s in coarse if s.name in names}
    known = known or {c.name: c for c in cells(p, per_level)}
    if not names or set(names) != set(known):
        raise CisternaError("this body has no canal", where="solute", mend="use the body 'whole' or 'axis'")
    stretch = float(np.cbrt(size))
    return {f"canal.{name}": Space(known[name].volume * size, known[name].length * stretch) for name in names}


def _undivided(plan: Blueprint, level: str) -> bool:
    """Whether a level of the canal is one space, or lies in one, and not several."""
    return f"canal.{level}.1" not in plan.parts


def strokes(plan: Blueprint, paths: list[str], start: Start | None = None) -> dict[str, Stroke]:
    """Mean flow and stroke volumes of paths over one period of the body at rest.

    What repeats more slowly than the heart is the breath's, the rest the heart's; the volume that passes each way in
    a cycle is half the integral of the absolute flow without its mean.
    """
    # The same body with other signals: the flow of every path, at every step.
    shown = replace(plan, signals={})
    for name in paths:
        shown = shown.signal(name, f"flow.{name}", "mL/s")
    net = assemble(shown)
    start = start or begin(shown, net)
    near = start.schedule.copy()
    if BREATH in plan.periods:
        # The rest repeats with a whole number of beats to the breath.
        near.run(BREATH, 1.0 / start.period, 0.0)
    run = simulate(net, near, start.period, state=start.rest.state)
    beats = round(plan.periods[HEART] * start.period)
    waves = np.fft.rfft(run.samples, axis=0)
    count = len(run.times)
    made = {}
    for k, name in enumerate(paths):
        slow, fast = np.zeros_like(waves[:, k]), waves[:, k].copy()
        slow[1:beats], fast[:beats] = fast[1:beats], 0.0
        rates = (beats / start.period, 1.0 / start.period)
        each_way = [float(np.abs(np.fft.irfft(part, count)).mean()) / 2.0 for part in (fast, slow)]
        volumes = tuple(flow / rate for flow, rate in zip(each_way, rates, strict=True))
        made[name] = Stroke(float(waves[0, k].real) / count, rates, volumes)
    return made


def _exchange(
    name: str, pair: tuple[str, str], stroke: Stroke, spaces: dict[str, Space], p: Parameters, size: float
) -> float:
    """G of the module text, mL/s; 0 over the border."""
    if "" in pair:
        return 0.0
    near = [spaces[end] for end in pair]
    distance = sum(space.length for space in near) / 2
    hindrance = sum(space.length / 2 / space.area for space in near)
    dead = 0.0
    if name == _AQUEDUCT:
        stretch = float(np.cbrt(size))
        distance += p.value("aq_length") * stretch
        hindrance += p.value("aq_length") / p.value("aq_area") / stretch
        dead = p.value("csf_vol_aqueduct") * size
    share = min(1.0, p.value("solute_mixing_length") / distance)
    return stroke.passing(dead) * share + p.value("solute_diffusion") / hindrance
