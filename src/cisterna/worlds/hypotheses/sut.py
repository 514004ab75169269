"""H-SUT: adult sutures yield to grams and to pressure."""

from __future__ import annotations

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person
from cisterna.physiology.skull import skull_port
from cisterna.worlds.hypothesis import Hypothesis


class YieldingSutures(Hypothesis):
    """One modulus changes, and with it the skull's compliance C and what a touch does, g: Betti ties both."""

    name = "H-SUT"
    title = "adult sutures yield to grams and to intracranial pressure"
    kind = "claim"
    grade = "contradicted"
    claims = ("C-003", "C-055", "C-057", "C-065", "C-067", "C-068", "C-069", "C-070")
    law = "c = w / (E_s t) + bone in series; V_skull = V0 + C_sk p + g.F, u = g p + c F with one g; E_s alone changes"
    moves = ("skull_suture_E",)
    uses = ("skull_bone_E", "suture_width", "skull_thick")
    expected = "sutures open with each touch, beat and rhythm; the skull's compliance joins the craniospinal one"
    against = (
        "rabbit: no opening at 5 to 20 gf, first 0.30 mm at 500 gf (Downey 2006 JOSPT 36:845); "
        "pressure-volume index 18 to 32 mL in man"
    )
    order = 10

    def change(self, plan: Blueprint, person: Person) -> Blueprint:
        return plan.scale("cranium.skull", by=softening(person))


def softening(person: Person) -> float:
    """Skull compliance of a person over that with the table's suture modulus.

    Examples
    --------
    >>> softening(Person.typical())
    1.0
    """
    from cisterna.ground.parameter import default_parameters

    published: Parameters = person.parameters.replace_rows({"skull_suture_E": default_parameters()["skull_suture_E"]})
    own, plain = (float(skull_port(person.age, p).compliance) for p in (person.parameters, published))
    return own / plain
