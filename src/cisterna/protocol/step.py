"""What a step is: a named stretch of a timeline that moves the inputs of a body.

A step is one small class with fields that carry units, and one method. A new one is one file in `steps/`, or a
user's own file:

    @step
    class Sigh(Step):
        name = "sigh"
        summary = "one deep breath"
        depth: float = quantity("1", "depth against quiet breathing", least=0.0)
        duration: float = quantity("s", "how long", key="for", above=0.0)

        def apply(self, schedule, start, context):
            context.add(schedule, "breath.depth", self.depth - 1.0, start, self.duration)
            return start + self.duration

Inside, fields are bare numbers of the internal system (cm, mL, mmHg, s, radian); on the way in they are texts
with a unit: ``Sigh(depth=3, duration="5 s")``. In a file `key` is the word for the field.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.registry import nearest
from cisterna.ground.units import from_internal
from cisterna.ground.units import quantity as internal

if TYPE_CHECKING:
    from cisterna.model.schedule import Schedule
    from cisterna.protocol.context import Context

T = TypeVar("T")
Vector = tuple[float, float, float]


def quantity(
    unit: str,
    doc: str,
    *,
    default: float | None = None,
    row: str = "",
    key: str = "",
    least: float | None = None,
    above: float | None = None,
) -> Any:
    """Declare a field of a step: a number with a unit.

    Parameters
    ----------
    unit : str
        Its unit; "1" for a pure number. Any unit of the same kind is accepted.
    doc : str
        Meaning in a few words.
    default : float, optional
        Internal value when none is given, only for neutral values such as 0.
    row : str, optional
        Parameter that holds the default instead, with its source.
    key : str, optional
        Word for it in a file, when that is not the name of the field.
    least, above : float, optional
        Smallest internal value allowed, or a value it must exceed.
    """
    metadata = {"unit": unit, "doc": doc, "row": row, "key": key, "least": least, "above": above}
    if row or default is not None:
        return dataclasses.field(default=f"@{row}" if row else default, metadata=metadata)
    return dataclasses.field(metadata=metadata)


def word(doc: str, *, default: str | None = None, vector: bool = False) -> Any:
    """Declare a field that is a word; with `vector`, three numbers may stand in its place."""
    metadata = {"unit": "", "doc": doc, "vector": vector}
    if default is None:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(quantity, word))
def step(cls: type[T]) -> type[T]:
    """Make a class a step: frozen fields given by name."""
    return dataclasses.dataclass(frozen=True, kw_only=True)(cls)


@step
class Step(ABC):
    """A stretch of a timeline. Every step may carry a label and a place in time.

    Attributes
    ----------
    label : str
        What windows and events call it; the step's own name when empty.
    at : float or None
        Absolute start, s. Without it a step begins when all before it have ended.
    with_previous : bool
        Begin together with the step before.
    """

    #: How a file asks for it (``do = "bolus"``).
    name: ClassVar[str]
    #: One line: what it does.
    summary: ClassVar[str]

    label: str = ""
    at: float | None = None
    with_previous: bool = False

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            if item.name in _PLACING:
                continue
            object.__setattr__(self, item.name, _clean(item, getattr(self, item.name)))
        _place(self)

    @abstractmethod
    def apply(self, schedule: Schedule, start: float, context: Context) -> float:
        """Move the inputs from `start` (s) on and return the time at which the step ends (s)."""

    def words(self) -> str:
        """The step in words, for a plan."""
        return describe(self)


#: Fields every step has, which say where it stands and not what it does.
_PLACING = ("label", "at", "with_previous")


def _place(made: Step) -> None:
    if not isinstance(made.label, str):
        raise CisternaError("label must be a text", found=str(made.label))
    if not isinstance(made.with_previous, bool):
        raise CisternaError("with_previous is true or false", found=str(made.with_previous))
    if made.at is None:
        return
    start = made.at if isinstance(made.at, Number) else Number(number(made.at, "s", "at"))
    if start < 0:
        raise CisternaError("at lies before the run", found=str(made.at), mend="give 0 s or later")
    if made.with_previous:
        raise CisternaError("a step has either at or with_previous", mend="take one of them away")
    object.__setattr__(made, "at", start)


def _clean(item: dataclasses.Field[Any], value: Any) -> Any:
    """A field's internal value from what was given, checked."""
    about = item.metadata
    key = about.get("key") or item.name
    if "unit" not in about:
        return value
    if not about["unit"]:
        return _word(key, value, bool(about.get("vector")))
    if isinstance(value, str) and value.startswith("@") and value == item.default:
        value = Number(_row(value[1:]))
    elif not isinstance(value, Number):
        given: Any = value if value is item.default else number(value, about["unit"], key)
        value = Number(given)
    least, above = about.get("least"), about.get("above")
    bound = ""
    if least is not None and value < least:
        bound = f"at least {plain(least, about['unit'])}"
    elif above is not None and value <= above:
        bound = f"more than {plain(above, about['unit'])}"
    if bound:
        what = f"{key} is {'negative' if value < 0 else 'too small'}"
        raise CisternaError(what, found=plain(value, about["unit"]), mend=f"give {bound}")
    return value


class Number(float):
    """A number already in internal units, which passes where a text with a unit is expected.

    Examples
    --------
    >>> Number(0.025) + 0.0
    0.025
    """


def number(value: Any, unit: str, key: str) -> float:
    """Internal value of a text with a unit, finite.

    Examples
    --------
    >>> round(number("1.5 mL/min", "mL/min", "rate"), 6)
    0.025
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise CisternaError(f"{key} must be a number with a unit", found=repr(value), mend=f"write e.g. '1 {unit}'")
    try:
        found = internal(value, unit, key)
    except CisternaError as error:
        if key in error.what:
            raise
        raise CisternaError(f"{key}: {error.what}", found=error.found, mend=error.mend) from None
    if not math.isfinite(found):
        raise CisternaError(f"{key} must be a finite number", found=str(value))
    return found


def _word(key: str, value: Any, vector: bool) -> str | Vector:
    if isinstance(value, str):
        return value
    listed = isinstance(value, Sequence) and len(value) == 3
    if vector and listed and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
        x, y, z = (float(v) for v in value)
        return (x, y, z)
    raise CisternaError(f"{key} must be {'a word or three numbers' if vector else 'a word'}", found=repr(value))


@lru_cache(maxsize=64)
def _row(key: str) -> float:
    from cisterna.ground.parameter import default_parameters

    return default_parameters().value(key)


def plain(value: float, unit: str) -> str:
    """An internal number as text in a unit.

    Examples
    --------
    >>> plain(0.025, "mL/min"), plain(90.0, "s"), plain(2.0, "1")
    ('1.5 mL/min', '90 s', '2')
    """
    return f"{from_internal(value, unit):.12g} {unit}".removesuffix(" 1")


def describe(made: Step) -> str:
    """The fields of a step as ``name value`` with units, defaults included."""
    parts = []
    for item in dataclasses.fields(made):
        value = getattr(made, item.name)
        if item.name in _PLACING or value is None:
            continue
        key = item.metadata.get("key") or item.name
        unit = item.metadata.get("unit")
        text = plain(value, unit) if unit else str(value)
        parts.append(f"{key} {text}")
    return ", ".join(parts)


def keys_of(cls: type[Step]) -> dict[str, str]:
    """Words a file may use for a step's fields -> name of the field."""
    fields = dataclasses.fields(cls)
    return {item.metadata.get("key") or item.name: item.name for item in fields}


def as_table(made: Step) -> dict[str, Any]:
    """The step as a file would write it, without what is at its default."""
    table: dict[str, Any] = {"do": made.name}
    for item in dataclasses.fields(made):
        value = getattr(made, item.name)
        default: Any = item.default
        if isinstance(default, str) and default.startswith("@"):
            default = _row(default[1:])
        if value is None or value == default and default is not dataclasses.MISSING:
            continue
        unit = item.metadata.get("unit") or ("s" if item.name == "at" else "")
        key = item.metadata.get("key") or item.name
        table[key] = plain(value, unit) if unit else list(value) if isinstance(value, tuple) else value
    return table


def make(kind: str, given: Mapping[str, Any], known: Mapping[str, type[Step]]) -> Step:
    """A step by its name and what a file gives for it.

    Raises
    ------
    CisternaError
        Unknown step, unknown or missing key, or a value that does not fit; nearest right words are named.
    """
    if kind not in known:
        raise UnknownName("step", kind, list(known))
    cls = known[kind]
    keys = keys_of(cls)
    for key in given:
        if key not in keys and key not in keys.values():
            raise unknown_key(f"'{kind}'", key, ["do", *keys])
    named = {keys.get(key, key): value for key, value in given.items()}
    for item in dataclasses.fields(cls):
        missing = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        if missing and item.name not in named:
            key, unit = item.metadata.get("key") or item.name, item.metadata.get("unit")
            example = f"1 {unit}".removesuffix(" 1") if unit else "..."
            doc = item.metadata.get("doc", "")
            raise CisternaError(f"'{kind}' needs '{key}': {doc}", mend=f'add {key} = "{example}"')
    return cls(**named)


def unknown_key(what: str, key: str, known: Sequence[str]) -> CisternaError:
    """A word that has no place here, with the nearest that has."""
    best = nearest(key, known)
    mend = f"did you mean '{best}'?" if best else f"known: {', '.join(known)}"
    return CisternaError(f"{what} has no '{key}'", mend=mend)


def steps() -> Mapping[str, type[Step]]:
    """All steps that ship, by name.

    Examples
    --------
    >>> "bolus" in steps()
    True
    """
    from cisterna.ground.registry import scan

    return scan("cisterna.protocol.steps", Step)
