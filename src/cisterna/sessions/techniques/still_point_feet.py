"""Still point at the feet."""

from cisterna.sessions.technique import Technique


class StillPointFeet(Technique):
    """Resistance to the returning phase of a rhythm, held at the heels."""

    name = "still_point_feet"
    title = "Still point at the feet"
    hands = {"heel.L": "caudad", "heel.R": "caudad"}
    target = "rhythm, rest"
    claims = ("C-010",)
    infant = True
