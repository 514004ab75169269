"""Parietal lift."""

from cisterna.sessions.technique import Technique


class ParietalLift(Technique):
    """Pads above the squamous suture draw towards the vertex."""

    name = "parietal_lift"
    title = "Parietal lift"
    hands = {"parietal.L": "cephalad", "parietal.R": "cephalad"}
    target = "falx, sagittal suture"
    claims = ("C-055", "C-057")
    infant = False
