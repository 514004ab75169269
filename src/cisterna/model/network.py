"""The body as arrays: what a blueprint becomes when it is assembled (see `assemble`), and its right-hand side.

Volumes v, the enclosed totals W v, transmural laws phi, pressures p, flows q:

    p = A (phi(W v, seen) + B u),     A = (I - N' - O)^-1,    W = (I - N)^-1 restricted to own volumes
    drop of a path = p at its upper end - p at its lower end + columns and imposed pressures
    dv/dt = D q                       conservation, written once

N holds what lies in what (shares), so a container's law sees everything inside it and presses on it with the
same shares: Monro-Kellie holds by structure and the nested walls conserve power (p = dU/dv). O holds
one-way outer pressures, B the drives and fluid columns. Which entries of these matrices are there is part of the
layout, so a product with them is a few gathers (see `sparse`). Nothing here knows physiology.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.model.layout import Group, Layout, all_groups, incidences, index_of, members, moving, spans
from cisterna.model.sparse import Packed, apply, pattern_of, product, take

Array = jax.Array


@dataclass(frozen=True)
class Network:
    """A body ready to run: the layout (static) and the numbers (arrays, differentiable, stackable).

    Attributes
    ----------
    laws : tuple
        One component per group with array fields, in the order compartments, columns, paths, tissues,
        reflexes, drives.
    enclose : Packed
        W of the module text.
    press : Packed
        A, from transmural pressures to pressures.
    push : array (compartments + columns + paths, inputs)
        From inputs to pressures (A B) and to the driving pressure of every path.
    readout : Packed
        Signals as weighted sums of observables.
    start : array (states,)
        Initial state; `rest` (controls,) the resting inputs.
    """

    layout: Layout
    laws: tuple[Any, ...]
    enclose: Packed
    press: Packed
    push: Array
    readout: Packed
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

    def showing(self, signals: tuple[tuple[str, str, str], ...], rows: np.ndarray) -> Network:
        """The same network with other signals.

        Parameters
        ----------
        signals : tuple of (name, unit, level)
        rows : array (signals, observables)
            Each as a weighted sum of observables.
        """
        shown = pattern_of(np.asarray(rows) != 0)
        layout = replace(self.layout, signals=signals, shown=shown)
        return replace(self, layout=layout, readout=product(shown, np.shape(rows)[1]).pack(rows))

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
    data_fields=["laws", "enclose", "press", "push", "readout", "start", "rest"],
    meta_fields=["layout"],
)


def _with(thing: Any, field: str, value: Any) -> Any:
    return replace(thing, **{field: value})


class Known:
    """What is known so far at one instant: a growing vector of observables kept in pieces.

    Laws see single entries of it; taken from the piece that holds them, the whole vector is never put together.
    """

    def __init__(self, pieces: list[Array]) -> None:
        self.pieces: list[Array] = []
        self.starts: list[int] = [0]
        for piece in pieces:
            self.add(piece)

    def add(self, piece: Array) -> None:
        """Append observables."""
        self.pieces.append(piece)
        self.starts.append(self.starts[-1] + piece.shape[0])

    def take(self, where: tuple[int, ...]) -> Array:
        """Entries of the observation vector."""
        places = np.asarray(where)
        first = max(k for k, start in enumerate(self.starts[:-1]) if start <= places.min())
        last = max(k for k, start in enumerate(self.starts[:-1]) if start <= places.max())
        piece = self.pieces[first] if first == last else jnp.concatenate(self.pieces[first : last + 1])
        return take(piece, places - self.starts[first])

    def all(self) -> Array:
        """The observation vector."""
        return _join(self.pieces)

    def seen(self, group: Group) -> dict[str, Array]:
        """What a group's law sees."""
        return {slot: self.take(where) for slot, where in group.sees}


def _join(parts: list[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    return jnp.concatenate(parts) if parts else jnp.zeros(0)


def inputs(net: Network, t: Array, controls: Array) -> Array:
    """Controls and drives at time t, internal units."""
    layout = net.layout
    first = len(all_groups(layout)) - len(layout.drives)
    known = Known([controls])
    for number, group in enumerate(layout.drives):
        known.add(net.laws[first + number].signal(t, known.seen(group)))
    return known.all()


class Imposed(NamedTuple):
    """What does not depend on the state at one instant: inputs, and the pressures they push with."""

    inputs: Array
    push: Array


def imposed(net: Network, t: Array, controls: Array) -> Imposed:
    """Inputs at time t and their part of every pressure and driving pressure."""
    u = inputs(net, t, controls)
    return Imposed(u, net.push @ u)


class Moved(NamedTuple):
    """Rates at one instant.

    Attributes
    ----------
    state : array (states without ledgers,)
    border : array (border,)
        Flow over the border into the body, mL/s: rates of the ledgers.
    """

    state: Array
    border: Array


def instant(net: Network, given: Imposed, y: Array, ledgers: Array | None = None) -> tuple[Moved, Known]:
    """Rates and observables for given inputs.

    Parameters
    ----------
    net : Network
    given : Imposed
    y : array (states without ledgers,)
    ledgers : array (border,), optional
        Shown among the observables; zeros when omitted.

    Returns
    -------
    rates : Moved
    observed : Known
    """
    layout = net.layout
    laws = iter(net.laws)
    sizes = np.cumsum([0, len(layout.stored), len(members(layout.columns)), len(members(layout.tissues))])
    volume, column_flow, inner = (y[a:b] for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    reflex = y[sizes[3] :]
    nodes = len(layout.encloses)
    total = product(layout.encloses, len(layout.stored))(net.enclose, volume)
    known = Known([given.inputs, y, jnp.zeros(len(layout.border)) if ledgers is None else ledgers, total])

    phi = [
        next(laws).pressure(total[span], known.seen(group))
        for group, span in zip(layout.compartments, spans(layout.compartments), strict=True)
    ]
    column_laws = [next(laws) for _ in layout.columns]
    path_laws = [next(laws) for _ in layout.paths]
    collect, cross, on = incidences(layout)
    wall = _join(phi)

    inner_rate, branch = [], []
    around = take(total, layout.walls)
    for group, span in zip(layout.tissues, spans(layout.tissues), strict=True):
        law, seen = next(laws), known.seen(group)
        branch.append(law.pressure(around[span], inner[span], seen))
        inner_rate.append(law.rate(around[span], inner[span], seen))
    if branch:
        wall = wall + apply(on, _join(branch))

    lifted = product(layout.pressed, nodes)(net.press, wall)
    known.add(wall)
    known.add(lifted + given.push[:nodes])
    drop = _drops(layout, lifted) + given.push[nodes:]

    columns = len(members(layout.columns))
    column_rate = [
        law.acceleration(column_flow[span], drop[span], known.seen(group))
        for group, law, span in zip(layout.columns, column_laws, spans(layout.columns), strict=True)
    ]
    flows = _join(
        [
            law.flow(drop[columns:][span], known.seen(group))
            for group, law, span in zip(layout.paths, path_laws, spans(layout.paths), strict=True)
        ]
    )
    known.add(flows)
    reflex_rate = [
        next(laws).rate(reflex[span], known.seen(group))
        for group, span in zip(layout.reflexes, spans(layout.reflexes), strict=True)
    ]
    flow = jnp.concatenate([column_flow, flows])
    rate = jnp.concatenate([apply(collect, flow), *column_rate, *inner_rate, *reflex_rate])
    return Moved(rate, apply(cross, flow)), known


def _drops(layout: Layout, pressure: Array) -> Array:
    """Pressure at the upper end less that at the lower one, of every path."""
    stored = take(pressure, [k for k, name in enumerate(members(layout.compartments)) if name in set(layout.stored)])
    padded = jnp.concatenate([stored, jnp.zeros(1)])
    upper, lower = (np.array([end[k] for end in layout.ends], dtype=int) % padded.shape[0] for k in (0, 1))
    return take(padded, upper) - take(padded, lower)


@jax.jit  # a law is traced once a body, whoever asks: tracing is most of a first call from the cache
def look(net: Network, given: Imposed, y: Array) -> tuple[Array, Array, Array]:
    """What a solver asks at one instant.

    Returns
    -------
    rate : array (states without ledgers,)
    border : array (border,)
        Rates of the ledgers.
    observed : array (observables,)
        Ledgers shown as zeros.
    """
    moved, known = instant(net, given, y)
    return moved.state, moved.border, known.all()


@jax.jit
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
    n = moving(net.layout)
    rates, known = instant(net, imposed(net, t, controls), y[:n], y[n:])
    return jnp.concatenate(rates), known.all()


def readout(net: Network, observed: Array) -> Array:
    """The named signals of an observation vector."""
    return product(net.layout.shown, observed.shape[0])(net.readout, observed)


def rhs(net: Network, t: Array, y: Array, controls: Array) -> Array:
    """Rate of change of the state."""
    return evaluate(net, t, y, controls)[0]


def signals(net: Network, t: Array, y: Array, controls: Array) -> Array:
    """The named signals at one instant, internal units, order `Layout.signal_names`."""
    return readout(net, evaluate(net, t, y, controls)[1])


def require_finite(net: Network) -> None:
    """Refuse a network with a number that is not finite, naming it."""
    for law, group in zip(net.laws, all_groups(net.layout), strict=True):
        for field in group.law.units():
            values = np.asarray(getattr(law, field))
            for name, value in zip(group.names, values, strict=True):
                if not np.isfinite(value).all():
                    raise CisternaError("a number of the body is not finite", where=f"{name}.{field}")


__all__ = [
    "Group", "Layout", "Network", "all_groups", "evaluate", "imposed", "index_of", "inputs", "instant", "look",
    "members", "moving", "readout", "require_finite", "rhs", "signals",
]  # fmt: skip
