"""What depends on what: the pattern of a network's Jacobian, read from its layout and its laws.

A law that ignores one of its arguments (an injection its driving pressure) does not depend on it; this is read from
the law's code. The pattern is found once a layout, on the host; an entry too many costs time and nothing else.
"""

from __future__ import annotations

import dis
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from cisterna.model.network import Group, Layout, index_of, members, moving
from cisterna.model.sparse import boolean

Rows = np.ndarray


@lru_cache(maxsize=64)
def dependence(layout: Layout) -> Rows:
    """Which rates may depend on which states.

    Returns
    -------
    array of bool (states, states without ledgers)
        Rows in the order of `Layout.state_names`: rates of states, then flows into the ledgers.
    """
    n = moving(layout)
    where = index_of(layout)
    seen = np.zeros((len(where), n), dtype=bool)

    def put(kind: str, names: list[str], rows: Rows) -> None:
        seen[[where[f"{kind}.{name}"] for name in names]] = rows

    own = np.eye(n, dtype=bool)
    states = layout.state_names[:n]
    seen[[where[name] for name in states]] = own
    kinds = {kind: own[[name.startswith(f"{kind}.") for name in states]] for kind in ("flow", "inner", "state")}
    nodes = members(layout.compartments)
    total = boolean(layout.encloses, len(layout.stored)) @ own[: len(layout.stored)]
    put("total", nodes, total)
    wall = _groups(layout.compartments, "pressure", [total], seen)
    around = total[list(layout.walls)]
    branch = _groups(layout.tissues, "pressure", [around, kinds["inner"]], seen)
    inner_rate = _groups(layout.tissues, "rate", [around, kinds["inner"]], seen)
    for place, row in zip(layout.walls, branch, strict=True):
        wall[place] |= row
    put("wall", nodes, wall)
    pressure = boolean(layout.pressed, len(nodes)) @ wall
    put("pressure", nodes, pressure)
    stored = pressure[[name in set(layout.stored) for name in nodes]]
    drop = np.zeros((len(layout.ends), n), dtype=bool)
    for k, ends in enumerate(layout.ends):
        for end in ends:
            if end >= 0:
                drop[k] |= stored[end]
    columns = len(members(layout.columns))
    column_rate = _groups(layout.columns, "acceleration", [kinds["flow"], drop[:columns]], seen)
    flow = _groups(layout.paths, "flow", [drop[columns:]], seen)
    put("flow", members(layout.paths), flow)
    reflex_rate = _groups(layout.reflexes, "rate", [kinds["state"]], seen)
    flows = np.vstack([kinds["flow"], flow])
    volume = np.zeros((len(layout.stored), n), dtype=bool)
    for row, ends in zip(flows, layout.ends, strict=True):
        for end in ends:
            if end >= 0:
                volume[end] |= row
    paths = members(layout.columns) + members(layout.paths)
    border = flows[[paths.index(name) for name in layout.border]]
    return np.vstack([volume, column_rate, inner_rate, reflex_rate, border])


def _groups(groups: tuple[Group, ...], law: str, arguments: list[Rows], seen: Rows) -> Rows:
    """Dependence of the results of some groups on the states, through their arguments and what they see."""
    rows = np.zeros((sum(group.count for group in groups), seen.shape[1]), dtype=bool)
    at = 0
    for group in groups:
        span = slice(at, at + group.count)
        for place, argument in enumerate(arguments):
            if reads(getattr(group.law, law), place):
                rows[span] |= argument[span]
        for _, places in group.sees:
            rows[span] |= seen[list(places)]
        at += group.count
    return rows


@lru_cache(maxsize=512)
def reads(method: Callable[..., Any], place: int) -> bool:
    """Whether a law's method reads one of its own arguments, counted behind `self`, at all.

    Quicker than `used_arguments`, which sees through calls and through a product with 0.

    Examples
    --------
    >>> from cisterna.physiology.paths import Injection, Resistance
    >>> reads(Injection.flow, 0), reads(Resistance.flow, 0)
    (False, True)
    """
    code = getattr(method, "__code__", None)
    if code is None:
        return True
    name = code.co_varnames[place + 1]
    loaded = [line.argval for line in dis.get_instructions(code) if line.opname.startswith("LOAD_FAST")]
    return name in code.co_cellvars or any(name == one or (type(one) is tuple and name in one) for one in loaded)


@lru_cache(maxsize=512)
def used_arguments(group: Group, law: str, count: int) -> tuple[bool, ...]:
    """Which of its arguments, then of the slots it sees, a law of a group really uses.

    Examples
    --------
    >>> from cisterna.physiology.paths import Injection
    >>> used_arguments(Group(Injection, ("needle",), (("flow", (0,)),)), "flow", 1)
    (False, True)
    """
    made: Any = group.law(**dict.fromkeys(group.law.units(), np.ones(group.count)))
    slots = [slot for slot, _ in group.sees]

    def call(*values: Any) -> Any:
        return getattr(made, law)(*values[:count], dict(zip(slots, values[count:], strict=True)))

    return _used(call, count + len(slots), group.count)


def _used(call: Callable[..., Any], arguments: int, size: int) -> tuple[bool, ...]:
    traced = jax.make_jaxpr(call)(*[np.ones(size)] * arguments).jaxpr
    needed = {var for var in traced.outvars if not hasattr(var, "val")}
    for line in reversed(traced.eqns):
        # A law may write 0 x argument to give its result the argument's shape.
        nothing = line.primitive.name == "mul" and any(getattr(var, "val", 1.0) == 0.0 for var in line.invars)
        if not nothing and any(var in needed for var in line.outvars):
            needed |= {var for var in line.invars if not hasattr(var, "val")}
    return tuple(var in needed for var in traced.invars)


def coloured(pattern: Rows) -> np.ndarray:
    """Colour of each column so that columns of one colour share no row: one tangent serves them all.

    Examples
    --------
    >>> coloured(np.eye(4, dtype=bool)).tolist()
    [0, 0, 0, 0]
    """
    colour = np.full(pattern.shape[1], -1)
    taken: list[np.ndarray] = []
    for column in np.argsort(-pattern.sum(axis=0), kind="stable"):
        rows = pattern[:, column]
        for number, used in enumerate(taken):
            if not (used & rows).any():
                used |= rows
                colour[column] = number
                break
        else:
            taken.append(rows.copy())
            colour[column] = len(taken) - 1
    return colour
