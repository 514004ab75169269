"""Thoracic inlet."""

from cisterna.sessions.technique import Technique


class ThoracicInlet(Technique):
    """One hand under the upper back, one over the breastbone."""

    name = "thoracic_inlet"
    title = "Thoracic inlet"
    hands = {"inlet_ant": "inward"}
    target = "transverse fascia of the thoracic inlet"
    claims = ("C-014",)
    infant = True
