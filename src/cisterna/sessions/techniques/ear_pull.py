"""Ear pull."""

from cisterna.sessions.technique import Technique


class EarPull(Technique):
    """A light draw of both ears, sideways and back."""

    name = "ear_pull"
    title = "Ear pull"
    hands = {"ear.L": "lateral", "ear.R": "lateral"}
    target = "tentorium across, petrous joints"
    claims = ("C-055", "C-057")
    infant = False
