"""Respiratory diaphragm."""

from cisterna.sessions.technique import Technique


class RespiratoryDiaphragm(Technique):
    """One hand under the lower ribs, one over them, light squeeze."""

    name = "respiratory_diaphragm"
    title = "Respiratory diaphragm"
    hands = {"resp_ant": "inward"}
    target = "transverse fascia of the respiratory diaphragm"
    claims = ("C-014",)
    infant = True
