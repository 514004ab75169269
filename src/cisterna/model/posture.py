"""Posture as a change of the plan: a body that rests at another angle than lying."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import quantity, to_internal
from cisterna.model.blueprint import Blueprint, Control

#: Words for an angle of the body's axis against the horizontal, deg; sitting, trunk and head stand upright.
POSTURES = {"supine": 0.0, "seated": 90.0, "upright": 90.0}
TILT = "tilt"


@dataclass(frozen=True)
class Posture:
    """A change of the plan: the body rests at an angle, head up positive.

    Attributes
    ----------
    name : str
        What it is called.
    angle : float
        Of the body's axis against the horizontal, rad.

    Examples
    --------
    >>> from cisterna.model.person import Person
    >>> plan = Person.typical().with_(Posture.named("30 deg")).blueprint()
    >>> round(plan.controls["tilt"].default, 4)
    0.5236
    """

    name: str
    angle: float

    @staticmethod
    def named(text: str) -> Posture:
        """A posture by word (supine, seated, upright) or angle (``30``, ``-15 deg``).

        Raises
        ------
        CisternaError
            An unknown word (with the nearest), no angle, or one beyond upright.
        """
        word = text.strip().lower()
        if word in POSTURES:
            return Posture(word, to_internal(POSTURES[word], "deg"))
        if not any(c.isdigit() for c in word):
            raise UnknownName("posture", text, list(POSTURES))
        bare = text.strip().removesuffix("°").strip()  # as written: units tell capitals apart
        try:
            angle = to_internal(float(bare), "deg")
        except ValueError:
            try:
                angle = float(quantity(bare, "deg", "the angle"))
            except CisternaError as error:
                error.where = error.where or "posture"
                error.mend = f"give one of {', '.join(POSTURES)}, or an angle such as 30 or '-15 deg'"
                raise
        if not (math.isfinite(angle) and abs(angle) <= math.pi / 2 + 1e-9):
            raise CisternaError("the angle is beyond upright", where="posture", found=text, mend="give -90 to 90 deg")
        degrees = math.degrees(angle)
        return Posture(f"{degrees:g} deg" if degrees else "supine", angle)

    def __call__(self, plan: Blueprint) -> Blueprint:
        if TILT not in plan.controls:
            if self.angle == 0.0:
                return plan
            found, mend = f"{self.name} was asked for", "use --body whole or axis, or lie supine"
            raise CisternaError("this body has no posture", found=found, mend=mend)
        control = Control(self.angle, plan.controls[TILT].unit)
        return replace(plan, controls={**plan.controls, TILT: control})
