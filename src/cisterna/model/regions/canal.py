"""The spinal canal: CSF in cells one below the other, C1 to S2, pressed from outside by epidural veins.

A cell is a compliant piece of dural sac; between two cells stands a fluid column. Staggered in space, nodes and
edges are the wave equation of a compliant tube: rho dx/A (dQ/dt + lambda Q) = p_i - p_(i+1), dV_i/dt = Q_in - Q_out,
with wave speed sqrt(A / (rho C')). Convection is left out (u/c is about 1 %), so it stays hyperbolic as long as
every wall has a positive compliance: the walls' law has one at every volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisterna.body.anatomy import CERVICAL, LEVELS, LUMBAR, SACRAL, THORACIC, segments
from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.physiology.csf import SpinalAbsorption
from cisterna.physiology.paths import FluidColumn, Injection
from cisterna.physiology.walls import SacWall, ViscousBranch

#: Level of the needle of a lumbar infusion.
NEEDLE = "L3"
#: Levels between which wall loss and friction are interpolated along the canal.
LOSS_AT = ("C2", "C7", "T4", "T8", "T12", "L3")
DRAG_AT = ("C4", "T4", "T8", "T12", "L3")


@dataclass(frozen=True)
class Cell:
    """A piece of the canal.

    Attributes
    ----------
    name : str
        Level, with a number behind when a level has several cells.
    level : str
    length, area : float
        cm, cm2 of CSF.
    depth : float
        Distance of its centre below the foramen magnum, cm.
    """

    name: str
    level: str
    length: float
    area: float
    depth: float

    @property
    def volume(self) -> float:
        """CSF at rest, mL."""
        return self.length * self.area


def cells(p: Parameters, per_level: int = 1) -> list[Cell]:
    """Cells of the canal, head to foot.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> canal = cells(default_parameters())
    >>> len(canal), canal[0].name, canal[-1].name, round(sum(c.volume for c in canal), 1)
    (26, 'C1', 'S2', 94.3)
    """
    found = []
    for whole in segments(p, [(level, level, level) for level in LEVELS]):
        length = whole.length / per_level
        for k in range(per_level):
            name = whole.name if per_level == 1 else f"{whole.name}.{k + 1}"
            found.append(Cell(name, whole.name, length, whole.area, whole.top + (k + 0.5) * length))
    return found


def breathing(p: Parameters, level: str) -> dict[str, float]:
    """Weights with which thoracic and abdominal pressure act on the epidural veins of a level."""
    if level in THORACIC:
        return {"thorax": p.value("whole_thorax_on_thoracic")}
    if level in LUMBAR + SACRAL:
        return {"abdomen": p.value("whole_abdomen_on_lumbar"), "thorax": -p.value("whole_thorax_off_lumbar")}
    return {}


def along(p: Parameters, prefix: str, anchors: tuple[str, ...], level: str) -> float:
    """Value of a quantity at a level, log-linear between the levels that have a row."""
    places = [LEVELS.index(a) for a in anchors]
    values = [np.log(p.value(f"{prefix}_{a}")) for a in anchors]
    return float(np.exp(np.interp(LEVELS.index(level), places, values)))


def canal(
    plan: Blueprint, p: Parameters, mouths: dict[str, tuple[str, float, float]], per_level: int = 1
) -> tuple[Blueprint, list[Cell]]:
    """Add the canal to a plan that holds the nodes ``plexus`` and ``cvp``.

    Parameters
    ----------
    plan : Blueprint
    p : Parameters
    mouths : dict
        Ways into the first cell: name of the way -> (node above, inertance mmHg s2/mL, resistance mmHg s/mL).
    per_level : int
        Cells per vertebral level.

    Returns
    -------
    plan : Blueprint
        With ``canal.C1`` ... ``canal.S2``, ``wall.*``, ``column.C2`` ... (the column that enters a cell) and
        ``absorption.*``.
    row : list of Cell
    """
    row = cells(p, per_level)
    total = sum(cell.length for cell in row)
    for cell in row:
        plan = _cell(plan, p, cell, total)
    first = row[0]
    own = p.value("csf_density") * first.length / 2 / first.area
    for name, (node, inertance, resistance) in mouths.items():
        # The column of the first half cell is shared by the ways that end in it.
        way = FluidColumn(inertance=inertance + own * len(mouths), resistance=resistance)
        plan = plan.join(name, (node, f"canal.{first.name}"), way)
    for above, below in zip(row[:-1], row[1:], strict=True):
        inertance = p.value("csf_density") * (above.length / 2 / above.area + below.length / 2 / below.area)
        drag = along(p, "whole_drag", DRAG_AT, below.level)
        plan = plan.join(
            f"column.{below.name}", (f"canal.{above.name}", f"canal.{below.name}"),
            FluidColumn(inertance=inertance, resistance=drag * inertance),
        )  # fmt: skip
    needle = next(cell.name for cell in row if cell.level == NEEDLE)
    return plan.join("infusion_line", ("", f"canal.{needle}"), Injection(), sees={"flow": "drive.infusion"}), row


def _cell(plan: Blueprint, p: Parameters, cell: Cell, total: float) -> Blueprint:
    depth = p.value("height_foramen") + cell.depth
    plexus, atrium = p.value("height_plexus"), p.value("height_atrium")
    # Epidural veins follow the plexus above and the atrium below, with their own column between.
    low = min(max((depth - plexus) / (atrium - plexus), 0.0), 1.0)
    # Both are named at every level, also where one weighs nothing: persons of any size share one layout.
    veins = {"plexus": 1.0 - low, "cvp": low}
    per_length = p.value("whole_spinal_compliance_cervical" if cell.level in CERVICAL else "whole_spinal_compliance")
    soft = per_length * cell.length
    name = f"canal.{cell.name}"
    loss = along(p, "whole_loss", LOSS_AT, cell.level)
    return (
        plan.add(
            name,
            SacWall(
                rest=p["axis_sac_rest"], asymptote=p["axis_sac_offset"], compliance=soft,
                capacity=cell.volume, resistance=p["whole_collapse"],
            ),
            outside={**veins, **breathing(p, cell.level)}, position=depth, fluid="blood",
        )
        .add(
            f"wall.{cell.name}",
            ViscousBranch(compliance=soft * p.value("axis_branch_time") / loss, time=p["axis_branch_time"]),
            on=name,
        )
        .join(
            f"absorption.{cell.name}", (name, ""),
            SpinalAbsorption(
                resistance=p.value("whole_rout_spinal") * total / cell.length, rounding=p["corner_pressure"]
            ),
            sees={"transmural": f"wall.{name}"},
        )
    )  # fmt: skip
