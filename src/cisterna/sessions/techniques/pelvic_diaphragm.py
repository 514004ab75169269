"""Pelvic diaphragm."""

from cisterna.sessions.technique import Technique


class PelvicDiaphragm(Technique):
    """One hand under the sacrum, one over the pubis, light squeeze."""

    name = "pelvic_diaphragm"
    title = "Pelvic diaphragm"
    hands = {"pelvic_ant": "inward"}
    target = "transverse fascia of the pelvic floor"
    claims = ("C-014",)
    infant = True
