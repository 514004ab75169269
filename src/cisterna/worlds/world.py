"""The two worlds, single flips, and both side by side.

``established`` is textbook physiology and the default. ``as-taught`` is a rendering of the teaching: every
number it invents is marked ``required``; it is never a default, never fitted, and never lowers a screening
verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cisterna.ground.errors import UnknownName
from cisterna.model.person import Person
from cisterna.worlds.hypothesis import hypotheses, hypothesis

#: What makes the rhythm in the world as taught, by the word a user gives.
RHYTHMS = {"pressurestat": "H-PRESSURESTAT", "prm": "H-PRM"}
#: Switches of the teaching that no body carries yet.
NOT_BUILT = (
    "H-CORE", "H-FASC", "H-REL", "H-DOSE", "H-SELF", "H-REORG", "H-MDB", "H-ANS", "H-STILL", "H-HAND", "H-RFLOW",
    "H-PAIN", "H-CNSPERF", "H-LOAD", "H-VSPREAD", "H-SER", "H-ECYST",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """A set of switches with a name.

    Attributes
    ----------
    name, title : str
    always : tuple of str
        Hypotheses that are on whatever makes the rhythm.
    rhythm : bool
        Whether one of `RHYTHMS` is on.
    strength : str
        How strongly a switch is turned when it is flipped on here.
    """

    name: str
    title: str
    always: tuple[str, ...] = ()
    rhythm: bool = False
    strength: str = "as-taught"

    def switches(self, rhythm: str = "pressurestat") -> tuple[str, ...]:
        """Names of the hypotheses that are on."""
        if rhythm not in RHYTHMS:
            raise UnknownName("rhythm", rhythm, list(RHYTHMS))
        return (*self.always, RHYTHMS[rhythm]) if self.rhythm else self.always


WORLDS = {
    world.name: world
    for world in (
        World("established", "textbook physiology, every number inside its published range", strength="alone"),
        World("as-taught", "the body as the therapy teaches it", always=("H-SUT",), rhythm=True),
    )
}


def world(name: str) -> World:
    """A world by name; a wrong name is answered with the nearest.

    Examples
    --------
    >>> world("as-taught").switches(), world("established").switches()
    (('H-SUT', 'H-PRESSURESTAT'), ())
    """
    if name not in WORLDS:
        raise UnknownName("world", name, list(WORLDS))
    return WORLDS[name]


def apply_world(person: Person, name: str | World, rhythm: str = "pressurestat", flips: Iterable[str] = ()) -> Person:
    """A person in a world.

    Parameters
    ----------
    person : Person
        With conditions and own values already applied.
    name : str or World
    rhythm : str
        ``pressurestat`` or ``prm``.
    flips : iterable of str
        Hypotheses turned over: off if the world has them on, else on, at the strength of the world (in
        ``established`` at its published or literal value where one exists). One that excludes another
        takes its place.

    Examples
    --------
    >>> from cisterna.worlds.hypothesis import switched_on
    >>> adult = Person.typical()
    >>> switched_on(apply_world(adult, "as-taught", flips=["H-SUT"]))
    ('H-PRESSURESTAT',)
    >>> apply_world(adult, "as-taught").parameters.peek("skull_suture_E").status
    'required'
    """
    place = world(name) if isinstance(name, str) else name
    on = dict.fromkeys(place.switches(rhythm), "as-taught")
    for flip in flips:
        turned = hypothesis(flip)
        if on.pop(turned.name, None):
            continue
        for other in [*on]:
            if other in turned.excludes:
                del on[other]
        on[turned.name] = place.strength
    for key in hypotheses():
        if key in on:
            person = hypothesis(key).apply(person, on[key])
    return person


def both(person: Person, rhythm: str = "pressurestat", flips: Iterable[str] = ()) -> dict[str, Person]:
    """One person in both worlds, always shown side by side.

    Examples
    --------
    >>> list(both(Person.typical()))
    ['established', 'as-taught']
    """
    turned = tuple(flips)
    return {name: apply_world(person, name, rhythm, turned) for name in WORLDS}
