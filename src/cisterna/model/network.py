"""The body as arrays: what a blueprint becomes when it is assembled (see `assemble`), and its right-hand side.

Volumes v, the enclosed totals W v, transmural laws phi, pressures p, flows q:

    p = A (phi(W v, seen) + B u),     A = (I - N' - O)^-1,    W = (I - N)^-1 restricted to own volumes
    dv/dt = D q                       conservation, written once

N holds what lies in what (shares), so a container's law sees everything inside it and presses on it with the
same shares: Monro-Kellie holds by structure and the nested walls conserve power (p = dU/dv). O holds
one-way outer pressures, B the drives and fluid columns. Nothing here knows physiology.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.physiology.component import Component

Array = jax.Array


@dataclass(frozen=True)
class Group:
    """Components of one class as one array operation: their names, where they sit, what they see."""

    law: type[Component]
    names: tuple[str, ...]
    sees: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def count(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Layout:
    """The frozen order of everything in a network; hashable, so equal bodies share one compiled program."""

    compartments: tuple[Group, ...]
    columns: tuple[Group, ...]
    paths: tuple[Group, ...]
    tissues: tuple[Group, ...]
    reflexes: tuple[Group, ...]
    drives: tuple[Group, ...]
    controls: tuple[tuple[str, str], ...]
    stored: tuple[str, ...]
    border: tuple[str, ...]
    signals: tuple[tuple[str, str, str], ...]
    drive_order: tuple[str, ...]

    @property
    def input_names(self) -> list[str]:
        """Controls, then drives."""
        return [name for name, _ in self.controls] + list(self.drive_order)

    @property
    def state_names(self) -> list[str]:
        """Names of the state vector, in order."""
        return (
            [f"volume.{name}" for name in self.stored]
            + [f"flow.{name}" for name in members(self.columns)]
            + [f"inner.{name}" for name in members(self.tissues)]
            + [f"state.{name}" for name in members(self.reflexes)]
            + [f"ledger.{name}" for name in self.border]
        )

    @property
    def observables(self) -> list[str]:
        """Names of everything a law or a signal can refer to, in order."""
        return (
            [f"drive.{name}" for name in self.input_names]
            + self.state_names
            + [f"total.{name}" for name in members(self.compartments)]
            + [f"wall.{name}" for name in members(self.compartments)]
            + [f"pressure.{name}" for name in members(self.compartments)]
            + [f"flow.{name}" for name in members(self.paths)]
        )

    @property
    def signal_names(self) -> list[str]:
        return [name for name, _, _ in self.signals]

    @property
    def control_names(self) -> list[str]:
        return [name for name, _ in self.controls]


def members(groups: tuple[Group, ...]) -> list[str]:
    """Names of all components of some groups, in order."""
    return [name for group in groups for name in group.names]


@lru_cache(maxsize=256)
def index_of(layout: Layout) -> dict[str, int]:
    """Place of each observable in the observation vector."""
    return {name: i for i, name in enumerate(layout.observables)}


@dataclass(frozen=True)
class Network:
    """A body ready to run: the layout (static) and the numbers (arrays, differentiable, stackable).

    Attributes
    ----------
    laws : tuple
        One component per group with array fields, in the order compartments, columns, paths, tissues,
        reflexes, drives.
    enclose : array (compartments, stored)
        W of the module text.
    press : array (compartments + columns + paths, compartments + inputs)
        From transmural pressures and inputs to pressures (A, A B) and to the driving pressure of every path.
    collect : array (states, columns + paths)
        D for the volumes, and the signed flow over the border for the ledgers.
    wall : array (compartments, tissues)
        Which wall a tissue belongs to.
    readout : array (signals, observables)
        Signals as weighted sums.
    start : array (states,)
        Initial state; `rest` (controls,) the resting inputs.
    """

    layout: Layout
    laws: tuple[Any, ...]
    enclose: Array
    press: Array
    collect: Array
    wall: Array
    readout: Array
    start: Array
    rest: Array

    def law_of(self, part: str) -> tuple[int, int, Group]:
        """(group number, place in it, group) of a named part."""
        for number, group in enumerate(all_groups(self.layout)):
            if part in group.names:
                return number, group.names.index(part), group
        raise UnknownName("part", part, [n for g in all_groups(self.layout) for n in g.names])

    def get(self, dotted: str) -> Array:
        """Internal value of the field ``part.field``."""
        number, place, field = self._locate(dotted)
        return getattr(self.laws[number], field)[place]

    def set(self, dotted: str, value: Any) -> Network:
        """The same network with one field changed; usable under `jax.grad`."""
        number, place, field = self._locate(dotted)
        old = self.laws[number]
        law = _with(old, field, getattr(old, field).at[place].set(value))
        return _with(self, "laws", (*self.laws[:number], law, *self.laws[number + 1 :]))

    def _locate(self, dotted: str) -> tuple[int, int, str]:
        part, _, field = dotted.rpartition(".")
        number, place, group = self.law_of(part)
        if field not in group.law.units():
            raise UnknownName(f"field of '{part}'", field, list(group.law.units()))
        return number, place, field

    def index(self, reference: str) -> int:
        """Place of an observable such as ``pressure.csf``."""
        names = index_of(self.layout)
        if reference not in names:
            raise UnknownName("observable", reference, list(names))
        return names[reference]


jax.tree_util.register_dataclass(
    Network,
    data_fields=["laws", "enclose", "press", "collect", "wall", "readout", "start", "rest"],
    meta_fields=["layout"],
)


def _with(thing: Any, field: str, value: Any) -> Any:
    from dataclasses import replace

    return replace(thing, **{field: value})


def all_groups(layout: Layout) -> tuple[Group, ...]:
    """Every group, in the order of `Network.laws`."""
    return (
        *layout.compartments, *layout.columns, *layout.paths, *layout.tissues, *layout.reflexes, *layout.drives,
    )  # fmt: skip


def _seen(group: Group, observed: Array) -> dict[str, Array]:
    return {slot: observed[np.asarray(where)] for slot, where in group.sees}


def _join(parts: list[Array]) -> Array:
    return jnp.concatenate(parts) if parts else jnp.zeros(0)


def inputs(net: Network, t: Array, controls: Array) -> Array:
    """Controls and drives at time t, internal units."""
    layout = net.layout
    first = len(all_groups(layout)) - len(layout.drives)
    u = controls
    for number, group in enumerate(layout.drives):
        u = jnp.concatenate([u, net.laws[first + number].signal(t, _seen(group, u))])
    return u


@jax.jit  # traced once a body, not once a stage: tracing is most of a first call from the cache
def evaluate(net: Network, t: Array, y: Array, controls: Array) -> tuple[Array, Array]:
    """(rate of change of the state, observation vector) at one instant.

    Parameters
    ----------
    net : Network
    t : scalar
        Time, s.
    y : array (states,)
        State, order `Layout.state_names`.
    controls : array (controls,)
        Inputs, internal units, order `Layout.control_names`.

    Returns
    -------
    rate : array (states,)
    observed : array (observables,)
        Order `Layout.observables`.
    """
    layout = net.layout
    u = inputs(net, t, controls)
    laws = iter(net.laws)
    sizes = np.cumsum([0, len(layout.stored), len(members(layout.columns)), len(members(layout.tissues))])
    volume = y[: sizes[1]]
    column_flow = y[sizes[1] : sizes[2]]
    inner = y[sizes[2] : sizes[3]]
    reflex = y[sizes[3] : sizes[3] + len(members(layout.reflexes))]

    total = net.enclose @ volume
    observed = jnp.concatenate([u, y, total])

    phi = []
    at = 0
    for group in layout.compartments:
        law = next(laws)
        phi.append(law.pressure(total[at : at + group.count], _seen(group, observed)))
        at += group.count
    phi_total = _join(phi)

    column_laws = [next(laws) for _ in layout.columns]
    path_laws = [next(laws) for _ in layout.paths]

    inner_rate = []
    branch = []
    at = 0
    for group in layout.tissues:
        law = next(laws)
        enclosed = (net.wall.T @ total)[at : at + group.count]
        seen = _seen(group, observed)
        here = inner[at : at + group.count]
        branch.append(law.pressure(enclosed, here, seen))
        inner_rate.append(law.rate(enclosed, here, seen))
        at += group.count
    if branch:
        phi_total = phi_total + net.wall @ _join(branch)

    pushed = net.press @ jnp.concatenate([phi_total, u])
    pressure, drop = jnp.split(pushed, [len(phi_total)])
    observed = jnp.concatenate([observed, phi_total, pressure])

    column_rate = []
    at = 0
    for group, law in zip(layout.columns, column_laws, strict=True):
        span = slice(at, at + group.count)
        column_rate.append(law.acceleration(column_flow[span], drop[span], _seen(group, observed)))
        at += group.count
    path_flow = []
    for group, law in zip(layout.paths, path_laws, strict=True):
        path_flow.append(law.flow(drop[at : at + group.count], _seen(group, observed)))
        at += group.count
    flows = _join(path_flow)
    observed = jnp.concatenate([observed, flows])
    flow = jnp.concatenate([column_flow, flows])

    reflex_rate = []
    at = 0
    for group in layout.reflexes:
        law = next(laws)
        reflex_rate.append(law.rate(reflex[at : at + group.count], _seen(group, observed)))
        at += group.count

    own = [
        jnp.zeros(len(layout.stored)),
        *column_rate,
        *inner_rate,
        *reflex_rate,
        jnp.zeros(len(layout.border)),
    ]
    return net.collect @ flow + jnp.concatenate(own), observed


def rhs(net: Network, t: Array, y: Array, controls: Array) -> Array:
    """Rate of change of the state."""
    return evaluate(net, t, y, controls)[0]


def signals(net: Network, t: Array, y: Array, controls: Array) -> Array:
    """The named signals at one instant, internal units, order `Layout.signal_names`."""
    return net.readout @ evaluate(net, t, y, controls)[1]


def require_finite(net: Network) -> None:
    """Refuse a network with a number that is not finite, naming it."""
    for law, group in zip(net.laws, all_groups(net.layout), strict=True):
        for field in group.law.units():
            values = np.asarray(getattr(law, field))
            for name, value in zip(group.names, values, strict=True):
                if not np.isfinite(value).all():
                    raise CisternaError("a number of the body is not finite", where=f"{name}.{field}")
