"""The five kinds of component, each one law; nothing concrete stands here.

=============  ==========================================  =================================================
kind           law                                         state
=============  ==========================================  =================================================
Compartment    transmural pressure of the enclosed volume  its volume (none for a mere container)
Path           flow between two nodes                      its flow, if it has inertia
Tissue         viscoelastic pressure of a wall             one inner volume
Drive          signal of time                              none
Reflex         change of a controlled quantity             that quantity
=============  ==========================================  =================================================

A law is written once, elementwise: its fields are numbers for one component and arrays for a group of
equals, so a body with thirty compartments runs as few array operations. Conservation is not a component's
business: the network owns it.

What a law sees besides its own state it names in ``sees``; a blueprint wires each name to a reference
``"drive.abp"``, ``"pressure.csf"``, ``"wall.csf"`` (transmural), ``"volume.pial"``, ``"flow.arterioles"`` or
``"state.tone"``. Compartments and tissues may see states, volumes and drives; paths also pressures; reflexes
everything. With that order no algebraic loop can arise. Ledgers only count: no law sees one.

Internal units: cm, mL, mmHg, s.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform

import jax

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameter
from cisterna.ground.units import same_dimension

#: What a law receives: arrays over the components of one group, in internal units.
Seen = Mapping[str, Any]
#: A field of a component: a Parameter or a number when planned, an array over equals when it runs.
Quantity = Any
T = TypeVar("T")


def quantity(unit: str, doc: str = "", default: float | None = None) -> Any:
    """Declare a field of a component: its unit and meaning.

    Parameters
    ----------
    unit : str
        Unit of the quantity; a Parameter may use any unit of the same kind, a bare number is internal.
    doc : str
        Meaning in a few words.
    default : float, optional
        Internal value when none is given; only for neutral values such as 0.
    """
    metadata = {"unit": unit, "doc": doc}
    if default is None:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(quantity,))
def component(cls: type[T]) -> type[T]:
    """Make a class a component: frozen fields, and a pytree whose leaves are its fields."""
    made = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    names = [f.name for f in dataclasses.fields(made)]  # type: ignore[arg-type]
    return jax.tree_util.register_dataclass(made, data_fields=names, meta_fields=[])


class Component(ABC):  # noqa: B024 - the five kinds below are the abstract ones
    """A part of the body with one law. Fields are declared with `quantity`."""

    #: Slots the law sees besides its own state: name -> unit.
    sees: ClassVar[dict[str, str]] = {}
    #: Grade of the law: established, plausible, contested, hypothesis or contradicted.
    grade: ClassVar[str] = "established"
    #: Source of the equation.
    source: ClassVar[str] = ""

    @classmethod
    def units(cls) -> dict[str, str]:
        """Unit of each field."""
        return {f.name: f.metadata["unit"] for f in dataclasses.fields(cls)}  # type: ignore[arg-type]

    def numbers(self, where: str) -> dict[str, Any]:
        """The fields as bare internal numbers, each checked to be of the declared kind.

        Raises
        ------
        CisternaError
            A field has the wrong kind of unit, naming both.
        """
        return {name: internal(getattr(self, name), unit, f"{where}.{name}") for name, unit in self.units().items()}


def internal(value: Any, unit: str, where: str) -> Any:
    """A field's value in internal units; a Parameter is checked against the declared unit.

    A sampled signal (an array) passes as it is, already internal.
    """
    if isinstance(value, Parameter):
        if not same_dimension(value.unit, unit):
            mend = f"the law expects {unit}"
            raise CisternaError("wrong kind of unit", where=where, found=f"{value.id} in {value.unit}", mend=mend)
        return value.internal
    return value if getattr(value, "ndim", 0) else float(value)


class Compartment(Component):
    """Stores volume; its law gives the pressure across its wall."""

    #: A container holds other compartments and has no volume of its own.
    container: ClassVar[bool] = False

    @abstractmethod
    def pressure(self, volume: Any, seen: Seen) -> Any:
        """Transmural pressure, mmHg, of the enclosed volume, mL (its own plus what it contains)."""


class Path(Component):
    """Lets fluid pass between two nodes without inertia."""

    @abstractmethod
    def flow(self, drop: Any, seen: Seen) -> Any:
        """Flow, mL/s, for a driving pressure, mmHg (pressure difference plus the fluid column)."""


class Column(Component):
    """A path with inertia: its flow is a state."""

    @abstractmethod
    def acceleration(self, flow: Any, drop: Any, seen: Seen) -> Any:
        """Rate of change of the flow, mL/s^2, for a driving pressure, mmHg."""


class Tissue(Component):
    """Viscoelastic part of a compartment's wall, with one inner volume that relaxes."""

    @abstractmethod
    def pressure(self, volume: Any, inner: Any, seen: Seen) -> Any:
        """Pressure, mmHg, that the viscous branch adds to the wall."""

    @abstractmethod
    def rate(self, volume: Any, inner: Any, seen: Seen) -> Any:
        """Rate of change of the inner volume, mL/s."""


class Drive(Component):
    """A signal imposed on the body: heart, breath, gravity, a recording."""

    #: Unit of the signal.
    unit: ClassVar[str] = "mmHg"

    @abstractmethod
    def signal(self, time: Any, seen: Seen) -> Any:
        """Value of the signal at a time, s; it may see controls and earlier drives."""


class Reflex(Component):
    """Changes a controlled quantity by what it sees."""

    #: Unit of the controlled quantity.
    unit: ClassVar[str] = "1"

    @abstractmethod
    def rate(self, state: Any, seen: Seen) -> Any:
        """Rate of change of the controlled quantity, per s."""
