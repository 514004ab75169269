"""Traction of the dural tube at the sacrum."""

from cisterna.sessions.technique import Technique


class DuralTraction(Technique):
    """A hand under the sacrum draws towards the feet."""

    name = "dural_traction"
    title = "Traction of the dural tube at the sacrum"
    hands = {"sacrum": "caudad"}
    target = "sacral anchor of the dura"
    claims = ("C-014",)
    infant = True
