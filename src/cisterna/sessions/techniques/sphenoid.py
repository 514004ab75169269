"""Compression and decompression of the sphenoid."""

from cisterna.sessions.technique import Technique


class Sphenoid(Technique):
    """Thumbs on the great wings draw towards the ceiling."""

    name = "sphenoid"
    title = "Compression and decompression of the sphenoid"
    hands = {"sphenoid.L": "anterior", "sphenoid.R": "anterior"}
    target = "sphenobasilar joint, tentorium"
    claims = ("C-055", "C-057")
    infant = False
