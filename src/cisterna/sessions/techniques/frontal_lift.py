"""Frontal lift."""

from cisterna.sessions.technique import Technique


class FrontalLift(Technique):
    """Pads on the lateral frontal bone lift towards the ceiling."""

    name = "frontal_lift"
    title = "Frontal lift"
    hands = {"frontal.L": "outward", "frontal.R": "outward"}
    target = "falx, front"
    claims = ("C-055", "C-057")
    infant = False
