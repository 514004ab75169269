"""A person: age, parameters, changes; the way to a blueprint and a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.ground.units import quantity
from cisterna.model.assemble import assemble
from cisterna.model.blueprint import Blueprint
from cisterna.model.body import body
from cisterna.model.network import Network
from cisterna.model.similarity import similar

#: A change of the plan: a condition, a hypothesis.
Change = Callable[[Blueprint], Blueprint]
#: Age of the typical person, years.
TYPICAL_AGE = 35.0


@dataclass(frozen=True)
class Person:
    """Who is simulated, before anything is simulated.

    Attributes
    ----------
    age : float
        Years; sets heart and breath rate and, below adulthood, the size of every volume by similarity.
    body : str
        Name of the body model.
    parameters : Parameters
        The numbers, with their sources.
    overrides : dict
        Values by dotted name ``part.field`` that no table row holds, internal units.
    changes : tuple
        Conditions and hypotheses, applied in order to the plan.

    Examples
    --------
    >>> p = Person.typical(age=42).with_values({"csf_production": "0.5 mL/min"})
    >>> p.parameters.peek("csf_production").value
    0.5
    """

    age: float = TYPICAL_AGE
    body: str = "axis"
    parameters: Parameters = field(default_factory=default_parameters)
    overrides: Mapping[str, float] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    name: str = "typical"

    @staticmethod
    def typical(age: float = TYPICAL_AGE, body: str = "axis") -> Person:
        """The typical person of an age.

        Raises
        ------
        CisternaError
            An impossible age.
        """
        if not 0.0 <= age <= 120.0:
            raise CisternaError("impossible age", found=f"{age:g} years", mend="give 0 to 120 years")
        return Person(age=age, body=body, parameters=_of_age(default_parameters(), age))

    @property
    def grown(self) -> bool:
        """Whether the numbers are those of one adult: past growth no number of the body changes with age."""
        return self.age >= self.parameters.peek("age_adult").value

    def age_said(self) -> str:
        """What the age does to the numbers, in words."""
        grown = f"{self.parameters.peek('age_adult').value:g} y"
        if self.grown:
            return f"from {grown} on age changes no number of the body: {self.age:g} y is computed as any adult"
        return (
            f"below {grown} heart and breath rate, arterial and central venous pressure and the size of volumes "
            f"are scaled for age: {self.age:g} y"
        )

    def with_values(self, values: Mapping[str, str | float]) -> Person:
        """Replace values by parameter id (``csf_production``) or dotted name (``lacunae.stiffness``).

        Raises
        ------
        CisternaError
            Unknown name (with the nearest), wrong kind of unit, or a value no body can have.
        """
        rows = {key: value for key, value in values.items() if key in self.parameters}
        dotted = {key: value for key, value in values.items() if key not in rows}
        person = replace(self, parameters=self.parameters.override(rows))
        if not dotted:
            return person
        plan = person.blueprint()
        known = plan.fields()
        parsed = {}
        for key, value in dotted.items():
            if key not in known:
                from cisterna.ground.errors import UnknownName

                raise UnknownName("parameter", key, [*self.parameters, *known])
            parsed[key] = quantity(value, known[key][1], key)
        return replace(person, overrides={**self.overrides, **parsed})

    def with_(self, *changes: Change) -> Person:
        """The same person with conditions or hypotheses."""
        return replace(self, changes=(*self.changes, *changes))

    def blueprint(self) -> Blueprint:
        """The plan of this person's body.

        Raises
        ------
        CisternaError
            A value no body can be built with.
        """
        try:
            plan = body(self.body).plan(self.parameters)
            plan = similar(plan, volume_scale(self.parameters, self.age))
            for dotted, value in self.overrides.items():
                plan = plan.with_field(dotted, value)
            for change in self.changes:
                plan = change(plan)
        except ArithmeticError as error:
            what = f"the body '{self.body}' cannot be built with these values"
            given = self.given() or [str(error)]
            raise CisternaError(what, found=", ".join(given), mend="give values a body can have") from error
        return plan

    def given(self) -> list[str]:
        """Values that somebody set, in words, with the stated range of those outside it."""
        rows = [row for row in self.parameters.changed.values() if row.status == "set"]
        said = [f"{row.id}={row.value:g} {row.unit}" + ("" if row.inside else f" (stated {row.span})") for row in rows]
        return [*said, *self.overrides]

    def network(self) -> Network:
        """The body as arrays, ready to run."""
        return assemble(self.blueprint())


def volume_scale(parameters: Parameters, age: float) -> float:
    """Size of the cranial and spinal volumes against an adult, from the pressure-volume index by age.

    Log-linear in age + 1 between infant, school child and adult: derived, not measured at every age.
    """
    ages = [parameters.value(key) for key in ("age_infant", "age_child", "age_adult")]
    index = [parameters.value(key) for key in ("pvi_infant", "pvi_child", "pvi_adult")]
    at = np.interp(np.log(age * 365.25 * 86400 + ages[0]), np.log(np.array(ages) + ages[0]), np.log(index))
    return float(np.exp(at) / index[-1])


def keep_given(asked: Person, made: Person, by: str) -> None:
    """Refuse a person whose values, set by somebody, were replaced by measured ones on the way.

    Parameters
    ----------
    asked, made : Person
        Before and after.
    by : str
        What replaced them, e.g. ``"the recording abp.nc"``.

    Raises
    ------
    CisternaError
        Names every value with both numbers.
    """
    now = made.parameters.peek
    rows = [row for row in asked.parameters.changed.values() if row.status == "set" and now(row.id) != row]
    if not rows:
        return
    names = ", ".join(row.id for row in rows)
    both = "; ".join(f"{row.id} {row.value:g} set, {now(row.id).value:g} {row.unit} measured" for row in rows)
    mend = f"leave out the value set for {names}, or the recording"
    them = "it" if len(rows) == 1 else "them"
    raise CisternaError(f"{names} cannot be set: {by} gives {them}", where=names, found=both, mend=mend)


def _of_age(parameters: Parameters, age: float) -> Parameters:
    """Heart and breath rate, arterial and central venous pressure of an age, as rows with their sources."""
    grown = parameters.peek("age_adult").value
    if age >= grown:
        return parameters
    share = float(np.clip(np.log1p(age) / np.log1p(grown), 0.0, 1.0))
    rows = {}
    for adult, infant in (
        ("hr_rest", "hr_infant"),
        ("rr_rest", "rr_infant"),
        ("map_supine", "map_infant"),
        ("ga_Pcv", "cvp_infant"),
    ):
        a, b = parameters.peek(adult), parameters.peek(infant)
        value = b.value * (a.value / b.value) ** share
        source = f"computed: between {infant} and {adult}, log-linear in age + 1; {b.source}"
        rows[adult] = replace(
            a, value=value, low=min(b.low, value), high=max(b.high, value), source=source, status="computed"
        )
    return parameters.replace_rows(rows)
