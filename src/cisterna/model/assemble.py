"""Assembly: a blueprint is checked once and its numbers poured into the arrays of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import same_dimension
from cisterna.model.blueprint import OUTSIDE, Blueprint, Part
from cisterna.model.network import Group, Layout, Network, all_groups, members, require_finite
from cisterna.model.sparse import Pattern, pattern_of, product
from cisterna.physiology.component import Column, Compartment, Component, Drive, Path, Reflex, Tissue

#: Name of the control that a path's fluid column uses: axial gravity, cm/s^2, positive towards the feet.
GRAVITY = "gravity"

_KIND_UNITS = {
    "pressure": "mmHg",
    "wall": "mmHg",
    "volume": "mL",
    "total": "mL",
    "flow": "mL/s",
    "inner": "mL",
    "ledger": "mL",
}


def assemble(plan: Blueprint) -> Network:
    """Check a blueprint and turn it into a network.

    Raises
    ------
    CisternaError
        An unknown reference (with the nearest), a unit of the wrong kind, a wall that lies in itself, a path
        that leads nowhere, a wall without compliance, or a number that is not finite.
    """
    _require_soft(plan)
    layout = _layout(plan)
    nodes = members(layout.compartments)
    nested, one_way, push = _walls(plan, layout, nodes)
    inside, around = _links(plan, nodes)
    _refuse_cycle(inside | around.T, nodes)
    drop, ends = _edges(plan, layout, nodes, members(layout.columns) + members(layout.paths))
    readout, shown = _readout(plan, layout)
    stored = [nodes.index(name) for name in layout.stored]
    layout = replace(
        layout,
        encloses=pattern_of(_reach(inside)[:, stored]),
        pressed=pattern_of(_reach(inside.T | around)),
        ends=ends,
        walls=tuple(_find(nodes, plan.parts[n].on, f"{n}.on") for n in members(layout.tissues)),
        shown=shown,
    )
    eye = np.eye(len(nodes))
    enclose = np.linalg.inv(eye - nested)[:, stored]
    press = np.linalg.inv(eye - nested.T - one_way)
    # Inputs push on pressures, and so on driving pressures, which they enter directly as well.
    pushed = press @ push
    start = [plan.parts[name.split(".", 1)[1]].start for name in layout.state_names if _has_start(name)]
    start += [0.0] * (len(layout.state_names) - len(start))
    net = Network(
        layout=layout,
        laws=tuple(_pour(plan, group) for group in all_groups(layout)),
        enclose=product(layout.encloses, len(stored)).pack(enclose),
        press=product(layout.pressed, len(nodes)).pack(press),
        push=jnp.asarray(np.vstack([pushed, drop[:, : len(nodes)] @ pushed + drop[:, len(nodes) :]])),
        readout=product(shown, readout.shape[1]).pack(readout),
        start=jnp.asarray(np.array(start, dtype=float)),
        rest=jnp.asarray(np.array([plan.controls[name].default for name in layout.control_names], dtype=float)),
    )
    require_finite(net)
    return net


def _require_soft(plan: Blueprint) -> None:
    """Every wall yields: with a compliance of 0 or less its pressure, and the waves on it, have no meaning."""
    for name, part in plan.of_kind(Compartment, Tissue).items():
        value = part.law.numbers(name).get("compliance", 1.0)
        if value <= 0.0:
            where, found = f"{name}.compliance", f"{value:g} mL/mmHg"
            raise CisternaError("a wall has no compliance", where, found, "give a positive one")


def _has_start(name: str) -> bool:
    return not name.startswith("ledger.")


def _find(names: list[str], name: str, where: str, also: list[str] | None = None) -> int:
    """Place of a node by name; `also` holds further names that would have been right here."""
    if name not in names:
        raise UnknownName("compartment" if where.endswith(".on") else "node", name, names + (also or []), where=where)
    return names.index(name)


def _by_class(plan: Blueprint, kind: type) -> list[tuple[type[Component], list[str]]]:
    """Parts of a kind, those of one class together."""
    rows: dict[type[Component], list[str]] = {}
    for name, part in plan.of_kind(kind).items():
        rows.setdefault(type(part.law), []).append(name)
    return list(rows.items())


def _layout(plan: Blueprint) -> Layout:
    kinds: dict[type, list[tuple[type[Component], list[str]]]] = {
        kind: _by_class(plan, kind) for kind in (Compartment, Column, Path, Tissue, Reflex)
    }
    containers = {name for name, part in plan.of_kind(Compartment).items() if part.law.container}  # type: ignore[attr-defined]
    crossing = [
        name
        for kind in (Column, Path)
        for _, names in kinds[kind]
        for name in names
        if sum(end in plan.of_kind(Compartment) for end in plan.parts[name].ends) == 1
    ]
    # A drive stands after the drives it sees; equal neighbours that see no drive share a group.
    drive_runs: list[tuple[type[Component], list[str]]] = []
    for name in _drive_order(plan):
        law, chained = type(plan.parts[name].law), bool(_drives_seen(plan, name))
        if drive_runs and drive_runs[-1][0] is law and not chained:
            drive_runs[-1][1].append(name)
        else:
            drive_runs.append((law, [name]))

    def bare(kind: type) -> tuple[Group, ...]:
        return tuple(Group(law, tuple(names), ()) for law, names in kinds[kind])

    layout = Layout(
        compartments=bare(Compartment),
        columns=bare(Column),
        paths=bare(Path),
        tissues=bare(Tissue),
        reflexes=bare(Reflex),
        drives=tuple(Group(law, tuple(names), ()) for law, names in drive_runs),
        controls=tuple((name, control.unit) for name, control in plan.controls.items()),
        stored=tuple(n for _, names in kinds[Compartment] for n in names if n not in containers),
        border=tuple(crossing),
        signals=tuple((name, s.unit, s.level_ref) for name, s in plan.signals.items()),
        drive_order=tuple(name for _, names in drive_runs for name in names),
        encloses=(),
        pressed=(),
        ends=(),
        walls=(),
        shown=(),
    )
    known = {name: i for i, name in enumerate(layout.observables)}
    limits: dict[type, tuple[str, ...]] = {
        Drive: ("drive.",),
        Compartment: ("drive.", "volume.", "flow.", "inner.", "state.", "total."),
        Tissue: ("drive.", "volume.", "flow.", "inner.", "state.", "total."),
        Path: ("drive.", "volume.", "inner.", "state.", "total.", "wall.", "pressure."),
        Column: ("drive.", "volume.", "inner.", "state.", "total.", "wall.", "pressure."),
        Reflex: ("drive.", "volume.", "flow.", "inner.", "state.", "total.", "wall.", "pressure."),
    }

    def wired(groups: tuple[Group, ...], kind: type) -> tuple[Group, ...]:
        return tuple(Group(group.law, group.names, _wire(plan, layout, group, known, limits[kind])) for group in groups)

    return replace(
        layout,
        compartments=wired(layout.compartments, Compartment),
        columns=wired(layout.columns, Column),
        paths=wired(layout.paths, Path),
        tissues=wired(layout.tissues, Tissue),
        reflexes=wired(layout.reflexes, Reflex),
        drives=wired(layout.drives, Drive),
    )


def _drives_seen(plan: Blueprint, name: str) -> list[str]:
    """Other drives that a drive sees."""
    seen = (reference.removeprefix("drive.") for reference in plan.parts[name].sees.values())
    return [other for other in seen if other in plan.parts]


def _drive_order(plan: Blueprint) -> list[str]:
    """Drives, each after those it sees.

    Raises
    ------
    CisternaError
        Drives see one another in a circle.
    """
    order: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise CisternaError("drives see one another in a circle", where=" -> ".join((*trail, name)))
        if name not in order:
            for other in _drives_seen(plan, name):
                visit(other, (*trail, name))
            order.append(name)

    for name in plan.of_kind(Drive):
        visit(name, ())
    return order


def _wire(
    plan: Blueprint, layout: Layout, group: Group, known: Mapping[str, int], allowed: tuple[str, ...]
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Indices of what each member of a group sees, slot by slot, with units checked."""
    rows = []
    for slot, unit in group.law.sees.items():
        places = []
        for name in group.names:
            reference = plan.parts[name].sees.get(slot)
            where = f"{name} sees {slot}"
            if reference is None:
                raise CisternaError(
                    f"'{name}' is not told what its '{slot}' is", where=where, mend="wire it in the plan"
                )
            if reference not in known:
                raise UnknownName("observable", reference, list(known), where=where)
            if not reference.startswith(allowed):
                mend = "a law may see only what is known before it: see physiology/component.py"
                raise CisternaError(f"'{reference}' is not known yet here", where=where, mend=mend)
            has = unit_of(plan, layout, reference)
            if not same_dimension(has, unit):
                raise CisternaError("wrong kind of unit", where=where, found=has, mend=f"the law expects {unit}")
            places.append(known[reference])
        rows.append((slot, tuple(places)))
    strange = {slot for name in group.names for slot in plan.parts[name].sees} - set(group.law.sees)
    if strange:
        raise UnknownName(f"slot of {group.law.__name__}", min(strange), list(group.law.sees), where=group.names[0])
    return tuple(rows)


def unit_of(plan: Blueprint, layout: Layout, reference: str) -> str:
    """Unit of an observable."""
    kind, _, name = reference.partition(".")
    if kind in _KIND_UNITS:
        return _KIND_UNITS[kind]
    if name in plan.controls:
        return plan.controls[name].unit
    law: Any = plan.part(name).law
    return str(law.unit)


def _pour(plan: Blueprint, group: Group) -> Any:
    """One component of a group's class, its fields arrays over the members."""
    rows = [plan.parts[name].law.numbers(name) for name in group.names]
    return group.law(**{key: jnp.asarray(np.array([row[key] for row in rows])) for key in group.law.units()})


def _walls(plan: Blueprint, layout: Layout, nodes: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N nested shares, O one-way outer pressures, B drives and fluid columns)."""
    size, names = len(nodes), layout.input_names
    nested, one_way, push = np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, len(names)))
    for j, name in enumerate(nodes):
        part = plan.parts[name]
        for container, share in part.inside.items():
            nested[_find(nodes, container, f"{name} inside"), j] += share
        for node, weight in part.outside.items():
            if node in nodes:
                one_way[j, nodes.index(node)] += weight
            else:
                push[j, _find(names, node, f"{name} outside", nodes)] += weight
            push[j] += weight * _column(plan, names, node, name, part)
    return nested, one_way, push


def _position(plan: Blueprint, node: str) -> float | None:
    return plan.parts[node].position if node in plan.parts else None


def _column(plan: Blueprint, names: list[str], upper: str, lower: str, part: Part) -> np.ndarray:
    """Row over inputs: pressure of the fluid column from one node down to another, per unit of gravity."""
    row = np.zeros(len(names))
    a, b = _position(plan, upper), _position(plan, lower)
    if a is not None and b is not None and GRAVITY in names:
        row[names.index(GRAVITY)] = plan.densities[part.fluid] * (b - a)
    return row


def _edges(
    plan: Blueprint, layout: Layout, nodes: list[str], paths: list[str]
) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    """(driving pressures from pressures and inputs, stored volumes at the ends of each path)."""
    names = layout.input_names
    drop = np.zeros((len(paths), len(nodes) + len(names)))
    places = []
    for k, name in enumerate(paths):
        part = plan.parts[name]
        stored = [-1, -1]
        for side, (end, sign) in enumerate(zip(part.ends, (1.0, -1.0), strict=True)):
            if end == OUTSIDE:
                continue
            if end in nodes:
                drop[k, nodes.index(end)] += sign
                if end not in layout.stored:
                    raise CisternaError(f"path '{name}' ends in '{end}', which stores nothing", mend="join its content")
                stored[side] = layout.stored.index(end)
            else:
                drop[k, len(nodes) + _find(names, end, f"path {name}", nodes)] += sign
        upper, lower = part.ends
        if upper and lower:
            drop[k, len(nodes) :] += _column(plan, names, upper, lower, part)
        places.append((stored[0], stored[1]))
    return drop, tuple(places)


def _links(plan: Blueprint, nodes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(what lies in what, whose pressure acts on what from outside), by the plan's words and not by numbers."""
    inside = np.zeros((len(nodes), len(nodes)), dtype=bool)
    around = np.zeros_like(inside)
    for j, name in enumerate(nodes):
        part = plan.parts[name]
        inside[[nodes.index(n) for n in part.inside], j] = True
        around[j, [nodes.index(n) for n in part.outside if n in nodes]] = True
    return inside, around


def _reach(links: np.ndarray) -> np.ndarray:
    """Which entries (I - links)^-1 may hold."""
    reached = np.eye(len(links), dtype=bool)
    for _ in links:
        reached = reached | (reached @ links)
    return reached


def _refuse_cycle(links: np.ndarray, nodes: list[str]) -> None:
    """Nothing may lie in itself, not even by a detour."""
    reach = np.eye(len(nodes))
    step = links.astype(float)
    for _ in nodes:
        reach = reach @ step
        loop = np.flatnonzero(np.diag(reach))
        if loop.size:
            chain = " -> ".join(nodes[i] for i in loop)
            raise CisternaError("compartments lie in one another in a circle", where=chain, mend="nest them as a tree")


def _readout(plan: Blueprint, layout: Layout) -> tuple[np.ndarray, Pattern]:
    """(signals as sums of observables, which of them each signal names)."""
    known = {name: i for i, name in enumerate(layout.observables)}
    table = np.zeros((len(plan.signals), len(known)))
    for row, (name, signal) in enumerate(plan.signals.items()):
        for reference, weight in signal.terms.items():
            if reference not in known:
                raise UnknownName("observable", reference, list(known), where=f"signal {name}")
            has = unit_of(plan, layout, reference)
            if not same_dimension(has, signal.unit):
                raise CisternaError(
                    "wrong kind of unit", where=f"signal {name}", found=has, mend=f"it is in {signal.unit}"
                )
            table[row, known[reference]] += weight
    named = ({known[reference] for reference in signal.terms} for signal in plan.signals.values())
    return table, tuple(tuple(sorted(row)) for row in named)
