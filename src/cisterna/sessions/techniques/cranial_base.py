"""Cranial base release."""

from cisterna.sessions.technique import Technique


class CranialBase(Technique):
    """The weight of the head on the finger tips below the occiput."""

    name = "cranial_base"
    title = "Cranial base release"
    hands = {"cranial_base.L": "cephalad", "cranial_base.R": "cephalad"}
    target = "suboccipital muscles, atlanto-occipital joint"
    claims = ("C-014",)
    infant = False
